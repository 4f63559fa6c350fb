//! A text in the person's own editor: in a file that nobody else can read, which is gone afterwards.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal, test_kill_process,
    waitid,
};

use crate::clock::monotonic;

/// The longest text that is taken back, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// How long an editor that is ended is waited for, once it was asked, and once more when it was made to.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(2);

/// How often a folder is tried to be made, when others have taken its name.
const TRIES: u32 = 100;

/// The words of `VISUAL`, or else of `EDITOR`: a program and what it is called with. No shell reads them.
///
/// # Errors
/// Neither of them is set.
pub fn wanted() -> Result<Vec<String>, String> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let words = set.map(|value| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words
        .into_iter()
        .find(|words| !words.is_empty())
        .ok_or_else(|| "no editor is known: set VISUAL or EDITOR before piton is started".to_owned())
}

/// Lets a text be edited; comes back when the editor has ended, or was ended through `editing`. The terminal must be its
/// own meanwhile.
///
/// # Errors
/// Why nothing is taken over, for people.
pub fn edit(editor: &[String], text: &str, editing: &Editing) -> Result<String, String> {
    let written = edit_draft(editor, text, editing);
    editing.known().is_over = true;
    editing.0.1.notify_all();
    written
}

fn edit_draft(editor: &[String], text: &str, editing: &Editing) -> Result<String, String> {
    let [program, arguments @ ..] = editor else { return Err("no editor is known".into()) };
    let draft = Draft::new(text).map_err(|error| format!("no file could be made for the editor: {error}"))?;
    let mut command = Command::new(program);
    command.args(arguments).arg(&draft.file);
    let ended = editing.wait_for(&mut command);
    let ended = ended.map_err(|error| format!("cannot start the editor {program}: {error}"))?;
    if !ended.success() {
        return Err(format!("the editor failed ({ended}): nothing was taken over"));
    }
    draft.text()
}

/// An editor that is waited for, and how to end it. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Editing(Arc<(Mutex<Known>, Condvar)>);

#[derive(Debug, Default)]
struct Known {
    /// The editor, as long as it has not been waited for.
    running: Option<Pid>,
    /// It is to end, or not to begin.
    is_ended: bool,
    /// It has ended, and its file is gone.
    is_over: bool,
}

impl Editing {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for(&self, command: &mut Command) -> io::Result<ExitStatus> {
        let mut known = self.known();
        if known.is_ended {
            return Err(io::Error::other("piton ends"));
        }
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        known.running = Some(pid);
        drop(known);
        // Not with its number given back: whoever ends it must not meet another process of that number.
        while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT), Err(Errno::INTR)) {}
        self.known().running = None;
        child.wait()
    }

    /// Ends the editor and all that it has started: first it is asked, so that it can put its own things in order. Comes
    /// back when its file is gone, or it is of no use to wait for that.
    pub fn end(&self) {
        let mut known = self.known();
        known.is_ended = true;
        let all = known.running.map(with_descendants).unwrap_or_default();
        drop(known);
        for signal in [Signal::TERM, Signal::KILL] {
            all.iter().for_each(|process| process.send(signal));
            let began = monotonic();
            while began.elapsed() < PATIENCE && !all.iter().all(Process::is_gone) {
                std::thread::park_timeout(LOOK);
            }
        }
        let is_going_on = |known: &mut Known| !known.is_over;
        // A disk that takes longer keeps the file, which nobody else can read.
        drop(self.0.1.wait_timeout_while(self.known(), PATIENCE, is_going_on));
    }
}

/// A process that is to end; by a handle that stands for no other process later, where the system has those.
#[derive(Debug)]
struct Process(Pid, Option<OwnedFd>);

impl Process {
    fn of(pid: Pid) -> Self {
        Self(pid, pidfd_open(pid, PidfdFlags::empty()).ok())
    }

    /// One that is stopped is continued, so that it takes the signal.
    fn send(&self, signal: Signal) {
        for signal in [signal, Signal::CONT] {
            // It may have ended by itself.
            let _ = match &self.1 {
                Some(handle) => pidfd_send_signal(handle, signal),
                None => kill_process(self.0, signal),
            };
        }
    }

    fn is_gone(&self) -> bool {
        match &self.1 {
            Some(handle) => {
                let mut watched = [PollFd::new(handle, PollFlags::IN)];
                poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ended| ended > 0)
            }
            None => test_kill_process(self.0).is_err(),
        }
    }
}

/// A process and all that it or its own have started.
fn with_descendants(first: Pid) -> Vec<Process> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // Behind the name, in which anything can stand: the state, and the parent.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<i32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![first.as_raw_nonzero().get()];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.into_iter().filter_map(Pid::from_raw).map(Process::of).collect()
}

/// A file in a folder of its own, both for this user only. Dropping it takes them away.
struct Draft {
    folder: PathBuf,
    file: PathBuf,
}

impl Draft {
    fn new(text: &str) -> io::Result<Self> {
        let folder = private_folder(&std::env::temp_dir())?;
        let draft = Self { file: folder.join("text.md"), folder };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.file)?;
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }

    fn text(&self) -> Result<String, String> {
        let failed = |why: String| format!("what the editor wrote cannot be taken over: {why}");
        let mut bytes = Vec::new();
        let known = std::fs::metadata(&self.file).map_err(|error| failed(error.to_string()))?;
        if !known.is_file() {
            return Err(failed("it is not a file".into()));
        }
        let file = File::open(&self.file).map_err(|error| failed(error.to_string()))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(failed("it is longer than 64 KiB".into()));
        }
        let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".into()))?;
        Ok(text.trim_end().to_owned())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // An editor may have left its own files beside it. What cannot be taken away nobody else can read.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes a folder of which nobody knew the name, for this user only.
fn private_folder(within: &Path) -> io::Result<PathBuf> {
    let mut last = io::Error::other("there is no name left");
    for number in 0..TRIES {
        let folder = within.join(format!("piton-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A script as an editor; what it did with the file.
    fn with(script: &str, text: &str) -> Result<String, String> {
        let words = ["sh", "-c", script, "sh"].map(str::to_owned);
        edit(&words, text, &Editing::default())
    }

    #[test]
    fn what_the_editor_writes_comes_back_and_its_file_is_gone() {
        let left = tempfile::tempdir().unwrap();
        let seen = left.path().join("seen");
        let script =
            format!("stat -c '%a %n' \"$1\" \"$(dirname \"$1\")\" > {}; echo and more >> \"$1\"", seen.display());
        assert_eq!(with(&script, "begun\n").unwrap(), "begun\nand more");
        let seen = std::fs::read_to_string(&seen).unwrap();
        let mut lines = seen.lines().map(|line| line.split_once(' ').unwrap());
        let (mode, file) = lines.next().unwrap();
        let (folder_mode, folder) = lines.next().unwrap();
        assert_eq!((mode, folder_mode), ("600", "700"));
        assert!(!Path::new(file).exists() && !Path::new(folder).exists());
    }

    #[test]
    fn an_editor_that_fails_or_writes_what_is_no_text_changes_nothing() {
        for (script, said) in [
            ("exit 3", "exit status: 3"),
            ("rm \"$1\"", "cannot be taken over"),
            ("rm \"$1\"; mkfifo \"$1\"", "not a file"),
            ("head -c 70000 /dev/zero > \"$1\"", "64 KiB"),
            ("printf '\\377' > \"$1\"", "UTF-8"),
        ] {
            let error = with(script, "x").unwrap_err();
            assert!(error.contains(said), "{script}: {error}");
        }
        assert!(
            edit(&["/nonexistent/editor".to_owned()], "x", &Editing::default()).unwrap_err().contains("cannot start")
        );
    }

    #[test]
    fn an_editor_that_is_ended_leaves_nothing_behind_willing_or_not() {
        for script in ["sleep 60; true", "trap '' TERM; sleep 60 & wait; sleep 60", "kill -STOP $$"] {
            let place = tempfile::tempdir().unwrap();
            let told = place.path().join("told");
            let script = format!("echo $$ \"$1\" > {0}.new; mv {0}.new {0}; {script}", told.display());
            let words = ["sh", "-c", &script, "sh"].map(str::to_owned);
            let editing = Editing::default();
            let (of, began) = (editing.clone(), monotonic());
            let thread = std::thread::spawn(move || edit(&words, "x", &of));
            while !told.exists() {
                std::thread::yield_now();
            }
            editing.end();
            assert!(began.elapsed() < Duration::from_secs(20));
            assert!(thread.join().unwrap().unwrap_err().contains("signal"), "{script}");
            let told = std::fs::read_to_string(told).unwrap();
            let (pid, file) = told.trim().split_once(' ').unwrap();
            assert!(!Path::new(file).exists() && !Path::new(&format!("/proc/{pid}")).exists(), "{script}");
        }
        // It is over, or was never begun.
        let editing = Editing::default();
        editing.known().is_over = true;
        editing.end();
        assert!(edit(&["true".to_owned()], "x", &editing).unwrap_err().contains("piton ends"));
    }

    #[test]
    fn a_name_that_is_taken_is_not_used() {
        let within = tempfile::tempdir().unwrap();
        let first = private_folder(within.path()).unwrap();
        let second = private_folder(within.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::metadata(&second).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
