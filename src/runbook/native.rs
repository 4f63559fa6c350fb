//! The native filters of our own, and values on their way in and out.

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Bind, Cv, Error, Exn, ValT as _, ValX, ValXs};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;
use serde_json::Value;

use crate::runbook::coding;
use crate::runbook::compare::{self, is_nan};
use crate::runbook::expr::EvalError;
use crate::runbook::jq::{Data, Jq};
use crate::runbook::pattern;
use crate::runbook::reads::Reads;
use crate::runbook::ready::Ready;
use crate::runbook::tabular;
use crate::runbook::version::{Part, Version};

/// The most digits (in bytes) an integer may have before it is multiplied.
const MAX_FACTOR_DIGITS: usize = 400;
/// How many bytes of text cost as much as one value.
const BYTES_PER_COST: u64 = 32;
/// The longest reason given to people, in characters.
const MAX_REASON_CHARS: usize = 200;

/// An error of jq in a few words.
pub(crate) fn told(error: jaq_json::Error) -> EvalError {
    match error.into_val() {
        Val::TStr(text) => EvalError(shorten(&String::from_utf8_lossy(&text))),
        other => EvalError(shorten(&other.to_string())),
    }
}

pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_REASON_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(crate) fn spent<'a>() -> Exn<'a, Val> {
    Exn::from(Error::str("too many steps"))
}

/// What it costs to walk over `value`, or anything above `enough`.
pub(crate) fn weight(value: &Val, enough: u64) -> u64 {
    let mut total = 1;
    match value {
        Val::Null | Val::Bool(_) | Val::Num(Num::Int(_) | Num::Float(_)) => {}
        Val::Num(_) => total += 8,
        Val::BStr(text) | Val::TStr(text) => total += text.len() as u64 / BYTES_PER_COST,
        Val::Arr(items) => {
            for item in items.iter() {
                if total > enough {
                    break;
                }
                total += weight(item, enough - total);
            }
        }
        Val::Obj(entries) => {
            for (key, value) in entries.iter() {
                if total > enough {
                    break;
                }
                total += weight(key, enough - total);
                total += weight(value, enough.saturating_sub(total));
            }
        }
    }
    total
}

/// Runs its argument and charges for every value, by what `cost` says it costs.
pub(crate) fn charging<'a>(mut cv: Cv<'a, Jq>, cost: fn(&Data<'a>, &Val) -> u64) -> ValXs<'a, Val> {
    let data = *cv.0.data();
    if !data.charge(1) {
        return box_once(Err(spent()));
    }
    let (body, context) = cv.0.pop_fun();
    Box::new(body.run((context, cv.1)).map(move |output: ValX<'a, Val>| {
        let value = output?;
        if data.charge(cost(&data, &value)) { Ok(value) } else { Err(spent()) }
    }))
}

fn charge_product(data: &Data<'_>, left: &Val, right: &Val) -> bool {
    let (left, right) = (weight(left, data.left()), weight(right, data.left()));
    data.charge(left.saturating_mul(right))
}

/// The filters that only rewritten trees call (they end in `_`), and those that expressions may call.
pub(crate) fn funs() -> impl Iterator<Item = Fun<Jq>> {
    let body = || [Bind::Fun(())].into();
    let two = || [Bind::Fun(()), Bind::Fun(())].into();
    [
        run(("each_", body(), |cv| charging(cv, |_, _| 1))),
        run(("made_", body(), |cv| charging(cv, |data, value| weight(value, data.left())))),
        run(("walk_", body(), |cv| charging(cv, |data, value| weight(value, data.left())))),
        run(("times_", v(2), |mut cv| {
            let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
            bome(times(left, right))
        })),
        run(("minus_", v(2), |mut cv| {
            let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
            if matches!(left, Val::Arr(_)) && !charge_product(cv.0.data(), &left, &right) {
                return box_once(Err(spent()));
            }
            bome(left - right)
        })),
        run(("true", v(0), |_| bome(Ok(Val::Bool(true))))),
        run(("false", v(0), |_| bome(Ok(Val::Bool(false))))),
        run(("null", v(0), |_| bome(Ok(Val::Null)))),
        run(("not", v(0), |cv| bome(Ok(Val::Bool(!cv.1.as_bool()))))),
        run(("select", body(), |cv| select(cv))),
        run(("isempty", body(), |mut cv| {
            let (from, context) = cv.0.pop_fun();
            box_once(from.run((context, cv.1)).next().transpose().map(|first| Val::Bool(first.is_none())))
        })),
        run(("any", two(), |cv| box_once(quantified(cv, true)))),
        run(("all", two(), |cv| box_once(quantified(cv, false)))),
        run(("version", v(0), |cv| bome(version(&cv.1)))),
        run(("fromcsv", v(0), |cv| rows(cv.0.data(), &cv.1, tabular::csv))),
        run(("fromtable", v(0), |cv| rows(cv.0.data(), &cv.1, tabular::table))),
        run(("length", v(0), |cv| bome(length(&cv.1)))),
        run(("tonumber", v(0), |cv| bome(to_number(cv.1)))),
        run(("add", v(0), |cv| add(cv.0.data(), cv.1))),
        run(("join", v(1), |mut cv| {
            let separator = cv.0.pop_var();
            join(cv.0.data(), &cv.1, &separator)
        })),
        run(("contains", v(1), |mut cv| {
            let part = cv.0.pop_var();
            if !charge_product(cv.0.data(), &cv.1, &part) {
                return box_once(Err(spent()));
            }
            bome(Ok(Val::Bool(contains(&cv.1, &part))))
        })),
        run(("index", v(1), |cv| unary(cv, |text, part| position(&text, &part, |whole, part| whole.find(part))))),
        run(("rindex", v(1), |cv| unary(cv, |text, part| position(&text, &part, |whole, part| whole.rfind(part))))),
    ]
    .into_iter()
    .chain(compare::funs())
    .chain(coding::funs())
    .chain(pattern::funs())
}

fn select(mut cv: Cv<'_, Jq>) -> ValXs<'_, Val> {
    let (condition, context) = cv.0.pop_fun();
    let value = cv.1;
    Box::new(condition.run((context, value.clone())).filter_map(move |output| match output {
        Ok(holds) => holds.as_bool().then(|| Ok(value.clone())),
        Err(error) => Some(Err(error)),
    }))
}

/// `any(from; condition)` with `wanted` true, `all(from; condition)` with false: ends at the first value that decides.
fn quantified<'a>(mut cv: Cv<'a, Jq>, wanted: bool) -> ValX<'a, Val> {
    let (condition, condition_context) = cv.0.pop_fun();
    let (from, context) = cv.0.pop_fun();
    for value in from.run((context, cv.1)) {
        for holds in condition.run((condition_context.clone(), value?)) {
            if holds?.as_bool() == wanted {
                return Ok(Val::Bool(wanted));
            }
        }
    }
    Ok(Val::Bool(!wanted))
}

fn times(left: Val, right: Val) -> jaq_json::ValR {
    let digits = |value: &Val| match value {
        Val::Num(Num::BigInt(number)) => number.to_string().len(),
        _ => 0,
    };
    match (&left, &right) {
        (Val::Num(_), Val::Num(_)) if digits(&left) + digits(&right) > MAX_FACTOR_DIGITS => {
            Err(Error::str("the numbers are too large to multiply"))
        }
        (Val::Num(_), Val::Num(_)) => match left * right {
            Ok(product) if is_nan(&product) => Err(Error::str("the result is not a number")),
            product => product,
        },
        _ => Err(Error::str("`*` takes numbers")),
    }
}

pub(crate) fn text(value: &Val) -> Result<&str, jaq_json::Error> {
    let bytes = value.as_utf8_bytes().ok_or_else(|| Error::typ(value.clone(), "text"))?;
    std::str::from_utf8(bytes).map_err(Error::str)
}

pub(crate) fn version(value: &Val) -> jaq_json::ValR {
    let text = text(value)?;
    let version = Version::parse(text).ok_or_else(|| Error::str(format_args!("{value} is not a version")))?;
    let number = |number: u64| Val::from(isize::try_from(number).unwrap_or(isize::MAX));
    let part = |part: Part| match part {
        Part::Number(value) => number(value),
        Part::Word(word) => Val::from(word),
    };
    // A release ends in [1], a pre-release in [0, …]: arrays compare element by element.
    let release = Val::from(isize::from(version.pre.is_empty()));
    let pre: Val = std::iter::once(release).chain(version.pre.into_iter().map(part)).collect();
    Ok(version.numbers.into_iter().map(number).chain([pre]).collect())
}

/// The rows of a printed table; their number is charged while they are read.
fn rows<'a>(
    data: &Data<'a>,
    value: &Val,
    read: fn(&str, tabular::Room<'_>) -> Result<tabular::Rows, String>,
) -> ValXs<'a, Val> {
    let rows = text(value).and_then(|text| read(text, &mut |cost| data.charge(cost)).map_err(Error::str));
    bome(rows.map(tabular::Rows::into_val))
}

pub(crate) fn length(value: &Val) -> jaq_json::ValR {
    match value {
        // jq says 0; but what is missing must not pass for an empty list.
        Val::Null => Err(Error::str("null has no length")),
        Val::TStr(text) => Ok(Val::from(String::from_utf8_lossy(text).chars().count())),
        Val::BStr(bytes) => Ok(Val::from(bytes.len())),
        Val::Arr(items) => Ok(Val::from(items.len())),
        Val::Obj(entries) => Ok(Val::from(entries.len())),
        Val::Bool(_) | Val::Num(_) => Err(Error::str(format_args!("{value} has no length"))),
    }
}

fn to_number(value: Val) -> jaq_json::ValR {
    if matches!(value, Val::Num(_)) {
        return Ok(value);
    }
    let text = text(&value)?.trim();
    let fail = || Error::str(format_args!("{value} is not a number"));
    let plain = text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !plain {
        return Err(fail());
    }
    if let Ok(number) = text.parse::<isize>() {
        return Ok(Val::from(number));
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Val::from).ok_or_else(fail)
}

fn add<'a>(data: &Data<'a>, value: Val) -> ValXs<'a, Val> {
    let mut sum = Val::Null;
    for item in value.values() {
        // Adding copies what is there already, so a long sum of long texts is charged as such.
        let step = item.map_err(Exn::from).and_then(|item| {
            let size = match &sum {
                Val::TStr(text) | Val::BStr(text) => text.len() as u64 / 256,
                Val::Num(Num::BigInt(_)) => 8,
                _ => 0,
            };
            if !data.charge(1 + size) {
                return Err(spent());
            }
            (std::mem::take(&mut sum) + item).map_err(Exn::from)
        });
        match step {
            Ok(value) => sum = value,
            Err(error) => return box_once(Err(error)),
        }
    }
    box_once(Ok(sum))
}

fn join<'a>(data: &Data<'a>, value: &Val, separator: &Val) -> ValXs<'a, Val> {
    let joined = || -> Result<Val, Exn<'a, Val>> {
        let separator = text(separator)?;
        let Val::Arr(items) = value else { return Err(Exn::from(Error::typ(value.clone(), "array"))) };
        if !data.charge((separator.len() as u64).saturating_mul(items.len() as u64) / BYTES_PER_COST) {
            return Err(spent());
        }
        let mut joined = String::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                joined.push_str(separator);
            }
            match item {
                Val::Null => {}
                Val::TStr(_) => joined.push_str(text(item)?),
                Val::Bool(_) | Val::Num(_) => joined.push_str(&item.to_string()),
                _ => return Err(Exn::from(Error::typ(item.clone(), "text"))),
            }
        }
        Ok(Val::from(joined))
    };
    box_once(joined())
}

fn contains(whole: &Val, part: &Val) -> bool {
    match (whole, part) {
        (Val::TStr(_), Val::TStr(_)) => match (text(whole), text(part)) {
            (Ok(whole), Ok(part)) => whole.contains(part),
            _ => false,
        },
        (Val::Arr(whole), Val::Arr(parts)) => parts.iter().all(|part| whole.iter().any(|whole| contains(whole, part))),
        (Val::Obj(whole), Val::Obj(parts)) => {
            parts.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        _ => whole == part,
    }
}

fn position(value: &Val, part: &Val, find: fn(&str, &str) -> Option<usize>) -> jaq_json::ValR {
    let (whole, part) = (text(value)?, text(part)?);
    if part.is_empty() {
        return Ok(Val::Null);
    }
    Ok(find(whole, part).map_or(Val::Null, |at| Val::from(whole[..at].chars().count())))
}

/// The scope as jq sees it: only what the expression reads is converted, and what is ready is taken as it is.
pub(crate) fn scope(value: &Value, reads: &Reads, ready: &[(&str, Ready)]) -> Val {
    let Value::Object(entries) = value else { return into_val(value) };
    if reads.whole {
        return into_val(value);
    }
    let mut scope = jaq_json::Map::default();
    for (key, read) in &reads.keys {
        let is_ready = |(known, _): &&(&str, Ready)| known == key;
        let below = match (ready.iter().find(is_ready), entries.get(key)) {
            (Some((_, ready)), _) => ready.0.clone(),
            (None, Some(Value::Object(names))) if !read.whole => {
                let read = read.names.keys().filter_map(|name| names.get(name).map(|value| (name, value)));
                Val::obj(read.map(|(name, value)| (Val::from(name.clone()), into_val(value))).collect())
            }
            (None, Some(other)) => into_val(other),
            (None, None) => continue,
        };
        scope.insert(Val::from(key.clone()), below);
    }
    Val::obj(scope)
}

pub(crate) fn into_val(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(truth) => Val::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Val::from(number as isize),
            (None, Some(number)) => Val::Num(Num::from_integral(number)),
            (None, None) => Val::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Val::utf8_str(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(into_val).collect(),
        Value::Object(entries) => {
            Val::obj(entries.iter().map(|(key, value)| (Val::from(key.clone()), into_val(value))).collect())
        }
    }
}

/// A result as JSON, or why it is none. `room` bounds the size of all results together, in bytes.
pub(crate) fn from_val(value: &Val, room: &mut usize) -> Result<Value, EvalError> {
    let mut take = |bytes: usize| match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            Ok(())
        }
        None => Err(EvalError("gave more than 1 MiB".into())),
    };
    take(8)?;
    match value {
        Val::Null => Ok(Value::Null),
        Val::Bool(truth) => Ok(Value::Bool(*truth)),
        Val::Num(number) => number_of(number),
        Val::TStr(bytes) | Val::BStr(bytes) => {
            take(bytes.len())?;
            Ok(Value::String(String::from_utf8_lossy(bytes).into_owned()))
        }
        Val::Arr(items) => items.iter().map(|item| from_val(item, room)).collect::<Result<_, _>>().map(Value::Array),
        Val::Obj(entries) => {
            let mut object = serde_json::Map::new();
            for (key, value) in entries.iter() {
                let Value::String(key) = from_val(key, room)? else {
                    return Err(EvalError("gave an object whose keys are not texts".into()));
                };
                object.insert(key, from_val(value, room)?);
            }
            Ok(Value::Object(object))
        }
    }
}

fn number_of(number: &Num) -> Result<Value, EvalError> {
    let not_finite = || EvalError("gave a number that JSON cannot hold".into());
    match number {
        Num::Int(number) => Ok(Value::from(*number as i64)),
        Num::BigInt(number) => match number.to_string() {
            text if text.parse::<u64>().is_ok() => Ok(text.parse::<u64>().map(Value::from).unwrap_or(Value::Null)),
            text => float(text.parse().unwrap_or(f64::NAN)).ok_or_else(not_finite),
        },
        Num::Float(number) => float(*number).ok_or_else(not_finite),
        Num::Dec(text) => match text.parse::<i64>() {
            Ok(number) => Ok(Value::from(number)),
            Err(_) => float(text.parse().unwrap_or(f64::NAN)).ok_or_else(not_finite),
        },
    }
}

/// As jq prints it: `4 / 2` is `2`, not `2.0`.
fn float(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Some(Value::from(number as i64));
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}
