//! What lies beside a journal: in the title of a replay, on its timeline, in full, and in the list of all runs.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::engine::Event;
use crate::review::Verdict;
use crate::tui::beside::{Beside, Remark, SignatureSeen, Trust, VerdictSeen};
use crate::tui::journals_tests::entries;
use crate::tui::message::{Effect, Message};
use crate::tui::replay_tests::{Stage, recording, shown, small};
use crate::tui::stage_tests::look;
use crate::tui::theme::{ASCII, Meaning};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_795_233_600_000 + minutes * 60_000)
}

fn signature(trust: Trust, whose: &str, upto: u64) -> SignatureSeen {
    let told = format!("{upto:08}-operator-1a2b3c4d.txt {trust:?} {whose} up to {upto}");
    SignatureSeen { trust, whose: whose.into(), upto, told }
}

fn verdict(verdict: Verdict, by: &str, upto: u64) -> VerdictSeen {
    let text = if verdict == Verdict::Accepted { "" } else { "see record 81: nobody asked why it failed" };
    VerdictSeen {
        by: by.into(),
        at: at(30),
        verdict,
        text: text.into(),
        upto,
        is_held: true,
        signed_by: None,
        is_operator: false,
    }
}

fn remark(record: Option<u64>, text: &str) -> Remark {
    Remark { by: "jo@desk".into(), at: at(20), record, text: text.into() }
}

fn words(beside: &Beside) -> Vec<String> {
    beside.words(164, false).into_iter().map(|(word, _)| word).collect()
}

#[test]
fn no_more_is_said_of_a_signature_than_what_was_checked() {
    use Trust::{Bad, Good, NotCompared, NotSigned, Unknown};
    let of = |signatures: &[(Trust, &str, u64)]| Beside {
        signatures: signatures.iter().map(|(trust, whose, upto)| signature(*trust, whose, *upto)).collect(),
        ..Beside::default()
    };
    type Case<'a> = (&'a [(Trust, &'a str, u64)], &'a [&'a str], &'a str);
    let cases: &[Case<'_>] = &[
        (&[], &[], " "),
        (&[(NotSigned, "", 0)], &[], " "),
        (&[(Good, "maria", 164)], &["good: maria"], "S"),
        (&[(Good, "maria", 12)], &["good up to #12: maria"], "S"),
        (&[(Good, "maria", 12), (Good, "jo", 164)], &["good: jo +1"], "S"),
        (&[(Unknown, "", 164)], &["UNKNOWN signer"], "?"),
        (&[(Unknown, "", 9)], &["UNKNOWN signer up to #9"], "?"),
        // One whose signer nobody knows is not hidden behind one that is good either.
        (&[(Good, "maria", 164), (Unknown, "", 164)], &["good: maria", "1 UNKNOWN signer"], "?"),
        (&[(Unknown, "", 9), (Good, "jo", 164), (Unknown, "", 1)], &["good: jo", "2 UNKNOWN signers"], "?"),
        (&[(Good, "maria", 164), (Unknown, "", 164), (Bad, "", 0)], &["BAD signature"], "!"),
        // One that is bad is never hidden behind one that is good.
        (&[(Good, "maria", 164), (Bad, "", 0)], &["BAD signature"], "!"),
        (&[(Bad, "", 0), (Bad, "", 0)], &["BAD signature +1"], "!"),
        (&[(NotCompared, "", 12)], &["signature up to #12 not compared"], "s"),
    ];
    for (signatures, told, letter) in cases {
        let beside = of(signatures);
        assert_eq!(words(&beside), *told, "{signatures:?}");
        assert_eq!(beside.letters()[0].0, *letter, "{signatures:?}");
        let is_good =
            beside.words(164, true).iter().all(|(word, meaning)| word.starts_with("good") == (*meaning == Meaning::Ok));
        assert!(is_good, "only a good one looks good: {signatures:?}");
    }
    let unread = Beside::unread("the list of signers cannot be read".into());
    assert_eq!((words(&unread), unread.letters()[0].0), (vec!["signatures not checked".to_owned()], "?"));
}

#[test]
fn the_gravest_verdict_counts_and_a_review_that_is_not_whole_is_told_instead() {
    let of = |verdicts: &[VerdictSeen]| Beside { verdicts: verdicts.to_vec(), ..Beside::default() };
    let accepted = verdict(Verdict::Accepted, "jo@desk", 164);
    let remarks = verdict(Verdict::AcceptedWithRemarks, "li@desk", 164);
    let rejected = verdict(Verdict::Rejected, "bo@desk", 100);
    for (verdicts, told, letter) in [
        (vec![accepted.clone()], "accepted: jo, unproven", "A"),
        (vec![accepted.clone(), remarks.clone()], "accepted with remarks: li, unproven +1", "R"),
        (vec![rejected.clone(), remarks, accepted], "rejected up to #100: bo, unproven +2", "X"),
    ] {
        let beside = of(&verdicts);
        assert_eq!((words(&beside), beside.letters()[1].0), (vec![told.to_owned()], letter));
        let damaged = Beside { troubles: vec!["jo.jsonl: DAMAGED at line 2".into()], ..beside };
        assert_eq!((words(&damaged), damaged.letters()[1].0), (vec!["BAD review".to_owned()], "!"));
    }
    let own = VerdictSeen { is_operator: true, ..verdict(Verdict::Accepted, "jo@desk", 164) };
    let signed = VerdictSeen { signed_by: Some("jo@example.org".into()), ..own.clone() };
    for (verdict, long, short) in [
        (own, "accepted: jo, the operator's own, unproven", "accepted own unproven"),
        (signed, "accepted: jo, the operator's own, signed by jo@example.org", "accepted own"),
    ] {
        let beside = of(&[verdict]);
        assert_eq!((words(&beside), beside.words(164, true)[0].0.as_str()), (vec![long.to_owned()], short));
        let is_proven = beside.verdicts[0].signed_by.is_some();
        let looks = [beside.words(164, false)[0].1, beside.letters()[1].1];
        assert!(looks.iter().all(|meaning| (*meaning == Meaning::Ok) == is_proven), "only a proven one looks good");
    }
    let only_said = Beside { remarks: vec![remark(None, "thanks")], ..Beside::default() };
    assert_eq!((words(&only_said), only_said.letters()[1].0), (Vec::<String>::new(), "r"));
}

/// A run that was signed and reviewed, with a remark on its first failure.
pub fn reviewed(failed: u64) -> Beside {
    Beside {
        signatures: vec![signature(Trust::Good, "maria@example.org", 164), signature(Trust::Unknown, "", 100)],
        verdicts: vec![verdict(Verdict::AcceptedWithRemarks, "jo@desk", 164)],
        remarks: vec![
            remark(
                Some(failed),
                "Why was the wrong share typed? The runbook says to read it aloud before, twice, to another person.",
            ),
            remark(Some(12), "Good."),
            remark(None, "Shorter than last time."),
        ],
        ..Beside::default()
    }
}

#[test]
fn a_reviewed_replay_in_pictures() {
    let played = small();
    let failed =
        played.1.iter().position(|record| matches!(record.event, Event::StepFailed { .. })).unwrap() as u64 + 1;
    let folder = recording(&played).folder.unwrap();
    for size in [(80, 24), (120, 40), (200, 60)] {
        let name = |what: &str| format!("reviewed_{what}_{}x{}", size.0, size.1);
        let mut stage = Stage::open(recording(&played), None, size);
        assert_eq!(stage.effects.iter().filter(|effect| matches!(effect, Effect::ReadBeside(_))).count(), 1);
        assert!(!shown(&stage).contains("good"), "nothing is known yet");
        stage.press("i");
        assert!(shown(&stage).contains("are being looked at"), "{}", shown(&stage));
        stage.press("esc");
        stage.tell(Message::Beside(folder.clone(), Ok(Box::new(reviewed(failed)))));
        stage.press("r");
        assert_eq!(stage.at(), 12);
        stage.press("r");
        assert_eq!(stage.at() as u64, failed);
        assert_snapshot!(name("at"), shown(&stage));
        stage.press("i");
        assert_snapshot!(name("full"), shown(&stage));
        stage.press("esc");
        stage.press("R");
        assert_eq!(stage.at(), 12);
        stage.press("/");
        "remark".chars().for_each(|c| stage.press(&c.to_string()));
        assert_eq!(shown(&stage).matches("R remark").count(), 2, "{}", shown(&stage));
    }
    let mut ascii = Stage::open(recording(&played), Some(failed), (80, 24));
    ascii.tell(Message::Beside(folder, Ok(Box::new(reviewed(failed)))));
    ascii.app.look = look("mono", &ASCII);
    ascii.press("i");
    assert_snapshot!("reviewed_full_ascii_80x24", shown(&ascii));
}

#[test]
fn what_was_looked_at_for_another_journal_is_not_shown_and_hostile_words_are_shown_as_text() {
    let played = small();
    let mut stage = Stage::open(recording(&played), None, (80, 24));
    stage.tell(Message::Beside(PathBuf::from("/elsewhere"), Ok(Box::new(reviewed(81)))));
    assert!(!shown(&stage).contains("good: maria"), "{}", shown(&stage));
    let evil = "\u{1b}]0;gone\u{7}\u{1b}[2J\u{202e}evil\nand more";
    let mut beside = reviewed(81);
    beside.remarks = vec![Remark { by: evil.into(), ..remark(Some(1), evil) }, remark(Some(u64::MAX), evil)];
    beside.signatures = vec![signature(Trust::Good, evil, 164)];
    let folder = recording(&played).folder.unwrap();
    stage.tell(Message::Beside(folder.clone(), Ok(Box::new(beside))));
    for key in ["r", "i", "down", "esc"] {
        stage.press(key);
        let shown = shown(&stage);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    }
    stage.tell(Message::Beside(folder, Err("the list of signers: line 3: no key".into())));
    assert!(shown(&stage).contains("signatures not checked"), "{}", shown(&stage));
    stage.press("i");
    assert!(shown(&stage).contains("line 3: no key"), "{}", shown(&stage));
}

#[test]
fn the_list_of_all_runs_tells_what_was_signed_and_reviewed_and_finds_it() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = Stage::new(size);
        stage.press("J");
        stage.tell(Message::Journals(entries()));
        assert_eq!(stage.effects.last(), Some(&Effect::ReadBesides));
        let rejected = Beside {
            signatures: vec![signature(Trust::Bad, "", 0)],
            verdicts: vec![verdict(Verdict::Rejected, "jo@desk", 431)],
            ..Beside::default()
        };
        let signed = Beside { signatures: vec![signature(Trust::Good, "maria@example.org", 431)], ..rejected.clone() };
        let signed = Beside { verdicts: vec![verdict(Verdict::Accepted, "jo@desk", 431)], ..signed };
        let besides =
            vec![("2026-11-21-vault-ha-7qf3".to_owned(), signed), ("2026-11-19-vault-ha-9x7k".into(), rejected)];
        stage.tell(Message::Besides(besides));
        assert_snapshot!(format!("journals_reviewed_{}x{}", size.0, size.1), shown(&stage));
        stage.press("/");
        "rejected".chars().for_each(|c| stage.press(&c.to_string()));
        assert!(shown(&stage).contains("1 of 3 runs"), "{}", shown(&stage));
    }
}
