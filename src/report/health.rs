//! How each probe and node stood over the run, from what the records hold of it.
//!
//! Samples are not recorded. A verdict that turned from or to ok is, and so is the whole board at every confirmation,
//! which tells degraded from bad. Between two sittings nobody looked.

use crate::clock::Timestamp;
use crate::engine::{ConditionId, Event, Record, Said, Tri, Verdict};
use crate::report::model::{HealthRow, Seen, Span};
use crate::report::told::{duration, millis};
use crate::runbook::Runbook;

/// One row for each probe and node that a record speaks of, in the order of the runbook's probes, then of the first time.
pub(super) fn health(runbook: Option<&Runbook>, records: &[Record]) -> Vec<HealthRow> {
    let mut rows: Vec<HealthRow> = Vec::new();
    let Some(start) = records.first().map(|record| record.at) else { return rows };
    for record in records {
        let at = record.at;
        match &record.event {
            Event::SittingOpened { .. } => rows.iter_mut().for_each(|row| turn(row, at, Seen::Unknown, "")),
            Event::SittingClosed { .. } => rows.iter_mut().for_each(|row| turn(row, at, Seen::Unseen, "")),
            Event::ConditionChanged { condition: ConditionId::Health(probe, node), truth, why, seen } => {
                let known = seen.get("verdict").and_then(serde_json::Value::as_str);
                let verdict = match (truth, known) {
                    (Tri::True, _) => Seen::Ok,
                    (Tri::Unknown, _) => Seen::Unknown,
                    (Tri::False, Some("degraded")) => Seen::Degraded,
                    (Tri::False, _) => Seen::Bad,
                };
                turn(row_of(&mut rows, start, probe.as_str(), node.as_deref()), at, verdict, why);
            }
            event => {
                for row in event.board().into_iter().flat_map(|board| &board.rows) {
                    let Said { probe, node, verdict, why, .. } = &**row;
                    turn(row_of(&mut rows, start, probe.as_str(), node.as_deref()), at, seen(*verdict), why);
                }
            }
        }
    }
    let end = records.last().map_or(start, |record| record.at);
    for row in &mut rows {
        row.spans.iter_mut().last().into_iter().for_each(|span| span.until = end);
        row.spans.retain(|span| span.until > span.from);
        // What lasted no time may have parted two that are alike.
        row.spans.dedup_by(|later, earlier| {
            let is_alike = later.verdict == earlier.verdict;
            if is_alike {
                earlier.until = later.until;
            }
            is_alike
        });
    }
    if let Some(runbook) = runbook {
        let place = |row: &HealthRow| runbook.health.iter().position(|probe| probe.id.as_str() == row.probe);
        rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        for row in &mut rows {
            let probe = runbook.health.iter().find(|probe| probe.id.as_str() == row.probe);
            row.title = probe.map_or_else(|| row.probe.clone(), |probe| probe.title.clone());
        }
    }
    rows
}

/// The row of that probe and node; a new one is unknown since the start.
fn row_of<'r>(rows: &'r mut Vec<HealthRow>, start: Timestamp, probe: &str, node: Option<&str>) -> &'r mut HealthRow {
    let found = rows.iter().position(|row| row.probe == probe && row.node.as_deref() == node);
    let place = found.unwrap_or_else(|| {
        let unknown = Span { from: start, until: start, verdict: Seen::Unknown, why: String::new() };
        let (probe, node) = (probe.to_owned(), node.map(str::to_owned));
        rows.push(HealthRow { title: probe.clone(), probe, node, spans: vec![unknown] });
        rows.len() - 1
    });
    &mut rows[place]
}

/// From here on it stands so.
fn turn(row: &mut HealthRow, at: Timestamp, verdict: Seen, why: &str) {
    let Some(last) = row.spans.last_mut() else { return };
    last.until = at;
    if last.verdict != verdict {
        row.spans.push(Span { from: at, until: at, verdict, why: why.to_owned() });
    }
}

const fn seen(verdict: Verdict) -> Seen {
    match verdict {
        Verdict::Ok => Seen::Ok,
        Verdict::Degraded => Seen::Degraded,
        Verdict::Bad => Seen::Bad,
        Verdict::Unknown => Seen::Unknown,
    }
}

/// For how long a row stood how: `ok 12m 05s, bad 42s`.
pub(super) fn shares(row: &HealthRow) -> String {
    let told = Seen::ALL.into_iter().filter_map(|verdict| {
        let spans = row.spans.iter().filter(|span| span.verdict == verdict);
        let ms: u64 = spans.map(|span| millis(span.until.since(span.from))).sum();
        (ms > 0).then(|| format!("{} {}", verdict.word(), duration(ms)))
    });
    told.collect::<Vec<_>>().join(", ")
}
