//! Programs that look at files and change none.

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::files::absolute;
use super::{Arguments, Call, Entry, Files, Hosts, day};

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let files = hosts.files(call.shell.place)?;
    Some(match call.name {
        "ls" => ls(call, files),
        "stat" => stat(call, files),
        "test" | "[" => test(call, files),
        "df" => df(call, files),
        "du" => du(call, files),
        "diff" | "cmp" => diff(call, files),
        "which" | "command" => which(call, files),
        "readlink" | "realpath" => match call.words.last() {
            Some(path) if !path.starts_with('-') => printed(&format!("{}\n", absolute(path))),
            _ => failed(1, &format!("{}: missing operand", call.name)),
        },
        _ => return None,
    })
}

fn stat(call: &Call<'_>, files: &Files) -> CommandResult {
    let given = Arguments::parse(call.words, "cf", &["format", "printf"]);
    let mut result = printed("");
    for name in &given.operands {
        match files.see(name, &call.shell.user) {
            Ok(entry) => {
                let (size, mode, owner) = (entry.bytes().len(), entry.mode & 0o7777, &entry.owner);
                let line = format!("  File: {name}\n  Size: {size}\nAccess: ({mode:04o})  Uid: {owner}\n");
                result.stdout.push_str(&line);
            }
            Err(why) => {
                result.exit = 1;
                result.stderr.push_str(&format!("stat: cannot statx '{name}': {why}\n"));
            }
        }
    }
    result
}

fn ls(call: &Call<'_>, files: &Files) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let is_long = given.has(&["l"]);
    let line = |name: &str, entry: &Entry| match is_long {
        false => format!("{name}\n"),
        true => {
            let at = day(entry.at);
            let kind = if entry.is_folder() { 'd' } else { '-' };
            let (owner, size) = (&entry.owner, entry.bytes().len());
            format!("{kind}{} 1 {owner} {owner} {size} {} {name}\n", bits(entry.mode), at.get(..12).unwrap_or(&at))
        }
    };
    let names = if given.operands.is_empty() { vec![".".to_owned()] } else { given.operands.clone() };
    let mut result = printed("");
    for name in &names {
        let user = &call.shell.user;
        let entry = match files.see(name, user) {
            Ok(entry) if entry.is_folder() && files.read(name, user).is_err() => {
                result.exit = 2;
                result.stderr.push_str(&format!("ls: cannot open directory '{name}': Permission denied\n"));
                continue;
            }
            Ok(entry) => entry,
            Err(why) => {
                result.exit = 2;
                result.stderr.push_str(&format!("ls: cannot access '{name}': {why}\n"));
                continue;
            }
        };
        if !entry.is_folder() || given.has(&["d", "directory"]) {
            result.stdout.push_str(&line(name, entry));
            continue;
        }
        if names.len() > 1 {
            result.stdout.push_str(&format!("{name}:\n"));
        }
        let is_all = given.has(&["a", "A", "all", "almost-all"]);
        for inner in files.names(name).iter().filter(|inner| is_all || !inner.starts_with('.')) {
            let entry = files.get(&format!("{}/{inner}", absolute(name)));
            result.stdout.push_str(&entry.map(|entry| line(inner, entry)).unwrap_or_default());
        }
    }
    result
}

/// `rwxr-xr-x`.
fn bits(mode: u32) -> String {
    (0..9).rev().map(|bit| if mode >> bit & 1 == 1 { ['x', 'w', 'r'][bit % 3] } else { '-' }).collect()
}

fn test(call: &Call<'_>, files: &Files) -> CommandResult {
    let mut words: Vec<&str> = call.words.iter().map(String::as_str).collect();
    if call.name == "[" && words.pop() != Some("]") {
        return failed(2, "bash: [: missing `]'");
    }
    let user = &call.shell.user;
    let is_not = words.first() == Some(&"!");
    let holds = match words[usize::from(is_not)..] {
        ["-e", path] => files.see(path, user).is_ok(),
        ["-f", path] => files.see(path, user).is_ok_and(|entry| !entry.is_folder()),
        ["-d", path] => files.see(path, user).is_ok_and(Entry::is_folder),
        ["-s", path] => files.see(path, user).is_ok_and(|entry| !entry.bytes().is_empty()),
        ["-r", path] => files.read(path, user).is_ok(),
        ["-x", path] => files.see(path, user).is_ok_and(|entry| entry.mode & 0o111 != 0),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        [left, "=" | "==", right] => left == right,
        [left, "!=", right] => left != right,
        [text] => !text.is_empty(),
        [] => false,
        _ => return failed(2, &format!("bash: {}: too many arguments", call.name)),
    };
    CommandResult { exit: i32::from(holds == is_not), ..CommandResult::default() }
}

fn df(call: &Call<'_>, files: &Files) -> CommandResult {
    let given = Arguments::parse(call.words, "tB", &[]);
    if let Some(path) = given.operands.iter().find(|path| files.get(path).is_none()) {
        return failed(1, &format!("df: {path}: No such file or directory"));
    }
    let is_human = given.has(&["h", "human-readable"]);
    let number = |bytes: u64| if is_human { human(bytes) } else { (bytes / 1_024).to_string() };
    let percent = files.used().saturating_mul(100).div_ceil(files.size.max(1));
    let head = if is_human { "Size  Used Avail" } else { "1K-blocks     Used Available" };
    printed(&format!(
        "Filesystem      {head} Use% Mounted on\n/dev/sda1       {:>5} {:>5} {:>5} {percent:>3}% /\n",
        number(files.size),
        number(files.used()),
        number(files.free()),
    ))
}

fn du(call: &Call<'_>, files: &Files) -> CommandResult {
    let given = Arguments::parse(call.words, "dB", &["max-depth"]);
    let is_human = given.has(&["h", "human-readable"]);
    let deepest = match given.has(&["s"]) {
        true => 0,
        false => given.value(&["d", "max-depth"]).and_then(|text| text.parse().ok()).unwrap_or(usize::MAX),
    };
    let names = if given.operands.is_empty() { vec![".".to_owned()] } else { given.operands.clone() };
    let mut result = printed("");
    for name in &names {
        if let Err(why) = files.read(name, &call.shell.user) {
            result.exit = 1;
            result.stderr.push_str(&format!("du: cannot access '{name}': {why}\n"));
            continue;
        }
        let tree = files.tree(name);
        let folders = tree.iter().filter(|(path, entry)| path.is_empty() || entry.is_folder());
        // The folder itself comes last, as du walks from below.
        for (path, entry) in folders.rev().filter(|(path, _)| depth(path) <= deepest) {
            let inside = |other: &str| path.is_empty() || other == path || other.starts_with(&format!("{path}/"));
            let bytes: u64 = tree.iter().filter(|(other, _)| inside(other)).map(|(_, e)| blocks(e)).sum();
            let shown = if is_human { human(bytes) } else { (bytes / 1_024).to_string() };
            let time = if given.has(&["time"]) { format!("\t{}", minute(entry)) } else { String::new() };
            let slash = if path.is_empty() { "" } else { "/" };
            result.stdout.push_str(&format!("{shown}{time}\t{}{slash}{path}\n", name.trim_end_matches('/')));
        }
    }
    result
}

fn depth(path: &str) -> usize {
    if path.is_empty() { 0 } else { 1 + path.matches('/').count() }
}

/// Bytes on the disk, in whole blocks.
fn blocks(entry: &Entry) -> u64 {
    (entry.bytes().len() as u64).div_ceil(4_096).max(u64::from(entry.is_folder())) * 4_096
}

/// `2026-11-21 02:41`.
fn minute(entry: &Entry) -> String {
    entry.at.to_string().get(..16).unwrap_or_default().replace('T', " ")
}

/// `1.5G`, as `-h` rounds up.
fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["", "K", "M", "G", "T"] {
        if value < 1_024.0 || unit == "T" {
            return match unit {
                "" => format!("{value}"),
                unit if value < 10.0 => format!("{:.1}{unit}", (value * 10.0).ceil() / 10.0),
                unit => format!("{:.0}{unit}", value.ceil()),
            };
        }
        value /= 1_024.0;
    }
    String::new()
}

fn diff(call: &Call<'_>, files: &Files) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let [left, right] = given.operands.as_slice() else {
        return failed(2, &format!("{0}: missing operand after '{0}'", call.name));
    };
    for name in [left, right] {
        if let Err(why) = files.read(name, &call.shell.user) {
            return failed(2, &format!("{}: {name}: {why}", call.name));
        }
    }
    let (ours, theirs) = (files.tree(left), files.tree(right));
    let mut text = String::new();
    let shown = |base: &str, path: &str| match path {
        "" => base.to_owned(),
        path => format!("{}/{path}", base.trim_end_matches('/')),
    };
    let only = |base: &str, path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        format!("Only in {}: {name}\n", shown(base, folder))
    };
    for (path, entry) in &ours {
        match theirs.iter().find(|(other, _)| other == path) {
            None => text.push_str(&only(left, path)),
            Some((_, other)) if other.content != entry.content => {
                text.push_str(&format!("Files {} and {} differ\n", shown(left, path), shown(right, path)));
            }
            Some(_) => {}
        }
    }
    for (path, _) in theirs.iter().filter(|(path, _)| !ours.iter().any(|(other, _)| other == path)) {
        text.push_str(&only(right, path));
    }
    CommandResult { exit: i32::from(!text.is_empty()), ..printed(&text) }
}

fn which(call: &Call<'_>, files: &Files) -> CommandResult {
    let Some(name) = call.words.last() else { return failed(1, "") };
    let places = ["/usr/local/bin", "/usr/bin", "/opt/gitlab/bin"].map(|folder| format!("{folder}/{name}"));
    let found = places.into_iter().find(|path| files.get(path).is_some_and(|entry| entry.mode & 0o111 != 0));
    found.map_or_else(|| failed(1, ""), |path| printed(&format!("{path}\n")))
}
