//! Statements: cluster settings, backups, jobs, the tables of `crdb_internal`.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::cli::Client;
use super::liveness::{clock, span};
use super::sql::{Answer, Done, SqlError, quoted};
use super::state::{Cockroach, Membership};
use super::tables::Table;
use super::upgrade::{PRESERVE, is_after};

/// Settings that can be shown and set, with what holds unless they are set.
const SETTINGS: &[(&str, &str)] = &[
    ("cluster.auto_upgrade.enabled", "true"),
    ("cluster.organization", ""),
    (PRESERVE, ""),
    ("diagnostics.reporting.enabled", "true"),
    ("kv.snapshot_rebalance.max_rate", "32 MiB"),
    ("server.shutdown.connection_wait", "0s"),
    ("server.shutdown.drain_wait", "0s"),
    ("server.shutdown.lease_transfer_wait", "5s"),
    ("server.shutdown.query_wait", "10s"),
    ("server.time_until_store_dead", "5m0s"),
];

/// The columns of `SHOW JOBS`.
const JOB_COLUMNS: &[&str] = &[
    "job_id",
    "job_type",
    "description",
    "statement",
    "user_name",
    "status",
    "running_status",
    "created",
    "started",
    "finished",
    "modified",
    "fraction_completed",
    "error",
    "coordinator_id",
];

/// A job that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    id: u64,
    kind: &'static str,
    description: String,
    created: Timestamp,
    finished: Timestamp,
}

impl Cockroach {
    /// `SHOW CLUSTER SETTING NAME`.
    pub(super) fn show_setting(&self, client: &Client, name: &str) -> Result<Table, SqlError> {
        let name = name.to_lowercase();
        if name == "version" && client.version >= Version::new("1.1") {
            return Ok(Table::cell("version", self.upgrade.shown()));
        }
        let (known, usual) = self.setting(client, &name)?;
        let value = self.settings.get(known).map_or(usual, String::as_str);
        Ok(Table::cell(known, span(value).filter(|_| !value.is_empty()).map_or_else(|| value.to_owned(), clock)))
    }

    /// A setting of that name, which may be too new for the cluster.
    fn setting(&self, client: &Client, name: &str) -> Result<(&'static str, &'static str), SqlError> {
        let is_known = |(known, _): &&(&'static str, &'static str)| match *known {
            PRESERVE => client.version >= Version::new("2.0"),
            "cluster.auto_upgrade.enabled" => !is_after("23.1", &self.upgrade.series),
            _ => true,
        };
        let found = SETTINGS.iter().find(|(known, _)| *known == name).filter(is_known);
        found.copied().ok_or_else(|| {
            let text = match client.version < Version::new("20.1") {
                true => format!("unknown setting: {name:?}"),
                false => format!("unknown cluster setting '{name}'"),
            };
            SqlError::new("42704", text)
        })
    }

    /// `SHOW ALL CLUSTER SETTINGS`.
    pub(super) fn all_settings(&self) -> Table {
        let mut table = Table::new(&["variable", "value", "setting_type", "public", "description"]);
        for (name, usual) in SETTINGS {
            let value = self.settings.get(*name).map_or(*usual, String::as_str).to_owned();
            let kind = if span(usual).is_some() && !usual.is_empty() { "d" } else { "s" };
            let cells = [(*name).to_owned(), value, kind.into(), "true".into(), String::new()];
            table.rows.push(cells.into_iter().map(Some).collect());
        }
        let version = ["version".to_owned(), self.upgrade.shown(), "m".into(), "true".into(), String::new()];
        table.rows.push(version.into_iter().map(Some).collect());
        table
    }

    /// `SET CLUSTER SETTING NAME = VALUE`.
    pub(super) fn set_setting(&mut self, client: &Client, statement: &str) -> Answer {
        let rest: String = statement.split_whitespace().skip(3).collect::<Vec<_>>().join(" ");
        let parts = rest.split_once('=').or_else(|| {
            let at = rest.to_uppercase().find(" TO ")?;
            Some((&rest[..at], &rest[at + 4..]))
        });
        let Some((name, value)) = parts else {
            return Err(SqlError::new("42601", "at or near \"EOF\": syntax error"));
        };
        let value = value.trim();
        let value = match value.eq_ignore_ascii_case("default") {
            true => None,
            false => Some(value.trim_matches('\'')),
        };
        self.change_setting(client, &name.trim().to_lowercase(), value)
    }

    /// Sets a setting; `None`: to what it usually is.
    pub(super) fn change_setting(&mut self, client: &Client, name: &str, value: Option<&str>) -> Answer {
        // A RESET is a SET to the default, and is tagged as one.
        let done = Ok((Done::Tag("SET CLUSTER SETTING"), Duration::from_millis(120)));
        if name == "version" && client.version >= Version::new("1.1") {
            let Some(value) = value else {
                return Err(SqlError::new("XXUUU", "cannot RESET cluster version setting"));
            };
            return self.set_version(value).map(|wait| (Done::Tag("SET CLUSTER SETTING"), wait));
        }
        let (known, usual) = self.setting(client, name)?;
        match value {
            None => drop(self.settings.remove(known)),
            Some(value) if known == PRESERVE && !value.is_empty() => {
                let reached = self.upgrade.shown();
                if value != reached {
                    let text = format!("cannot set {PRESERVE} to {value} (cluster version is {reached})");
                    return Err(SqlError::new("XXUUU", text));
                }
                self.settings.insert(known.to_owned(), value.to_owned());
            }
            Some("") if known == PRESERVE => drop(self.settings.remove(known)),
            Some(value) if !usual.is_empty() && span(usual).is_some() && span(value).is_none() => {
                let text =
                    format!("could not parse {value:?} as type interval: invalid input syntax for type interval");
                return Err(SqlError::new("22007", text));
            }
            Some("0s") if known == "server.time_until_store_dead" => {
                return Err(SqlError::new("XXUUU", "cannot set server.time_until_store_dead to less than 1m15s: 0s"));
            }
            Some(value) => drop(self.settings.insert(known.to_owned(), value.to_owned())),
        }
        // The nodes watch the setting.
        if known == PRESERVE || known == "cluster.auto_upgrade.enabled" {
            self.upgrade.due = self.upgrade.due.min(self.now.plus(Duration::from_secs(3)));
        }
        done
    }

    /// `SET CLUSTER SETTING version = …`: finalizes, and waits for it.
    fn set_version(&mut self, wanted: &str) -> Result<Duration, SqlError> {
        let fails = |text: String| Err(SqlError::new("XXUUU", text));
        let reached = self.upgrade.shown();
        if wanted == reached {
            return Ok(Duration::from_millis(60));
        }
        if !is_after(wanted, &self.upgrade.series) {
            return fails(format!(
                "versions cannot be downgraded (attempting to downgrade from {reached} to {wanted})"
            ));
        }
        if let Some(kept) = self.settings.get(PRESERVE) {
            return fails(format!("cannot upgrade to {wanted} while {PRESERVE} is set to {kept}"));
        }
        match self.lowest_series() {
            Some((lowest, member)) if is_after(wanted, &lowest) => {
                let id = self.members[member].id;
                return fails(format!("cannot upgrade to {wanted}: node {id} is running {lowest}"));
            }
            _ => {}
        }
        let is_gone = |member: &usize| {
            self.members[*member].membership == Membership::Active
                && !(self.is_up(*member) && self.is_available(*member))
        };
        if let Some(member) = (0..self.members.len()).find(is_gone) {
            let id = self.members[member].id;
            return fails(format!("cannot upgrade to {wanted}: n{id} required, but unavailable"));
        }
        let now = self.now;
        self.begin_upgrade(wanted.to_owned(), now);
        Ok(Duration::from_secs(50))
    }

    /// `BACKUP INTO 'ADDRESS' [AS OF SYSTEM TIME …]`.
    pub(super) fn back_up(&mut self, statement: &str) -> Answer {
        let Some(address) = quoted(statement) else {
            return Err(SqlError::new("42601", "at or near \"into\": syntax error"));
        };
        check_address(address)?;
        if let Some((range, _)) = self.obstacle(false) {
            let text = format!("failed to run backup: exporting 1 ranges: replica unavailable: r{range}: lost quorum");
            return Err(SqlError::new("58C01", text));
        }
        let wait = self.fate.millis(20_000, 80_000);
        let (id, created) = (self.next_job, self.now);
        self.next_job += 4_711;
        self.backups.entry(address.to_owned()).or_default().push(path_of(created));
        let description = format!("BACKUP INTO '{}' IN '{address}'", path_of(created));
        self.jobs.push(Job { id, kind: "BACKUP", description, created, finished: created.plus(wait) });
        let mut table = Table::new(&["job_id", "status", "fraction_completed", "rows", "index_entries", "bytes"]);
        let bytes: u64 = self.members.iter().map(|member| member.row.live_bytes).sum::<u64>() / 3;
        let cells = [
            id.to_string(),
            "succeeded".into(),
            "1".into(),
            (bytes / 210).to_string(),
            (bytes / 690).to_string(),
            bytes.to_string(),
        ];
        table.rows.push(cells.into_iter().map(Some).collect());
        Ok((Done::Rows(table), wait))
    }

    /// `SHOW BACKUPS IN 'ADDRESS'`.
    pub(super) fn show_backups(&self, statement: &str) -> Answer {
        let address = quoted(statement).unwrap_or_default();
        check_address(address)?;
        let mut table = Table::new(&["path"]);
        let found = self.backups.get(address).into_iter().flatten();
        table.rows.extend(found.map(|path| vec![Some(path.clone())]));
        Ok((Done::Rows(table), Duration::from_millis(400)))
    }

    /// `SHOW JOBS`.
    pub(super) fn show_jobs(&self, client: &Client) -> Table {
        let mut table = Table::new(JOB_COLUMNS);
        let at = |moment: Timestamp| Some(super::status::at(moment, &client.version));
        let text = |text: &str| Some(text.to_owned());
        for job in self.jobs.iter().rev() {
            let is_done = job.finished <= self.now;
            table.rows.push(vec![
                Some(job.id.to_string()),
                text(job.kind),
                text(&job.description),
                text(""),
                text("root"),
                text(if is_done { "succeeded" } else { "running" }),
                None,
                at(job.created),
                at(job.created),
                at(job.finished).filter(|_| is_done),
                at(job.finished.min(self.now)),
                text(if is_done { "1" } else { "0.5" }),
                text(""),
                None,
            ]);
        }
        if let Some(towards) = &self.upgrade.towards {
            let now = at(self.now);
            table.rows.insert(
                0,
                vec![
                    Some((self.next_job + 1).to_string()),
                    text("MIGRATION"),
                    Some(format!("Migration to {towards}")),
                    text(""),
                    text("node"),
                    text("running"),
                    None,
                    now.clone(),
                    now.clone(),
                    None,
                    now,
                    text("0"),
                    text(""),
                    None,
                ],
            );
        }
        table
    }

    /// `SELECT COLUMNS FROM crdb_internal.TABLE`.
    pub(super) fn internal_table(&self, client: &Client, statement: &str) -> Result<Table, SqlError> {
        let name = statement.split_whitespace().last().unwrap_or_default().to_lowercase();
        let whole = match name.as_str() {
            "crdb_internal.gossip_nodes" => self.gossip_nodes(client),
            "crdb_internal.gossip_liveness" => self.gossip_liveness(client),
            _ => return Err(SqlError::new("42P01", format!("relation {name:?} does not exist"))),
        };
        let asked: String =
            statement.split_whitespace().skip(1).take_while(|word| !word.eq_ignore_ascii_case("from")).collect();
        if asked == "*" {
            return Ok(whole);
        }
        let place = |column: &str| {
            whole
                .headers
                .iter()
                .position(|known| *known == column)
                .ok_or_else(|| SqlError::new("42703", format!("column {column:?} does not exist")))
        };
        let places: Vec<usize> = asked.split(',').map(place).collect::<Result<_, _>>()?;
        let mut table = Table { headers: places.iter().map(|&at| whole.headers[at]).collect(), rows: Vec::new() };
        table.rows = whole.rows.iter().map(|row| places.iter().map(|&at| row[at].clone()).collect()).collect();
        Ok(table)
    }

    fn gossip_nodes(&self, client: &Client) -> Table {
        let mut table = Table::new(&[
            "node_id",
            "network",
            "address",
            "advertise_address",
            "sql_network",
            "sql_address",
            "attrs",
            "locality",
            "cluster_name",
            "server_version",
            "build_tag",
            "started_at",
            "is_live",
            "ranges",
            "leases",
        ]);
        for member in 0..self.members.len() {
            let (told, address) = (&self.members[member], self.sql_address(member));
            let cells = [
                told.id.to_string(),
                "tcp".into(),
                address.clone(),
                address.clone(),
                "tcp".into(),
                address,
                "[]".into(),
                String::new(),
                String::new(),
                super::upgrade::series(told.row.build.trim_start_matches('v')),
                told.row.build.clone(),
                super::status::at(told.row.started_at, &client.version),
                self.is_gossiped(member).to_string(),
                self.replicas(member).to_string(),
                self.leases(member).to_string(),
            ];
            table.rows.push(cells.into_iter().map(Some).collect());
        }
        table
    }

    fn gossip_liveness(&self, client: &Client) -> Table {
        let mut table =
            Table::new(&["node_id", "epoch", "expiration", "draining", "decommissioning", "membership", "updated_at"]);
        for member in 0..self.members.len() {
            let told = &self.members[member];
            let expires = told.expires.unwrap_or(self.now.plus(Duration::from_secs(7)));
            let cells = [
                told.id.to_string(),
                "3".into(),
                format!("{}000000.0000000000,0", expires.as_millis()),
                told.draining.to_string(),
                (told.membership != Membership::Active).to_string(),
                told.membership.word().to_owned(),
                super::status::at(told.row.updated_at, &client.version),
            ];
            table.rows.push(cells.into_iter().map(Some).collect());
        }
        table
    }
}

/// Whether backups can go there at all.
fn check_address(address: &str) -> Result<(), SqlError> {
    match address.split_once("://") {
        Some(("external", "backups")) | Some(("nodelocal" | "userfile", _)) => Ok(()),
        Some(("external", name)) => Err(SqlError::new(
            "42704",
            format!("failed to load external connection object: external connection with name '{name}' does not exist"),
        )),
        Some(("s3" | "gs" | "azure-blob", rest)) if !rest.contains("AUTH=") && !rest.contains("KEY") => {
            Err(SqlError::new("XXUUU", "AUTH is not set to 'implicit', but no credentials are given"))
        }
        Some(("s3" | "gs" | "azure-blob" | "http" | "https", _)) => Ok(()),
        _ => Err(SqlError::new(
            "XXUUU",
            format!("unsupported storage scheme: {:?}", address.split(':').next().unwrap_or_default()),
        )),
    }
}

/// Where a backup of that time lies in its collection.
fn path_of(at: Timestamp) -> String {
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!(
        "/{}/{}/{}-{}{}{}.{}",
        part(0, 4),
        part(5, 7),
        part(8, 10),
        part(11, 13),
        part(14, 16),
        part(17, 19),
        part(20, 22)
    )
}
