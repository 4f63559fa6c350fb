//! A board as a table with named columns, one line a row, what is not ok first. However many rows there are, only those
//! in view become lines.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::{Board, ConditionId, Row, Said, Turned, Verdict};
use crate::health::repeats_fields;
use crate::runbook::{Probe, ProbeId, Runbook};
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::health::AGE_CELLS;
use crate::tui::widget::health_fit::{Fit, LEAST_WHY, LONG_FIELD, fitted, flat, node_cells};
use crate::tui::widget::names::Names;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{cut, width};

/// The widest column of a field, in cells.
const MAX_FIELD: usize = 32;

/// No title of a probe is cut to fewer cells for the names of its columns.
const LEAST_TITLE: usize = 14;

/// The rows of a board in the order in which a table shows them, and how wide its columns are. Gathered once for a
/// board, not once for a frame; of rows that say what they said before, nothing is measured again, and names are looked
/// at again only where one of them is another one.
#[derive(Clone, Debug, Default)]
pub struct BoardOrder {
    probes: Vec<ProbeOrder>,
    turned: HashMap<usize, Turned>,
    /// Of each row by its place on the board; none where the runbook does not know its probe.
    cells: Vec<Option<Arc<Cells>>>,
}

/// How wide a row is.
#[derive(Debug)]
struct Cells {
    /// The row that was measured.
    of: Arc<Said>,
    /// Of each field.
    fields: Vec<usize>,
    /// The reason of its verdict, where it says more than the fields.
    why: usize,
}

/// The rows of a probe by their places on a board.
#[derive(Clone, Debug, Default)]
struct Rows {
    places: Vec<usize>,
    /// Whether one of them has not the name of the row that stood there before.
    is_renamed: bool,
}

#[derive(Clone, Debug)]
struct ProbeOrder {
    /// Its place among the probes of the runbook.
    at: usize,
    /// The places of its rows on the board.
    rows: Vec<usize>,
    /// Their names.
    names: Names,
    word: usize,
    mark: usize,
    /// Of each field; 0 where no row has a value.
    fields: Vec<usize>,
    /// The longest reason of a verdict, with what stands before it of fields.
    why: usize,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableLine {
    /// The heading of a probe, by its place in the order.
    Head(usize),
    /// A row of the board, by its place on it; and the probe.
    Row(usize, usize),
}

impl BoardOrder {
    /// Gathers it; `before` is what was gathered last of the same runbook.
    pub fn of(runbook: &Runbook, board: &Board, turned: &[(ConditionId, Turned)], before: &Self) -> Self {
        let mut of_probe: Vec<Rows> = vec![Rows::default(); runbook.health.len()];
        let mut cells = Vec::with_capacity(board.rows.len());
        let mut at = None;
        for (place, row) in board.rows.iter().enumerate() {
            // The rows of a probe stand together.
            let is_its = |at: &usize| runbook.health[*at].id == row.probe;
            at = at.filter(is_its).or_else(|| runbook.health.iter().position(|probe| probe.id == row.probe));
            let known = before.cells.get(place).and_then(Option::as_ref);
            let same = known.filter(|known| Arc::ptr_eq(&known.of, row.said()));
            cells.push(at.map(|at| match same {
                Some(known) => Arc::clone(known),
                None => Arc::new(Cells::of(&runbook.health[at], row)),
            }));
            if let Some(at) = at {
                let is_named_alike = |known: &Arc<Cells>| known.of.probe == row.probe && known.of.node == row.node;
                of_probe[at].is_renamed |= same.is_none() && !known.is_some_and(is_named_alike);
                of_probe[at].places.push(place);
            }
        }
        let turned = placed(board, turned);
        let mut probes: Vec<ProbeOrder> = of_probe
            .into_iter()
            .enumerate()
            .filter(|(_, rows)| !rows.places.is_empty())
            .map(|(at, rows)| {
                let names = before.kept_names(at, &rows).unwrap_or_else(|| rows.names(board));
                ProbeOrder::of((at, &runbook.health[at]), (rows.places, names), board, &cells, &turned)
            })
            .collect();
        // What is not ok must not lie below the lower edge.
        probes.sort_by_key(|probe| Reverse(probe.rows.first().map_or(0, |place| weight(board.rows[*place].verdict))));
        Self { probes, turned, cells }
    }

    /// What was found of the names of a probe, by its place among those of the runbook.
    pub fn names(&self, at: usize) -> Names {
        self.probes.iter().find(|probe| probe.at == at).map(|probe| probe.names).unwrap_or_default()
    }

    /// The same, where it had as many rows and each is named as the one that stood there.
    fn kept_names(&self, at: usize, rows: &Rows) -> Option<Names> {
        let probe = self.probes.iter().find(|probe| probe.at == at)?;
        (!rows.is_renamed && probe.rows.len() == rows.places.len()).then_some(probe.names)
    }

    /// How many lines the table has.
    pub fn len(&self, has_heads: bool) -> usize {
        self.probes.iter().map(|probe| usize::from(has_heads) + probe.rows.len()).sum()
    }

    /// How many probes have rows.
    pub fn probes(&self) -> usize {
        self.probes.len()
    }

    /// Whether any row has a value that a heading names.
    pub fn has_fields(&self) -> bool {
        self.probes.iter().any(|probe| probe.fields.iter().any(|cells| *cells > 0))
    }

    /// The line at that place.
    pub fn line(&self, at: usize, has_heads: bool) -> Option<TableLine> {
        let heads = usize::from(has_heads);
        let mut left = at;
        for (p, probe) in self.probes.iter().enumerate() {
            match left.checked_sub(heads + probe.rows.len()) {
                Some(rest) => left = rest,
                None if left < heads => return Some(TableLine::Head(p)),
                None => return probe.rows.get(left - heads).map(|place| TableLine::Row(*place, p)),
            }
        }
        None
    }

    /// The line of a row.
    pub fn place(&self, board: &Board, (probe, node): (&ProbeId, Option<&str>), has_heads: bool) -> Option<usize> {
        let heads = usize::from(has_heads);
        let mut before = 0;
        for of in &self.probes {
            let is_it = |place: &usize| {
                let row = &board.rows[*place];
                &row.probe == probe && row.node.as_deref() == node
            };
            if let Some(at) = of.rows.iter().position(is_it) {
                return Some(before + heads + at);
            }
            before += heads + of.rows.len();
        }
        None
    }

    /// How many cells its widest line wants when nothing of it is cut, with that form of the names.
    pub fn wanted(&self, form: usize) -> usize {
        self.probes.iter().map(|probe| probe.wanted(form)).max().unwrap_or(0)
    }

    /// The same with whole names, when long values are cut.
    pub fn wanted_cut(&self) -> usize {
        let of = |probe: &ProbeOrder| probe.names.widest[0] + probe.head() + probe.values(LONG_FIELD).max(probe.why);
        self.probes.iter().map(of).max().unwrap_or(0)
    }

    /// How wide all parts of a row are for each probe, in so many cells, with some kept free behind columns.
    pub fn fits(&self, room: usize, free: usize, has_columns: bool) -> Vec<Fit> {
        self.probes.iter().map(|probe| probe.fit(room, free, has_columns)).collect()
    }

    /// The probe of the line at that place.
    pub fn probe_of(&self, at: usize, has_heads: bool) -> Option<usize> {
        self.line(at, has_heads).map(|(TableLine::Head(p) | TableLine::Row(_, p))| p)
    }

    /// The left part of a line: what it is about, and what is known of it.
    pub fn strip(&self, runbook: &Runbook, board: &Board, line: TableLine, fits: &[Fit], glyphs: &Glyphs) -> Strip {
        #[cfg(test)]
        MADE.with(|made| made.set(made.get() + 1));
        let (TableLine::Head(p) | TableLine::Row(_, p)) = line;
        let known = self.probes.get(p).zip(fits.get(p));
        let Some((of, fit, probe)) = known.and_then(|(of, fit)| Some((of, fit, runbook.health.get(of.at)?))) else {
            return Strip::default();
        };
        match line {
            TableLine::Head(_) => of.heading(probe, fit, glyphs),
            TableLine::Row(place, _) => board
                .rows
                .get(place)
                .map_or_else(Strip::default, |row| of.row((probe, row), self.turned.get(&place).copied(), fit, glyphs)),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many lines were made: what a frame costs.
    pub static MADE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// How many rows were measured: what a board costs.
    pub static MEASURED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What is to be made of rows, by their places on the board.
fn placed(board: &Board, turned: &[(ConditionId, Turned)]) -> HashMap<usize, Turned> {
    if turned.is_empty() {
        return HashMap::new();
    }
    let places: HashMap<(&ProbeId, Option<&String>), usize> =
        board.rows.iter().enumerate().map(|(place, row)| ((&row.probe, row.node.as_ref()), place)).collect();
    let place = |id: &ConditionId| match id {
        ConditionId::Health(probe, node) => places.get(&(probe, node.as_ref())).copied(),
        _ => None,
    };
    turned.iter().filter_map(|(id, turned)| Some((place(id)?, *turned))).collect()
}

impl Cells {
    fn of(probe: &Probe, row: &Row) -> Self {
        #[cfg(test)]
        MEASURED.with(|measured| measured.set(measured.get() + 1));
        let fields = probe.fields.iter().map(|(name, _)| width(&value(row, name))).collect();
        let why = if repeats_fields(row) { 0 } else { width(&row.why) };
        Self { of: Arc::clone(row.said()), fields, why }
    }
}

impl Rows {
    fn names(&self, board: &Board) -> Names {
        Names::of(self.places.iter().map(|place| named(&board.rows[*place])))
    }
}

impl ProbeOrder {
    fn of(
        (at, probe): (usize, &Probe),
        (mut rows, names): (Vec<usize>, Names),
        board: &Board,
        cells: &[Option<Arc<Cells>>],
        turned: &HashMap<usize, Turned>,
    ) -> Self {
        rows.sort_by_key(|place| Reverse(weight(board.rows[*place].verdict)));
        let fields = vec![0; probe.fields.len()];
        let mut order = Self { at, names, word: 0, mark: 0, fields, why: 0, rows };
        for place in &order.rows {
            let Some(cells) = &cells[*place] else { continue };
            order.word = order.word.max(cells.of.verdict.word().len());
            if cells.why > 0 {
                let is_answer = cells.of.verdict != Verdict::Unknown;
                let before: usize = cells.fields.iter().filter(|cells| is_answer && **cells > 0).map(|at| at + 1).sum();
                order.why = order.why.max(before + cells.why + 1);
            }
            for (widest, cells) in order.fields.iter_mut().zip(&cells.fields) {
                *widest = (*widest).max((*cells).min(MAX_FIELD));
            }
            if let Some(turned) = turned.get(place) {
                order.mark = order.mark.max(width(&tell::turned(*turned).0) + 1);
            }
        }
        for ((name, _), widest) in probe.fields.iter().zip(&mut order.fields).filter(|(_, widest)| **widest > 0) {
            *widest = (*widest).max(width(name).min(MAX_FIELD));
        }
        order
    }

    /// How wide sign, word and mark are.
    fn head(&self) -> usize {
        3 + self.word + self.mark
    }

    /// How wide its values are, of long ones so much of the beginning.
    fn values(&self, longest: usize) -> usize {
        self.fields.iter().filter(|cells| **cells > 0).map(|cells| cells.min(&longest) + 1).sum()
    }

    fn wanted(&self, form: usize) -> usize {
        self.names.widest[form] + self.head() + self.values(MAX_FIELD).max(self.why)
    }

    fn fit(&self, room: usize, free: usize, has_columns: bool) -> Fit {
        if !has_columns {
            return Fit { node: node_cells(self.names.widest, room / 2), room, ..Fit::default() };
        }
        // How verdicts went gives way to whole names, and to values.
        let is_whole = |free: usize| [0, 2].map(|form| self.wanted(form) + free <= room);
        let gives_way = is_whole(0) != is_whole(free);
        let columns = room.saturating_sub(if gives_way { 0 } else { free });
        let node = node_cells(self.names.widest, columns.saturating_sub(self.head() + self.values(LONG_FIELD)));
        let fields = fitted(&self.fields, columns.saturating_sub(node + self.head()));
        let is_cut = fields.iter().zip(&self.fields).any(|(shown, wanted)| *shown == 0 && *wanted > 0);
        Fit { node, fields, is_cut, room, has_columns }
    }

    /// The probe's title, and the names of its fields above their columns. Where the title reaches over the first of them,
    /// all names stand behind it in the order of the columns: a column that nobody can name is read as another one.
    fn heading(&self, probe: &Probe, fit: &Fit, glyphs: &Glyphs) -> Strip {
        let strip = Strip::of(&probe.title, Meaning::Title);
        let shown = || probe.fields.iter().map(|(name, _)| name).zip(&fit.fields).filter(|(_, cells)| **cells > 0);
        let mut x = fit.node + self.head();
        if strip.width() > x && shown().next().is_some() {
            let names: Vec<&str> = shown().map(|(name, _)| name.as_str()).collect();
            let listed =
                format!("  {}{}", names.join(&format!(" {} ", glyphs.dot)), if fit.is_cut { glyphs.cut } else { "" });
            // No age stands at the end of this line. A title can be cut, for the rows below it tell what they are of.
            let room = (fit.room + AGE_CELLS).saturating_sub(width(&listed));
            if room >= strip.width().min(LEAST_TITLE) {
                return Strip::of(cut(&probe.title, room, glyphs.cut), Meaning::Title).and(listed, Meaning::Dim);
            }
        }
        let strip = shown().fold(strip, |strip, (name, cells)| {
            let (used, at) = (strip.width(), x + 1);
            x += cells + 1;
            if used >= at {
                return strip;
            }
            strip.and(format!("{}{}", " ".repeat(at - used), cut(name, *cells, glyphs.cut)), Meaning::Dim)
        });
        if fit.is_cut { strip.and(format!(" {}", glyphs.cut), Meaning::Dim) } else { strip }
    }

    fn row(&self, (probe, row): (&Probe, &Row), turned: Option<Turned>, fit: &Fit, glyphs: &Glyphs) -> Strip {
        let (sign, meaning) = tell::verdict_sign(row.verdict, glyphs);
        let node = padded(&self.names.common.short(named(row), fit.node, glyphs.cut), fit.node, glyphs);
        if !fit.has_columns {
            let names: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
            return flat((row, node), &names, turned, (self.word, fit.room), glyphs);
        }
        let mut strip = Strip::of(node, Meaning::Text)
            .and(format!(" {sign} {}", padded(row.verdict.word(), self.word, glyphs)), meaning);
        if self.mark > 0 {
            let (told, meaning) = turned.map_or_else(|| (String::new(), Meaning::Dim), tell::turned);
            strip = strip.and(format!(" {}", padded(&told, self.mark - 1, glyphs)), meaning);
        }
        let is_answer = row.verdict != Verdict::Unknown;
        let mut values = String::new();
        for ((name, _), cells) in probe.fields.iter().zip(&fit.fields).filter(|(_, cells)| **cells > 0) {
            let value = if is_answer { value(row, name) } else { String::new() };
            values.push(' ');
            values.push_str(&padded(&value, *cells, glyphs));
        }
        if row.why.is_empty() || repeats_fields(row) {
            return strip.and(values.trim_end(), Meaning::Text);
        }
        // A reason that would be cut to nothing behind the values stands in their place.
        let left = fit.room.saturating_sub(strip.width() + width(&values) + 1);
        if values.trim().is_empty() || left < width(&row.why).min(LEAST_WHY) {
            strip.and(format!(" {}", row.why), meaning)
        } else {
            strip.and(values, Meaning::Text).and(format!(" {}", row.why), meaning)
        }
    }
}

fn named(row: &Row) -> &str {
    row.node.as_deref().unwrap_or(row.probe.as_str())
}

/// A value below the name of its field.
fn value(row: &Row, name: &str) -> String {
    match row.fields.get(name) {
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Bool(true)) => "yes".into(),
        Some(Value::Bool(false)) => "no".into(),
        Some(Value::Number(number)) => number.to_string(),
    }
}

fn padded(text: &str, cells: usize, glyphs: &Glyphs) -> String {
    let text = cut(text, cells, glyphs.cut);
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(&text))))
}

/// What comes first.
pub const fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Degraded => 1,
        Verdict::Unknown => 2,
        Verdict::Bad => 3,
    }
}
