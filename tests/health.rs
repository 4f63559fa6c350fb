//! Probes against a loopback server that behaves well, badly, or not at all.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use piton::clock::{Clock, FixedClock, SystemClock, Timestamp};
use piton::engine::{Ended, EnvValue, Sample, Verdict};
use piton::exec::{LocalRunner, Reply, Runner, ScriptedRunner, Secrets};
use piton::health::{BoardKeeper, HeaderText, HttpQuestion, Metrics, Monitor, Prober, Question, Target};
use piton::runbook::{Expr, ProbeId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::channel;

/// A server written out by hand, since a proper one would not misbehave.
#[derive(Clone, Default)]
struct Server {
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Listens on a free port; gives its `http://` address.
    async fn start() -> (Self, String) {
        let server = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(accepting.clone().serve(stream));
            }
        });
        (server, address)
    }

    async fn serve(self, mut stream: TcpStream) -> Option<()> {
        loop {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.ok()?);
            }
            let request = String::from_utf8(request).unwrap();
            self.requests.lock().unwrap().push(request.clone());
            let path = request.split(' ').nth(1)?;
            match path.split_once("/status/") {
                Some((_, status)) => answer(&mut stream, status, "", &body_of(status)).await?,
                None => misbehave(&mut stream, path, &request).await?,
            }
        }
    }
}

fn body_of(status: &str) -> String {
    json!({"initialized": true, "sealed": status == "503", "standby": status != "200", "version": "1.17.3"}).to_string()
}

async fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> Option<()> {
    let head =
        format!("HTTP/1.1 {status} So\r\nContent-Type: text/plain\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).await.ok()
}

/// `None` closes the connection.
async fn misbehave(stream: &mut TcpStream, path: &str, request: &str) -> Option<()> {
    match path {
        "/redirect" => answer(stream, "307", "Location: /status/200\r\n", "").await,
        "/echo" => {
            let token = request.lines().find_map(|line| line.strip_prefix("x-token: ")).unwrap_or("none");
            answer(stream, "200", &format!("X-Echo: {token}\r\n"), &json!({"you": [token]}).to_string()).await
        }
        "/text" => answer(stream, "200", "", "all is <well>").await,
        "/several" => answer(stream, "200", "", "{\"peer\":1}\n{\"peer\":2}\n").await,
        "/metrics" => answer(stream, "200", "", PAGE).await,
        "/openmetrics" => {
            let kind = "application/openmetrics-text; version=1.0.0";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", PAGE.len());
            stream.write_all((head + PAGE).as_bytes()).await.ok()
        }
        "/html" => answer(stream, "200", "", "# a page\n<html></html>").await,
        "/away" => answer(stream, "503", "", "<html></html>").await,
        _ if path.starts_with("/api/v1/query?query=") => {
            let (status, body) = match path.split_once('=')?.1 {
                "up" => (
                    "200",
                    json!({"status": "success", "data": {"resultType": "vector", "result": [
                        {"metric": {"__name__": "up", "instance": "a"}, "value": [1.5, "1"]},
                        {"metric": {"__name__": "up", "instance": "b"}, "value": [1.5, "0"]},
                    ]}}),
                ),
                "up%7B" => ("400", json!({"status": "error", "errorType": "bad_data", "error": "1:4: parse error"})),
                _ => ("502", json!("bad gateway")),
            };
            answer(stream, status, "", &body.to_string()).await
        }
        "/untyped" => {
            let bare = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"bare\": 7}\n";
            stream.write_all(bare).await.ok()
        }
        "/trailers" => {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Stream-Error\r\n\r\n";
            let chunks = b"b\r\n{\"peer\":1}\n\r\nb\r\n{\"peer\":2}\n\r\n0\r\nX-Stream-Error: peer 3 is away\r\n\r\n";
            stream.write_all(&[head.as_slice(), chunks].concat()).await.ok()
        }
        "/forbidden" => answer(stream, "403", "", "{\"errors\":[\"permission denied\"]}").await,
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.ok()?;
            while stream.write_all(&[b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat()).await.is_ok() {}
            None
        }
        "/half" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so").await.ok()?;
            std::future::pending().await
        }
        "/cut" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so").await.ok()?;
            None
        }
        "/silent" => std::future::pending().await,
        "/garbage" => {
            stream.write_all(b"SSH-2.0-OpenSSH_9.2 and so on\r\n\r\n").await.ok()?;
            None
        }
        _ => None,
    }
}

const PAGE: &str = "\
# HELP ranges_unavailable Ranges with fewer live replicas than needed for quorum
# TYPE ranges_unavailable gauge
ranges_unavailable{store=\"1\"} 0.0
ranges_unavailable{store=\"2\"} 3
other NaN
";

fn expr(source: &str) -> Expr {
    Expr::compile(source).unwrap()
}

fn target(question: Question, fields: &[(&str, &str)], ok: &str) -> Target {
    Target {
        probe: ProbeId::new("vault"),
        title: "Vault".into(),
        node: Some("vault-1".into()),
        item: json!({"name": "vault-1"}),
        every: Duration::from_secs(2),
        timeout: Duration::from_secs(20),
        filled: Vec::new(),
        question,
        fields: fields.iter().map(|(name, source)| ((*name).to_owned(), expr(source))).collect(),
        ok: expr(ok),
        degraded: Some(expr(".role == \"sealed\"")),
    }
}

fn http(url: &str) -> Question {
    Question::Http(HttpQuestion { url: url.parse().unwrap(), headers: Vec::new(), ca: None })
}

const ROLE: (&str, &str) = (
    "role",
    r#"if .refused then "down" elif .body.sealed then "sealed" elif .body.standby then "standby" else "active" end"#,
);

fn vault(question: Question) -> Target {
    target(question, &[ROLE, ("version", ".body.version")], r#".role == "active" or .role == "standby""#)
}

async fn ask_with(target: Target, runner: Arc<dyn Runner>) -> Sample {
    let clock = FixedClock::at(Timestamp::from_millis(77));
    Prober::new(target, runner).sample(&clock).await
}

async fn ask(target: Target) -> Sample {
    ask_with(target, Arc::new(ScriptedRunner::new())).await
}

fn fields(sample: &Sample) -> Value {
    Value::Object(sample.fields.clone())
}

#[tokio::test]
async fn every_status_is_an_answer_whose_body_is_read_whatever_it_is_called() {
    let (_, address) = Server::start().await;
    for (status, role, verdict, why) in [
        ("200", "active", Verdict::Ok, ""),
        ("429", "standby", Verdict::Ok, ""),
        ("472", "standby", Verdict::Ok, ""),
        ("473", "standby", Verdict::Ok, ""),
        ("501", "standby", Verdict::Ok, ""),
        ("503", "sealed", Verdict::Degraded, "role sealed, version 1.17.3"),
    ] {
        let sample = ask(vault(http(&format!("{address}/status/{status}")))).await;
        assert_eq!((sample.verdict, sample.why.as_str()), (verdict, why), "{status}");
        assert_eq!(fields(&sample), json!({"role": role, "version": "1.17.3"}));
        assert_eq!(sample.at, Timestamp::from_millis(77));
        assert_eq!((sample.probe.as_str(), sample.node.as_deref()), ("vault", Some("vault-1")));
    }
}

#[tokio::test]
async fn what_is_no_proper_answer_is_unknown_with_its_reason() {
    let (_, address) = Server::start().await;
    for (path, why) in [
        ("/endless", "the answer is longer than 1048576 bytes"),
        ("/garbage", "not an HTTP answer: invalid HTTP version parsed"),
        ("/close", "the connection was closed before the answer"),
        ("/cut", "the connection was closed before the answer"),
        ("/forbidden", "forbidden: status 403"),
    ] {
        let question = http(&format!("{address}{path}"));
        let sample = ask(target(question, &[("up", ".body.up")], ".up == true")).await;
        assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Unknown, why), "{path}");
    }
    for (path, is_closed) in [("/close", true), ("/cut", true), ("/status/200", false)] {
        let fields_of = [("closed", ".closed"), ("silent", ".timed_out"), ("refused", ".refused")];
        let sample = ask(target(http(&format!("{address}{path}")), &fields_of, "false")).await;
        assert_eq!(fields(&sample), json!({"closed": is_closed, "silent": false, "refused": false}), "{path}");
    }
    let sample = ask(vault(http("http://no-such-host.invalid/"))).await;
    assert_eq!(sample.verdict, Verdict::Unknown);
    assert!(sample.why.starts_with("no answer: "), "{}", sample.why);
    assert_eq!(fields(&sample), json!({}));
}

#[tokio::test]
async fn values_in_a_row_are_a_list_and_what_comes_after_them_is_read() {
    let (server, address) = Server::start().await;
    for (path, body, trailers) in [
        ("/several", json!([{"peer": 1}, {"peer": 2}]), json!({})),
        ("/untyped", json!({"bare": 7}), json!({})),
        ("/trailers", json!([{"peer": 1}, {"peer": 2}]), json!({"x-stream-error": "peer 3 is away"})),
        ("/text", json!(null), json!({})),
    ] {
        let question = http(&format!("{address}{path}"));
        let probe = target(question, &[("body", ".body"), ("trailers", ".trailers")], ".trailers == {}");
        let mut prober = Prober::new(probe, Arc::new(ScriptedRunner::new()));
        let connections = server.connections.load(Ordering::SeqCst);
        for _ in 0..2 {
            let sample = prober.sample(&FixedClock::at(Timestamp::from_millis(77))).await;
            assert_eq!(fields(&sample), json!({"body": body, "trailers": trailers}), "{path}: {}", sample.why);
            assert_eq!(sample.verdict == Verdict::Ok, trailers == json!({}), "{path}");
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), connections + 1, "{path}: the connection is kept");
    }
}

fn metrics(url: &str, kind: Metrics) -> Question {
    Question::Prometheus(HttpQuestion { url: url.parse().unwrap(), headers: Vec::new(), ca: None }, kind)
}

#[tokio::test]
async fn a_page_of_metrics_is_summed_over_its_series_and_unknown_when_it_is_none() {
    let (_, address) = Server::start().await;
    let down = ("down", "[.metrics.ranges_unavailable[].value] | add");
    for (path, expected, verdict, why) in [
        ("/metrics", json!({"down": 3, "other": null}), Verdict::Bad, "down 3"),
        ("/openmetrics", json!({}), Verdict::Unknown, "the page breaks off: its `# EOF` is missing"),
        ("/html", json!({}), Verdict::Unknown, "line 2 of the page: no metric's name"),
        ("/forbidden", json!({"down": null, "other": null}), Verdict::Unknown, "forbidden: status 403"),
    ] {
        let question = metrics(&format!("{address}{path}"), Metrics::Page);
        let sample = ask(target(question, &[down, ("other", ".metrics.other[0].value")], ".down == 0")).await;
        assert_eq!((fields(&sample), sample.verdict, sample.why.as_str()), (expected, verdict, why), "{path}");
    }
    let question = || metrics(&format!("{address}/away"), Metrics::Page);
    for (fields, ok) in [(&[down][..], ".down == 0"), (&[("status", ".status")], "true"), (&[], ".status == 200")] {
        let sample = ask(target(question(), fields, ok)).await;
        assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Unknown, "no page of metrics: status 503"), "{ok}");
    }
    let absent = metrics(&format!("{address}/metrics"), Metrics::Page);
    let sample = ask(target(absent, &[("sum", "[.metrics.no_such[].value] | add")], ".sum == null")).await;
    assert_eq!(sample.fields["sum"], json!(null), "{}", sample.why);
    let (_held, port) = closed_port();
    let refused = metrics(&format!("http://127.0.0.1:{port}/metrics"), Metrics::Page);
    let sample = ask(target(refused, &[down, ("refused", ".refused")], "true")).await;
    assert_eq!((fields(&sample), sample.verdict), (json!({"refused": true}), Verdict::Bad));
}

#[tokio::test]
async fn a_query_gives_values_or_what_the_server_says_against_it() {
    let (_, address) = Server::start().await;
    let up = ("up", "[.result[] | {(.labels.instance): .value}] | add");
    let none = "not the answer of a Prometheus server (status 502)";
    let question = metrics(&format!("{address}/api/v1/query?query=x"), Metrics::Query);
    let sample = ask(target(question, &[("up", ".result[0].value")], ".up != 0")).await;
    assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Unknown, none), "an error is never ok");
    for (query, expected, verdict, why) in [
        ("up", json!({"up": {"a": 1, "b": 0}, "error": null}), Verdict::Ok, ""),
        ("up%7B", json!({"up": null, "error": "1:4: parse error"}), Verdict::Unknown, "1:4: parse error"),
        ("x", json!({"up": null, "error": none}), Verdict::Unknown, none),
    ] {
        let question = metrics(&format!("{address}/api/v1/query?query={query}"), Metrics::Query);
        let sample = ask(target(question, &[up, ("error", ".error")], ".up.a == 1")).await;
        assert_eq!((fields(&sample), sample.verdict, sample.why.as_str()), (expected, verdict, why), "{query}");
    }
}

#[tokio::test]
async fn silence_is_unknown_after_the_timeout() {
    let (_, address) = Server::start().await;
    for path in ["/silent", "/half"] {
        let mut target = target(http(&format!("{address}{path}")), &[("slow", ".timed_out")], "true");
        target.timeout = Duration::from_millis(200);
        let sample = ask(target).await;
        assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Unknown, "no answer within 200ms"));
        assert_eq!(fields(&sample), json!({"slow": true}));
        assert!(sample.elapsed >= Duration::from_millis(200));
    }
}

/// A port on which nobody listens, held so that nobody else takes it meanwhile.
fn closed_port() -> (std::net::TcpStream, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stream = std::net::TcpStream::connect(address).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    drop(stream);
    (accepted, address.port())
}

#[tokio::test]
async fn a_refused_connection_is_bad_whatever_ok_says() {
    let (_held, port) = closed_port();
    let mut probe = vault(http(&format!("http://127.0.0.1:{port}/v1/sys/health")));
    probe.ok = expr("true");
    let sample = ask(probe).await;
    assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Bad, "refused"));
    assert_eq!(fields(&sample), json!({"role": "down"}));
    let sample = ask(target(Question::Tcp(format!("127.0.0.1:{port}")), &[], ".connected")).await;
    assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Bad, "refused"));
}

#[tokio::test]
async fn an_open_port_is_ok() {
    let (server, address) = Server::start().await;
    let port = address.strip_prefix("http://").unwrap().to_owned();
    let sample = ask(target(Question::Tcp(port), &[("ms", ".elapsed_ms")], ".connected and (.refused | not)")).await;
    assert_eq!(sample.verdict, Verdict::Ok, "{}", sample.why);
    assert_eq!(server.requests.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (server, address) = Server::start().await;
    let question = http(&format!("{address}/redirect"));
    let sample = ask(target(question, &[("status", ".status"), ("to", ".headers.location")], ".status == 307")).await;
    assert_eq!(sample.verdict, Verdict::Ok);
    assert_eq!(fields(&sample), json!({"status": 307, "to": "/status/200"}));
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn text_and_several_documents_are_seen_as_what_they_are() {
    let (_, address) = Server::start().await;
    let wanted = [("text", ".text"), ("body", ".body")];
    let sample = ask(target(http(&format!("{address}/text")), &wanted, "true")).await;
    assert_eq!(fields(&sample), json!({"text": "all is <well>", "body": null}));
    let sample = ask(target(http(&format!("{address}/several")), &[("peers", ".body | map(.peer)")], "true")).await;
    assert_eq!(fields(&sample), json!({"peers": [1, 2]}));
}

#[tokio::test]
async fn a_connection_is_kept_alive() {
    let (server, address) = Server::start().await;
    let clock = FixedClock::default();
    let mut prober = Prober::new(vault(http(&format!("{address}/status/200"))), Arc::new(ScriptedRunner::new()));
    for _ in 0..5 {
        assert_eq!(prober.sample(&clock).await.verdict, Verdict::Ok);
    }
    assert_eq!(server.requests.lock().unwrap().len(), 5);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_secret_header_is_sent_and_never_comes_back() {
    const TOKEN: &str = "hvs.CAESIJ-not-for-you";
    let (server, address) = Server::start().await;
    let secrets = Secrets::of_table(HashMap::from([("VAULT_TOKEN".to_owned(), TOKEN.to_owned())]));
    let runner: Arc<dyn Runner> = Arc::new(ScriptedRunner::new().with_secrets(secrets));
    let with = |reference: &str| {
        let secret = HeaderText::Secret(EnvValue::SecretEnv(reference.into()));
        let url = format!("{address}/echo").parse().unwrap();
        let headers = vec![("x-token".parse().unwrap(), secret)];
        let question = Question::Http(HttpQuestion { url, headers, ca: None });
        target(question, &[("body", ".body"), ("text", ".text"), ("echo", ".headers[\"x-echo\"]")], ".status == 200")
    };
    let sample = ask_with(with("VAULT_TOKEN"), runner.clone()).await;
    assert_eq!(sample.verdict, Verdict::Ok);
    assert!(server.requests.lock().unwrap()[0].contains(&format!("x-token: {TOKEN}\r\n")));
    let expected = json!({"body": {"you": ["[secret]"]}, "text": "{\"you\":[\"[secret]\"]}", "echo": "[secret]"});
    assert_eq!(fields(&sample), expected);
    // Without the secret nothing is sent at all.
    let sample = ask_with(with("NONE"), runner).await;
    assert_eq!(sample.verdict, Verdict::Unknown);
    assert_eq!(sample.why, "the environment variable NONE is not set");
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_is_judged_by_its_status_and_output() {
    let runner: Arc<dyn Runner> = Arc::new(
        ScriptedRunner::new()
            .answering(&["peers"], Reply::exit(0).stdout("{\"id\":1}\n{\"id\":2}\n"))
            .answering(&["status"], Reply::exit(3).stdout("inactive\n").stderr("no"))
            .answering(&["hang"], Reply::ended(Ended::TimedOut)),
    );
    let wanted = [("exit", ".exit"), ("out", ".stdout"), ("err", ".stderr"), ("json", ".json")];
    let command = |program: &str| {
        let argv = vec![program.to_owned()];
        let line = piton::engine::CommandLine { argv, cwd: None, env: Vec::new(), timeout_ms: 100 };
        target(Question::Command(line), &wanted, ".exit == 0")
    };
    let sample = ask_with(command("peers"), runner.clone()).await;
    assert_eq!(sample.verdict, Verdict::Ok);
    assert_eq!(sample.fields["json"], json!([{"id": 1}, {"id": 2}]));
    let sample = ask_with(command("status"), runner.clone()).await;
    assert_eq!(sample.verdict, Verdict::Bad);
    assert_eq!(fields(&sample), json!({"exit": 3, "out": "inactive\n", "err": "no", "json": null}));
    for (program, why) in [("hang", "timed out"), ("none", "not started: it is not in the script")] {
        let sample = ask_with(command(program), runner.clone()).await;
        assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Unknown, why));
    }
    let real = LocalRunner::new(tokio::runtime::Handle::current(), PathBuf::from("unused"));
    let sample = ask_with(command("true"), Arc::new(real)).await;
    assert_eq!((sample.verdict, &sample.fields["exit"]), (Verdict::Ok, &json!(0)));
}

#[tokio::test]
async fn a_monitor_asks_at_once_again_and_when_told_until_it_is_dropped() {
    let (server, address) = Server::start().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::starting(Timestamp::default()));
    let runner: Arc<dyn Runner> = Arc::new(ScriptedRunner::new());
    let mut fast = vault(http(&format!("{address}/status/200")));
    fast.every = Duration::from_millis(50);
    let mut slow = vault(http(&format!("{address}/status/503")));
    slow.node = Some("vault-2".into());
    slow.every = Duration::from_secs(3600);
    let targets = vec![fast, slow];
    let mut keeper = BoardKeeper::new(&targets);
    let (sender, mut samples) = channel(2);
    let monitor = Monitor::start(tokio::runtime::Handle::current(), targets, clock.clone(), runner, sender);
    let mut heard = HashMap::<Option<String>, u32>::new();
    let mut has_told = false;
    loop {
        let sample = samples.recv().await.unwrap();
        *heard.entry(sample.node.clone()).or_default() += 1;
        keeper.take(sample);
        let (one, two) = (heard.get(&Some("vault-1".into())), heard.get(&Some("vault-2".into())));
        match (one, two) {
            (Some(4..), Some(1)) if !has_told => {
                has_told = true;
                monitor.sense_now();
            }
            (_, Some(2)) => break,
            _ => {}
        }
    }
    assert!(has_told, "the slow one was asked again although nobody told it to be");
    let verdicts: Vec<Verdict> = keeper.board(clock.now()).rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Degraded]);
    assert!(keeper.history(0).count() >= 4 && keeper.history(1).count() == 2);
    drop(monitor);
    // The channel closes when the last task has gone.
    while samples.recv().await.is_some() {}
    assert!(server.connections.load(Ordering::SeqCst) <= 2);
}

/// A certificate authority and a server certificate for 127.0.0.1, made by the openssl program.
fn certificates(folder: &Path) {
    let extensions = folder.join("extensions");
    std::fs::write(&extensions, "subjectAltName=IP:127.0.0.1\n").unwrap();
    for arguments in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2",
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=server",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem",
    ] {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
        let output = output.expect("this test needs the openssl program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Serves TLS on a free port from a thread of its own; ends with the process.
fn tls_server(folder: &Path) -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_file(folder.join("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                request.push(byte[0]);
            }
            let body = body_of("200");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // A client that does not trust this server has gone already.
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    port
}

#[tokio::test]
async fn tls_is_trusted_by_the_given_authority_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let port = tls_server(folder.path());
    let https = |host: &str, ca: Option<&str>| {
        let url = format!("https://{host}:{port}/v1/sys/health").parse().unwrap();
        let ca = ca.map(|ca| folder.path().join(ca));
        vault(Question::Http(HttpQuestion { url, headers: Vec::new(), ca }))
    };
    let sample = ask(https("127.0.0.1", Some("ca.pem"))).await;
    assert_eq!((sample.verdict, sample.why.as_str()), (Verdict::Ok, ""));
    for (host, ca, why) in [
        ("127.0.0.1", None, "no trusted connection: invalid peer certificate: UnknownIssuer"),
        (
            "localhost",
            Some("ca.pem"),
            "no trusted connection: invalid peer certificate: certificate not valid for name",
        ),
        ("127.0.0.1", Some("none.pem"), "the file of `ca` "),
        ("127.0.0.1", Some("extensions"), "the file of `ca` "),
    ] {
        let sample = ask(https(host, ca)).await;
        assert_eq!(sample.verdict, Verdict::Unknown);
        assert!(sample.why.starts_with(why), "{}", sample.why);
    }
    // Speaking TLS to a server that does not.
    let (_, address) = Server::start().await;
    let plain = address.replace("http://", "https://");
    let ca = Some(folder.path().join("ca.pem"));
    let question = HttpQuestion { url: plain.parse().unwrap(), headers: Vec::new(), ca };
    let mut probe = vault(Question::Http(question));
    probe.timeout = Duration::from_millis(500);
    assert_eq!(ask(probe).await.verdict, Verdict::Unknown);
}
