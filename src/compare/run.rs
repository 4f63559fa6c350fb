//! What of a run is compared.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::{Board, DeviationKind, Event, Mode, Outcome, Record, RunOpened, is_left_undone};
use crate::report::{Going, PhaseDone, StepDone, command_line, deviation, millis};
use crate::runbook::{Runbook, StepKey};

/// A run, as far as it can be held against another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its name.
    pub run: String,
    /// The runbook's name.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// Its revision.
    pub revision: String,
    /// Lower-case hex sha256 of its text.
    pub sha256: String,
    /// `live` or `practice`.
    pub mode: String,
    /// The scenario of a practice run.
    pub scenario: Option<String>,
    /// The seed of a practice run.
    pub seed: Option<u64>,
    /// The site's word and name.
    pub site: Option<String>,
    /// Everybody who sat there, `name@host`, in the order of the first time.
    pub operators: Vec<String>,
    /// How it ended; `open` when it has not.
    pub outcome: String,
    /// The way back that was entered.
    pub way_back: Option<String>,
    /// The first record.
    pub opened_at: Timestamp,
    /// From the first to the last record.
    pub lasted_ms: u64,
    /// Of that, while somebody sat there.
    pub sat_ms: u64,
    /// How long the runbook plans for it.
    pub planned_ms: Option<u64>,
    /// How many good records there are.
    pub records: u64,
    /// The steps that count, in their order.
    pub steps: Vec<StepWent>,
    /// Where a person overruled the machine, in order.
    pub deviations: Vec<Deviated>,
    /// The steps that were left undone when the run was given up: one deed, not many.
    pub left_undone: Vec<String>,
    /// Where a step failed, and why, in order.
    pub failures: Vec<Deviated>,
    /// The commands that ran, in order.
    pub commands: Vec<Ran>,
    /// What was stated, answered, chosen, captured and last seen on the board, by step or probe and name.
    #[serde(skip)]
    pub readings: BTreeMap<(String, String), String>,
}

/// A step as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepWent {
    /// Its name, `phase[item]/step`.
    pub step: String,
    /// Its title.
    pub title: String,
    /// How it stands: `done`, `skipped`, `pending`, ….
    pub status: String,
    /// How often it was walked.
    pub walks: usize,
    /// The time of all walks together.
    pub took_ms: u64,
}

/// A place where a person overruled the machine, or where a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviated {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// In which way: `skip`, `override`, …; `failed`.
    pub way: String,
    /// The step or condition, by name.
    pub subject: String,
    /// The reason.
    pub reason: String,
}

/// A command that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The record of its start.
    pub seq: u64,
    /// For which step.
    pub step: String,
    /// For which item, in a phase that takes them together.
    pub item: Option<String>,
    /// Exactly what ran; secrets as references.
    pub line: String,
    /// How it ended; `not recorded` when nothing says so.
    pub ended: String,
    /// How long it took; 0 when nothing says so.
    pub elapsed_ms: u64,
    #[serde(skip)]
    job: u64,
}

/// A run that is being boiled down, record by record.
pub struct Gathered<'b> {
    runbook: Option<&'b Runbook>,
    going: Going<'b>,
    run: Option<Run>,
    board: Board,
    sat_down: Option<Timestamp>,
    last_at: Timestamp,
}

impl<'b> Gathered<'b> {
    /// Before the first record; without a runbook where it cannot be read.
    pub fn new(runbook: Option<&'b Runbook>) -> Self {
        let going = Going::new(runbook);
        Self { runbook, going, run: None, board: Board::default(), sat_down: None, last_at: Timestamp::default() }
    }

    /// Takes in the next record.
    pub fn take(&mut self, record: &Record) {
        self.going.take(record);
        if let Event::RunOpened(opened) = &record.event {
            self.run = Some(headed(opened, record.at, self.runbook));
        }
        if let Some(board) = record.event.board().filter(|board| !board.rows.is_empty()) {
            self.board.clone_from(board);
        }
        let Some(run) = &mut self.run else { return };
        let before = std::mem::replace(&mut self.last_at, record.at);
        match &record.event {
            Event::SittingOpened { operator, host, .. } => {
                // One that was not closed ended with its last record.
                run.sat_ms += self.sat_down.map_or(0, |since| millis(before.since(since)));
                self.sat_down = Some(record.at);
                let who = format!("{operator}@{host}");
                if !run.operators.contains(&who) {
                    run.operators.push(who);
                }
            }
            Event::SittingClosed { .. } => {
                run.sat_ms += self.sat_down.take().map_or(0, |since| millis(record.at.since(since)));
            }
            Event::RollbackEntered { plan, .. } => run.way_back = Some(plan.to_string()),
            Event::RunClosed { outcome, .. } => {
                outcome.word().clone_into(&mut run.outcome);
                run.leave_undone((*outcome, record.at));
            }
            event => run.take(record.seq, record.at, event),
        }
        run.records += 1;
    }

    /// The run; `None` when the records did not begin with its opening.
    pub fn end(self) -> Option<Run> {
        let Self { going, run, board, sat_down, last_at, .. } = self;
        let mut run = run?;
        run.lasted_ms = millis(last_at.since(run.opened_at));
        run.sat_ms += sat_down.map_or(0, |since| millis(last_at.since(since)));
        let phases = going.phases();
        phases.iter().flat_map(|phase| &phase.steps).for_each(|step| run.take_second(step));
        run.steps = phases.into_iter().flat_map(went).collect();
        run.take_board(&board);
        Some(run)
    }
}

fn headed(opened: &RunOpened, at: Timestamp, runbook: Option<&Runbook>) -> Run {
    let site = opened.site.as_ref().map(|site| format!("{} {}", site.environment, site.name).trim().to_owned());
    Run {
        run: opened.run.clone(),
        runbook: opened.runbook.to_string(),
        title: opened.title.clone(),
        revision: opened.revision.clone(),
        sha256: opened.sha256.clone(),
        mode: if opened.mode == Mode::Practice { "practice" } else { "live" }.into(),
        scenario: opened.practice.as_ref().and_then(|practice| practice.scenario.clone()),
        seed: opened.practice.as_ref().map(|practice| practice.seed),
        site,
        operators: vec![format!("{}@{}", opened.operator, opened.host)],
        outcome: "open".into(),
        way_back: None,
        opened_at: at,
        lasted_ms: 0,
        sat_ms: 0,
        planned_ms: runbook.and_then(|book| book.minutes).map(|minutes| u64::from(minutes) * 60_000),
        records: 0,
        steps: Vec::new(),
        deviations: Vec::new(),
        left_undone: Vec::new(),
        failures: Vec::new(),
        commands: Vec::new(),
        readings: BTreeMap::new(),
    }
}

fn went(phase: PhaseDone) -> impl Iterator<Item = StepWent> {
    phase.steps.into_iter().map(|step| StepWent {
        step: step.step,
        title: step.title,
        status: step.status,
        walks: step.attempts.len(),
        took_ms: step.took_ms,
    })
}

impl Run {
    /// Takes in what happened in a step.
    fn take(&mut self, seq: u64, at: Timestamp, event: &Event) {
        if let Some((kind, subject, reason)) = deviation(event) {
            self.deviations.push(Deviated { seq, at, way: kind.word().into(), subject, reason: reason.into_owned() });
        }
        match event {
            Event::StepFailed { step, why } => {
                let (subject, reason) = (step.to_string(), why.clone());
                self.failures.push(Deviated { seq, at, way: "failed".into(), subject, reason });
            }
            Event::CommandStarted { step, job, item, command, .. } => self.commands.push(Ran {
                seq,
                step: step.to_string(),
                item: item.clone(),
                line: command_line(command),
                ended: "not recorded".into(),
                elapsed_ms: 0,
                job: job.0,
            }),
            Event::CommandFinished { step, job, item, ended, elapsed_ms, captured, .. } => {
                if let Some(ran) = self.commands.iter_mut().rev().find(|ran| ran.job == job.0) {
                    (ran.ended, ran.elapsed_ms) = (ended.describe(), *elapsed_ms);
                }
                for (name, value) in captured {
                    let name = item.as_ref().map_or_else(|| name.clone(), |item| format!("{item}: {name}"));
                    self.read(step, &name, text(value));
                }
            }
            Event::StepConfirmed { step, said, .. } => self.read(step, "stated", said.clone()),
            Event::AnswerGiven { step, name, value, file, .. } => {
                self.read(step, name, text(value));
                if let Some(file) = file {
                    let told = format!("{} bytes, sha256 {}", file.bytes, file.sha256);
                    self.read(step, &format!("{name} (file)"), told);
                }
            }
            Event::ChoiceMade { step, choice, .. } => self.read(step, "chosen", choice.clone()),
            Event::HoldReleased { step, released_by, said, verifies: None, .. } => {
                self.read(step, "released", format!("{released_by}: {said}"));
            }
            Event::CheckPassed { step, soaked: Some(soaked), .. } => {
                if let Some(worst) = &soaked.worst {
                    self.read(step, "worst value", worst.to_string());
                }
            }
            _ => {}
        }
    }

    /// What a second person had to do with a step, as it stands at the end.
    fn take_second(&mut self, step: &StepDone) {
        if step.verify.is_none() || step.status == "pending" {
            return;
        }
        let told = step.verified.clone().or_else(|| step.waived.clone()).unwrap_or_else(|| "by nobody".into());
        self.readings.insert((step.step.clone(), "verified".into()), told);
    }

    /// What was skipped at the very end because the run was given up is no deviation of its own.
    fn leave_undone(&mut self, closed: (Outcome, Timestamp)) {
        let is_end = |deviated: &Deviated| {
            deviated.way == DeviationKind::Skip.word() && is_left_undone(DeviationKind::Skip, deviated.at, Some(closed))
        };
        let (end, own) = std::mem::take(&mut self.deviations).into_iter().partition(is_end);
        let end: Vec<Deviated> = end;
        self.deviations = own;
        self.left_undone = end.into_iter().map(|deviated| deviated.subject).collect();
    }

    fn read(&mut self, step: &StepKey, name: &str, value: String) {
        self.readings.insert((step.to_string(), name.to_owned()), value);
    }

    /// The last board: verdicts, texts and truths. Numbers on it move by themselves, and say nothing of how two runs differ.
    fn take_board(&mut self, board: &Board) {
        for row in &board.rows {
            let node = row.node.as_ref().map(|node| format!("[{node}]")).unwrap_or_default();
            let about = format!("{}{node}", row.probe);
            let mut read = |name: &str, value: String| self.readings.insert((about.clone(), name.to_owned()), value);
            read("last verdict", row.verdict.word().to_owned());
            for (name, value) in row.fields.iter().filter(|(_, value)| value.is_string() || value.is_boolean()) {
                read(name, text(value));
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
