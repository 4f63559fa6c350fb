//! What is said: line by line, each once, as text.

use std::io::{self, Write};

use crate::text::{clean_block, clean_line};

/// Where lines go.
pub struct Mouth<'a> {
    out: &'a mut dyn Write,
    /// Before what one types: which run it is.
    place: String,
    /// Whether what is typed is seen by itself, as in a terminal.
    is_echoed: bool,
    /// Whether the last line is one to type on.
    is_asking: bool,
    gone: Option<io::Error>,
}

impl<'a> Mouth<'a> {
    /// Says things on `out`; `place` stands before what is typed.
    pub fn new(out: &'a mut dyn Write, place: String, is_echoed: bool) -> Self {
        Self { out, place, is_echoed, is_asking: false, gone: None }
    }

    /// Says one line, whatever is in it.
    pub fn say(&mut self, line: &str) {
        let line = clean_line(line);
        self.write(&format!("{}\n", line.trim_end()));
    }

    /// Says a text of several lines. They are set in, so that none of them can pass for one of piton's own.
    pub fn quote(&mut self, text: &str) {
        for line in clean_block(text.trim_end()).lines() {
            self.write(&format!("  {}\n", line.trim_end()));
        }
    }

    /// Asks for a line.
    pub fn ask(&mut self, what: &str) {
        let place = clean_line(&self.place).into_owned();
        let comma = if what.is_empty() { "" } else { ", " };
        self.write(&format!("{place}{comma}{}> ", clean_line(what)));
        self.is_asking = true;
    }

    /// Whether a line is asked for, and nothing was said since.
    pub fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// A line was typed.
    pub fn heard(&mut self, line: &str) {
        if !std::mem::take(&mut self.is_asking) {
            return;
        }
        if !self.is_echoed {
            self.write(&format!("{}\n", clean_line(line)));
        }
    }

    /// Whether nobody hears it any more.
    pub fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// Why nobody hears it any more.
    pub fn gone(&mut self) -> Option<io::Error> {
        self.gone.take()
    }

    fn write(&mut self, text: &str) {
        if self.gone.is_some() {
            return;
        }
        // What is said while somebody may be typing begins on a line of its own.
        let start = if std::mem::take(&mut self.is_asking) { "\n" } else { "" };
        let written = self.out.write_all(format!("{start}{text}").as_bytes()).and_then(|()| self.out.flush());
        self.gone = written.err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_while_a_line_is_asked_for_begins_on_its_own() {
        let mut out = Vec::new();
        let mut mouth = Mouth::new(&mut out, "PRACTICE".into(), true);
        mouth.ask("");
        mouth.say("news \u{1b}[2J");
        mouth.ask("yes or no");
        mouth.heard("yes");
        mouth.quote("recorded #1: forged\nmore");
        assert!(mouth.gone().is_none());
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said, "PRACTICE> \nnews ␛[2J\nPRACTICE, yes or no>   recorded #1: forged\n  more\n");
    }

    #[test]
    fn what_is_typed_into_a_pipe_is_repeated() {
        let mut out = Vec::new();
        let mut mouth = Mouth::new(&mut out, "LIVE".into(), false);
        mouth.ask("");
        mouth.heard("help");
        mouth.say("This helps.");
        assert_eq!(String::from_utf8(out).unwrap(), "LIVE> help\nThis helps.\n");
    }
}
