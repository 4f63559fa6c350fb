//! The web face of an application node: nginx, then Workhorse and Puma, then the allowlist or a token.

use serde_json::{Value, json};

use crate::practice::query::value;
use crate::practice::{Request, Response};

use super::state::{Database, Gitlab, Migration, Status};

/// The content type of the health endpoints.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// An administrator's token.
pub(super) const TOKEN: &str = "glpat-practice";
/// The token of somebody who is none.
pub(super) const OTHER_TOKEN: &str = "glpat-somebody";
/// The old access token of the health endpoints.
const HEALTH_TOKEN: &str = "practice-health";

impl Gitlab {
    /// Answers one request from the bastion, at the present time of the model.
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        self.serve_to(request, false)
    }

    /// Answers one request; `from_itself`: it comes from the node's own loopback address, which is always allowed.
    pub(super) fn serve_to(&mut self, request: &Request, from_itself: bool) -> Response {
        let Some(index) = self.find(&request.node) else { return Response::Refused };
        let (node, now) = (&self.nodes[index], self.now);
        match node.service("nginx") {
            Some(nginx) if nginx.frozen => return Response::Silent,
            Some(nginx) if nginx.runs(now) => {}
            _ => return Response::Refused,
        }
        if node.deploy_page {
            return page(503, "Deploy in progress");
        }
        if node.service("puma").is_some_and(|puma| puma.frozen) {
            return Response::Silent;
        }
        if !node.answers("gitlab-workhorse", now) || !node.answers("puma", now) {
            return page(502, "Whoops, GitLab is taking too much time to respond.");
        }
        let is_allowed = from_itself || node.lists_bastion || has_health_token(request);
        match request.path.trim_end_matches('/') {
            "/-/health" | "/-/readiness" | "/-/liveness" if request.method != "GET" && request.method != "HEAD" => {
                page(404, "The page could not be found")
            }
            // It is answered before Rails, so the old token is of no use.
            "/-/health" => match from_itself || node.lists_bastion {
                true => plain(200, "GitLab OK"),
                false => plain(404, ""),
            },
            "/-/readiness" | "/-/liveness" if !is_allowed => page(404, "The page could not be found"),
            "/-/liveness" => json_answer(200, &json!({ "status": "ok" })),
            "/-/readiness" => self.readiness(index, value(&request.query, "all").is_some()),
            path if path == "/health_check" || path.starts_with("/health_check/") => match is_allowed {
                true => self.health_check(index, path.trim_start_matches("/health_check").trim_start_matches('/')),
                false => page(404, "The page could not be found"),
            },
            path => match path.strip_prefix("/api/v4/") {
                Some(rest) => self.api(index, rest.to_owned(), request),
                None => self.browser(index, path),
            },
        }
    }

    /// What a browser without a session gets.
    fn browser(&self, index: usize, path: &str) -> Response {
        let node = &self.nodes[index];
        if let Some(puma) = node.service("puma")
            && (self.misfit(node.instance, &puma.code).is_some() || !self.serves(node.instance, "postgresql"))
        {
            return page(500, "Whoops, something went wrong on our end.");
        }
        match path {
            "" => Response::Answer {
                status: 302,
                content_type: "text/html; charset=utf-8",
                headers: vec![("location", format!("{}/users/sign_in", node.url))],
                body: Vec::new(),
            },
            "/users/sign_in" => page(200, "Sign in"),
            _ => page(404, "The page could not be found"),
        }
    }

    fn api(&mut self, index: usize, path: String, request: &Request) -> Response {
        let node = &self.nodes[index];
        let instance = node.instance;
        let Some(puma) = node.service("puma") else { return Response::Refused };
        let code = puma.code.clone();
        if self.misfit(instance, &code).is_some() || !self.serves(instance, "postgresql") {
            return api_answer(500, &json!({ "message": "500 Internal Server Error" }));
        }
        let is_known = matches!(path.as_str(), "version" | "metadata") || path.starts_with("admin/");
        if !is_known {
            return api_answer(404, &json!({ "error": "404 Not Found" }));
        }
        let is_admin = match token(request) {
            Some(TOKEN) => true,
            Some(OTHER_TOKEN) => false,
            _ => return api_answer(401, &json!({ "message": "401 Unauthorized" })),
        };
        let revision: String = code.commit().chars().take(11).collect();
        let (version, enterprise) = (self.full(&code), self.options.edition == "ee");
        match path.as_str() {
            "version" => api_answer(200, &json!({ "version": version, "revision": revision })),
            "metadata" => {
                let kas = json!({ "enabled": true, "externalUrl": "wss://gitlab.example.net/-/kubernetes-agent/", "version": code.as_str() });
                api_answer(
                    200,
                    &json!({ "version": version, "revision": revision, "kas": kas, "enterprise": enterprise }),
                )
            }
            _ if !is_admin => api_answer(403, &json!({ "message": "403 Forbidden" })),
            path => self.admin(instance, path, request),
        }
    }

    fn admin(&mut self, instance: usize, path: &str, request: &Request) -> Response {
        let Some(rest) = path.strip_prefix("admin/batched_background_migrations") else {
            return api_answer(404, &json!({ "error": "404 Not Found" }));
        };
        let name = value(&request.query, "database").unwrap_or_else(|| "main".into());
        let databases = &self.instances[instance].data.databases;
        let Some(database) = databases.iter().find(|database| database.name == name) else {
            return api_answer(400, &json!({ "error": "database does not have a valid value" }));
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        match (request.method.as_str(), parts.as_slice()) {
            // The latest twenty, as the page shows them.
            ("GET", []) => {
                let latest = database.migrations.iter().rev().take(20).map(|one| self.row(one));
                api_answer(200, &Value::Array(latest.collect()))
            }
            ("GET", [id]) => match found(database, id) {
                Some(migration) => api_answer(200, &self.row(migration)),
                None => api_answer(404, &json!({ "message": "404 Not found" })),
            },
            ("PUT", [id, action @ ("pause" | "resume")]) => match found(database, id).map(|one| (one.id, one.status)) {
                None => api_answer(404, &json!({ "message": "404 Not found" })),
                Some((_, status)) if (*action == "resume") != (status == Status::Paused) => {
                    let why = format!(
                        "You can {action} only {} batched background migrations.",
                        if *action == "pause" { "active" } else { "paused" }
                    );
                    api_answer(422, &json!({ "message": why }))
                }
                Some((id, _)) => {
                    self.tell_migration(instance, id, action);
                    let migrations = self.instances[instance].data.databases.iter().flat_map(|one| &one.migrations);
                    let row = migrations.into_iter().find(|one| one.id == id).map(|one| self.row(one));
                    api_answer(200, &row.unwrap_or(Value::Null))
                }
            },
            _ => api_answer(405, &json!({ "error": "405 Not Allowed" })),
        }
    }

    /// A migration as the API tells it.
    fn row(&self, migration: &Migration) -> Value {
        let left = u64::from(migration.batches.saturating_sub(migration.done)) * 2;
        let remaining = (migration.status == Status::Active).then(|| format!("{left} minutes"));
        json!({
            "id": migration.id,
            "job_class_name": migration.job.class,
            "table_name": migration.job.table,
            "column_name": migration.job.column,
            "status": migration.status.word(),
            "progress": migration.progress(),
            "created_at": migration.created.to_string(),
            "estimated_time_remaining": remaining,
        })
    }
}

fn found<'d>(database: &'d Database, id: &str) -> Option<&'d Migration> {
    let id = id.parse::<u64>().ok()?;
    database.migrations.iter().find(|migration| migration.id == id)
}

fn token(request: &Request) -> Option<&str> {
    request.headers.iter().find_map(|(name, value)| match name.as_str() {
        "private-token" => Some(value.as_str()),
        "authorization" => value.strip_prefix("Bearer "),
        _ => None,
    })
}

fn has_health_token(request: &Request) -> bool {
    let named = value(&request.query, "token");
    let sent = request.headers.iter().find(|(name, _)| name == "token").map(|(_, value)| value.clone());
    named.or(sent).as_deref() == Some(HEALTH_TOKEN)
}

fn plain(status: u16, text: &str) -> Response {
    Response::Answer { status, content_type: "text/plain", headers: Vec::new(), body: text.as_bytes().to_vec() }
}

fn json_answer(status: u16, body: &Value) -> Response {
    Response::Answer { status, content_type: JSON, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn api_answer(status: u16, body: &Value) -> Response {
    Response::Answer {
        status,
        content_type: "application/json",
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

/// A page for people.
pub(super) fn page(status: u16, text: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{text} ({status})</title></head>\n<body>\n<h1>{status}</h1>\n<h3>{text}</h3>\n</body>\n</html>\n"
    );
    Response::Answer { status, content_type: "text/html; charset=utf-8", headers: Vec::new(), body: body.into_bytes() }
}
