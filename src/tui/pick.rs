//! A list out of which one is picked by typing a part of it: commands, steps, lines, records, texts. Pure.

use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::journal::at_home;
use crate::runbook::{ProbeId, StepKey};
use crate::text::clean_line;
use crate::tui::keymap::Action;
use crate::tui::sign::{Signing, ToSign};
use crate::tui::theme::Meaning;

/// The longest text that is typed, in characters.
const MOST_TYPED: usize = 120;

/// From this score on the letters of a word stand apart.
const STREWN: usize = 1_000;

/// What the list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// What can be done here.
    Commands,
    /// The steps of the run.
    Steps,
    /// The lines of the output.
    Output,
    /// The rows of the board.
    Nodes,
    /// The records of the journal.
    Records,
    /// Texts to be copied.
    Copy,
    /// Keys to sign a journal with.
    Keys,
    /// Keys to sign the statement of a hold point with.
    KeysOfRelease,
}

impl About {
    /// The title, and the word for what enter does.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Commands => ("Commands", "do it"),
            Self::Steps => ("Find a step", "look at it"),
            Self::Output => ("Find in the output", "show it"),
            Self::Nodes => ("Find a node", "show it"),
            Self::Records => ("Find a record", "go to it"),
            Self::Copy => ("Copy", "copy it"),
            Self::Keys => ("Sign the journal", "sign it"),
            Self::KeysOfRelease => ("Sign the statement", "sign it"),
        }
    }

    /// Whether letters may stand apart in what is found.
    const fn is_fuzzy(self) -> bool {
        matches!(self, Self::Commands | Self::Steps)
    }
}

/// What comes of one that is picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// That is done.
    Do(Action),
    /// That step is looked at.
    Look(StepKey),
    /// That line of the output is shown; counted from 0.
    Line(usize),
    /// That row of the board is shown.
    Row(ProbeId, Option<String>),
    /// The replay goes to that record.
    Record(usize),
    /// That text is copied; with what it is.
    Copy(&'static str, String),
    /// That is signed.
    Sign(Signing),
}

/// One of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is shown and looked through.
    pub told: String,
    /// What stands at the right.
    pub right: String,
    /// How the right part looks.
    pub meaning: Meaning,
    /// What comes of it.
    pub gives: Gives,
    lower: String,
    /// By which names it is known elsewhere on the screen, and what people call it besides.
    names: String,
    synonyms: String,
    /// Of what fits alike it comes later.
    is_later: bool,
}

impl Row {
    /// A row.
    pub fn new(told: &str, right: impl Into<String>, meaning: Meaning, gives: Gives) -> Self {
        let told = clean_line(told).into_owned();
        let right = right.into();
        let lower = format!("{told} {right}").to_lowercase();
        Self { told, right, meaning, gives, lower, names: String::new(), synonyms: String::new(), is_later: false }
    }

    /// The same, found by these words, too: names come first, synonyms after what is seen.
    #[must_use]
    pub fn called(self, names: &str, synonyms: &str) -> Self {
        Self { names: names.to_lowercase(), synonyms: synonyms.to_owned(), ..self }
    }

    /// The same, after what fits as well.
    #[must_use]
    pub fn later(self, is_later: bool) -> Self {
        Self { is_later, ..self }
    }

    /// How well a word fits: the less the better; `None`: it does not.
    fn score(&self, word: &str, is_fuzzy: bool) -> Option<usize> {
        if begins_a_word(&self.names, word) {
            return Some(0);
        }
        match self.lower.contains(word) {
            true if begins_a_word(&self.lower, word) => Some(1),
            true => Some(2),
            false if begins_a_word(&self.synonyms, word) => Some(2),
            false => is_fuzzy.then(|| strewn(&self.lower, word)).flatten(),
        }
    }
}

/// The list while it is open.
#[derive(Clone, Debug)]
pub struct PickList {
    /// What it is of.
    pub about: About,
    /// All there is.
    pub rows: Vec<Row>,
    /// What is typed.
    pub typed: String,
    /// Those that fit what is typed, the best first.
    pub found: Vec<usize>,
    /// The place of the chosen one among them.
    pub chosen: usize,
    /// Why the chosen one was not taken.
    pub problem: Option<String>,
    /// What is told of the whole list.
    pub note: String,
    /// What could not be looked through, and why.
    pub unread: Option<String>,
    /// What can be signed with a key whose path is typed, each with the words for it.
    pub by_path: Vec<(String, ToSign)>,
    /// How many rows there are without those.
    listed: usize,
}

/// What a key did to the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// It stays.
    Stay,
    /// It is closed.
    Close,
    /// That one is wanted.
    Take(Gives),
}

impl PickList {
    /// A list in which nothing is typed yet.
    pub fn new(about: About, rows: Vec<Row>) -> Self {
        let listed = rows.len();
        Self {
            about,
            rows,
            typed: String::new(),
            found: (0..listed).collect(),
            chosen: 0,
            problem: None,
            note: String::new(),
            unread: None,
            by_path: Vec::new(),
            listed,
        }
    }

    /// The same with something told of it.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The chosen one.
    pub fn row(&self) -> Option<&Row> {
        self.found.get(self.chosen).and_then(|at| self.rows.get(*at))
    }

    /// Takes a key; `page` is how many rows are in view.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent, page: usize) -> Picked {
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match (key.code, action) {
            (KeyCode::Char(c), _) if is_plain => self.paste(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Char('u'), None) if key.modifiers == KeyModifiers::CONTROL => self.typing(String::new()),
            (KeyCode::Backspace, _) => {
                let mut typed = self.typed.clone();
                typed.pop();
                self.typing(typed);
            }
            (_, Some(Action::Up)) => self.step_by(false, 1),
            (_, Some(Action::Down)) => self.step_by(true, 1),
            (_, Some(Action::PageUp)) => self.step_by(false, page.max(1)),
            (_, Some(Action::PageDown)) => self.step_by(true, page.max(1)),
            (_, Some(Action::Back)) => return Picked::Close,
            (_, Some(Action::Act)) => return self.take(),
            _ => {}
        }
        Picked::Stay
    }

    /// The chosen one is wanted.
    fn take(&mut self) -> Picked {
        match self.row() {
            Some(row) => Picked::Take(row.gives.clone()),
            None => {
                self.problem = Some(match &self.unread {
                    Some(why) => why.clone(),
                    None if self.typed.is_empty() && !self.by_path.is_empty() => "nothing is typed".into(),
                    None => "nothing fits what is typed".into(),
                });
                Picked::Stay
            }
        }
    }

    /// A click on the row so many below the first in view: it is chosen, and wanted when it was chosen before.
    pub fn click(&mut self, at: usize) -> Picked {
        if at >= self.found.len() {
            return Picked::Stay;
        }
        if std::mem::replace(&mut self.chosen, at) == at { self.take() } else { Picked::Stay }
    }

    /// Goes up or down.
    pub fn step_by(&mut self, is_down: bool, by: usize) {
        self.problem = None;
        let last = self.found.len().saturating_sub(1);
        self.chosen = if is_down { (self.chosen + by).min(last) } else { self.chosen.saturating_sub(by) };
    }

    /// Takes pasted or typed text.
    pub fn paste(&mut self, text: &str) {
        let kept = self.typed.chars().chain(text.chars().filter(|c| !c.is_control()));
        let typed = kept.take(MOST_TYPED).collect();
        self.typing(typed);
    }

    fn typing(&mut self, typed: String) {
        self.typed = typed;
        self.chosen = 0;
        self.problem = None;
        if !self.by_path.is_empty() {
            self.rows.truncate(self.listed);
        }
        self.found = self.fitting();
        let typed = self.typed.trim();
        // Without a slash it is a name in this folder only where nothing else is meant by it.
        let whole = Some(typed).filter(|typed| self.found.is_empty() && !typed.is_empty());
        if let Some(path) = path_in(typed).or(whole).map(str::to_owned) {
            self.offer_key_at(&path);
        }
    }

    /// Offers what can be signed with the key at that path, behind the keys that are known.
    fn offer_key_at(&mut self, path: &str) {
        let is_it = |row: &Row| matches!(&row.gives, Gives::Sign(signing) if signing.key == Path::new(path));
        if self.rows.iter().any(is_it) {
            return;
        }
        let key = PathBuf::from(at_home(path));
        let row = |(words, what): &(String, ToSign)| {
            let signing = Signing { what: what.clone(), key: key.clone() };
            Row::new(&format!("{words} {path}"), "as typed", Meaning::Dim, Gives::Sign(signing))
        };
        let rows: Vec<Row> = self.by_path.iter().map(row).collect();
        self.rows.extend(rows);
        self.found = self.fitting();
    }

    /// The rows that fit what is typed, the best first.
    fn fitting(&self) -> Vec<usize> {
        let words: Vec<String> = self.typed.split_whitespace().map(str::to_lowercase).collect();
        let fits = |(at, row): (usize, &Row)| {
            let score = words.iter().map(|word| row.score(word, self.about.is_fuzzy())).sum::<Option<usize>>()?;
            Some((score, row.is_later && !words.is_empty(), at))
        };
        let mut found: Vec<(usize, bool, usize)> = self.rows.iter().enumerate().filter_map(fits).collect();
        if self.about.is_fuzzy() {
            found.sort_unstable();
            // Where something holds the words, letters that stand apart somewhere are chance.
            if found.first().is_some_and(|(score, ..)| *score < STREWN) {
                found.retain(|(score, ..)| *score < STREWN);
            }
        }
        found.into_iter().map(|(.., at)| at).collect()
    }

    /// The first row in view when so many are, so that the chosen one is among them.
    pub fn top(&self, rows: usize) -> usize {
        self.chosen.saturating_sub(rows / 2).min(self.found.len().saturating_sub(rows))
    }
}

/// The path in what is typed: from the first word on that can only be one.
fn path_in(typed: &str) -> Option<&str> {
    let first = typed.split_whitespace().find(|word| word.contains('/'))?;
    typed.find(first).and_then(|at| typed.get(at..)).map(str::trim_end)
}

/// Whether a word of the text begins like that.
fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric()))
}

/// How far the letters of a word stand apart in a text; `None`: they are not all there, one behind the other.
fn strewn(text: &str, word: &str) -> Option<usize> {
    let (mut rest, mut passed) = (text, 0);
    for (index, c) in word.chars().enumerate() {
        let at = rest.find(c)?;
        passed += if index == 0 { 0 } else { at };
        rest = &rest[at + c.len_utf8()..];
    }
    // Letters that are strewn over a whole line are chance.
    (passed <= 4 * word.len()).then_some(STREWN + passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::stage_tests::event;

    fn list(about: About, told: &[&str]) -> PickList {
        let row = |(at, told): (usize, &&str)| Row::new(told, "", Meaning::Text, Gives::Line(at));
        PickList::new(about, told.iter().enumerate().map(row).collect())
    }

    fn type_text(list: &mut PickList, text: &str) -> Vec<String> {
        for c in text.chars() {
            list.on(None, event(&c.to_string()), 10);
        }
        list.found.iter().map(|at| list.rows[*at].told.clone()).collect()
    }

    #[test]
    fn what_begins_a_word_comes_before_what_stands_within_one_and_that_before_letters_apart() {
        let told = ["give the run up", "write a note", "not now", "a knot"];
        assert_eq!(type_text(&mut list(About::Commands, &told), "not"), ["write a note", "not now", "a knot"]);
        assert_eq!(type_text(&mut list(About::Commands, &told), "gup"), ["give the run up"]);
        assert_eq!(type_text(&mut list(About::Output, &told), "gup"), Vec::<String>::new());
        assert_eq!(type_text(&mut list(About::Commands, &told), "NOTE  WR"), ["write a note"]);
        assert_eq!(type_text(&mut list(About::Commands, &told), ""), told);
    }

    #[test]
    fn keys_choose_and_take_and_a_text_is_bounded() {
        let mut list = list(About::Steps, &["one", "two", "three"]);
        assert_eq!(list.on(Some(Action::Down), event("down"), 10), Picked::Stay);
        assert_eq!(list.on(Some(Action::Act), event("enter"), 10), Picked::Take(Gives::Line(1)));
        list.on(Some(Action::PageDown), event("pgdn"), 10);
        assert_eq!(list.chosen, 2);
        list.paste(&format!("x\u{1b}{}", "y".repeat(500)));
        assert_eq!(list.typed.chars().count(), MOST_TYPED);
        assert!(!list.typed.contains('\u{1b}'));
        assert_eq!(list.on(Some(Action::Act), event("enter"), 10), Picked::Stay);
        assert!(list.problem.is_some());
        assert_eq!(list.on(Some(Action::Back), event("esc"), 10), Picked::Close);
        list.on(None, event("ctrl-u"), 10);
        assert_eq!((list.typed.as_str(), list.found.len()), ("", 3));
        assert_eq!(list.click(2), Picked::Stay);
        assert_eq!(list.click(2), Picked::Take(Gives::Line(2)));
        assert_eq!(list.click(9), Picked::Stay);
    }
}
