//! What a report tells, before it is written in one form or another.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::report::sums::{NOT_PLANNED, Sum};
use crate::report::told::duration;

/// The format of the JSON that a report is written as; `REPORT.md` tells its keys.
pub const REPORT_FORMAT: u32 = 1;

/// A run, told for those who were not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: u32,
    /// Whether it was rehearsed: every form says so at its top.
    pub is_practice: bool,
    /// What must be known before anything of it is believed; empty for a whole journal of a closed run.
    pub warnings: Vec<String>,
    /// Which run it is.
    pub heading: Heading,
    /// What was bound before it opened; secrets as references.
    pub inputs: Vec<Bound>,
    /// Where a person overruled the machine, in order.
    pub deviations: Vec<Overruled>,
    /// The steps that were left undone when the run was given up: one deed, not many.
    pub left_undone: Vec<String>,
    /// The steps that are done and that no second person will ever have verified, because the run went back or was given
    /// up.
    pub never_verified: Vec<String>,
    /// What reviewers said, in order: remarks and verdicts.
    pub reviews: Vec<Reviewed>,
    /// The signatures of the journal itself.
    pub signatures: Vec<SignatureTold>,
    /// Plan against actual: the plan's phases, then those of the way back that was entered.
    pub phases: Vec<PhaseDone>,
    /// What was kept: output of commands, files that were named.
    pub evidence: Vec<Evidence>,
    /// The verdicts of each probe and node over the run.
    pub health: Vec<HealthRow>,
    /// Who let the run go on at its hold points.
    pub releases: Vec<Release>,
    /// Who sat there, and when.
    pub sittings: Vec<Sat>,
    /// Every record in order.
    pub records: Vec<Line>,
}

/// Which run it is, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Heading {
    /// The run's name.
    pub run: String,
    /// The runbook's title.
    pub title: String,
    /// Its name.
    pub runbook: String,
    /// Its revision.
    pub revision: String,
    /// Lower-case hex sha256 of its text.
    pub runbook_sha256: String,
    /// The document it was made from.
    pub document: Option<String>,
    /// `live` or `practice`.
    pub mode: String,
    /// The scenario of a practice run.
    pub scenario: Option<String>,
    /// The seed of a practice run.
    pub seed: Option<u64>,
    /// The word of the site, such as `PRODUCTION`.
    pub environment: Option<String>,
    /// The site's name.
    pub site: Option<String>,
    /// Everybody who sat there, `name@host`, in the order of the first time.
    pub operators: Vec<String>,
    /// How it ended, or how it stands when it has not.
    pub outcome: String,
    /// Whether it was closed.
    pub is_closed: bool,
    /// The reason given at its end.
    pub reason: String,
    /// The way back that was entered.
    pub way_back: Option<String>,
    /// Whether its journal is whole, for people.
    pub integrity: String,
    /// Whether it is: no torn or broken end.
    pub is_whole: bool,
    /// The hash of the last good record that is beyond doubt.
    pub head: String,
    /// How many of those there are.
    pub record_count: u64,
    /// The record behind them, of which nobody can tell whether it or the line after it was changed.
    pub doubtful_record: Option<u64>,
    /// How many sittings.
    pub sitting_count: usize,
    /// The first record.
    pub opened_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// From the first to the last.
    pub lasted_ms: u64,
    /// Of that, while somebody sat there.
    pub sat_ms: u64,
    /// How long the runbook plans for it.
    pub planned_ms: Option<u64>,
    /// The version of piton that opened it.
    pub version: String,
}

/// What a reviewer said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reviewed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// How many records the journal had then.
    pub records: u64,
    /// The record that a remark is on; none: the whole run.
    pub record: Option<u64>,
    /// `accepted`, `accepted with remarks`, `rejected`; none: a remark.
    pub verdict: Option<String>,
    /// Whose good signature covers the verdict; none: it is unproven, or a remark, or a later verdict counts instead.
    pub signed_by: Option<String>,
    /// Whether the reviewer sat at the run.
    pub is_operator: bool,
    /// In what words.
    pub text: String,
}

impl Reviewed {
    /// What proves a verdict, and whether it is one over an own run.
    pub(super) fn proof(&self) -> String {
        let proof = match (&self.verdict, &self.signed_by) {
            (None, _) => None,
            (Some(_), Some(whose)) => Some(format!("signed by {whose}")),
            (Some(_), None) => Some("unproven".into()),
        };
        let own = self.is_operator.then(|| "the reviewer is the operator".to_owned());
        own.into_iter().chain(proof).collect::<Vec<_>>().join(", ")
    }
}

/// A signature of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureTold {
    /// The file that was signed.
    pub file: String,
    /// `good`, `unknown` or `bad`.
    pub trust: String,
    /// Whose it is, by which key, and what it covers; or what is wrong.
    pub told: String,
}

/// An input and what it was bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Its name.
    pub input: String,
    /// Its value as text; of a secret, where it is found.
    pub value: String,
}

/// A place where the machine was overruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overruled {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// In which way: `skip`, `override`, `cut wait`, `acknowledged`, `deferred`.
    pub way: String,
    /// The step or condition, by name.
    pub subject: String,
    /// The same for people.
    pub title: String,
    /// The reason that was given.
    pub reason: String,
    /// What the document asks there.
    pub obligations: Vec<Asked>,
}

/// An obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Its name.
    pub id: String,
    /// What the document asks, in words of our own; empty when the id is not known here.
    pub asks: String,
    /// Under which heading of which document.
    pub place: String,
}

/// A phase as it went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseDone {
    /// Its name.
    pub phase: String,
    /// Its title.
    pub title: String,
    /// The way back it belongs to.
    pub way_back: Option<String>,
    /// Whether its steps may be taken in any order.
    pub any_order: bool,
    /// Its steps, item by item.
    pub steps: Vec<StepDone>,
    /// What they came to, item by item.
    pub sums: Vec<Sum>,
}

impl PhaseDone {
    /// Its steps, each with what stands before its title: its number within its item, or a bullet where the steps may
    /// be taken in any order.
    pub(super) fn marked(&self) -> impl Iterator<Item = (String, &StepDone)> {
        let (mut item, mut number) = (None, 0);
        self.steps.iter().map(move |step| {
            number = if item == Some(&step.item) { number + 1 } else { 1 };
            item = Some(&step.item);
            let title = match step.title.as_str() {
                "" => String::new(),
                title if self.any_order || self.phase.is_empty() => format!("• {title}"),
                title => format!("{number} {title}"),
            };
            (title, step)
        })
    }
}

/// A step as it went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepDone {
    /// Its name, `phase[item]/step`.
    pub step: String,
    /// Its title.
    pub title: String,
    /// The item it was for.
    pub item: Option<String>,
    /// What it asks for: `run`, `confirm`, ….
    pub action: String,
    /// How it stands: `done`, `skipped`, `pending`, ….
    pub status: String,
    /// Whether it was a wait, and cut short.
    #[serde(skip)]
    pub is_cut: bool,
    /// Who brought it there.
    pub by: String,
    /// Who did it, where that was another.
    pub doer: Option<String>,
    /// How a second person verifies it: `peer`, `independent`.
    pub verify: Option<String>,
    /// That person's word, with the name; `None` where none was given.
    pub verified: Option<String>,
    /// Who went on without that, and why; `None` where nobody did.
    pub waived: Option<String>,
    /// What was to be watched meanwhile, by title.
    pub watch: Vec<String>,
    /// What was said of it.
    pub said: String,
    /// How long the runbook means it to last, where it says so: a wait, a hold, a soak.
    pub planned_ms: Option<u64>,
    /// The time of all attempts together.
    pub took_ms: u64,
    /// Each time that it was walked.
    pub attempts: Vec<Attempt>,
    /// The obligations it carries, by name.
    pub sources: Vec<String>,
}

impl StepDone {
    /// How long all walks took; empty when it was not walked.
    pub(super) fn took(&self) -> String {
        if self.attempts.is_empty() { String::new() } else { duration(self.took_ms) }
    }

    /// How long it was planned to last.
    pub(super) fn planned(&self) -> String {
        self.planned_ms.map_or_else(|| NOT_PLANNED.to_owned(), duration)
    }

    /// Who did it and who says so.
    pub(super) fn who(&self) -> String {
        match &self.doer {
            Some(doer) if self.action == "check" => format!("{doer}; sensed by {}", self.by),
            Some(doer) => format!("{doer}; said by {}", self.by),
            None => self.by.clone(),
        }
    }

    /// What was said of it, by the second person too, and what was to be watched meanwhile.
    pub(super) fn told(&self) -> String {
        let mut told = match (&self.verify, &self.verified) {
            (Some(_), Some(verified)) => format!("{}; {verified}", self.said),
            (Some(_), None) if self.status == "done" => {
                let waived = self.waived.as_ref().map(|waived| format!(": {waived}")).unwrap_or_default();
                format!("{}; NOT VERIFIED by a second person{waived}", self.said)
            }
            _ => self.said.clone(),
        };
        if !self.watch.is_empty() && !self.attempts.is_empty() {
            let gap = if told.is_empty() { "" } else { "; " };
            told.push_str(&format!("{gap}to be watched meanwhile: {}", self.watch.join("; ")));
        }
        told
    }

    /// Its walks in words, `at` telling a moment: one that ended as the step stands is told without its end's word.
    pub(super) fn walked(&self, at: impl Fn(Timestamp) -> String) -> Vec<String> {
        let is_only = self.attempts.len() == 1;
        let walks = self.attempts.iter().map(|walk| match walk.ended {
            Some(ended) if is_only && walk.status == self.status => format!("{} to {}", at(walk.began), at(ended)),
            Some(ended) => format!("{} to {} {}", at(walk.began), at(ended), walk.status.replace('_', " ")),
            None => format!("since {}", at(walk.began)),
        });
        walks.collect()
    }
}

/// One walk through a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None`: it goes on.
    pub ended: Option<Timestamp>,
    /// How it ended, or `current`.
    pub status: String,
}

/// Something that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Of which step.
    pub step: String,
    /// What it is: the command line, or the answer's name.
    pub what: String,
    /// The file: in the run's `output` folder, or the path that was given.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Bytes beyond the limit that were not kept.
    pub left_out_bytes: u64,
    /// Lower-case hex sha256.
    pub sha256: String,
    /// Whether the file there still has it.
    pub now: FileNow,
}

/// What a kept file is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileNow {
    /// As it is recorded.
    Same,
    /// Other than recorded.
    Differs,
    /// Not there.
    Missing,
    /// Nobody looked: it lies outside the run's folder, or cannot be read.
    NotLookedAt,
}

impl FileNow {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "as recorded",
            Self::Differs => "DIFFERS",
            Self::Missing => "MISSING",
            Self::NotLookedAt => "not looked at",
        }
    }
}

/// The verdicts of one probe and node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthRow {
    /// The probe's name.
    pub probe: String,
    /// Its title.
    pub title: String,
    /// The node.
    pub node: Option<String>,
    /// One after the other, without a gap.
    pub spans: Vec<Span>,
}

/// A time in which a verdict stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What it was.
    pub verdict: Seen,
    /// Why, in a few words.
    pub why: String,
}

/// A verdict, or that nobody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// As it should be.
    Ok,
    /// Alive, not as it should be.
    Degraded,
    /// Not as it should be.
    Bad,
    /// Not known.
    Unknown,
    /// Nobody sat there.
    Unseen,
}

impl Seen {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Degraded, Self::Bad, Self::Unknown, Self::Unseen];

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::Unseen => "nobody looked",
        }
    }
}

/// A hold point that a second person released, or a step that one verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// Who acts in the run.
    pub by: String,
    /// Who released it.
    pub released_by: String,
    /// How that person verified a step, where it is no hold point: `peer`, `independent`.
    pub verifies: Option<String>,
    /// In which words.
    pub said: String,
    /// With which key it was signed; the signature is good, for others stand in no good record.
    pub signature: Option<String>,
}

impl Release {
    /// Who released it; who verified a step says how.
    pub(super) fn who(&self) -> String {
        let verifies = self.verifies.as_ref().map(|verifies| format!(" ({verifies} verification)"));
        format!("{}{}", self.released_by, verifies.unwrap_or_default())
    }
}

/// One sitting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sat {
    /// Who, `name@host`.
    pub operator: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when, as far as it is recorded.
    pub until: Timestamp,
    /// How it ended: `left`, `interrupted`, `open`.
    pub how: String,
}

/// A record in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What sort of thing happened.
    pub what: String,
    /// To which step, condition or phase.
    pub about: String,
    /// What is told of it.
    pub told: String,
    /// Whether it overrules the machine.
    pub is_deviation: bool,
    /// Whether it may have been changed: nothing but this line is told of it.
    pub is_doubtful: bool,
}
