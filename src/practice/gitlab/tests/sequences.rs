use serde_json::json;

use super::Lab;
use crate::practice::System;
use crate::practice::gitlab::Options;
use crate::practice::gitlab::faults::FAULTS;
use crate::practice::host::Random;

#[test]
fn two_legs_lead_to_the_target_and_each_leaves_migrations_behind() {
    for seed in 1..6 {
        let mut lab = Lab::with(Options { seed, ..Options::with_machines(3) });
        for version in ["17.8.7", "17.11.7"] {
            lab.settle();
            let rows = |lab: &mut Lab| {
                lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:background_migrations:status").matches(" | ").count()
            };
            let before = rows(&mut lab);
            lab.leg(version);
            assert_eq!((lab.ready("gitlab-1"), lab.ready("gitlab-2")), (200, 200), "{version}");
            assert!((1..=4).contains(&(rows(&mut lab) - before)), "{version}");
            assert!(!lab.done("ssh gitlab-1 sudo gitlab-rake db:migrate:status").contains(" down "));
            assert!(lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:doctor:secrets").contains("Total: 0 row"));
        }
        lab.settle();
        assert!(lab.done("glab api version").contains("17.11.7-ee"));
        let manifest = lab.done("ssh gitlab-2 head -n 1 /opt/gitlab/version-manifest.txt");
        assert_eq!(manifest, "gitlab-ee 17.11.7\n");
    }
}

#[test]
fn a_stop_that_is_left_out_is_refused_and_nothing_changes() {
    for (version, stop) in [("17.9.8", "17.8"), ("17.11.7", "17.8"), ("18.2.8", "17.8")] {
        let mut lab = Lab::new(3);
        lab.settle();
        let refused = lab.install("gitlab-1", version);
        assert_eq!(refused.exit, 100, "{refused:?}");
        let told = format!("It is required to upgrade to the latest {stop}.x version first before proceeding.");
        assert!(refused.stderr.contains(&told), "{refused:?}");
        assert!(
            refused.stderr.contains("pre-installation script subprocess returned error exit status 1"),
            "{refused:?}"
        );
        assert!(lab.done("ssh gitlab-1 head -n 1 /opt/gitlab/version-manifest.txt").contains("17.5.5"));
        assert_eq!(lab.ready("gitlab-1"), 200, "it runs on");
    }
}

#[test]
fn an_upgrade_over_an_unfinished_migration_of_any_database_stops_half_way() {
    for (database, task) in [("main", "finalize:main"), ("ci", "finalize:ci")] {
        let mut lab = Lab::new(3);
        lab.settle();
        lab.fault("migration-active", &json!({ "database": database, "batches": 60 }));
        lab.done("halt-gitlab");
        assert_eq!(lab.install("gitlab-db", "17.8.7").exit, 0, "a data node migrates nothing");
        let stopped = lab.install("gitlab-1", "17.8.7");
        assert_eq!(stopped.exit, 100);
        for told in
            ["to be marked as 'finished', but it is 'active'", "There was an error running gitlab-ctl reconfigure"]
        {
            assert!(stopped.stdout.contains(told), "{stopped:?}");
        }
        assert!(lab.done("ssh gitlab-1 dpkg -l gitlab-ee").contains("iF  gitlab-ee      17.8.7-ee.0"));
        lab.pass(120);
        assert_eq!(lab.ready("gitlab-1"), 502, "nothing was started again");
        lab.done("ssh gitlab-1 sudo gitlab-ctl restart");
        lab.pass(120);
        assert_eq!(lab.ready("gitlab-1"), 500, "new code on a half-migrated database");
        assert!(lab.done("ssh gitlab-1 sudo gitlab-rake db:migrate:status").contains(" down "));
        assert!(lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:check").contains("All migrations up? ... no"));

        // The way out that the message spells, with the name of the database, then the package once more.
        let spelt = stopped.stdout.split("sudo gitlab-rake ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        let unnamed = lab.run(&format!("ssh gitlab-1 sudo gitlab-rake {spelt}"));
        assert!(unnamed.exit == 1 && unnamed.stderr.contains("Please specify the database"), "{unnamed:?}");
        let named = spelt.replace("finalize[", &format!("{task}["));
        assert_eq!(lab.done(&format!("ssh gitlab-1 sudo gitlab-rake {named}")), "Done.\n", "{named}");
        assert_eq!(lab.install("gitlab-1", "17.8.7").exit, 0);
        lab.pass(120);
        assert_eq!(lab.ready("gitlab-1"), 200);
        assert_eq!(lab.ready("gitlab-2"), 502, "it was stopped and is not done yet");
    }
}

#[test]
fn a_migrated_database_is_of_no_use_to_the_old_code() {
    let mut lab = Lab::new(3);
    lab.settle();
    let backup = lab.done("ssh gitlab-1 sudo gitlab-backup create");
    let id = backup.split("Backup ").last().and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    lab.leg("17.8.7");
    let mismatch = lab.run(&format!("ssh gitlab-1 sudo GITLAB_ASSUME_YES=1 gitlab-backup restore BACKUP={id}"));
    assert_eq!(mismatch.exit, 1);
    assert!(mismatch.stderr.contains("GitLab version mismatch:"), "{mismatch:?}");

    lab.done("halt-gitlab");
    for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
        lab.done(&format!("ssh {node} sudo dpkg -r gitlab-ee"));
        lab.done(&format!("ssh {node} sudo apt-get install -y --allow-downgrades gitlab-ee=17.5.5-ee.0"));
        lab.done(&format!("ssh {node} sudo gitlab-ctl reconfigure"));
    }
    lab.pass(120);
    assert_eq!(lab.ready("gitlab-1"), 500, "old code on newer data");
    for node in ["gitlab-1", "gitlab-2"] {
        lab.done(&format!("ssh {node} sudo gitlab-ctl stop puma"));
        lab.done(&format!("ssh {node} sudo gitlab-ctl stop sidekiq"));
    }
    let asked = lab.run(&format!("ssh gitlab-1 sudo gitlab-backup restore BACKUP={id}"));
    assert_eq!(asked.exit, 1, "nobody said yes");
    lab.done(&format!("ssh gitlab-1 sudo GITLAB_ASSUME_YES=1 gitlab-backup restore BACKUP={id}"));
    for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
        lab.done(&format!("ssh {node} sudo gitlab-ctl restart"));
    }
    lab.pass(120);
    assert_eq!((lab.ready("gitlab-1"), lab.ready("gitlab-2")), (200, 200));
    assert!(lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:doctor:secrets").contains("Total: 0 row"));
}

#[test]
fn an_application_node_that_was_not_stopped_fails_on_the_migrated_database() {
    let mut lab = Lab::new(3);
    lab.settle();
    for node in ["gitlab-db", "gitlab-1"] {
        assert_eq!(lab.install(node, "17.8.7").exit, 0);
    }
    lab.pass(120);
    assert_eq!((lab.ready("gitlab-1"), lab.ready("gitlab-2")), (200, 500));
    assert_eq!(lab.install("gitlab-2", "17.8.7").exit, 0);
    lab.pass(120);
    assert_eq!(lab.ready("gitlab-2"), 200);
}

/// Commands and faults in any order: nothing fails by itself, and the faces go on answering.
#[test]
fn whatever_is_typed_in_whatever_order_the_instance_goes_on_answering() {
    const LINES: [&str; 22] = [
        "gitlab-ctl stop",
        "gitlab-ctl start",
        "gitlab-ctl restart puma",
        "gitlab-ctl reconfigure",
        "gitlab-ctl status",
        "gitlab-ctl backup-etc",
        "gitlab-ctl pg-upgrade",
        "gitlab-backup create",
        "gitlab-backup create SKIP=uploads",
        "GITLAB_ASSUME_YES=1 gitlab-backup restore",
        "dpkg -r gitlab-ee",
        "dpkg --configure -a",
        "dpkg -l",
        "apt-get install -y gitlab-ee=17.8.7-ee.0",
        "apt-get install -y gitlab-ee=17.11.7-ee.0",
        "gitlab-rake db:migrate",
        "apt-get install -y --allow-downgrades gitlab-ee=17.5.5-ee.0",
        "gitlab-rake gitlab:check",
        "apt-get upgrade -y",
        "gitlab-rake gitlab:background_migrations:finalize:ci[a,b,c,d]",
        "rm -rf /etc/gitlab",
        "pkill -KILL -f puma",
    ];
    let mut random = Random::new(11);
    for _ in 0..60 {
        let mut lab = Lab::new(1 + (random.draw() % 3) as usize);
        for _ in 0..25 {
            let nodes = lab.system.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>();
            let node = &nodes[random.draw() as usize % nodes.len()];
            let line = LINES[random.draw() as usize % LINES.len()];
            match random.draw() % 8 {
                0 => {
                    let (fault, _) = FAULTS[random.draw() as usize % FAULTS.len()];
                    // A machine whose package is gone has no such service.
                    let given = json!({ "node": node, "service": "logrotate", "version": "17.8.8" });
                    drop(lab.try_fault(fault, &given));
                }
                1 => drop(
                    lab.run(["halt-gitlab", "snapshot-node gitlab-1", "restore-snapshots"][random.draw() as usize % 3]),
                ),
                _ => drop(lab.run(&format!("ssh {node} sudo {line}"))),
            }
            lab.pass(random.between(0, 4_000));
            assert!([0, 1, 200, 404, 500, 502, 503].contains(&lab.ready("gitlab-1")), "{line}");
        }
    }
}

#[test]
fn a_restore_beneath_a_running_application_mixes_two_states() {
    let mut lab = Lab::new(1);
    let backup = lab.done("ssh gitlab-1 sudo gitlab-backup create");
    let id = backup.split("Backup ").last().and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let restore = format!("ssh gitlab-1 sudo GITLAB_ASSUME_YES=1 gitlab-backup restore BACKUP={id}");
    lab.done(&restore);
    assert_eq!(lab.ready("gitlab-1"), 500);
    assert!(lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:check").contains("... no\n"));
    lab.done("ssh gitlab-1 sudo gitlab-ctl stop puma");
    lab.done("ssh gitlab-1 sudo gitlab-ctl stop sidekiq");
    lab.done(&restore);
    lab.done("ssh gitlab-1 sudo gitlab-ctl restart");
    lab.pass(120);
    assert_eq!(lab.ready("gitlab-1"), 200, "begun again from the start");
}

/// Walks the restore on the test instance; what the doctor says then.
fn rehearsed(lab: &mut Lab) -> String {
    let backup = lab.done("ssh gitlab-1 sudo gitlab-backup create");
    let id = backup.split("Backup ").last().and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let settings = lab.done("ssh gitlab-1 sudo gitlab-ctl backup-etc");
    let settings = settings.split("complete: ").nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    lab.done(&format!("carry-gitlab {id} {settings} gitlab-test"));
    lab.done("ssh gitlab-test sudo gitlab-ctl reconfigure");
    lab.done("ssh gitlab-test sudo gitlab-ctl stop puma");
    lab.done("ssh gitlab-test sudo gitlab-ctl stop sidekiq");
    lab.done(&format!("ssh gitlab-test sudo GITLAB_ASSUME_YES=1 gitlab-backup restore BACKUP={id}"));
    lab.done("ssh gitlab-test sudo gitlab-ctl reconfigure");
    lab.done("ssh gitlab-test sudo gitlab-ctl restart");
    lab.pass(120);
    assert_eq!(lab.ready("gitlab-test"), 200, "it runs, with its secrets or without");
    lab.done("ssh gitlab-test sudo gitlab-rake gitlab:doctor:secrets")
}

#[test]
fn a_restore_without_the_secrets_runs_and_cannot_read_what_it_holds() {
    let mut lab = Lab::new(3);
    assert!(rehearsed(&mut lab).contains("Total: 0 row(s) affected"));
    let mut lab = Lab::new(3);
    lab.fault("configuration-not-carried", &json!({}));
    let told = rehearsed(&mut lab);
    assert!(told.contains("- User failures: 27") && told.contains("Total: 94 row(s) affected"), "{told}");
    assert!(told.contains("Done!"));
}

#[test]
fn snapshots_of_different_moments_make_no_instance() {
    let mut lab = Lab::new(3);
    lab.done("halt-gitlab");
    for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
        lab.done(&format!("snapshot-node {node}"));
    }
    lab.done("restore-snapshots");
    assert_eq!(lab.ready("gitlab-test"), 200, "nothing was written in between");
    let mut lab = Lab::new(3);
    lab.done("halt-gitlab");
    for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
        lab.done(&format!("snapshot-node {node}"));
    }
    lab.done("ssh gitlab-1 sudo gitlab-ctl start");
    lab.pass(3_600);
    lab.done("restore-snapshots");
    assert_eq!(lab.ready("gitlab-test"), 200, "what was written after the last of them does not matter");
    let mut lab = Lab::new(3);
    lab.done("halt-gitlab");
    lab.done("snapshot-node gitlab-db");
    lab.done("ssh gitlab-1 sudo gitlab-ctl start sidekiq");
    lab.pass(120);
    lab.done("ssh gitlab-1 sudo gitlab-ctl stop sidekiq");
    for node in ["gitlab-1", "gitlab-2"] {
        lab.done(&format!("snapshot-node {node}"));
    }
    lab.done("restore-snapshots");
    assert_eq!(lab.ready("gitlab-test"), 500, "a job was done between the first and the second");
    let mut lab = Lab::new(3);
    for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
        lab.done(&format!("snapshot-node {node}"));
    }
    lab.done("restore-snapshots");
    assert_eq!(lab.ready("gitlab-test"), 500);
    let mut lab = Lab::new(3);
    lab.done("snapshot-node gitlab-db");
    assert!(lab.done("restore-snapshots").contains("no snapshot of: gitlab-1, gitlab-2"));
    assert_eq!(lab.ready("gitlab-test"), 500, "one machine is not all of them");
}

#[test]
fn a_full_pool_takes_no_snapshot_until_an_old_one_is_deleted() {
    let mut lab = Lab::new(3);
    lab.done("snapshot-node gitlab-db");
    lab.fault("snapshots-full", &json!({}));
    let refused = lab.run("snapshot-node gitlab-1");
    assert!(refused.exit == 1 && refused.stderr.contains("No space left in pool snapshots (12 of 12 are taken)"));
    let listed = lab.done("snapshot-node --list");
    assert!(listed.starts_with("gitlab-db@2024-01-03\ngitlab-1@2024-01-03\ngitlab-2@2024-01-03\ngitlab-db@2024-02"));
    lab.done("snapshot-node --delete gitlab-2@2024-01-03");
    lab.done("snapshot-node gitlab-1");
    assert_eq!(lab.run("snapshot-node gitlab-2").exit, 1, "there was room for one");
    assert!(lab.done("restore-snapshots").contains("no snapshot of: gitlab-2; left as they are"));
}

#[test]
fn pages_answer_502_while_a_node_is_upgraded_and_nginx_is_there() {
    let mut lab = Lab::new(1);
    lab.settle();
    let words: Vec<String> =
        "ssh gitlab-1 sudo apt-get install -y gitlab-ee=17.8.7-ee.0".split(' ').map(str::to_owned).collect();
    let result = lab.system.command(&words, lab.now);
    assert!((120_000..600_000).contains(&result.takes_ms), "{}", result.takes_ms);
    lab.pass(1);
    assert_eq!(lab.ready("gitlab-1"), 502);
    assert!(lab.system.listens("gitlab-1"), "nginx is there");
    lab.pass(result.takes_ms / 1_000 + 90);
    assert_eq!(lab.ready("gitlab-1"), 200);
}

#[test]
fn the_same_seed_and_the_same_commands_give_the_same_instance() {
    let story = |seed: u64| {
        let mut lab = Lab::with(Options { seed, ..Options::with_machines(3) });
        lab.settle();
        lab.leg("17.8.7");
        let told = lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:background_migrations:status");
        (told, lab.settle(), lab.now)
    };
    assert_eq!(story(3), story(3));
    assert_ne!(story(3), story(4));
}

#[test]
fn a_stop_that_is_left_out_is_refused_and_changes_nothing() {
    let legs = ["16.7.10", "16.11.10", "17.0.8"];
    let legs = || legs.map(str::to_owned);
    let options = || Options { from: "16.3.9".into(), legs: legs().into(), ..Options::with_machines(2) };
    let mut lab = Lab::with(options());
    lab.settle();
    assert_eq!(lab.ready("gitlab-1"), 200);
    for version in ["17.0.8", "16.11.10"] {
        let refused = lab.install("gitlab-db", version);
        assert_eq!(refused.exit, 100, "{refused:?}");
        for told in [
            format!("It seems you are upgrading from 16.3.9 to {version}."),
            "It is required to upgrade to the latest 16.7.x version first before proceeding.".into(),
            "pre-installation script subprocess returned error exit status 1".into(),
        ] {
            assert!(refused.stderr.contains(&told), "{told}: {refused:?}");
        }
    }
    assert!(lab.done("ssh gitlab-db dpkg -l gitlab-ee").contains("ii  gitlab-ee      16.3.9-ee.0"));
    assert_eq!(lab.ready("gitlab-1"), 200, "nothing has changed");
    let told: Vec<_> = lab.system.harm().into_iter().map(|harm| (harm.kind, harm.told.unwrap_or_default())).collect();
    let refused = "17.0.8 refused to be installed over 16.3.9 on gitlab-db: 16.7 was left out".to_owned();
    assert!(told.contains(&("stop-skipped", refused)), "{told:?}");
    for version in legs() {
        lab.settle();
        lab.done("halt-gitlab");
        for node in ["gitlab-db", "gitlab-1"] {
            assert_eq!(lab.install(node, &version).exit, 0, "{node} {version}");
        }
        lab.pass(300);
        assert_eq!(lab.ready("gitlab-1"), 200, "{version}");
    }
}

#[test]
fn lists_that_are_cut_name_nothing_older_until_they_are_fetched_anew() {
    let mut lab = Lab::new(3);
    lab.fault("lists-cut", &json!({ "node": "gitlab-1", "version": "17.11.0" }));
    let listed = |lab: &mut Lab, node: &str| lab.done(&format!("ssh {node} apt-cache madison gitlab-ee"));
    assert!(!listed(&mut lab, "gitlab-1").contains("17.8.7") && listed(&mut lab, "gitlab-1").contains("17.11.7"));
    assert!(listed(&mut lab, "gitlab-2").contains("17.8.7"));
    let refused = lab.install("gitlab-1", "17.8.7");
    assert!(refused.stderr.contains("E: Version '17.8.7-ee.0' for 'gitlab-ee' was not found"), "{refused:?}");
    assert!(lab.done("ssh gitlab-1 sudo apt-get update").starts_with("Get:1 "));
    assert!(listed(&mut lab, "gitlab-1").contains("17.8.7"));
}
