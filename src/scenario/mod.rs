//! Practice scenarios: what goes wrong in a rehearsal, when, what counts as harm, and what helps.
//!
//! Pure. A scenario is data ([`parse`]); a [`Director`] says from the records of the run, as [`Cue`]s, which faults are to be set
//! and when. Nothing here knows a simulator: it takes faults by name.

mod director;
mod model;
mod parse;

use crate::packed::SCENARIOS;

pub use director::{Cue, Director};
pub use model::{Deed, Ending, Fault, HarmRule, Hint, Move, Pattern, Scenario, Trigger, When};
pub use parse::{is_scenario, parse};

/// The word for a scenario that chance picks.
pub const SURPRISE: &str = "surprise";
/// The scenario that is taken when none is named.
pub const CALM: &str = "calm";

/// The scenarios of that runbook: the calm one first, then sorted by name. Their places, from 1 on, are their numbers.
pub fn all_of(runbook: &str) -> Vec<Scenario> {
    let its = SCENARIOS.iter().filter(|packed| packed.name.split('/').next() == Some(runbook));
    let mut all: Vec<Scenario> = its.filter_map(|packed| parse(&packed.text()).0).collect();
    all.sort_by_key(|scenario| scenario.id != CALM);
    all
}

/// The scenario of that name for that runbook, or of that number: a name may give away what goes wrong.
pub fn find(runbook: &str, name: &str) -> Option<Scenario> {
    if let Ok(number) = name.parse::<usize>() {
        let mut all = all_of(runbook);
        return (1..=all.len()).contains(&number).then(|| all.swap_remove(number - 1));
    }
    let full = format!("{runbook}/{name}");
    let packed = SCENARIOS.iter().find(|packed| packed.name == full)?;
    parse(&packed.text()).0
}

/// One of the scenarios that are no calm ones, as that seed picks it: the same seed picks the same.
pub fn surprise(runbook: &str, seed: u64) -> Option<Scenario> {
    let mut all = all_of(runbook);
    all.retain(|scenario| scenario.id != CALM);
    let count = u64::try_from(all.len()).ok().filter(|count| *count > 0)?;
    let picked = usize::try_from(director::mixed(seed, "surprise") % count).ok()?;
    Some(all.swap_remove(picked))
}

#[cfg(test)]
mod tests;
