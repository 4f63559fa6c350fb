use insta::assert_snapshot;

use crate::runbook::InputKind;
use crate::tui::app::{App, update};
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Message};
use crate::tui::screen::setup::tests::questions;
use crate::tui::stage_tests::{event, look, picture};
use crate::tui::theme::{ASCII, UNICODE};
use crate::tui::wanted::{Question, Questions};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn app(size: (u16, u16), questions: Questions) -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    update(&mut app, Message::SetUp(Ok(Box::new(questions))));
    app
}

fn press(app: &mut App, key: &str) -> Vec<Effect> {
    update(app, Message::Key(event(key)))
}

fn type_text(app: &mut App, text: &str) {
    text.chars().for_each(|c| drop(press(app, &c.to_string())));
}

/// What was found out about a text.
fn refuse(app: &mut App, input: &str, text: &str, why: &str) {
    let problem = Some(why.to_owned());
    update(app, Message::Checked { input: input.into(), text: text.into(), problem });
}

/// With a path to ask for, and one that has a value.
fn with_paths() -> Questions {
    let path = |input: &str, default: &str, given: &str| Question {
        input: input.into(),
        kind: InputKind::Path,
        prompt: "Where it lies".into(),
        default: default.into(),
        given: given.into(),
        is_optional: false,
        history: vec![],
    };
    let mut questions = questions();
    questions.asked.insert(0, path("backup", "", ""));
    questions.asked.push(path("log", "/var/log", "the runbook's default"));
    questions
}

fn line_of(app: &App, words: &str) -> String {
    let shown = picture(app);
    shown.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {shown}")).to_owned()
}

#[test]
fn a_field_that_was_left_missing_or_wrong_shows_it_and_the_way_on_counts_them() {
    for size in SIZES {
        let mut app = app(size, questions());
        let shown = picture(&app);
        assert!(!shown.contains('✘') && shown.contains("○ 2 values are missing"), "{shown}");
        assert!(line_of(&app, "How long to rest").contains("○ How long"), "{shown}");
        type_text(&mut app, "soon");
        refuse(&mut app, "target", "soon", "not a version such as 1.17.3");
        press(&mut app, "down");
        press(&mut app, "down");
        for words in ["Version to upgrade to", "How long to rest"] {
            assert!(line_of(&app, words).contains(&format!("✘ {words}")), "{}", picture(&app));
        }
        let shown = picture(&app);
        for words in ["✘ not a version such as", "✘ a value is needed", "✘ 1 missing, 1 not taken"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        // What has a value already and lost it, in its one line; why is told when the cursor is there.
        (0..2).for_each(|_| drop(press(&mut app, "down")));
        press(&mut app, "ctrl-u");
        refuse(&mut app, "stop", "", "a value is needed");
        press(&mut app, "down");
        assert!(line_of(&app, "stop ").contains("✘ stop"), "{}", picture(&app));
        assert_snapshot!(format!("set_up_unfit_{}x{}", size.0, size.1), picture(&app));
        press(&mut app, "up");
        assert!(picture(&app).contains("✘ a value is needed"), "{}", picture(&app));
        press(&mut app, "down");
        assert!(press(&mut app, "enter").is_empty());
        assert!(line_of(&app, "target:").contains("▸ target:"), "the first, missing or not: {}", picture(&app));
    }
}

#[test]
fn a_sign_is_read_without_colour_and_without_unicode() {
    let mut app = app((80, 24), questions());
    app.look = look("mono", &ASCII);
    type_text(&mut app, "soon");
    refuse(&mut app, "target", "soon", "not a version such as 1.17.3");
    press(&mut app, "down");
    press(&mut app, "down");
    assert!(line_of(&app, "Version to upgrade to").contains("x Version"), "{}", picture(&app));
    assert_snapshot!("set_up_unfit_ascii_80x24", picture(&app));
}

#[test]
fn a_key_that_changes_nothing_takes_no_reason_away() {
    let mut app = app((80, 24), questions());
    type_text(&mut app, "soon");
    refuse(&mut app, "target", "soon", "not a version such as 1.17.3");
    for key in ["left", "home", "ctrl-r", "end"] {
        assert!(press(&mut app, key).is_empty());
        assert!(picture(&app).contains("✘ not a version such as"), "{key}: {}", picture(&app));
    }
    update(&mut app, Message::Paste("x".repeat(70_000)));
    let shown = picture(&app);
    assert!(shown.contains("soon") && shown.contains("✘ not a version such as"), "{shown}");
    press(&mut app, "ctrl-u");
    update(&mut app, Message::Paste("x".repeat(70_000)));
    assert!(picture(&app).contains("longer than 64 KiB is not taken"), "{}", picture(&app));
}

#[test]
fn tab_writes_a_path_out_that_is_being_typed_and_else_goes_to_the_field_below() {
    for size in SIZES {
        let mut app = app(size, with_paths());
        assert!(picture(&app).contains("tab below"), "{}", picture(&app));
        press(&mut app, "tab");
        assert!(picture(&app).contains("▸ target:"), "nothing was typed: {}", picture(&app));
        press(&mut app, "up");
        type_text(&mut app, "/sr");
        assert!(picture(&app).contains("tab complete"), "{}", picture(&app));
        assert_eq!(press(&mut app, "tab"), [Effect::Complete("/sr".into())]);
        let told = |app: &mut App, typed: &str, found: &[&str]| {
            let found = found.iter().map(|path| (*path).to_owned()).collect();
            update(app, Message::Completed { typed: typed.into(), found })
        };
        let checks = told(&mut app, "/sr", &["/srv/"]);
        assert!(matches!(&checks[..], [Effect::Check { text, .. }] if text == "/srv/"), "{checks:?}");
        assert!(told(&mut app, "/srv/", &["/srv/backup/", "/srv/logs/"]).is_empty());
        assert_snapshot!(format!("set_up_path_{}x{}", size.0, size.1), picture(&app));
        assert!(picture(&app).contains("backup/  logs/"), "{}", picture(&app));
        // What lies on another machine is not found here, and is no fault.
        type_text(&mut app, "x");
        told(&mut app, "/srv/x", &[]);
        let shown = picture(&app);
        assert!(
            shown.contains("  nothing there begins like that") && shown.contains("2 values are missing"),
            "{shown}"
        );
        told(&mut app, "/srv/x", &["/srv/x"]);
        told(&mut app, "/gone on", &["/gone on/typing"]);
        assert!(picture(&app).contains("/srv/x"), "{}", picture(&app));
        press(&mut app, "enter");
        assert!(picture(&app).contains("▸ target:"), "{}", picture(&app));
        // What stands there already is gone on from.
        (0..5).for_each(|_| drop(press(&mut app, "tab")));
        assert!(picture(&app).contains("▸ log:") && press(&mut app, "tab").is_empty(), "{}", picture(&app));
        assert!(!picture(&app).contains("▸ log:"), "{}", picture(&app));
    }
}

#[test]
fn a_path_that_begins_at_home_is_shown_as_it_will_be_used() {
    let mut app = app((120, 40), with_paths());
    type_text(&mut app, "~/backup");
    let meant = crate::journal::at_home("~/backup");
    let is_known = meant != "~/backup";
    let told = format!("it is used as {meant}");
    assert_eq!(picture(&app).contains(&told), is_known, "{}", picture(&app));
    press(&mut app, "enter");
    assert_eq!(picture(&app).contains(&told), is_known, "{}", picture(&app));
}

#[test]
fn every_key_of_the_form_stands_in_its_help_and_those_of_the_field_in_the_bar() {
    let mut app = app((80, 24), questions());
    let bar = |app: &App| picture(app).lines().last().unwrap_or_default().to_owned();
    for words in ["ctrl-p earlier", "f1 help", "esc library"] {
        assert!(bar(&app).contains(words), "{}", bar(&app));
    }
    assert!(picture(&app).contains("earlier here (ctrl-p, ctrl-n): 1.16.2"), "{}", picture(&app));
    assert!(!bar(&app).contains("ctrl-n"), "there is none: {}", bar(&app));
    press(&mut app, "ctrl-p");
    assert!(bar(&app).contains("ctrl-n later"), "{}", bar(&app));
    press(&mut app, "f1");
    let help = picture(&app);
    for key in ["tab", "left", "right", "ctrl-p", "ctrl-n", "ctrl-_, alt-z", "ctrl-r", "esc"] {
        assert!(help.lines().any(|line| line.contains(&format!("  {key} "))), "{key}: {help}");
    }
    press(&mut app, "f1");
    press(&mut app, "ctrl-n");
    type_text(&mut app, "one");
    let effects = press(&mut app, "ctrl-_");
    assert!(matches!(&effects[..], [Effect::Check { text, .. }] if text.is_empty()), "{effects:?}");
    (0..3).for_each(|_| drop(press(&mut app, "down")));
    assert!(bar(&app).contains("right other option"), "{}", bar(&app));
}

#[test]
fn what_nobody_gave_comes_from_nowhere() {
    let mut questions = questions();
    questions.asked[3] = Question {
        default: String::new(),
        given: "may stay empty".into(),
        is_optional: true,
        ..questions.asked[3].clone()
    };
    let mut app = app((80, 24), questions);
    (0..3).for_each(|_| drop(press(&mut app, "down")));
    assert!(picture(&app).contains("mode: How (one of in place, replace; may stay empty)"), "{}", picture(&app));
}

#[test]
fn a_runbook_without_inputs_says_so_and_what_comes_next() {
    for size in SIZES {
        let none = Questions { asked: Vec::new(), ..questions() };
        let mut app = app(size, none);
        let shown = picture(&app);
        assert!(
            shown.contains("This runbook has no inputs. enter looks at what there is before the start."),
            "{shown}"
        );
        assert!(!shown.contains("missing"), "{shown}");
        assert_snapshot!(format!("set_up_without_inputs_{}x{}", size.0, size.1), shown);
        assert!(matches!(press(&mut app, "enter")[..], [Effect::Preflight { is_accepted: false, .. }]));
    }
}
