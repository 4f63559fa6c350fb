//! A unit's journal, and `journalctl`.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::pattern::{Style, compile};
use super::{Arguments, Call, Hosts, Unit};

/// Lines kept.
const LINES: usize = 400;

/// The last lines that a unit has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    lines: VecDeque<(Timestamp, u32, String)>,
}

impl Log {
    /// Writes a line of the process `pid`.
    pub fn push(&mut self, at: Timestamp, pid: u32, line: impl Into<String>) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back((at, pid, line.into()));
    }

    /// When the process `pid` wrote its first line, of those that are kept.
    pub fn first_of(&self, pid: u32) -> Option<Timestamp> {
        self.lines.iter().find(|(_, by, _)| *by == pid).map(|(at, ..)| *at)
    }

    /// The last `count` lines that are not older than `since`, as `journalctl` prints them: `host` and `program` stand
    /// before each; without them, the bare lines.
    pub fn told(&self, names: Option<(&str, &str)>, count: usize, since: Timestamp) -> String {
        let lines = self.lines(names, since);
        let skipped = lines.len().saturating_sub(count);
        lines.into_iter().skip(skipped).map(|(_, line)| line).collect()
    }

    /// All of them, each with its time.
    fn lines(&self, names: Option<(&str, &str)>, since: Timestamp) -> Vec<(Timestamp, String)> {
        let line = |(at, pid, line): &(Timestamp, u32, String)| match names {
            Some((host, program)) => (*at, format!("{} {host} {program}[{pid}]: {line}\n", day(*at))),
            None => (*at, format!("{line}\n")),
        };
        self.lines.iter().filter(|(at, ..)| *at >= since).map(line).collect()
    }
}

/// `Nov 21 02:41:10`, as the journal writes a time.
pub fn day(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let month = text.get(5..7).and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(1);
    let name = MONTHS.get(month.wrapping_sub(1)).unwrap_or(&"Jan");
    format!("{name} {} {}", text.get(8..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// `journalctl [-u UNIT] …`.
pub(super) fn journalctl(hosts: &dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let given =
        Arguments::parse(call.words, "nuSUoptg", &["lines", "unit", "since", "until", "output", "priority", "grep"]);
    let named = given.value(&["u", "unit"]).map(|named| named.strip_suffix(".service").unwrap_or(named));
    let is_meant = |unit: &Unit| named.is_none_or(|name| unit.name == name);
    let units: Vec<Unit> = hosts.units(index).into_iter().filter(is_meant).collect();
    let follows = given.has(&["f", "follow"]);
    if units.is_empty() && !follows {
        return printed("-- No entries --\n");
    }
    if !call.shell.is_root() {
        return failed(
            1,
            "Hint: You are currently not seeing messages from other users and the system.\n\
             No journal files were opened due to insufficient permissions.",
        );
    }
    let count = match given.value(&["n", "lines"]) {
        Some("all") => usize::MAX,
        Some(text) => match text.parse() {
            Ok(count) => count,
            Err(_) => return failed(1, &format!("Failed to parse lines '{text}'")),
        },
        None if follows => 10,
        None if given.has(&["e", "pager-end"]) => 1_000,
        None => usize::MAX,
    };
    let since = match given.value(&["S", "since"]).map(|text| since(text, hosts.now())) {
        None => Timestamp::default(),
        Some(Some(at)) => at,
        Some(None) => return failed(1, "Failed to parse timestamp"),
    };
    let pattern = given.value(&["g", "grep"]).map(|text| compile(&[text], Style::Extended, ("", ""), is_lower(text)));
    let pattern = match pattern.transpose() {
        Ok(pattern) => pattern,
        Err(why) => return failed(1, &format!("Bad pattern: {why}")),
    };
    let host = hosts.host_name(index);
    let is_bare = given.value(&["o", "output"]) == Some("cat");
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    for unit in &units {
        let names = (!is_bare).then_some((host.as_str(), unit.program.as_str()));
        let log = hosts.journal(index, &unit.name).map(|log| log.lines(names, since)).unwrap_or_default();
        lines.extend(log.into_iter().filter(|(_, line)| pattern.as_ref().is_none_or(|regex| regex.is_match(line))));
    }
    lines.sort_by_key(|(at, _)| *at);
    let mut lines = lines.split_off(lines.len().saturating_sub(count));
    if given.has(&["r", "reverse"]) {
        lines.reverse();
    }
    let text: String = lines.into_iter().map(|(_, line)| line).collect();
    let mut result = printed(if text.is_empty() && !follows { "-- No entries --\n" } else { &text });
    if follows {
        // It follows until it is stopped.
        result.takes_ms = Duration::from_hours(24).as_millis() as u64;
    }
    result
}

/// Without a capital letter in it a pattern is looked for in both cases.
fn is_lower(pattern: &str) -> bool {
    !pattern.chars().any(char::is_uppercase)
}

/// `-10min`, `1 hour ago`, `2026-11-21 02:41:10`, `today`.
fn since(text: &str, now: Timestamp) -> Option<Timestamp> {
    const DAY: i64 = 86_400_000;
    let text = text.trim();
    if let Some(span) = text.strip_prefix('-').or_else(|| text.strip_suffix("ago")) {
        let span = span.trim();
        let digits = span.find(|c: char| !c.is_ascii_digit()).unwrap_or(span.len());
        let count: i64 = span[..digits].parse().ok()?;
        let seconds = match span[digits..].trim() {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return None,
        };
        return Some(Timestamp::from_millis(now.as_millis().saturating_sub(count.saturating_mul(seconds * 1_000))));
    }
    match text {
        "now" => return Some(now),
        "today" => return Some(Timestamp::from_millis(now.as_millis() / DAY * DAY)),
        "yesterday" => return Some(Timestamp::from_millis((now.as_millis() / DAY - 1) * DAY)),
        _ => {}
    }
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let time = time.trim_end_matches('Z');
    let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
    format!("{date}T{time}{seconds}Z").parse().ok()
}
