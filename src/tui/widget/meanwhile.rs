//! What is to be watched while the current step is done: a few rows that stay where they are, whatever else is on the
//! screen.

use ratatui::layout::Rect;

use crate::engine::{ConditionId, Meanwhile, Tri, Turned};
use crate::runbook::{Runbook, StepKey};
use crate::text::clean_line;
use crate::tui::screen::run::Run;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Look, Meaning};
use crate::tui::widget::health::turned_of;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::{cut, width};

/// What stands before it, and where a row has fewer cells than that.
const HEAD: &str = "meanwhile watch:";
const SHORT_HEAD: (usize, &str) = (56, "watch:");

/// How many cells are kept free for what is said of each, so that the rows are as many when something goes wrong.
const WORD_CELLS: usize = 18;

/// How much is told of one, the more the better.
const PIECE_CELLS: [usize; 4] = [100, 48, 32, 20];

/// In no more cells why something is as it is has no place beside what it is.
const FEW_CELLS: usize = 32;

/// The titles of what a step watches, for where it is not the current one; empty when it watches nothing.
pub fn titles(runbook: &Runbook, key: &StepKey) -> String {
    let step = runbook.step(&key.phase, &key.step);
    let titles = step.iter().flat_map(|step| &step.watch).map(|watch| runbook.watched(watch));
    titles.collect::<Vec<_>>().join("; ")
}

const fn head(cells: usize) -> &'static str {
    if cells < SHORT_HEAD.0 { SHORT_HEAD.1 } else { HEAD }
}

/// What is watched now, as it is drawn.
pub struct Watching<'a> {
    /// What is walked.
    pub runbook: &'a Runbook,
    /// Each of them, what is not well first.
    pub all: Vec<Meanwhile<'a>>,
    /// What is to be made of rows that are not ok.
    pub turned: &'a [(ConditionId, Turned)],
}

impl Watching<'_> {
    /// How many rows it wants at that width, at most that many: the same however it stands.
    pub fn rows(&self, cells: usize, most: usize) -> usize {
        if self.all.is_empty() {
            return 0;
        }
        let mut used = width(head(cells));
        let mut rows = 1;
        for one in &self.all {
            let wide = 4 + width(&self.name(one)) + WORD_CELLS;
            if used > 0 && used + wide > cells {
                rows += 1;
                used = 0;
            }
            used += wide;
            if rows >= most {
                break;
            }
        }
        rows.min(most)
    }

    /// As much of it as there is room for in so many rows: what is not well comes first, what does not fit is counted.
    pub fn lines(&self, cells: usize, rows: usize, look: &Look) -> Vec<Strip> {
        let most = self.all.len().min(cells * rows / 5);
        let bad = self.all.iter().filter(|one| !one.is_well()).count();
        let fitting = |shown: usize, piece: usize| {
            let lines = self.flowing(shown, (piece, cells), look);
            let fits = lines.len() <= rows && lines.iter().all(|line| line.width() <= cells);
            fits.then_some(lines)
        };
        // What is not well is told before the others are, in fewer words rather than not at all.
        let least = |shown: usize| if shown > bad { &PIECE_CELLS[..1] } else { &PIECE_CELLS[..] };
        let found = (0..=most).rev().find_map(|shown| least(shown).iter().find_map(|piece| fitting(shown, *piece)));
        found.unwrap_or_else(|| self.flowing(0, (0, cells), look).into_iter().take(rows).collect())
    }

    fn flowing(&self, shown: usize, (piece, cells): (usize, usize), look: &Look) -> Vec<Strip> {
        let mut pieces: Vec<Strip> = self.all[..shown].iter().map(|one| self.piece(one, piece, look.glyphs)).collect();
        let well = self.all[shown..].iter().filter(|one| one.is_well()).count();
        let bad = self.all.len() - shown - well;
        if bad > 0 {
            let more = if shown == 0 { "" } else { " more" };
            let told = format!("{} {bad}{more} not well", look.glyphs.alert);
            pieces.push(Strip::of(told, Meaning::Bad));
        }
        if well > 0 {
            let more = if self.all[..shown].iter().any(Meanwhile::is_well) { " more" } else { "" };
            pieces.push(Strip::of(format!("{} {well}{more} well", look.glyphs.done), Meaning::Ok));
        }
        let mut lines = Vec::new();
        let mut line = Strip::of(head(cells), Meaning::Title);
        for piece in pieces {
            if line.width() + 2 + piece.width() > cells {
                lines.push(std::mem::replace(&mut line, Strip::of("  ", Meaning::Text)));
            } else {
                line = line.and("  ", Meaning::Text);
            }
            line.0.extend(piece.0);
        }
        lines.push(line);
        lines
    }

    fn name(&self, one: &Meanwhile<'_>) -> String {
        let name = match one {
            Meanwhile::Guard { id, .. } => {
                let guard = self.runbook.guards.iter().find(|guard| &guard.id == *id);
                guard.map_or_else(|| id.to_string(), |guard| guard.title.clone())
            }
            Meanwhile::Row(_) | Meanwhile::Absent(_) => tell::row(self.runbook, &one.condition()),
        };
        clean_line(&name).into_owned()
    }

    /// One of them, of at most so many cells.
    fn piece(&self, one: &Meanwhile<'_>, cells: usize, glyphs: &Glyphs) -> Strip {
        let name = self.name(one);
        let (sign, meaning, told) = match one {
            Meanwhile::Row(row) => {
                let (sign, meaning) = tell::verdict_sign(row.verdict, glyphs);
                let told = match (one.is_well(), row.why.is_empty() || cells <= FEW_CELLS) {
                    (true, _) => String::new(),
                    (false, true) => format!(" {}", row.verdict.word()),
                    (false, false) => format!(" {}: {}", row.verdict.word(), row.why),
                };
                (sign, meaning, told)
            }
            Meanwhile::Absent(_) => (glyphs.unknown, Meaning::Unknown, " has no row".into()),
            Meanwhile::Guard { truth: Tri::True, .. } => (glyphs.done, Meaning::Ok, String::new()),
            Meanwhile::Guard { truth, is_acknowledged, .. } => {
                let (sign, meaning) = tell::tri_sign(*truth, glyphs);
                let known = if *is_acknowledged { ", acknowledged" } else { "" };
                let meaning = if *is_acknowledged { Meaning::Deviation } else { meaning };
                (sign, meaning, format!(" {}{known}", tell::tri(*truth)))
            }
        };
        let mark = match one {
            Meanwhile::Row(row) => turned_of(row, self.turned),
            _ => None,
        };
        let mark = match mark {
            Some(Turned::Expected { .. }) => " expected",
            _ => "",
        };
        // How it stands is told in any case, of its name and of why as much as there is room for.
        let room = cells.saturating_sub(2 + width(mark));
        let told = clean_line(&told).into_owned();
        let told = cut(&told, (room / 2).max(room.saturating_sub(width(&name))), glyphs.cut).into_owned();
        let name = cut(&name, room.saturating_sub(width(&told)), glyphs.cut).into_owned();
        Strip::of(format!("{sign} "), meaning).and(name, Meaning::Text).and(told, meaning).and(mark, Meaning::Dim)
    }
}

/// Draws it in its place.
pub fn draw(run: &Run, area: Rect, paint: &mut Paint<'_>) {
    if area.is_empty() {
        return;
    }
    let cells = area.width.saturating_sub(2);
    let lines = run.watching().lines(usize::from(cells), usize::from(area.height), paint.look);
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        paint.strip((area.x + 1, y), cells, line);
    }
}
