//! The balancer before the cluster: HAProxy on a host of its own. Its settings lie in a file, and count from its start or
//! reload on.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Call, Entry, Files, Log, Order, Unit, UnitState, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::state::{Cockroach, Process};

/// The host's name.
pub(super) const BALANCER: &str = "lb-1";

/// Where its settings lie.
pub(super) const SETTINGS: &str = "/etc/haproxy/haproxy.cfg";

/// The port of its own page.
pub(super) const STATS_PORT: &str = "8404";

/// What it ought to ask a node, and what says nothing of draining.
const READY: &str = "/health?ready=1";
const ALIVE: &str = "/health";

/// What a line of its settings may begin with.
const KEYWORDS: &[&str] = &[
    "global",
    "defaults",
    "listen",
    "frontend",
    "backend",
    "maxconn",
    "mode",
    "timeout",
    "option",
    "bind",
    "balance",
    "default-server",
    "server",
    "stats",
    "log",
    "http-check",
    "default_backend",
    "user",
    "group",
    "daemon",
    "chroot",
];

/// What its process works by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Settings {
    /// The page that it asks a node for; `None`: whether the port takes connections.
    asks: Option<String>,
    /// The hosts that it sends clients to, by their numbers.
    servers: Vec<usize>,
}

/// The balancer's host.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    pub(super) files: Files,
    pub(super) log: Log,
    pid: u32,
    /// What its process works by; `None`: there is none.
    works_by: Option<Settings>,
    has_failed: bool,
    /// The hosts that it takes for up.
    up: Vec<usize>,
}

impl Balancer {
    /// As it has run for long: it asks whether a node is ready.
    pub(super) fn new(hosts: &[String], at: Timestamp) -> Self {
        let mut files = Files::new(at);
        files.put(SETTINGS, Entry::file(text(hosts, READY), "root", at));
        let all: Vec<usize> = (0..hosts.len()).collect();
        let works_by = Some(Settings { asks: Some(READY.into()), servers: all.clone() });
        Self { files, log: Log::default(), pid: 741, works_by, has_failed: false, up: all }
    }
}

/// Settings as `cockroach gen haproxy` makes them.
fn text(hosts: &[String], asks: &str) -> String {
    let server = |name: &String| format!("    server {name} {name}:26257 check port 8080\n");
    format!(
        "global\n    maxconn 4096\n\ndefaults\n    mode                tcp\n    timeout connect     10s\n    timeout client      \
         10m\n    timeout server      10m\n    option              clitcpka\n\nlisten psql\n    bind :26257\n    mode tcp\n    \
         balance roundrobin\n    option httpchk GET {asks}\n    default-server inter 2s fall 1 rise 1\n{}\nlisten stats\n    bind \
         :{STATS_PORT}\n    mode http\n    stats enable\n    stats uri /stats\n",
        hosts.iter().map(server).collect::<String>()
    )
}

impl Cockroach {
    /// Whether a host's number is that of the balancer: it comes behind the nodes.
    pub(super) fn is_balancer(&self, index: usize) -> bool {
        index == self.hosts.len()
    }

    /// Reads the settings. `Err` is what HAProxy says of them.
    fn read_settings(&self) -> Result<Settings, String> {
        let known = self.balancer.files.get(SETTINGS).map(Entry::text);
        let text =
            known.ok_or_else(|| format!("[ALERT]    (1) : Cannot open configuration file/directory {SETTINGS}\n"))?;
        let mut settings = Settings::default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            match words.as_slice() {
                ["option", "httpchk", rest @ ..] => {
                    settings.asks = Some(rest.iter().find(|word| word.starts_with('/')).unwrap_or(&"/").to_string());
                }
                ["server", _, address, ..] => {
                    let host = address.split(':').next().unwrap_or_default();
                    let found = self.find(host).ok_or_else(|| {
                        let place = format!("[{SETTINGS}:{}]", number + 1);
                        format!("[ALERT]    (1) : config : parsing {place} : 'server' : could not resolve address '{host}'.\n")
                    });
                    settings.servers.push(found?);
                }
                [word, ..] if !KEYWORDS.contains(word) => {
                    let place = format!("[{SETTINGS}:{}]", number + 1);
                    return Err(format!("[ALERT]    (1) : config : parsing {place} : unknown keyword '{word}'.\n"));
                }
                _ => {}
            }
        }
        Ok(settings)
    }

    /// Somebody has it ask that page, and it has read so.
    pub(super) fn balance_by(&mut self, asks_ready: bool) {
        let (asks, at) = (if asks_ready { READY } else { ALIVE }, self.now);
        let text = text(&self.options.hosts, asks);
        self.balancer.files.put(SETTINGS, Entry::file(text, "root", at));
        self.balancer.works_by = self.read_settings().ok();
    }

    /// Whether the balancer sends requests to that host.
    pub(super) fn is_sent_to(&self, host: usize) -> bool {
        let Some(settings) = self.balancer.works_by.as_ref().filter(|settings| settings.servers.contains(&host)) else {
            return false;
        };
        match (&self.hosts[host].process, &settings.asks) {
            (Process::Up { frozen: false, .. }, Some(page)) => self.passes(host, page),
            (Process::Up { .. }, _) => true,
            // It finds out by itself.
            (Process::Down { failed: true, .. }, _) => self.is_gone_unnoticed(host),
            (Process::Down { .. } | Process::Starting { .. }, _) => false,
        }
    }

    fn passes(&self, host: usize, page: &str) -> bool {
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        let request = Request {
            node: self.hosts[host].name.clone(),
            method: "GET".into(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        matches!(self.serve(&request, false), Response::Answer { status, .. } if status < 400)
    }

    /// The balancer notes which servers came up and went down for it. Called after everything that changes something.
    pub(super) fn watch_servers(&mut self, at: Timestamp) {
        let Some(settings) = &self.balancer.works_by else { return };
        let up: Vec<usize> = settings.servers.iter().copied().filter(|&host| self.is_sent_to(host)).collect();
        if up == self.balancer.up {
            return;
        }
        let before = std::mem::replace(&mut self.balancer.up, up.clone());
        let (pid, left) = (self.balancer.pid, up.len());
        for host in 0..self.hosts.len() {
            let (was_up, is_up) = (before.contains(&host), up.contains(&host));
            if was_up != is_up {
                let (name, word) = (&self.hosts[host].name, if is_up { "UP" } else { "DOWN" });
                let line = format!("Server psql/{name} is {word}. {left} active and 0 backup servers left.");
                self.balancer.log.push(at, pid, line);
            }
        }
    }

    /// The unit on the balancer's host.
    pub(super) fn balancer_unit(&self) -> Unit {
        let is_up = self.balancer.works_by.is_some();
        let state = match (is_up, self.balancer.has_failed) {
            (true, _) => UnitState::Active,
            (false, true) => UnitState::Failed,
            (false, false) => UnitState::Inactive,
        };
        Unit {
            name: "haproxy".into(),
            description: "HAProxy Load Balancer".into(),
            file: "/usr/lib/systemd/system/haproxy.service".into(),
            state,
            pid: self.balancer.pid,
            program: "haproxy".into(),
            command: format!("/usr/sbin/haproxy -Ws -f {SETTINGS} -p /run/haproxy.pid"),
            is_enabled: true,
            has_process: is_up,
            properties: vec![("Restart".into(), "always".into())],
        }
    }

    /// What becomes of an order of systemctl there.
    pub(super) fn obey_balancer(&mut self, order: Order) -> CommandResult {
        let is_up = self.balancer.works_by.is_some();
        match order {
            Order::Start { .. } if is_up => printed(""),
            Order::Reload if !is_up => failed(1, "haproxy.service is not active, cannot reload."),
            Order::Start { .. } | Order::Restart | Order::Reload => self.load_balancer(order),
            Order::Stop => {
                (self.balancer.works_by, self.balancer.has_failed) = (None, false);
                printed("").lasting(Duration::from_millis(200))
            }
            // systemd starts it anew at once.
            Order::Kill(_) | Order::Enable | Order::Disable => printed(""),
        }
    }

    /// It reads its settings. With wrong ones a reload leaves the process as it is, and a start fails.
    fn load_balancer(&mut self, order: Order) -> CommandResult {
        let (read, now) = (self.read_settings(), self.now);
        if !matches!(order, Order::Reload) {
            self.next_pid += 7;
            self.balancer.pid = self.next_pid;
        }
        let pid = self.balancer.pid;
        match read {
            Ok(settings) => {
                (self.balancer.works_by, self.balancer.has_failed) = (Some(settings), false);
                self.balancer.log.push(now, pid, "New worker forked, loading success.");
                printed("").lasting(Duration::from_millis(400))
            }
            Err(why) => {
                self.balancer.log.push(now, pid, why.trim_end());
                if !matches!(order, Order::Reload) {
                    (self.balancer.works_by, self.balancer.has_failed) = (None, true);
                }
                failed(
                    1,
                    "Job for haproxy.service failed because the control process exited with error code.\n\
                     See \"systemctl status haproxy.service\" and \"journalctl -xeu haproxy.service\" for details.",
                )
            }
        }
    }

    /// A program on the balancer's host; `None`: there is none of that name.
    pub(super) fn on_balancer(&self, call: &Call<'_>) -> Option<CommandResult> {
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        Some(match (call.name, words.as_slice()) {
            ("haproxy", ["-v"]) => printed("HAProxy version 2.8.5-1 2023/12/09 - https://haproxy.org/\n"),
            ("haproxy", words) if words.contains(&"-c") => match self.read_settings() {
                Ok(_) => printed("Configuration file is valid\n"),
                Err(why) => failed(1, &format!("{why}[ALERT]    (1) : config : Fatal errors found in configuration.")),
            },
            ("haproxy", _) => {
                failed(1, "HAProxy version 2.8.5-1 2023/12/09\nUsage : haproxy [-f <cfgfile|cfgdir>]* [ -vdVD ]")
            }
            _ => return None,
        })
    }

    /// A page of the balancer: its figures, as a table or as csv. `None`: nobody listens there.
    pub(super) fn balancer_page(&self, port: &str, target: &str) -> Option<(u16, String)> {
        let settings = self.balancer.works_by.as_ref().filter(|_| port == STATS_PORT)?;
        if target.split(['?', ';']).next() != Some("/stats") {
            return Some((503, "<html><body><h1>503 Service Unavailable</h1>\n</body></html>\n".into()));
        }
        let row = |host: &usize| {
            let status = if self.is_sent_to(*host) { "UP" } else { "DOWN" };
            format!("psql,{},{status},,\n", self.hosts[*host].name)
        };
        let rows: String = settings.servers.iter().map(row).collect();
        let tally = &self.clients.tally;
        let lost = (tally.refused + tally.stalled) as u64;
        let csv =
            format!("# pxname,svname,status,stot,eresp\n{rows}psql,BACKEND,UP,{},{lost}\n", tally.served as u64 + lost);
        let is_csv = target.ends_with(";csv");
        Some((
            200,
            if is_csv { csv } else { format!("<title>Statistics Report for HAProxy</title>\n<pre>\n{csv}</pre>\n") },
        ))
    }
}
