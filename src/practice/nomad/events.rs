//! What is to happen when, and the passing of time.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::{Nomad, Process};

/// Something that happens by the passing of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A starting or stopping process has come to its end.
    Process { host: usize, pid: u32 },
    /// systemd starts a process that has failed.
    Again { host: usize },
    /// A server that has started finds the others.
    Join { server: usize, pid: u32 },
    /// The others notice that a server is gone.
    Missed { server: usize, pid: u32 },
    /// A server that was forced out while alive objects.
    Objects { server: usize },
    /// An election.
    Elect { number: u64 },
    /// A second's work: writes, and what is replicated.
    Work,
    /// Autopilot looks.
    Judge,
    /// A client that has started is known to the servers.
    Register { client: usize, pid: u32 },
    /// A client's time to live is over.
    Expire { client: usize },
    /// An allocation comes up.
    Runs { alloc: usize },
    /// An allocation has ended.
    Ended { alloc: usize },
    /// A drain looks for what can be moved.
    Drain { client: usize, number: u64 },
}

impl Nomad {
    /// Plans something.
    pub(super) fn plan(&mut self, at: Timestamp, event: Event) {
        self.planned += 1;
        self.queue.insert((at, self.planned), event);
    }

    /// Plans something after a time from `low` to `high` milliseconds.
    pub(super) fn plan_within(&mut self, low: u64, high: u64, event: Event) {
        let wait = self.random.millis(low, high);
        self.plan(self.now.plus(wait), event);
    }

    /// Lets time pass until `now`; what is earlier changes nothing.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        while self.next_event().is_some_and(|at| at <= now) {
            self.step();
            self.note_harm();
        }
        self.now = self.now.max(now);
    }

    /// When the next thing happens.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// Lets the next thing happen.
    pub(super) fn step(&mut self) {
        let Some(((at, _), event)) = self.queue.pop_first() else { return };
        self.now = self.now.max(at);
        match event {
            Event::Process { host, pid } => self.process_moves(host, pid),
            Event::Again { host } => self.start_again(host),
            Event::Join { server, pid } => self.join(server, pid),
            Event::Missed { server, pid } => self.is_missed(server, pid),
            Event::Objects { server } => self.objects(server),
            Event::Elect { number } => self.elect(number),
            Event::Work => {
                self.work();
                self.plan(self.now.plus(Duration::from_secs(1)), Event::Work);
            }
            Event::Judge => {
                self.judge();
                self.plan(self.now.plus(Duration::from_secs(2)), Event::Judge);
            }
            Event::Register { client, pid } => self.register(client, pid),
            Event::Expire { client } => self.expire(client),
            Event::Runs { alloc } => self.runs(alloc),
            Event::Ended { alloc } => self.ended(alloc),
            Event::Drain { client, number } => self.drain_on(client, number),
        }
    }

    /// When the next process begins or ceases to listen.
    pub(super) fn next_process_change(&self) -> Option<Timestamp> {
        let listens = |event: &Event| matches!(event, Event::Process { .. } | Event::Again { .. });
        self.queue.iter().find(|(_, event)| listens(event)).map(|((at, _), _)| *at)
    }

    /// Whether an agent listens.
    pub(super) fn is_listening(&self, host: usize) -> bool {
        matches!(self.agents[host].process, Process::Up { .. })
    }
}
