//! Where work goes, and what becomes of it.

use super::events::Event;
use super::state::{Alloc, AllocStatus, Blocked, Kind, NodeStatus, Nomad};

impl Nomad {
    /// Allocations of services on a client.
    pub(super) fn load(&self, client: usize) -> usize {
        let is_service = |alloc: &&Alloc| self.jobs[alloc.job].kind == Kind::Service;
        self.allocs.iter().filter(|alloc| alloc.client == client && alloc.is_active()).filter(is_service).count()
    }

    /// Whether the scheduler gives work to a client.
    pub(super) fn takes_work(&self, client: usize) -> bool {
        let known = &self.clients[client];
        known.status == NodeStatus::Ready && known.is_eligible && known.drain.is_none()
    }

    /// The client with the most room, fewest of that job first; `None`: there is no room.
    pub(super) fn place_for(&self, job: usize) -> Option<usize> {
        let fits = |client: &usize| self.takes_work(*client) && self.load(*client) < self.clients[*client].room;
        let of_job = |client: usize| {
            self.allocs.iter().filter(|alloc| alloc.client == client && alloc.job == job && alloc.is_active()).count()
        };
        (0..self.clients.len()).filter(fits).min_by_key(|client| (self.load(*client), of_job(*client)))
    }

    /// A new allocation, pending.
    pub(super) fn new_alloc(&mut self, job: usize, number: usize, client: usize) -> usize {
        let (id, eval, now) = (self.uuid(), self.uuid(), self.now);
        let create_index = self.write();
        self.allocs.push(Alloc {
            id,
            eval,
            job,
            number,
            client,
            is_wanted: true,
            status: AllocStatus::Pending,
            created: now,
            changed: now,
            create_index,
        });
        self.allocs.len() - 1
    }

    /// Finds a place for one of a job, or has it wait. The new allocation, if there is room.
    pub(super) fn replace(&mut self, job: usize, number: usize) -> Option<usize> {
        if self.jobs[job].kind == Kind::System || self.is_blank {
            return None;
        }
        let Some(client) = self.place_for(job) else {
            let is_known = self.blocked.iter().any(|blocked| (blocked.job, blocked.number) == (job, number));
            if !is_known {
                let (id, since) = (self.uuid(), self.now);
                self.blocked.push(Blocked { id, job, number, since });
            }
            return None;
        };
        self.blocked.retain(|blocked| (blocked.job, blocked.number) != (job, number));
        let alloc = self.new_alloc(job, number, client);
        self.plan_within(1_500, 6_000, Event::Runs { alloc });
        Some(alloc)
    }

    /// There is room again: what waits is looked at.
    pub(super) fn serve_blocked(&mut self) {
        for Blocked { job, number, .. } in self.blocked.clone() {
            let runs =
                |alloc: &Alloc| alloc.job == job && alloc.number == number && alloc.is_active() && alloc.is_wanted;
            // What a drain could not move still runs: the drain sees to it.
            if !self.allocs.iter().any(runs) {
                self.replace(job, number);
            }
        }
    }

    /// Gives a client its share of the system jobs.
    pub(super) fn place_system(&mut self, client: usize) {
        if !self.takes_work(client) || self.is_blank {
            return;
        }
        for job in 0..self.jobs.len() {
            let has =
                |alloc: &Alloc| alloc.job == job && alloc.client == client && alloc.is_active() && alloc.is_wanted;
            if self.jobs[job].kind == Kind::System && !self.allocs.iter().any(has) {
                let alloc = self.new_alloc(job, client, client);
                self.plan_within(1_000, 3_000, Event::Runs { alloc });
            }
        }
    }

    /// An allocation comes up.
    pub(super) fn runs(&mut self, alloc: usize) {
        let now = self.now;
        if self.allocs[alloc].status == AllocStatus::Pending {
            let host = self.host_of(self.allocs[alloc].client);
            if !self.agents[host].works() {
                return self.plan_within(1_000, 3_000, Event::Runs { alloc });
            }
            self.allocs[alloc].status = AllocStatus::Running;
            self.allocs[alloc].changed = now;
            self.write();
        }
    }

    /// An allocation that was told to stop is asked to end.
    pub(super) fn stop_alloc(&mut self, alloc: usize) {
        self.allocs[alloc].is_wanted = false;
        self.plan_within(800, 4_000, Event::Ended { alloc });
    }

    /// An allocation has ended.
    pub(super) fn ended(&mut self, alloc: usize) {
        let now = self.now;
        if !self.allocs[alloc].is_active() {
            return;
        }
        let host = self.host_of(self.allocs[alloc].client);
        if !self.agents[host].works() {
            // Nobody is there to end it; the servers wait for the client.
            return self.plan_within(1_000, 3_000, Event::Ended { alloc });
        }
        let was = self.allocs[alloc].status.word();
        self.allocs[alloc].status = AllocStatus::Complete;
        self.allocs[alloc].changed = now;
        self.write();
        let (client, id) = (self.allocs[alloc].client, self.allocs[alloc].id.clone());
        self.clients[client].told.push((now, format!("Alloc \"{id}\" status {was} -> complete")));
        self.serve_blocked();
    }
}
