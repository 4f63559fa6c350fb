//! `piton sign`: how far a journal stands, signed with an ssh key.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::args::{SignArguments, SignRole};
use crate::cli::error::CliError;
use crate::cli::{journals, place};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::journal::{
    Integrity, JOURNAL_NAMESPACE, Role, Signature, Statement, signature_path, verify as verify_journal,
};
use crate::text::clean_line;

/// Which keys are looked for, the first one is taken.
const KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// `piton sign RUN`.
///
/// # Errors
/// The journal is not whole, there is no key, or ssh-keygen did not sign.
pub fn sign(typed: &SignArguments) -> Result<u8, CliError> {
    let dir = journals::run_dir(&typed.run)?;
    let found = verify_journal(&dir.journal_path()).map_err(CliError::failed)?;
    if !matches!(found.integrity, Integrity::Whole | Integrity::TornTail { .. }) {
        let why = format!("{} is not whole: it is not signed", dir.journal_path().display());
        return Err(CliError::failed(why).hint("see what is wrong with it: piton verify"));
    }
    let role = match typed.role {
        SignRole::Operator => Role::Operator,
        SignRole::Witness => Role::Witness,
        SignRole::Reviewer => Role::Reviewer,
    };
    let statement = Statement {
        run: clean_line(&dir.name()).into(),
        records: found.records,
        head: found.head.clone(),
        at: SystemClock::starting(Timestamp::default()).now(),
        role,
        by: place::who("sign").operator,
    };
    let key = if typed.unsigned { None } else { Some(key(typed.key.as_deref())?) };
    let file = dir.keep_to_sign(&statement).map_err(CliError::failed)?;
    super::print(&clean_line(&format!("{}: {} records, head={}", dir.id(), found.records, found.head)));
    let Some(key) = key else {
        super::print(&clean_line(&format!("to be signed: {}", command_line(Path::new("KEY"), &file))));
        return Ok(0);
    };
    super::print(&clean_line(&format!("runs: {}", command_line(&key, &file))));
    run(&key, &file)?;
    told(file)
}

/// Says what came of it, checked by this program's own eyes.
fn told(file: PathBuf) -> Result<u8, CliError> {
    let made = Signature::read(file);
    match &made.read {
        Ok((_, checked)) => {
            let line = format!("signed with {} key {}: {}", checked.key_type, checked.fingerprint, made.path.display());
            super::print(&clean_line(&line));
            Ok(0)
        }
        Err(why) => Err(CliError::failed(format!(
            "{}: ssh-keygen was content, but {why}",
            signature_path(&made.path).display()
        ))),
    }
}

fn arguments<'a>(key: &'a Path, file: &'a Path) -> [&'a std::ffi::OsStr; 7] {
    let [y, sign, n, namespace, f] = ["-Y", "sign", "-n", JOURNAL_NAMESPACE, "-f"].map(std::ffi::OsStr::new);
    [y, sign, n, namespace, f, key.as_os_str(), file.as_os_str()]
}

fn command_line(key: &Path, file: &Path) -> String {
    let words = arguments(key, file).map(|word| word.to_string_lossy().into_owned());
    format!("ssh-keygen {}", words.join(" "))
}

/// Has ssh-keygen sign the file; it asks for what it needs at the terminal itself.
fn run(key: &Path, file: &Path) -> Result<(), CliError> {
    let unsigned = || {
        let _ = std::fs::remove_file(file);
    };
    match Command::new("ssh-keygen").args(arguments(key, file)).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            unsigned();
            Err(CliError::failed(format!("ssh-keygen did not sign ({status}): nothing is signed")))
        }
        Err(error) => {
            unsigned();
            Err(CliError::failed(format!("ssh-keygen cannot be started: {error}"))
                .hint("install OpenSSH's client, or write the text with --unsigned and sign it elsewhere"))
        }
    }
}

/// The key to sign with: the given one, or the first usual one that is there.
fn key(given: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(key) = given {
        return match key.exists() {
            true => Ok(key.to_owned()),
            false => Err(CliError::failed(format!("there is no key at {}", key.display()))),
        };
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(".ssh");
    let found = KEYS.iter().flat_map(|name| [home.join(name), home.join(format!("{name}.pub"))]);
    found.into_iter().find(|path| path.exists()).ok_or_else(|| {
        CliError::failed(format!("there is no key in {}", home.display()))
            .hint("name one with --key, or write the text with --unsigned and sign it elsewhere")
    })
}
