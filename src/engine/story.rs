//! Whether records tell a story that can have happened: what `decide` asks before it gives an event is asked again of a
//! journal, of the state that its own records fold to. A chain that was made anew over changed records shows nothing else.
//!
//! Only what is certain without the board: nothing here reads a condition or a remark, so records of those may be left out.

use std::fmt;

use crate::engine::ending::WENT_BACK;
use crate::engine::event::{Event, Outcome, Record};
use crate::engine::gate::has_unread_cautions;
use crate::engine::observe::{Ended, JobId};
use crate::engine::release::may_release;
use crate::engine::renew::renewable;
use crate::engine::state::{PhaseState, Plan, RunState, RunningJob, StepState, StepStatus};
use crate::engine::take_up::untouched;
use crate::runbook::{self, Action, ActionKind, Order, PhaseId, Runbook, Step, StepKey, Verify};

/// Begins what is said of a step that was left out when the run was given up.
const ABANDONED: &str = "abandoned: ";

/// The first record that cannot follow from those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Its number.
    pub record: u64,
    /// Why it cannot.
    pub what: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.record, self.what)
    }
}

/// Reads along in a journal and holds each record against those before it.
#[derive(Debug, Default)]
pub struct Story {
    walked: Option<Box<(Runbook, RunState)>>,
    unread: Option<String>,
    found: Option<Contradiction>,
}

impl Story {
    /// Takes the next record in. Those of changed conditions and remarks may be left out.
    pub fn take(&mut self, record: &Record) {
        if let Event::RunOpened(opened) = &record.event {
            let (book, findings) = runbook::parse(&opened.text);
            let why = || findings.first().map(|found| found.message.clone()).unwrap_or_default();
            self.unread = book.is_none().then(why);
            self.walked = book.map(|book| {
                let state = RunState::new(&book);
                Box::new((book, state))
            });
        }
        let Some(walked) = self.walked.as_mut().filter(|_| self.found.is_none()) else { return };
        let (book, state) = &mut **walked;
        self.found = contradiction(book, state, record);
        state.apply(record);
    }

    /// The first record that cannot follow from those before it.
    pub const fn found(&self) -> Option<&Contradiction> {
        self.found.as_ref()
    }

    /// Why nothing could be held against the runbook: it cannot be read.
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }
}

/// Why that record cannot follow in this state, if so.
pub fn contradiction(runbook: &Runbook, state: &RunState, record: &Record) -> Option<Contradiction> {
    let telling = Telling { runbook, state, record };
    telling.against().err().map(|what| Contradiction { record: record.seq, what })
}

type Told = Result<(), String>;

struct Telling<'a> {
    runbook: &'a Runbook,
    state: &'a RunState,
    record: &'a Record,
}

fn hold(is_so: bool, what: impl FnOnce() -> String) -> Told {
    if is_so { Ok(()) } else { Err(what()) }
}

impl<'a> Telling<'a> {
    fn against(&self) -> Told {
        match &self.record.event {
            Event::EvidenceAttached { .. } | Event::GuardAcknowledged { .. } => self.person(),
            Event::PhaseBound { phase, .. } => self.opens(phase, false),
            Event::GroupBound { phase, .. } => self.opens(phase, true),
            Event::StepBegan { step, .. } => self.begins(step),
            Event::StepNotApplicable { step, why } => self.left_out(step, why),
            Event::CommandStarted { .. } | Event::CommandFinished { .. } | Event::CancelAsked { .. } => self.command(),
            Event::RollbackEntered { plan, .. } => {
                self.person()?;
                self.idle()?;
                let is_known = self.runbook.rollbacks.iter().any(|known| known.id == *plan);
                hold(is_known && self.state.plan != Plan::Rollback(plan.clone()), || {
                    format!("there is no way back {plan} to go")
                })?;
                self.left()
            }
            Event::RunClosed { .. } => self.closed(),
            Event::StepConfirmed { .. }
            | Event::AnswerGiven { .. }
            | Event::ChoiceMade { .. }
            | Event::HoldReleased { .. }
            | Event::StepDisputed { .. }
            | Event::CommandsApproved { .. }
            | Event::CautionsRead { .. }
            | Event::StepsReopened { .. } => self.deed(),
            Event::CheckPassed { step, .. } => self.senses(step, ActionKind::Check),
            Event::CheckReverted { step, .. } => self.turns(step, StepStatus::Done),
            Event::CheckRestored { step, .. } => self.turns(step, StepStatus::Reverted),
            Event::WaitEnded { step } => {
                self.senses(step, ActionKind::Wait)?;
                let (plan, known) = self.known(step)?;
                let Action::Wait(length) = plan.action else { return Ok(()) };
                let is_over = known.began.is_some_and(|began| self.record.at.since(began) >= length);
                hold(is_over, || format!("{step} ended before its time was over"))
            }
            Event::WaitCut { step, .. } => {
                self.person()?;
                self.senses(step, ActionKind::Wait)
            }
            _ => self.elsewise(),
        }
    }

    /// What becomes of steps beside their own action.
    fn elsewise(&self) -> Told {
        match &self.record.event {
            Event::StepFailed { step, .. } => {
                let (_, known) = self.known(step)?;
                let is_left = known.has_failed && !known.status.is_accounted();
                hold(self.is_current(step) || is_left, || format!("{step} failed although it was not the current step"))
            }
            Event::StepRetried { step, .. } => self.retried(step),
            Event::StepPutBack { step, instead } => self.put_back(step, instead),
            Event::StepSkipped { step, reason, .. } => {
                self.person()?;
                self.idle()?;
                let (plan, known) = self.known(step)?;
                if reason.starts_with(ABANDONED) && !known.status.is_accounted() {
                    return Ok(());
                }
                self.current(step)?;
                hold(!plan.action.is_sensed(), || format!("{step} was left out, which is sensed"))
            }
            Event::StepDeferred { step, until, .. } => {
                self.person()?;
                self.idle()?;
                let (plan, _) = self.current(step)?;
                hold(plan.defer.as_ref() == Some(until), || format!("{step} cannot be put off until {until}"))
            }
            Event::StepOverridden { step, .. } => {
                self.person()?;
                self.idle()?;
                let is_unverified = self.state.current.is_none() && self.state.to_verify().contains(step);
                let has_reverted = self.state.reverted().any(|reverted| reverted == step);
                if is_unverified || has_reverted { Ok(()) } else { self.current(step).map(drop) }
            }
            Event::StepsRenewed { step, renewed } => {
                self.person()?;
                self.idle()?;
                let (_, known) = self.current(step)?;
                hold(known.status == StepStatus::Current, || format!("{step} has failed and was not tried again"))?;
                let may = renewable(self.runbook, self.state, step, self.record.at);
                hold(renewed.iter().all(|key| may.contains(key)), || {
                    "a step is to be done again that was done and is not to be repeated".into()
                })
            }
            _ => Ok(()),
        }
    }

    /// Whoever sits at the run did it, and nobody else can have.
    fn person(&self) -> Told {
        let by = &self.record.by;
        let sitting = self.state.sitting.as_ref().ok_or("nobody sat at the run then")?;
        let who = format!("{}@{}", sitting.operator, sitting.host);
        hold(*by == who, || format!("{by} did it while {who} sat there"))
    }

    fn idle(&self) -> Told {
        hold(!self.state.is_running(), || "a command ran meanwhile".into())
    }

    fn known(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), String> {
        let known = self.runbook.step(&key.phase, &key.step).zip(self.state.step(key));
        known.ok_or_else(|| format!("the run has no step {key}"))
    }

    fn is_current(&self, key: &StepKey) -> bool {
        self.state.current.as_ref() == Some(key)
    }

    fn current(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), String> {
        let known = self.known(key)?;
        hold(self.is_current(key), || format!("{key} is not the current step"))?;
        Ok(known)
    }

    /// The current step has this action, which is under way.
    fn senses(&self, key: &StepKey, kind: ActionKind) -> Told {
        self.idle()?;
        let (plan, known) = self.current(key)?;
        hold(plan.action.kind() == kind, || format!("{key} is no such step"))?;
        hold(known.status == StepStatus::Current, || format!("{key} has failed and was not tried again"))
    }

    /// What a check that is relied on sensed has turned.
    fn turns(&self, key: &StepKey, from: StepStatus) -> Told {
        self.idle()?;
        let (_, known) = self.known(key)?;
        let is_it = self.state.relied.keys().contains(key) && known.status == from;
        hold(is_it, || format!("{key} turned although it was {}", known.status.word()))
    }

    /// Somebody may take the action of the current step.
    fn acts(&self, key: &StepKey, kind: ActionKind) -> Told {
        self.person()?;
        self.senses(key, kind)?;
        let (plan, known) = self.known(key)?;
        hold(!has_unread_cautions(plan, known), || format!("the cautions of {key} were not read"))?;
        hold(!self.state.waits_for_peer(key), || format!("{key} was stated before, and waits for a second person"))
    }

    /// What a person did in a step.
    fn deed(&self) -> Told {
        match &self.record.event {
            Event::CautionsRead { step, .. } => {
                self.person()?;
                self.idle()?;
                // Whether they were unread hangs on the board: what changes is read again.
                let (plan, _) = self.current(step)?;
                hold(!plan.cautions.is_empty(), || format!("{step} has no cautions"))
            }
            Event::StepConfirmed { step, said, .. } => {
                self.acts(step, ActionKind::Confirm)?;
                let Action::Confirm { options, .. } = &self.known(step)?.0.action else { return Ok(()) };
                hold(options.is_empty() || options.contains(said), || format!("{said:?} is no answer to {step}"))
            }
            Event::AnswerGiven { step, .. } => self.acts(step, ActionKind::Ask),
            Event::ChoiceMade { step, choice, .. } => {
                self.acts(step, ActionKind::Choose)?;
                let Action::Choose(ways) = &self.known(step)?.0.action else { return Ok(()) };
                hold(ways.iter().any(|way| way.is == *choice), || format!("{step} has no way {choice:?}"))
            }
            Event::CommandsApproved { step, .. } => self.acts(step, ActionKind::Run),
            Event::StepsReopened { step, from, .. } => {
                self.acts(step, ActionKind::Restart)?;
                let is_so = matches!(&self.known(step)?.0.action, Action::Restart(to) if to == from);
                hold(is_so, || format!("{step} does not lead back to {from}"))
            }
            Event::HoldReleased { step, released_by, verifies, .. } => match verifies {
                None => {
                    self.acts(step, ActionKind::Release)?;
                    self.another(step, released_by)
                }
                Some(verify) => self.second(step, released_by, *verify),
            },
            Event::StepDisputed { step, disputed_by, verifies, .. } => self.second(step, disputed_by, *verifies),
            _ => Ok(()),
        }
    }

    /// A second person says what is seen of what was done.
    fn second(&self, key: &StepKey, name: &str, verify: Verify) -> Told {
        self.person()?;
        self.idle()?;
        let (_, known) = self.known(key)?;
        hold(known.verify == Some(verify), || format!("{key} is not verified in this way"))?;
        let is_due = self.state.waits_for_peer(key) || self.state.to_verify().contains(key);
        hold(is_due, || format!("{key} was verified although it was not done, or not any longer"))?;
        self.another(key, name)
    }

    fn another(&self, key: &StepKey, name: &str) -> Told {
        may_release(self.state, key, name).map(drop).map_err(|why| format!("{name} on {key}: {why}"))
    }

    /// Commands: they start in their turn, and what ends had started.
    fn command(&self) -> Told {
        let is_new = |job: &JobId| hold(job.0 > self.state.jobs, || format!("command {} was started before", job.0));
        match &self.record.event {
            Event::CommandStarted { step, job, item: None, .. } => {
                self.acts(step, ActionKind::Run)?;
                is_new(job)
            }
            Event::CommandStarted { step, job, item: Some(item), command, .. } => {
                let batch = self.state.batch.as_ref().filter(|batch| batch.step == *step);
                let is_approved = batch.is_some_and(|batch| {
                    batch.waiting.iter().any(|waiting| waiting.item == *item && waiting.command == *command)
                });
                hold(is_approved, || format!("nobody approved what was started for {item} in {step}"))?;
                is_new(job)
            }
            Event::CommandFinished { step, job, item, ended, met, .. } => {
                let is_it = |running: &RunningJob| (running.job, &running.step, &running.item) == (*job, step, item);
                hold(self.state.running.iter().any(is_it), || format!("command {} did not run", job.0))?;
                let (plan, _) = self.known(step)?;
                let is_plain = matches!(&plan.action, Action::Run { expect: None, .. });
                let is_well = match ended {
                    Ended::Exit(status) => !is_plain || *status == 0,
                    _ => false,
                };
                hold(!met || is_well, || format!("command {} is called a success: {}", job.0, ended.describe()))
            }
            _ => {
                self.person()?;
                hold(self.state.is_running(), || "no command ran".into())
            }
        }
    }

    /// A phase opens, or in a loop in a loop the inner items of an outer one: nothing before it is left to do.
    fn opens(&self, id: &PhaseId, is_group: bool) -> Told {
        self.idle()?;
        hold(self.state.current.is_none(), || format!("{id} opened while a step was not over"))?;
        let next = self.state.walked().find(|phase| !phase.is_passed());
        let is_next = next.is_some_and(|phase| phase.id == *id && phase.is_bound == is_group);
        hold(is_next, || format!("it was not the turn of {id}"))
    }

    fn begins(&self, key: &StepKey) -> Told {
        self.idle()?;
        let (_, known) = self.known(key)?;
        hold(self.state.current.is_none(), || format!("{key} began while another step was not over"))?;
        match known.status {
            StepStatus::Deferred => Ok(()),
            StepStatus::Pending => self.in_turn(key),
            status => Err(format!("{key} began anew although it was {}", status.word())),
        }
    }

    /// A step that is pending is the next one; where a phase has no binding order, any of the same pass.
    fn in_turn(&self, key: &StepKey) -> Told {
        let phase = self.state.walked().find(|phase| !phase.is_passed());
        let next = phase.filter(|phase| phase.is_bound).and_then(|phase| phase.next_pending().zip(Some(phase)));
        let is_next = next.is_some_and(|(next, phase)| {
            next == *key || (phase.any_order && (&next.phase, &next.item) == (&key.phase, &key.item))
        });
        hold(is_next, || format!("it was not the turn of {key}: steps before it are left"))
    }

    fn left_out(&self, key: &StepKey, why: &str) -> Told {
        self.idle()?;
        let (plan, known) = self.known(key)?;
        hold(!known.status.is_accounted(), || format!("{key} was {} already", known.status.word()))?;
        if why.starts_with(WENT_BACK) {
            return self.person();
        }
        hold(known.status == StepStatus::Pending, || format!("{key} does not apply although it was begun"))?;
        let is_asked = plan.when.is_some() || self.runbook.phase(&key.phase).is_some_and(|phase| phase.when.is_some());
        // Whose turn it was is not asked: of a thousand steps that are left out each would look through all before it.
        hold(is_asked, || format!("{key} applies in any case"))
    }

    fn retried(&self, key: &StepKey) -> Told {
        self.idle()?;
        let (_, known) = self.known(key)?;
        if self.state.current.is_none() && known.status == StepStatus::Pending {
            // It goes on with what it has achieved.
            return self.in_turn(key);
        }
        self.person()?;
        self.current(key)?;
        let is_open = known.status == StepStatus::Failed || self.state.waits_for_peer(key);
        hold(is_open, || format!("{key} was tried again although it had not failed"))
    }

    fn put_back(&self, key: &StepKey, instead: &StepKey) -> Told {
        self.person()?;
        self.current(key)?;
        let (_, other) = self.known(instead)?;
        let is_free = self.runbook.phase(&key.phase).is_some_and(|phase| phase.order == Order::Any);
        let is_disputed = other.status == StepStatus::Failed;
        hold(is_free || is_disputed, || format!("{key} was left although its phase has a binding order"))?;
        let is_untouched = untouched(self.runbook, self.state).is_ok_and(|current| current == key);
        hold(is_untouched, || format!("{key} was put back although something of it was begun"))
    }

    /// Nothing of the walked plan is left, but what has failed or reverted.
    fn left(&self) -> Told {
        let steps = self.state.walked().flat_map(|phase| phase.keys());
        let stays = |status| matches!(status, StepStatus::Failed | StepStatus::Reverted);
        let left = steps.filter(|(_, step)| !step.status.is_accounted() && !stays(step.status));
        let left: Vec<_> = left.map(|(key, _)| key).collect();
        hold(left.is_empty(), || told("left behind without a word", &left))
    }

    fn closed(&self) -> Told {
        let Event::RunClosed { outcome, counts, .. } = &self.record.event else { return Ok(()) };
        if self.state.sitting.is_some() {
            // Journals are known in which the sitting was over by then.
            self.person()?;
        }
        self.idle()?;
        self.left()?;
        if *outcome != Outcome::Abandoned {
            let steps = self.state.walked().flat_map(|phase| phase.keys());
            let failed: Vec<_> = steps.filter(|(_, step)| !step.status.is_accounted()).map(|(key, _)| key).collect();
            hold(failed.is_empty(), || told("not done", &failed))?;
            let unverified = self.state.to_verify();
            hold(unverified.is_empty(), || told("to be verified by a second person", &unverified))?;
            hold(self.state.walked().all(|phase| phase.is_bound), || "a phase never opened".into())?;
            let is_clean = self.state.deviations.is_empty();
            let expected = match self.state.plan {
                Plan::Rollback(_) => Outcome::RolledBack,
                Plan::Main if is_clean => Outcome::Completed,
                Plan::Main => Outcome::CompletedWithDeviations,
            };
            hold(*outcome == expected, || format!("it is called {}, and was {}", outcome.word(), expected.word()))?;
        }
        let mut own = self.state.counts();
        // A step that nobody verified is done; once it was counted as overridden.
        let waived = self.state.counted().flat_map(PhaseState::keys).filter(|(_, step)| step.waived.is_some()).count();
        let more = counts.overridden.saturating_sub(own.overridden);
        if usize::try_from(more).is_ok_and(|more| more <= waived) {
            (own.done, own.overridden) = (own.done.saturating_sub(more), own.overridden + more);
        }
        hold(*counts == own, || "its numbers of steps are not those of the run".into())
    }
}

/// Names the first of these steps, and how many more there are.
fn told(what: &str, steps: &[StepKey]) -> String {
    let first = steps.first().map(ToString::to_string).unwrap_or_default();
    match steps.len() {
        0 | 1 => format!("{first} is {what}"),
        count => format!("{first} and {} more are {what}", count - 1),
    }
}
