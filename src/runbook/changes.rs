//! What is different between two texts of a runbook, part by part: steps that were added, left out or moved, commands and
//! texts that changed. Works on the keys of the TOML, so that also a text can be told of that this version does not take,
//! and no key is passed over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The longest value that is compared line by line, in lines; a longer one is shown as old and new.
const MOST_LINES: usize = 400;

/// One part of a runbook that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What sort of part.
    pub part: Part,
    /// Its name: that of a step is `phase/step`.
    pub name: String,
    /// Its title now, or before when it is gone; may be empty.
    pub title: String,
    /// What happened to it.
    pub how: How,
    /// Its keys that are not as they were; of what was added or left out, all of them.
    pub details: Vec<Detail>,
}

/// A sort of part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What stands at the top: title, revision, summary, source.
    Head,
    /// An input.
    Input,
    /// A probe.
    Probe,
    /// A guard.
    Guard,
    /// A phase.
    Phase,
    /// A step.
    Step,
    /// A way back.
    WayBack,
}

impl Part {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Input => "input",
            Self::Probe => "probe",
            Self::Guard => "guard",
            Self::Phase => "phase",
            Self::Step => "step",
            Self::WayBack => "way back",
        }
    }
}

/// What happened to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands elsewhere; its keys may have changed besides.
    Moved,
    /// Some of its keys changed.
    Changed,
}

impl How {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

/// One key that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The key, with those above it: `expect.holds`.
    pub key: String,
    /// What it is about.
    pub about: About,
    /// Its value, line by line.
    pub lines: Vec<Line>,
}

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// What runs.
    Command,
    /// What is read.
    Text,
    /// What must hold, and the rest.
    Rule,
}

/// A line of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is as it was.
    Same(String),
    /// It is gone.
    Old(String),
    /// It is new.
    New(String),
}

/// Why two texts cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// The older one.
    #[error("the text of before is not TOML")]
    Before,
    /// The newer one.
    #[error("the text of now is not TOML")]
    Now,
}

/// How many parts were added, removed, moved and changed.
pub fn counted(changes: &[Change]) -> [usize; 4] {
    [How::Added, How::Removed, How::Moved, How::Changed]
        .map(|how| changes.iter().filter(|change| change.how == how).count())
}

/// All that is different, in the order of the newer text; what is gone stands where it stood.
///
/// # Errors
/// One of the texts is not TOML.
pub fn changes(before: &str, now: &str) -> Result<Vec<Change>, Incomparable> {
    let before: Map<String, Value> = toml::from_str(before).map_err(|_| Incomparable::Before)?;
    let now: Map<String, Value> = toml::from_str(now).map_err(|_| Incomparable::Now)?;
    let (before, now) = (parts(before), parts(now));
    let moved = moved(&before, &now);
    let old: BTreeMap<&Name, &Entry> = before.iter().map(|(name, entry)| (name, entry)).collect();
    let mut found: Vec<Change> = Vec::new();
    // Where in `before` all that stands earlier has been told of.
    let names: BTreeSet<&Name> = now.iter().map(|(name, _)| name).collect();
    let mut gone = before.iter().enumerate().filter(|(_, (name, _))| !names.contains(name)).peekable();
    for (name, entry) in &now {
        if let Some(at) = before.iter().position(|(other, _)| other == name).filter(|_| !moved.contains(name)) {
            while let Some((_, (name, entry))) = gone.next_if(|(index, _)| *index < at) {
                found.push(whole(name, entry, How::Removed));
            }
        }
        match old.get(name) {
            None => found.push(whole(name, entry, How::Added)),
            Some(old) => {
                let details = details(&old.keys, &entry.keys);
                let how = if moved.contains(name) { How::Moved } else { How::Changed };
                if how == How::Moved || !details.is_empty() {
                    found.push(change(name, entry, how, details));
                }
            }
        }
    }
    found.extend(gone.map(|(_, (name, entry))| whole(name, entry, How::Removed)));
    Ok(found)
}

/// The sort of a part, with its name.
type Name = (Part, String);

/// A part's keys, flat.
struct Entry {
    title: String,
    keys: Vec<(String, About, String)>,
}

fn change((part, name): &Name, entry: &Entry, how: How, details: Vec<Detail>) -> Change {
    Change { part: *part, name: name.clone(), title: entry.title.clone(), how, details }
}

fn whole(name: &Name, entry: &Entry, how: How) -> Change {
    let line = |text: &str| if how == How::Added { Line::New(text.to_owned()) } else { Line::Old(text.to_owned()) };
    let details = entry.keys.iter().map(|(key, about, value)| Detail {
        key: key.clone(),
        about: *about,
        lines: value.lines().map(line).collect(),
    });
    change(name, entry, how, details.collect())
}

fn details(before: &[(String, About, String)], now: &[(String, About, String)]) -> Vec<Detail> {
    let value = |keys: &[(String, About, String)], wanted: &str| {
        keys.iter().find(|(key, ..)| key == wanted).map(|(.., value)| value.clone())
    };
    let gone = before.iter().filter(|(key, ..)| value(now, key).is_none());
    let all = now.iter().chain(gone).filter_map(|(key, about, _)| {
        let (old, new) = (value(before, key), value(now, key));
        let lines = compared(old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default());
        (old != new).then(|| Detail { key: key.clone(), about: *about, lines })
    });
    all.collect()
}

/// Two values line by line: the longest common sequence of lines stays.
fn compared(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let told = |lines: &[&str], line: fn(String) -> Line| lines.iter().map(|text| line((*text).to_owned())).collect();
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        let (mut all, rest): (Vec<Line>, Vec<Line>) = (told(&old, Line::Old), told(&new, Line::New));
        all.extend(rest);
        return all;
    }
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] =
                if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Same(old[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(Line::Old(old[i].to_owned()));
            i += 1;
        } else {
            lines.push(Line::New(new[j].to_owned()));
            j += 1;
        }
    }
    lines
}

/// Parts that stand in another order among those of their sort that are in both texts: as few as explain it.
fn moved(before: &[(Name, Entry)], now: &[(Name, Entry)]) -> BTreeSet<Name> {
    let place: BTreeMap<&Name, usize> = now.iter().enumerate().map(|(at, (name, _))| (name, at)).collect();
    let mut groups: BTreeMap<(Part, String), Vec<(usize, &Name)>> = BTreeMap::new();
    for (name, _) in before {
        // The order of inputs means nothing, and steps are compared within their phase.
        if let Some(at) = place.get(name).filter(|_| !matches!(name.0, Part::Head | Part::Input)) {
            let above = name.1.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default();
            groups.entry((name.0, above)).or_default().push((*at, name));
        }
    }
    groups.into_values().flat_map(|group| out_of_order(&group)).collect()
}

/// All that do not belong to the longest rising sequence.
fn out_of_order(group: &[(usize, &Name)]) -> Vec<Name> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(group.len());
    for (index, (at, _)) in group.iter().enumerate() {
        let before = (0..index).filter(|other| group[*other].0 < *at).max_by_key(|other| best[*other].0);
        best.push((before.map_or(1, |other| best[other].0 + 1), before));
    }
    let mut kept = BTreeSet::new();
    let mut next = (0..group.len()).max_by_key(|index| best[*index].0);
    while let Some(index) = next {
        kept.insert(index);
        next = best[index].1;
    }
    let rest = group.iter().enumerate().filter(|(index, _)| !kept.contains(index));
    rest.map(|(_, (_, name))| (*name).clone()).collect()
}

/// All parts of a text in their order.
fn parts(mut book: Map<String, Value>) -> Vec<(Name, Entry)> {
    let mut found = Vec::new();
    let inputs = book.remove("inputs");
    let lists = [("health", Part::Probe), ("guard", Part::Guard)].map(|(key, part)| (part, tables(book.remove(key))));
    let phases = tables(book.remove("phase"));
    let ways = tables(book.remove("rollback"));
    book.remove("format");
    found.push(entry(Part::Head, String::new(), book));
    if let Some(Value::Object(inputs)) = inputs {
        for (name, input) in inputs {
            if let Value::Object(input) = input {
                found.push(entry(Part::Input, name, input));
            }
        }
    }
    for (part, list) in lists {
        found.extend(list.into_iter().map(|table| entry(part, id(&table), table)));
    }
    walked(phases, "", &mut found);
    for mut way in ways {
        let (name, phases) = (id(&way), tables(way.remove("phase")));
        found.push(entry(Part::WayBack, name.clone(), way));
        walked(phases, &format!("{name}: "), &mut found);
    }
    found
}

fn walked(phases: Vec<Map<String, Value>>, of: &str, found: &mut Vec<(Name, Entry)>) {
    for mut phase in phases {
        let (name, steps) = (format!("{of}{}", id(&phase)), tables(phase.remove("step")));
        found.push(entry(Part::Phase, name.clone(), phase));
        found.extend(steps.into_iter().map(|step| entry(Part::Step, format!("{name}/{}", id(&step)), step)));
    }
}

fn tables(value: Option<Value>) -> Vec<Map<String, Value>> {
    let Some(Value::Array(list)) = value else { return Vec::new() };
    list.into_iter().filter_map(|item| if let Value::Object(table) = item { Some(table) } else { None }).collect()
}

fn id(table: &Map<String, Value>) -> String {
    table.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn entry(part: Part, name: String, table: Map<String, Value>) -> (Name, Entry) {
    let title = ["title", "prompt"].into_iter().find_map(|key| table.get(key)?.as_str());
    let title = title.unwrap_or_default().to_owned();
    let is_command = part == Part::Input && table.get("type").and_then(Value::as_str) == Some("command");
    let mut keys = Vec::new();
    for (key, value) in &table {
        if key != "id" {
            flat(key, value, is_command, &mut keys);
        }
    }
    // The order of keys means nothing.
    keys.sort_by(|one, other| (rank(one), &one.0).cmp(&(rank(other), &other.0)));
    ((part, name), Entry { title, keys })
}

/// What runs comes first, then what is read.
fn rank((key, about, _): &(String, About, String)) -> (u8, bool) {
    (*about as u8, key != "title")
}

fn flat(key: &str, value: &Value, is_command: bool, keys: &mut Vec<(String, About, String)>) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                flat(&format!("{key}.{name}"), value, is_command, keys);
            }
        }
        value => keys.push((key.to_owned(), about(key, is_command), shown(value))),
    }
}

fn about(key: &str, is_command: bool) -> About {
    let first = key.split('.').next().unwrap_or_default();
    let last = key.rsplit('.').next().unwrap_or_default();
    match (first, last) {
        ("default", _) if is_command => About::Command,
        ("run" | "command" | "cwd" | "env" | "headers", _) => About::Command,
        (
            _,
            "title" | "text" | "warning" | "caution" | "note" | "why" | "summary" | "prompt" | "confirm" | "release",
        ) => About::Text,
        ("source", _) => About::Text,
        _ => About::Rule,
    }
}

/// A value for people: a command as it would be typed, all else as it stands.
fn shown(value: &Value) -> String {
    let words = |list: &[Value]| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|words| quoted(&words));
    match value {
        Value::String(text) => text.trim_matches('\n').to_owned(),
        Value::Array(list) => words(list).unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    }
}

fn quoted(words: &[&str]) -> String {
    let is_plain = |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '\'');
    let told = words.iter().map(|word| if is_plain(word) { (*word).to_owned() } else { format!("{word:?}") });
    told.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
