//! The little of a shell that a command line needs: words, quotes, variables, `$(…)`, pipes, `>` and `<`, `&&`, `||` and `;`.

use crate::practice::CommandResult;

use super::command::{DEEPEST, assigned, failed, run};
use super::line::{Joint, Part, inside, is_name, parts};
use super::{Beside, Entry, Hosts, Shell};

/// Bytes that one line may print on each stream. Who reads it has gone by then, and the pipe breaks: everything a machine
/// holds can be read once, but not again and again.
const MOST_PRINTED: usize = 64 << 20;

/// Bytes of words that a command may be given; the kernel takes no more.
const MOST_GIVEN: usize = 2 << 20;

/// Milliseconds after which somebody at a terminal breaks a command off at the latest.
const LONGEST_MS: u64 = 30 * 60 * 1_000;

/// The exit status of what SIGPIPE has ended.
const BROKEN_PIPE: i32 = 128 + 13;

/// Where a stream of a command goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sink {
    Out,
    Err,
    File { path: String, append: bool },
}

/// One command with its words apart.
#[derive(Debug, Default)]
struct Stage {
    words: Vec<String>,
    /// `1>`, `2>`, `2>&1`, … in their order: which streams, and where they go; `None`: where the other one goes.
    sinks: Vec<(&'static [u8], Option<Sink>)>,
    /// `<`.
    source: Option<String>,
    /// Bytes that `$(…)` has put into its words.
    given: usize,
}

/// Runs a command line as a login shell of that place would.
pub(super) fn run_line(hosts: &mut dyn Hosts, shell: &Shell, line: &str, depth: usize) -> CommandResult {
    let parts = match parts(line) {
        Ok(parts) => parts,
        Err(why) => return failed(2, &format!("bash: {why}")),
    };
    let mut shell = shell.clone();
    if parts.len() > 1 {
        // Of one command alone nothing but that command is left.
        shell.beside.push(Beside::of(&shell.user, "bash -c", line));
    }
    let mut total = CommandResult { exit: shell.status, ..CommandResult::default() };
    for pipeline in parts.chunk_by(|_, (joint, _)| *joint == Joint::Pipe) {
        let is_due = match pipeline[0].0 {
            Joint::Always | Joint::Pipe => true,
            Joint::IfDone => total.exit == 0,
            Joint::IfFailed => total.exit != 0,
        };
        if !is_due {
            continue;
        }
        shell.status = total.exit;
        let is_end = run_pipeline(hosts, &mut shell, pipeline, depth, &mut total);
        if is_end || breaks(&mut total) {
            break;
        }
    }
    total
}

/// Runs the commands of one pipeline; whether the shell ends with it.
fn run_pipeline(
    hosts: &mut dyn Hosts,
    shell: &mut Shell,
    pipeline: &[Part<'_>],
    depth: usize,
    total: &mut CommandResult,
) -> bool {
    let stages: Vec<Stage> = pipeline.iter().map(|(_, part)| read(hosts, shell, part, depth)).collect();
    if let [stage] = stages.as_slice()
        && let Some((result, is_end)) = own(hosts, shell, stage)
    {
        total.exit = result.exit;
        said(shell, total, &result.stderr, 0);
        return is_end;
    }
    let mut around = shell.clone();
    around.beside.extend(stages.iter().map(|stage| Beside::of_words(&shell.user, &stage.words)));
    let last = stages.len().saturating_sub(1);
    let mut piped = around.stdin.take();
    for (at, stage) in stages.into_iter().enumerate() {
        let is_terminal = shell.is_terminal && at == last && stage.sinks.is_empty();
        let mut inner = Shell { stdin: piped.take(), is_terminal, ..around.clone() };
        let result = run_stage(hosts, &mut inner, stage, depth);
        total.exit = result.exit;
        total.takes_ms = total.takes_ms.saturating_add(result.takes_ms);
        match at < last {
            true => piped = Some(result.stdout),
            false => total.stdout.push_str(&result.stdout),
        }
        said(shell, total, &result.stderr, result.takes_ms);
        if breaks(total) {
            return true;
        }
    }
    false
}

/// What came on the second stream; on a terminal it lies between what came on the first. What takes so long that nobody
/// waits for it has not said yet why it ended.
fn said(shell: &Shell, total: &mut CommandResult, stderr: &str, took_ms: u64) {
    let stream = if shell.is_terminal && took_ms < LONGEST_MS { &mut total.stdout } else { &mut total.stderr };
    stream.push_str(stderr);
}

/// What changes the shell itself; `None`: it is none of that. Also whether the shell ends.
fn own(hosts: &mut dyn Hosts, shell: &mut Shell, stage: &Stage) -> Option<(CommandResult, bool)> {
    if !stage.sinks.is_empty() || stage.source.is_some() {
        return None;
    }
    let done = |result| Some((result, false));
    let (name, words) = stage.words.split_first()?;
    match (name.as_str(), words) {
        ("exit", words) => {
            let status = words.first().map_or(Some(shell.status), |word| word.parse::<i32>().ok());
            let result = match status {
                Some(status) => CommandResult { exit: status & 255, ..CommandResult::default() },
                None => failed(2, &format!("bash: exit: {}: numeric argument required", words[0])),
            };
            Some((result, true))
        }
        ("export", words) => {
            for word in words {
                let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, v)| (name, Some(v)));
                if !is_name(name) {
                    return done(failed(1, &format!("bash: export: `{word}': not a valid identifier")));
                }
                let known = shell.variables.remove(name);
                if let Some(value) = value.map(str::to_owned).or(known) {
                    shell.environment.insert(name.to_owned(), value);
                }
            }
            done(CommandResult::default())
        }
        ("unset", words) => {
            for word in words {
                shell.variables.remove(word);
                shell.environment.remove(word);
            }
            done(CommandResult::default())
        }
        ("cd", words) => done(change_folder(hosts, shell, words)),
        _ => {
            let mut set = Shell { environment: std::collections::BTreeMap::new(), ..shell.clone() };
            if !assigned(&mut set, &stage.words).is_empty() {
                return None;
            }
            for (name, value) in set.environment {
                match shell.environment.contains_key(&name) {
                    true => shell.environment.insert(name, value),
                    false => shell.variables.insert(name, value),
                };
            }
            done(CommandResult::default())
        }
    }
}

/// `cd`: the operator's home, where every line begins, is the one folder there is to be in.
fn change_folder(hosts: &mut dyn Hosts, shell: &Shell, words: &[String]) -> CommandResult {
    let Some(wanted) = words.first() else { return CommandResult::default() };
    let place = super::files::absolute(wanted);
    let is_there = hosts.files(shell.place).map(|files| files.get(&place).map(Entry::is_folder));
    match is_there {
        _ if place == super::files::absolute(".") => CommandResult::default(),
        Some(None) => failed(1, &format!("bash: cd: {wanted}: No such file or directory")),
        Some(Some(false)) => failed(1, &format!("bash: cd: {wanted}: Not a directory")),
        _ => failed(2, "bash: practice: 'cd' is not simulated: name files by their whole paths"),
    }
}

/// Whether more was printed than is read; the rest is lost, and the shell with it.
fn breaks(total: &mut CommandResult) -> bool {
    if total.stdout.len().max(total.stderr.len()) <= MOST_PRINTED {
        return false;
    }
    for text in [&mut total.stdout, &mut total.stderr] {
        text.truncate(text.floor_char_boundary(MOST_PRINTED));
    }
    total.exit = BROKEN_PIPE;
    true
}

/// Runs one command with its redirections.
fn run_stage(hosts: &mut dyn Hosts, shell: &mut Shell, stage: Stage, depth: usize) -> CommandResult {
    if stage.given > MOST_GIVEN {
        let name = stage.words.first().filter(|word| word.len() < 200).map_or("bash", String::as_str);
        return failed(126, &format!("bash: {name}: Argument list too long"));
    }
    if let Some(path) = &stage.source {
        let read = hosts.files(shell.place).map(|files| files.read(path, &shell.user).map(Entry::text));
        match read {
            Some(Ok(text)) => shell.stdin = Some(text),
            Some(Err(why)) => return failed(1, &format!("bash: {path}: {why}")),
            None => return failed(1, &format!("bash: {path}: No such file or directory")),
        }
    }
    let (mut out, mut err) = (Sink::Out, Sink::Err);
    for (streams, sink) in &stage.sinks {
        match (*streams, sink) {
            (b"12", Some(sink)) => (out, err) = (sink.clone(), sink.clone()),
            (b"2", Some(sink)) => err = sink.clone(),
            (_, Some(sink)) => out = sink.clone(),
            (b"2", None) => err = out.clone(),
            (_, None) => out = err.clone(),
        }
    }
    let mut command_shell = shell.clone();
    let words = assigned(&mut command_shell, &stage.words);
    let done = run(hosts, &command_shell, words, depth);
    let mut result = CommandResult { stdout: String::new(), stderr: String::new(), ..done };
    // The second stream does not empty the file that both go to.
    if let (true, Sink::File { path, .. }) = (out == err, &out) {
        err = Sink::File { path: path.clone(), append: true };
    }
    for (text, sink) in [(done.stdout, &out), (done.stderr, &err)] {
        match sink {
            Sink::Out => result.stdout.push_str(&text),
            Sink::Err => result.stderr.push_str(&text),
            Sink::File { path, append } => {
                if let Err(why) = kept(hosts, shell, path, *append, &text) {
                    result.exit = 1;
                    result.stderr.push_str(&format!("bash: {path}: {why}\n"));
                }
            }
        }
    }
    result
}

/// Writes what goes to a file, as the shell's own account.
fn kept(hosts: &mut dyn Hosts, shell: &Shell, path: &str, append: bool, text: &str) -> Result<(), String> {
    if path == "/dev/null" {
        return Ok(());
    }
    let now = hosts.now();
    let Some(files) = hosts.files(shell.place) else { return Err("Read-only file system".into()) };
    let before = if append { files.get(path).map(Entry::text).unwrap_or_default() } else { String::new() };
    files.write(path, Entry::file(before + text, &shell.user, now), &shell.user)
}

/// Splits one command into words and redirections.
fn read(hosts: &mut dyn Hosts, shell: &Shell, part: &str, depth: usize) -> Stage {
    let mut reading = Reading::default();
    let mut quote = None;
    let mut chars = part.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                reading.word.get_or_insert_default();
            }
            (Some('"'), '\\') => {
                let escaped = chars.next_if(|(_, next)| matches!(next, '"' | '\\' | '$' | '`'));
                reading.word.get_or_insert_default().push(escaped.map_or(c, |(_, escaped)| escaped));
            }
            (None, '\\') => {
                reading.word.get_or_insert_default().extend(chars.next().map(|(_, escaped)| escaped));
            }
            (None | Some('"'), '$') if part[at + 1..].starts_with('(') => {
                let inner = inside(&part[at + 2..]);
                for _ in 0..=inner.chars().count() + 1 {
                    chars.next();
                }
                reading.run(hosts, shell, inner, (quote.is_some(), depth));
            }
            (None | Some('"'), '$') => {
                let (name, length) = named(&part[at + 1..]);
                for _ in 0..length {
                    chars.next();
                }
                match length {
                    0 => reading.word.get_or_insert_default().push(c),
                    _ => reading.put(&value(hosts, shell, name), quote.is_some()),
                }
            }
            (None, '<' | '>') => {
                let streams = streams_of(&mut reading.word);
                reading.end_word();
                let append = c == '>' && chars.next_if(|(_, next)| *next == '>').is_some();
                let merges = c == '>' && !append && chars.next_if(|(_, next)| *next == '&').is_some();
                match merges {
                    true => {
                        chars.next();
                        reading.stage.sinks.push((streams, None));
                    }
                    false if c == '<' => reading.awaited = Some(Awaited::Source),
                    false => reading.awaited = Some(Awaited::Sink(streams, append)),
                }
            }
            (None, c) if c.is_whitespace() => reading.end_word(),
            (_, c) => reading.word.get_or_insert_default().push(c),
        }
    }
    reading.end_word();
    reading.stage
}

/// The name behind a dollar, and how many characters it takes; none: it is a plain dollar.
fn named(rest: &str) -> (&str, usize) {
    if let Some((name, _)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (name, name.chars().count() + 2);
    }
    let length = match rest.chars().next() {
        Some('?' | '$' | '#' | '@' | '*' | '!' | '-' | '0'..='9') => 1,
        _ => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
    };
    (&rest[..length], length)
}

/// What a variable stands for; what is not set is nothing.
fn value(hosts: &dyn Hosts, shell: &Shell, name: &str) -> String {
    let known = shell.environment.get(name).or_else(|| shell.variables.get(name));
    if let Some(value) = known {
        return value.clone();
    }
    match name {
        "?" => shell.status.to_string(),
        "#" => "0".into(),
        "0" | "SHELL" => "bash".into(),
        "$" => super::processes::OWN_PIDS.to_string(),
        "USER" | "LOGNAME" => shell.user.clone(),
        "HOME" if shell.is_root() => "/root".into(),
        "HOME" | "PWD" => super::files::absolute("."),
        "HOSTNAME" => super::builtin::host_name(hosts, shell),
        _ => String::new(),
    }
}

/// One command that is being read.
#[derive(Default)]
struct Reading {
    stage: Stage,
    word: Option<String>,
    awaited: Option<Awaited>,
}

/// What the next word is for.
enum Awaited {
    Source,
    Sink(&'static [u8], bool),
}

impl Reading {
    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.awaited.take() {
            None => self.stage.words.push(word),
            Some(Awaited::Source) => self.stage.source = Some(word),
            Some(Awaited::Sink(streams, append)) => {
                self.stage.sinks.push((streams, Some(Sink::File { path: word, append })));
            }
        }
    }

    /// Puts in what a command prints: `$(…)`.
    fn run(&mut self, hosts: &mut dyn Hosts, shell: &Shell, line: &str, (is_quoted, depth): (bool, usize)) {
        if depth >= DEEPEST || self.stage.given > MOST_GIVEN {
            return;
        }
        let within = Shell { is_terminal: false, ..shell.clone() };
        let printed = run_line(hosts, &within, line, depth + 1).stdout;
        let printed = printed.trim_end_matches('\n');
        self.stage.given += printed.len();
        if self.stage.given <= MOST_GIVEN {
            self.put(printed, is_quoted);
        }
    }

    /// Puts in what something stands for; outside quotes it may be several words, or none.
    fn put(&mut self, text: &str, is_quoted: bool) {
        let is_assigned = self.stage.words.is_empty()
            && self.word.as_deref().and_then(|word| word.split_once('=')).is_some_and(|(name, _)| is_name(name));
        if is_quoted || is_assigned {
            self.word.get_or_insert_default().push_str(text);
            return;
        }
        for (at, piece) in text.split(char::is_whitespace).enumerate() {
            if at > 0 {
                self.end_word();
            }
            if !piece.is_empty() {
                self.word.get_or_insert_default().push_str(piece);
            }
        }
    }
}

/// Which streams a redirection is about: the number that stands right before it is no word.
fn streams_of(word: &mut Option<String>) -> &'static [u8] {
    let streams: &'static [u8] = match word.as_deref() {
        Some("2") => b"2",
        Some("1") => b"1",
        Some("&") => b"12",
        _ => return b"1",
    };
    *word = None;
    streams
}
