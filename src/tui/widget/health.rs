//! The board: per probe a table of nodes with sign, word, fields, how the verdict went, and the sample's age.

use std::time::Duration;

use ratatui::layout::Rect;
use serde_json::Value;

use crate::engine::{Board, ConditionId, Row, Turned, Verdict};
use crate::health::BoardKeeper;
use crate::runbook::{ProbeId, Runbook};
use crate::tui::screen::run::FRESH_MS;
use crate::tui::scrolling::{beyond, beyond_in_short};
use crate::tui::tell;
use crate::tui::theme::{ASCII, Glyphs, Meaning};
use crate::tui::widget::health_fit::{Fit, fitted, flat, node_cells};
use crate::tui::widget::health_table::{BoardOrder, TableLine};
use crate::tui::widget::names::Names;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::{cut, width};

/// The board of a run.
pub struct Health<'a> {
    /// For the probes' titles and fields.
    pub runbook: &'a Runbook,
    /// As it stands.
    pub board: &'a Board,
    /// For the history of verdicts.
    pub keeper: &'a BoardKeeper,
    /// What is to be made of the rows that are not ok.
    pub turned: &'a [(ConditionId, Turned)],
    /// Its rows in the order of a table.
    pub order: &'a BoardOrder,
    /// The row that stands out.
    pub sought: Option<&'a (ProbeId, Option<String>)>,
}

/// From which width on rows stand in a table with headings, and from which on where nothing of them is cut.
const TABLE_CELLS: usize = 72;
const NARROW_TABLE: usize = 56;

/// From how many lines on a table of one probe has a heading.
const LEAST_TABLE: usize = 5;

/// More rows than any pane has: how they would be broken into lines need not be looked at.
const MANY: usize = 120;

/// How many verdicts of the history are drawn at least, where there is room for any, and at most.
const DRAWN_HISTORY: (u16, u16) = (8, 60);

/// What is kept free for it, the gap before it included.
const HISTORY_CELLS: usize = DRAWN_HISTORY.0 as usize + 1;

/// How many cells the age takes at the right end of a row.
pub const AGE_CELLS: usize = 5;

/// A line: the row that it begins with its place on the board, and its left part.
type Line<'a> = (Option<(usize, &'a Row)>, Strip);

/// A row with its place on the board, if it is one, and the lines that it takes; and all of it on one.
type Group<'a> = (Option<(usize, &'a Row)>, Vec<Strip>, Strip);

impl Health<'_> {
    /// How many lines it takes when no value is cut, `cells` wide.
    pub fn height(&self, cells: usize) -> usize {
        match self.as_table(cells, usize::MAX) {
            Some(has_heads) => self.order.len(has_heads),
            None if self.rows_and_titles() > MANY => self.rows_and_titles(),
            None => self.lines(cells, usize::MAX, &ASCII).len(),
        }
    }

    /// The rows of a probe with their places on the board.
    fn rows(&self, probe: &ProbeId) -> impl Iterator<Item = (usize, &Row)> {
        self.board.rows.iter().enumerate().filter(move |(_, row)| &row.probe == probe)
    }

    /// The lines of a board that fits, `cells` wide: one for each row, and more for rows that do not fit as far as there is
    /// room for it in `most` lines. What is not ok has it first.
    fn lines(&self, cells: usize, most: usize, glyphs: &Glyphs) -> Vec<Line<'_>> {
        let probes = self.runbook.health.iter().enumerate();
        let shown: Vec<_> = probes.filter(|(_, probe)| self.rows(&probe.id).next().is_some()).collect();
        let has_titles = shown.len() > 1;
        let mut groups: Vec<Group<'_>> = Vec::new();
        // What is given more than one line: each row that is not ok by itself, of the others all of a probe or none.
        let mut wanting: Vec<Vec<usize>> = Vec::new();
        let mut others: Vec<Vec<usize>> = Vec::new();
        for (at, probe) in shown {
            if has_titles {
                groups.push((None, Vec::new(), Strip::of(&probe.title, Meaning::Title)));
            }
            let places: Vec<(usize, &Row)> = self.rows(&probe.id).collect();
            let rows: Vec<&Row> = places.iter().map(|(_, row)| *row).collect();
            let fields: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
            let names = self.order.names(at);
            let tails = table((&rows, names), (&fields, self.turned), cells.saturating_sub(AGE_CELLS), glyphs);
            let is_ok = |at: &usize| rows[*at].verdict == Verdict::Ok;
            let (well, ill): (Vec<_>, Vec<_>) = (0..rows.len()).partition(is_ok);
            wanting.extend(ill.into_iter().map(|at| vec![groups.len() + at]));
            others.push(well.into_iter().map(|at| groups.len() + at).collect());
            groups.extend(places.into_iter().zip(tails).map(|(place, (lines, line))| (Some(place), lines, line)));
        }
        let mut spare = most.saturating_sub(groups.len());
        for together in wanting.into_iter().chain(others) {
            let more: usize = together.iter().map(|at| groups[*at].1.len().saturating_sub(1)).sum();
            match spare.checked_sub(more) {
                Some(left) => spare = left,
                None => together.into_iter().for_each(|at| groups[at].1.clear()),
            }
        }
        let lines = groups.into_iter().flat_map(|(row, strips, line)| {
            let strips = if strips.is_empty() { vec![line] } else { strips };
            std::iter::once(row).chain(std::iter::repeat(None)).zip(strips).collect::<Vec<_>>()
        });
        lines.collect()
    }

    /// How many lines there are when every row has one, with a title for each of several probes.
    fn rows_and_titles(&self) -> usize {
        let probes = self.order.probes();
        self.board.rows.len() + if probes > 1 { probes } else { 0 }
    }

    /// Whether it is drawn as a table on so much room, and whether that has headings: where not all fits, and where there
    /// is room for whole lines. Only then is a line made for nothing but what is in view.
    fn as_table(&self, cells: usize, most: usize) -> Option<bool> {
        let is_short = self.rows_and_titles() > most;
        let is_roomy = !is_short && self.is_roomy(cells, most);
        let is_high = is_roomy || most >= LEAST_TABLE;
        let has_names = self.order.has_fields() && self.has_columns(cells, most);
        let has_heads = self.order.probes() > 1 || (has_names && is_high);
        (is_short || is_roomy).then_some(has_heads)
    }

    /// Whether there is room for whole lines with their headings. How verdicts went gives way first, then what names have
    /// in common; where there is room for both, long values may be cut.
    fn is_roomy(&self, cells: usize, most: usize) -> bool {
        let room = cells.saturating_sub(AGE_CELLS);
        let is_whole = cells >= NARROW_TABLE && self.order.wanted(2) <= room;
        let is_wide = cells >= TABLE_CELLS && self.order.wanted_cut() + HISTORY_CELLS <= room;
        (is_whole || is_wide) && (1..=most).contains(&self.order.len(true))
    }

    /// Whether lines have columns: where they go on below, also with less room than they want.
    fn has_columns(&self, cells: usize, most: usize) -> bool {
        let is_whole = cells >= NARROW_TABLE && self.order.wanted(0) + AGE_CELLS <= cells;
        cells >= TABLE_CELLS || is_whole || self.is_roomy(cells, most)
    }

    /// From which line on it is to be drawn on so much room, so that a row is in view: as high as may be.
    pub fn place(&self, area: Rect, (probe, node): (&ProbeId, Option<&str>)) -> usize {
        let (cells, most) = (usize::from(area.width), usize::from(area.height));
        if let Some(has_heads) = self.as_table(cells, most) {
            let at = self.order.place(self.board, (probe, node), has_heads).unwrap_or(0);
            // Its heading stays above it.
            let last = self.order.len(has_heads).saturating_sub(most);
            return at.saturating_sub(usize::from(has_heads)).min(last);
        }
        let lines = self.lines(cells, most, &ASCII);
        let is_it = |row: &Row| &row.probe == probe && row.node.as_deref() == node;
        let at = lines.iter().position(|(row, _)| row.is_some_and(|(_, row)| is_it(row))).unwrap_or(0);
        at.min(lines.len().saturating_sub(most))
    }

    /// How many lines lie above and below an area, when it is drawn from line `from` on.
    pub fn beyond(&self, area: Rect, from: usize) -> (usize, usize) {
        (from, self.on(area).saturating_sub(from + usize::from(area.height)))
    }

    /// How many lines there are on so much room.
    pub fn on(&self, area: Rect) -> usize {
        let (cells, most) = (usize::from(area.width), usize::from(area.height));
        match self.as_table(cells, most) {
            Some(has_heads) => self.order.len(has_heads),
            None => self.lines(cells, most, &ASCII).len(),
        }
    }

    /// Draws it, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let (cells, most) = (usize::from(area.width), usize::from(area.height));
        if let Some(has_heads) = self.as_table(cells, most) {
            self.draw_table(area, from, has_heads, paint);
            return;
        }
        let lines = self.lines(cells, most, paint.look.glyphs);
        if lines.is_empty() {
            paint.put((area.x, area.y), area.width, "no probes", Meaning::Dim);
        }
        for (y, (row, strip)) in (area.y..area.bottom()).zip(lines.iter().skip(from)) {
            self.draw_line(*row, strip, Rect { y, height: 1, ..area }, paint);
        }
    }

    /// How wide the parts of the rows of a table are in an area, and whether there is room for columns.
    fn fits(&self, area: Rect) -> Vec<Fit> {
        let room = usize::from(area.width).saturating_sub(AGE_CELLS);
        self.order.fits(room, HISTORY_CELLS, self.has_columns(usize::from(area.width), usize::from(area.height)))
    }

    /// The heading of the probe whose rows stand at the upper edge stays there when it is scrolled away.
    fn line(&self, (at, from): (usize, usize), has_heads: bool) -> Option<TableLine> {
        let stays = has_heads && at == from && from > 0;
        if stays { self.order.probe_of(at, true).map(TableLine::Head) } else { self.order.line(at, has_heads) }
    }

    fn draw_table(&self, area: Rect, from: usize, has_heads: bool, paint: &mut Paint<'_>) {
        let fits = self.fits(area);
        for (y, at) in (area.y..area.bottom()).zip(from..) {
            let Some(line) = self.line((at, from), has_heads) else { return };
            let strip = self.order.strip(self.runbook, self.board, line, &fits, paint.look.glyphs);
            let row = match line {
                TableLine::Row(place, _) => self.board.rows.get(place).map(|row| (place, row)),
                TableLine::Head(_) => None,
            };
            self.draw_line(row, &strip, Rect { y, height: 1, ..area }, paint);
        }
    }

    fn draw_line(&self, row: Option<(usize, &Row)>, strip: &Strip, line: Rect, paint: &mut Paint<'_>) {
        let left = u16::try_from(strip.width()).unwrap_or(u16::MAX);
        let used = row.map_or(0, |row| self.right(row, left, line, paint));
        paint.strip((line.x, line.y), line.width.saturating_sub(used), strip);
        let is_sought = |row: &Row| self.sought.is_some_and(|(probe, node)| *probe == row.probe && *node == row.node);
        if let Some(node) = row.filter(|(_, row)| is_sought(row)).and_then(|_| strip.0.first()) {
            let cells = u16::try_from(width(node.0.trim_end())).unwrap_or(u16::MAX);
            paint.tint(Rect { width: cells.min(line.width), ..line }, Meaning::Selected);
        }
    }

    /// The right part of a row: as much of the history as there is room for beside `left`, and the age; gives the cells
    /// that it took.
    fn right(&self, (place, row): (usize, &Row), left: u16, area: Rect, paint: &mut Paint<'_>) -> u16 {
        let age_cells = u16::try_from(AGE_CELLS).unwrap_or(0);
        paint.put_right(area, &age(row.age_ms), Meaning::Dim);
        let room = area.width.saturating_sub(left + age_cells + 1).min(most_history(area.width));
        let history: Vec<Verdict> = self.keeper.history(place).map(|beat| beat.verdict).collect();
        // What runs through beside every row is left out where nothing is to move by itself.
        let room = if paint.look.is_still { 0 } else { room };
        let drawn = &history[history.len().saturating_sub(usize::from(room))..];
        let mut x = area.right().saturating_sub(age_cells + u16::try_from(drawn.len()).unwrap_or(0));
        for verdict in drawn {
            let (sign, meaning) = history_sign(*verdict, paint.look.glyphs);
            x += paint.put((x, area.y), 1, sign, meaning);
        }
        age_cells + u16::try_from(drawn.len()).unwrap_or(0)
    }
}

/// The left parts of the rows of one probe, in columns: each on as many lines as it wants, where it is wider than `room`,
/// and on one.
fn table(
    (rows, names): (&[&Row], Names),
    (fields, turned): (&[&str], &[(ConditionId, Turned)]),
    room: usize,
    glyphs: &Glyphs,
) -> Vec<(Vec<Strip>, Strip)> {
    let nodes: Vec<&str> = rows.iter().map(|row| row.node.as_deref().unwrap_or(row.probe.as_str())).collect();
    let node_cells = node_cells(names.widest, (room / 2).max(20));
    let word_cells = rows.iter().map(|row| row.verdict.word().len()).max().unwrap_or(0);
    // The reason of a verdict names the values that it rests on.
    let told = |row: &&Row| if row.why.is_empty() { values(row, fields) } else { Vec::new() };
    let cells: Vec<Vec<String>> = rows.iter().map(told).collect();
    let widths: Vec<usize> = (0..fields.len())
        .map(|column| cells.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let strips = |(row, node, cells): (&&Row, &str, &Vec<String>)| {
        let (sign, meaning) = tell::verdict_sign(row.verdict, glyphs);
        let word = row.verdict.word();
        let node = padded(&names.common.short(node, node_cells, glyphs.cut), node_cells);
        let mark = turned_of(row, turned);
        let head = |word: &str| {
            let head = Strip::of(node.clone(), Meaning::Text).and(format!(" {sign} {word}"), meaning);
            match mark.map(tell::turned) {
                Some((told, meaning)) => head.and(format!(" {told}"), meaning),
                None => head,
            }
        };
        let is_answer = !matches!(row.verdict, Verdict::Unknown);
        if row.why.is_empty() {
            let cells: &[String] = if is_answer { cells } else { &[] };
            let line = in_columns(head(&padded(word, word_cells)), cells, &widths, glyphs);
            if line.width() <= room {
                return (vec![line.clone()], line);
            }
            let values = cells.iter().filter(|cell| !cell.is_empty()).map(|cell| (cell.as_str(), Meaning::Text));
            return (flowing(head(word), values, room), on_one_line(head(word), cells, (&widths, room), glyphs));
        }
        let line = head(&padded(word, word_cells)).and(format!(" {}", row.why), meaning);
        if line.width() <= room {
            return (vec![line.clone()], line);
        }
        let lines = flowing(head(word), row.why.split_whitespace().map(|word| (word, meaning)), room);
        (lines, flat((row, node.clone()), fields, mark, (word_cells, room), glyphs))
    };
    rows.iter().zip(nodes).zip(&cells).map(|((row, node), cells)| strips((row, node, cells))).collect()
}

/// Values in columns of these widths behind `head`.
fn in_columns(head: Strip, cells: &[String], widths: &[usize], glyphs: &Glyphs) -> Strip {
    let columns = cells.iter().zip(widths).filter(|(_, wide)| **wide > 0);
    let joined: Vec<_> = columns.map(|(cell, wide)| padded(&cut(cell, *wide, glyphs.cut), *wide)).collect();
    match joined.join(" ").trim_end() {
        "" => head,
        values => head.and(format!(" {values}"), Meaning::Text),
    }
}

/// The same in `room`: narrower columns, and a sign where some have no room at all.
fn on_one_line(head: Strip, cells: &[String], (widths, room): (&[usize], usize), glyphs: &Glyphs) -> Strip {
    let left = room.saturating_sub(head.width());
    let fit = fitted(widths, left);
    if fit.iter().zip(widths).all(|(shown, wanted)| (*shown > 0) == (*wanted > 0)) {
        return in_columns(head, cells, &fit, glyphs);
    }
    let fit = fitted(widths, left.saturating_sub(1 + width(glyphs.cut)));
    in_columns(head, cells, &fit, glyphs).and(format!(" {}", glyphs.cut), Meaning::Dim)
}

/// Pieces one after the other behind `head`, below it where they do not fit.
fn flowing<'a>(head: Strip, pieces: impl Iterator<Item = (&'a str, Meaning)>, room: usize) -> Vec<Strip> {
    let mut lines = vec![];
    let mut line = head;
    for (piece, meaning) in pieces {
        if line.width() + 1 + width(piece) > room {
            lines.push(std::mem::replace(&mut line, Strip::of("  ", Meaning::Text)));
        }
        line = line.and(format!(" {piece}"), meaning);
    }
    lines.push(line);
    lines
}

/// What is to be made of a row that is not ok.
pub fn turned_of(row: &Row, turned: &[(ConditionId, Turned)]) -> Option<Turned> {
    let is_its =
        |id: &ConditionId| matches!(id, ConditionId::Health(probe, node) if probe == &row.probe && node == &row.node);
    turned.iter().find(|(id, _)| is_its(id)).map(|(_, turned)| *turned)
}

fn history_sign(verdict: Verdict, glyphs: &Glyphs) -> (&'static str, Meaning) {
    let meaning = tell::verdict_sign(verdict, glyphs).1;
    match verdict {
        Verdict::Ok => (glyphs.history[0], meaning),
        Verdict::Degraded => (glyphs.history[1], meaning),
        Verdict::Bad => (glyphs.history[2], meaning),
        Verdict::Unknown => (glyphs.history[3], meaning),
    }
}

/// How many verdicts of the history are drawn at most in a pane of that width.
pub fn most_history(width: u16) -> u16 {
    (width / 5).clamp(DRAWN_HISTORY.0, DRAWN_HISTORY.1)
}

/// How old a sample is: `now`, `12s`, `3m`; `-` when there is none.
pub fn age(age_ms: Option<u64>) -> String {
    match age_ms {
        None => "-".into(),
        Some(age) if age < FRESH_MS => "now".into(),
        Some(age) => tell::short(Duration::from_millis(age)),
    }
}

/// The values of a row's fields, as text: texts as they are, numbers with their field's name. What cannot be read at
/// a glance (an object, a list) is left empty.
pub fn values(row: &Row, fields: &[&str]) -> Vec<String> {
    let value = |name: &&str| match row.fields.get(*name) {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Bool(true)) => (*name).to_owned(),
        Some(Value::Bool(false)) => format!("not {name}"),
        Some(Value::Number(number)) => format!("{name} {number}"),
    };
    fields.iter().map(value).collect()
}

/// How many rows came to what and how many lines lie above and below, in so many cells of the pane's edge: rather in signs
/// than not at all.
pub fn on_edge(board: &Board, hidden: (usize, usize), cells: usize, glyphs: &Glyphs) -> String {
    let dot = glyphs.dot;
    let with =
        |more: String, counted: &str| if more.is_empty() { counted.into() } else { format!("{more} {dot} {counted}") };
    let (long, signs) = (counted(board, glyphs), in_signs(board, glyphs));
    let not_ok = board.rows.iter().filter(|row| row.verdict != Verdict::Ok).count();
    let forms =
        [with(beyond(hidden, dot), &long), with(beyond_in_short(hidden), &signs), signs, format!("{not_ok} not ok")];
    forms.into_iter().find(|form| width(form) <= cells).unwrap_or_default()
}

/// `✘ 10 ! 11 ✔ 979`.
fn in_signs(board: &Board, glyphs: &Glyphs) -> String {
    let all = [Verdict::Bad, Verdict::Unknown, Verdict::Degraded, Verdict::Ok];
    let counted = all.into_iter().filter_map(|verdict| {
        let count = board.rows.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{} {count}", tell::verdict_sign(verdict, glyphs).0))
    });
    counted.collect::<Vec<_>>().join(" ")
}

/// `2 ok · 1 bad`, for the pane's edge.
fn counted(board: &Board, glyphs: &Glyphs) -> String {
    let all = [Verdict::Ok, Verdict::Degraded, Verdict::Bad, Verdict::Unknown];
    let counted = all.into_iter().filter_map(|verdict| {
        let count = board.rows.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.word()))
    });
    counted.collect::<Vec<_>>().join(&format!(" {} ", glyphs.dot))
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}
