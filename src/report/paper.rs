//! A plan without a run: what is walked, told so that it can be walked on paper.

use crate::report::build::asked;
use crate::report::model::Asked;
use crate::report::steps::watched;
use crate::report::told::{duration, millis, words};
use crate::runbook::{
    Action, Argv, CautionLevel, HeaderValue, Order, Phase, Runbook, SecretRef, Step, Template, Verify, Worse,
};

/// A plan, told for people with a pen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// The runbook's title.
    pub title: String,
    /// What it does.
    pub summary: String,
    /// What is known of the whole: a name and what is told.
    pub facts: Vec<(&'static str, String)>,
    /// What must be bound: its name, the question, the default.
    pub inputs: Vec<[String; 3]>,
    /// What must hold throughout.
    pub guards: Vec<Watched>,
    /// The plan, then every way back.
    pub plans: Vec<Part>,
}

/// A guard for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its title.
    pub title: String,
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
    let input = |input: &crate::runbook::Input| {
        let default = input.default.as_ref().map(given).unwrap_or_default();
        [input.id.to_string(), input.prompt.clone(), default]
    };
    let guards = runbook.guards.iter().map(|guard| Watched {
        title: guard.title.clone(),
        why: guard.why.clone(),
        sources: all(&guard.source),
    });
    let main = Part { title: "The plan".into(), sources: Vec::new(), phases: chapters(runbook, &runbook.phases, "") };
    let ways_back = runbook.rollbacks.iter().enumerate().map(|(number, plan)| Part {
        title: format!("Way back {}: {}", letter(number), plan.title),
        sources: all(&plan.source),
        phases: chapters(runbook, &plan.phases, &letter(number)),
    });
    Paper {
        title: runbook.title.clone(),
        summary: runbook.summary.clone(),
        facts,
        inputs: runbook.inputs.iter().map(input).collect(),
        guards: guards.collect(),
        plans: std::iter::once(main).chain(ways_back).collect(),
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

fn chapters(runbook: &Runbook, phases: &[Phase], plan: &str) -> Vec<Chapter> {
    let chapter = |(number, phase): (usize, &Phase)| {
        let number = format!("{plan}{}", number + 1);
        let mut told = Vec::new();
        if let Some(items) = &phase.for_each {
            let inner = phase
                .inner
                .as_ref()
                .map(|inner| format!(", and in each of them: {}", inner.source()))
                .unwrap_or_default();
            let order = if phase.order == Order::Together { "all together" } else { "one by one" };
            told.push(format!("For each of {}{inner}; {order}.", items.source()));
        }
        told.extend(phase.when.as_ref().map(|when| applies(&when.why, when.holds.source())));
        let is_any = phase.order == Order::Any;
        told.extend(is_any.then(|| "In any order: a bullet stands before each step instead of its number.".to_owned()));
        let mark = |step: usize| if is_any { "•".to_owned() } else { format!("{number}.{}", step + 1) };
        let steps = phase.steps.iter().enumerate();
        Chapter {
            title: format!("{number} {}", readable(&phase.title)),
            told,
            is_loop: phase.for_each.is_some(),
            steps: steps.map(|(step, planned)| entry(runbook, &mark(step), planned)).collect(),
        }
    };
    phases.iter().enumerate().map(chapter).collect()
}

fn applies(why: &str, holds: &str) -> String {
    if why.is_empty() { format!("Only when {holds}.") } else { format!("Only when {holds}; else: {why}") }
}

fn entry(runbook: &Runbook, number: &str, step: &Step) -> Entry {
    let mut told = Vec::new();
    told.extend(step.when.as_ref().map(|when| applies(&when.why, when.holds.source())));
    for needed in &step.requires {
        let within = needed.within.map(|within| format!(", not longer than {} ago", duration(millis(within))));
        told.push(format!("Needs {}/{}{}.", needed.phase, needed.step, within.unwrap_or_default()));
    }
    told.extend(step.gate.as_ref().map(|gate| match gate.why.as_str() {
        "" => format!("Not before {}.", gate.holds.source()),
        why => format!("Not before {}: {why}", gate.holds.source()),
    }));
    if step.critical {
        told.push("Critical: say the name of the target aloud before it.".into());
    }
    if step.irreversible {
        told.push("There is no way back to the state before this step.".into());
    }
    told.extend(
        step.actor.as_ref().map(|actor| format!("Done by {}, not by the operator, who states it.", readable(actor))),
    );
    told.extend(step.verify.map(|verify| match verify {
        Verify::Peer => "A second person confirms it at the same moment. Name and signature:".to_owned(),
        Verify::Independent => "Another person verifies it later, by looking anew. Name and signature:".to_owned(),
    }));
    if !step.watch.is_empty() {
        told.push(format!("Meanwhile watch: {}.", watched(runbook, step).join("; ")));
    }
    told.extend(step.defer.as_ref().map(|until| format!("May be put off until {until} opens.")));
    let (action, command) = action(runbook, &step.action);
    let weight = |level: CautionLevel| match level {
        CautionLevel::Warning => "WARNING",
        CautionLevel::Caution => "CAUTION",
        CautionLevel::Note => "NOTE",
    };
    Entry {
        title: format!("{number} {}", readable(&step.title)),
        cautions: step
            .cautions
            .iter()
            .map(|caution| (weight(caution.level), flowing(&readable(&caution.text))))
            .collect(),
        text: step.text.as_ref().map(|text| flowing(&readable(text))).unwrap_or_default(),
        told,
        action,
        command,
        sources: all(&step.source),
    }
}

/// What is done, and exactly what runs.
fn action(runbook: &Runbook, action: &Action) -> (String, String) {
    let told = match action {
        Action::Confirm { prompt, options } if options.is_empty() => format!("State: {}", readable(prompt)),
        Action::Confirm { prompt, options } => format!("State: {} ({})", readable(prompt), options.join(" / ")),
        Action::Ask { prompt, name, .. } => format!("Write down {name}: {}", readable(prompt)),
        Action::Run { argv, cwd, env, timeout, expect, .. } => {
            let expect = expect.as_ref().map_or_else(
                || "exit status 0".to_owned(),
                |expect| if expect.why.is_empty() { expect.holds.source().to_owned() } else { expect.why.clone() },
            );
            let mut line: Vec<String> = env.iter().map(|(name, value)| format!("{name}={}", variable(value))).collect();
            line.push(command(runbook, argv));
            let cwd = cwd.as_ref().map(|cwd| format!(" in {}", readable(cwd))).unwrap_or_default();
            let told = format!("Run{cwd}, at most {}; expected: {expect}", duration(millis(*timeout)));
            return (told, line.join(" "));
        }
        Action::Check { holds, hold, soak, timeout, why, .. } => {
            let why = if why.is_empty() { holds.source().to_owned() } else { why.clone() };
            let held = (!hold.is_zero()).then(|| format!(", for {} without a break", duration(millis(*hold))));
            let soaked = soak.as_ref().map(|soak| {
                let worst = soak.worst.as_ref().map(|worst| {
                    let side = if worst.side == Worse::Higher { "highest" } else { "lowest" };
                    format!("; write down the {side} {}", worst.title)
                });
                let length = duration(millis(soak.length));
                format!(", for {length}, of which {} % were seen{}", soak.coverage, worst.unwrap_or_default())
            });
            let timeout = timeout.map(|timeout| format!("; it fails after {}", duration(millis(timeout))));
            format!("Wait until: {why}{}{}", held.or(soaked).unwrap_or_default(), timeout.unwrap_or_default())
        }
        Action::Wait(length) => format!("Wait for {}", duration(millis(*length))),
        Action::Choose(ways) => {
            let ways: Vec<String> = ways.iter().map(|way| format!("☐ {} ({})", way.title, way.is)).collect();
            format!("Decide: {}", ways.join("  "))
        }
        Action::Release { who } => format!("Hold: {who} lets the run go on, and is not the one who acts. Signature:"),
        Action::Restart(from) => format!("Go back to phase {from} when that is decided"),
    };
    (told, String::new())
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
