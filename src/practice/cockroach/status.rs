//! `cockroach node status` and `node ls`: the columns come and go with the client's version.

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::Version;

use super::cli::Client;
use super::state::{Cockroach, Membership};
use super::tables::Table;

impl Cockroach {
    /// `cockroach node status [ID]`.
    pub(super) fn node_status(&mut self, client: &Client) -> CommandResult {
        let server = match self.connect_sql(client) {
            Ok(server) => server,
            Err(result) => return result,
        };
        let Some(_) = server.member else { return self.status_alone(client, server.host) };
        let has = |flag: &str| client.given.has(&[flag, "all"]);
        let is_shown = |&member: &usize| {
            let is_active = self.members[member].membership == Membership::Active || self.is_available(member);
            is_active || has("decommission")
        };
        let mut shown: Vec<usize> = (0..self.members.len()).filter(is_shown).collect();
        shown.sort_by_key(|&member| self.members[member].id);
        if let Some(id) = client.given.operands.first() {
            shown.retain(|&member| self.members[member].id.to_string() == *id);
            if shown.is_empty() {
                return match id.parse::<u32>() {
                    Ok(_) => client.fails(&format!("node {id} doesn't exist")),
                    Err(_) => client.fails(&format!("strconv.ParseInt: parsing {id:?}: invalid syntax")),
                };
            }
        }
        client.shows(&self.status_table(client, &shown))
    }

    fn status_table(&self, client: &Client, shown: &[usize]) -> Table {
        let has = |flag: &str| client.given.has(&[flag, "all"]);
        let version = &client.version;
        if *version < Version::new("1.1") {
            return self.first_columns(version, shown);
        }
        let mut table = self.base_columns(version, shown);
        if has("ranges") {
            table = table.beside(self.range_columns(shown));
        }
        if has("stats") {
            table = table.beside(self.stat_columns(version, shown));
        }
        if has("decommission") {
            table = table.beside(self.decommission_columns(version, shown));
        }
        table
    }

    /// The columns of the 1.0 series, which had no flags for more.
    fn first_columns(&self, version: &Version, shown: &[usize]) -> Table {
        let mut table = Table::new(&[
            "id",
            "address",
            "build",
            "updated_at",
            "started_at",
            "live_bytes",
            "key_bytes",
            "value_bytes",
            "intent_bytes",
            "system_bytes",
            "leader_ranges",
            "repl_ranges",
            "avail_ranges",
        ]);
        for &member in shown {
            let row = &self.members[member].row;
            let cells = [
                self.members[member].id.to_string(),
                self.sql_address(member),
                row.build.clone(),
                at(row.updated_at, version),
                at(row.started_at, version),
                row.live_bytes.to_string(),
                (row.live_bytes / 5).to_string(),
                (row.live_bytes / 5 * 6).to_string(),
                "0".into(),
                (row.ranges * 640).to_string(),
                row.leaders.to_string(),
                row.ranges.to_string(),
                (row.ranges - row.unavailable.min(row.ranges)).to_string(),
            ];
            table.rows.push(cells.into_iter().map(Some).collect());
        }
        table
    }

    fn base_columns(&self, version: &Version, shown: &[usize]) -> Table {
        let headers: &[&'static str] = match () {
            () if *version < Version::new("2.0") => &["id", "address", "build", "updated_at", "started_at"],
            () if *version < Version::new("19.1") => &["id", "address", "build", "updated_at", "started_at", "is_live"],
            () if *version < Version::new("19.2") => {
                &["id", "address", "build", "started_at", "updated_at", "locality", "is_available", "is_live"]
            }
            () => &[
                "id",
                "address",
                "sql_address",
                "build",
                "started_at",
                "updated_at",
                "locality",
                "is_available",
                "is_live",
            ],
        };
        let mut table = Table::new(headers);
        for &member in shown {
            let cell = |header: &&'static str| {
                let (told, row) = (&self.members[member], &self.members[member].row);
                Some(match *header {
                    "id" => told.id.to_string(),
                    "address" | "sql_address" => self.sql_address(member),
                    "build" => row.build.clone(),
                    "started_at" => at(row.started_at, version),
                    "updated_at" => at(row.updated_at, version),
                    "is_available" => self.is_available(member).to_string(),
                    "is_live" => self.is_gossiped(member).to_string(),
                    _ => String::new(),
                })
            };
            table.rows.push(headers.iter().map(cell).collect());
        }
        table
    }

    fn range_columns(&self, shown: &[usize]) -> Table {
        let mut table = Table::new(&[
            "replicas_leaders",
            "replicas_leaseholders",
            "ranges",
            "ranges_unavailable",
            "ranges_underreplicated",
        ]);
        for &member in shown {
            let row = &self.members[member].row;
            let cells = [row.leaders, row.leaseholders, row.ranges, row.unavailable, row.underreplicated];
            table.rows.push(cells.iter().map(|number| Some(number.to_string())).collect());
        }
        table
    }

    fn stat_columns(&self, version: &Version, shown: &[usize]) -> Table {
        let headers: &[&'static str] = match *version < Version::new("22.2") {
            true => &["live_bytes", "key_bytes", "value_bytes", "intent_bytes", "system_bytes"],
            false => &[
                "live_bytes",
                "key_bytes",
                "value_bytes",
                "range_key_bytes",
                "range_value_bytes",
                "intent_bytes",
                "system_bytes",
            ],
        };
        let mut table = Table::new(headers);
        for &member in shown {
            let row = &self.members[member].row;
            let cell = |header: &&'static str| {
                let number = match *header {
                    "live_bytes" => row.live_bytes,
                    "key_bytes" => row.live_bytes / 5,
                    "value_bytes" => row.live_bytes / 5 * 6,
                    "system_bytes" => row.ranges * 640,
                    _ => 0,
                };
                Some(number.to_string())
            };
            table.rows.push(headers.iter().map(cell).collect());
        }
        table
    }

    fn decommission_columns(&self, version: &Version, shown: &[usize]) -> Table {
        let headers: &[&'static str] = match () {
            () if *version < Version::new("2.0") => {
                &["is_live", "gossiped_replicas", "is_decommissioning", "is_draining"]
            }
            () if *version < Version::new("20.2") => &["gossiped_replicas", "is_decommissioning", "is_draining"],
            () => &["gossiped_replicas", "is_decommissioning", "membership", "is_draining"],
        };
        let mut table = Table::new(headers);
        for &member in shown {
            let told = &self.members[member];
            let cell = |header: &&'static str| {
                Some(match *header {
                    "is_live" => self.is_gossiped(member).to_string(),
                    "gossiped_replicas" => self.replicas(member).to_string(),
                    "is_decommissioning" => (told.membership != Membership::Active).to_string(),
                    "membership" => told.membership.word().to_owned(),
                    _ => told.draining.to_string(),
                })
            };
            table.rows.push(headers.iter().map(cell).collect());
        }
        table
    }

    /// A cluster of one knows itself alone.
    fn status_alone(&self, client: &Client, host: usize) -> CommandResult {
        let Some(run) = self.hosts[host].run() else { return client.fails("connection refused") };
        let address = format!("{}:{}", self.hosts[host].name, super::state::SQL_PORT);
        let mut table = self.base_columns(&client.version, &[]);
        let cell = |header: &&'static str| {
            Some(match *header {
                "id" => "1".to_owned(),
                "address" | "sql_address" => address.clone(),
                "build" => format!("v{}", run.build),
                "started_at" | "updated_at" => at(self.now, &client.version),
                "is_available" | "is_live" => "true".into(),
                _ => String::new(),
            })
        };
        table.rows.push(table.headers.iter().map(cell).collect());
        if client.given.has(&["ranges", "all"]) {
            let mut ranges = self.range_columns(&[]);
            ranges.rows.push(["44", "44", "44", "0", "0"].map(|text| Some(text.to_owned())).into());
            table = table.beside(ranges);
        }
        client.shows(&table)
    }

    /// `cockroach node ls`.
    pub(super) fn node_ls(&mut self, client: &Client) -> CommandResult {
        if let Err(result) = self.connect_sql(client) {
            return result;
        }
        let mut table = Table::new(&["id"]);
        for member in self.belonging() {
            table.rows.push(vec![Some(self.members[member].id.to_string())]);
        }
        client.shows(&table)
    }
}

/// A time as that version of the client prints it.
pub(super) fn at(moment: Timestamp, version: &Version) -> String {
    let zone = match () {
        () if *version < Version::new("21.1") => "+00:00",
        () if *version < Version::new("23.1") => "",
        () => " +0000 UTC",
    };
    format!("{}000{zone}", moment.to_string().replace('T', " ").trim_end_matches('Z'))
}
