//! The alarms: by severity, listed as long as their condition is there, never in the way of a key.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;

use crate::engine::{ConditionId, Ended, Mode, Proposal, Verdict};
use crate::tui::message::Message;
use crate::tui::replay_tests::{Stage as Replayed, recording, walked};
use crate::tui::screen::run::alarm::{Alarm, Severity, Subject, What};
use crate::tui::screen::run::layout::Pane;
use crate::tui::stage_tests::{Stage, look, picture, runbook};
use crate::tui::theme::{ASCII, UNICODE};

/// Two rows turned bad or silent, the guard is broken and the command of the current step failed.
fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::open(size);
    stage.all_well();
    stage.look_at_health();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    stage.wait(1);
    stage.finish(Ended::Exit(1));
    for (node, verdict) in [("vault-1", Verdict::Degraded), ("vault-3", Verdict::Bad)] {
        stage.wait(1);
        stage.sample(node, verdict, "");
        stage.look_at_health();
    }
    stage
}

fn told(stage: &Stage) -> Vec<(Severity, What)> {
    stage.run().view.alarms.iter().map(|alarm| (alarm.severity, alarm.what)).collect()
}

#[test]
fn the_list_at_every_size() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = stage(size);
        stage.press("!");
        assert_snapshot!(format!("alarms_{}x{}", size.0, size.1), stage.picture());
    }
    let mut stage = stage((80, 24));
    stage.app.look = look("mono", &ASCII);
    stage.press("!");
    assert_snapshot!("alarms_ascii_80x24", stage.picture());
}

#[test]
fn the_gravest_come_first_and_of_these_the_latest() {
    let stage = stage((120, 40));
    let alarms = &stage.run().view.alarms;
    let order: Vec<_> = alarms.iter().map(|alarm| (alarm.severity, alarm.since)).collect();
    let mut sorted = order.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(order, sorted);
    let kinds = told(&stage);
    assert_eq!(kinds.iter().filter(|(severity, _)| *severity == Severity::Warning).count(), 3, "{kinds:?}");
    assert!(kinds.contains(&(Severity::Warning, What::Guard)), "{kinds:?}");
    assert!(kinds.contains(&(Severity::Warning, What::Failed)), "{kinds:?}");
    assert_eq!(kinds.last().map(|(severity, _)| *severity), Some(Severity::Caution), "{kinds:?}");
}

#[test]
fn a_new_alarm_takes_no_key_and_moves_nothing() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.look_at_health();
    stage.press("n");
    stage.type_text("half a no");
    let (focus, records) = (stage.run().focus, stage.records.len());
    stage.sample("vault-3", Verdict::Bad, "");
    stage.look_at_health();
    assert!(stage.records.len() > records);
    assert_eq!(stage.run().focus, focus);
    assert!(stage.picture().contains("1 warning"), "{}", stage.picture());
    stage.type_text("te");
    stage.press("ctrl-s");
    assert!(
        matches!(&stage.records.last().unwrap().event, crate::engine::Event::NoteAdded { text, .. } if text == "half a note")
    );
}

#[test]
fn what_was_seen_stays_listed_until_it_is_over() {
    let mut stage = stage((120, 40));
    assert!(stage.run().unseen().count() > 0);
    stage.press("!");
    stage.press("v");
    assert_eq!(stage.run().unseen().count(), 0);
    assert_eq!(stage.run().view.alarms.len(), 4);
    assert!(stage.picture().contains("seen"), "{}", stage.picture());
    stage.sample("vault-3", Verdict::Ok, "standby");
    stage.look_at_health();
    let about = |alarm: &Alarm| matches!(&alarm.subject, Subject::Condition(id) if id.to_string().contains("vault-3"));
    assert!(!stage.run().view.alarms.iter().any(about));
    stage.wait(1);
    stage.sample("vault-3", Verdict::Bad, "");
    stage.look_at_health();
    assert_eq!(stage.run().unseen().count(), 1, "once more it is new");
}

#[test]
fn a_guard_that_is_acknowledged_is_less_grave_and_stays() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.prepare();
    for node in ["vault-2", "vault-3"] {
        stage.sample(node, Verdict::Bad, "");
    }
    assert!(told(&stage).contains(&(Severity::Warning, What::Guard)));
    let guard = stage.run().view.alarms.iter().find(|alarm| alarm.what == What::Guard).unwrap().subject.clone();
    let Subject::Condition(condition) = guard else { panic!("it is a condition") };
    stage.propose(Proposal::Acknowledge { condition, reason: "known".into() });
    let guard = stage.run().view.alarms.iter().find(|alarm| alarm.what == What::Guard).unwrap();
    assert!(guard.is_acknowledged && guard.severity == Severity::Caution);
    stage.all_well();
    assert!(!told(&stage).iter().any(|(_, what)| *what == What::Guard));
}

#[test]
fn enter_and_a_click_go_where_an_alarm_leads() {
    let mut stage = stage((120, 40));
    let count = stage.run().view.alarms.len();
    for at in 0..count {
        stage.press("!");
        for _ in 0..at {
            stage.press("down");
        }
        let alarm = stage.run().view.alarms[at].clone();
        let records = stage.records.len();
        stage.press("enter");
        assert!(stage.run().over.is_none());
        let focus = match alarm.what {
            What::Guard => Pane::Guards,
            What::Turned(_) | What::NeverOk => Pane::Health,
            What::Failed | What::Reverted | What::PutOff => Pane::Step,
        };
        assert_eq!(stage.run().focus, focus, "{alarm:?}");
        if let (Pane::Health, Subject::Condition(ConditionId::Health(probe, node))) = (focus, &alarm.subject) {
            // All rows fit: none is scrolled away, and the one that is meant stands out.
            assert_eq!(stage.run().health_scroll, 0, "{alarm:?}");
            assert_eq!(stage.run().sought, Some((probe.clone(), node.clone())));
        }
        assert_eq!(stage.records.len(), records);
    }
    stage.press("!");
    let row = stage.picture().lines().position(|line| line.contains("guard:")).unwrap();
    let kind = MouseEventKind::Down(MouseButton::Left);
    let row = u16::try_from(row).unwrap();
    stage.tell(Message::Mouse(MouseEvent { kind, column: 30, row, modifiers: KeyModifiers::NONE }));
    assert_eq!(stage.run().focus, Pane::Guards);
}

#[test]
fn a_guard_that_was_broken_in_the_sitting_before_is_told_with_that_time() {
    let mut stage = stage((120, 40));
    stage.look_at_conditions();
    let since = |stage: &Stage| {
        let guard = stage.run().view.alarms.iter().find(|alarm| alarm.what == What::Guard);
        guard.map(|alarm| alarm.since)
    };
    let broken = since(&stage).expect("the guard is broken");
    stage.resume();
    for (node, verdict) in [("vault-1", Verdict::Degraded), ("vault-2", Verdict::Bad), ("vault-3", Verdict::Bad)] {
        stage.sample(node, verdict, "");
    }
    stage.look_at_conditions();
    assert_eq!(since(&stage), Some(broken));
    // Once it has held, the next break has a time of its own.
    stage.all_well();
    stage.look_at_conditions();
    assert_eq!(since(&stage), None);
    stage.wait(60);
    for node in ["vault-1", "vault-2", "vault-3"] {
        stage.sample(node, Verdict::Bad, "");
    }
    stage.look_at_conditions();
    assert!(since(&stage).is_some_and(|since| since > broken));
}

#[test]
fn the_list_offers_what_there_is_to_do_and_keeps_its_columns_apart() {
    let mut stage = Stage::of(runbook(), (80, 24), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.look_at_health();
    stage.press("!");
    assert!(!stage.picture().contains("go there") && !stage.picture().contains("are seen"), "{}", stage.picture());
    let mut stage = Stage::of(runbook(), (80, 24), look("dark", &UNICODE), Mode::Live);
    stage.sample("vault-1", Verdict::Bad, "");
    stage.sample("vault-2", Verdict::Degraded, "");
    stage.look_at_health();
    stage.press("!");
    let picture = stage.picture();
    assert!(picture.contains("advisory 02:4") && picture.contains("go there"), "{picture}");
    let at = |node: &str| picture.lines().position(|line| line.contains("advisory 02") && line.contains(node)).unwrap();
    assert!(at("vault-1") < at("vault-2"), "what is bad comes before what is degraded\n{picture}");
}

#[test]
fn expected_rows_are_advisories_and_a_quiet_run_has_none() {
    let mut stage = Stage::of(runbook(), (80, 24), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.look_at_health();
    assert_eq!(told(&stage), []);
    stage.press("!");
    assert!(stage.picture().contains("nothing is out of order"), "{}", stage.picture());
}

#[test]
fn a_replay_has_the_same_list() {
    let played = walked("vault-ha-upgrade", "wrong-share", true);
    let mut stage = Replayed::open(recording(&played), Some(81), (120, 40));
    stage.press("!");
    assert_snapshot!("alarms_replay_120x40", picture(&stage.app));
    stage.press("enter");
    assert!(stage.replay().run.over.is_none());
}

#[test]
fn a_narrow_screen_cuts_the_title_of_a_probe_and_not_what_is_the_matter_nor_the_keys() {
    let mut book = runbook();
    book.health[0].title = "Leader and peers as each of the nodes sees them at the moment".into();
    for (columns, told) in
        [(80, "vault-1 is bad, not expected ("), (60, "vault-1 is bad, not expected"), (40, "vault-1 is bad")]
    {
        let mut stage = Stage::of(book.clone(), (columns, 24), look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        stage.look_at_health();
        for node in ["vault-3", "vault-2", "vault-1"] {
            stage.wait(1);
            stage.sample(node, Verdict::Bad, "");
            stage.look_at_health();
        }
        let picture = stage.picture();
        let line = picture.lines().find(|line| line.contains("v: seen")).unwrap_or_else(|| panic!("{picture}"));
        assert!(line.contains(told) && line.contains("3") && line.contains("(!)"), "{columns}: {line}");
        stage.press("!");
        let listed = stage.picture();
        assert!(columns < 60 || listed.matches("is bad, not exp").count() >= 3, "{columns}: {listed}");
    }
}
