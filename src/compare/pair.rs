//! Two runs held against each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::compare::run::{Deviated, Ran, Run, StepWent};

/// The format of a comparison as JSON.
const COMPARISON_FORMAT: u32 = 1;

/// From how many milliseconds on a step's time is told to differ.
const NOTABLE_MS: u64 = 5_000;

/// What two runs have in common and what not. That times differ makes no difference: no two runs take the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `COMPARISON_FORMAT`.
    pub format: u32,
    /// Whether nothing is different but times, names and reasons.
    pub is_same: bool,
    /// The first and the second.
    pub runs: [Run; 2],
    /// What differs in their heads and ends.
    pub head: Vec<Differing>,
    /// Every step of either, in the order of the first; what only the second has stands where it stands there.
    pub steps: Vec<StepPair>,
    /// Where only one of them overruled the machine.
    pub deviations: Vec<Overruled>,
    /// Where other commands ran, or ended otherwise, by step.
    pub commands: Vec<Command>,
    /// What was stated, answered, captured and seen, where it differs.
    pub readings: Vec<Reading>,
}

/// Something of which there is one, and that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// What it is.
    pub what: String,
    /// Of the first and the second.
    pub values: [String; 2],
    /// Whether it makes the runs different; who walked them, when and where does not.
    pub counts: bool,
}

/// A step in both, or in one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepPair {
    /// Its name.
    pub step: String,
    /// Its title.
    pub title: String,
    /// How it went in each.
    pub went: [Option<StepWent>; 2],
    /// Whether it ended otherwise, was walked more often, or is in one of them only.
    pub differs: bool,
    /// Whether it took notably longer or shorter: five seconds, and half as long again, at least.
    pub is_slower_or_faster: bool,
}

/// A deviation that only one of the runs has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overruled {
    /// Which run: 0 the first, 1 the second.
    pub of: usize,
    /// What was overruled there.
    pub deviated: Deviated,
}

/// The commands of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The step.
    pub step: String,
    /// What ran for it in each, in order.
    pub ran: [Vec<Ran>; 2],
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The step or probe.
    pub about: String,
    /// Its name there.
    pub name: String,
    /// The value in each.
    pub values: [Option<String>; 2],
}

/// Holds two runs against each other. That one of the journals is not whole, and what the runbooks' texts say, is the
/// caller's to tell.
pub fn compare(one: Run, other: Run) -> Comparison {
    let head = head(&one, &other);
    let steps = steps(&one.steps, &other.steps);
    let deviations = deviations(&one.deviations, &other.deviations);
    let commands = commands(&one.commands, &other.commands);
    let readings = readings(&one, &other);
    let is_same = head.iter().all(|differing| !differing.counts)
        && steps.iter().all(|pair| !pair.differs)
        && deviations.is_empty()
        && commands.is_empty()
        && readings.is_empty();
    let format = COMPARISON_FORMAT;
    Comparison { format, is_same, runs: [one, other], head, steps, deviations, commands, readings }
}

fn head(one: &Run, other: &Run) -> Vec<Differing> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".into());
    let seed = |run: &Run| run.seed.map_or_else(|| "none".into(), |seed| seed.to_string());
    let of = |what: &str, counts, tell: &dyn Fn(&Run) -> String| Differing {
        what: what.to_owned(),
        values: [tell(one), tell(other)],
        counts,
    };
    let all = [
        of("outcome", true, &|run| run.outcome.clone()),
        of("way back", true, &|run| or_none(&run.way_back)),
        of("runbook", true, &|run| run.runbook.clone()),
        of("revision", true, &|run| run.revision.clone()),
        of("runbook sha256", true, &|run| run.sha256.clone()),
        of("mode", false, &|run| run.mode.clone()),
        of("scenario", false, &|run| or_none(&run.scenario)),
        of("seed", false, &seed),
        of("site", false, &|run| or_none(&run.site)),
        of("operators", false, &|run| run.operators.join(", ")),
    ];
    all.into_iter().filter(|differing| differing.values[0] != differing.values[1]).collect()
}

fn steps(one: &[StepWent], other: &[StepWent]) -> Vec<StepPair> {
    let place: BTreeMap<&str, usize> = one.iter().enumerate().map(|(at, step)| (step.step.as_str(), at)).collect();
    let mut of_other: BTreeMap<&str, &StepWent> = BTreeMap::new();
    // What only the second has, after the step of the first that it follows there.
    let mut between: BTreeMap<usize, Vec<&StepWent>> = BTreeMap::new();
    let mut behind = 0;
    for step in other {
        match place.get(step.step.as_str()) {
            Some(at) => {
                behind = at + 1;
                of_other.insert(&step.step, step);
            }
            None => between.entry(behind).or_default().push(step),
        }
    }
    let mut pairs = Vec::new();
    let mut only = |at: usize, pairs: &mut Vec<StepPair>| {
        let steps = between.remove(&at).into_iter().flatten();
        pairs.extend(steps.map(|step| pair([None, Some(step.clone())])));
    };
    only(0, &mut pairs);
    for (at, step) in one.iter().enumerate() {
        pairs.push(pair([Some(step.clone()), of_other.get(step.step.as_str()).map(|&step| step.clone())]));
        only(at + 1, &mut pairs);
    }
    pairs
}

fn pair(went: [Option<StepWent>; 2]) -> StepPair {
    let any = went.iter().flatten().next();
    let (step, title) = any.map(|step| (step.step.clone(), step.title.clone())).unwrap_or_default();
    let (differs, is_slower_or_faster) = match &went {
        [Some(one), Some(other)] => {
            let (less, more) = (one.took_ms.min(other.took_ms), one.took_ms.max(other.took_ms));
            let is_notable = more - less >= NOTABLE_MS && more >= less.saturating_add(less / 2);
            ((&one.status, one.walks) != (&other.status, other.walks), is_notable)
        }
        _ => (true, false),
    };
    StepPair { step, title, went, differs, is_slower_or_faster }
}

/// Those without a counterpart: the same way with the same subject, however it was reasoned.
fn deviations(one: &[Deviated], other: &[Deviated]) -> Vec<Overruled> {
    let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for deviated in other {
        *counted.entry((&deviated.way, &deviated.subject)).or_default() += 1;
    }
    let mut only = Vec::new();
    for deviated in one {
        match counted.get_mut(&(deviated.way.as_str(), deviated.subject.as_str())).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => only.push(Overruled { of: 0, deviated: deviated.clone() }),
        }
    }
    // The first ones of them have the counterparts, so the last ones are without.
    let mut rest: Vec<Overruled> = Vec::new();
    for deviated in other.iter().rev() {
        let left = counted.get_mut(&(deviated.way.as_str(), deviated.subject.as_str())).filter(|left| **left > 0);
        if let Some(left) = left {
            *left -= 1;
            rest.push(Overruled { of: 1, deviated: deviated.clone() });
        }
    }
    only.extend(rest.into_iter().rev());
    only
}

fn commands(one: &[Ran], other: &[Ran]) -> Vec<Command> {
    let mut order: Vec<&str> = Vec::new();
    let mut of: BTreeMap<&str, [Vec<Ran>; 2]> = BTreeMap::new();
    for (side, ran) in one.iter().map(|ran| (0, ran)).chain(other.iter().map(|ran| (1, ran))) {
        let sides = of.entry(&ran.step).or_insert_with(|| {
            order.push(&ran.step);
            Default::default()
        });
        sides[side].push(ran.clone());
    }
    let told = |ran: &[Ran]| {
        let mut told: Vec<_> = ran.iter().map(|ran| (ran.item.clone(), ran.line.clone(), ran.ended.clone())).collect();
        // What runs for all items together ends in any order.
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    };
    let found = order.into_iter().filter_map(|step| {
        let ran = of.remove(step)?;
        (told(&ran[0]) != told(&ran[1])).then(|| Command { step: step.to_owned(), ran })
    });
    found.collect()
}

fn readings(one: &Run, other: &Run) -> Vec<Reading> {
    let keys: BTreeSet<&(String, String)> = one.readings.keys().chain(other.readings.keys()).collect();
    let found = keys.into_iter().filter_map(|key| {
        let values = [one.readings.get(key).cloned(), other.readings.get(key).cloned()];
        let (about, name) = key.clone();
        (values[0] != values[1]).then_some(Reading { about, name, values })
    });
    found.collect()
}
