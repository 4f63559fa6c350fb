//! The overview as it is drawn: a line for each phase and step, a column for each node. Only what is in view is looked
//! up.

use ratatui::layout::Rect;

use crate::engine::{Plan, StepStatus, Verdict};
use crate::runbook::StepKey;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::grid::{Cell, Fold, Line, Sum, inner};
use crate::tui::screen::run::naming::{phase_title, title_of_step, untold_in};
use crate::tui::screen::run::overview::{CELL_WITH_WORD, Lay, Overview};
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Look, Meaning};
use crate::tui::widget::checklist::marked;
use crate::tui::widget::paint::{Paint, Strip};

/// The overview of a run.
pub struct OverviewGrid<'a> {
    /// The run.
    pub run: &'a Run,
    /// What is looked at.
    pub overview: &'a Overview,
    /// For the keys that are told.
    pub keymap: &'a Keymap,
}

impl OverviewGrid<'_> {
    /// How much of it is in view, for the edge of its frame.
    pub fn counted(&self, area: Rect, glyphs: &Glyphs) -> String {
        let lay = self.overview.lay(self.run, area);
        let (lines, nodes) = (self.overview.grid.len(lay.fold), self.overview.grid.columns.len() - 1);
        let mut told = Vec::new();
        if lines > usize::from(lay.lines.height) {
            let last = (lay.first_line + usize::from(lay.lines.height)).min(lines);
            told.push(format!("lines {} to {last} of {lines}", lay.first_line + 1));
        }
        let shown = lay.columns.saturating_sub(1);
        if nodes > shown {
            told.push(format!("nodes {} to {} of {nodes}", lay.first_column, lay.first_column + shown.max(1) - 1));
        }
        told.join(&format!(" {} ", glyphs.dot))
    }

    /// Draws it.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let lay = self.overview.lay(self.run, area);
        for (x, column) in self.columns(&lay) {
            self.draw_head(&lay, (x, column), paint);
        }
        self.draw_groups(&lay, paint);
        let all = self.overview.grid.len(lay.fold);
        for (y, at) in (lay.lines.y..lay.lines.bottom()).zip(lay.first_line..all) {
            let Some(line) = self.overview.grid.line(at, lay.fold) else { continue };
            self.draw_title(&lay, y, line, paint);
            for (x, column) in self.columns(&lay) {
                self.draw_cell(&lay, (x, y), (line, column), at, paint);
            }
        }
        if !lay.told.is_empty() {
            paint.strip((lay.told.x, lay.told.y), lay.told.width, &self.told(&lay, paint.look));
        }
        if !lay.keys.is_empty() {
            paint.offers((lay.keys.x, lay.keys.y), lay.keys.width, &self.keys(&lay));
        }
    }

    /// The columns in view, each with where it begins.
    fn columns(&self, lay: &Lay) -> Vec<(u16, usize)> {
        let nodes = lay.lines.x + lay.title + lay.all;
        let of_node = |(shown, at)| (nodes.saturating_add(shown * lay.cell), at);
        let places = (0..).zip(lay.first_column..self.overview.grid.columns.len());
        let first = std::iter::once((lay.lines.x + lay.title, 0));
        first.chain(places.take(lay.columns - 1).map(of_node)).collect()
    }

    /// How wide a column is, without the gap behind it.
    fn cells(lay: &Lay, column: usize) -> u16 {
        let wide = if column == 0 { lay.all } else { lay.cell };
        wide.saturating_sub(2)
    }

    fn draw_head(&self, lay: &Lay, (x, column): (u16, usize), paint: &mut Paint<'_>) {
        let cells = Self::cells(lay, column);
        let name = self.overview.grid.columns[column].as_deref();
        let meaning = if lay.at.1 == column { Meaning::Focus } else { Meaning::Title };
        let (common, room, sign) = (self.overview.grid.common, usize::from(cells), paint.look.glyphs.cut);
        let shown = name.map_or_else(|| "all".to_owned(), |name| common.ending(inner(name), room, sign));
        paint.put((x, lay.names.y), cells, &shown, meaning);
        if let Some(verdict) = name.and_then(|name| self.verdict(inner(name))).filter(|_| !lay.health.is_empty()) {
            let (sign, meaning) = tell::verdict_sign(verdict, paint.look.glyphs);
            paint.put((x, lay.health.y), cells, &format!("{sign} {}", verdict.word()), meaning);
        }
        if column == 0 && !lay.health.is_empty() {
            paint.put((lay.health.x, lay.health.y), lay.title.saturating_sub(2), "health of the nodes", Meaning::Dim);
        }
    }

    /// The outer items, each above the first of its columns that is in view.
    fn draw_groups(&self, lay: &Lay, paint: &mut Paint<'_>) {
        if lay.groups.is_empty() {
            return;
        }
        let mut last = None;
        for (x, column) in self.columns(lay) {
            let name = self.overview.grid.columns[column].as_deref();
            let outer = name.and_then(|name| Some(name.split_once('/')?.0));
            if outer.is_some() && outer != last {
                paint.put(
                    (x, lay.groups.y),
                    lay.groups.right().saturating_sub(x),
                    outer.unwrap_or_default(),
                    Meaning::Title,
                );
            }
            last = outer;
        }
    }

    /// The worst that the board says of a node.
    fn verdict(&self, name: &str) -> Option<Verdict> {
        let rows = self.run.view.moment.board.rows.iter().filter(|row| row.node.as_deref() == Some(name));
        rows.map(|row| row.verdict).max_by_key(|verdict| match verdict {
            Verdict::Ok => 0,
            Verdict::Degraded => 1,
            Verdict::Unknown => 2,
            Verdict::Bad => 3,
        })
    }

    fn draw_title(&self, lay: &Lay, y: u16, line: Line, paint: &mut Paint<'_>) {
        let room = lay.title.saturating_sub(2);
        match line {
            Line::Phase(p) => {
                let title = self.phase(p);
                paint.put((lay.lines.x, y), room, &title, Meaning::Title);
            }
            Line::Step(p, s) => {
                let title = self.step(p, s, paint.look.glyphs);
                paint.put((lay.lines.x + 2, y), room.saturating_sub(2), &title, Meaning::Text);
            }
        }
    }

    /// Number and title of a phase.
    fn phase(&self, p: usize) -> String {
        let run = self.run;
        let Some(phase) = self.overview.grid.phases.get(p).and_then(|of| run.state.phases.get(of.at)) else {
            return String::new();
        };
        let same = self.overview.grid.phases[..p].iter().filter_map(|of| run.state.phases.get(of.at));
        let before = same.filter(|other| other.plan == phase.plan).count();
        let back = if phase.plan == Plan::Main { "" } else { "B" };
        format!("{back}{} {}", before + 1, phase_title(&run.runbook, &run.state, &run.view.moment, &phase.id))
    }

    /// The title of a step; in a loop, with a gap for what its items say.
    fn step(&self, p: usize, s: usize, glyphs: &Glyphs) -> String {
        let run = self.run;
        let phase = self.overview.grid.phases.get(p).and_then(|of| run.state.phases.get(of.at));
        let Some((phase, planned)) = phase.and_then(|phase| Some((phase, phase.steps.get(s)?))) else {
            return String::new();
        };
        let Some(step) = run.runbook.step(&phase.id, &planned.id) else { return String::new() };
        let is_one = matches!(&phase.items[..], [only] if only.item.name.is_none()) && phase.is_bound;
        let key = StepKey { phase: phase.id.clone(), item: None, step: planned.id.clone() };
        let title = if is_one {
            title_of_step(step, &run.runbook, &run.state, &run.view.moment, &key)
        } else {
            untold_in(&run.state, &step.title, &key)
        };
        marked(phase, s, &title, glyphs)
    }

    fn draw_cell(
        &self,
        lay: &Lay,
        (x, y): (u16, u16),
        (line, column): (Line, usize),
        at: usize,
        paint: &mut Paint<'_>,
    ) {
        let cells = Self::cells(lay, column);
        let cell = self.overview.grid.cell(&self.run.state, line, column);
        let (told, meaning) = shown(cell, cells + 2 >= CELL_WITH_WORD, paint.look.glyphs);
        let used = paint.put((x, y), cells, &told, meaning);
        if lay.at == (at, column) {
            paint.tint(Rect::new(x, y, used, 1), Meaning::Selected);
            paint.put((x.saturating_sub(1), y), 1, paint.look.glyphs.under, Meaning::Focus);
        }
    }

    /// What there is to be told of the chosen cell.
    fn told(&self, lay: &Lay, look: &Look) -> Strip {
        let (grid, state) = (&self.overview.grid, &self.run.state);
        let Some(line) = grid.line(lay.at.0, lay.fold) else { return Strip::default() };
        let (Line::Phase(p) | Line::Step(p, _)) = line;
        let column = grid.columns.get(lay.at.1).cloned().flatten();
        let of = column.map(|name| format!(" {} {name}", look.glyphs.dot)).unwrap_or_default();
        let cell = grid.cell(state, line, lay.at.1);
        let (told, meaning) = shown(cell, true, look.glyphs);
        let name = match (line, grid.key(state, line, lay.at.1)) {
            (Line::Step(..), Some(key)) if matches!(cell, Cell::One(_)) => self.run.spoken(&key),
            (Line::Step(_, s), _) => format!("{}{of}", self.step(p, s, look.glyphs)),
            (Line::Phase(p), _) => format!("{}{of}", self.phase(p)),
        };
        let strip = Strip::of(format!("{name}: "), Meaning::Text);
        match cell {
            Cell::Blank => strip.and("nothing to do", Meaning::Dim),
            Cell::Several((done, all, worst), _) => {
                let (sign, _) = sign_of((done, all, worst), look.glyphs);
                strip.and(format!("{sign} {done} of {all} done"), meaning)
            }
            Cell::Together(_) => strip.and(told, meaning),
            Cell::One(_) => {
                let known = grid.key(state, line, lay.at.1).and_then(|key| state.step(&key).cloned());
                let mut strip = strip.and(told, meaning);
                if let Some((known, at)) = known.and_then(|known| Some((known.clone(), known.ended?))) {
                    strip = strip.and(format!(" {} {} {}", look.clock(at), known.by, known.said), Meaning::Dim);
                }
                strip
            }
        }
    }

    fn keys(&self, lay: &Lay) -> Strip {
        let rows = if lay.fold == Fold::All { "one phase" } else { "every step" };
        let offers = [
            (Action::Act, "to the step"),
            (Action::Fold, rows),
            (Action::Return, "the current step"),
            (Action::Back, "back"),
        ];
        offers.into_iter().fold(Strip::default(), |strip, (action, word)| {
            let key = self.keymap.shown(action, Context::Overview);
            strip.and(key, Meaning::Focus).and(format!(" {word}   "), Meaning::Text)
        })
    }
}

/// A cell in a few signs, told from others without colour.
fn shown(cell: Cell, has_word: bool, glyphs: &Glyphs) -> (String, Meaning) {
    match cell {
        Cell::Blank => (glyphs.dot.to_owned(), Meaning::Dim),
        Cell::Several(sum, is_open_ended) => several(sum, is_open_ended, glyphs),
        Cell::One(status) => {
            let (sign, word, meaning) = tell::status(status, glyphs);
            (if has_word { format!("{sign} {word}") } else { sign.to_owned() }, meaning)
        }
        Cell::Together(standing) => {
            let (sign, word, meaning) = standing.told(glyphs);
            (if has_word { format!("{sign} {word}") } else { sign.to_owned() }, meaning)
        }
    }
}

fn several((done, all, worst): Sum, is_open_ended: bool, glyphs: &Glyphs) -> (String, Meaning) {
    let (sign, meaning) = sign_of((done, all, worst), glyphs);
    let more = if is_open_ended { "+" } else { "" };
    (format!("{sign} {done}/{all}{more}"), meaning)
}

/// The sign that stands for several: where some of them are done and the rest is to come, neither that of the one nor that of
/// the other.
fn sign_of((done, all, worst): Sum, glyphs: &Glyphs) -> (&'static str, Meaning) {
    let (sign, _, meaning) = tell::status(if all == 0 { StepStatus::NotApplicable } else { worst }, glyphs);
    let is_partly = worst == StepStatus::Pending && done > 0 && done < all;
    (if is_partly { glyphs.partly } else { sign }, meaning)
}
