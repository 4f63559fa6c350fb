//! What a typed line does.

use serde_json::Value;

use crate::engine::{Allowed, FileSeen, Gate, Leaving, Mode, Proposal, gate};
use crate::journal::{AttachError, RunDir, at_home};
use crate::plain::ask::{Answer, Purpose, Question};
use crate::plain::dialogue::Dialogue;
use crate::plain::fresh::Sensing;
use crate::plain::look;
use crate::plain::printed::{latest_kept, tail};
use crate::plain::step;
use crate::plain::tell::word;
use crate::runbook::StepKey;
use crate::session::given;

/// What is typed for something that is done, whether or not it is possible now.
const DEEDS: [&str; 23] = [
    "read",
    "confirm",
    "answer",
    "choose",
    "release",
    "verify",
    "dispute",
    "restart",
    "run",
    "cancel",
    "retry",
    "renew",
    "take",
    "skip",
    "defer",
    "override",
    "cut",
    "acknowledge",
    "note",
    "rollback",
    "close",
    "abandon",
    "leave",
];

impl Dialogue<'_> {
    /// Takes a line that was typed when it was asked for.
    pub(super) fn hear(&mut self, text: &str) {
        if self.sensing.is_some() {
            return self.while_sensing(text);
        }
        if self.while_reading(text) {
            return;
        }
        match self.question.clone() {
            Some(question) => self.answered(&question, text),
            None => self.order(text.trim()),
        }
    }

    /// While the probes of a critical command are asked it can be taken back.
    fn while_sensing(&mut self, text: &str) {
        if ["back", "no", "cancel", "leave"].contains(&text.trim().to_lowercase().as_str()) {
            (self.sensing, self.question) = (None, None);
            self.mouth.say("Taken back. Nothing runs, and nothing is recorded.");
            let offers = self.offers();
            self.mouth.say(&look::offers(&offers));
            self.is_new = true;
        } else {
            self.mouth.say("The probes are being asked; the command runs on their answers. Type back to take it back.");
        }
    }

    fn answered(&mut self, question: &Question, text: &str) {
        if let Some(key) = question.looks_at().cloned().filter(|_| text.trim().eq_ignore_ascii_case("step")) {
            return self.say_verified(&key, question);
        }
        match question.answer(&self.runbook, &self.state, text) {
            Answer::Again(why) => {
                self.mouth.say(&why);
                self.is_new = true;
            }
            Answer::Propose(proposal) => self.propose(proposal),
            Answer::File(step, value) => self.look_at_file(step, value),
            Answer::Next(next) => self.ask(next),
            Answer::Cancel(job) => {
                self.question = None;
                self.is_new = true;
                self.session.cancel(job);
            }
            Answer::Leave => {
                self.question = None;
                self.leave(Leaving::Left);
            }
            Answer::Nothing => {
                self.question = None;
                self.is_new = true;
                self.mouth.say("Taken back. Nothing is recorded.");
                let offers = self.offers();
                self.mouth.say(&look::offers(&offers));
            }
        }
    }

    /// Has something recorded; a critical command only on answers of the last seconds.
    pub(super) fn propose(&mut self, proposal: Proposal) {
        if let Proposal::Run { step, typed: Some(_), .. } | Proposal::RunAll { step, typed: Some(_), .. } = &proposal {
            self.sensing = Some((step.clone(), proposal, Sensing::default()));
            self.is_new = true;
            return self.look_at_answers();
        }
        self.pending = Some(proposal.clone());
        self.session.propose(proposal);
    }

    fn look_at_file(&mut self, step: StepKey, value: Value) {
        let path = at_home(value.as_str().unwrap_or_default());
        let value = Value::String(path.clone());
        let pending = Proposal::Answer { step: step.clone(), value: value.clone(), file: None };
        self.read_file(path, pending, move |each| given::answer(step, &value, each));
    }

    fn order(&mut self, text: &str) {
        let (typed, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let offers = self.offers();
        match typed.to_lowercase().as_str() {
            "" => {
                self.mouth.say("Nothing was typed, so nothing is done.");
                self.mouth.say(&look::offers(&offers));
            }
            "help" | "?" => {
                let is_practice = self.is_practice();
                look::help(&offers, is_practice, &mut self.mouth);
            }
            "status" | "where" => {
                let is_halted = self.halted.is_some();
                self.with(|told, mouth| look::where_am_i(told, &offers, is_halted, mouth));
            }
            "steps" => self.with(look::steps),
            "step" => self.say_step(&offers),
            "cautions" => self.say_cautions(),
            "why" => {
                let is_halted = self.halted.is_some();
                self.with(|told, mouth| look::why(told, is_halted, mouth));
            }
            "output" => self.say_output(),
            "sense" => {
                self.session.sense_now();
                self.mouth.say("Every probe is asked now.");
            }
            look::ATTACH => self.attach(rest, &offers),
            "console" if self.is_practice() => self.type_to_bastion(rest),
            "hint" if self.is_practice() => self.take_hint(),
            "yes" | "no" | "back" => self.mouth.say("Nothing is asked now, so nothing is done."),
            deed => match offers.iter().find(|allowed| word(allowed) == deed).cloned() {
                Some(allowed) => self.deed(allowed, rest),
                None => self.not_offered(deed, typed, &offers),
            },
        }
    }

    /// Names a file as evidence for the current step; a copy is kept unless it is said otherwise.
    fn attach(&mut self, rest: &str, offers: &[Allowed]) {
        let bare = rest.strip_prefix(look::UNCOPIED).filter(|path| path.is_empty() || path.starts_with(' '));
        let path = bare.unwrap_or(rest).trim();
        if path.is_empty() || !offers.contains(&Allowed::Note) {
            let why = match path {
                "" => "Type attach and behind it the path of a file, on one line",
                _ => "attach is not possible now",
            };
            return self.mouth.say(&format!("{why}. Nothing is recorded."));
        }
        let (step, path) = (self.state.current.clone(), at_home(path));
        let file = FileSeen { bytes: 0, sha256: String::new() };
        let pending = Proposal::Attach { step: step.clone(), path: path.clone(), file, kept: None };
        let kept_in = bare.is_none().then(|| RunDir::new(&self.folder));
        self.read_file(path.clone(), pending, move |each| {
            given::evidence(kept_in.as_ref(), step, &path, each).map_err(|error| match error {
                AttachError::TooLong(bytes) => look::too_long(bytes, &path),
                AttachError::Failed(why) => why,
            })
        });
    }

    /// Whether something holds the current step back.
    fn is_held(&self) -> bool {
        let (book, state, at) = (&self.runbook, &self.state, self.moment().at);
        state.current.as_ref().is_some_and(|key| gate(book, state, key, at) != Gate::Open)
    }

    fn not_offered(&mut self, deed: &str, typed: &str, offers: &[Allowed]) {
        if DEEDS.contains(&deed) {
            // What a step asks for has one word of these.
            let stating = |word: &str| ["confirm", "answer", "choose"].contains(&word);
            let instead = offers.iter().map(word).find(|word| stating(word) && stating(deed));
            let told = match instead {
                Some(word) => format!("This step is not for {deed} but for {word}: type {word}. Nothing is recorded."),
                None if self.is_held() => {
                    format!("{deed} is not possible now. Nothing is recorded. why tells what holds the step back.")
                }
                None => format!("{deed} is not possible now. Nothing is recorded."),
            };
            self.mouth.say(&told);
        } else {
            let typed: String = typed.chars().take(200).collect();
            self.mouth.say(&format!("{typed:?} is not known. Nothing is recorded."));
        }
        self.mouth.say(&look::offers(offers));
    }

    fn deed(&mut self, allowed: Allowed, rest: &str) {
        let question = match allowed {
            Allowed::ReadCautions(step) => {
                let shown = self.cautions.clone();
                return self.propose(Proposal::ReadCautions { step, shown });
            }
            Allowed::Retry(step) => return self.propose(Proposal::Retry { step }),
            Allowed::Renew(step) => return self.propose(Proposal::Renew { step }),
            Allowed::TakeUp(_) => return self.take_up(rest),
            Allowed::Note if !rest.is_empty() => {
                let step = self.state.current.clone();
                return self.propose(Proposal::Note { step, text: rest.to_owned() });
            }
            Allowed::Confirm(step) | Allowed::Answer(step) | Allowed::Choose(step) => {
                let question = Question::of_the_step(&self.runbook, step);
                if !rest.is_empty() {
                    self.question = Some(question.clone());
                    return self.answered(&question, rest);
                }
                question
            }
            Allowed::Run(step) => return self.ask_to_run(step),
            Allowed::Verify(_) | Allowed::Dispute(_) => return self.second_looks_at(&allowed, rest),
            Allowed::Override(_) if self.state.current.is_none() || self.names_reverted(rest) => {
                return self.waive(rest);
            }
            Allowed::Release(step) => Question::Releaser(step),
            Allowed::Note => Question::Note(self.state.current.clone()),
            Allowed::Close => Question::Close,
            Allowed::Cancel(job) => Question::Cancel(job),
            Allowed::Leave => Question::Leave,
            Allowed::Skip(step) => reason(Purpose::Skip(step), rest),
            Allowed::Defer(step) => reason(Purpose::Defer(step), rest),
            Allowed::Override(step) => reason(Purpose::Override(step), rest),
            Allowed::CutWait(step) => reason(Purpose::CutWait(step), rest),
            Allowed::Restart(step) => reason(Purpose::Restart(step), rest),
            Allowed::Acknowledge(condition) => reason(Purpose::Acknowledge(condition), rest),
            Allowed::RollBack(plan) => reason(Purpose::RollBack(plan), rest),
            Allowed::Abandon => reason(Purpose::Abandon, rest),
        };
        self.ask(question);
    }

    /// Asks the second person about the step of that name; without one, about the only one that waits, or the one that
    /// was stated just now.
    fn second_looks_at(&mut self, allowed: &Allowed, name: &str) {
        let is_dispute = matches!(allowed, Allowed::Dispute(_));
        let of = |offered: Allowed| match offered {
            Allowed::Verify(step) if !is_dispute => Some(step),
            Allowed::Dispute(step) if is_dispute => Some(step),
            _ => None,
        };
        let steps: Vec<_> = self.offers().into_iter().filter_map(of).collect();
        let stated = steps.iter().find(|step| self.state.waits_for_peer(step));
        let found = match (name, stated, &steps[..]) {
            ("", Some(only), _) | ("", None, [only]) => Some(only),
            _ => named(&steps, name),
        };
        match found.cloned() {
            Some(step) => self.ask(if is_dispute { Question::Disputer(step) } else { Question::Releaser(step) }),
            None => self.say_which(word(allowed), name, &steps),
        }
    }

    /// Whether the first word names a check that has reverted, and by that the step that is meant.
    fn names_reverted(&self, rest: &str) -> bool {
        let reverted: Vec<_> = self.state.reverted().cloned().collect();
        named(&reverted, rest.split(char::is_whitespace).next().unwrap_or_default()).is_some()
    }

    /// Asks why nobody verifies the step that is named first, or why it counts as done; without a name, the only one that
    /// waits.
    fn waive(&mut self, rest: &str) {
        let of = |offered: Allowed| if let Allowed::Override(step) = offered { Some(step) } else { None };
        let steps: Vec<_> = self.offers().into_iter().filter_map(of).collect();
        let (name, why) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match (named(&steps, name), &steps[..]) {
            (Some(step), _) => self.ask(reason(Purpose::Override(step.clone()), why.trim())),
            (None, [only]) => self.ask(reason(Purpose::Override(only.clone()), rest)),
            (None, _) => self.say_which("override", name, &steps),
        }
    }

    /// Which steps wait for a second person: the name that was typed is that of none, or of several.
    fn say_which(&mut self, word: &str, name: &str, steps: &[StepKey]) {
        let name: String = name.chars().take(200).collect();
        self.mouth.say(&match name.as_str() {
            "" => "Several steps wait for a second person. Nothing is recorded.".to_owned(),
            name => {
                format!("{name:?} is not the name of one step that waits for a second person. Nothing is recorded.")
            }
        });
        self.mouth.say(&format!("Type {word} and one of these names:"));
        self.with(|told, mouth| {
            steps.iter().for_each(|step| mouth.quote(&format!("{word} {step}: {}", told.step(step))));
        });
    }

    /// Takes up the step of that name in the place of the current one; without a name tells which there are.
    fn take_up(&mut self, name: &str) {
        let offers = self.offers();
        let steps: Vec<&StepKey> = offers.iter().filter_map(of_take_up).collect();
        if let Some(step) = steps.iter().find(|step| step.step.as_str() == name) {
            return self.propose(Proposal::TakeUp { step: (*step).clone() });
        }
        if !name.is_empty() {
            let name: String = name.chars().take(200).collect();
            self.mouth.say(&format!("No step {name:?} may be taken up now. Nothing is recorded."));
        }
        self.mouth.say("These steps may be taken up in the place of the current one:");
        self.with(|told, mouth| {
            steps.iter().for_each(|step| mouth.quote(&format!("take {}: {}", step.step, told.step(step))));
        });
    }

    /// Tells exactly what runs, and asks; the probes of a critical command are asked meanwhile.
    fn ask_to_run(&mut self, step: StepKey) {
        let moment = self.moment();
        let told = crate::plain::tell::Told {
            runbook: &self.runbook,
            state: &self.state,
            moment: &moment,
            directory: &self.directory,
        };
        match Question::run(told, step) {
            Ok(question) => {
                if matches!(question, Question::Run(_, _, Some(_))) {
                    self.session.sense_now();
                }
                self.ask(question);
            }
            Err(why) => self.mouth.say(&format!("Nothing runs: {why}.")),
        }
    }

    /// The step that a second person is asked about, as it is.
    fn say_verified(&mut self, key: &StepKey, question: &Question) {
        self.with(|told, mouth| {
            step::tell(told, key, mouth);
            mouth.say("");
            question.say(told, mouth);
        });
        self.is_new = true;
    }

    fn say_step(&mut self, offers: &[Allowed]) {
        let Some(key) = self.state.current.clone() else {
            self.mouth.say("No step is current.");
            return;
        };
        self.note_cautions(&key);
        let is_halted = self.halted.is_some();
        self.with(|told, mouth| {
            step::tell(told, &key, mouth);
            step::tell_gate(told, &key, is_halted, mouth);
            mouth.say(&look::offers(offers));
        });
    }

    /// The cautions of the current step in full, also those that were read before.
    fn say_cautions(&mut self) {
        let key = self.state.current.clone();
        let has_any =
            |key: &StepKey| self.runbook.step(&key.phase, &key.step).is_some_and(|step| !step.cautions.is_empty());
        match key.filter(has_any) {
            Some(key) => {
                self.note_cautions(&key);
                self.with(|told, mouth| step::tell_cautions(told, &key, true, mouth));
            }
            None => self.mouth.say("No step with cautions is current."),
        }
    }

    fn say_output(&mut self) {
        if let Some(lines) = self.printed.latest().and_then(|job| self.printed.last(job)) {
            self.mouth.say("The end of what the last command printed:");
            lines.for_each(|line| self.mouth.quote(line));
            return;
        }
        let Some(kept) = latest_kept(&self.state) else {
            self.mouth.say("No command has printed anything yet.");
            return;
        };
        let path = self.folder.join("output").join(&kept.output.file);
        match tail(&path) {
            Ok(lines) => {
                self.mouth.say(&format!("The end of what command {} printed:", kept.job.0));
                lines.iter().for_each(|line| self.mouth.quote(line));
            }
            Err(error) => self.mouth.say(&format!("Cannot read {}: {error}", path.display())),
        }
    }

    fn is_practice(&self) -> bool {
        self.state.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Practice)
    }
}

/// The one of these steps that goes by that name, which may be its whole one.
fn named<'s>(steps: &'s [StepKey], name: &str) -> Option<&'s StepKey> {
    let mut named = steps.iter().filter(|step| step.step.as_str() == name || step.to_string() == name);
    let first = named.next()?;
    named.next().is_none().then_some(first)
}

const fn of_take_up(allowed: &Allowed) -> Option<&StepKey> {
    if let Allowed::TakeUp(step) = allowed { Some(step) } else { None }
}

/// Asks for the reason, or, when it is there already, whether it is to be recorded.
fn reason(purpose: Purpose, rest: &str) -> Question {
    if rest.is_empty() { Question::Reason(purpose) } else { Question::Record(purpose, rest.to_owned()) }
}
