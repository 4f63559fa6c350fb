use serde_json::{Value, json};

use super::{Lab, Options};
use crate::practice::{Response, System};

/// cluster-1 leads, cluster-2 with its IPFS daemon down, cluster-3 stopped.
fn mixed() -> Lab {
    let mut lab = Lab::raft();
    lab.strike("ipfs-down", "cluster-2");
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    lab
}

#[test]
fn every_request_has_the_status_type_and_words_of_the_real_one() {
    const JSON: &str = "application/json";
    const TEXT: &str = "text/plain; charset=utf-8";
    let mut lab = mixed();
    let cid = super::super::pins::cid(1, 0);
    let (gone, stranger) = (lab.id("cluster-3"), super::super::pins::peer_id(9, 9));
    // node, method, target, status, content type, part of the body
    let table: &[(&str, &str, &str, u16, &str, &str)] = &[
        ("cluster-1", "GET", "/id", 200, JSON, "\"peername\":\"cluster-1\"}\n"),
        ("cluster-2", "GET", "/id", 200, JSON, "connect: connection refused\"},\"peername\":\"cluster-2\""),
        ("cluster-3", "GET", "/id", 0, "", ""),
        ("cluster-9", "GET", "/id", 0, "", ""),
        ("cluster-1", "POST", "/id", 405, "", ""),
        ("cluster-1", "GET", "/id/", 307, "", ""),
        ("cluster-1", "GET", "/version", 200, JSON, "{\"version\":\"1.0.8\"}\n"),
        // Since 1.1.0 only.
        ("cluster-1", "GET", "/health", 404, JSON, "{\"code\":404,\"message\":\"not found\"}\n"),
        ("cluster-1", "GET", "/nothing", 404, JSON, "{\"code\":404,\"message\":\"not found\"}\n"),
        ("cluster-1", "GET", "/", 404, JSON, "not found"),
        ("cluster-1", "GET", "/peers", 200, JSON, "}\n{\"id\":\""),
        ("cluster-1", "DELETE", "/peers", 405, "", ""),
        ("cluster-1", "POST", "/peers", 400, JSON, "error decoding request body"),
        ("cluster-1", "DELETE", "/peers/nobody", 400, JSON, "error decoding Peer ID"),
        ("cluster-1", "DELETE", &format!("/peers/{stranger}"), 204, JSON, ""),
        ("cluster-1", "GET", "/pins?filter=nonsense", 400, JSON, "invalid filter value"),
        ("cluster-1", "GET", "/pins?local=true&filter=pin_error", 204, JSON, ""),
        ("cluster-1", "GET", "/pins?local=true&filter=pinned", 200, JSON, "\"status\":\"pinned\""),
        // Who is in error for a pin is told only where others have something to tell of it.
        ("cluster-1", "GET", "/pins?filter=cluster_error", 204, JSON, ""),
        ("cluster-1", "GET", "/pins?filter=pinned", 200, JSON, "\"status\":\"cluster_error\""),
        ("cluster-1", "GET", "/pins?filter=pinned,remote", 200, JSON, "could not get pinset from IPFS: Post"),
        (
            "cluster-2",
            "GET",
            "/pins?local=true&filter=unexpectedly_unpinned",
            500,
            JSON,
            "could not get pinset from IPFS",
        ),
        ("cluster-2", "GET", "/pins?local=true&filter=pin_error", 204, JSON, ""),
        ("cluster-1", "GET", &format!("/pins?cids={cid}"), 200, JSON, &format!("{{\"cid\":\"{cid}\",\"name\":")),
        ("cluster-1", "GET", &format!("/pins/{cid}"), 200, JSON, "\"peer_map\":{\"12D3KooW"),
        ("cluster-1", "GET", "/pins/x", 400, JSON, "error decoding Cid"),
        ("cluster-1", "GET", "/allocations", 200, JSON, "\"type\":2,\"allocations\":["),
        ("cluster-1", "GET", "/allocations?filter=nonsense", 400, JSON, "invalid filter value"),
        ("cluster-1", "GET", "/allocations?filter=meta-pin", 204, JSON, ""),
        ("cluster-1", "GET", &format!("/allocations/{cid}"), 200, JSON, "\"replication_factor_min\":"),
        (
            "cluster-1",
            "GET",
            "/allocations/bafybeinobodyeverpinnedthisoneatanytimewhatsoeverxxxxxxxxxx",
            404,
            JSON,
            "not found",
        ),
        ("cluster-1", "GET", "/health/graph", 200, JSON, "\"cluster_links\":{\"12D3KooW"),
        ("cluster-1", "GET", "/health/alerts", 200, JSON, "[]\n"),
        ("cluster-1", "GET", "/monitor/metrics", 200, JSON, "[\"ping\"]\n"),
        ("cluster-1", "GET", "/monitor/metrics/ping", 200, JSON, "\"valid\":true,\"weight\":0,\"partitionable\":false"),
        ("cluster-1", "POST", "/pins/recover?local=true", 204, JSON, ""),
        ("cluster-1", "POST", "/token", 401, JSON, "{\"code\":401,\"message\":\"unauthorized\"}\n"),
        ("cluster-1", "GET", "/pins/recover/x", 404, JSON, "not found"),
        ("cluster-1/ipfs", "POST", "/api/v0/id", 200, JSON, "\"AgentVersion\":\"kubo/0.28.0/\""),
        ("cluster-1/ipfs", "GET", "/api/v0/id", 405, TEXT, "405 - Method Not Allowed"),
        (
            "cluster-1/ipfs",
            "POST",
            "/api/v0/version",
            200,
            JSON,
            "{\"Version\":\"0.28.0\",\"Commit\":\"\",\"Repo\":\"15\"",
        ),
        ("cluster-1/ipfs", "POST", "/api/v0/nothing", 404, TEXT, "404 page not found"),
        (
            "cluster-1/ipfs",
            "POST",
            "/api/v0/swarm/peers",
            200,
            JSON,
            "{\"Peers\":[{\"Addr\":\"/ip4/10.0.0.3/tcp/4001\"",
        ),
        ("cluster-2/ipfs", "POST", "/api/v0/id", 0, "", ""),
        ("cluster-1", "DELETE", &format!("/peers/{gone}"), 204, JSON, ""),
        ("cluster-1", "DELETE", &format!("/pins/{cid}"), 200, JSON, &format!("\"cid\":\"{cid}\"")),
        ("cluster-1", "DELETE", &format!("/pins/{cid}"), 404, JSON, "not found"),
        ("cluster-1", "POST", &format!("/pins/{cid}?name=again"), 200, JSON, "\"name\":\"again\""),
    ];
    for (node, method, target, status, kind, body) in table {
        let found = lab.parts(node, method, target);
        let told: String = format!("{node} {method} {target}: {found:?}").chars().take(600).collect();
        assert_eq!((found.0, found.1), (*status, *kind), "{told}");
        assert!(found.3.contains(body) && (!body.is_empty() || found.3.is_empty()), "{told}");
    }
}

#[test]
fn an_id_has_the_fields_of_the_real_one() {
    let mut lab = mixed();
    let id = lab.get("cluster-1", "/id").remove(0);
    let names: Vec<&String> = id.as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "addresses",
        "cluster_peers",
        "cluster_peers_addresses",
        "version",
        "commit",
        "rpc_protocol_version",
        "error",
        "ipfs",
        "peername",
    ];
    assert_eq!(names, expected);
    assert_eq!(id["rpc_protocol_version"], "/ipfscluster/1.0/rpc");
    assert_eq!(id["error"], "");
    assert_eq!(id["ipfs"]["error"], "");
    assert!(id["addresses"][1].as_str().unwrap().starts_with("/ip4/10.0.0.1/tcp/9096/p2p/12D3KooW"));
    let without = lab.get("cluster-2", "/id").remove(0);
    assert_eq!(without["error"], "");
    assert!(without["ipfs"]["error"].as_str().unwrap().contains(":5001"));
}

#[test]
fn a_list_is_one_object_after_the_other_with_an_error_behind_it() {
    let mut lab = mixed();
    let (status, _, headers, body) = lab.parts("cluster-1", "GET", "/peers");
    assert_eq!((status, body.lines().count()), (200, 3));
    assert_eq!(headers, [("trailer", "X-Stream-Error".to_owned()), ("x-stream-error", String::new())]);
    let peers = lab.get("cluster-1", "/peers");
    assert_eq!(peers[2]["peername"], "");
    assert!(peers[2]["error"].as_str().unwrap().contains("all dials failed"), "{}", peers[2]);
    lab.strike("list-breaks-off", "cluster-1");
    let (status, _, headers, body) = lab.parts("cluster-1", "GET", "/peers");
    assert_eq!((status, body.lines().count()), (200, 1));
    assert_eq!(headers[1], ("x-stream-error", "context deadline exceeded".to_owned()));
}

#[test]
fn before_one_a_list_was_one_array_and_the_contents_id_an_object() {
    let mut lab = Lab::with(Options { old: "0.14.1".into(), target: "1.0.0".into(), ..Options::with_peers(3) });
    let (status, _, headers, body) = lab.parts("cluster-1", "GET", "/peers");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, headers.len(), body.as_array().unwrap().len()), (200, 0, 3));
    assert_eq!(body[0]["rpc_protocol_version"], "/ipfscluster/0.12/rpc");
    let pin = lab.get("cluster-1", "/pins").remove(0);
    assert!(pin["cid"]["/"].is_string());
    let first = pin["peer_map"].as_object().unwrap().values().next().unwrap().clone();
    assert!(first["cid"]["/"].is_string() && first["peer"].is_string());
    assert_eq!(lab.parts("cluster-1", "GET", "/pins?filter=pin_error").3, "[]\n");
    assert_eq!(lab.parts("cluster-1", "GET", "/health/alerts").0, 200);
    let mut older = Lab::with(Options { old: "0.12.0".into(), target: "0.12.1".into(), ..Options::with_peers(3) });
    assert_eq!(older.parts("cluster-1", "GET", "/health/alerts").0, 404);
    assert_eq!(older.get("cluster-1", "/id")[0]["rpc_protocol_version"], "/ipfscluster/0.12/rpc");
}

#[test]
fn an_api_with_credentials_asks_for_them() {
    let credentials = Some(("maria".to_owned(), "practice".to_owned()));
    let mut lab = Lab::with(Options { credentials, old: "1.1.2".into(), ..Options::with_peers(3) });
    let right = super::super::control::basic("maria:practice");
    let wrong = super::super::control::basic("maria:guess");
    // path, header, status, message, schemes
    let table: &[(&str, &str, u16, &str, &[&str])] = &[
        ("/health", "", 204, "", &[]),
        ("/id", "", 401, "unauthorized: no auth provided", &["Bearer", "Basic"]),
        ("/id", &wrong, 401, "unauthorized: access denied", &["Basic"]),
        ("/id", "Bearer x.y.z", 401, "unauthorized: invalid token", &["Bearer"]),
        ("/id", &right, 200, "", &[]),
        ("/nothing", "", 401, "unauthorized: no auth provided", &["Bearer", "Basic"]),
    ];
    for (path, header, status, message, schemes) in table {
        let headers: Vec<(&str, &str)> = if header.is_empty() { vec![] } else { vec![("authorization", header)] };
        let Response::Answer { status: found, headers, body, .. } = lab.ask("cluster-1", "GET", path, &headers) else {
            panic!("{path} is not answered")
        };
        assert_eq!(found, *status, "{path} {header}");
        assert!(String::from_utf8_lossy(&body).contains(message));
        let told: Vec<String> =
            headers.into_iter().filter(|(name, _)| *name == "www-authenticate").map(|(_, v)| v).collect();
        let expected: Vec<String> =
            schemes.iter().map(|s| format!("{s} realm=\"Restricted IPFS Cluster API\"")).collect();
        assert_eq!(told, expected, "{path} {header}");
    }
    let refused = lab.run("ssh cluster-1 ipfs-cluster-ctl id");
    assert_eq!((refused.exit, refused.stdout.contains("Code: 401")), (2, true));
    assert_eq!(lab.run("ssh cluster-1 ipfs-cluster-ctl --basic-auth maria:practice version").stdout, "1.1.2\n");
}

#[test]
fn a_held_peer_is_silent_and_a_node_has_two_faces() {
    let mut lab = Lab::raft();
    assert_eq!(lab.system.nodes()[..2], ["cluster-1", "cluster-1/ipfs"]);
    lab.strike("frozen", "cluster-2");
    assert_eq!(lab.parts("cluster-2", "GET", "/id").0, 1);
    assert!(lab.system.listens("cluster-2"));
    assert!(lab.system.listens("cluster-2/ipfs"));
    lab.strike("ipfs-down", "cluster-2");
    assert!(!lab.system.listens("cluster-2/ipfs"));
    let alerts = lab.pass(60).get("cluster-1", "/health/alerts");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["peer"], json!(lab.id("cluster-2")));
    assert!(alerts[0]["triggered_at"].is_string());
}
