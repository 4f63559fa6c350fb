use serde_json::json;

use super::{Lab, Options};
use crate::practice::System;

/// What began or ended since this was last asked: kind, whom it concerns, whether it began.
fn harm(lab: &mut Lab) -> Vec<(&'static str, String, bool)> {
    lab.system.harm().into_iter().map(|harm| (harm.kind, harm.about, harm.told.is_some())).collect()
}

fn quiet() -> Lab {
    Lab::with(Options { is_used: false, ..Options::with_peers(3) })
}

#[test]
fn a_restart_of_all_loses_nothing() {
    let mut lab = quiet();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(60);
    let noted = harm(&mut lab);
    assert!(noted.iter().all(|(kind, ..)| matches!(*kind, "away" | "takes-no-pins")), "{noted:?}");
    let begun = noted.iter().filter(|(.., begins)| *begins).count();
    assert_eq!(2 * begun, noted.len(), "all of it is over: {noted:?}");
}

#[test]
fn peers_that_leave_know_no_pins_and_are_clusters_of_their_own() {
    let mut lab = quiet();
    lab.fault("leave-on-shutdown", json!({})).unwrap();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    let told: Vec<_> = lab.system.harm().into_iter().filter(|harm| harm.kind == "pins-lost").collect();
    // The last one may not leave a cluster of one, and puts its state away all the same.
    let told = told.first().and_then(|harm| harm.told.as_deref()).unwrap();
    assert!(told.contains("46 of 46 pins") && told.contains("a copy or a backup has them"), "{told}");
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(60);
    let noted = harm(&mut lab);
    for node in ["cluster-1", "cluster-2", "cluster-3"] {
        for kind in ["cluster-of-its-own", "pins-missing"] {
            assert!(noted.contains(&(kind, node.to_owned(), true)), "{kind} {node}: {noted:?}");
        }
    }
}

#[test]
fn a_removed_peer_is_no_harm_until_it_runs_again() {
    let mut lab = quiet();
    let id = lab.id("cluster-3");
    lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl peers rm {id}"));
    lab.pass(30);
    assert_eq!(harm(&mut lab), [("away", "cluster-3".to_owned(), true)]);
    lab.done("ssh cluster-3 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(30);
    assert!(harm(&mut lab).contains(&("cluster-of-its-own", "cluster-3".to_owned(), true)));
}

#[test]
fn whoever_gives_up_is_told_with_its_patience() {
    // Its patience, and whether the peer gives up alone for as long as a minute.
    for (seconds, gives_up) in [(3, true), (15, true), (120, false)] {
        let mut lab = quiet();
        lab.fault("short-leader-wait", json!({ "seconds": seconds })).unwrap();
        lab.everywhere("sudo systemctl stop ipfs-cluster");
        lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
        lab.pass(60);
        let noted: Vec<_> = lab.system.harm().into_iter().filter(|harm| harm.kind == "gave-up").collect();
        let told: Vec<_> = noted.iter().filter_map(|harm| harm.told.as_deref()).collect();
        let one = format!("cluster-1 found no leader within {seconds} s, gave up and shut down");
        assert_eq!(told, if gives_up { vec![&*one] } else { vec![] }, "{seconds}");
        assert_eq!(noted.len(), 2 * told.len(), "it is over with it");
    }
}

#[test]
fn what_a_disaster_took_is_harm_once_a_cluster_runs_without_it() {
    let mut lab = Lab::with(Options { is_broken: true, is_used: false, ..Options::with_peers(3) });
    lab.fault("removed", json!({ "node": "cluster-1" })).unwrap();
    lab.fault("old-state-back", json!({ "node": "cluster-2" })).unwrap();
    let noted = harm(&mut lab);
    assert!(noted.iter().all(|(kind, ..)| *kind != "pins-lost"), "{noted:?}");
    // The export of the short one becomes the state of all.
    let state = "sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";
    lab.done(&format!("ssh cluster-2 {state} export -f /var/tmp/short"));
    lab.done("ssh cluster-2 sudo rm /home/ipfs/.ipfs-cluster/peerstore");
    lab.done(&format!("ssh cluster-2 {state} import -f /var/tmp/short"));
    assert!(harm(&mut lab).iter().all(|(kind, ..)| *kind != "pins-lost"));
    lab.done("ssh cluster-2 sudo systemctl start ipfs-cluster");
    lab.pass(20);
    let noted = harm(&mut lab);
    assert!(noted.contains(&("pins-lost", String::new(), true)), "{noted:?}");
    assert!(noted.contains(&("pins-missing", "cluster-2".to_owned(), true)), "{noted:?}");
}

#[test]
fn systemd_keeps_a_peer_up_unless_it_is_told_to_stop_it() {
    let mut lab = quiet();
    lab.fault("kept-up", json!({ "node": "cluster-3", "seconds": 8 })).unwrap();
    lab.done("ssh cluster-3 sudo systemctl kill --signal=KILL ipfs-cluster");
    lab.pass(40);
    assert_eq!(lab.seen("cluster-3").len(), 3);
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    lab.pass(60);
    assert_eq!(lab.pins("cluster-3"), None);
}

#[test]
fn a_third_signal_a_start_without_a_copy_and_a_daemon_that_is_down_are_harm() {
    let mut lab = quiet();
    for _ in 0..3 {
        lab.system
            .command(&["ssh", "cluster-2", "sudo", "systemctl", "kill", "ipfs-cluster"].map(str::to_owned), lab.now);
    }
    let noted = harm(&mut lab);
    assert!(noted.contains(&("state-torn", "cluster-2".to_owned(), true)), "{noted:?}");

    let mut lab = quiet();
    lab.done("ssh cluster-2 sudo systemctl stop ipfs-cluster");
    lab.install("cluster-2", "1.1.4");
    lab.done("ssh cluster-2 sudo systemctl start ipfs-cluster");
    let noted = harm(&mut lab);
    assert!(noted.contains(&("no-copy", "cluster-2".to_owned(), true)), "{noted:?}");
    assert!(noted.contains(&("two-versions", String::new(), true)), "{noted:?}");

    let mut lab = quiet();
    lab.strike("ipfs-down", "cluster-2");
    assert_eq!(harm(&mut lab), [("pins-in-error", "cluster-2".to_owned(), true)]);
    lab.strike("ipfs-up", "cluster-2");
    lab.pass(30);
    assert_eq!(harm(&mut lab), [("pins-in-error", "cluster-2".to_owned(), false)]);
}
