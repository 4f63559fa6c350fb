//! Texts with `{{ expression }}` parts.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::runbook::expr::{EvalError, Expr, ExprError};

/// What says in an expression how long something lasts.
const MOVING: [&str; 2] = [".elapsed", ".age"];

/// The longest text, in bytes, before and after its values are put in.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A text with `{{ expression }}` parts.
#[derive(Clone, Debug)]
pub struct Template {
    source: Arc<str>,
    parts: Arc<[Part]>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(Range<usize>),
    Value(Expr),
}

impl Template {
    /// Compiles `source`, or says which part of it is wrong.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Self::compile_with(source, Expr::compile)
    }

    /// Compiles `source` by means of `compile`, which may know an expression already.
    pub(crate) fn compile_with<'s>(
        source: &'s str,
        mut compile: impl FnMut(&'s str) -> Result<Expr, ExprError>,
    ) -> Result<Self, ExprError> {
        if source.len() > MAX_TEXT_BYTES {
            let message = format!("the text has {} bytes; the limit is {MAX_TEXT_BYTES}", source.len());
            return Err(ExprError { span: 0..source.len(), message, help: None });
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(open) = source[at..].find("{{").map(|found| at + found) {
            let inner = open + 2;
            let Some(close) = end_of_value(&source[inner..]).map(|found| inner + found) else {
                return Err(ExprError {
                    span: open..inner,
                    message: "`{{` without its `}}`".into(),
                    help: Some("to show two braces, write `{{ \"{{\" }}`".into()),
                });
            };
            let expr = compile(&source[inner..close])
                .map_err(|error| ExprError { span: inner + error.span.start..inner + error.span.end, ..error })?;
            if open > at {
                parts.push(Part::Text(at..open));
            }
            parts.push(Part::Value(expr));
            at = close + 2;
        }
        if at < source.len() {
            parts.push(Part::Text(at..source.len()));
        }
        Ok(Self { source: source.into(), parts: parts.into() })
    }

    /// A text without values; braces in it mean nothing.
    pub(crate) fn plain(text: &str) -> Self {
        let whole = Part::Text(0..text.len());
        Self { source: text.into(), parts: [whole].into() }
    }

    /// Whether it has values at all.
    pub fn has_values(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value(_)))
    }

    /// Whether it reads otherwise from one moment to the next although nothing happens: it tells how long something
    /// lasts.
    pub fn moves_by_itself(&self) -> bool {
        self.expressions().any(|(_, expr)| moving(expr.source()).is_some())
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its expressions with the place of each in the text, in bytes.
    pub fn expressions(&self) -> impl Iterator<Item = (usize, &Expr)> {
        let mut at = 0;
        self.parts.iter().filter_map(move |part| match part {
            Part::Text(range) => {
                at = range.end;
                None
            }
            Part::Value(expr) => {
                let start = at + 2;
                at = start + expr.source().len() + 2;
                Some((start, expr))
            }
        })
    }

    /// Which probes its expressions read, sorted, each once.
    pub fn probes(&self) -> Vec<String> {
        let mut probes: Vec<String> = self.expressions().flat_map(|(_, expr)| expr.probes()).collect();
        probes.sort();
        probes.dedup();
        probes
    }

    /// The text with its values: strings as they are, everything else as JSON. `null` is an error.
    pub fn render(&self, scope: &Value) -> Result<String, EvalError> {
        self.put_together(scope, Err, drop)
    }

    /// The text with the values that there are, and `gap` in place of every other.
    pub fn render_known(&self, scope: &Value, gap: &str) -> String {
        self.put_together(scope, |_| Ok(gap.to_owned()), drop).unwrap_or_else(|_| gap.to_owned())
    }

    /// The text with its values, and where in it they stand, in bytes.
    pub fn render_marked(&self, scope: &Value) -> Result<(String, Vec<Range<usize>>), EvalError> {
        let mut marks = Vec::new();
        let text = self.put_together(scope, Err, |at| marks.push(at))?;
        Ok((text, marks))
    }

    /// The text with its values; `missing` says what stands for one that is not there, and
    /// `filled` is told where each stands.
    fn put_together(
        &self,
        scope: &Value,
        missing: impl Fn(EvalError) -> Result<String, EvalError>,
        mut filled: impl FnMut(Range<usize>),
    ) -> Result<String, EvalError> {
        let mut text = String::with_capacity(self.source.len());
        for part in self.parts.iter() {
            match part {
                Part::Text(range) => text.push_str(&self.source[range.clone()]),
                Part::Value(expr) => {
                    let from = text.len();
                    text.push_str(&value_of(expr, scope).or_else(&missing)?);
                    filled(from..text.len());
                }
            }
            if text.len() > MAX_TEXT_BYTES {
                return Err(EvalError("the text grows beyond 64 KiB".into()));
            }
        }
        Ok(text)
    }
}

/// What stands for an expression in a text.
fn value_of(expr: &Expr, scope: &Value) -> Result<String, EvalError> {
    match expr.one(scope) {
        Ok(Value::String(value)) => Ok(value),
        Ok(Value::Null) => Err(EvalError(format!("`{}` is null", expr.source().trim()))),
        Ok(other) => Ok(other.to_string()),
        Err(error) => Err(EvalError(format!("`{}`: {error}", expr.source().trim()))),
    }
}

/// Where the `{{ … }}` parts of a text stand, braces included, in bytes.
pub(crate) fn values(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = source[at..].find("{{").map(|found| at + found) {
        let Some(close) = end_of_value(&source[open + 2..]).map(|found| open + 2 + found + 2) else { break };
        found.push(open..close);
        at = close;
    }
    found
}

/// Where the `}}` stands that ends the expression at the start of `rest`: not one inside a text or a bracket.
fn end_of_value(rest: &str) -> Option<usize> {
    let mut open: Vec<u8> = Vec::new();
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (open.last(), byte) {
            (Some(b'"'), b'\\') if bytes.get(at + 1) == Some(&b'(') => {
                open.push(b'(');
                at += 1;
            }
            (Some(b'"'), b'\\') => at += 1,
            (Some(b'"'), b'"') => {
                open.pop();
            }
            (Some(b'"'), _) => {}
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (_, b'"' | b'(' | b'[' | b'{') => open.push(byte),
            (Some(_), b')' | b']' | b'}') => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where an expression asks how long something lasts.
pub(crate) fn moving(expr: &str) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    MOVING.iter().find_map(|word| {
        let mut found = expr.match_indices(word).map(|(at, word)| at..at + word.len());
        found.find(|at| !expr[at.end..].starts_with(is_word))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_put_into_the_text() {
        let scope = json!({"node": {"name": "vault-2", "port": 8200}, "empty": null});
        for (source, expected) in [
            ("plain", Ok("plain")),
            ("Stop {{ .node.name }} now", Ok("Stop vault-2 now")),
            ("{{.node.name}}:{{.node.port}}", Ok("vault-2:8200")),
            ("{{ {a: {b: 1}} }}", Ok("{\"a\":{\"b\":1}}")),
            ("{{ \"}} \\(.node.port) \\\" \" }}", Ok("}} 8200 \" ")),
            ("a }} b", Ok("a }} b")),
            ("{{ \"{{\" }}", Ok("{{")),
            ("{{ .empty }}", Err("`.empty` is null")),
            ("{{ .node.nothing }}", Err("`.node.nothing` is null")),
            ("{{ empty }}", Err("`empty`: gave nothing")),
            ("{{ .node[] }}", Err("`.node[]`: gave several values where one is meant; use all(…), any(…) or first(…)")),
            ("{{ first(.node[]) }}", Ok("vault-2")),
        ] {
            let rendered = Template::compile(source).unwrap().render(&scope);
            assert_eq!(rendered.as_deref().map_err(|error| error.0.as_str()), expected, "{source}");
        }
    }

    #[test]
    fn what_has_no_value_leaves_a_gap_and_takes_nothing_else_with_it() {
        let scope = json!({"node": {"name": "vault-2"}});
        for (source, expected) in [
            ("plain", "plain"),
            ("Take {{ .answers.version }} on {{ .node.name }}", "Take … on vault-2"),
            ("{{ \"}}\" | error }}: {{ .node.name }}", "…: vault-2"),
        ] {
            assert_eq!(Template::compile(source).unwrap().render_known(&scope, "…"), expected, "{source}");
        }
    }

    #[test]
    fn it_is_known_where_the_values_stand() {
        let scope = json!({"node": {"name": "vault-2", "port": 8200, "empty": ""}});
        for (source, expected) in [
            ("plain", vec![]),
            ("Stop {{ .node.name }} now", vec!["vault-2"]),
            ("ä{{.node.name}}:{{.node.port}}{{.node.empty}}", vec!["vault-2", "8200", ""]),
        ] {
            let template = Template::compile(source).unwrap();
            let (text, marks) = template.render_marked(&scope).unwrap();
            assert_eq!(text, template.render(&scope).unwrap());
            assert_eq!(marks.into_iter().map(|at| &text[at]).collect::<Vec<_>>(), expected, "{source}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at_in_the_text() {
        for (source, at) in [("a {{ now }}", 5..8), ("ä {{ .a", 3..5), ("{{ }}", 2..3), ("{{a}} {{ .b | foo }}", 2..3)]
        {
            assert_eq!(Template::compile(source).unwrap_err().span, at, "{source}");
        }
    }

    #[test]
    fn expressions_come_with_their_places() {
        let source = "x{{ .health.vault }}y{{.health.tcp}}";
        let template = Template::compile(source).unwrap();
        for (at, expr) in template.expressions() {
            assert_eq!(&source[at..at + expr.source().len()], expr.source());
        }
        assert_eq!(
            values(source).into_iter().map(|at| &source[at]).collect::<Vec<_>>(),
            ["{{ .health.vault }}", "{{.health.tcp}}"]
        );
        assert_eq!(template.probes(), ["tcp", "vault"]);
    }
}
