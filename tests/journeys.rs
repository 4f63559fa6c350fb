//! Whole ways from the library to the first step of a run, in a real terminal: by the keyboard, and by the mouse.

use std::time::Duration;

use piton::engine::Event;

use crate::support::binary::Home;
use crate::support::pty::{Exit, Terminal};
use crate::support::typist::Typist;

const SOON: Duration = Duration::from_secs(20);

/// A runbook with a probe that runs a command, which leaves a trace.
fn book(home: &Home) -> String {
    let trace = home.path().join("asked").display().to_string();
    format!(
        "format = 1\nid = \"own\"\ntitle = \"A runbook of ours\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"By hand.\"\n\
         [inputs.target]\ntype = \"version\"\nprompt = \"Version to upgrade to\"\n\
         [[health]]\nid = \"up\"\ntitle = \"Up\"\ncommand = [\"sh\", \"-c\", \"echo asked >> {trace}\"]\nfields = {{ exit = \".exit\" }}\nok = \".exit == 0\"\n\
         [[phase]]\nid = \"all\"\ntitle = \"All of it\"\n\
         [[phase.step]]\nid = \"s1\"\ntitle = \"Look at it\"\nconfirm = \"What is it?\"\n"
    )
}

/// A home with that runbook and two sites, one of which cannot be read.
fn furnished() -> Home {
    let home = Home::new();
    let config = home.path().join(".config/piton");
    for (file, text) in [
        ("runbooks/own.toml", book(&home)),
        ("sites/lab.toml", "name = \"lab\"\nenvironment = { word = \"STAGING\", colour = \"yellow\" }\n".into()),
        ("sites/odd.toml", "name = \"odd\"\nenvironment = { word = \"X\", colour = \"rot\" }\n".into()),
    ] {
        let path = config.join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("an own folder");
        std::fs::write(path, text).expect("an own file");
    }
    home
}

fn was_asked(home: &Home) -> bool {
    home.path().join("asked").exists()
}

/// Presses the left button where that text stands on the screen.
#[track_caller]
fn click(terminal: &Terminal, text: &str) {
    let screen = terminal.wait_text(text, SOON);
    let row = screen.lines().position(|line| line.contains(text)).expect("it is there");
    let line = screen.lines().nth(row).expect("it has that line");
    let column = line[..line.find(text).expect("it holds it")].chars().count();
    terminal.type_text(&format!("\u{1b}[<0;{0};{1}M\u{1b}[<0;{0};{1}m", column + 1, row + 1));
}

/// A shell that goes on after success must not go on after that.
#[test]
fn a_run_that_was_not_opened_is_not_a_success() {
    let home = furnished();
    let site = home.path().join(".config/piton/sites/lab.toml").display().to_string();
    for (set, stands) in [(&[][..], "Version to upgrade to"), (&["--set", "target=1.2.3"], "y allow these")] {
        let arguments = [&["run", "own", "--site", &site], set].concat();
        let mut terminal = home.terminal(&arguments).size(40, 120).spawn();
        terminal.wait_text(stands, SOON);
        terminal.key("ctrl-c");
        assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(40), signal: None }, "{stands}");
        assert!(home.runs().is_empty() && !was_asked(&home));
    }
}

#[test]
fn from_the_library_to_the_first_step_by_the_keyboard() {
    let home = furnished();
    let mut terminal = home.terminal(&[]).size(40, 120).spawn();
    terminal.wait_text("Library", SOON);
    terminal.type_text("/");
    terminal.wait_text("only what holds", SOON);
    terminal.type_text("ours");
    terminal.wait_text("1 of ", SOON);
    terminal.key("enter");
    // The library is checked meanwhile: its preview tells when that is done.
    terminal.wait_text("asks for", SOON);
    terminal.key("enter");
    terminal.wait_text("Where does it run?", SOON);
    terminal.key("down");
    terminal.wait_text("there is no colour \"rot\"", SOON);
    terminal.key("up");
    terminal.key("enter");
    terminal.wait_text("Version to upgrade to", SOON);
    terminal.type_text("new");
    terminal.wait_text("not a version", SOON);
    (0..3).for_each(|_| terminal.key("backspace"));
    terminal.type_text("1.17.3");
    terminal.wait_for("the value taken", SOON, |screen| screen.contains("1.17.3") && !screen.contains("not a version"));
    terminal.key("enter");
    terminal.key("enter");
    terminal.wait_text("y allow these", SOON);
    let screen = terminal.screen();
    assert!(screen.contains("$ sh -c 'echo asked") && screen.contains("STAGING lab"), "{screen}");
    assert!(!was_asked(&home), "nobody has seen the command before");
    terminal.key("y");
    terminal.wait_text("up: 1 of 1 answered and are ok", SOON);
    assert!(was_asked(&home) && home.runs().is_empty(), "nothing is recorded yet");
    terminal.key("enter");
    terminal.wait_text("Type STAGING to start it.", SOON);
    terminal.type_text("production");
    terminal.key("enter");
    terminal.wait_text("\"production\" was typed, STAGING is expected", SOON);
    assert!(home.runs().is_empty());
    (0..10).for_each(|_| terminal.key("backspace"));
    terminal.type_text("STAGING");
    terminal.key("enter");
    terminal.wait_text("What is it?", SOON);
    let records = home.records();
    let Event::RunOpened(opened) = &records[0].event else { panic!("{records:?}") };
    assert_eq!(opened.site.as_ref().map(|site| site.name.as_str()), Some("lab"));
    assert!(!records.iter().any(|record| matches!(record.event, Event::NoteAdded { .. })), "nothing was gone over");
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(40), signal: None });

    // The next one is told that this one is open, offers its values, and records that it was begun all the same.
    let site = home.path().join(".config/piton/sites/lab.toml").display().to_string();
    let mut terminal = home.terminal(&["run", "own", "--site", &site]).size(40, 120).spawn();
    terminal.wait_text("earlier here (ctrl-p, ctrl-n): 1.17.3", SOON);
    terminal.key("ctrl-p");
    terminal.wait_text("1.17.3 ", SOON);
    terminal.key("enter");
    terminal.key("enter");
    terminal.wait_text("y allow these", SOON);
    terminal.key("y");
    let screen = terminal.wait_text("up: 1 of 1 answered and are ok", SOON);
    assert!(screen.contains("of the same site and system is not closed"), "{screen}");
    terminal.key("a");
    terminal.wait_text("A note will tell of 1 finding", SOON);
    terminal.type_text("staging");
    terminal.key("enter");
    terminal.wait_text("What is it?", SOON);
    let notes = |run: &piton::journal::RunDir| {
        let (records, _) = crate::support::binary::records(run);
        records.into_iter().filter(|record| matches!(record.event, Event::NoteAdded { .. })).count()
    };
    assert!(home.runs().iter().any(|run| notes(run) >= 1));
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    terminal.wait_exit(SOON);
}

#[test]
fn from_the_library_to_the_first_step_of_a_rehearsal_by_the_mouse_alone() {
    let home = Home::new();
    let mut terminal = home.terminal(&[]).size(40, 120).spawn();
    click(&terminal, "Upgrade a Vault HA cluster");
    terminal.wait_text("vault-ha-upgrade r", SOON);
    click(&terminal, "p practise");
    terminal.wait_text("What to practise", SOON);
    click(&terminal, "Surprise me");
    terminal.wait_text("--scenario surprise --seed ", SOON);
    click(&terminal, "enter start");
    terminal.wait_for("the run", SOON, |screen| screen.contains("PRACTICE") && screen.contains("journal"));
    let records = home.records();
    let Event::RunOpened(opened) = &records[0].event else { panic!("{records:?}") };
    assert!(opened.practice.as_ref().is_some_and(|practice| practice.scenario.is_some()));
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    terminal.wait_exit(SOON);
}

#[test]
fn a_live_run_is_set_up_by_the_mouse_and_only_its_environment_is_typed() {
    let home = furnished();
    let mut terminal = home.terminal(&["run", "own", "--set", "target=1.17.3"]).size(40, 120).spawn();
    // Everything is given: what there is before the start comes at once.
    click(&terminal, "y allow these");
    terminal.wait_text("What was found", SOON);
    click(&terminal, "enter go on");
    terminal.wait_text("Type live to start it.", SOON);
    terminal.type_text("live");
    terminal.wait_text("> live", SOON);
    click(&terminal, "enter start");
    terminal.wait_text("What is it?", SOON);
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(40), signal: None });
}

#[test]
fn the_same_in_lines() {
    let home = furnished();
    let site = home.path().join(".config/piton/sites/lab.toml").display().to_string();
    let arguments = ["run", "own", "--site", &site, "--set", "target=1.17.3", "--plain"];
    let mut terminal = home.terminal(&arguments).size(60, 200).spawn();
    let mut typist = Typist::at(&terminal);
    terminal.wait_text("Type yes to let that be done", SOON);
    assert!(!was_asked(&home));
    for (line, told) in [
        ("yes", "Type the name of the environment to start the run: STAGING. Or no."),
        ("lab", "\"lab\" was typed, STAGING is expected: nothing was started."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {said}");
    }
    assert!(home.runs().is_empty());
    let said = typist.say("STAGING");
    assert!(said.contains("Look at it") && said.contains("recorded #1"), "{said}");
    typist.say("leave");
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(40), signal: None });
}
