//! The HTTP face: which path answers what, in which state of the node.

use serde_json::{Value, json};

use crate::practice::query::{sent_on, value};
use crate::practice::{Request, Response};

use super::bodies::{enveloped, repeated};
use super::queries::health_code;
use super::state::{Leadership, Process, Vault};

const JSON: &str = "application/json";

/// Paths under `/v1/sys/` that need an unsealed node and a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    HaStatus,
    Configuration,
    Autopilot,
    Snapshot,
    SnapshotRestore,
    History,
    HostInfo,
    StepDown,
    Seal,
    Canary,
    Recover,
}

impl Path {
    /// Whether a standby has the active node answer it.
    fn is_forwarded(self) -> bool {
        matches!(
            self,
            Self::HaStatus | Self::Autopilot | Self::Snapshot | Self::StepDown | Self::Canary | Self::Recover
        )
    }
}

impl Vault {
    /// Answers one request at the present time of the model.
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        let Some(index) = self.find(&request.node) else { return Response::Refused };
        match self.nodes[index].process {
            Process::Up { frozen: true, .. } => return Response::Silent,
            Process::Up { .. } => {}
            Process::Down { .. } | Process::Starting { .. } | Process::Stopping { .. } => return Response::Refused,
        }
        if let Some(response) = sent_on(request) {
            return response;
        }
        let Some(path) = request.path.strip_prefix("/v1/") else {
            return Response::Answer {
                status: 404,
                content_type: "text/plain; charset=utf-8",
                headers: Vec::new(),
                body: b"404 page not found\n".to_vec(),
            };
        };
        match path {
            "sys/health" => self.health(index, request),
            "sys/seal-status" => only(request, &["GET"], || answer(200, &self.seal_status_body(index))),
            "sys/init" => self.init(index, request),
            "sys/leader" => self.leader(index, request),
            "sys/unseal" => self.unseal(index, request),
            _ if self.nodes[index].sealed => errors(503, &["Vault is sealed"]),
            "sys/replication/status" | "sys/replication/dr/status" | "sys/replication/performance/status"
                if self.is_enterprise() =>
            {
                only(request, &["GET"], || self.replication_answer(index, path, &request.path))
            }
            "sys/replication/dr/secondary/recover" if self.replication.is_dr_secondary() => {
                only(request, &["PUT", "POST"], || self.recover_by_api(index, &request.path))
            }
            _ if self.replication.is_dr_secondary() => errors(400, &["path disabled in replication DR secondary mode"]),
            _ => self.with_token(index, path, request),
        }
    }

    fn health(&self, index: usize, request: &Request) -> Response {
        if self.nodes[index].is_empty {
            return only(request, &["GET", "HEAD"], || answer(501, &self.empty_health_body(index)));
        }
        only(request, &["GET", "HEAD"], || match health_code(&request.query, self.standing(index)) {
            None => errors(400, &[]),
            Some(status) => answer(status, &self.health_body(index)),
        })
    }

    fn init(&self, index: usize, request: &Request) -> Response {
        match request.method.as_str() {
            "GET" => answer(200, &json!({ "initialized": !self.nodes[index].is_empty })),
            "PUT" | "POST" => errors(400, &["Vault is already initialized"]),
            _ => errors(405, &[]),
        }
    }

    fn leader(&self, index: usize, request: &Request) -> Response {
        only(request, &["GET"], || match self.nodes[index].sealed {
            true => errors(503, &["Vault is sealed"]),
            false => answer(200, &self.leader_body(index)),
        })
    }

    fn unseal(&mut self, index: usize, request: &Request) -> Response {
        if !matches!(request.method.as_str(), "PUT" | "POST") {
            return errors(405, &[]);
        }
        let body = match read_json(&request.body) {
            Ok(body) => body,
            Err(why) => return errors(400, &[&format!("failed to parse JSON input: {why}")]),
        };
        let key = body.get("key").and_then(Value::as_str).unwrap_or_default();
        let reset = body.get("reset").and_then(Value::as_bool).unwrap_or_default();
        let done = match (reset, key) {
            (true, _) => self.reset_shares(index),
            (false, "") => Err("'key' must be specified in request body as JSON, or 'reset' set to true".into()),
            (false, key) => self.give_share(index, key, self.now),
        };
        match done {
            Ok(()) => answer(200, &self.seal_status_body(index)),
            Err(message) => errors(400, &[&message]),
        }
    }

    fn with_token(&mut self, index: usize, path: &str, request: &Request) -> Response {
        let has_token = request.headers.iter().any(|(name, value)| match name.as_str() {
            "x-vault-token" => *value == self.token,
            "authorization" => value.strip_prefix("Bearer ") == Some(self.token.as_str()),
            _ => false,
        });
        let known = path_of(path);
        let is_active = self.active() == Some(index);
        // What is forwarded is not looked at here, not even its token.
        if known.is_some_and(Path::is_forwarded) && !is_active && self.following(index).is_none() {
            return self.nobody_active(index, &request.path);
        }
        if !has_token {
            return match known {
                Some(Path::HostInfo) if !is_active => errors(400, &["cannot forward local-only request"]),
                _ => errors(403, &["permission denied"]),
            };
        }
        match known {
            Some(Path::Snapshot) if request.method != "GET" => self.privileged(index, Path::SnapshotRestore, request),
            Some(known) => self.privileged(index, known, request),
            None if path.starts_with("sys/") => errors(404, &["unsupported path"]),
            None => errors(404, &[&format!("no handler for route {path:?}. route entry not found.")]),
        }
    }

    fn privileged(&mut self, index: usize, path: Path, request: &Request) -> Response {
        let method = request.method.as_str();
        let listed = method == "LIST" || (method == "GET" && value(&request.query, "list").as_deref() == Some("true"));
        let allowed: &[&str] = match path {
            Path::StepDown | Path::Seal | Path::SnapshotRestore | Path::Recover => &["PUT", "POST"],
            Path::History if listed => &["GET", "LIST"],
            Path::History => &[],
            _ => &["GET"],
        };
        if !allowed.contains(&method) {
            return errors(405, &["unsupported operation"]);
        }
        // These are answered by the node itself; the rest is forwarded to the active one.
        match path {
            Path::Configuration => return answer(200, &self.configuration_body(index)),
            Path::HostInfo => return answer(200, &self.host_body(index)),
            Path::History => return answer(200, &self.history_body(index)),
            Path::SnapshotRestore => {
                return self.restore_by_api(index, &request.body, request.path.ends_with("-force"));
            }
            Path::Seal => {
                self.seal_node(index, self.now);
                return no_content();
            }
            _ => {}
        }
        let active = if self.active() == Some(index) { Some(index) } else { self.following(index) };
        let Some(active) = active else { return self.nobody_active(index, &request.path) };
        match path {
            Path::HaStatus => answer(200, &repeated(self.ha_status_body())),
            Path::Autopilot => answer(200, &enveloped(self.autopilot_data(), &self.request_id())),
            Path::Snapshot => Response::Answer {
                status: 200,
                content_type: "application/gzip",
                headers: Vec::new(),
                body: self.snapshot_bytes(active),
            },
            Path::Canary => {
                let data = json!({ "data": { "value": "practice" }, "metadata": { "version": 1 } });
                answer(200, &enveloped(data, &self.request_id()))
            }
            Path::Recover => self.recover_by_api(active, &request.path),
            _ => {
                self.step_down(self.now);
                no_content()
            }
        }
    }

    /// The active node, as far as this standby knows of it.
    pub(super) fn following(&self, index: usize) -> Option<usize> {
        self.active().filter(|_| self.nodes[index].knows_at <= self.now)
    }

    /// A request that only the active node can serve, while there is none that this one knows of.
    pub(super) fn nobody_active(&self, index: usize, path: &str) -> Response {
        match (self.leadership, self.known_leader(index)) {
            // The lock is still held: the request is sent to the node that is no longer there.
            (Leadership::Held { .. }, Some(gone)) => Response::Answer {
                status: 307,
                content_type: "",
                headers: vec![("location", format!("{}{path}", gone.api))],
                body: Vec::new(),
            },
            _ => errors(500, &["local node not active but active cluster node not found"]),
        }
    }
}

fn path_of(path: &str) -> Option<Path> {
    Some(match path {
        "sys/ha-status" => Path::HaStatus,
        "sys/storage/raft/configuration" => Path::Configuration,
        "sys/storage/raft/autopilot/state" => Path::Autopilot,
        "sys/storage/raft/snapshot" => Path::Snapshot,
        "sys/storage/raft/snapshot-force" => Path::SnapshotRestore,
        "sys/version-history" | "sys/version-history/" => Path::History,
        "sys/host-info" => Path::HostInfo,
        "sys/step-down" => Path::StepDown,
        "sys/seal" => Path::Seal,
        "secret/data/canary" => Path::Canary,
        "sys/replication/recover" => Path::Recover,
        _ => return None,
    })
}

/// The object of a body, as the real server reads it: the first value alone. The error is in the words of Go.
fn read_json(body: &[u8]) -> Result<Value, String> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    let error = match values.next() {
        None => return Err("EOF".into()),
        Some(Ok(Value::Null)) => return Ok(json!({})),
        Some(Ok(value)) => return checked(value),
        Some(Err(error)) => error,
    };
    if error.is_eof() {
        return Err("unexpected EOF".into());
    }
    let line = body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let found = line.get(error.column().saturating_sub(1)).copied().map_or('?', char::from);
    let told = error.to_string();
    let place = [
        ("key must be a string", "looking for beginning of object key string"),
        ("expected `:`", "after object key"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
    ];
    let place =
        place.iter().find(|(theirs, _)| told.contains(theirs)).map_or("looking for beginning of value", |p| p.1);
    Err(format!("invalid character '{found}' {place}"))
}

/// Whether it has the shape of a request to unseal.
fn checked(value: Value) -> Result<Value, String> {
    let word = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !value.is_object() {
        return Err(format!("json: cannot unmarshal {} into Go value of type http.UnsealRequest", word(&value)));
    }
    for (name, of, is_right) in [
        ("key", "string", value["key"].is_null() || value["key"].is_string()),
        ("reset", "bool", value["reset"].is_null() || value["reset"].is_boolean()),
    ] {
        if !is_right {
            let given = word(&value[name]);
            return Err(format!(
                "json: cannot unmarshal {given} into Go struct field UnsealRequest.{name} of type {of}"
            ));
        }
    }
    Ok(value)
}

fn only(request: &Request, methods: &[&str], answer: impl FnOnce() -> Response) -> Response {
    if methods.contains(&request.method.as_str()) { answer() } else { errors(405, &[]) }
}

/// A JSON answer, closed by a newline as the real encoder does.
pub(super) fn answer(status: u16, body: &Value) -> Response {
    Response::Answer { status, content_type: JSON, headers: Vec::new(), body: format!("{body}\n").into_bytes() }
}

/// The body of everything that went wrong.
pub(super) fn errors(status: u16, messages: &[&str]) -> Response {
    answer(status, &json!({ "errors": messages }))
}

/// Done, nothing to say.
pub(super) fn no_content() -> Response {
    Response::Answer { status: 204, content_type: "", headers: Vec::new(), body: Vec::new() }
}
