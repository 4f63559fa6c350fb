//! The columns of the list of all runs: each as wide as what stands in it. Where there is not room for all of them, what
//! tells least is shortened first, and left out in the end: it stands below for the chosen run.

use std::borrow::Cow;

use crate::tui::backstage::{JournalEntry, RecordFound};
use crate::tui::screen::journals::{mark, meaning};
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{cut, width};

/// The cells between two columns.
const GAP: usize = 2;

/// No name is wider than that.
const MOST: usize = 48;

/// Day and time of the day.
const OPENED: usize = 11;

/// How wide each column would have to be for all runs that are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widest {
    run: usize,
    outcome: usize,
    /// The outcome beside its deviations: that there are some need not be said twice.
    brief: usize,
    deviations: usize,
    lasted: usize,
    operator: usize,
    /// The operator without the machine.
    user: usize,
    place: usize,
    opened: usize,
}

impl Widest {
    /// What these runs need.
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a JournalEntry>) -> Self {
        let mut all = Self::default();
        for entry in entries {
            let grow = |known: &mut usize, text: &str| *known = (*known).max(width(text)).min(MOST);
            grow(&mut all.run, &entry.run);
            grow(&mut all.outcome, &entry.outcome);
            grow(&mut all.brief, brief(entry));
            grow(&mut all.deviations, &deviations(entry));
            grow(&mut all.lasted, &entry.lasted);
            grow(&mut all.operator, &entry.operator);
            grow(&mut all.user, user(entry));
            grow(&mut all.place, &entry.place);
            all.opened = all.opened.max(if entry.opened.is_some() { OPENED } else { 0 });
        }
        all
    }
}

/// The width of each column; none for what is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    widths: Widest,
    /// The number of the record that was looked for.
    hit: usize,
    is_brief: bool,
    is_user: bool,
}

/// What gives room, by so many cells: what is lost least by first.
const STEPS: [fn(&mut Columns, usize); 13] = [
    |columns, _| (columns.is_brief, columns.widths.outcome) = (true, columns.widths.brief),
    |columns, over| shrink(&mut columns.widths.run, over, 32),
    |columns, _| (columns.is_user, columns.widths.operator) = (true, columns.widths.user),
    |columns, _| columns.widths.opened = 0,
    |columns, over| shrink(&mut columns.widths.run, over, 26),
    |columns, over| shrink(&mut columns.widths.operator, over, 10),
    |columns, over| shrink(&mut columns.widths.place, over, 12),
    |columns, over| shrink(&mut columns.widths.run, over, 20),
    |columns, _| columns.widths.place = 0,
    |columns, over| shrink(&mut columns.widths.outcome, over, 11),
    |columns, _| columns.widths.operator = 0,
    |columns, _| columns.widths.lasted = 0,
    |columns, _| columns.widths.deviations = 0,
];

fn shrink(column: &mut usize, over: usize, least: usize) {
    *column = (*column).min(column.saturating_sub(over).max(least));
}

impl Columns {
    /// The columns for so many cells.
    pub(super) fn fit(widths: Widest, hit: usize, cells: usize) -> Self {
        let mut columns = Self { widths, hit, is_brief: false, is_user: false };
        for give in STEPS {
            let over = columns.cells().saturating_sub(cells);
            if over == 0 {
                break;
            }
            give(&mut columns, over);
        }
        columns
    }

    /// How many cells all of them take.
    fn cells(&self) -> usize {
        let Widest { run, outcome, deviations, lasted, operator, place, opened, .. } = self.widths;
        let all = [run, self.hit, outcome, deviations, lasted, operator, place, opened];
        let shown = all.iter().filter(|cells| **cells > 0);
        all.iter().sum::<usize>() + GAP * shown.count().saturating_sub(1)
    }

    /// A run's line.
    pub(super) fn row(&self, entry: &JournalEntry, hit: Option<&RecordFound>, look: &Look) -> Strip {
        let widths = &self.widths;
        let sign = look.glyphs.cut;
        let place = if entry.is_practice { Meaning::Practice } else { Meaning::Title };
        let outcome = if self.is_brief { brief(entry) } else { &entry.outcome };
        let operator = if self.is_user { user(entry) } else { &entry.operator };
        let opened = entry.opened.map(|at| look.day(at)).unwrap_or_default();
        let columns = [
            (named(&entry.run, widths.run, sign), widths.run, Meaning::Text),
            (Cow::Owned(hit.map(mark).unwrap_or_default()), self.hit, Meaning::Input),
            (Cow::Borrowed(outcome), widths.outcome, meaning(entry)),
            (Cow::Owned(deviations(entry)), widths.deviations, Meaning::Deviation),
            (Cow::Borrowed(&*entry.lasted), widths.lasted, Meaning::Dim),
            (Cow::Borrowed(operator), widths.operator, Meaning::Dim),
            (Cow::Borrowed(&*entry.place), widths.place, place),
            (Cow::Owned(opened), widths.opened, Meaning::Dim),
        ];
        let shown = columns.into_iter().filter(|(_, cells, _)| *cells > 0);
        let (strip, _) = shown.fold((Strip::default(), 0), |(strip, before), (text, cells, meaning)| {
            let text = cut(&text, cells, sign);
            let after = GAP + cells.saturating_sub(width(&text));
            // Blanks stand before a text, never behind the last one.
            (strip.and(" ".repeat(before), Meaning::Text).and(text, meaning), after)
        });
        strip
    }
}

/// A run's name in so many cells: what is cut is in its middle, for the day at its beginning and the letters at its end
/// tell it from others.
pub(super) fn named<'a>(run: &'a str, cells: usize, sign: &str) -> Cow<'a, str> {
    if width(run) <= cells {
        return Cow::Borrowed(run);
    }
    let end = run.rfind('-').map_or("", |at| &run[at..]);
    let end = if (2..=8).contains(&width(end)) { end } else { "" };
    let begin = &run[..run.len() - end.len()];
    Cow::Owned(format!("{}{end}", cut(begin, cells.saturating_sub(width(end)), sign)))
}

fn deviations(entry: &JournalEntry) -> String {
    if entry.deviations == 0 { String::new() } else { format!("{} dev.", entry.deviations) }
}

fn brief(entry: &JournalEntry) -> &str {
    let brief = entry.outcome.strip_suffix(" with deviations").filter(|_| entry.deviations > 0);
    brief.unwrap_or(&entry.outcome)
}

fn user(entry: &JournalEntry) -> &str {
    entry.operator.split_once('@').map_or(&*entry.operator, |(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::journals_tests::entries;

    fn told(strip: &Strip) -> String {
        strip.0.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn the_middle_of_a_long_name_is_left_out() {
        let run = "2026-11-22-nomad-servers-add-remove-d6ws";
        assert_eq!(named(run, 40, "…"), run);
        assert_eq!(named(run, 26, "…"), "2026-11-22-nomad-ser…-d6ws");
        assert_eq!(named(run, 20, ".."), "2026-11-22-no..-d6ws");
        assert_eq!(named("a-folder-of-somebody-called-otherwise", 12, "…"), "a-folder-of…");
        for cells in 0..60 {
            assert!(width(&named(run, cells, "…")) <= cells.max(5), "{cells}");
        }
    }

    /// At every width: nothing is cut off at the right, all rows have the same columns, and what goes goes in order.
    #[test]
    fn the_columns_of_any_width_fit_and_align() {
        let mut all = entries();
        all[1].run = "2026-11-22-nomad-servers-add-remove-d6ws".into();
        all[2].operator = "root@a-machine-with-a-rather-long-name.example.org".into();
        all.push(JournalEntry {
            run: "2026-11-22-x-aaaa".into(),
            outcome: "never opened".into(),
            ..Default::default()
        });
        let found = RecordFound { run: all[0].run.clone(), seq: 57, told: String::new() };
        let widest = Widest::of(all.iter());
        let mut before = 0;
        for cells in 60..240 {
            let columns = Columns::fit(widest, width(&mark(&found)), cells);
            assert!(columns.cells() <= cells, "{cells}: {columns:?}");
            let rows: Vec<String> = all.iter().map(|run| told(&columns.row(run, None, &Look::plain()))).collect();
            assert!(rows.iter().all(|row| width(row) <= cells), "{cells}\n{}", rows.join("\n"));
            let outcomes =
                all.iter().zip(&rows).map(|(run, row)| row.rfind(&brief(run)[..5]).map(|at| width(&row[..at])));
            assert!(
                outcomes.clone().all(|at| at == Some(columns.widths.run + GAP + columns.hit + GAP)),
                "{cells}\n{}",
                rows.join("\n")
            );
            for (run, row) in all.iter().zip(&rows) {
                assert!(row.starts_with(&run.run[..11]) && row.contains(&run.run[run.run.len() - 4..]), "{row}");
            }
            let Widest { deviations, lasted, operator, place, opened, .. } = columns.widths;
            let shown = [deviations, lasted, operator, place].iter().take_while(|cells| **cells > 0).count();
            assert!(shown >= before, "{cells}: what there is room for in fewer cells stays");
            assert!(shown < 4 || [lasted, deviations].iter().all(|cells| *cells >= 5), "{cells}");
            assert!(opened == 0 || shown == 4, "{cells}");
            before = shown;
        }
        assert!(before == 4 && Columns::fit(widest, 0, 240).widths == widest);
    }
}
