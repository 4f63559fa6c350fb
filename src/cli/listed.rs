//! A run in the list of `piton journals`: as a line of text, and as JSON.

use serde_json::{Value, json};

use crate::cli::journals::{duration, integrity, lasted, standing};
use crate::engine::Mode;
use crate::journal::{RunSummary, SoakSeen, Standing};
use crate::text::counted;
use crate::tui::beside::{Beside, Trust};

/// No column of the text is wider than that: what is longer pushes the rest of its own line only.
const MOST: usize = 44;

/// How wide the first columns of the text are.
pub struct Widths {
    run: usize,
    standing: usize,
    deviations: usize,
}

impl Widths {
    /// What these runs need.
    pub fn of(runs: &[&RunSummary]) -> Self {
        let widest = |of: &dyn Fn(&RunSummary) -> String| {
            runs.iter().map(|run| of(run).chars().count()).filter(|cells| *cells <= MOST).max().unwrap_or(0)
        };
        Self { run: widest(&|run| run.dir.id()), standing: widest(&standing), deviations: widest(&deviations) }
    }
}

fn deviations(run: &RunSummary) -> String {
    counted(run.deviations.total(), "deviation")
}

/// How many records are vouched for: the last one is not where a broken link follows.
fn sure(run: &RunSummary) -> u64 {
    run.doubt.as_ref().map_or(run.records, |doubt| doubt.record - 1)
}

/// A run as a line; `beside` is what lies beside its journal, if anything does.
pub fn as_line(run: &RunSummary, beside: Option<&Beside>, widths: &Widths) -> String {
    let head = run.opening.as_ref();
    let mode = head.map_or("-", |head| mode_word(head.mode));
    let operator = head.map_or("-", |head| head.operator.as_str());
    let site = head.and_then(|head| head.site.as_ref()).map_or("-", |site| site.name.as_str());
    let columns = format!(
        "{:<run$}  {mode:<8}  {:<stands$}  {:<deviates$}",
        run.dir.id(),
        standing(run),
        deviations(run),
        run = widths.run,
        stands = widths.standing,
        deviates = widths.deviations,
    );
    let mut told = vec![columns, counted(sure(run), "record"), operator.to_owned(), site.to_owned()];
    told.push(lasted(run).map_or_else(|| "-".into(), duration));
    told.push(counted(run.sittings, "sitting"));
    // What is wrong with the others stands in the place of an outcome.
    if matches!(run.standing, Standing::Open | Standing::Closed(_)) && run.misnamed().is_none() {
        told.push(integrity(run));
    }
    told.extend(beside.into_iter().flat_map(|beside| beside.words(run.records, false)).map(|(word, _)| word));
    told.extend(run.soak.as_ref().map(soaking));
    told.join(" · ")
}

/// What a list tells of a soak: as it was last recorded, for nobody looks at it now.
fn soaking(soak: &SoakSeen) -> String {
    let seconds = |ms: u64| ms / 1000;
    format!(
        "{} soaks since {}: {} s of {} s, {} s of it seen",
        soak.step,
        soak.since,
        soak.until.since(soak.since).as_secs(),
        seconds(soak.length_ms),
        seconds(soak.covered_ms)
    )
}

/// A run as JSON.
pub fn as_json(run: &RunSummary, beside: Option<&Beside>) -> Value {
    let head = run.opening.as_ref();
    let mut told = json!({
        "run": run.dir.id(),
        "mode": head.map(|head| mode_word(head.mode)),
        "runbook": head.map(|head| &head.runbook),
        "title": head.map(|head| &head.title),
        "revision": head.map(|head| &head.revision),
        "operator": head.map(|head| &head.operator),
        "host": head.map(|head| &head.host),
        "site": head.and_then(|head| head.site.as_ref()).map(|site| &site.name),
        "opened_at": head.map(|head| head.at),
        "last_at": run.last_at,
        "duration_ms": lasted(run).map(|lasted| u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX)),
        "standing": standing(run),
        "outcome": match &run.standing {
            Standing::Closed(outcome) if run.misnamed().is_none() => Some(outcome.word()),
            _ => None,
        },
        "integrity": integrity(run),
        "is_of_this_run": run.misnamed().is_none(),
        "deviations": run.deviations.total(),
        "sittings": run.sittings,
        "sat": run.sat,
        "soak": run.soak.as_ref().map(|soak| json!({
            "step": soak.step,
            "since": soak.since,
            "until": soak.until,
            "covered_ms": soak.covered_ms,
            "length_ms": soak.length_ms,
        })),
        "records": sure(run),
        "head": run.doubt.as_ref().map_or(&run.head, |doubt| &doubt.head),
        "doubtful_record": run.doubt.as_ref().map(|doubt| doubt.record),
    });
    let nothing = Beside::default();
    tell_beside(&mut told, beside.unwrap_or(&nothing));
    told
}

/// Signatures and reviews as they were found to be; lists that are empty where there are none.
fn tell_beside(told: &mut Value, beside: &Beside) {
    let signature = |seen: &crate::tui::beside::SignatureSeen| {
        json!({
            "trust": match seen.trust {
                Trust::Good => "good",
                Trust::Unknown => "unknown",
                Trust::Bad => "bad",
                Trust::NotCompared => "not compared",
                Trust::NotSigned => "not signed",
            },
            "by": if seen.trust == Trust::Good { Some(&seen.whose) } else { None },
            "records": seen.upto,
            "told": seen.told,
        })
    };
    let verdict = |given: &crate::tui::beside::VerdictSeen| {
        json!({
            "at": given.at,
            "by": given.by,
            "records": given.upto,
            "verdict": given.verdict.word(),
            "text": given.text,
            "is_of_this_journal": given.is_held,
        })
    };
    told["signatures"] = beside.signatures.iter().map(signature).collect();
    told["verdicts"] = beside.verdicts.iter().map(verdict).collect();
    told["remarks"] = beside.remarks.len().into();
    told["troubles"] = beside.unread.iter().chain(&beside.troubles).cloned().collect();
}

const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Practice => "practice",
        Mode::Live => "live",
    }
}
