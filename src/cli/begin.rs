//! Opening a live run in lines: what is found is told, the environment confirmed, then the dialogue goes on.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::pin::Pin;

use crate::cli::error::CliError;
use crate::cli::runtime::Runtime;
use crate::cli::{dialogue, fold, place, progress, run};
use crate::clock::Timestamp;
use crate::journal::Remembered;
use crate::plain::before::{Decided, Wanted, decide};
use crate::plain::inputs;
use crate::plain::read::Typing;
use crate::runbook::{Input, InputId};
use crate::session::launch::{self, Opening};
use crate::session::preflight::{Preflight, Preparation};
use crate::site::{Site, bind};

/// What is still to be asked, and what the rest is bound by.
pub struct Unbound<'a> {
    /// Bound on the command line.
    pub set: &'a [(String, String)],
    /// The site.
    pub site: Option<&'a Site>,
    /// The inputs that nothing binds.
    pub missing: &'a [InputId],
}

/// Opens a live run, when whoever types there confirms it, and walks it in lines.
///
/// # Errors
/// It is not confirmed, or cannot be opened or written.
pub fn in_lines(opening: Opening, unbound: &Unbound<'_>, is_beside: bool) -> Result<u8, CliError> {
    let (runtime, store, who) = (Runtime::start()?, run::store()?, place::who("plain"));
    let world = run::live_world(&runtime, Timestamp::default())?;
    let remembered = Remembered::default();
    // Nobody waits for long journals behind a question that was answered.
    progress::read_live(&store, &remembered)?;
    let mut typing = dialogue::ears()?;
    let opening = given(opening, unbound, &runtime, &mut typing)?;
    let decided = {
        let prepared =
            Preparation { store: &store, remembered: &remembered, opening: &opening, who: &who, world: &world };
        let look = |is_accepted: bool| -> Pin<Box<dyn Future<Output = Result<Preflight, String>> + '_>> {
            Box::pin(prepared.look(is_accepted))
        };
        let wanted = wanted(&opening, !unbound.missing.is_empty());
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
        launch::begin_beside(&store, &remembered, opening, notes, &who, world)
    } else {
        launch::begin(&store, &remembered, opening, &who, world)
    };
    dialogue::in_lines_of(&runtime, launched.map_err(run::launch_error)?, typing)
}

/// What is to be opened, as it is told.
fn wanted(opening: &Opening, is_told: bool) -> Wanted<'_> {
    let book = &opening.runbook;
    let sha256 = book.sha256.get(..8).unwrap_or_default();
    let runbook = format!("{} ({}), revision {}, sha256 {sha256}", book.title, book.id, book.revision);
    Wanted { runbook, site: opening.site.as_ref(), is_told }
}

/// The same run with what was still to be asked.
fn given(opening: Opening, unbound: &Unbound<'_>, runtime: &Runtime, typing: &mut Typing) -> Result<Opening, CliError> {
    if unbound.missing.is_empty() {
        return Ok(opening);
    }
    let not = |why: &dyn std::fmt::Display| CliError::suspended(format!("no run was opened: {why}"));
    let book = &opening.runbook;
    let asked: Vec<&Input> = book.inputs.iter().filter(|input| unbound.missing.contains(&input.id)).collect();
    let (interrupted, mut out) = (dialogue::interruption(runtime)?, fold::out());
    let is_echoed = io::stdin().is_terminal();
    let wanted = wanted(&opening, false);
    let given = inputs::give((book, &asked), &wanted, &mut typing.lines, &mut out, is_echoed, interrupted);
    let given = runtime.block_on(given).map_err(|error| not(&error))?;
    let given = given.ok_or_else(|| not(&"not every input has a value"))?;
    let bound = bind(book, unbound.set, unbound.site, &given).map_err(|problems| run::unbound(&problems))?;
    Ok(Opening { inputs: bound.inputs, ..opening })
}
