//! What can be made to go wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::practice::FaultError;
use crate::practice::host::{Entry, Signal};

use super::state::{LICENSE, Nomad, SETTINGS, Stuck};

/// The faults and their arguments. `node` is the name of a host.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("stuck", "nothing is replicated to a server, now and after its next start: node, why (disk full, port closed)"),
    ("behind", "a server lies behind and catches up slowly: node, entries, pace (entries in a second, 20 without it)"),
    ("leaves-on-stop", "a host's settings have it leave when it is stopped: node, signal (interrupt, terminate, both)"),
    ("slow-start", "a host takes longer to come up: node, seconds"),
    ("no-room", "the clients have little room: room (allocations for each)"),
    ("filled", "a job fills what room the clients have, until it is stopped: count (of it; all the room without it)"),
    ("no-cleanup", "autopilot does not take dead servers out: none"),
    ("killed", "a host's process is killed, and systemd starts it again: node"),
    ("started", "somebody starts a host's unit again: node"),
    ("down", "a host's process is gone and stays so until somebody starts it: node"),
    ("frozen", "a host's process takes connections and answers none: node"),
    ("leader-killed", "the process of the leader is killed"),
    ("unlicensed", "a host's license file is empty: node"),
    ("mended", "a host that was stuck or slow is as others again: node"),
];

/// A fault's arguments, read one by one.
struct Given<'a> {
    fault: &'a str,
    arguments: &'a Map<String, Value>,
}

impl Given<'_> {
    fn wrong(&self, problem: String) -> FaultError {
        FaultError::Argument { fault: self.fault.to_owned(), problem }
    }

    fn text(&self, argument: &str) -> Option<&str> {
        self.arguments.get(argument).and_then(Value::as_str)
    }

    fn number(&self, argument: &str) -> Result<u64, FaultError> {
        let given = self.arguments.get(argument).and_then(Value::as_u64);
        given.ok_or_else(|| self.wrong(format!("{argument} is missing or no whole number")))
    }

    fn host(&self, cluster: &Nomad) -> Result<usize, FaultError> {
        let named = self.text("node").ok_or_else(|| self.wrong("node is missing".into()))?;
        cluster.find(named).ok_or_else(|| self.wrong(format!("there is no node {named:?}")))
    }
}

impl Nomad {
    pub(super) fn set_fault(&mut self, name: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        let given = Given { fault: name, arguments };
        match name {
            "stuck" => self.fault_stuck(&given)?,
            "behind" => {
                let (host, entries) = (given.host(self)?, given.number("entries")?);
                let server = self.server_of(host).ok_or_else(|| given.wrong("this node is no server".into()))?;
                let known = &mut self.servers[server];
                known.index = known.index.saturating_sub(entries).max(1);
                known.pace = Some(given.number("pace").unwrap_or(20).max(1));
            }
            "leaves-on-stop" => {
                let host = given.host(self)?;
                let (interrupt, terminate) = match given.text("signal") {
                    None | Some("both") => (true, true),
                    Some("interrupt") => (true, false),
                    Some("terminate") => (false, true),
                    Some(other) => return Err(given.wrong(format!("signal cannot be {other:?}"))),
                };
                self.leave_on(host, interrupt, terminate);
            }
            "slow-start" => {
                let (host, seconds) = (given.host(self)?, given.number("seconds")?);
                self.agents[host].slowness = Duration::from_secs(seconds);
            }
            "no-room" => {
                let room = usize::try_from(given.number("room")?).unwrap_or(usize::MAX);
                self.clients.iter_mut().for_each(|client| client.room = room);
            }
            "filled" => self.fault_filled(&given)?,
            "no-cleanup" => self.cleans_up = false,
            "killed" | "down" | "frozen" => {
                let host = given.host(self)?;
                let signal = if name == "frozen" { Signal::Freeze } else { Signal::Kill };
                self.deliver(host, signal, name == "down");
            }
            "started" => {
                let host = given.host(self)?;
                self.start(host);
            }
            "leader-killed" => {
                let leader = self.leader.ok_or_else(|| given.wrong("nobody leads".into()))?;
                self.deliver(leader, Signal::Kill, false);
            }
            "unlicensed" => {
                let host = given.host(self)?;
                let empty = Entry::file("", "nomad", self.now);
                self.agents[host].files.put(LICENSE, empty);
            }
            "mended" => {
                let host = given.host(self)?;
                self.agents[host].slowness = Duration::ZERO;
                if let Some(server) = self.server_of(host) {
                    self.unstick(server);
                }
            }
            other => return Err(FaultError::Unknown(other.to_owned())),
        }
        Ok(())
    }

    fn fault_filled(&mut self, given: &Given<'_>) -> Result<(), FaultError> {
        let count = if given.arguments.contains_key("count") { given.number("count")? } else { u64::MAX };
        self.fill(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(())
    }

    fn fault_stuck(&mut self, given: &Given<'_>) -> Result<(), FaultError> {
        let host = given.host(self)?;
        let server = self.server_of(host).ok_or_else(|| given.wrong("this node is no server".into()))?;
        let why = match given.text("why") {
            None | Some("disk full") => Stuck::Disk,
            Some("port closed") => Stuck::Port,
            Some(other) => return Err(given.wrong(format!("why cannot be {other:?}"))),
        };
        self.stick(server, why);
        Ok(())
    }

    /// The settings as written and as the process that runs has read them.
    fn leave_on(&mut self, host: usize, interrupt: bool, terminate: bool) {
        let agent = &mut self.agents[host];
        if agent.running().is_some() {
            agent.leaves_on = (interrupt, terminate);
        }
        let Some(entry) = agent.files.get(SETTINGS).cloned() else { return };
        let line = |line: &str| match line.split_once(" = ") {
            Some((key @ "leave_on_interrupt", _)) => format!("{key} = {interrupt}\n"),
            Some((key @ "leave_on_terminate", _)) => format!("{key} = {terminate}\n"),
            _ => format!("{line}\n"),
        };
        let text: String = entry.text().lines().map(line).collect();
        agent.files.put(SETTINGS, Entry { content: Some(text.into_bytes()), ..entry });
    }
}
