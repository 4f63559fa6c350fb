//! Programs in a terminal, and what they cost the machine: ours, and the floor that it is held against.

use std::collections::BTreeMap;
use std::time::Duration;

use piton::clock::monotonic;

use super::support::pty::{Start, Terminal};
use super::support::turn::away_from_it;

/// How long anything may take to show.
pub const SOON: Duration = Duration::from_secs(20);

/// What the floor shows when it is ready.
pub const FLOOR: &str = "row 1 ";

/// The floor program.
pub fn floor() -> Start {
    floor_with(&[])
}

/// The floor program with more arguments.
pub fn floor_with(more: &[&str]) -> Start {
    let program = std::env::current_exe().expect("this program has a path");
    Start::new(&program.display().to_string(), &[&["floor"], more].concat())
}

/// Starts a program; the time to its first useful screen.
pub fn started(start: Start, useful: &str) -> (Terminal, Duration) {
    let began = monotonic();
    let terminal = start.spawn();
    terminal.wait_text(useful, SOON);
    (terminal, began.elapsed())
}

/// From a key to the first change of the screen.
pub fn answered(terminal: &Terminal, key: &str) -> Duration {
    let before = terminal.settled();
    let began = monotonic();
    terminal.key(key);
    assert!(terminal.changed(&before, SOON).is_some(), "{key} shows nothing\n{}", terminal.describe());
    began.elapsed()
}

/// What a program has cost so far.
pub struct Costs {
    /// Of each of its threads, by its number: nanoseconds on a processor, and how often it went to sleep.
    threads: BTreeMap<u32, (u64, u64)>,
    /// Bytes that it has written to the terminal.
    pub bytes: usize,
}

impl Costs {
    /// Up to now.
    pub fn of(terminal: &Terminal) -> Self {
        let tasks = format!("/proc/{}/task", terminal.pid().as_raw_nonzero());
        let threads = std::fs::read_dir(tasks).expect("the program runs").flatten().filter_map(|thread| {
            let (path, name) = (thread.path(), thread.file_name().to_string_lossy().parse().ok()?);
            // A thread may end in this very moment.
            let times = std::fs::read_to_string(path.join("schedstat")).ok()?;
            let status = std::fs::read_to_string(path.join("status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            Some((name, (times.split(' ').next()?.parse().ok()?, line.trim().parse().ok()?)))
        });
        Self { threads: threads.collect(), bytes: terminal.raw().len() }
    }

    /// What it has cost since: threads that have ended meanwhile are not counted.
    pub fn since(&self, before: &Self) -> Self {
        let threads = self.threads.iter().map(|(name, (time, slept))| {
            let (time_before, slept_before) = before.threads.get(name).copied().unwrap_or_default();
            (*name, (time - time_before, slept - slept_before))
        });
        Self { threads: threads.collect(), bytes: self.bytes - before.bytes }
    }

    /// On processors.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.threads.values().map(|(time, _)| time).sum())
    }

    /// How often a thread went to sleep, and so was woken.
    pub fn wake_ups(&self) -> u64 {
        self.threads.values().map(|(_, slept)| slept).sum()
    }
}

/// What a program costs that is left alone for so long. Nothing is awaited: that nothing comes, or little, is what is
/// measured.
pub fn left_alone(terminal: &Terminal, length: Duration) -> Costs {
    // The clock on the screen goes on once a minute; what happens between is measured.
    away_from_it(length);
    let before = Costs::of(terminal);
    std::thread::sleep(length);
    Costs::of(terminal).since(&before)
}
