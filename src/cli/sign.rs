//! `piton sign`: how far a journal stands, signed with an ssh key.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::cli::args::{SignArguments, SignRole};
use crate::cli::error::CliError;
use crate::cli::{journals, place, trust};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::engine::{Mode, RELEASE_NAMESPACE};
use crate::exec::Borrower;
use crate::fs;
use crate::journal::{
    Integrity, JOURNAL_NAMESPACE, ReviewStood, Role, RunDir, Signature, Statement, Verification, signature_path,
};
use crate::review;
use crate::runbook::value::others_home;
use crate::text::clean_line;
use crate::tui::sign::KeySeen;

/// How much of what ssh-keygen says is kept, in bytes.
const MAX_SAID: usize = 4 * 1024;

/// Which keys are looked for, the first one is taken.
const KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// `piton sign RUN`.
///
/// # Errors
/// The journal is not whole, there is no key, or ssh-keygen did not sign.
pub fn sign(typed: &SignArguments) -> Result<u8, CliError> {
    let dir = journals::run_dir(&typed.run)?;
    let role = match typed.role {
        SignRole::Operator => Role::Operator,
        SignRole::Witness => Role::Witness,
        SignRole::Reviewer => Role::Reviewer,
    };
    if typed.unsigned {
        let file = written(&dir, role)?;
        super::print(&clean_line(&format!("to be signed: {}", command_line(Path::new("KEY"), &file))));
        return Ok(0);
    }
    // Before anything is written.
    whole(&dir)?;
    let key = key(typed.key.as_deref())?;
    sign_with(&dir, role, &key, &Borrower::default()).map(|told| {
        super::print(&clean_line(&told));
        0
    })
}

/// How far that journal stands, signed with that key; what was made, in words. ssh-keygen asks for what it needs at the
/// terminal.
///
/// # Errors
/// The journal is not whole, there is no such key, or ssh-keygen did not sign.
pub fn sign_with(dir: &RunDir, role: Role, key: &Path, borrower: &Borrower) -> Result<String, CliError> {
    there(key)?;
    let file = written(dir, role)?;
    super::print(&clean_line(&format!("runs: {}", command_line(key, &file))));
    run(key, &file, borrower).and_then(|()| told(&file)).inspect_err(|_| {
        // A text without a signature, or with what is none, would be told as a bad one ever after. If it cannot go, it is.
        let _ = std::fs::remove_file(signature_path(&file));
        let _ = std::fs::remove_file(&file);
    })
}

/// The statement of a hold point in that file, signed with that key; the signature. ssh-keygen asks for what it needs at the
/// terminal.
///
/// # Errors
/// There is no such key, or ssh-keygen did not sign.
pub fn sign_release(statement: &Path, key: &Path, borrower: &Borrower) -> Result<String, CliError> {
    there(key)?;
    let text = fs::open_read(statement).map_err(CliError::failed)?;
    // As the dialog shows it: a text that comes in at its input is signed at its output, and no file is written.
    let words = ["-Y", "sign", "-n", RELEASE_NAMESPACE, "-f"];
    let shown = format!("ssh-keygen {} {} < {}", words.join(" "), key.display(), statement.display());
    super::print(&clean_line(&format!("runs: {shown}")));
    let mut command = Command::new("ssh-keygen");
    command.args(words).arg(key).stdin(text).stdout(Stdio::piped());
    let printed = ssh_keygen(&mut command, borrower)?;
    String::from_utf8(printed).map_err(|_| CliError::failed("what ssh-keygen printed is no signature"))
}

/// The keys of whoever sits here: those that `piton sign` looks for, then what else lies there with a public file.
pub fn keys() -> Vec<KeySeen> {
    let home = folder_of_keys();
    let mut names: Vec<String> = KEYS.map(str::to_owned).to_vec();
    let files = fs::names(&home).unwrap_or_default();
    names.extend(files.iter().filter_map(|name| name.strip_suffix(".pub")).map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    let found = names.into_iter().filter(|name| seen.insert(name.clone())).filter_map(|name| {
        let (private, public) = (home.join(&name), home.join(format!("{name}.pub")));
        if private.exists() {
            return Some(KeySeen { path: private, is_agents: false });
        }
        public.exists().then_some(KeySeen { path: public, is_agents: true })
    });
    found.collect()
}

fn folder_of_keys() -> PathBuf {
    std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(".ssh")
}

/// The journal as it stands, when nothing speaks against it.
fn whole(dir: &RunDir) -> Result<Verification, CliError> {
    let looked = trust::look(dir)?;
    if let Some(what) = looked.against() {
        let is_broken = !matches!(looked.found.integrity, Integrity::Whole | Integrity::TornTail { .. });
        let why = if is_broken { "is not whole" } else { "is not to be trusted" };
        let why = format!("{} {why}: it is not signed: {what}", dir.journal_path().display());
        return Err(CliError::failed(clean_line(&why)).hint("see what is wrong with it: piton verify"));
    }
    Ok(looked.found)
}

/// Writes what is to be signed; the file.
fn written(dir: &RunDir, role: Role) -> Result<PathBuf, CliError> {
    let found = whole(dir)?;
    let opened =
        dir.opened().ok_or_else(|| CliError::failed(format!("the first record of {} cannot be read", dir.id())))?;
    let by = place::who("sign").operator;
    let statement = Statement {
        review: if role == Role::Reviewer { reviewed(dir, &by)? } else { None },
        is_practice: opened.mode == Mode::Practice,
        run: clean_line(&dir.name()).into(),
        records: found.records,
        head: found.head.clone(),
        at: SystemClock::starting(Timestamp::default()).now(),
        role,
        by,
    };
    let file = dir.keep_to_sign(&statement).map_err(CliError::failed)?;
    let practice = if statement.is_practice { "PRACTICE, " } else { "" };
    super::print(&clean_line(&format!("{}: {practice}{} records, head={}", dir.id(), found.records, found.head)));
    if let Some(ReviewStood { lines, head }) = &statement.review {
        super::print(&clean_line(&format!("with the review of {}: {lines} lines, head={head}", statement.by)));
    }
    Ok(file)
}

/// How far the review of whoever signs as a reviewer stands, which is signed with the journal.
fn reviewed(dir: &RunDir, by: &str) -> Result<Option<ReviewStood>, CliError> {
    let Some(review) = review::of(dir, by).map_err(CliError::failed)? else { return Ok(None) };
    if review.found.is_damage() {
        return Err(CliError::failed(format!("nothing is signed: {}", clean_line(&review.told()))));
    }
    Ok(Some(ReviewStood { lines: review.records.len() as u64, head: review.head }))
}

/// Says what came of it, checked by this program's own eyes.
fn told(file: &Path) -> Result<String, CliError> {
    let made = Signature::read(file.to_owned());
    match &made.read {
        Ok((_, checked)) => {
            Ok(format!("signed with {} key {}: {}", checked.key_type, checked.fingerprint, made.path.display()))
        }
        Err(why) => {
            let told = format!("nothing is signed: ssh-keygen was content, but what it left is none: {why}");
            Err(CliError::failed(told).hint("look at which ssh-keygen is the first in PATH"))
        }
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
fn run(key: &Path, file: &Path, borrower: &Borrower) -> Result<(), CliError> {
    ssh_keygen(Command::new("ssh-keygen").args(arguments(key, file)), borrower).map(drop)
}

/// Runs it; what it printed. What it says goes to the terminal as it says it; the last of that is why it did not sign.
fn ssh_keygen(command: &mut Command, borrower: &Borrower) -> Result<Vec<u8>, CliError> {
    let mut said = Vec::new();
    let mut hear = |more: &[u8]| {
        // A terminal that is gone ends piton by itself.
        let _ = std::io::stderr().write_all(more);
        said.extend_from_slice(more);
        said.drain(..said.len().saturating_sub(MAX_SAID));
    };
    match borrower.run_heard(command.stderr(Stdio::piped()), &mut hear) {
        Ok((ended, printed)) if ended.success() => Ok(printed),
        Ok((ended, _)) => Err(CliError::failed(format!("nothing is signed: {}", why(&said, ended)))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(CliError::failed("nothing is signed: there is no ssh-keygen, which OpenSSH's client brings along")
                .hint("install that, or write the text with --unsigned and sign it elsewhere"))
        }
        Err(error) => Err(CliError::failed(format!("nothing is signed: ssh-keygen cannot be used: {error}"))),
    }
}

/// How the lines begin that ssh-keygen says before it signs, in its `sign_one`.
const BEFOREHAND: [&str; 2] = ["Signing file ", "Confirm user presence for key "];

/// Why it did not sign, by the last line that it said.
fn why(said: &[u8], ended: ExitStatus) -> String {
    let said = String::from_utf8_lossy(said);
    // What it says before it signs is no reason.
    let is_reason = |line: &&str| !line.is_empty() && !BEFOREHAND.iter().any(|begins| line.starts_with(begins));
    let last = said.lines().map(str::trim).rfind(is_reason).unwrap_or_default();
    match last {
        last if last.is_empty() || ended.code().is_none() => format!("ssh-keygen ended with {ended}"),
        last if last.contains("incorrect passphrase") => "the passphrase does not fit".into(),
        last if last.contains("invalid format") => "that file is no key that ssh-keygen reads".into(),
        last => format!("ssh-keygen says: {}", clean_line(last)),
    }
}

/// That there is such a key.
fn there(key: &Path) -> Result<(), CliError> {
    let why = key.to_str().and_then(others_home);
    if why.is_none() && key.exists() {
        return Ok(());
    }
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Err(CliError::failed(format!("there is no key at {}{why}", key.display())))
}

/// The key to sign with: the given one, or the first usual one that is there.
fn key(given: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(key) = given {
        return there(key).map(|()| key.to_owned());
    }
    let home = folder_of_keys();
    let found = KEYS.iter().flat_map(|name| [home.join(name), home.join(format!("{name}.pub"))]);
    found.into_iter().find(|path| path.exists()).ok_or_else(|| {
        CliError::failed(format!("there is no key in {}", home.display()))
            .hint("name one with --key, or write the text with --unsigned and sign it elsewhere")
    })
}
