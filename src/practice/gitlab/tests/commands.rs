use super::Lab;

#[test]
fn every_command_has_the_exit_status_and_words_of_the_real_one() {
    // command, exit status, part of standard output, part of standard error
    let table: &[(&str, i32, &str, &str)] = &[
        ("foo", 127, "", "bash: foo: command not found"),
        ("gitlab-ctl status", 127, "", "bash: gitlab-ctl: command not found"),
        ("ssh gitlab-1 foo", 127, "", "bash: foo: command not found"),
        ("ssh gitlab-9 true", 255, "", "Could not resolve hostname gitlab-9"),
        ("ssh gitlab-1.example.net hostname", 0, "gitlab-1\n", ""),
        ("ssh gitlab-1 yum install gitlab-ee", 127, "", "bash: yum: command not found"),
        ("ssh gitlab-1 gitlab-ctl status", 1, "warning: puma: unable to open supervise/ok: access denied", ""),
        ("ssh gitlab-1 sudo gitlab-ctl status", 0, "run: puma: (pid ", ""),
        ("ssh gitlab-1 sudo gitlab-ctl status sidekiq", 0, "; run: log: (pid ", ""),
        ("ssh gitlab-db sudo gitlab-ctl status", 0, "run: postgresql: (pid ", ""),
        ("ssh gitlab-db sudo gitlab-ctl stop puma", 1, "fail: puma: unable to change to service directory", ""),
        ("ssh gitlab-2 sudo gitlab-ctl stop puma", 0, "ok: down: puma: 0s, normally up\n", ""),
        ("ssh gitlab-2 sudo gitlab-ctl status", 1, "down: puma: ", ""),
        ("ssh gitlab-2 sudo gitlab-ctl start puma", 0, "ok: run: puma: (pid ", ""),
        ("ssh gitlab-2 gitlab-ctl restart", 1, "", "must be executed as root"),
        ("ssh gitlab-2 sudo gitlab-ctl deploy-page status", 0, "Deploy page is down\n", ""),
        ("ssh gitlab-2 sudo gitlab-ctl get-redis-master", 1, "", "Sentinel"),
        ("ssh gitlab-db sudo gitlab-ctl pg-upgrade", 0, "is already running, nothing to do", ""),
        ("ssh gitlab-1 sudo gitlab-ctl pg-upgrade", 1, "", "No currently installed PostgreSQL"),
        ("ssh gitlab-1 sudo gitlab-ctl check-config --version=17.8.7", 0, "", ""),
        ("ssh gitlab-1 sudo gitlab-ctl upgrade-check 17.5.5 17.8.7", 0, "", ""),
        ("ssh gitlab-1 sudo gitlab-ctl upgrade-check 16.3.9 17.0.8", 1, "to the latest 16.7.x version first", ""),
        ("ssh gitlab-1 sudo gitlab-ctl dance", 1, "I don't know that command.", ""),
        ("ssh gitlab-1 sudo gitlab-ctl --help", 0, "reconfigure\n  Reconfigure the application.", ""),
        ("ssh gitlab-1 sudo gitlab-ctl tail puma", 0, "", ""),
        ("ssh gitlab-1 head -n 1 /opt/gitlab/version-manifest.txt", 0, "gitlab-ee 17.5.5\n", ""),
        ("ssh gitlab-1 cat /etc/os-release", 0, "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", ""),
        ("ssh gitlab-1 cat /etc/gitlab/gitlab-secrets.json", 1, "", "Permission denied"),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:background_migrations:status", 0, "Database: main\nfinalized  | ", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:background_migrations:status", 0, "Database: ci\n", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:env:info", 0, "GitLab information\nVersion:\t17.5.5-ee\n", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:check SANITIZE=true", 0, "Checking GitLab subtasks ... Finished", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:doctor:secrets", 0, "INFO -- : Total: 0 row(s) affected", ""),
        ("ssh gitlab-1 sudo gitlab-rake db:migrate:status", 0, "   up     2017051", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:uploads:check", 0, "Failures: 0\nDone!\n", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:lfs:check", 0, "Checking integrity of LFS objects", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:artifacts:check", 0, "Checking integrity of Job artifacts", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:elastic:list_pending_migrations", 0, "no pending migrations", ""),
        ("ssh gitlab-1 sudo gitlab-rake gitlab:nothing", 1, "", "Don't know how to build task 'gitlab:nothing'"),
        ("ssh gitlab-1 gitlab-rake gitlab:check", 1, "", "could not load /opt/gitlab/etc/gitlab-rails-rc"),
        (
            "ssh gitlab-db sudo gitlab-rake gitlab:check",
            1,
            "",
            "You can generate it with:   sudo gitlab-ctl reconfigure",
        ),
        ("ssh gitlab-1 sudo gitlab-psql -c \"SELECT 1\"", 1, "", "could not load /opt/gitlab/etc/gitlab-psql-rc"),
        (
            "ssh gitlab-db sudo gitlab-psql -d nothing -c \"SELECT 1\"",
            2,
            "",
            "FATAL:  database \"nothing\" does not exist",
        ),
        ("ssh gitlab-db sudo gitlab-psql -t -A -c \"SHOW server_version\"", 0, "16.8\n", ""),
        ("ssh gitlab-db sudo gitlab-psql -c \"SELECT 1\"", 0, " ?column?\n----------\n 1\n(1 row)\n", ""),
        (
            "ssh gitlab-db sudo gitlab-psql -c \"SELECT job_class_name, table_name, column_name, job_arguments FROM \
             batched_background_migrations WHERE status NOT IN(3, 6);\"",
            0,
            " job_class_name ",
            "",
        ),
        ("ssh gitlab-db sudo gitlab-psql -c \"DROP TABLE users\"", 1, "", "not simulated"),
        ("ssh gitlab-1 sudo gitlab-rails runner 'puts Gitlab::VERSION'", 0, "17.5.5-ee\n", ""),
        ("ssh gitlab-1 sudo gitlab-rails runner 'puts 1 + 1'", 1, "", "not simulated"),
        ("ssh gitlab-1 apt-cache madison gitlab-ee", 0, " gitlab-ee | 17.8.7-ee.0 | https://packages.gitlab.com", ""),
        ("ssh gitlab-1 apt-cache policy gitlab-ee", 0, "  Installed: 17.5.5-ee.0\n", ""),
        ("ssh gitlab-1 dpkg -l gitlab-ee", 0, "ii  gitlab-ee      17.5.5-ee.0 ", ""),
        ("ssh gitlab-1 dpkg -l nothing", 1, "", "no packages found matching nothing"),
        ("ssh gitlab-1 sudo apt-get update", 0, "Hit:1 https://packages.gitlab.com bookworm InRelease", ""),
        ("ssh gitlab-1 sudo apt-mark hold gitlab-ee", 0, "gitlab-ee set on hold.\n", ""),
        ("ssh gitlab-1 sudo apt-get install -y gitlab-ee=17.8.7-ee.0", 100, "", "E: Held packages were changed"),
        ("ssh gitlab-1 sudo apt-mark unhold gitlab-ee", 0, "no longer on hold", ""),
        ("ssh gitlab-1 apt-get install -y gitlab-ee=17.8.7-ee.0", 100, "", "are you root?"),
        ("ssh gitlab-1 sudo apt-get install gitlab-ee=17.8.7-ee.0", 1, "Do you want to continue? [Y/n] Abort.", ""),
        ("ssh gitlab-1 sudo apt-get install -y gitlab-ee=9.9.9-ee.0", 100, "", "E: Version '9.9.9-ee.0' for"),
        ("ssh gitlab-1 sudo apt-get install -y gitlab-ce=17.8.7-ce.0", 100, "", "Unable to locate package gitlab-ce"),
        ("ssh gitlab-1 sudo apt-get install -y gitlab-ee=17.3.7-ee.0", 100, "", "without --allow-downgrades"),
        ("ssh gitlab-1 sudo apt-get install -y --download-only gitlab-ee=17.8.7-ee.0", 0, "download only mode", ""),
        ("ssh gitlab-1 sudo gitlab-backup restore", 1, "", "No backups found in /var/opt/gitlab/backups"),
        ("ssh gitlab-1 sudo gitlab-backup restore BACKUP=none", 1, "", "No backups found"),
        ("ssh gitlab-1 df -h /var/opt/gitlab/backups", 0, "Filesystem ", ""),
        ("ssh gitlab-1 systemctl status gitlab-runsvdir", 0, "active (running)", ""),
        ("ssh gitlab-1 sudo journalctl -u gitlab-runsvdir", 0, "GitLab Runit supervision process", ""),
        ("ssh gitlab-1 ps aux", 0, "[gitlab-puma-worker]", ""),
        ("ssh gitlab-db pgrep -f postgres", 0, "\n", ""),
        ("ssh gitlab-1 which gitlab-ctl", 0, "/usr/bin/gitlab-ctl\n", ""),
        ("glab api --hostname gitlab.example.net version", 0, "{\"version\":\"17.5.5-ee\",", ""),
        ("glab", 1, "", "Unknown command"),
        ("carry-gitlab a b gitlab-1", 1, "", "is a machine of the real instance"),
        ("carry-gitlab a b gitlab-test", 1, "", "No such file or directory"),
        ("snapshot-node nowhere", 1, "", "no such machine"),
        ("restore-snapshots", 1, "", "there is none"),
        ("snapshot-node", 64, "", "usage: snapshot-node NODE | --list"),
        ("snapshot-node --every", 64, "", "usage: snapshot-node"),
        ("snapshot-node --list", 0, "0 of 12 are taken\n", ""),
        ("snapshot-node gitlab-db", 0, "snapshot of gitlab-db taken at 2026-11-2", ""),
        ("snapshot-node --list", 0, "gitlab-db@2026-11-2", ""),
        ("snapshot-node --delete gitlab-db@2024-01-03", 1, "", "no such snapshot"),
    ];
    let mut lab = Lab::new(3);
    lab.assert_commands(table);
}

#[test]
fn a_wrapper_goes_with_the_package() {
    let mut lab = Lab::new(3);
    lab.done("ssh gitlab-1 sudo dpkg -r gitlab-ee");
    for (line, exit, stderr) in [
        ("ssh gitlab-1 sudo gitlab-ctl status", 1, "sudo: gitlab-ctl: command not found"),
        ("ssh gitlab-1 head -n 1 /opt/gitlab/version-manifest.txt", 1, "No such file or directory"),
    ] {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(result.stderr.contains(stderr), "{line}: {result:?}");
    }
    assert!(lab.done("ssh gitlab-1 dpkg -l gitlab-ee").contains("rc  gitlab-ee"));
    assert!(lab.done("ssh gitlab-1 sudo cat /etc/gitlab/gitlab.rb").contains("external_url"), "configuration stays");
}

#[test]
fn a_backup_holds_every_part_and_neither_settings_nor_secrets() {
    let mut lab = Lab::new(3);
    let told = lab.done("ssh gitlab-1 sudo gitlab-backup create");
    assert!(told.contains("Dumping repositories ... done") && told.contains("gitlab-secrets.json files"), "{told}");
    let id = told.split("Backup ").last().and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    assert!(id.ends_with("_2026_11_21_17.5.5-ee"), "{id}");
    let archive = format!("/var/opt/gitlab/backups/{id}_gitlab_backup.tar");
    let listed = lab.done(&format!("ssh gitlab-1 sudo tar --exclude=\"*/*/*\" -tf {archive}"));
    for part in ["backup_information.yml", "db/", "repositories/", "uploads.tar.gz", "lfs.tar.gz", "registry.tar.gz"] {
        assert!(listed.lines().any(|line| line == part), "{part}: {listed}");
    }
    assert!(!listed.contains("secrets.json") && !listed.contains("@hashed/6b"), "{listed}");
    assert_eq!(lab.run(&format!("ssh gitlab-1 sha256sum {archive}")).exit, 1, "not as this user");
    assert_eq!(lab.done(&format!("ssh gitlab-1 sudo sha256sum {archive}")).find(' '), Some(64));

    let told = lab.done("ssh gitlab-1 sudo gitlab-ctl backup-etc");
    let settings = told.split("complete: ").nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    assert!(settings.starts_with("/etc/gitlab/config_backup/gitlab_config_"), "{settings}");
    let listed = lab.done(&format!("ssh gitlab-1 sudo tar -tf {settings}"));
    assert!(listed.contains("gitlab-secrets.json") && listed.contains("gitlab.rb"), "{listed}");
}
