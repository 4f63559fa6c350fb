//! `[inputs.NAME]`.

use serde_json::Value;

use crate::runbook::id::InputId;
use crate::runbook::model::{Input, InputKind};
use crate::runbook::nearest::nearest;
use crate::runbook::parse::{Reader, Sees};
use crate::runbook::raw::{Item, Table, Text};
use crate::runbook::value::check_value;

/// The most inputs of a runbook.
const MAX_INPUTS: usize = 200;
/// The types an input may have.
const INPUT_TYPES: &[&str] =
    &["text", "number", "bool", "version", "duration", "url", "path", "choice", "nodes", "command", "secret"];
/// The types an answer may have.
const ANSWER_TYPES: &[&str] = &["text", "number", "bool", "version", "duration", "url", "path", "choice"];

impl<'d> Reader<'d> {
    pub(crate) fn inputs(&mut self, table: &mut Table<'d>) -> Vec<Input> {
        let Some(inputs) = table.take("inputs").and_then(|item| item.table("`[inputs]`", &mut self.findings)) else {
            return Vec::new();
        };
        let span = inputs.span.clone();
        let entries: Vec<(Text<'d>, Item<'d>)> = inputs.free().collect();
        if entries.len() > MAX_INPUTS {
            self.findings.error("too-many", &span, format!("there are more than {MAX_INPUTS} inputs"));
        }
        entries.into_iter().take(MAX_INPUTS).filter_map(|(name, item)| self.input(&name, &item)).collect()
    }

    fn input(&mut self, name: &Text<'d>, item: &Item<'d>) -> Option<Input> {
        self.is_name(name);
        self.inputs_seen.push(name.value.to_owned());
        let mut table = item.table("an input", &mut self.findings)?;
        // The header alone says more than the whole table.
        table.span = name.span.clone();
        let kind = self.kind(&mut table, INPUT_TYPES, true);
        let prompt = self.line(&mut table, "prompt");
        let default = table.take("default");
        let optional = table.flag("optional", &mut self.findings);
        table.finish(&mut self.findings);
        let kind = kind?;
        let default = default.and_then(|item| self.default(&kind, &item));
        Some(Input { id: InputId::new(name.value), kind, prompt: prompt.unwrap_or_default(), default, optional })
    }

    fn default(&mut self, kind: &InputKind, item: &Item<'d>) -> Option<Value> {
        if matches!(kind, InputKind::Command) {
            // Compiled word by word, so that a finding points into the word.
            let words = item.texts(&mut self.findings);
            let read = words.iter().filter(|word| self.template(word, &Sees::Command).is_some()).count();
            if read < words.len() {
                return None;
            }
        }
        if !item.check_numbers(&mut self.findings) {
            return None;
        }
        let value = item.json();
        match check_value(kind, &value) {
            Ok(()) => Some(value),
            Err(error) => {
                self.findings.error("bad-value", &item.span, error);
                None
            }
        }
    }

    /// `type`, with `options` for a choice and `fields` for nodes.
    fn kind(&mut self, table: &mut Table<'d>, types: &[&'static str], is_input: bool) -> Option<InputKind> {
        let word = table.need_text("type", &mut self.findings);
        let options = table.take_with_key("options").map(|(key, item)| (key, item.texts(&mut self.findings)));
        let fields = if is_input {
            table.take_with_key("fields").map(|(key, item)| (key, item.texts(&mut self.findings)))
        } else {
            None
        };
        let word = word?;
        let texts = |texts: Vec<Text<'d>>| texts.into_iter().map(|text| text.value.to_owned()).collect::<Vec<_>>();
        let kind = match word.value {
            known if !types.contains(&known) => {
                let near = nearest(known, types.iter().copied());
                let help =
                    near.map_or(format!("one of {}", types.join(", ")), |near| format!("did you mean `{near}`?"));
                self.findings.helped("bad-type", &word.span, format!("there is no type {known:?} here"), help);
                return None;
            }
            "text" => InputKind::Text,
            "number" => InputKind::Number,
            "bool" => InputKind::Bool,
            "version" => InputKind::Version,
            "duration" => InputKind::Duration,
            "url" => InputKind::Url,
            "path" => InputKind::Path,
            "choice" => {
                let options = texts(options.clone().map(|(_, texts)| texts).unwrap_or_default());
                if options.len() < 2 {
                    let help = "add `options = [\"…\", \"…\"]`";
                    self.findings.helped("missing-key", &word.span, "a choice needs at least two options".into(), help);
                }
                InputKind::Choice(options)
            }
            "nodes" => InputKind::Nodes(texts(fields.clone().map(|(_, texts)| texts).unwrap_or_default())),
            "command" => InputKind::Command,
            _ => InputKind::Secret,
        };
        for (found, belongs) in [(options, "choice"), (fields, "nodes")] {
            if let Some((key, _)) = found.filter(|_| word.value != belongs) {
                let message = format!("this belongs to the type `{belongs}`, not to `{}`", word.value);
                self.findings.error("misplaced-key", &key, message);
            }
        }
        Some(kind)
    }

    /// The type of an answer that a step asks for.
    pub(crate) fn answer_kind(&mut self, table: &mut Table<'d>) -> Option<InputKind> {
        self.kind(table, ANSWER_TYPES, false)
    }
}
