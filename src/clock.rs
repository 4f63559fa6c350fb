//! Time as a value, and the only place that reads a clock.
//!
//! The engine is given a [`Timestamp`]; nothing else in the crate may ask the system what time it is.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
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
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_three_decimals_and_read_back() {
        let moment = Timestamp::from_millis(1_795_228_870_120);
        let text = moment.to_string();
        assert_eq!(text, "2026-11-21T02:41:10.120Z");
        assert_eq!(text.parse::<Timestamp>().unwrap(), moment);
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
