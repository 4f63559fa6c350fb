use serde_json::{Value, json};

use super::{Lab, versions};
use crate::practice::cockroach::Options;
use crate::practice::{Response, System};

const JSON: &str = "application/json";
const PLAIN: &str = "text/plain; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";

fn told(response: Response) -> (u16, String, String) {
    match response {
        Response::Refused => (0, String::new(), String::new()),
        Response::Silent => (1, String::new(), String::new()),
        Response::Answer { status, content_type, body, .. } => {
            (status, content_type.to_owned(), String::from_utf8(body).unwrap())
        }
    }
}

/// Without certificates: crdb-1 serves, crdb-2 drains, crdb-3 is stopped, crdb-4 hangs, crdb-5 serves.
fn mixed() -> Lab {
    let mut lab = Lab::with(Options { secure: false, ..Options::with_nodes(5) });
    lab.done("ssh crdb-3 sudo systemctl stop cockroach");
    lab.done("cockroach node drain 2 --host=crdb-2 --insecure");
    lab.fault("frozen", json!({ "node": "crdb-4" }));
    lab.pass(20);
    lab
}

#[test]
fn every_request_has_the_status_type_and_body_of_the_real_server() {
    let mut lab = mixed();
    let shutting = r#""error": "node is shutting down""#;
    // node, method, target, status, content type, what the body holds
    let table: &[(&str, &str, &str, u16, &str, &str)] = &[
        ("crdb-1", "GET", "/health", 200, JSON, "{\n}"),
        ("crdb-1", "HEAD", "/health", 200, JSON, ""),
        ("crdb-1", "GET", "/health?ready=1", 200, JSON, "{\n}"),
        ("crdb-1", "GET", "/health?ready=true", 200, JSON, "{\n}"),
        ("crdb-1", "POST", "/health", 405, PLAIN, "Method Not Allowed"),
        // Draining: alive, and not to be sent clients.
        ("crdb-2", "GET", "/health", 200, JSON, "{\n}"),
        ("crdb-2", "GET", "/health?ready=0", 200, JSON, "{\n}"),
        ("crdb-2", "GET", "/health?ready=1", 503, JSON, shutting),
        ("crdb-2", "GET", "/health?ready=1", 503, JSON, r#""code": 14"#),
        ("crdb-2", "GET", "/health?ready=1", 503, JSON, r#""details": []"#),
        ("crdb-2", "GET", "/_admin/v1/health?ready=1", 503, JSON, shutting),
        ("crdb-2", "GET", "/api/v2/health/?ready=1", 503, JSON, shutting),
        // Stopped, and hanging.
        ("crdb-3", "GET", "/health", 0, "", ""),
        ("crdb-4", "GET", "/health", 1, "", ""),
        ("crdb-9", "GET", "/health", 0, "", ""),
        ("crdb-1", "GET", "/_status/nodes/1", 200, JSON, r#""capacity": "85899345920""#),
        ("crdb-1", "GET", "/_status/vars", 200, "text/plain; version=0.0.4; charset=utf-8", "\ncapacity_available{"),
        ("crdb-1", "GET", "/_admin/v1/health", 200, JSON, "{\n}"),
        ("crdb-1", "GET", "/api/v2/health/", 200, JSON, "{\n}"),
        (
            "crdb-1",
            "GET",
            "/_status/vars",
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            "ranges_unavailable{store=\"1\"",
        ),
        (
            "crdb-5",
            "GET",
            "/_status/vars",
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            "ranges_underreplicated{store=\"5\",node_id=\"5\"}",
        ),
        ("crdb-1", "GET", "/_status/nodes", 200, JSON, r#""buildTag": "v23.1.14""#),
        ("crdb-1", "GET", "/_status/nodes", 200, JSON, r#""3": 2"#),
        ("crdb-1", "GET", "/_status/nodes/5", 200, JSON, r#""nodeId": 5"#),
        ("crdb-5", "GET", "/_status/nodes/local", 200, JSON, r#""nodeId": 5"#),
        ("crdb-1", "GET", "/_status/nodes/77", 500, JSON, "node 77 does not exist"),
        ("crdb-1", "GET", "/_status/nodes/one", 400, JSON, "node ID could not be parsed"),
        ("crdb-1", "GET", "/_status/details/local", 200, JSON, r#""addressField": "crdb-1:26257""#),
        ("crdb-1", "POST", "/_status/critical_nodes", 200, JSON, r#""unavailableNodeIds""#),
        ("crdb-1", "GET", "/_status/critical_nodes", 404, PLAIN, "Not Found"),
        ("crdb-1", "POST", "/_status/nodes", 405, PLAIN, "Method Not Allowed"),
        ("crdb-1", "GET", "/_status/nothing", 404, PLAIN, "Not Found"),
        ("crdb-1", "GET", "/api/v2/nodes/", 200, JSON, r#""build_tag": "v23.1.14""#),
        ("crdb-1", "GET", "/_admin/v1/liveness", 200, JSON, r#""draining": true"#),
        ("crdb-1", "GET", "/_admin/v1/cluster", 200, JSON, r#""clusterId""#),
        ("crdb-1", "GET", "/", 200, PAGE, "Cockroach Console"),
        ("crdb-1", "GET", "/nothing", 404, PLAIN, "404 page not found"),
    ];
    for (node, method, target, status, kind, holds) in table {
        let (found, content_type, body) = told(lab.ask(node, method, target, ""));
        assert_eq!((found, content_type.as_str()), (*status, *kind), "{node} {method} {target}: {body}");
        assert!(body.contains(holds), "{node} {method} {target}: {body}");
    }
}

#[test]
fn the_port_of_a_secure_cluster_answers_nothing_but_health_in_the_clear() {
    let mut lab = Lab::new(3);
    lab.system.place("crdb-1", "http://127.0.0.1:8081");
    let cookie = lab.done(&format!("cockroach auth-session login root --only-cookie --host=crdb-1 {}", super::CERTS));
    let cookie = cookie.trim().split(';').next().unwrap().to_owned();
    assert_eq!(lab.ready("crdb-1"), 200);
    for target in ["/_status/vars", "/_status/nodes", "/_admin/v1/health", "/api/v2/nodes/", "/", "/nothing"] {
        let Response::Answer { status, headers, .. } = lab.ask("crdb-1", "GET", target, &cookie) else { panic!() };
        assert_eq!(status, 307, "{target}");
        assert_eq!(headers, [("location", format!("https://127.0.0.1:8081{target}"))], "{target}");
    }
    // Over TLS the pages want a session, and the metrics do not.
    let shown = |lab: &mut Lab, more: &str, target: &str| {
        lab.done(&format!("curl -sk {more} -w %{{http_code}} https://crdb-1:8080{target}"))
    };
    assert!(shown(&mut lab, "", "/_status/vars").contains("ranges_unavailable{"));
    assert!(shown(&mut lab, "", "/_status/nodes").contains("a valid authentication cookie is required\n401"));
    assert!(shown(&mut lab, &format!("-b '{cookie}'"), "/_status/nodes").contains("livenessByNodeId"));
    let refused = lab.run("curl -s https://crdb-1:8080/health");
    assert_eq!(refused.exit, 60, "the certificate is a private one: {refused:?}");
}

#[test]
fn the_status_page_has_every_field_that_a_probe_reads() {
    let mut lab = mixed();
    let (_, body) = lab.get("crdb-1", "/_status/nodes");
    let node = &body["nodes"][0];
    for pointer in ["/desc/startedAt", "/startedAt", "/updatedAt"] {
        let text = node.pointer(pointer).and_then(Value::as_str).unwrap();
        assert!(text.len() == 19 && text.parse::<u64>().is_ok(), "{pointer} is a text of nanoseconds: {text}");
    }
    let metrics = &node["storeStatuses"][0]["metrics"];
    for name in [
        "ranges",
        "ranges.unavailable",
        "ranges.underreplicated",
        "replicas.leaders",
        "replicas.leaseholders",
        "livebytes",
    ] {
        assert!(metrics[name].is_u64(), "{name}: {metrics}");
    }
    assert_eq!(node["desc"]["address"], json!({ "networkField": "tcp", "addressField": "crdb-1:26257" }));
    assert_eq!(node["buildInfo"]["tag"], "v23.1.14");
    assert_eq!(node["args"][1], "start");
    // Live, draining, and gone for less than five minutes.
    let liveness = &body["livenessByNodeId"];
    assert_eq!((&liveness["1"], &liveness["2"], &liveness["3"]), (&json!(3), &json!(6), &json!(2)));
    lab.pass(330);
    let (_, body) = lab.get("crdb-1", "/_status/nodes");
    assert_eq!(body["livenessByNodeId"]["3"], 1, "dead");
    let stale = body["nodes"][2]["updatedAt"].as_str().unwrap().to_owned();
    assert!(stale.as_str() < body["nodes"][0]["updatedAt"].as_str().unwrap(), "its row stays, and grows old");
}

#[test]
fn the_sums_are_the_clusters_and_no_nodes_own() {
    let mut lab = Lab::with(Options { secure: false, ..Options::with_nodes(3) });
    lab.done("ssh crdb-3 sudo systemctl stop cockroach");
    lab.pass(30);
    let short = |lab: &mut Lab, node: &str| -> f64 {
        let (_, _, text) = told(lab.ask(node, "GET", "/_status/vars", ""));
        let line = text.lines().find(|line| line.starts_with("ranges_underreplicated{")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (one, two) = (short(&mut lab, "crdb-1"), short(&mut lab, "crdb-2"));
    assert!(one > 0.0 && two > 0.0);
    assert_eq!((one + two) as usize, lab.system.ranges.len());
}

#[test]
fn health_looks_as_it_did_in_its_version() {
    let mut lab = Lab::with(Options { secure: false, ..versions("1.0.6", "1.0.7") });
    let (status, body) = lab.get("crdb-2", "/health");
    assert_eq!(status, 200);
    assert_eq!((&body["nodeId"], &body["buildInfo"]["tag"]), (&json!(2), &json!("v1.0.6")));
    assert_eq!(body["address"]["addressField"], "crdb-2:26257");
    assert!(lab.get("crdb-2", "/_status/nodes").1.get("livenessByNodeId").is_none(), "it came with 2.0");

    let mut lab = Lab::with(Options { secure: false, ..versions("19.1.2", "19.1.5") });
    lab.system.members[1].draining = true;
    let (status, body) = lab.get("crdb-2", "/health?ready=1");
    assert_eq!((status, body), (503, json!({ "error": "node is shutting down", "code": 14 })));
}
