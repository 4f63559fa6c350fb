//! `sed -i`, with which an operator mends a file of settings over ssh: plain texts are meant, not patterns.

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::{Arguments, Call, Entry, Files};

/// `sed [-i] EXPRESSION FILE`.
pub fn sed(files: &mut Files, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let [expression, name] = given.operands.as_slice() else {
        return failed(1, "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...");
    };
    let entry = match files.read(name, &call.shell.user) {
        Ok(entry) => entry.clone(),
        Err(why) => return failed(2, &format!("sed: can't read {name}: {why}")),
    };
    let Some(text) = edited(&entry.text(), expression) else {
        return failed(1, &format!("sed: -e expression #1, char 1: unknown command: `{expression}'"));
    };
    if !given.has(&["i", "in-place"]) {
        return printed(&text);
    }
    match files.write(name, Entry { content: Some(text.into_bytes()), ..entry }, &call.shell.user) {
        Ok(()) => printed(""),
        Err(why) => failed(4, &format!("sed: couldn't open temporary file for {name}: {why}")),
    }
}

/// The text after `s/old/new/[g]`, `/text/s/old/new/[g]` (in lines that hold the text) or `/text/d`; `None`: it is none.
fn edited(text: &str, expression: &str) -> Option<String> {
    let parts = |rest: &str, mark: char| {
        let mut parts = vec![String::new()];
        let mut chars = rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => parts.last_mut()?.extend(chars.next()),
                c if c == mark => parts.push(String::new()),
                c => parts.last_mut()?.push(c),
            }
        }
        Some(parts)
    };
    let line = |edit: &dyn Fn(&str) -> Option<String>| {
        text.lines().filter_map(edit).map(|line| format!("{line}\n")).collect::<String>()
    };
    let addressed = expression.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    let addressed = addressed.filter(|(_, rest)| rest.starts_with('s'));
    let (wanted, script) = addressed.map_or(("", expression), |(wanted, script)| (wanted, script));
    if let Some(rest) = script.strip_prefix('s') {
        let mark = rest.chars().next()?;
        let parts = parts(&rest[mark.len_utf8()..], mark)?;
        let [old, new, flags] = parts.as_slice() else { return None };
        let count = if flags.contains('g') { usize::MAX } else { 1 };
        return (!old.is_empty()).then(|| {
            line(&|line| {
                Some(if line.contains(wanted) { line.replacen(old.as_str(), new, count) } else { line.to_owned() })
            })
        });
    }
    let wanted = expression.strip_prefix('/')?.strip_suffix("/d")?;
    Some(line(&|line| (!line.contains(wanted)).then(|| line.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_changes_the_lines_that_it_means() {
        for (expression, line, changed) in [
            ("s/true/false/", "a: true, true\n", Some("a: false, true\n")),
            ("s/true/false/g", "a: true, true\n", Some("a: false, false\n")),
            ("/leave/s/true/false/", "leave: true\nstay: true\n", Some("leave: false\nstay: true\n")),
            ("s#/var/a#/var/b#", "--store=/var/a\n", Some("--store=/var/b\n")),
            ("/stay/d", "leave: true\nstay: true\n", Some("leave: true\n")),
            ("s/true/false", "true\n", None),
            ("d", "a\n", None),
            ("s", "a\n", None),
        ] {
            assert_eq!(edited(line, expression).as_deref(), changed, "{expression}");
        }
    }
}
