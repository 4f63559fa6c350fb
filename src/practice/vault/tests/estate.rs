//! Several clusters: the parts of a replication and what they say of it, and a rehearsal on a copy.

use serde_json::{Value, json};

use crate::practice::bench_tests::{Bench, status};
use crate::practice::vault::Estate;
use crate::practice::{Response, System};

type Site = Bench<Estate>;

const TOKEN: &str = "hvs.practice";

fn replicated() -> Site {
    Site::of(|now| Estate::replicated(3, 1, now))
}

fn rehearsal() -> Site {
    Site::of(|now| Estate::rehearsal(3, 1, now))
}

impl Site {
    fn json(&mut self, node: &str, target: &str) -> (u16, Value) {
        status(self.send(node, "GET", target, &[], ""))
    }

    fn code(&mut self, node: &str) -> u16 {
        self.json(node, "/v1/sys/health").0
    }

    /// The state that a secondary tells of itself.
    fn state(&mut self, node: &str, sort: &str) -> String {
        self.json(node, "/v1/sys/replication/status").1["data"][sort]["state"].as_str().unwrap_or("?").to_owned()
    }

    fn renew(&mut self, node: &str) {
        for line in [
            format!("ssh {node} sudo systemctl stop vault"),
            "sleep 4".into(),
            format!("ssh {node} sudo apt-get install -y vault-enterprise=1.17.3+ent-1"),
            format!("ssh {node} sudo setcap cap_ipc_lock=+ep /usr/bin/vault"),
            format!("ssh {node} sudo systemctl start vault"),
            format!("unseal-vault {node}"),
            "sleep 20".into(),
        ] {
            self.done(&line);
        }
    }

    /// The sorts of harm that stand, with whom they concern.
    fn standing(&mut self) -> Vec<(&'static str, String)> {
        let mut standing = Vec::new();
        for harm in self.system.harm() {
            let key = (harm.kind, harm.about.clone());
            match harm.told {
                Some(_) => standing.push(key),
                None => standing.retain(|known| *known != key),
            }
        }
        standing
    }
}

#[test]
fn every_part_of_a_replication_has_the_status_and_body_of_the_real_server() {
    let mut site = replicated();
    let (disabled, dr_off) = ("path disabled in replication DR secondary mode", 400);
    for (node, method, target, token, wanted, part) in [
        ("vault-1", "GET", "/v1/sys/health", "", 200, "\"replication_performance_mode\":\"primary\""),
        ("vault-1", "GET", "/v1/sys/health", "", 200, "\"replication_dr_mode\":\"primary\""),
        ("vault-1", "GET", "/v1/sys/health", "", 200, "\"version\":\"1.16.2+ent\",\"enterprise\":true"),
        ("vault-2", "GET", "/v1/sys/health", "", 473, "\"performance_standby\":true"),
        ("vault-2", "GET", "/v1/sys/health?perfstandbyok=true", "", 200, "\"standby\":true"),
        ("vault-2", "GET", "/v1/sys/health?performancestandbycode=299", "", 299, ""),
        ("vault-2", "GET", "/v1/sys/health?standbyok=true", "", 473, ""),
        ("vault-west-1", "GET", "/v1/sys/health", "", 200, "\"replication_performance_mode\":\"secondary\""),
        ("vault-west-1", "GET", "/v1/sys/health", "", 200, "\"replication_dr_mode\":\"disabled\""),
        ("vault-west-3", "GET", "/v1/sys/health", "", 473, ""),
        ("vault-dr-1", "GET", "/v1/sys/health", "", 472, "\"standby\":false"),
        ("vault-dr-1", "GET", "/v1/sys/health", "", 472, "\"replication_dr_mode\":\"secondary\""),
        ("vault-dr-1", "GET", "/v1/sys/health?drsecondarycode=299", "", 299, ""),
        ("vault-dr-1", "GET", "/v1/sys/leader", "", 200, "\"is_self\":true"),
        ("vault-dr-1", "GET", "/v1/secret/data/canary", TOKEN, dr_off, disabled),
        ("vault-dr-1", "GET", "/v1/sys/storage/raft/snapshot", TOKEN, dr_off, disabled),
        ("vault-dr-1", "LIST", "/v1/sys/version-history", TOKEN, dr_off, disabled),
        ("vault-dr-1", "GET", "/v1/sys/replication/dr/status", "", 200, "\"mode\":\"secondary\""),
        ("vault-dr-1", "GET", "/v1/sys/replication/status", "", 200, "\"performance\":{\"mode\":\"disabled\"}"),
        ("vault-west-2", "GET", "/v1/sys/replication/performance/status", "", 200, "\"state\":\"stream-wals\""),
        ("vault-west-2", "GET", "/v1/sys/replication/status", "", 200, "\"connection_status\":\"connected\""),
        ("vault-west-1", "GET", "/v1/secret/data/canary", TOKEN, 200, "practice"),
        ("vault-3", "GET", "/v1/sys/replication/status", "", 200, "\"known_secondaries\":[\"dr\"]"),
        ("vault-1", "GET", "/v1/sys/replication/status", "", 200, "\"state\":\"running\""),
        ("vault-1", "PUT", "/v1/sys/replication/status", "", 405, ""),
        ("vault-1", "PUT", "/v1/sys/replication/recover", "", 403, "permission denied"),
        ("vault-1", "PUT", "/v1/sys/replication/recover", TOKEN, 204, ""),
    ] {
        let headers = [("x-vault-token", token)];
        match site.send(node, method, target, if token.is_empty() { &[] } else { &headers }, "") {
            Response::Answer { status, body, .. } => {
                let body = String::from_utf8_lossy(&body);
                assert_eq!(status, wanted, "{node} {target}: {body}");
                assert!(body.contains(part), "{node} {target}: {body}");
            }
            other => panic!("{node} {target}: {other:?}"),
        }
    }
    site.done("ssh vault-2 sudo systemctl restart vault");
    site.pass_millis(1_000);
    assert_eq!(site.json("vault-2", "/v1/sys/replication/status"), (503, json!({ "errors": ["Vault is sealed"] })));
}

#[test]
fn a_primary_names_its_secondaries_by_sort() {
    let mut site = replicated();
    let told = site.json("vault-1", "/v1/sys/replication/status").1["data"].clone();
    assert_eq!(told["performance"]["known_secondaries"], json!(["west"]));
    assert_eq!(told["dr"]["known_secondaries"], json!(["dr"]));
    assert_eq!(told["dr"]["secondaries"][0]["api_address"], "http://vault-dr-1:8200");
    let (sent, got) = (&told["dr"]["last_dr_wal"], site.json("vault-dr-1", "/v1/sys/replication/dr/status").1);
    assert_eq!(*sent, got["data"]["last_remote_wal"]);
}

#[test]
fn a_secondary_that_was_away_compares_fetches_and_streams_again() {
    let mut site = replicated();
    site.done("ssh vault-dr-1 sudo systemctl stop vault");
    site.pass_millis(8_000);
    let seen = site.json("vault-1", "/v1/sys/replication/status").1["data"]["dr"]["secondaries"][0].clone();
    assert_eq!(seen["connection_status"], "disconnected");
    assert_eq!(site.state("vault-west-1", "performance"), "stream-wals", "the other one has lost nothing");
    site.done("ssh vault-dr-1 sudo systemctl start vault");
    site.done("unseal-vault vault-dr-1");
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..60 {
        site.pass_millis(500);
        let state = site.state("vault-dr-1", "dr");
        if seen.last() != Some(&state) {
            seen.push(state);
        }
    }
    assert!(seen.ends_with(&["merkle-diff".into(), "merkle-sync".into(), "stream-wals".into()]), "{seen:?}");
    assert_eq!(site.standing(), vec![]);
}

#[test]
fn a_secondary_that_is_older_than_its_primary_does_not_come_into_step_until_it_is_upgraded() {
    let mut site = replicated();
    for node in ["vault-2", "vault-3", "vault-1"] {
        site.renew(node);
    }
    site.pass_millis(120_000);
    for (node, sort) in [("vault-west-1", "performance"), ("vault-dr-1", "dr")] {
        assert!(site.state(node, sort).starts_with("merkle-"), "{node}");
    }
    let standing = site.standing();
    for harm in ["out-of-step", "primary-first"] {
        for about in ["west", "dr"] {
            assert!(standing.contains(&(harm, about.to_owned())), "{harm} {about}: {standing:?}");
        }
    }
    site.renew("vault-dr-1");
    site.pass_millis(30_000);
    assert_eq!(site.state("vault-dr-1", "dr"), "stream-wals");
    assert!(site.state("vault-west-1", "performance").starts_with("merkle-"));
}

#[test]
fn secondaries_first_never_leaves_one_behind() {
    let mut site = replicated();
    site.done("vault operator raft snapshot save -address=http://vault-west-1:8200 west.snap");
    site.done("vault operator raft snapshot save -address=http://vault-1:8200 east.snap");
    let order = ["vault-west-2", "vault-west-3", "vault-west-1", "vault-dr-1", "vault-2", "vault-3", "vault-1"];
    for node in order {
        site.renew(node);
        assert!(!site.standing().iter().any(|(kind, _)| matches!(*kind, "primary-first" | "no-backup")), "{node}");
    }
    site.pass_millis(20_000);
    assert_eq!(site.state("vault-west-1", "performance"), "stream-wals");
    assert_eq!(site.state("vault-dr-1", "dr"), "stream-wals");
    assert_eq!(order.map(|node| site.code(node)).iter().filter(|code| **code == 200).count(), 2);
}

#[test]
fn what_has_stopped_following_is_told_to_recover() {
    let mut site = replicated();
    site.try_fault("stuck", &json!({ "cluster": "dr" })).unwrap();
    site.pass_millis(60_000);
    assert_eq!(site.state("vault-dr-1", "dr"), "idle");
    site.assert_commands(&[
        (
            "vault read -address=http://vault-dr-1:8200 sys/replication/dr/status",
            0,
            "state                          idle",
            "",
        ),
        ("vault read -address=http://vault-1:8200 sys/replication/status", 0, "known_secondaries:[dr]", ""),
        ("vault read -address=http://vault-1:8200 -format=json sys/replication/status", 0, "\"mode\": \"primary\"", ""),
        ("vault write -address=http://vault-dr-1:8200 -f sys/replication/recover", 2, "", "path disabled"),
        ("vault write -address=http://vault-dr-1:8200 -f sys/replication/dr/secondary/recover", 127, "", "Usage"),
        (
            "vault write -address=http://vault-dr-1:8200 -f sys/replication/dr/secondary/recover dr_operation_token=t",
            0,
            "Success!",
            "",
        ),
    ]);
    site.pass_millis(20_000);
    assert_eq!(site.state("vault-dr-1", "dr"), "stream-wals");
    for wrong in [json!({}), json!({ "cluster": "east" }), json!({ "cluster": 1 })] {
        site.try_fault("stuck", &wrong).unwrap_err();
    }
    site.try_fault("kill", &json!({ "node": "nobody" })).unwrap_err();
    site.try_fault("way-out", &json!({})).unwrap_err();
}

#[test]
fn commands_reach_the_cluster_that_is_meant() {
    let mut site = replicated();
    site.assert_commands(&[
        ("ssh vault-west-2 hostname", 0, "vault-west-2\n", ""),
        ("ssh vault-west-2 vault status", 0, "HA Mode", ""),
        ("ssh vault-dr-1 systemctl is-active vault", 0, "active\n", ""),
        ("ssh vault-dr-1 sudo apt-get install -y vault=1.17.3-1", 100, "", "Unable to locate package vault"),
        ("ssh vault-9 hostname", 255, "", "Could not resolve hostname"),
        ("vault kv get -address=http://vault-west-1:8200 secret/canary", 0, "practice", ""),
        ("vault kv get -address=http://vault-dr-1:8200 secret/canary", 2, "", "path disabled"),
        ("vault operator raft list-peers -address=http://vault-west-1:8200", 0, "vault-west-3", ""),
        ("vault operator raft snapshot save -address=http://vault-dr-1:8200 dr.snap", 2, "", "path disabled"),
        ("vault operator raft snapshot save -address=http://vault-1:8200 east.snap", 0, "", ""),
        ("vault operator raft snapshot save -address=http://vault-west-1:8200 west.snap", 0, "", ""),
        ("ls", 0, "east.snap\nwest.snap\n", ""),
        ("sha256sum east.snap", 0, "  east.snap\n", ""),
        ("ssh vault-2 sudo journalctl -u vault -n 5", 0, "", ""),
        ("trial-network shut", 127, "", "command not found"),
        ("nothing-of-the-kind", 127, "", "command not found"),
    ]);
}

#[test]
fn a_copy_of_the_real_data_opens_with_the_real_shares_alone() {
    let mut site = rehearsal();
    let address = "-address=http://trial-1:8200";
    site.assert_commands(&[
        ("vault operator raft snapshot save -address=http://vault-1:8200 copy.snap", 0, "", ""),
        (&format!("vault operator raft snapshot restore {address} copy.snap"), 2, "", "different set of unseal keys"),
        (&format!("vault operator raft snapshot restore -force {address} copy.snap"), 0, "", ""),
    ]);
    site.pass_millis(5_000);
    let codes = ["trial-1", "trial-2", "trial-3", "vault-1"].map(|node| site.code(node));
    assert_eq!(codes, [503, 503, 503, 200]);
    for node in ["trial-1", "trial-2", "trial-3"] {
        site.done(&format!("unseal-vault {node}"));
    }
    site.pass_millis(40_000);
    let id = |site: &mut Site, node: &str| site.json(node, "/v1/sys/health").1["cluster_id"].clone();
    assert_eq!(id(&mut site, "trial-2"), id(&mut site, "vault-2"));
    assert_eq!(site.standing(), vec![("copy-left", String::new())], "its leases could not be revoked");
    site.try_fault("way-out", &json!({})).unwrap();
    site.pass_millis(31_000);
    let revoked = site.system.harm().iter().filter(|harm| harm.kind == "revoked" && harm.told.is_some()).count();
    assert!(revoked >= 1, "{revoked}");
}

#[test]
fn what_a_test_node_reaches_is_told_by_curl() {
    let mut site = rehearsal();
    let curl = "curl --silent --insecure --output /dev/null --max-time 3";
    let began = site.now;
    site.assert_commands(&[(&format!("ssh trial-2 {curl} https://cloud.example.com"), 28, "", "")]);
    assert!(site.now.since(began).as_millis() >= 3_000, "it waits as long as it may");
    site.assert_commands(&[
        ("trial-network open trial-2", 0, "the way out of trial-2 is open", ""),
        (&format!("ssh trial-2 {curl} https://cloud.example.com"), 0, "", ""),
        (&format!("ssh trial-2 {curl} http://192.0.2.17:5432"), 52, "", ""),
        (&format!("ssh trial-1 {curl} https://198.51.100.1"), 28, "", ""),
        (&format!("ssh trial-2 {curl} https://nowhere.example.com"), 6, "", ""),
        (&format!("ssh vault-1 {curl} https://cloud.example.com"), 0, "", ""),
        ("trial-network shut vault-1", 1, "", "no test node"),
        ("trial-network", 64, "", "usage"),
        ("trial-network shut", 0, "every test node", ""),
        (&format!("ssh trial-2 {curl} https://cloud.example.com"), 28, "", ""),
    ]);
}

#[test]
fn the_others_walk_the_upgrade_and_back_and_what_is_wiped_was_never_set_up() {
    let mut site = rehearsal();
    site.done("vault operator raft snapshot save -address=http://vault-1:8200 copy.snap");
    site.done("vault operator raft snapshot restore -force -address=http://trial-1:8200 copy.snap");
    for node in ["trial-1", "trial-2", "trial-3"] {
        site.done(&format!("unseal-vault {node}"));
    }
    site.pass_millis(40_000);
    let versions = |site: &mut Site| {
        ["trial-1", "trial-2", "trial-3"].map(|node| site.json(node, "/v1/sys/health").1["version"].clone())
    };
    site.done("walk-upgrade");
    site.assert_commands(&[("walk-upgrade", 1, "", "still at it")]);
    site.pass_millis(200_000);
    assert_eq!(versions(&mut site), ["1.17.3"; 3]);
    site.done("walk-back");
    site.pass_millis(120_000);
    assert_eq!(versions(&mut site), ["1.16.2"; 3]);
    let active = ["trial-1", "trial-2", "trial-3"].map(|node| site.code(node));
    assert_eq!(active.iter().filter(|code| **code == 200).count(), 1, "{active:?}");
    site.assert_commands(&[
        ("wipe-vault trial-1", 1, "", "stop it first"),
        ("wipe-vault nobody", 1, "", "no such node"),
    ]);
    for node in ["trial-1", "trial-2", "trial-3"] {
        site.done(&format!("ssh {node} sudo systemctl stop vault"));
        site.pass_millis(4_000);
        site.done(&format!("wipe-vault {node}"));
    }
    site.pass_millis(2_000);
    assert_eq!(site.standing(), vec![]);
    site.done("ssh trial-1 sudo systemctl start vault");
    let (code, body) = site.json("trial-1", "/v1/sys/health");
    assert_eq!((code, &body["initialized"], &body["sealed"]), (501, &json!(false), &json!(true)));
    assert_eq!(site.json("trial-1", "/v1/sys/init").1["initialized"], json!(false));
    assert_eq!(site.run("unseal-vault trial-1").exit, 2);
}

#[test]
fn the_same_seed_gives_the_same_estate() {
    let run = || {
        let mut site = replicated();
        site.renew("vault-west-2");
        site.done("ssh vault-1 sudo systemctl stop vault");
        site.pass_millis(60_000);
        let told = site.done("ssh vault-2 sudo journalctl -u vault -n 50");
        (told, site.json("vault-west-1", "/v1/sys/replication/status").1, site.system.harm())
    };
    assert_eq!(run(), run());
}
