//! Snapshots, by the API and by the client.

use sha2::{Digest, Sha256};

use crate::practice::Response;
use crate::practice::host::Random;

use super::answers::{nothing, text};
use super::events::Event;
use super::state::{Alloc, AllocStatus, Blocked, Nomad, Snapshot};

/// Bytes of a snapshot.
const SNAPSHOT_BYTES: usize = 18_432;

impl Nomad {
    /// A snapshot of what the leader holds.
    pub(super) fn take_snapshot(&mut self) -> Vec<u8> {
        let (index, leader) = (self.index(), self.leader.unwrap_or(0));
        let mut content = vec![0x1f, 0x8b, 0x08, 0x00];
        content.extend(Random::new(index ^ self.options.seed << 32).bytes(SNAPSHOT_BYTES));
        let format = self.servers[leader].format.clone();
        let (allocs, blocked) = (self.allocs.clone(), self.blocked.clone());
        self.snapshots.push(Snapshot { content: content.clone(), allocs, blocked, index, format });
        content
    }

    pub(super) fn snapshot_answer(&mut self) -> Response {
        let body = self.take_snapshot();
        let sum: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = vec![("digest", format!("sha-256={sum}"))];
        Response::Answer { status: 200, content_type: "application/x-gzip", headers, body }
    }

    /// Puts a snapshot into the leader.
    pub(super) fn restore(&mut self, body: &[u8]) -> Response {
        let Some(known) = self.snapshots.iter().find(|snapshot| snapshot.content == body).cloned() else {
            return text(500, "failed to read snapshot file: failed to decompress snapshot: gzip: invalid header");
        };
        let Some(leader) = self.leader else { return super::answers::no_leader() };
        let running = self.agents[leader].running().cloned();
        if running.is_some_and(|version| version < known.format) {
            return text(500, "failed to restore snapshot: unrecognized snapshot type");
        }
        let server = &mut self.servers[leader];
        server.index = server.index.max(known.index) + 1;
        server.snapshot_index = server.index;
        server.format = known.format;
        self.write();
        self.is_blank = false;
        self.run_again(known.allocs, known.blocked);
        self.know_clients_again();
        nothing()
    }

    /// What ran when the snapshot was taken is wanted again; what has ended meanwhile is started anew.
    fn run_again(&mut self, allocs: Vec<Alloc>, blocked: Vec<Blocked>) {
        let is_running = |old: &Alloc| self.allocs.iter().any(|alloc| alloc.id == old.id && alloc.is_active());
        let ended: Vec<usize> =
            (0..allocs.len()).filter(|at| allocs[*at].is_active() && !is_running(&allocs[*at])).collect();
        (self.allocs, self.blocked) = (allocs, blocked);
        self.queue.retain(|_, event| !matches!(event, Event::Runs { .. } | Event::Ended { .. }));
        for alloc in ended {
            self.allocs[alloc].status = AllocStatus::Pending;
            self.plan_within(2_000, 9_000, Event::Runs { alloc });
        }
    }

    /// Clients that go on beating are known again once the state is back.
    fn know_clients_again(&mut self) {
        for client in 0..self.clients.len() {
            let host = self.host_of(client);
            let pid = self.agents[host].pid();
            if self.agents[host].works() {
                self.plan_within(1_000, 9_000, Event::Register { client, pid });
            }
        }
    }
}
