//! A real Prometheus server on loopback, with a page of metrics that a test can change.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use piton::clock::monotonic;
use serde_json::json;
use tempfile::TempDir;

use super::debian;
use super::http::request;

/// How long the server may take for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// A page of metrics on a port of its own.
pub struct Page {
    text: Arc<Mutex<String>>,
    address: SocketAddr,
}

impl Page {
    /// Serves `text` until the tests end.
    pub fn serve(text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        let text = Arc::new(Mutex::new(text.to_owned()));
        let served = Arc::clone(&text);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let text = served.lock().expect("nobody panics with it").clone();
                // Whoever goes away meanwhile asks again.
                let _ = answer(stream, &text);
            }
        });
        Self { text, address }
    }

    /// Another text from now on.
    pub fn change(&self, text: &str) {
        text.clone_into(&mut self.text.lock().expect("nobody panics with it"));
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

fn answer(mut stream: TcpStream, text: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let kind = "text/plain; version=0.0.4";
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", text.len())?;
    write!(stream, "Connection: close\r\n\r\n{text}")
}

/// The server. Dropping it ends it and removes what it has stored.
pub struct Prometheus {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes itself (job `self`) and the page (job `page`) several times a second.
    pub fn start(page: &Page) -> Self {
        let binary = fetch();
        let folder = TempDir::with_prefix_in("prometheus-", env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let config = "global: { scrape_interval: 200ms, scrape_timeout: 200ms }\n\
                      scrape_configs:\n  - { job_name: self, file_sd_configs: [{ files: [self.json] }] }\n  \
                      - { job_name: page, file_sd_configs: [{ files: [page.json] }] }\n";
        write(&folder.path().join("prometheus.yml"), config);
        write(&folder.path().join("page.json"), &json!([{ "targets": [page.address()] }]).to_string());
        // It must not outlive tests that are killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(binary).args(["--config.file=prometheus.yml"]);
        command.args(["--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"]).current_dir(folder.path());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("util-linux is there");
        let address = listening(&mut child);
        // It learns its own port from a file that it watches.
        write(&folder.path().join("self.json"), &json!([{ "targets": [address.to_string()] }]).to_string());
        let server = Self { child, address, folder };
        server.wait("it is ready", |server| server.get("/-/ready") == Some(200));
        server
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it has scraped both jobs.
    pub fn wait_scraped(&self) {
        self.wait("both jobs are up", |server| {
            let asked = request(server.address, "GET", "/api/v1/query?query=count(up==1)", &[], None, LIMIT);
            asked.is_ok_and(|answer| answer.json()["data"]["result"][0]["value"][1] == "2")
        });
    }

    fn get(&self, path: &str) -> Option<u16> {
        request(self.address, "GET", path, &[], None, LIMIT).ok().map(|answer| answer.status)
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = monotonic() + LIMIT;
        while !holds(self) {
            assert!(monotonic() < end, "{what}: not within {LIMIT:?}, in {}", self.folder.path().display());
            // A server tells nobody when it changes: it has to be asked again.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("an own folder can be written");
}

/// The address that it tells in its log. The rest of the log is read away, so that the server never waits for a reader.
fn listening(child: &mut Child) -> SocketAddr {
    let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    loop {
        let mut line = String::new();
        let length = log.read_line(&mut line).expect("it logs text");
        told.push_str(&line);
        assert!(length > 0, "prometheus ended before it listened:\n{told}");
        let address = line.contains("\"Listening on\"").then(|| line.split("address=").nth(1)).flatten();
        if let Some(address) = address.and_then(|address| address.split_whitespace().next()?.parse().ok()) {
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return address;
        }
    }
}

/// The server's binary.
fn fetch() -> PathBuf {
    debian::unpacked("prometheus").join("usr/bin/prometheus")
}
