//! What the preview tells of a runbook or of an unfinished run.

use crate::text::counted;
use crate::tui::app::App;
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::library::list::file_of;
use crate::tui::shelf::{Past, Preview, Score};
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// How many cells the name of a fact takes.
const NAMES: usize = 11;

/// How many of the reasons why a runbook does not load are told.
const MOST_PROBLEMS: usize = 20;

/// What became of a runbook on this machine.
#[derive(Clone, Copy)]
pub enum Became<'a> {
    /// Nothing.
    Nothing,
    /// This.
    This(&'a Past),
    /// That is not known: its runs cannot be listed.
    NotKnown,
}

/// A runbook, with what became of it here.
pub fn of_runbook(entry: &LibraryEntry, became: Became<'_>, cells: usize, app: &App) -> Vec<Strip> {
    let look = &app.look;
    let title = if entry.title.is_empty() { file_of(entry) } else { &entry.title };
    let mut lines = wrapped(title, cells, Meaning::Title);
    let minutes = entry.minutes.map(|minutes| format!(" {} {} planned", look.glyphs.dot, planned(minutes)));
    let revision = if entry.revision.is_empty() { String::new() } else { format!(" r{}", entry.revision) };
    let facts = format!("{}{revision}{}", entry.id, minutes.unwrap_or_default());
    lines.extend(wrapped(&facts, cells, Meaning::Dim));
    if !entry.summary.is_empty() {
        lines.push(Strip::default());
        lines.extend(wrapped(&entry.summary, cells, Meaning::Text));
    }
    of_problems(entry, cells, app, &mut lines);
    match became {
        Became::Nothing => {}
        Became::This(past) => {
            lines.push(Strip::default());
            of_past(past, cells, app, &mut lines);
        }
        Became::NotKnown => {
            lines.push(Strip::default());
            fact("last run", "not known", Meaning::Problem, cells, &mut lines);
        }
    }
    if let Some(preview) = &entry.preview {
        lines.push(Strip::default());
        of_preview(preview, cells, look, &mut lines);
    }
    lines.push(Strip::default());
    fact("file", &entry.origin, Meaning::Dim, cells, &mut lines);
    if entry.has_practice {
        fact("practice", "against a simulated cluster", Meaning::Dim, cells, &mut lines);
    }
    lines
}

/// Why it does not load: each with its place and what to do, and the command that shows all of them in their lines.
fn of_problems(entry: &LibraryEntry, cells: usize, app: &App, lines: &mut Vec<Strip>) {
    if entry.problems.is_empty() {
        return;
    }
    lines.push(Strip::default());
    let lead = if entry.is_unread { "" } else { " Each of this is shown in its line by" };
    lines.extend(wrapped(&format!("{} It does not load.{lead}", app.look.glyphs.failed), cells, Meaning::Problem));
    if !entry.is_unread {
        lines.extend(wrapped(&format!("piton check {}", entry.origin), cells, Meaning::Command));
    }
    for problem in entry.problems.iter().take(MOST_PROBLEMS) {
        lines.push(Strip::default());
        let meanings = std::iter::once(Meaning::Text).chain(std::iter::repeat(Meaning::Dim));
        lines.extend(problem.lines().zip(meanings).flat_map(|(line, meaning)| wrapped(line, cells, meaning)));
    }
    let more = entry.problems.len().saturating_sub(MOST_PROBLEMS);
    if more > 0 {
        lines.push(Strip::default());
        lines.extend(wrapped(&format!("{more} more"), cells, Meaning::Dim));
    }
}

/// An unfinished run.
pub fn of_run(run: &OpenRun, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = wrapped(&run.title, cells, Meaning::Title);
    lines.extend(wrapped(&run.run, cells, Meaning::Current));
    lines.extend(wrapped(&run.place, cells, Meaning::Title));
    lines.push(Strip::default());
    if run.is_misnamed {
        lines.extend(wrapped(&format!("{} It cannot be gone on with.", look.glyphs.failed), cells, Meaning::Problem));
    }
    lines.extend(wrapped(&run.standing, cells, Meaning::Text));
    if run.is_misnamed {
        lines.extend(wrapped(&format!("piton verify {}", run.run), cells, Meaning::Command));
    }
    if !run.step.is_empty() {
        fact("last step", &run.step, Meaning::Text, cells, &mut lines);
    }
    if !run.operator.is_empty() {
        fact("last there", &run.operator, Meaning::Text, cells, &mut lines);
    }
    let last = format!("last record {}, here {}", run.last, look.clock(run.last));
    lines.extend(wrapped(&last, cells, Meaning::Dim));
    lines
}

fn of_past(past: &Past, cells: usize, app: &App, lines: &mut Vec<Strip>) {
    let look = &app.look;
    match &past.last {
        None => fact("last run", "never run here", Meaning::Dim, cells, lines),
        Some(last) => {
            let meaning = if last.is_well { Meaning::Done } else { Meaning::Deviation };
            let told = format!("{}, {}, {}", last.outcome, look.second_of_day(last.at), last.place);
            fact("last run", &told, if last.is_practice { Meaning::Text } else { meaning }, cells, lines);
            fact("", &last.run, Meaning::Dim, cells, lines);
        }
    }
    if past.is_changed {
        let key = app.keymap.shown(Action::Changes, Context::Library);
        let told = format!("{} changed since that run: {key} shows what", look.glyphs.alert);
        fact("", &told, Meaning::Caution, cells, lines);
    }
    for (index, score) in past.scores.iter().enumerate() {
        fact(if index == 0 { "practised" } else { "" }, &told(score, look), Meaning::Text, cells, lines);
    }
}

/// How a scenario was practised, in a line.
pub fn told(score: &Score, look: &Look) -> String {
    let name = if score.scenario.is_empty() { "without a scenario" } else { &score.scenario };
    let times = if score.attempts == 1 { "once".to_owned() } else { format!("{} times", score.attempts) };
    format!("{name}: {times}, best {}, last {} ({})", score.best, score.last, look.day(score.last_at))
}

fn of_preview(preview: &Preview, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    let asked = if preview.asked.is_empty() { "nothing".to_owned() } else { preview.asked.join(", ") };
    fact("asks for", &asked, Meaning::Text, cells, lines);
    if preview.settled > 0 {
        fact("", &format!("{} more have a default or may stay empty", preview.settled), Meaning::Dim, cells, lines);
    }
    let (probes, guards) = preview.watched;
    fact(
        "watches",
        &format!("{}, {}", counted(probes, "probe"), counted(guards, "guard")),
        Meaning::Text,
        cells,
        lines,
    );
    let steps: usize = preview.phases.iter().map(|phase| phase.steps.len()).sum();
    let plan = format!("{}, {}", counted(preview.phases.len(), "phase"), counted(steps, "step"));
    fact("plan", &plan, Meaning::Text, cells, lines);
    for (index, phase) in preview.phases.iter().enumerate() {
        let each = if phase.is_loop { " per item" } else { "" };
        let told = format!("{} {} ({}{each})", index + 1, phase.title, counted(phase.steps.len(), "step"));
        fact("", &told, Meaning::Text, cells, lines);
        for step in &phase.steps {
            fact("", &format!("  {} {step}", look.glyphs.dot), Meaning::Dim, cells, lines);
        }
    }
    for (index, (title, steps)) in preview.ways_back.iter().enumerate() {
        let told = format!("{title} ({})", counted(*steps, "step"));
        fact(if index == 0 { "ways back" } else { "" }, &told, Meaning::Text, cells, lines);
    }
    if preview.ways_back.is_empty() {
        fact("ways back", "none", Meaning::Dim, cells, lines);
    }
    if !preview.document.is_empty() {
        fact("source", &preview.document, Meaning::Text, cells, lines);
        for heading in &preview.headings {
            fact("", &format!("{} {heading}", look.glyphs.under), Meaning::Dim, cells, lines);
        }
    }
    fact("sha256", &preview.sha256, Meaning::Dim, cells, lines);
}

/// A fact with its name before it, wrapped under itself.
fn fact(name: &str, told: &str, meaning: Meaning, cells: usize, lines: &mut Vec<Strip>) {
    for (index, line) in wrapped(told, cells.saturating_sub(NAMES), meaning).into_iter().enumerate() {
        let lead = if index == 0 { format!("{name:<NAMES$}") } else { " ".repeat(NAMES) };
        let mut strip = Strip::of(lead, Meaning::Dim);
        strip.0.extend(line.0);
        lines.push(strip);
    }
}

/// Minutes as a person plans them.
pub fn planned(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
