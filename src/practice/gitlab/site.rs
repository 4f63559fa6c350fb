//! What the place has of its own: scripts on the bastion, and what a runbook is bound to.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::practice::host::{Call, Entry, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::backup::SUFFIX;
use super::http::TOKEN;
use super::setup::{ARCHIVES, SECRETS};
use super::state::{Gitlab, Node, REAL, Role, TEST};

impl Gitlab {
    /// `None`: the bastion has no such command.
    pub(super) fn on_bastion(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        Some(match call.name {
            "glab" => self.glab(call.words),
            "halt-gitlab" => self.halt(),
            "carry-gitlab" => self.carry(call.words),
            "snapshot-node" => self.snapshot(call.words),
            "restore-snapshots" => self.restore_snapshots(call.words),
            _ => return None,
        })
    }

    /// `glab api … PATH`: with a token that it finds by itself.
    fn glab(&mut self, words: &[String]) -> CommandResult {
        let Some(path) = words.last().filter(|_| words[0] == "api" && words.len() > 1) else {
            return failed(1, "ERROR: Unknown command for \"glab\"");
        };
        let Some(index) = self.console(REAL) else { return failed(1, "ERROR: no such host") };
        let request = Request {
            node: self.nodes[index].name.clone(),
            method: "GET".into(),
            path: format!("/api/v4/{path}"),
            query: String::new(),
            headers: vec![("private-token".into(), TOKEN.into())],
            body: Vec::new(),
        };
        match self.serve(&request) {
            Response::Answer { status: 200, body, .. } => {
                printed(&String::from_utf8_lossy(&body)).lasting(Duration::from_millis(400))
            }
            Response::Answer { status, body, .. } => CommandResult {
                exit: 1,
                stderr: format!("glab: HTTP {status}\n"),
                ..printed(&String::from_utf8_lossy(&body))
            },
            _ => failed(1, "ERROR: dial tcp: connect: connection refused"),
        }
    }

    /// Stops Puma and Sidekiq on every application node.
    fn halt(&mut self) -> CommandResult {
        let mut text = String::new();
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if node.instance != REAL || !node.role.has_rails() {
                continue;
            }
            let name = node.name.clone();
            if !node.reachable || node.services.is_empty() {
                return CommandResult {
                    exit: 1,
                    stderr: format!("halt-gitlab: {name}: not stopped\n"),
                    ..printed(&text)
                };
            }
            for at in 0..self.nodes[index].services.len() {
                let service = self.nodes[index].services[at].name;
                if matches!(service, "puma" | "sidekiq") {
                    self.lower(index, at);
                    text.push_str(&format!("{name}: ok: down: {service}: 0s, normally up\n"));
                }
            }
        }
        printed(&text).lasting(Duration::from_secs(12))
    }

    /// Carries a backup and a saved configuration to a machine, and puts the secrets of it in place.
    fn carry(&mut self, words: &[String]) -> CommandResult {
        let [backup, settings, target] = words else {
            return failed(64, "usage: carry-gitlab BACKUP SETTINGS NODE");
        };
        let (Some(from), Some(to)) = (self.console(REAL), self.find(target)) else {
            return failed(1, &format!("carry-gitlab: {target}: no such machine"));
        };
        if self.nodes[to].instance == REAL {
            return failed(1, &format!("carry-gitlab: {target} is a machine of the real instance"));
        }
        let path = format!("{ARCHIVES}/{backup}{SUFFIX}");
        let mut text = String::new();
        for (path, owner) in [(path.as_str(), "git"), (settings.as_str(), "root")] {
            let Some(entry) = self.nodes[from].files.get(path).cloned() else {
                return failed(1, &format!("carry-gitlab: {path}: No such file or directory"));
            };
            self.nodes[to].files.put(path, Entry { owner: owner.to_owned(), ..entry });
            text.push_str(&format!("{path} -> {target}\n"));
        }
        let saved = self.nodes[to].files.get(settings).map(|entry| entry.members.clone()).unwrap_or_default();
        match saved.into_iter().find(|(path, _)| path == SECRETS).filter(|_| self.carries_secrets) {
            Some((path, entry)) => {
                self.nodes[to].files.put(&path, entry);
                text.push_str(&format!("{path}: put in place\n"));
            }
            None => text.push_str("configuration: left as it was\n"),
        }
        printed(&text).lasting(Duration::from_secs(140))
    }

    /// What a runbook of this system is bound to.
    pub(super) fn bindings(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let node = |node: &Node| match node.role {
            Role::Data => json!({ "name": node.name, "ssh": node.name, "role": "data" }),
            _ => json!({ "name": node.name, "ssh": node.name, "role": "application", "url": address(&node.name) }),
        };
        let real: Vec<Value> = self.nodes.iter().filter(|one| one.instance == REAL).map(node).collect();
        let test = self.nodes.iter().filter(|one| one.instance == TEST);
        let test: Vec<Value> =
            test.map(|one| json!({ "name": one.name, "ssh": one.name, "url": address(&one.name) })).collect();
        let holder = self.nodes.iter().find(|one| one.instance == REAL && one.service("postgresql").is_some());
        let holder = holder.map(|one| one.name.clone()).unwrap_or_default();
        let databases: Vec<Value> = self.instances[REAL]
            .data
            .databases
            .iter()
            .map(|one| json!({ "name": one.name, "ssh": holder, "database": one.physical }))
            .collect();
        let legs: Vec<Value> =
            self.options.legs.iter().map(|leg| json!({ "name": format!("to-{leg}"), "version": leg })).collect();
        let console = self.console(REAL).map(|index| self.nodes[index].name.clone()).unwrap_or_default();
        let mut inputs = json!({
            "nodes": real,
            "test": test,
            "databases": databases,
            "from": self.options.from,
            "target": self.options.legs.last().cloned().unwrap_or_default(),
            "legs": legs,
            "edition": self.options.edition,
            "console": console,
            "search": false,
            "geo": false,
            "running": ["glab", "api", "--hostname", "gitlab.example.net", "version"],
            "carry": ["carry-gitlab", "{{ .answers.backup }}", "{{ .answers.settings }}", "{{ .node.name }}"],
            "snapshot": ["snapshot-node", "{{ .node.name }}"],
            "put-back": ["restore-snapshots"],
        });
        if self.nodes.iter().filter(|one| one.instance == REAL).count() > 1 {
            inputs["halt"] = json!(["halt-gitlab"]);
        }
        match inputs {
            Value::Object(inputs) => inputs,
            _ => Map::new(),
        }
    }
}
