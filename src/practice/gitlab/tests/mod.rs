//! What the faces say in which state, and what becomes of an instance that is treated well or badly.

mod commands;
mod faults;
mod http;
mod sequences;

use serde_json::Value;

use crate::practice::bench_tests::Bench;
use crate::practice::{CommandResult, Response};

use super::{Gitlab, Options};

/// An instance with its own clock and short ways to ask it.
pub(super) type Lab = Bench<Gitlab>;

impl Bench<Gitlab> {
    pub(super) fn new(machines: usize) -> Self {
        Self::with(Options::with_machines(machines))
    }

    pub(super) fn with(options: Options) -> Self {
        Self::of(|now| Gitlab::new(options, now))
    }

    pub(super) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.pass_millis(seconds * 1_000)
    }

    pub(super) fn fault(&mut self, name: &str, arguments: &Value) {
        self.try_fault(name, arguments).unwrap_or_else(|error| panic!("{error}"));
    }

    /// With a header, `name: value`; none when it is empty.
    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, header: &str) -> Response {
        let header = header.split_once(": ");
        self.send(node, method, target, header.as_slice(), "")
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
        let holder = if self.system.find("gitlab-db").is_some() { "gitlab-db" } else { "gitlab-1" };
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
