//! The HTTP face: which path answers what, in which state of the node.

use serde_json::{Value, json};

use crate::practice::host::Version;
use crate::practice::query::{sent_on, value};
use crate::practice::{Request, Response};

use super::state::{Cockroach, Identity, Process};

const JSON: &str = "application/json";

impl Cockroach {
    /// Answers one request at the present time of the model. `is_sealed`: it came over TLS.
    pub(super) fn serve(&self, request: &Request, is_sealed: bool) -> Response {
        let Some(host) = self.find(&request.node) else { return Response::Refused };
        let run = match &self.hosts[host].process {
            Process::Up { frozen: true, .. } => return Response::Silent,
            Process::Up { run, .. } => run,
            Process::Down { .. } | Process::Starting { .. } => return Response::Refused,
        };
        if let Some(response) = sent_on(request) {
            return response;
        }
        let path = request.path.as_str();
        if self.options.secure && !is_sealed && path != "/health" {
            let place = self.hosts[host].http.replace("http://", "https://");
            let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
            return Response::Answer {
                status: 307,
                content_type: "text/html; charset=utf-8",
                headers: vec![("location", format!("{place}{path}{query}"))],
                body: format!("<a href=\"{place}{path}{query}\">Temporary Redirect</a>.\n\n").into_bytes(),
            };
        }
        match (request.method.as_str(), path) {
            ("GET" | "HEAD", "/health" | "/_admin/v1/health") => self.health(host, &run.build, request),
            ("GET" | "HEAD", "/api/v2/health/") => self.health_v2(host, request),
            ("GET" | "HEAD", "/_status/vars") => self.vars(host),
            (_, "/health" | "/_status/vars") => not_allowed(),
            ("GET", "/" | "/index.html") => {
                plain(200, "text/html; charset=utf-8", "<!DOCTYPE html>\n<title>Cockroach Console</title>\n")
            }
            (method, _)
                if path.starts_with("/_status/") || path.starts_with("/_admin/v1/") || path.starts_with("/api/v2/") =>
            {
                self.with_session(host, method, path, request)
            }
            _ => plain(404, "text/plain; charset=utf-8", "404 page not found\n"),
        }
    }

    fn health(&self, host: usize, build: &Version, request: &Request) -> Response {
        // The question came with 2.0; before, another path judged by itself.
        let asks_ready = match *build < Version::new("2.0") {
            true => request.path != "/health",
            false => value(&request.query, "ready").is_some_and(|text| is_true(&text)),
        };
        if asks_ready && let Some(why) = self.unready(host) {
            return match *build < Version::new("20.1") {
                true => answer(503, &json!({ "error": why, "code": 14 })),
                false => errors(503, why, 14),
            };
        }
        match *build < Version::new("20.1") {
            true => answer(200, &self.details(host)),
            false => answer(200, &json!({})),
        }
    }

    fn health_v2(&self, host: usize, request: &Request) -> Response {
        let asks_ready = value(&request.query, "ready").is_some_and(|text| is_true(&text));
        match self.unready(host) {
            Some(why) if asks_ready => errors(503, why, 14),
            _ => answer(200, &json!({})),
        }
    }

    /// Everything that tells of the cluster needs a session where the cluster is a secure one.
    fn with_session(&self, host: usize, method: &str, path: &str, request: &Request) -> Response {
        if self.options.secure && !self.is_signed_in(request) {
            return plain(401, "text/plain; charset=utf-8", "a valid authentication cookie is required\n");
        }
        if method == "POST" && path == "/_status/critical_nodes" && self.answers(host, "23.1") {
            return answer(200, &self.critical_nodes());
        }
        if method != "GET" {
            return not_allowed();
        }
        let member = self.member_on(host);
        if member.is_some() && self.obstacle(true).is_some() && path != "/_status/details/local" {
            // The rows lie in ranges that nobody serves.
            return Response::Silent;
        }
        match path.trim_end_matches('/') {
            "/_status/nodes" | "/_status/nodes_ui" => answer(200, &self.nodes_body(host)),
            "/_status/details/local" => answer(200, &self.details(host)),
            "/api/v2/nodes" => answer(200, &self.nodes_v2(host)),
            "/_admin/v1/cluster" => answer(
                200,
                &json!({ "clusterId": self.cluster_id, "reportingEnabled": true, "enterpriseEnabled": true }),
            ),
            "/_admin/v1/liveness" => answer(200, &self.liveness_body()),
            other => match other.strip_prefix("/_status/nodes/") {
                Some(id) => self.node_response(host, id),
                None => plain(404, "text/plain; charset=utf-8", "Not Found\n"),
            },
        }
    }

    fn node_response(&self, host: usize, id: &str) -> Response {
        let found = match (id, id.parse::<u32>()) {
            ("local", _) => self.member_on(host),
            (_, Ok(number)) => self.members.iter().position(|member| member.id == number),
            (_, Err(_)) => {
                return errors(
                    400,
                    &format!("node ID could not be parsed: strconv.ParseInt: parsing {id:?}: invalid syntax"),
                    3,
                );
            }
        };
        match found {
            Some(member) => answer(200, &self.node_body(member)),
            None => errors(500, &format!("node {id} does not exist"), 2),
        }
    }

    fn is_signed_in(&self, request: &Request) -> bool {
        let cookie = self.session_cookie();
        let session = cookie.split(';').next().unwrap_or_default();
        request.headers.iter().any(|(name, value)| match name.as_str() {
            "cookie" => value.split(';').any(|part| part.trim() == session),
            "x-cockroach-api-session" => Some(value.as_str()) == session.strip_prefix("session="),
            _ => false,
        })
    }

    /// Whether the server on that host is of that version or a later one.
    fn answers(&self, host: usize, version: &str) -> bool {
        self.hosts[host].run().is_some_and(|run| run.build >= Version::new(version))
    }

    /// The metrics of this node.
    fn vars(&self, host: usize) -> Response {
        plain(200, "text/plain; version=0.0.4; charset=utf-8", &self.metrics(host))
    }

    /// What this host's server is to the pages: a member, or a server on its own.
    pub(super) fn identity_on(&self, host: usize) -> Option<Identity> {
        self.hosts[host].working().map(|run| run.identity)
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// A JSON answer, indented by two blanks as the gateway writes it.
pub(super) fn answer(status: u16, body: &Value) -> Response {
    let text = match body.as_object().is_some_and(serde_json::Map::is_empty) {
        true => "{\n}".to_owned(),
        false => format!("{body:#}"),
    };
    Response::Answer { status, content_type: JSON, headers: Vec::new(), body: text.into_bytes() }
}

/// The body of everything that went wrong behind the gateway.
pub(super) fn errors(status: u16, why: &str, code: u8) -> Response {
    answer(status, &json!({ "error": why, "code": code, "message": why, "details": [] }))
}

fn not_allowed() -> Response {
    plain(405, "text/plain; charset=utf-8", "Method Not Allowed\n")
}

fn plain(status: u16, content_type: &'static str, text: &str) -> Response {
    Response::Answer { status, content_type, headers: Vec::new(), body: text.as_bytes().to_vec() }
}
