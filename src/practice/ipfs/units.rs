//! The units of a host: the peer's, a transient one that joins, and the IPFS daemon's.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, Order, Place, Signal, Unit, UnitState, Version, failed, printed};

use super::disk::{self, FOLDER};
use super::processes::{Wanted, locked};
use super::state::{BIN, Consensus, IpfsCluster, Process, UnitName};

/// The peer's unit.
pub(super) const USUAL: &str = "ipfs-cluster";
/// The unit of the IPFS daemon.
pub(super) const DAEMON: &str = "ipfs";

/// The name of the transient unit in a command line; the first one that is typed counts.
const JOIN: &str = "ipfs-cluster-join";

impl IpfsCluster {
    /// The units as systemd sees them.
    pub(super) fn all_units(&self, index: usize) -> Vec<Unit> {
        let peer = &self.peers[index];
        let unit = |name: &str, description: &str, program: &str, command: String| Unit {
            name: name.into(),
            description: description.into(),
            file: format!("/etc/systemd/system/{name}.service"),
            state: UnitState::Inactive,
            pid: peer.last_pid,
            program: program.into(),
            command,
            is_enabled: true,
            has_process: false,
            properties: vec![("Type".into(), "notify".into())],
        };
        let mut usual =
            unit(USUAL, "IPFS Cluster peer", "ipfs-cluster-se", format!("{BIN}/ipfs-cluster-service daemon"));
        usual.state = self.unit_state(index, UnitName::Usual);
        if let Some(launch) = peer.launched().filter(|launch| launch.unit == UnitName::Usual) {
            (usual.pid, usual.has_process) = (launch.pid, true);
            usual.command.clone_from(&launch.command);
        }
        let mut units = vec![usual];
        if let Some(launch) = &peer.join {
            let mut join = unit(JOIN, &launch.command, "ipfs-cluster-se", launch.command.clone());
            join.file = format!("/run/systemd/transient/{JOIN}.service");
            join.is_enabled = false;
            join.pid = launch.pid;
            join.state = self.unit_state(index, UnitName::Join);
            join.has_process = matches!(join.state, UnitState::Active | UnitState::Deactivating);
            units.push(join);
        }
        let mut daemon = unit(DAEMON, "IPFS daemon", "ipfs", format!("{BIN}/ipfs daemon"));
        daemon.pid = peer.daemon.pid;
        daemon.has_process = peer.daemon.is_up;
        daemon.state = if peer.daemon.is_up { UnitState::Active } else { UnitState::Inactive };
        units.push(daemon);
        units
    }

    fn unit_state(&self, index: usize, name: UnitName) -> UnitState {
        let peer = &self.peers[index];
        let launch = peer.launched().filter(|launch| launch.unit == name);
        match (&peer.process, launch, name) {
            (_, None, UnitName::Join) => UnitState::Failed,
            (_, None, _) if peer.is_locked_out => UnitState::Failed,
            (Process::Down { failed: true }, ..) => UnitState::Failed,
            (_, None, _) => UnitState::Inactive,
            // A transient unit is of the simple type: it is there as soon as it has a process.
            (Process::Starting { .. } | Process::Up { .. }, _, UnitName::Join) => UnitState::Active,
            (Process::Starting { .. } | Process::Up { ready: None, .. }, ..) => UnitState::Activating,
            (Process::Up { .. }, ..) => UnitState::Active,
            (Process::Stopping { .. }, ..) => UnitState::Deactivating,
            (Process::Down { .. }, ..) => UnitState::Inactive,
        }
    }

    /// What becomes of an order of systemctl.
    pub(super) fn obey(&mut self, index: usize, unit: &str, order: Order) -> CommandResult {
        let at = self.now;
        if unit == DAEMON {
            return self.obey_daemon(index, order);
        }
        let name = if unit == USUAL { UnitName::Usual } else { UnitName::Join };
        match order {
            Order::Start { wait } if name == UnitName::Usual => {
                let started = self.start_usual(index, at);
                if wait { self.started(index, started) } else { printed("") }
            }
            Order::Start { .. } => printed(""),
            Order::Stop => self.stop_unit(index, name),
            Order::Restart => {
                let stopped = Duration::from_millis(self.stop_unit(index, name).takes_ms);
                let started = self.start_usual(index, at);
                self.started(index, stopped.max(started))
            }
            Order::Kill(signal) => {
                if self.peers[index].launched().is_some_and(|launch| launch.unit == name) {
                    self.deliver(index, signal, at);
                }
                printed("")
            }
            Order::Reload => {
                if name == UnitName::Join && self.unit_state(index, name) == UnitState::Failed {
                    self.peers[index].join = None;
                }
                printed("")
            }
            Order::Enable | Order::Disable => printed(""),
        }
    }

    fn stop_unit(&mut self, index: usize, name: UnitName) -> CommandResult {
        let at = self.now;
        let peer = &mut self.peers[index];
        if name == UnitName::Usual {
            peer.is_locked_out = false;
            peer.comes_back_at = None;
            peer.was_told_to_stop = true;
        }
        let is_there = peer.launched().is_some_and(|launch| launch.unit == name);
        if !is_there {
            match (&mut peer.process, name) {
                (Process::Down { failed }, UnitName::Usual) => *failed = false,
                (_, UnitName::Join) => peer.join = None,
                _ => {}
            }
            return printed("");
        }
        let wait = match &mut peer.process {
            // The stop is under way: systemd does not send the signal again.
            Process::Stopping { until, then_start, .. } => {
                *then_start = false;
                until.since(at)
            }
            _ => {
                self.deliver(index, Signal::Thaw, at);
                self.deliver(index, Signal::Terminate, at)
            }
        };
        printed("").lasting(wait + Duration::from_millis(40))
    }

    /// The unit tells systemd when the peer is ready; the command waits for that, or for its end.
    fn started(&self, index: usize, wait: Duration) -> CommandResult {
        const FAILED: &str = "Job for ipfs-cluster.service failed because the control process exited with error code.\n\
                              See \"systemctl status ipfs-cluster.service\" and \"journalctl -xeu ipfs-cluster.service\" for details.";
        const GAVE_UP: &str = "Job for ipfs-cluster.service failed because the service did not take the steps required by its unit configuration.\n\
                               See \"systemctl status ipfs-cluster.service\" and \"journalctl -xeu ipfs-cluster.service\" for details.";
        let peer = &self.peers[index];
        match &peer.process {
            _ if peer.is_locked_out => failed(1, FAILED).lasting(wait),
            Process::Down { failed: true } | Process::Starting { fails: Some(_), .. } => {
                failed(1, FAILED).lasting(wait)
            }
            Process::Starting { launch, .. } if !self.will_find_leader(index) => {
                failed(1, GAVE_UP).lasting(wait + Duration::from_millis(launch.settings.wait_for_leader + 5_000))
            }
            Process::Up { ready: Some(_), .. } => printed(""),
            _ => printed("").lasting(wait + Duration::from_secs(5)),
        }
    }

    /// Whether a raft peer that starts finds enough others, as things are now.
    fn will_find_leader(&self, index: usize) -> bool {
        if self.options.consensus == Consensus::Crdt {
            return true;
        }
        let peer = &self.peers[index];
        let Some(launch) = peer.launched() else { return false };
        let place = self.place(FOLDER, &launch.version);
        let saved = disk::load(&peer.files, &place).and_then(|(saved, _)| saved.ok()).unwrap_or_default();
        let others = saved.peerset.iter().filter_map(|id| self.with_id(id)).filter(|&other| other != index);
        let there = others.filter(|&other| self.peers[other].launched().is_some() && !self.peers[other].is_cut_off);
        saved.peerset.len() < 2 || 2 * (there.count() + 1) > saved.peerset.len()
    }

    fn obey_daemon(&mut self, index: usize, order: Order) -> CommandResult {
        let at = self.now;
        let pid = self.new_pid();
        let daemon = &mut self.peers[index].daemon;
        match order {
            Order::Start { .. } | Order::Restart => {
                if !daemon.is_up {
                    daemon.pid = pid;
                    daemon.log.push(at, pid, "Daemon is ready");
                }
                daemon.is_up = true;
                printed("").lasting(Duration::from_secs(3))
            }
            Order::Stop | Order::Kill(Signal::Kill | Signal::Terminate | Signal::Interrupt) => {
                daemon.is_up = false;
                daemon.log.push(at, daemon.pid, "Received interrupt signal, shutting down...");
                printed("").lasting(Duration::from_secs(1))
            }
            _ => printed(""),
        }
    }

    /// `systemd-run --unit=NAME --uid=USER PROGRAM …`: a daemon in a unit of its own.
    pub(super) fn systemd_run(&mut self, call: &Call<'_>) -> CommandResult {
        let Place::Node(index) = call.shell.place else { return failed(127, "bash: systemd-run: command not found") };
        if !call.shell.is_root() {
            return failed(1, "Failed to start transient service unit: Interactive authentication required.");
        }
        let at_program = call.words.iter().position(|word| !word.starts_with('-')).unwrap_or(call.words.len());
        let (options, words) = call.words.split_at(at_program);
        let given = Arguments::parse(options, "", &[]);
        let unit = given.value(&["unit"]).unwrap_or(JOIN).trim_end_matches(".service").to_owned();
        if unit != JOIN {
            return failed(1, &format!("systemd-run: practice: only {JOIN} is simulated"));
        }
        let Some((program, rest)) = words.split_first() else {
            return failed(1, "Command line to execute required.");
        };
        let found = self.peers[index].files.get(program).and_then(|entry| entry.as_program());
        let Some((_, version)) = found.filter(|(name, _)| name == "ipfs-cluster-service") else {
            return failed(1, &format!("Failed to find executable {program}: No such file or directory"));
        };
        if self.peers[index].join.is_some() {
            return failed(
                1,
                &format!(
                    "Failed to start transient service unit: Unit {JOIN}.service was already loaded or has a fragment file."
                ),
            );
        }
        let wanted = match self.daemon_wanted(&Version::new(&version), program, rest, UnitName::Join) {
            Ok(wanted) => wanted,
            Err(result) => return result,
        };
        self.launch_apart(index, wanted);
        CommandResult { stderr: format!("Running as unit: {JOIN}.service\n"), ..printed("") }
    }

    /// Starts a daemon beside the usual unit; it ends at once where another one holds the folder.
    fn launch_apart(&mut self, index: usize, wanted: Wanted) {
        let at = self.now;
        if matches!(self.peers[index].process, Process::Down { .. }) {
            self.start(index, wanted, at);
            return;
        }
        let pid = self.new_pid();
        let launch = super::state::Launch {
            pid,
            version: wanted.version,
            unit: UnitName::Join,
            command: wanted.command,
            bootstrap: wanted.bootstrap,
            settings: disk::Settings::empty(),
        };
        let peer = &mut self.peers[index];
        peer.join = Some(launch);
        peer.join_log.push(at, pid, format!("error obtaining execution lock: {}", locked(&wanted.folder)));
    }

    /// Runs a daemon in the foreground, as one who types it does.
    pub(super) fn run_daemon(&mut self, index: usize, wanted: Wanted) -> CommandResult {
        let at = self.now;
        if !matches!(self.peers[index].process, Process::Down { .. }) {
            return failed(1, &format!("error obtaining execution lock: {}", locked(&wanted.folder)));
        }
        self.start(index, wanted, at);
        printed("").lasting(Duration::from_hours(24))
    }
}
