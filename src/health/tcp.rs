//! Whether a port accepts connections.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::health::verdict::{Heard, Kind};

/// Connects and hangs up. The facts are `connected`, `refused`, `timed_out` and `elapsed_ms`.
pub(crate) async fn ask(address: &str, patience: Duration) -> Heard {
    let began = monotonic();
    let kind = match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(_stream)) => Kind::Answer,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Kind::Refused,
        Ok(Err(error)) => Kind::Nothing(format!("no connection: {error}")),
        Err(_) => Kind::TimedOut,
    };
    let elapsed = began.elapsed();
    let mut facts = Map::new();
    facts.insert("connected".into(), Value::Bool(kind == Kind::Answer));
    facts.insert("refused".into(), Value::Bool(kind == Kind::Refused));
    facts.insert("timed_out".into(), Value::Bool(kind == Kind::TimedOut));
    facts.insert("elapsed_ms".into(), json!(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)));
    Heard { facts, kind, elapsed }
}
