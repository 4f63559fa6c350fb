//! Two writers: the second is told who is first, and may go on when the first is dead.

use std::time::Duration;

use piton::clock::monotonic;

use super::walk::{Walk, completes, hold_ports, resume};
use crate::support::binary::{Home, records};

/// What a lock may be waited for.
const LOCK_LIMIT: Duration = Duration::from_millis(100);

#[test]
fn a_second_piton_is_refused_at_once_and_goes_on_when_the_first_was_killed() {
    let home = Home::new();
    // Real time: the first one sits there for as long as it takes.
    let mut first = Walk::start(&mut home.command(&["practice", "vault-ha-upgrade", "--autopilot", "--speed", "1"]));
    assert!(first.until(5));
    let run = home.run();
    let timed = |refused: bool| {
        let mut command = if refused { resume(&home, &run) } else { home.command(&["verify", &run.id()]) };
        let began = monotonic();
        let output = command.output().expect("the binary starts");
        (began.elapsed(), output)
    };
    let mut tries = Vec::new();
    for _ in 0..7 {
        let (start, verified) = timed(false);
        assert!(verified.status.success(), "a reader does not care");
        let (took, refused) = timed(true);
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{stderr}");
        let holder = format!("maria on {}, process {}", host(), first.pid());
        assert!(stderr.contains(&holder), "{stderr:?} does not name {holder:?}");
        assert!(refused.stdout.is_empty(), "nothing was recorded");
        tries.push((took.saturating_sub(start), took, start));
    }
    let listed = String::from_utf8(home.output(&["journals", "--json"]).stdout).expect("it is text");
    assert!(listed.contains("\"standing\":\"running\""), "{listed}");
    tries.sort();
    println!("refused after (beyond the start of a program, in all, the start): {tries:?}");
    // The least disturbed of them; the start of the program does not count.
    assert!(tries[0].0 < LOCK_LIMIT, "{tries:?}");

    let shown = first.kill().last();
    let before = records(&run).0;
    assert!(before.len() as u64 >= shown);
    let _ports = hold_ports(&before);
    completes(&home, &run, "after the first was killed");
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
