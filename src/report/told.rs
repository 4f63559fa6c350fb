//! A record in one line: what sort of thing happened, to what, and what is told of it.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::scope::done_by;
use crate::engine::{CommandLine, DeviationKind, EnvValue, Event, Item, Leaving, Record, Soaked, Tri, signed_by};
use crate::report::model::Heading;

/// The longest value of a captured answer that is told, in characters.
const MAX_VALUE: usize = 200;

/// What happened, to what, and what is told of it. Nothing of it is cleaned yet.
pub(super) fn told(event: &Event) -> (&'static str, String, String) {
    let none = String::new;
    match event {
        Event::RunOpened(opened) => ("opened", none(), format!("{} · revision {}", opened.title, opened.revision)),
        Event::SittingOpened { operator, host, version, .. } => {
            ("sits down", none(), format!("{operator}@{host}, piton {version}"))
        }
        Event::SittingClosed { how: Leaving::Left } => ("left", none(), none()),
        Event::SittingClosed { how: Leaving::Interrupted } => ("interrupted", none(), none()),
        Event::PhaseBound { phase, items } => ("phase", phase.to_string(), items_told(items)),
        Event::GroupBound { phase, group, items } => ("phase", format!("{phase}[{group}]"), items_told(items)),
        Event::ConditionChanged { condition, truth, why, .. } => (tri(*truth), condition.to_string(), why.clone()),
        Event::GuardAcknowledged { condition, reason } => ("ACKNOWLEDGED", condition.to_string(), reason.clone()),
        Event::NoteAdded { step, text } => ("note", step.as_ref().map_or_else(none, ToString::to_string), text.clone()),
        Event::EvidenceAttached { step, path, file, kept } => {
            let copy = kept.as_ref().map(|kept| format!(", copy in {kept}")).unwrap_or_default();
            let told = format!("{path}, {} bytes, sha256 {}{copy}", file.bytes, file.sha256);
            ("evidence", step.as_ref().map_or_else(none, ToString::to_string), told)
        }
        Event::RollbackEntered { plan, reason, .. } => ("ROLLBACK", plan.to_string(), reason.clone()),
        Event::Rehearsed { what } => ("rehearsal", none(), what.told()),
        Event::ClockJumped { by_ms } => ("clock moved", none(), format!("by {by_ms} ms")),
        Event::TailSetAside { file, bytes, sha256 } => {
            ("tail set aside", none(), format!("{bytes} bytes of a torn last line lie in {file}, sha256 {sha256}"))
        }
        Event::RunClosed { outcome, reason, .. } => ("closed", none(), with(outcome.word(), reason)),
        of_a_step => {
            let about = of_a_step.step().map_or_else(none, ToString::to_string);
            let (what, told) = of_step(of_a_step);
            (what, about, told)
        }
    }
}

fn of_step(event: &Event) -> (&'static str, String) {
    match event {
        Event::StepBegan { attempt, .. } => {
            ("begins", if *attempt > 1 { format!("attempt {attempt}") } else { String::new() })
        }
        Event::CautionsRead { .. } => ("cautions read", String::new()),
        Event::StepConfirmed { .. } | Event::AnswerGiven { .. } | Event::ChoiceMade { .. } => stated(event),
        Event::HoldReleased { released_by, said, verifies, signature, .. } => {
            let what = verifies.map_or("released", |_| "verified");
            (what, format!("by {released_by}{}: {said}", signed_by(signature)))
        }
        Event::StepDisputed { disputed_by, said, .. } => ("DISPUTED", format!("by {disputed_by}, who saw: {said}")),
        Event::CommandsApproved { commands, .. } => {
            let lines: Vec<String> =
                commands.iter().map(|each| format!("{}: {}", each.item, command_line(&each.command))).collect();
            ("approved", lines.join("\n"))
        }
        Event::CancelAsked { .. } => ("cancel asked", String::new()),
        Event::CommandStarted { item, command, .. } => ("runs", for_item(item.as_deref(), command_line(command))),
        Event::CommandFinished { item, ended, elapsed_ms, met, why, captured, .. } => {
            let mut told = format!("{} after {}", ended.describe(), duration(*elapsed_ms));
            if !why.is_empty() && *why != ended.describe() {
                told = with(&told, why);
            }
            (if *met { "ended" } else { "ENDED BADLY" }, for_item(item.as_deref(), told + &captures(captured)))
        }
        Event::CheckPassed { held_ms, doer, soaked, .. } => {
            ("sensed", format!("{}{}", held(*held_ms, soaked.as_ref()), done_by(doer.as_ref())))
        }
        Event::CheckReverted { why, .. } => ("REVERTED", why.clone()),
        Event::CheckRestored { held_ms, .. } => ("restored", held(*held_ms, None)),
        Event::SoakSeen { since, until, covered_ms, length_ms, .. } => {
            let lasts = millis(until.since(*since));
            let (lasts, length, seen) = (duration(lasts), duration(*length_ms), duration(*covered_ms));
            ("soaks", format!("{lasts} of {length}, seen for {seen}"))
        }
        Event::SoakRestarted { lasted_ms, .. } => ("SOAK RESTARTED", format!("it had lasted {}", duration(*lasted_ms))),
        Event::WaitEnded { .. } => ("waited", String::new()),
        Event::WaitCut { reason, left_ms, .. } => ("WAIT CUT", format!("{reason} ({} were left)", duration(*left_ms))),
        Event::StepFailed { why, .. } => ("FAILED", why.clone()),
        Event::StepRetried { attempt, .. } => ("tried again", format!("attempt {attempt}")),
        Event::StepSkipped { reason, .. } => ("SKIPPED", reason.clone()),
        Event::StepDeferred { until, reason, .. } => ("DEFERRED", format!("until {until}: {reason}")),
        Event::StepOverridden { reason, .. } => ("OVERRIDDEN", reason.clone()),
        Event::VerificationWaived { reason, .. } => ("VERIFICATION WAIVED", reason.clone()),
        Event::StepsReopened { from, reason, .. } => ("REOPENED", format!("from phase {from} on: {reason}")),
        Event::StepsRenewed { renewed, .. } => {
            let names: Vec<String> = renewed.iter().map(ToString::to_string).collect();
            ("renewed", format!("first anew: {}", names.join(", ")))
        }
        Event::StepPutBack { instead, .. } => ("put back", format!("{instead} is taken up instead")),
        Event::StepNotApplicable { why, .. } => ("not applicable", why.clone()),
        _ => ("", String::new()),
    }
}

/// For how long a check held, and what was seen of it where it soaked.
fn held(held_ms: u64, soaked: Option<&Soaked>) -> String {
    let soaked = soaked.map_or_else(String::new, |soaked| {
        let worst = soaked.worst.as_ref().map(|worst| format!(", worst value {worst}")).unwrap_or_default();
        format!(", seen for {}, longest gap {}{worst}", duration(soaked.covered_ms), duration(soaked.longest_gap_ms))
    });
    format!("held for {}{soaked}", duration(held_ms))
}

/// What a person stated, and who did it where that was another.
fn stated(event: &Event) -> (&'static str, String) {
    match event {
        Event::StepConfirmed { said, doer, .. } => ("confirmed", format!("{said}{}", done_by(doer.as_ref()))),
        Event::AnswerGiven { name, value, doer, .. } => {
            ("answered", format!("{name} = {}{}", plain(value), done_by(doer.as_ref())))
        }
        Event::ChoiceMade { choice, doer, .. } => ("chosen", format!("{choice}{}", done_by(doer.as_ref()))),
        _ => ("", String::new()),
    }
}

/// A record in one line: `SKIPPED standbys[vault-2]/stop: the window closes`. Nothing of it is cleaned yet.
pub fn told_line(record: &Record) -> String {
    let (what, about, told) = told(&record.event);
    let about = if about.is_empty() { String::new() } else { format!(" {about}") };
    with(&format!("{what}{about}"), &told)
}

/// How an event overrules the machine, where it does: in which way, what, and why.
pub fn deviation(event: &Event) -> Option<(DeviationKind, String, Cow<'_, str>)> {
    let (kind, subject, reason) = match event {
        Event::StepDisputed { step, disputed_by, said, .. } => {
            let told = format!("{disputed_by} saw something else: {said}");
            return Some((DeviationKind::Disputed, step.to_string(), told.into()));
        }
        Event::StepSkipped { step, reason, .. } => (DeviationKind::Skip, step.to_string(), reason),
        Event::StepOverridden { step, reason, .. } => (DeviationKind::Override, step.to_string(), reason),
        Event::VerificationWaived { step, reason, .. } => (DeviationKind::Waived, step.to_string(), reason),
        Event::WaitCut { step, reason, .. } => (DeviationKind::CutWait, step.to_string(), reason),
        Event::StepDeferred { step, reason, .. } => (DeviationKind::Deferred, step.to_string(), reason),
        Event::GuardAcknowledged { condition, reason } => (DeviationKind::Acknowledged, condition.to_string(), reason),
        _ => return None,
    };
    Some((kind, subject, reason.into()))
}

const fn tri(truth: Tri) -> &'static str {
    match truth {
        Tri::True => "holds",
        Tri::False => "does not hold",
        Tri::Unknown => "is unknown",
    }
}

fn items_told(items: &[Item]) -> String {
    let names: Vec<&str> = items.iter().filter_map(|item| item.name.as_deref()).collect();
    match (items.is_empty(), names.is_empty()) {
        (true, _) => "nothing to do".into(),
        (false, true) => String::new(),
        (false, false) => names.join(", "),
    }
}

/// Exactly what runs, with where it runs and its variables; a secret is told by where it is found.
pub fn command_line(command: &CommandLine) -> String {
    let mut told: Vec<String> = command.env.iter().map(|(name, value)| variable(name, value)).collect();
    told.push(words(&command.argv));
    let cwd = command.cwd.as_ref().map(|cwd| format!(" (in {cwd})")).unwrap_or_default();
    told.join(" ") + &cwd
}

fn variable(name: &str, value: &EnvValue) -> String {
    match value {
        EnvValue::Plain(value) => format!("{name}={}", quoted(value)),
        EnvValue::SecretEnv(from) => format!("{name}=<secret: variable {from}>"),
        EnvValue::SecretCommand(argv) => format!("{name}=<secret: first line of {}>", words(argv)),
    }
}

/// An argv in one line: every argument stands apart, whatever is in it.
pub(super) fn words(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn captures(captured: &Map<String, Value>) -> String {
    let told: Vec<String> = captured.iter().map(|(name, value)| format!("{name} = {}", plain(value))).collect();
    if told.is_empty() { String::new() } else { format!("; {}", told.join(", ")) }
}

/// A value as text, bounded.
pub fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn for_item(item: Option<&str>, told: String) -> String {
    item.map_or_else(|| told.clone(), |item| format!("{item}: {told}"))
}

fn with(head: &str, told: &str) -> String {
    if told.is_empty() { head.to_owned() } else { format!("{head}: {told}") }
}

/// Whole milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// `0.3s`, `42s`, `12m 05s`, `3h 12m`, `2d 03h`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days}d {:02}h", hours % 24),
        () if hours > 0 => format!("{hours}h {:02}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m {:02}s", seconds % 60),
        () if seconds >= 10 || ms.is_multiple_of(1_000) => format!("{seconds}s"),
        () => format!("{seconds}.{}s", ms % 1_000 / 100),
    }
}

/// `2026-11-21 02:41:10`.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |text| text.replace('T', " "))
}

/// `02:41:10`.
fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(11..19).unwrap_or(&text).to_owned()
}

/// How moments of that run are told: with their date where the run had more than one.
pub(super) fn short_moment(heading: &Heading) -> fn(Timestamp) -> String {
    let date = |at: Timestamp| moment(at).get(..10).map(str::to_owned);
    if date(heading.opened_at) == date(heading.last_at) { clock } else { moment }
}

/// The heading as rows of a table: a name and what is told.
pub(super) fn heading_rows(heading: &Heading) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("Run", heading.run.clone()),
        ("Runbook", format!("{} · revision {}", heading.runbook, heading.revision)),
        ("Runbook sha256", heading.runbook_sha256.clone()),
    ];
    rows.extend(heading.document.as_ref().map(|document| ("Made from", document.clone())));
    let seed = heading.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
    let scenario = heading.scenario.as_ref().map(|scenario| format!(", scenario {scenario}")).unwrap_or_default();
    rows.push(("Mode", format!("{}{scenario}{seed}", heading.mode)));
    let site = heading.environment.iter().chain(&heading.site).cloned().collect::<Vec<_>>().join(" · ");
    rows.push(("Environment and site", if site.is_empty() { "no site file".into() } else { site }));
    rows.push(("Operators", heading.operators.join(", ")));
    rows.push(("Outcome", with(&heading.outcome, &heading.reason)));
    rows.extend(heading.way_back.as_ref().map(|plan| ("Way back", plan.clone())));
    rows.push(("Opened (UTC)", moment(heading.opened_at)));
    rows.push((if heading.is_closed { "Closed (UTC)" } else { "Last record (UTC)" }, moment(heading.last_at)));
    let (lasted, sat) = (duration(heading.lasted_ms), duration(heading.sat_ms));
    rows.push(("Took", format!("{lasted}, of which somebody sat there for {sat}")));
    rows.push(("Planned", heading.planned_ms.map_or_else(|| "the runbook does not say".into(), duration)));
    let sittings = if heading.sitting_count == 1 { "1 sitting" } else { "sittings" };
    let count = if heading.sitting_count == 1 { String::new() } else { format!("{} ", heading.sitting_count) };
    rows.push(("Records", format!("{} in {count}{sittings}", heading.record_count)));
    rows.push(("Journal", heading.integrity.clone()));
    rows.push(("Head", heading.head.clone()));
    rows.push(("Opened by", format!("piton {}", heading.version)));
    rows
}
