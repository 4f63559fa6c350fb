//! The fence: which part of jq a runbook may use. Everything that passes it ends by construction.

use std::ops::Range;

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Parser, Pattern, Term};
use jaq_core::load::span;
use jaq_core::ops::Math;
use jaq_core::path::Part;

use crate::runbook::expr::ExprError;
use crate::runbook::filters::{FILTERS, FORMATS, REFUSED};
use crate::runbook::nearest::nearest;

/// The longest source of one expression, in bytes.
pub const MAX_SOURCE_BYTES: usize = 4096;
/// How deep brackets may nest.
pub const MAX_NESTING: usize = 64;
/// How many operators, path parts and keywords may follow each other on one level and those around it: what bounds the
/// stack of the parser.
const MAX_CHAIN: usize = 400;
/// How high the tree may be; a chain of operators counts one for each. What bounds the stack of the evaluation, which
/// must fit 2 MiB.
const MAX_HEIGHT: usize = 64;

/// Parses `source`, checks it, and hands the tree on.
pub(crate) fn with_term<'s, T>(source: &'s str, then: impl FnOnce(&Term<&'s str>) -> T) -> Result<T, ExprError> {
    let whole = 0..source.len();
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("the expression has {} bytes; the limit is {MAX_SOURCE_BYTES}", source.len());
        return Err(refusal(whole, message, Some("split it into probe fields, or into several steps")));
    }
    check_brackets(source)?;
    let tokens = Lexer::new(source).lex().map_err(|errors| lex_error(source, &errors))?;
    Fence { source }.tokens(&tokens, 0)?;
    let term = Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| parse_error(source, &errors))?;
    if height(&term) > MAX_HEIGHT {
        let help = "at most 64 operators, brackets or path parts may depend on each other; split it into probe fields";
        return Err(refusal(whole, "the expression nests too deeply", Some(help)));
    }
    Fence { source }.term(&term, &mut Vec::new())?;
    Ok(then(&term))
}

/// The height of the tree, a path counting one for each of its parts.
fn height(term: &Term<&str>) -> usize {
    let all = |terms: &mut dyn Iterator<Item = &Term<&str>>| terms.map(height).max().unwrap_or(0);
    1 + match term {
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) | Term::Def(_, inner) => height(inner),
        Term::Obj(entries) => entries.len() / 8 + all(&mut entries.iter().flat_map(|(k, v)| [k].into_iter().chain(v))),
        Term::Str(_, parts) => {
            let terms = parts.iter().filter_map(|part| match part {
                StrPart::Term(term) => Some(height(term)),
                StrPart::Str(_) | StrPart::Char(_) => None,
            });
            parts.len() + terms.max().unwrap_or(0)
        }
        Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
            pattern_height(pattern).max(height(left)).max(height(right))
        }
        Term::BinOp(left, _, right) => height(left).max(height(right)),
        Term::TryCatch(tried, caught) => caught.as_ref().map_or(0, |caught| height(caught)).max(height(tried)),
        Term::IfThenElse(branches, otherwise) => {
            let inner = branches.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise.as_deref());
            branches.len() + inner.map(height).max().unwrap_or(0)
        }
        // A definition of the prelude stands between a call and its arguments.
        Term::Call(_, arguments) if !arguments.is_empty() => 2 + all(&mut arguments.iter()),
        Term::Fold(_, _, _, arguments) => all(&mut arguments.iter()),
        Term::Path(base, path) => {
            let inner = path.0.iter().map(|(part, _)| match part {
                Part::Index(index) => height(index),
                Part::Range(from, to) => all(&mut from.iter().chain(to)),
            });
            path.0.len() + inner.max().unwrap_or(0).max(height(base))
        }
        _ => 0,
    }
}

fn pattern_height(pattern: &Pattern<&str>) -> usize {
    1 + match pattern {
        Pattern::Var(_) => 0,
        Pattern::Arr(items) => items.iter().map(pattern_height).max().unwrap_or(0),
        Pattern::Obj(entries) => {
            entries.iter().map(|(key, value)| height(key).max(pattern_height(value))).max().unwrap_or(0)
        }
    }
}

/// Bounds the recursion of the lexer. Brackets inside strings count too, which errs on the safe side.
fn check_brackets(source: &str) -> Result<(), ExprError> {
    let mut depth = 0_usize;
    for (at, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(refusal(at..at + 1, format!("brackets nest deeper than {MAX_NESTING}"), None));
        }
    }
    Ok(())
}

fn refusal(span: Range<usize>, message: impl Into<String>, help: Option<&str>) -> ExprError {
    ExprError { span, message: message.into(), help: help.map(str::to_owned) }
}

/// The first character from `at` on, or the last one when `at` is the end, so that a caret has something to point at.
fn one_char(source: &str, at: usize) -> Range<usize> {
    match source[at..].chars().next() {
        Some(c) => at..at + c.len_utf8(),
        None => source.char_indices().next_back().map_or(0..0, |(start, c)| start..start + c.len_utf8()),
    }
}

fn lex_error(source: &str, errors: &[jaq_core::load::lex::Error<&str>]) -> ExprError {
    use jaq_core::load::lex::Expect;
    let Some((expect, rest)) = errors.first() else {
        return refusal(0..source.len(), "it cannot be read", None);
    };
    let at = one_char(source, span(source, rest).start);
    let (message, help) = match expect {
        Expect::Token if rest.starts_with('\'') => {
            ("a quote that jq does not know".to_owned(), Some("write texts in double quotes: \"…\""))
        }
        Expect::Token => (format!("unexpected {:?}", rest.chars().next().unwrap_or(' ')), None),
        other => (format!("expected {}", other.as_str()), None),
    };
    refusal(at, message, help)
}

fn parse_error(source: &str, errors: &[jaq_core::load::parse::TError<'_, &str>]) -> ExprError {
    use jaq_core::load::parse::Expect;
    let Some((expect, found)) = errors.first() else {
        return refusal(0..source.len(), "it cannot be read", None);
    };
    let expected = match expect {
        Expect::Just(word) => format!("`{word}`"),
        Expect::Term => "a value or a filter".to_owned(),
        Expect::Nothing => "the end".to_owned(),
        Expect::ElseOrEnd => "`else` or `end`".to_owned(),
        other => format!("a {}", other.as_str()),
    };
    match found {
        Some(token) => {
            let shown: String = token.0.chars().take(20).collect();
            refusal(span(source, token.0), format!("expected {expected}, found `{shown}`"), None)
        }
        None if source.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) => {
            refusal(0..source.len(), "the expression is empty", None)
        }
        None => refusal(one_char(source, source.len()), format!("expected {expected}, found the end"), None),
    }
}

struct Fence<'s> {
    source: &'s str,
}

impl<'s> Fence<'s> {
    fn refuse<T>(&self, part: &str, message: impl Into<String>, help: Option<&str>) -> Result<T, ExprError> {
        Err(refusal(span(self.source, part), message, help))
    }

    /// Refuses what shows in the tokens alone, and bounds the height of the tree before it is built.
    fn tokens(&self, tokens: &[Token<&'s str>], mut height: usize) -> Result<(), ExprError> {
        for Token(text, kind) in tokens {
            if matches!(kind, Tok::Sym | Tok::Block(_)) || matches!(*text, "if" | "elif" | "try" | "as" | "catch") {
                height += 1;
            }
            if height > MAX_CHAIN {
                return self.refuse(
                    text,
                    "the expression is too long on one level",
                    Some("split it into probe fields"),
                );
            }
            match kind {
                Tok::Sym => self.symbol(text)?,
                Tok::Block(inner) => self.tokens(inner, height)?,
                Tok::Str(parts) => {
                    let height = height + parts.len();
                    if height > MAX_CHAIN {
                        return self.refuse(text, "the text has too many parts", None);
                    }
                    for part in parts {
                        if let StrPart::Term(Token(_, Tok::Block(inner))) = part {
                            self.tokens(inner, height)?;
                        }
                    }
                }
                Tok::Word | Tok::Var | Tok::Fmt | Tok::Num => {}
            }
        }
        Ok(())
    }

    fn symbol(&self, text: &'s str) -> Result<(), ExprError> {
        match text {
            ".." => self.unknown(text, 0),
            "=" => self.refuse(text, "`=` changes a value; expressions only read", Some("compare with `==`")),
            "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => {
                self.refuse(text, format!("`{text}` changes a value; expressions only read"), None)
            }
            _ => Ok(()),
        }
    }

    /// A name that is not on the list: refused on purpose, misspelt, or with the wrong number of arguments.
    fn unknown<T>(&self, name: &'s str, arguments: usize) -> Result<T, ExprError> {
        if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return self.refuse(name, format!("`{name}` is not allowed in a runbook"), Some(help));
        }
        if let Some((_, arities, _)) = FILTERS.iter().find(|(known, ..)| *known == name) {
            let counts: Vec<String> = arities.iter().map(usize::to_string).collect();
            let message = format!("`{name}` takes {} arguments, not {arguments}", counts.join(" or "));
            return self.refuse(name, message, None);
        }
        let near = nearest(name, FILTERS.iter().map(|(known, ..)| *known));
        let help = near.map_or_else(
            || "a field of the scope is read with a dot: `.inputs.NAME`, `.health.NAME`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.refuse(name, format!("there is no filter `{name}`"), Some(&help))
    }

    fn terms<'t>(
        &self,
        terms: impl IntoIterator<Item = &'t Term<&'s str>>,
        vars: &mut Vec<&'s str>,
    ) -> Result<(), ExprError>
    where
        's: 't,
    {
        terms.into_iter().try_for_each(|term| self.term(term, vars))
    }

    fn term(&self, term: &Term<&'s str>, vars: &mut Vec<&'s str>) -> Result<(), ExprError> {
        match term {
            Term::Id | Term::Num(_) | Term::Arr(None) => Ok(()),
            Term::Recurse => self.unknown("..", 0),
            Term::Str(format, parts) => {
                if let Some(format) = format.filter(|format| !FORMATS.contains(format)) {
                    return self.unknown(format, 0);
                }
                self.parts(parts, vars)
            }
            Term::Arr(Some(inner)) | Term::Neg(inner) => self.term(inner, vars),
            Term::Obj(entries) => {
                entries.iter().try_for_each(|(key, value)| self.terms([key].into_iter().chain(value), vars))
            }
            Term::BinOp(left, operator, right) => self.operation(left, operator, right, vars),
            Term::Label(name, _) | Term::Break(name) => {
                self.refuse(name, "`label` and `break` are not allowed in a runbook", Some("use `first(…)`"))
            }
            Term::Fold(name, ..) => self.unknown(name, 0),
            Term::TryCatch(tried, caught) => {
                self.term(tried, vars)?;
                caught.as_ref().map_or(Ok(()), |caught| self.term(caught, vars))
            }
            Term::IfThenElse(branches, otherwise) => {
                branches.iter().try_for_each(|(condition, then)| self.terms([condition, then], vars))?;
                otherwise.as_ref().map_or(Ok(()), |otherwise| self.term(otherwise, vars))
            }
            Term::Def(definitions, _) => match definitions.first() {
                Some(first) => {
                    let help = REFUSED.first().map(|(_, help)| *help);
                    self.refuse(first.name, "`def` is not allowed in a runbook", help)
                }
                None => Ok(()),
            },
            Term::Call(name, arguments) => {
                let known =
                    FILTERS.iter().any(|(known, arities, _)| known == name && arities.contains(&arguments.len()));
                if known { self.terms(arguments, vars) } else { self.unknown(name, arguments.len()) }
            }
            Term::Var(name) if vars.contains(name) => Ok(()),
            Term::Var("$ENV") | Term::Var("$__loc__") => self.variable(term),
            Term::Var(_) => self.variable(term),
            Term::Path(base, path) => {
                self.term(base, vars)?;
                path.0.iter().try_for_each(|(part, _)| match part {
                    Part::Index(index) => self.term(index, vars),
                    Part::Range(from, to) => self.terms(from.iter().chain(to), vars),
                })
            }
        }
    }

    fn variable(&self, term: &Term<&'s str>) -> Result<(), ExprError> {
        let Term::Var(name) = term else { return Ok(()) };
        if *name == "$ENV" {
            return self.unknown(name, 0);
        }
        let help = "bind it first: `EXPRESSION as $name | …`";
        self.refuse(name, format!("there is no variable `{name}`"), Some(help))
    }

    fn parts(&self, parts: &[StrPart<&'s str, Term<&'s str>>], vars: &mut Vec<&'s str>) -> Result<(), ExprError> {
        parts.iter().try_for_each(|part| match part {
            StrPart::Term(term) => self.term(term, vars),
            StrPart::Str(_) | StrPart::Char(_) => Ok(()),
        })
    }

    fn operation(
        &self,
        left: &Term<&'s str>,
        operator: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
        vars: &mut Vec<&'s str>,
    ) -> Result<(), ExprError> {
        self.term(left, vars)?;
        match operator {
            BinaryOp::Pipe(Some(pattern)) => {
                let before = vars.len();
                self.pattern(pattern, vars)?;
                self.term(right, vars)?;
                vars.truncate(before);
                Ok(())
            }
            BinaryOp::Math(Math::Mul) => {
                for side in [left, right] {
                    if let Term::Str(_, parts) = side {
                        let at = parts.iter().find_map(|part| match part {
                            StrPart::Str(text) => Some(span(self.source, text)),
                            _ => None,
                        });
                        let help = Some("texts are joined with `+` or `join`");
                        return Err(refusal(at.unwrap_or(0..self.source.len()), "`*` takes numbers, not texts", help));
                    }
                }
                self.term(right, vars)
            }
            _ => self.term(right, vars),
        }
    }

    fn pattern(&self, pattern: &Pattern<&'s str>, vars: &mut Vec<&'s str>) -> Result<(), ExprError> {
        match pattern {
            Pattern::Var(name) => {
                vars.push(name);
                Ok(())
            }
            Pattern::Arr(items) => items.iter().try_for_each(|item| self.pattern(item, vars)),
            Pattern::Obj(entries) => entries.iter().try_for_each(|(key, value)| {
                self.term(key, vars)?;
                self.pattern(value, vars)
            }),
        }
    }
}
