//! The run as lines of text: a dialogue for screen readers, dumb terminals and pipes, and what the autopilot does.

mod anew;
mod ask;
pub mod autopilot;
pub mod before;
pub mod dialogue;
mod file;
mod fresh;
mod hear;
pub mod inputs;
mod look;
mod meaning;
mod orders;
mod printed;
pub mod read;
mod rehearse;
mod soak;
mod speak;
mod step;
mod tell;
pub mod told;
pub mod words;

pub use words::{WATERMARK, describe, line};
