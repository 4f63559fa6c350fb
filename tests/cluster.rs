//! The whole thing: the real binary, in a terminal, upgrades a real cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use piton::clock::monotonic;
use piton::engine::{Event, Leaving, Outcome, Record};
use piton::journal::Integrity;

use crate::support::binary::{Home, records};
use crate::support::openbao::{Cluster, NEW, OLD, Seen, Watcher};
use crate::support::operator::{Operator, started};
use crate::support::pty::{Exit, Terminal};

/// How long a step may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(10);
/// The action key is taken only after it was let go for nearly as long.
const LET_GO: Duration = Duration::from_millis(800);

/// A cluster, a home, and somebody who watches.
struct Lab {
    cluster: Cluster,
    home: Home,
    site: PathBuf,
}

impl Lab {
    fn new() -> Self {
        let cluster = Cluster::up(OLD);
        let site = cluster.write_site(OLD, NEW, "");
        Self { cluster, home: Home::new(), site }
    }

    fn begin(&self) -> Terminal {
        let site = self.site.display().to_string();
        started(self.home.terminal(&["run", "vault-ha-upgrade", "--site", &site]).spawn())
    }

    fn resume(&self) -> Terminal {
        self.home.terminal(&["resume"]).spawn()
    }

    /// Whether the journal holds such a record.
    fn has(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.home.records().iter().any(|record| wanted(&record.event))
    }

    /// Whether the current step is this one, of whatever phase and node.
    fn stands_at(&self, step: &str) -> bool {
        let records = self.home.records();
        let began = records.iter().rev().find_map(|record| match &record.event {
            Event::StepBegan { step, .. } => Some(step.step.as_str().to_owned()),
            _ => None,
        });
        began.as_deref() == Some(step)
    }

    /// All that must be true when the upgrade is done, however it came about.
    fn assert_upgraded(&self) {
        let seen = self.cluster.seen();
        let count = |wanted: Seen| seen.values().filter(|seen| **seen == wanted).count();
        assert_eq!((count(Seen::Active(NEW.into())), count(Seen::Standby(NEW.into()))), (1, 2), "{seen:?}");
        assert_eq!(self.cluster.known_secret().expect("the secret can be read")["user"], "demo");
        let (_, verification) = records(&self.home.run());
        assert_eq!(verification.integrity, Integrity::Whole);
        let run = self.home.run().id();
        let verified = self.home.output(&["verify", &run]);
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{told}");
        let expected = format!("records={} head={}", verification.records, verification.head);
        assert!(told.contains(&expected), "{told} has not {expected}");
        self.home.assert_nowhere(self.cluster.secrets());
    }
}

/// Ends the program from the closing dialog; what it printed on the main screen.
#[track_caller]
fn finish(terminal: &mut Terminal, status: i32) -> String {
    let mut operator = Operator::at(terminal);
    operator.walk(PATIENCE, |_| !terminal.is_running());
    let story = operator.story.split_off(operator.story.len().saturating_sub(12)).join("\n");
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(status), signal: None }, "{story}\n{}", terminal.describe());
    terminal.assert_restored();
    terminal.screen()
}

/// The steps that a person or a command did more than once.
fn done_twice(records: &[Record]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let what = match &record.event {
            Event::CautionsRead { step, .. } => format!("cautions of {step}"),
            Event::StepConfirmed { step, .. }
            | Event::AnswerGiven { step, .. }
            | Event::ChoiceMade { step, .. }
            | Event::HoldReleased { step, .. } => format!("words on {step}"),
            Event::CommandStarted { step, .. } => format!("command of {step}"),
            Event::CheckPassed { step, .. } => format!("check of {step}"),
            _ => continue,
        };
        *counts.entry(what).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(what, _)| what).collect()
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    records.iter().find_map(|record| match &record.event {
        Event::RunClosed { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

#[test]
fn every_step_of_the_upgrade_is_walked_in_the_terminal_and_the_cluster_is_upgraded() {
    let lab = Lab::new();
    let watcher = Watcher::start(lab.cluster.nodes());
    let mut terminal = lab.begin();
    let printed = finish(&mut terminal, 0);
    let report = watcher.finish();
    report.assert_gentle(SOON);
    assert_eq!(report.hand_overs.len(), 1, "{}", report.story.join("\n"));
    lab.assert_upgraded();
    let (records, verification) = records(&lab.home.run());
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    assert!(printed.contains(&verification.head), "the head is told at the end: {printed}");
    assert_eq!(done_twice(&records), Vec::<String>::new());
    for secret in lab.cluster.secrets() {
        let raw = terminal.raw();
        assert!(!raw.windows(secret.len()).any(|window| window == secret.as_bytes()), "a secret was on the screen");
    }
    assert!(lab.cluster.folder().join("before.snap").is_file());
}

#[test]
fn a_run_that_is_killed_again_and_again_is_resumed_and_asks_nothing_twice() {
    let lab = Lab::new();
    let watcher = Watcher::start(lab.cluster.nodes());
    let running = |phase: &str, step: &str| {
        let is_it = move |key: &piton::runbook::StepKey| key.phase.as_str() == phase && key.step.as_str() == step;
        let records = lab.home.records();
        let starts = records.iter().any(|r| matches!(&r.event, Event::CommandStarted { step, .. } if is_it(step)));
        let ends = records.iter().any(|r| matches!(&r.event, Event::CommandFinished { step, .. } if is_it(step)));
        (starts, ends)
    };
    let begun = |phase: &str, step: &str| {
        lab.has(|event| matches!(event, Event::StepBegan { step: key, .. } if key.phase.as_str() == phase && key.step.as_str() == step))
    };
    // By hand, in the middle of a command of each kind, while something is sensed, and at the point of no return.
    let moments: [&dyn Fn() -> bool; 5] = [
        &|| begun("prepare", "clients"),
        &|| running("standbys", "stop").0,
        &|| running("standbys", "start").0,
        &|| begun("standbys", "ready"),
        &|| running("active", "hand-over").0,
    ];
    let mut terminal = lab.begin();
    for (number, is_it) in moments.iter().enumerate() {
        Operator::at(&terminal).walk(PATIENCE, |_| is_it());
        let known = lab.home.records().len();
        terminal.kill();
        assert_eq!(terminal.wait_exit(SOON).signal, Some(9));
        let kept = lab.home.records().len();
        assert!(kept >= known, "kill {number}: {known} records were there, {kept} are left");
        terminal = lab.resume();
        terminal.wait_text("You were here", SOON);
    }
    finish(&mut terminal, 0);
    watcher.finish().assert_gentle(SOON);
    lab.assert_upgraded();
    let (records, _) = records(&lab.home.run());
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    assert_eq!(done_twice(&records), Vec::<String>::new());
    let sittings = records.iter().filter(|record| matches!(record.event, Event::SittingOpened { .. })).count();
    assert_eq!(sittings, moments.len() + 1);
    let interrupted = |record: &&Record| matches!(record.event, Event::SittingClosed { how: Leaving::Interrupted });
    assert!(records.iter().filter(interrupted).count() <= moments.len());
}

#[test]
fn a_wrong_node_stopped_and_a_standby_left_sealed_hold_the_run_back() {
    let lab = Lab::new();
    let mut terminal = lab.begin();
    let mut operator = Operator::at(&terminal);
    // The step is ready to stop the first standby; somebody stops the other one.
    operator.walk(PATIENCE, |screen| screen.contains("enter run") && lab.stands_at("stop"));
    let first = current_item(&lab);
    let active = lab.cluster.active().expect("one node is active");
    let other = lab.cluster.nodes().keys().find(|node| **node != first && **node != active).expect("a third node");
    lab.cluster.run(&["stop", other]);
    terminal.wait_for("the gate closed", SOON, |screen| held(screen) && screen.contains("down"));
    assert_held(&terminal, &lab, "standbys", "stop");
    lab.cluster.run(&["start", other]);
    terminal.wait_for("still held while it is sealed", SOON, |screen| held(screen) && screen.contains("sealed"));
    assert_held(&terminal, &lab, "standbys", "stop");
    lab.cluster.run(&["unseal", other]);
    lab.cluster.wait_level(other);
    // Now the first standby is upgraded, but nobody unseals it, and its readiness is declared against the machine.
    operator.walk(PATIENCE, |screen| lab.stands_at("unseal") && heading(screen).contains("Unseal"));
    operator.overrule("s", "Skip the step", "left sealed on purpose");
    terminal.wait_for("not ready", SOON, |screen| held(screen) && lab.stands_at("ready"));
    operator.overrule("o", "Override the step", "let us see");
    terminal.wait_for("the next one held", SOON, |screen| {
        held(screen) && lab.stands_at("stop") && heading(screen).contains(other.as_str())
    });
    assert_held(&terminal, &lab, "standbys", "stop");
    lab.cluster.run(&["unseal", &first]);
    lab.cluster.wait_level(&first);
    finish(&mut terminal, Outcome::CompletedWithDeviations.exit_status().into());
    lab.assert_upgraded();
    assert_eq!(outcome(&lab.home.records()), Some(Outcome::CompletedWithDeviations));
}

/// The item of the phase that the current step belongs to.
fn current_item(lab: &Lab) -> String {
    let records = lab.home.records();
    let began = records.iter().rev().find_map(|record| match &record.event {
        Event::StepBegan { step, .. } => step.item.clone(),
        _ => None,
    });
    began.expect("the current step belongs to a node")
}

/// The line that names the step which is shown.
fn heading(screen: &str) -> &str {
    screen.lines().find(|line| line.contains("─ Steps ─")).unwrap_or_default()
}

fn held(screen: &str) -> bool {
    screen.contains("! held:") && !screen.contains("enter run")
}

/// Presses what would run the command; nothing starts.
#[track_caller]
fn assert_held(terminal: &Terminal, lab: &Lab, phase: &str, step: &str) {
    let starts = || {
        let records = lab.home.records();
        let is_it = |event: &Event| matches!(event, Event::CommandStarted { step: key, .. } if key.phase.as_str() == phase && key.step.as_str() == step);
        records.iter().filter(|record| is_it(&record.event)).count()
    };
    let before = starts();
    // The key tells why instead. It is taken only when it was let go for a while.
    let end = monotonic() + SOON;
    let mut why = terminal.settled();
    while !why.contains("─ Why ─") {
        assert!(monotonic() < end, "the key does not tell why\n{}", terminal.describe());
        terminal.key("enter");
        // Whatever else changes meanwhile: a key that comes sooner is one of those that are not taken.
        let pressed = monotonic();
        while let Some(left) = LET_GO.checked_sub(pressed.elapsed()).filter(|_| !why.contains("─ Why ─")) {
            terminal.changed(&why, left);
            why = terminal.settled();
        }
    }
    assert!(why.contains("At most one node is away") || why.contains("gate"), "{why}");
    terminal.key("y");
    terminal.key("esc");
    terminal.wait_for("the run screen", SOON, |screen| !screen.contains("─ Why ─"));
    assert_eq!(starts(), before, "a command was started although it was held back\n{}", terminal.describe());
}
