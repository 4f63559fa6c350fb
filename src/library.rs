//! Where runbooks and site files come from: the program itself, the user's folder, folders named on the command line.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::coverage;
use crate::diagnostic::Diagnostic;
use crate::fs::{self, FsError};
use crate::packed::{Packed, RUNBOOKS};
use crate::runbook::id::is_plain_name;
use crate::runbook::lint;
use crate::runbook::nearest::nearest;
use crate::runbook::{self, Head, Runbook};
use crate::site::{self, Site};

/// Where a runbook was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program.
    Embedded,
    /// A file.
    File(PathBuf),
}

impl Origin {
    /// What is shown as the file's name.
    pub fn name(&self, id: &str) -> String {
        match self {
            Self::Embedded => format!("<built in>/{id}.toml"),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// One runbook of the library, readable or not. It is read when that is first asked for, and what its author should look at
/// is looked for when that is: whoever opens a run need not wait for it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name: the file's stem.
    pub id: String,
    /// Where it is.
    pub origin: Origin,
    /// Another entry of that name comes first; this one is reached by its path only.
    pub is_shadowed: bool,
    text: Text,
    book: OnceLock<Option<Arc<Runbook>>>,
    checked: OnceLock<Checked>,
}

/// Where an entry has its text from.
#[derive(Clone, Debug)]
enum Text {
    Read(String),
    Packed(&'static Packed),
}

#[derive(Clone, Debug)]
struct Checked {
    book: Option<Arc<Runbook>>,
    findings: Vec<Diagnostic>,
}

impl Entry {
    /// The book, when there is no error in it.
    pub fn runbook(&self) -> Option<&Arc<Runbook>> {
        match self.checked.get() {
            Some(checked) => checked.book.as_ref(),
            None => self.book.get_or_init(|| book(&self.source()).map(Arc::new)).as_ref(),
        }
    }

    /// What was found in it, with the file's name.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.checked().findings
    }

    /// Its text; empty when the file could not be read. What is part of the program is unpacked at each call.
    pub fn source(&self) -> Cow<'_, str> {
        match &self.text {
            Text::Read(text) => Cow::Borrowed(text),
            Text::Packed(packed) => Cow::Owned(packed.text()),
        }
    }

    /// What stands at its top, unchecked: what a list can show at once.
    pub fn head(&self) -> Option<Head> {
        let of_top = match &self.text {
            Text::Read(_) => None,
            Text::Packed(packed) => runbook::head(packed.top),
        };
        of_top.or_else(|| runbook::head(&self.source()))
    }

    fn checked(&self) -> &Checked {
        self.checked.get_or_init(|| {
            let mut checked = check(&self.id, &self.origin, &self.source());
            // Once is enough in memory.
            if let Some(known) = self.book.get() {
                checked.book.clone_from(known);
            }
            checked
        })
    }
}

/// Why a runbook or site file was not found.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// No entry has that name.
    #[error("there is no runbook {name:?}{}", near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// One that is like it.
        near: Option<String>,
    },
    /// The file is not a file that can be read.
    #[error(transparent)]
    File(#[from] FsError),
    /// The file is not a plain file, too long, or not UTF-8.
    #[error("{path}: {why}", path = path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
}

/// All runbooks that can be named.
#[derive(Clone, Debug, Default)]
pub struct Library {
    entries: Vec<Entry>,
}

/// The user's own folder of runbooks, when there is a home.
pub fn user_folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "piton")?.config_dir().join("runbooks"))
}

impl Library {
    /// Reads every `*.toml` of `folders` in their order, then what is part of the program. Of two of one name the first
    /// counts. A folder that is not there holds nothing.
    ///
    /// # Errors
    /// A folder that is there cannot be listed.
    pub fn open(folders: &[PathBuf]) -> Result<Self, LibraryError> {
        let mut entries: Vec<Entry> = Vec::new();
        for folder in folders {
            for name in fs::names(folder)? {
                // What begins with a dot is hidden: an editor's own files, mostly.
                if let Some(stem) = name.strip_suffix(".toml").filter(|_| !name.starts_with('.')) {
                    let path = folder.join(&name);
                    let entry = match read_text(&path, runbook::parse::MAX_BOOK_BYTES) {
                        _ if !is_plain_name(stem) => misnamed(stem, path),
                        Ok(source) => entry(stem, Origin::File(path), Text::Read(source)),
                        Err(error) => unreadable(stem, path, &error.to_string(), None),
                    };
                    entries.push(entry);
                }
            }
        }
        entries.extend(RUNBOOKS.iter().map(|packed| entry(packed.name, Origin::Embedded, Text::Packed(packed))));
        for index in 1..entries.len() {
            let (before, rest) = entries.split_at_mut(index);
            rest[0].is_shadowed = before.iter().any(|entry| entry.id == rest[0].id);
        }
        Ok(Self { entries })
    }

    /// The same, with a folder that cannot be listed: it stands there as what cannot be read.
    #[must_use]
    pub fn without(mut self, folder: PathBuf, why: &FsError) -> Self {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let help = "no runbook of that folder is listed: also one that would take the place of a built-in one is not";
        self.entries.insert(0, unreadable(&name, folder, &why.to_string(), Some(help)));
        self
    }

    /// All of them: folders in their order, by name, then what is part of the program.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of that name, or the file at that path (anything with a `/`, or ending in `.toml`).
    ///
    /// # Errors
    /// Nothing is there, or it is no text.
    pub fn find(&self, name: &str) -> Result<Entry, LibraryError> {
        if name.contains('/') || name.ends_with(".toml") {
            return read_file(Path::new(name));
        }
        match self.entries.iter().find(|entry| entry.id == name) {
            Some(entry) => {
                // Read here, it need not be read anew for each copy.
                entry.runbook();
                Ok(entry.clone())
            }
            None => {
                let near = nearest(name, self.entries.iter().map(|entry| entry.id.as_str())).map(str::to_owned);
                Err(LibraryError::Unknown { name: name.to_owned(), near })
            }
        }
    }
}

/// Reads one runbook file.
///
/// # Errors
/// Nothing is there, or it is no text.
pub fn read_file(path: &Path) -> Result<Entry, LibraryError> {
    let source = read_text(path, runbook::parse::MAX_BOOK_BYTES)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(entry(&stem, Origin::File(path.to_owned()), Text::Read(source)))
}

/// Whether the file is a site file: by what it holds, or where that does not tell, by where it lies and by its name.
///
/// # Errors
/// Nothing is there, or it is no text.
pub fn is_site_file(path: &Path) -> Result<bool, LibraryError> {
    let source = read_text(path, site::MAX_SITE_BYTES.max(runbook::parse::MAX_BOOK_BYTES))?;
    let lies_with_sites = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "sites");
    let is_named_so = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("site"));
    Ok(site::is_site(&source).unwrap_or(lies_with_sites || is_named_so))
}

/// Reads one site file: its text, the site when there is no error in it, and what was found in it.
///
/// # Errors
/// Nothing is there, or it is no text.
pub fn read_site(path: &Path) -> Result<(String, Option<Site>, Vec<Diagnostic>), LibraryError> {
    let source = read_text(path, site::MAX_SITE_BYTES)?;
    let (site, findings) = site::parse(&source);
    let file = path.display().to_string();
    Ok((source, site, findings.into_iter().map(|finding| finding.in_file(&file)).collect()))
}

fn entry(id: &str, origin: Origin, text: Text) -> Entry {
    Entry { id: id.to_owned(), origin, is_shadowed: false, text, book: OnceLock::new(), checked: OnceLock::new() }
}

/// One whose file has a name by which no runbook can be asked for.
fn misnamed(stem: &str, path: PathBuf) -> Entry {
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let plain = words.join("-");
    let told = "no runbook can be asked for by this name: it has lower-case letters, digits, `-` and `_` only, and begins with one of the first two";
    let example = if is_plain_name(&plain) { format!(", such as `{plain}.toml`") } else { String::new() };
    unreadable(stem, path, told, Some(&format!("give the file another name{example}")))
}

fn unreadable(id: &str, path: PathBuf, why: &str, help: Option<&str>) -> Entry {
    let finding = Diagnostic::error("unreadable", 0..0, why).in_file(&path.display().to_string());
    let finding = match help {
        Some(help) => finding.with_help(help),
        None => finding,
    };
    let checked = OnceLock::from(Checked { book: None, findings: vec![finding] });
    Entry { checked, ..entry(id, Origin::File(path), Text::Read(String::new())) }
}

/// The book alone, when there is no error in it.
fn book(source: &str) -> Option<Runbook> {
    let book = runbook::parse(source).0?;
    let is_wrong = coverage::check(&book).iter().any(Diagnostic::is_error);
    (!is_wrong).then_some(book)
}

fn check(id: &str, origin: &Origin, source: &str) -> Checked {
    if site::is_site(source) == Some(true) {
        let finding = Diagnostic::error("site-file", 0..0, "this is a site file, not a runbook");
        let finding = finding.with_help("a runbook is bound to it with `--site`").in_file(&origin.name(id));
        return Checked { book: None, findings: vec![finding] };
    }
    let (mut book, mut findings, advice) = lint::parse(source);
    findings.extend(book.iter().flat_map(coverage::check));
    if findings.iter().any(Diagnostic::is_error) {
        book = None;
    }
    if book.is_some() {
        findings.extend(advice);
    }
    findings.sort_by_key(|finding| finding.span.start);
    if let Some(book) = book.as_ref().filter(|book| book.id.as_str() != id) {
        let message = format!("the runbook is named `{}`, its file `{id}`", book.id);
        findings.push(Diagnostic::advice("file-name", 0..0, message).with_help("name both alike"));
    }
    let file = origin.name(id);
    let findings = findings.into_iter().map(|finding| finding.in_file(&file)).collect();
    Checked { book: book.map(Arc::new), findings }
}

/// The text of a plain file of bounded length.
fn read_text(path: &Path, limit: usize) -> Result<String, LibraryError> {
    let not_text = |why: String| LibraryError::NotText { path: path.to_owned(), why };
    let known = std::fs::metadata(path).map_err(|error| FsError::new("read", path, error))?;
    if !known.is_file() {
        return Err(not_text("not a plain file".into()));
    }
    if known.len() > limit as u64 {
        return Err(not_text(format!("it has {} bytes; the limit is {limit}", known.len())));
    }
    String::from_utf8(fs::read(path)?)
        .map_err(|error| not_text(format!("not UTF-8 from byte {} on", error.utf8_error().valid_up_to())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_part_of_the_program_has_no_finding() {
        let library = Library::open(&[]).unwrap();
        for entry in library.entries() {
            assert!(entry.runbook().is_some() && entry.findings().is_empty(), "{:?}", entry.findings());
        }
        assert_eq!(library.find("vault-ha-upgrade").unwrap().origin, Origin::Embedded);
        let error = library.find("vault-ha-upgarde").unwrap_err();
        assert_eq!(error.to_string(), "there is no runbook \"vault-ha-upgarde\"; did you mean vault-ha-upgrade?");
    }

    /// Whether it is asked for alone or with all that was found, the book is the same, and it is one.
    #[test]
    fn a_book_alone_is_the_book_that_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            read_file(&path).unwrap()
        };
        let shipped = RUNBOOKS[0].text();
        let mut entries = Library::open(&[]).unwrap().entries;
        entries.extend([
            named("site.toml", "name = \"a\"\nenvironment = \"prod\"\n"),
            named("advised.toml", &shipped),
            named("wrong.toml", &shipped.replacen("title", "tittle", 1)),
            named("unmet.toml", &shipped.replace("headings", "hedings")),
            named("empty.toml", ""),
        ]);
        for entry in &entries {
            let checked = entry.clone();
            assert_eq!(
                checked.findings().iter().any(Diagnostic::is_error),
                checked.runbook().is_none(),
                "{}",
                entry.id
            );
            let alone = entry.runbook().map(|book| book.sha256.clone());
            assert_eq!(alone, checked.runbook().map(|book| book.sha256.clone()), "{}", entry.id);
            let before = entry.runbook().map(Arc::as_ptr);
            assert_eq!(entry.findings().len(), checked.findings().len());
            assert_eq!(entry.runbook().map(Arc::as_ptr), before, "there is one");
        }
    }

    #[test]
    fn the_head_is_the_same_from_the_top_as_from_the_whole() {
        for entry in Library::open(&[]).unwrap().entries() {
            let whole = entry.source();
            let expected = runbook::head(&whole);
            assert!(expected.as_ref().is_some_and(|head| !head.title.is_empty()), "{}", entry.id);
            assert_eq!(entry.head(), expected, "{}", entry.id);
        }
        // None of them needs the whole.
        assert!(RUNBOOKS.iter().all(|packed| runbook::head(packed.top).is_some()));
    }

    #[test]
    fn a_file_with_a_name_that_cannot_be_asked_for_is_listed_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Vault Upgrade.toml", "a\nb.toml", "Ü.toml", ".hidden.toml"] {
            std::fs::write(folder.path().join(name), RUNBOOKS[0].text()).unwrap();
        }
        let library = Library::open(&[folder.path().to_owned()]).unwrap();
        let own: Vec<&Entry> = library.entries().iter().filter(|entry| entry.origin != Origin::Embedded).collect();
        let ids: Vec<&str> = own.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["Vault Upgrade", "a\nb", "Ü"]);
        let help: Vec<&str> = own.iter().filter_map(|entry| entry.findings()[0].help.as_deref()).collect();
        assert_eq!(help[0], "give the file another name, such as `vault-upgrade.toml`");
        assert_eq!(help[2], "give the file another name");
        assert!(own.iter().all(|entry| entry.runbook().is_none()), "{ids:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_listed_stands_among_the_others() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("runbooks");
        std::fs::write(&folder, "").unwrap();
        let why = fs::names(&folder).unwrap_err();
        let library = Library::open(&[]).unwrap().without(folder, &why);
        let (first, all) = (&library.entries()[0], library.entries().len());
        assert_eq!((first.id.as_str(), first.runbook().is_some(), all), ("runbooks", false, RUNBOOKS.len() + 1));
        assert!(first.findings()[0].message.contains("cannot list"), "{:?}", first.findings());
    }

    #[test]
    fn folders_are_read_and_come_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("vault-ha-upgrade.toml"), RUNBOOKS[0].text()).unwrap();
        std::fs::write(path("broken.toml"), "format = 1\n").unwrap();
        std::fs::write(path("bytes.toml"), b"a\xff").unwrap();
        std::fs::write(path("long.toml"), vec![b'#'; runbook::parse::MAX_BOOK_BYTES + 1]).unwrap();
        std::fs::write(path("notes.txt"), "not a runbook").unwrap();
        std::fs::create_dir(path("folder.toml")).unwrap();
        let library = Library::open(&[folder.path().to_owned(), path("missing")]).unwrap();
        let entries = library.entries();
        let seen: Vec<(&str, bool, bool)> = entries
            .iter()
            .filter(|entry| entry.id == "vault-ha-upgrade" || entry.origin != Origin::Embedded)
            .map(|entry| (entry.id.as_str(), entry.runbook().is_some(), entry.is_shadowed))
            .collect();
        assert_eq!(
            seen,
            [
                ("broken", false, false),
                ("bytes", false, false),
                ("folder", false, false),
                ("long", false, false),
                ("vault-ha-upgrade", true, false),
                ("vault-ha-upgrade", true, true),
            ]
        );
        assert!(matches!(library.find("vault-ha-upgrade").unwrap().origin, Origin::File(_)));
        assert!(library.find(&path("broken.toml").display().to_string()).unwrap().runbook().is_none());
        assert!(matches!(library.find("./nothing.toml"), Err(LibraryError::File(_))));
    }
}
