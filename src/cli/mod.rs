//! The command line: parse, dispatch, print errors and hints, end with a stable status.

mod along;
pub mod args;
pub mod args_of_runs;
pub mod backstage;
pub mod begin;
pub mod beside;
mod chained;
pub mod check;
pub mod coverage;
pub mod debrief;
pub mod dialogue;
pub mod diff;
pub mod diff_text;
pub mod error;
pub mod explain;
mod fold;
pub mod found;
pub mod journals;
pub mod keeping;
mod kept_files;
mod listed;
pub mod log;
pub mod looks;
mod man;
pub mod packed;
pub mod place;
pub mod practice;
mod progress;
mod proof;
pub mod replay;
pub mod report;
pub mod review;
pub mod run;
mod runtime;
pub mod setup;
pub mod shelf;
pub mod sign;
pub mod stats;
pub mod stepped;
mod strange;
mod trust;
pub mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, CommandFactory, Parser};

use crate::cli::args::{Arguments, Command, ReportFormat};
use crate::cli::error::{CliError, Kind};
use crate::text::clean_block;

/// The program.
pub fn main() -> ExitCode {
    let arguments = match typed() {
        Ok(arguments) => arguments,
        Err(error) => {
            return usage(&error);
        }
    };
    endure_limits();
    match dispatch(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => ExitCode::from(failed(&error)),
    }
}

/// A file that may not become longer (`ulimit -f`) is an error that is told, not the end of the program without a word. What piton
/// starts has the signal as ever.
fn endure_limits() {
    // Where it cannot be caught, all is as without.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Tells what went wrong; the status that the program ends with.
fn failed(error: &CliError) -> u8 {
    // A standard error that is closed is no reason to say anything else.
    let _ = writeln!(std::io::stderr(), "{}", clean_block(&error.to_string()));
    if error.kind == Kind::Interrupted {
        // Whoever started it sees that ctrl-c was meant for the whole: a script does not go on with its next line.
        let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGINT);
    }
    error.exit_status()
}

/// The arguments.
fn typed() -> Result<Arguments, clap::Error> {
    let typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    screens(&typed).map_or_else(Arguments::try_parse, Ok)
}

/// The arguments of what opens screens, read by the parser of that command alone: to build those of all commands costs as
/// much as the first frame. `None`: another command, something wrong, or what only the whole parser knows.
fn screens(typed: &[OsString]) -> Option<Arguments> {
    let command = match typed.first().map(|first| first.to_str()) {
        None => None,
        Some(Some("run")) => Some(Command::Run(alone(typed)?)),
        Some(Some("practice")) => Some(Command::Practice(alone(typed)?)),
        Some(Some("resume")) => Some(Command::Resume(alone(typed)?)),
        Some(Some("replay")) => Some(Command::Replay(alone(typed)?)),
        Some(_) => return None,
    };
    Some(Arguments { command, ..Arguments::default() })
}

/// What is typed behind the name of a command, and that first.
fn alone<T: Args>(typed: &[OsString]) -> Option<T> {
    let matches = T::augment_args(clap::Command::new("piton")).try_get_matches_from(typed).ok()?;
    T::from_arg_matches(&matches).ok()
}

/// What is wrong with the arguments, which it repeats and which may hold anything; or the help that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let _ = write!(std::io::stderr(), "{}", clean_block(&error.render().to_string()));
        return ExitCode::from(2);
    }
    // A closed pipe is no reason to fail.
    let _ = error.print();
    ExitCode::SUCCESS
}

fn dispatch(arguments: Arguments) -> Result<u8, CliError> {
    let Arguments { library, theme, ascii, command } = arguments;
    let looks = looks::Looks { theme, ascii };
    match command {
        None => run::library(library, &looks),
        Some(Command::Run(typed)) => run::run(library, &typed, &looks),
        Some(Command::Practice(typed)) => practice::practice(library, &typed, &looks),
        Some(Command::Resume(typed)) => run::resume(library, &typed, &looks),
        Some(Command::Replay(typed)) => replay::replay(library, &typed, &looks),
        Some(Command::Journals(typed)) => journals::journals(&typed),
        Some(Command::Verify(typed)) => verify::verify(&typed),
        Some(Command::Review(typed)) => review::review(&typed),
        Some(Command::Sign(typed)) => sign::sign(&typed),
        Some(Command::Debrief { run, json }) => debrief::debrief(run.as_deref(), json),
        Some(Command::Report { schema: true, .. }) => write_out(crate::report::SCHEMA.as_bytes()),
        Some(Command::Report { run, format: ReportFormat::Cast, size, .. }) => {
            report::cast(&run.unwrap_or_default(), &looks, size)
        }
        Some(Command::Report { run, format, .. }) => report::report(&run.unwrap_or_default(), format),
        Some(Command::Diff(typed)) => diff::diff(library, &typed),
        Some(Command::Stats { runbook, json }) => stats::stats(&runbook, json),
        Some(Command::Show { runbook, format }) => report::show(library, &runbook, format),
        Some(Command::Check { explain: Some(code), .. }) => explain::explain(code.as_deref()),
        Some(Command::Check { files, explain: None }) => check::check(&files),
        Some(Command::Coverage { runbook, json }) => coverage::coverage(library, runbook.as_deref(), json),
        Some(Command::List { json }) => check::list(library, json),
        Some(Command::Keymap) => write_out(include_bytes!("../../assets/keymap.toml")),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "piton", &mut script);
            write_out(&script)
        }
        Some(Command::Man) => write_out(&man::page().map_err(CliError::failed)?),
    }
}

/// Writes a whole text; a reader that has gone is no error, a full disk is.
fn write_out(text: &[u8]) -> Result<u8, CliError> {
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("cannot write the output: {error}")))
        }
        _ => Ok(0),
    }
}

/// Prints a line. A reader that has gone is no error; whoever cannot be told what they asked for, on a full disk say, gets
/// an error instead of half of it.
pub(crate) fn print(line: &str) {
    print_to(&mut std::io::stdout(), line);
}

fn print_to(out: &mut impl Write, line: &str) {
    if let Err(error) = out.write_all(format!("{line}\n").as_bytes())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        std::process::exit(i32::from(failed(&CliError::failed(format!("cannot write the output: {error}")))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one command's own parser takes, the whole parser takes for the same.
    #[test]
    fn a_command_alone_is_read_as_among_all() {
        let mut taken = 0;
        for line in [
            "",
            "run a",
            "run ./a.toml --site s.toml --set a=b --set c=d=e --beside --plain",
            "run -- -a",
            "run help",
            "practice a --speed max --nodes 5 --seed 7 --scenario 3 --autopilot --mistakes",
            "practice a --scenarios",
            "resume",
            "resume a --speed 2",
            "replay a",
            // Not by it alone.
            "run",
            "run a b",
            "run a --ascii",
            "run --theme dark a",
            "run a --set b",
            "run a --help",
            "run a -h",
            "run a --version",
            "practice a --plain --autopilot",
            "practice a --nodes 0",
            "practice a --mistakes",
            "resume a b",
            "--ascii run a",
            "list",
            "ru",
            "help run",
        ] {
            let typed: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let all = Arguments::try_parse_from(std::iter::once(OsString::from("piton")).chain(typed.iter().cloned()));
            if let Some(alone) = screens(&typed) {
                assert_eq!(format!("{alone:?}"), format!("{:?}", all.unwrap()), "{line}");
                taken += 1;
            } else {
                assert!(all.is_err() || line.contains("--") || line == "list", "{line}");
            }
        }
        assert_eq!(taken, 10);
    }
}
