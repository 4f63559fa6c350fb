//! `curl` and `wget`: of what the machines serve themselves, and of what lies elsewhere.

use std::time::Duration;

use crate::practice::query::decoded;
use crate::practice::{CommandResult, Request, Response};

use super::command::{failed, printed};
use super::{Arguments, Call, Entry, Hosts};

/// How long a client without a limit of its own waits for an answer that does not come.
const FOR_EVER: Duration = Duration::from_hours(24);

/// How often a client follows from page to page.
const MOST_FOLLOWED: usize = 10;

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "curl" => curl(hosts, call),
        "wget" => wget(hosts, call),
        _ => return None,
    })
}

/// A URL in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: String,
    /// The name or the address.
    pub host: String,
    /// The port, also when it was not said.
    pub port: u16,
    /// The path, with its slash.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
}

impl Url {
    /// Takes a URL apart, as `curl` does: without a scheme it is `http`.
    pub fn parse(text: &str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let usual = if scheme == "https" { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().unwrap_or(usual)),
            None => (authority, usual),
        };
        let path = if path.is_empty() { "/" } else { path };
        let [scheme, host, path, query] = [scheme, host, path, query].map(str::to_owned);
        Self { scheme, host, port, path, query }
    }

    /// `http://HOST:PORT`.
    pub fn base(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// Whether it names the machine itself.
    pub fn is_local(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]")
    }
}

/// What came of a request.
enum Got {
    Page {
        status: u16,
        content_type: &'static str,
        headers: Vec<(&'static str, String)>,
        entry: Entry,
    },
    /// What is said of it, and the exit status of `curl`.
    Failed(i32, String),
}

/// Asks for what a URL names: first the machines, then what lies elsewhere. Also how long that takes.
fn get(
    hosts: &mut dyn Hosts,
    call: &Call<'_>,
    url: &str,
    request: Request,
    limit: Option<Duration>,
) -> (Got, Duration) {
    let place = call.shell.place;
    let at = Url::parse(url);
    let Some((response, wait)) = hosts.web(place, &at, request) else {
        let wait = hosts.download_time(place, url);
        return match hosts.download(place, url) {
            Ok(entry) => (Got::Page { status: 200, content_type: "", headers: Vec::new(), entry }, wait),
            Err((exit, why)) => (Got::Failed(exit, why), Duration::ZERO),
        };
    };
    let timed_out = |after: Duration| {
        let why = format!("Operation timed out after {} milliseconds with 0 bytes received", after.as_millis());
        (Got::Failed(28, why), after)
    };
    match response {
        _ if limit.is_some_and(|limit| limit < wait) => timed_out(limit.unwrap_or_default()),
        Response::Answer { status, content_type, headers, body } => {
            let entry = Entry::file(body, "root", hosts.now());
            (Got::Page { status, content_type, headers, entry }, wait + Duration::from_millis(20))
        }
        Response::Refused => {
            let why =
                format!("Failed to connect to {} port {} after 0 ms: Couldn't connect to server", at.host, at.port);
            (Got::Failed(7, why), Duration::from_millis(20))
        }
        Response::Silent => timed_out(limit.unwrap_or(FOR_EVER)),
    }
}

/// The options of `curl` that take a value, by their long names.
const VALUED: [&str; 15] = [
    "output",
    "output-dir",
    "max-time",
    "header",
    "request",
    "user",
    "data",
    "data-raw",
    "data-binary",
    "json",
    "connect-timeout",
    "retry",
    "cacert",
    "write-out",
    "user-agent",
];

fn curl(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "oHXumdAwbe", &VALUED);
    if given.operands.is_empty() {
        return failed(2, "curl: try 'curl --help' or 'curl --manual' for more information");
    }
    let limit = limit_of(&given);
    let is_told = !given.has(&["s", "silent"]) || given.has(&["S", "show-error"]);
    let mut result = printed("").lasting(Duration::ZERO);
    for url in &given.operands {
        let (mut url, mut left) = (url.clone(), MOST_FOLLOWED);
        let (status, content_type, headers, entry) = loop {
            let (got, wait) = get(hosts, call, &url, request_of(&Url::parse(&url), &given), limit);
            result.takes_ms = result.takes_ms.saturating_add(wait.as_millis() as u64);
            match got {
                Got::Failed(exit, why) => {
                    result.stderr.push_str(&if is_told { format!("curl: ({exit}) {why}\n") } else { String::new() });
                    return CommandResult { exit, ..result };
                }
                Got::Page { status, headers, .. } if status / 100 == 3 && left > 0 && follows(&given, &headers) => {
                    left -= 1;
                    url = target_of(&Url::parse(&url), &headers);
                }
                Got::Page { status, content_type, headers, entry } => break (status, content_type, headers, entry),
            }
        };
        if status >= 400 && given.has(&["f", "fail"]) {
            let why = format!("curl: (22) The requested URL returned error: {status}\n");
            result.stderr.push_str(if is_told { &why } else { "" });
            return CommandResult { exit: 22, ..result };
        }
        if given.has(&["i", "include", "I", "head"]) {
            result.stdout.push_str(&head(status, content_type, &headers));
        }
        let is_body = !given.has(&["I", "head"]);
        if is_body && let Err(failure) = put(hosts, call, &given, &url, entry, &mut result.stdout) {
            return CommandResult { stdout: result.stdout, takes_ms: result.takes_ms, ..failure };
        }
        if let Some(format) = given.value(&["w", "write-out"]) {
            let code = format!("{status:03}");
            let text = format.replace("%{http_code}", &code).replace("%{response_code}", &code);
            result.stdout.push_str(&text.replace("\\n", "\n"));
        }
    }
    result
}

/// How long it may take: `--max-time`.
fn limit_of(given: &Arguments) -> Option<Duration> {
    let seconds = given.value(&["m", "max-time"])?.parse::<f64>().ok()?;
    (0.001..1e6).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

fn follows(given: &Arguments, headers: &[(&'static str, String)]) -> bool {
    given.has(&["L", "location"]) && headers.iter().any(|(name, _)| *name == "location")
}

/// Where an answer sends to.
fn target_of(from: &Url, headers: &[(&'static str, String)]) -> String {
    let location = headers.iter().find(|(name, _)| *name == "location").map(|(_, value)| value.as_str());
    match location.unwrap_or_default() {
        path if path.starts_with('/') => format!("{}{path}", from.base()),
        whole => whole.to_owned(),
    }
}

fn head(status: u16, content_type: &str, headers: &[(&'static str, String)]) -> String {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    if !content_type.is_empty() {
        text.push_str(&format!("content-type: {content_type}\r\n"));
    }
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    text + "\r\n"
}

/// Puts a page where it is to go: a file, or what is printed.
fn put(
    hosts: &mut dyn Hosts,
    call: &Call<'_>,
    given: &Arguments,
    url: &str,
    entry: Entry,
    stdout: &mut String,
) -> Result<(), CommandResult> {
    let by_name = given.has(&["O", "remote-name", "remote-name-all"]);
    let name = url.rsplit('/').next().unwrap_or_default();
    let target = given.value(&["o", "output"]).or(by_name.then_some(name)).filter(|target| *target != "-");
    let Some(target) = target else {
        stdout.push_str(&entry.text());
        return Ok(());
    };
    match given.value(&["output-dir"]) {
        Some(folder) => keep(hosts, call, &format!("{folder}/{target}"), entry),
        None => keep(hosts, call, target, entry),
    }
}

/// The request that the options ask for.
fn request_of(url: &Url, given: &Arguments) -> Request {
    let named = given.options.iter().filter(|(name, _)| matches!(name.as_str(), "H" | "header"));
    let mut headers: Vec<(String, String)> = named
        .filter_map(|(_, value)| value.as_deref()?.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    if let Some(cookie) = given.value(&["b", "cookie"]) {
        headers.push(("cookie".into(), cookie.to_owned()));
    }
    let body = given.value(&["d", "data", "data-raw", "data-binary", "json"]);
    let usual = match body {
        _ if given.has(&["I", "head"]) => "HEAD",
        Some(_) => "POST",
        None => "GET",
    };
    request(url, given.value(&["X", "request"]).unwrap_or(usual), headers, body.unwrap_or_default())
}

fn request(url: &Url, method: &str, headers: Vec<(String, String)>, body: &str) -> Request {
    Request {
        node: String::new(),
        method: method.to_owned(),
        path: decoded(&url.path).unwrap_or_else(|| url.path.clone()),
        query: url.query.clone(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}

fn wget(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "OPT", &["output-document", "directory-prefix", "timeout", "header"]);
    let [url] = given.operands.as_slice() else { return failed(1, "wget: missing URL") };
    let at = Url::parse(url);
    let limit = given.value(&["T", "timeout"]).and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let (got, wait) = get(hosts, call, url, request(&at, "GET", Vec::new(), ""), limit);
    let is_told = !given.has(&["q", "quiet"]);
    let fails = |exit, why: &str| failed(exit, if is_told { why } else { "" }).lasting(wait);
    let entry = match got {
        Got::Failed(7, _) => {
            return fails(4, &format!("Connecting to {}:{}... failed: Connection refused.", at.host, at.port));
        }
        Got::Failed(_, why) => return fails(4, &format!("wget: {why}")),
        Got::Page { status, .. } if status >= 300 => {
            return fails(8, &format!("HTTP request sent, awaiting response... {status}\nERROR {status}."));
        }
        Got::Page { entry, .. } => entry,
    };
    let name = url.rsplit('/').next().filter(|name| at.path != "/" && !name.is_empty()).unwrap_or("index.html");
    let target = given.value(&["O", "output-document"]).unwrap_or(name).to_owned();
    if target == "-" {
        return printed(&entry.text()).lasting(wait);
    }
    match keep(hosts, call, &target, entry) {
        Ok(()) => printed("").lasting(wait),
        Err(result) => CommandResult { exit: 3, ..result },
    }
}

fn keep(hosts: &mut dyn Hosts, call: &Call<'_>, target: &str, mut entry: Entry) -> Result<(), CommandResult> {
    if target == "/dev/null" {
        return Ok(());
    }
    entry.owner.clone_from(&call.shell.user);
    entry.at = hosts.now();
    let refused = |why: &str| failed(23, &format!("curl: (23) Failed to open the file {target}: {why}"));
    let Some(files) = hosts.files(call.shell.place) else { return Err(refused("Read-only file system")) };
    files.write(target, entry, &call.shell.user).map_err(|why| refused(&why))
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn a_url_is_taken_apart() {
        for (text, scheme, host, port, path, query) in [
            ("http://one:8200/v1/sys/health?a=b&c", "http", "one", 8200, "/v1/sys/health", "a=b&c"),
            ("https://me:x@one", "https", "one", 443, "/", ""),
            ("one/x#y", "http", "one", 80, "/x", ""),
            ("127.0.0.1:1?x", "http", "127.0.0.1", 1, "/", "x"),
        ] {
            let url = Url::parse(text);
            assert_eq!(
                (&*url.scheme, &*url.host, url.port, &*url.path, &*url.query),
                (scheme, host, port, path, query)
            );
        }
    }
}
