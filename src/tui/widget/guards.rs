//! Conditions that hold through the whole run.

use ratatui::layout::Rect;

use crate::engine::{ConditionId, RunState, Tri};
use crate::runbook::{Guard, GuardId, Runbook};
use crate::tui::scrolling::{beyond, beyond_in_short};
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width};

/// The guards of a run.
pub struct Guards<'a> {
    /// Where they are defined.
    pub runbook: &'a Runbook,
    /// How they stand.
    pub state: &'a RunState,
}

impl Guards<'_> {
    /// The lines, `cells` wide.
    pub fn lines(&self, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = self.lines_of(&self.runbook.guards, cells, look);
        if lines.is_empty() {
            lines.push(Strip::of("none", Meaning::Dim));
        }
        lines
    }

    /// The line at which a guard begins.
    pub fn place(&self, id: &GuardId, cells: usize) -> usize {
        let before = self.runbook.guards.iter().take_while(|guard| &guard.id != id).count();
        self.lines_of(&self.runbook.guards[..before], cells, &Look::plain()).len()
    }

    fn lines_of(&self, guards: &[Guard], cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = Vec::new();
        for guard in guards {
            let id = ConditionId::Guard(guard.id.clone());
            let (truth, why, acknowledged) = self.standing(&id);
            let (sign, meaning) = tell::tri_sign(truth, look.glyphs);
            let meaning = if acknowledged { Meaning::Deviation } else { meaning };
            let text = cells.saturating_sub(2).max(1);
            for (index, line) in wrapped(&guard.title, text, meaning).into_iter().enumerate() {
                let lead = if index == 0 { format!("{sign} ") } else { "  ".into() };
                lines.push(Strip(std::iter::once((lead, meaning)).chain(line.0).collect()));
            }
            if truth == Tri::True {
                continue;
            }
            let known = if acknowledged { ", acknowledged" } else { "" };
            lines.extend(wrapped(&format!("  {}{known}", tell::tri(truth)), cells, meaning));
            if !why.is_empty() {
                lines.extend(wrapped(&format!("  {why}"), cells, Meaning::Dim));
            }
        }
        lines
    }

    /// How many lines there are at that width.
    pub fn len(&self, cells: usize) -> usize {
        self.lines(cells, &Look::plain()).len()
    }

    fn standing(&self, id: &ConditionId) -> (Tri, &str, bool) {
        let known = self.state.conditions.get(id);
        known.map_or((Tri::Unknown, "", false), |known| (known.truth, &known.why, known.acknowledged.is_some()))
    }

    /// What lies above and below what is in view and how many guards do not hold, in so many cells of the pane's edge:
    /// rather in fewer words than not at all.
    pub fn on_edge(&self, hidden: (usize, usize), cells: usize, dot: &str) -> String {
        let truths = self.runbook.guards.iter().map(|guard| self.standing(&ConditionId::Guard(guard.id.clone())).0);
        let (counted, short) = (counted(truths.clone(), ""), truths.filter(|truth| *truth != Tri::True).count());
        let short = if short > 0 { format!("{short} not ok") } else { String::new() };
        let with = |more: String, counted: &str| match (more.is_empty(), counted.is_empty()) {
            (true, _) => counted.to_owned(),
            (_, true) => more,
            _ => format!("{more} {dot} {counted}"),
        };
        let forms = [
            with(beyond(hidden, dot), &counted),
            with(beyond_in_short(hidden), &counted),
            with(beyond_in_short(hidden), &short),
            beyond_in_short(hidden),
            short,
        ];
        forms.into_iter().find(|form| width(form) <= cells).unwrap_or_default()
    }

    /// The last line at which they may begin in an area: the last of them stand at its lower edge.
    pub fn last(&self, area: Rect) -> usize {
        self.len(usize::from(area.width)).saturating_sub(usize::from(area.height))
    }

    /// The guards in one line: what does not hold comes first, and what there is no room for is counted.
    pub fn summary(&self, cells: usize, look: &Look) -> Strip {
        let head = Strip::of("guards", Meaning::Dim);
        if self.runbook.guards.is_empty() {
            return head.and("  none", Meaning::Dim);
        }
        let truth = |guard: &Guard| self.standing(&ConditionId::Guard(guard.id.clone())).0;
        let broken: Vec<_> = self.runbook.guards.iter().filter(|guard| truth(guard) != Tri::True).collect();
        let held = self.runbook.guards.len() - broken.len();
        let told = |shown: usize| {
            let mut strip = head.clone();
            for guard in &broken[..shown] {
                let (sign, meaning) = tell::tri_sign(truth(guard), look.glyphs);
                strip = strip.and(format!("  {sign} {}", guard.title), meaning);
            }
            if shown < broken.len() {
                let left =
                    counted(broken[shown..].iter().map(|guard| truth(guard)), if shown == 0 { "" } else { " more" });
                strip = strip.and(format!("  {} {left}", look.glyphs.alert), Meaning::Bad);
            }
            if held > 0 { strip.and(format!("  {} {held} hold", look.glyphs.done), Meaning::Ok) } else { strip }
        };
        let fitting = (1..=broken.len()).rev().map(&told).find(|strip| strip.width() <= cells);
        fitting.unwrap_or_else(|| {
            // One title is told in any case, as much of it as the others leave room for.
            let mut strip = told(broken.len().min(1));
            let over = strip.width().saturating_sub(cells);
            if let Some((title, _)) = strip.0.get_mut(1).filter(|_| !broken.is_empty()) {
                let room = width(title).saturating_sub(over).max(8);
                *title = cut(title, room, look.glyphs.cut).into_owned();
            }
            strip
        })
    }

    /// Draws them, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let lines = self.lines(usize::from(area.width), paint.look);
        paint.strips(area, &lines, from);
    }
}

/// How many of them do not hold, and of how many it is not known whether they do.
fn counted(truths: impl Iterator<Item = Tri>, more: &str) -> String {
    let (mut broken, mut unknown) = (0, 0);
    for truth in truths {
        match truth {
            Tri::True => {}
            Tri::False => broken += 1,
            Tri::Unknown => unknown += 1,
        }
    }
    match (broken, unknown) {
        (0, 0) => String::new(),
        (broken, 0) => format!("{broken}{more} not holding"),
        (0, unknown) => format!("{unknown}{more} not known"),
        (broken, unknown) => format!("{broken}{more} not holding, {unknown} not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::stage_tests::runbook;

    #[test]
    fn what_there_is_no_room_for_is_counted_and_a_title_is_cut_with_a_sign() {
        let mut book = runbook();
        let guard = book.guards[0].clone();
        let titles =
            ["At most one node is away", "Every node runs a version of the path", "The backup is not older than a day"];
        let named = |(at, title): (usize, &&str)| Guard {
            id: GuardId::new(format!("g{at}")),
            title: (*title).into(),
            ..guard.clone()
        };
        book.guards = titles.iter().enumerate().map(named).collect();
        let state = RunState::new(&book);
        let told = |cells| -> String {
            let strip = Guards { runbook: &book, state: &state }.summary(cells, &Look::plain());
            strip.0.into_iter().map(|(text, _)| text).collect()
        };
        assert!(titles.iter().all(|title| told(200).contains(title)), "{}", told(200));
        assert_eq!(told(58), "guards  ? At most one node is away  ! 2 more not known");
        for cells in 40..200 {
            assert!(width(&told(cells)) <= cells, "{cells}: {}", told(cells));
            assert!(told(cells).ends_with("not known") || told(cells).contains(titles[2]), "{cells}: {}", told(cells));
        }
    }
}
