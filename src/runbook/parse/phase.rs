//! `[[phase]]` and `[[phase.step]]`, also those of rollback plans.

use crate::runbook::id::{PhaseId, StepId, is_plain_name};
use crate::runbook::model::{Caution, CautionLevel, Order, Phase, Requirement, Step};
use crate::runbook::parse::{Place, Reader, Sees};
use crate::runbook::raw::{Item, Table, Text};
use crate::runbook::template::Template;

/// The most phases of a plan, and steps of a phase and of a whole runbook.
const MAX_PHASES: usize = 200;
const MAX_STEPS: usize = 500;
const MAX_STEPS_OF_ALL: usize = 10_000;

/// The names met so far over all plans, with their places, for the checks between them.
#[derive(Default)]
pub(crate) struct Counted<'d> {
    pub(crate) rollbacks: Vec<Text<'d>>,
    pub(crate) phases: Vec<(Place, Text<'d>)>,
    /// The place of each step's name, by plan, phase and step.
    pub(crate) steps: Vec<(Place, Text<'d>)>,
    /// Each requirement's place, by the step that has it.
    pub(crate) requires: Vec<(Place, Text<'d>, Requirement)>,
    /// Each phase until which a step may be put off, by that step's place.
    pub(crate) defers: Vec<(Place, Text<'d>)>,
}

impl<'d> Reader<'d> {
    pub(crate) fn phases(&mut self, table: &mut Table<'d>, plan: usize, counted: &mut Counted<'d>) -> Vec<Phase> {
        let tables = table.tables("phase", "a phase", MAX_PHASES, &mut self.findings);
        let mut phases = Vec::new();
        for table in tables {
            let place = Place {
                plan,
                phase: phases.len(),
                step: None,
                is_loop: false,
                is_nested: false,
                sees_all: false,
                any_order: false,
            };
            phases.push(self.phase(table, place, counted));
        }
        phases
    }

    fn phase(&mut self, mut table: Table<'d>, mut place: Place, counted: &mut Counted<'d>) -> Phase {
        let id = self.name(&mut table);
        let each = self.each(&mut table, &mut place);
        // The title stands above all items, so it sees no node.
        let title = self.title(&mut table, &Sees::Shown(Place { is_loop: false, is_nested: false, ..place }));
        let (for_each, inner) = self.each_exprs(&each, place);
        let order = self.order(&mut table, place);
        if order == Order::Together {
            (place.is_loop, place.sees_all) = (false, true);
        }
        place.any_order = order == Order::Any;
        let when = self.condition(&mut table, "when", Sees::Deciding(place));
        let span = id.as_ref().map_or(table.span.clone(), |id| id.span.clone());
        let id = id.map_or("", |text| {
            counted.phases.push((place, text.clone()));
            text.value
        });
        let steps = table.tables("step", "a step", MAX_STEPS, &mut self.findings);
        table.finish(&mut self.findings);
        if steps.is_empty() {
            let help = "begin one with `[[phase.step]]` (`[[rollback.phase.step]]` in a rollback plan)";
            self.findings.helped("missing-key", &span, "the phase has no step".into(), help);
        }
        let mut read = Vec::with_capacity(steps.len());
        for step in steps {
            if counted.steps.len() == MAX_STEPS_OF_ALL {
                self.findings.error("too-many", &step.span, format!("there are more than {MAX_STEPS_OF_ALL} steps"));
            }
            if counted.steps.len() < MAX_STEPS_OF_ALL {
                let place = Place { step: Some(read.len()), ..place };
                read.extend(self.step(step, place, id, counted));
            }
        }
        let title = title.unwrap_or_else(Self::empty_text);
        Phase { id: PhaseId::new(id), title, for_each, inner, order, when, steps: read }
    }

    fn order(&mut self, table: &mut Table<'d>, place: Place) -> Order {
        let Some((key, item)) = table.take_with_key("order") else { return Order::OneByOne };
        let Some(text) = item.text(&mut self.findings) else { return Order::OneByOne };
        match text.value {
            "one by one" | "together" if !place.is_loop => {
                self.findings.error("misplaced-key", &key, "`order` belongs to a phase with `for_each`");
            }
            "together" if place.is_nested => {
                let message = "a loop in a loop takes its items one by one".to_owned();
                let help = "write one expression that gives all items: `for_each = \".groups[] | .items[]\"`";
                self.findings.helped("bad-value", &text.span, message, help);
            }
            "together" => return Order::Together,
            "any" => return Order::Any,
            "one by one" => {}
            _ => {
                let message = "the order is \"one by one\", \"together\" or \"any\"";
                self.findings.error("bad-value", &text.span, message);
            }
        }
        Order::OneByOne
    }

    fn step(&mut self, mut table: Table<'d>, place: Place, phase: &str, counted: &mut Counted<'d>) -> Option<Step> {
        let id = self.name(&mut table);
        // A finding about the whole step points at its name rather than at everything.
        let span = id.as_ref().map_or(table.span.clone(), |id| id.span.clone());
        table.span = span.clone();
        let name = id.as_ref().map_or("", |id| id.value);
        counted.steps.push((place, id.clone().unwrap_or(Text { span: span.clone(), value: "" })));
        let shown = Sees::Shown(place);
        let title = self.title(&mut table, &shown);
        let source = self.words(&mut table, "source");
        let mends = self.words(&mut table, "mends");
        let cautions = self.cautions(&mut table, &shown);
        let text = table.text("text", &mut self.findings).and_then(|text| self.template(&text, &shown));
        let when = self.condition(&mut table, "when", Sees::Deciding(place));
        let gate = self.condition(&mut table, "gate", Sees::Deciding(place));
        let requires = self.requires(&mut table, place, phase, counted);
        let critical = table.flag("critical", &mut self.findings);
        let irreversible = table.flag("irreversible", &mut self.findings);
        let action = self.action(&mut table, place);
        let disturbs = self.disturbs(&mut table);
        let defer = self.defer(&mut table, action.as_ref(), place, counted);
        let actor = self.actor(&mut table, &shown);
        let verify = self.verify(&mut table, action.as_ref());
        let watch = self.watch(&mut table);
        table.finish(&mut self.findings);
        Some(Step {
            id: StepId::new(name),
            title: title.unwrap_or_else(Self::empty_text),
            source,
            mends,
            cautions,
            text,
            when,
            gate,
            requires,
            critical,
            irreversible,
            disturbs,
            defer,
            actor,
            verify,
            watch,
            action: action?,
        })
    }

    /// Who acts: one line.
    fn actor(&mut self, table: &mut Table<'d>, shown: &Sees) -> Option<Template> {
        let text = table.text("actor", &mut self.findings)?;
        self.check_line(&text);
        self.template(&text, shown)
    }

    fn cautions(&mut self, table: &mut Table<'d>, shown: &Sees) -> Vec<Caution> {
        let levels =
            [("warning", CautionLevel::Warning), ("caution", CautionLevel::Caution), ("note", CautionLevel::Note)];
        let mut cautions = Vec::new();
        for (key, level) in levels {
            for text in table.texts(key, &mut self.findings) {
                if text.value.trim().is_empty() {
                    self.findings.error("empty", &text.span, "this text is empty");
                }
                cautions.extend(self.template(&text, shown).map(|text| Caution { level, text }));
            }
        }
        cautions
    }

    fn requires(
        &mut self,
        table: &mut Table<'d>,
        place: Place,
        phase: &str,
        counted: &mut Counted<'d>,
    ) -> Vec<Requirement> {
        let Some(item) = table.take("requires") else { return Vec::new() };
        let mut list = Vec::new();
        for item in item.items() {
            let (text, within) =
                if item.is_text() { (item.text(&mut self.findings), None) } else { self.requirement(&item) };
            let Some(text) = text else { continue };
            let (of, step) = text.value.split_once('/').unwrap_or((phase, text.value));
            if !is_plain_name(step) || (!of.is_empty() && !is_plain_name(of)) {
                let message = format!("{:?} does not name a step", text.value);
                self.findings.helped("bad-name", &text.span, message, "write step, or phase/step for another phase");
                continue;
            }
            let requirement = Requirement { phase: PhaseId::new(of), step: StepId::new(step), within };
            counted.requires.push((place, text, requirement.clone()));
            list.push(requirement);
        }
        list
    }

    fn requirement(&mut self, item: &Item<'d>) -> (Option<Text<'d>>, Option<std::time::Duration>) {
        let Some(mut table) = item.table("a requirement", &mut self.findings) else { return (None, None) };
        let text = table.need_text("step", &mut self.findings);
        let within = self.duration(&mut table, "within");
        table.finish(&mut self.findings);
        (text, within)
    }
}
