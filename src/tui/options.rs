//! How the screens look and behave, as it was asked for and as the terminal allows.

use jiff::tz::TimeZone;

use crate::tui::theme::{ASCII, Look, Theme, ThemeError, UNICODE};

/// How the screens look and behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// A theme's name; `None`: chosen by the terminal and `NO_COLOR`.
    pub theme: Option<String>,
    /// Only ASCII signs.
    pub is_ascii: bool,
    /// Whether the mouse is taken.
    pub has_mouse: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { theme: None, is_ascii: false, has_mouse: true }
    }
}

impl Options {
    /// The look that they ask for, or that suits the terminal.
    ///
    /// # Errors
    /// There is no theme of that name.
    pub(crate) fn look(&self) -> Result<Look, ThemeError> {
        let terminal = std::env::var("TERM").unwrap_or_default();
        let is_poor = !terminal.contains("256") && std::env::var_os("COLORTERM").is_none();
        let has_no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let name = match &self.theme {
            Some(name) => name.as_str(),
            None if has_no_colour => "mono",
            None if is_poor => "sixteen",
            None => "dark",
        };
        let glyphs = if self.is_ascii { &ASCII } else { &UNICODE };
        Ok(Look { theme: Theme::named(name)?, glyphs, zone: local_zone() })
    }
}

/// The machine's time zone. Its file is read as it is: to learn its name, all zones of the machine would be listed.
fn local_zone() -> TimeZone {
    let is_named = std::env::var_os("TZ").is_some();
    let file = || std::fs::read("/etc/localtime").ok();
    let zone = (!is_named).then(file).flatten().and_then(|zone| TimeZone::tzif("local", &zone).ok());
    zone.unwrap_or_else(TimeZone::system)
}
