//! A simulated cluster on 127.0.0.1: one port per node, held for as long as the practice lasts.
//!
//! A node whose process is down must refuse connections, and nobody else may get its port meanwhile. So every node has
//! two sockets on its port: one that is bound and never listens (the kernel answers a connection to it by a reset, which
//! a client sees as "refused"), and, while the process is up, one that listens. Both carry `SO_REUSEPORT`, which lets
//! sockets of the same user share a port and keeps it from being given out as an ephemeral one.
//!
//! Nothing polls: listeners are looked at after a command, and when the system said that one will come up.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::{Clock, Timestamp};
use crate::practice::query::decoded;
use crate::practice::{CommandResult, Request, Response, System, parted};

/// Bytes of a request's body that are read.
const BODY_LIMIT: usize = 1 << 20;

/// How long to wait after a connection could not be accepted.
const REST: Duration = Duration::from_millis(100);

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 128;

/// Why a practice cluster could not be put on the network.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// A port could not be had, or not be listened on again.
    #[error("cannot serve node {node} on 127.0.0.1: {source}")]
    Port {
        /// The node.
        node: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A simulated cluster that is being served; dropping it takes it off the network.
pub struct Practice {
    shared: Arc<Shared>,
    addresses: Vec<(String, SocketAddr)>,
    _stop: DropGuard,
}

struct Shared {
    system: Arc<Mutex<dyn System>>,
    clock: Arc<dyn Clock>,
    doors: tokio::sync::Mutex<Vec<Door>>,
    changed: Notify,
    stop: CancellationToken,
}

/// A node's port.
struct Door {
    node: String,
    port: SocketAddr,
    /// Bound, never listening: holds the port.
    _holder: TcpSocket,
    open: Option<Open>,
}

/// What serves a node while it is up.
struct Open {
    close: CancellationToken,
    served: JoinHandle<()>,
}

impl Practice {
    /// Puts every node on a port of its own: those of `ports`, in the nodes' order, where there is one, else any free
    /// one. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// A port cannot be had.
    pub async fn start(
        system: Arc<Mutex<dyn System>>,
        clock: Arc<dyn Clock>,
        ports: &[u16],
    ) -> Result<Self, PracticeError> {
        let stop = CancellationToken::new();
        let nodes = locked(&system).nodes();
        let mut doors = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.into_iter().enumerate() {
            let failed = |source| PracticeError::Port { node: node.clone(), source };
            let wanted = ports.get(index).copied().unwrap_or(0);
            let holder = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, wanted))).map_err(failed)?;
            let port = holder.local_addr().map_err(failed)?;
            locked(&system).place(&node, &format!("http://{port}"));
            doors.push(Door { node, port, _holder: holder, open: None });
        }
        let addresses = doors.iter().map(|door| (door.node.clone(), door.port)).collect();
        let shared = Arc::new(Shared {
            system,
            clock,
            doors: tokio::sync::Mutex::new(doors),
            changed: Notify::new(),
            stop: stop.clone(),
        });
        refresh(&shared).await?;
        tokio::spawn(keep(Arc::clone(&shared)));
        Ok(Self { shared, addresses, _stop: stop.drop_guard() })
    }

    /// The base URL of a node; `None` when there is no such node.
    pub fn address(&self, node: &str) -> Option<String> {
        self.addresses.iter().find(|(name, _)| name == node).map(|(_, port)| format!("http://{port}"))
    }

    /// The nodes' ports, in the nodes' order.
    pub fn ports(&self) -> Vec<u16> {
        self.addresses.iter().map(|(_, port)| port.port()).collect()
    }

    /// The nodes' names, in order.
    pub fn nodes(&self) -> Vec<String> {
        self.addresses.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The inputs with which a runbook of this system is bound to the cluster as it is served.
    pub fn inputs(&self) -> Map<String, Value> {
        locked(&self.shared.system).inputs(&|node| self.address(node).unwrap_or_default())
    }

    /// Runs a command typed on the bastion, and takes the time that it takes. What it does, it does at once.
    pub async fn command(&self, argv: &[String]) -> CommandResult {
        let now = self.shared.clock.now();
        let result = locked(&self.shared.system).command(argv, now);
        self.look().await;
        let real = self.shared.clock.real(Duration::from_millis(result.takes_ms));
        if !real.is_zero() {
            tokio::time::sleep(real).await;
            self.look().await;
        }
        result
    }

    /// Brings the listeners in line with the system now; needed only when a clock was moved by hand.
    pub async fn look(&self) {
        // A port that cannot be listened on again stays refused, which is what a dead node looks like.
        if let Err(error) = refresh(&self.shared).await {
            tracing::warn!("{error}");
        }
        self.shared.changed.notify_one();
    }
}

/// Opens and closes listeners when a start-up or an end is due, or when told to look again.
async fn keep(shared: Arc<Shared>) {
    loop {
        let due = match refresh(&shared).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!("{error}");
                locked(&shared.system).wakes_at()
            }
        };
        let wait = due.map(|at| shared.clock.real(at.since(shared.clock.now())) + Duration::from_millis(1));
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => break,
            () = shared.changed.notified() => {}
            () = due => {}
        }
    }
    shared.doors.lock().await.clear();
}

/// Listens for exactly those nodes whose process listens. A port is closed when this returns. When the next one begins
/// or ceases to, as of that same moment: a request that is answered meanwhile may carry the system past it.
async fn refresh(shared: &Arc<Shared>) -> Result<Option<Timestamp>, PracticeError> {
    let mut doors = shared.doors.lock().await;
    let (due, listening) = {
        let mut system = locked(&shared.system);
        system.advance(shared.clock.now());
        let listening: Vec<bool> = doors.iter().map(|door| system.listens(&door.node)).collect();
        (system.wakes_at(), listening)
    };
    for (door, listens) in doors.iter_mut().zip(listening) {
        match door.open.take() {
            Some(open) if listens => door.open = Some(open),
            Some(open) => {
                open.close.cancel();
                // It ends because it was told to; how is of no interest.
                let _ended = open.served.await;
            }
            None if listens => {
                let failed = |source| PracticeError::Port { node: door.node.clone(), source };
                let listener = bound(door.port).and_then(|socket| socket.listen(BACKLOG)).map_err(failed)?;
                let close = shared.stop.child_token();
                let served = tokio::spawn(serve(listener, door.node.clone(), Arc::clone(shared), close.clone()));
                door.open = Some(Open { close, served });
            }
            None => {}
        }
    }
    Ok(due)
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Not SO_REUSEADDR: it would let any listener onto the port while no node listens on it.
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves one node until it is told to close; then its connections end with it.
async fn serve(listener: TcpListener, node: String, shared: Arc<Shared>, close: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = close.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, node.clone(), Arc::clone(&shared)));
                }
                // No descriptor is free: it stays ready to be accepted, and asking again at once would help nobody.
                Err(error) => {
                    tracing::warn!(%error, node, "a connection cannot be accepted");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn converse(stream: TcpStream, node: String, shared: Arc<Shared>) {
    let service = service_fn(move |request| reply(request, node.clone(), Arc::clone(&shared)));
    // A connection that breaks is the client's affair.
    let _ended = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The body of an answer.
type Sent = BoxBody<Bytes, Infallible>;

/// Why a connection is dropped without an answer.
#[derive(Debug, thiserror::Error)]
enum Dropped {
    #[error("the process is gone")]
    Gone,
    #[error("the request could not be read")]
    Unreadable,
}

async fn reply(
    request: hyper::Request<Incoming>,
    node: String,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Sent>, Dropped> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|_| Dropped::Unreadable)?.to_bytes();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let Some(path) = decoded(head.uri.path()) else {
        let body = Bytes::from_static(b"400 Bad Request");
        let answer = hyper::Response::builder().status(400).header("content-type", "text/plain; charset=utf-8");
        return answer.body(sent(body, HeaderMap::new())).map_err(|_| Dropped::Unreadable);
    };
    let request = Request {
        node,
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let held = {
        let mut system = locked(&shared.system);
        system.advance(shared.clock.now());
        system.holds(&request)
    };
    if !held.is_zero() {
        tokio::time::sleep(shared.clock.real(held)).await;
    }
    let now = shared.clock.now();
    let answer = locked(&shared.system).answer(&request, now);
    if request.method != "GET" && request.method != "HEAD" {
        shared.changed.notify_one();
    }
    match answer {
        Response::Refused => Err(Dropped::Gone),
        Response::Silent => std::future::pending().await,
        Response::Answer { status, content_type, headers, body } => {
            let mut answer = hyper::Response::builder().status(status).header("cache-control", "no-store");
            if !content_type.is_empty() {
                answer = answer.header("content-type", content_type);
            }
            let (before, behind) = parted(headers);
            let mut trailers = HeaderMap::new();
            for (name, value) in before {
                answer = answer.header(name, value);
            }
            for (name, value) in behind {
                trailers.insert(name, HeaderValue::try_from(value).map_err(|_| Dropped::Unreadable)?);
            }
            answer.body(sent(Bytes::from(body), trailers)).map_err(|_| Dropped::Unreadable)
        }
    }
}

/// A body of known length, or, where trailers follow it, in chunks.
fn sent(body: Bytes, trailers: HeaderMap) -> Sent {
    if trailers.is_empty() {
        return Full::new(body).boxed();
    }
    let frames = [Frame::data(body), Frame::trailers(trailers)].map(Ok);
    StreamBody::new(futures_util::stream::iter(frames)).boxed()
}

fn locked<'a>(system: &'a Mutex<dyn System + 'static>) -> MutexGuard<'a, dyn System + 'static> {
    // Where a panic does not end the program, the model is as it was; going on is better than hanging the practice.
    system.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
