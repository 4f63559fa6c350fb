//! The output goes into pipes whose reader leaves early, and journals come out of pipes.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::process::{Child, Command, Stdio};

use piton::engine::{Event, Leaving};
use rustix::process::{Pid, Signal};

use super::support::binary::{Home, PITON, records};
use super::support::runs::journal_of;

/// An autopilot that cannot come to its end before its output is read: the pipe holds a fifth of it.
fn autopilot(home: &Home) -> (Child, BufReader<PipeReader>) {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    rustix::pipe::fcntl_setpipe_size(&reader, 4096).expect("a pipe can be made small");
    let mut command = home.command(&["practice", "vault-ha-upgrade", "--autopilot"]);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("the binary starts");
    (child, BufReader::new(reader))
}

#[test]
fn an_autopilot_without_a_reader_leaves_the_run_suspended() {
    let home = Home::new();
    let (mut child, mut out) = autopilot(&home);
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert!(line.starts_with("recorded #1 "), "{line}");
    drop(out);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(40));
    let (records, _) = records(&home.run());
    let last = &records.last().expect("records").event;
    assert!(matches!(last, Event::SittingClosed { how: Leaving::Interrupted }), "{last:?}");
}

#[test]
fn an_autopilot_that_is_told_to_end_leaves_the_run_suspended_and_says_how_to_go_on() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::new();
        let (child, mut out) = autopilot(&home);
        out.read_line(&mut String::new()).expect("a line");
        let pid = Pid::from_raw(child.id().cast_signed()).expect("a process");
        rustix::process::kill_process(pid, signal).expect("it runs");
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("text");
        let output = child.wait_with_output().expect("it ends");
        let what = format!("{signal:?}: {rest}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(40), "{what}");
        assert!(rest.lines().all(|line| line.contains("PRACTICE ")), "{what}");
        assert!(rest.contains(": suspended · records=") && rest.contains("go on with: piton resume "), "{what}");
        let (records, _) = records(&home.run());
        let last = &records.last().expect("records").event;
        assert!(matches!(last, Event::SittingClosed { how: Leaving::Interrupted }), "{what}: {last:?}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    for args in [&["completions", "bash"][..], &["man"], &["list"], &["journals"]] {
        let home = Home::new();
        let mut child =
            home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_journal_is_verified_out_of_a_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = std::fs::read(journal_of(folder.path(), 5).journal_path()).expect("a journal");
    let mut child = Command::new(PITON)
        .args(["verify", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(&journal).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("whole, NOT CLOSED records=5 "), "{said}");
}

#[test]
fn a_file_without_a_whole_record_proves_nothing() {
    let home = Home::new();
    let empty = home.path().join("empty");
    std::fs::write(&empty, "").expect("it can be written");
    assert_eq!(home.output(&["verify", &empty.to_string_lossy()]).status.code(), Some(1));
}

#[test]
fn a_device_is_no_journal() {
    let home = Home::new();
    for device in ["/dev/zero", "/dev/null"] {
        let output = home.output(&["verify", device]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{device}: {told}");
        assert!(told.contains(&format!("{device}: it is a device, not a file or a pipe")), "{told}");
    }
}
