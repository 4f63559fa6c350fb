use std::net::TcpListener;
use std::time::Duration;

use serde_json::Map;
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::clock::{FixedClock, Timestamp};
use crate::engine::Event;
use crate::exec::ScriptedRunner;
use crate::journal::Store;
use crate::runbook::parse;
use crate::session::launch::{self, Opening, Who, World};

/// A critical command that waits for two ports, each of which is asked every ten minutes.
fn book(ports: [u16; 2]) -> String {
    let probe = |id: &str, port: u16| {
        format!(
            "[[health]]\nid = \"{id}\"\ntitle = \"It\"\nevery = \"10m\"\ntimeout = \"5s\"\n\
             tcp = \"127.0.0.1:{port}\"\nok = \"true\"\n"
        )
    };
    format!(
        "format = 1\nid = \"demo\"\ntitle = \"Demo\"\nrevision = \"1\"\nsystem = \"demo\"\nsummary = \"A walk.\"\n\
         {}{}[[phase]]\nid = \"only\"\ntitle = \"Only\"\n[[phase.step]]\nid = \"step\"\ntitle = \"Step\"\n\
         critical = true\ngate = '[.health.one[], .health.other[]] | all(.verdict == \"ok\")'\nrun = [\"work\"]\n",
        probe("one", ports[0]),
        probe("other", ports[1])
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_command_whose_probes_are_asked_rarely_has_them_asked_and_runs() {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
    let (runbook, told) = parse(&book(ports));
    let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{told:?}")));
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000_000_000)));
    let world = World { runtime: Handle::current(), clock: clock.clone(), runner: Arc::new(ScriptedRunner::new()) };
    let opening = Opening { runbook, inputs: Map::new(), site: None, practice: None };
    let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
    let mut run =
        launch::begin(&Store::open(folder.path()), &crate::journal::Remembered::default(), opening, &who, world)
            .unwrap();
    // Both have answered, and a minute has gone by, before the walk begins.
    let (again, updates) = unbounded_channel();
    let mut answers = 0;
    while answers < 2 {
        let update = run.updates.recv().await.unwrap();
        answers += usize::from(matches!(update, Update::Sampled(_)));
        again.send(update).unwrap();
    }
    clock.advance(Duration::from_secs(60));
    let mut first = std::mem::replace(&mut run.updates, updates);
    tokio::spawn(async move {
        while let Some(update) = first.recv().await {
            let _ = again.send(update);
        }
    });
    let mut out = Vec::new();
    let walk = walk(run, None, &mut out, std::future::pending());
    let walked = tokio::time::timeout(Duration::from_secs(20), walk).await.expect("it is not refused for ever");
    assert!(walked.unwrap().closed.is_some(), "{}", String::from_utf8_lossy(&out));
}

/// Otherwise a line of a scenario is typed twice, and all that comes after it is out of step.
#[test]
fn what_piton_senses_meanwhile_does_not_have_a_proposal_made_again() {
    let (runbook, _) = parse(&book([1, 2]));
    let runbook = Arc::new(runbook.unwrap());
    let (inbox, _listener) = unbounded_channel();
    let (mut out, state) = (Vec::new(), RunState::fold(&runbook, &[]));
    let asked = Proposal::Note { step: None, text: "it is late".into() };
    let mut walk = Walk {
        runbook,
        way: None,
        session: Session::new(inbox),
        state,
        keeper: BoardKeeper::new(&[]),
        out: &mut out,
        asked: Some(asked.clone()),
        sensing: Sensing::default(),
        halted: None,
        missed: None,
        gone: None,
    };
    let recorded = |by: &str| {
        let event = Event::NoteAdded { step: None, text: "it is late".into() };
        let record = Record { seq: 1, at: Timestamp::default(), prev: "0".repeat(64), by: by.into(), event };
        Update::Recorded(vec![record].into())
    };
    walk.take(recorded(PITON));
    assert_eq!(walk.asked, Some(asked));
    walk.take(recorded("maria@bastion"));
    assert_eq!(walk.asked, None);
}
