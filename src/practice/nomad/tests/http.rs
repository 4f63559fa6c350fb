use serde_json::Value;

use super::Lab;
use crate::practice::nomad::Options;
use crate::practice::{Response, System};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A request's node, method, target and body; status, content type and a part of the answer.
type Row = (&'static str, &'static str, &'static str, &'static str, u16, &'static str, &'static str);

fn check(lab: &mut Lab, table: &[Row]) {
    for &(node, method, target, body, wanted, kind, part) in table {
        let Response::Answer { status, content_type, body: told, .. } = lab.ask(node, method, target, body) else {
            panic!("{node} {method} {target}: no answer");
        };
        let told = String::from_utf8_lossy(&told).into_owned();
        assert_eq!((status, content_type), (wanted, kind), "{node} {method} {target}: {told}");
        assert!(told.contains(part), "{node} {method} {target}: {told}");
    }
}

#[test]
fn every_path_answers_as_the_real_one() {
    let mut lab = Lab::new();
    let id = lab.get("nomad-server-1", "/v1/nodes").1[0]["ID"].as_str().unwrap().to_owned();
    check(
        &mut lab,
        &[
            (
                "nomad-server-1",
                "GET",
                "/v1/agent/health",
                "",
                200,
                JSON,
                "{\"server\":{\"ok\":true,\"message\":\"ok\"}}",
            ),
            (
                "nomad-client-1",
                "GET",
                "/v1/agent/health",
                "",
                200,
                JSON,
                "{\"client\":{\"ok\":true,\"message\":\"ok\"}}",
            ),
            ("nomad-client-1", "GET", "/v1/agent/health?type=server", "", 500, TEXT, "\"server not enabled\""),
            ("nomad-server-1", "GET", "/v1/agent/health?type=client", "", 500, TEXT, "\"client not enabled\""),
            ("nomad-server-1", "PUT", "/v1/agent/health", "", 405, TEXT, "Invalid method"),
            ("nomad-server-1", "GET", "/v1/agent/self", "", 200, JSON, "\"state\":\"Leader\""),
            ("nomad-server-2", "GET", "/v1/agent/self", "", 200, JSON, "\"leader_addr\":\"10.0.0.1:4647\""),
            ("nomad-server-2", "GET", "/v1/agent/self", "", 200, JSON, "\"num_peers\":\"2\""),
            ("nomad-server-2", "GET", "/v1/agent/self", "", 200, JSON, "\"LeaveOnInt\":false"),
            ("nomad-client-2", "GET", "/v1/agent/self", "", 200, JSON, "10.0.0.1:4647,10.0.0.2:4647,10.0.0.3:4647"),
            ("nomad-server-3", "GET", "/v1/agent/members", "", 200, JSON, "\"Name\":\"nomad-server-1.global\""),
            ("nomad-server-3", "GET", "/v1/agent/members", "", 200, JSON, "\"Status\":\"alive\""),
            ("nomad-server-3", "GET", "/v1/status/leader", "", 200, JSON, "\"10.0.0.1:4647\""),
            ("nomad-client-3", "GET", "/v1/status/leader", "", 200, JSON, "\"10.0.0.1:4647\""),
            (
                "nomad-server-1",
                "GET",
                "/v1/status/peers",
                "",
                200,
                JSON,
                "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]",
            ),
            ("nomad-server-2", "GET", "/v1/operator/raft/configuration", "", 200, JSON, "\"RaftProtocol\":\"3\""),
            ("nomad-server-2", "GET", "/v1/operator/raft/configuration?stale", "", 200, JSON, "\"Leader\":true"),
            ("nomad-server-1", "GET", "/v1/operator/autopilot/health", "", 200, JSON, "\"FailureTolerance\":1"),
            (
                "nomad-server-1",
                "GET",
                "/v1/operator/autopilot/configuration",
                "",
                200,
                JSON,
                "\"ServerStabilizationTime\":\"10s\"",
            ),
            ("nomad-server-1", "GET", "/v1/operator/snapshot", "", 200, "application/x-gzip", ""),
            ("nomad-server-1", "PUT", "/v1/operator/snapshot", "no", 500, TEXT, "gzip: invalid header"),
            ("nomad-server-1", "GET", "/v1/operator/license", "", 501, TEXT, "Nomad Enterprise only endpoint"),
            ("nomad-server-1", "PUT", "/v1/agent/force-leave", "", 400, TEXT, "missing node to force leave"),
            ("nomad-client-1", "PUT", "/v1/agent/force-leave?node=x", "", 501, TEXT, "Server is not enabled"),
            ("nomad-server-1", "PUT", "/v1/agent/force-leave?node=nobody", "", 200, "", ""),
            ("nomad-server-1", "GET", "/v1/nodes", "", 200, JSON, "\"SchedulingEligibility\":\"eligible\""),
            ("nomad-server-1", "GET", "/v1/nodes?prefix=ffffffff-ffff", "", 200, JSON, "[]"),
            ("nomad-server-1", "GET", "/v1/node/none", "", 404, TEXT, "node not found"),
            ("nomad-server-1", "GET", "/v1/jobs", "", 200, JSON, "\"Type\":\"system\""),
            ("nomad-server-1", "GET", "/v1/job/web", "", 200, JSON, "\"Count\":6"),
            ("nomad-server-1", "GET", "/v1/job/none", "", 404, TEXT, "job not found"),
            ("nomad-server-1", "GET", "/v1/job/web/allocations", "", 200, JSON, "\"ClientStatus\":\"running\""),
            ("nomad-server-1", "GET", "/v1/evaluations?status=blocked", "", 200, JSON, "[]"),
            ("nomad-server-1", "GET", "/v1/metrics", "", 200, JSON, "\"nomad.raft.appliedIndex\""),
            (
                "nomad-server-1",
                "GET",
                "/v1/metrics?format=prometheus",
                "",
                200,
                TEXT,
                "# TYPE nomad_raft_appliedIndex gauge",
            ),
            ("nomad-server-1", "GET", "/v1/regions", "", 200, JSON, "[\"global\"]"),
            ("nomad-server-1", "GET", "/v1/nonsense", "", 404, "", ""),
            ("nomad-server-1", "GET", "/", "", 307, "text/html; charset=utf-8", "/ui/"),
        ],
    );
    let node = format!("/v1/node/{id}");
    let (status, body) = lab.get("nomad-server-2", &node);
    assert_eq!((status, &body["Attributes"]["nomad.version"]), (200, &Value::from("1.7.7")));
    let closed = lab.ask("nomad-server-1", "PUT", &format!("{node}/eligibility"), "{\"Eligibility\":\"ineligible\"}");
    assert!(matches!(closed, Response::Answer { status: 200, .. }));
    assert_eq!(lab.get("nomad-server-1", &node).1["SchedulingEligibility"], "ineligible");
}

#[test]
fn queries_tell_how_fresh_they_are() {
    let mut lab = Lab::new();
    let Response::Answer { headers, .. } = lab.ask("nomad-server-2", "GET", "/v1/nodes", "") else { panic!() };
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["x-nomad-index", "x-nomad-knownleader", "x-nomad-lastcontact"]);
    assert_eq!(headers[1].1, "true");
}

#[test]
fn without_a_leader_requests_wait_and_fail_but_stale_ones_do_not() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-2 sudo systemctl stop nomad");
    lab.done("ssh nomad-server-3 sudo systemctl stop nomad");
    lab.pass(1_000);
    let request = Lab::request("nomad-server-1", "GET", "/v1/nodes", "");
    assert_eq!(lab.system.holds(&request).as_secs(), 5);
    check(
        &mut lab,
        &[
            ("nomad-server-1", "GET", "/v1/nodes", "", 500, TEXT, "No cluster leader"),
            ("nomad-server-1", "GET", "/v1/operator/autopilot/health", "", 500, TEXT, "No cluster leader"),
            ("nomad-server-1", "GET", "/v1/nodes?stale", "", 200, JSON, "\"Status\":\"ready\""),
            ("nomad-server-1", "GET", "/v1/status/leader", "", 200, JSON, "\"\""),
            (
                "nomad-server-1",
                "GET",
                "/v1/agent/health",
                "",
                500,
                TEXT,
                "{\"server\":{\"ok\":false,\"message\":\"no leader\"}}",
            ),
            ("nomad-server-1", "GET", "/v1/agent/self", "", 200, JSON, "\"state\":\"Candidate\""),
        ],
    );
    assert_eq!(lab.get("nomad-server-2", "/v1/agent/self").0, 0, "a process that is gone refuses");
}

#[test]
fn an_unhealthy_region_is_told_with_status_429_and_the_same_body() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-3 sudo systemctl stop nomad");
    lab.pass(3_000);
    let (status, body) = lab.get("nomad-server-1", "/v1/operator/autopilot/health");
    assert_eq!((status, &body["Healthy"], &body["FailureTolerance"]), (429, &false.into(), &0.into()));
    assert_eq!(body["Servers"].as_array().map(Vec::len), Some(3));
}

#[test]
fn with_access_control_only_a_few_paths_are_open() {
    let mut lab = Lab::with(Options { token: Some("s3cret".into()), ..Options::default() });
    check(
        &mut lab,
        &[
            ("nomad-server-1", "GET", "/v1/agent/health", "", 200, JSON, "ok"),
            ("nomad-server-1", "GET", "/v1/status/leader", "", 200, JSON, "4647"),
            ("nomad-server-1", "GET", "/v1/agent/self", "", 403, TEXT, "Permission denied"),
            ("nomad-server-1", "GET", "/v1/nodes", "", 403, TEXT, "Permission denied"),
        ],
    );
    for header in [("x-nomad-token", "s3cret"), ("authorization", "Bearer s3cret")] {
        let mut request = Lab::request("nomad-server-1", "GET", "/v1/agent/self", "");
        request.headers.push((header.0.into(), header.1.into()));
        assert!(matches!(lab.system.answer(&request, lab.now), Response::Answer { status: 200, .. }));
    }
}
