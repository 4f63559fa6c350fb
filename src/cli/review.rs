//! `piton review`: what is said of a run afterwards.

use crate::cli::args::{ReviewArguments, Verdict as Typed};
use crate::cli::error::CliError;
use crate::cli::progress::Progress;
use crate::cli::{journals, place, trust, verify};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::journal::{Found, Holder, RunDir};
use crate::review::{self, ReviewEvent, ReviewRecord, Said, Seen, Verdict};
use crate::text::clean_line;

/// `piton review RUN`.
///
/// # Errors
/// There is no such run, its journal holds no whole record, or the review cannot be added to.
pub fn review(typed: &ReviewArguments) -> Result<u8, CliError> {
    let dir = journals::run_dir(&typed.run)?;
    let said = match (&typed.comment, typed.verdict) {
        (Some(text), _) => Some(Said::comment(typed.record, text)),
        (None, Some(verdict)) => {
            let verdict = match verdict {
                Typed::Accepted => Verdict::Accepted,
                Typed::Remarks => Verdict::AcceptedWithRemarks,
                Typed::Rejected => Verdict::Rejected,
            };
            Some(Said::Verdict { verdict, text: typed.why.clone().unwrap_or_default() })
        }
        (None, None) => None,
    };
    let Some(said) = said else { return tell(&dir, typed.json) };
    let seen = seen(&dir, &said)?;
    let who = place::who("review");
    let since = SystemClock::starting(Timestamp::default()).now();
    let holder = Holder { operator: who.operator, host: who.host, pid: std::process::id(), since };
    let review = review::add(&dir, &holder, seen, said).map_err(CliError::failed)?;
    let added = review.records.last().map(line).unwrap_or_default();
    super::print(&clean_line(&format!("{}: {added}", dir.id())));
    super::print(&clean_line(&format!("in {}, head={}", review.path.display(), review.head)));
    if review.verdict().is_some() {
        let told = "the verdict is unproven until it is signed with the journal: piton sign --as reviewer";
        super::print(&clean_line(&format!("{told} {}", dir.id())));
    }
    Ok(0)
}

/// The journal as it stands, when that may be said of it: a journal that is broken or cannot have happened may well be rejected,
/// for what was seen of it is named by its hash; it is not accepted.
///
/// # Errors
/// It cannot be read, holds no whole record, is another run's, or is not to be accepted.
fn seen(dir: &RunDir, said: &Said) -> Result<Seen, CliError> {
    let looked = trust::look(dir)?;
    let shown = dir.journal_path().display().to_string();
    let refused = |why: String| CliError::failed(clean_line(&format!("{shown}: {why}; nothing was added")));
    if looked.found.records == 0 {
        return Err(CliError::failed(format!("{shown} holds no whole record")));
    }
    if let Some(what) = looked.doubts.misnamed() {
        // What is said of it would be said of another run.
        return Err(refused(what).hint("review that run, or look at how its journal came here"));
    }
    if let Some(what) = looked.against() {
        if matches!(said, Said::Verdict { verdict: Verdict::Accepted | Verdict::AcceptedWithRemarks, .. }) {
            return Err(refused(what).hint("say so with --verdict rejected --why, or remark on it with --comment"));
        }
        super::print(&clean_line(&format!("the journal: {what}")));
    }
    Ok(Seen { records: looked.found.records, head: looked.found.head })
}

/// Prints what was said, and what proves the verdicts; status 1 when a review is damaged.
fn tell(dir: &RunDir, json: bool) -> Result<u8, CliError> {
    let reviews = review::all(dir).map_err(CliError::failed)?;
    if reviews.is_empty() && !json {
        super::print("nobody has reviewed this run yet");
    }
    let (mut is_whole, mut has_verdict) = (true, false);
    for review in &reviews {
        for record in &review.records {
            if json {
                super::print(&serde_json::to_string(record).map_err(CliError::failed)?);
            } else if !matches!(record.event, ReviewEvent::ReviewOpened { .. }) {
                super::print(&clean_line(&line(record)));
            }
        }
        has_verdict |= review.verdict().is_some();
        if review.found != Found::Whole {
            is_whole &= !review.found.is_damage();
            let told = clean_line(&review.told()).into_owned();
            if json { eprintln(&told) } else { super::print(&told) }
        }
    }
    if !json && has_verdict {
        tell_proofs(dir)?;
    }
    Ok(u8::from(!is_whole))
}

/// Says of each verdict that counts what proves it: for that the journal is read.
fn tell_proofs(dir: &RunDir) -> Result<(), CliError> {
    let path = dir.plain_journal().map_err(CliError::failed)?;
    let signers = verify::signers(None)?;
    let mut progress = Progress::new(&path);
    let checked = verify::check(&path, None, signers.as_ref(), |bytes, _| progress.at(bytes));
    progress.end()?;
    let checked = checked?;
    for verify::Reviewed { review, proof, .. } in &checked.reviews {
        if let (Some((given, verdict, _)), Some(proof)) = (review.verdict(), proof) {
            super::print(&clean_line(&format!("{} by {}: {}", verdict.word(), given.by, proof.told())));
        }
    }
    Ok(())
}

fn eprintln(line: &str) {
    // A standard error that is closed is no reason to say anything else.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}

/// One line of a review, for people.
fn line(record: &ReviewRecord) -> String {
    let whose = record.whose();
    match &record.event {
        ReviewEvent::ReviewOpened { run, .. } => format!("{whose} began to review {run}"),
        ReviewEvent::CommentAdded { record: Some(record), text, .. } => format!("{whose} on record {record}: {text}"),
        ReviewEvent::CommentAdded { record: None, text, .. } => format!("{whose}: {text}"),
        ReviewEvent::VerdictGiven { verdict, text, seen } => {
            let text = if text.is_empty() { String::new() } else { format!(": {text}") };
            format!("{whose} {} (as it stood at record {}){text}", verdict.word(), seen.records)
        }
    }
}
