//! One HTTP GET: any status is an answer, also that of a redirect, which is not followed.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Empty, LengthLimitError, Limited};
use hyper::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::exec::Redactor;
use crate::health::tls::Client;
use crate::health::verdict::{Heard, Kind};

/// The largest answer, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What is said of a connection that ends too early.
pub(crate) const CLOSED: &str = "the connection was closed before the answer";

/// Everything of a request that is known beforehand.
pub(crate) struct Asking<'a> {
    pub url: &'a Uri,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub patience: Duration,
    /// Takes the headers' secrets out of an answer that repeats them.
    pub redactor: Redactor,
}

/// A whole answer, without secrets.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// What came after the body; a server that streams tells there what went wrong meanwhile.
    pub trailers: HeaderMap,
    pub text: String,
}

/// What a question accepts.
pub(crate) struct Limits {
    /// The media types, as in the header `Accept`.
    pub accept: &'static str,
    /// The largest body, in bytes.
    pub bytes: usize,
}

/// What a probe of the kind `http` accepts.
pub(crate) const JSON: Limits = Limits { accept: "application/json, */*;q=0.5", bytes: MAX_BODY_BYTES };

/// Sends it and waits for the whole answer. The facts are `status`, `headers`, `body` (JSON when it parses, whatever
/// the content type says), `text`, `trailers`, `refused`, `closed`, `timed_out` and `elapsed_ms`.
pub(crate) async fn ask(client: &Client, asking: Asking<'_>) -> Heard {
    let redactor = asking.redactor.clone();
    let (answer, elapsed) = fetch(client, asking, &JSON).await;
    heard(answer, elapsed, &redactor)
}

/// The facts of an answer, or of why there was none.
pub(crate) fn heard(answer: Result<Answer, Kind>, elapsed: Duration, redactor: &Redactor) -> Heard {
    let mut facts = Map::new();
    let kind = match answer {
        Ok(Answer { status, headers, trailers, text }) => {
            facts.insert("status".into(), json!(status.as_u16()));
            facts.insert("headers".into(), Value::Object(header_facts(&headers, redactor)));
            facts.insert("body".into(), parse(&text));
            facts.insert("text".into(), Value::String(text));
            facts.insert("trailers".into(), Value::Object(header_facts(&trailers, redactor)));
            kind_of(status)
        }
        Err(kind) => kind,
    };
    complete(facts, &["status", "headers", "body", "text", "trailers"], kind, elapsed)
}

/// Sends it and waits for the whole answer; why there was none, otherwise. The duration is how long it took.
pub(crate) async fn fetch(client: &Client, asking: Asking<'_>, limits: &Limits) -> (Result<Answer, Kind>, Duration) {
    let began = monotonic();
    let request = request(asking.url, asking.headers, limits.accept);
    let answer = timeout(asking.patience, answer(client, request, limits.bytes)).await;
    let elapsed = began.elapsed();
    let answer = answer.unwrap_or(Err(Kind::TimedOut)).map(|(status, headers, body)| {
        let trailers = body.trailers().cloned().unwrap_or_default();
        let text = asking.redactor.text(&String::from_utf8_lossy(&body.to_bytes()));
        Answer { status, headers, trailers, text }
    });
    (answer, elapsed)
}

/// What a status says before anything else is looked at.
pub(crate) fn kind_of(status: StatusCode) -> Kind {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Kind::Forbidden(status.as_u16()),
        _ => Kind::Answer,
    }
}

/// The facts with `null` for each of `names` that is not known, and with those of every question over HTTP.
pub(crate) fn complete(mut facts: Map<String, Value>, names: &[&str], kind: Kind, elapsed: Duration) -> Heard {
    for name in names {
        facts.entry(*name).or_insert(Value::Null);
    }
    facts.insert("refused".into(), Value::Bool(kind == Kind::Refused));
    facts.insert("closed".into(), Value::Bool(matches!(kind, Kind::Closed(_))));
    facts.insert("timed_out".into(), Value::Bool(kind == Kind::TimedOut));
    facts.insert("elapsed_ms".into(), json!(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)));
    Heard { facts, kind, elapsed }
}

/// A text as JSON: one document as it is, several objects or arrays in a row as a list; `null` when it is none.
pub(crate) fn parse(text: &str) -> Value {
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document {
            Ok(document) => documents.push(document),
            Err(_) => return Value::Null,
        }
    }
    match documents.len() {
        1 => documents.remove(0),
        0 => Value::Null,
        _ if documents.iter().all(|document| document.is_object() || document.is_array()) => Value::Array(documents),
        _ => Value::Null,
    }
}

fn request(url: &Uri, headers: Vec<(HeaderName, HeaderValue)>, accept: &'static str) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = url.clone();
    let all = request.headers_mut();
    all.insert(USER_AGENT, HeaderValue::from_static(concat!("piton/", env!("CARGO_PKG_VERSION"))));
    all.insert(ACCEPT, HeaderValue::from_static(accept));
    // Some servers send what they say behind a list only to those who ask for it.
    all.insert(TE, HeaderValue::from_static("trailers"));
    for (name, value) in headers {
        all.insert(name, value);
    }
    request
}

async fn answer(
    client: &Client,
    request: Request<Empty<Bytes>>,
    limit: usize,
) -> Result<(StatusCode, HeaderMap, Collected<Bytes>), Kind> {
    let response = client.request(request).await.map_err(|error| explain(&error, limit))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, limit).collect().await.map_err(|error| explain(error.as_ref(), limit))?;
    Ok((head.status, head.headers, body))
}

/// Names in lower case; the values of a repeated header joined by commas.
fn header_facts(headers: &HeaderMap, redactor: &Redactor) -> Map<String, Value> {
    let value = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        Value::String(redactor.text(&values.collect::<Vec<_>>().join(", ")))
    };
    headers.keys().map(|name| (name.to_string(), value(name))).collect()
}

/// Why there was no answer, from the innermost cause that says something.
fn explain(error: &(dyn Error + 'static), limit: usize) -> Kind {
    let mut cause = Some(error);
    let mut innermost = error.to_string();
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Kind::Nothing(format!("the answer is longer than {limit} bytes"));
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() {
                return Kind::Closed(CLOSED);
            }
            if error.is_parse() {
                return Kind::Nothing(format!("not an HTTP answer: {error}"));
            }
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Kind::Nothing(format!("no trusted connection: {tls}"));
        }
        let io = error.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Kind::Refused,
            Some(io::ErrorKind::ConnectionReset) => return Kind::Closed("the connection was reset"),
            Some(io::ErrorKind::UnexpectedEof) => return Kind::Closed(CLOSED),
            _ => {}
        }
        innermost = error.to_string();
        // What an i/o error wraps is not among its sources.
        cause = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    Kind::Nothing(format!("no answer: {innermost}"))
}
