//! What follows by itself: phases open, steps begin, waits end, checks pass or fail.

use std::borrow::Cow;

use serde_json::Value;

use crate::engine::bind::{bind, bind_group};
use crate::engine::board::Board;
use crate::engine::defer;
use crate::engine::event::{ConditionId, Event};
use crate::engine::gate::{Gate, gate};
use crate::engine::proposal::Moment;
use crate::engine::scope::{actor_of, millis, scope, step_scope, title_text};
use crate::engine::soak;
use crate::engine::state::{Group, RunState, StepStatus};
use crate::runbook::{Action, Condition, Expr, PhaseId, Runbook, StepKey, Truth, shorten};

/// The most steps that a run may have, over all items.
pub(crate) const MAX_STEPS: usize = 100_000;

/// A state with the events that are about to be recorded already taken in.
pub(crate) struct Draft<'a> {
    pub(crate) runbook: &'a Runbook,
    /// Copied only when something happens: most looks come to nothing.
    pub(crate) state: Cow<'a, RunState>,
    pub(crate) moment: &'a Moment,
    pub(crate) events: Vec<Event>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(runbook: &'a Runbook, state: &'a RunState, moment: &'a Moment) -> Self {
        Self { runbook, state: Cow::Borrowed(state), moment, events: Vec::new() }
    }

    pub(crate) fn push(&mut self, event: Event) {
        let seq = self.state.seq + 1;
        self.state.to_mut().take(seq, self.moment.at, "", &event);
        self.events.push(event);
    }

    /// Goes on as far as time and the board allow without a person.
    pub(crate) fn settle(mut self) -> Vec<Event> {
        while self.step_on() {}
        self.events
    }

    /// One thing that follows by itself; false when nothing does.
    fn step_on(&mut self) -> bool {
        if self.state.closed.is_some() || self.state.opened.is_none() {
            return false;
        }
        if self.turn_relied() {
            return true;
        }
        if self.state.is_running() {
            return self.go_on_together();
        }
        if let Some(key) = self.state.current.clone() {
            return self.end_sensed(&key);
        }
        if let Some(step) = defer::due(self.runbook, &self.state) {
            let known = self.state.step(&step).map_or(0, |known| known.attempt);
            let attempt = known.max(self.state.next_attempt(&step));
            self.push(Event::StepBegan { step, attempt });
            return true;
        }
        let Some(phase) = self.state.walked().find(|phase| !phase.is_passed()) else { return false };
        if !phase.is_bound {
            let id = phase.id.clone();
            return match bind(self.runbook, &self.state, self.moment, &id) {
                Ok(items) => {
                    self.push(Event::PhaseBound { phase: id, items });
                    true
                }
                Err(_) => false,
            };
        }
        let next = phase.next_pending();
        match phase.next_group().cloned() {
            Some(group) => next.is_some_and(|key| self.open_group(&key, &group)),
            None => next.is_some_and(|key| self.begin(&key)),
        }
    }

    /// The turn of an outer item has come: it is left out as a whole where that is known without its inner items, else
    /// they are fixed.
    fn open_group(&mut self, key: &StepKey, group: &Group) -> bool {
        let when = self.runbook.phase(&key.phase).and_then(|phase| phase.when.as_ref());
        if let Some(when) = when.filter(|when| !reads_node(&when.holds)) {
            match self.applies(when, key) {
                Some(Err(why)) => {
                    self.leave_out_item(key, &why);
                    return true;
                }
                Some(Ok(())) => {}
                None => return false,
            }
        }
        match bind_group(self.runbook, &self.state, self.moment, &key.phase, group) {
            Ok(items) => {
                let (phase, group) = (key.phase.clone(), group.item.name.clone().unwrap_or_default());
                self.push(Event::GroupBound { phase, group, items });
                true
            }
            Err(_) => false,
        }
    }

    fn begin(&mut self, key: &StepKey) -> bool {
        if self.state.step(key).is_some_and(|known| known.is_renewed) {
            // What had applied is not excused because it would not apply by now.
            self.push(self.begun(key));
            return true;
        }
        if self.waits_for_reverted(key).is_some() {
            return false;
        }
        let phase_when = self.runbook.phase(&key.phase).and_then(|phase| phase.when.as_ref());
        let is_new = !self.state.walked().any(|phase| phase.id == key.phase && phase.is_entered(key));
        let is_first =
            is_new && self.state.item(key).is_some_and(|item| item.steps.first().is_some_and(|s| s.id == key.step));
        if is_first && let Some(when) = phase_when {
            match self.applies(when, key) {
                Some(Err(why)) => {
                    self.leave_out_item(key, &why);
                    return true;
                }
                Some(Ok(())) => {}
                None => return false,
            }
        }
        let when = self.runbook.step(&key.phase, &key.step).and_then(|step| step.when.as_ref());
        match when.map_or(Some(Ok(())), |when| self.applies(when, key)) {
            Some(Ok(())) => {
                self.push(self.begun(key));
            }
            Some(Err(why)) => self.push(Event::StepNotApplicable { step: key.clone(), why }),
            None => return false,
        }
        true
    }

    /// A step that waited for evidence to be done anew goes on with the attempt it had, and with what that has achieved.
    pub(crate) fn begun(&self, key: &StepKey) -> Event {
        let known = self.state.step(key);
        let attempt = known.map_or(0, |known| known.attempt);
        let step = key.clone();
        if known.is_some_and(|known| !known.results.is_empty()) {
            return Event::StepRetried { step, attempt };
        }
        Event::StepBegan { step, attempt: attempt.max(self.state.next_attempt(key)) }
    }

    fn leave_out_item(&mut self, key: &StepKey, why: &str) {
        let steps = self.state.item(key).map(|item| item.steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>());
        for step in steps.unwrap_or_default() {
            let step = StepKey { step, ..key.clone() };
            self.push(Event::StepNotApplicable { step, why: why.to_owned() });
        }
    }

    /// `Ok`: it applies; `Err`: it does not, and why; `None`: a probe has yet to give its first answer.
    ///
    /// A condition that stays unknown counts as applying, so that a step is never left out silently.
    pub(crate) fn applies(&self, when: &Condition, key: &StepKey) -> Option<Result<(), String>> {
        if !has_answers(&self.moment.board, &when.holds) {
            return None;
        }
        let source = when.holds.source();
        let scope = step_scope(&self.state, &self.moment.board, key, self.moment.at, source);
        Some(match when.holds.truth(&scope) {
            Truth::False if when.why.is_empty() => Err(format!("{source} is false")),
            // Many steps may be left out for the same reason; the runbook has it in full.
            Truth::False => Err(shorten(&when.why)),
            Truth::True | Truth::Unknown(_) => Ok(()),
        })
    }

    fn end_sensed(&mut self, key: &StepKey) -> bool {
        let Some((step, known)) = self.runbook.step(&key.phase, &key.step).zip(self.state.step(key)) else {
            return false;
        };
        if known.status != StepStatus::Current || !step.action.is_sensed() {
            return false;
        }
        let began = known.began.unwrap_or(self.moment.at);
        let is_open = gate(self.runbook, &self.state, key, self.moment.at) == Gate::Open;
        match &step.action {
            Action::Check { .. } if is_open => {
                let condition = ConditionId::Check(key.clone());
                let soaked = soak::soaked(self.runbook, &self.state, key, self.moment);
                let since = self.state.conditions.get(&condition).map_or(began, |standing| standing.since);
                let since = soaked.as_ref().map_or(since, |soaked| soaked.since);
                let doer = actor_of(self.runbook, &self.state, &self.moment.board, key, self.moment.at);
                let (step, board) = (key.clone(), self.moment.board.recorded());
                let held_ms = millis(self.moment.at.since(since));
                self.push(Event::CheckPassed { step, held_ms, doer, soaked, board });
            }
            Action::Check { timeout: Some(timeout), .. }
                if self.state.looked_at_for(key, self.moment.at) >= *timeout =>
            {
                let why = format!("not so within {} s", timeout.as_secs());
                self.push(Event::StepFailed { step: key.clone(), why });
            }
            Action::Wait(_) if is_open => self.push(Event::WaitEnded { step: key.clone() }),
            _ => return false,
        }
        true
    }
}

/// Why the walk cannot go on although no step is current; `None` when one is, when the end is reached, or when the walk
/// goes on by itself at this moment: between two records of one decision nothing stands still.
pub fn stalled(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<String> {
    let is_over = state.current.is_some() || state.is_running() || state.closed.is_some();
    if is_over || Draft::new(runbook, state, moment).step_on() {
        return None;
    }
    let Some(phase) = state.walked().find(|phase| !phase.is_passed()) else {
        let reverted = state.reverted().next()?;
        let named = step_titled(runbook, state, moment, reverted);
        return Some(format!("the run is not closed while {named} is not as it was sensed"));
    };
    if let Some(group) = phase.next_group() {
        let name = group.item.name.as_deref().unwrap_or_default();
        let why = bind_group(runbook, state, moment, &phase.id, group).err();
        return Some(match why {
            Some(why) => format!("{} cannot open for {name}: {why}", titled(runbook, state, moment, &phase.id)),
            None => format!(
                "whether {} opens for {name} waits for a first answer of its probes",
                titled(runbook, state, moment, &phase.id)
            ),
        });
    }
    let waiting = phase.next_pending();
    let reverted = waiting.and_then(|key| Draft::new(runbook, state, moment).waits_for_reverted(&key).cloned());
    if let Some(reverted) = reverted {
        return Some(format!(
            "the next step of {} is done by hand and changes something, and {} is not as it was sensed",
            titled(runbook, state, moment, &phase.id),
            step_titled(runbook, state, moment, &reverted)
        ));
    }
    if phase.is_bound {
        return Some(format!(
            "the next step of {} waits for a first answer of its probes",
            titled(runbook, state, moment, &phase.id)
        ));
    }
    let why = bind(runbook, state, moment, &phase.id).err()?;
    Some(format!("{} cannot open: {why}", titled(runbook, state, moment, &phase.id)))
}

/// A phase as people know it: by its title, with its values.
pub(crate) fn titled(runbook: &Runbook, state: &RunState, moment: &Moment, id: &PhaseId) -> String {
    let title = runbook.phase(id).and_then(|phase| {
        let scope = scope(state, &moment.board, &Value::Null, moment.at, phase.title.source());
        phase.title.render(&scope).ok()
    });
    title.map_or_else(|| format!("the phase {id}"), |title| format!("the phase \"{title}\""))
}

/// A step as people know it: by its title, with its values, its item where that does not say which, and its phase.
fn step_titled(runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
    let Some(step) = runbook.step(&key.phase, &key.step) else { return key.to_string() };
    let title = title_text(&step.title, state, &moment.board, key, moment.at);
    let of = key.item.as_ref().filter(|item| !title.contains(*item)).map(|item| format!(" of {item}"));
    format!("\"{title}\"{} in {}", of.unwrap_or_default(), titled(runbook, state, moment, &key.phase))
}

fn reads_node(expr: &Expr) -> bool {
    expr.reads().whole || expr.reads().keys.contains_key("node")
}

/// Whether everybody whom the probes that the expression reads ask has given an answer in this sitting, be it "unknown".
fn has_answers(board: &Board, expr: &Expr) -> bool {
    board.oldest_ms(&board.read_by(expr)).is_some()
}
