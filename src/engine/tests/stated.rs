//! What was stated for a second person at the same moment counts with that person's word, and without it for nothing.

use super::verified::{key, state_of, verify};
use super::*;

const BOOK: &str = r#"
format = 1
id = "stated"
title = "Stated"
system = "demo"

[[guard]]
id = "safe"
title = "The safe way was chosen"
holds = '.choices.way == "safe" and .answers.file == "full"'
why = "nobody chose it"
blocks = ["all/danger"]

[[phase]]
id = "all"
title = "All"
order = "any"
[[phase.step]]
id = "way"
title = "Choose the way"
choose = [{ is = "safe", title = "Safe" }, { is = "fast", title = "Fast" }]
verify = "peer"
[[phase.step]]
id = "file"
title = "Name the backup"
ask = { name = "file", prompt = "Which?", type = "text" }
verify = "peer"
[[phase.step]]
id = "danger"
title = "Do it"
run = ["do"]

[[rollback]]
id = "undo"
title = "put it back"
when = '.choices.way == "safe"'
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
confirm = "Undone?"
"#;

/// What comes instead of the second person's word.
type Way = (&'static str, fn(&mut Walk));

/// What expressions see of the choice and of the answer.
fn seen(walk: &Walk) -> (Value, Value) {
    let all = scope::scope(&walk.state, &Board::default(), &Value::Null, walk.moment.at, "choices");
    (all["choices"]["way"].clone(), all["answers"]["file"].clone())
}

fn choose() -> Proposal {
    Proposal::Choose { step: key("way"), choice: "safe".into() }
}

fn answer() -> Proposal {
    Proposal::Answer { step: key("file"), value: json!("full"), file: None }
}

/// The choice stands with a second person's word.
fn chosen() -> Walk {
    let mut walk = Walk::of(parse(BOOK).0.expect("it is a runbook"));
    walk.must(choose());
    walk.sense();
    walk.must(verify("way", "kim"));
    walk.sense();
    walk
}

#[test]
fn it_is_read_by_expressions_with_the_word_of_the_second_person() {
    let mut walk = Walk::of(parse(BOOK).0.expect("it is a runbook"));
    walk.must(choose());
    walk.sense();
    assert_eq!(seen(&walk), (Value::Null, Value::Null), "only one of the two has said so");
    assert_eq!(state_of(&walk, "way").said, "safe");
    walk.must(verify("way", "kim"));
    walk.sense();
    assert_eq!(seen(&walk), (json!("safe"), Value::Null));
    walk.must(answer());
    walk.sense();
    assert_eq!(seen(&walk), (json!("safe"), Value::Null));
    assert!(!walk.allowed().contains(&Allowed::TakeUp(key("danger"))), "what was stated is not left in passing");
    walk.must(verify("file", "kim"));
    walk.sense();
    assert_eq!(seen(&walk), (json!("safe"), json!("full")));
    assert_eq!(walk.state.truth(&ConditionId::Guard(GuardId::new("safe"))), Tri::True);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn without_that_word_it_is_forgotten_whatever_comes_instead() {
    let ways: [Way; 7] = [
        ("left out", |walk| walk.must(Proposal::Skip { step: walk.key(), reason: "no time".into() })),
        ("overruled", |walk| walk.must(Proposal::Override { step: walk.key(), reason: "no time".into() })),
        ("tried again", |walk| walk.must(Proposal::Retry { step: walk.key() })),
        ("disputed", |walk| {
            walk.must(Proposal::Dispute { step: walk.key(), disputed_by: "kim".into(), said: "no".into() });
        }),
        ("left", |walk| {
            walk.must(Proposal::Leave { how: Leaving::Left });
            walk.sit();
        }),
        ("gone back", |walk| {
            walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "no".into() });
        }),
        // As a journal of an earlier piton may have it.
        ("put back", |walk| {
            let event = Event::StepPutBack { step: walk.key(), instead: key("danger") };
            let (seq, at) = (walk.state.seq + 1, walk.moment.at);
            let record = Record { seq, at, prev: String::new(), by: "maria@bastion".into(), event };
            walk.state.apply(&record);
            walk.records.push(record);
        }),
    ];
    for (way, take) in ways {
        let mut walk = chosen();
        walk.must(answer());
        walk.sense();
        take(&mut walk);
        walk.sense();
        assert_eq!(seen(&walk).1, Value::Null, "{way}");
        assert!(walk.state.unverified.is_empty(), "{way}: {:?}", walk.state.unverified);
        assert_ne!(walk.state.truth(&ConditionId::Guard(GuardId::new("safe"))), Tri::True, "{way}");
        assert_eq!(walk.fold(&walk.records), walk.state, "{way}");
    }
}

#[test]
fn a_choice_that_is_made_anew_counts_no_more_until_the_second_person_says_so() {
    let mut walk = Walk::of(parse(BOOK).0.expect("it is a runbook"));
    walk.must(choose());
    walk.must(Proposal::Retry { step: key("way") });
    assert_eq!(seen(&walk).0, Value::Null);
    walk.must(Proposal::Choose { step: key("way"), choice: "fast".into() });
    assert_eq!(seen(&walk).0, Value::Null);
    walk.must(Proposal::Dispute { step: key("way"), disputed_by: "kim".into(), said: "safe".into() });
    assert_eq!(seen(&walk).0, Value::Null);
    walk.must(Proposal::Retry { step: key("way") });
    walk.must(choose());
    walk.must(verify("way", "kim"));
    assert_eq!(seen(&walk).0, json!("safe"));
    assert_eq!(walk.fold(&walk.records), walk.state);
}
