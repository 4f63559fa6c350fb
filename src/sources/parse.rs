//! Text to [`Source`]: a strict reader, since these files are written by hand and everything rests on their ids.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::sources::{Document, Heading, Mistake, Source};

/// The most characters of one text; longer ones are no longer one or two sentences.
const MAX_CHARS: usize = 320;

/// Why a file of obligations is refused. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is no TOML, or a key is missing, unknown or of the wrong type.
    #[error("{file}: {error}")]
    Toml {
        /// The file.
        file: String,
        /// What and where.
        error: Box<toml::de::Error>,
    },
    /// One thing in it is not as it must be.
    #[error("{file}: {what:?}: {why}")]
    Wrong {
        /// The file.
        file: String,
        /// The id, heading or text.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    system: String,
    document: Document,
    #[serde(rename = "heading")]
    headings: Vec<Heading>,
    #[serde(default, rename = "mistake")]
    mistakes: Vec<Mistake>,
}

/// Reads files, each given by its name and text. Ids are unique over all of them.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse_all(files: &[(&str, &str)]) -> Result<Vec<Source>, SourceError> {
    let mut sources: Vec<Source> = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, text) in files {
        let wrong = |what: &str, why| SourceError::Wrong { file: (*name).into(), what: what.into(), why };
        let source = parse(name, text)?;
        if sources.iter().any(|other| other.system == source.system && other.document.title == source.document.title) {
            return Err(wrong(&source.document.title, "another file has this document"));
        }
        let obligations = source.obligations().map(|found| &found.obligation.id);
        for id in obligations.chain(source.mistakes.iter().map(|mistake| &mistake.id)) {
            if !ids.insert(id.clone()) {
                return Err(wrong(id, "this id stands twice"));
            }
        }
        sources.push(source);
    }
    Ok(sources)
}

fn parse(name: &str, text: &str) -> Result<Source, SourceError> {
    let wrong = |what: &str, why| SourceError::Wrong { file: name.into(), what: what.into(), why };
    let File { format, system, document, headings, mistakes } =
        toml::from_str(text).map_err(|error| SourceError::Toml { file: name.into(), error: Box::new(error) })?;
    if format != 1 {
        return Err(wrong(&format.to_string(), "only format 1 is known"));
    }
    if !is_name(&system) {
        return Err(wrong(&system, "a system is named by lower-case letters, digits and `-`"));
    }
    let source = Source { system, document, headings, mistakes };
    for (what, why) in [
        (
            faulty_heading(&source),
            "a path goes from the document's title down to a heading that no other path ends with",
        ),
        (faulty_id(&source), "an obligation is named like VLT-HA-05, a mistake by lower-case letters, digits and `-`"),
        (faulty_text(&source), "this is one to two sentences on one line, with a full stop"),
        (faulty_mistake(&source), "a mistake touches at least one obligation of its document, and no others"),
    ] {
        if let Some(what) = what {
            return Err(wrong(&what, why));
        }
    }
    Ok(source)
}

fn faulty_heading(source: &Source) -> Option<String> {
    let title = &source.document.title;
    let is_second =
        |heading: &Heading| source.headings.iter().filter(|other| other.title() == heading.title()).count() > 1;
    let faulty = |heading: &&Heading| {
        heading.path.first() != Some(title)
            || heading.path.iter().any(|part| part.trim() != part || part.is_empty())
            || is_second(heading)
    };
    source.headings.iter().find(faulty).map(|heading| heading.path.join(" / "))
}

fn faulty_id(source: &Source) -> Option<String> {
    let obligations = source.obligations().map(|found| found.obligation.id.as_str()).filter(|id| !is_obligation_id(id));
    let mistakes = source.mistakes.iter().map(|mistake| mistake.id.as_str()).filter(|id| !is_name(id));
    obligations.chain(mistakes).next().map(str::to_owned)
}

fn faulty_text(source: &Source) -> Option<String> {
    let asks = source.obligations().map(|found| &found.obligation.asks);
    let mistakes = source.mistakes.iter().flat_map(|mistake| [&mistake.says, &mistake.right]);
    let texts = asks.chain(mistakes).chain([&source.document.note]);
    let is_faulty = |text: &&String| {
        text.trim() != text.as_str()
            || !text.ends_with('.')
            || text.chars().any(char::is_control)
            || text.chars().count() > MAX_CHARS
    };
    texts.into_iter().find(is_faulty).cloned()
}

fn faulty_mistake(source: &Source) -> Option<String> {
    let is_known = |id: &String| source.find(id).is_some();
    let is_faulty = |mistake: &&Mistake| mistake.obligations.is_empty() || !mistake.obligations.iter().all(is_known);
    source.mistakes.iter().find(is_faulty).map(|mistake| mistake.id.clone())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Three capitals, two or three capitals or digits, two digits.
fn is_obligation_id(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let [system, group, number] = parts[..] else { return false };
    system.len() == 3
        && system.chars().all(|c| c.is_ascii_uppercase())
        && (2..=3).contains(&group.len())
        && group.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && number.len() == 2
        && number.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"format = 1
system = "sys"
[document]
title = "Doc"
edition = "1"
note = "Note."
[[heading]]
path = ["Doc", "Part"]
[[heading.obligation]]
id = "SYS-PA-01"
kind = "step"
asks = "Do it."
[[mistake]]
id = "mistake-one"
says = "Says."
right = "Right."
obligations = ["SYS-PA-01"]
"#;

    #[test]
    fn a_whole_file_is_read() {
        let sources = parse_all(&[("a.toml", WHOLE)]).unwrap();
        assert_eq!(sources[0].find("SYS-PA-01").unwrap().heading.path, ["Doc", "Part"]);
        assert_eq!(sources[0].mistakes_about("SYS-PA-01").count(), 1);
        assert_eq!(sources[0].mistakes_about("SYS-PA-02").count(), 0);
        assert!(sources[0].heading("Part").is_some() && sources[0].heading("Doc").is_none());
    }

    #[test]
    fn everything_unknown_doubled_or_out_of_shape_is_refused() {
        let second = "[[heading.obligation]]\nid = \"SYS-PA-01\"\nkind = \"step\"\nasks = \"Do it.\"\n[[mistake]]";
        let again = "[[heading]]\npath = [\"Doc\", \"Part\"]\nobligation = []\n[[mistake]]";
        for (old, new, told) in [
            ("format = 1", "format = 2", "only format 1"),
            ("format = 1", "format = 1\nextra = 1", "unknown field `extra`"),
            ("note = ", "nota = ", "unknown field `nota`"),
            ("path = ", "extra = 1\npath = ", "unknown field `extra`"),
            ("asks = ", "ask = ", "unknown field `ask`"),
            ("right = ", "extra = 1\nright = ", "unknown field `extra`"),
            ("kind = \"step\"", "kind = \"deed\"", "unknown variant `deed`"),
            ("system = \"sys\"", "system = \"Sys\"", "a system is named"),
            ("id = \"SYS-PA-01\"", "id = \"SYS-PA-1\"", "named like VLT-HA-05"),
            ("id = \"mistake-one\"", "id = \"Mistake\"", "named like VLT-HA-05"),
            ("[\"Doc\", \"Part\"]", "[\"Other\", \"Part\"]", "a path goes"),
            ("[\"Doc\", \"Part\"]", "[]", "a path goes"),
            ("[[mistake]]", again, "a path goes"),
            ("Do it.", "Do it", "one to two sentences"),
            ("Do it.", "Do\\nit.", "one to two sentences"),
            ("obligations = [\"SYS-PA-01\"]", "obligations = []", "at least one obligation"),
            ("obligations = [\"SYS-PA-01\"]", "obligations = [\"SYS-PA-02\"]", "at least one obligation"),
            ("[[mistake]]", second, "this id stands twice"),
        ] {
            let text = WHOLE.replacen(old, new, 1);
            assert_ne!(text, WHOLE, "{old}");
            let error = parse_all(&[("a.toml", &text)]).expect_err(new).to_string();
            assert!(error.starts_with("a.toml: ") && error.contains(told), "{new}: {error}");
        }
        let other = WHOLE.replace("Doc", "Other").replace("mistake-one", "mistake-two");
        let error = parse_all(&[("a.toml", WHOLE), ("b.toml", &other)]).unwrap_err().to_string();
        assert_eq!(error, "b.toml: \"SYS-PA-01\": this id stands twice");
        let error = parse_all(&[("a.toml", WHOLE), ("b.toml", WHOLE)]).unwrap_err().to_string();
        assert!(error.contains("another file has this document"), "{error}");
    }
}
