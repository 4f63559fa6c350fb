//! The command line, from outside: what is printed, and with which status it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

const PITON: &str = env!("CARGO_BIN_EXE_piton");

/// A home of its own, so that nothing of this machine is seen or touched.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn piton(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PITON);
        command.args(arguments).stdin(Stdio::null()).env("HOME", self.0.path()).env("USER", "maria");
        command.env("XDG_STATE_HOME", self.0.path().join("state")).env("XDG_CONFIG_HOME", self.0.path().join("config"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.piton(arguments).output().expect("piton starts")
    }

    fn journal(&self) -> PathBuf {
        let folder = self.0.path().join("state/piton/practice");
        let run = std::fs::read_dir(folder).expect("there are practice runs").next().expect("there is a run");
        run.expect("its folder can be read").path().join("journal.jsonl")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("piton prints UTF-8")
}

#[test]
fn the_main_job_without_a_terminal_ends_suspended_and_can_be_gone_on_with() {
    let home = Home::new();
    let output = home.run(&["practice", "vault-ha-upgrade"]);
    assert_eq!(output.status.code(), Some(40), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.contains("there is no terminal") && told.contains("piton resume 20"), "{told}");
    assert!(told.contains("--autopilot` goes on with it without one"), "{told}");
    let resumed = home.run(&["resume", "--autopilot", "--speed", "100"]);
    assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
    assert!(text(&resumed.stdout).contains("closed: completed"));
    let again = home.run(&["resume"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("no suspended run"), "{again:?}");
}

#[test]
fn the_autopilot_prints_every_record_and_the_head_that_verify_finds() {
    let home = Home::new();
    let output = home.run(&["practice", "vault-ha-upgrade", "--autopilot", "--speed", "100"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = text(&output.stdout);
    let numbers: Vec<u64> =
        printed.lines().filter_map(|line| line.strip_prefix("recorded #")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "every record once and in order");
    let last = printed.lines().last().expect("it ends with a line");
    assert!(last.starts_with("PRACTICE ") && last.contains("completed"), "{last}");
    let verified = home.run(&["verify", &home.journal().to_string_lossy()]);
    assert_eq!(verified.status.code(), Some(0));
    let counted = format!("records={} head=", numbers.len());
    let head = last.split("head=").nth(1).expect("it names the head");
    assert!(text(&verified.stdout).contains(&format!("{counted}{head}")), "{verified:?}\n{last}");
    let listed = text(&home.run(&["journals", "--json"]).stdout);
    let run: serde_json::Value = serde_json::from_str(listed.trim()).expect("one run, one line of JSON");
    assert_eq!(
        (&run["standing"], &run["mode"], &run["operator"]),
        (&"completed".into(), &"practice".into(), &"maria".into())
    );
}

#[test]
fn the_autopilot_decides_and_finds_a_second_operator() {
    let home = Home::new();
    let book = r#"
format = 1
id = "decide"
title = "Decide and release"
revision = "1"
system = "vault"
summary = "A decision, what hangs on it, and a hold point."
[[guard]]
id = "never"
title = "Nothing holds back"
holds = "true"
why = "It is a test."
blocks = ["choose", "release"]
[[phase]]
id = "one"
title = "One"
[[phase.step]]
id = "how"
title = "Decide how"
choose = [{ is = "in-place", title = "In place" }, { is = "move", title = "Move" }]
[[phase.step]]
id = "stay"
title = "Do it in place"
when = '.choices.how == "in-place"'
confirm = "Done?"
[[phase.step]]
id = "move"
title = "Move"
when = '.choices["how"] == "move"'
confirm = "Moved?"
[[phase.step]]
id = "second"
title = "Let another look"
release = "the second operator"
"#;
    let file = home.0.path().join("decide.toml");
    std::fs::write(&file, book).expect("it can be written");
    let output = home.run(&["practice", &file.to_string_lossy(), "--autopilot", "--speed", "100"]);
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for told in [
        "chose     one/how: in-place",
        "confirmed one/stay",
        "n/a       one/move",
        "released  one/second: by second operator: as expected (autopilot)",
    ] {
        assert!(printed.contains(told), "{told} is not in {printed}");
    }
}

#[test]
fn the_autopilot_does_evidence_anew_a_few_times_and_then_gives_up() {
    let home = Home::new();
    let book = r#"
format = 1
id = "never-fresh"
title = "Never fresh"
revision = "1"
system = "vault"
summary = "What is wanted fresh is too old whenever it is wanted."
[[phase]]
id = "one"
title = "One"
[[phase.step]]
id = "look"
title = "Look"
confirm = "Seen?"
[[phase.step]]
id = "rest"
title = "Let it rest"
wait = "10s"
[[phase.step]]
id = "go"
title = "Go"
confirm = "Gone?"
requires = [{ step = "look", within = "5s" }, { step = "rest", within = "1h" }]
"#;
    let file = home.0.path().join("never-fresh.toml");
    std::fs::write(&file, book).expect("it can be written");
    let output = home.run(&["practice", &file.to_string_lossy(), "--autopilot", "--speed", "100"]);
    let printed = text(&output.stdout);
    assert_eq!(printed.matches(" RENEW ").count(), 3, "{printed}");
    assert!(printed.contains("what one/go wants fresh was done anew 3 times, and is too old again"), "{printed}");
}

/// The recipe of the README, with nothing but what is on every machine.
#[test]
fn the_chain_can_be_checked_with_coreutils_and_jq() {
    let home = Home::new();
    home.run(&["practice", "vault-ha-upgrade"]);
    let readme = include_str!("../README.md");
    let recipe = readme.split("```sh\ntail -n").nth(1).and_then(|rest| rest.split("```").next()).expect("it is there");
    let recipe = format!("set -e\ntail -n{recipe}");
    let check = |folder: &Path| {
        let output = Command::new("bash").args(["-c", &recipe]).current_dir(folder).output().expect("bash starts");
        assert!(!text(&output.stderr).contains("not found"), "jq is needed: {output:?}");
        output.status.success()
    };
    let journal = home.journal();
    let folder = journal.parent().expect("it lies in a folder");
    assert!(check(folder), "an untouched journal passes");
    let changed = std::fs::read_to_string(&journal).expect("it can be read").replacen("maria", "mario", 1);
    std::fs::write(&journal, changed).expect("it can be written");
    assert!(!check(folder), "a changed one does not");
    assert_eq!(home.run(&["verify", &journal.to_string_lossy()]).status.code(), Some(1));
}

#[test]
fn a_practice_run_reaches_nothing_but_its_cluster() {
    let home = Home::new();
    let live = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
    let address = live.local_addr().expect("it has an address");
    for asked in [
        format!("tcp = \"{address}\""),
        format!("http = {{ url = \"http://{address}\" }}"),
        format!("prometheus = {{ url = \"http://{address}/metrics\" }}"),
        format!("prometheus = {{ url = \"http://{address}\", query = \"up\" }}"),
    ] {
        let book = include_str!("../runbooks/vault-ha-upgrade.toml").replacen(
            "[[guard]]",
            &format!(
                "[[health]]\nid = \"live\"\ntitle = \"Live\"\nevery = \"1s\"\ntimeout = \"1s\"\n{asked}\n\
                 fields = {{ up = \".refused | not\" }}\nok = \".up\"\n\n[[guard]]"
            ),
            1,
        );
        let file = home.0.path().join("vault-ha-upgrade.toml");
        std::fs::write(&file, book).expect("it can be written");
        let mut command = home.piton(&["practice", &file.to_string_lossy(), "--autopilot", "--speed", "100"]);
        let output = command.env("VAULT_ADDR", format!("http://{address}")).output().expect("piton starts");
        assert_eq!(output.status.code(), Some(1), "{asked}: {output:?}");
        assert!(text(&output.stderr).contains("outside the simulated cluster"), "{asked}: {output:?}");
    }
    live.set_nonblocking(true).expect("it can be asked without waiting");
    assert!(live.accept().is_err(), "somebody connected");
}

#[test]
fn no_secret_of_this_machine_is_used_in_practice() {
    let home = Home::new();
    let mut command = home.piton(&["practice", "vault-ha-upgrade", "--autopilot", "--speed", "100"]);
    let output = command.env("VAULT_TOKEN", "hvs.planted-secret-value").output().expect("piton starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found =
        Command::new("grep").args(["-r", "planted-secret-value"]).arg(home.0.path()).output().expect("grep starts");
    assert!(found.stdout.is_empty(), "{found:?}");
}

#[test]
fn wrong_calls_end_with_2_and_say_what_to_do() {
    let home = Home::new();
    for (arguments, told) in [
        (vec!["practise"], "practice"),
        (vec!["practice", "vault-ha-upgrade", "--speed", "0"], "between 0.1 and 10000"),
        (vec!["practice", "vault-ha-upgrade", "--speed", "fast"], "a number or `max`"),
        (vec!["practice", "vault-ha-upgrade", "--speed", "max"], "--speed max is for --autopilot"),
        (vec!["run", "vault-ha-upgrade"], "nodes"),
        (vec![], "piton list"),
    ] {
        let output = home.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).contains(told), "{arguments:?}: {output:?}");
    }
    let unknown = home.run(&["practice", "vault-ha-upgrad"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("did you mean vault-ha-upgrade"), "{unknown:?}");
}

#[test]
fn the_shipped_runbook_and_site_pass_the_check() {
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (book, site) =
        (root.join("runbooks/vault-ha-upgrade.toml"), root.join("runbooks/sites/vault-ha-upgrade-example.toml"));
    let output = home.run(&["check", &book.to_string_lossy(), &site.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&output.stdout).matches("0 errors, 0 pieces of advice").count(), 2, "{output:?}");
    let broken = home.0.path().join("broken.toml");
    std::fs::write(&broken, "format = 1\nid = \"x\"\ntitel = \"x\"\n").expect("it can be written");
    let output = home.run(&["check", &broken.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).contains("broken.toml:3"), "{output:?}");
}

#[test]
fn a_site_file_of_any_name_is_checked_as_one_and_is_no_runbook() {
    let home = Home::new();
    let path = |name: &str| home.0.path().join(name).to_string_lossy().into_owned();
    let source = "name = \"prod-eu\"\nenvironment = { word = \"PRODUCTION\", colour = \"red\" }\n";
    std::fs::write(path("prod-eu.toml"), source).expect("it can be written");
    std::fs::write(path("typo.toml"), format!("{source}[input]\n")).expect("it can be written");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("runbooks/vault-ha-upgrade.toml"), path("on-site.toml")).expect("it can be copied");
    let output = home.run(&["check", &path("prod-eu.toml")]);
    assert_eq!((output.status.code(), output.stdout.ends_with(b": 0 errors, 0 pieces of advice\n")), (Some(0), true));
    let told = text(&home.run(&["check", &path("typo.toml")]).stdout);
    assert!(told.contains("typo.toml:3") && told.contains(": 1 error, 0 pieces of advice"), "{told}");
    let told = text(&home.run(&["check", &path("on-site.toml")]).stdout);
    assert!(told.contains(": 0 errors, 1 piece of advice"), "only its name is wrong: {told}");
    let refused = text(&home.run(&["practice", &path("prod-eu.toml")]).stderr);
    assert!(refused.contains("this is a site file, not a runbook") && !refused.contains("unknown key"), "{refused}");
}

#[test]
fn a_code_is_explained_and_an_unknown_one_is_a_usage_error() {
    let home = Home::new();
    for (arguments, status, told) in [
        (&["check", "--explain", "no-expect"][..], 0, "advice[no-expect]: a command without `expect`"),
        (&["check", "--explain", "unknown-key"], 0, "error[unknown-key]: "),
        (&["check", "--explain"], 0, "advice  way-back-lost "),
        (&["check", "--explain"], 0, "error   not-later "),
        (&["check", "--explain", "no-expct"], 2, "did you mean no-expect?"),
        (&["check", "--explain", "\u{1b}[2J"], 2, "the codes are "),
        (&["check"], 2, "<FILE>"),
    ] {
        let output = home.run(arguments);
        let shown = text(if status == 0 { &output.stdout } else { &output.stderr });
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
        assert!(shown.contains(told) && !shown.contains('\u{1b}'), "{arguments:?}: {shown}");
    }
}

#[test]
fn what_can_be_practised_is_and_the_rest_says_why_not() {
    let home = Home::new();
    let output = home.run(&["practice", "vault-single-upgrade", "--autopilot", "--speed", "100"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = home.run(&["practice", "vault-single-upgrade", "--nodes", "3", "--autopilot"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("with 3 nodes the check \"See one healthy server\" never holds"), "{told}");
    assert!(told.contains("hint: it can be practised with --nodes 1"), "{told}");
    let unknown = home.0.path().join("elsewhere.toml");
    let book = "format = 1\nid = \"elsewhere\"\ntitle = \"E\"\nrevision = \"1\"\nsystem = \"elsewhere\"\nsummary = \"s\"\n\
                [[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\nid = \"s\"\ntitle = \"S\"\nconfirm = \"?\"\n";
    std::fs::write(&unknown, book).expect("it can be written");
    let unknown = unknown.to_string_lossy();
    let output = home.run(&["practice", &unknown, "--autopilot"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(" cannot be practised") && told.contains("hint: "), "{told}");
}

#[test]
fn every_runbook_of_vault_with_more_than_one_cluster_is_walked_to_its_end() {
    let home = Home::new();
    let walk = |book: &str| {
        let mut command = home.piton(&["practice", book, "--autopilot", "--speed", "100"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let books = [
        (
            "vault-replication-upgrade",
            ["clusters[west/vault-west-1]/hand-over", "clusters[east/vault-1]/in-step-again"],
        ),
        ("vault-upgrade-rehearsal", ["load[trial-1]/load", "clear[trial-3]/wipe"]),
    ];
    let walks: Vec<Child> = books.iter().map(|(book, _)| walk(book)).collect();
    for ((book, told), walk) in books.into_iter().zip(walks) {
        let output = walk.wait_with_output().expect("it ends");
        let printed = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{book}: {output:?}");
        assert!(printed.contains(": completed"), "{book}: {printed}");
        for told in told {
            assert!(printed.contains(told), "{book}: {told}: {printed}");
        }
    }
}

#[test]
fn every_runbook_of_nomad_is_walked_to_its_end() {
    let home = Home::new();
    let books = ["nomad-servers-in-place", "nomad-servers-add-remove", "nomad-enterprise", "nomad-clients"];
    let walk = |book: &str| {
        let mut command = home.piton(&["practice", book, "--autopilot", "--speed", "100"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let walks: Vec<Child> = books.into_iter().map(walk).collect();
    for (book, walk) in books.into_iter().zip(walks) {
        let output = walk.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{book}: {output:?}");
        assert!(text(&output.stdout).contains(": completed"), "{book}: {output:?}");
    }
}

/// With sockets, up to the moment at which nobody serves; with its day it is walked on a clock that is stepped.
#[test]
fn the_mistakes_of_a_cockroachdb_upgrade_end_in_a_debrief_with_their_harm() {
    let home = Home::new();
    let begin = ["practice", "cockroachdb-rolling-upgrade", "--scenario", "node-down", "--autopilot", "--mistakes"];
    let output = home.run(&[&begin[..], &["--speed", "50"]].concat());
    let printed = text(&output.stdout);
    assert!(printed.lines().any(|line| line.contains("abandoned")), "{printed}");
    let debrief = home.run(&["debrief"]);
    let told = text(&debrief.stdout);
    assert!(told.contains("Ranges had lost their majority, for "), "{told}");
}

#[test]
fn without_a_terminal_no_live_run_opens() {
    let home = Home::new();
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/sites/vault-ha-upgrade-example.toml");
    let site = site.to_string_lossy();
    let begin = ["run", "vault-ha-upgrade", "--set", "target=1.17.3", "--site", &*site];
    let output = home.run(&begin);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(40), "{told}");
    assert!(told.contains("no terminal to confirm STAGING in: no run was opened"), "{told}");
    assert!(told.contains("walked by a person only") && !told.contains("autopilot"), "{told}");
    // In a pipe nobody confirms anything either.
    let output = home.run(&[&begin[..], &["--plain"]].concat());
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(40), "{told}");
    assert!(told.contains("no terminal to confirm STAGING in: no run was opened"), "{told}");
}

#[test]
fn list_manual_and_completions_print() {
    let home = Home::new();
    assert!(text(&home.run(&["list"]).stdout).contains("vault-ha-upgrade"));
    let listed = text(&home.run(&["list", "--json"]).stdout);
    let books: Vec<serde_json::Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(books.len() == 15 && books.iter().any(|book| book["id"] == "vault-ha-upgrade"), "{listed}");
    let page = text(&home.run(&["man"]).stdout);
    assert!(page.contains(".TH piton 1"), "{page}");
    // No other page is named that cannot be had, and every option of every command is on this one.
    assert!(!page.contains("piton\\-run") && !page.contains("(1)\n"), "{page}");
    for told in [
        ".SS piton run",
        "\\-\\-beside",
        ".SS piton journals prune",
        "\\-\\-older\\-than",
        ".SH EXIT STATUS",
        ".SH FILES",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(text(&home.run(&["completions", "bash"]).stdout).contains("_piton"));
}

#[test]
fn what_can_be_listed_is_listed_although_the_users_own_folder_is_none() {
    let home = Home::new();
    std::fs::create_dir(home.0.path().join("config")).expect("the test's folder can be written to");
    std::fs::write(home.0.path().join("config/piton"), "").expect("the test's folder can be written to");
    let output = home.run(&["list"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("vault-ha-upgrade"));
    let told = text(&output.stderr);
    assert!(told.contains("your own runbooks are not listed: ") && told.contains("is not a folder"), "{told}");
}

/// A reader that goes away leaves the run interrupted, not broken.
#[test]
fn a_closed_pipe_suspends_the_run() {
    let home = Home::new();
    let mut command = home.piton(&["practice", "vault-ha-upgrade", "--autopilot", "--speed", "20"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("piton starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    for _ in 0..20 {
        lines.next().expect("it prints on").expect("it can be read");
    }
    drop(lines);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(40));
    let verified = home.run(&["verify", &home.journal().to_string_lossy()]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let resumed = home.run(&["resume", "--autopilot", "--speed", "100"]);
    assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
}

/// Without a speed the clock is stepped: a day of waiting takes no time, and the journal is as whole as any.
#[test]
fn the_autopilot_walks_as_fast_as_it_can_unless_a_speed_is_given() {
    let home = Home::new();
    let outputs = [&["--speed", "max"][..], &[]].map(|speed| {
        let output = home.run(&[&["practice", "cockroachdb-rolling-upgrade", "--autopilot"], speed].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    });
    for printed in &outputs {
        let numbers: Vec<u64> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("recorded #")?.split(' ').next()?.parse().ok())
            .collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "every record once and in order");
        assert!(printed.lines().last().is_some_and(|last| last.contains("completed")), "{printed}");
    }
    // One seed, one walk: only names and the time of day differ.
    let told = |printed: &str| -> Vec<String> {
        let told =
            printed.lines().skip(1).filter_map(|line| line.split_once("PRACTICE ")?.1.get(9..).map(str::to_owned));
        told.collect()
    };
    let (one, other) = (told(&outputs[0]), told(&outputs[1]));
    assert_eq!(one[..one.len() - 1], other[..other.len() - 1]);
}

/// A stepped walk can be stopped too, and gone on with.
#[test]
fn a_signal_leaves_a_stepped_walk_interrupted() {
    let home = Home::new();
    let mut command = home.piton(&["practice", "cockroachdb-rolling-upgrade", "--autopilot"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("piton starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    lines.next().expect("it prints").expect("it can be read");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a small number")).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be told");
    let rest: Vec<String> = lines.map(|line| line.expect("it can be read")).collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(40), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("interrupted")), "{rest:?}");
    let verified = home.run(&["verify", &home.journal().to_string_lossy()]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let resumed = home.run(&["resume", "--autopilot"]);
    assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
}
