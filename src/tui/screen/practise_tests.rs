use insta::assert_snapshot;

use super::*;
use crate::clock::Timestamp;
use crate::tui::app::update;
use crate::tui::message::Message;
use crate::tui::shelf::Score;
use crate::tui::stage_tests::{click, event, look, picture, words};
use crate::tui::theme::{ASCII, UNICODE};

pub fn questions() -> Questions {
    let scenario = |id: &str, title: &str, is_calm: bool, score| ScenarioOffered {
        id: id.into(),
        title: title.into(),
        trouble: (!is_calm).then(|| format!("What goes wrong in {id}.")),
        learn: format!("What {id} teaches."),
        is_calm,
        hints: 2,
        seed: is_calm.then_some(1),
        score,
    };
    let score = Score {
        scenario: "hung".into(),
        attempts: 3,
        best: 95,
        last: 80,
        last_at: Timestamp::from_millis(1_795_140_000_000),
    };
    Questions {
        runbook: "vault-ha-upgrade".into(),
        title: "Upgrade a Vault HA cluster".into(),
        is_practice: true,
        scenarios: vec![
            scenario("calm", "A calm upgrade", true, None),
            scenario("hung", "Upgrade three nodes while clients are at work", false, Some(score)),
            scenario("wrong-share", "Upgrade three nodes before the morning", false, None),
        ],
        seed: 427_113,
        ..Questions::default()
    }
}

fn app(size: (u16, u16)) -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    assert!(update(&mut app, Message::SetUp(Ok(Box::new(questions())))).is_empty());
    app
}

fn press(app: &mut App, key: &str) -> Vec<Effect> {
    update(app, Message::Key(event(key)))
}

fn practice(scenario: &str, seed: Option<u64>, speed_milli: u64) -> Vec<Effect> {
    let (runbook, scenario) = ("vault-ha-upgrade".to_owned(), Some(scenario.to_owned()));
    vec![Effect::Begin(Wanted::Practice { runbook, scenario, seed, speed_milli })]
}

#[test]
fn the_chooser_tells_what_goes_wrong_only_of_what_was_walked() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut app = app(size);
        press(&mut app, "down");
        assert_snapshot!(format!("practise_{}x{}", size.0, size.1), picture(&app));
        let shown = picture(&app);
        for part in ["What hung teaches.", "What goes wrong in hung.", "--scenario hung"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        press(&mut app, "down");
        let shown = picture(&app);
        assert!(!shown.contains("wrong-share") && shown.contains("--scenario 3"), "{shown}");
    }
    let mut app = app((80, 24));
    app.look = look("mono", &ASCII);
    assert_snapshot!("practise_ascii_80x24", picture(&app));
}

#[test]
fn what_the_command_line_can_do_the_screen_can_do() {
    let mut app = app((120, 40));
    assert_eq!(press(&mut app, "enter"), practice("calm", Some(1), 1_000));
    assert!(press(&mut app, "enter").is_empty(), "it is being opened");
    update(&mut app, Message::Launched(Err("a port is taken".into())));
    assert!(picture(&app).contains("a port is taken"));
    // The surprise shows the seed that picks it.
    (0..9).for_each(|_| drop(press(&mut app, "down")));
    let shown = picture(&app);
    assert!(shown.contains("--scenario surprise --seed 427113"), "{shown}");
    press(&mut app, "tab");
    press(&mut app, "right");
    press(&mut app, "right");
    press(&mut app, "tab");
    (0..6).for_each(|_| drop(press(&mut app, "backspace")));
    press(&mut app, "7");
    assert!(picture(&app).contains("--scenario surprise --seed 7 --speed 5"), "{}", picture(&app));
    assert_eq!(press(&mut app, "enter"), practice("surprise", Some(7), 5_000));
}

#[test]
fn a_speed_or_seed_that_is_none_is_told_and_not_started() {
    let mut app = app((80, 24));
    press(&mut app, "tab");
    press(&mut app, "backspace");
    assert!(press(&mut app, "enter").is_empty());
    assert!(picture(&app).contains("the speed must be a number between 0.1 and 10000"));
    "0.25".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
    press(&mut app, "down");
    press(&mut app, "x");
    assert!(press(&mut app, "enter").is_empty());
    assert!(picture(&app).contains("the seed must be a whole number"));
    press(&mut app, "backspace");
    press(&mut app, "backspace");
    assert_eq!(press(&mut app, "enter"), practice("calm", None, 250));
}

#[test]
fn by_the_mouse_alone() {
    let mut app = app((80, 24));
    let mut click = |row| update(&mut app, click(10, row));
    assert!(click(3).is_empty());
    assert_eq!(click(3), practice("hung", None, 1_000));
}

#[test]
fn what_went_wrong_is_told_to_its_end_and_covers_nothing_that_can_be_chosen() {
    for size in [(60, 15), (80, 24), (120, 40)] {
        let mut app = app(size);
        let why = (1..30).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
        update(&mut app, Message::Launched(Err(why.clone())));
        let shown = picture(&app);
        assert!(words(&shown).contains(&why), "{shown}");
        for line in ["A calm upgrade", " seed "] {
            assert!(shown.contains(line), "{line}: {shown}");
        }
        // On the words themselves a click chooses nothing.
        let row = shown.lines().position(|line| line.contains("word1 ")).unwrap();
        update(&mut app, click(10, u16::try_from(row).unwrap()));
        assert_eq!(picture(&app), shown);
    }
}

#[test]
fn a_runbook_without_scenarios_has_a_calm_cluster() {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    let questions = Questions { scenarios: vec![], ..questions() };
    update(&mut app, Message::SetUp(Ok(Box::new(questions))));
    assert!(picture(&app).contains("There are no scenarios for this runbook"));
    let effects = press(&mut app, "enter");
    assert!(matches!(&effects[0], Effect::Begin(Wanted::Practice { scenario: None, seed: None, .. })), "{effects:?}");
}
