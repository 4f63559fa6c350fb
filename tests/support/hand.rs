//! Hands at a terminal: what stands on the screen as a key and its word is pressed by that key, or clicked. Texts are typed
//! by both.

use std::time::{Duration, Instant};

use piton::clock::monotonic;

use super::pty::Terminal;

/// How long after the last key the one that confirms is taken.
const LET_GO: Duration = Duration::from_millis(720);

/// How long anything on the screen may take.
const SOON: Duration = Duration::from_secs(20);

/// What the hands hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Only the keyboard.
    Keys,
    /// The mouse; the keyboard for texts only.
    Mouse,
}

/// What a part of a walk took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// What it was.
    pub what: String,
    /// Keys or clicks.
    pub presses: usize,
    /// How many texts were typed.
    pub texts: usize,
}

/// Somebody's hands.
pub struct Hand<'a> {
    terminal: &'a Terminal,
    by: By,
    last: Option<Instant>,
    /// What was done so far, part by part.
    pub took: Vec<Took>,
}

impl<'a> Hand<'a> {
    /// Hands at that terminal.
    pub fn at(terminal: &'a Terminal, by: By) -> Self {
        Self { terminal, by, last: None, took: vec![Took::default()] }
    }

    /// A new part of the walk begins.
    pub fn part(&mut self, what: &str) {
        self.took.push(Took { what: what.to_owned(), ..Took::default() });
    }

    /// Presses what is offered as this key with this word, once that is on the screen; waits for what comes of it.
    #[track_caller]
    pub fn press(&mut self, offer: &str, then: &str) -> String {
        self.terminal.wait_text(offer, SOON);
        let key = offer.split(' ').next().unwrap_or_default();
        if matches!(key, "enter" | "y") {
            self.pause();
        }
        let screen = self.terminal.settled();
        match self.by {
            By::Keys => self.terminal.key(key),
            By::Mouse => self.click(offer, &screen),
        }
        self.count(1, 0);
        self.last = Some(monotonic());
        // An escape followed at once by another key would be one key of both.
        self.terminal.changed(&screen, SOON);
        self.terminal.wait_text(then, SOON)
    }

    /// Chooses a row: by its key, or with a click on this text in it.
    #[track_caller]
    pub fn choose(&mut self, key: &str, row: &str) {
        self.terminal.wait_text(row, SOON);
        let screen = self.terminal.settled();
        match self.by {
            By::Keys => self.terminal.key(key),
            By::Mouse => self.click(row, &screen),
        }
        self.count(1, 0);
        self.last = Some(monotonic());
        self.terminal.changed(&screen, SOON);
    }

    /// Types a text and waits until it stands there.
    #[track_caller]
    pub fn say(&mut self, text: &str) {
        self.terminal.type_text(text);
        self.count(0, 1);
        self.terminal.wait_text(text, SOON);
    }

    /// Turns the wheel over the middle of the screen; by keys: `page-down`.
    pub fn scroll(&mut self) {
        match self.by {
            By::Keys => self.terminal.key("page-down"),
            By::Mouse => self.terminal.type_text("\u{1b}[<65;60;20M"),
        }
        self.count(1, 0);
    }

    fn count(&mut self, presses: usize, texts: usize) {
        if let Some(took) = self.took.last_mut() {
            took.presses += presses;
            took.texts += texts;
        }
    }

    /// Waits until a key that confirms is taken. There is nothing on the screen that tells it: a person needs that long.
    fn pause(&self) {
        let Some(last) = self.last else { return };
        while let Some(left) = LET_GO.checked_sub(last.elapsed()).filter(|left| !left.is_zero()) {
            self.terminal.changed(&self.terminal.screen(), left);
        }
    }

    /// Presses the left button where a text stands; the lowest place where it does.
    #[track_caller]
    fn click(&self, text: &str, screen: &str) {
        let row = screen.lines().enumerate().filter(|(_, line)| line.contains(text)).map(|(row, _)| row).last();
        let row = row.unwrap_or_else(|| panic!("{text:?} is not on the screen\n{}", self.terminal.describe()));
        let line = screen.lines().nth(row).expect("it has that line");
        let column = line[..line.rfind(text).expect("it holds it")].chars().count();
        self.terminal.type_text(&format!("\u{1b}[<0;{0};{1}M\u{1b}[<0;{0};{1}m", column + 1, row + 1));
    }
}
