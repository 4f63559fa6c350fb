//! A soak: what counts, what does not, and what a journal alone knows of it.

use super::*;

const HOUR: u64 = 3600;

/// A check that soaks for a day, and a step behind it.
fn soaking_book() -> Runbook {
    let at = BOOK.find("[[phase]]").expect("the book has phases");
    let back = BOOK.find("[[rollback]]").expect("the book has a way back");
    let steps = r#"
[[phase]]
id = "finish"
title = "Finish"
[[phase.step]]
id = "soak"
title = "See it well for a day"
check = '[.health.node[] | select(.verdict == "ok")] | length == 3'
soak = "1d"
worst = { title = "nodes away", highest = '[.health.node[] | select(.verdict != "ok")] | length' }
[[phase.step]]
id = "look"
title = "Look at it"
confirm = "Well?"
"#;
    let text =
        format!("{}{steps}{}", &BOOK[..at].replace("blocks = [\"nodes/stop\"]", "blocks = [\"run\"]"), &BOOK[back..]);
    let text = text.replace("when = '.passed.stop // false'", "");
    let (runbook, diagnostics) = parse(&text);
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

fn key() -> StepKey {
    "finish/soak".parse().unwrap()
}

impl Walk {
    fn soaking() -> Self {
        Self::of(soaking_book())
    }

    fn view(&self) -> SoakView {
        soak_view(&self.runbook, &self.state, &key(), self.moment.at).expect("it is a soak")
    }

    /// Sensed again and again, with a record where one is due, as a session does.
    fn watch(&mut self, seconds: u64) {
        const LOOK: u64 = 300;
        for _ in 0..seconds / LOOK {
            self.pass(LOOK);
            self.note();
        }
        self.pass(seconds % LOOK);
    }

    /// The operator leaves, right after every probe has answered.
    fn leave(&mut self) {
        self.moment.board.rows.iter_mut().for_each(|row| row.age_ms = Some(0));
        self.must(Proposal::NoteSoak { seen: None });
        self.must(Proposal::Leave { how: Leaving::Left });
    }

    fn note(&mut self) {
        if note_due(&self.runbook, &self.state, self.moment.at).is_some_and(|due| due.is_zero()) {
            self.must(Proposal::NoteSoak { seen: None });
        }
    }

    /// Nobody is there for so long; how the last sitting ended nobody could record.
    fn killed_and_back_after(&mut self, seconds: u64) {
        self.moment.at = self.moment.at.plus(Duration::from_secs(seconds));
        self.must(Proposal::Leave { how: Leaving::Interrupted });
        self.sit();
    }

    fn soaked(&self) -> Option<Soaked> {
        self.records.iter().find_map(|record| match &record.event {
            Event::CheckPassed { soaked, .. } => soaked.clone(),
            _ => None,
        })
    }

    fn is_soaking(&self) -> bool {
        self.state.current == Some(key())
    }
}

fn hours(duration: Duration) -> f64 {
    duration.as_secs_f64() / HOUR as f64
}

#[test]
fn a_day_in_one_sitting_passes_with_what_was_seen() {
    let mut walk = Walk::soaking();
    walk.watch(24 * HOUR - 60);
    assert!(walk.is_soaking());
    let view = walk.view();
    assert_eq!((view.coverage, view.longest_gap, view.left.as_secs()), (100, Duration::ZERO, 60));
    assert!(matches!(
        gate(&walk.runbook, &walk.state, &key(), walk.moment.at),
        Gate::Closed(holds) if matches!(holds[..], [Hold::Soaking { coverage: 100, .. }])
    ));
    walk.watch(60);
    let soaked = walk.soaked().expect("it passed");
    assert_eq!((soaked.covered_ms, soaked.longest_gap_ms), (24 * HOUR * 1000, 0));
    assert_eq!(soaked.worst, Some(0.into()));
    let seen = walk.records.iter().filter(|record| matches!(record.event, Event::SoakSeen { .. })).count();
    assert!((144..=150).contains(&seen), "one every ten minutes, not {seen}");
    assert_eq!(walk.view().worst, Some(("nodes away".into(), Some(0.into()))), "what came to an end is still told");
}

#[test]
fn it_goes_on_in_the_next_sitting_and_the_time_between_is_a_gap() {
    let mut walk = Walk::soaking();
    walk.watch(16 * HOUR);
    walk.leave();
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(20 * HOUR));
    let away = walk.view();
    assert_eq!((hours(away.elapsed), hours(away.covered), hours(away.longest_gap)), (36.0, 16.0, 20.0));
    assert!(away.gap_since.is_some());
    walk.sit();
    assert!(walk.is_soaking(), "36 hours have passed, and less than half of them were seen");
    let view = walk.view();
    assert_eq!((view.coverage, hours(view.left), view.gap_since), (44, 4.0, None));
    walk.watch(4 * HOUR - 1);
    assert!(walk.is_soaking());
    walk.watch(1);
    let soaked = walk.soaked().expect("half of forty hours was seen");
    assert_eq!((soaked.covered_ms, soaked.longest_gap_ms), (20 * HOUR * 1000, 20 * HOUR * 1000));
}

#[test]
fn a_night_passes_at_once_when_enough_was_seen_and_it_is_sensed_again() {
    let mut walk = Walk::soaking();
    walk.watch(16 * HOUR);
    walk.leave();
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(9 * HOUR));
    walk.moment.board = silent(0);
    walk.sit();
    assert!(walk.is_soaking(), "nothing is known yet in this sitting");
    walk.see([true; 3]);
    assert_eq!(walk.soaked().map(|soaked| soaked.covered_ms), Some(16 * HOUR * 1000));
}

#[test]
fn after_a_crash_what_no_record_proves_is_a_gap() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR + 9 * 60);
    assert_eq!(hours(walk.view().covered), 1.15);
    walk.killed_and_back_after(2 * HOUR);
    let view = walk.view();
    // Its answers were half a second old when they were recorded, after an hour.
    let covered = view.covered.as_millis();
    assert_eq!(covered, 3_600_000 - 500);
    assert_eq!(view.longest_gap, view.elapsed - view.covered);
}

#[test]
fn what_was_not_so_starts_it_again_and_how_long_it_had_lasted_is_told() {
    let mut walk = Walk::soaking();
    walk.watch(23 * HOUR);
    walk.see([true, false, true]);
    let restarted = walk.records.iter().find_map(|record| match &record.event {
        Event::SoakRestarted { lasted_ms, covered_ms, .. } => Some((*lasted_ms, *covered_ms)),
        _ => None,
    });
    assert_eq!(restarted, Some((23 * HOUR * 1000, 23 * HOUR * 1000)));
    let view = walk.view();
    assert_eq!((view.since, view.restarts, view.elapsed), (None, 1, Duration::ZERO));
    assert_eq!(view.broken, Some((walk.moment.at, Duration::from_secs(23 * HOUR))));
    assert_eq!(view.gap_since, None, "it is known not to hold");
    walk.watch(HOUR);
    walk.see([true; 3]);
    assert_eq!(walk.view().since, Some(walk.moment.at));
    walk.watch(23 * HOUR);
    assert!(walk.is_soaking());
    walk.watch(HOUR);
    assert!(!walk.is_soaking());
    assert_eq!(walk.view().restarts, 1);
}

#[test]
fn what_is_seen_to_fail_after_a_gap_starts_it_again_too() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR);
    walk.killed_and_back_after(HOUR);
    walk.watch(HOUR);
    walk.moment.board = silent(1);
    walk.pass(60);
    assert!(walk.view().gap_since.is_some());
    walk.see([true, false, true]);
    assert_eq!((walk.view().restarts, walk.view().since), (1, None));
    // Again and again: each time from the beginning.
    for _ in 0..5 {
        walk.see([true; 3]);
        walk.watch(HOUR);
        walk.see([false, true, true]);
    }
    assert_eq!((walk.view().restarts, walk.is_soaking()), (6, true));
}

#[test]
fn one_that_is_silent_does_not_hide_another_that_is_bad() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR);
    walk.moment.board = silent(1);
    walk.sense();
    assert_eq!((walk.view().restarts, walk.is_soaking()), (0, true), "one lost answer is a gap");
    let mut both = silent(1);
    both.rows[2].verdict = Verdict::Bad;
    walk.moment.board = both;
    walk.sense();
    assert_eq!(walk.view().restarts, 1);
}

#[test]
fn silence_counts_up_to_the_last_answer_only() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR);
    // As after a stop of the machine: the answers are two hours old when anybody looks again.
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(2 * HOUR));
    let mut board = silent(1);
    board.rows[1].age_ms = Some(2 * HOUR * 1000);
    walk.moment.board = board;
    walk.sense();
    let view = walk.view();
    assert_eq!((hours(view.covered), hours(view.longest_gap)), (1.0, 2.0));
}

#[test]
fn the_worst_value_is_kept_also_one_that_was_met_between_two_records() {
    let mut walk = Walk::soaking();
    walk.watch(60);
    walk.must(Proposal::NoteSoak { seen: Some(7.into()) });
    walk.must(Proposal::NoteSoak { seen: Some(3.into()) });
    assert_eq!(walk.view().worst, Some(("nodes away".into(), Some(7.into()))));
    walk.killed_and_back_after(HOUR);
    assert_eq!(walk.view().worst, Some(("nodes away".into(), Some(7.into()))));
    walk.watch(24 * HOUR);
    assert_eq!(walk.soaked().and_then(|soaked| soaked.worst), Some(7.into()));
}

#[test]
fn it_is_overridden_with_a_reason_never_ticked_or_skipped() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR);
    let step = key();
    assert_eq!(walk.propose(Proposal::Skip { step: step.clone(), reason: "late".into() }), Err(Refusal::SensedOnly));
    walk.must(Proposal::Override { step, reason: "the window ends".into() });
    assert!(!walk.is_soaking());
    walk.pass(HOUR);
    assert_eq!(hours(walk.view().elapsed), 1.0, "it ended when it was overridden");
    assert_eq!(walk.state.deviations.len(), 1);
}

#[test]
fn a_clock_that_was_moved_gives_no_seen_time() {
    let mut walk = Walk::soaking();
    walk.watch(HOUR);
    walk.must(Proposal::ClockJumped { by_ms: 86_400_000 });
    assert_eq!(hours(walk.view().elapsed), 1.0, "the run's own clock goes on as it did");
    // The next sitting believes the moved clock: a day has passed, and nobody saw it.
    walk.killed_and_back_after(24 * HOUR);
    assert!(walk.is_soaking());
    assert_eq!(walk.view().coverage, 3);
}

#[test]
fn the_worse_of_two_values_hangs_on_what_is_counted() {
    use crate::runbook::Worse;
    let number = |n: i64| serde_json::Number::from(n);
    for (side, one, other, worst) in [
        (Worse::Higher, Some(1), Some(2), Some(2)),
        (Worse::Lower, Some(1), Some(2), Some(1)),
        (Worse::Higher, None, Some(-2), Some(-2)),
        (Worse::Lower, Some(5), None, Some(5)),
        (Worse::Higher, None, None, None),
    ] {
        let (one, other) = (one.map(number), other.map(number));
        assert_eq!(worse(side, one.as_ref(), other.as_ref()), worst.map(number));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_soak_by_its_records_is_the_soak_that_was_watched_and_never_more_than_was_seen(
        blows in prop::collection::vec(blow(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::soaking();
        for blow in &blows {
            walk.suffer(blow);
            walk.note();
            walk.assert_valid();
            let view = walk.view();
            prop_assert!(view.covered <= view.elapsed && view.coverage <= 100, "{view:?}");
        }
        prop_assert_eq!(walk.fold(&walk.records), walk.state.clone());
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        for record in &walk.records[cut..] {
            let line = serde_json::to_string(record).unwrap();
            state.apply(&serde_json::from_str(&line).unwrap());
        }
        prop_assert_eq!(state.step(&key()), walk.state.step(&key()));
    }
}
