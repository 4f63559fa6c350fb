//! A plan without a run: what is walked, told so that it can be walked on paper.

use std::time::Duration;

use crate::report::build::asked;
use crate::report::conditions::{Conditions, clause, if_not, sentence};
use crate::report::model::Asked;
use crate::report::steps::watched;
use crate::report::told::{duration, millis, words};
use crate::runbook::{
    Action, Argv, CautionLevel, Condition, HeaderValue, InputKind, Order, Phase, Runbook, SecretRef, Step, Template,
    Verify, Worse,
};

pub use crate::report::conditions::Numbered;

/// A plan, told for people with a pen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// The runbook's title.
    pub title: String,
    /// What it does.
    pub summary: String,
    /// What is known of the whole: a name and what is told.
    pub facts: Vec<(&'static str, String)>,
    /// What must be bound.
    pub inputs: Vec<Slot>,
    /// What must hold throughout.
    pub guards: Vec<Watched>,
    /// The plan, then every way back.
    pub plans: Vec<Part>,
    /// The conditions and lists of items that are told by their number, the first of them 1.
    pub conditions: Vec<Numbered>,
}

/// What must be bound before the run opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub id: String,
    /// The question.
    pub prompt: String,
    /// The default, or what it is bound to without being asked for.
    pub default: String,
    /// Of a list of nodes, what each of them has: it is filled in in a table of its own.
    pub fields: Option<Vec<String>>,
}

/// A guard for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its title.
    pub title: String,
    /// What must hold.
    pub holds: String,
    /// What breaking it costs.
    pub why: String,
    /// What the document asks.
    pub sources: Vec<Asked>,
}

/// The plan, or a way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its title.
    pub title: String,
    /// When a way back is open.
    pub told: String,
    /// What the document asks of a way back.
    pub sources: Vec<Asked>,
    /// Its phases.
    pub phases: Vec<Chapter>,
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its number and title.
    pub title: String,
    /// How often it is walked and whether at all.
    pub told: Vec<String>,
    /// Whether it is walked once per item: its blanks have room for several.
    pub is_loop: bool,
    /// Its steps.
    pub steps: Vec<Entry>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number and title.
    pub title: String,
    /// What must be known before the action: a word of weight and the text.
    pub cautions: Vec<(&'static str, String)>,
    /// The explanation.
    pub text: String,
    /// When it applies, what it waits for, what it means: one line each.
    pub told: Vec<String>,
    /// What is done, in one line.
    pub action: String,
    /// Exactly what runs, as far as it is known before the run.
    pub command: String,
    /// What is expected of it, and what it means if that is not so.
    pub expected: String,
    /// What the document asks.
    pub sources: Vec<Asked>,
}

/// The plan of a runbook.
pub fn paper(runbook: &Runbook) -> Paper {
    let mut facts = vec![
        ("Runbook", format!("{} · revision {}", runbook.id, runbook.revision)),
        ("System", runbook.system.clone()),
        ("sha256", runbook.sha256.clone()),
    ];
    facts.extend(runbook.source.as_ref().map(|source| ("Made from", source.document.clone())));
    facts.extend(runbook.minutes.map(|minutes| ("Planned", format!("{minutes} minutes"))));
    let inputs = runbook.inputs.iter().map(|input| Slot {
        id: input.id.to_string(),
        prompt: input.prompt.clone(),
        default: input.default.as_ref().map(given).unwrap_or_default(),
        fields: match &input.kind {
            InputKind::Nodes(fields) => Some(fields.clone()),
            _ => None,
        },
    });
    let mut rules = Conditions::new(runbook);
    let guards = runbook.guards.iter().map(|guard| Watched {
        title: guard.title.clone(),
        holds: rules.holds(&guard.holds, "guards"),
        why: guard.why.clone(),
        sources: all(&guard.source),
    });
    let guards = guards.collect();
    let plan = chapters(&mut rules, runbook, &runbook.phases, "");
    let mut plans = vec![Part { title: "The plan".into(), told: String::new(), sources: Vec::new(), phases: plan }];
    for (number, plan) in runbook.rollbacks.iter().enumerate() {
        let number = letter(number);
        let when = plan.when.as_ref().map(|when| rules.holds(when, &number));
        plans.push(Part {
            title: format!("Way back {number}: {}", plan.title),
            told: when.map_or_else(|| "Open at any time.".into(), |when| format!("Open while {when}.")),
            sources: all(&plan.source),
            phases: chapters(&mut rules, runbook, &plan.phases, &number),
        });
    }
    Paper {
        title: runbook.title.clone(),
        summary: runbook.summary.clone(),
        facts,
        inputs: inputs.collect(),
        guards,
        plans,
        conditions: rules.end(),
    }
}

/// `A`, `B`, …: a number behind `Z`.
fn letter(number: usize) -> String {
    u8::try_from(number)
        .ok()
        .filter(|number| *number < 26)
        .map_or_else(|| (number + 1).to_string(), |number| char::from(b'A' + number).to_string())
}

fn all(ids: &[String]) -> Vec<Asked> {
    ids.iter().map(|id| asked(id)).collect()
}

fn chapters(rules: &mut Conditions<'_>, runbook: &Runbook, phases: &[Phase], plan: &str) -> Vec<Chapter> {
    let chapter = |(number, phase): (usize, &Phase)| {
        let number = format!("{plan}{}", number + 1);
        let mut told = Vec::new();
        if let Some(items) = &phase.for_each {
            let items = rules.each(items, &number);
            let inner = phase.inner.as_ref().map(|inner| rules.each(inner, &number));
            let inner = inner.map(|inner| format!(", and within it for {inner}")).unwrap_or_default();
            let order = if phase.order == Order::Together { "all together" } else { "one by one" };
            told.push(format!("For {items}{inner}; {order}."));
        }
        told.extend(phase.when.as_ref().map(|when| applies(rules, when, &number)));
        let is_any = phase.order == Order::Any;
        told.extend(is_any.then(|| "In any order: a bullet stands before each step instead of its number.".to_owned()));
        let numbered = |step: usize| format!("{number}.{}", step + 1);
        let steps = phase.steps.iter().enumerate().map(|(step, planned)| {
            let place = numbered(step);
            let mark = if is_any { "•" } else { &place };
            entry(rules, runbook, mark, &place, planned)
        });
        Chapter {
            title: format!("{number} {}", readable(&phase.title)),
            is_loop: phase.for_each.is_some(),
            steps: steps.collect(),
            told,
        }
    };
    phases.iter().enumerate().map(chapter).collect()
}

/// When it is walked at all; what the author says behind that is why it is not.
fn applies(rules: &mut Conditions<'_>, when: &Condition, place: &str) -> String {
    let why = if when.why.trim().is_empty() {
        String::new()
    } else {
        format!(" If not, it is left out: {}", sentence(&when.why))
    };
    format!("Only when {}.{why}", rules.holds(&when.holds, place))
}

fn entry(rules: &mut Conditions<'_>, runbook: &Runbook, mark: &str, place: &str, step: &Step) -> Entry {
    let weight = |level: CautionLevel| match level {
        CautionLevel::Warning => "WARNING",
        CautionLevel::Caution => "CAUTION",
        CautionLevel::Note => "NOTE",
    };
    let told = before(rules, runbook, place, step);
    let (action, command) = action(runbook, &step.action);
    Entry {
        title: format!("{mark} {}", readable(&step.title)),
        cautions: step
            .cautions
            .iter()
            .map(|caution| (weight(caution.level), flowing(&readable(&caution.text))))
            .collect(),
        text: step.text.as_ref().map(|text| flowing(&readable(text))).unwrap_or_default(),
        told,
        action: action.unwrap_or_else(|| waiting(rules, &step.action, place)),
        command,
        expected: expected(rules, &step.action, place),
        sources: all(&step.source),
    }
}

/// What is to be known before a step: when it applies, what it waits for, what it means.
fn before(rules: &mut Conditions<'_>, runbook: &Runbook, place: &str, step: &Step) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(step.when.as_ref().map(|when| applies(rules, when, place)));
    told.extend(needs(step));
    told.extend(
        step.gate.as_ref().map(|gate| format!("Not before {}.{}", rules.holds(&gate.holds, place), if_not(&gate.why))),
    );
    if step.critical {
        told.push("Critical: say the name of the target aloud before it.".into());
    }
    if step.irreversible {
        told.push("There is no way back to the state before this step.".into());
    }
    told.extend(
        step.actor
            .as_ref()
            .map(|actor| format!("Done by {}, not by the operator, who states it.", clause(&readable(actor)))),
    );
    told.extend(step.verify.map(|verify| match verify {
        Verify::Peer => "A second person confirms it at the same moment. Name and signature:".to_owned(),
        Verify::Independent => "Another person verifies it later, by looking anew. Name and signature:".to_owned(),
    }));
    if !step.watch.is_empty() {
        let watched = watched(runbook, step);
        let watched: Vec<&str> = watched.iter().map(|title| clause(title)).collect();
        told.push(format!("Meanwhile watch: {}.", watched.join("; ")));
    }
    told.extend(step.defer.as_ref().map(|until| format!("May be put off until {until} opens.")));
    told
}

/// Which evidence it needs: what may be of the same age in one line.
fn needs(step: &Step) -> Vec<String> {
    let mut by_age: Vec<(Option<Duration>, Vec<String>)> = Vec::new();
    for needed in &step.requires {
        let name = format!("{}/{}", needed.phase, needed.step);
        match by_age.iter_mut().find(|(within, _)| *within == needed.within) {
            Some((_, names)) => names.push(name),
            None => by_age.push((needed.within, vec![name])),
        }
    }
    let told = by_age.into_iter().map(|(within, names)| {
        let within = within.map(|within| format!(", not longer than {} ago", duration(millis(within))));
        format!("Needs{}: {}.", within.unwrap_or_default(), names.join(", "))
    });
    told.collect()
}

/// What an action is expected to come to, and what it means if it does not.
fn expected(rules: &mut Conditions<'_>, action: &Action, place: &str) -> String {
    match action {
        Action::Run { expect: Some(expect), .. } => {
            format!("Expected: {}.{}", rules.holds(&expect.holds, place), if_not(&expect.why))
        }
        Action::Run { .. } => "Expected: the exit status is 0.".into(),
        Action::Check { why, .. } => if_not(why).trim_start().to_owned(),
        _ => String::new(),
    }
}

/// What is waited for, for how long, and when that has failed.
fn waiting(rules: &mut Conditions<'_>, action: &Action, place: &str) -> String {
    let Action::Check { holds, hold, soak, timeout, .. } = action else { return String::new() };
    let held = (!hold.is_zero()).then(|| format!(", for {} without a break", duration(millis(*hold))));
    let soaked = soak.as_ref().map(|soak| {
        let worst = soak.worst.as_ref().map(|worst| {
            let side = if worst.side == Worse::Higher { "highest" } else { "lowest" };
            format!("; write down the {side} {}", clause(&worst.title))
        });
        let length = duration(millis(soak.length));
        format!(", for {length}, of which {} % were seen{}", soak.coverage, worst.unwrap_or_default())
    });
    let timeout = timeout.map(|timeout| format!("; it fails after {}", duration(millis(timeout))));
    let held = held.or(soaked).unwrap_or_default();
    format!("Wait until {}{held}{}", rules.holds(holds, place), timeout.unwrap_or_default())
}

/// What is done, and exactly what runs; `None` of what is only waited for.
fn action(runbook: &Runbook, action: &Action) -> (Option<String>, String) {
    let told = match action {
        Action::Confirm { prompt, options } if options.is_empty() => format!("State: {}", readable(prompt)),
        Action::Confirm { prompt, options } => format!("State: {} ({})", readable(prompt), options.join(" / ")),
        Action::Ask { prompt, name, .. } => format!("Write down {name}: {}", readable(prompt)),
        Action::Run { argv, cwd, env, timeout, .. } => {
            let mut line: Vec<String> = env.iter().map(|(name, value)| format!("{name}={}", variable(value))).collect();
            line.push(command(runbook, argv));
            let cwd = cwd.as_ref().map(|cwd| format!(" in {}", readable(cwd))).unwrap_or_default();
            let told = format!("Run this{cwd}; at most {}", duration(millis(*timeout)));
            return (Some(told), line.join(" "));
        }
        Action::Check { .. } => return (None, String::new()),
        Action::Wait(length) => format!("Wait for {}", duration(millis(*length))),
        Action::Choose(ways) => {
            let ways: Vec<String> = ways.iter().map(|way| format!("☐ {} ({})", way.title, way.is)).collect();
            format!("Decide: {}", ways.join("  "))
        }
        Action::Release { who } => {
            format!("Hold: {} lets the run go on, and is not the one who acts. Signature:", clause(who))
        }
        Action::Restart(from) => format!("Go back to phase {from} when that is decided"),
    };
    (Some(told), String::new())
}

fn command(runbook: &Runbook, argv: &Argv) -> String {
    match argv {
        Argv::Words(words_of) => words_of.iter().map(readable).collect::<Vec<_>>().join(" "),
        Argv::Input(id) => {
            let default = runbook.input(id).and_then(|input| input.default.as_ref());
            default.map_or_else(|| format!("‹{id}: bound by the site›"), given)
        }
    }
}

fn variable(value: &HeaderValue) -> String {
    match value {
        HeaderValue::Text(text) => readable(text),
        HeaderValue::Secret(SecretRef::Env(name)) => format!("<secret: variable {name}>"),
        HeaderValue::Secret(SecretRef::Command(argv)) => format!("<secret: first line of {}>", words(argv)),
        HeaderValue::Secret(SecretRef::Input(id)) => format!("<secret: input {id}>"),
    }
}

/// A default as text; of a command the line.
fn given(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => gapped(text),
        serde_json::Value::Array(words) if words.iter().all(serde_json::Value::is_string) => {
            let words: Vec<String> = words.iter().filter_map(|word| Some(gapped(word.as_str()?))).collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}

fn readable(template: &Template) -> String {
    gapped(template.source())
}

/// A text without the breaks of its lines, which are those of the file; paragraphs, lists and code keep theirs.
fn flowing(text: &str) -> String {
    let mut out = String::new();
    for line in text.trim().lines() {
        let is_own =
            line.is_empty() || line.starts_with(['-', '*', '|', '#', '>', ' ', '\t']) || line.starts_with("```");
        let is_numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        if !out.is_empty() {
            out.push(if is_own || is_numbered || out.ends_with('\n') { '\n' } else { ' ' });
        }
        out.push_str(line);
    }
    out
}

/// A text with `‹node.name›` for `{{ .node.name }}`: what is put in by hand.
fn gapped(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((value, behind)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            break;
        };
        let value = value.trim();
        text.push_str(&format!("‹{}›", value.strip_prefix('.').unwrap_or(value)));
        rest = behind;
    }
    text.push_str(rest);
    text
}
