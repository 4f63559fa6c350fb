//! What a node's other commands say: packages, capabilities, places.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Place, Shell, Version, failed, printed};

use super::state::{BINARY, Vault};

/// What `setcap` says of itself.
const SETCAP_USAGE: &str =
    "usage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename> [ ... (-r|-|<capsN>) <filenameN> ]\n";

impl Vault {
    /// After a command: whether somebody has laid hands on the binaries.
    pub(super) fn look_at_binaries(&mut self) {
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let Some(found) = node.binary().filter(|found| *found != node.installed) else { continue };
            if found > node.installed {
                self.note_unsaved(index, self.now);
            }
            self.nodes[index].installed = found;
            self.nodes[index].ipc_lock = false;
        }
    }

    /// `None`: there is no such command on a node.
    pub(super) fn on_node(
        &mut self,
        shell: &Shell,
        index: usize,
        name: &str,
        words: &[String],
    ) -> Option<CommandResult> {
        Some(match name {
            "apt-get" | "apt" => self.apt(shell, index, words),
            "setcap" => self.setcap(shell, index, words),
            "getcap" => self.getcap(index, words),
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
        if !shell.is_root() {
            return failed(
                100,
                "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
                 E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?",
            );
        }
        let [package] = packages else { return failed(100, "E: Unable to locate package") };
        let (name, wanted) = package.split_once('=').unwrap_or((package, &self.options.target));
        let ours = self.package();
        if name != ours {
            return failed(100, &format!("E: Unable to locate package {name}"));
        }
        let wanted = wanted.strip_suffix("-1").unwrap_or(wanted);
        if wanted != self.options.old && wanted != self.options.target {
            return failed(100, &format!("E: Version '{wanted}-1' for '{ours}' was not found"));
        }
        let wanted = Version::new(wanted);
        let installed = self.nodes[index].installed.clone();
        let head = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";
        if wanted == installed && self.nodes[index].binary().is_some() {
            let text = format!(
                "{head}{ours} is already the newest version ({wanted}-1).\n\
                 0 upgraded, 0 newly installed, 0 to remove and 12 not upgraded.\n"
            );
            return printed(&text).lasting(Duration::from_millis(900));
        }
        if has(&["-s", "--simulate", "--dry-run", "--just-print", "--no-act", "-sy", "-ys"]) {
            let text =
                format!("{head}Inst {ours} [{installed}-1] ({wanted}-1 stable)\nConf {ours} ({wanted}-1 stable)\n");
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
        if !lower {
            self.note_unsaved(index, self.now);
        }
        self.nodes[index].install(&wanted, false, self.now);
        let done = if lower { "0 upgraded, 0 newly installed, 1 downgraded" } else { "1 upgraded, 0 newly installed" };
        let counts = format!("{done}, 0 to remove and 12 not upgraded.");
        let text = format!(
            "{head}{counts}\nPreparing to unpack .../{ours}_{wanted}-1_amd64.deb ...\n\
             Unpacking {ours} ({wanted}-1) over ({installed}-1) ...\nSetting up {ours} ({wanted}-1) ...\n"
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
            [flag, ..] if flag == "-h" => printed(SETCAP_USAGE),
            [_, _] if !shell.is_root() => {
                failed(1, "unable to set CAP_SETFCAP effective capability: Operation not permitted")
            }
            [flag, file] if flag == "-r" => match file.as_str() {
                BINARY if self.nodes[index].ipc_lock => {
                    self.nodes[index].ipc_lock = false;
                    printed("")
                }
                BINARY => failed(1, &format!("Failed to set capabilities on file '{file}': No data available")),
                file => no_such_file(file),
            },
            [caps, file] => match (caps.as_str(), file.as_str()) {
                ("cap_ipc_lock=+ep" | "cap_ipc_lock=ep" | "cap_ipc_lock+ep", BINARY) => {
                    self.nodes[index].ipc_lock = true;
                    printed("")
                }
                (_, BINARY) => failed(1, "fatal error: Invalid argument"),
                (_, file) => no_such_file(file),
            },
            _ => failed(1, SETCAP_USAGE.trim_end()),
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

    /// The file a `vault` at that place is.
    pub(super) fn client_version(&self, place: Place) -> Version {
        match place {
            Place::Bastion => Version::new(&self.options.target),
            Place::Node(index) => self.nodes[index].installed.clone(),
        }
    }
}

fn no_such_file(file: &str) -> CommandResult {
    failed(1, &format!("Failed to set capabilities on file '{file}': No such file or directory"))
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
