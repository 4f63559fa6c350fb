//! How commands end and what they print, judged by every shipped step that runs such a command.

use piton::runbook::{Action, Argv};
use serde_json::{Value, json};

use super::stage::{Stage, phases, shipped_as, value};

/// How a command ended: exit status, standard output, standard error.
type Shape = (i32, &'static str, &'static str);

/// One command that ended.
struct Row {
    trap: &'static str,
    /// How the names of the runbooks begin, and which command their steps run; where it is run for several ends, the
    /// step's name follows.
    runs: (&'static str, &'static str),
    /// Whether the step got what it wants.
    question: &'static str,
    /// What a naive reading looks at (its own command's ending where it runs another one), how it reads that, and the
    /// wrong answer.
    naive: (Shape, &'static str, bool),
    /// How the command that the step runs ended, and whether that is what is wanted.
    ours: (Shape, bool),
}

const CHECK_FAILS: &str = "Checking GitLab subtasks ...\n\nChecking GitLab Shell ...\n\nGitLab Shell: ... GitLab Shell version >= 14.39.0 ? ... OK (14.39.0)\nRunning /opt/gitlab/embedded/service/gitlab-shell/bin/check\ngitlab-shell self-check successful\n\nChecking GitLab Shell ... Finished\n\nChecking Sidekiq ...\n\nSidekiq: ... Running? ... no\n  Try fixing it:\n  sudo -u git -H RAILS_ENV=production bin/background_jobs start\n  Please fix the error above and rerun the checks.\n\nChecking Sidekiq ... Finished\n\nChecking GitLab subtasks ... Finished\n";
const CHECK_RED: &str = "Checking GitLab subtasks ...\n\nChecking Sidekiq ...\n\nSidekiq: ... Running? ... \u{1b}[31mno\u{1b}[0m\n\nChecking Sidekiq ... Finished\n\nChecking GitLab subtasks ... Finished\n";
const CHECK_FINE: &str = "Checking GitLab subtasks ...\n\nChecking Sidekiq ...\n\nSidekiq: ... Running? ... yes\nNumber of Sidekiq processes (cluster/worker) ... 1/1\n\nChecking Sidekiq ... Finished\n\nChecking GitLab subtasks ... Finished\n";
const BACKUP_TORN: &str = "2026-11-21 10:00:01 UTC -- Dumping database ... done\n2026-11-21 10:03:01 UTC -- Dumping uploads ... \n2026-11-21 10:04:11 UTC -- Dumping uploads failed: tar: write error: No space left on device\n2026-11-21 10:05:00 UTC -- Creating backup archive: 1795255200_2026_11_21_17.5.5-ee_gitlab_backup.tar ... done\n2026-11-21 10:05:10 UTC -- Warning: Your gitlab.rb and gitlab-secrets.json files contain sensitive data\nand are not included in this backup. You will need these files to restore a backup.\nPlease back them up manually.\n2026-11-21 10:05:10 UTC -- Backup 1795255200_2026_11_21_17.5.5-ee is done.\n";
const BACKUP_WHOLE: &str = "2026-11-21 10:00:01 UTC -- Dumping database ... done\n2026-11-21 10:03:01 UTC -- Dumping uploads ... done\n2026-11-21 10:05:00 UTC -- Creating backup archive: 1795255200_2026_11_21_17.5.5-ee_gitlab_backup.tar ... done\n2026-11-21 10:05:10 UTC -- Warning: Your gitlab.rb and gitlab-secrets.json files contain sensitive data\nand are not included in this backup. You will need these files to restore a backup.\nPlease back them up manually.\n2026-11-21 10:05:10 UTC -- Backup 1795255200_2026_11_21_17.5.5-ee is done.\n";
const STRANGER: &str = "CockroachDB node starting at 2026-11-21 10:00:01.1 +0000 UTC (took 0.9s)\nbuild:               CCL v23.2.4 @ 2024/04/08 21:52:51\nwebui:               https://crdb-1.example.net:8080\nstore[0]:            path=/var/lib/cockroach-new\nstatus:              initialized new node, joined pre-existing cluster\nclusterID:           6ef0b3b7-3d5e-4a77-9f5b-9f5b6a0c7e11\nnodeID:              4\n";
const AGAIN: &str = "CockroachDB node starting at 2026-11-21 10:00:01.1 +0000 UTC (took 0.9s)\nbuild:               CCL v23.2.4 @ 2024/04/08 21:52:51\nwebui:               https://crdb-1.example.net:8080\nstore[0]:            path=/var/lib/cockroach\nstatus:              restarted pre-existing node\nclusterID:           6ef0b3b7-3d5e-4a77-9f5b-9f5b6a0c7e11\nnodeID:              1\n";
const FOUND_ITSELF: &str = "root      4711  0.0  0.0   6332  2176 pts/0    S+   10:00   0:00 grep cockroach\n";

const BY_SYSTEMD: &str = "F4 nomad: exit 1 is a normal stop";
const ENDING: &str = "F4 systemd: is-active ends with 3 while a unit is still ending";
const CHECK: &str = "F4 gitlab: gitlab:check prints failures and ends with 0";
const BACKUP: &str = "F4 gitlab: a backup that lacks a part is done all the same";
const STARTED: &str = "F4 cockroachdb: a start as a stranger ends with 0";
const LEAVE: &str = "F5 ipfs-cluster: remove_on_shutdown is no setting";
const CURL: &str = "F5 cockroachdb: curl without -O prints the archive";
const PS: &str = "F5 cockroachdb: ps | grep finds itself";

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let row = |trap, runs, question, naive, ours| Row { trap, runs, question, naive, ours };
    let says_zero = ".exit == 0";
    vec![
        // The unit of an agent that ended with status 1 reads `failed`, not `inactive`; is-active then ends with 3.
        row(BY_SYSTEMD, ("nomad-", "gone"), "has the agent ended?", ((3, "failed\n", ""), r#".stdout == "inactive\n""#, false), ((3, "failed\n", ""), true)),
        row(BY_SYSTEMD, ("nomad-", "gone"), "has the agent ended?", ((3, "deactivating\n", ""), ".exit != 0", true), ((0, "active\n", ""), false)),
        row(BY_SYSTEMD, ("nomad-", "gone"), "has the agent ended, when the host cannot be reached?", ((255, "", "ssh: connect to host a port 22: No route to host\n"), ".exit != 0", true), ((255, "", "ssh: connect to host a port 22: No route to host\n"), false)),
        row(ENDING, ("nomad-", "gone"), "has the agent ended?", ((3, "deactivating\n", ""), ".exit == 3", true), ((3, "deactivating\n", ""), false)),
        row(ENDING, ("vault-", "gone"), "has the server ended?", ((3, "deactivating\n", ""), ".exit == 3", true), ((3, "deactivating\n", ""), false)),
        row(ENDING, ("vault-", "gone"), "has the server ended?", ((3, "failed\n", ""), r#".stdout == "inactive\n""#, false), ((3, "failed\n", ""), true)),
        row(CHECK, ("gitlab-", "check"), "is all well?", ((0, CHECK_FAILS, ""), says_zero, true), ((0, CHECK_FAILS, ""), false)),
        row(CHECK, ("gitlab-", "check"), "is all well?", ((0, CHECK_RED, ""), r#".stdout | contains("Please fix") | not"#, true), ((0, CHECK_RED, ""), false)),
        row(CHECK, ("gitlab-", "check"), "did it come to its end?", ((0, "Checking GitLab subtasks ...\n", ""), says_zero, true), ((0, "Checking GitLab subtasks ...\n", ""), false)),
        row(CHECK, ("gitlab-", "check"), "is all well?", ((0, CHECK_FINE, ""), r#".stdout | contains("no") | not"#, true), ((0, CHECK_FINE, ""), true)),
        row(BACKUP, ("gitlab-", "backup"), "is the backup whole?", ((0, BACKUP_TORN, ""), r#".exit == 0 and (.stdout | contains("is done"))"#, true), ((0, BACKUP_TORN, ""), false)),
        row(BACKUP, ("gitlab-", "backup"), "is the backup whole?", ((0, BACKUP_WHOLE, ""), r#".stdout | contains("not included") | not"#, false), ((0, BACKUP_WHOLE, ""), true)),
        row(STARTED, ("cockroachdb-", "log/known"), "is it the node that it was?", ((0, STRANGER, ""), says_zero, true), ((0, STRANGER, ""), false)),
        row(STARTED, ("cockroachdb-", "log/known"), "is it the node that it was?", ((0, AGAIN, ""), r#".stdout | contains("new node") | not"#, true), ((0, AGAIN, ""), true)),
        row(LEAVE, ("ipfs-cluster-standard", "leave"), "does the peer stay a member?", ((1, "", ""), r#".stdout | contains("\"remove_on_shutdown\": true") | not"#, true), ((0, "    \"leave_on_shutdown\": true,\n", ""), false)),
        row(LEAVE, ("ipfs-cluster-standard", "leave"), "does the peer stay a member?", ((0, "    \"remove_on_shutdown\": false,\n", ""), r#".exit == 0 and (.stdout | contains("false"))"#, true), ((1, "", ""), false)),
        row(LEAVE, ("ipfs-cluster-standard", "leave"), "does the peer stay a member?", ((1, "", ""), ".exit == 0", false), ((0, "    \"leave_on_shutdown\": false,\n", ""), true)),
        // What was fetched went to the screen, with status 0: no file lies there whose sum could be taken.
        row(CURL, ("cockroachdb-", "archive_sum"), "does the archive lie on the node?", ((0, "\u{1f}\u{fffd}…", ""), says_zero, true), ((1, "", "sha256sum: /var/tmp/cockroach-v23.2.4.linux-amd64.tgz: No such file or directory\n"), false)),
        // An empty file, as a redirection leaves it behind.
        row(CURL, ("cockroachdb-", "archive_sum"), "does the archive lie on the node?", ((0, "", ""), says_zero, true), ((0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  /var/tmp/cockroach-v23.2.4.linux-amd64.tgz\n", ""), false)),
        row(PS, ("cockroachdb-", "gone"), "has the server ended?", ((0, FOUND_ITSELF, ""), ".exit != 0", false), ((1, "", ""), true)),
        row(PS, ("cockroachdb-", "gone"), "has the server ended?", ((0, FOUND_ITSELF, ""), r#".stdout | contains("grep cockroach")"#, true), ((0, "4242\n", ""), false)),
    ]
}

/// The traps that are shown here.
pub fn traps() -> Vec<&'static str> {
    rows().iter().map(|row| row.trap).collect()
}

fn scope((exit, stdout, stderr): Shape) -> Value {
    json!({ "exit": exit, "stdout": stdout, "stderr": stderr })
}

/// Where the naive reading is right by chance, its row shows that ours is not merely stricter.
fn is_a_trap(row: &Row) -> bool {
    row.naive.2 != row.ours.1
}

#[test]
fn an_ending_that_misleads_does_not_mislead_the_shipped_steps() {
    for row in rows() {
        let (prefix, command) = row.runs;
        let (command, only) = command.split_once('/').map_or((command, None), |(command, step)| (command, Some(step)));
        let place = format!("{}: {}", row.trap, row.question);
        assert_eq!(
            value(row.naive.1, &scope(row.naive.0)),
            json!(row.naive.2),
            "{place} read naively ({})",
            row.naive.1
        );
        let mut finished = 0;
        for book in shipped_as(prefix) {
            for phase in phases(&book) {
                let runs = |action: &Action| matches!(action, Action::Run { argv: Argv::Input(input), .. } if input.as_str() == command);
                for step in phase.steps.iter().filter(|step| runs(&step.action)) {
                    if only.is_some_and(|only| step.id.as_str() != only) {
                        continue;
                    }
                    finished += 1;
                    let mut stage = Stage::of(book.clone(), "http://127.0.0.1:1");
                    let mut item = stage.node();
                    item["from"] = json!("17.5.5");
                    let key = stage.at(&phase.id, &step.id, item);
                    stage.answered("backup_version", json!("17.5.5"));
                    let (exit, stdout, stderr) = row.ours.0;
                    let (met, why) = stage.finish(&key, exit, stdout, stderr);
                    assert_eq!(met, row.ours.1, "{place} {} {key}: {why}", book.id);
                }
            }
        }
        assert!(finished > 0, "{place}: no step of {prefix}… runs {command}");
    }
    for trap in traps() {
        assert!(rows().iter().any(|row| row.trap == trap && is_a_trap(row)), "{trap}: no naive reading of it is wrong");
    }
}
