//! Watching a cluster from outside while something is done to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use piton::clock::monotonic;

use super::super::http::request;

/// How often each node is asked.
const EVERY: Duration = Duration::from_millis(50);
/// How long a node may take to answer; one that takes longer is away.
const LIMIT: Duration = Duration::from_secs(2);

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody answers.
    Down,
    /// It answers, but has no part in the cluster: sealed or uninitialised.
    Away,
    /// It follows.
    Standby(String),
    /// It leads, with this version.
    Active(String),
}

impl Seen {
    /// Asks a node.
    pub fn ask(address: SocketAddr) -> Self {
        let Ok(answer) = request(address, "GET", "/v1/sys/health", &[], None, LIMIT) else { return Self::Down };
        let version = answer.json()["version"].as_str().unwrap_or_default().to_owned();
        match answer.status {
            200 => Self::Active(version),
            429 => Self::Standby(version),
            _ => Self::Away,
        }
    }

    fn is_away(&self) -> bool {
        matches!(self, Self::Down | Self::Away)
    }
}

struct Change {
    at: Instant,
    node: String,
    seen: Seen,
}

/// One thread for each node that asks it again and again.
pub struct Watcher {
    stops: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    changes: Receiver<Change>,
}

/// From whom to whom the duty passed: name and version of each.
pub type HandOver = ((String, String), (String, String));

/// What was seen in the whole time.
#[derive(Debug)]
pub struct Report {
    /// The most nodes that were away at the same time.
    pub most_away: usize,
    /// For how long no node was active, in one go at most.
    pub longest_without_active: Duration,
    /// Each time that the duty passed to another node: from (node, version) to (node, version).
    pub hand_overs: Vec<HandOver>,
    /// Every change, as a line with the seconds since the start.
    pub story: Vec<String>,
}

impl Watcher {
    /// Begins to watch these nodes.
    pub fn start(nodes: &BTreeMap<String, SocketAddr>) -> Self {
        let (send, changes) = channel();
        let (mut stops, mut threads) = (Vec::new(), Vec::new());
        for (node, address) in nodes {
            let (stop, stopped) = channel();
            let (node, address, send) = (node.clone(), *address, send.clone());
            threads.push(std::thread::spawn(move || watch(&node, address, &stopped, &send)));
            stops.push(stop);
        }
        Self { stops, threads, changes }
    }

    /// Ends the watch and tells what was seen.
    pub fn finish(self) -> Report {
        drop(self.stops);
        for thread in self.threads {
            thread.join().expect("a watcher does not panic");
        }
        let mut changes: Vec<Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| change.at);
        report(&changes, monotonic())
    }
}

fn watch(node: &str, address: SocketAddr, stopped: &Receiver<()>, changes: &Sender<Change>) {
    let mut last = None;
    loop {
        let seen = Seen::ask(address);
        if last.as_ref() != Some(&seen) {
            last = Some(seen.clone());
            // Whoever no longer listens has ended the watch.
            let _ = changes.send(Change { at: monotonic(), node: node.to_owned(), seen });
        }
        if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

fn report(changes: &[Change], end: Instant) -> Report {
    let mut report =
        Report { most_away: 0, longest_without_active: Duration::ZERO, hand_overs: Vec::new(), story: Vec::new() };
    let mut now: BTreeMap<&str, &Seen> = BTreeMap::new();
    let mut duty: Option<(String, String)> = None;
    let mut without_since: Option<Instant> = None;
    let start = changes.first().map_or(end, |change| change.at);
    for change in changes {
        now.insert(&change.node, &change.seen);
        let away = now.values().filter(|seen| seen.is_away()).count();
        report.most_away = report.most_away.max(away);
        report.story.push(format!("{:7.3} {} {:?}", (change.at - start).as_secs_f64(), change.node, change.seen));
        let active = now.iter().find_map(|(node, seen)| match seen {
            Seen::Active(version) => Some(((*node).to_owned(), version.clone())),
            _ => None,
        });
        match active {
            Some(active) => {
                if let Some(since) = without_since.take() {
                    report.longest_without_active = report.longest_without_active.max(change.at - since);
                }
                if let Some(before) = duty.replace(active.clone()).filter(|before| before.0 != active.0) {
                    report.hand_overs.push((before, active));
                }
            }
            None => without_since = without_since.or(Some(change.at)),
        }
    }
    if let Some(since) = without_since {
        report.longest_without_active = report.longest_without_active.max(end - since);
    }
    report
}

impl Report {
    /// The hand-overs from a newer to an older version.
    pub fn newer_to_older(&self) -> Vec<&HandOver> {
        let parts = |version: &str| -> Vec<u64> { version.split('.').filter_map(|part| part.parse().ok()).collect() };
        self.hand_overs.iter().filter(|(from, to)| parts(&from.1) > parts(&to.1)).collect()
    }

    /// Panics with the whole story when two nodes were away at once, when the duty passed to an older version, or when
    /// nobody was active for longer than `without_active`.
    #[track_caller]
    pub fn assert_gentle(&self, without_active: Duration) {
        let story = self.story.join("\n");
        assert!(self.most_away <= 1, "{} nodes were away at once\n{story}", self.most_away);
        assert!(self.newer_to_older().is_empty(), "the duty passed to an older version\n{story}");
        let longest = self.longest_without_active;
        assert!(longest <= without_active, "nobody was active for {longest:?}\n{story}");
    }
}

#[test]
fn a_report_tells_who_was_away_and_who_took_over() {
    let start = monotonic();
    let change =
        |ms: u64, node: &str, seen: Seen| Change { at: start + Duration::from_millis(ms), node: node.into(), seen };
    let (active, standby) = (|v: &str| Seen::Active(v.into()), |v: &str| Seen::Standby(v.into()));
    let changes = [
        change(0, "a", active("2.10.0")),
        change(0, "b", standby("2.9.0")),
        change(0, "c", standby("2.9.0")),
        change(100, "a", Seen::Down),
        change(400, "b", active("2.9.0")),
        change(500, "c", Seen::Away),
        change(600, "a", standby("2.10.0")),
    ];
    let told = report(&changes, start + Duration::from_secs(1));
    assert_eq!(told.most_away, 2);
    assert_eq!(told.longest_without_active, Duration::from_millis(300));
    assert_eq!(told.hand_overs.len(), 1);
    assert_eq!(told.newer_to_older().len(), 1, "2.10 is newer than 2.9");
    let told = report(&changes[..4], start + Duration::from_secs(1));
    assert_eq!(told.longest_without_active, Duration::from_millis(900), "to the end");
}
