//! Probes on a clock that is stepped: what a server or a command takes its time for is heard that much later, and what a
//! server holds back is answered out of the state of the later moment.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Ended, Sample};
use crate::exec::Answer;
use crate::health::{Direct, HeaderText, HttpQuestion, Question, Reply, Target};
use crate::practice::{Request, Response, System, parted};
use crate::session::practice::{PRACTICE_SECRET, printed};

/// A command that takes less is heard at once.
const SHORT: Duration = Duration::from_secs(1);

/// What is being asked of one target.
enum Row {
    /// It is asked at that time.
    Due(Timestamp),
    /// It was asked `since`; the answer is there `at`.
    Asked { since: Timestamp, at: Timestamp, waits: Waits },
}

/// What an answer that is not there yet comes from.
enum Waits {
    /// The server thinks; it answers then.
    Server(Request),
    /// It is known, and on its way.
    Known(Reply),
}

/// All targets, each asked again and again.
pub(super) struct Asking {
    targets: Vec<Direct>,
    rows: Vec<Row>,
    ports: Vec<(String, u16)>,
}

impl Asking {
    /// Asks every target from `first` on; the nodes are named by those ports.
    pub(super) fn new(targets: &[Target], ports: Vec<(String, u16)>, first: Timestamp) -> Self {
        let rows = targets.iter().map(|_| Row::Due(first)).collect();
        Self { targets: targets.iter().cloned().map(Direct::new).collect(), rows, ports }
    }

    /// Asks all of them now that are not being asked.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        for row in &mut self.rows {
            if matches!(row, Row::Due(_)) {
                *row = Row::Due(now);
            }
        }
    }

    /// Whether it is time to ask some target. (One that is being asked already does not count.)
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.rows.iter().any(|row| matches!(row, Row::Due(at) if *at <= now))
    }

    /// When something is asked or heard next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let times = self.rows.iter().map(|row| match row {
            Row::Due(at) | Row::Asked { at, .. } => *at,
        });
        times.min()
    }

    /// What is heard of that target by `now`. Asks it when it is its time, and again after `least` at the least.
    pub(super) fn heard(
        &mut self,
        index: usize,
        system: &mut dyn System,
        now: Timestamp,
        least: Duration,
    ) -> Option<Sample> {
        let target = &self.targets[index].target;
        if matches!(self.rows[index], Row::Due(at) if at <= now) {
            let (takes, waits) = asked(target, &self.ports, system, now);
            self.rows[index] = Row::Asked { since: now, at: now.plus(takes), waits };
        }
        let Row::Asked { since, at, waits } = &self.rows[index] else { return None };
        let since = *since;
        let reply = match waits {
            // Whoever waits for a process that ends is told at once.
            Waits::Server(request) if !system.listens(&request.node) => Reply::Closed,
            _ if *at > now => return None,
            Waits::Known(reply) => reply.clone(),
            Waits::Server(request) => match answered(system, request, now) {
                // Nothing comes any more: what is left of its patience passes.
                Reply::Silence if now.since(since) < target.timeout => {
                    let waits = Waits::Known(Reply::Silence);
                    self.rows[index] = Row::Asked { since, at: since.plus(target.timeout), waits };
                    return None;
                }
                reply => reply,
            },
        };
        self.rows[index] = Row::Due(since.plus(target.every.max(least)).max(now.plus(Duration::from_millis(1))));
        Some(self.targets[index].judged(reply, now, now.since(since)))
    }
}

/// Asks a target: for how long nothing is heard, and what comes then.
fn asked(target: &Target, ports: &[(String, u16)], system: &mut dyn System, now: Timestamp) -> (Duration, Waits) {
    let node_at =
        |port: Option<u16>| ports.iter().find(|(_, known)| Some(*known) == port).map(|(node, _)| node.clone());
    let at_once = |reply| (Duration::ZERO, Waits::Known(reply));
    system.advance(now);
    match &target.question {
        Question::Http(asked) | Question::Prometheus(asked, _) => {
            let Some(node) = node_at(asked.url.port_u16()).filter(|node| system.listens(node)) else {
                return at_once(Reply::Refused);
            };
            let request = request(node, asked);
            match system.holds(&request) {
                held if held >= target.timeout => (target.timeout, Waits::Known(Reply::Silence)),
                held => (held, Waits::Server(request)),
            }
        }
        Question::Tcp(address) => {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            let listens = node_at(port).is_some_and(|node| system.listens(&node));
            at_once(if listens { Reply::Connected } else { Reply::Refused })
        }
        Question::Command(line) => {
            let result = system.command(&line.argv, now);
            let answer = Answer { ended: Ended::Exit(result.exit), printed: printed(&result) };
            let takes = Duration::from_millis(result.takes_ms);
            // Answers that come a moment apart would be judged one by one, over and over.
            (if takes < SHORT { Duration::ZERO } else { takes }, Waits::Known(Reply::Command(answer)))
        }
    }
}

fn request(node: String, asked: &HttpQuestion) -> Request {
    let headers = asked.headers.iter().filter_map(|(name, text)| match text {
        HeaderText::Plain(value) => Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())),
        HeaderText::Secret(_) => Some((name.as_str().to_owned(), PRACTICE_SECRET.to_owned())),
    });
    Request {
        node,
        method: "GET".into(),
        path: asked.url.path().to_owned(),
        query: asked.url.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    }
}

fn answered(system: &mut dyn System, request: &Request, now: Timestamp) -> Reply {
    match system.answer(request, now) {
        Response::Answer { status, content_type, headers, body } => {
            let owned = |(name, value): (&str, String)| (name.to_owned(), value);
            let mut all: Vec<(String, String)> = vec![("cache-control".into(), "no-store".into())];
            if !content_type.is_empty() {
                all.push(("content-type".into(), content_type.into()));
            }
            let (before, behind) = parted(headers);
            all.extend(before.into_iter().map(owned));
            Reply::Http(status, all, behind.into_iter().map(owned).collect(), body)
        }
        Response::Refused => Reply::Closed,
        Response::Silent => Reply::Silence,
    }
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
