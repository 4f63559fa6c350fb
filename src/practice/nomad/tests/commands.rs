use super::Lab;
use crate::practice::System;
use crate::practice::nomad::Options;

#[test]
fn every_command_has_the_exit_status_and_words_of_the_real_one() {
    // command, exit status, part of standard output, part of standard error
    let table: &[(&str, i32, &str, &str)] = &[
        ("foo", 127, "", "bash: foo: command not found"),
        ("nomad", 127, "", "Usage: nomad"),
        ("nomad dance", 127, "", "Usage: nomad"),
        ("nomad node", 1, "", "Usage: nomad node <subcommand> [options] [args]"),
        ("nomad operator raft -help", 0, "    list-peers\n", ""),
        ("nomad -help", 0, "Usage: nomad", ""),
        ("nomad node drain -help", 0, "Usage: nomad node drain [options] <node>\n", ""),
        ("nomad version", 0, "Nomad v1.7.7\n", ""),
        ("./nomad version", 0, "Nomad v1.8.4\n", ""),
        ("ssh nomad-server-1 /usr/bin/nomad version", 0, "Nomad v1.7.7\n", ""),
        ("nomad server members", 1, "", "dial tcp 127.0.0.1:4646: connect: connection refused"),
        (
            "ssh nomad-server-1 nomad server members",
            0,
            "Name                   Address   Port  Status  Leader  Raft Version  Build  Datacenter  Region\n",
            "",
        ),
        (
            "ssh nomad-server-1 nomad server members",
            0,
            "nomad-server-1.global  10.0.0.1  4648  alive   true    3             1.7.7  dc1         global\n",
            "",
        ),
        ("nomad server members -json -address=http://nomad-server-2:4646", 0, "\"Leader\": \"true\"", ""),
        (
            "nomad server-members -address=http://nomad-server-2:4646",
            0,
            "alive",
            "WARNING! The \"nomad server-members\" command is deprecated",
        ),
        ("ssh nomad-server-1 curl -s http://127.0.0.1:4646/v1/status/leader", 0, "\"10.0.0.", ""),
        ("ssh nomad-server-1 curl -s http://nomad-server-2:4646/v1/agent/health", 0, "\"ok\":true", ""),
        ("ssh nomad-server-1 curl -s http://10.0.0.2:4646/v1//agent/health", 0, "Moved Permanently", ""),
        ("ssh nomad-server-1 curl http://127.0.0.1:4647/", 7, "", "Failed to connect to 127.0.0.1 port 4647"),
        ("ssh nomad-server-1 curl http://elsewhere/", 6, "", "Could not resolve host: elsewhere"),
        ("nomad server members -nonsense", 1, "", "flag provided but not defined: -nonsense"),
        (
            "nomad server force-leave -address=http://nomad-server-2:4646",
            1,
            "",
            "This command takes one argument: <node>",
        ),
        ("nomad server force-leave -address=http://nomad-server-2:4646 nobody", 0, "", ""),
        (
            "nomad node status -address=http://nomad-server-2:4646",
            0,
            "Node Pool  DC   Name            Class   Drain  Eligibility  Status\n",
            "",
        ),
        ("nomad node status -verbose -address=http://nomad-server-2:4646", 0, "10.0.1.1  1.7.7", ""),
        ("nomad node status -allocs -address=http://nomad-server-2:4646", 0, "Running Allocs\n", ""),
        (
            "nomad node status -json -address=http://nomad-server-2:4646",
            0,
            "\"SchedulingEligibility\": \"eligible\"",
            "",
        ),
        (
            "nomad node status -address=http://nomad-server-2:4646 zz",
            1,
            "",
            "No node(s) with prefix or id \"zz\" found",
        ),
        (
            "nomad node status -address=http://nomad-server-2:4646 z",
            1,
            "",
            "Identifier must contain at least two characters.",
        ),
        ("ssh nomad-client-1 nomad node status -self", 0, "Name            = nomad-client-1\n", ""),
        (
            "nomad node drain -address=http://nomad-server-2:4646 abc",
            1,
            "",
            "Either the '-enable' or '-disable' flag must be set",
        ),
        ("nomad node drain -enable -address=http://nomad-server-2:4646", 1, "", "Node ID must be specified"),
        (
            "nomad node eligibility -address=http://nomad-server-2:4646 abc",
            1,
            "",
            "Either the '-enable' or '-disable' flag must be set",
        ),
        ("ssh nomad-server-2 nomad agent-info", 0, "  last_log_index = ", ""),
        ("nomad agent-info -json -address=http://nomad-server-1:4646", 0, "\"last_log_index\": \"", ""),
        ("ssh nomad-server-2 nomad operator raft list-peers", 0, "RaftProtocol\nnomad-server-1.global  ", ""),
        ("ssh nomad-server-2 nomad operator raft remove-peer", 1, "", "an address or id is required"),
        (
            "ssh nomad-server-2 nomad operator raft remove-peer -peer-id=no",
            1,
            "",
            "was not found in the Raft configuration",
        ),
        ("ssh nomad-server-2 nomad operator autopilot health", 0, "Healthy          = true\n", ""),
        ("ssh nomad-server-2 nomad operator autopilot get-config", 0, "ServerStabilizationTime = 10s\n", ""),
        (
            "nomad operator snapshot save -address=http://nomad-server-2:4646 a.snap",
            0,
            "State file written to a.snap\n",
            "",
        ),
        ("nomad operator snapshot inspect a.snap", 0, "Index   = 5", ""),
        ("nomad operator snapshot inspect b.snap", 1, "", "open b.snap: no such file or directory"),
        ("sha256sum a.snap", 0, "  a.snap\n", ""),
        ("nomad operator snapshot restore -address=http://nomad-server-2:4646 a.snap", 0, "Snapshot Restored\n", ""),
        ("ssh nomad-server-2 nomad status", 0, "web    service  50        running", ""),
        ("ssh nomad-server-2 nomad job status web", 0, "Task Group  Queued  Starting  Running", ""),
        ("ssh nomad-server-2 nomad job status none", 1, "", "No job(s) with prefix or ID \"none\" found"),
        ("ssh nomad-server-2 nomad eval list -status=blocked", 0, "No evals found\n", ""),
        ("ssh nomad-server-2 nomad eval list -namespace=* -status=blocked -json", 0, "[]\n", ""),
        ("ssh nomad-server-2 nomad license get", 1, "", "501 (Nomad Enterprise only endpoint)"),
        ("ssh nomad-server-1 systemctl is-active nomad", 0, "active\n", ""),
        ("ssh nomad-server-1 systemctl status nomad", 0, "active (running)", ""),
        ("ssh nomad-server-1 systemctl show nomad --property=KillSignal --value", 0, "2\n", ""),
        ("ssh nomad-server-1 systemctl restart nomad", 4, "", "Interactive authentication required"),
        ("ssh nomad-server-4 systemctl is-active nomad", 4, "inactive\n", ""),
        ("ssh nomad-server-4 sudo systemctl start nomad", 5, "", "Unit nomad.service not found."),
        ("ssh nomad-server-4 nomad version", 127, "", "bash: nomad: command not found"),
        ("ssh nomad-server-1 pgrep -a nomad", 0, "/usr/bin/nomad agent -config /etc/nomad.d\n", ""),
        ("ssh nomad-server-1 ps aux", 0, "/usr/bin/nomad agent", ""),
        ("ssh nomad-server-1 journalctl -u nomad", 1, "", "insufficient permissions"),
        ("ssh nomad-server-1 cat /etc/nomad.d/nomad.hcl", 0, "leave_on_terminate = false\n", ""),
        ("ssh nomad-server-1 apt-get install -y nomad=1.8.4-1", 100, "", "are you root?"),
        ("ssh nomad-server-1 sudo apt-get install nomad=1.8.4-1", 1, "Do you want to continue? [Y/n] Abort.", ""),
        (
            "ssh nomad-server-1 sudo apt-get install -y nomad=9.9.9-1",
            100,
            "",
            "E: Version '9.9.9-1' for 'nomad' was not found",
        ),
        ("ssh nomad-server-1 sudo apt-get install -y nginx", 100, "", "E: Unable to locate package nginx"),
        (
            "ssh nomad-server-1 sudo apt-get install -y nomad=1.8.4-1",
            0,
            "Unpacking nomad (1.8.4-1) over (1.7.7-1) ...",
            "",
        ),
        ("ssh nomad-server-1 sudo apt-get install -y nomad=1.7.7-1", 100, "", "--allow-downgrades"),
        ("ssh nomad-server-1 nomad version", 0, "Nomad v1.8.4\n", ""),
        ("ssh nomad-server-1 nomad server members", 0, "1.7.7", ""),
        (
            "ssh nomad-server-1 sudo mv --no-target-directory /opt/nomad/data/server /opt/nomad/data/server-old",
            0,
            "",
            "",
        ),
        ("ssh nomad-server-9 true", 255, "", "Could not resolve hostname nomad-server-9"),
    ];
    let mut lab = Lab::with(Options { spare: 1, ..Options::default() });
    lab.assert_commands(table);
}

#[test]
fn the_enterprise_binary_judges_the_license_and_the_servers_tell_it() {
    let mut lab = Lab::with(Options { target: "1.7.7+ent".into(), ..Options::default() });
    assert!(lab.done("./nomad license inspect license.hclic").contains("License Status = valid"));
    assert_eq!(lab.run("nomad license inspect license.hclic").exit, 127, "not a command of the other edition");
    assert_eq!(lab.run("./nomad license inspect nomad").exit, 1);
    let sums = ["sha256sum license.hclic", "ssh nomad-server-2 sudo sha256sum /etc/nomad.d/license.hclic"];
    let [here, there] = sums.map(|line| lab.done(line)[..64].to_owned());
    assert_eq!(here, there);
    let told = lab.done("ssh nomad-server-2 sudo apt-get install -y nomad-enterprise=1.7.7+ent-1");
    assert!(told.contains("The following packages will be REMOVED:\n  nomad\n"), "{told}");
    assert_eq!(
        lab.run("ssh nomad-server-2 systemctl is-active nomad").stdout,
        "failed\n",
        "taken out with the package"
    );
    assert_eq!(lab.run("ssh nomad-server-2 systemctl is-enabled nomad").stdout, "disabled\n");
    lab.done("ssh nomad-server-2 sudo systemctl restart nomad");
    lab.pass(4_000);
    assert!(lab.done("nomad license get -address=http://nomad-server-2:4646").contains("License Status = valid"));
}

#[test]
fn a_drain_is_watched_to_its_end() {
    let mut lab = Lab::new();
    let id = lab.get("nomad-server-1", "/v1/nodes").1[1]["ID"].as_str().unwrap().to_owned();
    let told =
        lab.done(&format!("nomad node drain -enable -yes -deadline=1h -address=http://nomad-server-1:4646 {id}"));
    assert!(told.contains("Ctrl-C to stop monitoring: will not cancel the node drain"), "{told}");
    assert!(told.contains("status running -> complete"), "{told}");
    assert!(told.ends_with(&format!("All allocations on node \"{id}\" have stopped\n")), "{told}");
    let node = lab.get("nomad-server-1", &format!("/v1/node/{id}")).1;
    assert_eq!((&node["Drain"], &node["SchedulingEligibility"]), (&false.into(), &"ineligible".into()));
    assert_eq!(node["LastDrain"]["Status"], "complete");
    let told = lab.done(&format!("nomad node eligibility -enable -address=http://nomad-server-1:4646 {id}"));
    assert_eq!(told, format!("Node \"{id}\" scheduling eligibility set: eligible for scheduling\n"));
}

#[test]
fn the_bindings_name_every_host_with_its_address() {
    let lab = Lab::with(Options { servers: 1, spare: 1, clients: 1, ..Options::default() });
    let inputs = lab.system.inputs(&|node| format!("http://127.0.0.1/{node}"));
    let named = |number| {
        let name = format!("nomad-server-{number}");
        serde_json::json!([{ "name": name, "api": format!("http://127.0.0.1/{name}"), "ssh": name }])
    };
    assert_eq!((&inputs["servers"], &inputs["old"], &inputs["new"]), (&named(1), &named(1), &named(2)));
    assert_eq!(inputs["nodes"][0]["id"].as_str().map(str::len), Some(36));
}
