//! What an expression reads of its scope, found without running it.

use std::collections::BTreeMap;
use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::load::span;
use jaq_core::path::Part;

/// The places of the scope that an expression can see; everything else cannot change its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// It looks at the scope as a whole, so at everything.
    pub whole: bool,
    /// By key of the scope (`health`, `inputs`, …).
    pub keys: BTreeMap<String, Read>,
    /// Where a name below a key is held against a text: `.choices.how == "in-place"`.
    pub compared: Vec<Compared>,
}

/// A name below a key of the scope that is compared with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The key of the scope.
    pub key: String,
    /// The name below it.
    pub name: String,
    /// The text that it is compared with.
    pub with: String,
    /// Where that text stands in the source, in bytes.
    pub at: Range<usize>,
}

/// What is read below one key of the scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Where the key stands first in the source, in bytes.
    pub at: Range<usize>,
    /// It looks at the value as a whole, so at everything below.
    pub whole: bool,
    /// The names below that are read (the `vault` of `.health.vault`), and where each stands first.
    pub names: BTreeMap<String, Range<usize>>,
}

impl Reads {
    /// The names read below `key`, with their places.
    pub fn names(&self, key: &str) -> impl Iterator<Item = (&str, &Range<usize>)> {
        self.keys.get(key).into_iter().flat_map(|read| read.names.iter().map(|(name, at)| (name.as_str(), at)))
    }

    /// Whether everything below `key` may be read.
    pub fn is_whole(&self, key: &str) -> bool {
        self.whole || self.keys.get(key).is_some_and(|read| read.whole)
    }

    pub(crate) fn of<'s>(source: &'s str, term: &Term<&'s str>) -> Self {
        let mut walk = Walk { source, reads: Self::default(), vars: Vec::new() };
        let result = walk.term(term, Place::Scope);
        walk.consume(result);
        walk.reads
    }
}

/// Where a value comes from, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Scope,
    Key(String),
    Elsewhere,
}

struct Walk<'s> {
    source: &'s str,
    reads: Reads,
    vars: Vec<(&'s str, Place)>,
}

impl<'s> Walk<'s> {
    /// The value at `place` is looked at as a whole.
    fn consume(&mut self, place: Place) {
        match place {
            Place::Scope => self.reads.whole = true,
            Place::Key(key) => self.reads.keys.entry(key).or_default().whole = true,
            Place::Elsewhere => {}
        }
    }

    fn eat<'t>(&mut self, terms: impl IntoIterator<Item = &'t Term<&'s str>>, input: &Place)
    where
        's: 't,
    {
        for term in terms {
            let place = self.term(term, input.clone());
            self.consume(place);
        }
    }

    fn either(&mut self, left: Place, right: Place) -> Place {
        if left == right {
            return left;
        }
        self.consume(left);
        self.consume(right);
        Place::Elsewhere
    }

    fn term(&mut self, term: &Term<&'s str>, input: Place) -> Place {
        match term {
            Term::Id => return input,
            Term::Recurse | Term::Def(..) | Term::Label(..) | Term::Fold(..) => self.consume(Place::Scope),
            Term::Num(_) | Term::Arr(None) | Term::Break(_) => {}
            Term::Str(_, parts) => self.parts(parts, &input),
            Term::Arr(Some(inner)) | Term::Neg(inner) => self.eat([&**inner], &input),
            Term::Obj(entries) => {
                for (key, value) in entries {
                    self.eat([key].into_iter().chain(value), &input);
                    // `{health}` stands for `{health: .health}`
                    if let (None, Some(name)) = (value, literal(key)) {
                        let place = self.index(input.clone(), name);
                        self.consume(place);
                    }
                }
            }
            Term::BinOp(left, operator, right) => return self.operation(left, operator, right, input),
            Term::TryCatch(tried, caught) => {
                let left = self.term(tried, input);
                let right = caught.as_ref().map_or(Place::Elsewhere, |caught| self.term(caught, Place::Elsewhere));
                return if caught.is_none() { left } else { self.either(left, right) };
            }
            Term::IfThenElse(branches, otherwise) => {
                let mut result = match otherwise {
                    Some(otherwise) => self.term(otherwise, input.clone()),
                    None => input.clone(),
                };
                for (condition, then) in branches {
                    self.eat([condition], &input);
                    let then = self.term(then, input.clone());
                    result = self.either(result, then);
                }
                return result;
            }
            Term::Call(name, arguments) => return self.call(name, arguments, input),
            Term::Var(name) => {
                return self
                    .vars
                    .iter()
                    .rev()
                    .find(|(known, _)| known == name)
                    .map_or(Place::Elsewhere, |(_, p)| p.clone());
            }
            Term::Path(base, path) => return self.path(base, &path.0, input),
        }
        Place::Elsewhere
    }

    fn parts(&mut self, parts: &[StrPart<&'s str, Term<&'s str>>], input: &Place) {
        for part in parts {
            if let StrPart::Term(term) = part {
                self.eat([term], input);
            }
        }
    }

    fn operation(
        &mut self,
        left: &Term<&'s str>,
        operator: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
        input: Place,
    ) -> Place {
        match operator {
            BinaryOp::Pipe(None) => {
                let place = self.term(left, input);
                self.term(right, place)
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let place = self.term(left, input.clone());
                let before = self.vars.len();
                self.bind(pattern, place, &input);
                let result = self.term(right, input);
                self.vars.truncate(before);
                result
            }
            BinaryOp::Comma | BinaryOp::Alt => {
                let left = self.term(left, input.clone());
                let right = self.term(right, input);
                self.either(left, right)
            }
            BinaryOp::Cmp(_) => {
                if input == Place::Scope {
                    self.compare(left, right);
                    self.compare(right, left);
                }
                self.eat([left, right], &input);
                Place::Elsewhere
            }
            _ => {
                self.eat([left, right], &input);
                Place::Elsewhere
            }
        }
    }

    /// Notes `.key.name` against a text.
    fn compare(&mut self, read: &Term<&'s str>, with: &Term<&'s str>) {
        let (Term::Path(base, path), Some(with)) = (read, literal(with)) else { return };
        let ([(Part::Index(key), _), (Part::Index(name), _)], Term::Id) = (&path.0[..], &**base) else { return };
        if let (Some(key), Some(name)) = (literal(key), literal(name)) {
            let (key, name) = (key.to_owned(), name.to_owned());
            self.reads.compared.push(Compared { key, name, with: with.to_owned(), at: span(self.source, with) });
        }
    }

    fn bind(&mut self, pattern: &Pattern<&'s str>, place: Place, input: &Place) {
        match pattern {
            Pattern::Var(name) => self.vars.push((name, place)),
            Pattern::Arr(items) => {
                self.consume(place);
                items.iter().for_each(|item| self.bind(item, Place::Elsewhere, input));
            }
            Pattern::Obj(entries) => {
                for (key, value) in entries {
                    let below = match literal(key) {
                        Some(name) => self.index(place.clone(), name),
                        None => {
                            self.eat([key], input);
                            self.consume(place.clone());
                            Place::Elsewhere
                        }
                    };
                    self.bind(value, below, input);
                }
            }
        }
    }

    /// Filters that do not look at their input themselves are told apart; all others see the whole of it.
    fn call(&mut self, name: &str, arguments: &[Term<&'s str>], input: Place) -> Place {
        match (name, arguments) {
            ("empty" | "true" | "false" | "null", []) => Place::Elsewhere,
            ("select", [condition]) => {
                self.eat([condition], &input);
                input
            }
            ("first" | "last", [from]) => self.term(from, input),
            ("isempty" | "add" | "error", [from]) => {
                self.eat([from], &input);
                Place::Elsewhere
            }
            ("any" | "all", [from, condition]) => {
                let place = self.term(from, input);
                self.eat([condition], &place);
                self.consume(place);
                Place::Elsewhere
            }
            _ => {
                self.consume(input.clone());
                self.eat(arguments, &input);
                Place::Elsewhere
            }
        }
    }

    fn path(
        &mut self,
        base: &Term<&'s str>,
        parts: &[(Part<Term<&'s str>>, jaq_core::path::Opt)],
        input: Place,
    ) -> Place {
        let mut place = self.term(base, input.clone());
        for (part, _) in parts {
            place = match part {
                Part::Index(index) => match literal(index) {
                    Some(name) => self.index(place, name),
                    None => {
                        self.eat([index], &input);
                        self.consume(place);
                        Place::Elsewhere
                    }
                },
                Part::Range(from, to) => {
                    self.eat(from.iter().chain(to), &input);
                    self.consume(place);
                    Place::Elsewhere
                }
            };
        }
        place
    }

    fn index(&mut self, place: Place, name: &'s str) -> Place {
        let at = span(self.source, name);
        match place {
            Place::Scope => {
                self.reads.keys.entry(name.to_owned()).or_insert_with(|| Read { at, ..Read::default() });
                Place::Key(name.to_owned())
            }
            Place::Key(key) => {
                self.reads.keys.entry(key).or_default().names.entry(name.to_owned()).or_insert(at);
                Place::Elsewhere
            }
            Place::Elsewhere => Place::Elsewhere,
        }
    }
}

/// The text that a term is, when it is nothing else.
pub(super) fn literal<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    match term {
        Term::Str(None, parts) => match &parts[..] {
            [StrPart::Str(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}
