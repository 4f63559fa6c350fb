//! What expressions see: `inputs`, `node` (or `nodes`), `answers`, `began`, `choices`, `steps`, `passed`, `health`, `run`.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::event::{CommandLine, EnvValue, Mode};
use crate::engine::observe::{Ended, Printed, json_bytes};
use crate::engine::state::{RunState, StepStatus};
use crate::engine::together::{count_of, is_together};
use crate::runbook::{Action, Argv, EvalError, HeaderValue, Runbook, SecretRef, StepKey, Template};

/// The longest command with all that is set for it, in bytes of JSON: no system starts a longer one.
const MAX_COMMAND_BYTES: usize = 1024 * 1024;

/// The scope of an expression.
///
/// `source` is the expression's own text: the large parts (`inputs`, `steps`, `passed`, `health`) are only built when it
/// names them. `node` is the loop's item, `null` outside a loop.
pub fn scope(state: &RunState, board: &Board, node: &Value, now: Timestamp, source: &str) -> Value {
    Value::Object(seen(state, Some(board), node, now, source))
}

/// The scope; without `inputs` and `health` where there is no board.
fn seen(state: &RunState, board: Option<&Board>, node: &Value, now: Timestamp, source: &str) -> Map<String, Value> {
    let mut scope = Map::new();
    if board.is_some() && source.contains("inputs") {
        let inputs = state.opened.as_ref().map(|opened| opened.inputs.clone()).unwrap_or_default();
        scope.insert("inputs".into(), Value::Object(inputs));
    }
    scope.insert("node".into(), node.clone());
    scope.insert("answers".into(), Value::Object(state.answers.clone()));
    if source.contains("choices") {
        scope.insert("choices".into(), choices(state));
    }
    scope.insert("run".into(), run(state, now));
    if source.contains("steps") {
        scope.insert("steps".into(), steps(state));
    }
    if source.contains("began") {
        scope.insert("began".into(), state.began.value());
    }
    if source.contains("passed") {
        scope.insert("passed".into(), passed(state));
    }
    if let Some(board) = board.filter(|_| source.contains("health")) {
        scope.insert("health".into(), health(state, board));
    }
    scope
}

/// The scope of a step's texts and conditions: its item is `node`.
pub fn step_scope(state: &RunState, board: &Board, key: &StepKey, now: Timestamp, source: &str) -> Value {
    seen_from(state, Some(board), key, now, source)
}

/// What a condition sees from a step, or from none; without `inputs` and `health`, which many conditions share.
pub(crate) fn small_scope(state: &RunState, key: Option<&StepKey>, now: Timestamp, source: &str) -> Value {
    match key {
        Some(key) => seen_from(state, None, key, now, source),
        None => Value::Object(seen(state, None, &Value::Null, now, source)),
    }
}

fn seen_from(state: &RunState, board: Option<&Board>, key: &StepKey, now: Timestamp, source: &str) -> Value {
    let node = state.item(key).map_or(&Value::Null, |item| &item.item.value);
    let group = if source.contains("group") { state.group(key) } else { None };
    let scope = with_items(seen(state, board, node, now, source), state, key, source);
    with_group(scope, group.map(|group| &group.item.value))
}

/// The scope with the outer item of a loop in a loop as `group`.
pub(crate) fn with_group(scope: Value, group: Option<&Value>) -> Value {
    let mut scope = scope;
    if let (Some(scope), Some(group)) = (scope.as_object_mut(), group) {
        scope.insert("group".into(), group.clone());
    }
    scope
}

/// The scope of what is done for one item of a phase that takes them together: `node` is that item, `nodes` are all.
pub fn item_scope(state: &RunState, board: &Board, key: &StepKey, node: &Value, now: Timestamp, source: &str) -> Value {
    with_items(seen(state, Some(board), node, now, source), state, key, source)
}

fn with_items(mut scope: Map<String, Value>, state: &RunState, key: &StepKey, source: &str) -> Value {
    if source.contains("nodes")
        && let Some(all) = state.together(key)
    {
        scope.insert("nodes".into(), all.iter().map(|item| item.value.clone()).collect());
    }
    Value::Object(scope)
}

/// What stands in a text where a value is missing.
pub const MISSING: &str = "…";

/// A step's text with its values; where one is missing there is a gap, and the text says at its end why.
pub fn text_of(template: &Template, state: &RunState, board: &Board, key: &StepKey, now: Timestamp) -> String {
    let scope = step_scope(state, board, key, now, template.source());
    let gapped = |error| format!("{} [no value: {error}]", template.render_known(&scope, MISSING));
    template.render(&scope).unwrap_or_else(gapped)
}

/// Who acts in a step when it is not the operator, with the values in that text.
pub fn actor_of(runbook: &Runbook, state: &RunState, board: &Board, key: &StepKey, now: Timestamp) -> Option<String> {
    let actor = runbook.step(&key.phase, &key.step)?.actor.as_ref()?;
    Some(text_of(actor, state, board, key, now))
}

/// Who did what the author of a record says was done, behind that: nothing where it was the author.
pub fn done_by(doer: Option<&String>) -> String {
    doer.map(|doer| format!(" (done by {doer})")).unwrap_or_default()
}

/// A step's title with its values, and a gap where one is missing: it is one that comes later.
pub fn title_text(title: &Template, state: &RunState, board: &Board, key: &StepKey, now: Timestamp) -> String {
    title_with((title, MISSING), state, board, key, now)
}

/// The same with a gap of one's own.
pub fn title_with(
    (title, gap): (&Template, &str),
    state: &RunState,
    board: &Board,
    key: &StepKey,
    now: Timestamp,
) -> String {
    title.render_known(&step_scope(state, board, key, now, title.source()), gap)
}

/// The scope extended by how a command ended and what it printed.
pub fn command_scope(scope: Value, ended: &Ended, printed: &Printed) -> Value {
    let Value::Object(mut scope) = scope else { return scope };
    let exit = if let Ended::Exit(status) = ended { json!(status) } else { Value::Null };
    scope.insert("exit".into(), exit);
    scope.insert("stdout".into(), json!(printed.stdout));
    scope.insert("stderr".into(), json!(printed.stderr));
    scope.insert("json".into(), serde_json::from_str(&printed.stdout).unwrap_or(Value::Null));
    Value::Object(scope)
}

/// Exactly what a step would run now. `None` when the step runs nothing, or one command for each of several items.
///
/// # Errors
/// A text in it gives no value, or a value that is no argument.
pub fn command_of(
    runbook: &Runbook,
    state: &RunState,
    board: &Board,
    key: &StepKey,
    now: Timestamp,
) -> Result<Option<CommandLine>, EvalError> {
    let action = runbook.step(&key.phase, &key.step).map(|step| &step.action);
    let Some(action @ Action::Run { argv, .. }) = action.filter(|_| !is_together(runbook, key)) else {
        return Ok(None);
    };
    let argv = argv_of(state, argv)?;
    let scope_for = |source: &str| step_scope(state, board, key, now, source);
    line_of(state, action, &argv, &scope_for).map(Some)
}

/// A command's words before their values are filled in.
pub(crate) fn argv_of<'a>(state: &RunState, argv: &'a Argv) -> Result<Cow<'a, [Template]>, EvalError> {
    match argv {
        Argv::Words(words) => Ok(Cow::Borrowed(words)),
        Argv::Input(input) => bound_argv(state, input.as_str()).map(Cow::Owned),
    }
}

/// What an action that runs something runs, with the values of a scope.
pub(crate) fn line_of(
    state: &RunState,
    action: &Action,
    argv: &[Template],
    scope_for: &dyn Fn(&str) -> Value,
) -> Result<CommandLine, EvalError> {
    let Action::Run { cwd, env, timeout, .. } = action else { return Err(EvalError("it runs nothing".into())) };
    let render = |template: &Template| template.render(&scope_for(template.source()));
    let argv = argv.iter().map(render).collect::<Result<Vec<_>, _>>()?;
    if argv.is_empty() || argv.iter().any(|word| word.contains('\0')) {
        return Err(EvalError("the command is empty or holds a NUL byte".into()));
    }
    let cwd = cwd.as_ref().map(render).transpose()?;
    let env = env
        .iter()
        .map(|(name, value)| Ok((name.clone(), env_value(value, state, &render)?)))
        .collect::<Result<Vec<_>, EvalError>>()?;
    let line = CommandLine { argv, cwd, env, timeout_ms: millis(*timeout) };
    if json_bytes(&line) > MAX_COMMAND_BYTES {
        return Err(EvalError("the command is longer than 1 MiB".into()));
    }
    Ok(line)
}

/// The name that is typed before a critical step: the item's, else the site's, else the runbook's. Before one that runs
/// for all items together, the number of commands stands behind it: the place alone would not tell how many are hit
/// at once, and the number alone would be typed in the wrong place.
pub fn target_of(runbook: &Runbook, state: &RunState, key: &StepKey) -> String {
    let opened = state.opened.as_ref();
    let place = key
        .item
        .clone()
        .or_else(|| opened.and_then(|opened| opened.site.as_ref()).map(|site| site.name.clone()))
        .or_else(|| opened.map(|opened| opened.runbook.to_string()))
        .unwrap_or_default();
    match count_of(runbook, state, key) {
        Some(count) => format!("{place} {count}"),
        None => place,
    }
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn bound_argv(state: &RunState, input: &str) -> Result<Vec<Template>, EvalError> {
    let bound = state.opened.as_ref().and_then(|opened| opened.inputs.get(input));
    let Some(Value::Array(words)) = bound else {
        return Err(EvalError(format!("the command {input:?} is not bound")));
    };
    let compile = |word: &Value| {
        let word = word.as_str().ok_or_else(|| EvalError(format!("an argument of {input:?} is not a text")))?;
        Template::compile(word).map_err(|error| EvalError(format!("in {input:?}: {}", error.message)))
    };
    words.iter().map(compile).collect()
}

fn env_value(
    value: &HeaderValue,
    state: &RunState,
    render: &impl Fn(&Template) -> Result<String, EvalError>,
) -> Result<EnvValue, EvalError> {
    match value {
        HeaderValue::Text(template) => render(template).map(EnvValue::Plain),
        HeaderValue::Secret(SecretRef::Env(name)) => Ok(EnvValue::SecretEnv(name.clone())),
        HeaderValue::Secret(SecretRef::Command(argv)) => Ok(EnvValue::SecretCommand(argv.clone())),
        HeaderValue::Secret(SecretRef::Input(input)) => {
            let bound = state.opened.as_ref().and_then(|opened| opened.inputs.get(input.as_str()));
            secret_input(bound).ok_or_else(|| EvalError(format!("the secret {input} is not bound")))
        }
    }
}

/// A bound input of type secret as the reference that it holds.
pub(crate) fn secret_input(bound: Option<&Value>) -> Option<EnvValue> {
    let bound = bound?.as_object()?;
    if let Some(Value::String(name)) = bound.get("env") {
        return Some(EnvValue::SecretEnv(name.clone()));
    }
    let words = bound.get("command")?.as_array()?;
    words.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().map(EnvValue::SecretCommand)
}

fn run(state: &RunState, now: Timestamp) -> Value {
    let Some(opened) = &state.opened else { return Value::Null };
    json!({
        "id": opened.run,
        "mode": if opened.mode == Mode::Live { "live" } else { "practice" },
        "operator": state.sitting.as_ref().map_or(&opened.operator, |sitting| &sitting.operator),
        "site": opened.site.as_ref().map(|site| &site.name),
        "elapsed": now.since(state.opened_at).as_secs(),
    })
}

fn choices(state: &RunState) -> Value {
    Value::Object(state.choices.iter().map(|(name, chosen)| (name.clone(), json!(chosen.way))).collect())
}

fn steps(state: &RunState) -> Value {
    let steps = state.counted().flat_map(|phase| phase.keys());
    Value::Object(steps.map(|(key, step)| (key.to_string(), json!(step.status.word()))).collect())
}

fn passed(state: &RunState) -> Value {
    let mut passed = Map::new();
    for (key, step) in state.counted().flat_map(|phase| phase.keys()) {
        let done = matches!(step.status, StepStatus::Done);
        let known = passed.entry(key.step.to_string()).or_insert(json!(false));
        *known = json!(done || known == &json!(true));
    }
    Value::Object(passed)
}

fn health(state: &RunState, board: &Board) -> Value {
    // A probe that asks nobody has no rows: that is known, and not the same as no answer.
    let mut health: Map<_, _> = state.probes.iter().map(|probe| (probe.to_string(), json!([]))).collect();
    for row in &board.rows {
        let mut entry = row.fields.clone();
        entry.insert("node".into(), row.item.clone());
        entry.insert("verdict".into(), json!(row.verdict.word()));
        entry.insert("age".into(), row.age_ms.map_or(Value::Null, |age| json!(age as f64 / 1000.0)));
        entry.insert("why".into(), json!(row.why));
        let rows = health.entry(row.probe.to_string()).or_insert_with(|| json!([]));
        if let Some(rows) = rows.as_array_mut() {
            rows.push(Value::Object(entry));
        }
    }
    Value::Object(health)
}
