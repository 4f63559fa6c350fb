//! The checks that the README shows with nothing but coreutils, jq and ssh-keygen do what it says.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::binary::Home;
use crate::support::runs::journal_of;

/// The shell's block in the README that begins so.
fn recipe(beginning: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let block = readme.split("```sh\n").find(|block| block.starts_with(beginning)).expect("the README tells how");
    block.split("```").next().expect("it ends")
}

fn bash(script: &str, folder: &Path) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-euc", script]).current_dir(folder).output().expect("bash and jq are needed")
}

#[test]
fn the_chain_is_checked_by_coreutils_and_jq_alone() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 12);
    let script = recipe("tail -n +2 journal.jsonl");
    let output = bash(script, dir.path());
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let whole = std::fs::read_to_string(dir.journal_path()).unwrap();
    std::fs::write(dir.journal_path(), whole.replace("remark number 5", "remark number 6")).unwrap();
    assert_eq!(bash(script, dir.path()).status.code(), Some(1), "the sixth line names another hash");
}

#[test]
fn a_signed_journal_is_checked_by_ssh_keygen_and_coreutils_alone() {
    let home = Home::new();
    let dir = journal_of(home.state().as_path(), 12);
    let key = home.path().join("key");
    let file = key.display().to_string();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "maria", "-f", &file]).status();
    assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success());
    assert!(home.output(&["sign", &dir.id(), "--key", &file]).status.success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    std::fs::write(dir.path().join("allowed_signers"), format!("maria {public}")).unwrap();
    let script = recipe("text=$(ls signatures");
    let output = bash(script, dir.path());
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("Good \"journal@piton\" signature for maria"),
        "{output:?}"
    );
    let whole = std::fs::read_to_string(dir.journal_path()).unwrap();
    std::fs::write(dir.journal_path(), whole.replace("remark number 12", "remark number 13")).unwrap();
    assert!(!bash(script, dir.path()).status.success(), "the last line is another one");
}
