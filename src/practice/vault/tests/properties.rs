use proptest::prelude::*;

use super::Lab;
use crate::practice::vault::Options;
use crate::practice::vault::state::{Data, Process};

/// Something that a person or a probe may do.
#[derive(Clone, Debug)]
enum Deed {
    Command(String),
    /// Stop, replace by this version, allow, start, unseal.
    Swap(String, &'static str),
    Ask(String, &'static str, &'static str),
    Share(String, usize),
    Pass(u64),
}

fn deeds(nodes: usize) -> impl Strategy<Value = Vec<Deed>> {
    let node = (1..=nodes).prop_map(|number| format!("vault-{number}"));
    let verbs = prop::sample::select(vec![
        "ssh NODE sudo systemctl stop vault",
        "ssh NODE sudo systemctl start vault",
        "ssh NODE sudo systemctl restart vault",
        "ssh NODE sudo systemctl kill -s KILL vault",
        "ssh NODE sudo systemctl kill -s STOP vault",
        "ssh NODE sudo systemctl kill -s CONT vault",
        "ssh NODE sudo apt-get install -y vault=1.17.3-1",
        "ssh NODE sudo apt-get install -y --allow-downgrades vault=1.16.2-1",
        "ssh NODE sudo setcap cap_ipc_lock=+ep /usr/bin/vault",
        "ssh NODE vault status",
        "unseal-vault NODE",
        "vault operator step-down -address=http://NODE:8200",
        "vault operator seal -address=http://NODE:8200",
        "vault operator raft snapshot save -address=http://NODE:8200 a.snap",
        "vault operator raft snapshot restore -address=http://NODE:8200 a.snap",
        "vault operator members -address=http://NODE:8200",
    ]);
    let command = (verbs, node.clone()).prop_map(|(verb, node)| Deed::Command(verb.replace("NODE", &node)));
    let paths = prop::sample::select(vec![
        ("GET", "/v1/sys/health"),
        ("GET", "/v1/sys/leader"),
        ("GET", "/v1/sys/ha-status"),
        ("GET", "/v1/sys/storage/raft/autopilot/state"),
        ("LIST", "/v1/sys/version-history"),
        ("PUT", "/v1/sys/step-down"),
        ("PUT", "/v1/sys/seal"),
    ]);
    let versions = prop::sample::select(vec!["1.16.2", "1.17.3", "1.17.3"]);
    let swap = (node.clone(), versions).prop_map(|(node, version)| Deed::Swap(node, version));
    let ask = (node.clone(), paths).prop_map(|(node, (method, path))| Deed::Ask(node, method, path));
    let share = (node, 0..6_usize).prop_map(|(node, number)| Deed::Share(node, number));
    let pass = prop_oneof![0..400_u64, 400..20_000_u64, 20_000..300_000_u64].prop_map(Deed::Pass);
    prop::collection::vec(prop_oneof![6 => command, 3 => swap, 1 => ask, 2 => share, 3 => pass], 0..60)
}

fn act(lab: &mut Lab, deed: &Deed) {
    match deed {
        Deed::Command(line) => {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let result = crate::practice::System::command(&mut lab.system, &words, lab.now);
            assert!(result.takes_ms < 60_000, "{line}: {result:?}");
        }
        Deed::Swap(node, version) => {
            for line in [
                format!("ssh {node} sudo systemctl stop vault"),
                format!("ssh {node} sudo apt-get install -y --allow-downgrades vault={version}-1"),
                format!("ssh {node} sudo setcap cap_ipc_lock=+ep /usr/bin/vault"),
                format!("ssh {node} sudo systemctl start vault"),
                format!("unseal-vault {node}"),
            ] {
                lab.run(&line);
            }
        }
        Deed::Ask(node, method, path) => {
            lab.ask(node, method, path, "hvs.practice", "");
        }
        Deed::Share(node, number) => {
            let key = lab.system.shares().get(*number).cloned().unwrap_or_else(|| "ee".repeat(33));
            lab.ask(node, "PUT", "/v1/sys/unseal", "", &format!("{{\"key\":\"{key}\"}}"));
        }
        Deed::Pass(millis) => {
            lab.pass(*millis);
        }
    }
}

fn is_later(before: &Data, after: &Data) -> bool {
    after.format >= before.format
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to it: no panic, at most one active node, an active node is never older than the data, the data
    /// never goes back to an older form, and nobody leads without a majority for longer than a lease.
    #[test]
    fn the_cluster_keeps_its_laws((nodes, seed, deeds) in (1..=5_usize).prop_flat_map(|nodes| (Just(nodes), any::<u64>(), deeds(nodes)))) {
        let mut lab = Lab::with(Options { seed, ..Options::with_nodes(nodes) });
        for deed in &deeds {
            let before: Vec<Data> = lab.system.nodes.iter().map(|node| node.data.clone()).collect();
            act(&mut lab, deed);
            let codes = lab.all();
            prop_assert!(codes.iter().filter(|code| **code == 200).count() <= 1, "{:?} after {:?}", codes, deed);
            for (node, before) in lab.system.nodes.iter().zip(&before) {
                prop_assert!(is_later(before, &node.data), "{:?} to {:?} after {:?}", before, node.data, deed);
            }
            if let Some(active) = lab.system.active() {
                let node = &lab.system.nodes[active];
                prop_assert!(node.votes(), "the active node is up and unsealed after {:?}", deed);
                prop_assert!(node.running().is_some_and(|version| *version >= node.data.format));
                prop_assert!(lab.system.has_quorum() || lab.system.lease_ends.is_some());
            }
        }
    }

    /// From any state: everything started with the newest version and unsealed, there is an active node in time.
    #[test]
    fn the_newest_version_on_every_node_repairs_everything((nodes, seed, deeds) in (1..=5_usize).prop_flat_map(|nodes| (Just(nodes), any::<u64>(), deeds(nodes)))) {
        let mut lab = Lab::with(Options { seed, ..Options::with_nodes(nodes) });
        for deed in &deeds {
            act(&mut lab, deed);
        }
        for number in 1..=nodes {
            let node = format!("vault-{number}");
            lab.run(&format!("ssh {node} sudo systemctl kill -s CONT vault"));
            lab.run(&format!("ssh {node} sudo systemctl stop vault"));
            lab.pass(5_000);
            lab.run(&format!("ssh {node} sudo systemctl stop vault"));
            lab.run(&format!("ssh {node} sudo apt-get install -y vault=1.17.3-1"));
            lab.run(&format!("ssh {node} sudo setcap cap_ipc_lock=+ep /usr/bin/vault"));
            prop_assert_eq!(lab.run(&format!("ssh {node} sudo systemctl start vault")).exit, 0);
        }
        for number in 1..=nodes {
            prop_assert_eq!(lab.run(&format!("unseal-vault vault-{number}")).exit, 0);
        }
        lab.pass(60_000);
        let codes = lab.all();
        prop_assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{:?}", codes);
        prop_assert_eq!(codes.iter().filter(|code| **code == 429).count(), nodes - 1);
        lab.pass(60_000);
        let index = |node: &crate::practice::vault::state::Node| (node.data.term, node.data.index);
        let first = index(&lab.system.nodes[0]);
        prop_assert!(lab.system.nodes.iter().all(|node| index(node) == first), "all have the same data");
    }

    /// A person may type anything.
    #[test]
    fn no_line_breaks_the_shell(line in "[ -~]{0,60}", words in prop::collection::vec("[ -~]{0,12}", 0..6)) {
        let mut lab = Lab::new(2);
        lab.run_words(&["ssh".into(), "vault-1".into(), line.clone()]);
        lab.run_words(&["ssh".into(), "vault-1".into(), format!("vault {line}")]);
        lab.run_words(&words);
        let mut vault = vec!["vault".to_owned()];
        vault.extend(words);
        lab.run_words(&vault);
        let up = lab.system.nodes.iter().all(|node| matches!(node.process, Process::Up { .. }));
        prop_assert!(up, "everything still runs");
    }
}

#[test]
fn a_long_absence_is_passed_over_quickly() {
    let mut lab = Lab::new(3);
    lab.run("ssh vault-2 sudo systemctl stop vault");
    lab.run("ssh vault-3 sudo systemctl stop vault");
    lab.pass(400 * 86_400_000);
    assert_eq!(lab.all(), [429, 0, 0]);
    lab.run("ssh vault-2 sudo systemctl start vault");
    lab.run("unseal-vault vault-2");
    lab.until(20_000, |lab| lab.all().contains(&200));
}
