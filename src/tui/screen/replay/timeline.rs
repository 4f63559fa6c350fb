//! The timeline: what the record at the cursor is, where it lies among all of them, and the keys.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::engine::{Event, Moment, person_of};
use crate::journal::Integrity;
use crate::text::clean_line;
use crate::tui::app::App;
use crate::tui::copy::noticed;
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::replay::Replay;
use crate::tui::screen::replay::marks::{KINDS, Kind};
use crate::tui::screen::run::draw::draw_panes;
use crate::tui::screen::run::naming::spoken;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::{dialog, keybar};
use crate::tui::wrap::{cut, width};

/// What stands before the track: whether it plays, and how fast.
const LEAD_CELLS: u16 = 17;

/// As much of a remark stands before what happened, in cells.
const REMARK_CELLS: usize = 36;

/// Where the track lies on the two rows of the bar.
pub fn track(bar: Rect) -> Rect {
    let lead = LEAD_CELLS.min(bar.width);
    Rect { x: bar.x + lead, width: (bar.width - lead).saturating_sub(1), height: bar.height.min(1), ..bar }
}

/// The cell of a record on a track of so many cells.
fn cell_of(number: usize, records: usize, cells: u16) -> u16 {
    let (last, cells) = (records.saturating_sub(1).max(1), usize::from(cells.saturating_sub(1)));
    u16::try_from((number.saturating_sub(1) * cells + last / 2) / last).unwrap_or(0)
}

/// The record that lies under a column.
pub fn record_at(track: Rect, column: u16, records: usize) -> usize {
    let cells = usize::from(track.width.saturating_sub(1)).max(1);
    let cell = usize::from(column.saturating_sub(track.x)).min(cells);
    1 + (cell * records.saturating_sub(1) + cells / 2) / cells
}

impl Replay {
    /// Draws the run as it was, and the timeline.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let panes = self.run.panes(area);
        draw_panes(&self.run, app, &panes, paint);
        let told = self.told(app, paint.look, panes.is_wide);
        paint.strip((panes.status.x + 1, panes.status.y), panes.status.width.saturating_sub(2), &told);
        paint.fill(panes.bar, Meaning::Bar);
        self.draw_track(panes.bar, paint);
        self.draw_keys(
            app,
            Rect { y: panes.bar.y + 1, height: panes.bar.height.saturating_sub(1), ..panes.bar },
            paint,
        );
        dialog::draw(&self.run, app, area, paint);
    }

    /// What the record at the cursor is: its number, when, who, and what happened.
    fn told(&self, app: &App, look: &Look, is_wide: bool) -> Strip {
        let alert = look.glyphs.alert;
        if let Some(typed) = &self.asked {
            let told = format!("go to record, 1 to {}: ", self.tape.count());
            let strip = Strip::of(told, Meaning::Title).and(typed, Meaning::Input).and("_   ", Meaning::Dim);
            return match &self.notice {
                Some(notice) => strip.and(format!("{alert} {notice}"), Meaning::Problem),
                None => strip,
            };
        }
        if let Some(notice) = &self.notice {
            return noticed(notice, look);
        }
        let record = &self.record;
        let all = self.tape.count();
        let time = if is_wide { look.second_of_day(record.at) } else { look.second(record.at) };
        let found = self.run.found.as_ref().map(|found| format!("{} {} ", found.place(), look.glyphs.dot));
        let strip = Strip::of(found.unwrap_or_default(), Meaning::Key)
            .and(format!("#{} of {all} ", record.seq), Meaning::Title)
            .and(self.remarked(app), Meaning::Note)
            .and(format!("{time} {} ", tell::author(record)), Meaning::Dim)
            .and(self.happened(&record.event), Meaning::Current);
        let strip = match self.waiting(app.now.real_ms) {
            Some(waiting) => Strip::of(format!("{waiting} {} ", look.glyphs.dot), Meaning::Key)
                .0
                .into_iter()
                .chain(strip.0)
                .collect(),
            None => strip.0,
        };
        let end = self.ends().filter(|_| self.is_at_end());
        let end = end.map(|end| (format!("{alert} {end} "), Meaning::Problem));
        if is_wide {
            // That it is broken, and where, stands in the title, too; what the last record tells only here.
            let gap = end.as_ref().map(|_| ("  ".to_owned(), Meaning::Text));
            return Strip(strip.into_iter().chain(gap).chain(end).collect());
        }
        Strip(end.into_iter().chain(strip).collect())
    }

    /// What a reviewer said of this record, as far as a line of it may be.
    fn remarked(&self, app: &App) -> String {
        let Some(beside) = self.beside() else { return String::new() };
        let mut remarks = beside.remarks_on(self.record.seq);
        let Some(first) = remarks.next() else { return String::new() };
        let (by, more) = (person_of(&first.by), remarks.count());
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        let line = clean_line(&first.text).into_owned();
        format!(
            "R {by}: {}{more} ",
            cut(&line, REMARK_CELLS, &format!(".. ({})", app.keymap.shown(Action::Beside, Context::Replay)))
        )
    }

    /// What happened, with steps and conditions as people name them; and how long nothing had happened before.
    fn happened(&self, event: &Event) -> String {
        let book = &self.tape.runbook;
        let mut told = tell::event(event);
        if let Some(key) = event.step() {
            let moment = Moment { at: self.now(), board: self.run.view.moment.board.clone() };
            told = told.replace(&key.to_string(), &spoken(book, &self.run.state, &moment, key));
        }
        if let Event::ConditionChanged { condition, .. } | Event::GuardAcknowledged { condition, .. } = event {
            told = told.replace(&condition.to_string(), &tell::condition(book, condition));
        }
        if self.tape.marks.gaps.contains(&self.at) {
            let gap = self.now().since(self.tape.time(self.at - 1));
            told = format!("({} after the one before) {told}", tell::duration(Duration::from_secs(gap.as_secs())));
        }
        clean_line(&told).into_owned()
    }

    /// How a journal ends that does not end well.
    fn ends(&self) -> Option<String> {
        match &self.integrity {
            Integrity::Damaged { line, what } => {
                let this = if self.doubtful.is_some() { "this record may be changed: " } else { "" };
                Some(format!("{this}broken at line {line}: {what}."))
            }
            Integrity::TornTail { bytes, .. } if !self.is_running => {
                Some(format!("behind this {bytes} bytes of a torn write, which never counted."))
            }
            _ => {
                if let Some(what) = &self.misnamed {
                    return Some(format!("{what}."));
                }
                let found = self.tape.contradiction.as_ref()?;
                Some(format!("contradicts itself at {found}."))
            }
        }
    }

    fn draw_track(&self, bar: Rect, paint: &mut Paint<'_>) {
        let word = if self.is_playing() {
            "playing"
        } else if self.is_followed && self.is_at_end() {
            "following"
        } else {
            "paused"
        };
        paint.put((bar.x + 1, bar.y), LEAD_CELLS - 2, &format!("{word} x{}", self.speed()), Meaning::Key);
        let track = track(bar);
        let glyphs = paint.look.glyphs;
        let all = self.tape.count();
        let cell = |number: usize| cell_of(number, all, track.width);
        let at = cell(self.at);
        for x in 0..track.width {
            let (sign, meaning) =
                if x <= at { (glyphs.frames[1][0], Meaning::Bar) } else { (glyphs.frames[0][0], Meaning::Bar) };
            paint.put((track.x + x, track.y), 1, sign, meaning);
        }
        for gap in &self.tape.marks.gaps {
            paint.put((track.x + cell(*gap), track.y), 1, glyphs.frames[0][1], Meaning::Bar);
        }
        let mut signs: Vec<Option<Kind>> = vec![None; usize::from(track.width)];
        for (number, kind) in &self.tape.marks.marks {
            if let Some(sign) = signs.get_mut(usize::from(cell(*number))) {
                *sign = (*sign).max(Some(*kind));
            }
        }
        for (x, kind) in (0..track.width).zip(&signs) {
            if let Some(kind) = kind {
                paint.put((track.x + x, track.y), 1, kind.letter(), Meaning::Key);
            }
        }
        let here = signs.get(usize::from(at)).copied().flatten();
        paint.put((track.x + at, track.y), 1, here.map_or(glyphs.current, |kind| kind.letter()), Meaning::Selected);
    }

    fn draw_keys(&self, app: &App, bar: Rect, paint: &mut Paint<'_>) {
        if self.asked.is_some() {
            // As long as a number is typed no other key does anything.
            let typing = [(Action::Act, Context::Filter, "go there"), (Action::Back, Context::Filter, "stay here")];
            return keybar::draw_keys(app, bar, typing.iter(), paint);
        }
        let key = |action| app.keymap.shown(action, Context::Replay);
        let play = if self.is_playing() { "pause" } else { "play" };
        let mut offers = vec![
            (key(Action::Play), play.to_owned()),
            (format!("{} {}", key(Action::Backward), key(Action::Forward)), "record".into()),
            (format!("{} {}", key(Action::NextMark), key(Action::PreviousMark)), "mark".into()),
        ];
        if self.run.found.is_some() {
            let key = |action| app.keymap.shown(action, Context::Found);
            let hits = format!("{} {}", key(Action::NextHit), key(Action::PreviousHit));
            // The marks have other keys, which these stand in the place of.
            offers[2] = (hits, "hit".into());
            offers.insert(3, (key(Action::Back), "end search".into()));
        }
        let first = offers.len();
        for kind in KINDS {
            let count = self.tape.marks.count(kind);
            if count > 0 {
                offers.push((
                    key(kind.action()),
                    format!("{count} {}", if count == 1 { kind.words().0 } else { kind.words().1 }),
                ));
            }
        }
        let rest = [(Action::Faster, "faster"), (Action::GoTo, "go to"), (Action::Why, "why")];
        let rest = rest.map(|(action, word)| (key(action), word.to_owned()));
        let is_said = self.beside().is_some_and(|beside| !beside.is_empty());
        let reviewed = (key(Action::Beside), "signed, reviewed".to_owned());
        let last = [
            (app.keymap.shown(Action::Help, Context::Everywhere), "help".to_owned()),
            (key(Action::Leave), "leave".to_owned()),
        ];
        let list = self.list.as_ref().map(|_| (key(Action::Back), "all runs".to_owned()));
        let last: Vec<_> = list.into_iter().chain(last).collect();
        let room = usize::from(bar.width.saturating_sub(2));
        let cells =
            |offers: &[(String, String)]| offers.iter().map(|(key, word)| width(key) + width(word) + 3).sum::<usize>();
        let kept = room.saturating_sub(cells(&last));
        let menu = (app.keymap.shown(Action::Palette, Context::Everywhere), "menu".to_owned());
        offers.splice(first..first, std::iter::once(menu).chain(rest).chain(is_said.then_some(reviewed)));
        while cells(&offers) > kept + 2 {
            offers.pop();
        }
        offers.extend(last);
        let mut x = bar.x + 1;
        for (key, word) in &offers {
            let room = bar.right().saturating_sub(x);
            x += paint.offer((x, bar.y), room, (key, word), (Meaning::Key, Meaning::Bar)) + 2;
        }
    }
}
