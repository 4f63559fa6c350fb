//! "You were here": what happened last, and what changed in health since.

use serde_json::Value;

use crate::engine::{Row, Verdict, soak_view};
use crate::tui::screen::run::{Card, Run};
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::health::age;
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
    lines.extend(changes(run, card, look));
    lines
}

fn changes(run: &Run, card: &Card, look: &Look) -> Vec<Strip> {
    let board = &run.view.moment.board;
    if board.rows.is_empty() {
        return vec![Strip::of("  no probes", Meaning::Dim)];
    }
    let is_new = |row: &&Row| row.verdict == Verdict::Ok && card.board.row(&row.probe, row.node.as_deref()).is_none();
    let new = board.rows.iter().filter(is_new).count();
    let known = board.rows.iter().filter(|row| !is_new(row));
    let mut changed: Vec<_> = known.filter_map(|row| change(run, row, card, look)).collect();
    if new > 0 {
        let told = format!("  {} {new} answers are ok and were not recorded before", look.glyphs.done);
        changed.push(Strip::of(told, Meaning::Ok));
    }
    if changed.is_empty() { vec![Strip::of("  as it was recorded last", Meaning::Ok)] } else { changed }
}

/// What a row says in words: roles, versions, addresses. Counters move all the time and say nothing here.
fn words(row: &Row) -> Vec<&str> {
    row.fields.values().filter_map(Value::as_str).collect()
}

fn change(run: &Run, row: &Row, card: &Card, look: &Look) -> Option<Strip> {
    let before = card.board.row(&row.probe, row.node.as_deref());
    let is_same = before.is_some_and(|before| before.verdict == row.verdict && words(before) == words(row));
    if is_same {
        return None;
    }
    let told = |row: &Row| {
        let why = if row.why.is_empty() { words(row).join(" ") } else { row.why.clone() };
        format!("{} {why}", row.verdict.word()).trim_end().to_owned()
    };
    // Ok as before: only what it says has changed, and the word would make it look like more.
    let is_as_good = row.verdict == Verdict::Ok && before.is_some_and(|before| before.verdict == Verdict::Ok);
    let told = |row: &Row| if is_as_good { words(row).join(" ") } else { told(row) };
    let was = before.map_or_else(|| "not recorded".to_owned(), told);
    let (sign, meaning) = tell::verdict_sign(row.verdict, look.glyphs);
    let node = row.node.as_deref().unwrap_or(row.probe.as_str());
    let seen = row.age_ms.map(|ms| format!(" ({})", age(Some(ms)))).unwrap_or_default();
    let is_told_twice = run.view.moment.board.rows.iter().filter(|other| other.node == row.node).count() > 1;
    let probe = run.runbook.health.iter().find(|probe| probe.id == row.probe).filter(|_| is_told_twice);
    let probe = probe.map(|probe| format!("({}) ", probe.title)).unwrap_or_default();
    Some(
        Strip::of(format!("  {node} {probe}"), Meaning::Text)
            .and(format!("was {was}, "), Meaning::Dim)
            .and(if is_as_good { "now ".to_owned() } else { format!("{sign} ") }, meaning)
            .and(format!("{}{seen}", told(row)), meaning),
    )
}
