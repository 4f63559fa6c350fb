//! `soak` of a check, and the keys that belong to it: `coverage` and `worst`.

use toml::de::DeValue;

use crate::runbook::model::{Soak, Worse, Worst};
use crate::runbook::parse::{Place, Reader, Sees};
use crate::runbook::raw::{Item, Table};

/// How much of a soak must have been seen when it does not say, in percent: who watches it through a working day and
/// sleeps one night gets through a day; a soak that nobody looked at for longer than somebody did does not.
const COVERAGE: u8 = 50;

impl<'d> Reader<'d> {
    /// The soak of a check; `None` without one. What does not go with one, or not without, is told.
    pub(crate) fn soak(&mut self, table: &mut Table<'d>, place: Place) -> Option<Soak> {
        let soak = table.take("soak");
        let (coverage, worst) = (table.take_with_key("coverage"), table.take_with_key("worst"));
        let Some(soak) = soak else {
            for (key, word) in [(&coverage, "coverage"), (&worst, "worst")] {
                if let Some((span, _)) = key {
                    self.findings.error("misplaced-key", span, format!("`{word}` belongs to a check with `soak`"));
                }
            }
            return None;
        };
        for (key, help) in [
            ("hold", "a `hold` allows no gap and starts again in every sitting, a `soak` goes on: write one of them"),
            ("timeout", "a soak goes on until enough was seen, or until a person overrides it with a reason"),
        ] {
            if let Some((span, _)) = table.take_with_key(key) {
                let message = format!("a check with `soak` takes no `{key}`");
                self.findings.helped("misplaced-key", &span, message, help);
            }
        }
        let coverage = coverage.map_or(Some(COVERAGE), |(_, item)| self.coverage(&item));
        let worst = worst.and_then(|(_, item)| self.worst(&item, place));
        let text = soak.text(&mut self.findings)?;
        let length = self.duration_of(&text)?;
        Some(Soak { length, coverage: coverage?, worst })
    }

    fn coverage(&mut self, item: &Item<'d>) -> Option<u8> {
        let percent = match item.value {
            DeValue::Integer(number) => u8::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let percent = percent.filter(|percent| (1..=99).contains(percent));
        if percent.is_none() {
            let message = "`coverage` is a whole number of percent from 1 to 99".to_owned();
            self.findings.helped("bad-number", &item.span, message, "where no gap is allowed at all, write `hold`");
        }
        percent
    }

    fn worst(&mut self, item: &Item<'d>, place: Place) -> Option<Worst> {
        let mut table = item.table("`worst`", &mut self.findings)?;
        let title = self.line(&mut table, "title");
        let given = [("highest", Worse::Higher), ("lowest", Worse::Lower)]
            .map(|(key, side)| table.text(key, &mut self.findings).map(|text| (text, side)));
        table.finish(&mut self.findings);
        let ([Some((text, side)), None] | [None, Some((text, side))]) = given else {
            let message = "`worst` has one of `highest` and `lowest`".to_owned();
            let help = "write worst = { title = \"what it counts\", highest = 'a number' }";
            self.findings.helped("bad-value", &item.span, message, help);
            return None;
        };
        let is = self.expr(&text, Sees::Deciding(place))?;
        Some(Worst { title: title?, is, side })
    }
}
