//! `systemctl`: the unit `vault` of a node, with the exit statuses of the real one.

use std::time::Duration;

use crate::practice::CommandResult;

use super::commands::{Shell, failed, printed};
use super::signals::Signal;
use super::state::{BINARY, Process, Vault};

impl Vault {
    pub(super) fn systemctl(&mut self, shell: &Shell, index: usize, words: &[String]) -> CommandResult {
        let mut signal = Signal::Shutdown;
        let (mut verb, mut unit, mut quiet) = (None, None, false);
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-s" | "--signal" => match rest.next().and_then(|name| Signal::parse(name)) {
                    Some(known) => signal = known,
                    None => return failed(1, "Failed to parse signal string."),
                },
                "-q" | "--quiet" => quiet = true,
                word if word.starts_with("--signal=") => match Signal::parse(&word[9..]) {
                    Some(known) => signal = known,
                    None => return failed(1, &format!("Failed to parse signal string {}.", &word[9..])),
                },
                word if word.starts_with('-') => {}
                word if verb.is_none() => verb = Some(word),
                word => unit = unit.or(Some(word)),
            }
        }
        let (Some(verb), Some(unit)) = (verb, unit) else {
            return failed(1, "Too few arguments.");
        };
        let name = unit.strip_suffix(".service").unwrap_or(unit);
        if name != "vault" {
            return missing(verb, name);
        }
        match verb {
            "is-active" => self.is_active(index, quiet),
            "is-failed" => self.is_failed(index, quiet),
            "status" => self.status(index),
            "start" | "stop" | "restart" | "kill" if !shell.root => failed(
                4,
                &format!(
                    "Failed to {verb} vault.service: Interactive authentication required.\n\
                     See system logs and 'systemctl status vault.service' for details."
                ),
            ),
            "start" => self.start_unit(index),
            "stop" => self.stop_unit(index),
            "restart" => self.restart_unit(index),
            "kill" => {
                self.signal(index, signal, self.now);
                printed("")
            }
            other => failed(1, &format!("Unknown command verb '{other}'.")),
        }
    }

    fn start_unit(&mut self, index: usize) -> CommandResult {
        let wait = self.start(index, self.now) + Duration::from_millis(20);
        self.started(index, wait)
    }

    /// The unit tells systemd when it listens, so a start that fails is seen at once.
    fn started(&self, index: usize, wait: Duration) -> CommandResult {
        let will_fail = match self.nodes[index].process {
            Process::Starting { fails, .. } => fails,
            Process::Stopping { .. } => self.options.mlock && !self.nodes[index].ipc_lock,
            Process::Down { .. } | Process::Up { .. } => false,
        };
        match will_fail {
            true => failed(
                1,
                "Job for vault.service failed because the control process exited with error code.\n\
                 See \"systemctl status vault.service\" and \"journalctl -xeu vault.service\" for details.",
            ),
            false => printed(""),
        }
        .lasting(wait)
    }

    fn stop_unit(&mut self, index: usize) -> CommandResult {
        if let Process::Down { .. } = self.nodes[index].process {
            self.nodes[index].process = Process::Down { failed: false };
            return printed("");
        }
        // systemd sends SIGCONT along with the signal, so that a frozen process sees it.
        self.signal(index, Signal::Thaw, self.now);
        let wait = self.signal(index, Signal::Shutdown, self.now);
        printed("").lasting(wait + Duration::from_millis(30))
    }

    fn restart_unit(&mut self, index: usize) -> CommandResult {
        let stopped = Duration::from_millis(self.stop_unit(index).takes_ms);
        let wait = self.start(index, self.now);
        self.started(index, stopped.max(wait))
    }

    fn unit_word(&self, index: usize) -> &'static str {
        match self.nodes[index].process {
            Process::Down { failed: false } => "inactive",
            Process::Down { failed: true } => "failed",
            Process::Starting { .. } => "activating",
            Process::Up { .. } => "active",
            Process::Stopping { .. } => "deactivating",
        }
    }

    fn is_active(&self, index: usize, quiet: bool) -> CommandResult {
        let word = self.unit_word(index);
        let exit = if word == "active" { 0 } else { 3 };
        let stdout = if quiet { String::new() } else { format!("{word}\n") };
        CommandResult { exit, ..printed(&stdout) }
    }

    fn is_failed(&self, index: usize, quiet: bool) -> CommandResult {
        let word = self.unit_word(index);
        let stdout = if quiet { String::new() } else { format!("{word}\n") };
        CommandResult { exit: i32::from(word != "failed"), ..printed(&stdout) }
    }

    fn status(&self, index: usize) -> CommandResult {
        let node = &self.nodes[index];
        let word = self.unit_word(index);
        let (sign, state, exit) = match word {
            "active" => ("●", "active (running)", 0),
            "inactive" => ("○", "inactive (dead)", 3),
            "failed" => ("×", "failed (Result: exit-code)", 3),
            "activating" => ("●", "activating (start)", 3),
            _ => ("●", "deactivating (stop-sigterm)", 3),
        };
        let mut text = format!(
            "{sign} vault.service - \"HashiCorp Vault - A tool for managing secrets\"\n\
             \x20    Loaded: loaded (/lib/systemd/system/vault.service; enabled; preset: enabled)\n\
             \x20    Active: {state}\n\
             \x20  Main PID: {} (vault)\n\
             \x20    CGroup: /system.slice/vault.service\n",
            node.pid()
        );
        if node.running().is_some() {
            text.push_str(&format!("             └─{} {BINARY} server -config=/etc/vault.d/vault.hcl\n", node.pid()));
        }
        text.push('\n');
        text.push_str(&self.journal(index, 10));
        CommandResult { exit, ..printed(&text) }
    }
}

/// What systemctl says about a unit that is not there.
fn missing(verb: &str, name: &str) -> CommandResult {
    match verb {
        "is-active" | "is-failed" => CommandResult { exit: 4, ..printed("inactive\n") },
        "status" => failed(4, &format!("Unit {name}.service could not be found.")),
        "start" => failed(5, &format!("Failed to start {name}.service: Unit {name}.service not found.")),
        verb => failed(5, &format!("Failed to {verb} {name}.service: Unit {name}.service not loaded.")),
    }
}
