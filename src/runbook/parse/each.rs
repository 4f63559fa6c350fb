//! `for_each`: one expression, or two of which the second is asked for each item of the first.

use crate::runbook::expr::Expr;
use crate::runbook::parse::{Place, Reader, Sees};
use crate::runbook::raw::{Item, Table, Text, kind_of};

/// What `for_each` says, before it is known what the phase's place is.
pub(crate) enum Each<'d> {
    /// No loop.
    None,
    /// A loop, but with a finding: none of its expressions can be taken.
    Broken,
    /// One expression.
    Single(Text<'d>),
    /// Outer and inner.
    Nested(Text<'d>, Text<'d>),
}

impl<'d> Reader<'d> {
    /// Reads the key, and notes in the place of the phase what it makes of it.
    pub(crate) fn each(&mut self, table: &mut Table<'d>, place: &mut Place) -> Each<'d> {
        let each = table.take("for_each").map_or(Each::None, |item| self.each_of(&item));
        place.is_loop = !matches!(each, Each::None);
        place.is_nested = matches!(each, Each::Nested(..));
        each
    }

    fn each_of(&mut self, item: &Item<'d>) -> Each<'d> {
        if item.is_text() {
            return item.text(&mut self.findings).map_or(Each::Broken, Each::Single);
        }
        if !item.is_list() {
            let message = format!("`for_each` is an expression or a list of two, not {}", kind_of(item.value));
            self.findings.error("wrong-type", &item.span, message);
            return Each::Broken;
        }
        let count = item.items().len();
        let mut texts = item.texts(&mut self.findings).into_iter();
        match (texts.next(), texts.next(), count) {
            (Some(outer), Some(inner), 2) => Each::Nested(outer, inner),
            _ if count == 2 => Each::Broken,
            _ => {
                let message = format!("a loop in a loop is two expressions, not {count}");
                let help = "write for_each = [\"outer\", \"inner\"]; the inner one sees the outer item as `.group`";
                self.findings.helped("bad-value", &item.span, message, help);
                Each::Broken
            }
        }
    }

    /// The expressions: of the items, or of the outer and of the inner items.
    pub(crate) fn each_exprs(&mut self, each: &Each<'d>, place: Place) -> (Option<Expr>, Option<Expr>) {
        match each {
            Each::None | Each::Broken => (None, None),
            Each::Single(text) => (self.expr(text, Sees::Loop(place)), None),
            Each::Nested(outer, inner) => {
                (self.expr(outer, Sees::Loop(place)), self.expr(inner, Sees::InnerLoop(place)))
            }
        }
    }
}
