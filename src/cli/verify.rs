//! `piton verify`: whether journals are whole, and what was noted of them elsewhere still holds.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::args::VerifyArguments;
use crate::cli::error::CliError;
use crate::cli::{journals, place};
use crate::clock;
use crate::engine::SignedRelease;
use crate::fs;
use crate::journal::{Held, Integrity, JOURNAL_NAMESPACE, Noted, RunDir, Signature, Unsigned, Verification, compare};
use crate::signature::{Signers, Trust};
use crate::text::clean_line;

/// From so many bytes on it is told how far the reading has come.
const LONG: u64 = 8 * 1024 * 1024;

/// How often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How long a list of signers may be, in bytes.
const MAX_SIGNERS_BYTES: u64 = 1024 * 1024;

/// What is asked of each journal.
struct Asked<'a> {
    typed: &'a VerifyArguments,
    signers: Option<Signers>,
}

/// `piton verify`: one line a journal, and one a signature; status 1 when one of them is not as it must be.
///
/// # Errors
/// A journal or the list of signers cannot be read.
pub fn verify(typed: &VerifyArguments) -> Result<u8, CliError> {
    if typed.head.is_some() && typed.journals.len() > 1 {
        return Err(CliError::usage("a head is that of one journal").hint("give one journal with --head"));
    }
    let signers = signers(typed.signers.as_deref())?;
    if typed.signed_by.is_some() && signers.is_none() {
        return Err(
            CliError::usage("--signed-by needs a list of who signs with which key").hint("give it with --signers")
        );
    }
    let asked = Asked { typed, signers };
    let mut is_good = true;
    for name in &typed.journals {
        is_good &= asked.verify(name)?;
    }
    Ok(u8::from(!is_good))
}

/// The list of signers: that file, or the one in piton's folder of configuration if there is one.
///
/// # Errors
/// It cannot be read, or is none.
pub fn signers(given: Option<&Path>) -> Result<Option<Signers>, CliError> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => match place::signers_path() {
            Ok(path) if path.exists() => path,
            _ => return Ok(None),
        },
    };
    let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    if length > MAX_SIGNERS_BYTES {
        return Err(CliError::failed(format!("{}: a list of signers has at most 1 MiB", path.display())));
    }
    let text = fs::read_text(&path).map_err(CliError::failed)?;
    let parsed = Signers::parse(&text, &jiff::tz::TimeZone::system());
    let told = |error| CliError::failed(format!("{}: {error}", path.display()));
    Ok(Some(parsed.map_err(told)?))
}

impl Asked<'_> {
    /// Whether that journal is as it must be; says so.
    fn verify(&self, name: &str) -> Result<bool, CliError> {
        let path = journals::journal_path(name)?;
        let signatures = match path.parent() {
            Some(folder) => RunDir::new(folder).signatures().map_err(CliError::failed)?,
            None => Vec::new(),
        };
        let signed = signatures.iter().filter_map(|signature| signature.read.as_ref().ok());
        let mut noted: Vec<Noted> = signed
            .map(|(statement, _)| Noted { records: Some(statement.records), head: statement.head.clone() })
            .collect();
        noted.extend(self.typed.head.clone().map(|head| Noted { records: None, head }));
        let mut progress = Progress::new(&path);
        let compared = compare(&path, noted, |bytes| progress.at(bytes));
        progress.end();
        let (found, mut held) = compared.map_err(CliError::failed)?;
        let shown = path.display().to_string();
        let mut is_good = tell(&shown, &found);
        if self.typed.head.is_some() {
            is_good &= held.pop().is_some_and(|held| tell_head(&shown, &held, &found));
        }
        let mut held = held.into_iter();
        let mut is_signed = false;
        for signature in &signatures {
            let its = if signature.read.is_ok() { held.next() } else { None };
            let judged = judge(signature, its, self.signers.as_ref(), &found);
            let file = signature.path.file_name().unwrap_or_default().to_string_lossy();
            super::print(&clean_line(&format!("{shown}: signature {file} {}", judged.told)));
            is_good &= judged.is_good;
            is_signed |= self.typed.signed_by.as_ref().is_some_and(|name| judged.whose.as_ref() == Some(name));
        }
        if let Some(name) = self.typed.signed_by.as_ref().filter(|_| !is_signed) {
            super::print(&clean_line(&format!("{shown}: NOT SIGNED by {name} with all its records")));
        }
        Ok(is_good && (is_signed || self.typed.signed_by.is_none()))
    }
}

fn tell(shown: &str, found: &Verification) -> bool {
    let counted = format!("records={} head={}", found.records, found.head);
    let (is_good, line) = match &found.integrity {
        Integrity::Whole => (true, format!("{shown}: whole {counted}")),
        Integrity::TornTail { line, bytes } => {
            let notice = format!("(notice: line {line} is torn, {bytes} bytes; resuming sets it aside)");
            (true, format!("{shown}: whole {counted} {notice}"))
        }
        // A journal that was emptied looks the same, and so does a file that is none: nothing is proved.
        Integrity::NeverOpened => (
            false,
            format!("{shown}: not one whole record: the run never came to be, or the file was emptied {counted}"),
        ),
        Integrity::NewerFormat { found } => {
            (false, format!("{shown}: written by a later piton (format {found}); this one cannot judge it"))
        }
        Integrity::Damaged { line, what } => {
            (false, format!("{shown}: DAMAGED at line {line}: {what} ({counted} before it)"))
        }
    };
    super::print(&clean_line(&line));
    for release in &found.signed {
        let SignedRelease { seq, step, released_by, signed } = release;
        let told = format!("{shown}: signature of record {seq} good: {step} released by {released_by}, ");
        super::print(&clean_line(&(told + &signed.describe())));
    }
    is_good
}

fn tell_head(shown: &str, held: &Held, found: &Verification) -> bool {
    let line = match held {
        Held::Upto(record) => format!("{shown}: the noted head is that of record {record} of {}", found.records),
        _ => format!(
            "{shown}: NOT AS NOTED: none of its {} records has that hash: lines are missing at its end, it was made anew, \
             or it is another run",
            found.records
        ),
    };
    super::print(&clean_line(&line));
    matches!(held, Held::Upto(_))
}

/// What a signature of a journal is found to be.
pub struct Judged {
    /// Whether it is no sign of anything wrong.
    pub is_good: bool,
    /// Whose it is, when it is good, covers all records, and the list of signers names its key.
    pub whose: Option<String>,
    /// In words.
    pub told: String,
}

/// Judges a signature by itself, by the journal, and by the list of signers.
pub fn judge(signature: &Signature, held: Option<Held>, signers: Option<&Signers>, found: &Verification) -> Judged {
    let (statement, checked) = match &signature.read {
        Ok(read) => read,
        Err(Unsigned::NotSigned) => {
            return Judged { is_good: true, whose: None, told: "is not signed yet".into() };
        }
        Err(why) => return Judged { is_good: false, whose: None, told: format!("BAD: {why}") },
    };
    let by = format!("{} {:?}, {}", statement.role.word(), statement.by, statement.at);
    let key = format!("{} key {}", checked.key_type, checked.fingerprint);
    let trust = signers.map_or_else(
        || Trust::Unknown { why: "it was not compared with a list of signers".into() },
        |signers| signers.judge(checked, JOURNAL_NAMESPACE, statement.at.as_millis().div_euclid(1000)),
    );
    let records = found.records;
    let covers = match held {
        Some(Held::Upto(record)) if record == records => format!("all {records} records are as they were signed"),
        Some(Held::Upto(record)) => format!("{record} of {records} records are as they were signed"),
        Some(Held::Differs { record }) => {
            let told = format!("BAD: record {record} is not the one that was signed ({by}; {key}): it was made anew");
            return Judged { is_good: false, whose: None, told };
        }
        Some(Held::Missing { .. }) | None => {
            let signed = statement.records;
            let told =
                format!("BAD: {signed} records were signed, {records} are there ({by}; {key}): lines are missing");
            return Judged { is_good: false, whose: None, told };
        }
    };
    match trust {
        Trust::Good { principals } => {
            let told = format!("good: {principals} ({by}; {key}): {covers}");
            let whose = (held == Some(Held::Upto(records))).then_some(principals);
            Judged { is_good: true, whose, told }
        }
        Trust::Unknown { why } => {
            Judged { is_good: true, whose: None, told: format!("UNKNOWN signer ({by}; {key}): {why}; {covers}") }
        }
    }
}

/// How far the reading of a long journal has come, on a terminal.
struct Progress {
    path: PathBuf,
    bytes: u64,
    began: Instant,
    told: Option<Instant>,
}

impl Progress {
    fn new(path: &Path) -> Self {
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let bytes = if std::io::stderr().is_terminal() { bytes } else { 0 };
        Self { path: path.to_owned(), bytes, began: clock::monotonic(), told: None }
    }

    fn at(&mut self, bytes: u64) {
        if self.bytes < LONG {
            return;
        }
        let now = clock::monotonic();
        if now.duration_since(self.told.unwrap_or(self.began)) < PROGRESS_EVERY {
            return;
        }
        self.told = Some(now);
        let gone = now.duration_since(self.began).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let (done, all) = (bytes as f64, self.bytes as f64);
        let (rate, share) = (done / gone, (done / all).min(1.0));
        let left = (all - done).max(0.0) / rate;
        let line = format!(
            "{}: {:3.0} % · {:.0} MB/s · {left:.0} s left, ctrl-c to stop",
            self.path.display(),
            share * 100.0,
            rate / 1e6
        );
        let _ = write!(std::io::stderr(), "\r{}\u{1b}[K", clean_line(&line));
    }

    fn end(&self) {
        if self.told.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
