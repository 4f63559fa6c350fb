//! `piton verify`: whether journals are whole, and what was noted of them elsewhere still holds.

use std::path::Path;

use crate::cli::along::Along;
use crate::cli::args::VerifyArguments;
use crate::cli::error::CliError;
use crate::cli::kept_files::Named;
use crate::cli::progress::Progress;
use crate::cli::proof::{Proof, with_reviews};
use crate::cli::trust::Doubts;
use crate::cli::{chained, journals, packed, place, strange};
use crate::engine::{Mode, SignedRelease};
use crate::fs;
use crate::journal::{
    Held, Integrity, JOURNAL_NAMESPACE, Noted, Outline, RunDir, Signature, Statement, Unsigned, Verification,
    compare_along, folder_of,
};
use crate::keeping::is_archive;
use crate::review::{Review, all as all_reviews};
use crate::signature::{Signers, Trust};
use crate::text::clean_line;

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
            // What lies below a file is not there either.
            Ok(path) if fs::is_there(&path) && !path.parent().is_some_and(Path::is_file) => path,
            _ => return Ok(None),
        },
    };
    let text = fs::read_text_up_to(&path, MAX_SIGNERS_BYTES).map_err(CliError::failed)?;
    let parsed = Signers::parse(&text, &jiff::tz::TimeZone::system());
    let told = |error| CliError::failed(format!("{}: {error}", path.display()));
    Ok(Some(parsed.map_err(told)?))
}

impl Asked<'_> {
    /// Whether that journal is as it must be; says so.
    fn verify(&self, name: &str) -> Result<bool, CliError> {
        let path = journals::journal_path(name)?;
        if is_archive(&path) {
            let archive = packed::open(&path)?;
            let is_good = archive.tell(&path);
            return match archive.journal() {
                Some(journal) => Ok(self.held(&journal, &path, true)? && is_good),
                None => Ok(false),
            };
        }
        match chained::held(&path, self.typed.head.as_deref())? {
            Some(is_good) => Ok(self.is_signed_if_asked(&path.display().to_string(), false) && is_good),
            None => self.held(&path, &path, false),
        }
    }

    /// Whether the journal at that path is as it must be; says so of what is shown: the archive that it was taken out of, or
    /// itself.
    fn held(&self, path: &Path, shown: &Path, is_archived: bool) -> Result<bool, CliError> {
        let mut progress = Progress::of(path, shown.to_owned());
        // An archive names its run by itself.
        let mut doubts = if is_archived { Doubts::default() } else { Doubts::of(path) };
        let mut kept = Vec::new();
        let checked = check(path, self.typed.head.clone(), self.signers.as_ref(), |bytes, record| {
            if let Some(record) = record.record() {
                doubts.take(record);
                kept.extend(Named::of(record));
            }
            progress.at(bytes)
        });
        progress.end()?;
        let Checked { found, head, signatures, mut reviews, .. } = checked?;
        if is_archived {
            // Where they lie for a moment is nothing that anybody can look at.
            for Reviewed { review, .. } in &mut reviews {
                review.path = shown.join("reviews").join(review.path.file_name().unwrap_or_default());
            }
        }
        let folder = folder_of(path).filter(|_| !is_archived && !self.typed.journal_only);
        let shown = &*shown.display().to_string();
        let strange = if found.records == 0 && !is_archived { strange::told(path) } else { None };
        let mut is_good = match strange {
            Some(what) => {
                super::print(&clean_line(&format!("{shown}: NO JOURNAL: it is {what}")));
                false
            }
            None => tell(shown, &found),
        };
        is_good &= tell_doubts(shown, &doubts);
        is_good &= folder.map_or(Ok(true), |folder| tell_kept(shown, &kept, folder.path()))?;
        if let Some(held) = head {
            let record = if let Held::Upto(record) = held { Some(record) } else { None };
            is_good &= tell_head(shown, record, found.records);
        }
        let mut is_signed = false;
        for (signature, judged) in &signatures {
            let file = signature.path.file_name().unwrap_or_default().to_string_lossy();
            super::print(&clean_line(&format!("{shown}: signature {file} {}", judged.told)));
            is_good &= judged.trust != Trusted::Bad;
            is_signed |= judged.trust != Trusted::Bad && self.is_by_whom_it_must(signature, &found);
        }
        is_good &= tell_reviews(&reviews);
        Ok(self.is_signed_if_asked(shown, is_signed) && is_good)
    }

    /// Whether it is signed by whom it must be, if it must be; says so when it is not.
    fn is_signed_if_asked(&self, shown: &str, is_signed: bool) -> bool {
        let Some(name) = self.typed.signed_by.as_ref().filter(|_| !is_signed) else { return true };
        super::print(&clean_line(&format!("{shown}: NOT SIGNED by {name} with all its records")));
        false
    }

    /// Whether that signature, which fits, is that of the name that was given, and of all records.
    fn is_by_whom_it_must(&self, signature: &Signature, found: &Verification) -> bool {
        let (Some(name), Some(signers), Ok((statement, checked))) =
            (&self.typed.signed_by, &self.signers, &signature.read)
        else {
            return false;
        };
        statement.records == found.records && signers.is_of(name, checked, JOURNAL_NAMESPACE, stated(statement))
    }
}

/// A journal, and what was noted of it.
pub struct Checked {
    /// The journal by itself.
    pub found: Verification,
    /// How it stands to the head that was given.
    pub head: Option<Held>,
    /// The signatures that lie beside it.
    pub signatures: Vec<(Signature, Judged)>,
    /// The reviews that lie beside it.
    pub reviews: Vec<Reviewed>,
    /// What the journal says of itself.
    pub along: Along,
}

/// A review that lies beside a journal.
pub struct Reviewed {
    /// The review.
    pub review: Review,
    /// Whether the journal still holds what was reviewed.
    pub is_held: bool,
    /// What proves its verdict, if it has one.
    pub proof: Option<Proof>,
}

/// Reads a journal once, as long as `each` says that it is to go on, and holds it against that head, and what lies beside it in a
/// run's folder.
///
/// # Errors
/// It cannot be read, or what lies beside it; or `each` ended it.
pub fn check(
    path: &Path,
    head: Option<String>,
    signers: Option<&Signers>,
    mut each: impl FnMut(u64, &Outline) -> bool,
) -> Result<Checked, CliError> {
    let dir = folder_of(path);
    let signatures = dir.as_ref().map_or(Ok(Vec::new()), RunDir::signatures).map_err(CliError::failed)?;
    let reviews = dir.as_ref().map_or(Ok(Vec::new()), all_reviews).map_err(CliError::failed)?;
    let mut noted: Vec<Noted> = Vec::new();
    for (statement, _) in signatures.iter().filter_map(|signature| signature.read.as_ref().ok()) {
        noted.push(Noted { records: Some(statement.records), head: statement.head.clone() });
    }
    for seen in reviews.iter().flat_map(Review::seen) {
        noted.push(Noted { records: Some(seen.records), head: seen.head.clone() });
    }
    noted.extend(head.iter().map(|head| Noted { records: None, head: head.clone() }));
    let mut along = Along::of(&noted);
    let read = compare_along(path, noted, |bytes, record| {
        along.take(record);
        each(bytes, record)
    });
    let (found, held) = read.map_err(CliError::failed)?;
    let mut held = held.into_iter();
    let opened = dir.as_ref().filter(|_| !signatures.is_empty()).and_then(RunDir::opened);
    let is_practice = opened.map(|opened| opened.mode == Mode::Practice);
    let known = Known { records: found.records, is_practice };
    let judged = |signature: Signature| {
        let its = if signature.read.is_ok() { held.next() } else { None };
        let judged = judge(&signature, its, signers, known);
        (signature, judged)
    };
    let signatures: Vec<_> = signatures.into_iter().map(judged).collect();
    let is_held = |review: &Review| {
        let count = review.seen().count();
        let its: Vec<Held> = held.by_ref().take(count).collect();
        let is_of_run = review.run().is_none_or(|run| along.is_named(run));
        is_of_run && its.iter().all(|held| matches!(held, Held::Upto(_)))
    };
    let are_held: Vec<bool> = reviews.iter().map(is_held).collect();
    let against = |(signature, judged)| {
        let (signature, judged) = along.held_against(signature, judged);
        let judged = with_reviews(judged, &signature, &reviews);
        (signature, judged)
    };
    let signatures: Vec<_> = signatures.into_iter().map(against).collect();
    let reviews = reviews.into_iter().zip(are_held).map(|(review, is_held)| {
        let proof = Proof::of(&review, &signatures, &along);
        Reviewed { review, is_held, proof }
    });
    let reviews = reviews.collect();
    let head = head.and_then(|_| held.next());
    Ok(Checked { found, head, signatures, reviews, along })
}

fn tell(shown: &str, found: &Verification) -> bool {
    let counted = format!("records={} head={}", found.records, found.head);
    let closed = found.chain.closed().map_or("NOT CLOSED".into(), |outcome| format!("closed: {}", outcome.word()));
    let (is_good, line) = match &found.integrity {
        Integrity::Whole => (true, format!("{shown}: whole, {closed} {counted}")),
        Integrity::TornTail { line, bytes } => {
            let notice = format!("(notice: line {line} is torn, {bytes} bytes; resuming sets it aside)");
            (true, format!("{shown}: whole, {closed} {counted} {notice}"))
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
            let before = match &found.doubt {
                Some(doubt) => {
                    format!("records={} head={} before record {}", doubt.record - 1, doubt.head, doubt.record)
                }
                None => format!("{counted} before it"),
            };
            (false, format!("{shown}: DAMAGED at line {line}: {what} ({before})"))
        }
    };
    super::print(&clean_line(&line));
    for release in &found.signed {
        let SignedRelease { seq, step, released_by, .. } = release;
        let told = format!("{shown}: signature of record {seq} good: {step} released by {released_by}, ");
        super::print(&clean_line(&(told + &release.describe())));
    }
    is_good
}

/// Whether a journal lies in its own run's folder and tells what can have happened, as far as that can be told; says so where it
/// does not.
fn tell_doubts(shown: &str, doubts: &Doubts) -> bool {
    let told = doubts.told();
    for what in &told {
        super::print(&clean_line(&format!("{shown}: {what}")));
    }
    if let Some(why) = doubts.unread() {
        let told = format!("{shown}: not held against its runbook, which this version of piton cannot read: {why}");
        super::print(&clean_line(&told));
    }
    told.is_empty()
}

/// Whether the reviews are whole and of this run; says so, and what proves their verdicts.
fn tell_reviews(reviews: &[Reviewed]) -> bool {
    let mut is_good = true;
    for Reviewed { review, is_held, proof } in reviews {
        let shown = review.path.display();
        super::print(&clean_line(&review.told()));
        is_good &= !review.found.is_damage() && *is_held;
        if !is_held {
            super::print(&clean_line(&format!("{shown}: BAD: it is of another run or of other records")));
        }
        if let (Some(proof), Some((given, verdict, _))) = (proof, review.verdict()) {
            let told = format!("{shown}: {} by {}: {}", verdict.word(), given.by, proof.told());
            super::print(&clean_line(&told));
        }
    }
    is_good
}

/// Whether the files that a journal names lie in that folder as they were recorded; says so.
///
/// # Errors
/// Somebody ended the reading.
fn tell_kept(shown: &str, kept: &[Named], folder: &Path) -> Result<bool, CliError> {
    let differing: Vec<String> =
        kept.iter().filter_map(|named| named.against(folder).transpose()).collect::<Result<_, _>>()?;
    for what in &differing {
        super::print(&clean_line(&format!("{shown}: NOT AS RECORDED: {what}")));
    }
    match kept.len() - differing.len() {
        0 => {}
        1 => super::print(&clean_line(&format!("{shown}: 1 kept file is as it was recorded"))),
        same => super::print(&clean_line(&format!("{shown}: {same} kept files are as they were recorded"))),
    }
    Ok(differing.is_empty())
}

/// Whether the hash that was noted is that of one of so many records, by its number; says so.
pub fn tell_head(shown: &str, record: Option<u64>, records: u64) -> bool {
    let line = match record {
        Some(record) => format!("{shown}: the noted head is that of record {record} of {records}"),
        None => format!(
            "{shown}: NOT AS NOTED: none of its {records} records has that hash: lines are missing at its end, it was made \
             anew, or it is another one"
        ),
    };
    super::print(&clean_line(&line));
    record.is_some()
}

/// Whether a signature is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// It fits, and the list of signers says whose it is.
    Good,
    /// It fits, but whose it is nobody knows; or nobody has signed yet.
    Unknown,
    /// It does not fit.
    Bad,
}

/// What a signature of a journal is found to be.
pub struct Judged {
    /// Whether it is one.
    pub trust: Trusted,
    /// Whose it is, when it is good.
    pub principals: Option<String>,
    /// Up to which record the journal is as it was signed; 0 when it is not, or when nobody has signed.
    pub upto: u64,
    /// Whose it is, when it is good and covers all records.
    pub whose: Option<String>,
    /// In words.
    pub told: String,
}

/// What is known of the journal that was signed.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// How many records it has.
    pub records: u64,
    /// Whether it is of a practice run; `None` where that cannot be told.
    pub is_practice: Option<bool>,
}

/// Judges a signature by itself, by the journal of so many records, and by the list of signers.
pub fn judge(signature: &Signature, held: Option<Held>, signers: Option<&Signers>, known: Known) -> Judged {
    let Known { records, is_practice } = known;
    let judged = |trust, told| Judged { trust, principals: None, upto: 0, whose: None, told };
    let (statement, checked) = match &signature.read {
        Ok(read) => read,
        Err(Unsigned::NotSigned) => return judged(Trusted::Unknown, "is not signed yet".into()),
        Err(why) => return judged(Trusted::Bad, format!("BAD: {why}")),
    };
    let by = format!("{} {:?}, {}", statement.role.word(), statement.by, statement.at);
    let by = if statement.is_practice { format!("PRACTICE, {by}") } else { by };
    let review = statement.review.as_ref().map(|stood| format!(", with a review of {} lines", stood.lines));
    let by = by + &review.unwrap_or_default();
    let key = format!("{} key {}", checked.key_type, checked.fingerprint);
    if is_practice.is_some_and(|is_practice| is_practice != statement.is_practice) {
        let (said, is) = if statement.is_practice { ("practice", "a live run") } else { ("a live run", "practice") };
        return judged(Trusted::Bad, format!("BAD: it was signed as {said}, the journal is of {is} ({by}; {key})"));
    }
    let upto = if let Some(Held::Upto(record)) = held { record } else { 0 };
    let covers = match held {
        Some(Held::Upto(record)) if record == records => format!("all {records} records are as they were signed"),
        Some(Held::Upto(record)) => format!("{record} of {records} records are as they were signed"),
        Some(Held::Differs { record }) => {
            let told = format!("BAD: record {record} is not the one that was signed ({by}; {key}): it was made anew");
            return judged(Trusted::Bad, told);
        }
        Some(Held::Missing { .. }) | None => {
            let signed = statement.records;
            let told =
                format!("BAD: {signed} records were signed, {records} are there ({by}; {key}): lines are missing");
            return judged(Trusted::Bad, told);
        }
    };
    let trust = signers.map_or_else(
        || Trust::Unknown { why: "it was not compared with a list of signers".into() },
        |signers| signers.judge(checked, JOURNAL_NAMESPACE, stated(statement), &statement.by),
    );
    match trust {
        Trust::Good { principals } => Judged {
            trust: Trusted::Good,
            told: format!("good: {principals} ({by}; {key}): {covers}"),
            upto,
            whose: (upto == records).then(|| principals.clone()),
            principals: Some(principals),
        },
        Trust::Unknown { why } => {
            let told = format!("UNKNOWN signer ({by}; {key}): {why}; {covers}");
            Judged { upto, ..judged(Trusted::Unknown, told) }
        }
    }
}

/// When it was signed, as it says, in seconds since 1970.
fn stated(statement: &Statement) -> i64 {
    statement.at.as_millis().div_euclid(1000)
}
