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
    /// How many characters at the beginning and at the end of their shortest forms tell them apart.
    apart: [usize; 2],
    /// How many bytes these forms begin and end alike, whole words and numbers.
    alike: [usize; 2],
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
        let common = Self { end, is_first_word_enough: first.len() == all.len(), ..Self::default() };
        let mut forms: Vec<&str> = all.into_iter().map(|name| common.shortest(name)).collect();
        forms.sort_unstable();
        let begin = longest_alike(&forms, str::chars);
        forms.sort_unstable_by(|one, other| one.chars().rev().cmp(other.chars().rev()));
        let tail = longest_alike(&forms, |form| form.chars().rev());
        Self { apart: [begin + 1, tail + 1], alike: alike(&forms), ..common }
    }

    /// The shortest form of a name that is the beginning of it.
    fn shortest(self, name: &str) -> &str {
        self.forms(name).last().unwrap_or(name)
    }

    /// What differs of a shortest form, with as many whole words before it as there is room for; nothing where there is no
    /// room for it.
    fn differing(self, form: &str, cells: usize) -> Option<std::ops::Range<usize>> {
        let to = form.len().checked_sub(self.alike[1])?;
        let fits = |from: &usize| form.get(*from..to).is_some_and(|part| !part.is_empty() && width(part) <= cells);
        let words = form.match_indices(['-', '.', '_']).map(|(at, sign)| at + sign.len());
        let mut starts = std::iter::once(0).chain(words).chain([self.alike[0]]).filter(|from| *from <= self.alike[0]);
        starts.find(fits).map(|from| from..to)
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

    /// A name in so many cells: whole, else without what it has in common with the others, else cut, where that is
    /// possible so that it is told from them. The sign tells that something is left out.
    pub fn short(self, name: &str, cells: usize, sign: &str) -> String {
        let name = clean_line(name);
        if width(&name) <= cells {
            return name.into_owned();
        }
        let form = self.forms(&name).find(|form| form.len() < name.len() && width(form) + width(sign) <= cells);
        if let Some(form) = form {
            return format!("{form}{sign}");
        }
        let (form, room) = (self.shortest(&name), cells.saturating_sub(width(sign)));
        if room >= self.apart[0] {
            return cut(&name, cells, sign).into_owned();
        }
        let both = self.differing(form, cells.saturating_sub(2 * width(sign)));
        if let Some(part) = both {
            let sign = |is_cut: bool| if is_cut { sign } else { "" };
            return format!("{}{}{}", sign(part.start > 0), &form[part.clone()], sign(part.end < name.len()));
        }
        if room >= self.apart[1] { ends(form, cells, sign) } else { middle(form, self.alike, cells, sign) }
    }

    /// A name, or the end of one that is too long: names mostly begin alike. What all of them end with is left out first;
    /// whole words are kept where they fit. Where the ends are alike, what differs.
    pub fn ending(self, name: &str, cells: usize, sign: &str) -> String {
        let name = clean_line(name);
        if width(&name) <= cells {
            return name.into_owned();
        }
        if let Some(form) = self.forms(&name).find(|form| width(form) <= cells) {
            return form.to_owned();
        }
        let name = self.shortest(&name);
        let mut words = name.match_indices(['-', '.', '_']).map(|(at, sign)| &name[at + sign.len()..]);
        let is_apart = |words: &&str| words.chars().count() >= self.apart[1];
        if let Some(words) = words.find(|words| width(words) <= cells && 2 * width(words) > cells).filter(is_apart) {
            return words.to_owned();
        }
        let room = cells.saturating_sub(width(sign));
        if room >= self.apart[1] {
            return ends(name, cells, sign);
        }
        match self.differing(name, cells) {
            Some(part) => name[part].to_owned(),
            None if room >= self.apart[0] => cut(name, cells, sign).into_owned(),
            None => middle(name, self.alike, cells, sign),
        }
    }
}

/// Of what differs of a name as much from both ends as there is room for, the sign between them.
fn middle(name: &str, alike: [usize; 2], cells: usize, sign: &str) -> String {
    let part = name.len().checked_sub(alike[1]).and_then(|to| name.get(alike[0]..to)).unwrap_or(name);
    let room = cells.saturating_sub(width(sign));
    let begin = cut(part, room / 2, "");
    format!("{begin}{}", ends(part, cells - width(&begin).min(cells), sign))
}

/// The end of a name in so many cells, behind the sign.
fn ends(name: &str, cells: usize, sign: &str) -> String {
    let reversed: String = name.chars().rev().collect();
    let kept: String = cut(&reversed, cells.saturating_sub(width(sign)), "").chars().rev().collect();
    format!("{sign}{kept}")
}

/// How many characters those two begin alike that begin alike longest; `forms` are sorted.
fn longest_alike<'a, C: Iterator<Item = char>>(forms: &[&'a str], read: fn(&'a str) -> C) -> usize {
    let pairs = forms.windows(2).filter(|pair| pair[0] != pair[1]);
    pairs
        .map(|pair| read(pair[0]).zip(read(pair[1])).take_while(|(one, other)| one == other).count())
        .max()
        .unwrap_or(0)
}

/// How many bytes all of them begin and end alike: whole words and whole numbers, and something of each is left.
fn alike(forms: &[&str]) -> [usize; 2] {
    let Some((first, others)) =
        forms.split_first().filter(|(first, others)| others.iter().any(|other| other != *first))
    else {
        return [0; 2];
    };
    let least = forms.iter().map(|form| form.len()).min().unwrap_or(0);
    let begins = |at: usize| others.iter().all(|other| other.get(..at) == first.get(..at));
    // Both sides of a part that is left out are of another kind: no word and no number is cut.
    let kind = |c: char| (c.is_ascii_digit(), c.is_alphanumeric());
    let is_edge = |before: Option<char>, after: Option<char>| before.map(kind) != after.map(kind);
    let mut begin = 0;
    for (at, c) in first.char_indices().filter(|(at, _)| *at < least) {
        if !begins(at) {
            break;
        }
        let is_start = |form: &&str| is_edge(form[..at].chars().next_back(), form[at..].chars().next());
        if c.is_alphanumeric() && forms.iter().all(is_start) {
            begin = at;
        }
    }
    let ends = |bytes: usize| {
        let tail = |form: &str| form.len().checked_sub(bytes).and_then(|at| form.get(at..)).map(str::to_owned);
        others.iter().all(|other| tail(other) == tail(first))
    };
    let mut end = 0;
    for (at, _) in first.char_indices().rev() {
        let bytes = first.len() - at;
        if bytes + begin >= least || !ends(bytes) {
            break;
        }
        let is_end = |form: &&str| {
            let (before, after) = form.split_at(form.len() - bytes);
            let last = before.chars().next_back();
            last.is_some_and(char::is_alphanumeric) && is_edge(last, after.chars().next())
        };
        if forms.iter().all(is_end) {
            end = bytes;
        }
    }
    [begin, end]
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
    fn however_little_room_there_is_names_are_told_apart_where_that_is_possible() {
        let sixteen = |name: fn(usize) -> String| (1..=16).map(name).collect::<Vec<_>>();
        let cases = [
            (sixteen(|n| format!("ipfs-{n:02}-frankfurt-rack-a")), 4),
            (sixteen(|n| format!("crdb-eu-west-{n:02}")), 3),
            (sixteen(|n| format!("node{n}")), 3),
            (sixteen(|n| format!("db-{n}.north.example.net")), 5),
            (sixteen(|n| format!("gitlab-{}-{n:02}-prod", ["web", "sidekiq"][n % 2])), 7),
            (sixteen(|n| format!("{}-storage-server-of-the-archive", char::from(b'a' + n as u8))), 3),
            (sixteen(|n| format!("10.0.0.{n}")), 3),
            (sixteen(|n| format!("knä-{n}-ö")), 4),
        ];
        for (names, least) in cases {
            let common = Common::of(names.iter().map(String::as_str));
            for cells in least..40 {
                for told in [Common::short, Common::ending] {
                    let all: Vec<String> = names.iter().map(|name| told(common, name, cells, "…")).collect();
                    let is_in = |told: &String| width(told) <= cells;
                    assert!(all.iter().all(is_in), "{cells}: {all:?}");
                    let known: HashSet<&String> = all.iter().collect();
                    assert_eq!(known.len(), names.len(), "{cells}: {all:?}");
                }
            }
        }
        let ipfs = Common::of(["ipfs-01-frankfurt", "ipfs-02-frankfurt", "ipfs-03-frankfurt"].into_iter());
        assert_eq!(ipfs.ending("ipfs-02-frankfurt", 7, "…"), "ipfs-02");
        assert_eq!(ipfs.ending("ipfs-02-frankfurt", 6, "…"), "02");
        assert_eq!(ipfs.short("ipfs-02-frankfurt", 12, "…"), "ipfs-02-fra…");
        assert_eq!(ipfs.short("ipfs-02-frankfurt", 6, "…"), "…02…");
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
        assert_eq!(racks.short("node-0001.rack-1.example", 8, "…"), "…0001…");
        assert_eq!(racks.widths("node-0001.rack-1.example"), [24, 17, 10]);
        assert_eq!(db.widths("m"), [1, 1, 1]);
        assert_eq!(db.short("m", 12, "…"), "m");
    }
}
