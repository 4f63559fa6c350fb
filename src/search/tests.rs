//! What is found in records, and what is not.

use crate::engine::{DeviationKind, Event};
use crate::search::{Hit, Search, Wanted, Way, search};

fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn found(name: &str, wanted: &Wanted, records: u64) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut take = |hit| {
        hits.push(hit);
        true
    };
    search(&path(name), &Search { wanted, records, closed: None, goes_on: &|_| true }, &mut take).unwrap();
    hits
}

const ALL: u64 = u64::MAX;

#[test]
fn every_word_of_every_text_finds_its_record_in_any_letter_case() {
    for journal in ["debrief/wrong.jsonl", "journals/format-1.jsonl", "report/live/journal.jsonl"] {
        let text = std::fs::read_to_string(path(journal)).unwrap();
        let mut tried = 0;
        for record in text.lines().map(|line| serde_json::from_str::<crate::engine::Record>(line).unwrap()) {
            let said = match &record.event {
                Event::StepConfirmed { said, .. } => said,
                Event::StepSkipped { reason, .. } | Event::StepOverridden { reason, .. } => reason,
                Event::NoteAdded { text, .. } => text,
                Event::ConditionChanged { why, .. } => why,
                _ => continue,
            };
            tried += 1;
            for said in [said.clone(), said.to_uppercase(), format!(" {said} ")] {
                let hits = found(journal, &Wanted::words(&said), ALL);
                assert!(hits.iter().any(|hit| hit.seq == record.seq), "{journal} {}: {said:?}", record.seq);
            }
        }
        assert!(tried > 3, "{journal}: {tried}");
    }
}

#[test]
fn keys_hashes_and_the_text_of_the_runbook_are_not_searched() {
    let journal = "report/live/journal.jsonl";
    let words =
        ["prev", "captured", "0000000000000000000000000000000000000000000000000000000000000000", "[[phase.step]]"];
    for words in words {
        assert_eq!(found(journal, &Wanted::words(words), ALL), [], "{words}");
    }
    assert!(found(journal, &Wanted::words(""), 3).len() == 3, "no words: every record");
}

#[test]
fn words_step_and_deviation_must_hold_of_one_record() {
    let journal = "debrief/wrong.jsonl";
    let overruled = |way: Option<DeviationKind>| Wanted::default().overruling(Some(way.map(Way)));
    assert_eq!(found(journal, &overruled(None), ALL).len(), 24);
    assert_eq!(found(journal, &overruled(Some(DeviationKind::Override)), ALL).len(), 3);
    assert_eq!(found(journal, &overruled(Some(DeviationKind::Deferred)), ALL), []);
    let of_step = |step: &str| overruled(None).of_step(Some(step));
    assert_eq!(found(journal, &of_step("STANDBYS[vault-2]/unseal"), ALL).len(), 1);
    assert_eq!(found(journal, &of_step("standbys[vault-3]/stop"), ALL).len(), 1, "a gate is named by its step");
    let both = Wanted::words("window closes").of_step(Some("vault-3")).overruling(Some(None));
    assert_eq!(found(journal, &both, ALL).len(), 1);
    let neither = Wanted::words("window closes").of_step(Some("vault-2")).overruling(Some(None));
    assert_eq!(found(journal, &neither, ALL), []);
}

#[test]
fn a_hit_tells_where_the_word_stands() {
    let journal = "report/live/journal.jsonl";
    let text = std::fs::read_to_string(path(journal)).unwrap();
    let mut tried = 0;
    for record in text.lines().map(|line| serde_json::from_str::<crate::engine::Record>(line).unwrap()) {
        let Event::CommandStarted { command, .. } = &record.event else { continue };
        for word in &command.argv {
            tried += 1;
            let hits = found(journal, &Wanted::words(&word.to_uppercase()), ALL);
            let of_it = hits.iter().find(|hit| hit.seq == record.seq).expect("it is found");
            let words: Vec<String> = word.to_lowercase().split_whitespace().map(str::to_owned).collect();
            let told = of_it.told.to_lowercase();
            assert!(words.iter().take(1).all(|word| told.contains(word.as_str())), "{word}: {told}");
        }
    }
    assert!(tried > 3, "{tried}");
    let of = |text: &str, word: &str| Wanted::words(word).passage(text, "");
    let long = format!("{}Straße{}", "ä".repeat(50), "ö".repeat(90));
    let expected = format!("...{}Straße{}...", "ä".repeat(30), "ö".repeat(54));
    assert_eq!(of(&long, "STRASSE"), None, "one letter that becomes two is another word");
    assert_eq!(of(&long, "straße"), Some(expected));
    assert_eq!(of("a Share", "share"), Some("a Share".into()));
}

#[test]
fn nothing_is_found_behind_the_good_records_and_nobody_is_told_who_has_gone() {
    let (journal, wanted) = ("debrief/wrong.jsonl", Wanted::words("abandoned"));
    assert_ne!(found(journal, &wanted, ALL), []);
    assert_eq!(found(journal, &wanted, 20), []);
    let mut count = 0;
    let mut take = |_| {
        count += 1;
        false
    };
    let for_ever = Search { wanted: &wanted, records: ALL, closed: None, goes_on: &|_| true };
    search(&path(journal), &for_ever, &mut take).unwrap();
    let ended = Search { wanted: &wanted, records: ALL, closed: None, goes_on: &|_| false };
    search(&path(journal), &ended, &mut take).unwrap();
    assert_eq!(count, 1, "one was enough, and then nobody wanted to know");
}

#[test]
fn what_is_no_journal_gives_nothing_or_an_error_and_never_a_panic() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("journal.jsonl");
    let wanted = Wanted::words("a");
    let search_it =
        || search(&file, &Search { wanted: &wanted, records: ALL, closed: None, goes_on: &|_| true }, &mut |_| true);
    assert!(search_it().is_err(), "nothing is there");
    let deep = format!("{}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    for bytes in [&b""[..], b"\xff\xfe a\n", b"{\"a\":\"a\"}\n\n\n", deep.as_bytes(), &vec![b'a'; 3 << 20]] {
        std::fs::write(&file, bytes).unwrap();
        search_it().unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert!(search_it().is_err(), "a link is not followed");
}

#[test]
fn a_record_of_many_mib_is_searched_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.jsonl");
    let line = std::fs::read_to_string(path("report/live/journal.jsonl")).unwrap().lines().nth(1).unwrap().to_owned();
    let mut record: crate::engine::Record = serde_json::from_str(&line).unwrap();
    let text = format!("{} Straße {}", "a b ".repeat(1 << 20), "c d ".repeat(1 << 20));
    record.event = Event::NoteAdded { step: None, text };
    let line = serde_json::to_string(&record).unwrap();
    assert!(line.len() > 8 << 20);
    std::fs::write(&file, line + "\n").unwrap();
    for (words, count) in [("straße", 1), ("STRASSE", 0), ("note added d", 1)] {
        let mut hits = Vec::new();
        let mut take = |hit| {
            hits.push(hit);
            true
        };
        let wanted = Search { wanted: &Wanted::words(words), records: 1, closed: None, goes_on: &|_| true };
        search(&file, &wanted, &mut take).unwrap();
        assert_eq!(hits.len(), count, "{words}");
        assert!(hits.iter().all(|hit: &Hit| hit.told.len() < 1_000));
    }
}
