//! `piton practice`: a runbook against a simulated cluster.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::cli::args::{PracticeArguments, Speed};
use crate::cli::error::CliError;
use crate::cli::looks::Looks;
use crate::cli::run;
use crate::cli::runtime::Runtime;
use crate::cli::{dialogue, fold, place, stepped};
use crate::clock::{Clock, FastClock, SystemClock, Timestamp};
use crate::engine::{Event, PracticeSeen, Record, RunOpened};
use crate::health;
use crate::journal::{Remembered, Store};
use crate::plain;
use crate::practice::{self, Practice, Shape, Shared};
use crate::runbook::parts::{Part, parts};
use crate::runbook::{Action, Runbook, Truth};
use crate::scenario::{self, Ending, Scenario};
use crate::session::launch;
use crate::session::practice::{PracticeRunner, replay};
use crate::session::rehearsal::Rehearsal;
use crate::session::{Launched, Opening, Suspended, Who, World};

/// A simulated cluster with everything that a run needs of it.
pub struct Cluster {
    /// What the run is bound to.
    pub inputs: Map<String, Value>,
    /// What it is built from.
    pub seen: PracticeSeen,
    /// Time and commands.
    pub world: World,
}

/// What a practice cluster is built from, as it was asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How many nodes; `None`: as many as the runbook needs.
    pub nodes: Option<u8>,
    /// The seed; `None`: that of the scenario.
    pub seed: Option<u64>,
    /// The scenario's name; `None`: the calm one, where there is one.
    pub scenario: Option<String>,
    /// How many times as fast as real time.
    pub speed: f64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { nodes: None, seed: None, scenario: None, speed: 1.0 }
    }
}

/// `piton practice`.
///
/// # Errors
/// The runbook is not there or has no simulator, the journal cannot be written, there is no terminal.
pub fn practice(library: Option<PathBuf>, typed: &PracticeArguments, looks: &Looks) -> Result<u8, CliError> {
    let scenario = typed.scenario.clone();
    let paced = Speed::paced(typed.speed, typed.autopilot).map_err(CliError::usage)?;
    let wanted = Wanted { nodes: typed.nodes, seed: typed.seed, scenario, speed: paced.unwrap_or(1.0) };
    let runbook = run::find(library, &typed.runbook)?;
    if typed.scenarios {
        return Ok(list(&runbook));
    }
    let is_plain = dialogue::is_wanted(typed.plain);
    let options = looks.options_unless(is_plain || typed.autopilot)?;
    let store = run::store()?;
    let who = place::who(if typed.autopilot || is_plain { "plain" } else { "terminal" });
    if typed.autopilot && paced.is_none() {
        return stepped::practice(&store, &runbook, &wanted, typed.mistakes, &who);
    }
    let runtime = Runtime::start()?;
    let launched = runtime.block_on(begin(&store, runbook, wanted, &who, &runtime))?;
    if typed.scenario.as_deref() == Some(scenario::SURPRISE)
        && let Some(practice) = opened(&launched.records).and_then(|opened| opened.practice.as_ref())
    {
        told_surprise(practice.seed);
    }
    if typed.autopilot {
        let way = way_of(&launched.records, typed.mistakes)?;
        autopilot(&runtime, launched, way.as_ref())
    } else if is_plain {
        dialogue::in_lines(&runtime, launched)
    } else {
        run::in_terminal(&runtime, launched, options)
    }
}

/// Opens a practice run.
///
/// # Errors
/// There is no simulator for the runbook's system, or the run cannot be opened.
pub async fn begin(
    store: &Store,
    runbook: Arc<Runbook>,
    wanted: Wanted,
    who: &Who,
    runtime: &Handle,
) -> Result<Launched, CliError> {
    let (played, nodes) = planned(&runbook, &wanted)?;
    let cluster = build(&runbook, nodes, &played, wanted.speed, (&[], &[]), runtime).await?;
    let inputs = of_the_runbook(&runbook, cluster.inputs);
    let bound = crate::site::bind(&runbook, &[], None, &inputs);
    let bound = bound.map_err(|problems| run::unbound(&problems))?;
    let opening = Opening { runbook, inputs: bound.inputs, site: None, practice: Some(cluster.seen) };
    launch::begin(store, &Remembered::default(), opening, who, cluster.world).map_err(run::launch_error)
}

/// What is played, and with how many nodes.
pub(super) fn planned(runbook: &Runbook, wanted: &Wanted) -> Result<(Played, u8), CliError> {
    let played = played(runbook, wanted)?;
    let fitting = fitting(runbook);
    let of_the_scenario = played.scenario.as_ref().and_then(|scenario| scenario.nodes);
    let nodes =
        wanted.nodes.or(of_the_scenario).map_or_else(|| fitting.clone(), |nodes| fits(runbook, nodes).map(|()| nodes));
    let nodes = nodes.map_err(|why| {
        let hint = fitting.map_or_else(|_| simulated(), |nodes| format!("it can be practised with --nodes {nodes}"));
        CliError::failed(format!("{} cannot be practised with this version: {why}", runbook.id)).hint(hint)
    })?;
    Ok((played, nodes))
}

/// Tells how to play again what chance picked.
pub(super) fn told_surprise(seed: u64) {
    fold::print(&format!("PRACTICE a surprise: `--scenario surprise --seed {seed}` plays it again"));
}

/// Goes on with a practice run in a cluster built anew from its journal.
///
/// # Errors
/// The cluster's ports are taken, or the run cannot be gone on with.
pub async fn go_on(
    store: &Store,
    suspended: Suspended,
    seen: PracticeSeen,
    speed: f64,
    who: &Who,
    runtime: &Handle,
) -> Result<Launched, CliError> {
    let runbook = Arc::clone(&suspended.runbook);
    let played = played_before(&runbook, &seen)?;
    let before = (&*seen.ports, &*suspended.records);
    let cluster = build(&runbook, seen.nodes, &played, speed, before, runtime).await?;
    launch::go_on(store, suspended, who, cluster.world).map_err(run::launch_error)
}

/// What a suspended run plays.
pub(super) fn played_before(runbook: &Runbook, seen: &PracticeSeen) -> Result<Played, CliError> {
    let wanted = Wanted { seed: Some(seen.seed), scenario: seen.scenario.clone(), ..Wanted::default() };
    match seen.scenario {
        Some(_) => played(runbook, &wanted),
        // An earlier version knew no scenarios.
        None => Ok(Played { scenario: None, seed: seen.seed }),
    }
}

/// Walks a practice run without a person, on that way.
///
/// # Errors
/// The output or the journal cannot be written, or the way cannot be gone.
pub fn autopilot(runtime: &Runtime, launched: Launched, way: Option<&Ending>) -> Result<u8, CliError> {
    let folder = launched.folder.clone();
    let mut out = fold::out();
    let interrupted = dialogue::interruption(runtime)?;
    let walked = runtime.block_on(plain::autopilot::walk(launched, way, &mut out, interrupted));
    let walked = walked.map_err(|error| dialogue::unheard(&folder, &error))?;
    if let Some(missed) = walked.missed {
        return Err(dialogue::strayed(&folder, &missed));
    }
    dialogue::told_end(&folder, walked.closed.map(|closed| closed.outcome), walked.halted)
}

pub(super) fn opened(records: &[Record]) -> Option<&RunOpened> {
    match records.first().map(|record| &record.event) {
        Some(Event::RunOpened(opened)) => Some(opened),
        _ => None,
    }
}

/// The way that the autopilot goes through the run's scenario.
pub(super) fn way_of(records: &[Record], mistakes: bool) -> Result<Option<Ending>, CliError> {
    let Some(opened) = opened(records) else { return Ok(None) };
    let name = opened.practice.as_ref().and_then(|practice| practice.scenario.as_deref());
    way_through(name.and_then(|name| scenario::find(opened.runbook.as_str(), name)), mistakes)
}

/// The right way through a scenario, or the wrong one.
pub(super) fn way_through(scenario: Option<Scenario>, mistakes: bool) -> Result<Option<Ending>, CliError> {
    if !mistakes {
        return Ok(scenario.map(|scenario| scenario.right));
    }
    let wrong = scenario.and_then(|scenario| scenario.wrong);
    wrong.map(Some).ok_or_else(|| CliError::usage("this scenario shows no wrong way"))
}

/// The seed where neither the trainee nor the scenario names one.
const DEFAULT_SEED: u64 = 1;

/// The scenario that is played and the seed that it is played with.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) scenario: Option<Scenario>,
    pub(super) seed: u64,
}

impl Played {
    fn name(&self) -> Option<String> {
        self.scenario.as_ref().map(|scenario| scenario.id.clone())
    }
}

/// Finds what was asked for. Chance picks only by the seed, so that what it picked can be played again.
fn played(runbook: &Runbook, wanted: &Wanted) -> Result<Played, CliError> {
    let id = runbook.id.as_str();
    let seed_of = |scenario: &Scenario| wanted.seed.or(scenario.seed).unwrap_or(DEFAULT_SEED);
    match wanted.scenario.as_deref() {
        None => {
            let scenario = scenario::find(id, scenario::CALM);
            let seed = scenario.as_ref().map_or(wanted.seed.unwrap_or(DEFAULT_SEED), seed_of);
            Ok(Played { scenario, seed })
        }
        Some(scenario::SURPRISE) => {
            let seed = wanted.seed.unwrap_or_else(some_seed);
            let scenario = scenario::surprise(id, seed).ok_or_else(|| no_scenario(id, scenario::SURPRISE))?;
            Ok(Played { scenario: Some(scenario), seed })
        }
        Some(name) => {
            let scenario = scenario::find(id, name).ok_or_else(|| no_scenario(id, name))?;
            let seed = seed_of(&scenario);
            Ok(Played { scenario: Some(scenario), seed })
        }
    }
}

/// A seed that nobody chose.
pub fn some_seed() -> u64 {
    SystemClock::starting(Timestamp::default()).now().as_millis().unsigned_abs() % 1_000_000
}

fn no_scenario(runbook: &str, name: &str) -> CliError {
    let hint = match scenario::all_of(runbook).len() {
        0 => format!("{runbook} has none yet; without --scenario the cluster is calm"),
        count => format!("there are 1 to {count} (`--scenarios` lists them), and {}", scenario::SURPRISE),
    };
    CliError::failed(format!("{runbook} has no scenario {name:?}")).hint(hint)
}

/// `piton practice RUNBOOK --scenarios`: by numbers, since the names, and what there is to learn, give away what goes wrong.
fn list(runbook: &Runbook) -> u8 {
    let all = scenario::all_of(runbook.id.as_str());
    for (number, scenario) in (1..).zip(&all) {
        let calm = if scenario.faults.is_empty() { "; nothing goes wrong by itself" } else { "" };
        super::print(&format!("{number:>3}  {}{calm}", scenario.title));
    }
    if !all.is_empty() {
        super::print(
            "`--scenario NUMBER` plays one, `--scenario surprise` any; what went wrong is told in the debrief.",
        );
    }
    0
}

/// How many nodes a simulated cluster may be tried with, the usual number first.
const COUNTS: [u8; 5] = [3, 1, 2, 4, 5];

/// Why a simulated cluster of this version cannot stand in for what the runbook needs; `None` when it can.
pub fn hindrance(runbook: &Runbook) -> Option<String> {
    fitting(runbook).err()
}

/// How many nodes the simulated cluster has that stands in for what the runbook needs, or why none does.
fn fitting(runbook: &Runbook) -> Result<u8, String> {
    let first = fits(runbook, COUNTS[0]);
    let others = || COUNTS.into_iter().skip(1).find(|nodes| fits(runbook, *nodes).is_ok());
    match first {
        Ok(()) => Ok(COUNTS[0]),
        Err(why) if !practice::is_simulated(&runbook.system) => Err(why),
        Err(why) => others().ok_or(why),
    }
}

/// Whether a simulated cluster of so many nodes can stand in for what the runbook needs; if not, why.
fn fits(runbook: &Runbook, nodes: u8) -> Result<(), String> {
    let plain = Played { scenario: None, seed: DEFAULT_SEED };
    let cluster = cluster(runbook, nodes, &plain, Timestamp::default())?;
    // A check may ask that no address stands there twice.
    let names = locked(&cluster).nodes();
    let address =
        |node: &str| format!("http://127.0.0.1:{}", 8_200 + names.iter().position(|name| name == node).unwrap_or(0));
    let inputs = of_the_runbook(runbook, locked(&cluster).inputs(&address));
    let bound = crate::site::bind(runbook, &[], None, &inputs).map_err(|problems| {
        format!("the simulated cluster does not fit its inputs: {}", run::unbound(&problems).message)
    })?;
    if let Some(input) = bound.missing.first() {
        return Err(format!("the simulated cluster has no {input}"));
    }
    let scope = serde_json::json!({ "inputs": bound.inputs });
    health::targets(runbook, &scope).map_err(|problems| problems.join("; "))?;
    match never_holds(runbook, &scope) {
        Some((step, rule)) => {
            let noun = if nodes == 1 { "node" } else { "nodes" };
            Err(format!("with {nodes} {noun} the check {step:?} never holds, because of {rule}"))
        }
        None => Ok(()),
    }
}

/// A check that every run comes to and that never holds with these inputs, and the part of it that says so: what hangs
/// on inputs alone stays as it is. A condition that reads nothing is the author's word, whatever the cluster is.
fn never_holds<'r>(runbook: &'r Runbook, scope: &Value) -> Option<(&'r str, String)> {
    let always = runbook.phases.iter().filter(|phase| phase.when.is_none() && phase.for_each.is_none());
    let steps = always.flat_map(|phase| &phase.steps).filter(|step| step.when.is_none());
    steps.into_iter().find_map(|step| {
        let Action::Check { holds, .. } = &step.action else { return None };
        let mut parts = parts(holds);
        if parts.is_empty() {
            parts.push(Part { source: holds.source().trim().to_owned(), expr: holds.clone() });
        }
        let is_never = |part: &Part| {
            let reads = part.expr.reads();
            let is_of_inputs = !reads.whole && reads.keys.keys().eq(["inputs"]);
            is_of_inputs && part.expr.truth(scope) == Truth::False
        };
        parts.into_iter().find(is_never).map(|part| (step.title.source(), part.source))
    })
}

/// A runbook need not want all that the cluster could tell it.
fn of_the_runbook(runbook: &Runbook, mut inputs: Map<String, Value>) -> Map<String, Value> {
    inputs.retain(|name, _| runbook.inputs.iter().any(|input| input.id.as_str() == name));
    inputs
}

/// A new cluster for that runbook, or why there is none.
fn cluster(runbook: &Runbook, nodes: u8, played: &Played, began: Timestamp) -> Result<Shared, String> {
    let versions = played.scenario.as_ref().map_or(&[][..], |scenario| &scenario.versions);
    let shape = Shape { runbook: runbook.id.as_str(), nodes, seed: played.seed, versions };
    practice::system(&runbook.system, &shape, began)
        .ok_or_else(|| format!("there is no simulator for {:?} yet", runbook.system))
}

/// The systems that can be practised at all, as a hint.
fn simulated() -> String {
    let names: Vec<&str> = practice::simulated().collect();
    format!("this version simulates {}", names.join(", "))
}

fn locked(cluster: &Shared) -> MutexGuard<'_, dyn practice::System + 'static> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A cluster at those addresses, brought to where those records leave it.
pub(super) fn built(
    runbook: &Runbook,
    nodes: u8,
    played: &Played,
    began: Timestamp,
    (ports, records): (&[u16], &[Record]),
) -> Result<Shared, CliError> {
    let system = cluster(runbook, nodes, played, began);
    let system = system.map_err(|why| CliError::failed(why).hint(simulated()))?;
    {
        let mut cluster = locked(&system);
        for (node, port) in cluster.nodes().into_iter().zip(ports) {
            cluster.place(&node, &format!("http://127.0.0.1:{port}"));
        }
        replay(&mut *cluster, records);
    }
    Ok(system)
}

async fn build(
    runbook: &Runbook,
    nodes: u8,
    played: &Played,
    speed: f64,
    (ports, records): (&[u16], &[Record]),
    runtime: &Handle,
) -> Result<Cluster, CliError> {
    let last = records.last().map_or(Timestamp::default(), |record| record.at);
    let clock: Arc<dyn Clock> = Arc::new(FastClock::starting(last, speed));
    let began = records.first().map_or_else(|| clock.now(), |record| record.at);
    let system = built(runbook, nodes, played, began, (ports, records))?;
    let mut rehearsal = Rehearsal::new(Arc::clone(&system), played.scenario.as_ref(), played.seed, began);
    rehearsal.follow(records);
    let practice = Practice::start(system, clock.clone(), ports).await.map_err(|error| {
        CliError::failed(format!("the simulated cluster cannot be started: {error}"))
            .hint("another program may hold one of its ports; try again, or begin a new practice run")
    })?;
    let inputs = practice.inputs();
    let seen = PracticeSeen { nodes, seed: played.seed, scenario: played.name(), ports: practice.ports() };
    let runner = Arc::new(PracticeRunner::new(Arc::new(practice), rehearsal, clock.clone(), runtime.clone()));
    Ok(Cluster { inputs, seen, world: World { runtime: runtime.clone(), clock, runner } })
}
