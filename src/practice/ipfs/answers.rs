//! The forms in which the REST API answers.

use serde_json::{Value, json};

use crate::practice::Response;
use crate::practice::host::Version;

use super::releases;

const JSON: &str = "application/json";

/// A JSON answer, closed by a newline as the real encoder does.
pub(super) fn answer(status: u16, body: &Value) -> Response {
    Response::Answer { status, content_type: JSON, headers: Vec::new(), body: format!("{body}\n").into_bytes() }
}

/// The answer to what went wrong.
pub(super) fn error(status: u16, message: &str) -> Response {
    answer(status, &json!({ "code": status, "message": message }))
}

/// Done, nothing to say.
pub(super) fn no_content() -> Response {
    Response::Answer { status: 204, content_type: JSON, headers: Vec::new(), body: Vec::new() }
}

/// The path is known, the method is not its.
pub(super) fn wrong_method() -> Response {
    Response::Answer { status: 405, content_type: "", headers: Vec::new(), body: Vec::new() }
}

/// Asked for a name and a password, or told that they are wrong.
pub(super) fn unauthorized(schemes: &[&str], message: &str) -> Response {
    let realm = |scheme: &&str| ("www-authenticate", format!("{scheme} realm=\"Restricted IPFS Cluster API\""));
    match error(401, message) {
        Response::Answer { status, content_type, body, .. } => {
            Response::Answer { status, content_type, headers: schemes.iter().map(realm).collect(), body }
        }
        other => other,
    }
}

/// A list. From 1.0 on it is sent one object after the other, and what breaks it off stands in the trailer behind it;
/// before, it was one array.
pub(super) fn list(version: &Version, items: &[Value], broken: &str) -> Response {
    if !releases::streams(version) {
        return match broken {
            "" => answer(200, &Value::Array(items.to_vec())),
            why => error(500, why),
        };
    }
    match (items, broken) {
        ([], "") => no_content(),
        ([], why) => error(500, why),
        (items, why) => Response::Answer {
            status: 200,
            content_type: JSON,
            headers: vec![("trailer", "X-Stream-Error".into()), ("x-stream-error", why.to_owned())],
            body: items.iter().map(|item| format!("{item}\n")).collect::<String>().into_bytes(),
        },
    }
}
