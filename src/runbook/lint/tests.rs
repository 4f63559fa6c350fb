//! What is told, and above all what is not.

use crate::runbook::lint::check;
use crate::runbook::lint::command::Command;
use crate::runbook::lint::wording::{order, second_action};

#[test]
fn two_actions_in_a_title_are_told_only_when_they_are_two() {
    for (title, second) in [
        ("Stop the server and start the new one", Some("start")),
        ("Stop {{ .node.name }} and start {{ .node.name }}", Some("start")),
        ("Drain and restart {{ .node.name }}", Some("restart")),
        ("Stop the server; start it again", Some("start")),
        ("Stop the server, then remove the package", Some("remove")),
        ("Upgrade the package and verify", Some("verify")),
        ("Check the peers then remove the old one", Some("remove")),
        ("Stop, upgrade and start the server", Some("start")),
        ("Stop the server", None),
        ("Check data and binary", None),
        ("Restore data and binary on every node", None),
        ("Record start and stop", None),
        ("Check start and stop times", None),
        ("Test backup and restore", None),
        ("See the leader leave and take its place", None),
        ("Write and read a value", None),
        ("Back up the keys and certificates", None),
        ("Compare {{ \"a and stop the b\" }} with it", None),
        ("Put data and binary back", None),
        ("Wait until the drain ends", None),
        ("The old and the new one", None),
    ] {
        assert_eq!(second_action(title).map(|at| &title[at]), second, "{title}");
    }
}

#[test]
fn a_caution_that_orders_is_told_apart_from_one_that_warns() {
    for (caution, verb) in [
        ("Drain the node before.", Some("Drain")),
        ("The port closes. Then stop {{ .node.name }}.", Some("stop")),
        ("Back up the data first.", Some("Back")),
        ("Make sure that nobody writes.", Some("Make")),
        ("Type:\n```\nrm -r x\n```", Some("```")),
        ("Data may be lost; stop all writers.", Some("stop")),
        ("Do not stop the server.", None),
        ("Never start the old one.", None),
        ("Stop takes a minute.", None),
        ("Restart is slow. Upgrades are final.", None),
        ("`step-down` has no place here: it leaves the old version running.", None),
        ("SIGINT and SIGTERM end the server properly; any other signal tears it down.", None),
        ("Everything written since the backup is lost.", None),
        ("The old version started once more here would be an heir.", None),
        ("Take care with the key shares.", None),
    ] {
        assert_eq!(order(caution).map(|at| &caution[at]), verb, "{caution}");
    }
}

fn command(words: &[&str]) -> Command {
    Command::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

#[test]
fn what_destroys_is_found_behind_what_carries_it() {
    for (words, told) in [
        (&["rm", "-rf", "/var/lib/x"][..], Some("rm -r")),
        (&["ssh", "-p", "22", "_______", "sudo", "-u", "root", "rm", "-r", "/x"], Some("rm -r")),
        (&["sh", "-c", "cd /x && rm -rf y"], Some("rm -r")),
        (&["ssh", "a", "sh", "-c", "'cd /x; kill -9 3'"], Some("kill -9")),
        (&["vault", "operator", "raft", "remove-peer", "a"], Some("vault remove-peer")),
        (&["cockroach", "node", "decommission", "4"], Some("cockroach decommission")),
        (&["nomad", "job", "stop", "-purge", "web"], Some("nomad -purge")),
        (&["dd", "if=/dev/zero", "of=/dev/sda"], Some("dd of=")),
        (&["/sbin/mkfs.ext4", "/dev/sdb"], Some("mkfs.ext4")),
        (&["cockroach", "sql", "-e", "SELECT 1; drop table a"], Some("cockroach DROP")),
        (&["ipfs-cluster-service", "state", "cleanup", "-f"], Some("ipfs-cluster-service state cleanup")),
        (&["rm", "-f", "/tmp/lock"], None),
        (&["kill", "-TERM", "3"], None),
        (&["dd", "if=/dev/zero"], None),
        (&["cockroach", "node", "status", "--decommission"], None),
        (&["cockroach", "node", "decommission", "4", "--dry-run"], None),
        (&["grep", "delete", "/var/log/x"], None),
        (&["cat", "/etc/drop"], None),
        (&["nomad", "node", "drain", "-enable", "-yes", "a"], None),
        (&["cockroach", "sql", "-e", "SELECT 'drop table'"], None),
        (&["systemctl", "stop", "vault"], None),
    ] {
        assert_eq!(command(words).destroys().as_deref(), told, "{words:?}");
    }
}

#[test]
fn what_asks_a_question_is_found() {
    for (words, told) in [
        (&["apt-get", "install", "vault"][..], Some("apt-get install")),
        (&["ssh", "a", "sudo", "DEBIAN_FRONTEND=noninteractive", "apt", "upgrade"], Some("apt upgrade")),
        (&["dnf", "update", "gitlab-ee"], Some("dnf update")),
        (&["rm", "-i", "x"], Some("rm -i")),
        (&["vault", "operator", "unseal"], Some("vault operator unseal")),
        (&["gitlab-backup", "restore", "BACKUP=1"], Some("gitlab-backup restore")),
        (&["apt-get", "update"], None),
        (&["apt-get", "-y", "install", "vault"], None),
        (&["apt-get", "install", "-qq", "vault"], None),
        (&["apt-get", "install", "--allow-downgrades", "-y", "vault"], None),
        (&["apt-get", "install", "--download-only", "vault"], None),
        (&["gitlab-backup", "restore", "BACKUP=1", "force=yes"], None),
        (&["vault", "operator", "unseal", "-migrate", "key"], None),
        (&["ssh", "a", "sudo", "GITLAB_ASSUME_YES=1", "gitlab-backup", "restore"], None),
        (&["env", "GITLAB_ASSUME_YES=1", "gitlab-backup", "restore"], None),
        (&["gitlab-ctl", "restart"], None),
    ] {
        assert_eq!(command(words).asks().map(|(what, _)| what).as_deref(), told, "{words:?}");
    }
}

#[test]
fn lines_that_cannot_fail_are_found() {
    for (words, itself, hides) in [
        (&["sh", "-c", "ps aux | grep vault"][..], true, false),
        (&["ssh", "a", "ps -ef | grep vault | wc -l"], true, false),
        (&["sh", "-c", "ps aux | grep '[v]ault'"], false, false),
        (&["sh", "-c", "ps aux | grep vault | grep -v grep"], false, false),
        (&["pgrep", "-x", "vault"], false, false),
        (&["sh", "-c", "vault status || true"], false, true),
        (&["sh", "-c", "vault status; exit 0"], false, true),
        (&["ssh", "a", "vault", "status", "||", "true"], false, true),
        (&["sh", "-c", "vault status >/dev/null 2>&1 || :"], false, true),
        (&["sh", "-c", "echo '|| true'"], false, false),
        (&["sh", "-c", "a || true && b"], false, false),
        (&["true"], false, false),
    ] {
        let command = command(words);
        assert_eq!((command.finds_itself(), command.hides_failure()), (itself, hides), "{words:?}");
    }
}

#[test]
fn signals_by_name_and_archives_on_the_screen_are_found() {
    for (words, by_name, is_printed) in [
        (&["pkill", "cockroach"][..], Some("pkill"), false),
        (&["ssh", "a", "sudo", "killall", "-TERM", "vault"], Some("killall"), false),
        (&["pkill", "-F", "/run/vault.pid"], None, false),
        (&["pgrep", "-x", "cockroach"], None, false),
        (&["curl", "https://a/b.tgz"], None, true),
        (&["ssh", "a", "curl", "-fsSL", "https://a/b-v_____.tar.gz"], None, true),
        (&["curl", "-O", "https://a/b.tgz"], None, false),
        (&["curl", "-fsSLo", "b.tgz", "https://a/b.tgz"], None, false),
        (&["curl", "--remote-name-all", "https://a/b.tgz"], None, false),
        (&["curl", "-sI", "https://a/b.tgz"], None, false),
        (&["ssh", "a", "curl https://a/b.tgz > b.tgz"], None, false),
        (&["ssh", "a", "curl https://a/b.tgz | tar -xz"], None, false),
        (&["ssh", "a", "sudo curl https://a/b.tgz | tar -xz"], None, false),
        (&["curl", "https://a/health"], None, false),
        (&["echo", "curl", "https://a/b.tgz"], None, false),
    ] {
        let command = command(words);
        assert_eq!((command.ends_all_of_a_name(), command.prints_archive()), (by_name, is_printed), "{words:?}");
    }
}

/// The codes that a runbook with these steps gives, each with the text it points at.
fn told(top: &str, steps: &str) -> Vec<(&'static str, String)> {
    let text = format!(
        "format = 1\nid = \"a\"\ntitle = \"A\"\nsystem = \"a\"\n{top}\n[[phase]]\nid = \"p\"\ntitle = \"P\"\n{steps}\n"
    );
    let (book, findings) = crate::runbook::parse(&text);
    let book = book.unwrap_or_else(|| panic!("{findings:?}"));
    check(&book).into_iter().map(|found| (found.code, text[found.span].to_owned())).collect()
}

const WELL: &str = "expect = \".exit == 0\"";

fn step(rest: &str) -> String {
    format!("[[phase.step]]\nid = \"s\"\ntitle = \"Look\"\n{rest}\n")
}

#[test]
fn findings_point_at_what_they_are_about() {
    let waived = "rollback = []";
    let stop = "[inputs.stop]\ntype = \"command\"\nprompt = \"P\"\n";
    let with = |default: &str| format!("{waived}\n{stop}default = {default}");
    for (top, steps, expected) in [
        (waived.to_owned(), step("run = [\"a\"]"), vec![("no-expect", "[\"a\"]")]),
        (String::new(), step(&format!("run = [\"a\"]\n{WELL}")), vec![("no-way-back", "[\"a\"]")]),
        (waived.to_owned(), step(&format!("run = [\"a\"]\n{WELL}")), vec![]),
        (String::new(), step("confirm = \"?\""), vec![]),
        (
            waived.to_owned(),
            step("confirm = \"?\"\nnote = \"For {{ .run.elapsed }} s.\""),
            vec![("caution-moves", ".elapsed")],
        ),
        (waived.to_owned(), step("confirm = \"?\"\nnote = \"In {{ .run.id }}.\""), vec![]),
        (waived.to_owned(), step("confirm = \"?\"\nwarning = \"No.\\tStop the x.\""), vec![("caution-acts", "Stop")]),
        (waived.to_owned(), step("check = \"1 < 2\""), vec![("never-fails", "\"1 < 2\"")]),
        (
            waived.to_owned(),
            step("run = [\"a\"]\nexpect = { holds = \".exit != null\" }"),
            vec![("never-fails", "\".exit != null\"")],
        ),
        (waived.to_owned(), step("run = [\"a\"]\nexpect = \".exit == 3 or .exit == 0\""), vec![]),
        (
            with("[\"rm\", \"-rf\", \"x\"]"),
            step(&format!("run = \"stop\"\n{WELL}")),
            vec![("not-critical", "\"stop\"")],
        ),
        (with("[\"rm\", \"-rf\", \"x\"]"), step(&format!("run = \"stop\"\ncritical = true\n{WELL}")), vec![]),
        (
            with("[\"apt\", \"install\"]"),
            step(&format!("run = \"stop\"\n{WELL}")),
            vec![("would-prompt", "\"apt\", \"install\"")],
        ),
        (
            waived.to_owned(),
            step(&format!("run = [\"sh\", \"-c\", \"a || true\"]\n{WELL}")),
            vec![("shell-line", "\"sh\", \"-c\", \"a || true\""), ("never-fails", "[\"sh\", \"-c\", \"a || true\"]")],
        ),
        (waived.to_owned(), step("run = [\"ssh\", \"h\", \"a || true\"]\nexpect = '.stdout == \"x\"'"), vec![]),
        (format!("{waived}\n[source]\ndocument = \"D\""), step("confirm = \"?\""), vec![("no-source", "\"s\"")]),
        (format!("{waived}\n[source]\ndocument = \"D\""), step("source = []\nconfirm = \"?\""), vec![]),
        (
            waived.to_owned(),
            step(&format!("run = [\"gitlab-backup\", \"restore\"]\nenv = {{ GITLAB_ASSUME_YES = \"1\" }}\n{WELL}")),
            vec![],
        ),
        (
            format!("{waived}\n[inputs.purge]\ntype = \"command\"\nprompt = \"P\""),
            step(&format!("run = \"purge\"\n{WELL}")),
            vec![("not-critical", "\"purge\"")],
        ),
    ] {
        let mut found = told(&top, &steps);
        let mut expected: Vec<_> = expected.into_iter().map(|(code, text)| (code, text.to_owned())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{top}\n{steps}");
    }
}

#[test]
fn what_cannot_be_undone_may_come_before_the_soak_when_the_way_back_closes() {
    let final_step = "[[phase.step]]\nid = \"final\"\ntitle = \"Finish\"\nirreversible = true\nconfirm = \"?\"\n";
    let soak = |hold: &str| {
        format!("[[phase.step]]\nid = \"soak\"\ntitle = \"Soak\"\ncheck = \".run.elapsed > 60\"\nhold = \"{hold}\"\n")
    };
    let back = |when: &str| {
        format!(
            "[[rollback]]\nid = \"b\"\ntitle = \"B\"\n{when}\n[[rollback.phase]]\nid = \"q\"\ntitle = \"Q\"\n[[rollback.phase.step]]\nid = \"s\"\ntitle = \"S\"\nconfirm = \"?\"\n"
        )
    };
    let lost = vec![("way-back-lost", "\"final\"".to_owned())];
    for (steps, expected) in [
        (format!("{final_step}{}{}", soak("10m"), back("")), lost.clone()),
        (format!("{final_step}{}{}", soak("1d").replace("hold", "soak"), back("")), lost.clone()),
        (format!("{final_step}{}{}", soak("9m"), back("")), vec![]),
        (format!("{}{final_step}{}", soak("1d"), back("")), vec![]),
        (format!("{final_step}{}{}", soak("1d"), back("when = '.passed.final | not'")), vec![]),
        (format!("{final_step}{}", soak("1d")), vec![]),
    ] {
        assert_eq!(told("", &steps), expected, "{steps}");
    }
}

#[test]
fn what_changes_something_requires_the_hold_point_before_it_where_the_order_is_free() {
    let eyes = "[[phase.step]]\nid = \"eyes\"\ntitle = \"Look\"\nrelease = \"another\"\n";
    let other = "[[phase.step]]\nid = \"o\"\ntitle = \"See it\"\nrequires = [\"eyes\"]\nconfirm = \"?\"\n";
    let unbound = vec![("hold-unbound", "\"s\"".to_owned())];
    let run = "run = [\"switch\"]\nexpect = '.exit == 0'";
    let any = "order = \"any\"\n";
    for (steps, expected) in [
        (format!("{any}{eyes}{}", step(run)), unbound.clone()),
        (format!("{any}{eyes}{}", step("critical = true\nconfirm = \"?\"")), unbound.clone()),
        (format!("{any}{eyes}{}", step("irreversible = true\nconfirm = \"?\"")), unbound),
        (format!("{any}{eyes}{}", step("confirm = \"?\"")), vec![]),
        (format!("{any}{eyes}{}", step(&format!("requires = [\"p/eyes\"]\n{run}"))), vec![]),
        (format!("{any}{eyes}{}", step(&format!("requires = [{{ step = \"eyes\" }}]\n{run}"))), vec![]),
        (format!("{any}{eyes}{other}{}", step(&format!("requires = [\"o\"]\n{run}"))), vec![]),
        (format!("{any}{}{eyes}", step(run)), vec![]),
        (format!("{eyes}{}", step(run)), vec![]),
    ] {
        assert_eq!(told("rollback = []", &steps), expected, "{steps}");
    }
}

#[test]
fn the_shipped_runbook_is_free_of_advice() {
    let (book, _) = crate::runbook::parse(include_str!("../../../runbooks/vault-ha-upgrade.toml"));
    assert_eq!(check(&book.unwrap()), []);
}
