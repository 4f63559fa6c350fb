//! The thread that owns journal and state: decide → append → apply → say → start outside work.
//!
//! Nothing outside starts before the record that demands it is durable. After a failed write or sync the session
//! records nothing any more and says so; what runs goes on.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};

use crate::clock::{Clock, Timestamp};
use crate::engine::{
    Board, ConditionId, Event, Gate, Happening, Hold, JobId, Leaving, Moment, Proposal, Record, Refusal, RunState,
    Sample, Sight, StepStatus, Tri, Verdict, decide, evaluate_at, gate, note_due, stalled, watched,
};
use crate::exec::{Job, JobReport, Runner};
use crate::health::{BoardKeeper, Monitor, Target};
use crate::journal::{Journal, Lock};
use crate::runbook::{Action, ProbeId, Runbook};
use crate::session::soak::SoakWatch;
use crate::session::{Incoming, Session, Update};

/// The author of what nobody proposed.
pub const PITON: &str = "piton";

/// How far the wall clock may drift from the monotonic one before that is recorded, in milliseconds.
const DRIFT_MS: i64 = 5_000;

/// The most rows of the board that a changed condition repeats.
const SEEN_ROWS: usize = 50;

/// How often one incoming thing may lead to further decisions: far above what any runbook needs.
const MAX_ROUNDS: usize = 10_000;

/// All that a live session is made of.
pub struct Live {
    /// What is walked.
    pub runbook: Arc<Runbook>,
    /// The journal, open for writing.
    pub journal: Journal,
    /// The fold of the records that the journal holds already.
    pub state: RunState,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// What runs commands.
    pub runner: Arc<dyn Runner>,
    /// What is probed.
    pub targets: Vec<Target>,
    /// The run's `output` folder.
    pub output: PathBuf,
    /// Who proposes: `operator@host`.
    pub by: String,
    /// The place, held for as long as the session lives.
    pub held: Option<Lock>,
}

/// Starts the session's thread; `first` is proposed before anything else can be.
///
/// # Errors
/// The system gives no thread.
pub fn start(
    live: Live,
    first: Vec<Proposal>,
    runtime: &Handle,
) -> std::io::Result<(Session, UnboundedReceiver<Update>)> {
    let (inbox, incoming) = unbounded_channel();
    let (updates, said) = unbounded_channel();
    let (reporter, reports) = unbounded_channel();
    // One place for each target: a probe asks again only when its last answer was taken.
    let (sampler, samples) = channel(live.targets.len().max(1));
    let monitor =
        Monitor::start(runtime.clone(), live.targets.clone(), live.clock.clone(), live.runner.clone(), sampler);
    let running = Running::new(live, Some(monitor), updates, reporter);
    let handle = runtime.clone();
    std::thread::Builder::new()
        .name("session".into())
        .spawn(move || handle.block_on(running.run(first, incoming, samples, reports)))?;
    Ok((Session::new(inbox), said))
}

pub(super) struct Running {
    pub(super) live: Live,
    keeper: BoardKeeper,
    /// What asks the targets again and again; without it whoever steps the clock does.
    monitor: Option<Monitor>,
    updates: UnboundedSender<Update>,
    reporter: UnboundedSender<JobReport>,
    soak: SoakWatch,
    is_halted: bool,
    drift_ms: i64,
}

impl Running {
    pub(super) fn new(
        live: Live,
        monitor: Option<Monitor>,
        updates: UnboundedSender<Update>,
        reporter: UnboundedSender<JobReport>,
    ) -> Self {
        let keeper = BoardKeeper::new(&live.targets).paced_by(&*live.clock);
        let drift_ms = live.clock.drift_ms();
        Self { live, keeper, monitor, updates, reporter, soak: SoakWatch::default(), is_halted: false, drift_ms }
    }

    async fn run(
        mut self,
        first: Vec<Proposal>,
        mut incoming: UnboundedReceiver<Incoming>,
        mut samples: Receiver<Sample>,
        mut reports: UnboundedReceiver<JobReport>,
    ) {
        for proposal in first {
            self.propose(proposal);
        }
        self.take_up_jobs();
        // What reads no probe is known at once; a runbook without probes has no sample that would bring it up.
        self.sense();
        loop {
            let wake = self.wake();
            tokio::select! {
                said = incoming.recv() => {
                    let said = said.unwrap_or(Incoming::Leave(Leaving::Interrupted));
                    if let Incoming::Leave(how) = said {
                        // What was seen up to now is seen; what comes after it is a gap.
                        self.sense();
                        self.propose(self.soak.note(&self.live.state));
                        self.propose(Proposal::Leave { how });
                        break;
                    }
                    self.take(said);
                }
                Some(sample) = samples.recv() => self.samples(sample, &mut samples),
                Some(report) = reports.recv() => self.report(report),
                () = tokio::time::sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => self.sense(),
            }
        }
        self.say(Update::Ended);
    }

    pub(super) fn take(&mut self, said: Incoming) {
        match said {
            Incoming::Propose(proposal) => {
                // Judged by what is known now: an answer may have gone stale while nothing happened here.
                self.sense();
                self.propose(proposal);
                self.sense();
            }
            Incoming::Cancel(job) => self.cancel(job),
            Incoming::SenseNow => self.monitor.iter().for_each(Monitor::sense_now),
            Incoming::Sample(sample) => {
                self.sample(sample);
                self.sense();
            }
            Incoming::Job(report) => self.report(report),
            Incoming::Leave(_) => {}
        }
    }

    /// Ends a command; of a step that takes its items together all that run, and what waits does not start any more.
    fn cancel(&mut self, job: JobId) {
        let running = &self.live.state.running;
        let named = running.iter().find(|running| running.job == job);
        let of = named.filter(|named| named.item.is_some()).map(|named| named.step.clone());
        let all = running.iter().filter(|running| running.job == job || Some(&running.step) == of.as_ref());
        let all: Vec<_> = all.map(|running| running.job).collect();
        if of.is_none() {
            // What it does must not go on while that is written down.
            self.live.runner.cancel(job);
        }
        if !self.is_halted {
            self.propose(Proposal::Cancel { job });
        }
        if of.is_some() {
            all.into_iter().for_each(|job| self.live.runner.cancel(job));
        }
    }

    /// From now on every answer is good for so long at least.
    pub(super) fn answers_last(&mut self, at_least: Duration) {
        self.keeper.lasting(at_least);
    }

    pub(super) fn sample(&mut self, sample: Sample) {
        if self.keeper.is_after_gap(&sample) {
            // What held before the gap is not known to have held in it.
            self.sense();
        }
        self.keeper.take(sample.clone());
        self.say(Update::Sampled(Box::new(sample)));
    }

    /// Takes the answers that are there and judges the board once: on a busy machine judging must not fall behind
    /// asking. Nothing is passed over: before the second answer of a target the first one is judged.
    fn samples(&mut self, first: Sample, more: &mut Receiver<Sample>) {
        let mut taken: HashSet<(ProbeId, Option<String>)> = HashSet::new();
        let waiting = std::iter::from_fn(|| more.try_recv().ok()).take(self.live.targets.len());
        for sample in std::iter::once(first).chain(waiting) {
            let target = (sample.probe.clone(), sample.node.clone());
            if !taken.insert(target.clone()) {
                self.sense();
                taken.clear();
                taken.insert(target);
            }
            self.sample(sample);
        }
        self.sense();
    }

    pub(super) fn report(&mut self, report: JobReport) {
        match report {
            JobReport::Printed { job, bytes } => self.say(Update::Printed(job, bytes)),
            JobReport::Finished { job, ended, elapsed, output, printed } => {
                let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                self.propose(Proposal::Finished { job, ended, elapsed_ms, output, printed });
                self.sense();
            }
            JobReport::Happened(what) => self.rehearsed(what),
        }
    }

    /// Records what happened at one moment of a rehearsal in one go: on a clock that runs fast, each sync is seconds.
    fn rehearsed(&mut self, happened: Vec<Happening>) {
        if happened.is_empty() || self.is_halted {
            return;
        }
        let moment = self.moment();
        let events = happened.into_iter().flat_map(|what| {
            decide(&self.live.runbook, &self.live.state, Proposal::Rehearse { what }, &moment).unwrap_or_default()
        });
        let events: Vec<_> = events.collect();
        if !events.is_empty() {
            self.record(moment.at, PITON, events);
        }
    }

    /// Brings every condition up to the board and goes on as far as that allows.
    pub(super) fn sense(&mut self) {
        self.notice_clock();
        for _ in 0..MAX_ROUNDS {
            if self.is_halted || self.live.state.closed.is_some() || !self.sense_once() {
                return;
            }
        }
    }

    /// One round: whether anything was recorded.
    fn sense_once(&mut self) -> bool {
        let moment = self.moment();
        let before = self.live.state.seq;
        let is_new = |condition: &ConditionId, truth: Tri| self.live.state.truth(condition) != truth;
        let verdicts = moment.board.rows.iter().filter_map(|row| {
            let condition = ConditionId::Health(row.probe.clone(), row.node.clone());
            let truth = match row.verdict {
                Verdict::Ok => Tri::True,
                Verdict::Unknown => Tri::Unknown,
                Verdict::Degraded | Verdict::Bad => Tri::False,
            };
            let seen = || serde_json::json!({ "verdict": row.verdict.word(), "fields": row.fields });
            is_new(&condition, truth).then(|| (condition, truth, row.why.clone(), seen()))
        });
        let mut sight = Sight::new(&self.live.state, &moment.board, moment.at);
        let told = watched(&self.live.runbook, &self.live.state).into_iter().filter_map(|condition| {
            let (truth, why, probes) = evaluate_at(&self.live.runbook, &mut sight, &condition)?;
            is_new(&condition, truth).then(|| (condition, truth, why, seen(&moment.board, &probes)))
        });
        let changed: Vec<_> = verdicts.chain(told).collect();
        let is_soak = |condition: &ConditionId| matches!(condition, ConditionId::Check(_));
        if changed.iter().any(|(condition, ..)| is_soak(condition)) {
            self.note_soak(&moment);
        } else if let Some(note) = self.soak.look(&self.live.runbook, &self.live.state, &moment) {
            self.propose_at(note, &moment);
        }
        // None of them hangs on another, so all are recorded together: one write, one sync.
        let events = changed.into_iter().flat_map(|(condition, truth, why, seen)| {
            let observed = Proposal::Observe { condition, truth, why, seen };
            decide(&self.live.runbook, &self.live.state, observed, &moment).unwrap_or_default()
        });
        let events: Vec<_> = events.collect();
        if !events.is_empty() {
            self.record(moment.at, PITON, events);
        }
        if self.step_left(moment.at).is_some_and(|left| left.is_zero()) {
            self.note_soak(&moment);
        }
        self.propose_at(Proposal::Advance, &moment);
        self.live.state.seq != before
    }

    /// Records the worst value of the running soak that is not recorded yet, before it can be forgotten.
    fn note_soak(&mut self, moment: &Moment) {
        if self.soak.is_unrecorded(&self.live.state) {
            self.propose_at(self.soak.note(&self.live.state), moment);
        }
    }

    fn notice_clock(&mut self) {
        let by_ms = self.live.clock.drift_ms() - self.drift_ms;
        if by_ms.abs() > DRIFT_MS {
            self.drift_ms += by_ms;
            self.propose(Proposal::ClockJumped { by_ms });
        }
    }

    pub(super) fn moment(&self) -> Moment {
        let at = self.live.clock.now().max(self.live.state.at);
        Moment { at, board: self.keeper.board(at) }
    }

    pub(super) fn propose(&mut self, proposal: Proposal) {
        let moment = self.moment();
        self.propose_at(proposal, &moment);
    }

    fn propose_at(&mut self, proposal: Proposal, moment: &Moment) {
        if self.is_halted {
            return self.refuse(proposal, Refusal::NotNow("the journal cannot be written: nothing is recorded"));
        }
        let is_ours = is_sensed(&proposal);
        match decide(&self.live.runbook, &self.live.state, proposal.clone(), moment) {
            Ok(events) if events.is_empty() => {}
            Ok(events) => {
                let by = if is_ours { PITON.to_owned() } else { self.live.by.clone() };
                self.record(moment.at, &by, events);
            }
            Err(refusal) if is_ours => tracing::debug!(%refusal, "not taken"),
            Err(refusal) => self.refuse(proposal, refusal),
        }
    }

    fn record(&mut self, at: Timestamp, by: &str, events: Vec<Event>) {
        match self.live.journal.append(at, by, events) {
            Ok(records) => {
                for record in &records {
                    self.live.state.apply(record);
                    #[cfg(test)]
                    super::witness_tests::see(
                        &self.live.journal.dir().journal_path(),
                        &self.live.runbook,
                        record,
                        &self.live.state,
                    );
                }
                let records: Arc<[Record]> = records.into();
                self.say(Update::Recorded(records.clone()));
                self.live.runner.recorded(&records, &self.reporter);
                for record in records.iter() {
                    self.start_job(&record.event);
                }
            }
            Err(error) => {
                self.is_halted = true;
                tracing::error!(%error, "the journal cannot be written");
                self.say(Update::Halted(error.to_string()));
            }
        }
    }

    fn start_job(&self, event: &Event) {
        if let Event::CommandStarted { job, command, .. } = event {
            let job = Job { id: *job, command: command.clone(), folder: self.live.output.clone() };
            self.live.runner.start(job, self.reporter.clone());
        }
    }

    /// Takes up the commands that an earlier sitting started and whose end is not recorded.
    pub(super) fn take_up_jobs(&self) {
        for running in &self.live.state.running {
            let job = Job { id: running.job, command: running.command.clone(), folder: self.live.output.clone() };
            self.live.runner.resume(job, self.reporter.clone());
        }
    }

    /// How long to sleep at most: until a hold, wait or timeout ends or a sample goes stale.
    pub(super) fn wake(&self) -> Option<Duration> {
        if self.is_halted || self.live.state.closed.is_some() {
            return None;
        }
        let now = self.live.clock.now().max(self.live.state.at);
        let stale = self.keeper.next_stale(now).map(|at| at.since(now));
        let note = note_due(&self.live.runbook, &self.live.state, now);
        let left = [stale, note, self.step_left(now)].into_iter().flatten().min()?;
        // A millisecond more, so that the moment has passed when we wake.
        Some(self.live.clock.real(left) + Duration::from_millis(1))
    }

    fn step_left(&self, now: Timestamp) -> Option<Duration> {
        let state = &self.live.state;
        let key = state.current.as_ref()?;
        let (step, known) = self.live.runbook.step(&key.phase, &key.step).zip(state.step(key))?;
        if known.status != StepStatus::Current || !step.action.is_sensed() || state.is_running() {
            return None;
        }
        let held = match gate(&self.live.runbook, state, key, now) {
            Gate::Open => Some(Duration::ZERO),
            Gate::Closed(holds) => holds
                .iter()
                .filter_map(|hold| match hold {
                    Hold::Holding { left } | Hold::Waiting { left } | Hold::Soaking { left, .. } => Some(*left),
                    _ => None,
                })
                .max(),
        };
        let timeout = match &step.action {
            Action::Check { timeout: Some(timeout), .. } => Some(timeout.saturating_sub(state.looked_at_for(key, now))),
            _ => None,
        };
        [held, timeout].into_iter().flatten().min()
    }

    fn refuse(&self, proposal: Proposal, refusal: Refusal) {
        if !is_sensed(&proposal) {
            self.say(Update::Refused(Box::new(proposal), refusal));
        }
    }

    fn say(&self, update: Update) {
        // A face that has gone needs no updates; the journal has them.
        let _ = self.updates.send(update);
    }
}

/// Whether nobody proposed it.
fn is_sensed(proposal: &Proposal) -> bool {
    if let Proposal::Rehearse { what } = proposal {
        return !what.is_of_a_person();
    }
    matches!(
        proposal,
        Proposal::Observe { .. }
            | Proposal::Advance
            | Proposal::Finished { .. }
            | Proposal::NoteSoak { .. }
            | Proposal::ClockJumped { .. }
            | Proposal::TailSetAside { .. }
    )
}

/// The rows that a condition looked at, without what a reader of the journal does not need.
fn seen(board: &Board, probes: &[String]) -> Value {
    let rows = board.rows.iter().filter(|row| probes.iter().any(|probe| probe == row.probe.as_str()));
    let rows = rows.take(SEEN_ROWS).map(|row| {
        serde_json::json!({
            "probe": row.probe, "node": row.node, "verdict": row.verdict.word(), "why": row.why, "fields": row.fields,
        })
    });
    Value::Array(rows.collect())
}

/// Why the walk stands still although no step is current, as faces show it.
pub fn stall(runbook: &Runbook, state: &RunState, board: &Board, now: Timestamp) -> Option<String> {
    stalled(runbook, state, &Moment { at: now, board: board.clone() })
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
