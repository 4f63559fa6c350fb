//! What something comes to that is asked for, before it is answered: in sentences.

use crate::engine::scope::{command_of, text_of};
use crate::engine::{StepStatus, items_of_way_back, reopened};
use crate::plain::speak::Mouth;
use crate::plain::step::options_of;
use crate::plain::tell::{self, Told};
use crate::runbook::{Action, RollbackId, StepKey};

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
