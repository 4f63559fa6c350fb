//! The answers of probes that a rule looks at, under the names that people know them by.

use crate::engine::{Board, ConditionId, Gate, Hold, Verdict};
use crate::runbook::{Expr, Runbook};
use crate::tui::screen::run::Run;
use crate::tui::widget::health::values;

/// One answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The probe's title.
    pub probe: String,
    /// Which item, or the probe's name.
    pub node: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The reason of the verdict, else the fields.
    pub told: String,
    /// How old it is, in milliseconds; `None`: there is none yet.
    pub age_ms: Option<u64>,
}

/// What a rule looks at on the board, probe by probe in the runbook's order.
pub fn seen(runbook: &Runbook, board: &Board, rule: &Expr) -> Vec<Seen> {
    let read = board.read_by(rule);
    let mut all = Vec::new();
    for probe in runbook.health.iter().filter(|probe| read.iter().any(|read| read == probe.id.as_str())) {
        let fields: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
        for row in board.rows.iter().filter(|row| row.probe == probe.id) {
            // The reason of a verdict names the values that it rests on.
            let told = if row.why.is_empty() {
                let told = values(row, &fields).into_iter().filter(|value| !value.is_empty());
                told.collect::<Vec<_>>().join(" ")
            } else {
                row.why.clone()
            };
            all.push(Seen {
                probe: probe.title.clone(),
                node: row.node.clone().unwrap_or_else(|| row.probe.to_string()),
                verdict: row.verdict,
                told,
                age_ms: row.age_ms,
            });
        }
    }
    all
}

impl Run {
    /// The answers that are not ok among those that the current step's check still waits for.
    pub(super) fn missing(&self) -> Vec<Seen> {
        let (Gate::Closed(holds), Some(key)) = (&self.view.gate, &self.state.current) else { return Vec::new() };
        let is_check =
            |hold: &Hold| matches!(hold, Hold::Condition { condition: ConditionId::Check(of), .. } if of == key);
        let Some(crate::runbook::Action::Check { holds: rule, .. }) =
            self.runbook.step(&key.phase, &key.step).map(|step| &step.action)
        else {
            return Vec::new();
        };
        if !holds.iter().any(is_check) {
            return Vec::new();
        }
        let mut seen = seen(&self.runbook, &self.view.moment.board, rule);
        seen.retain(|seen| seen.verdict != Verdict::Ok);
        seen
    }
}
