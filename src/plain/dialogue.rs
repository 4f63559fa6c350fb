//! A run as a dialogue of lines: what happens is said once and in order, what is typed is taken when it was asked for.

use std::future::Future;
use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::Clock;
use crate::engine::{
    Allowed, Closed, Event, Leaving, Mode, Moment, Proposal, Record, RunState, StepStatus, allowed, cautions_of,
    stalled,
};
use crate::health::BoardKeeper;
use crate::plain::ask::Question;
use crate::plain::file::{FileRead, WasRead};
use crate::plain::fresh::{Fresh, Sensing};
use crate::plain::hear::Ears;
use crate::plain::look;
use crate::plain::meaning::say_end;
use crate::plain::printed::PrintedLines;
use crate::plain::read::Heard;
use crate::plain::speak::Mouth;
use crate::plain::step;
use crate::plain::tell::{Told, word};
use crate::plain::words::WATERMARK;
use crate::runbook::{Runbook, StepKey};
use crate::session::live::PITON;
use crate::session::{Launched, Session, Update};

/// How long news are waited for before the next line is asked for, so that it does not stand between them.
const PAUSE: Duration = Duration::from_millis(60);

/// How often it is looked whether time alone has changed what may be done.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How many news wait at the most for a question to be answered.
const MAX_HELD_BACK: usize = 500;

/// How a dialogue ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talked {
    /// The end of the run, when it was reached.
    pub closed: Option<Closed>,
    /// Why the journal could not be written any more.
    pub halted: Option<String>,
}

/// The current step: its key, attempt and status.
type Stood = Option<(StepKey, u32, StepStatus)>;

/// What was said of it, and what could be typed.
type Standing = (Stood, Vec<&'static str>);

/// A run, and the person to whom it is told.
pub(super) struct Dialogue<'a> {
    pub(super) runbook: Arc<Runbook>,
    pub(super) session: Session,
    pub(super) state: RunState,
    keeper: BoardKeeper,
    clock: Arc<dyn Clock>,
    pub(super) folder: PathBuf,
    /// Where a command runs that names no directory.
    pub(super) directory: String,
    pub(super) mouth: Mouth<'a>,
    /// What is asked.
    pub(super) question: Option<Question>,
    /// What is being recorded.
    pub(super) pending: Option<Proposal>,
    /// The critical command whose probes are being asked.
    pub(super) sensing: Option<(StepKey, Proposal, Sensing)>,
    /// Where what became of a file is told.
    pub(super) files: UnboundedSender<WasRead>,
    /// The file that is being read.
    pub(super) file: Option<FileRead>,
    pub(super) printed: PrintedLines,
    pub(super) halted: Option<String>,
    pub(super) is_leaving: bool,
    pub(super) ears: Ears,
    /// Something else is asked for than before.
    pub(super) is_new: bool,
    /// What was said last of where the run stands.
    standing: Option<Standing>,
    stalled: Option<String>,
    /// The cautions of the current step as they were told last.
    pub(super) cautions: Vec<String>,
    /// What happened while a question stands.
    held_back: Vec<String>,
    /// Something was told that could not wait for the answer to what is asked.
    pub(super) is_interrupted: bool,
}

/// Talks a run through with whoever types, until it is closed, left, or nobody types or hears any more.
/// `is_echoed`: what is typed is seen by itself.
///
/// # Errors
/// The output cannot be written; the run is then left as interrupted, which is on disk when this returns.
pub async fn talk(
    launched: Launched,
    ears: &mut Receiver<Heard>,
    out: &mut dyn Write,
    is_echoed: bool,
    interrupted: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Talked> {
    let (files, mut looked_at) = unbounded_channel();
    let mut interrupted = pin!(leaving_when(interrupted, launched.session.clone()));
    let (mut dialogue, mut updates) = Dialogue::new(launched, files, out, is_echoed);
    let mut is_deaf = false;
    let mut due = Some(tokio::time::Instant::now() + PAUSE);
    let mut again = tokio::time::interval(LOOK_AGAIN);
    loop {
        let at = due.unwrap_or_else(tokio::time::Instant::now);
        tokio::select! {
            _ = &mut interrupted, if !dialogue.is_leaving => dialogue.leave(Leaving::Interrupted),
            update = updates.recv() => {
                let Some(update) = update else { break };
                if dialogue.take_all(update, &mut updates) {
                    break;
                }
            }
            Some(looked) = looked_at.recv() => dialogue.file_was_read(looked),
            heard = ears.recv(), if !is_deaf => match heard {
                Some(heard) => is_deaf = dialogue.hear_all(heard, ears),
                None => is_deaf = true,
            },
            () = tokio::time::sleep_until(at), if due.is_some() => {
                due = None;
                dialogue.go_on();
                continue;
            }
            _ = again.tick() => {}
        }
        due = due.or_else(|| Some(tokio::time::Instant::now() + PAUSE));
    }
    match dialogue.mouth.gone() {
        Some(error) => Err(error),
        None => Ok(Talked { closed: dialogue.state.closed, halted: dialogue.halted }),
    }
}

/// Closes the sitting when it is interrupted, also while nobody takes what is said and the dialogue waits for that.
fn leaving_when(
    interrupted: impl Future<Output = ()> + Send + 'static,
    session: Session,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        interrupted.await;
        session.leave(Leaving::Interrupted);
    })
}

impl<'a> Dialogue<'a> {
    fn new(
        launched: Launched,
        files: UnboundedSender<WasRead>,
        out: &'a mut dyn Write,
        is_echoed: bool,
    ) -> (Self, UnboundedReceiver<Update>) {
        let Launched { session, updates, runbook, records, targets, clock, is_resumed, folder, directory } = launched;
        let state = RunState::fold(&runbook, &records);
        let place = state.opened.as_deref().map(look::place).unwrap_or_default();
        let mut dialogue = Self {
            keeper: BoardKeeper::new(&targets).paced_by(&*clock),
            runbook,
            session,
            state,
            clock,
            folder,
            directory,
            mouth: Mouth::new(out, place, is_echoed),
            question: None,
            pending: None,
            sensing: None,
            files,
            file: None,
            printed: PrintedLines::default(),
            halted: None,
            is_leaving: false,
            ears: Ears::new(),
            is_new: true,
            standing: None,
            stalled: None,
            cautions: Vec::new(),
            held_back: Vec::new(),
            is_interrupted: false,
        };
        if let Some(opened) = dialogue.state.opened.clone() {
            // Before a live run opens its place was told, and confirmed.
            let is_known = !is_resumed && opened.mode == Mode::Live;
            look::heading(&opened, &dialogue.state, is_known, &mut dialogue.mouth);
        }
        if is_resumed {
            dialogue.with(|told, mouth| look::back_again(told, &records, mouth));
        } else {
            records.iter().for_each(|record| dialogue.say_record(record));
        }
        (dialogue, updates)
    }

    pub(super) fn moment(&self) -> Moment {
        let at = self.clock.now().max(self.state.at);
        Moment { at, board: self.keeper.board(at) }
    }

    /// Says something that is told from the run.
    pub(super) fn with(&mut self, say: impl FnOnce(Told<'_>, &mut Mouth<'a>)) {
        let moment = self.moment();
        say(
            Told { runbook: &self.runbook, state: &self.state, moment: &moment, directory: &self.directory },
            &mut self.mouth,
        );
    }

    /// Notes how the cautions of a step read, which is being told.
    pub(super) fn note_cautions(&mut self, key: &StepKey) {
        let moment = self.moment();
        self.cautions = cautions_of(&self.runbook, &self.state, &moment.board, key, moment.at);
    }

    /// What may be done now.
    pub(super) fn offers(&self) -> Vec<Allowed> {
        if self.halted.is_some() {
            return vec![Allowed::Leave];
        }
        allowed(&self.runbook, &self.state, &self.moment())
    }

    /// Asks something.
    pub(super) fn ask(&mut self, question: Question) {
        self.with(|told, mouth| question.say(told, mouth));
        self.question = Some(question);
        self.is_new = true;
    }

    /// The sitting ends; that is on disk when the session says so.
    pub(super) fn leave(&mut self, how: Leaving) {
        if !std::mem::replace(&mut self.is_leaving, true) {
            self.flush();
            self.session.leave(how);
        }
    }

    /// Takes in all that the session says; whether that was the last.
    fn take_all(&mut self, first: Update, updates: &mut UnboundedReceiver<Update>) -> bool {
        let mut next = Some(first);
        let mut is_over = false;
        while let Some(update) = next {
            is_over |= matches!(update, Update::Ended);
            self.take(update);
            next = updates.try_recv().ok();
        }
        self.look_at_answers();
        is_over
    }

    fn take(&mut self, update: Update) {
        match update {
            Update::Recorded(records) => records.iter().for_each(|record| self.recorded(record)),
            Update::Sampled(sample) => self.keeper.take(*sample),
            Update::Printed(job, bytes) => {
                let item = self.state.running.iter().find(|running| running.job == job);
                let of = item.and_then(|running| running.item.as_ref()).map(|item| format!(" of {item}"));
                let of = of.unwrap_or_default();
                for line in self.printed.take(job, &bytes) {
                    self.news(format!("output{of}: {line}"));
                }
            }
            Update::Refused(proposal, refusal) => {
                if self.pending.as_ref() == Some(&*proposal) {
                    self.refused(&refusal.to_string());
                }
            }
            Update::Halted(why) => {
                (self.pending, self.file, self.question, self.sensing) = (None, None, None, None);
                self.flush();
                self.mouth.say(&format!("THE JOURNAL CANNOT BE WRITTEN: {why}"));
                self.mouth.say("Nothing is recorded any more, and nothing is taken but leave. What runs goes on.");
                self.halted = Some(why);
                self.is_new = true;
            }
            Update::Ended => {}
        }
    }

    fn recorded(&mut self, record: &Record) {
        self.state.apply(record);
        if matches!(record.event, Event::CautionsRead { .. }) {
            // It is said again what may be done, also where that is to read once more.
            self.standing.iter_mut().for_each(|standing| standing.1.clear());
        }
        let is_ours = record.by != PITON;
        if is_ours && self.pending.take().is_some() {
            self.question = None;
            self.is_new = true;
        }
        if let Event::CommandFinished { job, .. } = &record.event
            && let Some(line) = self.printed.end(*job)
        {
            self.news(format!("output: {line}"));
        }
        self.say_bastion(&record.event);
        self.say_record(record);
        if let Some(closed) = self.state.closed.clone() {
            self.flush();
            let why = if closed.reason.is_empty() { String::new() } else { format!(": {}", closed.reason) };
            self.mouth.say(&format!("The run is over. Outcome: {}{why}.", closed.outcome.word()));
            self.with(say_end);
            self.leave(Leaving::Left);
        }
    }

    /// What is on disk, and nothing else, is told as recorded.
    fn say_record(&mut self, record: &Record) {
        let is_practice = self.state.opened.as_ref().is_none_or(|opened| opened.mode == Mode::Practice);
        let watermark = if is_practice { WATERMARK } else { "" };
        let moment = self.moment();
        let said = Told { runbook: &self.runbook, state: &self.state, moment: &moment, directory: &self.directory }
            .record(record);
        let line = format!("recorded #{} {watermark}{said}", record.seq);
        if self.is_answering() && self.is_urgent(&record.event) {
            self.flush();
            self.mouth.say(&line);
            self.is_interrupted = true;
        } else {
            self.news(line);
        }
    }

    /// Something happened: it is said at once, unless somebody is answering a question.
    pub(super) fn news(&mut self, line: String) {
        if self.is_answering() && self.held_back.len() < MAX_HELD_BACK {
            self.held_back.push(line);
            return;
        }
        self.flush();
        self.mouth.say(&line);
    }

    fn is_answering(&self) -> bool {
        self.question.is_some() && self.pending.is_none() && !self.is_leaving
    }

    fn flush(&mut self) {
        for line in std::mem::take(&mut self.held_back) {
            self.mouth.say(&line);
        }
    }

    /// What was proposed, or a file that was given, is not taken.
    pub(super) fn refused(&mut self, why: &str) {
        self.pending = None;
        self.mouth.say(&format!("NOT recorded: {why}."));
        match self.question.take() {
            Some(question) if !question.is_of_what_was_shown() => self.ask(question),
            _ => self.is_new = true,
        }
    }

    /// A critical command waits for its probes: whether they have answered.
    pub(super) fn look_at_answers(&mut self) {
        let Some((key, proposal, mut sensing)) = self.sensing.take() else { return };
        match sensing.look(&self.runbook, &key, &self.moment()) {
            Fresh::Propose => {
                self.pending = Some(proposal.clone());
                self.session.propose(proposal);
                return;
            }
            Fresh::Ask => self.session.sense_now(),
            Fresh::Wait => {}
        }
        self.sensing = Some((key, proposal, sensing));
    }

    /// News have come or time has passed: says where the run stands, if that is another place, and asks for a line.
    fn go_on(&mut self) {
        if self.mouth.is_gone() {
            self.leave(Leaving::Interrupted);
        }
        self.look_at_answers();
        if !self.ears.is_flooded() {
            self.say_dropped();
        }
        if self.is_leaving || (self.pending.is_some() && self.file.is_none()) {
            return;
        }
        if self.file.is_some() && !self.say_reading() {
            return;
        }
        if self.question.as_ref().is_some_and(|question| question.is_over(&self.state)) {
            (self.question, self.sensing) = (None, None);
            self.mouth.say("This question is taken back: the run has moved on. Nothing was recorded for it.");
            self.is_new = true;
        }
        self.take_back_unread();
        self.ask_anew();
        if self.question.is_none() && self.file.is_none() {
            self.flush();
            self.say_standing();
        }
        if !self.mouth.is_asking() {
            let label = match (&self.sensing, &self.question) {
                _ if self.file.is_some() => "the file is read, back ends that",
                (Some(_), _) => "the probes are asked, back takes it back",
                (None, Some(question)) => question.label(),
                (None, None) => "",
            };
            self.mouth.ask(label);
        }
        let is_new = std::mem::take(&mut self.is_new);
        self.ears.listen(is_new);
    }

    /// Says where the run stands, when that has changed.
    fn say_standing(&mut self) {
        let moment = self.moment();
        let offers = self.offers();
        let mut words: Vec<_> = offers.iter().map(word).collect();
        words.dedup();
        let current = self.state.current.clone().and_then(|key| {
            let known = self.state.step(&key)?;
            Some((key.clone(), known.attempt, known.status))
        });
        let stalled = stalled(&self.runbook, &self.state, &moment);
        let before = self.standing.replace((current.clone(), words.clone()));
        let is_another = before.as_ref().is_none_or(|before| before.0 != current);
        // That it failed, and why, was told with its record; what it asks for and runs is as it was told.
        let is_failed = before.as_ref().is_some_and(|before| is_failure(&before.0, &current));
        if !is_another && before.is_some_and(|before| before.1 == words) && self.stalled == stalled {
            return;
        }
        self.is_new = true;
        let is_halted = self.halted.is_some();
        if let Some((key, ..)) = current.as_ref().filter(|_| is_another) {
            self.note_cautions(key);
        }
        if let Some((key, ..)) = current.as_ref().filter(|_| !is_another) {
            self.tell_changed_cautions(key);
        }
        match current {
            Some((key, ..)) => self.with(|told, mouth| {
                if is_another && !is_failed {
                    step::tell(told, &key, mouth);
                } else if told.state.waits_for_peer(&key) {
                    step::tell_verify(told, &key, mouth);
                }
                if !told.state.is_running() && !is_halted {
                    step::tell_gate(told, &key, false, mouth);
                }
                mouth.say(&look::offers(&offers));
            }),
            None => {
                match &stalled {
                    Some(why) => self.mouth.say(&format!("No step can open now: {why}.")),
                    None if offers.contains(&Allowed::Close) => {
                        self.mouth.say("Nothing is left to do. Type close to close the run.");
                    }
                    None if !self.state.to_verify().is_empty() => self.with(look::to_verify),
                    None => self.mouth.say("No step is current yet."),
                }
                self.mouth.say(&look::offers(&offers));
            }
        }
        self.stalled = stalled;
    }
}

/// Whether all that is new is that the step has failed.
fn is_failure(before: &Stood, now: &Stood) -> bool {
    let (Some((was, attempt, _)), Some((key, again, StepStatus::Failed))) = (before, now) else { return false };
    (was, attempt) == (key, again)
}
