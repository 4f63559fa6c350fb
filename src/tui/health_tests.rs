//! Boards of any size: what is not ok comes first, and a frame makes lines of nothing but what is in view.

use std::cell::Cell;
use std::thread::LocalKey;

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Map, Value, json};

use crate::engine::{Board, ConditionId, Mode, Row, Said, Turned, Verdict};
use crate::health::BoardKeeper;
use crate::runbook::{ProbeId, Runbook};
use crate::tui::stage_tests::{Stage, look, runbook};
use crate::tui::theme::{ASCII, UNICODE};
use crate::tui::widget::health::{Health, on_edge};
use crate::tui::widget::health_table::{BoardOrder, MADE, MEASURED};
use crate::tui::widget::names::COMPARED;
use crate::tui::widget::paint::Paint;

fn row(n: usize) -> Row {
    let verdict = match n % 100 {
        97 => Verdict::Bad,
        98 => Verdict::Degraded,
        99 => Verdict::Unknown,
        _ => Verdict::Ok,
    };
    let is_ok = verdict == Verdict::Ok;
    let fields = json!({ "role": if n == 0 { "active" } else { "standby" }, "version": format!("1.17.{}", n % 12) });
    Said {
        probe: ProbeId::new("vault"),
        node: Some(format!("vault-{n:04}")),
        verdict,
        why: if is_ok { String::new() } else { "connection refused".into() },
        fields: if is_ok { fields.as_object().cloned().unwrap() } else { Map::new() },
        item: Value::Null,
    }
    .aged(Some(0))
}

struct Drawn {
    text: String,
    lines: usize,
    made: usize,
}

fn drawn(book: &Runbook, board: &Board, (width, height): (u16, u16), from: usize) -> Drawn {
    let turned: Vec<_> = board
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::Bad)
        .map(|row| {
            (ConditionId::Health(row.probe.clone(), row.node.clone()), Turned::Unexpected { since: Default::default() })
        })
        .collect();
    let order = BoardOrder::of(book, board, &turned, &BoardOrder::default());
    let keeper = BoardKeeper::new(&[]);
    let health = Health { runbook: book, board, keeper: &keeper, turned: &turned, order: &order, sought: None };
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    MADE.with(|made| made.set(0));
    let lines = health.on(area);
    health.height(usize::from(width));
    health.beyond(area, from);
    health.draw(area, from, &mut Paint::new(&mut buffer, &look("dark", &UNICODE)));
    let made = MADE.with(std::cell::Cell::get);
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    Drawn { text: (0..height).map(|y| format!("{}\n", line(y).trim_end())).collect(), lines, made }
}

#[test]
fn a_board_without_rows_says_that_there_are_no_probes() {
    for size in [(38, 4), (66, 9), (116, 31)] {
        let told = drawn(&runbook(), &Board { rows: Vec::new() }, size, 0).text;
        assert_eq!(told.trim(), "no probes", "{size:?}");
    }
}

#[test]
fn beside_a_list_of_steps_on_120_columns_a_board_is_a_table_whose_rows_are_told_apart() {
    let mut book = runbook();
    book.health[0].title = "Vault".into();
    let named = |n: usize, name: String| {
        let version = format!("1.17.{n}");
        let fields = json!({ "role": "standby", "version": version }).as_object().cloned().unwrap();
        let (probe, item) = (ProbeId::new("vault"), Value::Null);
        Said { probe, node: Some(name), verdict: Verdict::Ok, why: String::new(), fields, item }.aged(Some(0))
    };
    // The long names leave no room for how verdicts went; of the longest what they have in common is left out as well.
    for (end, is_whole) in [("frankfurt-rack-a.example", true), ("frankfurt-rack-a-row-12.servers.example.net", false)]
    {
        let names: Vec<String> = (1..=4).map(|n| format!("vault-{n}.{end}")).collect();
        let rows = names.iter().enumerate().map(|(n, name)| named(n, name.clone())).collect();
        let told = drawn(&book, &Board { rows }, (66, 9), 0).text;
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].contains("role") && lines[0].contains("version"), "{told}");
        for (n, name) in names.iter().enumerate() {
            let name = if is_whole { name.as_str() } else { &name[..7] };
            let line = lines[n + 1];
            assert!(line.contains(name) && line.contains(&format!("standby 1.17.{n}")), "{name}: {told}");
        }
    }
}

#[test]
fn a_frame_makes_as_many_lines_as_it_shows_however_many_rows_there_are() {
    let book = runbook();
    for rows in [100, 1_000, 10_000] {
        let board = Board { rows: (0..rows).map(row).collect() };
        for size in [(40, 12), (80, 20), (200, 50)] {
            for from in [0, 7, rows - 20] {
                let drawn = drawn(&book, &board, size, from);
                assert!(drawn.made <= usize::from(size.1), "{rows} {size:?} {from}: {}", drawn.made);
                assert!(drawn.lines >= rows);
            }
        }
    }
}

#[test]
fn a_thousand_rows_begin_with_what_is_not_ok_and_scroll_row_by_row() {
    let book = runbook();
    let board = Board { rows: (0..1_000).map(row).collect() };
    let first = drawn(&book, &board, (90, 34), 0);
    assert_snapshot!("health_many_90x34", first.text);
    for from in [1, 2, 500, 900] {
        let next = drawn(&book, &board, (90, 34), from);
        let before = drawn(&book, &board, (90, 34), from - 1);
        // The heading stays.
        let common = |text: &str, skip: usize| text.lines().skip(skip).take(32).collect::<Vec<_>>().join("\n");
        assert_eq!(common(&before.text, 2), common(&next.text, 1), "{from}");
        assert_eq!(before.text.lines().next(), next.text.lines().next(), "{from}");
    }
    let mut seen = String::new();
    for from in (0..first.lines).step_by(33) {
        seen.push_str(&drawn(&book, &board, (90, 34), from).text);
    }
    for n in 0..1_000 {
        assert!(seen.contains(&format!("vault-{n:04}")), "{n}");
    }
}

/// The order of a board after another one, and how much was counted while it was gathered; it is that which is gathered
/// anew.
fn gathered(
    book: &Runbook,
    board: &Board,
    before: &BoardOrder,
    counter: &'static LocalKey<Cell<usize>>,
) -> (BoardOrder, usize) {
    counter.set(0);
    let order = BoardOrder::of(book, board, &[], before);
    let count = counter.get();
    let anew = BoardOrder::of(book, board, &[], &BoardOrder::default());
    assert_eq!(table(book, board, &order), table(book, board, &anew));
    (order, count)
}

#[test]
fn of_a_large_board_only_rows_that_say_something_else_are_measured_again() {
    let book = runbook();
    let mut board = Board { rows: (0..1_000).map(row).collect() };
    let measured = |board: &Board, before: &BoardOrder| gathered(&book, board, before, &MEASURED);
    let (first, all) = measured(&board, &BoardOrder::default());
    assert_eq!(all, 1_000);
    // Only time has passed.
    board.rows = board.rows.into_iter().map(|row| row.aged(Some(1_000))).collect();
    let (second, none) = measured(&board, &first);
    assert_eq!(none, 0);
    board.rows[7].why = "connection reset by somebody far away".into();
    board.rows.swap(500, 501);
    let (third, some) = measured(&board, &second);
    assert_eq!(some, 3);
    // Fewer rows than before, and in other places.
    board.rows.drain(..10);
    assert_eq!(measured(&board, &third).1, 990);
}

#[test]
fn of_a_large_board_names_are_compared_again_only_where_they_are_others() {
    let book = runbook();
    let mut board = Board { rows: (0..1_000).map(row).collect() };
    let compared = |board: &Board, before: &BoardOrder| gathered(&book, board, before, &COMPARED);
    let (order, all) = compared(&board, &BoardOrder::default());
    assert_eq!(all, 1_000);
    // All say something else, and some come to something else: they keep their names.
    for row in &mut board.rows {
        row.why = "connection reset".into();
        row.verdict = if row.verdict == Verdict::Ok { Verdict::Bad } else { Verdict::Ok };
    }
    let (order, none) = compared(&board, &order);
    assert_eq!(none, 0);
    // One name is another one.
    board.rows[500].node = Some("vault-0500.far-away.example.net".into());
    let (order, all) = compared(&board, &order);
    assert_eq!(all, 1_000);
    // One row is gone: at its place stands the next one, or none.
    let last = board.rows.pop();
    let (order, fewer) = compared(&board, &order);
    assert_eq!(fewer, 999);
    board.rows.extend(last);
    assert_eq!(compared(&board, &order).1, 1_000);
}

/// Frames of a board of that many rows: how many names were compared.
fn compared_in_frames(rows: usize) -> usize {
    let book = runbook();
    let board = Board { rows: (0..rows).map(row).collect() };
    let order = BoardOrder::of(&book, &board, &[], &BoardOrder::default());
    let keeper = BoardKeeper::new(&[]);
    let health = Health { runbook: &book, board: &board, keeper: &keeper, turned: &[], order: &order, sought: None };
    COMPARED.with(|compared| compared.set(0));
    for _ in 0..3 {
        let area = Rect::new(0, 0, 60, 20);
        let mut buffer = Buffer::empty(area);
        health.height(60);
        health.draw(area, 0, &mut Paint::new(&mut buffer, &look("dark", &UNICODE)));
    }
    COMPARED.with(std::cell::Cell::get)
}

#[test]
fn a_frame_compares_no_names() {
    assert_eq!([3, 300].map(compared_in_frames), [0, 0]);
}

fn table(book: &Runbook, board: &Board, order: &BoardOrder) -> Vec<String> {
    let fits = order.fits(100, 0, true);
    let lines = (0..order.len(true)).filter_map(|at| order.line(at, true));
    lines.map(|line| format!("{:?}", order.strip(book, board, line, &fits, &ASCII))).collect()
}

#[test]
fn every_row_of_a_large_board_can_be_found() {
    let book = runbook();
    let board = Board { rows: (0..300).map(row).collect() };
    let order = BoardOrder::of(&book, &board, &[], &BoardOrder::default());
    let keeper = BoardKeeper::new(&[]);
    let health = Health { runbook: &book, board: &board, keeper: &keeper, turned: &[], order: &order, sought: None };
    for n in [0, 97, 98, 150, 299] {
        let node = format!("vault-{n:04}");
        let at = health.place(Rect::new(0, 0, 90, 20), (&ProbeId::new("vault"), Some(&node)));
        let text = drawn(&book, &board, (90, 20), at).text;
        assert!(text.lines().any(|line| line.starts_with(&node)), "{node}: {text}");
        let last = order.len(true) - 20;
        assert!(at <= last, "{node}: {at} of {last}");
    }
}

/// Of every hundred nodes with long names one is bad, one degraded, and the reason repeats the fields.
fn named_in_full(n: usize) -> Row {
    let verdict = match n % 100 {
        97 => Verdict::Bad,
        98 => Verdict::Degraded,
        _ => Verdict::Ok,
    };
    let fields = json!({ "role": "follower", "version": format!("1.17.{}", n % 12) });
    let fields = fields.as_object().cloned().unwrap();
    let told: Vec<String> = fields.iter().map(|(name, value)| format!("{name} {}", value.as_str().unwrap())).collect();
    Said {
        probe: ProbeId::new("vault"),
        node: Some(format!("node-{n:04}.rack-{}.example", n % 40)),
        verdict,
        why: if verdict == Verdict::Ok { String::new() } else { told.join(", ") },
        fields,
        item: Value::Null,
    }
    .aged(Some(0))
}

#[test]
fn of_a_thousand_nodes_with_long_names_each_row_tells_which_it_is_and_what_is_the_matter() {
    let book = runbook();
    let board = Board { rows: (0..1_000).map(named_in_full).collect() };
    for (size, node) in
        [((38, 11), "node-0097…"), ((66, 18), "node-0097.rack-17.example"), ((116, 31), "node-0097.rack-17.example")]
    {
        let text = drawn(&book, &board, size, 0).text;
        let row = text.lines().find(|line| line.contains("0097")).unwrap_or_default();
        assert!(row.starts_with(node) && row.contains("✘") && row.contains("follower"), "{size:?}: {text}");
        assert!(!row.contains(" … ") && row.ends_with("now"), "{size:?}: {text}");
        assert_eq!(row.matches("follower").count(), 1, "the reason repeats the fields: {row}");
        // Scrolled away, the heading stays.
        let scrolled = drawn(&book, &board, size, 500).text;
        if size.0 >= 72 {
            assert!(scrolled.lines().next().unwrap().contains("role"), "{scrolled}");
        }
    }
    assert_snapshot!("health_long_names_38x11", drawn(&book, &board, (38, 11), 0).text);
    assert_snapshot!("health_long_names_116x16", drawn(&book, &board, (116, 16), 0).text);
}

#[test]
fn the_edge_counts_in_as_many_words_as_it_has_room_for() {
    let board = Board { rows: (0..1_000).map(row).collect() };
    let told = |cells| on_edge(&board, (0, 989), cells, &UNICODE);
    assert_eq!(told(80), "989 more below · 970 ok · 10 degraded · 10 bad · 10 unknown");
    assert_eq!(told(40), "989 below · ✘ 10 ? 10 ! 10 ✔ 970");
    assert_eq!(told(28), "✘ 10 ? 10 ! 10 ✔ 970");
    assert_eq!(told(12), "30 not ok");
}

#[test]
fn values_that_are_too_long_for_one_line_are_all_cut_alike_and_no_row_takes_the_lines_of_the_others() {
    let mut book = runbook();
    let any = book.health[0].ok.clone();
    book.health[0].fields = ["api", "applied", "committed"].map(|name| (name.to_owned(), any.clone())).to_vec();
    let row = |n: usize| {
        let fields =
            json!({ "api": format!("http://127.0.0.1:820{n}/v1/sys/leader"), "applied": 1200 + n, "committed": 1210 });
        let fields = fields.as_object().cloned().unwrap();
        let (probe, node) = (ProbeId::new("vault"), Some(format!("vault-{n}")));
        Said { probe, node, verdict: Verdict::Ok, why: String::new(), fields, item: Value::Null }.aged(Some(0))
    };
    let board = Board { rows: (1..5).map(row).collect() };
    let text = drawn(&book, &board, (56, 6), 0).text;
    for n in 1..5 {
        let row = text.lines().find(|line| line.contains(&format!("vault-{n}"))).unwrap();
        assert!(row.contains(&format!("applied 120{n}")) && row.contains("committed 1210"), "{text}");
    }
}

#[test]
fn a_row_is_searched_in_the_board_and_the_ends_of_a_pane_are_one_key_away() {
    let mut stage = Stage::of(runbook(), (80, 24), look("mono", &ASCII), Mode::Live);
    stage.all_well();
    stage.press("tab");
    stage.press("end");
    let last = stage.state.counted().flat_map(|phase| phase.keys()).last().map(|(key, _)| key);
    assert_eq!(stage.run().shown_step(), last);
    stage.press("home");
    let first = stage.state.counted().flat_map(|phase| phase.keys()).next().map(|(key, _)| key);
    assert_eq!(stage.run().shown_step(), first);
    stage.press("tab");
    stage.press("/");
    assert!(stage.picture().contains("Find a node"), "{}", stage.picture());
    stage.type_text("vault-3");
    stage.press("enter");
    assert_eq!(stage.run().sought, Some((ProbeId::new("vault"), Some("vault-3".into()))));
    assert!(stage.picture().contains("1 of 1"), "{}", stage.picture());
    stage.press("down");
    assert_eq!(stage.run().sought, None, "it was scrolled by hand");
}

#[test]
fn the_pane_scrolls_to_its_last_row_and_no_further() {
    let mut stage = Stage::of(runbook(), (80, 24), look("mono", &ASCII), Mode::Live);
    stage.all_well();
    stage.press("tab");
    stage.press("tab");
    for _ in 0..50 {
        stage.press("down");
    }
    assert_eq!(stage.run().health_scroll, 0, "all of it is in view");
}
