use serde_json::json;

use super::{Lab, Options};
use crate::practice::{FaultError, System};

const STATE: &str = "sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";

#[test]
fn what_is_no_fault_or_has_wrong_arguments_is_refused() {
    let mut lab = Lab::raft();
    assert_eq!(lab.fault("nonsense", json!({})), Err(FaultError::Unknown("nonsense".into())));
    for arguments in
        [json!({ "node": "cluster-9" }), json!({ "node": 1 }), json!({ "seconds": "x" }), json!({ "seconds": -1 })]
    {
        assert!(matches!(lab.fault("short-leader-wait", arguments), Err(FaultError::Argument { .. })));
    }
    assert!(lab.fault("spoilt-export", json!({ "node": "cluster-1" })).is_err());
    let mut lab = Lab::raft();
    for (name, _) in lab.system.faults() {
        if *name != "spoilt-export" {
            lab.fault(name, json!({ "node": "cluster-2" })).unwrap();
            lab.pass(5);
        }
    }
}

#[test]
fn peers_that_leave_come_back_as_strangers_and_the_backup_brings_them_back() {
    let mut lab = Lab::with(Options { is_used: false, ..Options::with_peers(3) });
    lab.fault("leave-on-shutdown", json!({})).unwrap();
    assert!(
        lab.done("ssh cluster-1 sudo grep -e leave_on_shutdown /home/ipfs/.ipfs-cluster/service.json").contains("true")
    );
    let pins = lab.pins("cluster-1");
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(60);
    for node in ["cluster-1", "cluster-2", "cluster-3"] {
        assert_eq!(lab.pins(node), Some(0));
        assert_eq!(lab.seen(node), [node]);
    }
    // The right way out: the setting first, then a backup, which each has put away.
    let mend = r#"sudo sed -i 's/"leave_on_shutdown": true/"leave_on_shutdown": false/' /home/ipfs/.ipfs-cluster/service.json"#;
    for node in ["cluster-1", "cluster-2", "cluster-3"] {
        assert_eq!(lab.on(node, mend).exit, 0);
        assert!(
            lab.done(&format!("ssh {node} sudo cat /home/ipfs/.ipfs-cluster/service.json"))
                .contains("shutdown\": false")
        );
    }
    lab.everywhere("sudo pkill -KILL -x ipfs-cluster-se");
    lab.done("ssh cluster-1 sudo rm -r /home/ipfs/.ipfs-cluster/raft");
    lab.done("ssh cluster-1 sudo mv -nT /home/ipfs/.ipfs-cluster/raft.old.0 /home/ipfs/.ipfs-cluster/raft");
    assert_eq!(Some(lab.done(&format!("ssh cluster-1 {STATE} export")).lines().count()), pins);
    // The others have left by then: in that state the first one is not alone, and waits for two who are strangers now.
    lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(60);
    assert_eq!(lab.pins("cluster-1"), None);
    // That of the last one knows nobody else: from it the cluster is built again.
    lab.done("ssh cluster-3 sudo rm -r /home/ipfs/.ipfs-cluster/raft");
    lab.done("ssh cluster-3 sudo mv -nT /home/ipfs/.ipfs-cluster/raft.old.0 /home/ipfs/.ipfs-cluster/raft");
    lab.done("ssh cluster-3 sudo systemctl start ipfs-cluster");
    lab.pass(20);
    assert_eq!((lab.pins("cluster-3"), lab.seen("cluster-3")), (pins, vec!["cluster-3".to_owned()]));
}

#[test]
fn with_crdt_a_peer_that_leaves_deletes_its_state() {
    let mut lab = Lab::crdt();
    lab.strike("leave-on-shutdown", "cluster-1");
    lab.done("ssh cluster-1 sudo systemctl stop ipfs-cluster");
    assert!(lab.journal("cluster-1").contains("leaving cluster: crdt consensus component cannot remove peers"));
    assert_eq!(lab.done(&format!("ssh cluster-1 {STATE} export")), "");
}

#[test]
fn a_peer_that_comes_back_holds_the_lock_and_a_redirected_export_would_be_empty() {
    let mut lab = Lab::raft();
    lab.fault("comes-back", json!({ "node": "cluster-1", "seconds": 5 })).unwrap();
    lab.done("ssh cluster-1 sudo systemctl kill -s TERM ipfs-cluster");
    lab.pass(20);
    let result = lab.run(&format!("ssh cluster-1 {STATE} export -f /var/tmp/all"));
    assert_eq!(result.exit, 1);
    assert!(result.stderr.contains("error obtaining execution lock"));
    assert_eq!(lab.run("ssh cluster-1 test -e /var/tmp/all").exit, 1);
}

#[test]
fn what_a_running_daemon_leaves_of_an_export_is_an_empty_file() {
    let mut lab = Lab::with(Options { is_used: false, ..Options::with_peers(3) });
    // Into what it is written, whether the file is there afterwards, and how many lines it has once the peer is stopped.
    for (how, is_there, lines) in [
        ("export -f /var/tmp/named", false, "46 /var/tmp/named\n"),
        ("export --file=/var/tmp/long", false, "46 /var/tmp/long\n"),
        ("export > /var/tmp/redirected", true, "46 /var/tmp/redirected\n"),
    ] {
        let file = lines.split(' ').nth(1).unwrap().trim();
        lab.done("ssh cluster-1 sudo systemctl start ipfs-cluster");
        lab.pass(20);
        let result = lab.on("cluster-1", &format!("{STATE} {how}"));
        assert_eq!(result.exit, 1, "{how}");
        assert!(result.stderr.contains("error obtaining execution lock"), "{how}: {}", result.stderr);
        assert_eq!(lab.run(&format!("ssh cluster-1 test -e {file}")).exit, i32::from(!is_there), "{how}");
        if is_there {
            assert_eq!(lab.done(&format!("ssh cluster-1 wc -l {file}")), format!("0 {file}\n"));
        }
        lab.done("ssh cluster-1 sudo systemctl stop ipfs-cluster");
        assert_eq!(lab.on("cluster-1", &format!("{STATE} {how}")).exit, 0, "{how}");
        assert_eq!(lab.done(&format!("ssh cluster-1 wc -l {file}")), lines);
    }
}

#[test]
fn whoever_was_removed_has_all_pins_in_a_backup_and_an_old_one_in_its_place_has_fewer() {
    const FOLDER: &str = "/home/ipfs/.ipfs-cluster";
    let mut lab = Lab::with(Options { is_broken: true, is_used: false, ..Options::with_peers(3) });
    lab.strike("removed", "cluster-1");
    lab.strike("old-state-back", "cluster-2");
    for (node, state, backups) in [("cluster-1", false, 1), ("cluster-2", true, 0), ("cluster-3", false, 1)] {
        let names = lab.done(&format!("ssh {node} sudo ls -A1 {FOLDER}"));
        assert_eq!(names.lines().any(|name| name == "raft"), state, "{node}: {names}");
        assert_eq!(names.lines().filter(|name| name.starts_with("raft.old.")).count(), backups, "{node}: {names}");
    }
    let exported = |lab: &mut Lab, node: &str| lab.done(&format!("ssh {node} {STATE} export")).lines().count();
    assert_eq!((exported(&mut lab, "cluster-1"), exported(&mut lab, "cluster-2")), (0, 30));
    lab.done(&format!("ssh cluster-1 sudo mv -nT {FOLDER}/raft.old.0 {FOLDER}/raft"));
    assert_eq!(exported(&mut lab, "cluster-1"), 46);
    // Without a backup there is nothing to put back, and what is there stays.
    let mut lab = Lab::raft();
    lab.done("ssh cluster-2 sudo systemctl stop ipfs-cluster");
    lab.strike("old-state-back", "cluster-2");
    assert_eq!(exported(&mut lab, "cluster-2"), 46);
}

#[test]
fn a_peer_that_is_removed_while_it_runs_goes_as_peers_rm_lets_it_go() {
    let mut lab = Lab::with(Options { is_used: false, ..Options::with_peers(3) });
    lab.strike("removed", "cluster-3");
    lab.pass(30);
    assert_eq!(lab.pins("cluster-3"), None);
    assert_eq!(lab.seen("cluster-1"), ["cluster-1", "cluster-2"]);
    assert!(lab.journal("cluster-3").contains("peer no longer in peerset"));
    assert!(lab.done("ssh cluster-3 sudo ls -A1 /home/ipfs/.ipfs-cluster").contains("raft.old.0"));
}

#[test]
fn a_conversion_is_slow_where_it_is_said_to_be() {
    let mut lab = Lab::with(Options { is_used: false, ..Options::with_peers(3) });
    lab.fault("slow-conversion", json!({ "node": "cluster-2", "seconds": 60 })).unwrap();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    for node in ["cluster-1", "cluster-2", "cluster-3"] {
        lab.install(node, "1.1.4");
    }
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(30);
    assert_eq!((lab.pins("cluster-1"), lab.pins("cluster-2")), (Some(46), None));
    lab.pass(60);
    assert_eq!(lab.pins("cluster-2"), Some(46));
}

#[test]
fn an_export_of_another_version_leaves_no_state_at_all() {
    let mut lab = Lab::raft();
    lab.done("ssh cluster-1 sudo systemctl stop ipfs-cluster");
    lab.done(&format!("ssh cluster-1 {STATE} export -f /var/tmp/ipfs-cluster-state.export"));
    lab.strike("spoilt-export", "cluster-1");
    let result = lab.run(&format!("ssh cluster-1 {STATE} import -f /var/tmp/ipfs-cluster-state.export"));
    assert_eq!(result.exit, 1);
    assert!(
        result.stderr.contains("error importing state: json: cannot unmarshal array into Go value of type api.Pin")
    );
    assert_eq!(lab.done(&format!("ssh cluster-1 {STATE} export")), "");
}

#[test]
fn one_by_one_with_too_short_a_patience_the_first_give_up() {
    let mut lab = Lab::raft();
    lab.fault("short-leader-wait", json!({ "seconds": 2 })).unwrap();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(25);
    assert_eq!(lab.pins("cluster-1"), None);
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(30);
    assert_eq!(lab.seen("cluster-1").len(), 3);
}

#[test]
fn a_peer_left_behind_is_seen_by_its_version() {
    let mut lab = Lab::raft();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    for node in ["cluster-1", "cluster-2", "cluster-3"] {
        lab.install(node, "1.1.4");
    }
    lab.strike("old-version", "cluster-2");
    assert!(lab.done("ssh cluster-2 ipfs-cluster-service --version").contains("1.0.8"));
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(60);
    let versions: Vec<String> = lab.get("cluster-1", "/peers").iter().map(|peer| peer["version"].to_string()).collect();
    assert_eq!(versions.iter().filter(|version| **version == "\"1.0.8\"").count(), 1, "{versions:?}");
}

#[test]
fn without_its_daemon_a_peer_lives_and_what_is_recovered_fails() {
    let mut lab = Lab::raft();
    lab.strike("ipfs-down", "cluster-2");
    assert_eq!(lab.seen("cluster-1").len(), 3);
    let told = lab.done("ssh cluster-2 ipfs-cluster-ctl id");
    assert!(told.contains("  > IPFS ERROR: Post"), "{told}");
    let cid = lab
        .get("cluster-1", "/allocations")
        .into_iter()
        .find(|pin| pin["replication_factor_min"] == json!(-1))
        .map(|pin| pin["cid"].as_str().unwrap().to_owned())
        .unwrap();
    lab.done(&format!("ssh cluster-2 ipfs-cluster-ctl recover {cid}"));
    lab.pass(5);
    let told = lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl status {cid}"));
    assert!(told.contains("cluster-2            : PIN_ERROR: Post"), "{told}");
    lab.strike("ipfs-up", "cluster-2");
    lab.done("ssh cluster-1 ipfs-cluster-ctl recover");
    lab.pass(30);
    assert!(
        lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl status {cid}")).contains("cluster-2            : PINNED")
    );
}

#[test]
fn what_is_fetched_can_be_spoilt_and_a_full_disk_stops_the_start() {
    let mut lab = Lab::raft();
    let url = "https://dist.ipfs.tech/ipfs-cluster-ctl/v1.1.4/ipfs-cluster-ctl_v1.1.4_linux-amd64.tar.gz";
    lab.done(&format!("ssh cluster-1 curl -fsSL -o /var/tmp/good {url}"));
    let sums = lab.system.inputs(&|node| node.to_owned())["sums"].as_str().unwrap().to_owned();
    let sum = |told: String| told.split(' ').next().unwrap().to_owned();
    assert!(sums.contains(&sum(lab.done("ssh cluster-1 sha512sum /var/tmp/good"))));
    lab.fault("spoilt-downloads", json!({})).unwrap();
    lab.done(&format!("ssh cluster-1 curl -fsSL -o /var/tmp/bad {url}"));
    assert!(!sums.contains(&sum(lab.done("ssh cluster-1 sha512sum /var/tmp/bad"))));
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    lab.strike("disk-full", "cluster-3");
    assert_eq!(lab.run("ssh cluster-3 sudo systemctl start ipfs-cluster").exit, 1);
    assert!(lab.journal("cluster-3").contains("no space left on device"));
}

#[test]
fn a_clock_that_is_off_lets_pings_run_out() {
    let mut lab = Lab::crdt();
    lab.fault("clock-off", json!({ "node": "cluster-1", "seconds": 120 })).unwrap();
    lab.pass(20);
    assert_eq!(lab.seen("cluster-1"), ["cluster-1"]);
    assert_eq!(lab.seen("cluster-2").len(), 3);
    assert_eq!(lab.get("cluster-1", "/health/alerts").len(), 1);
}
