//! `piton journals archive`: a run as one file, and that file verified.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::kept_files::{Explained, Named};
use crate::cli::{keeping, run, trust};
use crate::fs;
use crate::journal::{Integrity, Lock, RunDir, each_record};
use crate::keeping::{Keeper, KeepingEvent, Sum, Unpacked, pack, unpack};
use crate::text::clean_line;

/// How many names of a folder for what is unpacked are tried.
const TRIES: u32 = 1_000;

/// `piton journals archive RUN FILE`.
///
/// # Errors
/// There is no such run, somebody writes to it, its journal holds no whole record or is another run's, or the file cannot be
/// written.
pub fn archive(name: &str, file: &Path) -> Result<u8, CliError> {
    let store = run::store()?;
    let dir = store.find(name).map_err(CliError::failed)?;
    let holder = keeping::holder();
    let _lock = Lock::take(&dir.lock_path(), &holder).map_err(CliError::failed)?;
    let looked = trust::look(&dir)?;
    let shown = dir.journal_path().display().to_string();
    if looked.found.records == 0 {
        return Err(CliError::failed(format!("{shown} holds no whole record")));
    }
    if let Some(what) = looked.doubts.misnamed() {
        return Err(CliError::failed(clean_line(&format!("{shown}: {what}; nothing was archived"))));
    }
    let found = &looked.found;
    let mut keeper = Keeper::open(store.root(), &holder).map_err(CliError::failed)?;
    let packed = pack(&dir, file).map_err(CliError::failed)?;
    // What cannot be read again is no copy.
    let archive = open(file)?;
    if let Some(problem) = &archive.unpacked.problem {
        return Err(CliError::failed(format!("{} was written, but {problem}: make it anew", file.display())));
    }
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let event = KeepingEvent::Archived {
        run: dir.id(),
        file: path.display().to_string(),
        bytes: packed.bytes,
        sha256: packed.sha256.clone(),
        records: found.records,
        head: found.head.clone(),
    };
    keeper.write(keeping::now(), event).map_err(CliError::failed)?;
    let (shown, files) = (file.display(), packed.files);
    let told = format!("{shown}: {} · {files} files · {} bytes · sha256={}", dir.id(), packed.bytes, packed.sha256);
    super::print(&clean_line(&told));
    if let Some(what) = looked.against() {
        super::print(&clean_line(&format!("what was archived is not to be trusted: {what}")));
    }
    Ok(0)
}

/// An archive that was read, with what of it is checked in a folder that goes with it.
pub struct Archive {
    unpacked: Unpacked,
    folder: PathBuf,
}

impl Drop for Archive {
    fn drop(&mut self) {
        // A leftover in the folder for such is no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Reads an archive, and takes out of it what must lie in a folder to be checked.
///
/// # Errors
/// It cannot be read, or there is no room for the journal in the folder for temporary files.
pub fn open(path: &Path) -> Result<Archive, CliError> {
    let folder = private_folder()?;
    let read = unpack(path, &folder);
    match read {
        Ok(unpacked) => Ok(Archive { unpacked, folder }),
        Err(error) => {
            let _ = std::fs::remove_dir_all(&folder);
            let failed = CliError::failed(&error);
            let hint =
                "the journal is taken out of the archive to be checked; TMPDIR names a folder with more room for it";
            Err(if error.path.starts_with(&folder) { failed.hint(hint) } else { failed })
        }
    }
}

fn private_folder() -> Result<PathBuf, CliError> {
    let above = std::env::temp_dir();
    for number in 0..TRIES {
        let folder = above.join(format!("piton-{}-{number}", std::process::id()));
        match fs::create_private_folder(&folder) {
            Err(error) if error.source.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder).map_err(CliError::failed),
        }
    }
    Err(CliError::failed(format!("no folder can be made in {}", above.display())))
}

impl Archive {
    /// The journal that was taken out of it, when there is one.
    pub fn journal(&self) -> Option<PathBuf> {
        let path = self.folder.join(&self.unpacked.run).join("journal.jsonl");
        path.is_file().then_some(path)
    }

    /// Says whether it is as its list of sums has it, and whether what the journal names is in it; whether all is well.
    pub fn tell(&self, path: &Path) -> bool {
        let (shown, unpacked) = (path.display(), &self.unpacked);
        let files = unpacked.files.len();
        if let Some(problem) = &unpacked.problem {
            super::print(&clean_line(&format!("{shown}: DAMAGED archive: {problem}")));
            return false;
        }
        super::print(&clean_line(&format!(
            "{shown}: archive of {}, {files} files as its list of sums has them",
            unpacked.run
        )));
        let Some(journal) = self.journal() else {
            super::print(&clean_line(&format!("{shown}: DAMAGED archive: it holds no journal")));
            return false;
        };
        let named = RunDir::new(self.folder.join(&unpacked.run)).name();
        if named != unpacked.run {
            let what = format!("its journal is that of another run, {named}");
            super::print(&clean_line(&format!("{shown}: DAMAGED archive: {what}")));
            return false;
        }
        let findings = findings(&journal, &unpacked.files);
        for what in &findings {
            super::print(&clean_line(&format!("{shown}: {what}")));
        }
        findings.is_empty()
    }
}

/// The kept files that are not in the archive as the journal has them, and the files that are in it although nothing says why.
fn findings(journal: &Path, files: &BTreeMap<String, Sum>) -> Vec<String> {
    let (mut findings, mut explained) = (Vec::new(), Explained::default());
    let read = each_record(journal, &mut |record| {
        explained.take(&record);
        let Some(Named { record, name, bytes, sha256 }) = Named::of(&record) else { return };
        match files.get(&name) {
            Some(sum) if sum.bytes == bytes && sum.sha256 == sha256 => {}
            Some(_) => findings.push(format!("NOT AS RECORDED: {name} (record {record})")),
            None => findings.push(format!("NOT AS RECORDED: {name} is missing (record {record})")),
        }
    });
    // Why it cannot be read is told of the journal itself.
    let Ok(read) = read else { return Vec::new() };
    let strange: Vec<&String> = files.keys().filter(|name| !explained.explains(name)).collect();
    // What stands behind a damage may well name them.
    if !matches!(read.integrity, Integrity::Whole | Integrity::TornTail { .. }) {
        let many = match strange.len() {
            0 => None,
            1 => Some("1 file is named by no record before the damage, and was".into()),
            many => Some(format!("{many} files are named by no record before the damage, and were")),
        };
        findings.extend(many.map(|many: String| format!("{many} not held against the journal")));
        return findings;
    }
    findings.extend(strange.iter().map(|name| format!("NOT RECORDED: no record names {name}")));
    findings
}
