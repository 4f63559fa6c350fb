//! `piton diff`: two runs held against each other, or two runbooks.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::args::DiffArguments;
use crate::cli::error::{CliError, Kind};
use crate::cli::trust::Doubts;
use crate::cli::{diff_text, journals, progress, report, run};
use crate::compare::{Comparison, Gathered, Run, compare};
use crate::engine::{Event, Record, RunOpened};
use crate::journal::{Integrity, Verification, is_held};
use crate::report::cleaned;
use crate::runbook::changes::{About, Change, Line, changes};
use crate::runbook::{self, Runbook};

/// `piton diff ONE OTHER`: 0 the same, 1 different.
///
/// # Errors
/// One of them is not there or cannot be read: status 2, as with diff(1).
pub fn diff(folder: Option<PathBuf>, typed: &DiffArguments) -> Result<u8, CliError> {
    // A status of 1 says that they differ.
    held(folder, typed).map_err(|error| match error.kind {
        Kind::Interrupted => error,
        _ => CliError { kind: Kind::Usage, ..error },
    })
}

fn held(folder: Option<PathBuf>, typed: &DiffArguments) -> Result<u8, CliError> {
    let named = [&typed.one, &typed.other].map(|name| named(folder.clone(), name));
    let [one, other] = named;
    match (one?, other?) {
        (Named::Run(one), Named::Run(other)) => {
            let mut books = Books::default();
            let mut read = |path| read(path, &mut books, &progress::each_record);
            runs(read(&one)?, read(&other)?, typed)
        }
        (one, other) => books(&text_of(one)?, &text_of(other)?, typed),
    }
}

/// What a name stands for.
enum Named {
    /// The journal of a run.
    Run(PathBuf),
    /// A runbook's text.
    Book(Text),
}

/// A text of a runbook.
pub struct Text {
    /// Where it comes from.
    pub from: String,
    /// The text.
    pub text: String,
}

fn named(folder: Option<PathBuf>, name: &str) -> Result<Named, CliError> {
    let is_file = name.ends_with(".toml");
    if is_file || !Path::new(name).exists() {
        let library = run::library_of(folder)?;
        if is_file || library.entries().iter().any(|entry| entry.id == name) {
            let text = library.find(name).map_err(CliError::failed)?.source().into_owned();
            return Ok(Named::Book(Text { from: name.to_owned(), text }));
        }
    }
    journals::journal_path(name).map(Named::Run)
}

/// The text of a runbook: its own, or that with which a run was opened.
fn text_of(named: Named) -> Result<Text, CliError> {
    match named {
        Named::Book(text) => Ok(text),
        Named::Run(path) => {
            let read = read(&path, &mut Books::default(), &progress::each_record)?;
            Ok(Text { from: format!("the run {}", read.run.run), text: read.text })
        }
    }
}

/// A run as it was read.
pub struct Read {
    /// What is compared of it.
    pub run: Run,
    /// The text of its runbook.
    pub text: String,
    /// Why this version cannot read that text.
    pub unreadable: Option<String>,
    /// Whether its journal is whole, in words.
    pub integrity: String,
    /// Whether it is.
    pub is_whole: bool,
    /// The hash of its last good record that is beyond doubt.
    pub head: String,
    /// The record that is not, which is left out unless it is the first.
    pub doubtful: Option<u64>,
    /// What speaks against it beside its chain.
    pub doubts: Doubts,
}

/// The runbook that was read last: many runs have the same.
#[derive(Default)]
pub struct Books {
    last: Option<(String, Parsed)>,
}

/// A runbook, or why this version cannot read it.
type Parsed = Arc<Result<Runbook, String>>;

impl Books {
    fn of(&mut self, opened: &RunOpened) -> Parsed {
        if let Some((_, book)) = self.last.as_ref().filter(|(sha256, _)| *sha256 == opened.sha256) {
            return Arc::clone(book);
        }
        let (book, findings) = runbook::parse(&opened.text);
        let why = || findings.first().map(|found| found.message.clone()).unwrap_or_default();
        let book = Arc::new(book.ok_or_else(why));
        self.last = Some((opened.sha256.clone(), Arc::clone(&book)));
        book
    }
}

/// Hands on each good record of a journal, and tells what follows them.
pub type Pass<'a> = &'a dyn Fn(&Path, &mut dyn FnMut(Record)) -> Result<Verification, CliError>;

/// Reads the journal of a run, one record in memory at a time. No lock is taken.
///
/// # Errors
/// It cannot be read, or holds no whole record.
pub fn read(path: &Path, books: &mut Books, pass: Pass<'_>) -> Result<Read, CliError> {
    let book: OnceCell<Parsed> = OnceCell::new();
    let mut text = String::new();
    let mut gathered: Option<Gathered<'_>> = None;
    let mut doubts = Doubts::of(path);
    let mut take = |record: &Record| {
        if let (Event::RunOpened(opened), None) = (&record.event, &gathered) {
            text.clone_from(&opened.text);
            let book = book.get_or_init(|| books.of(opened));
            gathered = Some(Gathered::new((**book).as_ref().ok()));
        }
        if let Some(gathered) = &mut gathered {
            gathered.take(record);
        }
        doubts.take(record);
    };
    let mut last: Option<Record> = None;
    let found = pass(path, &mut |record| last.replace(record).iter().for_each(&mut take))?;
    // The last one counts when nothing says that it may be another; without the first there is no run.
    last.iter().filter(|last| found.doubt.is_none() || last.seq == 1).for_each(take);
    let run = gathered.and_then(Gathered::end).ok_or_else(|| report::nothing(path, &found))?;
    let is_running = is_held(path);
    let unreadable = book.get().and_then(|book| (**book).as_ref().err().cloned());
    let head = found.trusted().1.to_owned();
    let Verification { integrity, doubt, .. } = found;
    let (is_whole, doubtful) = (integrity == Integrity::Whole, doubt.map(|doubt| doubt.record));
    Ok(Read {
        run,
        text,
        unreadable,
        integrity: report::integrity(&integrity, is_running),
        is_whole,
        head,
        doubtful,
        doubts,
    })
}

fn runs(one: Read, other: Read, typed: &DiffArguments) -> Result<u8, CliError> {
    let changed = if one.text == other.text { Ok(Vec::new()) } else { changes(&one.text, &other.text) };
    let changed = changed.map_err(|error| error.to_string());
    let beside = [&one, &other].map(|read| Beside {
        integrity: read.integrity.clone(),
        is_whole: read.is_whole,
        head: read.head.clone(),
        doubtful: read.doubtful,
        unreadable: read.unreadable.clone(),
        contradiction: read.doubts.contradiction(),
        misnamed: read.doubts.misnamed(),
    });
    let mut comparison = compare(one.run, other.run);
    // What stands behind the whole part of a journal is not known to be the same, nor what cannot have happened.
    comparison.is_same &= beside.iter().all(Beside::is_good);
    let status = u8::from(!comparison.is_same);
    if typed.json {
        super::print(&as_json(&comparison, &beside, &changed));
    } else {
        diff_text::of_runs(&comparison, &beside, &changed, typed.all).iter().for_each(|line| super::print(line));
    }
    Ok(status)
}

/// What is known of a journal beside its records.
pub struct Beside {
    /// Whether it is whole, in words.
    pub integrity: String,
    /// Whether it is.
    pub is_whole: bool,
    /// The hash of its last good record that is beyond doubt.
    pub head: String,
    /// The record that is not.
    pub doubtful: Option<u64>,
    /// Why this version cannot read its runbook.
    pub unreadable: Option<String>,
    /// That its records cannot have followed from each other.
    pub contradiction: Option<String>,
    /// That it lies in another run's folder.
    pub misnamed: Option<String>,
}

impl Beside {
    /// Whether nothing speaks against it.
    fn is_good(&self) -> bool {
        self.is_whole && self.contradiction.is_none() && self.misnamed.is_none()
    }
}

fn as_json(comparison: &Comparison, beside: &[Beside; 2], changed: &Result<Vec<Change>, String>) -> String {
    let mut value = serde_json::to_value(comparison).expect("texts, numbers and lists can always be written");
    for (run, beside) in value["runs"].as_array_mut().into_iter().flatten().zip(beside) {
        run["integrity"] = beside.integrity.clone().into();
        run["is_whole"] = beside.is_whole.into();
        run["head"] = beside.head.clone().into();
        run["doubtful_record"] = beside.doubtful.into();
        run["contradiction"] = beside.contradiction.clone().into();
        run["misnamed"] = beside.misnamed.clone().into();
        run["runbook_unreadable"] = beside.unreadable.clone().into();
    }
    value["runbook"] = match changed {
        Ok(changed) => changed.iter().map(change_as_json).collect(),
        Err(why) => json!({ "incomparable": why }),
    };
    cleaned(value).to_string()
}

fn change_as_json(change: &Change) -> Value {
    let details = change.details.iter().map(|detail| {
        let lines = detail.lines.iter().map(|line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Old(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
        });
        let about = match detail.about {
            About::Command => "command",
            About::Text => "text",
            About::Rule => "rule",
        };
        json!({ "key": detail.key, "about": about, "lines": lines.collect::<Vec<_>>() })
    });
    json!({
        "part": change.part.word(),
        "name": change.name,
        "title": change.title,
        "how": change.how.word(),
        "details": details.collect::<Vec<_>>(),
    })
}

fn books(one: &Text, other: &Text, typed: &DiffArguments) -> Result<u8, CliError> {
    let changed = changes(&one.text, &other.text).map_err(CliError::failed)?;
    let is_same = one.text == other.text;
    if typed.json {
        let changes: Vec<Value> = changed.iter().map(change_as_json).collect();
        let told = json!({ "format": 1, "is_same": is_same, "of": [one.from, other.from], "runbook": changes });
        super::print(&cleaned(told).to_string());
    } else {
        diff_text::of_books(one, other, &changed, typed.all).iter().for_each(|line| super::print(line));
    }
    Ok(u8::from(!is_same))
}
