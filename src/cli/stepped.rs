//! Practice runs that walk themselves as fast as they can be worked out: on a clock that is stepped, without sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, TERM_SIGNALS};
use signal_hook::flag;

use crate::cli::error::CliError;
use crate::cli::practice::{self, Wanted};
use crate::cli::{dialogue, fold, run};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::engine::{PracticeSeen, Record};
use crate::journal::Store;
use crate::plain::WATERMARK;
use crate::plain::told::Teller;
use crate::runbook::Runbook;
use crate::scenario::{self, Ending};
use crate::session::launch::LaunchError;
use crate::session::stepped::{self, Onlooker, Stopped, Walk, Walked};
use crate::session::{Suspended, Who};

/// A new run, walked to its end.
///
/// # Errors
/// There is no simulator for the runbook's system, the run cannot be opened, the output or the journal cannot be written,
/// or the way cannot be gone.
pub fn practice(
    store: &Store,
    runbook: &Arc<Runbook>,
    wanted: &Wanted,
    mistakes: bool,
    who: &Who,
) -> Result<u8, CliError> {
    let (played, nodes) = practice::planned(runbook, wanted)?;
    let way = practice::way_through(played.scenario.clone(), mistakes)?;
    if wanted.scenario.as_deref() == Some(scenario::SURPRISE) {
        practice::told_surprise(played.seed);
    }
    let began = SystemClock::starting(Timestamp::default()).now();
    let system = practice::built(runbook, nodes, &played, began, (&[], &[]))?;
    let (scenario, seed) = (played.scenario.as_ref(), played.seed);
    let walk = Walk { runbook: Arc::clone(runbook), system, nodes, scenario, seed, way: way.as_ref(), began };
    told(runbook, &[], |onlooker| stepped::walk(store, walk, who, onlooker))
}

/// A suspended run, walked on to its end.
///
/// # Errors
/// The run cannot be gone on with, the output or the journal cannot be written, or the way cannot be gone.
pub fn resume(suspended: Suspended, way: Option<&Ending>, who: &Who) -> Result<u8, CliError> {
    let runbook = Arc::clone(&suspended.runbook);
    let seen = suspended.state.opened.as_ref().and_then(|opened| opened.practice.clone());
    let seen: PracticeSeen = seen.ok_or_else(|| CliError::usage("the autopilot walks practice runs only"))?;
    let played = practice::played_before(&runbook, &seen)?;
    let records = suspended.records.clone();
    let began = records.first().map_or_else(Timestamp::default, |record| record.at);
    let system = practice::built(&runbook, seen.nodes, &played, began, (&seen.ports, &records))?;
    let now = SystemClock::starting(suspended.state.at).now();
    let (scenario, seed) = (played.scenario.as_ref(), played.seed);
    let walk = Walk { runbook: Arc::clone(&runbook), system, nodes: seen.nodes, scenario, seed, way, began };
    told(&runbook, &records, |onlooker| stepped::go_on(suspended, &walk, now, who, onlooker))
}

/// Walks a run and prints it as it goes; a signal has it left as interrupted.
fn told(
    runbook: &Arc<Runbook>,
    before: &[Record],
    walk: impl FnOnce(&mut Onlooker<'_>) -> Result<Walked, LaunchError>,
) -> Result<u8, CliError> {
    let is_interrupted = Arc::new(AtomicBool::new(false));
    // Set by the handler itself: a walk takes less than a second, and no other thread need have had its turn meanwhile.
    for signal in TERM_SIGNALS.iter().copied().chain([SIGHUP]) {
        flag::register(signal, Arc::clone(&is_interrupted)).map_err(CliError::failed)?;
    }
    let mut out = fold::out();
    let mut teller = Teller::new(Arc::clone(runbook), before, &mut out);
    let walked = walk(&mut |records| teller.tell(records) && !is_interrupted.load(Ordering::SeqCst));
    let Walked { folder, state, stopped, .. } = walked.map_err(run::launch_error)?;
    if let Some(error) = teller.gone() {
        return Err(dialogue::unheard(&folder, &error));
    }
    let halted = match stopped {
        Some(Stopped::Missed(missed)) => return Err(dialogue::strayed(&folder, &missed)),
        Some(Stopped::Halted(why)) => Some(why),
        Some(still @ Stopped::Still(_)) => {
            fold::print(&format!("{WATERMARK}{still}"));
            None
        }
        None => None,
    };
    dialogue::told_end(&folder, state.closed.map(|closed| closed.outcome), halted)
}
