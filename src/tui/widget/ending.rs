//! What is told before a run is closed or given up, and after it: also what was not done, and what stays changed.

use crate::engine::{DeviationKind, Outcome, StepStatus, left, needing};
use crate::runbook::StepKey;
use crate::text::counted;
use crate::tui::screen::run::Run;
use crate::tui::tell;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// How many steps are named; of the others it is told how many there are.
const NAMED: usize = 6;

/// What closing the run comes to.
pub fn close(run: &Run) -> String {
    let deviations = left::deviations(run.state.deviations.iter().map(|deviation| deviation.kind));
    let with = if deviations.is_empty() { "without deviations".into() } else { format!("with {deviations}") };
    let rest = left::not_done(&run.state);
    let unverified = match &run.state.never_verified()[..] {
        [] => String::new(),
        left => format!(" Never verified by a second person: {}.", listed(run, left)),
    };
    if rest.is_empty() {
        return format!(
            "Close the run? Every step is accounted for, {with}.{unverified} Nothing can be added after it."
        );
    }
    let failed = failed(run);
    let failed = if failed.is_empty() { String::new() } else { format!(" Failed: {failed}.") };
    format!(
        "Close the run, {with}? Not every step was done: {rest}.{failed}{unverified} Nothing can be added after it."
    )
}

/// What leaving a step out comes to, also for the steps that need it.
pub fn skip(run: &Run, key: &StepKey) -> String {
    let told = format!("{} will be left out. It stays a deviation.", run.spoken(key));
    match &needing(&run.runbook, &run.state, key)[..] {
        [] => told,
        [one] => format!("{told}\n{} needs it: it can then only be overridden.", run.spoken(one)),
        many => format!("{told}\nThese need it and can then only be overridden: {}.", listed(run, many)),
    }
}

/// What it comes to that nobody verifies a step.
pub fn waive(run: &Run, key: &StepKey) -> String {
    format!("{} stays done as it is, and nobody has verified it. That stays a deviation.", run.spoken(key))
}

/// What giving the run up comes to.
pub fn abandon(run: &Run) -> String {
    let counts = run.state.counts();
    let left = counts.pending + counts.current + counts.deferred;
    let failed = match counts.failed {
        0 => String::new(),
        1 => ", 1 stays failed".into(),
        many => format!(", {many} stay failed"),
    };
    let reverted = match counts.reverted {
        0 => String::new(),
        1 => ", 1 stays reverted".into(),
        many => format!(", {many} stay reverted"),
    };
    let told =
        format!("{} will be skipped{failed}{reverted}, and the run is closed as abandoned.", counted(left, "step"));
    let unverified = unverified_for_good(run).map(|told| format!("\n{told}")).unwrap_or_default();
    format!("{told}\n{}{unverified}", changed(run))
}

/// What nobody will verify any more once the plan is left, in a sentence; `None` when there is no such step.
pub fn unverified_for_good(run: &Run) -> Option<String> {
    let is_done = |key: &StepKey| run.state.step(key).is_some_and(|step| step.status == StepStatus::Done);
    let left: Vec<_> = run.state.to_verify().into_iter().filter(is_done).collect();
    (!left.is_empty()).then(|| format!("Nobody will have verified: {}.", listed(run, &left)))
}

/// What of the system was changed and is not undone by this run.
fn changed(run: &Run) -> String {
    let changing = left::changing(&run.runbook, &run.state);
    if changing.is_empty() {
        return "No command was run and no critical step was begun.".into();
    }
    format!("This run does not undo what was changed by: {}.", listed(run, &changing))
}

fn failed(run: &Run) -> String {
    listed(run, &left::failed(&run.state))
}

fn listed(run: &Run, keys: &[StepKey]) -> String {
    let named: Vec<_> = keys.iter().take(NAMED).map(|key| run.spoken(key)).collect();
    let more = keys.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// The lines of the box that tells how the run was closed.
pub fn outcome(run: &Run, cells: usize) -> Vec<Strip> {
    let mut lines = Vec::new();
    let mut is_given_up = false;
    if let Some(closed) = &run.state.closed {
        let meaning = if closed.outcome.exit_status() == 0 { Meaning::Done } else { Meaning::Deviation };
        lines.push(Strip::of(closed.outcome.word(), meaning));
        if !closed.reason.is_empty() {
            lines.extend(wrapped(&closed.reason, cells, Meaning::Text));
        }
        is_given_up = closed.outcome == Outcome::Abandoned;
    }
    let counts = run.state.counts();
    let behind = run.state.undone() - counts.skipped;
    let counted = [
        (counts.done, "done"),
        (counts.not_applicable - behind, "not applicable"),
        (behind, "left behind when it went back"),
        (counts.skipped, "skipped"),
        (counts.overridden - run.state.cuts(), "overridden"),
        (run.state.cuts(), DeviationKind::CutWait.word()),
        (counts.failed, "failed"),
    ];
    let told: Vec<_> =
        counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    lines.extend(wrapped(&told.join(", "), cells, Meaning::Text));
    if is_given_up {
        lines.extend(wrapped(&changed(run), cells, Meaning::Deviation));
    }
    let failed = failed(run);
    if !failed.is_empty() {
        lines.extend(wrapped(&format!("failed: {failed}"), cells, Meaning::Failed));
    }
    let unverified = run.state.never_verified();
    if !unverified.is_empty() {
        let told = format!("never verified by a second person: {}", listed(run, &unverified));
        lines.extend(wrapped(&told, cells, Meaning::Deviation));
    }
    // What is left out because the run was given up is counted above.
    for deviation in run.state.own_deviations() {
        let told = format!("- {} {}: {}", deviation.kind.word(), subject(run, &deviation.subject), deviation.reason);
        lines.extend(wrapped(&told, cells, Meaning::Deviation));
    }
    lines
}

/// A step or condition as people name it.
fn subject(run: &Run, subject: &str) -> String {
    if let Some(key) = subject.parse::<StepKey>().ok().filter(|key| run.state.step(key).is_some()) {
        return run.spoken(&key);
    }
    let known = run.state.conditions.keys().find(|id| id.to_string() == subject);
    known.map_or_else(|| subject.to_owned(), |id| tell::condition(&run.runbook, id))
}
