//! Phases, items and steps with their marks; what is done and far away is folded.

use ratatui::layout::Rect;

use crate::engine::{Counts, ItemState, Moment, PhaseState, Plan, RunState, StepState, StepStatus, left};
use crate::runbook::{Runbook, Step, StepKey};
use crate::tui::screen::run::naming::{phase_title, title_of_step};
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::paint::Paint;
use crate::tui::widget::step::tag;

/// Stands where a second person has yet to look at a step.
const UNVERIFIED: &str = "2nd due";

/// What stands at a step that is done and that nobody will verify any more.
const NEVER_VERIFIED: &str = "no 2nd";

/// What stands at a step instead of its status because no second person has verified it.
pub fn unverified(state: &RunState, key: &StepKey, known: &StepState) -> Option<&'static str> {
    if known.waived.is_some() {
        return Some(NEVER_VERIFIED);
    }
    if !state.unverified.contains_key(key) || known.status == StepStatus::Failed {
        return None;
    }
    let is_over = || state.phases.iter().any(|phase| phase.id == key.phase && phase.plan != state.plan);
    let is_left = known.status != StepStatus::Current && (state.closed.is_some() || is_over());
    Some(if is_left { NEVER_VERIFIED } else { UNVERIFIED })
}

/// The list of steps of a run.
pub struct Checklist<'a> {
    /// What is walked.
    pub runbook: &'a Runbook,
    /// How it stands.
    pub state: &'a RunState,
    /// For the values in titles.
    pub moment: &'a Moment,
    /// How many steps stand how.
    pub tally: &'a Tally,
    /// The step that is looked at.
    pub shown: Option<&'a StepKey>,
}

/// How many steps stand how, counted once for a state, not once for a frame or a sample: what changes nothing of it costs
/// the same in a long run as in a short one.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Of which record's state.
    seq: u64,
    counts: Counts,
    /// Those that were left behind.
    undone: u32,
    /// Of those that were overridden, waits that were cut short.
    cuts: u32,
    /// Of each phase of the state: done, all, and the mark that stands for it.
    phases: Vec<(usize, usize, StepStatus)>,
}

impl Tally {
    /// Counts them.
    pub fn of(state: &RunState) -> Self {
        #[cfg(test)]
        TALLIED.with(|tallied| tallied.set(tallied.get() + 1));
        let phases = state.phases.iter().map(|phase| sum(phase.items.iter())).collect();
        Self { seq: state.seq, counts: state.counts(), undone: state.undone(), cuts: state.cuts(), phases }
    }

    /// The same, counted anew only where something was recorded since: it is that of the same run.
    #[must_use]
    pub fn then(self, state: &RunState) -> Self {
        if self.seq == state.seq { self } else { Self::of(state) }
    }

    /// Of those that were overridden, how many are waits that were cut short.
    pub const fn cuts(&self) -> u32 {
        self.cuts
    }

    /// How many steps are in each state.
    pub const fn all(&self) -> [(StepStatus, u32); 9] {
        let Counts { pending, current, done, failed, skipped, not_applicable, overridden, deferred, reverted } =
            self.counts;
        [
            (StepStatus::Done, done),
            (StepStatus::Current, current),
            (StepStatus::Pending, pending),
            (StepStatus::Failed, failed),
            (StepStatus::Reverted, reverted),
            (StepStatus::Skipped, skipped),
            (StepStatus::Overridden, overridden),
            (StepStatus::Deferred, deferred),
            (StepStatus::NotApplicable, not_applicable),
        ]
    }
}

#[cfg(test)]
thread_local! {
    /// How often all steps were counted: what a sample must not cost.
    pub static TALLIED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One line of the list, by its place in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A phase, counted over all phases of the state.
    Phase(usize),
    /// An outer item of it, in a loop in a loop.
    Group(usize, usize),
    /// An item of it.
    Item(usize, usize),
    /// A step of that item.
    Step(usize, usize, usize),
}

impl Checklist<'_> {
    /// The lines, folded: only the phase and item of the current step and of the one looked at are open.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (p, phase) in self.state.phases.iter().enumerate() {
            if phase.plan != Plan::Main && phase.plan != self.state.plan {
                continue;
            }
            rows.push(Row::Phase(p));
            if !self.is_open(|key| key.phase == phase.id) {
                continue;
            }
            if !phase.groups.is_empty() {
                self.group_rows(p, phase, &mut rows);
                continue;
            }
            let has_items = phase.items.iter().any(|item| item.item.name.is_some());
            for (i, item) in phase.items.iter().enumerate() {
                if has_items {
                    rows.push(Row::Item(p, i));
                }
                if !has_items || self.is_open(|key| key.phase == phase.id && key.item == item.item.name) {
                    rows.extend((0..item.steps.len()).map(|s| Row::Step(p, i, s)));
                }
            }
        }
        rows
    }

    /// The outer items as headings; open is only that of the current step and that of the one looked at.
    fn group_rows(&self, p: usize, phase: &PhaseState, rows: &mut Vec<Row>) {
        for (g, group) in phase.groups.iter().enumerate() {
            rows.push(Row::Group(p, g));
            let mut of_it = phase.items.iter().enumerate().filter(|(_, item)| item.group == Some(g)).peekable();
            let is_its = |key: &StepKey| {
                let item = key.item.as_deref().unwrap_or_default();
                key.phase == phase.id && item.split('/').next() == group.item.name.as_deref()
            };
            if of_it.peek().is_none() || !self.is_open(is_its) {
                continue;
            }
            for (i, item) in of_it {
                if group.is_bound {
                    rows.push(Row::Item(p, i));
                }
                if self.is_open(|key| key.phase == phase.id && key.item == item.item.name) {
                    rows.extend((0..item.steps.len()).map(|s| Row::Step(p, i, s)));
                }
            }
        }
    }

    fn is_open(&self, of: impl Fn(&StepKey) -> bool) -> bool {
        self.state.current.as_ref().is_some_and(&of) || self.shown.is_some_and(of)
    }

    /// The step of a line; a phase or item stands for its first step.
    pub fn key(&self, row: Row) -> Option<StepKey> {
        let (p, i, s) = match row {
            Row::Phase(p) => (p, 0, 0),
            Row::Group(p, g) => (p, self.state.phases.get(p)?.items.iter().position(|item| item.group == Some(g))?, 0),
            Row::Item(p, i) => (p, i, 0),
            Row::Step(p, i, s) => (p, i, s),
        };
        let phase = self.state.phases.get(p)?;
        let item = phase.items.get(i)?;
        let step = item.steps.get(s)?;
        Some(StepKey { phase: phase.id.clone(), item: item.item.name.clone(), step: step.id.clone() })
    }

    /// Where a step stands in the state.
    pub fn place(&self, key: &StepKey) -> Option<Row> {
        let p = self.state.phases.iter().position(|phase| phase.id == key.phase)?;
        let i = self.state.phases[p].items.iter().position(|item| item.item.name == key.item)?;
        let s = self.state.phases[p].items[i].steps.iter().position(|step| step.id == key.step)?;
        Some(Row::Step(p, i, s))
    }

    /// The first line in view. It moves by whole pages, so that a step from line to line rarely moves all of them.
    pub fn top(&self, rows: &[Row], height: u16) -> usize {
        let height = usize::from(height);
        let place = self.shown.and_then(|key| self.place(key));
        let at = rows.iter().position(|row| Some(*row) == place).unwrap_or(0);
        let margin = (height / 4).min(4);
        let page = (height - 2 * margin).max(1);
        let top = at.saturating_sub(margin) / page * page;
        top.min(rows.len().saturating_sub(height))
    }

    /// Draws it.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let rows = self.rows();
        let top = self.top(&rows, area.height);
        for (y, row) in (area.y..area.bottom()).zip(rows.iter().skip(top)) {
            self.draw_row(*row, Rect { y, height: 1, ..area }, paint);
        }
    }

    fn draw_row(&self, row: Row, area: Rect, paint: &mut Paint<'_>) {
        match row {
            Row::Phase(p) => self.draw_phase(p, area, paint),
            Row::Group(p, g) => self.draw_group(p, g, area, paint),
            Row::Item(p, i) => {
                let Some(item) = self.state.phases.get(p).and_then(|phase| phase.items.get(i)) else { return };
                let (done, all, worst) = sum(std::iter::once(item));
                let name = item.item.name.as_deref().unwrap_or_default();
                // Under the heading of its group it goes by its own name.
                let name = name.rsplit('/').next().unwrap_or(name);
                let indent = if item.group.is_some() { 5 } else { 3 };
                let line = Line { indent, worst, name, right: &format!("{done}/{all}") };
                line.draw(area, paint);
            }
            Row::Step(p, i, s) => self.draw_step((p, i, s), area, paint),
        }
    }

    /// A heading; of a group that is not bound yet it is open how many there will be, and one without any says so.
    fn draw_group(&self, p: usize, g: usize, area: Rect, paint: &mut Paint<'_>) {
        let Some((phase, group)) = self.state.phases.get(p).and_then(|phase| Some((phase, phase.groups.get(g)?)))
        else {
            return;
        };
        let (done, all, worst) = sum(phase.items.iter().filter(|item| item.group == Some(g)));
        let is_empty = group.is_bound && all == 0;
        let worst = if is_empty { StepStatus::NotApplicable } else { worst };
        let more = if group.is_bound || done == all { "" } else { "+" };
        let right = if is_empty { "no items".to_owned() } else { format!("{done}/{all}{more}") };
        let name = group.item.name.as_deref().unwrap_or_default();
        Line { indent: 3, worst, name, right: &right }.draw(area, paint);
    }

    fn draw_phase(&self, p: usize, area: Rect, paint: &mut Paint<'_>) {
        let Some((phase, &(done, all, worst))) = self.state.phases.get(p).zip(self.tally.phases.get(p)) else { return };
        let before = self.state.phases[..p].iter().filter(|other| other.plan == phase.plan).count();
        let back = if phase.plan == Plan::Main { "" } else { "B" };
        let name = format!("{back}{} {}", before + 1, phase_title(self.runbook, self.state, self.moment, &phase.id));
        let is_open_ended =
            if phase.is_bound { phase.groups.iter().any(|group| !group.is_bound) } else { self.is_loop(phase) };
        let more = if is_open_ended && !phase.is_accounted() { "+" } else { "" };
        let worst = if phase.is_accounted() && all == 0 { StepStatus::NotApplicable } else { worst };
        Line { indent: 1, worst, name: &name, right: &format!("{done}/{all}{more}") }.draw(area, paint);
    }

    fn is_loop(&self, phase: &PhaseState) -> bool {
        self.runbook.phase(&phase.id).is_some_and(|phase| phase.for_each.is_some())
    }

    fn draw_step(&self, (p, i, s): (usize, usize, usize), area: Rect, paint: &mut Paint<'_>) {
        let Some(key) = self.key(Row::Step(p, i, s)) else { return };
        let known = &self.state.phases[p].items[i].steps[s];
        let Some(planned) = self.planned(&key, s) else { return };
        let told @ (_, _, meaning) = tell::standing(known.status, known.is_cut(), paint.look.glyphs);
        let (sign, word, meaning) = match unverified(self.state, &key, known) {
            None => told,
            Some(word @ UNVERIFIED) if meaning == Meaning::Current => (told.0, word, meaning),
            // What nobody else has looked at yet does not stand there as what went well.
            Some(word @ UNVERIFIED) => (paint.look.glyphs.unknown, word, Meaning::Current),
            Some(word) => (paint.look.glyphs.alert, word, Meaning::Deviation),
        };
        let is_grouped = self.state.group(&key).is_some_and(|group| group.is_bound);
        let indent = if is_grouped {
            7
        } else if key.item.is_some() {
            5
        } else {
            3
        };
        let left = area.x + indent;
        let right = area.right();
        let is_shown = self.shown == Some(&key);
        let marks = 16;
        let room = area.width.saturating_sub(indent + 2 + marks);
        if is_shown {
            paint.put((area.x, area.y), 1, paint.look.glyphs.under, Meaning::Focus);
        }
        paint.put((left, area.y), 1, sign, meaning);
        let title = title_of_step(planned, self.runbook, self.state, self.moment, &key);
        let title_meaning = if known.status == StepStatus::Pending { Meaning::Text } else { meaning };
        let title = marked(&self.state.phases[p], s, &title, paint.look.glyphs);
        let used = paint.put((left + 2, area.y), room, &title, title_meaning);
        if is_shown {
            paint.tint(Rect { x: left + 2, width: used, ..area }, Meaning::Selected);
        }
        paint.put(
            (right.saturating_sub(marks - 1), area.y),
            6,
            tag(planned.action.kind(), planned.actor.is_some()),
            Meaning::Dim,
        );
        paint.put((right.saturating_sub(8), area.y), 8, word, meaning);
    }
}

impl<'a> Checklist<'a> {
    /// The step of the runbook, which stands there in the same place, unless the way has been changed.
    fn planned(&self, key: &StepKey, at: usize) -> Option<&'a Step> {
        let same = self.runbook.phase(&key.phase)?.steps.get(at).filter(|step| step.id == key.step);
        same.or_else(|| self.runbook.step(&key.phase, &key.step))
    }
}

struct Line<'a> {
    indent: u16,
    worst: StepStatus,
    name: &'a str,
    right: &'a str,
}

impl Line<'_> {
    fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let (sign, _, meaning) = tell::status(self.worst, paint.look.glyphs);
        paint.put((area.x + self.indent, area.y), 1, sign, meaning);
        let used = paint.put_right(area, self.right, Meaning::Dim);
        let name_meaning = if self.worst == StepStatus::Current { Meaning::Current } else { Meaning::Text };
        let room = area.width.saturating_sub(self.indent + 3 + used);
        paint.put((area.x + self.indent + 2, area.y), room, self.name, name_meaning);
    }
}

/// The title of a step behind its number; behind a bullet where the steps are taken in any order.
pub fn marked(phase: &PhaseState, step: usize, title: &str, glyphs: &Glyphs) -> String {
    if phase.any_order { format!("{} {title}", glyphs.bullet) } else { format!("{} {title}", step + 1) }
}

/// How many steps are done or do not apply, of how many, and the mark that stands for all of them. Where steps were left
/// behind it is not that of what is done.
pub fn sum<'a>(items: impl Iterator<Item = &'a ItemState>) -> (usize, usize, StepStatus) {
    sum_of(items.flat_map(|item| &item.steps).map(AsRef::as_ref))
}

/// The same of single steps.
pub fn sum_of<'a>(steps: impl Iterator<Item = &'a StepState>) -> (usize, usize, StepStatus) {
    let (mut accounted, mut undone, mut all) = (0, 0, 0);
    let mut worst: Option<StepStatus> = None;
    for step in steps {
        all += 1;
        accounted += usize::from(step.status.is_accounted());
        undone += usize::from(step.is_undone());
        if worst.is_none_or(|worst| weight(step.status) > weight(worst)) {
            worst = Some(step.status);
        }
    }
    let worst = worst.unwrap_or(StepStatus::Pending);
    let is_started = accounted > 0 && accounted < all;
    let is_on = is_started && !matches!(worst, StepStatus::Deferred | StepStatus::Reverted);
    let mark = match worst {
        _ if is_on && weight(worst) < weight(StepStatus::Current) => StepStatus::Current,
        StepStatus::Done if undone > 0 => StepStatus::NotApplicable,
        worst => worst,
    };
    (accounted - undone, all, mark)
}

/// Which of two marks stands for a group: what is left to do comes before what was overruled, that before what is done.
fn weight(status: StepStatus) -> u8 {
    match status {
        StepStatus::Failed => 8,
        StepStatus::Reverted => 7,
        StepStatus::Current => 6,
        StepStatus::Pending => 5,
        StepStatus::Deferred => 4,
        StepStatus::Overridden => 3,
        StepStatus::Skipped => 2,
        StepStatus::Done => 1,
        StepStatus::NotApplicable => 0,
    }
}

/// `9/24`, what failed or was left behind, and the deviations, for the pane's edge. What was left out is not done.
pub fn counted(state: &RunState, tally: &Tally, glyphs: &Glyphs) -> String {
    let counts = &tally.counts;
    let accounted = counts.done + counts.skipped + counts.not_applicable + counts.overridden;
    let all = accounted + counts.pending + counts.current + counts.failed + counts.deferred + counts.reverted;
    let undone = tally.undone;
    let behind = undone - counts.skipped;
    let deviations = left::deviations(state.own_deviations().map(|deviation| deviation.kind));
    let mut told = format!("{}/{all}", accounted - undone);
    let failed = (counts.failed > 0).then(|| format!("{} failed", counts.failed));
    let reverted = (counts.reverted > 0).then(|| format!("{} reverted", counts.reverted));
    let behind = (behind > 0).then(|| format!("{behind} not done"));
    for part in [failed, reverted, behind, Some(deviations)] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            told.push_str(&format!(" {} {part}", glyphs.dot));
        }
    }
    told
}
