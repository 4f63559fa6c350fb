//! `piton report` and `piton show`: a run and a plan, for those who read them elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::args::{PaperFormat, ReportFormat};
use crate::cli::error::CliError;
use crate::cli::{journals, run};
use crate::engine::{Event, FileSeen, Output, Record};
use crate::fs;
use crate::journal::{Integrity, RunDir, Verification, digest, holder_of, read_records};
use crate::report::{self, FileNow, Material};
use crate::runbook;

/// `piton report RUN`: nothing is changed, and no lock is taken.
///
/// # Errors
/// There is no such journal, or it holds no whole record.
pub fn report(name: &str, format: ReportFormat) -> Result<u8, CliError> {
    let path = journals::journal_path(name)?;
    let (records, found) = read_records(&path).map_err(CliError::failed)?;
    let Some(Event::RunOpened(opened)) = records.first().map(|record| &record.event) else {
        return Err(nothing(&path, &found));
    };
    let (book, findings) = runbook::parse(&opened.text);
    let why = || findings.first().map(|found| found.message.clone()).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    let dir = RunDir::new(&folder);
    let is_running = holder_of(&dir.lock_path()).is_some();
    let material = Material {
        runbook: book.as_ref().ok_or_else(why),
        integrity: integrity(&found.integrity, is_running),
        is_whole: found.integrity == Integrity::Whole,
        head: found.head.clone(),
        is_running,
        files: files(&dir.output_dir(), &records),
        records: &records,
    };
    let told = report::build(&material).ok_or_else(|| nothing(&path, &found))?;
    let text = match format {
        ReportFormat::Md => report::markdown(&told),
        ReportFormat::Html => report::html(&told),
        ReportFormat::Json => report::json(&told),
    };
    super::write_out(text.as_bytes())
}

/// Why there is nothing to tell of a journal.
fn nothing(path: &Path, found: &Verification) -> CliError {
    let shown = path.display();
    match &found.integrity {
        Integrity::NewerFormat { found } => {
            CliError::failed(format!("{shown} is written in journal format {found}: use a newer piton"))
        }
        Integrity::Damaged { line, what } => {
            CliError::failed(format!("{shown} is broken at line {line}: {what}; there is nothing before it"))
        }
        _ => CliError::failed(format!("{shown} holds no whole record: there is nothing to report")),
    }
}

fn integrity(found: &Integrity, is_running: bool) -> String {
    match found {
        Integrity::Whole => "intact".into(),
        Integrity::TornTail { line, .. } if is_running => {
            format!("intact up to line {line}, which is being written or torn")
        }
        Integrity::TornTail { line, bytes } => {
            format!("torn at line {line} ({bytes} bytes that were never acknowledged)")
        }
        Integrity::Damaged { line, what } => format!("BROKEN at line {line}: {what}"),
        Integrity::NewerFormat { found } => format!("written in journal format {found} from there on"),
        Integrity::NeverOpened => "without a record".into(),
    }
}

/// What the kept files of that folder are now. A name that leads elsewhere is not followed: the journal may be anybody's.
fn files(folder: &Path, records: &[Record]) -> BTreeMap<String, FileNow> {
    let kept = records.iter().filter_map(|record| match &record.event {
        Event::CommandFinished { output: Some(output), .. } => Some(output),
        _ => None,
    });
    let is_plain =
        |output: &&Output| Path::new(&output.file).file_name().is_some_and(|name| name == output.file.as_str());
    let (outputs, copies) = (kept.filter(is_plain), records.iter().filter_map(copy_of));
    let now = |name: &String, bytes: u64, sha256: &str| (name.clone(), file_now(&folder.join(name), bytes, sha256));
    let outputs = outputs.map(|output| now(&output.file, output.bytes, &output.sha256));
    let beside = folder.parent().unwrap_or(folder);
    let copies = copies.map(|(name, file)| (name.clone(), file_now(&beside.join(name), file.bytes, &file.sha256)));
    outputs.chain(copies).collect()
}

/// The copy of a file that was attached: a plain name in the folder for such.
fn copy_of(record: &Record) -> Option<(&String, &FileSeen)> {
    let Event::EvidenceAttached { file, kept: Some(kept), .. } = &record.event else { return None };
    let name = kept.strip_prefix("evidence/")?;
    Path::new(name).file_name().is_some_and(|plain| plain == name).then_some((kept, file))
}

fn file_now(path: &Path, bytes: u64, sha256: &str) -> FileNow {
    match fs::look(path) {
        Ok(None) => return FileNow::Missing,
        Ok(Some(known)) if known.is_file() && known.len() != bytes => return FileNow::Differs,
        Ok(Some(known)) if known.is_file() => {}
        _ => return FileNow::NotLookedAt,
    }
    let hash = fs::open_read(path).ok().and_then(|mut file| digest(&mut file).ok());
    match hash {
        Some((found, _)) if found == sha256 => FileNow::Same,
        Some(_) => FileNow::Differs,
        None => FileNow::NotLookedAt,
    }
}

/// `piton show RUNBOOK`: the plan on paper.
///
/// # Errors
/// There is no such runbook, or it has errors.
pub fn show(folder: Option<PathBuf>, name: &str, format: PaperFormat) -> Result<u8, CliError> {
    let entry = run::library_of(folder)?.find(name).map_err(CliError::failed)?;
    let book = entry.runbook().ok_or_else(|| {
        CliError::failed(format!("{name} has errors")).hint(format!("`piton check {name}` tells them"))
    })?;
    let paper = report::paper(book);
    let text = match format {
        PaperFormat::Md => report::paper_markdown(&paper),
        PaperFormat::Html => report::paper_html(&paper),
    };
    super::write_out(text.as_bytes())
}
