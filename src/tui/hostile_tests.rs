//! Hostile text in every field that is drawn: no cell ever holds what a terminal would obey or hide.

use std::time::Duration;

use crate::engine::{JobId, Mode, Verdict};
use crate::runbook::{Action, CautionLevel, Condition};
use crate::session::Update;
use crate::tui::app::{App, update};
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::Keymap;
use crate::tui::message::Message;
use crate::tui::stage_tests::{Stage, event, expr, look, picture, run_action, runbook, text};
use crate::tui::theme::UNICODE;
use crate::tui::wanted::{Question, Questions};

const ATTACKS: [&str; 10] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "deny\u{8}\u{8}\u{8}\u{8}allow",
    "a\tb\rc\nd",
    "\u{202e}txt.exe\u{202c}",
    "\u{2066}\u{200b}\u{feff}\u{2060}hidden",
    "\u{9b}31mC1",
    "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}algo",
    "tag\u{e0041}\u{e0042}",
    "日本語テキスト\u{0}\u{7f}",
];

fn hostile_runbook(attack: &str) -> crate::runbook::Runbook {
    let mut book = runbook();
    book.title = attack.into();
    book.revision = attack.into();
    book.guards[0].title = attack.into();
    book.guards[0].why = attack.into();
    book.rollbacks[0].title = attack.into();
    book.health[0].title = attack.into();
    if let Some(source) = &mut book.source {
        source.document = attack.into();
    }
    book.phases[0].title = text(attack);
    let step = &mut book.phases[0].steps[0];
    step.title = text(attack);
    step.text = Some(text(attack));
    step.source = vec![attack.into()];
    step.when = Some(Condition { holds: expr("true"), why: attack.into() });
    for caution in &mut step.cautions {
        caution.text = text(attack);
        assert!(caution.level >= CautionLevel::Note);
    }
    step.action = Action::Confirm { prompt: text(attack), options: vec![attack.into(), "no".into()] };
    book.phases[0].steps[1].action = run_action(&["echo", attack]);
    book.phases[0].steps[2].action =
        Action::Check { holds: expr("false"), hold: Duration::ZERO, soak: None, timeout: None, why: attack.into() };
    book
}

#[test]
fn a_hostile_run_is_drawn_harmless() {
    for attack in ATTACKS {
        for size in [(80, 24), (120, 40), (60, 15)] {
            let mut stage = Stage::of(hostile_runbook(attack), size, look("dark", &UNICODE), Mode::Live);
            stage.sample("vault-1", Verdict::Ok, attack);
            stage.sample("vault-2", Verdict::Bad, attack);
            stage.picture();
            stage.press("enter");
            stage.press("enter");
            stage.picture();
            stage.press("1");
            stage.press("enter");
            stage.press("enter");
            stage.picture();
            stage.press("y");
            let mut output = attack.as_bytes().to_vec();
            output.extend([0xff, 0xc3, b'\n']);
            stage.tell(Message::Session(Update::Printed(JobId(1), output)));
            stage.picture();
            stage.press("n");
            stage.type_text(attack);
            stage.tell(Message::Paste(attack.into()));
            stage.picture();
            stage.press("esc");
            for key in ["w", "esc", "tab", "tab", "tab", "tab", "q", "esc", "x", "esc", "?"] {
                stage.press(key);
                stage.picture();
            }
            stage.tell(Message::Session(Update::Halted(attack.into())));
            stage.picture();
            stage.resume();
            stage.picture();
        }
    }
}

#[test]
fn something_is_seen_of_every_attack() {
    for attack in ATTACKS {
        let mut stage = Stage::of(hostile_runbook(attack), (120, 40), look("dark", &UNICODE), Mode::Live);
        stage.press("down");
        stage.press(".");
        let picture = stage.picture();
        let has_sign = picture.contains("<U+") || picture.chars().any(|c| ('\u{2400}'..='\u{2421}').contains(&c));
        let is_only_marks_or_wide = attack.starts_with('z');
        assert!(has_sign || is_only_marks_or_wide, "{attack:?}\n{picture}");
    }
}

#[test]
fn a_hostile_library_and_form_are_drawn_harmless() {
    for attack in ATTACKS {
        let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
        let entry = LibraryEntry {
            id: attack.into(),
            title: attack.into(),
            revision: attack.into(),
            system: attack.into(),
            summary: attack.into(),
            origin: attack.into(),
            problems: vec![attack.into()],
            ..LibraryEntry::default()
        };
        let open = OpenRun {
            run: attack.into(),
            title: attack.into(),
            place: attack.into(),
            last: crate::clock::Timestamp::default(),
            standing: attack.into(),
            step: attack.into(),
            operator: attack.into(),
            ..OpenRun::default()
        };
        update(&mut app, Message::Glanced(vec![entry.clone()], vec![open]));
        update(&mut app, Message::Library(vec![entry]));
        picture(&app);
        update(&mut app, Message::Key(event("down")));
        update(&mut app, Message::Key(event("enter")));
        picture(&app);
        update(&mut app, Message::SetUp(Err(attack.into())));
        picture(&app);
        let question = Question {
            input: "a".into(),
            kind: crate::runbook::InputKind::Choice(vec![attack.into()]),
            prompt: attack.into(),
            default: attack.into(),
            is_optional: true,
            given: String::new(),
            history: vec![attack.into()],
        };
        let questions = Questions {
            title: attack.into(),
            version: attack.into(),
            asked: vec![question.clone(), Question { given: attack.into(), ..question }],
            ..Questions::default()
        };
        update(&mut app, Message::SetUp(Ok(Box::new(questions))));
        let problem = Some(attack.to_owned());
        update(&mut app, Message::Checked { input: "a".into(), text: attack.into(), problem });
        update(&mut app, Message::Paste(attack.into()));
        picture(&app);
    }
}
