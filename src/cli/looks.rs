//! How the screens look and behave: what the command line asks for, over what the user's own files say. A file that is
//! wrong ends the program before the terminal is touched.

use crate::cli::error::CliError;
use crate::config::{Folder, Settings, UserText};
use crate::diagnostic::{Diagnostic, render_all};
use crate::tui::rebind::rebound;
use crate::tui::theme::{SHIPPED, Theme};
use crate::tui::{Options, TuiError};

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// A theme's name.
    pub theme: Option<String>,
    /// ASCII characters only.
    pub ascii: bool,
}

impl Looks {
    /// How the screens are to be, with the user's own settings, keys and theme.
    ///
    /// # Errors
    /// A file of the user's is wrong, or there is no theme of that name: status 2.
    pub fn options(&self) -> Result<Options, CliError> {
        let Some(folder) = Folder::of_user() else {
            return Ok(Options { is_ascii: self.ascii, theme: self.named(None)?, ..Options::default() });
        };
        self.options_in(&folder)
    }

    /// The same, unless no screen is wanted.
    ///
    /// # Errors
    /// As above.
    pub fn options_unless(&self, is_plain: bool) -> Result<Options, CliError> {
        if is_plain { Ok(Options::default()) } else { self.options() }
    }

    fn options_in(&self, folder: &Folder) -> Result<Options, CliError> {
        let settings_file = folder.settings().map_err(unreadable)?;
        let settings = match &settings_file {
            Some(file) => Settings::parse(&file.text).map_err(|found| wrong(file, found))?,
            None => Settings::default(),
        };
        let keymap = match folder.keymap().map_err(unreadable)? {
            Some(file) => Some(rebound(&file.text).map_err(|found| wrong(&file, found))?),
            None => None,
        };
        let theme = match (&self.theme, &settings.theme, &settings_file) {
            (None, Some((name, span)), Some(file)) => Some(theme(folder, name)?.ok_or_else(|| {
                let told = format!("there is no theme {name:?}");
                let found = Diagnostic::error("theme", span.clone(), told).with_help(themes(Some(folder)));
                wrong(file, vec![found])
            })?),
            _ => self.named(Some(folder))?,
        };
        let standard = Options::default();
        Ok(Options {
            theme,
            is_ascii: self.ascii || settings.is_ascii,
            is_still: settings.is_still,
            has_mouse: settings.has_mouse,
            may_copy: settings.may_copy,
            notify: settings.notify,
            keymap: keymap.unwrap_or(standard.keymap),
            report: standard.report,
        })
    }

    /// The theme that the command line names.
    fn named(&self, folder: Option<&Folder>) -> Result<Option<Theme>, CliError> {
        let Some(name) = &self.theme else { return Ok(None) };
        let own = folder.map(|folder| theme(folder, name)).transpose()?.flatten();
        match own.or_else(|| Theme::shipped(name)) {
            Some(theme) => Ok(Some(theme)),
            None => Err(CliError::usage(format!("there is no theme {name:?}")).hint(themes(folder))),
        }
    }
}

/// The theme of that name: the user's own before the one that is built in.
fn theme(folder: &Folder, name: &str) -> Result<Option<Theme>, CliError> {
    if !is_name(name) {
        return Ok(None);
    }
    match folder.theme(name).map_err(unreadable)? {
        Some(file) => Theme::parse(&file.text).map(Some).map_err(|found| wrong(&file, found)),
        None => Ok(Theme::shipped(name)),
    }
}

/// Whether a name cannot lead out of the folder of themes.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain)
}

/// Which themes there are.
fn themes(folder: Option<&Folder>) -> String {
    let own = folder.map(Folder::themes).unwrap_or_default();
    let place = folder.map(|folder| folder.themes_folder().display().to_string()).unwrap_or_default();
    match own.is_empty() {
        true => format!("built in are {}; one of your own is a file in {place}", SHIPPED.join(", ")),
        false => format!("built in are {}; in {place} there are {}", SHIPPED.join(", "), own.join(", ")),
    }
}

fn wrong(file: &UserText, found: Vec<Diagnostic>) -> CliError {
    let name = file.path.display().to_string();
    let found: Vec<_> = found.into_iter().map(|found| found.in_file(&name)).collect();
    let told = render_all(&found, &file.text, false);
    CliError::usage(format!("{name} cannot be used\n{}", told.trim_end()))
        .hint("mend it or move it away; nothing was opened or begun")
}

fn unreadable(error: crate::fs::FsError) -> CliError {
    CliError::usage(error).hint("mend it or move it away; nothing was opened or begun")
}

/// The options with what tells why the screens broke.
pub fn reporting(options: Options, report: fn(&TuiError) -> u8) -> Options {
    Options { report, ..options }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)], looks: &Looks) -> Result<Options, String> {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        looks.options_in(&Folder::at(home.path())).map_err(|error| {
            assert_eq!(error.exit_status(), 2);
            error.to_string()
        })
    }

    #[test]
    fn the_users_files_count_and_the_command_line_counts_more() {
        let files = [
            ("config.toml", "theme = \"dusk\"\nglyphs = \"ascii\"\nnotify = \"bell\"\n"),
            ("themes/dusk.toml", "base = \"light\"\n"),
            ("keymap.toml", "[[key]]\ncontext = \"run\"\naction = \"note\"\nkeys = [\"u\"]\n"),
        ];
        let options = told(&files, &Looks::default()).unwrap();
        assert!(options.is_ascii && options.theme.is_some());
        assert_eq!(options.notify, crate::config::Notify::Bell);
        let own = Looks { theme: Some("mono".into()), ascii: false };
        assert!(told(&files, &own).unwrap().theme.is_some());
        let none = told(&[], &Looks::default()).unwrap();
        assert!(none.theme.is_none() && !none.is_ascii && none.may_copy);
    }

    #[test]
    fn a_file_that_is_wrong_is_told_with_its_line_and_what_to_do() {
        let looks = Looks::default();
        for (files, said) in [
            (vec![("config.toml", "theme = \"dusk\"")], vec!["config.toml:1:9", "no theme \"dusk\"", "dark, light"]),
            (vec![("config.toml", "theme = \"../up\"")], vec!["no theme \"../up\""]),
            (vec![("config.toml", "\nfoo = 1")], vec!["config.toml:2:1", "foo", "notify"]),
            (
                vec![("keymap.toml", "[[key]]\ncontext = \"run\"\naction = \"note\"\nkeys = [\"s\"]\n")],
                vec!["keymap.toml:4:9", "two things", "hint: mend it"],
            ),
            (
                vec![("config.toml", "theme = \"dusk\""), ("themes/dusk.toml", "[styles]\nok = { fg = \"\\u001b\" }")],
                vec!["themes/dusk.toml:2:13", "is not a colour"],
            ),
        ] {
            let error = told(&files, &looks).unwrap_err();
            assert!(said.iter().all(|said| error.contains(said)), "{error}");
            assert!(!error.contains('\u{1b}'));
        }
        let own = Looks { theme: Some("pink".into()), ascii: false };
        assert!(told(&[], &own).unwrap_err().contains("no theme \"pink\""));
    }
}
