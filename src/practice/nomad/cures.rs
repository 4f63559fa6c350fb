//! What an operator finds and does about a server to which nothing is replicated, and about clients without room.

use crate::practice::CommandResult;
use crate::practice::host::{Call, Entry, failed, printed};

use super::state::{AllocStatus, Job, Kind, Nomad, Stuck};

/// What fills a disk.
const FILLER: &str = "/opt/nomad/data/core.2113";
/// The job that takes what room there is.
const FILLING: &str = "reports";

impl Nomad {
    /// From now on nothing is replicated to a server.
    pub(super) fn stick(&mut self, server: usize, why: Stuck) {
        self.servers[server].stuck = Some(why);
        if why == Stuck::Disk {
            let now = self.now;
            let files = &mut self.agents[server].files;
            files.put(FILLER, Entry { mode: 0o600, ..Entry::file("core\n", "root", now) });
            files.taken = files.size;
        }
        self.settle();
    }

    /// It is as others again.
    pub(super) fn unstick(&mut self, server: usize) {
        self.servers[server].stuck = None;
        let files = &mut self.agents[server].files;
        if files.take(FILLER) || files.taken == files.size {
            files.taken = files.size / 4;
        }
        self.settle();
    }

    /// Whoever removes what fills a disk has mended it.
    pub(super) fn look_after_disks(&mut self) {
        for server in 0..self.servers.len() {
            if self.servers[server].stuck == Some(Stuck::Disk) && self.agents[server].files.get(FILLER).is_none() {
                self.unstick(server);
            }
        }
    }

    /// `ufw status`, `ufw allow PORT`, `ufw reload`.
    pub(super) fn firewall(&mut self, call: &Call<'_>, host: usize) -> CommandResult {
        if !call.shell.is_root() {
            return failed(1, "ERROR: You need to be root to run this script");
        }
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let server = self.server_of(host);
        let is_closed = server.is_some_and(|server| self.servers[server].stuck == Some(Stuck::Port));
        match words.as_slice() {
            ["status", ..] => {
                let rule = |port: &str, action: &str| format!("{port:<27}{action:<12}Anywhere\n");
                let rpc = if is_closed { "DENY" } else { "ALLOW" };
                let rules = [("22/tcp", "ALLOW"), ("4646/tcp", "ALLOW"), ("4647/tcp", rpc), ("4648", "ALLOW")];
                let rules: String = rules.iter().map(|(port, action)| rule(port, action)).collect();
                printed(&format!(
                    "Status: active\n\n{}{}{rules}\n",
                    rule("To", "Action").replace("Anywhere", "From"),
                    rule("--", "------").replace("Anywhere", "----")
                ))
            }
            ["allow", "4647" | "4647/tcp"] => match server.filter(|_| is_closed) {
                Some(server) => {
                    self.unstick(server);
                    printed("Rule updated\nRule updated (v6)\n")
                }
                None => printed("Skipping adding existing rule\nSkipping adding existing rule (v6)\n"),
            },
            ["allow", _] => printed("Rule added\nRule added (v6)\n"),
            ["reload"] => printed("Firewall reloaded\n"),
            _ => failed(1, "ERROR: Invalid syntax"),
        }
    }

    /// Somebody has registered a job of at most so many, which takes the room that there is.
    pub(super) fn fill(&mut self, count: usize) {
        let (job, now) = (self.jobs.len(), self.now);
        self.jobs.push(Job { id: FILLING, kind: Kind::Service, count: 0 });
        while self.jobs[job].count < count {
            let Some(client) = self.place_for(job) else { break };
            let alloc = self.new_alloc(job, self.jobs[job].count, client);
            (self.allocs[alloc].status, self.allocs[alloc].changed) = (AllocStatus::Running, now);
            self.jobs[job].count += 1;
        }
    }
}
