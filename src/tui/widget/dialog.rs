//! Dialogs: a sheet over the middle of the screen with a text, maybe a field, and the keys that answer it.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::engine::{Allowed, Gate};
use crate::runbook::{InputKind, StepKey};
use crate::text::clean_block;
use crate::tui::app::App;
use crate::tui::attach::Attach;
use crate::tui::choice::Choice;
use crate::tui::dialog::{Ask, CommandBox, Dialog, Field, Purpose, Reason, Statement};
use crate::tui::keymap::Context;
use crate::tui::screen::run::Run;
use crate::tui::spot::Press;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::offers::{Named, offered};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::widget::{commands, ending, gate, release, resume, soak};
use crate::tui::wrap::{width, wrap};

/// A dialog as it is drawn.
struct Sheet<'a> {
    title: &'a str,
    lines: Vec<Strip>,
    scroll: usize,
    /// The lines that are in view whatever the scroll says.
    kept: Range<usize>,
    /// The lines of each option that can be chosen.
    options: Vec<Range<usize>>,
    field: Option<&'a Field>,
    problem: Option<&'a str>,
    /// Why it would be refused now.
    held: Option<String>,
    /// How many rows that takes at most.
    problem_rows: u16,
    /// How many rows its field has at most.
    most_rows: u16,
    /// Key and word with `|` between them, one after the other with three spaces.
    keys: &'a str,
}

/// What can be done with a text that only scrolls, and with one that is told in full from the second line on.
const BESIDE_KEYS: &str = "down|scroll   up|scroll   esc|back";
const WHY_KEYS: &str = "down|scroll, rules in full   up|scroll   esc|back";

/// What can be done when the run is closed.
const OUTCOME_KEYS: &str = "enter|leave   ctrl-s|sign the journal   esc|look around";

/// On smaller screens a dialog takes all the room.
const ROOMY: (u16, u16) = (60, 15);

/// How many columns beside a sheet are too few to leave what is below it in view.
const NARROW_REST: u16 = 16;

/// The keys of a choice, and those where a file is attached.
const CHOOSE: &str = "up, down or a number|choose   enter|record it   esc|back";
const ATTACH: &str = "enter|attach it   tab|complete   ctrl-t|copy or not   esc|back   f1|keys";

/// How many rows a note's text area has, and how many any other has that takes more than one line.
const NOTE_ROWS: u16 = 8;
const AREA_ROWS: u16 = 5;

/// The keys of what is typed: a text of several lines, of one that is broken, of one line, a path, and a note.
const TEXT: &str = "enter|record it   esc|back   f1|keys   ctrl-j|line   ctrl-o|editor   ctrl-_|undo";
const WRAPPED: &str = "enter|record it   esc|back   f1|keys   ctrl-o|editor   ctrl-_|undo";
const LINE: &str = "enter|record it   esc|back   f1|keys";
const PATH: &str = "enter|record it   tab|complete   esc|back   f1|keys";
const NOTE: &str = "ctrl-s|write it   esc|back   f1|keys   ctrl-o|editor   ctrl-_|undo";

/// Draws whatever lies over the run screen.
pub fn draw(run: &Run, app: &App, area: Rect, paint: &mut Paint<'_>) {
    let area = run.open_area(area);
    let cells = text_cells(area.width);
    if let Some(mut sheet) = run.dialog.as_ref().map(|dialog| filled(run, dialog, cells, &app.look)) {
        if run.must_pause(app.now) {
            let is_asked = matches!(run.dialog, Some(Dialog::Ask(_)));
            sheet.keys =
                if is_asked { "y|yes after a pause   esc|no" } else { "enter|record it after a pause   esc|back" };
        }
        sheet.draw(area, &Named { keymap: &app.keymap, context: run.context() }, paint);
    } else if let Some(card) = &run.card {
        let lines = resume::lines(run, card, cells, &app.look);
        let sheet = Sheet {
            title: "You were here",
            lines,
            scroll: card.scroll,
            kept: 0..0,
            options: Vec::new(),
            field: None,
            problem: None,
            held: None,
            problem_rows: 1,
            most_rows: 0,
            keys: "enter|go on from here   ctrl-c|leave",
        };
        sheet.draw(area, &Named { keymap: &app.keymap, context: Context::Dialog }, paint);
    }
}

/// Why what a dialog asks for would be refused at this moment.
fn held(run: &Run, dialog: &Dialog) -> Option<String> {
    let is_action = match dialog {
        Dialog::State(_) | Dialog::Choose(_) | Dialog::Command(_) => true,
        // What holds the current step back holds back nobody who verifies.
        Dialog::Release(release) => release.verify.is_none(),
        _ => false,
    };
    match &run.view.gate {
        Gate::Closed(holds) if is_action && run.pending.is_none() => {
            let told: Vec<_> = holds.iter().map(|hold| tell::hold(&run.runbook, hold)).collect();
            Some(format!("held now: {}", told.join("; ")))
        }
        _ => None,
    }
}

/// How wide the text of a dialog is on a screen of that width.
fn text_cells(width: u16) -> usize {
    let around = if width < ROOMY.0 { 4 } else { 8 };
    usize::from(width.saturating_sub(around).min(96))
}

/// How many rows stay free above and below a dialog.
const fn margin(height: u16) -> u16 {
    if height < ROOMY.1 { 0 } else { 2 }
}

/// How many lines a dialog has that must have been on the screen before it is answered, and how many of them fit;
/// `None`: it is none of those that are read like this.
pub fn room_of(run: &Run, (width, height): (u16, u16)) -> Option<(usize, usize)> {
    let dialog = run.dialog.as_ref()?;
    let is_read = match dialog {
        Dialog::State(_) | Dialog::Reason(_) | Dialog::Ask(_) => true,
        Dialog::Release(release) => release.signing.is_none(),
        _ => false,
    };
    if !is_read {
        return None;
    }
    let sheet = filled(run, dialog, text_cells(width), &Look::plain());
    let told = sheet.told(text_cells(width)).0.len();
    let around = sheet.rows_around(height, u16::try_from(told).unwrap_or(u16::MAX));
    Some((sheet.lines.len(), usize::from(sheet.text_rows(height, around))))
}

/// A dialog with why it would be refused now.
fn filled<'a>(run: &'a Run, dialog: &'a Dialog, cells: usize, look: &Look) -> Sheet<'a> {
    let mut sheet = sheet(run, dialog, cells, look);
    let held = run.asking_told().or_else(|| held(run, dialog));
    if sheet.problem.is_none() {
        sheet.held = held;
    }
    sheet
}

/// Whether all lines of the command have been in view, given how far the box is scrolled.
pub fn is_seen(command: &CommandBox, named: (&str, &str), size: (u16, u16)) -> bool {
    let lines = commands::lines(command, named, text_cells(size.0)).len();
    command.scroll + rows_of(command, size) >= lines
}

/// How many lines of the command are in view.
pub fn rows_of(command: &CommandBox, size: (u16, u16)) -> usize {
    text_rows(size.1, command.target.is_some())
}

/// How many lines of text fit above the field and the keys.
fn text_rows(height: u16, has_field: bool) -> usize {
    let around = 2 + 2 + if has_field { 2 } else { 0 } + margin(height);
    usize::from(height.saturating_sub(around).max(1))
}

/// A sheet without a field.
fn plain<'a>(title: &'a str, lines: Vec<Strip>, keys: &'a str, scroll: usize) -> Sheet<'a> {
    let (kept, options, field, problem, held) = (0..0, Vec::new(), None, None, None);
    Sheet { title, lines, scroll, kept, options, field, problem, held, problem_rows: 3, most_rows: AREA_ROWS, keys }
}

fn sheet<'a>(run: &'a Run, dialog: &'a Dialog, cells: usize, look: &Look) -> Sheet<'a> {
    let plain = |title, lines, keys| plain(title, lines, keys, run.reading.from);
    match dialog {
        Dialog::State(Statement { prompt, field, kind, .. }) => {
            let keys = match kind {
                None => TEXT,
                Some(InputKind::Text) => WRAPPED,
                Some(InputKind::Path) => PATH,
                Some(_) => LINE,
            };
            Sheet { field: Some(field), ..plain("Answer", wrapped(prompt, cells, Meaning::Title), keys) }
        }
        Dialog::Choose(choice) => {
            let (lines, options) = choices(choice, cells, look);
            let kept = choice.chosen.and_then(|at| options.get(at).cloned()).unwrap_or(0..0);
            Sheet { kept, options, problem: choice.problem.as_deref(), ..plain("Which one?", lines, CHOOSE) }
        }
        Dialog::Release(release) => {
            let lines = release::lines(run, release, cells);
            let scroll = release.signing.as_ref().map_or(run.reading.from, |signing| signing.scroll);
            let (title, keys) = (release::title(release), release::keys(release));
            Sheet { field: Some(release.field()), scroll, ..plain(title, lines, keys) }
        }
        Dialog::Command(command) => Sheet {
            scroll: command.scroll,
            field: command.target.is_some().then_some(&command.field),
            problem: command.field.problem.as_deref(),
            // How much of the command is in view must not hang on it.
            problem_rows: 1,
            ..plain(
                "This will run",
                commands::lines(command, (&run.spoken(&command.step), &run.watches(&command.step)), cells),
                if command.target.is_some() { "enter|run it   esc|back" } else { "y|run it   esc|back" },
            )
        },
        Dialog::Reason(reason) => Sheet {
            field: Some(&reason.field),
            ..plain(reason_title(run, &reason.purpose), reason_lines(run, reason, cells), TEXT)
        },
        Dialog::Note(note) => Sheet {
            field: Some(&note.field),
            most_rows: NOTE_ROWS,
            ..plain("Note", note_lines(run, note.step.as_ref(), cells), NOTE)
        },
        Dialog::Attach(attach) => {
            Sheet { field: Some(&attach.field), ..plain("Attach a file", attach_lines(run, attach, cells), ATTACH) }
        }
        Dialog::Ask(ask) => plain("Sure?", ask_lines(run, ask, cells), "y|yes   esc|no"),
        Dialog::Why(scroll) => {
            let lines = gate::lines(run, cells, look, *scroll > 0);
            let is_all = *scroll == 0 && lines.len() == gate::lines(run, cells, look, true).len();
            Sheet { scroll: *scroll, ..plain("Why", lines, if is_all { BESIDE_KEYS } else { WHY_KEYS }) }
        }
        Dialog::Beside(scroll) => {
            Sheet { scroll: *scroll, ..plain("Signed and reviewed", beside_lines(run, cells, look), BESIDE_KEYS) }
        }
        Dialog::Outcome => plain("The run is closed", outcome_lines(run, cells), OUTCOME_KEYS),
    }
}

/// The lines of a choice, and which of them are each option's.
fn choices(choice: &Choice, cells: usize, look: &Look) -> (Vec<Strip>, Vec<Range<usize>>) {
    let mut lines = wrapped(&choice.prompt, cells, Meaning::Title);
    lines.push(Strip::default());
    let mut options = Vec::new();
    for (index, option) in choice.options.iter().enumerate() {
        let is_chosen = choice.chosen == Some(index);
        let (sign, meaning) = if is_chosen { (look.glyphs.current, Meaning::Selected) } else { (" ", Meaning::Text) };
        let number = index + 1;
        let from = lines.len();
        let head =
            if choice.options.len() > 9 { format!("{sign} {number:>2}  ") } else { format!("{sign} {number}  ") };
        let told = if option.title.is_empty() { &option.value } else { &option.title };
        for line in wrap(&clean_block(told), cells.saturating_sub(width(&head))) {
            let lead = if lines.len() == from { head.clone() } else { " ".repeat(width(&head)) };
            lines.push(Strip::of(lead, Meaning::Current).and(line, meaning));
        }
        options.push(from..lines.len());
    }
    (lines, options)
}

/// For what a file is evidence, and what becomes of it.
fn attach_lines(run: &Run, attach: &Attach, cells: usize) -> Vec<Strip> {
    let of = attach.step.as_ref().map_or_else(|| "the run".to_owned(), |step| run.spoken(step));
    let mut lines = wrapped(&format!("Evidence for {of}"), cells, Meaning::Title);
    let what = if attach.is_kept {
        "Its size and sha256 are recorded, and a copy is kept in the run's folder."
    } else {
        "Its size and sha256 are recorded; no copy is kept."
    };
    lines.extend(wrapped(what, cells, Meaning::Text));
    lines
}

/// What was signed and said of a run that is replayed.
fn beside_lines(run: &Run, cells: usize, look: &Look) -> Vec<Strip> {
    match run.replayed.as_ref().and_then(|replayed| replayed.beside.as_ref()) {
        Some(beside) => beside.lines(run.state.seq, cells, look),
        None => wrapped("The signatures and reviews are being looked at.", cells, Meaning::Text),
    }
}

/// Whether overriding a step says that nobody verifies it, and not that it is done.
fn is_waived(run: &Run, step: &StepKey) -> bool {
    run.state.lies_behind(step) && !run.state.reverted().any(|reverted| reverted == step)
}

fn reason_title(run: &Run, purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Override(step) if is_waived(run, step) => "Go on without a second person",
        Purpose::Skip(_) => "Skip the step",
        Purpose::Defer(..) => "Put the step off",
        Purpose::Override(_) => "Override the step",
        Purpose::CutWait(_) => "Cut the wait",
        Purpose::Restart(..) => "Go back",
        Purpose::Acknowledge(..) => "Go on regardless",
        Purpose::RollBack(..) => "Roll back",
        Purpose::Abandon => "Abandon the run",
    }
}

fn reason_lines(run: &Run, reason: &Reason, cells: usize) -> Vec<Strip> {
    let told = match &reason.purpose {
        Purpose::Skip(step) => ending::skip(run, step),
        Purpose::Defer(step, until) => {
            format!("{} comes back before {until} opens. It stays a deviation.", run.spoken(step))
        }
        Purpose::Override(step) if is_waived(run, step) => ending::waive(run, step),
        Purpose::Override(step) => {
            let named = run.spoken(step);
            format!("{named} will count as done against the machine. It stays a deviation and never turns green.")
        }
        Purpose::CutWait(step) => format!("The wait of {} ends now. It stays a deviation.", run.spoken(step)),
        Purpose::Acknowledge(_, told) => format!("{}. Going on stays a deviation.", told.trim_end_matches('.')),
        Purpose::Restart(_, told) | Purpose::RollBack(_, told) => told.join("\n"),
        Purpose::Abandon => ending::abandon(run),
    };
    let mut lines = wrapped(&told, cells, Meaning::Deviation);
    lines.push(Strip::of("Why? A reason is required.", Meaning::Title));
    lines
}

fn note_lines(run: &Run, step: Option<&StepKey>, cells: usize) -> Vec<Strip> {
    let on = step.map_or_else(|| "on the run".to_owned(), |step| format!("on {}", run.spoken(step)));
    wrapped(&on, cells, Meaning::Dim)
}

fn ask_lines(run: &Run, ask: &Ask, cells: usize) -> Vec<Strip> {
    let told = match ask {
        Ask::Cancel(_, command) => command.clone(),
        Ask::Leave if run.state.is_running() => {
            format!("Leave the run? It stays suspended as it stands, and {}.", tell::goes_on(&run.state))
        }
        Ask::Leave if run.is_soaking() => {
            format!("Leave the run? It stays suspended as it stands. {}", soak::LEAVING)
        }
        Ask::Leave => "Leave the run? It stays suspended as it stands.".into(),
        Ask::Close => ending::close(run),
    };
    wrapped(&told, cells, Meaning::Text)
}

fn outcome_lines(run: &Run, cells: usize) -> Vec<Strip> {
    let mut lines = ending::outcome(run, cells);
    lines.push(Strip::default());
    lines
        .push(Strip::of(format!("{} records; the hash of the last one, for the ticket:", run.state.seq), Meaning::Dim));
    lines.extend(wrapped(run.head.as_deref().unwrap_or_default(), cells, Meaning::Text));
    if let Some(signed) = &run.signed {
        let (told, meaning) = match signed {
            Ok(told) => (told, Meaning::Ok),
            Err(why) => (why, Meaning::Problem),
        };
        lines.push(Strip::default());
        lines.extend(wrapped(told, cells, meaning));
    }
    debug_assert!(!run.view.allowed.contains(&Allowed::Close) || run.state.closed.is_none());
    lines
}

impl Sheet<'_> {
    fn field_rows(&self, height: u16) -> u16 {
        match self.field {
            None => 0,
            Some(field) if !field.is_area() => 1,
            Some(_) if self.most_rows == NOTE_ROWS => NOTE_ROWS.min(height.saturating_sub(8)),
            // The text above it comes first.
            Some(_) => self.most_rows.min((height / 8).max(1)),
        }
    }

    /// Why what was typed is not taken, or would not be now, or else what is to be known of it; in lines.
    fn told(&self, cells: usize) -> (Vec<String>, Meaning) {
        let problem = self.problem.or(self.held.as_deref());
        let problem = problem.or_else(|| self.field.and_then(|field| field.problem.as_deref()));
        let hint = self.field.and_then(|field| field.hint.as_deref());
        let (told, meaning) = match problem {
            Some(problem) => (Some(problem), Meaning::Problem),
            None => (hint, Meaning::Dim),
        };
        (told.map_or_else(Vec::new, |told| wrap(&clean_block(told), cells)), meaning)
    }

    /// How many rows stand around the text, with so many lines of what is told.
    fn rows_around(&self, height: u16, told: u16) -> u16 {
        let field_rows = self.field_rows(height);
        2 + 2 + self.more_rows(told) + if field_rows > 0 { field_rows + 1 } else { 0 }
    }

    fn more_rows(&self, told: u16) -> u16 {
        told.min(self.problem_rows).saturating_sub(1)
    }

    /// How many rows the text has at most, and what it takes of them.
    fn text_rows(&self, height: u16, rows_around: u16) -> u16 {
        let most = height.saturating_sub(rows_around + margin(height)).max(1);
        u16::try_from(self.lines.len()).unwrap_or(most).min(most)
    }

    fn draw(&self, area: Rect, named: &Named<'_>, paint: &mut Paint<'_>) {
        // What lies below it cannot be pressed.
        paint.spots.clear();
        let field_rows = self.field_rows(area.height);
        let (told, meaning) = self.told(text_cells(area.width));
        let told: Vec<String> = told.iter().map(|line| named.keymap.told(line, Context::Dialog)).collect();
        let told_rows = u16::try_from(told.len()).unwrap_or(u16::MAX);
        let more_rows = self.more_rows(told_rows);
        let rows_around = self.rows_around(area.height, told_rows);
        let text_rows = self.text_rows(area.height, rows_around);
        let told_wide = told.iter().map(|line| width(line)).max().unwrap_or(0);
        let wide = self.lines.iter().map(Strip::width).max().unwrap_or(0).max(self.keys.len()).max(told_wide).max(56);
        let width = u16::try_from(wide + 4).unwrap_or(u16::MAX);
        // Beside a sheet that takes nearly all, the rest would be letters without sense.
        let width = if width + NARROW_REST > area.width { area.width } else { width };
        let height = (text_rows + rows_around).min(area.height);
        let place = Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height);
        // A column around it keeps the rest of the line from running into it.
        let around = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
        paint.fill(around.intersection(area), Meaning::Text);
        let from = self.scroll.max(self.kept.end.saturating_sub(usize::from(text_rows)));
        let from = from.min(self.lines.len().saturating_sub(usize::from(text_rows)));
        let is_cut = from + usize::from(text_rows) < self.lines.len();
        let right = if is_cut { "more below" } else { "" };
        let frame = Frame { title: self.title, right, is_focused: true, edge: Edge::Whole };
        let inside = paint.frame(place, &frame);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paint.strips(Rect { height: text_rows, ..inside }, &self.lines, from);
        paint.rows(Rect { height: text_rows, ..inside }, &self.options, from, Press::Row);
        let mut y = inside.y + text_rows;
        if let Some(field) = self.field {
            // A mark before few rows tells that they are typed into; a larger field is seen as one.
            let is_marked = !field.is_area() || field_rows < NOTE_ROWS;
            let mark = if is_marked { paint.put((inside.x, y + 1), inside.width, "> ", Meaning::Key) } else { 0 };
            let place = Rect { x: inside.x + mark, y: y + 1, width: inside.width - mark, height: field_rows };
            let place = place.intersection(paint.buffer.area);
            draw_field(field, place, paint);
            let beyond = beyond(field, place.height, paint.look.glyphs.dot);
            paint.put_right(Rect { y, ..inside }, &beyond, Meaning::Dim);
            paint.spot(place, Press::Text(place));
            y += field_rows + 1;
        }
        for (row, line) in (y..=y + more_rows).zip(&told) {
            paint.put((inside.x, row), inside.width, line, meaning);
        }
        y += more_rows;
        let scrolls = self.lines.len() > usize::from(text_rows);
        paint.offers((inside.x, y + 1), inside.width, &offered(self.keys, (scrolls, usize::from(inside.width)), named));
    }
}

/// How much of a text area lies above and below the rows in which it was drawn; empty where all of it is seen.
fn beyond(field: &Field, rows: u16, dot: &str) -> String {
    let (above, below) = field.beyond(rows);
    let told = [(above, "above"), (below, "below")];
    let told = told.iter().filter(|(lines, _)| *lines > 0).map(|(lines, word)| format!("{lines} more {word}"));
    told.collect::<Vec<_>>().join(&format!(" {dot} "))
}

/// Draws a text field; its text was cleaned when it was typed.
pub fn draw_field(field: &Field, place: Rect, paint: &mut Paint<'_>) {
    paint.fill(place, Meaning::Input);
    // As itself: it remembers how wide it is and what of it is in view, by which its keys go.
    field.area.render(place, paint.buffer);
}
