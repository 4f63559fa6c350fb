use serde_json::{Map, Value, json};

use super::Lab;
use crate::practice::gitlab::faults::FAULTS;
use crate::practice::{FaultError, System};

fn arguments(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_else(Map::new)
}

#[test]
fn every_fault_that_is_listed_can_be_set_and_no_other() {
    for (name, told) in FAULTS {
        let mut lab = Lab::new(3);
        let given = json!({ "node": "gitlab-1", "service": "puma", "version": "17.8.8", "database": "ci" });
        assert_eq!(lab.system.fault(name, &arguments(&given), lab.now), Ok(()), "{name}");
        assert!(told.len() > 20, "{name}");
    }
    let mut lab = Lab::new(3);
    let unknown = lab.system.fault("nonsense", &Map::new(), lab.now);
    assert_eq!(unknown, Err(FaultError::Unknown("nonsense".into())));
    for (name, given) in [
        ("disk-full", json!({})),
        ("disk-full", json!({ "node": 7 })),
        ("disk-full", json!({ "node": "gitlab-9" })),
        ("service-down", json!({ "node": "gitlab-db", "service": "puma" })),
        ("migration-active", json!({ "database": "geo" })),
        ("migration-active", json!({ "batches": -1 })),
        ("package-newer", json!({})),
    ] {
        let told = lab.system.fault(name, &arguments(&given), lab.now);
        assert!(matches!(told, Err(FaultError::Argument { .. })), "{name} {given}: {told:?}");
    }
}

#[test]
fn without_sidekiq_or_in_maintenance_mode_nothing_moves() {
    let mut lab = Lab::new(3);
    lab.fault("sidekiq-down", &json!({}));
    lab.pass(86_400);
    assert_eq!(lab.unfinished("gitlabhq_production"), 1);
    assert!(lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:check").contains("Sidekiq: ... Running? ... no"));
    let queue = lab.done("ssh gitlab-1 sudo gitlab-rails runner 'puts Sidekiq::Stats.new.enqueued'");
    assert!(queue.trim().parse::<u64>().unwrap() > 10_000, "{queue}");
    lab.done("ssh gitlab-2 sudo gitlab-ctl start sidekiq");
    assert!(lab.settle() < 10);

    let mut lab = Lab::new(3);
    let set = |word: &str| {
        format!("ssh gitlab-1 sudo gitlab-rails runner '::Gitlab::CurrentSettings.update!(maintenance_mode: {word})'")
    };
    lab.done(&set("true"));
    lab.pass(3_600);
    assert_eq!(lab.unfinished("gitlabhq_production"), 1);
    lab.done(&set("false"));
    assert!(lab.settle() < 10);
}

#[test]
fn queued_count_is_not_all_and_a_failed_migration_comes_through_when_its_cause_is_mended() {
    const QUEUED: &str = "ssh gitlab-1 sudo gitlab-rails runner 'puts Gitlab::Database::BackgroundMigration::BatchedMigration.queued.count'";
    let mut lab = Lab::new(3);
    lab.settle();
    lab.fault("migration-failed", &json!({}));
    lab.fault("migration-paused", &json!({ "database": "ci" }));
    assert_eq!(lab.done(QUEUED), "0\n", "neither the failed one nor that of ci");
    assert_eq!((lab.unfinished("gitlabhq_production"), lab.unfinished("gitlabhq_production_ci")), (1, 1));
    let retry = "ssh gitlab-1 sudo gitlab-rails runner \
                 'Gitlab::Database::BackgroundMigration::BatchedMigration.find(41).retry_failed_jobs!'";
    lab.done(retry);
    lab.pass(1_200);
    assert_eq!(lab.unfinished("gitlabhq_production"), 1, "its cause is still there");
    lab.fault("migration-mended", &json!({}));
    lab.done(retry);
    lab.pass(1_200);
    assert_eq!(lab.unfinished("gitlabhq_production"), 0);
    lab.pass(86_400);
    assert_eq!(lab.unfinished("gitlabhq_production_ci"), 1, "a paused one waits for ever");
    let header = "private-token: glpat-practice";
    lab.ask("gitlab-1", "PUT", "/api/v4/admin/batched_background_migrations/42/resume?database=ci", header);
    lab.settle();
}

#[test]
fn a_migration_that_is_marked_finished_loses_what_it_had_not_moved() {
    let mut lab = Lab::new(3);
    lab.fault("migration-active", &json!({ "batches": 50 }));
    lab.done(
        "ssh gitlab-1 sudo gitlab-rails runner 'Gitlab::Database::BackgroundMigration::BatchedMigration.find(41).finish!'",
    );
    lab.settle();
    let told = lab.done("ssh gitlab-1 sudo gitlab-rake gitlab:uploads:check");
    assert!(!told.contains("- 1..2109: Failures: 0"), "{told}");
}

#[test]
fn a_full_disk_makes_a_backup_that_lacks_parts() {
    let mut lab = Lab::new(3);
    lab.fault("disk-full", &json!({ "node": "gitlab-1" }));
    let told = lab.run("ssh gitlab-1 sudo gitlab-backup create");
    assert_eq!(told.exit, 1);
    assert!(told.stderr.contains("Dumping repositories failed: No space left on device"), "{told:?}");
    let archive = lab.done("ssh gitlab-1 sudo ls /var/opt/gitlab/backups");
    let listed = lab.done(&format!("ssh gitlab-1 sudo tar -tf /var/opt/gitlab/backups/{}", archive.trim()));
    assert!(listed.contains("db/") && !listed.contains("repositories/"), "{listed}");
    lab.fault("disk-freed", &json!({ "node": "gitlab-1" }));
    assert_eq!(lab.run("ssh gitlab-1 sudo gitlab-backup create").exit, 0);
}

#[test]
fn a_package_refuses_old_settings_and_an_old_database() {
    let mut lab = Lab::with(crate::practice::gitlab::Options {
        from: "16.11.10".into(),
        ..crate::practice::gitlab::Options::with_machines(1)
    });
    lab.settle();
    lab.fault("setting-removed", &json!({ "node": "gitlab-1" }));
    assert_eq!(lab.run("ssh gitlab-1 sudo gitlab-ctl check-config --version=17.3.7").exit, 1);
    assert_eq!(lab.install("gitlab-1", "17.3.7").exit, 100);
    assert_eq!(lab.ready("gitlab-1"), 200, "nothing has changed");
    lab.done("ssh gitlab-1 sudo sed -i /min_concurrency/d /etc/gitlab/gitlab.rb");
    lab.done("ssh gitlab-1 sudo gitlab-ctl check-config --version=17.3.7");

    lab.fault("postgresql-old", &json!({ "node": "gitlab-1" }));
    let refused = lab.install("gitlab-1", "17.3.7");
    assert!(refused.exit == 100 && refused.stderr.contains("sudo gitlab-ctl pg-upgrade"), "{refused:?}");
    lab.done("ssh gitlab-1 sudo gitlab-ctl pg-upgrade");
    lab.pass(30);
    assert_eq!(lab.install("gitlab-1", "17.3.7").exit, 0);
}

#[test]
fn the_repository_can_lack_a_version_or_offer_a_later_one() {
    let mut lab = Lab::new(3);
    lab.fault("package-withdrawn", &json!({ "version": "17.8.7" }));
    lab.fault("package-newer", &json!({ "version": "17.8.8" }));
    let offered = lab.done("ssh gitlab-1 apt-cache madison gitlab-ee");
    assert!(!offered.contains("17.8.7-ee.0") && offered.contains("17.8.8-ee.0"), "{offered}");
    assert_eq!(lab.install("gitlab-1", "17.8.7").exit, 100);
}

#[test]
fn a_node_can_be_out_of_reach_or_silent() {
    let mut lab = Lab::new(3);
    lab.fault("node-unreachable", &json!({ "node": "gitlab-2" }));
    assert_eq!(lab.run("ssh gitlab-2 true").exit, 255);
    assert_eq!(lab.run("halt-gitlab").exit, 1);
    lab.fault("node-reachable", &json!({ "node": "gitlab-2" }));
    lab.done("ssh gitlab-2 true");
    lab.fault("puma-hangs", &json!({ "node": "gitlab-2" }));
    assert_eq!(lab.ready("gitlab-2"), 1);
    lab.done("ssh gitlab-2 sudo gitlab-ctl restart puma");
    lab.pass(90);
    assert_eq!(lab.ready("gitlab-2"), 200);
}
