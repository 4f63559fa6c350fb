//! Answers over HTTP, each asked by every shipped probe that asks such a question.

use std::time::Duration;

use piton::clock::FixedClock;
use piton::exec::ScriptedRunner;
use piton::health::{HttpQuestion, Prober, Question, Target};
use serde_json::{Value, json};

use super::server::{Answers, Shape, serve};
use super::stage::{Stage, expr, knowing, shipped, shipped_as, value};

/// One answer, asked for one thing.
struct Row {
    trap: &'static str,
    /// How the names of the runbooks begin whose probes are asked.
    books: &'static str,
    /// The path that these probes ask.
    asks: &'static str,
    /// What the system answers there.
    shape: Shape,
    /// The question, for people.
    question: &'static str,
    /// A naive reading, over the facts of the answer, and the wrong answer that it gives.
    naive: (&'static str, Value),
    /// What the shipped probe says, over its fields and its verdict, and the right answer that this must give.
    ours: (&'static str, Value),
}

const HEALTH: &str = "/v1/sys/health";
const READY: &str = "/-/readiness?all=1";
const FAILED_PINS: &str = "/pins?local=true&filter=pin_error,unpin_error,unexpectedly_unpinned";
const AUTOPILOT: &str = "/v1/operator/autopilot/health";

const STANDBY: &str = r#"{"initialized":true,"sealed":false,"standby":true,"performance_standby":false,"replication_performance_mode":"disabled","replication_dr_mode":"disabled","server_time_utc":1553000000,"version":"1.1.0","cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"}"#;
const PERFORMANCE: &str = r#"{"initialized":true,"sealed":false,"standby":true,"performance_standby":true,"replication_performance_mode":"primary","replication_dr_mode":"disabled","server_time_utc":1553000000,"version":"1.1.0+ent","cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"}"#;
const PERFORMANCE_ALONE: &str = r#"{"initialized":true,"sealed":false,"standby":false,"performance_standby":true,"replication_performance_mode":"primary","replication_dr_mode":"disabled","server_time_utc":1553000000,"version":"1.1.0+ent","cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"}"#;
const RECOVERY: &str = r#"{"initialized":true,"sealed":false,"standby":false,"performance_standby":false,"replication_performance_mode":"disabled","replication_dr_mode":"secondary","server_time_utc":1553000000,"version":"1.1.0+ent","cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"}"#;
const MUTE: &str = r#"{"initialized":true,"sealed":false,"standby":true,"performance_standby":false,"replication_performance_mode":"disabled","replication_dr_mode":"disabled","server_time_utc":1753000000,"version":"1.19.0","enterprise":true,"cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731","echo_duration_ms":0,"clock_skew_ms":0,"replication_primary_canary_age_ms":0,"ha_connection_healthy":false,"last_request_forwarding_heartbeat_ms":61000}"#;
const REMOVED: &str = r#"{"initialized":true,"sealed":false,"standby":true,"performance_standby":false,"replication_performance_mode":"disabled","replication_dr_mode":"disabled","server_time_utc":1753000000,"version":"1.19.0","enterprise":true,"cluster_name":"vault-cluster-3bd69ca2","cluster_id":"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731","removed_from_cluster":true,"ha_connection_healthy":false}"#;
const SEALED: &str = r#"{"initialized":true,"sealed":true,"standby":true,"performance_standby":false,"replication_performance_mode":"unknown","replication_dr_mode":"unknown","server_time_utc":1553000000,"version":"1.1.0"}"#;
const UNINITIALISED: &str = r#"{"initialized":false,"sealed":true,"standby":true,"performance_standby":false,"replication_performance_mode":"unknown","replication_dr_mode":"unknown","server_time_utc":1553000000,"version":"1.1.0"}"#;
const SEALED_ERROR: &str = r#"{"errors":["Vault is sealed"]}"#;

const AGENT: &str = r#"{"stats":{"nomad":{"server":"true","leader":"false","leader_addr":"10.1.1.2:4647","bootstrap":"false","known_regions":"1"},"raft":{"state":"Follower","term":"2","last_log_index":"9460","last_log_term":"1","commit_index":"9460","applied_index":"9460","fsm_pending":"0","last_contact":"54.512216ms","num_peers":"2","last_snapshot_index":"8511","last_snapshot_term":"1","protocol_version":"3","latest_configuration":"[{Suffrage:Voter ID:… Address:10.1.1.2:4647}]"},"serf":{"members":"3","failed":"0","left":"0","health_score":"0"},"runtime":{}},"config":{"Region":"global","Version":{"Version":"1.7.7"}},"member":{"Name":"server-1.global","Status":"alive","Tags":{"build":"1.7.7"}}}"#;
const AGENT_OF_OLD: &str = r#"{"stats":{"nomad":{"server":"true","leader":"true","leader_addr":"10.1.1.2:4647"},"raft":{"state":"Leader","term":"2","last_log_index":"9460","last_contact":"0","num_peers":"2"},"serf":{"members":"3"},"runtime":{}},"config":{"Region":"global","Version":"0.5.5"},"member":{"Name":"server-1.global","Status":"alive","Tags":{"build":"0.5.5"}}}"#;
const UNHEALTHY: &str = r#"{"Healthy":false,"FailureTolerance":0,"Leader":"e349…","Voters":["e349…","a1b2…","c3d4…"],"Servers":[{"ID":"e349…","Name":"s1.global","Address":"10.0.0.1:4647","SerfStatus":"alive","Version":"1.7.7","Leader":true,"LastContact":"0s","LastTerm":2,"LastIndex":4600,"Healthy":true,"Voter":true,"StableSince":"2017-03-06T22:07:51Z"},{"ID":"a1b2…","Name":"s2.global","Address":"10.0.0.2:4647","SerfStatus":"alive","Version":"1.7.7","Leader":false,"LastContact":"9.1s","LastTerm":2,"LastIndex":46,"Healthy":false,"Voter":true,"StableSince":"2017-03-06T22:07:51Z"}]}"#;

const DRAINING: &str = r#"{"error":"node is shutting down","code":14,"message":"node is shutting down","details":[]}"#;

const PEERS: &str = "{\"id\":\"12D3A\",\"addresses\":[],\"version\":\"1.1.6\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3i\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster0\"}\n{\"id\":\"12D3B\",\"addresses\":[],\"version\":\"1.1.6\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3j\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster1\"}\n{\"id\":\"12D3C\",\"addresses\":[],\"version\":\"1.1.6\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3k\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster2\"}\n";
const ONE_PEER: &str = "{\"id\":\"12D3A\",\"addresses\":[],\"cluster_peers\":[\"12D3A\"],\"cluster_peers_addresses\":[],\"version\":\"1.1.6\",\"commit\":\"\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3i\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster0\"}\n";
const PEERS_OF_OLD: &str = r#"[{"id":"12D3A","version":"0.14.5","rpc_protocol_version":"/ipfscluster/0.12/rpc","error":"","ipfs":{"id":"12D3i","addresses":[],"error":""},"peername":"cluster0"},{"id":"12D3B","version":"0.14.5","rpc_protocol_version":"/ipfscluster/0.12/rpc","error":"","ipfs":{"id":"12D3j","addresses":[],"error":""},"peername":"cluster1"},{"id":"12D3C","version":"0.14.5","rpc_protocol_version":"/ipfscluster/0.12/rpc","error":"","ipfs":{"id":"12D3k","addresses":[],"error":""},"peername":"cluster2"}]"#;
const PEER_IN_TROUBLE: &str = "{\"id\":\"12D3A\",\"version\":\"1.1.6\",\"rpc_protocol_version\":\"/ipfscluster/1.0/rpc\",\"error\":\"\",\"ipfs\":{\"id\":\"12D3i\",\"addresses\":[],\"error\":\"\"},\"peername\":\"cluster0\"}\n{\"id\":\"12D3B\",\"addresses\":[],\"version\":\"\",\"rpc_protocol_version\":\"\",\"error\":\"dial backoff\",\"ipfs\":{\"id\":\"\",\"addresses\":[],\"error\":\"\"},\"peername\":\"\"}\n";
const DAEMON_DOWN: &str = r#"{"id":"12D3A","addresses":["/ip4/10.0.0.1/tcp/9096/p2p/12D3A"],"cluster_peers":["12D3A","12D3B"],"cluster_peers_addresses":[],"version":"1.1.6","commit":"","rpc_protocol_version":"/ipfscluster/1.0/rpc","error":"","ipfs":{"id":"","addresses":[],"error":"error contacting IPFS: connection refused"},"peername":"cluster0"}"#;

const MASTER_FAILED: &str =
    r#"{"status":"failed","master_check":[{"status":"failed","message":"unexpected Master check result: false"}]}"#;
const NO_DATABASE: &str = r#"{"status":"failed","message":"PG::ConnectionBad : could not connect to server"}"#;
const ONE_SHARD: &str = r#"{"status":"ok","master_check":[{"status":"ok"}],"db_check":[{"status":"ok"}],"gitaly_check":[{"status":"ok","labels":{"shard":"default"}},{"status":"failed","labels":{"shard":"second"}}]}"#;

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let row = |trap, books, asks, shape, question, naive, ours| Row { trap, books, asks, shape, question, naive, ours };
    vec![
        row("F1 vault: 429 is a healthy standby", "vault-", HEALTH, Shape::json(429, STANDBY), "is it a standby that works?",
            (".status == 200", json!(false)), (r#".role == "standby" and .verdict != "bad" and .verdict != "unknown""#, json!(true))),
        row("F1 vault: 429 is a healthy standby", "vault-ha", HEALTH, Shape::json(429, STANDBY), "is it as it should be?",
            (".status < 400", json!(false)), (r#".verdict == "ok""#, json!(true))),
        row("F1 vault: 473 is a healthy performance standby", "vault-", HEALTH, Shape::json(473, PERFORMANCE), "is it a standby that works?",
            (".status == 200 or .status == 429", json!(false)), (r#".role == "standby" and .verdict != "bad" and .verdict != "unknown""#, json!(true))),
        row("F1 vault: 473 is a healthy performance standby", "vault-", HEALTH, Shape::json(473, PERFORMANCE_ALONE), "is it the active node?",
            (".body.standby | not", json!(true)), (r#".role == "active""#, json!(false))),
        row("F1 vault: 472 is a healthy disaster recovery secondary", "vault-", HEALTH, Shape::json(472, RECOVERY), "does it work?",
            (".status == 200", json!(false)), (r#".verdict == "ok" and .version == "1.1.0+ent""#, json!(true))),
        row("F1 vault: 474 and 530 carry the body", "vault-", HEALTH, Shape::json(474, MUTE), "which version runs?",
            ("if .status == 200 then .body.version else null end", json!(null)), (".version", json!("1.19.0"))),
        row("F1 vault: 474 and 530 carry the body", "vault-", HEALTH, Shape::json(530, REMOVED), "which version runs?",
            ("if .status < 500 then .body.version else null end", json!(null)), (".version", json!("1.19.0"))),
        row("F1 vault: 474 and 530 carry the body", "vault-", HEALTH, Shape::json(474, MUTE), "is it a standby that works?",
            (".body.standby", json!(true)), (r#".role != "cut off" or .verdict != "degraded""#, json!(false))),
        row("F1 vault: 474 and 530 carry the body", "vault-", HEALTH, Shape::json(530, REMOVED), "is it a standby that works?",
            (".body.standby", json!(true)), (r#".role != "removed" or .verdict != "bad""#, json!(false))),
        row("F1 vault: 503 is alive and sealed", "vault-", HEALTH, Shape::json(503, SEALED), "is the server there, waiting for its keys?",
            (".status < 500", json!(false)), (r#".role == "sealed" and .verdict == "degraded""#, json!(true))),
        row("F1 vault: 503 is alive and sealed", "vault-ha", "/v1/sys/leader", Shape::json(503, SEALED_ERROR), "is the server there, waiting for its keys?",
            (".status < 500", json!(false)), (r#".state == "sealed" and .verdict == "degraded""#, json!(true))),
        row("F1 vault: 503 is alive and sealed", "vault-replication", "/v1/sys/leader", Shape::json(503, SEALED_ERROR), "who leads?",
            (r#".body.is_self == true or .body.leader_address != """#, json!(true)), (r#".leader != """#, json!(false))),
        row("F1 vault: a sealed node calls itself a standby", "vault-", HEALTH, Shape::json(503, SEALED), "is it a standby?",
            (".body.standby", json!(true)), (r#".role == "standby" or .verdict == "ok""#, json!(false))),
        row("F1 vault: 501 calls itself a standby", "vault-", HEALTH, Shape::json(501, UNINITIALISED), "is it a standby?",
            (".body.standby", json!(true)), (r#".role == "standby" or .verdict == "ok""#, json!(false))),
        row("F1 vault: 501 calls itself a standby", "vault-", HEALTH, Shape::json(501, UNINITIALISED), "does it want unsealing?",
            (".body.sealed", json!(true)), (r#".role == "sealed""#, json!(false))),
        row("F1 nomad: 429 carries the health of all servers", "nomad-", AUTOPILOT, Shape::json(429, UNHEALTHY), "is the answer known, and how far do the logs lie apart?",
            ("if .status == 200 then [.body.Servers[].LastIndex] | max - min else null end", json!(null)), ("if .healthy == false then .spread else null end", json!(4554))),
        row("F1 nomad: 429 carries the health of all servers", "nomad-", AUTOPILOT, Shape::json(429, UNHEALTHY), "is it known to be unwell, rather than too busy to say?",
            (".status != 429", json!(false)), (r#".verdict == "degraded""#, json!(true))),
        row("F1 nomad: no leader is told after five seconds, in plain text", "nomad-", AUTOPILOT, Shape::text(500, "No cluster leader"), "is it well?",
            (".body.Healthy != false", json!(true)), (r#".verdict == "ok" or .healthy == true"#, json!(false))),
        row("F1 nomad: no leader is told after five seconds, in plain text", "nomad-servers", "/v1/operator/raft/configuration?stale", Shape::text(500, "No cluster leader"), "are all peers known?",
            (r#"[.body.Servers[]? | select(.Node == "(unknown)")] | length == 0"#, json!(true)), (".unknown == 0", json!(false))),
        row("F1 cockroachdb: 503 is alive and drains", "cockroachdb-", "/health?ready=1", Shape::json(503, DRAINING), "has it ended?",
            (".status != 200", json!(true)), (r#".state == "down" or .verdict == "bad""#, json!(false))),
        row("F1 cockroachdb: 503 is alive and drains", "cockroachdb-", "/health?ready=1", Shape::json(503, DRAINING), "why may no client be sent to it?",
            ("if .status == 200 then .body.error else null end", json!(null)), (".message", json!("node is shutting down"))),
        row("F1 gitlab: 503 and 500 carry the reason", "gitlab-", READY, Shape::json(503, MASTER_FAILED), "what fails?",
            ("if .status == 200 then .body | keys else null end", json!(null)), (r#"if .verdict == "bad" then .failing else null end"#, json!("master_check"))),
        row("F1 gitlab: 503 and 500 carry the reason", "gitlab-", READY, Shape::json(500, NO_DATABASE), "what fails?",
            ("if .status == 200 or .status == 503 then .body.message else null end", json!(null)), (r#"if .verdict == "bad" then .message else null end"#, json!("PG::ConnectionBad : could not connect to server"))),
        row("F1 gitlab: 503 and 500 carry the reason", "gitlab-", READY, Shape::json(200, ONE_SHARD), "is every service behind it well?",
            (r#".status == 200 and .body.status == "ok""#, json!(true)), (r#".verdict == "ok""#, json!(false))),
        row("F1 gitlab: 404 means not allowed", "gitlab-", READY, Shape::text(404, ""), "is it down?",
            (".status >= 400", json!(true)), (r#".verdict == "bad" or .state == "down""#, json!(false))),
        row("F1 gitlab: 404 means not allowed", "gitlab-", READY, Shape::text(404, ""), "what is the matter?",
            (r#"if .status == 404 then "no such page" else "other" end"#, json!("no such page")), (".state", json!("not allowed from here"))),
        row("F1 gitlab: 404 means not allowed", "gitlab-", READY, Shape::text(404, ""), "is it well, since it is not down?",
            (".status < 500", json!(true)), (r#".verdict == "ok""#, json!(false))),
        row("F1 gitlab: 404 means not allowed", "gitlab-", READY, Shape::text(404, ""), "is anything known of it?",
            (".status != null", json!(true)), (r#".verdict != "unknown""#, json!(false))),
        row("F2 nomad: every statistic is a text", "nomad-servers", "/v1/agent/self", Shape::json(200, AGENT), "does its log hold more than 50,000 entries?",
            (r#".body.stats.raft.last_log_index > "50000""#, json!(true)), (".index > 50000", json!(false))),
        row("F2 nomad: every statistic is a text", "nomad-servers", "/v1/agent/self", Shape::json(200, AGENT), "does it know two peers?",
            (".body.stats.raft.num_peers == 2", json!(false)), (".peers == 2", json!(true))),
        row("F2 nomad: every statistic is a text", "nomad-enterprise", "/v1/agent/self", Shape::json(200, AGENT), "is it past entry 10,000?",
            (r#".body.stats.raft.last_log_index > "10000""#, json!(true)), (".index > 10000", json!(false))),
        row("F3 nomad: the version was a text and is an object", "nomad-servers", "/v1/agent/self", Shape::json(200, AGENT), "does 1.7.7 run?",
            (r#".body.config.Version == "1.7.7""#, json!(false)), (r#".build == "1.7.7""#, json!(true))),
        row("F3 nomad: the version was a text and is an object", "nomad-enterprise", "/v1/agent/self", Shape::json(200, AGENT_OF_OLD), "which version runs?",
            ("[.body.config.Version | objects | .Version]", json!([])), ("[.build]", json!(["0.5.5"]))),
        row("F3 cockroachdb: the body of /health", "cockroachdb-", "/health?ready=1", Shape::json(200, "{\n}"), "is it ready?",
            (".body.nodeId != null", json!(false)), (r#".verdict == "ok""#, json!(true))),
        row("F3 ipfs-cluster: 200 lists peers with errors", "ipfs-", "/id", Shape::json(200, DAEMON_DOWN), "is the peer well, its IPFS daemon with it?",
            (r#".status == 200 and .body.error == """#, json!(true)), (r#".verdict == "ok""#, json!(false))),
        row("F3 ipfs-cluster: 200 lists peers with errors", "ipfs-", "/peers", Shape::json(200, PEER_IN_TROUBLE), "is all well?",
            (".status == 200", json!(true)), (r#".verdict == "ok""#, json!(false))),
        row("F3 ipfs-cluster: 200 lists peers with errors", "ipfs-", "/peers", Shape::json(200, PEER_IN_TROUBLE), "who is in trouble?",
            (".body[1].peername", json!("")), (".troubled", json!("12D3B"))),
        row("F3 ipfs-cluster: X-Stream-Error comes after the body", "ipfs-", "/peers", Shape { trailer: Some(("X-Stream-Error", "context deadline exceeded")), ..Shape::json(200, ONE_PEER) }, "is it known how many peers there are?",
            (".status == 200", json!(true)), (r#".listed != null or .troubled != null or .versions != null or .verdict != "unknown""#, json!(false))),
        row("F3 ipfs-cluster: X-Stream-Error comes after the body", "ipfs-cluster-standard", FAILED_PINS, Shape { trailer: Some(("X-Stream-Error", "context deadline exceeded")), ..Shape::json(200, ONE_PEER) }, "is it known how many pins failed?",
            (".status == 200", json!(true)), (r#".failed != null or .verdict != "unknown""#, json!(false))),
        row("F3 ipfs-cluster: a list, or one object after the other", "ipfs-", "/peers", Shape::json(200, PEERS_OF_OLD), "how many peers?",
            (r#".text | split("\n") | length"#, json!(1)), (".listed", json!(3))),
        row("F3 ipfs-cluster: a list, or one object after the other", "ipfs-", "/peers", Shape::json(200, ONE_PEER), "how many peers?",
            (".body | length", json!(10)), (".listed", json!(1))),
        row("F3 ipfs-cluster: a list, or one object after the other", "ipfs-", "/peers", Shape::json(200, PEERS), "how many peers?",
            (r#".text | split("\n") | length"#, json!(4)), (".listed", json!(3))),
        row("F3 ipfs-cluster: a list, or one object after the other", "ipfs-cluster-standard", FAILED_PINS, Shape::json(204, ""), "is it known that no pin failed?",
            (".status == 200", json!(false)), (".failed == 0", json!(true))),
    ]
}

/// The traps that are shown here.
pub fn traps() -> Vec<&'static str> {
    rows().iter().map(|row| row.trap).chain([PLAIN_JSON, NO_LEADER]).collect()
}

const PLAIN_JSON: &str = "F1 nomad: 500 text/plain holds JSON";
const NO_LEADER: &str = "F1 nomad: no leader is told after five seconds, in plain text";

/// The path that a target asks, without the node in front of it.
fn path(target: &Target) -> Option<String> {
    let Question::Http(HttpQuestion { url, .. }) = &target.question else { return None };
    let path = url.path_and_query()?.as_str();
    Some(path[1..].split_once('/').map_or("", |(_, path)| path).to_owned())
}

fn full_path(target: &Target) -> Option<String> {
    let Question::Http(HttpQuestion { url, .. }) = &target.question else { return None };
    Some(url.path_and_query()?.to_string())
}

/// Everything that a probe tells of a sample.
async fn told(target: Target) -> Value {
    let sample = Prober::new(target, knowing(ScriptedRunner::new())).sample(&FixedClock::default()).await;
    let mut told = sample.fields;
    told.insert("verdict".into(), json!(sample.verdict.word()));
    told.insert("why".into(), json!(sample.why));
    Value::Object(told)
}

#[tokio::test]
async fn an_answer_that_misleads_does_not_mislead_the_shipped_probes() {
    for row in rows() {
        let mut asked = 0;
        for book in shipped_as(row.books) {
            let targets = Stage::of(book.clone(), "http://127.0.0.1:1").targets();
            let mut probes: Vec<_> =
                targets.into_iter().filter(|target| path(target).as_deref() == Some(&row.asks[1..])).collect();
            // One node of each probe is enough.
            probes.dedup_by(|a, b| a.probe == b.probe);
            for target in probes {
                asked += 1;
                let path = full_path(&target).expect("it asks over HTTP");
                let address = serve(Answers::from([(path.clone(), row.shape)])).await;
                let question = |target: &Target| {
                    let Question::Http(question) = target.question.clone() else { unreachable!("as found above") };
                    Question::Http(HttpQuestion {
                        url: format!("{address}{path}").parse().expect("an address"),
                        ..question
                    })
                };
                let target = Target { question: question(&target), ..target };
                let fields = vec![("naive".to_owned(), expr(row.naive.0))];
                let naive = told(Target { fields, ok: expr("true"), degraded: None, ..target.clone() }).await;
                let place = format!("{}: {} on {} {}", row.trap, row.question, book.id, target.name());
                assert_ne!(row.naive.1, row.ours.1, "{place}: the naive reading is right");
                assert_eq!(naive["naive"], row.naive.1, "{place}, read naively ({}): {naive}", row.naive.0);
                let ours = told(target).await;
                assert_eq!(
                    value(row.ours.0, &ours),
                    row.ours.1,
                    "{place}, read by the shipped probe ({}): {ours}",
                    row.ours.0
                );
            }
        }
        assert!(asked > 0, "{}: no shipped probe of {}… asks {}", row.trap, row.books, row.asks);
    }
}

/// No shipped runbook asks this page, since it says nothing of the log; whoever writes one that does is served as well.
#[tokio::test]
async fn json_that_is_called_plain_text_is_read_with_any_status() {
    let shape = Shape::text(500, r#"{"server":{"ok":false,"message":"no leader"}}"#);
    let address = serve(Answers::from([("/n/v1/agent/health".into(), shape)])).await;
    let text = format!(
        "format = 1\nid = \"own\"\ntitle = \"Own\"\nsystem = \"nomad\"\nsummary = \"A probe.\"\n\
         [[health]]\nid = \"server\"\ntitle = \"Server\"\nevery = \"2s\"\ntimeout = \"5s\"\n\
         http = {{ url = \"{address}/n/v1/agent/health\" }}\n\
         fields = {{ says = \".body.server.message\", naive = \"if .status == 200 then .body.server.message else null end\" }}\n\
         ok = '.says == \"ok\"'\ndegraded = '.says == \"no leader\"'\n\
         [[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\nid = \"s\"\ntitle = \"Look\"\nconfirm = \"?\"\n"
    );
    let (book, findings) = piton::runbook::parse(&text);
    let book = book.unwrap_or_else(|| panic!("{findings:?}"));
    let targets = piton::health::targets(&book, &json!({ "inputs": {} })).expect("it can be asked");
    let told = told(targets.into_iter().next().expect("there is one probe")).await;
    assert_eq!(told["naive"], json!(null), "{PLAIN_JSON}");
    assert_eq!((&told["says"], &told["verdict"]), (&json!("no leader"), &json!("degraded")), "{PLAIN_JSON}: {told}");
}

/// Nomad looks for a leader for five seconds before it says that there is none; a cluster peer waits fifteen seconds for
/// another. Whoever is less patient hears nothing.
#[test]
fn shipped_probes_wait_until_the_slow_answers_come() {
    let mut asked = 0;
    for book in shipped() {
        for target in Stage::of(book.clone(), "http://127.0.0.1:1").targets() {
            let Some(path) = path(&target) else { continue };
            let takes = match path.as_str() {
                path if path.starts_with("v1/operator/") || path.starts_with("v1/nodes") => 5,
                "peers" => 15,
                _ => continue,
            };
            asked += 1;
            assert!(target.timeout > Duration::from_secs(takes), "{NO_LEADER}: {} {} /{path}", book.id, target.name());
        }
    }
    assert!(asked > 20, "{asked} slow questions");
}
