//! What a command box shows: one command, or one for each item of a phase that takes them together.

use std::time::Duration;

use crate::engine::filled::{Filled, Places};
use crate::engine::{CommandLine, ItemCommand, MAX_AT_ONCE};
use crate::text::counted;
use crate::tui::bound;
use crate::tui::dialog::{CommandBox, Shown};
use crate::tui::flow::Piece;
use crate::tui::tell;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// Everything that will run, `cells` wide, with its step and what is watched meanwhile. The name to be typed stands last, so that it is read after all of it.
pub fn lines(command: &CommandBox, named: (&str, &str), cells: usize) -> Vec<Strip> {
    let mut lines = match &command.shown {
        Shown::One(shown) => {
            let filled = command.filled.first();
            let mut lines = argv(shown, filled, cells);
            lines.push(Strip::default());
            of_step(named, cells, &mut lines);
            surroundings((shown, &command.directory), filled, cells, &mut lines);
            lines
        }
        Shown::All(shown) => of_all((shown, &command.directory), &command.filled, named, cells),
    };
    if let Some(target) = &command.target {
        lines.push(Strip::default());
        lines.push(Strip::of(format!("critical: type {target} to run it"), Meaning::Warning));
    }
    lines
}

/// How many commands run, as a person says it.
pub fn told(count: usize) -> String {
    let commands = counted(count, "command");
    match count {
        1 => commands,
        _ if count > MAX_AT_ONCE => format!("{commands}, at most {MAX_AT_ONCE} at once"),
        _ => format!("{commands}, all at once"),
    }
}

/// What is the same for all stands once above them, what differs below each.
fn of_all(
    (shown, directory): (&[ItemCommand], &str),
    filled: &[Filled],
    named: (&str, &str),
    cells: usize,
) -> Vec<Strip> {
    let mut lines = vec![Strip::of(told(shown.len()), Meaning::Title)];
    of_step(named, cells, &mut lines);
    let mut commands = shown.iter().map(|shown| &shown.command);
    let first = commands.next();
    let is_same = first.is_some_and(|first| commands.all(|other| is_alike(first, other)));
    if let Some(first) = first.filter(|_| is_same) {
        surroundings((first, directory), filled.first(), cells, &mut lines);
    }
    lines.push(Strip::default());
    for (at, ItemCommand { item, command }) in shown.iter().enumerate() {
        lines.push(Strip::of(format!("{item}:"), Meaning::Title));
        let within = argv(command, filled.get(at), cells.saturating_sub(2));
        lines.extend(within.into_iter().map(indented));
        if !is_same {
            let mut own = Vec::new();
            surroundings((command, directory), filled.get(at), cells.saturating_sub(2), &mut own);
            lines.extend(own.into_iter().map(indented));
        }
    }
    lines
}

/// The step, and what is to be watched while it runs.
fn of_step((step, watches): (&str, &str), cells: usize, lines: &mut Vec<Strip>) {
    fact("step", step, cells, lines);
    if !watches.is_empty() {
        lines.extend(wrapped(&format!("meanwhile watch: {watches}"), cells, Meaning::Title));
    }
}

fn is_alike(one: &CommandLine, other: &CommandLine) -> bool {
    (&one.cwd, &one.env, one.timeout_ms) == (&other.cwd, &other.env, other.timeout_ms)
}

fn indented(line: Strip) -> Strip {
    let mut indented = Strip::of("  ", Meaning::Text);
    indented.0.extend(line.0);
    indented
}

/// Exactly what runs, its values apart from what is the same in every run.
fn argv(command: &CommandLine, filled: Option<&Filled>, cells: usize) -> Vec<Strip> {
    bound::lines(&bound::argv(&command.argv, words(filled), Meaning::Command), cells)
}

/// The same behind a `$`.
pub fn prompted(command: &CommandLine, filled: Option<&Filled>, cells: usize) -> Vec<Strip> {
    let mut pieces = vec![("$ ".to_owned(), Meaning::Command)];
    pieces.extend(bound::argv(&command.argv, words(filled), Meaning::Command));
    bound::lines(&pieces, cells)
}

/// How long it may take, where and with what it runs, one after the other.
pub fn facts(command: &CommandLine, filled: Option<&Filled>, cells: usize) -> Vec<Strip> {
    let longest = tell::duration(Duration::from_millis(command.timeout_ms));
    let mut pieces = vec![(format!("at most {longest}"), Meaning::Dim)];
    if let Some(cwd) = &command.cwd {
        pieces.push((", in ".to_owned(), Meaning::Dim));
        pieces.extend(bound::text(cwd, &filled.map(|filled| filled.cwd.clone()).unwrap_or_default(), Meaning::Dim));
    }
    for (at, (name, value)) in command.env.iter().enumerate() {
        pieces.push((", ".to_owned(), Meaning::Dim));
        pieces.extend(bound::variable(name, value, filled.and_then(|filled| filled.env.get(at)), Meaning::Dim));
    }
    bound::lines(&pieces, cells)
}

/// Where and with what it runs; `directory`: where it runs if it names none.
fn surroundings(
    (shown, directory): (&CommandLine, &str),
    filled: Option<&Filled>,
    cells: usize,
    lines: &mut Vec<Strip>,
) {
    let told = |name: &str, value: Vec<Piece>| {
        let mut pieces = vec![(format!("{name:<10}"), Meaning::Text)];
        pieces.extend(value);
        bound::lines(&pieces, cells)
    };
    match &shown.cwd {
        Some(cwd) => {
            let places = filled.map(|filled| filled.cwd.clone()).unwrap_or_default();
            lines.extend(told("directory", bound::text(cwd, &places, Meaning::Text)));
        }
        None => fact("directory", directory, cells, lines),
    }
    fact("timeout", &tell::duration(Duration::from_millis(shown.timeout_ms)), cells, lines);
    for (at, (name, value)) in shown.env.iter().enumerate() {
        let places = filled.and_then(|filled| filled.env.get(at));
        lines.extend(told("variable", bound::variable(name, value, places, Meaning::Text)));
    }
}

fn fact(name: &str, value: &str, cells: usize, lines: &mut Vec<Strip>) {
    lines.extend(wrapped(&format!("{name:<10}{value}"), cells, Meaning::Text));
}

/// Where values stand in the words of a command.
fn words(filled: Option<&Filled>) -> &[Places] {
    filled.map(|filled| filled.argv.as_slice()).unwrap_or_default()
}
