use serde_json::json;

use super::Lab;
use crate::practice::System;

/// What began or ended since this was last asked: kind, whom it concerns, whether it began.
fn harm(lab: &mut Lab) -> Vec<(&'static str, String, bool)> {
    lab.system.harm().into_iter().map(|harm| (harm.kind, harm.about, harm.told.is_some())).collect()
}

fn kinds(lab: &mut Lab) -> Vec<&'static str> {
    let mut kinds: Vec<_> = harm(lab).into_iter().map(|(kind, ..)| kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn a_stop_in_good_order_is_a_node_away_and_nothing_else() {
    let mut lab = Lab::new(3);
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(60);
    lab.done("ssh crdb-2 sudo systemctl start cockroach");
    lab.pass(120);
    assert_eq!(harm(&mut lab), [("away", "crdb-2".to_owned(), true), ("away", "crdb-2".to_owned(), false)]);
}

#[test]
fn a_server_that_somebody_kills_was_torn_down_and_one_that_dies_was_not() {
    let mut lab = Lab::new(3);
    lab.done("ssh crdb-2 'sudo kill -9 $(pgrep -x cockroach)'");
    lab.pass(30);
    assert_eq!(kinds(&mut lab), ["away", "killed", "requests-failing"]);
    let mut lab = Lab::new(3);
    lab.fault("killed", json!({ "node": "crdb-2" }));
    lab.pass(30);
    assert_eq!(kinds(&mut lab), ["away", "requests-failing"]);
}

#[test]
fn two_nodes_away_cost_ranges_until_one_is_back_and_five_minutes_make_a_dead_one() {
    let mut lab = Lab::new(3);
    lab.fault("down", json!({ "node": "crdb-1" }));
    lab.pass(30);
    lab.fault("down", json!({ "node": "crdb-2" }));
    lab.pass(30);
    let told: Vec<String> = lab.system.harm().into_iter().filter_map(|harm| harm.told).collect();
    assert!(told.iter().any(|told| told.contains("the system's own among them: nobody is answered")), "{told:?}");
    lab.done("ssh crdb-1 sudo systemctl start cockroach");
    lab.pass(120);
    let ended = harm(&mut lab);
    for kind in ["ranges-unavailable", "requests-failing"] {
        assert_eq!(ended.iter().rfind(|(known, ..)| *known == kind), Some(&(kind, String::new(), false)), "{ended:?}");
    }
    lab.pass(300);
    assert_eq!(harm(&mut lab), [("counted-dead", "crdb-2".to_owned(), true)]);
}

#[test]
fn a_stranger_is_harm_for_as_long_as_it_runs() {
    let mut lab = Lab::new(3);
    lab.fault("wrong-store", json!({ "node": "crdb-2" }));
    assert!(lab.done("ssh crdb-2 systemctl cat cockroach").contains("--store=/var/lib/cockroach-data"));
    lab.done("ssh crdb-2 sudo systemctl restart cockroach");
    lab.pass(10);
    assert!(harm(&mut lab).contains(&("stranger", "crdb-2".to_owned(), true)));
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.done("ssh crdb-2 sudo sed -i s#cockroach-data#cockroach# /etc/systemd/system/cockroach.service");
    assert!(lab.done("ssh crdb-2 systemctl cat cockroach").contains("cockroach-data"), "systemd has not read it");
    lab.done("ssh crdb-2 sudo systemctl daemon-reload");
    lab.done("ssh crdb-2 sudo systemctl start cockroach");
    lab.pass(10);
    let ended = harm(&mut lab);
    assert!(ended.contains(&("stranger", "crdb-2".to_owned(), false)), "{ended:?}");
    assert!(ended.contains(&("away", "crdb-2".to_owned(), false)), "{ended:?}");
    // The node that it was for a moment is taken out of the list.
    lab.done(&format!("cockroach node decommission 4 --host=crdb-1 {}", super::CERTS));
    lab.pass(60);
    assert_eq!(lab.status("crdb-1")[3]["membership"], "decommissioned");
}

#[test]
fn what_closes_the_way_back_too_early_is_harm() {
    let mut lab = Lab::new(3);
    lab.upgrade();
    lab.until(240, |lab| lab.reached("crdb-2") == "23.2");
    assert_eq!(kinds(&mut lab), ["away", "finalized-early", "no-backup", "two-builds"]);

    let mut lab = Lab::new(3);
    assert_eq!(lab.sql("crdb-1", "SET CLUSTER SETTING cluster.preserve_downgrade_option = '23.1'").exit, 0);
    lab.upgrade();
    lab.pass(25 * 3_600);
    kinds(&mut lab);
    assert_eq!(lab.sql("crdb-1", "RESET CLUSTER SETTING cluster.preserve_downgrade_option").exit, 0);
    lab.until(240, |lab| lab.reached("crdb-2") == "23.2");
    assert!(kinds(&mut lab).is_empty());
}

/// How full a host's disk is, as `df` prints it.
fn full(lab: &mut Lab, node: &str) -> String {
    let told = lab.done(&format!("ssh {node} df -h /var/lib/cockroach"));
    told.split_whitespace().find(|word| word.ends_with('%') && *word != "Use%").unwrap().to_owned()
}

#[test]
fn a_node_that_stays_away_has_its_ranges_copied_where_there_is_room() {
    // With room, everything is whole again without it.
    let mut lab = Lab::new(4);
    assert_eq!(full(&mut lab, "crdb-1"), "25%");
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(270);
    assert_eq!(kinds(&mut lab), ["away"]);
    let short = lab.sum("crdb-1", "ranges_underreplicated");
    assert!(short > 50, "{short}");
    let took = lab.until(600, |lab| lab.sum("crdb-1", "ranges_underreplicated") == 0);
    assert!((60..300).contains(&took), "{took}");
    assert_eq!((kinds(&mut lab), full(&mut lab, "crdb-1").as_str()), (vec!["counted-dead"], "26%"));
    // Without room, the disks are full and ranges stay short until it is back.
    let mut lab = Lab::new(4);
    for node in ["crdb-1", "crdb-3", "crdb-4"] {
        lab.fault("little-room", json!({ "node": node, "ranges": 10 }));
    }
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(900);
    let done = harm(&mut lab);
    for node in ["crdb-1", "crdb-3", "crdb-4"] {
        assert!(done.contains(&("disk-filled", node.to_owned(), true)), "{node}: {done:?}");
        assert_eq!(full(&mut lab, node), "95%");
    }
    assert!(lab.sum("crdb-1", "ranges_underreplicated") > 10);
    lab.done("ssh crdb-2 sudo systemctl start cockroach");
    lab.until(180, |lab| lab.sum("crdb-1", "ranges_underreplicated") == 0);
    assert_eq!(lab.sum("crdb-1", "ranges_unavailable"), 0);
    // Given more time, nothing is copied.
    let mut lab = Lab::new(4);
    assert_eq!(lab.sql("crdb-1", "SET CLUSTER SETTING server.time_until_store_dead = '30m'").exit, 0);
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(1_500);
    assert_eq!((kinds(&mut lab), full(&mut lab, "crdb-1").as_str()), (vec!["away"], "25%"));
    // With three nodes there is nowhere to copy to.
    let mut lab = Lab::new(3);
    lab.done("ssh crdb-2 sudo systemctl stop cockroach");
    lab.pass(3_600);
    assert!(lab.sum("crdb-1", "ranges_underreplicated") > 80);
}

#[test]
fn what_lay_in_the_staging_folder_can_be_cleaned_away() {
    let mut lab = Lab::new(3);
    lab.stage("crdb-2");
    let binary = "/var/tmp/cockroach-v23.2.4.linux-amd64/cockroach";
    lab.done(&format!("ssh crdb-2 {binary} version"));
    lab.fault("staging-cleaned", json!({ "node": "crdb-2" }));
    assert_eq!(lab.run(&format!("ssh crdb-2 sudo install -m 0755 {binary} /usr/local/bin/cockroach")).exit, 1);
    assert_eq!(lab.done("ssh crdb-2 ls /var/tmp"), "");
    lab.stage("crdb-2");
    lab.done(&format!("ssh crdb-2 {binary} version"));
}
