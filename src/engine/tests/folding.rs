//! A state that is brought through records at a glance is the fold of these records, wherever one looks.

use proptest::prelude::*;

use crate::engine::{ConditionId, Event, Folding, Glance, Leaving, Record, RunState, Tri};
use crate::runbook::{Runbook, parse};

fn taken(folding: &mut Folding, line: &[u8]) -> bool {
    let is_change = Glance::of(line).is_some_and(|glance| folding.take_change(&glance));
    if !is_change {
        folding.take(serde_json::from_slice(line).unwrap());
    }
    is_change
}

/// Folds these lines both ways and looks at the state after every so many.
fn check(book: &Runbook, lines: &[Vec<u8>]) -> usize {
    let mut changes = 0;
    for every in [1, 2, 7, usize::MAX] {
        let (mut folding, mut state) = (Folding::new(book), RunState::new(book));
        for (at, line) in lines.iter().enumerate() {
            state.apply(&serde_json::from_slice(line).unwrap());
            changes += usize::from(taken(&mut folding, line));
            if (at + 1) % every == 0 || at + 1 == lines.len() {
                assert_eq!(folding.state(), &state, "after line {} of {}", at + 1, lines.len());
            }
        }
    }
    changes
}

fn book() -> Runbook {
    parse(super::BOOK).0.unwrap()
}

#[test]
fn of_journals_that_were_written() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let golden = std::fs::read_dir(data.join("journals")).unwrap().map(|file| file.unwrap().path());
    let walked = ["debrief/wrong.jsonl", "report/live/journal.jsonl"].map(|name| data.join(name));
    let mut changes = 0;
    for path in golden.chain(walked) {
        let text = std::fs::read(path).unwrap();
        let lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let lines: Vec<Vec<u8>> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        let first: Record = serde_json::from_slice(&lines[0]).unwrap();
        let Event::RunOpened(opened) = &first.event else { panic!("it opens a run") };
        // Of some only the head of the runbook was kept.
        changes += check(&parse(&opened.text).0.unwrap_or_else(book), &lines);
    }
    assert!(changes > 50, "{changes}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn of_conditions_that_change_and_what_comes_in_between(
        seen in prop::collection::vec((0_usize..11, 0_usize..3, "[a\"\n ü]{0,3}", any::<i32>(), 0_i64..3), 0..60),
    ) {
        let text = include_str!("../../../tests/data/journals/format-1.jsonl").lines().next().unwrap();
        let first: Record = serde_json::from_str(text).unwrap();
        let names = ["health/vault[v-1]", "health/vault[v-2]", "health/x", "guard/g", "gate/prepare/notes", "check/prepare/notes"];
        let (mut lines, mut at) = (vec![text.as_bytes().to_vec()], first.at.as_millis());
        for (number, (what, truth, why, value, later)) in seen.into_iter().enumerate() {
            at += later;
            let condition = |name: &str| name.parse::<ConditionId>().unwrap();
            let event = match what {
                6 => Event::NoteAdded { step: None, text: why },
                7 => Event::GuardAcknowledged { condition: condition(names[truth]), reason: why },
                8 => Event::SittingClosed { how: Leaving::Left },
                9 => Event::SittingOpened { operator: "a".into(), host: "b".into(), pid: 1, face: "tui".into(), version: "0".into() },
                10 => Event::StepBegan { step: "prepare/notes".parse().unwrap(), attempt: 1 },
                name => Event::ConditionChanged {
                    condition: condition(names[name]),
                    truth: [Tri::True, Tri::False, Tri::Unknown][truth],
                    why,
                    seen: serde_json::json!({ "a": value, "b": [value.unsigned_abs()] }),
                },
            };
            let record = Record { seq: number as u64 + 2, at: crate::clock::Timestamp::from_millis(at), event, ..first.clone() };
            lines.push(serde_json::to_vec(&record).unwrap());
        }
        check(&book(), &lines);
    }
}
