//! Steps in which another than the operator acts.

use super::*;

const BOOK: &str = r#"
format = 1
id = "others"
title = "Others"
system = "demo"

[inputs.team]
type = "text"
prompt = "Team"

[[health]]
id = "node"
tcp = "localhost:1"
ok = "true"

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "said"
title = "Have it done"
actor = "the {{ .inputs.team }} team"
confirm = "What did they say?"
[[phase.step]]
id = "given"
title = "Ask them"
actor = "the {{ .inputs.team }} team"
ask = { name = "ticket", prompt = "Which ticket?", type = "text" }
[[phase.step]]
id = "chosen"
title = "Let them decide"
actor = "the change board"
choose = [{ is = "stay", title = "Stay" }, { is = "go", title = "Go" }]
[[phase.step]]
id = "own"
title = "Do it yourself"
confirm = "What do you see?"
"#;

#[test]
fn the_record_holds_who_did_it_and_who_said_so() {
    let mut walk = Walk::unopened(parse(BOOK).0.expect("it is a runbook"));
    let mut head = opened(&walk.runbook);
    head.inputs.insert("team".into(), json!("network"));
    walk.must(Proposal::Open(head));
    walk.sit();
    for _ in 0..4 {
        walk.do_first();
    }
    let doers = walk.records.iter().filter_map(|record| match &record.event {
        Event::StepConfirmed { doer, .. } | Event::AnswerGiven { doer, .. } | Event::ChoiceMade { doer, .. } => {
            Some((doer.clone(), record.by.as_str()))
        }
        _ => None,
    });
    let doers: Vec<_> = doers.collect();
    let team = || Some("the network team".to_owned());
    let own = "maria@bastion";
    assert_eq!(doers, [(team(), own), (team(), own), (Some("the change board".into()), own), (None, own)]);
    let known = |at: usize| &walk.state.phases[0].items[0].steps[at];
    assert_eq!((known(0).doer.clone(), known(0).by.as_str()), (team(), own));
    assert_eq!(known(3).doer, None);
    let lines = serde_json::to_string(&walk.records).unwrap();
    assert_eq!(lines.matches("\"doer\"").count(), 3, "a step of the operator's own is recorded as before");
    assert_eq!(walk.fold(&walk.records), walk.state);
}
