//! The board: per probe a table of nodes with sign, word, fields, how the verdict went, and the sample's age.

use std::time::Duration;

use ratatui::layout::Rect;
use serde_json::Value;

use crate::engine::{Board, ConditionId, Row, Turned, Verdict};
use crate::health::BoardKeeper;
use crate::runbook::{ProbeId, Runbook};
use crate::tui::screen::run::FRESH_MS;
use crate::tui::tell;
use crate::tui::theme::{ASCII, Glyphs, Meaning};
use crate::tui::widget::health_table::{BoardOrder, TableLine};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::width;

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
}

/// From which width on rows stand in a table with headings.
const TABLE_CELLS: usize = 72;

/// From how many lines on a table of one probe has a heading.
const LEAST_TABLE: usize = 5;

/// More rows than any pane has: how they would be broken into lines need not be looked at.
const MANY: usize = 120;

/// How many verdicts of the history are drawn at least, where there is room for any, and at most.
const DRAWN_HISTORY: (u16, u16) = (8, 60);

/// How many cells the age takes at the right end of a row.
const AGE_CELLS: usize = 5;

/// A line: the row that it begins with its place on the board, and its left part.
type Line<'a> = (Option<(usize, &'a Row)>, Strip);

/// A row with its place on the board, if it is one, and the lines that it takes.
type Group<'a> = (Option<(usize, &'a Row)>, Vec<Strip>);

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
        let shown: Vec<_> = self.runbook.health.iter().filter(|probe| self.rows(&probe.id).next().is_some()).collect();
        let has_titles = shown.len() > 1;
        let mut groups: Vec<Group<'_>> = Vec::new();
        for probe in shown {
            if has_titles {
                groups.push((None, vec![Strip::of(&probe.title, Meaning::Title)]));
            }
            let places: Vec<(usize, &Row)> = self.rows(&probe.id).collect();
            let rows: Vec<&Row> = places.iter().map(|(_, row)| *row).collect();
            let names: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
            let tails = table(&rows, (&names, self.turned), cells.saturating_sub(AGE_CELLS), glyphs);
            groups.extend(places.into_iter().map(Some).zip(tails));
        }
        let mut spare = most.saturating_sub(groups.len());
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|at| groups[*at].0.is_none_or(|(_, row)| row.verdict == Verdict::Ok));
        for at in order {
            let strips = &mut groups[at].1;
            match spare.checked_sub(strips.len() - 1) {
                Some(left) => spare = left,
                // On one line again; where that ends it is cut.
                None => *strips = vec![Strip(strips.drain(..).flat_map(|strip| strip.0).collect())],
            }
        }
        let lines = groups.into_iter().flat_map(|(row, strips)| {
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
        let has_heads = self.order.probes() > 1 || (cells >= TABLE_CELLS && most >= LEAST_TABLE);
        let is_short = self.rows_and_titles() > most;
        let wanted = self.order.wanted() + AGE_CELLS + usize::from(DRAWN_HISTORY.0) + 1;
        let is_roomy = cells >= TABLE_CELLS && self.order.len(true) <= most && wanted <= cells;
        (is_short || is_roomy).then_some(has_heads)
    }

    /// The line of a row on so much room.
    pub fn place(&self, area: Rect, (probe, node): (&ProbeId, Option<&str>)) -> usize {
        let (cells, most) = (usize::from(area.width), usize::from(area.height));
        if let Some(has_heads) = self.as_table(cells, most) {
            return self.order.place(self.board, (probe, node), has_heads).unwrap_or(0);
        }
        let lines = self.lines(cells, most, &ASCII);
        let is_it = |row: &Row| &row.probe == probe && row.node.as_deref() == node;
        lines.iter().position(|(row, _)| row.is_some_and(|(_, row)| is_it(row))).unwrap_or(0)
    }

    /// How many lines lie below the lower edge of an area, when it is drawn from line `from` on.
    pub fn below(&self, area: Rect, from: usize) -> usize {
        self.on(area).saturating_sub(from + usize::from(area.height))
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

    fn draw_table(&self, area: Rect, from: usize, has_heads: bool, paint: &mut Paint<'_>) {
        for (y, at) in (area.y..area.bottom()).zip(from..) {
            let Some(line) = self.order.line(at, has_heads) else { return };
            let strip = self.order.strip(self.runbook, self.board, line, paint.look.glyphs);
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

/// The left parts of the rows of one probe, in columns; a row that is wider than `room` goes on below.
fn table(
    rows: &[&Row],
    (fields, turned): (&[&str], &[(ConditionId, Turned)]),
    room: usize,
    glyphs: &Glyphs,
) -> Vec<Vec<Strip>> {
    let nodes: Vec<&str> = rows.iter().map(|row| row.node.as_deref().unwrap_or(row.probe.as_str())).collect();
    let node_cells = nodes.iter().map(|node| width(node)).max().unwrap_or(0).min(20);
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
        let head = |word: &str| {
            let head = Strip::of(padded(node, node_cells), Meaning::Text).and(format!(" {sign} {word}"), meaning);
            match turned_of(row, turned).map(tell::turned) {
                Some((told, meaning)) => head.and(format!(" {told}"), meaning),
                None => head,
            }
        };
        let is_answer = !matches!(row.verdict, Verdict::Unknown);
        let mut line = head(&padded(word, word_cells));
        if is_answer && cells.iter().any(|cell| !cell.is_empty()) {
            let columns = cells.iter().zip(&widths).filter(|(_, wide)| **wide > 0);
            let joined: Vec<_> = columns.map(|(cell, wide)| padded(cell, *wide)).collect();
            line = line.and(format!(" {}", joined.join(" ").trim_end()), Meaning::Text);
        }
        if !row.why.is_empty() {
            line = line.and(format!(" {}", row.why), meaning);
        }
        if line.width() <= room {
            return vec![line];
        }
        let values =
            cells.iter().filter(|cell| is_answer && !cell.is_empty()).map(|cell| (cell.as_str(), Meaning::Text));
        let why = row.why.split_whitespace().map(|word| (word, meaning));
        flowing(head(word), values.chain(why), room)
    };
    rows.iter().zip(nodes).zip(&cells).map(|((row, node), cells)| strips((row, node, cells))).collect()
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

/// `2 ok · 1 bad`, for the pane's edge.
pub fn counted(board: &Board, glyphs: &Glyphs) -> String {
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
