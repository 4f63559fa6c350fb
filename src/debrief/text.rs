//! A debrief in lines, for the terminal and for the screen.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::debrief::compute::tenths;
use crate::debrief::{Asked, Debrief, FULL, HarmDone};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The head of a part.
    Head,
    /// As it should be.
    Good,
    /// Something was lost.
    Bad,
    /// Anything else.
    Plain,
    /// What stands behind the line before.
    Quiet,
}

/// One line, to be wrapped to the width there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub tone: Tone,
    /// By how many columns it is set in, also where it is wrapped.
    pub indent: usize,
    /// Its text; what came from outside is in it as it was.
    pub text: String,
}

fn line(tone: Tone, indent: usize, text: impl Into<String>) -> Line {
    Line { tone, indent, text: text.into() }
}

/// The whole debrief, the most important first.
pub fn lines(debrief: &Debrief) -> Vec<Line> {
    let mut lines = head(debrief);
    lines.push(line(Tone::Head, 0, "Score"));
    if debrief.deductions.is_empty() {
        lines.push(line(Tone::Good, 2, "Nothing was deducted."));
    }
    let mut told = BTreeSet::new();
    for deduction in &debrief.deductions {
        let tone = if deduction.points > 0 { Tone::Bad } else { Tone::Plain };
        lines.push(line(tone, 2, format!("-{:<3} {}", deduction.points, deduction.why)));
        lines.extend(asks(&deduction.obligations, &mut told));
    }
    lines.push(line(Tone::Head, 0, "Harm"));
    if debrief.harm.is_empty() {
        lines.push(line(Tone::Good, 2, "None."));
    }
    lines.extend(debrief.harm.iter().map(harm));
    for (title, moments) in [("What went wrong by itself", &debrief.faults), ("Hints", &debrief.hints)] {
        if !moments.is_empty() {
            lines.push(line(Tone::Head, 0, title));
        }
        lines.extend(moments.iter().map(|moment| {
            let at = moment.at.to_string();
            line(Tone::Plain, 2, format!("{} {}", at.get(11..19).unwrap_or(&at), moment.told))
        }));
    }
    if !debrief.best.is_empty() && debrief.outcome.is_some() {
        lines.push(line(Tone::Head, 0, "The best way"));
        lines.extend(debrief.best.iter().map(|best| line(Tone::Plain, 2, best)));
    }
    if debrief.history.len() > 1 {
        lines.push(line(Tone::Head, 0, "Attempts at this scenario"));
        lines.extend(debrief.history.iter().map(|past| {
            let mark = if past.run == debrief.run { "this one" } else { "" };
            let outcome = past.outcome.as_deref().unwrap_or("open");
            let points = past.score.map_or_else(|| "-".to_owned(), |score| score.to_string());
            line(Tone::Plain, 2, format!("{points:>3}  {}  {outcome}  {mark}", past.run).trim_end())
        }));
    }
    lines
}

fn head(debrief: &Debrief) -> Vec<Line> {
    let points = match debrief.score.zip(debrief.outcome.as_deref()) {
        Some((score, outcome)) => format!("{score} of {FULL} points · {outcome}"),
        // Whoever has done nothing yet has done nothing wrong either.
        None => "no points yet: it is not over".to_owned(),
    };
    let tone = if debrief.deductions.iter().all(|deduction| deduction.points == 0) { Tone::Good } else { Tone::Bad };
    let mut head = vec![line(tone, 0, points)];
    match &debrief.scenario {
        Some(scenario) => {
            let told = format!("{} · {} · seed {}", scenario.title, scenario.id, debrief.seed);
            head.push(line(Tone::Plain, 0, told));
            // While it is not over, what goes wrong is the trainee's to find.
            if debrief.outcome.is_some() {
                let trouble =
                    scenario.trouble.iter().map(|trouble| line(Tone::Plain, 0, format!("What went wrong: {trouble}")));
                head.extend(trouble);
                head.push(line(Tone::Quiet, 0, format!("To learn: {}", scenario.learn)));
            }
        }
        None => head.push(line(Tone::Plain, 0, format!("no scenario · seed {}", debrief.seed))),
    }
    let planned = debrief
        .planned_ms
        .map(Duration::from_millis)
        .map_or(String::new(), |planned| format!(" of {} planned", minutes(planned)));
    let overruled = match debrief.deviations.len() {
        0 => "nothing overruled".to_owned(),
        1 => "overruled once".to_owned(),
        count => format!("overruled {count} times"),
    };
    let told = format!("{}{planned} · {overruled} · {} typed", minutes(debrief.took()), debrief.typed);
    head.push(line(Tone::Plain, 0, told));
    head
}

/// What the obligations ask; what was told before is only named.
fn asks<'d>(obligations: &'d [Asked], told: &mut BTreeSet<&'d str>) -> Vec<Line> {
    let (new, known): (Vec<_>, Vec<_>) = obligations.iter().partition(|asked| told.insert(&asked.id));
    let mut lines: Vec<Line> =
        new.into_iter().map(|asked| line(Tone::Quiet, 7, format!("{} {}", asked.id, asked.asks))).collect();
    let known: Vec<&str> = known.into_iter().map(|asked| asked.id.as_str()).collect();
    if !known.is_empty() {
        lines.push(line(Tone::Quiet, 7, format!("{} (told above)", known.join(", "))));
    }
    lines
}

fn harm(harm: &HarmDone) -> Line {
    let times = if harm.times > 1 { format!(", {} times", harm.times) } else { String::new() };
    let lasted = match harm.lasted_ms {
        0 => String::new(),
        lasted => format!(", {} in all", tenths(Duration::from_millis(lasted))),
    };
    let stands = if harm.stands { ", and it still stands" } else { "" };
    let tone = if harm.stands { Tone::Bad } else { Tone::Plain };
    line(tone, 2, format!("{}: {}{times}{lasted}{stands}", harm.kind, harm.told))
}

/// As lengths of time are told everywhere: `2h 00m`, `45m`, `3m 33s`, `5s`.
fn minutes(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    match minutes {
        0 => format!("{seconds}s"),
        1..60 if seconds == 0 => format!("{minutes}m"),
        1..60 => format!("{minutes}m {seconds:02}s"),
        _ => format!("{}h {:02}m", minutes / 60, minutes % 60),
    }
}
