//! A report as Markdown, for a ticket: headings, lists and tables that stay tables whatever the texts hold.

use std::fmt::Write as _;

use crate::clock::Timestamp;
use crate::report::health::shares;
use crate::report::model::{Asked, PhaseDone, Report, StepDone};
use crate::report::sums::{by_item, what_is_planned};
use crate::report::told::{duration, heading_rows, moment, short_moment};
use crate::text::clean_block;

/// What marks a report of a practice run at every heading; each row of a table is marked, too.
const WATERMARK: &str = "PRACTICE · ";

/// The report.
pub fn markdown(report: &Report) -> String {
    let mut out = Markdown { text: String::new(), is_practice: report.is_practice };
    out.heading(1, &report.heading.title);
    if report.is_practice {
        out.text.push_str("**PRACTICE: nothing of this happened to a real system.**\n\n");
    }
    for warning in &report.warnings {
        out.line("- **Note:** ", warning);
    }
    if !report.warnings.is_empty() {
        out.text.push('\n');
    }
    let rows = heading_rows(&report.heading);
    out.table(&["", "this run"], rows.into_iter().map(|(name, value)| vec![cell(name), cell(&value)]));
    deviations(&mut out, report);
    reviews(&mut out, report);
    out.heading(2, "Plan against actual");
    let planned = what_is_planned(report.heading.planned_ms);
    out.line("", &format!("{planned}. It took {}.", duration(report.heading.lasted_ms)));
    out.text.push('\n');
    report.phases.iter().for_each(|phase| steps(&mut out, report, phase));
    evidence(&mut out, report);
    people(&mut out, report);
    health(&mut out, report);
    out.heading(2, "Inputs");
    out.table(&["input", "bound to"], report.inputs.iter().map(|bound| vec![code(&bound.input), cell(&bound.value)]));
    out.heading(2, "Every record");
    let records = report.records.iter().map(|line| {
        let what = if line.is_deviation { format!("**{}**", cell(&line.what)) } else { cell(&line.what) };
        let what = if line.is_doubtful { format!("**DOUBTFUL**<br>{what}") } else { what };
        vec![line.seq.to_string(), moment(line.at), cell(&line.by), what, code(&line.about), cell(&line.told)]
    });
    out.table(&["#", "time (UTC)", "who", "what", "about", "told"], records);
    out.text
}

fn deviations(out: &mut Markdown, report: &Report) {
    out.heading(2, "Deviations");
    let rows = report.deviations.iter().map(|deviation| {
        vec![
            deviation.seq.to_string(),
            moment(deviation.at),
            cell(&deviation.by),
            format!("**{}**", cell(&deviation.way)),
            named(&deviation.title, &deviation.subject),
            cell(&deviation.reason),
            obligations(&deviation.obligations),
        ]
    });
    out.table(&["#", "time (UTC)", "who", "way", "what", "reason", "the document asks"], rows);
    if !report.left_undone.is_empty() {
        let names: Vec<String> = report.left_undone.iter().map(|name| code(name)).collect();
        let _ = writeln!(out.text, "Left undone when the run was given up: {}.\n", names.join(", "));
    }
    if !report.never_verified.is_empty() {
        let names: Vec<String> = report.never_verified.iter().map(|name| code(name)).collect();
        let _ = writeln!(out.text, "Done, and never verified by a second person: {}.\n", names.join(", "));
    }
}

fn reviews(out: &mut Markdown, report: &Report) {
    if !report.reviews.is_empty() {
        out.heading(2, "Review");
        let rows = report.reviews.iter().map(|said| {
            let verdict = said.verdict.as_ref().map(|verdict| format!("**{}**", cell(verdict))).unwrap_or_default();
            let on = said.record.map_or_else(|| format!("1 to {}", said.records), |record| record.to_string());
            vec![moment(said.at), cell(&said.by), verdict, cell(&said.proof()), on, cell(&said.text)]
        });
        out.table(&["time (UTC)", "who", "verdict", "proof", "on #", "said"], rows);
    }
    if !report.signatures.is_empty() {
        out.heading(2, "Signatures of the journal");
        let rows =
            report.signatures.iter().map(|signed| vec![code(&signed.file), cell(&signed.trust), cell(&signed.told)]);
        out.table(&["file", "trust", "told"], rows);
    }
}

/// What the document asks, each with its name.
fn obligations(asked: &[Asked]) -> String {
    let told: Vec<String> = asked.iter().map(|asked| format!("{}: {}", cell(&asked.id), cell(&asked.asks))).collect();
    told.join("<br>")
}

fn named(title: &str, name: &str) -> String {
    if title.is_empty() { code(name) } else { format!("{}<br>{}", cell(title), code(name)) }
}

fn steps(out: &mut Markdown, report: &Report, phase: &PhaseDone) {
    let at = short_moment(&report.heading);
    let way_back = phase.way_back.as_ref().map(|plan| format!("Way back {plan}: ")).unwrap_or_default();
    out.heading(3, &format!("{way_back}{}", phase.title));
    let mut marked = phase.marked();
    let mut rows = Vec::new();
    for (steps, sum) in by_item(&phase.steps).zip(&phase.sums) {
        rows.extend(marked.by_ref().take(steps.len()).map(|(title, step)| row(&title, step, at)));
        if steps.len() > 1 {
            let title = format!("**{}**", cell(&sum.title(phase)));
            let told = cell(&sum.told());
            let none = String::new;
            rows.push(vec![title, none(), none(), sum.walked(at), sum.planned(), sum.took(), none(), told]);
        }
    }
    let head = ["step", "action", "status", "walked (UTC)", "planned", "took", "who", "said"];
    out.table(&head, rows.into_iter());
}

fn row(title: &str, step: &StepDone, at: fn(Timestamp) -> String) -> Vec<String> {
    vec![
        named(title, &step.step),
        cell(&step.action),
        cell(&step.word()),
        step.walked(at).join("<br>"),
        step.planned(),
        step.took(),
        cell(&step.who()),
        cell(&step.told()),
    ]
}

fn evidence(out: &mut Markdown, report: &Report) {
    out.heading(2, "Evidence");
    let rows = report.evidence.iter().map(|kept| {
        let left_out =
            if kept.left_out_bytes > 0 { format!(" (+{} not kept)", kept.left_out_bytes) } else { String::new() };
        vec![
            kept.seq.to_string(),
            code(&kept.step),
            code(&kept.what),
            code(&kept.file),
            format!("{}{left_out}", kept.bytes),
            code(&kept.sha256),
            cell(kept.now.word()),
        ]
    });
    out.table(&["#", "step", "of", "file", "bytes", "sha256", "the file now"], rows);
}

fn people(out: &mut Markdown, report: &Report) {
    out.heading(2, "Releases and signatures");
    let rows = report.releases.iter().map(|release| {
        let signature =
            release.signature.as_ref().map_or_else(|| "not signed".into(), |signed| format!("good: {signed}"));
        vec![
            release.seq.to_string(),
            moment(release.at),
            code(&release.step),
            cell(&release.who()),
            cell(&release.said),
            cell(&signature),
        ]
    });
    out.table(&["#", "time (UTC)", "step", "released by", "said", "signature"], rows);
    out.heading(2, "Sittings");
    let rows = report
        .sittings
        .iter()
        .map(|sat| vec![cell(&sat.operator), moment(sat.from), moment(sat.until), cell(&sat.how)]);
    out.table(&["who", "from (UTC)", "until (UTC)", "how it ended"], rows);
}

fn health(out: &mut Markdown, report: &Report) {
    out.heading(2, "Health over time");
    let rows = report.health.iter().map(|row| {
        let name = row.node.as_ref().map_or_else(|| row.title.clone(), |node| format!("{}: {node}", row.title));
        vec![cell(&name), cell(&shares(row)), row.spans.len().saturating_sub(1).to_string()]
    });
    out.table(&["probe and node", "how long it stood so", "changes"], rows);
}

/// Markdown that is being written.
pub(super) struct Markdown {
    /// What is written so far.
    pub(super) text: String,
    /// Whether the watermark goes into every heading.
    pub(super) is_practice: bool,
}

impl Markdown {
    /// A heading and an empty line.
    pub(super) fn heading(&mut self, level: usize, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        let watermark = if self.is_practice { WATERMARK } else { "" };
        let _ = writeln!(self.text, "{} {watermark}{}\n", "#".repeat(level), cell(text));
    }

    /// One line: what stands before it as it is, and the text.
    pub(super) fn line(&mut self, before: &str, text: &str) {
        let _ = writeln!(self.text, "{before}{}", cell(text));
    }

    /// A table of cells that are written already, and an empty line; `None.` where there are no rows.
    pub(super) fn table(&mut self, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            self.text.push_str("None.\n\n");
            return;
        }
        let _ = writeln!(self.text, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
        let watermark = if self.is_practice { "PRACTICE " } else { "" };
        for row in rows {
            let _ = writeln!(self.text, "| {watermark}{} |", row.join(" | "));
        }
        self.text.push('\n');
    }
}

/// A text from outside, in one line, in which nothing means anything to Markdown or HTML.
pub(super) fn cell(text: &str) -> String {
    let text = clean_block(text);
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.trim_end_matches('\n').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => out.extend(['\\', c]),
            // An address is told, and leads nowhere.
            '/' if before == ':' && chars.peek() == Some(&'/') => out.push_str("\\/"),
            // Within a word it means nothing, and names are full of it.
            '_' if before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric()) => out.push(c),
            '_' => out.extend(['\\', c]),
            // What would begin a list, a heading or a line across, where a text stands first in its line.
            '#' | '+' | '-' | '=' if out.is_empty() => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// A name or a command from outside as code, in one line.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let plain = clean_block(text).trim_end_matches('\n').replace('\n', " ⏎ ");
    if plain.contains("\\|") {
        // In a table there is no way to write this as code.
        return cell(&plain);
    }
    let text = plain.replace('|', "\\|");
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
