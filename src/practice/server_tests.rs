use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::clock::{FastClock, Timestamp};
use crate::practice::ipfs::{self, IpfsCluster};
use crate::practice::vault::Options;
use crate::practice::vault::Vault;

/// A cluster of three, a hundred times as fast as life.
async fn practice() -> Practice {
    let clock = Arc::new(FastClock::starting(Timestamp::default(), 100.0));
    let vault = Vault::new(Options::default(), clock.now());
    Practice::start(Arc::new(Mutex::new(vault)), clock, &[]).await.unwrap()
}

async fn run(practice: &Practice, line: &str) -> CommandResult {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    practice.command(&words).await
}

fn port(practice: &Practice, node: &str) -> SocketAddr {
    practice.address(node).unwrap().strip_prefix("http://").unwrap().parse().unwrap()
}

async fn send(stream: &mut TcpStream, method: &str, target: &str) {
    let request = format!("{method} {target} HTTP/1.1\r\nhost: practice\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// The head and what came with it; empty when the connection was closed.
async fn receive(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 64 * 1024];
    let read = stream.read(&mut bytes).await.unwrap_or(0);
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

async fn status(practice: &Practice, node: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(port(practice, node)).await.ok()?;
    send(&mut stream, "GET", "/v1/sys/health").await;
    receive(&mut stream).await.get(9..12)?.parse().ok()
}

#[tokio::test]
async fn every_node_has_a_port_of_its_own_on_the_loopback() {
    let practice = practice().await;
    let mut ports: Vec<_> = practice.nodes().iter().map(|node| port(&practice, node)).collect();
    assert!(ports.iter().all(|port| port.ip() == Ipv4Addr::LOCALHOST));
    ports.dedup();
    assert_eq!(ports.len(), 3);
    assert_eq!(status(&practice, "vault-1").await, Some(200));
    assert_eq!(status(&practice, "vault-2").await, Some(429));
    assert_eq!(practice.address("vault-4"), None);
    let inputs = practice.inputs();
    assert_eq!(inputs["nodes"][1]["api"], practice.address("vault-2").unwrap());
}

#[tokio::test]
async fn a_stopped_node_refuses_and_comes_back_on_the_same_port() {
    let practice = practice().await;
    let before = port(&practice, "vault-2");
    assert_eq!(run(&practice, "ssh vault-2 sudo systemctl stop vault").await.exit, 0);
    let refused = TcpStream::connect(before).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    let taken = std::net::TcpListener::bind(before).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "nobody else gets the port meanwhile");
    assert_eq!(run(&practice, "ssh vault-2 sudo systemctl start vault").await.exit, 0);
    assert_eq!(status(&practice, "vault-2").await, Some(503));
    assert_eq!(run(&practice, "unseal-vault vault-2").await.exit, 0);
    assert_eq!(status(&practice, "vault-2").await, Some(429));
    for _ in 0..20 {
        run(&practice, "ssh vault-2 sudo systemctl kill -s KILL vault").await;
        assert_eq!(status(&practice, "vault-2").await, None);
        run(&practice, "ssh vault-2 sudo systemctl start vault").await;
        assert_eq!(status(&practice, "vault-2").await, Some(503));
    }
}

#[tokio::test]
async fn connections_end_with_the_process() {
    let practice = practice().await;
    let mut stream = TcpStream::connect(port(&practice, "vault-2")).await.unwrap();
    for _ in 0..2 {
        send(&mut stream, "GET", "/v1/sys/health").await;
        assert!(receive(&mut stream).await.starts_with("HTTP/1.1 429"), "kept alive");
    }
    run(&practice, "ssh vault-2 sudo systemctl stop vault").await;
    assert_eq!(receive(&mut stream).await, "");
}

#[tokio::test]
async fn a_frozen_node_accepts_and_says_nothing() {
    let practice = practice().await;
    run(&practice, "ssh vault-2 sudo systemctl kill -s STOP vault").await;
    let mut stream = TcpStream::connect(port(&practice, "vault-2")).await.unwrap();
    send(&mut stream, "GET", "/v1/sys/health").await;
    let silence = tokio::time::timeout(Duration::from_millis(100), receive(&mut stream)).await;
    assert!(silence.is_err(), "{silence:?}");
    run(&practice, "ssh vault-2 sudo systemctl kill -s CONT vault").await;
    assert_eq!(status(&practice, "vault-2").await, Some(429));
}

#[tokio::test]
async fn a_node_comes_up_without_anybody_asking() {
    let practice = practice().await;
    run(&practice, "ssh vault-2 sudo systemctl restart vault").await;
    let pid = run(&practice, "ssh vault-2 pidof vault").await.stdout;
    // The signal returns at once; the end of the process and nothing else is what happens later.
    run(&practice, &format!("ssh vault-2 sudo kill -TERM {}", pid.trim())).await;
    assert_eq!(status(&practice, "vault-2").await, None);
    let started = {
        let words: Vec<String> = "ssh vault-2 sudo systemctl start vault".split(' ').map(str::to_owned).collect();
        let now = practice.shared.clock.now();
        locked(&practice.shared.system).command(&words, now)
    };
    assert_eq!(started.exit, 0);
    practice.shared.changed.notify_one();
    let up = async { while status(&practice, "vault-2").await != Some(503) {} };
    tokio::time::timeout(Duration::from_secs(5), up).await.expect("the keeper opens the port when it is due");
}

#[tokio::test]
async fn head_answers_without_a_body_and_unseal_reads_one() {
    let practice = practice().await;
    let mut stream = TcpStream::connect(port(&practice, "vault-1")).await.unwrap();
    send(&mut stream, "HEAD", "/v1/sys/health").await;
    let answer = receive(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");
    let body = r#"{"key":"abcd"}"#;
    let request = format!("PUT /v1/sys/unseal HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = receive(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("key is shorter"), "{answer}");
    assert!(answer.contains("content-type: application/json"), "{answer}");
}

#[tokio::test]
async fn dropping_it_takes_it_off_the_network() {
    let practice = practice().await;
    let port = port(&practice, "vault-1");
    let shared = Arc::downgrade(&practice.shared);
    drop(practice);
    let gone = async {
        while shared.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("every task ends");
    assert_eq!(TcpStream::connect(port).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn what_is_told_behind_a_list_reaches_those_who_ask_for_it() {
    let clock = Arc::new(FastClock::starting(Timestamp::default(), 100.0));
    let cluster = IpfsCluster::new(ipfs::Options::with_peers(3), clock.now());
    let practice = Practice::start(Arc::new(Mutex::new(cluster)), clock, &[]).await.unwrap();
    for (asks, told) in [("te: trailers\r\n", "\r\n0\r\nx-stream-error: \r\n\r\n"), ("", "\r\n0\r\n\r\n")] {
        let mut stream = TcpStream::connect(port(&practice, "cluster-1")).await.unwrap();
        let request = format!("GET /peers HTTP/1.1\r\nhost: practice\r\n{asks}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut whole = String::new();
        stream.read_to_string(&mut whole).await.unwrap();
        assert!(
            whole.contains("\r\ntransfer-encoding: chunked\r\n") && whole.contains("trailer: X-Stream-Error"),
            "{whole}"
        );
        assert!(whole.ends_with(told), "{whole}");
    }
    let mut stream = TcpStream::connect(port(&practice, "cluster-1/ipfs")).await.unwrap();
    send(&mut stream, "GET", "/api/v0/id").await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 405"));
}

#[tokio::test]
async fn a_path_is_decoded_and_sent_on_as_by_the_real_server() {
    let practice = practice().await;
    let mut stream = TcpStream::connect(port(&practice, "vault-1")).await.unwrap();
    for (target, status, part) in [
        ("/v1/sys/he%61lth", "200", "\"sealed\":false"),
        ("/v1/sys//health?standbyok", "301", "location: /v1/sys/health?standbyok"),
        ("/v1/sys/%2e%2e/sys/health", "301", "location: /v1/sys/health"),
        ("/v1/sys/%zz", "400", "400 Bad Request"),
    ] {
        send(&mut stream, "GET", target).await;
        let answer = receive(&mut stream).await;
        assert_eq!(answer.get(9..12), Some(status), "{target}: {answer}");
        assert!(answer.contains(part), "{target}: {answer}");
    }
}
