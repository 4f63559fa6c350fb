//! An instance as it is found: healthy, on one version, with the last migration nearly done.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files, Log, Random, Version};
use crate::practice::ledger::Ledger;

use super::hop::rows;
use super::state::{
    Data, Database, Gitlab, Instance, Job, Migration, Node, Options, Package, REAL, Role, SchemaRow, Service, Status,
    TEST,
};

/// Where the package lists what it is made of.
pub(super) const MANIFEST: &str = "/opt/gitlab/version-manifest.txt";
/// Where backups are written.
pub(super) const ARCHIVES: &str = "/var/opt/gitlab/backups";
/// Where the keys are.
pub(super) const SECRETS: &str = "/etc/gitlab/gitlab-secrets.json";
/// Where the settings are.
pub(super) const SETTINGS: &str = "/etc/gitlab/gitlab.rb";
/// The address that asks from the bastion.
pub(super) const BASTION_ADDRESS: &str = "192.0.2.10";

/// What batched background migrations do, those of main and those of ci.
const JOBS: [&[Job]; 2] = [
    &[
        job("BackfillIssueSearchDataNamespaceId", "issue_search_data", "issue_id", "[]"),
        job("BackfillVulnerabilityReadsProjectId", "vulnerability_reads", "id", "[\"project_id\"]"),
        job("CopyColumnUsingBackgroundMigrationJob", "events", "id", "[[\"id\"],[\"id_convert_to_bigint\"]]"),
        job("BackfillNotesNamespaceId", "notes", "id", "[\"namespace_id\"]"),
        job("DeleteOrphanedTransferredProjectApprovalRules", "approval_project_rules", "id", "[]"),
        job("BackfillMergeRequestReviewersProjectId", "merge_request_reviewers", "id", "[\"project_id\"]"),
    ],
    &[
        job("BackfillCiPipelineVariablesPartition", "ci_pipeline_variables", "id", "[]"),
        job(
            "CopyColumnUsingBackgroundMigrationJob",
            "ci_build_needs",
            "build_id",
            "[[\"id\"],[\"id_convert_to_bigint\"]]",
        ),
        job("BackfillCiRunnersOrganizationId", "ci_runners", "id", "[]"),
        job("DeleteOrphanedPartitionedJobAnnotations", "p_ci_job_annotations", "job_id", "[]"),
    ],
];

/// The databases by GitLab's name and by PostgreSQL's.
const DATABASES: [(&str, &str); 2] = [("main", "gitlabhq_production"), ("ci", "gitlabhq_production_ci")];

const fn job(class: &'static str, table: &'static str, column: &'static str, arguments: &'static str) -> Job {
    Job { class, table, column, arguments }
}

impl Gitlab {
    /// A healthy instance at `now`, and an empty one of the same version for tests.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let mut fate = Random::new(options.seed);
        let version = Version::new(&options.from);
        let month = Timestamp::from_millis(now.as_millis().saturating_sub(30 * 86_400_000));
        let keys = [fate.uuid(), fate.uuid()];
        let instances =
            keys.iter().map(|key| Instance { data: data(&version, key, month), queue: 0, next_migration: 40 });
        let mut gitlab = Self {
            random: Random::new(options.seed ^ 0x6769_746c_6162),
            now,
            nodes: Vec::new(),
            instances: instances.collect(),
            next_pid: 900,
            next_minute: now.plus(Duration::from_secs(20)),
            harms: Ledger::default(),
            whole_backups: Vec::new(),
            dumps: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            old_snapshots: Vec::new(),
            files: Files::new(month),
            offered: Vec::new(),
            withdrawn: Vec::new(),
            carries_secrets: true,
            fate,
            options,
        };
        for (name, instance, role) in machines(gitlab.options.machines) {
            let node = gitlab.machine(&name, instance, role, &keys[instance], month);
            gitlab.nodes.push(node);
        }
        gitlab.begin_work(now);
        gitlab
    }

    fn machine(&mut self, name: &str, instance: usize, role: Role, key: &str, since: Timestamp) -> Node {
        let version = Version::new(&self.options.from);
        let mut node = Node {
            name: name.to_owned(),
            instance,
            role,
            url: format!("http://{name}"),
            package: Package::Installed(version.clone()),
            held: false,
            fetched: Vec::new(),
            services: Vec::new(),
            files: Files::new(since),
            log: Log::default(),
            key: key.to_owned(),
            lists_bastion: true,
            deploy_page: false,
            // 17.0 wants 14, and brings no later one along before 17.4.
            postgresql: if version < Version::new("17.4") { 14 } else { 16 },
            reachable: true,
            lists_from: None,
        };
        node.services = role.services().iter().map(|service| self.service(service, &version, since)).collect();
        node.log.push(since, 1, "Started gitlab-runsvdir.service - GitLab Runit supervision process.");
        let secrets = format!("{{\n  \"gitlab_rails\": {{\n    \"db_key_base\": \"{key}\"\n  }}\n}}\n");
        let closed = |text: String| Entry { mode: 0o600, ..Entry::file(text, "root", since) };
        node.files.put(SETTINGS, closed(settings(name, role)));
        node.files.put(SECRETS, closed(secrets));
        node.files.put("/etc/gitlab/trusted-certs", Entry::folder("root", since));
        node.files.put(
            "/etc/os-release",
            Entry::file(
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
                 VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
                "root",
                since,
            ),
        );
        node.files.put("/var/opt/gitlab", Entry::folder("root", since));
        node.files.put(ARCHIVES, Entry { mode: 0o700, ..Entry::folder("git", since) });
        node.files.put(MANIFEST, manifest(&self.package(), &version, since));
        for program in ["gitlab-ctl", "gitlab-rake", "gitlab-backup", "gitlab-psql", "gitlab-rails"] {
            node.files.put(&format!("/usr/bin/{program}"), Entry::program(program, version.as_str(), "root", since));
        }
        node
    }

    /// A service that has been up since then.
    pub(super) fn service(&mut self, name: &'static str, code: &Version, since: Timestamp) -> Service {
        let log_pid = self.pid();
        let pid = self.pid();
        Service { name, pid, log_pid, up: true, since, ready_at: since, left: since, code: code.clone(), frozen: false }
    }

    /// One migration of the last upgrade is still at work.
    fn begin_work(&mut self, now: Timestamp) {
        let batches = u32::try_from(self.fate.between(14, 30)).unwrap_or(14);
        let left = u32::try_from(self.fate.between(1, 2)).unwrap_or(1);
        self.enqueue(REAL, 0, batches);
        let database = &mut self.instances[REAL].data.databases[0];
        if let Some(migration) = database.migrations.last_mut() {
            migration.done = batches - left;
            migration.last = now;
        }
        self.instances[REAL].queue = self.fate.between(3, 40);
        self.instances[TEST].queue = 0;
    }

    /// Puts a new migration into the queue of a database.
    pub(super) fn enqueue(&mut self, instance: usize, database: usize, batches: u32) {
        let (id, now) = (self.instances[instance].next_migration, self.now);
        self.instances[instance].next_migration += 1;
        let jobs = JOBS[database.min(1)];
        let at = usize::try_from(id).unwrap_or(0) % jobs.len();
        if let Some(database) = self.instances[instance].data.databases.get_mut(database) {
            database.migrations.push(Migration {
                id,
                job: jobs[at],
                status: Status::Active,
                batches,
                done: 0,
                failed_jobs: 0,
                stumbles: false,
                created: now,
                last: now,
            });
        }
    }
}

/// Names and roles of the machines, in the order of an upgrade; the one for tests comes last.
fn machines(count: usize) -> Vec<(String, usize, Role)> {
    let mut all = match count {
        0 | 1 => vec![("gitlab-1".to_owned(), REAL, Role::Everything)],
        _ => vec![("gitlab-db".to_owned(), REAL, Role::Data)],
    };
    all.extend((1..count).map(|number| (format!("gitlab-{number}"), REAL, Role::Application)));
    all.push(("gitlab-test".to_owned(), TEST, Role::Everything));
    all
}

/// The first lines of the manifest name the package.
pub(super) fn manifest(package: &str, version: &Version, at: Timestamp) -> Entry {
    let commit = version.commit();
    let text = format!(
        "{package} {version}\n\nComponent               Installed Version                        Version GUID\n\
         --------------------------------------------------------------------------------------------------------\n\
         gitlab-rails            v{version}-ee                              git:{commit}\n\
         gitaly                  v{version}                                 git:{}\n",
        &commit[8..]
    );
    Entry::file(text, "root", at)
}

fn settings(name: &str, role: Role) -> String {
    let mut text = format!("external_url 'https://{name}.example.net'\n");
    if role.has_rails() {
        text.push_str(&format!(
            "gitlab_rails['monitoring_whitelist'] = ['127.0.0.0/8', '::1/128', '{BASTION_ADDRESS}']\n"
        ));
    }
    match role {
        Role::Data => text.push_str("roles ['postgres_role', 'redis_master_role']\ngitaly['enable'] = true\n"),
        Role::Application => text.push_str("roles ['application_role']\ngitaly['enable'] = false\n"),
        Role::Everything => {}
    }
    text
}

fn data(version: &Version, key: &str, since: Timestamp) -> Data {
    let databases = DATABASES.iter().enumerate().map(|(index, (name, physical))| Database {
        name,
        physical,
        schema: rows(version, index).into_iter().map(|row| SchemaRow { is_up: true, ..row }).collect(),
        migrations: old_migrations(index, since),
        held_until: since,
    });
    Data {
        databases: databases.collect(),
        version: version.clone(),
        key: key.to_owned(),
        unreadable: 0,
        moment: since,
        maintenance: false,
        is_mixed: false,
        missing_uploads: 0,
    }
}

/// What earlier upgrades have left.
fn old_migrations(database: usize, since: Timestamp) -> Vec<Migration> {
    let rows = JOBS[database].iter().take(3).enumerate();
    rows.map(|(index, job)| Migration {
        id: 10 * (database as u64 + 1) + index as u64,
        job: *job,
        status: if index < 2 { Status::Finalized } else { Status::Finished },
        batches: 12,
        done: 12,
        failed_jobs: 0,
        stumbles: false,
        created: since,
        last: since,
    })
    .collect()
}
