//! What the probes answered before the start, as findings: how they are, and which version they tell.

use serde_json::Value;

use crate::engine::{Sample, Verdict};
use crate::health::Target;
use crate::runbook::ProbeId;
use crate::session::preflight::{Finding, Mark, finding};

/// How many groups of rows of one probe that do not answer well are told one by one.
const MOST_ROWS: usize = 8;

/// How many of those of which the same is to be said are named.
const MOST_NAMES: usize = 4;

/// The fields in which a probe tells a version, by the custom of the runbooks.
const TELL_VERSION: [&str; 2] = ["version", "build"];

/// Rows of one probe that are alike.
struct Alike<'a> {
    verdict: Verdict,
    why: &'a str,
    rows: Vec<&'a Sample>,
}

/// What each probe was answered: one line for those that are well, one for each kind of those that are not, the gravest
/// first.
pub(super) fn reached(samples: &[Sample]) -> Vec<Finding> {
    let mut probes: Vec<&ProbeId> = Vec::new();
    samples.iter().for_each(|sample| {
        if !probes.contains(&&sample.probe) {
            probes.push(&sample.probe);
        }
    });
    probes.into_iter().flat_map(|probe| of_probe(probe, samples)).collect()
}

fn of_probe(probe: &ProbeId, samples: &[Sample]) -> Vec<Finding> {
    let mut bad: Vec<Alike<'_>> = Vec::new();
    let (mut all, mut well) = (0, 0);
    for sample in samples.iter().filter(|sample| sample.probe == *probe) {
        all += 1;
        if sample.verdict == Verdict::Ok {
            well += 1;
            continue;
        }
        match bad.iter_mut().find(|those| those.verdict == sample.verdict && those.why == sample.why) {
            Some(those) => those.rows.push(sample),
            None => bad.push(Alike { verdict: sample.verdict, why: &sample.why, rows: vec![sample] }),
        }
    }
    bad.sort_by_key(|those| rank(those.verdict));
    let mut found = Vec::new();
    for those in bad.iter().take(MOST_ROWS) {
        let why = if those.why.is_empty() { String::new() } else { format!(": {}", those.why) };
        let told = format!("{} {}{why}", named(&those.rows), those.verdict.word());
        found.push(Finding { count: those.rows.len(), ..finding(Mark::Look, "probe", told, "") });
    }
    found.extend(of_rest(probe, bad.get(MOST_ROWS..).unwrap_or_default()));
    if well > 0 {
        found.push(finding(Mark::Ok, "probe", format!("{probe}: {well} of {all} answered and are ok"), ""));
    }
    found
}

/// Those that are not told one by one: how many of each verdict, so that nothing grave is hidden among them.
fn of_rest(probe: &ProbeId, rest: &[Alike<'_>]) -> Option<Finding> {
    let of =
        |verdict| rest.iter().filter(|those| those.verdict == verdict).map(|those| those.rows.len()).sum::<usize>();
    let count: usize = rest.iter().map(|those| those.rows.len()).sum();
    let mut told: Vec<(Verdict, usize)> =
        [Verdict::Bad, Verdict::Unknown, Verdict::Degraded].map(|verdict| (verdict, of(verdict))).to_vec();
    told.retain(|(_, count)| *count > 0);
    let told: Vec<String> = told.iter().map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
    let told = format!("{probe}: {count} more are not ok: {}", told.join(", "));
    (count > 0).then(|| Finding { count, ..finding(Mark::Look, "probe", told, "") })
}

/// The gravest first.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Bad => 0,
        Verdict::Unknown => 1,
        Verdict::Degraded => 2,
        Verdict::Ok => 3,
    }
}

/// The version that is expected beside those that are told; `None` where the runbook has no probe that tells one.
pub(super) fn versions(expected: &str, targets: &[Target], samples: &[Sample]) -> Option<Finding> {
    let can_tell = |target: &&Target| target.fields.iter().any(|(field, _)| TELL_VERSION.contains(&field.as_str()));
    let asked = targets.iter().filter(can_tell).count();
    let seen: Vec<(String, String)> = samples.iter().filter_map(version).collect();
    let silent = match asked.saturating_sub(seen.len()) {
        0 => String::new(),
        1 => "; one more tells none".to_owned(),
        silent => format!("; {silent} more tell none"),
    };
    if seen.is_empty() {
        let told =
            format!("the run expects {expected}; what runs cannot be told: no probe was answered with a version");
        return (asked > 0).then(|| finding(Mark::Look, "version", told, "look yourself what runs there"));
    }
    let is_other = |(_, version): &&(String, String)| !is_version(version, expected);
    let others: Vec<String> =
        seen.iter().filter(is_other).map(|(whose, version)| format!("{whose} runs {version}")).collect();
    Some(if others.is_empty() {
        let told = match seen.len() {
            1 => format!("the one that tells it runs {expected}, as the run expects{silent}"),
            all => format!("all {all} that tell one run {expected}, as the run expects{silent}"),
        };
        finding(Mark::Ok, "version", told, "")
    } else {
        let told = format!("the run expects {expected}, but {}{silent}", listed(&others));
        let asks = "is this the right cluster, and is `from` right?";
        Finding { count: others.len(), ..finding(Mark::Look, "version", told, asks) }
    })
}

/// Whose samples these are, the first few by name.
fn named(samples: &[&Sample]) -> String {
    let names: Vec<String> = samples.iter().take(MOST_NAMES).map(|sample| whose(sample)).collect();
    let rest = samples.len() - names.len();
    if rest > 0 { format!("{} and {rest} more:", names.join(", ")) } else { format!("{}:", names.join(", ")) }
}

fn whose(sample: &Sample) -> String {
    sample.node.as_ref().map_or_else(|| sample.probe.to_string(), |node| format!("{}[{node}]", sample.probe))
}

/// The version that a sample tells, with whose it is.
fn version(sample: &Sample) -> Option<(String, String)> {
    let value = TELL_VERSION.into_iter().find_map(|field| sample.fields.get(field).and_then(Value::as_str))?;
    Some((whose(sample), value.to_owned()))
}

/// Whether a version that was seen is the one that is expected: with a `v` before it, or more behind it.
fn is_version(seen: &str, expected: &str) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches('v').to_owned();
    let (seen, expected) = (bare(seen), bare(expected));
    let rest = seen.strip_prefix(&expected);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

fn listed(all: &[String]) -> String {
    let more = all.len().saturating_sub(MOST_ROWS);
    let told = all[..all.len() - more].join(", ");
    if more > 0 { format!("{told}, and {more} more do not either") } else { told }
}

#[cfg(test)]
#[path = "reached_tests.rs"]
mod tests;
