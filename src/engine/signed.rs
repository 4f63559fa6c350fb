//! What a second person signs who lets a run go on, and how that is checked again from the journal alone.
//!
//! The statement of a hold point names the run, the step, the person, the words, and the record before the one that
//! began the step, by its hash. That record is chosen because it stands still: while somebody fetches a key, conditions
//! change and are recorded, and a statement about the last record would be outdated before it is signed. It still
//! stands for one moment of one run: the hash covers all that was recorded up to there, and a step that begins again,
//! because a person went back, begins after another record.
//!
//! The statement of a verification names the record that stated or finished the step instead (`stated.rs`), and what it
//! states: that stands still as well, and whatever is stated anew is another record. Journals in which a verification was
//! signed like a hold point stay verifiable, as what they are: [`SignedRelease::is_of_opening`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::event::{Event, Record};
use crate::engine::proposal::Refusal;
use crate::engine::state::RunState;
use crate::engine::stated::Stated;
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

impl Stated {
    /// What is signed of a verification: one text for one record, whose end is a newline.
    fn statement(&self, (run, step): (&str, &StepKey), verified_by: &str, seen: &str) -> String {
        let Self { seq, hash, said } = self;
        let (run, stated, verified_by, seen) = (one_line(run), one_line(said), one_line(verified_by), one_line(seen));
        format!(
            "piton verification 1\nrun: {run}\nstep: {step}\nrecord: {seq} {hash}\nstated: {stated}\nby: {verified_by}\n\
             said: {seen}\n"
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

/// What that person would sign to release that step, which is the current one, or to verify what it came to.
///
/// # Errors
/// It is neither the current step nor to be verified.
pub fn release_statement(state: &RunState, key: &StepKey, by: &str, said: &str) -> Result<String, Refusal> {
    let run = state.opened.as_ref().map(|opened| opened.run.as_str());
    let not_current = || Refusal::NotCurrent(key.clone());
    let run = run.ok_or_else(not_current)?;
    if let Some(unverified) = state.unverified.get(key) {
        let stated = unverified.stated.as_ref().ok_or_else(not_current)?;
        return Ok(stated.statement((run, key), by, said));
    }
    let opening = state.opening.as_ref().filter(|opening| opening.step == *key).ok_or_else(not_current)?;
    Ok(opening.statement(run, by, said))
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
    /// Whether it is of a verification, but says only where the step began, as it did once, and not what was verified.
    pub is_of_opening: bool,
}

impl SignedRelease {
    /// By which key and of what, as the end of a sentence.
    pub fn describe(&self) -> String {
        let of = if self.is_of_opening { "; it says where the step began, not what was verified" } else { "" };
        format!("{}{of}", self.signed.describe())
    }
}

/// Reads along in a journal and checks every signature of a release, by the records before it.
#[derive(Clone, Debug, Default)]
pub struct SignatureWatch {
    run: String,
    /// The step that began last.
    last: Option<StepKey>,
    /// Where each step began last.
    openings: BTreeMap<StepKey, Opening>,
    /// What was stated last of each step since then.
    stated: BTreeMap<StepKey, Stated>,
    /// The step of which the last record states something: the next one names its hash.
    unnamed: Option<StepKey>,
}

impl SignatureWatch {
    /// Takes the next record in; a release that is signed comes back.
    ///
    /// # Errors
    /// Its signature does not fit, or what is recorded of it is not so; why, for people.
    pub fn take(&mut self, record: &Record) -> Result<Option<SignedRelease>, String> {
        self.pass(&record.prev);
        let taken = self.judge(record);
        if let Some((step, stated)) = Stated::of(record) {
            self.stated.insert(step.clone(), stated);
            self.unnamed = Some(step.clone());
        }
        taken
    }

    /// Passes a record of a changed condition or a remark, of which only the hash counts that it names.
    pub fn pass(&mut self, prev: &str) {
        if let Some(stated) = self.unnamed.take().and_then(|step| self.stated.get_mut(&step)) {
            prev.clone_into(&mut stated.hash);
        }
    }

    fn judge(&mut self, record: &Record) -> Result<Option<SignedRelease>, String> {
        match &record.event {
            Event::RunOpened(opened) => self.run.clone_from(&opened.run),
            Event::StepBegan { step, .. } => {
                self.last = Some(step.clone());
                self.openings.extend(Opening::of(record).map(|opening| (step.clone(), opening)));
                self.stated.remove(step);
            }
            Event::StepRetried { step, .. } => drop(self.stated.remove(step)),
            Event::HoldReleased { step, released_by, verifies, signature: Some(recorded), .. } => {
                let (found, is_of_opening) = self.found(&record.event, &recorded.armored)?;
                let is_of_opening = is_of_opening && verifies.is_some();
                if found != **recorded {
                    return Err(format!("what is recorded of the signature of {released_by} is not so"));
                }
                let (step, released_by) = (step.clone(), released_by.clone());
                return Ok(Some(SignedRelease { seq: record.seq, step, released_by, signed: found, is_of_opening }));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The signature of a release, and whether it is of where the step began.
    fn found(&self, release: &Event, armored: &str) -> Result<(Signed, bool), String> {
        let Event::HoldReleased { step, released_by, said, verifies, .. } = release else {
            return Err("it is no release".to_owned());
        };
        let stated = self.stated.get(step).filter(|_| verifies.is_some());
        let of_stated = stated.map(|stated| stated.statement((&self.run, step), released_by, said));
        if let Some(Ok(found)) = of_stated.map(|statement| signed(&statement, armored)) {
            return Ok((found, false));
        }
        // What is verified may have been done long before.
        let is_it = verifies.is_some() || self.last.as_ref() == Some(step);
        let opening = self.openings.get(step).filter(|_| is_it);
        let opening = opening.ok_or_else(|| format!("{step} is signed, but is not the step that began"))?;
        let found = signed(&opening.statement(&self.run, released_by, said), armored).map_err(|_| {
            format!("the signature of {released_by} is not one of what is recorded: one of the two was changed")
        })?;
        Ok((found, true))
    }
}
