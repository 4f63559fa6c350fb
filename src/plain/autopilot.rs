//! A practice run that walks itself, printed line by line.

use std::io::{self, Write};

use crate::engine::{Closed, Leaving, Moment, Proposal, Record, RunState};
use crate::health::BoardKeeper;
use crate::session::{Launched, Update, autopilot};

/// How an autopilot run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The end, when it was reached.
    pub closed: Option<Closed>,
    /// Why it was not, when the journal could not be written.
    pub halted: Option<String>,
}

/// Walks the run to its end and prints `recorded #N …` for each record, after it is on disk.
///
/// # Errors
/// The output cannot be written; the run is then left as interrupted.
pub async fn walk(launched: Launched, out: &mut dyn Write) -> io::Result<Walked> {
    let Launched { session, mut updates, runbook, records, targets, clock, is_resumed, .. } = launched;
    let mut state = RunState::fold(&runbook, &records);
    if !is_resumed {
        print(&records, out)?;
    }
    let mut keeper = BoardKeeper::new(&targets).paced_by(&*clock);
    let mut asked: Option<Proposal> = None;
    let mut halted = None;
    while let Some(update) = updates.recv().await {
        match update {
            Update::Recorded(records) => {
                for record in records.iter() {
                    state.apply(record);
                }
                if let Err(error) = print(&records, out) {
                    session.leave(Leaving::Interrupted);
                    return Err(error);
                }
                asked = None;
            }
            Update::Sampled(sample) => keeper.take(*sample),
            Update::Refused(_, refusal) => {
                tracing::debug!(%refusal, "refused");
                asked = None;
                continue;
            }
            Update::Printed(..) => continue,
            Update::Halted(why) => {
                halted = Some(why);
                session.leave(Leaving::Interrupted);
                continue;
            }
            Update::Ended => break,
        }
        if state.closed.is_some() {
            session.leave(Leaving::Left);
            continue;
        }
        if !updates.is_empty() {
            // What is judged must be the present: on a busy machine answers can come faster than they can be judged.
            continue;
        }
        let at = clock.now().max(state.at);
        let moment = Moment { at, board: keeper.board(at) };
        if let Some(proposal) = autopilot::next(&runbook, &state, &moment)
            && asked.as_ref() != Some(&proposal)
        {
            asked = Some(proposal.clone());
            session.propose(proposal);
        }
    }
    Ok(Walked { closed: state.closed, halted })
}

/// What is on disk, and nothing else, is printed as recorded.
fn print(records: &[Record], out: &mut dyn Write) -> io::Result<()> {
    for record in records {
        writeln!(out, "{}", super::line(record))?;
    }
    out.flush()
}
