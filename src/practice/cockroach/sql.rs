//! `cockroach sql --execute …`: which statements are known, and what the client says of the others.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Version, printed};

use super::cli::{Client, Server};
use super::notes::build_time;
use super::state::Cockroach;
use super::tables::Table;

/// What a statement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Rows(Table),
    /// The tag of a statement without rows.
    Tag(&'static str),
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SqlError {
    message: String,
    state: &'static str,
    further: String,
}

impl SqlError {
    /// A message and its SQLSTATE.
    pub(super) fn new(state: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), state, further: String::new() }
    }

    /// The same with a line after it, such as a hint.
    pub(super) fn and(mut self, line: &str) -> Self {
        self.further = format!("\n{line}");
        self
    }

    fn syntax(statement: &str) -> Self {
        let word = statement.split_whitespace().next().unwrap_or_default().to_lowercase();
        Self::new("42601", format!("at or near {word:?}: syntax error"))
            .and(&format!("DETAIL: source SQL:\n{statement}\n^"))
    }
}

/// A statement's outcome, and how long it takes.
pub(super) type Answer = Result<(Done, Duration), SqlError>;

impl Cockroach {
    /// `cockroach sql`.
    pub(super) fn sql(&mut self, client: &Client) -> CommandResult {
        let given = client.given.options.iter().filter(|(name, _)| matches!(name.as_str(), "e" | "execute"));
        let texts: Vec<String> = given.filter_map(|(_, value)| value.clone()).collect();
        let server = match self.connect_sql(client) {
            Ok(server) => server,
            Err(result) => return result,
        };
        if texts.is_empty() {
            return client.fails("reading statements from a terminal is not simulated: use --execute");
        }
        let mut total = printed("");
        for statement in texts.iter().flat_map(|text| statements(text)) {
            match self.execute(client, server, &statement) {
                Ok((done, wait)) => {
                    total.takes_ms += wait.as_millis() as u64;
                    match done {
                        Done::Rows(table) => total.stdout.push_str(&table.shown(client.format)),
                        Done::Tag(tag) => total.stdout.push_str(&format!("{tag}\n")),
                    }
                }
                Err(error) => {
                    total.exit = 1;
                    total.stderr = format!(
                        "ERROR: {}\nSQLSTATE: {}{}\nFailed running \"sql\"\n",
                        error.message, error.state, error.further
                    );
                    return total;
                }
            }
        }
        total
    }

    fn execute(&mut self, client: &Client, server: Server, statement: &str) -> Answer {
        let upper = statement.to_uppercase();
        let words: Vec<&str> = upper.split_whitespace().collect();
        let quick = Duration::from_millis(30);
        let rows = |table: Table| Ok((Done::Rows(table), quick));
        match words.as_slice() {
            ["SELECT", "1"] => rows(Table::cell("?column?", "1")),
            ["SELECT", "VERSION()"] => rows(Table::cell("version", self.version_text(server))),
            ["SELECT", "NOW()"] => rows(Table::cell("now", super::status::at(self.now, &client.version))),
            ["SELECT", "CRDB_INTERNAL.NODE_ID()"] => {
                let id = server.member.map_or(1, |member| self.members[member].id);
                rows(Table::cell("crdb_internal.node_id", id.to_string()))
            }
            ["SELECT", "CRDB_INTERNAL.NODE_EXECUTABLE_VERSION()"] => {
                let series = super::upgrade::series(self.build_at(server).as_str());
                rows(Table::cell("crdb_internal.node_executable_version", series))
            }
            ["SELECT", .., "FROM", table] if table.starts_with("CRDB_INTERNAL.") => {
                self.internal_table(client, statement).map(|table| (Done::Rows(table), quick))
            }
            ["SHOW", "CLUSTER", "SETTING", _] => {
                let name = statement.split_whitespace().nth(3).unwrap_or_default();
                self.show_setting(client, name).map(|table| (Done::Rows(table), quick))
            }
            ["SHOW", "ALL", "CLUSTER", "SETTINGS"] | ["SHOW", "CLUSTER", "SETTINGS"] => rows(self.all_settings()),
            ["SET", "CLUSTER", "SETTING", ..] => self.set_setting(client, statement),
            ["RESET", "CLUSTER", "SETTING", _] => {
                let name = statement.split_whitespace().nth(3).unwrap_or_default().to_lowercase();
                self.change_setting(client, &name, None)
            }
            ["SHOW", "JOBS"] => rows(self.show_jobs(client)),
            ["BACKUP", "INTO", ..] => self.back_up(statement),
            ["BACKUP", ..] => {
                Err(SqlError::new("42601", "the `BACKUP TO` syntax is no longer supported")
                    .and("HINT: use `BACKUP INTO`"))
            }
            ["SHOW", "BACKUPS", "IN", _] => self.show_backups(statement),
            ["RESTORE", ..] => Err(SqlError::new(
                "XXUUU",
                "full cluster restore can only be run on a cluster with no tables or databases but found 1 descriptors: [app]",
            )),
            ["SHOW", "DATABASES"] => rows(databases()),
            _ => Err(unknown(statement, &words)),
        }
    }

    /// The build of the server that was asked.
    fn build_at(&self, server: Server) -> Version {
        let run = self.hosts[server.host].run();
        run.map_or_else(|| Version::new(&self.options.old), |run| run.build.clone())
    }

    fn version_text(&self, server: Server) -> String {
        let build = self.build_at(server);
        format!("CockroachDB CCL v{build} (x86_64-pc-linux-gnu, built {}, go1.19.13)", build_time(build.as_str()))
    }
}

/// What is said of a statement that is not known here.
fn unknown(statement: &str, words: &[&str]) -> SqlError {
    let table =
        words.iter().position(|word| matches!(*word, "FROM" | "INTO" | "UPDATE")).and_then(|at| words.get(at + 1));
    match (words.first().copied(), table) {
        (Some("SELECT" | "DELETE" | "INSERT" | "UPDATE"), Some(table)) => {
            let name = table.to_lowercase();
            SqlError::new("42P01", format!("relation {name:?} does not exist"))
        }
        (Some("SELECT"), None) => {
            let name = statement.split_whitespace().nth(1).unwrap_or_default();
            SqlError::new("42703", format!("column {name:?} does not exist"))
        }
        _ => SqlError::syntax(statement),
    }
}

fn databases() -> Table {
    let mut table =
        Table::new(&["database_name", "owner", "primary_region", "secondary_region", "regions", "survival_goal"]);
    for (name, owner) in [("app", "root"), ("defaultdb", "root"), ("postgres", "root"), ("system", "node")] {
        table.rows.push(vec![Some(name.into()), Some(owner.into()), None, None, Some("{}".into()), None]);
    }
    table
}

/// The statements of a text, without their semicolons.
fn statements(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            ';' if !quoted => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    found.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// The first text in single quotes.
pub(super) fn quoted(statement: &str) -> Option<&str> {
    statement.split('\'').nth(1)
}
