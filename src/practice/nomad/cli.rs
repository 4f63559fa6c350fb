//! The `nomad` client: it asks the HTTP face and prints what the real client prints.

use std::time::Duration;

use serde_json::Value;

use crate::practice::host::{Call, Place, Version, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::state::Nomad;

/// Flags that take a value.
const VALUED: [&str; 24] = [
    "address",
    "region",
    "namespace",
    "token",
    "ca-cert",
    "ca-path",
    "client-cert",
    "client-key",
    "tls-server-name",
    "deadline",
    "m",
    "t",
    "meta",
    "status",
    "job",
    "filter",
    "per-page",
    "page-token",
    "peer-id",
    "peer-address",
    "node-pool",
    "sort",
    "o",
    "log-level",
];

/// Flags that take none.
const PLAIN: [&str; 25] = [
    "json",
    "verbose",
    "detailed",
    "stale",
    "enable",
    "disable",
    "yes",
    "y",
    "force",
    "detach",
    "self",
    "monitor",
    "no-deadline",
    "ignore-system",
    "keep-ineligible",
    "prune",
    "allocs",
    "short",
    "stats",
    "tls-skip-verify",
    "no-color",
    "force-color",
    "quiet",
    "all-allocs",
    "evals",
];

/// The commands: their words and what follows them.
const COMMANDS: &[(&str, &str)] = &[
    ("version", ""),
    ("status", "[options] <identifier>"),
    ("agent-info", "[options]"),
    ("server members", "[options]"),
    ("server-members", "[options]"),
    ("server force-leave", "[options] <node>"),
    ("server-force-leave", "[options] <node>"),
    ("server join", "[options] <addr> [<addr>...]"),
    ("node status", "[options] <node>"),
    ("node-status", "[options] <node>"),
    ("node drain", "[options] <node>"),
    ("node-drain", "[options] <node>"),
    ("node eligibility", "[options] <node>"),
    ("operator raft list-peers", "[options]"),
    ("operator raft remove-peer", "[options]"),
    ("operator autopilot health", "[options]"),
    ("operator autopilot get-config", "[options]"),
    ("operator snapshot save", "[options] <file>"),
    ("operator snapshot restore", "[options] <file>"),
    ("operator snapshot inspect", "[options] <file>"),
    ("eval list", "[options]"),
    ("alloc status", "[options] <allocation>"),
    ("job status", "[options] <job>"),
    ("job stop", "[options] <job>"),
    ("license get", "[options]"),
    ("license inspect", "[options] <file>"),
];

/// A client's call with its words taken apart.
pub(super) struct Asked {
    /// The command's words, such as `node drain`.
    pub(super) command: &'static str,
    pub(super) address: String,
    token: Option<String>,
    flags: Vec<(String, Option<String>)>,
    pub(super) operands: Vec<String>,
    pub(super) place: Place,
    pub(super) user: String,
    /// Whether both streams end on one terminal.
    is_terminal: bool,
    /// The version of the client's own binary.
    pub(super) version: Version,
}

impl Asked {
    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(known, _)| known == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(known, _)| known == name).and_then(|(_, value)| value.as_deref())
    }

    /// What the client says when it is not called as it should be.
    pub(super) fn usage(&self, why: &str) -> CommandResult {
        failed(1, &format!("{why}\nFor additional help try 'nomad {} -help'", self.command))
    }
}

/// What is printed without a command, and what each group of commands is for.
const HELP: &str = "Usage: nomad [-version] [-help] [-autocomplete-(un)install] <command> [args]

Common commands:
    status      Display the status output for a resource
    alloc       Interact with allocations
    job         Interact with jobs
    node        Interact with nodes

Other commands:
    agent-info  Display status information about the local agent
    eval        Interact with evaluations
    license     Interact with Nomad Enterprise License
    operator    Provides cluster-level tools for Nomad operators
    server      Interact with servers
    version     Prints the Nomad version
";

/// What a group of commands says when none of its own follows; `None`: there is no such group.
fn group_help(words: &[&str]) -> Option<String> {
    let name = words.iter().take_while(|word| !word.starts_with('-')).copied().collect::<Vec<_>>().join(" ");
    let within = format!("{name} ");
    let inner: Vec<&str> = COMMANDS.iter().filter_map(|(command, _)| command.strip_prefix(&within)).collect();
    if name.is_empty() || inner.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = inner.iter().filter_map(|rest| rest.split(' ').next()).collect();
    names.dedup();
    let listed: String = names.iter().map(|name| format!("    {name}\n")).collect();
    Some(format!("Usage: nomad {name} <subcommand> [options] [args]\n\nSubcommands:\n{listed}"))
}

impl Nomad {
    /// Runs the client: `version` is that of its binary.
    pub(super) fn client(&mut self, call: &Call<'_>, version: Version) -> CommandResult {
        let result = match read(call, version) {
            Ok(asked) => self.obey_client(&asked),
            Err(result) => result,
        };
        if result.takes_ms > 20 { result } else { result.lasting(Duration::from_millis(110)) }
    }

    fn obey_client(&mut self, asked: &Asked) -> CommandResult {
        match asked.command {
            "version" => print_version(&asked.version),
            "agent-info" => self.agent_info(asked),
            "server members" | "server-members" => old_name(asked, "server members", self.server_members(asked)),
            "server force-leave" | "server-force-leave" => {
                old_name(asked, "server force-leave", self.client_force_leave(asked))
            }
            "server join" => self.client_join(asked),
            "node status" | "node-status" => self.node_status(asked),
            "node drain" | "node-drain" => self.node_drain(asked),
            "node eligibility" => self.node_eligibility(asked),
            "operator raft list-peers" => self.list_peers(asked),
            "operator raft remove-peer" => self.remove_peer(asked),
            "operator autopilot health" => self.autopilot_health(asked),
            "operator autopilot get-config" => self.autopilot_config(asked),
            "operator snapshot save" => self.snapshot_save(asked),
            "operator snapshot restore" => self.snapshot_restore(asked),
            "operator snapshot inspect" => self.snapshot_inspect(asked),
            "eval list" => self.eval_list(asked),
            "alloc status" => self.alloc_status(asked),
            "job stop" => self.job_stop(asked),
            "license get" => self.license_get(asked),
            "license inspect" => self.license_inspect(asked),
            _ => self.job_status(asked),
        }
    }

    /// The host to which an address leads, from a place.
    pub(super) fn addressed(&self, address: &str, place: Place) -> Option<usize> {
        let wanted = address.trim_end_matches('/');
        let plain = |host: usize| {
            let agent = &self.agents[host];
            [&agent.name, &agent.ip].map(|name| format!("http://{name}:4646")).contains(&wanted.to_owned())
        };
        let is_own = matches!(wanted, "http://127.0.0.1:4646" | "http://localhost:4646");
        match place {
            Place::Node(host) if is_own => Some(host),
            _ => (0..self.agents.len())
                .find(|host| self.agents[*host].api.trim_end_matches('/') == wanted || plain(*host)),
        }
    }

    /// One request. `Err` is what the client's library says, after what it was doing.
    pub(super) fn ask(&mut self, asked: &Asked, method: &str, target: &str, body: &[u8]) -> Result<Vec<u8>, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (verb, rest) = method.split_at(1);
        let shown = format!("{}/v1/{target}", asked.address.trim_end_matches('/'));
        let doing = format!("{verb}{} \"{shown}\"", rest.to_lowercase());
        let host = asked.address.split("//").nth(1).unwrap_or_default().trim_end_matches('/').to_owned();
        let refused = || format!("{doing}: dial tcp {host}: connect: connection refused");
        let Some(index) = self.addressed(&asked.address, asked.place) else { return Err(refused()) };
        let token = asked.token.iter().map(|token| ("x-nomad-token".to_owned(), token.clone()));
        let request = Request {
            node: self.agents[index].name.clone(),
            method: method.to_owned(),
            path: format!("/v1/{path}"),
            query: query.to_owned(),
            headers: token.collect(),
            body: body.to_vec(),
        };
        match self.serve(&request) {
            Response::Refused => Err(refused()),
            Response::Silent => Err(format!("{doing}: context deadline exceeded")),
            Response::Answer { status: 200 | 429, body, .. } => Ok(body),
            Response::Answer { status, body, .. } => {
                Err(format!("Unexpected response code: {status} ({})", String::from_utf8_lossy(&body)))
            }
        }
    }

    /// One GET whose answer is JSON; a failure ends the command with status 1.
    pub(super) fn fetch(&mut self, asked: &Asked, target: &str, doing: &str) -> Result<Value, CommandResult> {
        match self.ask(asked, "GET", target, b"") {
            Ok(body) => Ok(serde_json::from_slice(&body).unwrap_or(Value::Null)),
            Err(why) => Err(refusal(&format!("{doing}: {why}"))),
        }
    }
}

/// The end of a command that was refused; one that waited for a leader took its time.
pub(super) fn refusal(why: &str) -> CommandResult {
    let waited = if why.contains("No cluster leader") { 5_100 } else { 110 };
    failed(1, why).lasting(Duration::from_millis(waited))
}

/// Takes a call apart as Go's flags do: what follows the first operand is an operand.
fn read(call: &Call<'_>, version: Version) -> Result<Asked, CommandResult> {
    let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
    match words.first() {
        None => return Err(failed(127, HELP.trim_end())),
        Some(&("-help" | "--help" | "-h")) => return Err(printed(HELP)),
        Some(&("-version" | "--version" | "-v")) => return Err(print_version(&version)),
        Some(_) => {}
    }
    let starts = |command: &&(&str, &str)| {
        let parts: Vec<&str> = command.0.split(' ').collect();
        words.len() >= parts.len() && words[..parts.len()] == parts[..]
    };
    let Some((command, usage)) = COMMANDS.iter().filter(starts).max_by_key(|(command, _)| command.len()) else {
        return Err(match group_help(&words) {
            Some(help) if words.iter().any(|word| matches!(*word, "-help" | "--help" | "-h")) => printed(&help),
            Some(help) => failed(1, help.trim_end()),
            None => failed(127, HELP.trim_end()),
        });
    };
    let mut asked = Asked {
        command,
        address: call.shell.variable("NOMAD_ADDR").unwrap_or("http://127.0.0.1:4646").to_owned(),
        token: call.shell.variable("NOMAD_TOKEN").map(str::to_owned),
        flags: Vec::new(),
        operands: Vec::new(),
        place: call.shell.place,
        user: call.shell.user.clone(),
        is_terminal: call.shell.is_terminal,
        version,
    };
    read_flags(&mut asked, &call.words[command.split(' ').count()..], usage)?;
    Ok(asked)
}

/// Reads the flags of a command, up to its first operand.
fn read_flags(asked: &mut Asked, words: &[String], usage: &str) -> Result<(), CommandResult> {
    let command = asked.command;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
            asked.operands.push(word.clone());
            asked.operands.extend(rest.cloned());
            break;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, given) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
        let value = match name {
            "help" | "h" => return Err(printed(&format!("Usage: nomad {command} {usage}\n"))),
            name if VALUED.contains(&name) => match given.or_else(|| rest.next().cloned()) {
                Some(value) => Some(value),
                None => return Err(failed(1, &format!("flag needs an argument: -{name}"))),
            },
            name if PLAIN.contains(&name) => given,
            name => {
                return Err(failed(
                    1,
                    &format!("flag provided but not defined: -{name}\nUsage: nomad {command} {usage}"),
                ));
            }
        };
        match (name, &value) {
            ("address", Some(address)) => asked.address.clone_from(address),
            ("token", Some(token)) => asked.token = Some(token.clone()),
            // A plain flag that is set to false is not set.
            (_, Some(word)) if word == "false" => continue,
            _ => {}
        }
        asked.flags.push((name.to_owned(), value));
    }
    Ok(())
}

fn print_version(version: &Version) -> CommandResult {
    printed(&format!("Nomad v{version}\nBuildDate {}\nRevision {}\n", version.build_date(), version.commit()))
}

/// What the old spelling of a command adds.
fn old_name(asked: &Asked, new: &str, mut result: CommandResult) -> CommandResult {
    if asked.command != new {
        let warning = format!(
            "WARNING! The \"nomad {}\" command is deprecated. Please use \"nomad {new}\"\ninstead. This command will be \
             removed in Nomad 0.10 (or later).\n\n",
            asked.command
        );
        // The client says it first, on its second stream.
        let stream = if asked.is_terminal { &mut result.stdout } else { &mut result.stderr };
        stream.insert_str(0, &warning);
    }
    result
}

/// JSON as the client prints it.
pub(super) fn pretty(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut writer =
        serde_json::Serializer::with_formatter(&mut bytes, serde_json::ser::PrettyFormatter::with_indent(b"    "));
    // A value that was read from JSON can be written as JSON.
    let _written = serde::Serialize::serialize(value, &mut writer);
    format!("{}\n", String::from_utf8_lossy(&bytes))
}

/// A value as a cell.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<none>".into(),
        other => other.to_string(),
    }
}
