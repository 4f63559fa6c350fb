//! Disks that are full, limited or may not be written: the run stops with a message, and goes on when there is room.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use piton::journal::{Integrity, RunDir, read_records};

use super::walk::{Ended, SHORT_BOOK, SPEED, Walk, completes, hold_ports, short};
use crate::support::binary::{Home, PITON, records};

/// Requires that the run ended with an error that names the journal and says what was to be written; that what lies
/// there is whole or torn, and has all that was shown.
#[track_caller]
fn stopped(ended: &Ended, journal: &Path, advice: &str, what: &str) {
    assert_eq!(ended.code, Some(1), "{what}: {}", ended.stderr);
    for word in ["error: ", "journal.jsonl", "bytes were to be recorded", advice] {
        assert!(ended.stderr.contains(word), "{what}: {:?} does not say {word:?}", ended.stderr);
    }
    let (records, verification) = read_records(journal).unwrap_or_else(|error| panic!("{what}: {error}"));
    let is_usable = matches!(verification.integrity, Integrity::Whole | Integrity::TornTail { .. });
    assert!(is_usable, "{what}: {:?}", verification.integrity);
    assert!(!records.is_empty() && records.len() as u64 >= ended.last(), "{what}: {} records", records.len());
}

/// The limit of a shell needs no privileges: the system takes a part of the write, then refuses.
#[test]
fn a_run_whose_file_may_not_grow_stops_and_goes_on_without_the_limit() {
    for blocks in [8, 12, 16, 20] {
        let what = format!("{blocks} blocks");
        let home = Home::new();
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]).arg(PITON);
        limited.args(short(&home).get_args()).stdin(Stdio::null());
        home.settle(&mut limited);
        let ended = Walk::start(&mut limited).end();
        let run = home.run();
        stopped(&ended, &run.journal_path(), "limit", &what);
        let _ports = hold_ports(&records(&run).0);
        completes(&home, &run, &what);
    }
}

#[test]
fn a_full_file_system_stops_the_run_which_goes_on_when_there_is_room() {
    let disk = SmallDisk::mount();
    // From 64 KiB, a journal of 13 KiB must find no room: what is left for it is between one page and three.
    for pages in 9..=11 {
        let what = format!("{pages} pages taken");
        let state = disk.path().join(format!("state-{pages}"));
        std::fs::create_dir(&state).expect("there is room");
        let ballast = disk.path().join("ballast");
        std::fs::write(&ballast, vec![1; (pages + 1) * 4096]).expect("there is room");
        let ended = Walk::start(&mut disk.piton(&state, &walking())).end();
        let runs: Vec<_> = std::fs::read_dir(state.join("piton/practice")).expect("a run").flatten().collect();
        let run = RunDir::new(runs[0].path());
        let journal = run.journal_path();
        stopped(&ended, &journal, "make room", &what);

        std::fs::remove_file(&ballast).expect("it is there");
        let before = read_records(&journal).expect("it can be read").0;
        let _ports = hold_ports(&before);
        let resumed =
            Walk::start(&mut disk.piton(&state, &["resume", &run.id(), "--autopilot", "--speed", SPEED])).end();
        assert_eq!(resumed.code, Some(0), "{what}: {}", resumed.stderr);
        let (after, verification) = read_records(&journal).expect("it can be read");
        assert_eq!(verification.integrity, Integrity::Whole, "{what}");
        assert_eq!(after[..before.len()], before, "{what}");
        std::fs::remove_dir_all(&state).expect("it is no longer needed");
    }
}

#[test]
fn a_state_folder_that_cannot_be_written_is_named() {
    let home = Home::new();
    // No user, not even root, can make a folder there.
    refused(&mut home.command(&walking()), "/sys", "/sys/piton");
    if !rustix::process::geteuid().is_root() {
        let locked = home.path().join("locked");
        std::fs::create_dir(&locked).expect("an own folder");
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).expect("an own folder");
        refused(&mut home.command(&walking()), locked.to_str().expect("plain"), "locked/piton");
    }
    let file = home.path().join("file");
    std::fs::write(&file, "no folder").expect("an own file");
    refused(&mut home.command(&walking()), file.to_str().expect("plain"), "file");
}

#[test]
fn on_a_read_only_file_system_a_run_can_be_read_but_not_gone_on_with() {
    let disk = SmallDisk::mount();
    let state = disk.path().join("state");
    std::fs::create_dir(&state).expect("there is room");
    let mut walk = Walk::start(&mut disk.piton(&state, &walking()));
    assert!(walk.until(10));
    let shown = walk.kill().last();
    disk.command(&["mount", "-o", "remount,ro", &disk.mounted()]);
    let run = std::fs::read_dir(state.join("piton/practice")).expect("a run").flatten().next().expect("one").path();
    let id = RunDir::new(&run).id();
    let verified = disk.piton(&state, &["verify", &id]).output().expect("it starts");
    assert!(verified.status.success() && shown >= 10, "{}", String::from_utf8_lossy(&verified.stdout));
    assert!(disk.piton(&state, &["journals"]).output().expect("it starts").status.success());
    for arguments in [vec!["resume", &id, "--autopilot"], walking()] {
        let output = disk.piton(&state, &arguments).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("piton/practice") && stderr.contains("mount it writable"), "{stderr}");
    }
}

/// The arguments of a walk of the short runbook.
fn walking() -> Vec<&'static str> {
    vec!["practice", SHORT_BOOK, "--autopilot", "--speed", SPEED]
}

/// Runs piton with its state under `folder` and requires status 1 and an error that names `path`.
#[track_caller]
fn refused(command: &mut Command, folder: &str, path: &str) {
    let output = command.env("XDG_STATE_HOME", folder).output().expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{folder}: {stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains(path), "{folder}: {stderr:?} does not name {path}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("recorded"), "{folder}");
}

/// A file system of 64 KiB in a name space of its own, which lives as long as the shell that made it.
struct SmallDisk {
    home: Home,
    shell: Child,
    _alive: ChildStdin,
}

impl SmallDisk {
    /// Mounts one, as root or as root of a user name space.
    fn mount() -> Self {
        ["-m", "-rm"].into_iter().find_map(Self::mount_as).expect(
            "this test fills a disk and needs the right to mount one: run it as root, or where `unshare -rm` is allowed",
        )
    }

    fn mount_as(flags: &str) -> Option<Self> {
        let home = Home::new();
        let place = home.path().join("disk");
        std::fs::create_dir(&place).expect("an own folder");
        let script = "mount -t tmpfs -o size=64k none \"$0\" && echo mounted && exec cat";
        let mut command = Command::new("unshare");
        command.args([flags, "sh", "-c", script]).arg(&place);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().ok()?;
        let mut said = std::io::BufReader::new(shell.stdout.take()?);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).ok()?;
        if line != "mounted\n" {
            shell.wait().expect("it can be waited for");
            return None;
        }
        let alive = shell.stdin.take()?;
        Some(Self { home, shell, _alive: alive })
    }

    /// Where it is mounted, as those in the name space see it.
    fn mounted(&self) -> String {
        self.home.path().join("disk").display().to_string()
    }

    /// Where it is seen from here.
    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.shell.id(), self.mounted()))
    }

    /// Runs a command in the name space.
    fn command(&self, words: &[&str]) {
        let status = self.enter().args(words).status().expect("nsenter is there");
        assert!(status.success(), "{words:?}");
    }

    /// Piton in the name space, with its state at `state`, as seen from here.
    fn piton(&self, state: &Path, arguments: &[&str]) -> Command {
        let inside = state.strip_prefix(format!("/proc/{}/root", self.shell.id())).expect("it is on the disk");
        let mut command = self.enter();
        command.arg(PITON).args(arguments);
        self.home.settle(&mut command);
        command.env("XDG_STATE_HOME", Path::new("/").join(inside)).stdin(Stdio::null());
        command
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.shell.id().to_string(), "--mount"]);
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // With the last process of the name space the file system goes.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
