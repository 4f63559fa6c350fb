//! `disturbs` of a step: the rows of the board that it makes bad for a while.

use std::time::Duration;

use crate::runbook::id::ProbeId;
use crate::runbook::model::{Disturbance, Others};
use crate::runbook::parse::Reader;
use crate::runbook::raw::Table;

impl<'d> Reader<'d> {
    /// Which probes, and for how long.
    pub(crate) fn disturbs(&mut self, table: &mut Table<'d>) -> Option<Disturbance> {
        let item = table.take("disturbs")?;
        let mut table = item.table("`disturbs`", &mut self.findings)?;
        let others = table.take("others").and_then(|item| {
            let table = item.table("`others`", &mut self.findings)?;
            let (probes, length) = self.rows_for(table)?;
            Some(Others { probes, length })
        });
        let (probes, length) = self.rows_for(table)?;
        Some(Disturbance { probes, length, others })
    }

    /// The probes and the time of one table.
    fn rows_for(&mut self, mut table: Table<'d>) -> Option<(Vec<ProbeId>, Duration)> {
        let health = table.need("health", &mut self.findings);
        let length = table.need_text("for", &mut self.findings).and_then(|text| self.duration_of(&text));
        table.finish(&mut self.findings);
        let health = health?;
        let names = health.texts(&mut self.findings);
        if names.is_empty() {
            self.findings.error("empty", &health.span, "`health` names at least one probe");
        }
        let probes = names.iter().map(|name| ProbeId::new(name.value)).collect();
        self.probes_named.extend(names);
        Some((probes, length?))
    }
}
