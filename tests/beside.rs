//! The simulator of Vault beside a real cluster (OpenBao with integrated storage): the same is done to both, and both
//! are asked the same at the same moments. What differs is listed here with the reason, and nothing else may.

use std::collections::BTreeSet;
use std::time::Duration;

use piton::clock::{Timestamp, monotonic};
use piton::practice::vault::{Options, Vault};
use piton::practice::{Request, Response, System};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::openbao::{Cluster, OLD};

/// What is asked of every node: path, and whether with the token.
const ASKED: [(&str, bool); 11] = [
    ("/v1/sys/health", false),
    ("/v1/sys/health?standbyok=true", false),
    ("/v1/sys/health?standbyok=maybe", false),
    ("/v1/sys/seal-status", false),
    ("/v1/sys/init", false),
    ("/v1/sys/leader", false),
    ("/v1/sys/ha-status", true),
    ("/v1/sys/ha-status", false),
    ("/v1/sys/storage/raft/configuration", true),
    ("/v1/sys/storage/raft/autopilot/state", true),
    ("/v1/sys/version-history?list=true", true),
];

/// Fields that one of the two has and the other has not, and why.
const DIFFERENT: [(&str, &str); 12] = [
    ("build_date", "Vault; OpenBao says commit_date since 2.6"),
    ("commit_date", "OpenBao, for build_date"),
    ("clock_skew_ms", "Vault since 1.17"),
    ("echo_duration_ms", "Vault since 1.17"),
    ("enterprise", "Vault"),
    ("performance_standby", "Vault"),
    ("performance_standby_last_remote_wal", "Vault"),
    ("is_self", "always said by Vault; by OpenBao 2.6 of the active node only"),
    ("leader_address", "empty with Vault, absent with OpenBao, where no leader is known"),
    ("leader_cluster_address", "likewise"),
    ("upgrade_version", "said by Vault's autopilot of every server"),
    ("active_time", "always said by Vault; by OpenBao of the active node only"),
];

const SOON: Duration = Duration::from_secs(30);
/// A killed leader is missed only after that.
const LATE: Duration = Duration::from_secs(60);

/// What a node answered: the status, none when nobody is there, and the names of the fields of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answered {
    status: Option<u16>,
    fields: BTreeSet<String>,
}

/// A cluster to which things are done.
trait Lab {
    fn ask(&mut self, node: &str, method: &str, path: &str, body: Option<&Value>, token: bool) -> Option<(u16, Value)>;
    fn stop(&mut self, node: &str);
    fn kill(&mut self, node: &str);
    fn start(&mut self, node: &str);
    fn shares(&self) -> Vec<String>;
    /// Lets a moment pass.
    fn wait(&mut self);
    /// How long it has been there.
    fn age(&self) -> Duration;

    fn code(&mut self, node: &str) -> Option<u16> {
        Some(self.ask(node, "GET", "/v1/sys/health", None, false)?.0)
    }

    fn active(&mut self) -> Option<String> {
        NODES.iter().find(|node| self.code(node) == Some(200)).map(|node| (*node).to_owned())
    }

    /// Gives a share; the status of the answer.
    fn give(&mut self, node: &str, share: &str) -> Option<u16> {
        Some(self.ask(node, "PUT", "/v1/sys/unseal", Some(&json!({ "key": share })), false)?.0)
    }

    /// Waits until `wanted`; tells the different codes of all nodes that were seen on the way.
    fn until(&mut self, what: &str, limit: Duration, wanted: &dyn Fn(&[Option<u16>]) -> bool) -> Vec<Vec<Option<u16>>> {
        let (mut seen, end) = (Vec::new(), self.age() + limit);
        loop {
            let codes: Vec<_> = NODES.iter().map(|node| self.code(node)).collect();
            if seen.last() != Some(&codes) {
                seen.push(codes.clone());
            }
            if wanted(&codes) {
                return seen;
            }
            assert!(self.age() < end, "{what}: not within {limit:?}: {seen:?}");
            self.wait();
        }
    }
}

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// The real one.
struct Real {
    cluster: Cluster,
    began: std::time::Instant,
}

impl Lab for Real {
    fn ask(&mut self, node: &str, method: &str, path: &str, body: Option<&Value>, token: bool) -> Option<(u16, Value)> {
        let answer = self.cluster.ask(node, method, path, body, token)?;
        Some((answer.status, answer.json()))
    }

    fn stop(&mut self, node: &str) {
        self.cluster.run(&["stop", node]);
    }

    fn kill(&mut self, node: &str) {
        let pid = std::fs::read_to_string(self.cluster.folder().join(node).join("pid")).expect("a server has a pid");
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw).expect("a pid is a number");
        kill_process(pid, Signal::KILL).expect("the server runs");
    }

    fn start(&mut self, node: &str) {
        self.cluster.run(&["start", node]);
    }

    fn shares(&self) -> Vec<String> {
        let shares = std::fs::read_to_string(self.cluster.folder().join("shares")).expect("the shares lie there");
        shares.split_whitespace().map(str::to_owned).collect()
    }

    fn wait(&mut self) {
        // A server tells nobody when it changes: it has to be asked again.
        std::thread::sleep(Duration::from_millis(20));
    }

    fn age(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The simulated one, whose clock stands still unless it waits.
struct Simulated {
    cluster: Vault,
    now: Timestamp,
}

impl Simulated {
    fn run(&mut self, argv: &[&str]) {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let done = self.cluster.command(&argv, self.now);
        assert_eq!(done.exit, 0, "{argv:?}: {}{}", done.stdout, done.stderr);
        self.pass(i64::try_from(done.takes_ms).expect("a command ends"));
    }

    fn pass(&mut self, ms: i64) {
        self.now = Timestamp::from_millis(self.now.as_millis() + ms);
        self.cluster.advance(self.now);
    }
}

impl Lab for Simulated {
    fn ask(&mut self, node: &str, method: &str, path: &str, body: Option<&Value>, token: bool) -> Option<(u16, Value)> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let headers = if token { vec![("x-vault-token".into(), self.cluster.token().into())] } else { Vec::new() };
        let request = Request {
            node: node.into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        match self.cluster.answer(&request, self.now) {
            Response::Answer { status, body, .. } => Some((status, serde_json::from_slice(&body).unwrap_or_default())),
            Response::Refused | Response::Silent => None,
        }
    }

    fn stop(&mut self, node: &str) {
        self.run(&["ssh", node, "sudo", "systemctl", "stop", "vault"]);
    }

    fn kill(&mut self, node: &str) {
        self.run(&["ssh", node, "sudo", "systemctl", "kill", "-s", "KILL", "vault"]);
    }

    fn start(&mut self, node: &str) {
        self.run(&["ssh", node, "sudo", "systemctl", "start", "vault"]);
        self.until("it listens", SOON, &|codes| codes[index(node)].is_some());
    }

    fn shares(&self) -> Vec<String> {
        self.cluster.shares().into_iter().take(2).collect()
    }

    fn wait(&mut self) {
        self.pass(20);
    }

    fn age(&self) -> Duration {
        self.now.since(Timestamp::from_millis(BEGAN))
    }
}

/// When the simulated cluster began, in milliseconds since 1970.
const BEGAN: i64 = 1_800_000_000_000;

fn index(node: &str) -> usize {
    NODES.iter().position(|known| *known == node).expect("one of the three")
}

/// The fields of a body, as paths, without those that are known to differ.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter().filter(|(name, _)| !DIFFERENT.iter().any(|(other, _)| other == name)) {
                let path = format!("{path}.{name}");
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| fields(value, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// What every node answers to everything, by what it is in the story: the one that something is done to, the active one,
/// another.
fn look(lab: &mut dyn Lab, moment: &str, subject: &str) -> Vec<(String, Answered)> {
    let active = lab.active();
    let mut answers = Vec::new();
    for node in NODES {
        let is_active = active.as_deref() == Some(node);
        let part = match (node == subject, is_active) {
            (true, true) => "the node, active",
            (true, false) => "the node",
            (false, true) => "the active one",
            (false, false) => "another",
        };
        for (path, token) in ASKED {
            let answer = lab.ask(node, "GET", path, None, token);
            let mut found = BTreeSet::new();
            if let Some((_, body)) = &answer {
                fields(body, "", &mut found);
            }
            let with = if token { " with the token" } else { "" };
            let what = format!("{moment}: {part}: {path}{with}");
            answers.push((what, Answered { status: answer.map(|(status, _)| status), fields: found }));
        }
    }
    answers.sort_by(|one, other| one.0.cmp(&other.0));
    answers
}

/// Waits until every standby knows who is active: until then it forwards to nobody, or to who is gone.
fn wait_for_followers(lab: &mut dyn Lab) {
    let end = lab.age() + SOON;
    for node in NODES {
        while lab.code(node) == Some(429)
            && lab.ask(node, "GET", "/v1/sys/ha-status", None, true).is_none_or(|(status, _)| status != 200)
        {
            assert!(lab.age() < end, "{node} does not learn who is active");
            lab.wait();
        }
    }
}

fn give_all(lab: &mut dyn Lab, node: &str, shares: &[String]) {
    for share in shares {
        assert_eq!(lab.give(node, share), Some(200), "{node}");
    }
}

/// What is done to both, and what they say meanwhile.
fn story(lab: &mut dyn Lab) -> (Vec<(String, Answered)>, Vec<String>) {
    let (mut answers, mut order) = (Vec::new(), Vec::new());
    let mut tell = |what: &str, codes: String| order.push(format!("{what}: {codes}"));
    let shares = lab.shares();
    let lead = lab.active().expect("one is active");
    let standby = NODES.into_iter().find(|node| *node != lead).expect("there are three");
    answers.extend(look(lab, "1 all is well", standby));

    lab.stop(standby);
    answers.extend(look(lab, "2 a standby is stopped", standby));
    lab.start(standby);
    answers.extend(look(lab, "3 it is started and sealed", standby));
    tell("the first share of two", format!("{:?}", lab.give(standby, &shares[0])));
    answers.extend(look(lab, "4 one share of two is given", standby));
    let wrong = "ab".repeat(33);
    tell("a wrong second one", format!("{:?}", lab.give(standby, &wrong)));
    answers.extend(look(lab, "5 the shares did not fit", standby));
    tell("no share at all", format!("{:?}", lab.give(standby, "not a share")));
    tell("the right ones", format!("{:?}", [lab.give(standby, &shares[0]), lab.give(standby, &shares[1])]));
    lab.until("the standby is back", SOON, &|codes| codes[index(standby)] == Some(429));

    // A node that was away for long, and one that has just come, differ in how soon they may lead.
    lab.stop(&lead);
    let of = index(&lead);
    lab.until("a standby takes over", SOON, &|codes| codes.contains(&Some(200)));
    wait_for_followers(lab);
    answers.extend(look(lab, "6 the active one was stopped, another took over", &lead));
    lab.start(&lead);
    lab.until("the former active one is sealed", SOON, &|codes| codes[of] == Some(503));
    give_all(lab, &lead, &shares);
    lab.until("it is a standby", SOON, &|codes| codes[of] == Some(429));

    wait_for_followers(lab);
    let next = lab.active().expect("one is active");
    let of = index(&next);
    lab.kill(&next);
    answers.extend(look(lab, "7 the active one was killed, nobody has noticed", &next));
    let seen = lab.until("another takes over from the killed one", LATE, &|codes| {
        codes.iter().enumerate().any(|(node, code)| node != of && *code == Some(200))
    });
    let had_none = seen.iter().any(|codes| !codes.contains(&Some(200)));
    let others_stood_by = seen.iter().all(|codes| codes.iter().all(|code| matches!(code, None | Some(200 | 429))));
    tell("after a kill", format!("without an active one for a while: {had_none}, nobody sealed: {others_stood_by}"));
    wait_for_followers(lab);
    answers.extend(look(lab, "8 another took over from it", &next));
    lab.start(&next);
    lab.until("the killed one is sealed", SOON, &|codes| codes[of] == Some(503));
    give_all(lab, &next, &shares);
    lab.until("all stand again", SOON, &|codes| codes.iter().filter(|code| **code == Some(429)).count() == 2);
    (answers, order)
}

#[test]
fn the_simulator_answers_as_the_real_cluster_does() {
    let mut real = Real { cluster: Cluster::up(OLD), began: monotonic() };
    let nodes = NODES.map(str::to_owned).to_vec();
    let options = Options { nodes, shares: 3, threshold: 2, old: OLD.into(), ..Options::default() };
    let now = Timestamp::from_millis(BEGAN);
    let mut simulated = Simulated { cluster: Vault::new(options, now), now };
    // The real one has stood for a while.
    simulated.pass(120_000);
    let (real, simulated) = (story(&mut real), story(&mut simulated));
    assert_eq!(simulated.1, real.1, "the order of things");
    let mut wrong = Vec::new();
    for ((what, real), (of, simulated)) in real.0.iter().zip(&simulated.0) {
        assert_eq!(what, of);
        if real.status != simulated.status {
            wrong.push(format!("{what}: really {:?}, simulated {:?}", real.status, simulated.status));
        }
        let missing: Vec<_> = real.fields.difference(&simulated.fields).collect();
        let more: Vec<_> = simulated.fields.difference(&real.fields).collect();
        if !missing.is_empty() || !more.is_empty() {
            wrong.push(format!("{what}: not simulated {missing:?}, only simulated {more:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
