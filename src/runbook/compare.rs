//! Comparisons of what is not known, and numbers that are none.
//!
//! jq puts all values in one order, so that `null < 90` holds and what is not known passes for small; and two leaders
//! that nobody knows are equal. A gate opens on evidence only, so here such a comparison is an error, and the condition
//! unknown. What the author compares with a `null` of his own is meant so.

use std::cmp::Ordering;

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, run, v};
use jaq_core::{Bind, Cv, Error, Exn, ValXs};
use jaq_json::{Num, Val};

use crate::runbook::jq::Jq;
use crate::runbook::native::{charging, weight};

/// The filters that rewritten trees call in place of `==`, `<`, `<=`, `>` and `>=`, and around arithmetic.
pub(crate) fn funs() -> impl Iterator<Item = Fun<Jq>> {
    let body = || [Bind::Fun(())].into();
    [
        run(("number_", body(), |cv| {
            let made = charging(cv, |data, value| weight(value, data.left()));
            Box::new(
                made.map(|output| output.and_then(|value| if is_nan(&value) { Err(no_number()) } else { Ok(value) })),
            )
        })),
        run(("same_", v(2), |mut cv| {
            let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
            box_once(same(&left, &right).map(Val::Bool))
        })),
        run(("less_", v(2), |cv| compared(cv, Ordering::is_lt))),
        run(("at_most_", v(2), |cv| compared(cv, Ordering::is_le))),
        run(("more_", v(2), |cv| compared(cv, Ordering::is_gt))),
        run(("at_least_", v(2), |cv| compared(cv, Ordering::is_ge))),
    ]
    .into_iter()
}

pub(crate) fn is_nan(value: &Val) -> bool {
    matches!(value, Val::Num(Num::Float(number)) if number.is_nan())
}

fn no_number<'a>() -> Exn<'a, Val> {
    Exn::from(Error::str("the result is not a number"))
}

/// Whether two values of one kind are in that order.
fn compared(mut cv: Cv<'_, Jq>, holds: fn(Ordering) -> bool) -> ValXs<'_, Val> {
    let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
    box_once(ordered(&left, &right, holds).map(Val::Bool))
}

pub(crate) fn ordered<'a>(left: &Val, right: &Val, holds: fn(Ordering) -> bool) -> Result<bool, Exn<'a, Val>> {
    if is_nan(left) || is_nan(right) {
        return Err(no_number());
    }
    let kinds = (kind(left), kind(right));
    if kinds.0 != kinds.1 || matches!(left, Val::Null) {
        let error = format_args!("{} and {} cannot be compared by size", kinds.0, kinds.1).to_string();
        return Err(Exn::from(Error::str(error)));
    }
    Ok(holds(left.cmp(right)))
}

/// Whether two values are equal of which the author wrote neither down.
pub(crate) fn same<'a>(left: &Val, right: &Val) -> Result<bool, Exn<'a, Val>> {
    match (left, right) {
        (Val::Null, Val::Null) => {
            Err(Exn::from(Error::str("null and null: neither is known, so not that they are equal")))
        }
        _ => Ok(left == right),
    }
}

fn kind(value: &Val) -> &'static str {
    match value {
        Val::Null => "null",
        Val::Bool(_) => "true or false",
        Val::Num(_) => "a number",
        Val::TStr(_) | Val::BStr(_) => "a text",
        Val::Arr(_) => "a list",
        Val::Obj(_) => "an object",
    }
}
