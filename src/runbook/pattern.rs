//! The native filters behind `test` and `capture`: regular expressions, as jq writes them.

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, Error, Exn, ValR, ValXs};
use jaq_json::Val;
use jaq_std::ValT as _;
use regex_bites::bytes::{Captures, RegexBuilder};

use crate::runbook::jq::{Data, Jq};
use crate::runbook::native::{spent, text};

/// The longest regular expression, in bytes.
const MAX_PATTERN_BYTES: usize = 256;

/// What `test` and `capture` of the prelude call.
pub(crate) fn funs() -> impl Iterator<Item = Fun<Jq>> {
    [
        run(("check_pattern", v(1), |mut cv: Cv<'_, Jq>| {
            let pattern = cv.0.pop_var();
            check_pattern(cv.0.data(), cv.1, &pattern)
        })),
        run(("matches", v(2), |mut cv: Cv<'_, Jq>| {
            let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
            bome(matches(&cv.1, &pattern, &flags))
        })),
    ]
    .into_iter()
}

/// Lets only patterns through whose search is bounded by their length times that of the text.
fn check_pattern<'a>(data: &Data<'a>, value: Val, pattern: &Val) -> ValXs<'a, Val> {
    let checked = || -> Result<(), Exn<'a, Val>> {
        let pattern = text(pattern)?;
        if pattern.len() > MAX_PATTERN_BYTES || pattern.contains('{') {
            let message = "a pattern has at most 256 bytes and no counted repetition such as a{3}";
            return Err(Exn::from(Error::str(message)));
        }
        let cost = (text(&value)?.len() as u64).saturating_mul(pattern.len() as u64 + 1) / 8;
        if data.charge(cost) { Ok(()) } else { Err(spent()) }
    };
    box_once(checked().map(|()| value))
}

/// For each match its named groups, as `{name, string}`.
fn matches(value: &Val, pattern: &Val, flags: &Val) -> ValR<Val> {
    let flags = text(flags)?;
    if let Some(flag) = flags.chars().find(|flag| !"gnimslxp".contains(*flag)) {
        return Err(Error::str(format_args!("invalid regex flag: {flag}")));
    }
    let has = |flag: char| flags.contains(flag);
    let regex = RegexBuilder::new(text(pattern)?)
        .case_insensitive(has('i'))
        .multi_line(has('m') || has('p'))
        .dot_matches_new_line(has('s') || has('p'))
        .swap_greed(has('l'))
        .ignore_whitespace(has('x'))
        .build()
        .map_err(|error| Error::str(format_args!("invalid regex: {error}")))?;
    let haystack = value.as_utf8_bytes().ok_or_else(|| Error::typ(value.clone(), "text"))?;
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    let group = |name: &str, string: &[u8]| {
        let entries = [("name", Val::from(name.to_owned())), ("string", Val::utf8_str(string.to_vec()))];
        Val::obj(entries.map(|(key, value)| (Val::from(key.to_owned()), value)).into_iter().collect())
    };
    let groups = |found: Captures<'_>| -> Val {
        names.iter().filter_map(|name| Some(group(name, found.name(name)?.as_bytes()))).collect()
    };
    let is_taken = |found: &Captures<'_>| !has('n') || found.get(0).is_some_and(|whole| !whole.is_empty());
    let most = if has('g') { usize::MAX } else { 1 };
    Ok(regex.captures_iter(haystack).filter(is_taken).take(most).map(groups).collect())
}
