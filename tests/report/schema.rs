//! The JSON Schema that `piton report --schema` prints, and the JSON that reports are.

use serde_json::{Value, json};

use super::{JOURNALS, data, printed, records, report};

/// The words of a schema that the check knows: a word that it does not know would be passed over.
const WORDS: [&str; 14] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "required",
    "properties",
    "items",
    "enum",
    "const",
    "anyOf",
    "pattern",
    "minimum",
];

/// What of `value` is not as `schema` says, keys among them of which it says nothing.
fn findings(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{at}: {name} is not there")),
        None => schema,
    };
    let words = schema.as_object().expect("a schema is an object").keys();
    words.for_each(|word| assert!(WORDS.contains(&word.as_str()), "{at}: the check does not know {word}"));
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|schema| {
            let mut found = Vec::new();
            findings(value, schema, root, at, &mut found);
            found.is_empty()
        });
        if !fits {
            found.push(format!("{at}: {value} is none of them"));
        }
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_kind = match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(some) => some.iter().any(|one| one == kind),
        _ => true,
    };
    if !is_kind {
        found.push(format!("{at}: {value} is not {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|some| !some.contains(value))
        || schema.get("const").is_some_and(|one| one != value)
        || value.as_i64().zip(schema["minimum"].as_i64()).is_some_and(|(value, least)| value < least)
    {
        found.push(format!("{at}: {value}"));
    }
    if let Some((text, pattern)) = value.as_str().zip(schema["pattern"].as_str()) {
        let is_as = match pattern {
            "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
            _ => text.parse::<piton::clock::Timestamp>().is_ok_and(|at| at.to_string() == text),
        };
        if !is_as {
            found.push(format!("{at}: {text} is not as {pattern}"));
        }
    }
    inner(value, schema, root, at, found);
}

/// The same of what is in it.
fn inner(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        findings(item, &schema["items"], root, &format!("{at}[{index}]"), found);
    }
    let Some(object) = value.as_object() else { return };
    for key in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(key.as_str().expect("a key is text")) {
            found.push(format!("{at}: {key} is missing"));
        }
    }
    for (key, within) in object {
        match schema["properties"].get(key) {
            Some(schema) => {
                assert!(!schema["description"].as_str().unwrap_or_default().is_empty(), "{at}.{key} is not described");
                findings(within, schema, root, &format!("{at}.{key}"), found);
            }
            // A later piton may add keys; this one has none that the schema does not tell.
            None => found.push(format!("{at}: {key} is not told")),
        }
    }
}

fn checked(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&printed(&["report", "--schema"])).expect("a schema is JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let mut found = Vec::new();
    findings(value, &schema, &schema, "report", &mut found);
    found
}

#[test]
fn the_golden_reports_and_those_of_all_golden_journals_are_as_the_schema_says() {
    let golden: Value = serde_json::from_slice(&std::fs::read(data("report/live.json")).unwrap()).unwrap();
    assert_eq!(checked(&golden), Vec::<String>::new());
    for journal in JOURNALS {
        let value: Value = serde_json::from_str(&piton::report::json(&report(&records(journal)))).unwrap();
        assert_eq!(checked(&value), Vec::<String>::new(), "{journal}");
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let golden: Value = serde_json::from_slice(&std::fs::read(data("report/live.json")).unwrap()).unwrap();
    for (place, wrong) in [
        ("/format", json!(2)),
        ("/is_practice", json!("no")),
        ("/heading/mode", json!("dry")),
        ("/heading/opened_at", json!("yesterday")),
        ("/heading/runbook_sha256", json!("abc")),
        ("/heading/lasted_ms", json!(-1)),
        ("/heading/planned_ms", json!("1 h")),
        ("/records/0", json!({ "seq": 1 })),
        ("/sittings", json!({})),
    ] {
        let mut value = golden.clone();
        *value.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = wrong;
        assert!(!checked(&value).is_empty(), "{place}");
    }
    let mut more = golden;
    more["mood"] = json!("good");
    assert_eq!(checked(&more), ["report: mood is not told"]);
}
