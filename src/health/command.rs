//! A command whose exit status and output are looked at.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::monotonic;
use crate::engine::{CommandLine, Ended};
use crate::exec::{Answer, Runner};
use crate::health::http::parse;
use crate::health::verdict::{Heard, Kind};

/// Runs it to its end. The facts are `exit`, `stdout`, `stderr` and `json`; any exit status is an answer.
pub(crate) async fn ask(command: &CommandLine, runner: &dyn Runner) -> Heard {
    let began = monotonic();
    let answer = runner.once(command.clone()).await;
    heard(answer, began.elapsed())
}

/// The facts of how it ended.
pub(crate) fn heard(answer: Answer, elapsed: Duration) -> Heard {
    let mut facts = Map::new();
    let kind = match answer.ended {
        Ended::Exit(status) => {
            facts.insert("exit".into(), json!(status));
            facts.insert("json".into(), parse(&answer.printed.stdout));
            facts.insert("stdout".into(), Value::String(answer.printed.stdout));
            facts.insert("stderr".into(), Value::String(answer.printed.stderr));
            Kind::Answer
        }
        other => Kind::Nothing(other.describe()),
    };
    Heard { facts, kind, elapsed }
}
