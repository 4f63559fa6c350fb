//! The two lowest lines: what is told, what may be done, and whether it is on disk.

use ratatui::layout::Rect;

use crate::engine::{Allowed, Gate, StepStatus};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Instants;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::page::{number, title_of};
use crate::tui::tell;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::width;

/// Status line and action bar of the run screen.
pub struct Status<'a> {
    /// The run.
    pub run: &'a Run,
    /// For the keys that are shown.
    pub keymap: &'a Keymap,
    /// Now.
    pub now: Instants,
    /// Whether the cautions reach beyond the lower edge of the step pane.
    pub has_more_cautions: bool,
}

impl Status<'_> {
    /// Draws the status line.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let strip = self.told(paint.look.glyphs.alert);
        paint.strip((area.x + 1, area.y), area.width.saturating_sub(2), &strip);
    }

    fn told(&self, alert: &str) -> Strip {
        let run = self.run;
        if run.is_leaving() {
            let rest = if run.state.closed.is_some() { "" } else { "; the run stays as it stands" };
            return Strip::of(format!("closing the sitting{rest}"), Meaning::Current);
        }
        if let Some(why) = &run.halted {
            return Strip::of(format!("{alert} {why}"), Meaning::Problem);
        }
        if run.pending.is_some() {
            return Strip::of("saving: it counts when it is on disk", Meaning::Current);
        }
        if let Some(notice) = &run.notice {
            return Strip::of(format!("{alert} {notice}"), Meaning::Problem);
        }
        if !run.is_at_current()
            && let Some(key) = &run.state.current
        {
            let title = title_of(&run.runbook, &run.state, &run.view.moment, key);
            let item = key.item.as_ref().map(|item| format!(" ({item})")).unwrap_or_default();
            let back = self.keymap.shown(Action::Return, Context::Run);
            let told = format!("current: {} {title}{item}; {back} returns", number(&run.state, key));
            return Strip::of(told, Meaning::Current);
        }
        if let Some(why) = &run.view.stalled {
            return Strip::of(format!("{alert} {why}"), Meaning::Unknown);
        }
        self.of_the_gate(alert)
    }

    fn of_the_gate(&self, alert: &str) -> Strip {
        let run = self.run;
        if run.state.current.is_none() {
            let is_end = run.view.allowed.contains(&Allowed::Close);
            let close = self.keymap.shown(Action::Close, Context::Run);
            let told =
                if is_end { format!("every step is accounted for; {close} closes the run") } else { String::new() };
            return Strip::of(told, Meaning::Ok);
        }
        if self.has_more_cautions {
            return Strip::of("the cautions go on below: enter reads on", Meaning::Caution);
        }
        let page = &run.view.page;
        if page.status == Some(StepStatus::Failed) {
            return Strip::of(format!("{alert} failed: {}", page.said), Meaning::Failed);
        }
        if run.state.job.is_some() {
            return Strip::of("its command is running", Meaning::Current);
        }
        match &run.view.gate {
            Gate::Open => Strip::of("", Meaning::Text),
            Gate::Closed(holds) => {
                let told: Vec<_> = holds.iter().map(|hold| tell::hold(&run.runbook, hold)).collect();
                Strip::of(format!("{alert} held: {}", told.join("; ")), Meaning::Degraded)
            }
        }
    }

    /// Draws the action bar.
    pub fn draw_bar(&self, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(area, Meaning::Bar);
        let (mark, meaning) = self.mark(area.width >= 100, paint);
        let used = paint.put_right(Rect { width: area.width - 1, ..area }, &mark, meaning);
        let room = area.width.saturating_sub(used + 4);
        let mut x = area.x + 1;
        for (key, word, is_armed) in fitting(self.offers(paint.look.glyphs.more), room) {
            x += paint.put((x, area.y), room, &key, if is_armed { Meaning::Key } else { Meaning::Inert });
            let word = format!(" {word}   ");
            x += paint.put((x, area.y), room, word.trim_end(), if is_armed { Meaning::Bar } else { Meaning::Inert });
            x += 2;
        }
    }

    fn mark(&self, is_wide: bool, paint: &Paint<'_>) -> (String, Meaning) {
        let run = self.run;
        if run.halted.is_some() {
            return ("HALTED".into(), Meaning::Alarm);
        }
        if run.pending.is_some() {
            return (format!("saving{}", paint.look.glyphs.more), Meaning::Key);
        }
        let head = run.head.as_deref().and_then(|head| head.get(..8)).unwrap_or_default();
        let word = if is_wide { "journal " } else { "" };
        (format!("{word}{} #{} {head}", paint.look.glyphs.done, run.state.seq), Meaning::Bar)
    }

    /// What may be done now: key, word, and whether the key acts at this moment.
    fn offers(&self, dots: &str) -> Vec<(String, String, bool)> {
        let run = self.run;
        let shown = |action| self.keymap.shown(action, Context::Run);
        let mut offers: Vec<(String, String, bool)> = Vec::new();
        let is_covered = run.dialog.is_some() || run.card.is_some();
        let is_idle = run.pending.is_none() && !run.is_leaving() && !is_covered;
        for allowed in &run.view.allowed {
            let (action, needs_arm) = key_of(allowed);
            if offers.iter().any(|(key, ..)| *key == shown(action)) {
                continue;
            }
            let more = if asks_for_more(allowed) { dots } else { "" };
            let word = format!("{}{more}", tell::offer(allowed));
            offers.push((shown(action), word, is_idle && (!needs_arm || run.is_armed(self.now))));
        }
        if run.halted.is_none() {
            let has_act = run.view.allowed.first().is_some_and(|first| key_of(first).0 == Action::Act);
            let place = if has_act { offers.len().min(3) } else { 0 };
            offers.insert(place, (shown(Action::Why), "why".into(), !is_covered));
        }
        offers.push((self.keymap.shown(Action::Help, Context::Everywhere), "help".into(), !run.is_typing()));
        offers
    }
}

/// Which key stands for something that is allowed, and whether it is the action key, which must be let go.
pub const fn key_of(allowed: &Allowed) -> (Action, bool) {
    match allowed {
        Allowed::ReadCautions(_) | Allowed::Confirm(_) | Allowed::Answer(_) | Allowed::Run(_) => (Action::Act, true),
        Allowed::Cancel(_) => (Action::Cancel, false),
        Allowed::Retry(_) => (Action::Retry, false),
        Allowed::Skip(_) => (Action::Skip, false),
        Allowed::Override(_) => (Action::Override, false),
        Allowed::CutWait(_) => (Action::CutWait, false),
        Allowed::Acknowledge(_) => (Action::Acknowledge, false),
        Allowed::Note => (Action::Note, false),
        Allowed::RollBack(_) => (Action::RollBack, false),
        Allowed::Close => (Action::Close, false),
        Allowed::Abandon => (Action::Abandon, false),
        Allowed::Leave => (Action::Leave, false),
    }
}

const fn asks_for_more(allowed: &Allowed) -> bool {
    !matches!(allowed, Allowed::ReadCautions(_) | Allowed::Retry(_))
}

/// As many offers as fit; the help is always among them.
fn fitting(mut offers: Vec<(String, String, bool)>, room: u16) -> Vec<(String, String, bool)> {
    let cells = |offers: &[(String, String, bool)]| -> usize {
        offers.iter().map(|(key, word, _)| width(key) + width(word) + 3).sum()
    };
    while cells(&offers) > usize::from(room) && offers.len() > 2 {
        offers.remove(offers.len() - 2);
    }
    offers
}
