use insta::assert_snapshot;

use crate::engine::SiteSeen;
use crate::runbook::InputKind;
use crate::session::preflight::{Finding, Mark, Preflight, Told, Unasked};
use crate::tui::app::{App, update};
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Message};
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{click, event, look, picture, words};
use crate::tui::theme::{ASCII, UNICODE};
use crate::tui::wanted::{Question, Questions, SiteOffered, Wanted};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn site() -> SiteSeen {
    SiteSeen { name: "prod-eu".into(), environment: "PRODUCTION".into(), colour: "red".into() }
}

pub fn questions() -> Questions {
    let question = |input: &str, kind, prompt: &str, default: &str, given: &str| Question {
        input: input.into(),
        kind,
        prompt: prompt.into(),
        default: default.into(),
        given: given.into(),
        is_optional: false,
        history: vec![],
    };
    let mut asked = vec![
        question("target", InputKind::Version, "Version to upgrade to", "", ""),
        question("wait", InputKind::Duration, "How long to rest", "", ""),
        question(
            "nodes",
            InputKind::Nodes(vec!["api".into()]),
            "Every node",
            "[{\"name\":\"vault-1\"}]",
            "the site file",
        ),
        question("mode", InputKind::Choice(vec!["in place".into(), "replace".into()]), "How", "in place", "--set"),
        question("stop", InputKind::Command, "Stops it", "[\"ssh\",\"{{ .node.ssh }}\"]", "the runbook's default"),
    ];
    asked[0].history = vec!["1.16.2".into(), "1.15.0".into()];
    Questions {
        runbook: "vault-ha-upgrade".into(),
        title: "Upgrade a Vault HA cluster".into(),
        version: "vault-ha-upgrade r1, sha256 4f1c9a2e".into(),
        site: Some(site()),
        site_file: Some("/etc/piton/sites/prod-eu.toml".into()),
        sites_folder: "/etc/piton/sites".into(),
        asked,
        ..Questions::default()
    }
}

/// Nothing left to ask: as when all was given on the command line.
pub fn ready() -> Questions {
    let mut questions = questions();
    questions.asked.drain(..2);
    Questions { is_ready: true, ..questions }
}

fn app(size: (u16, u16), questions: Questions) -> (App, Vec<Effect>) {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    let effects = update(&mut app, Message::SetUp(Ok(Box::new(questions))));
    (app, effects)
}

fn press(app: &mut App, key: &str) -> Vec<Effect> {
    update(app, Message::Key(event(key)))
}

fn type_text(app: &mut App, text: &str) {
    text.chars().for_each(|c| drop(press(app, &c.to_string())));
}

fn commands(count: usize) -> Vec<Unasked> {
    let command = |number: usize| Unasked {
        whose: format!("store[vault-{number}]"),
        argv: vec!["ssh".into(), format!("vault-{number}"), "df -h /var".into()],
        filled: if number == 1 { vec![] } else { vec![vec![], vec![0..7], vec![]] },
        is_secret: number == 1,
    };
    (1..=count).map(command).collect()
}

pub fn found(is_asked: bool, marks: &[Mark], count: usize) -> Preflight {
    let finding = |(index, mark): (usize, &Mark)| {
        let about = ["journal", "probe", "clock"][index % 3];
        let is_ok = *mark == Mark::Ok;
        let (told, todo) = match (about, is_ok) {
            ("journal", true) => ("it can be written in /state/piton/runs; 41 GiB free", ""),
            ("journal", false) => {
                ("it cannot be written in /state/piton/runs: no space left on device", "make room there")
            }
            ("probe", true) => ("vault: 3 of 3 answered and are ok", ""),
            ("probe", false) => {
                ("vault[vault-2]: it cannot be told how it is: connection refused", "look at that node first")
            }
            (_, true) => ("2026-11-21T02:41:10Z, after every record of this machine", ""),
            (_, false) => ("it stands at 02:41, but a run has a record of 03:12", "set it right first"),
        };
        Finding { mark: *mark, about: about.into(), told: told.into(), todo: todo.into(), count: 1 }
    };
    Preflight {
        commands: commands(count),
        told: Vec::new(),
        is_asked,
        found: marks.iter().enumerate().map(finding).collect(),
    }
}

/// What the latest look found.
pub fn tell(app: &mut App, found: Preflight) {
    let Screen::SetUp(set_up) = &app.screen else { panic!("it is not set up") };
    let number = set_up.looking.expect("it is being looked");
    update(app, Message::Preflight(number, Ok(found)));
}

fn shot(name: &str, app: &App) {
    assert_snapshot!(format!("{name}_{}x{}", app.size.0, app.size.1), picture(app));
}

#[test]
fn the_form_tells_of_each_field_what_it_takes_why_it_is_wrong_and_where_it_comes_from() {
    for size in SIZES {
        let (mut app, checks) = app(size, questions());
        assert_eq!(checks.len(), 2, "what must be asked is looked at first");
        type_text(&mut app, "soon");
        let problem = Some("\"soon\" is not a version".to_owned());
        update(&mut app, Message::Checked { input: "target".into(), text: "soon".into(), problem });
        shot("set_up_form", &app);
        press(&mut app, "ctrl-p");
        press(&mut app, "ctrl-p");
        assert!(picture(&app).contains("1.15.0"));
        press(&mut app, "ctrl-n");
        update(&mut app, Message::Checked { input: "target".into(), text: "1.16.2".into(), problem: None });
        press(&mut app, "enter");
        type_text(&mut app, "5");
        press(&mut app, "?");
        assert!(app.help.is_none(), "a character goes into the field");
        press(&mut app, "backspace");
        // What has a value already need not be gone through.
        press(&mut app, "enter");
        let effects = press(&mut app, "enter");
        let Effect::Preflight { wanted: Wanted::Live { answers, .. }, is_accepted: false, .. } = &effects[0] else {
            panic!("{effects:?}")
        };
        assert_eq!(*answers, [("target".to_owned(), "1.16.2".to_owned()), ("wait".into(), "5".into())]);
    }
}

#[test]
fn what_is_missing_or_wrong_is_not_passed_on_and_what_has_a_value_can_be_changed() {
    let (mut app, _) = app((120, 40), questions());
    for _ in 0..5 {
        press(&mut app, "down");
    }
    assert!(press(&mut app, "enter").is_empty());
    assert!(picture(&app).contains("a value is needed"));
    type_text(&mut app, "1.17.3");
    press(&mut app, "down");
    type_text(&mut app, "5s");
    for _ in 0..2 {
        press(&mut app, "down");
    }
    press(&mut app, "right");
    assert!(picture(&app).contains("replace"), "{}", picture(&app));
    press(&mut app, "down");
    press(&mut app, "down");
    let effects = press(&mut app, "enter");
    let Effect::Preflight { wanted: Wanted::Live { answers, .. }, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(answers[2], ("mode".to_owned(), "replace".to_owned()));
}

/// Two sites to choose from, one of which cannot be read.
pub fn with_sites() -> Questions {
    let sites = vec![
        SiteOffered { file: "/etc/piton/sites/prod-eu.toml".into(), site: Some(site()), problem: String::new() },
        SiteOffered {
            file: "/etc/piton/sites/broken.toml".into(),
            site: None,
            problem: "error[bad-value]: there is no colour \"rot\"\n --> broken.toml:2:38\n  |\n2 | colour = \"rot\"\n  |          ^^^^^".into(),
        },
    ];
    Questions { sites, site: None, site_file: None, ..questions() }
}

#[test]
fn a_site_is_chosen_and_one_that_cannot_be_read_tells_where() {
    for size in SIZES {
        let (mut app, _) = app(size, with_sites());
        assert!(picture(&app).contains("enter take this site"), "{}", picture(&app));
        press(&mut app, "down");
        assert!(picture(&app).contains("down the next one: this cannot be used"), "{}", picture(&app));
        shot("set_up_sites", &app);
        press(&mut app, "down");
        assert!(picture(&app).contains("enter go on without one"), "{}", picture(&app));
        press(&mut app, "up");
        assert!(press(&mut app, "enter").is_empty());
        press(&mut app, "up");
        let effects = press(&mut app, "enter");
        let wanted =
            Effect::SetUpAt { runbook: "vault-ha-upgrade".into(), site: Some("/etc/piton/sites/prod-eu.toml".into()) };
        assert_eq!(effects, [wanted]);
        update(&mut app, Message::SetUp(Ok(Box::new(questions()))));
        assert!(picture(&app).contains("Version to upgrade to"));
        press(&mut app, "esc");
        assert!(picture(&app).contains("Where does it run?"));
    }
}

/// Some of those sites, named by how good they are.
fn sites_of(which: &[bool]) -> Questions {
    let all = with_sites();
    let of = |is_good: &bool| if *is_good { all.sites[0].clone() } else { all.sites[1].clone() };
    Questions { sites: which.iter().map(of).collect(), ..with_sites() }
}

#[test]
fn the_first_site_that_can_be_used_is_under_the_cursor_and_none_where_none_can() {
    for size in SIZES {
        let (mut good, _) = app(size, sites_of(&[false, false, true, true]));
        let effects = press(&mut good, "enter");
        assert!(matches!(&effects[..], [Effect::SetUpAt { site: Some(_), .. }]), "{effects:?} {}", picture(&good));
        let (mut bad, _) = app(size, sites_of(&[false, false]));
        let shown = picture(&bad);
        assert!(shown.contains("None of these 2 site files can be used"), "{shown}");
        assert!(!shown.lines().any(|line| line.contains('▸')), "{shown}");
        assert!(press(&mut bad, "enter").is_empty());
        assert!(picture(&bad).contains("choose one first"), "{}", picture(&bad));
        press(&mut bad, "down");
        assert!(picture(&bad).contains("there is no colour"), "{}", picture(&bad));
        press(&mut bad, "down");
        press(&mut bad, "down");
        let effects = press(&mut bad, "enter");
        assert!(matches!(&effects[..], [Effect::SetUpAt { site: None, .. }]), "{effects:?}");
        let (mut bad, _) = app(size, sites_of(&[false, false]));
        press(&mut bad, "up");
        let effects = press(&mut bad, "enter");
        assert!(matches!(&effects[..], [Effect::SetUpAt { site: None, .. }]), "from below, the last one: {effects:?}");
    }
}

#[test]
fn nothing_runs_before_it_was_listed_and_nothing_starts_before_it_was_looked_at_and_named() {
    for size in SIZES {
        let (mut app, effects) = app(size, ready());
        assert!(matches!(effects[..], [Effect::Preflight { is_accepted: false, .. }]), "{effects:?}");
        tell(&mut app, found(false, &[Mark::Ok], 2));
        shot("set_up_commands", &app);
        for key in ["enter", "a"] {
            assert!(press(&mut app, key).is_empty() && picture(&app).contains("y takes that on"), "{key}");
        }
        let effects = press(&mut app, "y");
        assert!(matches!(effects[..], [Effect::Preflight { is_accepted: true, .. }]), "{effects:?}");
        assert!(press(&mut app, "y").is_empty(), "it is being looked");
        tell(&mut app, found(true, &[Mark::Look, Mark::Ok], 2));
        shot("set_up_found", &app);
        assert!(press(&mut app, "enter").is_empty() && picture(&app).contains("a goes on all the same"));
        press(&mut app, "a");
        assert!(press(&mut app, "enter").is_empty(), "nothing was typed");
        type_text(&mut app, "staging");
        assert!(press(&mut app, "enter").is_empty());
        assert!(picture(&app).contains("\"staging\" was typed, PRODUCTION is expected"), "{}", picture(&app));
        shot("set_up_confirm", &app);
        type_text(&mut app, "PRODUCTION");
        let effects = press(&mut app, "enter");
        let Effect::Begin(Wanted::Live { notes, .. }) = &effects[0] else { panic!("{effects:?}") };
        assert_eq!(notes.len(), 1, "what was gone on with is recorded");
    }
}

#[test]
fn a_stop_cannot_be_gone_over_and_what_is_well_needs_no_word() {
    let (mut app, _) = app((80, 24), ready());
    tell(&mut app, found(true, &[Mark::Stop, Mark::Look], 0));
    for key in ["enter", "a", "y"] {
        assert!(press(&mut app, key).is_empty() && !picture(&app).contains("Which environment"), "{key}");
    }
    let again = press(&mut app, "f");
    assert!(matches!(again[..], [Effect::Preflight { is_accepted: false, .. }]), "{again:?}");
    tell(&mut app, found(true, &[Mark::Ok], 0));
    press(&mut app, "enter");
    type_text(&mut app, "production");
    assert!(matches!(&press(&mut app, "enter")[..], [Effect::Begin(Wanted::Live { notes, .. })] if notes.is_empty()));
    update(&mut app, Message::Launched(Err("the place is held".into())));
    assert!(picture(&app).contains("the place is held"));
}

#[test]
fn a_list_that_does_not_fit_must_be_seen_to_its_end() {
    let (mut app, _) = app((80, 24), ready());
    tell(&mut app, found(false, &[Mark::Ok], 30));
    assert!(press(&mut app, "y").is_empty() && picture(&app).contains("goes on below"));
    (0..8).for_each(|_| drop(press(&mut app, "pgdn")));
    assert_eq!(press(&mut app, "y").len(), 1);
}

#[test]
fn the_set_up_without_colours_and_unicode() {
    let (mut app, _) = app((80, 24), ready());
    app.look = look("mono", &ASCII);
    tell(&mut app, found(true, &[Mark::Stop, Mark::Look, Mark::Ok], 1));
    assert_snapshot!("set_up_found_ascii_80x24", picture(&app));
}

#[test]
fn a_click_is_a_choice_and_a_click_on_a_key_is_that_key() {
    let click = |app: &mut App, column, row| update(app, click(column, row));
    let (mut app, _) = app((120, 40), questions());
    type_text(&mut app, "1.17.3");
    let lines = picture(&app);
    let row =
        |text: &str, lines: &str| u16::try_from(lines.lines().position(|line| line.contains(text)).unwrap()).unwrap();
    click(&mut app, 10, row("How long to rest", &lines));
    type_text(&mut app, "5s");
    let last = row("[ look before the start ]", &picture(&app));
    assert!(matches!(click(&mut app, 5, last)[..], [Effect::Preflight { .. }]));
    tell(&mut app, found(true, &[Mark::Ok], 0));
    click(&mut app, 3, 39);
    assert!(picture(&app).contains("Which environment is this?"));
    assert!(matches!(&app.screen, Screen::SetUp(_)));
}

#[test]
fn who_does_not_answer_holds_nobody_up_and_what_comes_late_is_not_taken() {
    let (mut app, effects) = app((120, 40), ready());
    let [Effect::Preflight { number: first, .. }] = effects[..] else { panic!("{effects:?}") };
    press(&mut app, "esc");
    assert!(picture(&app).contains("look before the start"), "{}", picture(&app));
    press(&mut app, "down");
    let again = press(&mut app, "enter");
    let [Effect::Preflight { number: second, .. }] = again[..] else { panic!("{again:?}") };
    update(&mut app, Message::Preflight(first, Ok(found(true, &[Mark::Stop], 0))));
    assert!(picture(&app).contains("looking at what there is"), "{}", picture(&app));
    update(&mut app, Message::Preflight(second, Ok(found(true, &[Mark::Ok], 0))));
    assert!(picture(&app).contains("enter go on"), "{}", picture(&app));
}

#[test]
fn who_is_told_a_secret_is_listed_before_anybody_is_told_it() {
    for size in SIZES {
        let (mut app, _) = app(size, ready());
        let told = |number: usize| Told {
            whose: format!("vault[vault-{number}]"),
            address: format!("https://vault-{number}.example:8200"),
            header: "x-vault-token".into(),
        };
        let found = Preflight { told: (1..=3).map(told).collect(), ..found(false, &[Mark::Ok], 1) };
        tell(&mut app, found);
        shot("set_up_told", &app);
        assert!(press(&mut app, "enter").is_empty(), "enter takes nothing on");
    }
}

/// What a field cannot hold stays as the site file gives it: it is neither changed nor lost.
#[test]
fn a_value_that_no_field_holds_stays_as_it_is_given() {
    let long = format!("[{}]", vec![r#"{"name":"vault-1"}"#; 6_000].join(","));
    for (value, is_optional) in [(long.as_str(), true), (long.as_str(), false), ("one\ntwo  three\n", true)] {
        for size in SIZES {
            let mut questions = ready();
            questions.asked[0].default = value.into();
            questions.asked[0].is_optional = is_optional;
            questions.is_ready = false;
            let (mut app, _) = app(size, questions);
            (0..3).for_each(|_| drop(press(&mut app, "up")));
            type_text(&mut app, "x");
            update(&mut app, Message::Paste("another".into()));
            assert!(picture(&app).contains("it is too long to be changed here"), "{}", picture(&app));
            if size == (120, 40) && value.len() > 100 && is_optional {
                shot("set_up_kept", &app);
            }
            (0..3).for_each(|_| drop(press(&mut app, "down")));
            let effects = press(&mut app, "enter");
            let [Effect::Preflight { wanted: Wanted::Live { answers, .. }, .. }] = &effects[..] else {
                panic!("{effects:?}")
            };
            assert!(answers.is_empty(), "nothing was changed: {} answers", answers.len());
        }
    }
}

/// As many sites as do not fit, each with more to tell than fits.
fn many_sites() -> Questions {
    let told = |n: usize| {
        let one = format!(
            "error[does-not-fit]: system: site {n} is for vault, the runbook for ipfs-cluster, and that is told to its end\n"
        );
        let shown = " --> lab.toml:6:1\n  |\n6 | system = \"vault\"\n  | ^^^^^^\n  = help: write another one\n";
        format!("{one}{shown}{}last of {n}", "and so on\n".repeat(40))
    };
    let of = |n: usize| SiteOffered { file: format!("/sites/s{n}.toml").into(), site: None, problem: told(n) };
    Questions { sites: (1..=70).map(of).collect(), ..with_sites() }
}

#[test]
fn sites_and_what_is_wrong_with_them_are_told_to_their_end() {
    for size in SIZES {
        let (mut app, _) = app(size, many_sites());
        press(&mut app, "home");
        let shown = picture(&app);
        assert!(shown.contains("s1.toml") && shown.matches("more below").count() == 2, "{shown}");
        assert!(words(&shown).contains("the runbook for ipfs-cluster, and that is told to its end"), "{shown}");
        for _ in 0..10 {
            press(&mut app, "pgdn");
        }
        let shown = picture(&app);
        assert!(shown.contains("last of 1 "), "{shown}");
        press(&mut app, "pgup");
        assert!(!picture(&app).contains("last of 1 "), "{}", picture(&app));
        press(&mut app, "down");
        assert!(picture(&app).contains("site 2 is for vault"), "{}", picture(&app));
        press(&mut app, "end");
        let shown = picture(&app);
        assert!(shown.contains("▸ no site file") && shown.contains("more above"), "{shown}");
    }
}

#[test]
fn that_a_site_cannot_be_used_is_not_said_of_another_one() {
    let (mut app, _) = app((80, 24), with_sites());
    press(&mut app, "down");
    press(&mut app, "enter");
    assert!(picture(&app).contains("this site file cannot be used"), "{}", picture(&app));
    update(&mut app, click(5, 3));
    assert!(!picture(&app).contains("this site file cannot be used"), "{}", picture(&app));
}

#[test]
fn what_went_wrong_covers_no_question_that_a_click_could_choose() {
    for size in SIZES {
        let of = |at: usize| Question { input: format!("input-{at}"), ..questions().asked[0].clone() };
        let (mut app, _) = app(size, Questions { asked: (0..40).map(of).collect(), ..questions() });
        let why = (1..60).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
        let chosen = |app: &App| {
            let shown = picture(app);
            shown.lines().find(|line| line.contains('▸')).map(str::to_owned)
        };
        let before = chosen(&app);
        assert!(before.is_some(), "{}", picture(&app));
        for row in 1..size.1 - 1 {
            update(&mut app, Message::Launched(Err(why.clone())));
            let shown = picture(&app);
            assert!(words(&shown).contains(&why), "{shown}");
            if shown.lines().nth(usize::from(row)).is_some_and(|line| line.contains("word")) {
                update(&mut app, click(5, row));
                assert_eq!(chosen(&app), before, "{size:?} {row}: {shown}");
            }
        }
    }
}

#[test]
fn why_a_value_is_not_taken_is_told_to_its_end() {
    let why = "\"line1\" cannot name a node; names are letters, digits, '.', '_', ':' and '-', at most 64; nodes are \
        easier to give in a site file (--site)";
    for size in [(60, 15), (80, 24), (120, 40)] {
        let (mut app, _) = app(size, questions());
        type_text(&mut app, "line1");
        update(&mut app, Message::Checked { input: "target".into(), text: "line1".into(), problem: Some(why.into()) });
        let shown = picture(&app);
        // Its quotation marks are taken for those of the picture.
        assert!(words(&shown).contains(&words(why)), "{shown}");
        let is_low = size.1 == 15 && shown.contains("4 more below");
        assert!(shown.contains("✘ \"line1\"") && (is_low || shown.contains("How long to rest")), "{shown}");
    }
}
