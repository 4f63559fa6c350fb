//! Decisions and hold points.

use super::*;

/// The small walk with a decision, what hangs on it, and a hold point, all in its first phase.
pub(super) fn decided_book() -> Runbook {
    let more = r#"
[[phase.step]]
id = "how"
title = "Decide how"
choose = [{ is = "stay", title = "Upgrade where it is" }, { is = "move-on", title = "Move to new machines" }]
[[phase.step]]
id = "machines"
title = "Order the machines"
when = { holds = '.choices.how == "move-on"', why = "nothing moves" }
confirm = "Ordered?"
[[phase.step]]
id = "second"
title = "Let another look"
release = "the second operator"

[[phase]]
id = "nodes"
"#;
    let (runbook, told) = parse(&BOOK.replace("\n[[phase]]\nid = \"nodes\"\n", more));
    runbook.unwrap_or_else(|| panic!("{told:#?}"))
}

impl Walk {
    /// At the decision, or behind it.
    pub(super) fn deciding(choice: Option<&str>) -> Self {
        let mut walk = Self::of(decided_book());
        walk.do_first();
        walk.do_first();
        if let Some(choice) = choice {
            walk.must(Proposal::Choose { step: walk.key(), choice: choice.into() });
            walk.sense();
        }
        walk
    }

    pub(super) fn release(&mut self, name: &str, said: &str) -> Result<(), Refusal> {
        self.propose(Proposal::Release {
            step: self.key(),
            released_by: name.into(),
            said: said.into(),
            signature: None,
        })
    }

    pub(super) fn sit_as(&mut self, operator: &str) {
        self.must(Proposal::Leave { how: Leaving::Left });
        let (operator, host, face) = (operator.to_owned(), "bastion".to_owned(), "test".to_owned());
        self.must(Proposal::Sit { operator, host, pid: 1, face, version: "0".into() });
        self.sense();
    }
}

#[test]
fn what_hangs_on_a_decision_follows_it() {
    let mut walk = Walk::deciding(None);
    assert_eq!(walk.key().to_string(), "prepare/how");
    assert_eq!(walk.allowed().first(), Some(&Allowed::Choose(walk.key())));
    let fly = Proposal::Choose { step: walk.key(), choice: "fly".into() };
    assert_eq!(walk.propose(fly), Err(Refusal::NotAnOption("stay, move-on".into())));
    let confirm = Proposal::Confirm { step: walk.key(), said: "stay".into() };
    assert_eq!(walk.propose(confirm), Err(Refusal::WrongAction("choose")));
    for (choice, next) in [("stay", "prepare/second"), ("move-on", "prepare/machines")] {
        let walk = Walk::deciding(Some(choice));
        assert_eq!(walk.key().to_string(), next);
        assert_eq!(walk.state.choices["how"].way, choice);
        assert_eq!(walk.fold(&walk.records), walk.state);
    }
    walk.must(Proposal::Skip { step: walk.key(), reason: "later".into() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "prepare/second", "without a decision none of its ways is taken");
}

#[test]
fn what_was_decided_for_one_item_does_not_stand_for_the_next() {
    let asked = "choose = [{ is = \"stay\", title = \"Stay\" }, { is = \"move-on\", title = \"Move\" }]";
    let (runbook, told) = parse(&BOOK.replace("wait = \"1m\"", asked));
    let mut walk = Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    let mut decided = Vec::new();
    while decided.len() < 2 {
        match walk.key().step.as_str() {
            "rest" => {
                let step = walk.key();
                assert_eq!(walk.state.choices.len(), 0, "{step}");
                let reason = "not now".to_owned();
                let choose = Proposal::Choose { step: step.clone(), choice: "stay".into() };
                walk.must(if decided.is_empty() { choose } else { Proposal::Skip { step, reason } });
                decided.push(walk.state.choices.get("rest").map(|chosen| chosen.way.clone()));
                walk.sense();
            }
            "back" => walk.pass(10),
            _ if walk.state.is_running() => walk.finish(0),
            _ => walk.do_first(),
        }
    }
    assert_eq!(decided, [Some("stay".to_owned()), None]);
}

#[test]
fn a_hold_point_is_released_by_another_person_than_the_one_who_acts() {
    let mut walk = Walk::deciding(Some("stay"));
    for same in ["maria", " Maria ", "MARIA@bastion", "maria@elsewhere", "ma ria"] {
        assert_eq!(walk.release(same, "all of it"), Err(Refusal::SamePerson("maria".into())), "{same}");
    }
    let also = [
        "ｍａｒｉａ",
        "maria.",
        "Maria (ops)",
        "marıa",
        "ma‐ria",
        "vm/maria",
        "CORP\\maria",
        "maria/admin",
        "mária",
        "𝐦aria",
    ];
    for same in also {
        assert_eq!(walk.release(same, "all of it"), Err(Refusal::SamePerson("maria".into())), "{same}");
    }
    let mixed = walk.release("mаria", "all of it");
    assert!(matches!(mixed, Err(Refusal::BadText(why)) if why.contains("several scripts")), "{mixed:?}");
    for bad in ["", "  ", "@bastion", "jo\nmaria", &"j".repeat(201)] {
        assert!(matches!(walk.release(bad, "all of it"), Err(Refusal::BadText(_))), "{bad}");
    }
    for unseen in ["maria\u{200b}", "ma\u{ad}ria", "\u{feff}maria", "maria\u{fe0f}", "maria\u{2800}", "maria\u{e0101}"]
    {
        let refused = walk.release(unseen, "all of it");
        let is_told = matches!(refused, Err(Refusal::BadText(why)) if why.contains("cannot be seen"));
        assert!(is_told, "{unseen:?}: {refused:?}");
    }
    let apart = walk.release("mari\u{301}a", "all of it");
    assert!(matches!(apart, Err(Refusal::BadText(why)) if why.contains("accent")), "{apart:?}");
    assert!(matches!(walk.release("jo", " "), Err(Refusal::BadText(_))));
    let key = walk.key();
    assert_eq!(walk.release(" Jo Doe ", "the plan"), Ok(()));
    let event = walk.records.iter().rev().find_map(|record| match &record.event {
        Event::HoldReleased { step, released_by, said, .. } => Some((step.clone(), released_by.clone(), said.clone())),
        _ => None,
    });
    assert_eq!(event, Some((key.clone(), "Jo Doe".into(), "the plan".into())));
    assert_eq!(walk.state.step(&key).map(|step| step.said.as_str()), Some("released by Jo Doe: the plan"));
    assert_eq!(walk.state.deviations, []);
}

#[test]
fn a_login_with_its_domain_is_one_person_however_it_is_typed() {
    let table = [
        ("maria@corp.example", ["maria@corp.example", "maria", "maria@elsewhere", "Maria"]),
        ("CORP\\maria", ["CORP\\maria", "maria", "corp/maria", "maria@corp"]),
        ("Anna Schmidt", ["Schmidt, Anna", "anna  schmidt", "anna.schmidt", "schmidt-anna"]),
        ("bob", ["vm/bob", "bob/vm", "ⓑⓞⓑ", "BOB (on call)"]),
    ];
    for (operator, same) in table {
        let mut walk = Walk::deciding(Some("stay"));
        walk.sit_as(operator);
        for name in same {
            assert_eq!(walk.release(name, "it"), Err(Refusal::SamePerson(operator.into())), "{name}");
        }
    }
    for (operator, other) in
        [("CORP\\maria", "CORP\\bob"), ("bob@vm", "vm"), ("Анна", "Иван"), ("anna schmidt", "anna maier")]
    {
        let mut walk = Walk::deciding(Some("stay"));
        walk.sit_as(operator);
        assert_eq!(walk.release(other, "it"), Ok(()), "{operator}, {other}");
    }
    let mut walk = Walk::deciding(Some("stay"));
    walk.sit_as("hope");
    // Letters of one other script that look like hers.
    assert_eq!(walk.release("норе", "it"), Err(Refusal::SamePerson("hope".into())));
}

#[test]
fn whoever_acted_before_in_another_sitting_does_not_release() {
    let mut walk = Walk::deciding(Some("stay"));
    walk.sit_as("jo");
    assert_eq!(walk.release("Jo", "it"), Err(Refusal::SamePerson("jo".into())));
    assert_eq!(walk.release("maria", "it"), Err(Refusal::SamePerson("maria".into())), "she decided in it");
    assert_eq!(walk.release("kim", "it"), Ok(()));

    // Who started a command has acted too, although piton records its end.
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    let stop = "nodes[n2]/stop".parse().unwrap();
    assert_eq!(walk.state.step(&stop).map(|step| step.actors.clone()), Some(vec!["maria@bastion".into()]));
    assert_eq!(may_release(&walk.state, &"nodes[n3]/rest".parse().unwrap(), "kim"), Ok("kim".into()));
}
