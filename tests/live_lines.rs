//! Live runs as a dialogue of lines: who may type there, and what interrupts a question.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use super::support::binary::Home;
use super::support::pty::{Exit, Terminal};
use super::support::typist::Typist;

const LIMIT: Duration = Duration::from_secs(60);

/// Tall and wide enough that nothing is wrapped.
fn plain(home: &Home, args: &[&str]) -> Terminal {
    home.terminal(args).size(200, 400).spawn()
}

#[test]
fn a_pipe_opens_no_live_run_and_goes_on_with_none() {
    let home = Home::new();
    let piped = |args: &[&str]| {
        let mut command = home.command(args);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        // It asks nobody: nothing is waited for, and what is typed is for nobody.
        let _ = child.stdin.take().expect("a pipe").write_all(b"live\n");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let book = home.path().join("bare.toml");
    let text = "format = 1\nid = \"bare\"\ntitle = \"Bare\"\nsystem = \"bare\"\n[[phase]]\nid = \"one\"\ntitle = \"One\"\n\
                [[phase.step]]\nid = \"see\"\ntitle = \"See\"\nconfirm = \"What?\"\n";
    std::fs::write(&book, text).expect("it can be written");
    let book = book.display().to_string();
    let (status, told) = piped(&["run", &book, "--plain"]);
    assert_eq!(status, Some(40), "{told}");
    assert!(told.contains("there is no terminal to confirm live in: no run was opened"), "{told}");
    assert!(home.runs().is_empty());
    // One that a person opened and left.
    let mut terminal = plain(&home, &["run", &book, "--plain"]);
    let mut typist = Typist::at(&terminal);
    let said = typist.say("live");
    assert!(said.contains("recorded #1"), "{said}");
    typist.say("leave");
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), Exit { code: Some(40), signal: None });
    let before = home.records().len();
    let (status, told) = piped(&["resume", "--plain"]);
    assert_eq!(status, Some(40), "{told}");
    assert!(told.contains("there is no terminal to type in: "), "{told}");
    assert_eq!(home.records().len(), before, "nobody sat down");
}

#[test]
fn inputs_that_nothing_binds_are_asked_for_in_lines() {
    let home = Home::new();
    let book = home.path().join("asks.toml");
    let text = "format = 1\nid = \"asks\"\ntitle = \"Asks\"\nsystem = \"asks\"\n[inputs.target]\ntype = \"version\"\n\
                prompt = \"Version to upgrade to\"\n[inputs.rest]\ntype = \"duration\"\nprompt = \"How long to rest\"\n\
                [inputs.keep]\ntype = \"bool\"\nprompt = \"Keep it\"\n[inputs.set]\ntype = \"text\"\nprompt = \"Set\"\n\
                [inputs.log]\ntype = \"path\"\nprompt = \"Log\"\n[inputs.count]\ntype = \"number\"\nprompt = \"Count\"\n\
                [[phase]]\nid = \"one\"\ntitle = \"One\"\n[[phase.step]]\nid = \"see\"\ntitle = \"See\"\n\
                text = \"{{ .inputs.target }} {{ .inputs.rest }} {{ .inputs.keep }} {{ .inputs.set }} {{ .inputs.log }} {{ .inputs.count }}\"\nconfirm = \"What?\"\n";
    std::fs::write(&book, text).expect("it can be written");
    let args = ["run", &book.display().to_string(), "--plain", "--set", "set=given"];
    let mut terminal = plain(&home, &args);
    let mut typist = Typist::at(&terminal);
    let said = typist.listen();
    assert!(said.contains("5 inputs have no value yet."), "{said}");
    assert!(
        said.contains("Input 1 of 5, target: Version to upgrade to. It takes a version, such as 1.17.3."),
        "{said}"
    );
    let said = typist.say("soon");
    assert!(said.contains("Not taken: not a version such as 1.17.3.") && said.contains("Input 1 of 5"), "{said}");
    assert!(typist.say("1.17.3").contains("Input 2 of 5, rest: "));
    assert!(typist.say("back").contains("Input 1 of 5, target: "));
    typist.say("1.17.4");
    assert!(typist.say("1h").contains("Input 3 of 5, keep: Keep it. It takes yes or no."));
    assert!(typist.say("no").contains("Input 4 of 5, log: Log. It takes a path."));
    let whole = home.path().join("log").display().to_string();
    let said = typist.say("~/log");
    assert!(said.contains(&format!("It is used as {whole}.")) && said.contains("Input 5 of 5"), "{said}");
    let said = typist.say("999999999999999999999");
    assert!(said.contains("Not taken: 999999999999999999999 would be rounded"), "{said}");
    assert!(typist.say("9007199254740993").contains("Type the name of the environment to start the run: live."));
    let said = typist.say("live");
    assert!(
        said.contains("recorded #1") && said.contains(&format!("1.17.4 1h false given {whole} 9007199254740993")),
        "{said}"
    );
    let whole = terminal.screen();
    for once in ["LIVE. ", "Runbook: Asks (asks)", "recorded #1 the run was opened"] {
        assert_eq!(whole.matches(once).count(), 1, "{once}: {whole}");
    }
    typist.say("leave");
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), Exit { code: Some(40), signal: None });
    // Given up: nothing is opened.
    let mut terminal = plain(&home, &args);
    let mut typist = Typist::at(&terminal);
    typist.listen();
    typist.type_line("leave");
    assert_eq!(terminal.wait_exit(LIMIT), Exit { code: Some(40), signal: None });
    assert!(terminal.screen().contains("no run was opened: not every input has a value"), "{}", terminal.describe());
    assert_eq!(home.runs().len(), 1);
}

#[test]
fn what_turns_bad_interrupts_a_question_and_a_caution_that_changed_takes_it_back() {
    let home = Home::new();
    let place = |name: &str| home.path().join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(place(name), text).expect("it can be written");
    write("active", "n2");
    write("floor", "dry");
    let probe = |id: &str| {
        let file = place(id);
        format!(
            "[[health]]\nid = \"{id}\"\ntitle = \"{id}\"\nevery = \"1s\"\ncommand = [\"cat\", \"{file}\"]\n\
             fields = {{ v = \".stdout\" }}\nok = \".v != null\"\n"
        )
    };
    let book = [
        "format = 1\nid = \"turns\"\ntitle = \"Turns\"\nsystem = \"turns\"\nrollback = []\n".to_owned(),
        probe("active"),
        probe("floor"),
        "[[guard]]\nid = \"dry\"\ntitle = \"The floor is dry\"\nholds = \".health.floor[0].v == \\\"dry\\\"\"\nwhy = \"It is wet.\"\n\
         blocks = []\n[[phase]]\nid = \"one\"\ntitle = \"One\"\n[[phase.step]]\nid = \"stop\"\ntitle = \"Stop one\"\n\
         warning = \"The active node is {{ .health.active[0].v }}: do NOT stop that one.\"\n\
         run = [\"echo\", \"stopping n1\"]\nexpect = \".exit == 0\"\n"
            .to_owned(),
    ];
    write("turns.toml", &book.concat());
    let terminal = plain(&home, &["run", &place("turns.toml"), "--plain"]);
    let mut typist = Typist::at(&terminal);
    let opened = loop {
        let said = typist.listen();
        match said.rsplit('\n').next().unwrap_or_default() {
            "LIVE, environment> " => break typist.say("live"),
            "LIVE, yes or no> " => typist.type_line("yes"),
            _ => terminal.wait_written(terminal.raw().len(), LIMIT),
        }
    };
    assert!(opened.contains("recorded #1"), "{opened}");
    terminal.wait_text("The active node is n2: do NOT stop that one.", LIMIT);
    typist.say("read");
    let said = typist.say("run");
    assert!(said.contains("Type yes to run it"), "{said}");
    // What breaks is told while the question stands, which is asked anew.
    write("floor", "wet");
    terminal.wait_text("It is wet.", LIMIT);
    let said = typist.listen();
    assert!(said.matches("Exactly this runs").count() == 2 && said.ends_with("yes or no> "), "{said}");
    // What was read is not so any more: nothing runs on it.
    write("active", "n1");
    terminal.wait_text("The active node is n1: do NOT stop that one.", LIMIT);
    let said = typist.listen();
    assert!(
        said.contains("This question is taken back.") && said.contains("The cautions read otherwise now"),
        "{said}"
    );
    assert!(typist.say("yes").contains("Nothing is asked now"));
    assert!(typist.say("run").contains("run is not possible now."));
    typist.say("read");
    assert!(typist.say("run").contains("Type yes to run it"));
    typist.type_line("yes");
    terminal.wait_text("output: stopping n1", LIMIT);
}
