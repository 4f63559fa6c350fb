//! `piton review`: what is said of a run afterwards.

use crate::cli::args::{ReviewArguments, Verdict as Typed};
use crate::cli::error::CliError;
use crate::cli::{journals, place};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::journal::{Found, Holder, Integrity, verify};
use crate::review::{self, Review, ReviewEvent, ReviewRecord, Said, Seen, Verdict};
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
    let Some(said) = said else { return tell(&review::all(&dir).map_err(CliError::failed)?, typed.json) };
    let found = verify(&dir.plain_journal().map_err(CliError::failed)?).map_err(CliError::failed)?;
    if found.records == 0 {
        return Err(CliError::failed(format!("{} holds no whole record", dir.journal_path().display())));
    }
    if let Integrity::Damaged { line, what } = &found.integrity {
        // A damaged journal may well be rejected: what was seen of it is named by its hash.
        super::print(&clean_line(&format!("the journal is damaged at line {line}: {what}")));
    }
    let who = place::who("review");
    let since = SystemClock::starting(Timestamp::default()).now();
    let holder = Holder { operator: who.operator, host: who.host, pid: std::process::id(), since };
    let seen = Seen { records: found.records, head: found.head };
    let review = review::add(&dir, &holder, seen, said).map_err(CliError::failed)?;
    let added = review.records.last().map(line).unwrap_or_default();
    super::print(&clean_line(&format!("{}: {added}", dir.id())));
    super::print(&clean_line(&format!("in {}, head={}", review.path.display(), review.head)));
    Ok(0)
}

/// Prints what was said; status 1 when a review is damaged.
fn tell(reviews: &[Review], json: bool) -> Result<u8, CliError> {
    if reviews.is_empty() && !json {
        super::print("nobody has reviewed this run yet");
    }
    let mut is_whole = true;
    for review in reviews {
        for record in &review.records {
            if json {
                super::print(&serde_json::to_string(record).map_err(CliError::failed)?);
            } else if !matches!(record.event, ReviewEvent::ReviewOpened { .. }) {
                super::print(&clean_line(&line(record)));
            }
        }
        if review.found != Found::Whole {
            is_whole &= !review.found.is_damage();
            let told = clean_line(&review.told()).into_owned();
            if json { eprintln(&told) } else { super::print(&told) }
        }
    }
    Ok(u8::from(!is_whole))
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
