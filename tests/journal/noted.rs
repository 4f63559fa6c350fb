//! What the chain alone cannot show, a noted head or a signed text does: each change of a journal is found, wherever.

use std::path::{Path, PathBuf};

use piton::journal::{Held, Integrity, Noted, RunDir, compare, sha256_hex, verify};

use crate::support::runs::{journal_of, note, reopen};

const LINES: usize = 9;

/// The lines of a closed journal, each with its newline.
fn lines_of(dir: &RunDir) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(dir.journal_path()).expect("the test's journal");
    bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// What is noted of the whole journal: its length and head, or the head alone.
fn noted(lines: &[Vec<u8>]) -> [Noted; 2] {
    let last = lines.last().expect("there are lines");
    let head = sha256_hex(&last[..last.len() - 1]);
    [Noted { records: Some(lines.len() as u64), head: head.clone() }, Noted { records: None, head }]
}

struct Stage {
    _place: tempfile::TempDir,
    path: PathBuf,
    whole: Vec<Vec<u8>>,
}

impl Stage {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder of the test");
        let dir = journal_of(place.path(), LINES);
        Self { whole: lines_of(&dir), path: dir.journal_path(), _place: place }
    }

    /// Whether the change is found by the chain, and whether by each of what was noted.
    fn found(&self, lines: &[Vec<u8>]) -> (bool, [bool; 2]) {
        std::fs::write(&self.path, lines.concat()).expect("the test's folder can be written to");
        let (found, held) = compare(&self.path, noted(&self.whole).to_vec(), |_| {}).expect("it can be read");
        let by_noted = [0, 1].map(|one| !matches!(held[one], Held::Upto(record) if record == found.records));
        (found.integrity != Integrity::Whole, by_noted)
    }

    #[track_caller]
    fn assert_found(&self, lines: &[Vec<u8>], what: &str) {
        let (by_chain, by_noted) = self.found(lines);
        for (one, by_noted) in by_noted.into_iter().enumerate() {
            assert!(by_chain || by_noted, "{what} is not found by {one}");
        }
    }
}

/// The same journal, made anew from that line on so that its chain is whole again.
fn rechained(lines: &[Vec<u8>], from: usize) -> Vec<Vec<u8>> {
    let mut anew: Vec<Vec<u8>> = lines[..from].to_vec();
    for line in &lines[from..] {
        let prev = anew.last().map_or_else(|| "0".repeat(64), |last| sha256_hex(&last[..last.len() - 1]));
        let mut record: serde_json::Value = serde_json::from_slice(line).expect("a record");
        record["prev"] = prev.into();
        record["seq"] = (anew.len() + 1).into();
        let mut line = serde_json::to_vec(&record).expect("a record");
        line.push(b'\n');
        anew.push(line);
    }
    anew
}

#[test]
fn what_was_noted_holds_for_the_journal_as_it_is_and_as_it_went_on() {
    let stage = Stage::new();
    assert_eq!(stage.found(&stage.whole), (false, [false, false]));
    for upto in 1..=LINES {
        let noted = noted(&stage.whole[..upto]).to_vec();
        let (_, held) = compare(&stage.path, noted, |_| {}).expect("it can be read");
        assert_eq!(held, [Held::Upto(upto as u64), Held::Upto(upto as u64)]);
    }
}

#[test]
fn every_flipped_bit_of_every_line_is_found() {
    let stage = Stage::new();
    for line in 0..LINES {
        // Each bit of the first, the middle and the last line, and some of the others.
        let step = if [0, LINES / 2, LINES - 1].contains(&line) { 1 } else { 7 };
        for bit in (0..stage.whole[line].len() * 8).step_by(step) {
            let mut changed = stage.whole.clone();
            changed[line][bit / 8] ^= 1 << (bit % 8);
            stage.assert_found(&changed, &format!("bit {bit} of line {}", line + 1));
        }
    }
}

#[test]
fn lines_that_are_lost_repeated_or_moved_are_found_also_at_the_end() {
    let stage = Stage::new();
    for line in 0..LINES {
        let mut fewer = stage.whole.clone();
        fewer.remove(line);
        stage.assert_found(&fewer, &format!("the loss of line {}", line + 1));
        stage.assert_found(&stage.whole[..line], &format!("an end before line {}", line + 1));
        for other in 0..LINES {
            let mut more = stage.whole.clone();
            more.insert(other, stage.whole[line].clone());
            stage.assert_found(&more, &format!("line {} again before {}", line + 1, other + 1));
            let mut swapped = stage.whole.clone();
            swapped.swap(line, other);
            if line != other {
                stage.assert_found(&swapped, &format!("lines {} and {} exchanged", line + 1, other + 1));
            }
        }
    }
}

#[test]
fn a_journal_made_anew_from_any_line_is_whole_by_its_chain_and_found_by_what_was_noted() {
    let stage = Stage::new();
    assert_eq!(rechained(&stage.whole, 0), stage.whole, "made anew without a change it is the same");
    for line in 1..LINES {
        let mut changed = stage.whole.clone();
        let text = String::from_utf8(changed[line].clone()).expect("a record");
        changed[line] = text.replace("remark", "remork").into_bytes();
        assert_ne!(changed[line], stage.whole[line]);
        let anew = rechained(&changed, line);
        // The limit that the manual tells of: without anything noted it cannot be seen.
        assert_eq!(stage.found(&anew), (false, [true, true]), "line {}", line + 1);
        // A line left out, and all after it made anew.
        let mut fewer = stage.whole.clone();
        fewer.remove(line);
        assert_eq!(stage.found(&rechained(&fewer, line)), (false, [true, true]), "without line {}", line + 1);
    }
}

#[test]
fn what_was_noted_of_another_run_does_not_hold() {
    let (stage, other) = (Stage::new(), Stage::new());
    let held = |path: &Path, of: &Stage| compare(path, noted(&of.whole).to_vec(), |_| {}).expect("it can be read").1;
    assert_eq!(held(&stage.path, &other), [Held::Differs { record: LINES as u64 }, Held::Missing { records: None }]);
    // Nor does what every journal begins with.
    let nothing = vec![Noted { records: None, head: "0".repeat(64) }];
    assert_eq!(compare(&stage.path, nothing, |_| {}).expect("it can be read").1, [Held::Missing { records: None }]);
}

#[test]
fn a_journal_that_went_on_still_holds_what_was_noted_before() {
    let place = tempfile::tempdir().expect("a folder of the test");
    let dir = journal_of(place.path(), LINES);
    let before = noted(&lines_of(&dir)).to_vec();
    let mut opened = reopen(&dir).expect("it is whole");
    let later = crate::support::runs::at(10_000);
    opened.journal.append(later, "maria@bastion", vec![note("one more")]).expect("it can be written to");
    let (found, held) = compare(&dir.journal_path(), before, |_| {}).expect("it can be read");
    assert!(found.records > LINES as u64);
    assert_eq!(held, [Held::Upto(LINES as u64), Held::Upto(LINES as u64)]);
    assert_eq!(verify(&dir.journal_path()).expect("it can be read").integrity, Integrity::Whole);
}
