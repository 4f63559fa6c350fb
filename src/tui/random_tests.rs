//! Any keys, in any order.

use proptest::prelude::*;

use crate::engine::{Ended, Verdict};
use crate::tui::message::Message;
use crate::tui::screen::Screen;
use crate::tui::stage_tests::Stage;

#[test]
fn random_keys_neither_panic_nor_leave_the_screen_and_the_fold_apart() {
    let keys = [
        "enter", "esc", "y", "1", "s", "o", "r", "c", "a", "x", "b", "n", "w", "f", ".", "up", "down", "tab", "pgdn",
        "pgup", "?", "q", "v", "ctrl-s", "Q", "A",
    ];
    let play = proptest::collection::vec((0..keys.len(), proptest::bool::ANY, 0_u8..12), 1..60);
    proptest!(ProptestConfig::with_cases(60), |(play in play)| {
        let mut stage = Stage::open((80, 24));
        stage.all_well();
        for (key, is_slow, also) in play {
            if stage.app.exit.is_some() {
                break;
            }
            if is_slow { stage.press(keys[key]) } else { stage.press_at_once(keys[key]) }
            match also {
                0 => stage.finish(Ended::Exit(i32::from(is_slow))),
                1 => stage.wait(20),
                2 => stage.sample("vault-2", Verdict::Bad, ""),
                3 => stage.all_well(),
                4 => stage.tell(Message::Resized(120, 40)),
                5 => stage.tell(Message::Resized(61, 16)),
                _ => {}
            }
            if let Screen::Run(run) = &stage.app.screen {
                prop_assert_eq!(&run.state, &stage.state);
            }
            stage.picture();
        }
    });
}
