//! A plan on paper, as one page of HTML.

use crate::report::model::Asked;
use crate::report::page::{Page, Row, code, escape};
use crate::report::paper::{Chapter, Entry, Numbered, Paper, Slot};

/// How many rows of blanks a step of a loop has.
const LOOP_ROWS: usize = 3;

/// How many rows of blanks a list of nodes has.
const NODE_ROWS: usize = 6;

/// Room to write in.
const BLANK: &str = "<span class=\"blank\"></span>";

/// The plan with blanks for time, who and reading; made to be printed.
pub fn paper_html(paper: &Paper) -> String {
    let mut page = Page::new(&paper.title, false);
    page.raw("<main>\n");
    page.element("h1", "", &paper.title);
    page.element("p", "", &paper.summary);
    let facts = paper.facts.iter().map(|(name, value)| Row::plain(vec![escape(name), escape(value)]));
    let blanks = ["Environment and site", "Operator", "Second person", "Begun", "Ended", "Ticket"];
    let blanks = blanks.iter().map(|name| Row::plain(vec![escape(name), BLANK.to_owned()]));
    page.table("key", "This plan", &["What", "Value"], facts.chain(blanks));
    page.element("h2", "", "Inputs");
    inputs(&mut page, &paper.inputs);
    page.element("h2", "", "What must hold throughout");
    let guards = paper.guards.iter().map(|guard| {
        let costs = escape(&guard.why);
        Row::plain(vec![escape(&guard.title), escape(&guard.holds), costs, sources(&guard.sources)])
    });
    let head = ["Guard", "What must hold", "What breaking it costs", "The document asks"];
    page.table("guards", "Guards", &head, guards);
    for plan in &paper.plans {
        // A way back lies ready as a sheet of its own.
        page.element("h2", if plan.told.is_empty() { "" } else { "class=\"sheet\"" }, &plan.title);
        if !plan.told.is_empty() {
            page.element("p", "", &plan.told);
        }
        if !plan.sources.is_empty() {
            page.raw(&format!("<p class=\"sources\">{}</p>\n", sources(&plan.sources)));
        }
        plan.phases.iter().for_each(|phase| chapter(&mut page, phase));
    }
    conditions(&mut page, &paper.conditions);
    page.raw("</main>\n");
    page.finish()
}

/// What is bound; lists of nodes in tables of their own, with a column for each thing that a node has.
fn inputs(page: &mut Page, slots: &[Slot]) {
    let rows = slots.iter().map(|slot| {
        let blank = if slot.fields.is_some() { "in the table below".to_owned() } else { BLANK.to_owned() };
        Row::plain(vec![code(&slot.id), escape(&slot.prompt), code(&slot.default), blank])
    });
    page.table("inputs", "What is bound before the run opens", &["Input", "Question", "Default", "Bound to"], rows);
    for slot in slots {
        let Some(fields) = &slot.fields else { continue };
        let head: Vec<&str> = std::iter::once("name").chain(fields.iter().map(String::as_str)).collect();
        let rows = std::iter::repeat_n(vec![BLANK.to_owned(); head.len()], NODE_ROWS).map(Row::blank);
        page.table("fill listed", &format!("{}: {}", slot.id, slot.prompt), &head, rows);
    }
}

/// The conditions that are told by their number: for whoever wants to look them up, so at the end and small.
fn conditions(page: &mut Page, conditions: &[Numbered]) {
    if conditions.is_empty() {
        return;
    }
    page.element("h2", "", "Conditions and lists by number");
    page.element("p", "", "As they stand in the runbook, in jq. piton looks at them itself; on paper a person does.");
    let rows = conditions.iter().enumerate().map(|(at, one)| {
        let named = format!("{} {}", one.kind, at + 1);
        Row::plain(vec![escape(&named), escape(&one.told_at.join(", ")), code(&one.source)])
    });
    page.table("conditions", "Conditions and lists of items", &["Number", "Told at", "In the runbook"], rows);
}

fn chapter(page: &mut Page, phase: &Chapter) {
    page.element("h3", "", &phase.title);
    for told in &phase.told {
        page.element("p", "", told);
    }
    phase.steps.iter().for_each(|step| entry(page, step, phase.is_loop));
}

fn entry(page: &mut Page, step: &Entry, is_loop: bool) {
    page.raw("<section class=\"step\">\n");
    page.element("h4", "", &step.title);
    for (weight, text) in &step.cautions {
        let class = match *weight {
            "WARNING" => "caution warning",
            "NOTE" => "caution note",
            _ => "caution",
        };
        page.raw(&format!("<p class=\"{class}\"><strong>{weight}</strong> {}</p>\n", escape(text)));
    }
    if !step.text.is_empty() {
        page.element("p", "class=\"text\"", &step.text);
    }
    for told in &step.told {
        page.element("p", "", told);
    }
    page.raw(&format!("<p class=\"do\"><strong>{}</strong></p>\n", escape(&step.action)));
    if !step.command.is_empty() {
        page.raw(&format!("<pre>{}</pre>\n", escape(&step.command)));
    }
    if !step.expected.is_empty() {
        page.element("p", "", &step.expected);
    }
    if !step.sources.is_empty() {
        page.raw(&format!("<p class=\"sources\">{}</p>\n", sources(&step.sources)));
    }
    let (head, rows): (&[&str], _) = if is_loop {
        (&["For", "Time", "Who", "Reading", "✔"], LOOP_ROWS)
    } else {
        (&["Time", "Who", "Reading", "✔"], 1)
    };
    let blanks = vec![BLANK.to_owned(); head.len()];
    let rows = std::iter::repeat_n(blanks, rows).map(Row::blank);
    page.table("fill", &format!("Filled in at {}", step.title), head, rows);
    page.raw("</section>\n");
}

fn sources(asked: &[Asked]) -> String {
    let told = asked.iter().map(|asked| {
        format!("<strong title=\"{}\">{}</strong> {}", escape(&asked.place), escape(&asked.id), escape(&asked.asks))
    });
    told.collect::<Vec<_>>().join("\n")
}
