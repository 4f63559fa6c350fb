use super::Lab;
use crate::practice::System;

#[test]
fn every_command_has_the_exit_status_and_words_of_the_real_one() {
    // command, exit status, part of standard output, part of standard error
    let table: &[(&str, i32, &str, &str)] = &[
        ("foo", 127, "", "bash: foo: command not found"),
        ("/opt/foo", 127, "", "bash: /opt/foo: No such file or directory"),
        ("ssh vault-1 foo", 127, "", "bash: foo: command not found"),
        ("ssh vault-9 true", 255, "", "ssh: Could not resolve hostname vault-9: Name or service not known"),
        ("ssh -o BatchMode=yes -t operator@vault-1 hostname", 0, "vault-1\n", ""),
        ("ssh", 255, "", "usage: ssh"),
        ("systemctl stop vault", 127, "", "systemctl: command not found"),
        ("sudo true", 1, "", "not in the sudoers file"),
        ("ssh vault-1 sudo foo", 1, "", "sudo: foo: command not found"),
        ("ssh vault-1 systemctl is-active vault", 0, "active\n", ""),
        ("ssh vault-4 systemctl is-active vault", 3, "inactive\n", ""),
        ("ssh vault-4 systemctl is-active --quiet vault", 3, "", ""),
        ("ssh vault-1 systemctl is-active nginx", 4, "inactive\n", ""),
        ("ssh vault-1 systemctl is-failed vault", 1, "active\n", ""),
        ("ssh vault-1 systemctl status vault", 0, "active (running)", ""),
        ("ssh vault-4 systemctl status vault.service", 3, "inactive (dead)", ""),
        ("ssh vault-1 systemctl status nginx", 4, "", "could not be found"),
        ("ssh vault-1 systemctl stop vault", 4, "", "Interactive authentication required"),
        ("ssh vault-1 sudo systemctl stop nginx", 5, "", "Unit nginx.service not loaded."),
        ("ssh vault-1 sudo systemctl start nginx", 5, "", "Unit nginx.service not found."),
        ("ssh vault-1 sudo systemctl dance vault", 1, "", "Unknown command verb"),
        ("ssh vault-1 sudo systemctl kill -s NONSENSE vault", 1, "", "Failed to parse signal string"),
        ("ssh vault-1 sudo systemctl kill -s HUP vault", 0, "", ""),
        ("ssh vault-4 sudo systemctl kill -s KILL vault", 0, "", ""),
        ("ssh vault-1 sudo systemctl start vault", 0, "", ""),
        ("ssh vault-4 sudo systemctl stop vault", 0, "", ""),
        ("ssh vault-1 vault version", 0, "Vault v1.16.2 (", ""),
        ("ssh vault-1 vault status", 0, "HA Mode                 active", ""),
        ("ssh vault-2 vault status", 0, "Active Node Address     http://vault-1:8200", ""),
        ("ssh vault-3 vault status", 2, "Unseal Progress    0/3", ""),
        ("ssh vault-4 vault status", 1, "", "connect: connection refused"),
        ("vault status", 1, "", "dial tcp 127.0.0.1:8200: connect: connection refused"),
        (
            "vault status -address=http://vault-2:8200 -format=json",
            0,
            "\"leader_address\": \"http://vault-1:8200\"",
            "",
        ),
        ("env VAULT_ADDR=http://vault-3:8200 vault status -format=json", 2, "\"sealed\": true", ""),
        ("vault operator unseal -address=http://vault-3:8200", 1, "", "file descriptor 0 is not a terminal"),
        ("vault operator unseal -address http://vault-3:8200 z!", 2, "", "Code: 400. Errors:\n\n* 'key' must be"),
        ("vault operator unseal -address=http://vault-4:8200 zz", 2, "", "connection refused"),
        ("vault operator raft list-peers -address=http://vault-2:8200", 0, "vault-1    vault-1:8201    leader", ""),
        ("vault operator raft list-peers -format=json -address=http://vault-2:8200", 0, "\"node_id\": \"vault-5\"", ""),
        ("vault operator raft list-peers -address=http://vault-3:8200", 2, "", "* Vault is sealed"),
        ("vault operator raft autopilot state -format=json -address=http://vault-1:8200", 0, "\"Healthy\": true", ""),
        ("vault operator members -address=http://vault-1:8200", 0, "Host Name", ""),
        ("vault version-history -address=http://vault-1:8200", 0, "1.16.2", ""),
        ("vault kv get -address=http://vault-2:8200 secret/canary", 0, "practice", ""),
        ("vault operator raft snapshot save -address=http://vault-1:8200 a.snap", 0, "", ""),
        ("vault operator raft snapshot save -address=http://vault-4:8200 b.snap", 2, "", "connection refused"),
        (
            "vault operator raft snapshot restore -address=http://vault-1:8200 none.snap",
            2,
            "",
            "no such file or directory",
        ),
        ("sha256sum a.snap", 0, "  a.snap\n", ""),
        ("sha256sum b.snap", 1, "", "sha256sum: b.snap: No such file or directory"),
        ("ls -l a.snap", 0, "-rw------- 1 operator operator 24580 Nov 21 02:4", ""),
        ("ls b.snap", 2, "", "ls: cannot access 'b.snap'"),
        ("vault nonsense", 127, "", "Usage: vault"),
        ("ssh vault-1 apt-get install -y vault=1.17.3-1", 100, "", "are you root?"),
        ("ssh vault-1 sudo apt-get install vault=1.17.3-1", 1, "Do you want to continue? [Y/n] Abort.", ""),
        (
            "ssh vault-1 sudo apt-get install -y vault=9.9.9-1",
            100,
            "",
            "E: Version '9.9.9-1' for 'vault' was not found",
        ),
        ("ssh vault-1 sudo apt-get install -y nginx", 100, "", "E: Unable to locate package nginx"),
        ("ssh vault-1 sudo apt-get install -y vault=1.16.2-1", 0, "already the newest version", ""),
        ("ssh vault-4 sudo apt-get install -y vault=1.17.3-1", 0, "Unpacking vault (1.17.3-1) over (1.16.2-1)", ""),
        ("ssh vault-4 sudo apt-get install -y vault=1.16.2-1", 100, "", "--allow-downgrades"),
        ("ssh vault-4 getcap /usr/bin/vault", 0, "", ""),
        ("ssh vault-4 setcap -v cap_ipc_lock=+ep /usr/bin/vault", 1, "differs in [pe]", ""),
        ("ssh vault-4 setcap cap_ipc_lock=+ep /usr/bin/vault", 1, "", "Operation not permitted"),
        ("ssh vault-4 sudo setcap cap_ipc_lock=+ep /nowhere", 1, "", "No such file or directory"),
        ("ssh vault-4 sudo setcap cap_ipc_lock=+ep /usr/bin/vault", 0, "", ""),
        ("ssh vault-4 getcap /usr/bin/vault", 0, "/usr/bin/vault cap_ipc_lock=ep\n", ""),
        ("ssh vault-1 readlink -f /usr/bin/vault", 0, "/usr/bin/vault\n", ""),
        ("ssh vault-1 ps aux", 0, "/usr/bin/vault server", ""),
        ("ssh vault-1 journalctl -u vault", 1, "", "insufficient permissions"),
        ("ssh vault-3 sudo journalctl -u vault -n 20", 0, "core: vault is sealed", ""),
        ("ssh vault-4 pidof vault", 1, "", ""),
        ("ssh vault-1 kill -TERM 1", 1, "", "No such process"),
        ("unseal-vault vault-9", 1, "", "no such node"),
        ("unseal-vault vault-4", 2, "", "connection refused"),
        ("restore-vault vault-1 a.snap", 1, "", "stop it first"),
        ("restore-vault vault-4 none.snap", 1, "", "no such snapshot"),
    ];
    let mut lab = Lab::new(5);
    lab.run("ssh vault-3 sudo systemctl restart vault");
    lab.run("ssh vault-4 sudo systemctl stop vault");
    for &(line, exit, stdout, stderr) in table {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(result.stdout.contains(stdout), "{line}: {result:?}");
        assert!(result.stderr.contains(stderr), "{line}: {result:?}");
        assert!(!stdout.is_empty() || result.stdout.is_empty() || exit == 0, "{line}: {result:?}");
    }
}

#[test]
fn a_line_over_ssh_goes_through_a_shell() {
    let mut lab = Lab::new(3);
    for (line, exit, stdout) in [
        ("hostname && whoami", 0, "vault-2\noperator\n"),
        ("false && hostname", 1, ""),
        ("false || echo no; echo 'a  b' \"c\"", 0, "no\na  b c\n"),
        ("echo $(readlink -f $(which vault))", 0, "/usr/bin/vault\n"),
        ("sudo bash -c 'whoami; echo two words'", 0, "root\ntwo words\n"),
        ("echo a\\ b", 0, "a b\n"),
        ("", 0, ""),
        ("ps aux | grep [v]ault | awk '{print $11}'", 0, "/usr/bin/vault\n"),
        ("ps aux | grep [n]othing", 1, ""),
        ("echo x > /etc/file", 1, ""),
        ("echo x > /dev/null", 0, ""),
        ("sleep 9 & hostname", 2, ""),
    ] {
        let result = lab.run_words(&["ssh".into(), "vault-2".into(), line.into()]);
        assert_eq!((result.exit, result.stdout.as_str()), (exit, stdout), "{line}: {result:?}");
    }
}

#[test]
fn a_process_can_be_ended_by_its_number() {
    let mut lab = Lab::new(3);
    let pid = lab.run("ssh vault-2 pidof vault").stdout.trim().to_owned();
    assert_eq!(lab.run(&format!("ssh vault-2 kill {pid}")).exit, 1, "not as this user");
    assert_eq!(lab.run(&format!("ssh vault-2 sudo kill -INT {pid}")).exit, 0);
    assert_eq!(lab.health("vault-2"), 0);
    lab.pass(3_100);
    assert_eq!(lab.run("ssh vault-2 systemctl is-active vault").stdout, "inactive\n");
}

#[test]
fn the_site_script_prints_a_table_for_each_share() {
    let mut lab = Lab::new(3);
    lab.run("ssh vault-2 sudo systemctl restart vault");
    let result = lab.run("unseal-vault http://vault-2:8200");
    assert_eq!((result.exit, result.takes_ms), (0, 3_000), "{result:?}");
    assert_eq!(result.stdout.matches("Seal Type").count(), 3);
    assert!(result.stdout.contains("Unseal Progress    2/3"), "{}", result.stdout);
    for share in lab.system.shares() {
        assert!(!result.stdout.contains(&share), "a share is never printed");
    }
}

#[test]
fn a_share_of_another_kind_spoils_the_scripts_round() {
    let mut lab = Lab::new(3);
    lab.run("ssh vault-2 sudo systemctl restart vault");
    lab.run(&format!("vault operator unseal -address=http://vault-2:8200 {}", "cd".repeat(33)));
    let result = lab.run("unseal-vault vault-2");
    assert_eq!(result.exit, 2);
    assert!(result.stderr.contains("message authentication failed"), "{result:?}");
    assert_eq!(lab.run("unseal-vault vault-2").exit, 0, "from the start again");
}

#[test]
fn the_bindings_name_every_node_with_its_address() {
    let lab = Lab::new(2);
    let inputs = lab.system.inputs(&|node| format!("http://127.0.0.1/{node}"));
    assert_eq!(
        inputs["nodes"],
        serde_json::json!([
            { "name": "vault-1", "api": "http://127.0.0.1/vault-1", "ssh": "vault-1" },
            { "name": "vault-2", "api": "http://127.0.0.1/vault-2", "ssh": "vault-2" },
        ])
    );
    assert_eq!((&inputs["from"], &inputs["target"]), (&"1.16.2".into(), &"1.17.3".into()));
}

#[test]
fn the_same_seed_and_the_same_commands_give_the_same_rehearsal() {
    let run = || {
        let mut lab = Lab::new(3);
        lab.upgrade("vault-2");
        lab.run("ssh vault-1 sudo systemctl kill -s KILL vault");
        lab.pass(40_000);
        let journal = lab.run("ssh vault-2 sudo journalctl -u vault").stdout;
        (lab.all(), journal, lab.run("ssh vault-2 vault status").stdout)
    };
    assert_eq!(run(), run());
}

/// A node is a machine with files and a client: what it serves itself and what its peers serve can be asked from there.
#[test]
fn a_node_asks_itself_and_its_peers() {
    let mut lab = Lab::new(5);
    lab.run("ssh vault-3 sudo systemctl restart vault");
    lab.run("ssh vault-4 sudo systemctl stop vault");
    lab.system.place("vault-1", "http://127.0.0.1:40001");
    lab.system.place("vault-2", "http://127.0.0.1:40002");
    let refused = "curl: (7) Failed to connect to 127.0.0.1 port 8200 after 0 ms: Couldn't connect to server\n";
    let table: &[(&str, i32, &str, &str)] = &[
        ("ssh vault-1 curl -s http://127.0.0.1:8200/v1/sys/health", 0, "\"standby\":false", ""),
        ("ssh vault-1 curl -s http://localhost:8200/v1/sys/he%61lth", 0, "\"standby\":false", ""),
        ("ssh vault-1 curl -s http://127.0.0.1:40002/v1/sys/health", 0, "\"standby\":true", ""),
        ("ssh vault-1 curl -s http://vault-2:8200/v1/sys/health", 0, "\"standby\":true", ""),
        ("ssh vault-1 curl -s $VAULT_ADDR/v1/sys/health", 0, "\"standby\":false", ""),
        ("curl -s http://vault-3:8200/v1/sys/leader", 0, "Vault is sealed", ""),
        ("curl -fsS http://vault-3:8200/v1/sys/leader", 22, "", "returned error: 503"),
        ("ssh vault-2 curl -so /dev/null -w '%{http_code}\\n' http://127.0.0.1:8200/v1/sys/health", 0, "429\n", ""),
        ("ssh vault-2 curl -sI http://127.0.0.1:8200/v1/sys/health", 0, "HTTP/1.1 429\r\n", ""),
        ("ssh vault-2 curl -s http://127.0.0.1:8200/v1/sys//health", 0, "Moved Permanently", ""),
        ("ssh vault-2 curl -sL http://127.0.0.1:8200/v1/sys//health", 0, "\"standby\":true", ""),
        ("ssh vault-3 curl -sX PUT -d '{\"key\":\"\"}' http://127.0.0.1:8200/v1/sys/unseal", 0, "'key' must be", ""),
        ("ssh vault-4 curl http://127.0.0.1:8200/v1/sys/health", 7, "", refused),
        ("ssh vault-1 curl http://vault-1:8201/", 7, "", "Failed to connect to vault-1 port 8201"),
        ("ssh vault-1 curl http://elsewhere/", 6, "", "curl: (6) Could not resolve host: elsewhere"),
        ("curl http://127.0.0.1:8200/v1/sys/health", 7, "", refused),
        ("ssh vault-1 wget -qO- http://127.0.0.1:8200/v1/sys/health", 0, "\"standby\":false", ""),
        ("ssh vault-1 wget http://vault-3:8200/v1/sys/health", 8, "", "ERROR 503"),
        ("ssh vault-1 wget http://vault-4:8200/v1/sys/health", 4, "", "failed: Connection refused."),
        ("ssh vault-1 cat /etc/vault.d/vault.hcl", 1, "", "cat: /etc/vault.d/vault.hcl: Permission denied"),
        ("ssh vault-1 sudo tail -n 20 /etc/vault.d/vault.hcl", 0, "storage \"raft\"", ""),
        ("ssh vault-1 cat /nowhere", 1, "", "cat: /nowhere: No such file or directory"),
        ("ssh vault-1 df -h", 0, "Use% Mounted on", ""),
        ("ssh vault-1 sudo setcap -r /usr/bin/vault", 0, "", ""),
        ("ssh vault-1 getcap /usr/bin/vault", 0, "", ""),
        ("ssh vault-1 sudo setcap -r /usr/bin/vault", 1, "", "No data available"),
        ("ssh vault-1 sudo setcap -r /nowhere", 1, "", "No such file or directory"),
    ];
    for &(line, exit, stdout, stderr) in table {
        let words: Vec<String> = ["bash", "-c", line].map(str::to_owned).into();
        let line_of = line.strip_prefix("ssh ").and_then(|rest| rest.split_once(' '));
        let words = match line_of {
            Some((host, line)) => ["ssh", host, line].map(str::to_owned).into(),
            None => words,
        };
        let result = lab.run_words(&words);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(result.stdout.contains(stdout), "{line}: {result:?}");
        assert!(result.stderr.contains(stderr), "{line}: {result:?}");
    }
}

/// Whoever asks what a command does has not told it to do it.
#[test]
fn help_does_nothing_else() {
    let mut lab = Lab::new(3);
    for line in [
        "ssh vault-1 vault operator step-down -h",
        "ssh vault-1 vault operator seal -help",
        "ssh vault-1 vault operator seal --help",
        "ssh vault-1 vault -h",
        "ssh vault-1 sudo systemctl stop vault --help",
        "ssh vault-1 sudo apt-get install -s vault=1.17.3-1",
    ] {
        assert_eq!(lab.run(line).exit, 0, "{line}");
    }
    assert_eq!(lab.all(), [200, 429, 429]);
    assert!(lab.run("ssh vault-1 vault version").stdout.starts_with("Vault v1.16.2"));
    assert_eq!(lab.run("ssh vault-1 vault").exit, 127);
}

/// Whoever lays hands on the binary has done so: what is gone does not start, and what was put there has no capabilities.
#[test]
fn the_binary_is_a_file_like_others() {
    let mut lab = Lab::new(3);
    for (line, exit) in [
        ("ssh vault-3 sudo systemctl stop vault", 0),
        ("ssh vault-3 sudo mv /usr/bin/vault /usr/bin/vault_old", 0),
        ("ssh vault-3 sudo systemctl start vault", 1),
        ("ssh vault-3 vault version", 127),
        ("ssh vault-3 sudo apt-get install -y vault=1.17.3-1", 0),
        ("ssh vault-3 sudo setcap cap_ipc_lock=+ep /usr/bin/vault", 0),
        ("ssh vault-3 sudo mv /usr/bin/vault_old /usr/bin/vault", 0),
        ("ssh vault-3 getcap /usr/bin/vault", 0),
        ("ssh vault-3 sudo systemctl start vault", 1),
    ] {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(!result.stdout.contains("cap_ipc_lock"), "{line}: {result:?}");
    }
    assert!(lab.run("ssh vault-3 vault version").stdout.starts_with("Vault v1.16.2"));
}
