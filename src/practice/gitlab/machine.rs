//! The command face: the machines as hosts that are reached from the bastion.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{
    Call, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, UnitState, Url, printed, run, sed,
};
use crate::practice::{Request, Response};

use super::state::{Gitlab, Service};

impl Gitlab {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }
}

impl Hosts for Gitlab {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        self.find(name.strip_suffix(".example.net").unwrap_or(name))
    }

    fn host_name(&self, index: usize) -> String {
        self.nodes[index].name.clone()
    }

    fn is_reachable(&self, index: usize) -> bool {
        self.nodes[index].reachable
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        let Place::Node(index) = call.shell.place else { return self.on_bastion(call) };
        if let Some(result) = self.packaging(index, call) {
            return Some(result);
        }
        if call.name == "sed" {
            return Some(sed(&mut self.nodes[index].files, call));
        }
        // The programs of the package go with it.
        self.nodes[index].package.version()?;
        Some(match call.name {
            "gitlab-ctl" => self.control(index, call),
            "gitlab-rake" => self.rake(index, call),
            "gitlab-backup" => self.back_up_or_restore(index, call),
            "gitlab-rails" => self.rails(index, call),
            "gitlab-psql" => self.psql(index, call),
            _ => return None,
        })
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        match place {
            Place::Bastion => Some(&mut self.files),
            Place::Node(index) => self.nodes.get_mut(index).map(|node| &mut node.files),
        }
    }

    fn web(&mut self, place: Place, url: &Url, request: Request) -> Option<(Response, Duration)> {
        let authority = format!("{}:{}", url.host, url.port);
        let index = match place {
            Place::Node(index) if url.is_local() => Some(index),
            _ => self.host(&url.host).or_else(|| self.nodes.iter().position(|node| node.url.ends_with(&authority))),
        };
        // Nothing listens on the bastion itself.
        let Some(index) = index else { return url.is_local().then_some((Response::Refused, Duration::ZERO)) };
        let request = Request { node: self.nodes[index].name.clone(), ..request };
        Some((self.serve_to(&request, place == Place::Node(index)), Duration::ZERO))
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        let node = &self.nodes[index];
        let is_up = !node.services.is_empty();
        vec![Unit {
            name: "gitlab-runsvdir".into(),
            description: "GitLab Runit supervision process".into(),
            file: "/usr/lib/systemd/system/gitlab-runsvdir.service".into(),
            state: if is_up { UnitState::Active } else { UnitState::Inactive },
            pid: 612,
            program: "runsvdir".into(),
            command: "runsvdir -P /opt/gitlab/service log: ....".into(),
            is_enabled: true,
            has_process: is_up,
            properties: vec![("Restart".into(), "always".into())],
        }]
    }

    fn order(&mut self, index: usize, _unit: &str, order: Order) -> CommandResult {
        let version = self.nodes[index].package.version().cloned();
        for at in 0..self.nodes[index].services.len() {
            let (now, up) = (self.now, self.nodes[index].services[at].up);
            match (order, &version) {
                (Order::Stop | Order::Kill(_), _) => self.lower(index, at),
                (Order::Start { .. }, Some(version)) if !up => self.raise(index, at, version, now),
                (Order::Restart, Some(version)) => self.raise(index, at, version, now),
                _ => {}
            }
        }
        printed("").lasting(Duration::from_secs(4))
    }

    fn journal(&self, index: usize, _unit: &str) -> Option<&Log> {
        Some(&self.nodes[index].log)
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let there = self.nodes[index].services.iter().filter(|service| service.runs(self.now));
        let mut listed: Vec<Listed> = there.map(listed).collect();
        listed.sort_by_key(|process| process.pid);
        listed
    }

    fn signal(&mut self, index: usize, pid: u32, signal: Signal) {
        let (now, node) = (self.now, &self.nodes[index]);
        let Some(at) = node.services.iter().position(|service| service.pid == pid) else { return };
        let code = node.package.version().cloned();
        match (signal, code) {
            (Signal::Freeze, _) => self.nodes[index].services[at].frozen = true,
            (Signal::Thaw, _) => self.nodes[index].services[at].frozen = false,
            // runit starts what ends without having been told to.
            (Signal::Interrupt | Signal::Terminate | Signal::Kill | Signal::Deadly(_), Some(code)) => {
                self.raise(index, at, &code, now.plus(Duration::from_secs(1)));
            }
            _ => {}
        }
    }
}

/// A service's process as `ps` shows it.
fn listed(service: &Service) -> Listed {
    let (user, name, command) = match service.name {
        "puma" => (
            "git",
            "bundle",
            "puma 6.4.3 (unix:///var/opt/gitlab/gitlab-rails/sockets/gitlab.socket,tcp://127.0.0.1:8080) \
             [gitlab-puma-worker]",
        ),
        "sidekiq" => ("git", "bundle", "sidekiq 7.2.4 queues:default,mailers [0 of 20 busy]"),
        "postgresql" => {
            ("gitlab-psql", "postgres", "/opt/gitlab/embedded/bin/postgres -D /var/opt/gitlab/postgresql/data")
        }
        "redis" => ("gitlab-redis", "redis-server", "/opt/gitlab/embedded/bin/redis-server 127.0.0.1:0"),
        "gitaly" => ("git", "gitaly", "/opt/gitlab/embedded/bin/gitaly /var/opt/gitlab/gitaly/config.toml"),
        "nginx" => ("root", "nginx", "nginx: master process /opt/gitlab/embedded/sbin/nginx -p /var/opt/gitlab/nginx"),
        "gitlab-workhorse" => {
            ("git", "gitlab-workhorse", "/opt/gitlab/embedded/bin/gitlab-workhorse -listenNetwork unix")
        }
        "gitlab-kas" => {
            ("git", "gitlab-kas", "/opt/gitlab/embedded/bin/gitlab-kas --configuration-file gitlab-kas.yml")
        }
        "node-exporter" => ("gitlab-prometheus", "node_exporter", "/opt/gitlab/embedded/bin/node_exporter"),
        other => ("root", other, "/opt/gitlab/embedded/bin/logrotate /var/opt/gitlab/logrotate/logrotate.conf"),
    };
    Listed {
        pid: service.pid,
        user: user.into(),
        name: name.into(),
        command: command.into(),
        is_frozen: service.frozen,
    }
}
