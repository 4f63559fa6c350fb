use serde_json::{Map, json};

use super::*;
use crate::clock::FixedClock;
use crate::journal::Store;
use crate::practice::vault::{Options, Vault};
use crate::runbook::parse;
use crate::session::launch::{self, LaunchError, Opening, Who, World};

async fn runner() -> PracticeRunner {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::default());
    let vault: Arc<Mutex<dyn System>> = Arc::new(Mutex::new(Vault::new(Options::with_nodes(1), clock.now())));
    let rehearsal = Rehearsal::new(vault.clone(), None, 1, clock.now());
    let practice = Practice::start(vault, clock.clone(), &[]).await.unwrap();
    PracticeRunner::new(Arc::new(practice), rehearsal, clock, Handle::current())
}

#[tokio::test]
async fn a_rehearsal_looks_no_real_secret_up() {
    let runner = runner().await;
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("ran").display().to_string();
    for reference in [EnvValue::SecretEnv("PATH".into()), EnvValue::SecretCommand(vec!["touch".into(), made])] {
        assert_eq!(runner.secret(reference).await.unwrap().reveal(), PRACTICE_SECRET);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_rehearsal_reaches_the_simulated_cluster_alone() {
    let runner = runner().await;
    let folder = tempfile::tempdir().unwrap();
    let (port, other) = (runner.practice.ports()[0], 1);
    for (question, is_fine) in [
        (format!("http = {{ url = \"http://127.0.0.1:{port}/v1/sys/health\" }}"), true),
        (format!("tcp = \"127.0.0.1:{port}\""), true),
        (format!("tcp = \"127.0.0.1:{other}\""), false),
        ("http = { url = \"https://vault.example.com:8200/v1/sys/health\" }".into(), false),
        (format!("http = {{ url = \"http://localhost:{port}/\" }}"), false),
        ("http = { url = \"http://127.0.0.1/\" }".into(), false),
    ] {
        let text = format!(
            "format = 1\nid = \"d\"\ntitle = \"D\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"s\"\n\
             [[health]]\nid = \"it\"\ntitle = \"It\"\nevery = \"1m\"\ntimeout = \"1s\"\n{question}\nok = \"true\"\n\
             [[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\nid = \"s\"\ntitle = \"S\"\nconfirm = \"?\"\n"
        );
        let (runbook, told) = parse(&text);
        let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{told:?}")));
        let practice = Some(crate::engine::PracticeSeen { nodes: 1, seed: 1, scenario: None, ports: vec![port] });
        let opening = Opening { runbook, inputs: Map::new(), site: None, practice };
        let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
        let world = World { runtime: Handle::current(), clock: runner.clock.clone(), runner: Arc::new(runner.clone()) };
        let begun =
            launch::begin(&Store::open(folder.path()), &crate::journal::Remembered::default(), opening, &who, world);
        match begun {
            Ok(_) => assert!(is_fine, "{question}"),
            Err(LaunchError::Probe(why)) => assert!(!is_fine && why.contains("practice"), "{question}: {why}"),
            Err(other) => panic!("{other}"),
        }
    }
}

/// What was recorded of a rehearsal is done to a cluster built again: faults strike again, and nothing is told twice.
#[test]
fn a_rehearsal_goes_on_where_its_records_left_it() {
    use crate::practice::{Shape, system};
    use crate::session::stepped::{Walk, walk};
    let book = crate::library::Library::open(&[]).unwrap().find("vault-ha-upgrade").unwrap().runbook().unwrap().clone();
    let scenario = crate::scenario::find("vault-ha-upgrade", "sealed-again").unwrap();
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let (nodes, seed) = (scenario.nodes.unwrap(), scenario.seed.unwrap());
    let cluster = || system("vault", &Shape { runbook: book.id.as_str(), nodes, seed, versions: &[] }, began).unwrap();
    let (system, way) = (cluster(), Some(&scenario.right));
    let it = Walk { runbook: book.clone(), system, nodes, scenario: Some(&scenario), seed, way, began };
    let folder = tempfile::tempdir().unwrap();
    let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
    let walked = walk(&Store::open(folder.path()), it, &who, &mut |_| true).unwrap();
    let struck = |record: &Record| matches!(&record.event, Event::Rehearsed { what } if matches!(**what, Happening::FaultStruck { .. }));
    let at = walked.records.iter().position(struck).unwrap();
    // Left right after the fault was recorded, whose harm was not: it is told now.
    let built = cluster();
    replay(&mut *built.lock().unwrap(), &walked.records[..=at]);
    let mut rehearsal = Rehearsal::new(Arc::clone(&built), Some(&scenario), seed, began);
    rehearsal.follow(&walked.records[..=at]);
    let told = rehearsal.take(&[]);
    let began_away = |what: &Happening| matches!(what, Happening::HarmBegan { kind, about, .. } if (&**kind, &**about) == ("away", "vault-3"));
    assert!(told.len() == 1 && began_away(&told[0]), "{told:?}");
    // The step begins once more: the fault does not.
    let again = walked.records.iter().find(|record| matches!(&record.event, Event::StepBegan { step, .. } if step.to_string() == "standbys[vault-3]/ready"));
    let told = rehearsal.take(std::slice::from_ref(again.unwrap()));
    assert!(!told.iter().any(|what| matches!(what, Happening::FaultStruck { .. })), "{told:?}");
    // Left after all of it: nothing is left to tell.
    let built = cluster();
    replay(&mut *built.lock().unwrap(), &walked.records);
    let mut rehearsal = Rehearsal::new(built, Some(&scenario), seed, began);
    rehearsal.follow(&walked.records);
    assert_eq!(rehearsal.take(&[]), []);
}

/// What is typed takes its time as a command of the runbook does, and what runs for hours is broken off.
#[test]
fn what_is_typed_is_answered_when_it_has_ended() {
    use crate::practice::{Shape, system};
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let shape = Shape { runbook: "cockroachdb-rolling-upgrade", nodes: 3, seed: 1, versions: &[] };
    let typed = |line: &str, at| Record {
        seq: 1,
        at,
        prev: String::new(),
        by: "maria@bastion".into(),
        event: Event::Rehearsed { what: Box::new(Happening::Typed { line: line.into() }) },
    };
    let fetch =
        "ssh crdb-1 curl -fsSLo /var/tmp/a.tgz https://binaries.cockroachdb.com/cockroach-v23.2.4.linux-amd64.tgz";
    let mut rehearsal = Rehearsal::new(system("cockroachdb", &shape, began).unwrap(), None, 1, began);
    assert_eq!(rehearsal.take(&[typed(fetch, began)]), []);
    let ends = rehearsal.wakes_at().unwrap();
    assert!((9..12).contains(&ends.since(began).as_secs()), "{ends}");
    // Another shell is free meanwhile.
    let told = rehearsal.take(&[typed("true", began.plus(Duration::from_secs(1)))]);
    assert_eq!(told, [Happening::Answered { exit: 0, printed: String::new() }]);
    assert_eq!(rehearsal.pass(ends), [Happening::Answered { exit: 0, printed: String::new() }]);
    assert_eq!(rehearsal.wakes_at(), None);
    // A server that hangs: nobody waits for a day.
    rehearsal.locked().fault("frozen", json!({ "node": "crdb-1" }).as_object().unwrap(), ends).unwrap();
    let told = rehearsal.take(&[typed("ssh crdb-2 curl http://crdb-1:8080/health", ends)]);
    assert!(!told.iter().any(|what| matches!(what, Happening::Answered { .. })), "{told:?}");
    let later = ends.plus(Duration::from_secs(1_800));
    assert!(rehearsal.pass(later).contains(&Happening::Answered { exit: 130, printed: "^C\n".into() }));
    // A sitting that was left meanwhile takes the answer with it.
    let mut rehearsal = Rehearsal::new(system("cockroachdb", &shape, began).unwrap(), None, 1, began);
    rehearsal.follow(&[typed(fetch, began)]);
    assert_eq!(
        rehearsal.take(&[]),
        [Happening::Answered { exit: 130, printed: "broken off with the sitting\n".into() }]
    );
}

/// What happens while a command runs does not put it off when the cluster is built again.
#[test]
fn a_cluster_built_again_stands_as_it_was_left() {
    use crate::practice::{Shape, system};
    use crate::session::stepped::{Walk, walk};
    for (name, scenario) in [("ipfs-cluster-recovery", "wrong-removal"), ("ipfs-cluster-bootstrap", "calm")] {
        let library = crate::library::Library::open(&[]).unwrap();
        let book = library.find(name).unwrap().runbook().unwrap().clone();
        let scenario = crate::scenario::find(name, scenario).unwrap();
        let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
        let (nodes, seed) = (scenario.nodes.unwrap(), scenario.seed.unwrap());
        let cluster = || system("ipfs-cluster", &Shape { runbook: name, nodes, seed, versions: &[] }, began).unwrap();
        let way = Some(&scenario.right);
        let it = Walk { runbook: book, system: cluster(), nodes, scenario: Some(&scenario), seed, way, began };
        let folder = tempfile::tempdir().unwrap();
        let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
        let walked = walk(&Store::open(folder.path()), it, &who, &mut |_| true).unwrap();
        // In a run by real time what happens is often recorded between the start of a command and its end.
        let mut records = Vec::new();
        for record in &walked.records {
            if matches!(record.event, Event::CommandFinished { .. }) {
                let told = Happening::HarmEnded { kind: "none".into(), about: String::new(), at: record.at };
                records.push(Record { event: Event::Rehearsed { what: Box::new(told) }, ..record.clone() });
            }
            records.push(record.clone());
        }
        let built = cluster();
        replay(&mut *built.lock().unwrap(), &records);
        let mut rehearsal = Rehearsal::new(built, Some(&scenario), seed, began);
        rehearsal.follow(&walked.records);
        assert_eq!(rehearsal.take(&[]), [], "{name}");
    }
}

/// What is typed is typed to the shell of the bastion: only what stands in quotes reaches the host behind `ssh`, and `$?` is
/// how the line before ended, also when the cluster is built again.
#[test]
fn a_typed_line_is_read_by_the_shell_of_the_bastion() {
    use crate::practice::{Shape, system};
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let shape = Shape { runbook: "cockroachdb-rolling-upgrade", nodes: 3, seed: 1, versions: &[] };
    let mut rehearsal = Rehearsal::new(system("cockroachdb", &shape, began).unwrap(), None, 1, began);
    let (mut records, mut at) = (Vec::new(), began);
    let mut record = |at, what: Happening| {
        let event = Event::Rehearsed { what: Box::new(what) };
        records.push(Record { seq: 1, at, prev: String::new(), by: "maria@bastion".into(), event });
        records.last().unwrap().clone()
    };
    let mut typed = |line: &str| {
        at = at.plus(Duration::from_secs(2));
        let mut told = rehearsal.take(&[record(at, Happening::Typed { line: line.into() })]);
        at = rehearsal.wakes_at().unwrap_or(at).max(at);
        told.extend(rehearsal.pass(at));
        let answer = told.into_iter().find(|what| matches!(what, Happening::Answered { .. })).unwrap();
        rehearsal.take(&[record(at, answer.clone())]);
        let Happening::Answered { exit, printed } = answer else { unreachable!() };
        (exit, printed)
    };
    for (line, exit, printed) in [
        ("ssh crdb-2 hostname && sudo systemctl stop cockroach", 1, "crdb-2\noperator is not in the sudoers file.\n"),
        ("echo $?", 0, "1\n"),
        ("ssh crdb-2 systemctl is-active cockroach", 0, "active\n"),
        ("ssh crdb-2 'false; sudo systemctl stop cockroach;'", 0, ""),
        ("ssh crdb-2 systemctl is-active cockroach", 3, "inactive\n"),
        ("ssh crdb-2 \"echo $? $HOSTNAME\" '$? $HOSTNAME'", 0, "3 bastion 0 crdb-2\n"),
        ("false ; true", 0, ""),
        ("false;", 1, ""),
        ("echo a > /tmp/f", 0, ""),
        ("cat /tmp/f /nowhere; cat /tmp/f | grep -c a", 0, "a\ncat: /nowhere: No such file or directory\n1\n"),
        (
            "for n in 1 3; do ssh crdb-$n sudo systemctl stop cockroach; done",
            2,
            "bash: practice: 'for' is not simulated\n",
        ),
        ("ssh crdb-1 -- systemctl is-active cockroach", 0, "active\n"),
        ("echo 'open", 2, "bash: unexpected EOF while looking for matching `''\n"),
        ("exit 7", 7, ""),
        ("echo $?; echo $?", 0, "7\n0\n"),
    ] {
        assert_eq!(typed(line), (exit, printed.to_owned()), "{line}");
    }
    let built = system("cockroachdb", &shape, began).unwrap();
    replay(&mut *built.lock().unwrap(), &records);
    let argv = ["ssh", "crdb-2", "systemctl", "is-active", "cockroach"].map(str::to_owned);
    assert_eq!(built.lock().unwrap().command(&argv, at).stdout, "inactive\n");
}
