//! Text from outside that a terminal would obey, or that would hide from a reader: none of it reaches a terminal or a
//! pipe, wherever it comes from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use piton::clock::Timestamp;
use piton::engine::{Event, Leaving, Mode, SiteSeen};
use piton::journal::{Holder, Journal, Store, sha256_hex};

use crate::support::operator::started;
use crate::support::pty::Terminal;
use crate::support::runs;
use crate::terminal::{AT_ONCE, Place, SOON};

/// What could be in any text.
const ATTACKS: [&str; 16] = [
    "\u{1b}]0;owned\u{7}title",
    "\u{1b}]52;c;ZXZpbA==\u{7}clipboard",
    "\u{1b}]8;;http://evil/\u{1b}\\link",
    "\u{1b}P$q\u{1b}\\device",
    "\u{1b}_application\u{1b}\\command",
    "\u{1b}[21t\u{1b}[6n\u{1b}[c reports",
    "\u{1b}[31;5mred\u{1b}c\u{1b}#8reset",
    "\u{9b}31mC1\u{9d}0;owned\u{9c}",
    "deny\u{8}\u{8}\u{8}\u{8}allow",
    "one\rtwo\u{b}\u{c}\u{7}\u{0}\u{7f}bells",
    "\u{202e}txt.exe\u{202c}order",
    "\u{2066}isolated\u{2069}",
    "in\u{200b}vi\u{feff}si\u{2060}ble\u{ad}",
    "tag\u{e0041}\u{e0042}\u{e007f}s",
    "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}algo",
    "line\u{2028}para\u{2029}graph\u{3164}\u{115f}filler",
];

/// Every control sequence that the screens themselves are made of.
const OWN: [&str; 9] = ["csi ?h", "csi ?l", "csi H", "csi J", "csi m", "c0 0a", "c0 0d", "c0 08", "c0 09"];

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{115f}' | '\u{3164}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}' | '\u{80}'..='\u{9f}')
}

/// What of a text would be hidden or pile up.
fn hidden(text: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        text.chars().filter(|c| is_hidden(*c)).map(|c| format!("U+{:04X}", u32::from(c))).collect();
    let mut marks = 0;
    for c in text.chars() {
        marks = if ('\u{300}'..='\u{36f}').contains(&c) { marks + 1 } else { 0 };
        if marks > 4 {
            found.insert("stacked accents".into());
        }
    }
    found
}

/// What was printed at a pipe holds nothing but text and newlines.
#[track_caller]
fn assert_plain(printed: &[u8], what: &str) {
    let text = String::from_utf8_lossy(printed);
    let mut found = hidden(&text);
    found.extend(text.chars().filter(|c| c.is_control() && *c != '\n').map(|c| format!("U+{:04X}", u32::from(c))));
    assert!(found.is_empty(), "{what}: {found:?} in\n{}", text.escape_debug());
}

/// The program with these arguments at a pipe prints nothing but text; what it printed.
#[track_caller]
fn print(place: &Place, args: &[&str]) -> String {
    let output = place.home.output(args);
    let all = [output.stdout, output.stderr].concat();
    assert_plain(&all, &format!("{args:?}"));
    assert!(output.status.code().is_some(), "{args:?}: {:?}", output.status);
    String::from_utf8_lossy(&all).into_owned()
}

/// What was written to a terminal: the program's own sequences and visible text.
#[track_caller]
fn assert_harmless(terminal: &Terminal, what: &str) {
    let odd: Vec<String> = terminal.census(|census| {
        assert!(census.hostile().is_empty(), "{what}: {:?}", census.hostile());
        census.kinds().keys().filter(|kind| !OWN.contains(&kind.as_str())).cloned().collect()
    });
    assert!(odd.is_empty(), "{what}: {odd:?}");
    let found = hidden(&String::from_utf8_lossy(&terminal.raw()));
    assert!(found.is_empty(), "{what}: {found:?}\n{}", terminal.describe());
}

/// As a TOML text in which everything odd is escaped, which no editor shows.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => drop(write!(out, "\\{c}")),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out + "\""
}

/// A runbook with this in every text that its author can write.
fn runbook(text: &str, command: &str) -> String {
    let t = escaped(text);
    format!(
        r#"
format = 1
id = "hostile"
title = {t}
revision = {t}
system = "vault"
summary = {t}

[source]
document = {t}
headings = [{t}]

[inputs.target]
type = "text"
prompt = {t}

[[health]]
id = "disk"
title = {t}
command = ["printf", {t}]
fields = {{ said = ".stdout" }}
ok = "true"

[[guard]]
id = "one"
title = {t}
holds = 'any(.health.disk[]; .verdict == "ok")'
why = {t}
blocks = ["all/two"]

[[phase]]
id = "all"
title = {t}

[[phase.step]]
id = "one"
title = {t}
source = [{t}]
caution = {t}
warning = {t}
note = {t}
text = {t}
confirm = {t}
options = ["yes", {t}]
when = {{ holds = "true", why = {t} }}

[[phase.step]]
id = "two"
title = "Print it"
run = {command}

[[phase.step]]
id = "three"
title = {t}
check = "false"
why = {t}
"#
    )
}

#[test]
fn hostile_runbooks_and_sites_are_told_harmlessly_at_a_pipe() {
    let place = Place::new();
    std::fs::create_dir(place.home.path().join("library")).expect("a folder of the test");
    for (number, attack) in ATTACKS.into_iter().enumerate() {
        let book = runbook(attack, "[\"true\"]");
        let escaped_book = place.write("library/escaped.toml", &book);
        let raw_book = place.write("library/raw.toml", book.replace(&escaped(attack), &format!("\"{attack}\"")));
        let unknown = place.write("library/unknown.toml", format!("{} = 1\n[{}]\n", escaped(attack), escaped(attack)));
        let site =
            format!("format = 1\nname = {0}\nsystem = {0}\n[inputs]\ntarget = {0}\n{0} = {0}\n", escaped(attack));
        let site = place.write("library/site.toml", site);
        let told = print(&place, &["check", &escaped_book, &raw_book, &unknown, &site]);
        assert!(told.lines().count() > 4, "{number}: {told}");
        for book in [&escaped_book, &raw_book, &unknown, "vault-ha-upgrade"] {
            print(&place, &["practice", book]);
            print(&place, &["run", book, "--site", &site, "--set", &format!("{attack}={attack}").replace('\0', "")]);
        }
        let library = place.home.path().join("library").display().to_string();
        print(&place, &["list", "--library", &library]);
        print(&place, &["list", "--json", "--library", &library]);
        print(&place, &["journals"]);
        print(&place, &["journals", "--json"]);
    }
}

#[test]
fn hostile_arguments_and_names_of_files_are_told_harmlessly() {
    for attack in ATTACKS {
        let place = Place::new();
        let attack = attack.replace(['\0', '/'], "");
        let file = place.write(&format!("{attack}.toml"), "nothing = 1\n");
        let missing = format!("{attack}/missing.toml");
        let site = ["run", "vault-ha-upgrade", "--site", &file];
        for args in [
            &["check", &file, &missing][..],
            &["verify", &file],
            &["verify", &attack],
            &["verify", &missing],
            &["resume", &attack],
            &["practice", &attack],
            &["practice", &file],
            &["run", &missing],
            &[&attack],
            &["practice", "vault-ha-upgrade", "--speed", &attack],
            &["list", "--theme", &attack],
            &["list", "--library", &attack],
            &["completions", &attack],
            &site,
        ] {
            print(&place, args);
        }
    }
}

/// A run whose every text is hostile, as another program or an older version may have written it. Its folder is
/// named so too.
fn hostile_run(place: &Place, attack: &str) -> String {
    let store = Store::open(place.home.state());
    let dir = store.begin(Mode::Live, runs::at(0), "hostile").expect("the test's folder can be written to");
    let holder = Holder { operator: attack.into(), host: attack.into(), pid: 1, since: runs::at(0) };
    let mut head = runs::head(&dir.id());
    head.title = attack.into();
    head.revision = attack.into();
    head.operator = attack.into();
    head.host = attack.into();
    head.text = super::quiet(3);
    head.sha256 = sha256_hex(head.text.as_bytes());
    head.site = Some(SiteSeen { name: attack.into(), environment: attack.into(), colour: attack.into() });
    let note = Event::NoteAdded { step: None, text: attack.into() };
    let (operator, host, face, version) = (attack.into(), attack.into(), attack.into(), attack.into());
    let sat = Event::SittingOpened { operator, host, pid: 1, face, version };
    let by = format!("{attack}@{attack}");
    let (mut journal, _) = Journal::create(&dir, &holder, runs::at(0), &by, head).expect("a new journal");
    let left = Event::SittingClosed { how: Leaving::Left };
    let later: Timestamp = runs::at(1_000);
    journal.append(later, &by, vec![sat, note, left]).expect("the test's journal can be written to");
    dir.path().display().to_string()
}

#[test]
fn hostile_journals_are_told_harmlessly() {
    for attack in ATTACKS {
        let place = Place::new();
        let run = hostile_run(&place, attack);
        let name = run.rsplit('/').next().expect("a run has a name").to_owned();
        let whole = print(&place, &["verify", &run]);
        assert!(whole.contains(": whole, ") && whole.contains(" records=4 "), "{whole}");
        for args in [&["journals"][..], &["journals", "--json"], &["resume", &name], &["resume"]] {
            print(&place, args);
        }
        // A folder of an odd name, and a journal that nobody should have touched.
        let odd = place.home.state().join("runs").join(attack.replace(['\0', '/'], ""));
        std::fs::create_dir_all(&odd).expect("a folder of the test");
        let mut text = std::fs::read(format!("{run}/journal.jsonl")).expect("the test's journal");
        text.extend_from_slice(format!("{{\"seq\":\"{attack}\",\"{attack}\"\n{attack}\n").as_bytes());
        std::fs::write(odd.join("journal.jsonl"), text).expect("the test's folder can be written to");
        let damaged = print(&place, &["verify", &odd.display().to_string()]);
        assert!(damaged.contains("DAMAGED at line") || damaged.contains("torn"), "{damaged}");
        for args in [&["journals"][..], &["journals", "--json"], &["resume"]] {
            print(&place, args);
        }
    }
}

/// All that the parser lets through: what cannot be seen, and accents.
fn accepted() -> Vec<&'static str> {
    let is_accepted = |attack: &&str| piton::runbook::parse(&runbook(attack, "[\"true\"]")).0.is_some();
    let all: Vec<_> = ATTACKS.into_iter().filter(is_accepted).collect();
    assert!(all.len() >= 3, "{all:?}");
    all
}

#[test]
fn what_a_runbook_can_hold_is_drawn_harmlessly() {
    for attack in accepted() {
        let place = Place::new();
        let book = place.write("hostile.toml", runbook(attack, "[\"true\"]"));
        let mut terminal = place.start(&["practice", &book]).spawn();
        terminal.wait_text("Print it", SOON);
        let is_shown = |screen: &str| screen.contains("<U+") || screen.contains("marks>");
        terminal.wait_for("a sign of it", SOON, is_shown);
        terminal.key("enter");
        terminal.wait_text("enter answer", SOON);
        for (key, title) in [("w", "─ Why ─"), ("?", "─ Keys ─")] {
            terminal.key(key);
            terminal.wait_text(title, SOON);
            terminal.key("esc");
            terminal.wait_for("it closed", SOON, |screen| !screen.contains(title));
        }
        terminal.key("n");
        terminal.wait_text("ctrl-s", SOON);
        // What is typed before the end must have been read: a terminal given back shows by itself what comes later.
        terminal.paste(&(ATTACKS.concat() + "\nwhole-paste"));
        terminal.wait_text("whole-paste", SOON);
        terminal.signal(rustix::process::Signal::TERM);
        terminal.wait_exit(AT_ONCE);
        assert_harmless(&terminal, attack);
    }
}

#[test]
fn what_a_command_prints_is_drawn_harmlessly() {
    let place = Place::new();
    let mut output: Vec<u8> = ATTACKS.join("\n").into_bytes();
    output.extend_from_slice(b"\n\xff\xfe\x9b31m\x90q\x9c\nthe end\n");
    let file = place.write("output", output);
    let text = super::head("prints")
        + &format!(
            "[[phase.step]]\nid = \"print\"\ntitle = \"Print it\"\nrun = [\"cat\", {0}]\nexpect = {{ holds = \".exit == 3\", \
             why = \"Never.\" }}\ncapture = {{ said = \".stdout\" }}\n",
            escaped(&file)
        );
    let book = place.write("prints.toml", text);
    let start = place.start(&["run", &book]).with(|command| {
        command.env("USER", "ma\u{1b}]0;owned\u{7}r\u{202e}ia\u{9b}31m").env("TZ", "UTC");
    });
    let mut terminal = started(start.spawn());
    terminal.wait_text("Print it", SOON);
    terminal.key("enter");
    terminal.wait_text("y run it", SOON);
    terminal.key("y");
    terminal.wait_text("the end", SOON);
    terminal.wait_text("failed", SOON);
    for key in ["tab", "tab", "page-up", "page-up", "page-down", "w"] {
        terminal.key(key);
    }
    terminal.wait_text("─ Why ─", SOON);
    terminal.key("esc");
    terminal.wait_for("the step again", SOON, |screen| !screen.contains("─ Why ─"));
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    terminal.wait_exit(AT_ONCE);
    assert_harmless(&terminal, "output");
    assert!(place.records().iter().all(|record| !record.by.contains(char::is_control)));
}

#[test]
fn hostile_runs_and_runbooks_are_listed_and_resumed_harmlessly() {
    for attack in ATTACKS {
        let place = Place::new();
        let run = hostile_run(&place, attack);
        let folder = place.home.path().join("library");
        std::fs::create_dir(&folder).expect("a folder of the test");
        place.write("library/hostile.toml", runbook(attack, "[\"true\"]"));
        let mut terminal = place.start(&["--library", &folder.display().to_string()]).spawn();
        terminal.wait_text("Upgrade a Vault HA cluster", SOON);
        for _ in 0..4 {
            terminal.key("down");
            terminal.key("up");
        }
        terminal.key("ctrl-c");
        terminal.wait_exit(AT_ONCE);
        assert_harmless(&terminal, &format!("library: {attack:?}"));
        let name = run.rsplit('/').next().expect("a run has a name");
        let mut terminal = place.start(&["resume", name]).spawn();
        terminal.wait_text("You were here", SOON);
        terminal.key("enter");
        terminal.wait_text("What is thing 1?", SOON);
        terminal.signal(rustix::process::Signal::TERM);
        terminal.wait_exit(AT_ONCE);
        assert_harmless(&terminal, &format!("resumed: {attack:?}"));
    }
}
