//! The list of alarms as it is drawn, and their counts.

use ratatui::layout::Rect;

use crate::engine::{ConditionId, Turned};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::alarm::{Alarm, Severity, Subject, What};
use crate::tui::screen::run::alarm_list::{AlarmList, MORE_ROWS};
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Look, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width};

/// The list of alarms of a run.
pub struct Alarms<'a> {
    /// The run.
    pub run: &'a Run,
    /// What is looked at.
    pub list: &'a AlarmList,
    /// For the keys that are told.
    pub keymap: &'a Keymap,
}

/// The sign, word and meaning of a severity.
pub const fn severity(severity: Severity, glyphs: &Glyphs) -> (&'static str, &'static str, Meaning) {
    match severity {
        Severity::Warning => (glyphs.failed, "WARNING", Meaning::Warning),
        Severity::Caution => (glyphs.alert, "caution", Meaning::Caution),
        Severity::Advisory => (glyphs.dot, "advisory", Meaning::Note),
    }
}

/// `1 warning · 2 cautions`; as short as it may become: `1W 2C`. Empty when there is none.
pub fn counted([warnings, cautions, advisories]: [usize; 3], is_short: bool, dot: &str) -> String {
    let words = [(warnings, "warning", "warnings", "W"), (cautions, "caution", "cautions", "C")];
    let words = words.into_iter().chain([(advisories, "advisory", "advisories", "A")]);
    let told = words.filter(|(count, ..)| *count > 0).map(|(count, one, many, letter)| match (is_short, count) {
        (true, _) => format!("{count}{letter}"),
        (false, 1) => format!("1 {one}"),
        (false, _) => format!("{count} {many}"),
    });
    told.collect::<Vec<_>>().join(&if is_short { " ".to_owned() } else { format!(" {dot} ") })
}

/// What an alarm tells, in one line.
pub fn told(run: &Run, alarm: &Alarm, look: &Look) -> String {
    let at = look.clock(alarm.since);
    match (&alarm.subject, alarm.what) {
        (Subject::Step(key), What::Failed) => {
            let said = run.state.step(key).map(|step| step.said.as_str()).unwrap_or_default();
            format!("{} failed: {said}", run.spoken(key))
        }
        (Subject::Step(key), What::Reverted) => {
            let said = run.state.step(key).map(|step| step.said.as_str()).unwrap_or_default();
            let colon = if said.is_empty() { "" } else { ": " };
            format!("{} is not so any more{colon}{said}", run.spoken(key))
        }
        (Subject::Step(key), _) => format!("{} was put off and comes back", run.spoken(key)),
        (Subject::Condition(id), What::Turned(Turned::Expected { left })) => {
            format!("{} is {}, expected for {} more", tell::row(&run.runbook, id), alarm.word, tell::short(left))
        }
        (Subject::Condition(id), What::NeverOk) => {
            format!("{} is {}; it has not been ok in this run", tell::row(&run.runbook, id), alarm.word)
        }
        (Subject::Condition(_), What::Turned(_)) => tell::alarm(&run.runbook, alarm, &at),
        (Subject::Condition(id), _) => {
            format!("{} {} since {at}", tell::condition(&run.runbook, id), tell::tri(alarm.truth))
        }
    }
}

/// What an alarm tells in so many cells: where the whole is too long, what is the matter comes before the title of the
/// probe, so that it is that title which is cut.
pub fn told_in(run: &Run, alarm: &Alarm, cells: usize, look: &Look) -> String {
    let whole = told(run, alarm, look);
    if width(&whole) <= cells {
        return whole;
    }
    let Subject::Condition(ConditionId::Health(probe, Some(node))) = &alarm.subject else {
        return cut(&whole, cells, look.glyphs.cut).into_owned();
    };
    let short = tell::alarm_in_short(node, alarm);
    let title = run.runbook.health.iter().find(|known| &known.id == probe).map_or(probe.as_str(), |known| &known.title);
    let left = cells.saturating_sub(width(&short) + 3);
    if left < LEAST_TITLE {
        return cut(&short, cells, look.glyphs.cut).into_owned();
    }
    format!("{short} ({})", cut(title, left, look.glyphs.cut))
}

/// Of a title fewer cells tell nothing.
const LEAST_TITLE: usize = 6;

impl Alarms<'_> {
    /// Draws it.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let alarms = &self.run.view.alarms;
        let rows = AlarmList::rows(area.height);
        let head = Strip::of("            since     what", Meaning::Dim);
        paint.strip((area.x, area.y), area.width, &head);
        if alarms.is_empty() {
            let told = format!("{} nothing is out of order that piton knows of", paint.look.glyphs.done);
            paint.put((area.x, area.y + 1), area.width, &told, Meaning::Ok);
        }
        let (at, first) = (self.list.at(alarms), self.list.first(alarms, rows));
        for (y, (place, alarm)) in (area.y + 1..area.y + 1 + rows).zip(alarms.iter().enumerate().skip(first)) {
            self.draw_alarm(alarm, place == at, Rect { y, height: 1, ..area }, paint);
        }
        if rows + 1 + MORE_ROWS < area.height {
            let more = Rect { y: area.bottom() - MORE_ROWS - 1, height: MORE_ROWS, ..area };
            if let Some(alarm) = alarms.get(at) {
                let lines = self.more(alarm, usize::from(area.width), paint.look);
                paint.strips(Rect { y: more.y + 1, height: more.height - 1, ..more }, &lines, 0);
            }
            paint.offers((area.x, area.bottom() - 1), area.width, &self.keys());
        }
    }

    fn draw_alarm(&self, alarm: &Alarm, is_chosen: bool, line: Rect, paint: &mut Paint<'_>) {
        let look = paint.look;
        let (sign, word, meaning) = severity(alarm.severity, look.glyphs);
        let cursor = if is_chosen { look.glyphs.under } else { " " };
        paint.put((line.x, line.y), 1, cursor, Meaning::Focus);
        paint.put((line.x + 1, line.y), 10, &format!("{sign} {word}"), meaning);
        paint.put((line.x + 12, line.y), 8, &look.second(alarm.since), Meaning::Dim);
        let mark = self.mark(alarm);
        let meaning = if mark == NEW { Meaning::Problem } else { Meaning::Dim };
        let used = paint.put_right(line, mark, meaning);
        let room = line.width.saturating_sub(WHAT + used + 1);
        let told = told_in(self.run, alarm, usize::from(room), look);
        let used = paint.put((line.x + WHAT, line.y), room, &told, Meaning::Text);
        if is_chosen {
            paint.tint(Rect { x: line.x + WHAT, width: used, ..line }, Meaning::Selected);
        }
    }

    /// Whether somebody has seen it.
    fn mark(&self, alarm: &Alarm) -> &'static str {
        match alarm.severity {
            _ if alarm.is_acknowledged => "acknowledged",
            Severity::Advisory => "",
            _ if alarm.what == What::Failed => "current step",
            _ if self.run.is_seen(alarm) => "seen",
            _ => NEW,
        }
    }

    /// What more there is to tell of the chosen one: all of its line, why it matters, where it leads.
    fn more(&self, alarm: &Alarm, cells: usize, look: &Look) -> Vec<Strip> {
        let run = self.run;
        let known = match &alarm.subject {
            Subject::Condition(id) => run.state.conditions.get(id),
            Subject::Step(_) => None,
        };
        let why = known.map(|known| known.why.as_str()).unwrap_or_default();
        let colon = if why.is_empty() { "" } else { ": " };
        let mut lines = wrapped(&format!("{}{colon}{why}", told(run, alarm, look)), cells, Meaning::Text);
        if let Some(reason) = known.and_then(|known| known.acknowledged.as_ref()) {
            lines.extend(wrapped(&format!("acknowledged: {reason}"), cells, Meaning::Deviation));
        }
        if let Subject::Condition(ConditionId::Guard(id)) = &alarm.subject
            && let Some(guard) = run.runbook.guards.iter().find(|guard| &guard.id == id && guard.why != why)
        {
            lines.extend(wrapped(&guard.why, cells, Meaning::Dim));
        }
        lines
    }

    fn keys(&self) -> Strip {
        let alarms = &self.run.view.alarms;
        let is_new = |alarm: &Alarm| self.mark(alarm) == NEW;
        let there = (!alarms.is_empty()).then_some((Action::Act, "go there"));
        let seen = alarms.iter().any(is_new).then_some((Action::Seen, "all of these are seen"));
        let offers = there.into_iter().chain(seen).chain([(Action::Back, "back")]);
        offers.fold(Strip::default(), |strip, (action, word)| {
            let key = self.keymap.shown(action, Context::Alarms);
            strip.and(key, Meaning::Focus).and(format!(" {word}   "), Meaning::Text)
        })
    }
}

/// Where in a row stands what the alarm tells.
const WHAT: u16 = 22;

/// What stands behind an alarm that nobody has seen.
const NEW: &str = "new";
