//! What can be made to go wrong, and the harm that is done.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::host::{ACCOUNT, Version};
use crate::practice::{FaultError, Ledger};

use super::state::{File, Process, Vault};

/// The faults, and what each does.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("wrong-share", "`node`, `times`: so often one of the shares that are collected for it is mistyped"),
    ("kill", "`node`: its process ends as by SIGKILL"),
    ("restart", "`node`: its process is killed and started again, and comes up sealed"),
    ("seal", "`node`: somebody seals it"),
    ("old-binary", "`node`: the package of before is put back under a server that is stopped or runs"),
    ("no-capability", "`node`: its binary loses the right to lock memory"),
    ("slow-election", "`seconds`: whenever nobody is active, the next election takes so much longer"),
    ("disk-full", "the bastion's disk is full until a large file is removed"),
];

/// What fills the bastion's disk.
pub(super) const FILLER: &str = "core.4021";

/// No node in active duty.
const NO_ACTIVE: &str = "no-active-node";
/// A node that takes no part: down, sealed or frozen.
const AWAY: &str = "away";
/// An older node won the election over newer data.
const OLDER: &str = "newer-to-older";

/// What went wrong, and what harm that did.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    wrong_shares: BTreeMap<usize, u64>,
    slow: Duration,
    is_older: Option<usize>,
    pub(super) harms: Ledger,
}

impl Vault {
    /// Makes something go wrong at `at`.
    pub(super) fn set_fault(&mut self, name: &str, with: &Map<String, Value>, at: Timestamp) -> Result<(), FaultError> {
        let known = FAULTS.iter().any(|(known, _)| *known == name);
        if !known {
            return Err(FaultError::Unknown(name.to_owned()));
        }
        let wrong = |problem: String| FaultError::Argument { fault: name.to_owned(), problem };
        let number = |key: &str| match with.get(key) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong(format!("`{key}` is a whole number"))),
        };
        let takes: &[&str] = match name {
            "slow-election" => &["seconds"],
            "disk-full" => &[],
            "wrong-share" => &["node", "times"],
            _ => &["node"],
        };
        if let Some(other) = with.keys().find(|key| !takes.contains(&key.as_str())) {
            return Err(wrong(format!("it takes no `{other}`")));
        }
        match name {
            "slow-election" => {
                let seconds = number("seconds")?.ok_or_else(|| wrong("it needs `seconds`".into()))?;
                self.trouble.slow = Duration::from_secs(seconds.min(3_600));
            }
            "disk-full" => {
                let file = File { content: vec![0; 1 << 16], at, snapshot: None };
                self.files.insert(format!("/home/{ACCOUNT}/{FILLER}"), file);
            }
            _ => {
                let index = self.meant_by(with.get("node")).ok_or_else(|| {
                    let names: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
                    wrong(format!("`node` is \"active\" or one of {}", names.join(", ")))
                })?;
                self.strike(name, index, number("times")?.unwrap_or(1), at);
            }
        }
        self.note_harm(at);
        Ok(())
    }

    fn meant_by(&self, node: Option<&Value>) -> Option<usize> {
        match node?.as_str()? {
            // Before an election it is the one that the others take for active, or else the first.
            "active" => self.named().or(Some(0)),
            name => self.find(name),
        }
    }

    fn strike(&mut self, name: &str, index: usize, times: u64, at: Timestamp) {
        match name {
            "wrong-share" => {
                self.trouble.wrong_shares.insert(index, times);
            }
            "kill" => self.kill(index, at),
            "restart" => {
                self.kill(index, at);
                self.start(index, at);
            }
            "seal" => self.seal_node(index, at),
            "old-binary" => {
                let old = Version::new(&self.options.old);
                self.nodes[index].install(&old, true, at);
            }
            _ => self.nodes[index].ipc_lock = false,
        }
    }

    /// Whether one of the shares that are now collected for that node is mistyped.
    pub(super) fn mistypes(&mut self, index: usize) -> bool {
        match self.trouble.wrong_shares.get_mut(&index) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Whether nothing can be written on the bastion.
    pub(super) fn is_disk_full(&self) -> bool {
        self.files.keys().any(|name| name.ends_with(FILLER))
    }

    /// By how much the next election is late.
    pub(super) fn slowness(&self) -> Duration {
        self.trouble.slow
    }

    /// An older node won the election over data of a newer form.
    pub(super) fn note_older(&mut self, index: usize) {
        self.trouble.is_older = Some(index);
    }

    /// The process was not shut down, but killed, by a person.
    pub(super) fn note_killed(&mut self, index: usize, at: Timestamp) {
        if matches!(self.nodes[index].process, Process::Up { .. }) {
            let was_active = if self.active() == Some(index) { ", which was active: its lock stays" } else { "" };
            let told = format!("{} was killed, not shut down{was_active}", self.nodes[index].name);
            self.done("killed", index, told, at);
        }
    }

    /// Another version is put on a node while there is no snapshot.
    pub(super) fn note_unsaved(&mut self, index: usize, at: Timestamp) {
        // What a DR secondary holds is its primary's, and it lets nobody take a snapshot.
        let is_saved = |file: &File| file.snapshot.as_ref().is_some_and(|held| held.cluster_id == self.cluster_id);
        if !self.replication.is_dr_secondary() && !self.files.values().any(is_saved) {
            let told = format!("the binary of {} was replaced, and there is no backup", self.nodes[index].name);
            self.done("no-backup", index, told, at);
        }
    }

    /// A node's data is put back to what it was.
    pub(super) fn note_lost(&mut self, index: usize, lost: u64, at: Timestamp) {
        if lost > 0 {
            let told = format!("{lost} entries written since the backup are gone from {}", self.nodes[index].name);
            self.done("data-lost", index, told, at);
        }
    }

    /// A node's data is destroyed.
    pub(super) fn note_wiped(&mut self, index: usize, at: Timestamp) {
        let told = format!("the data of {} was destroyed", self.nodes[index].name);
        self.done("destroyed", index, told, at);
    }

    fn done(&mut self, kind: &'static str, index: usize, told: String, at: Timestamp) {
        self.trouble.harms.done(kind, &self.nodes[index].name, told, at);
    }

    /// Notes what harm began or ended. Called after everything that changes something.
    pub(super) fn note_harm(&mut self, at: Timestamp) {
        let is_served = self.active().is_some();
        if is_served {
            self.trouble.is_older = None;
        }
        self.trouble.harms.stands(
            NO_ACTIVE,
            "",
            (!is_served).then(|| "no node is active: nothing is served".to_owned()),
            at,
        );
        let older = self.trouble.is_older.map(|index| {
            let node = &self.nodes[index];
            let running = node.running().map_or(String::new(), ToString::to_string);
            let told = format!("the duty went to {} on {running}, but the data is of {}", node.name, node.data.format);
            (node.name.clone(), told)
        });
        self.trouble.harms.stands(OLDER, "", older.map(|(_, told)| told), at);
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let why = match (&node.process, node.sealed) {
                (Process::Up { frozen: true, .. }, _) => Some("does not answer"),
                (Process::Up { .. }, false) => None,
                (Process::Up { .. }, true) => Some("is sealed"),
                _ => Some("is down"),
            };
            let name = node.name.clone();
            let told = why.map(|why| format!("{name} {why}"));
            self.trouble.harms.stands(AWAY, &name, told, at);
        }
    }
}
