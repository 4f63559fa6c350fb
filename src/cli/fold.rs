//! Lines that are told on a terminal, broken between words where it would break them anywhere. What goes into a pipe or a
//! file is left as it is.

use std::io::{self, IsTerminal, Write};

use crate::tui::wrap::width;

/// A narrower terminal is left to break lines as it does.
const LEAST: usize = 20;

/// How far the rest of a line is set in.
const INDENT: usize = 2;

/// Where lines go, broken to its width as long as that is known.
pub struct Folded<W> {
    out: W,
    cells: fn() -> Option<usize>,
}

/// Standard output.
pub fn out() -> Folded<io::Stdout> {
    Folded { out: io::stdout(), cells: cells_of_out }
}

/// Prints a line for whoever reads along, as [`super::print`] does.
pub fn print(line: &str) {
    super::print_to(&mut out(), line);
}

/// How wide the terminal is at this moment that standard output is; `None` where it is none.
fn cells_of_out() -> Option<usize> {
    let out = io::stdout();
    let size = if out.is_terminal() { rustix::termios::tcgetwinsize(&out).ok() } else { None };
    size.map(|size| usize::from(size.ws_col)).filter(|cells| *cells >= LEAST)
}

impl<W: Write> Write for Folded<W> {
    /// Takes whole lines, and last of all maybe one to type on.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match (self.cells)() {
            None => self.out.write_all(bytes)?,
            Some(cells) => {
                let text = String::from_utf8_lossy(bytes);
                let folded: String = text.split_inclusive('\n').map(|line| folded(line, cells)).collect();
                self.out.write_all(folded.as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The line in as many as it takes. A word that is too long for one stays whole: it is broken by the terminal alone, so that
/// it can be copied.
fn folded(line: &str, cells: usize) -> String {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    if width(text) <= cells {
        return line.to_owned();
    }
    let lead = text.len() - text.trim_start_matches(' ').len();
    let indent = " ".repeat((lead + INDENT).min(cells / 2));
    let (mut told, mut used) = (text[..lead].to_owned(), lead);
    let mut is_begun = false;
    for word in text[lead..].split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        if is_begun && used + bare > cells {
            told.truncate(told.trim_end_matches(' ').len());
            told.push('\n');
            told.push_str(&indent);
            used = indent.len();
        }
        told.push_str(word);
        used += width(word);
        is_begun = true;
    }
    told + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_what_follows_is_set_in() {
        let cases = [
            ("short enough\n", "short enough\n"),
            ("exactly twenty cells\n", "exactly twenty cells\n"),
            ("this one does not fit into it\n", "this one does not\n  fit into it\n"),
            ("  a quote goes on further in\n", "  a quote goes on\n    further in\n"),
            ("PRACTICE, what is it called> ", "PRACTICE, what is it\n  called> "),
            ("sha256 0123456789abcdef0123456789abcdef end\n", "sha256\n  0123456789abcdef0123456789abcdef\n  end\n"),
            ("two  spaces  stay where they are\n", "two  spaces  stay\n  where they are\n"),
            ("日本語日本語 日本語日本語\n", "日本語日本語\n  日本語日本語\n"),
            ("\n", "\n"),
        ];
        for (line, expected) in cases {
            assert_eq!(folded(line, 20), expected);
        }
    }

    #[test]
    fn what_is_no_terminal_gets_every_byte_as_it_is() {
        let line = "a line that is far longer than any terminal is wide ".repeat(9);
        for (cells, is_same) in [((|| None) as fn() -> Option<usize>, true), (|| Some(20), false)] {
            let mut written = Vec::new();
            let mut out = Folded { out: &mut written, cells };
            out.write_all(line.as_bytes()).unwrap();
            out.write_all(b"\xff\n").unwrap();
            assert_eq!(written == [line.as_bytes(), b"\xff\n"].concat(), is_same);
        }
    }
}
