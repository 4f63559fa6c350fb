//! The cluster as it is before anything is done to it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files, Log, Random, Version};
use crate::practice::ledger::Ledger;

use super::events::Event;
use super::options::Options;
use super::state::{
    Agent, AllocStatus, BINARY, CLIENT_STATE, Client, Gossip, Job, Kind, LICENSE, NodeStatus, Nomad, Peer, Process,
    REGION, SERVER_STATE, SETTINGS, Server,
};

/// What a license file holds; whose sum is compared.
const LICENSE_TEXT: &str = "02MV4UU43BK5HGYYTOJZWFQMTMNNEWU33JJVWGSM2NNRSGYY3OPJKWS2C practice\n";

/// The jobs that run, and how many of each.
const JOBS: [(&str, Kind, usize); 4] =
    [("api", Kind::Service, 4), ("cache", Kind::Service, 2), ("logs", Kind::System, 1), ("web", Kind::Service, 6)];

impl Nomad {
    /// A healthy cluster at `now`, up for a month, the first server leading.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let mut random = Random::new(options.seed);
        let month = Timestamp::from_millis(now.as_millis() - 30 * 86_400_000);
        let build = if options.servers_are_new { &options.target } else { &options.old };
        let (index, members) = (53_000 + random.between(0, 900), options.servers + options.spare);
        let mut cluster = Self {
            now,
            agents: Vec::new(),
            servers: Vec::new(),
            clients: Vec::new(),
            bastion: bastion(&options, now),
            leader: (options.servers > 0).then_some(0),
            leader_since: month,
            term: 4,
            election: 0,
            is_election_due: false,
            ticks: 0,
            jobs: JOBS.map(|(id, kind, count)| Job { id, kind, count }).to_vec(),
            allocs: Vec::new(),
            blocked: Vec::new(),
            snapshots: Vec::new(),
            ghosts: Vec::new(),
            is_blank: false,
            cleans_up: true,
            harms: Ledger::default(),
            queue: BTreeMap::new(),
            planned: 0,
            next_pid: 4_100,
            random,
            options: options.clone(),
        };
        for number in 1..=members {
            let is_there = number <= options.servers;
            let name = format!("nomad-server-{number}");
            let mut agent =
                cluster.agent(&name, &format!("10.0.0.{number}"), is_there.then_some(build.as_str()), month);
            agent.files.put(SETTINGS, Entry::file(settings(true, members), "nomad", month));
            if is_there {
                agent.files.put(&format!("{SERVER_STATE}/raft/raft.db"), Entry::file("raft\n", "nomad", month));
                let key = Entry { mode: 0o600, ..Entry::file(format!("key {REGION}\n"), "nomad", month) };
                agent.files.put(&format!("{SERVER_STATE}/keystore/root.nks.json"), key);
            }
            cluster.agents.push(agent);
            let id = cluster.uuid();
            cluster.servers.push(server(id, is_there.then_some(build.as_str()), index, month));
        }
        cluster.found_peers();
        for number in 1..=options.clients {
            cluster.add_client(number, members, month);
        }
        cluster.spread(month);
        cluster.plan_within(200, 900, Event::Work);
        cluster.plan_within(500, 1_900, Event::Judge);
        cluster
    }

    fn agent(&mut self, name: &str, ip: &str, version: Option<&str>, since: Timestamp) -> Agent {
        let mut files = Files::new(since);
        let license = Entry { mode: 0o640, ..Entry::file(LICENSE_TEXT, "nomad", since) };
        files.put(LICENSE, license);
        let pid = 700 + self.random.between(0, 200) as u32;
        let process = match version {
            None => Process::Down { failed: false },
            Some(version) => {
                files.put(BINARY, Entry::program("nomad", version, "root", since));
                Process::Up { pid, version: Version::new(version), since, frozen: false }
            }
        };
        Agent {
            name: name.to_owned(),
            ip: ip.to_owned(),
            api: format!("http://{name}:4646"),
            files,
            process,
            last_pid: pid,
            is_enabled: version.is_some(),
            leaves_on: (false, false),
            log: Log::default(),
            slowness: Duration::ZERO,
        }
    }

    fn found_peers(&mut self) {
        let there = 0..self.options.servers;
        let peers: Vec<Peer> = there
            .clone()
            .map(|server| Peer { id: self.servers[server].id.clone(), address: self.rpc(server), votes: true })
            .collect();
        for server in there {
            self.servers[server].peers.clone_from(&peers);
        }
    }

    fn add_client(&mut self, number: usize, members: usize, since: Timestamp) {
        let old = self.options.old.clone();
        let ip = format!("10.0.1.{number}");
        let mut agent = self.agent(&format!("nomad-client-{number}"), &ip, Some(&old), since);
        agent.files.put(SETTINGS, Entry::file(settings(false, members), "nomad", since));
        let id = self.uuid();
        agent.files.put(&format!("{CLIENT_STATE}/client-id"), Entry::file(id.clone(), "nomad", since));
        agent.files.put(&format!("{CLIENT_STATE}/state.db"), Entry::file(old.clone(), "nomad", since));
        self.agents.push(agent);
        let ttl = self.random.millis(10_000, 20_000);
        self.clients.push(Client {
            id,
            status: NodeStatus::Ready,
            version: old,
            is_eligible: true,
            drain: None,
            last_drain: None,
            expires: None,
            last_beat: since,
            ttl,
            room: self.options.room,
            create_index: 6 + number as u64,
            modify_index: 2_500 + number as u64,
            told: Vec::new(),
        });
    }

    /// Gives every job its allocations, as they have run for a month.
    fn spread(&mut self, since: Timestamp) {
        for job in 0..self.jobs.len() {
            match self.jobs[job].kind {
                Kind::System => {
                    (0..self.clients.len()).for_each(|client| self.settled_alloc(job, client, client, since))
                }
                Kind::Service => {
                    for number in 0..self.jobs[job].count {
                        if let Some(client) = self.place_for(job) {
                            self.settled_alloc(job, number, client, since);
                        }
                    }
                }
            }
        }
    }

    fn settled_alloc(&mut self, job: usize, number: usize, client: usize, since: Timestamp) {
        let alloc = self.new_alloc(job, number, client);
        let known = &mut self.allocs[alloc];
        (known.status, known.created, known.changed) = (AllocStatus::Running, since, since);
        known.create_index = 40 + alloc as u64;
    }

    /// What a cluster built anew knows: nothing of jobs and clients.
    pub(super) fn forget_everything(&mut self) {
        self.is_blank = true;
        self.term = 1;
        self.allocs.clear();
        self.blocked.clear();
        self.ghosts.clear();
        self.queue.retain(|_, event| !matches!(event, Event::Runs { .. } | Event::Ended { .. } | Event::Drain { .. }));
        for client in 0..self.clients.len() {
            let known = &mut self.clients[client];
            (known.status, known.drain, known.is_eligible, known.expires) =
                (NodeStatus::Initializing, None, true, None);
            let pid = self.agents[self.host_of(client)].pid();
            // It learns at its next beat that nobody knows it, and what it ran is ended: nobody wants it.
            self.plan_within(2_000, 15_000, Event::Register { client, pid });
        }
    }
}

fn server(id: String, build: Option<&str>, index: u64, since: Timestamp) -> Server {
    let index = if build.is_some() { index } else { 0 };
    Server {
        id,
        gossip: if build.is_some() { Gossip::Alive } else { Gossip::Unknown },
        gossip_since: since,
        build: build.unwrap_or_default().to_owned(),
        term: if index > 0 { 4 } else { 0 },
        index,
        snapshot_index: index.saturating_sub(3_949),
        peers: Vec::new(),
        format: Version::new(build.unwrap_or("0")),
        contact: build.map(|_| since),
        stuck: None,
        pace: None,
        was_dropped: false,
        healthy: build.is_some(),
        judged_since: since,
    }
}

/// The bastion: the binary and the license that an operator has brought.
fn bastion(options: &Options, now: Timestamp) -> Files {
    let mut files = Files::new(now);
    files.put("/usr/bin/nomad", Entry::program("nomad", &options.old, "root", now));
    files.put("/home/operator/nomad", Entry::program("nomad", &options.target, "operator", now));
    files.put("/home/operator/license.hclic", Entry::file(LICENSE_TEXT, "operator", now));
    files
}

fn settings(is_server: bool, servers: usize) -> String {
    let names: Vec<String> = (1..=servers).map(|number| format!("\"nomad-server-{number}\"")).collect();
    let (role, other) = if is_server { ("server", "client") } else { ("client", "server") };
    let joins = if is_server { "server_join" } else { "servers" };
    format!(
        "region = \"{REGION}\"\ndatacenter = \"dc1\"\ndata_dir = \"/opt/nomad/data\"\nbind_addr = \"0.0.0.0\"\n\
         leave_on_interrupt = false\nleave_on_terminate = false\n\n{role} {{\n  enabled = true\n  {joins} = [{}]\n}}\n\n\
         {other} {{\n  enabled = false\n}}\n",
        names.join(", ")
    )
}
