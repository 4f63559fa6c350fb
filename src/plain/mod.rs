//! The run as lines of text: for pipes, logs and the autopilot.

pub mod autopilot;
pub mod words;

pub use words::{WATERMARK, describe, line};
