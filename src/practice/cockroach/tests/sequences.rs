use serde_json::json;

use super::{CERTS, Lab, versions};
use crate::practice::System;
use crate::practice::cockroach::Options;

#[test]
fn a_stopped_node_leaves_every_range_short_by_one_and_none_unavailable() {
    let mut lab = Lab::new(3);
    let ranges = lab.system.ranges.len() as u64;
    assert_eq!((lab.sum("crdb-2", "ranges_underreplicated"), lab.sum("crdb-2", "replicas_leaseholders")), (0, ranges));
    let result = lab.run("ssh crdb-1 sudo systemctl stop cockroach");
    assert!((3_000..21_000).contains(&result.takes_ms), "{}", result.takes_ms);
    lab.pass(30);
    assert_eq!(lab.sum("crdb-2", "ranges_underreplicated"), ranges);
    assert_eq!(lab.sum("crdb-2", "ranges_unavailable"), 0);
    let rows = lab.status("crdb-3");
    assert_eq!((&rows[0]["is_available"], &rows[0]["is_live"]), (&json!("false"), &json!("false")));
    let log = lab.done("ssh crdb-1 sudo journalctl -u cockroach -n 400 -o cat --no-pager");
    assert!(
        log.contains("initiating graceful shutdown of server") && log.contains("server drained and shutdown completed")
    );
    assert_eq!(lab.run("ssh crdb-1 pgrep -x cockroach").exit, 1);
    // Three nodes have nobody to take its replicas, however long it stays away.
    lab.pass(1_200);
    assert_eq!(lab.sum("crdb-2", "ranges_underreplicated"), ranges);
    lab.done("ssh crdb-1 sudo systemctl start cockroach");
    assert_eq!(lab.ready("crdb-1"), 200);
    assert!(lab.sum("crdb-2", "ranges_underreplicated") > 0, "its replicas catch up only by and by");
    let took = lab.until(120, |lab| lab.sum("crdb-2", "ranges_underreplicated") == 0);
    assert!(took >= 5, "{took} s");
    // Leases come back over a minute or two.
    lab.until(240, |lab| lab.system.leases(0) > ranges / 5);
    let log = lab.done("ssh crdb-1 sudo journalctl -u cockroach -n 400 -o cat --no-pager");
    assert!(log.rfind("restarted pre-existing node") > log.rfind("CockroachDB node starting"), "{log}");
}

#[test]
fn the_next_node_that_is_stopped_too_soon_takes_ranges_with_it() {
    let mut lab = Lab::new(3);
    lab.done("ssh crdb-1 sudo systemctl restart cockroach");
    lab.pass(2);
    lab.done("ssh crdb-2 'sudo kill -9 $(pgrep -x cockroach)'");
    assert!(lab.system.ranges.iter().any(|range| !lab.system.has_quorum(range)), "what lags does not count");
    let felt = lab.system.tally();
    lab.pass(8);
    assert!(lab.system.tally().stalled > felt.stalled + 100.0, "{:?}", lab.system.tally());
    lab.until(120, |lab| lab.system.ranges.iter().all(|range| lab.system.has_quorum(range)));
}

#[test]
fn two_nodes_of_three_away_leave_nothing_that_answers() {
    let mut lab = Lab::new(3);
    lab.done("ssh crdb-1 sudo systemctl stop cockroach");
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(15);
    let (status, body) = lab.get("crdb-3", "/health?ready=1");
    assert_eq!((status, &body["error"]), (503, &json!("node is not healthy")));
    assert_eq!(lab.get("crdb-3", "/health").0, 200);
    let hangs = lab.run(&format!("cockroach node status --timeout=5s --host=crdb-3 {CERTS}"));
    assert!(hangs.exit == 1 && hangs.stderr.contains("timed out after 5s") && hangs.takes_ms == 5_000, "{hangs:?}");
    let lost = lab.run(&format!("cockroach node status --host=crdb-3 {CERTS}"));
    assert!(lost.exit == 1 && lost.stderr.contains("lost quorum") && lost.takes_ms > 10_000, "{lost:?}");
    lab.pass(60);
    let refused = lab.sql("crdb-3", "SELECT 1");
    assert!(refused.exit == 1 && refused.takes_ms < 1_000, "the breaker has tripped: {refused:?}");
    assert!(lab.system.tally().unavailable_seconds > 60.0);
    lab.done("ssh crdb-1 sudo systemctl start cockroach");
    lab.until(90, |lab| lab.ready("crdb-3") == 200);
    assert_eq!(lab.sql("crdb-3", "SELECT 1").exit, 0);
}

#[test]
fn five_nodes_lose_some_ranges_with_two_and_copy_after_five_minutes() {
    let mut lab = Lab::new(5);
    lab.fault("down", json!({ "node": "crdb-1" }));
    lab.pass(30);
    let short = lab.sum("crdb-5", "ranges_underreplicated");
    assert!(short > 0 && lab.sum("crdb-5", "ranges_unavailable") == 0);
    lab.pass(240);
    assert!(lab.sum("crdb-5", "ranges_underreplicated") >= short, "not before five minutes");
    // The ranges of the system want five nodes, and there are four.
    lab.until(420, |lab| lab.system.ranges.iter().all(|range| range.is_system || !lab.system.is_short(range)));
    assert!(lab.system.replicas(0) > 0, "what five replicas hold has nowhere to go");

    let mut lab = Lab::new(5);
    lab.fault("down", json!({ "node": "crdb-1" }));
    lab.fault("down", json!({ "node": "crdb-2" }));
    lab.pass(30);
    let lost = lab.sum("crdb-5", "ranges_unavailable");
    assert!(lost > 0 && lost < lab.system.ranges.len() as u64, "{lost}");
    let refused = lab.sql("crdb-5", "BACKUP INTO 'external://backups'");
    assert!(refused.exit == 1 && refused.stderr.contains("lost quorum"), "{refused:?}");
}

#[test]
fn a_killed_server_comes_back_by_itself_and_has_not_drained() {
    let mut lab = Lab::new(3);
    let calm = lab.system.tally();
    lab.done("ssh crdb-2 'sudo kill -9 $(pgrep -x cockroach)'");
    assert_eq!(
        (lab.ready("crdb-2"), lab.run("ssh crdb-2 systemctl is-active cockroach").stdout.as_str()),
        (0, "activating\n")
    );
    lab.pass(4);
    assert!(lab.system.tally().stalled > calm.stalled, "nobody serves its leases until its record has expired");
    lab.until(40, |lab| lab.ready("crdb-2") == 200);
    let log = lab.done("ssh crdb-2 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("restarted pre-existing node") && !log.contains("server drained"), "{log}");
}

#[test]
fn a_second_signal_tears_the_server_down() {
    let mut lab = Lab::new(3);
    lab.fault("slow-drain", json!({ "node": "crdb-2", "seconds": 60 }));
    lab.done("ssh crdb-2 'sudo kill -TERM $(pgrep -x cockroach)'");
    lab.pass(5);
    assert_eq!((lab.get("crdb-2", "/health").0, lab.ready("crdb-2")), (200, 503));
    lab.done("ssh crdb-2 'sudo kill -TERM $(pgrep -x cockroach)'");
    assert_eq!(lab.get("crdb-2", "/health").0, 0);
    let log = lab.done("ssh crdb-2 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("initiating hard shutdown") && !log.contains("server drained"), "{log}");
}

#[test]
fn a_balancer_that_asks_plain_health_sends_clients_into_a_drain() {
    let refused = |plain: bool| {
        let mut lab = Lab::new(3);
        if plain {
            lab.fault("balancer", json!({}));
        }
        lab.fault("slow-drain", json!({ "node": "crdb-2", "seconds": 30 }));
        lab.done("ssh crdb-2 sudo systemctl stop cockroach");
        lab.system.tally().refused
    };
    assert!(refused(true) > 20.0 * refused(false), "{} {}", refused(true), refused(false));
}

#[test]
fn a_wrong_store_makes_a_stranger_and_nobody_to_join_makes_none() {
    let mut lab = Lab::new(3);
    lab.fault("wrong-store", json!({ "node": "crdb-2" }));
    lab.done("ssh crdb-2 sudo systemctl restart cockroach");
    let log = lab.done("ssh crdb-2 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("status:              initialized new node, joined pre-existing cluster"), "{log}");
    lab.pass(30);
    let rows = lab.status("crdb-1");
    assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    assert_eq!((&rows[1]["is_live"], &rows[3]["is_live"]), (&json!("false"), &json!("true")));
    // After five minutes the stranger is given what the other one held.
    lab.pass(600);
    assert!(lab.system.replicas(3) > 0);

    let mut lab = Lab::new(3);
    lab.fault("no-join", json!({ "node": "crdb-2" }));
    let refused = lab.run("ssh crdb-2 sudo systemctl restart cockroach");
    assert_eq!(refused.exit, 0, "the unit was told before it ended: {refused:?}");
    lab.pass(2);
    assert!(lab.done("ssh crdb-2 sudo journalctl -u cockroach -o cat").contains("no --join flags provided"));

    let mut lab = Lab::new(3);
    lab.fault("single", json!({ "node": "crdb-2" }));
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.done("ssh crdb-2 sudo systemctl start cockroach");
    assert!(lab.done("ssh crdb-2 sudo journalctl -u cockroach -o cat").contains("initialized new cluster"));
    assert_eq!(lab.status("crdb-2").len(), 1, "it knows itself alone");
}

#[test]
fn the_last_upgraded_node_finalizes_unless_it_is_kept_back() {
    let mut lab = Lab::new(3);
    lab.upgrade();
    lab.until(240, |lab| lab.reached("crdb-2") == "23.2");
    lab.done("ssh crdb-1 sudo systemctl stop cockroach");
    lab.done("ssh crdb-1 sudo install -m 0755 /usr/local/bin/cockroach_v23.1.14 /usr/local/bin/cockroach");
    let refused = lab.run("ssh crdb-1 sudo systemctl start cockroach");
    assert!(refused.exit == 1 && refused.stderr.contains("control process exited with error code"), "{refused:?}");
    let log = lab.done("ssh crdb-1 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("cockroach version v23.1 is incompatible with data in store <no-attributes>=/var/lib/cockroach; use version v23.2 or later"), "{log}");

    let mut lab = Lab::new(3);
    assert_eq!(lab.sql("crdb-1", "SET CLUSTER SETTING cluster.preserve_downgrade_option = '23.1'").exit, 0);
    lab.upgrade();
    lab.pass(86_400);
    assert_eq!(lab.reached("crdb-3"), "23.1");
    // A dead node holds it up, and on the way the version is that of neither series.
    lab.fault("down", json!({ "node": "crdb-3" }));
    assert_eq!(lab.sql("crdb-1", "RESET CLUSTER SETTING cluster.preserve_downgrade_option").exit, 0);
    lab.pass(300);
    assert_eq!(lab.reached("crdb-1"), "23.1");
    lab.done("ssh crdb-3 sudo systemctl start cockroach");
    lab.until(120, |lab| lab.reached("crdb-1").starts_with("23.1-"));
    lab.until(240, |lab| lab.reached("crdb-1") == "23.2");
}

#[test]
fn within_a_series_the_way_back_stays_open_and_a_series_left_out_does_not_start() {
    let mut lab = Lab::with(versions("23.1.14", "23.1.20"));
    lab.upgrade();
    lab.pass(600);
    assert_eq!(lab.reached("crdb-1"), "23.1");
    lab.done("ssh crdb-1 sudo systemctl stop cockroach");
    lab.done("ssh crdb-1 sudo install -m 0755 /usr/local/bin/cockroach_v23.1.14 /usr/local/bin/cockroach");
    lab.done("ssh crdb-1 sudo systemctl start cockroach");
    lab.pass(30);
    assert_eq!(lab.status("crdb-2")[0]["build"], "v23.1.14");

    let mut lab = Lab::with(versions("23.1.14", "24.1.2"));
    lab.stage("crdb-1");
    lab.done("ssh crdb-1 sudo systemctl stop cockroach");
    lab.done(
        "ssh crdb-1 sudo install -m 0755 /var/tmp/cockroach-v24.1.2.linux-amd64/cockroach /usr/local/bin/cockroach",
    );
    assert_eq!(lab.run("ssh crdb-1 sudo systemctl start cockroach").exit, 1);
    let log = lab.done("ssh crdb-1 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("is too old for running version v24.1 (which requires data from v23.2 or later)"), "{log}");
}

#[test]
fn the_same_seed_and_commands_give_the_same_cluster_however_often_it_is_asked() {
    let walk = |steps: u64| {
        let mut lab = Lab::with(Options { seed: 7, ..Options::with_nodes(3) });
        lab.done("ssh crdb-1 sudo systemctl stop cockroach");
        for _ in 0..steps {
            lab.pass(600 / steps);
            lab.ready("crdb-2");
        }
        lab.done("ssh crdb-1 sudo systemctl start cockroach");
        lab.pass(600);
        (lab.now, lab.status("crdb-2"))
    };
    assert_eq!(walk(1), walk(300));
}

#[test]
fn the_balancer_goes_by_its_file_once_it_has_read_it() {
    let mend = "ssh lb-1 sudo sed -i s#/health#/health?ready=1# /etc/haproxy/haproxy.cfg";
    let reload = "ssh lb-1 sudo systemctl reload haproxy";
    // what is done before a node is stopped, and whether a drain is felt
    for (lines, is_felt) in [(&[][..], true), (&[mend], true), (&[mend, reload], false), (&[reload], true)] {
        let mut lab = Lab::new(3);
        lab.fault("balancer", json!({}));
        lab.fault("slow-drain", json!({ "node": "crdb-2", "seconds": 30 }));
        lines.iter().for_each(|line| drop(lab.done(line)));
        lab.run("ssh crdb-2 'sudo kill -TERM $(pgrep -x cockroach)'");
        lab.pass(10);
        // It is alive, and not to be sent clients.
        assert_eq!((lab.get("crdb-2", "/health").0, lab.ready("crdb-2")), (200, 503));
        let told = lab.done("curl -s 'http://lb-1:8404/stats;csv'");
        assert_eq!(told.contains("psql,crdb-2,UP"), is_felt, "{lines:?}: {told}");
        let log = lab.done("ssh lb-1 sudo journalctl -u haproxy -o cat");
        let noticed = log.contains("Server psql/crdb-2 is DOWN. 2 active and 0 backup servers left.");
        assert_eq!(noticed, !is_felt, "{lines:?}: {log}");
        let kinds: Vec<_> = lab.system.harm().into_iter().map(|harm| harm.kind).collect();
        assert_eq!(kinds.contains(&"requests-failing"), is_felt, "{lines:?}: {kinds:?}");
        assert_eq!(lab.system.tally().refused > 500.0, is_felt, "{lines:?}");
    }
    // Without it nobody is served, however well the nodes are.
    let mut lab = Lab::new(3);
    lab.done("ssh lb-1 sudo systemctl stop haproxy");
    let told: Vec<_> = lab.system.harm().into_iter().filter_map(|harm| harm.told).collect();
    assert_eq!(told, ["100 % of the application's requests are refused"]);
    lab.done("ssh lb-1 sudo systemctl start haproxy");
    assert!(lab.system.harm().iter().all(|harm| harm.told.is_none()));
}
