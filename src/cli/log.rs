//! The diagnostic log: only when asked for, never on the screen.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::error::CliError;
use crate::cli::place;

/// The variable that turns the log on: `error`, `warn`, `info`, `debug` or `trace`.
pub const VARIABLE: &str = "PITON_LOG";

/// Starts the log in `piton.log` in the state folder when [`VARIABLE`] is set.
///
/// # Errors
/// The level is none, or the file cannot be written.
pub fn start() -> Result<(), CliError> {
    let Some(level) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let level: LevelFilter = level.to_string_lossy().parse().map_err(|_| {
        CliError::usage(format!("{VARIABLE} is no log level")).hint("use error, warn, info, debug or trace")
    })?;
    let folder = place::state_root()?;
    crate::fs::ensure_private_folder(&folder).map_err(CliError::failed)?;
    let path = folder.join("piton.log");
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    let file = file.map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    // Started once per process; a second call would find the first log in place, which is as good.
    let _ = tracing_subscriber::registry().with(layer).with(Targets::new().with_target("piton", level)).try_init();
    Ok(())
}
