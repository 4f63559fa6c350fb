//! What lies beside a journal, for the screens.

use std::path::Path;

use crate::cli::along::Along;
use crate::cli::error::CliError;
use crate::cli::proof::{Proof, with_reviews};
use crate::cli::verify::{self, Judged, Known, Reviewed, Trusted, check, judge};
use crate::engine::Mode;
use crate::fs;
use crate::journal::{Held, RunDir, RunSummary, Signature, Unsigned};
use crate::review::{Review, ReviewEvent, all as all_reviews};
use crate::signature::Signers;
use crate::tui::beside::{Beside, Remark, SignatureSeen, Trust, VerdictSeen};

/// What lies beside the journal of that folder, held against it: all of the journal is read.
///
/// # Errors
/// It cannot be read, or what lies beside it, or the list of signers.
pub fn of_folder(folder: &Path) -> Result<Beside, CliError> {
    let dir = RunDir::new(folder);
    if is_bare(&dir) {
        return Ok(Beside::default());
    }
    let path = dir.journal_path();
    // A link may have been typed; a pipe is not read a second time.
    fs::open_plain(&path).map_err(CliError::failed)?;
    let checked = check(&path, None, verify::signers(None)?.as_ref(), |_, _| true)?;
    let mut beside = Beside::default();
    for (signature, judged) in &checked.signatures {
        beside.signatures.push(seen(signature, judged));
    }
    for Reviewed { review, is_held, proof } in &checked.reviews {
        take(&mut beside, review, *is_held, proof.clone().unwrap_or_default());
    }
    Ok(sorted(beside))
}

/// The same from what a list of runs knows, `None` where nothing lies there: a signature of the last record is judged by
/// its hash; one of an earlier record is not compared with it.
pub fn of_summary(run: &RunSummary, signers: Result<Option<&Signers>, &str>) -> Option<Beside> {
    if is_bare(&run.dir) {
        return None;
    }
    let mut beside = Beside::default();
    let signers = signers.unwrap_or_else(|why| {
        beside.unread = Some(why.to_owned());
        None
    });
    let along = Along::of_summary(run);
    let mut judged = Vec::new();
    let reviews = all_reviews(&run.dir);
    match run.dir.signatures() {
        Ok(signatures) => {
            let reviews = reviews.as_deref().unwrap_or_default();
            for signature in signatures {
                let (seen, found) = glanced(signature, run, signers, &along, reviews);
                beside.signatures.push(seen);
                judged.extend(found);
            }
        }
        Err(error) => beside.unread = Some(error.to_string()),
    }
    match reviews {
        Ok(reviews) => {
            for review in &reviews {
                let is_other = |seen: &crate::review::Seen| {
                    seen.records > run.records || seen.records == run.records && seen.head != run.head
                };
                let is_of_run = review.run().is_none_or(|of| along.is_named(of));
                let proof = Proof::of(review, &judged, &along).unwrap_or_default();
                take(&mut beside, review, is_of_run && !review.seen().any(is_other), proof);
            }
        }
        Err(error) => beside.unread = Some(error.to_string()),
    }
    Some(sorted(beside))
}

/// Whether nothing was ever laid there.
fn is_bare(dir: &RunDir) -> bool {
    !dir.signatures_dir().exists() && !dir.path().join("reviews").exists()
}

/// A signature as far as the list of runs can judge it, and what it then proves.
fn glanced(
    signature: Signature,
    run: &RunSummary,
    signers: Option<&Signers>,
    along: &Along,
    reviews: &[Review],
) -> (SignatureSeen, Option<(Signature, Judged)>) {
    let held = match &signature.read {
        Ok((statement, _)) if statement.records < run.records => {
            let (upto, told) = (statement.records, "its record was not looked at".to_owned());
            let seen = SignatureSeen { trust: Trust::NotCompared, whose: String::new(), upto, told };
            return (seen, None);
        }
        Ok((statement, _)) if statement.records > run.records => {
            Some(Held::Missing { records: Some(statement.records) })
        }
        Ok((statement, _)) if statement.head == run.head => Some(Held::Upto(run.records)),
        Ok((statement, _)) => Some(Held::Differs { record: statement.records }),
        Err(_) => None,
    };
    let is_practice = run.opening.as_ref().map(|opening| opening.mode == Mode::Practice);
    let known = Known { records: run.records, is_practice };
    let judged = judge(&signature, held, signers, known);
    let (signature, judged) = along.held_against(signature, judged);
    let judged = with_reviews(judged, &signature, reviews);
    (seen(&signature, &judged), Some((signature, judged)))
}

fn seen(signature: &Signature, judged: &Judged) -> SignatureSeen {
    let trust = match (&signature.read, judged.trust) {
        (Err(Unsigned::NotSigned), _) => Trust::NotSigned,
        (_, Trusted::Good) => Trust::Good,
        (_, Trusted::Unknown) => Trust::Unknown,
        (_, Trusted::Bad) => Trust::Bad,
    };
    let file = signature.path.file_name().unwrap_or_default().to_string_lossy();
    let (whose, told) = (judged.principals.clone().unwrap_or_default(), format!("{file} {}", judged.told));
    SignatureSeen { trust, whose, upto: judged.upto, told }
}

fn take(beside: &mut Beside, review: &Review, is_held: bool, proof: Proof) {
    if review.found.is_damage() {
        beside.troubles.push(review.told());
    }
    if !is_held {
        beside.troubles.push(format!(
            "{} is of another run, or of other records than those of this journal",
            review.path.display()
        ));
    }
    let is_held = is_held && !review.found.is_damage();
    let given = review.records.iter().rev().find_map(|record| match &record.event {
        ReviewEvent::VerdictGiven { seen, verdict, text } => Some((record, seen.records, *verdict, text.clone())),
        _ => None,
    });
    beside.verdicts.extend(given.map(|(record, upto, verdict, text)| {
        let (by, at) = (record.by.clone(), record.at);
        let Proof { signed_by, is_operator } = proof.clone();
        VerdictSeen { by, at, verdict, text, upto, is_held, signed_by, is_operator }
    }));
    for said in &review.records {
        if let ReviewEvent::CommentAdded { record, text, .. } = &said.event {
            let (by, at) = (said.by.clone(), said.at);
            beside.remarks.push(Remark { by, at, record: *record, text: text.clone() });
        }
    }
}

fn sorted(mut beside: Beside) -> Beside {
    beside.remarks.sort_by_key(|remark| remark.at);
    beside
}
