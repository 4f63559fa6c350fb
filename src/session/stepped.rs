//! A practice run that is walked on a clock which is stepped from event to event: no sockets, no threads, no waiting.
//!
//! The same session, engine, probes' expressions and simulator as in any run, in one order that follows from the seed alone:
//! the same scenario and seed give the same journal, byte for byte.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Map;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::{Clock, FixedClock, Timestamp};
use crate::engine::{CommandLine, Ended, EnvValue, JobId, Leaving, PracticeSeen, Proposal, Record, RunState, Verdict};
use crate::exec::{Answer, Job, JobReport, Runner, Secret, SecretError};
use crate::journal::Store;
use crate::practice::Shared;
use crate::runbook::Runbook;
use crate::scenario::{Ending, Scenario};
use crate::session::asking::Asking;
use crate::session::launch::{self, LaunchError, Opening, Who};
use crate::session::live::Running;
use crate::session::practice::{PRACTICE_SECRET, keep, printed};
use crate::session::rehearsal::Rehearsal;
use crate::session::{Incoming, Update, script};

/// The ports that the nodes are named by; nobody listens there.
const FIRST_PORT: u16 = 20_001;

/// When such a run is given up, on its own clock.
const LONGEST: Duration = Duration::from_secs(3 * 3_600);

/// How often targets are asked. (In a run with sockets and a fast clock it is much the same: they cannot follow it more
/// often.)
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// As often as the runbook wants.
    Usual,
    /// Nothing was to be recorded for [`LULL`]: whoever waits for an hour looks now and then.
    Lull,
    /// A soak goes undisturbed.
    Soak,
}

const LULL: Duration = Duration::from_secs(60);

impl Pace {
    /// The least time between two questions, and for how long an answer is good meanwhile.
    const fn times(self) -> (Duration, Duration) {
        let seconds = match self {
            Self::Usual => (0, 0),
            Self::Lull => (10, 60),
            Self::Soak => (600, 1_800),
        };
        (Duration::from_secs(seconds.0), Duration::from_secs(seconds.1))
    }
}

/// What is walked.
pub struct Walk<'a> {
    /// The runbook.
    pub runbook: Arc<Runbook>,
    /// The cluster as it was at `began`.
    pub system: Shared,
    /// How many nodes it was built with.
    pub nodes: u8,
    /// What is played.
    pub scenario: Option<&'a Scenario>,
    /// The seed.
    pub seed: u64,
    /// The way that is gone; `None`: straight on.
    pub way: Option<&'a Ending>,
    /// When it begins.
    pub began: Timestamp,
}

/// A walked run.
#[derive(Debug)]
pub struct Walked {
    /// Its folder.
    pub folder: PathBuf,
    /// All its records.
    pub records: Vec<Record>,
    /// Their fold.
    pub state: RunState,
}

/// Walks a practice run until it is closed, or nothing can happen any more.
///
/// # Errors
/// The run cannot be opened.
pub fn walk(store: &Store, walk: Walk<'_>, who: &Who) -> Result<Walked, LaunchError> {
    let clock = Arc::new(FixedClock::at(walk.began));
    let ports = placed(&walk.system);
    let opening = opening(&walk, &ports);
    let rehearsal = Mutex::new(Rehearsal::new(Arc::clone(&walk.system), walk.scenario, walk.seed, walk.began));
    let runner = Arc::new(SteppedRunner { rehearsal, clock: clock.clone(), jobs: Mutex::default() });
    let (live, records, first, folder) = launch::open_stepped(store, opening, who, clock.clone(), runner.clone())?;
    let (updates, said) = unbounded_channel();
    let (reporter, reports) = unbounded_channel();
    let asking = Asking::new(&live.targets, ports, walk.began);
    let running = Running::new(live, None, updates, reporter.clone());
    let (pace, busy) = (Pace::Usual, (0, walk.began));
    let mut stepper = Stepper { running, runner, clock, asking, pace, busy, said, reports, reporter, records };
    stepper.running.propose(first);
    stepper.running.sense();
    let planned = Duration::from_secs(60 * u64::from(walk.runbook.minutes.unwrap_or(0)));
    stepper.go(walk.way, walk.began.plus(LONGEST.max(2 * planned)));
    let Stepper { records, running, .. } = stepper;
    Ok(Walked { folder, records, state: running.live.state })
}

/// Gives every node an address.
fn placed(system: &Shared) -> Vec<(String, u16)> {
    let mut system = system.lock().unwrap_or_else(PoisonError::into_inner);
    let ports: Vec<(String, u16)> = system.nodes().into_iter().zip(FIRST_PORT..).collect();
    for (node, port) in &ports {
        system.place(node, &format!("http://127.0.0.1:{port}"));
    }
    ports
}

fn opening(walk: &Walk<'_>, ports: &[(String, u16)]) -> Opening {
    let address = |node: &str| {
        let port = ports.iter().find(|(name, _)| name == node).map_or(0, |(_, port)| *port);
        format!("http://127.0.0.1:{port}")
    };
    let mut inputs = walk.system.lock().unwrap_or_else(PoisonError::into_inner).inputs(&address);
    inputs.retain(|name, _| walk.runbook.inputs.iter().any(|input| input.id.as_str() == name));
    // What does not fit the runbook is told by the probes and steps that miss it.
    let bound = crate::site::bind(&walk.runbook, &[], None, &inputs).map_or_else(|_| Map::new(), |bound| bound.inputs);
    let practice = PracticeSeen {
        nodes: walk.nodes,
        seed: walk.seed,
        scenario: walk.scenario.map(|scenario| scenario.id.clone()),
        ports: ports.iter().map(|(_, port)| *port).collect(),
    };
    Opening { runbook: Arc::clone(&walk.runbook), inputs: bound, site: None, practice: Some(practice) }
}

struct Stepper {
    running: Running,
    runner: Arc<SteppedRunner>,
    clock: Arc<FixedClock>,
    asking: Asking,
    pace: Pace,
    /// The last record, and when it was new.
    busy: (u64, Timestamp),
    said: UnboundedReceiver<Update>,
    reports: UnboundedReceiver<JobReport>,
    reporter: UnboundedSender<JobReport>,
    records: Vec<Record>,
}

impl Stepper {
    fn go(&mut self, way: Option<&Ending>, until: Timestamp) {
        let mut refused: Option<(u64, Proposal)> = None;
        loop {
            let is_halted = self.hear();
            if is_halted || self.running.live.state.closed.is_some() || self.clock.now() > until {
                break;
            }
            let state = &self.running.live.state;
            let next = script::next(way, &self.running.live.runbook, state, &self.running.moment());
            let next = next.map(|proposal| (state.seq, proposal)).filter(|next| refused.as_ref() != Some(next));
            match next {
                Some((seq, proposal)) => {
                    refused = Some((seq, proposal.clone()));
                    self.running.take(Incoming::Propose(proposal));
                }
                None if !self.step() => break,
                None => refused = None,
            }
        }
        self.running.propose(Proposal::Leave { how: Leaving::Left });
        self.hear();
    }

    /// Takes in what was reported and keeps what was recorded; whether nothing can be recorded any more.
    fn hear(&mut self) -> bool {
        loop {
            let mut is_idle = true;
            while let Ok(report) = self.reports.try_recv() {
                self.running.report(report);
                is_idle = false;
            }
            while let Ok(update) = self.said.try_recv() {
                match update {
                    Update::Recorded(records) => self.records.extend(records.iter().cloned()),
                    Update::Halted(_) => return true,
                    _ => {}
                }
            }
            if is_idle {
                return false;
            }
        }
    }

    /// Goes to the next moment at which something happens; whether there is one.
    fn step(&mut self) -> bool {
        let now = self.clock.now();
        let pace = self.wanted_pace(now);
        if self.pace != Pace::Usual && pace == Pace::Usual {
            self.asking.hurry(now);
        }
        let wake = self.running.wake().map(|left| now.plus(left));
        let asked = self.asking.next();
        let struck = self.runner.rehearsal().wakes_at();
        let Some(at) = [wake, asked, struck, self.runner.next_end()].into_iter().flatten().min() else { return false };
        self.clock.advance(at.since(now));
        let now = self.clock.now();
        let happened = self.runner.rehearsal().pass(now);
        for what in happened {
            self.running.report(JobReport::Happened(what));
        }
        for report in self.runner.ended(now) {
            // What the command changed is told before that it ended.
            let _ = self.reporter.send(report);
        }
        let (least, good_for) = pace.times();
        if pace != Pace::Usual && self.asking.is_due(now) {
            // What is asked rarely is asked together.
            self.asking.hurry(now);
        }
        for target in 0..self.running.live.targets.len() {
            let heard = self.asking.heard(target, &mut *self.runner.rehearsal().locked(), now, least);
            if let Some(sample) = heard {
                self.running.sample(sample);
            }
        }
        // Only now: what was good for long is good until all were asked anew.
        if self.pace != pace {
            self.pace = pace;
            self.running.answers_last(good_for);
        }
        self.running.sense();
        true
    }

    fn wanted_pace(&mut self, now: Timestamp) -> Pace {
        let state = &self.running.live.state;
        if state.seq != self.busy.0 {
            self.busy = (state.seq, now);
        }
        let current = state.current.as_ref().and_then(|key| state.step(key));
        let soaks = current.and_then(|step| step.soak.as_ref()).is_some_and(|soak| soak.since.is_some());
        let is_ok = || self.running.moment().board.rows.iter().all(|row| row.verdict == Verdict::Ok);
        // Nothing is to be seen then by looking often.
        let is_soak = soaks && !state.is_running() && is_ok();
        match now.since(self.busy.1) >= LULL {
            _ if is_soak => Pace::Soak,
            true => Pace::Lull,
            false => Pace::Usual,
        }
    }
}

/// Runs commands in the cluster; they end when the clock has been stepped so far.
struct SteppedRunner {
    rehearsal: Mutex<Rehearsal>,
    clock: Arc<FixedClock>,
    jobs: Mutex<Vec<(Timestamp, JobReport)>>,
}

impl SteppedRunner {
    fn rehearsal(&self) -> MutexGuard<'_, Rehearsal> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<(Timestamp, JobReport)>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_end(&self) -> Option<Timestamp> {
        self.jobs().iter().map(|(at, _)| *at).min()
    }

    /// The commands that have ended, in the order in which they did.
    fn ended(&self, now: Timestamp) -> Vec<JobReport> {
        let mut ended: Vec<_> = self.jobs().extract_if(.., |(at, _)| *at <= now).collect();
        ended.sort_by_key(|(at, _)| *at);
        ended.into_iter().map(|(_, report)| report).collect()
    }

    fn answer(&self, line: &CommandLine) -> Answer {
        let result = self.rehearsal().command(&line.argv, self.clock.now());
        Answer { ended: Ended::Exit(result.exit), printed: printed(&result) }
    }
}

impl Runner for SteppedRunner {
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>) {
        let now = self.clock.now();
        let result = self.rehearsal().command(&job.command.argv, now);
        let happened = self.rehearsal().take(&[]);
        for what in happened {
            // The one who steps holds the other end.
            let _ = reports.send(JobReport::Happened(what));
        }
        let limit = Duration::from_millis(job.command.timeout_ms);
        let takes = Duration::from_millis(result.takes_ms);
        let (elapsed, ended) = if takes > limit { (limit, Ended::TimedOut) } else { (takes, Ended::Exit(result.exit)) };
        let printed = printed(&result);
        let output = keep(&job, format!("{}{}", printed.stdout, printed.stderr).as_bytes());
        let report = JobReport::Finished { job: job.id, ended, elapsed, output, printed };
        self.jobs().push((now.plus(elapsed), report));
    }

    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.start(job, reports);
    }

    fn cancel(&self, id: JobId) {
        self.jobs().retain(|(_, report)| !matches!(report, JobReport::Finished { job, .. } if *job == id));
    }

    fn recorded(&self, records: &[Record], reports: &UnboundedSender<JobReport>) {
        let happened = self.rehearsal().take(records);
        for what in happened {
            // The one who steps holds the other end.
            let _ = reports.send(JobReport::Happened(what));
        }
    }

    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(std::future::ready(self.answer(&command)))
    }

    fn secret(&self, _: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(Secret::new(PRACTICE_SECRET))))
    }
}

#[cfg(test)]
#[path = "stepped_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "back_tests.rs"]
mod back_tests;
