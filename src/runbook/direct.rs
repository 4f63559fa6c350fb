//! Parts of an expression that give exactly one value, evaluated without the machinery for many.
//!
//! Fields, constants and comparisons are most of a condition, and stand where each node of a cluster passes. jq builds
//! and drops a dozen iterators for each of them; here they are functions. What they give is the same, errors included.

use std::borrow::Cow;
use std::cmp::Ordering;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::native::{Fun, run, v};
use jaq_core::ops::Cmp;
use jaq_core::path::{Opt, Part};
use jaq_core::{Cv, Exn, RunPtr, ValT as _, ValX, ValXs};
use jaq_json::Val;

use crate::runbook::compare::{ordered, same};
use crate::runbook::jq::{Data, Jq};
use crate::runbook::native::{length, spent, version, weight};

/// Such a part, with what it costs to evaluate it once, what it compares apart.
pub(crate) struct Direct<'s> {
    what: What,
    cost: u64,
    /// The variables that it reads, in the order of the call's arguments.
    pub(crate) vars: Vec<&'s str>,
}

/// A part of a compiled expression.
pub(crate) struct Compiled {
    what: What,
    cost: u64,
    vars: usize,
}

enum What {
    Input,
    Value(Val),
    Var(usize),
    Index(Box<What>, Val),
    Pipe(Box<What>, Box<What>),
    /// Ends at the side that decides.
    Logic(Box<What>, bool, Box<What>),
    /// As jq compares: `==` with what the author wrote down, and `!=`.
    Equal {
        sides: Box<(What, What)>,
        wanted: bool,
        is_walked: bool,
    },
    /// Two values of which neither may be unknown.
    Same(Box<(What, What)>),
    Ordered {
        sides: Box<(What, What)>,
        holds: fn(Ordering) -> bool,
        is_walked: bool,
    },
    Not,
    Length,
    Version,
}

/// How many parts of one expression are evaluated so; the rest is left to jq.
const MAX_PARTS: usize = 32;
/// How many variables one of them reads.
const MAX_VARS: usize = 3;

impl<'s> Direct<'s> {
    /// The part that `term` is, unless it can give none or several values, or is not worth it.
    pub(crate) fn of(term: &Term<&'s str>) -> Option<Self> {
        let is_trivial = matches!(term, Term::Id | Term::Num(_) | Term::Var(_) | Term::Str(..))
            || matches!(term, Term::Call("true" | "false" | "null", _));
        if is_trivial {
            return None;
        }
        let mut reader = Reader { cost: 0, vars: Vec::new() };
        let what = reader.term(term)?;
        Some(Self { what, cost: reader.cost, vars: reader.vars })
    }

    /// Adds it to `parts`; the name by which it is called, or nothing when there are too many.
    pub(crate) fn add(self, parts: &mut Vec<Compiled>) -> Option<&'static str> {
        let name = FUNS.get(parts.len())?.0;
        parts.push(Compiled { what: self.what, cost: self.cost, vars: self.vars.len() });
        Some(name)
    }
}

/// The filters by which `parts` are called.
pub(crate) fn funs(parts: &[Compiled]) -> impl Iterator<Item = Fun<Jq>> + '_ {
    parts.iter().zip(FUNS).map(|(part, (name, pointer))| run::<Jq>((*name, v(part.vars), *pointer)))
}

fn nth<const N: usize>(cv: Cv<'_, Jq>) -> ValXs<'_, Val> {
    jaq_core::box_iter::box_once(called(cv, N))
}

macro_rules! numbered {
    ($($number:literal)*) => { [$((concat!("direct", $number, "_"), nth::<$number>)),*] };
}

/// A filter has no data of its own, so there is one for each number.
static FUNS: &[(&str, RunPtr<Jq>); MAX_PARTS] = &numbered!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);

fn called(mut cv: Cv<'_, Jq>, number: usize) -> ValX<'_, Val> {
    let data = *cv.0.data();
    // What is called was added.
    let Some(part) = data.part(number) else { return Err(spent()) };
    let mut vars: [Val; MAX_VARS] = Default::default();
    for var in vars[..part.vars].iter_mut().rev() {
        *var = cv.0.pop_var();
    }
    if !data.charge(part.cost) {
        return Err(spent());
    }
    part.what.eval(&cv.1, &vars, &data).map(Cow::into_owned)
}

struct Reader<'s> {
    cost: u64,
    vars: Vec<&'s str>,
}

impl<'s> Reader<'s> {
    fn term(&mut self, term: &Term<&'s str>) -> Option<What> {
        self.cost += 1;
        Some(match term {
            Term::Id => What::Input,
            Term::Num(number) => What::Value(match number.parse::<isize>() {
                Ok(number) => Val::from(number),
                Err(_) => Val::from_num(number).ok()?,
            }),
            Term::Str(None, parts) => {
                let text = match &parts[..] {
                    [] => "",
                    [StrPart::Str(text)] => text,
                    _ => return None,
                };
                let value = Val::from(text.to_owned());
                self.cost += weight(&value, u64::MAX);
                What::Value(value)
            }
            Term::Var(name) => {
                let known = self.vars.iter().position(|known| known == name);
                What::Var(known.unwrap_or_else(|| {
                    self.vars.push(name);
                    self.vars.len() - 1
                }))
            }
            Term::Call("true", _) => What::Value(Val::Bool(true)),
            Term::Call("false", _) => What::Value(Val::Bool(false)),
            Term::Call("null", _) => What::Value(Val::Null),
            Term::Call("not", arguments) if arguments.is_empty() => What::Not,
            Term::Call("length", arguments) if arguments.is_empty() => What::Length,
            Term::Call("version", arguments) if arguments.is_empty() => What::Version,
            Term::Path(base, path) => {
                let mut what = self.term(base)?;
                for (part, opt) in &path.0 {
                    let (Part::Index(index @ (Term::Num(_) | Term::Str(..))), Opt::Essential) = (part, opt) else {
                        return None;
                    };
                    let What::Value(index) = self.term(index)? else { return None };
                    what = What::Index(Box::new(what), index);
                }
                what
            }
            Term::BinOp(left, operator, right) => return self.operation(left, operator, right),
            _ => return None,
        })
        .filter(|_| self.vars.len() <= MAX_VARS)
    }

    fn operation(&mut self, left: &Term<&'s str>, operator: &BinaryOp<&'s str>, right: &Term<&'s str>) -> Option<What> {
        let (left, right) = (self.term(left)?, self.term(right)?);
        let is_walked = !matches!(left, What::Value(_)) && !matches!(right, What::Value(_));
        let ordered = |holds: fn(Ordering) -> bool, sides| What::Ordered { sides, holds, is_walked };
        Some(match operator {
            BinaryOp::Pipe(None) => What::Pipe(Box::new(left), Box::new(right)),
            BinaryOp::And => What::Logic(Box::new(left), false, Box::new(right)),
            BinaryOp::Or => What::Logic(Box::new(left), true, Box::new(right)),
            BinaryOp::Cmp(compare) => {
                let sides = Box::new((left, right));
                match compare {
                    Cmp::Eq if is_walked => What::Same(sides),
                    Cmp::Eq => What::Equal { sides, wanted: true, is_walked },
                    Cmp::Ne => What::Equal { sides, wanted: false, is_walked },
                    Cmp::Lt => ordered(Ordering::is_lt, sides),
                    Cmp::Le => ordered(Ordering::is_le, sides),
                    Cmp::Gt => ordered(Ordering::is_gt, sides),
                    Cmp::Ge => ordered(Ordering::is_ge, sides),
                }
            }
            _ => return None,
        })
    }
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
            Self::Equal { sides, wanted, is_walked } => {
                let (left, right) = both(sides, *is_walked, input, vars, data)?;
                owned((left == right) == *wanted)
            }
            Self::Same(sides) => {
                let (left, right) = both(sides, true, input, vars, data)?;
                owned(same(&left, &right)?)
            }
            Self::Ordered { sides, holds, is_walked } => {
                let (left, right) = both(sides, *is_walked, input, vars, data)?;
                owned(ordered(&left, &right, *holds)?)
            }
            Self::Not => owned(!input.as_bool()),
            Self::Length => length(data, input).map(Cow::Owned),
            Self::Version => {
                if !data.charge(weight(input, data.left())) {
                    return Err(spent());
                }
                version(input).map(Cow::Owned).map_err(Exn::from)
            }
        }
    }
}

/// Both sides of a comparison. To compare with what the author wrote down costs no more than that is long; other values
/// are walked over.
#[expect(clippy::type_complexity, reason = "it is a pair")]
fn both<'v, 'a>(
    sides: &'v (What, What),
    is_walked: bool,
    input: &'v Val,
    vars: &'v [Val],
    data: &Data<'a>,
) -> Result<(Cow<'v, Val>, Cow<'v, Val>), Exn<'a, Val>> {
    let (left, right) = (sides.0.eval(input, vars, data)?, sides.1.eval(input, vars, data)?);
    let is_paid = !is_walked || [&left, &right].iter().all(|side| data.charge(weight(side, data.left())));
    if is_paid { Ok((left, right)) } else { Err(spent()) }
}
