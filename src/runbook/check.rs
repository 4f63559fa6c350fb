//! What only shows when everything is read: names that are used and names that are there.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::runbook::model::{InputKind, Runbook, Step};
use crate::runbook::nearest::nearest;
use crate::runbook::parse::{Counted, Met, Place, Reader, Sees};
use crate::runbook::raw::Text;
use crate::runbook::reads::Compared;
use crate::runbook::template::Template;

/// What every expression of a run sees, `node` apart.
const RUN_KEYS: &[&str] = &["inputs", "answers", "choices", "steps", "passed", "began", "health", "run"];
/// What is seen beside that after a command.
const OUTCOME_KEYS: &[&str] = &["exit", "stdout", "stderr", "json"];
/// What `.run` holds.
const RUN_FIELDS: &[&str] = &["id", "mode", "operator", "site", "elapsed"];

/// Checks names across the whole runbook.
pub(crate) fn check<'d>(reader: &mut Reader<'d>, book: &Runbook, counted: &Counted<'d>) {
    duplicates(reader, counted);
    reader.check_deferred(counted);
    named_probes(reader);
    reader.check_watched();
    requirements(reader, book, counted);
    reader.check_restarts(counted);
    named(reader, book, counted);
    let known = Known::of(reader, book, counted);
    for met in std::mem::take(&mut reader.met) {
        Check { reader, known: &known, met: &met }.run();
    }
}

/// Whether a text that a site or a person gave for this runbook names only what is there.
///
/// # Errors
/// A fragment that says which name is not.
pub fn check_names(book: &Runbook, template: &Template) -> Result<(), String> {
    for (_, expr) in template.expressions() {
        let reads = expr.reads();
        for key in reads.keys.keys() {
            if key != "node" && key != "group" && !RUN_KEYS.contains(&key.as_str()) {
                return Err(format!("there is no `.{key}`; it sees .node, .{}", RUN_KEYS.join(", .")));
            }
        }
        for (name, _) in reads.names("inputs") {
            match book.inputs.iter().find(|input| input.id.as_str() == name) {
                None => return Err(format!("the runbook has no input `{name}`")),
                Some(input) if matches!(input.kind, InputKind::Secret) => {
                    return Err(format!("`{name}` is a secret; it cannot stand in a command"));
                }
                Some(_) => {}
            }
        }
        for (name, _) in reads.names("health") {
            if !book.health.iter().any(|probe| probe.id.as_str() == name) {
                return Err(format!("the runbook has no probe `{name}`"));
            }
        }
    }
    Ok(())
}

/// All names that expressions may use.
struct Known {
    inputs: Vec<(String, bool)>,
    probes: Vec<String>,
    answers: Vec<(Place, String)>,
    /// With the names of its ways.
    choices: Vec<(Place, String, Vec<String>)>,
    /// The steps that others of their phase require: who requires, and what.
    required: Vec<(Place, Place)>,
    steps: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Known {
    fn of(reader: &Reader<'_>, book: &Runbook, counted: &Counted<'_>) -> Self {
        let is_secret = |kind: &InputKind| matches!(kind, InputKind::Secret);
        let phase_of = |place: &Place| {
            let is_it = |phase: &Place| (phase.plan, phase.phase) == (place.plan, place.phase);
            counted.phases.iter().find(|(phase, _)| is_it(phase)).map_or("", |(_, name)| name.value)
        };
        let paths = counted.steps.iter().map(|(place, step)| format!("{}/{}", phase_of(place), step.value));
        Self {
            inputs: book.inputs.iter().map(|input| (input.id.to_string(), is_secret(&input.kind))).collect(),
            probes: reader.probes_seen.clone(),
            answers: reader.answers.iter().map(|(place, name)| (*place, name.value.to_owned())).collect(),
            choices: reader.choices.iter().map(|(at, name, ways)| (*at, name.value.to_owned(), ways.clone())).collect(),
            required: required_in_phase(counted),
            steps: counted.steps.iter().map(|(_, name)| name.value.to_owned()).collect(),
            paths: paths.collect(),
        }
    }
}

fn duplicates(reader: &mut Reader<'_>, counted: &Counted<'_>) {
    let mut seen = BTreeSet::new();
    for (_, phase) in &counted.phases {
        if !seen.insert(phase.value) {
            let message = format!("there is a phase `{}` already", phase.value);
            let help = "phase names are unique over the plan and all rollback plans";
            reader.findings.helped("duplicate", &phase.span, message, help);
        }
    }
    let mut seen = BTreeSet::new();
    for (place, step) in &counted.steps {
        if !step.value.is_empty() && !seen.insert((place.plan, place.phase, step.value)) {
            let message = format!("there is a step `{}` in this phase already", step.value);
            reader.findings.error("duplicate", &step.span, message);
        }
    }
    let mut seen = BTreeSet::new();
    for (_, choice, _) in &reader.choices {
        if !seen.insert(choice.value) {
            let message = format!("there is a choice `{}` already", choice.value);
            let help = "a choice is read by its step's name: that is unique over the choices of the whole runbook";
            reader.findings.helped("duplicate", &choice.span, message, help);
        }
    }
    let mut seen = BTreeSet::new();
    for plan in &counted.rollbacks {
        if !seen.insert(plan.value) {
            let message = format!("there is a rollback plan `{}` already", plan.value);
            reader.findings.error("duplicate", &plan.span, message);
        }
    }
}

/// Where the step of that name stands.
fn place_of<'c>(counted: &'c Counted<'_>, phase: &str, step: &str) -> Option<&'c Place> {
    let (at, _) = counted.phases.iter().find(|(_, name)| name.value == phase)?;
    let is_it = |place: &Place, name: &str| (place.plan, place.phase) == (at.plan, at.phase) && name == step;
    counted.steps.iter().find(|(place, name)| is_it(place, name.value)).map(|(place, _)| place)
}

fn requirements(reader: &mut Reader<'_>, book: &Runbook, counted: &Counted<'_>) {
    for (from, text, requirement) in &counted.requires {
        let (phase, step) = (requirement.phase.as_str(), requirement.step.as_str());
        let Some(place) = place_of(counted, phase, step) else {
            let message = format!("there is no step `{phase}/{step}`");
            let names: Vec<String> = counted.steps.iter().map(|(_, name)| name.value.to_owned()).collect();
            let near = nearest(step, names.iter().map(String::as_str));
            let help = near
                .map_or("name a step of this phase, or phase/step".into(), |near| format!("did you mean `{near}`?"));
            reader.findings.helped("unknown-name", &text.span, message, help);
            continue;
        };
        let is_earlier = place.plan == 0 && from.plan != 0 || place.plan == from.plan && order(place) < order(from);
        if !is_earlier {
            let message = format!("the step `{phase}/{step}` does not come before this one");
            reader.findings.error("later", &text.span, message);
        }
        let is_grave = |step: &Step| step.irreversible || step.critical;
        if requirement.within.is_some() && book.step(&requirement.phase, &requirement.step).is_some_and(is_grave) {
            let message = format!("the step `{phase}/{step}` would be repeated once it is too old");
            let help = "leave `within` out, or ask for a step that looks at what it did";
            reader.findings.helped("not-repeatable", &text.span, message, help);
        }
    }
}

fn order(place: &Place) -> (usize, usize) {
    (place.phase, place.step.unwrap_or(0))
}

/// Inputs and steps that are named outside expressions.
fn named(reader: &mut Reader<'_>, book: &Runbook, counted: &Counted<'_>) {
    for (text, kind) in std::mem::take(&mut reader.inputs_named) {
        let input = book.inputs.iter().find(|input| input.id.as_str() == text.value);
        let fits = |found: &InputKind| match kind {
            "command" => matches!(found, InputKind::Command),
            _ => matches!(found, InputKind::Secret),
        };
        match input {
            None if reader.inputs_seen.iter().any(|seen| seen == text.value) => {}
            None => unknown_input(reader, book, &text, kind),
            Some(input) if !fits(&input.kind) => {
                let message = format!("the input `{}` is not of type {kind}", text.value);
                reader.findings.error("bad-type", &text.span, message);
            }
            Some(_) => {}
        }
    }
    for (text, phase, step) in std::mem::take(&mut reader.steps_named) {
        if place_of(counted, &phase, &step).is_none() {
            reader.findings.error("unknown-name", &text.span, format!("there is no step `{phase}/{step}`"));
        }
    }
}

fn named_probes(reader: &mut Reader<'_>) {
    for text in std::mem::take(&mut reader.probes_named) {
        if reader.probes_seen.iter().all(|probe| probe != text.value) {
            let near = nearest(text.value, reader.probes_seen.iter().map(String::as_str));
            let help = near.map_or("name the id of a [[health]]".into(), |near| format!("did you mean `{near}`?"));
            reader.findings.helped("unknown-name", &text.span, format!("there is no probe `{}`", text.value), help);
        }
    }
}

fn unknown_input(reader: &mut Reader<'_>, book: &Runbook, text: &Text<'_>, kind: &str) {
    let near = nearest(text.value, book.inputs.iter().map(|input| input.id.as_str()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if kind == "command" => {
            "a command written out is a list: [\"program\", \"argument\"]; an input is declared with [inputs.NAME]"
                .into()
        }
        None => "declare it with [inputs.NAME] and `type = \"secret\"`".into(),
    };
    reader.findings.helped("unknown-name", &text.span, format!("there is no input `{}`", text.value), help);
}

/// One expression.
struct Check<'r, 'd> {
    reader: &'r mut Reader<'d>,
    known: &'r Known,
    met: &'r Met<'d>,
}

impl<'r> Check<'r, '_> {
    fn run(mut self) {
        let met = self.met;
        let reads = met.expr.reads();
        let keys = self.keys();
        for (key, read) in &reads.keys {
            if keys.contains(&key.as_str()) {
                for (name, at) in &read.names {
                    self.name(key, name, at);
                }
            } else {
                self.unknown_key(key, &read.at, &keys);
            }
        }
        if !matches!(met.sees, Sees::Answer(_) | Sees::Fields(_)) {
            reads.compared.iter().filter(|compared| compared.key == "choices").for_each(|compared| self.way(compared));
        }
    }

    /// A choice that is compared with what it never is makes a condition that never holds.
    fn way(&mut self, compared: &Compared) {
        let known = self.known;
        let ways = known.choices.iter().find(|(_, name, ways)| *name == compared.name && !ways.is_empty());
        let Some((_, name, ways)) = ways.filter(|(_, _, ways)| !ways.contains(&compared.with)) else { return };
        let help = match nearest(&compared.with, ways.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its ways are: {}", ways.join(", ")),
        };
        self.report("unknown-name", &compared.at, format!("the choice `{name}` has no way `{}`", compared.with), help);
    }

    /// The keys of the scope that this expression sees.
    fn keys(&self) -> Vec<&'r str> {
        let with_item = |has_node: bool, has_group: bool| {
            let mut keys = RUN_KEYS.to_vec();
            keys.extend(has_node.then_some("node"));
            keys.extend(has_group.then_some("group"));
            keys
        };
        let with_node = |place: &Place| {
            let mut keys = with_item(place.is_loop, place.is_nested);
            keys.extend(place.sees_all.then_some("nodes"));
            keys
        };
        match &self.met.sees {
            Sees::Question { node } => {
                let keys: &[&str] = if *node { &["inputs", "node"] } else { &["inputs"] };
                keys.to_vec()
            }
            Sees::Answer(keys) => keys.to_vec(),
            Sees::Fields(names) => names.iter().map(String::as_str).collect(),
            Sees::Command => with_item(true, true),
            Sees::Run | Sees::Loop(_) => with_item(false, false),
            Sees::InnerLoop(_) => with_item(false, true),
            Sees::Shown(place) | Sees::Deciding(place) => with_node(place),
            Sees::Outcome(place) => {
                let mut keys = with_node(place);
                keys.extend(OUTCOME_KEYS);
                keys
            }
        }
    }

    fn unknown_key(&mut self, key: &str, at: &Range<usize>, keys: &[&str]) {
        let help = match nearest(key, keys.iter().copied()) {
            _ if key == "node" && keys.contains(&"nodes") => {
                "the items are taken together: `.nodes` holds them all; `.node` is one of them where a `run` step says \
                 what runs, what is expected and what is captured"
                    .into()
            }
            _ if key == "nodes" => "`.nodes` are the items of a phase with `order = \"together\"`".into(),
            Some(near) => format!("did you mean `.{near}`?"),
            None if key == "node" => "`.node` is the item of a phase with `for_each`, or of a probe with `each`".into(),
            None if key == "group" => {
                "`.group` is the outer item of a phase with `for_each = [\"outer\", \"inner\"]`".into()
            }
            None if keys.is_empty() => "the probe has no `fields` that this could see".into(),
            None => format!("it sees .{}", keys.join(", .")),
        };
        self.report("unknown-name", at, format!("there is no `.{key}` here"), help);
    }

    fn name(&mut self, key: &str, name: &str, at: &Range<usize>) {
        let known = self.known;
        match (&self.met.sees, key) {
            (Sees::Answer(_) | Sees::Fields(_), _) => {}
            (_, "inputs") => self.input(name, at),
            (_, "health") => {
                let probes: Vec<&str> = known.probes.iter().map(String::as_str).collect();
                self.one_of(name, at, &probes, "probe");
            }
            (_, "run") => self.one_of(name, at, RUN_FIELDS, "`.run` field"),
            (_, "passed") => {
                let steps: Vec<&str> = known.steps.iter().map(String::as_str).collect();
                self.one_of(name, at, &steps, "step");
            }
            (_, "began") => self.begun(name, at),
            (_, "steps") => {
                let plain = without_item(name);
                if !known.paths.contains(&plain) && !name.is_empty() {
                    let help = "`.steps` is read as .steps[\"phase/step\"] or .steps[\"phase[item]/step\"]".to_owned();
                    self.report("unknown-name", at, format!("there is no step `{name}`"), help);
                }
            }
            (_, "answers") => {
                let answers: Vec<_> = known.answers.iter().map(|(place, name)| (*place, name.as_str())).collect();
                self.given(name, at, &answers, "answer");
            }
            (_, "choices") => {
                let choices: Vec<_> = known.choices.iter().map(|(place, name, _)| (*place, name.as_str())).collect();
                self.given(name, at, &choices, "choice");
            }
            _ => {}
        }
    }

    fn one_of(&mut self, name: &str, at: &Range<usize>, known: &[&str], what: &str) {
        if known.contains(&name) {
            return;
        }
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("this runbook has no {what}"),
            None => format!("there is: {}", known.iter().take(12).copied().collect::<Vec<_>>().join(", ")),
        };
        self.report("unknown-name", at, format!("there is no {what} `{name}`"), help);
    }

    /// What was begun is known by phase and step, over all items.
    fn begun(&mut self, name: &str, at: &Range<usize>) {
        if self.known.paths.contains(name) {
            return;
        }
        let step = name.rsplit('/').next().unwrap_or_default();
        let of_step = self.known.paths.iter().find(|path| path.rsplit('/').next() == Some(step));
        let near = nearest(name, self.known.paths.iter().map(String::as_str)).or(of_step.map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `.began.\"{near}\"`?"),
            None => "`.began` is read as .began.\"phase/step\": the items on which that step was begun".into(),
        };
        self.report("unknown-name", at, format!("there is no step `{name}`"), help);
    }

    fn input(&mut self, name: &str, at: &Range<usize>) {
        let known = self.known;
        match known.inputs.iter().find(|(known, _)| known == name) {
            Some((_, true)) => {
                let help = "pass it as a header or a variable: { input = \"NAME\" }".to_owned();
                self.report("secret", at, format!("`{name}` is a secret; expressions cannot read it"), help);
            }
            Some(_) => {}
            // Declared, but with a finding of its own.
            None if self.reader.inputs_seen.iter().any(|seen| seen == name) => {}
            None => {
                let inputs: Vec<&str> = known.inputs.iter().map(|(name, _)| name.as_str()).collect();
                self.one_of(name, at, &inputs, "input");
            }
        }
    }

    /// What a step gives: it is there, and not only later.
    fn given(&mut self, name: &str, at: &Range<usize>, all: &[(Place, &str)], what: &str) {
        let givers: Vec<Place> = all.iter().filter(|(_, known)| *known == name).map(|(place, _)| *place).collect();
        if givers.is_empty() {
            let names: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
            return self.one_of(name, at, &names, what);
        }
        let (Sees::Loop(place) | Sees::InnerLoop(place) | Sees::Deciding(place) | Sees::Outcome(place)) =
            &self.met.sees
        else {
            return;
        };
        let is_given = givers.iter().any(|giver| {
            if giver.plan != place.plan {
                return giver.plan == 0;
            }
            match place.step {
                Some(_) if place.any_order && giver.phase == place.phase => self.requires(place, giver),
                Some(step) => (giver.phase, giver.step) < (place.phase, Some(step)) || is_same_loop(giver, place),
                None => giver.phase < place.phase,
            }
        });
        if !is_given
            && place.any_order
            && givers.iter().any(|giver| (giver.plan, giver.phase) == (place.plan, place.phase))
        {
            let help = "let this step `requires` the one that gives it".to_owned();
            let message =
                format!("the {what} `{name}` may not be there yet: the steps of this phase are taken in any order");
            self.report("later", at, message, help);
        } else if !is_given {
            let help = "move the step that asks for it in front of this one".to_owned();
            let done = if what == "choice" { "made" } else { "given" };
            self.report("later", at, format!("the {what} `{name}` is {done} only later"), help);
        }
    }

    /// Whether the step at `place` requires that one of its phase itself.
    fn requires(&self, place: &Place, giver: &Place) -> bool {
        let at = |place: &Place| (place.plan, place.phase, place.step);
        self.known.required.iter().any(|(from, to)| (at(from), at(to)) == (at(place), at(giver)))
    }

    fn report(&mut self, code: &'static str, part: &Range<usize>, message: String, help: String) {
        let span = self.met.place(self.reader.findings.source, part);
        self.reader.findings.helped(code, &span, message, help);
    }
}

/// Which steps require which others of their own phase.
fn required_in_phase(counted: &Counted<'_>) -> Vec<(Place, Place)> {
    let found = counted.requires.iter().filter_map(|(from, _, requirement)| {
        let to = place_of(counted, requirement.phase.as_str(), requirement.step.as_str())?;
        ((from.plan, from.phase) == (to.plan, to.phase)).then_some((*from, *to))
    });
    found.collect()
}

/// In a loop, a step may read what a later step gave for the item before.
fn is_same_loop(giver: &Place, place: &Place) -> bool {
    place.is_loop && !place.sees_all && giver.phase == place.phase && giver.step != place.step
}

/// `phase[item]/step` without its item.
fn without_item(name: &str) -> String {
    match (name.split_once('['), name.rsplit_once("]/")) {
        (Some((phase, _)), Some((_, step))) => format!("{phase}/{step}"),
        _ => name.to_owned(),
    }
}
