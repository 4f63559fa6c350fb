//! What can be made to go wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::practice::FaultError;
use crate::practice::host::Signal;

use super::state::{LICENSE, Nomad, SETTINGS};

/// The faults and their arguments. `node` is the name of a host.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("stuck", "nothing is replicated to a server, now and after its next start: node, why (disk full, port closed)"),
    ("leaves-on-stop", "a host's settings have it leave when it is stopped: node, signal (interrupt, terminate, both)"),
    ("slow-start", "a host takes longer to come up: node, seconds"),
    ("no-room", "the clients have little room: room (allocations for each)"),
    ("killed", "a host's process is killed, and systemd starts it again: node"),
    ("down", "a host's process is gone and stays so until somebody starts it: node"),
    ("frozen", "a host's process takes connections and answers none: node"),
    ("leader-killed", "the process of the leader is killed"),
    ("unlicensed", "a host's license file is empty: node"),
    ("mended", "a host that was stuck or slow is as others again: node"),
];

impl Nomad {
    pub(super) fn set_fault(&mut self, name: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        let wrong = |problem: String| FaultError::Argument { fault: name.to_owned(), problem };
        let text = |argument: &str| arguments.get(argument).and_then(Value::as_str);
        let host = || {
            let named = text("node").ok_or_else(|| wrong("node is missing".into()))?;
            self.find(named).ok_or_else(|| wrong(format!("there is no node {named:?}")))
        };
        let number = |argument: &str| {
            let given = arguments.get(argument).and_then(Value::as_u64);
            given.ok_or_else(|| wrong(format!("{argument} is missing or no whole number")))
        };
        match name {
            "stuck" => {
                let host = host()?;
                let server = self.server_of(host).ok_or_else(|| wrong("this node is no server".into()))?;
                let why = match text("why") {
                    None | Some("disk full") => "no space left on device",
                    Some("port closed") => "dial tcp: i/o timeout",
                    Some(other) => return Err(wrong(format!("why cannot be {other:?}"))),
                };
                self.servers[server].stuck = Some(why);
                self.settle();
            }
            "leaves-on-stop" => {
                let host = host()?;
                let (interrupt, terminate) = match text("signal") {
                    None | Some("both") => (true, true),
                    Some("interrupt") => (true, false),
                    Some("terminate") => (false, true),
                    Some(other) => return Err(wrong(format!("signal cannot be {other:?}"))),
                };
                self.leave_on(host, interrupt, terminate);
            }
            "slow-start" => {
                let (host, seconds) = (host()?, number("seconds")?);
                self.agents[host].slowness = Duration::from_secs(seconds);
            }
            "no-room" => {
                let room = number("room")?;
                self.clients.iter_mut().for_each(|client| client.room = usize::try_from(room).unwrap_or(usize::MAX));
            }
            "killed" => {
                let host = host()?;
                self.deliver(host, Signal::Kill, false);
            }
            "down" => {
                let host = host()?;
                self.deliver(host, Signal::Kill, true);
            }
            "frozen" => {
                let host = host()?;
                self.deliver(host, Signal::Freeze, false);
            }
            "leader-killed" => {
                let leader = self.leader.ok_or_else(|| wrong("nobody leads".into()))?;
                self.deliver(leader, Signal::Kill, false);
            }
            "unlicensed" => {
                let host = host()?;
                let now = self.now;
                let empty = crate::practice::host::Entry::file("", "nomad", now);
                self.agents[host].files.put(LICENSE, empty);
            }
            "mended" => {
                let host = host()?;
                self.agents[host].slowness = Duration::ZERO;
                if let Some(server) = self.server_of(host) {
                    self.servers[server].stuck = None;
                }
                self.settle();
            }
            other => return Err(FaultError::Unknown(other.to_owned())),
        }
        Ok(())
    }

    /// The settings as written and as the process that runs has read them.
    fn leave_on(&mut self, host: usize, interrupt: bool, terminate: bool) {
        let agent = &mut self.agents[host];
        if self_is_running(agent) {
            agent.leaves_on = (interrupt, terminate);
        }
        let Some(entry) = agent.files.get(SETTINGS).cloned() else { return };
        let line = |line: &str| match line.split_once(" = ") {
            Some((key @ "leave_on_interrupt", _)) => format!("{key} = {interrupt}\n"),
            Some((key @ "leave_on_terminate", _)) => format!("{key} = {terminate}\n"),
            _ => format!("{line}\n"),
        };
        let text: String = entry.text().lines().map(line).collect();
        agent.files.put(SETTINGS, crate::practice::host::Entry { content: Some(text.into_bytes()), ..entry });
    }
}

fn self_is_running(agent: &super::state::Agent) -> bool {
    agent.running().is_some()
}
