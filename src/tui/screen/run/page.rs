//! One step, gathered for the step pane: rendered texts, not yet lines.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::scope::{MISSING, argv_of, command_of, scope, target_of, text_of, title_text};
use crate::engine::together::count_of;
use crate::engine::{
    Before, CommandLine, ItemCommand, Moment, Output, Plan, RunState, SoakView, StepStatus, commands_of, is_together,
    may_defer, soak_view,
};
use crate::runbook::{
    Action, ActionKind, Argv, CautionLevel, Disturbance, InputKind, PhaseId, Probe, Runbook, Step, StepKey, Template,
};
use crate::sources;
use crate::tui::screen::run::seen::Seen;
use crate::tui::tell;

/// Everything that the step pane shows of one step.
#[derive(Clone, Debug, Default)]
pub struct StepPage {
    /// Which step; `None` when there is none to show.
    pub key: Option<StepKey>,
    /// `2.3`: phase and step, counted from 1; `B1.1` in a way back.
    pub number: String,
    /// Its title.
    pub title: String,
    /// `vault-2, 2 of 3` in a loop.
    pub item: String,
    /// How it stands.
    pub status: Option<StepStatus>,
    /// Which attempt.
    pub attempt: u32,
    /// How it stood when the run last went back.
    pub before: Option<Before>,
    /// What it asks for.
    pub kind: Option<ActionKind>,
    /// Its cautions with their texts.
    pub cautions: Vec<(CautionLevel, String)>,
    /// Why it may turn out not to apply, in the author's words.
    pub unless: String,
    /// Its explanation.
    pub text: String,
    /// Exactly what would run, or why that cannot be told.
    pub command: Option<Result<CommandLine, String>>,
    /// The first of the commands that would run for all items together, and how many there are; or why they cannot be
    /// told.
    pub commands: Option<Result<(Vec<ItemCommand>, usize), String>>,
    /// What runs once per item, with gaps: of a phase that has not opened yet, or where nothing is left to run.
    pub later: String,
    /// The question it asks.
    pub prompt: String,
    /// The answers it takes.
    pub options: Vec<String>,
    /// The ways it decides between: title and name.
    pub ways: Vec<(String, String)>,
    /// What it waits for: the expression, and for how long that must hold.
    pub waits_for: Option<(String, Duration)>,
    /// How its soak stands, and when that was.
    pub soak: Option<(SoakView, Timestamp)>,
    /// How long it waits.
    pub timer: Option<Duration>,
    /// What it means, in the author's words.
    pub why: String,
    /// The answers that are not ok among those that it waits for now.
    pub missing: Vec<Seen>,
    /// Whether it is the current step, of which there is more to be asked.
    pub is_live: bool,
    /// The target's name is typed.
    pub target: Option<String>,
    /// The point of no return.
    pub is_irreversible: bool,
    /// The phase before which it comes back when it is put off; empty when it is not of that kind, or nothing is left to
    /// do about it.
    pub defer: String,
    /// Nothing is left to do before that phase opens: it may not be put off.
    pub is_due: bool,
    /// What it makes bad for a while; empty when it does not.
    pub disturbs: String,
    /// Where it comes from.
    pub source: String,
    /// The document's mistakes that it mends.
    pub mends: Vec<Mended>,
    /// Which gate and guards hold the current step back.
    pub held: Vec<String>,
    /// Why no step is current although the walk is not at its end; then there is nothing else on the page.
    pub stalled: String,
    /// What can be done about that.
    pub way_on: &'static str,
    /// What was said of it, by whom and when.
    pub said: String,
    /// Who brought it to its status.
    pub by: String,
    /// When it came to its status.
    pub ended: Option<Timestamp>,
    /// What its command printed, kept on disk.
    pub output: Option<Output>,
}

/// A mistake of the document that a step does not repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Its id.
    pub id: String,
    /// What the document says, and what is right; `None` for a document that piton does not know.
    pub told: Option<(String, String)>,
}

impl StepPage {
    /// Gathers the page of that step.
    pub fn of(runbook: &Runbook, state: &RunState, moment: &Moment, key: Option<&StepKey>) -> Self {
        let Some(key) = key else { return Self::default() };
        let Some((step, known)) = runbook.step(&key.phase, &key.step).zip(state.step(key)) else {
            return Self::default();
        };
        let text = |template: &Template| told(template, runbook, state, moment, key);
        let title = title_of(runbook, state, moment, key);
        let mut page = Self {
            key: Some(key.clone()),
            number: number(state, key),
            title: title.clone(),
            item: item(state, key, &title),
            status: Some(known.status),
            attempt: known.attempt,
            before: state.before.get(key).map(|before| labelled(step, before)),
            kind: Some(step.action.kind()),
            cautions: step.cautions.iter().map(|caution| (caution.level, text(&caution.text))).collect(),
            unless: step.when.as_ref().map(|when| when.why.clone()).unwrap_or_default(),
            text: step.text.as_ref().map(text).unwrap_or_default(),
            target: step.critical.then(|| target(runbook, state, key)).flatten(),
            is_irreversible: step.irreversible,
            defer: put_off(runbook, state, (step, known.status)),
            is_due: may_defer(runbook, state, key).is_none(),
            disturbs: step.disturbs.as_ref().map(|disturbed| disturbs(runbook, key, disturbed)).unwrap_or_default(),
            source: source(runbook, step),
            mends: mends(runbook, step),
            said: label(step, &known.said),
            by: known.by.clone(),
            ended: known.ended,
            output: known.output.as_ref().map(|kept| kept.output.clone()),
            ..Self::default()
        };
        page.take_action(runbook, state, moment, (key, step));
        page
    }

    /// What the step asks for, as far as it is known now.
    fn take_action(&mut self, runbook: &Runbook, state: &RunState, moment: &Moment, (key, step): (&StepKey, &Step)) {
        let text = |template: &Template| told(template, runbook, state, moment, key);
        match &step.action {
            Action::Confirm { prompt, options } => {
                self.prompt = text(prompt);
                self.options.clone_from(options);
            }
            Action::Ask { prompt, kind, .. } => {
                self.prompt = text(prompt);
                if let InputKind::Choice(options) = kind {
                    self.options.clone_from(options);
                }
            }
            Action::Run { argv, .. } if is_ahead(runbook, state, key) => self.later = later(state, argv),
            Action::Run { argv, .. } if is_together(runbook, key) => {
                self.commands = first_commands(runbook, state, moment, key);
                if self.commands.is_none() {
                    self.later = later(state, argv);
                }
            }
            Action::Run { .. } => {
                let command = command_of(runbook, state, &moment.board, key, moment.at);
                self.command = command.map_err(|error| error.to_string()).transpose();
            }
            Action::Check { holds, hold, why, .. } => {
                self.waits_for = Some((holds.source().to_owned(), *hold));
                self.why.clone_from(why);
                self.soak = soak_view(runbook, state, key, moment.at).map(|soak| (soak, moment.at));
            }
            Action::Wait(length) => self.timer = Some(*length),
            Action::Choose(ways) => {
                self.ways = ways.iter().map(|way| (way.title.clone(), way.is.clone())).collect();
            }
            Action::Restart(from) => {
                let title = phase_title(runbook, state, moment, from);
                self.prompt = format!("Goes back to the phase {title:?}: everything from there on is done again.");
            }
            Action::Release { who } => {
                self.prompt = format!("To be released by another person than the one who acts: {who}");
            }
        }
    }
}

impl StepPage {
    /// Number, title and item, for the pane's edge.
    pub fn headline(&self, dot: &str) -> String {
        if self.key.is_none() {
            return if self.stalled.is_empty() { "No step" } else { "No step can open now" }.into();
        }
        let item = if self.item.is_empty() { String::new() } else { format!(" {dot} {}", self.item) };
        format!("{} {}{item}", self.number, self.title)
    }
}

/// What was said of a step; a way that was chosen goes by its title.
fn label(step: &Step, said: &str) -> String {
    let Action::Choose(ways) = &step.action else { return said.to_owned() };
    let chosen = ways.iter().find(|way| way.is == said);
    chosen.map_or(said, |way| way.title.as_str()).to_owned()
}

fn labelled(step: &Step, before: &Before) -> Before {
    Before { said: label(step, &before.said), ..before.clone() }
}

/// A step's title with its values.
pub fn title_of(runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
    let step = runbook.step(&key.phase, &key.step);
    step.map(|step| title_of_step(step, runbook, state, moment, key)).unwrap_or_default()
}

/// The same, of a step that is at hand.
pub fn title_of_step(step: &Step, runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
    let fixed = fixed(&step.title, runbook, state, key);
    fixed.unwrap_or_else(|| title_text(&step.title, state, &moment.board, key, moment.at))
}

/// A phase's title with its values; it stands above all its items, so it sees none of them.
pub fn phase_title(runbook: &Runbook, state: &RunState, moment: &Moment, id: &PhaseId) -> String {
    let Some(planned) = runbook.phase(id) else { return id.to_string() };
    let source = planned.title.source();
    let scope = scope(state, &moment.board, &serde_json::Value::Null, moment.at, source);
    planned.title.render_known(&scope, MISSING)
}

/// A text with its values.
fn told(template: &Template, runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
    let fixed = fixed(template, runbook, state, key);
    fixed.unwrap_or_else(|| text_of(template, state, &moment.board, key, moment.at))
}

/// A text that needs no values: it has none, or it is of a loop that has not opened yet, and gaps stand where its items
/// will stand.
fn fixed(template: &Template, runbook: &Runbook, state: &RunState, key: &StepKey) -> Option<String> {
    // A text without values is the same at every moment, and a scope costs more than all the rest of a row.
    if !template.source().contains("{{") {
        return Some(template.source().to_owned());
    }
    let gap = if is_together(runbook, key) { ALL } else { GAP };
    is_ahead(runbook, state, key).then(|| gapped(template.source(), gap))
}

/// Whether the step is in a loop whose items are not known yet.
fn is_ahead(runbook: &Runbook, state: &RunState, key: &StepKey) -> bool {
    if state.group(key).is_some_and(|group| !group.is_bound) {
        return true;
    }
    let is_loop = runbook.phase(&key.phase).is_some_and(|phase| phase.for_each.is_some());
    is_loop && state.phases.iter().any(|phase| phase.id == key.phase && !phase.is_bound)
}

/// The name that is typed before a critical step; `None` once there is nothing to type any more.
fn target(runbook: &Runbook, state: &RunState, key: &StepKey) -> Option<String> {
    if is_ahead(runbook, state, key) {
        return Some(GAP.to_owned());
    }
    (!is_together(runbook, key) || left_to_run(runbook, state, key) > 0).then(|| target_of(runbook, state, key))
}

/// How many commands a step that takes its items together would run now.
fn left_to_run(runbook: &Runbook, state: &RunState, key: &StepKey) -> usize {
    let is_at_work = state.batch.as_ref().is_some_and(|batch| &batch.step == key);
    if is_at_work { 0 } else { count_of(runbook, state, key).unwrap_or(0) }
}

fn first_commands(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    key: &StepKey,
) -> Option<Result<(Vec<ItemCommand>, usize), String>> {
    let count = left_to_run(runbook, state, key);
    if count == 0 {
        return None;
    }
    let first = commands_of(runbook, state, &moment.board, key, moment.at, FIRST_COMMANDS);
    Some(first.map(|first| (first.unwrap_or_default(), count)).map_err(|error| error.to_string()))
}

/// A command with gaps for what its item will say; only the input that it is where that is not known.
fn later(state: &RunState, argv: &Argv) -> String {
    let bound = argv_of(state, argv);
    match (bound, argv) {
        (Ok(words), _) => {
            let words: Vec<_> = words.iter().map(|word| gapped(word.source(), GAP)).collect();
            format!("$ {}", words.join(" "))
        }
        (Err(_), Argv::Input(input)) => format!("the command of the input {input}"),
        (Err(_), Argv::Words(_)) => String::new(),
    }
}

/// What stands where the value of an item will stand.
const GAP: &str = "(each)";

/// What stands where the values of all items will stand.
const ALL: &str = "(all)";

/// How many of the commands for all items a page shows.
const FIRST_COMMANDS: usize = 10;

/// A title without its values: the item's name stands where they will stand.
pub fn untold(title: &Template, key: &StepKey) -> String {
    gapped(title.source(), key.item.as_deref().unwrap_or(MISSING))
}

/// The source of a text with a gap for each `{{ }}`.
fn gapped(source: &str, gap: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((_, behind)) = after.split_once("}}") else { break };
        text.push_str(gap);
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// `2.3 Start and unseal (vault-2)`: how people name a step.
pub fn spoken(runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
    let title = title_of(runbook, state, moment, key);
    let item = key.item.as_deref().map(|item| unsaid(item, &title)).filter(|item| !item.is_empty());
    let item = item.map(|item| format!(" ({item})")).unwrap_or_default();
    format!("{} {title}{item}", number(state, key)).trim_start().to_owned()
}

/// `2.3`: phase and step, counted from 1.
pub fn number(state: &RunState, key: &StepKey) -> String {
    let Some(phase) = state.phases.iter().find(|phase| phase.id == key.phase) else { return String::new() };
    let same_plan = state.phases.iter().filter(|other| other.plan == phase.plan);
    let index = same_plan.take_while(|other| other.id != key.phase).count() + 1;
    let steps = phase.items.first().map(|item| &item.steps);
    let step = steps.and_then(|steps| steps.iter().position(|step| step.id == key.step)).map_or(0, |at| at + 1);
    let back = if phase.plan == Plan::Main { "" } else { "B" };
    format!("{back}{index}.{step}")
}

/// Which rows of the board a step makes bad, and for how long that is expected.
fn disturbs(runbook: &Runbook, key: &StepKey, disturbed: &Disturbance) -> String {
    let is_named = |probe: &&Probe| disturbed.probes.contains(&probe.id);
    let probes: Vec<_> = runbook.health.iter().filter(is_named).map(|probe| probe.title.as_str()).collect();
    let is_all = probes.len() == runbook.health.len();
    let rows = match &key.item {
        Some(item) => format!("Rows of {item}"),
        None if is_all => "Rows of the board".into(),
        None => format!("Rows of {}", probes.join(", ")),
    };
    let which = if is_all || key.item.is_none() { String::new() } else { format!(" ({})", probes.join(", ")) };
    let others = disturbed.others.as_ref();
    let others = others.map(|others| format!(", those of others for {}", tell::duration(others.length)));
    let others = others.unwrap_or_default();
    format!("{rows} may be bad for {}{others}: expected{which}.", tell::duration(disturbed.length))
}

/// The phase before which a step comes back when it is put off.
fn put_off(runbook: &Runbook, state: &RunState, (step, status): (&Step, StepStatus)) -> String {
    let until = step.defer.as_ref().filter(|_| !status.is_accounted());
    until.map(|phase| phase_named(runbook, state, phase)).unwrap_or_default()
}

/// `4 Verify`: how people name a phase.
pub fn phase_named(runbook: &Runbook, state: &RunState, id: &PhaseId) -> String {
    let plan = state.phases.iter().find(|phase| &phase.id == id).map(|phase| phase.plan.clone());
    let same_plan = state.phases.iter().filter(|phase| Some(&phase.plan) == plan.as_ref());
    let number = same_plan.take_while(|phase| &phase.id != id).count() + 1;
    let title = runbook.phase(id).map_or("", |phase| phase.title.source());
    format!("{number} {}", gapped(title, MISSING))
}

/// `vault-2, 2 of 3`, or `all 3` where they are taken together; without the name when the title holds it already.
fn item(state: &RunState, key: &StepKey, title: &str) -> String {
    let Some(name) = &key.item else {
        let all = state.nodes(key).len();
        return if all > 0 { format!("all {all}") } else { String::new() };
    };
    let Some(phase) = state.phases.iter().find(|phase| phase.id == key.phase) else { return name.clone() };
    let of_it = state.item(key).and_then(|item| item.group);
    let mates = || phase.items.iter().filter(|item| item.group == of_it);
    let at = mates().position(|item| item.item.name.as_ref() == Some(name)).map_or(0, |at| at + 1);
    let named = Some(unsaid(name, title)).filter(|named| !named.is_empty());
    let named = named.map(|named| format!("{named}, ")).unwrap_or_default();
    if state.group(key).is_some_and(|group| !group.is_bound) {
        return named.trim_end_matches(", ").to_owned();
    }
    format!("{named}{at} of {}", mates().count())
}

/// The part of an item's name, or of `outer/inner`, that a title does not say already.
fn unsaid<'a>(item: &'a str, title: &str) -> &'a str {
    match item.split_once('/') {
        _ if title.contains(item) => "",
        Some((outer, inner)) if title.contains(inner) => {
            if title.contains(outer) {
                ""
            } else {
                outer
            }
        }
        _ => item,
    }
}

/// Document, heading and ids: each id under its own heading when the document is known.
fn source(runbook: &Runbook, step: &Step) -> String {
    let Some(named) = &runbook.source else { return step.source.join(", ") };
    let document = named.document.as_str();
    let headed = |heading: &str| match heading {
        "" => document.to_owned(),
        heading if heading == document => document.to_owned(),
        heading => format!("{document} › {heading}"),
    };
    let known = sources::of_document(&runbook.system, document);
    let only = if let [heading] = named.headings.as_slice() { heading } else { "" };
    let mut under: Vec<(&str, Vec<&str>)> = Vec::new();
    for id in &step.source {
        let heading = known.and_then(|source| source.find(id)).map_or(only, |found| found.heading.title());
        match under.iter_mut().find(|(other, _)| *other == heading) {
            Some((_, ids)) => ids.push(id),
            None => under.push((heading, vec![id])),
        }
    }
    let mut told = Vec::new();
    for (index, (heading, ids)) in under.iter().enumerate() {
        // The document is named once.
        let place = if index == 0 || heading.is_empty() { headed(heading) } else { (*heading).to_owned() };
        told.push(format!("{place} · {}", ids.join(", ")));
    }
    if told.is_empty() { headed(only) } else { told.join("; ") }
}

fn mends(runbook: &Runbook, step: &Step) -> Vec<Mended> {
    let document = runbook.source.as_ref().and_then(|named| sources::of_document(&runbook.system, &named.document));
    let mended = |id: &String| {
        let mistake = document.and_then(|source| source.mistake(id));
        Mended { id: id.clone(), told: mistake.map(|mistake| (mistake.says.clone(), mistake.right.clone())) }
    };
    step.mends.iter().map(mended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(step: &str, document: &str) -> Runbook {
        let text = include_str!("../../../../runbooks/vault-ha-upgrade.toml");
        let text = text.replacen("source   = [\"VLT-HA-04\", \"VLT-HA-05\"]", step, 1);
        let text = text.replacen("document = \"Upgrading Vault\"", &format!("document = {document:?}"), 1);
        let (book, findings) = crate::runbook::parse(&text);
        book.unwrap_or_else(|| panic!("{findings:?}"))
    }

    fn stop(book: &Runbook) -> &Step {
        let mut steps = book.phases.iter().flat_map(|phase| &phase.steps);
        steps.find(|step| step.id.as_str() == "stop").unwrap()
    }

    #[test]
    fn a_step_names_the_heading_of_each_obligation_that_it_carries() {
        for (ids, document, told) in [
            (
                r#"["VLT-HA-04", "VLT-HA-05"]"#,
                "Upgrading Vault",
                "Upgrading Vault › HA Installations · VLT-HA-04, VLT-HA-05",
            ),
            (
                r#"["VLT-HA-04", "VLT-TST-01", "VLT-HA-05"]"#,
                "Upgrading Vault",
                "Upgrading Vault › HA Installations · VLT-HA-04, VLT-HA-05; Testing the Upgrade · VLT-TST-01",
            ),
            (r#"["OURS"]"#, "Upgrading Vault", "Upgrading Vault · OURS"),
            (r#"["VLT-HA-04"]"#, "Our own page", "Our own page · VLT-HA-04"),
            ("[]", "Upgrading Vault", "Upgrading Vault"),
        ] {
            let book = book(&format!("source = {ids}"), document);
            assert_eq!(source(&book, stop(&book)), told);
        }
    }

    #[test]
    fn a_mended_mistake_is_told_with_what_is_right() {
        let mending = r#"mends = ["vault-step-down"]"#;
        let known = book(mending, "Upgrading Vault");
        let [mended] = &mends(&known, stop(&known))[..] else { panic!("one is mended") };
        assert_eq!(mended.id, "vault-step-down");
        let (says, right) = mended.told.as_ref().unwrap();
        assert!(says.contains("step down") && right.starts_with("Do not use step-down"), "{mended:?}");
        let strange = book(mending, "Our own page");
        assert_eq!(mends(&strange, stop(&strange)), [Mended { id: "vault-step-down".into(), told: None }]);
    }
}
