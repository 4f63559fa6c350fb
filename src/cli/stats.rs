//! `piton stats`: what all runs of a runbook came to.

use std::collections::BTreeSet;

use serde_json::json;

use crate::cli::diff::{Books, Read, read};
use crate::cli::error::{CliError, Kind};
use crate::cli::progress::{self, Telling};
use crate::cli::run;
use crate::compare::{Counting, Often, Spread, Statistics, StepTimes, Text};
use crate::fs;
use crate::journal::{RunDir, Store};
use crate::report::{cleaned, duration};
use crate::text::{self, clean_line};
use crate::tui::wrap::{width, wrap};

/// Columns of the printed text.
const WIDTH: usize = 80;

/// Columns of a step's name.
const NAME: usize = 34;

/// All runs of a runbook.
#[derive(Default)]
struct All {
    title: String,
    live: Counting,
    practice: Counting,
    /// Journals of it that are not whole, or not to be trusted: what they are, and how far they are counted.
    notices: Vec<String>,
    /// Journals of which nobody knows what they are of.
    unknown: usize,
}

/// `piton stats RUNBOOK`.
///
/// # Errors
/// There is no run of it here, or the folder of runs cannot be read.
pub fn stats(name: &str, json: bool) -> Result<u8, CliError> {
    let all = counted(&run::store()?, name)?;
    let (live, practice) = (all.live.end(), all.practice.end());
    if live.is_none() && practice.is_none() {
        let error = CliError::failed(format!("there is no run of a runbook {name:?} here that can be told of"));
        let run = run::store()?.find(name).ok().and_then(|dir| dir.opened());
        let of_run = run
            .map(|opened| format!("that is a run; `piton stats {}` tells of all runs of its runbook", opened.runbook));
        let error = of_run.into_iter().fold(error, CliError::hint);
        let error = all.notices.into_iter().fold(error, CliError::hint);
        return Err(error.hint("`piton journals` lists the runs, `piton list` the runbooks"));
    }
    if json {
        let told = json!({
            "format": 1,
            "runbook": name,
            "title": all.title,
            "live": live,
            "practice": practice,
            "notices": all.notices,
            "unknown_journals": all.unknown,
        });
        super::print(&cleaned(told).to_string());
        return Ok(0);
    }
    lines(name, &all.title).into_iter().for_each(|line| super::print(&line));
    for (word, told) in [("LIVE", live), ("PRACTICE", practice)] {
        told.iter().flat_map(|told| of_mode(word, told)).for_each(|line| super::print(&line));
    }
    for notice in &all.notices {
        behind("! ", notice, 2).iter().for_each(|line| super::print(line));
    }
    if all.unknown > 0 {
        let told = format!("{} journals hold no record that can be read: nobody knows of what they are", all.unknown);
        behind("! ", &told, 2).iter().for_each(|line| super::print(line));
    }
    Ok(0)
}

impl All {
    /// Counts a run, once; what is to be said of its journal.
    fn take(&mut self, read: &Read, known: &mut BTreeSet<String>) -> Vec<String> {
        if let Some(what) = read.doubts.misnamed() {
            return vec![format!("left out: {what}")];
        }
        if !known.insert(read.run.run.clone()) {
            return vec![format!("left out: it is the run {}, which is counted already", read.run.run)];
        }
        self.title.clone_from(&read.run.title);
        let counting = if read.run.mode == "practice" { &mut self.practice } else { &mut self.live };
        counting.take(&read.run);
        let broken = (!read.is_whole).then(|| format!("{}; it is counted as far as it is whole", read.integrity));
        let false_told = read.doubts.contradiction().map(|what| format!("{what}; it is counted as it tells"));
        broken.into_iter().chain(false_told).collect()
    }
}

fn counted(store: &Store, name: &str) -> Result<All, CliError> {
    let mut dirs = store.runs().map_err(CliError::failed)?;
    // Names begin with the day: the latest is read last, and tells the title.
    dirs.sort_by_key(RunDir::id);
    let mut all = All::default();
    let mut its = Vec::new();
    for dir in dirs {
        let path = dir.journal_path();
        // A folder without a journal is a run that never came to be.
        let Ok(Some(about)) = fs::look(&path) else { continue };
        let opened = if about.is_file() { dir.opened() } else { None };
        let Some(opened) = opened else {
            all.unknown += 1;
            continue;
        };
        if opened.runbook.as_str() == name {
            its.push(dir);
        }
    }
    let (mut books, mut known) = (Books::default(), BTreeSet::new());
    let reading = Telling::Terminal.of(&progress::runs_in(store), &its);
    for dir in its {
        let notices = match read(&dir.journal_path(), &mut books, &|path, each| reading.each_record(path, each)) {
            Ok(read) => all.take(&read, &mut known),
            Err(error) if error.kind == Kind::Interrupted => return Err(error),
            Err(error) => vec![format!("left out: {}", error.message)],
        };
        all.notices.extend(notices.into_iter().map(|notice| format!("{}: {notice}", dir.id())));
    }
    reading.end()?;
    Ok(all)
}

fn lines(name: &str, title: &str) -> Vec<String> {
    behind("", &format!("{name} · {title}"), 2)
}

fn of_mode(word: &str, told: &Statistics) -> Vec<String> {
    let day = |at: crate::clock::Timestamp| at.to_string().chars().take(10).collect::<String>();
    let mut lines = vec![String::new()];
    lines.push(format!("{word}: {}, {} to {}", text::counted(told.runs, "run"), day(told.first_at), day(told.last_at)));
    let counted = |(what, count): (&String, &usize)| format!("{what} {count}");
    let outcomes: Vec<String> = told.outcomes.iter().map(counted).collect();
    lines.extend(behind("  ", &outcomes.join(" · "), 4));
    if told.texts.len() > 1 {
        let short = |sha256: &str| sha256.chars().take(8).collect::<String>();
        let text = |text: &Text| format!("r{} sha256 {}… {}", text.revision, short(&text.sha256), text.runs);
        let texts: Vec<String> = told.texts.iter().map(text).collect();
        let told = format!(
            "of {} different texts, all taken together below; the latest first: {}",
            texts.len(),
            texts.join(" · ")
        );
        lines.extend(behind("  ", &told, 4));
    }
    let planned = told.planned_ms.map(|planned| format!("; planned {}", duration(planned))).unwrap_or_default();
    for (what, spread) in [("from the first to the last record", &told.lasted), ("of it at the terminal", &told.sat)] {
        if let Some(spread) = spread {
            let of = format!("{} that came to the end", spread.count);
            lines.extend(behind("  ", &format!("{what} ({of}): {}{planned}", spread_told(spread)), 4));
        }
    }
    lines.push(String::new());
    let name = padded("step, all items together", NAME);
    lines.push(format!("  {name}{:>6}{:>9}{:>19}{:>10}", "done", "median", "half lies in", "longest"));
    told.steps.iter().for_each(|step| of_step(step, &mut lines));
    often("Overruled", &told.deviations, &mut lines);
    often("Failed", &told.failures, &mut lines);
    lines
}

fn spread_told(spread: &Spread) -> String {
    if spread.count == 1 {
        return duration(spread.median_ms);
    }
    let Spread { least_ms, quarter_ms, median_ms, three_quarters_ms, most_ms, .. } = *spread;
    let [least, quarter, median, three, most] =
        [least_ms, quarter_ms, median_ms, three_quarters_ms, most_ms].map(duration);
    format!("median {median}, half of them {quarter} to {three}, all {least} to {most}")
}

fn of_step(step: &StepTimes, lines: &mut Vec<String>) {
    let name = clean_line(&step.step).into_owned();
    let name = if width(&name) < NAME {
        padded(&name, NAME)
    } else {
        lines.extend(behind("  ", &name, 4));
        " ".repeat(NAME)
    };
    let times = match &step.took {
        Some(took) => {
            let half = match took.count {
                1 => "-".to_owned(),
                _ => format!("{} to {}", duration(took.quarter_ms), duration(took.three_quarters_ms)),
            };
            format!("{:>6}{:>9}{half:>19}{:>10}", took.count, duration(took.median_ms), duration(took.most_ms))
        }
        None => format!("{:>6}", 0),
    };
    lines.push(format!("  {name}{times}"));
    let others: Vec<String> =
        step.others.iter().map(|(status, count)| format!("{} {count}", status.replace('_', " "))).collect();
    if !others.is_empty() {
        lines.extend(behind("      ", &others.join(" · "), 6));
    }
}

fn often(title: &str, all: &[Often], lines: &mut Vec<String>) {
    if all.is_empty() {
        return;
    }
    lines.extend([String::new(), format!("{title}, the most frequent first")]);
    for often in all {
        let (times, runs) = (text::counted(often.times, "time"), text::counted(often.runs, "run"));
        let way = if often.way == "failed" { String::new() } else { format!("{} ", often.way) };
        lines.extend(behind("  ", &format!("{way}{}: {times} in {runs}", often.subject), 4));
        lines.extend(behind("      ", &format!("last in {}: \"{}\"", often.last_run, often.last_reason), 8));
    }
}

/// A text behind a mark; what does not fit goes on below, indented.
fn behind(mark: &str, text: &str, indent: usize) -> Vec<String> {
    let wrapped = wrap(&clean_line(text), WIDTH - indent.max(width(mark)));
    let lead = |index: usize| if index == 0 { mark.to_owned() } else { " ".repeat(indent) };
    wrapped.iter().enumerate().map(|(index, line)| format!("{}{line}", lead(index)).trim_end().to_owned()).collect()
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}
