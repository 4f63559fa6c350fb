//! The run: pure. State is the fold of records; proposals become events or refusals.
//!
//! Absent here: input and output, a clock, threads, texts longer than a fragment.

pub mod allowed;
mod back;
mod began;
mod bind;
pub mod board;
mod cautions;
mod command;
mod condition;
pub mod decide;
mod defer;
mod deviation;
mod dispute;
mod disturb;
mod ending;
pub mod event;
mod evidence;
pub mod filled;
mod fold;
mod folding;
pub mod gate;
mod glance;
mod grown;
mod hang;
pub mod left;
mod meanwhile;
pub mod observe;
mod overrule;
mod planned;
pub mod proposal;
mod rehearsal;
mod release;
mod relied;
mod renew;
mod restart;
pub mod scope;
mod settle;
mod sight;
mod signed;
mod soak;
pub mod state;
mod stated;
mod story;
mod subject;
mod take_up;
pub mod together;
mod verified;

pub use allowed::{Allowed, allowed, ways_on};
pub use back::{asked_by_way_back, items_of_way_back, offered_rollback, ways_back};
pub use began::Began;
pub use bind::next_loop;
pub use board::*;
pub use cautions::{CautionsOfLoops, cautions_of, has_changed, read_for};
pub use command::{CRITICAL_SAMPLE_MS, evidence};
pub use decide::decide;
pub use defer::may_defer;
pub use deviation::{Deviation, DeviationKind, is_left_undone};
pub use dispute::Stood;
pub use disturb::{Disturbed, Turn, Turned, turned};
pub use event::*;
pub use evidence::Attached;
pub use folding::Folding;
pub use gate::{Gate, Hold, blocking, evaluate, evaluate_at, fresh_for, gate, judged_parts, needing, watched};
pub use glance::{Changed, Glance};
pub use grown::Grown;
pub use meanwhile::{Meanwhile, meanwhile};
pub use observe::*;
pub use proposal::*;
pub use rehearsal::Happening;
pub use release::{may_release, person_of};
pub use relied::Relied;
pub use renew::renewable;
pub use restart::{Before, Given, reopened};
pub use settle::stalled;
pub use sight::Sight;
pub use signed::{
    Opening, RELEASE_NAMESPACE, SignatureWatch, Signed, SignedRelease, release_statement, released_by, signed,
    signed_by,
};
pub use soak::{SoakState, SoakView, WORSE_EVERY, looked_at, note_due, soak_view, worse};
pub use state::*;
pub use stated::Stated;
pub use story::{Contradiction, Story, contradiction};
pub use take_up::takeable;
pub use together::{Batch, ItemResult, MAX_AT_ONCE, commands_of, is_together};

pub use verified::{Unverified, Verified, Waived, Withheld};

#[cfg(test)]
mod tests;
