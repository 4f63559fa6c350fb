//! What becomes of a step that failed when its plan is left.

use super::*;

fn undo() -> Proposal {
    Proposal::RollBack { plan: RollbackId::new("undo"), reason: "it is bad".into() }
}

fn stop() -> StepKey {
    "nodes[n2]/stop".parse().unwrap()
}

/// A run whose first command failed, with a way back that is always offered and goes over what failed.
fn at_failure() -> Walk {
    let book = BOOK
        .replace("when = '.passed.stop // false'\n", "")
        .replace("title = \"Undo\"\n", "title = \"Undo\"\nfor_each = '.inputs.nodes[] | select(.name == \"n2\")'\n")
        .replace(
            "confirm = \"Undone?\"\n",
            "when = { holds = '.steps[\"nodes[n2]/stop\"] == \"failed\"', why = \"It never failed.\" }\nconfirm = \"Undone?\"\n",
        );
    let (runbook, diagnostics) = parse(&book);
    let mut walk = Walk::of(runbook.unwrap_or_else(|| panic!("{diagnostics:#?}")));
    for _ in 0..4 {
        walk.do_first();
    }
    assert_eq!(walk.key(), stop());
    walk.finish(1);
    assert_eq!(status(&walk, &stop()), StepStatus::Failed);
    walk
}

fn status(walk: &Walk, key: &StepKey) -> StepStatus {
    walk.state.step(key).expect("the step is known").status
}

#[test]
fn a_step_that_failed_stays_failed_when_the_run_goes_back() {
    let mut walk = at_failure();
    walk.must(undo());
    walk.sense();
    assert_eq!(status(&walk, &stop()), StepStatus::Failed);
    assert_eq!(walk.state.step(&stop()).unwrap().said, "exit status 1");
    assert_eq!(status(&walk, &"nodes[n2]/back".parse().unwrap()), StepStatus::NotApplicable);
    assert_eq!(walk.key().to_string(), "undo[n2]/undo", "the way back sees in .steps that it failed");
    walk.do_first();
    walk.do_first();
    let closed = walk.state.closed.clone().expect("the way back is walked");
    assert_eq!(closed.outcome, Outcome::RolledBack);
    let counts = walk.state.counts();
    assert_eq!((counts.failed, counts.pending, counts.current), (1, 0, 0));
    assert_eq!(walk.fold(&walk.records), walk.state);
    walk.assert_valid();
}

#[test]
fn a_step_that_failed_and_was_only_begun_again_stays_failed_as_well() {
    let again = |walk: &mut Walk| walk.must(Proposal::Retry { step: stop() });
    let off = |walk: &mut Walk| {
        walk.must(Proposal::Override { step: stop(), reason: "it did stop".into() });
        walk.sense();
    };
    type Before<'a> = &'a dyn Fn(&mut Walk);
    let table: [(&str, Before<'_>, StepStatus); 3] = [
        ("failed", &|_| {}, StepStatus::Failed),
        ("tried again", &again, StepStatus::Failed),
        ("overridden", &off, StepStatus::Overridden),
    ];
    for (name, before, expected) in table {
        for is_abandoned in [false, true] {
            let mut walk = at_failure();
            before(&mut walk);
            walk.must(if is_abandoned { Proposal::Abandon { reason: "enough".into() } } else { undo() });
            assert_eq!(status(&walk, &stop()), expected, "{name}, abandoned: {is_abandoned}");
            walk.sense();
            let counts = walk.state.counts();
            assert!(!is_abandoned || counts.pending + counts.current == 0, "{name}: {counts:?}");
            assert_eq!(walk.fold(&walk.records), walk.state);
        }
    }
}

#[test]
fn a_step_that_failed_stays_failed_when_the_run_is_abandoned() {
    let mut walk = at_failure();
    walk.must(Proposal::Abandon { reason: "enough".into() });
    let counts = walk.state.counts();
    assert_eq!((counts.failed, counts.pending, counts.current), (1, 0, 0));
    assert!(counts.skipped > 0);
    assert!(walk.state.current.is_none());
    let told = walk.records.iter().find_map(|record| match &record.event {
        Event::RunClosed { counts, .. } => Some(*counts),
        _ => None,
    });
    assert_eq!(told, Some(counts), "the record says the same");
}
