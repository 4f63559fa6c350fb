//! Text to [`Scenario`], with every finding and its place.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::runbook::id::is_plain_name;
use crate::runbook::nearest::nearest;
use crate::runbook::raw::{Findings, Table, Text, check_characters, read};
use crate::runbook::value::parse_duration;
use crate::scenario::{Deed, Ending, Fault, HarmRule, Hint, Move, Pattern, Scenario, Trigger, When};
use crate::sources;

/// The longest scenario, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The most faults, harms, hints and moves of one scenario, each.
const MAX_PARTS: usize = 100;
/// The words of the outcomes.
const OUTCOMES: &[&str] = &["completed", "completed with deviations", "rolled back", "abandoned"];

/// Whether a text is a scenario, by the keys that only a scenario has.
pub fn is_scenario(source: &str) -> bool {
    let (table, _) = DeTable::parse_recoverable(source);
    ["runbook", "learn"].iter().any(|key| table.get_ref().contains_key(*key))
}

/// Reads a scenario: the scenario when there is no error, and every finding in the order of the text.
pub fn parse(source: &str) -> (Option<Scenario>, Vec<Diagnostic>) {
    if source.len() > MAX_BYTES {
        let message = format!("the scenario has {} bytes; the limit is {MAX_BYTES}", source.len());
        return (None, vec![Diagnostic::error("too-long", 0..0, message)]);
    }
    let mut findings = Findings::new(source);
    check_characters(&mut findings);
    let root = read(source, &mut findings);
    let mut reader = Reader { findings, names: BTreeSet::new() };
    let scenario = reader.scenario(Table::new("a scenario", 0..0, root.get_ref()));
    let scenario = scenario.filter(|_| !reader.findings.has_errors());
    (scenario, reader.findings.into_list())
}

/// What the cluster is like at the start.
#[derive(Default)]
struct Start {
    nodes: Option<u8>,
    versions: Vec<String>,
    seed: Option<u64>,
}

struct Reader<'d> {
    findings: Findings<'d>,
    /// The names that faults and hints have.
    names: BTreeSet<&'d str>,
}

impl<'d> Reader<'d> {
    fn scenario(&mut self, mut table: Table<'d>) -> Option<Scenario> {
        match table.need("format", &mut self.findings) {
            Some(format) if format.json() != 1 => {
                self.findings.error("format", &format.span, "this version of piton reads format 1 only");
            }
            _ => {}
        }
        let id = self.name(&mut table, "id");
        let runbook = self.name(&mut table, "runbook");
        let title = self.line(&mut table, "title");
        let trouble = self.optional(&mut table, "trouble");
        let learn = self.line(&mut table, "learn");
        let Start { nodes, versions, seed } = self.start(&mut table);
        let faults = self.each(&mut table, "fault", "a fault", Self::fault);
        let harms = self.each(&mut table, "harm", "a harm", Self::harm);
        let hints = self.each(&mut table, "hint", "a hint", Self::hint);
        let right = table.need("right", &mut self.findings);
        let right = right.and_then(|item| item.table("`[right]`", &mut self.findings)).and_then(|way| self.way(way));
        let wrong = table.take("wrong").and_then(|item| item.table("`[wrong]`", &mut self.findings));
        let wrong = wrong.and_then(|way| self.way(way));
        table.finish(&mut self.findings);
        Some(Scenario {
            id: id?,
            runbook: runbook?,
            title: title?,
            trouble,
            learn: learn?,
            nodes,
            versions,
            seed,
            faults,
            harms,
            hints,
            right: right?,
            wrong,
        })
    }

    fn start(&mut self, table: &mut Table<'d>) -> Start {
        let start = table.take("start").and_then(|item| item.table("`[start]`", &mut self.findings));
        let Some(mut start) = start else { return Start::default() };
        let nodes = self.number(&mut start, "nodes", 1, 99).and_then(|nodes| u8::try_from(nodes).ok());
        let seed = self.number(&mut start, "seed", 0, u64::MAX);
        let given = start.texts("versions", &mut self.findings);
        for version in &given {
            self.check_line(version);
        }
        if given.len() == 1 {
            let message = "`versions` names the one that runs and the target at least";
            self.findings.error("bad-value", &given[0].span, message);
        }
        start.finish(&mut self.findings);
        Start { nodes, versions: given.iter().map(|version| version.value.to_owned()).collect(), seed }
    }

    /// What stands under `[[key]]`; one that has errors is left out.
    fn each<T>(
        &mut self,
        table: &mut Table<'d>,
        key: &'static str,
        what: &'static str,
        one: impl Fn(&mut Self, &mut Table<'d>) -> Option<T>,
    ) -> Vec<T> {
        let tables = table.tables(key, what, MAX_PARTS, &mut self.findings);
        let read = tables.into_iter().filter_map(|mut table| {
            let read = one(self, &mut table);
            table.finish(&mut self.findings);
            read
        });
        read.collect()
    }

    fn fault(&mut self, table: &mut Table<'d>) -> Option<Fault> {
        let id = self.own_name(table);
        let fault = self.name(table, "fault");
        let with = self.with(table);
        let chance = self.number(table, "chance", 1, 100).and_then(|chance| u8::try_from(chance).ok());
        let step = self.pattern(table, "step");
        let after = self.duration(table, "after");
        let command = table.text("command", &mut self.findings);
        let triggers = [
            step.map(Trigger::Step),
            after.map(Trigger::After),
            command.map(|command| Trigger::Command(command.value.to_owned())),
        ];
        let mut triggers: Vec<_> = triggers.into_iter().flatten().collect();
        if triggers.len() > 1 {
            self.findings.error("bad-value", &table.span, "a fault has one of `step`, `after` and `command`");
        }
        let trigger = triggers.pop().unwrap_or(Trigger::Start);
        Some(Fault { id: id?, fault: fault?, with, trigger, chance: chance.unwrap_or(100) })
    }

    fn with(&mut self, table: &mut Table<'d>) -> Map<String, Value> {
        let with = table.take("with").and_then(|item| item.table("`with`", &mut self.findings));
        with.into_iter().flat_map(Table::free).map(|(key, item)| (key.value.to_owned(), item.json())).collect()
    }

    fn harm(&mut self, table: &mut Table<'d>) -> Option<HarmRule> {
        let kind = self.name(table, "kind");
        let title = self.line(table, "title");
        let points = self.number(table, "points", 0, 100).unwrap_or(0);
        let a_second = self.decimal(table, "points_a_second");
        let most = self.number(table, "most", 1, 100).unwrap_or(100);
        let allowed = self.duration(table, "allowed").unwrap_or_default();
        let at_the_end = table.flag("at_the_end", &mut self.findings);
        let obligations = table.texts("source", &mut self.findings);
        for id in &obligations {
            if sources::find(id.value).is_none() {
                self.findings.error("bad-value", &id.span, format!("no document has an obligation {:?}", id.value));
            }
        }
        if points == 0 && a_second == 0 {
            self.findings.error("missing-key", &table.span, "a harm needs `points` or `points_a_second`");
        }
        Some(HarmRule {
            kind: kind?,
            title: title?,
            points: u32::try_from(points).unwrap_or(100),
            millipoints_a_second: a_second,
            most: u32::try_from(most).unwrap_or(100),
            allowed,
            at_the_end,
            obligations: obligations.iter().map(|id| id.value.to_owned()).collect(),
        })
    }

    fn hint(&mut self, table: &mut Table<'d>) -> Option<Hint> {
        let id = self.own_name(table);
        let step = self.pattern(table, "step");
        let points = self.number(table, "points", 0, 100).unwrap_or(5);
        let text = self.line(table, "text");
        Some(Hint { id: id?, step, points: u32::try_from(points).unwrap_or(100), text: text? })
    }

    fn way(&mut self, mut table: Table<'d>) -> Option<Ending> {
        let outcome = self.one_of(&mut table, "outcome", OUTCOMES);
        let told = self.line(&mut table, "told");
        let harm = table.texts("harm", &mut self.findings).iter().map(|kind| kind.value.to_owned()).collect();
        let moves = self.each(&mut table, "move", "a move", Self::one_move);
        table.finish(&mut self.findings);
        Some(Ending { outcome: outcome?, told: told?, harm, moves })
    }

    fn one_move(&mut self, table: &mut Table<'d>) -> Option<Move> {
        let needs_step = table.peek("step").is_none();
        let step = self.pattern(table, "step");
        if needs_step {
            self.findings.error("missing-key", &table.span, "a move needs `step`");
        }
        let after = self.duration(table, "after");
        let when = table.text("when", &mut self.findings);
        let when = match when.as_ref().map(|when| when.value) {
            None | Some("open") => When::Open(after.unwrap_or_default()),
            Some("failed") => When::Failed,
            Some(other) => {
                let span = when.map(|when| when.span).unwrap_or_default();
                self.findings.helped("bad-value", &span, format!("{other:?} is no moment of a step"), "open or failed");
                return None;
            }
        };
        let deed = self.deed(table);
        Some(Move { step: step?, when, deed: deed? })
    }

    fn deed(&mut self, table: &mut Table<'d>) -> Option<Deed> {
        let typed = table.texts("type", &mut self.findings);
        let retry = table.flag("retry", &mut self.findings);
        let (way, answer) = (self.optional(table, "choose"), self.optional(table, "answer"));
        let (skip, over) = (self.optional(table, "skip"), self.optional(table, "override"));
        let (acknowledge, abandon) = (self.optional(table, "acknowledge"), self.optional(table, "abandon"));
        let plan = self.optional(table, "roll_back");
        let reason = self.optional(table, "reason").unwrap_or_default();
        let deeds = [
            (!typed.is_empty()).then(|| Deed::Type(typed.iter().map(|line| line.value.to_owned()).collect())),
            retry.then_some(Deed::Retry),
            way.map(Deed::Choose),
            answer.map(Deed::Answer),
            skip.map(Deed::Skip),
            over.map(Deed::Override),
            acknowledge.map(Deed::Acknowledge),
            plan.map(|plan| Deed::RollBack(plan, reason)),
            abandon.map(Deed::Abandon),
        ];
        let mut deeds: Vec<_> = deeds.into_iter().flatten().collect();
        if deeds.len() != 1 {
            let all =
                "`type`, `retry`, `choose`, `answer`, `skip`, `override`, `acknowledge`, `roll_back` and `abandon`";
            self.findings.error("no-action", &table.span, format!("a move does one of {all}"));
        }
        deeds.pop()
    }

    fn optional(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<String> {
        let text = table.text(key, &mut self.findings)?;
        self.check_line(&text);
        Some(text.value.to_owned())
    }

    fn line(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<String> {
        let text = table.need_text(key, &mut self.findings)?;
        self.check_line(&text);
        Some(text.value.to_owned())
    }

    fn check_line(&mut self, text: &Text<'_>) {
        if text.value.trim().is_empty() {
            self.findings.error("empty", &text.span, "this text is empty");
        }
    }

    fn name(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<String> {
        let text = table.need_text(key, &mut self.findings)?;
        self.plain(&text).then(|| text.value.to_owned())
    }

    /// `id`, which no other fault or hint of the scenario has.
    fn own_name(&mut self, table: &mut Table<'d>) -> Option<String> {
        let text = table.need_text("id", &mut self.findings)?;
        if !self.names.insert(text.value) {
            self.findings.error("duplicate", &text.span, format!("{:?} stands here twice", text.value));
        }
        self.plain(&text).then(|| text.value.to_owned())
    }

    fn plain(&mut self, text: &Text<'_>) -> bool {
        let is_plain = is_plain_name(text.value);
        if !is_plain {
            let help = "lower-case letters, digits, '-' and '_', at most 64";
            self.findings.helped("bad-name", &text.span, format!("{:?} cannot be a name", text.value), help);
        }
        is_plain
    }

    fn one_of(&mut self, table: &mut Table<'d>, key: &'static str, words: &'static [&'static str]) -> Option<String> {
        let text = table.need_text(key, &mut self.findings)?;
        if words.contains(&text.value) {
            return Some(text.value.to_owned());
        }
        let help = nearest(text.value, words.iter().copied())
            .map_or_else(|| format!("one of: {}", words.join(", ")), |near| format!("did you mean {near:?}?"));
        self.findings.helped("bad-value", &text.span, format!("`{key}` cannot be {:?}", text.value), help);
        None
    }

    fn pattern(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<Pattern> {
        let text = table.text(key, &mut self.findings)?;
        let pattern = Pattern::read(text.value);
        if pattern.is_none() {
            let help = "phase/step, or phase[item]/step; * stands for any";
            self.findings.helped("bad-value", &text.span, format!("{:?} names no step", text.value), help);
        }
        pattern
    }

    fn duration(&mut self, table: &mut Table<'d>, key: &'static str) -> Option<Duration> {
        let text = table.text(key, &mut self.findings)?;
        parse_duration(text.value).map_err(|error| self.findings.error("bad-duration", &text.span, error)).ok()
    }

    fn number(&mut self, table: &mut Table<'d>, key: &'static str, low: u64, high: u64) -> Option<u64> {
        let item = table.take(key)?;
        let number = item.json().as_u64().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            let help = format!("from {low} to {high}");
            self.findings.helped("bad-value", &item.span, format!("`{key}` is a whole number"), help);
        }
        number
    }

    /// A number that may have decimals, in thousandths.
    fn decimal(&mut self, table: &mut Table<'d>, key: &'static str) -> u64 {
        let Some(item) = table.take(key) else { return 0 };
        match item.json().as_f64() {
            Some(number) if (0.001..=100.0).contains(&number) => (number * 1000.0).round() as u64,
            _ => {
                self.findings.error("bad-value", &item.span, format!("`{key}` is a number from 0.001 to 100"));
                0
            }
        }
    }
}
