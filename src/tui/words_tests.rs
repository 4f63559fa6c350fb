//! The author's words before his rules: what a check waits for, and why it does not pass.

use insta::assert_snapshot;
use serde_json::{Map, Value, json};

use crate::engine::{Mode, Sample, Verdict};
use crate::runbook::{Runbook, parse};
use crate::session::Update;
use crate::tui::message::Message;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::UNICODE;

const BOOK: &str = r#"
format = 1
id = "vault-ha-upgrade"
title = "Upgrade a Vault HA cluster"
system = "vault"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[health]]
id = "vault"
title = "Vault servers"
each = ".inputs.nodes[]"
every = "2s"
timeout = "2s"
http = { url = "http://{{ .node.name }}:8200/" }
ok = "true"
[health.fields]
role = ".body.role"
version = ".body.version"
index = ".body.index"
peers = ".body.peers"

[[phase]]
id = "wait"
title = "Wait"
[[phase.step]]
id = "level"
title = "See the servers level"
check = """
[.health.vault[] | .index] as $all
| all(.health.vault[]; .verdict == "ok")
  and ($all | max - min <= 250)
  and ([.health.vault[] | select(.role == "active")] | length == 1)"""
why = "A server that lags behind cannot take over. It catches up by itself within some minutes."
[[phase.step]]
id = "next"
title = "Look around"
when = { holds = '.inputs.nodes | length > 1', why = "A single server has no others." }
confirm = "Well?"
"#;

fn book() -> Runbook {
    let (book, told) = parse(BOOK);
    book.unwrap_or_else(|| panic!("{told:?}"))
}

fn answer(stage: &mut Stage, node: &str, verdict: Verdict, fields: Value) {
    let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
    let why = if verdict == Verdict::Ok { String::new() } else { "refused".into() };
    let sample = Sample {
        probe: crate::runbook::ProbeId::new("vault"),
        node: Some(node.into()),
        at: crate::clock::Clock::now(&*stage.clock),
        verdict,
        why,
        fields,
        elapsed: std::time::Duration::from_millis(3),
    };
    stage.tell(Message::Session(Update::Sampled(Box::new(sample))));
    stage.look_at_conditions();
}

fn waiting(size: (u16, u16)) -> Stage {
    let mut stage = Stage::of(book(), size, look("dark", &UNICODE), Mode::Live);
    let peers = json!({ "vault-1": true });
    answer(
        &mut stage,
        "vault-1",
        Verdict::Ok,
        json!({ "role": "active", "version": "", "index": 44_000, "peers": peers }),
    );
    answer(&mut stage, "vault-2", Verdict::Bad, json!({}));
    answer(&mut stage, "vault-3", Verdict::Ok, json!({ "role": "standby", "version": "1.16.2", "index": 43_990 }));
    stage
}

#[test]
fn a_check_tells_the_authors_words_and_what_is_not_so_and_w_the_rule_part_by_part() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = waiting(size);
        assert_snapshot!(format!("check_{}x{}", size.0, size.1), stage.picture());
        stage.press("w");
        assert_snapshot!(format!("check_why_{}x{}", size.0, size.1), stage.picture());
    }
}

/// One word for one thing: in the list, on the page, in the counts and at the end.
#[test]
fn a_wait_that_was_cut_is_told_as_that_and_not_as_an_override() {
    let book = "format = 1\nid = \"settle\"\ntitle = \"Settle\"\nsystem = \"demo\"\n\
        [[phase]]\nid = \"all\"\ntitle = \"All\"\n\
        [[phase.step]]\nid = \"settle\"\ntitle = \"Let it settle\"\nwait = \"5m\"\n\
        [[phase.step]]\nid = \"other\"\ntitle = \"Let the other settle\"\nwait = \"5m\"\n";
    let book = parse(book).0.expect("it is a runbook");
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.press("c");
    stage.type_text("it is late");
    stage.press("enter");
    stage.press("up");
    let picture = stage.picture();
    let has = |words: &str| picture.lines().any(|line| line.contains(words));
    assert!(has("! 1 cut wait") && has("[auto] cut wait") && has("! cut wait at "), "{picture}");
    assert!(!picture.contains("override"), "{picture}");
    stage.press(".");
    stage.press("o");
    stage.type_text("it is not needed");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("! 1 override  ! 1 cut wait"), "{picture}");
    stage.press("Q");
    stage.press("y");
    assert!(stage.picture().contains("1 overridden, 1 cut wait"), "{}", stage.picture());
}

#[test]
fn rules_stand_where_nobody_can_ask_for_them_and_last() {
    let mut stage = waiting((120, 40));
    assert!(!stage.picture().contains("rule:") && !stage.picture().contains("as $all"));
    stage.press("down");
    let picture = stage.picture();
    assert!(picture.contains("left out if this is so: A single server has no others."), "{picture}");
    assert!(!picture.contains("only if") && !picture.contains("length > 1"), "{picture}");
    answer(&mut stage, "vault-2", Verdict::Ok, json!({ "role": "standby", "index": 43_990 }));
    stage.press("up");
    let picture = stage.picture();
    assert!(picture.contains("rule: [.health.vault[] | .index] as $all"), "{picture}");
}

#[test]
fn a_wrong_name_is_told_and_the_next_try_begins_anew() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-9");
    stage.press("enter");
    assert!(stage.picture().contains("that is not the target's name: vault-9"), "{}", stage.picture());
    stage.type_text("vault-2");
    assert!(stage.picture().contains("> vault-2"), "{}", stage.picture());
    stage.press("enter");
    assert!(stage.state.is_running());
}

#[test]
fn a_skipped_or_failed_step_never_leaves_its_phase_with_the_sign_of_what_went_well() {
    let mut stage = waiting((120, 40));
    stage.press("o");
    stage.type_text("the lag is known");
    stage.press("enter");
    stage.press("s");
    stage.type_text("no time");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("! 1 Wait") && picture.contains("1/2"), "{picture}");
    let told = "! nothing is left to do: 1 skipped, health: 1 not ok; Q closes the run";
    assert!(picture.contains(told), "{picture}");
    stage.press("Q");
    let picture = stage.picture();
    assert!(picture.contains("Not every step was done: 1 skipped."), "{picture}");
}

#[test]
fn a_way_back_with_nothing_to_do_says_so() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("b");
    stage.type_text("called off");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("! this way back had nothing to do for anybody; Q closes the run"), "{picture}");
}

#[test]
fn a_check_that_waits_for_something_to_be_away_names_who_is_still_there() {
    let away = BOOK.replace("check = \"\"\"", "check = 'all(.health.vault[]; .role != \"active\")'\nno = \"\"\"");
    let (start, end) = (away.find("no = ").expect("it is there"), away.find("why = \"A server").expect("it is there"));
    let (book, told) = parse(&format!("{}{}", &away[..start], &away[end..]));
    let book = book.unwrap_or_else(|| panic!("{told:?}"));
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    answer(&mut stage, "vault-1", Verdict::Bad, json!({ "role": "stopped" }));
    answer(&mut stage, "vault-2", Verdict::Ok, json!({ "role": "active" }));
    answer(&mut stage, "vault-3", Verdict::Bad, json!({ "role": "stopped" }));
    let missing: Vec<_> = stage.run().view.page.missing.iter().map(|seen| seen.node.clone()).collect();
    assert_eq!(missing, ["vault-2"], "{}", stage.picture());
}
