//! The screens: one model, `update`, `view`; a runtime that does what they ask for.
//!
//! Absent here: files, journals, engine decisions. A key becomes an action, an action a proposal, and only what the
//! session says was recorded changes what is drawn. Whatever comes from outside is cleaned at the brush
//! ([`widget::paint`]).

pub mod app;
pub mod attach;
pub mod backstage;
pub mod beside;
mod bound;
mod cast;
pub mod choice;
pub mod contrast;
mod copy;
pub mod dialog;
mod editor;
mod encode;
mod evidence;
pub mod field;
pub mod filter;
mod flow;
pub mod found;
mod hands;
mod input;
pub mod key;
pub mod keymap;
pub mod markdown;
pub mod message;
mod notify;
pub mod options;
pub mod palette;
mod panicked;
mod perform;
pub mod pick;
pub mod rebind;
pub mod recorded;
pub mod release;
mod runtime;
pub mod screen;
mod scrolling;
pub mod search;
mod searching;
mod sequence;
pub mod shelf;
mod shown;
mod sift;
pub mod sign;
mod sizes;
pub mod spot;
mod stagehand;
pub mod table;
pub mod tell;
mod terminal;
pub mod theme;
pub mod wanted;
mod watch;
mod wheel;
pub mod widget;
pub mod wrap;

pub use backstage::{
    Backstage, EachJournals, Exit, GoesOn, JournalEntry, LibraryEntry, OpenRun, RecordFound, Recording, Start, TuiError,
};
pub use cast::{CAST_SIZES, CastError, cast};
pub use options::Options;
pub use screen::replay::tape::Tape;
pub use shown::{Shown, open};
pub use terminal::print_after;
pub use wanted::{Question, Questions, Wanted};

#[cfg(test)]
mod absent_tests;
#[cfg(test)]
mod actor_tests;
#[cfg(test)]
mod alarms_tests;
#[cfg(test)]
mod back_tests;
#[cfg(test)]
mod beside_tests;
#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod cautions_tests;
#[cfg(test)]
mod changed_tests;
#[cfg(test)]
mod contrast_tests;
#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod defer_tests;
#[cfg(test)]
mod disturb_tests;
#[cfg(test)]
mod found_tests;
#[cfg(test)]
mod gallery_kinds_tests;
#[cfg(test)]
mod gallery_more_tests;
#[cfg(test)]
pub(crate) mod gallery_tests;
#[cfg(test)]
mod health_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod journals_tests;
#[cfg(test)]
mod keys_tests;
#[cfg(test)]
mod meanwhile_tests;
#[cfg(test)]
mod nested_tests;
#[cfg(test)]
mod overview_tests;
#[cfg(test)]
mod panes_tests;
#[cfg(test)]
mod pick_tests;
#[cfg(test)]
mod practice_tests;
#[cfg(test)]
mod quiet_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod reach_tests;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
pub(crate) mod replay_alike_tests;
#[cfg(test)]
pub(crate) mod replay_tests;
#[cfg(test)]
mod replay_title_tests;
#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod reverted_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod screens_tests;
#[cfg(test)]
mod sign_tests;
#[cfg(test)]
mod small_tests;
#[cfg(test)]
mod soak_tests;
#[cfg(test)]
pub(crate) mod stage_tests;
#[cfg(test)]
mod take_up_tests;
#[cfg(test)]
mod together_tests;
#[cfg(test)]
mod typed_tests;
#[cfg(test)]
mod unseen_tests;
#[cfg(test)]
mod values_tests;
#[cfg(test)]
mod verified_tests;
#[cfg(test)]
mod words_tests;
