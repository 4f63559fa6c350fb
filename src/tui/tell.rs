//! Records, conditions and steps in a few words.

use std::time::Duration;

use crate::engine::scope::done_by;
use crate::engine::{
    Allowed, Attached, CommandLine, ConditionId, DeviationKind, EnvValue, Event, Hold, Leaving, Record, RunState,
    Soaked, StepStatus, Tri, Turned, Verdict, released_by, signed_by,
};
use crate::runbook::StepKey;
use crate::text::{amount, counted, pace};
use crate::tui::screen::run::alarm::{Alarm, Subject, What};
use crate::tui::screen::run::naming::untold;
use crate::tui::theme::{Glyphs, Meaning};

/// How far the reading of so many bytes has come in that time: share, rate, and what is left of it.
pub fn reading(done: u64, all: u64, took: Duration) -> String {
    far(done, all, took, amount)
}

/// The same for what is counted in other ways, of which `rate` tells so many a second.
pub fn far(done: u64, all: u64, took: Duration, told_rate: fn(u64) -> String) -> String {
    const CELLS: u64 = 20;
    let all = all.max(done).max(1);
    let full = usize::try_from(done * CELLS / all).unwrap_or_default();
    let bar = format!("[{}{}]", "=".repeat(full), " ".repeat(CELLS as usize - full));
    let told = format!("{bar} {} %", done.saturating_mul(100) / all);
    match pace(done, all, took) {
        Some((rate, left)) => format!("{told}, {}/s, {} left", told_rate(rate), duration(left)),
        None => told,
    }
}

/// A record in one line, without its time and author.
pub fn event(event: &Event) -> String {
    match event {
        Event::RunOpened(opened) => format!("the run was opened: {}", opened.title),
        Event::SittingOpened { operator, host, .. } => format!("{operator} sat down at {host}"),
        Event::SittingClosed { how: Leaving::Left } => "the operator left".into(),
        Event::SittingClosed { how: Leaving::Interrupted } => "the sitting was interrupted".into(),
        Event::PhaseBound { phase, items } => format!("phase {phase} opened{}", with_items(items)),
        Event::GroupBound { phase, group, items } => {
            format!("phase {phase} opened for {group}{}", with_items(items))
        }
        Event::StepBegan { step, .. } => format!("{step} began"),
        Event::CautionsRead { step, .. } => format!("cautions of {step} were read"),
        Event::StepConfirmed { .. } | Event::AnswerGiven { .. } | Event::ChoiceMade { .. } => stated(event),
        Event::HoldReleased { .. } => released(event),
        Event::StepDisputed { step, disputed_by: by, said, .. } => {
            format!("{step} is disputed: {by} saw something else: {said}")
        }
        Event::CommandsApproved { step, commands, .. } => format!("{step} runs {}", counted(commands.len(), "command")),
        Event::CancelAsked { step } => format!("what {step} runs is to end"),
        Event::CommandStarted { step, item, command, .. } => {
            format!("{step} runs {}{}", argv(command), for_item(item.as_deref()))
        }
        Event::CommandFinished { step, item, ended, met, .. } => {
            let item = for_item(item.as_deref());
            let met = if *met { "" } else { ", not as expected" };
            format!("the command of {step}{item} ended: {}{met}", ended.describe())
        }
        Event::CheckPassed { .. } | Event::CheckReverted { .. } | Event::CheckRestored { .. } => sensed(event),
        Event::SoakSeen { step, since, until, covered_ms, .. } => {
            format!("{step} soaks for {}, seen for {}", duration(until.since(*since)), millis(*covered_ms))
        }
        Event::SoakRestarted { step, lasted_ms, .. } => {
            format!("the soak of {step} starts again: it lasted {}", millis(*lasted_ms))
        }
        Event::WaitEnded { step } => format!("the wait of {step} ended"),
        Event::WaitCut { step, reason, .. } => format!("the wait of {step} was cut: {reason}"),
        Event::StepFailed { step, why } => format!("{step} failed: {why}"),
        Event::StepRetried { step, attempt } => format!("{step} again, attempt {attempt}"),
        Event::StepSkipped { step, reason, .. } => format!("{step} was skipped: {reason}"),
        Event::StepDeferred { step, until, reason, .. } => format!("{step} was put off until {until}: {reason}"),
        Event::StepOverridden { step, reason, .. } => format!("{step} was overridden: {reason}"),
        Event::VerificationWaived { step, reason, .. } => format!("{step} is done and stays unverified: {reason}"),
        Event::StepsReopened { step, from, reason, .. } => format!("{step} led back to phase {from}: {reason}"),
        Event::StepsRenewed { step, renewed } => format!("before {step} is done anew: {}", names(renewed)),
        Event::StepPutBack { step, instead } => format!("{step} is pending again: {instead} is taken up instead"),
        Event::StepNotApplicable { step, why } => format!("{step} does not apply: {why}"),
        Event::ConditionChanged { condition, truth, why, .. } => format!("{condition} {}{}", tri(*truth), because(why)),
        Event::GuardAcknowledged { condition, reason } => format!("{condition} was acknowledged: {reason}"),
        Event::NoteAdded { text, .. } => format!("note: {}", text.lines().next().unwrap_or_default()),
        Event::EvidenceAttached { path, file, .. } => format!("evidence: {path}, {} bytes", file.bytes),
        Event::RollbackEntered { plan, reason, .. } => format!("the way back {plan} was entered: {reason}"),
        Event::Rehearsed { what } => what.told(),
        Event::ClockJumped { by_ms } => format!("the clock was moved by {} s", by_ms / 1000),
        Event::TailSetAside { bytes, .. } => format!("a torn last line of {bytes} bytes was set aside"),
        Event::RunClosed { outcome, .. } => format!("the run was closed: {}", outcome.word()),
    }
}

/// What a person stated, and who did it where that was another.
fn stated(event: &Event) -> String {
    match event {
        Event::StepConfirmed { step, said, doer, .. } => format!("{step} confirmed: {said}{}", done_by(doer.as_ref())),
        Event::AnswerGiven { step, name, value, doer, .. } => {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{step} answered: {name} = {value}{}", done_by(doer.as_ref()))
        }
        Event::ChoiceMade { step, choice, doer, .. } => {
            format!("{step} was decided: {choice}{}", done_by(doer.as_ref()))
        }
        _ => String::new(),
    }
}

/// What a check came to.
fn sensed(event: &Event) -> String {
    match event {
        Event::CheckPassed { step, soaked: Some(soaked), held_ms, .. } => {
            format!("{step} soaked {}", soaked_for(soaked, *held_ms))
        }
        Event::CheckPassed { step, doer, .. } => format!("{step} was sensed{}", done_by(doer.as_ref())),
        Event::CheckReverted { step, why, .. } => format!("{step} is not so any more{}", because(why)),
        Event::CheckRestored { step, .. } => format!("{step} is so again"),
        _ => String::new(),
    }
}

fn released(event: &Event) -> String {
    let Event::HoldReleased { step, released_by: by, said, verifies, signature, .. } = event else {
        return String::new();
    };
    format!("{step} was {}{}: {said}", released_by(*verifies, by), signed_by(signature))
}

fn names(steps: &[StepKey]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

fn for_item(item: Option<&str>) -> String {
    item.map(|item| format!(" for {item}")).unwrap_or_default()
}

/// A file that was attached.
pub fn attached(attached: &Attached) -> String {
    let head = attached.file.sha256.get(..8).unwrap_or_default();
    let copy = if attached.kept.is_some() { ", a copy is kept" } else { "" };
    format!("{}, {} bytes, sha256 {head}{copy}", attached.path, attached.file.bytes)
}

/// Who and when, for a record.
pub fn author(record: &Record) -> &str {
    &record.by
}

/// What a condition came to, as the end of a sentence.
pub const fn tri(truth: Tri) -> &'static str {
    match truth {
        Tri::True => "holds",
        Tri::False => "does not hold",
        Tri::Unknown => "is unknown",
    }
}

/// The sign and meaning of a condition.
pub const fn tri_sign(truth: Tri, glyphs: &Glyphs) -> (&'static str, Meaning) {
    match truth {
        Tri::True => (glyphs.done, Meaning::Ok),
        Tri::False => (glyphs.failed, Meaning::Bad),
        Tri::Unknown => (glyphs.unknown, Meaning::Unknown),
    }
}

/// The sign and meaning of a verdict.
pub const fn verdict_sign(verdict: Verdict, glyphs: &Glyphs) -> (&'static str, Meaning) {
    match verdict {
        Verdict::Ok => (glyphs.done, Meaning::Ok),
        Verdict::Degraded => (glyphs.alert, Meaning::Degraded),
        Verdict::Bad => (glyphs.failed, Meaning::Bad),
        Verdict::Unknown => (glyphs.unknown, Meaning::Unknown),
    }
}

/// The sign, word and meaning of a step.
pub const fn status(status: StepStatus, glyphs: &Glyphs) -> (&'static str, &'static str, Meaning) {
    match status {
        StepStatus::Pending => (glyphs.pending, "pending", Meaning::Pending),
        StepStatus::Current => (glyphs.current, "current", Meaning::Current),
        StepStatus::Done => (glyphs.done, "done", Meaning::Done),
        StepStatus::Failed => (glyphs.failed, "failed", Meaning::Failed),
        StepStatus::Reverted => (glyphs.reverted, "reverted", Meaning::Failed),
        StepStatus::Skipped => (glyphs.skipped, "skipped", Meaning::Deviation),
        StepStatus::NotApplicable => (glyphs.not_applicable, "n/a", Meaning::NotApplicable),
        StepStatus::Deferred => (glyphs.deferred, "deferred", Meaning::Deviation),
        StepStatus::Overridden => (glyphs.alert, "override", Meaning::Deviation),
    }
}

/// The same; a wait that was cut short is told as that.
pub const fn standing(of: StepStatus, is_cut: bool, glyphs: &Glyphs) -> (&'static str, &'static str, Meaning) {
    let (sign, word, meaning) = status(of, glyphs);
    (sign, if is_cut { DeviationKind::CutWait.word() } else { word }, meaning)
}

/// Exactly what runs, in one line: every argument stands apart, whatever is in it.
pub fn argv(command: &CommandLine) -> String {
    command.argv.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ")
}

/// One argument: as it is when it is plain, else quoted so that its ends are seen.
pub fn argument(word: &str) -> String {
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A variable with its value, or with the place where its secret is found.
pub fn variable(name: &str, value: &EnvValue) -> String {
    match value {
        EnvValue::Plain(value) => format!("{name}={}", argument(value)),
        EnvValue::SecretEnv(from) => format!("{name}=<secret: variable {from}>"),
        EnvValue::SecretCommand(argv) => {
            format!(
                "{name}=<secret: first line of {}>",
                argv.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ")
            )
        }
    }
}

/// What the running commands do when their operator leaves.
pub fn goes_on(state: &RunState) -> String {
    let (running, waiting) = at_work(state);
    match (running, waiting) {
        (0 | 1, 0) => "the running command goes on".into(),
        (_, 0) => format!("the {running} running commands go on"),
        _ => format!("the {running} running commands go on; {waiting} more wait and will not start"),
    }
}

/// What it means to cancel what runs.
pub fn cancelling(state: &RunState) -> String {
    let (running, waiting) = at_work(state);
    let first = state.running.first();
    if first.is_none_or(|first| first.item.is_none()) {
        let command = first.map(|first| argv(&first.command)).unwrap_or_default();
        return format!("End the running command? It gets SIGTERM, after five seconds SIGKILL: {command}");
    }
    let names: Vec<_> = state.running.iter().filter_map(|running| running.item.as_deref()).collect();
    let rest = if waiting > 0 { format!(" The {waiting} that wait will not start.") } else { String::new() };
    let (noun, verb) = if running == 1 { ("command", "It gets") } else { ("commands", "Each gets") };
    let names = names.join(", ");
    format!("End all {running} running {noun}? {verb} SIGTERM, after five seconds SIGKILL.{rest} Running: {names}")
}

/// How many commands run, and how many wait.
fn at_work(state: &RunState) -> (usize, usize) {
    (state.running.len(), state.batch.as_ref().map_or(0, |batch| batch.waiting.len()))
}

/// A duration in a few characters.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if duration.subsec_millis() > 0 && seconds < 1 => format!("{} ms", duration.as_millis()),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// What is left of a time: a second that has begun counts, and nothing is over before it is.
pub fn to_go(left: Duration) -> String {
    duration(left + Duration::from_millis(999))
}

/// A duration in at most three characters, for a column.
pub fn short(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..100 => format!("{seconds}s"),
        seconds @ 100..6_000 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3_600),
    }
}

/// [`duration`] of milliseconds.
pub fn millis(ms: u64) -> String {
    duration(Duration::from_millis(ms))
}

/// What a soak came to: how long, how much of it was seen, the longest gap, the worst value.
pub fn soaked_for(soaked: &Soaked, held_ms: u64) -> String {
    let percent = soaked.covered_ms.saturating_mul(100) / held_ms.max(1);
    let gap = match soaked.longest_gap_ms {
        0 => "no gap".to_owned(),
        gap => format!("longest gap {}", millis(gap)),
    };
    let worst = soaked.worst.as_ref().map(|worst| format!(", worst value {worst}")).unwrap_or_default();
    format!("for {}, {percent} % of it seen, {gap}{worst}", millis(held_ms))
}

/// How many items it has; a phase that is no loop has none.
fn with_items(items: &[crate::engine::Item]) -> String {
    match items {
        [only] if only.name.is_none() => String::new(),
        items => format!(" with {}", counted(items.len(), "item")),
    }
}

/// A row that turned bad and that nothing explains, at that time of the day.
pub fn alarm(runbook: &crate::runbook::Runbook, alarm: &Alarm, at: &str) -> String {
    let name = match &alarm.subject {
        Subject::Condition(id) => row(runbook, id),
        Subject::Step(key) => key.to_string(),
    };
    match (alarm.what, alarm.truth) {
        (What::Turned(Turned::Overdue { .. }), _) => format!("{name} should be ok again since {at}"),
        (_, Tri::Unknown) => format!("{name} gives no answer since {at}, not expected"),
        (_, Tri::True | Tri::False) => format!("{name} turned {} at {at}, not expected", alarm.word),
    }
}

/// The same in fewer words, where the moment stands elsewhere or has no room.
pub fn alarm_in_short(name: &str, alarm: &Alarm) -> String {
    match (alarm.what, alarm.truth) {
        (What::NeverOk, _) => format!("{name} is {}, never ok in this run", alarm.word),
        (What::Turned(Turned::Expected { left }), _) => {
            format!("{name} is {}, expected for {}", alarm.word, short(left))
        }
        (What::Turned(Turned::Overdue { .. }), _) => format!("{name} should be ok again"),
        (_, Tri::Unknown) => format!("{name} gives no answer, not expected"),
        (_, Tri::True | Tri::False) => format!("{name} is {}, not expected", alarm.word),
    }
}

/// What is to be made of a row that is not ok, in a few words beside it.
pub fn turned(turned: Turned) -> (String, Meaning) {
    match turned {
        Turned::Expected { left } => (format!("{} expected", short(left)), Meaning::Dim),
        Turned::Overdue { .. } => ("OVERDUE".into(), Meaning::Problem),
        Turned::Unexpected { .. } => ("NOT EXPECTED".into(), Meaning::Problem),
    }
}

/// A step by its title, where its number is not known: `"Install {{ .node.name }}"` by that of its item.
fn named(runbook: &crate::runbook::Runbook, key: &StepKey) -> String {
    let step = runbook.step(&key.phase, &key.step);
    step.map_or_else(|| key.to_string(), |step| format!("{:?}", untold(&step.title, key)))
}

/// A row of the board: its node, and of what it was asked.
pub fn row(runbook: &crate::runbook::Runbook, condition: &ConditionId) -> String {
    let ConditionId::Health(probe, node) = condition else { return condition.to_string() };
    let title = runbook.health.iter().find(|known| &known.id == probe);
    let title = title.map_or_else(|| probe.to_string(), |probe| probe.title.clone());
    match node {
        Some(node) => format!("{node} ({title})"),
        None => title,
    }
}

/// The name that a person knows a condition by.
pub fn condition(runbook: &crate::runbook::Runbook, condition: &ConditionId) -> String {
    match condition {
        ConditionId::Guard(id) => {
            let guard = runbook.guards.iter().find(|guard| &guard.id == id);
            guard.map_or_else(|| id.to_string(), |guard| format!("guard: {}", guard.title))
        }
        ConditionId::Gate(key) => format!("the gate of {}", named(runbook, key)),
        ConditionId::Check(key) => format!("what {} looks at", named(runbook, key)),
        ConditionId::Health(..) => row(runbook, condition),
    }
}

/// Why a step is held back, in a few words.
pub fn hold(runbook: &crate::runbook::Runbook, hold: &Hold) -> String {
    match hold {
        // Why it waits stands on the step's page, in full.
        Hold::Condition { condition: ConditionId::Check(_), truth: Tri::False, .. } => {
            "what it waits for does not hold yet".into()
        }
        Hold::Condition { condition: id, truth, why } => {
            let colon = if why.is_empty() { "" } else { ": " };
            let name = match id {
                ConditionId::Gate(_) => "the gate".to_owned(),
                ConditionId::Check(_) => "what it waits for".to_owned(),
                other => condition(runbook, other),
            };
            format!("{name} {}{colon}{why}", tri(*truth))
        }
        Hold::Holding { left } => {
            format!("it must hold for {} more", to_go(*left))
        }
        Hold::Stale { step, age, within } => {
            let (age, within) = (duration(Duration::from_secs(age.as_secs())), duration(*within));
            format!("{} was done {age} ago, at most {within} are allowed", named(runbook, step))
        }
        Hold::Soaking { coverage, needed, left, .. } => {
            let short = if coverage < needed { format!(", {needed} % needed") } else { String::new() };
            let left = to_go(*left);
            format!("it soaks: at least {left} more, {coverage} % seen{short}")
        }
        Hold::Missing(step) => format!("{} has not been done", named(runbook, step)),
        Hold::Reverted { step, truth, why } => {
            let colon = if why.is_empty() { "" } else { ": " };
            let of = step.item.as_deref().map(|item| format!(" of {item}")).unwrap_or_default();
            format!("{}{of} {}{colon}{why}", named(runbook, step), Hold::turned(*truth))
        }
        Hold::Waiting { left } => format!("{} are left", to_go(*left)),
        other => other.describe(),
    }
}

/// The words of the action bar for something that is allowed: in full, and the shortest that still tells.
pub const fn offer(allowed: &Allowed) -> (&'static str, &'static str) {
    match allowed {
        Allowed::ReadCautions(_) => ("cautions read", "read"),
        Allowed::Confirm(_) => ("confirm", "confirm"),
        Allowed::Answer(_) => ("answer", "answer"),
        Allowed::Choose(_) => ("choose", "choose"),
        Allowed::Release(_) => ("release", "release"),
        Allowed::Verify(_) => ("verify", "verify"),
        Allowed::Dispute(_) => ("dispute", "dispute"),
        Allowed::Restart(_) => ("go back", "go back"),
        Allowed::Run(_) => ("run", "run"),
        Allowed::Cancel(_) => ("cancel command", "cancel"),
        Allowed::Retry(_) => ("retry", "retry"),
        Allowed::Renew(_) => ("do anew", "anew"),
        Allowed::TakeUp(_) => ("take up", "take up"),
        Allowed::Skip(_) => ("skip", "skip"),
        Allowed::Defer(_) => ("put off", "defer"),
        Allowed::Override(_) => ("override", "override"),
        Allowed::CutWait(_) => ("cut wait", "cut"),
        Allowed::Acknowledge(_) => ("acknowledge", "ack"),
        Allowed::Note => ("note", "note"),
        Allowed::RollBack(_) => ("roll back", "roll"),
        Allowed::Close => ("close the run", "close"),
        Allowed::Abandon => ("abandon", "abandon"),
        Allowed::Leave => ("leave", "leave"),
    }
}
