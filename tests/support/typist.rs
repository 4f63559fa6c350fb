//! Somebody at the line dialogue: hears what is said, and types what it asks for.

use std::time::Duration;

use super::operator::SAID;
use super::pty::Terminal;

/// Who comes to the keyboard at a hold point.
const RELEASER: &str = "another pair of eyes";

/// A line is taken when this long nothing was said: what is typed sooner was typed before it was asked for.
const STILL: Duration = Duration::from_millis(230);

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Somebody who walks a run by what is said.
pub struct Typist<'a> {
    terminal: &'a Terminal,
    /// How much of what was said was heard before the last line was typed.
    heard: usize,
}

impl<'a> Typist<'a> {
    /// Sits down at a terminal.
    pub fn at(terminal: &'a Terminal) -> Self {
        Self { terminal, heard: 0 }
    }

    /// All that was said since the last line was typed, that line included, once a line is asked for and nothing more is
    /// said; or once the program has ended.
    #[track_caller]
    pub fn listen(&self) -> String {
        loop {
            let written = self.terminal.wait_still(STILL, LIMIT);
            let raw = self.terminal.raw();
            let said = String::from_utf8_lossy(&raw[self.heard.min(raw.len())..]).replace("\r\n", "\n");
            if label(&said).is_some() || !self.terminal.is_running() {
                return said;
            }
            self.terminal.wait_written(written, LIMIT);
        }
    }

    /// Types a line, now.
    pub fn type_line(&mut self, line: &str) {
        self.heard = self.terminal.raw().len();
        self.terminal.type_text(&format!("{line}\n"));
    }

    /// Types a line when one is asked for; what is said then.
    #[track_caller]
    pub fn say(&mut self, line: &str) -> String {
        self.listen();
        self.type_line(line);
        self.listen()
    }

    /// Does what is offered until `is_enough` says so of what was said, which is handed back.
    #[track_caller]
    pub fn walk(&mut self, is_enough: impl Fn(&str) -> bool) -> String {
        loop {
            let said = self.listen();
            if is_enough(&said) || !self.terminal.is_running() {
                return said;
            }
            match next(&said) {
                Some(line) => self.type_line(&line),
                None => self.terminal.wait_written(self.terminal.raw().len(), LIMIT),
            }
        }
    }
}

/// What stands before the line that is asked for, when one is.
fn label(said: &str) -> Option<&str> {
    let last = said.rsplit('\n').next()?.strip_suffix("> ")?;
    let label = ["PRACTICE", "STAGING lab", "LIVE"].into_iter().find_map(|place| last.strip_prefix(place));
    label.map(|label| label.trim_start_matches(", "))
}

/// What answers what was said; none when there is nothing to do but wait.
fn next(said: &str) -> Option<String> {
    let answer = match label(said)? {
        "" => {
            let offered = said.rsplit("You may type: ").next()?.split('.').next()?;
            let natural = ["read", "confirm", "answer", "choose", "run", "release", "close"];
            offered.split(", ").find(|word| natural.contains(word))?
        }
        "what was seen" | "value" | "decision" => {
            if said.contains("\n  1, ") {
                "1"
            } else {
                SAID
            }
        }
        "yes or no" => "yes",
        "target" => said.rsplit("target's name to run it: ").next()?.split(". Or type back").next()?,
        "name of the other person" => RELEASER,
        "what was looked at" => SAID,
        _ => return None,
    };
    Some(answer.to_owned())
}

#[test]
fn what_is_said_asks_for_its_line() {
    for (said, line) in [
        ("You may type: read, skip, note. Or help.\nPRACTICE> ", Some("read")),
        ("You may type: cancel, note, leave. Or help.\nPRACTICE> ", None),
        ("You may type: read.\nPRACTICE, what was seen> ", Some(SAID)),
        ("Answer with one of these:\n  1, in place\nPRACTICE, decision> ", Some("1")),
        ("Type the target's name to run it: vault-1. Or type back.\nPRACTICE, target> ", Some("vault-1")),
        ("PRACTICE, yes or no> ", Some("yes")),
        ("PRACTICE, name of the other person> ", Some(RELEASER)),
        ("PRACTICE, the probes are asked, back takes it back> ", None),
        ("recorded #1 PRACTICE opened\n", None),
    ] {
        assert_eq!(next(said).as_deref(), line, "{said}");
    }
}
