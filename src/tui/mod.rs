//! The screens: one model, `update`, `view`; a runtime that does what they ask for.
//!
//! Absent here: files, journals, engine decisions. A key becomes an action, an action a proposal, and only what the
//! session says was recorded changes what is drawn. Whatever comes from outside is cleaned at the brush
//! ([`widget::paint`]).

pub mod app;
pub mod backstage;
pub mod choice;
pub mod dialog;
mod encode;
mod evidence;
mod input;
pub mod keymap;
pub mod message;
pub mod options;
mod panicked;
pub mod recorded;
pub mod release;
mod runtime;
pub mod screen;
mod shown;
mod sizes;
mod tell;
mod terminal;
pub mod theme;
mod watch;
pub mod widget;
pub mod wrap;

pub use backstage::{
    Backstage, Exit, JournalEntry, LibraryEntry, OpenRun, Question, Questions, Recording, Start, TuiError,
};
pub use options::Options;
pub use shown::{Shown, open};
pub use terminal::print_after;

#[cfg(test)]
mod back_tests;
#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod defer_tests;
#[cfg(test)]
mod disturb_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod keys_tests;
#[cfg(test)]
mod nested_tests;
#[cfg(test)]
mod overview_tests;
#[cfg(test)]
mod panes_tests;
#[cfg(test)]
mod practice_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod replay_alike_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod screens_tests;
#[cfg(test)]
mod soak_tests;
#[cfg(test)]
mod stage_tests;
#[cfg(test)]
mod together_tests;
#[cfg(test)]
mod words_tests;
