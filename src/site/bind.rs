//! Binding: every input of a runbook gets its value from one of four places, and each value is checked.

use serde_json::{Map, Value};

use crate::fs::at_home;
use crate::runbook::check::check_names;
use crate::runbook::nearest::nearest;
use crate::runbook::value::{check_value, parse_value};
use crate::runbook::{Input, InputId, InputKind, Runbook, Template};
use crate::site::file::Site;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Given {
    /// `--set NAME=VALUE`.
    Set,
    /// The site file.
    Site,
    /// The runbook's default.
    Default,
    /// A person who was asked, on the set-up screen or line by line.
    Asked,
}

impl Given {
    /// The words that are shown.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Set => "--set",
            Self::Site => "the site file",
            Self::Default => "the runbook's default",
            Self::Asked => "what was typed",
        }
    }
}

/// Why an input cannot be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} (from {}): {message}", from.words())]
pub struct BindProblem {
    /// The input's name as it was given; it may not be one of the runbook.
    pub name: String,
    /// Where the value came from.
    pub from: Given,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// What a runbook's inputs are bound to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bound {
    /// By name, in the runbook's order; secrets as references, and `null` for what is optional and was not given.
    pub inputs: Map<String, Value>,
    /// Where each value came from; what is not bound is not here.
    pub from: Vec<(InputId, Given)>,
    /// What must still be asked, in the runbook's order. Empty: the run may open.
    pub missing: Vec<InputId>,
    /// What the site gives although this runbook has no such input: for other runbooks, or misspelt.
    pub unused: Vec<String>,
}

/// Binds the inputs of `runbook`: what was typed on the set-up screen counts most (it is only asked for what is missing
/// or was changed there), then `--set`, the site file, and the default.
///
/// # Errors
/// Every value that does not fit, and every name that is unknown.
pub fn bind(
    runbook: &Runbook,
    set: &[(String, String)],
    site: Option<&Site>,
    asked: &Map<String, Value>,
) -> Result<Bound, Vec<BindProblem>> {
    let mut problems = unknown_names(runbook, set, site, asked);
    let mut bound = Bound::default();
    for input in &runbook.inputs {
        match value_of(input, set, site, asked) {
            Ok(Some((from, value))) => match check_input(runbook, input, &value) {
                Ok(()) => {
                    bound.inputs.insert(input.id.to_string(), used(&input.kind, value));
                    bound.from.push((input.id.clone(), from));
                }
                Err(message) => problems.push(problem(&input.id, from, message)),
            },
            Ok(None) if input.optional => {
                bound.inputs.insert(input.id.to_string(), Value::Null);
            }
            Ok(None) => bound.missing.push(input.id.clone()),
            Err((from, message)) => problems.push(problem(&input.id, from, message)),
        }
    }
    let known = |name: &&String| !runbook.inputs.iter().any(|input| input.id.as_str() == name.as_str());
    bound.unused = site.map(|site| site.inputs.keys().filter(known).cloned().collect()).unwrap_or_default();
    if problems.is_empty() { Ok(bound) } else { Err(problems) }
}

fn problem(id: &InputId, from: Given, message: String) -> BindProblem {
    BindProblem { name: id.to_string(), from, message, help: None }
}

fn value_of(
    input: &Input,
    set: &[(String, String)],
    site: Option<&Site>,
    asked: &Map<String, Value>,
) -> Result<Option<(Given, Value)>, (Given, String)> {
    let name = input.id.as_str();
    if let Some(value) = asked.get(name) {
        return Ok(Some((Given::Asked, value.clone())));
    }
    if let Some((_, text)) = set.iter().rev().find(|(key, _)| key == name) {
        let value = parse_value(&input.kind, text).map_err(|error| (Given::Set, error))?;
        return Ok(Some((Given::Set, value)));
    }
    if let Some(value) = site.and_then(|site| site.inputs.get(name)) {
        return Ok(Some((Given::Site, value.clone())));
    }
    Ok(input.default.clone().map(|value| (Given::Default, value)))
}

/// What of a path that begins with `~/` will be used: the home of whoever gives it is no part of a text for anybody else.
/// `None`: what was given.
pub fn meant(kind: &InputKind, text: &str) -> Option<String> {
    let path = text.trim();
    Some(at_home(path)).filter(|meant| *kind == InputKind::Path && meant != path)
}

/// A value as it will be used.
fn used(kind: &InputKind, value: Value) -> Value {
    value.as_str().and_then(|text| meant(kind, text)).map_or(value, Value::String)
}

/// Whether an input takes a value: of a command also the names that its texts use are looked at.
///
/// # Errors
/// Why it does not, a lower-case fragment.
pub fn check_input(runbook: &Runbook, input: &Input, value: &Value) -> Result<(), String> {
    if value.is_null() && input.optional {
        return Ok(());
    }
    check_value(&input.kind, value)?;
    if let Some(misfit) = runbook.misfit(input, value) {
        return Err(misfit.into());
    }
    if let (InputKind::Command, Value::Array(words)) = (&input.kind, value) {
        for (index, word) in words.iter().enumerate() {
            let template = Template::compile(word.as_str().unwrap_or_default())
                .map_err(|error| format!("in argument {index}: {}", error.message))?;
            check_names(runbook, &template).map_err(|error| format!("in argument {index}: {error}"))?;
        }
    }
    Ok(())
}

fn unknown_names(
    runbook: &Runbook,
    set: &[(String, String)],
    site: Option<&Site>,
    asked: &Map<String, Value>,
) -> Vec<BindProblem> {
    let known: Vec<&str> = runbook.inputs.iter().map(|input| input.id.as_str()).collect();
    let mut problems = Vec::new();
    let mut unknown = |name: &str, from: Given, only_near: bool| {
        if known.contains(&name) {
            return;
        }
        let near = nearest(name, known.iter().copied());
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if only_near => return,
            None => Some(format!("it has: {}", known.join(", "))),
        };
        let message = "the runbook has no such input".to_owned();
        problems.push(BindProblem { name: name.to_owned(), from, message, help });
    };
    set.iter().for_each(|(name, _)| unknown(name, Given::Set, false));
    asked.keys().for_each(|name| unknown(name, Given::Asked, false));
    // A site serves several runbooks: only what looks misspelt is a mistake.
    site.iter().flat_map(|site| site.inputs.keys()).for_each(|name| unknown(name, Given::Site, true));
    if let Some(system) = site.and_then(|site| site.system.as_ref()).filter(|system| **system != runbook.system) {
        let message = format!("the site is for {system}, the runbook for {}", runbook.system);
        problems.push(BindProblem { name: "system".into(), from: Given::Site, message, help: None });
    }
    problems
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
