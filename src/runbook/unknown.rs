//! Why an expression cannot be told, in words: what it looked at and is not known, not what jq stumbled over.

use jaq_json::Val;

use crate::runbook::expr::EvalError;
use crate::runbook::reads::{Read, Reads};
use crate::runbook::words::joined;

/// How many of the things that are not known are named.
const MOST_NAMED: usize = 3;

/// The same error in words, where it is about something that is not known; `scope` is what was looked at.
pub(crate) fn told(error: EvalError, source: &str, reads: &Reads, scope: &Val) -> EvalError {
    let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "null");
    if !words(without_quoted(&error.0).as_str()) {
        return error;
    }
    let mut missing = Vec::new();
    for (key, read) in reads.keys.iter().filter(|_| !reads.whole) {
        of_key((key, read), &entry(scope, key), source, &mut missing);
    }
    let more = missing.len().saturating_sub(MOST_NAMED);
    missing.truncate(MOST_NAMED);
    if more > 0 {
        missing.push(format!("{more} more"));
    }
    let verb = if missing.len() > 1 { "are" } else { "is" };
    EvalError(match missing.is_empty() {
        false => format!("{} {verb} not known", joined(&missing, "and")),
        true if reads.whole || reads.keys.is_empty() => "something that it looks at is not known".into(),
        true => format!("something of {} is not known", joined(&looked_at(reads), "and")),
    })
}

/// A text without what stands in quotes in it: values are not ours.
fn without_quoted(text: &str) -> String {
    text.split('"').step_by(2).collect()
}

fn entry(value: &Val, name: &str) -> Val {
    match value {
        Val::Obj(entries) => entries.get(&Val::from(name.to_owned())).cloned().unwrap_or(Val::Null),
        _ => Val::Null,
    }
}

fn text(value: &Val) -> Option<String> {
    match value {
        Val::TStr(text) => Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

fn is_null(value: &Val) -> bool {
    matches!(value, Val::Null)
}

/// What is not known below a key of the scope.
fn of_key((key, read): (&str, &Read), value: &Val, source: &str, missing: &mut Vec<String>) {
    if key == "health" {
        for probe in read.names.keys() {
            of_probe(probe, &entry(value, probe), source, missing);
        }
    } else if read.names.is_empty() {
        missing.extend(is_null(value).then(|| key.to_owned()));
    } else {
        let unknown = read.names.keys().filter(|name| is_null(&entry(value, name)));
        missing.extend(unknown.map(|name| named(key, name)));
    }
}

/// What people call a name below a key of the scope.
fn named(key: &str, name: &str) -> String {
    match key {
        "inputs" => format!("input {name}"),
        "answers" => format!("answer {name}"),
        "choices" => format!("the decision {name}"),
        "steps" => format!("how {name} ended"),
        _ => format!("{key}.{name}"),
    }
}

/// Of the rows of a probe: those that nobody has answered for, and values that are read and missing.
fn of_probe(probe: &str, rows: &Val, source: &str, missing: &mut Vec<String>) {
    let Val::Arr(rows) = rows else {
        missing.push(probe.to_owned());
        return;
    };
    for row in rows.iter() {
        let node = entry(row, "node");
        let of = text(&entry(&node, "name")).or_else(|| text(&node)).map(|name| format!(" of {name}"));
        let of = of.unwrap_or_default();
        if text(&entry(row, "verdict")).is_some_and(|verdict| verdict == "unknown") {
            let why = text(&entry(row, "why")).filter(|why| !why.contains("not known"));
            let why = why.map(|why| format!(" ({})", why.strip_prefix("cannot be told: ").unwrap_or(&why)));
            missing.push(format!("{probe}{of}{}", why.unwrap_or_default()));
            continue;
        }
        let Val::Obj(fields) = row else { continue };
        let unknown = fields.iter().filter(|(_, value)| is_null(value)).filter_map(|(name, _)| text(name));
        let is_read =
            |name: &String| source.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name);
        missing.extend(unknown.filter(is_read).map(|name| format!("{name}{of}")));
    }
}

/// All that is read, where none of it is missing as a whole.
fn looked_at(reads: &Reads) -> Vec<String> {
    let names = |(key, read): (&String, &Read)| -> Vec<String> {
        match (key.as_str(), read.names.is_empty()) {
            (_, true) => vec![key.clone()],
            ("health", _) => read.names.keys().cloned().collect(),
            _ => read.names.keys().map(|name| named(key, name)).collect(),
        }
    };
    reads.keys.iter().flat_map(names).take(MOST_NAMED).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::runbook::{Expr, Truth};

    #[test]
    fn what_is_not_known_is_named_with_its_node_and_why_and_no_word_of_jq() {
        let scope = json!({
            "pins": null,
            "exit": 1,
            "body": {"leader": {}},
            "inputs": {"target": null},
            "answers": {},
            "health": {
                "disk": [
                    {"node": {"name": "n1"}, "verdict": "ok", "why": "", "used": 40},
                    {"node": {"name": "n2"}, "verdict": "unknown", "why": "no answer within 2s", "used": null},
                    {"node": {"name": "n3"}, "verdict": "ok", "why": "", "used": null, "free": null},
                    {"node": {"name": "n4"}, "verdict": "unknown", "why": "cannot be told: pins is not known"},
                ],
                "leader": [{"node": null, "verdict": "unknown", "why": "forbidden: status 403"}],
            },
        });
        for (source, told) in [
            (".pins >= 0", "pins is not known"),
            (".exit < 1 or .pins < 3", "pins is not known"),
            ("(.pins | length) == 0", "pins is not known"),
            ("(.inputs.target | version) > (\"1.2\" | version)", "input target is not known"),
            (".answers.count > 2", "answer count is not known"),
            (".inputs.target == .answers.version", "answer version and input target are not known"),
            (".body.leader.term > 1", "something of body.leader is not known"),
            (
                "all(.health.disk[]; .used < 90)",
                "disk of n2 (no answer within 2s), used of n3 and disk of n4 are not known",
            ),
            ("all(.health.leader[]; .term > 1)", "leader (forbidden: status 403) is not known"),
            ("([.] | first | .pins) > 1", "something that it looks at is not known"),
        ] {
            let truth = Expr::compile(source).unwrap().truth(&scope);
            assert_eq!(truth, Truth::Unknown(told.into()), "{source}");
        }
        // What an author says, and what a value is, stands as it is.
        for (source, told) in [("error(\"late\")", "late"), ("\"null\" | version", "\"null\" is not a version")] {
            assert_eq!(Expr::compile(source).unwrap().truth(&scope), Truth::Unknown(told.into()), "{source}");
        }
    }
}
