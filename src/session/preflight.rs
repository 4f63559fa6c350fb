//! What is looked at before a live run opens: whether its journal can be written, who else runs it, the clock, and whether
//! everything that it will ask answers. Nothing is recorded; no command runs, and nobody is told a secret, that was not listed and accepted before.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use crate::clock::Timestamp;
use crate::engine::filled::Places;
use crate::engine::{ConditionId, EnvValue, Mode, Record, RunState, Sample, SiteSeen, Tri, Verdict, evaluate};
use crate::health::{self, BoardKeeper, HeaderText, HttpQuestion, Prober, Question, Target};
use crate::journal::{Remembered, RunSummary, Store};
use crate::runbook::InputKind;
use crate::session::launch::{self, Opening, Who, World};
use crate::session::reached::{self, reached};

/// With less room than that for journals somebody should look, in bytes.
const LITTLE_ROOM: u64 = 64 * 1024 * 1024;

/// What is typed before a live run without a site file opens.
pub const NO_SITE: &str = "live";

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// As it should be.
    Ok,
    /// A person should look; going on although it is so is recorded.
    Look,
    /// Going on cannot work.
    Stop,
}

impl Mark {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Stop => "stop",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How grave it is.
    pub mark: Mark,
    /// What was looked at, in a word or two.
    pub about: String,
    /// What was found.
    pub told: String,
    /// What to do about it; empty when nothing is to be done.
    pub todo: String,
    /// Of how many it is told: the rows of a probe that are told together.
    pub count: usize,
}

/// A command that runs without a question for each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// What it is for: the name of a probe, or of what needs a secret.
    pub whose: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where in each of them values were filled in.
    pub filled: Vec<Places>,
    /// Whether it looks a secret up: what it prints is never shown or kept.
    pub is_secret: bool,
}

/// Somebody who is told a secret each time a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The name of the first probe that tells it.
    pub whose: String,
    /// Scheme, host and port.
    pub address: String,
    /// The header with the secret.
    pub header: String,
}

/// What was found before a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// All commands that run unasked once the run is open, each once, in the order of the probes.
    pub commands: Vec<Unasked>,
    /// Who is told a secret, each address and header once.
    pub told: Vec<Told>,
    /// Whether all probes were asked; otherwise those were not that need a command or tell a secret, which nobody has
    /// accepted yet.
    pub is_asked: bool,
    /// What was found.
    pub found: Vec<Finding>,
}

impl Preflight {
    /// Those of one mark.
    pub fn of(&self, mark: Mark) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(move |finding| finding.mark == mark)
    }

    /// How many rows and other things a person should look at.
    pub fn to_look_at(&self) -> usize {
        self.of(Mark::Look).map(|finding| finding.count).sum()
    }

    /// Whether anything is done without a question each time that a person must allow before.
    pub fn has_unasked(&self) -> bool {
        !self.commands.is_empty() || !self.told.is_empty()
    }

    /// Whether going on cannot work.
    pub fn is_stopped(&self) -> bool {
        self.of(Mark::Stop).next().is_some()
    }

    /// What is recorded of the findings that a person went on with; `None` when there were none.
    pub fn note(&self) -> Option<String> {
        let told: Vec<String> =
            self.of(Mark::Look).map(|finding| format!("{}: {}", finding.about, finding.told)).collect();
        (!told.is_empty()).then(|| format!("begun although it was to be looked at: {}", told.join("; ")))
    }
}

/// What must be typed before a live run opens there: the word of the environment, or the site's name.
pub fn name_to_type(site: Option<&SiteSeen>) -> &str {
    match site {
        None => NO_SITE,
        Some(site) if site.environment.trim().is_empty() => &site.name,
        Some(site) => site.environment.trim(),
    }
}

/// Whether that was typed; if not, what is wrong with it.
///
/// # Errors
/// Something else was typed.
pub fn confirm(site: Option<&SiteSeen>, typed: &str) -> Result<(), String> {
    let (expected, typed) = (name_to_type(site), typed.trim());
    // How it is spelled is not the point: which one is meant is.
    if typed.to_lowercase() == expected.to_lowercase() {
        return Ok(());
    }
    Err(match typed {
        "" => format!("type {expected}: nothing was typed, and nothing was started"),
        typed => format!("{typed:?} was typed, {expected} is expected: nothing was started"),
    })
}

/// A run that is about to open.
pub struct Preparation<'a> {
    /// Where journals are kept.
    pub store: &'a Store,
    /// What is known of other runs.
    pub remembered: &'a Remembered,
    /// What it is made of.
    pub opening: &'a Opening,
    /// Who sits down.
    pub who: &'a Who,
    /// What it acts on.
    pub world: &'a World,
}

impl Preparation<'_> {
    /// Looks at everything; asks the probes that need a command or tell a secret only when `is_accepted`.
    ///
    /// # Errors
    /// A probe cannot be set up.
    pub async fn look(&self, is_accepted: bool) -> Result<Preflight, String> {
        let scope = json!({ "inputs": self.opening.inputs });
        let targets = health::targets(&self.opening.runbook, &scope).map_err(|problems| problems.join("; "))?;
        let commands = commands(&targets);
        let told = told(&targets);
        let is_asked = is_accepted || commands.is_empty() && told.is_empty();
        let now = self.world.clock.now();
        let listed = self.remembered.list_live(self.store).map_err(|error| error.to_string());
        let mut found = vec![self.journal()];
        found.extend(self.others(listed.as_deref().map_err(String::as_str)));
        found.push(clock(listed.as_deref().ok(), now));
        let asked: Vec<Target> = targets.iter().filter(|target| is_asked || is_harmless(target)).cloned().collect();
        let samples = self.sampled(asked.clone()).await;
        found.extend(reached(&samples));
        found.extend(self.versions(&asked, &samples));
        if is_asked {
            found.extend(self.guards(&targets, samples, now));
        }
        // What holds back comes first; the order within is that of looking.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.mark));
        Ok(Preflight { commands, told, is_asked, found })
    }

    fn journal(&self) -> Finding {
        let place = self.store.root().display();
        match self.store.trial(Mode::Live) {
            Err(error) => finding(Mark::Stop, "journal", error.to_string(), "without a journal no run can open"),
            Ok(free) if free < LITTLE_ROOM => {
                let told = format!("it can be written in {place}, but only {} are free", size(free));
                finding(Mark::Look, "journal", told, "make room: a run whose journal cannot be written stands still")
            }
            Ok(free) => finding(Mark::Ok, "journal", format!("it can be written in {place}; {} free", size(free)), ""),
        }
    }

    /// Who else is at this, now or with a run that is not closed.
    fn others(&self, known: Result<&[Arc<RunSummary>], &str>) -> Vec<Finding> {
        let (runbook, site) = (&self.opening.runbook, self.opening.site.as_ref());
        let holder = site.and_then(|site| self.store.place_holder(&site.name, &runbook.system));
        if let Some(holder) = holder {
            let told = format!("{} at this site is held by {holder}", runbook.system);
            return vec![finding(Mark::Stop, "others", told, "wait until that sitting is over, or talk to them")];
        }
        let known = match known {
            Ok(known) => known,
            Err(why) => {
                let todo = "ask those who could be at this place";
                return vec![finding(Mark::Look, "others", format!("it cannot be told: {why}"), todo)];
            }
        };
        let is_live = |run: &&Arc<RunSummary>| run.opening.as_ref().is_some_and(|opening| opening.mode == Mode::Live);
        let held = known.iter().filter(is_live).filter_map(|run| {
            let opening = run.opening.as_ref()?;
            let holder = run.holder.as_ref().filter(|_| opening.runbook == runbook.id.as_str())?;
            let told = format!("{holder} walks {} with the same runbook now", run.dir.id());
            Some(finding(Mark::Look, "others", told, "make sure that it is another cluster"))
        });
        let mut found: Vec<Finding> = held.collect();
        let stands_open = launch::stands_open(known, self.opening);
        found.extend(stands_open.map(|other| finding(Mark::Look, "others", other.to_string(), &other.todo())));
        if found.is_empty() {
            let told = match site {
                Some(site) => {
                    format!("nobody else is at {} of {}, by the runs of this machine", runbook.system, site.name)
                }
                None => "no run of this runbook is being walked on this machine".into(),
            };
            found.push(finding(Mark::Ok, "others", told, ""));
        }
        found
    }

    /// One answer of each.
    async fn sampled(&self, targets: Vec<Target>) -> Vec<Sample> {
        let asked: Vec<_> = targets
            .into_iter()
            .map(|target| {
                let (clock, runner) = (Arc::clone(&self.world.clock), Arc::clone(&self.world.runner));
                self.world.runtime.spawn(async move { Prober::new(target, runner).sample(clock.as_ref()).await })
            })
            .collect();
        let mut samples = Vec::with_capacity(asked.len());
        for answer in asked {
            samples.extend(answer.await.ok());
        }
        samples
    }

    /// The version that the runbook begins at (its input `from`) beside those that were seen.
    fn versions(&self, targets: &[Target], samples: &[Sample]) -> Option<Finding> {
        let inputs = self.opening.runbook.inputs.iter();
        let from = inputs.filter(|input| input.kind == InputKind::Version).find(|input| input.id.as_str() == "from")?;
        let expected = self.opening.inputs.get(from.id.as_str())?.as_str()?;
        reached::versions(expected, targets, samples)
    }

    /// What must hold through the whole run, judged by what was seen just now.
    fn guards(&self, targets: &[Target], samples: Vec<Sample>, now: Timestamp) -> Vec<Finding> {
        let runbook = &self.opening.runbook;
        let opened = launch::head(self.opening, Mode::Live, String::new(), self.who);
        let event = crate::engine::Event::RunOpened(Box::new(opened));
        let record = Record { seq: 1, at: now, prev: String::new(), by: self.who.by(), event };
        let state = RunState::fold(runbook, std::slice::from_ref(&record));
        let mut keeper = BoardKeeper::new(targets);
        let latest = samples.iter().map(|sample| sample.at).max().unwrap_or(now);
        let unwell = samples.iter().filter(|sample| sample.verdict != Verdict::Ok).count();
        samples.into_iter().for_each(|sample| keeper.take(sample));
        let board = keeper.board(latest);
        let judged = runbook.guards.iter().filter_map(|guard| {
            let condition = ConditionId::Guard(guard.id.clone());
            let (truth, why, _) = evaluate(runbook, &state, &board, &condition, latest)?;
            let title = &guard.title;
            Some(match truth {
                Tri::True => finding(Mark::Ok, "guard", title.clone(), ""),
                Tri::False => finding(Mark::Look, "guard", format!("{title}: does not hold. {why}"), ""),
                Tri::Unknown => {
                    // What an expression stumbles over is mostly what nobody told.
                    let told = match unwell {
                        0 => format!("{title}: cannot be told: {why}"),
                        1 => format!("{title}: cannot be told while a row is not ok: {why}"),
                        unwell => format!("{title}: cannot be told while {unwell} rows are not ok: {why}"),
                    };
                    finding(Mark::Look, "guard", told, "")
                }
            })
        });
        judged.collect()
    }
}

pub(super) fn finding(mark: Mark, about: &str, told: String, todo: &str) -> Finding {
    Finding { mark, about: about.to_owned(), told, todo: todo.to_owned(), count: 1 }
}

/// The clock against the latest record of a live run on this machine.
fn clock(known: Option<&[Arc<RunSummary>]>, now: Timestamp) -> Finding {
    let Some(known) = known else {
        let told = format!("{now}; whether that is after every record of this machine cannot be told");
        return finding(Mark::Look, "clock", told, "");
    };
    let live = known.iter().filter(|run| run.opening.as_ref().is_some_and(|opening| opening.mode == Mode::Live));
    let last = live.filter_map(|run| run.last_at.map(|at| (at, run.dir.id()))).max();
    match last.filter(|(at, _)| *at > now) {
        Some((at, run)) => {
            let told = format!("it stands at {now}, but {run} has a record of {at}");
            finding(Mark::Look, "clock", told, "set it right, or the times of both runs contradict each other")
        }
        None => finding(Mark::Ok, "clock", format!("{now}, after every record of this machine"), ""),
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    let (mebi, gibi) = (1 << 20, 1 << 30);
    if bytes >= gibi { format!("{} GiB", bytes / gibi) } else { format!("{} MiB", bytes / mebi) }
}

/// Whether asking it runs no command and tells nobody a secret.
fn is_harmless(target: &Target) -> bool {
    commands_of(target).is_empty() && secrets_of(target).next().is_none()
}

/// The address that is asked, with each header that carries a secret.
fn secrets_of(target: &Target) -> impl Iterator<Item = (&HttpQuestion, &str)> {
    let asked = match &target.question {
        Question::Http(asked) | Question::Prometheus(asked, _) => Some(asked),
        Question::Tcp(_) | Question::Command(_) => None,
    };
    asked.into_iter().flat_map(|asked| {
        let secret = asked.headers.iter().filter(|(_, text)| matches!(text, HeaderText::Secret(_)));
        secret.map(move |(name, _)| (asked, name.as_str()))
    })
}

fn told(targets: &[Target]) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    let mut known = BTreeSet::new();
    for target in targets {
        for (asked, header) in secrets_of(target) {
            let scheme = asked.url.scheme_str().unwrap_or("http");
            let place = asked.url.authority().map_or("", |authority| authority.as_str());
            let address = format!("{scheme}://{place}");
            if known.insert((address.clone(), header)) {
                all.push(Told { whose: target.name(), address, header: header.to_owned() });
            }
        }
    }
    all
}

/// The commands that asking this needs, and whether each looks a secret up.
fn commands_of(target: &Target) -> Vec<(&[String], bool)> {
    match &target.question {
        Question::Command(line) => {
            let secrets = line.env.iter().filter_map(|(_, value)| secret_command(value));
            std::iter::once((&line.argv[..], false)).chain(secrets).collect()
        }
        Question::Http(asked) | Question::Prometheus(asked, _) => {
            let secrets = asked.headers.iter().filter_map(|(_, text)| match text {
                HeaderText::Secret(value) => secret_command(value),
                HeaderText::Plain(_) => None,
            });
            secrets.collect()
        }
        Question::Tcp(_) => Vec::new(),
    }
}

fn secret_command(value: &EnvValue) -> Option<(&[String], bool)> {
    if let EnvValue::SecretCommand(argv) = value { Some((argv, true)) } else { None }
}

fn commands(targets: &[Target]) -> Vec<Unasked> {
    let mut all: Vec<Unasked> = Vec::new();
    for target in targets {
        for (argv, is_secret) in commands_of(target) {
            // What a secret is looked up with is mostly the same for all nodes.
            if !all.iter().any(|known| known.argv == argv) {
                // What a secret is looked up with has no values.
                let filled = if is_secret { Vec::new() } else { target.filled.clone() };
                all.push(Unasked { whose: target.name(), argv: argv.to_vec(), filled, is_secret });
            }
        }
    }
    all
}

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
