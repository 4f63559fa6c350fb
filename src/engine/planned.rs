//! What a phase is before it opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::event::Item;
use crate::engine::state::{ItemState, PhaseState, Plan, Planned, StepState, StepStatus};
use crate::runbook::{Action, Order, Phase, Step};

/// A phase whose items are not fixed yet.
pub(crate) fn unbound(phase: &Phase, plan: Plan) -> PhaseState {
    let (id, is_nested) = (phase.id.clone(), phase.inner.is_some());
    let planned = |step: &Step| Planned {
        id: step.id.clone(),
        is_soak: matches!(step.action, Action::Check { soak: Some(_), .. }),
        verify: step.verify,
    };
    let steps: Arc<[Planned]> = phase.steps.iter().map(planned).collect();
    let items = vec![fresh(&steps)];
    let any_order = phase.order == Order::Any;
    let together = (phase.order == Order::Together).then(Vec::new);
    PhaseState { id, plan, steps, is_bound: false, is_nested, any_order, groups: Vec::new(), items, together }
}

/// The one item that stands for those to come: none of its steps has begun.
pub(crate) fn fresh(steps: &[Planned]) -> ItemState {
    let pending = |step: &Planned| StepState {
        id: step.id.clone(),
        status: StepStatus::Pending,
        attempt: 0,
        began: None,
        ended: None,
        cautions_read: false,
        cautions_as_read: Vec::new(),
        readings: 0,
        has_failed: false,
        said: String::new(),
        by: String::new(),
        doer: None,
        verify: step.verify,
        verified: None,
        waived: None,
        soak: step.is_soak.then(Box::default),
        is_renewed: false,
        renewals: 0,
        actors: Vec::new(),
        results: BTreeMap::new(),
        was_cut: false,
        cancelled_by: None,
        output: None,
    };
    let steps = steps.iter().map(|step| Arc::new(pending(step))).collect();
    ItemState { item: Item { name: None, value: Value::Null }, group: None, steps }
}
