//! Programs that take text and give text: from files, or from what comes in by a pipe.

use std::time::Duration;

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::grep::grep;
use super::pattern::{Style, compile};
use super::{Arguments, Call, Entry, Hosts};

/// Bytes of files that one command takes in: what one machine holds, since a file may be named many times.
const MAX_READ: usize = 64 << 20;

/// For how long `tail -f` goes on.
const FOLLOWS: Duration = Duration::from_hours(24);

/// A text and the name it goes by; the name of what comes in by a pipe is empty.
pub(super) type Source = (String, Vec<u8>);

/// `None`: it is none of these commands, or the place has no files for it.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let filter: fn(&Wanted, &[Source]) -> (i32, String) = match call.name {
        "grep" | "egrep" | "fgrep" => return found(hosts, call),
        "cat" | "less" | "more" => |_, sources| (0, joined(sources)),
        "tac" => |_, sources| (0, joined(sources).lines().rev().map(|line| format!("{line}\n")).collect()),
        "head" | "tail" => part,
        "wc" => count,
        "sort" => sort,
        "uniq" => deduplicated,
        "cut" => cut,
        "awk" => awk,
        "tee" => return tee(hosts, call),
        _ => return None,
    };
    let wanted = Wanted::read(call);
    let (mut result, sources) = gathered(hosts, call, &wanted)?;
    let (exit, stdout) = filter(&wanted, &sources);
    result.exit = result.exit.max(exit);
    result.stdout = stdout;
    if call.name == "awk" && exit == 2 {
        result.stderr.push_str("awk: practice: such a program is not simulated\n");
    }
    if call.name == "tail" && wanted.given.has(&["f", "F", "follow"]) {
        // It follows until it is stopped.
        result.takes_ms = FOLLOWS.as_millis() as u64;
    }
    Some(result)
}

/// `grep`, which also says what is wrong with a pattern.
fn found(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let wanted = Wanted::read(call);
    if call.words.is_empty() {
        return Some(failed(2, "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information."));
    }
    let (mut result, sources) = gathered(hosts, call, &wanted)?;
    let (exit, stdout, stderr) = grep(&wanted, &sources);
    result.exit = result.exit.max(exit);
    result.stdout = stdout;
    result.stderr.push_str(&stderr);
    Some(result)
}

/// A call of a filter, taken apart.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) given: Arguments,
    /// The pattern or program that comes before the files.
    pub(super) pattern: String,
}

impl Wanted {
    fn read(call: &Call<'_>) -> Self {
        let mut words = call.words.to_vec();
        // `head -5` is `head -n 5`.
        let count = words.first().and_then(|word| word.strip_prefix('-')).filter(|text| text.parse::<u64>().is_ok());
        if let Some(count) = count.map(str::to_owned) {
            words.splice(..1, ["-n".to_owned(), count]);
        }
        let short = match call.name {
            "head" | "tail" => "nc",
            "sort" => "kt",
            "cut" => "dfc",
            "awk" => "Fv",
            "wc" | "cat" | "tac" | "uniq" | "less" | "more" => "",
            _ => "emABC",
        };
        let long = [
            "lines",
            "bytes",
            "regexp",
            "max-count",
            "delimiter",
            "fields",
            "key",
            "context",
            "after-context",
            "before-context",
        ];
        let mut given = Arguments::parse(&words, short, &long);
        let has_own = given.value(&["e", "regexp"]).map(str::to_owned);
        let pattern = match call.name {
            "grep" | "egrep" | "fgrep" | "awk" => match has_own {
                Some(pattern) => pattern,
                None if given.operands.is_empty() => String::new(),
                None => given.operands.remove(0),
            },
            _ => String::new(),
        };
        Self { name: call.name.to_owned(), given, pattern }
    }
}

/// The texts that are asked for, and what is said of those that cannot be read.
fn gathered(hosts: &mut dyn Hosts, call: &Call<'_>, wanted: &Wanted) -> Option<(CommandResult, Vec<Source>)> {
    let mut result = printed("");
    let names = &wanted.given.operands;
    if names.is_empty() {
        let piped = call.shell.stdin.clone();
        // Without a pipe and without files it would wait for a person; there is none.
        return match hosts.files(call.shell.place).is_some() || piped.is_some() {
            true => Some((result, vec![(String::new(), piped.unwrap_or_default().into_bytes())])),
            false => None,
        };
    }
    let files = hosts.files(call.shell.place)?;
    let mut sources = Vec::new();
    let mut left = MAX_READ;
    for name in names {
        let read = files.read(name, &call.shell.user).and_then(|entry| match entry.bytes() {
            _ if entry.is_folder() => Err("Is a directory".into()),
            bytes if bytes.len() > left => Err("Cannot allocate memory".into()),
            bytes => Ok(bytes.to_vec()),
        });
        match read {
            Ok(bytes) => {
                left -= bytes.len();
                sources.push((name.clone(), bytes));
            }
            Err(why) => {
                result.exit = if wanted.name.ends_with("grep") { 2 } else { 1 };
                result.stderr.push_str(&format!("{}: {name}: {why}\n", wanted.name));
            }
        }
    }
    Some((result, sources))
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn joined(sources: &[Source]) -> String {
    sources.iter().map(|(_, bytes)| text(bytes)).collect()
}

fn part(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let asked = wanted.given.value(&["n", "lines"]).unwrap_or("10");
    let count = asked.trim_start_matches(['+', '-']).parse::<usize>().unwrap_or(10);
    let shown = |(_, bytes): &Source| {
        let text = text(bytes);
        let lines: Vec<&str> = text.lines().collect();
        let shown = match (wanted.name.as_str(), asked.chars().next()) {
            ("tail", Some('+')) => lines.get(count.saturating_sub(1)..).unwrap_or_default(),
            ("tail", _) => &lines[lines.len().saturating_sub(count)..],
            (_, Some('-')) => &lines[..lines.len().saturating_sub(count)],
            _ => &lines[..count.min(lines.len())],
        };
        shown.iter().map(|line| format!("{line}\n")).collect::<String>()
    };
    (0, sources.iter().map(shown).collect())
}

fn count(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let line = |(name, bytes): &Source| {
        let numbers = [
            ("l", bytes.iter().filter(|byte| **byte == b'\n').count()),
            ("w", text(bytes).split_whitespace().count()),
            ("c", bytes.len()),
        ];
        let asked = numbers.iter().filter(|(flag, _)| wanted.given.options.is_empty() || wanted.given.has(&[flag]));
        let shown: Vec<String> = asked.map(|(_, number)| number.to_string()).collect();
        format!("{} {name}", shown.join(" ")).trim_end().to_owned() + "\n"
    };
    (0, sources.iter().map(line).collect())
}

fn sort(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let text = joined(sources);
    let mut lines: Vec<&str> = text.lines().collect();
    let keyed = wanted.given.value(&["k", "key"]);
    let is_number = wanted.given.has(&["n"]) || keyed.is_some_and(|key| key.contains('n'));
    let first = keyed.and_then(|key| key.split([',', '.', 'n', 'r']).next()?.parse::<usize>().ok()).unwrap_or(1);
    let mark = wanted.given.value(&["t", "field-separator"]);
    // A key goes from its field to the end of the line.
    let key = |line: &&str| {
        let cells: Vec<&str> = match mark {
            Some(mark) => line.split(mark).collect(),
            None => line.split_whitespace().collect(),
        };
        if keyed.is_none() {
            (*line).to_owned()
        } else {
            cells.get(first.saturating_sub(1)..).unwrap_or_default().join(" ")
        }
    };
    let number = |line: &&str| {
        let key = key(line);
        let end = key.trim_start().find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(key.len());
        key.trim_start().get(..end).and_then(|digits| digits.parse::<f64>().ok()).unwrap_or(0.0)
    };
    lines.sort_unstable();
    match is_number {
        true => lines.sort_by(|one, other| number(one).total_cmp(&number(other))),
        false if keyed.is_some() => lines.sort_by_cached_key(key),
        false => {}
    }
    if wanted.given.has(&["r"]) {
        lines.reverse();
    }
    if wanted.given.has(&["u"]) {
        lines.dedup();
    }
    (0, lines.iter().map(|line| format!("{line}\n")).collect())
}

fn deduplicated(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let text = joined(sources);
    let lines: Vec<&str> = text.lines().collect();
    let given = &wanted.given;
    let is_meant = |same: &&[&str]| match (given.has(&["d", "repeated"]), given.has(&["u", "unique"])) {
        (true, _) => same.len() > 1,
        (_, true) => same.len() == 1,
        _ => true,
    };
    let line = |same: &[&str]| match given.has(&["c", "count"]) {
        true => format!("{:>7} {}\n", same.len(), same[0]),
        false => format!("{}\n", same[0]),
    };
    (0, lines.chunk_by(|one, next| one == next).filter(is_meant).map(line).collect())
}

fn cut(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let mark = wanted.given.value(&["d", "delimiter"]).unwrap_or("\t");
    let asked = wanted.given.value(&["f", "fields"]).unwrap_or("1");
    // `2`, `2-4`, `2-`, `-2`.
    let is_asked = |number: usize| {
        asked.split(',').any(|field| match field.split_once('-') {
            None => field.parse() == Ok(number),
            Some((from, to)) => from.parse().unwrap_or(1) <= number && number <= to.parse().unwrap_or(usize::MAX),
        })
    };
    let line = |line: &str| {
        let cells = line.split(mark).enumerate();
        let shown: Vec<&str> = cells.filter(|(at, _)| is_asked(at + 1)).map(|(_, cell)| cell).collect();
        // A line without the mark is shown as it is.
        format!("{}\n", if line.contains(mark) { shown.join(mark) } else { line.to_owned() })
    };
    (0, joined(sources).lines().map(line).collect())
}

/// `{print $1, $3}`, `/text/{print $NF}` and `NR>1`, which is what is typed of it.
fn awk(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let (chosen, program) = wanted.pattern.split_once('{').unwrap_or((&wanted.pattern, "print}"));
    let program = program.trim().trim_end_matches('}').trim();
    let (Some(fields), Some(is_meant)) = (program.strip_prefix("print"), condition(chosen.trim())) else {
        return (2, String::new());
    };
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    if fields.iter().any(|field| !field.is_empty() && !is_field(field)) {
        return (2, String::new());
    }
    let mark = wanted.given.value(&["F"]);
    let line = |line: &str| {
        let cells: Vec<&str> = match mark {
            Some(mark) => line.split(mark).collect(),
            None => line.split_whitespace().collect(),
        };
        let cell = |field: &&str| match field.trim_start_matches('$') {
            "" | "0" => line.to_owned(),
            "NF" => cells.last().copied().unwrap_or_default().to_owned(),
            number => {
                let at = number.parse::<usize>().unwrap_or(0).wrapping_sub(1);
                cells.get(at).copied().unwrap_or_default().to_owned()
            }
        };
        format!("{}\n", fields.iter().map(cell).collect::<Vec<_>>().join(" "))
    };
    let text = joined(sources);
    let meant = text.lines().enumerate().filter(|(at, line)| is_meant(at + 1, line));
    (0, meant.map(|(_, text)| line(text)).collect())
}

/// `$3`, `$NF`.
fn is_field(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| name == "NF" || name.parse::<usize>().is_ok())
}

/// Whether a line is meant, by its number and its text.
type Condition = Box<dyn Fn(usize, &str) -> bool>;

/// Which lines are meant, by their number and their text: all of them, `/text/`, `NR==1`, `NR>1`; `None`: something else.
fn condition(chosen: &str) -> Option<Condition> {
    if chosen.is_empty() {
        return Some(Box::new(|_, _| true));
    }
    if let Some(pattern) = chosen.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let regex = compile(&[pattern], Style::Extended, ("", ""), false).ok()?;
        return Some(Box::new(move |_, line| regex.is_match(line)));
    }
    let rest = chosen.strip_prefix("NR")?.trim();
    let (operator, number) =
        ["==", ">=", ">"].iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?.trim())))?;
    let number: usize = number.parse().ok()?;
    Some(match operator {
        "==" => Box::new(move |at, _| at == number),
        ">=" => Box::new(move |at, _| at >= number),
        _ => Box::new(move |at, _| at > number),
    })
}

fn tee(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let given = Arguments::parse(call.words, "", &[]);
    let (now, user, text) = (hosts.now(), call.shell.user.clone(), call.shell.stdin.clone().unwrap_or_default());
    let mut result = printed(&text);
    let files = hosts.files(call.shell.place)?;
    for name in &given.operands {
        let before = if given.has(&["a", "append"]) {
            files.get(name).map(Entry::text).unwrap_or_default()
        } else {
            String::new()
        };
        if let Err(why) = files.write(name, Entry::file(before + &text, &user, now), &user) {
            result.exit = 1;
            result.stderr.push_str(&format!("tee: {name}: {why}\n"));
        }
    }
    Some(result)
}
