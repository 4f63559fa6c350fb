//! The head of a runbook, and the whole.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::runbook::check;
use crate::runbook::id::{RollbackId, RunbookId};
use crate::runbook::model::{Rollback, Runbook, Source};
use crate::runbook::parse::phase::Counted;
use crate::runbook::parse::{Reader, Sees};
use crate::runbook::raw::{Findings, Table, check_characters, read};

/// The longest runbook, in bytes.
pub const MAX_BOOK_BYTES: usize = 1024 * 1024;
/// The most rollback plans.
const MAX_ROLLBACKS: usize = 32;

/// Reads a runbook: the book when there is no error, and every finding in the order of the text.
pub fn parse(source: &str) -> (Option<Runbook>, Vec<Diagnostic>) {
    let (book, findings) = parse_with(source, |_| ());
    (book.map(|(book, ())| book), findings)
}

/// Reads a runbook, and hands the table of one without errors on to `then`, so that it is taken apart once.
pub(crate) fn parse_with<T>(
    source: &str,
    then: impl FnOnce(&DeTable<'_>) -> T,
) -> (Option<(Runbook, T)>, Vec<Diagnostic>) {
    if source.len() > MAX_BOOK_BYTES {
        let message = format!("the runbook has {} bytes; the limit is {MAX_BOOK_BYTES}", source.len());
        return (None, vec![Diagnostic::error("too-long", 0..0, message).with_help("split it into several runbooks")]);
    }
    let mut findings = Findings::new(source);
    check_characters(&mut findings);
    let root = read(source, &mut findings);
    let has_syntax_errors = findings.has_errors();
    let mut reader = Reader::new(findings);
    let table = Table::new("the runbook", 0..0, root.get_ref());
    let book = read_book(&mut reader, table, has_syntax_errors);
    if has_syntax_errors {
        reader.findings.forget_missing();
    }
    let book = book.filter(|_| !reader.findings.has_errors()).map(|book| (book, then(root.get_ref())));
    (book, reader.findings.into_list())
}

fn read_book<'d>(reader: &mut Reader<'d>, mut table: Table<'d>, has_syntax_errors: bool) -> Option<Runbook> {
    // A text that is not even of this format gets one answer rather than fifty.
    if !read_format(reader, &mut table, has_syntax_errors) {
        return None;
    }
    let id = reader.name(&mut table).map(|text| RunbookId::new(text.value));
    let title = reader.line(&mut table, "title");
    let revision = table.take("revision").and_then(|item| match item.value {
        DeValue::Integer(number) => Some(number.to_string()),
        _ => item.text(&mut reader.findings).map(|text| text.value.to_owned()),
    });
    let system = table.need_text("system", &mut reader.findings).filter(|text| reader.is_name(text));
    let summary = reader.plain_or_empty(&mut table, "summary");
    let minutes = read_minutes(reader, &mut table);
    let source = read_source(reader, &mut table);
    let inputs = reader.inputs(&mut table);
    let health = reader.probes(&mut table);
    let guards = reader.guards(&mut table);
    let mut counted = Counted::default();
    let phases = reader.phases(&mut table, 0, &mut counted);
    let rollbacks = read_rollbacks(reader, &mut table, &mut counted);
    table.finish(&mut reader.findings);
    if phases.is_empty() && !has_syntax_errors {
        reader.findings.helped("missing-key", &(0..0), "the runbook has no phase".into(), "begin one with `[[phase]]`");
    }
    let text = reader.findings.source;
    let book = Runbook {
        id: id.unwrap_or_else(|| RunbookId::new("")),
        title: title.unwrap_or_default(),
        revision: revision.unwrap_or_else(|| "1".into()),
        system: system.map(|text| text.value.to_owned()).unwrap_or_default(),
        summary,
        minutes,
        source,
        inputs,
        health,
        guards,
        phases,
        rollbacks,
        text: text.to_owned(),
        sha256: hex_sha256(text),
    };
    // With a broken syntax, whole parts may be missing: names that seem unknown may well be there.
    if !has_syntax_errors {
        check::check(reader, &book, &counted);
    }
    Some(book)
}

fn read_format<'d>(reader: &mut Reader<'d>, table: &mut Table<'d>, has_syntax_errors: bool) -> bool {
    let Some(item) = table.take("format") else {
        if !has_syntax_errors {
            let message = "the runbook does not say its format".to_owned();
            reader.findings.helped("format", &(0..0), message, "begin it with `format = 1`");
        }
        return has_syntax_errors;
    };
    let is_known = matches!(item.value, DeValue::Integer(number) if number.to_string() == "1");
    if !is_known {
        let message = "this version of piton reads format 1 only".to_owned();
        reader.findings.helped("format", &item.span, message, "write `format = 1`, or use a newer piton");
    }
    is_known
}

fn read_minutes<'d>(reader: &mut Reader<'d>, table: &mut Table<'d>) -> Option<u32> {
    let item = table.take("minutes")?;
    let minutes = match item.value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    if !minutes.is_some_and(|minutes| (1..=44_640).contains(&minutes)) {
        reader.findings.error("bad-number", &item.span, "`minutes` is a whole number from 1 to 44640");
    }
    minutes
}

fn read_source<'d>(reader: &mut Reader<'d>, table: &mut Table<'d>) -> Option<Source> {
    let item = table.take("source")?;
    let mut source = item.table("`[source]`", &mut reader.findings)?;
    let document = reader.line(&mut source, "document");
    let headings = reader.words(&mut source, "headings");
    source.finish(&mut reader.findings);
    Some(Source { document: document?, headings })
}

fn read_rollbacks<'d>(reader: &mut Reader<'d>, table: &mut Table<'d>, counted: &mut Counted<'d>) -> Vec<Rollback> {
    let tables = table.tables("rollback", "a rollback plan", MAX_ROLLBACKS, &mut reader.findings);
    let mut plans = Vec::new();
    for (index, mut plan) in tables.into_iter().enumerate() {
        let id = reader.name(&mut plan);
        if let Some(id) = &id {
            counted.rollbacks.push(id.clone());
        }
        let title = reader.line(&mut plan, "title");
        let when = plan.text("when", &mut reader.findings).and_then(|text| reader.expr(&text, Sees::Run));
        let source = reader.words(&mut plan, "source");
        let span = plan.span.clone();
        let phases = reader.phases(&mut plan, index + 1, counted);
        plan.finish(&mut reader.findings);
        if phases.is_empty() {
            let help = "begin one with `[[rollback.phase]]`";
            reader.findings.helped("missing-key", &span, "the rollback plan has no phase".into(), help);
        }
        let id = RollbackId::new(id.map(|text| text.value).unwrap_or_default());
        plans.push(Rollback { id, title: title.unwrap_or_default(), when, source, phases });
    }
    plans
}

fn hex_sha256(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
