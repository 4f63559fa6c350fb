//! Where piton keeps things, and who sits before it.

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::cli::error::CliError;
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
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let operator = named.map(|name| plain(&name)).filter(|name| !name.is_empty());
    let operator = operator.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()));
    let host = plain(&rustix::system::uname().nodename().to_string_lossy());
    Who { operator, host: if host.is_empty() { "localhost".into() } else { host }, face }
}

fn dirs() -> Result<ProjectDirs, CliError> {
    ProjectDirs::from("", "", "piton").ok_or_else(|| {
        CliError::failed("there is no home directory to keep journals in").hint("set HOME, or XDG_STATE_HOME and HOME")
    })
}

/// A name without anything that could be taken for more than a name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).take(64).collect()
}
