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

/// A journal of so many remarks, as piton writes them: its lines.
fn long(remarks: usize) -> Vec<Vec<u8>> {
    let whole = golden();
    let first = whole.split_inclusive(|byte| *byte == b'\n').next().unwrap().to_vec();
    let mut record: Record = serde_json::from_slice(&first).unwrap();
    let mut lines = vec![first];
    for _ in 0..remarks {
        record.seq += 1;
        record.prev = sha256_hex(lines.last().unwrap().trim_ascii_end());
        record.event =
            crate::engine::Event::NoteAdded { step: None, text: "looked at it again, and it is well".into() };
        let mut line = serde_json::to_vec(&record).unwrap();
        line.push(b'\n');
        lines.push(line);
    }
    lines
}

/// Of a long journal only what is new is read, and the line before it: until it has doubled.
#[test]
fn a_long_journal_is_read_on_from_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let lines = long(16_000);
    let upto = |count: usize| lines[..count].concat();
    assert!(upto(6_000).len() as u64 > SHORT);
    put(&path, &upto(6_000), 1_000);
    let mut follower = following(&path);
    let mut found = 6_000_u64;
    for (count, moment) in [(6_001, 2_000), (7_000, 3_000), (11_990, 4_000)] {
        put(&path, &upto(count), moment);
        let more = follower.more().unwrap();
        assert!(more.damage.is_none(), "{:?}", more.damage);
        assert_eq!(
            more.records.iter().map(|record| record.seq).collect::<Vec<_>>(),
            (found + 1..=count as u64).collect::<Vec<_>>()
        );
        found = count as u64;
        assert_eq!(follower.compared, upto(6_000).len() as u64, "not all of it was read again");
    }
    // The line before what is new is looked at: it is not the one that was read.
    for (what, at, with) in [("changed", upto(11_989).len() + 200, b'x'), ("cut", upto(11_990).len() - 1, b' ')] {
        let mut changed = upto(12_010);
        changed[at] = with;
        put(&path, &upto(11_990), 5_000);
        let mut follower = following(&path);
        put(&path, &changed, 6_000);
        let more = follower.more().unwrap();
        assert!(more.records.is_empty() && matches!(more.damage, Some(Integrity::Damaged { .. })), "{what}: {more:?}");
    }
    // What lies far before is looked at when the journal has doubled, and when it was written to without growing.
    let mut changed = upto(16_000);
    changed[upto(10).len() + 200] ^= 1;
    for (count, upto_now) in [(6_000, 12_500), (6_000, 6_000)] {
        put(&path, &upto(count), 7_000);
        let mut follower = following(&path);
        if upto_now > count {
            put(&path, &upto(upto_now), 8_000);
            assert_eq!(follower.more().unwrap().records.len(), upto_now - count);
        }
        let now = if upto_now > count { changed.clone() } else { changed[..upto(count).len()].to_vec() };
        put(&path, &now, 9_000);
        assert!(matches!(follower.more().unwrap().damage, Some(Integrity::Damaged { line: 11 | 12, .. })));
    }
}

/// Another file in the place of the one that was read is no growth of it, however alike it ends.
#[test]
fn a_long_journal_that_is_replaced_or_cut_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("journal.jsonl"), folder.path().join("other"));
    let lines = long(7_000);
    let (before, mut after) = (lines[..6_000].concat(), lines.concat());
    after[lines[..10].concat().len() + 200] ^= 1;
    put(&path, &before, 1_000);
    let mut follower = following(&path);
    put(&other, &after, 2_000);
    std::fs::rename(&other, &path).unwrap();
    let more = follower.more().unwrap();
    assert!(
        more.records.is_empty() && matches!(more.damage, Some(Integrity::Damaged { line: 11 | 12, .. })),
        "{more:?}"
    );
    put(&path, &before, 3_000);
    let mut follower = following(&path);
    put(&path, &lines[..5_000].concat(), 4_000);
    assert!(matches!(follower.more().unwrap().damage, Some(Integrity::Damaged { line: 6_001, .. })));
}

/// At its end all of it is looked at once more: then nothing comes that would have it done.
#[test]
fn a_long_journal_that_is_closed_is_compared_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let mut lines = long(6_000);
    let mut last: Record = serde_json::from_slice(lines.last().unwrap()).unwrap();
    last.prev = sha256_hex(lines.last().unwrap().trim_ascii_end());
    let end = golden().split_inclusive(|byte| *byte == b'\n').next_back().unwrap().to_vec();
    let end: Record = serde_json::from_slice(&end).unwrap();
    let end = Record { seq: last.seq + 1, at: last.at, prev: last.prev, ..end };
    lines.push([serde_json::to_vec(&end).unwrap(), b"\n".to_vec()].concat());
    for is_changed in [false, true] {
        put(&path, &lines[..6_001].concat(), 1_000);
        let mut follower = following(&path);
        let mut whole = lines.concat();
        whole[lines[..10].concat().len() + 200] ^= u8::from(is_changed);
        put(&path, &whole, 2_000);
        let more = follower.more().unwrap();
        assert_eq!((more.records.len(), more.damage.is_some(), follower.is_over()), (1, is_changed, true));
    }
}

/// Of a record and the next one that does not vouch for it nobody can tell which was changed: that is known when the next
/// one is read.
#[test]
fn the_last_record_before_one_that_does_not_follow_from_it_is_doubtful_as_soon_as_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let lines = long(9);
    for (known, changed) in [(3, 6), (3, 4), (5, 4)] {
        put(&path, &lines[..known].concat(), 1_000);
        let mut follower = following(&path);
        let mut lines = lines.clone();
        // Another word in record `changed`: the one behind it holds the hash of what stood there.
        let text = String::from_utf8(lines[changed - 1].clone()).unwrap().replace("looked", "LOOKED");
        lines[changed - 1] = text.into_bytes();
        put(&path, &lines.concat(), 2_000);
        let more = follower.more().unwrap();
        assert!(matches!(more.damage, Some(Integrity::Damaged { .. })), "{known} {changed}: {more:?}");
        let is_told = more.doubtful == Some(changed as u64);
        assert!(is_told, "{known} {changed}: {:?} {:?}", more.doubtful, more.damage);
    }
}
