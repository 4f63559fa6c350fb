//! The screens of a rehearsal: debrief and console.

use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::debrief::tests::{bad, good};
use crate::engine::{Happening, Mode, PracticeSeen, Proposal};
use crate::runbook::{PhaseId, StepId};
use crate::tui::app::update;
use crate::tui::keymap::Context;
use crate::tui::message::{Effect, Message};
use crate::tui::screen::run::layout::Pane;
use crate::tui::stage_tests::{Stage, look, runbook};
use crate::tui::theme::UNICODE;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

#[test]
fn what_a_rehearsal_came_to() {
    for (name, told) in [("debrief_good", good()), ("debrief_bad", bad())] {
        for size in SIZES {
            let mut stage = Stage::of(runbook(), size, look("dark", &UNICODE), Mode::Practice);
            update(&mut stage.app, Message::Debriefed(Ok(Box::new(told.clone()))));
            assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
            stage.press("pgdn");
            if name == "debrief_bad" && size.0 == 80 {
                assert_snapshot!("debrief_bad_further_80x24", stage.picture());
            }
        }
    }
}

/// A rehearsal in whose console something was typed already.
pub fn rehearsal(size: (u16, u16)) -> Stage {
    let mut stage = Stage::of(runbook(), size, look("dark", &UNICODE), Mode::Practice);
    stage.all_well();
    let crate::tui::screen::Screen::Run(run) = &mut stage.app.screen else { panic!("no run") };
    if let Some(opened) = &mut run.state.opened {
        std::sync::Arc::make_mut(opened).practice =
            Some(PracticeSeen { nodes: 3, seed: 1, scenario: None, ports: vec![1, 2, 3] });
    }
    let answered = "Key                Value\n---                -----\nSealed             true\n";
    for what in [
        Happening::HintTaken { id: "look".into(), told: "What does the pane say?".into(), points: 3 },
        Happening::Typed { line: "ssh vault-3 vault status".into() },
        Happening::Answered { exit: 2, printed: answered.into() },
    ] {
        run.state.happenings.push((Timestamp::default(), what));
    }
    stage
}

#[test]
fn commands_are_typed_beside_the_run() {
    for size in SIZES {
        let mut stage = rehearsal(size);
        stage.press("t");
        assert_eq!(stage.app.screen.contexts(), [Context::Console]);
        stage.type_text("unseal-vault q?");
        assert_snapshot!(format!("console_{}x{}", size.0, size.1), stage.picture());
        stage.press("esc");
        assert_eq!(stage.app.screen.contexts(), [Context::Run]);
    }
}

#[test]
fn the_step_stands_above_the_console_whatever_pane_had_the_keys() {
    for size in [(60, 24), (80, 24), (120, 40), (200, 60)] {
        for pane in [Pane::Steps, Pane::Health, Pane::Guards] {
            for is_alone in [false, true] {
                let mut stage = rehearsal(size);
                while stage.run().focus != pane {
                    stage.press("tab");
                }
                if is_alone {
                    stage.press("z");
                }
                let before = stage.picture();
                stage.press("t");
                let told = format!("{size:?} {pane:?} {is_alone}: {}", stage.picture());
                assert!(stage.run().is_step_in_view(), "{told}");
                let step = stage.run().panes_on_screen().step;
                // A long title is cut at the end.
                let head: String = stage.run().view.page.title.chars().take(12).collect();
                let row = stage.picture().lines().nth(usize::from(step.y)).unwrap_or_default().to_owned();
                assert!(row.contains(&head), "{head} is not in {row}\n{told}");
                // The keys go to the console: its frame alone says so.
                let run = stage.run();
                assert!(!run.has_keys() && step.bottom() < size.1 - 5, "{told}");
                stage.press("esc");
                assert_eq!((stage.run().focus, stage.picture()), (pane, before), "{size:?}");
            }
        }
    }
}

#[test]
fn a_typed_line_is_proposed_as_it_is_and_the_line_before_comes_back() {
    let mut stage = rehearsal((80, 24));
    stage.press("t");
    stage.press("up");
    assert!(stage.picture().contains("bastion$ ssh vault-3 vault status_"));
    let key = crossterm::event::KeyEvent::new(crossterm::event::KeyCode::Enter, crossterm::event::KeyModifiers::NONE);
    let effects = update(&mut stage.app, Message::Key(key));
    let what = Happening::Typed { line: "ssh vault-3 vault status".into() };
    assert_eq!(effects, [Effect::Propose(Proposal::Rehearse { what })]);
}

#[test]
fn a_live_run_has_no_console() {
    let mut stage = Stage::open((80, 24));
    stage.press("t");
    assert!(stage.picture().contains("in practice only"));
    assert_eq!(stage.app.screen.contexts(), [Context::Run]);
}

/// What stands in the action bar: its two lines.
fn bar(stage: &Stage) -> String {
    let picture = stage.picture();
    let lines: Vec<&str> = picture.lines().collect();
    lines[lines.len() - 2..].join("\n")
}

#[test]
fn the_bar_names_the_console_in_practice_and_a_hint_where_there_is_one() {
    for size in SIZES {
        // Of this scenario's hints the one about the backup is for a step of this runbook.
        let mut book = runbook();
        book.phases[0].id = PhaseId::new("prepare");
        book.phases[0].steps[0].id = StepId::new("backup");
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Practice);
        let live = bar(&stage);
        assert!(!live.contains("console") && !live.contains("hint"), "{live}");
        let crate::tui::screen::Screen::Run(run) = &mut stage.app.screen else { panic!("no run") };
        if let Some(opened) = &mut run.state.opened {
            let scenario = Some("disk-full".into());
            std::sync::Arc::make_mut(opened).practice =
                Some(PracticeSeen { nodes: 3, seed: 1, scenario, ports: vec![1, 2, 3] });
        }
        let shown = bar(&stage);
        assert!(shown.contains("h hint") && shown.contains("t console") && shown.contains("? help"), "{shown}");
        stage.press("h");
        let crate::tui::screen::Screen::Run(run) = &mut stage.app.screen else { panic!("no run") };
        run.state.happenings.push((
            Timestamp::default(),
            Happening::HintTaken { id: "what".into(), told: "Look what lies there.".into(), points: 5 },
        ));
        assert!(!bar(&stage).contains("hint"), "it was the only one");
    }
}
