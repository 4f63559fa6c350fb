//! Answers that came without a socket, judged as any other.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::Timestamp;
use crate::engine::Sample;
use crate::exec::{self, Redactor};
use crate::health::http::{self, Answer};
use crate::health::target::{Question, Target};
use crate::health::verdict::{Heard, Judgement, Kind, judge};
use crate::health::{command, prometheus};

/// Headers: names and values.
pub type Pairs = Vec<(String, String)>;

/// What was answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP answer: status, headers, body, and the headers behind it.
    Http(u16, Pairs, Vec<u8>, Pairs),
    /// A connection was taken.
    Connected,
    /// A command ended.
    Command(exec::Answer),
    /// Nobody listens.
    Refused,
    /// Nothing came in time.
    Silence,
}

/// The sample that such an answer makes, taken at `at` in no time.
pub fn judged(target: &Target, reply: Reply, at: Timestamp) -> Sample {
    let none = Duration::ZERO;
    let heard = match (&target.question, reply) {
        (_, Reply::Command(answer)) => command::heard(answer, none),
        (Question::Prometheus(_, metrics), reply) => prometheus::heard(answer(reply), none, *metrics, target),
        (Question::Tcp(_), reply) => {
            let kind = answer(reply).err().unwrap_or(Kind::Answer);
            http::complete(serde_json::Map::new(), &[], kind, none)
        }
        (_, reply) => http::heard(answer(reply), none, &Redactor::new(std::iter::empty())),
    };
    let Heard { elapsed, .. } = heard;
    let Judgement { verdict, why, fields } = judge(target, heard);
    Sample { probe: target.probe.clone(), node: target.node.clone(), at, verdict, why, fields, elapsed }
}

fn answer(reply: Reply) -> Result<Answer, Kind> {
    match reply {
        Reply::Http(status, headers, body, trailers) => {
            let status = StatusCode::from_u16(status).map_err(|_| Kind::Nothing("not an HTTP answer".into()))?;
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok(Answer { status, headers: sent(&headers), trailers: sent(&trailers), text })
        }
        Reply::Connected | Reply::Command(_) => Err(Kind::Answer),
        Reply::Refused => Err(Kind::Refused),
        Reply::Silence => Err(Kind::TimedOut),
    }
}

fn sent(pairs: &Pairs) -> HeaderMap {
    let read = |(name, value): &(String, String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    };
    pairs.iter().filter_map(read).collect()
}
