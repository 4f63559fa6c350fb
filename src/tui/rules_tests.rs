//! Rules for people under pressure (`RULES.md`), looked at on the screens as they are drawn.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{Allowed, Mode};
use crate::runbook::{CautionLevel, parse};
use crate::tui::app::App;
use crate::tui::defer_tests::deferrable;
use crate::tui::dialog::Dialog;
use crate::tui::gallery_tests::{all, drawn};
use crate::tui::screen::Screen;
use crate::tui::screen::run::cautions::Shown;
use crate::tui::stage_tests::{Stage, look, picture, runbook};
use crate::tui::tell;
use crate::tui::theme::{ASCII, Meaning, SHIPPED, UNICODE};
use crate::tui::widget::cautions;
use crate::tui::widget::checklist::Tally;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn row(buffer: &Buffer, place: Rect, y: u16) -> String {
    (place.left()..place.right()).map(|x| buffer[(x, y)].symbol()).collect()
}

/// The scene of that name.
fn scene(name: &str, size: (u16, u16), theme: &str) -> App {
    let (_, scene) = all().find(|(of, _)| *of == name).expect("it is in the gallery");
    let mut app = scene(size, look(theme, &UNICODE));
    app.derive();
    app
}

/// Rule 1: sign and word differ for each state, in both sets of signs.
#[test]
fn every_state_of_a_step_has_a_sign_and_a_word_of_its_own() {
    let all = Tally::default().all().map(|(status, _)| status);
    for glyphs in [&UNICODE, &ASCII] {
        let told = all.map(|status| tell::status(status, glyphs));
        let signs: BTreeSet<_> = told.iter().map(|(sign, ..)| *sign).collect();
        let words: BTreeSet<_> = told.iter().map(|(_, word, _)| *word).collect();
        assert_eq!((signs.len(), words.len()), (all.len(), all.len()), "{signs:?} {words:?}");
    }
}

/// Rule 2: at most one line of the list says that it is the current step, and where another one is looked at the way back
/// to it is told.
#[test]
fn one_step_is_the_current_one_in_every_list_of_steps() {
    let mut lists = 0;
    for (name, scene) in all() {
        for size in SIZES {
            let mut app = scene(size, look("dark", &UNICODE));
            app.derive();
            let Screen::Run(run) = &app.screen else { continue };
            let is_covered = run.dialog.is_some() || run.card.is_some() || run.over.is_some() || run.console.is_some();
            if is_covered || app.pick.is_some() || app.help.is_some() {
                continue;
            }
            let (buffer, list) = (drawn(&app), run.panes_on_screen().list());
            let told = (list.top()..list.bottom()).filter(|y| {
                row(&buffer, list, *y).contains("] current") || row(&buffer, list, *y).contains("]  current")
            });
            let count = told.count();
            assert!(count <= 1, "{name} {size:?}: {count} are current\n{}", picture(&app));
            lists += count;
            let is_elsewhere = run.state.current.is_some() && !run.is_at_current();
            if is_elsewhere && run.found.is_none() && run.view.alarms.is_empty() {
                assert!(picture(&app).contains("current: "), "{name} {size:?}\n{}", picture(&app));
            }
        }
    }
    assert!(lists > 40, "{lists}");
}

/// Rule 3: what was known before is not believed after; the action is there again when the probes have answered anew.
#[test]
fn who_comes_back_acts_only_once_the_preconditions_were_asked_anew() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.prepare();
    let may_run = |stage: &Stage| stage.run().view.allowed.iter().any(|it| matches!(it, Allowed::Run(_)));
    assert!(may_run(&stage), "{}", stage.picture());
    stage.resume();
    assert!(stage.run().card.is_some());
    stage.press("enter");
    assert!(stage.run().card.is_none() && !may_run(&stage), "{}", stage.picture());
    stage.press("enter");
    assert!(matches!(stage.run().dialog, Some(Dialog::Why(_))), "{}", stage.picture());
    stage.press("esc");
    stage.all_well();
    assert!(may_run(&stage), "{}", stage.picture());
}

/// Rule 4: what was put off stands in the header and keeps the run open.
#[test]
fn a_run_with_a_step_that_was_put_off_says_so_and_is_not_closed() {
    for size in SIZES {
        let mut stage = Stage::open(size);
        deferrable(&mut stage);
        stage.press("d");
        stage.type_text("they sleep");
        stage.press("enter");
        let picture = stage.picture();
        let header: String = picture.lines().take(3).collect();
        assert!(header.contains("1 deferred"), "{picture}");
        assert!(!stage.run().view.allowed.contains(&Allowed::Close));
        stage.press("Q");
        assert!(stage.run().dialog.is_none() && stage.state.closed.is_none(), "{}", stage.picture());
    }
}

/// Rule 5: whatever lies over a run, its title, its environment's word on a patch of its colour, and its site stand above.
#[test]
fn which_run_it_is_stands_over_everything_that_can_be_opened_on_it() {
    let mut runs = 0;
    for (name, scene) in all() {
        for size in SIZES {
            for theme in ["dark", "sixteen", "mono"] {
                let mut app = scene(size, look(theme, &UNICODE));
                app.derive();
                let Screen::Run(run) = &app.screen else { continue };
                let opened = run.state.opened.as_ref().expect("it was opened");
                let buffer = drawn(&app);
                let first = row(&buffer, buffer.area, 0);
                let Some(site) = opened.site.as_ref() else {
                    assert!(opened.mode == Mode::Practice && first.contains(" PRACTICE "), "{name}: {first}");
                    continue;
                };
                let at = first.find(&format!(" {} ", site.environment));
                let at = at.unwrap_or_else(|| panic!("{name} {size:?}:\n{}", picture(&app)));
                let column = u16::try_from(first[..at].chars().count() + 1).expect("a screen is no wider");
                let (cell, patch) = (&buffer[(column, 0)], app.look.theme.environment(&site.colour));
                let seen = (cell.fg, cell.bg, cell.modifier);
                let wanted = (patch.fg.unwrap_or_default(), patch.bg.unwrap_or_default(), patch.add_modifier);
                assert_eq!(seen, wanted, "{name} {size:?} {theme}");
                assert!(first.contains(&site.name) && first.contains(&run.runbook.title[..7]), "{name}: {first}");
                runs += 1;
            }
        }
    }
    assert!(runs > 300, "{runs}");
}

/// Rule 9: without any colour a warning, a caution and a note are told apart by their frames and by their words.
#[test]
fn a_warning_a_caution_and_a_note_differ_in_frame_and_word_in_both_sets_of_signs() {
    for glyphs in [&UNICODE, &ASCII] {
        let told = [CautionLevel::Warning, CautionLevel::Caution, CautionLevel::Note].map(|level| {
            let shown = Shown { level, text: "Mind it.".into(), read_for: None };
            let lines = cautions::lines(&shown, 40, &look("mono", glyphs));
            lines.iter().map(|line| line.0.iter().map(|(text, _)| text.as_str()).collect()).collect::<Vec<String>>()
        });
        let [warning, caution, note] = &told;
        for (lines, word) in [(warning, "WARNING"), (caution, "CAUTION"), (note, "NOTE")] {
            assert!(lines[0].contains(word), "{lines:?}");
        }
        assert_eq!((warning.len(), caution.len(), note.len()), (3, 3, 1), "two are boxes, one is none");
        let edges: BTreeSet<_> = told.iter().map(|lines| lines[0].chars().next()).collect();
        assert_eq!(edges.len(), 3, "{told:?}");
        let ends: BTreeSet<_> = told.iter().map(|lines| lines[lines.len() - 1].clone()).collect();
        assert_eq!(ends.len(), 3, "{told:?}");
    }
}

/// Rule 13: of a step that may not apply that comes first, before what it is about; and one that did not says why.
#[test]
fn the_condition_of_a_step_stands_above_it_and_why_it_did_not_apply_below() {
    const BOOK: &str = "format = 1\nid = \"if\"\ntitle = \"If\"\nsystem = \"demo\"\n\
        [[phase]]\nid = \"all\"\ntitle = \"All\"\n\
        [[phase.step]]\nid = \"how\"\ntitle = \"Say how\"\nchoose = [{ is = \"in-place\", title = \"In place\" }, { is = \"new\", title = \"New ones\" }]\n\
        [[phase.step]]\nid = \"buy\"\ntitle = \"Buy servers\"\ntext = \"Two of them.\"\ncaution = \"They cost.\"\n\
        when = { holds = '.choices.how == \"new\"', why = \"The servers stay.\" }\nconfirm = \"Bought?\"\n\
        [[phase.step]]\nid = \"end\"\ntitle = \"End it\"\nconfirm = \"Ended?\"\n";
    for size in SIZES {
        let (book, told) = parse(BOOK);
        let book = book.unwrap_or_else(|| panic!("{told:?}"));
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        stage.press("down");
        let picture = stage.picture();
        let place = |words: &str| picture.find(words).unwrap_or_else(|| panic!("{words}: {picture}"));
        assert!(place("left out if this is so: The servers stay.") < place("CAUTION"), "{picture}");
        assert!(place("CAUTION") < place("Two of them."), "{picture}");
        ["up", "enter", "1", "enter", "up"].iter().for_each(|key| stage.press(key));
        let picture = stage.picture();
        assert!(picture.contains("n/a") && picture.contains("The servers stay."), "{picture}");
    }
}

/// Rule 15: a wait, and a check that must hold for a while, say how long and until when.
#[test]
fn what_is_waited_for_says_how_long_and_how_much_of_it_is_left() {
    for size in SIZES {
        let waiting = picture(&scene("waiting", size, "dark"));
        assert!(waiting.contains("waits 1 min") && waiting.contains("40 s left of 1 min"), "{waiting}");
        let soaking = picture(&scene("soak", size, "dark"));
        assert!(soaking.contains("21 h"), "{soaking}");
        let mut stage = Stage::open(size);
        stage.all_well();
        for _ in 0..5 {
            stage.press("down");
        }
        let ahead = stage.picture();
        assert!(ahead.contains("its rule has held for 10 s without a break"), "{ahead}");
    }
}

/// Rule 21: an override and a skip have a sign, a word and a look that what went well has not, in every theme; the header
/// counts them.
#[test]
fn an_override_is_drawn_unlike_what_went_well_in_every_theme() {
    for theme in SHIPPED {
        for size in SIZES {
            let app = scene("overridden", size, theme);
            let Screen::Run(run) = &app.screen else { panic!("no run") };
            let (buffer, list) = (drawn(&app), run.panes_on_screen().list());
            let header: String = (0..3).map(|y| row(&buffer, buffer.area, y)).collect();
            assert!(header.contains("! 1") && header.contains("1 override"), "{header}");
            let done = app.look.style(Meaning::Done);
            for word in ["override", "skipped"] {
                let y = (list.top()..list.bottom()).find(|y| row(&buffer, list, *y).trim_end().ends_with(word));
                let y = y.unwrap_or_else(|| panic!("{word}: {}", picture(&app)));
                let text = row(&buffer, list, y);
                let column = text[..text.rfind(word).expect("it is in it")].chars().count();
                let cell = &buffer[(list.x + u16::try_from(column).expect("a screen is no wider"), y)];
                let looks_done = (cell.fg, cell.modifier) == (done.fg.unwrap_or_default(), done.add_modifier);
                assert!(!looks_done, "{theme} {size:?}: {word}");
                assert!(!text.contains(UNICODE.done), "{text}");
            }
        }
    }
}

/// Rule 32: below its banner a rehearsal looks as a live run does, but for the keys that only it has.
#[test]
fn a_rehearsal_has_the_screens_of_a_live_run_but_for_its_banner_and_its_keys() {
    for size in SIZES {
        let [live, practice] = [Mode::Live, Mode::Practice].map(|mode| {
            let mut stage = Stage::of(runbook(), size, look("dark", &UNICODE), mode);
            stage.all_well();
            stage.prepare();
            stage
        });
        let [live, practice] = [live.picture(), practice.picture()];
        let [live, practice] = [&live, &practice].map(|picture| picture.lines().collect::<Vec<_>>());
        assert!(practice[0].contains("PRACTICE") && !live[0].contains("PRACTICE"));
        let rows = live.len() - 2;
        assert_eq!(live[1..rows], practice[1..rows], "{size:?}");
        assert!(!live[rows..].concat().contains("console"), "{size:?}");
    }
}
