//! Whoever was away for long is told where the run stands before a key does anything.

use insta::assert_snapshot;

use crate::engine::Verdict;
use crate::tui::dialog::Dialog;
use crate::tui::message::Message;
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{Stage, event};

pub fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::open(size);
    stage.all_well();
    stage.look_at_health();
    stage.prepare();
    stage
}

pub fn hour(stage: &mut Stage) {
    stage.clock.advance(std::time::Duration::from_secs(3_600));
    stage.real_ms += 3_600_000;
    stage.all_well();
    stage.sample("vault-3", Verdict::Bad, "");
    stage.look_at_health();
}

#[test]
fn the_first_key_after_an_hour_only_shows_where_the_run_stands() {
    for size in [(80, 24), (120, 40)] {
        for key in ["enter", "s", "b", "y", "m"] {
            let mut stage = stage(size);
            hour(&mut stage);
            let records = stage.records.len();
            stage.press_at_once(key);
            assert!(stage.run().card.is_some(), "{key}");
            assert!(stage.run().dialog.is_none() && stage.run().over.is_none(), "{key}");
            if key == "enter" {
                assert_snapshot!(format!("absent_{}x{}", size.0, size.1), stage.picture());
            }
            for _ in 0..20 {
                stage.press_at_once("enter");
            }
            assert!(stage.run().card.is_some(), "a held key does not put it away");
            stage.press("enter");
            assert!(stage.run().card.is_none());
            assert_eq!(stage.records.len(), records, "{key}");
            stage.press("s");
            assert!(matches!(stage.run().dialog, Some(Dialog::Reason(_))));
        }
    }
}

#[test]
fn what_is_half_typed_stays_and_leaving_needs_no_card() {
    let mut stage = stage((120, 40));
    stage.press("n");
    stage.type_text("a note");
    hour(&mut stage);
    stage.press("!");
    assert!(stage.run().card.is_none());
    stage.press("ctrl-s");
    assert!(stage.picture().contains("current"));
    let mut stage = self::stage((120, 40));
    hour(&mut stage);
    stage.press("q");
    assert!(stage.run().card.is_none());
}

#[test]
fn nobody_is_woken_for_it() {
    let mut stage = stage((120, 40));
    let before = stage.app.wakes();
    stage.real_ms += 3_600_000;
    stage.tell(Message::Woken);
    assert!(stage.run().card.is_none());
    assert_eq!(stage.app.wakes().real_ms, before.real_ms.filter(|_| false));
    stage.tell(Message::Key(event("tab")));
    assert!(matches!(&stage.app.screen, Screen::Run(run) if run.card.is_some()));
}
