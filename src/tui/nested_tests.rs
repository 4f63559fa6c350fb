//! A loop in a loop, as it is shown.

use insta::assert_snapshot;

use crate::engine::{Ended, Mode};
use crate::runbook::parse;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::UNICODE;

const BOOK: &str = r#"
format = 1
id = "vault-replication"
title = "Upgrade replicated clusters"
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
id = "clusters"
title = "Each secondary cluster"
for_each = ['"eu", "empty", "us" | { name: . }', '.group.name as $c | .health.vault[] | .node | select($c != "empty")']
[[phase.step]]
id = "stop"
title = "Stop Vault on {{ .node.name }}"
run = ["ssh", "{{ .node.name }}.{{ .group.name }}", "stop"]
[[phase.step]]
id = "look"
title = "Look at it"
confirm = "Well?"
"#;

#[test]
fn outer_items_are_headings_and_what_is_not_bound_is_one_placeholder() {
    for size in [(80, 24), (120, 40)] {
        let (book, told) = parse(BOOK);
        let book = book.unwrap_or_else(|| panic!("{told:#?}"));
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        let picture = |name: &str, stage: &Stage| {
            assert_snapshot!(format!("nested_{name}_{}x{}", size.0, size.1), stage.picture());
        };
        picture("first", &stage);
        for _ in 0..3 {
            stage.press("enter");
            stage.press("y");
            stage.finish(Ended::Exit(0));
            stage.press("enter");
            stage.type_text("well");
            stage.press("enter");
        }
        picture("second", &stage);
        assert!(size.0 == 80 || stage.picture().contains("no items"));
        stage.press("enter");
        picture("command", &stage);
        stage.press("esc");
    }
}

#[test]
fn every_step_of_a_nested_loop_can_be_looked_at() {
    let (book, told) = parse(BOOK);
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    let mut stage = Stage::of(book, (80, 24), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    for _ in 0..6 {
        stage.press("down");
    }
    let picture = stage.picture();
    assert!(picture.contains("empty") && picture.contains("Stop Vault on (each node)"), "{picture}");
    assert_eq!(stage.run().browsed.as_ref().map(ToString::to_string).as_deref(), Some("clusters[empty]/stop"));
}
