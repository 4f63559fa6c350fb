//! The step that is looked at: its cautions first, then what it is about, then exactly what it does.

use std::ops::Range;

use crate::engine::{Output, StepStatus};
use crate::runbook::ActionKind;
use crate::text::{clean_block, counted};
use crate::tui::screen::run::origin::Mended;
use crate::tui::screen::run::page::StepPage;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::{cautions, commands, seen, soak};
use crate::tui::wrap::{cut, width, wrap};
use crate::tui::{markdown, tell};

/// The lines of the step pane.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// All of them.
    pub strips: Vec<Strip>,
    /// How many of them come up to the end of the cautions.
    pub cautions_end: usize,
    /// Those of each answer that has a number.
    pub answers: Vec<Range<usize>>,
}

/// How many cells of a pane's upper edge are not its title's.
const FRAME_CELLS: usize = 21;

/// How many answers that are not ok are told.
const MISSING: usize = 8;

/// Makes the lines of a page, `cells` wide. `is_folded`: its cautions were read, and what comes of it needs the room.
pub fn lines(page: &StepPage, cells: usize, look: &Look, is_folded: bool) -> Lines {
    let mut lines = Lines::default();
    if !page.stalled.is_empty() {
        lines.strips = stalled(page, cells, look);
        return lines;
    }
    let out = &mut lines.strips;
    head(page, cells, look, out);
    for held in &page.held {
        out.extend(wrapped(&format!("{} held: {held}", look.glyphs.alert), cells, Meaning::Degraded));
    }
    if !page.held.is_empty() {
        gap(out);
    }
    actor(page, cells, out);
    if !page.verify.is_empty() {
        let meaning = if page.unverified.is_some() { Meaning::Unknown } else { Meaning::Title };
        out.extend(wrapped(&page.verify, cells, meaning));
    }
    marks(page, cells, is_folded, out);
    if is_folded && !page.cautions.is_empty() {
        out.extend(cautions::folded(&page.cautions, cells));
    } else {
        for caution in &page.cautions {
            out.extend(cautions::lines(caution, cells, look));
        }
        lines.cautions_end = if page.cautions.is_empty() { 0 } else { out.len() };
    }
    // What went wrong must not lie below the lower edge.
    let has_failed = page.status == Some(StepStatus::Failed);
    if has_failed {
        outcome(page, cells, look, out);
    }
    if !page.text.is_empty() {
        gap(out);
        out.extend(markdown::lines(&page.text, cells, look));
    }
    lines.answers = action(page, cells, look, out);
    if let Some((soak, at)) = &page.soak {
        let is_over = page.status.is_some_and(StepStatus::is_accounted);
        gap(out);
        out.extend(soak::lines(soak, *at, is_over, cells, look));
    }
    if !has_failed {
        outcome(page, cells, look, out);
    }
    if !page.attached.is_empty() {
        gap(out);
        for attached in &page.attached {
            out.extend(wrapped(&format!("evidence: {attached}"), cells, Meaning::Text));
        }
    }
    before(page, cells, look, out);
    origin(page, cells, look, out);
    lines
}

/// Where the next step opens in a replay; a title that does not fit into the frame is told whole above everything else; and
/// why the step may be left out comes before what it is about.
fn head(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) {
    if !page.opens_next.is_empty() {
        out.extend(wrapped(&page.opens_next, cells, Meaning::Title));
    }
    if width(&page.headline(look.glyphs.dot)) + FRAME_CELLS > cells {
        out.extend(wrapped(&page.title, cells, Meaning::Title));
    }
    // Of a step that began it is known that it applies, and one that does not tells why where it tells its end.
    if !page.unless.is_empty() && page.status == Some(StepStatus::Pending) {
        out.extend(wrapped(&format!("left out if this is so: {}", page.unless), cells, Meaning::Note));
        out.push(Strip::default());
    }
}

/// Where it comes from, and where it leaves its document.
fn origin(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) {
    if !page.source.is_empty() || !page.mends.is_empty() {
        gap(out);
    }
    if !page.source.is_empty() {
        let source = page.source.replace('›', look.glyphs.under).replace('·', look.glyphs.dot);
        out.extend(wrapped(&format!("from {source}"), cells, Meaning::Dim));
    }
    for Mended { id, told } in &page.mends {
        match told {
            Some((says, right)) => {
                out.extend(wrapped(&format!("the document says: {says}"), cells, Meaning::Dim));
                out.extend(wrapped(&format!("here instead: {right}"), cells, Meaning::Dim));
            }
            None => out.extend(wrapped(&format!("not as the document has it: {id}"), cells, Meaning::Dim)),
        }
    }
}

/// Stands where the step would be.
fn stalled(page: &StepPage, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = wrapped(&format!("{} {}", look.glyphs.alert, page.stalled), cells, Meaning::Problem);
    lines.push(Strip::default());
    lines.extend(wrapped(&page.way_on, cells, Meaning::Text));
    lines
}

/// Who acts, when it is not the operator.
fn actor(page: &StepPage, cells: usize, out: &mut Vec<Strip>) {
    if page.actor.is_empty() {
        return;
    }
    let rest = if page.kind == Some(ActionKind::Check) { "" } else { "; you state what came of it" };
    out.extend(wrapped(&format!("Done by {}, not by you{rest}.", page.actor), cells, Meaning::Title));
}

fn marks(page: &StepPage, cells: usize, is_folded: bool, out: &mut Vec<Strip>) {
    if !page.watches.is_empty() {
        out.extend(wrapped(&format!("meanwhile watch: {}", page.watches), cells, Meaning::Title));
    }
    if let Some(target) = page.target.as_ref().filter(|_| !is_folded) {
        let what = format!("You must type {target} to run this; the board is asked anew first.");
        out.extend(wrapped(&what, cells, Meaning::Caution));
    }
    if page.is_irreversible {
        out.extend(wrapped("point of no return: what going back means changes here", cells, Meaning::Warning));
    }
    if !page.defer.is_empty() {
        let (told, meaning) = match page.status {
            Some(StepStatus::Deferred) => ("put off: comes back before", Meaning::Deviation),
            _ if page.is_due => ("may not be put off: it is due before", Meaning::Dim),
            _ => ("may be put off, with a reason, until", Meaning::Dim),
        };
        out.extend(wrapped(&format!("{told} {} opens", page.defer), cells, meaning));
    }
    if !page.disturbs.is_empty() {
        out.extend(wrapped(&page.disturbs, cells, Meaning::Dim));
    }
    if page.attempt > 1 {
        out.push(Strip::of(format!("attempt {}", page.attempt), Meaning::Deviation));
    }
}

/// How it stood before the run went back, in one line: what is asked for now comes first.
fn before(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) {
    let Some(before) = &page.before else { return };
    let word = tell::status(before.status, look.glyphs).1;
    let attempts = match before.attempts {
        0 => String::new(),
        many => format!(", in {}", counted(many, "attempt")),
    };
    let ended = before.ended.map(|ended| format!(" at {}", look.clock(ended))).unwrap_or_default();
    let said = if before.said.is_empty() { String::new() } else { format!(": {}", before.said) };
    let told = format!("before{attempts}: {word}{ended} by {}{said}", before.by);
    gap(out);
    let clean = clean_block(&told);
    let line = clean.lines().next().unwrap_or_default();
    out.push(Strip::of(cut(line, cells, look.glyphs.more), Meaning::Dim));
}

/// What it does or asks; the lines of each answer.
fn action(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) -> Vec<Range<usize>> {
    match &page.command {
        Some(Ok(command)) => {
            gap(out);
            let filled = page.filled.first();
            out.extend(commands::prompted(command, filled, cells));
            out.extend(commands::facts(command, filled, cells));
        }
        Some(Err(why)) => {
            gap(out);
            out.extend(wrapped(&format!("what would run cannot be told: {why}"), cells, Meaning::Problem));
        }
        None if page.commands.is_some() => together(page, cells, out),
        None if !page.later.is_empty() => {
            gap(out);
            out.extend(wrapped(&page.later, cells, Meaning::Dim));
        }
        None => {}
    }
    let mut answers = Vec::new();
    if !page.prompt.is_empty() {
        gap(out);
        out.extend(wrapped(&format!("? {}", page.prompt), cells, Meaning::Title));
        answers = numbered(page.options.iter().map(String::as_str), cells, out);
    }
    if !page.ways.is_empty() {
        gap(out);
        out.push(Strip::of("? Decide; later steps depend on it:", Meaning::Title));
        answers = numbered(page.ways.iter().map(|(title, _)| title.as_str()), cells, out);
    }
    waiting(page, cells, look, out);
    if let Some(length) = page.timer {
        gap(out);
        out.push(Strip::of(format!("waits {}", tell::duration(length)), Meaning::Command));
    }
    if let Some(progress) = page.progress {
        out.push(progress.strip(cells, look));
    }
    answers
}

/// Answers by the numbers that the dialog takes; the lines of each.
fn numbered<'a>(answers: impl Iterator<Item = &'a str>, cells: usize, out: &mut Vec<Strip>) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for (number, answer) in answers.enumerate() {
        let lead = format!("  {:>2}  ", number + 1);
        let from = out.len();
        for (line, told) in wrap(&clean_block(answer), cells.saturating_sub(lead.len())).iter().enumerate() {
            let lead = if line == 0 { lead.as_str() } else { "      " };
            out.push(Strip::of(lead, Meaning::Dim).and(told, Meaning::Text));
        }
        places.push(from..out.len());
    }
    places
}

/// What would run for all items: the first of them here, all of them before they run.
fn together(page: &StepPage, cells: usize, out: &mut Vec<Strip>) {
    gap(out);
    match &page.commands {
        Some(Ok((first, count))) => {
            out.extend(wrapped(&commands::told(*count), cells, Meaning::Text));
            for (at, shown) in first.iter().enumerate() {
                out.extend(commands::prompted(&shown.command, page.filled.get(at), cells));
            }
            if *count > first.len() {
                let told = format!("and {} more; all are shown before they run", count - first.len());
                out.extend(wrapped(&told, cells, Meaning::Dim));
            }
        }
        Some(Err(why)) => {
            out.extend(wrapped(&format!("what would run cannot be told: {why}"), cells, Meaning::Problem));
        }
        None => {}
    }
}

/// What a check waits for: of its rule what the author says of it where it does not hold, then what is not so yet. The
/// rule itself stands where nobody can ask for it.
fn waiting(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) {
    let Some((source, hold)) = &page.waits_for else { return };
    gap(out);
    let is_bare = page.why.is_empty();
    let head = match &page.soak {
        Some((soak, _)) => soak::asked(soak),
        None if hold.is_zero() => "passes by itself once its rule holds".into(),
        None => format!("passes by itself once its rule has held for {} without a break", tell::duration(*hold)),
    };
    let (lead, told, meaning) =
        if is_bare { (":", source, Meaning::Dim) } else { ("; if it does not:", &page.why, Meaning::Text) };
    out.extend(wrapped(&format!("{head}{lead}"), cells, Meaning::Command));
    out.extend(wrapped(told, cells, meaning));
    if !page.missing.is_empty() {
        gap(out);
        out.push(Strip::of("not so yet:", Meaning::Degraded));
        out.extend(seen::lines(page.missing.iter().take(MISSING), "", cells, look));
        let more = page.missing.len().saturating_sub(MISSING);
        if more > 0 {
            out.push(Strip::of(format!("    and {more} more"), Meaning::Dim));
        }
    }
    if !page.is_live && !is_bare {
        gap(out);
        out.extend(wrapped(&format!("rule: {source}"), cells, Meaning::Dim));
    }
}

fn outcome(page: &StepPage, cells: usize, look: &Look, out: &mut Vec<Strip>) {
    let is_to_come = matches!(page.status, Some(StepStatus::Pending | StepStatus::Current));
    let Some((sign, word, meaning)) = page.standing(look.glyphs).filter(|_| !is_to_come) else { return };
    gap(out);
    let mut told = format!("{sign} {word}");
    if let Some(ended) = page.ended {
        told.push_str(&format!(" at {}", look.clock(ended)));
    }
    if !page.by.is_empty() {
        told.push_str(&format!(" by {}", page.by));
    }
    if let Some(doer) = &page.doer {
        told.push_str(&format!(", done by {doer}"));
    }
    if !page.said.is_empty() {
        told.push_str(&format!(": {}", page.said));
    }
    out.extend(wrapped(&told, cells, meaning));
    if let Some(Output { bytes, sha256, .. }) = &page.output {
        let head = sha256.get(..8).unwrap_or_default();
        let told = format!("printed {bytes} bytes, sha256 {head}{}; the output shows them", look.glyphs.more);
        out.extend(wrapped(&told, cells, Meaning::Dim));
    }
}

/// The tag of an action: who or what does it. `is_others`: somebody else than the operator acts.
pub const fn tag(kind: ActionKind, is_others: bool) -> &'static str {
    match kind {
        ActionKind::Confirm | ActionKind::Ask | ActionKind::Choose if is_others => "[them]",
        ActionKind::Confirm | ActionKind::Ask | ActionKind::Choose | ActionKind::Restart => "[you]",
        ActionKind::Release => "[two]",
        ActionKind::Run => "[run]",
        ActionKind::Check | ActionKind::Wait => "[auto]",
    }
}

fn gap(out: &mut Vec<Strip>) {
    if !out.is_empty() {
        out.push(Strip::default());
    }
}

/// A text as lines of one meaning.
pub fn wrapped(text: &str, cells: usize, meaning: Meaning) -> Vec<Strip> {
    wrap(&clean_block(text), cells).into_iter().map(|line| Strip::of(line, meaning)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_has_wrong_stands_last_with_what_is_done_instead() {
        let told = |told: Option<(&str, &str)>| {
            let told = told.map(|(says, right)| (says.to_owned(), right.to_owned()));
            let mends = vec![Mended { id: "wrong-port".into(), told }];
            let page = StepPage { mends, source: "A page · P-1".into(), ..StepPage::default() };
            let mut out = vec![Strip::of("above", Meaning::Text)];
            origin(&page, 24, &Look::plain(), &mut out);
            out.iter()
                .map(|strip| strip.0.iter().map(|(text, _)| text.as_str()).collect::<String>())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(Some(("port 80 is free", "8080"))),
            ["above", "", "from A page · P-1", "the document says: port", "80 is free", "here instead: 8080"]
        );
        assert_eq!(told(None)[3..], ["not as the document has", "it: wrong-port"]);
    }
}
