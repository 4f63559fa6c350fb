//! `sed`, as far as operators need it for a configuration.

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::{Arguments, Call, Entry, Hosts};

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    hosts.files(call.shell.place)?;
    (call.name == "sed").then(|| sed(hosts, call))
}

/// What a script changes.
struct Script<'s> {
    /// Only in lines that hold this.
    lines: Option<&'s str>,
    old: &'s str,
    new: &'s str,
    /// Every time in a line, not the first time only.
    is_global: bool,
}

impl<'s> Script<'s> {
    /// Reads `s/OLD/NEW/` or `/TEXT/s/OLD/NEW/`; any character may stand for the strokes of the former.
    fn read(text: &'s str) -> Option<Self> {
        let addressed = text.strip_prefix('/').and_then(|rest| rest.split_once('/'));
        let (lines, text) = addressed.map_or((None, text), |(lines, rest)| (Some(lines), rest));
        let mark = text.strip_prefix('s')?.chars().next()?;
        let parts: Vec<&str> = text.split(mark).collect();
        match parts.as_slice() {
            [_, old, new, flag @ ("" | "g")] => Some(Self { lines, old, new, is_global: *flag == "g" }),
            _ => None,
        }
    }

    fn change(&self, line: &str) -> String {
        match self.lines.is_none_or(|text| line.contains(text)) {
            true => line.replacen(self.old, self.new, if self.is_global { usize::MAX } else { 1 }),
            false => line.to_owned(),
        }
    }
}

fn sed(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "e", &["expression"]);
    let mut operands = given.operands.clone();
    let script = match given.value(&["e", "expression"]) {
        Some(script) => script.to_owned(),
        None if operands.is_empty() => {
            return failed(1, "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...");
        }
        None => operands.remove(0),
    };
    let Some(script) = Script::read(&script) else {
        return failed(1, "sed: practice: only s/OLD/NEW/ and /TEXT/s/OLD/NEW/ are simulated");
    };
    let now = hosts.now();
    let mut text = String::new();
    for name in &operands {
        let Some(files) = hosts.files(call.shell.place) else { return failed(4, "sed: no files") };
        let entry = match files.read(name, &call.shell.user) {
            Ok(entry) => entry.clone(),
            Err(why) => return failed(2, &format!("sed: can't read {name}: {why}")),
        };
        let changed: String = entry.text().split_inclusive('\n').map(|line| script.change(line)).collect();
        if !given.has(&["i", "in-place"]) {
            text.push_str(&changed);
            continue;
        }
        let entry = Entry { content: Some(changed.into_bytes()), at: now, ..entry };
        if let Err(why) = files.write(name, entry, &call.shell.user) {
            return failed(4, &format!("sed: couldn't open temporary file: {why}"));
        }
    }
    printed(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_changes_the_lines_that_it_means() {
        for (script, line, changed) in [
            ("s/true/false/", "a: true, true", Some("a: false, true")),
            ("s/true/false/g", "a: true, true", Some("a: false, false")),
            ("/leave/s/true/false/", "leave: true", Some("leave: false")),
            ("/leave/s/true/false/", "stay: true", Some("stay: true")),
            ("s#/var/a#/var/b#", "--store=/var/a", Some("--store=/var/b")),
            ("s/true/false", "true", None),
            ("s/a/b/x", "a", None),
            ("d", "a", None),
            ("s", "a", None),
        ] {
            assert_eq!(Script::read(script).map(|script| script.change(line)).as_deref(), changed, "{script}");
        }
    }
}
