//! Answers that came without a socket, judged as any other.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::Timestamp;
use crate::engine::Sample;
use crate::exec::{self, Redactor};
use crate::health::http::{self, Answer};
use crate::health::recall::Recall;
use crate::health::target::{Question, Target};
use crate::health::verdict::{Heard, Judgement, Kind};
use crate::health::{command, prometheus};

/// What was answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP answer: status, headers, what follows the body, body.
    Http(u16, Vec<(String, String)>, Vec<(String, String)>, Vec<u8>),
    /// A connection was taken.
    Connected,
    /// A command ended.
    Command(exec::Answer),
    /// Nobody listens.
    Refused,
    /// The connection was closed before an answer came.
    Closed,
    /// Nothing came in time.
    Silence,
}

/// One target that is asked again and again without a socket.
#[derive(Clone, Debug)]
pub struct Direct {
    /// What is asked.
    pub target: Target,
    recall: Recall,
}

impl Direct {
    /// Judges the answers of that target.
    pub fn new(target: Target) -> Self {
        let recall = Recall::of(&target);
        Self { target, recall }
    }

    /// The sample that such an answer makes, heard at `at` after `elapsed`.
    pub fn judged(&mut self, reply: Reply, at: Timestamp, elapsed: Duration) -> Sample {
        let Self { target, recall } = self;
        let heard = heard(target, reply, elapsed);
        let Judgement { verdict, why, fields } = recall.judge(target, heard);
        Sample { probe: target.probe.clone(), node: target.node.clone(), at, verdict, why, fields, elapsed }
    }
}

fn heard(target: &Target, reply: Reply, elapsed: Duration) -> Heard {
    match (&target.question, reply) {
        (_, Reply::Command(answer)) => command::heard(answer, elapsed),
        (Question::Prometheus(_, metrics), reply) => prometheus::heard(answer(reply), elapsed, *metrics, target),
        (Question::Tcp(_), reply) => {
            let kind = answer(reply).err().unwrap_or(Kind::Answer);
            http::complete(serde_json::Map::new(), &[], kind, elapsed)
        }
        (_, reply) => http::heard(answer(reply), elapsed, &Redactor::new(std::iter::empty())),
    }
}

fn answer(reply: Reply) -> Result<Answer, Kind> {
    match reply {
        Reply::Http(status, headers, trailers, body) => {
            let status = StatusCode::from_u16(status).map_err(|_| Kind::Nothing("not an HTTP answer".into()))?;
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok(Answer { status, headers: map(&headers), trailers: map(&trailers), text })
        }
        Reply::Connected | Reply::Command(_) => Err(Kind::Answer),
        Reply::Refused => Err(Kind::Refused),
        Reply::Closed => Err(Kind::Closed(http::CLOSED)),
        Reply::Silence => Err(Kind::TimedOut),
    }
}

fn map(pairs: &[(String, String)]) -> HeaderMap {
    let pairs = pairs.iter().filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    });
    pairs.collect()
}
