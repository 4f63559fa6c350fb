//! A page of metrics, or a query to a Prometheus server.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::health::exposition;
use crate::health::http::{self, Answer, Asking, JSON, Limits, complete, fetch, kind_of};
use crate::health::target::{Metrics, Target};
use crate::health::tls::Client;
use crate::health::verdict::{Heard, Kind};

/// A page is longer than other answers: that of a database node takes more than a mebibyte.
const PAGE: Limits = Limits { accept: "text/plain;version=0.0.4, */*;q=0.5", bytes: 8 * 1024 * 1024 };

/// The longest reason of a server that is kept, in characters.
const MAX_ERROR_CHARS: usize = 300;

/// Asks for a page or sends a query, whichever is asked.
pub(crate) async fn ask(client: &Client, asking: Asking<'_>, metrics: Metrics, target: &Target) -> Heard {
    let limits = if metrics == Metrics::Page { &PAGE } else { &JSON };
    let (answer, elapsed) = fetch(client, asking, limits).await;
    heard(answer, elapsed, metrics, target)
}

/// The facts of an answer, or of why there was none.
pub(crate) fn heard(answer: Result<Answer, Kind>, elapsed: Duration, metrics: Metrics, target: &Target) -> Heard {
    match metrics {
        Metrics::Page => page(answer, elapsed, target),
        Metrics::Query => query(answer, elapsed),
    }
}

/// The facts are `status`, `metrics`, `error`, `refused`, `closed`, `timed_out` and `elapsed_ms`. Without status 200 there are no
/// metrics but an error.
fn page(answer: Result<Answer, Kind>, elapsed: Duration, target: &Target) -> Heard {
    let mut facts = Map::new();
    let kind = match answer {
        Ok(answer) => {
            facts.insert("status".into(), json!(answer.status.as_u16()));
            if answer.status != StatusCode::OK {
                let error = format!("no page of metrics: status {}", answer.status.as_u16());
                facts.insert("error".into(), Value::String(error));
            }
            match read(&answer, target) {
                Ok(metrics) => {
                    facts.insert("metrics".into(), metrics);
                    kind_of(answer.status)
                }
                Err(why) => Kind::Nothing(why),
            }
        }
        Err(kind) => kind,
    };
    complete(facts, &["status", "metrics", "error"], kind, elapsed)
}

fn read(answer: &Answer, target: &Target) -> Result<Value, String> {
    if answer.status != StatusCode::OK {
        return Ok(Value::Null);
    }
    let media = answer.headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let is_open_metrics = media.is_some_and(|media| media.starts_with(b"application/openmetrics-text"));
    let page = exposition::parse(&answer.text, is_open_metrics, |name| is_read(target, name))?;
    Ok(Value::Object(page.metrics))
}

/// Whether any of the target's expressions looks at that metric; a page holds hundreds of others.
fn is_read(target: &Target, name: &str) -> bool {
    let fields = target.fields.iter().map(|(_, expr)| expr);
    fields.chain([&target.ok]).chain(&target.degraded).any(|expr| {
        let reads = expr.reads();
        reads.is_whole("metrics") || reads.names("metrics").any(|(read, _)| read == name)
    })
}

/// The facts are `status`, `result`, `error`, `warnings`, `refused`, `closed`, `timed_out` and `elapsed_ms`.
fn query(answer: Result<Answer, Kind>, elapsed: Duration) -> Heard {
    let mut facts = Map::new();
    let kind = match answer {
        Ok(answer) => {
            let body = http::parse(&answer.text);
            facts.insert("status".into(), json!(answer.status.as_u16()));
            match result(&body) {
                Ok(result) => facts.insert("result".into(), result),
                Err(None) => {
                    let why = format!("not the answer of a Prometheus server (status {})", answer.status.as_u16());
                    facts.insert("error".into(), Value::String(why))
                }
                Err(Some(why)) => {
                    facts.insert("error".into(), Value::String(why.chars().take(MAX_ERROR_CHARS).collect()))
                }
            };
            let warnings = body.get("warnings").filter(|warnings| warnings.is_array()).cloned();
            facts.insert("warnings".into(), warnings.unwrap_or_else(|| json!([])));
            kind_of(answer.status)
        }
        Err(kind) => kind,
    };
    complete(facts, &["status", "result", "error", "warnings"], kind, elapsed)
}

/// The result as a list of `{ labels, value }`; otherwise why there is none, if the server says so.
fn result(body: &Value) -> Result<Value, Option<String>> {
    match body["status"].as_str() {
        Some("success") => {}
        Some(_) => return Err(Some(body["error"].as_str().unwrap_or("the query failed").to_owned())),
        None => return Err(None),
    }
    let data = &body["data"]["result"];
    match body["data"]["resultType"].as_str() {
        Some("vector") => {
            let rows = data
                .as_array()
                .ok_or(None)?
                .iter()
                .map(|row| json!({ "labels": row["metric"], "value": value(&row["value"]) }));
            Ok(rows.collect())
        }
        Some("scalar") => Ok(json!([{ "labels": {}, "value": value(data) }])),
        Some(other) => Err(Some(format!("the query gives a {other}; what is needed is one value for each series"))),
        None => Err(None),
    }
}

/// The second of `[time, "value"]`; `null` for what is no finite number, as a histogram.
fn value(pair: &Value) -> Value {
    let number = pair[1].as_str().and_then(|text| text.parse().ok());
    number.map_or(Value::Null, exposition::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_server_is_a_list_of_values_or_an_error() {
        let success = |kind: &str, result: Value| {
            result_of(json!({"status": "success", "data": {"resultType": kind, "result": result}}))
        };
        let row = |value: Value| json!([{"metric": {"job": "a"}, "value": [1.5, value]}]);
        for (given, expected) in [
            (success("vector", row(json!("1"))), Ok(json!([{"labels": {"job": "a"}, "value": 1}]))),
            (success("vector", row(json!("NaN"))), Ok(json!([{"labels": {"job": "a"}, "value": null}]))),
            (success("vector", row(json!("0.25"))), Ok(json!([{"labels": {"job": "a"}, "value": 0.25}]))),
            (success("vector", json!([])), Ok(json!([]))),
            (success("vector", json!([{"metric": {}, "histogram": []}])), Ok(json!([{"labels": {}, "value": null}]))),
            (success("scalar", json!([1.5, "7"])), Ok(json!([{"labels": {}, "value": 7}]))),
            (
                success("matrix", json!([])),
                Err(Some("the query gives a matrix; what is needed is one value for each series".into())),
            ),
            (
                result_of(json!({"status": "error", "error": "parse error: unexpected end of input"})),
                Err(Some("parse error: unexpected end of input".into())),
            ),
            (result_of(json!({"status": "error"})), Err(Some("the query failed".into()))),
            (result_of(json!({"status": "success", "data": {}})), Err(None)),
            (success("vector", json!(null)), Err(None)),
            (result_of(json!(null)), Err(None)),
            (result_of(json!([1])), Err(None)),
        ] {
            assert_eq!(given, expected);
        }
    }

    fn result_of(body: Value) -> Result<Value, Option<String>> {
        result(&body)
    }
}
