//! All phases and all nodes in one grid.

use insta::assert_snapshot;
use serde_json::json;

use crate::engine::{Ended, Event, Item, Mode, Proposal, Verdict};
use crate::runbook::{InputId, InputKind};
use crate::tui::replay_tests::{Stage as Replayed, recording, walked};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::grid::LOOKED;
use crate::tui::screen::run::over::Over;
use crate::tui::stage_tests::{Stage, click, look, picture, runbook};
use crate::tui::theme::{ASCII, UNICODE};
use crate::tui::widget::names::COMPARED;

/// A run in which something of every kind happened.
fn varied(size: (u16, u16)) -> Stage {
    let mut book = runbook();
    let nodes = crate::runbook::Input {
        id: InputId::new("nodes"),
        kind: InputKind::Nodes(vec![]),
        prompt: "Nodes".into(),
        default: None,
        optional: false,
    };
    book.inputs = vec![nodes];
    let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("s");
    stage.real_ms += 1_000;
    stage.type_text("read");
    stage.press("enter");
    stage.press("enter");
    stage.type_text("before-1.17");
    stage.press("enter");
    stage.press("enter");
    stage.type_text("vault-1");
    stage.press("enter");
    stage.look_at_conditions();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    stage.finish(Ended::Exit(1));
    stage.sample("vault-2", Verdict::Bad, "");
    stage
}

fn cell(stage: &Stage) -> (usize, usize) {
    let Some(Over::Overview(overview)) = &stage.run().over else { panic!("the overview is not there") };
    let panes = stage.run().panes_on_screen();
    overview.lay(stage.run(), panes.text(panes.body)).at
}

fn shown(run: &Run) -> String {
    run.shown_step().map(|key| key.to_string()).unwrap_or_default()
}

#[test]
fn the_overview_at_every_size() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = varied(size);
        stage.press("m");
        assert_snapshot!(format!("overview_{}x{}", size.0, size.1), stage.picture());
    }
    let mut stage = varied((80, 24));
    stage.app.look = look("mono", &ASCII);
    stage.press("m");
    stage.press("tab");
    assert_snapshot!("overview_ascii_80x24", stage.picture());
}

#[test]
fn what_is_partly_done_has_a_sign_of_its_own() {
    for (glyphs, sign) in [(&UNICODE, "◐"), (&ASCII, "%")] {
        let mut stage = varied((120, 40));
        stage.app.look = look("dark", glyphs);
        // The step of the one node is over, that of the other is still to come.
        stage.press("o");
        stage.real_ms += 1_000;
        stage.type_text("stopped by hand");
        stage.press("enter");
        stage.press("m");
        let picture = stage.picture();
        assert!(picture.contains(&format!("{sign} 1/2")), "{picture}");
        assert!(!picture.contains(&format!("{} 1/2", glyphs.pending)), "{picture}");
        ["up", "left", "left"].iter().for_each(|key| stage.press(key));
        let picture = stage.picture();
        assert!(picture.contains(&format!("{sign} 1 of 2 done")), "{picture}");
    }
}

#[test]
fn enter_looks_at_the_chosen_step_and_the_current_one_is_not_lost() {
    let mut stage = varied((120, 40));
    let current = stage.state.current.clone().unwrap();
    stage.press("g");
    assert_eq!(shown(stage.run()), current.to_string());
    let records = stage.records.len();
    stage.press("up");
    stage.press("up");
    stage.press("left");
    stage.press("left");
    stage.press("left");
    stage.press("enter");
    assert!(stage.run().over.is_none());
    assert_eq!(shown(stage.run()), "prepare/leader");
    assert!(stage.picture().contains("current: 2.1"), "{}", stage.picture());
    for _ in 0..30 {
        stage.press_at_once("enter");
    }
    assert_eq!(stage.records.len(), records, "a held key does nothing");
    stage.press(".");
    assert_eq!(stage.run().shown_step(), Some(current));
}

#[test]
fn the_keys_of_the_step_do_nothing_over_it() {
    let mut stage = varied((120, 40));
    stage.press("m");
    let records = stage.records.len();
    for key in ["r", "s", "o", "y", "A", "b", "Q", "n"] {
        stage.press(key);
        assert!(stage.run().dialog.is_none(), "{key}");
    }
    assert_eq!(stage.records.len(), records);
    stage.press("esc");
    assert!(stage.run().over.is_none());
}

#[test]
fn a_cell_without_a_step_leads_nowhere_and_says_so() {
    let mut stage = varied((120, 40));
    stage.press("m");
    for _ in 0..9 {
        stage.press("up");
    }
    for _ in 0..9 {
        stage.press("right");
    }
    stage.press("enter");
    assert!(stage.run().over.is_some());
    assert!(stage.picture().contains("there is no step in this cell"));
}

#[test]
fn a_click_goes_to_the_step_under_it() {
    let mut stage = varied((120, 40));
    stage.press("m");
    let picture = stage.picture();
    let lines: Vec<&str> = picture.lines().collect();
    let row = lines.iter().position(|line| line.contains("Start and unseal")).unwrap();
    let head = lines.iter().find(|line| line.contains("vault-3")).unwrap();
    let column = head.split("vault-3").next().unwrap().chars().count() - 1;
    stage.tell(click(u16::try_from(column).unwrap(), u16::try_from(row).unwrap()));
    assert_eq!(shown(stage.run()), "standbys[vault-3]/start");
}

/// A run whose loop has that many items.
fn large(items: usize, size: (u16, u16)) -> Stage {
    of_names((0..items).map(|n| format!("nomad-client-{n:04}")), size)
}

fn of_names(names: impl Iterator<Item = String>, size: (u16, u16)) -> Stage {
    let mut stage = Stage::open(size);
    let item = |name: String| Item { name: Some(name.clone()), value: json!({ "name": name }) };
    let items = names.map(item).collect();
    stage.record(vec![Event::PhaseBound { phase: crate::runbook::PhaseId::new("standbys"), items }]);
    stage
}

#[test]
fn sixteen_nodes_are_told_apart_however_their_names_begin_and_end() {
    let kinds: [fn(usize) -> String; 4] = [
        |n| format!("ipfs-{n:02}-frankfurt-rack-a"),
        |n| format!("crdb-eu-central-1-node-{n:02}"),
        |n| format!("gitlab-{}-{n:02}-prod-eu", ["web", "sidekiq"][n % 2]),
        |n| format!("db-{n:02}.north.example.net"),
    ];
    for size in [(80, 24), (120, 40), (200, 60)] {
        for kind in kinds {
            let mut stage = of_names((1..=16).map(kind), size);
            stage.press("m");
            let mut seen = std::collections::HashSet::new();
            let mut columns = 0;
            for _ in 0..=16 {
                let Some(Over::Overview(overview)) = &stage.run().over else { panic!("it is not there") };
                let lay = overview.lay(stage.run(), stage.run().over_area());
                let row = stage.picture().lines().nth(usize::from(lay.names.y)).unwrap_or_default().to_owned();
                let row: Vec<char> = row.trim_matches('"').chars().collect();
                let from = usize::from(lay.names.x + lay.title + lay.all);
                for at in 0..lay.columns - 1 {
                    let cells = &row[from + at * usize::from(lay.cell)..][..usize::from(lay.cell) - 2];
                    let told: String = cells.iter().collect();
                    columns += usize::from(seen.insert((lay.first_column + at, told.trim().to_owned())));
                }
                stage.press("right");
            }
            let names: std::collections::HashSet<_> = seen.iter().map(|(_, name)| name).collect();
            assert_eq!((columns, names.len()), (16, 16), "{size:?}: {seen:?}\n{}", stage.picture());
        }
    }
}

#[test]
fn a_thousand_nodes_turn_by_pages_and_the_chosen_one_is_always_in_view() {
    for size in [(40, 10), (59, 14), (80, 24), (120, 40), (300, 100)] {
        let mut stage = large(1_000, size);
        stage.propose(Proposal::Advance);
        stage.press("m");
        stage.press("down");
        for key in ["right", "down"].into_iter().cycle().take(60).chain(["pgdn", "pgup", "tab", "right", "tab"]) {
            stage.press(key);
            let Some(Over::Overview(overview)) = &stage.run().over else { panic!("it is not there") };
            let panes = stage.run().panes_on_screen();
            let lay = overview.lay(stage.run(), panes.text(panes.body));
            let lines = lay.first_line..lay.first_line + usize::from(lay.lines.height);
            let columns = lay.first_column..lay.first_column + lay.columns.saturating_sub(1).max(1);
            assert!(lay.lines.height == 0 || lines.contains(&lay.at.0), "{size:?} {key} {lay:?}");
            assert!(lay.at.1 == 0 || columns.contains(&lay.at.1), "{size:?} {key} {lay:?}");
            stage.picture();
        }
    }
    let mut stage = large(1_000, (120, 40));
    stage.press("m");
    for _ in 0..31 {
        stage.press("right");
    }
    assert!(cell(&stage).1 == 31);
    assert_snapshot!("overview_many_120x40", stage.picture());
}

#[test]
fn a_frame_looks_up_no_more_cells_than_it_shows_however_many_nodes_there_are() {
    for items in [10, 100, 5_000] {
        let mut stage = large(items, (120, 40));
        stage.press("m");
        LOOKED.with(|looked| looked.set(0));
        stage.picture();
        let looked = LOOKED.with(std::cell::Cell::get);
        // Lines and columns of the screen, and what is told of the chosen cell.
        assert!(looked <= 10 * 10 + 2, "{items}: {looked}");
    }
}

#[test]
fn names_are_compared_when_nodes_come_and_not_with_every_record() {
    let mut stage = large(1_000, (120, 40));
    stage.press("m");
    stage.picture();
    COMPARED.with(|compared| compared.set(0));
    let step = stage.run().state.current.clone().expect("one is the current one");
    let text = "looked at it".to_owned();
    stage.record(vec![Event::NoteAdded { step: Some(step), text }]);
    stage.picture();
    assert_eq!(COMPARED.with(std::cell::Cell::get), 0);
    let Some(Over::Overview(overview)) = &stage.run().over else { panic!("it is not there") };
    assert!(overview.grid.is_of(&stage.run().state), "it was gathered anew");
}

#[test]
fn a_replay_has_the_same_overview_and_time_goes_on_under_it() {
    let played = walked("vault-ha-upgrade", "wrong-share", true);
    let mut stage = Replayed::open(recording(&played), Some(played.1.len() as u64 / 2), (120, 40));
    stage.press("m");
    assert!(picture(&stage.app).contains("Overview"));
    let before = stage.replay().at;
    stage.press("N");
    assert_ne!(stage.replay().at, before, "keys of the timeline act");
    assert_snapshot!("overview_replay_120x40", picture(&stage.app));
    stage.press("esc");
    assert!(stage.replay().run.over.is_none());
}

#[test]
fn a_loop_in_a_loop_names_the_outer_items_above_the_inner_ones() {
    let played = walked("gitlab-upgrade", "calm", true);
    let mut stage = Replayed::open(recording(&played), Some(played.1.len() as u64 * 3 / 5), (120, 40));
    stage.press("m");
    assert_snapshot!("overview_nested_120x40", picture(&stage.app));
}
