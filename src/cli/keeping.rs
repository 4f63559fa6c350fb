//! `piton journals prune`, and what became of runs.

use crate::cli::args_of_runs::PruneArguments;
use crate::cli::error::CliError;
use crate::cli::{journals, place, run};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::engine::Mode;
use crate::fs;
use crate::journal::{Found, Holder, Integrity, Lock, RunSummary, Store, verify};
use crate::keeping::{Fate, Keeper, KeepingEvent, KeepingRecord, Kept, Policy, kept};
use crate::text::clean_line;

/// Who writes down what becomes of runs, now.
pub fn holder() -> Holder {
    let who = place::who("keeping");
    let since = SystemClock::starting(Timestamp::default()).now();
    Holder { operator: who.operator, host: who.host, pid: std::process::id(), since }
}

/// `piton journals prune`: 0 when all went that had to, 1 when some of it stays for a reason.
///
/// # Errors
/// The runs cannot be listed, or what goes cannot be written down: then nothing goes.
pub fn prune(typed: &PruneArguments) -> Result<u8, CliError> {
    let store = run::store()?;
    let runs = store.list().map_err(CliError::failed)?;
    let policy = Policy {
        keep: typed.keep,
        older_than: typed.older_than,
        runbook: typed.runbook.clone(),
        is_live: typed.live,
        is_unverified: typed.unverified,
    };
    let holder = holder();
    let fates = policy.fates(&runs, holder.since, |run| is_in_runs(&store, run));
    let mut keeper = None;
    let (mut gone, mut stays) = (0, 0);
    // The oldest first: what is left when it is ended early is the latest.
    for (run, fate) in runs.iter().zip(&fates).rev() {
        let refused = match fate {
            Fate::Stays => continue,
            Fate::Refused(reason) => Some(reason.told()),
            Fate::Goes if typed.dry_run => None,
            Fate::Goes => {
                if keeper.is_none() {
                    keeper = Some(Keeper::open(store.root(), &holder).map_err(CliError::failed)?);
                }
                let Some(keeper) = &mut keeper else { continue };
                delete(run, &policy, keeper, &store, &holder)?
            }
        };
        match &refused {
            None => gone += 1,
            Some(_) => stays += 1,
        }
        super::print(&clean_line(&line(run, refused.as_deref(), typed.dry_run)));
    }
    let verb = if typed.dry_run { "would go" } else { "went" };
    let rest = runs.len() - gone - stays;
    super::print(&format!("{gone} {verb}, {stays} stay that would have to go, {rest} stay"));
    if let Some(keeper) = keeper {
        super::print(&format!("written down in {}, head={}", keeping_path(&store), keeper.head()));
    }
    Ok(u8::from(stays > 0))
}

fn keeping_path(store: &Store) -> String {
    clean_line(&store.root().join("keeping.jsonl").display().to_string()).into_owned()
}

fn line(run: &RunSummary, refused: Option<&str>, is_dry: bool) -> String {
    let last = run.last_at.map_or_else(|| "no whole record".to_owned(), |at| format!("last record {at}"));
    let told = format!("{} · {} · {last}", run.dir.id(), journals::standing(run));
    match refused {
        Some(why) => format!("stays  {told}: {why}"),
        None if is_dry => format!("would go  {told}"),
        None => format!("gone  {told}"),
    }
}

/// Whether a run lies where live runs lie.
fn is_in_runs(store: &Store, run: &RunSummary) -> bool {
    run.dir.path().parent() == Some(&store.root().join("runs"))
}

/// Deletes a run that is written down before; why it stays, if it does.
fn delete(
    run: &RunSummary,
    policy: &Policy,
    keeper: &mut Keeper,
    store: &Store,
    holder: &Holder,
) -> Result<Option<String>, CliError> {
    let lock = match Lock::take(&run.dir.lock_path(), holder) {
        Ok(lock) => lock,
        Err(error) => return Ok(Some(error.to_string())),
    };
    // It was looked at before the lock was taken: what goes is what was looked at.
    let now = verify(&run.dir.journal_path()).ok();
    let (is_whole, is_same) = match &now {
        Some(found) => (found.integrity == Integrity::Whole, (found.records, &found.head) == (run.records, &run.head)),
        None => (false, run.records == 0),
    };
    if !is_same || (!is_whole && !policy.is_unverified) {
        return Ok(Some("it was written to meanwhile".into()));
    }
    let head = run.opening.as_ref();
    let is_live = head.map_or_else(|| is_in_runs(store, run), |head| head.mode == Mode::Live);
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
        why: policy.told(),
    };
    keeper.write(event).map_err(CliError::failed)?;
    // Links in it are taken away, not followed.
    let removed = std::fs::remove_dir_all(run.dir.path());
    drop(lock);
    let Err(error) = removed else {
        let above = run.dir.path().parent().unwrap_or(run.dir.path());
        return fs::sync_folder(above).map(|()| None).map_err(CliError::failed);
    };
    let why = error.to_string();
    keeper.write(KeepingEvent::NotPruned { run: name, why: why.clone() }).map_err(CliError::failed)?;
    Ok(Some(format!("not all of it could be deleted: {why}")))
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
    let pruned = count(|event| matches!(event, KeepingEvent::Pruned { .. }));
    vec![
        clean_line(&format!("{pruned} deleted, {archived} archived: --gone lists them; {}", found(&known)))
            .into_owned(),
    ]
}

/// What is the matter with the file.
fn found(known: &Kept) -> String {
    let (path, records) = (known.path.display(), known.records.len());
    match &known.found {
        Found::Whole => format!("{path}: whole records={records} head={}", known.head),
        Found::Torn(_) => format!("{path}: whole records={records} (notice: its last line is torn)"),
        Found::Damaged { line, what } => format!("{path}: DAMAGED at line {line}: {what}"),
    }
}

/// `piton journals --gone`: what became of runs; status 1 when the file is damaged.
///
/// # Errors
/// It cannot be read.
pub fn gone(json: bool) -> Result<u8, CliError> {
    let Some(known) = kept(run::store()?.root()).map_err(CliError::failed)? else {
        if !json {
            super::print("nothing was archived or deleted");
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
    let is_damaged = matches!(known.found, Found::Damaged { .. });
    if !json {
        super::print(&clean_line(&found(&known)));
    } else if is_damaged {
        return Err(CliError::failed(found(&known)));
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
        KeepingEvent::Pruned { run, mode, standing, records, head, is_verified, why, .. } => {
            let verified = if *is_verified { "" } else { ", not found whole" };
            format!("{at} {by} deleted {run} ({mode}, {standing}{verified}; {why}): records={records} head={head}")
        }
        KeepingEvent::NotPruned { run, why } => format!("{at} {by} could not delete all of {run}: {why}"),
    })
}
