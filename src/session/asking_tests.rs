use serde_json::{Map, json};

use super::*;
use crate::practice::nomad::{Nomad, Options};

const SERVER: &str = "nomad-server-1";

/// The target of the shipped runbook that asks that server for autopilot's judgement.
fn target() -> Target {
    let library = crate::library::Library::open(&[]).unwrap();
    let mut books = library.entries().iter().filter_map(|entry| entry.runbook());
    let book = books.find(|book| book.id.as_str() == "nomad-servers-in-place").unwrap();
    let servers = json!([{ "name": SERVER, "ssh": SERVER, "api": "http://127.0.0.1:20001" }]);
    let inputs = json!({ "inputs": { "servers": servers, "ca": null, "token": null } });
    let all = crate::health::targets(book, &inputs).unwrap();
    all.into_iter().find(|target| target.probe.as_str() == "autopilot").unwrap()
}

#[test]
fn what_a_server_without_a_leader_holds_back_is_heard_when_it_answers() {
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let after = |millis| began.plus(Duration::from_millis(millis));
    let mut system = Nomad::new(Options::default(), began);
    for server in ["nomad-server-2", "nomad-server-3"] {
        let with: Map<_, _> = [("node".to_owned(), json!(server))].into_iter().collect();
        system.fault("down", &with, began).unwrap();
    }
    let mut asking = Asking::new(&[target()], vec![(SERVER.into(), 20_001)], began);
    assert!(asking.heard(0, &mut system, began, Duration::ZERO).is_none(), "it waits for a leader");
    assert_eq!(asking.next(), Some(after(5_000)));
    assert!(asking.heard(0, &mut system, after(4_999), Duration::ZERO).is_none());
    let heard = asking.heard(0, &mut system, after(5_000), Duration::ZERO).unwrap();
    assert_eq!((heard.at, heard.elapsed), (after(5_000), Duration::from_secs(5)));
    // A server that freezes says nothing until patience is over.
    system.fault("frozen", &[("node".to_owned(), json!(SERVER))].into_iter().collect(), after(5_001)).unwrap();
    assert!(asking.heard(0, &mut system, after(5_001), Duration::ZERO).is_none());
    assert_eq!(asking.next(), Some(after(13_001)));
    assert_eq!(asking.heard(0, &mut system, after(13_001), Duration::ZERO).unwrap().elapsed, Duration::from_secs(8));
    // One that dies meanwhile closes the connection at once.
    system.fault("down", &[("node".to_owned(), json!(SERVER))].into_iter().collect(), after(13_002)).unwrap();
    assert!(asking.heard(0, &mut system, after(13_003), Duration::ZERO).unwrap().elapsed.is_zero());
}
