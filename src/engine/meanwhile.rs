//! What the current step says is to be watched meanwhile: rows of the board and guards, the gravest first.

use std::cmp::Reverse;

use crate::engine::{Board, ConditionId, Row, RunState, Tri, Verdict};
use crate::runbook::{GuardId, ProbeId, Runbook, Watch};

/// One thing that is watched, as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meanwhile<'a> {
    /// A row of a probe.
    Row(&'a Row),
    /// A probe of which the board has no row: it is not asked, or nothing is known of it yet.
    Absent(&'a ProbeId),
    /// A guard.
    Guard {
        /// Its name.
        id: &'a GuardId,
        /// Whether it holds.
        truth: Tri,
        /// What was said of it; empty when it holds.
        why: &'a str,
        /// Whether somebody goes on although it does not hold.
        is_acknowledged: bool,
    },
}

impl Meanwhile<'_> {
    /// How grave it is; 0: all is well.
    pub fn gravity(&self) -> u8 {
        match self {
            Self::Absent(_) => 1,
            Self::Row(row) => match row.verdict {
                Verdict::Ok => 0,
                Verdict::Degraded => 2,
                Verdict::Unknown => 3,
                Verdict::Bad => 4,
            },
            Self::Guard { truth, .. } => match truth {
                Tri::True => 0,
                Tri::Unknown => 3,
                Tri::False => 4,
            },
        }
    }

    /// Whether all is well with it.
    pub fn is_well(&self) -> bool {
        self.gravity() == 0
    }

    /// The condition that it is.
    pub fn condition(&self) -> ConditionId {
        match self {
            Self::Row(row) => ConditionId::Health(row.probe.clone(), row.node.clone()),
            Self::Absent(probe) => ConditionId::Health((*probe).clone(), None),
            Self::Guard { id, .. } => ConditionId::Guard((*id).clone()),
        }
    }
}

/// What is watched while the current step is: all rows of its probes, its guards; what is not well comes first.
pub fn meanwhile<'a>(runbook: &'a Runbook, state: &'a RunState, board: &'a Board) -> Vec<Meanwhile<'a>> {
    let current = state.current.as_ref().and_then(|key| runbook.step(&key.phase, &key.step));
    let mut all = Vec::new();
    for watch in current.iter().flat_map(|step| &step.watch) {
        match watch {
            Watch::Probe(probe) => {
                let before = all.len();
                all.extend(board.rows.iter().filter(|row| &row.probe == probe).map(Meanwhile::Row));
                if all.len() == before {
                    all.push(Meanwhile::Absent(probe));
                }
            }
            Watch::Guard(id) => {
                let known = state.conditions.get(&ConditionId::Guard(id.clone()));
                all.push(Meanwhile::Guard {
                    id,
                    truth: known.map_or(Tri::Unknown, |known| known.truth),
                    why: known.map_or("", |known| known.why.as_str()),
                    is_acknowledged: known.is_some_and(|known| known.acknowledged.is_some()),
                });
            }
        }
    }
    all.sort_by_key(|one| Reverse(one.gravity()));
    all
}
