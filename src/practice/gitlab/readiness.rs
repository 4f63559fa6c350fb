//! What the health endpoints of a node say.

use serde_json::{Map, Value, json};

use crate::practice::Response;

use super::http::{JSON, page};
use super::state::Gitlab;

/// The checks of `?all=1` and what must be there for each.
const CHECKS: [(&str, &str); 8] = [
    ("db_check", "postgresql"),
    ("cache_check", "redis"),
    ("chat_check", "redis"),
    ("queues_check", "redis"),
    ("rate_limiting_check", "redis"),
    ("sessions_check", "redis"),
    ("shared_state_check", "redis"),
    ("trace_chunks_check", "redis"),
];

impl Gitlab {
    /// `/-/readiness`, asked with `all=1` or without.
    pub(super) fn readiness(&self, index: usize, asks_all: bool) -> Response {
        let node = &self.nodes[index];
        let instance = node.instance;
        let mut body = Map::new();
        body.insert("status".into(), json!("ok"));
        body.insert("master_check".into(), json!([{ "status": "ok" }]));
        if !asks_all {
            return answer(200, &Value::Object(body));
        }
        if !self.serves(instance, "postgresql") {
            return failed("PG::ConnectionBad : could not connect to server");
        }
        if let Some(why) = node.service("puma").and_then(|puma| self.misfit(instance, &puma.code)) {
            return failed(why);
        }
        let mut all_ok = true;
        for (check, service) in CHECKS {
            let serves = self.serves(instance, service);
            all_ok &= serves;
            let told = match serves {
                true => json!([{ "status": "ok" }]),
                false => json!([{
                    "status": "failed",
                    "message": "unexpected Redis check result: Connection refused - connect(2) (redis://localhost:6379)",
                }]),
            };
            body.insert(check.into(), told);
        }
        let gitaly = match self.serves(instance, "gitaly") {
            true => json!([{ "status": "ok", "labels": { "shard": "default" } }]),
            false => json!([{
                "status": "failed",
                "message": "14:connections to all backends failing",
                "labels": { "shard": "default" },
            }]),
        };
        all_ok &= self.serves(instance, "gitaly");
        body.insert("gitaly_check".into(), gitaly);
        if !all_ok {
            body.insert("status".into(), json!("failed"));
        }
        let status = if all_ok { 200 } else { 503 };
        answer(status, &Value::Object(body))
    }

    /// `/health_check[/database|cache|migrations]`: the full stack, in a word.
    pub(super) fn health_check(&self, index: usize, what: &str) -> Response {
        let node = &self.nodes[index];
        let instance = node.instance;
        let why = match what {
            "" | "database" | "cache" | "migrations" | "all" => {
                let asks = |part: &str| what == part || what.is_empty() || what == "all";
                if !self.serves(instance, "postgresql") {
                    Some("could not connect to server")
                } else if asks("cache") && !self.serves(instance, "redis") {
                    Some("Connection refused - connect(2)")
                } else if asks("migrations") && self.is_half_way(instance) {
                    Some("Current database version differs from the migrations of the code")
                } else {
                    None
                }
            }
            _ => return page(404, "The page could not be found"),
        };
        let (status, text) = match why {
            None => (200, "success".to_owned()),
            Some(why) => (500, format!("health_check failed: {why}")),
        };
        Response::Answer {
            status,
            content_type: "text/plain; charset=utf-8",
            headers: Vec::new(),
            body: text.into_bytes(),
        }
    }
}

/// A check met with an exception.
fn failed(why: &str) -> Response {
    answer(500, &json!({ "status": "failed", "message": why }))
}

/// One that is not well carries a header that tells a load balancer not to replace the body.
fn answer(status: u16, body: &Value) -> Response {
    let headers = match status {
        200 => Vec::new(),
        _ => vec![("x-gitlab-custom-error", "1".to_owned())],
    };
    Response::Answer { status, content_type: JSON, headers, body: body.to_string().into_bytes() }
}
