//! The user's own settings: which files there may be, reading them, and what `config.toml` says.
//!
//! Absent here: what a keymap or a theme means. Only texts are handed on, of bounded length.

mod files;
mod settings;

pub use files::{Folder, UserText};
pub use settings::{Notify, Settings};
