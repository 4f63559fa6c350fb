//! The command `ipfs-cluster-ctl`: it asks the REST API of its own host.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Deserializer, Value, json};

use crate::practice::host::{Version, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::state::IpfsCluster;

/// The API that is asked unless another one is named.
const LOCAL: &str = "/ip4/127.0.0.1/tcp/9094";

/// What was asked for in front of the command.
struct Asking {
    is_json: bool,
    host: String,
    credentials: Option<String>,
}

impl IpfsCluster {
    /// Runs it as it was typed.
    pub(super) fn control_command(&mut self, index: usize, version: &Version, words: &[String]) -> CommandResult {
        let (asking, words) = match globals(words) {
            Ok(parts) => parts,
            Err(result) => return result,
        };
        let flags: Vec<&str> = words.iter().filter(|word| word.starts_with('-')).map(String::as_str).collect();
        let plain: Vec<&str> = words.iter().filter(|word| !word.starts_with('-')).map(String::as_str).collect();
        let local = if flags.contains(&"--local") { "local=true" } else { "" };
        let ask = |method: &'static str, path: String| (method, path);
        let (method, path) = match plain.as_slice() {
            [] if flags.iter().any(|flag| matches!(*flag, "--version" | "-v")) => {
                return printed(&format!("ipfs-cluster-ctl version {version}\n"));
            }
            _ if flags.iter().any(|flag| matches!(*flag, "--help" | "-h")) => return printed(HELP),
            [] | ["help" | "h", ..] => return printed(HELP),
            ["id"] => ask("GET", "/id".into()),
            ["version"] => ask("GET", "/version".into()),
            ["peers"] => {
                return printed(
                    "COMMANDS:\n     ls  list the nodes participating in the IPFS Cluster\n     rm  remove a peer from the Cluster\n",
                );
            }
            ["peers", "ls"] => ask("GET", "/peers".into()),
            ["peers", "rm", id] if id.starts_with("12D3KooW") || id.starts_with("Qm") => {
                ask("DELETE", format!("/peers/{id}"))
            }
            ["peers", "rm", ..] => {
                return failed(1, "error parsing peer ID: failed to parse peer ID: invalid cid: cid too short");
            }
            ["pin", "ls"] => ask("GET", "/allocations?filter=all".into()),
            ["pin", "ls", cid] => ask("GET", format!("/allocations/{cid}")),
            ["pin", "add", cid] => ask("POST", format!("/pins/{cid}?{}", named(&words))),
            ["pin", "rm", cid] => ask("DELETE", format!("/pins/{cid}")),
            ["status"] => ask("GET", format!("/pins?{local}&{}", filtered(&flags))),
            ["status", cid] => ask("GET", format!("/pins/{cid}?{local}")),
            ["recover"] => ask("POST", format!("/pins/recover?{local}")),
            ["recover", cid] => ask("POST", format!("/pins/{cid}/recover")),
            ["health", "graph"] => ask("GET", "/health/graph".into()),
            ["health", "alerts"] => ask("GET", "/health/alerts".into()),
            ["health", "metrics"] => ask("GET", "/monitor/metrics".into()),
            ["health", "metrics", name] => ask("GET", format!("/monitor/metrics/{name}")),
            [first, rest @ ..] => {
                let topic =
                    if matches!(*first, "peers" | "pin" | "health") { rest.first().unwrap_or(first) } else { first };
                return failed(3, &format!("No help topic for '{topic}'"));
            }
        };
        self.fetch(index, &asking, method, &path)
    }

    fn fetch(&mut self, index: usize, asking: &Asking, method: &str, target: &str) -> CommandResult {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let address = asking.host.split('/').nth(2).unwrap_or_default();
        let port = asking.host.split('/').nth(4).unwrap_or("9094");
        let is_here = matches!(address, "127.0.0.1" | "localhost") && port == "9094";
        let request = Request {
            node: if is_here { self.peers[index].name.clone() } else { String::new() },
            method: method.into(),
            path: path.into(),
            query: query.trim_matches('&').into(),
            headers: asking.credentials.iter().map(|pair| ("authorization".to_owned(), basic(pair))).collect(),
            body: Vec::new(),
        };
        let url = format!("http://{address}:{port}{path}");
        match self.serve(&request) {
            Response::Refused => {
                let verb = format!("{}{}", &method[..1], method[1..].to_lowercase());
                let why = format!("{verb} \"{url}\": dial tcp {address}:{port}: connect: connection refused");
                told_error(asking, 0, &why, 1)
            }
            Response::Silent => failed(62, "error : context deadline exceeded").lasting(Duration::from_mins(2)),
            Response::Answer { status, body, .. } if status >= 400 => {
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let message = body["message"].as_str().unwrap_or("");
                let wait = if message.starts_with("timed out waiting for leader") { 15_000 } else { 40 };
                told_error(asking, status, message, 2).lasting(Duration::from_millis(wait))
            }
            Response::Answer { headers, body, .. } => {
                let broken = headers.iter().find(|(name, _)| *name == "x-stream-error").map(|(_, why)| why.clone());
                let found = items(&String::from_utf8_lossy(&body), path);
                let mut result = printed(&shown(asking, path, &found, self.now.as_millis() / 1_000));
                if path == "/peers" && result.stdout.contains("i/o timeout") {
                    // The list is not complete before the last peer was given up.
                    result = result.lasting(Duration::from_secs(15));
                }
                if let Some(why) = broken.filter(|why| !why.is_empty()) {
                    let end = told_error(asking, 500, &why, 2);
                    result.exit = end.exit;
                    result.stdout.push_str(&end.stdout);
                }
                result
            }
        }
    }
}

/// The items of a list in either of its forms; anything else is one item.
fn items(text: &str, path: &str) -> Vec<Value> {
    let found: Vec<Value> = Deserializer::from_str(text).into_iter::<Value>().filter_map(Result::ok).collect();
    match found.as_slice() {
        [Value::Array(inner)] if !path.starts_with("/monitor") || inner.iter().all(Value::is_object) => inner.clone(),
        [Value::Array(inner)] => inner.clone(),
        _ => found,
    }
}

fn shown(asking: &Asking, path: &str, items: &[Value], now: i64) -> String {
    if asking.is_json {
        // The metrics and alerts are one object, everything that is streamed is one after the other.
        return match path.starts_with("/monitor") || path == "/health/alerts" {
            true => format!("{}\n", indented(&Value::Array(items.to_vec()))),
            false => items.iter().map(|item| format!("{}\n", indented(item))).collect(),
        };
    }
    let line = |item: &Value| match path {
        "/id" | "/peers" => peer_text(item),
        "/version" => format!("{}\n", text(&item["version"])),
        "/health/graph" => graph_text(item),
        "/health/alerts" => {
            format!(
                "{}: {}. Expired at: {}. Triggered at: {}\n",
                text(&item["peer"]),
                text(&item["name"]),
                away(&item["expire"], now),
                text(&item["triggered_at"])
            )
        }
        _ if item.get("peer_map").is_some() => status_text(item),
        _ if item.get("replication_factor_min").is_some() => pin_text(item),
        _ if item.get("expire").is_some() => {
            format!(
                "{} | {}: {} | Expires in: {}\n",
                text(&item["peer"]),
                text(&item["name"]),
                text(&item["value"]),
                away(&item["expire"], now)
            )
        }
        _ => format!("{}\n", text(item)),
    };
    items.iter().map(line).collect()
}

fn peer_text(item: &Value) -> String {
    let id = text(&item["id"]);
    let error = text(&item["error"]);
    if !error.is_empty() {
        return format!("{id} | ERROR: {error}\n");
    }
    let seen = item["cluster_peers"].as_array().map_or(0, Vec::len);
    let mut lines =
        format!("{id} | {} | Sees {} other peers\n  > Addresses:\n", text(&item["peername"]), seen as i64 - 1);
    let sorted = |list: &Value| {
        let mut found: Vec<String> = list.as_array().into_iter().flatten().map(text).collect();
        found.sort();
        found.iter().map(|address| format!("    - {address}\n")).collect::<String>()
    };
    lines.push_str(&sorted(&item["addresses"]));
    let daemon = &item["ipfs"];
    match text(&daemon["error"]) {
        error if !error.is_empty() => lines.push_str(&format!("  > IPFS ERROR: {error}\n")),
        _ => lines.push_str(&format!("  > IPFS: {}\n{}", text(&daemon["id"]), sorted(&daemon["addresses"]))),
    }
    lines
}

fn status_text(item: &Value) -> String {
    let name = text(&item["name"]);
    let name = if name.is_empty() { name } else { format!(" | {name}") };
    let mut lines = format!("{}{name}:\n", content(&item["cid"]));
    let mut peers: Vec<_> = item["peer_map"].as_object().into_iter().flatten().collect();
    peers.sort_by_key(|(id, _)| id.as_str());
    for (_, one) in peers {
        let error = text(&one["error"]);
        let error = if error.is_empty() { error } else { format!(": {error}") };
        lines.push_str(&format!(
            "    > {:<20} : {}{error} | {} | Attempts: {} | Priority: {}\n",
            text(&one["peername"]),
            text(&one["status"]).to_uppercase(),
            text(&one["timestamp"]),
            text(&one["attempt_count"]),
            text(&one["priority_pin"]),
        ));
    }
    lines
}

fn pin_text(item: &Value) -> String {
    let mut peers: Vec<String> = item["allocations"].as_array().into_iter().flatten().map(text).collect();
    peers.sort();
    let factor = match item["replication_factor_min"].as_i64() {
        Some(least) if least > 0 => {
            format!(
                "Repl. Factor: {least}--{} | Allocations: [{}]",
                text(&item["replication_factor_max"]),
                peers.join(" ")
            )
        }
        _ => "Repl. Factor: -1 | Allocations: [everywhere]".into(),
    };
    let added = text(&item["timestamp"]);
    let added = added.get(..19).unwrap_or("unknown").replace('T', " ");
    format!(
        "{} | {} | PIN | {factor} | Recursive | Metadata: no | Exp: ∞ | Added: {added}\n",
        content(&item["cid"]),
        text(&item["name"])
    )
}

fn graph_text(item: &Value) -> String {
    let mut lines = String::from("digraph cluster {\n");
    for (id, name) in item["id_to_peername"].as_object().into_iter().flatten() {
        lines.push_str(&format!("  \"{id}\" [ label=\"{}\" ]\n", text(name)));
    }
    for (id, others) in item["cluster_links"].as_object().into_iter().flatten() {
        for other in others.as_array().into_iter().flatten() {
            lines.push_str(&format!("  \"{id}\" -> \"{}\"\n", text(other)));
        }
    }
    lines.push_str("}\n");
    lines
}

/// How far a time in nanoseconds is from one in seconds.
fn away(at: &Value, now: i64) -> String {
    let seconds = at.as_i64().unwrap_or(0) / 1_000_000_000 - now;
    let (count, unit) = match seconds.abs() {
        0 => return "now".into(),
        far @ 60.. => (far / 60, "minute"),
        near => (near, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} {}", if seconds > 0 { "from now" } else { "ago" })
}

/// A content's id in either of its forms.
fn content(value: &Value) -> String {
    text(value.get("/").unwrap_or(value))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What is printed when something went wrong, on the standard output as the real one does.
fn told_error(asking: &Asking, code: u16, message: &str, exit: i32) -> CommandResult {
    let told = match asking.is_json {
        true => format!("{}\n", indented(&json!({ "code": code, "message": message }))),
        false => format!("An error occurred:\n  Code: {code}\n  Message: {message}\n"),
    };
    CommandResult { exit, ..printed(&told) }
}

/// JSON with four blanks a level.
fn indented(value: &Value) -> String {
    let lines = format!("{value:#}");
    let line = |line: &str| {
        let blanks = line.len() - line.trim_start().len();
        format!("{}{line}", " ".repeat(blanks))
    };
    lines.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The header for a name and a password.
pub(super) fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn named(words: &[String]) -> String {
    let values = words.iter().filter_map(|word| word.strip_prefix("--")).filter_map(|word| word.split_once('='));
    let known = values.filter_map(|(name, value)| match name {
        "name" => Some(format!("name={value}")),
        "replication" | "r" => Some(format!("replication-min={value}&replication-max={value}")),
        "replication-min" | "rmin" => Some(format!("replication-min={value}")),
        "replication-max" | "rmax" => Some(format!("replication-max={value}")),
        _ => None,
    });
    known.collect::<Vec<_>>().join("&")
}

fn filtered(flags: &[&str]) -> String {
    let found = flags.iter().find_map(|flag| flag.strip_prefix("--filter="));
    found.map(|filter| format!("filter={filter}")).unwrap_or_default()
}

/// Takes the options in front off; those that follow the command with a word of their own are joined with it.
fn globals(words: &[String]) -> Result<(Asking, Vec<String>), CommandResult> {
    let mut asking = Asking { is_json: false, host: LOCAL.into(), credentials: None };
    let mut rest = Vec::new();
    let mut all = words.iter();
    while let Some(word) = all.next() {
        let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
        let mut taken = || value.clone().or_else(|| all.next().cloned()).unwrap_or_default();
        match name {
            "--enc" | "--encoding" | "-enc" => match taken().as_str() {
                "json" => asking.is_json = true,
                "text" => asking.is_json = false,
                _ => return Err(failed(1, "error : unsupported encoding")),
            },
            "--host" | "-l" => asking.host = taken(),
            "--basic-auth" => asking.credentials = Some(taken()),
            "--timeout" | "-t" | "--secret" => drop(taken()),
            "--force-http" | "--https" | "-s" | "--debug" | "-d" | "--no-check-certificate" => {}
            "--filter" | "--name" | "--replication" | "--rmin" | "--rmax" => rest.push(format!("{name}={}", taken())),
            _ => rest.push(word.clone()),
        }
    }
    if !asking.host.starts_with('/') {
        return Err(failed(1, "error parsing host multiaddress: failed to parse multiaddr: must begin with /"));
    }
    Ok((asking, rest))
}

const HELP: &str = "NAME:\n   ipfs-cluster-ctl - CLI for IPFS Cluster\n\nUSAGE:\n   ipfs-cluster-ctl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n     id       Retrieve peer information\n     peers    List and manage IPFS Cluster peers\n     add      Add a file or directory to ipfs and pin it in the cluster\n     pin      Pin and unpin and list items in IPFS Cluster\n     status   Retrieve the status of tracked items\n     recover  Recover tracked items in error state\n     version  Retrieve cluster version\n     health   Cluster monitoring information\n     ipfs     Manage IPFS daemon\n     help, h  Shows a list of commands or help for one command\n";
