//! What can be made to go wrong, as changes of the state.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::practice::FaultError;
use crate::practice::host::{Entry, Order, Signal, Version};

use super::disk::{self, FOLDER};
use super::releases;
use super::state::{ACCOUNT, BIN, IpfsCluster, Process};
use super::units::DAEMON;

/// The faults and what each does. Where a node is named it may be left out: then all are meant.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("leave-on-shutdown", "node: its peer leaves the cluster whenever it shuts down, and puts its state away"),
    ("old-version", "node: the old binaries lie in their place again, and what runs there runs them"),
    ("comes-back", "node, seconds: something starts the peer again that long after each end"),
    ("kept-up", "node, seconds: systemd starts the peer again that long after each end but a stop of its own"),
    ("spoilt-export", "node, file: an export there becomes one of another version's form"),
    ("short-leader-wait", "node, seconds: its peer gives up that soon when it finds no leader"),
    ("removed", "node: its peer was taken out of its cluster, and has put its state away"),
    ("old-state-back", "node: its state is put away, and the oldest backup lies under the state's name"),
    ("state-lost", "node: its peer dies, and the state on its disk is gone"),
    ("ipfs-down", "node: the IPFS daemon beside the peer ends"),
    ("ipfs-up", "node: the IPFS daemon is started again"),
    ("killed", "node: the peer's process dies at once"),
    ("frozen", "node: the peer's process is held and answers nothing"),
    ("cut-off", "node: no other peer reaches it"),
    ("reconnected", "node: the others reach it again"),
    ("ssh-down", "node: the host cannot be reached by ssh"),
    ("disk-full", "node: nothing more can be written there"),
    ("slow-conversion", "node, seconds: converting a state takes that much longer there"),
    ("spoilt-downloads", "what is fetched from now on is not what was published"),
    ("list-breaks-off", "node: its lists of peers break off, which is told behind them"),
    ("clock-off", "node, seconds: its clock goes wrong by that much"),
];

impl IpfsCluster {
    /// Makes something go wrong from now on.
    pub(super) fn go_wrong(&mut self, name: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        if !FAULTS.iter().any(|(known, _)| *known == name) {
            return Err(FaultError::Unknown(name.to_owned()));
        }
        let wrong = |problem: &str| FaultError::Argument { fault: name.to_owned(), problem: problem.to_owned() };
        let nodes = match arguments.get("node") {
            None => (0..self.peers.len()).collect(),
            Some(Value::String(node)) => {
                vec![self.find(node).ok_or_else(|| wrong(&format!("there is no node {node:?}")))?]
            }
            Some(_) => return Err(wrong("node is no text")),
        };
        let seconds = match arguments.get("seconds") {
            None => None,
            Some(value) => Some(value.as_i64().ok_or_else(|| wrong("seconds is no whole number"))?),
        };
        let file = match arguments.get("file") {
            None => "/var/tmp/ipfs-cluster-state.export",
            Some(value) => value.as_str().ok_or_else(|| wrong("file is no text"))?,
        };
        let positive = |usual: i64| u64::try_from(seconds.unwrap_or(usual)).map_err(|_| wrong("seconds is below zero"));
        match name {
            "slow-conversion" => {
                let longer = positive(60)? * 1_000;
                nodes.into_iter().for_each(|index| self.peers[index].slow_conversion = longer);
            }
            "spoilt-downloads" => self.spoils_downloads = true,
            "short-leader-wait" => {
                let wait = positive(3)?;
                nodes.into_iter().for_each(|index| self.shorten_wait(index, wait));
            }
            "comes-back" | "kept-up" => {
                let wait = Duration::from_secs(positive(10)?);
                for index in nodes {
                    let is_down = matches!(self.peers[index].process, Process::Down { .. });
                    self.peers[index].comes_back = Some(wait);
                    self.peers[index].is_kept_up = name == "kept-up";
                    self.peers[index].comes_back_at = is_down.then(|| self.now.plus(wait));
                }
            }
            "clock-off" => nodes.into_iter().for_each(|i| self.peers[i].clock_off = seconds.unwrap_or(60) * 1_000),
            "spoilt-export" => {
                for index in nodes {
                    self.spoil_export(index, file).map_err(|why| wrong(&why))?;
                }
            }
            name => nodes.into_iter().for_each(|index| self.strike(index, name)),
        }
        Ok(())
    }

    /// A fault that needs nothing but its node.
    fn strike(&mut self, index: usize, name: &str) {
        let at = self.now;
        match name {
            "leave-on-shutdown" => {
                self.rewrite(index, "\"leave_on_shutdown\": false", "\"leave_on_shutdown\": true");
                if let Process::Up { launch, .. } = &mut self.peers[index].process {
                    launch.settings.leaves = true;
                }
            }
            "old-version" => self.stay_old(index),
            "state-lost" => {
                self.deliver(index, Signal::Kill, at);
                let version = Version::new(&self.options.target);
                let data = self.place(FOLDER, &version).data();
                self.peers[index].files.take(&data);
            }
            "removed" => self.was_removed(index),
            "old-state-back" => self.goes_back(index),
            "ipfs-down" => drop(self.obey(index, DAEMON, Order::Stop)),
            "ipfs-up" => drop(self.obey(index, DAEMON, Order::Start { wait: true })),
            "killed" => drop(self.deliver(index, Signal::Kill, at)),
            "frozen" => drop(self.deliver(index, Signal::Freeze, at)),
            "cut-off" | "reconnected" => {
                self.peers[index].is_cut_off = name == "cut-off";
                for peer in self.peers.iter_mut().filter(|peer| peer.is_alive()) {
                    peer.memory.syncs_at = peer.memory.syncs_at.or(Some(at.plus(Duration::from_secs(2))));
                    peer.memory.next_ping = at;
                }
                self.settle(at);
            }
            "ssh-down" => self.peers[index].is_reachable = false,
            "disk-full" => self.peers[index].files.taken = self.peers[index].files.size,
            _ => self.peers[index].breaks_off = true,
        }
    }

    /// Changes the configuration of a peer, as an editor does.
    fn rewrite(&mut self, index: usize, old: &str, new: &str) {
        let at = self.now;
        let path = format!("{FOLDER}/service.json");
        let files = &mut self.peers[index].files;
        if let Some(entry) = files.get(&path).cloned() {
            let text = entry.text().replace(old, new);
            files.put(&path, Entry { content: Some(text.into_bytes()), at, ..entry });
        }
    }

    fn shorten_wait(&mut self, index: usize, seconds: u64) {
        let current = disk::settings(&self.peers[index].files, FOLDER, "root");
        let known = current.map_or(15_000, |(settings, _)| settings.wait_for_leader) / 1_000;
        let line = |seconds: u64| format!("\"wait_for_leader_timeout\": \"{seconds}s\"");
        self.rewrite(index, &line(known), &line(seconds));
    }

    /// As `peers rm` does it; of one that is down only what that leaves behind is there: the state in a backup.
    fn was_removed(&mut self, index: usize) {
        let at = self.now;
        if self.peers[index].is_ready() {
            self.vacate(index, index, at);
            // The last one stays, as it does when it is asked.
            let _refused = self.remove_from_peerset(index, index, at);
            return;
        }
        self.deliver(index, Signal::Kill, at);
        let place = self.place(FOLDER, &Version::new(&self.options.old));
        let consensus = self.options.consensus.word();
        let peer = &mut self.peers[index];
        peer.log(at, "INFO", "cluster", "peer no longer in peerset. Initiating shutdown");
        let told = disk::clean(&mut peer.files, &place);
        peer.log(at, "INFO", consensus, &told);
        self.note_disaster();
    }

    /// Somebody has renamed an old backup, so that something may run.
    fn goes_back(&mut self, index: usize) {
        let at = self.now;
        self.deliver(index, Signal::Kill, at);
        let place = self.place(FOLDER, &Version::new(&self.options.old));
        disk::restore_oldest(&mut self.peers[index].files, &place, ACCOUNT, at);
        self.note_disaster();
    }

    /// The old binaries lie in their place again, and what runs is started anew with them.
    fn stay_old(&mut self, index: usize) {
        let (at, old) = (self.now, self.options.old.clone());
        for program in releases::PROGRAMS {
            self.peers[index].files.put(&format!("{BIN}/{program}"), Entry::program(program, &old, "root", at));
        }
        if self.peers[index].running().is_some_and(|launch| launch.version.as_str() != old) {
            self.deliver(index, Signal::Kill, at);
            self.start_usual(index, at);
        }
    }

    fn spoil_export(&mut self, index: usize, file: &str) -> Result<(), String> {
        let files = &mut self.peers[index].files;
        let Some(entry) = files.get(file).filter(|entry| !entry.is_folder()).cloned() else {
            return Err(format!("there is no file {file:?}"));
        };
        let text = entry.text();
        let lines: Vec<&str> = text.lines().collect();
        let turned = format!("[{}]\n", lines.join(","));
        files.put(file, Entry { content: Some(turned.into_bytes()), ..entry });
        Ok(())
    }
}
