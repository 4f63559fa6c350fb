//! The answers of probes that a rule looks at, under the names that people know them by.

use crate::engine::{Board, ConditionId, Gate, Hold, Row, Tri, Verdict, evaluate};
use crate::runbook::{Expr, Probe, Runbook};
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

/// The most rows of which each is tried whether it keeps a rule from holding.
const MAX_TRIED: usize = 32;

/// What a rule looks at on the board, probe by probe in the runbook's order.
pub fn seen(runbook: &Runbook, board: &Board, rule: &Expr) -> Vec<Seen> {
    rows(runbook, board, rule).into_iter().map(|(probe, row)| Seen::of(probe, row)).collect()
}

fn rows<'a>(runbook: &'a Runbook, board: &'a Board, rule: &Expr) -> Vec<(&'a Probe, &'a Row)> {
    let read = board.read_by(rule);
    let probes = runbook.health.iter().filter(|probe| read.iter().any(|read| read == probe.id.as_str()));
    let rows = |probe: &'a Probe| board.rows.iter().filter(|row| row.probe == probe.id).map(move |row| (probe, row));
    probes.flat_map(rows).collect()
}

impl Seen {
    fn of(probe: &Probe, row: &Row) -> Self {
        let fields: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
        // The reason of a verdict names the values that it rests on.
        let told = if row.why.is_empty() {
            let told = values(row, &fields).into_iter().filter(|value| !value.is_empty());
            told.collect::<Vec<_>>().join(" ")
        } else {
            row.why.clone()
        };
        Self {
            probe: probe.title.clone(),
            node: row.node.clone().unwrap_or_else(|| row.probe.to_string()),
            verdict: row.verdict,
            told,
            age_ms: row.age_ms,
        }
    }
}

impl Run {
    /// The answers that keep the current step's check from passing.
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
        let rows = rows(&self.runbook, &self.view.moment.board, rule);
        let check = ConditionId::Check(key.clone());
        let in_the_way = |row: &Row| rows.len() > MAX_TRIED || self.is_in_the_way(&check, row);
        // What is not ok may be just what is waited for, and what is ok be in the way.
        let tried: Vec<(bool, bool)> =
            rows.iter().map(|(_, row)| (row.verdict != Verdict::Ok, in_the_way(row))).collect();
        let is_missing = |(is_bad, is_in_the_way): (bool, bool)| match () {
            () if tried.contains(&(true, true)) => is_bad && is_in_the_way,
            // A rule that counts rows holds for none alone.
            () if tried.iter().any(|(_, is_in_the_way)| !is_in_the_way) => is_in_the_way,
            () => is_bad,
        };
        let missing = rows.iter().zip(&tried).filter(|(_, tried)| is_missing(**tried));
        missing.map(|((probe, row), _)| Seen::of(probe, row)).collect()
    }

    /// Whether a condition does not hold where this row is the only one of its probe.
    fn is_in_the_way(&self, condition: &ConditionId, row: &Row) -> bool {
        let moment = &self.view.moment;
        let is_left = |other: &&Row| other.probe != row.probe || other.node == row.node;
        let alone = Board { rows: moment.board.rows.iter().filter(is_left).cloned().collect() };
        let found = evaluate(&self.runbook, &self.state, &alone, condition, moment.at);
        found.is_none_or(|(truth, ..)| truth != Tri::True)
    }
}
