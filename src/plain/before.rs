//! Before a live run opens, in lines: what was found, which commands run unasked, and the name that is typed to start.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;

use tokio::sync::mpsc::Receiver;

use crate::clock::monotonic;
use crate::engine::SiteSeen;
use crate::plain::hear::Ears;
use crate::plain::read::{Heard, Typed};
use crate::plain::speak::Mouth;
use crate::plain::words::shell_words;
use crate::session::preflight::{self, Mark, Preflight, Told, name_to_type};
use crate::site::MEANS_NO;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The run is to open, with these notes.
    Start(Vec<String>),
    /// It is not; why.
    Not(String),
}

/// What is to be opened.
pub struct Wanted<'a> {
    /// The runbook's title, name, revision and hash.
    pub runbook: String,
    /// The place.
    pub site: Option<&'a SiteSeen>,
    /// Both were told when inputs were asked for.
    pub is_told: bool,
}

/// Looks at what there is before the start: whether commands may run for that is what it is told.
pub type Look<'a> = dyn Fn(bool) -> Pin<Box<dyn Future<Output = Result<Preflight, String>> + 'a>> + 'a;

/// Tells what is found before the start, asks what must be asked, and gives what was decided.
///
/// # Errors
/// The output cannot be written.
pub async fn decide(
    wanted: &Wanted<'_>,
    look: &Look<'_>,
    typed: &mut Receiver<Heard>,
    out: &mut dyn Write,
    is_echoed: bool,
    interrupted: impl Future<Output = ()>,
) -> io::Result<Decided> {
    let mut talk = Talk::new(out, place_of(wanted.site), is_echoed, typed);
    let decided = tokio::select! {
        decided = talk.decide(wanted, look) => decided,
        () = interrupted => Decided::Not("it was interrupted".into()),
    };
    match talk.mouth.gone() {
        Some(error) => Err(error),
        None => Ok(decided),
    }
}

/// What stands before what is typed.
pub(super) fn place_of(site: Option<&SiteSeen>) -> String {
    site.map_or_else(|| "LIVE".to_owned(), |site| format!("{} {}", site.environment, site.name))
}

/// Somebody who is asked before a run opens.
pub(super) struct Talk<'a> {
    pub(super) mouth: Mouth<'a>,
    typed: &'a mut Receiver<Heard>,
    ears: Ears,
}

impl<'a> Talk<'a> {
    pub(super) fn new(out: &'a mut dyn Write, place: String, is_echoed: bool, typed: &'a mut Receiver<Heard>) -> Self {
        Self { mouth: Mouth::new(out, place, is_echoed), typed, ears: Ears::new() }
    }
}

impl Talk<'_> {
    async fn decide(&mut self, wanted: &Wanted<'_>, look: &Look<'_>) -> Decided {
        if !wanted.is_told {
            self.say_place(&wanted.runbook, wanted.site);
        }
        let mut found = match look(false).await {
            Ok(found) => found,
            Err(why) => return Decided::Not(why),
        };
        if !found.is_asked {
            self.say_unasked(&found);
            if !self.is_yes("Type yes to let that be done, now and while the run is open. Or no.", "yes or no").await {
                return Decided::Not("what is done unasked was not let be done".into());
            }
            self.mouth.say("The probes are asked.");
            found = match look(true).await {
                Ok(found) => found,
                Err(why) => return Decided::Not(why),
            };
        }
        self.say_found(&found);
        if found.is_stopped() {
            return Decided::Not("it cannot start as long as something stands at stop".into());
        }
        if found.of(Mark::Look).next().is_some() {
            let told = "Something is to be looked at. Type yes to go on all the same, which a note will tell. Or no.";
            if !self.is_yes(told, "yes or no").await {
                return Decided::Not("what was found was not gone on with".into());
            }
        }
        self.confirm(wanted, found.note().into_iter().collect()).await
    }

    /// What is to be opened, and where.
    pub(super) fn say_place(&mut self, runbook: &str, site: Option<&SiteSeen>) {
        self.mouth.say("LIVE. What runs here runs on real systems. Nothing is opened yet.");
        self.mouth.say(&format!("Runbook: {runbook}."));
        if let Some(site) = site {
            self.mouth.say(&format!("Site: {}. Environment: {}.", site.name, site.environment));
        }
    }

    async fn confirm(&mut self, wanted: &Wanted<'_>, notes: Vec<String>) -> Decided {
        let expected = name_to_type(wanted.site);
        self.mouth.say(&format!("Type the name of the environment to start the run: {expected}. Or no."));
        loop {
            match self.line("environment").await {
                None => return Decided::Not("nobody confirmed the environment: the input has ended".into()),
                Some(typed) if is_no(&typed) => return Decided::Not("it was not wanted".into()),
                Some(typed) => match preflight::confirm(wanted.site, &typed) {
                    Ok(()) => return Decided::Start(notes),
                    Err(why) => self.mouth.say(&format!("{why}.")),
                },
            }
        }
    }

    fn say_unasked(&mut self, found: &Preflight) {
        if !found.told.is_empty() {
            self.mouth
                .say("These are told a secret without a question each time, again and again while the run is open:");
        }
        for Told { whose, address, header } in &found.told {
            self.mouth.quote(&format!("{address} (in the header {header}, for {whose})"));
        }
        if found.commands.is_empty() {
            return;
        }
        self.mouth.say("These commands run without a question each time, again and again while the run is open:");
        for unasked in &found.commands {
            let of = if unasked.is_secret { "looks up a secret for " } else { "for " };
            self.mouth.quote(&format!("{} ({of}{})", shell_words(&unasked.argv), unasked.whose));
        }
    }

    fn say_found(&mut self, found: &Preflight) {
        for finding in &found.found {
            let todo = if finding.todo.is_empty() { String::new() } else { format!(" To do: {}.", finding.todo) };
            self.mouth.say(&format!("{}, {}: {}.{todo}", finding.mark.word(), finding.about, finding.told));
        }
    }

    async fn is_yes(&mut self, told: &str, label: &str) -> bool {
        self.mouth.say(told);
        loop {
            match self.line(label).await {
                None => return false,
                Some(typed) if typed.eq_ignore_ascii_case("yes") => return true,
                Some(typed) if is_no(&typed) => return false,
                Some(_) => self.mouth.say("Type yes or no."),
            }
        }
    }

    /// A line that was typed when it was asked for; `None`: none comes any more, or nobody hears what is asked.
    pub(super) async fn line(&mut self, label: &str) -> Option<String> {
        let mut is_new = true;
        loop {
            self.mouth.ask(label);
            self.ears.listen(is_new);
            is_new = false;
            if self.mouth.is_gone() {
                return None;
            }
            let heard = self.typed.recv().await?;
            match heard.what {
                Typed::End => return None,
                Typed::Odd(why) => {
                    self.mouth.heard("");
                    self.mouth.say(&format!("Not taken: {why}."));
                }
                Typed::Line(text) => {
                    self.mouth.heard(&text);
                    let text = text.trim().to_owned();
                    if !self.ears.was_asked(heard.at, monotonic()) {
                        let first: String = text.chars().take(200).collect();
                        self.mouth.say(&format!("Not taken: {first:?} was typed before this was asked."));
                    } else if !text.is_empty() {
                        return Some(text);
                    }
                }
            }
        }
    }
}

fn is_no(typed: &str) -> bool {
    MEANS_NO.iter().any(|word| typed.eq_ignore_ascii_case(word))
}

#[cfg(test)]
#[path = "before_tests.rs"]
mod tests;
