//! The `vault` client: it asks the HTTP face and prints what the real client prints.

use std::time::Duration;

use serde_json::{Value, json};

use crate::practice::host::{Place, Shell, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::state::Vault;

/// A client's call: its flags taken apart, and the node it is addressed to.
pub(super) struct Call {
    pub(super) address: String,
    pub(super) json: bool,
    flags: Vec<String>,
    words: Vec<String>,
}

/// What came back.
enum Answered {
    Body(Value),
    /// The server's refusal, as the client prints it.
    Refused(String),
    /// No connection.
    Unreachable(String),
}

impl Vault {
    pub(super) fn vault_command(&mut self, shell: &Shell, words: &[String]) -> CommandResult {
        let call = parse(shell, words);
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let result = match words.as_slice() {
            // Whoever asks what a command does has not told it to do it.
            words if call.has(&["h", "help"]) => printed(&usage(words)),
            [] if call.has(&["v", "version"]) => self.print_version(shell.place),
            ["version"] => self.print_version(shell.place),
            ["status"] => self.print_status(&call),
            ["operator", "unseal", rest @ ..] => self.client_unseal(&call, rest),
            ["operator", "raft", "list-peers"] => self.list_peers(&call),
            ["operator", "raft", "autopilot", "state"] => self.autopilot_state(&call),
            ["operator", "raft", "snapshot", "save", file] => self.save_snapshot(&call.address, shell.place, file),
            ["operator", "raft", "snapshot", "restore", file] => self.restore_snapshot(&call, file),
            ["operator", "members"] => self.members(&call),
            ["operator", "step-down"] => self.client_order(&call, "sys/step-down", "stepping down", "Stepped down"),
            ["operator", "seal"] => self.client_order(&call, "sys/seal", "sealing", "Vault is sealed"),
            ["version-history"] => self.version_history(&call),
            ["read", path] if path.starts_with("sys/replication/") && path.ends_with("status") => {
                self.read_replication(&call, path)
            }
            ["write", "sys/replication/recover"] => self.recover(&call, "sys/replication/recover"),
            ["write", "sys/replication/dr/secondary/recover", rest @ ..]
                if rest.iter().any(|word| word.starts_with("dr_operation_token=")) =>
            {
                self.recover(&call, "sys/replication/dr/secondary/recover")
            }
            ["kv", "get", "secret/canary"] => self.read_canary(&call),
            ["kv", "get", _] => failed(2, "No value found at secret/data/…"),
            _ => failed(127, usage(&[]).trim_end()),
        };
        if result.takes_ms > 20 { result } else { result.lasting(Duration::from_millis(120)) }
    }

    /// The index of the node that an address leads to.
    pub(super) fn addressed(&self, address: &str) -> Option<usize> {
        let wanted = address.trim_end_matches('/');
        let plain = |name: &str| format!("http://{name}:8200");
        self.nodes.iter().position(|node| node.api.trim_end_matches('/') == wanted || plain(&node.name) == wanted)
    }

    fn ask(&mut self, address: &str, method: &str, path: &str, query: &str, body: &Value) -> Answered {
        let shown = format!("{}/v1/{path}", address.trim_end_matches('/'));
        let host = address.split("//").nth(1).unwrap_or(address).trim_end_matches('/').to_owned();
        let verb = format!("{}{}", &method[..1], method[1..].to_lowercase());
        let unreachable = |why: &str| Answered::Unreachable(format!("{verb} \"{shown}\": dial tcp {host}: {why}"));
        let Some(index) = self.addressed(address) else { return unreachable("connect: connection refused") };
        let request = Request {
            node: self.nodes[index].name.clone(),
            method: method.to_owned(),
            path: format!("/v1/{path}"),
            query: query.to_owned(),
            headers: vec![("x-vault-token".into(), self.token.clone())],
            body: body.to_string().into_bytes(),
        };
        match self.serve(&request) {
            Response::Refused => unreachable("connect: connection refused"),
            Response::Silent => Answered::Unreachable(format!("{verb} \"{shown}\": context deadline exceeded")),
            // The client follows the redirect to the node that is gone.
            Response::Answer { status: 307, .. } => unreachable("connect: connection refused"),
            Response::Answer { status, body, .. } => {
                let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                if status < 400 {
                    return Answered::Body(value);
                }
                let errors = value["errors"].as_array().cloned().unwrap_or_default();
                let listed: String =
                    errors.iter().filter_map(Value::as_str).map(|error| format!("\n* {error}")).collect();
                Answered::Refused(format!(
                    "Error making API request.\n\nURL: {method} {shown}\nCode: {status}. Errors:\n{listed}"
                ))
            }
        }
    }

    /// One GET or PUT whose failure ends the command with status 2.
    pub(super) fn fetch(
        &mut self,
        call: &Call,
        method: &str,
        path: &str,
        query: &str,
        doing: &str,
    ) -> Result<Value, CommandResult> {
        match self.ask(&call.address, method, path, query, &json!({})) {
            Answered::Body(body) => Ok(body),
            Answered::Refused(text) | Answered::Unreachable(text) => Err(failed(2, &format!("Error {doing}: {text}"))),
        }
    }

    fn print_version(&self, place: Place) -> CommandResult {
        let version = self.client_version(place);
        printed(&format!("Vault v{version} ({}), built {}\n", version.commit(), version.build_date()))
    }

    fn print_status(&mut self, call: &Call) -> CommandResult {
        let seal = match self.ask(&call.address, "GET", "sys/seal-status", "", &json!({})) {
            Answered::Body(body) => body,
            Answered::Refused(text) | Answered::Unreachable(text) => {
                return failed(1, &format!("Error checking seal status: {text}"));
            }
        };
        let leader = match self.ask(&call.address, "GET", "sys/leader", "", &json!({})) {
            Answered::Body(body) => body,
            Answered::Refused(_) | Answered::Unreachable(_) => json!({ "ha_enabled": true }),
        };
        let sealed = seal["sealed"] == json!(true);
        let text = match call.json {
            true => status_json(seal, &leader),
            false => status_table(&seal, &leader),
        };
        CommandResult { exit: if sealed { 2 } else { 0 }, ..printed(&text) }
    }

    fn client_unseal(&mut self, call: &Call, words: &[&str]) -> CommandResult {
        let body = match words {
            _ if call.flags.iter().any(|flag| flag == "reset") => json!({ "reset": true }),
            [key] => json!({ "key": key }),
            _ => {
                return failed(
                    1,
                    "Unseal Key (will be hidden): \n\
                     An error occurred attempting to ask for an unseal key. The raw error message is shown below, but usually \
                     this is because you attempted to pipe a value into the unseal command or you are executing outside of a \
                     terminal (tty).\n\nfile descriptor 0 is not a terminal",
                );
            }
        };
        match self.ask(&call.address, "PUT", "sys/unseal", "", &body) {
            Answered::Refused(text) | Answered::Unreachable(text) => failed(2, &format!("Error unsealing: {text}")),
            Answered::Body(body) if call.json => printed(&pretty(&body)),
            Answered::Body(body) => printed(&status_table(&body, &json!({ "ha_enabled": true }))),
        }
    }

    fn list_peers(&mut self, call: &Call) -> CommandResult {
        let body = match self.fetch(
            call,
            "GET",
            "sys/storage/raft/configuration",
            "",
            "reading the raft cluster configuration",
        ) {
            Ok(body) if call.json => return printed(&pretty(&body)),
            Ok(body) => body,
            Err(result) => return result,
        };
        let mut rows = vec![["Node", "Address", "State", "Voter"].map(str::to_owned).to_vec()];
        rows.push(["----", "-------", "-----", "-----"].map(str::to_owned).to_vec());
        for server in body["data"]["config"]["servers"].as_array().into_iter().flatten() {
            let state = if server["leader"] == json!(true) { "leader" } else { "follower" };
            rows.push(vec![text(&server["node_id"]), text(&server["address"]), state.into(), text(&server["voter"])]);
        }
        printed(&table(&rows))
    }

    fn autopilot_state(&mut self, call: &Call) -> CommandResult {
        let path = "sys/storage/raft/autopilot/state";
        let data = match self.fetch(call, "GET", path, "", "checking autopilot state") {
            Ok(body) => body["data"].clone(),
            Err(result) => return result,
        };
        let mut servers = serde_json::Map::new();
        for (name, server) in data["servers"].as_object().into_iter().flatten() {
            servers.insert(
                name.clone(),
                json!({
                    "ID": server["id"], "Name": server["name"], "Address": server["address"],
                    "NodeStatus": server["node_status"], "LastContact": server["last_contact"],
                    "LastTerm": server["last_term"], "LastIndex": server["last_index"], "Healthy": server["healthy"],
                    "StableSince": server["stable_since"], "Status": server["status"], "Version": server["version"],
                    "NodeType": server["node_type"],
                }),
            );
        }
        let state = json!({
            "Healthy": data["healthy"], "FailureTolerance": data["failure_tolerance"], "Leader": data["leader"],
            "Servers": servers, "Voters": data["voters"],
        });
        match call.json {
            true => printed(&pretty(&state)),
            false => printed(&table(&[
                vec!["Healthy:".into(), text(&data["healthy"])],
                vec!["Failure Tolerance:".into(), text(&data["failure_tolerance"])],
                vec!["Leader:".into(), text(&data["leader"])],
            ])),
        }
    }

    fn members(&mut self, call: &Call) -> CommandResult {
        let body = match self.fetch(call, "GET", "sys/ha-status", "", "getting HA status") {
            Ok(body) => body,
            Err(result) => return result,
        };
        if call.json {
            return printed(&pretty(&json!({ "Nodes": body["data"]["nodes"] })));
        }
        let heads = ["Host Name", "API Address", "Cluster Address", "Active Node", "Version", "Last Echo"];
        let mut rows = vec![heads.map(str::to_owned).to_vec(), heads.map(|head| "-".repeat(head.len())).to_vec()];
        for node in body["data"]["nodes"].as_array().into_iter().flatten() {
            let fields = ["hostname", "api_address", "cluster_address", "active_node", "version", "last_echo"];
            rows.push(fields.map(|field| text(&node[field])).to_vec());
        }
        printed(&table(&rows))
    }

    fn client_order(&mut self, call: &Call, path: &str, doing: &str, done: &str) -> CommandResult {
        match self.fetch(call, "PUT", path, "", doing) {
            Ok(_) if path.ends_with("seal") => printed(&format!("Success! {done}.\n")),
            Ok(_) => printed(&format!("Success! {done}: {}\n", call.address)),
            Err(result) => result,
        }
    }

    fn version_history(&mut self, call: &Call) -> CommandResult {
        let body = match self.fetch(call, "GET", "sys/version-history", "list=true", "listing version history") {
            Ok(body) if call.json => return printed(&pretty(&body)),
            Ok(body) => body,
            Err(result) => return result,
        };
        let mut rows = vec![["Version", "Installation Time", "Build Date"].map(str::to_owned).to_vec()];
        rows.push(["-------", "-----------------", "----------"].map(str::to_owned).to_vec());
        for (version, info) in body["data"]["key_info"].as_object().into_iter().flatten() {
            rows.push(vec![version.clone(), text(&info["timestamp_installed"]), text(&info["build_date"])]);
        }
        printed(&table(&rows))
    }

    fn read_canary(&mut self, call: &Call) -> CommandResult {
        match self.fetch(call, "GET", "secret/data/canary", "", "making API request") {
            Ok(body) => printed(&format!(
                "==== Data ====\nKey      Value\n---      -----\nvalue    {}\n",
                text(&body["data"]["data"]["value"])
            )),
            Err(result) => result,
        }
    }

    fn restore_snapshot(&mut self, call: &Call, file: &str) -> CommandResult {
        let Some(known) = self.files.get(file) else {
            return failed(2, &format!("Error opening policy file: open {file}: no such file or directory"));
        };
        let content = known.content.clone();
        let by_force = call.flags.iter().any(|flag| flag == "force");
        let Some(index) = self.addressed(&call.address) else {
            return failed(
                2,
                &format!(
                    "Error installing the snapshot: Post \"{}/v1/sys/storage/raft/snapshot\": dial tcp: connect: connection refused",
                    call.address
                ),
            );
        };
        let request = Request {
            node: self.nodes[index].name.clone(),
            method: "POST".into(),
            path: format!("/v1/sys/storage/raft/snapshot{}", if by_force { "-force" } else { "" }),
            query: String::new(),
            headers: vec![("x-vault-token".into(), self.token.clone())],
            body: content,
        };
        match self.serve(&request) {
            Response::Answer { status, .. } if status < 300 => printed(""),
            Response::Answer { status, body, .. } => failed(
                2,
                &format!(
                    "Error installing the snapshot: Code: {status}. {}",
                    String::from_utf8_lossy(&body).trim_end()
                ),
            ),
            Response::Refused | Response::Silent => {
                failed(2, "Error installing the snapshot: connect: connection refused")
            }
        }
    }
}

/// What the client says of itself, or of one of its commands.
fn usage(words: &[&str]) -> String {
    match words {
        [] => "Usage: vault <command> [args]\n\nThis cluster knows version, status, operator unseal, operator \
              raft list-peers, operator raft autopilot state, operator raft snapshot save, operator raft snapshot restore, \
              operator members, operator step-down, operator seal, version-history, read sys/replication/status, write -f \
              sys/replication/recover and kv get secret/canary.\n"
            .to_owned(),
        words => format!("Usage: vault {} [options] [args]\n", words.join(" ")),
    }
}

impl Call {
    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&flag.as_str()))
    }
}

pub(super) fn parse(shell: &Shell, words: &[String]) -> Call {
    let default =
        shell.variable("VAULT_ADDR").or_else(|| shell.variable("BAO_ADDR")).unwrap_or("https://127.0.0.1:8200");
    let mut call = Call { address: default.to_owned(), json: false, flags: Vec::new(), words: Vec::new() };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
            call.words.push(word.clone());
            continue;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, given) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
        match name {
            "address" => call.address = given.or_else(|| rest.next().cloned()).unwrap_or_default(),
            "format" => call.json = given.or_else(|| rest.next().cloned()).as_deref() == Some("json"),
            other => call.flags.push(other.to_owned()),
        }
    }
    call
}

fn status_json(mut seal: Value, leader: &Value) -> String {
    let fields = [
        "ha_enabled",
        "is_self",
        "active_time",
        "leader_address",
        "leader_cluster_address",
        "raft_committed_index",
        "raft_applied_index",
    ];
    for field in fields {
        if let Some(value) = leader.get(field) {
            seal[field] = value.clone();
        }
    }
    pretty(&seal)
}

fn status_table(seal: &Value, leader: &Value) -> String {
    let sealed = seal["sealed"] == json!(true);
    let mut rows = vec![("Key", "Value".to_owned()), ("---", "-----".to_owned())];
    rows.push(("Seal Type", text(&seal["type"])));
    rows.push(("Initialized", text(&seal["initialized"])));
    rows.push(("Sealed", text(&seal["sealed"])));
    rows.push(("Total Shares", text(&seal["n"])));
    rows.push(("Threshold", text(&seal["t"])));
    if sealed {
        rows.push(("Unseal Progress", format!("{}/{}", text(&seal["progress"]), text(&seal["t"]))));
        let nonce = text(&seal["nonce"]);
        rows.push(("Unseal Nonce", if nonce.is_empty() { "n/a".into() } else { nonce }));
    }
    rows.push(("Version", text(&seal["version"])));
    rows.push(("Build Date", text(&seal["build_date"])));
    rows.push(("Storage Type", text(&seal["storage_type"])));
    if !sealed {
        rows.push(("Cluster Name", text(&seal["cluster_name"])));
        rows.push(("Cluster ID", text(&seal["cluster_id"])));
    }
    rows.push(("HA Enabled", text(&leader["ha_enabled"])));
    if !sealed && leader.get("is_self").is_some() {
        let known = |field: &str| Some(text(&leader[field])).filter(|text| !text.is_empty()).unwrap_or("<none>".into());
        let active = leader["is_self"] == json!(true);
        rows.push(("HA Cluster", known("leader_cluster_address")));
        rows.push(("HA Mode", if active { "active" } else { "standby" }.into()));
        match active {
            true => rows.push(("Active Since", text(&leader["active_time"]))),
            false => rows.push(("Active Node Address", known("leader_address"))),
        }
        rows.push(("Raft Committed Index", text(&leader["raft_committed_index"])));
        rows.push(("Raft Applied Index", text(&leader["raft_applied_index"])));
    }
    table(&rows.into_iter().map(|(key, value)| vec![key.to_owned(), value]).collect::<Vec<_>>())
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "n/a".into(),
        other => other.to_string(),
    }
}

pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Columns four spaces apart, the last one unpadded.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join("    ").trim_end())
        })
        .collect()
}
