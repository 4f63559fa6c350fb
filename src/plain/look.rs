//! What is told when somebody asks, and changes nothing: where the run stands, its steps, why, how it began.

use crate::engine::scope::actor_of;
use crate::engine::{
    Allowed, Gate, Mode, Plan, Record, RunOpened, RunState, Tri, asked_by_way_back, evaluate, gate, judged_parts,
    watched, ways_back,
};
use crate::journal::MAX_COPIED_BYTES;
use crate::plain::meaning::say_deviations;
use crate::plain::soak;
use crate::plain::speak::Mouth;
use crate::plain::step::{tell_gate, tell_watched};
use crate::plain::tell::{Told, duration, status, word};
use crate::runbook::Truth;
use crate::text::amount;

/// How many of the last records are told to somebody who comes back.
const LAST: usize = 3;

/// What stands before each line that is typed: practice, or the word of the place.
pub fn place(opened: &RunOpened) -> String {
    match (&opened.site, opened.mode) {
        (_, Mode::Practice) => "PRACTICE".into(),
        (Some(site), Mode::Live) => format!("{} {}", site.environment, site.name),
        (None, Mode::Live) => "LIVE".into(),
    }
}

/// Which run this is; where `is_known` all but its name was told before it was opened.
pub fn heading(opened: &RunOpened, state: &RunState, is_known: bool, mouth: &mut Mouth<'_>) {
    if !is_known {
        match opened.mode {
            Mode::Practice => mouth.say("PRACTICE. This is a simulated cluster: no real system is reached."),
            Mode::Live => mouth.say("LIVE. What runs here runs on real systems."),
        }
        if let Some(site) = &opened.site {
            mouth.say(&format!("Site: {}. Environment: {}.", site.name, site.environment));
        }
        let sha256 = opened.sha256.get(..8).unwrap_or_default();
        let (id, revision) = (&opened.runbook, &opened.revision);
        mouth.say(&format!("Runbook: {} ({id}), revision {revision}, sha256 {sha256}.", opened.title));
    }
    mouth.say(&format!("Run: {}.", opened.run));
    if let Some(sitting) = &state.sitting {
        mouth.say(&format!("Operator: {} at {}.", sitting.operator, sitting.host));
    }
    mouth.say("Type help to hear what can be typed. An empty line never changes anything.");
}

/// For somebody who comes back: what was recorded last.
pub fn back_again(told: Told<'_>, records: &[Record], mouth: &mut Mouth<'_>) {
    mouth.say("You were here before. The last that was done:");
    let by_people = records.iter().rev().filter(|record| record.by != "piton");
    let mut last: Vec<_> = by_people.take(LAST).collect();
    last.reverse();
    for record in last {
        mouth.quote(&format!("number {}: {} [{}]", record.seq, told.record(record), record.by));
    }
    on_way_back(told, mouth);
}

/// The word that records a file as evidence: possible where a note is.
pub const ATTACH: &str = "attach";

/// The word behind it of whoever wants no copy.
pub const UNCOPIED: &str = "uncopied";

/// Why no copy is kept of a file, and what there is instead.
pub fn too_long(bytes: u64, path: &str) -> String {
    let (has, most) = (amount(bytes), MAX_COPIED_BYTES / (1024 * 1024));
    format!(
        "it has {has}, and no more than {most} MiB are copied: {ATTACH} {UNCOPIED} {path} attaches it by size and sha256, without a copy"
    )
}

/// What may be typed about the run.
pub fn offers(allowed: &[Allowed]) -> String {
    let mut words: Vec<_> = allowed.iter().map(word).collect();
    words.dedup();
    if allowed.contains(&Allowed::Note) {
        words.push(ATTACH);
    }
    format!("You may type: {}. Or help, status, steps, why, output.", words.join(", "))
}

/// Where the run stands.
pub fn where_am_i(told: Told<'_>, allowed: &[Allowed], is_halted: bool, mouth: &mut Mouth<'_>) {
    let state = told.state;
    match &state.current {
        Some(key) => {
            let standing = state.step(key).map(status).unwrap_or_default();
            mouth.say(&format!("You are at {}; it is {standing}.", told.step(key)));
            tell_gate(told, key, is_halted, mouth);
            soak::standing(told, key).iter().for_each(|line| mouth.say(line));
            tell_watched(told, key, mouth);
        }
        None => mouth.say("No step is current."),
    }
    for running in &state.running {
        let item = running.item.as_ref().map(|item| format!(" for {item}")).unwrap_or_default();
        let since = duration(told.moment.at.since(running.since));
        mouth.say(&format!(
            "A command runs{item} since {since}: {}",
            crate::plain::words::shell_words(&running.command.argv)
        ));
    }
    mouth.say(&told.counts());
    to_verify_of(told, mouth);
    never_verified(told, mouth);
    say_deviations(told, mouth);
    board(told, mouth);
    for guard in &told.runbook.guards {
        let condition = crate::engine::ConditionId::Guard(guard.id.clone());
        let known = state.conditions.get(&condition);
        let why = known.map(|known| known.why.clone()).unwrap_or_default();
        mouth.say(&format!("Guard: {}.", told.condition_is(&condition, state.truth(&condition), &why)));
    }
    let back = allowed.iter().find_map(|allowed| match allowed {
        Allowed::RollBack(plan) => told.runbook.rollback(plan),
        _ => None,
    });
    match back {
        Some(plan) => mouth.say(&format!("Way back now: {}.", plan.title)),
        None if !on_way_back(told, mouth) => mouth.say("Way back now: none."),
        None => {}
    }
    mouth.say(&format!("Recorded so far: {}.", state.seq));
    mouth.say(&offers(allowed));
}

/// Whether the run is on a way back; if so says on which.
fn on_way_back(told: Told<'_>, mouth: &mut Mouth<'_>) -> bool {
    let Plan::Rollback(plan) = &told.state.plan else { return false };
    let title = told.runbook.rollback(plan).map_or(plan.as_str(), |plan| plan.title.as_str());
    mouth.say(&format!("The run is on its way back: {title}."));
    true
}

/// What keeps the run open although nothing is left to do.
pub fn to_verify(told: Told<'_>, mouth: &mut Mouth<'_>) {
    to_verify_of(told, mouth);
    mouth.say("Nothing else is left to do. Type verify, or dispute for something else, and let that person type.");
}

fn to_verify_of(told: Told<'_>, mouth: &mut Mouth<'_>) {
    for key in told.state.to_verify() {
        let is_disputed = told.state.unverified.get(&key).is_some_and(|unverified| unverified.stood.is_some());
        let how = if is_disputed { "Disputed" } else { "To be verified by another person" };
        mouth.say(&format!("{how}: {}.", told.step(&key)));
    }
}

/// What is done and will never have been verified.
pub fn never_verified(told: Told<'_>, mouth: &mut Mouth<'_>) {
    for key in told.state.never_verified() {
        mouth.say(&format!("Never verified by a second person: {}.", told.step(&key)));
    }
}

/// How the cluster stands, the worst first.
fn board(told: Told<'_>, mouth: &mut Mouth<'_>) {
    let mut rows: Vec<_> = told.moment.board.rows.iter().collect();
    rows.sort_by_key(|row| row.verdict == crate::engine::Verdict::Ok);
    for row in rows {
        let condition = crate::engine::ConditionId::Health(row.probe.clone(), row.node.clone());
        let age = row.age_ms.map_or_else(
            || "no answer yet".to_owned(),
            |age| format!("{} ago", duration(std::time::Duration::from_secs(age / 1000))),
        );
        let why = if row.why.is_empty() { String::new() } else { format!(", {}", row.why) };
        let fields = row.fields.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!(", {name} {value}")
        });
        let fields: String = fields.collect();
        mouth.say(&format!("Health: {} is {}{why}{fields}; {age}.", told.condition(&condition), row.verdict.word()));
    }
}

/// Every step, phase by phase.
pub fn steps(told: Told<'_>, mouth: &mut Mouth<'_>) {
    for phase in told.state.counted() {
        let name = told.phase(&phase.id);
        let is_open = if phase.is_bound { "" } else { ", not open yet" };
        let order = if phase.any_order { ", its steps in any order" } else { "" };
        mouth.say(&format!("{}{}{order}{is_open}:", name[..1].to_uppercase(), &name[1..]));
        for (key, known) in phase.keys() {
            let said = if known.said.is_empty() { String::new() } else { format!(": {}", known.said) };
            let actor = actor_of(told.runbook, told.state, &told.moment.board, &key, told.moment.at);
            let actor = actor.map(|actor| format!(", by {actor}")).unwrap_or_default();
            mouth.quote(&format!("{}, {}{actor}{said}", told.step(&key), status(known)));
        }
    }
    mouth.say(&told.counts());
}

/// Why the gate stands as it does, on what it is judged, and which ways back there are.
pub fn why(told: Told<'_>, is_halted: bool, mouth: &mut Mouth<'_>) {
    let (book, state, board, at) = (told.runbook, told.state, &told.moment.board, told.moment.at);
    if let Some(key) = &state.current {
        mouth.say(&format!("About {}.", told.step(key)));
        tell_gate(told, key, is_halted, mouth);
        let is_open = gate(book, state, key, at) == Gate::Open;
        mouth.say(if is_open { "It is judged on this:" } else { "It and the guards are judged on this:" });
    }
    for condition in watched(book, state) {
        let Some((truth, reason, probes)) = evaluate(book, state, board, &condition, at) else { continue };
        let probes = if probes.is_empty() { String::new() } else { format!("; it reads {}", probes.join(", ")) };
        mouth.quote(&format!("{}{probes}", told.condition_is(&condition, truth, &reason)));
        for (part, truth) in judged_parts(book, state, board, &condition, at) {
            let word = match truth {
                Tri::True => "true",
                Tri::False => "FALSE",
                Tri::Unknown => "UNKNOWN",
            };
            mouth.quote(&format!("  {word}: {part}"));
        }
    }
    for (plan, truth) in ways_back(book, state, told.moment) {
        let asked = || asked_by_way_back(book, state, told.moment, plan);
        mouth.quote(&match truth {
            Truth::True => format!("way back, {}: possible", plan.title),
            Truth::False => format!("way back, {}: not now: this is not so: {}", plan.title, asked()),
            Truth::Unknown(why) => {
                let (title, asked) = (&plan.title, asked());
                format!("way back, {title}: not now: it cannot be told ({why}) whether this is so: {asked}")
            }
        });
    }
}

/// What can be typed.
pub fn help(allowed: &[Allowed], is_practice: bool, mouth: &mut Mouth<'_>) {
    mouth.say(&offers(allowed));
    for line in HELP {
        mouth.quote(line);
    }
    if is_practice {
        mouth.quote("console LINE: types a command to the simulated bastion. hint: a hint, which costs points.");
    }
}

const HELP: [&str; 20] = [
    "step: tells the current step again. status: where you are, counts, health, guards. steps: every step.",
    "why: what holds the step back, and on what that is judged. output: what the last command printed.",
    "read: the cautions were read. cautions: tells them in full, also those that you read before.",
    "confirm, answer, choose: asks what the step asks; the answer may follow the word.",
    "run: tells exactly what runs and asks; before a critical command the target's name is typed.",
    "release: another person releases a hold point, or confirms what was just stated. verify: another verifies a step.",
    "dispute: that person sees something else. verify STEP, dispute STEP: where several wait, the step of that name.",
    "cancel: ends what runs. sense: asks every probe now.",
    "retry: tries a failed step again. renew: does anew what has become too old.",
    "take NAME: takes up that step in the place of the current one, where steps may be taken in any order.",
    "skip, override, defer, cut, restart: leaves the step out, declares it done, puts it off, ends its wait, goes back.",
    "acknowledge: goes on although a guard or gate does not hold.",
    "rollback: leaves the plan for the way back. abandon: gives the run up. close: closes the finished run.",
    "All of these ask for the reason, or take it behind the word and then ask for yes.",
    "note TEXT: writes down a remark on the current step.",
    "attach PATH: records path, size and sha256 of a file as evidence for the current step, and keeps a copy of it.",
    "attach uncopied PATH: the same without a copy, as for a file of more than 16 MiB.",
    "leave: leaves the run as it stands; piton resume goes on with it. The end of input leaves it too.",
    "back: takes back a question. Nothing is recorded until piton says recorded, with its number.",
    "What was typed before it was asked for is not taken.",
];
