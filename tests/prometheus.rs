//! Metrics of a real Prometheus server: its own page, and queries to it.

use std::sync::Arc;
use std::time::Duration;

use piton::clock::{SystemClock, Timestamp};
use piton::engine::{Event, Sample, Verdict};
use piton::exec::ScriptedRunner;
use piton::health::{Prober, targets};
use piton::runbook::{Runbook, parse};
use serde_json::{Value, json};

use crate::support::binary::Home;
use crate::support::operator::started;
use crate::support::prometheus::{Page, Prometheus};

/// How long piton may take to see what has changed.
const SOON: Duration = Duration::from_secs(60);

fn page_text(unavailable: u32) -> String {
    format!(
        "# TYPE ranges_unavailable gauge\nranges_unavailable{{store=\"1\"}} 0\nranges_unavailable{{store=\"2\"}} \
         {unavailable}\n# TYPE odd gauge\nodd NaN\n"
    )
}

/// A runbook whose only check looks at this probe.
fn book_text(probe: &str) -> String {
    format!(
        "format = 1\nid = \"metrics\"\ntitle = \"Look at metrics\"\nrevision = \"1\"\nsystem = \"cockroachdb\"\n\
         summary = \"Waits until a metric says so.\"\n\n[[health]]\nid = \"ranges\"\ntitle = \"Ranges\"\n\
         every = \"200ms\"\ntimeout = \"5s\"\n{probe}\nok = \".unavailable == 0\"\n\n[[phase]]\nid = \"only\"\n\
         title = \"Only\"\n\n[[phase.step]]\nid = \"available\"\ntitle = \"See every range available\"\n\
         check = '.health.ranges[0].unavailable == 0'\nwhy = \"Ranges are away.\"\n\n[[phase.step]]\nid = \"end\"\n\
         title = \"Say that it is over\"\nconfirm = \"Is it over?\"\n"
    )
}

fn book(probe: &str) -> Runbook {
    let (book, findings) = parse(&book_text(probe));
    book.unwrap_or_else(|| panic!("{findings:?}"))
}

async fn ask(probe: &str) -> Sample {
    let mut targets = targets(&book(probe), &json!({ "inputs": {} })).expect("it can be asked");
    let mut prober = Prober::new(targets.remove(0), Arc::new(ScriptedRunner::new()));
    prober.sample(&SystemClock::starting(Timestamp::default())).await
}

fn query(server: &Prometheus, query: &str, unavailable: &str) -> String {
    let url = server.url();
    format!("prometheus = {{ url = {url:?}, query = '{query}' }}\nfields = {{ unavailable = '{unavailable}' }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_pages_of_a_real_server_are_read() {
    let page = Page::serve(&page_text(3));
    let server = Prometheus::start(&page);
    server.wait_scraped();
    let sum = ".result[0].value";
    for (promql, field, expected, verdict) in [
        ("sum(ranges_unavailable)", sum, json!(3), Verdict::Bad),
        ("ranges_unavailable", "[.result[] | {(.labels.store): .value}] | add", json!({"1": 0, "2": 3}), Verdict::Bad),
        ("ranges_unavailable{store=\"1\"} + 0", sum, json!(0), Verdict::Ok),
        ("up", "[.result[] | select(.value != 1)] | length", json!(0), Verdict::Ok),
        ("odd", sum, Value::Null, Verdict::Bad),
        ("scalar(sum(up)) - 2", sum, json!(0), Verdict::Ok),
        ("no_such_metric", sum, Value::Null, Verdict::Bad),
    ] {
        let sample = ask(&query(&server, promql, field)).await;
        let seen = (&sample.fields["unavailable"], sample.verdict);
        assert_eq!(seen, (&expected, verdict), "{promql}: {}", sample.why);
    }
    for (promql, why) in [("up{", "parse error"), ("up[5m]", "gives a matrix"), ("\"text\"", "gives a string")] {
        let sample = ask(&query(&server, promql, sum)).await;
        assert!(sample.verdict == Verdict::Unknown && sample.why.contains(why), "{promql}: {}", sample.why);
    }
    // Its own page, in both formats.
    for accept in ["text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"] {
        let (url, headers) = (server.url(), format!("{{ Accept = {accept:?} }}"));
        let fields = "{ unavailable = '.metrics.prometheus_ready[0].value - 1', built = '.metrics.prometheus_build_info[0].labels.version' }";
        let probe = format!("prometheus = {{ url = \"{url}/metrics\", headers = {headers} }}\nfields = {fields}");
        let sample = ask(&probe).await;
        assert_eq!(sample.verdict, Verdict::Ok, "{accept}: {}", sample.why);
        assert!(sample.fields["built"].is_string(), "{:?}", sample.fields);
    }
}

#[test]
fn a_run_waits_for_what_a_real_server_answers() {
    let page = Page::serve(&page_text(3));
    let server = Prometheus::start(&page);
    server.wait_scraped();
    let home = Home::new();
    let file = home.path().join("metrics.toml");
    let probe = query(&server, "sum(ranges_unavailable)", ".result[0].value");
    std::fs::write(&file, book_text(&probe)).expect("an own folder can be written");
    let mut terminal = started(home.terminal(&["run", &file.display().to_string()]).spawn());
    terminal.wait_text("unavailable 3", SOON);
    let has_passed = || home.records().iter().any(|record| matches!(record.event, Event::CheckPassed { .. }));
    assert!(!has_passed(), "three ranges are away");
    page.change(&page_text(0));
    terminal.wait_text("Is it over?", SOON);
    assert!(has_passed(), "{}", terminal.screen());
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    terminal.wait_exit(SOON);
}
