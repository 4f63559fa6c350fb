//! Why a step may or may not go on: the rules, what they came to, and the samples that they were judged on.

use crate::engine::{ConditionId, Gate, Hold, Row, StepStatus, blocking, next_loop};
use crate::runbook::{Action, Expr, Runbook, StepKey};
use crate::tui::screen::run::Run;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::health::{age, values};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// The lines of the explanation, `cells` wide.
pub fn lines(run: &Run, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = of_the_step(run, cells, look);
    let ways_back = run.ways_back_told();
    if !ways_back.is_empty() {
        lines.push(Strip::default());
        lines.extend(ways_back.iter().flat_map(|told| wrapped(told, cells, Meaning::Text)));
    }
    lines
}

fn of_the_step(run: &Run, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = Vec::new();
    let Some(key) = &run.state.current else {
        return stalled(run, cells, look);
    };
    if run.state.step(key).is_some_and(|step| step.status == StepStatus::Failed) {
        return failed(run, key, cells, look);
    }
    let named = run.spoken(key);
    match &run.view.gate {
        Gate::Open => {
            let told = format!("{} nothing holds {named} back", look.glyphs.done);
            lines.extend(wrapped(&told, cells, Meaning::Ok));
        }
        Gate::Closed(holds) => {
            lines.extend(wrapped(&format!("{} {named} is held back:", look.glyphs.failed), cells, Meaning::Bad));
            for hold in holds {
                lines.extend(wrapped(&format!("- {}", tell::hold(&run.runbook, hold)), cells, Meaning::Text));
            }
        }
    }
    for condition in conditions(run, key) {
        explain(run, &condition, cells, look, &mut lines);
    }
    lines
}

/// Why no step is current, and what the phase that should open looks at.
fn stalled(run: &Run, cells: usize, look: &Look) -> Vec<Strip> {
    let Some(why) = &run.view.stalled else { return wrapped("no step is current", cells, Meaning::Text) };
    let mut lines = wrapped(&format!("{} {why}", look.glyphs.alert), cells, Meaning::Problem);
    if let Some(each) = next_loop(&run.runbook, &run.state) {
        lines.push(Strip::default());
        judged(run, each, cells, look, &mut lines);
    }
    lines
}

/// Why a step failed, and on which rule.
fn failed(run: &Run, key: &StepKey, cells: usize, look: &Look) -> Vec<Strip> {
    let said = run.state.step(key).map(|step| step.said.as_str()).unwrap_or_default();
    let mut lines =
        wrapped(&format!("{} {} failed: {said}", look.glyphs.failed, run.spoken(key)), cells, Meaning::Failed);
    let step = run.runbook.step(&key.phase, &key.step);
    let rule = match step.map(|step| &step.action) {
        Some(Action::Run { expect: Some(expect), .. }) => expect.holds.source(),
        Some(Action::Run { .. }) => "the exit status is 0",
        Some(Action::Check { holds, .. }) => holds.source(),
        _ => "",
    };
    if !rule.is_empty() {
        lines.extend(wrapped(&format!("  rule: {rule}"), cells, Meaning::Command));
    }
    lines.push(Strip::default());
    let told = "The run stays here until the step is tried again, or skipped or overridden with a reason.";
    lines.extend(wrapped(told, cells, Meaning::Text));
    lines
}

/// The conditions that the step depends on: those that hold as well.
fn conditions(run: &Run, key: &StepKey) -> Vec<ConditionId> {
    let Some(step) = run.runbook.step(&key.phase, &key.step) else { return Vec::new() };
    let mut all = Vec::new();
    all.extend(step.gate.is_some().then(|| ConditionId::Gate(key.clone())));
    all.extend(matches!(step.action, Action::Check { .. }).then(|| ConditionId::Check(key.clone())));
    all.extend(blocking(&run.runbook, key, step).map(|guard| ConditionId::Guard(guard.id.clone())));
    if let Gate::Closed(holds) = &run.view.gate {
        for hold in holds {
            if let Hold::Condition { condition, .. } = hold
                && !all.contains(condition)
            {
                all.push(condition.clone());
            }
        }
    }
    all
}

fn explain(run: &Run, condition: &ConditionId, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    lines.push(Strip::default());
    let truth = run.state.truth(condition);
    let (sign, meaning) = tell::tri_sign(truth, look.glyphs);
    let known = run.state.conditions.get(condition);
    let name = match condition {
        ConditionId::Gate(_) => "its gate".to_owned(),
        ConditionId::Check(_) => "what it waits for".to_owned(),
        other => tell::condition(&run.runbook, other),
    };
    let mut told = format!("{sign} {name} {}", tell::tri(truth));
    if let Some(known) = known {
        told.push_str(&format!(" since {}", look.clock(known.since)));
        if !known.why.is_empty() {
            told.push_str(&format!(": {}", known.why));
        }
    }
    lines.extend(wrapped(&told, cells, meaning));
    if let Some(reason) = known.and_then(|known| known.acknowledged.as_ref()) {
        lines.extend(wrapped(&format!("  acknowledged: {reason}"), cells, Meaning::Deviation));
    }
    if let Some(rule) = rule(&run.runbook, condition) {
        judged(run, rule, cells, look, lines);
    }
}

/// A rule and the samples that it looks at.
fn judged(run: &Run, rule: &Expr, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    lines.extend(wrapped(&format!("  rule: {}", rule.source()), cells, Meaning::Command));
    let probes = rule.probes();
    for row in run.view.moment.board.rows.iter().filter(|row| probes.iter().any(|probe| probe == row.probe.as_str())) {
        lines.push(sampled(run, row, look));
    }
}

/// One sample that a rule looked at: node, verdict, fields, age.
fn sampled(run: &Run, row: &Row, look: &Look) -> Strip {
    let (sign, meaning) = tell::verdict_sign(row.verdict, look.glyphs);
    let node = row.node.as_deref().unwrap_or(row.probe.as_str());
    let probe = run.runbook.health.iter().find(|probe| probe.id == row.probe);
    let fields: Vec<&str> = probe.iter().flat_map(|probe| &probe.fields).map(|(name, _)| name.as_str()).collect();
    let told = values(row, &fields).join(" ");
    // The reason of a verdict names the values that it rests on.
    let told = if row.why.is_empty() { told } else { row.why.clone() };
    Strip::of(format!("    {node} "), Meaning::Text)
        .and(format!("{sign} {}", row.verdict.word()), meaning)
        .and(format!(" {told}, sampled {}", age(row.age_ms)), Meaning::Dim)
}

fn rule<'a>(runbook: &'a Runbook, condition: &ConditionId) -> Option<&'a Expr> {
    match condition {
        ConditionId::Guard(id) => runbook.guards.iter().find(|guard| &guard.id == id).map(|guard| &guard.holds),
        ConditionId::Gate(key) => {
            runbook.step(&key.phase, &key.step).and_then(|step| step.gate.as_ref()).map(|gate| &gate.holds)
        }
        ConditionId::Check(key) => match &runbook.step(&key.phase, &key.step)?.action {
            Action::Check { holds, .. } => Some(holds),
            _ => None,
        },
        ConditionId::Health(..) => None,
    }
}
