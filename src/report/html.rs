//! A report as one page of HTML.

use crate::report::chart::{self, Axis};
use crate::report::health::shares;
use crate::report::model::{Asked, FileNow, PhaseDone, Report, StepDone};
use crate::report::page::{Page, Row, code, escape};
use crate::report::sums::{NOT_PLANNED, by_item, what_is_planned};
use crate::report::told::{duration, heading_rows, moment, short_moment};

/// The sections, as they are linked: anchor and title.
const SECTIONS: [(&str, &str); 9] = [
    ("deviations", "Deviations"),
    ("review", "Review"),
    ("plan", "Plan against actual"),
    ("evidence", "Evidence"),
    ("releases", "Releases and signatures"),
    ("sittings", "Sittings"),
    ("health", "Health over time"),
    ("inputs", "Inputs"),
    ("records", "Every record"),
];

/// The report: it needs no network and no script, is readable on paper, and follows the reader's light or dark.
pub fn html(report: &Report) -> String {
    let heading = &report.heading;
    let mut page = Page::new(&format!("{} · {}", heading.title, heading.run), report.is_practice);
    page.raw("<header>\n");
    if report.is_practice {
        page.element("p", "class=\"banner\"", "PRACTICE: nothing of this happened to a real system");
    }
    page.element("h1", "", &heading.title);
    page.element("p", "class=\"outcome\"", &format!("{} · {}", heading.run, heading.outcome));
    for warning in &report.warnings {
        page.element("p", "class=\"warning\" role=\"note\"", warning);
    }
    let links = SECTIONS.map(|(anchor, title)| format!("<li><a href=\"#{anchor}\">{title}</a></li>"));
    page.raw(&format!("<nav aria-label=\"Sections\"><ul>{}</ul></nav>\n</header>\n<main>\n", links.concat()));
    let rows = heading_rows(heading).into_iter();
    let rows = rows.map(|(name, value)| Row::plain(vec![escape(name), escape(&value)]));
    page.table("key", "This run", &["What", "Value"], rows);
    deviations(&mut page, report);
    reviews(&mut page, report);
    plan(&mut page, report);
    evidence(&mut page, report);
    people(&mut page, report);
    health(&mut page, report);
    section(&mut page, "inputs", "");
    let rows = report.inputs.iter().map(|bound| Row::plain(vec![code(&bound.input), escape(&bound.value)]));
    page.table("", "What was bound before the run opened", &["Input", "Bound to"], rows);
    records(&mut page, report);
    page.raw("</main>\n");
    page.finish()
}

fn section(page: &mut Page, anchor: &str, class: &str) {
    let title = SECTIONS.iter().find(|(name, _)| *name == anchor).map_or(anchor, |(_, title)| title);
    page.element("h2", &format!("id=\"{anchor}\"{class}"), title);
}

/// A sheet of its own when it is printed.
const SHEET: &str = " class=\"sheet\"";

fn deviations(page: &mut Page, report: &Report) {
    section(page, "deviations", "");
    let rows = report.deviations.iter().map(|deviation| {
        let cells = vec![
            format!("<a href=\"#r{0}\">#{0}</a>", deviation.seq),
            moment(deviation.at),
            escape(&deviation.by),
            format!("<span class=\"word overridden\">! {}</span>", escape(&deviation.way)),
            named(&deviation.title, &deviation.subject),
            escape(&deviation.reason),
            obligations(&deviation.obligations),
        ];
        Row { class: "deviation", ..Row::plain(cells) }
    });
    let head = ["Record", "Time (UTC)", "Who", "Way", "What", "Reason", "The document asks"];
    page.table("deviations", "Where a person overruled the machine", &head, rows);
    if !report.left_undone.is_empty() {
        let names: Vec<String> = report.left_undone.iter().map(|name| code(name)).collect();
        page.raw(&format!("<p>Left undone when the run was given up: {}.</p>\n", names.join(", ")));
    }
    if !report.never_verified.is_empty() {
        let names: Vec<String> = report.never_verified.iter().map(|name| code(name)).collect();
        page.raw(&format!("<p>Done, and never verified by a second person: {}.</p>\n", names.join(", ")));
    }
}

fn obligations(asked: &[Asked]) -> String {
    let told = asked.iter().map(|asked| {
        format!("<strong title=\"{}\">{}</strong> {}", escape(&asked.place), escape(&asked.id), escape(&asked.asks))
    });
    told.collect::<Vec<_>>().join("\n")
}

fn named(title: &str, name: &str) -> String {
    if title.is_empty() { code(name) } else { format!("{}\n{}", escape(title), code(name)) }
}

fn plan(page: &mut Page, report: &Report) {
    section(page, "plan", "");
    let heading = &report.heading;
    let told = format!(
        "{}. It took {}, {} of it with somebody there.",
        what_is_planned(heading.planned_ms),
        duration(heading.lasted_ms),
        duration(heading.sat_ms)
    );
    page.element("p", "", &told);
    page.element(
        "p",
        "",
        &format!("The bars run from {} to {} (UTC).", moment(heading.opened_at), moment(heading.last_at)),
    );
    report.phases.iter().for_each(|phase| steps(page, report, phase));
}

fn steps(page: &mut Page, report: &Report, phase: &PhaseDone) {
    let way_back = phase.way_back.as_ref().map(|plan| format!("Way back {plan}: ")).unwrap_or_default();
    let title = format!("{way_back}{}", phase.title);
    page.element("h3", "", &title);
    let heading = &report.heading;
    let at = short_moment(heading);
    let axis = Axis::new(heading.opened_at, heading.last_at);
    let mut marked = phase.marked();
    let mut rows = Vec::new();
    for (steps, sum) in by_item(&phase.steps).zip(&phase.sums) {
        rows.extend(marked.by_ref().take(steps.len()).map(|(named_as, step)| {
            let bars = if step.attempts.is_empty() {
                String::new()
            } else {
                chart::walks(axis, step, heading.last_at, &format!("{}: {}", step.step, step.walked(at).join("\n")))
            };
            Row::plain(vec![
                named(&named_as, &step.step),
                escape(&step.action),
                status(step),
                escape(&step.walked(at).join("\n")),
                bars,
                dim(&step.planned()),
                step.took(),
                escape(&step.who()),
                escape(&step.told()),
            ])
        }));
        if steps.len() > 1 {
            let none = String::new;
            let cells = vec![
                escape(&sum.title(phase)),
                none(),
                none(),
                escape(&sum.walked(at)),
                none(),
                dim(&sum.planned()),
                sum.took(),
                none(),
                escape(&sum.told()),
            ];
            rows.push(Row { class: "sum", ..Row::plain(cells) });
        }
    }
    let head = ["Step", "Action", "Status", "Walks (UTC)", "Over the run", "Planned", "Took", "Who", "Said"];
    page.table("steps", &format!("Steps of {title}"), &head, rows.into_iter());
}

/// A planned time; where there is none, that is said, and not loudly.
fn dim(planned: &str) -> String {
    if planned == NOT_PLANNED { format!("<span class=\"none\">{planned}</span>") } else { planned.to_owned() }
}

/// A status with its sign: nothing is said by colour alone.
fn status(step: &StepDone) -> String {
    let (sign, class) = match step.status.as_str() {
        "done" => ("✔", "done"),
        "failed" => ("✘", "failed"),
        "skipped" => ("↷", "skipped"),
        "overridden" => ("!", "overridden"),
        "deferred" => ("⏸", "deferred"),
        "reverted" => ("↺", "failed"),
        "current" => ("▸", "other"),
        "not_applicable" => ("–", "other"),
        _ => ("○", "other"),
    };
    format!("<span class=\"word {class}\">{sign} {}</span>", escape(&step.word()))
}

fn evidence(page: &mut Page, report: &Report) {
    section(page, "evidence", "");
    let rows = report.evidence.iter().map(|kept| {
        let left_out =
            if kept.left_out_bytes > 0 { format!("\n+{} not kept", kept.left_out_bytes) } else { String::new() };
        let class = match kept.now {
            FileNow::Same => "same",
            FileNow::Differs => "differs",
            FileNow::Missing => "missing",
            FileNow::NotLookedAt => "other",
        };
        Row::plain(vec![
            format!("<a href=\"#r{0}\">#{0}</a>", kept.seq),
            code(&kept.step),
            code(&kept.what),
            code(&kept.file),
            format!("{}{left_out}", kept.bytes),
            code(&kept.sha256),
            format!("<span class=\"word {class}\">{}</span>", kept.now.word()),
        ])
    });
    let head = ["Record", "Step", "Of", "File", "Bytes", "sha256", "The file now"];
    page.table("evidence", "What was kept", &head, rows);
}

fn reviews(page: &mut Page, report: &Report) {
    section(page, "review", "");
    if report.reviews.is_empty() {
        page.element("p", "", "Nobody has reviewed it.");
    } else {
        let rows = report.reviews.iter().map(|said| {
            let class = match said.verdict.as_deref() {
                Some("accepted") => ("done", "✔ "),
                Some("rejected") => ("failed", "✘ "),
                Some(_) => ("overridden", "! "),
                None => ("other", ""),
            };
            let verdict = said.verdict.as_deref().unwrap_or("remark");
            let on = match said.record {
                Some(record) => format!("<a href=\"#r{record}\">#{record}</a>"),
                None => format!("#1 to #{}", said.records),
            };
            Row::plain(vec![
                moment(said.at),
                escape(&said.by),
                format!("<span class=\"word {}\">{}{}</span>", class.0, class.1, escape(verdict)),
                escape(&said.proof()),
                on,
                escape(&said.text),
            ])
        });
        page.table("", "What reviewers said", &["Time (UTC)", "Who", "Verdict", "Proof", "On", "Said"], rows);
    }
    if !report.signatures.is_empty() {
        let rows = report.signatures.iter().map(|signed| {
            let (class, sign) = match signed.trust.as_str() {
                "good" => ("done", "✔"),
                "bad" => ("failed", "✘"),
                _ => ("other", "?"),
            };
            let trust = format!("<span class=\"word {class}\">{sign} {}</span>", escape(&signed.trust));
            Row::plain(vec![code(&signed.file), trust, escape(&signed.told)])
        });
        page.table("", "Signatures of the journal", &["File", "Trust", "Told"], rows);
    }
}

fn people(page: &mut Page, report: &Report) {
    section(page, "releases", "");
    let rows = report.releases.iter().map(|release| {
        let signature =
            release.signature.as_ref().map_or_else(|| "not signed".into(), |signed| format!("good: {signed}"));
        Row::plain(vec![
            format!("<a href=\"#r{0}\">#{0}</a>", release.seq),
            moment(release.at),
            code(&release.step),
            escape(&release.who()),
            escape(&release.said),
            escape(&signature),
        ])
    });
    let head = ["Record", "Time (UTC)", "Step", "Released by", "Said", "Signature"];
    page.table("", "Hold points that a second person released", &head, rows);
    section(page, "sittings", "");
    let rows = report
        .sittings
        .iter()
        .map(|sat| Row::plain(vec![escape(&sat.operator), moment(sat.from), moment(sat.until), escape(&sat.how)]));
    page.table("", "Who sat there", &["Who", "From (UTC)", "Until (UTC)", "How it ended"], rows);
}

fn health(page: &mut Page, report: &Report) {
    section(page, "health", "");
    let heading = &report.heading;
    page.element(
        "p",
        "",
        "Low bar: ok. Middle: degraded. High: bad. Dashed box: unknown. Nothing: nobody sat there. \
         Lines across: deviations. Samples are not recorded, only verdicts that turned and the board at each confirmation.",
    );
    let axis = Axis::new(heading.opened_at, heading.last_at);
    let marks: Vec<_> = report.deviations.iter().map(|deviation| deviation.at).collect();
    let rows = report.health.iter().map(|row| {
        let name = row.node.as_ref().map_or_else(|| row.title.clone(), |node| format!("{}: {node}", row.title));
        let shares = shares(row);
        let drawn = chart::verdicts(axis, row, &marks, &format!("{name}: {shares}"));
        Row::plain(vec![escape(&name), drawn, escape(&shares)])
    });
    let span = format!("{} to {}", moment(heading.opened_at), moment(heading.last_at));
    page.table("chart", "Verdicts of each probe and node", &["Probe and node", &span, "How long it stood so"], rows);
}

fn records(page: &mut Page, report: &Report) {
    section(page, "records", SHEET);
    let rows = report.records.iter().map(|line| {
        let what = escape(&line.what);
        let doubtful = if line.is_doubtful { "<span class=\"word failed\">✘ DOUBTFUL</span>\n" } else { "" }.to_owned();
        let cells = vec![
            format!("<span id=\"r{0}\">#{0}</span>", line.seq),
            moment(line.at),
            escape(&line.by),
            if line.is_deviation {
                format!("{doubtful}<span class=\"word overridden\">! {what}</span>")
            } else {
                doubtful + &what
            },
            code(&line.about),
            escape(&line.told),
        ];
        Row { class: if line.is_deviation || line.is_doubtful { "deviation" } else { "" }, ..Row::plain(cells) }
    });
    let head = ["Record", "Time (UTC)", "Who", "What", "About", "Told"];
    page.table("records", "Every record in order", &head, rows);
}
