//! Plans on paper: what is expected is told by its condition, and never by the text of its failure.

use std::fmt::Write as _;
use std::sync::Arc;

use piton::library::Library;
use piton::report::{Paper, paper};
use piton::runbook::{Action, Runbook};

use super::printed;

/// A runbook up to its first phase.
const HEAD: &str = "format = 1\nid = \"b\"\ntitle = \"B\"\nrevision = \"1\"\nsystem = \"none\"\nsummary = \"None.\"\nrollback = []\n\
                    [inputs.fast]\ntype = \"bool\"\nprompt = \"Fast?\"\n[inputs.how]\ntype = \"text\"\nprompt = \"How?\"\n";

/// Every shipped runbook with its paper.
fn papers() -> Vec<(String, Arc<Runbook>, Paper)> {
    let library = Library::open(&[]).unwrap();
    let books = library.entries().iter().map(|entry| {
        let book = entry.runbook().expect("what is part of piton has no errors");
        (entry.id.clone(), Arc::clone(book), paper(book))
    });
    books.collect()
}

/// Every sentence of a paper that piton makes itself, in which texts of the runbook stand.
fn sentences(paper: &Paper) -> Vec<String> {
    let mut all: Vec<String> = paper.guards.iter().map(|guard| guard.holds.clone()).collect();
    for plan in &paper.plans {
        all.push(plan.told.clone());
        for phase in &plan.phases {
            all.extend(phase.told.iter().cloned());
            for step in &phase.steps {
                all.extend(step.told.iter().chain([&step.action, &step.expected]).cloned());
            }
        }
    }
    all.retain(|line| !line.is_empty());
    all
}

/// What authors say of conditions that do not hold.
fn reasons(book: &Runbook) -> Vec<String> {
    let phases = || book.phases.iter().chain(book.rollbacks.iter().flat_map(|plan| &plan.phases));
    let mut all: Vec<String> = phases().filter_map(|phase| Some(phase.when.as_ref()?.why.clone())).collect();
    for step in phases().flat_map(|phase| &phase.steps) {
        all.extend(step.when.iter().chain(&step.gate).map(|condition| condition.why.clone()));
        match &step.action {
            Action::Run { expect: Some(expect), .. } => all.push(expect.why.clone()),
            Action::Check { why, .. } => all.push(why.clone()),
            _ => {}
        }
    }
    all.retain(|why| !why.is_empty());
    all
}

#[test]
fn no_paper_tells_what_is_expected_by_the_text_of_its_failure() {
    let (mut told_count, mut faults) = (0, String::new());
    for (id, book, paper) in papers() {
        let lines = sentences(&paper);
        let mut reasons = reasons(&book);
        reasons.sort();
        reasons.dedup();
        for why in &reasons {
            let told: Vec<&String> = lines.iter().filter(|line| line.contains(why.as_str())).collect();
            assert!(!told.is_empty(), "{id}: {why:?} is told somewhere");
            told_count += told.len();
            for line in told {
                let (before, _) = line.split_once(why.as_str()).expect("it is in there");
                if !before.ends_with("If not: ") && !before.ends_with("If not, it is left out: ") {
                    let _ = writeln!(faults, "{id}: {line}");
                }
            }
        }
        for line in &lines {
            let is_odd = [".,", ".;", "..", ".:", "?.", ". .", ",;", " ,", " ;"].iter().any(|odd| line.contains(odd));
            let criterion = ["Expected: ", "Wait until ", "Not before ", "Only when ", "Open while "];
            let is_untold = criterion.iter().any(|begin| line.starts_with(begin))
                && ![" holds", " is ", " are "].iter().any(|verb| line.contains(verb));
            if is_odd || is_untold {
                let _ = writeln!(faults, "{id}: {line}");
            }
        }
    }
    assert_eq!(faults, "");
    assert!(told_count > 700, "{told_count} reasons were looked at");
}

#[test]
fn conditions_are_told_in_words_where_they_are_simple_and_else_by_a_number_that_leads_to_them() {
    let mut numbered = 0;
    for (id, _, paper) in papers() {
        let lines = sentences(&paper);
        for line in &lines {
            let is_raw =
                [".health", ".inputs", ".node.", ".steps", " as $", "select("].iter().any(|jq| line.contains(jq));
            assert!(!is_raw || line.contains('‹'), "{id}: {line}");
        }
        for (at, one) in paper.conditions.iter().enumerate() {
            let name = format!("{} {}", one.kind, at + 1);
            let is_told = |line: &String| line.split(&name).skip(1).any(|behind| !behind.starts_with(char::is_numeric));
            assert!(lines.iter().any(is_told), "{id}: {name} is told");
            assert!(!one.source.is_empty() && !one.told_at.is_empty(), "{id}: {name}");
            numbered += 1;
        }
    }
    assert!(numbered > 200, "{numbered}");
}

#[test]
fn a_condition_is_told_as_people_say_it() {
    let cases = [
        ("when = '.inputs.fast'\nconfirm = \"Seen?\"", "Only when input fast is true."),
        ("when = '.inputs.fast | not'\nconfirm = \"Seen?\"", "Only when input fast is not true."),
        (
            "when = { holds = '.inputs.how == \"by hand\" and .inputs.fast', why = \"It is not\" }\nconfirm = \"Seen?\"",
            "Only when input how is “by hand” and input fast is true. If not, it is left out: It is not.",
        ),
        (
            "gate = { holds = '.inputs.how == null', why = \"It was said.\" }\nconfirm = \"Seen?\"",
            "Not before input how is not bound. If not: It was said.",
        ),
        ("run = [\"true\"]", "Expected: the exit status is 0."),
        (
            "run = [\"true\"]\nexpect = { holds = '.exit == 1', why = \"It runs still.\" }",
            "Expected: the exit status is 1. If not: It runs still.",
        ),
        (
            "run = [\"true\"]\nexpect = { holds = '.exit == 0 and (.stdout | contains(\"up\"))', why = \"It is down.\" }",
            "Expected: the exit status is 0 and condition 1 holds. If not: It is down.",
        ),
        (
            "check = '(.inputs.how | length) == 2'\nhold = \"20s\"\ntimeout = \"5m\"",
            "Wait until condition 1 holds, for 20s without a break; it fails after 5m 00s",
        ),
        ("check = '(.inputs.how | length) == 2'\nwhy = \"It is three.\"", "If not: It is three."),
    ];
    for (extra, told) in cases {
        let text =
            format!("{HEAD}[[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\nid = \"s\"\ntitle = \"S\"\n{extra}\n");
        let (book, findings) = piton::runbook::parse(&text);
        let lines = sentences(&paper(&book.unwrap_or_else(|| panic!("{extra}: {findings:?}"))));
        assert!(lines.iter().any(|line| line == told), "{told}: {lines:?}");
    }
}

#[test]
fn a_list_of_nodes_has_room_of_its_own_on_paper() {
    for format in ["md", "html"] {
        let text = printed(&["show", "vault-ha-upgrade", "--format", format]);
        assert!(text.contains("in the table below"), "{format}");
        let head = if format == "md" {
            "| name | api | ssh |"
        } else {
            "<th scope=\"col\">name</th><th scope=\"col\">api</th>"
        };
        assert!(text.contains(head), "{format}");
    }
}
