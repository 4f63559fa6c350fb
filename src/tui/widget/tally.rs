//! The third row of the header: how many steps stand how, what people overruled, and how many alarms there are.

use ratatui::layout::Rect;

use crate::engine::{DeviationKind, StepStatus, left};
use crate::text::counted;
use crate::tui::screen::run::Run;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::alarms;
use crate::tui::widget::paint::{Paint, Strip};

/// How far the two sides of the row stay apart.
const GAP: usize = 2;

/// Draws the row: in words as long as there is room for them.
pub fn draw(run: &Run, area: Rect, paint: &mut Paint<'_>) {
    let cells = usize::from(area.width.saturating_sub(2));
    let forms = [(false, false, false), (false, true, false), (false, true, true), (true, false, false)];
    let forms = forms.into_iter().chain([(true, true, false), (true, true, true)]);
    let pairs = forms.map(|(is_bare, has_number, is_short)| {
        (counts(run, is_bare, paint.look), right(run, has_number, is_short, paint.look))
    });
    let all: Vec<(Strip, Strip)> = pairs.collect();
    let fits = |(left, right): &&(Strip, Strip)| left.width() + GAP + right.width() <= cells;
    let Some((left, right)) = all.iter().find(fits).or(all.last()) else { return };
    let right_cells = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width.saturating_sub(2));
    let left_cells = area.width.saturating_sub(right_cells + 3);
    paint.strip((area.x + 1, area.y), left_cells, left);
    paint.strip((area.right().saturating_sub(1 + right_cells), area.y), right_cells, right);
}

/// Every state that a step is in, with how many are: none is left out, and what draws the eye is what needs somebody.
fn counts(run: &Run, is_bare: bool, look: &Look) -> Strip {
    let mut strip = Strip::default();
    let cuts = run.view.tally.cuts();
    for (status, count) in run.view.tally.all() {
        // A wait that was cut short goes by its own word.
        let own = if status == StepStatus::Overridden && !is_bare { cuts } else { 0 };
        let is_always = matches!(status, StepStatus::Done | StepStatus::Pending);
        let (sign, word, _) = tell::status(status, look.glyphs);
        let meaning = match status {
            StepStatus::Failed | StepStatus::Reverted | StepStatus::Current => Meaning::Key,
            _ => Meaning::Bar,
        };
        let others = (count > own || is_always).then_some((count - own, word));
        let own = (own > 0).then_some((own, DeviationKind::CutWait.word()));
        for (count, word) in others.into_iter().chain(own) {
            let gap = if strip.0.is_empty() { "" } else { "  " };
            let told = if is_bare { format!("{gap}{sign} {count}") } else { format!("{gap}{sign} {count} {word}") };
            strip = strip.and(told, meaning);
        }
    }
    let unverified = run.state.unverified.len() - run.state.never_verified().len();
    if unverified > 0 {
        let word = if is_bare { "" } else { " to verify" };
        strip = strip.and(format!("  {} {unverified}{word}", look.glyphs.unknown), Meaning::Key);
    }
    strip
}

fn right(run: &Run, has_number: bool, is_short: bool, look: &Look) -> Strip {
    let (state, glyphs) = (&run.state, look.glyphs);
    let deviations = match (state.own_deviations().count(), has_number) {
        (0, _) => String::new(),
        (count, true) => counted(count, "deviation"),
        (_, false) => left::deviations(state.own_deviations().map(|deviation| deviation.kind)),
    };
    let counts = run.alarm_counts();
    let alarms = alarms::counted(counts.of, is_short, glyphs.dot);
    let mut strip = Strip::default();
    if !deviations.is_empty() {
        strip = strip.and(deviations, Meaning::Bar);
    }
    if !alarms.is_empty() {
        let gap = if strip.0.is_empty() { "" } else { "  " };
        let meaning = if counts.unseen > 0 { Meaning::Alarm } else { Meaning::Key };
        strip = strip.and(gap, Meaning::Bar).and(format!(" {} {alarms} ", glyphs.alert), meaning);
    }
    strip
}
