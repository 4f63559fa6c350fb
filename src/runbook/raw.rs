//! What TOML says, with the place of every key and value; nothing is known here about runbooks.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Severity};
use crate::runbook::nearest::nearest;
use crate::text::{is_hidden, is_reordering};

/// After so many findings the rest is left out: the reader has enough to do.
const MAX_FINDINGS: usize = 100;
/// The longest single text, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Collects what is wrong with one source text.
pub(crate) struct Findings<'d> {
    pub(crate) source: &'d str,
    list: Vec<Diagnostic>,
}

impl<'d> Findings<'d> {
    pub(crate) fn new(source: &'d str) -> Self {
        Self { source, list: Vec::new() }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        // A few more are kept so that an error is not lost behind advice.
        if self.list.len() < 2 * MAX_FINDINGS {
            self.list.push(diagnostic);
        }
    }

    pub(crate) fn error(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span.clone(), message));
    }

    pub(crate) fn helped(&mut self, code: &'static str, span: &Range<usize>, message: String, help: impl Into<String>) {
        self.push(Diagnostic::error(code, span.clone(), message).with_help(help));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// With a broken syntax, parts of the text were not read: what seems missing may well be there.
    pub(crate) fn forget_missing(&mut self) {
        let is_missing = |found: &Diagnostic| matches!(found.code, "missing-key" | "no-action" | "format");
        self.list.retain(|found| found.code == "toml" || !(is_missing(found) || found.span.is_empty()));
    }

    /// All findings in the order of the text, each place and message once.
    pub(crate) fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|found| (found.span.start, found.severity, found.span.end));
        self.list.dedup_by(|one, other| one.span == other.span && one.message == other.message);
        if self.list.len() > MAX_FINDINGS {
            // Errors first, so that a refused text always says why.
            self.list.sort_by_key(|found| found.severity != Severity::Error);
            self.list.truncate(MAX_FINDINGS);
            self.list.sort_by_key(|found| found.span.start);
            let end = self.source.len();
            self.list.push(Diagnostic::advice("more", end..end, "there is more; the rest is not shown"));
        }
        self.list
    }
}

/// Reads `source` as far as it can be read; syntax errors become findings.
pub(crate) fn read<'d>(source: &'d str, findings: &mut Findings<'_>) -> Spanned<DeTable<'d>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    let mut last_line = usize::MAX;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let start = span.start.min(source.len());
        let line = source.as_bytes()[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // One mistake often makes several errors on its line; the first says it best.
        if line != last_line {
            findings.error("toml", &span, error.message().trim().replace('\n', "; "));
        }
        last_line = line;
    }
    table
}

/// Finds characters in the text itself, comments included, that make it read differently from what it says.
pub(crate) fn check_characters(findings: &mut Findings<'_>) {
    let source = findings.source;
    if source.is_ascii() {
        return;
    }
    let found = source.char_indices().filter(|(at, c)| is_hidden(*c) && !(*at == 0 && *c == '\u{feff}')).take(20);
    for (at, c) in found.collect::<Vec<_>>() {
        report_character(findings, &(at..at + c.len_utf8()), c);
    }
}

fn report_character(findings: &mut Findings<'_>, span: &Range<usize>, c: char) {
    let number = u32::from(c);
    if is_reordering(c) {
        let message = format!("U+{number:04X} makes the text read in another order than it is written");
        findings.helped("hidden-character", span, message, "remove it");
    } else if c.is_control() {
        findings.helped("hidden-character", span, format!("control character U+{number:04X}"), "remove it");
    } else {
        let message = format!("U+{number:04X} cannot be seen");
        findings.push(
            Diagnostic::advice("hidden-character", span.clone(), message).with_help("remove it if it is not meant"),
        );
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Item<'d> {
    pub(crate) span: Range<usize>,
    pub(crate) value: &'d DeValue<'d>,
}

/// A text and the place of its literal, quotes included.
#[derive(Clone, Debug)]
pub(crate) struct Text<'d> {
    pub(crate) span: Range<usize>,
    pub(crate) value: &'d str,
}

/// More keys than most tables know.
const KEYS: usize = 48;

/// A table of which every key must be asked for.
pub(crate) struct Table<'d> {
    /// What it is, for people: `a step`.
    what: &'static str,
    pub(crate) span: Range<usize>,
    entries: Vec<Entry<'d>>,
    asked: Vec<&'static str>,
}

struct Entry<'d> {
    key: &'d str,
    key_span: Range<usize>,
    value: Item<'d>,
    is_taken: bool,
}

impl<'d> Table<'d> {
    pub(crate) fn new(what: &'static str, span: Range<usize>, table: &'d DeTable<'d>) -> Self {
        let mut entries: Vec<Entry<'d>> =
            entries_of(table).map(|(key, key_span, value)| Entry { key, key_span, value, is_taken: false }).collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { what, span, entries, asked: Vec::with_capacity(KEYS) }
    }

    /// The value of `key`.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.take_with_key(key).map(|(_, value)| value)
    }

    /// The value of `key`, and the place of the key itself.
    pub(crate) fn take_with_key(&mut self, key: &'static str) -> Option<(Range<usize>, Item<'d>)> {
        // A key may be asked for twice, and seldom is: sorted out only when somebody wants to know.
        self.asked.push(key);
        let entry = self.entries.iter_mut().find(|entry| entry.key == key)?;
        entry.is_taken = true;
        Some((entry.key_span.clone(), entry.value.clone()))
    }

    /// The value of `key`, without asking for it.
    pub(crate) fn peek(&self, key: &str) -> Option<Item<'d>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone())
    }

    /// The value of `key`, which must be there.
    pub(crate) fn need(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Item<'d>> {
        let item = self.take(key);
        if item.is_none() {
            findings.error("missing-key", &self.span, format!("{} needs `{key}`", self.what));
        }
        item
    }

    pub(crate) fn need_text(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Text<'d>> {
        self.need(key, findings)?.text(findings)
    }

    pub(crate) fn text(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Text<'d>> {
        self.take(key)?.text(findings)
    }

    pub(crate) fn flag(&mut self, key: &'static str, findings: &mut Findings<'_>) -> bool {
        let Some(item) = self.take(key) else { return false };
        match item.value {
            DeValue::Boolean(value) => *value,
            other => {
                findings.error("wrong-type", &item.span, format!("`{key}` is true or false, not {}", kind_of(other)));
                false
            }
        }
    }

    /// A text or a list of texts.
    pub(crate) fn texts(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Vec<Text<'d>> {
        self.take(key).map(|item| item.texts(findings)).unwrap_or_default()
    }

    /// The tables of an array of tables (`[[key]]`).
    pub(crate) fn tables(
        &mut self,
        key: &'static str,
        what: &'static str,
        limit: usize,
        findings: &mut Findings<'_>,
    ) -> Vec<Table<'d>> {
        let Some(item) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = item.value else {
            let message = format!("`{key}` is a list of tables, not {}", kind_of(item.value));
            findings.helped("wrong-type", &item.span, message, format!("write `[[{key}]]`"));
            return Vec::new();
        };
        if items.len() > limit {
            let message = format!("there are {} of `{key}`; the limit is {limit}", items.len());
            findings.error("too-many", &item.span, message);
        }
        items.iter().take(limit).filter_map(|item| Item::of(item).table(what, findings)).collect()
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self, findings: &mut Findings<'_>) {
        if self.entries.iter().all(|entry| entry.is_taken) {
            return;
        }
        let mut known = HashSet::new();
        let asked: Vec<_> = self.asked.into_iter().filter(|key| known.insert(*key)).collect();
        for entry in self.entries.iter().filter(|entry| !entry.is_taken).take(MAX_FINDINGS) {
            let message = format!("{} has no key `{}`", self.what, entry.key);
            let help = match nearest(entry.key, asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes: {}", asked.join(", ")),
            };
            findings.helped("unknown-key", &entry.key_span, message, help);
        }
    }

    /// All entries as they stand, for tables whose keys are the author's.
    pub(crate) fn free(self) -> impl Iterator<Item = (Text<'d>, Item<'d>)> {
        self.entries.into_iter().map(|entry| (Text { span: entry.key_span, value: entry.key }, entry.value))
    }
}

fn entries_of<'d>(table: &'d DeTable<'d>) -> impl Iterator<Item = (&'d str, Range<usize>, Item<'d>)> {
    table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), Item::of(value)))
}

impl<'d> Item<'d> {
    pub(crate) fn of(value: &'d Spanned<DeValue<'d>>) -> Self {
        Self { span: value.span(), value: value.get_ref() }
    }

    pub(crate) fn text(&self, findings: &mut Findings<'_>) -> Option<Text<'d>> {
        match self.value {
            DeValue::String(value) => {
                let text = Text { span: self.span.clone(), value };
                text.check(findings);
                Some(text)
            }
            other => {
                findings.error("wrong-type", &self.span, format!("expected a text, found {}", kind_of(other)));
                None
            }
        }
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The elements of a list, or the value itself.
    pub(crate) fn items(&self) -> Vec<Item<'d>> {
        match self.value {
            DeValue::Array(items) => items.iter().map(Item::of).collect(),
            _ => vec![self.clone()],
        }
    }

    /// A text, or the texts of a list.
    pub(crate) fn texts(&self, findings: &mut Findings<'_>) -> Vec<Text<'d>> {
        match self.value {
            DeValue::Array(items) => items.iter().filter_map(|item| Item::of(item).text(findings)).collect(),
            DeValue::String(_) => self.text(findings).into_iter().collect(),
            other => {
                let message = format!("expected a text or a list of texts, found {}", kind_of(other));
                findings.error("wrong-type", &self.span, message);
                Vec::new()
            }
        }
    }

    pub(crate) fn table(&self, what: &'static str, findings: &mut Findings<'_>) -> Option<Table<'d>> {
        match self.value {
            DeValue::Table(table) => Some(Table::new(what, self.span.clone(), table)),
            other => {
                findings.error("wrong-type", &self.span, format!("expected a table, found {}", kind_of(other)));
                None
            }
        }
    }

    /// As JSON; TOML's dates become texts. Which numbers are not kept [`Self::check_numbers`] tells.
    pub(crate) fn json(&self) -> serde_json::Value {
        use serde_json::Value;
        match self.value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => {
                let (text, radix) = (number.as_str(), number.radix());
                let whole = i64::from_str_radix(text, radix).map(Value::from);
                whole.or_else(|_| u64::from_str_radix(text, radix).map(Value::from)).unwrap_or(Value::Null)
            }
            DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(moment) => Value::String(moment.to_string()),
            DeValue::Array(items) => items.iter().map(|item| Item::of(item).json()).collect(),
            DeValue::Table(table) => {
                let mut entries: Vec<_> = entries_of(table).collect();
                entries.sort_by_key(|(_, span, _)| span.start);
                Value::Object(entries.into_iter().map(|(key, _, item)| (key.to_owned(), item.json())).collect())
            }
        }
    }
}

/// What a value is, for people.
pub(crate) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Text<'_> {
    /// Characters that only an escape can have brought in are reported here; the others stand in the source.
    fn check(&self, findings: &mut Findings<'_>) {
        if self.value.len() > MAX_TEXT_BYTES {
            let message = format!("the text has {} bytes; the limit is {MAX_TEXT_BYTES}", self.value.len());
            findings.error("too-long", &self.span, message);
        }
        if self.value.is_ascii() && !self.value.bytes().any(|byte| byte.is_ascii_control()) {
            return;
        }
        let bad = |c: char| is_hidden(c) || (c.is_control() && c != '\n' && c != '\t');
        let literal = findings.source.get(self.span.clone()).unwrap_or_default();
        let found = self.value.char_indices().filter(|(_, c)| bad(*c) && !literal.contains(*c)).take(5);
        for (at, c) in found.collect::<Vec<_>>() {
            let span = self.place(findings.source, at..at + c.len_utf8());
            report_character(findings, &span, c);
        }
    }

    /// Where a part of the text stands in the source, seen through quotes and escapes.
    pub(crate) fn place(&self, source: &str, part: Range<usize>) -> Range<usize> {
        self.find_place(source, part).unwrap_or_else(|| self.span.clone())
    }

    fn find_place(&self, source: &str, part: Range<usize>) -> Option<Range<usize>> {
        let literal = source.get(self.span.clone())?;
        let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| literal.starts_with(quotes))?;
        let mut at = quotes.len();
        if quotes.len() == 3 {
            let rest = &literal[at..];
            at += rest.len() - rest.strip_prefix("\r\n").or(rest.strip_prefix('\n')).unwrap_or(rest).len();
        }
        let escapes = quotes.starts_with('"');
        let (mut start, mut decoded) = (None, 0);
        let mut chars = self.value.chars();
        loop {
            if escapes && quotes.len() == 3 {
                at += folded(&literal[at..]);
            }
            if decoded == part.start && start.is_none() {
                start = Some(at);
            }
            if decoded >= part.end {
                break;
            }
            let c = chars.next()?;
            at += written_as(&literal[at..], c, escapes)?;
            decoded += c.len_utf8();
        }
        let base = self.span.start;
        Some(base + start?..base + at.max(start?))
    }
}

/// How long the blank is that a backslash at the end of a line takes away.
fn folded(literal: &str) -> usize {
    let Some(rest) = literal.strip_prefix('\\') else { return 0 };
    let after = rest.trim_start_matches([' ', '\t']);
    if !after.starts_with(['\n', '\r']) {
        return 0;
    }
    let length = 1 + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    length + folded(&literal[length..])
}

/// How many bytes the literal takes for `c`.
fn written_as(literal: &str, c: char, escapes: bool) -> Option<usize> {
    if escapes && literal.starts_with('\\') {
        let length = match literal.as_bytes().get(1)? {
            b'x' => 4,
            b'u' => 6,
            b'U' => 10,
            _ => 2,
        };
        return (literal.len() >= length).then_some(length);
    }
    if c == '\n' && literal.starts_with("\r\n") {
        return Some(2);
    }
    literal.starts_with(c).then_some(c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_text_is_found_in_its_literal() {
        for (source, part) in [
            ("a = \".b | foo\"", "foo"),
            ("a = '.b | foo'", "foo"),
            ("a = \"\\\"\\u00e9\\t.b\\\" | foo\"", "foo"),
            ("a = \"\"\"\n .b \\\n    | foo \"\"\"", "foo"),
            ("a = '''\r\n.b\r\n| foo'''", "foo"),
            ("a = \"é | foo\"", "foo"),
        ] {
            let mut findings = Findings::new(source);
            let table = read(source, &mut findings);
            let mut table = Table::new("x", 0..0, table.get_ref());
            let text = table.text("a", &mut findings).unwrap();
            let at = text.value.find(part).unwrap();
            let place = text.place(source, at..at + part.len());
            assert_eq!(&source[place], part, "{source:?}");
        }
    }

    #[test]
    fn hidden_characters_are_found_in_the_source_and_behind_escapes() {
        let source = "a = \"x\u{202e}\" # \u{200b}\nb = \"\\u202e\\u0007\"\nc = \"\\u2066\"";
        let mut findings = Findings::new(source);
        check_characters(&mut findings);
        let table = read(source, &mut findings);
        let mut table = Table::new("x", 0..0, table.get_ref());
        for key in ["a", "b", "c"] {
            table.text(key, &mut findings).unwrap();
        }
        let found: Vec<_> =
            findings.into_list().iter().map(|d| (source[d.span.clone()].to_owned(), d.is_error())).collect();
        let expected =
            [("\u{202e}", true), ("\u{200b}", false), ("\\u202e", true), ("\\u0007", true), ("\\u2066", true)];
        assert_eq!(found, expected.map(|(text, error)| (text.to_owned(), error)));
    }
}
