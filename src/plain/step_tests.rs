use serde_json::{Map, json};

use super::*;
use crate::clock::Timestamp;
use crate::engine::{Board, Event, Mode, Moment, Proposal, Record, RunOpened, RunState, Unverified, decide};
use crate::plain::ask::{Purpose, Question};
use crate::runbook::books_tests::TWO_PEOPLE;
use crate::runbook::{PhaseId, Runbook, StepId, parse};

const BOOK: &str = r#"
format = 1
id = "loop"
title = "Restart the nodes"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "nodes"
title = "Each node"
for_each = ".inputs.nodes[]"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
warning = "What {{ .node.name }} has not written yet is lost."
actor = "the team of {{ .node.name }}"
caution = "Open connections are cut, and whoever is connected must connect anew. A client that does not is told of an error."
note = "It takes a minute."
confirm = "What does its log show?"
"#;

fn opened(runbook: &Runbook) -> Box<RunOpened> {
    let nodes = json!([{ "name": "a" }, { "name": "b" }]);
    Box::new(RunOpened {
        format: 1,
        run: "r".into(),
        runbook: runbook.id.clone(),
        title: runbook.title.clone(),
        revision: "1".into(),
        text: String::new(),
        sha256: String::new(),
        mode: Mode::Live,
        inputs: Map::from_iter([("nodes".to_owned(), nodes)]),
        site: None,
        practice: None,
        operator: "maria".into(),
        host: "bastion".into(),
        version: "0".into(),
    })
}

/// What is heard.
fn heard(say: impl FnOnce(&mut Mouth<'_>)) -> String {
    let mut out = Vec::new();
    say(&mut Mouth::new(&mut out, String::new(), false));
    String::from_utf8(out).expect("it is text")
}

/// A run of a runbook that was just opened, and the moment at which it is looked at.
fn begun(text: &str) -> (Runbook, RunState, Moment) {
    let runbook = parse(text).0.expect("it is a runbook");
    let mut state = RunState::new(&runbook);
    take(&mut state, vec![Event::RunOpened(opened(&runbook))]);
    (runbook, state, Moment { at: Timestamp::from_millis(1_000), board: Board::default() })
}

fn sit() -> Proposal {
    let (operator, host, face, version) = ("maria".into(), "bastion".into(), "plain".into(), "0".into());
    Proposal::Sit { operator, host, pid: 1, face, version }
}

/// What is said of the second node's step once the first was walked.
fn said(tell: impl FnOnce(Told<'_>, &StepKey, &mut Mouth<'_>)) -> String {
    let (runbook, mut state, moment) = begun(BOOK);
    let key =
        |item: &str| StepKey { phase: PhaseId::new("nodes"), item: Some(item.to_owned()), step: StepId::new("stop") };
    let propose = |proposal: fn(Vec<String>, StepKey) -> Proposal, state: &mut RunState| {
        let shown = cautions_of(&runbook, state, &moment.board, &key("a"), moment.at);
        let events = decide(&runbook, state, proposal(shown, key("a")), &moment).expect("it may be proposed");
        take(state, events);
    };
    let events = decide(&runbook, &state, sit(), &moment).expect("one may sit down");
    take(&mut state, events);
    propose(|shown, step| Proposal::ReadCautions { step, shown }, &mut state);
    propose(|_, step| Proposal::Confirm { step, said: "stopped".into() }, &mut state);
    assert_eq!(state.current, Some(key("b")));
    let told = Told { runbook: &runbook, state: &state, moment: &moment, directory: "/" };
    heard(|mouth| tell(told, &key("b"), mouth))
}

fn take(state: &mut RunState, events: Vec<Event>) {
    for event in events {
        let (seq, at, prev, by) = (state.seq + 1, Timestamp::from_millis(1_000), String::new(), "maria@bastion".into());
        state.apply(&Record { seq, at, prev, by, event });
    }
}

const WATCHED: &str = r#"
format = 1
id = "watched"
title = "Fill the tank"
system = "demo"

[[health]]
id = "level"
title = "Level"
tcp = "127.0.0.1:1"
ok = "true"

[[guard]]
id = "dry"
title = "The floor is dry"
holds = '.health.level[0].verdict == "ok"'
why = "It runs over."

[[phase]]
id = "one"
title = "One"
[[phase.step]]
id = "fill"
title = "Fill it"
watch = ["dry", "level"]
confirm = "Is it full?"
[[phase.step]]
id = "again"
title = "Fill it again"
watch = ["level"]
confirm = "Is it full?"
"#;

#[test]
fn what_is_watched_meanwhile_is_told_as_it_stands_what_is_not_well_first() {
    let runbook = parse(WATCHED).0.expect("it is a runbook");
    let said = crate::engine::Said {
        probe: crate::runbook::ProbeId::new("level"),
        node: None,
        verdict: crate::engine::Verdict::Ok,
        why: String::new(),
        fields: Map::new(),
        item: serde_json::Value::Null,
    };
    let row = said.aged(Some(0));
    let moment = |rows: Vec<crate::engine::Row>| Moment { at: Timestamp::default(), board: Board { rows } };
    let mut state = RunState::new(&runbook);
    state.current = Some(StepKey { phase: PhaseId::new("one"), item: None, step: StepId::new("fill") });
    let at = |moment: &Moment, step: &str| {
        let key = StepKey { phase: PhaseId::new("one"), item: None, step: StepId::new(step) };
        heard(|mouth| tell_watched(Told { runbook: &runbook, state: &state, moment, directory: "/" }, &key, mouth))
    };
    let told = at(&moment(vec![row.clone()]), "fill");
    assert_eq!(told, "Meanwhile watch:\n  the guard \"The floor is dry\" is UNKNOWN\n  Level is ok\n");
    let mut bad = row;
    (bad.verdict, bad.why) = (crate::engine::Verdict::Bad, "refused".into());
    let told = at(&moment(vec![bad.clone()]), "fill");
    assert!(told.starts_with("Meanwhile watch:\n  Level is bad: refused\n"), "{told}");
    assert!(at(&moment(vec![]), "fill").contains("Level has no row"));
    let many = at(&moment(vec![bad; 14]), "fill");
    assert!(many.contains("and 5 more, 5 of them not well"), "{many}");
    assert_eq!(at(&moment(vec![]), "again"), "Meanwhile watch: Level.\n");
}

#[test]
fn what_was_read_for_an_earlier_item_is_one_line_and_is_told_in_full_when_asked() {
    let short = said(tell);
    for line in [
        "WARNING:\n  What b has not written yet is lost.\n",
        "CAUTION, as you read it for a: Open connections are cut, and whoever is connected must, and so on\n",
        "NOTE, as you read it for a: It takes a minute.\n",
        "Not you but another acts here: the team of b. You state what came of it.\n",
        "Type cautions to hear them in full.\n",
        "First type read, once the cautions are read.\n",
    ] {
        assert!(short.contains(line), "{line:?} in {short}");
    }
    let whole = said(|told, key, mouth| tell_cautions(told, key, true, mouth));
    assert!(whole.contains("CAUTION:\n  Open connections") && whole.contains("is told of an error."), "{whole}");
    assert!(!whole.contains("as you read it"), "{whole}");
}

#[test]
fn what_a_second_person_has_to_do_is_said() {
    let (runbook, mut state, moment) = begun(TWO_PEOPLE);
    let key = |step: &str| StepKey { phase: PhaseId::new("all"), item: None, step: StepId::new(step) };
    let confirm = |step, said: &str| Proposal::Confirm { step: key(step), said: said.into() };
    let verify =
        |step| Proposal::Release { step: key(step), released_by: "kim".into(), said: "so".into(), signature: None };
    let mut all = String::new();
    let at = |state: &RunState, step: &str| {
        let told = Told { runbook: &runbook, state, moment: &moment, directory: "/" };
        heard(|mouth| {
            tell_verify(told, &key(step), mouth);
            if state.waits_for_peer(&key(step)) {
                Question::Releaser(key(step)).say(told, mouth);
            }
            crate::plain::look::to_verify(told, mouth);
        })
    };
    for proposal in
        [sit(), confirm("read", "open"), verify("read"), confirm("shut", "shut"), confirm("end", "all is well")]
    {
        let events = decide(&runbook, &state, proposal, &moment).expect("it may be proposed");
        take(&mut state, events);
        all += &at(&state, "read");
    }
    all += &at(&state, "shut");
    let is_over = |question: Question| question.is_over(&state);
    assert!(!is_over(Question::Releaser(key("shut"))), "the walk has gone on, and it can be verified");
    assert!(!is_over(Question::Released(key("shut"), "kim".into())));
    assert!(!is_over(Question::Reason(Purpose::Override(key("shut")))));
    assert!(!is_over(Question::Disputer(key("shut"))) && is_over(Question::Disputer(key("read"))));
    assert!(is_over(Question::Statement(key("shut"))) && is_over(Question::Releaser(key("read"))));
    for line in [
        "A second person confirms at the same moment what you see.\n",
        "Stated by maria@bastion: open\nNow a second person confirms it: type release. To state it anew type retry.\nIf that person sees something else, type dispute.\n",
        "It asks:\n  Which position?\nStated by maria@bastion: open\nThat person types the own name. Type step to hear",
        "It was verified by kim: so\n",
        "To be verified by another person: step 1.2 \"Shut the valve\".\nNothing else is left to do. Type verify",
    ] {
        assert!(all.contains(line), "{line:?} in {all}");
    }
}

#[test]
fn what_was_sensed_is_told_by_its_rule_and_not_by_the_words_of_its_failure() {
    let check = "check = '.run.mode == \"live\"'\nwhy = \"It is a rehearsal.\"";
    let text = TWO_PEOPLE.replace("confirm = \"How does it stand?\"", check);
    let (runbook, mut state, moment) = begun(&text);
    let key = StepKey { phase: PhaseId::new("all"), item: None, step: StepId::new("shut") };
    let first = Unverified { opening: None, stated: None, operator: None, stood: None, withheld: None };
    state.unverified.insert(key.clone(), first);
    let told = Told { runbook: &runbook, state: &state, moment: &moment, directory: "/" };
    let heard = heard(|mouth| crate::plain::meaning::say_looked_at(told, &key, mouth));
    let rule = "It was sensed that this holds:\n  .run.mode == \"live\"\nIf it does not:\n  It is a rehearsal.\n";
    assert_eq!(heard, rule);
}

#[test]
fn a_title_of_a_loop_that_has_not_opened_tells_that_it_is_of_each_item() {
    let (runbook, state, moment) = begun(BOOK);
    let key = StepKey { phase: PhaseId::new("nodes"), item: None, step: StepId::new("stop") };
    let tell = Told { runbook: &runbook, state: &state, moment: &moment, directory: "/" };
    assert_eq!(tell.title(&key), "Stop (each)");
}
