//! Conditions that hold through the whole run.

use ratatui::layout::Rect;

use crate::engine::{ConditionId, RunState, Tri};
use crate::runbook::Runbook;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;

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
        let mut lines = Vec::new();
        for guard in &self.runbook.guards {
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
        if lines.is_empty() {
            lines.push(Strip::of("none", Meaning::Dim));
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

    /// How many guards do not hold, for the pane's edge.
    pub fn counted(&self) -> String {
        let broken = self
            .runbook
            .guards
            .iter()
            .filter(|guard| self.standing(&ConditionId::Guard(guard.id.clone())).0 != Tri::True);
        match broken.count() {
            0 => String::new(),
            count => format!("{count} not holding"),
        }
    }

    /// The guards in one line: what does not hold comes first.
    pub fn summary(&self, look: &Look) -> Strip {
        let mut strip = Strip::of("guards", Meaning::Dim);
        let mut held = 0;
        for guard in &self.runbook.guards {
            let (truth, ..) = self.standing(&ConditionId::Guard(guard.id.clone()));
            if truth == Tri::True {
                held += 1;
            } else {
                let (sign, meaning) = tell::tri_sign(truth, look.glyphs);
                strip = strip.and(format!("  {sign} {}", guard.title), meaning);
            }
        }
        if held > 0 {
            strip = strip.and(format!("  {} {held} hold", look.glyphs.done), Meaning::Ok);
        }
        if self.runbook.guards.is_empty() {
            strip = strip.and("  none", Meaning::Dim);
        }
        strip
    }

    /// Draws them, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let lines = self.lines(usize::from(area.width), paint.look);
        paint.strips(area, &lines, from);
    }
}
