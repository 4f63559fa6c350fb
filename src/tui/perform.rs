//! What the model asks for is done: by the session, behind the drawing thread, or by the terminal itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

use crate::clock::monotonic;
use crate::engine::Proposal;
use crate::exec::Borrower;
use crate::session::Session;
use crate::session::given::{Each, answer};
use crate::tui::app::update;
use crate::tui::backstage::{Backstage, JournalEntry};
use crate::tui::editor;
use crate::tui::evidence::{attach, completions, keep, signature};
use crate::tui::input::Input;
use crate::tui::message::{Effect, Message};
use crate::tui::recorded::{read_on, tail_of};
use crate::tui::runtime::{Lending, Runtime};
use crate::tui::screen::Screen;
use crate::tui::screen::run::sizes::Sizes;
use crate::tui::searching::search;
use crate::tui::sign::{Signing, ToSign};
use crate::tui::sizes;
use crate::tui::stagehand::asked;
use crate::tui::terminal::{Terminal, give_back, lend, regain};

/// How often it is told how far the reading of a file has come.
const TELL_EVERY: Duration = Duration::from_millis(250);

impl Runtime {
    pub(super) fn perform(&mut self, effect: Effect, terminal: Option<&mut Terminal>) {
        let backstage = Arc::clone(&self.backstage);
        match effect {
            Effect::Propose(proposal) => self.with_session(|session| session.propose(proposal)),
            Effect::Cancel(job) => self.with_session(|session| session.cancel(job)),
            Effect::SenseNow => self.with_session(Session::sense_now),
            Effect::Leave(how) => self.with_session(|session| session.leave(how)),
            Effect::AnswerFile { step, value } => {
                let path = value.as_str().unwrap_or_default().to_owned();
                self.read_file(path, move |each| answer(step, &value, each));
            }
            Effect::Attach { step, path, is_kept } => {
                let kept_in = self.run_folder().filter(|_| is_kept);
                self.read_file(path.clone(), move |each| attach(kept_in, step, &path, each));
            }
            Effect::StopReading => self.stop_reading(),
            Effect::Replay(_) | Effect::ReplayAt(..) | Effect::ReadJournals | Effect::Resume(_) => self.read(effect),
            Effect::Complete(typed) => self.aside(move || Some(completions(typed))),
            Effect::KeepStatement { folder, name, text } => self.behind(move || Some(keep(folder, name, &text))),
            Effect::ReadSizes => self.behind(move || Some(Message::Sizes(sizes::read(&*backstage)))),
            Effect::KeepSizes(drawn) => self.keep_sizes(drawn),
            Effect::ReadSignature(path) => self.aside(move || Some(Message::SignatureRead(signature(&path)))),
            Effect::ReadOutput(of) => self.aside(move || Some(tail_of(of))),
            Effect::Check { runbook, input, text, .. } => {
                let problem = backstage.check_input(&runbook, &input, &text);
                update(&mut self.app, Message::Checked { input, text, problem });
            }
            Effect::ReadOn => {
                let follower = self.follower.clone();
                self.aside(move || read_on(follower?.as_ref()));
            }
            Effect::Search(words) => self.look_for(words),
            Effect::Edit(text) => self.edit(text),
            Effect::Sign(signing) => self.to_lend = Some(Lending::Sign(signing)),
            Effect::Notify(told) => {
                if let Some(terminal) = terminal {
                    terminal.notify(self.app.notify, &told);
                }
            }
            Effect::Copy(text) => {
                if let Some(terminal) = terminal {
                    terminal.copy(&text);
                }
            }
            Effect::Suspend => self.suspend(),
            Effect::Redraw => {
                if let Some(terminal) = terminal {
                    terminal.forget();
                }
            }
            Effect::Quit => {}
            effect => {
                let (replier, begins) = (self.replier.clone(), matches!(effect, Effect::Begin(_)));
                let work = move || asked(&backstage, effect, &replier);
                if begins { self.behind(work) } else { self.aside(work) }
            }
        }
    }

    /// Remembers how the panes were drawn.
    fn keep_sizes(&self, drawn: Sizes) {
        let (kept, backstage) = (self.drawn.clone(), Arc::clone(&self.backstage));
        kept.put(drawn);
        self.behind(move || kept.write(&*backstage));
    }

    /// Has the text written in the editor that is wanted.
    fn edit(&mut self, text: String) {
        match editor::wanted() {
            Ok(editor) => self.to_lend = Some(Lending::Edit(editor, text)),
            Err(why) => {
                update(&mut self.app, Message::Edited(Err(why)));
            }
        }
    }

    /// Looks for words in the records of all runs; whatever was looked for before is of no matter any more.
    fn look_for(&self, words: String) {
        let (backstage, replier, turn) = (Arc::clone(&self.backstage), self.replier.clone(), self.searching.begin());
        self.behind(move || search(&*backstage, words, &replier, &turn));
    }

    fn run_folder(&self) -> Option<PathBuf> {
        if let Screen::Run(run) = &self.app.screen { Some(run.folder.clone()) } else { None }
    }

    fn with_session(&self, what: impl FnOnce(&Session)) {
        if let Some(session) = &self.session {
            what(session);
        }
    }

    /// Reads a file that somebody gave, aside. Only one is: the reading before, if there is one, is ended.
    fn read_file(&mut self, path: String, look: impl FnOnce(Each<'_>) -> Result<Proposal, String> + Send + 'static) {
        let of = path.clone();
        let began = monotonic();
        let told = move |done, all| Message::ReadingFile { path: of.clone(), done, all, took: began.elapsed() };
        self.read_aside(told, move |each| Message::FileRead(path, look(each)));
    }

    /// Reads journals.
    fn read(&mut self, effect: Effect) {
        match effect {
            Effect::Replay(run) => self.read_journal(run, None),
            Effect::ReplayAt(run, at) => self.read_journal(run, Some(at)),
            Effect::Resume(run) => self.resume(run),
            _ => self.list_journals(),
        }
    }

    /// Reads the journal of that run in the same way, to stand at that record of it.
    fn read_journal(&mut self, run: String, at: Option<u64>) {
        let (of, backstage) = (run.clone(), Arc::clone(&self.backstage));
        let began = monotonic();
        let told = move |done, all| Message::ReadingJournal { run: of.clone(), done, all, took: began.elapsed() };
        let read = move |each: Each<'_>| backstage.recording(&run, each).map(|recording| (Box::new(recording), at));
        self.read_aside(told, move |each| Message::Recording(read(each)));
    }

    /// Goes on with a run, whose journal is read first; what came of it is told also when that is ended.
    fn resume(&mut self, run: String) {
        let (is_ended, began) = (self.begins_reading(), monotonic());
        let (replier, backstage) = (self.replier.clone(), Arc::clone(&self.backstage));
        self.behind(move || {
            let of = run.clone();
            let tell = move |done, all| Message::ReadingJournal { run: of.clone(), done, all, took: began.elapsed() };
            let launched = backstage.resume(&run, &mut now_and_then(tell, replier, is_ended));
            Some(Message::Launched(launched.map(Box::new)))
        });
    }

    /// Reads something aside, tells now and then how far that is, and at last what came of it; nothing once it is ended.
    fn read_aside(
        &mut self,
        tell: impl Fn(u64, u64) -> Message + Send + 'static,
        read: impl FnOnce(Each<'_>) -> Message + Send + 'static,
    ) {
        let is_ended = self.begins_reading();
        let replier = self.replier.clone();
        self.aside(move || {
            let read = read(&mut now_and_then(tell, replier, Arc::clone(&is_ended)));
            (!is_ended.load(Ordering::Relaxed)).then_some(read)
        });
    }

    /// Lists all runs, and tells of those that were read meanwhile.
    fn list_journals(&mut self) {
        let (is_ended, began) = (self.begins_reading(), monotonic());
        let (replier, backstage) = (self.replier.clone(), Arc::clone(&self.backstage));
        self.aside(move || {
            let mut first = 0;
            let goes_on = || !is_ended.load(Ordering::Relaxed);
            let mut each = |entries: Vec<JournalEntry>, all| {
                let (from, took) = (first, began.elapsed());
                first += entries.len();
                let _ = replier.send(Message::SomeJournals { first: from, entries, all, took });
            };
            let entries = backstage.journals(&mut each, &goes_on);
            let message = entries.map_or_else(Message::Unlisted, Message::Journals);
            goes_on().then_some(message)
        });
    }

    /// Whatever is read otherwise ends; set once this reading is to end as well.
    fn begins_reading(&mut self) -> Arc<AtomicBool> {
        self.stop_reading();
        let is_ended = Arc::new(AtomicBool::new(false));
        self.reading = Some(Arc::clone(&is_ended));
        is_ended
    }

    fn stop_reading(&mut self) {
        if let Some(is_ended) = self.reading.take() {
            is_ended.store(true, Ordering::Relaxed);
        }
    }

    /// Does something that writes away from the drawing thread; its reply is a message. The program does not end before
    /// it is done. Before there is a runtime it is done on a thread of its own.
    fn behind(&self, what: impl FnOnce() -> Option<Message> + Send + 'static) {
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(self.replied(what))),
            Err(_) => self.aside(what),
        }
    }

    /// The same with something that only reads: a disk that does not answer does not hold up the end of the program.
    pub(super) fn aside(&self, what: impl FnOnce() -> Option<Message> + Send + 'static) {
        let (work, runtime) = (self.replied(what), Handle::try_current());
        std::thread::spawn(move || {
            let _inside = runtime.as_ref().ok().map(Handle::enter);
            work();
        });
    }

    fn replied(&self, what: impl FnOnce() -> Option<Message> + Send + 'static) -> impl FnOnce() + Send + 'static {
        let (replier, bell) = (self.replier.clone(), self.bell.clone());
        move || {
            if let Some(message) = what() {
                // The screens have ended meanwhile: nobody wants the reply. Nor the bell, once a frame is drawn.
                let _ = replier.send(message);
                let _ = bell.map(|bell| bell.send(()));
            }
        }
    }

    /// Stops the whole foreground job as the shell's own ctrl-z would. A process that leads its session has no shell
    /// to continue it, so it stays.
    fn suspend(&mut self) {
        let me = rustix::process::getpid();
        let is_leader = rustix::process::getsid(None).is_ok_and(|leader| leader == me);
        let is_sent = !is_leader && rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).is_ok();
        if !is_sent {
            self.app.notify("there is no shell to go back to");
        }
    }

    /// Lends the terminal to what was asked for, and reads nothing from it until it is given back.
    pub(super) fn lend(&mut self, events: &mut Input) {
        if !self.is_lent && self.holds_input {
            self.holds_input = false;
            events.go_on();
        }
        let Some(lending) = self.to_lend.take().filter(|_| !self.is_away) else { return };
        events.hold();
        give_back();
        lend(true);
        (self.is_away, self.is_lent, self.holds_input) = (true, true, true);
        let borrower = Borrower::default();
        self.borrower = Some(borrower.clone());
        match lending {
            Lending::Edit(editor, text) => {
                self.aside(move || Some(Message::Edited(editor::edit(&editor, &text, &borrower))));
            }
            Lending::Sign(signing) => {
                let backstage = Arc::clone(&self.backstage);
                self.behind(move || Some(signed(&*backstage, &signing, &borrower)));
            }
        }
    }

    /// Ends what has the terminal, if anything has it, and takes what it left of the terminal's state away.
    pub(super) fn end_borrower(&mut self) {
        if let Some(borrower) = self.borrower.take() {
            borrower.end();
            regain();
        }
    }
}

/// Has it signed, and says so.
fn signed(backstage: &dyn Backstage, Signing { what, key }: &Signing, borrower: &Borrower) -> Message {
    let message = match what {
        ToSign::Journal { run, role } => Message::Signed(backstage.sign(run, *role, key, borrower)),
        ToSign::Release(statement) => Message::ReleaseSigned(backstage.sign_release(statement, key, borrower)),
    };
    borrower.tidied();
    message
}

/// Tells now and then how far something is; says whether it is to go on.
fn now_and_then(
    tell: impl Fn(u64, u64) -> Message,
    replier: UnboundedSender<Message>,
    is_ended: Arc<AtomicBool>,
) -> impl FnMut(u64, u64) -> bool {
    let mut told: Option<Instant> = None;
    move |done, all| {
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            told = Some(monotonic());
            // The screens have ended meanwhile: nobody wants to know.
            let _ = replier.send(tell(done, all));
        }
        !is_ended.load(Ordering::Relaxed)
    }
}
