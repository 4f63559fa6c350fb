//! One line of a review.

use serde::{Deserialize, Serialize};

use crate::journal::ChainedRecord;

/// The format in which reviews are written.
pub const REVIEW_FORMAT: u32 = 1;

/// One line of a review's file.
pub type ReviewRecord = ChainedRecord<ReviewEvent>;

/// What a line of a review says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReviewEvent {
    /// The first line.
    ReviewOpened {
        /// [`REVIEW_FORMAT`].
        format: u32,
        /// The run that is looked at.
        run: String,
        /// The version of piton that wrote it.
        version: String,
    },
    /// A remark on a record, or on the whole run.
    CommentAdded {
        /// The journal as the reviewer saw it.
        seen: Seen,
        /// The record's number; none: the whole run.
        record: Option<u64>,
        /// The remark.
        text: String,
    },
    /// What the reviewer came to; a later one of the same reviewer counts instead.
    VerdictGiven {
        /// The journal as the reviewer saw it.
        seen: Seen,
        /// The verdict.
        verdict: Verdict,
        /// Why; must not be empty unless it is accepted as it is.
        text: String,
    },
}

/// How far a journal stood when somebody looked at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// How many records it had.
    pub records: u64,
    /// The hash of the last of them.
    pub head: String,
}

/// What a reviewer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it is.
    Accepted,
    /// With remarks, that somebody should take care of.
    AcceptedWithRemarks,
    /// Not so.
    Rejected,
}

impl Verdict {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AcceptedWithRemarks => "accepted with remarks",
            Self::Rejected => "rejected",
        }
    }
}

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A remark on a record, or on the whole run.
    Comment {
        /// The record's number.
        record: Option<u64>,
        /// The remark.
        text: String,
    },
    /// A verdict.
    Verdict {
        /// Which.
        verdict: Verdict,
        /// Why.
        text: String,
    },
}
