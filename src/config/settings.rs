//! `config.toml`: how the screens look and behave where the command line does not say.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::Diagnostic;

/// How the end of a long wait is told to somebody who looks elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// A message on the desktop, through the terminal (OSC 9).
    Desktop,
    /// The same as other terminals want it (OSC 777).
    Desktop777,
}

/// What `config.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of a theme, and where it stands in the text.
    pub theme: Option<(String, Range<usize>)>,
    /// Only ASCII signs.
    pub is_ascii: bool,
    /// Nothing on the screens moves by itself that need not.
    pub is_still: bool,
    /// Whether the mouse is taken.
    pub has_mouse: bool,
    /// Whether the terminal may be asked to put texts into the clipboard.
    pub may_copy: bool,
    /// How the end of a long wait is told.
    pub notify: Notify,
}

impl Default for Settings {
    fn default() -> Self {
        Self { theme: None, is_ascii: false, is_still: false, has_mouse: true, may_copy: true, notify: Notify::Off }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    theme: Option<Spanned<String>>,
    glyphs: Option<Spanned<String>>,
    motion: Option<Spanned<String>>,
    mouse: Option<bool>,
    copy: Option<bool>,
    notify: Option<Spanned<String>>,
}

impl Settings {
    /// What the text of `config.toml` says; what it does not say is as it is without one.
    ///
    /// # Errors
    /// It is not TOML, has a key that means nothing, or a value that is none.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let help = "the keys are theme, glyphs, motion, mouse, copy and notify";
            vec![Diagnostic::error("config", span, error.message()).with_help(help)]
        })?;
        let mut wrong = Vec::new();
        let standard = Self::default();
        let settings = Self {
            is_ascii: one_of(raw.glyphs, &[("unicode", false), ("ascii", true)], false, &mut wrong),
            is_still: one_of(raw.motion, &[("full", false), ("reduced", true)], false, &mut wrong),
            has_mouse: raw.mouse.unwrap_or(standard.has_mouse),
            may_copy: raw.copy.unwrap_or(standard.may_copy),
            notify: one_of(
                raw.notify,
                &[
                    ("off", Notify::Off),
                    ("bell", Notify::Bell),
                    ("desktop", Notify::Desktop),
                    ("desktop-777", Notify::Desktop777),
                ],
                Notify::Off,
                &mut wrong,
            ),
            theme: raw.theme.map(|theme| {
                let span = theme.span();
                (theme.into_inner(), span)
            }),
        };
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }
}

/// The value of that word.
fn one_of<T: Copy>(word: Option<Spanned<String>>, words: &[(&str, T)], otherwise: T, wrong: &mut Vec<Diagnostic>) -> T {
    let Some(word) = word else { return otherwise };
    if let Some((_, value)) = words.iter().find(|(name, _)| name == word.get_ref()) {
        return *value;
    }
    let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
    let found = Diagnostic::error("config", word.span(), format!("{:?} is none of the words for this", word.get_ref()));
    wrong.push(found.with_help(format!("write one of {}", names.join(", "))));
    otherwise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_it_is_without_a_file() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let text = "theme = \"dusk\"\nglyphs = \"ascii\"\nmotion = \"reduced\"\ncopy = false\nnotify = \"bell\"\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.theme, Some(("dusk".into(), 8..14)));
        assert!(settings.is_ascii && settings.is_still && !settings.may_copy && settings.has_mouse);
        assert_eq!(settings.notify, Notify::Bell);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, said) in [
            ("theme = 3\n", 1, "string"),
            ("\ncolour = \"red\"\n", 2, "colour"),
            ("mouse = true\nmotion = \"none\"\n", 2, "\"none\" is none of the words"),
            ("theme = \"a\n", 1, ""),
        ] {
            let found = Settings::parse(text).unwrap_err();
            assert_eq!(found[0].position(text).line, line, "{found:?}");
            assert!(found[0].message.contains(said) && found[0].help.is_some(), "{found:?}");
        }
    }
}
