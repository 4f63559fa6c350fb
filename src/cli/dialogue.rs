//! Runs told in lines: by a person's dialogue, or by the autopilot.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use crate::cli::error::{CliError, SUSPENDED};
use crate::cli::runtime::Runtime;
use crate::cli::{fold, run, sign};
use crate::clock;
use crate::engine::Outcome;
use crate::exec::Borrower;
use crate::journal::{Role, RunDir};
use crate::plain::read::{Heard, Typed, Typing};
use crate::plain::{WATERMARK, dialogue, read};
use crate::session::Launched;
use crate::session::script::Missed;
use crate::text::{clean_block, clean_line};

/// Whether the run is a dialogue of lines: that was asked for, or the terminal can do nothing else.
pub fn is_wanted(is_asked_for: bool) -> bool {
    is_asked_for || (run::has_terminal() && is_dumb())
}

/// Whether the terminal is said to know nothing but lines.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Talks a run through with whoever types on standard input.
///
/// # Errors
/// The input cannot be read, or the output or the journal cannot be written.
pub fn in_lines(runtime: &Runtime, launched: Launched) -> Result<u8, CliError> {
    in_lines_of(runtime, launched, ears()?)
}

/// What is typed on standard input.
///
/// # Errors
/// It cannot be read.
pub fn ears() -> Result<Typing, CliError> {
    io::stdin().as_fd().try_clone_to_owned().and_then(read::listen).map_err(CliError::failed)
}

/// The same with somebody who was heard before.
///
/// # Errors
/// See [`in_lines`].
pub fn in_lines_of(runtime: &Runtime, launched: Launched, mut typing: Typing) -> Result<u8, CliError> {
    let folder = launched.folder.clone();
    let input = io::stdin();
    let interrupted = interruption(runtime)?;
    let mut out = fold::out();
    let talked = dialogue::talk(launched, &mut typing.lines, &mut out, input.is_terminal(), interrupted);
    let talked = runtime.block_on(talked).map_err(|error| unheard(&folder, &error))?;
    let (is_closed, is_practice) = (talked.closed.is_some(), run::is_of_practice(&folder));
    let status = told_end(&folder, talked.closed.map(|closed| closed.outcome), talked.halted)?;
    if is_closed && is_practice {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let _ = out.write_all(format!("{WATERMARK}what it came to: piton debrief {name}\n").as_bytes());
    }
    if is_closed && input.is_terminal() {
        offer_to_sign(runtime, &folder, typing, &mut out)?;
    }
    Ok(status)
}

/// Asks whether the journal of a run that was closed is signed, and with which key, when whoever sits here has one.
fn offer_to_sign(runtime: &Runtime, folder: &Path, mut typing: Typing, out: &mut impl Write) -> Result<(), CliError> {
    let Some(first) = sign::keys().into_iter().next() else { return Ok(()) };
    let first = first.path;
    let is_practice = run::is_of_practice(folder);
    let (mark, place) = if is_practice { (WATERMARK, "PRACTICE, ") } else { ("", "") };
    let question = format!(
        "{mark}To sign the journal as its operator, type sign for the key {}, or sign PATH for another one; an empty line \
         leaves it unsigned.",
        first.display()
    );
    loop {
        // Nobody needs to hear it.
        let asked = format!("{}\n{place}sign or nothing> ", clean_line(&question));
        let _ = out.write_all(asked.as_bytes()).and_then(|()| out.flush());
        let asked_at = clock::monotonic();
        let Some(line) = runtime.block_on(answer(&mut typing.lines, asked_at, interruption(runtime)?)) else {
            return Ok(());
        };
        let key = match line.trim().split_once(' ') {
            _ if line.trim() == "sign" => first.clone(),
            Some(("sign", path)) => PathBuf::from(path.trim()),
            _ if line.trim().is_empty() => return Ok(()),
            _ => continue,
        };
        // What ssh-keygen asks for is typed to it alone.
        typing.stop();
        match sign::sign_with(&RunDir::new(folder), Role::Operator, &key, &Borrower::default()) {
            Ok(told) => {
                fold::print(&clean_line(&format!("{mark}{told}")));
                return Ok(());
            }
            Err(error) => drop(writeln!(out, "{}", clean_block(&error.to_string()))),
        }
        typing = ears()?;
    }
}

/// The first line that was typed since then; `None`: none comes any more.
async fn answer(
    lines: &mut Receiver<Heard>,
    asked_at: std::time::Instant,
    interrupted: impl Future<Output = ()>,
) -> Option<String> {
    let mut interrupted = std::pin::pin!(interrupted);
    loop {
        tokio::select! {
            () = &mut interrupted => return None,
            heard = lines.recv() => match heard? {
                Heard { what: Typed::Line(line), at } if at >= asked_at => return Some(line),
                Heard { what: Typed::End, .. } => return None,
                _ => {}
            },
        }
    }
}

/// The last lines of a run, and the status that the program ends with.
///
/// # Errors
/// The journal could not be written, or cannot be read.
pub fn told_end(folder: &Path, outcome: Option<Outcome>, halted: Option<String>) -> Result<u8, CliError> {
    if let Some(why) = halted {
        return Err(CliError::failed(format!("the journal cannot be written: {why}")));
    }
    let mut told = run::told_head(folder, outcome)? + "\n";
    if outcome.is_none() {
        told += &(run::go_on_with(folder) + "\n");
    }
    // Nobody needs to hear it.
    let _ = fold::out().write_all(told.as_bytes());
    Ok(outcome.map_or(SUSPENDED, Outcome::exit_status))
}

/// Nobody hears what is told: the run was left.
pub fn unheard(folder: &Path, error: &io::Error) -> CliError {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    CliError::suspended(format!("{name} is left as it stands: the output cannot be written: {error}"))
        .hint(format!("`piton resume {name}` goes on with it"))
}

/// The way of the scenario could not be gone: the run was left.
pub fn strayed(folder: &Path, missed: &Missed) -> CliError {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    CliError::failed(format!("{name} is left as it stands: {missed}"))
        .hint(format!("`piton resume {name}` goes on with it"))
}

/// Comes to pass when a signal asks the program to end.
///
/// # Errors
/// The system does not tell of signals.
pub fn interruption(runtime: &Runtime) -> Result<impl Future<Output = ()> + use<>, CliError> {
    // Signals are told to the runtime that is entered.
    let _inside = runtime.enter();
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()];
    let signals = kinds.map(signal).into_iter().collect::<Result<Vec<_>, _>>();
    let mut signals = signals.map_err(CliError::failed)?;
    Ok(std::future::poll_fn(move |context| {
        let has_come = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if has_come { Poll::Ready(()) } else { Poll::Pending }
    }))
}
