use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::runbook::changes::changes;
use crate::tui::app::{App, update};
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Message};
use crate::tui::shelf::{Changed, LastRun, Past, PhaseSeen, Preview, Score};
use crate::tui::stage_tests::{click, event, look, picture, words};
use crate::tui::theme::{ASCII, UNICODE};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// 2026-11-20T02:00:00Z.
const THEN: Timestamp = Timestamp::from_millis(1_795_140_000_000);

fn vault() -> LibraryEntry {
    let phase = |title: &str, steps: &[&str], is_loop| PhaseSeen {
        title: title.into(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        is_loop,
    };
    let preview = Preview {
        document: "Upgrading Vault".into(),
        headings: vec!["HA Installations".into()],
        asked: vec!["nodes".into(), "from".into(), "target".into()],
        settled: 21,
        watched: (2, 3),
        phases: vec![
            phase("Prepare", &["Read the version notes", "Take a snapshot"], false),
            phase("Each standby", &["Shut down", "Replace the binary", "Start and unseal"], true),
        ],
        ways_back: vec![("Put the old binary and the data back".into(), 9)],
        sha256: "4f1c9a2e".repeat(8),
    };
    LibraryEntry {
        id: "vault-ha-upgrade".into(),
        title: "Upgrade a Vault HA cluster".into(),
        revision: "2".into(),
        system: "vault".into(),
        summary: "Every standby first, then hand over to an upgraded standby.".into(),
        minutes: Some(95),
        origin: "<built in>/vault-ha-upgrade.toml".into(),
        has_practice: true,
        preview: Some(Box::new(preview)),
        ..LibraryEntry::default()
    }
}

fn nomad() -> LibraryEntry {
    LibraryEntry {
        id: "nomad-clients".into(),
        title: "Upgrade Nomad clients".into(),
        revision: "1".into(),
        system: "nomad".into(),
        summary: "Client by client.".into(),
        minutes: Some(45),
        ..LibraryEntry::default()
    }
}

fn past() -> Vec<Past> {
    let last = LastRun {
        run: "2026-11-20-vault-ha-3kd9".into(),
        at: THEN,
        outcome: "completed".into(),
        place: "PRODUCTION prod-eu".into(),
        is_practice: false,
        is_well: true,
    };
    let score = Score { scenario: "wrong-share".into(), attempts: 3, best: 95, last: 80, last_at: THEN };
    vec![Past { runbook: "vault-ha-upgrade".into(), last: Some(last), is_changed: true, scores: vec![score] }]
}

fn open() -> OpenRun {
    OpenRun {
        run: "2026-11-21-nomad-7qf3".into(),
        title: "Upgrade Nomad clients".into(),
        place: "STAGING lab".into(),
        last: THEN,
        standing: "suspended, 38 records".into(),
        step: "clients[nomad-2]/drain".into(),
        operator: "jo@bastion".into(),
        ..OpenRun::default()
    }
}

/// One whose folder got another name.
fn misnamed() -> OpenRun {
    let told =
        "NOT OF THIS RUN: the journal is that of the run 2026-11-21-nomad-7qf3, in the folder of 2026-11-22-nomad-2345";
    OpenRun {
        run: "2026-11-22-nomad-2345".into(),
        standing: format!("{told}, 38 records"),
        is_misnamed: true,
        ..open()
    }
}

fn app(size: (u16, u16)) -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    update(&mut app, Message::Glanced(vec![nomad(), vault()], vec![]));
    app
}

/// What a library has that was used before.
pub fn furnish(app: &mut App) {
    update(app, Message::Glanced(vec![nomad(), vault()], vec![open()]));
    update(app, Message::Past(past()));
    press(app, "down");
    press(app, "down");
}

pub fn press(app: &mut App, key: &str) -> Vec<Effect> {
    update(app, Message::Key(event(key)))
}

pub fn changed() -> Changed {
    let before = "title = \"A\"\n[[phase]]\nid = \"p\"\ntitle = \"Prepare\"\n[[phase.step]]\nid = \"stop\"\ntitle = \"Stop it\"\n\
        run = [\"systemctl\", \"stop\", \"vault\"]\n[[phase.step]]\nid = \"old\"\ntitle = \"Look at the log\"\nconfirm = \"?\"\n";
    let now = before
        .replace("\"vault\"]", "\"--now\", \"vault\"]")
        .replace("\"old\"", "\"new\"")
        .replace("at the log", "at the log of it");
    Changed {
        runbook: "vault-ha-upgrade".into(),
        title: "Upgrade a Vault HA cluster".into(),
        run: "2026-11-20-vault-ha-3kd9".into(),
        at: THEN,
        revisions: ("1".into(), "2".into()),
        changes: changes(before, &now).unwrap(),
    }
}

#[test]
fn the_list_tells_what_became_of_each_runbook_and_the_preview_what_is_in_it() {
    for size in SIZES {
        let mut app = app(size);
        update(&mut app, Message::Shown);
        press(&mut app, "down");
        update(&mut app, Message::Past(past()));
        assert_snapshot!(format!("library_past_{}x{}", size.0, size.1), picture(&app));
        press(&mut app, "tab");
        (0..8).for_each(|_| drop(press(&mut app, "down")));
        assert_snapshot!(format!("library_preview_{}x{}", size.0, size.1), picture(&app));
    }
    let mut app = app((80, 24));
    app.look = look("mono", &ASCII);
    update(&mut app, Message::Past(past()));
    assert_snapshot!("library_past_ascii_80x24", picture(&app));
}

#[test]
fn what_takes_long_begins_once_the_first_frame_is_there() {
    let mut app = app((80, 24));
    assert_eq!(update(&mut app, Message::Shown), [Effect::CheckLibrary, Effect::ReadPast]);
    assert_eq!(update(&mut app, Message::Shown), []);
}

#[test]
fn the_cursor_stays_on_its_entry_whatever_comes_in() {
    let mut app = app((120, 40));
    press(&mut app, "down");
    let has_vault = |app: &App| picture(app).lines().any(|line| line.contains("▸") && line.contains("Vault"));
    assert!(has_vault(&app));
    update(&mut app, Message::Resumable(Ok(vec![open()])));
    assert!(has_vault(&app), "{}", picture(&app));
    update(&mut app, Message::Library(vec![vault(), nomad()]));
    assert!(has_vault(&app), "{}", picture(&app));
}

#[test]
fn a_filter_shows_what_holds_every_word() {
    let mut app = app((80, 24));
    update(&mut app, Message::Resumable(Ok(vec![open()])));
    press(&mut app, "/");
    "nomad cl".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
    let shown = picture(&app);
    assert!(shown.contains("2 of 2 runbooks, 1 unfinished") && !shown.contains("Vault"), "{shown}");
    press(&mut app, "enter");
    assert!(press(&mut app, "esc").is_empty() && picture(&app).contains("Vault"), "all is shown again");
    assert_eq!(press(&mut app, "esc"), [Effect::Quit]);
}

/// A runbook whose file could not be read far enough for a title.
pub fn broken() -> LibraryEntry {
    let told = |line| format!("line {line}, column 9: there is no `.status` here\nhelp: it is called `.state`");
    LibraryEntry {
        id: "mdtest".into(),
        origin: "/home/maria/.config/piton/runbooks/mdtest.toml".into(),
        problems: vec![told(12), told(31)],
        ..LibraryEntry::default()
    }
}

#[test]
fn what_does_not_load_has_a_name_and_tells_where_and_what_to_do() {
    for size in SIZES {
        let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
        app.size = size;
        // As long as nothing is checked it stands where its folder puts it.
        let unchecked = LibraryEntry { problems: vec![], ..broken() };
        update(&mut app, Message::Glanced(vec![unchecked, nomad(), vault()], vec![]));
        update(&mut app, Message::Library(vec![nomad(), vault(), broken()]));
        assert!(picture(&app).lines().any(|line| line.contains("▸") && line.contains("Nomad")), "{}", picture(&app));
        "/mdtest".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
        press(&mut app, "enter");
        assert_snapshot!(format!("library_broken_{}x{}", size.0, size.1), picture(&app));
        assert!(press(&mut app, "enter").is_empty() && press(&mut app, "p").is_empty());
        let shown = picture(&app);
        assert!(shown.contains("mdtest.toml does not load: line 12, column 9"), "{shown}");
        assert!(!shown.contains("enter set up") && shown.contains("esc show all"), "{shown}");
    }
}

#[test]
fn who_types_gets_what_fits_best_and_who_finds_nothing_is_offered_nothing() {
    let roach = LibraryEntry {
        id: "cockroachdb-upgrade".into(),
        title: "Upgrade a CockroachDB cluster".into(),
        summary: "What has to be finalized comes last.".into(),
        ..nomad()
    };
    let mut app = app((120, 40));
    update(&mut app, Message::Library(vec![roach, nomad(), vault()]));
    "/HA cluster".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
    assert!(picture(&app).contains("2 of 3 runbooks"), "{}", picture(&app));
    press(&mut app, "enter");
    let opened = press(&mut app, "enter");
    assert!(matches!(&opened[..], [Effect::SetUp { runbook, .. }] if runbook == "vault-ha-upgrade"), "{opened:?}");
    let mut app = self::app((120, 40));
    "/nothing of it".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
    press(&mut app, "enter");
    let shown = picture(&app);
    assert!(shown.contains("none of them holds that") && shown.contains("esc show all"), "{shown}");
    assert!(!shown.contains("enter set up") && press(&mut app, "enter").is_empty(), "{shown}");
}

#[test]
fn what_changed_since_the_last_run_is_shown_part_by_part() {
    for size in SIZES {
        let mut app = app(size);
        update(&mut app, Message::Past(past()));
        assert!(press(&mut app, "c").is_empty() && picture(&app).contains("never run here"));
        press(&mut app, "down");
        assert_eq!(press(&mut app, "c"), [Effect::Compare("vault-ha-upgrade".into())]);
        update(&mut app, Message::Changes(Ok(Box::new(changed()))));
        assert_snapshot!(format!("library_changes_{}x{}", size.0, size.1), picture(&app));
        press(&mut app, "pgdn");
        press(&mut app, "esc");
        assert!(picture(&app).contains("Preview"));
    }
}

#[test]
fn a_click_chooses_and_another_opens() {
    let mut app = app((120, 40));
    let click = |app: &mut App, column, row| update(app, click(column, row));
    assert!(click(&mut app, 20, 3).is_empty());
    assert!(
        matches!(&click(&mut app, 20, 3)[..], [Effect::SetUp { runbook, is_practice: false }] if runbook == "vault-ha-upgrade")
    );
    update(&mut app, Message::SetUp(Err("it does not load".into())));
    let bar = picture(&app).lines().last().map(|line| line.find("p practise").unwrap_or(0)).unwrap_or(0);
    let effects = click(&mut app, u16::try_from(bar).unwrap(), 39);
    assert!(matches!(&effects[..], [Effect::SetUp { is_practice: true, .. }]), "{effects:?}");
}

#[test]
fn what_went_wrong_covers_no_row_that_can_be_chosen() {
    let mut app = app((104, 18));
    let of = |at: usize| LibraryEntry { id: format!("book-{at:02}"), title: format!("Book {at:02}"), ..nomad() };
    update(&mut app, Message::Glanced((0..30).map(of).collect(), vec![]));
    update(&mut app, Message::SetUp(Err("it does not load, and this is why: ".repeat(12))));
    for _ in 0..20 {
        press(&mut app, "down");
    }
    let shown = picture(&app);
    assert!(shown.contains('▸'), "{shown}");
    let chosen = shown.lines().find(|line| line.contains('▸')).unwrap_or_default().to_owned();
    for row in 11..17 {
        let effects = update(&mut app, click(20, row));
        let shown = picture(&app);
        assert!(effects.is_empty() && shown.contains(&chosen), "{row}: {effects:?}\n{shown}");
    }
}

#[test]
fn a_library_that_nobody_asked_for_is_read_when_the_run_that_was_cannot_be_set_up() {
    let refused = || Message::SetUp(Err("it does not load".into()));
    let mut unread = App::new(look("dark", &UNICODE), Keymap::standard());
    assert_eq!(update(&mut unread, refused()), [Effect::ReadLibrary]);
    update(&mut unread, Message::Glanced(vec![nomad(), vault()], vec![]));
    let shown = picture(&unread);
    assert!(shown.contains("it does not load") && shown.contains("Upgrade Nomad clients"), "{shown}");
    assert_eq!(update(&mut app((120, 40)), refused()), []);
}

/// All of why they cannot be listed is told, and nothing as if there were none.
#[test]
fn where_the_runs_cannot_be_listed_nothing_is_said_of_them_but_that() {
    let why = "the runs of this machine are not known: cannot list /var/lib/ops/state/piton/runs: Permission denied \
        (os error 13); check who owns it and what its mode and attributes allow";
    for size in SIZES {
        let mut app = app(size);
        update(&mut app, Message::Resumable(Err(why.into())));
        update(&mut app, Message::Past(vec![]));
        let shown = picture(&app);
        assert!(words(&shown).contains(why), "{shown}");
        assert!(shown.contains("runs not known") && shown.contains("last run   not known"), "{shown}");
        assert!(!shown.contains("never run here") && !shown.contains("unfinished"), "{shown}");
        press(&mut app, "c");
        assert!(!picture(&app).contains("never run"), "{}", picture(&app));
        update(&mut app, Message::Resumable(Ok(vec![open()])));
        let shown = picture(&app);
        assert!(shown.contains("1 unfinished") && !shown.contains("not known"), "{shown}");
    }
}

#[test]
fn a_run_whose_journal_is_another_run_s_is_told_where_it_is_listed_and_not_offered() {
    for (open, size) in [(vec![misnamed()], (80, 24)), (vec![open(), misnamed()], (120, 40))] {
        let (mut app, runs) = (app(size), open.len());
        update(&mut app, Message::Glanced(vec![nomad(), vault()], open));
        // What can be started is chosen first.
        let shown = picture(&app);
        assert_eq!(shown.contains("Go on with"), runs == 2, "{shown}");
        assert!(!shown.contains("It cannot be gone on with"), "{shown}");
        press(&mut app, if runs == 2 { "down" } else { "up" });
        assert_snapshot!(format!("misnamed_{}x{}", size.0, size.1), picture(&app));
        assert_eq!(press(&mut app, "enter"), []);
        let told = "it cannot be gone on with: its journal is that of another run";
        assert!(picture(&app).contains(told), "{}", picture(&app));
    }
}
