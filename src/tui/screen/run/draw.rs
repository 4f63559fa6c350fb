//! How the run screen is drawn: header, panes, status, bar, and what lies over them.

use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::{Pane, Panes, is_tiny};
use crate::tui::screen::run::naming::number;
use crate::tui::screen::run::output::Check;
use crate::tui::screen::run::over::Over;
use crate::tui::scrolling::{beyond, beyond_in_short};
use crate::tui::spot::Press;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::alarms::{self, Alarms};
use crate::tui::widget::guards::Guards;
use crate::tui::widget::header::Header;
use crate::tui::widget::overview::OverviewGrid;
use crate::tui::widget::paint::{Frame, Paint, right_cells};
use crate::tui::widget::status::Status;
use crate::tui::widget::{checklist, dialog, health, meanwhile, output, step, strip};
use crate::tui::wrap::width;

/// Draws the run screen.
pub fn draw(run: &Run, app: &App, area: Rect, paint: &mut Paint<'_>) {
    let (area, console) = run.split(area);
    run.draw_console(&app.keymap, console, paint);
    let panes = run.panes(area);
    draw_panes(run, app, &panes, paint);
    let status = Status { run, keymap: &app.keymap, now: app.now, has_more_cautions: run.has_more_cautions() };
    status.draw(panes.status, paint);
    status.draw_bar(panes.bar, paint);
    dialog::draw(run, app, area, paint);
}

/// Draws all of it but what is told and what may be done.
pub fn draw_panes(run: &Run, app: &App, panes: &Panes, paint: &mut Paint<'_>) {
    Header { run, now: app.now }.draw(panes.header, paint);
    if let Some(why) = &run.halted {
        paint.fill(panes.banner, Meaning::Alarm);
        let told = format!(" HALTED: nothing is recorded any more, nothing can be confirmed: {why}");
        paint.put((panes.banner.x, panes.banner.y), panes.banner.width, &told, Meaning::Alarm);
    }
    meanwhile::draw(run, panes.watch, paint);
    if draw_over(run, app, panes, paint) {
        return;
    }
    let shown = run.shown_step();
    let list = run.checklist(shown.as_ref());
    let counted = checklist::counted(&run.state, &run.view.tally, paint.look.glyphs);
    if panes.is_list_bare {
        list.draw(panes.list(), paint);
    } else if let Some(inside) = pane(run, panes, Pane::Steps, ("Steps", &counted), paint) {
        list.draw(inside, paint);
    }
    draw_step(run, panes, paint);
    let printed = run.printed();
    // What was read again is not what runs.
    let job = run.state.running.first().filter(|_| printed.check.is_none());
    let running = job.map(|job| format!("running {}", tell::duration(whole_seconds(app, job.since))));
    let running = running.unwrap_or_else(|| {
        let up = (printed.up > 0).then_some("scrolled up");
        let told = printed.check.map(Check::told).into_iter().chain(up);
        told.collect::<Vec<_>>().join(&format!(" {} ", paint.look.glyphs.dot))
    });
    if let Some(table) = run.table() {
        let results = run.results(&table, app.now.run);
        let title = format!("Results of {}", number(&run.state, &table.step));
        if pane(run, panes, Pane::Output, (&title, &results.counted(paint.look.glyphs.dot)), paint).is_some() {
            results.draw(panes.text(panes.output), paint);
        }
    } else if pane(run, panes, Pane::Output, (&output_title(run, panes.output), &running), paint).is_some() {
        let empty = if run.replayed.is_some() { LATER } else { "nothing printed yet" };
        output::draw_or(printed, empty, panes.text(panes.output), paint);
    }
    draw_world(run, panes, paint);
}

/// Draws what stands in the place of the panes; whether there is anything.
fn draw_over(run: &Run, app: &App, panes: &Panes, paint: &mut Paint<'_>) -> bool {
    let inside = panes.text(panes.body);
    let is_focused = run.has_keys();
    match &run.over {
        None => return false,
        Some(Over::Overview(overview)) => {
            let grid = OverviewGrid { run, overview, keymap: &app.keymap };
            let right = grid.counted(inside, paint.look.glyphs);
            let frame = Frame { title: "Overview", right: &right, is_focused, edge: panes.edge() };
            paint.frame(panes.body, &frame);
            grid.draw(inside, paint);
        }
        Some(Over::Alarms(list)) => {
            let right = alarms::counted(run.alarm_counts().of, false, paint.look.glyphs.dot);
            let frame = Frame { title: "Alarms", right: &right, is_focused, edge: panes.edge() };
            paint.frame(panes.body, &frame);
            Alarms { run, list, keymap: &app.keymap }.draw(inside, paint);
        }
    }
    true
}

/// Stands in a replay where a command runs: when it printed what is not recorded.
const LATER: &str = "runs at this record; what it printed can be read where it ended";

fn whole_seconds(app: &App, since: crate::clock::Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(app.now.run.since(since).as_secs())
}

/// The frame of a pane; what is inside it, when it is shown at all.
fn pane(run: &Run, panes: &Panes, which: Pane, titles: (&str, &str), paint: &mut Paint<'_>) -> Option<Rect> {
    let area = match which {
        Pane::Steps => panes.steps,
        Pane::Step => panes.step,
        Pane::Output => panes.output,
        Pane::Health => panes.health,
        Pane::Guards => panes.guards,
    };
    if area.is_empty() {
        return None;
    }
    let (title, right) = titles;
    let is_focused = run.focus == which && run.has_keys();
    let inside = paint.frame(area, &Frame { title, right, is_focused, edge: panes.edge() });
    (!inside.is_empty()).then_some(inside)
}

/// Whose output it is; in a pane of one row also its last line.
fn output_title(run: &Run, area: Rect) -> String {
    let printed = run.printed();
    let step = printed.step.as_ref().filter(|step| run.shown_step().as_ref() != Some(*step));
    let name = step.map_or_else(|| "Output".to_owned(), |step| format!("Output of {}", number(&run.state, step)));
    let last = if area.height == 1 { printed.tail(1).pop() } else { None };
    last.map_or(name.clone(), |last| format!("{name}: {}", last.trim()))
}

fn draw_step(run: &Run, panes: &Panes, paint: &mut Paint<'_>) {
    let page = &run.view.page;
    let title = page.headline(paint.look.glyphs.dot);
    // As it stands in the list of steps.
    let told = || page.standing(paint.look.glyphs).map(|(_, word, _)| word);
    let word = page.unverified.or_else(told).unwrap_or_default();
    let tag = page.kind.map(|kind| step::tag(kind, !page.actor.is_empty())).unwrap_or_default();
    let dot = paint.look.glyphs.dot;
    let inside = panes.prose();
    let lines = step::lines(page, usize::from(inside.width), paint.look, run.is_folded());
    let last = lines.strips.len().saturating_sub(usize::from(inside.height));
    let from = run.scroll.min(last);
    let (hidden, word) = ((from, last - from), format!("{tag} {word}"));
    let with = |more: String| if more.is_empty() { word.clone() } else { format!("{more} {dot} {word}") };
    // Where there is no room for both, that there is more comes first.
    let right = if is_tiny((panes.body.width, u16::MAX)) && from < last {
        format!("{} more", last - from)
    } else {
        let forms = [with(beyond(hidden, dot)), with(beyond_in_short(hidden))];
        let fitting = forms.into_iter().find(|form| width(form) <= right_cells(panes.step.width));
        fitting.unwrap_or_else(|| beyond_in_short(hidden))
    };
    if pane(run, panes, Pane::Step, (&title, right.trim()), paint).is_none() {
        return;
    }
    paint.strips(inside, &lines.strips, from);
    paint.rows(inside, &lines.answers, from, Press::Answer);
}

fn draw_world(run: &Run, panes: &Panes, paint: &mut Paint<'_>) {
    let glyphs = paint.look.glyphs;
    let board = &run.view.moment.board;
    let guards = Guards { runbook: &run.runbook, state: &run.state };
    let (place, health) = (panes.text(panes.health), run.health());
    let hidden = if panes.health.is_empty() { (0, 0) } else { health.beyond(place, run.health_scroll) };
    let counted = health::on_edge(board, hidden, right_cells(panes.health.width), glyphs);
    if pane(run, panes, Pane::Health, (&health_title(run), &counted), paint).is_some() {
        health.draw(place, run.health_scroll, paint);
    }
    let place = panes.text(panes.guards);
    let last = guards.last(place);
    let from = run.guards_scroll.min(last);
    let counted = guards.on_edge((from, last - from), right_cells(panes.guards.width), glyphs.dot);
    if pane(run, panes, Pane::Guards, ("Guards", &counted), paint).is_some() {
        guards.draw(place, from, paint);
    }
    if !panes.summary.is_empty() {
        let (x, y, cells) = (panes.summary.x + 1, panes.summary.y, panes.summary.width.saturating_sub(2));
        let told = strip::summary(&run.runbook, (board, &run.view.turned), usize::from(cells), glyphs);
        paint.strip((x, y), cells, &told);
        if panes.summary.height < 2 {
            return;
        }
        paint.strip((x, y + 1), cells, &guards.summary(usize::from(cells), paint.look));
    }
}

/// In a replay the board is the one that was recorded last.
fn health_title(run: &Run) -> String {
    match run.replayed.as_ref().map(|replayed| &replayed.board) {
        None => "Health".into(),
        Some(None) => "Health, no board recorded yet".into(),
        Some(Some(seen)) if seen.is_old => "Health, no board in this sitting yet".into(),
        Some(Some(seen)) => format!("Health as of #{}", seen.seq),
    }
}

/// How many lines the step pane has at that width, and how many of them come up to the end of the cautions. Signs
/// are one cell wide in every glyph set, so the look does not matter.
pub fn measure(run: &Run, width: u16) -> (usize, usize) {
    let lines = step::lines(&run.view.page, usize::from(width), &Look::plain(), run.is_folded());
    (lines.strips.len(), lines.cautions_end)
}
