//! What the set-up screens ask before a run opens, and what they ask to have opened.

use std::path::PathBuf;

use crate::engine::SiteSeen;
use crate::runbook::InputKind;
use crate::tui::shelf::Score;

/// How many times as fast as real time a rehearsal may run.
pub const SPEEDS: (f64, f64) = (0.1, 10_000.0);

/// What the set-up screens ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// The runbook's name.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// Its revision and the beginning of its text's sha256.
    pub version: String,
    /// Practice or live.
    pub is_practice: bool,
    /// The place, when there is a site file.
    pub site: Option<SiteSeen>,
    /// That file.
    pub site_file: Option<PathBuf>,
    /// The site files that can be chosen; empty when there are none, or one was given.
    pub sites: Vec<SiteOffered>,
    /// Where site files are looked for.
    pub sites_folder: String,
    /// Whether nothing is left to ask and the start was asked for: what is looked at before comes at once.
    pub is_ready: bool,
    /// All inputs: those that must be asked first, then those that have a value.
    pub asked: Vec<Question>,
    /// What can be practised.
    pub scenarios: Vec<ScenarioOffered>,
    /// The seed with which chance picks, unless another is typed.
    pub seed: u64,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name.
    pub input: String,
    /// What it takes.
    pub kind: InputKind,
    /// The question.
    pub prompt: String,
    /// What stands in the field at first.
    pub default: String,
    /// Where that comes from, such as `the site file`; empty for what must be asked.
    pub given: String,
    /// Whether it may stay empty.
    pub is_optional: bool,
    /// What it was bound to in earlier runs of this runbook and site, the latest first; of secrets nothing.
    pub history: Vec<String>,
}

/// A site file that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteOffered {
    /// The file.
    pub file: PathBuf,
    /// The site, when the file can be read.
    pub site: Option<SiteSeen>,
    /// Why it cannot be chosen, line by line as it is shown, with the place in the file; empty when it can.
    pub problem: String,
}

/// A scenario that can be practised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioOffered {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What goes wrong in it; told once it was walked to an end.
    pub trouble: Option<String>,
    /// What there is to learn; told once it was walked to an end, since it gives the fault away.
    pub learn: String,
    /// Nothing goes wrong in it.
    pub is_calm: bool,
    /// How many hints it has.
    pub hints: usize,
    /// Its seed, unless another is typed.
    pub seed: Option<u64>,
    /// How it went before.
    pub score: Option<Score>,
}

/// A run that is to be opened.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Against real systems.
    Live {
        /// The runbook's name.
        runbook: String,
        /// The site file; `None`: none.
        site: Option<PathBuf>,
        /// The answers by input.
        answers: Vec<(String, String)>,
        /// What is recorded of what a person looked at and went on with.
        notes: Vec<String>,
    },
    /// Against a simulated cluster.
    Practice {
        /// The runbook's name.
        runbook: String,
        /// The scenario; `None`: the calm one, where there is one.
        scenario: Option<String>,
        /// The seed; `None`: that of the scenario.
        seed: Option<u64>,
        /// How many times as fast as real time, in thousandths.
        speed_milli: u64,
    },
}

impl Wanted {
    /// The runbook's name.
    pub fn runbook(&self) -> &str {
        match self {
            Self::Live { runbook, .. } | Self::Practice { runbook, .. } => runbook,
        }
    }
}
