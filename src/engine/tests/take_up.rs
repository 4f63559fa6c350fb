//! Steps in any order: which may be taken up, when, and what that leaves behind.

use super::*;

/// Steps in any order, alone and in a loop, between steps whose order binds.
pub(super) fn any_book() -> Runbook {
    any_book_with("")
}

fn any_book_with(more: &str) -> Runbook {
    let at = BOOK.find("[[phase]]").expect("the book has phases");
    let steps = format!(
        r#"
[[phase]]
id = "look"
title = "Look around"
order = "any"
[[phase.step]]
id = "lamp"
title = "Look at the lamp"
caution = "It is hot."
confirm = "Lit?"
[[phase.step]]
id = "load"
title = "See that all is well"
check = 'all(.health.node[]; .verdict == "ok")'
[[phase.step]]
id = "door"
title = "Try the door"
run = ["try", "door"]
[[phase.step]]
id = "lock"
title = "Say how the door locks"
requires = ["door"]
ask = {{ name = "lock", prompt = "How?", type = "text" }}
[[phase.step]]
id = "key"
title = "Take the key"
requires = ["lock"]
when = '.answers.lock == "with a key"'
confirm = "Taken?"
[[phase.step]]
id = "rest"
title = "Rest"
wait = "1m"
{more}
[[phase]]
id = "nodes"
title = "Each node"
for_each = '.health.node[] | select(.role == "standby") | .node'
order = "any"
[[phase.step]]
id = "left"
title = "The left side of {{{{ .node.name }}}}"
confirm = "Well?"
[[phase.step]]
id = "right"
title = "The right side of {{{{ .node.name }}}}"
confirm = "Well?"
[[phase]]
id = "end"
title = "End"
[[phase.step]]
id = "one"
title = "One"
confirm = "Well?"
[[phase.step]]
id = "two"
title = "Two"
confirm = "Well?"
"#
    );
    let text = format!("{}{steps}", BOOK[..at].replace("blocks = [\"nodes/stop\"]", "blocks = [\"run\"]"));
    let (runbook, diagnostics) = parse(&text);
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

impl Walk {
    fn takeable(&self) -> Vec<String> {
        let of = |allowed: Allowed| if let Allowed::TakeUp(step) = allowed { Some(step.to_string()) } else { None };
        self.allowed().into_iter().filter_map(of).collect()
    }

    fn take(&mut self, step: &str) {
        self.must(Proposal::TakeUp { step: step.parse().unwrap() });
        self.sense();
    }

    fn refused(&mut self, step: &str) -> Refusal {
        self.propose(Proposal::TakeUp { step: step.parse().unwrap() }).expect_err("it is refused")
    }
}

#[test]
fn another_step_is_taken_up_and_the_one_before_comes_back_by_itself() {
    let mut walk = Walk::of(any_book());
    assert_eq!(walk.key().to_string(), "look/lamp", "the first one is proposed");
    assert_eq!(walk.takeable(), ["look/load", "look/door", "look/rest"], "what is required comes first");
    walk.do_first();
    assert_eq!(walk.allowed().first(), Some(&Allowed::Confirm(walk.key())), "its cautions are read");
    walk.take("look/door");
    assert_eq!((walk.key().to_string(), walk.status("look/lamp")), ("look/door".into(), StepStatus::Pending));
    assert!(walk.takeable().contains(&"look/lamp".to_owned()));
    walk.do_first();
    walk.finish(0);
    // What was read of the lamp is read again: somebody did something else since.
    assert_eq!(walk.key().to_string(), "look/lamp");
    assert_eq!(walk.allowed().first(), Some(&Allowed::ReadCautions(walk.key())));
    assert_eq!(walk.takeable(), ["look/load", "look/lock", "look/rest"]);
    let told = walk.records.iter().filter(|record| matches!(&record.event, Event::StepPutBack { step, instead } if step.to_string() == "look/lamp" && instead.to_string() == "look/door"));
    assert_eq!(told.count(), 1);
    assert!(walk.state.deviations.is_empty(), "it is no deviation");
}

#[test]
fn what_was_begun_comes_to_its_end_first() {
    let mut walk = Walk::of(any_book());
    walk.take("look/door");
    walk.do_first();
    assert_eq!(walk.takeable(), [""; 0], "its command runs");
    assert_eq!(walk.refused("look/lamp"), Refusal::NotNow("a command is running"));
    walk.finish(1);
    assert_eq!((walk.status("look/door"), walk.takeable()), (StepStatus::Failed, vec![]));
    walk.must(Proposal::Retry { step: walk.key() });
    assert_eq!(walk.takeable(), [""; 0], "it was tried: it is left with a word, not in passing");
    walk.must(Proposal::Skip { step: walk.key(), reason: "no door".into() });
    walk.take("look/rest");
    assert_eq!(walk.takeable(), [""; 0], "the time of a wait runs");
    assert!(matches!(walk.refused("look/lamp"), Refusal::NotNow(_)));
}

#[test]
fn only_a_pending_step_of_the_same_pass_that_applies_is_taken_up() {
    let mut walk = Walk::of(any_book());
    for step in ["look/lamp", "look/lock", "look/key", "end/two"] {
        assert!(matches!(walk.refused(step), Refusal::NotNow(_)), "{step}");
    }
    walk.take("look/door");
    walk.do_first();
    walk.finish(0);
    walk.take("look/lock");
    walk.must(Proposal::Answer { step: walk.key(), value: json!("never"), file: None });
    walk.sense();
    assert_eq!(walk.key().to_string(), "look/lamp");
    assert_eq!(
        walk.refused("look/key"),
        Refusal::Undecided("it does not apply: .answers.lock == \"with a key\" is false".into())
    );
    assert!(matches!(walk.refused("look/door"), Refusal::NotNow("it is not pending")));
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.status("look/key"), StepStatus::NotApplicable);
    walk.pass(61);
    assert_eq!(walk.key().to_string(), "nodes[n2]/left");
    assert_eq!(walk.takeable(), ["nodes[n2]/right"], "the items keep their order");
    walk.take("nodes[n2]/right");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n3]/left");
    walk.do_first();
    walk.do_first();
    assert_eq!((walk.key().to_string(), walk.takeable()), ("end/one".into(), vec![]));
    assert_eq!(walk.refused("end/two"), Refusal::NotNow("the steps of this phase have a binding order"));
}

#[test]
fn a_check_that_is_not_so_yet_lets_another_step_be_taken_up_and_is_judged_anew() {
    let mut walk = Walk::of(any_book());
    walk.see([true, false, true]);
    walk.take("look/load");
    assert_eq!(walk.status("look/load"), StepStatus::Current);
    walk.take("look/lamp");
    assert!(!walk.state.conditions.contains_key(&ConditionId::Check("look/load".parse().unwrap())));
    walk.see([true; 3]);
    assert_eq!(walk.status("look/load"), StepStatus::Pending, "nobody looks at it now");
    walk.take("look/load");
    assert_eq!((walk.status("look/load"), walk.key().to_string()), (StepStatus::Done, "look/lamp".into()));
}

#[test]
fn a_check_that_is_left_and_taken_up_again_does_not_begin_its_timeout_anew() {
    let more = r#"
[[phase.step]]
id = "soon"
title = "See it soon"
check = "false"
timeout = "1m"
"#;
    let mut walk = Walk::of(any_book_with(more));
    walk.take("look/soon");
    walk.pass(40);
    walk.take("look/lamp");
    walk.pass(300);
    assert_eq!(walk.status("look/soon"), StepStatus::Pending, "nobody looks at it");
    walk.take("look/soon");
    walk.pass(10);
    assert_eq!(walk.status("look/soon"), StepStatus::Current, "it was looked at for 50 seconds");
    walk.take("look/lamp");
    walk.take("look/soon");
    walk.pass(10);
    assert_eq!(walk.status("look/soon"), StepStatus::Failed);
    assert_eq!(walk.fold(&walk.records), walk.state);
    // Tried again it has all of its time; so it has in another sitting, as ever.
    walk.must(Proposal::Retry { step: walk.key() });
    walk.pass(59);
    assert_eq!(walk.status("look/soon"), StepStatus::Current);
    let mut walk = Walk::of(any_book_with(more));
    walk.take("look/soon");
    walk.pass(40);
    walk.take("look/lamp");
    walk.must(Proposal::Leave { how: Leaving::Left });
    walk.sit();
    walk.take("look/soon");
    walk.pass(59);
    assert_eq!(walk.status("look/soon"), StepStatus::Current);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn one_who_stops_between_putting_back_and_beginning_finds_the_first_step_again() {
    let mut walk = Walk::of(any_book());
    walk.take("look/door");
    let back = walk.records.iter().rposition(|record| matches!(record.event, Event::StepPutBack { .. })).unwrap();
    walk.records.truncate(back + 1);
    walk.state = walk.fold(&walk.records);
    walk.sit();
    assert_eq!(walk.key().to_string(), "look/lamp");
    walk.assert_valid();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn in_any_order_every_step_is_accounted_for_and_requires_binds(
        blows in prop::collection::vec(blow(), 1..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::of(any_book());
        for blow in &blows {
            walk.suffer(blow);
            walk.assert_valid();
            let lock = walk.status("look/lock");
            let is_free = walk.status("look/door").is_accounted() || walk.state.closed.is_some();
            prop_assert!(is_free || matches!(lock, StepStatus::Pending), "{lock:?}");
        }
        prop_assert_eq!(walk.fold(&walk.records), walk.state.clone());
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        for record in &walk.records[cut..] {
            state.apply(record);
        }
        prop_assert_eq!(state, walk.state.clone());
    }
}
