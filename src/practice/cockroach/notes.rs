//! What servers print and log of themselves.

use crate::clock::Timestamp;
use crate::practice::host::Entry;

use super::state::{Cockroach, Identity, Process, SQL_PORT, USER};
use super::units::Flags;

/// Lines that a server's log file keeps.
const LINES: usize = 200;

impl Cockroach {
    /// The table that a start ends with.
    pub(super) fn tell_start(&mut self, host: usize, at: Timestamp) {
        let Some(run) = self.hosts[host].run().cloned() else { return };
        if run.identity == Identity::Waiting {
            self.hosts[host].note(
                at,
                "initial startup completed. Node will now attempt to join a running cluster, or wait for `cockroach init`.",
            );
            return;
        }
        let flags = Flags::of(&run.command);
        let name = self.hosts[host].name.clone();
        let (id, cluster) = match run.identity {
            Identity::Member(member) => (self.members[member].id, self.cluster_id.clone()),
            Identity::Alone | Identity::Waiting => (1, self.fate.uuid()),
        };
        let scheme = if self.options.secure { "https" } else { "http" };
        let mode = if self.options.secure { "sslmode=verify-full" } else { "sslmode=disable" };
        let started = at.to_string().replace('T', " ").replace('Z', "");
        let lines = [
            format!("CockroachDB node starting at {started} +0000 UTC (took 2.3s)"),
            format!("build:               CCL v{} @ {} (go1.19.13)", run.build, build_time(run.build.as_str())),
            format!("webui:               {scheme}://{name}:8080"),
            format!("sql:                 postgresql://root@{name}:{SQL_PORT}/defaultdb?{mode}"),
            format!("logs:                {}/logs", flags.store),
            format!("external I/O path:   {}/extern", flags.store),
            format!("store[0]:            path={}", flags.store),
            "storage engine:      pebble".to_owned(),
            format!("clusterID:           {cluster}"),
            format!("status:              {}", run.told),
            format!("nodeID:              {id}"),
        ];
        for line in &lines {
            self.hosts[host].note(at, line.clone());
        }
        self.write_log(host, at, &format!("node startup completed: status: {}", run.told));
    }

    /// What a server says when it is told to end.
    pub(super) fn tell_draining(&mut self, host: usize, at: Timestamp, signal: &str) {
        self.hosts[host].note(at, "initiating graceful shutdown of server");
        self.write_log(host, at, &format!("received signal '{signal}'"));
        self.write_log(host, at, "drain request received with doDrain = true, shutdown = false");
    }

    /// What a server says last when it has drained.
    pub(super) fn tell_drained(&mut self, host: usize, at: Timestamp) {
        self.write_log(host, at, "drain remaining: 0");
        self.hosts[host].note(at, "server drained and shutdown completed");
    }

    /// What a server says that ends instead of coming up.
    pub(super) fn tell_failure(&mut self, host: usize, at: Timestamp, why: &str) {
        for (number, line) in why.lines().enumerate() {
            let line = if number == 0 { format!("ERROR: {line}") } else { line.to_owned() };
            self.hosts[host].note(at, line);
        }
        self.hosts[host].note(at, "Failed running \"start\"");
    }

    /// Adds a line to the server's own log file.
    pub(super) fn write_log(&mut self, host: usize, at: Timestamp, line: &str) {
        let node = &mut self.hosts[host];
        let (store, id) = match &node.process {
            Process::Starting { run, .. } | Process::Up { run, .. } => {
                let id = match run.identity {
                    Identity::Member(member) => self.members[member].id.to_string(),
                    Identity::Alone => "1".into(),
                    Identity::Waiting => "?".into(),
                };
                (Flags::of(&run.command).store, id)
            }
            Process::Down { .. } => return,
        };
        let path = format!("{store}/logs/cockroach.log");
        let known = node.files.get(&path).map(Entry::text).unwrap_or_default();
        let stamp = at.to_string().replace(['-', 'T', 'Z'], " ");
        let stamp: Vec<&str> = stamp.split_whitespace().collect();
        let date = stamp.get(..3).map(<[&str]>::concat).unwrap_or_default();
        let time = stamp.get(3).copied().unwrap_or_default();
        let new = format!("I{}  {time}000 1 1@server  [n{id}] {line}", date.get(2..).unwrap_or_default());
        let mut lines: Vec<&str> = known.lines().collect();
        lines.push(&new);
        let kept = lines[lines.len().saturating_sub(LINES)..].join("\n") + "\n";
        node.files.put(&path, Entry { mode: 0o640, ..Entry::file(kept, USER, at) });
    }
}

/// The time at which a build was made, as `cockroach version` prints it.
pub(super) fn build_time(version: &str) -> String {
    let date = crate::practice::host::Version::new(version).build_date();
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    let year = match major.parse::<u32>() {
        Ok(major) if major >= 19 => format!("20{major}"),
        _ => "2018".into(),
    };
    format!("{year}/{}/{} {}", &date[5..7], &date[8..10], &date[11..19])
}
