//! A soak in whole words: what it asks for, how it stands, and what is recorded of it.

use std::time::Duration;

use crate::engine::{Event, SoakView, Soaked, soak_view};
use crate::plain::tell::{Told, duration};
use crate::runbook::{Soak, StepKey};

/// What it asks for, before the rule that it is about.
pub fn asked(soak: &Soak) -> String {
    format!(
        "It soaks, also over sittings: it waits until this has held for {}, of which {} percent must have been seen:",
        duration(soak.length),
        soak.coverage
    )
}

/// What whoever leaves is told of it; nothing where no time counts.
pub fn leaving(told: Told<'_>) -> &'static str {
    let soak = |key: &StepKey| soak_view(told.runbook, told.state, key, told.moment.at);
    match told.state.current.as_ref().and_then(soak).and_then(|soak| soak.since) {
        Some(_) => " The soak goes on, but the time until somebody sits down again is a gap in it.",
        None => "",
    }
}

/// How the soak of that step stands; nothing where there is none, or it has not begun.
pub fn standing(told: Told<'_>, key: &StepKey) -> Vec<String> {
    let Some(soak) = soak_view(told.runbook, told.state, key, told.moment.at) else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some((at, lasted)) = soak.broken {
        let times = if soak.restarts == 1 { "once".to_owned() } else { format!("{} times", soak.restarts) };
        let (ago, lasted) = (whole(told.moment.at.since(at)), whole(lasted));
        lines.push(format!("Its soak started again {times}, {ago} ago: it did not hold any more after {lasted}."));
    }
    lines.extend(so_far(&soak));
    if let Some(gap) = soak.gap_since {
        lines.push(format!("Nobody has sensed it for {}: that is a gap.", whole(told.moment.at.since(gap))));
    }
    lines
}

fn so_far(soak: &SoakView) -> Option<String> {
    soak.since?;
    let worst = soak.worst.as_ref().map(|(title, value)| {
        let value = value.as_ref().map_or_else(|| "not known yet".to_owned(), ToString::to_string);
        format!(", worst value of {title}: {value}")
    });
    let (elapsed, length) = (whole(soak.elapsed), duration(soak.length));
    let gap = gap(soak.longest_gap);
    Some(format!("Its soak has lasted {elapsed} of {length}, with {gap}{}.", worst.unwrap_or_default()))
}

/// What a record says of a soak; `None` of any other.
pub fn record(told: &Told<'_>, event: &Event) -> Option<String> {
    Some(match event {
        Event::SoakSeen { step, covered_ms: 0, worst: None, .. } => format!("the soak of {} began", told.step(step)),
        Event::SoakSeen { step, since, until, covered_ms, length_ms, worst } => {
            let (elapsed, length) = (whole(until.since(*since)), duration(Duration::from_millis(*length_ms)));
            let covered = whole(Duration::from_millis(*covered_ms));
            let worst = worst.as_ref().map(|worst| format!(", worst value {worst}")).unwrap_or_default();
            format!("the soak of {} has lasted {elapsed} of {length}, {covered} of it seen{worst}", told.step(step))
        }
        Event::SoakRestarted { step, lasted_ms, .. } => {
            let lasted = whole(Duration::from_millis(*lasted_ms));
            format!("the soak of {} STARTS AGAIN, after {lasted}", told.step(step))
        }
        Event::CheckPassed { step, held_ms, soaked: Some(soaked), .. } => {
            format!("{} is done: it soaked for {}", told.step(step), came_to(soaked, *held_ms))
        }
        _ => return None,
    })
}

fn came_to(soaked: &Soaked, held_ms: u64) -> String {
    let percent = soaked.covered_ms.saturating_mul(100) / held_ms.max(1);
    let (lasted, gap) = (whole(Duration::from_millis(held_ms)), gap(Duration::from_millis(soaked.longest_gap_ms)));
    let worst = soaked.worst.as_ref().map(|worst| format!(", worst value {worst}")).unwrap_or_default();
    format!("{lasted}, {percent} percent of it seen, {gap}{worst}")
}

fn gap(longest: Duration) -> String {
    if longest.as_secs() == 0 { "no gap".to_owned() } else { format!("a longest gap of {}", duration(longest)) }
}

/// In whole seconds, as they are told.
fn whole(lasted: Duration) -> String {
    duration(Duration::from_secs(lasted.as_secs()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::clock::Timestamp;
    use crate::engine::{Board, ConditionId, Item, Leaving, Moment, Record, RunState, Tri};
    use crate::plain::ask::Question;
    use crate::plain::look::where_am_i;
    use crate::plain::speak::Mouth;
    use crate::plain::step;
    use crate::runbook::{PhaseId, Runbook, parse};

    const BOOK: &str = "format = 1\nid = \"soak\"\ntitle = \"Soak\"\nsystem = \"demo\"\n[[health]]\nid = \"level\"\ntitle = \"Level\"\n\
        tcp = \"127.0.0.1:1\"\nok = \"true\"\n[[phase]]\nid = \"one\"\ntitle = \"One\"\n[[phase.step]]\nid = \"day\"\n\
        title = \"See it well\"\ncheck = '.health.level[0].verdict == \"ok\"'\nsoak = \"2h\"\ncoverage = 60\n\
        worst = { title = \"dry rows\", highest = '.health.level | length' }\n";

    struct Walk {
        runbook: Runbook,
        state: RunState,
        moment: Moment,
    }

    impl Walk {
        fn new() -> Self {
            let (runbook, told) = parse(BOOK);
            let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
            let moment = Moment { at: Timestamp::default(), board: Board::default() };
            let mut walk = Self { state: RunState::new(&runbook), runbook, moment };
            let items = vec![Item { name: None, value: Value::Null }];
            walk.take(0, Event::PhaseBound { phase: PhaseId::new("one"), items });
            walk.take(0, Event::StepBegan { step: key(), attempt: 1 });
            walk
        }

        fn told(&self) -> Told<'_> {
            Told { runbook: &self.runbook, state: &self.state, moment: &self.moment, directory: "/" }
        }

        /// So many minutes after the start; what is said of it.
        fn take(&mut self, minutes: i64, event: Event) -> String {
            self.moment.at = Timestamp::from_millis(minutes * 60_000);
            let (seq, at, prev, by) = (self.state.seq + 1, self.moment.at, String::new(), "piton".into());
            let record = Record { seq, at, prev, by, event };
            self.state.apply(&record);
            self.told().record(&record)
        }

        fn turn(&mut self, minutes: i64, truth: Tri) {
            let (condition, why, seen) = (ConditionId::Check(key()), String::new(), Value::Null);
            self.take(minutes, Event::ConditionChanged { condition, truth, why, seen });
        }

        fn said(&self, say: impl FnOnce(Told<'_>, &mut Mouth<'_>)) -> String {
            let mut out = Vec::new();
            say(self.told(), &mut Mouth::new(&mut out, String::new(), false));
            String::from_utf8(out).expect("it is text")
        }
    }

    fn key() -> StepKey {
        "one/day".parse().unwrap()
    }

    fn seen(since: i64, until: i64, covered: u64, worst: Option<u64>) -> Event {
        let [since, until] = [since, until].map(|minutes| Timestamp::from_millis(minutes * 60_000));
        let (covered_ms, worst) = (covered * 60_000, worst.map(Into::into));
        Event::SoakSeen { step: key(), since, until, covered_ms, length_ms: 7_200_000, worst }
    }

    #[test]
    fn a_soak_is_told_in_whole_words_from_its_begin_over_a_gap_to_its_end() {
        let mut walk = Walk::new();
        let card = |walk: &Walk| walk.said(|told, mouth| step::tell(told, &key(), mouth));
        let asked = "It soaks, also over sittings: it waits until this has held for 2 hours, of which 60 percent must have been seen:";
        assert!(card(&walk).contains(asked) && !card(&walk).contains("Its soak"), "{}", card(&walk));
        let leave = |walk: &Walk| walk.said(|told, mouth| Question::Leave.say(told, mouth));
        assert!(!leave(&walk).contains("is a gap in it."), "{}", leave(&walk));
        walk.turn(10, Tri::True);
        assert_eq!(walk.take(10, seen(10, 10, 0, None)), "the soak of step 1.1 \"See it well\" began");
        let told = walk.take(15, seen(10, 15, 5, Some(1)));
        let lasted = "has lasted 5 minutes of 2 hours, 5 minutes of it seen, worst value 1";
        assert_eq!(told, format!("the soak of step 1.1 \"See it well\" {lasted}"));
        assert!(leave(&walk).contains("is a gap in it."), "{}", leave(&walk));
        let since = Timestamp::from_millis(600_000);
        let restarted =
            Event::SoakRestarted { step: key(), since, lasted_ms: 600_000, covered_ms: 600_000, worst: None };
        assert_eq!(walk.take(20, restarted), "the soak of step 1.1 \"See it well\" STARTS AGAIN, after 10 minutes");
        walk.turn(20, Tri::False);
        walk.turn(30, Tri::True);
        walk.take(40, seen(30, 40, 10, Some(3)));
        walk.take(40, Event::SittingClosed { how: Leaving::Left });
        walk.moment.at = Timestamp::from_millis(50 * 60_000);
        let status = walk.said(|told, mouth| where_am_i(told, &[], false, mouth));
        for line in [
            "Its soak started again once, 30 minutes ago: it did not hold any more after 10 minutes.\n",
            "Its soak has lasted 20 minutes of 2 hours, with a longest gap of 10 minutes, worst value of dry rows: 3.\n",
            "Nobody has sensed it for 10 minutes: that is a gap.\n",
        ] {
            assert!(status.contains(line) && card(&walk).contains(line), "{line} {status} {}", card(&walk));
        }
        let worst = Some(3.into());
        let soaked = Some(Soaked { since, covered_ms: 6_600_000, longest_gap_ms: 600_000, worst });
        let passed =
            Event::CheckPassed { step: key(), held_ms: 7_200_000, doer: None, soaked, board: Board::default() };
        let came = "it soaked for 2 hours, 91 percent of it seen, a longest gap of 10 minutes, worst value 3";
        assert_eq!(walk.take(150, passed), format!("step 1.1 \"See it well\" is done: {came}"));
    }
}
