//! The command face: the cluster as hosts that are reached from the bastion.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{
    Arguments, Call, Entry, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Version, failed, printed, run,
};
use crate::practice::{CommandResult, Request, Response};

use super::releases;
use super::state::{ACCOUNT, BIN, IpfsCluster, Process};
use super::units::{DAEMON, USUAL};

impl IpfsCluster {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }

    /// The program behind a command on a host: its name and version.
    fn program_of(&self, index: usize, call: &Call<'_>) -> Option<(String, Version)> {
        let files = &self.peers[index].files;
        let path = if call.typed.contains('/') { call.typed.to_owned() } else { format!("{BIN}/{}", call.typed) };
        let (name, version) = files.see(&path, &call.shell.user).ok()?.as_program()?;
        Some((name, Version::new(&version)))
    }

    /// `nc -z -w SECONDS HOST PORT`, from a host.
    fn nc(&self, call: &Call<'_>) -> CommandResult {
        let given = Arguments::parse(call.words, "wps", &[]);
        let [host, port] = given.operands.as_slice() else { return failed(1, "nc: missing port number") };
        let target = self.peers.iter().position(|peer| peer.address == *host || peer.name == *host);
        let here = match call.shell.place {
            Place::Node(index) => Some(index),
            Place::Bastion => None,
        };
        let local = matches!(host.as_str(), "127.0.0.1" | "localhost");
        let Some(index) = target.or(here.filter(|_| local)) else {
            return failed(1, &format!("nc: getaddrinfo for host \"{host}\" port {port}: Name or service not known"));
        };
        let peer = &self.peers[index];
        let is_cut_off = here != Some(index) && (peer.is_cut_off || here.is_some_and(|at| self.peers[at].is_cut_off));
        if is_cut_off {
            let patience = given.value(&["w"]).and_then(|text| text.parse().ok()).unwrap_or(130);
            return failed(1, "").lasting(Duration::from_secs(patience));
        }
        let is_up = matches!(peer.process, Process::Up { .. });
        let listens = match port.as_str() {
            "9096" => is_up,
            "9094" => is_up && here == Some(index),
            "4001" => peer.daemon.is_up,
            "5001" => peer.daemon.is_up && here == Some(index),
            "22" => peer.is_reachable,
            _ => false,
        };
        let is_told = given.has(&["v"]);
        let told =
            |how: &str| if is_told { format!("Connection to {host} {port} port [tcp/*] {how}") } else { String::new() };
        CommandResult { exit: i32::from(!listens), ..failed(0, &told(if listens { "succeeded!" } else { "refused" })) }
    }

    /// `curl` of an API on the host itself; `None`: it is something else that is to be fetched.
    fn curl(&mut self, index: usize, call: &Call<'_>) -> Option<CommandResult> {
        let given = Arguments::parse(call.words, "XHudomw", &["request", "header", "user", "data", "max-time"]);
        let url = given.operands.iter().find(|word| word.contains("127.0.0.1:") || word.contains("localhost:"))?;
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let (host, target) = rest.split_once('/').unwrap_or((rest, ""));
        let name = self.peers[index].name.clone();
        let node = match host.rsplit(':').next() {
            Some("9094") => name,
            Some("5001") => format!("{name}/ipfs"),
            _ => String::new(),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        if let Some(pair) = given.value(&["u", "user"]) {
            headers.push(("authorization".to_owned(), super::control::basic(pair)));
        }
        let request = Request {
            node,
            method: given.value(&["X", "request"]).unwrap_or("GET").to_owned(),
            path: format!("/{path}"),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        };
        let is_told = !given.has(&["s", "silent"]) || given.has(&["S", "show-error"]);
        let fails =
            |exit: i32, why: &str| failed(exit, &if is_told { format!("curl: ({exit}) {why}") } else { String::new() });
        Some(match self.serve(&request) {
            Response::Answer { status, .. } if status >= 400 && given.has(&["f", "fail"]) => {
                fails(22, &format!("The requested URL returned error: {status}"))
            }
            Response::Answer { body, .. } => printed(&String::from_utf8_lossy(&body)),
            Response::Refused => fails(7, &format!("Failed to connect to {host}: Connection refused")),
            Response::Silent => fails(28, "Operation timed out").lasting(Duration::from_mins(2)),
        })
    }
}

impl Hosts for IpfsCluster {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.name == name || peer.address == name)
    }

    fn host_name(&self, index: usize) -> String {
        self.peers[index].name.clone()
    }

    fn environment(&self, _place: Place) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn is_reachable(&self, index: usize) -> bool {
        self.peers[index].is_reachable
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        match (call.name, call.shell.place) {
            ("nc", _) => return Some(self.nc(call)),
            (_, Place::Bastion) => return None,
            ("systemd-run", _) => return Some(self.systemd_run(call)),
            ("curl", Place::Node(index)) => return self.curl(index, call),
            _ => {}
        }
        let Place::Node(index) = call.shell.place else { return None };
        let (name, version) = self.program_of(index, call)?;
        Some(match name.as_str() {
            "ipfs-cluster-service" => self.service_command(index, &version, call),
            "ipfs-cluster-ctl" => self.control_command(index, &version, call.words),
            _ => self.ipfs_command(call),
        })
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        Some(match place {
            Place::Bastion => &mut self.bastion,
            Place::Node(index) => &mut self.peers[index].files,
        })
    }

    fn download(&mut self, _place: Place, url: &str) -> Result<Entry, (i32, String)> {
        let Some(path) = url.strip_prefix("https://dist.ipfs.tech/") else {
            let host = url.split("//").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
            return Err((6, format!("Could not resolve host: {host}")));
        };
        let known = [self.options.old.as_str(), self.options.target.as_str()];
        let Some((program, version, platform)) = releases::published(path, &known) else {
            return Err((22, "The requested URL returned error: 404".into()));
        };
        let mut archive = releases::archive(program, version, platform);
        if self.spoils_downloads {
            archive.content.get_or_insert_default().extend(b"<html>cached by a proxy</html>");
        }
        Ok(archive)
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        self.all_units(index)
    }

    fn order(&mut self, index: usize, unit: &str, order: Order) -> CommandResult {
        self.obey(index, unit, order)
    }

    fn journal(&self, index: usize, unit: &str) -> Option<&Log> {
        let peer = &self.peers[index];
        Some(match unit {
            USUAL => &peer.log,
            DAEMON => &peer.daemon.log,
            _ => &peer.join_log,
        })
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let peer = &self.peers[index];
        let listed = |pid: u32, name: &str, command: String, is_frozen: bool| Listed {
            pid,
            user: ACCOUNT.into(),
            name: name.into(),
            command,
            is_frozen,
        };
        let mut all = Vec::new();
        if peer.daemon.is_up {
            all.push(listed(peer.daemon.pid, "ipfs", format!("{BIN}/ipfs daemon"), false));
        }
        let is_frozen = matches!(peer.process, Process::Up { frozen: true, .. });
        all.extend(
            peer.launched().map(|launch| listed(launch.pid, "ipfs-cluster-se", launch.command.clone(), is_frozen)),
        );
        all.sort_by_key(|process| process.pid);
        all
    }

    fn signal(&mut self, index: usize, pid: u32, signal: Signal) {
        let at = self.now;
        if self.peers[index].daemon.pid == pid && self.peers[index].daemon.is_up {
            if matches!(signal, Signal::Kill | Signal::Terminate | Signal::Interrupt | Signal::Deadly(_)) {
                self.peers[index].daemon.is_up = false;
            }
            return;
        }
        self.deliver(index, signal, at);
    }
}
