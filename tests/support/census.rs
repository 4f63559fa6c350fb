//! What a program wrote to its terminal, counted: control sequences, and the modes that it switched.

use std::collections::BTreeMap;

/// Private modes that must be off when a program has left its terminal, with their names.
const OFF_AT_THE_END: &[(u16, &str)] = &[
    (1, "application cursor keys"),
    (47, "alternate screen"),
    (1047, "alternate screen"),
    (1049, "alternate screen"),
    (1000, "mouse"),
    (1002, "mouse"),
    (1003, "mouse"),
    (1005, "mouse encoding"),
    (1006, "mouse encoding"),
    (1015, "mouse encoding"),
    (1004, "focus reports"),
    (2004, "bracketed paste"),
    (2026, "synchronized output"),
];

/// Every control sequence of an output, counted by kind.
#[derive(Default)]
pub struct Census {
    parser: vte::Parser,
    counted: Counted,
}

#[derive(Default)]
struct Counted {
    kinds: BTreeMap<String, usize>,
    modes: BTreeMap<u16, bool>,
    keyboard: i32,
    is_keypad: bool,
    is_styled: bool,
    has_margins: bool,
    cursor_shape: u16,
    queries: Vec<Query>,
}

/// Something that a program asks its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// `CSI 6 n`: where is the cursor?
    CursorPosition,
    /// `CSI c`: what are you?
    Attributes,
    /// `CSI ? u`: which keyboard flags?
    Keyboard,
}

impl Census {
    /// Takes in what was written next.
    pub fn take(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.counted, bytes);
    }

    /// How often each kind was seen: `csi ?h`, `csi m`, `osc 8`, `esc =`, `dcs`, `c0 07`, …
    pub fn kinds(&self) -> &BTreeMap<String, usize> {
        &self.counted.kinds
    }

    /// How many control sequences of this kind were written.
    pub fn count(&self, kind: &str) -> usize {
        self.counted.kinds.get(kind).copied().unwrap_or(0)
    }

    /// How often the program asked for the bell or for something that text from outside could have brought in:
    /// operating system commands, device control strings, C1 and odd C0 characters, title reports.
    pub fn hostile(&self) -> BTreeMap<&str, usize> {
        let odd = |kind: &str| {
            ["osc", "dcs", "c1", "csi t"].iter().any(|start| kind.starts_with(start))
                || (kind.starts_with("c0") && !["c0 08", "c0 09", "c0 0a", "c0 0d", "c0 0f"].contains(&kind))
        };
        self.counted.kinds.iter().filter(|(kind, _)| odd(kind)).map(|(kind, count)| (kind.as_str(), *count)).collect()
    }

    /// The queries since the last call.
    pub fn queries(&mut self) -> Vec<Query> {
        std::mem::take(&mut self.counted.queries)
    }

    /// Whether a private mode is on.
    pub fn is_on(&self, mode: u16) -> bool {
        self.counted.modes.get(&mode).copied().unwrap_or(false)
    }

    /// What the program left switched on (or the cursor off): empty when it left a clean terminal.
    pub fn left_behind(&self) -> Vec<String> {
        let counted = &self.counted;
        let mut left: Vec<String> = OFF_AT_THE_END
            .iter()
            .filter(|(mode, _)| self.is_on(*mode))
            .map(|(mode, name)| format!("{name} (mode {mode})"))
            .collect();
        let others = [
            (counted.modes.get(&25) == Some(&false), "the cursor is hidden"),
            (counted.keyboard > 0, "keyboard flags are pushed"),
            (counted.is_keypad, "application keypad"),
            (counted.is_styled, "a text style"),
            (counted.has_margins, "scroll margins"),
            (counted.cursor_shape != 0, "a cursor shape"),
        ];
        left.extend(others.iter().filter(|(is_left, _)| *is_left).map(|(_, name)| (*name).to_owned()));
        left
    }
}

impl Counted {
    fn count(&mut self, kind: String) {
        *self.kinds.entry(kind).or_default() += 1;
    }
}

fn first(params: &vte::Params) -> u16 {
    params.iter().next().and_then(|values| values.first()).copied().unwrap_or(0)
}

impl vte::Perform for Counted {
    fn print(&mut self, c: char) {
        if ('\u{80}'..='\u{9f}').contains(&c) {
            self.count(format!("c1 {:02x}", c as u32));
        }
    }

    fn execute(&mut self, byte: u8) {
        let kind = if byte < 0x80 { "c0" } else { "c1" };
        self.count(format!("{kind} {byte:02x}"));
    }

    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, _: char) {
        self.count("dcs".to_owned());
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        let number = params.first().map(|number| String::from_utf8_lossy(number).into_owned()).unwrap_or_default();
        self.count(format!("osc {number}"));
    }

    fn csi_dispatch(&mut self, params: &vte::Params, marks: &[u8], _: bool, action: char) {
        let mark = String::from_utf8_lossy(marks).into_owned();
        self.count(format!("csi {mark}{action}"));
        match (mark.as_str(), action) {
            ("?", 'h' | 'l') => {
                self.modes.extend(params.iter().filter_map(|values| values.first()).map(|mode| (*mode, action == 'h')));
            }
            (">", 'u') => self.keyboard += 1,
            ("<", 'u') => self.keyboard -= 1,
            ("", 'm') => self.is_styled = params.iter().last().is_some_and(|last| last != [0]),
            ("", 'r') => self.has_margins = !params.iter().all(|values| values == [0]),
            (" ", 'q') => self.cursor_shape = first(params),
            ("", 'n') if first(params) == 6 => self.queries.push(Query::CursorPosition),
            ("", 'c') => self.queries.push(Query::Attributes),
            ("?", 'u') => self.queries.push(Query::Keyboard),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, marks: &[u8], _: bool, byte: u8) {
        self.count(format!("esc {}{}", String::from_utf8_lossy(marks), char::from(byte)));
        match byte {
            b'=' => self.is_keypad = true,
            b'>' => self.is_keypad = false,
            b'c' => *self = Self { kinds: std::mem::take(&mut self.kinds), ..Self::default() },
            _ => {}
        }
    }
}

#[test]
fn what_is_left_behind_is_told_and_what_was_taken_back_is_not() {
    let table: &[(&str, &[&str])] = &[
        ("plain text\r\n", &[]),
        ("\x1b[?1049h\x1b[?25l\x1b[1mx\x1b[0m\x1b[?25h\x1b[?1049l", &[]),
        ("\x1b[?1049h\x1b[?25l", &["alternate screen (mode 1049)", "the cursor is hidden"]),
        ("\x1b[?1000;1006h\x1b[?1000l", &["mouse encoding (mode 1006)"]),
        ("\x1b[?2004h", &["bracketed paste (mode 2004)"]),
        ("\x1b[>1u", &["keyboard flags are pushed"]),
        ("\x1b[>1u\x1b[<1u", &[]),
        ("\x1b[31m", &["a text style"]),
        ("\x1b[0;31m\x1b[39;0m", &[]),
        ("\x1b[2;5r", &["scroll margins"]),
        ("\x1b[2;5r\x1b[r", &[]),
        ("\x1b=", &["application keypad"]),
    ];
    for (written, expected) in table {
        let mut census = Census::default();
        census.take(written.as_bytes());
        assert_eq!(census.left_behind(), *expected, "{written:?}");
    }
}

#[test]
fn hostile_text_is_counted() {
    let mut census = Census::default();
    census.take(b"ok\r\n\x1b[31m\x1b]52;c;aGk=\x07\x1b[21t\x07\x1bP1$q\x1b\\");
    census.take("\u{9b}31m".as_bytes());
    let kinds: Vec<&str> = census.hostile().into_keys().collect();
    assert_eq!(kinds, ["c0 07", "c1 9b", "csi t", "dcs", "osc 52"]);
}
