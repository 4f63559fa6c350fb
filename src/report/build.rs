//! Records and runbook → [`Report`].

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::{ConditionId, Event, Mode, Outcome, Record, RunOpened, RunState, Signed, Story, is_left_undone};
use crate::report::health::health;
use crate::report::model::{
    Asked, Bound, Evidence, FileNow, Heading, Line, Overruled, REPORT_FORMAT, Release, Report, Reviewed, Sat,
    SignatureTold,
};
use crate::report::steps::{Going, Titles};
use crate::report::told::{command_line, deviation, millis, plain, told};
use crate::runbook::{InputKind, Runbook, StepKey};
use crate::sources;

/// What a report is made of.
pub struct Material<'m> {
    /// The good records, in order, without a doubtful one unless it is the first.
    pub records: &'m [Record],
    /// The record behind them that may have been changed: nothing but itself is told of it.
    pub doubtful: Option<&'m Record>,
    /// The runbook that the first of them holds; `Err`: why this version cannot read it.
    pub runbook: Result<&'m Runbook, String>,
    /// Whether the journal is whole, for people.
    pub integrity: String,
    /// That it lies in another run's folder, for people.
    pub misnamed: Option<String>,
    /// Whether nothing stands behind the good records.
    pub is_whole: bool,
    /// The hash of the last good record that is beyond doubt.
    pub head: String,
    /// Whether somebody sits at the run now.
    pub is_running: bool,
    /// What the files of the run's `output` folder are now, by name.
    pub files: BTreeMap<String, FileNow>,
    /// What lies beside the journal.
    pub beside: Beside,
}

/// What others left beside a journal.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What reviewers said.
    pub reviews: Vec<Reviewed>,
    /// The signatures of the journal.
    pub signatures: Vec<SignatureTold>,
    /// What is wrong with either, for people.
    pub warnings: Vec<String>,
}

/// The report; `None` when the records do not begin with the opening of a run.
pub fn build(material: &Material<'_>) -> Option<Report> {
    let first = material.records.first()?;
    let Event::RunOpened(opened) = &first.event else { return None };
    let runbook = material.runbook.as_ref().ok().copied();
    let mut going = Going::new(runbook);
    material.records.iter().for_each(|record| going.take(record));
    let (phases, state) = going.end();
    let known = runbook.zip(state.as_ref());
    let end = ended(material.records);
    let (deviations, left_undone) = overruled(known, material.records, end);
    let sittings = sittings(material.records);
    let mut story = Story::default();
    material.records.iter().for_each(|record| story.take(record));
    Some(Report {
        format: REPORT_FORMAT,
        is_practice: opened.mode == Mode::Practice,
        warnings: warnings(material, &story),
        heading: heading(material, &story, opened, &sittings),
        inputs: inputs(runbook, opened),
        deviations,
        left_undone,
        never_verified: known
            .map(|(_, state)| state.never_verified().iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        reviews: material.beside.reviews.clone(),
        signatures: material.beside.signatures.clone(),
        phases,
        evidence: evidence(material),
        health: health(runbook, material.records),
        releases: material.records.iter().filter_map(release).collect(),
        sittings,
        records: lines(material, end),
    })
}

fn closed(records: &[Record]) -> Option<(Outcome, &str)> {
    records.iter().rev().find_map(|record| match &record.event {
        Event::RunClosed { outcome, reason, .. } => Some((*outcome, reason.as_str())),
        _ => None,
    })
}

fn warnings(material: &Material<'_>, story: &Story) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(record) = material.doubtful {
        warnings.push(doubted(material, record));
    } else if !material.is_whole {
        warnings.push(format!(
            "The journal is {}. This report tells the {} records before that, and nothing of what stood behind them.",
            material.integrity,
            material.records.len()
        ));
    }
    if let Some(what) = &material.misnamed {
        warnings.push(format!("{what}. Nothing of this was done in the run that the folder is called after."));
    }
    if let Some(found) = story.found() {
        warnings.push(format!(
            "The journal CONTRADICTS ITSELF at {found}. So it cannot have happened: it was changed, and its chain was made anew."
        ));
    }
    if closed(material.records).is_none() {
        let now = if material.is_running { "somebody sits at it now" } else { "it waits to be resumed" };
        warnings.push(format!("The run is not closed: {now}. What follows may change."));
    }
    if let Err(why) = &material.runbook {
        warnings.push(format!(
            "The runbook in the journal cannot be read by this version of piton ({why}): the plan and its sources are missing here."
        ));
    }
    warnings.extend(material.beside.warnings.iter().cloned());
    let differ = material.files.values().filter(|now| matches!(now, FileNow::Differs | FileNow::Missing)).count();
    if differ > 0 {
        warnings
            .push(format!("{differ} of the kept files are missing or are not what was recorded: see the evidence."));
    }
    warnings
}

/// That one of two neighbours was changed, and what is made of the first of them.
fn doubted(material: &Material<'_>, record: &Record) -> String {
    let (integrity, head) = (&material.integrity, &material.head);
    match record.seq {
        1 => format!(
            "The journal is {integrity}. It is the first record, of which all of this is made: nothing here is certain."
        ),
        seq => format!(
            "The journal is {integrity}. This report tells the {} records before that one, up to the head {head}. Record {seq} \
             stands in the list of records, marked as doubtful; nothing else here is made of it, nor of what stood behind it.",
            seq - 1
        ),
    }
}

fn heading(material: &Material<'_>, story: &Story, opened: &RunOpened, sittings: &[Sat]) -> Heading {
    let records = material.records;
    let (opened_at, last_at) = match (records.first(), records.last()) {
        (Some(first), Some(last)) => (first.at, last.at),
        _ => (Timestamp::default(), Timestamp::default()),
    };
    let ending = closed(records);
    let way_back = records.iter().find_map(|record| match &record.event {
        Event::RollbackEntered { plan, .. } => Some(plan.to_string()),
        _ => None,
    });
    let mut operators = vec![format!("{}@{}", opened.operator, opened.host)];
    for sat in sittings {
        if !operators.contains(&sat.operator) {
            operators.push(sat.operator.clone());
        }
    }
    let runbook = material.runbook.as_ref().ok();
    let standing = if material.is_running { "running" } else { "suspended" };
    Heading {
        run: opened.run.clone(),
        title: opened.title.clone(),
        runbook: opened.runbook.to_string(),
        revision: opened.revision.clone(),
        runbook_sha256: opened.sha256.clone(),
        document: runbook.and_then(|book| book.source.as_ref()).map(|source| source.document.clone()),
        mode: if opened.mode == Mode::Practice { "practice" } else { "live" }.into(),
        scenario: opened.practice.as_ref().and_then(|practice| practice.scenario.clone()),
        seed: opened.practice.as_ref().map(|practice| practice.seed),
        environment: opened.site.as_ref().map(|site| site.environment.clone()),
        site: opened.site.as_ref().map(|site| site.name.clone()),
        operators,
        outcome: ending.map_or_else(|| standing.to_owned(), |(outcome, _)| outcome.word().to_owned()),
        is_closed: ending.is_some(),
        reason: ending.map_or_else(String::new, |(_, reason)| reason.to_owned()),
        way_back,
        integrity: {
            let contradicts = story.found().map(|found| format!("it CONTRADICTS ITSELF at {found}"));
            let but = material.misnamed.iter().cloned().chain(contradicts);
            but.fold(material.integrity.clone(), |told, but| format!("{told}, but {but}"))
        },
        is_whole: material.is_whole,
        head: material.head.clone(),
        record_count: material.doubtful.map_or(records.len() as u64, |record| record.seq - 1),
        doubtful_record: material.doubtful.map(|record| record.seq),
        sitting_count: sittings.len(),
        opened_at,
        last_at,
        lasted_ms: millis(last_at.since(opened_at)),
        sat_ms: sittings.iter().map(|sat| millis(sat.until.since(sat.from))).sum(),
        planned_ms: runbook.and_then(|book| book.minutes).map(|minutes| u64::from(minutes) * 60_000),
        version: opened.version.clone(),
    }
}

/// The inputs that the runbook names, in its order. Without it none is told: nobody knows which of them are secrets.
fn inputs(runbook: Option<&Runbook>, opened: &RunOpened) -> Vec<Bound> {
    let named = runbook.into_iter().flat_map(|book| &book.inputs).filter_map(|input| {
        let value = opened.inputs.get(input.id.as_str())?;
        let value = if input.kind == InputKind::Secret { reference(value) } else { plain(value) };
        Some(Bound { input: input.id.to_string(), value })
    });
    named.collect()
}

/// Where a secret is found. A value that is none such reference is not told, whoever wrote it there.
fn reference(value: &Value) -> String {
    let env = value.get("env").and_then(Value::as_str).map(|name| format!("<secret: variable {name}>"));
    let command = || {
        let argv: Vec<String> =
            value.get("command")?.as_array()?.iter().filter_map(|word| Some(word.as_str()?.to_owned())).collect();
        Some(format!("<secret: first line of {}>", crate::report::told::words(&argv)))
    };
    env.or_else(command).unwrap_or_else(|| "<secret: not told>".into())
}

/// How and when the run ended.
fn ended(records: &[Record]) -> Option<(Outcome, Timestamp)> {
    records.iter().rev().find_map(|record| match record.event {
        Event::RunClosed { outcome, .. } => Some((outcome, record.at)),
        _ => None,
    })
}

/// The deviations, and the names of the steps that were left undone because the run was given up.
fn overruled(
    known: Option<(&Runbook, &RunState)>,
    records: &[Record],
    closed: Option<(Outcome, Timestamp)>,
) -> (Vec<Overruled>, Vec<String>) {
    let (mut own, mut left) = (Vec::new(), Vec::new());
    for record in records {
        let Some((kind, subject, reason)) = deviation(&record.event) else { continue };
        if is_left_undone(kind, record.at, closed) {
            left.push(subject);
            continue;
        }
        own.push(Overruled {
            seq: record.seq,
            at: record.at,
            by: record.by.clone(),
            way: kind.word().to_owned(),
            title: known.and_then(|(book, state)| title_of(book, state, &subject)).unwrap_or_default(),
            obligations: known.map(|(book, _)| obligations(book, &subject)).unwrap_or_default(),
            subject,
            reason: reason.into_owned(),
        });
    }
    (own, left)
}

/// The step that a condition or a name speaks of.
fn step_named(subject: &str) -> Option<StepKey> {
    match subject.parse::<ConditionId>() {
        Ok(ConditionId::Gate(step) | ConditionId::Check(step)) => Some(step),
        Ok(_) => None,
        Err(_) => subject.parse().ok(),
    }
}

fn title_of(runbook: &Runbook, state: &RunState, subject: &str) -> Option<String> {
    if let Ok(ConditionId::Guard(id)) = subject.parse() {
        return runbook.guards.iter().find(|guard| guard.id == id).map(|guard| guard.title.clone());
    }
    Titles::new(state).of(runbook, &step_named(subject)?)
}

fn obligations(runbook: &Runbook, subject: &str) -> Vec<Asked> {
    let guard = match subject.parse() {
        Ok(ConditionId::Guard(id)) => runbook.guards.iter().find(|guard| guard.id == id),
        _ => None,
    };
    let step = step_named(subject).and_then(|key| runbook.step(&key.phase, &key.step));
    let ids = guard.map(|guard| &guard.source).or_else(|| step.map(|step| &step.source));
    ids.into_iter().flatten().map(|id| asked(id)).collect()
}

/// The obligation of that id.
pub(super) fn asked(id: &str) -> Asked {
    let found = sources::find(id);
    let asks = found.map(|found| found.obligation.asks.clone()).unwrap_or_default();
    let place = found.map(|found| format!("{} › {}", found.source.document.title, found.heading.title()));
    Asked { id: id.to_owned(), asks, place: place.unwrap_or_default() }
}

fn evidence(material: &Material<'_>) -> Vec<Evidence> {
    let mut commands: BTreeMap<u64, String> = BTreeMap::new();
    let mut found = Vec::new();
    for record in material.records {
        let (seq, at) = (record.seq, record.at);
        let step = record.event.step().map(ToString::to_string).unwrap_or_default();
        match &record.event {
            Event::CommandStarted { job, command, .. } => {
                commands.insert(job.0, command_line(command));
            }
            Event::CommandFinished { job, output: Some(output), .. } => found.push(Evidence {
                seq,
                at,
                step,
                what: commands.remove(&job.0).unwrap_or_default(),
                file: output.file.clone(),
                bytes: output.bytes,
                left_out_bytes: output.left_out_bytes,
                sha256: output.sha256.clone(),
                now: material.files.get(&output.file).copied().unwrap_or(FileNow::NotLookedAt),
            }),
            Event::AnswerGiven { name, value, file: Some(file), .. } => found.push(Evidence {
                seq,
                at,
                step,
                what: name.clone(),
                file: plain(value),
                bytes: file.bytes,
                left_out_bytes: 0,
                sha256: file.sha256.clone(),
                now: FileNow::NotLookedAt,
            }),
            Event::EvidenceAttached { step, path, file, kept } => found.push(Evidence {
                seq,
                at,
                step: step.as_ref().map(ToString::to_string).unwrap_or_default(),
                what: kept.as_ref().map_or_else(|| "attached".to_owned(), |_| format!("attached: {path}")),
                file: kept.clone().unwrap_or_else(|| path.clone()),
                bytes: file.bytes,
                left_out_bytes: 0,
                sha256: file.sha256.clone(),
                now: kept.as_ref().and_then(|kept| material.files.get(kept)).copied().unwrap_or(FileNow::NotLookedAt),
            }),
            _ => {}
        }
    }
    found
}

fn release(record: &Record) -> Option<Release> {
    let Event::HoldReleased { step, released_by, said, verifies, signature, .. } = &record.event else { return None };
    Some(Release {
        seq: record.seq,
        at: record.at,
        step: step.to_string(),
        by: record.by.clone(),
        released_by: released_by.clone(),
        verifies: verifies.map(|verifies| verifies.word().to_owned()),
        said: said.clone(),
        signature: signature.as_deref().map(Signed::describe),
    })
}

fn sittings(records: &[Record]) -> Vec<Sat> {
    let mut sittings: Vec<Sat> = Vec::new();
    for record in records {
        let open = sittings.last_mut().filter(|sat| sat.how == "open");
        match &record.event {
            Event::SittingOpened { operator, host, .. } => {
                // One that was not closed ended with its last record.
                open.into_iter().for_each(|sat| sat.how = "lost".into());
                let operator = format!("{operator}@{host}");
                sittings.push(Sat { operator, from: record.at, until: record.at, how: "open".into() });
            }
            Event::SittingClosed { how } => open.into_iter().for_each(|sat| {
                sat.until = record.at;
                sat.how = match how {
                    crate::engine::Leaving::Left => "left".into(),
                    crate::engine::Leaving::Interrupted => "interrupted".into(),
                };
            }),
            Event::RunClosed { .. } => open.into_iter().for_each(|sat| {
                sat.until = record.at;
                sat.how = "closed".into();
            }),
            _ => open.into_iter().for_each(|sat| sat.until = record.at),
        }
    }
    sittings
}

/// Every record in one line, the doubtful one too.
fn lines(material: &Material<'_>, end: Option<(Outcome, Timestamp)>) -> Vec<Line> {
    let behind =
        material.doubtful.filter(|doubtful| material.records.last().is_none_or(|last| last.seq < doubtful.seq));
    let is_doubtful = |record: &Record| material.doubtful.is_some_and(|doubtful| doubtful.seq == record.seq);
    let told = |record| Line { is_doubtful: is_doubtful(record), ..line(record, end) };
    material.records.iter().chain(behind).map(told).collect()
}

fn line(record: &Record, closed: Option<(Outcome, Timestamp)>) -> Line {
    let (what, about, told) = told(&record.event);
    Line {
        seq: record.seq,
        at: record.at,
        by: record.by.clone(),
        what: what.to_owned(),
        about,
        told,
        is_doubtful: false,
        is_deviation: deviation(&record.event).is_some_and(|(kind, ..)| !is_left_undone(kind, record.at, closed)),
    }
}
