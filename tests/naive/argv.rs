//! Spellings that are wrong, or of another time: no shipped command line has one.

use piton::runbook::{Action, Argv, Ask, Runbook, lint};
use serde_json::Value;

use super::stage::{phases, shipped};

const PEER_RM: &str = "F5 ipfs-cluster: peer rm is no command";
const CURL: &str = "F5 cockroachdb: curl without -O prints the archive";
const PS: &str = "F5 cockroachdb: ps | grep finds itself";
const PKILL: &str = "F5 cockroachdb: pkill ends every process of the name";
const SETCAP: &str = "F5 vault: every node's new binary needs setcap";
const SETTING: &str = "F5 ipfs-cluster: remove_on_shutdown is no setting";
const STATUS: &str = "F4 vault: exit 2 is sealed";
const DRAIN: &str = "F4 nomad: a drain that was declined ends with 0";
const FORCED: &str = "F4 nomad: force-leave of an unknown name ends with 0";

/// The traps that are shown here.
pub fn traps() -> Vec<&'static str> {
    vec![PEER_RM, CURL, PS, PKILL, SETCAP, SETTING, STATUS, DRAIN, FORCED]
}

/// What is wrong with a command line, by the trap that it falls into; or the way in which it is of another time.
fn mistakes(argv: &[&str]) -> Vec<&'static str> {
    // What ssh and shells are given is one line over there; a value in it is one word.
    let line = without_values(&argv.join(" "));
    let words: Vec<&str> = line.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let has_pair = |one: &str, two: &str| words.windows(2).any(|pair| pair == [one, two]);
    let has_option = |options: &[&str]| words.iter().any(|word| options.iter().any(|option| word.starts_with(option)));
    let short = |letter: char| words.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(letter));
    let is_drain = has_pair("node", "drain") || has("node-drain");
    let by_rule: &[(bool, &'static str)] = &[
        (has_pair("peer", "rm"), PEER_RM),
        (has("curl") && !short('O') && !short('o') && !has_option(&["--output", "--remote-name"]), CURL),
        (has("ps") && has("grep") && !line.contains("grep ["), PS),
        (has("pkill") || has("killall"), PKILL),
        (line.contains("remove_on_shutdown"), SETTING),
        (has_pair("vault", "status"), STATUS),
        (is_drain && (has("-enable") == has("-disable")), DRAIN),
        (is_drain && !has("-yes"), DRAIN),
        (has("force-leave") && !words.last().is_some_and(|name| name.contains('.')), FORCED),
        (has_option(&["server-members", "server-force-leave", "node-drain", "node-status"]), "nomad: of before 0.9"),
        (
            has("vault") && ["unseal", "seal", "init", "step-down", "rekey"].iter().any(|w| has_pair("vault", w)),
            "vault: of before 0.9.2",
        ),
        (has("step-down"), "vault: not during an upgrade"),
        (has_pair("cockroach", "quit"), "cockroachdb: of before 20.2"),
        (has("daemon") && has("--upgrade"), "ipfs-cluster: of before 0.11"),
        (has_pair("state", "version"), "ipfs-cluster: of before 0.11"),
        (has("kill") && (has("-9") || has("-KILL")), "no proper end"),
    ];
    by_rule.iter().filter(|(is_so, _)| *is_so).map(|(_, trap)| *trap).collect()
}

fn without_values(line: &str) -> String {
    let mut parts = line.split("{{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "value";
        plain += part.split_once("}}").map_or("", |(_, rest)| rest);
    }
    plain
}

/// Every command line of a runbook: of its steps, of its probes, and those that its inputs are bound to by default.
fn commands(book: &Runbook) -> Vec<Vec<String>> {
    let words = |argv: &Argv| match argv {
        Argv::Words(words) => Some(words.iter().map(|word| word.source().to_owned()).collect()),
        Argv::Input(_) => None,
    };
    let steps = phases(book).flat_map(|phase| &phase.steps).filter_map(|step| match &step.action {
        Action::Run { argv, .. } => words(argv),
        _ => None,
    });
    let probes = book.health.iter().filter_map(|probe| match &probe.ask {
        Ask::Command(argv) => words(argv),
        _ => None,
    });
    let of_list = |list: &Value| {
        let words: Option<Vec<String>> = list.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect();
        words.filter(|words| !words.is_empty())
    };
    let defaults = book.inputs.iter().filter_map(|input| input.default.as_ref().and_then(of_list));
    steps.chain(probes).chain(defaults).collect()
}

#[test]
fn each_mistake_is_known_when_it_is_written() {
    for (argv, trap) in [
        (&["ssh", "a", "ipfs-cluster-ctl", "peer", "rm", "12D3"][..], PEER_RM),
        (&["curl", "https://binaries.cockroachdb.com/cockroach-v1.0.7.linux-amd64.tgz"], CURL),
        (&["ssh", "a", "ps aux | grep cockroach"], PS),
        (&["ssh", "a", "pkill", "cockroach"], PKILL),
        (&["grep", "remove_on_shutdown", "service.json"], SETTING),
        (&["vault", "status"], STATUS),
        (&["nomad", "node-drain", "-yes", "f7476465"], DRAIN),
        (&["nomad", "node", "drain", "-enable", "f7476465"], DRAIN),
        (&["nomad", "server", "force-leave", "nomad-server-1"], FORCED),
        (&["nomad", "server-members"], "nomad: of before 0.9"),
        (&["vault", "unseal"], "vault: of before 0.9.2"),
        (&["vault", "operator", "step-down"], "vault: not during an upgrade"),
        (&["cockroach", "quit", "--insecure"], "cockroachdb: of before 20.2"),
        (&["ipfs-cluster-service", "daemon", "--upgrade"], "ipfs-cluster: of before 0.11"),
        (&["sudo", "kill", "-9", "4711"], "no proper end"),
    ] {
        assert!(mistakes(argv).contains(&trap), "{argv:?}: {:?}", mistakes(argv));
    }
    for argv in [
        &["ipfs-cluster-ctl", "peers", "rm", "12D3"][..],
        &["curl", "-fsSLo", "a.tgz", "https://a/a.tgz"],
        &["curl", "--remote-name-all", "https://a/a.tgz"],
        &["pgrep", "-x", "cockroach"],
        &["ps", "-ww", "-C", "cockroach", "-o", "args="],
        &["nomad", "node", "drain", "-enable", "-yes", "f7476465"],
        &["nomad", "server", "force-leave", "nomad-server-1.global"],
    ] {
        assert_eq!(mistakes(argv), Vec::<&str>::new(), "{argv:?}");
    }
}

#[test]
fn no_shipped_command_line_has_one() {
    let mut seen = 0;
    for book in shipped() {
        for argv in commands(book) {
            let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
            assert_eq!(mistakes(&argv), Vec::<&str>::new(), "{}: {argv:?}", book.id);
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen} command lines");
}

#[test]
fn the_example_sites_bind_none_either() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/sites");
    for entry in std::fs::read_dir(folder).expect("it is there").flatten() {
        let (_, site, findings) = piton::library::read_site(&entry.path()).expect("it can be read");
        let site = site.unwrap_or_else(|| panic!("{findings:?}"));
        for (name, value) in &site.inputs {
            let words: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(mistakes(&words), Vec::<&str>::new(), "{}: {name}", entry.path().display());
        }
    }
}

/// The document names it for the node that was active alone.
#[test]
fn the_new_binary_of_every_node_is_granted_the_memory_lock() {
    let mut replaced = 0;
    for book in shipped().iter().filter(|book| book.system == "vault") {
        for phase in phases(book) {
            let at = |names: &[&str]| {
                phase.steps.iter().position(|step| {
                    matches!(&step.action, Action::Run { argv: Argv::Input(input), .. } if names.contains(&input.as_str()))
                })
            };
            let Some(replace) = at(&["replace", "reinstall"]) else { continue };
            replaced += 1;
            let grant = at(&["grant"]).filter(|grant| *grant > replace);
            // A way back may start all nodes in a phase of their own, after the binaries.
            assert!(grant.is_some(), "{SETCAP}: {} {}", book.id, phase.id);
            assert!(at(&["start"]).is_none_or(|start| grant < Some(start)), "{SETCAP}: {} {}", book.id, phase.id);
        }
        let grants =
            book.inputs.iter().find(|input| input.id.as_str() == "grant").and_then(|input| input.default.clone());
        if let Some(words) = grants {
            let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert!(words.join(" ").contains("setcap cap_ipc_lock=+ep"), "{SETCAP}: {words:?}");
        }
    }
    assert!(replaced >= 6, "{replaced} phases replace a binary");
}

/// The codes of the linter's advice on a step that runs this.
fn advice(argv: &[&str]) -> Vec<&'static str> {
    let words: Vec<String> = argv.iter().map(|word| format!("{word:?}")).collect();
    let text = format!(
        "format = 1\nid = \"own\"\ntitle = \"Own\"\nsystem = \"cockroachdb\"\nrollback = []\n[[phase]]\nid = \"p\"\ntitle = \"P\"\n\
         [[phase.step]]\nid = \"s\"\ntitle = \"Look\"\nrun = [{}]\nexpect = \".exit == 0\"\n",
        words.join(", ")
    );
    let (book, findings) = piton::runbook::parse(&text);
    let book = book.unwrap_or_else(|| panic!("{findings:?}"));
    lint::check(&book).into_iter().map(|found| found.code).collect()
}

/// Whoever writes the document's mistakes into a runbook of their own is told.
#[test]
fn the_linter_tells_of_the_mistakes_that_any_runbook_may_make() {
    for (trap, wrong, code, right) in [
        (
            PS,
            &["ssh", "a", "ps aux | grep cockroach"][..],
            "never-fails",
            &["ssh", "a", "pgrep", "-x", "cockroach"][..],
        ),
        (PKILL, &["ssh", "a", "pkill", "cockroach"], "by-name", &["ssh", "a", "systemctl", "stop", "cockroach"]),
        (
            CURL,
            &["ssh", "a", "curl", "https://binaries.cockroachdb.com/cockroach-v1.0.7.linux-amd64.tgz"],
            "no-file",
            &["ssh", "a", "curl", "-O", "https://binaries.cockroachdb.com/cockroach-v1.0.7.linux-amd64.tgz"],
        ),
    ] {
        assert!(advice(wrong).contains(&code), "{trap}: {:?}", advice(wrong));
        assert_eq!(advice(right), Vec::<&str>::new(), "{trap}: {right:?}");
    }
}
