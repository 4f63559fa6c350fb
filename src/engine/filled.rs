//! Where in a command the values stand that were filled in: for people who compare it with what they expect.

use std::ops::Range;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::event::{CommandLine, EnvValue};
use crate::engine::scope::{argv_of, item_scope, step_scope};
use crate::engine::state::RunState;
use crate::runbook::{Action, HeaderValue, Runbook, StepKey, Template};

/// Places in a text, in bytes.
pub type Places = Vec<Range<usize>>;

/// Where the filled-in values of a command stand. Empty where nothing is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// In each word of the command.
    pub argv: Vec<Places>,
    /// In its directory.
    pub cwd: Places,
    /// In the value of each variable. Of a secret nothing is told.
    pub env: Vec<Places>,
}

/// Where the values stand in a command that was made of a step a moment ago; of a step that runs one command for each
/// item, that of `item`. What is another text by now is not told of, so that nothing is marked in the wrong place.
pub fn filled_of(
    runbook: &Runbook,
    (state, board): (&RunState, &Board),
    key: &StepKey,
    (item, command): (Option<&str>, &CommandLine),
    now: Timestamp,
) -> Filled {
    let Some(Action::Run { argv, cwd, env, .. }) = runbook.step(&key.phase, &key.step).map(|step| &step.action) else {
        return Filled::default();
    };
    let node = item.and_then(|name| state.nodes(key).iter().find(|node| node.name.as_deref() == Some(name)));
    let scope_for = |source: &str| match node {
        Some(node) => item_scope(state, board, key, &node.value, now, source),
        None => step_scope(state, board, key, now, source),
    };
    let places = |template: &Template, told: &str| places(template, told, &scope_for);
    let words = argv_of(state, argv).unwrap_or_default();
    let values = env.iter().zip(&command.env).map(|((_, value), (_, told))| match (value, told) {
        (HeaderValue::Text(template), EnvValue::Plain(told)) => places(template, told),
        _ => Places::new(),
    });
    Filled {
        argv: words.iter().zip(&command.argv).map(|(word, told)| places(word, told)).collect(),
        cwd: cwd.as_ref().zip(command.cwd.as_ref()).map(|(cwd, told)| places(cwd, told)).unwrap_or_default(),
        env: values.collect(),
    }
}

fn places(template: &Template, told: &str, scope_for: &dyn Fn(&str) -> Value) -> Places {
    // What has no values needs no scope, which costs more than all the rest.
    if !template.source().contains("{{") {
        return Places::new();
    }
    let rendered = template.render_marked(&scope_for(template.source())).ok();
    rendered.filter(|(text, _)| text == told).map(|(_, places)| places).unwrap_or_default()
}
