//! Reviews: added to, torn, changed.

use std::fs;

use crate::clock::Timestamp;
use crate::journal::{Found, Holder, RunDir};
use crate::review::{Review, ReviewError, ReviewEvent, Said, Seen, Verdict, add, all};

fn holder(name: &str, at: i64) -> Holder {
    Holder { operator: name.into(), host: "desk".into(), pid: 1, since: Timestamp::from_millis(at) }
}

fn seen() -> Seen {
    Seen { records: 12, head: "ab".repeat(32) }
}

fn verdict(verdict: Verdict, text: &str) -> Said {
    Said::Verdict { verdict, text: text.into() }
}

fn reviewed(dir: &RunDir) -> Review {
    add(dir, &holder("jo", 1_000), seen(), Said::comment(Some(7), "why so long?")).unwrap();
    add(dir, &holder("jo", 2_000), seen(), verdict(Verdict::AcceptedWithRemarks, "see record 7")).unwrap()
}

#[test]
fn what_is_said_stands_in_a_chain_of_its_own_and_the_last_verdict_counts() {
    let place = tempfile::tempdir().unwrap();
    let dir = RunDir::new(place.path());
    assert_eq!(all(&dir).unwrap(), []);
    let review = reviewed(&dir);
    assert_eq!((review.records.len(), &review.found), (3, &Found::Whole));
    let (record, given, text) = review.verdict().unwrap();
    assert_eq!(
        (record.seq, record.by.as_str(), given, text),
        (3, "jo@desk", Verdict::AcceptedWithRemarks, "see record 7")
    );
    assert_eq!(review.seen().count(), 2);
    // A clock that went back does not break the chain.
    let review = add(&dir, &holder("jo", 500), seen(), verdict(Verdict::Accepted, "")).unwrap();
    assert_eq!(review.verdict().unwrap().1, Verdict::Accepted);
    assert_eq!(review.records[3].at, Timestamp::from_millis(2_000));
    add(&dir, &holder("kim", 3_000), seen(), verdict(Verdict::Rejected, "the backup is missing")).unwrap();
    let reviews = all(&dir).unwrap();
    assert_eq!(reviews.len(), 2);
    assert!(reviews.iter().all(|review| review.found == Found::Whole));
}

#[test]
fn what_says_nothing_or_of_nothing_is_not_added() {
    let place = tempfile::tempdir().unwrap();
    let dir = RunDir::new(place.path());
    let refused = |said| add(&dir, &holder("jo", 1), seen(), said).unwrap_err();
    assert!(matches!(refused(Said::comment(None, " \n")), ReviewError::Empty));
    assert!(matches!(refused(verdict(Verdict::Rejected, "")), ReviewError::Empty));
    assert!(matches!(refused(verdict(Verdict::AcceptedWithRemarks, " ")), ReviewError::Empty));
    assert!(matches!(refused(Said::comment(None, "x".repeat(65 * 1024))), ReviewError::Long));
    for record in [0, 13] {
        assert!(matches!(refused(Said::comment(Some(record), "x")), ReviewError::NoRecord { records: 12, .. }));
    }
    assert_eq!(all(&dir).unwrap(), []);
}

#[test]
fn a_torn_line_is_set_aside_and_the_review_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let dir = RunDir::new(place.path());
    let review = reviewed(&dir);
    let whole = fs::read(&review.path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    for cut in last + 1..whole.len() {
        fs::write(&review.path, &whole[..cut]).unwrap();
        assert_eq!(all(&dir).unwrap()[0].found, Found::Torn(last as u64), "{cut}");
        let review = add(&dir, &holder("jo", 3_000), seen(), Said::comment(None, "again")).unwrap();
        assert_eq!((review.records.len(), &review.found), (3, &Found::Whole), "{cut}");
    }
    let aside = fs::read_dir(place.path().join("reviews")).unwrap();
    let kept = aside.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".torn-")).count();
    assert_eq!(kept, whole.len() - last - 1, "each torn line is kept");
}

#[test]
fn each_change_before_the_last_line_is_found_and_nothing_is_added_then() {
    let place = tempfile::tempdir().unwrap();
    let dir = RunDir::new(place.path());
    let review = reviewed(&dir);
    let whole = fs::read(&review.path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    for bit in 0..last * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&review.path, &changed).unwrap();
        let found = all(&dir).unwrap().remove(0);
        assert!(matches!(found.found, Found::Damaged { line: 1..=3, .. }), "bit {bit}: {:?}", found.found);
    }
    let refused = add(&dir, &holder("jo", 3_000), seen(), Said::comment(None, "again")).unwrap_err();
    assert!(refused.to_string().contains("move it away"), "{refused}");
    let text = String::from_utf8(whole).unwrap();
    fs::write(&review.path, text.replace("\"format\":1", "\"format\":2")).unwrap();
    let found = all(&dir).unwrap().remove(0).found;
    assert!(matches!(&found, Found::Damaged { line: 1, what } if what.contains("newer piton")), "{found:?}");
    fs::write(&review.path, text.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    assert!(matches!(all(&dir).unwrap()[0].found, Found::Damaged { line: 1, .. }));
}

#[test]
fn the_lines_are_as_they_are_written_down() {
    let record = serde_json::json!({"seq":2,"at":"2026-11-21T02:41:10.123Z","prev":"00","by":"jo@desk",
        "event":{"comment_added":{"seen":{"records":12,"head":"ab"},"record":7,"text":"why?"}}});
    let read: super::ReviewRecord = serde_json::from_value(record.clone()).unwrap();
    assert!(matches!(&read.event, ReviewEvent::CommentAdded { record: Some(7), .. }));
    assert_eq!(serde_json::to_value(&read).unwrap(), record);
    let verdict = serde_json::json!({"verdict_given":{"seen":{"records":1,"head":"x"},"verdict":"accepted_with_remarks","text":"x"}});
    let read: ReviewEvent = serde_json::from_value(verdict.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), verdict);
}
