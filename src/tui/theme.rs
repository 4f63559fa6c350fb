//! How meanings look: colours from a theme file, signs from a glyph set. No widget names a colour.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// What a piece of the screen means. A theme gives each a style; one that it does not name looks like its fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Running text.
    Text,
    /// What matters less.
    Dim,
    /// The name of a pane or dialog.
    Title,
    /// The frame of a pane.
    Border,
    /// The frame of the pane that has the keys.
    Focus,
    /// The bars at the top and bottom.
    Bar,
    /// A key in the action bar.
    Key,
    /// A key that does nothing at this moment.
    Inert,
    /// As it should be.
    Ok,
    /// Alive, not as it should be.
    Degraded,
    /// Not as it should be.
    Bad,
    /// Not known.
    Unknown,
    /// A step that has not begun.
    Pending,
    /// The step that is the one.
    Current,
    /// A step that came out as it should.
    Done,
    /// A step that failed.
    Failed,
    /// A person overruled the machine here. Never looks like [`Meaning::Done`].
    Deviation,
    /// A step that does not apply.
    NotApplicable,
    /// The row under the cursor.
    Selected,
    /// A box about people or data.
    Warning,
    /// A box about the service.
    Caution,
    /// A box that is good to know.
    Note,
    /// Exactly what runs.
    Command,
    /// What a person types.
    Input,
    /// Why something typed is not taken.
    Problem,
    /// The journal cannot be written, or something as grave.
    Alarm,
    /// A practice run.
    Practice,
}

impl Meaning {
    const fn fallback(self) -> Option<Self> {
        Some(match self {
            Self::Text => return None,
            Self::Dim | Self::Title | Self::Bar | Self::Command | Self::Input | Self::Selected | Self::Current => {
                Self::Text
            }
            Self::Border | Self::Pending | Self::NotApplicable | Self::Inert => Self::Dim,
            Self::Focus | Self::Key => Self::Title,
            Self::Ok => Self::Text,
            Self::Done => Self::Ok,
            Self::Degraded | Self::Unknown => Self::Caution,
            Self::Bad | Self::Failed | Self::Problem | Self::Alarm => Self::Warning,
            Self::Deviation | Self::Practice | Self::Note | Self::Caution | Self::Warning => Self::Title,
        })
    }
}

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// No theme has that name.
    #[error("there is no theme {0:?}; there are dark, light, sixteen and mono")]
    NoSuchTheme(String),
    /// Its text cannot be read.
    #[error("the theme {name}: {why}")]
    Unreadable {
        /// Which theme.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTheme {
    styles: BTreeMap<Meaning, RawStyle>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawStyle {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reversed: bool,
}

/// A style for every meaning.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: BTreeMap<Meaning, Style>,
    is_coloured: bool,
}

impl Theme {
    /// One of the themes that are built in.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn named(name: &str) -> Result<Self, ThemeError> {
        let text = match name {
            "dark" => include_str!("../../assets/themes/dark.toml"),
            "light" => include_str!("../../assets/themes/light.toml"),
            "sixteen" => include_str!("../../assets/themes/sixteen.toml"),
            "mono" => include_str!("../../assets/themes/mono.toml"),
            other => return Err(ThemeError::NoSuchTheme(other.to_owned())),
        };
        Self::parse(name, text)
    }

    /// A theme from its TOML text.
    ///
    /// # Errors
    /// The text is not a theme: an unknown meaning, key or colour.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let unreadable = |why: String| ThemeError::Unreadable { name: name.to_owned(), why };
        let raw: RawTheme = toml::from_str(text).map_err(|error| unreadable(error.message().to_owned()))?;
        let mut styles = BTreeMap::new();
        for (meaning, raw) in raw.styles {
            styles.insert(meaning, raw.style().map_err(unreadable)?);
        }
        let is_coloured = styles.values().any(|style| style.fg.is_some() || style.bg.is_some());
        Ok(Self { styles, is_coloured })
    }

    /// A theme in which everything looks alike: for measuring.
    pub fn plain() -> Self {
        Self { styles: BTreeMap::new(), is_coloured: false }
    }

    /// How that meaning looks.
    pub fn style(&self, meaning: Meaning) -> Style {
        let mut meaning = meaning;
        loop {
            if let Some(style) = self.styles.get(&meaning) {
                return *style;
            }
            match meaning.fallback() {
                Some(fallback) => meaning = fallback,
                None => return Style::new(),
            }
        }
    }

    /// The style of the environment's word, in the colour that the site file names; reversed, so that it is a patch.
    pub fn environment(&self, colour: &str) -> Style {
        let patch = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
        match Color::from_str(colour) {
            Ok(colour) if self.is_coloured => patch.fg(colour),
            _ => patch,
        }
    }
}

impl RawStyle {
    fn style(&self) -> Result<Style, String> {
        let colour = |name: &str| Color::from_str(name).map_err(|_| format!("{name:?} is not a colour"));
        let mut style = Style::new();
        if let Some(fg) = &self.fg {
            style = style.fg(colour(fg)?);
        }
        if let Some(bg) = &self.bg {
            style = style.bg(colour(bg)?);
        }
        let modifiers = [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reversed, Modifier::REVERSED),
        ];
        for (_, modifier) in modifiers.into_iter().filter(|(is_set, _)| *is_set) {
            style = style.add_modifier(modifier);
        }
        Ok(style)
    }
}

/// The signs of one glyph set.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// A step that has not begun.
    pub pending: &'static str,
    /// The step that is the one.
    pub current: &'static str,
    /// As it should be.
    pub done: &'static str,
    /// Not as it should be.
    pub failed: &'static str,
    /// Left out.
    pub skipped: &'static str,
    /// A step that was put off.
    pub deferred: &'static str,
    /// Does not apply.
    pub not_applicable: &'static str,
    /// Overruled, degraded, or to be looked at.
    pub alert: &'static str,
    /// Not known.
    pub unknown: &'static str,
    /// Where a text was cut.
    pub cut: &'static str,
    /// After a word that asks for more.
    pub more: &'static str,
    /// Between short facts.
    pub dot: &'static str,
    /// Between a document and its heading.
    pub under: &'static str,
    /// History of verdicts: ok, degraded, bad, unknown.
    pub history: [&'static str; 4],
    /// Frames: single, double and heavy, each `─ │ ╭ ╮ ╰ ╯`.
    pub frames: [[&'static str; 6]; 3],
}

/// Signs for terminals that know Unicode.
pub const UNICODE: Glyphs = Glyphs {
    pending: "○",
    current: "▸",
    done: "✔",
    failed: "✘",
    skipped: "»",
    deferred: "↷",
    not_applicable: "-",
    alert: "!",
    unknown: "?",
    cut: "…",
    more: "…",
    dot: "·",
    under: "›",
    history: ["▂", "▅", "█", "·"],
    frames: [["─", "│", "╭", "╮", "╰", "╯"], ["═", "║", "╔", "╗", "╚", "╝"], ["━", "┃", "┏", "┓", "┗", "┛"]],
};

/// Signs for terminals that do not.
pub const ASCII: Glyphs = Glyphs {
    pending: "o",
    current: ">",
    done: "+",
    failed: "x",
    skipped: "/",
    deferred: "~",
    not_applicable: "-",
    alert: "!",
    unknown: "?",
    cut: "~",
    more: "...",
    dot: "|",
    under: ">",
    history: ["_", "=", "#", "."],
    frames: [["-", "|", "+", "+", "+", "+"], ["=", "#", "#", "#", "#", "#"], ["*", "*", "*", "*", "*", "*"]],
};

/// All that decides how the screens look.
#[derive(Clone, Debug)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// In which times of the day are shown.
    pub zone: jiff::tz::TimeZone,
}

impl Look {
    /// A look for measuring only. Every sign is one cell wide in every glyph set, so counting lines needs no other.
    pub fn plain() -> Self {
        Self { theme: Theme::plain(), glyphs: &UNICODE, zone: jiff::tz::TimeZone::UTC }
    }

    /// How that meaning looks.
    pub fn style(&self, meaning: Meaning) -> Style {
        self.theme.style(meaning)
    }

    /// `HH:MM` of a moment.
    pub fn clock(&self, moment: crate::clock::Timestamp) -> String {
        self.told(moment, "%H:%M")
    }

    /// `HH:MM:SS` of a moment.
    pub fn second(&self, moment: crate::clock::Timestamp) -> String {
        self.told(moment, "%H:%M:%S")
    }

    /// The same with its day.
    pub fn second_of_day(&self, moment: crate::clock::Timestamp) -> String {
        self.told(moment, "%Y-%m-%d %H:%M:%S")
    }

    fn told(&self, moment: crate::clock::Timestamp, format: &str) -> String {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        moment.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// Day and time of the day in the zone of this look, for what may last days.
    pub fn day(&self, moment: crate::clock::Timestamp) -> String {
        self.told(moment, "%m-%d %H:%M")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_parses_and_mono_names_no_colour() {
        for name in ["dark", "light", "sixteen", "mono"] {
            let theme = Theme::named(name).unwrap();
            assert_eq!(theme.is_coloured, name != "mono", "{name}");
        }
        assert!(Theme::named("pink").is_err());
    }

    #[test]
    fn what_a_person_overruled_never_looks_like_what_went_well() {
        for name in ["dark", "light", "sixteen", "mono"] {
            let theme = Theme::named(name).unwrap();
            assert_ne!(theme.style(Meaning::Deviation), theme.style(Meaning::Done), "{name}");
        }
    }

    #[test]
    fn a_meaning_that_a_theme_does_not_name_looks_like_its_fallback() {
        let theme = Theme::parse("own", "[styles]\nok = { fg = \"green\" }").unwrap();
        assert_eq!(theme.style(Meaning::Done), theme.style(Meaning::Ok));
        assert_eq!(theme.style(Meaning::Border), Style::new());
    }

    #[test]
    fn unknown_meanings_keys_and_colours_are_refused() {
        for text in ["[styles]\nhappy = {}", "[styles]\nok = { blink = true }", "[styles]\nok = { fg = \"greenish\" }"]
        {
            assert!(Theme::parse("own", text).is_err(), "{text}");
        }
    }
}
