//! Titles and cautions: which words are orders.

use std::ops::Range;

use crate::runbook::template;

/// Words that begin an order when they begin a title.
const VERBS: &[&str] = &[
    "add",
    "announce",
    "apply",
    "ask",
    "build",
    "change",
    "check",
    "clean",
    "close",
    "compare",
    "confirm",
    "configure",
    "copy",
    "create",
    "decommission",
    "delete",
    "demote",
    "disable",
    "download",
    "downgrade",
    "drain",
    "edit",
    "enable",
    "ensure",
    "evict",
    "finalize",
    "install",
    "kill",
    "move",
    "note",
    "open",
    "pause",
    "promote",
    "purge",
    "read",
    "reboot",
    "record",
    "reinstall",
    "reload",
    "remove",
    "replace",
    "reset",
    "restart",
    "restore",
    "resume",
    "roll",
    "run",
    "save",
    "see",
    "set",
    "shut",
    "start",
    "stop",
    "switch",
    "take",
    "tell",
    "test",
    "uncordon",
    "uninstall",
    "unseal",
    "update",
    "upgrade",
    "upload",
    "verify",
    "wait",
    "write",
];
/// Those of them that are hardly ever a noun, also at the end of a title.
const CLEAR: &[&str] = &[
    "confirm",
    "delete",
    "disable",
    "enable",
    "install",
    "reinstall",
    "remove",
    "uncordon",
    "uninstall",
    "unseal",
    "verify",
    "wait",
];
/// After these, what follows is what is looked at rather than a second thing to do.
const LOOKS: &[&str] = &[
    "ask", "check", "compare", "confirm", "ensure", "note", "read", "record", "see", "tell", "test", "verify", "wait",
];
/// Words that begin an order in the middle of a text, when what they are done to follows.
const ORDERS: &[&str] = &[
    "apply",
    "back",
    "check",
    "copy",
    "create",
    "decommission",
    "delete",
    "disable",
    "drain",
    "edit",
    "enable",
    "ensure",
    "evict",
    "execute",
    "install",
    "kill",
    "move",
    "pause",
    "promote",
    "purge",
    "reboot",
    "reinstall",
    "reload",
    "remove",
    "replace",
    "reset",
    "restart",
    "restore",
    "resume",
    "run",
    "set",
    "shut",
    "start",
    "stop",
    "take",
    "uninstall",
    "unseal",
    "upgrade",
    "verify",
];
/// What an order is done to begins with one of these.
const OBJECTS: &[&str] = &[
    "a", "all", "an", "any", "both", "each", "every", "it", "its", "one", "that", "the", "them", "these", "this",
    "those", "your",
];

/// The text with its `{{ … }}` parts blanked to the same length, so that places stay.
pub(crate) fn without_values(text: &str) -> String {
    let mut blanked = text.to_owned();
    for range in template::values(text) {
        let blank = "_".repeat(range.len());
        blanked.replace_range(range, &blank);
    }
    blanked
}

/// A word of a text.
struct Word {
    /// In lower case, without what stands around it.
    plain: String,
    /// Where it stands in the text.
    range: Range<usize>,
    /// What follows it directly: `,`, `;`, `.` …
    after: Option<char>,
}

fn words(text: &str) -> Vec<Word> {
    let mut list = Vec::new();
    let mut at = 0;
    for part in text.split_inclusive(char::is_whitespace) {
        let trimmed = part.trim();
        let end = trimmed.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"']);
        if !trimmed.is_empty() {
            let start = at + part.len() - part.trim_start().len();
            let after = trimmed[end.len()..].chars().next();
            list.push(Word { plain: end.to_lowercase(), range: start..start + end.len(), after });
        }
        at += part.len();
    }
    list
}

fn is_object(word: &Word) -> bool {
    OBJECTS.contains(&word.plain.as_str()) || word.plain.starts_with(['_', '`'])
}

/// Where a title begins to ask for a second thing.
pub(crate) fn second_action(title: &str) -> Option<Range<usize>> {
    let words = words(&without_values(title));
    let first = words.first()?.plain.as_str();
    if !VERBS.contains(&first) {
        return None;
    }
    let is_link = |at: usize| matches!(words[at].plain.as_str(), "and" | "then" | "&");
    for at in 1..words.len() {
        let verb = &words[at];
        if !VERBS.contains(&verb.plain.as_str()) {
            continue;
        }
        let links = (1..at).rev().take_while(|at| is_link(*at)).count();
        let before = &words[at - links - 1];
        let is_apart = before.after == Some(';') || (1..=links).any(|back| words[at - back].plain == "then");
        let is_listed = links > 0 || before.after == Some(',');
        if !is_apart && !is_listed {
            continue;
        }
        // "Write and read a value" is one thing: trying it.
        let is_pair = matches!((first, verb.plain.as_str()), ("read" | "write", "read" | "write"));
        let is_beside = links > 0 && at - links == 1 && before.after.is_none();
        if is_pair {
            continue;
        }
        let has_object = words.get(at + 1).is_some_and(is_object) && verb.after.is_none();
        let is_end = at + 1 == words.len() && CLEAR.contains(&verb.plain.as_str());
        let is_looking = LOOKS.contains(&first);
        if is_beside || (is_apart && (has_object || is_end)) || (!is_looking && (has_object || is_end)) {
            return Some(verb.range.clone());
        }
    }
    None
}

/// Where a caution orders something to be done. What it forbids is no order.
pub(crate) fn order(caution: &str) -> Option<Range<usize>> {
    if let Some(at) = caution.find("```") {
        return Some(at..at + 3);
    }
    let words = words(&without_values(caution));
    let mut is_start = true;
    for (at, word) in words.iter().enumerate() {
        let is_lead = matches!(word.plain.as_str(), "please" | "first" | "then" | "now");
        if is_start && !is_lead {
            let next = words.get(at + 1).filter(|_| word.after.is_none());
            let is_known = ORDERS.contains(&word.plain.as_str());
            let is_sure = word.plain == "make" && next.is_some_and(|next| next.plain == "sure");
            let is_up = word.plain != "back" || next.is_some_and(|next| next.plain == "up");
            let is_done_to = next.is_some_and(|next| is_object(next) || (word.plain == "back" && next.plain == "up"));
            if is_sure || (is_known && is_up && is_done_to) {
                return Some(word.range.clone());
            }
        }
        is_start = matches!(word.after, Some('.' | '!' | '?' | ';')) || (is_start && is_lead);
    }
    None
}
