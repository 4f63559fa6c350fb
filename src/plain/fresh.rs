//! A critical command is judged on answers of the last seconds: when its probes are asked for it, and when they have
//! answered.

use crate::clock::Timestamp;
use crate::engine::{CRITICAL_SAMPLE_MS, Moment, evidence};
use crate::runbook::{Runbook, StepKey};

/// Younger answers are good enough for a critical command, in milliseconds: the session judges a little later.
const YOUNG_MS: u64 = CRITICAL_SAMPLE_MS - 2_000;

/// How often its probes are asked before the session decides on what there is.
const ROUNDS: u8 = 3;

/// What is to be done about a critical command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// Propose it.
    Propose,
    /// Ask every probe now, and look again when they answer.
    Ask,
    /// Look again when they answer.
    Wait,
}

/// Since when the probes of a critical command are asked for it, and how often they were.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sensing(Option<(Timestamp, u8)>);

impl Sensing {
    /// What is to be done about the critical command of that step. By itself a probe may ask too rarely ever to be young
    /// enough, or never at the same time as another one.
    pub fn look(&mut self, runbook: &Runbook, step: &StepKey, moment: &Moment) -> Fresh {
        let oldest = moment.board.oldest_ms(&evidence(runbook, &moment.board, step));
        let (since, rounds) = self.0.unwrap_or((moment.at, 0));
        let waited = u64::try_from(moment.at.since(since).as_millis()).unwrap_or(u64::MAX);
        let have_all_answered = rounds == 0 || oldest.is_some_and(|age| age < waited);
        if oldest.is_some_and(|age| age <= YOUNG_MS) || (have_all_answered && rounds >= ROUNDS) {
            self.0 = None;
            return Fresh::Propose;
        }
        if have_all_answered {
            self.0 = Some((moment.at, rounds + 1));
            return Fresh::Ask;
        }
        Fresh::Wait
    }
}
