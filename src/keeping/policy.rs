//! Which runs may go. Pure.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Mode;
use crate::journal::{RunSummary, Standing};

/// Which runs are to go: all that fit every part that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The latest so many of each runbook stay, live runs and practice counted apart.
    pub keep: Option<usize>,
    /// Those stay whose last record is not older.
    pub older_than: Option<Duration>,
    /// Only runs of this runbook go.
    pub runbook: Option<String>,
    /// Live runs may go, too, once they are closed and found whole.
    pub is_live: bool,
    /// Practice runs may go whose journal is not whole.
    pub is_unverified: bool,
}

/// What becomes of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Goes,
    /// It stays, as the policy has it.
    Stays,
    /// The policy would let it go, and it stays nevertheless.
    Refused(Reason),
}

/// Why a run stays although it would have to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody sits at it.
    Held(String),
    /// It is live and not closed; nothing lets it go.
    Unfinished,
    /// It is live, and whether it is closed cannot be told; why. Only its own name lets it go.
    Untold(String),
    /// Its journal is of a later piton, which may know what it is for; nothing lets it go.
    Newer(u64),
    /// It is live, and nobody said that live runs may go.
    Live,
    /// Its journal is not whole, and nobody said that such runs may go.
    Unverified(String),
    /// It is live, and its journal is whole and not to be trusted; why. Only its own name lets it go.
    Doubted(String),
    /// It was named as damaged, and is not.
    Undamaged(&'static str),
}

impl Reason {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            Self::Held(who) => format!("{who} is at it"),
            Self::Unfinished => "it is live and not closed".into(),
            Self::Untold(why) => {
                format!(
                    "it is live, and whether it is closed cannot be told: {why}: --damaged with its name lets it go"
                )
            }
            Self::Doubted(why) => format!("it is live, and {why}: --damaged with its name lets it go"),
            Self::Newer(format) => format!("its journal is written in format {format}: use a newer piton"),
            Self::Live => "it is live: --live lets it go".into(),
            Self::Unverified(why) => format!("{why}: --unverified lets it go"),
            Self::Undamaged(what) => format!("it is not damaged: {what}"),
        }
    }
}

/// Whether that run may go because it was named as damaged, and is.
///
/// # Errors
/// The reason for which it stays.
pub fn damage(run: &RunSummary) -> Result<(), Reason> {
    if let Some(holder) = &run.holder {
        return Err(Reason::Held(holder.to_string()));
    }
    match &run.standing {
        Standing::Newer(format) => Err(Reason::Newer(*format)),
        Standing::Closed(_) => Err(Reason::Undamaged("it is closed")),
        Standing::Open => Err(Reason::Undamaged("it is open, and `piton resume` goes on with it")),
        Standing::Torn => Err(Reason::Undamaged("a crash has torn its last line, and `piton resume` goes on with it")),
        Standing::Damaged { .. } | Standing::Unreadable(_) | Standing::NeverOpened => Ok(()),
    }
}

/// What is the matter with a journal that is not whole.
fn broken_how(standing: &Standing) -> Option<String> {
    Some(match standing {
        Standing::Torn => "its journal is torn at its end".to_owned(),
        Standing::Damaged { line, what } => format!("its journal is broken at line {line}: {what}"),
        Standing::Unreadable(why) => format!("its journal cannot be read: {why}"),
        Standing::NeverOpened => "its journal holds no whole record".to_owned(),
        Standing::Open | Standing::Closed(_) | Standing::Newer(_) => return None,
    })
}

impl Policy {
    /// What becomes of each of these runs, which stand with the latest first. `is_in_runs` tells whether one lies where live
    /// runs lie: such a one counts as live whatever its record says, as does one whose record says so wherever it lies.
    pub fn fates<R: Borrow<RunSummary>>(
        &self,
        runs: &[R],
        now: Timestamp,
        is_in_runs: impl Fn(&RunSummary) -> bool,
    ) -> Vec<Fate> {
        let mut seen: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        let fates = runs.iter().map(Borrow::borrow).map(|run| {
            let is_live = is_in_runs(run) || run.opening.as_ref().is_some_and(|head| head.mode == Mode::Live);
            let name = run.opening.as_ref().map_or("", |head| head.runbook.as_str());
            let place = seen.entry((is_live, name)).or_default();
            *place += 1;
            let is_wanted = self.runbook.as_ref().is_none_or(|wanted| wanted == name);
            let is_beyond = self.keep.is_none_or(|keep| *place > keep);
            // What has no time is no older than anything.
            let is_old = |limit| run.last_at.is_some_and(|last| now.since(last) > limit);
            if !is_wanted || !is_beyond || !self.older_than.is_none_or(is_old) {
                return Fate::Stays;
            }
            self.against(run, is_live).map_or(Fate::Goes, Fate::Refused)
        });
        fates.collect()
    }

    /// Why it stays although it would have to go.
    fn against(&self, run: &RunSummary, is_live: bool) -> Option<Reason> {
        if let Some(holder) = &run.holder {
            return Some(Reason::Held(holder.to_string()));
        }
        let unverified = broken_how(&run.standing);
        match (&run.standing, unverified) {
            (Standing::Newer(format), _) => Some(Reason::Newer(*format)),
            (Standing::Open | Standing::Torn, _) if is_live => Some(Reason::Unfinished),
            (_, Some(why)) if is_live => Some(Reason::Untold(why)),
            _ if is_live && !self.is_live => Some(Reason::Live),
            (_, unverified) => unverified.filter(|_| !self.is_unverified).map(Reason::Unverified),
        }
    }

    /// In words, as it is written down.
    pub fn told(&self) -> String {
        let days = |limit: Duration| format!("older than {} days", limit.as_secs() / 86_400);
        let parts = [
            self.keep.map(|keep| format!("beyond the latest {keep} of its runbook")),
            self.older_than.map(days),
            self.runbook.as_ref().map(|name| format!("of {name}")),
            self.is_live.then(|| "live ones too".to_owned()),
            self.is_unverified.then(|| "also what cannot be verified".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
