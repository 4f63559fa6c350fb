//! One line for each thing that happened.

use std::time::Duration;

use crate::engine::scope::done_by;
use crate::engine::{
    Event, Leaving, MAX_AT_ONCE, Mode, Record, RunState, Tri, Turned, signed_by, turned as turned_rows,
};
use crate::plain::tell::duration;
use crate::runbook::{Runbook, StepKey};
use crate::text::clean_line;

/// What marks every line that tells of a practice run.
pub const WATERMARK: &str = "PRACTICE ";

/// A record as one line: number, time and what happened; with the watermark when it is of a practice run.
pub fn line(record: &Record, mode: Mode) -> String {
    let watermark = if mode == Mode::Practice { WATERMARK } else { "" };
    let at = record.at.to_string();
    let clock = at.get(11..19).unwrap_or(&at);
    let told = describe(&record.event);
    clean_line(&format!("recorded #{} {watermark}{clock} {told} [{}]", record.seq, record.by)).into_owned()
}

/// What is to be made of a row of the board that is recorded not to be ok any more; empty for all else.
pub fn turned(runbook: &Runbook, state: &RunState, record: &Record) -> String {
    let Event::ConditionChanged { condition, .. } = &record.event else { return String::new() };
    let turned = turned_rows(runbook, state, record.at).into_iter().find(|(id, _)| id == condition);
    match turned {
        Some((_, Turned::Expected { left })) => {
            format!(" (expected, {} left)", duration(Duration::from_secs(left.as_secs())))
        }
        Some((_, Turned::Overdue { .. })) => " (OVERDUE)".into(),
        Some((_, Turned::Unexpected { .. })) => " (NOT EXPECTED)".into(),
        None => String::new(),
    }
}

/// What happened, in a few words. What came from outside is in it as it was: clean it before showing it.
pub fn describe(event: &Event) -> String {
    match event {
        Event::RunOpened(opened) => {
            format!("opened {} · {} r{}", opened.run, opened.title, opened.revision)
        }
        Event::SittingOpened { operator, host, .. } => format!("{operator} sits down at {host}"),
        Event::SittingClosed { how: Leaving::Left } => "left".into(),
        Event::SittingClosed { how: Leaving::Interrupted } => "interrupted".into(),
        Event::PhaseBound { phase, items } => {
            let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
            let is_loop = items.first().is_none_or(|item| item.name.is_some());
            match (is_loop, names.is_empty()) {
                (false, _) => format!("phase {phase}"),
                (true, true) => format!("phase {phase}: nothing to do"),
                (true, false) => format!("phase {phase}: {}", names.join(", ")),
            }
        }
        Event::CheckPassed { step, held_ms, soaked: Some(soaked), .. } => {
            format!("sensed    {step} (soaked {} s, {} s of it seen)", held_ms / 1000, soaked.covered_ms / 1000)
        }
        Event::GroupBound { phase, group, items } => {
            let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
            let names = if names.is_empty() { "nothing to do".to_owned() } else { names.join(", ") };
            format!("phase {phase}, {group}: {names}")
        }
        Event::CheckPassed { step, held_ms, .. } => format!("sensed    {step} (held {} s)", held_ms / 1000),
        Event::CheckReverted { step, why, .. } => with(format!("REVERTED  {step}"), why),
        Event::CheckRestored { step, held_ms, .. } => format!("restored  {step} (held {} s)", held_ms / 1000),
        Event::ConditionChanged { condition, truth, why, .. } => {
            let word = match truth {
                Tri::True => "holds",
                Tri::False => "does not hold",
                Tri::Unknown => "unknown",
            };
            with(format!("condition {condition}: {word}"), why)
        }
        Event::GuardAcknowledged { condition, reason } => with(format!("ACKNOWLEDGED {condition}"), reason),
        Event::NoteAdded { step: Some(step), text } => with(format!("note on {step}"), text),
        Event::NoteAdded { step: None, text } => with("note".into(), text),
        Event::EvidenceAttached { step, path, file, kept } => {
            let on = step.as_ref().map(|step| format!(" for {step}")).unwrap_or_default();
            let copy = kept.as_ref().map(|kept| format!(", a copy is kept as {kept}")).unwrap_or_default();
            with(format!("evidence{on}"), &format!("{path}, {} bytes, sha256 {}{copy}", file.bytes, file.sha256))
        }
        Event::RollbackEntered { plan, reason, .. } => with(format!("ROLLBACK {plan}"), reason),
        Event::Rehearsed { what } => what.told(),
        Event::ClockJumped { by_ms } => format!("the wall clock was moved by {} s", by_ms / 1000),
        Event::TailSetAside { file, bytes, .. } => format!("a torn last line of {bytes} bytes was set aside in {file}"),
        Event::RunClosed { outcome, reason, .. } => with(format!("closed: {}", outcome.word()), reason),
        of_a_step => describe_step(of_a_step),
    }
}

fn describe_step(event: &Event) -> String {
    let say = |word: &str, step: &StepKey, told: &str| with(format!("{word:<9} {step}"), told);
    match event {
        Event::StepBegan { step, .. } => say("begin", step, ""),
        Event::CautionsRead { step, .. } => say("cautions", step, "read"),
        Event::StepConfirmed { step, said, doer, .. } => {
            say("confirmed", step, &format!("{said}{}", done_by(doer.as_ref())))
        }
        Event::AnswerGiven { step, value, .. } => say("answered", step, value.as_str().unwrap_or(&value.to_string())),
        Event::ChoiceMade { step, choice, .. } => say("chose", step, choice),
        Event::HoldReleased { step, released_by, said, verifies, signature, .. } => {
            let word = if verifies.is_some() { "verified" } else { "released" };
            say(word, step, &format!("by {released_by}{}: {said}", signed_by(signature)))
        }
        Event::StepDisputed { step, disputed_by, said, .. } => {
            say("DISPUTED", step, &format!("by {disputed_by}, who saw something else: {said}"))
        }
        Event::CommandsApproved { step, commands, .. } => {
            say("run all", step, &format!("{} commands, at most {MAX_AT_ONCE} at once", commands.len()))
        }
        Event::CancelAsked { step } => say("cancel", step, "what it runs is to end"),
        Event::CommandStarted { step, item, command, .. } => {
            say("run", step, &for_item(item.as_deref(), &shell_words(&command.argv)))
        }
        Event::CommandFinished { step, item, ended, met, why, .. } => {
            // Of several commands each has its own reason; that of a single one follows as the step's.
            let told = if item.is_some() && !why.is_empty() { why.clone() } else { ended.describe() };
            say(if *met { "done" } else { "ended" }, step, &for_item(item.as_deref(), &told))
        }
        Event::SoakSeen { step, since, until, covered_ms, length_ms, worst } => {
            let worst = worst.as_ref().map(|worst| format!(", worst value {worst}")).unwrap_or_default();
            let (elapsed, covered) = (until.since(*since).as_secs(), covered_ms / 1000);
            say("soaks", step, &format!("{elapsed} s of {} s, {covered} s of it seen{worst}", length_ms / 1000))
        }
        Event::SoakRestarted { step, lasted_ms, .. } => {
            say("RESTARTED", step, &format!("the soak had lasted {} s", lasted_ms / 1000))
        }
        Event::WaitEnded { step } => say("waited", step, ""),
        Event::WaitCut { step, reason, .. } => say("WAIT CUT", step, reason),
        Event::StepFailed { step, why } => say("FAILED", step, why),
        Event::StepRetried { step, attempt } => say("retry", step, &format!("attempt {attempt}")),
        Event::StepsReopened { step, from, reason, .. } => say("RESTART", step, &format!("from {from} on: {reason}")),
        Event::StepsRenewed { step, renewed } => {
            let renewed: Vec<_> = renewed.iter().map(ToString::to_string).collect();
            say("RENEW", step, &format!("first anew: {}", renewed.join(", ")))
        }
        Event::StepPutBack { step, instead } => say("put back", step, &format!("{instead} is taken up instead")),
        Event::StepSkipped { step, reason, .. } => say("SKIPPED", step, reason),
        Event::StepDeferred { step, until, reason, .. } => {
            say("DEFERRED", step, &format!("until {until} opens: {reason}"))
        }
        Event::StepOverridden { step, reason, .. } => say("OVERRIDE", step, reason),
        Event::VerificationWaived { step, reason, .. } => say("NOT VERIFIED", step, reason),
        Event::StepNotApplicable { step, why } => say("n/a", step, why),
        _ => String::new(),
    }
}

/// What is told of one item of several.
fn for_item(item: Option<&str>, told: &str) -> String {
    item.map_or_else(|| told.to_owned(), |item| format!("{item}: {told}"))
}

/// An argv as one would type it: words that hold more than plain characters are quoted.
pub fn shell_words(argv: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let quoted = argv.iter().map(|word| {
        if !word.is_empty() && word.chars().all(is_plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn with(head: String, told: &str) -> String {
    if told.is_empty() { head } else { format!("{head}: {told}") }
}
