//! A critical command on old evidence, through `update` alone.

use std::time::Duration;

use crate::engine::Verdict;
use crate::tui::message::Effect;
use crate::tui::stage_tests::Stage;

/// A critical command is confirmed a minute after its probes answered.
fn confirmed_late() -> Stage {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.clock.advance(Duration::from_secs(60));
    stage.effects.clear();
    stage.press("enter");
    stage
}

#[test]
fn a_critical_command_on_old_evidence_asks_its_probes_and_runs_on_their_answers() {
    let mut stage = confirmed_late();
    assert_eq!(stage.effects, [Effect::SenseNow], "nothing is proposed yet");
    assert!(stage.picture().contains("asking vault: it runs on their answers"), "{}", stage.picture());
    stage.clock.advance(Duration::from_secs(1));
    stage.sample("vault-1", Verdict::Ok, "active");
    stage.sample("vault-2", Verdict::Ok, "standby");
    assert!(!stage.state.is_running(), "one has yet to answer");
    stage.sample("vault-3", Verdict::Ok, "standby");
    assert!(stage.state.is_running(), "{}", stage.picture());
}

#[test]
fn a_command_that_is_taken_back_while_its_probes_are_asked_never_runs() {
    for keys in [&["esc"][..], &["x"], &["esc", "enter"], &["backspace"]] {
        let mut stage = confirmed_late();
        for key in keys {
            stage.press(key);
        }
        stage.all_well();
        assert!(!stage.state.is_running(), "{keys:?}");
    }
}

#[test]
fn what_answered_first_is_asked_again_when_it_has_grown_old_meanwhile() {
    let mut stage = confirmed_late();
    stage.clock.advance(Duration::from_secs(1));
    stage.sample("vault-1", Verdict::Ok, "active");
    stage.sample("vault-2", Verdict::Ok, "standby");
    stage.effects.clear();
    stage.clock.advance(Duration::from_secs(9));
    stage.sample("vault-3", Verdict::Ok, "standby");
    assert_eq!(stage.effects, [Effect::SenseNow]);
    stage.sample("vault-1", Verdict::Ok, "active");
    assert!(!stage.state.is_running());
    stage.sample("vault-2", Verdict::Ok, "standby");
    assert!(stage.state.is_running(), "the slow one need not answer twice: {}", stage.picture());
}

#[test]
fn after_three_rounds_the_session_decides_on_what_there_is() {
    let mut stage = confirmed_late();
    for _ in 0..3 {
        for (node, role) in [("vault-1", "active"), ("vault-2", "standby"), ("vault-3", "standby")] {
            assert!(!matches!(stage.effects.last(), Some(Effect::Propose(_))));
            stage.clock.advance(Duration::from_secs(9));
            stage.sample(node, Verdict::Ok, role);
        }
    }
    assert!(matches!(stage.effects.last(), Some(Effect::Propose(_))), "{:?}", stage.effects);
    assert!(!stage.state.is_running());
    assert!(stage.run().asking_told().is_none() && stage.run().dialog.is_some());
}
