//! `disturbs` of a step: the rows of the board that it makes bad for a while.

use crate::runbook::id::ProbeId;
use crate::runbook::model::Disturbance;
use crate::runbook::parse::Reader;
use crate::runbook::raw::Table;

impl<'d> Reader<'d> {
    /// Which probes, and for how long.
    pub(crate) fn disturbs(&mut self, table: &mut Table<'d>) -> Option<Disturbance> {
        let item = table.take("disturbs")?;
        let mut table = item.table("`disturbs`", &mut self.findings)?;
        let health = table.need("health", &mut self.findings);
        let length = table.need_text("for", &mut self.findings).and_then(|text| self.duration_of(&text));
        table.finish(&mut self.findings);
        let names = health?.texts(&mut self.findings);
        if names.is_empty() {
            self.findings.error("empty", &item.span, "`health` names at least one probe");
        }
        let probes = names.iter().map(|name| ProbeId::new(name.value)).collect();
        self.probes_named.extend(names);
        Some(Disturbance { probes, length: length? })
    }
}
