//! A step that is put off: when it may be, when it comes back, and what it holds back meanwhile.

use super::*;

/// Three phases, the middle one a loop; `late` may be put off until the last.
fn text_with(late: &str, behind: &str) -> String {
    let at = BOOK.find("[[phase]]").expect("the book has phases");
    let steps = format!(
        r#"
[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "late"
title = "Write to the customers"
caution = "They read it."
{late}
[[phase.step]]
id = "soon"
title = "Look at it"
confirm = "Well?"
[[phase]]
id = "nodes"
title = "Each node"
for_each = '.health.node[] | select(.role == "standby") | .node'
[[phase.step]]
id = "each"
title = "Look at {{{{ .node.name }}}}"
defer = "finish"
confirm = "Well?"
[[phase]]
id = "finish"
title = "Finish"
[[phase.step]]
id = "last"
title = "Look at all"
{behind}
confirm = "Well?"
[[phase]]
id = "after"
title = "After it"
[[phase.step]]
id = "rest"
title = "Rest"
confirm = "Well?"
"#
    );
    format!("{}{steps}", BOOK[..at].replace("blocks = [\"nodes/stop\"]", "blocks = [\"run\"]"))
}

fn book_with(late: &str, behind: &str) -> Runbook {
    let (runbook, diagnostics) = parse(&text_with(late, behind));
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

fn book() -> Runbook {
    book_with("defer = \"finish\"\nconfirm = \"Written?\"", "")
}

impl Walk {
    fn put_off(&mut self) {
        let step = self.key();
        self.must(Proposal::Defer { step, reason: "they sleep".into() });
        self.sense();
    }

    pub(super) fn status(&self, key: &str) -> StepStatus {
        self.state.step(&key.parse().unwrap()).expect("there is such a step").status
    }
}

#[test]
fn it_comes_back_before_the_named_phase_opens() {
    let mut walk = Walk::of(book());
    walk.do_first();
    walk.put_off();
    assert_eq!((walk.status("prepare/late"), walk.key().to_string()), (StepStatus::Deferred, "prepare/soon".into()));
    assert_eq!(walk.state.deviations.iter().map(|seen| seen.kind).collect::<Vec<_>>(), [DeviationKind::Deferred]);
    assert_eq!((walk.state.counts().deferred, walk.state.counts().pending), (1, 3));
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n2]/each");
    walk.put_off();
    walk.do_first();
    // Before the phase opens both are taken up again, the first one first, and its cautions are read again.
    assert_eq!(walk.key().to_string(), "prepare/late");
    assert!(walk.state.phases.iter().any(|phase| phase.id.as_str() == "finish" && !phase.is_bound));
    assert!(!walk.allowed().contains(&Allowed::Defer(walk.key())), "it has been put off for long enough");
    assert_eq!(walk.allowed().first(), Some(&Allowed::ReadCautions(walk.key())));
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n2]/each");
    walk.do_first();
    assert_eq!(walk.key().to_string(), "finish/last");
    walk.do_first();
    walk.do_first();
    walk.do_first();
    let closed = walk.state.closed.as_ref().map(|closed| closed.outcome);
    assert_eq!(closed, Some(Outcome::CompletedWithDeviations));
}

#[test]
fn it_is_not_put_off_when_the_phase_would_open_at_once() {
    let mut walk = Walk::of(book());
    walk.do_first();
    walk.do_first();
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n3]/each");
    assert!(!walk.allowed().contains(&Allowed::Defer(walk.key())));
    let refused = walk.propose(Proposal::Defer { step: walk.key(), reason: "later".into() });
    assert!(matches!(refused, Err(Refusal::NotNow(_))), "{refused:?}");
    assert_eq!(walk.status("nodes[n2]/each"), StepStatus::Done);
}

#[test]
fn it_needs_a_reason_and_a_step_that_takes_it() {
    let mut walk = Walk::of(book());
    let step = walk.key();
    assert!(matches!(
        walk.propose(Proposal::Defer { step: step.clone(), reason: " ".into() }),
        Err(Refusal::BadText(_))
    ));
    walk.put_off();
    let refused = walk.propose(Proposal::Defer { step: walk.key(), reason: "later".into() });
    assert!(matches!(refused, Err(Refusal::NotNow(_))), "{refused:?}");
    let refused = walk.propose(Proposal::Defer { step, reason: "later".into() });
    assert!(matches!(refused, Err(Refusal::NotCurrent(_))), "{refused:?}");
}

#[test]
fn what_requires_it_finds_it_taken_up_and_what_comes_before_that_may_not_require_it() {
    let requires = "requires = [\"prepare/late\"]";
    let mut walk = Walk::of(book_with("defer = \"finish\"\nconfirm = \"Written?\"", requires));
    walk.put_off();
    for step in ["prepare/soon", "nodes[n2]/each", "nodes[n3]/each"] {
        assert_eq!(walk.key().to_string(), step);
        walk.do_first();
    }
    assert_eq!(walk.key().to_string(), "prepare/late");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "finish/last");
    assert_eq!(gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at), Gate::Open);
    // One that comes back only behind that would leave nothing but to skip or to override.
    let (runbook, told) = parse(&text_with("defer = \"after\"\nconfirm = \"Written?\"", requires));
    assert!(runbook.is_none());
    assert_eq!(told.iter().map(|told| told.code).collect::<Vec<_>>(), ["put-off-required"]);
}

#[test]
fn going_back_and_giving_up_account_for_it_and_a_failed_one_may_be_put_off() {
    let mut walk = Walk::of(book_with("defer = \"finish\"\nrun = [\"mail\"]", ""));
    walk.do_first();
    walk.do_first();
    walk.finish(1);
    assert_eq!(walk.status("prepare/late"), StepStatus::Failed);
    walk.put_off();
    walk.must(Proposal::Abandon { reason: "enough".into() });
    assert_eq!(walk.status("prepare/late"), StepStatus::Failed, "putting it off mended nothing");
    assert_eq!(walk.state.counts().deferred, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_put_off_is_never_lost(
        blows in prop::collection::vec(blow(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::of(book());
        for blow in &blows {
            walk.suffer(blow);
            walk.assert_valid();
            let is_deferred = |phase: &PhaseState| phase.keys().any(|(_, step)| step.status == StepStatus::Deferred);
            let is_finishing = walk.state.walked().any(|phase| phase.id.as_str() == "finish" && phase.is_bound);
            prop_assert!(!is_finishing || !walk.state.walked().any(is_deferred));
        }
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        for record in &walk.records[cut..] {
            state.apply(record);
        }
        prop_assert_eq!(state, walk.state.clone());
    }
}
