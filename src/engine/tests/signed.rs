//! Hold points that are released with a signature.

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
