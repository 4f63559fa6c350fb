//! Tables that commands print, as lists of objects: `fromcsv` and `fromtable`. All values stay texts.
//!
//! What does not fit its header is an error with its line, never a value in the wrong column.

use jaq_json::Val;

/// What stands under the names of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Refuses a header that does not name each column apart.
    fn under(names: Vec<String>) -> Result<Self, String> {
        if names.iter().any(String::is_empty) {
            return Err("the header has a column without a name".into());
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|two| two[0] == two[1]) {
            Some(two) => Err(format!("the header names {:?} twice", two[0])),
            None => Ok(Self { names, rows: Vec::new() }),
        }
    }

    /// As jq sees it: one object a row.
    pub(crate) fn into_val(self) -> Val {
        let names: Vec<Val> = self.names.into_iter().map(Val::from).collect();
        let row = |cells: Vec<String>| Val::obj(names.iter().cloned().zip(cells.into_iter().map(Val::from)).collect());
        self.rows.into_iter().map(row).collect()
    }
}

/// Tells how much more is made; false when there is no room for it.
pub(crate) type Room<'r> = &'r mut dyn FnMut(u64) -> bool;

/// The error that stands for an empty account.
pub(crate) const SPENT: &str = "too many steps";

/// Comma-separated values of RFC 4180 with a header line; lines may end in LF alone, and a blank line is no row.
pub(crate) fn csv(text: &str, room: Room<'_>) -> Result<Rows, String> {
    let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let (_, header) = records.next(room)?.ok_or("there is no header line")?;
    let mut rows = Rows::under(header)?;
    while let Some((line, cells)) = records.next(room)? {
        if cells.len() != rows.names.len() {
            let (found, wanted) = (cells.len(), rows.names.len());
            return Err(format!("line {line}: {found} values under a header of {wanted} names"));
        }
        rows.rows.push(cells);
    }
    Ok(rows)
}

struct Records<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Records<'t> {
    /// The next record with its line; `None` at the end.
    fn next(&mut self, room: Room<'_>) -> Result<Option<(usize, Vec<String>)>, String> {
        while let Some(rest) = after_break(self.rest) {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (line, mut cells) = (self.line, Vec::new());
        loop {
            if !room(1) {
                return Err(SPENT.into());
            }
            cells.push(if self.rest.starts_with('"') { self.quoted()? } else { self.plain()? });
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            if let Some(rest) = after_break(self.rest) {
                self.rest = rest;
                self.line += 1;
            }
            return Ok(Some((line, cells)));
        }
    }

    fn plain(&mut self) -> Result<String, String> {
        let end = self.rest.find([',', '\n', '"']).unwrap_or(self.rest.len());
        if self.rest[end..].starts_with('"') {
            return Err(format!("line {}: a quote within a value that does not begin with one", self.line));
        }
        let value = &self.rest[..end];
        // The end of the line may be of two characters.
        let value = if self.rest[end..].starts_with(',') { value } else { value.strip_suffix('\r').unwrap_or(value) };
        self.rest = &self.rest[end..];
        Ok(value.to_owned())
    }

    fn quoted(&mut self) -> Result<String, String> {
        let began = self.line;
        let mut value = String::new();
        self.rest = &self.rest[1..];
        loop {
            let end = self.rest.find('"').ok_or_else(|| format!("line {began}: a quote is not closed"))?;
            let part = &self.rest[..end];
            self.line += part.matches('\n').count();
            value.push_str(part);
            self.rest = &self.rest[end + 1..];
            match self.rest.strip_prefix('"') {
                Some(rest) => {
                    value.push('"');
                    self.rest = rest;
                }
                None => break,
            }
        }
        let is_end = self.rest.is_empty() || self.rest.starts_with(',') || after_break(self.rest).is_some();
        if is_end { Ok(value) } else { Err(format!("line {}: something follows a closing quote", self.line)) }
    }
}

fn after_break(text: &str) -> Option<&str> {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n"))
}

/// A table for people. Columns begin where the names of the header do, which stand at least two blanks apart; or, with
/// a rule of `-` and `+` under the header, they are divided by `|`. A blank line or a count of rows ends the table.
pub(crate) fn table(text: &str, room: Room<'_>) -> Result<Rows, String> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end()));
    let mut lines = lines.skip_while(|(_, line)| line.is_empty()).peekable();
    let (_, header) = lines.next().ok_or("there is no header line")?;
    let rule = lines.next_if(|(_, line)| is_rule(line));
    let columns = match rule {
        Some((_, rule)) => ruled(rule),
        None => aligned(header),
    };
    let is_ruled = rule.is_some();
    let is_nothing = |line: &str| line.is_empty() || (is_ruled && is_count(line));
    let mut rows = Rows::under(columns.cut(header).map_err(|why| format!("the header {why}"))?)?;
    for (line, text) in lines.by_ref() {
        if is_nothing(text) {
            break;
        }
        if !room(1 + columns.starts.len() as u64) {
            return Err(SPENT.into());
        }
        rows.rows.push(columns.cut(text).map_err(|why| format!("line {line} {why}"))?);
    }
    match lines.find(|(_, line)| !is_nothing(line)) {
        Some((line, _)) => Err(format!("line {line}: something follows the table")),
        None => Ok(rows),
    }
}

/// Where columns begin, in characters, and what must stand before each but the first.
struct Columns {
    starts: Vec<usize>,
    divider: char,
}

impl Columns {
    fn cut(&self, line: &str) -> Result<Vec<String>, String> {
        if line.contains('\t') {
            return Err("holds a tab".into());
        }
        // Byte positions of the starts; those beyond the end are at the end.
        let mut places = line.char_indices().map(|(at, _)| at).enumerate();
        let mut cells = Vec::with_capacity(self.starts.len());
        let mut from = 0;
        for start in self.starts.iter().skip(1) {
            // The divider is the character before the start.
            let at = places.by_ref().find(|(place, _)| place + 1 == *start).map_or(line.len(), |(_, at)| at);
            let divider = line[at..].chars().next();
            // A row of an aligned table may end early; one of a ruled table is written out.
            if divider.map_or(self.divider == '|', |c| c != self.divider) {
                return Err(format!("does not keep to the columns of the header, at character {start}"));
            }
            cells.push(line[from..at].trim().to_owned());
            from = (at + self.divider.len_utf8()).min(line.len());
        }
        cells.push(line[from..].trim().to_owned());
        Ok(cells)
    }
}

fn aligned(header: &str) -> Columns {
    let (mut starts, mut blanks) = (Vec::new(), 2);
    for (at, c) in header.chars().enumerate() {
        if c == ' ' {
            blanks += 1;
        } else {
            if blanks >= 2 || starts.is_empty() {
                starts.push(at);
            }
            blanks = 0;
        }
    }
    Columns { starts, divider: ' ' }
}

fn is_rule(line: &str) -> bool {
    line.contains("--") && line.bytes().all(|byte| matches!(byte, b'-' | b'+'))
}

fn ruled(rule: &str) -> Columns {
    let crossings = rule.bytes().enumerate().filter(|(_, byte)| *byte == b'+').map(|(at, _)| at + 1);
    Columns { starts: [0].into_iter().chain(crossings).collect(), divider: '|' }
}

/// `(3 rows)`
fn is_count(line: &str) -> bool {
    let inner = line.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let number = inner.and_then(|inner| inner.strip_suffix(" rows").or_else(|| inner.strip_suffix(" row")));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
#[path = "tabular_tests.rs"]
mod tests;
