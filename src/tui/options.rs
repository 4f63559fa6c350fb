//! How the screens look and behave, as it was asked for and as the terminal allows.

use jiff::tz::TimeZone;

use crate::config::Notify;
use crate::tui::backstage::TuiError;
use crate::tui::keymap::Keymap;
use crate::tui::theme::{ASCII, Look, Theme, UNICODE};

/// How the screens look and behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// The theme; `None`: chosen by the terminal and `NO_COLOR`.
    pub theme: Option<Theme>,
    /// Only ASCII signs.
    pub is_ascii: bool,
    /// Nothing moves by itself that need not.
    pub is_still: bool,
    /// Whether the mouse is taken.
    pub has_mouse: bool,
    /// Whether the terminal may be asked to put texts into the clipboard.
    pub may_copy: bool,
    /// How the end of a long wait is told to somebody who looks elsewhere.
    pub notify: Notify,
    /// What keys mean.
    pub keymap: Keymap,
    /// Tells why the screens broke and gives the status that the program ends with.
    pub report: fn(&TuiError) -> u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: None,
            is_ascii: false,
            is_still: false,
            has_mouse: true,
            may_copy: true,
            notify: Notify::Off,
            keymap: Keymap::standard(),
            report: |_| 1,
        }
    }
}

impl Options {
    /// The look that they ask for, or that suits the terminal.
    pub(crate) fn look(&self) -> Look {
        let glyphs = if self.is_ascii { &ASCII } else { &UNICODE };
        let theme = self.theme.clone().unwrap_or_else(suiting);
        Look { theme, glyphs, zone: local_zone(), is_still: self.is_still }
    }
}

/// The theme that suits the terminal.
fn suiting() -> Theme {
    let terminal = std::env::var("TERM").unwrap_or_default();
    let is_poor = !terminal.contains("256") && std::env::var_os("COLORTERM").is_none();
    let has_no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_light = std::env::var("COLORFGBG").is_ok_and(|colours| names_light(&colours));
    let name = match (has_no_colour, is_poor, is_light) {
        (true, ..) => "mono",
        (false, true, false) => "sixteen",
        (false, true, true) => "sixteen-light",
        (false, false, false) => "dark",
        (false, false, true) => "light",
    };
    Theme::shipped(name).unwrap_or_else(Theme::plain)
}

/// Whether `COLORFGBG` tells of a light ground, as several terminals say it: `0;15`, `0;default;15`. Nothing asks the
/// terminal itself: an answer may never come.
fn names_light(colours: &str) -> bool {
    matches!(colours.rsplit(';').next(), Some("7" | "15"))
}

/// The time zone of the machine, or the one that `TZ` names. Its file is read as it is: otherwise all zones of the
/// machine are listed first, which takes as long as the first frame.
fn local_zone() -> TimeZone {
    let read = |path: &str| std::fs::read(path).ok().and_then(|zone| TimeZone::tzif("local", &zone).ok());
    let zone = match std::env::var("TZ") {
        Ok(name) if is_zone_name(&name) => read(&format!("/usr/share/zoneinfo/{name}")),
        Err(std::env::VarError::NotPresent) => read("/etc/localtime"),
        // A path or a rule: rare, and jiff knows them all.
        _ => None,
    };
    zone.unwrap_or_else(TimeZone::system)
}

/// Whether this is the name of a zone: `UTC`, `Europe/Berlin`, `Etc/GMT+1`.
fn is_zone_name(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::{is_zone_name, names_light};

    #[test]
    fn a_light_ground_is_known_by_what_the_terminal_says_of_itself() {
        for (colours, expected) in [("0;15", true), ("0;default;15", true), ("0;7", true), ("15;0", false), ("", false)]
        {
            assert_eq!(names_light(colours), expected, "{colours:?}");
        }
    }

    #[test]
    fn a_zone_is_a_name_and_no_path() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+1"] {
            assert!(is_zone_name(name), "{name}");
        }
        for other in ["", ":UTC", "/etc/passwd", "../../etc/passwd", "Europe/..", "Europe/", "<+03>-3"] {
            assert!(!is_zone_name(other), "{other}");
        }
    }
}
