//! Runs held against each other.

use crate::clock::Timestamp;
use crate::compare::{Comparison, Counting, Gathered, Run, compare};
use crate::engine::{Event, Record};
use crate::runbook;

/// The records of a journal of the test data.
pub(crate) fn records(path: &str) -> Vec<Record> {
    let path = format!("{}/tests/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn gathered(records: &[Record]) -> Run {
    let Event::RunOpened(opened) = &records[0].event else { panic!("it begins with its opening") };
    let (book, _) = runbook::parse(&opened.text);
    let mut gathered = Gathered::new(book.as_ref());
    records.iter().for_each(|record| gathered.take(record));
    gathered.end().unwrap()
}

fn compared(one: &[Record], other: &[Record]) -> Comparison {
    compare(gathered(one), gathered(other))
}

#[test]
fn every_run_is_the_same_as_itself_also_later_and_by_somebody_else() {
    let journals = ["journals/format-1.jsonl", "journals/format-1-loops.jsonl", "journals/format-1-evidence.jsonl"];
    for journal in journals.into_iter().chain(["debrief/right.jsonl", "debrief/wrong.jsonl"]) {
        let one = records(journal);
        let mut other = one.clone();
        for record in &mut other {
            record.at = Timestamp::from_millis(record.at.as_millis() * 2);
            if let Event::RunOpened(opened) = &mut record.event {
                opened.operator = "jo".into();
            }
        }
        let told = compared(&one, &other);
        assert!(told.is_same, "{journal}: {told:#?}");
        assert_eq!(told.head.iter().map(|differing| differing.what.as_str()).collect::<Vec<_>>(), ["operators"]);
        let ahead = told.steps.iter().filter(|pair| pair.differs).count();
        assert_eq!(ahead, 0, "{journal}");
    }
}

#[test]
fn a_right_and_a_wrong_way_differ_where_they_do_and_the_other_way_round_alike() {
    let (right, wrong) = (records("debrief/right.jsonl"), records("debrief/wrong.jsonl"));
    let told = compared(&right, &wrong);
    assert!(!told.is_same);
    assert!(told.head.iter().any(|differing| differing.what == "outcome"), "{:?}", told.head);
    let differing: Vec<_> = told.steps.iter().filter(|pair| pair.differs).map(|pair| &pair.step).collect();
    assert!(!differing.is_empty() && differing.len() < told.steps.len(), "{differing:?}");
    assert!(told.deviations.iter().all(|only| only.of == 1) && !told.deviations.is_empty(), "{:?}", told.deviations);
    let back = compared(&wrong, &right);
    let names = |told: &Comparison| {
        let mut names: Vec<String> = told.steps.iter().map(|pair| pair.step.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&told), names(&back));
    assert_eq!(told.deviations.len(), back.deviations.len());
    assert!(back.deviations.iter().all(|only| only.of == 0));
}

#[test]
fn single_differences_are_found_and_nothing_else() {
    type Change = fn(&mut Event) -> bool;
    let cases: [(&str, &str, Change); 4] = [
        ("what was stated", "readings", |event| {
            let Event::StepConfirmed { said, .. } = event else { return false };
            "another".clone_into(said);
            true
        }),
        ("an argument", "commands", |event| {
            let Event::CommandStarted { command, .. } = event else { return false };
            command.argv.push("--force".into());
            true
        }),
        ("how a command ended", "commands", |event| {
            let Event::CommandFinished { ended, .. } = event else { return false };
            *ended = crate::engine::Ended::Exit(7);
            true
        }),
        ("the text of the runbook", "head", |event| {
            let Event::RunOpened(opened) = event else { return false };
            opened.sha256 = "ab".repeat(32);
            true
        }),
    ];
    let one = records("journals/format-1.jsonl");
    for (what, part, change) in cases {
        let mut other = one.clone();
        assert!(other.iter_mut().any(|record| change(&mut record.event)), "{what}");
        let told = compared(&one, &other);
        let parts = [
            ("head", told.head.len()),
            ("steps", told.steps.iter().filter(|pair| pair.differs).count()),
            ("deviations", told.deviations.len()),
            ("commands", told.commands.len()),
            ("readings", told.readings.len()),
        ];
        let found: Vec<_> = parts.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!((found, told.is_same), (vec![(part, 1)], false), "{what}");
    }
}

#[test]
fn who_released_and_who_verified_what_in_which_words_is_compared() {
    let readings = |one: &[Record], other: &[Record]| {
        let told = compared(one, other);
        assert!(!told.is_same);
        let of = |reading: crate::compare::Reading| {
            (reading.about, reading.name, reading.values.map(|value| value.unwrap_or_default()))
        };
        told.readings.into_iter().map(of).collect::<Vec<_>>()
    };
    let one = records("journals/format-1-waived.jsonl");
    let (mut by, mut said) = (one.clone(), one.clone());
    for (records, is_by) in [(&mut by, true), (&mut said, false)] {
        for record in records {
            if let Event::HoldReleased { released_by, said, .. } = &mut record.event {
                if is_by { "jo".clone_into(released_by) } else { "it is open".clone_into(said) }
            }
        }
    }
    let told = |words: &str| {
        (
            "all/open".to_owned(),
            "verified".to_owned(),
            ["verified independently by kim: it stands open".to_owned(), words.to_owned()],
        )
    };
    assert_eq!(readings(&one, &by), [told("verified independently by jo: it stands open")]);
    assert_eq!(readings(&one, &said), [told("verified independently by kim: it is open")]);
    // Before anybody came.
    let before: Vec<_> =
        readings(&one, &one[..8]).into_iter().map(|(about, name, values)| (about, name, values[1].clone())).collect();
    let nobody = |about: &str| (about.to_owned(), "verified".to_owned(), "by nobody".to_owned());
    assert_eq!(before, [nobody("all/open"), nobody("all/valve")]);
    let held = records("journals/format-1-signed.jsonl");
    let mut other = held.clone();
    for record in &mut other {
        if let Event::HoldReleased { released_by, .. } = &mut record.event {
            "ann".clone_into(released_by);
        }
    }
    assert!(
        readings(&held, &other).iter().any(|(_, name, values)| name == "released" && values[1].starts_with("ann: "))
    );
}

#[test]
fn a_run_that_stopped_midway_is_compared_as_far_as_it_goes() {
    let all = records("report/live/journal.jsonl");
    for count in 1..all.len() {
        let told = compared(&all, &all[..count]);
        assert_eq!(told.is_same, count == all.len(), "{count}");
        assert_eq!(told.runs[1].records, count as u64);
        let there = told.steps.iter().filter(|pair| pair.went[0].is_some()).count();
        assert_eq!(there, told.runs[0].steps.len(), "{count}: no step of the first is passed over");
    }
}

#[test]
fn what_was_left_undone_at_the_end_is_no_deviation_of_its_own() {
    let run = gathered(&records("debrief/wrong.jsonl"));
    assert_eq!((run.outcome.as_str(), run.left_undone.len(), run.deviations.len()), ("abandoned", 20, 4));
    assert!(run.deviations.iter().all(|deviated| !deviated.reason.starts_with("abandoned:")), "{:?}", run.deviations);
}

#[test]
fn many_runs_are_counted_in_any_order_to_the_same_statistics() {
    let (right, wrong) = (records("debrief/right.jsonl"), records("debrief/wrong.jsonl"));
    let mut runs: Vec<Run> = Vec::new();
    for (number, seconds) in [10, 20, 30, 40, 100].into_iter().enumerate() {
        let mut run = gathered(&right);
        run.run = format!("run-{number}");
        run.opened_at = Timestamp::from_millis(run.opened_at.as_millis() + number as i64 * 1_000);
        (run.lasted_ms, run.sat_ms) = (seconds * 1_000, 1_000);
        runs.push(run);
    }
    runs.push(gathered(&wrong));
    let counted = |runs: &[Run]| {
        let mut counting = Counting::default();
        runs.iter().for_each(|run| counting.take(run));
        counting.end().unwrap()
    };
    let told = counted(&runs);
    let spread = told.lasted.unwrap();
    let quartiles = [spread.least_ms, spread.quarter_ms, spread.median_ms, spread.three_quarters_ms, spread.most_ms];
    assert_eq!(
        (spread.count, quartiles),
        (5, [10_000, 20_000, 30_000, 40_000, 100_000]),
        "one that was given up has no time"
    );
    assert_eq!(told.outcomes.values().sum::<usize>(), 6);
    assert_eq!((told.runs, told.outcomes["abandoned"]), (6, 1));
    assert!(told.deviations.iter().any(|often| often.way == "override" && often.subject == "standbys/unseal"));
    assert!(told.steps.iter().all(|step| !step.step.contains('[')), "{:?}", told.steps);
    runs.reverse();
    assert_eq!(counted(&runs), told);
    assert!(Counting::default().end().is_none());
}

/// One revision may stand over several texts: they are counted apart, and told of.
#[test]
fn texts_of_one_revision_are_counted_apart() {
    let mut counting = Counting::default();
    for (number, text) in ["one", "two", "one", "three", "one"].into_iter().enumerate() {
        let mut run = gathered(&records("debrief/right.jsonl"));
        run.opened_at = Timestamp::from_millis(run.opened_at.as_millis() + number as i64 * 1_000);
        (run.revision, run.sha256) = ("1".into(), text.into());
        counting.take(&run);
    }
    let told = counting.end().unwrap();
    assert_eq!(told.revisions["1"], 5);
    let texts: Vec<_> = told.texts.iter().map(|text| (&*text.revision, &*text.sha256, text.runs)).collect();
    assert_eq!(texts, [("1", "one", 3), ("1", "three", 1), ("1", "two", 1)], "the latest text first");
}
