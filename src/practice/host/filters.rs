//! Programs that take text and give text: from files, or from what comes in by a pipe.

use crate::practice::CommandResult;

use super::command::printed;
use super::{Arguments, Call, Entry, Hosts};

/// Bytes of files that one command takes in: what one machine holds, since a file may be named many times.
const MAX_READ: usize = 64 << 20;

/// A text and the name it goes by; the name of what comes in by a pipe is empty.
type Source = (String, Vec<u8>);

/// `None`: it is none of these commands, or the place has no files for it.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let filter: fn(&Wanted, &[Source]) -> (i32, String) = match call.name {
        "cat" | "tac" => |_, sources| (0, sources.iter().map(|(_, bytes)| text(bytes)).collect()),
        "head" | "tail" => part,
        "wc" => count,
        "grep" | "egrep" | "fgrep" => grep,
        "sort" => sort,
        "uniq" => |_, sources| (0, deduplicated(&joined(sources))),
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
    Some(result)
}

/// A call of a filter, taken apart.
struct Wanted {
    name: String,
    given: Arguments,
    /// The pattern or program that comes before the files.
    pattern: String,
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
            "wc" | "cat" | "tac" | "uniq" => "",
            _ => "emABC",
        };
        let long = ["lines", "bytes", "regexp", "max-count", "delimiter", "fields", "key"];
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn joined(sources: &[Source]) -> String {
    sources.iter().map(|(_, bytes)| text(bytes)).collect()
}

fn part(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let count = wanted.given.value(&["n", "lines"]).and_then(|text| text.parse::<usize>().ok()).unwrap_or(10);
    let shown = |(_, bytes): &Source| {
        let text = text(bytes);
        let lines: Vec<&str> = text.lines().collect();
        let from = if wanted.name == "tail" { lines.len().saturating_sub(count) } else { 0 };
        lines.iter().skip(from).take(count).map(|line| format!("{line}\n")).collect::<String>()
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

fn grep(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let given = &wanted.given;
    let folded = |text: &str| if given.has(&["i"]) { text.to_lowercase() } else { text.to_owned() };
    let pattern = folded(&wanted.pattern).replace("\\|", "|");
    let alternatives: Vec<&str> = pattern.split('|').collect();
    let is_meant = |line: &str| {
        let line = folded(line);
        let found = alternatives.iter().any(|wanted| match (wanted.strip_prefix('^'), wanted.strip_suffix('$')) {
            (Some(start), _) => line.starts_with(start.trim_end_matches('$')),
            (None, Some(end)) => line.ends_with(end),
            (None, None) => line.contains(wanted),
        });
        found != given.has(&["v"])
    };
    let mut lines = Vec::new();
    for (name, bytes) in sources {
        for (at, line) in text(bytes).lines().enumerate().filter(|(_, line)| is_meant(line)) {
            let name = if sources.len() > 1 { format!("{name}:") } else { String::new() };
            let number = if given.has(&["n"]) { format!("{}:", at + 1) } else { String::new() };
            lines.push(format!("{name}{number}{line}\n"));
        }
    }
    let exit = i32::from(lines.is_empty());
    match () {
        () if given.has(&["q", "quiet"]) => (exit, String::new()),
        () if given.has(&["c", "count"]) => (exit, format!("{}\n", lines.len())),
        () => (exit, lines.concat()),
    }
}

fn sort(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let text = joined(sources);
    let mut lines: Vec<&str> = text.lines().collect();
    match wanted.given.has(&["n"]) {
        true => lines.sort_by_key(|line| {
            let digits: String = line.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().unwrap_or(0)
        }),
        false => lines.sort_unstable(),
    }
    if wanted.given.has(&["r"]) {
        lines.reverse();
    }
    if wanted.given.has(&["u"]) {
        lines.dedup();
    }
    (0, lines.iter().map(|line| format!("{line}\n")).collect())
}

fn deduplicated(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn cut(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let mark = wanted.given.value(&["d", "delimiter"]).unwrap_or("\t");
    let fields: Vec<usize> =
        wanted.given.value(&["f", "fields"]).unwrap_or("1").split(',').filter_map(|field| field.parse().ok()).collect();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(mark).collect();
        let shown: Vec<&str> = fields.iter().filter_map(|field| cells.get(field.wrapping_sub(1)).copied()).collect();
        format!("{}\n", shown.join(mark))
    };
    (0, joined(sources).lines().map(line).collect())
}

/// `{print $1, $3}` and `{print $NF}`, which is what is typed of it.
fn awk(wanted: &Wanted, sources: &[Source]) -> (i32, String) {
    let program = wanted.pattern.trim().trim_start_matches('{').trim_end_matches('}').trim();
    let Some(fields) = program.strip_prefix("print") else { return (2, String::new()) };
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
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
    (0, joined(sources).lines().map(line).collect())
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
