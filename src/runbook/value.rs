//! Values that people give: which text or TOML value fits which kind of input.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::runbook::id::is_item_name;
use crate::runbook::model::InputKind;
use crate::runbook::number::{all_kept, parse_number};
use crate::runbook::template::Template;
use crate::runbook::version::Version;
use crate::text::is_hidden;

/// The longest duration anywhere.
pub const MAX_DURATION: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest value of an input, in bytes.
const MAX_VALUE_BYTES: usize = 16 * 1024;
/// How many characters of a value that is not taken are repeated.
const MOST_REPEATED: usize = 40;
/// The most nodes of one input.
const MAX_NODES: usize = 10_000;
/// Such a value would be taken for an option by the command that gets it.
const OPTION: &str = "a value that begins with '-' would be taken for an option";

/// Reads what a person typed for an input of that kind, on the command line or in a form.
///
/// # Errors
/// A fragment that says what does not fit.
pub fn parse_value(kind: &InputKind, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let value = match kind {
        InputKind::Number => parse_number(text)?,
        InputKind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" => Value::Bool(true),
            "false" | "no" | "n" => Value::Bool(false),
            _ => return Err("neither yes nor no".into()),
        },
        InputKind::Nodes(_) => nodes(text)?,
        InputKind::Command => {
            let help = "not a list of texts; write it as [\"program\", \"argument\"]";
            serde_json::from_str(text).map_err(|_| help.to_owned())?
        }
        InputKind::Secret => secret(text)?,
        _ => Value::String(text.to_owned()),
    };
    check_value(kind, &value)?;
    Ok(value)
}

/// A JSON list, or names with commas between them.
fn nodes(text: &str) -> Result<Value, String> {
    if text.starts_with('[') {
        all_kept(text)?;
        return serde_json::from_str(text).map_err(|error| match error.is_eof() {
            true => "the list of nodes is not complete: it ends with ]".to_owned(),
            false => format!("not a list of nodes from character {} on", error.column()),
        });
    }
    let name = |name: &str| Value::Object(Map::from_iter([("name".to_owned(), Value::from(name.trim()))]));
    Ok(text.split(',').filter(|part| !part.trim().is_empty()).map(name).collect())
}

fn secret(text: &str) -> Result<Value, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return Ok(Value::Object(Map::from_iter([("env".to_owned(), Value::from(name))])));
    }
    let help = "a secret is given as a reference: env:NAME, or {\"command\": [\"program\", \"argument\"]}";
    serde_json::from_str(text).map_err(|_| help.to_owned())
}

/// Whether `value` is one that `kind` takes.
///
/// # Errors
/// A fragment that says what does not fit.
pub fn check_value(kind: &InputKind, value: &Value) -> Result<(), String> {
    if let InputKind::Number | InputKind::Bool | InputKind::Nodes(_) | InputKind::Command | InputKind::Secret = kind {
        return check_structure(kind, value);
    }
    let Value::String(text) = value else { return Err(format!("expected a text, found {value}")) };
    check_line(text)?;
    if text.starts_with('-') && matches!(kind, InputKind::Text | InputKind::Path) {
        return Err(OPTION.into());
    }
    match kind {
        InputKind::Version if Version::parse(text).is_none() => Err("not a version such as 1.17.3".into()),
        InputKind::Duration => parse_duration(text).map(|_| ()),
        InputKind::Url => check_url(text),
        InputKind::Path if text.is_empty() => Err("the path is empty".into()),
        InputKind::Path => others_home(text).map_or(Ok(()), Err),
        InputKind::Choice(options) if !options.contains(text) => Err(format!("not one of {}", options.join(", "))),
        _ => Ok(()),
    }
}

/// Why a path that begins with the home of somebody else is not taken: nobody would find the file where it was meant.
pub fn others_home(path: &str) -> Option<String> {
    let first = path.split('/').next().filter(|first| first.starts_with('~') && *first != "~")?;
    Some(format!("{first} is not looked up: write that home as a whole path, or ./{path} for a file of that name here"))
}

fn check_structure(kind: &InputKind, value: &Value) -> Result<(), String> {
    match (kind, value) {
        (InputKind::Number, Value::Number(_)) | (InputKind::Bool, Value::Bool(_)) => Ok(()),
        (InputKind::Number, _) => Err("not a number".into()),
        (InputKind::Bool, _) => Err("neither true nor false".into()),
        (InputKind::Nodes(fields), Value::Array(nodes)) => check_nodes(fields, nodes),
        (InputKind::Nodes(_), _) => Err("not a list of tables with a name each".into()),
        (InputKind::Command, Value::Array(words)) => check_command(words),
        (InputKind::Command, _) => Err("not a list of texts, the program first".into()),
        _ => check_secret(value),
    }
}

/// One line without anything that cannot be seen.
fn check_line(text: &str) -> Result<(), String> {
    if text.len() > MAX_VALUE_BYTES {
        return Err(format!("it has {} bytes; the limit is {MAX_VALUE_BYTES}", text.len()));
    }
    match first_unseen(text) {
        Some(c) => Err(format!("it holds U+{:04X}, which cannot be seen", u32::from(c))),
        None => Ok(()),
    }
}

/// The first character of a line that leaves nothing to be seen, or not what it does.
pub fn first_unseen(text: &str) -> Option<char> {
    text.chars().find(|c| is_unseen(*c))
}

/// Whether a character leaves nothing to be seen, or not what it does.
pub fn is_unseen(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

fn check_nodes(fields: &[String], nodes: &[Value]) -> Result<(), String> {
    if nodes.is_empty() || nodes.len() > MAX_NODES {
        return Err(format!("it has {} nodes; 1 to {MAX_NODES} are taken", nodes.len()));
    }
    let mut names = std::collections::BTreeSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let node = node.as_object().ok_or_else(|| format!("node {} is not a table", index + 1))?;
        let name = node.get("name").and_then(Value::as_str).ok_or_else(|| format!("node {} has no name", index + 1))?;
        if !is_item_name(name) {
            let rule = "letters, digits, '.', '_', ':' and '-', at most 64";
            return Err(format!("{:?} cannot name a node; names are {rule}", beginning(name)));
        }
        if !names.insert(name) {
            return Err(format!("two nodes are named {name}"));
        }
        for field in fields {
            match node.get(field) {
                Some(Value::Null) | None => return Err(format!("node {name} has no `{field}`")),
                Some(Value::String(text)) if text.is_empty() => {
                    return Err(format!("`{field}` of node {name} is empty"));
                }
                Some(_) => {}
            }
        }
        for text in node.values().filter_map(Value::as_str) {
            let option = if text.starts_with('-') { Err(OPTION.to_owned()) } else { Ok(()) };
            option.and(check_line(text)).map_err(|error| format!("in node {name}: {error}"))?;
        }
    }
    Ok(())
}

fn check_command(words: &[Value]) -> Result<(), String> {
    if words.is_empty() {
        return Err("the command is empty".into());
    }
    for (index, word) in words.iter().enumerate() {
        let text = word.as_str().ok_or_else(|| format!("argument {index} is not a text"))?;
        if text.contains('\0') {
            return Err(format!("argument {index} holds a NUL byte"));
        }
        if let Some(c) = text.chars().find(|c| is_hidden(*c)) {
            return Err(format!("argument {index} holds U+{:04X}, which cannot be seen", u32::from(c)));
        }
        if index == 0 && text.is_empty() {
            return Err("the program's name is empty".into());
        }
        Template::compile(text).map_err(|error| format!("in argument {index}: {}", error.message))?;
    }
    Ok(())
}

fn check_secret(value: &Value) -> Result<(), String> {
    let wrong = || "a secret is a reference: { env = \"NAME\" } or { command = […] }".to_owned();
    let table = value.as_object().filter(|table| table.len() == 1).ok_or_else(wrong)?;
    match (table.get("env"), table.get("command")) {
        (Some(Value::String(name)), None) if is_variable(name) => Ok(()),
        (Some(Value::String(name)), None) => Err(format!("{:?} cannot name an environment variable", beginning(name))),
        (None, Some(Value::Array(words))) => {
            match words.iter().find_map(|word| word.as_str().filter(|w| w.contains("{{"))) {
                Some(_) => Err("the command of a secret takes no {{ }}".into()),
                None => check_command(words),
            }
        }
        _ => Err(wrong()),
    }
}

/// Whether `name` may name an environment variable.
pub fn is_variable(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check_url(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let rest = rest.ok_or("not an address; it starts with http:// or https://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("an address holds no user and no password".into());
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("not an address such as https://host:8200".into());
    }
    match port {
        Some(port) if port.parse::<u16>().is_err() => Err(format!("{:?} is not a port", beginning(port))),
        _ => Ok(()),
    }
}

/// As much of a value as is repeated where it is told why it is not taken: the reason stands behind it.
fn beginning(value: &str) -> String {
    match value.char_indices().nth(MOST_REPEATED) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

/// Reads a duration such as `2s`, `500ms`, `1h 30m` or `1d`: more than nothing, at most 30 days.
///
/// # Errors
/// A fragment that says what does not fit.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{:?} is not a duration such as 2s, 1h 30m or 1d", beginning(text));
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = total.saturating_add(Duration::from_millis(number.saturating_mul(millis)));
        rest = tail.trim_start();
    }
    if total.is_zero() {
        return Err(if text.trim().is_empty() { wrong() } else { "the duration is zero".into() });
    }
    if total > MAX_DURATION { Err("the duration is longer than 30 days".into()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_long_value_only_the_beginning_is_repeated_before_the_reason() {
        let long = "ä".repeat(1_000);
        for kind in [InputKind::Nodes(vec![]), InputKind::Duration] {
            let told = parse_value(&kind, &long).unwrap_err();
            assert!(told.starts_with(&format!("\"{}…\" ", "ä".repeat(40))) && told.len() < 250, "{told}");
        }
    }

    #[test]
    fn a_list_of_nodes_that_is_being_typed_is_not_complete_and_one_with_a_mistake_tells_where() {
        for (text, why) in [
            ("[{\"name\": \"", "the list of nodes is not complete: it ends with ]"),
            ("[", "the list of nodes is not complete: it ends with ]"),
            ("[{name}]", "not a list of nodes from character 3 on"),
        ] {
            assert_eq!(parse_value(&InputKind::Nodes(vec![]), text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn durations_are_read_and_bounded() {
        for (text, millis) in [
            ("2s", 2000),
            ("500ms", 500),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "0s",
            "2",
            "s",
            "2 s",
            "-2s",
            "1.5h",
            "31d",
            "2weeks",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_takes_what_fits_and_nothing_else() {
        let choice = || InputKind::Choice(vec!["a".into(), "b".into()]);
        let nodes = || InputKind::Nodes(vec!["api".into()]);
        for (kind, text, expected) in [
            (InputKind::Text, " one line ", Some(json!("one line"))),
            (InputKind::Text, "a\u{7}b", None),
            (InputKind::Text, "a\u{202e}b", None),
            (InputKind::Text, "-oProxyCommand=x", None),
            (nodes(), "[{\"name\": \"a\", \"api\": \"-oProxyCommand=x\"}]", None),
            (InputKind::Number, "4.5", Some(json!(4.5))),
            (InputKind::Number, "four", None),
            (InputKind::Number, "\"4\"", None),
            (InputKind::Number, "999999999999999999999", None),
            (nodes(), "[{\"name\": \"a\", \"api\": 99999999999999999999}]", None),
            (InputKind::Bool, "yes", Some(json!(true))),
            (InputKind::Bool, "false", Some(json!(false))),
            (InputKind::Bool, "1", None),
            (InputKind::Version, "v1.17.3", Some(json!("v1.17.3"))),
            (InputKind::Version, "latest", None),
            (InputKind::Duration, "2m", Some(json!("2m"))),
            (InputKind::Duration, "soon", None),
            (InputKind::Url, "https://host:8200/x", Some(json!("https://host:8200/x"))),
            (InputKind::Url, "http://[::1]:8200", Some(json!("http://[::1]:8200"))),
            (InputKind::Url, "ftp://host", None),
            (InputKind::Url, "http://", None),
            (InputKind::Url, "http://u:p@host", None),
            (InputKind::Url, "http://host:99999", None),
            (InputKind::Url, "http://ho st", None),
            (InputKind::Path, "/a b", Some(json!("/a b"))),
            (InputKind::Path, "", None),
            (InputKind::Path, "~/a", Some(json!("~/a"))),
            (InputKind::Path, "~jo/a", None),
            (InputKind::Path, "./~jo/a", Some(json!("./~jo/a"))),
            (choice(), "b", Some(json!("b"))),
            (choice(), "c", None),
            (nodes(), "[{\"name\": \"a\", \"api\": \"http://a\"}]", Some(json!([{"name": "a", "api": "http://a"}]))),
            (nodes(), "a, b", None),
            (nodes(), "[{\"name\": \"a/b\", \"api\": \"x\"}]", None),
            (nodes(), "[{\"name\": \"a\", \"api\": \"x\"}, {\"name\": \"a\", \"api\": \"x\"}]", None),
            (nodes(), "[]", None),
            (InputKind::Nodes(vec![]), "a, b", Some(json!([{"name": "a"}, {"name": "b"}]))),
            (InputKind::Command, "[\"ssh\", \"{{ .node.name }}\"]", Some(json!(["ssh", "{{ .node.name }}"]))),
            (InputKind::Command, "ssh host", None),
            (InputKind::Command, "[]", None),
            (InputKind::Command, "[\"\"]", None),
            (InputKind::Command, "[\"a\", \"{{ now }}\"]", None),
            (InputKind::Command, "[\"a\", \"\\u0000\"]", None),
            (InputKind::Command, "[\"a\", 1]", None),
            (InputKind::Secret, "env:TOKEN", Some(json!({"env": "TOKEN"}))),
            (InputKind::Secret, "{\"command\": [\"pass\", \"x\"]}", Some(json!({"command": ["pass", "x"]}))),
            (InputKind::Secret, "s.hvs123", None),
            (InputKind::Secret, "env:A B", None),
            (InputKind::Secret, "{\"env\": \"A\", \"command\": [\"x\"]}", None),
        ] {
            assert_eq!(parse_value(&kind, text).ok(), expected, "{kind:?} {text:?}");
        }
    }
}
