//! Whether a journal is whole and of its run stands in the title of its replay, and where it ends.

use std::time::Duration;

use crate::engine::Event;
use crate::journal::{Integrity, Misnamed, More};
use crate::tui::backstage::Recording;
use crate::tui::message::Message;
use crate::tui::replay_tests::{Stage, recording, shown, small};

#[test]
fn the_integrity_stands_in_the_title_and_the_end_of_a_broken_journal_is_told() {
    let played = small();
    let all = played.1.len();
    let damaged = Integrity::Damaged { line: 167, what: "its `prev` is not the sha256 of line 166".into() };
    let torn = Integrity::TornTail { line: 167, bytes: 99 };
    for (integrity, cut, title, end) in [
        (Integrity::Whole, all, " intact ", None),
        (Integrity::Whole, 20, " intact, open ", None),
        (torn, 20, " torn at line 167 ", Some("99 bytes of a torn write")),
        (damaged, all, " BROKEN at line 167 ", Some("broken at line 167: its `prev`")),
    ] {
        for size in [(60, 15), (80, 24), (120, 40)] {
            let (book, records) = &played;
            let played = (book.clone(), records[..cut].to_vec());
            let mut stage = Stage::open(Recording { integrity: integrity.clone(), ..recording(&played) }, None, size);
            for key in ["home", "end"] {
                stage.press(key);
                let first = shown(&stage).lines().next().unwrap_or_default().to_owned();
                assert!(first.contains(" REPLAY ") && first.contains(title) && first.contains("PRACTICE"), "{first}");
            }
            if let Some(end) = end {
                assert!(shown(&stage).contains(end), "{}", shown(&stage));
                // At this size the last record is not cut by it.
                let last = stage.replay().record.seq;
                let before = format!("\" #{last} of {last} ");
                assert!(size.0 < 120 || shown(&stage).contains(&before), "{}", shown(&stage));
            }
        }
    }
}

#[test]
fn another_run_s_journal_and_a_doubtful_record_stand_in_the_title() {
    let played = small();
    let all = played.1.len() as u64;
    let (run, folder) = ("2026-11-21-practice-aaaa".to_owned(), "2026-11-21-practice-7qf3".to_owned());
    let misnamed = Recording { misnamed: Some(Misnamed { run, folder }), ..recording(&played) };
    let integrity = Integrity::Damaged { line: all + 1, what: "its `prev` is another".into() };
    let doubtful = Recording { integrity, doubtful: Some(all), ..recording(&played) };
    for (recording, title, end) in [
        (misnamed, " NOT OF THIS RUN ".to_owned(), "! NOT OF THIS RUN: the journal is that"),
        (doubtful, format!(" BROKEN at line {}, #{all} doubtful ", all + 1), "! this record may be changed: "),
    ] {
        let mut stage = Stage::open(recording, None, (120, 40));
        let first = shown(&stage).lines().next().unwrap_or_default().to_owned();
        assert!(first.contains(&title), "{first}");
        assert!(!shown(&stage).contains(end), "it is told where the journal ends");
        stage.press("end");
        assert!(shown(&stage).contains(end), "{}", shown(&stage));
    }
}

#[test]
fn a_record_that_becomes_doubtful_while_it_is_followed_stands_in_the_title_at_once() {
    let (book, records) = small();
    let early = (book, records[..50].to_vec());
    let mut stage = Stage::open(Recording { is_running: true, ..recording(&early) }, Some(10), (120, 40));
    stage.replay().is_followed = true;
    let damage = Some(Integrity::Damaged { line: 61, what: "its `prev` is another".into() });
    let more = More { records: records[50..60].to_vec(), damage, doubtful: Some(60), held: None };
    stage.tell(Message::ReadOn(Ok(more)));
    let first = shown(&stage).lines().next().unwrap_or_default().to_owned();
    assert!(first.contains(" BROKEN at line 61, #60 doubtful "), "{first}");
    assert_eq!(stage.at(), 10, "and nobody is taken there");
}

/// The opening, the sitting and the first step are of one moment in a walk by a stepped clock; a real one takes a while.
#[test]
fn before_the_first_step_it_tells_with_which_record_that_opens() {
    let (book, mut records) = small();
    let step = records.iter().position(|record| matches!(record.event, Event::StepBegan { .. })).unwrap() + 1;
    for (number, record) in records.iter_mut().enumerate() {
        let late = u64::try_from(number.min(step)).unwrap();
        record.at = record.at.plus(Duration::from_millis(100 * late));
    }
    let mut stage = Stage::open(recording(&(book, records)), None, (120, 40));
    for number in 1..step {
        assert_eq!(stage.at(), number);
        let told = shown(&stage);
        assert!(told.contains(&format!("The next step opens at #{step}, ")), "{number}: {told}");
        stage.press("right");
    }
}
