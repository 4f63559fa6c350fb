//! A practice run that walks itself, printed line by line.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;

use crate::engine::{Closed, Leaving, Moment, Proposal, Record, RunState};
use crate::health::BoardKeeper;
use crate::plain::fresh::{Fresh, Sensing};
use crate::plain::told;
use crate::runbook::Runbook;
use crate::scenario::Ending;
use crate::session::live::PITON;
use crate::session::script::{self, Missed};
use crate::session::{Launched, Session, Update};

/// How an autopilot run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The end, when it was reached.
    pub closed: Option<Closed>,
    /// Why it was not, when the journal could not be written.
    pub halted: Option<String>,
    /// The move for which the walk was broken off, since it can no more be made.
    pub missed: Option<Missed>,
}

/// Walks the run to its end and prints `recorded #N PRACTICE …` for each record, after it is on disk. When
/// `interrupted` comes to pass, the run is left as it stands, which is recorded.
///
/// # Errors
/// The output cannot be written; the run is then left as interrupted, which is on disk when this returns.
pub async fn walk(
    launched: Launched,
    way: Option<&Ending>,
    out: &mut dyn Write,
    interrupted: impl Future<Output = ()>,
) -> io::Result<Walked> {
    let Launched { session, mut updates, runbook, records, targets, clock, is_resumed, .. } = launched;
    let state = RunState::fold(&runbook, &records);
    let keeper = BoardKeeper::new(&targets).paced_by(&*clock);
    let mut walk = Walk {
        runbook: runbook.clone(),
        way: way.cloned(),
        session,
        state,
        keeper,
        out,
        asked: None,
        sensing: Sensing::default(),
        halted: None,
        missed: None,
        gone: None,
    };
    if !is_resumed {
        walk.print(&records);
    }
    let (mut is_over, mut is_interrupted) = (false, false);
    let mut interrupted = pin!(interrupted);
    while !is_over {
        let first = tokio::select! {
            first = updates.recv() => first,
            () = &mut interrupted, if !is_interrupted => {
                is_interrupted = true;
                walk.session.leave(Leaving::Interrupted);
                continue;
            }
        };
        if first.is_none() {
            break;
        }
        let mut next = first;
        let mut may_propose = false;
        // Everything that waits is taken in before the next look: one who thinks longer than the news take to come
        // would never catch up.
        while let Some(update) = next {
            is_over |= matches!(update, Update::Ended);
            may_propose |= walk.take(update);
            next = updates.try_recv().ok();
        }
        if may_propose && !is_over && !is_interrupted {
            let at = clock.now().max(walk.state.at);
            walk.propose(&runbook, &Moment { at, board: walk.keeper.board(at) });
        }
    }
    match walk.gone {
        Some(error) => Err(error),
        None => Ok(Walked { closed: walk.state.closed, halted: walk.halted, missed: walk.missed }),
    }
}

struct Walk<'a> {
    runbook: Arc<Runbook>,
    /// The way of a scenario that is gone; straight on without one.
    way: Option<Ending>,
    session: Session,
    state: RunState,
    keeper: BoardKeeper,
    out: &'a mut dyn Write,
    asked: Option<Proposal>,
    sensing: Sensing,
    halted: Option<String>,
    missed: Option<Missed>,
    gone: Option<io::Error>,
}

impl Walk<'_> {
    /// Whether there may be something to propose after it.
    fn take(&mut self, update: Update) -> bool {
        match update {
            Update::Recorded(records) => {
                for record in records.iter() {
                    self.state.apply(record);
                }
                self.print(&records);
                // What piton senses comes in between and answers nothing: what is under way is not asked for twice.
                if records.iter().any(|record| record.by != PITON) {
                    self.asked = None;
                }
                true
            }
            Update::Sampled(sample) => {
                self.keeper.take(*sample);
                true
            }
            Update::Refused(_, refusal) => {
                tracing::debug!(%refusal, "refused");
                self.asked = None;
                false
            }
            Update::Halted(why) => {
                self.halted = Some(why);
                self.session.leave(Leaving::Interrupted);
                false
            }
            Update::Printed(..) | Update::Ended => false,
        }
    }

    fn propose(&mut self, runbook: &Runbook, moment: &Moment) {
        if self.gone.is_some() || self.halted.is_some() || self.missed.is_some() {
            return;
        }
        let next = match script::next(self.way.as_ref(), runbook, &self.state, moment) {
            Ok(next) => next,
            Err(missed) => {
                self.missed = Some(missed);
                return self.session.leave(Leaving::Interrupted);
            }
        };
        if self.state.closed.is_some() {
            return self.session.leave(Leaving::Left);
        }
        if let Some(proposal) = next
            && self.asked.as_ref() != Some(&proposal)
            && self.is_on_fresh(&proposal, moment)
        {
            self.asked = Some(proposal.clone());
            self.session.propose(proposal);
        }
    }

    /// Whether a critical command may be proposed on the answers that there are. Where they are too old they are asked
    /// for.
    fn is_on_fresh(&mut self, proposal: &Proposal, moment: &Moment) -> bool {
        let (Proposal::Run { step, typed: Some(_), .. } | Proposal::RunAll { step, typed: Some(_), .. }) = proposal
        else {
            return true;
        };
        let fresh = self.sensing.look(&self.runbook, step, moment);
        if fresh == Fresh::Ask {
            self.session.sense_now();
        }
        fresh == Fresh::Propose
    }

    /// What is on disk, and nothing else, is printed as recorded. Without a reader the run is left.
    fn print(&mut self, records: &[Record]) {
        if self.gone.is_none()
            && let Err(error) = told::print(self.out, &self.runbook, &self.state, records)
        {
            self.gone = Some(error);
            self.session.leave(Leaving::Interrupted);
        }
    }
}

#[cfg(test)]
#[path = "autopilot_tests.rs"]
mod tests;
