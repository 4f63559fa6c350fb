//! How far something is that takes long: a bar, how long it has taken, and what is left of it.

use std::time::Duration;

use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;

/// The widest bar, in cells.
const MOST_CELLS: usize = 30;

/// From how much done on what is left is told from what it took so far, in parts of a hundred.
const TELLING: u32 = 5;

/// How much of something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How long it has taken.
    pub elapsed: Duration,
    /// How long it takes in all.
    pub length: Duration,
}

impl Progress {
    /// Of something of which so much is left.
    pub fn left(length: Duration, left: Duration) -> Self {
        Self { elapsed: length.saturating_sub(left), length }
    }

    /// The bar with its times, at most `cells` wide.
    pub fn strip(self, cells: usize, look: &Look) -> Strip {
        let left =
            Duration::from_secs((self.length.saturating_sub(self.elapsed) + Duration::from_millis(999)).as_secs());
        let of = if self.length.is_zero() { 1.0 } else { self.elapsed.as_secs_f64() / self.length.as_secs_f64() };
        let told = format!("  {} left of {}", tell::duration(left), tell::duration(self.length));
        let room = cells.saturating_sub(told.len()).min(MOST_CELLS);
        bar(of, room, look).and(told, Meaning::Text)
    }
}

/// A bar of so many cells, of which that part is done.
pub fn bar(of: f64, cells: usize, look: &Look) -> Strip {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a few cells")]
    let done = (of.clamp(0.0, 1.0) * cells as f64) as usize;
    let [rest, full] = [look.glyphs.frames[0][0], look.glyphs.frames[2][0]];
    Strip::of(full.repeat(done), Meaning::Current).and(rest.repeat(cells - done), Meaning::Dim)
}

/// The share in a line that a program printed: the number before its only `%`, in parts of a hundred.
pub fn printed(line: &str) -> Option<u32> {
    let (before, after) = line.split_once('%')?;
    let before = before.trim_end();
    let ahead = before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    // What is part of a word or below zero is no share.
    let is_alone = ahead.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_');
    let whole = before[ahead.len()..].split(['.', ',']).next()?;
    whole.parse().ok().filter(|share| is_alone && *share <= 100 && !after.contains('%'))
}

/// How a command goes on: what it prints about that, and what is left by it.
pub fn of_command(share: Option<u32>, elapsed: Duration, most: Duration) -> String {
    let took = format!("its command has been running for {}", tell::duration(Duration::from_secs(elapsed.as_secs())));
    let Some(share) = share else { return format!("{took}, of {} at most", tell::duration(most)) };
    let left = (TELLING..100).contains(&share).then(|| elapsed * (100 - share) / share);
    let left = left.map(|left| format!(", about {} left", tell::duration(Duration::from_secs(left.as_secs().max(1)))));
    format!("{took}; {share} % by what it prints{}", left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_from_what_downloads_print() {
        for (line, expected) in [
            ("  45.2% [=====>    ]", Some(45)),
            ("######## 100.0%", Some(100)),
            ("vault.zip  37%[===>   ] 12,4M 3,1MB/s eta 20s", Some(37)),
            ("Progress: [ 62 %]", Some(62)),
            ("0%", Some(0)),
            ("used 12% of 90%", None),
            ("33,5%", Some(33)),
            ("██████░░45%", Some(45)),
            ("é45%", None),
            ("110%", None),
            ("cpu-12%", None),
            ("a%", None),
            ("%", None),
            ("none at all", None),
            ("x12%", None),
        ] {
            assert_eq!(printed(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_left_is_told_once_there_is_something_to_tell_it_from() {
        let (ten, most) = (Duration::from_secs(10), Duration::from_secs(900));
        assert_eq!(of_command(None, ten, most), "its command has been running for 10 s, of 15 min at most");
        assert_eq!(of_command(Some(2), ten, most), "its command has been running for 10 s; 2 % by what it prints");
        assert_eq!(
            of_command(Some(25), ten, most),
            "its command has been running for 10 s; 25 % by what it prints, about 30 s left"
        );
        assert_eq!(of_command(Some(100), ten, most), "its command has been running for 10 s; 100 % by what it prints");
    }

    #[test]
    fn a_bar_is_as_long_as_it_may_be_and_full_at_the_end() {
        let told = |elapsed: u64, cells| {
            let of = Progress { elapsed: Duration::from_secs(elapsed), length: Duration::from_secs(60) };
            of.strip(cells, &Look::plain()).0.into_iter().map(|(text, _)| text).collect::<String>()
        };
        assert_eq!(told(15, 38), "━━━━──────────────  45 s left of 1 min");
        assert_eq!(told(60, 30), "━━━━━━━━━━━  0 s left of 1 min");
        assert_eq!(told(90, 10), "  0 s left of 1 min");
        assert_eq!(told(0, 200).chars().filter(|c| *c == '─').count(), MOST_CELLS);
    }
}
