//! A plan on paper, as one page of HTML.

use crate::report::model::Asked;
use crate::report::page::{Page, Row, code, escape};
use crate::report::paper::{Chapter, Entry, Paper};

/// How many rows of blanks a step of a loop has.
const LOOP_ROWS: usize = 3;

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
    let inputs = paper
        .inputs
        .iter()
        .map(|[id, prompt, default]| Row::plain(vec![code(id), escape(prompt), code(default), BLANK.to_owned()]));
    page.table("", "What is bound before the run opens", &["Input", "Question", "Default", "Bound to"], inputs);
    page.element("h2", "", "What must hold throughout");
    let guards = paper
        .guards
        .iter()
        .map(|guard| Row::plain(vec![escape(&guard.title), escape(&guard.why), sources(&guard.sources)]));
    page.table("", "Guards", &["Guard", "What breaking it costs", "The document asks"], guards);
    for plan in &paper.plans {
        page.element("h2", "class=\"sheet\"", &plan.title);
        if !plan.sources.is_empty() {
            page.raw(&format!("<p class=\"text\">{}</p>\n", sources(&plan.sources)));
        }
        plan.phases.iter().for_each(|phase| chapter(&mut page, phase));
    }
    page.raw("</main>\n");
    page.finish()
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
    page.raw(&format!("<p><strong>{}</strong></p>\n", escape(&step.action)));
    if !step.command.is_empty() {
        page.raw(&format!("<pre>{}</pre>\n", escape(&step.command)));
    }
    if !step.sources.is_empty() {
        page.raw(&format!("<p class=\"text\">{}</p>\n", sources(&step.sources)));
    }
    let (head, rows): (&[&str], _) = if is_loop {
        (&["For", "Time", "Who", "Reading", "✔"], LOOP_ROWS)
    } else {
        (&["Time", "Who", "Reading", "✔"], 1)
    };
    let blanks = vec![BLANK.to_owned(); head.len()];
    let rows = std::iter::repeat_n(blanks, rows).map(Row::blank);
    page.table("", &format!("Filled in at {}", step.title), head, rows);
    page.raw("</section>\n");
}

fn sources(asked: &[Asked]) -> String {
    let told = asked.iter().map(|asked| {
        format!("<strong title=\"{}\">{}</strong> {}", escape(&asked.place), escape(&asked.id), escape(&asked.asks))
    });
    told.collect::<Vec<_>>().join("\n")
}
