//! A report as JSON. `REPORT.md` tells its keys.

use serde_json::Value;

use crate::report::model::Report;
use crate::text::clean_block;

/// The JSON Schema of that JSON.
pub const SCHEMA: &str = include_str!("../../assets/report.schema.json");

/// The report as one indented JSON object with a newline at its end; what a reader would not see is shown in its texts.
pub fn json(report: &Report) -> String {
    let value = serde_json::to_value(report).expect("texts, numbers and lists can always be written");
    let mut text = serde_json::to_string_pretty(&cleaned(value)).expect("a value can always be written");
    text.push('\n');
    text
}

/// The same value, with what a reader would not see shown in its texts.
pub fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean_block(&text).into_owned()),
        Value::Array(values) => values.into_iter().map(cleaned).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, cleaned(value))).collect(),
        plain => plain,
    }
}
