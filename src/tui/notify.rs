//! What is told to somebody who looks elsewhere: a long wait that ended, a guard that broke. Only of a run that is walked,
//! and only when it is wanted.

use std::time::Duration;

use crate::engine::{ConditionId, Event, Record, Tri};
use crate::tui::screen::run::Run;
use crate::tui::tell;

/// From which length on the end of a wait is told.
const LONG: Duration = Duration::from_secs(60);

/// What is to be told of these records, if anything.
pub fn worth_telling(run: &Run, records: &[Record]) -> Option<String> {
    records.iter().rev().find_map(|record| match &record.event {
        Event::WaitEnded { step } | Event::CheckPassed { step, .. } | Event::StepFailed { step, .. } => {
            let began = run.state.step(step).and_then(|step| step.began)?;
            let is_long = record.at.since(began) >= LONG;
            let what = if matches!(record.event, Event::StepFailed { .. }) { "failed" } else { "is over" };
            is_long.then(|| format!("{} {what}", run.spoken(step)))
        }
        Event::CheckReverted { step, .. } => Some(format!("{} is not so any more", run.spoken(step))),
        Event::ConditionChanged { condition: condition @ ConditionId::Guard(_), truth, .. } if *truth != Tri::True => {
            Some(format!("{} {}", tell::condition(&run.runbook, condition), tell::tri(*truth)))
        }
        _ => None,
    })
}
