//! What the model asks for is done: by the session, behind the drawing thread, or by the terminal itself.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::session::Session;
use crate::tui::app::update;
use crate::tui::editor;
use crate::tui::evidence::{attach, completions, keep, look_at_file, signature};
use crate::tui::input::Input;
use crate::tui::message::{Effect, Message};
use crate::tui::recorded::{read_on, tail_of};
use crate::tui::runtime::Runtime;
use crate::tui::screen::Screen;
use crate::tui::searching::search;
use crate::tui::sizes;
use crate::tui::stagehand::asked;
use crate::tui::terminal::{Terminal, give_back, lend};

impl Runtime {
    pub(super) fn perform(&mut self, effect: Effect, terminal: Option<&mut Terminal>) {
        let backstage = Arc::clone(&self.backstage);
        match effect {
            Effect::Propose(proposal) => self.with_session(|session| session.propose(proposal)),
            Effect::Cancel(job) => self.with_session(|session| session.cancel(job)),
            Effect::SenseNow => self.with_session(Session::sense_now),
            Effect::Leave(how) => self.with_session(|session| session.leave(how)),
            Effect::AnswerFile { step, value } => {
                let session = self.session.clone();
                self.behind(move || look_at_file(session.as_ref(), step, value));
            }
            Effect::Attach { step, path, is_kept } => {
                let (session, folder) = (self.session.clone(), self.run_folder());
                self.behind(move || attach(session.as_ref(), folder?, step, path, is_kept));
            }
            Effect::Complete(typed) => self.behind(move || Some(completions(typed))),
            Effect::KeepStatement { folder, name, text } => self.behind(move || Some(keep(folder, name, &text))),
            Effect::ReadSizes => self.behind(move || Some(Message::Sizes(sizes::read(&*backstage)))),
            Effect::KeepSizes(drawn) => {
                let kept = self.drawn.clone();
                kept.put(drawn);
                self.behind(move || kept.write(&*backstage));
            }
            Effect::ReadSignature(path) => self.behind(move || Some(Message::SignatureRead(signature(&path)))),
            Effect::ReadOutput(of) => self.behind(move || Some(tail_of(of))),
            Effect::Check { runbook, input, text, .. } => {
                let problem = backstage.check_input(&runbook, &input, &text);
                update(&mut self.app, Message::Checked { input, text, problem });
            }
            Effect::ReadOn => {
                let follower = self.follower.clone();
                self.behind(move || read_on(follower?.as_ref()));
            }
            Effect::Search(words) => self.look_for(words),
            Effect::Edit(text) => self.to_edit = Some(text),
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
                let replier = self.replier.clone();
                self.behind(move || asked(&backstage, effect, &replier));
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

    /// Does something that may take long away from the drawing thread; its reply is a message. Before there is a
    /// runtime it is done on a thread of its own.
    fn behind(&self, what: impl FnOnce() -> Option<Message> + Send + 'static) {
        let (replier, bell) = (self.replier.clone(), self.bell.clone());
        let work = move || {
            if let Some(message) = what() {
                // The screens have ended meanwhile: nobody wants the reply. Nor the bell, once a frame is drawn.
                let _ = replier.send(message);
                let _ = bell.map(|bell| bell.send(()));
            }
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => drop(std::thread::spawn(work)),
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

    /// Lends the terminal to the editor that was asked for, and reads nothing from it until it is given back.
    pub(super) fn lend(&mut self, events: &mut Input) {
        if !self.is_lent && self.holds_input {
            self.holds_input = false;
            events.go_on();
        }
        let Some(text) = self.to_edit.take().filter(|_| !self.is_away) else { return };
        let editor = match editor::wanted() {
            Ok(editor) => editor,
            Err(why) => {
                update(&mut self.app, Message::Edited(Err(why)));
                return;
            }
        };
        events.hold();
        give_back();
        lend(true);
        (self.is_away, self.is_lent, self.holds_input) = (true, true, true);
        self.behind(move || Some(Message::Edited(editor::edit(&editor, &text))));
    }
}
