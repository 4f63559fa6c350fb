//! `gitlab-psql`: the queries that runbooks and documents ask.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, failed, printed};

use super::rake::no_rails;
use super::state::{Database, Gitlab, Migration, Status};

/// What a query gives: the names of its columns, and its rows.
type Table = (Vec<&'static str>, Vec<Vec<String>>);

impl Gitlab {
    /// `gitlab-psql [-d DATABASE] [-t] [-A] -c QUERY`.
    pub(super) fn psql(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let node = &self.nodes[index];
        // The wrapper's settings are written where the package runs PostgreSQL.
        if node.service("postgresql").is_none() || !call.shell.is_root() {
            return no_rails("gitlab-psql", "gitlab-psql-rc");
        }
        let given = Arguments::parse(call.words, "dcUhpF", &["dbname", "command", "username"]);
        let physical = given.value(&["d", "dbname"]).or(given.operands.first().map(String::as_str));
        let physical = physical.unwrap_or("gitlabhq_production").to_owned();
        let socket = "psql: error: connection to server on socket \"/var/opt/gitlab/postgresql/.s.PGSQL.5432\" failed:";
        if !self.nodes[index].answers("postgresql", self.now) {
            return failed(
                2,
                &format!(
                    "{socket} No such file or directory\n\tIs the server running locally and accepting connections on that \
                     socket?"
                ),
            );
        }
        let databases = &self.instances[self.nodes[index].instance].data.databases;
        let Some(database) = databases.iter().find(|database| database.physical == physical) else {
            return failed(2, &format!("{socket} FATAL:  database \"{physical}\" does not exist"));
        };
        let Some(query) = given.value(&["c", "command"]) else {
            return failed(1, "gitlab-psql: a session without -c is not simulated");
        };
        let (heads, rows) = match asked(database, self.nodes[index].postgresql, query) {
            Ok(table) => table,
            Err(why) => return failed(1, &why),
        };
        let is_bare = given.has(&["t", "tuples-only"]);
        let text = if given.has(&["A", "no-align"]) {
            unaligned(&heads, &rows, is_bare)
        } else {
            aligned(&heads, &rows, is_bare)
        };
        printed(&text).lasting(Duration::from_millis(280))
    }
}

/// What a database answers to a query. `Err` is what PostgreSQL says.
fn asked(database: &Database, server: u32, query: &str) -> Result<Table, String> {
    let words = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = words.trim_end_matches(';').to_lowercase().replace("not in(", "not in (");
    let rows = &database.migrations;
    let count = |wanted: &dyn Fn(&Migration) -> bool| rows.iter().filter(|one| wanted(one)).count().to_string();
    let unfinished = |one: &Migration| one.status.is_unfinished();
    if plain.starts_with("select current_database(), count(*)") {
        let cells = vec![
            database.physical.to_owned(),
            rows.len().to_string(),
            count(&unfinished),
            count(&|one| one.status == Status::Failed),
            count(&|one| one.status == Status::Paused),
        ];
        return Ok((vec!["current_database", "count", "count", "count", "count"], vec![cells]));
    }
    let table = "from batched_background_migrations";
    let (head, only_unfinished) = match plain.split_once(table) {
        Some((head, "")) => (head.trim(), false),
        Some((head, " where status not in (3, 6)" | " where status not in (3,6)")) => (head.trim(), true),
        _ => return constant(database, server, &plain, query),
    };
    let kept = rows.iter().filter(|one| !only_unfinished || unfinished(one));
    if head == "select count(*)" {
        return Ok((vec!["count"], vec![vec![kept.count().to_string()]]));
    }
    let columns: Vec<&'static str> = head
        .trim_start_matches("select ")
        .split(',')
        .map(|column| column_named(column.trim()).ok_or_else(|| no_column(column.trim())))
        .collect::<Result<_, _>>()?;
    let row = |one: &Migration| columns.iter().map(|column| cell(one, column)).collect::<Vec<_>>();
    let rows = kept.map(row).collect();
    Ok((columns, rows))
}

const COLUMNS: [&str; 7] =
    ["id", "job_class_name", "table_name", "column_name", "job_arguments", "status", "batch_count"];

fn column_named(name: &str) -> Option<&'static str> {
    COLUMNS.into_iter().find(|column| *column == name)
}

fn no_column(name: &str) -> String {
    format!("ERROR:  column \"{name}\" does not exist\nLINE 1: SELECT {name}\n               ^")
}

fn cell(migration: &Migration, column: &str) -> String {
    match column {
        "id" => migration.id.to_string(),
        "job_class_name" => migration.job.class.into(),
        "table_name" => migration.job.table.into(),
        "column_name" => migration.job.column.into(),
        "job_arguments" => migration.job.arguments.into(),
        "status" => migration.status.code().to_string(),
        _ => migration.batches.to_string(),
    }
}

fn constant(database: &Database, server: u32, plain: &str, query: &str) -> Result<Table, String> {
    let one = |head: &'static str, value: &str| Ok((vec![head], vec![vec![value.to_owned()]]));
    match plain {
        "select version()" => {
            one("version", &format!("PostgreSQL {server}.8 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit"))
        }
        "show server_version" => one("server_version", &format!("{server}.8")),
        "select current_database()" => one("current_database", database.physical),
        "select 1" => one("?column?", "1"),
        _ => Err(format!("gitlab-psql: this query is not simulated: {query}")),
    }
}

fn unaligned(heads: &[&str], rows: &[Vec<String>], is_bare: bool) -> String {
    let mut text: String = if is_bare { String::new() } else { format!("{}\n", heads.join("|")) };
    text.extend(rows.iter().map(|row| format!("{}\n", row.join("|"))));
    if !is_bare {
        text.push_str(&told(rows.len()));
    }
    text
}

fn aligned(heads: &[&str], rows: &[Vec<String>], is_bare: bool) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::len);
        cells.chain([heads[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} "));
        format!("{}\n", padded.collect::<Vec<_>>().join("|").trim_end())
    };
    let mut text = String::new();
    if !is_bare {
        text.push_str(&line(heads.to_vec()));
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        text.push_str(&format!("{}\n", rules.join("+")));
    }
    text.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    text.push_str(&if is_bare { "\n".to_owned() } else { told(rows.len()) + "\n" });
    text
}

fn told(count: usize) -> String {
    format!("({count} row{})\n", if count == 1 { "" } else { "s" })
}
