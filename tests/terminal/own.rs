//! What is the user's own: keys, themes, settings, an editor, and the clipboard of the terminal.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine as _;
use piton::engine::{Event, Leaving};
use rustix::process::Signal;

use crate::support::pty::Exit;
use crate::terminal::{AT_ONCE, Place, SOON, SUSPENDED};

/// Where the program of a test looks for the user's files.
fn config(place: &Place) -> PathBuf {
    place.home.path().join("config")
}

fn write(place: &Place, name: &str, text: &str) {
    let folder = config(place).join("piton");
    std::fs::create_dir_all(&folder).expect("the test's folder can be written to");
    std::fs::write(folder.join(name), text).expect("the test's folder can be written to");
}

#[test]
fn a_keymap_that_is_wrong_ends_the_program_before_the_terminal_is_touched() {
    let place = Place::new();
    write(&place, "keymap.toml", "[[key]]\ncontext = \"run\"\naction = \"note\"\nkeys = [\"s\"]\n");
    let folder = config(&place);
    let mut terminal = place
        .start(&[])
        .with(|command| {
            command.env("XDG_CONFIG_HOME", &folder);
        })
        .size(40, 120)
        .spawn();
    let exit = terminal.wait_exit(SOON);
    assert_eq!(exit, Exit { code: Some(2), signal: None }, "{}", terminal.describe());
    let screen = terminal.screen();
    for told in ["keymap.toml:4:9", "two things", "mend it or move it away"] {
        assert!(screen.contains(told), "{screen}");
    }
    assert!(!terminal.raw().windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "the alternate screen was entered");
}

#[test]
fn the_users_key_is_the_one_that_works_and_the_one_that_is_shown() {
    let place = Place::new();
    write(&place, "keymap.toml", "[[key]]\ncontext = \"run\"\naction = \"note\"\nkeys = [\"u\"]\n");
    write(&place, "config.toml", "theme = \"high-contrast\"\nglyphs = \"ascii\"\n");
    let folder = config(&place);
    let terminal = place.practice_with(2, |start| {
        start.with(|command| {
            command.env("XDG_CONFIG_HOME", &folder);
        })
    });
    terminal.wait_text("u note", SOON);
    terminal.key("u");
    terminal.wait_text("Note", SOON);
}

/// Whether a colour was asked for: in `ESC [ … m` 30 to 37, 38, 40 to 47, 48, 90 to 107.
fn is_coloured(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw).into_owned();
    let looks = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let names_one = |number: &str| matches!(number.parse(), Ok(30..=38 | 40..=48 | 90..=107));
    looks.into_iter().any(|look: String| look.split([';', ':']).any(names_one))
}

#[test]
fn who_wants_no_colour_gets_none() {
    for (wanted, is_there) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let place = Place::new();
        let terminal = place.practice_with(2, |start| {
            start.with(|command| {
                wanted.map(|value| command.env("NO_COLOR", value));
            })
        });
        terminal.key("w");
        let why = terminal.wait_text("─ Why ─", SOON);
        // An escape followed at once by another key would be one key of both.
        terminal.key("esc");
        terminal.changed(&why, SOON);
        terminal.key("?");
        terminal.wait_text("─ Keys ─", SOON);
        assert_eq!(is_coloured(&terminal.raw()), is_there, "NO_COLOR={wanted:?}");
    }
}

#[test]
fn a_note_is_written_in_the_persons_own_editor_which_has_the_terminal_to_itself() {
    let place = Place::new();
    let editor = place.write("editor", "#!/bin/sh\nprintf 'your turn: '\nread line\necho \"and $line\" >> \"$1\"\n");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).expect("the test's own file");
    let terminal = place.practice_with(2, |start| {
        start.with(|command| {
            command.env("VISUAL", &editor);
        })
    });
    terminal.key("n");
    terminal.wait_text("Note", SOON);
    terminal.type_text("begun ");
    terminal.wait_text("begun", SOON);
    terminal.type_text("\x0f");
    terminal.wait_text("your turn:", SOON);
    // Every one of these is the editor's: none may be taken for a key of the screens.
    terminal.type_text("quick brown Q fox\r");
    terminal.wait_text("and quick brown Q fox", SOON);
    terminal.wait_text("write it", SOON);
    assert!(!place.records().iter().any(|record| matches!(record.event, Event::NoteAdded { .. })));
    terminal.type_text("\x13");
    terminal.wait_for("the note to be recorded", SOON, |_| {
        place
            .records()
            .iter()
            .any(|record| matches!(&record.event, Event::NoteAdded { text, .. } if text.contains("brown Q fox")))
    });
    // The keys are the screens' again.
    terminal.wait_for("the note to be closed", SOON, |screen| !screen.contains("write it"));
    terminal.key("?");
    terminal.wait_text("Keys", SOON);
}

#[test]
fn a_signal_while_the_editor_is_open_ends_it_and_the_program_and_its_file_is_gone() {
    // One that leaves the terminal as it needed it, and one that does not want to end.
    let scripts = [
        (Signal::TERM, "stty raw -echo; printf '\\033[?1049h\\033[?25lyour turn'; sleep 600; true\n"),
        (Signal::HUP, "trap '' TERM HUP; printf 'your turn'; sleep 600; sleep 600\n"),
    ];
    for (signal, script) in scripts {
        let place = Place::new();
        let editor = place.write("editor", format!("#!/bin/sh\necho $$ > $0.pid\n{script}"));
        std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).expect("the test's own file");
        let drafts = place.home.path().join("drafts");
        std::fs::create_dir(&drafts).expect("the test's folder can be written to");
        let mut terminal = place.practice_with(2, |start| {
            start.with(|command| {
                command.env("VISUAL", &editor).env("TMPDIR", &drafts);
            })
        });
        let in_drafts = || std::fs::read_dir(&drafts).expect("it was made").count();
        terminal.key("n");
        terminal.wait_text("Note", SOON);
        terminal.type_text("begun");
        terminal.wait_text("begun", SOON);
        terminal.type_text("\x0f");
        terminal.wait_text("your turn", SOON);
        assert_eq!(in_drafts(), 1);
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit(3 * AT_ONCE), SUSPENDED, "{}", terminal.describe());
        terminal.assert_restored();
        assert!(terminal.screen().contains("piton resume "), "{}", terminal.describe());
        place.assert_sitting_closed(Leaving::Interrupted);
        assert_eq!(in_drafts(), 0);
        let pid = std::fs::read_to_string(format!("{editor}.pid")).expect("it was written");
        assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "the editor goes on");
    }
}

#[test]
fn what_is_copied_goes_to_the_terminal_and_to_nobody_else() {
    let place = Place::new();
    let terminal = place.practice(2);
    terminal.key("y");
    terminal.wait_text("Copy", SOON);
    terminal.type_text("step:");
    terminal.wait_text("> step:", SOON);
    terminal.key("enter");
    terminal.wait_text("clipboard: step", SOON);
    let wanted = base64::engine::general_purpose::STANDARD.encode("1.1 Look at thing 1");
    let sent = format!("\x1b]52;c;{wanted}\x1b\\");
    assert!(terminal.raw().windows(sent.len()).any(|bytes| bytes == sent.as_bytes()), "{}", terminal.describe());
}
