//! Every change before the last line is found, at its line or, when the line itself still reads, at the next.

use piton::journal::{Integrity, JournalError, Verification, examine, verify};
use proptest::prelude::*;

use crate::support::runs::{at, journal_of, note, reopen};

const LINES: usize = 7;

fn lines() -> Vec<Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(journal_of(place.path(), LINES).journal_path()).unwrap();
    bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn verified(lines: &[Vec<u8>]) -> Verification {
    examine(lines.concat().as_slice(), |_, _| {}).unwrap()
}

fn damaged_line(lines: &[Vec<u8>]) -> Option<u64> {
    match verified(lines).integrity {
        Integrity::Damaged { line, .. } => Some(line),
        _ => None,
    }
}

#[test]
fn every_flipped_bit_before_the_last_line_is_found_at_its_line_or_the_next() {
    let whole = lines();
    for line in 0..LINES - 1 {
        for bit in 0..whole[line].len() * 8 {
            let mut changed = whole.clone();
            changed[line][bit / 8] ^= 1 << (bit % 8);
            let number = line as u64 + 1;
            match verified(&changed).integrity {
                Integrity::Damaged { line: told, .. } => {
                    assert!(told == number || told == number + 1, "bit {bit} of line {number} is told at {told}");
                }
                // The digit of the format itself.
                Integrity::NewerFormat { .. } if line == 0 => {}
                other => panic!("bit {bit} of line {number}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_the_last_line_changes_the_head_or_is_found() {
    let whole = lines();
    let head = verified(&whole).head;
    let last = LINES - 1;
    let mut unseen = 0;
    for bit in 0..whole[last].len() * 8 {
        let mut changed = whole.clone();
        changed[last][bit / 8] ^= 1 << (bit % 8);
        let found = verified(&changed);
        assert_ne!(found.head, head);
        // The last bit of all is the newline: without it the line counts as torn.
        match found.integrity {
            Integrity::Whole => unseen += 1,
            Integrity::Damaged { line, .. } => assert_eq!(line, LINES as u64),
            other => assert!(matches!(other, Integrity::TornTail { .. }) && bit / 8 == whole[last].len() - 1),
        }
    }
    // The limit that is documented: only the noted head tells these.
    assert!(unseen > 0);
}

#[test]
fn every_deletion_repetition_and_exchange_of_lines_is_found_at_the_first_that_is_wrong() {
    let whole = lines();
    for line in 0..LINES {
        let mut fewer = whole.clone();
        fewer.remove(line);
        let expected = (line < LINES - 1).then_some(line as u64 + 1);
        assert_eq!(damaged_line(&fewer), expected, "line {} deleted", line + 1);

        for copy in 0..LINES {
            let mut more = whole.clone();
            more.insert(copy + 1, whole[line].clone());
            // Put right before itself, it is the original that comes second.
            let wrong = if line == copy + 1 { copy + 3 } else { copy + 2 };
            assert_eq!(damaged_line(&more), Some(wrong as u64), "line {} again after {}", line + 1, copy + 1);
            if line < copy {
                let mut swapped = whole.clone();
                swapped.swap(line, copy);
                assert_eq!(damaged_line(&swapped), Some(line as u64 + 1));
            }
        }
    }
}

#[test]
fn damage_with_a_good_record_after_it_is_never_taken_for_a_torn_tail() {
    let whole = lines();
    for line in 0..LINES - 1 {
        for (what, garbage) in [
            ("zeros", vec![0; 600]),
            ("zeros, newline", [vec![0; 600], vec![b'\n']].concat()),
            ("text", b"not a record\n".to_vec()),
        ] {
            let mut changed = whole.clone();
            changed[line] = garbage;
            if what == "zeros" {
                // The next line now begins with zeros, so one more is lost; a good one must still follow.
                if line == LINES - 2 {
                    continue;
                }
            }
            assert_eq!(damaged_line(&changed), Some(line as u64 + 1), "{what} in line {}", line + 1);
        }
    }
}

#[test]
fn a_damaged_journal_is_refused_as_it_is_and_the_message_says_where_and_how_far_it_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), LINES);
    let path = dir.journal_path();
    let mut bytes = std::fs::read(&path).unwrap();
    let good = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(LINES - 2).unwrap().0 + 1;
    // A whole last line that no longer reads: it may have been acknowledged.
    bytes[good] = b'[';
    std::fs::write(&path, &bytes).unwrap();
    let refused = reopen(&dir).unwrap_err();
    let said = refused.to_string();
    assert!(matches!(refused, JournalError::Damaged { line: 7, .. }), "{said}");
    for part in [path.to_str().unwrap(), "line 7", "not a record", &format!("first {good} bytes")] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "journal, lock and output");
}

#[test]
fn a_chain_that_is_whole_but_makes_no_sense_is_damage() {
    let sha = |line: &str| piton::journal::sha256_hex(line.as_bytes());
    let head = String::from_utf8(lines()[0].clone()).unwrap();
    let head = head.trim_end();
    let second =
        |at: &str, event: &str| format!(r#"{{"seq":2,"at":"{at}","prev":"{}","by":"x","event":{event}}}"#, sha(head));
    let note = r#"{"note_added":{"step":null,"text":"x"}}"#;
    let closed = concat!(
        r#"{"run_closed":{"outcome":"abandoned","reason":"","counts":{"pending":0,"current":0,"done":0,"failed":0,"#,
        r#""skipped":0,"not_applicable":0,"overridden":0}}}"#
    );
    let late = "2026-11-21T03:00:00.000Z";
    let end = second(late, closed);
    let after = format!(r#"{{"seq":3,"at":"{late}","prev":"{}","by":"x","event":{note}}}"#, sha(&end));
    let again = head.split_once(r#""event":"#).unwrap().1.strip_suffix('}').unwrap();
    let other_text = head.replace("format = 1", "format = 2");
    let orphan = second(late, note).replace(r#""seq":2"#, r#""seq":1"#).replace(&sha(head), &"0".repeat(64));
    for (text, line, word) in [
        (format!("{orphan}\n"), 1, "run_opened"),
        (format!("{}\n", head.replace(r#""format":1"#, r#""format":0"#)), 1, "format 0"),
        (format!("{other_text}\n"), 1, "sha256"),
        (format!("{head}\n{}\n", second(late, again)), 2, "after the first"),
        (format!("{head}\n{}\n", second("2025-01-01T00:00:00.000Z", note)), 2, "time"),
        (format!("{head}\n{end}\n{after}\n"), 3, "after the end"),
        (format!("{head}\n{end}\n{{\"seq\":3"), 3, "after the end"),
        (format!("{head}\n{}\n", second(late, r#"{"no_such_event":{}}"#)), 2, "no_such_event"),
    ] {
        match examine(text.as_bytes(), |_, _| {}).unwrap().integrity {
            Integrity::Damaged { line: told, what } => assert!(told == line && what.contains(word), "{told} {what}"),
            other => panic!("{other:?} in {text}"),
        }
    }
}

#[test]
fn a_newer_format_is_named_whatever_else_it_holds() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 3);
    std::fs::write(
        dir.journal_path(),
        "{\"v\":1,\"event\":{\"run_opened\":{\"format\":7,\"novel\":true}}}\n{\"x\":1}\n",
    )
    .unwrap();
    assert_eq!(verify(&dir.journal_path()).unwrap().integrity, Integrity::NewerFormat { found: 7 });
    let said = reopen(&dir).unwrap_err().to_string();
    assert!(said.contains("format 7") && said.contains("up to 1") && said.contains("newer piton"), "{said}");
}

#[test]
fn a_journal_without_one_whole_record_never_was_a_run() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 2);
    for content in [&b""[..], b"{\"seq\":1,\"at\"", &[0; 4096]] {
        std::fs::write(dir.journal_path(), content).unwrap();
        assert_eq!(verify(&dir.journal_path()).unwrap().integrity, Integrity::NeverOpened);
        assert!(matches!(reopen(&dir), Err(JournalError::NeverOpened { .. })));
        assert_eq!(std::fs::read(dir.journal_path()).unwrap(), content);
    }
}

#[test]
fn a_run_that_was_not_there_when_it_was_opened_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let dir = piton::journal::RunDir::new(place.path().join("2026-01-01-none-2222"));
    assert!(reopen(&dir).unwrap_err().to_string().contains("2026-01-01-none-2222"));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert!(journal_of(place.path(), 2).path().is_dir());
    let dir = journal_of(place.path(), 2);
    reopen(&dir).unwrap().journal.append(at(2), "piton", vec![note("on")]).unwrap();
}

#[test]
fn a_line_longer_than_any_record_is_told_apart_without_keeping_it() {
    let whole = lines();
    let long = |end: &[u8]| [&whole[..2].concat(), &vec![b'x'; piton::journal::MAX_LINE_BYTES + 5][..], end].concat();
    let integrity = |bytes: &[u8]| examine(bytes, |_, _| {}).unwrap().integrity;
    let torn = Integrity::TornTail { line: 3, bytes: piton::journal::MAX_LINE_BYTES as u64 + 5 };
    assert_eq!(integrity(&long(b"")), torn);
    for end in [&b"\n"[..], &[b"\n", &whole[3][..]].concat()] {
        assert!(matches!(integrity(&long(end)), Integrity::Damaged { line: 3, .. }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// With the head that was noted at the end, no edit at all goes unseen.
    #[test]
    fn no_edit_anywhere_goes_unseen_by_who_noted_the_head(
        from in any::<prop::sample::Index>(),
        length in 0_usize..400,
        with in prop_oneof![prop::collection::vec(any::<u8>(), 0..40), Just(b"\n".to_vec()), "[0-9a-f\",:{}]{0,12}".prop_map(String::into_bytes)],
    ) {
        static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| lines().concat());
        let noted = examine(WHOLE.as_slice(), |_, _| {}).unwrap();
        let from = from.index(WHOLE.len() + 1);
        let to = (from + length).min(WHOLE.len());
        let changed = [&WHOLE[..from], &with, &WHOLE[to..]].concat();
        let found = examine(changed.as_slice(), |_, _| {}).unwrap();
        prop_assert_eq!(found == noted, changed == *WHOLE);
        prop_assert!(found.bytes <= changed.len() as u64);
    }
}
