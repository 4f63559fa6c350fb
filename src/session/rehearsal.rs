//! A simulated cluster with the scenario that is played in it: records go in, what happened comes out.
//!
//! Faults strike by records, which are durable before anything follows from them, or by the time since the run was opened.
//! Both the runner with sockets and the stepped one ([`crate::session::stepped`]) drive a rehearsal in this way.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Event, Happening, Record};
use crate::practice::{CommandResult, Shared, System};
use crate::scenario::{Cue, Director, Scenario};

/// The most of a typed command's output that is recorded, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

/// Nobody waits longer than this for a command that was typed: it is broken off.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// The exit status of what is broken off.
const BROKEN_OFF: i32 = 130;

/// A cluster and its scenario.
pub struct Rehearsal {
    system: Shared,
    director: Option<Director>,
    /// The harm that is recorded to have begun and not to have ended: kind and whom it concerns.
    open: BTreeSet<(String, String)>,
    /// What happened, after the cluster was built again, and is not recorded yet.
    untold: Vec<Happening>,
    /// What was typed and still runs: when it ends, and what it answers then.
    running: Vec<(Timestamp, Happening)>,
    /// How what was typed last ended, as it is recorded.
    status: i32,
}

impl Rehearsal {
    /// Plays `scenario`, if there is one, with `seed` in that cluster; the run was opened at `began`.
    pub fn new(system: Shared, scenario: Option<&Scenario>, seed: u64, began: Timestamp) -> Self {
        let director = scenario.map(|scenario| Director::new(scenario, seed, began));
        Self { system, director, open: BTreeSet::new(), untold: Vec::new(), running: Vec::new(), status: 0 }
    }

    /// Takes in what an earlier sitting recorded; the cluster has been brought to there already ([`super::practice::replay`]).
    pub fn follow(&mut self, records: &[Record]) {
        let mut unanswered = 0_usize;
        for record in records {
            if let Some(director) = &mut self.director {
                director.follow(record);
            }
            self.note(&record.event);
            if let Event::Rehearsed { what } = &record.event {
                match &**what {
                    Happening::Typed { .. } => unanswered += 1,
                    Happening::Answered { .. } => unanswered = unanswered.saturating_sub(1),
                    _ => {}
                }
            }
        }
        if let Some(last) = records.last() {
            self.untold = self.reconciled(last.at);
        }
        // What it did is done; what it would have said is lost with the sitting.
        let lost = || Happening::Answered { exit: BROKEN_OFF, printed: "broken off with the sitting\n".into() };
        self.untold.extend((0..unanswered).map(|_| lost()));
    }

    /// What the records do not tell of a cluster that was built again: it may be a moment off.
    fn reconciled(&self, at: Timestamp) -> Vec<Happening> {
        let mut standing: Vec<(String, String, Happening)> = Vec::new();
        for happening in self.harm() {
            match &happening {
                Happening::HarmBegan { kind, about, .. } => {
                    standing.push((kind.clone(), about.clone(), happening.clone()));
                }
                Happening::HarmEnded { kind, about, .. } => standing.retain(|(k, a, _)| (k, a) != (kind, about)),
                _ => {}
            }
        }
        let is_standing =
            |key: &(String, String)| standing.iter().any(|(kind, about, _)| (kind, about) == (&key.0, &key.1));
        let over = self.open.iter().filter(|key| !is_standing(key));
        let over = over.map(|(kind, about)| Happening::HarmEnded { kind: kind.clone(), about: about.clone(), at });
        let new = standing.iter().filter(|(kind, about, _)| !self.open.contains(&(kind.clone(), about.clone())));
        over.chain(new.map(|(_, _, began)| began.clone())).collect()
    }

    /// Takes in what was just recorded; what happens by it is to be recorded in turn.
    pub fn take(&mut self, records: &[Record]) -> Vec<Happening> {
        let mut happened = std::mem::take(&mut self.untold);
        for record in records {
            self.note(&record.event);
            let cues = self.director.as_mut().map(|director| director.take(record)).unwrap_or_default();
            happened.extend(self.strike(cues, record.at));
            if let Event::Rehearsed { what } = &record.event
                && let Happening::Typed { line } = &**what
            {
                let running = self.typed(line, record.at);
                self.running.push(running);
                happened.extend(self.answered(record.at));
            }
        }
        happened.extend(self.harm());
        happened
    }

    /// What happens by the mere passing of time.
    pub fn pass(&mut self, now: Timestamp) -> Vec<Happening> {
        let cues = self.director.as_mut().map(|director| director.due(now)).unwrap_or_default();
        let mut happened = self.strike(cues, now);
        self.locked().advance(now);
        happened.extend(self.answered(now));
        happened.extend(self.harm());
        happened
    }

    /// When the next fault strikes, or a typed command ends, by the mere passing of time.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let strikes = self.director.as_ref().and_then(Director::wakes_at);
        strikes.into_iter().chain(self.running.iter().map(|(at, _)| *at)).min()
    }

    /// Runs a command of the runbook.
    pub fn command(&self, argv: &[String], now: Timestamp) -> CommandResult {
        self.locked().command(argv, now)
    }

    /// The cluster.
    pub fn locked(&self) -> MutexGuard<'_, dyn System + 'static> {
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&mut self, cues: Vec<Cue>, at: Timestamp) -> Vec<Happening> {
        let mut struck = Vec::new();
        for Cue { id, fault, with } in cues {
            let set = {
                let mut system = self.locked();
                system.advance(at);
                system.fault(&fault, &with, at)
            };
            match set {
                Ok(()) => struck.push(Happening::FaultStruck { id, fault, with }),
                // A test sets every fault of every shipped scenario; one of a user's file is told when it is checked.
                Err(error) => tracing::warn!(%error, id, "a fault of the scenario cannot be set"),
            }
        }
        struck
    }

    /// What the commands answer that have ended, in the order in which they did.
    fn answered(&mut self, now: Timestamp) -> Vec<Happening> {
        let mut ended: Vec<_> = self.running.extract_if(.., |(at, _)| *at <= now).collect();
        ended.sort_by_key(|(at, _)| *at);
        ended.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Does what was typed. It takes its time as a command of the runbook does.
    fn typed(&self, line: &str, at: Timestamp) -> (Timestamp, Happening) {
        let result = self.command(&console(line, self.status), at);
        let all = format!("{}{}", result.stdout, result.stderr);
        let printed = part(&all).to_owned();
        let takes = Duration::from_millis(result.takes_ms);
        match takes > LONGEST_WAIT {
            true => {
                // What it printed until then stands there; what it would have said of its end does not.
                let printed = format!("{}^C\n", part(&result.stdout));
                (at.plus(LONGEST_WAIT), Happening::Answered { exit: BROKEN_OFF, printed })
            }
            false => (at.plus(takes), Happening::Answered { exit: result.exit, printed }),
        }
    }

    fn harm(&self) -> Vec<Happening> {
        let told = self.locked().harm().into_iter().map(|harm| {
            let (kind, about, at) = (harm.kind.to_owned(), harm.about, harm.at);
            match harm.told {
                Some(told) => Happening::HarmBegan { kind, about, since: at, told },
                None => Happening::HarmEnded { kind, about, at },
            }
        });
        told.collect()
    }

    fn note(&mut self, event: &Event) {
        let Event::Rehearsed { what } = event else { return };
        match &**what {
            Happening::HarmBegan { kind, about, .. } => {
                self.open.insert((kind.clone(), about.clone()));
            }
            Happening::HarmEnded { kind, about, .. } => {
                self.open.remove(&(kind.clone(), about.clone()));
            }
            Happening::Answered { exit, .. } => self.status = *exit,
            _ => {}
        }
    }
}

/// As much of a text as is recorded.
fn part(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_ANSWER_BYTES)]
}

/// A typed line as a command: the shell of the bastion takes it apart. It knows how the line before ended.
pub(super) fn console(line: &str, status: i32) -> Vec<String> {
    let line = match status {
        0 => line.to_owned(),
        status => format!("sh -c 'exit {status}'\n{line}"),
    };
    ["bash".to_owned(), "-ic".to_owned(), line].into()
}
