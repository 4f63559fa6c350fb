//! Opening a live run in lines: what is found is told, the environment confirmed, then the dialogue goes on.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::pin::Pin;

use crate::cli::error::CliError;
use crate::cli::{dialogue, fold, place, run};
use crate::clock::Timestamp;
use crate::journal::Remembered;
use crate::plain::before::{Decided, Wanted, decide};
use crate::session::launch::{self, Opening};
use crate::session::preflight::{Preflight, Preparation};

/// Opens a live run, when whoever types there confirms it, and walks it in lines.
///
/// # Errors
/// It is not confirmed, or cannot be opened or written.
pub fn in_lines(opening: Opening, is_beside: bool) -> Result<u8, CliError> {
    let (runtime, store, who) = (run::runtime()?, run::store()?, place::who("plain"));
    let world = run::live_world(runtime.handle(), Timestamp::default())?;
    let remembered = Remembered::default();
    let mut typing = dialogue::ears()?;
    let decided = {
        let prepared =
            Preparation { store: &store, remembered: &remembered, opening: &opening, who: &who, world: &world };
        let look = |is_accepted: bool| -> Pin<Box<dyn Future<Output = Result<Preflight, String>> + '_>> {
            Box::pin(prepared.look(is_accepted))
        };
        let book = &opening.runbook;
        let sha256 = book.sha256.get(..8).unwrap_or_default();
        let runbook = format!("{} ({}), revision {}, sha256 {sha256}", book.title, book.id, book.revision);
        let wanted = Wanted { runbook, site: opening.site.as_ref() };
        let interrupted = dialogue::interruption(&runtime)?;
        let mut out = fold::out();
        let is_echoed = io::stdin().is_terminal();
        let decided = decide(&wanted, &look, &mut typing.lines, &mut out, is_echoed, interrupted);
        runtime.block_on(decided).map_err(|error| CliError::suspended(format!("no run was opened: {error}")))?
    };
    let notes = match decided {
        Decided::Start(notes) => notes,
        Decided::Not(why) => return Err(CliError::suspended(format!("no run was opened: {why}"))),
    };
    let launched = if is_beside || !notes.is_empty() {
        launch::begin_beside(&store, opening, notes, &who, world)
    } else {
        launch::begin(&store, opening, &who, world)
    };
    dialogue::in_lines_of(&runtime, launched.map_err(run::launch_error)?, typing)
}
