//! A terminal that has room for one pane: the run can be read and confirmed there, and nothing that was not read.

use insta::assert_snapshot;

use crate::engine::{Event, Mode, Verdict};
use crate::runbook::{Action, Argv};
use crate::tui::message::Message;
use crate::tui::replay_tests::{Stage as Replayed, recording, walked};
use crate::tui::stage_tests::{Stage, look, picture, run_action, runbook, text};
use crate::tui::theme::{ASCII, UNICODE};

const SIZES: [(u16, u16); 3] = [(40, 10), (50, 12), (59, 14)];

/// The words of the first step that must be read before it can be confirmed.
const CAUTIONS: [&str; 3] = ["WARNING", "CAUTION", "cannot be"];

#[test]
fn a_step_is_read_to_its_end_and_then_confirmed() {
    for size in SIZES {
        let mut stage = Stage::open(size);
        stage.all_well();
        if size == SIZES[0] {
            assert_snapshot!("small_caution_40x10", stage.picture());
        }
        let mut seen = String::new();
        for press in 0..20 {
            seen.push_str(&stage.picture());
            let step = stage.state.current.clone().unwrap();
            if stage.state.step(&step).unwrap().cautions_read {
                break;
            }
            assert!(press < 19, "{size:?}");
            stage.press("enter");
        }
        for words in CAUTIONS {
            assert!(seen.contains(words), "{size:?}: {words} was not on the screen\n{seen}");
        }
        assert!(stage.run().dialog.is_none());
        stage.press("enter");
        assert!(stage.picture().contains("Does anything in them"), "{}", stage.picture());
        assert_snapshot!(format!("small_confirm_{}x{}", size.0, size.1), stage.picture());
        stage.press("1");
        for _ in 0..4 {
            stage.press("enter");
            if stage.state.current.as_ref().unwrap().to_string() == "prepare/backup" {
                break;
            }
        }
        assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "prepare/backup", "{size:?}");
    }
}

#[test]
fn a_question_that_does_not_fit_is_read_on_before_its_answer_counts() {
    let mut book = runbook();
    let words: Vec<String> = (1..=80).map(|n| format!("word{n}")).collect();
    book.phases[0].steps[0].cautions.clear();
    book.phases[0].steps[0].action = Action::Confirm { prompt: text(&words.join(" ")), options: vec![] };
    for size in [(40, 10), (60, 15)] {
        let mut stage = Stage::of(book.clone(), size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        stage.press("enter");
        stage.type_text("all of it");
        let mut seen = stage.picture();
        let records = stage.records.len();
        let mut presses = 0;
        while stage.records.len() == records {
            stage.press("enter");
            seen.push_str(&stage.picture());
            presses += 1;
            assert!(presses < 40, "{size:?}");
        }
        for word in &words {
            assert!(seen.contains(word.as_str()), "{size:?}: {word} was never on the screen");
        }
        assert!(presses > 1, "{size:?}");
        let is_it = |event: &Event| matches!(event, Event::StepConfirmed { said, .. } if said == "all of it");
        assert!(stage.records.iter().any(|record| is_it(&record.event)));
    }
}

#[test]
fn what_was_scrolled_past_was_not_read() {
    let mut book = runbook();
    let lines: Vec<String> = (1..=60).map(|n| format!("line{n} of what is asked here")).collect();
    book.phases[0].steps[0].cautions.clear();
    book.phases[0].steps[0].action = Action::Confirm { prompt: text(&lines.join("\n")), options: vec![] };
    let mut stage = Stage::of(book, (40, 10), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("enter");
    stage.type_text("yes");
    for _ in 0..3 {
        stage.press("pgdn");
    }
    let records = stage.records.len();
    stage.press("enter");
    assert_eq!(stage.records.len(), records);
    stage.press("pgup");
    stage.press("enter");
    assert_eq!(stage.records.len(), records);
}

#[test]
fn a_command_that_does_not_fit_runs_only_when_all_of_it_was_seen() {
    let mut book = runbook();
    let words: Vec<String> = (1..=60).map(|n| format!("argument{n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    book.phases[0].steps[0].cautions.clear();
    book.phases[0].steps[0].action = run_action(&words);
    assert!(
        matches!(&book.phases[0].steps[0].action, Action::Run { argv: Argv::Words(words), .. } if words.len() == 60)
    );
    let mut stage = Stage::of(book, (40, 10), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("enter");
    stage.press("y");
    assert!(!stage.state.is_running());
    for _ in 0..60 {
        stage.press("down");
    }
    stage.press("y");
    assert!(stage.state.is_running());
}

#[test]
fn panes_alarms_and_overview_are_one_key_away() {
    let mut stage = Stage::open((40, 10));
    stage.all_well();
    stage.look_at_health();
    stage.sample("vault-3", Verdict::Bad, "");
    stage.look_at_health();
    stage.press("tab");
    assert_snapshot!("small_steps_40x10", stage.picture());
    stage.press("tab");
    assert!(stage.picture().contains("vault-3 ✘ bad"), "{}", stage.picture());
    stage.press("!");
    assert_snapshot!("small_alarms_40x10", stage.picture());
    stage.press("esc");
    stage.press("m");
    assert_snapshot!("small_overview_40x10", stage.picture());
    let mut ascii = Stage::of(runbook(), (59, 14), look("mono", &ASCII), Mode::Live);
    ascii.all_well();
    assert_snapshot!("small_ascii_59x14", ascii.picture());
}

/// Half a screen, and a terminal on its side.
#[test]
fn on_a_tall_terminal_all_panes_stand_above_each_other() {
    for size in [(80, 50), (40, 60)] {
        let mut stage = Stage::open(size);
        stage.all_well();
        stage.look_at_health();
        stage.sample("vault-3", Verdict::Bad, "");
        stage.look_at_health();
        assert_snapshot!(format!("tall_{}x{}", size.0, size.1), stage.picture());
        let panes = stage.run().panes_on_screen();
        stage.press("tab");
        assert_eq!(stage.run().panes_on_screen().step, panes.step, "{size:?}: only the keys go elsewhere");
    }
}

#[test]
fn below_the_smallest_nothing_is_confirmed_and_it_says_so() {
    for size in [(39, 40), (120, 9), (20, 5)] {
        let mut stage = Stage::open((80, 24));
        stage.all_well();
        stage.tell(Message::Resized(size.0, size.1));
        let records = stage.records.len();
        for key in ["enter", "enter", "1", "enter", "y"] {
            stage.press(key);
        }
        assert_eq!(stage.records.len(), records, "{size:?}");
        assert!(stage.picture().contains("needs 40x10") || size.0 < 30, "{}", stage.picture());
    }
}

#[test]
fn a_storm_of_sizes_ends_where_it_ends() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    let before = stage.picture();
    stage.press("m");
    for n in 0..400_u16 {
        let (columns, rows) = (n * 37 % 301, n * 53 % 101);
        stage.tell_unseen(Message::Resized(columns, rows));
        if n % 8 == 0 {
            stage.show();
            stage.picture();
        }
    }
    stage.tell(Message::Resized(120, 40));
    stage.press("esc");
    assert_eq!(stage.picture(), before);
}

#[test]
fn a_replay_is_read_there_too() {
    let played = walked("vault-ha-upgrade", "wrong-share", true);
    let stage = Replayed::open(recording(&played), Some(81), (40, 10));
    assert_snapshot!("small_replay_40x10", picture(&stage.app));
}

#[test]
fn the_header_answers_everything_at_a_glance_from_eighty_columns_on() {
    for size in [(80, 24), (120, 40), (200, 60), (300, 100)] {
        let mut stage = Stage::open(size);
        stage.all_well();
        stage.look_at_health();
        stage.press("s");
        stage.real_ms += 1_000;
        stage.type_text("known");
        stage.press("enter");
        stage.sample("vault-3", Verdict::Bad, "");
        stage.look_at_health();
        let picture = stage.picture();
        let header: String = picture.lines().take(3).collect();
        for fact in [
            "Upgrade a Vault HA cluster",
            "r1",
            "4f1c9a2e",
            "PRODUCTION",
            "prod-eu",
            "2026-11-21-vault-ha-7qf3",
            "maria",
            "0h00m",
            "02:4",
            "put the old binary back",
            "✔ 0 done",
            "▸ 1 current",
            "○ 5 pending",
            "» 1 skipped",
            "1 skip",
            "1 warning",
        ] {
            assert!(header.contains(fact), "{size:?}: {fact}\n{header}");
        }
    }
}
