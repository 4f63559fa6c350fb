//! SIGKILL at random moments.

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use piton::engine::{Event, RunState};
use piton::journal::{Integrity, RunDir};

use super::walk::{Walk, completes, hold_ports, is_closed, play_all, practice, resume, story};
use crate::support::binary::{Home, records};

/// How often a run is killed from its beginning; every eighth time its second sitting is killed as well.
const KILLS: usize = 200;

/// All moments follow from it.
const SEED: u64 = 2;

/// A run of the shipped runbook has at least so many records.
const RECORDS: u64 = 195;

/// The longest time from a shown record to the kill, in microseconds: several records take that long.
const DELAY_US: u64 = 40_000;

/// What was met, so that it can be seen that the moments were as various as they should be.
#[derive(Debug, Default)]
struct Met {
    killed: usize,
    before_the_first_record: usize,
    over_already: usize,
    torn: usize,
    with_more_than_was_shown: usize,
    with_a_running_command: usize,
}

#[test]
fn a_run_killed_at_any_moment_has_what_it_showed_and_is_gone_on_with() {
    let met = Mutex::new(Met::default());
    play_all(KILLS, |round| {
        let mut random = Random(SEED.wrapping_mul(1_000_003).wrapping_add(round as u64));
        let home = Home::new();
        // Every tenth dies around its beginning.
        let nth = if round % 10 == 5 { 0 } else { random.below(RECORDS) };
        let shown = killed(&home, &mut practice(&home), nth, &mut random, &met);
        let runs = home.runs();
        let Some(run) = runs.first() else {
            assert_eq!(shown, 0, "round {round}: records were shown of a run that does not exist");
            met.lock().unwrap().before_the_first_record += 1;
            return;
        };
        let what = format!("round {round}, after record {shown} was shown, {}", run.id());
        let (before, verification) = records(run);
        let _ports = hold_ports(&before);
        let mut met_now = met.lock().unwrap();
        if before.is_empty() {
            assert_eq!(shown, 0, "{what}");
            met_now.before_the_first_record += 1;
            return;
        }
        met_now.torn += usize::from(verification.integrity != Integrity::Whole);
        met_now.with_more_than_was_shown += usize::from(before.len() as u64 > shown);
        met_now.with_a_running_command += usize::from(has_running_command(&before));
        met_now.over_already += usize::from(is_closed(&before));
        drop(met_now);
        whole_or_torn(&home, run, shown, &what);
        if round % 8 == 0 && !is_closed(&before) {
            let left = RECORDS.saturating_sub(before.len() as u64) + 3;
            let shown = killed(&home, &mut resume(&home, run), random.below(left), &mut random, &met);
            whole_or_torn(&home, run, shown, &what);
            let again = records(run).0;
            assert_eq!(&again[..before.len()], &before, "{what}, killed again");
        }
        completes(&home, run, &what);
    });
    let met = met.into_inner().unwrap();
    println!("{met:?}");
    assert!(met.killed >= KILLS * 9 / 10, "{met:?}");
    assert!(met.with_a_running_command > 0 && met.with_more_than_was_shown > 0, "{met:?}");
}

/// Kills a walk a random while after its `nth` record was shown; the number of the last record that was shown.
fn killed(home: &Home, command: &mut Command, nth: u64, random: &mut Random, met: &Mutex<Met>) -> u64 {
    let mut walk = Walk::start(command);
    walk.until(usize::try_from(nth).unwrap());
    // Not waiting for anything: the very point is a moment that nothing marks.
    std::thread::sleep(Duration::from_micros(random.below(DELAY_US)));
    let ended = walk.kill();
    met.lock().unwrap().killed += usize::from(ended.signal == Some(9));
    let is_expected = ended.signal == Some(9) || ended.code == Some(0);
    assert!(is_expected, "{:?}, signal {:?}: {}\n{}", ended.code, ended.signal, ended.stderr, story(&home.run()));
    ended.last()
}

/// Requires that `piton verify` finds every record that was shown.
#[track_caller]
fn whole_or_torn(home: &Home, run: &RunDir, shown: u64, what: &str) {
    let output = home.output(&["verify", &run.journal_path().display().to_string()]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what}: {told}");
    let found = told.split("records=").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|n| n.parse().ok());
    let found: u64 = found.unwrap_or_else(|| panic!("{what}: {told}"));
    assert!(found >= shown, "{what}: {shown} records were shown, {told}");
}

fn has_running_command(records: &[piton::engine::Record]) -> bool {
    let Some(Event::RunOpened(opened)) = records.first().map(|record| &record.event) else { return false };
    let (runbook, _) = piton::runbook::parse(&opened.text);
    RunState::fold(&runbook.expect("it was walked"), records).is_running()
}

/// A sequence of numbers that look like chance (splitmix64).
struct Random(u64);

impl Random {
    /// One of the numbers under `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
