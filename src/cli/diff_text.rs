//! What two runs or runbooks have in common and what not, as lines of 80 columns without colours.

use crate::cli::diff::{Beside, Text};
use crate::compare::{Command, Comparison, Overruled, Ran, Reading, Run, StepPair, StepWent};
use crate::report::duration;
use crate::runbook::changes::{About, Change, How, Line, Part, counted};
use crate::text::{self, clean_block, clean_line};
use crate::tui::wrap::{cut, width, wrap};

/// Columns of the printed text.
const WIDTH: usize = 80;

/// Columns of a step's name, and of how it went in each run.
const NAME: usize = 33;
const WENT: usize = 22;

/// How many entries of a sort are told unless all are wanted.
const MOST: usize = 25;

/// The longest value, in columns.
const MAX_VALUE: usize = 3 * WIDTH;

/// Lines that are being written.
struct Page {
    lines: Vec<String>,
    is_all: bool,
}

impl Page {
    fn put(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn head(&mut self, title: &str, told: &str) {
        self.put("");
        self.wrapped("", &format!("{title}: {told}"), 2);
    }

    /// A text behind a mark; what does not fit goes on below, indented.
    fn wrapped(&mut self, mark: &str, text: &str, indent: usize) {
        let text = clean_line(text);
        let text = if self.is_all { text } else { cut(&text, MAX_VALUE, "…").into_owned().into() };
        let mut mark = mark.to_owned();
        for line in wrap(&text, WIDTH - indent.max(width(&mark))) {
            self.put(format!("{mark}{line}").trim_end().to_owned());
            mark = " ".repeat(indent.max(width(&mark)));
        }
    }

    /// As many entries as are told, and how many are left out.
    fn each<T>(&mut self, entries: &[T], tell: fn(&mut Self, &T)) {
        let most = if self.is_all { entries.len() } else { MOST };
        entries.iter().take(most).for_each(|entry| tell(self, entry));
        if let Some(more) = entries.len().checked_sub(most).filter(|more| *more > 0) {
            self.put(format!("  … and {more} more: --all lists them"));
        }
    }
}

/// Two runs.
pub fn of_runs(
    comparison: &Comparison,
    beside: &[Beside; 2],
    changed: &Result<Vec<Change>, String>,
    is_all: bool,
) -> Vec<String> {
    let mut page = Page { lines: Vec::new(), is_all };
    for ((sign, run), beside) in ["A", "B"].into_iter().zip(&comparison.runs).zip(beside) {
        heading(&mut page, sign, run, beside);
    }
    let [one, other] = &comparison.runs;
    page.put("");
    if comparison.is_same {
        page.put("The same, but for times.");
    }
    for differing in &comparison.head {
        let [one, other] = &differing.values;
        let of_no_weight = if differing.counts { "" } else { " (told only)" };
        page.wrapped("~ ", &format!("{}: A {one} · B {other}{of_no_weight}", differing.what), 4);
    }
    page.wrapped("  ", &format!("time: {}", times(one.lasted_ms, other.lasted_ms)), 4);
    runbooks(&mut page, comparison, changed);
    steps(&mut page, comparison);
    if !comparison.deviations.is_empty() {
        page.head("Overruled in one of them only", &comparison.deviations.len().to_string());
        page.each(&comparison.deviations, overruled);
    }
    if !comparison.commands.is_empty() {
        page.head(
            "Commands",
            &format!("{} with others, or other ends", text::counted(comparison.commands.len(), "step")),
        );
        page.each(&comparison.commands, command);
    }
    if !comparison.readings.is_empty() {
        page.head("Readings", &format!("{} differ", comparison.readings.len()));
        page.each(&comparison.readings, reading);
    }
    page.lines
}

fn heading(page: &mut Page, sign: &str, run: &Run, beside: &Beside) {
    page.wrapped(&format!("{sign} "), &format!("{} · {}", run.run, run.title), 2);
    let place = run.site.clone().unwrap_or_else(|| "no site file".into());
    let scenario = run.scenario.as_ref().map(|scenario| format!(" · scenario {scenario}")).unwrap_or_default();
    let place = if run.mode == "practice" { format!("practice{scenario}") } else { format!("live · {place}") };
    let planned = run.planned_ms.map(|planned| format!(", planned {}", duration(planned))).unwrap_or_default();
    let sat = if run.sat_ms == run.lasted_ms { String::new() } else { format!(", sat {}", duration(run.sat_ms)) };
    let lasted = duration(run.lasted_ms);
    page.wrapped("  ", &format!("{place} · {} · {}", run.operators.join(", "), run.opened_at), 2);
    let overruled = text::counted(run.deviations.len(), "deviation");
    let undone = match run.left_undone.len() {
        0 => String::new(),
        many => format!(" · {} left undone", text::counted(many, "step")),
    };
    page.wrapped("  ", &format!("{}{undone} · {overruled} · {lasted}{sat}{planned}", run.outcome), 2);
    let records = text::counted(run.records, "record");
    let doubts: Vec<&String> = beside.misnamed.iter().chain(&beside.contradiction).collect();
    if beside.is_whole {
        let but = if doubts.is_empty() { "journal" } else { "chain of the journal" };
        page.wrapped("  ", &format!("{but}: intact, {records}"), 2);
    } else {
        page.wrapped("! ", &format!("journal: {}; only its first {records} are compared", beside.integrity), 2);
    }
    for doubt in doubts {
        page.wrapped("! ", &format!("journal: {doubt}"), 2);
    }
    if let Some(why) = &beside.unreadable {
        let told = format!("its runbook cannot be read by this version of piton ({why}): its plan is missing here");
        page.wrapped("! ", &told, 2);
    }
}

/// `A 12m 05s · B 18m 40s, 6m 35s longer`.
fn times(one: u64, other: u64) -> String {
    let apart = match one.abs_diff(other) {
        0 => "as long".to_owned(),
        apart if other > one => format!("{} longer", duration(apart)),
        apart => format!("{} shorter", duration(apart)),
    };
    format!("A {} · B {}, {apart}", duration(one), duration(other))
}

fn runbooks(page: &mut Page, comparison: &Comparison, changed: &Result<Vec<Change>, String>) {
    let [one, other] = &comparison.runs;
    match changed {
        _ if one.sha256 == other.sha256 => {
            page.wrapped("  ", &format!("runbook: the same text of {} revision {}", one.runbook, one.revision), 4);
        }
        Ok(changes) => {
            page.head("Runbook", &counted_told(changes));
            page.each(changes, change);
        }
        Err(why) => page.head("Runbook", &format!("cannot be compared: {why}")),
    }
}

fn steps(page: &mut Page, comparison: &Comparison) {
    let all = &comparison.steps;
    let differ = all.iter().filter(|pair| pair.differs).count();
    let slower = all.iter().filter(|pair| pair.is_slower_or_faster).count();
    let told = match (differ, slower) {
        (0, 0) => format!("all {} went alike", all.len()),
        (0, _) => format!("all {} went alike; {slower} took notably longer or shorter", all.len()),
        (_, 0) => format!("{differ} of {} went otherwise", all.len()),
        _ => format!("{differ} of {} went otherwise, {slower} took notably longer or shorter", all.len()),
    };
    page.head("Steps", &told);
    let shown: Vec<StepPair> =
        all.iter().filter(|pair| page.is_all || pair.differs || pair.is_slower_or_faster).cloned().collect();
    if !shown.is_empty() {
        page.put(format!("{}{}B", " ".repeat(2 + NAME + 1), padded("A", WENT)));
        page.each(&shown, step);
    }
}

fn step(page: &mut Page, pair: &StepPair) {
    let sign = match &pair.went {
        [Some(_), None] => "- ",
        [None, Some(_)] => "+ ",
        _ if pair.differs => "~ ",
        _ => "  ",
    };
    let name = clean_line(&pair.step).into_owned();
    let [one, other] = pair.went.each_ref().map(|went| went.as_ref().map_or_else(|| "-".to_owned(), told));
    let went = format!("{}{other}", padded(&one, WENT));
    if width(&name) <= NAME {
        page.put(format!("{sign}{} {}", padded(&name, NAME), went.trim_end()));
    } else {
        page.wrapped(sign, &name, 4);
        page.put(format!("{}{}", " ".repeat(2 + NAME + 1), went.trim_end()));
    }
}

/// `done 12s`, `failed 40s x2`, `pending`.
fn told(went: &StepWent) -> String {
    let status = clean_line(&went.status).replace('_', " ");
    let times = if went.walks > 1 { format!(" x{}", went.walks) } else { String::new() };
    let took = if went.walks == 0 { String::new() } else { format!(" {}", duration(went.took_ms)) };
    cut(&format!("{status}{took}{times}"), WENT - 1, "…").into_owned()
}

fn overruled(page: &mut Page, only: &Overruled) {
    let (sign, run) = if only.of == 0 { ("- ", "A") } else { ("+ ", "B") };
    let told = &only.deviated;
    page.wrapped(sign, &format!("{} {} (record {} of {run})", told.way, told.subject, told.seq), 4);
    page.wrapped("    ", &format!("\"{}\"", told.reason), 5);
}

fn command(page: &mut Page, command: &Command) {
    page.wrapped("~ ", &command.step, 4);
    let line = |ran: &Ran| {
        let item = ran.item.as_ref().map(|item| format!("{item}: ")).unwrap_or_default();
        format!("{item}{} ({})", ran.line, ran.ended)
    };
    let [one, other] = command.ran.each_ref().map(|ran| ran.iter().map(line).collect::<Vec<String>>());
    // What begins alike is told once, as far as it does.
    let alike = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    if alike > 0 {
        page.put(format!("    the first {alike} alike"));
    }
    one[alike..].iter().for_each(|line| page.wrapped("  - ", line, 6));
    other[alike..].iter().for_each(|line| page.wrapped("  + ", line, 6));
}

fn reading(page: &mut Page, reading: &Reading) {
    page.wrapped("~ ", &format!("{} {}", reading.about, reading.name), 4);
    for (sign, value) in ["  - ", "  + "].into_iter().zip(&reading.values) {
        if let Some(value) = value {
            page.wrapped(sign, if value.is_empty() { "(nothing)" } else { value }, 6);
        }
    }
}

/// Two runbooks.
pub fn of_books(one: &Text, other: &Text, changes: &[Change], is_all: bool) -> Vec<String> {
    let mut page = Page { lines: Vec::new(), is_all };
    page.wrapped("A ", &one.from, 2);
    page.wrapped("B ", &other.from, 2);
    page.put("");
    if one.text == other.text {
        page.put("The same text.");
    } else {
        page.wrapped("", &counted_told(changes), 2);
        page.each(changes, change);
    }
    page.lines
}

fn counted_told(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "only layout and comments differ".into();
    }
    let [added, removed, moved, other] = counted(changes);
    format!("{added} added, {removed} removed, {moved} moved, {other} changed")
}

fn change(page: &mut Page, change: &Change) {
    let sign = match change.how {
        How::Added => "+ ",
        How::Removed => "- ",
        How::Moved | How::Changed => "~ ",
    };
    let name = if change.part == Part::Head { String::new() } else { format!(" {}", change.name) };
    let title = if change.title.is_empty() { String::new() } else { format!(": {}", change.title) };
    page.wrapped(sign, &format!("{} {}{name}{title}", change.part.word(), change.how.word()), 4);
    for detail in &change.details {
        // What is new or gone as a whole is told by its commands and texts, unless all is wanted.
        let is_whole = matches!(change.how, How::Added | How::Removed);
        if is_whole && detail.about == About::Rule && !page.is_all {
            continue;
        }
        page.wrapped("    ", &detail.key, 6);
        for line in &detail.lines {
            let (sign, text) = match line {
                Line::Same(text) => ("        ", text),
                Line::Old(text) => ("      - ", text),
                Line::New(text) => ("      + ", text),
            };
            page.wrapped(sign, &clean_block(text), 10);
        }
    }
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}
