//! The bastion: its files, snapshots, and the two scripts of the site.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::practice::host::{ACCOUNT, Place, Random, Shell, day, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::http::{errors, no_content};
use super::state::{BINARY, File, Process, Snapshot, Vault, hex};

/// Bytes of a snapshot.
const SNAPSHOT_BYTES: usize = 24_576;

impl Vault {
    /// `None`: there is no such command on the bastion.
    pub(super) fn on_bastion(&mut self, name: &str, words: &[String]) -> Option<CommandResult> {
        Some(match name {
            "unseal-vault" => self.unseal_script(words),
            "restore-vault" => self.restore_script(words),
            "wipe-vault" => self.wipe_script(words),
            "sha256sum" => self.sha256sum(words),
            "ls" => self.ls(words),
            "rm" => self.rm(words),
            "which" if words == ["vault"] => printed(&format!("{BINARY}\n")),
            _ => return None,
        })
    }

    /// A node by its name or its address.
    fn meant(&self, word: &str) -> Option<usize> {
        self.find(word).or_else(|| self.addressed(word))
    }

    /// Stands for the way in which the site collects the key holders' shares: as many as are needed, one by one.
    fn unseal_script(&mut self, words: &[String]) -> CommandResult {
        let [target] = words else { return failed(64, "usage: unseal-vault NODE|ADDRESS") };
        let Some(index) = self.meant(target) else {
            return failed(1, &format!("unseal-vault: {target}: no such node"));
        };
        let mut all = CommandResult::default();
        let shell = Shell::on(Place::Bastion);
        let mut shares = self.shares();
        shares.truncate(usize::from(self.options.threshold));
        if self.mistypes(index)
            && let Some(last) = shares.last_mut()
        {
            // Two characters that changed places are noticed as little as any other slip.
            last.replace_range(0..2, if last.starts_with("00") { "11" } else { "00" });
        }
        for share in shares {
            let address = format!("-address={}", self.nodes[index].api);
            let result = self.vault_command(&shell, &["operator".into(), "unseal".into(), address, share.clone()]);
            all.exit = result.exit;
            all.stdout.push_str(&result.stdout);
            all.stderr.push_str(&result.stderr);
            all.takes_ms += 1_000;
            if result.exit != 0 {
                return all;
            }
            all.stdout.push('\n');
        }
        if self.nodes[index].sealed {
            all.exit = 1;
            all.stderr.push_str(&format!("unseal-vault: {target} is still sealed\n"));
        }
        all
    }

    /// Puts a node's data and binary back from a snapshot, while its process is down.
    fn restore_script(&mut self, words: &[String]) -> CommandResult {
        let (target, wanted) = match words {
            [target] => (target, None),
            [target, file] => (target, Some(file)),
            _ => return failed(64, "usage: restore-vault NODE [SNAPSHOT]"),
        };
        let Some(index) = self.meant(target) else {
            return failed(1, &format!("restore-vault: {target}: no such node"));
        };
        let file = match wanted {
            Some(name) => self.files.get_key_value(name),
            None => self.files.iter().filter(|(_, file)| file.snapshot.is_some()).max_by_key(|(_, file)| file.at),
        };
        let Some((name, Some(held))) = file.map(|(name, file)| (name.clone(), file.snapshot.clone())) else {
            return failed(1, "restore-vault: there is no such snapshot");
        };
        let Snapshot { data, version, .. } = held.clone();
        if !matches!(self.nodes[index].process, Process::Down { .. }) {
            return failed(1, &format!("restore-vault: vault still runs on {target}: stop it first"));
        }
        let reach = self.nodes.iter().map(|node| node.data.index).max().unwrap_or_default();
        self.note_lost(index, reach.saturating_sub(data.index), self.now);
        self.opens_as(&held);
        let node = &mut self.nodes[index];
        node.is_empty = false;
        let mut text = format!("{}: data of {name} put back (index {}, written by {version})\n", node.name, data.index);
        node.data = data;
        if node.installed != version {
            node.install(&version, true, self.now);
            text.push_str(&format!("{}: {BINARY} is {version} again, cap_ipc_lock granted\n", node.name));
        }
        printed(&text).lasting(Duration::from_millis(4_200))
    }

    /// `vault operator raft snapshot save FILE`.
    pub(super) fn save_snapshot(&mut self, address: &str, place: Place, file: &str) -> CommandResult {
        if place != Place::Bastion {
            return failed(1, &format!("Error creating file: open {file}: permission denied"));
        }
        if self.is_disk_full() {
            return failed(2, &format!("Error taking the snapshot: write {file}: no space left on device"));
        }
        let Some(index) = self.addressed(address) else {
            return failed(
                2,
                &format!(
                    "Error taking the snapshot: Get \"{address}/v1/sys/storage/raft/snapshot\": connect: connection refused"
                ),
            );
        };
        let request = Request {
            node: self.nodes[index].name.clone(),
            method: "GET".into(),
            path: "/v1/sys/storage/raft/snapshot".into(),
            query: String::new(),
            headers: vec![("x-vault-token".into(), self.token.clone())],
            body: Vec::new(),
        };
        match (self.serve(&request), self.active()) {
            (Response::Answer { status: 200, body, .. }, Some(active)) => {
                let version = self.answering(active).clone();
                let snapshot = Some(Snapshot {
                    data: self.nodes[active].data.clone(),
                    version,
                    cluster_id: self.cluster_id.clone(),
                    keys: self.keys.clone(),
                    token: self.token.clone(),
                });
                self.files.insert(file.to_owned(), File { content: body, at: self.now, snapshot });
                printed("").lasting(Duration::from_millis(170))
            }
            (Response::Answer { status, body, .. }, _) => failed(
                2,
                &format!("Error taking the snapshot: Code: {status}. {}", String::from_utf8_lossy(&body).trim_end()),
            ),
            (Response::Refused | Response::Silent, _) => failed(
                2,
                &format!(
                    "Error taking the snapshot: Get \"{address}/v1/sys/storage/raft/snapshot\": connect: connection refused"
                ),
            ),
        }
    }

    /// What a snapshot of that node's data is made of.
    pub(super) fn snapshot_bytes(&self, index: usize) -> Vec<u8> {
        let data = &self.nodes[index].data;
        let mut bytes = vec![0x1f, 0x8b, 0x08, 0x00];
        bytes.extend(Random::new(data.term << 40 ^ data.index ^ self.options.seed << 20).bytes(SNAPSHOT_BYTES));
        bytes
    }

    /// Data that came from elsewhere opens with the keys and the token of where it came from.
    fn opens_as(&mut self, held: &Snapshot) {
        self.cluster_id.clone_from(&held.cluster_id);
        self.keys.clone_from(&held.keys);
        self.token.clone_from(&held.token);
    }

    /// Destroys a node's data, while its process is down.
    fn wipe_script(&mut self, words: &[String]) -> CommandResult {
        let [target] = words else { return failed(64, "usage: wipe-vault NODE") };
        let Some(index) = self.meant(target) else {
            return failed(1, &format!("wipe-vault: {target}: no such node"));
        };
        if !matches!(self.nodes[index].process, Process::Down { .. }) {
            return failed(1, &format!("wipe-vault: vault still runs on {target}: stop it first"));
        }
        self.note_wiped(index, self.now);
        let node = &mut self.nodes[index];
        node.is_empty = true;
        printed(&format!("{}: /opt/vault/data is empty\n", node.name)).lasting(Duration::from_millis(2_600))
    }

    /// A snapshot sent to a node's API; `by_force`: also one of another cluster.
    pub(super) fn restore_by_api(&mut self, index: usize, body: &[u8], by_force: bool) -> Response {
        let known = self.files.values().find(|file| file.content == body).and_then(|file| file.snapshot.clone());
        let Some(held) = known else {
            return errors(500, &["failed to read snapshot file: failed to decompress snapshot: gzip: invalid header"]);
        };
        let now = self.now;
        let is_own = held.keys == self.keys;
        if !is_own && !by_force {
            return errors(
                400,
                &[
                    "could not verify hash file, possibly the snapshot is using a different set of unseal keys; use the \
                   snapshot-force API to bypass this check",
                ],
            );
        }
        if self.active() != Some(index) {
            // The real one says nothing, restores nothing, and this standby seals itself.
            self.nodes[index].log_server(now, "ERROR", "core: failed to restore snapshot: node is not the leader");
            self.seal_node(index, now);
            return no_content();
        }
        let reach = self.nodes[index].data.index;
        let (term, version) = (self.nodes[index].data.term, self.answering(index).clone());
        let data = held.data.clone();
        if is_own {
            self.note_lost(index, reach.saturating_sub(data.index), now);
        }
        for node in self.nodes.iter_mut().filter(|node| node.votes()) {
            let format = data.format.clone().max(version.clone());
            node.data = super::state::Data { term, index: reach + 2, format, history: data.history.clone() };
            if !node.data.history.iter().any(|(known, _)| *known == version) {
                node.data.history.push((version.clone(), now));
            }
        }
        if !is_own {
            self.opens_as(&held);
            // The keys in their memory do not open what lies on their disks now.
            for other in (0..self.nodes.len()).filter(|&other| self.nodes[other].votes()).collect::<Vec<_>>() {
                self.seal_node(other, now);
            }
        }
        no_content()
    }

    fn sha256sum(&self, words: &[String]) -> CommandResult {
        self.each_file("sha256sum", 1, words, |name, file| format!("{}  {name}\n", hex(&Sha256::digest(&file.content))))
    }

    fn ls(&self, words: &[String]) -> CommandResult {
        let (flags, names): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.starts_with('-'));
        let long = flags.iter().any(|flag| flag.contains('l'));
        let line = |name: &str, file: &File| match long {
            true => {
                let at = day(file.at);
                let minute = at.get(..12).unwrap_or(&at);
                format!("-rw------- 1 {ACCOUNT} {ACCOUNT} {} {minute} {name}\n", file.content.len())
            }
            false => format!("{name}\n"),
        };
        match names.is_empty() {
            true => printed(&self.files.iter().map(|(name, file)| line(name, file)).collect::<String>()),
            false => {
                let names: Vec<String> = names.into_iter().cloned().collect();
                self.each_file("ls", 2, &names, line)
            }
        }
    }

    fn rm(&mut self, words: &[String]) -> CommandResult {
        let mut result = printed("");
        for name in words.iter().filter(|word| !word.starts_with('-')) {
            if self.files.remove(name).is_none() {
                result.exit = 1;
                result.stderr.push_str(&format!("rm: cannot remove '{name}': No such file or directory\n"));
            }
        }
        result
    }

    fn each_file(
        &self,
        program: &str,
        exit: i32,
        names: &[String],
        line: impl Fn(&str, &File) -> String,
    ) -> CommandResult {
        let mut result = printed("");
        for name in names {
            match self.files.get(name) {
                Some(file) => result.stdout.push_str(&line(name, file)),
                None => {
                    result.exit = exit;
                    let said = if program == "ls" { format!("cannot access '{name}'") } else { name.clone() };
                    result.stderr.push_str(&format!("{program}: {said}: No such file or directory\n"));
                }
            }
        }
        result
    }

    /// What a runbook of this system is bound to.
    pub(super) fn bindings(&self, address: &dyn Fn(&str) -> String) -> serde_json::Map<String, serde_json::Value> {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| json!({ "name": node.name, "api": address(&node.name), "ssh": node.name }))
            .collect();
        let active = "-address={{ .health.vault[] | select(.role == \"active\") | .node.api }}";
        let inputs = json!({
            "nodes": nodes,
            "from": self.options.old,
            "target": self.options.target,
            "storage": "raft",
            "mlock": self.options.mlock,
            "backup": format!("/home/{ACCOUNT}/vault-before-{}.snap", self.options.target),
            "unseal": ["unseal-vault", "{{ .node.name }}"],
            "restore": ["restore-vault", "{{ .node.name }}", "{{ .inputs.backup }}"],
            "history": ["vault", "version-history", "-format=json", active],
            "autopilot": ["vault", "operator", "raft", "autopilot", "state", "-format=json", active],
        });
        match inputs {
            serde_json::Value::Object(inputs) => inputs,
            _ => serde_json::Map::new(),
        }
    }
}
