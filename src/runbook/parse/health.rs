//! `[[health]]` and `[[guard]]`.

use std::time::Duration;

use crate::runbook::id::{GuardId, InputId, PhaseId, ProbeId, StepId, is_plain_name};
use crate::runbook::model::{ActionKind, Argv, Ask, Blocked, Guard, HeaderValue, Probe, SecretRef};
use crate::runbook::parse::{Reader, Sees};
use crate::runbook::raw::{Item, Table, Text};
use crate::runbook::template::Template;
use crate::runbook::value::is_variable;

/// The most probes of a runbook.
const MAX_PROBES: usize = 50;
/// The most guards of a runbook.
const MAX_GUARDS: usize = 50;
/// What a probe does when it does not say.
const EVERY: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(5);
const MIN_EVERY: Duration = Duration::from_millis(200);
const MAX_TIMEOUT: Duration = Duration::from_secs(600);

/// What `.health.NAME[]` holds beside the fields.
const ROW_KEYS: &[&str] = &["node", "verdict", "age", "why"];
/// What the fields of each kind of probe see.
const HTTP_ANSWER: &[&str] =
    &["status", "headers", "body", "text", "trailers", "refused", "closed", "timed_out", "elapsed_ms"];
const PAGE_ANSWER: &[&str] = &["status", "metrics", "error", "refused", "closed", "timed_out", "elapsed_ms"];
const QUERY_ANSWER: &[&str] =
    &["status", "result", "error", "warnings", "refused", "closed", "timed_out", "elapsed_ms"];
/// Either of the two, where it cannot be told which.
const METRICS_ANSWER: &[&str] =
    &["status", "metrics", "result", "error", "warnings", "refused", "closed", "timed_out", "elapsed_ms"];
const TCP_ANSWER: &[&str] = &["refused", "timed_out", "elapsed_ms"];
const COMMAND_ANSWER: &[&str] = &["exit", "stdout", "stderr", "json", "timed_out", "elapsed_ms"];

/// What a question over HTTP consists of.
struct Asked {
    url: Template,
    headers: Vec<(String, HeaderValue)>,
    ca: Option<Template>,
    /// Only of `prometheus`.
    query: Option<Template>,
}

impl<'d> Reader<'d> {
    pub(crate) fn probes(&mut self, table: &mut Table<'d>) -> Vec<Probe> {
        let tables = table.tables("health", "a probe", MAX_PROBES, &mut self.findings);
        let mut names: Vec<&str> = Vec::new();
        let mut probes = Vec::new();
        for table in tables {
            if let Some((name, probe)) = self.probe(table) {
                self.unique(&name, &mut names, "probe");
                probes.push(probe);
            }
        }
        probes
    }

    pub(crate) fn unique(&mut self, name: &Text<'d>, names: &mut Vec<&'d str>, what: &str) {
        if names.contains(&name.value) {
            let message = format!("there is a {what} `{}` already", name.value);
            self.findings.error("duplicate", &name.span, message);
        }
        names.push(name.value);
    }

    fn probe(&mut self, mut table: Table<'d>) -> Option<(Text<'d>, Probe)> {
        let id = self.name(&mut table);
        self.probes_seen.extend(id.as_ref().map(|id| id.value.to_owned()));
        let title = table.text("title", &mut self.findings);
        let when = table.text("when", &mut self.findings);
        let when = when.and_then(|text| self.expr(&text, Sees::Question { node: false }));
        let each = table.text("each", &mut self.findings);
        let sees = Sees::Question { node: each.is_some() };
        let each = each.and_then(|text| self.expr(&text, Sees::Question { node: false }));
        let every = self.duration(&mut table, "every").unwrap_or(EVERY);
        let timeout = self.duration(&mut table, "timeout").unwrap_or(TIMEOUT.min(MAX_TIMEOUT));
        if every < MIN_EVERY || timeout > MAX_TIMEOUT {
            let message = "a probe asks at most every 200ms, and waits at most 10m";
            self.findings.error("bad-duration", &table.span, message);
        }
        let (ask, answer) = self.question(&mut table, &sees);
        self.reserved(&table);
        let fields = self.named(&mut table, "fields", &Sees::Answer(answer));
        let names = fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let verdict = Sees::Fields(names);
        let ok = table.need_text("ok", &mut self.findings).and_then(|text| self.expr(&text, verdict.clone()));
        let degraded = table.text("degraded", &mut self.findings).and_then(|text| self.expr(&text, verdict));
        table.finish(&mut self.findings);
        let id = id?;
        let title = title.map_or_else(|| id.value.to_owned(), |text| self.plain(&text));
        let probe = Probe {
            id: ProbeId::new(id.value),
            title,
            when,
            each,
            every,
            timeout,
            ask: ask?,
            fields,
            ok: ok?,
            degraded,
        };
        Some((id, probe))
    }

    /// Fields that would be hidden by what every row of a probe has.
    fn reserved(&mut self, table: &Table<'d>) {
        let fields = table.peek("fields").filter(Item::is_table);
        let fields = fields.and_then(|item| item.table("a table of expressions", &mut self.findings));
        for (name, _) in fields.into_iter().flat_map(Table::free) {
            if ROW_KEYS.contains(&name.value) {
                let message = format!("`{}` is what every row of a probe has already", name.value);
                self.findings.helped("bad-name", &name.span, message, "choose another name for this field");
            }
        }
    }

    /// Exactly one of `http`, `prometheus`, `tcp` and `command`, and what its fields will see.
    fn question(&mut self, table: &mut Table<'d>, sees: &Sees) -> (Option<Ask>, &'static [&'static str]) {
        let (http, prometheus) = (table.take_with_key("http"), table.take_with_key("prometheus"));
        let (tcp, command) = (table.take_with_key("tcp"), table.take_with_key("command"));
        let given: Vec<_> = [&http, &prometheus, &tcp, &command].into_iter().flatten().collect();
        if let [_, second, ..] = given[..] {
            self.findings.error(
                "two-questions",
                &second.0,
                "a probe asks one thing: `http`, `prometheus`, `tcp` or `command`",
            );
        } else if given.is_empty() {
            let help = "add `http = { url = \"…\" }`, `prometheus = { url = \"…\" }`, `tcp = \"host:port\"` or `command = […]`";
            self.findings.helped("missing-key", &table.span, "the probe asks nothing".into(), help);
        }
        if let Some((_, item)) = http {
            let asked = self.http(&item, sees, "`http`");
            return (asked.map(|Asked { url, headers, ca, .. }| Ask::Http { url, headers, ca }), HTTP_ANSWER);
        }
        if let Some((_, item)) = prometheus {
            let Some(Asked { url, headers, ca, query }) = self.http(&item, sees, "`prometheus`") else {
                return (None, METRICS_ANSWER);
            };
            let answer = if query.is_some() { QUERY_ANSWER } else { PAGE_ANSWER };
            return (Some(Ask::Prometheus { url, headers, ca, query }), answer);
        }
        if let Some((_, item)) = tcp {
            let target = item.text(&mut self.findings).and_then(|text| self.template(&text, sees));
            return (target.map(Ask::Tcp), TCP_ANSWER);
        }
        let argv = command.and_then(|(_, item)| self.argv(&item, sees));
        (argv.map(Ask::Command), COMMAND_ANSWER)
    }

    fn http(&mut self, item: &Item<'d>, sees: &Sees, what: &'static str) -> Option<Asked> {
        let mut table = item.table(what, &mut self.findings)?;
        let url = table.need_text("url", &mut self.findings).and_then(|text| self.template(&text, sees));
        let ca = table.text("ca", &mut self.findings).and_then(|text| self.template(&text, sees));
        let query = if what == "`prometheus`" { table.text("query", &mut self.findings) } else { None };
        let query = query.map(|text| self.template(&text, sees));
        let headers = table.take("headers").and_then(|item| item.table("`headers`", &mut self.findings));
        let mut list = Vec::new();
        for (name, item) in headers.into_iter().flat_map(Table::free) {
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
            if name.value.is_empty() || !name.value.bytes().all(is_token) {
                self.findings.error("bad-name", &name.span, format!("{:?} cannot name a header", name.value));
            }
            if let Some(value) = self.header_value(&item, sees) {
                list.push((name.value.to_owned(), value));
            }
        }
        table.finish(&mut self.findings);
        // A broken query is a query all the same.
        let query = query.map_or(Some(None), |query| query.map(Some))?;
        Some(Asked { url: url?, headers: list, ca, query })
    }

    /// A text, or `{ env = … }`, `{ command = … }`, `{ input = … }`.
    pub(crate) fn header_value(&mut self, item: &Item<'d>, sees: &Sees) -> Option<HeaderValue> {
        if !item.is_table() {
            let text = item.text(&mut self.findings)?;
            return self.template(&text, sees).map(HeaderValue::Text);
        }
        let mut table = item.table("a secret", &mut self.findings)?;
        let env = table.text("env", &mut self.findings);
        let input = table.text("input", &mut self.findings);
        let command = table.take("command").map(|item| item.texts(&mut self.findings));
        table.finish(&mut self.findings);
        match (env, command, input) {
            (Some(name), None, None) => {
                if !is_variable(name.value) {
                    let message = format!("{:?} cannot name an environment variable", name.value);
                    self.findings.error("bad-name", &name.span, message);
                }
                Some(HeaderValue::Secret(SecretRef::Env(name.value.to_owned())))
            }
            (None, Some(words), None) if !words.is_empty() => {
                for word in words.iter().filter(|word| word.value.contains("{{")) {
                    self.findings.error("expression", &word.span, "the command of a secret takes no {{ }}");
                }
                let words = words.into_iter().map(|word| word.value.to_owned()).collect();
                Some(HeaderValue::Secret(SecretRef::Command(words)))
            }
            (None, None, Some(input)) => {
                self.inputs_named.push((input.clone(), "secret"));
                Some(HeaderValue::Secret(SecretRef::Input(InputId::new(input.value))))
            }
            _ => {
                let message = "a secret is one of { env = \"NAME\" }, { command = […] }, { input = \"NAME\" }";
                self.findings.error("bad-value", &item.span, message);
                None
            }
        }
    }

    /// The name of an input of type command, or the words of an argv.
    pub(crate) fn argv(&mut self, item: &Item<'d>, sees: &Sees) -> Option<Argv> {
        if item.is_text() {
            let text = item.text(&mut self.findings)?;
            self.inputs_named.push((text.clone(), "command"));
            return Some(Argv::Input(InputId::new(text.value)));
        }
        let words = item.texts(&mut self.findings);
        if words.first().is_none_or(|word| word.value.trim().is_empty()) {
            self.findings.error("empty", &item.span, "the command is empty");
        }
        let words: Vec<_> = words.iter().filter_map(|word| self.template(word, sees)).collect();
        Some(Argv::Words(words))
    }

    /// A table of expressions with names of the author's: `fields`, `capture`.
    pub(crate) fn named(
        &mut self,
        table: &mut Table<'d>,
        key: &'static str,
        sees: &Sees,
    ) -> Vec<(String, crate::runbook::Expr)> {
        let Some(item) = table.take(key) else { return Vec::new() };
        let Some(named) = item.table("a table of expressions", &mut self.findings) else { return Vec::new() };
        let mut list = Vec::new();
        for (name, item) in named.free() {
            self.is_name(&name);
            let expr = item.text(&mut self.findings).and_then(|text| self.expr(&text, sees.clone()));
            list.extend(expr.map(|expr| (name.value.to_owned(), expr)));
        }
        list
    }

    pub(crate) fn guards(&mut self, table: &mut Table<'d>) -> Vec<Guard> {
        let tables = table.tables("guard", "a guard", MAX_GUARDS, &mut self.findings);
        let mut names: Vec<&str> = Vec::new();
        let mut guards = Vec::new();
        for mut table in tables {
            let id = self.name(&mut table);
            let title = self.line(&mut table, "title");
            let holds = table.need_text("holds", &mut self.findings).and_then(|text| self.expr(&text, Sees::Run));
            let why = table.need_text("why", &mut self.findings).map(|text| self.plain(&text));
            let blocks = table.texts("blocks", &mut self.findings);
            let source = table.texts("source", &mut self.findings);
            table.finish(&mut self.findings);
            let blocks = blocks.iter().filter_map(|text| self.blocked(text)).collect();
            if let Some(id) = &id {
                self.guards_seen.push(id.value.to_owned());
                self.unique(id, &mut names, "guard");
            }
            if let (Some(id), Some(holds)) = (id, holds) {
                let (title, why) = (title.unwrap_or_default(), why.unwrap_or_default());
                let source = source.iter().map(|text| text.value.to_owned()).collect();
                guards.push(Guard { id: GuardId::new(id.value), title, source, holds, why, blocks });
            }
        }
        guards
    }

    fn blocked(&mut self, text: &Text<'d>) -> Option<Blocked> {
        if let Some(kind) = ActionKind::ALL.into_iter().find(|kind| kind.word() == text.value) {
            return Some(Blocked::Kind(kind));
        }
        match text.value.split_once('/') {
            Some((phase, step)) if is_plain_name(phase) && is_plain_name(step) => {
                self.steps_named.push((text.clone(), phase.to_owned(), step.to_owned()));
                Some(Blocked::Step(PhaseId::new(phase), StepId::new(step)))
            }
            _ => {
                let help =
                    "an action (run, confirm, ask, check, wait, choose, release, restart), or a step as phase/step";
                let message = format!("{:?} is nothing that a guard can hold back", text.value);
                self.findings.helped("bad-value", &text.span, message, help);
                None
            }
        }
    }
}
