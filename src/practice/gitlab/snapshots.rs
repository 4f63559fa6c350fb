//! Snapshots of machines: the pool in which they lie, how they are taken, and what becomes of the test instance when
//! they are put back there.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{failed, printed};

use super::state::{Data, Gitlab, REAL, TEST};

/// How many snapshots the pool holds.
const POOL: usize = 12;

/// What the place's script is asked for.
const USAGE: &str = "usage: snapshot-node NODE | --list | --delete SNAPSHOT";

/// A snapshot of one machine.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// When it was taken.
    moment: Timestamp,
    /// When, as far as was known then, the application had written last.
    written: Timestamp,
    data: Data,
}

impl Gitlab {
    /// `snapshot-node`: takes a snapshot of one machine, of this very moment; lists them; deletes one.
    pub(super) fn snapshot(&mut self, words: &[String]) -> CommandResult {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["--list"] => self.list_snapshots(),
            ["--delete", name] => self.delete_snapshot(name),
            [target] if !target.starts_with('-') => self.take_snapshot(target),
            _ => failed(64, USAGE),
        }
    }

    fn take_snapshot(&mut self, target: &str) -> CommandResult {
        let Some(index) = self.find(target) else {
            return failed(1, &format!("snapshot-node: {target}: no such machine"));
        };
        // A new one is written before the one that it replaces is given up.
        let taken = self.old_snapshots.len() + self.snapshots.len();
        if taken >= POOL {
            let told =
                format!("snapshot-node: {target}: No space left in pool snapshots ({taken} of {POOL} are taken)");
            return failed(1, &told).lasting(Duration::from_secs(6));
        }
        let (now, instance) = (self.now, self.nodes[index].instance);
        let data = Data { moment: now, ..self.instances[instance].data.clone() };
        let snapshot = Snapshot { moment: now, written: self.written_last(instance), data };
        self.snapshots.insert(target.to_owned(), snapshot);
        printed(&format!("snapshot of {target} taken at {now}\n")).lasting(Duration::from_secs(30))
    }

    /// When the application wrote last: now, while any of it runs.
    fn written_last(&self, instance: usize) -> Timestamp {
        let nodes = self.nodes.iter().filter(|node| node.instance == instance);
        let writers = nodes.flat_map(|node| &node.services).filter(|one| matches!(one.name, "puma" | "sidekiq"));
        let last = writers.map(|one| if one.runs(self.now) { self.now } else { one.left });
        last.max().unwrap_or(self.now)
    }

    fn list_snapshots(&self) -> CommandResult {
        let mut text = self.old_snapshots.iter().map(|name| format!("{name}\n")).collect::<String>();
        for (node, snapshot) in &self.snapshots {
            text.push_str(&format!("{node}@{}\n", snapshot.moment));
        }
        let taken = self.old_snapshots.len() + self.snapshots.len();
        printed(&format!("{text}{taken} of {POOL} are taken\n"))
    }

    fn delete_snapshot(&mut self, name: &str) -> CommandResult {
        let before = self.old_snapshots.len() + self.snapshots.len();
        self.old_snapshots.retain(|old| old != name);
        self.snapshots.retain(|node, snapshot| format!("{node}@{}", snapshot.moment) != name);
        match before == self.old_snapshots.len() + self.snapshots.len() {
            true => failed(1, &format!("snapshot-node: {name}: no such snapshot")),
            false => printed(&format!("{name} deleted\n")).lasting(Duration::from_secs(4)),
        }
    }

    /// Somebody has left the pool full: what lies there is old, of each machine in its turn.
    pub(super) fn fill_pool(&mut self) {
        let real: Vec<String> =
            self.nodes.iter().filter(|node| node.instance == REAL).map(|node| node.name.clone()).collect();
        let room = POOL.saturating_sub(self.snapshots.len());
        let name = |number: usize| format!("{}@2024-{:02}-03", real[number % real.len()], 1 + number / real.len());
        self.old_snapshots = (0..room).map(name).collect();
    }

    /// Puts the snapshots of all machines back onto the test instance. Those of different moments make no instance,
    /// unless nothing was written between the first and the last of them.
    pub(super) fn restore_snapshots(&mut self, words: &[String]) -> CommandResult {
        if !words.is_empty() {
            return failed(64, "usage: restore-snapshots");
        }
        let real = self.nodes.iter().filter(|node| node.instance == REAL).map(|node| node.name.as_str());
        let (found, missing): (Vec<_>, Vec<_>) = real.partition(|name| self.snapshots.contains_key(*name));
        let taken: Vec<&Snapshot> = found.iter().filter_map(|name| self.snapshots.get(*name)).collect();
        let (Some(first), Some(moment)) = (taken.first(), taken.iter().map(|one| one.moment).min()) else {
            return failed(1, "restore-snapshots: there is none");
        };
        let is_one_moment = taken.iter().all(|one| one.moment == moment || one.written <= moment);
        let mut restored = first.data.clone();
        restored.is_mixed |= !missing.is_empty() || !is_one_moment;
        let note = match missing.is_empty() {
            true => String::new(),
            false => format!("no snapshot of: {}; left as they are\n", missing.join(", ")),
        };
        let told = format!("{note}{} snapshots put back\n", taken.len());
        self.instances[TEST].data = restored;
        if let Some(index) = self.console(TEST) {
            let key = self.console(REAL).map(|real| self.nodes[real].key.clone()).unwrap_or_default();
            self.nodes[index].key = key;
        }
        printed(&told).lasting(Duration::from_secs(240))
    }
}
