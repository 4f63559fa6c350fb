//! The little of a shell that a command line needs: words, quotes, `$(…)`, pipes, `>` and `<`, `&&`, `||` and `;`.

use crate::practice::CommandResult;

use super::command::{DEEPEST, assigned, failed, run};
use super::{Entry, Hosts, Shell};

/// Bytes that one line may print on each stream. Who reads it has gone by then, and the pipe breaks: everything a machine
/// holds can be read once, but not again and again.
const MOST_PRINTED: usize = 64 << 20;

/// Bytes of words that a command may be given; the kernel takes no more.
const MOST_GIVEN: usize = 2 << 20;

/// The exit status of what SIGPIPE has ended.
const BROKEN_PIPE: i32 = 128 + 13;

/// What joins a command to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Always,
    IfDone,
    IfFailed,
    /// It takes what the one before it prints.
    Pipe,
}

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
    let mut total = CommandResult::default();
    let mut rest = line;
    let mut joint = Joint::Always;
    let mut piped: Option<String> = None;
    loop {
        let (part, next) = match cut(rest) {
            Ok(cut) => cut,
            Err(operator) => return failed(2, &format!("bash: practice: {operator:?} is not simulated")),
        };
        let due = match joint {
            Joint::Always | Joint::Pipe => true,
            Joint::IfDone => total.exit == 0,
            Joint::IfFailed => total.exit != 0,
        };
        let goes_on = next.is_some_and(|(joint, _)| joint == Joint::Pipe);
        if due {
            let mut inner = shell.clone();
            if joint == Joint::Pipe {
                inner.stdin = Some(piped.take().unwrap_or_default());
            }
            let result = stage(hosts, &mut inner, part, depth);
            total.exit = result.exit;
            total.stderr.push_str(&result.stderr);
            total.takes_ms = total.takes_ms.saturating_add(result.takes_ms);
            match goes_on {
                true => piped = Some(result.stdout),
                false => total.stdout.push_str(&result.stdout),
            }
            if breaks(&mut total) {
                return total;
            }
        }
        let Some((operator, following)) = next else { return total };
        (joint, rest) = (operator, following);
        if !due && joint == Joint::Pipe {
            // What stands behind the pipe belongs to the command that was left out.
            match cut(rest) {
                Ok((_, Some((operator, following)))) => (joint, rest) = (operator, following),
                _ => return total,
            }
        }
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
fn stage(hosts: &mut dyn Hosts, shell: &mut Shell, part: &str, depth: usize) -> CommandResult {
    let stage = read(hosts, shell, part, depth);
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
    let mut found = Stage::default();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut awaited: Option<Awaited> = None;
    let mut chars = part.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().extend(chars.next().map(|(_, escaped)| escaped));
            }
            (None | Some('"'), '$') if part[at + 1..].starts_with('(') => {
                let inner = inside(&part[at + 2..]);
                for _ in 0..=inner.chars().count() + 1 {
                    chars.next();
                }
                let printed = match depth < DEEPEST && found.given <= MOST_GIVEN {
                    true => run_line(hosts, shell, inner, depth + 1).stdout,
                    false => String::new(),
                };
                let printed = printed.trim_end_matches('\n');
                found.given += printed.len();
                if found.given <= MOST_GIVEN {
                    word.get_or_insert_default().push_str(printed);
                }
            }
            (None, '<' | '>') => {
                let streams = streams_of(&mut word);
                found.take(word.take(), &mut awaited);
                let append = c == '>' && chars.next_if(|(_, next)| *next == '>').is_some();
                let merges = c == '>' && !append && chars.next_if(|(_, next)| *next == '&').is_some();
                match merges {
                    true => {
                        chars.next();
                        found.sinks.push((streams, None));
                    }
                    false if c == '<' => awaited = Some(Awaited::Source),
                    false => awaited = Some(Awaited::Sink(streams, append)),
                }
            }
            (None, c) if c.is_whitespace() => found.take(word.take(), &mut awaited),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    found.take(word, &mut awaited);
    found
}

/// What the next word is for.
enum Awaited {
    Source,
    Sink(&'static [u8], bool),
}

impl Stage {
    fn take(&mut self, word: Option<String>, awaited: &mut Option<Awaited>) {
        let Some(word) = word else { return };
        match awaited.take() {
            None => self.words.push(word),
            Some(Awaited::Source) => self.source = Some(word),
            Some(Awaited::Sink(streams, append)) => self.sinks.push((streams, Some(Sink::File { path: word, append }))),
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

/// The text up to the parenthesis that closes it.
fn inside(text: &str) -> &str {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &text[..at];
        }
    }
    text
}

type Cut<'a> = (&'a str, Option<(Joint, &'a str)>);

/// Cuts the first command off a line, at the first operator outside quotes and parentheses.
fn cut(line: &str) -> Result<Cut<'_>, char> {
    let (mut quote, mut open, mut escaped) = (None, 0_usize, false);
    for (at, c) in line.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        let next = |joint, length: usize| Ok((&line[..at], Some((joint, &line[at + length..]))));
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => escaped = true,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => open += 1,
            (None, ')') => open = open.saturating_sub(1),
            (None, _) if open > 0 => {}
            (None, ';' | '\n') => return next(Joint::Always, 1),
            (None, '&') if line[at..].starts_with("&&") => return next(Joint::IfDone, 2),
            (None, '|') if line[at..].starts_with("||") => return next(Joint::IfFailed, 2),
            (None, '|') => return next(Joint::Pipe, 1),
            // `2>&1` and `&>` are no jobs.
            (None, '&') if line[..at].ends_with('>') || line[at + 1..].starts_with('>') => {}
            (None, '&' | '`') => return Err(c),
            _ => {}
        }
    }
    Ok((line, None))
}
