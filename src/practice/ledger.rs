//! What harm stands in a simulated cluster, and what of its beginnings and ends is not told yet.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::practice::Harm;

/// Keeps the harm of one cluster: it is told what stands, and remembers what began and what ended.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    open: BTreeSet<(&'static str, String)>,
    untold: Vec<Harm>,
}

impl Ledger {
    /// Harm of that kind stands for `about` at `at` (`told` says what happened), or does not.
    pub fn stands(&mut self, kind: &'static str, about: &str, told: Option<String>, at: Timestamp) {
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

    /// Harm of that kind was done at `at`, and is over with it.
    pub fn done(&mut self, kind: &'static str, about: &str, told: String, at: Timestamp) {
        for told in [Some(told), None] {
            self.untold.push(Harm { kind, about: about.to_owned(), at, told });
        }
    }

    /// Whether harm of that kind stands for `about`.
    pub fn is_open(&self, kind: &'static str, about: &str) -> bool {
        self.open.contains(&(kind, about.to_owned()))
    }

    /// What began or ended since this was last asked, in order.
    pub fn take(&mut self) -> Vec<Harm> {
        std::mem::take(&mut self.untold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_is_told_once_and_its_end_once() {
        let at = Timestamp::from_millis;
        let mut ledger = Ledger::default();
        ledger.stands("away", "a", None, at(1));
        ledger.stands("away", "a", Some("it is down".into()), at(2));
        ledger.stands("away", "a", Some("it is still down".into()), at(3));
        ledger.stands("away", "b", Some("down".into()), at(3));
        assert!(ledger.is_open("away", "a") && !ledger.is_open("away", "c"));
        ledger.stands("away", "a", None, at(4));
        ledger.done("killed", "a", "it was killed".into(), at(5));
        let told: Vec<_> = ledger.take().into_iter().map(|harm| (harm.about, harm.at, harm.told.is_some())).collect();
        let expected = [("a", 2, true), ("b", 3, true), ("a", 4, false), ("a", 5, true), ("a", 5, false)];
        assert_eq!(told, expected.map(|(about, moment, begins)| (about.to_owned(), at(moment), begins)));
        assert!(ledger.take().is_empty());
    }
}
