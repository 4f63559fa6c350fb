use proptest::prelude::*;

use super::super::state::{Consensus, Process};
use super::{Lab, Options};
use crate::practice::System;

const STATE: &str = "sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";

/// Three peers, each seeing all.
fn all() -> Vec<String> {
    ["cluster-1", "cluster-2", "cluster-3"].map(str::to_owned).to_vec()
}

#[test]
fn all_at_once_a_cluster_comes_back_whole_on_the_new_version() {
    for mut lab in [Lab::raft(), Lab::crdt()] {
        let pins = lab.pins("cluster-1").unwrap();
        lab.everywhere("sudo systemctl stop ipfs-cluster");
        assert_eq!(lab.pins("cluster-1"), None);
        for node in all() {
            lab.install(&node, "1.1.4");
        }
        lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
        lab.pass(60);
        for node in all() {
            assert_eq!(lab.seen(&node), all());
            assert!(lab.pins(&node).unwrap() >= pins);
            assert_eq!(lab.get(&node, "/version")[0]["version"], "1.1.4");
            assert_eq!(lab.parts(&node, "GET", "/health").0, 204);
            assert_eq!(lab.parts(&node, "GET", "/pins?local=true&filter=pin_error,unexpectedly_unpinned").0, 204);
            assert!(lab.journal(&node).contains("** IPFS Cluster is READY **"));
        }
    }
}

#[test]
fn a_raft_peer_alone_gives_up_and_says_why() {
    let mut lab = Lab::raft();
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(8);
    // It answers meanwhile, and knows what it had.
    assert!(lab.pins("cluster-1").is_some());
    assert_eq!(lab.run("ssh cluster-1 systemctl is-active ipfs-cluster").stdout, "activating\n");
    let refused =
        lab.run("ssh cluster-1 ipfs-cluster-ctl pin rm bafybeinobodyeverpinnedthisoneatanytimewhatsoeverxxxxxxxxxx");
    assert_eq!(refused.exit, 2);
    lab.pass(40);
    assert_eq!(lab.run("ssh cluster-1 systemctl is-active ipfs-cluster").stdout, "failed\n");
    assert!(lab.journal("cluster-1").contains("***** ipfs-cluster consensus start timed out (tips below) *****"));
    let waited = lab.run("ssh cluster-1 sudo systemctl start ipfs-cluster");
    assert_eq!((waited.exit, waited.takes_ms > 15_000), (1, true));
    assert!(waited.stderr.contains("did not take the steps required"));
}

#[test]
fn without_a_majority_nothing_is_pinned_and_nothing_lost() {
    let mut lab = Lab::raft();
    let pins = lab.pins("cluster-1").unwrap();
    for node in ["cluster-1", "cluster-2"] {
        lab.done(&format!("ssh {node} sudo systemctl stop ipfs-cluster"));
    }
    let cid = super::super::pins::cid(7, 7);
    let result = lab.run(&format!("ssh cluster-3 ipfs-cluster-ctl pin add {cid}"));
    assert_eq!((result.exit, result.takes_ms >= 15_000), (2, true));
    assert!(result.stdout.contains("timed out waiting for leader"), "{}", result.stdout);
    lab.done("ssh cluster-2 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(20);
    lab.done(&format!("ssh cluster-3 ipfs-cluster-ctl pin add {cid}"));
    lab.pass(20);
    assert_eq!(lab.pins("cluster-2"), Some(pins + 1));
    let told = lab.done(&format!("ssh cluster-2 ipfs-cluster-ctl status {cid}"));
    assert!(
        told.contains("cluster-3            : PINNED") && told.contains(": CLUSTER_ERROR: failed to dial"),
        "{told}"
    );
}

#[test]
fn a_removed_peer_ends_by_itself_puts_its_state_away_and_joins_anew() {
    let mut lab = Lab::raft();
    let pins = lab.pins("cluster-1").unwrap();
    let (gone, last) = (lab.id("cluster-3"), lab.id("cluster-1"));
    lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl peers rm {gone}"));
    lab.pass(15);
    assert_eq!(lab.pins("cluster-3"), None);
    assert_eq!(lab.seen("cluster-1"), ["cluster-1", "cluster-2"]);
    assert_eq!(lab.run("ssh cluster-3 systemctl is-active ipfs-cluster").stdout, "inactive\n");
    let names = lab.done("ssh cluster-3 sudo ls -A1 /home/ipfs/.ipfs-cluster");
    assert_eq!(names, "identity.json\npeerstore\nraft.old.0\nservice.json\n");
    // Its content was given to the others.
    let allocated = lab.get("cluster-1", "/allocations");
    assert!(allocated.iter().all(|pin| !pin["allocations"].to_string().contains(&gone)));
    let second = lab.id("cluster-2");
    lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl peers rm {second}"));
    lab.pass(15);
    let refused = lab.run(&format!("ssh cluster-1 ipfs-cluster-ctl peers rm {last}"));
    assert_eq!(refused.exit, 2);
    assert!(refused.stdout.contains("cannot remove ourselves from a 1-peer cluster"));
    let join = format!(
        "ssh cluster-3 sudo systemd-run --unit=ipfs-cluster-join --uid=ipfs /usr/local/bin/ipfs-cluster-service \
         --config /home/ipfs/.ipfs-cluster daemon --bootstrap /ip4/10.0.0.1/tcp/9096/p2p/{last}"
    );
    assert_eq!(lab.run(&join).stderr, "Running as unit: ipfs-cluster-join.service\n");
    lab.pass(20);
    assert_eq!(lab.seen("cluster-3"), ["cluster-1", "cluster-3"]);
    assert!(lab.pins("cluster-3").unwrap() >= pins);
    assert!(lab.run(&join).stderr.contains("was already loaded"));
    // The usual unit finds the folder taken.
    assert_eq!(lab.run("ssh cluster-3 sudo systemctl start ipfs-cluster").exit, 1);
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster-join");
    lab.done("ssh cluster-3 sudo systemctl start ipfs-cluster");
    lab.pass(20);
    assert_eq!(lab.seen("cluster-1"), ["cluster-1", "cluster-3"]);
}

#[test]
fn with_crdt_nobody_is_removed_and_cleaning_leaves_no_copy() {
    let mut lab = Lab::crdt();
    let id = lab.id("cluster-3");
    let refused = lab.run(&format!("ssh cluster-1 ipfs-cluster-ctl --enc=json peers rm {id}"));
    assert_eq!(refused.exit, 2);
    assert_eq!(
        refused.stdout,
        "{\n    \"code\": 500,\n    \"message\": \"crdt consensus component cannot remove peers\"\n}\n"
    );
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    // A peer that is gone stays in the list for as long as its last ping counts.
    assert_eq!(lab.seen("cluster-1").len(), 3);
    lab.pass(40);
    assert_eq!(lab.seen("cluster-1"), ["cluster-1", "cluster-2"]);
    lab.done(&format!("ssh cluster-3 {STATE} cleanup -f"));
    assert_eq!(lab.done(&format!("ssh cluster-3 {STATE} export")), "");
    assert!(!lab.done("ssh cluster-3 sudo ls -A1 /home/ipfs/.ipfs-cluster").contains("old"));
    lab.done("ssh cluster-3 sudo systemctl start ipfs-cluster");
    lab.pass(30);
    assert_eq!(lab.pins("cluster-3"), lab.pins("cluster-1"));
}

#[test]
fn a_raft_import_counts_on_everybody_whose_address_is_known() {
    for forgets in [false, true] {
        let mut lab = Lab::with(Options { is_broken: true, is_used: false, ..Options::with_peers(3) });
        lab.done(&format!("ssh cluster-1 {STATE} export -f /var/tmp/all"));
        lab.done(&format!("ssh cluster-1 {STATE} cleanup -f"));
        if forgets {
            lab.done("ssh cluster-1 sudo mv /home/ipfs/.ipfs-cluster/peerstore /home/ipfs/known");
        }
        lab.done(&format!("ssh cluster-1 {STATE} import -f /var/tmp/all"));
        lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
        lab.pass(60);
        assert_eq!(lab.pins("cluster-1"), forgets.then_some(46));
    }
}

#[test]
fn an_old_backup_is_the_state_again_once_it_has_its_name() {
    let mut lab = Lab::with(Options { is_broken: true, is_used: false, ..Options::with_peers(3) });
    assert_eq!(lab.done(&format!("ssh cluster-2 {STATE} export")), "");
    lab.done("ssh cluster-2 sudo mv -nT /home/ipfs/.ipfs-cluster/raft.old.0 /home/ipfs/.ipfs-cluster/raft");
    assert_eq!(lab.done(&format!("ssh cluster-2 {STATE} export")).lines().count(), 30);
}

#[test]
fn versions_of_another_protocol_do_not_hear_each_other() {
    let mut lab = Lab::with(Options { old: "0.14.1".into(), target: "1.0.0".into(), ..Options::with_peers(3) });
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    lab.install("cluster-3", "1.0.0");
    lab.done("ssh cluster-3 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(8);
    let seen = lab.seen("cluster-1");
    assert!(seen[0].contains("protocols not supported: [/ipfscluster/0.12/rpc]"), "{seen:?}");
    lab.pass(40);
    assert_eq!(lab.pins("cluster-3"), None);
}

#[test]
fn a_state_of_before_is_refused_until_it_is_converted_and_a_newer_one_for_good() {
    let mut lab = Lab::with(Options { old: "0.9.0".into(), target: "0.10.1".into(), ..Options::with_peers(3) });
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.install("cluster-1", "0.10.1");
    let plain = "ssh cluster-1 sudo systemd-run --unit=ipfs-cluster-join --uid=ipfs \
                 /usr/local/bin/ipfs-cluster-service --config /home/ipfs/.ipfs-cluster daemon";
    lab.done(plain);
    lab.pass(20);
    let told = lab.done("ssh cluster-1 sudo journalctl -u ipfs-cluster-join -o cat");
    assert!(told.contains("Out of date ipfs-cluster state is saved."), "{told}");
    // The unit asks for the conversion.
    for node in ["cluster-2", "cluster-3"] {
        lab.install(node, "0.10.1");
    }
    lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
    lab.pass(40);
    assert_eq!(lab.seen("cluster-1"), all());
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    lab.install("cluster-1", "0.9.0");
    assert_eq!(lab.run("ssh cluster-1 sudo systemctl start ipfs-cluster").exit, 1);
    assert!(lab.journal("cluster-1").contains("unknown state version 6, this is 5"));
}

#[test]
fn the_way_back_takes_folder_and_binaries_together() {
    for mut lab in [Lab::raft(), Lab::crdt()] {
        lab.everywhere("sudo systemctl stop ipfs-cluster");
        lab.everywhere("sudo cp -aT /home/ipfs/.ipfs-cluster /home/ipfs/.ipfs-cluster.before");
        let all_pins = lab.done(&format!("ssh cluster-1 {STATE} export")).lines().count();
        for node in all() {
            lab.install(&node, "1.1.4");
        }
        lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
        lab.pass(40);
        lab.everywhere("sudo systemctl stop ipfs-cluster");
        for node in all() {
            lab.install(&node, "1.0.8");
        }
        // The binaries alone do not do.
        assert_eq!(lab.run("ssh cluster-1 sudo systemctl start ipfs-cluster").exit, 1);
        lab.everywhere("sudo rsync -a --delete /home/ipfs/.ipfs-cluster.before/ /home/ipfs/.ipfs-cluster/");
        lab.everywhere("sudo systemctl start --no-block ipfs-cluster");
        lab.pass(40);
        for node in all() {
            assert_eq!(lab.seen(&node), all());
            assert!(lab.pins(&node).unwrap() >= all_pins);
        }
    }
}

#[test]
fn who_cannot_be_reached_is_waited_for() {
    let mut lab = Lab::raft();
    lab.strike("cut-off", "cluster-3");
    let told = lab.run("ssh cluster-1 ipfs-cluster-ctl peers ls");
    assert!(told.stdout.contains("| ERROR: failed to dial") && told.stdout.contains("i/o timeout"), "{}", told.stdout);
    assert!(told.takes_ms >= 15_000);
    assert_eq!(lab.run("ssh cluster-1 nc -z -w 5 10.0.0.3 9096").takes_ms / 1_000, 5);
    // It keeps answering itself, but agrees to nothing any longer.
    let id = super::super::pins::cid(7, 8);
    assert_eq!(lab.run(&format!("ssh cluster-3 ipfs-cluster-ctl pin add {id}")).exit, 2);
    lab.done(&format!("ssh cluster-1 ipfs-cluster-ctl pin add {id}"));
    let known = lab.pins("cluster-1");
    assert_ne!(lab.pins("cluster-3"), known);
    lab.strike("reconnected", "cluster-3");
    lab.pass(10);
    assert_eq!(lab.pins("cluster-3"), known);
}

#[test]
fn a_third_signal_spoils_the_state_and_the_copy_of_before_mends_it() {
    let mut lab = Lab::raft();
    lab.done("ssh cluster-1 sudo pkill -KILL -x ipfs-cluster-se");
    assert_eq!(lab.run("ssh cluster-1 systemctl is-active ipfs-cluster").stdout, "failed\n");
    lab.done("ssh cluster-1 sudo cp -aT /home/ipfs/.ipfs-cluster /home/ipfs/copy");
    lab.done("ssh cluster-1 sudo systemctl start ipfs-cluster");
    lab.pass(10);
    for _ in 0..3 {
        // At once, whatever the commands take.
        let words = "ssh cluster-1 sudo systemctl kill -s TERM ipfs-cluster".split(' ').map(str::to_owned);
        let words: Vec<String> = words.collect();
        crate::practice::System::command(&mut lab.system, &words, lab.now);
    }
    lab.done("ssh cluster-1 sudo systemctl start --no-block ipfs-cluster");
    lab.pass(10);
    assert_eq!(lab.run("ssh cluster-1 systemctl is-active ipfs-cluster").stdout, "failed\n");
    assert!(lab.journal("cluster-1").contains("creating Raft component: checksum mismatch"));
    lab.done("ssh cluster-1 sudo rsync -a --delete /home/ipfs/copy/ /home/ipfs/.ipfs-cluster/");
    lab.done("ssh cluster-1 sudo systemctl start ipfs-cluster");
    lab.pass(10);
    assert_eq!(lab.seen("cluster-1"), all());
}

#[test]
fn a_folder_of_another_account_is_not_the_peers() {
    let mut lab = Lab::raft();
    lab.done("ssh cluster-2 sudo systemctl stop ipfs-cluster");
    lab.done("ssh cluster-2 sudo chown -R root /home/ipfs/.ipfs-cluster/raft");
    assert_eq!(lab.run("ssh cluster-2 sudo systemctl start ipfs-cluster").exit, 1);
    assert!(lab.journal("cluster-2").contains("permission denied"));
    lab.done("ssh cluster-2 sudo chown -R ipfs /home/ipfs/.ipfs-cluster/raft");
    lab.done("ssh cluster-2 sudo systemctl start ipfs-cluster");
}

#[test]
fn clients_pin_meanwhile_and_all_peers_agree() {
    let mut lab = Lab::crdt();
    let before = lab.pins("cluster-1").unwrap();
    lab.pass(3_600);
    let after = lab.pins("cluster-1").unwrap();
    assert!(after > before + 5, "{before} {after}");
    assert_eq!(lab.pins("cluster-3"), Some(after));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is done, there is one leader at most in a group, and the same seed and doings give the same cluster.
    #[test]
    fn the_same_seed_and_doings_give_the_same(seed in 0..1_000_u64, crdt: bool, doings in proptest::collection::vec((0..9_usize, 0..3_usize, 1..40_u64), 1..25)) {
        let consensus = if crdt { Consensus::Crdt } else { Consensus::Raft };
        let options = Options { seed, consensus, ..Options::with_peers(3) };
        let mut labs = [Lab::with(options.clone()), Lab::with(options)];
        for (what, node, seconds) in doings {
            let node = format!("cluster-{}", node + 1);
            let told = labs.each_mut().map(|lab| {
                match what {
                    0..=4 => {
                        let verb = ["stop", "start --no-block", "restart", "kill -s KILL", "kill -s TERM"][what];
                        lab.run(&format!("ssh {node} sudo systemctl {verb} ipfs-cluster"));
                    }
                    5 => lab.strike("cut-off", &node),
                    6 => lab.strike("reconnected", &node),
                    7 => lab.strike("ipfs-down", &node),
                    _ => lab.strike("ipfs-up", &node),
                }
                lab.pass(seconds);
                (lab.parts(&node, "GET", "/peers"), lab.parts(&node, "GET", "/pins"), lab.now)
            });
            prop_assert_eq!(&told[0], &told[1]);
            let peers = &labs[0].system.peers;
            let leads = |index: &usize| labs[0].system.leader(*index) == Some(*index);
            prop_assert!((0..3).filter(leads).count() <= 1);
            for peer in peers {
                let is_up = matches!(peer.process, Process::Up { .. });
                prop_assert_eq!(is_up, labs[0].system.peers.iter().any(|p| p.name == peer.name && p.running().is_some()));
            }
        }
    }
}

/// A rehearsal that goes on is built again from what was recorded, and what probes ask is not.
#[test]
fn what_only_looks_changes_nothing_of_what_comes() {
    let walked = |looks: bool| {
        let mut lab = Lab::with(Options { is_used: false, ..Options::with_peers(3) });
        for order in ["stop", "start --no-block", "restart"] {
            for node in ["cluster-1", "cluster-2", "cluster-3"] {
                let words = ["ssh", node, "sudo", "systemctl"].map(str::to_owned);
                let words: Vec<String> = words.into_iter().chain(order.split(' ').map(str::to_owned)).collect();
                lab.system.command(&[words, vec!["ipfs-cluster".into()]].concat(), lab.now);
                if looks {
                    lab.system.command(&["ssh", node, "ipfs-cluster-ctl", "pin", "ls"].map(str::to_owned), lab.now);
                    lab.ask(node, "GET", "/peers", &[]);
                }
                lab.pass(7);
            }
        }
        lab.pass(60);
        ["cluster-1", "cluster-2", "cluster-3"].map(|node| lab.journal(node))
    };
    assert_eq!(walked(true), walked(false));
}
