//! Names of nodes where there is no room for all of them: what they have in common is left out, what differs stays.

use std::collections::HashSet;

use crate::text::clean_line;
use crate::tui::wrap::{cut, width};

/// What names that stand together have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Common {
    /// How many bytes those of several words end alike, from a dot on: `.example.net`.
    end: usize,
    /// Whether the word before the first dot is enough to tell them apart.
    is_first_word_enough: bool,
}

/// Names that stand together: what they have in common, and how much room they want. Found by looking at all of them, so
/// it is kept as long as they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// What they have in common.
    pub common: Common,
    /// The widest, whole, without what all end with, and as short as they are told apart.
    pub widest: [usize; 3],
}

impl Names {
    /// Of these names.
    pub fn of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let common = Common::of(names.clone());
        Self { common, widest: widest(names.map(|name| common.widths(name))) }
    }
}

/// The widest of each form.
fn widest(all: impl Iterator<Item = [usize; 3]>) -> [usize; 3] {
    all.fold([0; 3], |widest, forms| [0, 1, 2].map(|at| widest[at].max(forms[at])))
}

impl Common {
    /// Of these names.
    pub fn of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        #[cfg(test)]
        COMPARED.with(|compared| compared.set(compared.get() + names.clone().count()));
        let all: HashSet<&str> = names.clone().collect();
        let first: HashSet<&str> = all.iter().map(|name| first_word(name)).collect();
        let end = common_end(names.filter(|name| name.contains('.')));
        Self { end, is_first_word_enough: first.len() == all.len() }
    }

    /// The forms of a name, each shorter than the one before.
    fn forms(self, name: &str) -> impl Iterator<Item = &str> {
        let end = name.len().checked_sub(self.end).filter(|at| *at > 0).and_then(|at| name.get(..at));
        let first = self.is_first_word_enough.then(|| first_word(name));
        end.into_iter().chain(first)
    }

    /// How many cells each form of a name takes, the whole one first, with a sign of one cell for what is left out.
    fn widths(self, name: &str) -> [usize; 3] {
        let whole = width(name);
        let mut forms = self.forms(name).map(|form| (width(form) + usize::from(form.len() < name.len())).min(whole));
        let end = forms.next().unwrap_or(whole);
        [whole, end, forms.next().unwrap_or(end)]
    }

    /// A name in so many cells: whole, else without what it has in common with the others, else cut. The sign tells that
    /// something is left out.
    pub fn short(self, name: &str, cells: usize, sign: &str) -> String {
        let name = clean_line(name);
        if width(&name) <= cells {
            return name.into_owned();
        }
        let form = self.forms(&name).find(|form| form.len() < name.len() && width(form) + width(sign) <= cells);
        form.map_or_else(|| cut(&name, cells, sign).into_owned(), |form| format!("{form}{sign}"))
    }

    /// A name, or the end of one that is too long: names mostly begin alike. What all of them end with is left out first;
    /// whole words are kept where they fit.
    pub fn ending(self, name: &str, cells: usize, sign: &str) -> String {
        let name = clean_line(name);
        if width(&name) <= cells {
            return name.into_owned();
        }
        if let Some(form) = self.forms(&name).find(|form| width(form) <= cells) {
            return form.to_owned();
        }
        let name = self.forms(&name).last().unwrap_or(&name);
        let mut words = name.match_indices(['-', '.', '_']).map(|(at, sign)| &name[at + sign.len()..]);
        if let Some(words) = words.find(|words| width(words) <= cells && 2 * width(words) > cells) {
            return words.to_owned();
        }
        let room = cells.saturating_sub(width(sign));
        let reversed: String = name.chars().rev().collect();
        let kept: String = cut(&reversed, room, "").chars().rev().collect();
        format!("{sign}{kept}")
    }
}

#[cfg(test)]
thread_local! {
    /// How many names were held against each other.
    pub static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn first_word(name: &str) -> &str {
    name.split('.').next().filter(|word| !word.is_empty()).unwrap_or(name)
}

/// How many bytes names end alike, from a dot on. Nothing where that would leave nothing of one, where it has no letter,
/// as in addresses, and nothing of a single name.
fn common_end<'a>(mut names: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = names.next() else { return 0 };
    let (mut end, mut is_single) = (first, true);
    for name in names {
        is_single &= name == first;
        let alike = end.bytes().rev().zip(name.bytes().rev()).take_while(|(one, other)| one == other).count();
        // Of a name that is all end something must stay.
        let mut from = end.len() - alike.min(name.len().saturating_sub(1));
        while !end.is_char_boundary(from) {
            from += 1;
        }
        end = &end[from..];
    }
    let end = end.find('.').map_or("", |at| &end[at..]);
    let is_none = is_single || end.len() == first.len() || !end.contains(char::is_alphabetic);
    if is_none { 0 } else { end.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_end_with_is_found_from_a_dot_on() {
        let cases: [(&[&str], usize); 9] = [
            (&["db-1.example.net", "db-2.example.net"], 12),
            (&["node-1.rack-1.example", "node-2.rack-2.example"], 8),
            (&["a.b.example", "b.example"], 8),
            (&["a.example"], 0),
            (&["a.example", "a.example"], 0),
            (&[".example", "a.example"], 0),
            (&["10.1.0.5", "10.2.0.5"], 0),
            (&["knä.é", "knö.é"], 3),
            (&[], 0),
        ];
        for (names, end) in cases {
            assert_eq!(common_end(names.iter().copied()), end, "{names:?}");
        }
    }

    #[test]
    fn what_differs_stays() {
        let of = |names: &[&str]| Common::of(names.iter().copied());
        let db = of(&["db-1.example.net", "db-2.example.net", "m"]);
        let racks = of(&["node-0001.rack-1.example", "node-0002.rack-2.example"]);
        let sites = of(&["db-1.north.example", "db-1.south.example"]);
        assert_eq!(db.ending("db-1.example.net", 12, "…"), "db-1");
        assert_eq!(db.ending("db-1.example.net", 16, "…"), "db-1.example.net");
        assert_eq!(racks.ending("node-0001.rack-1.example", 17, "…"), "node-0001.rack-1");
        assert_eq!(racks.ending("node-0001.rack-1.example", 9, "…"), "node-0001");
        assert_eq!(racks.ending("node-0001.rack-1.example", 6, "…"), "0001");
        assert_eq!(sites.ending("db-1.south.example", 12, "…"), "db-1.south");
        assert_eq!(sites.ending("db-1.south.example", 6, "…"), "south");
        assert_eq!(of(&["nomad-server-0001"]).ending("nomad-server-0001", 6, "…"), "0001");
        assert_eq!(racks.short("node-0001.rack-1.example", 17, "…"), "node-0001.rack-1…");
        assert_eq!(racks.short("node-0001.rack-1.example", 12, "…"), "node-0001…");
        assert_eq!(racks.short("node-0001.rack-1.example", 8, "…"), "node-00…");
        assert_eq!(racks.widths("node-0001.rack-1.example"), [24, 17, 10]);
        assert_eq!(db.widths("m"), [1, 1, 1]);
        assert_eq!(db.short("m", 12, "…"), "m");
    }
}
