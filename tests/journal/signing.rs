//! Journals signed with `piton sign` and checked by ssh-keygen, and the other way round.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use piton::clock::Timestamp;
use piton::journal::{Store, verify};

use crate::support::binary::Home;
use crate::support::runs::journal_of;

const NAMESPACE: &str = "journal@piton";

/// A runbook with nothing in it but a question.
pub const ONE_STEP: &str = r#"
format = 1
id = "one-step"
title = "One step"
revision = "1"
system = "vault"
summary = "Something to be seen."
[[phase]]
id = "all"
title = "All of it"
[[phase.step]]
id = "seen"
title = "Look at it"
confirm = "What is there?"
"#;

/// A home with one run in it, and keys.
struct Stage {
    home: Home,
    run: PathBuf,
    name: String,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let dir = journal_of(home.state().as_path(), 12);
        Self { run: dir.path().to_owned(), name: dir.id(), home }
    }

    fn key(&self, name: &str, kind: &str, bits: &str) -> PathBuf {
        let path = self.home.path().join(name);
        let file = path.to_str().expect("a path of the test is text");
        keygen(&["-q", "-t", kind, "-b", bits, "-N", "", "-C", name, "-f", file], None);
        path
    }

    /// The status, and everything that it printed.
    fn piton(&self, args: &[&str]) -> (i32, String) {
        let output = self.home.output(args);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    #[track_caller]
    fn sign(&self, key: &Path, args: &[&str]) -> PathBuf {
        let before = self.texts();
        let key = key.display().to_string();
        let (status, said) = self.piton(&[&["sign", &self.name, "--key", &key], args].concat());
        assert_eq!(status, 0, "{said}");
        assert!(said.contains("runs: ssh-keygen -Y sign -n journal@piton"), "it is shown before: {said}");
        let new: Vec<PathBuf> = self.texts().into_iter().filter(|path| !before.contains(path)).collect();
        assert_eq!(new.len(), 1, "{said}");
        new[0].clone()
    }

    fn texts(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.run.join("signatures")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("it can be read").path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect()
    }

    /// A list of signers: names, options, keys.
    fn signers(&self, lines: &[(&str, &str, &Path)]) -> String {
        let mut list = String::new();
        for (name, options, key) in lines {
            let public = std::fs::read_to_string(key.with_extension("pub")).expect("it was made");
            list.push_str(&format!("{name} {options} {public}"));
        }
        let path = self.home.path().join("signers");
        std::fs::write(&path, list).expect("the test's folder can be written to");
        path.display().to_string()
    }

    /// When its last record was written, in milliseconds since 1970.
    fn last_record_at(&self) -> i64 {
        let found = verify(&self.run.join("journal.jsonl")).expect("it can be read");
        found.chain.last_at().expect("it has records").as_millis()
    }

    fn verify(&self, args: &[&str]) -> (i32, String) {
        self.piton(&[&["verify", &self.name], args].concat())
    }
}

/// Runs the system's ssh-keygen; whether it was content.
#[track_caller]
fn keygen(args: &[&str], input: Option<&Path>) -> bool {
    let mut command = Command::new("ssh-keygen");
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    if let Some(input) = input {
        command.stdin(std::fs::File::open(input).expect("it is there"));
    }
    command.status().expect("ssh-keygen is needed: install Debian's openssh-client").success()
}

fn signature_of(text: &Path) -> PathBuf {
    PathBuf::from(format!("{}.sig", text.display()))
}

#[test]
fn what_piton_signs_passes_ssh_keygen_and_what_ssh_keygen_signs_passes_piton() {
    let stage = Stage::new();
    for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("rsa", "3072")] {
        let name = format!("{kind}-{bits}");
        let key = stage.key(&name, kind, bits);
        let text = stage.sign(&key, &[]);
        let signers = stage.signers(&[("maria@example.org", "", &key)]);
        let sig = signature_of(&text).display().to_string();
        let args = ["-Y", "verify", "-f", &signers, "-I", "maria@example.org", "-n", NAMESPACE, "-s", &sig];
        assert!(keygen(&args, Some(&text)), "{name}");
        let (status, said) = stage.verify(&["--signers", &signers, "--signed-by", "maria@example.org"]);
        assert!(status == 0 && said.contains("good: maria@example.org (operator \"maria\""), "{name}: {said}");
        assert!(said.contains("all 12 records are as they were signed"), "{said}");
        // The other way round: written by piton, signed by hand.
        let (status, said) = stage.piton(&["sign", &stage.name, "--unsigned", "--as", "witness"]);
        assert!(status == 0 && said.contains("to be signed: ssh-keygen -Y sign"), "{said}");
        let (status, said) = stage.verify(&[]);
        assert!(status == 0 && said.contains("is not signed yet"), "{said}");
        for text in stage.texts().into_iter().filter(|text| !signature_of(text).exists()) {
            let (key, text) = (key.display().to_string(), text.display().to_string());
            assert!(keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", &key, &text], None));
        }
        let (status, said) = stage.verify(&["--signers", &signers]);
        assert!(status == 0 && said.contains("(witness \"maria\"") && !said.contains("BAD"), "{name}: {said}");
        std::fs::remove_dir_all(stage.run.join("signatures")).expect("it was made");
    }
}

#[test]
fn a_key_that_only_an_agent_holds_signs() {
    let stage = Stage::new();
    let key = stage.key("held", "ed25519", "256");
    let socket = stage.home.path().join("agent");
    let mut agent = Command::new("ssh-agent");
    agent.args(["-D", "-a"]).arg(&socket).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut agent = agent.spawn().expect("ssh-agent is needed: install Debian's openssh-client");
    // Its first line is printed when it listens.
    let mut first = String::new();
    let mut said = std::io::BufReader::new(agent.stdout.take().expect("it is piped"));
    std::io::BufRead::read_line(&mut said, &mut first).expect("it says where it listens");
    let added = Command::new("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket).status();
    assert!(added.expect("ssh-add is needed: install Debian's openssh-client").success());
    std::fs::remove_file(&key).expect("it was made");
    let public = key.with_extension("pub").display().to_string();
    let mut command = stage.home.command(&["sign", &stage.name, "--key", &public]);
    let output = command.env("SSH_AUTH_SOCK", &socket).output().expect("the binary starts");
    agent.kill().expect("it runs");
    agent.wait().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signers = stage.signers(&[("maria", "", &key)]);
    assert_eq!(stage.verify(&["--signers", &signers, "--signed-by", "maria"]).0, 0);
}

#[test]
fn a_signature_that_is_not_what_it_says_is_told_apart_good_unknown_and_bad() {
    let stage = Stage::new();
    let (key, other) = (stage.key("mine", "ed25519", "256"), stage.key("other", "ed25519", "256"));
    let text = stage.sign(&key, &["--as", "reviewer"]);
    let sig = signature_of(&text);
    let (statement, signature) = (std::fs::read_to_string(&text).unwrap(), std::fs::read_to_string(&sig).unwrap());
    let check = |lines: &[(&str, &str, &Path)], status: i32, words: &str| {
        let signers = stage.signers(lines);
        let found = stage.verify(&["--signers", &signers]);
        assert!(found.0 == status && found.1.contains(words), "{words}: {found:?}");
        let by = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
        assert_eq!(by.0, i32::from(!words.starts_with("good")), "{words}: {by:?}");
    };
    check(&[("maria", "", &key)], 0, "good: maria (reviewer");
    // Another key, another occasion, a key of another time: nobody knows whose it is.
    check(&[("maria", "", &other)], 0, "UNKNOWN signer");
    check(&[("maria", "namespaces=\"git\"", &key)], 0, "lets that key not sign for journal@piton");
    check(&[("maria", "valid-before=\"20200101\"", &key)], 0, "invalid before");
    check(&[("maria", "valid-after=\"20900101\"", &key)], 0, "valid only later");
    // Another text, another signature, one for another occasion, half of one.
    let restore = || {
        std::fs::write(&text, &statement).unwrap();
        std::fs::write(&sig, &signature).unwrap();
    };
    let mine: [(&str, &str, &Path); 1] = [("maria", "", &key)];
    for (what, changed) in [
        ("its name", statement.replace("by: maria", "by: jo")),
        ("its records", statement.replace("records: 12", "records: 11")),
        ("its role", statement.replace("as: reviewer", "as: operator")),
    ] {
        assert_ne!(changed, statement, "{what}");
        std::fs::write(&text, changed).unwrap();
        check(&mine, 1, "BAD: the signature is not one of this statement");
    }
    std::fs::write(&text, statement.clone() + "and more\n").unwrap();
    check(&mine, 1, "BAD: it is not the text that piton writes to be signed");
    restore();
    std::fs::write(&sig, &signature[..signature.len() / 2]).unwrap();
    check(&mine, 1, "BAD: the signature is not all there");
    std::fs::remove_file(&sig).unwrap();
    let (file, own) = (text.display().to_string(), key.display().to_string());
    assert!(keygen(&["-Y", "sign", "-n", "file", "-f", &own, &file], None));
    check(&mine, 1, "BAD: it was made for \"file\"");
    restore();
    check(&mine, 0, "good: maria (reviewer");
}

#[test]
fn a_signature_states_a_time_after_its_records_and_the_run_that_it_is_of() {
    let stage = Stage::new();
    let key = stage.key("mine", "ed25519", "256");
    let text = stage.sign(&key, &[]);
    let statement = std::fs::read_to_string(&text).unwrap();
    let at = statement.split("at: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let last = stage.last_record_at();
    let signers = stage.signers(&[("maria", "valid-before=\"20300101\"", &key)]);
    let of_run = format!("run: {}", stage.name);
    for (from, to, status, words) in [
        (
            at.as_str(),
            "2020-01-01T00:00:00.000Z".to_owned(),
            1,
            "BAD: it states 2020-01-01T00:00:00.000Z, before record 12",
        ),
        (&at, Timestamp::from_millis(last - 61_000).to_string(), 1, "BAD: it states "),
        // A clock may be set back a little.
        (&at, Timestamp::from_millis(last - 59_000).to_string(), 0, "good: maria"),
        (&of_run, "run: 2026-01-01-other-0000".to_owned(), 1, "BAD: it is of the run 2026-01-01-other-0000"),
        ("run", "run".to_owned(), 0, "good: maria"),
    ] {
        std::fs::write(&text, statement.replace(from, &to)).unwrap();
        std::fs::remove_file(signature_of(&text)).unwrap();
        let (file, own) = (text.display().to_string(), key.display().to_string());
        assert!(keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", &own, &file], None));
        let found = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
        assert!(found.0 == status && found.1.contains(words), "{to}: {found:?}");
    }
    // The folder may have another name by now.
    let moved = stage.run.with_file_name("kept");
    std::fs::rename(&stage.run, &moved).unwrap();
    let found = stage.piton(&["verify", &moved.display().to_string(), "--signers", &signers, "--signed-by", "maria"]);
    assert_eq!(found.0, 0, "{found:?}");
}

#[test]
fn a_list_of_signers_that_has_no_end_or_is_a_link_to_nothing_is_refused() {
    let stage = Stage::new();
    let pipe = stage.home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is needed").success());
    for (list, words) in [("/dev/zero", "not a plain file"), (pipe.to_str().expect("text"), "not a plain file")] {
        let (status, said) = stage.verify(&["--signers", list]);
        assert!(status == 1 && said.contains(words), "{list}: {said}");
    }
    let own = stage.home.path().join("config/piton");
    std::fs::create_dir_all(&own).expect("the test's folder can be written to");
    std::os::unix::fs::symlink("nowhere", own.join("allowed_signers")).expect("the test's folder can be written to");
    let verify = || {
        let mut command = stage.home.command(&["verify", &stage.name]);
        let output = command.env("XDG_CONFIG_HOME", stage.home.path().join("config")).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = verify();
    assert!(status == Some(1) && said.contains("leads to nothing"), "{said}");
    // What lies below a file is not there.
    std::fs::remove_dir_all(&own).expect("it was made");
    std::fs::write(&own, "").expect("the test's folder can be written to");
    assert_eq!(verify().0, Some(0));
}

#[test]
fn a_list_of_signers_is_read_as_ssh_keygen_reads_it() {
    let stage = Stage::new();
    let key = stage.key("mine", "ed25519", "256");
    let text = stage.sign(&key, &[]);
    let sig = signature_of(&text).display().to_string();
    let lists = [
        "maria",
        "maria,jo",
        "jo,maria",
        "\"maria,jo\"",
        "*",
        "m*",
        "m?ria",
        "?????",
        "MARIA",
        "!maria",
        "!jo",
        "*,!maria",
        "!maria,*",
        "*,!jo",
        "*,!m*",
        ",",
        ",maria",
        "maria,",
        "maria,!jo",
        "maria,!maria",
        "!!maria",
        "*@example.org",
    ];
    for list in lists {
        let signers = stage.signers(&[(list, "", &key)]);
        for name in ["maria", "jo", "maria,jo", "*", "m", "!maria", "MARIA", "maria@example.org"] {
            let args = ["-Y", "verify", "-f", &signers, "-I", name, "-n", NAMESPACE, "-s", &sig];
            let (status, said) = stage.verify(&["--signers", &signers, "--signed-by", name]);
            assert_eq!(status == 0, keygen(&args, Some(&text)), "{list:?} for {name:?}: {said}");
        }
    }
}

#[test]
fn the_options_of_a_signer_are_read_as_ssh_keygen_reads_them() {
    let stage = Stage::new();
    let key = stage.key("mine", "ed25519", "256");
    let text = stage.sign(&key, &[]);
    let sig = signature_of(&text).display().to_string();
    let forms = [
        "",
        "namespaces=\"journal@piton\"",
        "namespaces=journal@piton",
        "namespaces=\"journal@piton",
        "namespaces=journal@piton\"",
        "namespaces=\"journal@piton\"x",
        "namespaces=\"journal@piton\",",
        ",namespaces=\"journal@piton\"",
        "namespaces=\"journal@piton\",,valid-after=\"20200101\"",
        "namespaces=\"journal@piton\" valid-after=\"20200101\"",
        "namespaces=\"git,journal@*\"",
        "namespaces=\"\"",
        "namespaces",
        "namespaces=",
        "Namespaces=\"journal@piton\"",
        "namespaces =\"journal@piton\"",
        "namespaces=\"a\\\"b,journal@piton\"",
        "namespaces=\"journal@piton\\\"",
        "namespaces=\"journal@piton\",namespaces=\"git\"",
        "namespaces=\"git\",namespaces=\"journal@piton\"",
        "valid-after=20200101",
        "valid-after=\"20200101\",valid-before=\"20900101\"",
        "valid-after=\"20200101\",valid-after=\"20200102\"",
        "valid-after=\"20900101\",valid-before=\"20200101\"",
        "valid-after=\"20200101Z\"",
        "valid-after=\"202001010000\",valid-before=\"20900101000000Z\"",
        "valid-after=\"2020010\"",
        "valid-after=\"\"",
        "cert-authority",
        "cert-authority=\"x\"",
        "no-cert-authority",
        "restrict",
    ];
    for form in forms {
        let signers = stage.signers(&[("maria", form, &key)]);
        let args = ["-Y", "verify", "-f", &signers, "-I", "maria", "-n", NAMESPACE, "-s", &sig];
        let (status, said) = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
        assert_eq!(status == 0, keygen(&args, Some(&text)), "{form}: {said}");
    }
}

#[test]
fn a_signature_of_a_journal_that_was_cut_made_anew_or_is_another_one_is_bad() {
    let stage = Stage::new();
    let key = stage.key("mine", "ed25519", "256");
    let signers = stage.signers(&[("maria", "", &key)]);
    stage.sign(&key, &[]);
    let journal = stage.run.join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    let verify = |words: &str| {
        let found = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
        assert!(found.0 == 1 && found.1.contains(words), "{words}: {found:?}");
    };
    let cut: String = whole.split_inclusive('\n').take(9).collect();
    std::fs::write(&journal, &cut).unwrap();
    verify("BAD: 12 records were signed, 9 are there");
    std::fs::write(&journal, whole.replace("remark number 12", "remark number 13")).unwrap();
    verify("BAD: record 12 is not the one that was signed");
    std::fs::write(&journal, whole.replace("remark number 5", "remark number 6")).unwrap();
    verify("DAMAGED at line 6");
    // The signatures of one run beside the journal of another.
    let other = journal_of(stage.home.path().join("elsewhere").as_path(), 12);
    std::fs::write(&journal, std::fs::read(other.journal_path()).unwrap()).unwrap();
    verify(&format!("BAD: it is of the run {}, the journal that of {}", stage.name, other.id()));
    assert!(Store::open(stage.home.state()).find(&stage.name).is_ok());
}

#[test]
fn a_noted_head_must_be_whole_and_is_found_or_not() {
    let stage = Stage::new();
    let (status, said) = stage.verify(&[]);
    assert_eq!(status, 0, "{said}");
    let head = said.split("head=").nth(1).expect("it is printed").split_whitespace().next().unwrap().to_owned();
    let (status, said) = stage.verify(&["--head", &format!("head={head}")]);
    assert!(status == 0 && said.contains("the noted head is that of record 12 of 12"), "{said}");
    let journal = stage.run.join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, whole.split_inclusive('\n').take(11).collect::<String>()).unwrap();
    let (status, said) = stage.verify(&["--head", &head]);
    assert!(status == 1 && said.contains("NOT AS NOTED"), "{said}");
    let (status, said) = stage.verify(&["--head", &head[..8]]);
    assert!(status == 2 && said.contains("all 64 hexadecimal digits"), "{said}");
}

#[test]
fn nothing_is_signed_without_a_key_or_of_a_journal_that_is_not_whole() {
    let stage = Stage::new();
    let (status, said) = stage.piton(&["sign", &stage.name]);
    assert!(status == 1 && said.contains("there is no key in") && stage.texts().is_empty(), "{said}");
    let (status, said) = stage.piton(&["sign", &stage.name, "--key", "/nowhere/key"]);
    assert!(status == 1 && said.contains("there is no key at /nowhere/key") && stage.texts().is_empty(), "{said}");
    let no_key = stage.home.path().join("no-key");
    std::fs::write(&no_key, "no key\n").unwrap();
    let (status, said) = stage.piton(&["sign", &stage.name, "--key", &no_key.display().to_string()]);
    assert!(status == 1 && said.contains("nothing is signed") && stage.texts().is_empty(), "{said}");
    let key = stage.key("mine", "ed25519", "256");
    // An ssh-keygen that says to have signed, and left nothing or what is no signature.
    for script in ["exit 0", "for last; do :; done; echo GARBAGE > \"$last.sig\""] {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("ssh-keygen");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = stage.home.command(&["sign", &stage.name, "--key", &key.display().to_string()]);
        let output = command.env("PATH", folder.path()).output().expect("piton starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let left: Vec<_> = std::fs::read_dir(stage.run.join("signatures")).unwrap().collect();
        assert!(said.contains("nothing is signed") && left.is_empty(), "{script}: {said} {left:?}");
    }
    let journal = stage.run.join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, whole.replace("remark number 5", "remark number 6")).unwrap();
    let (status, said) = stage.piton(&["sign", &stage.name, "--key", &key.display().to_string()]);
    assert!(status == 1 && said.contains("is not whole: it is not signed") && stage.texts().is_empty(), "{said}");
}

#[test]
fn a_signature_of_a_practice_run_says_so_and_one_that_says_otherwise_is_bad() {
    let home = Home::new();
    let book = home.path().join("book.toml");
    std::fs::write(&book, ONE_STEP).expect("the test's folder can be written to");
    let output = home.output(&["practice", &book.display().to_string(), "--autopilot"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let run = home.run();
    let stage = Stage { run: run.path().to_owned(), name: run.id(), home };
    let key = stage.key("mine", "ed25519", "256");
    let text = stage.sign(&key, &[]);
    let statement = std::fs::read_to_string(&text).expect("it was just written");
    assert!(statement.starts_with("piton journal 1, PRACTICE\n"), "{statement}");
    let signers = stage.signers(&[("maria", "", &key)]);
    let (status, said) = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
    assert!(status == 0 && said.contains("good: maria (PRACTICE, operator \"maria\""), "{said}");
    // The same of a live run, by a key that is known: nobody may hand a rehearsal in as the real thing.
    std::fs::write(&text, statement.replace(", PRACTICE", "")).expect("an own file");
    std::fs::remove_file(signature_of(&text)).expect("it was made");
    let (own, file) = (key.display().to_string(), text.display().to_string());
    assert!(keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", &own, &file], None));
    let (status, said) = stage.verify(&["--signers", &signers, "--signed-by", "maria"]);
    assert!(status == 1 && said.contains("BAD: it was signed as a live run, the journal is of practice"), "{said}");
    // And the other way round.
    let live = Stage::new();
    let key = live.key("mine", "ed25519", "256");
    let text = live.sign(&key, &[]);
    let statement = std::fs::read_to_string(&text).expect("it was just written");
    std::fs::write(&text, statement.replace("journal 1", "journal 1, PRACTICE")).expect("an own file");
    std::fs::remove_file(signature_of(&text)).expect("it was made");
    let (own, file) = (key.display().to_string(), text.display().to_string());
    assert!(keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", &own, &file], None));
    let (status, said) = live.verify(&[]);
    assert!(status == 1 && said.contains("BAD: it was signed as practice, the journal is of a live run"), "{said}");
}
