//! The run screen: one fold of the session's records, and what a person looks at in it.

mod absent;
pub mod alarm;
pub mod alarm_list;
mod asking;
pub mod away;
mod back;
mod burst;
pub mod cautions;
mod console;
mod derive;
mod drafts;
pub mod draw;
mod evidence;
mod file;
mod fold;
pub mod grid;
mod keys;
pub mod layout;
mod mouse;
mod moving;
pub mod naming;
mod opening;
pub mod origin;
pub mod output;
pub mod over;
pub mod overview;
pub mod page;
pub mod possible;
mod quiet;
pub mod reading;
pub mod replayed;
pub mod results;
mod room;
pub mod seen;
mod signing;
pub mod sizes;
mod soaking;
mod stall;
mod wakes;

pub use wakes::{FRESH_MS, Wakes};

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::engine::{Allowed, Board, ConditionId, Gate, Moment, Proposal, Record, RunState, Turned};
use crate::health::BoardKeeper;
use crate::runbook::{ProbeId, RollbackId, Runbook, StepKey};
use crate::scenario::Hint;
use crate::session::Launched;
use crate::tui::backstage::Exit;
use crate::tui::dialog::Dialog;
use crate::tui::found::Found;
use crate::tui::keymap::Context;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::alarm::{Alarm, Subject};
use crate::tui::screen::run::asking::Asking;
use crate::tui::screen::run::burst::Burst;
use crate::tui::screen::run::file::FileRead;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::naming::spoken;
use crate::tui::screen::run::output::OutputTail;
use crate::tui::screen::run::over::Over;
use crate::tui::screen::run::page::StepPage;
use crate::tui::screen::run::quiet::Drawn;
use crate::tui::screen::run::reading::Reading;
use crate::tui::screen::run::replayed::Replayed;
use crate::tui::screen::run::results::Looked;
use crate::tui::screen::run::sizes::{Border, Sizes};
use crate::tui::screen::run::soaking::Soaking;
use crate::tui::widget::checklist::Tally;
use crate::tui::widget::health_table::BoardOrder;

/// How long the action key must have been let go before it acts again, in real milliseconds. Longer than the usual
/// delay before a held key repeats (up to 660 ms), so that holding it never acts twice.
pub const LET_GO_MS: u64 = 700;

/// How long a leaving operator waits for the sitting to be closed on disk, in real milliseconds.
const LEAVE_MS: u64 = 5_000;

/// How many records are told on the resume card.
pub const TOLD: usize = 3;

/// The state of the run screen.
pub struct Run {
    /// What is walked.
    pub runbook: Arc<Runbook>,
    /// The fold of everything that is on disk.
    pub state: RunState,
    /// The latest samples.
    pub keeper: BoardKeeper,
    /// The run's folder; empty where a journal is replayed that lies in none.
    pub folder: PathBuf,
    /// Where a command runs that names no directory; empty in a replay.
    pub directory: String,
    /// The sha256 of the last record's line, lower-case hex.
    pub head: Option<String>,
    /// What was proposed and has not been answered: it is being saved.
    pub pending: Option<Proposal>,
    /// The file that is read before that is proposed.
    pub file: Option<FileRead>,
    /// Why the journal cannot be written any more.
    pub halted: Option<String>,
    /// Something to be told in the status line.
    pub notice: Option<String>,
    /// What became of signing the journal: what was made, or why nothing was.
    pub signed: Option<Result<String, String>>,
    /// The console of a rehearsal, while it is open.
    pub console: Option<console::Console>,
    /// What the scenario of a rehearsal has to say, once it was looked up.
    hints: OnceCell<Vec<Hint>>,
    /// What stands in the place of the panes.
    pub over: Option<Over>,
    /// What lies over the screen.
    pub dialog: Option<Dialog>,
    /// What was typed in those that were left.
    drafts: drafts::Drafts,
    /// How much of it was read.
    pub reading: Reading,
    /// "You were here", until it is dismissed.
    pub card: Option<Card>,
    /// A search that stands.
    pub found: Option<Found>,
    /// The step that is looked at; `None`: the current one.
    pub browsed: Option<StepKey>,
    /// Which pane has the keys.
    pub focus: Pane,
    /// Whether that pane is shown alone.
    pub is_zoomed: bool,
    /// How the panes share the room.
    pub sizes: Sizes,
    /// The edge that the mouse holds.
    held_border: Option<Border>,
    /// The step whose cautions were asked for in full.
    unfolded: Option<StepKey>,
    /// How far the step pane is scrolled.
    pub scroll: usize,
    /// How far the health pane is scrolled.
    pub health_scroll: usize,
    /// The row of the board that was looked for: it stands out until the pane is scrolled by hand.
    pub sought: Option<(ProbeId, Option<String>)>,
    /// How far the guards pane is scrolled.
    pub guards_scroll: usize,
    /// What the running or last command printed.
    pub output: OutputTail,
    /// What an earlier command printed, read again from disk.
    pub again: OutputTail,
    /// Set when a journal is shown: nothing can be proposed then.
    pub replayed: Option<Replayed>,
    /// What is looked at of the results of a step that takes its items together.
    pub looked: Looked,
    /// What follows from state, board and time.
    pub view: View,
    /// The alarms that were seen: each with the moment since which there is one.
    pub seen: HashMap<Subject, Timestamp>,
    /// The last records that tell what happened.
    latest: Vec<Record>,
    /// When a key was last pressed, or the mouse moved.
    last_there_ms: Option<u64>,
    /// When the action key was last pressed.
    last_act_ms: Option<u64>,
    /// When a click led back to the current step.
    last_return_ms: Option<u64>,
    /// The keys that came in one go.
    burst: Burst,
    /// The confirmed command whose probes are being asked.
    asking: Option<Asking>,
    /// What was met of the running soak.
    soaking: Soaking,
    /// The current step changed and has not been on the screen yet.
    is_unseen: bool,
    /// When the operator asked to leave.
    leaving_since_ms: Option<u64>,
    /// The last frame, as long as it shows all that is known.
    drawn: Option<Drawn>,
    /// `view` must be derived again.
    is_stale: bool,
    /// Another step is looked at: only the page must be.
    is_page_stale: bool,
    size: (u16, u16),
}

/// What the screen of a run is made of.
struct Parts {
    runbook: Arc<Runbook>,
    state: RunState,
    keeper: BoardKeeper,
    folder: PathBuf,
    head: Option<String>,
    card: Option<Card>,
    replayed: Option<Replayed>,
}

/// What the card on resuming shows.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Time, author and event of the last records before this sitting.
    pub told: Vec<(Timestamp, String, String)>,
    /// The board as it was last recorded.
    pub board: Board,
    /// How far it is scrolled.
    pub scroll: usize,
}

/// Everything that follows from state, board and time; derived once per change, not per frame.
#[derive(Clone, Debug)]
pub struct View {
    /// The moment it was derived for.
    pub moment: Moment,
    /// What may be done.
    pub allowed: Vec<Allowed>,
    /// The gate of the current step.
    pub gate: Gate,
    /// The way back that is offered.
    pub rollback: Option<(RollbackId, String)>,
    /// None is offered, and of one it cannot be told whether it would be.
    pub is_back_unknown: bool,
    /// Why the walk cannot go on although no step is current.
    pub stalled: Option<String>,
    /// The rows that turned bad, or may, and what is to be made of each.
    pub turned: Vec<(ConditionId, Turned)>,
    /// What somebody should know of, the gravest first.
    pub alarms: Vec<Alarm>,
    /// The rows of the board in the order of a table, once that was needed.
    order: OnceCell<BoardOrder>,
    /// The same of the last moment at which it was needed.
    order_before: BoardOrder,
    /// How many steps stand how.
    pub tally: Tally,
    /// The step that is looked at.
    pub page: StepPage,
}

impl Run {
    /// The screen of a run that was opened or resumed.
    pub fn new(launched: &Launched, now: Instants, size: (u16, u16)) -> Self {
        let runbook = Arc::clone(&launched.runbook);
        let state = RunState::fold(&runbook, &launched.records);
        let keeper = BoardKeeper::new(&launched.targets).paced_by(&*launched.clock);
        let card = launched.is_resumed.then(|| fold::card(&runbook, &launched.records, &state, now));
        let head = launched.records.last().map(fold::head_of);
        let folder = launched.folder.clone();
        let mut run = Self::of(Parts { runbook, state, keeper, folder, head, card, replayed: None }, now, size);
        run.directory.clone_from(&launched.directory);
        run.latest = absent::latest(&launched.records);
        run
    }

    fn of(parts: Parts, now: Instants, size: (u16, u16)) -> Self {
        let Parts { runbook, state, keeper, folder, head, card, replayed } = parts;
        let moment = Moment { at: now.run, board: keeper.board(now.run) };
        let view = View::underived(moment, &state);
        let mut run = Self {
            runbook,
            state,
            keeper,
            folder,
            directory: String::new(),
            head,
            pending: None,
            file: None,
            halted: None,
            notice: None,
            signed: None,
            console: None,
            hints: OnceCell::new(),
            over: None,
            reading: Reading::default(),
            dialog: None,
            drafts: drafts::Drafts::default(),
            card,
            found: None,
            browsed: None,
            focus: Pane::Step,
            is_zoomed: false,
            sizes: Sizes::default(),
            held_border: None,
            unfolded: None,
            scroll: 0,
            health_scroll: 0,
            sought: None,
            guards_scroll: 0,
            output: OutputTail::default(),
            again: OutputTail::default(),
            replayed,
            looked: Looked::default(),
            view,
            seen: HashMap::new(),
            latest: Vec::new(),
            last_there_ms: Some(now.real_ms),
            last_act_ms: None,
            last_return_ms: None,
            burst: Burst::default(),
            asking: None,
            soaking: Soaking::default(),
            is_unseen: true,
            leaving_since_ms: None,
            drawn: None,
            is_stale: true,
            is_page_stale: true,
            size,
        };
        run.derive(now);
        run
    }

    /// The step that is looked at: the browsed one, else the current one, else one that has reverted, else the last that
    /// came to an end.
    pub fn shown_step(&self) -> Option<StepKey> {
        let browsed = self.browsed.clone().or_else(|| self.state.current.clone());
        browsed.or_else(|| self.state.reverted().next().cloned()).or_else(|| {
            let steps = self.state.walked().flat_map(|phase| phase.keys());
            let ended = steps.filter(|(_, step)| step.status.is_accounted() && step.ended.is_some());
            ended.map(|(key, _)| key).last()
        })
    }

    /// A step as people name it.
    pub fn spoken(&self, key: &StepKey) -> String {
        spoken(&self.runbook, &self.state, &self.view.moment, key)
    }

    /// Whether the step that is looked at is the current one.
    pub fn is_at_current(&self) -> bool {
        self.browsed.is_none() || self.browsed == self.state.current
    }

    /// Something changed: derive before the next look.
    fn touch(&mut self) {
        self.is_stale = true;
    }

    /// Time passed.
    pub fn look_again(&mut self, now: Instants) -> Vec<Effect> {
        self.touch();
        let has_waited = self.leaving_since_ms.is_some_and(|since| now.real_ms.saturating_sub(since) >= LEAVE_MS);
        if has_waited { vec![Effect::Quit] } else { Vec::new() }
    }

    /// The terminal's size changed.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.is_unseen = true;
        // Lines are broken anew: what was read of them is told anew.
        self.reading = Reading::default();
        self.read_dialog();
    }

    /// What was derived has been on the screen.
    pub fn was_shown(&mut self) {
        self.is_unseen = false;
    }

    /// Whether the action key acts: the step has been on the screen and the key was let go.
    pub fn is_armed(&self, now: Instants) -> bool {
        self.is_let_go(now) && !self.is_unseen
    }

    /// Whether the action key was let go: it acts as soon as what is being drawn has been on the screen.
    pub fn is_let_go(&self, now: Instants) -> bool {
        let is_up = self.last_act_ms.is_none_or(|last| now.real_ms.saturating_sub(last) >= LET_GO_MS);
        is_up && !self.burst.is_lost(now.real_ms)
    }

    /// Whether keys go to its panes, or to what stands in their place.
    pub fn has_keys(&self) -> bool {
        self.dialog.is_none() && self.card.is_none() && self.console.is_none()
    }

    /// Where a key is looked up.
    pub fn context(&self) -> Context {
        match &self.dialog {
            Some(Dialog::Note(_)) => Context::Note,
            Some(_) => Context::Dialog,
            None if self.card.is_some() => Context::Dialog,
            None if self.console.is_some() => Context::Console,
            None => self.over.as_ref().map_or(Context::Run, Over::context),
        }
    }

    /// Where a key is looked up, the nearest first: while a search stands, its own keys come before those of the run.
    pub fn contexts(&self) -> Vec<Context> {
        let context = self.context();
        let is_found = context == Context::Run && self.found.is_some();
        is_found.then_some(Context::Found).into_iter().chain([context]).collect()
    }

    /// Whether a character goes into a text.
    pub fn is_typing(&self) -> bool {
        self.dialog.as_ref().map_or(self.context() == Context::Console, Dialog::is_typing)
    }

    /// Something could not be done; why.
    pub fn refuse(&mut self, why: &str) {
        self.pending = None;
        match self.dialog.as_mut() {
            Some(dialog) if dialog.is_typing() => dialog.refuse(why),
            _ => self.notice = Some(why.to_owned()),
        }
    }

    /// How it stands, for whoever started the screens.
    pub fn exit(&self) -> Exit {
        Exit {
            run: self.state.opened.as_ref().map(|opened| opened.run.clone()),
            folder: Some(self.folder.clone()),
            outcome: self.state.closed.as_ref().map(|closed| closed.outcome),
            records: self.state.seq,
            head: self.head.clone(),
            is_interrupted: false,
            is_terminal_gone: false,
            halted: self.halted.clone(),
        }
    }

    fn leave(&mut self, now: Instants) {
        self.leaving_since_ms = Some(now.real_ms);
        self.dialog = None;
        self.drafts = drafts::Drafts::default();
    }

    /// Whether the operator asked to leave.
    pub fn is_leaving(&self) -> bool {
        self.leaving_since_ms.is_some()
    }
}
