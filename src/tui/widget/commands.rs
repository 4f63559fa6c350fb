//! What a command box shows: one command, or one for each item of a phase that takes them together.

use std::time::Duration;

use crate::engine::{CommandLine, ItemCommand, MAX_AT_ONCE};
use crate::tui::dialog::{CommandBox, Shown};
use crate::tui::tell;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// Everything that will run, `cells` wide. The name to be typed stands last, so that it is read after all of it.
pub fn lines(command: &CommandBox, step: &str, cells: usize) -> Vec<Strip> {
    let mut lines = match &command.shown {
        Shown::One(shown) => {
            let mut lines = wrapped(&tell::argv(shown), cells, Meaning::Command);
            lines.push(Strip::default());
            fact("step", step, cells, &mut lines);
            surroundings(shown, cells, &mut lines);
            lines
        }
        Shown::All(shown) => of_all(shown, step, cells),
    };
    if let Some(target) = &command.target {
        lines.push(Strip::default());
        lines.push(Strip::of(format!("critical: type {target} to run it"), Meaning::Warning));
    }
    lines
}

/// How many commands run, as a person says it.
pub fn counted(count: usize) -> String {
    match count {
        1 => "1 command".to_owned(),
        _ if count > MAX_AT_ONCE => format!("{count} commands, at most {MAX_AT_ONCE} at once"),
        _ => format!("{count} commands, all at once"),
    }
}

/// What is the same for all stands once above them, what differs below each.
fn of_all(shown: &[ItemCommand], step: &str, cells: usize) -> Vec<Strip> {
    let mut lines = vec![Strip::of(counted(shown.len()), Meaning::Title)];
    fact("step", step, cells, &mut lines);
    let mut commands = shown.iter().map(|shown| &shown.command);
    let first = commands.next();
    let is_same = first.is_some_and(|first| commands.all(|other| is_alike(first, other)));
    if let Some(first) = first.filter(|_| is_same) {
        surroundings(first, cells, &mut lines);
    }
    lines.push(Strip::default());
    for ItemCommand { item, command } in shown {
        lines.push(Strip::of(format!("{item}:"), Meaning::Title));
        let within = wrapped(&tell::argv(command), cells.saturating_sub(2), Meaning::Command);
        lines.extend(within.into_iter().map(indented));
        if !is_same {
            let mut own = Vec::new();
            surroundings(command, cells.saturating_sub(2), &mut own);
            lines.extend(own.into_iter().map(indented));
        }
    }
    lines
}

fn is_alike(one: &CommandLine, other: &CommandLine) -> bool {
    (&one.cwd, &one.env, one.timeout_ms) == (&other.cwd, &other.env, other.timeout_ms)
}

fn indented(line: Strip) -> Strip {
    let mut indented = Strip::of("  ", Meaning::Text);
    indented.0.extend(line.0);
    indented
}

fn surroundings(shown: &CommandLine, cells: usize, lines: &mut Vec<Strip>) {
    fact("directory", shown.cwd.as_deref().unwrap_or("where piton was started"), cells, lines);
    fact("timeout", &tell::duration(Duration::from_millis(shown.timeout_ms)), cells, lines);
    for (name, value) in &shown.env {
        fact("variable", &tell::variable(name, value), cells, lines);
    }
}

fn fact(name: &str, value: &str, cells: usize, lines: &mut Vec<Strip>) {
    lines.extend(wrapped(&format!("{name:<10}{value}"), cells, Meaning::Text));
}
