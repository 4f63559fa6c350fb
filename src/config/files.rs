//! The files of the user's own settings. One that is not there is none; one that is not a plain file, too long or not
//! UTF-8 is refused.

use std::path::PathBuf;

use crate::fs::{self, FsError};

/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The most themes that are named when one is not found.
const MAX_NAMED: usize = 20;

/// The folder of the user's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The text of a file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserText {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

impl Folder {
    /// The one of this user; `None` without a home.
    pub fn of_user() -> Option<Self> {
        Some(Self(directories::ProjectDirs::from("", "", "piton")?.config_dir().to_owned()))
    }

    /// That one.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `config.toml`.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn settings(&self) -> Result<Option<UserText>, FsError> {
        read(self.0.join("config.toml"))
    }

    /// `keymap.toml`.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn keymap(&self) -> Result<Option<UserText>, FsError> {
        read(self.0.join("keymap.toml"))
    }

    /// `themes/NAME.toml`. The name must be a plain one.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn theme(&self, name: &str) -> Result<Option<UserText>, FsError> {
        read(self.themes_folder().join(format!("{name}.toml")))
    }

    /// The names of the themes that are there, sorted.
    pub fn themes(&self) -> Vec<String> {
        let names = fs::names(&self.themes_folder()).unwrap_or_default();
        let themes = names.iter().filter_map(|name| name.strip_suffix(".toml")).map(str::to_owned);
        let mut themes: Vec<String> = themes.take(MAX_NAMED).collect();
        themes.sort();
        themes
    }

    /// Where themes stand.
    pub fn themes_folder(&self) -> PathBuf {
        self.0.join("themes")
    }
}

fn read(path: PathBuf) -> Result<Option<UserText>, FsError> {
    if !fs::is_there(&path) {
        return Ok(None);
    }
    let text = fs::read_text_up_to(&path, MAX_BYTES)?;
    Ok(Some(UserText { path, text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none_and_what_is_no_plain_short_text_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::at(home.path());
        assert_eq!(folder.settings().unwrap(), None);
        assert_eq!(folder.theme("dusk").unwrap(), None);
        assert!(folder.themes().is_empty());
        std::fs::write(home.path().join("config.toml"), "theme = \"light\"\n").unwrap();
        assert_eq!(folder.settings().unwrap().unwrap().text, "theme = \"light\"\n");
        std::fs::create_dir(folder.themes_folder()).unwrap();
        std::fs::write(folder.themes_folder().join("dusk.toml"), vec![b'#'; 70_000]).unwrap();
        assert_eq!(folder.themes(), ["dusk"]);
        let long = folder.theme("dusk").unwrap_err().to_string();
        assert!(long.contains("dusk.toml") && long.contains("65536"), "{long}");
        let keymap = home.path().join("keymap.toml");
        for (to, told) in [("nowhere", "leads to nothing"), ("keymap.toml", "round in a circle")] {
            std::os::unix::fs::symlink(to, &keymap).unwrap();
            let said = folder.keymap().unwrap_err().to_string();
            assert!(said.contains(told) && !said.contains("not followed"), "{said}");
            std::fs::remove_file(&keymap).unwrap();
        }
        std::os::unix::fs::symlink("/dev/zero", &keymap).unwrap();
        assert!(folder.keymap().unwrap_err().to_string().contains("not a plain file"));
        std::fs::write(home.path().join("config.toml"), [b'a', 0xff]).unwrap();
        assert!(folder.settings().unwrap_err().to_string().contains("UTF-8"));
    }
}
