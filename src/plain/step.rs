//! A step as it becomes the current one: everything that the run screen shows of it, in the order in which it is needed.

use crate::engine::scope::{actor_of, command_of, target_of, text_of};
use crate::engine::{
    ConditionId, Gate, Meanwhile, StepStatus, Verified, cautions_of, commands_of, gate, has_changed, is_together,
    meanwhile, read_for, renewable,
};
use crate::plain::soak;
use crate::plain::speak::Mouth;
use crate::plain::tell::{Told, command, duration, status};
use crate::runbook::{Action, CautionLevel, InputKind, Step, StepKey, Verify};

/// How many of the commands for all items are told before they are asked for.
const FIRST_COMMANDS: usize = 10;

/// How many of the things that are watched are told one by one.
const WATCHED: usize = 10;

/// How many characters of a caution are told that was read before.
const BEGINNING: usize = 60;

/// Tells a step: title, cautions, text, what it asks for.
pub fn tell(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let Some((step, known)) = told.runbook.step(&key.phase, &key.step).zip(told.state.step(key)) else { return };
    mouth.say("");
    let name = told.step(key);
    mouth.say(&format!("{}{} ({})", name[..1].to_uppercase(), &name[1..], told.phase(&key.phase)));
    if known.attempt > 1 {
        mouth.say(&format!("This is attempt {}.", known.attempt));
    }
    if known.status != StepStatus::Current {
        let said = if known.said.is_empty() { String::new() } else { format!(": {}", known.said) };
        mouth.say(&format!("It is {}{said}", status(known)));
    }
    let text = |template| text_of(template, told.state, &told.moment.board, key, told.moment.at);
    tell_cautions(told, key, false, mouth);
    if let Some(actor) = actor_of(told.runbook, told.state, &told.moment.board, key, told.moment.at) {
        mouth.say(&match step.action.is_sensed() {
            true => format!("Not you but another acts here: {actor}."),
            false => format!("Not you but another acts here: {actor}. You state what came of it."),
        });
    }
    tell_verify(told, key, mouth);
    tell_watched(told, key, mouth);
    if step.irreversible {
        mouth.say("This step is irreversible: the point of no return.");
    }
    if let Some(words) = &step.text {
        mouth.say("What to do:");
        mouth.quote(&text(words));
    }
    action(told, key, step, mouth);
    if !step.source.is_empty() {
        mouth.say(&format!("From the document: {}", step.source.join(", ")));
    }
    let is_unread = !step.cautions.is_empty() && !known.cautions_read && !step.action.is_sensed();
    let Told { runbook, state, moment, .. } = told;
    if is_unread || has_changed(runbook, state, &moment.board, key, moment.at) {
        mouth.say("First type read, once the cautions are read.");
    }
}

fn is_disputed(told: Told<'_>, key: &StepKey) -> bool {
    told.state.unverified.get(key).is_some_and(|unverified| unverified.stood.is_some())
}

/// What a second person has to do with it.
pub fn tell_verify(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let Some(step) = told.runbook.step(&key.phase, &key.step) else { return };
    let known = told.state.step(key);
    if let Some(Verified { by, said, .. }) = known.and_then(|known| known.verified.as_ref()) {
        mouth.say(&format!("It was verified by {by}: {said}"));
        return;
    }
    if let Some(waived) = known.and_then(|known| known.waived.as_ref()) {
        mouth.say(&format!("Not verified by a second person: waived by {}: {}", waived.by, waived.why));
        return;
    }
    if told.state.never_verified().contains(key) {
        mouth.say("Never verified by a second person.");
        return;
    }
    match step.verify {
        Some(Verify::Peer) if told.state.waits_for_peer(key) => {
            let (by, said) = known.map(|known| (known.by.as_str(), known.said.as_str())).unwrap_or_default();
            mouth.say(&format!("Stated by {by}: {said}"));
            mouth.say("Now a second person confirms it: type release. To state it anew type retry.");
            mouth.say("If that person sees something else, type dispute.");
        }
        Some(Verify::Independent) if is_disputed(told, key) => {
            mouth.say("Try it again: type retry. Or let somebody look once more: type verify.");
        }
        Some(Verify::Peer) => mouth.say("A second person confirms at the same moment what you see."),
        Some(Verify::Independent) => {
            mouth.say("Another person verifies it later, by looking anew; the run is not completed before.");
        }
        None => {}
    }
}

/// What is to be watched meanwhile: as it stands when the step is the current one, what is not well first.
pub fn tell_watched(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let Some(step) = told.runbook.step(&key.phase, &key.step).filter(|step| !step.watch.is_empty()) else { return };
    if told.state.current.as_ref() != Some(key) {
        let titles: Vec<_> = step.watch.iter().map(|watch| told.runbook.watched(watch)).collect();
        mouth.say(&format!("Meanwhile watch: {}.", titles.join("; ")));
        return;
    }
    mouth.say("Meanwhile watch:");
    let all = meanwhile(told.runbook, told.state, &told.moment.board);
    for one in all.iter().take(WATCHED) {
        let condition = told.condition(&one.condition());
        let told = match one {
            Meanwhile::Row(row) if row.why.is_empty() => format!("{condition} is {}", row.verdict.word()),
            Meanwhile::Row(row) => format!("{condition} is {}: {}", row.verdict.word(), row.why),
            Meanwhile::Absent(_) => format!("{condition} has no row"),
            Meanwhile::Guard { id, truth, why, is_acknowledged } => {
                let told = told.condition_is(&ConditionId::Guard((*id).clone()), *truth, why);
                if *is_acknowledged { format!("{told} (acknowledged)") } else { told }
            }
        };
        mouth.quote(&told);
    }
    let rest = all.get(WATCHED..).unwrap_or_default();
    if !rest.is_empty() {
        let bad = rest.iter().filter(|one| !one.is_well()).count();
        mouth.quote(&format!("and {} more, {bad} of them not well", rest.len()));
    }
}

/// Tells the cautions of a step. What was read for an earlier item of its loop, word for word, is one line unless
/// `is_whole`.
pub fn tell_cautions(told: Told<'_>, key: &StepKey, is_whole: bool, mouth: &mut Mouth<'_>) {
    let Some(step) = told.runbook.step(&key.phase, &key.step) else { return };
    let texts = cautions_of(told.runbook, told.state, &told.moment.board, key, told.moment.at);
    let mut is_folded = false;
    for (caution, text) in step.cautions.iter().zip(&texts) {
        let word = match caution.level {
            CautionLevel::Warning => "WARNING",
            CautionLevel::Caution => "CAUTION",
            CautionLevel::Note => "NOTE",
        };
        match read_for(told.state, key, text).filter(|_| !is_whole) {
            Some(item) => {
                is_folded = true;
                mouth.say(&format!("{word}, as you read it for {item}: {}", begins(text)));
            }
            None => {
                mouth.say(&format!("{word}:"));
                mouth.quote(text);
            }
        }
    }
    if is_folded {
        mouth.say("Type cautions to hear them in full.");
    }
}

/// The beginning of a text, as much of it as makes a line.
fn begins(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= BEGINNING {
        return text;
    }
    let cut: String = text.chars().take(BEGINNING).collect();
    format!("{}, and so on", cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words))
}

fn action(told: Told<'_>, key: &StepKey, step: &Step, mouth: &mut Mouth<'_>) {
    let text = |template| text_of(template, told.state, &told.moment.board, key, told.moment.at);
    match &step.action {
        Action::Confirm { prompt, .. } | Action::Ask { prompt, .. } => {
            mouth.say("It asks:");
            mouth.quote(&text(prompt));
            say_options(&options_of(step), mouth);
        }
        Action::Choose(ways) => {
            mouth.say("It asks for a decision:");
            for (at, way) in ways.iter().enumerate() {
                mouth.quote(&format!("{}, {}: {}", at + 1, way.is, way.title));
            }
        }
        Action::Run { .. } => commands(told, key, step, mouth),
        Action::Check { holds, hold, soak, why, .. } => {
            let length = if hold.is_zero() { String::new() } else { format!(", for {}", duration(*hold)) };
            let waits = || format!("It waits until this holds{length}:");
            mouth.say(&format!("Piton senses this itself. {}", soak.as_deref().map_or_else(waits, soak::asked)));
            mouth.quote(holds.source());
            if !why.is_empty() {
                mouth.say("Otherwise:");
                mouth.quote(why);
            }
            soak::standing(told, key).iter().for_each(|line| mouth.say(line));
        }
        Action::Wait(length) => mouth.say(&format!("It waits for {}.", duration(*length))),
        Action::Release { who } => {
            mouth.say("It is to be released by another person than the one who acts:");
            mouth.quote(who);
        }
        Action::Restart(from) => {
            mouth.say(&format!("It goes back to {}: everything from there on is done again.", told.phase(from)));
        }
    }
}

/// Exactly what would run.
fn commands(told: Told<'_>, key: &StepKey, step: &Step, mouth: &mut Mouth<'_>) {
    let (book, state, board, at) = (told.runbook, told.state, &told.moment.board, told.moment.at);
    let untold = |why: &dyn std::fmt::Display| format!("What would run cannot be told: {why}");
    if is_together(book, key) {
        match commands_of(book, state, board, key, at, usize::MAX) {
            Ok(Some(all)) => {
                mouth.say(&format!("It runs {} commands together, one for each of these:", all.len()));
                for item in all.iter().take(FIRST_COMMANDS) {
                    mouth.quote(&format!("{}: {}", item.item, command(&item.command, told.directory).join("; ")));
                }
                if all.len() > FIRST_COMMANDS {
                    mouth.say(&format!("And {} more; run tells all of them first.", all.len() - FIRST_COMMANDS));
                }
            }
            Ok(None) => mouth.say("Nothing is left to run."),
            Err(why) => mouth.say(&untold(&why)),
        }
    } else {
        match command_of(book, state, board, key, at) {
            Ok(Some(line)) => {
                mouth.say("It runs this:");
                command(&line, told.directory).iter().for_each(|line| mouth.quote(line));
            }
            Ok(None) => {}
            Err(why) => mouth.say(&untold(&why)),
        }
    }
    if step.critical {
        mouth.say(&format!("It is critical: before it runs, its target is typed: {}", target_of(book, state, key)));
    }
}

/// Whether it may go on, and if not why; nothing goes on where nothing can be recorded any more.
pub fn tell_gate(told: Told<'_>, key: &StepKey, is_halted: bool, mouth: &mut Mouth<'_>) {
    if is_halted {
        mouth.say("Nothing is recorded any more, so nothing goes on: type leave.");
        return;
    }
    match gate(told.runbook, told.state, key, told.moment.at) {
        Gate::Open => mouth.say("The gate is open: nothing holds this step back."),
        Gate::Closed(holds) => {
            mouth.say("The gate is closed:");
            for hold in &holds {
                mouth.quote(&told.hold(hold));
            }
            let anew = renewable(told.runbook, told.state, key, told.moment.at);
            if !anew.is_empty() {
                let anew: Vec<_> = anew.iter().map(|key| told.step(key)).collect();
                mouth.say(&format!("To be done anew with renew: {}", anew.join("; ")));
            }
        }
    }
}

/// The answers that a step takes; empty when any will do.
pub fn options_of(step: &Step) -> Vec<String> {
    match &step.action {
        Action::Confirm { options, .. } | Action::Ask { kind: InputKind::Choice(options), .. } => options.clone(),
        Action::Ask { kind: InputKind::Bool, .. } => vec!["yes".into(), "no".into()],
        _ => Vec::new(),
    }
}

/// The answers, each with its number.
pub fn say_options(options: &[String], mouth: &mut Mouth<'_>) {
    if options.is_empty() {
        return;
    }
    mouth.say("Answer with one of these, or its number:");
    for (at, option) in options.iter().enumerate() {
        mouth.quote(&format!("{}, {option}", at + 1));
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
