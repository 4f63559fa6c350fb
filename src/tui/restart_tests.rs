//! Going back to an earlier phase, as it is shown and asked for.

use std::time::Duration;

use insta::assert_snapshot;

use crate::engine::{Allowed, Ended, Mode};
use crate::runbook::parse;
use crate::tui::dialog::{Dialog, Purpose, Reason};
use crate::tui::message::Message;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::UNICODE;

pub const BOOK: &str = r#"
format = 1
id = "vault-ha-upgrade"
title = "Upgrade a Vault HA cluster"
system = "vault"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[health]]
id = "vault"
title = "Vault"
each = ".inputs.nodes[]"
every = "2s"
timeout = "2s"
tcp = "{{ .node.name }}:8200"
ok = "true"

[[phase]]
id = "nodes"
title = "Each node"
for_each = ".inputs.nodes[] | select(.name != \"vault-3\")"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
run = ["stop", "{{ .node.name }}"]

[[phase]]
id = "verify"
title = "Verify"
[[phase.step]]
id = "how"
title = "Say how the cluster is"
choose = [{ is = "good", title = "All is well" }, { is = "bad", title = "Do it again" }]
[[phase.step]]
id = "again"
title = "Do the nodes again"
caution = "The nodes are stopped once more."
when = { holds = '.choices.how == "bad"', why = "All is well." }
restart = "nodes"
"#;

#[test]
fn a_person_goes_back_with_a_reason_and_the_step_tells_what_was_before() {
    for size in [(80, 24), (120, 40)] {
        let (book, told) = parse(BOOK);
        let book = book.unwrap_or_else(|| panic!("{told:#?}"));
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        let picture = |name: &str, stage: &Stage| {
            assert_snapshot!(format!("restart_{name}_{}x{}", size.0, size.1), stage.picture());
        };
        for _ in 0..2 {
            stage.press("enter");
            stage.press("y");
            stage.finish(Ended::Exit(0));
        }
        for key in ["enter", "2", "enter", "enter"] {
            stage.press(key);
        }
        picture("offered", &stage);
        stage.press("enter");
        stage.type_text("vault-2 still has the old version");
        picture("asked", &stage);
        let Some(Dialog::Reason(Reason { purpose: Purpose::Restart(_, told), .. })) = &stage.run().dialog else {
            panic!()
        };
        assert!(told.iter().all(|sentence| !sentence.contains("  ")), "{told:?}");
        stage.press("enter");
        picture("done", &stage);
        for _ in 0..3 {
            stage.press("down");
        }
        picture("before", &stage);
    }
}

#[test]
fn a_title_whose_value_is_not_there_yet_or_no_more_has_a_gap() {
    let book = BOOK.replace("title = \"Verify\"", "title = \"Verify, {{ .answers.version }}\"");
    let asked = "[[phase]]\nid = \"nodes\"\ntitle = \"Each node\"\n";
    let asking = "[[phase]]\nid = \"say\"\ntitle = \"Say\"\n[[phase.step]]\nid = \"version\"\ntitle = \"Name it\"\n\
                  ask = { name = \"version\", prompt = \"Which?\", type = \"text\" }\n\
                  [[phase.step]]\nid = \"take\"\ntitle = \"Take {{ .answers.version }} now\"\n\
                  text = \"To {{ .answers.version }}\"\nconfirm = \"Taken?\"\n\n";
    let book = book.replace(asked, &format!("{asking}{asked}"));
    let (book, told) = parse(&book);
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("down");
    let picture = stage.picture();
    assert!(picture.contains("Take … now") && picture.contains("Verify, …"), "{picture}");
    assert!(picture.contains("To … [no value: .answers.version is null]"), "{picture}");
    assert!(!picture.contains("{{"), "{picture}");
    stage.press("up");
    stage.press("enter");
    stage.type_text("1.17");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("Take 1.17 now") && picture.contains("Verify, 1.17"), "{picture}");
}

/// A stop that wants a backup which is two hours old at most.
pub fn evidence(size: (u16, u16)) -> Stage {
    let fresh = "[[phase]]\nid = \"prepare\"\ntitle = \"Prepare\"\n[[phase.step]]\nid = \"backup\"\ntitle = \"Back up\"\n\
                 run = [\"backup\"]\n\n[[phase]]\nid = \"nodes\"\n";
    let book = BOOK.replace("[[phase]]\nid = \"nodes\"\n", fresh);
    let wanted = "requires = [{ step = \"prepare/backup\", within = \"2h\" }]\nrun = [\"stop\"";
    let (book, told) = parse(&book.replace("run = [\"stop\"", wanted));
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage
}

pub fn run(stage: &mut Stage) {
    stage.press("enter");
    stage.press("y");
    stage.finish(Ended::Exit(0));
}

#[test]
fn evidence_that_is_too_old_is_told_and_one_key_does_it_anew() {
    let mut stage = evidence((80, 24));
    let current = |stage: &Stage| stage.state.current.as_ref().map(ToString::to_string).unwrap_or_default();
    run(&mut stage);
    stage.wait(3 * 3600);
    stage.all_well();
    assert_eq!(current(&stage), "nodes[vault-1]/stop");
    assert_snapshot!("renew_too_old_80x24", stage.picture());
    // Nobody was there for three hours: the first key only tells where the run stands.
    stage.press("r");
    assert!(stage.run().card.is_some());
    stage.press("esc");
    stage.press("r");
    assert_eq!(current(&stage), "prepare/backup");
    assert_snapshot!("renew_anew_80x24", stage.picture());
    run(&mut stage);
    assert_eq!(current(&stage), "nodes[vault-1]/stop");
    run(&mut stage);
    assert_eq!(current(&stage), "nodes[vault-2]/stop");
}

#[test]
fn evidence_becomes_too_old_on_the_screen_without_a_key() {
    let mut stage = evidence((80, 24));
    // Neither a minute of the run nor an age on the screen changes at the same time.
    stage.wait(5);
    run(&mut stage);
    stage.clock.advance(Duration::from_millis(300));
    stage.all_well();
    stage.wait(2 * 3600 - 1);
    let key = stage.state.current.clone().expect("a step is current");
    let may = |stage: &Stage| stage.run().view.allowed.contains(&Allowed::Renew(key.clone()));
    assert!(!may(&stage));
    assert_eq!(stage.run().wakes(stage.app.now).run_ms, Some(701));
    stage.clock.advance(Duration::from_millis(701));
    stage.tell(Message::Woken);
    assert!(may(&stage));
}
