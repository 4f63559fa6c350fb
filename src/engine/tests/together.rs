//! Steps that concern all items of a phase at once.

use std::collections::HashMap;

use super::*;
use crate::engine::scope::target_of;

const ALL: &str = r#"
[[phase]]
id = "restart"
title = "All at once"
for_each = ".inputs.many[]"
order = "together"
[[phase.step]]
id = "agree"
title = "Agree on {{ .nodes | length }}"
confirm = "All {{ .nodes | length }} from {{ .nodes[0].name }} on?"
[[phase.step]]
id = "restart"
title = "Restart all {{ .nodes | length }}"
caution = "The service is away."
gate = '.nodes | length > 0'
critical = true
run = ["restart", "{{ .node.name }}", "{{ .nodes | length }}"]
expect = '.exit == 0 and (.stdout | startswith("started"))'
capture = { word = '.stdout | split(" ") | .[0]', name = '.node.name' }
[[phase.step]]
id = "back"
title = "All are back"
check = '.passed.restart and (.nodes | length) == (.answers.word | length)'

[[phase]]
id = "verify"
"#;

/// The small walk with a phase that takes all its items together in front of its last one.
pub(super) fn together_book() -> Runbook {
    with_together(ALL)
}

/// The same, where the command disturbs the item that it runs for.
pub(super) fn disturbing_together() -> Runbook {
    with_together(&ALL.replace("critical = true", "disturbs = { health = [\"node\"], for = \"2m\" }"))
}

fn with_together(all: &str) -> Runbook {
    let text = BOOK.replace("\n[[phase]]\nid = \"verify\"\n", all);
    let many = "[inputs.many]\ntype = \"nodes\"\nprompt = \"Many\"\nfields = []\n\n[inputs.stop]";
    let (runbook, told) = parse(&text.replace("[inputs.stop]", many));
    runbook.unwrap_or_else(|| panic!("{told:#?}"))
}

/// The small walk where that phase begins, with so many nodes that are taken together.
fn walked_to(phase: &str, nodes: usize) -> Walk {
    let many = (1..=nodes).map(|n| json!({ "name": format!("m{n}") }));
    walked(together_book(), phase, many.collect())
}

/// The same in any such book.
pub(super) fn walked(book: Runbook, phase: &str, many: Vec<Value>) -> Walk {
    let mut walk = Walk::of(book);
    walk.with_many(many);
    while walk.state.current.as_ref().is_none_or(|key| key.phase.as_str() != phase) {
        match walk.key().step.as_str() {
            "back" => walk.pass(10),
            "rest" => walk.pass(60),
            _ if walk.state.is_running() => walk.finish(0),
            _ => walk.do_first(),
        }
    }
    walk
}

pub(super) fn at_agree(nodes: usize) -> Walk {
    walked_to("restart", nodes)
}

fn at_restart(nodes: usize) -> Walk {
    let mut walk = at_agree(nodes);
    walk.do_first();
    walk.do_first();
    walk
}

fn running(nodes: usize) -> Walk {
    let mut walk = at_restart(nodes);
    walk.do_first();
    walk
}

impl Walk {
    /// Rewrites the head of the run: the nodes that are taken together.
    pub(super) fn with_many(&mut self, many: Vec<Value>) {
        if let Event::RunOpened(opened) = &mut self.records[0].event {
            opened.inputs.insert("many".into(), json!(many));
        }
        self.state = self.fold(&self.records);
    }

    fn names(&self) -> Vec<String> {
        self.state.running.iter().filter_map(|running| running.item.clone()).collect()
    }

    pub(super) fn end_item(&mut self, item: &str, ended: Ended, stdout: &str) {
        let running = self.state.running.iter().find(|running| running.item.as_deref() == Some(item));
        let job = running.unwrap_or_else(|| panic!("{item} does not run: {:?}", self.names())).job;
        let printed = Printed { stdout: stdout.into(), stderr: String::new() };
        self.must(Proposal::Finished { job, ended, elapsed_ms: 5, output: None, printed });
        self.sense();
    }

    pub(super) fn ends_well(&mut self, item: &str) {
        self.end_item(item, Ended::Exit(0), "started it");
    }

    fn shown(&self) -> Vec<ItemCommand> {
        let key = self.key();
        let shown = commands_of(&self.runbook, &self.state, &self.moment.board, &key, self.moment.at, usize::MAX);
        shown.expect("they render").expect("they are several")
    }
}

#[test]
fn a_step_for_all_is_walked_once_and_runs_once_for_each() {
    let mut walk = at_agree(3);
    assert_eq!(walk.key().to_string(), "restart/agree");
    let confirm = match &walk.runbook.step(&PhaseId::new("restart"), &walk.key().step).unwrap().action {
        crate::runbook::Action::Confirm { prompt, .. } => prompt.clone(),
        other => panic!("{other:?}"),
    };
    let told = crate::engine::scope::text_of(&confirm, &walk.state, &walk.moment.board, &walk.key(), walk.moment.at);
    assert_eq!(told, "All 3 from m1 on?");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.allowed().first(), Some(&Allowed::Run(walk.key())));
    walk.do_first();
    assert_eq!(walk.names(), ["m1", "m2", "m3"]);
    let argvs: Vec<_> = walk.state.running.iter().map(|running| running.command.argv.join(" ")).collect();
    assert_eq!(argvs, ["restart m1 3", "restart m2 3", "restart m3 3"]);
    assert_eq!(walk.allowed()[1..], [Allowed::Note, Allowed::Leave]);
    for item in ["m2", "m1"] {
        walk.ends_well(item);
        assert_eq!(walk.status("restart/restart"), StepStatus::Current);
    }
    walk.end_item("m3", Ended::Exit(0), "started too");
    assert_eq!(walk.status("restart/restart"), StepStatus::Done);
    assert_eq!(walk.state.step(&"restart/restart".parse().unwrap()).unwrap().said, "all 3 as expected");
    assert_eq!(walk.state.answers["word"], json!({ "m1": "started", "m2": "started", "m3": "started" }));
    assert_eq!(walk.state.answers["name"], json!({ "m1": "m1", "m2": "m2", "m3": "m3" }));
    assert_eq!(walk.key().to_string(), "verify/look", "the check saw what was passed and captured");
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn nothing_runs_for_all_but_what_was_shown() {
    let mut walk = at_restart(3);
    let (step, shown, typed) = (walk.key(), walk.shown(), Some("demo 3".to_owned()));
    let run = |shown: Vec<ItemCommand>| Proposal::RunAll { step: step.clone(), shown, typed: typed.clone() };
    for change in [
        (|shown: &mut Vec<ItemCommand>| shown[1].command.argv.push("--force".into())) as fn(&mut Vec<ItemCommand>),
        |shown| drop(shown.pop()),
        |shown| shown.reverse(),
        |shown| shown[0].item = "m3".into(),
        Vec::clear,
    ] {
        let mut other = shown.clone();
        change(&mut other);
        assert_eq!(walk.propose(run(other)), Err(Refusal::NotAsShown));
    }
    let alone = Proposal::Run { step: step.clone(), shown: shown[0].command.clone(), typed: typed.clone() };
    assert_eq!(walk.propose(alone), Err(Refusal::NotAsShown));
    assert_eq!(walk.propose(run(shown)), Ok(()));

    let mut walk = at_stop();
    walk.do_first();
    let step = walk.key();
    let several = Proposal::RunAll { step, shown: vec![], typed: None };
    assert!(matches!(walk.propose(several), Err(Refusal::NotNow(_))));
}

#[test]
fn before_a_critical_step_for_all_place_and_number_are_typed() {
    let mut walk = at_restart(3);
    let (step, shown) = (walk.key(), walk.shown());
    for typed in ["", "demo", "3", "demo 2"] {
        let (step, shown) = (step.clone(), shown.clone());
        let run = Proposal::RunAll { step, shown, typed: Some(typed.into()) };
        assert_eq!(walk.propose(run), Err(Refusal::NotTheTarget("demo 3".into())));
    }
    walk.do_first();
    walk.ends_well("m1");
    walk.end_item("m2", Ended::Exit(1), "");
    walk.end_item("m3", Ended::Exit(1), "");
    walk.do_first();
    assert_eq!(target_of(&walk.runbook, &walk.state, &walk.key()), "demo 2", "what is left is counted");
}

#[test]
fn a_failure_waits_for_the_others_and_is_told_by_name() {
    let mut walk = running(4);
    walk.end_item("m2", Ended::Exit(3), "");
    assert_eq!((walk.status("restart/restart"), walk.names().len()), (StepStatus::Current, 3));
    walk.ends_well("m1");
    walk.end_item("m3", Ended::TimedOut, "");
    walk.end_item("m4", Ended::Exit(0), "who knows");
    let known = walk.state.step(&walk.key()).unwrap();
    assert_eq!(known.status, StepStatus::Failed);
    let expected = ".exit == 0 and (.stdout | startswith(\"started\"))";
    assert_eq!(
        known.said,
        format!(
            "3 of 4 not as expected: m2: exit status 3; expected {expected}; m3: timed out; m4: exit status 0; expected {expected}"
        )
    );
    assert_eq!(walk.state.answers["word"], json!({ "m1": "started" }));
    assert_eq!(walk.allowed().first(), Some(&Allowed::Retry(walk.key())));
}

#[test]
fn another_attempt_runs_only_what_did_not_succeed() {
    let mut walk = running(3);
    walk.ends_well("m1");
    walk.ends_well("m3");
    walk.end_item("m2", Ended::Lost, "");
    walk.do_first();
    assert_eq!(walk.shown().iter().map(|command| command.item.as_str()).collect::<Vec<_>>(), ["m2"]);
    walk.do_first();
    assert_eq!(walk.names(), ["m2"]);
    walk.ends_well("m2");
    assert_eq!(walk.status("restart/restart"), StepStatus::Done);
    assert_eq!(walk.state.answers["word"].as_object().unwrap().len(), 3);
    let attempts = |item: &str| {
        let is_it = |event: &Event| matches!(event, Event::CommandStarted { item: Some(of), .. } if of == item);
        walk.records.iter().filter(|record| is_it(&record.event)).count()
    };
    assert_eq!(["m1", "m2", "m3"].map(attempts), [1, 2, 1]);
}

/// What has succeeded for an item before its evidence became too old is not done to it a second time.
#[test]
fn evidence_that_is_done_anew_takes_back_nothing_of_what_succeeded() {
    let wanted = "critical = true\nrequires = [{ step = \"agree\", within = \"1h\" }]";
    let many = (1..=3).map(|n| json!({ "name": format!("m{n}") }));
    let mut walk = walked(with_together(&ALL.replace("critical = true", wanted)), "restart", many.collect());
    walk.at("restart/restart").do_first();
    walk.do_first();
    walk.ends_well("m1");
    walk.ends_well("m3");
    walk.end_item("m2", Ended::Lost, "");
    walk.do_first();
    walk.pass(3601);
    assert!(walk.allowed().contains(&Allowed::Renew(walk.key())));
    walk.must(Proposal::Renew { step: walk.key() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "restart/agree");
    walk.do_first();
    assert_eq!(walk.key().to_string(), "restart/restart");
    assert_eq!(walk.shown().iter().map(|command| command.item.as_str()).collect::<Vec<_>>(), ["m2"]);
    while walk.names().is_empty() {
        walk.do_first();
    }
    assert_eq!(walk.names(), ["m2"]);
    walk.ends_well("m2");
    assert_eq!(walk.status("restart/restart"), StepStatus::Done);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn no_more_than_thirty_two_run_at_once_and_the_others_follow() {
    let mut walk = running(70);
    assert_eq!((walk.names().len(), MAX_AT_ONCE), (32, 32));
    let mut ended = 0;
    while let Some(item) = walk.names().last().cloned() {
        walk.ends_well(&item);
        ended += 1;
        assert_eq!(walk.names().len(), 32.min(70 - ended));
    }
    assert_eq!((ended, walk.status("restart/restart")), (70, StepStatus::Done));
    let boards = walk.records.iter().filter(
        |record| matches!(&record.event, Event::CommandStarted { item: Some(_), board, .. } if !board.rows.is_empty()),
    );
    assert_eq!(boards.count(), 0, "the board is in the record of the approval");
    assert_eq!(walk.state.board, board([true; 3]));
}

#[test]
fn whoever_cancels_cancels_all_and_what_waits_starts_no_more() {
    let mut walk = running(40);
    let Some(Allowed::Cancel(job)) = walk.allowed().first().cloned() else { panic!("{:?}", walk.allowed()) };
    walk.must(Proposal::Cancel { job });
    walk.ends_well("m7");
    assert_eq!(walk.names().len(), 31, "one that ended by itself makes no room for another");
    while let Some(item) = walk.names().first().cloned() {
        walk.end_item(&item, Ended::Cancelled, "");
    }
    let known = walk.state.step(&walk.key()).unwrap();
    assert_eq!(known.status, StepStatus::Failed);
    assert!(known.said.starts_with("39 of 40 not as expected: m1: cancelled; "), "{}", known.said);
    assert!(known.said.ends_with("; and 31 more; cancelled by maria@bastion"), "{}", known.said);
    walk.do_first();
    assert_eq!(walk.shown().len(), 39);
    assert!(walk.propose(Proposal::Cancel { job }).is_err(), "nothing runs");
}

#[test]
fn what_waits_does_not_start_in_another_sitting_and_what_ran_is_taken_up() {
    let mut walk = running(40);
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.sit();
    assert_eq!(walk.names().len(), 32, "the commands outlive the terminal");
    walk.end_item("m1", Ended::Lost, "");
    assert_eq!(walk.names().len(), 31, "nobody has seen in this sitting what would run");
    while let Some(item) = walk.names().first().cloned() {
        walk.ends_well(&item);
    }
    let known = walk.state.step(&walk.key()).unwrap();
    assert_eq!(known.status, StepStatus::Failed);
    assert!(known.said.starts_with("9 of 40 not as expected: m1: lost"), "{}", known.said);
    assert!(known.said.contains("m33: not started; "), "{}", known.said);
}

#[test]
fn a_crash_between_the_approval_and_the_first_start_leaves_a_failed_step() {
    let walk = running(3);
    let approved = |record: &Record| matches!(record.event, Event::CommandsApproved { .. });
    let cut = walk.records.iter().position(approved).unwrap() + 1;
    let records = walk.records[..cut].to_vec();
    let state = walk.fold(&records);
    let mut walk = Walk { state, records, ..walk };
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.sit();
    let told = "3 of 3 not as expected: m1: not started; m2: not started; m3: not started";
    assert_eq!(walk.state.step(&walk.key()).unwrap().said, told);
    assert_eq!(walk.state.jobs, 2, "those of the standbys");
}

#[test]
fn what_was_begun_is_told_item_by_item() {
    let mut walk = running(40);
    walk.end_item("m1", Ended::NotStarted("no ssh".into()), "");
    let begun = |walk: &Walk, step: &str| {
        let (board, at) = (&walk.moment.board, walk.moment.at);
        let scope = crate::engine::scope::scope(&walk.state, board, &Value::Null, at, "began");
        scope["began"][step].as_array().unwrap().iter().map(|item| item["name"].clone()).collect::<Vec<_>>()
    };
    let named = |from: usize, to: usize| (from..=to).map(|n| json!(format!("m{n}"))).collect::<Vec<_>>();
    assert_eq!(begun(&walk, "restart/restart"), named(2, 33), "what waits has not begun, nor what could not start");
    assert_eq!(begun(&walk, "restart/agree"), named(1, 40), "what is said of all");
}

#[test]
fn a_step_for_all_can_be_overridden_and_a_phase_for_nobody_is_over_at_once() {
    let mut walk = running(2);
    walk.end_item("m1", Ended::Exit(1), "");
    walk.ends_well("m2");
    let step = walk.key();
    walk.must(Proposal::Override { step, reason: "m1 is being rebuilt".into() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "restart/back");
    assert_eq!(walk.state.deviations.len(), 1);

    let walk = walked_to("verify", 0);
    assert_eq!(walk.key().to_string(), "verify/look");
    assert_eq!(walk.state.counts().pending, 0);
}

#[test]
fn all_but_the_last_and_then_the_last() {
    let book = BOOK.replace(
        "for_each = '.health.node[] | select(.role == \"standby\") | .node'",
        "for_each = '[.health.node[] | select(.role == \"standby\") | .node] | .[:-1][]'",
    );
    let last = "[[phase]]\nid = \"last\"\ntitle = \"The last\"\nfor_each = '[.inputs.nodes[]] | .[-1]'\n[[phase.step]]\nid = \"look\"\ntitle = \"Look at {{ .node.name }}\"\nconfirm = \"Seen?\"\n\n[[phase]]\nid = \"verify\"\n";
    let (runbook, told) = parse(&book.replace("[[phase]]\nid = \"verify\"\n", last));
    let mut walk = Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    let mut seen = Vec::new();
    while walk.key().step.as_str() != "look" {
        seen.extend(walk.key().item);
        match walk.key().step.as_str() {
            "back" => walk.pass(10),
            "rest" => walk.pass(60),
            _ if walk.state.is_running() => walk.finish(0),
            _ => walk.do_first(),
        }
    }
    seen.dedup();
    assert_eq!((seen, walk.key().to_string()), (vec!["n2".to_owned()], "last[n3]/look".to_owned()));
}

#[test]
fn what_is_captured_from_all_is_bounded_together() {
    let mut walk = running(40);
    for n in 1..=40 {
        walk.end_item(&format!("m{n}"), Ended::Exit(0), &format!("started{}", "x".repeat(60_000)));
    }
    let kept = json_bytes(&walk.state.answers["word"]);
    assert!((1_000_000..1_100_000).contains(&kept), "{kept}");
    let known = walk.state.step(&walk.key()).unwrap();
    assert_eq!(known.status, StepStatus::Failed);
    assert!(known.said.contains("word is too large to be kept: more than 1 MiB in all"), "{}", known.said);
}

#[test]
fn journals_of_before_are_read_as_before() {
    let line = r#"{"command_started":{"step":"nodes[n2]/stop","job":1,"command":{"argv":["stop","n2"],"timeout_ms":1},"typed":"n2","board":[]}}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert!(matches!(event, Event::CommandStarted { item: None, .. }));
    assert_eq!(serde_json::to_string(&event).unwrap(), line, "and what they hold is written as before");
}

/// Every command that started was approved, in this sitting, and not started or cancelled since.
pub(super) fn assert_approved(records: &[Record]) {
    let mut approved: HashMap<(String, String), CommandLine> = HashMap::new();
    for record in records {
        match &record.event {
            Event::CommandsApproved { step, commands, .. } => {
                let of = |waiting: &ItemCommand| ((step.to_string(), waiting.item.clone()), waiting.command.clone());
                approved = commands.iter().map(of).collect();
            }
            Event::CommandStarted { step, item: Some(item), command, .. } => {
                let seen = approved.remove(&(step.to_string(), item.clone()));
                assert_eq!(seen.as_ref(), Some(command), "{step} {item} at #{}", record.seq);
            }
            Event::CancelAsked { .. } | Event::SittingOpened { .. } | Event::SittingClosed { .. } => approved.clear(),
            _ => {}
        }
    }
}
