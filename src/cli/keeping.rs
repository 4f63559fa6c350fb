//! `piton journals prune`, and what became of runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args_of_runs::PruneArguments;
use crate::cli::error::CliError;
use crate::cli::progress::{self, Reading, Telling};
use crate::cli::trust::{self, Looked};
use crate::cli::{journals, place, run};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::engine::Mode;
use crate::fs;
use crate::journal::{
    Holder, Integrity, Lock, PRUNED_PREFIX, Remembered, RunDir, RunSummary, Standing, Store, Unsigned, Verification,
    sha256_hex, verify,
};
use crate::keeping::{Fate, Hold, Keeper, KeepingEvent, KeepingRecord, Policy, Reason, WentAlong, damage, kept};
use crate::review::{self, Review};
use crate::text::clean_line;

/// So long a name of a run fits into that of a folder with what stands before it, in bytes.
const MAX_ASIDE_BYTES: usize = 200;

/// Who writes down what becomes of runs, now.
pub fn holder() -> Holder {
    let who = place::who("keeping");
    let since = now();
    Holder { operator: who.operator, host: who.host, pid: std::process::id(), since }
}

/// By the clock of this machine.
pub fn now() -> Timestamp {
    SystemClock::starting(Timestamp::default()).now()
}

/// `piton journals prune`: 0 when all went that had to, 1 when some of it stays for a reason.
///
/// # Errors
/// The runs cannot be listed, a named one is not there, or what goes cannot be written down: then nothing goes.
pub fn prune(typed: &PruneArguments) -> Result<u8, CliError> {
    let store = run::store()?;
    let holder = holder();
    // What another prune deletes meanwhile would stand in the list.
    let is_anything = !typed.dry_run && fs::is_there(store.root());
    let hold = is_anything.then(|| Hold::take(store.root(), &holder)).transpose().map_err(CliError::failed)?;
    let runs = progress::listed(&store, &Remembered::default(), Telling::Terminal)?;
    // As long as it is there ctrl-c is heard.
    let (wanted, _reading) = wanted(typed, &store, &runs, holder.since)?;
    let (mut gone, mut stays) = (0, 0);
    let half = store.half_pruned().map_err(CliError::failed)?;
    let is_due = !half.is_empty() || wanted.iter().any(|wanted| matches!(wanted, Some(Ok(_))));
    let keeper = hold.filter(|_| is_due).map(Hold::open).transpose();
    let mut keeper = keeper.map_err(CliError::failed)?;
    stays += finish(&store, &half, keeper.as_mut(), &holder)?;
    let left_over = stays;
    // The oldest first: what is left when it is ended early is the latest.
    for (run, wanted) in runs.iter().zip(wanted).rev() {
        // Before it goes.
        let with = if matches!(wanted, Some(Ok(_))) { along(&run.dir) } else { None };
        let refused = match wanted {
            None => continue,
            Some(Err(reason)) => Some(reason.told()),
            Some(Ok(_)) if typed.dry_run => None,
            Some(Ok(goes)) => {
                let Some(keeper) = &mut keeper else { continue };
                delete(run, goes, keeper, &store, &holder)?
            }
        };
        match &refused {
            None => gone += 1,
            Some(_) => stays += 1,
        }
        super::print(&clean_line(&line(run, with.as_ref(), refused.as_deref(), typed.dry_run)));
    }
    let verb = if typed.dry_run { "would go" } else { "went" };
    let rest = runs.len() + left_over - gone - stays;
    let told = match stays {
        0 => format!("{gone} {verb}, {rest} stay"),
        1 => format!("{gone} {verb}, 1 stays that would have to go, {rest} stay besides"),
        _ => format!("{gone} {verb}, {stays} stay that would have to go, {rest} stay besides"),
    };
    super::print(&told);
    if let Some(keeper) = keeper {
        super::print(&format!("written down in {}, head={}", keeping_path(&store), keeper.head()));
    }
    Ok(u8::from(stays > 0))
}

/// Why the journal of a run is not to be trusted although it is whole.
fn doubt(run: &RunSummary, reading: &Reading) -> Option<String> {
    let is_whole = matches!(run.standing, Standing::Open | Standing::Closed(_));
    // What cannot be read now is looked at once more before it goes.
    let looked = if is_whole { trust::look_along(&run.dir, &|bytes| reading.more(bytes)).ok() } else { None };
    looked.and_then(|looked| looked.doubts.told().into_iter().next())
}

/// That a run is to go.
struct Goes {
    /// Why, as it is written down.
    why: String,
    /// Whether it may go although its journal is not whole, a live run too.
    is_damaged: bool,
    /// Whether it may when it is practice.
    is_unverified: bool,
}

/// What is wanted of each run: `None`, that it stays; else that it goes, or why it does not.
type Wanted = Vec<Option<Result<Goes, Reason>>>;

/// What is wanted of each of these runs. Those that may go are read for it; as long as that reading is there, ctrl-c is heard.
fn wanted(
    typed: &PruneArguments,
    store: &Store,
    runs: &[Arc<RunSummary>],
    now: Timestamp,
) -> Result<(Wanted, Reading), CliError> {
    if !typed.damaged.is_empty() {
        return named(typed, store, runs);
    }
    let policy = Policy {
        keep: typed.keep,
        older_than: typed.older_than,
        runbook: typed.runbook.clone(),
        is_live: typed.live,
        is_unverified: typed.unverified,
    };
    let fates = policy.fates(runs, now, |run| is_in_runs(store, run));
    let goes = runs.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Goes);
    let reading = Telling::Terminal.of(&progress::runs_in(store), goes.map(|(run, _)| &run.dir));
    let wanted = runs.iter().zip(fates).map(|(run, fate)| match fate {
        Fate::Stays => None,
        Fate::Refused(reason) => Some(Err(reason)),
        Fate::Goes => Some(match doubt(run, &reading) {
            Some(why) if is_live(store, run) => Err(Reason::Doubted(why)),
            Some(why) if !policy.is_unverified => Err(Reason::Unverified(why)),
            _ => Ok(Goes { why: policy.told(), is_damaged: false, is_unverified: policy.is_unverified }),
        }),
    });
    let wanted = wanted.collect();
    reading.end()?;
    Ok((wanted, reading))
}

/// The same where those that go are named, as damaged.
fn named(typed: &PruneArguments, store: &Store, runs: &[Arc<RunSummary>]) -> Result<(Wanted, Reading), CliError> {
    if let Some(name) = typed.damaged.iter().find(|name| runs.iter().all(|run| run.dir.id() != **name)) {
        let told = format!("no run is called {name:?}: --damaged wants the whole name, as `piton journals` tells it");
        return Err(CliError::failed(told));
    }
    let is_named = |run: &RunSummary| typed.damaged.contains(&run.dir.id());
    let goes = runs.iter().filter(|run| is_named(run));
    let reading = Telling::Terminal.of(&progress::runs_in(store), goes.map(|run| &run.dir));
    let reason = typed.reason.as_deref().unwrap_or_default();
    let of = |run: &Arc<RunSummary>| {
        is_named(run).then(|| {
            let why = format!("named as damaged: {reason}");
            let goes = |()| Goes { why, is_damaged: true, is_unverified: true };
            match damage(run) {
                // What is whole and not to be trusted is damaged as well.
                Err(Reason::Undamaged(_)) if doubt(run, &reading).is_some() => Ok(goes(())),
                judged => judged.map(goes),
            }
        })
    };
    let wanted = runs.iter().map(of).collect();
    reading.end()?;
    Ok((wanted, reading))
}

fn keeping_path(store: &Store) -> String {
    clean_line(&store.root().join("keeping.jsonl").display().to_string()).into_owned()
}

fn line(run: &RunSummary, along: Option<&WentAlong>, refused: Option<&str>, is_dry: bool) -> String {
    let along = along.map(|along| format!(" · with {along}")).unwrap_or_default();
    let last = run.last_at.map_or_else(|| "no whole record".to_owned(), |at| format!("last record {at}"));
    let (name, stands) = (run.dir.id(), journals::standing(run));
    let told = format!("{name} · {stands} · {last}{along}");
    match refused {
        // How it stands may be the reason already.
        Some(why) => format!("stays  {}: {why}", if why.contains(&stands) { format!("{name} · {last}") } else { told }),
        None if is_dry => format!("would go  {told}"),
        None => format!("gone  {told}"),
    }
}

/// What others left beside the journal of that run, if anything.
fn along(dir: &RunDir) -> Option<WentAlong> {
    let signed = dir.signatures().unwrap_or_default();
    let reviews = review::all(dir).unwrap_or_default();
    let verdict =
        |review: &Review| review.verdict().map(|(said, verdict, _)| format!("{} {}", said.by, verdict.word()));
    let along = WentAlong {
        // What nobody has signed is none.
        signatures: signed.iter().filter(|signature| signature.read != Err(Unsigned::NotSigned)).count(),
        reviews: reviews.len(),
        verdicts: reviews.iter().filter_map(verdict).collect(),
    };
    (along != WentAlong::default()).then_some(along)
}

/// Whether a run is live, as far as anything says so.
fn is_live(store: &Store, run: &RunSummary) -> bool {
    is_in_runs(store, run) || run.opening.as_ref().is_some_and(|head| head.mode == Mode::Live)
}

/// Whether a run lies where live runs lie.
fn is_in_runs(store: &Store, run: &RunSummary) -> bool {
    run.dir.path().parent() == Some(&store.root().join("runs"))
}

/// Deletes a run that is written down before; why it stays, if it does.
fn delete(
    run: &RunSummary,
    goes: Goes,
    keeper: &mut Keeper,
    store: &Store,
    holder: &Holder,
) -> Result<Option<String>, CliError> {
    let lock = match Lock::take(&run.dir.lock_path(), holder) {
        Ok(lock) => lock,
        Err(error) => return Ok(Some(error.to_string())),
    };
    // It was looked at before the lock was taken: what goes is what was looked at.
    let (is_whole, is_same) = match trust::look(&run.dir) {
        Ok(Looked { found: Verification { integrity: Integrity::NewerFormat { .. }, .. }, .. }) => (false, false),
        Ok(Looked { found, doubts }) => {
            let is_whole = found.integrity == Integrity::Whole && doubts.told().is_empty();
            (is_whole, (found.records, &found.head) == (run.records, &run.head))
        }
        Err(_) => (false, run.records == 0),
    };
    let head = run.opening.as_ref();
    let is_live = is_live(store, run);
    if !is_same || (!is_whole && !goes.is_damaged && (is_live || !goes.is_unverified)) {
        return Ok(Some("it was written to meanwhile".into()));
    }
    let name = run.dir.id();
    let event = KeepingEvent::Pruned {
        run: name.clone(),
        mode: if is_live { "live" } else { "practice" }.into(),
        runbook: head.map(|head| head.runbook.clone()).unwrap_or_default(),
        standing: journals::standing(run),
        opened_at: head.map(|head| head.at),
        last_at: run.last_at,
        records: run.records,
        head: run.head.clone(),
        is_verified: is_whole,
        why: goes.why,
        beside: along(&run.dir),
    };
    keeper.write(now(), event).map_err(CliError::failed)?;
    let removed = take_away(&run.dir, &aside(&run.dir));
    drop(lock);
    let Err(why) = removed else { return Ok(None) };
    keeper.write(now(), KeepingEvent::NotPruned { run: name, why: why.clone() }).map_err(CliError::failed)?;
    Ok(Some(format!("not all of it could be deleted: {why}")))
}

/// Where a run's folder is put that is being deleted, so that no list shows a part of a run.
fn aside(dir: &RunDir) -> PathBuf {
    let name = dir.id();
    let named = if name.len() > MAX_ASIDE_BYTES { sha256_hex(name.as_bytes()) } else { name };
    dir.path().with_file_name(format!("{PRUNED_PREFIX}{named}"))
}

/// Takes a run's folder out of the list, and then away; why not.
fn take_away(dir: &RunDir, aside: &Path) -> Result<(), String> {
    let above = dir.path().parent().unwrap_or(dir.path());
    if dir.path() != aside {
        std::fs::rename(dir.path(), aside).map_err(|error| error.to_string())?;
        fs::sync_folder(above).map_err(|error| error.to_string())?;
    }
    // Links in it are taken away, not followed.
    std::fs::remove_dir_all(aside).map_err(|error| format!("{}: {error}", aside.display()))?;
    fs::sync_folder(above).map_err(|error| error.to_string())
}

/// Deletes what a crash left of runs that are written down as deleted, or only tells of it without somebody who writes down;
/// how many folders stay.
fn finish(store: &Store, half: &[RunDir], mut keeper: Option<&mut Keeper>, holder: &Holder) -> Result<usize, CliError> {
    if half.is_empty() {
        return Ok(0);
    }
    let known = kept(store.root()).map_err(CliError::failed)?;
    let records = known.iter().flat_map(|known| &known.records);
    let gone: Vec<(&String, u64, &String, PathBuf)> = records
        .filter_map(|record| match &record.event {
            KeepingEvent::Pruned { run, records, head, .. } => {
                Some((run, *records, head, aside(&RunDir::new(store.root().join(run)))))
            }
            _ => None,
        })
        .collect();
    let mut stays = 0;
    for dir in half {
        let name = dir.id();
        // The last word on a run counts, if a name was given twice.
        let known = gone.iter().rev().find(|(.., aside)| aside.file_name() == dir.path().file_name());
        let told = match known {
            None => {
                format!("stays  {name}: nowhere is written down that this run was deleted: look at it, then remove it")
            }
            Some((run, records, head, _)) => {
                match keeper.as_mut().map(|keeper| (keeper, end(dir, *records, head, holder))) {
                    None => format!("would go  {run} would be deleted to its end"),
                    Some((keeper, Ok(()))) => {
                        let ended = KeepingEvent::PruneEnded { run: (*run).clone() };
                        keeper.write(now(), ended).map_err(CliError::failed)?;
                        format!("gone  {run} is now deleted to its end")
                    }
                    Some((_, Err(why))) => format!("stays  {name}: {why}"),
                }
            }
        };
        stays += usize::from(told.starts_with("stays"));
        super::print(&clean_line(&told));
    }
    Ok(stays)
}

/// Deletes what is left of a run of which so many records were written down, with that head; why it stays, if it does.
fn end(dir: &RunDir, records: u64, head: &str, holder: &Holder) -> Result<(), String> {
    let _lock = Lock::take(&dir.lock_path(), holder).map_err(|error| error.to_string())?;
    // Where the journal is gone already, nothing is left to compare.
    let journal = fs::look(&dir.journal_path()).map_err(|error| error.to_string())?;
    let is_it = journal.is_none_or(|_| {
        let found = dir.plain_journal().ok().and_then(|path| verify(&path).ok());
        // One that could not be read was written down without a record.
        found.map_or(records == 0, |found| (found.records, found.head.as_str()) == (records, head))
    });
    if !is_it {
        return Err("its journal is not the one that was written down: look at it, then remove it".into());
    }
    take_away(dir, dir.path()).map_err(|why| format!("not all of it could be deleted: {why}"))
}

/// What the list of runs tells of those that are not in it.
pub fn told(store: &Store) -> Vec<String> {
    let known = match kept(store.root()) {
        Ok(None) => return Vec::new(),
        Ok(Some(known)) => known,
        Err(error) => return vec![clean_line(&error.to_string()).into_owned()],
    };
    let count = |is: fn(&KeepingEvent) -> bool| known.records.iter().filter(|record| is(&record.event)).count();
    let archived = count(|event| matches!(event, KeepingEvent::Archived { .. }));
    // A crash between the record and the deed lets the next prune write it down again.
    let pruned: BTreeSet<(&String, &String)> = known
        .records
        .iter()
        .filter_map(|record| match &record.event {
            KeepingEvent::Pruned { run, head, .. } => Some((run, head)),
            _ => None,
        })
        .collect();
    let pruned = pruned.len();
    vec![
        clean_line(&format!("{pruned} deleted, {archived} archived: --gone lists them; {}", known.told())).into_owned(),
    ]
}

/// `piton journals --gone`: what became of runs; status 1 when the file is damaged.
///
/// # Errors
/// It cannot be read.
pub fn gone(json: bool) -> Result<u8, CliError> {
    let store = run::store()?;
    let Some(known) = kept(store.root()).map_err(CliError::failed)? else {
        if !json {
            // Where there was one, this says that it is gone.
            super::print(&format!("nothing was archived or deleted: there is no {}", keeping_path(&store)));
        }
        return Ok(0);
    };
    for record in &known.records {
        if json {
            super::print(&clean_line(&serde_json::to_string(record).map_err(CliError::failed)?));
        } else if let Some(line) = of_record(record) {
            super::print(&clean_line(&line));
        }
    }
    let is_damaged = known.found.is_damage();
    if !json {
        super::print(&clean_line(&known.told()));
    } else if is_damaged {
        return Err(CliError::failed(known.told()));
    }
    Ok(u8::from(is_damaged))
}

fn of_record(record: &KeepingRecord) -> Option<String> {
    let (by, at) = (&record.by, record.at);
    Some(match &record.event {
        KeepingEvent::KeepingOpened { .. } => return None,
        KeepingEvent::Archived { run, file, bytes, sha256, records, head } => {
            format!("{at} {by} archived {run} in {file}: {bytes} bytes, sha256={sha256}, records={records} head={head}")
        }
        KeepingEvent::Pruned { run, mode, standing, records, head, is_verified, why, beside, .. } => {
            let verified = if *is_verified { "" } else { ", not found whole" };
            let with = beside.as_ref().map(|beside| format!(" with {beside}")).unwrap_or_default();
            let how = format!("{mode}, {standing}{verified}; {why}");
            format!("{at} {by} deleted {run}{with} ({how}): records={records} head={head}")
        }
        KeepingEvent::PruneEnded { run } => format!("{at} {by} deleted what was left of {run}"),
        KeepingEvent::NotPruned { run, why } => format!("{at} {by} could not delete all of {run}: {why}"),
    })
}
