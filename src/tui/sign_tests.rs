//! Signing from the screens: which key and as who is picked, and what became of it is told.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::debrief::tests::good;
use crate::engine::{Event, Mode};
use crate::journal::Role;
use crate::tui::app::update;
use crate::tui::decision_tests::deciding;
use crate::tui::dialog::Dialog;
use crate::tui::journals_tests::entries;
use crate::tui::message::{Effect, Message};
use crate::tui::replay_tests::{Stage, shown};
use crate::tui::screen::Screen;
use crate::tui::sign::{KeySeen, Signing, ToSign};
use crate::tui::stage_tests::{Stage as RunStage, event, look, runbook};
use crate::tui::theme::UNICODE;

const RUN: &str = "2026-11-21-vault-ha-7qf3";

pub fn keys() -> Vec<KeySeen> {
    let key = |path: &str, is_agents| KeySeen { path: path.into(), is_agents };
    vec![key("/home/maria/.ssh/id_ed25519", false), key("/home/maria/.ssh/token.pub", true)]
}

fn listed(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(size);
    stage.press("J");
    stage.tell(Message::Journals(entries()));
    stage.effects.clear();
    stage
}

fn signing(key: &str, role: Role) -> Effect {
    Effect::Sign(Signing { what: ToSign::Journal { run: RUN.into(), role }, key: key.into() })
}

#[test]
fn a_run_of_the_list_is_signed_with_a_key_that_is_picked() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = listed(size);
        stage.press("s");
        assert_eq!(stage.effects, [Effect::FindKeys(RUN.into())]);
        stage.tell(Message::Keys(RUN.into(), keys()));
        assert_snapshot!(format!("sign_keys_{}x{}", size.0, size.1), shown(&stage));
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&signing("/home/maria/.ssh/id_ed25519", Role::Operator)));
        stage.tell(Message::Signed(Ok("signed with ssh-ed25519 key SHA256:abc: /state/x.txt".into())));
        assert_eq!(stage.effects.last(), Some(&Effect::ReadBesides));
        assert!(shown(&stage).contains("signed with ssh-ed25519 key"), "{}", shown(&stage));
        stage.press("s");
        stage.tell(Message::Keys(RUN.into(), keys()));
        "reviewer token".chars().for_each(|c| stage.press(&c.to_string()));
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&signing("/home/maria/.ssh/token.pub", Role::Reviewer)));
        stage.tell(Message::Signed(Err("ssh-keygen did not sign: nothing is signed".into())));
        assert!(shown(&stage).contains("nothing is signed"), "{}", shown(&stage));
        stage.press("enter");
        stage.press("down");
        assert!(!shown(&stage).contains("nothing is signed"), "another run: {}", shown(&stage));
    }
}

#[test]
fn a_key_that_lies_elsewhere_is_typed_and_nothing_is_signed_without_one() {
    let mut stage = listed((80, 24));
    stage.press("s");
    stage.tell(Message::Keys(RUN.into(), Vec::new()));
    assert!(shown(&stage).contains("no key in ~/.ssh: type the path of one"), "{}", shown(&stage));
    stage.press("enter");
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Sign(_))), "{:?}", stage.effects);
    "/keys/own".chars().for_each(|c| stage.press(&c.to_string()));
    stage.press("enter");
    assert_eq!(stage.effects.last(), Some(&signing("/keys/own", Role::Operator)));
    stage.press("s");
    stage.tell(Message::Keys(RUN.into(), keys()));
    stage.press("esc");
    assert_eq!(stage.effects.iter().filter(|effect| matches!(effect, Effect::Sign(_))).count(), 1);
}

#[test]
fn the_statement_of_a_hold_point_is_signed_with_a_key_that_is_picked() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = RunStage::open(size);
        deciding(&mut stage, 2);
        for key in ["enter", "2", "enter", "enter", "j", "enter", "o", "k", "ctrl-s"] {
            stage.press(key);
        }
        let Some(Effect::KeepStatement { folder, name, .. }) = stage.effects.last().cloned() else {
            panic!("{:?}", stage.effects)
        };
        stage.tell(Message::StatementKept { name: name.clone(), kept: Err("there is no room".into()) });
        stage.press("ctrl-s");
        assert!(stage.picture().contains("ssh-keygen can only sign it in a file"), "{}", stage.picture());
        let file = folder.join(&name);
        stage.tell(Message::StatementKept { name, kept: Ok(file.clone()) });
        stage.press("ctrl-s");
        assert_eq!(stage.effects.last(), Some(&Effect::FindKeys(file.clone())));
        stage.tell(Message::Keys(file.clone(), keys()));
        assert_snapshot!(format!("sign_statement_{}x{}", size.0, size.1), stage.picture());
        stage.press("enter");
        let signing = Signing { what: ToSign::Release(file), key: "/home/maria/.ssh/id_ed25519".into() };
        assert_eq!(stage.effects.last(), Some(&Effect::Sign(signing)));
        stage.tell(Message::ReleaseSigned(Err("ssh-keygen did not sign: nothing is signed".into())));
        let picture = stage.picture();
        assert!(picture.contains("nothing is signed; enter, then ctrl-s to try"), "{picture}");
        // A passphrase that is typed once more is not shown, nor taken for the path of a file.
        stage.type_text("hunter2");
        stage.press("enter");
        assert!(!stage.picture().contains("hunter2"), "{}", stage.picture());
        assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::ReadSignature(_))));
        stage.type_text("signed.sig");
        assert!(stage.picture().contains("> signed.sig"), "{}", stage.picture());
        // The statement is gone when the keys come.
        stage.press("esc");
        stage.tell(Message::Keys(folder.join("another.txt"), keys()));
        assert!(stage.app.pick.is_none());
    }
}

#[test]
fn a_signature_that_is_pasted_while_keys_are_listed_is_no_path_of_one() {
    let mut stage = RunStage::open((80, 24));
    deciding(&mut stage, 2);
    for key in ["enter", "2", "enter", "enter", "j", "enter", "o", "k", "ctrl-s"] {
        stage.press(key);
    }
    let Some(Effect::KeepStatement { folder, name, text }) = stage.effects.last().cloned() else {
        panic!("{:?}", stage.effects)
    };
    let file = folder.join(&name);
    stage.tell(Message::StatementKept { name, kept: Ok(file.clone()) });
    stage.press("ctrl-s");
    stage.tell(Message::Keys(file, keys()));
    assert!(stage.app.pick.is_some());
    stage.tell(Message::Paste(crate::signature::tests::made(crate::engine::RELEASE_NAMESPACE, &text)));
    assert!(stage.app.pick.is_none(), "it goes to the dialog that waits for it");
    stage.press("enter");
    let is_signed = |event: &Event| matches!(event, Event::HoldReleased { signature: Some(_), .. });
    assert!(stage.records.iter().any(|record| is_signed(&record.event)), "{}", stage.picture());
}

#[test]
fn keys_that_come_late_open_nothing_over_another_screen() {
    let mut stage = Stage::new((80, 24));
    stage.tell(Message::Keys(PathBuf::from(RUN), keys()));
    assert!(!shown(&stage).contains("Sign the journal"), "{}", shown(&stage));
}

/// A stage of a run of which no step is open, with its folder.
fn run_stage(size: (u16, u16), mode: Mode) -> (RunStage, PathBuf) {
    let stage = RunStage::of(runbook(), size, look("dark", &UNICODE), mode);
    let Screen::Run(run) = &stage.app.screen else { panic!("no run") };
    let folder = run.folder.clone();
    (stage, folder)
}

fn pressed(stage: &mut RunStage, key: &str) -> Vec<Effect> {
    update(&mut stage.app, Message::Key(event(key)))
}

#[test]
fn a_closed_run_is_signed_from_its_last_dialog() {
    for size in [(80, 24), (120, 40)] {
        let (mut stage, folder) = run_stage(size, Mode::Live);
        let Screen::Run(run) = &mut stage.app.screen else { panic!("no run") };
        run.dialog = Some(Dialog::Outcome);
        assert_eq!(pressed(&mut stage, "ctrl-s"), [Effect::FindKeys(folder.clone())]);
        update(&mut stage.app, Message::Keys(folder.clone(), keys()));
        let what = ToSign::Journal { run: folder, role: Role::Operator };
        let wanted = Signing { what, key: "/home/maria/.ssh/id_ed25519".into() };
        assert_eq!(pressed(&mut stage, "enter"), [Effect::Sign(wanted)]);
        update(&mut stage.app, Message::Signed(Ok("signed with ssh-ed25519 key SHA256:abc: /state/x.txt".into())));
        assert_snapshot!(format!("sign_closed_{}x{}", size.0, size.1), stage.picture());
    }
}

#[test]
fn a_run_that_goes_on_and_a_debrief_are_signed_and_no_dialog_is_covered() {
    let (mut stage, folder) = run_stage((80, 24), Mode::Live);
    assert_eq!(pressed(&mut stage, "S"), [Effect::FindKeys(folder.clone())]);
    pressed(&mut stage, "n");
    update(&mut stage.app, Message::Keys(folder.clone(), keys()));
    assert!(stage.app.pick.is_none(), "a note was begun meanwhile");
    let (mut stage, folder) = run_stage((80, 24), Mode::Practice);
    update(&mut stage.app, Message::Debriefed(Ok(Box::new(good()))));
    assert_eq!(pressed(&mut stage, "s"), [Effect::FindKeys(folder.clone())]);
    update(&mut stage.app, Message::Keys(folder, keys()));
    assert!(stage.app.pick.is_some());
    pressed(&mut stage, "esc");
    update(&mut stage.app, Message::Signed(Err("ssh-keygen did not sign: nothing is signed".into())));
    assert!(stage.picture().contains("nothing is signed"), "{}", stage.picture());
}

#[test]
fn a_passphrase_that_is_typed_once_more_after_a_refusal_goes_nowhere() {
    let refused = || Message::Signed(Err("nothing is signed: the passphrase does not fit".into()));
    let mut run = run_stage((80, 24), Mode::Live).0;
    let mut list = listed((80, 24));
    update(&mut run.app, refused());
    list.tell(refused());
    assert!(
        run.picture().contains("! enter goes on; nothing is signed: the passphrase does not fit"),
        "{}",
        run.picture()
    );
    assert!(shown(&list).contains("enter goes on; nothing is signed"), "{}", shown(&list));
    let before = (run.picture(), shown(&list));
    list.effects.clear();
    for key in "nqASJ:?d/".chars().map(|c| c.to_string()) {
        assert_eq!(pressed(&mut run, &key), [], "{key}");
        list.press(&key);
    }
    update(&mut run.app, Message::Paste("hunter2".into()));
    assert_eq!((run.picture(), shown(&list)), before);
    assert_eq!((pressed(&mut run, "enter"), list.effects.as_slice()), (Vec::new(), &[][..]));
    list.press("enter");
    assert_eq!(list.effects, [], "that one is not replayed");
    assert!(run.picture().contains("! nothing is signed: the passphrase does not fit"), "{}", run.picture());
    pressed(&mut run, "n");
    assert!(matches!(&run.app.screen, Screen::Run(run) if run.dialog.is_some()));
    list.press("s");
    assert_eq!(list.effects, [Effect::FindKeys(RUN.into())]);
}

#[test]
fn a_key_whose_path_is_typed_signs_as_whoever_is_picked_and_no_other_key_does() {
    let mut stage = listed((120, 40));
    let mut offer = |typed: &str| {
        stage.press("s");
        stage.tell(Message::Keys(RUN.into(), keys()));
        stage.tell(Message::Paste(typed.into()));
        let picture = shown(&stage);
        stage.press("enter");
        (picture, stage.effects.last().cloned())
    };
    let (picture, signed) = offer("/keys/own");
    for role in ["operator", "witness", "reviewer"] {
        assert!(picture.contains(&format!("as {role} with /keys/own")), "{picture}");
    }
    assert_eq!(signed, Some(signing("/keys/own", Role::Operator)));
    assert_eq!(offer("rev /keys/my own").1, Some(signing("/keys/my own", Role::Reviewer)));
    assert_eq!(offer("work_key").1, Some(signing("work_key", Role::Operator)));
    // What is there already is no other key, and what is typed stands below what it is the beginning of.
    let (picture, signed) = offer("/home/maria/.ssh/id_ed25519");
    assert_eq!(
        (picture.matches("id_ed25519").count(), signed),
        (4, Some(signing("/home/maria/.ssh/id_ed25519", Role::Operator)))
    );
    assert!(offer("/home/maria/.ssh/id").0.contains("as operator with /home/maria/.ssh/id  "), "it is offered");
    if let Some(home) = std::env::home_dir() {
        let key = home.join("keys/own");
        assert_eq!(offer("~/keys/own").1, Some(signing(&key.to_string_lossy(), Role::Operator)));
    }
}
