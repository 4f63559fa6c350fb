use super::{Lab, Options};

#[test]
fn every_command_has_the_exit_status_and_words_of_the_real_one() {
    let mut lab = Lab::raft();
    lab.done("ssh cluster-3 sudo systemctl stop ipfs-cluster");
    let id = lab.id("cluster-1");
    let lock = "someone else has the lock. If no other ipfs-cluster-service process is running";
    let state = "ssh cluster-3 sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";
    let running = "ssh cluster-1 sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";
    // command, exit status, part of standard output, part of standard error; one after the other
    let table: &[(&str, i32, &str, &str)] = &[
        ("ssh cluster-1 foo", 127, "", "bash: foo: command not found"),
        ("ipfs-cluster-ctl id", 127, "", "bash: ipfs-cluster-ctl: command not found"),
        ("ssh cluster-9 true", 255, "", "Could not resolve hostname cluster-9"),
        ("ssh cluster-1 /opt/ipfs-cluster-service --version", 127, "", "No such file or directory"),
        ("ssh cluster-1 ipfs-cluster-service --version", 0, "ipfs-cluster-service version 1.0.8\n", ""),
        ("ssh cluster-1 /usr/local/bin/ipfs-cluster-ctl --version", 0, "ipfs-cluster-ctl version 1.0.8\n", ""),
        ("ssh cluster-1 ipfs-cluster-service version", 0, "1.0.8\n", ""),
        ("ssh cluster-1 ipfs-cluster-service nonsense", 1, "ipfs-cluster-service - IPFS Cluster peer", ""),
        ("ssh cluster-1 ipfs-cluster-service --help", 0, "COMMANDS:", ""),
        ("ssh cluster-1 ipfs-cluster-ctl", 0, "CLI for IPFS Cluster", ""),
        ("ssh cluster-1 ipfs-cluster-ctl nonsense", 3, "", "No help topic for 'nonsense'"),
        ("ssh cluster-1 ipfs-cluster-ctl peer rm x", 3, "", "No help topic for 'peer'"),
        ("ssh cluster-1 ipfs-cluster-ctl peers add x", 3, "", "No help topic for 'add'"),
        ("ssh cluster-1 ipfs-cluster-ctl peers rm x", 1, "", "error parsing peer ID"),
        ("ssh cluster-1 ipfs-cluster-ctl --enc=xml id", 1, "", "error : unsupported encoding"),
        ("ssh cluster-1 ipfs-cluster-ctl version", 0, "1.0.8\n", ""),
        ("ssh cluster-1 ipfs-cluster-ctl --enc=json version", 0, "{\n    \"version\": \"1.0.8\"\n}\n", ""),
        ("ssh cluster-1 ipfs-cluster-ctl id", 0, " | cluster-1 | Sees 2 other peers\n  > Addresses:\n", ""),
        (
            "ssh cluster-1 ipfs-cluster-ctl --enc json id",
            0,
            "    \"rpc_protocol_version\": \"/ipfscluster/1.0/rpc\"",
            "",
        ),
        ("ssh cluster-1 ipfs-cluster-ctl peers ls", 0, " | ERROR: failed to dial", ""),
        (
            "ssh cluster-3 ipfs-cluster-ctl id",
            1,
            "An error occurred:\n  Code: 0\n  Message: Get \"http://127.0.0.1:9094/id\"",
            "",
        ),
        ("ssh cluster-1 ipfs-cluster-ctl --host /ip4/10.0.0.2/tcp/9094 id", 1, "connection refused", ""),
        (
            "ssh cluster-1 ipfs-cluster-ctl pin ls",
            0,
            " | PIN | Repl. Factor: -1 | Allocations: [everywhere] | Recursive",
            "",
        ),
        ("ssh cluster-1 ipfs-cluster-ctl --enc=json pin ls", 0, "    \"replication_factor_min\": -1,", ""),
        ("ssh cluster-1 ipfs-cluster-ctl status --filter pinned", 0, "    > cluster-1            : PINNED | ", ""),
        (
            "ssh cluster-1 ipfs-cluster-ctl status --filter nonsense",
            2,
            "  Code: 400\n  Message: invalid filter value",
            "",
        ),
        ("ssh cluster-1 ipfs-cluster-ctl health metrics ping", 0, " | ping: {", ""),
        ("ssh cluster-1 ipfs-cluster-ctl health graph", 0, "digraph cluster {", ""),
        ("ssh cluster-1 ipfs-cluster-ctl health nonsense", 3, "", "No help topic for 'nonsense'"),
        ("ssh cluster-1 ipfs-cluster-ctl recover --local", 0, "", ""),
        ("ssh cluster-1 ipfs version", 0, "ipfs version 0.28.0\n", ""),
        ("ssh cluster-1 ipfs id", 0, "\"AgentVersion\": \"kubo/0.28.0/\"", ""),
        ("ssh cluster-1 ipfs swarm peers", 0, "/ip4/10.0.0.2/tcp/4001/p2p/12D3KooW", ""),
        ("ssh cluster-1 ipfs nonsense", 1, "", "unknown command"),
        ("ssh cluster-1 curl -s http://127.0.0.1:9094/version", 0, "{\"version\":\"1.0.8\"}\n", ""),
        ("ssh cluster-1 curl -s -X POST http://127.0.0.1:5001/api/v0/version", 0, "\"Version\":\"0.28.0\"", ""),
        (
            "ssh cluster-1 curl -fsS http://127.0.0.1:9094/nothing",
            22,
            "",
            "curl: (22) The requested URL returned error: 404",
        ),
        ("ssh cluster-3 curl -s http://127.0.0.1:9094/id", 7, "", ""),
        ("ssh cluster-1 systemctl is-active ipfs-cluster", 0, "active\n", ""),
        ("ssh cluster-3 systemctl is-active ipfs-cluster", 3, "inactive\n", ""),
        ("ssh cluster-1 systemctl status ipfs-cluster", 0, "active (running)", ""),
        ("ssh cluster-1 systemctl stop ipfs-cluster", 4, "", "Interactive authentication required"),
        ("ssh cluster-1 systemctl status ipfs-cluster-join", 4, "", "could not be found"),
        ("ssh cluster-1 sudo systemctl stop ipfs-cluster-join", 5, "", "Unit ipfs-cluster-join.service not loaded."),
        ("ssh cluster-1 journalctl -u ipfs-cluster", 1, "", "insufficient permissions"),
        ("ssh cluster-3 sudo journalctl -u ipfs-cluster -n 20", 0, "shutting down Cluster", ""),
        ("ssh cluster-1 ps aux", 0, "/usr/local/bin/ipfs-cluster-service daemon", ""),
        ("ssh cluster-1 pgrep -x ipfs-cluster-se", 0, "80", ""),
        ("ssh cluster-3 pgrep -x ipfs-cluster-se", 1, "", ""),
        ("ssh cluster-3 pgrep -x ipfs-cluster-service", 1, "", ""),
        ("ssh cluster-1 nc -z -w 5 10.0.0.2 9096", 0, "", ""),
        ("ssh cluster-1 nc -z -w 5 10.0.0.3 9096", 1, "", ""),
        ("ssh cluster-1 nc -z -w 5 10.0.0.2 9094", 1, "", ""),
        ("ssh cluster-1 ls /home/ipfs/.ipfs-cluster", 2, "", "Permission denied"),
        (
            "ssh cluster-1 sudo ls -A1 /home/ipfs/.ipfs-cluster",
            0,
            "cluster.lock\nidentity.json\npeerstore\nraft\nservice.json\n",
            "",
        ),
        (
            "ssh cluster-1 sudo grep -e leave_on_shutdown /home/ipfs/.ipfs-cluster/service.json",
            0,
            "\"leave_on_shutdown\": false,",
            "",
        ),
        (&format!("{running} export -f /var/tmp/x"), 1, "", lock),
        (&format!("{running} cleanup -f"), 1, "", lock),
        (
            "ssh cluster-3 ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state export",
            1,
            "",
            "cluster.lock: permission denied",
        ),
        (
            "ssh cluster-3 sudo ipfs-cluster-service state export",
            1,
            "",
            "/.ipfs-cluster/service.json: no such file or directory",
        ),
        (&format!("{state} export"), 0, "\"cid\":\"bafybei", "state successfully exported"),
        (&format!("{state} export -f /var/tmp/x"), 0, "", "state successfully exported"),
        (
            &format!("{state} export -f /nowhere/x"),
            1,
            "",
            "error creating output file: open /nowhere/x: no such file or directory",
        ),
        ("ssh cluster-3 wc -l /var/tmp/x", 0, "46 /var/tmp/x\n", ""),
        (&format!("{state} import /var/tmp/x"), 0, "Continue? [y/n]:", ""),
        (
            &format!("{state} import -f /var/tmp/y"),
            1,
            "",
            "error reading import file: open /var/tmp/y: no such file or directory",
        ),
        (&format!("{state} import -f /var/tmp/x"), 0, "", "state successfully imported"),
        (
            &format!("{state} crdt info"),
            1,
            "",
            "crdt subcommands can only be run on peers initialized with crdt consensus",
        ),
        (&format!("{state} upgrade"), 3, "", "No help topic for 'upgrade'"),
        (&format!("{state} cleanup"), 0, "Continue? [y/n]:", ""),
        (
            &format!("{state} cleanup -f"),
            0,
            "",
            "cleaning and backing up Raft data folder (/home/ipfs/.ipfs-cluster/raft)",
        ),
        (&format!("{state} cleanup -f"), 0, "", "cleaning empty Raft data folder"),
        (
            "ssh cluster-1 curl -fsSL -O https://dist.ipfs.tech/ipfs-cluster-ctl/v9.9.9/ipfs-cluster-ctl_v9.9.9_linux-amd64.tar.gz",
            22,
            "",
            "404",
        ),
        (
            "ssh cluster-2 sudo systemd-run --unit=ipfs-cluster-join nonsense daemon",
            1,
            "",
            "Failed to find executable nonsense",
        ),
        ("ssh cluster-2 systemd-run --unit=ipfs-cluster-join true", 1, "", "Interactive authentication required"),
        (&format!("ssh cluster-2 ipfs-cluster-ctl peers rm {id}"), 0, "", ""),
    ];
    lab.assert_commands(table);
}

#[test]
fn the_state_commands_of_old_are_there_up_to_0_10_and_gone_afterwards() {
    let mut lab = Lab::with(Options { old: "0.9.0".into(), target: "0.10.1".into(), ..Options::with_peers(3) });
    lab.everywhere("sudo systemctl stop ipfs-cluster");
    let state = "ssh cluster-1 sudo -u ipfs ipfs-cluster-service --config /home/ipfs/.ipfs-cluster state";
    assert_eq!(lab.done(&format!("{state} version")), "5\n");
    let export = lab.done(&format!("{state} export"));
    assert!(export.starts_with("[\n") && export.contains("\"/\": \"bafybei"), "{export}");
    lab.install("cluster-1", "0.10.1");
    let early = lab.run(&format!("{state} import -f /var/tmp/none"));
    assert_eq!(early.exit, 1);
    lab.done(&format!("{state} upgrade"));
    assert_eq!(lab.done(&format!("{state} version")), "6\n");
}
