//! A frame is left out only where it would look as the one before.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use ratatui::buffer::Buffer;

use crate::engine::{Event, Verdict};
use crate::tui::app::draw;
use crate::tui::message::Message;
use crate::tui::stage_tests::Stage;
use crate::tui::widget::checklist::TALLIED;

/// What is on the screen, styles and all.
fn drawn(stage: &Stage) -> Buffer {
    let mut buffer = Buffer::empty(stage.app.area());
    draw(&stage.app, stage.app.area(), &mut buffer);
    buffer
}

/// Draws a frame.
fn frame(stage: &mut Stage) -> Buffer {
    stage.show();
    stage.app.was_drawn();
    drawn(stage)
}

fn pass(stage: &mut Stage, millis: u64) {
    stage.clock.advance(Duration::from_millis(millis));
    stage.real_ms += millis;
}

/// An answer comes, as the loop takes it in: whether a frame is left out. Then it would have looked the same.
fn is_left_out(stage: &mut Stage, shown: &Buffer, answer: (&str, Verdict, &str)) -> bool {
    let message = stage.sampled(answer.0, answer.1, answer.2);
    stage.tell_unseen(message);
    stage.app.derive();
    let is_left_out = stage.app.is_drawn();
    if is_left_out {
        assert!(drawn(stage) == *shown, "it looks otherwise\n{}", stage.picture());
    }
    is_left_out
}

#[test]
fn answers_that_say_the_same_are_mostly_not_drawn() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.tell(Message::Resized(120, 40));
    let mut shown = frame(&mut stage);
    let mut left_out = [0, 0];
    for second in 0..120 {
        pass(&mut stage, 1_000);
        for (node, role) in [("vault-1", "active"), ("vault-2", "standby"), ("vault-3", "standby")] {
            if is_left_out(&mut stage, &shown, (node, Verdict::Ok, role)) {
                left_out[second / 60] += 1;
            } else {
                shown = frame(&mut stage);
            }
        }
    }
    // First the history grows; then nothing is drawn but the clock, once a minute.
    assert!(left_out[0] > 3 * 45, "{left_out:?}");
    assert!(left_out[1] >= 3 * 60 - 1, "{left_out:?}");
    // What is new is drawn at once, and what is old as well.
    assert!(!is_left_out(&mut stage, &shown, ("vault-2", Verdict::Ok, "active")));
    shown = frame(&mut stage);
    assert!(!is_left_out(&mut stage, &shown, ("vault-2", Verdict::Bad, "")));
    shown = frame(&mut stage);
    pass(&mut stage, 6_000);
    assert!(!is_left_out(&mut stage, &shown, ("vault-1", Verdict::Ok, "active")));
}

#[test]
fn whatever_happens_a_frame_that_is_left_out_looks_as_the_one_before() {
    let keys = ["enter", "esc", "y", "1", "down", "tab", "pgdn", "z", "A", "o", "v", "n", "?", ":"];
    let nodes = ["vault-1", "vault-2", "vault-3"];
    let sizes = [(120, 40), (80, 24), (61, 16), (200, 60)];
    let step = (0_u8..24, 0..keys.len(), 0..nodes.len(), prop::sample::select(vec![0, 20, 900, 1_000, 1_100, 5_200]));
    let play = (proptest::collection::vec(step, 1..120), 0..sizes.len());
    let left_out = Cell::new(0);
    proptest!(ProptestConfig::with_cases(48), |((play, size) in play)| {
        let mut stage = Stage::open(sizes[size]);
        stage.all_well();
        for _ in 0..60 {
            for node in nodes {
                stage.answer(node, Verdict::Ok, "standby");
            }
        }
        let mut shown = frame(&mut stage);
        for (what, key, node, millis) in play {
            if stage.app.exit.is_some() {
                break;
            }
            pass(&mut stage, millis);
            let answer = match what {
                0 => (nodes[node], Verdict::Bad, ""),
                1 => (nodes[node], Verdict::Unknown, ""),
                2 => (nodes[node], Verdict::Ok, "active"),
                3..20 => (nodes[node], Verdict::Ok, "standby"),
                _ => {
                    match what {
                        20 => stage.press(keys[key]),
                        21 => stage.look_at_conditions(),
                        22 => stage.tell(Message::Resized(sizes[key % 4].0, sizes[key % 4].1)),
                        _ => stage.wait(1),
                    }
                    shown = frame(&mut stage);
                    continue;
                }
            };
            if is_left_out(&mut stage, &shown, answer) {
                left_out.set(left_out.get() + 1);
            } else {
                shown = frame(&mut stage);
            }
        }
    });
    // What is played is random: mostly 100 to 200 frames are left out, and with none of them nothing would be held.
    assert!(left_out.get() > 30, "{}", left_out.get());
}

#[test]
fn steps_are_counted_when_something_is_recorded_and_not_with_every_answer() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    TALLIED.with(|tallied| tallied.set(0));
    for role in ["active", "standby", "active"] {
        pass(&mut stage, 1_000);
        stage.answer("vault-1", Verdict::Ok, role);
    }
    assert_eq!(TALLIED.with(Cell::get), 0);
    stage.record(vec![Event::NoteAdded { step: None, text: "looked at it".into() }]);
    assert_eq!(TALLIED.with(Cell::get), 1);
}
