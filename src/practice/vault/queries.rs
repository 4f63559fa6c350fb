//! What `sys/health` makes of its query.

use crate::practice::query::value;

/// The state of a node as `sys/health` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Keys to be given.
    Sealed,
    /// Unsealed, not in duty.
    Standby,
    /// Unsealed, not in duty, and reads are answered all the same.
    PerformanceStandby,
    /// Of a cluster that only keeps another one's data, active or not.
    DrSecondary,
    /// In duty.
    Active,
}

/// The status code for `standing`; `None`: a value in the query is none.
pub(super) fn health_code(query: &str, standing: Standing) -> Option<u16> {
    let mut codes = [
        ("activecode", 200),
        ("standbycode", 429),
        ("sealedcode", 503),
        ("drsecondarycode", 472),
        ("performancestandbycode", 473),
    ];
    for (name, code) in &mut codes {
        if let Some(text) = value(query, name) {
            *code = number(&text)?;
        }
    }
    for name in ["uninitcode", "removedcode", "haunhealthycode"] {
        if let Some(text) = value(query, name) {
            number(&text)?;
        }
    }
    let standby_ok = flag(query, "standbyok")?;
    let performance_standby_ok = flag(query, "perfstandbyok")?;
    Some(match standing {
        Standing::Active => codes[0].1,
        Standing::Standby if standby_ok => codes[0].1,
        Standing::Standby => codes[1].1,
        Standing::Sealed => codes[2].1,
        Standing::DrSecondary => codes[3].1,
        Standing::PerformanceStandby if performance_standby_ok => codes[0].1,
        Standing::PerformanceStandby => codes[4].1,
    })
}

fn number(text: &str) -> Option<u16> {
    let code: i64 = text.parse().ok()?;
    // The real server panics on a code that HTTP does not know and drops the request.
    Some(u16::try_from(code).ok().filter(|code| (200..=999).contains(code)).unwrap_or(500))
}

fn flag(query: &str, name: &str) -> Option<bool> {
    match value(query, name).as_deref() {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Some(false),
        Some("" | "1" | "t" | "T" | "true" | "TRUE" | "True") => Some(true),
        Some(_) => None,
    }
}
