//! How a peer's process starts, ends and freezes.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Signal, Version};

use super::disk::{self, Place, Saved};
use super::releases;
use super::state::{ACCOUNT, BIN, Consensus, IpfsCluster, Launch, Memory, Process, UnitName};

/// What is asked for when a process is started.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) unit: UnitName,
    pub(super) command: String,
    pub(super) version: Version,
    pub(super) folder: String,
    pub(super) bootstrap: Option<(String, String)>,
    /// Whether an old state is to be converted, where that is not done by itself.
    pub(super) upgrades: bool,
}

impl IpfsCluster {
    /// Where the things of a peer lie, for a program of that version.
    pub(super) fn place(&self, folder: &str, version: &Version) -> Place {
        let consensus = self.options.consensus;
        let data = match consensus {
            Consensus::Raft => releases::raft_folder(version),
            Consensus::Crdt => disk::DATASTORE,
        };
        Place { folder: folder.to_owned(), consensus, data }
    }

    /// Starts the usual unit, unless a process is there. How long until it listens or has failed.
    pub(super) fn start_usual(&mut self, index: usize, at: Timestamp) -> Duration {
        self.peers[index].is_locked_out = false;
        self.peers[index].comes_back_at = None;
        self.peers[index].was_told_to_stop = false;
        match &mut self.peers[index].process {
            Process::Down { .. } => {}
            Process::Stopping { launch, until, then_start, .. } if launch.unit == UnitName::Usual => {
                *then_start = true;
                return until.since(at) + Duration::from_secs(5);
            }
            Process::Starting { launch, until, .. } if launch.unit == UnitName::Usual => return until.since(at),
            Process::Up { launch, .. } if launch.unit == UnitName::Usual => return Duration::ZERO,
            _ => {
                let line = format!("error obtaining execution lock: {}", locked(disk::FOLDER));
                let pid = self.new_pid();
                let peer = &mut self.peers[index];
                peer.is_locked_out = true;
                peer.log.push(at, pid, line);
                return Duration::from_millis(90);
            }
        }
        let program = self.peers[index].files.get(&format!("{BIN}/ipfs-cluster-service")).and_then(|e| e.as_program());
        let Some((_, version)) = program else {
            let pid = self.new_pid();
            let peer = &mut self.peers[index];
            peer.process = Process::Down { failed: true };
            peer.log.push(at, pid, format!("Failed at step EXEC spawning {BIN}/ipfs-cluster-service: No such file"));
            return Duration::from_millis(20);
        };
        let version = Version::new(&version);
        // Up to 0.10 a state of before was converted on request only, and the unit asks for it.
        let upgrades = !releases::converts_by_itself(&version);
        let flag = if upgrades { " --upgrade" } else { "" };
        let command = format!("{BIN}/ipfs-cluster-service daemon{flag}");
        let folder = disk::FOLDER.to_owned();
        self.start(index, Wanted { unit: UnitName::Usual, command, version, folder, bootstrap: None, upgrades }, at)
    }

    /// Starts a process where there is none. How long until it listens or has failed.
    pub(super) fn start(&mut self, index: usize, wanted: Wanted, at: Timestamp) -> Duration {
        let pid = self.new_pid();
        let place = self.place(&wanted.folder, &wanted.version);
        self.note_uncopied(index, &place, &wanted.version, at);
        let files = &self.peers[index].files;
        let settings = disk::settings(files, &wanted.folder, ACCOUNT);
        let mut wait = self.random.millis(2_000, 6_000);
        let mut fails = None;
        let (settings, is_known) = match settings {
            Ok((settings, _)) => (settings, true),
            Err(why) => {
                fails = Some(format!("error loading configurations: {why}"));
                wait = Duration::from_millis(120);
                (disk::Settings::empty(), false)
            }
        };
        let launch = Launch {
            pid,
            version: wanted.version.clone(),
            unit: wanted.unit,
            command: wanted.command.clone(),
            bootstrap: wanted.bootstrap.clone(),
            settings,
        };
        let peer = &mut self.peers[index];
        peer.files.put(&format!("{}/cluster.lock", wanted.folder), super::state::lock_file(at));
        if wanted.unit == UnitName::Join {
            peer.join = Some(launch.clone());
        }
        peer.process = Process::Starting { launch, until: at, fails: None };
        peer.log(at, "INFO", "service", "Initializing. For verbose output run with \"-l debug\". Please wait...");
        if is_known && wanted.bootstrap.is_some() && place.consensus == Consensus::Raft {
            let told = disk::clean(&mut peer.files, &place);
            peer.log(at, "INFO", "raft", &told);
        }
        if is_known {
            let found = self.readable(index, &place, &wanted);
            match found {
                Ok(longer) => wait += longer,
                Err(why) => {
                    fails = Some(why);
                    wait = Duration::from_millis(900);
                }
            }
        }
        if let Process::Starting { until, fails: words, .. } = &mut self.peers[index].process {
            *until = at.plus(wait);
            *words = fails;
        }
        wait
    }

    /// Whether the program can go on from the state that is there, and how much longer its start takes for it.
    fn readable(&self, index: usize, place: &Place, wanted: &Wanted) -> Result<Duration, String> {
        let files = &self.peers[index].files;
        if files.free() == 0 {
            return Err("error creating datastore: write: no space left on device".into());
        }
        let Some((saved, owner)) = disk::load(files, place) else { return Ok(Duration::ZERO) };
        if owner != ACCOUNT {
            return Err(format!("error creating datastore: open {}: permission denied", place.data()));
        }
        let saved = saved.map_err(|why| match place.consensus {
            Consensus::Raft => format!("error setting up Consensus: creating Raft component: {why}"),
            Consensus::Crdt => format!("error creating datastore: pebble: {why}"),
        })?;
        let own = releases::format(&wanted.version);
        match saved.format {
            format if format == own => Ok(Duration::ZERO),
            format if format > own || format < releases::oldest_format(&wanted.version) => Err(format!(
                "error starting cluster: error unmarshalling snapshot: unknown state version {format}, this is {own}"
            )),
            _ if releases::converts_by_itself(&wanted.version) || wanted.upgrades => {
                Ok(Duration::from_millis(800 + saved.pins.len() as u64 / 10 + self.peers[index].slow_conversion))
            }
            _ => Err("Out of date ipfs-cluster state is saved.\n\
                      To migrate to the new version, run ipfs-cluster-service state upgrade.\n\
                      error starting cluster: outdated state version stored"
                .into()),
        }
    }

    /// The time that a starting or stopping process needed is over.
    pub(super) fn process_moves(&mut self, index: usize, at: Timestamp) {
        match self.peers[index].process.clone() {
            Process::Starting { fails: Some(words), .. } => {
                for line in words.lines() {
                    self.peers[index].log(at, "ERROR", "service", line);
                }
                self.end(index, true, at);
            }
            Process::Starting { launch, .. } => self.listens_now(index, launch, at),
            Process::Stopping { launch, cleans, failed, then_start, .. } => {
                if cleans {
                    let place = self.place(disk::FOLDER, &launch.version);
                    let told = disk::clean(&mut self.peers[index].files, &place);
                    self.peers[index].log(at, "INFO", self.options.consensus.word(), &told);
                }
                self.end(index, failed, at);
                if then_start {
                    self.start_usual(index, at);
                }
            }
            Process::Down { .. } | Process::Up { .. } => {}
        }
    }

    fn listens_now(&mut self, index: usize, launch: Launch, at: Timestamp) {
        let place = self.place(disk::FOLDER, &launch.version);
        let saved = disk::load(&self.peers[index].files, &place).and_then(|(saved, _)| saved.ok());
        let is_new = saved.is_none();
        let saved = saved.unwrap_or_default();
        let is_raft = self.options.consensus == Consensus::Raft;
        let mut peerset: Vec<usize> = saved.peerset.iter().filter_map(|id| self.with_id(id)).collect();
        let is_staging = is_raft && launch.bootstrap.is_some();
        if is_raft && peerset.is_empty() && !is_staging {
            peerset = launch.settings.init_peerset.iter().filter_map(|id| self.with_id(id)).collect();
            if !peerset.contains(&index) {
                peerset.push(index);
            }
        }
        let memory = Memory {
            pins: saved.pins.into_iter().map(|pin| (pin.cid.clone(), pin)).collect(),
            gone: saved.gone.into_iter().collect(),
            peerset,
            term: saved.term,
            index: saved.index,
            is_staging,
            syncs_at: Some(at.plus(self.random.millis(900, 4_000))),
            next_ping: at.plus(Duration::from_millis(300)),
            next_state_sync: at.plus(Duration::from_mins(5)),
            next_recover: at.plus(Duration::from_mins(12)),
            ..Memory::default()
        };
        let patience = Duration::from_millis(launch.settings.wait_for_leader + 5_000);
        let bootstrap = launch.bootstrap.clone();
        let version = launch.version.clone();
        let peer = &mut self.peers[index];
        peer.memory = memory;
        let gives_up = is_raft.then(|| at.plus(patience));
        peer.process = Process::Up { launch, since: at, ready: None, gives_up, frozen: false };
        let listening = format!("IPFS Cluster v{version} listening on: {}", peer.multiaddress());
        peer.log(at, "INFO", "cluster", &listening);
        peer.log(at, "INFO", "restapi", "RESTAPI (HTTP): /ip4/127.0.0.1/tcp/9094");
        if is_raft && is_new && bootstrap.is_none() {
            let line = format!("initializing raft cluster with the following voters: [{}]", peer.id);
            peer.log(at, "INFO", "raft", &line);
        }
        if let Some((_, address)) = bootstrap {
            peer.log(at, "INFO", "service", &format!("Bootstrapping to {address}"));
        }
        self.save(index, at);
        self.settle(at);
    }

    /// Sends a signal to the process. How long until it has taken effect.
    pub(super) fn deliver(&mut self, index: usize, signal: Signal, at: Timestamp) -> Duration {
        match (signal, &mut self.peers[index].process) {
            (_, Process::Down { .. }) | (Signal::Harmless, _) => Duration::ZERO,
            (Signal::Terminate | Signal::Interrupt | Signal::Hangup, Process::Up { frozen: false, .. }) => {
                self.shut_down(index, false, at)
            }
            (Signal::Terminate | Signal::Interrupt | Signal::Hangup, Process::Starting { .. }) => {
                self.end(index, false, at);
                Duration::from_millis(30)
            }
            (Signal::Terminate | Signal::Interrupt | Signal::Hangup, Process::Stopping { signals, until, .. }) => {
                *signals += 1;
                let (count, rest) = (*signals, until.since(at));
                self.impatient(index, count, rest, at)
            }
            (Signal::Kill | Signal::Deadly(_), _) => {
                self.end(index, true, at);
                Duration::from_millis(10)
            }
            (Signal::Freeze, Process::Up { frozen, .. }) => {
                *frozen = true;
                self.settle(at);
                Duration::ZERO
            }
            (Signal::Thaw, Process::Up { frozen, .. }) => {
                *frozen = false;
                self.settle(at);
                Duration::ZERO
            }
            _ => Duration::ZERO,
        }
    }

    /// A further signal while it is ending: a warning first, then it ends in the middle of its work.
    fn impatient(&mut self, index: usize, count: u8, rest: Duration, at: Timestamp) -> Duration {
        if count < 3 {
            let line = "Shutdown is taking too long! Press Ctrl-c again to manually kill cluster. Note that this may \
                        corrupt the local cluster state.";
            self.peers[index].log(at, "ERROR", "service", line);
            return rest;
        }
        self.peers[index].log(at, "ERROR", "service", "exiting cluster NOW");
        if let Some(launch) = self.peers[index].launched().cloned() {
            let place = self.place(disk::FOLDER, &launch.version);
            disk::spoil(&mut self.peers[index].files, &place, at);
            self.note_torn(index, at);
        }
        self.end(index, true, at);
        Duration::from_millis(10)
    }

    /// Ends a peer in good order. `is_removed`: it does not belong to its cluster any longer.
    pub(super) fn shut_down(&mut self, index: usize, is_removed: bool, at: Timestamp) -> Duration {
        let mut ending = self.random.millis(900, 3_000);
        let peer = &mut self.peers[index];
        let Process::Up { launch, ready, .. } = peer.process.clone() else { return Duration::ZERO };
        peer.log(at, "INFO", "cluster", "shutting down Cluster");
        peer.log(at, "INFO", "restapi", "stopping Cluster API");
        let mut cleans = is_removed && ready.is_some();
        if ready.is_some() && launch.settings.leaves && !is_removed {
            peer.log(at, "WARN", "cluster", "attempting to leave the cluster. This may take some seconds");
            if let Err(why) = self.remove_from_peerset(index, index, at) {
                self.peers[index].log(at, "ERROR", "cluster", &format!("leaving cluster: {why}"));
            }
            cleans = true;
            ending += Duration::from_secs(2);
        }
        if ready.is_some() {
            self.remember_peers(index, at);
        }
        let place = self.place(disk::FOLDER, &launch.version);
        let saved = self.saved(index, &launch.version);
        let peer = &mut self.peers[index];
        if self.options.consensus == Consensus::Raft && !peer.memory.is_staging {
            disk::save_snapshot(&mut peer.files, &place, &saved, ACCOUNT, at);
        }
        peer.log(at, "INFO", self.options.consensus.word(), "stopping Consensus component");
        let failed = ready.is_none() && launch.unit == UnitName::Usual;
        let until = at.plus(ending);
        peer.process = Process::Stopping { launch, until, cleans, failed, then_start: false, signals: 1 };
        peer.memory = Memory::default();
        self.settle(at);
        ending
    }

    /// The addresses of the others are kept for the next start.
    fn remember_peers(&mut self, index: usize, at: Timestamp) {
        let others: Vec<String> = (0..self.peers.len())
            .filter(|&other| other != index && self.sees(index, other))
            .map(|other| self.peers[other].multiaddress())
            .collect();
        disk::save_peerstore(&mut self.peers[index].files, disk::FOLDER, &others, at);
    }

    /// What a peer knows, as it lies on its disk.
    pub(super) fn saved(&self, index: usize, version: &Version) -> Saved {
        let memory = &self.peers[index].memory;
        Saved {
            format: releases::format(version),
            term: memory.term,
            index: memory.index,
            peerset: self.ids(&memory.peerset),
            pins: memory.pins.values().cloned().collect(),
            gone: memory.gone.iter().cloned().collect(),
        }
    }

    /// Writes what a running peer knows to its disk.
    pub(super) fn save(&mut self, index: usize, at: Timestamp) {
        let Some(version) = self.peers[index].running().map(|launch| launch.version.clone()) else { return };
        let place = self.place(disk::FOLDER, &version);
        let saved = self.saved(index, &version);
        let peer = &mut self.peers[index];
        // A peer that waits to be let in has nothing yet.
        if !peer.memory.is_staging {
            disk::save(&mut peer.files, &place, &saved, ACCOUNT, at);
        }
    }

    /// The process is gone.
    pub(super) fn end(&mut self, index: usize, failed: bool, at: Timestamp) {
        let peer = &mut self.peers[index];
        let Some(launch) = peer.launched().cloned() else { return };
        peer.last_pid = launch.pid;
        peer.files.take(&format!("{}/cluster.lock", disk::FOLDER));
        peer.memory = Memory::default();
        peer.process = Process::Down { failed: failed && launch.unit == UnitName::Usual };
        match launch.unit {
            // A transient unit that ended well is gone.
            UnitName::Join => peer.join = failed.then_some(launch),
            UnitName::Usual if peer.is_kept_up && peer.was_told_to_stop => {}
            UnitName::Usual => peer.comes_back_at = peer.comes_back.map(|wait| at.plus(wait)),
            UnitName::Hand => {}
        }
        self.settle(at);
    }
}

/// What is said when another process holds a peer's folder.
pub(super) fn locked(folder: &str) -> String {
    format!(
        "lock {folder}/cluster.lock: someone else has the lock. If no other ipfs-cluster-service process is running, \
         remove {folder}/cluster.lock, or make sure that the config folder is writable for the user running \
         ipfs-cluster-service."
    )
}
