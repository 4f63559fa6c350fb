//! What a second person signs who lets a run go on, and how that is checked again from the journal alone.
//!
//! The statement names the run, the step, the person, the words, and the record before the one that began the step, by
//! its hash. That record is chosen because it stands still: while somebody fetches a key, conditions change and are
//! recorded, and a statement about the last record would be outdated before it is signed. It still stands for one
//! moment of one run: the hash covers all that was recorded up to there, and a step that begins again, because a
//! person went back, begins after another record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::event::{Event, Record};
use crate::engine::proposal::Refusal;
use crate::engine::state::RunState;
use crate::runbook::value::{first_unseen, is_unseen};
use crate::runbook::{StepKey, Verify};
use crate::signature::{SignatureError, check};

/// For what a release is signed: `ssh-keygen -Y sign -n` this. What else is signed of a run has another name.
pub const RELEASE_NAMESPACE: &str = "release@piton";

/// A signature of a release, checked before it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The type of the key, such as `ssh-ed25519`.
    pub key_type: String,
    /// The key's fingerprint, as `ssh-keygen -l` prints it. Whose it is was not compared with anything.
    pub fingerprint: String,
    /// Lower-case hex sha256 of the statement that was signed.
    pub statement_sha256: String,
    /// The signature as `ssh-keygen -Y sign` prints it.
    pub armored: String,
}

impl Signed {
    /// By which key, as the end of a sentence.
    pub fn describe(&self) -> String {
        format!("signed by {} key {} (not compared with a list of signers)", self.key_type, self.fingerprint)
    }
}

/// What is told of a release behind the name: nothing when it was not signed.
pub fn signed_by(signature: &Option<Box<Signed>>) -> String {
    signature.as_ref().map(|signed| format!(", {}", signed.describe())).unwrap_or_default()
}

/// What the second person did, with the name: `released by jo`, `verified (peer) by jo`.
pub fn released_by(verifies: Option<Verify>, by: &str) -> String {
    match verifies {
        None => format!("released by {by}"),
        Some(Verify::Peer) => format!("confirmed at the same moment by {by}"),
        Some(Verify::Independent) => format!("verified independently by {by}"),
    }
}

/// Where a step began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The step.
    pub step: StepKey,
    /// The number of the record that began it.
    pub seq: u64,
    /// The hash of the record before that one.
    pub after: String,
}

impl Opening {
    /// Where a record begins a step.
    pub fn of(record: &Record) -> Option<Self> {
        let Event::StepBegan { step, .. } = &record.event else { return None };
        Some(Self { step: step.clone(), seq: record.seq, after: record.prev.clone() })
    }

    /// What is signed: one text for one release, whose end is a newline.
    fn statement(&self, run: &str, released_by: &str, said: &str) -> String {
        let Self { step, seq, after } = self;
        let (run, released_by, said) = (one_line(run), one_line(released_by), one_line(said));
        format!(
            "piton release 1\nrun: {run}\nstep: {step}\nbegan: {seq}\nafter: {after}\nby: {released_by}\nsaid: {said}\n"
        )
    }
}

/// A text as it is; as JSON when it could be taken for such JSON, for more than one line or, as something in it cannot
/// be seen or turns the order of what can, for another text. Nothing unseen is left then either: who prints the file
/// of the statement reads what is signed.
///
/// A journal is checked by what this makes of its texts: it must stay as it is.
fn one_line(text: &str) -> String {
    if !text.starts_with('"') && first_unseen(text).is_none() {
        return text.to_owned();
    }
    let mut line = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        match is_unseen(c) {
            true => line.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            false => line.push(c),
        }
    }
    line
}

/// What that person would sign to release that step: the step that is the current one.
///
/// # Errors
/// It is not the current step.
pub fn release_statement(state: &RunState, key: &StepKey, by: &str, said: &str) -> Result<String, Refusal> {
    let current = state.opening.as_ref().filter(|opening| opening.step == *key);
    // What is verified later is signed for where it began.
    let opening = current.or_else(|| state.unverified.get(key)?.opening.as_ref());
    match (&state.opened, opening) {
        (Some(opened), Some(opening)) => Ok(opening.statement(&opened.run, by, said)),
        _ => Err(Refusal::NotCurrent(key.clone())),
    }
}

/// A signature of that statement, as it is recorded.
///
/// # Errors
/// It is no signature, or one of something else.
pub fn signed(statement: &str, armored: &str) -> Result<Signed, SignatureError> {
    let checked = check(armored, RELEASE_NAMESPACE, statement.as_bytes())?;
    Ok(Signed {
        key_type: checked.key_type,
        fingerprint: checked.fingerprint,
        statement_sha256: checked.sha256,
        armored: checked.armored,
    })
}

/// A release in a journal, and the signature of it that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRelease {
    /// The number of its record.
    pub seq: u64,
    /// The step.
    pub step: StepKey,
    /// Who released it.
    pub released_by: String,
    /// The signature.
    pub signed: Signed,
}

/// Reads along in a journal and checks every signature of a release, by the records before it.
#[derive(Clone, Debug, Default)]
pub struct SignatureWatch {
    run: String,
    /// The step that began last.
    last: Option<StepKey>,
    /// Where each step began last.
    openings: BTreeMap<StepKey, Opening>,
}

impl SignatureWatch {
    /// Takes the next record in; a release that is signed comes back.
    ///
    /// # Errors
    /// Its signature does not fit, or what is recorded of it is not so; why, for people.
    pub fn take(&mut self, record: &Record) -> Result<Option<SignedRelease>, String> {
        match &record.event {
            Event::RunOpened(opened) => self.run.clone_from(&opened.run),
            Event::StepBegan { step, .. } => {
                self.last = Some(step.clone());
                self.openings.extend(Opening::of(record).map(|opening| (step.clone(), opening)));
            }
            Event::HoldReleased { step, released_by, said, verifies, signature: Some(recorded), .. } => {
                // What is verified may have been done long before.
                let is_it = verifies.is_some() || self.last.as_ref() == Some(step);
                let opening = self.openings.get(step).filter(|_| is_it);
                let opening = opening.ok_or_else(|| format!("{step} is signed, but is not the step that began"))?;
                let statement = opening.statement(&self.run, released_by, said);
                let found = signed(&statement, &recorded.armored).map_err(|_| {
                    format!("the signature of {released_by} is not one of what is recorded: one of the two was changed")
                })?;
                if found != **recorded {
                    return Err(format!("what is recorded of the signature of {released_by} is not so"));
                }
                let (step, released_by) = (step.clone(), released_by.clone());
                return Ok(Some(SignedRelease { seq: record.seq, step, released_by, signed: found }));
            }
            _ => {}
        }
        Ok(None)
    }
}
