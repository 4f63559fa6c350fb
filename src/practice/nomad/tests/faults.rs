use serde_json::{Map, json};

use super::Lab;
use crate::practice::nomad::Options;
use crate::practice::{FaultError, System};

#[test]
fn a_fault_that_is_not_there_or_wrongly_asked_for_is_told() {
    let mut lab = Lab::new();
    let now = lab.now;
    let mut set = |name: &str, arguments: serde_json::Value| {
        lab.system.fault(name, arguments.as_object().unwrap_or(&Map::new()), now).map_err(|error| error.to_string())
    };
    assert_eq!(set("flood", json!({})), Err(FaultError::Unknown("flood".into()).to_string()));
    assert_eq!(set("stuck", json!({})), Err("fault \"stuck\": node is missing".into()));
    assert_eq!(set("stuck", json!({ "node": "x" })), Err("fault \"stuck\": there is no node \"x\"".into()));
    assert_eq!(
        set("stuck", json!({ "node": "nomad-client-1" })),
        Err("fault \"stuck\": this node is no server".into())
    );
    assert_eq!(
        set("no-room", json!({ "room": "x" })),
        Err("fault \"no-room\": room is missing or no whole number".into())
    );
    assert!(lab.system.faults().iter().all(|(name, about)| !name.is_empty() && !about.is_empty()));
}

#[test]
fn every_fault_can_be_set() {
    for (name, _) in Lab::new().system.faults() {
        let mut lab = Lab::new();
        lab.fault(name, &json!({ "node": "nomad-server-2", "seconds": 40, "room": 4, "entries": 900 }));
        lab.pass(300_000);
    }
}

#[test]
fn a_stuck_server_is_alive_and_replicates_nothing() {
    let mut lab = Lab::with(Options { spare: 1, ..Options::default() });
    lab.fault("stuck", &json!({ "node": "nomad-server-4", "why": "port closed" }));
    lab.done("ssh nomad-server-4 sudo apt-get install -y nomad=1.8.4-1");
    lab.done("ssh nomad-server-4 sudo systemctl start nomad");
    lab.pass(120_000);
    assert_eq!(lab.member("nomad-server-1", "nomad-server-4"), "alive", "the members alone look fine");
    let raft = lab.get("nomad-server-4", "/v1/agent/self").1["stats"]["raft"].clone();
    assert_eq!((&raft["last_log_index"], &raft["num_peers"]), (&json!("0"), &json!("0")));
    assert_eq!(lab.voters("nomad-server-1"), 3);
    assert_eq!(lab.get("nomad-server-1", "/v1/operator/autopilot/health").0, 429);
    lab.fault("mended", &json!({ "node": "nomad-server-4" }));
    lab.until(60_000, |lab| lab.voters("nomad-server-1") == 4);
}

#[test]
fn a_server_that_leaves_when_it_is_stopped_changes_the_quorum_twice() {
    let mut lab = Lab::new();
    lab.fault("leaves-on-stop", &json!({ "node": "nomad-server-3", "signal": "interrupt" }));
    assert_eq!(lab.get("nomad-server-3", "/v1/agent/self").1["config"]["LeaveOnInt"], true);
    lab.done("ssh nomad-server-3 sudo systemctl restart nomad");
    assert_eq!(lab.voters("nomad-server-1"), 2);
    lab.until(60_000, |lab| lab.voters("nomad-server-1") == 3);
    lab.done("ssh nomad-server-3 sudo systemctl stop nomad");
    assert_eq!(lab.run("ssh nomad-server-3 systemctl is-active nomad").stdout, "inactive\n", "a farewell ends with 0");
    assert_eq!(lab.member("nomad-server-1", "nomad-server-3"), "left");
}

#[test]
fn a_drain_without_room_waits_for_its_deadline_and_then_stops_everything() {
    let mut lab = Lab::new();
    lab.fault("no-room", &json!({ "room": 3 }));
    let id = lab.get("nomad-server-1", "/v1/nodes").1[0]["ID"].as_str().unwrap().to_owned();
    let drain = |flags: &str| format!("nomad node drain {flags} -yes -address=http://nomad-server-1:4646 {id}");
    lab.done(&drain("-enable -detach -deadline=1h"));
    lab.pass(60_000);
    assert!(!lab.get("nomad-server-1", "/v1/evaluations?status=blocked").1.as_array().unwrap().is_empty());
    let node = lab.get("nomad-server-1", &format!("/v1/node/{id}")).1;
    assert_eq!(node["Drain"], true);
    // Cancelled, nothing waits any more and nothing was lost.
    lab.done(&drain("-disable"));
    lab.pass(10_000);
    assert_eq!(lab.get("nomad-server-1", "/v1/evaluations?status=blocked").1, json!([]));
    let began = lab.now;
    lab.done(&drain("-enable -deadline=1h"));
    assert!(lab.now.since(began).as_secs() >= 3_600);
    let node = lab.get("nomad-server-1", &format!("/v1/node/{id}")).1;
    assert_eq!(node["Drain"], false);
    assert!(!lab.get("nomad-server-1", "/v1/evaluations?status=blocked").1.as_array().unwrap().is_empty());
}

#[test]
fn a_client_that_comes_up_too_slowly_loses_its_work() {
    let mut lab = Lab::new();
    lab.fault("slow-start", &json!({ "node": "nomad-client-1", "seconds": 40 }));
    lab.done("ssh nomad-client-1 sudo systemctl restart nomad");
    lab.until(31_000, |lab| lab.get("nomad-server-1", "/v1/nodes").1[0]["Status"] == "down");
    lab.until(30_000, |lab| lab.get("nomad-server-1", "/v1/nodes").1[0]["Status"] == "ready");
}

#[test]
fn an_enterprise_server_without_a_license_does_not_start() {
    let mut lab = Lab::with(Options { target: "1.7.7+ent".into(), ..Options::default() });
    lab.fault("unlicensed", &json!({ "node": "nomad-server-2" }));
    lab.done("ssh nomad-server-2 sudo apt-get install -y nomad-enterprise=1.7.7+ent-1");
    lab.done("ssh nomad-server-2 sudo systemctl restart nomad");
    lab.pass(1_000);
    assert_eq!(lab.run("ssh nomad-server-2 systemctl is-active nomad").stdout, "failed\n");
    assert!(lab.done("ssh nomad-server-2 sudo journalctl -u nomad").contains("enterprise licensing"));
}

#[test]
fn a_server_that_lies_behind_is_a_member_and_not_level() {
    let mut lab = Lab::new();
    lab.fault("behind", &json!({ "node": "nomad-server-3", "entries": 3_000, "pace": 50 }));
    lab.pass(10_000);
    assert_eq!((lab.member("nomad-server-1", "nomad-server-3").as_str(), lab.voters("nomad-server-1")), ("alive", 3));
    assert!(lab.index("nomad-server-1") - lab.index("nomad-server-3") > 2_000);
    assert_eq!(lab.get("nomad-server-1", "/v1/operator/autopilot/health").0, 429);
    // With the second one away the leader goes on, and nothing that it takes is committed.
    lab.done("ssh nomad-server-2 sudo systemctl stop nomad");
    lab.pass(8_000);
    assert_eq!(lab.leader(), "nomad-server-1");
    let raft = lab.get("nomad-server-1", "/v1/agent/self").1["stats"]["raft"].clone();
    let number = |name: &str| raft[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(number("commit_index") < number("last_log_index"));
    lab.done("ssh nomad-server-2 sudo systemctl start nomad");
    lab.until(90_000, |lab| lab.get("nomad-server-1", "/v1/operator/autopilot/health").0 == 200);
}
