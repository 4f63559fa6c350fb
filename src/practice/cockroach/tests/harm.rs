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
