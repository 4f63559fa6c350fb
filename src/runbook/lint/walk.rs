//! The parts of a runbook that advice is about, each with its place. The text was taken before, so what cannot be read
//! here is left out.

use std::ops::Range;
use std::time::Duration;

use toml::de::DeTable;

use crate::runbook::raw::{Findings, Item, Table, Text};
use crate::runbook::value::parse_duration;

/// More than any runbook has; the parser has counted.
const LIMIT: usize = 10_000;

/// A runbook as its author wrote it.
#[derive(Default)]
pub(crate) struct Book<'d> {
    /// It names the document it was made from.
    pub(crate) has_document: bool,
    /// `rollback = []`: the author says that there is nothing to go back to.
    pub(crate) waives_rollback: bool,
    pub(crate) rollbacks: Vec<Plan<'d>>,
    /// What `holds` of each guard says.
    pub(crate) guards: Vec<Text<'d>>,
    /// The defaults of commands, with the names of their inputs.
    pub(crate) defaults: Vec<(&'d str, Vec<Text<'d>>)>,
    /// Commands without a default, bound by each site.
    pub(crate) bound: Vec<&'d str>,
    /// The names of all variables that steps set for their commands.
    pub(crate) variables: Vec<&'d str>,
    /// The commands of probes.
    pub(crate) probes: Vec<Vec<Text<'d>>>,
    /// The steps of the plan and then of each rollback plan, in their order.
    pub(crate) steps: Vec<Step<'d>>,
}

/// A way back.
pub(crate) struct Plan<'d> {
    pub(crate) name: Option<Text<'d>>,
    pub(crate) has_when: bool,
    pub(crate) has_source: bool,
}

/// A step.
pub(crate) struct Step<'d> {
    /// 0 for the plan, else the rollback plan's number.
    pub(crate) plan: usize,
    pub(crate) name: Text<'d>,
    pub(crate) title: Option<Text<'d>>,
    pub(crate) cautions: Vec<Text<'d>>,
    /// It says what it carries; an empty list says: nothing.
    pub(crate) has_source: bool,
    /// Where its phase begins, when that takes its steps in any order.
    pub(crate) any: Option<usize>,
    /// The steps that it requires, by the last part of their names.
    pub(crate) requires: Vec<&'d str>,
    /// It is a hold point.
    pub(crate) is_release: bool,
    pub(crate) critical: bool,
    pub(crate) irreversible: bool,
    pub(crate) disturbs: bool,
    pub(crate) run: Option<Run<'d>>,
    pub(crate) expect: Option<Text<'d>>,
    pub(crate) gate: Option<Text<'d>>,
    pub(crate) check: Option<Text<'d>>,
    pub(crate) hold: Duration,
}

/// What a step runs.
pub(crate) struct Run<'d> {
    /// Where the command, or the name of its input, stands.
    pub(crate) span: Range<usize>,
    pub(crate) argv: Argv<'d>,
}

/// A command.
pub(crate) enum Argv<'d> {
    Input(&'d str),
    Words(Vec<Text<'d>>),
}

impl<'d> Book<'d> {
    pub(crate) fn read(source: &'d str, root: &'d DeTable<'d>) -> Self {
        let mut walk = Walk { scratch: Findings::new(source), book: Self::default() };
        walk.root(Table::new("the runbook", 0..0, root));
        walk.book
    }

    /// The words of a command, if they stand in the runbook.
    pub(crate) fn words<'b>(&'b self, argv: &'b Argv<'d>) -> Option<&'b [Text<'d>]> {
        match argv {
            Argv::Words(words) => Some(words),
            Argv::Input(name) => self.defaults.iter().find(|(known, _)| known == name).map(|(_, words)| &words[..]),
        }
    }
}

struct Walk<'d> {
    /// What is found on the way was found before.
    scratch: Findings<'d>,
    book: Book<'d>,
}

impl<'d> Walk<'d> {
    fn root(&mut self, mut root: Table<'d>) {
        self.book.has_document = root.peek("source").is_some();
        self.book.waives_rollback = root.peek("rollback").is_some_and(|item| item.items().is_empty());
        self.inputs(&root);
        for guard in root.tables("guard", "a guard", LIMIT, &mut self.scratch) {
            let holds = self.condition(&guard, "holds");
            self.book.guards.extend(holds);
        }
        for probe in root.tables("health", "a probe", LIMIT, &mut self.scratch) {
            let words = probe.peek("command").and_then(|item| self.list(&item));
            self.book.probes.extend(words);
        }
        self.phases(&mut root, 0);
        let plans = root.tables("rollback", "a rollback plan", LIMIT, &mut self.scratch);
        for (index, mut plan) in plans.into_iter().enumerate() {
            let name = self.text(&plan, "id");
            self.book.rollbacks.push(Plan {
                name,
                has_when: plan.peek("when").is_some(),
                has_source: plan.peek("source").is_some(),
            });
            self.phases(&mut plan, index + 1);
        }
    }

    fn inputs(&mut self, root: &Table<'d>) {
        let Some(inputs) = root.peek("inputs").and_then(|item| item.table("`[inputs]`", &mut self.scratch)) else {
            return;
        };
        for (name, item) in inputs.free() {
            let Some(input) = item.table("an input", &mut self.scratch) else { continue };
            if self.text(&input, "type").is_none_or(|kind| kind.value != "command") {
                continue;
            }
            match input.peek("default").and_then(|item| self.list(&item)) {
                Some(words) => self.book.defaults.push((name.value, words)),
                None => self.book.bound.push(name.value),
            }
        }
    }

    fn phases(&mut self, table: &mut Table<'d>, plan: usize) {
        for mut phase in table.tables("phase", "a phase", LIMIT, &mut self.scratch) {
            let is_any = self.text(&phase, "order").is_some_and(|order| order.value == "any");
            let any = is_any.then_some(self.book.steps.len());
            for step in phase.tables("step", "a step", LIMIT, &mut self.scratch) {
                let step = self.step(&step, plan).map(|step| Step { any, ..step });
                self.book.steps.extend(step);
            }
            self.phases(&mut phase, plan);
        }
    }

    fn step(&mut self, table: &Table<'d>, plan: usize) -> Option<Step<'d>> {
        let variables = table.peek("env").and_then(|item| item.table("`env`", &mut self.scratch));
        self.book.variables.extend(variables.into_iter().flat_map(Table::free).map(|(name, _)| name.value));
        let is_set = |key: &str| table.peek(key).is_some_and(|item| item.json() == serde_json::Value::Bool(true));
        let cautions = ["warning", "caution", "note"].into_iter().filter_map(|key| table.peek(key));
        let hold = self
            .text(table, "hold")
            .or_else(|| self.text(table, "soak"))
            .and_then(|text| parse_duration(text.value).ok());
        Some(Step {
            plan,
            name: self.text(table, "id")?,
            title: self.text(table, "title"),
            cautions: cautions.flat_map(|item| item.texts(&mut self.scratch)).collect(),
            has_source: table.peek("source").is_some(),
            any: None,
            requires: self.requires(table),
            is_release: table.peek("release").is_some(),
            critical: is_set("critical"),
            irreversible: is_set("irreversible"),
            disturbs: table.peek("disturbs").is_some(),
            run: table.peek("run").and_then(|item| self.run(&item)),
            expect: self.condition(table, "expect"),
            gate: self.condition(table, "gate"),
            check: self.condition(table, "check"),
            hold: hold.unwrap_or_default(),
        })
    }

    fn requires(&mut self, table: &Table<'d>) -> Vec<&'d str> {
        let items = table.peek("requires").map(|item| item.items()).unwrap_or_default();
        let mut names = Vec::new();
        for item in items {
            let name = if item.is_table() {
                let table = item.table("a requirement", &mut self.scratch);
                table.and_then(|table| self.text(&table, "step"))
            } else {
                item.text(&mut self.scratch)
            };
            names.extend(name.map(|name| name.value.rsplit('/').next().unwrap_or(name.value)));
        }
        names
    }

    fn run(&mut self, item: &Item<'d>) -> Option<Run<'d>> {
        let argv = match item.is_text() {
            true => Argv::Input(item.text(&mut self.scratch)?.value),
            false => Argv::Words(self.list(item)?),
        };
        Some(Run { span: item.span.clone(), argv })
    }

    /// `key = "…"` or `key = { holds = "…" }`.
    fn condition(&mut self, table: &Table<'d>, key: &str) -> Option<Text<'d>> {
        let item = table.peek(key)?;
        if item.is_table() {
            let table = item.table("a condition", &mut self.scratch)?;
            return self.text(&table, "holds");
        }
        item.text(&mut self.scratch)
    }

    fn text(&mut self, table: &Table<'d>, key: &str) -> Option<Text<'d>> {
        table.peek(key).filter(Item::is_text)?.text(&mut self.scratch)
    }

    fn list(&mut self, item: &Item<'d>) -> Option<Vec<Text<'d>>> {
        let texts = item.texts(&mut self.scratch);
        (!item.is_text() && !texts.is_empty()).then_some(texts)
    }
}
