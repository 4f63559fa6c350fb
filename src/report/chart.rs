//! Charts as inline SVG: bars over the time of the run. They scale with the page and need neither script nor font.

use std::fmt::Write as _;

use crate::clock::Timestamp;
use crate::report::model::{HealthRow, Seen, StepDone};
use crate::report::page::escape;

/// The width of every chart in its own units; the page stretches it.
const WIDTH: u64 = 1_000;
/// Its height.
const HEIGHT: u64 = 24;

/// The narrowest bar, in tenths of a unit.
const NARROWEST: u64 = 20;

/// How bad a verdict is, for what is drawn over what.
const fn worse(verdict: Seen) -> u8 {
    match verdict {
        Seen::Unseen => 0,
        Seen::Ok => 1,
        Seen::Unknown => 2,
        Seen::Degraded => 3,
        Seen::Bad => 4,
    }
}

/// The time that charts tell of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    from: Timestamp,
    ms: u64,
}

impl Axis {
    /// From then to then.
    pub(super) fn new(from: Timestamp, until: Timestamp) -> Self {
        Self { from, ms: u64::try_from(until.since(from).as_millis()).unwrap_or(u64::MAX).max(1) }
    }

    /// Where a moment lies, in tenths of a unit.
    fn tenths(self, at: Timestamp) -> u64 {
        let ms = u64::try_from(at.since(self.from).as_millis()).unwrap_or(u64::MAX).min(self.ms);
        u64::try_from(u128::from(ms) * u128::from(WIDTH * 10) / u128::from(self.ms)).unwrap_or(WIDTH * 10)
    }
}

fn number(tenths: u64) -> String {
    if tenths.is_multiple_of(10) { format!("{}", tenths / 10) } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn open(out: &mut String, told: &str) {
    let _ = write!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-label=\"{}\">",
        escape(told)
    );
}

/// The narrowest bar of a walk: its chart is a narrow column, and of a long run nearly every step is short.
const NARROWEST_WALK: u64 = 180;

/// What a bar is like: its class, its least width, its top and height.
type Look = (&'static str, u64, (u64, u64));

fn bar(out: &mut String, (class, least, (top, height)): Look, axis: Axis, from: Timestamp, until: Timestamp) {
    let (x, end) = (axis.tenths(from), axis.tenths(until));
    // What lasted too short to be seen is drawn as wide as can be seen.
    let width = end.saturating_sub(x).max(least);
    let x = x.min(WIDTH * 10 - width);
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\"/>",
        number(x),
        number(width)
    );
}

/// The verdicts of a row: the worse, the higher the bar; what is not known is an empty box, and where nobody looked
/// there is none. So they differ in print, too.
pub(super) fn verdicts(axis: Axis, row: &HealthRow, marks: &[Timestamp], told: &str) -> String {
    let mut out = String::new();
    open(&mut out, told);
    let mut tiny: Option<(u64, Seen)> = None;
    for span in &row.spans {
        // Of what cannot be told apart in one place, the worst is drawn: a verdict that flaps for a day stays a page.
        let (from, until) = (axis.tenths(span.from), axis.tenths(span.until));
        if until - from < NARROWEST {
            let place = from / NARROWEST;
            if tiny.is_some_and(|(taken, worst)| taken == place && worse(worst) >= worse(span.verdict)) {
                continue;
            }
            tiny = Some((place, span.verdict));
        }
        let (class, place) = match span.verdict {
            Seen::Ok => ("ok", (15, 6)),
            Seen::Degraded => ("degraded", (9, 12)),
            Seen::Bad => ("bad", (3, 18)),
            Seen::Unknown => ("unknown", (9, 12)),
            Seen::Unseen => continue,
        };
        bar(&mut out, (class, NARROWEST, place), axis, span.from, span.until);
    }
    for at in marks {
        let x = number(axis.tenths(*at));
        let _ = write!(out, "<path class=\"mark\" d=\"M{x} 0V{HEIGHT}\"/>");
    }
    out.push_str("</svg>");
    out
}

/// When a step was walked.
pub(super) fn walks(axis: Axis, step: &StepDone, end: Timestamp, told: &str) -> String {
    let mut out = String::new();
    open(&mut out, told);
    for walk in &step.attempts {
        let class = match walk.status.as_str() {
            "done" => "ok",
            "failed" | "reverted" => "bad",
            "skipped" | "overridden" | "deferred" => "degraded",
            _ => "unknown",
        };
        bar(&mut out, (class, NARROWEST_WALK, (4, 16)), axis, walk.began, walk.ended.unwrap_or(end));
    }
    out.push_str("</svg>");
    out
}
