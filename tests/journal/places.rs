//! The state directory: names, modes, links, lists.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use piton::engine::{Board, Counts, Event, Mode, Outcome};
use piton::journal::{Deviations, Journal, JournalError, RunDir, Standing, Store};

use crate::support::runs::{at, begin, head, holder, journal_of, left, note, reopen};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn nobody_else_can_read_anything_of_a_run() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("state/piton");
    let (dir, mut journal, _) = begin(&root);
    journal.append(at(1), "piton", vec![note("one")]).unwrap();
    drop(journal);
    let _place_lock = Store::open(&root).lock_place("prod", "vault", &holder()).unwrap();
    let mut bytes = std::fs::read(dir.journal_path()).unwrap();
    bytes.truncate(bytes.len() - 3);
    std::fs::write(dir.journal_path(), bytes).unwrap();
    reopen(&dir).unwrap();
    let mut seen = 0;
    let mut folders = vec![place.path().join("state")];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            seen += 1;
            match path.is_dir() {
                true => folders.push(path),
                false => assert_eq!(mode(&path), 0o600, "{}", path.display()),
            }
        }
    }
    assert_eq!(seen, 9, "piton, runs, locks, place lock, run, journal, lock, output, torn tail");
}

#[test]
fn a_link_planted_anywhere_is_refused_and_its_target_untouched() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    std::fs::write(&target, "theirs").unwrap();
    let fresh = |name: &str| {
        let dir = RunDir::new(place.path().join(name));
        std::fs::create_dir(dir.path()).unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        dir
    };
    for name in ["journal.jsonl", "lock", "output"] {
        let dir = fresh(name);
        symlink(&target, dir.path().join(name)).unwrap();
        let refused = Journal::create(&dir, &holder(), at(0), "x", head("x")).unwrap_err();
        assert!(matches!(refused, JournalError::File(_)) && refused.to_string().contains(name), "{refused}");
    }
    let dir = journal_of(place.path(), 2);
    std::fs::rename(dir.journal_path(), place.path().join("moved")).unwrap();
    symlink(place.path().join("moved"), dir.journal_path()).unwrap();
    let said = reopen(&dir).unwrap_err().to_string();
    assert!(said.contains("symbolic link") && said.contains("remove it"), "{said}");

    let other = journal_of(place.path(), 2);
    let alias = RunDir::new(place.path().join("alias"));
    symlink(other.path(), alias.path()).unwrap();
    assert!(reopen(&alias).unwrap_err().to_string().contains("symbolic link"));
    symlink(place.path(), place.path().join("practice")).unwrap();
    let refused = Store::open(place.path()).begin(Mode::Practice, at(0), "vault").unwrap_err();
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
}

#[test]
fn a_state_directory_that_cannot_be_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "").unwrap();
    for root in [file.clone(), file.join("below"), "/proc/self/piton".into(), "/proc/nowhere".into()] {
        let refused = Store::open(&root).begin(Mode::Live, at(0), "vault").unwrap_err();
        assert!(matches!(refused, JournalError::File(_)), "{refused}");
        assert!(refused.to_string().contains(if root.starts_with(&file) { "/file" } else { "/proc/" }), "{refused}");
    }
    let shared = place.path().join("shared/runs");
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Store::open(shared.parent().unwrap()).begin(Mode::Live, at(0), "vault").unwrap_err();
    assert!(refused.to_string().contains("go-w"), "{refused}");
}

#[test]
fn names_can_be_typed_sorted_and_shortened() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path());
    assert_eq!(store.list().unwrap(), []);
    let mut ids = Vec::new();
    for (day, runbook) in
        [(0, "vault-ha-upgrade"), (0, "vault-ha-upgrade"), (86_400_000, "-upgrade"), (86_400_000, "vault")]
    {
        let dir = store.begin(Mode::Live, at(day), runbook).unwrap();
        Journal::create(&dir, &holder(), at(day), "x", head(&dir.id())).unwrap();
        ids.push(dir.id());
    }
    assert!(ids[0].starts_with("2026-11-21-vault-ha-") && ids[0].len() == "2026-11-21-vault-ha-7qf3".len(), "{ids:?}");
    assert!(ids[2].starts_with("2026-11-22--upgrade-"), "{ids:?}");
    assert!(ids[3].starts_with("2026-11-22-vault-"), "{ids:?}");
    assert!(ids[0][20..].chars().all(|c| "23456789abcdefghjkmnpqrstvwxyz".contains(c)), "{ids:?}");
    assert_ne!(ids[0], ids[1]);

    assert_eq!(store.find("2026-11-22-v").unwrap().id(), ids[3]);
    for id in &ids {
        assert_eq!(&store.find(id).unwrap().id(), id);
    }
    let Err(JournalError::Ambiguous { candidates, .. }) = store.find("2026-11-21") else { panic!("not ambiguous") };
    let mut expected = ids[..2].to_vec();
    expected.sort();
    assert_eq!(candidates, expected);
    for none in ["2027", "../runs", &format!("{}x", ids[0])] {
        assert!(matches!(store.find(none), Err(JournalError::NoSuchRun { .. })), "{none}");
    }
    // An exact name wins over longer ones that begin with it.
    std::fs::create_dir(place.path().join("runs").join(format!("{}-more", ids[3]))).unwrap();
    assert_eq!(store.find(&ids[3]).unwrap().id(), ids[3]);
}

#[test]
fn the_list_tells_where_each_run_stands() {
    let place = tempfile::tempdir().unwrap();
    let step = || "standbys[vault-2]/stop".parse().unwrap();
    let reason = || "because".to_owned();
    let (closed, mut journal, _) = begin(place.path());
    let skipped = || Event::StepSkipped { step: step(), reason: reason(), board: Board::default() };
    let overridden = Event::StepOverridden { step: step(), reason: reason(), board: Board::default() };
    let cut = Event::WaitCut { step: step(), reason: reason(), left_ms: 1 };
    let acknowledged = Event::GuardAcknowledged { condition: "guard/one-away".parse().unwrap(), reason: reason() };
    journal.append(at(7), "x", vec![skipped(), skipped(), overridden, cut, acknowledged, left()]).unwrap();
    let outcome = Outcome::CompletedWithDeviations;
    journal
        .append(at(8), "x", vec![Event::RunClosed { outcome, reason: reason(), counts: Counts::default() }])
        .unwrap();
    let closed_head = journal.head().to_owned();
    drop(journal);

    let torn = journal_of(place.path(), 3);
    let bytes = std::fs::read(torn.journal_path()).unwrap();
    std::fs::write(torn.journal_path(), &bytes[..bytes.len() - 1]).unwrap();
    let damaged = journal_of(place.path(), 4);
    let text = std::fs::read_to_string(damaged.journal_path()).unwrap();
    std::fs::write(damaged.journal_path(), text.replace("number 2", "number 9")).unwrap();
    let open = journal_of(place.path(), 2);
    let never = Store::open(place.path()).begin(Mode::Live, at(0), "vault").unwrap();
    let odd = Store::open(place.path()).begin(Mode::Practice, at(0), "vault").unwrap();
    std::fs::create_dir(odd.journal_path()).unwrap();
    std::fs::write(place.path().join("runs/a file"), "").unwrap();

    let listed = Store::open(place.path()).list().unwrap();
    assert_eq!(listed.len(), 6);
    let of = |dir: &RunDir| listed.iter().find(|summary| &summary.dir == dir).unwrap();
    let summary = of(&closed);
    assert_eq!(summary.standing, Standing::Closed(outcome));
    let told = Deviations { skips: 2, overrides: 1, cuts: 1, acknowledgements: 1, ..Deviations::default() };
    assert_eq!(summary.deviations, told);
    assert_eq!((summary.deviations.total(), summary.records, &summary.head), (5, 8, &closed_head));
    assert_eq!(summary.last_at, Some(at(8)));
    let opening = summary.opening.as_ref().unwrap();
    assert_eq!((opening.at, opening.runbook.as_str(), opening.operator.as_str()), (at(0), "vault-ha-upgrade", "maria"));
    assert_eq!((of(&torn).standing.clone(), of(&torn).records), (Standing::Torn, 2));
    assert!(matches!(of(&damaged).standing, Standing::Damaged { line: 3, .. }), "{:?}", of(&damaged).standing);
    assert!(of(&damaged).opening.is_some());
    assert_eq!(of(&open).standing, Standing::Open);
    assert_eq!(of(&never).standing, Standing::NeverOpened);
    assert!(matches!(of(&odd).standing, Standing::Unreadable(_)));
}
