//! Why a step may or may not go on: the rules, what they came to, and the samples that they were judged on.

use std::time::Duration;

use crate::engine::{ConditionId, Gate, Hold, StepStatus, Tri, Verdict, blocking, evaluate, judged_parts, next_loop};
use crate::runbook::{Action, Expr, Runbook, StepKey};
use crate::text::clean_block;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::seen::{Seen, seen};
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::seen;
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width, wrap};

/// The lines of the explanation, `cells` wide; rules are cut unless it is to be full.
pub fn lines(run: &Run, cells: usize, look: &Look, is_full: bool) -> Vec<Strip> {
    let text = Text { look, is_full };
    let mut lines = of_the_step(run, cells, text);
    let ways_back = run.ways_back_told(is_full);
    if !ways_back.is_empty() {
        lines.push(Strip::default());
        lines.extend(ways_back.iter().flat_map(|told| brief_to(WORDS_LINES, told, cells, text)));
    }
    lines
}

fn of_the_step(run: &Run, cells: usize, text: Text<'_>) -> Vec<Strip> {
    let look = text.look;
    let mut lines = Vec::new();
    if let Some(key) = run.browsed.as_ref().filter(|_| !run.is_at_current()) {
        return of_another(run, key, cells, text);
    }
    let Some(key) = &run.state.current else {
        return stalled(run, cells, text);
    };
    if run.state.step(key).is_some_and(|step| step.status == StepStatus::Failed) {
        return failed(run, key, cells, text);
    }
    let named = run.spoken(key);
    match &run.view.gate {
        Gate::Open => {
            let told = format!("{} nothing holds {named} back", look.glyphs.done);
            lines.extend(wrapped(&told, cells, Meaning::Ok));
        }
        Gate::Closed(holds) if let Some(told) = time_to_go(run, key, holds) => {
            lines.extend(wrapped(&format!("{} {told}", look.glyphs.current), cells, Meaning::Current));
        }
        Gate::Closed(holds) => {
            lines.extend(wrapped(&format!("{} {named} is held back:", look.glyphs.failed), cells, Meaning::Bad));
            // What a rule holds back is told below, with its reason and what it rests on.
            for hold in holds.iter().filter(|hold| !matches!(hold, Hold::Condition { .. })) {
                lines.extend(wrapped(&format!("- {}", tell::hold(&run.runbook, hold)), cells, Meaning::Text));
            }
        }
    }
    let mut all = conditions(run, key);
    all.sort_by_key(|condition| run.state.truth(condition) == Tri::True);
    for condition in all {
        explain(run, &condition, cells, text, &mut lines);
    }
    lines
}

/// What is left of the time of a step that nothing but that holds back.
fn time_to_go(run: &Run, key: &StepKey, holds: &[Hold]) -> Option<String> {
    let named = run.spoken(key);
    match holds {
        [Hold::Holding { left }] => {
            let step = run.runbook.step(&key.phase, &key.step)?;
            let Action::Check { hold, .. } = &step.action else { return None };
            let held = Duration::from_secs(hold.saturating_sub(*left).as_secs());
            let (held, hold, left) = (tell::duration(held), tell::duration(*hold), tell::to_go(*left));
            Some(format!("what {named} waits for has held for {held}; it must hold for {hold}, {left} to go"))
        }
        [Hold::Waiting { left }] => Some(format!("{named} has {} to go", tell::to_go(*left))),
        [soaking @ Hold::Soaking { .. }] => {
            Some(format!("what {named} waits for holds; {}", tell::hold(&run.runbook, soaking)))
        }
        // It has only begun: nobody has recorded yet how it stands.
        [Hold::Condition { condition: condition @ ConditionId::Check(_), .. }]
            if !run.state.conditions.contains_key(condition) =>
        {
            let (board, at) = (&run.view.moment.board, run.view.moment.at);
            let (truth, ..) = evaluate(&run.runbook, &run.state, board, condition, at)?;
            let step = run.runbook.step(&key.phase, &key.step).filter(|_| truth == Tri::True)?;
            let Action::Check { hold, soak: None, .. } = &step.action else { return None };
            let to_go = if hold.is_zero() {
                "it passes once that is recorded".to_owned()
            } else {
                format!("it must hold for {}, all of that to go", tell::duration(*hold))
            };
            Some(format!("what {named} waits for holds; {to_go}"))
        }
        _ => None,
    }
}

/// What a step that is not the current one will ask of the world, as it stands now; or asked, when it is over.
fn of_another(run: &Run, key: &StepKey, cells: usize, text: Text<'_>) -> Vec<Strip> {
    let status = run.state.step(key).map_or(StepStatus::Pending, |step| step.status);
    let (sign, word, meaning) = tell::status(status, text.look.glyphs);
    let mut lines = wrapped(&format!("{sign} {} is {word}", run.spoken(key)), cells, meaning);
    let all = conditions(run, key);
    let told = match all.is_empty() {
        true => "It has no gate of its own, and no guard bars it.",
        false if run.state.relied.keys().contains(key) => {
            "What it sensed is watched until something is changed; it must be so still:"
        }
        false if status.is_accounted() => "What it depends on is not watched any more; as the world stands now:",
        false => "What it depends on is watched when it is the current step; as the world stands now:",
    };
    lines.extend(wrapped(told, cells, Meaning::Text));
    for condition in all {
        explain(run, &condition, cells, text, &mut lines);
    }
    lines
}

/// Why no step is current, and what the phase that should open looks at.
fn stalled(run: &Run, cells: usize, text: Text<'_>) -> Vec<Strip> {
    let next = run.opens_next();
    let next = next.iter().flat_map(|next| wrapped(next, cells, Meaning::Title));
    let Some(why) = &run.view.stalled else {
        return wrapped("no step is current", cells, Meaning::Text).into_iter().chain(next).collect();
    };
    let mut lines = wrapped(&format!("{} {why}", text.look.glyphs.alert), cells, Meaning::Problem);
    lines.extend(next);
    if let Some(each) = next_loop(&run.runbook, &run.state) {
        lines.push(Strip::default());
        judged(run, each, &[], cells, text, &mut lines);
        rest(run, each, cells, text.look, &mut lines);
    }
    lines
}

/// Why a step failed, and on which rule.
fn failed(run: &Run, key: &StepKey, cells: usize, text: Text<'_>) -> Vec<Strip> {
    let look = text.look;
    let said = run.state.step(key).map(|step| step.said.as_str()).unwrap_or_default();
    let mut lines =
        wrapped(&format!("{} {} failed: {said}", look.glyphs.failed, run.spoken(key)), cells, Meaning::Failed);
    let step = run.runbook.step(&key.phase, &key.step);
    let rule = match step.map(|step| &step.action) {
        Some(Action::Run { expect: Some(expect), .. }) => expect.holds.source(),
        Some(Action::Run { .. }) => "the exit status is 0",
        Some(Action::Check { holds, .. }) => holds.source(),
        _ => "",
    };
    if !rule.is_empty() {
        lines.extend(brief(&format!("  rule: {}", one_line(rule)), cells, text));
    }
    lines.push(Strip::default());
    let told = "The run stays here until the step is tried again, or skipped or overridden with a reason.";
    lines.extend(wrapped(told, cells, Meaning::Text));
    lines
}

/// The conditions that the step depends on: those that hold as well.
fn conditions(run: &Run, key: &StepKey) -> Vec<ConditionId> {
    let Some(step) = run.runbook.step(&key.phase, &key.step) else { return Vec::new() };
    let mut all = Vec::new();
    all.extend(step.gate.is_some().then(|| ConditionId::Gate(key.clone())));
    all.extend(matches!(step.action, Action::Check { .. }).then(|| ConditionId::Check(key.clone())));
    all.extend(blocking(&run.runbook, key, step).map(|guard| ConditionId::Guard(guard.id.clone())));
    let is_current = run.state.current.as_ref() == Some(key);
    if let Gate::Closed(holds) = &run.view.gate
        && is_current
    {
        let of = |hold: &Hold| match hold {
            Hold::Condition { condition, .. } => Some(condition.clone()),
            Hold::Reverted { step, .. } => Some(ConditionId::Check(step.clone())),
            _ => None,
        };
        for condition in holds.iter().filter_map(of) {
            if !all.contains(&condition) {
                all.push(condition);
            }
        }
    }
    all
}

fn explain(run: &Run, condition: &ConditionId, cells: usize, text: Text<'_>, lines: &mut Vec<Strip>) {
    let look = text.look;
    lines.push(Strip::default());
    let known = run.state.conditions.get(condition);
    // What nobody watches is looked at now.
    let (board, at) = (&run.view.moment.board, run.view.moment.at);
    let judged_now = || evaluate(&run.runbook, &run.state, board, condition, at).map(|(truth, why, _)| (truth, why));
    let unwatched = if known.is_none() { judged_now() } else { None };
    let truth = unwatched.as_ref().map_or_else(|| run.state.truth(condition), |(truth, _)| *truth);
    let (sign, meaning) = tell::tri_sign(truth, look.glyphs);
    let name = match condition {
        ConditionId::Gate(_) => "its gate".to_owned(),
        ConditionId::Check(of) if run.shown_step().as_ref() == Some(of) => "what it waits for".to_owned(),
        other => tell::condition(&run.runbook, other),
    };
    let mut told = format!("{sign} {name} {}", tell::tri(truth));
    if let Some(known) = known {
        let broken = match condition {
            ConditionId::Guard(id) if truth == Tri::False => run.state.broken.get(id),
            _ => None,
        };
        told.push_str(&format!(" since {}", look.clock(*broken.unwrap_or(&known.since))));
    }
    let why = known.map(|known| &known.why).or(unwatched.as_ref().map(|(_, why)| why));
    if let Some(why) = why.filter(|why| !why.is_empty()) {
        told.push_str(&format!(": {why}"));
    }
    lines.extend(wrapped(&told, cells, meaning));
    if let Some(reason) = known.and_then(|known| known.acknowledged.as_ref()) {
        lines.extend(wrapped(&format!("  acknowledged: {reason}"), cells, Meaning::Deviation));
    }
    if let Some(rule) = rule(&run.runbook, condition) {
        let moment = &run.view.moment;
        let parts = judged_parts(&run.runbook, &run.state, &moment.board, condition, moment.at);
        judged(run, rule, &parts, cells, text, lines);
        // Beside what holds the step back, the values of what holds are only in the way.
        if truth != Tri::True || run.view.gate == Gate::Open {
            rest(run, rule, cells, text.look, lines);
        }
    }
}

/// What a rule looks at and does not find ok, and the rule, part by part where it has parts.
fn judged(run: &Run, rule: &Expr, parts: &[(String, Tri)], cells: usize, text: Text<'_>, lines: &mut Vec<Strip>) {
    let all = seen(&run.runbook, &run.view.moment.board, rule);
    lines.extend(seen::lines(all.iter().filter(|seen| !is_ok(seen)), ", not ok", cells, text.look));
    if parts.is_empty() {
        lines.extend(brief(&format!("  rule: {}", one_line(rule.source())), cells, text));
        return;
    }
    lines.push(Strip::of("  rule, part by part:", Meaning::Dim));
    // In short only what does not hold is of use.
    let is_told = |truth: &Tri| text.is_full || *truth != Tri::True;
    for (source, truth) in parts.iter().filter(|(_, truth)| is_told(truth)) {
        let (sign, meaning) = tell::tri_sign(*truth, text.look.glyphs);
        for (index, line) in brief(source, cells.saturating_sub(6), text).into_iter().enumerate() {
            let lead = if index == 0 { format!("    {sign} ") } else { "      ".into() };
            lines.push(Strip(std::iter::once((lead, meaning)).chain(line.0).collect()));
        }
    }
    let holding = parts.iter().filter(|(_, truth)| !is_told(truth)).count();
    if holding > 0 {
        let verb = if holding == 1 { "part holds" } else { "parts hold" };
        lines.push(Strip::of(format!("    {holding} {verb}"), Meaning::Dim));
    }
}

/// How an explanation is written.
#[derive(Clone, Copy)]
struct Text<'a> {
    look: &'a Look,
    /// Whether rules stand in it with all their lines.
    is_full: bool,
}

/// How many lines of a rule are enough for whoever did not ask for more.
const RULE_LINES: usize = 2;

/// The same of what is told in words.
const WORDS_LINES: usize = 5;

/// A rule, dim beside the words of its author, and no longer than is asked for.
fn brief(source: &str, cells: usize, text: Text<'_>) -> Vec<Strip> {
    brief_to(RULE_LINES, source, cells, text)
}

/// The same of at most so many lines.
fn brief_to(most: usize, source: &str, cells: usize, text: Text<'_>) -> Vec<Strip> {
    let mut lines = wrap(&clean_block(source), cells);
    if !text.is_full && lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let more = text.look.glyphs.more;
            *last = format!("{}{more}", cut(last, cells.saturating_sub(width(more)), ""));
        }
    }
    lines.into_iter().map(|line| Strip::of(line, Meaning::Dim)).collect()
}

/// What a rule looks at and finds ok.
fn rest(run: &Run, rule: &Expr, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    let all = seen(&run.runbook, &run.view.moment.board, rule);
    let suffix = if all.iter().all(is_ok) { "" } else { ", ok" };
    lines.extend(seen::lines(all.iter().filter(|seen| is_ok(seen)), suffix, cells, look));
}

fn is_ok(seen: &Seen) -> bool {
    seen.verdict == Verdict::Ok
}

fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rule<'a>(runbook: &'a Runbook, condition: &ConditionId) -> Option<&'a Expr> {
    match condition {
        ConditionId::Guard(id) => runbook.guards.iter().find(|guard| &guard.id == id).map(|guard| &guard.holds),
        ConditionId::Gate(key) => {
            runbook.step(&key.phase, &key.step).and_then(|step| step.gate.as_ref()).map(|gate| &gate.holds)
        }
        ConditionId::Check(key) => match &runbook.step(&key.phase, &key.step)?.action {
            Action::Check { holds, .. } => Some(holds),
            _ => None,
        },
        ConditionId::Health(..) => None,
    }
}
