//! The turn of the minute, at which the clock of the run screen is drawn anew.

use std::time::Duration;

use piton::clock::{Clock, SystemClock, Timestamp};

/// How much earlier or later than here the minute may turn on the screen.
const SLACK: Duration = Duration::from_millis(500);

/// Goes on at a moment from which on the minute does not turn for so long: where it would, once it has.
pub fn away_from_it(window: Duration) {
    if !is_away(window) {
        // Nothing tells of the turn where nothing is drawn; it comes by the clock.
        std::thread::sleep(left() + SLACK);
    }
}

/// Whether the minute does not turn for so long from now on.
pub fn is_away(window: Duration) -> bool {
    left() >= window + SLACK
}

/// How long it is up to the next turn.
fn left() -> Duration {
    let now = SystemClock::starting(Timestamp::default()).now();
    let passed = u64::try_from(now.as_millis().rem_euclid(60_000)).unwrap_or_default();
    Duration::from_millis(60_000 - passed)
}

/// Whether two screens are the same but for the time in the first two rows.
pub fn is_same(one: &str, other: &str) -> bool {
    timeless(one) == timeless(other)
}

fn timeless(screen: &str) -> String {
    let of_row = |(row, line): (usize, &str)| match row {
        0 | 1 => line.replace(|c: char| c.is_ascii_digit(), "0"),
        _ => line.to_owned(),
    };
    screen.lines().enumerate().map(of_row).collect::<Vec<_>>().join("\n")
}
