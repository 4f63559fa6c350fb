//! The client's commands: what they have in common, and those that are short.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, Entry, Place, Shell, Version, failed, printed};

use super::notes::build_time;
use super::processes::{Start, Unstartable};
use super::state::{BINARY, CERTS, Cockroach, Identity, Process, SQL_PORT};
use super::tables::{Format, Table};
use super::units::Flags;

/// Options with a value.
const VALUES: &[&str] = &[
    "advertise-addr",
    "cache",
    "certs-dir",
    "checks",
    "cluster-name",
    "database",
    "drain-wait",
    "execute",
    "expires-after",
    "file",
    "format",
    "host",
    "http-addr",
    "join",
    "listen-addr",
    "locality",
    "max-sql-memory",
    "nodes",
    "pid-file",
    "port",
    "set",
    "store",
    "timeout",
    "url",
    "user",
    "wait",
];

/// How long the client waits for a server that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// One call of the client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) shell: Shell,
    pub(super) version: Version,
    /// What is named when it fails, such as `node status`.
    pub(super) command: &'static str,
    pub(super) given: Arguments,
    pub(super) format: Format,
}

impl Client {
    /// What the client says when something failed.
    pub(super) fn fails(&self, why: &str) -> CommandResult {
        failed(1, &format!("ERROR: {why}\nFailed running \"{}\"", self.command))
    }

    /// Rows in the format that was asked for.
    pub(super) fn shows(&self, table: &Table) -> CommandResult {
        printed(&table.shown(self.format)).lasting(Duration::from_millis(90))
    }
}

/// A server that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: usize,
    /// `None`: it is a cluster of its own.
    pub(super) member: Option<usize>,
}

impl Cockroach {
    /// The program `cockroach` of that version.
    pub(super) fn cockroach(&mut self, call: &Call<'_>, version: &Version) -> CommandResult {
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
        let wants_help = words.iter().any(|word| matches!(*word, "--help" | "-h"));
        match operands.as_slice() {
            _ if words.first() == Some(&"--version") => version_of(version, true),
            [] => help(),
            ["help", ..] => help(),
            _ if wants_help => usage(&operands),
            ["version", ..] => version_of(version, words.contains(&"--build-tag")),
            ["start" | "start-single-node", ..] => self.start_by_hand(call),
            ["init", ..] => self
                .with_client(call, version, "init", |_, client| client.fails("cluster has already been initialized")),
            ["node", "status", ..] => self.with_client(call, version, "node status", Self::node_status),
            ["node", "ls", ..] => self.with_client(call, version, "node ls", Self::node_ls),
            ["node", "drain", ..] => self.with_client(call, version, "node drain", Self::node_drain),
            ["node", "decommission", ..] => {
                self.with_client(call, version, "node decommission", Self::node_decommission)
            }
            ["node", "recommission", ..] => {
                self.with_client(call, version, "node recommission", Self::node_recommission)
            }
            ["node"] => usage(&operands),
            ["node", other, ..] => unknown_command(other, "cockroach node"),
            ["sql", ..] => self.with_client(call, version, "sql", Self::sql),
            ["debug", "zip", ..] => self.with_client(call, version, "debug zip", Self::debug_zip),
            ["debug", other, ..] => unknown_command(other, "cockroach debug"),
            ["auth-session", "login", ..] => self.with_client(call, version, "auth-session login", Self::auth_session),
            ["quit", ..] if *version < Version::new("23.1") => self.with_client(call, version, "quit", Self::quit),
            [other, ..] => unknown_command(other, "cockroach"),
        }
    }

    /// Reads the options of a command that speaks with a server.
    fn with_client(
        &mut self,
        call: &Call<'_>,
        version: &Version,
        command: &'static str,
        then: fn(&mut Self, &Client) -> CommandResult,
    ) -> CommandResult {
        let mut given = Arguments::parse(call.words, "edupsj", VALUES);
        let depth = command.split(' ').count();
        given.operands.drain(..depth.min(given.operands.len()));
        let mut client =
            Client { shell: call.shell.clone(), version: version.clone(), command, given, format: Format::Tsv };
        if let Some(word) = client.given.value(&["format"]) {
            if *version < Version::new("1.1") {
                return client.fails("unknown flag: --format");
            }
            match Format::parse(word) {
                Some(format) => client.format = format,
                None => {
                    return client.fails(&format!(
                        "invalid argument \"{word}\" for \"--format\" flag: invalid table display format: {word} (possible \
                         values: tsv, csv, table, records, ndjson, json, sql, html, unnumbered-html, raw)"
                    ));
                }
            }
        }
        then(self, &client)
    }

    /// Connects to the server that is meant.
    pub(super) fn connect(&self, client: &Client) -> Result<Server, CommandResult> {
        let (name, port) = self.meant(client);
        self.check_security(client)?;
        let refused = |why: &str| {
            let text = format!(
                "cannot dial server.\nIs the server running?\nIf the server is running, check --host client-side and \
                 --advertise server-side.\n\nfailed to connect to `host={name} user=root database=`: {why}"
            );
            client.fails(&text)
        };
        let host = match (name.as_str(), client.shell.place) {
            ("localhost" | "127.0.0.1" | "", Place::Node(index)) => Some(index),
            ("localhost" | "127.0.0.1" | "", Place::Bastion) => None,
            (name, _) => match self.find(name) {
                Some(host) => Some(host),
                None => return Err(refused(&format!("hostname resolving error (lookup {name}: no such host)"))),
            },
        };
        let refusal = format!("dial error (dial tcp {name}:{port}: connect: connection refused)");
        let Some(host) = host.filter(|_| port == SQL_PORT.to_string()) else { return Err(refused(&refusal)) };
        match &self.hosts[host].process {
            Process::Up { frozen: true, .. } => {
                Err(refused("failed to receive message (timeout: context deadline exceeded)").lasting(CONNECT_TIMEOUT))
            }
            Process::Up { run, .. } if run.identity == Identity::Waiting => {
                Err(client.fails("server is not initialized: waiting for cluster initialization"))
            }
            Process::Up { ready, .. } if *ready > self.now => Err(refused(&refusal)),
            Process::Up { .. } => Ok(Server { host, member: self.member_on(host) }),
            Process::Down { .. } | Process::Starting { .. } => Err(refused(&refusal)),
        }
    }

    /// Connects to a server as an SQL client: one that drains takes none.
    pub(super) fn connect_sql(&self, client: &Client) -> Result<Server, CommandResult> {
        let server = self.connect(client)?;
        if server.member.is_some_and(|member| !self.takes_clients(member)) {
            return Err(client.fails("server is not accepting clients, try another node\nSQLSTATE: 57P01"));
        }
        match server.member.and_then(|_| self.waits(client)) {
            Some(result) => Err(result),
            None => Ok(server),
        }
    }

    /// What becomes of a request that needs the ranges of the system; `None`: they serve it.
    pub(super) fn waits(&self, client: &Client) -> Option<CommandResult> {
        let (range, wait) = self.obstacle(true)?;
        let limit = client.given.value(&["timeout"]).and_then(super::liveness::span);
        if let Some(limit) = limit.filter(|limit| *limit < wait) {
            let text = format!(
                "operation {:?} timed out after {}s: context deadline exceeded",
                client.command,
                limit.as_secs()
            );
            return Some(client.fails(&text).lasting(limit));
        }
        // Before there were breakers in 22.1 it just went on waiting.
        let wait = if client.version < Version::new("22.1") { Duration::from_hours(24) } else { wait };
        let why = format!("replica unavailable: unable to serve request to r{range}: lost quorum\nSQLSTATE: 58C01");
        Some(client.fails(&why).lasting(wait + Duration::from_millis(40)))
    }

    /// The host and the port that are meant.
    fn meant(&self, client: &Client) -> (String, String) {
        let url = client.given.value(&["url"]).map(|url| {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            let rest = rest.split(['/', '?']).next().unwrap_or_default();
            rest.rsplit('@').next().unwrap_or_default().to_owned()
        });
        let named = client.given.value(&["host"]).map(str::to_owned).or(url);
        let whole = named.or_else(|| client.shell.variable("COCKROACH_HOST").map(str::to_owned)).unwrap_or_default();
        let (name, port) = match whole.rsplit_once(':') {
            Some((name, port)) => (name.to_owned(), port.to_owned()),
            None => (whole, client.given.value(&["port", "p"]).map_or_else(|| SQL_PORT.to_string(), str::to_owned)),
        };
        (if name.is_empty() { "localhost".into() } else { name }, port)
    }

    fn check_security(&self, client: &Client) -> Result<(), CommandResult> {
        let has_none =
            client.given.options.iter().any(|(name, value)| name == "insecure" && value.as_deref() != Some("false"))
                || client.shell.variable("COCKROACH_INSECURE") == Some("true")
                || client.given.value(&["url"]).is_some_and(|url| url.contains("sslmode=disable"));
        if has_none {
            return match self.options.secure {
                true => Err(client.fails("node is running secure mode, SSL connection required\nSQLSTATE: 28000")),
                false => Ok(()),
            };
        }
        let folder = client.given.value(&["certs-dir"]).or_else(|| client.shell.variable("COCKROACH_CERTS_DIR"));
        let folder = folder.unwrap_or(CERTS).replace("${HOME}", "/home/operator");
        let files = self.files_at(client.shell.place);
        match files.read(&format!("{folder}/client.root.key"), &client.shell.user) {
            Ok(_) if self.options.secure => Ok(()),
            Ok(_) => Err(client.fails(
                "cannot establish secure connection to insecure server.\nMaybe use --insecure?\n\nserver refused TLS \
                 connection",
            )),
            Err(_) => Err(client.fails(&format!(
                "cannot load certificates.\nCheck your certificate settings, set --certs-dir, or use --insecure for \
                 insecure clusters.\n\nproblem using security settings: no certificates found in {folder}"
            ))),
        }
    }

    /// `cockroach start` as somebody types it on a host.
    fn start_by_hand(&mut self, call: &Call<'_>) -> CommandResult {
        let Place::Node(host) = call.shell.place else {
            return failed(1, "ERROR: this machine is no node\nFailed running \"start\"");
        };
        let fails = |why: &str| failed(1, &format!("ERROR: {why}\nFailed running \"start\""));
        if self.hosts[host].run().is_some() {
            return fails(
                "cockroach server exited with error: unable to lookup hostname or bind: listen tcp :26257: bind: \
                          address already in use",
            );
        }
        let program = if call.typed.contains('/') { call.typed } else { BINARY };
        let command: Vec<String> = [program.to_owned()].into_iter().chain(call.words.iter().cloned()).collect();
        let flags = Flags::of(&command);
        let store = self.hosts[host].files.get(&flags.store);
        let is_closed = store.is_some_and(|entry| entry.owner != call.shell.user) && !call.shell.is_root();
        if is_closed {
            return fails(&format!("cockroach server exited with error: open {}/LOCK: permission denied", flags.store));
        }
        let now = self.now;
        let start = Start { command, user: call.shell.user.clone(), is_unit: false };
        let wait = match self.start(host, start, now) {
            Ok(wait) => wait,
            Err(Unstartable::Exec(why)) => return failed(126, &format!("bash: {}: {why}", call.typed)),
        };
        if let Process::Starting { fails: Some(why), .. } = &self.hosts[host].process {
            return fails(&why.clone()).lasting(wait);
        }
        match flags.is_background {
            true => printed("").lasting(wait),
            // In the foreground it runs for as long as its terminal is there.
            false => printed("").lasting(Duration::from_hours(24)),
        }
    }

    /// `cockroach debug zip FILE`.
    fn debug_zip(&mut self, client: &Client) -> CommandResult {
        let [file] = client.given.operands.as_slice() else {
            return client.fails(&format!("accepts 1 arg(s), received {}", client.given.operands.len()));
        };
        let server = match self.connect_sql(client) {
            Ok(server) => server,
            Err(result) => return result,
        };
        let live: Vec<u32> = match server.member {
            Some(_) => self.belonging().filter(|&m| self.is_up(m)).map(|m| self.members[m].id).collect(),
            None => vec![1],
        };
        let address = format!("{}:{SQL_PORT}", self.hosts[server.host].name);
        let mut told = format!(
            "[cluster] establishing RPC connection to {address}...\n[cluster] using SQL address: {address}\n\
             [cluster] creating output file {file}: done\n[cluster] requesting nodes... received response... converting to \
             JSON... writing binary output: debug/nodes.json... done\n"
        );
        let mut content = format!("PK\u{3}\u{4} debug zip of {} at {}\n", self.cluster_id, self.now);
        for id in &live {
            told.push_str(&format!(
                "[node {id}] requesting data for debug/nodes/{id}/ranges... received response... done\n"
            ));
            content.push_str(&format!("debug/nodes/{id}/status.json\ndebug/nodes/{id}/logs/cockroach.log\n"));
        }
        for member in self.belonging().filter(|&member| !self.is_up(member)) {
            let id = self.members[member].id;
            told.push_str(&format!("[node {id}] node is not live, skipping\n"));
        }
        let (now, user, place) = (self.now, client.shell.user.clone(), client.shell.place);
        let wait = self.fate.millis(25_000, 70_000);
        let files = match place {
            Place::Bastion => &mut self.bastion,
            Place::Node(index) => &mut self.hosts[index].files,
        };
        match files.write(file, Entry { mode: 0o600, ..Entry::file(content, &user, now) }, &user) {
            Ok(()) => printed(&told).lasting(wait),
            Err(why) => client.fails(&format!("open {file}: {}", why.to_lowercase())),
        }
    }

    /// `cockroach auth-session login USER`.
    fn auth_session(&mut self, client: &Client) -> CommandResult {
        let [user] = client.given.operands.as_slice() else { return client.fails("accepts 1 arg(s), received 0") };
        if let Err(result) = self.connect_sql(client) {
            return result;
        }
        let cookie = self.session_cookie();
        match client.given.has(&["only-cookie"]) {
            true => printed(&format!("{cookie}\n")),
            false => {
                let mut table = Table::new(&["username", "session ID", "authentication cookie"]);
                table.rows.push(vec![Some(user.clone()), Some("893413786777878529".into()), Some(cookie)]);
                client.shows(&table)
            }
        }
    }

    /// What a signed-in browser sends.
    pub(super) fn session_cookie(&self) -> String {
        format!("session=CIGA{}; Path=/; HttpOnly; Secure", self.cluster_id.replace('-', ""))
    }
}

fn version_of(version: &Version, only_tag: bool) -> CommandResult {
    if only_tag {
        return printed(&format!("v{version}\n"));
    }
    let mut text = format!(
        "Build Tag:        v{version}\nBuild Time:       {}\nDistribution:     CCL\nPlatform:         linux amd64 \
         (x86_64-pc-linux-gnu)\nGo Version:       go1.19.13\nC Compiler:       gcc 6.5.0\nBuild Commit ID:  {}\n\
         Build Type:       release\n",
        build_time(version.as_str()),
        version.commit()
    );
    if *version >= Version::new("23.1") {
        text.push_str("Enabled Assertions: false\n");
    }
    printed(&text)
}

fn unknown_command(name: &str, above: &str) -> CommandResult {
    failed(
        1,
        &format!(
            "ERROR: unknown command {name:?} for {above:?}\nRun '{above} --help' for usage.\nFailed running \"{above}\""
        ),
    )
}

fn help() -> CommandResult {
    printed(
        "CockroachDB command-line interface and server.\n\nUsage:\n  cockroach [command]\n\nAvailable Commands:\n  start\n  \
         start-single-node\n  init\n  cert\n  sql\n  auth-session\n  node\n  debug\n  version\n  help\n\n\
         Use \"cockroach [command] --help\" for more information about a command.\n",
    )
}

fn usage(operands: &[&str]) -> CommandResult {
    let name = operands.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    let inner = match operands {
        ["node"] => "\n\nAvailable Commands:\n  ls\n  status\n  drain\n  decommission\n  recommission",
        _ => "",
    };
    printed(&format!("Usage:\n  cockroach {name} [flags]{inner}\n"))
}
