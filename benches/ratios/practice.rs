//! What a simulated cluster costs that is as large as clusters come.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use piton::clock::{Clock, SystemClock, Timestamp, monotonic};
use piton::journal::Store;
use piton::library::Library;
use piton::practice::vault::{Options, Vault};
use piton::practice::{Practice, Shape, System, system};
use piton::runbook::Runbook;
use piton::scenario::{self, Ending, Scenario};
use piton::session::Who;
use piton::session::stepped::{Walk, walk};
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

/// What practice costs: many nodes, and a scenario as fast as it can be walked.
pub fn figures(folder: &Path) -> Vec<Figure> {
    vec![many_nodes(), slow_scenarios(folder)]
}

/// Every shipped scenario, the right way and the wrong one, walked on a clock that is stepped: how many take longer than
/// the second that a trainer may wait, and the one that takes longest. One that is over is walked thrice and its shortest
/// time counts, so that what else the machine does is not taken for ours.
fn slow_scenarios(folder: &Path) -> Figure {
    let library = Library::open(&[]).expect("the shipped runbooks can be read");
    let store = Store::open(folder.join("walks"));
    let mut slowest = (Duration::ZERO, String::new());
    let (mut over, mut all) = (0_u32, 0);
    for book in library.entries().iter().filter_map(|entry| entry.runbook()) {
        for scenario in scenario::all_of(book.id.as_str()) {
            for way in [Some(&scenario.right), scenario.wrong.as_ref()].into_iter().flatten() {
                let mut took = walked(&store, book, &scenario, way);
                for _ in 0..2 {
                    if took > EVERY {
                        took = took.min(walked(&store, book, &scenario, way));
                    }
                }
                (over, all) = (over + u32::from(took > EVERY), all + 1);
                if took > slowest.0 {
                    slowest = (took, format!("{}/{}", book.id, scenario.id));
                }
            }
        }
    }
    let (took, name) = (slowest.0.as_secs_f64(), slowest.1);
    let what = format!("walks of scenarios over a second, of {all} (the slowest, {name}: {took:.2} s)");
    Figure::count("P25", &what, f64::from(over), 0.0)
}

fn walked(store: &Store, book: &Arc<Runbook>, scenario: &Scenario, way: &Ending) -> Duration {
    let (began, seed, nodes) = (Timestamp::default(), scenario.seed.unwrap_or(1), scenario.nodes.unwrap_or(3));
    let shape = Shape { runbook: book.id.as_str(), nodes, seed, versions: &scenario.versions };
    let system = system(&book.system, &shape, began).expect("a system with scenarios is simulated");
    let who = Who { operator: "bench".into(), host: "bench".into(), face: "plain" };
    let runbook = Arc::clone(book);
    let before = monotonic();
    let walk_it = Walk { runbook, system, nodes, scenario: Some(scenario), seed, way: Some(way), began };
    let walked = walk(store, walk_it, &who, &mut |_| true).expect("a run can be opened in a fresh folder");
    let took = before.elapsed();
    assert_eq!(walked.stopped, None, "{}/{}", book.id, scenario.id);
    let outcome = walked.state.closed.map(|closed| closed.outcome.word().to_owned());
    assert_eq!(outcome.as_deref(), Some(way.outcome.as_str()), "{}/{}", book.id, scenario.id);
    took
}

/// All nodes asked once, each over a connection of its own, server and askers on one thread: against the second in
/// which a probe asks them again.
fn many_nodes() -> Figure {
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
    Figure::ratio("P24", "1,000 simulated nodes asked once on one thread, against a second", &took, &limit, 1.0)
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
