//! The checks that the README shows with nothing but coreutils, jq and ssh-keygen do what it says.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use piton::engine::{Board, Event, Item, RELEASE_NAMESPACE, RunState, release_statement, signed};
use piton::journal::RunDir;
use piton::runbook::{PhaseId, StepKey, Verify, parse};
use serde_json::{Value, json};

use crate::support::binary::Home;
use crate::support::runs::{at, begin, journal_of};

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

const TWO_PEOPLE: &str = r#"
format = 1
id = "two"
title = "Two"
system = "two"
[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "read"
title = "Read it"
verify = "peer"
confirm = "What?"
[[phase.step]]
id = "name"
title = "Name it"
verify = "independent"
ask = { name = "name", prompt = "Which?", type = "bool" }
"#;

/// What ssh-keygen prints when that key signs that statement.
fn signature_of(statement: &str, key: &str) -> String {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-Y", "sign", "-n", RELEASE_NAMESPACE, "-f", key]);
    let mut child = keygen.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ssh-keygen is there");
    child.stdin.take().expect("it is piped").write_all(statement.as_bytes()).expect("it reads");
    String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("it is text")
}

/// A run in which jo verified two steps and signed that with that key; the numbers of the records.
fn verified_by_jo(root: &Path, key: &str) -> (RunDir, Vec<u64>) {
    let book = parse(TWO_PEOPLE).0.expect("it is a runbook");
    let (dir, mut journal, head) = begin(root);
    let mut state = RunState::new(&book);
    state.apply(&head);
    let mut append = |state: &mut RunState, event: Event| {
        let records = journal.append(at(2), "maria@bastion", vec![event]).expect("it can be written");
        records.iter().for_each(|record| state.apply(record));
        state.seq
    };
    let item = Item { name: None, value: Value::Null };
    append(&mut state, Event::PhaseBound { phase: PhaseId::new("all"), items: vec![item] });
    let of = |step: &str| -> StepKey { format!("all/{step}").parse().expect("it is a name") };
    let board = Board::default;
    let stated = [
        Event::StepConfirmed { step: of("read"), said: "it is \"open\"".into(), doer: None, board: board() },
        Event::AnswerGiven {
            step: of("name"),
            name: "name".into(),
            value: json!(true),
            file: None,
            doer: None,
            board: board(),
        },
    ];
    let mut verified = Vec::new();
    for (event, verifies) in stated.into_iter().zip([Verify::Peer, Verify::Independent]) {
        let step = event.step().expect("it has one").clone();
        append(&mut state, Event::StepBegan { step: step.clone(), attempt: 1 });
        append(&mut state, event);
        append(&mut state, Event::NoteAdded { step: Some(step.clone()), text: "jo comes".into() });
        let statement = release_statement(&state, &step, "jo", "I see it").expect("it can be verified");
        let signature = signed(&statement, &signature_of(&statement, key)).expect("it fits");
        let (released_by, said, signature) = ("jo".into(), "I see it".into(), Some(Box::new(signature)));
        let released =
            Event::HoldReleased { step, released_by, said, verifies: Some(verifies), signature, board: board() };
        verified.push(append(&mut state, released));
    }
    (dir, verified)
}

#[test]
fn a_signed_verification_is_checked_by_ssh_keygen_and_jq_alone() {
    let home = Home::new();
    let key = home.path().join("key").display().to_string();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "jo", "-f", &key]).status();
    assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success());
    let (dir, verified) = verified_by_jo(home.state().as_path(), &key);
    let public = std::fs::read_to_string(format!("{key}.pub")).expect("it was made");
    std::fs::write(dir.path().join("allowed_signers"), format!("jo {public}")).expect("it can be written");
    let check = |number: &u64| bash(&recipe("n=57\n").replace("n=57", &format!("n={number}")), dir.path());
    for number in &verified {
        let output = check(number);
        assert!(output.status.success(), "{output:?}");
    }
    let told = home.output(&["verify", &dir.id()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(told.matches(" good: ").count(), 2, "{told}");
    let whole = std::fs::read_to_string(dir.journal_path()).expect("there is one");
    std::fs::write(dir.journal_path(), whole.replace("it is \\\"open", "it is \\\"shut")).expect("it can be written");
    assert!(!check(&verified[0]).status.success(), "what was stated is another");
}
