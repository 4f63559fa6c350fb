//! The loop: everything that happens becomes a message; what `update` asks for is done; a frame is drawn when
//! something changed. Nothing here waits for the disk.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::Event as TerminalEvent;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::clock::{Clock, SystemClock, Timestamp, monotonic};
use crate::engine::Leaving;
use crate::exec::Borrower;
use crate::journal::Follower;
use crate::session::{Launched, Session, Update};
use crate::tui::app::{App, draw, update};
use crate::tui::backstage::{Backstage, Recording, Start, TuiError};
use crate::tui::input::{self, Input as Events};
use crate::tui::message::{Effect, Instants, Message};
use crate::tui::panicked::{self, PARTING, panic_on_demand};
use crate::tui::screen::Screen;
use crate::tui::searching::Searching;
use crate::tui::sign::Signing;
use crate::tui::sizes;
use crate::tui::stagehand::OpenRuns;
use crate::tui::terminal::{self, Terminal, give_back, is_gone};
use crate::tui::watch::Outside;
use crate::tui::wheel::calmed;

/// How many things of one kind are taken in before a frame is drawn.
const BATCH: usize = 4_096;

/// The least time between two frames of which only output and samples are new.
const FRAME: Duration = Duration::from_millis(40);

/// How long a frame waits for more when all that is new are samples: those that were asked for at one moment come one
/// after the other.
const GATHER: Duration = Duration::from_millis(20);

/// How long the first frame waits for what it is to show, so that it need not be drawn twice.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// The least time between two looks at a clock that runs fast.
const LEAST_WAKE: Duration = Duration::from_millis(100);

/// How the loop came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Quit,
    Signal,
    Gone,
    /// Another thread panicked, and said this.
    Panicked(String),
}

/// The model and everything that happens to it.
pub(super) struct Runtime {
    pub(super) app: App,
    pub(super) backstage: Arc<dyn Backstage>,
    pub(super) session: Option<Session>,
    pub(super) updates: Option<UnboundedReceiver<Update>>,
    /// How the panes were drawn and is not written yet.
    pub(super) drawn: sizes::Drawn,
    /// Lets only the last search in the records go on.
    pub(super) searching: Searching,
    /// Reads on in the journal that is replayed.
    pub(super) follower: Option<Arc<Mutex<Follower>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) began: Instant,
    pub(super) outside: UnboundedReceiver<Outside>,
    pub(super) replier: UnboundedSender<Message>,
    pub(super) replies: UnboundedReceiver<Message>,
    /// Rung with every reply as long as the first frame waits for one.
    pub(super) bell: Option<std::sync::mpsc::Sender<()>>,
    pub(super) rung: std::sync::mpsc::Receiver<()>,
    /// What the first frame, when it is the library, shows beside the runbooks.
    pub(super) open_runs: Option<OpenRuns>,
    pub(super) last_frame: Option<Instant>,
    /// Something other than output or samples is new.
    pub(super) is_urgent: bool,
    /// Nothing but samples has come since the last frame, and moments that were waited for.
    pub(super) is_only_sampled: bool,
    /// When the first sample came that no frame shows.
    pub(super) sampled_at: Option<Instant>,
    /// What follows from what was taken in has not been derived: that waits for the frame, or for what builds on it.
    pub(super) is_behind: bool,
    /// The terminal was given back for a stop, and the process has not been continued since.
    pub(super) is_away: bool,
    /// Another program has the terminal, until it ends.
    pub(super) is_lent: bool,
    /// Nothing is read from the terminal.
    pub(super) holds_input: bool,
    /// What the terminal is to be lent for, as soon as it can be.
    pub(super) to_lend: Option<Lending>,
    /// What has the terminal.
    pub(super) borrower: Option<Borrower>,
    /// Set to end the reading of a file that somebody gave.
    pub(super) reading: Option<Arc<AtomicBool>>,
}

/// For what another program has the terminal.
pub(super) enum Lending {
    /// That editor has it for a text.
    Edit(Vec<String>, String),
    /// ssh-keygen has it, to sign something.
    Sign(Signing),
}

/// One thing that happened.
enum Happened {
    Terminal(Option<std::io::Result<TerminalEvent>>),
    Update(Option<Update>),
    Reply(Message),
    Outside(Outside),
    Woken,
}

impl Runtime {
    pub(super) fn new(app: App, backstage: Arc<dyn Backstage>, outside: UnboundedReceiver<Outside>) -> Self {
        let (replier, replies) = unbounded_channel();
        let (bell, rung) = std::sync::mpsc::channel();
        Self {
            app,
            backstage,
            session: None,
            updates: None,
            drawn: sizes::Drawn::default(),
            searching: Searching::default(),
            follower: None,
            clock: Arc::new(SystemClock::starting(Timestamp::default())),
            began: monotonic(),
            outside,
            replier,
            replies,
            bell: Some(bell),
            rung,
            open_runs: None,
            last_frame: None,
            is_urgent: true,
            is_only_sampled: false,
            sampled_at: None,
            is_behind: false,
            is_away: false,
            is_lent: false,
            holds_input: false,
            to_lend: None,
            borrower: None,
            reading: None,
        }
    }

    /// Draws the first frame.
    pub(super) fn show(&mut self, terminal: &mut Terminal) -> Result<(), TuiError> {
        self.take_size(terminal)?;
        if let Some(runs) = self.open_runs.take() {
            // Not on a thread: on a busy machine it takes longer to be woken by one than to look.
            let (message, late) = runs.glance(&*self.backstage);
            self.take(Happened::Reply(message), terminal)?;
            if let Some(runs) = late {
                self.aside(move || Some(runs.all()));
            }
        } else if self.session.is_none() {
            // What came before the bell was rung is shown too.
            let _ = self.rung.recv_timeout(FIRST_LOOK);
            if let Ok(reply) = self.replies.try_recv() {
                self.take(Happened::Reply(reply), terminal)?;
            }
        }
        self.bell = None;
        // What is typed meanwhile waits in the terminal: what a person sees comes first.
        self.settle();
        self.draw(terminal)?;
        Ok(())
    }

    pub(super) async fn live(
        &mut self,
        first: Result<(), TuiError>,
        terminal: &mut Terminal,
    ) -> Result<Ending, TuiError> {
        if let Err(error) = first {
            return self.broken(error).await;
        }
        let mut events = input::begin()?;
        loop {
            match self.turn(&mut events, terminal).await {
                Ok(None) => {}
                Ok(Some(ending)) => return Ok(ending),
                Err(error) => return self.broken(error).await,
            }
        }
    }

    /// Something that fails is how a terminal that is gone shows itself first: a write, or taking it again when the
    /// hang-up has continued the process as well.
    async fn broken(&mut self, error: TuiError) -> Result<Ending, TuiError> {
        if is_gone() || self.is_gone().await { Ok(Ending::Gone) } else { Err(error) }
    }

    /// Draws, waits until something happens, and takes it in.
    async fn turn(&mut self, events: &mut Events, terminal: &mut Terminal) -> Result<Option<Ending>, TuiError> {
        self.settle();
        self.draw(terminal)?;
        if self.app.exit.is_some() {
            return Ok(Some(Ending::Quit));
        }
        let happened = self.next(events).await;
        let ending = match self.take(happened, terminal)? {
            Some(ending) => Some(ending),
            None => self.drain(events, terminal)?,
        };
        if ending.is_none() {
            self.lend(events);
        }
        Ok(ending)
    }

    /// Sets about what is to be shown first.
    pub(super) fn begin(&mut self, start: Start) {
        match start {
            Start::Library => self.open_runs = Some(OpenRuns::look(&self.backstage)),
            // The library is read when somebody goes back to it, or has to.
            Start::SetUp { runbook, is_practice } => self.perform(Effect::SetUp { runbook, is_practice }, None),
            Start::Run(launched) => self.launch(Ok(launched)),
            Start::Replay(recording, at) => self.replay(Ok((recording, at))),
        }
    }

    fn now(&self) -> Instants {
        let real_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Instants { run: self.clock.now(), real_ms }
    }

    /// Tells the model the time, and lets it derive what follows from what it took in.
    fn settle(&mut self) {
        let now = self.now();
        update(&mut self.app, Message::Now(now));
        self.is_behind = self.app.is_dirty && self.frame_in().is_some();
        if !self.is_behind {
            self.app.derive();
        }
    }

    fn draw(&mut self, terminal: &mut Terminal) -> std::io::Result<()> {
        if self.is_away || !self.app.is_dirty || self.is_behind {
            return Ok(());
        }
        let is_drawn = self.is_only_sampled && terminal.is_at_rest() && self.app.is_drawn();
        if !is_drawn {
            let app = &self.app;
            terminal.draw(app.size, |area, buffer| drop(draw(app, area, buffer)))?;
            self.app.was_drawn();
        }
        self.app.is_dirty = false;
        self.is_urgent = false;
        self.is_only_sampled = true;
        self.sampled_at = None;
        self.last_frame = Some(monotonic());
        if is_drawn {
            return Ok(());
        }
        for effect in update(&mut self.app, Message::Shown) {
            self.perform(effect, None);
        }
        if matches!(self.app.screen, Screen::Run(_)) {
            panic_on_demand();
        }
        Ok(())
    }

    /// How long the next frame has to wait, when it does.
    fn frame_in(&self) -> Option<Duration> {
        let since = self.last_frame.filter(|_| !self.is_urgent)?.elapsed();
        let gathered = self.sampled_at.map_or(GATHER, |since| since.elapsed());
        let left = FRAME.saturating_sub(since).max(GATHER.saturating_sub(gathered));
        (!left.is_zero()).then_some(left)
    }

    fn wake_in(&self) -> Option<Duration> {
        let wakes = self.app.wakes();
        let run = wakes.run_ms.map(|ms| self.clock.real(Duration::from_millis(ms)).max(LEAST_WAKE));
        let frame = self.is_behind.then(|| self.frame_in().unwrap_or_default());
        [run, wakes.real_ms.map(Duration::from_millis), frame].into_iter().flatten().min()
    }

    async fn next(&mut self, events: &mut Events) -> Happened {
        let wake = self.wake_in();
        let sleep = async {
            match wake {
                Some(wake) => tokio::time::sleep(wake).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(outside) = self.outside.recv() => Happened::Outside(outside),
            event = events.events.recv() => Happened::Terminal(event),
            Some(reply) = self.replies.recv() => Happened::Reply(reply),
            update = next_update(&mut self.updates) => Happened::Update(update),
            () = sleep => Happened::Woken,
        }
    }

    /// Takes in all that has happened meanwhile, so that one frame shows it.
    fn drain(&mut self, events: &mut Events, terminal: &mut Terminal) -> Result<Option<Ending>, TuiError> {
        for _ in 0..BATCH {
            let Some(update) = self.updates.as_mut().and_then(|updates| updates.try_recv().ok()) else { break };
            self.take(Happened::Update(Some(update)), terminal)?;
        }
        let come: Vec<_> = std::iter::from_fn(|| events.events.try_recv().ok()).take(BATCH).collect();
        for event in calmed(come) {
            if let Some(ending) = self.take(Happened::Terminal(Some(event)), terminal)? {
                return Ok(Some(ending));
            }
        }
        while let Ok(outside) = self.outside.try_recv() {
            if let Some(ending) = self.take(Happened::Outside(outside), terminal)? {
                return Ok(Some(ending));
            }
        }
        Ok(None)
    }

    fn take(&mut self, happened: Happened, terminal: &mut Terminal) -> Result<Option<Ending>, TuiError> {
        if matches!(happened, Happened::Update(Some(Update::Sampled(_)))) {
            self.sampled_at.get_or_insert_with(monotonic);
        } else if !matches!(happened, Happened::Woken) {
            self.is_only_sampled = false;
        }
        let is_urgent =
            !matches!(happened, Happened::Update(Some(Update::Printed(..) | Update::Sampled(_))) | Happened::Woken);
        if is_urgent && std::mem::take(&mut self.is_behind) {
            // A key is judged by all that is known.
            self.app.derive();
        }
        self.is_urgent |= is_urgent;
        match happened {
            Happened::Outside(outside) => return self.on_outside(outside, terminal),
            Happened::Terminal(None | Some(Err(_))) => return Ok(Some(Ending::Gone)),
            Happened::Terminal(Some(Ok(event))) => {
                if let Some(message) = message_of(event) {
                    self.tell(message, terminal);
                }
            }
            Happened::Update(update) => {
                let update = update.unwrap_or(Update::Ended);
                if matches!(update, Update::Ended) {
                    panicked::left();
                    self.updates = None;
                    self.session = None;
                }
                self.tell(Message::Session(update), terminal);
            }
            Happened::Reply(Message::Launched(launched)) => self.launch(launched),
            Happened::Reply(Message::Recording(recording)) => self.replay(recording),
            Happened::Reply(reply @ (Message::Edited(_) | Message::Signed(_) | Message::ReleaseSigned(_))) => {
                (self.is_lent, self.borrower) = (false, None);
                terminal::lend(false);
                self.come_back(terminal)?;
                self.tell(reply, terminal);
            }
            Happened::Reply(reply) => self.tell(reply, terminal),
            Happened::Woken => self.tell(Message::Woken, terminal),
        }
        Ok(None)
    }

    fn on_outside(&mut self, outside: Outside, terminal: &mut Terminal) -> Result<Option<Ending>, TuiError> {
        match outside {
            Outside::Broken if self.is_lent => {}
            Outside::End | Outside::Broken => return Ok(Some(Ending::Signal)),
            Outside::Gone => return Ok(Some(Ending::Gone)),
            Outside::Panicked(said) => return Ok(Some(Ending::Panicked(said))),
            Outside::Stop => {
                give_back();
                // Another thread may take the signal: this one runs on for a moment, and must leave the terminal alone
                // until it is told that the process was continued.
                self.is_away = true;
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)
                    .map_err(std::io::Error::from)?;
            }
            // Whoever has the terminal goes on with it.
            Outside::Continued if self.is_lent => {}
            Outside::Continued => self.come_back(terminal)?,
            Outside::Resized => self.take_size(terminal)?,
        }
        Ok(None)
    }

    fn come_back(&mut self, terminal: &mut Terminal) -> Result<(), TuiError> {
        self.is_away = false;
        terminal.take_again()?;
        self.take_size(terminal)
    }

    fn take_size(&mut self, terminal: &mut Terminal) -> Result<(), TuiError> {
        // It may have come and gone to another size meanwhile, and lost what it showed.
        terminal.forget();
        let (columns, rows) = Terminal::size()?;
        self.tell(Message::Resized(columns, rows), terminal);
        Ok(())
    }

    fn tell(&mut self, message: Message, terminal: &mut Terminal) {
        let now = self.now();
        update(&mut self.app, Message::Now(now));
        for effect in update(&mut self.app, message) {
            self.perform(effect, Some(terminal));
        }
    }

    fn launch(&mut self, launched: Result<Box<Launched>, String>) {
        let message = match launched {
            Ok(mut launched) => {
                panicked::entered(&launched.session, launched.folder.clone());
                self.session = Some(launched.session.clone());
                self.clock = Arc::clone(&launched.clock);
                let (_, nobody) = unbounded_channel();
                self.updates = Some(std::mem::replace(&mut launched.updates, nobody));
                Message::Launched(Ok(launched))
            }
            Err(why) => Message::Launched(Err(why)),
        };
        let now = self.now();
        update(&mut self.app, Message::Now(now));
        for effect in update(&mut self.app, message) {
            self.perform(effect, None);
        }
    }

    fn replay(&mut self, recording: Result<(Box<Recording>, Option<u64>), String>) {
        self.follower = recording.as_ref().ok().and_then(|(recording, _)| recording.follower.clone());
        let now = self.now();
        update(&mut self.app, Message::Now(now));
        for effect in update(&mut self.app, Message::Recording(recording)) {
            self.perform(effect, None);
        }
    }

    /// Whether the terminal is gone, or will be known to be in a moment.
    async fn is_gone(&mut self) -> bool {
        let wait = timeout(Duration::from_millis(200), async {
            loop {
                match self.outside.recv().await {
                    Some(Outside::Gone | Outside::End | Outside::Broken) => return true,
                    Some(_) => {}
                    None => return false,
                }
            }
        });
        wait.await.unwrap_or(false)
    }

    /// Closes the sitting, if it is still open, and takes in what is recorded about that.
    pub(super) async fn part(&mut self) {
        let (Some(session), Some(mut updates)) = (self.session.take(), self.updates.take()) else { return };
        session.leave(Leaving::Interrupted);
        let farewell = async {
            while let Some(last) = updates.recv().await {
                if matches!(last, Update::Ended) {
                    return;
                }
                update(&mut self.app, Message::Session(last));
            }
        };
        // A disk that takes longer than that is left to the next sitting, which tells what it finds.
        let _ = timeout(PARTING, farewell).await;
    }
}

async fn next_update(updates: &mut Option<UnboundedReceiver<Update>>) -> Option<Update> {
    match updates {
        Some(updates) => updates.recv().await,
        None => std::future::pending().await,
    }
}

fn message_of(event: TerminalEvent) -> Option<Message> {
    match event {
        TerminalEvent::Key(key) => Some(Message::Key(key)),
        TerminalEvent::Paste(text) => Some(Message::Paste(text)),
        TerminalEvent::Mouse(mouse) => Some(Message::Mouse(mouse)),
        // A size is taken from the signal itself: see `Outside::Resized`.
        TerminalEvent::Resize(..) | TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
    }
}
