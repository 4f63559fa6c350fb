//! `curl` against the nodes' own pages; everything else that is fetched lies with the vendor.

use crate::practice::host::{Arguments, Call, Place, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::balancer::BALANCER;
use super::state::Cockroach;

impl Cockroach {
    /// `curl` of a page of the cluster; `None`: another host is meant.
    pub(super) fn curl(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        let given = Arguments::parse(
            call.words,
            "oHXmdwbu",
            &["output", "max-time", "header", "request", "data", "write-out", "cookie", "cacert", "connect-timeout"],
        );
        let [url] = given.operands.as_slice() else { return None };
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (authority, target) =
            rest.split_once('/').map_or((rest, "/".to_owned()), |(host, path)| (host, format!("/{path}")));
        let (name, port) =
            authority.split_once(':').unwrap_or((authority, if scheme == "https" { "443" } else { "80" }));
        let is_told = !given.has(&["s", "silent"]) || given.has(&["S", "show-error"]);
        let fails = |exit: i32, why: &str| {
            Some(failed(exit, &if is_told { format!("curl: ({exit}) {why}") } else { String::new() }))
        };
        let refused = format!("Failed to connect to {name} port {port} after 1 ms: Couldn't connect to server");
        let host = match (name, call.shell.place) {
            ("localhost" | "127.0.0.1", Place::Node(index)) => index,
            (BALANCER, _) => self.hosts.len(),
            _ => self.find(name)?,
        };
        if self.is_balancer(host) {
            return match self.balancer_page(port, &target) {
                None => fails(7, &refused),
                Some((status, _)) if status >= 400 && given.has(&["f", "fail"]) => {
                    fails(22, &format!("The requested URL returned error: {status}"))
                }
                Some((_, page)) => Some(printed(&page)),
            };
        }
        if port != "8080" {
            return fails(7, &refused);
        }
        let is_sealed = scheme == "https";
        if is_sealed && !self.options.secure {
            return fails(35, "error:0A00010B:SSL routines::wrong version number");
        }
        if is_sealed && !given.has(&["k", "insecure", "cacert"]) {
            return fails(60, "SSL certificate problem: unable to get local issuer certificate");
        }
        let request = request_of(&self.hosts[host].name, &target, &given);
        match self.serve(&request, is_sealed) {
            Response::Refused => fails(7, &refused),
            Response::Silent => {
                let limit: u64 = given.value(&["m", "max-time"]).and_then(|text| text.parse().ok()).unwrap_or(86_400);
                let result = fails(
                    28,
                    &format!("Operation timed out after {} milliseconds with 0 bytes received", limit * 1_000),
                );
                result.map(|result| CommandResult { takes_ms: limit * 1_000, ..result })
            }
            Response::Answer { status, .. } if status >= 400 && given.has(&["f", "fail"]) => {
                fails(22, &format!("The requested URL returned error: {status}"))
            }
            answer @ Response::Answer { .. } => Some(printed(&shown(&answer, &given))),
        }
    }
}

/// What of an answer is printed.
fn shown(answer: &Response, given: &Arguments) -> String {
    let Response::Answer { status, headers, body, content_type } = answer else { return String::new() };
    let mut text = String::new();
    if given.has(&["i", "include", "I", "head"]) {
        text.push_str(&format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n"));
        headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        text.push_str("\r\n");
    }
    if given.value(&["o", "output"]) != Some("/dev/null") && !given.has(&["I", "head"]) {
        text.push_str(&String::from_utf8_lossy(body));
    }
    if let Some(format) = given.value(&["w", "write-out"]) {
        text.push_str(&format.replace("%{http_code}", &status.to_string()).replace("\\n", "\n"));
    }
    text
}

fn request_of(node: &str, target: &str, given: &Arguments) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let named = given.options.iter().filter(|(name, _)| matches!(name.as_str(), "H" | "header"));
    let mut headers: Vec<(String, String)> = named
        .filter_map(|(_, value)| value.as_deref()?.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    if let Some(cookie) = given.value(&["b", "cookie"]) {
        headers.push(("cookie".into(), cookie.to_owned()));
    }
    let body = given.value(&["d", "data"]).unwrap_or_default();
    let usual = match () {
        () if given.has(&["I", "head"]) => "HEAD",
        () if given.has(&["d", "data"]) => "POST",
        () => "GET",
    };
    Request {
        node: node.to_owned(),
        method: given.value(&["X", "request"]).unwrap_or(usual).to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}
