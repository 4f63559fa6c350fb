//! The size that the terminal has last is the size that is drawn.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::binary::Home;
use crate::support::pty::{Hold, Terminal};

const SOON: Duration = Duration::from_secs(10);

fn practice(home: &Home, hold: Hold) -> Terminal {
    let terminal = home.terminal(&["practice", "vault-ha-upgrade"]).hold(hold).spawn();
    terminal.wait_text("enter ", SOON);
    terminal
}

#[test]
fn a_resize_in_a_burst_of_keys_is_not_lost() {
    let home = Home::new();
    let mut terminal = practice(&home, Hold::Leader);
    for round in 0..20 {
        // Both come at the same moment, with the key first.
        terminal.key("down");
        terminal.resize(if round % 2 == 0 { 30 } else { 40 }, 120);
        terminal.key("up");
    }
    // The last size was (40, 120): the lowest line is drawn there.
    terminal.wait_for("the whole screen", SOON, |screen| {
        screen.contains("Steps") && screen.lines().nth(39).is_some_and(|line| line.contains("journal"))
    });
    terminal.signal(Signal::TERM);
    terminal.wait_exit(SOON);
    terminal.assert_restored();
}
