//! Compiling and running what passed the fence, with an account of what it costs.
//!
//! The tree is rewritten before it is compiled: every part that can produce several or large values is put into a
//! native filter that charges for each value. When the account is empty, every further charge is an error, and the
//! whole evaluation counts as failed even if the expression catches that error.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::native::Fun;
use jaq_core::ops::{Cmp, Math};
use jaq_core::path::{Part, Path};
use jaq_core::{Compiler, Ctx, DataT, Lut, Vars};
use jaq_json::Val;

use crate::runbook::direct;
use crate::runbook::expr::EvalError;
use crate::runbook::filters::{Cost, FILTERS};
use crate::runbook::native;

/// What one evaluation may cost: about one for each value it makes, and for each element it walks over.
pub(crate) const BUDGET: u64 = 400_000;

/// The kind of data that expressions run over: JSON values, and an account.
pub(crate) struct Jq;

/// What the native filters can reach.
#[derive(Clone, Copy)]
pub(crate) struct Data<'a> {
    lut: &'a Lut<Jq>,
    left: &'a Cell<u64>,
    parts: &'a [direct::Part],
}

impl DataT for Jq {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

impl<'a> jaq_core::data::HasLut<'a, Jq> for Data<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        self.lut
    }
}

impl<'a> Data<'a> {
    /// Takes `cost` from the account; false when it is empty.
    pub(crate) fn charge(&self, cost: u64) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(cost));
        left > cost
    }

    /// The part of the expression that is evaluated without jq and has that number.
    pub(crate) fn part(&self, number: usize) -> Option<&'a direct::Part> {
        self.parts.get(number)
    }

    /// What is left on the account.
    pub(crate) fn left(&self) -> u64 {
        self.left.get()
    }
}

/// A compiled expression.
pub(crate) struct Filter {
    filter: jaq_core::Filter<Jq>,
    parts: Vec<direct::Part>,
}

#[cfg(test)]
impl Filter {
    /// What of it is not left to jq.
    pub(crate) fn parts(&self) -> &[direct::Part] {
        &self.parts
    }
}

/// A definition of the prelude, with the filters it calls.
struct Known {
    def: Def<&'static str>,
    calls: BTreeSet<(&'static str, usize)>,
}

static PRELUDE: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let defs = jaq_core::load::parse(include_str!("prelude.jq"), |parser| parser.defs()).unwrap_or_default();
    let known = |def: Def<&'static str>| {
        let mut calls = BTreeSet::new();
        collect_calls(&def.body, &mut calls);
        Known { def, calls }
    };
    defs.into_iter().map(known).collect()
});

/// Compiles a checked tree. Only the definitions and filters that it uses are handed to the compiler.
pub(crate) fn compile(term: &Term<&str>) -> Option<Filter> {
    let mut parts = Vec::new();
    let main = direct::replaced(&account(term), &mut parts);
    assembled(main, parts)
}

/// The same, with all of it left to jq.
#[cfg(test)]
pub(crate) fn compile_plainly(term: &Term<&str>) -> Option<Filter> {
    assembled(account(term), Vec::new())
}

fn assembled<'s>(main: Term<&'s str>, parts: Vec<direct::Part>) -> Option<Filter> {
    let mut used = BTreeSet::new();
    collect_calls(&main, &mut used);
    let mut defs: Vec<Def<&'s str>> = Vec::new();
    // Each definition uses only those before it, so going backwards finds everything in one pass.
    for known in PRELUDE.iter().rev() {
        if used.contains(&(known.def.name, known.def.args.len())) {
            used.extend(known.calls.iter().copied());
            defs.push(known.def.clone());
        }
    }
    defs.reverse();
    // The loader reads its own text, so the tree goes in as a definition that the text calls.
    defs.push(Def { name: "main_", args: Vec::new(), body: main });
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code: "main_", path: () }).ok()?;
    let funs = natives(&used).chain(direct::funs(&parts));
    let filter = Compiler::default().with_funs(funs).compile(modules).ok()?;
    Some(Filter { filter, parts })
}

/// The native filters that are called, our own before the libraries'.
fn natives<'u>(used: &'u BTreeSet<(&str, usize)>) -> impl Iterator<Item = Fun<Jq>> + 'u {
    let wanted = move |fun: &Fun<Jq>| used.contains(&(fun.0, fun.1.len()));
    let base = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs()).filter(move |fun| {
        // These are ours: the libraries' cost more than they say, or fail on the largest numbers.
        wanted(fun) && !matches!(fun.0, "contains" | "length" | "range" | "limit" | "skip" | "env" | "halt")
    });
    native::funs().filter(wanted).chain(base)
}

/// Runs `filter` over `input` and hands each output to `each` until it answers false.
pub(crate) fn run(filter: &Filter, input: Val, each: impl FnMut(Val) -> bool) -> Result<(), EvalError> {
    run_on(&Cell::new(BUDGET), filter, input, each)
}

/// The same, with what is left on the account.
pub(crate) fn run_on(
    left: &Cell<u64>,
    filter: &Filter,
    input: Val,
    mut each: impl FnMut(Val) -> bool,
) -> Result<(), EvalError> {
    let data = Data { lut: &filter.filter.lut, left, parts: &filter.parts };
    let outputs = filter.filter.id.run((Ctx::<Jq>::new(data, Vars::new([])), input));
    let mut failed = None;
    for output in outputs {
        match output {
            Ok(value) if left.get() > 0 => {
                if !each(value) {
                    break;
                }
            }
            Ok(_) => break,
            Err(error) => {
                failed = Some(error.get_err().map_or_else(|_| EvalError("it stopped".into()), native::told));
                break;
            }
        }
    }
    if left.get() == 0 {
        return Err(EvalError("took too many steps, or made too large a value".into()));
    }
    failed.map_or(Ok(()), Err)
}

fn charged<'s>(by: &'static str, term: Term<&'s str>) -> Term<&'s str> {
    Term::Call(by, vec![term])
}

/// Puts the filters that charge around every part that can give several values (`each_`) or new ones (`made_`).
fn account<'s>(term: &Term<&'s str>) -> Term<&'s str> {
    let boxed = |term: &Term<&'s str>| Box::new(account(term));
    match term {
        Term::Str(format, parts) => {
            let plain = parts.iter().all(|part| !matches!(part, StrPart::Term(_)));
            if plain && format.is_none() {
                return term.clone();
            }
            let parts = parts.iter().map(|part| match part {
                StrPart::Term(term) => StrPart::Term(charged("walk_", account(term))),
                StrPart::Str(text) => StrPart::Str(*text),
                StrPart::Char(c) => StrPart::Char(*c),
            });
            charged("made_", Term::Str(*format, parts.collect()))
        }
        Term::Arr(Some(inner)) => charged("made_", Term::Arr(Some(boxed(inner)))),
        Term::Obj(entries) => {
            let entries = entries.iter().map(|(key, value)| (account(key), value.as_ref().map(account)));
            charged("made_", Term::Obj(entries.collect()))
        }
        Term::Neg(inner) => charged("each_", Term::Neg(boxed(inner))),
        Term::BinOp(left, operator, right) => operation(left, operator, right),
        Term::TryCatch(tried, caught) => {
            charged("each_", Term::TryCatch(boxed(tried), caught.as_ref().map(|caught| boxed(caught))))
        }
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter().map(|(condition, then)| (account(condition), account(then)));
            let otherwise = otherwise.as_ref().map(|otherwise| boxed(otherwise));
            charged("each_", Term::IfThenElse(branches.collect(), otherwise))
        }
        Term::Call("true" | "false" | "null" | "empty", _) => term.clone(),
        Term::Call(name, arguments) => {
            let call = Term::Call(*name, arguments.iter().map(account).collect());
            let whole = FILTERS.iter().any(|(known, _, cost)| known == name && *cost == Cost::Whole);
            let walked = || Term::Call("walk_", vec![Term::Id]);
            let call = if whole { Term::BinOp(Box::new(walked()), BinaryOp::Pipe(None), Box::new(call)) } else { call };
            charged("made_", call)
        }
        Term::Path(base, path) => {
            let plain = matches!(**base, Term::Id | Term::Var(_)) && path.0.iter().all(|(part, _)| is_plain(part));
            let parts = path.0.iter().map(|(part, opt)| {
                let part = match part {
                    Part::Index(index) => Part::Index(account(index)),
                    Part::Range(from, to) => Part::Range(from.as_ref().map(account), to.as_ref().map(account)),
                };
                (part, *opt)
            });
            let path = Term::Path(boxed(base), Path(parts.collect()));
            if plain { path } else { charged("each_", path) }
        }
        other => other.clone(),
    }
}

/// Whether it gives one value of which the size is that of a part of its input.
fn is_plain(part: &Part<Term<&str>>) -> bool {
    matches!(part, Part::Index(Term::Num(_) | Term::Str(None, _)))
}

fn operation<'s>(left: &Term<&'s str>, operator: &BinaryOp<&'s str>, right: &Term<&'s str>) -> Term<&'s str> {
    let (left, right) = (account(left), account(right));
    let operator = match operator {
        BinaryOp::Math(Math::Mul) => return charged_call("times_", left, right),
        BinaryOp::Math(Math::Sub) => return charged_call("minus_", left, right),
        BinaryOp::Math(math) => {
            return charged("number_", Term::BinOp(Box::new(left), BinaryOp::Math(*math), Box::new(right)));
        }
        BinaryOp::Cmp(compare) => {
            let side = |term: Term<&'s str>| match term {
                Term::Num(_) => Box::new(term),
                term => Box::new(charged("walk_", term)),
            };
            let (left, right) = (side(left), side(right));
            return match compare {
                Cmp::Lt => charged_call("less_", *left, *right),
                Cmp::Le => charged_call("at_most_", *left, *right),
                Cmp::Gt => charged_call("more_", *left, *right),
                Cmp::Ge => charged_call("at_least_", *left, *right),
                Cmp::Eq if !is_literal(&left) && !is_literal(&right) => charged_call("same_", *left, *right),
                Cmp::Eq | Cmp::Ne => charged("each_", Term::BinOp(left, BinaryOp::Cmp(*compare), right)),
            };
        }
        BinaryOp::Pipe(pattern) => BinaryOp::Pipe(pattern.as_ref().map(pattern_account)),
        other => other.clone(),
    };
    charged("each_", Term::BinOp(Box::new(left), operator, Box::new(right)))
}

/// Whether the author wrote the value down, so that it is known: `null` too.
fn is_literal(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) => true,
        Term::Str(None, parts) => parts.iter().all(|part| !matches!(part, StrPart::Term(_))),
        Term::Call("true" | "false" | "null", _) => true,
        Term::Call("walk_", inner) => inner.iter().all(is_literal),
        _ => false,
    }
}

fn charged_call<'s>(name: &'static str, left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    charged("made_", Term::Call(name, vec![left, right]))
}

fn pattern_account<'s>(pattern: &Pattern<&'s str>) -> Pattern<&'s str> {
    match pattern {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(items) => Pattern::Arr(items.iter().map(pattern_account).collect()),
        Pattern::Obj(entries) => {
            Pattern::Obj(entries.iter().map(|(key, value)| (account(key), pattern_account(value))).collect())
        }
    }
}

/// Every filter that `term` calls, with its number of arguments.
fn collect_calls<'s>(term: &Term<&'s str>, calls: &mut BTreeSet<(&'s str, usize)>) {
    match term {
        Term::Str(format, parts) => {
            if let Some(format) = format {
                calls.insert((format, 0));
            }
            parts.iter().for_each(|part| {
                if let StrPart::Term(term) = part {
                    collect_calls(term, calls);
                }
            });
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) => collect_calls(inner, calls),
        Term::Obj(entries) => entries.iter().for_each(|(key, value)| {
            collect_calls(key, calls);
            value.iter().for_each(|value| collect_calls(value, calls));
        }),
        Term::BinOp(left, operator, right) => {
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                collect_pattern(pattern, calls);
            }
            collect_calls(left, calls);
            collect_calls(right, calls);
        }
        Term::TryCatch(tried, caught) => {
            collect_calls(tried, calls);
            caught.iter().for_each(|caught| collect_calls(caught, calls));
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().for_each(|(condition, then)| {
                collect_calls(condition, calls);
                collect_calls(then, calls);
            });
            otherwise.iter().for_each(|otherwise| collect_calls(otherwise, calls));
        }
        Term::Fold(_, from, pattern, parts) => {
            collect_calls(from, calls);
            collect_pattern(pattern, calls);
            parts.iter().for_each(|part| collect_calls(part, calls));
        }
        Term::Call(name, arguments) => {
            calls.insert((name, arguments.len()));
            arguments.iter().for_each(|argument| collect_calls(argument, calls));
        }
        Term::Path(base, path) => {
            collect_calls(base, calls);
            path.0.iter().for_each(|(part, _)| match part {
                Part::Index(index) => collect_calls(index, calls),
                Part::Range(from, to) => from.iter().chain(to).for_each(|end| collect_calls(end, calls)),
            });
        }
        _ => {}
    }
}

fn collect_pattern<'s>(pattern: &Pattern<&'s str>, calls: &mut BTreeSet<(&'s str, usize)>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter().for_each(|item| collect_pattern(item, calls)),
        Pattern::Obj(entries) => entries.iter().for_each(|(key, value)| {
            collect_calls(key, calls);
            collect_pattern(value, calls);
        }),
    }
}
