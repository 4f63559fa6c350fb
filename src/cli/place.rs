//! Where piton keeps things, and who sits before it.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::cli::error::CliError;
use crate::runbook::value::is_unseen;
use crate::session::Who;

/// The folder of runs and practice runs.
///
/// # Errors
/// There is no home directory to derive it from.
pub fn state_root() -> Result<PathBuf, CliError> {
    let dirs = dirs()?;
    Ok(dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).to_owned())
}

/// Where the list of who signs with which key is looked for.
///
/// # Errors
/// There is no home directory to derive it from.
pub fn signers_path() -> Result<PathBuf, CliError> {
    Ok(dirs()?.config_dir().join("allowed_signers"))
}

/// Who sits here: the login name, and this machine.
pub fn who(face: &'static str) -> Who {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let named = named.map(|name| cleaned(&name)).find(|name| !name.is_empty());
    let uid = rustix::process::getuid().as_raw();
    let operator = named.or_else(|| account(uid)).unwrap_or_else(|| format!("uid-{uid}"));
    let host = plain(&rustix::system::uname().nodename().to_string_lossy());
    Who { operator, host: if host.is_empty() { "localhost".into() } else { host }, face }
}

/// A list of accounts that is longer is not looked through.
const MAX_ACCOUNTS_BYTES: u64 = 4 * 1024 * 1024;

/// The name of that account of this machine.
fn account(uid: u32) -> Option<String> {
    let list = crate::fs::read_text_up_to(Path::new("/etc/passwd"), MAX_ACCOUNTS_BYTES).ok()?;
    named_in(&list, uid)
}

fn named_in(accounts: &str, uid: u32) -> Option<String> {
    let mut names = accounts.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| cleaned(name))
    });
    names.find(|name| !name.is_empty())
}

fn dirs() -> Result<ProjectDirs, CliError> {
    ProjectDirs::from("", "", "piton").ok_or_else(|| {
        CliError::failed("there is no home directory to keep journals in").hint("set HOME, or XDG_STATE_HOME and HOME")
    })
}

/// The longest login name, in characters.
const MAX_NAME: usize = 64;

/// A login name as it is, without what cannot be seen: `maria@corp.example`, `CORP\\maria`.
fn cleaned(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_unseen(*c)).take(MAX_NAME).collect();
    seen.trim().to_owned()
}

/// A host's name without anything that could be taken for more than that.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_kept_as_it_is() {
        for name in ["maria", "maria@corp.example", "CORP\\maria", "Anna Schmidt"] {
            assert_eq!(cleaned(name), name);
        }
        assert_eq!(cleaned(" ma\u{1b}ri\u{200b}a\n"), "maria");
    }

    #[test]
    fn without_a_name_in_the_environment_the_list_of_accounts_tells_it() {
        let list = "root:x:0:0:root:/root:/bin/sh\nbroken\nmaria:x:1001:100::/home/maria:/bin/sh\n";
        assert_eq!(named_in(list, 1001), Some("maria".into()));
        assert_eq!(named_in(list, 0), Some("root".into()));
        assert_eq!(named_in(list, 7), None);
    }
}
