//! What the tests of every simulator need: a system with its own clock and short ways to ask it.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Request, Response, System};

/// A system with its own clock.
pub(super) struct Bench<S> {
    pub(super) system: S,
    pub(super) now: Timestamp,
    /// How a line becomes words.
    pub(super) words: fn(&str) -> Vec<String>,
}

impl<S: System> Bench<S> {
    /// A system that was made at the moment at which all of these begin.
    pub(super) fn of(make: impl FnOnce(Timestamp) -> S) -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Self { system: make(now), now, words }
    }

    pub(super) fn pass_millis(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_millis(millis));
        self.system.advance(self.now);
        self
    }

    /// Runs words on the bastion, and lets them take their time.
    pub(super) fn run_words(&mut self, words: &[String]) -> CommandResult {
        let result = self.system.command(words, self.now);
        self.pass_millis(result.takes_ms);
        result
    }

    /// Runs a line; unless said otherwise its words hold no blanks.
    pub(super) fn run(&mut self, line: &str) -> CommandResult {
        self.run_words(&(self.words)(line))
    }

    /// Runs a line that must succeed; its standard output.
    #[track_caller]
    pub(super) fn done(&mut self, line: &str) -> String {
        let result = self.run(line);
        assert_eq!(result.exit, 0, "{line}: {result:?}");
        result.stdout
    }

    /// Runs every command of a table, one after the other: its exit status, and parts of what it prints and complains.
    #[track_caller]
    pub(super) fn assert_commands(&mut self, table: &[(&str, i32, &str, &str)]) {
        for &(line, exit, stdout, stderr) in table {
            let result = self.run(line);
            assert_eq!(result.exit, exit, "{line}: {result:?}");
            assert!(result.stdout.contains(stdout), "{line}: {result:?}");
            assert!(result.stderr.contains(stderr), "{line}: {result:?}");
        }
    }

    /// Sends a request with headers.
    pub(super) fn send(
        &mut self,
        node: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        self.system.answer(&request(node, method, target, headers, body), self.now)
    }

    /// Sets a fault; the arguments are an object.
    pub(super) fn try_fault(&mut self, name: &str, arguments: &Value) -> Result<(), FaultError> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        self.system.fault(name, &arguments, self.now)
    }

    /// Lets time pass by steps until `holds`, and tells how many milliseconds it took; fails after `limit` of them.
    #[track_caller]
    pub(super) fn until_millis(&mut self, (limit, step): (u64, u64), holds: impl Fn(&mut Self) -> bool) -> u64 {
        let began = self.now;
        while !holds(self) {
            assert!(self.now.since(began) <= Duration::from_millis(limit), "not within {limit} ms");
            self.pass_millis(step);
        }
        u64::try_from(self.now.since(began).as_millis()).unwrap()
    }
}

/// A request to a node; `target` is path and query.
pub(super) fn request(node: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        node: node.into(),
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// Status and JSON of an answer; 0 when refused, 1 when silent.
pub(super) fn status(response: Response) -> (u16, Value) {
    match response {
        Response::Refused => (0, Value::Null),
        Response::Silent => (1, Value::Null),
        Response::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
    }
}
