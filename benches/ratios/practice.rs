//! What a simulated cluster costs that is as large as clusters come.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use piton::clock::{Clock, SystemClock, Timestamp, monotonic};
use piton::practice::vault::{Options, Vault};
use piton::practice::{Practice, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::report::Figure;

/// How many nodes are asked.
const NODES: usize = 1000;
/// How often all of them are.
const ROUNDS: usize = 10;
/// How often a runbook's probe asks at most.
const EVERY: Duration = Duration::from_secs(1);

/// All nodes asked once, each over a connection of its own, server and askers on one thread: against the second in
/// which a probe asks them again.
pub fn figures(_: &Path) -> Vec<Figure> {
    // Two sockets a node, and two ends of each connection.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("files may be had up to the limit");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has a thread");
    let took = runtime.block_on(async {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::starting(Timestamp::default()));
        let system: Arc<Mutex<dyn System>> = Arc::new(Mutex::new(Vault::new(Options::with_nodes(NODES), clock.now())));
        let practice = Practice::start(system, clock, &[]).await.expect("loopback has free ports");
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let began = monotonic();
            ask_all(&practice.ports()).await;
            took.push(began.elapsed());
        }
        took
    });
    let limit = vec![EVERY; ROUNDS];
    vec![Figure::ratio("P24", "1,000 simulated nodes asked once on one thread, against a second", &took, &limit, 1.0)]
}

async fn ask_all(ports: &[u16]) {
    let mut asked = JoinSet::new();
    for port in ports.iter().copied() {
        asked.spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the node listens");
            let request = b"GET /v1/sys/health?standbyok=true HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
            stream.write_all(request).await.expect("the node reads");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("the node answers");
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
        });
    }
    while let Some(asked) = asked.join_next().await {
        asked.expect("a node answers");
    }
}
