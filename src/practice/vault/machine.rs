//! What a node's other commands say: packages, capabilities, processes, the journal.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;

use super::commands::{Place, Shell, failed, printed};
use super::signals::Signal;
use super::state::{BINARY, Process, Vault};
use super::version::Version;

impl Vault {
    /// `None`: there is no such command on a node.
    pub(super) fn on_node(
        &mut self,
        shell: &Shell,
        index: usize,
        name: &str,
        words: &[String],
    ) -> Option<CommandResult> {
        Some(match name {
            "systemctl" => self.systemctl(shell, index, words),
            "apt-get" | "apt" => self.apt(shell, index, words),
            "setcap" => self.setcap(shell, index, words),
            "getcap" => self.getcap(index, words),
            "kill" => self.kill_process(shell, index, words),
            "pidof" | "pgrep" => self.pidof(index, words),
            "ps" => self.ps(shell, index),
            "journalctl" => self.journalctl(shell, index, words),
            "which" => which(words),
            "readlink" => readlink(words),
            _ => return None,
        })
    }

    fn apt(&mut self, shell: &Shell, index: usize, words: &[String]) -> CommandResult {
        let has = |flag: &[&str]| words.iter().any(|word| flag.contains(&word.as_str()));
        let plain: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
        let Some(("install", packages)) = plain.split_first().map(|(verb, rest)| (*verb, rest)) else {
            return failed(100, "E: Invalid operation (this cluster knows apt-get install alone)");
        };
        if !shell.root {
            return failed(
                100,
                "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
                 E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?",
            );
        }
        let [package] = packages else { return failed(100, "E: Unable to locate package") };
        let (name, wanted) = package.split_once('=').unwrap_or((package, &self.options.target));
        if name != "vault" {
            return failed(100, &format!("E: Unable to locate package {name}"));
        }
        let wanted = wanted.strip_suffix("-1").unwrap_or(wanted);
        if wanted != self.options.old && wanted != self.options.target {
            return failed(100, &format!("E: Version '{wanted}-1' for 'vault' was not found"));
        }
        let wanted = Version::new(wanted);
        let installed = self.nodes[index].installed.clone();
        let head = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";
        if wanted == installed {
            let text = format!(
                "{head}vault is already the newest version ({wanted}-1).\n\
                 0 upgraded, 0 newly installed, 0 to remove and 12 not upgraded.\n"
            );
            return printed(&text).lasting(Duration::from_millis(900));
        }
        if !has(&["-y", "--yes", "--assume-yes", "-qy", "-yq"]) {
            let text = format!("{head}Do you want to continue? [Y/n] Abort.\n");
            return CommandResult { exit: 1, ..printed(&text) };
        }
        let lower = wanted < installed;
        if lower && !has(&["--allow-downgrades"]) {
            return failed(100, "E: Packages were downgraded and -y was used without --allow-downgrades.");
        }
        let node = &mut self.nodes[index];
        node.installed = wanted.clone();
        // A new file has none of the capabilities of the old one.
        node.ipc_lock = false;
        let counts = match lower {
            true => "0 upgraded, 0 newly installed, 1 downgraded, 0 to remove and 12 not upgraded.",
            false => "1 upgraded, 0 newly installed, 0 to remove and 12 not upgraded.",
        };
        let text = format!(
            "{head}{counts}\nPreparing to unpack .../vault_{wanted}-1_amd64.deb ...\n\
             Unpacking vault ({wanted}-1) over ({installed}-1) ...\nSetting up vault ({wanted}-1) ...\n"
        );
        let wait = self.random.millis(3_000, 6_000);
        printed(&text).lasting(wait)
    }

    fn setcap(&mut self, shell: &Shell, index: usize, words: &[String]) -> CommandResult {
        match words {
            [flag, wanted, file] if flag == "-v" => match (file.as_str(), wanted.as_str()) {
                (BINARY, "cap_ipc_lock=+ep" | "cap_ipc_lock=ep") if self.nodes[index].ipc_lock => {
                    printed(&format!("{BINARY}: OK\n"))
                }
                (BINARY, _) => CommandResult { exit: 1, ..printed(&format!("{BINARY} differs in [pe]\n")) },
                (file, _) => no_file(1, "setcap", file),
            },
            [_, _] if !shell.root => {
                failed(1, "unable to set CAP_SETFCAP effective capability: Operation not permitted")
            }
            [caps, file] => match (caps.as_str(), file.as_str()) {
                ("cap_ipc_lock=+ep" | "cap_ipc_lock=ep" | "cap_ipc_lock+ep", BINARY) => {
                    self.nodes[index].ipc_lock = true;
                    printed("")
                }
                (_, BINARY) => failed(1, "fatal error: Invalid argument"),
                (_, file) => {
                    failed(1, &format!("Failed to set capabilities on file '{file}': No such file or directory"))
                }
            },
            _ => failed(1, "usage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename>"),
        }
    }

    fn getcap(&self, index: usize, words: &[String]) -> CommandResult {
        match words.last().map(String::as_str) {
            Some(BINARY) if self.nodes[index].ipc_lock => printed(&format!("{BINARY} cap_ipc_lock=ep\n")),
            Some(BINARY) => printed(""),
            Some(file) => failed(0, &format!("{file} (No such file or directory)")),
            None => failed(1, "usage: getcap [-v] [-h] [-r] [-n] <filename> [<filename> ...]"),
        }
    }

    fn kill_process(&mut self, shell: &Shell, index: usize, words: &[String]) -> CommandResult {
        let (signal, pid) = match words {
            [pid] => (Some(Signal::Shutdown), pid),
            [signal, pid] if signal.starts_with('-') => (Signal::parse(&signal[1..]), pid),
            [flag, signal, pid] if flag == "-s" => (Signal::parse(signal), pid),
            _ => return failed(2, "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid"),
        };
        let Some(signal) = signal else { return failed(1, "bash: kill: invalid signal specification") };
        let here = matches!(self.nodes[index].process, Process::Down { .. }).then_some(()).is_none();
        if !here || pid.parse() != Ok(self.nodes[index].pid()) {
            return failed(1, &format!("bash: kill: ({pid}) - No such process"));
        }
        if !shell.root {
            return failed(1, &format!("bash: kill: ({pid}) - Operation not permitted"));
        }
        self.signal(index, signal, self.now);
        printed("")
    }

    fn pidof(&self, index: usize, words: &[String]) -> CommandResult {
        let named = words.iter().any(|word| word == "vault");
        match self.nodes[index].process {
            Process::Starting { pid, .. } | Process::Up { pid, .. } | Process::Stopping { pid, .. } if named => {
                printed(&format!("{pid}\n"))
            }
            _ => failed(1, ""),
        }
    }

    fn ps(&self, shell: &Shell, index: usize) -> CommandResult {
        let mut text = String::from("    PID TTY      STAT   TIME COMMAND\n      1 ?        Ss     0:09 /sbin/init\n");
        let state = match self.nodes[index].process {
            Process::Up { frozen: true, .. } => "Tsl",
            _ => "Ssl",
        };
        if !matches!(self.nodes[index].process, Process::Down { .. }) {
            let pid = self.nodes[index].pid();
            text.push_str(&format!(
                "{pid:>7} ?        {state}    1:42 {BINARY} server -config=/etc/vault.d/vault.hcl\n"
            ));
        }
        text.push_str(&format!("  91207 ?        R      0:00 ps # {}\n", if shell.root { "root" } else { "operator" }));
        printed(&text)
    }

    fn journalctl(&self, shell: &Shell, index: usize, words: &[String]) -> CommandResult {
        let mut count = usize::MAX;
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-n" | "--lines" => count = rest.next().and_then(|text| text.parse().ok()).unwrap_or(10),
                "-u" | "--unit" => match rest.next().map(String::as_str) {
                    Some("vault" | "vault.service") => {}
                    _ => return printed("-- No entries --\n"),
                },
                word => {
                    if let Some(text) = word.strip_prefix("-n").or_else(|| word.strip_prefix("--lines=")) {
                        count = text.parse().unwrap_or(count);
                    }
                }
            }
        }
        if !shell.root {
            return failed(
                1,
                "Hint: You are currently not seeing messages from other users and the system.\n\
                 No journal files were opened due to insufficient permissions.",
            );
        }
        let text = self.journal(index, count);
        printed(if text.is_empty() { "-- No entries --\n" } else { &text })
    }

    /// The last lines of the unit's journal.
    pub(super) fn journal(&self, index: usize, count: usize) -> String {
        let node = &self.nodes[index];
        let skipped = node.log.len().saturating_sub(count);
        let lines = node.log.iter().skip(skipped);
        lines.map(|(at, pid, line)| format!("{} {} vault[{pid}]: {line}\n", day(*at), node.name)).collect()
    }

    /// The file a `vault` at that place is.
    pub(super) fn client_version(&self, place: Place) -> Version {
        match place {
            Place::Bastion => Version::new(&self.options.target),
            Place::Node(index) => self.nodes[index].installed.clone(),
        }
    }
}

/// `Nov 21 02:41:10`, as the journal writes a time.
pub(super) fn day(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let month = text.get(5..7).and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(1);
    let name = MONTHS.get(month.wrapping_sub(1)).unwrap_or(&"Jan");
    format!("{name} {} {}", text.get(8..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

fn which(words: &[String]) -> CommandResult {
    match words.first().map(String::as_str) {
        Some("vault") => printed(&format!("{BINARY}\n")),
        _ => failed(1, ""),
    }
}

fn readlink(words: &[String]) -> CommandResult {
    match words.last() {
        Some(path) if words.iter().any(|word| word == "-f") && path.starts_with('/') => printed(&format!("{path}\n")),
        _ => failed(1, ""),
    }
}

fn no_file(exit: i32, program: &str, file: &str) -> CommandResult {
    failed(exit, &format!("{program}: {file}: No such file or directory"))
}
