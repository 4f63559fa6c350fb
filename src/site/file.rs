//! The site file: TOML that names a place and gives values for a runbook's inputs.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::runbook::alike::looks_like;
use crate::runbook::id::is_plain_name;
use crate::runbook::raw::{Findings, Table, Text, check_characters, read};
use crate::text::{is_hidden, is_reordering};

/// The longest site file, in bytes.
pub const MAX_SITE_BYTES: usize = 4 * 1024 * 1024;
/// What is typed instead of an environment's word by whoever does not want to start.
pub const MEANS_NO: [&str; 3] = ["no", "back", "leave"];

/// What stands on every frame of a run that is none.
const PRACTICE: &str = "PRACTICE";

/// The colours an environment may have.
pub const COLOURS: &[&str] = &["red", "yellow", "green", "blue", "magenta", "cyan", "white", "grey"];

/// A place: what it is called, and what it gives for the inputs of runbooks.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Its name; with a runbook's system it names what one run holds at a time.
    pub name: String,
    /// The one system it is for; any without it.
    pub system: Option<String>,
    /// The word on every frame.
    pub environment: Environment,
    /// Values by the input's name, not yet checked against a runbook. Secrets as references.
    pub inputs: Map<String, Value>,
    /// Where each value stands in the file, in bytes.
    pub places: BTreeMap<String, Range<usize>>,
}

/// The word on every frame, such as `PRODUCTION`, and its colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The word.
    pub word: String,
    /// A colour's name.
    pub colour: String,
}

/// Whether a text is a site file rather than a runbook, by the keys that only one of them has; `None` where it has
/// those of neither or of both, or cannot be read.
pub fn is_site(source: &str) -> Option<bool> {
    let (table, _) = DeTable::parse_recoverable(source);
    let has = |keys: &[&str]| keys.iter().any(|key| table.get_ref().contains_key(*key));
    match (has(&["name", "environment"]), has(&["id", "title", "revision", "summary", "health", "phase", "rollback"])) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Reads a site file: the site when there is no error, and every finding in the order of the text.
pub fn parse(source: &str) -> (Option<Site>, Vec<Diagnostic>) {
    if source.len() > MAX_SITE_BYTES {
        let message = format!("the site file has {} bytes; the limit is {MAX_SITE_BYTES}", source.len());
        return (None, vec![Diagnostic::error("too-long", 0..0, message)]);
    }
    let mut findings = Findings::new(source);
    check_characters(&mut findings);
    let root = read(source, &mut findings);
    let site = read_site(Table::new("a site file", 0..0, root.get_ref()), &mut findings);
    let site = site.filter(|_| !findings.has_errors());
    (site, findings.into_list())
}

fn read_site(mut table: Table<'_>, findings: &mut Findings<'_>) -> Option<Site> {
    if let Some(format) = table.take("format").filter(|item| item.json() != 1) {
        findings.error("format", &format.span, "this version of piton reads format 1 only");
    }
    let name = table.need_text("name", findings).filter(|text| is_name(text, findings));
    let system = table.text("system", findings).filter(|text| is_name(text, findings));
    let environment = read_environment(&mut table, findings);
    let (mut inputs, mut places) = (Map::new(), BTreeMap::new());
    if let Some(name) = name.as_ref().filter(|_| environment.word.is_empty()) {
        check_typed(name, findings);
    }
    let values = table.take("inputs").and_then(|item| item.table("`[inputs]`", findings));
    for (name, item) in values.into_iter().flat_map(Table::free) {
        item.check_numbers(findings);
        places.insert(name.value.to_owned(), item.span.clone());
        inputs.insert(name.value.to_owned(), item.json());
    }
    table.finish(findings);
    let system = system.map(|text| text.value.to_owned());
    Some(Site { name: name?.value.to_owned(), system, environment, inputs, places })
}

fn is_name(text: &Text<'_>, findings: &mut Findings<'_>) -> bool {
    let is_plain = is_plain_name(text.value);
    if !is_plain {
        let help = "lower-case letters, digits, '-' and '_', at most 64";
        findings.helped("bad-name", &text.span, format!("{:?} cannot be a name", text.value), help);
    }
    is_plain
}

/// What is typed before a live run opens must not be what is typed by who does not want that, nor pass for the mark of a
/// practice run.
fn check_typed(text: &Text<'_>, findings: &mut Findings<'_>) {
    if MEANS_NO.iter().any(|no| text.value.eq_ignore_ascii_case(no)) {
        let told = format!("{:?} is typed before a live run opens, and there it means no", text.value);
        findings.helped("bad-value", &text.span, told, "another word, such as PRODUCTION");
    } else if looks_like(text.value, PRACTICE) {
        let told = format!(
            "{:?} stands on every frame of a live run, and would be taken for that of a practice run",
            text.value
        );
        findings.helped("bad-value", &text.span, told, "another word, such as PRODUCTION");
    }
}

fn read_environment(table: &mut Table<'_>, findings: &mut Findings<'_>) -> Environment {
    let mut environment = Environment { word: String::new(), colour: "white".to_owned() };
    let Some(mut table) = table.take("environment").and_then(|item| item.table("`environment`", findings)) else {
        return environment;
    };
    if let Some(word) = table.need_text("word", findings) {
        let length = word.value.chars().count();
        let cannot_be_seen = |c: char| c.is_control() || is_hidden(c) || is_reordering(c);
        if length == 0 || length > 24 || word.value.chars().any(cannot_be_seen) || word.value.trim() != word.value {
            let told = "the word of an environment is one line of 1 to 24 characters, all of which can be seen";
            findings.helped("bad-value", &word.span, told.into(), "it is typed before a live run opens");
        }
        check_typed(&word, findings);
        word.value.clone_into(&mut environment.word);
    }
    if let Some(colour) = table.text("colour", findings) {
        if !COLOURS.contains(&colour.value) {
            let help = format!("one of {}", COLOURS.join(", "));
            findings.helped("bad-value", &colour.span, format!("there is no colour {:?}", colour.value), help);
        }
        colour.value.clone_into(&mut environment.colour);
    }
    table.finish(findings);
    environment
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_site_file_is_read_with_its_places() {
        let source = "name = \"prod-eu\"\nenvironment = { word = \"PRODUCTION\", colour = \"red\" }\n[inputs]\ntarget = \"1.17.3\"\nnodes = [{ name = \"a\", api = \"https://a\" }]\n";
        let (site, findings) = parse(source);
        assert_eq!(findings, []);
        let site = site.unwrap();
        assert_eq!(
            (site.name.as_str(), site.environment.word.as_str(), site.environment.colour.as_str()),
            ("prod-eu", "PRODUCTION", "red")
        );
        assert_eq!(site.inputs["nodes"], json!([{"name": "a", "api": "https://a"}]));
        assert_eq!(&source[site.places["target"].clone()], "\"1.17.3\"");
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        for (source, part) in [
            ("", ""),
            ("name = \"Prod EU\"", "\"Prod EU\""),
            ("name = \"a\"\nnodez = 1", "nodez"),
            ("name = \"a\"\nenvironment = { word = \"X\", colour = \"rot\" }", "\"rot\""),
            ("name = \"a\"\nenvironment = { }", "{ }"),
            ("name = \"a\"\nenvironment = { word = \"PR\\u200BOD\" }", "\"PR\\u200BOD\""),
            ("name = \"a\"\nenvironment = { word = \" PROD\" }", "\" PROD\""),
            ("name = \"a\"\nenvironment = { word = \"No\" }", "\"No\""),
            ("name = \"no\"", "\"no\""),
            ("name = \"a\"\nenvironment = { word = \"PRACTICE\" }", "\"PRACTICE\""),
            ("name = \"a\"\nenvironment = { word = \"p r a c t i c e\" }", "\"p r a c t i c e\""),
            ("name = \"a\"\nenvironment = { word = \"РRАСТIСЕ\" }", "\"РRАСТIСЕ\""),
            ("name = \"a\"\nenvironment = { word = \"Pract1ce\" }", "\"Pract1ce\""),
            ("name = \"a\"\nenvironment = { word = \"ＰＲＡＣＴＩＣＥ\" }", "\"ＰＲＡＣＴＩＣＥ\""),
            ("name = \"practice\"", "\"practice\""),
            ("format = 2\nname = \"a\"", "2"),
            ("name = \"a\"\n[inputs]\nn = 99999999999999999999", "99999999999999999999"),
            ("name = \"a\"\n[inputs]\nn = 0xffffffffffffffffffff", "0xffffffffffffffffffff"),
            ("name = \"a\"\n[inputs]\nn = 0.12345678901234567890", "0.12345678901234567890"),
            ("name = \"a\"\n[inputs]\nn = inf", "inf"),
            ("name = \"a\"\n[inputs]\nn = [{ name = \"b\", port = 1e999 }]", "1e999"),
            ("name = \"a", ""),
            ("name = \"a\" # \u{202e}", "\u{202e}"),
        ] {
            let (site, findings) = parse(source);
            assert_eq!(site, None, "{source}");
            assert_eq!(&source[findings[0].span.clone()], part, "{source}: {findings:?}");
        }
    }
}
