//! Conditions over the answers of a whole cluster: what a step waits for, where a command's status says nothing.

use piton::engine::{ConditionId, Tri};
use piton::exec::{Reply, ScriptedRunner};
use piton::runbook::{Action, StepKey};
use serde_json::{Value, json};

use super::server::{Answers, Shape, serve};
use super::stage::{Stage, phases, shipped_as, value};

const FORCED: &str = "F4 nomad: force-leave of an unknown name ends with 0";
const DRAINED: &str = "F4 nomad: a drain that was declined ends with 0";
const SEALED: &str = "F4 vault: exit 2 is sealed";
const SUMS: &str = "F2 cockroachdb: sums of texts";
const COLUMNS: &str = "F3 cockroachdb: the columns of node status come and go";
const TRAILER: &str = "F3 ipfs-cluster: X-Stream-Error comes after the body";

/// The traps that are shown here.
pub fn traps() -> Vec<&'static str> {
    vec![FORCED, DRAINED, SEALED, SUMS, COLUMNS, TRAILER]
}

/// The check of that step, for that item, on the board that the answers give.
async fn check(
    book: &str,
    (phase, step): (&str, &str),
    item: impl Fn(&Stage) -> Value,
    answers: Answers,
    runner: ScriptedRunner,
) -> (Tri, String) {
    let address = serve(answers).await;
    let book = shipped_as(book).remove(0);
    let known = phases(&book).find(|known| known.id.as_str() == phase).expect("the phase is there").clone();
    let known_step = known.steps.iter().find(|known| known.id.as_str() == step).expect("the step is there");
    assert!(matches!(known_step.action, Action::Check { .. }), "{phase}/{step} is no check");
    let mut stage = Stage::of(book, &address);
    let item = item(&stage);
    let key: StepKey = stage.at(&known.id, &known_step.id, item);
    let board = stage.board(runner).await;
    stage.truth(&board, &ConditionId::Check(key))
}

/// A naive reading of how a command ended.
#[track_caller]
fn naive(trap: &str, exit: i32, stdout: &str, source: &str, wrong: bool) {
    let scope = json!({ "exit": exit, "stdout": stdout });
    assert_eq!(value(source, &scope), json!(wrong), "{trap}, read naively ({source})");
}

const NONE: fn(&Stage) -> Value = |_| Value::Null;

/// The members as a new server lists them while old server 1 is as given.
fn members(first: &str) -> Shape {
    let member = |name: &str, status: &str| json!({"Name": name, "Addr": "10.0.0.1", "Port": 4648, "Tags": {"build": "1.7.7", "port": "4647", "region": "global", "dc": "dc1", "role": "nomad", "vsn": "1", "raft_vsn": "3", "id": "…"}, "Status": status, "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2, "DelegateMin": 2, "DelegateMax": 4, "DelegateCur": 4});
    let mut list = vec![member("nomad-server-1.global", first)];
    list.extend((2..=6).map(|n| member(&format!("nomad-server-{n}.global"), "alive")));
    let body = json!({"ServerName": "nomad-server-4", "ServerRegion": "global", "ServerDC": "dc1", "Members": list});
    Shape::json(200, body.to_string().leak())
}

/// The raft peers, with or without old server 1.
fn peers(has_first: bool) -> Shape {
    let from = if has_first { 1 } else { 2 };
    let peer = |n: u8| json!({"ID": format!("c13f-{n}"), "Node": format!("nomad-server-{n}.global"), "Address": format!("10.1.0.1{n}:4647"), "Leader": n == 4, "Voter": true, "RaftProtocol": "3"});
    let body = json!({"Index": 0, "Servers": (from..=6).map(peer).collect::<Vec<_>>()});
    Shape::json(200, body.to_string().leak())
}

#[tokio::test]
async fn a_server_is_gone_when_the_others_say_so_not_when_force_leave_ends_with_0() {
    // `nomad server force-leave nomad-server-1`, without the region: nothing is printed, status 0, nothing changes.
    naive(FORCED, 0, "", ".exit == 0", true);
    for (first, has_first, expected) in [
        ("failed", true, Tri::False),
        ("left", true, Tri::False),
        ("alive", false, Tri::False),
        ("left", false, Tri::True),
    ] {
        let mut answers = Answers::new();
        for n in 4..=6 {
            answers.insert(format!("/nomad-server-{n}/v1/agent/members"), members(first));
            answers.insert(format!("/nomad-server-{n}/v1/operator/raft/configuration?stale"), peers(has_first));
        }
        let step = ("remove", "left");
        let (truth, why) = check("nomad-servers-add-remove", step, Stage::node, answers, ScriptedRunner::new()).await;
        assert_eq!(truth, expected, "{FORCED}: {first}, peer {has_first}: {why}");
    }
}

#[tokio::test]
async fn a_client_is_drained_when_the_servers_say_so_not_when_the_command_ends_with_0() {
    // Asked "[y/N]" for a shortened id, and answered with no: status 0.
    naive(DRAINED, 0, "", ".exit == 0", true);
    for (draining, places, expected) in
        [("false", "eligible", Tri::False), ("true", "ineligible", Tri::False), ("false", "ineligible", Tri::True)]
    {
        let id = "f7476465-4d6e-c0de-26d0-e383c49be941";
        let body = format!(
            r#"[{{"ID":"{id}","Name":"nomad-client-1","Address":"10.138.0.5","Datacenter":"dc1","NodePool":"default","NodeClass":"","Version":"1.7.7","Drain":{draining},"SchedulingEligibility":"{places}","Status":"ready","StatusDescription":"","LastDrain":null,"CreateIndex":6,"ModifyIndex":2526}}]"#
        );
        let answers = Answers::from([(format!("/any/v1/nodes?prefix={id}"), Shape::json(200, body.leak()))]);
        let step = ("each-client", "drained");
        let (truth, why) = check("nomad-clients", step, Stage::node, answers, ScriptedRunner::new()).await;
        assert_eq!(truth, expected, "{DRAINED}: {draining} {places}: {why}");
    }
}

#[tokio::test]
async fn a_sealed_server_has_come_up() {
    // `vault status` of a server that was started and waits for its keys.
    naive(
        SEALED,
        2,
        "Key                Value\n---                -----\nSeal Type          shamir\nInitialized        true\nSealed             true\n",
        ".exit == 0",
        false,
    );
    let sealed = r#"{"initialized":true,"sealed":true,"standby":true,"performance_standby":false,"replication_performance_mode":"unknown","replication_dr_mode":"unknown","server_time_utc":1553000000,"version":"1.17.3"}"#;
    let answers = Answers::from([("/vault-1/v1/sys/health".to_owned(), Shape::json(503, sealed))]);
    let step = ("standbys", "started");
    let (truth, why) = check("vault-ha-upgrade", step, Stage::node, answers, ScriptedRunner::new()).await;
    assert_eq!(truth, Tri::True, "{SEALED}: {why}");
}

const COLUMNS_1_1: &str = "id,address,build,updated_at,started_at,replicas_leaders,replicas_leaseholders,ranges,ranges_unavailable,ranges_underreplicated\n";
const COLUMNS_20_2: &str = "id,address,sql_address,build,started_at,updated_at,locality,is_available,is_live,replicas_leaders,replicas_leaseholders,ranges,ranges_unavailable,ranges_underreplicated\n";

/// The rows of three nodes with these numbers of under-replicated ranges, in the columns of that time.
fn status(is_new: bool, under: [u8; 3]) -> String {
    let mut text = if is_new { COLUMNS_20_2 } else { COLUMNS_1_1 }.to_owned();
    for (under, n) in under.iter().zip(1..) {
        let at = format!("crdb-{n}.example.net:26257");
        text += &if is_new {
            format!(
                "{n},{at},{at},v23.1.14,2026-11-21 10:00:00+00:00,2026-11-21 12:00:00+00:00,,true,true,22,22,65,0,{under}\n"
            )
        } else {
            format!("{n},{at},v23.1.14,2026-11-21 12:00:00,2026-11-21 10:00:00,22,22,65,0,{under}\n")
        };
    }
    text
}

#[tokio::test]
async fn ranges_are_summed_over_all_nodes_as_numbers_by_the_heads_of_their_columns() {
    let of = |text: &str, source: &str| value(source, &json!({ "exit": 0, "stdout": text }));
    // The texts are put one behind the other; one node is asked; the tenth column is another one today.
    let under = status(true, [0, 0, 3]);
    assert_eq!(
        of(&status(true, [0; 3]), ".stdout | fromcsv | map(.ranges_underreplicated) | add == 0"),
        json!(false),
        "{SUMS}"
    );
    assert_eq!(of(&under, r#".stdout | fromcsv | .[0].ranges_underreplicated == "0""#), json!(true), "{SUMS}");
    let tenth = r#".stdout | split("\n")[1] | split(",")[9] | tonumber == 0"#;
    assert_eq!(
        (of(&status(false, [0; 3]), tenth), of(&status(true, [0; 3]), tenth)),
        (json!(true), json!(false)),
        "{COLUMNS}"
    );
    for (text, expected) in [
        (status(true, [0; 3]), Tri::True),
        (status(false, [0; 3]), Tri::True),
        (under, Tri::False),
        (status(false, [0, 3, 0]), Tri::False),
    ] {
        let runner = ScriptedRunner::new().answering(&["cockroach", "node", "status"], Reply::exit(0).stdout(&text));
        let step = ("prepare", "ranges");
        let (truth, why) = check("cockroachdb-rolling-upgrade", step, NONE, Answers::new(), runner).await;
        assert_eq!(truth, expected, "{SUMS}, {COLUMNS}: {why}\n{text}");
    }
}

const PEER: &str = "{\"id\":\"12D3A\",\"addresses\":[],\"version\":\"1.0.8\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3i\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster-1\"}\n";

#[tokio::test]
async fn a_stream_that_broke_off_is_not_a_healthy_cluster() {
    let whole: &str = PEER.repeat(3).leak();
    for (body, trailer, expected) in [
        (whole, Some(("X-Stream-Error", "")), Tri::True),
        (PEER, Some(("X-Stream-Error", "context deadline exceeded")), Tri::False),
    ] {
        let shape = Shape { trailer, ..Shape::json(200, body) };
        assert_eq!(value(".status == 200", &json!({ "status": shape.status })), json!(true), "{TRAILER}, read naively");
        let mut answers = Answers::new();
        for n in 1..=3 {
            answers.insert(format!("/cluster-{n}/id"), Shape::json(200, PEER));
            answers.insert(format!("/cluster-{n}/peers"), shape);
        }
        for book in ["ipfs-cluster-standard", "ipfs-cluster-bootstrap"] {
            let (truth, why) = check(book, ("prepare", "healthy"), NONE, answers.clone(), ScriptedRunner::new()).await;
            assert_eq!(truth, expected, "{TRAILER}: {book}: {why}");
        }
    }
}
