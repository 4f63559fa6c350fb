//! A journal played back: the run screen itself, and a timeline where the action bar of a live run stands.

mod keys;
pub mod marks;
mod play;
pub mod tape;
pub mod timeline;

use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::engine::{Record, RunState};
use crate::journal::{Integrity, JournalError, Misnamed, More};
use crate::tui::app::App;
use crate::tui::backstage::Recording;
use crate::tui::beside::Beside;
use crate::tui::keymap::Context;
use crate::tui::message::Effect;
use crate::tui::screen::Screen;
use crate::tui::screen::journals::Journals;
use crate::tui::screen::replay::play::Player;
use crate::tui::screen::replay::tape::Tape;
use crate::tui::screen::run::over::Over;
use crate::tui::screen::run::replayed::BoardSeen;
use crate::tui::screen::run::{Run, Wakes};
use crate::tui::theme::Meaning;

/// How often a journal that is followed is looked at, in real milliseconds.
const POLL_MS: u64 = 250;

/// The state of the replay screen.
pub struct Replay {
    /// The screen of the run as it was.
    pub run: Run,
    /// The records.
    pub tape: Tape,
    /// How many of them are taken in: the number of the one at which the replay stands.
    pub at: usize,
    /// That record.
    pub record: Record,
    /// What follows the good records.
    pub integrity: Integrity,
    /// The last record, when it may be what was changed.
    pub doubtful: Option<u64>,
    /// That the journal lies in another run's folder.
    pub misnamed: Option<Misnamed>,
    /// The number that is being typed.
    pub asked: Option<String>,
    /// Something to be told on the timeline until the next key.
    pub notice: Option<String>,
    /// Whether what is recorded meanwhile is taken in.
    pub is_followed: bool,
    /// The list that it was opened from.
    pub list: Option<Box<Journals>>,
    player: Player,
    is_running: bool,
    next_poll_ms: u64,
    is_dragging: bool,
    size: (u16, u16),
}

impl Replay {
    /// The screen of that journal, standing at record `at`, else at the beginning, or at the end of one that is
    /// followed. None for a journal without a record.
    pub fn new(recording: Recording, at: Option<u64>, size: (u16, u16)) -> Option<Self> {
        let Recording { tape, integrity, doubtful, misnamed, folder, is_running, follower } = recording;
        let is_followed = follower.is_some();
        if tape.count() == 0 {
            return None;
        }
        let first = tape.record(1).ok()?;
        let run = opened(&tape, &first, folder, size);
        let mut replay = Self {
            run,
            at: 1,
            record: first,
            integrity,
            doubtful,
            misnamed,
            asked: None,
            notice: None,
            is_followed,
            list: None,
            player: Player::default(),
            is_running,
            next_poll_ms: 0,
            is_dragging: false,
            size,
            tape,
        };
        replay.tell_integrity();
        let last = replay.tape.count();
        let wanted = at.map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        replay.stand(wanted.unwrap_or(if is_followed { last } else { 1 }));
        Some(replay)
    }

    /// The time that is shown: that of the record at which the replay stands.
    pub fn now(&self) -> Timestamp {
        self.record.at
    }

    /// Whether it stands at the last record.
    pub fn is_at_end(&self) -> bool {
        self.at == self.tape.count()
    }

    /// Goes to that record, or as near as there is one. Where the journal is not any more what was read of it, one stays.
    pub fn stand(&mut self, to: usize) {
        let to = to.clamp(1, self.tape.count());
        match self.seen_at(to) {
            Ok((state, record, board)) => {
                (self.run.state, self.at, self.record) = (state, to, record);
                self.run.stands_at(&self.record, board, self.tape.ahead(to));
            }
            Err(error) => self.lost(to, &error),
        }
    }

    fn seen_at(&self, to: usize) -> Result<(RunState, Record, Option<BoardSeen>), JournalError> {
        let state = self.tape.brought(&self.run.state, self.at, to)?;
        Ok((state, self.tape.record(to)?, self.tape.board_at(to)?))
    }

    /// A record on the way cannot be shown: what the title says of the journal is true no more.
    fn lost(&mut self, to: usize, error: &JournalError) {
        self.pause();
        self.is_not_what_it_was(to, error);
        self.notice = Some(format!("record {to} cannot be shown: {error}"));
    }

    /// Record `number` could not be read again. The title tells the line that was changed, where that is known.
    pub fn is_not_what_it_was(&mut self, number: usize, error: &JournalError) {
        let line = if let JournalError::Changed { line, .. } = error { *line } else { number as u64 };
        if !matches!(self.integrity, Integrity::Damaged { .. }) {
            self.integrity = Integrity::Damaged { line, what: error.to_string() };
        }
        self.tell_integrity();
    }

    /// Takes in what was recorded since; whoever stood at the end goes on standing there.
    pub fn take(&mut self, more: More) {
        let More { records, damage, doubtful, held } = more;
        let was_at_end = self.is_at_end();
        self.tape.extend(&records);
        if let Some(damage) = damage {
            (self.integrity, self.doubtful) = (damage, doubtful);
        }
        let is_closed = self.tape.is_closed();
        self.is_running = held.unwrap_or(self.is_running);
        self.is_running &= !is_closed && !matches!(self.integrity, Integrity::Damaged { .. });
        self.is_followed &= self.is_running || !is_closed;
        self.tell_integrity();
        if was_at_end && !self.player.is_playing() {
            self.stand(self.tape.count());
        }
    }

    /// What stands in the title about the journal.
    fn tell_integrity(&mut self) {
        let told = match &self.integrity {
            Integrity::Damaged { line, .. } => {
                let doubtful = self.doubtful.map(|record| format!(", #{record} doubtful")).unwrap_or_default();
                (format!("BROKEN at line {line}{doubtful}"), Meaning::Alarm)
            }
            Integrity::NewerFormat { .. } => ("of a newer piton".into(), Meaning::Alarm),
            _ if self.misnamed.is_some() => ("NOT OF THIS RUN".into(), Meaning::Alarm),
            _ if self.tape.contradiction.is_some() => {
                let record = self.tape.contradiction.as_ref().map_or(0, |found| found.record);
                (format!("CONTRADICTS ITSELF at record {record}"), Meaning::Alarm)
            }
            _ if self.is_running => ("intact, still running".into(), Meaning::Ok),
            Integrity::TornTail { line, .. } => (format!("torn at line {line}"), Meaning::Alarm),
            Integrity::Whole | Integrity::NeverOpened if self.tape.is_closed() => ("intact".into(), Meaning::Ok),
            Integrity::Whole | Integrity::NeverOpened => ("intact, open".into(), Meaning::Ok),
        };
        let records = self.tape.count() as u64;
        if let Some(replayed) = &mut self.run.replayed {
            replayed.integrity = told;
            let beside = replayed.beside.as_ref();
            replayed.words =
                [false, true].map(|is_short| beside.map_or_else(Vec::new, |it| it.words(records, is_short)));
        }
    }

    /// What lies beside the journal was looked at.
    pub fn take_beside(&mut self, beside: Beside) {
        let remarked = beside.remarks.iter().filter_map(|remark| usize::try_from(remark.record?).ok());
        let all = 1..=self.tape.count();
        self.tape.marks.remark(remarked.filter(|record| all.contains(record)));
        if let Some(replayed) = &mut self.run.replayed {
            replayed.beside = Some(beside);
        }
        self.tell_integrity();
    }

    /// Has it looked at what lies beside it, where anything can.
    fn looks_beside(&self) -> Option<Effect> {
        self.run.kept_in().map(|folder| Effect::ReadBeside(folder.to_owned()))
    }

    /// What lies beside it, once that was looked at.
    pub fn beside(&self) -> Option<&Beside> {
        self.run.replayed.as_ref()?.beside.as_ref()
    }

    /// Where a key is looked up.
    pub fn contexts(&self) -> Vec<Context> {
        let over = self.run.over.as_ref().map(Over::context);
        match over {
            _ if self.asked.is_some() => vec![Context::Filter],
            // What it has no use for goes to the timeline: one can look at it while time passes.
            Some(over) if self.run.dialog.is_none() => vec![over, Context::Replay],
            None if self.run.dialog.is_none() && self.run.found.is_some() => vec![Context::Found, Context::Replay],
            _ => vec![Context::Replay],
        }
    }

    /// When it must be looked at again.
    pub fn wakes(&self, real_ms: u64) -> Wakes {
        let poll = self.is_followed.then(|| self.next_poll_ms.saturating_sub(real_ms).max(1));
        let play = self.player.wake_ms(real_ms);
        Wakes { real_ms: [poll, play].into_iter().flatten().min(), run_ms: None }
    }

    /// A moment has come; whether anything is to be drawn, and what is to be done.
    pub fn look_again(&mut self, real_ms: u64) -> (bool, Vec<Effect>) {
        let is_new = self.play_on(real_ms);
        let mut effects = if is_new { self.run.ask_for_output() } else { Vec::new() };
        if self.is_followed && real_ms >= self.next_poll_ms {
            self.next_poll_ms = real_ms + POLL_MS;
            effects.push(Effect::ReadOn);
        }
        (is_new, effects)
    }

    /// The terminal's size changed.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.run.resize(size);
    }
}

fn opened(tape: &Tape, first: &Record, folder: Option<PathBuf>, size: (u16, u16)) -> Run {
    Run::replayed(&tape.runbook, first, folder, (String::new(), Meaning::Ok), size)
}

/// A journal was read: it is shown, or the list tells why it is not.
pub fn recording(app: &mut App, read: Result<(Box<Recording>, Option<u64>), String>) -> Vec<Effect> {
    let screen = std::mem::replace(&mut app.screen, Screen::Journals(Box::default()));
    let list = match screen {
        Screen::Journals(list) if !list.is_waiting() => {
            // It was ended, and came all the same.
            app.screen = Screen::Journals(list);
            return Vec::new();
        }
        Screen::Journals(list) => Some(list),
        _ => None,
    };
    let shown = read.and_then(|(recording, at)| {
        Replay::new(*recording, at, app.size).ok_or_else(|| "the journal holds no whole record".to_owned())
    });
    match shown {
        Ok(mut replay) => {
            replay.list = list;
            let mut effects = replay.run.ask_for_output();
            effects.extend(replay.looks_beside());
            app.screen = Screen::Replay(Box::new(replay));
            app.help = None;
            effects
        }
        Err(why) => {
            let mut list = list.unwrap_or_default();
            list.refuse(why);
            app.screen = Screen::Journals(list);
            Vec::new()
        }
    }
}

/// What lies beside the journal in that folder was looked at.
pub fn beside(app: &mut App, folder: &Path, read: Result<Box<Beside>, String>) {
    if let Screen::Replay(replay) = &mut app.screen
        && replay.run.kept_in() == Some(folder)
    {
        replay.take_beside(read.map_or_else(Beside::unread, |beside| *beside));
    }
}

/// The journal that is followed was read on.
pub fn read_on(app: &mut App, more: Result<More, String>) -> Vec<Effect> {
    let Screen::Replay(replay) = &mut app.screen else { return Vec::new() };
    let was_closed = replay.tape.is_closed();
    match more {
        Ok(more) => replay.take(more),
        Err(why) => {
            // What cannot be looked at any more is not known to be what it was.
            let line = replay.tape.count() as u64 + 1;
            let damage = Some(Integrity::Damaged { line, what: why.clone() });
            replay.take(More { damage, ..More::default() });
            replay.is_followed = false;
            replay.notice = Some(why);
        }
    }
    let mut effects = replay.run.ask_for_output();
    if !was_closed && replay.tape.is_closed() {
        // What is signed is signed when the run is closed.
        effects.extend(replay.looks_beside());
    }
    effects
}
