//! `verify` of a step: a second person looks at it too.

use crate::runbook::model::{Action, ActionKind, Verify};
use crate::runbook::parse::Reader;
use crate::runbook::raw::Table;

impl Reader<'_> {
    /// At the same moment or later; only what a person states can be confirmed at the same moment.
    pub(crate) fn verify(&mut self, table: &mut Table<'_>, action: Option<&Action>) -> Option<Verify> {
        let text = table.text("verify", &mut self.findings)?;
        let stated = [ActionKind::Confirm, ActionKind::Ask, ActionKind::Choose];
        match text.value {
            "independent" => Some(Verify::Independent),
            "peer" => {
                if action.is_some_and(|action| !stated.contains(&action.kind())) {
                    let message =
                        "only what a person states is confirmed by a second one at the same moment".to_owned();
                    let help = "write \"independent\", or let a step with `confirm` follow that asks for both";
                    self.findings.helped("bad-value", &text.span, message, help);
                }
                Some(Verify::Peer)
            }
            _ => {
                self.findings.error("bad-value", &text.span, "it is verified by a \"peer\" or \"independent\"");
                None
            }
        }
    }
}
