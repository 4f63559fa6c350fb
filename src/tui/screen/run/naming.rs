//! How people name phases, steps and items.

use serde_json::{Map, Value};

use crate::engine::scope::{MISSING, scope, text_of, title_text};
use crate::engine::{Moment, Plan, RunState, is_together};
use crate::runbook::{PhaseId, Runbook, Step, StepKey, Template};
use crate::text::clean_line;

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
pub(super) fn told(template: &Template, runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> String {
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
    is_ahead(runbook, state, key).then(|| filled(template.source(), gap, inputs(state)))
}

/// Whether the step is in a loop whose items are not known yet.
pub(super) fn is_ahead(runbook: &Runbook, state: &RunState, key: &StepKey) -> bool {
    if state.group(key).is_some_and(|group| !group.is_bound) {
        return true;
    }
    let is_loop = runbook.phase(&key.phase).is_some_and(|phase| phase.for_each.is_some());
    is_loop && state.phases.iter().any(|phase| phase.id == key.phase && !phase.is_bound)
}

/// What stands where the value of an item will stand.
pub const GAP: &str = "(each)";

/// What stands where the values of all items will stand.
const ALL: &str = "(all)";

/// A title without its values: the item's name stands where they will stand.
pub fn untold(title: &Template, key: &StepKey) -> String {
    gapped(title.source(), key.item.as_deref().unwrap_or(MISSING))
}

/// The same in a run, whose inputs have their values.
pub fn untold_in(state: &RunState, title: &Template, key: &StepKey) -> String {
    filled(title.source(), key.item.as_deref().unwrap_or(GAP), inputs(state))
}

/// The inputs of a run.
fn inputs(state: &RunState) -> Option<&Map<String, Value>> {
    state.opened.as_ref().map(|opened| &opened.inputs)
}

/// The source of a text with a gap for each `{{ }}`; one that stands for an input, or for something that an item has beside
/// its name, is told by that word.
pub fn gapped(source: &str, gap: &str) -> String {
    filled(source, gap, None)
}

/// The same with the inputs that are known and are a text.
fn filled(source: &str, gap: &str, inputs: Option<&Map<String, Value>>) -> String {
    let known = |value: &str| inputs?.get(value.strip_prefix(".inputs.")?)?.as_str();
    let mut text = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((value, behind)) = after.split_once("}}") else {
            rest = &rest[before.len()..];
            break;
        };
        match (known(value.trim()), word_of(value.trim())) {
            (Some(known), _) => text.push_str(&clean_line(known)),
            (None, Some(word)) => text.extend(["(", word, ")"]),
            (None, None) => text.push_str(gap),
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// The word by which a value is known: the name of an input, or of a field of an item.
fn word_of(value: &str) -> Option<&str> {
    let roots = [".inputs.", ".node.", ".group."];
    let word = roots.iter().find_map(|root| value.strip_prefix(root))?;
    let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_word && !word.is_empty() && (word != "name" || value.starts_with(".inputs."))).then_some(word)
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

/// `4 Verify`: how people name a phase.
pub fn phase_named(runbook: &Runbook, state: &RunState, id: &PhaseId) -> String {
    let plan = state.phases.iter().find(|phase| &phase.id == id).map(|phase| phase.plan.clone());
    let same_plan = state.phases.iter().filter(|phase| Some(&phase.plan) == plan.as_ref());
    let number = same_plan.take_while(|phase| &phase.id != id).count() + 1;
    let title = runbook.phase(id).map_or("", |phase| phase.title.source());
    format!("{number} {}", gapped(title, MISSING))
}

/// `vault-2, 2 of 3`, or `all 3` where they are taken together; without the name when the title holds it already.
pub(super) fn item(state: &RunState, key: &StepKey, title: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_by_the_word_of_what_will_stand_there() {
        for (title, expected) in [
            ("See {{ .inputs.target }} on {{ .node.name }}", "See (target) on (each)"),
            ("Touch {{ .node.path }} on {{.node.name}}", "Touch (path) on (each)"),
            ("{{ .group.name }}: {{ .node | tojson }}", "(each): (each)"),
            ("Ask {{ .inputs.name }}", "Ask (name)"),
            ("Nothing {{ open", "Nothing {{ open"),
        ] {
            assert_eq!(gapped(title, GAP), expected);
        }
        let inputs = Map::from_iter([("target".to_owned(), Value::from("1.17.3"))]);
        let title = "See {{ .inputs.target }} and {{ .inputs.other }} on {{ .node.name }}";
        assert_eq!(filled(title, GAP, Some(&inputs)), "See 1.17.3 and (other) on (each)");
    }
}
