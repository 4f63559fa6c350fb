//! What a step disturbs: expected in its window, overdue after it, unexpected everywhere else; by the journal alone.

use super::together::{disturbing_together, walked};
use super::*;

const MINUTE: u64 = 60;

fn book() -> Runbook {
    let at = BOOK.find("[[phase]]").expect("the book has phases");
    let steps = r#"
[[phase]]
id = "nodes"
title = "Each standby"
for_each = '.inputs.nodes[] | select(.name != "n1")'
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
disturbs = { health = ["node"], for = "2m" }
run = "stop"
[[phase.step]]
id = "start"
title = "Start {{ .node.name }}"
disturbs = { health = ["node"], for = "3m" }
confirm = "Started?"
[[phase]]
id = "all"
title = "All at once"
[[phase.step]]
id = "all"
title = "Stop all"
disturbs = { health = ["node"], for = "1m" }
run = ["stop-all"]
[[phase.step]]
id = "again"
title = "Go back to them"
restart = "nodes"

[[rollback]]
id = "undo"
title = "Undo"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
confirm = "Undone?"
"#;
    let head = BOOK[..at].replace("blocks = [\"nodes/stop\"]", "blocks = []");
    let (runbook, diagnostics) = parse(&format!("{head}{steps}"));
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

impl Walk {
    /// Every probe answers, and what it comes to is recorded.
    fn answers(&mut self, board: Board) {
        let rows: Vec<_> = board.rows.iter().map(|row| (row.node.clone(), row.verdict)).collect();
        self.moment.board = board;
        for (node, verdict) in rows {
            let truth = match verdict {
                Verdict::Ok => Tri::True,
                Verdict::Unknown => Tri::Unknown,
                _ => Tri::False,
            };
            let condition = ConditionId::Health(ProbeId::new("node"), node);
            self.must(Proposal::Observe { condition, truth, why: String::new(), seen: Value::Null });
        }
        self.sense();
    }

    fn turned(&self) -> Vec<(String, Turned)> {
        let all = turned(&self.runbook, &self.state, self.moment.at);
        // Whoever reads the journal later comes to the same.
        assert_eq!(all, turned(&self.runbook, &self.fold(&self.records), self.moment.at));
        all.into_iter().map(|(id, turned)| (id.to_string(), turned)).collect()
    }

    fn at_the_stop() -> Self {
        let mut walk = Self::of(book());
        walk.answers(board([true; 3]));
        assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
        walk
    }
}

fn expected(node: &str, seconds: u64) -> (String, Turned) {
    (format!("health/node[{node}]"), Turned::Expected { left: Duration::from_secs(seconds) })
}

#[test]
fn a_row_that_its_step_makes_bad_is_expected_then_overdue_and_ok_again_ends_it() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.pass(10);
    walk.answers(board([true, false, true]));
    assert_eq!(walk.turned(), [expected("n2", 110)]);
    walk.pass(109);
    assert_eq!(walk.turned(), [expected("n2", 1)]);
    walk.pass(1);
    let since = walk.moment.at;
    assert_eq!(walk.turned(), [("health/node[n2]".into(), Turned::Overdue { since })]);
    walk.pass(MINUTE);
    assert_eq!(walk.turned()[0].1.alarm(), Some(since), "it became one when the time was over");
    walk.answers(board([true; 3]));
    assert_eq!(walk.turned(), []);
}

#[test]
fn another_row_than_the_items_own_is_unexpected() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.pass(10);
    walk.answers(board([true, false, false]));
    let since = walk.moment.at;
    assert_eq!(walk.turned(), [expected("n2", 110), ("health/node[n3]".into(), Turned::Unexpected { since })]);
    // Guards do not care for what is expected.
    assert_eq!(walk.state.truth(&"guard/one-away".parse().unwrap()), Tri::False);
}

#[test]
fn before_the_command_starts_and_after_the_row_was_ok_again_nothing_is_expected() {
    let mut walk = Walk::at_the_stop();
    walk.answers(board([true, false, true]));
    let since = walk.moment.at;
    assert_eq!(walk.turned(), [("health/node[n2]".into(), Turned::Unexpected { since })]);
    walk.pass(5);
    walk.do_first();
    walk.pass(5);
    assert_eq!(walk.turned()[0].1, Turned::Unexpected { since }, "it was bad before the command was started");

    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.pass(5);
    walk.answers(board([true, false, true]));
    walk.pass(5);
    walk.answers(board([true; 3]));
    walk.pass(5);
    walk.answers(board([true, false, true]));
    let since = walk.moment.at;
    assert_eq!(walk.turned(), [("health/node[n2]".into(), Turned::Unexpected { since })], "once, not twice");
}

#[test]
fn the_next_step_may_take_the_row_over() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.pass(10);
    walk.answers(board([true, false, true]));
    walk.pass(80);
    walk.finish(0);
    assert_eq!(walk.key().to_string(), "nodes[n2]/start");
    walk.pass(MINUTE);
    assert_eq!(walk.turned(), [expected("n2", 120)], "from the beginning of the step that a person takes");
    walk.pass(2 * MINUTE);
    assert!(matches!(walk.turned()[..], [(_, Turned::Overdue { .. })]));
}

#[test]
fn silence_after_an_answer_is_told_as_well_and_outside_a_loop_every_row_is_meant() {
    let mut walk = Walk::at_the_stop();
    walk.answers(silent(0));
    assert!(matches!(walk.turned()[..], [(_, Turned::Unexpected { .. })]));
    walk.answers(board([true; 3]));
    for _ in 0..2 {
        walk.do_first();
        walk.finish(0);
        walk.do_first();
    }
    assert_eq!(walk.key().to_string(), "all/all");
    walk.pass(10 * MINUTE);
    walk.do_first();
    walk.answers(board([false; 3]));
    assert_eq!(walk.turned(), [expected("n1", 60), expected("n2", 60), expected("n3", 60)]);
}

#[test]
fn a_sitting_in_between_forgets_neither_the_window_nor_that_it_is_over() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.answers(board([true, false, true]));
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.sit();
    assert_eq!(walk.turned(), [], "nothing has been sensed in this sitting yet");
    walk.pass(MINUTE);
    walk.answers(board([true, false, true]));
    assert_eq!(walk.turned(), [expected("n2", 60)]);
    walk.pass(MINUTE);
    assert!(matches!(walk.turned()[..], [(_, Turned::Overdue { .. })]));
}

#[test]
fn a_row_that_was_never_ok_has_not_turned() {
    let mut walk = Walk::of(book());
    walk.answers(board([false, true, true]));
    assert_eq!(walk.turned(), []);
}

#[test]
fn of_a_step_for_all_each_command_disturbs_its_own_item() {
    let many = (1..=2).map(|n| json!({ "name": format!("n{n}") }));
    let mut walk = walked(disturbing_together(), "restart", many.collect());
    walk.answers(board([true; 3]));
    walk.do_first();
    walk.do_first();
    walk.do_first();
    assert!(walk.state.is_running());
    walk.pass(10);
    walk.answers(board([false, false, false]));
    let since = walk.moment.at;
    let third = ("health/node[n3]".into(), Turned::Unexpected { since });
    assert_eq!(walk.turned(), [expected("n1", 110), expected("n2", 110), third.clone()]);
    // Another attempt is for the one that failed, and begins the time anew for that one alone.
    walk.end_item("n1", Ended::Exit(1), "");
    walk.ends_well("n2");
    walk.pass(5);
    walk.must(Proposal::Retry { step: walk.key() });
    walk.do_first();
    walk.pass(5);
    assert_eq!(walk.turned(), [expected("n1", 115), expected("n2", 100), third]);
}

#[test]
fn another_attempt_gives_what_the_first_made_bad_its_time_anew() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.pass(10);
    walk.answers(board([true, false, true]));
    walk.finish(1);
    walk.pass(130);
    assert!(matches!(walk.turned()[0].1, Turned::Overdue { .. }));
    walk.must(Proposal::Retry { step: walk.key() });
    walk.do_first();
    walk.pass(10);
    assert_eq!(walk.turned(), [expected("n2", 110)]);
}

/// Both standbys are stopped and started, and the walk stands where it can go back to them.
fn at_the_edge() -> Walk {
    let mut walk = Walk::at_the_stop();
    for node in ["n2", "n3"] {
        walk.at(&format!("nodes[{node}]/stop")).do_first();
        walk.pass(10);
        walk.answers(board([true, false, node == "n2"]));
        walk.finish(0);
    }
    walk.at("all/again");
    walk
}

#[test]
fn going_back_closes_no_window() {
    let mut walk = at_the_edge();
    let before = walk.turned();
    assert_eq!(before, [expected("n2", 170), expected("n3", 180)]);
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    assert_eq!(walk.turned(), before, "what was disturbed stays so, whatever is opened again");
    // Not even by a sitting in between.
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.sit();
    walk.answers(board([true, false, false]));
    assert_eq!(walk.turned(), before);
    walk.pass(170);
    assert_eq!(walk.turned()[1], expected("n3", 10));
    assert!(matches!(walk.turned()[0].1, Turned::Overdue { .. }));
}

#[test]
fn once_more_behind_the_edge_gives_the_row_its_time_anew() {
    let mut walk = at_the_edge();
    walk.pass(10 * MINUTE);
    assert!(walk.turned().iter().all(|(_, turned)| matches!(turned, Turned::Overdue { .. })));
    walk.do_first();
    walk.do_first();
    walk.pass(10);
    assert_eq!(walk.turned()[0], expected("n2", 110));
    assert!(matches!(walk.turned()[1].1, Turned::Overdue { .. }), "the other one was not stopped again");
}

#[test]
fn what_went_bad_between_two_starts_and_outside_their_time_stays_unexpected() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.finish(1);
    walk.pass(3 * MINUTE);
    walk.answers(board([true, false, true]));
    let since = walk.moment.at;
    walk.pass(5);
    walk.must(Proposal::Retry { step: walk.key() });
    walk.do_first();
    walk.pass(10);
    assert_eq!(walk.turned(), [("health/node[n2]".into(), Turned::Unexpected { since })]);
}

#[test]
fn a_window_that_is_left_open_holds_on_a_way_back() {
    let mut walk = at_the_edge();
    walk.do_first();
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    walk.sense();
    assert_eq!(walk.turned(), [expected("n2", 170), expected("n3", 180)]);
}

#[test]
fn a_command_that_never_started_disturbs_nothing() {
    let mut walk = Walk::at_the_stop();
    walk.do_first();
    walk.end(Ended::NotStarted("no such program".into()));
    walk.pass(10);
    walk.answers(board([true, false, true]));
    assert!(matches!(walk.turned()[..], [(_, Turned::Unexpected { .. })]));
}

#[test]
fn of_many_attempts_the_first_and_the_latest_count() {
    let mut walk = Walk::at_the_stop();
    for attempt in 0..40 {
        if attempt > 0 {
            walk.must(Proposal::Retry { step: walk.key() });
        }
        walk.do_first();
        walk.pass(10);
        walk.answers(board([true, false, true]));
        walk.finish(1);
    }
    assert_eq!(walk.turned(), [expected("n2", 110)]);
}

/// A book in which a restart of one node disturbs all of them for a short time, and a check looks at them afterwards.
fn with_others() -> Runbook {
    let at = BOOK.find("[[phase]]").expect("the book has phases");
    let steps = r#"
[[phase]]
id = "nodes"
title = "Each standby"
for_each = '.inputs.nodes[] | select(.name != "n1")'
[[phase.step]]
id = "stop"
title = "Restart {{ .node.name }}"
disturbs = { health = ["node"], for = "10m", others = { health = ["node"], for = "1m" } }
run = "stop"
[[phase.step]]
id = "back"
title = "All are back"
check = 'all(.health.node[]; .verdict == "ok")'
"#;
    let head = BOOK[..at].replace("blocks = [\"nodes/stop\"]", "blocks = []");
    let (runbook, diagnostics) = parse(&format!("{head}{steps}"));
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

#[test]
fn rows_of_other_nodes_may_come_and_go_for_their_time_and_not_longer() {
    let mut walk = Walk::of(with_others());
    walk.answers(board([true; 3]));
    walk.do_first();
    walk.pass(10);
    walk.answers(board([true, false, false]));
    assert_eq!(walk.turned(), [expected("n2", 590), expected("n3", 50)]);
    walk.pass(10);
    walk.answers(board([true, false, true]));
    walk.pass(10);
    walk.answers(board([true, false, false]));
    assert_eq!(walk.turned(), [expected("n2", 570), expected("n3", 30)]);
    walk.pass(40);
    let overdue = walk.turned().into_iter().find(|(row, _)| row.contains("n3"));
    assert!(matches!(overdue, Some((_, Turned::Overdue { .. }))), "{overdue:?}");
}

#[test]
fn what_a_check_saw_well_again_is_not_expected_to_turn_bad() {
    let mut walk = Walk::of(with_others());
    walk.answers(board([true; 3]));
    walk.do_first();
    walk.pass(10);
    walk.finish(0);
    walk.answers(board([true; 3]));
    assert_eq!(walk.key().to_string(), "nodes[n3]/stop", "the check has passed");
    walk.pass(MINUTE);
    walk.answers(board([true, false, false]));
    let since = walk.moment.at;
    let unexpected = |node: &str| (format!("health/node[{node}]"), Turned::Unexpected { since });
    assert_eq!(walk.turned(), [unexpected("n2"), unexpected("n3")]);
}
