//! Who may release a hold point: a person who has no hand in what is released.

use crate::engine::proposal::Refusal;
use crate::engine::state::RunState;
use crate::runbook::StepKey;
use crate::runbook::alike::{are_one, is_mixed, is_nobody};
use crate::runbook::value::first_unseen;

/// The longest name of a person, in bytes.
const MAX_PERSON_BYTES: usize = 200;

/// Whether that person may release the hold point, or verify the step: neither who sits at the run, nor anybody who acted in an earlier
/// step of the same pass through the phase (in any order: in one that was begun before); what is verified was done by another in that step itself.
/// Gives the name as it is to be recorded.
///
/// # Errors
/// The name is none, or it is the name of somebody who acts there.
pub fn may_release(state: &RunState, key: &StepKey, name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if is_nobody(name) {
        return Err(Refusal::BadText("the person who releases it gives a name"));
    }
    if name.len() > MAX_PERSON_BYTES || name.chars().any(char::is_control) {
        return Err(Refusal::BadText("a name is one line of at most 200 bytes"));
    }
    if name.chars().any(is_accent) {
        return Err(Refusal::BadText("an accent stands apart from its letter in this name: type both as one letter"));
    }
    if first_unseen(name).is_some() || name.chars().any(is_blank) {
        return Err(Refusal::BadText("there is a character in this name that cannot be seen: type the name anew"));
    }
    if is_mixed(name) {
        return Err(Refusal::BadText("letters of several scripts that look alike stand in this name: type it in one"));
    }
    match acting(state, key).find(|person| are_one(person, name)) {
        Some(person) => Err(Refusal::SamePerson(person.to_owned())),
        None => Ok(name.to_owned()),
    }
}

/// Everybody who has a hand in what that step would release.
fn acting<'s>(state: &'s RunState, key: &StepKey) -> impl Iterator<Item = &'s str> {
    let unverified = state.unverified.get(key);
    let sitting = match unverified {
        // Whoever sits here now may be the very one who comes later.
        Some(unverified) => unverified.operator.as_deref(),
        None => state.sitting.as_ref().map(|sitting| sitting.operator.as_str()),
    };
    let steps = state.item(key).map_or(&[][..], |item| &item.steps);
    let at = steps.iter().position(|step| step.id == key.step).unwrap_or(steps.len());
    let is_any = state.phases.iter().any(|phase| phase.id == key.phase && phase.any_order);
    // The step itself too: who read its cautions in an earlier sitting has begun to act. In any order, whatever was begun
    // came before it.
    let (from, to) = match unverified {
        Some(_) => (at, at + 1),
        None if is_any => (0, steps.len()),
        None => (0, at + 1),
    };
    let earlier = steps.iter().take(to).skip(from);
    // Who confirmed it, and who did it where that is another.
    let earlier = earlier.flat_map(|step| step.actors.iter().map(|by| person_of(by)).chain(step.doer.as_deref()));
    sitting.into_iter().chain(earlier)
}

/// The person of an author, `operator@host`.
pub fn person_of(by: &str) -> &str {
    by.rsplit_once('@').map_or(by, |(person, _)| person)
}

/// Whether a character looks like nothing or changes nothing to be seen: selectors of variants, and the pattern of
/// Braille without a dot.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{2800}')
}

/// Whether a character is an accent of the letter before it: with that it looks like another letter, and makes another name.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}
