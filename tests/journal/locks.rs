//! One writer, known by name, and gone when it is gone.

use std::time::Duration;

use piton::clock::monotonic;
use piton::engine::Mode;
use piton::journal::{Integrity, Journal, JournalError, Standing, Store, holder_of, verify};

use super::child::{child, started};
use crate::support::runs::{at, begin, head, holder, journal_of, reopen};

#[test]
fn a_second_writer_is_refused_at_once_and_told_who_is_first() {
    let place = tempfile::tempdir().unwrap();
    let (dir, journal, _) = begin(place.path());
    let began = monotonic();
    let refused = reopen(&dir).unwrap_err();
    let took = began.elapsed();
    let said = refused.to_string();
    let JournalError::Held { holder: Some(told), .. } = refused else { panic!("{said}") };
    assert_eq!(told, holder());
    assert!(said.contains("maria on bastion, process ") && said.contains("since 2026-11-21T02:41:10.000Z"), "{said}");
    assert!(took < Duration::from_millis(100), "{took:?}");
    drop(journal);
    assert_eq!(holder_of(&dir.lock_path()), None);
    reopen(&dir).unwrap();
}

#[test]
fn the_lock_of_a_killed_process_is_gone_and_readers_never_cared() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 3);
    let (mut other, mut lines) = started(&mut child("hold", dir.path()));
    assert!(lines.any(|line| line.unwrap() == "held"));
    let refused = reopen(&dir).unwrap_err();
    assert!(matches!(&refused, JournalError::Held { holder: Some(told), .. } if told.pid == other.id()), "{refused}");
    assert_eq!(holder_of(&dir.lock_path()).unwrap().pid, other.id());
    assert_eq!(verify(&dir.journal_path()).unwrap().integrity, Integrity::Whole);
    let listed = Store::open(place.path()).list().unwrap();
    assert_eq!((&listed[0].standing, listed[0].holder.as_ref().unwrap().pid), (&Standing::Open, other.id()));

    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(holder_of(&dir.lock_path()), None);
    reopen(&dir).unwrap();
}

#[test]
fn a_place_is_held_by_one_live_run() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path().join("piton"));
    let first = store.lock_place("prod-eu", "vault", &holder()).unwrap();
    let refused = store.lock_place("prod-eu", "vault", &holder()).unwrap_err();
    // What to do and who it is come first: on a screen the end of a long line is cut.
    let told = refused.to_string();
    assert!(
        told.starts_with("in use elsewhere, leave it there first: maria")
            && told.ends_with("locks/prod-eu--vault.lock)"),
        "{told}"
    );
    let _others = [
        ("prod-eu", "nomad"),
        ("prod", "eu-vault"),
        ("prod-eu-", "vault"),
        ("prod-eu", "-vault"),
        ("../x", "y/z"),
        ("", ""),
    ]
    .map(|(site, system)| store.lock_place(site, system, &holder()).unwrap());
    let long = "long-".repeat(100);
    let _long = store.lock_place(&long, &format!("{long}a"), &holder()).unwrap();
    let _longer = store.lock_place(&long, &format!("{long}b"), &holder()).unwrap();
    assert_eq!(std::fs::read_dir(place.path().join("piton/locks")).unwrap().count(), 9);
    drop(first);
    store.lock_place("prod-eu", "vault", &holder()).unwrap();
}

#[test]
fn a_run_cannot_be_created_twice() {
    let place = tempfile::tempdir().unwrap();
    let dir = Store::open(place.path()).begin(Mode::Practice, at(0), "vault").unwrap();
    let create = || Journal::create(&dir, &holder(), at(0), "maria@bastion", head(&dir.id()));
    let (journal, _) = create().unwrap();
    assert!(matches!(create(), Err(JournalError::Held { .. })));
    drop(journal);
    assert!(matches!(create(), Err(JournalError::File(_))));
    assert_eq!(reopen(&dir).unwrap().records.len(), 1);
}
