use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;

use super::*;
use crate::clock::{Clock, FixedClock, Timestamp};
use crate::engine::{
    CommandLine, Ended, Event, Happening, ItemCommand, MAX_AT_ONCE, PracticeSeen, Proposal, Record, Sample, Verdict,
};
use crate::exec::{Reply, ScriptedRunner};
use crate::journal::Store;
use crate::runbook::{ProbeId, StepKey, parse};
use crate::session::launch::{self, Launched, Opening, Who, World};

const HEAD: &str = r#"
format = 1
id = "demo"
title = "Demo"
revision = "1"
system = "demo"
summary = "A small walk."

[[health]]
id = "it"
title = "It"
every = "1m"
timeout = "1s"
tcp = "127.0.0.1:1"
ok = "true"

[[phase]]
id = "only"
title = "Only"
[[phase.step]]
id = "step"
title = "Step"
"#;

/// A run whose clock and samples the test makes.
struct Bench {
    run: Launched,
    clock: Arc<FixedClock>,
    runner: Arc<ScriptedRunner>,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn of(step: &str) -> Self {
        Self::with(&format!("{HEAD}{step}"), ScriptedRunner::new()).await
    }

    async fn with(book: &str, runner: ScriptedRunner) -> Self {
        Self::at(book, runner, |clock| clock).await
    }

    /// The same, where the session reads another clock, made of the one that is moved by hand.
    async fn at(book: &str, runner: ScriptedRunner, read: impl Fn(Arc<FixedClock>) -> Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (runbook, told) = parse(book);
        let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{told:?}")));
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000_000_000)));
        let runner = Arc::new(runner);
        let world = World { runtime: Handle::current(), clock: read(clock.clone()), runner: runner.clone() };
        let opening = Opening { runbook, inputs: Map::new(), site: None, practice: None };
        let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
        let run =
            launch::begin(&Store::open(folder.path()), &crate::journal::Remembered::default(), opening, &who, world)
                .unwrap();
        let mut bench = Self { run, clock, runner, _folder: folder };
        // The monitor's own only answer for the next minutes: nobody listens there.
        while !matches!(bench.next().await, Update::Sampled(_)) {}
        bench
    }

    async fn next(&mut self) -> Update {
        let next = tokio::time::timeout(Duration::from_secs(20), self.run.updates.recv());
        next.await.expect("the session says something").expect("the session goes on")
    }

    fn answers(&self, verdict: Verdict) {
        let sample = Sample {
            probe: ProbeId::new("it"),
            node: None,
            at: self.clock.now(),
            verdict,
            why: String::new(),
            fields: Map::new(),
            elapsed: Duration::ZERO,
        };
        self.run.session.say(Incoming::Sample(sample));
    }

    /// Everything that is recorded up to this moment.
    async fn recorded(&mut self) -> Vec<Event> {
        self.run.session.propose(Proposal::Note { step: None, text: "so far".into() });
        let mut seen = Vec::new();
        loop {
            if let Update::Recorded(records) = self.next().await {
                let is_last = |record: &Record| matches!(record.event, Event::NoteAdded { .. });
                let is_over = records.iter().any(is_last);
                seen.extend(records.iter().map(|record| record.event.clone()));
                if is_over {
                    return seen;
                }
            }
        }
    }
}

fn key() -> StepKey {
    "only/step".parse().unwrap()
}

fn held(events: &[Event]) -> Option<u64> {
    events.iter().find_map(|event| match event {
        Event::CheckPassed { held_ms, .. } => Some(*held_ms),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_does_not_count_the_time_in_which_nothing_was_sensed() {
    let mut bench = Bench::of("check = '.health.it[0].verdict == \"ok\"'\nhold = \"10s\"\n").await;
    bench.answers(Verdict::Ok);
    assert_eq!(held(&bench.recorded().await), None);
    // As after a stop of the process: the first that is heard of an hour is that all is well now.
    bench.clock.advance(Duration::from_secs(3600));
    bench.answers(Verdict::Ok);
    assert_eq!(held(&bench.recorded().await), None);
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(held(&bench.recorded().await), None);
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!(held(&bench.recorded().await), Some(11_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_does_not_stand_open_on_what_went_stale_unseen() {
    let mut bench = Bench::of("gate = '.health.it[0].verdict == \"ok\"'\nconfirm = \"Seen?\"\n").await;
    bench.answers(Verdict::Ok);
    bench.recorded().await;
    bench.clock.advance(Duration::from_secs(3600));
    bench.run.session.propose(Proposal::Confirm { step: key(), said: "yes".into() });
    let refusal = loop {
        match bench.next().await {
            Update::Refused(_, refusal) => break refusal,
            Update::Recorded(records) => {
                let confirmed = |record: &Record| matches!(record.event, Event::StepConfirmed { .. });
                assert!(!records.iter().any(confirmed), "the gate stood open");
            }
            _ => {}
        }
    };
    assert!(matches!(refusal, Refusal::GateClosed(_)), "{refusal}");
}

/// What reads only a probe that asks nobody.
const OVER_NOBODY: &str = r#"check = '[.health.off[] | select(.verdict != "ok")] | length == 0'
[[phase.step]]
id = "off"
title = "Off"
when = '.health.off | length > 0'
confirm = "Seen?"
[[phase]]
id = "each"
title = "Each"
for_each = '.health.off[] | .node'
[[phase.step]]
id = "node"
title = "Node"
confirm = "Seen?"
[[phase]]
id = "last"
title = "Last"
[[phase.step]]
id = "seen"
title = "Seen"
confirm = "Seen?"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_asks_nobody_holds_nothing_back() {
    for nobody in ["when = \"false\"", "each = \".inputs | to_entries[] | .key\""] {
        let probe = format!("[[health]]\nid = \"off\"\n{nobody}\ntcp = \"127.0.0.1:1\"\nok = \"true\"\n");
        let book = format!("{HEAD}{OVER_NOBODY}").replacen("[[phase]]", &format!("{probe}[[phase]]"), 1);
        let mut bench = Bench::with(&book, ScriptedRunner::new()).await;
        bench.run.session.propose(Proposal::Confirm { step: "last/seen".parse().unwrap(), said: "yes".into() });
        let events = bench.recorded().await;
        let is_confirmed = events.iter().any(|event| matches!(event, Event::StepConfirmed { .. }));
        assert!(is_confirmed, "{nobody}: {events:?}");
    }
}

const SOAK: &str = r#"check = '.health.it[0].verdict == "ok" or .health.it[0].verdict == "degraded"'
soak = "1d"
worst = { title = "rows that are not ok", highest = '[.health.it[] | select(.verdict != "ok")] | length' }
"#;

/// The worst values that were recorded of a soak, one a record.
fn worst(events: &[Event]) -> Vec<Option<i64>> {
    let noted = events.iter().filter_map(|event| match event {
        Event::SoakSeen { worst, .. } => Some(worst.as_ref().and_then(serde_json::Number::as_i64)),
        _ => None,
    });
    noted.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_value_between_two_records_of_a_soak_is_not_lost_and_records_are_rare() {
    let mut bench = Bench::of(SOAK).await;
    bench.answers(Verdict::Ok);
    assert_eq!(worst(&bench.recorded().await), [None, Some(0)]);
    for (seconds, verdict) in [(10, Verdict::Degraded), (10, Verdict::Ok), (10, Verdict::Degraded), (29, Verdict::Ok)] {
        bench.clock.advance(Duration::from_secs(seconds));
        bench.answers(verdict);
        assert_eq!(worst(&bench.recorded().await), [], "not within a minute");
    }
    bench.clock.advance(Duration::from_secs(1));
    bench.answers(Verdict::Ok);
    assert_eq!(worst(&bench.recorded().await), [Some(1)]);
    for _ in 0..9 {
        bench.clock.advance(Duration::from_secs(60));
        bench.answers(Verdict::Degraded);
        assert_eq!(worst(&bench.recorded().await), []);
    }
    bench.clock.advance(Duration::from_secs(60));
    bench.answers(Verdict::Ok);
    assert_eq!(worst(&bench.recorded().await), [Some(1)], "every ten minutes");
}

/// A clock on which time goes by with each look at it.
struct Restless(Arc<FixedClock>);

impl Clock for Restless {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(1));
        self.0.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soak_ends_on_the_moment_at_which_it_was_looked_at() {
    let book = format!("{HEAD}{}", SOAK.replace("1d", "30s"));
    // Its worst value is not recorded yet when it passes, and when it begins anew.
    for (last, seconds) in [(Verdict::Ok, 4), (Verdict::Bad, 1)] {
        let mut bench = Bench::at(&book, ScriptedRunner::new(), |clock| Arc::new(Restless(clock))).await;
        for verdict in [Verdict::Ok, Verdict::Degraded, Verdict::Ok] {
            bench.answers(verdict);
            bench.recorded().await;
            bench.clock.advance(Duration::from_secs(9));
        }
        bench.clock.advance(Duration::from_secs(seconds));
        bench.answers(last);
        let events = bench.recorded().await;
        assert_eq!(worst(&events), [Some(1)], "{events:?}");
        assert_eq!(held(&events).is_some(), last == Verdict::Ok, "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_of_a_soak_is_recorded_when_the_operator_leaves() {
    let mut bench = Bench::of(SOAK).await;
    bench.answers(Verdict::Ok);
    bench.recorded().await;
    bench.clock.advance(Duration::from_secs(100));
    bench.answers(Verdict::Ok);
    bench.recorded().await;
    bench.run.session.leave(Leaving::Left);
    let mut seen = Vec::new();
    loop {
        match bench.next().await {
            Update::Recorded(records) => seen.extend(records.iter().map(|record| record.event.clone())),
            Update::Ended => break,
            _ => {}
        }
    }
    let [Event::SoakSeen { covered_ms: 100_000, .. }, Event::SittingClosed { .. }] = &seen[..] else {
        panic!("{seen:?}");
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soak_goes_on_over_a_time_without_answers_which_is_a_gap() {
    let mut bench = Bench::of(SOAK).await;
    bench.answers(Verdict::Ok);
    bench.recorded().await;
    // As after a stop of the machine: nothing is heard for two hours.
    bench.clock.advance(Duration::from_secs(7200));
    bench.answers(Verdict::Ok);
    let events = bench.recorded().await;
    let covered = events.iter().find_map(|event| match event {
        Event::SoakSeen { covered_ms, .. } => Some(*covered_ms),
        _ => None,
    });
    assert_eq!(covered, Some(0), "the last answer was the first one: {events:?}");
    assert!(!events.iter().any(|event| matches!(event, Event::SoakRestarted { .. })));
}

/// The walk with a command for each of forty items at once.
async fn forty() -> Bench {
    let names: Vec<_> = (0..40).map(|n| format!("\"n{n}\"")).collect();
    let each = format!("for_each = '[{}] | .[]'\norder = \"together\"\n[[phase.step]]", names.join(", "));
    let book = format!("{HEAD}run = [\"work\", \"{{{{ .node }}}}\"]\n").replace("[[phase.step]]", &each);
    let runner = ScriptedRunner::new().answering(&["work"], Reply::exit(0).held());
    let mut bench = Bench::with(&book, runner).await;
    bench.recorded().await;
    let command = |n: usize| {
        let argv = vec!["work".to_owned(), format!("n{n}")];
        let command = CommandLine { argv, cwd: None, env: vec![], timeout_ms: 600_000 };
        ItemCommand { item: format!("n{n}"), command }
    };
    let shown = (0..40).map(command).collect();
    bench.run.session.propose(Proposal::RunAll { step: key(), shown, typed: None });
    bench
}

fn ends(events: &[Event]) -> Vec<&Ended> {
    let ended = events.iter().filter_map(|event| match event {
        Event::CommandFinished { ended, .. } => Some(ended),
        _ => None,
    });
    ended.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_for_all_run_beside_each_other_and_one_that_ends_makes_room() {
    let mut bench = forty().await;
    bench.recorded().await;
    assert_eq!(bench.runner.started().len(), MAX_AT_ONCE);
    let mut done = 0;
    while done < 40 {
        let (job, _) = bench.runner.started()[done];
        bench.runner.release(job);
        done += 1;
        while ends(&bench.recorded().await).is_empty() {}
        assert_eq!(bench.runner.started().len(), 40.min(MAX_AT_ONCE + done));
    }
    let told: Vec<_> = bench.runner.started().into_iter().map(|(_, command)| command.argv[1].clone()).collect();
    assert_eq!(told, (0..40).map(|n| format!("n{n}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_one_of_all_cancels_all_and_starts_none_of_those_that_wait() {
    let mut bench = forty().await;
    bench.recorded().await;
    let (seventh, _) = bench.runner.started()[6];
    bench.run.session.cancel(seventh);
    let mut events = bench.recorded().await;
    while ends(&events).len() < MAX_AT_ONCE {
        events.extend(bench.recorded().await);
    }
    let place = |is_it: fn(&Event) -> bool| events.iter().position(is_it).expect("it is recorded");
    let asked = place(|event| matches!(event, Event::CancelAsked { .. }));
    assert!(asked < place(|event| matches!(event, Event::CommandFinished { .. })), "it is recorded before it is done");
    place(|event| matches!(event, Event::StepFailed { .. }));
    assert!(ends(&events).into_iter().all(|ended| *ended == Ended::Cancelled));
    assert_eq!((bench.runner.started().len(), bench.runner.cancelled().len()), (MAX_AT_ONCE, MAX_AT_ONCE));
}

/// On a clock that runs fast each sync is seconds: harm of a moment would last as long.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_at_one_moment_of_a_rehearsal_is_recorded_in_one_go() {
    let folder = tempfile::tempdir().unwrap();
    let (runbook, _) = parse(&format!("{HEAD}confirm = \"Look\"\n"));
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000_000_000)));
    let world = World { runtime: Handle::current(), clock: clock.clone(), runner: Arc::new(ScriptedRunner::new()) };
    let practice = Some(PracticeSeen { nodes: 1, seed: 1, scenario: None, ports: vec![1] });
    let opening = Opening { runbook: Arc::new(runbook.unwrap()), inputs: Map::new(), site: None, practice };
    let who = Who { operator: "maria".into(), host: "bastion".into(), face: "test" };
    let mut run =
        launch::begin(&Store::open(folder.path()), &crate::journal::Remembered::default(), opening, &who, world)
            .unwrap();
    let (kind, about, at) = ("killed".to_owned(), "a".to_owned(), clock.now());
    let began =
        Happening::HarmBegan { kind: kind.clone(), about: about.clone(), since: at, told: "a was killed".into() };
    let happened = vec![began.clone(), Happening::HarmEnded { kind, about, at }];
    run.session.say(Incoming::Job(crate::exec::JobReport::Happened(happened.clone())));
    let is_it = |record: &Record| matches!(&record.event, Event::Rehearsed { what } if **what == began);
    loop {
        let next = tokio::time::timeout(Duration::from_secs(20), run.updates.recv()).await;
        if let Update::Recorded(records) = next.expect("the session says something").expect("it goes on")
            && records.iter().any(is_it)
        {
            let told: Vec<_> = records.iter().map(|record| record.event.clone()).collect();
            let all: Vec<_> = happened.into_iter().map(|what| Event::Rehearsed { what: Box::new(what) }).collect();
            assert_eq!(told, all);
            return;
        }
    }
}
