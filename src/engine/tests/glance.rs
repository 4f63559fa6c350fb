//! What is known at a glance is what serde reads, and nothing else is.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::engine::{ConditionId, Event, Glance, Record, Tri};

/// Holds both readings of a line against each other; whether it is known at a glance.
fn check(line: &[u8]) -> Result<bool, TestCaseError> {
    let full = serde_json::from_slice::<Record>(line);
    let Some(glance) = Glance::of(line) else { return Ok(false) };
    let shown = String::from_utf8_lossy(line);
    let full = full.map_err(|error| TestCaseError::fail(format!("{error}, but known at a glance: {shown}")))?;
    prop_assert_eq!((glance.seq, glance.at, glance.prev), (full.seq, full.at, full.prev.as_str()), "{}", shown);
    let record = glance.record();
    prop_assert_eq!(record.as_ref(), Some(&full), "{}", shown);
    // Also what equality passes over: the order of keys, and the last bit of a number.
    prop_assert_eq!(serde_json::to_string(&record).unwrap(), serde_json::to_string(&full).unwrap());
    Ok(true)
}

fn golden() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals");
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.flat_map(|bytes| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()).collect()
}

#[test]
fn golden_lines_are_read_alike_and_those_of_which_there_are_many_at_a_glance() {
    let mut known = 0;
    for line in golden() {
        let is_many = [&b"\"event\":{\"condition_changed\""[..], b"\"event\":{\"note_added\""];
        let is_many = is_many.iter().any(|kind| line.windows(kind.len()).any(|part| part == *kind));
        assert_eq!(check(&line).unwrap(), is_many, "{}", String::from_utf8_lossy(&line));
        known += usize::from(is_many);
    }
    assert!(known >= 5, "{known}");
}

/// Each byte of a line is left out, doubled, and made many others; of which many still are records.
#[test]
fn every_change_of_a_byte_is_read_alike() {
    let with = b"\"\\{}[],:0159-+.eEuxT tfnZ/\x00\x1f\x7f\x80\xc3\xff";
    let line = r#"{"seq":10,"at":"2026-11-21T02:41:10.123Z","prev":"ea6e","by":"ma\"r ä","event":{"condition_changed":{"condition":"health/vault[v-1]","truth":"true","why":"a\nb","seen":{"a":[-1.5,0,null,true],"ü":{}}}}}"#;
    let note = r#"{"seq":1,"at":"2026-11-21T02:41:10.123Z","prev":"","by":"x","event":{"note_added":{"step":"p[a]/s1","text":"\\ u"}}}"#;
    let gate = line.replace("health/vault[v-1]", "gate/p[x/y]/s");
    for line in [line, note, &gate] {
        assert!(check(line.as_bytes()).unwrap(), "{line}");
        let mut known = 0;
        for at in 0..line.len() {
            let of = |middle: &[u8]| [&line.as_bytes()[..at], middle, &line.as_bytes()[at + 1..]].concat();
            let byte = line.as_bytes()[at];
            let more = with.iter().flat_map(|other| [of(&[*other]), of(&[byte, *other])]);
            for changed in more.chain([of(b""), line.as_bytes()[..at].to_vec()]) {
                known += usize::from(check(&changed).unwrap());
            }
        }
        assert!(known > 300, "{known}");
    }
}

#[test]
fn what_is_not_as_it_is_written_is_left_to_serde() {
    let line = |seen: &str| {
        format!(
            r#"{{"seq":10,"at":"2026-11-21T02:41:10.123Z","prev":"","by":"x","event":{{"condition_changed":{{"condition":"guard/g","truth":"false","why":"","seen":{seen}}}}}}}"#
        )
    };
    let deep = |count: usize| line(&format!("{}{}", "[".repeat(count), "]".repeat(count)));
    for (text, is_known) in [
        (line("{}"), true),
        (line("[0,1.25,-7]"), true),
        (line("999999999999999999"), true),
        (line("18446744073709551616"), false),
        (line("-0"), true),
        (line("1e3"), false),
        (line("01"), false),
        (line("1."), false),
        (line(r#""\u00e4""#), false),
        (line(r#"{"a":1,"a":2,"b":3}"#), true),
        (line("{ }"), false),
        (deep(10), true),
        (deep(40), false),
        (deep(200), false),
        (line("{}") + " ", false),
        (line("{}").replace("guard/g", "gate/g"), false),
        (line("{}").replace(":10,", ":0010,"), false),
        (line("{}").replace("02:41:10", "02:41:60"), true),
        (line("{}").replace("02:41:10.123Z", "02:41:10+01:00"), true),
        (line("{}").replace("02:41:10.123Z", "02:61:10.123Z"), false),
    ] {
        assert_eq!(check(text.as_bytes()).unwrap(), is_known, "{text}");
    }
}

/// Any JSON, as serde writes it.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i64..1_000_000, 0_i32..12).prop_map(|(digits, places)| json!(digits as f64 / 10_f64.powi(places))),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        "[a-z\"\\\\ ]{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-c\"é]{0,3}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_seen_and_said_is_read_alike(
        seen in values(),
        texts in (any::<String>(), any::<String>(), any::<String>()),
        millis in 0_i64..4_000_000_000_000,
        name in prop_oneof![Just("health/a[b]"), Just("health/a"), Just("guard/g"), Just("gate/p/s"), Just("check/p[n]/s")],
        change in (any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b',')]),
    ) {
        let (why, by, prev) = texts;
        let truth = [Tri::True, Tri::False, Tri::Unknown][usize::from(change.1) % 3];
        let condition: ConditionId = name.parse().unwrap();
        let at = Timestamp::from_millis(millis);
        let changed = Event::ConditionChanged { condition, truth, why: why.clone(), seen };
        let noted = Event::NoteAdded { step: Some("p[n]/s".parse().unwrap()), text: why.clone() };
        for event in [changed, noted, Event::NoteAdded { step: None, text: why }] {
            let record = Record { seq: change.0.index(1 << 20) as u64, at, prev: prev.clone(), by: by.clone(), event };
            let mut line = serde_json::to_vec(&record).unwrap();
            check(&line)?;
            let place = change.0.index(line.len());
            line[place] = change.1;
            check(&line)?;
        }
    }

    #[test]
    fn a_name_of_a_condition_is_what_can_be_parsed(text in "(health|guard|gate|check|x)?/?[a-c]{0,2}(\\[[a-c/]{0,3}\\]?)?/?[a-c]{0,2}") {
        prop_assert_eq!(ConditionId::is_name(&text), text.parse::<ConditionId>().is_ok(), "{}", text);
    }
}
