//! Hold points that are released with signatures of the real ssh-keygen, in the real dialog.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use piton::engine::Leaving;
use piton::journal::sha256_hex;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::operator::started;
use crate::support::pty::Terminal;
use crate::terminal::{AT_ONCE, Place, SOON, SUSPENDED, head};

/// Types of key and their lengths in bits, as ssh-keygen takes them.
const KEYS: [(&str, &str); 5] =
    [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("rsa", "2048"), ("rsa", "4096")];

/// The action key acts only after it was let go for this long.
const LET_GO: Duration = Duration::from_millis(750);

/// The key that signs in piton's own dialog, and what opens it.
const HERE: usize = 3;
const PASSPHRASE: &str = "five words";

/// For what a release is signed.
const NAMESPACE: &str = "release@piton";

/// A hold point for each key, and one that is released without.
fn hold_points() -> String {
    let mut text = head("holds");
    for number in 1..=KEYS.len() + 1 {
        let _ = write!(
            text,
            "[[phase.step]]\nid = \"hold-{number}\"\ntitle = \"Hold point {number}\"\nrelease = \"a second pair of eyes\"\n"
        );
    }
    text
}

/// What the system's ssh-keygen prints, given these arguments and this input, and whether it is content.
#[track_caller]
fn ssh_keygen(folder: &Path, args: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new("ssh-keygen");
    command.args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("ssh-keygen is needed: install Debian's openssh-client");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads its input");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.success(), said)
}

/// Makes the key and what a list of signers says of it.
fn make_key(folder: &Path, number: usize) -> String {
    let (kind, bits) = KEYS[number];
    let name = format!("key-{number}");
    let passphrase = if number == HERE { PASSPHRASE } else { "" };
    let made = ssh_keygen(folder, &["-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "jo", "-f", &name], "");
    assert!(made.0, "{kind}: {}", made.1);
    let public = std::fs::read_to_string(folder.join(name + ".pub")).expect("it was made");
    format!("jo {public}")
}

/// Goes to the statement of the hold point that is open; the file that holds it.
fn to_statement(place: &Place, terminal: &Terminal, number: usize) -> std::path::PathBuf {
    terminal.wait_text(&format!("Hold point {number}"), SOON);
    terminal.wait_text("enter release", SOON);
    terminal.wait_still(LET_GO, SOON);
    terminal.key("enter");
    terminal.wait_text("The name of who releases it:", SOON);
    terminal.type_text("jo");
    terminal.key("enter");
    terminal.wait_text("ctrl-s sign it first", SOON);
    terminal.type_text(&format!("the plan, \"line {number}\" – all of it"));
    terminal.key("ctrl-s");
    terminal.wait_text("It stands in this file", SOON);
    let screen = terminal.settled();
    assert!(screen.contains(&format!("-Y sign -n {NAMESPACE} -f KEY < release-")), "{screen}");
    let folder = place.home.run().path().to_owned();
    let name = screen.split("-f KEY < ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("it is shown");
    folder.join(name)
}

/// Has ssh-keygen sign the statement from the dialog: it asks for the passphrase in the terminal that is lent to it.
fn sign_here(terminal: &Terminal, key: &Path) {
    pick(terminal, Path::new("/gone"));
    terminal.wait_text("there is no key at /gone", SOON);
    pick(terminal, key);
    terminal.wait_text("Enter passphrase", SOON);
    terminal.type_text(PASSPHRASE);
    terminal.key("enter");
}

/// Has the statement signed with that key.
fn pick(terminal: &Terminal, key: &Path) {
    terminal.key("ctrl-s");
    terminal.wait_text("Sign the statement", SOON);
    terminal.type_text(&key.display().to_string());
    terminal.key("enter");
}

#[test]
fn a_signal_while_ssh_keygen_asks_ends_it_and_the_program() {
    let place = Place::new();
    make_key(place.home.path(), HERE);
    let book = place.write("holds.toml", hold_points());
    let mut terminal = started(place.start(&["run", &book]).spawn());
    to_statement(&place, &terminal, 1);
    pick(&terminal, &place.home.path().join(format!("key-{HERE}")));
    terminal.wait_text("Enter passphrase", SOON);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(3 * AT_ONCE), SUSPENDED, "{}", terminal.describe());
    terminal.assert_restored();
    place.assert_sitting_closed(Leaving::Interrupted);
}

/// The lines of the journal.
fn lines(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.home.run().journal_path()).expect("there is a journal");
    text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
}

/// What was signed of each release, by the journal alone, with what is recorded of the signature.
fn rebuilt(lines: &[Value]) -> Vec<(String, Value)> {
    let run = lines[0]["event"]["run_opened"]["run"].as_str().expect("it has a name");
    let mut began = &Value::Null;
    let mut found = Vec::new();
    for line in lines {
        if line["event"]["step_began"].is_object() {
            began = line;
        }
        let release = &line["event"]["hold_released"];
        if release["signature"].is_object() {
            let text = |value: &Value| value.as_str().expect("it is text").to_owned();
            let (step, after) = (text(&began["event"]["step_began"]["step"]), text(&began["prev"]));
            assert_eq!(text(&release["step"]), step);
            let (by, said, number) = (text(&release["released_by"]), text(&release["said"]), &began["seq"]);
            let statement = format!(
                "piton release 1\nrun: {run}\nstep: {step}\nbegan: {number}\nafter: {after}\nby: {by}\nsaid: {said}\n"
            );
            found.push((statement, release["signature"].clone()));
        }
    }
    found
}

#[test]
fn releases_are_signed_by_ssh_keygen_and_it_accepts_what_was_recorded() {
    let place = Place::new();
    let keys = place.home.path().to_owned();
    let signers: String = (0..KEYS.len()).map(|number| make_key(&keys, number)).collect();
    place.write("signers", &signers);
    let book = place.write("holds.toml", hold_points());
    let mut terminal = started(place.start(&["run", &book]).spawn());
    for (number, (kind, _)) in KEYS.iter().enumerate() {
        let file = to_statement(&place, &terminal, number + 1);
        let statement = std::fs::read_to_string(&file).expect("the statement was written");
        let key = format!("key-{number}");
        if number == HERE {
            sign_here(&terminal, &keys.join(key));
            continue;
        }
        let sign =
            |namespace: &str, text: &str| ssh_keygen(&keys, &["-Y", "sign", "-n", namespace, "-f", &key], text).1;
        let printed = sign(NAMESPACE, &statement);
        let begin = printed.find("-----BEGIN").expect("it prints the signature");
        if number == 0 {
            for (wrong, why) in [
                (sign("file", &statement), "sign again with -n release@piton"),
                (sign(NAMESPACE, statement.trim_end()), "not one of this statement"),
                (printed.replacen("AAAA", "AAAB", 1), "damaged"),
            ] {
                terminal.paste(&wrong);
                terminal.key("enter");
                terminal.wait_text(why, SOON);
            }
            assert_eq!(rebuilt(&lines(&place)), [], "nothing is recorded of what is refused");
        }
        match number % 3 {
            0 => {
                terminal.paste(&printed[begin..]);
                terminal.key("enter");
            }
            1 => {
                let signed = place.write(&format!("{kind}.sig"), &printed[begin..]);
                terminal.type_text(&signed);
                terminal.key("enter");
            }
            // From a terminal that does not tell a paste from keys.
            _ => terminal.type_text(&printed[begin..].replace('\n', "\r")),
        }
    }
    let last = to_statement(&place, &terminal, KEYS.len() + 1);
    assert!(last.is_file());
    terminal.key("esc");
    terminal.wait_text("ctrl-s sign it first", SOON);
    terminal.key("enter");
    terminal.wait_text("Q close the run", SOON);
    terminal.key("ctrl-c");
    terminal.wait_text("Leave the run?", SOON);
    terminal.wait_still(LET_GO, SOON);
    terminal.key("y");
    terminal.wait_exit(SOON);

    place.records();
    let found = rebuilt(&lines(&place));
    assert_eq!(found.len(), KEYS.len());
    for (number, (statement, signature)) in found.iter().enumerate() {
        assert_eq!(signature["statement_sha256"], sha256_hex(statement.as_bytes()));
        let recorded = format!("recorded-{number}.sig");
        place.write(&recorded, signature["armored"].as_str().expect("it is text"));
        let fingerprint = ssh_keygen(&keys, &["-l", "-f", &format!("key-{number}.pub")], "").1;
        assert!(fingerprint.contains(signature["fingerprint"].as_str().expect("it is text")), "{fingerprint}");
        let check = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s", &recorded];
        let verify = ["-Y", "verify", "-f", "signers", "-I", "jo", "-n", NAMESPACE, "-s", &recorded];
        for args in [&check[..], &verify[..]] {
            let (is_good, said) = ssh_keygen(&keys, args, statement);
            assert!(is_good && said.contains("Good"), "{args:?}: {said}");
            assert!(!ssh_keygen(&keys, args, &statement.replace("by: jo", "by: jim")).0);
        }
    }
    by_hand(&place);
    told_by_verify(&place, &found);
}

/// What the README says does what it says.
fn by_hand(place: &Place) {
    let readme = include_str!("../../README.md");
    let recipe = readme.split("```sh\n").find(|block| block.starts_with("n=57\n")).expect("the README tells how");
    let recipe = recipe.split("```").next().expect("it ends");
    let journal = place.home.run().journal_path();
    std::fs::copy(journal, place.home.path().join("journal.jsonl")).expect("a copy");
    for line in lines(place).iter().filter(|line| line["event"]["hold_released"]["signature"].is_object()) {
        let script = recipe.replace("n=57", &format!("n={}", line["seq"])).replace("allowed_signers", "signers");
        let mut bash = Command::new("bash");
        let output =
            bash.args(["-euc", &script]).current_dir(place.home.path()).output().expect("bash and jq are needed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("Good"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// `piton verify` tells the signatures, and finds that one does not fit although the chain was made whole again.
fn told_by_verify(place: &Place, found: &[(String, Value)]) {
    let dir = place.home.run();
    let verify = || place.home.output(&["verify", &dir.id()]);
    let output = verify();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().count(), 1 + found.len(), "{said}");
    for (_, signature) in found {
        let by = format!("key {} (not compared", signature["fingerprint"].as_str().expect("it is text"));
        assert!(said.lines().any(|line| line.contains(" good: ") && line.contains(&by)), "{said}");
    }
    let mut prev = String::new();
    let mut forged = String::new();
    let mut line_of_it = 0;
    for (number, mut line) in lines(place).into_iter().enumerate() {
        if number > 0 {
            line["prev"] = prev.into();
        }
        if line_of_it == 0 && line["event"]["hold_released"].is_object() {
            line["event"]["hold_released"]["said"] = "all of it, and more".into();
            line_of_it = number + 1;
        }
        let text = line.to_string();
        prev = sha256_hex(text.as_bytes());
        forged += &(text + "\n");
    }
    std::fs::write(dir.journal_path(), forged).expect("the journal can be written to");
    let output = verify();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("DAMAGED at line {line_of_it}: the signature of jo ")), "{said}");
}
