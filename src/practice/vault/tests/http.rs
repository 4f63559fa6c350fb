use serde_json::{Value, json};

use super::{Lab, status};
use crate::practice::{Response, System};

const TOKEN: &str = "hvs.practice";

/// vault-1 active, vault-2 standby, vault-3 sealed, vault-4 stopped, vault-5 standby.
fn mixed() -> Lab {
    let mut lab = Lab::new(5);
    lab.run("ssh vault-3 sudo systemctl restart vault");
    lab.run("ssh vault-4 sudo systemctl stop vault");
    lab
}

#[test]
fn every_request_has_the_status_and_body_of_the_real_server() {
    let sealed = r#"{"errors":["Vault is sealed"]}"#;
    let denied = r#"{"errors":["permission denied"]}"#;
    let none = r#"{"errors":[]}"#;
    let unsupported = r#"{"errors":["unsupported operation"]}"#;
    let no_key = r#"{"errors":["'key' must be specified in request body as JSON, or 'reset' set to true"]}"#;
    let no_string = "{\"errors\":[\"failed to parse JSON input: invalid character 'b' looking for beginning of object key \
                     string\"]}";
    let no_value =
        "{\"errors\":[\"failed to parse JSON input: invalid character 'b' looking for beginning of value\"]}";
    let no_text = "{\"errors\":[\"failed to parse JSON input: json: cannot unmarshal number into Go struct field \
                   UnsealRequest.key of type string\"]}";
    // node, method, target, token, body, status, the body or "" when another test looks at it
    let table: &[(&str, &str, &str, &str, &str, u16, &str)] = &[
        ("vault-1", "GET", "/v1/sys/health", "", "", 200, ""),
        ("vault-2", "GET", "/v1/sys/health", "", "", 429, ""),
        ("vault-3", "GET", "/v1/sys/health", "", "", 503, ""),
        ("vault-2", "HEAD", "/v1/sys/health", "", "", 429, ""),
        ("vault-1", "POST", "/v1/sys/health", "", "", 405, none),
        ("vault-1", "PUT", "/v1/sys/health", "", "", 405, none),
        ("vault-2", "GET", "/v1/sys/health?standbyok=true", "", "", 200, ""),
        ("vault-2", "GET", "/v1/sys/health?standbyok", "", "", 200, ""),
        ("vault-2", "GET", "/v1/sys/health?standbyok=1&activecode=299", "", "", 299, ""),
        ("vault-2", "GET", "/v1/sys/health?standbyok=false", "", "", 429, ""),
        ("vault-2", "GET", "/v1/sys/health?standbyok=maybe", "", "", 400, none),
        ("vault-2", "GET", "/v1/sys/health?perfstandbyok=true", "", "", 429, ""),
        ("vault-2", "GET", "/v1/sys/health?standbycode=299", "", "", 299, ""),
        ("vault-2", "GET", "/v1/sys/health?sealedcode=299", "", "", 429, ""),
        ("vault-3", "GET", "/v1/sys/health?sealedcode=200", "", "", 200, ""),
        ("vault-3", "GET", "/v1/sys/health?standbyok=true", "", "", 503, ""),
        ("vault-1", "GET", "/v1/sys/health?activecode=", "", "", 400, none),
        ("vault-1", "GET", "/v1/sys/health?activecode=x", "", "", 400, none),
        ("vault-1", "GET", "/v1/sys/health?uninitcode=x", "", "", 400, none),
        ("vault-1", "GET", "/v1/sys/health?%61ctivecode=299", "", "", 299, ""),
        ("vault-3", "GET", "/v1/sys/seal-status", "", "", 200, ""),
        ("vault-3", "PUT", "/v1/sys/seal-status", "", "", 405, none),
        ("vault-3", "GET", "/v1/sys/init", "", "", 200, r#"{"initialized":true}"#),
        ("vault-1", "PUT", "/v1/sys/init", "", "{}", 400, r#"{"errors":["Vault is already initialized"]}"#),
        ("vault-3", "GET", "/v1/sys/leader", "", "", 503, sealed),
        ("vault-2", "GET", "/v1/sys/leader", "", "", 200, ""),
        ("vault-3", "GET", "/v1/sys/unseal", "", "", 405, none),
        ("vault-3", "PUT", "/v1/sys/unseal", "", "{}", 400, no_key),
        ("vault-3", "POST", "/v1/sys/unseal", "", r#"{"key":""}"#, 400, no_key),
        ("vault-3", "PUT", "/v1/sys/unseal", "", "", 400, r#"{"errors":["failed to parse JSON input: EOF"]}"#),
        (
            "vault-3",
            "PUT",
            "/v1/sys/unseal",
            "",
            "{",
            400,
            r#"{"errors":["failed to parse JSON input: unexpected EOF"]}"#,
        ),
        ("vault-3", "PUT", "/v1/sys/unseal", "", "{bad", 400, no_string),
        ("vault-3", "PUT", "/v1/sys/unseal", "", "bad", 400, no_value),
        ("vault-3", "PUT", "/v1/sys/unseal", "", r#"{"key":5}"#, 400, no_text),
        ("vault-3", "GET", "/v1/sys//health", "", "", 301, ""),
        ("vault-3", "GET", "/v1/sys/./leader", "", "", 301, ""),
        (
            "vault-3",
            "PUT",
            "/v1/sys/unseal",
            "",
            r#"{"key":"!!"}"#,
            400,
            r#"{"errors":["'key' must be a valid hex or base64 string"]}"#,
        ),
        (
            "vault-3",
            "PUT",
            "/v1/sys/unseal",
            "",
            r#"{"key":"abcd"}"#,
            400,
            r#"{"errors":["key is shorter than minimum 16 bytes"]}"#,
        ),
        ("vault-3", "PUT", "/v1/sys/unseal", "", r#"{"reset":true}"#, 200, ""),
        ("vault-1", "PUT", "/v1/sys/unseal", "", r#"{"reset":true}"#, 400, r#"{"errors":["vault is unsealed"]}"#),
        ("vault-3", "GET", "/v1/sys/ha-status", TOKEN, "", 503, sealed),
        ("vault-1", "GET", "/v1/sys/ha-status", "", "", 403, denied),
        ("vault-1", "GET", "/v1/sys/ha-status", "wrong", "", 403, denied),
        ("vault-2", "GET", "/v1/sys/ha-status", TOKEN, "", 200, ""),
        ("vault-2", "GET", "/v1/sys/storage/raft/configuration", TOKEN, "", 200, ""),
        ("vault-2", "GET", "/v1/sys/storage/raft/configuration", "", "", 403, denied),
        ("vault-2", "GET", "/v1/sys/storage/raft/autopilot/state", TOKEN, "", 200, ""),
        ("vault-2", "GET", "/v1/sys/storage/raft/nothing", TOKEN, "", 404, r#"{"errors":["unsupported path"]}"#),
        ("vault-1", "GET", "/v1/sys/storage/raft/snapshot", "", "", 403, denied),
        ("vault-1", "POST", "/v1/sys/storage/raft/snapshot", TOKEN, "junk", 500, ""),
        ("vault-1", "GET", "/v1/sys/version-history?list=true", TOKEN, "", 200, ""),
        ("vault-1", "LIST", "/v1/sys/version-history", TOKEN, "", 200, ""),
        ("vault-1", "GET", "/v1/sys/version-history", TOKEN, "", 405, unsupported),
        ("vault-1", "GET", "/v1/sys/host-info", TOKEN, "", 200, ""),
        ("vault-1", "GET", "/v1/sys/host-info", "", "", 403, denied),
        ("vault-2", "GET", "/v1/sys/host-info", "", "", 400, r#"{"errors":["cannot forward local-only request"]}"#),
        ("vault-1", "GET", "/v1/sys/step-down", TOKEN, "", 405, unsupported),
        ("vault-1", "PUT", "/v1/sys/step-down", "", "", 403, denied),
        ("vault-1", "PUT", "/v1/sys/seal", "", "", 403, denied),
        ("vault-1", "GET", "/v1/nothing", "", "", 403, denied),
        (
            "vault-1",
            "GET",
            "/v1/nothing",
            TOKEN,
            "",
            404,
            r#"{"errors":["no handler for route \"nothing\". route entry not found."]}"#,
        ),
        ("vault-1", "GET", "/metrics", "", "", 404, ""),
        ("vault-4", "GET", "/v1/sys/health", "", "", 0, ""),
        ("nobody", "GET", "/v1/sys/health", "", "", 0, ""),
    ];
    let mut lab = mixed();
    for &(node, method, target, token, body, code, wanted) in table {
        let (got, value) = status(lab.ask(node, method, target, token, body));
        assert_eq!(got, code, "{method} {node}{target} {body}: {value}");
        if !wanted.is_empty() {
            assert_eq!(value, serde_json::from_str::<Value>(wanted).unwrap(), "{method} {node}{target}");
        }
    }
}

#[test]
fn health_has_the_real_fields_in_the_real_order() {
    let mut lab = mixed();
    let active = lab.get("vault-1", "/v1/sys/health").1;
    let id = active["cluster_id"].clone();
    let wanted = json!({
        "initialized": true, "sealed": false, "standby": false, "performance_standby": false,
        "replication_performance_mode": "disabled", "replication_dr_mode": "disabled",
        "server_time_utc": lab.now.as_millis() / 1000, "version": "1.16.2", "enterprise": false,
        "cluster_name": format!("vault-cluster-{}", &id.as_str().unwrap()[..8]), "cluster_id": id,
    });
    assert_eq!(active.to_string(), wanted.to_string());
    let sealed = lab.get("vault-3", "/v1/sys/health").1;
    for (field, value) in [
        ("initialized", json!(true)),
        ("sealed", json!(true)),
        ("standby", json!(true)),
        ("replication_performance_mode", json!("unknown")),
        ("replication_dr_mode", json!("unknown")),
        ("version", json!("1.16.2")),
    ] {
        assert_eq!(sealed[field], value, "{field}");
    }
    assert!(sealed.get("cluster_name").is_none() && sealed.get("cluster_id").is_none());
    assert_eq!(lab.get("vault-2", "/v1/sys/health").1["standby"], true);
}

#[test]
fn seal_status_tells_progress_and_unsealed_nodes_name_their_cluster() {
    let mut lab = mixed();
    let key = lab.system.shares()[0].clone();
    lab.ask("vault-3", "PUT", "/v1/sys/unseal", "", &format!("{{\"key\":{key:?}}}"));
    let sealed = lab.get("vault-3", "/v1/sys/seal-status").1;
    let nonce = sealed["nonce"].as_str().unwrap();
    assert_eq!(nonce.len(), 36);
    for (field, value) in [("t", json!(3)), ("n", json!(5)), ("progress", json!(1)), ("storage_type", json!("raft"))] {
        assert_eq!(sealed[field], value, "{field}");
    }
    assert!(sealed.get("cluster_name").is_none());
    let unsealed = lab.get("vault-2", "/v1/sys/seal-status").1;
    assert_eq!((&unsealed["sealed"], &unsealed["progress"]), (&json!(false), &json!(0)));
    assert!(unsealed["cluster_name"].is_string());
    lab.ask("vault-3", "PUT", "/v1/sys/unseal", "", r#"{"reset":true}"#);
    assert_eq!(lab.get("vault-3", "/v1/sys/seal-status").1["progress"], 0);
    lab.ask("vault-3", "PUT", "/v1/sys/unseal", "", &format!("{{\"key\":{key:?}}}"));
    lab.run("ssh vault-3 sudo systemctl restart vault");
    assert_eq!(lab.get("vault-3", "/v1/sys/seal-status").1["progress"], 0, "lost at a restart");
}

#[test]
fn shares_are_taken_as_hex_and_as_base64() {
    let mut lab = mixed();
    let bytes: Vec<u8> = (0..33).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
    for key in [hex.as_str(), base64] {
        let (code, body) = status(lab.ask("vault-3", "PUT", "/v1/sys/unseal", "", &format!("{{\"key\":\"{key}\"}}")));
        assert_eq!((code, &body["progress"]), (200, &json!(1)), "{key}: the same share, so it counts once");
    }
    let long = "ab".repeat(34);
    let (code, body) = status(lab.ask("vault-3", "PUT", "/v1/sys/unseal", "", &format!("{{\"key\":\"{long}\"}}")));
    assert_eq!((code, &body["errors"][0]), (400, &json!("key is longer than maximum 33 bytes")));
}

#[test]
fn leader_is_told_by_address_and_only_the_active_node_says_self() {
    let mut lab = mixed();
    lab.system.place("vault-1", "http://127.0.0.1:4711");
    let standby = lab.get("vault-2", "/v1/sys/leader").1;
    assert_eq!(standby["leader_address"], "http://127.0.0.1:4711");
    assert_eq!(standby["leader_cluster_address"], "https://vault-1:8201");
    assert_eq!((&standby["is_self"], &standby["active_time"]), (&json!(false), &json!("0001-01-01T00:00:00Z")));
    let active = lab.get("vault-1", "/v1/sys/leader").1;
    assert_eq!(active["is_self"], true);
    assert_eq!(active["raft_committed_index"], standby["raft_applied_index"]);
    let before = active["raft_committed_index"].as_u64().unwrap();
    lab.pass(60_000);
    assert!(lab.get("vault-1", "/v1/sys/leader").1["raft_committed_index"].as_u64().unwrap() > before, "writes go on");
}

#[test]
fn answers_with_data_wear_the_envelope() {
    let mut lab = mixed();
    let ask = |lab: &mut Lab, path: &str| status(lab.ask("vault-2", "GET", path, TOKEN, "")).1;
    let members = ask(&mut lab, "/v1/sys/ha-status");
    assert_eq!(members["data"]["nodes"], members["nodes"]);
    let active: Vec<&Value> =
        members["nodes"].as_array().unwrap().iter().filter(|n| n["active_node"] == true).collect();
    assert_eq!((active.len(), &active[0]["last_echo"]), (1, &Value::Null));
    assert_eq!(active[0]["hostname"], "vault-1");
    let peers = ask(&mut lab, "/v1/sys/storage/raft/configuration");
    let servers = peers["data"]["config"]["servers"].as_array().unwrap();
    assert_eq!((servers.len(), &peers["data"]["config"]["index"]), (5, &json!(0)));
    assert_eq!(
        servers[0],
        json!({ "node_id": "vault-1", "address": "vault-1:8201", "leader": true, "protocol_version": "3", "voter": true })
    );
    let pilot = ask(&mut lab, "/v1/sys/storage/raft/autopilot/state");
    assert_eq!(pilot["data"]["servers"]["vault-1"]["status"], "leader");
    assert_eq!(pilot["data"]["servers"]["vault-1"]["last_contact"], "0s");
    assert_eq!(pilot["data"]["failure_tolerance"], 2, "an absence counts only after ten seconds");
}

#[test]
fn a_bearer_token_will_do_and_head_has_no_body() {
    let mut lab = mixed();
    let mut request = crate::practice::Request {
        node: "vault-1".into(),
        method: "GET".into(),
        path: "/v1/sys/host-info".into(),
        query: String::new(),
        headers: vec![("authorization".into(), format!("Bearer {TOKEN}"))],
        body: Vec::new(),
    };
    assert_eq!(status(lab.system.answer(&request, lab.now)).0, 200);
    request.method = "HEAD".into();
    request.path = "/v1/sys/health".into();
    let Response::Answer { body, .. } = lab.system.answer(&request, lab.now) else { panic!("an answer") };
    assert_eq!(body, b"");
}

#[test]
fn a_standby_sealed_by_request_leaves_the_rest_alone() {
    let mut lab = Lab::new(3);
    assert_eq!(status(lab.ask("vault-2", "PUT", "/v1/sys/seal", TOKEN, "")).0, 204);
    assert_eq!(lab.all(), [200, 503, 429]);
    let mut lab = Lab::new(3);
    assert_eq!(status(lab.ask("vault-1", "PUT", "/v1/sys/seal", TOKEN, "")).0, 204);
    lab.until(1_000, |lab| lab.all().contains(&200));
    assert_eq!(lab.health("vault-1"), 503);
}

#[test]
fn without_an_active_node_forwarded_requests_fail() {
    let mut lab = Lab::new(3);
    lab.run("ssh vault-3 sudo systemctl stop vault");
    lab.run("ssh vault-1 sudo systemctl stop vault");
    let (code, body) = status(lab.ask("vault-2", "GET", "/v1/sys/ha-status", TOKEN, ""));
    assert_eq!((code, &body["errors"][0]), (500, &json!("local node not active but active cluster node not found")));
    let (code, _) = status(lab.ask("vault-2", "GET", "/v1/sys/storage/raft/configuration", TOKEN, ""));
    assert_eq!(code, 200, "this one is answered locally");
}
