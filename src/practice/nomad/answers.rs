//! Answers as Nomad gives them: content types, headers, durations, queries.

use std::time::Duration;

use serde_json::Value;

use crate::practice::query::value;
use crate::practice::{Request, Response};

use super::state::Nomad;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A JSON answer.
pub(super) fn json(status: u16, body: &Value) -> Response {
    Response::Answer { status, content_type: JSON, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// What is said of everything that went wrong, and of some that did not: plain text.
pub(super) fn text(status: u16, body: &str) -> Response {
    Response::Answer { status, content_type: TEXT, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// Done, nothing to say.
pub(super) fn nothing() -> Response {
    Response::Answer { status: 200, content_type: "", headers: Vec::new(), body: Vec::new() }
}

/// What is said without a leader.
pub(super) fn no_leader() -> Response {
    text(500, "No cluster leader")
}

/// The value of a parameter of the query; an empty one when it is there without a value.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    value(&request.query, name)
}

/// Whether a flag of the query is set: `?stale`, `?stale=true`.
pub(super) fn flag(request: &Request, name: &str) -> bool {
    parameter(request, name).is_some_and(|value| value != "false" && value != "0")
}

/// A duration as Go prints it: `54.512ms`, `1.2s`, `5m0s`.
pub(super) fn go(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let trimmed = |value: f64, digits: usize| {
        let text = format!("{value:.digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match nanos {
        0 => "0s".into(),
        1..1_000_000 => format!("{}µs", trimmed(nanos as f64 / 1e3, 3)),
        1_000_000..1_000_000_000 => format!("{}ms", trimmed(nanos as f64 / 1e6, 6)),
        _ => {
            let seconds = duration.as_secs();
            let rest = duration.as_secs_f64() - (seconds / 60 * 60) as f64;
            let rest = trimmed(rest, 3);
            let rest = if rest.is_empty() { "0".to_owned() } else { rest };
            match (seconds / 3_600, seconds / 60 % 60) {
                (0, 0) => format!("{rest}s"),
                (0, minutes) => format!("{minutes}m{rest}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
            }
        }
    }
}

/// A duration as Go reads it: `1h`, `90m`, `1h30m`, `2.5s`.
pub(super) fn read_go(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (0.0, text);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        total += number
            * match &rest[digits..unit] {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
}

impl Nomad {
    /// A query's answer with the headers that tell how fresh it is.
    pub(super) fn fresh(&self, host: usize, response: Response) -> Response {
        let Response::Answer { status, content_type, mut headers, body } = response else { return response };
        let contact = self.server_of(host).and_then(|server| self.silence(server)).unwrap_or_default();
        headers.push(("x-nomad-index", self.index().to_string()));
        headers.push(("x-nomad-knownleader", self.leader.is_some().to_string()));
        headers.push(("x-nomad-lastcontact", contact.as_millis().to_string()));
        Response::Answer { status, content_type, headers, body }
    }
}
