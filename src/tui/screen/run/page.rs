//! One step, gathered for the step pane: rendered texts, not yet lines.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::filled::{Filled, filled_of};
use crate::engine::scope::{argv_of, command_of, target_of};
use crate::engine::together::count_of;
use crate::engine::{
    Before, CommandLine, ItemCommand, Moment, Output, RunState, SoakView, StepState, StepStatus, commands_of,
    is_together, may_defer, released_by, soak_view,
};
use crate::runbook::{
    Action, ActionKind, Argv, Disturbance, InputKind, Probe, Runbook, Step, StepKey, Template, Verify,
};
use crate::tui::screen::run::cautions::{self, Shown};
use crate::tui::screen::run::naming::{GAP, gapped, is_ahead, item, number, phase_named, phase_title, title_of, told};
use crate::tui::screen::run::origin::{Mended, mends, source};
use crate::tui::screen::run::seen::Seen;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::checklist;
use crate::tui::widget::meanwhile::titles;
use crate::tui::widget::progress::Progress;

/// Everything that the step pane shows of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepPage {
    /// Which step; `None` when there is none to show.
    pub key: Option<StepKey>,
    /// `2.3`: phase and step, counted from 1; `B1.1` in a way back.
    pub number: String,
    /// Its title.
    pub title: String,
    /// `vault-2, 2 of 3` in a loop.
    pub item: String,
    /// How it stands.
    pub status: Option<StepStatus>,
    /// Which attempt.
    pub attempt: u32,
    /// How it stood when the run last went back.
    pub before: Option<Before>,
    /// What it asks for.
    pub kind: Option<ActionKind>,
    /// Who acts, when it is not the operator; empty otherwise.
    pub actor: String,
    /// What a second person has to do with it, or said of it; empty when nobody has.
    pub verify: String,
    /// What stands in the list of steps where that is still to come, or never comes.
    pub unverified: Option<&'static str>,
    /// Whether it was a wait, and cut short.
    pub is_cut: bool,
    /// Who did it, where that was another than the one who said so.
    pub doer: Option<String>,
    /// Its cautions with their texts.
    pub cautions: Vec<Shown>,
    /// Why it may turn out not to apply, in the author's words.
    pub unless: String,
    /// Its explanation.
    pub text: String,
    /// Exactly what would run, or why that cannot be told.
    pub command: Option<Result<CommandLine, String>>,
    /// The first of the commands that would run for all items together, and how many there are; or why they cannot be
    /// told.
    pub commands: Option<Result<(Vec<ItemCommand>, usize), String>>,
    /// Where values were filled in, command by command.
    pub filled: Vec<Filled>,
    /// What runs once per item, with gaps: of a phase that has not opened yet, or where nothing is left to run.
    pub later: String,
    /// The question it asks.
    pub prompt: String,
    /// The answers it takes.
    pub options: Vec<String>,
    /// The ways it decides between: title and name.
    pub ways: Vec<(String, String)>,
    /// What it waits for: the expression, and for how long that must hold.
    pub waits_for: Option<(String, Duration)>,
    /// How its soak stands, and when that was.
    pub soak: Option<(SoakView, Timestamp)>,
    /// How long it waits.
    pub timer: Option<Duration>,
    /// How far its time is, while that runs.
    pub progress: Option<Progress>,
    /// What it means, in the author's words.
    pub why: String,
    /// The answers that are not ok among those that it waits for now.
    pub missing: Vec<Seen>,
    /// Whether it is the current step, of which there is more to be asked.
    pub is_live: bool,
    /// What is typed before it runs; of a step that is over there is nothing to type.
    pub target: Option<String>,
    /// The point of no return.
    pub is_irreversible: bool,
    /// The phase before which it comes back when it is put off; empty when it is not of that kind, or nothing is left to
    /// do about it.
    pub defer: String,
    /// Nothing is left to do before that phase opens: it may not be put off.
    pub is_due: bool,
    /// What it makes bad for a while; empty when it does not.
    pub disturbs: String,
    /// What is to be watched meanwhile, where that does not stand below: it is not the current step. Empty: nothing is.
    pub watches: String,
    /// Where it comes from.
    pub source: String,
    /// The document's mistakes that it mends.
    pub mends: Vec<Mended>,
    /// Which gate and guards hold the current step back.
    pub held: Vec<String>,
    /// Why no step is current although the walk is not at its end; then there is nothing else on the page.
    pub stalled: String,
    /// What can be done about that; in a replay, what came of it.
    pub way_on: String,
    /// Of a step that came to its end with a record of a replay: where the next one opens. Else empty.
    pub opens_next: String,
    /// What was said of it, by whom and when.
    pub said: String,
    /// Who brought it to its status.
    pub by: String,
    /// When it came to its status.
    pub ended: Option<Timestamp>,
    /// What its command printed, kept on disk.
    pub output: Option<Output>,
    /// Files that were attached to it, for people.
    pub attached: Vec<String>,
}

impl StepPage {
    /// Gathers the page of that step.
    pub fn of(runbook: &Runbook, state: &RunState, moment: &Moment, key: Option<&StepKey>) -> Self {
        let Some(key) = key else { return Self::default() };
        let Some((step, known)) = runbook.step(&key.phase, &key.step).zip(state.step(key)) else {
            return Self::default();
        };
        let text = |template: &Template| told(template, runbook, state, moment, key);
        let title = title_of(runbook, state, moment, key);
        let mut page = Self {
            key: Some(key.clone()),
            number: number(state, key),
            title: title.clone(),
            item: item(state, key, &title),
            status: Some(known.status),
            attempt: known.attempt,
            before: state.before.get(key).map(|before| labelled(step, before)),
            kind: Some(step.action.kind()),
            cautions: cautions::shown(state, key, &step.cautions, text),
            actor: step.actor.as_ref().map(text).unwrap_or_default(),
            verify: second(state, key, known),
            unverified: checklist::unverified(state, key, known),
            is_cut: known.is_cut(),
            doer: known.doer.clone(),
            unless: step.when.as_ref().map(|when| when.why.clone()).unwrap_or_default(),
            text: step.text.as_ref().map(text).unwrap_or_default(),
            target: (step.critical && !known.status.is_accounted()).then(|| target(runbook, state, key)).flatten(),
            is_irreversible: step.irreversible,
            defer: put_off(runbook, state, (step, known.status)),
            is_due: may_defer(runbook, state, key).is_none(),
            disturbs: step.disturbs.as_ref().map(|disturbed| disturbs(runbook, key, disturbed)).unwrap_or_default(),
            watches: if state.current.as_ref() == Some(key) { String::new() } else { titles(runbook, key) },
            source: source(runbook, step),
            mends: mends(runbook, step),
            said: label(step, &known.said),
            by: known.by.clone(),
            ended: known.ended,
            output: known.output.as_ref().map(|kept| kept.output.clone()),
            attached: state
                .attached
                .iter()
                .filter(|file| file.step.as_ref() == Some(key))
                .map(tell::attached)
                .collect(),
            ..Self::default()
        };
        page.take_action(runbook, state, moment, (key, step));
        page
    }

    /// What the step asks for, as far as it is known now.
    fn take_action(&mut self, runbook: &Runbook, state: &RunState, moment: &Moment, (key, step): (&StepKey, &Step)) {
        let text = |template: &Template| told(template, runbook, state, moment, key);
        match &step.action {
            Action::Confirm { prompt, options } => {
                self.prompt = text(prompt);
                self.options.clone_from(options);
            }
            Action::Ask { prompt, kind, .. } => {
                self.prompt = text(prompt);
                if let InputKind::Choice(options) = kind {
                    self.options.clone_from(options);
                }
            }
            Action::Run { argv, .. } if is_ahead(runbook, state, key) => self.later = later(state, argv),
            Action::Run { argv, .. } if is_together(runbook, key) => {
                self.commands = first_commands(runbook, state, moment, key);
                if let Some(Ok((first, _))) = &self.commands {
                    let shown = first.iter().map(|one| (Some(one.item.as_str()), &one.command));
                    self.filled = filled(runbook, state, moment, key, shown);
                }
                if self.commands.is_none() {
                    self.later = later(state, argv);
                }
            }
            Action::Run { .. } => {
                let command = command_of(runbook, state, &moment.board, key, moment.at);
                self.command = command.map_err(|error| error.to_string()).transpose();
                if let Some(Ok(command)) = &self.command {
                    self.filled = filled(runbook, state, moment, key, std::iter::once((None, command)));
                }
            }
            Action::Check { holds, hold, why, .. } => {
                self.waits_for = Some((holds.source().to_owned(), *hold));
                self.why.clone_from(why);
                self.soak = soak_view(runbook, state, key, moment.at).map(|soak| (soak, moment.at));
            }
            Action::Wait(length) => self.timer = Some(*length),
            Action::Choose(ways) => {
                self.ways = ways.iter().map(|way| (way.title.clone(), way.is.clone())).collect();
            }
            Action::Restart(from) => {
                let title = phase_title(runbook, state, moment, from);
                self.prompt = format!("Goes back to the phase {title:?}: everything from there on is done again.");
            }
            Action::Release { who } => {
                self.prompt = format!("To be released by another person than the one who acts: {who}");
            }
        }
    }
}

impl StepPage {
    /// Its sign, word and meaning, as they stand in the list of steps.
    pub fn standing(&self, glyphs: &Glyphs) -> Option<(&'static str, &'static str, Meaning)> {
        Some(tell::standing(self.status?, self.is_cut, glyphs))
    }

    /// Number, title and item, for the pane's edge.
    pub fn headline(&self, dot: &str) -> String {
        if self.key.is_none() {
            return if self.stalled.is_empty() { "No step" } else { "No step can open now" }.into();
        }
        let item = if self.item.is_empty() { String::new() } else { format!(" {dot} {}", self.item) };
        format!("{} {}{item}", self.number, self.title)
    }
}

/// What may become of a step of which a second person saw something else.
const DISPUTED: &str = "Another person saw something else. Try it again, or let somebody verify it by another look.";

/// What a second person has to do with a step, or said of it.
fn second(state: &RunState, key: &StepKey, known: &StepState) -> String {
    let Some(verify) = known.verify else { return String::new() };
    if let Some(verified) = &known.verified {
        return format!("{}: {}", released_by(Some(verify), &verified.by), verified.said);
    }
    if let Some(waived) = &known.waived {
        return format!("Not verified by a second person: waived by {}: {}", waived.by, waived.why);
    }
    if state.never_verified().contains(key) {
        return "Never verified by a second person.".into();
    }
    let is_disputed = state.unverified.get(key).is_some_and(|unverified| unverified.stood.is_some());
    match (verify, state.unverified.contains_key(key)) {
        (Verify::Independent, true) if is_disputed => DISPUTED.into(),
        (Verify::Peer, true) => {
            format!("Stated by {}: {}. Now a second person confirms it.", known.by, known.said)
        }
        (Verify::Peer, false) => "A second person confirms at the same moment what you see.".into(),
        (Verify::Independent, true) => "To be verified by another person, who looks anew.".into(),
        (Verify::Independent, false) if known.status.is_accounted() => String::new(),
        (Verify::Independent, false) => {
            "Another person verifies it later, by looking anew; the run is not completed before.".into()
        }
    }
}

/// What was said of a step; a way that was chosen goes by its title.
fn label(step: &Step, said: &str) -> String {
    let Action::Choose(ways) = &step.action else { return said.to_owned() };
    let chosen = ways.iter().find(|way| way.is == said);
    chosen.map_or(said, |way| way.title.as_str()).to_owned()
}

fn labelled(step: &Step, before: &Before) -> Before {
    Before { said: label(step, &before.said), ..before.clone() }
}

/// The name that is typed before a critical step, or what it is where its item is not known yet; `None` once there is
/// nothing to type any more.
fn target(runbook: &Runbook, state: &RunState, key: &StepKey) -> Option<String> {
    if is_ahead(runbook, state, key) {
        return Some("the name of its target".into());
    }
    let can_run = match is_together(runbook, key) {
        true => left_to_run(runbook, state, key) > 0,
        false => state.running.iter().all(|running| &running.step != key),
    };
    can_run.then(|| target_of(runbook, state, key))
}

/// How many commands a step that takes its items together would run now.
fn left_to_run(runbook: &Runbook, state: &RunState, key: &StepKey) -> usize {
    let is_at_work = state.batch.as_ref().is_some_and(|batch| &batch.step == key);
    if is_at_work { 0 } else { count_of(runbook, state, key).unwrap_or(0) }
}

fn first_commands(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    key: &StepKey,
) -> Option<Result<(Vec<ItemCommand>, usize), String>> {
    let count = left_to_run(runbook, state, key);
    if count == 0 {
        return None;
    }
    let first = commands_of(runbook, state, &moment.board, key, moment.at, FIRST_COMMANDS);
    Some(first.map(|first| (first.unwrap_or_default(), count)).map_err(|error| error.to_string()))
}

/// Where the values of commands were filled in.
fn filled<'a>(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    key: &StepKey,
    shown: impl Iterator<Item = (Option<&'a str>, &'a CommandLine)>,
) -> Vec<Filled> {
    shown.map(|shown| filled_of(runbook, (state, &moment.board), key, shown, moment.at)).collect()
}

/// A command with gaps for what its item will say; only the input that it is where that is not known.
fn later(state: &RunState, argv: &Argv) -> String {
    let bound = argv_of(state, argv);
    match (bound, argv) {
        (Ok(words), _) => {
            let words: Vec<_> = words.iter().map(|word| gapped(word.source(), GAP)).collect();
            format!("$ {}", words.join(" "))
        }
        (Err(_), Argv::Input(input)) => format!("the command of the input {input}"),
        (Err(_), Argv::Words(_)) => String::new(),
    }
}

/// How many of the commands for all items a page shows.
const FIRST_COMMANDS: usize = 10;

/// Which rows of the board a step makes bad, and for how long that is expected.
fn disturbs(runbook: &Runbook, key: &StepKey, disturbed: &Disturbance) -> String {
    let is_named = |probe: &&Probe| disturbed.probes.contains(&probe.id);
    let probes: Vec<_> = runbook.health.iter().filter(is_named).map(|probe| probe.title.as_str()).collect();
    let is_all = probes.len() == runbook.health.len();
    let rows = match &key.item {
        Some(item) => format!("Rows of {item}"),
        None if is_all => "Rows of the board".into(),
        None => format!("Rows of {}", probes.join(", ")),
    };
    let which = if is_all || key.item.is_none() { String::new() } else { format!(" ({})", probes.join(", ")) };
    let others = disturbed.others.as_ref();
    let others = others.map(|others| format!(", those of others for {}", tell::duration(others.length)));
    let others = others.unwrap_or_default();
    format!("{rows} may be bad for {}{others}: expected{which}.", tell::duration(disturbed.length))
}

/// The phase before which a step comes back when it is put off.
fn put_off(runbook: &Runbook, state: &RunState, (step, status): (&Step, StepStatus)) -> String {
    let until = step.defer.as_ref().filter(|_| !status.is_accounted());
    until.map(|phase| phase_named(runbook, state, phase)).unwrap_or_default()
}
