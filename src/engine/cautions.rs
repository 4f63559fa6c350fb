//! Which cautions were read before, word for word: what repeats in a loop need not be told in full each time, what
//! differs must be. What reads otherwise than when it was read counts as unread.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::release::person_of;
use crate::engine::scope::text_of;
use crate::engine::state::RunState;
use crate::runbook::{PhaseId, Runbook, StepId, StepKey};

/// The cautions that were read in loops, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CautionsOfLoops(BTreeMap<(PhaseId, StepId), Vec<Reading>>);

/// Somebody read the cautions of a step for one item.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    item: Option<String>,
    by: String,
    texts: Vec<String>,
}

impl CautionsOfLoops {
    /// The cautions of that step were read: these texts, by their sha256.
    pub(crate) fn note(&mut self, step: &StepKey, by: &str, texts: &[String]) {
        if texts.is_empty() || step.item.is_none() {
            return;
        }
        let reading = Reading { item: step.item.clone(), by: person_of(by).to_owned(), texts: texts.to_vec() };
        self.0.entry((step.phase.clone(), step.step.clone())).or_default().push(reading);
    }

    /// Whoever goes back to a phase reads in full what it warns of.
    pub(crate) fn forget(&mut self, is_reopened: impl Fn(&PhaseId) -> bool) {
        self.0.retain(|(phase, _), _| !is_reopened(phase));
    }
}

/// The item of the loop for which the very person who reads the cautions of this step has read that text earlier, in
/// the same step; `None`: it is to be told in full.
pub fn read_for<'s>(state: &'s RunState, key: &StepKey, text: &str) -> Option<&'s str> {
    let readings = state.cautions.0.get(&(key.phase.clone(), key.step.clone()))?;
    // What was read of this item itself at another time counts for nothing, nor does anything that was read since.
    let own = readings.iter().position(|reading| reading.item == key.item);
    let earlier = &readings[..own.unwrap_or(readings.len())];
    let reader = match own {
        Some(own) => readings[own].by.as_str(),
        None => state.sitting.as_ref()?.operator.as_str(),
    };
    let digest = digest(text);
    let same = earlier.iter().rev().find(|reading| reading.by == reader && reading.texts.contains(&digest))?;
    same.item.as_deref()
}

/// The cautions of a step as they read now.
pub fn cautions_of(runbook: &Runbook, state: &RunState, board: &Board, key: &StepKey, now: Timestamp) -> Vec<String> {
    let step = runbook.step(&key.phase, &key.step);
    let cautions = step.map(|step| step.cautions.as_slice()).unwrap_or_default();
    cautions.iter().map(|caution| text_of(&caution.text, state, board, key, now)).collect()
}

/// So often the cautions of a step are read: what reads otherwise even then never stands still, and is no reason to read
/// it once more.
const MAX_READINGS: u32 = 3;

/// Whether a caution of that step reads otherwise now than when it was read. What reads otherwise by the passing of time
/// alone does not count.
pub fn has_changed(runbook: &Runbook, state: &RunState, board: &Board, key: &StepKey, now: Timestamp) -> bool {
    let Some((step, known)) = runbook.step(&key.phase, &key.step).zip(state.step(key)) else { return false };
    let is_compared = known.cautions_read && known.readings < MAX_READINGS && !step.action.is_sensed();
    if !is_compared || known.cautions_as_read.len() != step.cautions.len() {
        return false;
    }
    let mut cautions = step.cautions.iter().zip(&known.cautions_as_read);
    cautions.any(|(caution, read)| {
        let text = &caution.text;
        text.has_values() && !text.moves_by_itself() && digest(text_of(text, state, board, key, now)) != *read
    })
}

/// Lower-case hex sha256 of a text or a line.
pub(crate) fn digest(text: impl AsRef<[u8]>) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
