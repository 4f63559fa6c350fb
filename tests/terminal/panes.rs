//! How the panes share the room is remembered, and what was not written by piton does no harm.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::pty::Terminal;
use crate::terminal::{Place, READY, SOON, SUSPENDED};

fn file(place: &Place) -> PathBuf {
    place.home.state().join("panes.toml")
}

/// Where the second column begins.
fn edge(screen: &str) -> Option<usize> {
    let line = screen.lines().find(|line| line.contains("─ Steps ─"))?;
    line.chars().position(|sign| sign == '╮')
}

fn leave(mut terminal: Terminal) {
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    assert_eq!(terminal.wait_exit(SOON), SUSPENDED);
}

#[test]
fn the_next_sitting_has_the_panes_as_they_were_drawn() {
    let place = Place::new();
    let terminal = place.practice(3);
    let by_itself = edge(&terminal.screen()).expect("the list of steps has an edge");
    terminal.key("tab");
    terminal.key(">");
    terminal.key(">");
    terminal.wait_for("the wider list", SOON, |screen| edge(screen) == Some(by_itself + 8));
    leave(terminal);
    let text = std::fs::read_to_string(file(&place)).expect("it was written before the program ended");
    assert!(text.contains("steps = 483"), "{text}");
    let mode = std::fs::metadata(file(&place)).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let book = place.write("again.toml", super::quiet(3));
    let again = place.start(&["practice", &book]).spawn();
    again.wait_text(READY, SOON);
    again.wait_for("the wider list", SOON, |screen| edge(screen) == Some(by_itself + 8));
}

#[test]
fn sizes_that_piton_did_not_write_are_passed_over_and_logged() {
    let folder = |place: &Place| {
        std::fs::create_dir_all(place.home.state()).expect("the test's folder can be written to");
        std::fs::set_permissions(place.home.state(), PermissionsExt::from_mode(0o700)).expect("it is ours");
        file(place)
    };
    let hostile: [&[u8]; 5] =
        [b"steps = 70000\n", b"steps = \"\\u001b[2J\"\n", b"\xff\xfe\x00", b"[[[[", &[b'#'; 200_000]];
    for bytes in hostile {
        let place = Place::new();
        std::fs::write(folder(&place), bytes).expect("the test's folder can be written to");
        let terminal = place.practice_with(3, |start| {
            start.with(|command| {
                command.env("PITON_LOG", "warn");
            })
        });
        assert_eq!(edge(&terminal.screen()), Some(49), "as it is by itself");
        leave(terminal);
        let log = std::fs::read_to_string(place.home.state().join("piton.log")).unwrap_or_default();
        assert!(log.contains("remembered sizes of the panes are not"), "{log}");
    }
}
