//! How meanings look: colours from a theme file, signs from a glyph set. No widget names a colour.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::Diagnostic;

/// What a piece of the screen means. A theme gives each a style; one that it does not name looks like its fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A value within it that is bound to this run.
    Value,
    /// A word that is stressed.
    Emphasis,
    /// What a person types.
    Input,
    /// Why something typed is not taken.
    Problem,
    /// The journal cannot be written, or something as grave.
    Alarm,
    /// A practice run.
    Practice,
}

/// Every meaning by the name that themes have for it.
pub const MEANINGS: [(&str, Meaning); 29] = [
    ("text", Meaning::Text),
    ("dim", Meaning::Dim),
    ("title", Meaning::Title),
    ("border", Meaning::Border),
    ("focus", Meaning::Focus),
    ("bar", Meaning::Bar),
    ("key", Meaning::Key),
    ("inert", Meaning::Inert),
    ("ok", Meaning::Ok),
    ("degraded", Meaning::Degraded),
    ("bad", Meaning::Bad),
    ("unknown", Meaning::Unknown),
    ("pending", Meaning::Pending),
    ("current", Meaning::Current),
    ("done", Meaning::Done),
    ("failed", Meaning::Failed),
    ("deviation", Meaning::Deviation),
    ("not-applicable", Meaning::NotApplicable),
    ("selected", Meaning::Selected),
    ("warning", Meaning::Warning),
    ("caution", Meaning::Caution),
    ("note", Meaning::Note),
    ("command", Meaning::Command),
    ("value", Meaning::Value),
    ("emphasis", Meaning::Emphasis),
    ("input", Meaning::Input),
    ("problem", Meaning::Problem),
    ("alarm", Meaning::Alarm),
    ("practice", Meaning::Practice),
];

/// The most findings that are told of one theme.
const MAX_FINDINGS: usize = 20;

impl Meaning {
    fn of(name: &str) -> Option<Self> {
        MEANINGS.iter().find(|(other, _)| *other == name).map(|(_, meaning)| *meaning)
    }

    const fn fallback(self) -> Option<Self> {
        Some(match self {
            Self::Text => return None,
            Self::Dim | Self::Title | Self::Bar | Self::Command | Self::Input | Self::Selected | Self::Current => {
                Self::Text
            }
            Self::Border | Self::Pending | Self::NotApplicable | Self::Inert => Self::Dim,
            Self::Value => Self::Command,
            Self::Focus | Self::Key | Self::Emphasis => Self::Title,
            Self::Ok => Self::Text,
            Self::Done => Self::Ok,
            Self::Degraded | Self::Unknown => Self::Caution,
            Self::Bad | Self::Failed | Self::Problem | Self::Alarm => Self::Warning,
            Self::Deviation | Self::Practice | Self::Note | Self::Caution | Self::Warning => Self::Title,
        })
    }
}

/// The themes that are built in.
pub const SHIPPED: [&str; 6] = ["dark", "light", "high-contrast", "sixteen", "sixteen-light", "mono"];

/// The text of a theme that is built in.
fn shipped(name: &str) -> Option<&'static str> {
    Some(match name {
        "dark" => include_str!("../../assets/themes/dark.toml"),
        "light" => include_str!("../../assets/themes/light.toml"),
        "high-contrast" => include_str!("../../assets/themes/high-contrast.toml"),
        "sixteen" => include_str!("../../assets/themes/sixteen.toml"),
        "sixteen-light" => include_str!("../../assets/themes/sixteen-light.toml"),
        "mono" => include_str!("../../assets/themes/mono.toml"),
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTheme {
    base: Option<Spanned<String>>,
    #[serde(default)]
    styles: BTreeMap<Spanned<String>, RawStyle>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawStyle {
    fg: Option<Spanned<String>>,
    bg: Option<Spanned<String>>,
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
    /// Whether it names colours that no palette of a terminal changes.
    is_exact: bool,
}

impl Theme {
    /// One of the themes that are built in; `None`: there is none of that name.
    pub fn shipped(name: &str) -> Option<Self> {
        Some(Self::built_in(shipped(name)?).expect("a test reads every theme that is built in"))
    }

    /// A theme from a text that is as plain as those that are built in: a line for each meaning. It is needed for the first
    /// frame, and TOML takes its time.
    fn built_in(text: &str) -> Option<Self> {
        let lines = text.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| !name.starts_with('#'));
        let style = |(name, table): (&str, &str)| {
            let keys = table.trim().strip_prefix('{')?.strip_suffix('}')?.split(',').map(str::trim);
            let mut style = Style::new();
            for key in keys.filter(|key| !key.is_empty()) {
                let (key, value) = key.split_once(" = ")?;
                let colour = || {
                    let name = value.strip_prefix('"')?.strip_suffix('"')?;
                    name.parse().map(Color::Indexed).or_else(|_| Color::from_str(name)).ok()
                };
                match (key, value) {
                    ("fg", _) => style.fg = Some(colour()?),
                    ("bg", _) => style.bg = Some(colour()?),
                    (_, "true") => style = style.add_modifier(modifier(key)?),
                    _ => return None,
                }
            }
            Some((Meaning::of(name.trim())?, style))
        };
        Some(Self::of(lines.map(style).collect::<Option<_>>()?))
    }

    fn of(styles: BTreeMap<Meaning, Style>) -> Self {
        let mut colours = styles.values().flat_map(|style| [style.fg, style.bg]).flatten();
        let is_coloured = colours.clone().next().is_some();
        let is_exact = colours.any(|colour| matches!(colour, Color::Indexed(16..) | Color::Rgb(..)));
        Self { styles, is_coloured, is_exact }
    }

    /// A theme from its TOML text: `[styles]`, over those of `base` when that names a theme that is built in.
    ///
    /// # Errors
    /// The text is not a theme: an unknown base, meaning, key or colour.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let raw: RawTheme = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let found = Diagnostic::error("theme", span, error.message());
            vec![found.with_help("[styles] has a line for each meaning: ok = { fg = \"114\", bold = true }")]
        })?;
        let mut wrong = Vec::new();
        let mut styles = match raw.base.as_ref().map(|base| (base, Self::shipped(base.get_ref()))) {
            None => BTreeMap::new(),
            Some((_, Some(base))) => base.styles,
            Some((base, None)) => {
                let told = format!("there is no theme {:?} to begin with", base.get_ref());
                let help = format!("the themes that are built in are {}", SHIPPED.join(", "));
                wrong.push(Diagnostic::error("theme", base.span(), told).with_help(help));
                BTreeMap::new()
            }
        };
        for (name, raw) in &raw.styles {
            match (Meaning::of(name.get_ref()), raw.style(&mut wrong)) {
                (Some(meaning), style) => drop(styles.insert(meaning, style)),
                (None, _) => {
                    let told = format!("nothing on the screens means {:?}", name.get_ref());
                    let names: Vec<_> = MEANINGS.iter().map(|(name, _)| *name).collect();
                    let found = Diagnostic::error("theme", name.span(), told);
                    wrong.push(found.with_help(format!("the meanings are {}", names.join(", "))));
                }
            }
        }
        wrong.truncate(MAX_FINDINGS);
        if wrong.is_empty() { Ok(Self::of(styles)) } else { Err(wrong) }
    }

    /// A theme in which everything looks alike: for measuring.
    pub fn plain() -> Self {
        Self { styles: BTreeMap::new(), is_coloured: false, is_exact: false }
    }

    /// How that meaning looks, on the ground that the theme gives to text when it gives one.
    pub fn style(&self, meaning: Meaning) -> Style {
        let ground = self.styles.get(&Meaning::Text).copied().unwrap_or_default();
        let mut meaning = meaning;
        loop {
            if let Some(style) = self.styles.get(&meaning) {
                return if meaning == Meaning::Text { *style } else { ground.patch(*style) };
            }
            match meaning.fallback() {
                Some(fallback) => meaning = fallback,
                None => return ground,
            }
        }
    }

    /// Whether cells without text have a look of their own.
    pub fn has_ground(&self) -> bool {
        self.styles.get(&Meaning::Text).is_some_and(|style| style.bg.is_some())
    }

    /// The style of the environment's word: a patch of the colour that the site file names, with a text that can be read on
    /// it, whatever the terminal's own colours are.
    pub fn environment(&self, colour: &str) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        match patch(colour) {
            Some([exact, plain]) if self.is_coloured => {
                let (fg, bg) = if self.is_exact { exact } else { plain };
                style.fg(fg).bg(bg)
            }
            _ => style.add_modifier(Modifier::REVERSED),
        }
    }
}

/// Text and ground of a patch of that colour: where there are 256 colours, and where there are sixteen.
fn patch(colour: &str) -> Option<[(Color, Color); 2]> {
    let (black, white) = (Color::Indexed(16), Color::Indexed(231));
    Some(match colour {
        "red" => [(white, Color::Indexed(160)), (Color::White, Color::Red)],
        "yellow" => [(black, Color::Indexed(220)), (Color::Black, Color::LightYellow)],
        "green" => [(white, Color::Indexed(28)), (Color::Black, Color::Green)],
        "blue" => [(white, Color::Indexed(26)), (Color::White, Color::Blue)],
        "magenta" => [(white, Color::Indexed(127)), (Color::White, Color::Magenta)],
        "cyan" => [(black, Color::Indexed(44)), (Color::Black, Color::Cyan)],
        "white" => [(black, Color::Indexed(255)), (Color::Black, Color::White)],
        "grey" | "gray" => [(white, Color::Indexed(240)), (Color::Black, Color::Gray)],
        _ => return None,
    })
}

/// What a key of a style adds to it when it is true.
fn modifier(key: &str) -> Option<Modifier> {
    Some(match key {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underline" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        _ => return None,
    })
}

impl RawStyle {
    fn style(&self, wrong: &mut Vec<Diagnostic>) -> Style {
        let mut colour = |name: &Option<Spanned<String>>| {
            let name = name.as_ref()?;
            let colour = Color::from_str(name.get_ref());
            if colour.is_err() {
                let help = "a number from 0 to 255, #rrggbb, or a name such as red, light-blue, gray";
                let told = format!("{:?} is not a colour", name.get_ref());
                wrong.push(Diagnostic::error("theme", name.span(), told).with_help(help));
            }
            colour.ok()
        };
        let (fg, bg) = (colour(&self.fg), colour(&self.bg));
        let mut style = Style { fg, bg, ..Style::new() };
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
        style
    }
}

/// The signs of one glyph set.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// A step that has not begun.
    pub pending: &'static str,
    /// Of several some are done and none is the current one.
    pub partly: &'static str,
    /// The step that is the one.
    pub current: &'static str,
    /// As it should be.
    pub done: &'static str,
    /// Not as it should be.
    pub failed: &'static str,
    /// Left out.
    pub skipped: &'static str,
    /// A check that had passed and is not so any more.
    pub reverted: &'static str,
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
    /// Before each of several that have no order.
    pub bullet: &'static str,
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
    partly: "◐",
    current: "▸",
    done: "✔",
    failed: "✘",
    skipped: "»",
    reverted: "↺",
    deferred: "↷",
    not_applicable: "-",
    alert: "!",
    unknown: "?",
    cut: "…",
    more: "…",
    bullet: "•",
    dot: "·",
    under: "›",
    history: ["▂", "▅", "█", "·"],
    frames: [["─", "│", "╭", "╮", "╰", "╯"], ["═", "║", "╔", "╗", "╚", "╝"], ["━", "┃", "┏", "┓", "┗", "┛"]],
};

/// Signs for terminals that do not.
pub const ASCII: Glyphs = Glyphs {
    pending: "o",
    partly: "%",
    current: ">",
    done: "+",
    failed: "x",
    skipped: "/",
    reverted: "<",
    deferred: "~",
    not_applicable: "-",
    alert: "!",
    unknown: "?",
    cut: "~",
    more: "...",
    bullet: "*",
    dot: "|",
    under: ">",
    history: ["_", "=", "#", "."],
    frames: [["-", "|", "+", "+", "+", "+"], ["=", "#", "#", "#", "#", "#"], ["*", "*", "*", "*", "*", "*"]],
};

impl Glyphs {
    /// A text without the signs that [`crate::text`] puts in the place of controls, where the terminal has none of them.
    pub fn plain<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_picture = |c: char| matches!(c, '\u{2400}'..='\u{2426}');
        if !self.cut.is_ascii() || !text.contains(is_picture) {
            return Cow::Borrowed(text);
        }
        let plain = |c: char| if is_picture(c) { '^' } else { c };
        Cow::Owned(text.chars().map(plain).collect())
    }
}

/// All that decides how the screens look.
#[derive(Clone, Debug)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// In which times of the day are shown.
    pub zone: jiff::tz::TimeZone,
    /// Nothing moves by itself that need not: no history runs through beside the rows of the board.
    pub is_still: bool,
}

impl Look {
    /// A look for measuring only. Every sign is one cell wide in every glyph set, so counting lines needs no other.
    pub fn plain() -> Self {
        Self { theme: Theme::plain(), glyphs: &UNICODE, zone: jiff::tz::TimeZone::UTC, is_still: false }
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
#[path = "theme_tests.rs"]
pub(crate) mod tests;
