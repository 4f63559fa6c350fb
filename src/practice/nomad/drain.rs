//! Draining a client: its work moves away, one of each job at a time.

use std::time::Duration;

use super::events::Event;
use super::state::{AllocStatus, Drain, Kind, Nomad};

impl Nomad {
    /// Begins a drain, or changes the one that goes on. `deadline`: how long what cannot move may stay; `None`: for ever.
    pub(super) fn begin_drain(&mut self, client: usize, deadline: Option<Duration>, ignores_system: bool) {
        let now = self.now;
        self.planned += 1;
        let number = self.planned;
        let deadline = deadline.map(|wait| now.plus(wait));
        let known = &mut self.clients[client];
        known.drain = Some(Drain { began: now, deadline, ignores_system, keeps_ineligible: true, number });
        known.is_eligible = false;
        known.told.clear();
        self.touch(client);
        self.plan_within(200, 800, Event::Drain { client, number });
        if let Some(at) = deadline {
            self.plan(at, Event::Drain { client, number });
        }
    }

    /// Ends a drain by order; what has moved stays where it is.
    pub(super) fn cancel_drain(&mut self, client: usize, keeps_ineligible: bool) {
        let now = self.now;
        if let Some(drain) = self.clients[client].drain.take() {
            self.clients[client].last_drain = Some(("canceled", drain.began, now));
        }
        self.clients[client].is_eligible = !keeps_ineligible;
        self.touch(client);
        self.blocked.retain(|blocked| {
            let is_held = |alloc: &super::state::Alloc| {
                alloc.job == blocked.job && alloc.number == blocked.number && alloc.is_active() && alloc.is_wanted
            };
            !self.allocs.iter().any(is_held)
        });
        self.serve_blocked();
        self.place_system(client);
    }

    /// Opens a client for work, or closes it.
    pub(super) fn set_eligible(&mut self, client: usize, is_eligible: bool) {
        self.clients[client].is_eligible = is_eligible;
        self.touch(client);
        if is_eligible {
            self.serve_blocked();
            self.place_system(client);
        }
    }

    /// A drain looks for what can be moved.
    pub(super) fn drain_on(&mut self, client: usize, number: u64) {
        let Some(drain) = self.clients[client].drain.clone().filter(|drain| drain.number == number) else { return };
        if self.leader.is_none() {
            return self.plan_within(1_000, 2_000, Event::Drain { client, number });
        }
        let is_over = drain.deadline.is_some_and(|at| at <= self.now);
        let mine = self.active_on(client, Kind::Service);
        for &alloc in &mine {
            self.move_away(alloc, is_over);
        }
        if mine.is_empty() {
            let system = self.active_on(client, Kind::System);
            match system.is_empty() || drain.ignores_system {
                true => return self.drained(client, &drain),
                false => self.stop_wanted(&system),
            }
        } else if is_over {
            let system = self.active_on(client, Kind::System);
            if !drain.ignores_system {
                self.stop_wanted(&system);
            }
        }
        self.plan_within(1_000, 2_500, Event::Drain { client, number });
    }

    fn active_on(&self, client: usize, kind: Kind) -> Vec<usize> {
        let is_meant = |alloc: &usize| {
            let known = &self.allocs[*alloc];
            known.client == client && known.is_active() && self.jobs[known.job].kind == kind
        };
        (0..self.allocs.len()).filter(is_meant).collect()
    }

    fn stop_wanted(&mut self, allocs: &[usize]) {
        for &alloc in allocs {
            if self.allocs[alloc].is_wanted {
                self.stop_alloc(alloc);
            }
        }
    }

    /// Moves one allocation, unless another of its job is on the way; `is_over`: it is stopped all the same.
    fn move_away(&mut self, alloc: usize, is_over: bool) {
        let (job, number, client) = (self.allocs[alloc].job, self.allocs[alloc].number, self.allocs[alloc].client);
        if !self.allocs[alloc].is_wanted {
            return;
        }
        let is_moving = self.allocs.iter().any(|other| {
            other.job == job && other.is_active() && (!other.is_wanted || other.status == AllocStatus::Pending)
        });
        if is_moving && !is_over {
            return;
        }
        let has_place = self.replace(job, number).is_some();
        if has_place || is_over {
            let (now, id) = (self.now, self.allocs[alloc].id.clone());
            let told = &mut self.clients[client].told;
            told.push((now, format!("Alloc \"{id}\" marked for migration")));
            told.push((now, format!("Alloc \"{id}\" draining")));
            self.stop_alloc(alloc);
        }
    }

    fn drained(&mut self, client: usize, drain: &Drain) {
        let now = self.now;
        let known = &mut self.clients[client];
        known.drain = None;
        known.is_eligible = !drain.keeps_ineligible;
        known.last_drain = Some(("complete", drain.began, now));
        let id = known.id.clone();
        known.told.push((now, format!("Drain complete for node {id}")));
        known.told.push((now, format!("All allocations on node \"{id}\" have stopped")));
        self.touch(client);
    }
}
