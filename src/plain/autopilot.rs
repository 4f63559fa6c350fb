//! A practice run that walks itself, printed line by line.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::engine::{CRITICAL_SAMPLE_MS, Closed, Leaving, Mode, Moment, Proposal, Record, RunState, evidence};
use crate::health::BoardKeeper;
use crate::plain::words;
use crate::runbook::Runbook;
use crate::scenario::Ending;
use crate::session::{Launched, Session, Update, script};

/// Younger answers are good enough for a critical command, in milliseconds: the session judges a little later.
const YOUNG_MS: u64 = CRITICAL_SAMPLE_MS - 2_000;

/// How often its probes are asked before the session decides on what there is.
const ROUNDS: u8 = 3;

/// How an autopilot run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The end, when it was reached.
    pub closed: Option<Closed>,
    /// Why it was not, when the journal could not be written.
    pub halted: Option<String>,
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
        sensing: None,
        halted: None,
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
        None => Ok(Walked { closed: walk.state.closed, halted: walk.halted }),
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
    /// Since when the probes of a critical command are asked for it, and how often they were.
    sensing: Option<(Timestamp, u8)>,
    halted: Option<String>,
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
                self.asked = None;
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
        if self.gone.is_some() || self.halted.is_some() {
            return;
        }
        if self.state.closed.is_some() {
            return self.session.leave(Leaving::Left);
        }
        if let Some(proposal) = script::next(self.way.as_ref(), runbook, &self.state, moment)
            && self.asked.as_ref() != Some(&proposal)
            && self.is_on_fresh(&proposal, moment)
        {
            self.asked = Some(proposal.clone());
            self.session.propose(proposal);
        }
    }

    /// Whether a critical command may be proposed on the answers that there are. Where they are too old they are asked
    /// for: by itself a probe may ask too rarely ever to be young enough, or never at the same time as another one.
    fn is_on_fresh(&mut self, proposal: &Proposal, moment: &Moment) -> bool {
        let (Proposal::Run { step, typed: Some(_), .. } | Proposal::RunAll { step, typed: Some(_), .. }) = proposal
        else {
            return true;
        };
        let oldest = moment.board.oldest_ms(&evidence(&self.runbook, &moment.board, step));
        let (since, rounds) = self.sensing.unwrap_or((moment.at, 0));
        let waited = u64::try_from(moment.at.since(since).as_millis()).unwrap_or(u64::MAX);
        let have_all_answered = rounds == 0 || oldest.is_some_and(|age| age < waited);
        if oldest.is_some_and(|age| age <= YOUNG_MS) || (have_all_answered && rounds >= ROUNDS) {
            self.sensing = None;
            return true;
        }
        if have_all_answered {
            self.sensing = Some((moment.at, rounds + 1));
            self.session.sense_now();
        }
        false
    }

    /// What is on disk, and nothing else, is printed as recorded. Without a reader the run is left.
    fn print(&mut self, records: &[Record]) {
        let mode = self.state.opened.as_ref().map_or(Mode::Practice, |opened| opened.mode);
        if self.gone.is_none()
            && let Err(error) = self.lines(records, mode)
        {
            self.gone = Some(error);
            self.session.leave(Leaving::Interrupted);
        }
    }

    fn lines(&mut self, records: &[Record], mode: Mode) -> io::Result<()> {
        for record in records {
            let told = words::turned(&self.runbook, &self.state, record);
            writeln!(self.out, "{}{told}", words::line(record, mode))?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
#[path = "autopilot_tests.rs"]
mod tests;
