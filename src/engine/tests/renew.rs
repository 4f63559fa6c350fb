//! Evidence that becomes too old before the step that wants it is reached.

use super::*;

const FRESH: &str = r#"
format = 1
id = "fresh"
title = "Fresh"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "notes"
title = "Read the notes"
confirm = "Read?"
[[phase.step]]
id = "backup"
title = "Back up"
run = ["backup"]
capture = { file = ".stdout" }
[[phase.step]]
id = "sum"
title = "Look at the backup"
ask = { name = "sum", prompt = "Which sum?", type = "text" }
[[phase.step]]
id = "by-hand"
title = "Back up by hand"
when = { holds = "false", why = "a command has done it" }
confirm = "Where?"

[[phase]]
id = "nodes"
title = "Each node"
for_each = '.inputs.nodes[] | select(.name != "n3")'
when = { holds = '.node.name as $n | any(.health.node[]; .node.name == $n and .role != null)', why = "It is down." }
[[phase.step]]
id = "connect"
title = "Connect"
run = ["connect", "{{ .node.name }}"]
[[phase.step]]
id = "stop"
title = "Stop it"
requires = [
  "prepare/notes",
  { step = "prepare/backup", within = "2h" },
  { step = "prepare/sum", within = "2h" },
  { step = "prepare/by-hand", within = "2h" },
  { step = "connect", within = "10m" },
]
run = ["stop", "{{ .node.name }}"]

[[health]]
id = "node"
title = "Nodes"
each = ".inputs.nodes[]"
http = { url = "{{ .node.api }}/health" }
fields = { role = ".body.role" }
ok = '.role != null'

[[rollback]]
id = "undo"
title = "Undo"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
requires = [{ step = "prepare/sum", within = "2h" }]
confirm = "Undone?"
"#;

fn walk() -> Walk {
    let (runbook, told) = parse(FRESH);
    Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")))
}

fn stale(walk: &Walk) -> Vec<String> {
    let Gate::Closed(holds) = gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at) else { return Vec::new() };
    let name = |hold: Hold| match hold {
        Hold::Stale { step, .. } => step.to_string(),
        other => panic!("{other:?}"),
    };
    holds.into_iter().map(name).collect()
}

fn renew(walk: &mut Walk) {
    assert_eq!(walk.allowed().first(), Some(&Allowed::Renew(walk.key())), "it is what is offered first");
    walk.do_first();
}

#[test]
fn evidence_that_expires_on_the_way_is_refused_done_anew_and_the_walk_goes_on() {
    let mut walk = walk();
    walk.at("nodes[n1]/connect");
    walk.pass(2 * 3600);
    walk.at("nodes[n1]/stop");
    assert_eq!(stale(&walk), Vec::<String>::new(), "two hours are allowed");
    assert_eq!(
        walk.propose(Proposal::Renew { step: walk.key() }),
        Err(Refusal::NotNow("none of its evidence is too old"))
    );
    walk.pass(1);
    assert_eq!(stale(&walk), ["prepare/backup", "prepare/sum"]);
    let shown = command_of(&walk.runbook, &walk.state, &walk.moment.board, &walk.key(), walk.moment.at);
    let run = Proposal::Run { step: walk.key(), shown: shown.unwrap().unwrap(), typed: None };
    let Err(Refusal::GateClosed(why)) = walk.propose(run.clone()) else { panic!("it must not run") };
    assert!(why.contains("prepare/backup was done 7201 s ago, at most 7200 s are allowed"), "{why}");
    assert!(!walk.allowed().contains(&Allowed::Run(walk.key())));

    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "prepare/backup");
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(2));
    assert_eq!(walk.status("nodes[n1]/stop"), StepStatus::Pending);
    assert_eq!(walk.status("prepare/notes"), StepStatus::Done, "nobody asked for it to be fresh");
    assert_eq!(walk.status("prepare/by-hand"), StepStatus::NotApplicable);
    let before = walk.state.before.get(&walk.key()).unwrap();
    assert_eq!((before.attempts, before.status, before.said.as_str()), (1, StepStatus::Done, "exit status 0"));
    walk.at("prepare/sum");
    walk.must(Proposal::Answer { step: walk.key(), value: json!("another"), file: None });
    walk.sense();
    assert_eq!(walk.state.answers["sum"], json!("another"));
    assert_eq!(walk.key().to_string(), "nodes[n1]/stop", "straight back to where it stood");
    assert_eq!(gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at), Gate::Open);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(1));
    walk.must(run);
    walk.finish(0);
    assert_eq!(walk.key().to_string(), "nodes[n2]/connect");
    assert_eq!(walk.state.deviations, [], "it is no deviation");
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn what_came_after_the_oldest_evidence_is_done_anew_with_it_and_what_came_before_is_not() {
    let mut walk = walk();
    walk.at("prepare/sum");
    walk.pass(3600);
    walk.at("nodes[n1]/stop");
    walk.pass(3601);
    assert_eq!(stale(&walk), ["prepare/backup", "nodes[n1]/connect"], "the sum is an hour old, and of the old backup");
    renew(&mut walk);
    let opened = |walk: &Walk| {
        let keys = walk.state.phases.iter().flat_map(PhaseState::keys);
        keys.filter(|(_, step)| !step.status.is_accounted()).map(|(key, _)| key.to_string()).take(4).collect::<Vec<_>>()
    };
    assert_eq!(opened(&walk), ["prepare/backup", "prepare/sum", "nodes[n1]/connect", "nodes[n1]/stop"]);
    walk.at("nodes[n1]/stop");
    walk.pass(601);
    assert_eq!(stale(&walk), ["nodes[n1]/connect"]);
    // Its phase is entered already: whether it applies was asked when it opened.
    walk.see([false, true, true]);
    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "nodes[n1]/connect");
    assert_eq!(opened(&walk)[..2], ["nodes[n1]/connect", "nodes[n1]/stop"]);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(3));
    walk.at("nodes[n1]/stop").do_first();
    walk.finish(0);
}

#[test]
fn a_step_that_has_failed_is_tried_again_first() {
    let mut walk = walk();
    walk.at("nodes[n1]/stop").do_first();
    walk.finish(1);
    walk.pass(3 * 3600);
    assert_eq!(walk.allowed().first(), Some(&Allowed::Retry(walk.key())));
    assert!(matches!(walk.propose(Proposal::Renew { step: walk.key() }), Err(Refusal::NotNow(_))));
    walk.do_first();
    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "prepare/backup");
    walk.at("nodes[n1]/stop");
    assert_eq!(walk.state.step(&walk.key()).map(|step| (step.attempt, step.has_failed)), Some((2, true)));
}

/// The plan that was left is walked no more: its evidence can only be overruled.
#[test]
fn a_way_back_does_not_lead_into_the_plan_that_was_left() {
    let mut walk = walk();
    walk.at("nodes[n1]/stop");
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    walk.sense();
    walk.pass(3 * 3600);
    assert_eq!(stale(&walk), ["prepare/sum"]);
    let allowed = walk.allowed();
    assert!(!allowed.contains(&Allowed::Renew(walk.key())) && allowed.contains(&Allowed::Override(walk.key())));
}

/// A judgement, what is decided by it, and the step that wants it fresh.
const DECIDED: &str = r#"
format = 1
id = "decided"
title = "Decided"
system = "demo"

[[phase]]
id = "soak"
title = "Soak"
[[phase.step]]
id = "verdict"
title = "Judge"
choose = [{ is = "stay", title = "All is well" }, { is = "wrong", title = "Something is wrong" }]
[[phase.step]]
id = "between"
title = "Between"
confirm = "Seen?"

[[phase]]
id = "end"
title = "End"
[[phase.step]]
id = "go"
title = "Go"
critical = true
irreversible = true
requires = [{ step = "soak/verdict", within = "1h" }]
confirm = "Gone?"
"#;

/// Stands at `end/go`, an hour and a second after the first step.
fn decided(changes: &[(&str, &str)]) -> Walk {
    let text = changes.iter().fold(DECIDED.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    });
    let (runbook, told) = parse(&text);
    let mut walk = Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    walk.at("end/go");
    walk.pass(3601);
    walk
}

/// What passed since on what the old evidence said would be passed over.
#[test]
fn what_was_decided_on_old_evidence_keeps_it_from_being_done_anew() {
    let between = "title = \"Between\"\nconfirm = \"Seen?\"";
    let step = |keys: &str| format!("title = \"Between\"\n{keys}");
    let when = "when = { holds = '.choices.verdict == \"wrong\"', why = \"nothing is wrong\" }\n";
    let asks =
        "choose = [{ is = \"stay\", title = \"All is well\" }, { is = \"wrong\", title = \"Something is wrong\" }]";
    let asked = "ask = { name = \"verdict\", prompt = \"?\", type = \"text\" }";
    let captured = "run = [\"judge\"]\ncapture = { verdict = '.stdout' }";
    let cases: &[(&str, &[(&str, &str)], bool)] = &[
        ("nothing reads it", &[], true),
        ("left out by it", &[(between, &step(&format!("{when}confirm = \"Seen?\"")))], false),
        ("done by it", &[(between, &step(&format!("{}confirm = \"Seen?\"", when.replace("==", "!="))))], false),
        ("told by it", &[(between, &step("confirm = \"Seen {{ .choices.verdict }}?\""))], false),
        ("a text of it", &[(between, &step("text = \"{{ .choices.verdict }}\"\nconfirm = \"Seen?\""))], false),
        ("checked by it", &[(between, &step("check = '.choices.verdict == \"stay\"'"))], false),
        ("run by it", &[(between, &step("run = [\"judge\", \"{{ .choices.verdict }}\"]"))], false),
        ("all choices", &[(between, &step("check = '.choices | length > 0'"))], false),
        (
            "another choice",
            &[(between, &step("choose = [{ is = \"stay\", title = \"?\" }, { is = \"no\", title = \"?\" }]"))],
            true,
        ),
        ("released on it", &[(between, &step("release = \"somebody else\""))], false),
        ("a phase by it", &[("title = \"End\"", &format!("title = \"End\"\n{}", when.replace("==", "!=")))], false),
        ("applies by it", &[("title = \"Go\"", &format!("title = \"Go\"\n{}", when.replace("==", "!=")))], false),
        ("read afresh", &[("Gone?", "Gone, {{ .choices.verdict }}?")], true),
        ("an answer", &[(asks, asked), (between, &step("check = '.answers.verdict != null'"))], false),
        ("a capture", &[(asks, captured), (between, &step("check = '.answers.verdict != null'"))], false),
    ];
    for (name, changes, may) in cases {
        let mut walk = decided(changes);
        assert_eq!(stale(&walk), ["soak/verdict"], "{name}");
        let renew = Proposal::Renew { step: walk.key() };
        assert_eq!(walk.allowed().contains(&Allowed::Renew(walk.key())), *may, "{name}");
        assert_eq!(walk.propose(renew).is_ok(), *may, "{name}");
        assert!(!walk.allowed().contains(&Allowed::Confirm(walk.key())) || *may, "{name}");
    }
}

/// What reads it is done anew with it where it is wanted fresh as well.
#[test]
fn what_reads_old_evidence_may_be_done_anew_with_it() {
    let wanted = "{ step = \"soak/verdict\", within = \"1h\" }";
    let both = format!("{wanted}, {{ step = \"soak/between\", within = \"1d\" }}");
    for between in ["confirm = \"Seen {{ .choices.verdict }}?\"", "release = \"somebody else\""] {
        let mut walk = decided(&[("confirm = \"Seen?\"", between), (wanted, &both)]);
        renew(&mut walk);
        assert_eq!(walk.key().to_string(), "soak/verdict");
        walk.must(Proposal::Choose { step: walk.key(), choice: "wrong".into() });
        walk.sense();
        assert_eq!(walk.key().to_string(), "soak/between");
        walk.at("end/go");
        assert!(walk.allowed().contains(&Allowed::Confirm(walk.key())));
    }
}

/// One that went without being asked whether it applies would be excused instead of done.
#[test]
fn what_is_done_anew_is_not_asked_again_whether_it_applies() {
    let up = "when = { holds = 'any(.health.node[]; .verdict == \"ok\")', why = \"all is down\" }\n";
    let probe = "[[health]]\nid = \"node\"\ntitle = \"Nodes\"\neach = \".inputs.nodes[]\"\n\
                 http = { url = \"{{ .node.api }}/health\" }\nok = 'true'\n\
                 [inputs.nodes]\ntype = \"nodes\"\nprompt = \"Nodes\"\n\n[[phase]]\nid = \"soak\"";
    let probed = ("[[phase]]\nid = \"soak\"", probe);
    let both = "{ step = \"soak/verdict\", within = \"1h\" }, { step = \"soak/between\", within = \"1h\" }";
    let wants = ("{ step = \"soak/verdict\", within = \"1h\" }", both);
    for title in ["Soak", "Judge", "Between", "Go"] {
        let (old, new) = (format!("title = \"{title}\""), format!("title = \"{title}\"\n{up}"));
        let mut walk = decided(&[probed, wants, (&old, &new)]);
        walk.see([false; 3]);
        renew(&mut walk);
        for key in ["soak/verdict", "soak/between", "end/go"] {
            assert_eq!(walk.key().to_string(), key, "{title}");
            if key != "end/go" {
                walk.do_first();
            }
        }
        assert_eq!(stale(&walk), Vec::<String>::new(), "{title}");
    }
}

/// A journal of a version that let critical evidence be fresh.
#[test]
fn what_is_critical_or_irreversible_is_never_done_anew() {
    let mut walk = decided(&[]);
    let step = walk.key();
    assert_ne!(renewable(&walk.runbook, &walk.state, &step, walk.moment.at), []);
    for (is_critical, is_irreversible) in [(true, false), (false, true)] {
        let verdict = &mut walk.runbook.phases[0].steps[0];
        (verdict.critical, verdict.irreversible) = (is_critical, is_irreversible);
        assert_eq!(renewable(&walk.runbook, &walk.state, &step, walk.moment.at), []);
        assert!(!walk.allowed().contains(&Allowed::Renew(step.clone())));
        assert!(walk.propose(Proposal::Renew { step: step.clone() }).is_err());
    }
}

#[test]
fn it_is_counted_how_often_evidence_was_done_anew_and_told_how_long_it_is_fresh() {
    let mut walk = decided(&[]);
    let left = |walk: &Walk| fresh_for(&walk.runbook, &walk.state, &walk.key(), walk.moment.at);
    for times in 1..4 {
        assert_eq!(left(&walk), None, "it is too old already");
        renew(&mut walk);
        walk.do_first();
        assert_eq!(walk.state.step(&walk.key()).map(|step| step.renewals), Some(times));
        assert_eq!(left(&walk), Some(Duration::from_secs(3600)));
        walk.pass(3600);
        assert_eq!((left(&walk), stale(&walk)), (Some(Duration::ZERO), vec![]));
        walk.pass(1);
    }
}
