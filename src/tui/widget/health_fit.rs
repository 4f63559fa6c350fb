//! How wide the parts of a row of the board are on so much room; and a row where there is no room for columns.

use crate::engine::{Row, Turned, Verdict};
use crate::health::repeats_fields;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::health::values;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::width;

/// No column of a field becomes narrower than that before the last columns are left out.
const LEAST_FIELD: usize = 8;

/// Longer values are texts.
pub const LONG_FIELD: usize = 16;

/// No name is cut to fewer cells.
const LEAST_NODE: usize = 12;

/// With fewer cells a reason tells nothing.
pub const LEAST_WHY: usize = 12;

/// How wide the columns of a probe are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// The name.
    pub node: usize,
    /// Of each field; 0 where it is not shown.
    pub fields: Vec<usize>,
    /// Whether fields that have values are left out.
    pub is_cut: bool,
    /// How wide all of it may be; more than the columns, where a reason stands behind them.
    pub room: usize,
    /// Whether there are columns at all.
    pub has_columns: bool,
}

/// The width of names in `room`, when the widest of each form have so many cells: that of the longest form that fits, else
/// of the shortest one, unless that is long.
pub fn node_cells(forms: [usize; 3], room: usize) -> usize {
    let least = room.clamp(LEAST_NODE, 2 * LEAST_NODE);
    forms.into_iter().find(|cells| *cells <= room).unwrap_or_else(|| match forms[2] {
        short if short <= 2 * LEAST_NODE => short,
        long => long.min(least),
    })
}

/// Columns of these widths on so much room, with a gap before each: long ones become equally narrower, then the longest
/// narrow, so that numbers stay whole; and where that is not enough the last are left out.
pub fn fitted(widths: &[usize], room: usize) -> Vec<usize> {
    let mut fitted = widths.to_vec();
    let over = |fitted: &[usize]| {
        fitted.iter().filter(|cells| **cells > 0).map(|cells| cells + 1).sum::<usize>().saturating_sub(room)
    };
    let by_length = {
        let mut places: Vec<usize> = (0..widths.len()).collect();
        places.sort_by_key(|at| std::cmp::Reverse(widths[*at]));
        places
    };
    while over(&fitted) > 0 {
        let widest = fitted.iter().copied().max().unwrap_or_default();
        let shorter = by_length.iter().copied().find(|at| match widest > LONG_FIELD {
            true => fitted[*at] == widest,
            false => fitted[*at] > LEAST_FIELD,
        });
        match shorter.or_else(|| fitted.iter().rposition(|cells| *cells > 0)) {
            Some(at) if shorter.is_some() => fitted[at] -= 1,
            Some(at) => fitted[at] = 0,
            None => break,
        }
    }
    fitted
}

/// What a row tells behind sign and word, piece by piece: the reason of its verdict, or its fields where that only
/// repeats them, in the order in which they are declared.
pub fn told(row: &Row, fields: &[&str]) -> Vec<String> {
    if !row.why.is_empty() && !repeats_fields(row) {
        return row.why.split_whitespace().map(str::to_owned).collect();
    }
    if row.verdict == Verdict::Unknown {
        return Vec::new();
    }
    values(row, fields).into_iter().filter(|value| !value.is_empty()).collect()
}

/// A row without columns: name, sign, word, what is to be made of it, and what it tells, on one line. Of a row that is
/// not ok, the beginning of what it tells comes before the word and before the whole mark.
pub fn flat(
    (row, node): (&Row, String),
    fields: &[&str],
    turned: Option<Turned>,
    (word_cells, room): (usize, usize),
    glyphs: &Glyphs,
) -> Strip {
    let (sign, meaning) = tell::verdict_sign(row.verdict, glyphs);
    let (word, told) = (row.verdict.word(), told(row, fields));
    let needed = match row.verdict {
        Verdict::Ok => 0,
        _ if row.why.is_empty() || repeats_fields(row) => told.first().map_or(0, |first| width(first) + 1),
        _ => (width(&told.join(" ")) + 1).min(LEAST_WHY),
    };
    let mark = turned.map(tell::turned);
    let short = turned.map(|turned| match turned {
        Turned::Expected { .. } => ("expected".to_owned(), Meaning::Dim),
        _ => (glyphs.alert.to_owned(), Meaning::Problem),
    });
    let padded = format!("{word}{}", " ".repeat(word_cells.saturating_sub(word.len())));
    let head = |word: &str, mark: &Option<(String, Meaning)>| {
        let gap = if word.is_empty() { "" } else { " " };
        let head = Strip::of(node.clone(), Meaning::Text).and(format!(" {sign}{gap}{word}"), meaning);
        mark.iter().fold(head, |head, (mark, meaning)| head.and(format!(" {mark}"), *meaning))
    };
    let forms = [(&*padded, &mark), (word, &mark), (word, &short), ("", &short)];
    let fits = |head: &Strip| head.width() + needed <= room;
    let head = forms.iter().map(|(word, mark)| head(word, mark)).find(fits).unwrap_or_else(|| head("", &short));
    let meaning = if row.verdict == Verdict::Ok { Meaning::Text } else { meaning };
    if told.is_empty() { head } else { head.and(format!(" {}", told.join(" ")), meaning) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way_first_and_then_the_last() {
        let cases: [(&[usize], usize, &[usize]); 8] = [
            (&[3, 8, 5], 19, &[3, 8, 5]),
            (&[32, 4, 4], 30, &[19, 4, 4]),
            (&[32, 30, 4], 40, &[16, 17, 4]),
            (&[30, 12, 14], 39, &[10, 12, 14]),
            (&[8, 8, 8], 20, &[8, 8, 0]),
            (&[0, 20, 0], 12, &[0, 11, 0]),
            (&[8, 8], 3, &[0, 0]),
            (&[], 0, &[]),
        ];
        for (widths, room, expected) in cases {
            assert_eq!(fitted(widths, room), expected, "{widths:?} {room}");
        }
    }

    #[test]
    fn names_take_what_is_left_and_are_cut_at_last() {
        assert_eq!(node_cells([24, 17, 10], 30), 24);
        assert_eq!(node_cells([24, 17, 10], 18), 17);
        assert_eq!(node_cells([24, 17, 10], 5), 10);
        assert_eq!(node_cells([60, 60, 60], 5), 12);
        assert_eq!(node_cells([60, 60, 60], 30), 24);
        assert_eq!(node_cells([7, 7, 7], 5), 7);
    }
}
