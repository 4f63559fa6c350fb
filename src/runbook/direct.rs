//! Parts of an expression that give exactly one value, evaluated without the machinery for many.
//!
//! Fields, constants and comparisons are most of a condition, and are asked of each node of a cluster. jq builds and
//! drops a dozen iterators for each of them; here they are functions. What is evaluated is the tree that jq would get,
//! with the filters that charge in it, so that a value, an error and what it costs are the same to the last unit.

use std::borrow::Cow;
use std::cmp::Ordering;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::native::{Fun, run, v};
use jaq_core::ops::Cmp;
use jaq_core::path::{self, Opt};
use jaq_core::{Cv, Exn, RunPtr, ValT as _, ValX, ValXs};
use jaq_json::Val;

use crate::runbook::compare::{ordered, same};
use crate::runbook::jq::{Data, Jq};
use crate::runbook::native::{length, spent, version, weight};

/// How many parts of one expression are evaluated so; the rest is left to jq.
const MAX_PARTS: usize = 32;
/// How many variables one of them reads.
const MAX_VARS: usize = 3;

/// Such a part.
pub(crate) struct Part {
    what: What,
    /// How many variables it reads.
    vars: usize,
}

enum What {
    Input,
    Value(Val),
    Var(usize),
    Index(Box<What>, Val),
    Pipe(Box<What>, Box<What>),
    /// `and`, `or`: ends at the side that is so.
    Logic(Box<What>, bool, Box<What>),
    Compare(Box<(What, What)>, Compare),
    /// What a filter that charges takes: one for the call, and for the value one or its weight.
    Charged(Box<What>, bool),
    Not,
    Length,
    Version,
}

enum Compare {
    /// As jq compares.
    Plain(Cmp),
    /// Two values of which neither may be unknown.
    Same,
    Ordered(fn(Ordering) -> bool),
}

/// `term`, which has been rewritten already, with calls in place of the parts that can be evaluated so; those are added
/// to `parts`.
pub(crate) fn replaced<'s>(term: &Term<&'s str>, parts: &mut Vec<Part>) -> Term<&'s str> {
    if let Some(call) = call(term, parts) {
        return call;
    }
    let mut boxed = |term: &Term<&'s str>| Box::new(replaced(term, parts));
    match term {
        Term::Arr(Some(inner)) => Term::Arr(Some(boxed(inner))),
        Term::Neg(inner) => Term::Neg(boxed(inner)),
        Term::BinOp(left, operator, right) => Term::BinOp(boxed(left), operator.clone(), boxed(right)),
        Term::TryCatch(tried, caught) => Term::TryCatch(boxed(tried), caught.as_ref().map(|caught| boxed(caught))),
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter().map(|(condition, then)| (*boxed(condition), *boxed(then))).collect();
            Term::IfThenElse(branches, otherwise.as_ref().map(|otherwise| boxed(otherwise)))
        }
        Term::Obj(entries) => {
            let value = |value: &Option<Term<&'s str>>| value.as_ref().map(|value| replaced(value, parts));
            let mut value = value;
            Term::Obj(entries.iter().map(|(key, below)| (key.clone(), value(below))).collect())
        }
        Term::Call(name, arguments) => Term::Call(name, arguments.iter().map(|term| *boxed(term)).collect()),
        Term::Path(base, path) => Term::Path(boxed(base), path.clone()),
        other => other.clone(),
    }
}

/// The call that stands for `term`, if it gives one value and is worth it.
fn call<'s>(term: &Term<&'s str>, parts: &mut Vec<Part>) -> Option<Term<&'s str>> {
    if matches!(term, Term::Id | Term::Num(_) | Term::Var(_) | Term::Str(..) | Term::Call("true" | "false" | "null", _))
    {
        return None;
    }
    let mut vars = Vec::new();
    let what = read(term, &mut vars).filter(|_| vars.len() <= MAX_VARS)?;
    let (name, _) = FUNS.get(parts.len())?;
    parts.push(Part { what, vars: vars.len() });
    Some(Term::Call(name, vars.into_iter().map(Term::Var).collect()))
}

/// What `term` is, unless it can give none or several values, or is of no kind that is evaluated here.
fn read<'s>(term: &Term<&'s str>, vars: &mut Vec<&'s str>) -> Option<What> {
    Some(match term {
        Term::Id => What::Input,
        Term::Num(number) => What::Value(match number.parse::<isize>() {
            Ok(number) => Val::from(number),
            Err(_) => Val::from_num(number).ok()?,
        }),
        Term::Str(None, parts) => match &parts[..] {
            [] => What::Value(Val::from(String::new())),
            [StrPart::Str(text)] => What::Value(Val::from((*text).to_owned())),
            _ => return None,
        },
        Term::Var(name) => {
            let known = vars.iter().position(|known| known == name);
            What::Var(known.unwrap_or_else(|| {
                vars.push(name);
                vars.len() - 1
            }))
        }
        Term::Path(base, path) => {
            let mut what = read(base, vars)?;
            for (part, opt) in &path.0 {
                let (path::Part::Index(index @ (Term::Num(_) | Term::Str(..))), Opt::Essential) = (part, opt) else {
                    return None;
                };
                let What::Value(index) = read(index, vars)? else { return None };
                what = What::Index(Box::new(what), index);
            }
            what
        }
        Term::BinOp(left, operator, right) => {
            let (left, right) = (read(left, vars)?, read(right, vars)?);
            match operator {
                BinaryOp::Pipe(None) => What::Pipe(Box::new(left), Box::new(right)),
                BinaryOp::And => What::Logic(Box::new(left), false, Box::new(right)),
                BinaryOp::Or => What::Logic(Box::new(left), true, Box::new(right)),
                BinaryOp::Cmp(compare) => What::Compare(Box::new((left, right)), Compare::Plain(*compare)),
                _ => return None,
            }
        }
        Term::Call(name, arguments) => return called(name, arguments, vars),
        _ => return None,
    })
}

fn called<'s>(name: &str, arguments: &[Term<&'s str>], vars: &mut Vec<&'s str>) -> Option<What> {
    let compare = match (name, arguments) {
        ("true", []) => return Some(What::Value(Val::Bool(true))),
        ("false", []) => return Some(What::Value(Val::Bool(false))),
        ("null", []) => return Some(What::Value(Val::Null)),
        ("not", []) => return Some(What::Not),
        ("length", []) => return Some(What::Length),
        ("version", []) => return Some(What::Version),
        ("each_" | "made_" | "walk_", [inner]) => {
            return Some(What::Charged(Box::new(read(inner, vars)?), name != "each_"));
        }
        ("same_", [_, _]) => Compare::Same,
        ("less_", [_, _]) => Compare::Ordered(Ordering::is_lt),
        ("at_most_", [_, _]) => Compare::Ordered(Ordering::is_le),
        ("more_", [_, _]) => Compare::Ordered(Ordering::is_gt),
        ("at_least_", [_, _]) => Compare::Ordered(Ordering::is_ge),
        _ => return None,
    };
    let [left, right] = arguments else { return None };
    Some(What::Compare(Box::new((read(left, vars)?, read(right, vars)?)), compare))
}

/// The filters by which `parts` are called.
pub(crate) fn funs(parts: &[Part]) -> impl Iterator<Item = Fun<Jq>> + '_ {
    parts.iter().zip(FUNS).map(|(part, (name, pointer))| run::<Jq>((*name, v(part.vars), *pointer)))
}

macro_rules! numbered {
    ($($number:literal)*) => { [$((concat!("direct", $number, "_"), nth::<$number>)),*] };
}

/// A filter has no data of its own, so there is one for each number.
static FUNS: &[(&str, RunPtr<Jq>); MAX_PARTS] = &numbered!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);

fn nth<const N: usize>(cv: Cv<'_, Jq>) -> ValXs<'_, Val> {
    jaq_core::box_iter::box_once(value_of(cv, N))
}

fn value_of(mut cv: Cv<'_, Jq>, number: usize) -> ValX<'_, Val> {
    let data = *cv.0.data();
    // What is called was added; were it not, the expression would fail.
    let Some(part) = data.part(number) else { return Err(spent()) };
    let mut vars: [Val; MAX_VARS] = Default::default();
    for var in vars[..part.vars].iter_mut().rev() {
        *var = cv.0.pop_var();
    }
    part.what.eval(&cv.1, &vars, &data).map(Cow::into_owned)
}

type Held<'v, 'a> = Result<Cow<'v, Val>, Exn<'a, Val>>;

impl What {
    fn eval<'v, 'a>(&'v self, input: &'v Val, vars: &'v [Val], data: &Data<'a>) -> Held<'v, 'a> {
        let owned = |value: bool| Ok(Cow::Owned(Val::Bool(value)));
        match self {
            Self::Input => Ok(Cow::Borrowed(input)),
            Self::Value(value) => Ok(Cow::Borrowed(value)),
            Self::Var(number) => Ok(vars.get(*number).map_or(Cow::Owned(Val::Null), Cow::Borrowed)),
            Self::Index(base, index) => match base.eval(input, vars, data)? {
                Cow::Borrowed(Val::Obj(entries)) => Ok(entries.get(index).map_or(Cow::Owned(Val::Null), Cow::Borrowed)),
                other => Ok(Cow::Owned(other.into_owned().index(index).map_err(Exn::from)?)),
            },
            Self::Pipe(left, right) => match left.eval(input, vars, data)? {
                Cow::Borrowed(value) => right.eval(value, vars, data),
                Cow::Owned(value) => right.eval(&value, vars, data).map(|value| Cow::Owned(value.into_owned())),
            },
            Self::Logic(left, stop, right) => {
                if left.eval(input, vars, data)?.as_bool() == *stop {
                    return owned(*stop);
                }
                owned(right.eval(input, vars, data)?.as_bool())
            }
            Self::Compare(sides, compare) => {
                let left = sides.0.eval(input, vars, data);
                // The filters of ours look no further than an error; jq's own comparison evaluates both sides first.
                let left = if matches!(compare, Compare::Plain(_)) { left } else { Ok(left?) };
                let right = sides.1.eval(input, vars, data);
                let (left, right) = (left?, right?);
                owned(match compare {
                    Compare::Plain(compare) => compare.run(&*left, &*right),
                    Compare::Same => same(&left, &right)?,
                    Compare::Ordered(holds) => ordered(&left, &right, *holds)?,
                })
            }
            Self::Charged(inner, is_weighed) => {
                if !data.charge(1) {
                    return Err(spent());
                }
                let value = inner.eval(input, vars, data)?;
                let cost = if *is_weighed { weight(&value, data.left()) } else { 1 };
                if data.charge(cost) { Ok(value) } else { Err(spent()) }
            }
            Self::Not => owned(!input.as_bool()),
            Self::Length => length(input).map(Cow::Owned).map_err(Exn::from),
            Self::Version => version(input).map(Cow::Owned).map_err(Exn::from),
        }
    }
}

#[cfg(test)]
#[path = "direct_tests.rs"]
mod tests;
