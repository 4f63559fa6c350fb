//! The one action of a step, and the keys that belong to it.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use crate::runbook::model::{Action, ActionKind, InputKind, Way};
use crate::runbook::parse::{Place, Reader, Sees};
use crate::runbook::raw::{Item, Table, Text, kind_of};
use crate::runbook::template::Template;
use crate::runbook::value::is_variable;

/// How long a command may take when it does not say.
const RUN_TIMEOUT: Duration = Duration::from_secs(600);

/// How many ways a choice has.
const WAYS: RangeInclusive<usize> = 2..=20;

/// Each key that stands beside an action, with the actions it belongs to.
const COMPANIONS: &[(&str, &[ActionKind])] = &[
    ("options", &[ActionKind::Confirm]),
    ("cwd", &[ActionKind::Run]),
    ("env", &[ActionKind::Run]),
    ("expect", &[ActionKind::Run]),
    ("capture", &[ActionKind::Run]),
    ("timeout", &[ActionKind::Run, ActionKind::Check]),
    ("hold", &[ActionKind::Check]),
    ("soak", &[ActionKind::Check]),
    ("coverage", &[ActionKind::Check]),
    ("worst", &[ActionKind::Check]),
    ("why", &[ActionKind::Check]),
    ("disturbs", &[ActionKind::Run, ActionKind::Confirm]),
    ("verify", &[ActionKind::Confirm, ActionKind::Ask, ActionKind::Choose, ActionKind::Run, ActionKind::Check]),
    ("actor", &[ActionKind::Confirm, ActionKind::Ask, ActionKind::Choose, ActionKind::Check]),
];

impl<'d> Reader<'d> {
    /// Exactly one action.
    pub(crate) fn action(&mut self, table: &mut Table<'d>, place: Place) -> Option<Action> {
        let mut given: Vec<(ActionKind, Range<usize>, Item<'d>)> = Vec::new();
        for kind in ActionKind::ALL {
            given.extend(table.take_with_key(kind.word()).map(|(key, item)| (kind, key, item)));
        }
        given.sort_by_key(|(_, key, _)| key.start);
        let Some((kind, _, item)) = given.first().cloned() else {
            let help = format!("add one of {}", ActionKind::ALL.map(ActionKind::word).join(", "));
            self.findings.helped("no-action", &table.span, "the step has no action".into(), help);
            // The companions are known keys all the same.
            for (key, _) in COMPANIONS {
                let _ = table.take(key);
            }
            return None;
        };
        if let Some((second, key, _)) = given.get(1) {
            let message = format!("the step has two actions: `{}` and `{}`", kind.word(), second.word());
            self.findings.helped("two-actions", key, message, "split it into two steps");
        }
        self.companions(table, kind, &given);
        match kind {
            ActionKind::Confirm => self.confirm(table, &item, place),
            ActionKind::Ask => self.ask(&item, place),
            ActionKind::Run => self.run(table, &item, place),
            ActionKind::Check => self.check(table, &item, place),
            ActionKind::Wait => {
                let text = item.text(&mut self.findings)?;
                self.duration_of(&text).map(Action::Wait)
            }
            ActionKind::Choose => self.choose(table, &item, place),
            ActionKind::Release => {
                let text = item.text(&mut self.findings)?;
                self.check_line(&text);
                Some(Action::Release { who: self.plain(&text) })
            }
            ActionKind::Restart => self.restart(&item, place),
        }
    }

    /// Keys that belong to none of the given actions.
    fn companions(&mut self, table: &mut Table<'d>, kind: ActionKind, given: &[(ActionKind, Range<usize>, Item<'d>)]) {
        for (key, belongs) in COMPANIONS {
            if given.iter().any(|(kind, ..)| belongs.contains(kind)) {
                continue;
            }
            if let Some((place, _)) = table.take_with_key(key) {
                let owners: Vec<&str> = belongs.iter().map(|kind| kind.word()).collect();
                let message = format!("`{key}` belongs to `{}`, not to `{}`", owners.join("` and `"), kind.word());
                self.findings.error("misplaced-key", &place, message);
            }
        }
    }

    fn confirm(&mut self, table: &mut Table<'d>, item: &Item<'d>, place: Place) -> Option<Action> {
        let options = self.words(table, "options");
        let text = item.text(&mut self.findings)?;
        self.check_line(&text);
        let prompt = self.template(&text, &Sees::Shown(place))?;
        Some(Action::Confirm { prompt, options })
    }

    fn ask(&mut self, item: &Item<'d>, place: Place) -> Option<Action> {
        let mut table = item.table("`ask`", &mut self.findings)?;
        let name = table.need_text("name", &mut self.findings);
        let prompt = table.need_text("prompt", &mut self.findings);
        let kind = self.answer_kind(&mut table);
        table.finish(&mut self.findings);
        let name = name?;
        if self.is_name(&name) {
            self.answer(place, &name);
        }
        let prompt = self.template(&prompt?, &Sees::Shown(place))?;
        let kind: InputKind = kind?;
        Some(Action::Ask { name: name.value.to_owned(), prompt, kind })
    }

    fn run(&mut self, table: &mut Table<'d>, item: &Item<'d>, place: Place) -> Option<Action> {
        // What runs for all items together is written for each of them.
        let place = place.of_each_item();
        let sees = Sees::Deciding(place);
        let argv = self.argv(item, &sees);
        let cwd = table.text("cwd", &mut self.findings).and_then(|text| self.template(&text, &sees));
        let timeout = self.duration(table, "timeout").unwrap_or(RUN_TIMEOUT);
        let expect = self.condition(table, "expect", Sees::Outcome(place));
        let captured = table.peek("capture").and_then(|item| item.table("`capture`", &mut self.findings));
        for (name, _) in captured.into_iter().flat_map(Table::free) {
            self.answer(place, &name);
        }
        let capture = self.named(table, "capture", &Sees::Outcome(place));
        let variables = table.take("env").and_then(|item| item.table("`env`", &mut self.findings));
        let mut env = Vec::new();
        for (name, item) in variables.into_iter().flat_map(Table::free) {
            if !is_variable(name.value) {
                let message = format!("{:?} cannot name an environment variable", name.value);
                self.findings.error("bad-name", &name.span, message);
            }
            env.extend(self.header_value(&item, &sees).map(|value| (name.value.to_owned(), value)));
        }
        Some(Action::Run { argv: argv?, cwd, env, timeout, expect, capture })
    }

    fn check(&mut self, table: &mut Table<'d>, item: &Item<'d>, place: Place) -> Option<Action> {
        let soak = self.soak(table, place);
        let hold = self.duration(table, "hold").unwrap_or_default();
        let timeout = table.text("timeout", &mut self.findings);
        let why = self.plain_or_empty(table, "why");
        let limit = timeout.as_ref().and_then(|text| self.duration_of(text));
        if let (Some(text), Some(_)) = (timeout, limit.filter(|limit| *limit < hold)) {
            self.findings.error("bad-duration", &text.span, "it fails before it can have held long enough");
        }
        let text = item.text(&mut self.findings)?;
        let holds = self.expr(&text, Sees::Deciding(place))?;
        Some(Action::Check { holds, hold, soak: soak.map(Box::new), timeout: limit, why })
    }

    fn choose(&mut self, table: &Table<'d>, item: &Item<'d>, place: Place) -> Option<Action> {
        let ways = if item.is_list() {
            self.ways(item)
        } else {
            let message = format!("`choose` is a list of ways, not {}", kind_of(item.value));
            let help = "write choose = [{ is = \"name\", title = \"what it means\" }, …]";
            self.findings.helped("wrong-type", &item.span, message, help);
            Vec::new()
        };
        // Known by the step's name even with findings, so that whatever reads it gets none for that.
        if let Some(name) = table.peek("id").filter(Item::is_text).and_then(|id| id.text(&mut self.findings)) {
            self.choices.push((place, name, ways.iter().map(|way| way.is.clone()).collect()));
        }
        Some(Action::Choose(ways))
    }

    fn ways(&mut self, item: &Item<'d>) -> Vec<Way> {
        let items = item.items();
        if !WAYS.contains(&items.len()) {
            let (least, most) = (WAYS.start(), WAYS.end());
            let message = format!("a choice has {least} to {most} ways, not {}", items.len());
            self.findings.error("bad-value", &item.span, message);
        }
        let mut ways: Vec<Way> = Vec::new();
        for item in items.iter().take(*WAYS.end()) {
            let Some(mut table) = item.table("a way", &mut self.findings) else { continue };
            let is = table.need_text("is", &mut self.findings);
            let title = self.line(&mut table, "title").unwrap_or_default();
            table.finish(&mut self.findings);
            let Some(is) = is.filter(|is| self.is_name(is)) else { continue };
            if ways.iter().any(|way| way.is == is.value) {
                self.findings.error("duplicate", &is.span, format!("there is a way `{}` already", is.value));
            }
            ways.push(Way { is: is.value.to_owned(), title });
        }
        ways
    }

    fn answer(&mut self, place: Place, name: &Text<'d>) {
        self.answers.push((place, name.clone()));
    }

    /// Stands for a text that could not be read, in a runbook that will not be given out.
    pub(crate) fn empty_text() -> Template {
        Template::plain("")
    }
}
