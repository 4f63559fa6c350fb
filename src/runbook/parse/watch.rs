//! `watch` of a step: the probes and guards that a person keeps an eye on as long as it is current.

use crate::runbook::id::{GuardId, ProbeId};
use crate::runbook::model::Watch;
use crate::runbook::nearest::nearest;
use crate::runbook::parse::Reader;
use crate::runbook::raw::{Table, Text};

impl<'d> Reader<'d> {
    /// What is watched meanwhile. A name that a probe and a guard share means both.
    pub(crate) fn watch(&mut self, table: &mut Table<'d>) -> Vec<Watch> {
        let Some(item) = table.take("watch") else { return Vec::new() };
        let names = item.texts(&mut self.findings);
        if names.is_empty() {
            self.findings.error("empty", &item.span, "`watch` names at least one probe or guard");
        }
        let mut list = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for name in &names {
            if seen.contains(&name.value) {
                self.findings.error("duplicate", &name.span, format!("`{}` is watched already", name.value));
                continue;
            }
            seen.push(name.value);
            let is_it = |known: &String| known == name.value;
            list.extend(self.probes_seen.iter().any(is_it).then(|| Watch::Probe(ProbeId::new(name.value))));
            list.extend(self.guards_seen.iter().any(is_it).then(|| Watch::Guard(GuardId::new(name.value))));
        }
        self.watch_named.extend(names);
        list
    }

    /// Whether there is what is to be watched.
    pub(crate) fn check_watched(&mut self) {
        for Text { value, span } in std::mem::take(&mut self.watch_named) {
            let mut known = self.probes_seen.iter().chain(&self.guards_seen).map(String::as_str);
            if known.clone().any(|known| known == value) {
                continue;
            }
            let help = match nearest(value, &mut known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name the id of a [[health]] or of a [[guard]]".into(),
            };
            self.findings.helped("unknown-name", &span, format!("there is no probe or guard `{value}`"), help);
        }
    }
}
