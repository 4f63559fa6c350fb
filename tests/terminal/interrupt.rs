//! ctrl-c while a long journal is read, before there is a screen.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use piton::engine::{Mode, RunOpened};
use piton::journal::{Journal, Store, sha256_hex};
use rustix::process::Signal;

use crate::support::binary::Home;
use crate::support::fault::under_faults;
use crate::support::pty::Exit;
use crate::support::runs::{at, head, holder};

const LIMIT: Duration = Duration::from_secs(60);

/// So many that it is told how far their reading has come.
const RECORDS: usize = 100_000;

/// After the first of them each read takes so long that nobody comes to the end before the key.
const SLOW: &str = "read:20+:delay=250";

const BOOK: &str = r#"
format = 1
id = "vault-ha-upgrade"
title = "Short"
system = "demo"
rollback = []
[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "look"
title = "Look"
confirm = "Lit?"
"#;

/// A run with that many notes.
fn long(home: &Home) -> (String, PathBuf) {
    let dir = Store::open(home.state()).begin(Mode::Live, at(0), "short").expect("there is room");
    let text = BOOK.to_owned();
    let head = RunOpened { sha256: sha256_hex(text.as_bytes()), text, ..head(&dir.id()) };
    let (journal, last) = Journal::create(&dir, &holder(), at(0), "maria@bastion", head).expect("there is room");
    drop(journal);
    let path = dir.journal_path();
    let mut file = BufWriter::new(fs::OpenOptions::new().append(true).open(&path).expect("it is there"));
    let lines = fs::read_to_string(&path).expect("it is text");
    let mut prev = sha256_hex(lines.lines().last().expect("it has a line").as_bytes());
    for seq in last.seq + 1..=last.seq + RECORDS as u64 {
        let at = last.at;
        let event =
            r#"{"note_added":{"step":null,"text":"a remark of some length, so that there is something to read"}}"#;
        let line = format!(r#"{{"seq":{seq},"at":"{at}","prev":"{prev}","by":"maria@bastion","event":{event}}}"#);
        prev = sha256_hex(line.as_bytes());
        writeln!(file, "{line}").expect("there is room");
    }
    file.flush().expect("there is room");
    (dir.id(), path)
}

#[test]
fn ctrl_c_while_a_journal_is_read_tells_how_far_it_was_and_that_nothing_was_changed() {
    let home = Home::new();
    let (run, path) = long(&home);
    let before = fs::read(&path).expect("it is there");
    let (one, all) = ("journal.jsonl was read up to byte ", "state/piton was read up to byte ");
    for (args, what) in [
        (&["verify", &run][..], one),
        (&["replay", &run], one),
        (&["resume", &run], one),
        (&["resume", &run, "--plain"], one),
        (&["report", &run], one),
        (&["report", &run, "--format", "cast"], one),
        (&["diff", &run, &run], one),
        (&["debrief", &run], one),
        (&["debrief"], all),
        (&["journals"], all),
        (&["journals", "--find", "nowhere"], all),
        (&["stats", "vault-ha-upgrade"], all),
        (&["resume"], all),
        (&["journals", "prune", "--keep", "0"], all),
        (&["journals", "prune", "--keep", "0", "--dry-run"], all),
    ] {
        let slow = |command: &mut _| {
            under_faults(command, SLOW, "/journal.jsonl", None);
        };
        let mut terminal = home.terminal_with_ctrl_c(args).size(24, 200).with(slow).spawn();
        terminal.wait_text("ctrl-c to stop", LIMIT);
        terminal.key("ctrl-c");
        assert_eq!(terminal.wait_exit(LIMIT), Exit { code: None, signal: Some(Signal::INT.as_raw()) }, "{args:?}");
        let told = terminal.screen();
        assert!(told.contains("interrupted: ") && told.contains(what), "{args:?} {told}");
        assert!(told.contains("%); nothing was changed") && !told.contains("to stop"), "{args:?} {told}");
        assert!(fs::read(&path).expect("it is there") == before, "{args:?}");
        terminal.assert_restored();
    }
}
