//! What the screens ask of the program behind them, off the drawing thread: each effect with the message that answers it.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::tui::backstage::{Backstage, OpenRun};
use crate::tui::message::{Effect, Message};

/// How long the library waits for the runs that can be gone on with.
const RUNS_WAIT: Duration = Duration::from_millis(10);

/// Does what is asked; `None`: nobody behind the stage is asked by that.
pub(super) fn asked(
    backstage: &Arc<dyn Backstage>,
    effect: Effect,
    replier: &UnboundedSender<Message>,
) -> Option<Message> {
    Some(match effect {
        Effect::ReadLibrary => glance(backstage, replier),
        Effect::CheckLibrary => Message::Library(backstage.library()),
        Effect::ReadPast => Message::Past(backstage.past()),
        Effect::Compare(runbook) => Message::Changes(backstage.changes(&runbook).map(Box::new)),
        Effect::SetUp { runbook, is_practice } => Message::SetUp(backstage.set_up(&runbook, is_practice).map(Box::new)),
        Effect::SetUpAt { runbook, site } => {
            Message::SetUp(backstage.set_up_at(&runbook, site.as_deref()).map(Box::new))
        }
        Effect::Preflight { number, wanted, is_accepted } => {
            Message::Preflight(number, backstage.preflight(&wanted, is_accepted))
        }
        Effect::Begin(wanted) => Message::Launched(backstage.begin(&wanted).map(Box::new)),
        Effect::FindKeys(run) => Message::Keys(run, backstage.keys()),
        Effect::ReadBesides => Message::Besides(backstage.besides()),
        Effect::ReadBeside(folder) => {
            let beside = backstage.beside(&folder).map(Box::new);
            Message::Beside(folder, beside)
        }
        Effect::Debrief(folder) => Message::Debriefed(backstage.debrief(&folder).map(Box::new)),
        _ => return None,
    })
}

/// The library at a glance. The runs that can be gone on with come with it, unless there are so many that reading them takes
/// longer than a first frame may wait: then they follow.
fn glance(backstage: &Arc<dyn Backstage>, replier: &UnboundedSender<Message>) -> Message {
    let runs = OpenRuns::look(backstage);
    let (message, late) = runs.glance(&**backstage);
    match late {
        None => message,
        Some(runs) => {
            // The screens may have ended meanwhile.
            let _ = replier.send(message);
            runs.all()
        }
    }
}

/// The runs that can be gone on with.
pub(super) enum OpenRuns {
    /// A thread of their own reads them: a disk may take its time.
    Coming(Receiver<Result<Vec<OpenRun>, String>>),
    /// Why they cannot be listed.
    Unlisted(String),
}

impl OpenRuns {
    /// Begins to look for them.
    pub(super) fn look(backstage: &Arc<dyn Backstage>) -> Self {
        let (teller, told) = std::sync::mpsc::channel();
        let behind = Arc::clone(backstage);
        std::thread::spawn(move || teller.send(behind.resumable()));
        Self::Coming(told)
    }

    /// The library at a glance with these runs, or with none where they take too long or cannot be listed: then that is
    /// still to come.
    pub(super) fn glance(self, backstage: &dyn Backstage) -> (Message, Option<Self>) {
        let entries = backstage.glance();
        let told = match &self {
            Self::Coming(told) => told.recv_timeout(RUNS_WAIT).ok(),
            Self::Unlisted(_) => None,
        };
        match told {
            Some(Ok(open)) => (Message::Glanced(entries, open), None),
            Some(Err(why)) => (Message::Glanced(entries, Vec::new()), Some(Self::Unlisted(why))),
            None => (Message::Glanced(entries, Vec::new()), Some(self)),
        }
    }

    /// Waits for them.
    pub(super) fn all(self) -> Message {
        let lost = || Err("the runs of this machine are not known: they were not read to their end".into());
        Message::Resumable(match self {
            Self::Coming(told) => told.recv().unwrap_or_else(|_| lost()),
            Self::Unlisted(why) => Err(why),
        })
    }
}
