//! From a runbook's probes and the bound inputs to the list of what is asked.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::engine::filled::Places;
use crate::engine::scope::secret_input;
use crate::engine::{CommandLine, EnvValue};
use crate::runbook::id::is_item_name;
use crate::runbook::{self, Argv, Ask, Expr, Probe, ProbeId, Runbook, SecretRef, Template, Truth};

/// The most items that one probe is asked for.
const MAX_ITEMS: usize = 1000;

/// The most targets of all probes together.
const MAX_TARGETS: usize = 10_000;

/// One thing that is asked: a probe for one item, everything in it rendered.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which probe.
    pub probe: ProbeId,
    /// The title of its table.
    pub title: String,
    /// Which item, by name; `None` for a probe without `each`.
    pub node: Option<String>,
    /// The item itself; `null` for a probe without `each`.
    pub item: Value,
    /// The interval.
    pub every: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What is asked.
    pub question: Question,
    /// Where in each word of its command values were filled in.
    pub filled: Vec<Places>,
    /// Named values taken from an answer.
    pub fields: Vec<(String, Expr)>,
    /// The verdict is ok.
    pub ok: Expr,
    /// The verdict is degraded.
    pub degraded: Option<Expr>,
}

impl Target {
    /// How it is named to people: `vault[vault-2]`, or `vault`.
    pub fn name(&self) -> String {
        self.node.as_ref().map_or_else(|| self.probe.to_string(), |node| format!("{}[{node}]", self.probe))
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// An HTTP GET.
    Http(HttpQuestion),
    /// An HTTP GET that is answered with metrics.
    Prometheus(HttpQuestion, Metrics),
    /// Whether this `host:port` accepts a connection.
    Tcp(String),
    /// A command.
    Command(CommandLine),
}

/// How metrics are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// As a page of them, in text.
    Page,
    /// As the result of a query, in JSON.
    Query,
}

/// An HTTP GET.
#[derive(Clone, Debug)]
pub struct HttpQuestion {
    /// The address.
    pub url: Uri,
    /// Its headers.
    pub headers: Vec<(HeaderName, HeaderText)>,
    /// A PEM file with the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
}

/// The value of a header.
#[derive(Clone, Debug)]
pub enum HeaderText {
    /// As it is.
    Plain(HeaderValue),
    /// Looked up when the request is sent.
    Secret(EnvValue),
}

/// Everything that the runbook's probes ask, in its order: nothing for one whose `when` is false or whose `each` is
/// empty. `scope` holds the bound `inputs`.
///
/// # Errors
/// Every probe and item that cannot be asked, each with the reason, as lower-case fragments.
pub fn targets(runbook: &Runbook, scope: &Value) -> Result<Vec<Target>, Vec<String>> {
    let (mut targets, mut problems) = (Vec::new(), Vec::new());
    for probe in &runbook.health {
        match items(probe, scope) {
            Ok(items) => {
                for (node, item) in items {
                    let place = node.as_ref().map_or_else(String::new, |node| format!(" for {node}"));
                    match target(probe, node, item, scope) {
                        Ok(target) => targets.push(target),
                        Err(why) => problems.push(format!("probe {}{place}: {why}", probe.id)),
                    }
                }
            }
            Err(why) => problems.push(format!("probe {}: {why}", probe.id)),
        }
    }
    if targets.len() > MAX_TARGETS {
        problems.push(format!("{} targets are too many; at most {MAX_TARGETS} can be asked", targets.len()));
    }
    if problems.is_empty() { Ok(targets) } else { Err(problems) }
}

fn items(probe: &Probe, scope: &Value) -> Result<Vec<(Option<String>, Value)>, String> {
    let wanted = probe.when.as_ref().map_or(Truth::True, |when| when.truth(scope));
    match wanted {
        Truth::True => {}
        Truth::False => return Ok(vec![]),
        Truth::Unknown(why) => return Err(format!("its `when` cannot be told: {why}")),
    }
    let Some(each) = &probe.each else { return Ok(vec![(None, Value::Null)]) };
    let mut items: Vec<(Option<String>, Value)> = Vec::new();
    for item in each.all(scope, MAX_ITEMS).map_err(|error| error.0)? {
        let name = item.get("name").unwrap_or(&item).as_str().ok_or_else(|| format!("{item} has no name"))?;
        if !is_item_name(name) {
            return Err(format!("{name:?} cannot name an item"));
        }
        if items.iter().any(|(other, _)| other.as_deref() == Some(name)) {
            return Err(format!("two items are named {name}"));
        }
        items.push((Some(name.to_owned()), item));
    }
    Ok(items)
}

fn target(probe: &Probe, node: Option<String>, item: Value, scope: &Value) -> Result<Target, String> {
    let mut scope = scope.clone();
    if let Some(scope) = scope.as_object_mut() {
        scope.insert("node".into(), item.clone());
    }
    let mut filled = Vec::new();
    let question = match &probe.ask {
        Ask::Http { url, headers, ca } => Question::Http(http_question(url, headers, ca.as_ref(), &scope)?),
        Ask::Prometheus { url, headers, ca, query } => {
            let asked = http_question(url, headers, ca.as_ref(), &scope)?;
            match query {
                None => Question::Prometheus(asked, Metrics::Page),
                Some(query) => {
                    let url = query_address(&asked.url, &render(query, &scope)?)?;
                    Question::Prometheus(HttpQuestion { url, ..asked }, Metrics::Query)
                }
            }
        }
        Ask::Tcp(address) => Question::Tcp(tcp_address(render(address, &scope)?)?),
        Ask::Command(argv) => {
            let (words, places) = words(argv, &scope)?.into_iter().unzip();
            filled = places;
            let timeout_ms = u64::try_from(probe.timeout.as_millis()).unwrap_or(u64::MAX);
            Question::Command(CommandLine { argv: words, cwd: None, env: Vec::new(), timeout_ms })
        }
    };
    Ok(Target {
        probe: probe.id.clone(),
        title: probe.title.clone(),
        node,
        item,
        every: probe.every,
        timeout: probe.timeout,
        question,
        filled,
        fields: probe.fields.clone(),
        ok: probe.ok.clone(),
        degraded: probe.degraded.clone(),
    })
}

fn http_question(
    url: &Template,
    headers: &[(String, runbook::HeaderValue)],
    ca: Option<&Template>,
    scope: &Value,
) -> Result<HttpQuestion, String> {
    let mut kept = Vec::new();
    for (name, value) in headers {
        let wrong = |_| format!("{name:?} is no header, or its value cannot be sent");
        let text = match value {
            runbook::HeaderValue::Text(text) => {
                HeaderText::Plain(HeaderValue::try_from(render(text, scope)?).map_err(|_| wrong(()))?)
            }
            runbook::HeaderValue::Secret(secret) => match reference(secret, scope)? {
                Some(reference) => HeaderText::Secret(reference),
                None => continue,
            },
        };
        kept.push((HeaderName::try_from(name).map_err(|_| wrong(()))?, text));
    }
    let ca = ca.map(|ca| optional(ca, scope)).transpose()?.flatten().map(PathBuf::from);
    Ok(HttpQuestion { url: address(render(url, scope)?)?, headers: kept, ca })
}

fn address(text: String) -> Result<Uri, String> {
    let url = text.parse::<Uri>().map_err(|error| format!("{text:?} is no address: {error}"))?;
    let authority = url.authority().ok_or_else(|| format!("{text:?} names no host"))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(format!("{text:?} does not begin with http:// or https://"));
    }
    if authority.as_str().contains('@') {
        // Not shown: what stands before the @ may be a password.
        return Err(format!("the address of {} holds a user; put it into a header", authority.host()));
    }
    Ok(url)
}

/// Where a Prometheus server answers a query.
fn query_address(base: &Uri, query: &str) -> Result<Uri, String> {
    if base.query().is_some() {
        return Err(format!("{base} is not the address of a server alone: it has a `?`"));
    }
    let mut text = base.to_string();
    text.truncate(text.trim_end_matches('/').len());
    text.push_str("/api/v1/query?query=");
    for byte in query.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text.parse().map_err(|error| format!("the query cannot be sent: {error}"))
}

fn tcp_address(text: String) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text),
        _ => Err(format!("{text:?} is not of the form host:port")),
    }
}

/// The words of a command, and where in each of them values were filled in.
fn words(argv: &Argv, scope: &Value) -> Result<Vec<(String, Places)>, String> {
    match argv {
        Argv::Words(words) => words.iter().map(|word| marked(word, scope)).collect(),
        Argv::Input(input) => {
            let bound = scope["inputs"][input.as_str()].as_array();
            let words = bound.ok_or_else(|| format!("the command {input} is not bound"))?;
            words.iter().map(|word| input_word(word, scope)).collect()
        }
    }
}

/// One word of a bound command: a text that may hold values.
fn input_word(word: &Value, scope: &Value) -> Result<(String, Places), String> {
    let text = word.as_str().ok_or_else(|| format!("{word} is no argument"))?;
    marked(&Template::compile(text).map_err(|error| format!("in {text:?}: {}", error.message))?, scope)
}

fn marked(template: &Template, scope: &Value) -> Result<(String, Places), String> {
    template.render_marked(scope).map_err(|error| format!("in {:?}: {error}", template.source()))
}

fn render(template: &Template, scope: &Value) -> Result<String, String> {
    template.render(scope).map_err(|error| format!("in {:?}: {error}", template.source()))
}

/// Renders a text that may be left open: a lone value that is `null`, such as an optional input, or nothing.
fn optional(template: &Template, scope: &Value) -> Result<Option<String>, String> {
    let lone = template.source().trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    if let Some(Ok(lone)) = lone.map(Expr::compile)
        && lone.first(scope) == Ok(Value::Null)
    {
        return Ok(None);
    }
    render(template, scope).map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// Where a secret is found; `None` for an optional input that is not bound.
fn reference(secret: &SecretRef, scope: &Value) -> Result<Option<EnvValue>, String> {
    match secret {
        SecretRef::Env(name) => Ok(Some(EnvValue::SecretEnv(name.clone()))),
        SecretRef::Command(argv) => Ok(Some(EnvValue::SecretCommand(argv.clone()))),
        SecretRef::Input(input) => match &scope["inputs"][input.as_str()] {
            Value::Null => Ok(None),
            // Not shown: somebody may have put the secret itself there.
            bound => secret_input(Some(bound)).map(Some).ok_or_else(|| format!("the input {input} is no reference")),
        },
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
