//! What happened → which faults strike now.

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::{Event, Happening, Record};
use crate::scenario::{Scenario, Trigger};

/// A fault that is to be set now.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// Its name within the scenario.
    pub id: String,
    /// The simulator's fault.
    pub fault: String,
    /// With what.
    pub with: Map<String, Value>,
}

/// Follows a run and says when the faults of its scenario strike: each once, and never one that the seed leaves out.
#[derive(Clone, Debug)]
pub struct Director {
    waiting: Vec<crate::scenario::Fault>,
    opened_at: Timestamp,
}

impl Director {
    /// For that scenario, with that seed, in a run that was opened then.
    pub fn new(scenario: &Scenario, seed: u64, opened_at: Timestamp) -> Self {
        let strikes = |fault: &&crate::scenario::Fault| mixed(seed, &fault.id) % 100 < u64::from(fault.chance);
        Self { waiting: scenario.faults.iter().filter(strikes).cloned().collect(), opened_at }
    }

    /// Takes in what an earlier sitting has seen: what struck then does not strike again.
    pub fn follow(&mut self, record: &Record) {
        if let Event::Rehearsed { what } = &record.event
            && let Happening::FaultStruck { id, .. } = &**what
        {
            self.waiting.retain(|fault| fault.id != *id);
        }
    }

    /// Takes in what was just recorded, and says what strikes by it.
    pub fn take(&mut self, record: &Record) -> Vec<Cue> {
        self.follow(record);
        let mut cues = self.due(record.at);
        cues.extend(self.struck_by(record));
        cues
    }

    fn struck_by(&mut self, record: &Record) -> Vec<Cue> {
        match &record.event {
            Event::StepBegan { step, .. } => {
                let name = step.to_string();
                self.strike(|trigger| matches!(trigger, Trigger::Step(pattern) if pattern.is_met(&name)))
            }
            Event::CommandStarted { command, .. } => self.typed(&command.argv.join(" ")),
            Event::Rehearsed { what } => match &**what {
                Happening::Typed { line } => self.typed(line),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// What strikes by the mere passing of time.
    pub fn due(&mut self, now: Timestamp) -> Vec<Cue> {
        let opened_at = self.opened_at;
        self.strike(|trigger| match trigger {
            Trigger::Start => true,
            Trigger::After(time) => opened_at.plus(*time) <= now,
            Trigger::Step(_) | Trigger::Command(_) => false,
        })
    }

    /// When the next fault strikes by the mere passing of time.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let opened_at = self.opened_at;
        let times = self.waiting.iter().filter_map(|fault| match fault.trigger {
            Trigger::Start => Some(opened_at),
            Trigger::After(time) => Some(opened_at.plus(time)),
            Trigger::Step(_) | Trigger::Command(_) => None,
        });
        times.min()
    }

    fn typed(&mut self, line: &str) -> Vec<Cue> {
        self.strike(|trigger| matches!(trigger, Trigger::Command(text) if line.contains(text.as_str())))
    }

    fn strike(&mut self, is_met: impl Fn(&Trigger) -> bool) -> Vec<Cue> {
        let met = self.waiting.extract_if(.., |fault| is_met(&fault.trigger));
        met.map(|fault| Cue { id: fault.id, fault: fault.fault, with: fault.with }).collect()
    }
}

/// A number that follows from the seed and a name alone (FNV-1a, then mixed as in SplitMix64).
pub(super) fn mixed(seed: u64, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
