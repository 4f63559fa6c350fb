//! A practice run that is walked on a clock which is stepped from event to event: no sockets, no threads, no waiting.
//!
//! The same session, engine, probes' expressions and simulator as in any run, in one order that follows from the seed alone:
//! the same scenario and seed give the same journal, byte for byte.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Map;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::{Clock, FixedClock, Timestamp, monotonic};
use crate::engine::{Leaving, PracticeSeen, Proposal, Record, RunState, Verdict};
use crate::exec::JobReport;
use crate::journal::Store;
use crate::practice::Shared;
use crate::runbook::Runbook;
use crate::scenario::{Ending, Scenario};
use crate::session::asking::Asking;
use crate::session::launch::{self, LaunchError, Opening, Suspended, Who};
use crate::session::live::{Live, Running};
use crate::session::rehearsal::Rehearsal;
use crate::session::script::{self, Missed};
use crate::session::stepped_runner::SteppedRunner;
use crate::session::{Incoming, Update, autopilot};

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

/// How often what is recorded is made durable and shown, in real time. To sync each record would take as long as all else.
const SYNCED_EVERY: Duration = Duration::from_millis(50);

/// How many records wait for that at most: whoever looks on can end a walk in its middle however fast it is.
const MOST_UNSHOWN: usize = 64;

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
    /// Why it is not closed; `None` when it is, or when who looks on has broken it off.
    pub stopped: Option<Stopped>,
}

/// Why a walk came to no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// A move can no more be made.
    #[error(transparent)]
    Missed(#[from] Missed),
    /// The journal cannot be written.
    #[error("the journal cannot be written: {0}")]
    Halted(String),
    /// Nothing can happen any more, or has for hours.
    #[error("it stands still: {0}")]
    Still(String),
}

/// Looks on: is shown the records that are new, after they are on disk, and says whether the walk is to go on. It is asked
/// time and again, also when there are none.
pub type Onlooker<'o> = dyn FnMut(&[Record]) -> bool + 'o;

/// Walks a practice run until it is closed, or nothing can happen any more.
///
/// # Errors
/// The run cannot be opened.
pub fn walk(store: &Store, walk: Walk<'_>, who: &Who, onlooker: &mut Onlooker<'_>) -> Result<Walked, LaunchError> {
    let clock = Arc::new(FixedClock::at(walk.began));
    let ports = placed(&walk.system);
    let opening = opening(&walk, &ports);
    let rehearsal = Rehearsal::new(Arc::clone(&walk.system), walk.scenario, walk.seed, walk.began);
    let runner = Arc::new(SteppedRunner::new(rehearsal, Arc::clone(&clock)));
    let (live, records, first, folder) = launch::open_stepped(store, opening, who, clock.clone(), runner.clone())?;
    let stepper = Stepper::new(live, records, ports, runner, clock);
    Ok(stepper.walked(vec![first], walk.way, folder, onlooker))
}

/// Goes on with a practice run at `now`. The cluster has been brought to where the journal left it
/// ([`super::practice::replay`]), at the addresses that stand there.
///
/// # Errors
/// The run cannot be gone on with.
pub fn go_on(
    suspended: Suspended,
    walk: &Walk<'_>,
    now: Timestamp,
    who: &Who,
    onlooker: &mut Onlooker<'_>,
) -> Result<Walked, LaunchError> {
    let clock = Arc::new(FixedClock::at(now));
    let ports = placed_at(&walk.system, &suspended);
    let mut rehearsal = Rehearsal::new(Arc::clone(&walk.system), walk.scenario, walk.seed, walk.began);
    rehearsal.follow(&suspended.records);
    let runner = Arc::new(SteppedRunner::new(rehearsal, Arc::clone(&clock)));
    let (live, records, first, folder) = launch::go_on_stepped(suspended, who, clock.clone(), runner.clone())?;
    let mut stepper = Stepper::new(live, records, ports, runner, clock);
    stepper.shown = stepper.records.len();
    Ok(stepper.walked(first, walk.way, folder, onlooker))
}

/// The addresses that a suspended run knows its nodes by.
fn placed_at(system: &Shared, suspended: &Suspended) -> Vec<(String, u16)> {
    let practice = suspended.state.opened.as_ref().and_then(|opened| opened.practice.as_ref());
    let ports = practice.map(|practice| practice.ports.clone()).unwrap_or_default();
    system.lock().unwrap_or_else(PoisonError::into_inner).nodes().into_iter().zip(ports).collect()
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

/// How a walk ended.
enum Gone {
    /// The run is closed.
    Closed,
    /// Who looks on had enough.
    Away,
    /// A move can no more be made.
    Missed(Missed),
    /// Nothing more can happen, or has for hours.
    Still,
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
    /// How many of the records have been shown.
    shown: usize,
    /// When what was recorded was synced last, in real time.
    synced: Instant,
    halted: Option<String>,
}

impl Stepper {
    fn new(
        mut live: Live,
        records: Vec<Record>,
        ports: Vec<(String, u16)>,
        runner: Arc<SteppedRunner>,
        clock: Arc<FixedClock>,
    ) -> Self {
        live.journal.sync_later();
        let now = clock.now();
        let (updates, said) = unbounded_channel();
        let (reporter, reports) = unbounded_channel();
        let asking = Asking::new(&live.targets, ports, now);
        let (shown, busy) = (0, (live.state.seq, now));
        let running = Running::new(live, None, updates, reporter.clone());
        let (pace, synced, halted) = (Pace::Usual, monotonic(), None);
        Self { running, runner, clock, asking, pace, busy, said, reports, reporter, records, shown, synced, halted }
    }

    /// Sits down with those proposals and walks to the end.
    fn walked(
        mut self,
        first: Vec<Proposal>,
        way: Option<&Ending>,
        folder: PathBuf,
        onlooker: &mut Onlooker<'_>,
    ) -> Walked {
        for proposal in first {
            self.running.propose(proposal);
        }
        self.running.take_up_jobs();
        self.running.sense();
        let planned = Duration::from_secs(60 * u64::from(self.running.live.runbook.minutes.unwrap_or(0)));
        let until = self.clock.now().plus(LONGEST.max(2 * planned));
        let stopped = match self.go(way, until, onlooker) {
            Gone::Closed => None,
            Gone::Away => {
                self.leave(Leaving::Interrupted);
                None
            }
            Gone::Missed(missed) => {
                self.leave(Leaving::Interrupted);
                Some(Stopped::Missed(missed))
            }
            Gone::Still => {
                let state = &self.running.live.state;
                let why = autopilot::waiting_for(&self.running.live.runbook, state, &self.running.moment());
                self.leave(Leaving::Left);
                Some(Stopped::Still(why.unwrap_or_else(|| "nothing is left to wait for".to_owned())))
            }
        };
        let stopped = self.halted.take().map(Stopped::Halted).or(stopped);
        self.show(onlooker, true);
        Walked { folder, records: self.records, state: self.running.live.state, stopped }
    }

    /// Shows what is new and on disk; whether the walk is to go on.
    fn show(&mut self, onlooker: &mut Onlooker<'_>, is_last: bool) -> bool {
        let (shown, all) = (self.shown, self.records.len());
        let is_time = is_last || all - shown >= MOST_UNSHOWN || self.synced.elapsed() >= SYNCED_EVERY;
        if shown < all && is_time {
            if let Err(error) = self.running.live.journal.sync() {
                self.halted = Some(error.to_string());
                return false;
            }
            (self.shown, self.synced) = (all, monotonic());
        }
        onlooker(&self.records[shown..self.shown])
    }

    fn go(&mut self, way: Option<&Ending>, until: Timestamp, onlooker: &mut Onlooker<'_>) -> Gone {
        let mut refused: Option<(u64, Proposal)> = None;
        loop {
            self.hear();
            let goes_on = self.show(onlooker, false);
            let state = &self.running.live.state;
            let next = match script::next(way, &self.running.live.runbook, state, &self.running.moment()) {
                Ok(next) => next,
                Err(missed) => return Gone::Missed(missed),
            };
            if state.closed.is_some() {
                return Gone::Closed;
            }
            if !goes_on {
                return Gone::Away;
            }
            if self.halted.is_some() || self.clock.now() > until {
                return Gone::Still;
            }
            let next = next.map(|proposal| (state.seq, proposal)).filter(|next| refused.as_ref() != Some(next));
            match next {
                Some((seq, proposal)) => {
                    refused = Some((seq, proposal.clone()));
                    self.running.take(Incoming::Propose(proposal));
                }
                None if !self.step() => return Gone::Still,
                None => refused = None,
            }
        }
    }

    fn leave(&mut self, how: Leaving) {
        self.running.propose(Proposal::Leave { how });
        self.hear();
    }

    /// Takes in what was reported and keeps what was recorded.
    fn hear(&mut self) {
        loop {
            let mut is_idle = true;
            while let Ok(report) = self.reports.try_recv() {
                self.running.report(report);
                is_idle = false;
            }
            while let Ok(update) = self.said.try_recv() {
                match update {
                    Update::Recorded(records) => self.records.extend(records.iter().cloned()),
                    Update::Halted(why) => self.halted = Some(why),
                    _ => {}
                }
            }
            if is_idle {
                return;
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
        self.running.report(JobReport::Happened(happened));
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

#[cfg(test)]
#[path = "stepped_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "back_tests.rs"]
mod back_tests;
