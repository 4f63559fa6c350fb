//! `cockroach node drain`, `decommission`, `recommission` and the old `quit`.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Signal, Version, failed};

use super::cli::Client;
use super::liveness::span;
use super::state::{Cockroach, Membership};
use super::tables::{Format, Table};

/// How long a command waits that waits for what never comes.
const FOREVER: Duration = Duration::from_hours(24);

impl Cockroach {
    /// The members that are named by their ids.
    fn named(&self, client: &Client) -> Result<Vec<usize>, CommandResult> {
        let find = |id: &String| {
            let number: u32 = id.parse().map_err(|_| {
                client.fails(&format!("unable to parse {id}: strconv.ParseInt: parsing {id:?}: invalid syntax"))
            })?;
            let found = self.members.iter().position(|member| member.id == number);
            found.ok_or_else(|| client.fails(&format!("node {id} does not exist")))
        };
        client.given.operands.iter().map(find).collect()
    }

    /// `cockroach node drain [ID | --self] [--shutdown] [--drain-wait TIME]`.
    pub(super) fn node_drain(&mut self, client: &Client) -> CommandResult {
        let server = match self.connect(client) {
            Ok(server) => server,
            Err(result) => return result,
        };
        let named = match self.named(client) {
            Ok(named) => named,
            Err(result) => return result,
        };
        let target = match (named.as_slice(), server.member) {
            ([], Some(own)) => own,
            ([one], _) => *one,
            ([], None) => return client.fails("node is not part of a cluster"),
            _ => return client.fails(&format!("accepts at most 1 arg(s), received {}", named.len())),
        };
        if !self.is_up(target) {
            return client
                .fails(&format!("unable to drain node {0}: node {0} is not reachable", self.members[target].id));
        }
        let limit = client.given.value(&["drain-wait"]).map_or(Some(Duration::from_mins(10)), span);
        let Some(limit) = limit else { return client.fails("invalid argument for \"--drain-wait\" flag") };
        let (now, host) = (self.now, self.members[target].host);
        let wait = self.fate.millis(3_000, 15_000) + self.hosts[host].trouble.drain;
        let leases = self.leases(target);
        let was_draining = self.members[target].draining;
        self.members[target].draining = true;
        if !was_draining {
            self.notice_late();
            self.write_log(host, now, "drain request received with doDrain = true, shutdown = false");
        }
        self.settle(now);
        if wait > limit {
            let mut result = failed(
                1,
                &format!(
                    "node is draining... remaining: {leases}\nERROR: drain timeout\nFailed running \"node drain\""
                ),
            );
            result.takes_ms = limit.as_millis() as u64;
            return result;
        }
        let mut told = format!("node is draining... remaining: {leases}\nnode is draining... remaining: 0 (complete)");
        if client.given.has(&["shutdown"]) {
            told.push_str("\nshutting down");
            self.deliver(host, Signal::Terminate, now);
        }
        let done = failed(0, &told).lasting(wait);
        CommandResult { stdout: "ok\n".into(), ..done }
    }

    /// `cockroach quit`, which newer clients no longer have.
    pub(super) fn quit(&mut self, client: &Client) -> CommandResult {
        let server = match self.connect(client) {
            Ok(server) => server,
            Err(result) => return result,
        };
        let now = self.now;
        let leases = server.member.map_or(0, |member| self.leases(member));
        let wait = self.deliver(server.host, Signal::Terminate, now);
        let old = match client.version < Version::new("20.1") {
            true => "",
            false => {
                "Command \"quit\" is deprecated, see 'cockroach node drain' instead to drain a server without \
                      terminating the server process (which can in turn be done using an orchestration layer or a process \
                      manager, or by sending a termination signal directly).\n"
            }
        };
        let told = format!("{old}node is draining... remaining: {leases}\nnode is draining... remaining: 0 (complete)");
        let done = failed(0, &told).lasting(wait);
        CommandResult { stdout: "ok\n".into(), ..done }
    }

    /// `cockroach node decommission ID …`.
    pub(super) fn node_decommission(&mut self, client: &Client) -> CommandResult {
        let targets = match self.targets(client) {
            Ok(targets) => targets,
            Err(result) => return result,
        };
        let left = self.belonging().filter(|member| !targets.contains(member)).count();
        let has_room = left >= 3.min(self.hosts.len());
        let checks = client.given.value(&["checks"]).unwrap_or("enabled");
        if !has_room && client.version >= Version::new("23.1") && checks != "skip" {
            let table = self.decommission_table(client, &targets, true);
            let told = format!(
                "{}\nranges blocking decommission detected\nERROR: Cannot decommission nodes.\nFailed running \
                 \"node decommission\"",
                table.shown(Format::Table)
            );
            return failed(1, &told);
        }
        let now = self.now;
        for &member in &targets {
            if self.members[member].membership == Membership::Active {
                self.members[member].membership = Membership::Decommissioning;
            }
        }
        self.settle(now);
        let table = self.decommission_table(client, &targets, false);
        let mut result = failed(0, table.shown(Format::Table).trim_end());
        result.stdout = "\n".into();
        if client.given.value(&["wait"]) == Some("none") {
            return result;
        }
        // Some replicas move every few seconds; with nowhere to go they never do.
        let replicas: u64 = targets.iter().map(|&member| self.replicas(member)).sum();
        match has_room {
            true => {
                result.stdout.push_str(
                    "No more data reported on target nodes. Please verify cluster health before removing the nodes.\n",
                );
                result.lasting(Duration::from_secs(10 + 2 * replicas))
            }
            false => result.lasting(FOREVER),
        }
    }

    /// `cockroach node recommission ID …`.
    pub(super) fn node_recommission(&mut self, client: &Client) -> CommandResult {
        let targets = match self.targets(client) {
            Ok(targets) => targets,
            Err(result) => return result,
        };
        if let Some(&member) =
            targets.iter().find(|&&member| self.members[member].membership != Membership::Decommissioning)
        {
            let told = &self.members[member];
            return client.fails(&format!(
                "can only recommission a decommissioning node; n{} found to be {}",
                told.id,
                told.membership.word()
            ));
        }
        for &member in &targets {
            self.members[member].membership = Membership::Active;
        }
        let now = self.now;
        self.settle(now);
        client.shows(&self.decommission_table(client, &targets, false))
    }

    fn targets(&self, client: &Client) -> Result<Vec<usize>, CommandResult> {
        let server = self.connect_sql(client)?;
        let named = self.named(client)?;
        match (named.is_empty(), client.given.has(&["self"]), server.member) {
            (true, true, Some(own)) => Ok(vec![own]),
            (true, _, _) => {
                Err(client.fails("no node ID specified; use --self to target the node specified with --host"))
            }
            (false, _, _) => Ok(named),
        }
    }

    fn decommission_table(&self, client: &Client, targets: &[usize], is_blocked: bool) -> Table {
        let mut table = match client.version < Version::new("20.2") {
            true => Table::new(&["id", "is_live", "replicas", "is_decommissioning", "is_draining"]),
            false => Table::new(&["id", "is_live", "replicas", "is_decommissioning", "membership", "is_draining"]),
        };
        let with_checks = client.version >= Version::new("23.1");
        if with_checks {
            table.headers.extend(["readiness", "blocking_ranges"]);
        }
        for &member in targets {
            let told = &self.members[member];
            let mut row = vec![
                told.id.to_string(),
                self.is_gossiped(member).to_string(),
                self.replicas(member).to_string(),
                (told.membership != Membership::Active).to_string(),
            ];
            if client.version >= Version::new("20.2") {
                row.push(told.membership.word().to_owned());
            }
            row.push(told.draining.to_string());
            if with_checks {
                row.push(if is_blocked { "allocation errors" } else { "ready" }.to_owned());
                row.push(if is_blocked { self.replicas(member) } else { 0 }.to_string());
            }
            table.rows.push(row.into_iter().map(Some).collect());
        }
        table
    }
}
