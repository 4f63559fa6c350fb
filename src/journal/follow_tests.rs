use std::time::{Duration, SystemTime};

use super::*;
use crate::journal::read_records;

fn golden() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals");
    std::fs::read(folder.join("format-1.jsonl")).unwrap()
}

/// Writes the file, at another moment than any before.
fn put(path: &Path, bytes: &[u8], moment: u64) {
    std::fs::write(path, bytes).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(moment);
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

fn following(path: &Path) -> Follower {
    let (records, found) = read_records(path).unwrap();
    let mut watch = SignatureWatch::default();
    records.iter().for_each(|record| drop(watch.take(record).unwrap()));
    let mut follower = Follower::after(path, &found, watch);
    let first = follower.more().unwrap();
    assert!(first.records.is_empty() && first.damage.is_none(), "{first:?}");
    follower
}

#[test]
fn a_journal_that_is_changed_behind_what_was_read_is_broken_also_where_it_does_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let whole = golden();
    let middle = whole.len() / 2;
    let cut = whole[..middle].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let open = &whole[..cut];
    let mut changed = open.to_vec();
    // A digit of the time of the second record.
    let second = changed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let at = second + changed[second..].windows(5).position(|window| window == b"\"at\":").unwrap();
    changed[at + 8] ^= 1;
    for (what, bytes) in [("a byte", changed.clone()), ("garbage", vec![b'x'; open.len()]), ("nothing", Vec::new())] {
        put(&path, open, 1_000);
        let mut follower = following(&path);
        put(&path, &bytes, 2_000);
        let more = follower.more().unwrap();
        assert!(more.records.is_empty() && matches!(more.damage, Some(Integrity::Damaged { .. })), "{what}: {more:?}");
    }
    // What is appended behind a change is not taken either.
    put(&path, open, 1_000);
    let mut follower = following(&path);
    changed.extend_from_slice(&whole[cut..]);
    put(&path, &changed, 2_000);
    let more = follower.more().unwrap();
    assert!(more.records.is_empty() && matches!(more.damage, Some(Integrity::Damaged { .. })), "{more:?}");
    // Who only touches it changes nothing, and who appends is read on.
    put(&path, open, 1_000);
    let mut follower = following(&path);
    put(&path, open, 2_000);
    assert!(follower.more().unwrap().damage.is_none());
    put(&path, &whole, 3_000);
    let more = follower.more().unwrap();
    assert!(!more.records.is_empty() && more.damage.is_none(), "{:?}", more.damage);
    // A closed journal takes nothing more.
    assert!(follower.is_over());
    put(&path, &[whole, b"{}\n".to_vec()].concat(), 4_000);
    assert!(matches!(follower.more().unwrap().damage, Some(Integrity::Damaged { .. })));
}
