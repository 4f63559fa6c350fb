//! The list out of which one is picked: what is typed, what fits it, and of each what speaks against it.

use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::keymap::{Action, Context};
use crate::tui::palette::against;
use crate::tui::pick::{Gives, PickList, Row};
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::wrap::{cut, width};

/// How wide the list is at most, where what lies below it stays in view.
const WIDE: u16 = 100;

/// How many rows of the list are in view at most.
const MOST_ROWS: u16 = 24;

/// Where it lies on a screen: not higher than all there is needs, so that it does not jump while somebody types.
pub fn place(area: Rect, list: Option<&PickList>) -> Rect {
    let all = list.map_or(0, |list| u16::try_from(list.rows.len()).unwrap_or(u16::MAX));
    let width = if area.width < WIDE + 16 { area.width } else { WIDE };
    let height = (all.clamp(1, MOST_ROWS) + 5).min(area.height.saturating_sub(2));
    Rect::new(area.x + (area.width - width) / 2, area.y + 1, width, height)
}

/// How many rows are in view.
pub fn rows_in(place: Rect) -> u16 {
    place.height.saturating_sub(5)
}

/// Draws it over whatever is there.
pub fn draw(app: &App, list: &PickList, area: Rect, paint: &mut Paint<'_>) {
    let place = place(area, Some(list));
    let around = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
    paint.fill(around.intersection(area), Meaning::Text);
    let (title, verb) = list.about.words();
    let counted = if list.typed.is_empty() {
        format!("{}", list.rows.len())
    } else {
        format!("{} of {}", list.found.len(), list.rows.len())
    };
    let frame = Frame { title, right: &counted, is_focused: true, edge: Edge::Whole };
    let inside = paint.frame(place, &frame);
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    draw_typed(list, inside, paint);
    let rows = rows_in(place);
    let top = list.top(usize::from(rows));
    for (y, (at, index)) in (inside.y + 1..inside.y + 1 + rows).zip(list.found.iter().enumerate().skip(top)) {
        if let Some(row) = list.rows.get(*index) {
            draw_row(app, row, at == list.chosen, Rect { y, height: 1, ..inside }, paint);
        }
    }
    // What was not taken is told below, once.
    let is_nothing_there = list.rows.is_empty() && list.unread.is_none() && !list.note.is_empty();
    if list.found.is_empty() && list.problem.is_none() && !is_nothing_there {
        let told = if list.unread.is_some() { "nothing of what can be read fits" } else { "nothing fits" };
        paint.put((inside.x, inside.y + 1), inside.width, told, Meaning::Dim);
    }
    let y = place.bottom().saturating_sub(3);
    let not_now = list.row().and_then(|row| why_not(app, row));
    if let Some(problem) = list.problem.as_ref().or(list.unread.as_ref()) {
        let told = format!("{} {problem}", paint.look.glyphs.alert);
        paint.put((inside.x, y), inside.width, &told, Meaning::Problem);
    } else if let Some(why) = not_now {
        paint.put((inside.x, y), inside.width, &format!("not now: {why}"), Meaning::Degraded);
    } else if !list.note.is_empty() {
        paint.put((inside.x, y), inside.width, &list.note, Meaning::Dim);
    }
    let key = |action| app.keymap.shown(action, Context::Pick);
    let keys = Strip::of(key(Action::Act), Meaning::Focus)
        .and(format!(" {verb}   "), Meaning::Text)
        .and(format!("{} {}", key(Action::Up), key(Action::Down)), Meaning::Focus)
        .and(" choose   ", Meaning::Text)
        .and(key(Action::Back), Meaning::Focus)
        .and(" close", Meaning::Text);
    paint.offers((inside.x, y + 1), inside.width, &keys);
}

/// Why one of the list would do nothing now.
fn why_not(app: &App, row: &Row) -> Option<String> {
    match &row.gives {
        Gives::Do(action) => against(app, *action).map(|why| app.keymap.told(&why, Context::Run)),
        _ => None,
    }
}

fn draw_typed(list: &PickList, inside: Rect, paint: &mut Paint<'_>) {
    let line = Rect { height: 1, ..inside };
    paint.fill(line, Meaning::Input);
    let lead = paint.put((line.x, line.y), line.width, "> ", Meaning::Input);
    let room = usize::from(line.width.saturating_sub(lead + 1));
    // The end of a long text is what is being typed.
    let skipped = width(&list.typed).saturating_sub(room);
    let shown: String = list.typed.chars().skip(skipped).collect();
    let used = paint.put((line.x + lead, line.y), line.width - lead, &shown, Meaning::Input);
    paint.put((line.x + lead + used, line.y), 1, "_", Meaning::Input);
}

fn draw_row(app: &App, row: &Row, is_chosen: bool, line: Rect, paint: &mut Paint<'_>) {
    let against = why_not(app, row);
    let sign = match (is_chosen, &against) {
        (true, _) => paint.look.glyphs.current,
        (false, Some(_)) => paint.look.glyphs.not_applicable,
        (false, None) => " ",
    };
    paint.put((line.x, line.y), 2, sign, if is_chosen { Meaning::Current } else { Meaning::Dim });
    let text = Rect { x: line.x + 2, width: line.width.saturating_sub(2), ..line };
    let right = u16::try_from(width(&row.right)).unwrap_or(u16::MAX).min(text.width / 2);
    let room = text.width.saturating_sub(right + if right > 0 { 2 } else { 0 });
    let (told, meaning) = match &against {
        Some(why) => (format!("{}: {why}", row.told), Meaning::Dim),
        None => (row.told.clone(), Meaning::Text),
    };
    if is_chosen {
        paint.fill(Rect { width: room, ..text }, Meaning::Selected);
    }
    paint.put((text.x, text.y), room, &told, if is_chosen { Meaning::Selected } else { meaning });
    let right_meaning = if against.is_some() { Meaning::Dim } else { row.meaning };
    let told = cut(&row.right, usize::from(right), paint.look.glyphs.cut).into_owned();
    paint.put_right(text, &told, right_meaning);
}
