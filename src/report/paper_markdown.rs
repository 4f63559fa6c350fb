//! A plan on paper, as Markdown.

use std::fmt::Write as _;

use crate::report::conditions::sentence;
use crate::report::markdown::{Markdown, cell, code};
use crate::report::model::Asked;
use crate::report::paper::{Chapter, Entry, Paper, Slot};

/// How many rows of blanks a step of a loop has.
const LOOP_ROWS: usize = 3;

/// How many rows of blanks a list of nodes has.
const NODE_ROWS: usize = 6;

/// The plan with blanks for time, who and reading.
pub fn paper_markdown(paper: &Paper) -> String {
    let mut out = Markdown { text: String::new(), is_practice: false };
    out.heading(1, &paper.title);
    out.line("", &paper.summary);
    out.text.push('\n');
    let facts = paper.facts.iter().map(|(name, value)| vec![cell(name), cell(value)]);
    let blanks = ["Environment and site", "Operator", "Second person", "Begun", "Ended", "Ticket"];
    let blanks = blanks.iter().map(|name| vec![cell(name), String::new()]);
    out.table(&["", "this plan"], facts.chain(blanks));
    out.heading(2, "Inputs");
    inputs(&mut out, &paper.inputs);
    out.heading(2, "What must hold throughout");
    let guards = paper
        .guards
        .iter()
        .map(|guard| vec![cell(&guard.title), cell(&guard.holds), cell(&guard.why), sources(&guard.sources)]);
    out.table(&["guard", "what must hold", "what breaking it costs", "the document asks"], guards);
    for plan in &paper.plans {
        out.heading(2, &plan.title);
        if !plan.told.is_empty() {
            out.line("", &plan.told);
            out.text.push('\n');
        }
        if !plan.sources.is_empty() {
            let _ = writeln!(out.text, "{}\n", sources(&plan.sources));
        }
        plan.phases.iter().for_each(|phase| chapter(&mut out, phase));
    }
    if !paper.conditions.is_empty() {
        out.heading(2, "Conditions and lists by number");
        out.line("", "As they stand in the runbook, in jq. piton looks at them itself; on paper a person does.");
        out.text.push('\n');
        let rows = paper.conditions.iter().enumerate();
        let rows = rows.map(|(at, one)| {
            vec![format!("{} {}", one.kind, at + 1), cell(&one.told_at.join(", ")), code(&one.source)]
        });
        out.table(&["number", "told at", "in the runbook"], rows);
    }
    out.text
}

/// What is bound; lists of nodes in tables of their own, with a column for each thing that a node has.
fn inputs(out: &mut Markdown, slots: &[Slot]) {
    let rows = slots.iter().map(|slot| {
        let bound = if slot.fields.is_some() { "in the table below".to_owned() } else { String::new() };
        vec![code(&slot.id), cell(&slot.prompt), code(&slot.default), bound]
    });
    out.table(&["input", "question", "default", "bound to"], rows);
    for slot in slots {
        let Some(fields) = &slot.fields else { continue };
        let head: Vec<&str> = std::iter::once("name").chain(fields.iter().map(String::as_str)).collect();
        out.line("", &format!("{}: {}", slot.id, sentence(&slot.prompt)));
        out.text.push('\n');
        out.table(&head, std::iter::repeat_n(vec![String::new(); head.len()], NODE_ROWS));
    }
}

fn chapter(out: &mut Markdown, phase: &Chapter) {
    out.heading(3, &phase.title);
    for told in &phase.told {
        out.line("- ", told);
    }
    phase.steps.iter().for_each(|step| entry(out, step, phase.is_loop));
}

fn entry(out: &mut Markdown, step: &Entry, is_loop: bool) {
    out.heading(4, &step.title);
    for (weight, text) in &step.cautions {
        let _ = writeln!(out.text, "> **{weight}:** {}\n", cell(text));
    }
    if !step.text.is_empty() {
        out.line("", &step.text);
        out.text.push('\n');
    }
    for told in &step.told {
        out.line("- ", told);
    }
    out.line("- **Do:** ", &step.action);
    if !step.command.is_empty() {
        let _ = writeln!(out.text, "- {}", code(&step.command));
    }
    if !step.expected.is_empty() {
        out.line("- ", &step.expected);
    }
    if !step.sources.is_empty() {
        let _ = writeln!(out.text, "- Sources: {}", sources(&step.sources));
    }
    out.text.push('\n');
    let (head, rows): (&[&str], _) = if is_loop {
        (&["for", "time", "who", "reading", "✔"], LOOP_ROWS)
    } else {
        (&["time", "who", "reading", "✔"], 1)
    };
    out.table(head, std::iter::repeat_n(vec![String::new(); head.len()], rows));
}

fn sources(asked: &[Asked]) -> String {
    let told: Vec<String> = asked.iter().map(|asked| format!("{}: {}", cell(&asked.id), cell(&asked.asks))).collect();
    told.join("<br>")
}
