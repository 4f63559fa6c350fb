//! A table of a text: columns where they fit, else each row told cell by cell. Pure.

use pulldown_cmark::Alignment;

use crate::tui::flow::{Piece, flow};
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::width;

/// How narrow a column may become.
const LEAST: usize = 8;

/// Between two columns.
const GAP: usize = 2;

/// A table as it is read: its first row is its head.
#[derive(Clone, Debug, Default)]
pub struct Table {
    is_right: Vec<bool>,
    rows: Vec<Vec<Vec<Piece>>>,
    row: Vec<Vec<Piece>>,
}

impl Table {
    /// One with these columns.
    pub fn new(columns: &[Alignment]) -> Self {
        Self { is_right: columns.iter().map(|column| *column == Alignment::Right).collect(), ..Self::default() }
    }

    /// The next cell.
    pub fn cell(&mut self, pieces: Vec<Piece>) {
        self.row.push(pieces);
    }

    /// The row is whole.
    pub fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// How wide each column wants to be.
    fn wanted(&self) -> Vec<usize> {
        let cell = |row: &Vec<Vec<Piece>>, at: usize| row.get(at).map_or(0, |cell| wide(cell));
        (0..self.columns()).map(|at| self.rows.iter().map(|row| cell(row, at)).max().unwrap_or(0).max(1)).collect()
    }
}

fn wide(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// The widths of the columns in `cells`; `None` when they do not fit at all.
fn fitting(wanted: &[usize], cells: usize) -> Option<Vec<usize>> {
    let room = cells.checked_sub(GAP * wanted.len().saturating_sub(1))?;
    let mut widths = wanted.to_vec();
    while widths.iter().sum::<usize>() > room {
        // The widest gives way first.
        let widest = widths.iter_mut().max_by_key(|width| **width)?;
        if *widest <= LEAST {
            return None;
        }
        *widest -= 1;
    }
    Some(widths)
}

/// Its lines, `cells` wide.
pub fn lines(table: &Table, cells: usize, look: &Look) -> Vec<Strip> {
    match fitting(&table.wanted(), cells) {
        Some(widths) => in_columns(table, &widths, look),
        None => one_by_one(table, cells),
    }
}

fn in_columns(table: &Table, widths: &[usize], look: &Look) -> Vec<Strip> {
    let mut out = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let empty = Vec::new();
        let cells: Vec<Vec<Strip>> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| flow(&headed(row.get(at).unwrap_or(&empty), index == 0), *width))
            .collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut strip = Strip::default();
            for (at, width) in widths.iter().enumerate() {
                let part = cells[at].get(line).cloned().unwrap_or_default();
                let pad = " ".repeat(width.saturating_sub(part.width()));
                let is_right = table.is_right.get(at).copied().unwrap_or_default();
                let gap = if at + 1 < widths.len() { " ".repeat(GAP) } else { String::new() };
                if is_right {
                    strip = strip.and(pad.clone(), Meaning::Text);
                }
                strip.0.extend(part.0);
                let after = if is_right { gap } else { pad + &gap };
                strip = strip.and(after, Meaning::Text);
            }
            out.push(strip);
        }
        if index == 0 {
            let rule = |width: &usize| look.glyphs.frames[0][0].repeat(*width);
            let rules: Vec<_> = widths.iter().map(rule).collect();
            out.push(Strip::of(rules.join(&" ".repeat(GAP)), Meaning::Border));
        }
    }
    out
}

/// The cells of the head look like one.
fn headed(cell: &[Piece], is_head: bool) -> Vec<Piece> {
    let piece = |(text, meaning): &Piece| (text.clone(), if is_head { Meaning::Title } else { *meaning });
    cell.iter().map(piece).collect()
}

/// Each row below its head: `name: value`, cell by cell.
fn one_by_one(table: &Table, cells: usize) -> Vec<Strip> {
    let Some((head, rows)) = table.rows.split_first() else { return Vec::new() };
    let mut out = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            out.push(Strip::default());
        }
        for (at, cell) in row.iter().enumerate() {
            let mut pieces = headed(head.get(at).map_or(&[], Vec::as_slice), true);
            pieces.push((": ".into(), Meaning::Title));
            pieces.extend(cell.iter().cloned());
            out.extend(flow(&pieces, cells));
        }
    }
    if rows.is_empty() {
        let names: Vec<Piece> =
            head.iter().flat_map(|cell| headed(cell, true).into_iter().chain([(" ".into(), Meaning::Title)])).collect();
        out.extend(flow(&names, cells));
    }
    out
}
