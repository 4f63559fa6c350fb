//! `piton report` and `piton show`: a run and a plan, for those who read them elsewhere.

use std::collections::BTreeMap;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cli::args::{PaperFormat, ReportFormat};
use crate::cli::error::CliError;
use crate::cli::kept_files::Named;
use crate::cli::looks::Looks;
use crate::cli::progress::{Progress, each_record};
use crate::cli::verify::{self, Trusted};
use crate::cli::{journals, replay, run, strange};
use crate::engine::{Event, Record};
use crate::journal::{Found, Integrity, Verification, folder_of, is_held};
use crate::report::{self, Beside, FileNow, Material, Reviewed, SignatureTold};
use crate::review::{ReviewEvent, ReviewRecord};
use crate::runbook;
use crate::tui::theme::Theme;
use crate::tui::{self, CastError, Options};

/// `piton report RUN`: nothing is changed, and no lock is taken.
///
/// # Errors
/// There is no such journal, or it holds no whole record.
pub fn report(name: &str, format: ReportFormat) -> Result<u8, CliError> {
    let path = journals::journal_path(name)?;
    let mut records = Vec::new();
    let found = each_record(&path, &mut |record| records.push(record))?;
    let Some(Event::RunOpened(opened)) = records.first().map(|record| &record.event) else {
        return Err(nothing(&path, &found));
    };
    let (book, findings) = runbook::parse(&opened.text);
    let why = || findings.first().map(|found| found.message.clone()).unwrap_or_default();
    // A file of another name lies in no run's folder: whatever is beside it is not that run's.
    let dir = folder_of(&path);
    let is_running = is_held(&path);
    let material = Material {
        runbook: book.as_ref().ok_or_else(why),
        integrity: integrity(&found.integrity, is_running),
        misnamed: dir.as_ref().and_then(|dir| dir.misnamed(&opened.run)).map(|misnamed| misnamed.to_string()),
        is_whole: found.integrity == Integrity::Whole,
        head: found.trusted().1.to_owned(),
        is_running,
        files: dir.map_or_else(|| Ok(BTreeMap::new()), |dir| files(dir.path(), &records))?,
        beside: beside(&path)?,
        // Without the first nothing can be told at all.
        records: if found.doubt.is_some() && records.len() > 1 { &records[..records.len() - 1] } else { &records },
        doubtful: records.last().filter(|_| found.doubt.is_some()),
    };
    let told = report::build(&material).ok_or_else(|| nothing(&path, &found))?;
    let text = match format {
        ReportFormat::Md => report::markdown(&told),
        ReportFormat::Html => report::html(&told),
        ReportFormat::Json => report::json(&told),
        ReportFormat::Cast => return Err(CliError::usage("a recording is drawn, not told")),
    };
    super::write_out(text.as_bytes())
}

/// `piton report RUN --format cast`.
///
/// # Errors
/// There is no such journal, it holds no whole record, or it cannot be written.
pub fn cast(name: &str, looks: &Looks, size: (u16, u16)) -> Result<u8, CliError> {
    let path = journals::journal_path(name)?;
    let mut progress = Progress::new(&path);
    let recording = replay::recording(&path, false, &mut |bytes, _| progress.at(bytes));
    progress.end()?;
    let recording = recording?;
    // Whoever plays it has another terminal than this one.
    let options = looks.options()?;
    let theme = options.theme.clone().or_else(|| Theme::shipped("dark"));
    let options = Options { theme, ..options };
    let mut out = BufWriter::new(std::io::stdout().lock());
    match tui::cast(recording, &options, size, &mut out) {
        Err(CastError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
        drawn => drawn.map(|()| 0).map_err(CliError::failed),
    }
}

/// What others left beside the journal, held against it.
fn beside(path: &Path) -> Result<Beside, CliError> {
    let signers = verify::signers(None)?;
    let mut progress = Progress::new(path);
    let checked = verify::check(path, None, signers.as_ref(), |bytes, _| progress.at(bytes));
    progress.end()?;
    let checked = checked?;
    let mut beside = Beside::default();
    for (signature, judged) in checked.signatures {
        let file = signature.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let trust = match judged.trust {
            Trusted::Good => "good",
            Trusted::Unknown => "unknown",
            Trusted::Bad => "bad",
        };
        if judged.trust == Trusted::Bad {
            beside.warnings.push(format!("The signature {file} is {}.", judged.told));
        }
        beside.signatures.push(SignatureTold { file, trust: trust.into(), told: judged.told });
    }
    for verify::Reviewed { review, is_held, proof } in checked.reviews {
        if !matches!(review.found, Found::Whole) {
            beside.warnings.push(format!("A review is not whole: {}.", review.told()));
        }
        if !is_held {
            let file = review.path.display();
            beside
                .warnings
                .push(format!("The review {file} is of another run, or of other records than those of this journal."));
        }
        let (counts, proof) = (review.verdict().map(|(given, ..)| given.seq), proof.unwrap_or_default());
        let told = review.records.iter().filter_map(|record| {
            let signed_by = proof.signed_by.clone().filter(|_| counts == Some(record.seq));
            Some(Reviewed { signed_by, is_operator: checked.along.has_sat(&record.by), ..reviewed(record)? })
        });
        beside.reviews.extend(told);
    }
    beside.reviews.sort_by_key(|said| said.at);
    Ok(beside)
}

fn reviewed(record: &ReviewRecord) -> Option<Reviewed> {
    let (seen, on, verdict, text) = match &record.event {
        ReviewEvent::ReviewOpened { .. } => return None,
        ReviewEvent::CommentAdded { seen, record, text } => (seen, *record, None, text),
        ReviewEvent::VerdictGiven { seen, verdict, text } => (seen, None, Some(verdict.word().to_owned()), text),
    };
    let (at, by, text) = (record.at, record.by.clone(), text.clone());
    Some(Reviewed { at, by, records: seen.records, record: on, verdict, text, signed_by: None, is_operator: false })
}

/// Why there is nothing to tell of a journal.
pub fn nothing(path: &Path, found: &Verification) -> CliError {
    let shown = path.display();
    if let Some(what) = strange::told(path) {
        return CliError::failed(format!("{shown} is {what}"));
    }
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

/// Whether a journal is whole, in words.
pub fn integrity(found: &Integrity, is_running: bool) -> String {
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

/// What the kept files of that folder are now, by the names that the records have for them. A name that leads elsewhere is not
/// followed.
///
/// # Errors
/// Somebody ended the reading.
fn files(folder: &Path, records: &[Record]) -> Result<BTreeMap<String, FileNow>, CliError> {
    let mut files = BTreeMap::new();
    for named in records.iter().filter_map(Named::of) {
        let Some(now) = named.now(folder)? else { continue };
        files.insert(named.name.strip_prefix("output/").unwrap_or(&named.name).to_owned(), now);
    }
    Ok(files)
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
