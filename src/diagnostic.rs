//! Diagnostics: what is wrong in a text that a person wrote, where, and what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::text::clean_line;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The text is refused.
    Error,
    /// The text is taken; a person should look.
    Advice,
}

impl Severity {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Advice => "advice",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable name for the kind of finding, such as `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file's name as the user gave it; empty when the text has none.
    pub file: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// A place in a text, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

/// The most characters of a line that are shown before the place, and from it on.
const MAX_SHOWN: usize = 60;
/// Stands for file, line and column while a finding is drawn.
const PLACE: &str = "\u{f8ff}";

impl Diagnostic {
    /// An error without help and without a file.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, file: String::new(), span, message: message.into(), help: None }
    }

    /// Advice without help and without a file.
    pub fn advice(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Advice, ..Self::error(code, span, message) }
    }

    /// The same with a help text.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with the file's name.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        Self { file: file.to_owned(), ..self }
    }

    /// Whether the text is refused because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Where its span starts in `source`.
    pub fn position(&self, source: &str) -> Position {
        let start = floor_boundary(source, self.span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = source[..line_start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        Position { line, column: source[line_start..start].chars().count() + 1 }
    }

    /// The finding with the line it is about and a caret, ending without a newline. `source` is the whole text.
    pub fn render(&self, source: &str, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let shown = renderer.term_width(200).render(&[self.group(source)]);
        self.put_place(&shown, source).unwrap_or(shown)
    }

    /// The renderer counts columns in the line as it is shown, which may be cut and cleaned; people need the column in
    /// the file. So it is given a placeholder for the file's name, and the whole place is put in afterwards.
    fn put_place(&self, shown: &str, source: &str) -> Option<String> {
        let from = shown.find('\n')?;
        let from = from + shown[from..].find(PLACE)?;
        let end = from + shown[from..].find(['\n', '\u{1b}'])?;
        let Position { line, column } = self.position(source);
        let file = if self.file.is_empty() { "<text>".into() } else { clean_line(&self.file) };
        Some(format!("{}{file}:{line}:{column}{}", &shown[..from], &shown[end..]))
    }

    fn group(&self, source: &str) -> Group<'static> {
        let title = clean_line(&self.message).into_owned();
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Advice => Level::WARNING.with_name("advice"),
        };
        let window = Window::around(source, &self.span);
        let snippet = Snippet::source(window.text)
            .line_start(self.position(source).line)
            .path(PLACE)
            .fold(false)
            .annotation(AnnotationKind::Primary.span(window.span));
        let group = level.primary_title(title).id(self.code).element(snippet);
        match &self.help {
            Some(help) => group.element(Level::HELP.message(clean_line(help).into_owned())),
            None => group,
        }
    }
}

/// Every finding, worst place first as it was found, with an empty line between two.
pub fn render_all(diagnostics: &[Diagnostic], source: &str, colour: bool) -> String {
    let rendered: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.render(source, colour)).collect();
    rendered.join("\n\n")
}

/// The line that a span starts in, cut to a bearable length and cleaned, with the span in it.
struct Window {
    text: String,
    span: Range<usize>,
}

impl Window {
    fn around(source: &str, span: &Range<usize>) -> Self {
        let start = floor_boundary(source, span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let end = floor_boundary(source, span.end).clamp(start, line_end);
        let before = &source[line_start..start];
        let cut = before.char_indices().rev().nth(MAX_SHOWN).map_or(0, |(at, _)| at);
        let after = &source[start..line_end];
        let keep = after.char_indices().nth(MAX_SHOWN).map_or(after.len(), |(at, _)| at);
        let mut text = String::from(if cut > 0 { "…" } else { "" });
        text.push_str(&clean_line(&before[cut..]));
        let from = text.len();
        let marked = &after[..keep.min(end - start)];
        text.push_str(&clean_line(marked));
        let to = text.len();
        text.push_str(&clean_line(after[marked.len()..keep].trim_end_matches('\r')));
        text.push_str(if keep < after.len() { "…" } else { "" });
        Self { text, span: from..to }
    }
}

fn floor_boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(source: &str, part: &str) -> Diagnostic {
        let at = source.find(part).unwrap();
        Diagnostic::error("some-code", at..at + part.len(), "it is wrong").with_help("do it right").in_file("a.toml")
    }

    #[test]
    fn a_finding_shows_its_line_and_points_at_it() {
        let source = "a = 1\nbé = \"two\"\n";
        let diagnostic = found(source, "\"two\"");
        assert_eq!(diagnostic.position(source), Position { line: 2, column: 6 });
        let shown = "error[some-code]: it is wrong\n --> a.toml:2:6\n  |\n2 | bé = \"two\"\n  |      ^^^^^\n  |\n  = help: do it right";
        assert_eq!(diagnostic.render(source, false), shown);
    }

    #[test]
    fn control_characters_in_the_source_are_shown_and_long_lines_are_cut() {
        let source = format!("title = \"{}\u{1b}[2J\u{202e}x\u{9b}{}\"", "y".repeat(200), "z".repeat(300));
        let shown = found(&source, "\u{1b}[2J\u{202e}").render(&source, false);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], " --> a.toml:1:210");
        assert!(lines[3].contains("y␛[2J<U+202E>x<U+009B>z") && lines[3].ends_with("z…"), "{shown}");
        assert!(lines[3].chars().count() < 160, "{shown}");
        assert_eq!(lines[4].trim_end().chars().filter(|c| *c == '^').count(), "␛[2J<U+202E>".chars().count());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_span_of_any_text_can_be_shown(source in "[a-z\\n\\r\\té\u{301}\u{1b}]{0,40}", start in 0_usize..50, length in 0_usize..50) {
            let diagnostic = Diagnostic::advice("x", start..start + length, source.clone()).with_help(source.clone());
            let shown = diagnostic.render(&source, false);
            prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        }
    }
}
