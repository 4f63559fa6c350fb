//! Which typed lines are taken: those that answer what stands there to be answered.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use crate::clock::monotonic;
use crate::engine::Leaving;
use crate::plain::dialogue::Dialogue;
use crate::plain::read::{Heard, Typed};

/// How long something must have been asked for before a line answers it: a paste or a held key is quicker.
const SETTLE: Duration = Duration::from_millis(200);

/// Within this time after an empty line another one is that of a held key.
const HELD: Duration = Duration::from_millis(700);

/// How often it is said at the most that lines were not taken: they may come in a flood.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// How many lines are taken before it is looked what has happened meanwhile.
const MAX_AT_ONCE: usize = 1_000;

/// What is known of the lines that were typed.
#[derive(Debug)]
pub(super) struct Ears {
    /// Whether a line was asked for and none was taken since.
    is_listening: bool,
    /// Since when what is asked for is asked for.
    asked_at: Instant,
    /// When the last line was looked at, taken or not.
    last_line: Option<Instant>,
    last_empty: Option<Instant>,
    /// How many lines were not taken since that was said.
    dropped: u64,
    /// Why the first of them was not.
    first_dropped: Option<String>,
    said_at: Option<Instant>,
}

impl Ears {
    /// Nothing was asked for yet.
    pub(super) fn new() -> Self {
        let asked_at = monotonic();
        let (last_line, last_empty, first_dropped, said_at) = (None, None, None, None);
        Self { is_listening: false, asked_at, last_line, last_empty, dropped: 0, first_dropped, said_at }
    }

    /// A line is asked for; something else than before, if `is_new`.
    pub(super) fn listen(&mut self, is_new: bool) {
        self.is_listening = true;
        if is_new {
            self.asked_at = monotonic();
        }
    }

    /// A line came at that moment and is looked at `now`: whether it can be an answer to what is asked. One that comes
    /// right behind another is part of a paste or of a flood.
    pub(super) fn was_asked(&mut self, at: Instant, now: Instant) -> bool {
        let before = self.last_line.replace(now.max(at));
        let is_alone = before.is_none_or(|before| at.saturating_duration_since(before) >= SETTLE);
        self.is_listening && is_alone && at >= self.asked_at + SETTLE
    }

    /// Whether an empty line at that moment is that of a key that is held down.
    fn is_held(&mut self, at: Instant) -> bool {
        let before = self.last_empty.replace(at);
        before.is_some_and(|before| at.saturating_duration_since(before) < HELD)
    }

    /// A line is not taken: that is said, of many at once.
    fn drop_line(&mut self, why: String) {
        self.dropped += 1;
        self.first_dropped.get_or_insert(why);
    }

    /// Whether it is too early to say once more that lines were not taken.
    pub(super) fn is_flooded(&self) -> bool {
        self.said_at.is_some_and(|at| at.elapsed() < SAID_EVERY)
    }
}

impl Dialogue<'_> {
    /// Takes the lines that are there; whether no more come.
    pub(super) fn hear_all(&mut self, first: Heard, ears: &mut Receiver<Heard>) -> bool {
        let mut next = Some(first);
        for _ in 0..MAX_AT_ONCE {
            let Some(heard) = next else { return false };
            match heard.what {
                Typed::End => {
                    self.say_dropped();
                    if !self.is_leaving {
                        self.mouth.say("The input has ended.");
                    }
                    self.leave(Leaving::Interrupted);
                    return true;
                }
                Typed::Odd(why) => {
                    self.mouth.heard("");
                    self.ears.drop_line(why.to_owned());
                }
                Typed::Line(text) => self.hear_line(&text, heard.at),
            }
            next = ears.try_recv().ok();
        }
        false
    }

    /// Takes a line, if it was asked for when it was typed.
    fn hear_line(&mut self, text: &str, at: Instant) {
        if self.is_leaving {
            return;
        }
        self.mouth.heard(text);
        let is_empty = text.trim().is_empty();
        if !self.ears.was_asked(at, monotonic()) {
            if !is_empty {
                let first: String = text.chars().take(200).collect();
                self.ears.drop_line(format!("{first:?} was typed before this was asked"));
            }
            return;
        }
        if is_empty && self.ears.is_held(at) {
            return;
        }
        self.ears.is_listening = false;
        self.hear(text);
    }

    /// Says that lines were not taken, if any were not.
    pub(super) fn say_dropped(&mut self) {
        let Some(why) = self.ears.first_dropped.take() else { return };
        let more = match std::mem::take(&mut self.ears.dropped) {
            0 | 1 => String::new(),
            2 => " Nor is one more line.".into(),
            dropped => format!(" Nor are {} more lines.", dropped - 1),
        };
        self.mouth.say(&format!("Not taken: {why}.{more} Nothing is recorded for it."));
        self.ears.said_at = Some(monotonic());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_came_a_while_after_it_was_asked_for_is_an_answer() {
        let start = monotonic();
        let asked = |ears: &mut Ears, by| ears.was_asked(start + by, start + by);
        let mut ears = Ears { asked_at: start, ..Ears::new() };
        assert!(!asked(&mut ears, SETTLE), "nothing is asked yet");
        let mut ears = Ears { asked_at: start, is_listening: true, ..Ears::new() };
        assert!(!asked(&mut ears, SETTLE / 2));
        assert!(!asked(&mut ears, SETTLE), "it comes right behind another");
        assert!(asked(&mut ears, 2 * SETTLE));
        let first = ears.asked_at;
        ears.listen(false);
        assert_eq!(ears.asked_at, first, "the same is asked for again");
    }

    #[test]
    fn in_a_flood_not_one_line_is_an_answer() {
        let mut ears = Ears::new();
        ears.listen(true);
        let start = ears.asked_at;
        let mut is_asked =
            |at, now| ears.was_asked(start + Duration::from_millis(at), start + Duration::from_millis(now));
        assert!((0..1_000).all(|line| !is_asked(150 * line, 150 * line)));
        assert!(!is_asked(0, 400_000), "it lay there for long");
        assert!(!is_asked(400_010, 400_010), "it came right behind that one");
    }

    #[test]
    fn a_held_key_is_heard_once() {
        let mut ears = Ears::new();
        let start = ears.asked_at;
        let held: Vec<_> = (0..5).map(|at| ears.is_held(start + Duration::from_millis(30 * at))).collect();
        assert_eq!(held, [false, true, true, true, true]);
        assert!(!ears.is_held(start + Duration::from_secs(5)));
    }
}
