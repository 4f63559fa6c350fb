//! The HTTP face: the REST API of a peer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::practice::host::Version;
use crate::practice::query::{sent_on, value};
use crate::practice::{Request, Response};

use super::answers::{answer, error, list, no_content, unauthorized, wrong_method};
use super::bodies::Asked;
use super::pins::Pin;
use super::releases;
use super::state::{IpfsCluster, Process};

/// The statuses that a filter may name.
const STATUSES: [&str; 15] = [
    "undefined",
    "cluster_error",
    "pin_error",
    "unpin_error",
    "error",
    "pinned",
    "pinning",
    "unpinning",
    "unpinned",
    "remote",
    "pin_queued",
    "unpin_queued",
    "queued",
    "sharded",
    "unexpectedly_unpinned",
];

impl IpfsCluster {
    /// Answers one request at the present time of the model.
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        if let Some(name) = request.node.strip_suffix("/ipfs") {
            let found = self.find(name);
            return found.map_or(Response::Refused, |index| self.serve_daemon(index, request));
        }
        let Some(index) = self.find(&request.node) else { return Response::Refused };
        let version = match &self.peers[index].process {
            Process::Up { frozen: true, .. } => return Response::Silent,
            Process::Up { launch, .. } => launch.version.clone(),
            Process::Down { .. } | Process::Starting { .. } | Process::Stopping { .. } => return Response::Refused,
        };
        if let Some(response) = sent_on(request) {
            return response;
        }
        if let Some(refusal) = self.forbids(index, request) {
            return refusal;
        }
        if request.path.len() > 1
            && let Some(path) = request.path.strip_suffix('/')
        {
            let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
            let headers = vec![("location", format!("{path}{query}"))];
            return Response::Answer { status: 307, content_type: "", headers, body: Vec::new() };
        }
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let allowed = methods(&version, &parts);
        match allowed {
            [] => error(404, "not found"),
            methods if !methods.contains(&request.method.as_str()) => wrong_method(),
            _ => self.route(index, &version, &parts, request),
        }
    }

    /// The refusal of one who does not give the name and password that are asked for.
    fn forbids(&self, index: usize, request: &Request) -> Option<Response> {
        let (name, password) = self.peers[index].running()?.settings.credentials.clone()?;
        if request.method == "GET" && request.path == "/health" {
            return None;
        }
        let given = request.headers.iter().find(|(header, _)| header == "authorization").map(|(_, value)| value);
        match given.and_then(|value| value.split_once(' ')) {
            Some((scheme, word)) if scheme.eq_ignore_ascii_case("basic") => {
                let is_right =
                    STANDARD.decode(word).is_ok_and(|pair| pair == format!("{name}:{password}").into_bytes());
                (!is_right).then(|| unauthorized(&["Basic"], "unauthorized: access denied"))
            }
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                Some(unauthorized(&["Bearer"], "unauthorized: invalid token"))
            }
            _ => Some(unauthorized(&["Bearer", "Basic"], "unauthorized: no auth provided")),
        }
    }

    fn route(&mut self, index: usize, version: &Version, parts: &[&str], request: &Request) -> Response {
        match (request.method.as_str(), parts) {
            (_, ["health"]) => no_content(),
            (_, ["id"]) => answer(200, &self.id_body(index)),
            (_, ["version"]) => answer(200, &json!({ "version": version.as_str() })),
            ("GET", ["peers"]) => {
                let mut peers = self.peers_bodies(index);
                let broken = if self.peers[index].breaks_off { "context deadline exceeded" } else { "" };
                if !broken.is_empty() {
                    peers.truncate(peers.len() / 2);
                }
                list(version, &peers, broken)
            }
            ("POST", ["peers"]) => error(400, "error decoding request body"),
            (_, ["peers", id]) => self.remove_peer(index, id),
            ("GET", ["allocations"]) => self.allocations(index, version, request),
            ("GET", ["pins"]) => self.pins(index, version, request),
            (_, ["allocations", cid]) => match self.peers[index].memory.pins.get(*cid) {
                Some(pin) => answer(200, &pin.json(!releases::streams(version))),
                None => undecodable(cid).unwrap_or_else(|| error(404, "not found")),
            },
            (_, ["pins", "recover"]) => self.recover_all(index, version, request),
            (_, ["pins", cid, "recover"]) => self.recover_one(index, cid),
            (method, ["pins", cid]) => self.one_pin(index, method, cid, request),
            (_, ["health", "graph"]) => answer(200, &self.graph_body(index)),
            (_, ["health", "bandwidth"]) => answer(200, &json!({})),
            // A token is given to those only who have named themselves, and here nobody gets one.
            (_, ["token"]) => error(401, "unauthorized"),
            (_, ["health", "alerts"]) => answer(200, &Value::Array(self.alert_bodies(index))),
            (_, ["monitor", "metrics"]) => answer(200, &json!(["ping"])),
            (_, ["monitor", "metrics", "ping"]) => answer(200, &Value::Array(self.ping_bodies(index))),
            (_, ["monitor", "metrics", _]) => answer(200, &json!([])),
            _ => error(404, "not found"),
        }
    }

    fn remove_peer(&mut self, index: usize, id: &str) -> Response {
        if !id.starts_with("12D3KooW") && !id.starts_with("Qm") {
            return error(400, "error decoding Peer ID: failed to parse peer ID: invalid cid: encoding not supported");
        }
        let at = self.now;
        // Somebody whom nobody knows is removed without a word.
        let Some(gone) = self.with_id(id) else { return no_content() };
        self.vacate(index, gone, at);
        match self.remove_from_peerset(index, gone, at) {
            Ok(()) => no_content(),
            Err(why) => error(500, &why),
        }
    }

    fn allocations(&self, index: usize, version: &Version, request: &Request) -> Response {
        let filter = value(&request.query, "filter").unwrap_or_default();
        if !filter.is_empty()
            && !filter
                .split(',')
                .any(|word| matches!(word, "all" | "pin" | "meta-pin" | "clusterdag-pin" | "shard-pin"))
        {
            return error(400, "invalid filter value");
        }
        let is_wanted = filter.is_empty() || filter.split(',').any(|word| matches!(word, "all" | "pin"));
        let pins = self.peers[index].memory.pins.values().filter(|_| is_wanted);
        let bodies: Vec<Value> = pins.map(|pin| pin.json(!releases::streams(version))).collect();
        list(version, &bodies, "")
    }

    fn pins(&self, index: usize, version: &Version, request: &Request) -> Response {
        let filter = value(&request.query, "filter").unwrap_or_default();
        let known: Vec<&str> = filter.split(',').filter(|word| STATUSES.contains(word)).collect();
        if !filter.is_empty() && known.is_empty() {
            return error(400, "invalid filter value");
        }
        let is_local = value(&request.query, "local").as_deref() == Some("true");
        let cids = value(&request.query, "cids").unwrap_or_default();
        let asked = Asked { is_local, filter: &known };
        let is_meant = |pin: &&Pin| cids.is_empty() || cids.split(',').any(|cid| cid == pin.cid);
        let pins = self.peers[index].memory.pins.values().filter(is_meant);
        if !cids.is_empty() {
            let bodies: Vec<Value> = pins.map(|pin| self.pin_body(index, pin, is_local)).collect();
            return list(version, &bodies, "");
        }
        if asked.asks_daemon() && is_local && !self.peers[index].daemon.is_up {
            let why = super::pinning::refused("pin/ls?stream=true&type=recursive");
            return list(version, &[], &format!("could not get pinset from IPFS: {why}"));
        }
        let bodies: Vec<Value> = pins.filter_map(|pin| self.listed_body(index, pin, &asked)).collect();
        list(version, &bodies, "")
    }

    fn one_pin(&mut self, index: usize, method: &str, cid: &str, request: &Request) -> Response {
        if let Some(refusal) = undecodable(cid) {
            return refusal;
        }
        let at = self.now;
        let known = self.peers[index].memory.pins.get(cid).cloned();
        let is_local = value(&request.query, "local").as_deref() == Some("true");
        match (method, known) {
            ("GET", Some(pin)) => answer(200, &self.pin_body(index, &pin, is_local)),
            ("GET", None) => answer(200, &self.pin_body(index, &unknown(cid), is_local)),
            ("POST", _) => {
                let number = |key: &str| value(&request.query, key).and_then(|text| text.parse().ok()).unwrap_or(-1);
                let name = value(&request.query, "name").unwrap_or_default();
                let replicas = (number("replication-min"), number("replication-max"));
                let allocations = match replicas.1 {
                    ..=0 => Vec::new(),
                    most => self.ids(&self.members(index)).into_iter().take(most as usize).collect(),
                };
                let pin = Pin { cid: cid.to_owned(), name, replicas, allocations, added: at.to_string() };
                match self.commit_pin(index, &pin, at) {
                    Ok(()) => answer(200, &pin.json(false)),
                    Err(why) => error(500, &why),
                }
            }
            (_, None) => error(404, "not found"),
            (_, Some(pin)) => match self.commit_unpin(index, cid, at) {
                Ok(()) => answer(200, &pin.json(false)),
                Err(why) => error(500, &why),
            },
        }
    }

    fn recover_all(&mut self, index: usize, version: &Version, request: &Request) -> Response {
        let at = self.now;
        let is_local = value(&request.query, "local").as_deref() == Some("true");
        let all = if is_local { vec![index] } else { self.members(index) };
        let mut tried: Vec<String> = Vec::new();
        for other in all {
            if self.connects(index, other) {
                tried.extend(self.recover(other, None, at));
            }
        }
        tried.sort();
        tried.dedup();
        let pins = tried.iter().filter_map(|cid| self.peers[index].memory.pins.get(cid));
        let bodies: Vec<Value> = pins.map(|pin| self.pin_body(index, pin, is_local)).collect();
        list(version, &bodies, "")
    }

    fn recover_one(&mut self, index: usize, cid: &str) -> Response {
        if let Some(refusal) = undecodable(cid) {
            return refusal;
        }
        let at = self.now;
        let Some(pin) = self.peers[index].memory.pins.get(cid).cloned() else { return error(404, "not found") };
        for other in self.members(index) {
            if self.connects(index, other) {
                self.recover(other, Some(cid), at);
            }
        }
        answer(200, &self.pin_body(index, &pin, false))
    }
}

/// The methods of a path; none: there is no such path in this version.
fn methods(version: &Version, parts: &[&str]) -> &'static [&'static str] {
    match parts {
        ["health"] if !releases::has_health(version) => &[],
        ["health", "alerts"] if !releases::has_alerts(version) => &[],
        ["id" | "version" | "health" | "allocations"] | ["health", "graph" | "alerts" | "bandwidth"] => &["GET"],
        ["token"] => &["POST"],
        ["monitor", "metrics"] | ["monitor", "metrics", _] | ["allocations", _] => &["GET"],
        ["peers"] => &["GET", "POST"],
        ["peers", _] => &["DELETE"],
        ["pins"] => &["GET"],
        ["pins", "recover"] | ["pins", _, "recover"] => &["POST"],
        ["pins", _] => &["GET", "POST", "DELETE"],
        _ => &[],
    }
}

/// A content that is not in the state.
fn unknown(cid: &str) -> Pin {
    Pin {
        cid: cid.into(),
        name: String::new(),
        replicas: (-1, -1),
        allocations: Vec::new(),
        added: "0001-01-01T00:00:00Z".into(),
    }
}

/// The refusal of what is no content's id.
fn undecodable(cid: &str) -> Option<Response> {
    let is_cid = (cid.starts_with("baf") && cid.len() > 40) || (cid.starts_with("Qm") && cid.len() == 46);
    (!is_cid).then(|| error(400, "error decoding Cid: invalid cid: selected encoding not supported"))
}
