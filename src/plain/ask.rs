//! A question that stands: what is asked, which answers there are, and what a typed line comes to.

use serde_json::Value;

use crate::engine::scope::{command_of, target_of};
use crate::engine::{
    CommandLine, ConditionId, ItemCommand, JobId, Proposal, RunState, commands_of, is_together, may_release,
};
use crate::plain::look;
use crate::plain::meaning::{say_abandon, say_close, say_looked_at, say_restart, say_skip, say_way_back};
use crate::plain::soak;
use crate::plain::speak::Mouth;
use crate::plain::step::{options_of, say_options};
use crate::plain::tell::{self, Told};
use crate::runbook::value::parse_value;
use crate::runbook::{Action, InputKind, RollbackId, Runbook, StepKey};

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What was seen.
    Statement(StepKey),
    /// A value of that kind.
    Value(StepKey, InputKind),
    /// Which way.
    Choice(StepKey),
    /// Who releases it.
    Releaser(StepKey),
    /// What that person looked at.
    Released(StepKey, String),
    /// Who saw something else.
    Disputer(StepKey),
    /// What that person saw.
    Disputed(StepKey, String),
    /// Whether exactly this is to run; the name to be typed, for a critical step.
    Run(StepKey, Shown, Option<String>),
    /// Why.
    Reason(Purpose),
    /// A remark on that step, or on the run.
    Note(Option<StepKey>),
    /// Whether this is to be recorded.
    Record(Purpose, String),
    /// Whether the run is to be closed.
    Close,
    /// Whether the running command is to end.
    Cancel(JobId),
    /// Whether the run is to be left as it stands.
    Leave,
}

/// What was shown before it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// One command.
    One(CommandLine),
    /// One for each item.
    All(Vec<ItemCommand>),
}

/// What a reason is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// Leave the step out.
    Skip(StepKey),
    /// Put the step off.
    Defer(StepKey),
    /// Declare the step done.
    Override(StepKey),
    /// End the wait.
    CutWait(StepKey),
    /// Go back to an earlier phase.
    Restart(StepKey),
    /// Go on although it does not hold.
    Acknowledge(ConditionId),
    /// Leave the plan for a way back.
    RollBack(RollbackId),
    /// Give the run up.
    Abandon,
}

/// What a typed line comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is none; why. The question stands.
    Again(String),
    /// This is to be recorded.
    Propose(Proposal),
    /// This file is looked at, then it is to be recorded.
    File(StepKey, Value),
    /// Then this is asked.
    Next(Question),
    /// The running command is to end.
    Cancel(JobId),
    /// The run is left.
    Leave,
    /// Nothing is done.
    Nothing,
}

impl Purpose {
    /// What is recorded for that reason.
    pub fn proposal(self, reason: String) -> Proposal {
        match self {
            Self::Skip(step) => Proposal::Skip { step, reason },
            Self::Defer(step) => Proposal::Defer { step, reason },
            Self::Override(step) => Proposal::Override { step, reason },
            Self::CutWait(step) => Proposal::CutWait { step, reason },
            Self::Restart(step) => Proposal::Restart { step, reason },
            Self::Acknowledge(condition) => Proposal::Acknowledge { condition, reason },
            Self::RollBack(plan) => Proposal::RollBack { plan, reason },
            Self::Abandon => Proposal::Abandon { reason },
        }
    }

    fn step(&self) -> Option<&StepKey> {
        match self {
            Self::Skip(step) | Self::Defer(step) | Self::Override(step) | Self::CutWait(step) | Self::Restart(step) => {
                Some(step)
            }
            Self::Acknowledge(_) | Self::RollBack(_) | Self::Abandon => None,
        }
    }

    /// What it comes to, in sentences.
    fn say(&self, told: Told<'_>, mouth: &mut Mouth<'_>) {
        let step = |key: &StepKey| told.step(key);
        match self {
            Self::Skip(key) => say_skip(told, key, mouth),
            Self::Override(key) if told.state.lies_behind(key) => {
                let step = step(key);
                mouth.say(&format!(
                    "This goes on although nobody verified {step}, which stays done. It is a deviation."
                ));
            }
            Self::Override(key) => {
                mouth.say(&format!("This declares {} done against what piton knows. It is a deviation.", step(key)));
            }
            Self::CutWait(key) => mouth.say(&format!("This ends the wait of {} early. It is a deviation.", step(key))),
            Self::Defer(key) => {
                let until = told.runbook.step(&key.phase, &key.step).and_then(|planned| planned.defer.as_ref());
                let until = until.map(|until| told.phase(until)).unwrap_or_default();
                mouth.say(&format!("This puts off {}; it comes back before {until}. It is a deviation.", step(key)));
            }
            Self::Restart(key) => say_restart(told, key, mouth),
            Self::Acknowledge(condition) => {
                let known = told.state.conditions.get(condition);
                let why = known.map(|known| known.why.clone()).unwrap_or_default();
                let is = told.condition_is(condition, told.state.truth(condition), &why);
                mouth.say(&format!("This goes on although {is}. It is a deviation."));
            }
            Self::RollBack(plan) => say_way_back(told, plan, mouth),
            Self::Abandon => say_abandon(told, mouth),
        }
    }
}

impl Question {
    /// What a step asks for that takes a statement, a value or a decision.
    pub fn of_the_step(runbook: &Runbook, key: StepKey) -> Self {
        match runbook.step(&key.phase, &key.step).map(|step| &step.action) {
            Some(Action::Ask { kind, .. }) => Self::Value(key, kind.clone()),
            Some(Action::Choose(_)) => Self::Choice(key),
            _ => Self::Statement(key),
        }
    }

    /// Whether exactly what would run now is to run.
    ///
    /// # Errors
    /// What would run cannot be told, or there is nothing to run.
    pub fn run(told: Told<'_>, key: StepKey) -> Result<Self, String> {
        let (book, state, board, at) = (told.runbook, told.state, &told.moment.board, told.moment.at);
        let shown = if is_together(book, &key) {
            commands_of(book, state, board, &key, at, usize::MAX).map(|shown| shown.map(Shown::All))
        } else {
            command_of(book, state, board, &key, at).map(|shown| shown.map(Shown::One))
        };
        let shown = shown.map_err(|why| format!("what would run cannot be told: {why}"))?;
        let shown = shown.ok_or_else(|| "there is nothing to run".to_owned())?;
        let is_critical = book.step(&key.phase, &key.step).is_some_and(|step| step.critical);
        let target = is_critical.then(|| target_of(book, state, &key));
        Ok(Self::Run(key, shown, target))
    }

    /// The step that a second person looks at, whom it asks: `step` tells that one.
    pub const fn looks_at(&self) -> Option<&StepKey> {
        match self {
            Self::Releaser(step) | Self::Released(step, _) | Self::Disputer(step) | Self::Disputed(step, _) => {
                Some(step)
            }
            _ => None,
        }
    }

    /// Whether it is of no use any more: the run has moved on.
    pub fn is_over(&self, state: &RunState) -> bool {
        let step = match self {
            Self::Statement(step)
            | Self::Value(step, _)
            | Self::Choice(step)
            | Self::Releaser(step)
            | Self::Released(step, _)
            | Self::Disputer(step)
            | Self::Disputed(step, _)
            | Self::Run(step, ..) => Some(step),
            Self::Reason(purpose) | Self::Record(purpose, _) => purpose.step(),
            Self::Cancel(job) => return state.running.iter().all(|running| running.job != *job),
            Self::Note(_) | Self::Close | Self::Leave => None,
        };
        // The walk has gone on behind what another person verifies, or what is overruled for want of one, or has reverted.
        let may_lie_behind = !matches!(self, Self::Statement(_) | Self::Value(..) | Self::Choice(_) | Self::Run(..));
        let is_due = |step: &StepKey| state.to_verify().contains(step) || state.reverted().any(|key| key == step);
        let is_behind = |step: &StepKey| may_lie_behind && is_due(step);
        step.is_some_and(|step| state.current.as_ref() != Some(step) && !is_behind(step))
    }

    /// The step that is acted in by its answer.
    pub fn acts_in(&self) -> Option<&StepKey> {
        match self {
            Self::Statement(step)
            | Self::Value(step, _)
            | Self::Choice(step)
            | Self::Releaser(step)
            | Self::Released(step, _)
            | Self::Run(step, ..) => Some(step),
            _ => None,
        }
    }

    /// Whether what is refused is to be looked at again before it is asked again.
    pub fn is_of_what_was_shown(&self) -> bool {
        matches!(self, Self::Run(..) | Self::Record(..) | Self::Close)
    }

    /// What stands before the line that answers it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Statement(_) => "what was seen",
            Self::Value(..) => "value",
            Self::Choice(_) => "decision",
            Self::Releaser(_) | Self::Disputer(_) => "name of the other person",
            Self::Disputed(..) => "what is seen instead",
            Self::Released(..) => "what was looked at",
            Self::Run(_, _, Some(_)) => "target",
            Self::Run(_, _, None) | Self::Record(..) | Self::Close | Self::Cancel(_) | Self::Leave => "yes or no",
            Self::Reason(_) => "reason",
            Self::Note(_) => "note",
        }
    }

    /// Says what is asked, and which answers there are.
    pub fn say(&self, told: Told<'_>, mouth: &mut Mouth<'_>) {
        match self {
            Self::Statement(key) | Self::Value(key, _) | Self::Choice(key) => say_asked(told, key, mouth),
            Self::Releaser(key) => {
                let is_verified = told.state.unverified.contains_key(key);
                mouth.say(&match is_verified {
                    true => format!("{} is verified by another person than the one who did it.", told.step(key)),
                    false => format!("{} is released by another person than the one who acts.", told.step(key)),
                });
                say_looked_at(told, key, mouth);
                mouth.say("That person types the own name. Type step to hear the step. Or type back.");
            }
            Self::Released(key, by) => {
                mouth.say(&match told.state.unverified.contains_key(key) {
                    true => format!("{by}, what do you see yourself of {}? Or type back.", told.step(key)),
                    false => format!("{by}, what was looked at before {} is released? Or type back.", told.step(key)),
                });
            }
            Self::Disputer(key) => {
                mouth
                    .say(&format!("Another person than the one who did it sees something else of {}.", told.step(key)));
                say_looked_at(told, key, mouth);
                mouth.say("This is a deviation, and the step has failed then.");
                mouth.say("That person types the own name. Type step to hear the step. Or type back.");
            }
            Self::Disputed(key, by) => {
                mouth.say(&format!("{by}, what do you see of {} instead? Or type back.", told.step(key)));
            }
            Self::Run(key, shown, target) => say_run(told, (key, shown, target.as_deref()), mouth),
            Self::Reason(purpose) => {
                purpose.say(told, mouth);
                mouth.say("Type the reason, which is recorded. Or type back.");
            }
            Self::Record(purpose, reason) => {
                purpose.say(told, mouth);
                mouth.say(&format!("The reason that is recorded: {reason}"));
                mouth.say("Type yes to record it, or no.");
            }
            Self::Note(step) => {
                let on = step.as_ref().map_or_else(|| "the run".to_owned(), |step| told.step(step));
                mouth.say(&format!("Type a note on {on}. Or type back."));
            }
            Self::Close => {
                say_close(told, mouth);
                look::never_verified(told, mouth);
                mouth.say("This closes the run; nothing can be added after it. Type yes to close it, or no.");
            }
            Self::Cancel(_) => {
                let names: Vec<_> = told.state.running.iter().map(|running| told.step(&running.step)).collect();
                mouth.say(&format!("This ends what runs, {} in all: {}.", names.len(), names.join("; ")));
                mouth.say("It gets SIGTERM, after five seconds SIGKILL. Type yes to end it, or no.");
            }
            Self::Leave => {
                let goes_on = if told.state.is_running() { " What runs goes on." } else { "" };
                let soaks = soak::leaving(told);
                mouth.say(&format!("This leaves the run as it stands; it can be gone on with.{goes_on}{soaks}"));
                mouth.say("Type yes to leave, or no.");
            }
        }
    }

    /// What a typed line comes to. An empty one is never an answer.
    pub fn answer(&self, runbook: &Runbook, state: &RunState, text: &str) -> Answer {
        let text = text.trim();
        if text.is_empty() {
            return Answer::Again("Nothing was typed, so nothing is done.".into());
        }
        if text.eq_ignore_ascii_case("back") {
            return Answer::Nothing;
        }
        let said = text.to_owned();
        match self {
            Self::Statement(step) => match picked(&options(runbook, step), text) {
                Ok(said) => Answer::Propose(Proposal::Confirm { step: step.clone(), said }),
                Err(why) => Answer::Again(why),
            },
            Self::Value(step, kind) => match picked(&options(runbook, step), text) {
                Ok(text) => value(step, kind, &text),
                Err(why) => Answer::Again(why),
            },
            Self::Choice(step) => match way(runbook, step, text) {
                Some(choice) => Answer::Propose(Proposal::Choose { step: step.clone(), choice }),
                None => Answer::Again("That is none of the ways: type its name or its number.".into()),
            },
            Self::Releaser(step) => match may_release(state, step, text) {
                Ok(name) => Answer::Next(Self::Released(step.clone(), name)),
                Err(refusal) => Answer::Again(format!("That is not taken: {refusal}.")),
            },
            Self::Released(step, by) => {
                let (step, released_by) = (step.clone(), by.clone());
                Answer::Propose(Proposal::Release { step, released_by, said, signature: None })
            }
            Self::Disputer(step) => match may_release(state, step, text) {
                Ok(name) => Answer::Next(Self::Disputed(step.clone(), name)),
                Err(refusal) => Answer::Again(format!("That is not taken: {refusal}.")),
            },
            Self::Disputed(step, by) => {
                Answer::Propose(Proposal::Dispute { step: step.clone(), disputed_by: by.clone(), said })
            }
            Self::Run(step, shown, Some(target)) if text == target => run(step, shown, Some(said)),
            Self::Run(_, _, Some(target)) => {
                Answer::Again(format!("That is not the target's name. Type {target} to run it, or back."))
            }
            Self::Reason(purpose) => Answer::Propose(purpose.clone().proposal(said)),
            Self::Note(step) => Answer::Propose(Proposal::Note { step: step.clone(), text: said }),
            Self::Run(_, _, None) | Self::Record(..) | Self::Close | Self::Cancel(_) | Self::Leave => {
                if text.eq_ignore_ascii_case("yes") {
                    return self.yes();
                }
                let is_no = text.eq_ignore_ascii_case("no");
                if is_no { Answer::Nothing } else { Answer::Again("Type yes or no, as a whole word.".into()) }
            }
        }
    }

    fn yes(&self) -> Answer {
        match self {
            Self::Run(step, shown, None) => run(step, shown, None),
            Self::Record(purpose, reason) => Answer::Propose(purpose.clone().proposal(reason.clone())),
            Self::Close => Answer::Propose(Proposal::Close),
            Self::Cancel(job) => Answer::Cancel(*job),
            Self::Leave => Answer::Leave,
            _ => Answer::Nothing,
        }
    }
}

fn options(runbook: &Runbook, key: &StepKey) -> Vec<String> {
    runbook.step(&key.phase, &key.step).map(options_of).unwrap_or_default()
}

/// The option that was typed, or whose number was; any text where there are none.
fn picked(options: &[String], text: &str) -> Result<String, String> {
    let by_name = || options.iter().find(|option| option.eq_ignore_ascii_case(text));
    let by_number = || options.get(text.parse::<usize>().ok()?.checked_sub(1)?);
    if options.is_empty() {
        return Ok(text.to_owned());
    }
    let none = || format!("Answer with one of these, or its number: {}.", options.join(", "));
    by_name().or_else(by_number).cloned().ok_or_else(none)
}

fn value(step: &StepKey, kind: &InputKind, text: &str) -> Answer {
    match parse_value(kind, text) {
        Ok(value) if *kind == InputKind::Path => Answer::File(step.clone(), value),
        Ok(value) => Answer::Propose(Proposal::Answer { step: step.clone(), value, file: None }),
        Err(why) => Answer::Again(format!("That value does not fit: {why}.")),
    }
}

fn way(runbook: &Runbook, key: &StepKey, text: &str) -> Option<String> {
    let Action::Choose(ways) = &runbook.step(&key.phase, &key.step)?.action else { return None };
    let by_name = ways.iter().find(|way| way.is == text || way.title == text);
    let by_number = || ways.get(text.parse::<usize>().ok()?.checked_sub(1)?);
    by_name.or_else(by_number).map(|way| way.is.clone())
}

fn run(step: &StepKey, shown: &Shown, typed: Option<String>) -> Answer {
    let step = step.clone();
    Answer::Propose(match shown.clone() {
        Shown::One(shown) => Proposal::Run { step, shown, typed },
        Shown::All(shown) => Proposal::RunAll { step, shown, typed },
    })
}

fn say_asked(told: Told<'_>, key: &StepKey, mouth: &mut Mouth<'_>) {
    let Some(step) = told.runbook.step(&key.phase, &key.step) else { return };
    match &step.action {
        Action::Confirm { prompt, .. } | Action::Ask { prompt, .. } => {
            let (state, board, at) = (told.state, &told.moment.board, told.moment.at);
            mouth.quote(&crate::engine::scope::text_of(prompt, state, board, key, at));
        }
        Action::Choose(ways) => {
            mouth.quote(&told.title(key));
            for (at, way) in ways.iter().enumerate() {
                mouth.quote(&format!("{}, {}: {}", at + 1, way.is, way.title));
            }
        }
        _ => {}
    }
    let options = options_of(step);
    say_options(&options, mouth);
    mouth.say(match &step.action {
        Action::Choose(_) => "Type the name of the way, or its number. Or type back.",
        Action::Ask { .. } if options.is_empty() => "Type the value, which is recorded. Or type back.",
        _ if options.is_empty() => "Type what was seen, which is recorded. Or type back.",
        _ => "Or type back.",
    });
}

fn say_run(told: Told<'_>, (key, shown, target): (&StepKey, &Shown, Option<&str>), mouth: &mut Mouth<'_>) {
    mouth.say(&format!("Exactly this runs for {}:", told.step(key)));
    match shown {
        Shown::One(line) => tell::command(line, told.directory).iter().for_each(|line| mouth.quote(line)),
        Shown::All(all) => {
            for item in all {
                mouth.quote(&format!("{}: {}", item.item, tell::command(&item.command, told.directory).join("; ")));
            }
        }
    }
    match target {
        Some(target) => {
            mouth.say(&format!("This is critical. Type the target's name to run it: {target}. Or type back."))
        }
        None => mouth.say("Type yes to run it, or no."),
    }
}
