//! The parts of a rule: what its top-level `and` joins, each an expression of its own.

use jaq_core::load::lex::{Lexer, Tok, Token};
use jaq_core::load::span;

use crate::runbook::Expr;

/// The most parts that are told apart.
const MAX_PARTS: usize = 16;

/// One part of a rule.
#[derive(Clone, Debug)]
pub struct Part {
    /// As it stands in the rule, in one line.
    pub source: String,
    /// The part with what the rule binds before it.
    pub expr: Expr,
}

/// The parts that a rule joins with `and`; empty for a rule that is not such a chain.
pub fn parts(rule: &Expr) -> Vec<Part> {
    let source = rule.source();
    let Some((before, places)) = split(source) else { return Vec::new() };
    let part = |place: &std::ops::Range<usize>| {
        let own = source.get(place.clone())?.trim();
        let expr = Expr::compile(&format!("{before}{own}")).ok()?;
        Some(Part { source: own.split_whitespace().collect::<Vec<_>>().join(" "), expr })
    };
    places.iter().map(part).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// What a rule binds before its chain, and where the links of the chain stand.
fn split(source: &str) -> Option<(&str, Vec<std::ops::Range<usize>>)> {
    let tokens = Lexer::new(source).lex().ok()?;
    let (mut open_ifs, mut start, mut is_path) = (0_usize, 0, false);
    let mut joints = Vec::new();
    for Token(text, kind) in &tokens {
        let place = span(source, text);
        let is_name = std::mem::replace(&mut is_path, text.ends_with('.') && matches!(kind, Tok::Sym));
        match (kind, *text) {
            (Tok::Word, "if") if !is_name => open_ifs += 1,
            (Tok::Word, "end") if !is_name => open_ifs = open_ifs.saturating_sub(1),
            _ if open_ifs > 0 || is_name => {}
            // A pipe reaches further than `and`: behind a chain it would be its last link's alone.
            (Tok::Sym, "|") if joints.is_empty() => start = place.end,
            (Tok::Word, "and") => joints.push(place),
            (Tok::Sym, "|" | "," | "//") | (Tok::Word, "or") => return None,
            _ => {}
        }
    }
    if joints.is_empty() || joints.len() >= MAX_PARTS {
        return None;
    }
    let begins = std::iter::once(start).chain(joints.iter().map(|joint| joint.end));
    let ends = joints.iter().map(|joint| joint.start).chain([source.len()]);
    Some((&source[..start], begins.zip(ends).map(|(begin, end)| begin..end).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_told_apart_and_nothing_else_is() {
        let three = ".run.seconds > 1 and (.node == 1 or .node == 2) and (.health.a | length == 3)";
        let cases: [(&str, &[&str]); 11] = [
            (three, &[".run.seconds > 1", "(.node == 1 or .node == 2)", "(.health.a | length == 3)"]),
            (".node as $n | $n.a == 1 and\n  $n.b == 2", &["$n.a == 1", "$n.b == 2"]),
            (".node as {a: $a} | $a as [$b] | $b == 1 and $b < 2", &["$b == 1", "$b < 2"]),
            (".node | .a == 1 and .b == 2", &[".a == 1", ".b == 2"]),
            (
                "if .node and .run then true else false end and .node == 1",
                &["if .node and .run then true else false end", ".node == 1"],
            ),
            (".node.and == 1", &[]),
            (".node == 1", &[]),
            (".node == 1 and .run == 2 or .node == 3", &[]),
            (".node == 1 and .run == 2 | not", &[]),
            (".node and .run as $r | $r == 1 and $r == 2", &[]),
            (".node and .run // false", &[]),
        ];
        for (source, expected) in cases {
            let rule = Expr::compile(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
            let told: Vec<_> = parts(&rule).into_iter().map(|part| part.source).collect();
            assert_eq!(told, expected, "{source}");
        }
    }

    #[test]
    fn every_part_is_judged_with_what_the_rule_binds() {
        let rule = Expr::compile(".node as $n | $n.a == 1 and $n.b == 2").unwrap();
        let scope = serde_json::json!({ "node": { "a": 1, "b": 3 } });
        let judged: Vec<_> = parts(&rule).iter().map(|part| part.expr.truth(&scope)).collect();
        assert_eq!(judged, [crate::runbook::Truth::True, crate::runbook::Truth::False]);
    }
}
