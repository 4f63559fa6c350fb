//! An operator at the terminal: looks at the screen, presses the key that it names, and goes on.

use std::time::{Duration, Instant};

use piton::clock::monotonic;

use super::pty::Terminal;

/// The action key is taken only after it was let go for this long; what is asked, this long after any key.
const LET_GO: Duration = Duration::from_millis(720);

/// How long a key may take to show.
const SHORT: Duration = Duration::from_millis(300);

/// How long a dialog may take to show what was typed.
const SOON: Duration = Duration::from_secs(10);

/// What is typed where a person would say what was seen.
pub const SAID: &str = "seen as it should be";

/// Who comes to the keyboard at a hold point.
const RELEASER: &str = "another pair of eyes";

/// Goes on through all that is shown and asked before a live run opens, up to its first screen.
#[track_caller]
pub fn started(terminal: Terminal) -> Terminal {
    Operator::at(&terminal).walk(SOON, is_begun);
    terminal
}

/// Whether a run is on the screen: its last line tells what is on disk.
fn is_begun(screen: &str) -> bool {
    last_line(screen).contains('#')
}

/// Somebody who walks a run by what the screen offers.
pub struct Operator<'a> {
    terminal: &'a Terminal,
    last_key: Option<Instant>,
    last_enter: Option<Instant>,
    /// Every key that was pressed, with the last line of the screen at that moment.
    pub story: Vec<String>,
}

/// What a look at the screen asks for.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    Key(&'static str),
    Type(String),
    Wait,
}

impl<'a> Operator<'a> {
    /// Sits down at a terminal.
    pub fn at(terminal: &'a Terminal) -> Self {
        Self { terminal, last_key: None, last_enter: None, story: Vec::new() }
    }

    /// Does what the screen offers until `is_enough` says so of a screen, which is handed back. Panics with the screen
    /// and all that was pressed when a step fails, the program ends, or nothing is recorded for `patience`.
    #[track_caller]
    pub fn walk(&mut self, patience: Duration, is_enough: impl Fn(&str) -> bool) -> String {
        let mut screen = self.terminal.settled();
        let (mut standing, mut since) = (head(&screen), monotonic());
        loop {
            if is_enough(&screen) {
                return screen;
            }
            assert!(self.terminal.is_running(), "the program ended\n{}", self.told());
            assert!(!screen.contains("r retry"), "a step failed\n{}", self.told());
            if head(&screen) != standing {
                (standing, since) = (head(&screen), monotonic());
            }
            assert!(since.elapsed() < patience, "nothing was recorded for {patience:?}\n{}", self.told());
            let pause = match next(&screen) {
                Move::Key("enter") => self.after(self.last_enter, "enter", &screen),
                // What is asked is answered only after a pause.
                Move::Key("y") => self.after(self.last_key, "y", &screen),
                Move::Key(key) => {
                    self.press(key, &screen);
                    self.terminal.changed(&screen, SHORT);
                    SHORT
                }
                Move::Type(text) => {
                    self.story.push(format!("typed {text:?}"));
                    self.terminal.type_text(&text);
                    let typed = Move::Type(text);
                    self.terminal.wait_for("what was typed", SOON, |screen| next(screen) != typed);
                    SHORT
                }
                Move::Wait => patience,
            };
            if self.terminal.changed(&screen, pause).is_some() {
                screen = self.terminal.settled();
            }
        }
    }

    /// Presses one key.
    pub fn press(&mut self, key: &str, screen: &str) {
        self.story.push(format!("{key} at: {}", offers(screen).trim()));
        self.terminal.key(key);
        self.last_key = Some(monotonic());
        if key == "enter" {
            self.last_enter = self.last_key;
        }
    }

    /// Gives a reason in the dialog that `key` opens.
    #[track_caller]
    pub fn overrule(&mut self, key: &str, title: &str, reason: &str) {
        self.press(key, &self.terminal.screen());
        self.terminal.wait_text(title, SOON);
        // What is typed in one go with the key that opened it is not recorded.
        self.terminal.wait_text("enter record it   esc back", SOON);
        self.terminal.type_text(reason);
        let screen = self.terminal.wait_text(reason, SOON);
        self.press("enter", &screen);
        self.terminal.wait_for("the reason taken", SOON, |screen| !screen.contains(title));
    }

    /// Presses a key once `last` is long enough ago; how long to wait for what it does, or until then.
    fn after(&mut self, last: Option<Instant>, key: &str, screen: &str) -> Duration {
        let since = last.map_or(LET_GO, |last| last.elapsed());
        if let Some(left) = LET_GO.checked_sub(since).filter(|left| !left.is_zero()) {
            return left;
        }
        self.press(key, screen);
        LET_GO
    }

    fn told(&self) -> String {
        let story = &self.story[self.story.len().saturating_sub(12)..];
        format!("{}\n{}", story.join("\n"), self.terminal.describe())
    }
}

/// The number and hash of the last record, as the screen tells them.
fn head(screen: &str) -> String {
    last_line(screen).rsplit('#').next().unwrap_or_default().to_owned()
}

/// The last line: what the run offers, and how far it is on disk.
fn last_line(screen: &str) -> &str {
    screen.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// The line above it: what the step offers.
fn offers(screen: &str) -> &str {
    screen.lines().rev().skip_while(|line| line.trim().is_empty()).nth(1).unwrap_or_default()
}

/// The lines of the sheet that lies over the screen and has these keys at its lower edge.
fn sheet(screen: &str, keys: &str) -> Option<Vec<String>> {
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let last = screen.lines().position(|line| line.contains(keys))?;
    let before = screen.lines().nth(last)?.split(keys).next()?.chars().count();
    let left = (0..before).rev().find(|col| rows[last][*col] == '│')?;
    let right = (before..rows[last].len()).find(|col| rows[last][*col] == '│')?;
    let inside = rows[..=last].iter().rev().take_while(|row| row.get(left) == Some(&'│'));
    let lines = inside.map(|row| row.iter().take(right).skip(left + 1).collect::<String>());
    // The mark of the field is not what was typed into it.
    let mut lines: Vec<String> = lines.map(|line| line.trim().trim_start_matches("> ").to_owned()).collect();
    lines.reverse();
    Some(lines)
}

/// What a screen asks for. Dialogs come first: they lie over the rest.
fn next(screen: &str) -> Move {
    let between = |from: &str, to: &str| -> Option<String> {
        let rest = &screen[screen.find(from)? + from.len()..];
        Some(rest[..rest.find(to)?].to_owned())
    };
    if screen.contains("Which environment is this?") {
        let name = between("Type ", " to start it.").expect("it says which");
        let is_typed = screen.contains(&format!("> {name} "));
        return if is_typed { Move::Key("enter") } else { Move::Type(name) };
    }
    for (offer, key) in [("y allow these", "y"), ("a go on all the same", "a"), ("enter go on   f look again", "enter")]
    {
        if last_line(screen).trim_start().starts_with(offer) {
            return Move::Key(key);
        }
    }
    if let Some(target) = between("critical: type ", " to run it") {
        // The command above may end in the same name.
        let sheet = sheet(screen, "enter run it").unwrap_or_default();
        let is_typed = sheet.iter().skip_while(|line| !line.contains("critical: type ")).any(|line| line == &target);
        return if is_typed { Move::Key("enter") } else { Move::Type(target) };
    }
    if screen.contains("y run it") || screen.contains("y yes") {
        return Move::Key("y");
    }
    if screen.contains("or a number choose") {
        let is_chosen = screen.contains("▸ 1  ") || screen.contains("▸  1  ") || screen.contains("› 1  ");
        return if is_chosen { Move::Key("enter") } else { Move::Key("1") };
    }
    if let Some(sheet) = sheet(screen, "enter go on   esc back") {
        let is_typed = sheet.iter().any(|line| line == RELEASER);
        return if is_typed { Move::Key("enter") } else { Move::Type(RELEASER.to_owned()) };
    }
    if let Some(sheet) = sheet(screen, "enter record it") {
        let is_typed = sheet.iter().any(|line| line == SAID);
        return if is_typed { Move::Key("enter") } else { Move::Type(SAID.to_owned()) };
    }
    if screen.contains("enter go on from here") || screen.contains("enter leave") {
        return Move::Key("enter");
    }
    if screen.contains("─ Why ─") {
        return Move::Key("esc");
    }
    let offers = offers(screen);
    if offers.starts_with(" enter ") && !offers.contains("x cancel") {
        return Move::Key("enter");
    }
    if offers.contains("Q close") {
        return Move::Key("Q");
    }
    Move::Wait
}

#[test]
fn each_screen_asks_for_its_key() {
    let table = [
        (" enter cautions read  s skip…\n n note…  journal ✔ #4", Move::Key("enter")),
        (" x cancel command…\n n note…  q leave…", Move::Wait),
        (" a acknowledge…  s skip…  o override…\n n note…", Move::Wait),
        (
            "│ n2                         │\n│ critical: type n2 to run it│\n│                            │\n│ enter run it   esc back    │",
            Move::Type("n2".into()),
        ),
        (
            "│                            │\n│ critical: type n2 to run it│\n│ n2                         │\n│ enter run it   esc back    │",
            Move::Key("enter"),
        ),
        ("│ y run it   esc back │\n enter run…\n n note…", Move::Key("y")),
        ("│   1  yes │\n│ up, down or a number choose │\n enter confirm…\n n note…", Move::Key("1")),
        ("│ ▸ 1  yes │\n│ up, down or a number choose │\n enter confirm…\n n note…", Move::Key("enter")),
        ("a seen as it should be\nb│            │ \nc│ enter record it  │", Move::Type(SAID.into())),
        ("a│ seen as it should be  │\nb│ enter record it       │", Move::Key("enter")),
        ("a│ > seen as it should be  │\nb│ enter record it       │", Move::Key("enter")),
        ("│                          │\n│ enter go on   esc back   │", Move::Type(RELEASER.into())),
        ("│ another pair of eyes     │\n│ enter go on   esc back   │", Move::Key("enter")),
        (" Q close the run…  w why\n n note…", Move::Key("Q")),
        ("│ ok\n\n y allow these   f look again", Move::Key("y")),
        ("│ look\n\n a go on all the same   f look again", Move::Key("a")),
        ("│ ok\n\n enter go on   f look again", Move::Key("enter")),
        ("│ Which environment is this? │\n│ Type TEST to start it. │\n│ >     │", Move::Type("TEST".into())),
        ("│ Which environment is this? │\n│ Type TEST to start it. │\n│ > TEST   │", Move::Key("enter")),
        ("╭─ Why ─╮\n│ esc back │\n enter run…\n n note…", Move::Key("esc")),
    ];
    for (screen, expected) in table {
        assert_eq!(next(screen), expected, "{screen}");
    }
}
