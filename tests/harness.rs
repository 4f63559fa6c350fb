//! The harness proves itself: a driver that sees nothing would let every test pass.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::openbao::{Cluster, NEW, OLD, Seen, Watcher};
use crate::support::pty::{Answers, Exit, Hold, Start};

const SOON: Duration = Duration::from_secs(10);

fn shell(script: &str) -> Start {
    Start::new("sh", &["-c", script])
}

#[test]
fn a_program_is_seen_typed_to_resized_and_its_exit_is_told() {
    let mut terminal = shell(
        "trap 'stty size' WINCH; printf 'ready\\n'; while ! read -r line; do :; done; printf 'got %s\\n' \"$line\"; exit 7",
    )
    .size(24, 80)
    .spawn();
    terminal.wait_text("ready", SOON);
    terminal.resize(30, 100);
    terminal.wait_text("30 100", SOON);
    terminal.type_text("hello");
    terminal.key("enter");
    terminal.wait_text("got hello", SOON);
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(7), signal: None });
    terminal.assert_restored();
}

#[test]
fn a_terminal_that_is_left_dirty_is_noticed() {
    let table = [
        ("stty raw -echo", "line settings"),
        ("printf '\\033[?1049h'", "alternate screen"),
        ("printf '\\033[?1002h'", "mouse"),
        ("printf '\\033[?25l'", "cursor"),
        ("printf '\\033[?2004h'", "paste"),
    ];
    for (script, word) in table {
        let mut terminal = shell(script).spawn();
        terminal.wait_exit(SOON);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| terminal.assert_restored()));
        let told = told.expect_err("a dirty terminal is a failure").downcast::<String>().expect("a text");
        assert!(told.contains(word), "{script}: {told}");
    }
}

#[test]
fn a_hang_up_is_signalled_to_a_leader_only() {
    // The kernel may end the input before it signals: the one that is to be signalled waits for that.
    let (stays, ends) = ("printf ready; read -r line; exec sleep 600", "printf ready; read -r line || exit 3");
    let signal = Exit { code: None, signal: Some(Signal::HUP.as_raw()) };
    let end_of_input = Exit { code: Some(3), signal: None };
    let table = [
        (Hold::Leader, stays, signal),
        (Hold::LeaderIgnoringHangUp, ends, end_of_input),
        (Hold::Stranger, ends, end_of_input),
    ];
    for (hold, script, expected) in table {
        let mut terminal = shell(script).hold(hold).spawn();
        terminal.wait_text("ready", SOON);
        terminal.hang_up();
        assert_eq!(terminal.wait_exit(SOON), expected, "{hold:?}");
    }
}

#[test]
fn a_signal_ends_a_program_and_a_kill_does_too() {
    for (signal, expected) in [(Signal::TERM, 15), (Signal::KILL, 9)] {
        let mut terminal = Start::new("sleep", &["600"]).spawn();
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit(SOON), Exit { code: None, signal: Some(expected) });
    }
}

#[test]
fn a_query_is_answered_unless_the_terminal_is_mute() {
    let ask = "stty -icanon -echo min 0 time 5; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | od -An -c | tr -d ' \\n'; printf .";
    let mut usual = shell(ask).spawn();
    usual.wait_exit(SOON);
    assert!(usual.screen().contains("033[1;1R."), "{}", usual.describe());
    let mut mute = shell(ask).answers(Answers::Mute).spawn();
    mute.wait_exit(SOON);
    assert_eq!(mute.screen().trim(), ".");
}

#[test]
fn a_real_cluster_comes_up_and_its_site_commands_upgrade_it() {
    let cluster = Cluster::up(OLD);
    assert_eq!(cluster.seen().values().filter(|seen| **seen == Seen::Standby(OLD.into())).count(), 2);
    let watcher = Watcher::start(cluster.nodes());
    let snapshot = cluster.folder().join("before.snap");
    cluster.run(&["snapshot", &snapshot.display().to_string()]);
    let first = cluster.active().expect("one node is active");
    let upgrade = |node: &str| {
        cluster.run(&["stop", node]);
        cluster.run(&["replace", node, NEW]);
        assert!(cluster.run(&["installed", node]).starts_with(&format!("OpenBao v{NEW} ")));
        cluster.run(&["start", node]);
        cluster.run(&["unseal", node]);
        cluster.wait_level(node);
    };
    for node in cluster.nodes().keys().filter(|node| **node != first) {
        upgrade(node);
    }
    upgrade(&first);
    let report = watcher.finish();
    report.assert_gentle(SOON);
    assert_eq!(report.hand_overs.len(), 1, "{}", report.story.join("\n"));
    let seen = cluster.seen();
    assert_eq!(seen.values().filter(|seen| **seen == Seen::Active(NEW.into())).count(), 1, "{seen:?}");
    assert_eq!(seen.values().filter(|seen| **seen == Seen::Standby(NEW.into())).count(), 2, "{seen:?}");
    assert_eq!(cluster.known_secret().expect("the secret can be read")["user"], "demo");
    assert!(cluster.run(&["history"]).contains(NEW));
    assert!(std::fs::metadata(snapshot).expect("the snapshot is there").len() > 0);
}
