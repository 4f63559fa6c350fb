//! Time as a value, and the only place that reads a clock.
//!
//! The engine is given a [`Timestamp`]; nothing else in the crate may ask the system what time it is.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 with three decimals and `Z`, so that every record has the same width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that lies `millis` after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment plus `duration`, at most the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{moment:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match as_written(text.as_bytes()) {
            Some(moment) => Ok(moment),
            None => text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_millisecond())),
        }
    }
}

/// The moment of a text that is exactly as a moment is written here: all but every one that is read. `None` where it is
/// another text, or in doubt.
fn as_written(text: &[u8]) -> Option<Timestamp> {
    const SIGNS: [(usize, u8); 7] = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if text.len() != 24 || SIGNS.iter().any(|(at, sign)| text[*at] != *sign) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(*byte - b'0'));
        text[from..to].iter().try_fold(0, |number, byte| Some(10 * number + digit(byte)?))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let is_one = (1970..=9998).contains(&year) && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !is_one {
        return None;
    }
    // Years begin in March here, so that what February lacks comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let since_march = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + since_march - 719_468;
    Some(Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reads)
    }
}

/// Reads a moment without keeping its text.
struct Reads;

impl Visitor<'_> for Reads {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

/// Where `now` comes from.
pub trait Clock: Send + Sync {
    /// The present moment of the run. Never goes back within one clock.
    fn now(&self) -> Timestamp;

    /// How long to sleep really so that `duration` passes on this clock.
    fn real(&self, duration: Duration) -> Duration {
        duration
    }

    /// How far the wall clock has been moved against this clock since it started, in milliseconds.
    fn drift_ms(&self) -> i64 {
        0
    }
}

/// The wall clock, read once and carried on by the time since the machine was started, so that a stepped wall clock
/// neither stalls nor cuts a wait, and the time in which the machine was suspended has passed.
pub struct SystemClock {
    start: Timestamp,
    wall: Timestamp,
    began: Duration,
}

impl SystemClock {
    /// Starts now, or at `not_before` when the wall clock is behind it.
    pub fn starting(not_before: Timestamp) -> Self {
        let wall = wall_clock();
        Self { start: wall.max(not_before), wall, began: since_boot() }
    }

    fn now_at(&self, since_boot: Duration) -> Timestamp {
        self.start.plus(since_boot.saturating_sub(self.began))
    }

    fn drift_at(&self, since_boot: Duration, wall: Timestamp) -> i64 {
        let expected = self.wall.plus(since_boot.saturating_sub(self.began));
        wall.as_millis().saturating_sub(expected.as_millis())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.now_at(since_boot())
    }

    fn drift_ms(&self) -> i64 {
        self.drift_at(since_boot(), wall_clock())
    }
}

/// A clock for practice that runs `speed` times as fast as the real one.
pub struct FastClock {
    start: Timestamp,
    began: Instant,
    speed: f64,
}

impl FastClock {
    /// Starts now, or at `not_before` when the wall clock is behind it. A speed that is not positive counts as 1.
    pub fn starting(not_before: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { start: wall_clock().max(not_before), began: monotonic(), speed }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.began.elapsed().mul_f64(self.speed))
    }

    fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }
}

/// A clock that stands still until it is told otherwise; for tests.
#[derive(Default)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_clock() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// How long ago the machine was started. Never goes back, and counts the time in which the machine was suspended, which
/// [`Instant`] leaves out: a sample from before that must not look fresh.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    // Elsewhere the monotonic clock is the nearest to it; that of macOS counts sleep too.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

/// The monotonic clock, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_is_written_with_three_decimals_and_read_back() {
        let moment = Timestamp::from_millis(1_795_228_870_120);
        let text = moment.to_string();
        assert_eq!(text, "2026-11-21T02:41:10.120Z");
        assert_eq!(text.parse::<Timestamp>().unwrap(), moment);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

        /// What is read by hand is what jiff reads, whatever is written.
        #[test]
        fn a_moment_is_read_as_jiff_reads_it(
            millis in prop_oneof![any::<i32>().prop_map(i64::from), -377_705_023_201_000_i64..=253_402_207_200_999, any::<i64>()],
            at in 0_usize..24,
            with in prop_oneof![Just(b'0'), Just(b'9'), Just(b'3'), Just(b'6'), 0x20_u8..0x7f],
            parts in (0_i32..10_000, 0_u32..14, 0_u32..33, 0_u32..25, 0_u32..62, 0_u32..62, 0_u32..1000),
        ) {
            let of_jiff = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
            let ours = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_millis);
            let whole = Timestamp::from_millis(millis).to_string();
            prop_assert_eq!(ours(&whole), of_jiff(&whole), "{}", whole);
            let mut changed = whole.into_bytes();
            if let Some(byte) = changed.get_mut(at) {
                *byte = with;
            }
            let changed = String::from_utf8_lossy(&changed);
            prop_assert_eq!(ours(&changed), of_jiff(&changed), "{}", changed);
            let (year, month, day, hour, minute, second, milli) = parts;
            let built = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
            prop_assert_eq!(ours(&built), of_jiff(&built), "{}", built);
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_read_by_hand() {
        let day = 24 * 3600 * 1000;
        for days in 0..150_000 {
            let moment = Timestamp::from_millis(days * day + days % day);
            assert_eq!(as_written(moment.to_string().as_bytes()), Some(moment));
        }
    }

    #[test]
    fn suspended_time_has_passed_and_is_no_jump_of_the_wall_clock() {
        let wall = Timestamp::from_millis(1_000_000);
        let clock = SystemClock { start: wall, wall, began: Duration::from_secs(50) };
        let hour = Duration::from_secs(3600);
        // The machine sleeps for an hour: both clocks go on.
        assert_eq!(clock.now_at(Duration::from_secs(50) + hour), wall.plus(hour));
        assert_eq!(clock.drift_at(Duration::from_secs(50) + hour, wall.plus(hour)), 0);
        // The wall clock is stepped back or forth: time goes on as it did, and the step is seen.
        assert_eq!(clock.drift_at(Duration::from_secs(51), Timestamp::from_millis(1_000)), -1_000_000);
        assert_eq!(clock.drift_at(Duration::from_secs(51), wall.plus(hour)), 3_599_000);
        assert_eq!(clock.now_at(Duration::from_secs(49)), wall, "never before its start");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_systems_clock_counts_what_the_kernel_says_has_passed_since_the_start() {
        let uptime = || -> f64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        };
        let (before, between, after) = (uptime(), since_boot().as_secs_f64(), uptime());
        assert!(before - 0.02 <= between && between <= after + 0.02, "{before} {between} {after}");
    }

    #[test]
    fn since_never_goes_below_zero() {
        let early = Timestamp::from_millis(5);
        assert_eq!(early.since(Timestamp::from_millis(9)), Duration::ZERO);
    }
}
