//! Steps, records, conditions and gates in whole words, for somebody who hears them one after the other.

use std::time::Duration;

use serde_json::Value;

use crate::engine::scope::{MISSING, done_by, scope, title_with};
use crate::engine::{
    Allowed, CommandLine, ConditionId, DeviationKind, EnvValue, Event, Hold, Leaving, Moment, Plan, Record, RunState,
    StepState, StepStatus, Tri, Turned, is_together, released_by, turned,
};
use crate::plain::words::{describe, shell_words};
use crate::plain::{rehearse, soak};
use crate::runbook::{PhaseId, Runbook, StepKey};
use crate::text::counted;

/// What a run is told from.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// The runbook.
    pub runbook: &'a Runbook,
    /// The fold of what is on disk.
    pub state: &'a RunState,
    /// Now.
    pub moment: &'a Moment,
    /// Where a command runs that names no directory.
    pub directory: &'a str,
}

impl Told<'_> {
    /// `2.3`: phase and step, counted from 1; with a `B` in a way back.
    pub fn number(&self, key: &StepKey) -> String {
        let Some(phase) = self.state.phases.iter().find(|phase| phase.id == key.phase) else { return String::new() };
        let step = phase.steps.iter().position(|step| step.id == key.step).map_or(0, |at| at + 1);
        format!("{}.{step}", self.phase_number(&key.phase))
    }

    fn phase_number(&self, id: &PhaseId) -> String {
        let plan = self.state.phases.iter().find(|phase| &phase.id == id).map(|phase| &phase.plan);
        let same_plan = self.state.phases.iter().filter(|other| Some(&other.plan) == plan);
        let index = same_plan.take_while(|other| &other.id != id).count() + 1;
        let back = if plan == Some(&Plan::Main) { "" } else { "B" };
        format!("{back}{index}")
    }

    /// A step's title with its values.
    pub fn title(&self, key: &StepKey) -> String {
        let step = self.runbook.step(&key.phase, &key.step);
        step.map_or_else(
            || key.to_string(),
            |step| title_with((&step.title, self.gap(key)), self.state, &self.moment.board, key, self.moment.at),
        )
    }

    /// What stands in a title where a value is missing: of a loop that has not opened yet a word for its items.
    fn gap(&self, key: &StepKey) -> &'static str {
        let is_loop = self.runbook.phase(&key.phase).is_some_and(|phase| phase.for_each.is_some());
        match self.state.phases.iter().find(|phase| phase.id == key.phase) {
            Some(phase) if is_loop && !phase.is_bound => {
                if is_together(self.runbook, key) {
                    "(all)"
                } else {
                    "(each)"
                }
            }
            _ => MISSING,
        }
    }

    /// `step 2.3 "Stop Vault on vault-2"`; with the item, where the title does not name it.
    pub fn step(&self, key: &StepKey) -> String {
        let title = self.title(key);
        let item = key.item.as_deref().filter(|item| !title.contains(item));
        let item = item.map(|item| format!(" for {item}")).unwrap_or_default();
        format!("step {} \"{title}\"{item}", self.number(key))
    }

    /// `phase 2 "Each standby"`.
    pub fn phase(&self, id: &PhaseId) -> String {
        let title = self.runbook.phase(id).map_or_else(
            || id.to_string(),
            |phase| {
                let source = phase.title.source();
                let scope = scope(self.state, &self.moment.board, &Value::Null, self.moment.at, source);
                phase.title.render_known(&scope, MISSING)
            },
        );
        format!("phase {} \"{title}\"", self.phase_number(id))
    }

    /// What a record says.
    pub fn record(&self, record: &Record) -> String {
        let step = |key: &StepKey| self.step(key);
        match &record.event {
            Event::PhaseBound { phase, items } => {
                let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
                let names = if names.is_empty() { String::new() } else { format!(", for {}", names.join(", ")) };
                let is_empty = if items.is_empty() { ", for nobody" } else { "" };
                format!("{} opened{names}{is_empty}", self.phase(phase))
            }
            Event::SittingOpened { operator, host, .. } => format!("{operator} sat down at {host}"),
            Event::SittingClosed { how: Leaving::Left } => "the operator left".into(),
            Event::SittingClosed { how: Leaving::Interrupted } => "the sitting was interrupted".into(),
            Event::StepBegan { step: key, attempt: 0 | 1 } => format!("{} began", step(key)),
            Event::StepBegan { step: key, attempt } => format!("{} began, attempt {attempt}", step(key)),
            Event::CautionsRead { step: key, .. } => format!("the cautions of {} were read", step(key)),
            Event::StepConfirmed { step: key, said, doer, .. } => {
                format!("{} was confirmed: {said}{}", step(key), done_by(doer.as_ref()))
            }
            Event::AnswerGiven { step: key, value, doer, .. } => {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("{} was answered: {value}{}", step(key), done_by(doer.as_ref()))
            }
            Event::ChoiceMade { step: key, choice, doer, .. } => {
                format!("{} was decided: {choice}{}", step(key), done_by(doer.as_ref()))
            }
            Event::HoldReleased { step: key, released_by: by, said, verifies, .. } => {
                format!("{} was {}: {said}", step(key), released_by(*verifies, by))
            }
            Event::CommandStarted { step: key, item, .. } => {
                format!("the command of {}{} started", step(key), for_item(item.as_deref()))
            }
            Event::CommandFinished { step: key, item, ended, met, why, .. } => {
                let how = ended.describe();
                // Of several commands each has its own reason; that of a single one follows as the step's.
                let own = why.strip_prefix(&how).unwrap_or(why).trim_start_matches("; ");
                let met = match (met, own) {
                    (true, _) => ", as expected".to_owned(),
                    (false, own) if own.is_empty() || item.is_none() => ", not as expected".to_owned(),
                    (false, own) => format!(", not as expected; {own}"),
                };
                format!("the command of {}{} ended: {how}{met}", step(key), for_item(item.as_deref()))
            }
            Event::CommandsApproved { step: key, commands, .. } => {
                format!("the {} commands of {} are to run", commands.len(), step(key))
            }
            Event::CheckPassed { step: key, doer, soaked: None, .. } => {
                format!("{} is done: it was sensed{}", step(key), done_by(doer.as_ref()))
            }
            Event::WaitEnded { step: key } => format!("the wait of {} ended", step(key)),
            Event::ConditionChanged { condition, truth, why, .. } => {
                format!("{}{}", self.condition_is(condition, *truth, why), self.turned(condition, record))
            }
            _ => self.overruled(record),
        }
    }

    /// What a record says of a step that did not go as planned; else what any face says of it.
    fn overruled(&self, record: &Record) -> String {
        let step = |key: &StepKey| self.step(key);
        match &record.event {
            Event::WaitCut { step: key, reason, .. } => format!("the wait of {} was cut: {reason}", step(key)),
            Event::StepFailed { step: key, why } => format!("{} FAILED: {why}", step(key)),
            Event::CheckReverted { step: key, why, .. } => {
                let colon = if why.is_empty() { "" } else { ": " };
                format!("{} is NOT SO ANY MORE{colon}{why}", step(key))
            }
            Event::CheckRestored { step: key, .. } => format!("{} is so again, as it was sensed", step(key)),
            Event::StepDisputed { step: key, disputed_by: by, said, .. } => {
                format!("{} is DISPUTED: {by} saw something else: {said}", step(key))
            }
            Event::StepRetried { step: key, attempt } => format!("{} is tried again, attempt {attempt}", step(key)),
            Event::StepSkipped { step: key, reason, .. } => format!("{} was SKIPPED: {reason}", step(key)),
            Event::StepDeferred { step: key, until, reason, .. } => {
                format!("{} was DEFERRED until {} opens: {reason}", step(key), self.phase(until))
            }
            Event::StepOverridden { step: key, reason, .. } => format!("{} was OVERRIDDEN: {reason}", step(key)),
            Event::VerificationWaived { step: key, reason, .. } => {
                format!("{} is done and STAYS UNVERIFIED: {reason}", step(key))
            }
            Event::StepPutBack { step: key, instead } => {
                format!("{} is pending again: {} is taken up instead", step(key), step(instead))
            }
            Event::StepNotApplicable { step: key, why } => format!("{} does not apply: {why}", step(key)),
            Event::StepsReopened { from, reason, .. } => {
                format!("everything from {} on was opened again: {reason}", self.phase(from))
            }
            Event::GuardAcknowledged { condition, reason } => {
                format!("ACKNOWLEDGED, {}: {reason}", self.condition(condition))
            }
            Event::NoteAdded { step: Some(key), text } => format!("a note on {}: {text}", step(key)),
            Event::EvidenceAttached { step: Some(key), path, file, kept } => {
                let copy = if kept.is_some() { "a copy is kept" } else { "no copy is kept" };
                format!("evidence for {}: {path}, {} bytes, sha256 {}; {copy}", step(key), file.bytes, file.sha256)
            }
            other => {
                let told =
                    soak::record(self, other).or_else(|| rehearse::told(other)).or_else(|| self.of_the_run(other));
                told.unwrap_or_else(|| describe(other))
            }
        }
    }

    /// What a record says of the run as a whole, or of several of its steps.
    fn of_the_run(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::RunOpened(_) => "the run was opened".into(),
            Event::GroupBound { phase, group, items } => {
                let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
                let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                format!("{} opened in {group}, for {names}", self.phase(phase))
            }
            Event::CancelAsked { step } => format!("what {} runs was asked to end", self.step(step)),
            Event::StepsRenewed { step, renewed } => {
                let renewed: Vec<_> = renewed.iter().map(|key| self.step(key)).collect();
                format!("{} waits: first this is done anew: {}", self.step(step), renewed.join("; "))
            }
            Event::RollbackEntered { plan, reason, .. } => {
                let title = self.runbook.rollback(plan).map_or(plan.as_str(), |plan| plan.title.as_str());
                format!("the plan was left for the WAY BACK \"{title}\": {reason}")
            }
            Event::RunClosed { outcome, reason, .. } => {
                let colon = if reason.is_empty() { "" } else { ": " };
                format!("the run was closed: {}{colon}{reason}", outcome.word())
            }
            _ => return None,
        })
    }

    /// What is to be made of a row that is not ok any more.
    fn turned(&self, condition: &ConditionId, record: &Record) -> String {
        let turned = turned(self.runbook, self.state, record.at).into_iter().find(|(id, _)| id == condition);
        match turned {
            Some((_, Turned::Expected { left })) => format!(". This is expected for {} more", duration(left)),
            Some((_, Turned::Overdue { .. })) => ". ALARM: it should be ok again by now".into(),
            Some((_, Turned::Unexpected { .. })) => ". ALARM: this is not expected".into(),
            None => String::new(),
        }
    }

    /// What a condition came to.
    pub fn condition_is(&self, condition: &ConditionId, truth: Tri, why: &str) -> String {
        let is_row = matches!(condition, ConditionId::Health(..));
        let word = match (truth, is_row) {
            (Tri::True, true) => "is ok",
            (Tri::False, true) => "is NOT ok",
            (Tri::True, false) => "holds",
            (Tri::False, false) => "DOES NOT HOLD",
            (Tri::Unknown, _) => "is UNKNOWN",
        };
        let why = if why.is_empty() || truth == Tri::True { String::new() } else { format!(": {why}") };
        format!("{} {word}{why}", self.condition(condition))
    }

    /// The name that a person knows a condition by.
    pub fn condition(&self, condition: &ConditionId) -> String {
        match condition {
            ConditionId::Guard(id) => {
                let guard = self.runbook.guards.iter().find(|guard| &guard.id == id);
                format!("the guard {}", guard.map_or_else(|| id.to_string(), |guard| format!("\"{}\"", guard.title)))
            }
            ConditionId::Gate(key) => format!("the gate of {}", self.step(key)),
            ConditionId::Check(key) => format!("the check of {}", self.step(key)),
            ConditionId::Health(probe, node) => {
                let known = self.runbook.health.iter().find(|known| &known.id == probe);
                let title = known.map_or_else(|| probe.to_string(), |probe| probe.title.clone());
                node.as_ref().map_or_else(|| title.clone(), |node| format!("{title} on {node}"))
            }
        }
    }

    /// Why a step is held back.
    pub fn hold(&self, hold: &Hold) -> String {
        match hold {
            Hold::Cautions => "its cautions have not been read".into(),
            Hold::Running => "its command is running".into(),
            Hold::Missing(key) => format!("{} has not been done", self.step(key)),
            Hold::Reverted { step, truth, why } => {
                let colon = if why.is_empty() { "" } else { ": " };
                format!("{} {}{colon}{why}", self.step(step), Hold::turned(*truth))
            }
            Hold::Stale { step, age, within } => {
                let (age, within) = (duration(Duration::from_secs(age.as_secs())), duration(*within));
                format!("{} was done {age} ago, and at most {within} are allowed", self.step(step))
            }
            Hold::Condition { condition, truth, why } => self.condition_is(condition, *truth, why),
            Hold::Holding { left } => format!("it must hold for {} more", duration(up(*left))),
            Hold::Soaking { coverage, needed, left, .. } => format!(
                "it soaks for at least {} more; {coverage} percent of it was seen, {needed} percent are needed",
                duration(up(*left))
            ),
            Hold::Waiting { left } => format!("{} are left", duration(up(*left))),
        }
    }

    /// How many steps stand how.
    pub fn counts(&self) -> String {
        let counts = self.state.counts();
        let behind = self.state.undone() - counts.skipped;
        let all = [
            (counts.done, "done"),
            (counts.current, "current"),
            (counts.failed, "failed"),
            (counts.reverted, "reverted"),
            (counts.skipped, "skipped"),
            (counts.overridden - self.state.cuts(), "overridden"),
            (self.state.cuts(), DeviationKind::CutWait.word()),
            (counts.deferred, "deferred"),
            (counts.not_applicable - behind, "not applicable"),
            (behind, "left behind when it went back"),
            (counts.pending, "pending"),
        ];
        let told = all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        format!("Steps: {}.", told.collect::<Vec<_>>().join(", "))
    }
}

/// Up to the next second: what is left is not told as nothing.
fn up(left: Duration) -> Duration {
    Duration::from_secs((left + Duration::from_millis(999)).as_secs())
}

fn for_item(item: Option<&str>) -> String {
    item.map(|item| format!(" for {item}")).unwrap_or_default()
}

/// How a step stands, in a word.
pub fn status(step: &StepState) -> &'static str {
    match step.status {
        _ if step.is_cut() => DeviationKind::CutWait.word(),
        StepStatus::NotApplicable => "not applicable",
        other => other.word(),
    }
}

/// What is typed for something that is allowed.
pub const fn word(allowed: &Allowed) -> &'static str {
    match allowed {
        Allowed::ReadCautions(_) => "read",
        Allowed::Confirm(_) => "confirm",
        Allowed::Answer(_) => "answer",
        Allowed::Choose(_) => "choose",
        Allowed::Release(_) => "release",
        Allowed::Verify(_) => "verify",
        Allowed::Dispute(_) => "dispute",
        Allowed::Restart(_) => "restart",
        Allowed::Run(_) => "run",
        Allowed::Cancel(_) => "cancel",
        Allowed::Retry(_) => "retry",
        Allowed::Renew(_) => "renew",
        Allowed::TakeUp(_) => "take",
        Allowed::Skip(_) => "skip",
        Allowed::Defer(_) => "defer",
        Allowed::Override(_) => "override",
        Allowed::CutWait(_) => "cut",
        Allowed::Acknowledge(_) => "acknowledge",
        Allowed::Note => "note",
        Allowed::RollBack(_) => "rollback",
        Allowed::Close => "close",
        Allowed::Abandon => "abandon",
        Allowed::Leave => "leave",
    }
}

/// Exactly what runs: words, directory, timeout and variables, a line each; `own`: where it runs if it names none.
pub fn command(command: &CommandLine, own: &str) -> Vec<String> {
    let directory = command.cwd.as_ref().map_or_else(|| own.to_owned(), |cwd| shell_words(std::slice::from_ref(cwd)));
    let mut lines = vec![
        format!("command: {}", shell_words(&command.argv)),
        format!("directory: {directory}"),
        format!("timeout: {}", duration(Duration::from_millis(command.timeout_ms))),
    ];
    for (name, value) in &command.env {
        let value = match value {
            EnvValue::Plain(value) => shell_words(std::slice::from_ref(value)),
            EnvValue::SecretEnv(from) => format!("a secret, the value of the variable {from}"),
            EnvValue::SecretCommand(argv) => {
                format!("a secret, the first line that this prints: {}", shell_words(argv))
            }
        };
        lines.push(format!("variable: {name} is {value}"));
    }
    lines
}

/// A duration in whole words.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) if duration.subsec_millis() > 0 => counted(duration.subsec_millis(), "millisecond"),
        (0, 0, seconds) => counted(seconds, "second"),
        (0, minutes, 0) => counted(minutes, "minute"),
        (0, minutes, seconds) => format!("{} {}", counted(minutes, "minute"), counted(seconds, "second")),
        (hours, 0, _) => counted(hours, "hour"),
        (hours, minutes, _) => format!("{} {}", counted(hours, "hour"), counted(minutes, "minute")),
    }
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;
