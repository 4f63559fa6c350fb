//! The harm of a simulated cluster: what stands, and what is not told yet.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::practice::Harm;

/// Keeps the harm that stands and what began or ended since it was last asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    open: BTreeSet<(&'static str, String)>,
    untold: Vec<Harm>,
}

impl Ledger {
    /// Takes in how things are: `told` says what is wrong, or that nothing is.
    pub(super) fn note(&mut self, kind: &'static str, about: &str, told: Option<String>, at: Timestamp) {
        let key = (kind, about.to_owned());
        if self.open.contains(&key) == told.is_some() {
            return;
        }
        match told {
            Some(_) => self.open.insert(key),
            None => self.open.remove(&key),
        };
        self.untold.push(Harm { kind, about: about.to_owned(), at, told });
    }

    /// Takes in something that was done in one moment.
    pub(super) fn moment(&mut self, kind: &'static str, about: &str, told: String, at: Timestamp) {
        let about = about.to_owned();
        self.untold.push(Harm { kind, about: about.clone(), at, told: Some(told) });
        self.untold.push(Harm { kind, about, at, told: None });
    }

    /// What began or ended since this was last asked, in order.
    pub(super) fn take(&mut self) -> Vec<Harm> {
        std::mem::take(&mut self.untold)
    }
}
