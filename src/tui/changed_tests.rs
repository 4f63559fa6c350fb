//! A journal that is changed while a replay of it is on the screen.

use crate::journal::{Lines, read_along, sha256_hex};
use crate::tui::backstage::Recording;
use crate::tui::replay_tests::{Stage, recording, shown, small};
use crate::tui::screen::replay::tape::Tape;

#[test]
fn a_journal_that_is_changed_under_a_replay_is_told_by_the_line_and_by_a_search_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (book, mut records) = small();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for record in &mut records {
        // It got another name, and with that each line another one before it.
        record.prev = lines.last().map_or_else(|| record.prev.clone(), |line| sha256_hex(line));
        lines.push(serde_json::to_vec(record).unwrap());
    }
    let whole = [lines.join(&b'\n'), b"\n".to_vec()].concat();
    // What stands in line 40 is another text of the same length.
    let begin: usize = lines[..39].iter().map(|line| line.len() + 1).sum();
    let mut changed = whole.clone();
    changed[begin + lines[39].len() - 3] ^= 1;
    assert!(records.len() > 70, "{}", records.len());
    for (bytes, typed, told) in [
        (changed, "confirmed", "records could not be read"),
        (Vec::new(), "closed", "nothing of what can be read fits"),
    ] {
        std::fs::write(&path, &whole).unwrap();
        let mut tape = Tape::new(book.clone(), Lines::of(&path));
        let found = read_along(&path, &mut |raw, outline| tape.take(&raw, outline));
        tape.ends(&found.unwrap().head);
        let recording = Recording { tape, ..recording(&(book.clone(), records.clone())) };
        let mut stage = Stage::open(recording, None, (120, 40));
        std::fs::write(&path, &bytes).unwrap();
        let line = if bytes.is_empty() { 1 } else { 40 };
        // Before anybody went there, the search says what it could not look through.
        stage.press("/");
        stage.type_text(typed);
        let picture = shown(&stage);
        assert!(picture.contains(told), "{picture}");
        assert!(picture.contains(&format!("BROKEN at line {}", line)), "{picture}");
        stage.press("esc");
        stage.stand(records.len());
        let picture = shown(&stage);
        let asked = format!("record {} cannot be shown", records.len());
        assert!(picture.contains(&asked) && picture.contains(&format!("BROKEN at line {line}")), "{picture}");
    }
}
