//! What reports tell of records, and that no text in them is obeyed.

use std::collections::BTreeSet;

use piton::engine::{Event, Record};
use piton::report::{Seen, html, json};
use serde_json::Value;

use super::page::{assert_harmless, assert_markdown, assert_page};
use super::{JOURNALS, PLANTED, forms, records, report};

#[test]
fn every_golden_journal_is_a_report_in_every_form_and_the_same_one_each_time() {
    for journal in JOURNALS {
        let records = records(journal);
        let told = report(&records);
        assert_eq!(forms(&told), forms(&report(&records)), "{journal}");
        for (form, text) in forms(&told) {
            match form {
                "md" => assert_markdown(&text),
                "html" => assert_page(&text),
                _ => {
                    assert_harmless(&text);
                    let read: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(read["records"].as_array().unwrap().len(), records.len(), "{journal}");
                }
            }
        }
        // Every prefix of it is a report, too.
        for length in 1..records.len() {
            let told = report(&records[..length]);
            assert_eq!(told.records.len(), length);
            assert!(!told.warnings.is_empty(), "it is not closed");
        }
    }
}

#[test]
fn deviations_come_first_each_with_who_when_why_and_what_the_document_asks() {
    let told = report(&records("report/live/journal.jsonl"));
    let ways: Vec<_> = told.deviations.iter().map(|deviation| (deviation.seq, deviation.way.as_str())).collect();
    assert_eq!(ways, [(28, "override"), (30, "acknowledged"), (41, "cut wait"), (43, "skip")]);
    let first = &told.deviations[0];
    assert_eq!((first.by.as_str(), first.title.as_str()), ("piet@bastion", "See vault-2 ready on 1.17.3"));
    assert_eq!(first.obligations[0].id, "VLT-HA-08");
    assert!(first.obligations[0].asks.ends_with('.') && first.obligations[0].place.contains("HA Installations"));
    assert_eq!(told.deviations[1].title, "At most one node is away");
    let page = html(&told);
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("id=\"deviations\"") < place("id=\"plan\"") && place("id=\"plan\"") < place("id=\"records\""));
}

#[test]
fn each_item_has_its_sum_and_where_nothing_is_planned_that_is_said() {
    let told = report(&records("report/live/journal.jsonl"));
    for phase in &told.phases {
        let of: Vec<_> = phase.sums.iter().map(|sum| sum.item.clone()).collect();
        let mut items: Vec<_> = phase.steps.iter().map(|step| step.item.clone()).collect();
        items.dedup();
        assert_eq!(of, items, "{}", phase.phase);
        for sum in &phase.sums {
            let steps = || phase.steps.iter().filter(|step| step.item == sum.item);
            assert_eq!(sum.took_ms, steps().map(|step| step.took_ms).sum::<u64>(), "{:?}", sum.item);
            let planned: Vec<u64> = steps().filter_map(|step| step.planned_ms).collect();
            assert_eq!(sum.planned_ms, (!planned.is_empty()).then(|| planned.iter().sum()), "{:?}", sum.item);
        }
    }
    let sum = |phase: &str, item: Option<&str>| {
        let phase = told.phases.iter().find(|one| one.phase == phase).unwrap();
        phase.sums.iter().find(|sum| sum.item.as_deref() == item).unwrap().clone()
    };
    assert_eq!(sum("standbys", Some("vault-3")).planned_ms, Some(60_000));
    assert_eq!(sum("verify", None).planned_took_ms, Some(120_000));
    for (form, text) in forms(&told) {
        let of_node = if form == "json" { "\"sums\"" } else { "Sum of vault-3" };
        assert!(text.contains(of_node), "{form}: {text}");
        assert!(form == "json" || text.contains("not planned"), "{form}");
        assert!(
            form == "json" || text.contains("of single steps a runbook plans waits, holds and soaks alone"),
            "{form}"
        );
    }
}

#[test]
fn the_bars_of_a_run_of_a_day_can_be_seen() {
    let mut records = records("report/live/journal.jsonl");
    let last = records.len() - 1;
    records[last].at = records[last].at.plus(std::time::Duration::from_secs(24 * 3_600));
    let page = html(&report(&records));
    let plan = page.split_once("id=\"plan\"").unwrap().1.split_once("id=\"evidence\"").unwrap().0;
    let bars: Vec<f64> = plan
        .split("<rect")
        .skip(1)
        .map(|bar| bar.split_once("width=\"").unwrap().1.split('"').next().unwrap().parse().unwrap())
        .collect();
    assert!(bars.len() > 5 && bars.iter().all(|width| *width >= 18.0), "{bars:?}");
}

#[test]
fn plan_and_actual_stand_side_by_side_with_every_walk() {
    let told = report(&records("report/live/journal.jsonl"));
    let step = |name: &str| told.phases.iter().flat_map(|phase| &phase.steps).find(|step| step.step == name).unwrap();
    let stop = step("standbys[vault-2]/stop");
    let ends: Vec<_> = stop.attempts.iter().map(|walk| walk.status.as_str()).collect();
    assert_eq!((ends.as_slice(), stop.status.as_str()), (&["failed", "done"][..], "done"));
    assert_eq!((step("verify/settle").planned_ms, step("verify/settle").took_ms), (Some(300_000), 120_000));
    assert_eq!(step("standbys[vault-3]/ready").planned_ms, Some(60_000));
    assert_eq!((told.heading.planned_ms, told.heading.sitting_count), (Some(1_200_000), 2));
    assert_eq!(told.heading.lasted_ms - told.heading.sat_ms, 300_000, "between the sittings nobody sat there");
}

#[test]
fn the_health_of_each_node_has_no_gap_and_says_when_nobody_looked() {
    for journal in JOURNALS {
        let records = records(journal);
        let (from, until) = (records[0].at, records.last().unwrap().at);
        for row in report(&records).health {
            assert_eq!((row.spans[0].from, row.spans.last().unwrap().until), (from, until), "{journal}: {row:?}");
            assert!(row.spans.windows(2).all(|two| two[0].until == two[1].from && two[0].verdict != two[1].verdict));
        }
    }
    let told = report(&records("report/live/journal.jsonl"));
    let verdicts: Vec<Seen> = told.health[0].spans.iter().map(|span| span.verdict).collect();
    use Seen::{Bad, Degraded, Ok, Unknown, Unseen};
    assert_eq!(verdicts, [Unknown, Ok, Bad, Unseen, Unknown, Degraded, Ok]);
}

#[test]
fn a_verdict_that_flaps_for_long_is_a_chart_of_bounded_size() {
    let mut records = records("report/live/journal.jsonl");
    records.truncate(5);
    for number in 0..20_000_u64 {
        let mut turned = records[2 + usize::try_from(number % 2).unwrap()].clone();
        turned.seq = number + 6;
        turned.at = records[0].at.plus(std::time::Duration::from_secs(number));
        let Event::ConditionChanged { truth, .. } = &mut turned.event else { panic!("a verdict turned") };
        *truth = if number % 4 < 2 { piton::engine::Tri::False } else { piton::engine::Tri::True };
        records.push(turned);
    }
    let page = html(&report(&records));
    let bars = page.matches("<rect").count();
    assert!((500..5_000).contains(&bars), "{bars}");
    assert!(page.matches("<rect class=\"bad\"").count() >= 900, "the worst is drawn");
}

#[test]
fn a_release_says_by_whom_and_with_which_key() {
    let told = report(&records("journals/format-1-signed.jsonl"));
    let signed: Vec<_> = told.releases.iter().filter_map(|release| release.signature.as_deref()).collect();
    assert!(!signed.is_empty() && signed.iter().all(|signed| signed.contains("SHA256:")), "{told:?}");
    for (form, text) in forms(&told) {
        assert!(text.contains("SHA256:") && text.contains(&told.releases[0].released_by), "{form}");
        assert!(!text.contains("BEGIN SSH SIGNATURE"), "{form}");
    }
}

#[test]
fn a_practice_run_says_so_in_every_heading_and_on_every_sheet() {
    let told = report(&records("journals/format-1-practice.jsonl"));
    let [(_, md), (_, page), (_, value)] = forms(&told);
    let mut headings = md.lines().filter(|line| line.starts_with('#')).peekable();
    assert!(headings.peek().is_some() && headings.all(|line| line.contains("PRACTICE")));
    let rows: Vec<_> = md.lines().filter(|line| line.starts_with('|')).collect();
    let heads = rows.windows(2).filter(|two| two[1].starts_with("|---")).count();
    assert_eq!(rows.iter().filter(|row| row.contains("PRACTICE ")).count(), rows.len() - 2 * heads);
    assert!(page.contains("<title>PRACTICE · ") && page.contains("<body class=\"practice\">"));
    assert!(value.contains("\"is_practice\": true"));
    let live = report(&records("report/live/journal.jsonl"));
    assert!(forms(&live)[..2].iter().all(|(_, text)| !text.contains("PRACTICE: ")));
}

/// Texts that mean something to a terminal, a browser, Markdown or a reader's eye.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>' onmouseover='x",
    "</td></tr></table></style></title><!-- -->",
    "a | b || c \\| d\n| e | f |\n\n# heading\n- item",
    "`code` ``two`` ```\nfence\n``` *b* _i_ [x](http://evil.example) ![i](https://evil.example/i.png)",
    "\u{1b}[2J\u{1b}]0;title\u{7}\r\n\u{0}\u{7f}\u{9b}31m",
    "\u{202e}desrever\u{2066}\u{200b}\u{feff}\u{e0041}",
    "&lt;b&gt; &#x3c;script&#x3e; http://evil.example <http://evil.example> www.evil.example",
    "\\",
];

/// Keys whose texts are names that other records refer to, or are not texts at all.
const NAMES: [&str; 20] = [
    "step",
    "instead",
    "phase",
    "condition",
    "truth",
    "verdict",
    "mode",
    "verifies",
    "outcome",
    "how",
    "probe",
    "runbook",
    "until",
    "since",
    "at",
    "from",
    "renewed",
    "plan",
    "id",
    "format",
];

/// Replaces every text that is free to be anything.
fn spoil(value: &mut Value, hostile: &str) {
    match value {
        Value::String(text) => *text = hostile.to_owned(),
        Value::Array(values) => values.iter_mut().for_each(|value| spoil(value, hostile)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !NAMES.contains(&key.as_str())) {
                if key != "ended" || value.is_object() {
                    spoil(value, hostile);
                }
            }
        }
        _ => {}
    }
}

fn spoiled(record: &Record, hostile: &str, keeps_text: bool) -> Record {
    let mut value = serde_json::to_value(record).unwrap();
    let text = value["event"]["run_opened"]["text"].clone();
    value["by"] = hostile.into();
    spoil(&mut value["event"], hostile);
    if keeps_text && text.is_string() {
        value["event"]["run_opened"]["text"] = text;
    }
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {record:?}"))
}

#[test]
fn hostile_texts_in_every_place_of_a_journal_are_shown_and_not_obeyed() {
    for journal in JOURNALS {
        for hostile in HOSTILE {
            for keeps_text in [true, false] {
                let hostile_records: Vec<Record> =
                    records(journal).iter().map(|record| spoiled(record, hostile, keeps_text)).collect();
                let [(_, md), (_, page), (_, value)] = forms(&report(&hostile_records));
                assert_markdown(&md);
                assert_page(&page);
                assert_harmless(&value);
            }
        }
    }
}

#[test]
fn secrets_cannot_appear() {
    let mut planted = records("report/live/journal.jsonl");
    let Event::RunOpened(opened) = &mut planted[0].event else { panic!("it begins with its opening") };
    for value in [PLANTED.into(), serde_json::json!({ "value": PLANTED }), serde_json::json!([PLANTED])] {
        // No piton writes that; whoever did, nobody is to read it in a report.
        opened.inputs.insert("token".into(), value);
        let with = vec![planted_record(opened)];
        for (form, text) in forms(&report(&with)) {
            assert!(!text.contains(PLANTED), "{form}");
            assert!(text.contains("not told"), "{form}");
        }
    }
    // Where nobody can tell which inputs are secrets, none is told.
    opened.text = "format = 1\n".into();
    let without = vec![planted_record(opened)];
    assert!(report(&without).inputs.is_empty());
    assert!(forms(&report(&without)).iter().all(|(_, text)| !text.contains(PLANTED)));
}

fn planted_record(opened: &piton::engine::RunOpened) -> Record {
    let first = &records("report/live/journal.jsonl")[0];
    Record { event: Event::RunOpened(Box::new(opened.clone())), ..first.clone() }
}

#[test]
fn the_page_about_reports_names_every_key_of_the_json() {
    let page = include_str!("../../REPORT.md");
    let mut keys = BTreeSet::new();
    for journal in JOURNALS {
        let value: Value = serde_json::from_str(&json(&report(&records(journal)))).unwrap();
        collect(&value, &mut keys);
    }
    let untold: Vec<_> = keys.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            keys.insert(key.clone());
            collect(value, keys);
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}
