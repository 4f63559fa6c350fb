use super::Lab;
use crate::practice::System;
use crate::practice::nomad::Options;

/// Installs the target on a server and restarts it.
fn upgrade(lab: &mut Lab, node: &str) {
    lab.done(&format!("ssh {node} sudo apt-get install -y nomad=1.8.4-1"));
    lab.done(&format!("ssh {node} sudo systemctl restart nomad"));
}

fn is_whole(lab: &mut Lab) -> bool {
    lab.get("nomad-server-1", "/v1/operator/autopilot/health").0 == 200 && lab.voters("nomad-server-1") == 3
}

#[test]
fn the_log_goes_on_and_followers_have_what_the_leader_has() {
    let mut lab = Lab::new();
    let before = lab.index("nomad-server-1");
    lab.pass(60_000);
    let after = lab.index("nomad-server-1");
    assert!((60..=310).contains(&(after - before)), "{}", after - before);
    assert_eq!([lab.index("nomad-server-2"), lab.index("nomad-server-3")], [after, after]);
}

#[test]
fn a_follower_that_restarts_stays_a_member_and_is_level_again_soon() {
    let mut lab = Lab::new();
    upgrade(&mut lab, "nomad-server-2");
    assert_eq!(lab.member("nomad-server-1", "nomad-server-2"), "alive", "gossip needs longer than a restart");
    lab.until(5_000, |lab| {
        lab.state("nomad-server-2") == "Follower"
            && lab.get("nomad-server-2", "/v1/agent/self").1["member"]["Tags"]["build"] == "1.8.4"
    });
    lab.until(20_000, is_whole);
    assert_eq!(lab.leader(), "nomad-server-1");
    let told = lab.done("ssh nomad-server-1 sudo journalctl -u nomad --since -10min | cut -d ] -f 3");
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    assert!(lines[0].starts_with("nomad.raft: failed to heartbeat to: peer=10.0.0.2:4647"), "{told}");
    assert_eq!(lines[1], "nomad: serf: EventMemberUpdate: nomad-server-2.global");
    assert!(lines[2].starts_with("nomad.raft: pipelining replication"), "{told}");
}

#[test]
fn a_server_that_is_stopped_fails_after_a_while_and_autopilot_takes_it_out() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-3 sudo systemctl stop nomad");
    assert_eq!(
        lab.run("ssh nomad-server-3 systemctl is-active nomad").stdout,
        "failed\n",
        "status 1 is its normal end"
    );
    let missed = lab.until(50_000, |lab| lab.member("nomad-server-1", "nomad-server-3") != "alive");
    assert!(missed >= 13_000, "{missed}");
    assert_eq!(lab.voters("nomad-server-1"), 3, "it still counts");
    lab.until(12_000, |lab| lab.member("nomad-server-1", "nomad-server-3") == "left");
    assert_eq!(lab.voters("nomad-server-1"), 2);
    lab.done("ssh nomad-server-3 sudo systemctl start nomad");
    lab.until(4_000, |lab| lab.member("nomad-server-1", "nomad-server-3") == "alive");
    lab.pass(1_000);
    assert_eq!(lab.get("nomad-server-3", "/v1/agent/self").1["stats"]["raft"]["num_peers"], "0", "no vote yet");
    let promoted = lab.until(30_000, is_whole);
    assert!(promoted >= 7_000, "{promoted}");
}

#[test]
fn a_leader_that_stops_is_followed_within_four_seconds() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-1 sudo systemctl stop nomad");
    let wait = lab.until(5_000, |lab| !lab.leader().is_empty());
    assert!(wait <= 4_000, "{wait}");
    let term = lab.get("nomad-server-2", "/v1/agent/self").1["stats"]["raft"]["term"].clone();
    assert_eq!(term, "5");
}

#[test]
fn two_of_three_away_have_no_leader_until_one_is_back() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-1 sudo systemctl stop nomad");
    lab.done("ssh nomad-server-2 sudo systemctl stop nomad");
    lab.pass(120_000);
    assert_eq!(lab.leader(), "");
    assert_eq!(lab.voters("nomad-server-3"), 3, "nobody can be taken out without a quorum");
    lab.done("nomad server force-leave -address=http://nomad-server-3:4646 nomad-server-1.global");
    lab.pass(20_000);
    assert_eq!(lab.leader(), "", "forcing a majority out brings no quorum back");
    lab.done("ssh nomad-server-2 sudo systemctl start nomad");
    lab.until(12_000, |lab| !lab.leader().is_empty());
}

#[test]
fn forcing_out_needs_the_full_name_and_a_server_that_is_gone() {
    let mut lab = Lab::new();
    let force = |lab: &mut Lab, name: &str| {
        lab.done(&format!("nomad server force-leave -address=http://nomad-server-1:4646 {name}"))
    };
    force(&mut lab, "nomad-server-3.global");
    assert_eq!(lab.member("nomad-server-1", "nomad-server-3"), "leaving");
    lab.until(3_000, |lab| lab.member("nomad-server-1", "nomad-server-3") == "alive");
    assert_eq!(lab.voters("nomad-server-1"), 3, "whoever is alive objects");
    // Autopilot takes it out by itself within ten seconds: the operator comes first here.
    lab.done("ssh nomad-server-3 sudo systemctl stop nomad");
    lab.until(50_000, |lab| lab.member("nomad-server-1", "nomad-server-3") == "failed");
    force(&mut lab, "nomad-server-3");
    assert_eq!(lab.member("nomad-server-1", "nomad-server-3"), "failed", "a short name is nobody's");
    force(&mut lab, "nomad-server-3.global");
    assert_eq!(lab.member("nomad-server-1", "nomad-server-3"), "left");
    assert_eq!(lab.voters("nomad-server-1"), 2);
}

#[test]
fn a_new_server_joins_without_a_vote_and_catches_up() {
    let mut lab = Lab::with(Options { spare: 1, ..Options::default() });
    lab.done("ssh nomad-server-4 sudo apt-get install -y nomad=1.8.4-1");
    assert_eq!(lab.run("ssh nomad-server-4 systemctl is-active nomad").stdout, "inactive\n");
    assert_eq!(lab.get("nomad-server-4", "/v1/agent/self").0, 0);
    lab.done("ssh nomad-server-4 sudo systemctl restart nomad");
    lab.until(5_000, |lab| lab.member("nomad-server-1", "nomad-server-4") == "alive");
    assert_eq!(lab.voters("nomad-server-1"), 3);
    lab.until(40_000, |lab| lab.voters("nomad-server-1") == 4);
    lab.until(2_000, |lab| lab.index("nomad-server-4") == lab.index("nomad-server-1"));
}

#[test]
fn an_older_version_does_not_read_what_a_newer_leader_wrote() {
    let mut lab = Lab::new();
    for server in ["nomad-server-2", "nomad-server-3", "nomad-server-1"] {
        upgrade(&mut lab, server);
        lab.until(30_000, is_whole);
    }
    lab.done("ssh nomad-server-3 sudo apt-get install -y --allow-downgrades nomad=1.7.7-1");
    lab.done("ssh nomad-server-3 sudo systemctl restart nomad");
    lab.pass(3_000);
    assert_eq!(lab.run("ssh nomad-server-3 systemctl is-active nomad").stdout, "failed\n");
    assert!(lab.done("ssh nomad-server-3 sudo journalctl -u nomad -n 3").contains("failed to start Raft"));
    // Emptied it is another server, and takes everything from the leader.
    lab.done("ssh nomad-server-3 sudo mv --no-target-directory /opt/nomad/data/server /opt/nomad/data/server-of-1.8.4");
    lab.done("ssh nomad-server-3 sudo systemctl start nomad");
    lab.until(10_000, |lab| lab.index("nomad-server-3") > 50_000);
}

#[test]
fn a_killed_process_is_started_again_by_systemd() {
    let mut lab = Lab::new();
    lab.done("ssh nomad-server-2 sudo pkill -KILL nomad");
    assert_eq!(lab.get("nomad-server-2", "/v1/agent/self").0, 0);
    let back = lab.until(5_000, |lab| lab.state("nomad-server-2") == "Follower");
    assert!(back >= 2_000, "{back}");
}

#[test]
fn a_client_that_is_back_in_time_keeps_its_work() {
    let mut lab = Lab::new();
    let running = |lab: &mut Lab| {
        let body = lab.get("nomad-server-1", "/v1/allocations").1;
        let mut ids: Vec<String> = body
            .as_array()
            .unwrap()
            .iter()
            .filter(|alloc| alloc["ClientStatus"] == "running")
            .map(|alloc| alloc["ID"].to_string())
            .collect();
        ids.sort();
        ids
    };
    let before = running(&mut lab);
    assert_eq!(before.len(), 16);
    lab.done("ssh nomad-client-2 sudo apt-get install -y nomad=1.8.4-1");
    lab.done("ssh nomad-client-2 sudo systemctl restart nomad");
    lab.until(5_000, |lab| lab.get("nomad-server-1", "/v1/nodes").1[1]["Version"] == "1.8.4");
    lab.pass(60_000);
    assert_eq!(running(&mut lab), before);
    lab.done("ssh nomad-client-2 sudo systemctl stop nomad");
    let down = lab.until(31_000, |lab| lab.get("nomad-server-1", "/v1/nodes").1[1]["Status"] == "down");
    assert!(down >= 10_000, "{down}");
    lab.pass(10_000);
    let after = running(&mut lab);
    assert_eq!(after.len(), 15, "all but its share of the system job is placed anew");
    assert_ne!(after, before);
    lab.done("ssh nomad-client-2 sudo systemctl start nomad");
    lab.until(10_000, |lab| running(lab).len() == 16);
}

#[test]
fn the_same_seed_and_the_same_commands_give_the_same_rehearsal() {
    let run = || {
        let mut lab = Lab::new();
        upgrade(&mut lab, "nomad-server-2");
        lab.pass(40_000);
        lab.done("ssh nomad-server-1 sudo systemctl stop nomad");
        lab.pass(90_000);
        let told = lab.done("ssh nomad-server-2 sudo journalctl -u nomad");
        (told, lab.leader(), lab.get("nomad-server-2", "/v1/allocations?stale").1, lab.system.nodes())
    };
    assert_eq!(run(), run());
}

#[test]
fn servers_that_are_built_anew_know_nothing_until_the_snapshot_is_back() {
    let mut lab = Lab::new();
    lab.done("nomad operator snapshot save -address=http://nomad-server-1:4646 before.snap");
    let servers = ["nomad-server-2", "nomad-server-3", "nomad-server-1"];
    for server in servers {
        upgrade(&mut lab, server);
        lab.until(30_000, is_whole);
    }
    for server in servers {
        lab.done(&format!("ssh {server} sudo systemctl stop nomad"));
        lab.done(&format!(
            "ssh {server} sudo mv --no-target-directory /opt/nomad/data/server /opt/nomad/data/server-of-1.8.4"
        ));
        lab.done(&format!("ssh {server} sudo apt-get install -y --allow-downgrades nomad=1.7.7-1"));
    }
    for server in &servers[..2] {
        lab.done(&format!("ssh {server} sudo systemctl start nomad"));
    }
    lab.pass(20_000);
    assert_eq!(lab.leader(), "", "bootstrap_expect is three");
    lab.done("ssh nomad-server-1 sudo systemctl start nomad");
    lab.until(10_000, |lab| !lab.leader().is_empty());
    assert_eq!(lab.get("nomad-server-2", "/v1/jobs").1, serde_json::json!([]));
    lab.until(20_000, |lab| lab.get("nomad-server-2", "/v1/nodes").1.as_array().map(Vec::len) == Some(4));
    assert_eq!(lab.get("nomad-server-2", "/v1/allocations").1, serde_json::json!([]), "what ran was ended");
    lab.done("nomad operator snapshot restore -address=http://nomad-server-1:4646 before.snap");
    lab.until(15_000, |lab| {
        let body = lab.get("nomad-server-2", "/v1/allocations").1;
        body.as_array().unwrap().iter().filter(|alloc| alloc["ClientStatus"] == "running").count() == 16
    });
    assert_eq!(lab.get("nomad-server-2", "/v1/jobs").1.as_array().map(Vec::len), Some(4));
}

#[test]
fn a_client_without_its_state_is_another_one_and_the_old_one_stays_down() {
    let mut lab = Lab::new();
    let id = lab.get("nomad-server-1", "/v1/nodes").1[0]["ID"].as_str().unwrap().to_owned();
    lab.done(&format!("nomad node drain -enable -yes -address=http://nomad-server-1:4646 {id}"));
    lab.done("ssh nomad-client-1 sudo systemctl stop nomad");
    lab.done("ssh nomad-client-1 sudo mv --no-target-directory /opt/nomad/data/client /opt/nomad/data/client-old");
    lab.done("ssh nomad-client-1 sudo systemctl start nomad");
    lab.pass(6_000);
    let nodes = lab.get("nomad-server-1", "/v1/nodes").1;
    let of_name: Vec<(&str, &str)> = nodes
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["Name"] == "nomad-client-1")
        .map(|node| (node["ID"].as_str().unwrap(), node["Status"].as_str().unwrap()))
        .collect();
    assert_eq!(of_name.len(), 2);
    assert!(of_name[0].0 != id && of_name[0].1 == "ready", "{of_name:?}");
    assert_eq!(of_name[1], (id.as_str(), "down"));
}
