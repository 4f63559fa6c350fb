//! What the faces say in which state, and what becomes of an instance that is treated well or badly.

mod commands;
mod faults;
mod http;
mod sequences;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, Request, Response, System};

use super::{Gitlab, Options};

/// An instance with its own clock and short ways to ask it.
pub(super) struct Lab {
    pub(super) gitlab: Gitlab,
    pub(super) now: Timestamp,
}

impl Lab {
    pub(super) fn new(machines: usize) -> Self {
        Self::with(Options::with_machines(machines))
    }

    pub(super) fn with(options: Options) -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        Self { gitlab: Gitlab::new(options, now), now }
    }

    pub(super) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.gitlab.advance(self.now);
        self
    }

    /// Runs a line on the bastion, cut at blanks, and lets it take its time.
    pub(super) fn run(&mut self, line: &str) -> CommandResult {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let result = self.gitlab.command(&words, self.now);
        self.now = self.now.plus(Duration::from_millis(result.takes_ms));
        self.gitlab.advance(self.now);
        result
    }

    /// The same, which must succeed; its standard output.
    #[track_caller]
    pub(super) fn done(&mut self, line: &str) -> String {
        let result = self.run(line);
        assert_eq!(result.exit, 0, "{line}: {result:?}");
        result.stdout
    }

    pub(super) fn fault(&mut self, name: &str, arguments: &Value) {
        let arguments = arguments.as_object().cloned().unwrap_or_else(Map::new);
        self.gitlab.fault(name, &arguments, self.now).unwrap_or_else(|error| panic!("{error}"));
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, header: &str) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = header.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = Request {
            node: node.into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.into_iter().collect(),
            body: Vec::new(),
        };
        self.gitlab.answer(&request, self.now)
    }

    /// The status of `/-/readiness?all=1`; 0 when refused, 1 when silent.
    pub(super) fn ready(&mut self, node: &str) -> u16 {
        match self.ask(node, "GET", "/-/readiness?all=1", "") {
            Response::Answer { status, .. } => status,
            Response::Refused => 0,
            Response::Silent => 1,
        }
    }

    /// How many migrations of a database are unfinished, as the runbooks ask it.
    #[track_caller]
    pub(super) fn unfinished(&mut self, database: &str) -> u64 {
        let holder = if self.gitlab.find("gitlab-db").is_some() { "gitlab-db" } else { "gitlab-1" };
        let line = format!(
            "ssh {holder} sudo gitlab-psql -d {database} -t -A -c \"SELECT count(*) FROM batched_background_migrations WHERE \
             status NOT IN (3, 6)\""
        );
        self.done(&line).trim().parse().unwrap()
    }

    /// Lets time pass until no migration is unfinished; fails after a day.
    #[track_caller]
    pub(super) fn settle(&mut self) -> u64 {
        for minutes in 0..1_440 {
            if self.unfinished("gitlabhq_production") + self.unfinished("gitlabhq_production_ci") == 0 {
                return minutes;
            }
            self.pass(60);
        }
        panic!("not within a day");
    }

    /// Installs a version on a node, which is what the runbook does.
    pub(super) fn install(&mut self, node: &str, version: &str) -> CommandResult {
        self.run(&format!(
            "ssh {node} sudo DEBIAN_FRONTEND=noninteractive apt-get install -y --allow-change-held-packages \
             gitlab-ee={version}-ee.0"
        ))
    }

    /// One leg on every node, as it is done well.
    #[track_caller]
    pub(super) fn leg(&mut self, version: &str) {
        self.done("halt-gitlab");
        for node in ["gitlab-db", "gitlab-1", "gitlab-2"] {
            let result = self.install(node, version);
            assert_eq!(result.exit, 0, "{node}: {result:?}");
            self.done(&format!("ssh {node} sudo gitlab-ctl restart"));
        }
        self.pass(120);
    }
}
