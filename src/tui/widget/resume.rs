//! "You were here": what happened last, and what changed in health since.

use serde_json::{Map, Value};

use crate::engine::{Row, Verdict, soak_view};
use crate::text::counted;
use crate::tui::flow::flow;
use crate::tui::screen::run::{Card, Run};
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::health::age;
use crate::tui::widget::health_table::weight;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::soak;
use crate::tui::widget::step::wrapped;

/// The lines of the card, `cells` wide.
pub fn lines(run: &Run, card: &Card, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = Vec::new();
    let sitting = format!("sitting {} of this run", run.state.sittings.max(1));
    let place = match &run.state.current {
        Some(key) => {
            let attempt = run.state.step(key).map_or(1, |step| step.attempt);
            let attempt = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            format!("{sitting}; the current step is {}{attempt}", run.spoken(key))
        }
        None => {
            let why = run.view.stalled.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{sitting}; no step is current{why}")
        }
    };
    lines.extend(wrapped(&place, cells, Meaning::Current));
    if let Some(job) = run.state.running.first() {
        let told = match &job.item {
            None => tell::argv(&job.command),
            Some(_) => {
                let items: Vec<_> = run.state.running.iter().filter_map(|job| job.item.as_deref()).collect();
                format!("{} for {}", run.spoken(&job.step), items.join(", "))
            }
        };
        lines.extend(wrapped(&format!("still running: {told}"), cells, Meaning::Caution));
    }
    if let Some(key) = &run.state.current
        && let Some(soak) = soak_view(&run.runbook, &run.state, key, run.view.moment.at)
    {
        lines.extend(soak::lines(&soak, run.view.moment.at, false, cells, look));
    }
    lines.push(Strip::default());
    lines.push(Strip::of("what happened last", Meaning::Title));
    if card.told.is_empty() {
        lines.push(Strip::of("  nothing yet", Meaning::Dim));
    }
    for (at, by, event) in &card.told {
        lines.extend(wrapped(&format!("- {} {by}: {event}", look.clock(*at)), cells, Meaning::Text));
    }
    lines.push(Strip::default());
    lines.push(Strip::of("health since then", Meaning::Title));
    lines.extend(changes(run, card, cells, look));
    lines
}

fn changes(run: &Run, card: &Card, cells: usize, look: &Look) -> Vec<Strip> {
    let board = &run.view.moment.board;
    if board.rows.is_empty() {
        return vec![Strip::of("  no probes", Meaning::Dim)];
    }
    let is_new = |row: &&Row| row.verdict == Verdict::Ok && card.board.row(&row.probe, row.node.as_deref()).is_none();
    let new = board.rows.iter().filter(is_new).count();
    let mut known: Vec<&Row> = board.rows.iter().filter(|row| !is_new(row)).collect();
    // What is not ok must not lie below the lower edge.
    known.sort_by_key(|row| std::cmp::Reverse(weight(row.verdict)));
    let mut changed: Vec<_> = known.into_iter().filter_map(|row| change(run, row, card, look)).collect();
    if new > 0 {
        let (is, was) = if new == 1 { ("is", "was") } else { ("are", "were") };
        let told = format!("{} {} {is} ok and {was} not recorded before", look.glyphs.done, counted(new, "answer"));
        changed.push(Strip::of(told, Meaning::Ok));
    }
    if changed.is_empty() {
        return vec![Strip::of("  as it was recorded last", Meaning::Ok)];
    }
    changed.iter().flat_map(|strip| hung(strip, cells)).collect()
}

/// A line of the card in full: what a row says now stands at its end, and that must not be cut.
fn hung(strip: &Strip, cells: usize) -> impl Iterator<Item = Strip> {
    flow(&strip.0, cells.saturating_sub(4)).into_iter().enumerate().map(|(at, line)| {
        let lead = if at == 0 { "  " } else { "    " };
        Strip(std::iter::once((lead.to_owned(), Meaning::Text)).chain(line.0).collect())
    })
}

type Fields = Map<String, Value>;

/// What a row says in words: roles, versions, addresses. Counters and measured times move always and say nothing here.
fn words(fields: &Fields) -> impl Iterator<Item = (&String, &str)> {
    fields.iter().filter_map(|(name, value)| Some((name, value.as_str().filter(|text| !is_measured(text))?)))
}

/// The words of some fields that others do not say below the same name.
fn unlike(fields: &Fields, others: &Fields) -> String {
    let is_same = |name: &String, text: &str| others.get(name).and_then(Value::as_str) == Some(text);
    words(fields).filter(|(name, text)| !is_same(name, text)).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// Whether a text is a length of time as programs print it: `7.711ms`, `1m2.5s`.
fn is_measured(text: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut units = text.split(is_of_number).filter(|unit| !unit.is_empty()).peekable();
    text.starts_with(|c: char| c.is_ascii_digit())
        && units.peek().is_some()
        && units.all(|unit| ["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "m", "h"].contains(&unit))
}

fn change(run: &Run, row: &Row, card: &Card, look: &Look) -> Option<Strip> {
    let before = card.board.row(&row.probe, row.node.as_deref());
    let nothing = Fields::new();
    let fields = before.map_or(&nothing, |before| &before.fields);
    let (was, now) = (unlike(fields, &row.fields), unlike(&row.fields, fields));
    if before.is_some_and(|before| before.verdict == row.verdict) && was.is_empty() && now.is_empty() {
        return None;
    }
    let told = |row: &Row| {
        let said = words(&row.fields).map(|(_, text)| text).collect::<Vec<_>>().join(" ");
        let why = if row.why.is_empty() { said } else { row.why.clone() };
        format!("{} {why}", row.verdict.word()).trim_end().to_owned()
    };
    // Ok as before: only what it says has changed, and the word would make it look like more.
    let is_as_good = row.verdict == Verdict::Ok && before.is_some_and(|before| before.verdict == Verdict::Ok);
    let or_nothing = |told: String| if told.is_empty() { "nothing".to_owned() } else { told };
    let (was, now) = match before {
        Some(_) if is_as_good => (or_nothing(was), or_nothing(now)),
        Some(before) => (told(before), told(row)),
        None => ("not recorded".to_owned(), told(row)),
    };
    let (sign, meaning) = tell::verdict_sign(row.verdict, look.glyphs);
    let node = row.node.as_deref().unwrap_or(row.probe.as_str());
    let seen = row.age_ms.map(|ms| format!(" ({})", age(Some(ms)))).unwrap_or_default();
    let is_told_twice = run.view.moment.board.rows.iter().filter(|other| other.node == row.node).count() > 1;
    let probe = run.runbook.health.iter().find(|probe| probe.id == row.probe).filter(|_| is_told_twice);
    let probe = probe.map(|probe| format!("({}) ", probe.title)).unwrap_or_default();
    Some(
        Strip::of(format!("{node} {probe}"), Meaning::Text)
            .and(format!("was {was}, "), Meaning::Dim)
            .and(if is_as_good { "now ".to_owned() } else { format!("{sign} ") }, meaning)
            .and(format!("{now}{seen}"), meaning),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_what_differs_is_told_and_no_measured_time_is_a_change() {
        let follower = fields(&json!({"role": "follower", "version": "1.7.7", "last": "7.711ms", "index": 9}));
        let later = fields(&json!({"role": "follower", "version": "1.7.7", "last": "1m23.792s", "index": 12}));
        let leader = fields(&json!({"role": "leader", "version": "1.7.7", "last": "0s"}));
        assert_eq!((unlike(&follower, &later), unlike(&later, &follower)), (String::new(), String::new()));
        assert_eq!((unlike(&follower, &leader), unlike(&leader, &follower)), ("follower".into(), "leader".into()));
        let measured = ["7.711ms", "64.6\u{b5}s", "1h2m3.5s", "0s"];
        assert!(measured.iter().all(|text| is_measured(text)));
        let words = ["1.7.7", "23.1", "v1.2", "", "s", "530e0e61", "10.0.0.1:4647", "3 of 5", "follower", "never"];
        assert!(words.iter().all(|text| !is_measured(text)));
    }

    #[test]
    fn a_line_that_is_too_long_goes_on_below_until_its_end() {
        let strip = Strip::of("vault-2 (Leader) ", Meaning::Text)
            .and("was standby, ", Meaning::Dim)
            .and("now active", Meaning::Ok);
        let told: Vec<String> =
            hung(&strip, 24).map(|line| line.0.iter().map(|(text, _)| text.as_str()).collect()).collect();
        assert_eq!(told, ["  vault-2 (Leader) was", "    standby, now active"]);
    }
}
