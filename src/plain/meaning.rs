//! What something comes to that is asked for, before it is answered: in sentences.

use crate::engine::scope::{command_of, text_of};
use crate::engine::{Outcome, StepStatus, items_of_way_back, left, needing, reopened};
use crate::plain::speak::Mouth;
use crate::plain::step::options_of;
use crate::plain::tell::{self, Told};
use crate::runbook::{Action, RollbackId, StepKey};

/// How many steps are named; of the others it is told how many there are.
const NAMED: usize = 6;

/// What a second person looks at: what the step asks for or does, and, at the same moment, what the first has stated.
pub(super) fn say_looked_at(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let Some(step) = told.runbook.step(&key.phase, &key.step).filter(|_| told.state.unverified.contains_key(key))
    else {
        return;
    };
    let (state, board, at) = (told.state, &told.moment.board, told.moment.at);
    match &step.action {
        Action::Confirm { prompt, .. } | Action::Ask { prompt, .. } => {
            mouth.say("It asks:");
            mouth.quote(&text_of(prompt, state, board, key, at));
            let options = options_of(step);
            if !options.is_empty() {
                mouth.say(&format!("One of: {}.", options.join(", ")));
            }
        }
        Action::Choose(ways) => {
            mouth.say("It decides between:");
            ways.iter().for_each(|way| mouth.quote(&format!("{}: {}", way.is, way.title)));
        }
        Action::Run { .. } => {
            if let Ok(Some(command)) = command_of(told.runbook, state, board, key, at) {
                mouth.say("It ran:");
                tell::command(&command, "the one piton ran in").iter().for_each(|line| mouth.quote(line));
            }
        }
        Action::Check { holds, why, .. } => {
            mouth.say("It was sensed that this holds:");
            mouth.quote(holds.source());
            if !why.is_empty() {
                mouth.say("If it does not:");
                mouth.quote(why);
            }
        }
        _ => {}
    }
    if let Some(known) = state.step(key).filter(|_| state.waits_for_peer(key)) {
        mouth.say(&format!("Stated by {}: {}", known.by, known.said));
    }
}

pub(super) fn say_restart(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let step = told.runbook.step(&key.phase, &key.step);
    let Some(Action::Restart(from)) = step.map(|step| &step.action) else { return };
    let phases = reopened(told.state, from, key);
    let steps = told.state.phases.iter().filter(|phase| phases.contains(&&phase.id)).flat_map(|phase| phase.keys());
    let done = steps.filter(|(_, step)| step.status.is_accounted()).count();
    mouth.say(&format!("This goes back to {}. Steps that are opened again: {done}.", told.phase(from)));
    mouth.say("What was answered and decided there is forgotten; what was recorded stays in the journal.");
}

/// What nobody will verify any more once the plan is left.
pub(super) fn say_unverified_for_good(told: Told<'_>, mouth: &mut Mouth<'_>) {
    let is_done = |key: &StepKey| told.state.step(key).is_some_and(|step| step.status == StepStatus::Done);
    let left: Vec<_> = told.state.to_verify().into_iter().filter(is_done).map(|key| told.step(&key)).collect();
    if !left.is_empty() {
        mouth.say(&format!("Nobody will have verified: {}.", left.join("; ")));
    }
}

pub(super) fn say_way_back(told: Told<'_>, id: &RollbackId, mouth: &mut Mouth<'_>) {
    let Some(plan) = told.runbook.rollback(id) else { return };
    let steps = told.state.walked().flat_map(|phase| phase.keys());
    let left = steps.filter(|(_, step)| !step.status.is_accounted()).count();
    mouth.say(&format!(
        "This leaves the plan for good and goes back: {}. Steps that will not be done: {left}.",
        plan.title
    ));
    say_unverified_for_good(told, mouth);
    for (phase, items) in items_of_way_back(told.runbook, told.state, told.moment, plan) {
        let name = told.phase(phase);
        mouth.quote(&match items {
            Ok(items) if items.is_empty() => format!("{name}: for nobody"),
            Ok(items) => {
                let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
                if names.is_empty() { name } else { format!("{name}: for {}", names.join(", ")) }
            }
            Err(why) => format!("{name}: for whom cannot be told yet: {why}"),
        });
    }
}

/// What leaving a step out comes to, also for the steps that need it.
pub(super) fn say_skip(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    mouth.say(&format!("This leaves out {}. It is a deviation.", told.step(key)));
    let needing = needing(told.runbook, told.state, key);
    if !needing.is_empty() {
        mouth.say(&format!("What needs it can then only be overridden: {}.", listed(told, &needing)));
    }
}

/// What giving the run up comes to.
pub(super) fn say_abandon(told: Told<'_>, mouth: &mut Mouth<'_>) {
    let counts = told.state.counts();
    let all = [
        (counts.pending + counts.current + counts.deferred, "that will be skipped"),
        (counts.failed, "that stay failed"),
        (counts.reverted, "that stay reverted"),
    ];
    let all: Vec<_> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{how}: {count}")).collect();
    let steps = if all.is_empty() { String::new() } else { format!(" Steps {}.", all.join(", ")) };
    mouth.say(&format!("This gives the run up for good, and closes it as abandoned.{steps}"));
    mouth.say(&changed(told));
    say_unverified_for_good(told, mouth);
}

/// What of the system was changed and is not undone by this run.
fn changed(told: Told<'_>) -> String {
    match &left::changing(told.runbook, told.state)[..] {
        [] => "No command was run and no critical step was begun.".to_owned(),
        keys => format!("This run does not undo what was changed by: {}.", listed(told, keys)),
    }
}

/// What closing the run comes to.
pub(super) fn say_close(told: Told<'_>, mouth: &mut Mouth<'_>) {
    let deviations = left::deviations(told.state.deviations.iter().map(|deviation| deviation.kind));
    let with = if deviations.is_empty() { "without deviations".to_owned() } else { format!("with {deviations}") };
    let not_done = left::not_done(told.state);
    mouth.say(&match not_done.is_empty() {
        true => format!("Every step is accounted for, {with}."),
        false => format!("Not every step was done: {not_done}; {with}."),
    });
    say_failed(told, mouth);
}

/// How the run has ended: what was not done, what was overruled and why, and what it leaves changed.
pub(super) fn say_end(told: Told<'_>, mouth: &mut Mouth<'_>) {
    mouth.say(&told.counts());
    if told.state.closed.as_ref().is_some_and(|closed| closed.outcome == Outcome::Abandoned) {
        mouth.say(&changed(told));
    }
    say_failed(told, mouth);
    say_deviations(told, mouth);
}

/// What was overruled, and why.
pub(super) fn say_deviations(told: Told<'_>, mouth: &mut Mouth<'_>) {
    for deviation in told.state.own_deviations() {
        let key = deviation.subject.parse::<StepKey>().ok().filter(|key| told.state.step(key).is_some());
        let known = told.state.conditions.keys().find(|id| id.to_string() == deviation.subject);
        let subject = match (key, known) {
            (Some(key), _) => told.step(&key),
            (None, Some(condition)) => told.condition(condition),
            (None, None) => deviation.subject.clone(),
        };
        mouth.say(&format!("Deviation: {} of {subject}: {}", deviation.kind.word(), deviation.reason));
    }
}

fn say_failed(told: Told<'_>, mouth: &mut Mouth<'_>) {
    let failed = left::failed(told.state);
    if !failed.is_empty() {
        mouth.say(&format!("Failed: {}.", listed(told, &failed)));
    }
}

/// Steps in a row; of many the first, and how many more there are.
fn listed(told: Told<'_>, keys: &[StepKey]) -> String {
    let named: Vec<_> = keys.iter().take(NAMED).map(|key| told.step(key)).collect();
    let more = keys.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", named.join("; "))
}
