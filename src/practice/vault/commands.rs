//! The command face: who runs what where, and what a shell says when it cannot.

use std::time::Duration;

use crate::practice::CommandResult;

use super::state::Vault;

/// The name of the machine on which the operator sits.
pub(super) const BASTION: &str = "bastion";

/// The account that the operator has everywhere.
pub(super) const ACCOUNT: &str = "operator";

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The machine from which all nodes are reached.
    Bastion,
    /// One of the nodes.
    Node(usize),
}

/// Where, as whom and with which environment a command runs.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) place: Place,
    pub(super) root: bool,
    /// `VAULT_ADDR`, when it is set.
    pub(super) address: Option<String>,
}

impl Vault {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        if words.is_empty() {
            return CommandResult::default();
        }
        self.run(&Shell { place: Place::Bastion, root: false, address: None }, words, 0)
    }

    /// Runs one command. `words` holds at least its name.
    pub(super) fn run(&mut self, shell: &Shell, words: &[String], depth: usize) -> CommandResult {
        let (name, rest) = (words[0].rsplit('/').next().unwrap_or_default(), &words[1..]);
        match name {
            "ssh" => self.ssh(rest, depth),
            "sudo" => self.sudo(shell, rest, depth),
            "env" => self.env(shell, rest, depth),
            "bash" | "sh" if rest.len() == 2 && rest[0].starts_with('-') && rest[0].ends_with('c') => {
                self.run_line(shell, &rest[1], depth)
            }
            "true" | ":" => CommandResult::default(),
            "false" => failed(1, ""),
            "echo" => printed(&format!("{}\n", rest.join(" "))),
            "hostname" => printed(&format!("{}\n", self.host_name(shell.place))),
            "whoami" => printed(if shell.root { "root\n" } else { "operator\n" }),
            "vault" => self.vault_command(shell, rest),
            _ => match shell.place {
                Place::Node(index) => self.on_node(shell, index, name, rest),
                Place::Bastion => self.on_bastion(name, rest),
            }
            .unwrap_or_else(|| unknown(&words[0])),
        }
    }

    pub(super) fn host_name(&self, place: Place) -> String {
        match place {
            Place::Bastion => BASTION.into(),
            Place::Node(index) => self.nodes[index].name.clone(),
        }
    }

    fn ssh(&mut self, words: &[String], depth: usize) -> CommandResult {
        let mut rest = words;
        while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
            let takes_value = matches!(option.as_str(), "-o" | "-p" | "-l" | "-i" | "-F" | "-J" | "-b" | "-c" | "-S");
            rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
        }
        let Some((target, line)) = rest.split_first() else {
            return failed(255, "usage: ssh [options] destination [command [argument ...]]");
        };
        let host = target.rsplit('@').next().unwrap_or_default();
        let Some(index) = self.find(host) else {
            return failed(255, &format!("ssh: Could not resolve hostname {host}: Name or service not known"));
        };
        if line.is_empty() {
            return failed(0, "Pseudo-terminal will not be allocated because stdin is not a terminal.");
        }
        let shell = Shell { place: Place::Node(index), root: false, address: Some(self.nodes[index].api.clone()) };
        let mut result = self.run_line(&shell, &line.join(" "), depth);
        result.takes_ms += self.random.between(80, 160);
        result
    }

    fn sudo(&mut self, shell: &Shell, words: &[String], depth: usize) -> CommandResult {
        if shell.place == Place::Bastion {
            return failed(1, &format!("{ACCOUNT} is not in the sudoers file."));
        }
        let mut rest = words;
        let mut root = true;
        while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
            let takes_value = matches!(option.as_str(), "-u" | "-g" | "--user" | "--group");
            if takes_value {
                root = rest.get(1).is_some_and(|user| user == "root");
            }
            rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
        }
        if rest.is_empty() {
            return failed(1, "usage: sudo [-ABbEHknPS] [-u user] [command [arg ...]]");
        }
        // sudo resets the environment unless told otherwise.
        let kept = words.iter().take_while(|word| word.starts_with('-')).any(|word| word == "-E");
        let inner = Shell { root, address: shell.address.clone().filter(|_| kept), ..*shell };
        let result = self.run(&inner, rest, depth);
        match result.exit {
            127 => failed(1, &format!("sudo: {}: command not found", rest[0])),
            _ => result,
        }
    }

    fn env(&mut self, shell: &Shell, words: &[String], depth: usize) -> CommandResult {
        let mut inner = shell.clone();
        let mut rest = words;
        while let Some((name, value)) = rest.first().and_then(|word| word.split_once('=')) {
            if matches!(name, "VAULT_ADDR" | "BAO_ADDR") {
                inner.address = Some(value.to_owned());
            }
            rest = &rest[1..];
        }
        match rest {
            [] => printed(&inner.address.map(|address| format!("VAULT_ADDR={address}\n")).unwrap_or_default()),
            rest => self.run(&inner, rest, depth),
        }
    }
}

/// A result that only prints.
pub(super) fn printed(stdout: &str) -> CommandResult {
    CommandResult { stdout: stdout.to_owned(), takes_ms: 20, ..CommandResult::default() }
}

/// A result with nothing on the standard output; the text is given without its last newline.
pub(super) fn failed(exit: i32, stderr: &str) -> CommandResult {
    let stderr = if stderr.is_empty() { String::new() } else { format!("{stderr}\n") };
    CommandResult { exit, stdout: String::new(), stderr, takes_ms: 20 }
}

/// What a shell says to a name that is no command.
fn unknown(name: &str) -> CommandResult {
    match name.contains('/') {
        true => failed(127, &format!("bash: {name}: No such file or directory")),
        false => failed(127, &format!("bash: {name}: command not found")),
    }
}

impl CommandResult {
    /// The same, taking that long.
    pub(super) fn lasting(mut self, time: Duration) -> Self {
        self.takes_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self
    }
}
