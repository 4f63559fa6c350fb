//! Journals signed from the screens and at the end of a line dialogue: the same as `piton sign`, with ssh-keygen at the terminal.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::signing::ONE_STEP;
use crate::support::binary::Home;
use crate::support::pty::{Exit, Terminal};
use crate::support::runs::journal_of;
use crate::support::typist::Typist;

const SOON: Duration = Duration::from_secs(30);
const LEFT: Exit = Exit { code: Some(0), signal: None };

/// A key in `~/.ssh`, and the list of signers that piton looks for.
fn key_of(home: &Home, passphrase: &str) -> PathBuf {
    let folder = home.path().join(".ssh");
    std::fs::create_dir_all(&folder).expect("the test's folder can be written to");
    let key = folder.join("id_ed25519");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-C", "test", "-N", passphrase, "-f"]).arg(&key);
    assert!(keygen.status().expect("ssh-keygen is needed: install Debian's openssh-client").success());
    let public = std::fs::read_to_string(key.with_extension("pub")).expect("it was just made");
    let config = home.path().join(".config/piton");
    std::fs::create_dir_all(&config).expect("the test's folder can be written to");
    std::fs::write(config.join("allowed_signers"), format!("maria@example.org {public}")).expect("an own folder");
    key
}

fn listed(home: &Home, agent: Option<&Path>) -> Terminal {
    let start = home.terminal(&[]).with(|command| {
        command.env_remove("SSH_AUTH_SOCK").env_remove("SSH_ASKPASS").env_remove("DISPLAY");
        if let Some(socket) = agent {
            command.env("SSH_AUTH_SOCK", socket);
        }
    });
    let terminal = start.spawn();
    terminal.wait_text("runbooks", SOON);
    terminal.type_text("J");
    terminal.wait_text("journal: intact", SOON);
    terminal
}

#[track_caller]
fn assert_signed(home: &Home, run: &str) {
    let output = home.output(&["verify", run, "--signed-by", "maria@example.org"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_list_of_runs_signs_with_a_key_file_and_ssh_keygen_asks_for_its_passphrase() {
    let home = Home::new();
    let run = journal_of(&home.state(), 12);
    key_of(&home, "open sesame");
    let mut terminal = listed(&home, None);
    // What ssh-keygen asked before is still there when it has the terminal again.
    let sign = |passphrase: &str, time: usize| {
        terminal.type_text("s");
        terminal.wait_text("Sign the journal", SOON);
        terminal.key("enter");
        terminal.wait_for("the prompt", SOON, |screen| screen.matches("Enter passphrase").count() == time);
        terminal.type_text(&format!("{passphrase}\n"));
    };
    sign("wrong", 1);
    terminal.wait_text("enter goes on; nothing is signed: the passphrase does not fit", SOON);
    // Whoever takes it for being asked again types what nobody is to see, and starts nothing by it.
    terminal.type_text("open sesame");
    terminal.key("enter");
    terminal.wait_for("the screen again", SOON, |screen| !screen.contains("enter goes on;"));
    assert!(!run.path().join("signatures").read_dir().is_ok_and(|mut entries| entries.next().is_some()));
    sign("open sesame", 2);
    let shown = terminal.wait_text("signed with ssh-ed25519 key", SOON);
    assert!(!shown.contains("open sesame") && !terminal.raw().windows(11).any(|window| window == b"open sesame"));
    terminal.wait_text("good: maria@example.org", SOON);
    terminal.type_text("q");
    assert_eq!(terminal.wait_exit(SOON), LEFT, "{}", terminal.describe());
    terminal.assert_restored();
    assert_signed(&home, &run.id());
}

#[test]
fn the_list_of_runs_signs_with_a_key_that_only_an_agent_holds() {
    let home = Home::new();
    let run = journal_of(&home.state(), 12);
    let key = key_of(&home, "");
    let socket = home.path().join("agent");
    let mut agent = Command::new("ssh-agent");
    agent.args(["-D", "-a"]).arg(&socket).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut agent = agent.spawn().expect("ssh-agent is needed: install Debian's openssh-client");
    // Its first line is printed when it listens.
    let mut first = String::new();
    let mut said = std::io::BufReader::new(agent.stdout.take().expect("it is piped"));
    said.read_line(&mut first).expect("it says where it listens");
    let added = Command::new("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket).status();
    assert!(added.expect("ssh-add is needed: install Debian's openssh-client").success());
    std::fs::remove_file(&key).expect("it was made");
    let mut terminal = listed(&home, Some(&socket));
    terminal.type_text("s");
    terminal.wait_text("held by the agent", SOON);
    terminal.type_text("reviewer");
    terminal.key("enter");
    terminal.wait_text("signed with ssh-ed25519 key", SOON);
    terminal.wait_text("good: maria@example.org", SOON);
    terminal.type_text("q");
    assert_eq!(terminal.wait_exit(SOON), LEFT, "{}", terminal.describe());
    agent.kill().expect("it runs");
    agent.wait().expect("it runs");
    assert_signed(&home, &run.id());
}

#[test]
fn the_line_dialogue_offers_to_sign_when_the_run_is_closed() {
    let home = Home::new();
    let key = key_of(&home, "open sesame");
    let book = home.path().join("book.toml");
    std::fs::write(&book, ONE_STEP).expect("the test's folder can be written to");
    let start = home.terminal(&["practice", &book.display().to_string(), "--plain", "--speed", "100"]);
    let mut terminal = start.size(200, 400).spawn();
    let mut typist = Typist::at(&terminal);
    let said = typist.walk(|said| said.contains("sign or nothing> "));
    assert!(said.contains(&format!("type sign for the key {}", key.display())), "{said}");
    let said = typist.say("sign /nowhere/key");
    assert!(said.contains("there is no key at /nowhere/key") && said.contains("sign or nothing> "), "{said}");
    typist.type_line("sign");
    terminal.wait_text("assphrase", SOON);
    terminal.type_text("open sesame\n");
    terminal.wait_text("signed with ssh-ed25519 key", SOON);
    assert_eq!(terminal.wait_exit(SOON), LEFT, "{}", terminal.describe());
    let run = home.run();
    assert_signed(&home, &run.id());
    let signatures = std::fs::read_dir(run.path().join("signatures")).expect("it was signed");
    let texts = signatures.map(|entry| std::fs::read_to_string(entry.expect("readable").path()).expect("text"));
    assert!(texts.into_iter().any(|text| text.starts_with("piton journal 1, PRACTICE\n")));
}

/// `piton journals`: a run that was signed and reviewed differs from one that was not, as text and as JSON.
#[test]
fn the_list_of_runs_tells_signatures_and_verdicts_as_text_and_as_json() {
    let home = Home::new();
    let bare = journal_of(&home.state(), 5);
    let run = journal_of(&home.state(), 12);
    let key = key_of(&home, "").display().to_string();
    let other = home.path().join("other").display().to_string();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &other]);
    assert!(keygen.status().expect("ssh-keygen is needed: install Debian's openssh-client").success());
    for args in [
        &["sign", &run.id(), "--key", &key][..],
        &["sign", &run.id(), "--key", &other, "--as", "reviewer"],
        &["review", &run.id(), "--verdict", "rejected", "--why", "see record 7"],
        &["review", &run.id(), "--comment", "why so late?", "--record", "7"],
    ] {
        let output = home.output(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
    }
    let lines = |args: &[&str]| -> Vec<String> {
        let told = String::from_utf8(home.output(args).stdout).expect("it is text");
        told.lines().map(str::to_owned).collect()
    };
    let text = lines(&["journals"]);
    let of = |run: &str| text.iter().find(|line| line.starts_with(run)).expect("it is listed").as_str();
    let (signed, plain) = (of(&run.id()), of(&bare.id()));
    assert!(signed.contains(" · intact · good: maria@example.org · 1 UNKNOWN signer · rejected: "), "{signed}");
    assert!(plain.ends_with(" · intact") && !plain.contains("good"), "{plain}");
    // The columns of all of them begin at the same places.
    let column = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count());
    for word in ["suspended", "0 deviations", " · "] {
        assert_eq!(column(signed, word), column(plain, word), "{word}\n{signed}\n{plain}");
    }
    let json: Vec<serde_json::Value> =
        lines(&["journals", "--json"]).iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |run: &str| json.iter().find(|told| told["run"] == run).expect("it is listed");
    let (signed, plain) = (of(&run.id()), of(&bare.id()));
    let trusts: Vec<_> = signed["signatures"].as_array().expect("a list").iter().map(|one| &one["trust"]).collect();
    assert!(trusts.contains(&&"good".into()) && trusts.contains(&&"unknown".into()) && trusts.len() == 2, "{signed}");
    let good = signed["signatures"].as_array().expect("a list").iter().find(|one| one["trust"] == "good");
    assert!(good.is_some_and(|good| good["by"] == "maria@example.org" && good["records"] == 12), "{signed}");
    assert_eq!(signed["verdicts"][0]["verdict"], "rejected", "{signed}");
    assert_eq!((&signed["verdicts"][0]["is_of_this_journal"], &signed["remarks"]), (&true.into(), &1.into()));
    for key in ["signatures", "verdicts", "troubles"] {
        assert_eq!(plain[key], serde_json::json!([]), "{plain}");
    }
    // What was signed is not there any more.
    let whole = std::fs::read_to_string(run.journal_path()).expect("it was written");
    std::fs::write(run.journal_path(), whole.split_inclusive('\n').take(9).collect::<String>()).expect("an own file");
    let text = lines(&["journals"]).join("\n");
    assert!(text.contains("BAD signature +1 · BAD review") && !text.contains("good"), "{text}");
}
