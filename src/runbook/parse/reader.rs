//! What all parts of the reader share: findings, and the expressions met so far.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use crate::runbook::expr::{Expr, ExprError};
use crate::runbook::id::{MAX_NAME_BYTES, is_plain_name};
use crate::runbook::model::Condition;
use crate::runbook::raw::{Findings, Item, Table, Text};
use crate::runbook::template::Template;
use crate::runbook::value::parse_duration;

/// Where in the runbook an expression stands; plans are counted from 0, the main plan first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// 0 for the plan, else the rollback plan's number.
    pub(crate) plan: usize,
    /// The phase within its plan.
    pub(crate) phase: usize,
    /// The step within its phase; `None` for the phase itself.
    pub(crate) step: Option<usize>,
    /// Whether the phase is a loop: the item is seen as `.node`.
    pub(crate) is_loop: bool,
    /// Whether it is a loop in a loop.
    pub(crate) is_nested: bool,
    /// Whether the phase takes its items together: all of them are seen as `.nodes`.
    pub(crate) sees_all: bool,
    /// Whether the steps of the phase are taken in any order.
    pub(crate) any_order: bool,
}

impl Place {
    /// The same place as a command sees it that runs once per item.
    pub(crate) fn of_each_item(self) -> Self {
        Self { is_loop: self.is_loop || self.sees_all, ..self }
    }
}

/// What an expression can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sees {
    /// A probe's address, headers and argv: inputs, and the node when there is an `each`.
    Question {
        /// Whether the probe has an `each`.
        node: bool,
    },
    /// A probe's fields: the answer to an HTTP request, to a TCP one or to a command.
    Answer(&'static [&'static str]),
    /// A probe's `ok` and `degraded`: its fields.
    Fields(Vec<String>),
    /// The default of a command: whatever the step that runs it sees.
    Command,
    /// The run as a whole: guards, and a rollback plan's `when`.
    Run,
    /// A phase's `for_each`: the run without a node.
    Loop(Place),
    /// The inner expression of a `for_each` of two: the outer item too.
    InnerLoop(Place),
    /// Texts that are only shown.
    Shown(Place),
    /// Conditions and arguments: what decides or runs.
    Deciding(Place),
    /// After a command: its outcome too.
    Outcome(Place),
}

/// An expression that was met, and where.
pub(crate) struct Met<'d> {
    pub(crate) expr: Expr,
    /// The text it stands in.
    pub(crate) text: Text<'d>,
    /// Where in the text it starts, in bytes.
    pub(crate) offset: usize,
    pub(crate) sees: Sees,
}

impl Met<'_> {
    /// The place in the source of a part of the expression.
    pub(crate) fn place(&self, source: &str, part: &Range<usize>) -> Range<usize> {
        self.text.place(source, self.offset + part.start..self.offset + part.end)
    }
}

/// Findings and expressions, filled while reading.
pub(crate) struct Reader<'d> {
    pub(crate) findings: Findings<'d>,
    pub(crate) met: Vec<Met<'d>>,
    /// By source: what stands in many steps is compiled once, and kept once.
    compiled: HashMap<&'d str, Expr>,
    /// Every input that is declared, also those with findings.
    pub(crate) inputs_seen: Vec<String>,
    /// Every probe that is declared, also those with findings.
    pub(crate) probes_seen: Vec<String>,
    /// Every guard that is declared, also those with findings.
    pub(crate) guards_seen: Vec<String>,
    /// Inputs that are named outside expressions, with the type they must have.
    pub(crate) inputs_named: Vec<(Text<'d>, &'static str)>,
    /// Steps that are named outside expressions: phase and step.
    pub(crate) steps_named: Vec<(Text<'d>, String, String)>,
    /// Probes that are named outside expressions.
    pub(crate) probes_named: Vec<Text<'d>>,
    /// Probes and guards that steps watch.
    pub(crate) watch_named: Vec<Text<'d>>,
    /// The answers that steps give.
    pub(crate) answers: Vec<(Place, Text<'d>)>,
    /// The choices, by the names of their steps, with the names of their ways.
    pub(crate) choices: Vec<(Place, Text<'d>, Vec<String>)>,
    /// The phases that steps lead back to.
    pub(crate) restarts: Vec<(Place, Text<'d>)>,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(findings: Findings<'d>) -> Self {
        Self {
            findings,
            met: Vec::new(),
            compiled: HashMap::new(),
            inputs_seen: Vec::new(),
            probes_seen: Vec::new(),
            guards_seen: Vec::new(),
            inputs_named: Vec::new(),
            steps_named: Vec::new(),
            probes_named: Vec::new(),
            watch_named: Vec::new(),
            answers: Vec::new(),
            choices: Vec::new(),
            restarts: Vec::new(),
        }
    }

    pub(crate) fn expr(&mut self, text: &Text<'d>, sees: Sees) -> Option<Expr> {
        match compiled(&mut self.compiled, text.value) {
            Ok(expr) => {
                self.met.push(Met { expr: expr.clone(), text: text.clone(), offset: 0, sees });
                Some(expr)
            }
            Err(error) => {
                self.refused(text, error);
                None
            }
        }
    }

    pub(crate) fn template(&mut self, text: &Text<'d>, sees: &Sees) -> Option<Template> {
        match Template::compile_with(text.value, |source| compiled(&mut self.compiled, source)) {
            Ok(template) => {
                for (offset, expr) in template.expressions() {
                    self.met.push(Met { expr: expr.clone(), text: text.clone(), offset, sees: sees.clone() });
                }
                Some(template)
            }
            Err(error) => {
                self.refused(text, error);
                None
            }
        }
    }

    fn refused(&mut self, text: &Text<'_>, error: ExprError) {
        let span = text.place(self.findings.source, error.span);
        match error.help {
            Some(help) => self.findings.helped("expression", &span, error.message, help),
            None => self.findings.error("expression", &span, error.message),
        }
    }

    /// A title: one line, not empty.
    pub(crate) fn title(&mut self, table: &mut Table<'d>, sees: &Sees) -> Option<Template> {
        let text = table.need_text("title", &mut self.findings)?;
        self.check_line(&text);
        self.template(&text, sees)
    }

    /// One line that is not empty.
    pub(crate) fn line(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<String> {
        let text = table.need_text(key, &mut self.findings)?;
        self.check_line(&text);
        Some(self.plain(&text))
    }

    /// A text that is shown as it stands: a value in it would be shown as braces, so it is told here.
    pub(crate) fn plain(&mut self, text: &Text<'_>) -> String {
        if let Some(at) = text.value.find("{{") {
            let end = text.value[at..].find("}}").map_or(at + 2, |end| at + end + 2);
            let span = text.place(self.findings.source, at..end);
            let help =
                "values can stand in a step's title, text, cautions, prompt and arguments, and in a phase's title";
            self.findings.helped(
                "plain-text",
                &span,
                "this text is shown as it stands: it takes no {{ }}".into(),
                help,
            );
        }
        text.value.to_owned()
    }

    /// A plain text that may be absent.
    pub(crate) fn plain_or_empty(&mut self, table: &mut Table<'d>, key: &'static str) -> String {
        table.text(key, &mut self.findings).map(|text| self.plain(&text)).unwrap_or_default()
    }

    pub(crate) fn check_line(&mut self, text: &Text<'_>) {
        if text.value.trim().is_empty() {
            self.findings.error("empty", &text.span, "this text is empty");
        } else if text.value.contains('\n') {
            self.findings.error("not-a-line", &text.span, "this text is one line");
        }
    }

    /// A name that must be there and be plain.
    pub(crate) fn name(&mut self, table: &mut Table<'d>) -> Option<Text<'d>> {
        let text = table.need_text("id", &mut self.findings)?;
        self.is_name(&text).then_some(text)
    }

    pub(crate) fn is_name(&mut self, text: &Text<'_>) -> bool {
        let is_plain = is_plain_name(text.value);
        if !is_plain {
            let help = format!("lower-case letters, digits, '-' and '_', at most {MAX_NAME_BYTES}");
            self.findings.helped("bad-name", &text.span, format!("{:?} cannot be a name", text.value), help);
        }
        is_plain
    }

    pub(crate) fn duration(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<Duration> {
        let text = table.text(key, &mut self.findings)?;
        self.duration_of(&text)
    }

    pub(crate) fn duration_of(&mut self, text: &Text<'_>) -> Option<Duration> {
        parse_duration(text.value).map_err(|error| self.findings.error("bad-duration", &text.span, error)).ok()
    }

    /// `key = "…"` or `key = { holds = "…", why = "…" }`.
    pub(crate) fn condition(&mut self, table: &mut Table<'d>, key: &'static str, sees: Sees) -> Option<Condition> {
        let item = table.take(key)?;
        self.condition_of(&item, sees)
    }

    fn condition_of(&mut self, item: &Item<'d>, sees: Sees) -> Option<Condition> {
        if !item.is_table() {
            let text = item.text(&mut self.findings)?;
            return Some(Condition { holds: self.expr(&text, sees)?, why: String::new() });
        }
        let mut table = item.table("a condition", &mut self.findings)?;
        let holds = table.need_text("holds", &mut self.findings);
        let why = self.plain_or_empty(&mut table, "why");
        table.finish(&mut self.findings);
        Some(Condition { holds: self.expr(&holds?, sees)?, why })
    }

    /// Texts of a list, each once and none empty.
    pub(crate) fn words(&mut self, table: &mut Table<'d>, key: &'static str) -> Vec<String> {
        let texts = table.texts(key, &mut self.findings);
        let mut words: Vec<String> = Vec::with_capacity(texts.len());
        for text in &texts {
            self.check_line(text);
            if words.iter().any(|word| word == text.value) {
                self.findings.error("duplicate", &text.span, format!("{:?} stands here twice", text.value));
            } else {
                words.push(self.plain(text));
            }
        }
        words
    }
}

fn compiled<'d>(known: &mut HashMap<&'d str, Expr>, source: &'d str) -> Result<Expr, ExprError> {
    if let Some(expr) = known.get(source) {
        return Ok(expr.clone());
    }
    let expr = Expr::compile(source)?;
    known.insert(source, expr.clone());
    Ok(expr)
}
