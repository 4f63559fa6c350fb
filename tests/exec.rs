//! Real commands under the real supervisor.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use piton::engine::{CommandLine, Ended, EnvValue, JobId, Output, Printed};
use piton::exec::{Job, JobReport, Limits, LocalRunner, Runner, Secrets};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

fn runner() -> LocalRunner {
    LocalRunner::new(Handle::current(), env!("CARGO_BIN_EXE_piton").into())
}

/// Short enough for tests, long enough for a busy machine.
fn impatient() -> Limits {
    Limits { grace: Duration::from_millis(300), drain: Duration::from_millis(300), ..Limits::default() }
}

fn line(argv: &[&str]) -> CommandLine {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    CommandLine { argv, cwd: None, env: Vec::new(), timeout_ms: 60_000 }
}

fn sh(script: &str) -> CommandLine {
    line(&["sh", "-c", script])
}

fn job(folder: &Path, id: u64, command: CommandLine) -> Job {
    Job { id: JobId(id), command, folder: folder.to_owned() }
}

/// Everything a job said.
#[derive(Debug)]
struct Seen {
    live: Vec<u8>,
    ended: Ended,
    elapsed: Duration,
    output: Option<Output>,
    printed: Printed,
}

async fn seen(mut reports: UnboundedReceiver<JobReport>) -> Seen {
    let mut live = Vec::new();
    let mut result = None;
    while let Some(report) = reports.recv().await {
        assert!(result.is_none(), "something follows the end");
        match report {
            JobReport::Printed { bytes, .. } => live.extend(bytes),
            JobReport::Finished { ended, elapsed, output, printed, .. } => {
                result = Some((ended, elapsed, output, printed));
            }
            JobReport::Happened(what) => panic!("{what:?} on a real machine"),
        }
    }
    let (ended, elapsed, output, printed) = result.expect("a job ends exactly once");
    Seen { live, ended, elapsed, output, printed }
}

async fn run_with(runner: &LocalRunner, command: CommandLine) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let (sender, reports) = unbounded_channel();
    runner.start(job(folder.path(), 1, command), sender);
    seen(reports).await
}

async fn run(command: CommandLine) -> Seen {
    run_with(&runner().with_limits(impatient()), command).await
}

async fn resume(folder: &Path, id: u64) -> Seen {
    let (sender, reports) = unbounded_channel();
    runner().resume(job(folder, id, line(&["never started again"])), sender);
    seen(reports).await
}

/// Reads reports until the output so far contains `word`.
async fn until_printed(reports: &mut UnboundedReceiver<JobReport>, word: &str) -> String {
    let mut text = String::new();
    while !text.contains(word) {
        match reports.recv().await {
            Some(JobReport::Printed { bytes, .. }) => text.push_str(&String::from_utf8_lossy(&bytes)),
            other => panic!("{word:?} was not printed: {text:?} {other:?}"),
        }
    }
    text
}

/// Whether that process still does anything; an unreaped dead one does not.
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']))
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_values_arrive_as_they_are() {
    const VALUES: usize = 10_000;
    const BATCH: usize = 500;
    let piece = proptest::sample::select(vec![
        "'",
        "\"",
        "\n",
        "\\",
        "$(id)",
        "`id`",
        "${HOME}",
        ";",
        "|",
        "&&",
        " ",
        "\t",
        "*",
        "~",
        "-",
        "--",
        "-rf",
        "%s",
        "\r",
        "\u{1b}[31m",
        "é",
        "\u{202e}",
        "日本",
        "a",
        "7",
        "=",
        "#",
        "!",
        "<",
        ">",
        "(",
        "[",
        "{{",
        "\u{7f}",
        "",
    ]);
    let word = proptest::collection::vec(proptest::prop_oneof![piece.prop_map(str::to_owned), "\\PC{0,6}"], 0..8);
    let mut random = TestRunner::deterministic();
    let values: Vec<String> = (0..VALUES)
        .map(|_| word.new_tree(&mut random).unwrap().current().concat())
        .map(|v| v.replace('\0', ""))
        .collect();
    assert!(values.iter().filter(|value| value.starts_with('-')).count() > 100);
    let mut differing = 0;
    for batch in values.chunks(BATCH) {
        let mut command = line(&["/usr/bin/printf", "%s\\0"]);
        command.argv.extend_from_slice(batch);
        let seen = run(command).await;
        assert_eq!(seen.ended, Ended::Exit(0));
        let echoed: Vec<&str> = seen.printed.stdout.strip_suffix('\0').unwrap().split('\0').collect();
        assert_eq!(echoed.len(), batch.len());
        differing += echoed.iter().zip(batch).filter(|(echoed, value)| *echoed != value).count();
    }
    assert_eq!(differing, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_command_ends_is_told() {
    for (command, ended) in [
        (line(&["true"]), Ended::Exit(0)),
        (sh("exit 3"), Ended::Exit(3)),
        (sh("exit 255"), Ended::Exit(255)),
        (sh("kill -9 $$"), Ended::Signal(9)),
        (line(&["no-such-program-1"]), Ended::NotStarted("the program \"no-such-program-1\" was not found".into())),
        (
            line(&["/"]),
            Ended::NotStarted("the program \"/\" cannot be started: Permission denied (os error 13)".into()),
        ),
        (line(&["echo", "a\0b"]), Ended::NotStarted("argument 1 holds a NUL character".into())),
        (line(&[]), Ended::NotStarted("it has no program".into())),
        (
            CommandLine { cwd: Some("/no/such".into()), ..line(&["true"]) },
            Ended::NotStarted("the directory \"/no/such\" does not exist".into()),
        ),
        (
            CommandLine { env: vec![("T".into(), EnvValue::SecretEnv("PITON_TEST_UNSET".into()))], ..line(&["true"]) },
            Ended::NotStarted("the environment variable PITON_TEST_UNSET is not set".into()),
        ),
        (CommandLine { timeout_ms: 150, ..sh("sleep 600") }, Ended::TimedOut),
        (CommandLine { timeout_ms: 150, ..sh("trap '' TERM; while :; do sleep 0.05; done") }, Ended::TimedOut),
        (CommandLine { timeout_ms: 150, ..sh("kill -STOP $$") }, Ended::TimedOut),
    ] {
        let shown = format!("{:?}", command.argv);
        assert_eq!(run(command).await.ended, ended, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_reported_kept_and_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("output");
    let (sender, reports) = unbounded_channel();
    let command = CommandLine {
        cwd: Some("/".into()),
        env: vec![("WORD".into(), EnvValue::Plain("it's".into()))],
        ..sh("echo one; sleep 0.1; echo two >&2; sleep 0.1; echo \"$WORD\"; pwd; cat; exit 4")
    };
    runner().start(job(&inner, 7, command), sender);
    let seen = seen(reports).await;
    let all = "one\ntwo\nit's\n/\n";
    assert_eq!(seen.ended, Ended::Exit(4));
    assert_eq!(String::from_utf8(seen.live).unwrap(), all);
    assert_eq!(seen.printed, Printed { stdout: "one\nit's\n/\n".into(), stderr: "two\n".into() });
    assert!(seen.elapsed >= Duration::from_millis(200));
    let sha256 = Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect();
    let output = Output { file: "7.out".into(), bytes: all.len() as u64, sha256, left_out_bytes: 0 };
    assert_eq!(seen.output, Some(output));
    assert_eq!(fs::read_to_string(inner.join("7.out")).unwrap(), all);
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    for file in fs::read_dir(&inner).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_never_started_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let command = sh(&format!("echo run >> '{}'", mark.display()));
    for expected in [Ended::Exit(0), Ended::NotStarted("a job of this number was started before".into())] {
        let (sender, reports) = unbounded_channel();
        runner().start(job(folder.path(), 1, command.clone()), sender);
        assert_eq!(seen(reports).await.ended, expected);
    }
    assert_eq!(fs::read_to_string(mark).unwrap(), "run\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_bounded_everywhere_and_counted() {
    const KEPT: u64 = 3_000_000;
    let limits = Limits { kept_bytes: KEPT, printed_bytes: 100_000, ..impatient() };
    let folder = tempfile::tempdir().unwrap();
    let (sender, reports) = unbounded_channel();
    let command = CommandLine { timeout_ms: 1000, ..line(&["yes"]) };
    runner().with_limits(limits).start(job(folder.path(), 1, command), sender);
    let seen = seen(reports).await;
    assert_eq!(seen.ended, Ended::TimedOut);
    let output = seen.output.unwrap();
    assert_eq!(output.bytes, KEPT);
    assert_eq!(fs::metadata(folder.path().join("1.out")).unwrap().len(), KEPT);
    // The pipe was drained to the end, not just until the limit.
    assert!(output.left_out_bytes > 10 * KEPT, "{}", output.left_out_bytes);
    assert!(seen.printed.stdout.len() < 100_100);
    assert!(seen.live.len() as u64 <= KEPT + 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_whole_group() {
    for script in ["sleep 600 & echo pid $!; wait", "trap '' TERM; (trap '' TERM; sleep 600) & echo pid $!; wait"] {
        let folder = tempfile::tempdir().unwrap();
        let runner = runner().with_limits(impatient());
        let (sender, mut reports) = unbounded_channel();
        runner.start(job(folder.path(), 1, sh(script)), sender);
        let text = until_printed(&mut reports, "\n").await;
        let grandchild = text.trim().strip_prefix("pid ").unwrap();
        assert!(is_running(grandchild));
        runner.cancel(JobId(1));
        assert_eq!(seen(reports).await.ended, Ended::Cancelled);
        assert!(!is_running(grandchild), "{script}");
        runner.cancel(JobId(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_descendant_that_holds_the_output_does_not_hold_the_job() {
    let seen = run(sh("sleep 600 & echo $!")).await;
    assert_eq!(seen.ended, Ended::Exit(0));
    let left = seen.printed.stdout.trim().to_owned();
    // What a finished command leaves running on purpose is not ours to kill.
    assert!(is_running(&left));
    assert!(Command::new("kill").arg(&left).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_bounded_and_killed_after_its_timeout_or_when_dropped() {
    let runner = runner();
    let answer = runner.once(sh("echo out; echo err >&2; exit 2")).await;
    assert_eq!(answer.ended, Ended::Exit(2));
    assert_eq!(answer.printed, Printed { stdout: "out\n".into(), stderr: "err\n".into() });
    let answer = runner.once(CommandLine { timeout_ms: 200, ..sh("sleep 600 & echo $!; wait") }).await;
    assert_eq!(answer.ended, Ended::TimedOut);
    assert!(!is_running(answer.printed.stdout.trim()));
    let answer = runner.once(sh("head -c 3000000 /dev/zero | tr '\\0' x")).await;
    assert!(answer.printed.stdout.len() < 1024 * 1024 + 100);
    assert!(answer.printed.stdout.contains("\n[1951424 bytes left out]\n"));

    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let asking = tokio::spawn({
        let (runner, script) = (runner.clone(), format!("exec 3>'{}'; echo on >&3; sleep 600", fifo.display()));
        async move { runner.once(sh(&script)).await }
    });
    let mut lines = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(fs::File::open(fifo).unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "on");
        lines
    })
    .await
    .unwrap();
    asking.abort();
    // The end of the pipe is the end of all who held it.
    assert!(tokio::task::spawn_blocking(move || lines.next().is_none()).await.unwrap());
}

/// Not a test of its own: with the variable set this process plays the piton that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn played_by_a_piton_that_is_killed() {
    let (Ok(folder), Ok(script)) = (std::env::var("PITON_TEST_FOLDER"), std::env::var("PITON_TEST_SCRIPT")) else {
        return;
    };
    let (sender, mut reports) = unbounded_channel();
    runner().start(job(Path::new(&folder), 1, sh(&script)), sender);
    until_printed(&mut reports, "begun").await;
    println!("\npiton: the command has begun");
    std::future::pending::<()>().await;
}

/// Starts a job in another process, and kills that process while the command runs.
fn start_and_kill_piton(folder: &Path, script: &str) {
    let mut piton = Command::new(std::env::current_exe().unwrap())
        .args(["exec::played_by_a_piton_that_is_killed", "--exact", "--nocapture"])
        .env("PITON_TEST_FOLDER", folder)
        .env("PITON_TEST_SCRIPT", script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(piton.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("the command has begun")));
    piton.kill().unwrap();
    assert_eq!(piton.wait().unwrap().signal(), Some(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_outlives_a_killed_piton() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let script = format!("echo begun; while ! [ -e '{}' ]; do sleep 0.02; done; echo done; exit 5", gate.display());
    start_and_kill_piton(folder.path(), &script);

    // Taken up while it runs …
    let (sender, mut reports) = unbounded_channel();
    runner().resume(job(folder.path(), 1, line(&["x"])), sender);
    until_printed(&mut reports, "begun").await;
    fs::write(gate, "").unwrap();
    let first = seen(reports).await;
    assert_eq!(first.ended, Ended::Exit(5));
    assert_eq!(first.printed.stdout, "begun\ndone\n");
    // … and again after its end.
    let second = resume(folder.path(), 1).await;
    assert_eq!(second.ended, Ended::Exit(5));
    assert_eq!(String::from_utf8(second.live).unwrap(), "begun\ndone\n");
    assert_eq!((second.output, second.printed), (first.output, first.printed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_an_earlier_sitting_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    start_and_kill_piton(folder.path(), "echo begun; sleep 600");
    let runner = runner();
    let (sender, mut reports) = unbounded_channel();
    runner.resume(job(folder.path(), 1, line(&["x"])), sender);
    until_printed(&mut reports, "begun").await;
    runner.cancel(JobId(1));
    assert_eq!(seen(reports).await.ended, Ended::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_holds_and_nobody_ended_is_lost_and_stays_lost() {
    let folder = tempfile::tempdir().unwrap();
    start_and_kill_piton(folder.path(), "echo begun $$; exec sleep 600");
    let supervisor = fs::read_to_string(folder.path().join("1.held")).unwrap();
    assert!(Command::new("kill").args(["-9", supervisor.trim()]).status().unwrap().success());
    while is_running(supervisor.trim()) {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        let seen = resume(folder.path(), 1).await;
        assert_eq!(seen.ended, Ended::Lost);
        let text = String::from_utf8(seen.live).unwrap();
        assert_eq!(seen.output.unwrap().bytes, text.len() as u64);
        // Its command lives on; the test must not leave it.
        let command = text.trim().strip_prefix("begun ").unwrap();
        let _ = Command::new("kill").args(["-9", command]).stderr(Stdio::null()).status().unwrap();
    }
    // Nothing is known of this one: and from now on it cannot start any more.
    assert_eq!(resume(folder.path(), 2).await.ended, Ended::Lost);
    assert_eq!(resume(&folder.path().join("none"), 1).await.ended, Ended::Lost);
    let mut late = Command::new(env!("CARGO_BIN_EXE_piton"));
    late.arg("__hold").arg(folder.path()).arg("2");
    let mut late = late.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let task = r#"{"argv":["true"],"cwd":null,"env":[],"secrets":0,"timeout_ms":9,"grace_ms":9,"drain_ms":9,"kept_bytes":9,"printed_bytes":9}"#;
    std::io::Write::write_all(&mut late.stdin.take().unwrap(), task.as_bytes()).unwrap();
    assert_eq!(late.wait().unwrap().code(), Some(1));
    assert!(!folder.path().join("2.out").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_whose_task_is_cut_short_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut hold = Command::new(env!("CARGO_BIN_EXE_piton"));
    let mut hold = hold.arg("__hold").arg(folder.path()).arg("1").stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut hold.stdin.take().unwrap(), br#"{"argv":["touch","x"],"cwd":null,"#).unwrap();
    assert_eq!(hold.wait().unwrap().code(), Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_secret_is_found_nowhere() {
    const SECRETS: usize = 50;
    let values: Vec<String> =
        (0..SECRETS).map(|n| format!("s.{:x}", Sha256::digest([n as u8])[0]) + &format!("x{n}Qz+/=$'")).collect();
    let table: HashMap<String, String> = values.iter().enumerate().map(|(n, v)| (format!("S{n}"), v.clone())).collect();
    let runner = runner().with_secrets(Secrets::of_table(table));
    let folder = tempfile::tempdir().unwrap();
    let watcher = Watcher::start(values.clone());
    let script = "env | grep -c PITON_SECRET_; echo ${#T} $T; printf '%s' \"${T%????}\"; sleep 0.03; \
                  printf '%s\\n' \"${T#\"${T%????}\"}\"; echo \"err $T\" >&2; echo end";
    for (n, value) in values.iter().enumerate() {
        let command = CommandLine { env: vec![("T".into(), EnvValue::SecretEnv(format!("S{n}")))], ..sh(script) };
        let (sender, reports) = unbounded_channel();
        runner.start(job(folder.path(), n as u64, command.clone()), sender);
        let seen = seen(reports).await;
        // The command did have it, and printed it three times.
        let expected = format!("0\n{} [secret]\n[secret]\nend\n", value.len());
        assert_eq!(seen.printed, Printed { stdout: expected, stderr: "err [secret]\n".into() });
        assert!(!format!("{seen:?}{}", String::from_utf8_lossy(&seen.live)).contains(value.as_str()));
        let probed = runner.once(command).await;
        assert_eq!(probed.printed.stderr, "err [secret]\n");
    }
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let text = String::from_utf8(fs::read(file.unwrap().path()).unwrap()).unwrap();
        assert!(values.iter().all(|value| !text.contains(value.as_str())), "{text}");
        files += 1;
    }
    assert_eq!(files, 3 * SECRETS);
    assert_eq!(watcher.stop(), 0, "a secret stood in the arguments of a process");
}

/// Reads the arguments of all processes again and again.
struct Watcher {
    stop: Arc<AtomicBool>,
    hits: Arc<AtomicUsize>,
    rounds: Arc<AtomicUsize>,
    thread: std::thread::JoinHandle<()>,
}

impl Watcher {
    fn start(values: Vec<String>) -> Self {
        let (stop, hits, rounds) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let thread = std::thread::spawn({
            let (stop, hits, rounds) = (stop.clone(), hits.clone(), rounds.clone());
            move || {
                while !stop.load(Ordering::SeqCst) {
                    for entry in fs::read_dir("/proc").unwrap().flatten() {
                        let Ok(arguments) = fs::read(entry.path().join("cmdline")) else { continue };
                        let arguments = String::from_utf8_lossy(&arguments);
                        hits.fetch_add(
                            values.iter().filter(|v| arguments.contains(v.as_str())).count(),
                            Ordering::SeqCst,
                        );
                    }
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self { stop, hits, rounds, thread }
    }

    fn stop(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        assert!(self.rounds.load(Ordering::SeqCst) > 50);
        self.hits.load(Ordering::SeqCst)
    }
}
