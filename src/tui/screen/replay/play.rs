//! Playing: from record to record in the time that lay between them, or a part of it.

use std::time::Duration;

use crate::tui::screen::replay::Replay;
use crate::tui::tell;

/// The speeds.
const SPEEDS: [u32; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// Nobody waits longer than that for the next record, in real microseconds.
const LONGEST_US: u64 = 5_000_000;

/// What is due longer than that was not waited for: the program stood still meanwhile. In real microseconds.
const LATE_US: u64 = 1_000_000;

/// Whether it plays and how fast.
#[derive(Debug)]
pub(super) struct Player {
    /// The place of the speed among the speeds.
    speed: usize,
    /// When the next record is due, in real microseconds.
    due_us: Option<u64>,
    /// For how long it is waited for it.
    wait_us: u64,
}

impl Default for Player {
    fn default() -> Self {
        Self { speed: 3, due_us: None, wait_us: 0 }
    }
}

impl Player {
    pub(super) const fn is_playing(&self) -> bool {
        self.due_us.is_some()
    }

    /// In how many real milliseconds something is to be done: at the next record, and every second before.
    pub(super) fn wake_ms(&self, real_ms: u64) -> Option<u64> {
        let left = self.due_us?.saturating_sub(real_ms * 1_000).div_ceil(1_000);
        Some(if left > 1_000 { (left - 1) % 1_000 + 1 } else { left.max(1) })
    }
}

impl Replay {
    /// Whether it plays.
    pub fn is_playing(&self) -> bool {
        self.player.is_playing()
    }

    /// How many times as fast as it was.
    pub fn speed(&self) -> u32 {
        SPEEDS[self.player.speed]
    }

    /// Plays, or stops playing; at the end it plays from the beginning.
    pub(super) fn play_or_pause(&mut self, real_ms: u64) {
        if self.player.due_us.take().is_some() {
            return;
        }
        if self.is_at_end() && !self.is_followed {
            self.stand(1);
        }
        self.wait_for_next(real_ms * 1_000);
    }

    pub(super) fn pause(&mut self) {
        self.player.due_us = None;
    }

    pub(super) fn change_speed(&mut self, is_faster: bool, real_ms: u64) {
        let speed = &mut self.player.speed;
        *speed = if is_faster { (*speed + 1).min(SPEEDS.len() - 1) } else { speed.saturating_sub(1) };
        if self.is_playing() {
            self.wait_for_next(real_ms * 1_000);
        }
    }

    /// How long the next record comes after this one.
    fn gap(&self) -> Duration {
        self.tape.time(self.at + 1).since(self.tape.time(self.at))
    }

    /// Sets about waiting for the next record from that moment on; at the end nothing is left to wait for.
    fn wait_for_next(&mut self, from_us: u64) {
        let gap = u64::try_from(self.gap().as_micros()).unwrap_or(u64::MAX);
        self.player.wait_us = (gap / u64::from(self.speed())).min(LONGEST_US);
        self.player.due_us = (!self.is_at_end()).then(|| from_us + self.player.wait_us);
    }

    /// Goes on as far as time has come; whether anything is to be drawn.
    pub(super) fn play_on(&mut self, real_ms: u64) -> bool {
        let now_us = real_ms * 1_000;
        let Some(due) = self.player.due_us else { return false };
        self.player.due_us = Some(if now_us.saturating_sub(due) > LATE_US { now_us } else { due });
        let mut to = self.at;
        let begin = self.at;
        while let Some(due) = self.player.due_us.filter(|due| *due <= now_us) {
            to += 1;
            // Only the place counts for what is waited for next; the state follows in one go.
            self.at = to;
            self.wait_for_next(due);
        }
        self.at = begin;
        if to > begin {
            self.stand(to);
        }
        // The seconds that are left are on the screen.
        true
    }

    /// What is to be said of playing: how long until the next record, and what was left out.
    pub fn waiting(&self, real_ms: u64) -> Option<String> {
        let due = self.player.due_us?;
        let left = due.saturating_sub(real_ms * 1_000).div_ceil(1_000_000);
        let gap = self.gap();
        let wanted = u64::try_from(gap.as_micros()).unwrap_or(u64::MAX) / u64::from(self.speed());
        if self.player.wait_us < 1_000_000 {
            return None;
        }
        let cut = if wanted > self.player.wait_us { ", shortened" } else { "" };
        Some(format!(
            "next after {}{cut}: in {}",
            tell::duration(Duration::from_secs(gap.as_secs())),
            tell::duration(Duration::from_secs(left))
        ))
    }
}
