//! Hold points that are released with a signature.

use super::verified::{key, opened_two};
use super::*;
use crate::signature::SignatureError;
use crate::signature::tests::made;

impl Walk {
    fn statement(&self, by: &str, said: &str) -> String {
        release_statement(&self.state, &self.key(), by, said).unwrap()
    }

    fn release_signed(&mut self, by: &str, said: &str, signature: &str) -> Result<(), Refusal> {
        let (step, released_by, said, signature) = (self.key(), by.into(), said.into(), Some(signature.into()));
        self.propose(Proposal::Release { step, released_by, said, signature })
    }

    /// Reads the journal again.
    fn watched(&self) -> Result<Vec<SignedRelease>, String> {
        watch(&self.records)
    }
}

fn watch(records: &[Record]) -> Result<Vec<SignedRelease>, String> {
    let mut watch = SignatureWatch::default();
    records.iter().filter_map(|record| watch.take(record).transpose()).collect()
}

#[test]
fn a_release_is_recorded_with_a_signature_that_fits_and_with_no_other() {
    let mut walk = Walk::deciding(Some("stay"));
    let statement = walk.statement("jo", "the plan");
    let began = walk.records.iter().rfind(|record| matches!(record.event, Event::StepBegan { .. })).unwrap();
    let expected = format!(
        "piton release 1\nrun: {}\nstep: prepare/second\nbegan: {}\nafter: {}\nby: jo\nsaid: the plan\n",
        walk.state.opened.as_ref().unwrap().run,
        began.seq,
        began.prev
    );
    assert_eq!(statement, expected);
    let good = made(RELEASE_NAMESPACE, &statement);
    let does_not_fit = Err(Refusal::BadSignature(SignatureError::DoesNotFit));
    let before = walk.records.len();
    assert_eq!(walk.release_signed("jo", "another plan", &good), does_not_fit);
    assert_eq!(walk.release_signed("jim", "the plan", &good), does_not_fit);
    assert_eq!(walk.release_signed("maria", "the plan", &good), Err(Refusal::SamePerson("maria".into())));
    for wrong in [made("file", &statement), made(RELEASE_NAMESPACE, statement.trim_end()), "jo".into(), String::new()] {
        assert!(matches!(walk.release_signed("jo", "the plan", &wrong), Err(Refusal::BadSignature(_))), "{wrong}");
    }
    assert_eq!(walk.records.len(), before, "nothing is recorded of what is refused");
    // As it is recorded, so it is signed: without the blanks around.
    assert_eq!(walk.release_signed(" jo ", " the plan ", &good), Ok(()));
    let found = walk.watched().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].released_by.as_str(), found[0].step.to_string().as_str()), ("jo", "prepare/second"));
    assert_eq!(found[0].signed.key_type, "ssh-ed25519");
    assert_eq!(found[0].signed.armored, good);
    let told = &walk.state.step(&found[0].step).unwrap().said;
    assert!(told.contains(&found[0].signed.fingerprint) && told.contains("not compared"), "{told}");
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn a_statement_stands_still_until_the_step_begins_anew() {
    let mut walk = Walk::deciding(Some("stay"));
    let statement = walk.statement("jo", "it");
    walk.must(Proposal::Note { step: None, text: "jo fetches the key".into() });
    walk.sit_as("paul");
    assert_eq!(walk.statement("jo", "it"), statement);
    let other: StepKey = "prepare/how".parse().unwrap();
    assert_eq!(release_statement(&walk.state, &other, "jo", "it"), Err(Refusal::NotCurrent(other)));
}

#[test]
fn whatever_is_changed_of_a_signed_release_shows() {
    let mut walk = Walk::deciding(Some("stay"));
    let good = made(RELEASE_NAMESPACE, &walk.statement("jo", "it"));
    assert_eq!(walk.release_signed("jo", "it", &good), Ok(()));
    type Change = fn(&mut Record);
    fn release(record: &mut Record, change: impl FnOnce(&mut String, &mut String, &mut Signed)) {
        if let Event::HoldReleased { released_by, said, signature: Some(signed), .. } = &mut record.event {
            change(released_by, said, signed);
        }
    }
    let changes: [Change; 8] = [
        |record| release(record, |by, _, _| *by = "jim".into()),
        |record| release(record, |by, said, _| (*by, *said) = ("jo\nsaid: it".into(), String::new())),
        |record| release(record, |_, said, _| said.push('!')),
        |record| release(record, |_, _, signed| signed.fingerprint.push('A')),
        |record| release(record, |_, _, signed| signed.key_type = "ssh-rsa".into()),
        |record| release(record, |_, _, signed| signed.statement_sha256 = "0".repeat(64)),
        |record| release(record, |_, _, signed| signed.armored = made(RELEASE_NAMESPACE, "else")),
        |record| {
            if let Event::RunOpened(opened) = &mut record.event {
                opened.run.push('x');
            }
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut records = walk.records.clone();
        records.iter_mut().for_each(change);
        assert!(watch(&records).is_err(), "change {number}");
    }
    for moved in [|record: &mut Record| record.seq += 1, |record: &mut Record| record.prev = "f".repeat(64)] {
        let mut records = walk.records.clone();
        records.iter_mut().for_each(moved);
        assert!(watch(&records).is_err(), "another place");
    }
    assert!(walk.watched().is_ok());
}

#[test]
fn a_statement_shows_every_character_that_cannot_be_seen() {
    let walk = Walk::deciding(Some("stay"));
    let table = [
        ("the plan", "the plan"),
        ("der Plan für die Nacht, 計画", "der Plan für die Nacht, 計画"),
        ("a\nsaid: b", r#""a\nsaid: b""#),
        ("not \u{202e}nalp eht", r#""not \u202enalp eht""#),
        ("a\u{2028}by: b", r#""a\u2028by: b""#),
        ("no\u{200b}t", r#""no\u200bt""#),
        ("a\u{7f}b\u{9b}c", r#""a\u007fb\u009bc""#),
        ("a\u{e0041}b", r#""a\udb40\udc41b""#),
        (r"a\u202eb", r"a\u202eb"),
        ("\u{feff}\\u202e\"", r#""\ufeff\\u202e\"""#),
    ];
    for (said, shown) in table {
        let statement = walk.statement("jo", said);
        assert_eq!(statement.lines().last(), Some(format!("said: {shown}").as_str()), "{said:?}");
        assert_eq!(crate::runbook::value::first_unseen(&statement.replace('\n', " ")), None, "{said:?}");
        if shown.starts_with('"') {
            assert_eq!(serde_json::from_str::<String>(shown).unwrap(), said, "nothing is lost");
        }
    }
}

/// The step `read` of two people, at which something was stated for the second.
fn stated(said: &str) -> Walk {
    let mut walk = opened_two();
    walk.do_first();
    walk.must(Proposal::Confirm { step: key("read"), said: said.into() });
    walk.sense();
    walk
}

#[test]
fn a_verification_is_signed_with_what_was_stated_and_for_nothing_that_is_stated_anew() {
    let mut walk = stated("open");
    let statement = walk.statement("kim", "I see it");
    let last = walk.records.iter().rfind(|record| matches!(record.event, Event::StepConfirmed { .. })).unwrap();
    let expected = format!(
        "piton verification 1\nrun: {}\nstep: all/read\nrecord: {} {}\nstated: open\nby: kim\nsaid: I see it\n",
        walk.state.opened.as_ref().unwrap().run,
        last.seq,
        hash_of(last)
    );
    assert_eq!(statement, expected);
    let good = made(RELEASE_NAMESPACE, &statement);
    walk.must(Proposal::Note { step: None, text: "kim fetches the key".into() });
    assert_eq!(walk.statement("kim", "I see it"), statement, "it stands still");
    // The first person thinks again, and states something else, or even the same.
    for said in ["shut", "open"] {
        walk.must(Proposal::Retry { step: key("read") });
        walk.must(Proposal::Confirm { step: key("read"), said: said.into() });
        let does_not_fit = Err(Refusal::BadSignature(SignatureError::DoesNotFit));
        assert_eq!(walk.release_signed("kim", "I see it", &good), does_not_fit, "{said}");
    }
    let good = made(RELEASE_NAMESPACE, &walk.statement("kim", "I see it"));
    assert_eq!(walk.release_signed("kim", "I see it", &good), Ok(()));
    let found = walk.watched().unwrap();
    assert_eq!((found.len(), found[0].is_of_opening), (1, false));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

/// Makes a journal of the records again, as somebody who changed one of them would.
fn chained_anew(records: &mut [Record]) {
    let mut prev = "0".repeat(64);
    for record in records {
        record.prev = std::mem::take(&mut prev);
        prev = hash_of(record);
    }
}

#[test]
fn a_statement_that_was_changed_after_it_was_verified_shows_although_the_chain_was_made_whole() {
    let mut walk = stated("open");
    let good = made(RELEASE_NAMESPACE, &walk.statement("kim", "I see it"));
    assert_eq!(walk.release_signed("kim", "I see it", &good), Ok(()));
    let mut records = walk.records.clone();
    chained_anew(&mut records);
    assert!(watch(&records).is_ok(), "nothing was changed");
    type Change = fn(&mut String, &mut Board);
    let changes: [Change; 2] = [|said, _| *said = "shut".into(), |_, board| board.rows.clear()];
    for change in changes {
        for record in &mut records {
            if let Event::StepConfirmed { said, board, .. } = &mut record.event {
                change(said, board);
            }
        }
        chained_anew(&mut records);
        assert!(watch(&records).is_err());
        records.clone_from(&walk.records);
    }
}

#[test]
fn a_verification_that_was_signed_like_a_hold_point_stays_good_as_what_it_is_and_none_is_taken() {
    let mut walk = stated("open");
    let began = walk.records.iter().rfind(|record| matches!(record.event, Event::StepBegan { .. })).unwrap();
    let run = &walk.state.opened.as_ref().unwrap().run;
    let (seq, prev) = (began.seq, &began.prev);
    let once = format!("piton release 1\nrun: {run}\nstep: all/read\nbegan: {seq}\nafter: {prev}\nby: kim\nsaid: it\n");
    let old = made(RELEASE_NAMESPACE, &once);
    let does_not_fit = Err(Refusal::BadSignature(SignatureError::DoesNotFit));
    assert_eq!(walk.release_signed("kim", "it", &old), does_not_fit);
    walk.must(Proposal::Release { step: key("read"), released_by: "kim".into(), said: "it".into(), signature: None });
    let mut records = walk.records.clone();
    for record in &mut records {
        if let Event::HoldReleased { signature, .. } = &mut record.event {
            *signature = signed(&once, &old).ok().map(Box::new);
        }
    }
    let found = watch(&records).unwrap();
    assert!(found[0].is_of_opening && found[0].describe().ends_with("not what was verified"), "{found:?}");
}

proptest! {
    /// Two releases never have one statement.
    #[test]
    fn a_statement_tells_names_and_words_apart(
        texts in prop::collection::vec("[a\"\\\\\n: saidu202e\u{202e}\u{200b}]{0,8}", 4),
    ) {
        let walk = Walk::deciding(Some("stay"));
        let (one, other) = (walk.statement(&texts[0], &texts[1]), walk.statement(&texts[2], &texts[3]));
        prop_assert_eq!(one == other, texts[..2] == texts[2..]);
        prop_assert_eq!(one.lines().count(), 7);
    }
}
