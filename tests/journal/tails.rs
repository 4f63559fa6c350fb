//! Every state in which a power cut can leave the last write: the run opens, nothing acknowledged is lost, the cut
//! bytes are kept, and the journal goes on whole.

use std::path::{Path, PathBuf};

use piton::engine::Event;
use piton::journal::{Integrity, JournalError, RunDir, read_records, sha256_hex, verify};

use crate::support::runs::{at, begin, note, reopen};

const SECTOR: usize = 512;

/// A folder whose syncs cost nothing where there is one: thousands of states are tried, and none is about the disk.
fn fast_place() -> tempfile::TempDir {
    let shared_memory = Path::new("/dev/shm");
    match shared_memory.is_dir() {
        true => tempfile::tempdir_in(shared_memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// A journal whose last record can be spoiled.
struct Subject {
    _place: tempfile::TempDir,
    dir: RunDir,
    bytes: Vec<u8>,
    /// Where the last line begins.
    last: usize,
    /// How many records stand before it.
    before: u64,
}

impl Subject {
    /// The last record holds a remark of `length` bytes and begins wherever `shift` puts it.
    fn new(length: usize, shift: usize) -> Self {
        let place = fast_place();
        let (dir, mut journal, _) = begin(place.path());
        journal.append(at(1), "maria@bastion", vec![note(&"s".repeat(shift))]).unwrap();
        let last = std::fs::metadata(dir.journal_path()).unwrap().len() as usize;
        journal.append(at(2), "maria@bastion", vec![note(&"long ".repeat(length / 5))]).unwrap();
        let bytes = std::fs::read(dir.journal_path()).unwrap();
        Self { _place: place, dir, bytes, last, before: 2 }
    }

    /// Puts the journal into that state and goes through everything that must hold afterwards.
    fn survives(&self, state: &[u8], what: &str) {
        std::fs::write(self.dir.journal_path(), state).unwrap();
        let whole = state == self.bytes;
        let tail = &state[self.last..];
        let integrity = verify(&self.dir.journal_path()).unwrap().integrity;
        let is_torn = matches!(integrity, Integrity::TornTail { line, bytes } if line == self.before + 1 && bytes == tail.len() as u64);
        assert!(is_torn || integrity == Integrity::Whole && (whole || tail.is_empty()), "{what}: {integrity:?}");

        let opened = reopen(&self.dir).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(opened.records.len() as u64, self.before + u64::from(whole), "{what}");
        let mut journal = opened.journal;
        let told: Vec<Event> = opened.set_aside.iter().cloned().map(Event::from).collect();
        assert_eq!(told.len(), usize::from(is_torn), "{what}");
        journal.append(at(3), "piton", told).unwrap();
        journal.append(at(3), "maria@bastion", vec![note("one")]).unwrap();
        journal.append(at(3), "maria@bastion", vec![note("two")]).unwrap();
        drop(journal);
        let (records, verification) = read_records(&self.dir.journal_path()).unwrap();
        assert_eq!(verification.integrity, Integrity::Whole, "{what}");
        let expected = self.before + 2 + u64::from(whole) + u64::from(is_torn);
        assert_eq!(records.len() as u64, expected, "{what}");
        assert_eq!(reopen(&self.dir).unwrap().set_aside, [], "{what}: told twice");
        for set_aside in opened.set_aside {
            let kept = self.dir.path().join(&set_aside.file);
            assert!(set_aside.file.starts_with("journal.torn-3-"), "{}", set_aside.file);
            assert_eq!(std::fs::read(&kept).unwrap(), tail, "{what}");
            assert_eq!((set_aside.bytes, set_aside.sha256), (tail.len() as u64, sha256_hex(tail)), "{what}");
            std::fs::remove_file(kept).unwrap();
        }
    }

    fn cut_and_filled(&self, cut: usize, fill: &[u8]) -> Vec<u8> {
        [&self.bytes[..cut], fill].concat()
    }
}

#[test]
fn the_last_record_cut_at_every_byte() {
    let subject = Subject::new(60, 0);
    for cut in subject.last..=subject.bytes.len() {
        subject.survives(&subject.bytes[..cut], &format!("cut at {cut}"));
    }
}

#[test]
fn the_last_record_filled_with_zeros_from_every_byte() {
    let subject = Subject::new(60, 0);
    for cut in subject.last..subject.bytes.len() {
        let rest = subject.bytes.len() - cut;
        subject.survives(&subject.cut_and_filled(cut, &vec![0; rest]), &format!("zeros from {cut}"));
        let to_block = 4096 - cut % 4096;
        subject.survives(
            &subject.cut_and_filled(cut, &vec![0; to_block]),
            &format!("zeros from {cut} to the block's end"),
        );
    }
}

#[test]
fn the_last_record_filled_with_old_content_from_every_byte() {
    let subject = Subject::new(60, 0);
    for cut in subject.last..subject.bytes.len() {
        let rest = subject.bytes.len() - cut;
        // A piece of an older line; then whole older lines of this journal and a piece.
        subject.survives(&subject.cut_and_filled(cut, &subject.bytes[..rest]), &format!("old line from {cut}"));
        let older = &subject.bytes[..subject.last + 40];
        if cut == subject.last {
            // Exactly a repeated line: that is what a person does, not a disk.
            std::fs::write(subject.dir.journal_path(), subject.cut_and_filled(cut, older)).unwrap();
            assert!(matches!(reopen(&subject.dir), Err(JournalError::Damaged { line: 3, .. })));
            continue;
        }
        subject.survives(&subject.cut_and_filled(cut, older), &format!("old lines from {cut}"));
    }
}

#[test]
fn the_last_record_filled_with_random_bytes_from_every_byte() {
    let subject = Subject::new(60, 0);
    let mut random = 0x2545_f491_u32;
    for cut in subject.last..subject.bytes.len() {
        let fill: Vec<u8> = (0..SECTOR)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                random.to_le_bytes()[1]
            })
            .collect();
        subject.survives(&subject.cut_and_filled(cut, &fill), &format!("random from {cut}"));
        // Only sectors in between: the end of the write, its newline included, is there.
        subject.survives(
            &subject.cut_and_filled(cut, &[&fill[..], b"\n"].concat()),
            &format!("random, newline from {cut}"),
        );
    }
}

#[test]
fn holes_of_whole_sectors_in_the_last_record_wherever_it_begins() {
    for shift in (0..SECTOR).step_by(31) {
        let subject = Subject::new(1500, shift);
        let first = subject.last / SECTOR;
        let sectors = subject.bytes.len().div_ceil(SECTOR) - first;
        for missing in 1..1_u32 << sectors {
            let mut state = subject.bytes.clone();
            for sector in (0..sectors).filter(|sector| missing & 1 << sector != 0) {
                let start = ((first + sector) * SECTOR).max(subject.last);
                let end = ((first + sector + 1) * SECTOR).min(state.len());
                state[start..end].fill(0);
            }
            subject.survives(&state, &format!("sectors {missing:b} missing, shift {shift}"));
        }
    }
}

#[test]
fn of_a_decision_that_was_cut_the_whole_records_stay() {
    let place = fast_place();
    let (dir, mut journal, _) = begin(place.path());
    let start = std::fs::metadata(dir.journal_path()).unwrap().len() as usize;
    journal.append(at(1), "piton", vec![note("one"), note("two"), note("three")]).unwrap();
    drop(journal);
    let bytes = std::fs::read(dir.journal_path()).unwrap();
    for cut in start..=bytes.len() {
        std::fs::write(dir.journal_path(), &bytes[..cut]).unwrap();
        let whole = bytes[start..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(reopen(&dir).unwrap().records.len(), 1 + whole);
        let kept: Vec<PathBuf> = torn_files(&dir);
        assert_eq!(kept.len(), usize::from(bytes[cut - 1] != b'\n'));
        for file in kept {
            std::fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn a_tail_whose_record_was_never_written_is_told_at_the_next_opening() {
    let subject = Subject::new(60, 0);
    std::fs::write(subject.dir.journal_path(), &subject.bytes[..subject.last + 9]).unwrap();
    let first = reopen(&subject.dir).unwrap().set_aside;
    assert_eq!(first.len(), 1);
    // Nothing was recorded in between, as after a crash.
    assert_eq!(reopen(&subject.dir).unwrap().set_aside, first);
}

fn torn_files(dir: &RunDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().contains("torn")).collect()
}
