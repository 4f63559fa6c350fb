use serde_json::json;

use super::*;
use crate::clock::{FastClock, FixedClock};
use crate::health::target::Question;
use crate::runbook::{Expr, ProbeId};

const SECOND: i64 = 1000;

fn target(node: &str, every: u64, timeout: u64) -> Target {
    Target {
        probe: ProbeId::new("vault"),
        title: String::new(),
        node: Some(node.into()),
        item: json!({"name": node}),
        every: Duration::from_secs(every),
        timeout: Duration::from_secs(timeout),
        filled: Vec::new(),
        question: Question::Tcp("127.0.0.1:1".into()),
        fields: Vec::new(),
        ok: Expr::compile("true").unwrap(),
        degraded: None,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * SECOND)
}

fn sample(node: &str, seconds: i64, verdict: Verdict) -> Sample {
    Sample {
        probe: ProbeId::new("vault"),
        node: Some(node.into()),
        at: at(seconds),
        verdict,
        why: if verdict == Verdict::Ok { String::new() } else { "role sealed".into() },
        fields: json!({"role": "active"}).as_object().unwrap().clone(),
        elapsed: Duration::from_millis(3),
    }
}

fn shown(keeper: &BoardKeeper, millis: i64) -> Vec<(Verdict, String, Option<u64>, usize)> {
    let rows = keeper.board(Timestamp::from_millis(millis)).rows;
    rows.into_iter().map(|row| (row.verdict, row.why.clone(), row.age_ms, row.fields.len())).collect()
}

#[test]
fn an_answer_is_good_for_three_intervals() {
    let targets = [target("a", 2, 1), target("b", 2, 30)];
    let mut keeper = BoardKeeper::new(&targets);
    let nothing = (Verdict::Unknown, "no answer yet".to_owned(), None, 0);
    assert_eq!(shown(&keeper, 0), [nothing.clone(), nothing.clone()]);
    assert_eq!(keeper.next_stale(at(0)), None);

    keeper.take(sample("a", 10, Verdict::Degraded));
    let fresh = |age| (Verdict::Degraded, "role sealed".to_owned(), Some(age), 1);
    assert_eq!(shown(&keeper, 10 * SECOND), [fresh(0), nothing.clone()]);
    assert_eq!(shown(&keeper, 16 * SECOND)[0], fresh(6000));
    let stale = keeper.next_stale(at(12)).unwrap();
    assert_eq!(stale, Timestamp::from_millis(16_001));
    assert_eq!(
        shown(&keeper, stale.as_millis()),
        [(Verdict::Unknown, "stale: last answer 6 s ago".to_owned(), Some(6001), 0), nothing]
    );
    assert_eq!(keeper.next_stale(stale), None);

    // The slow one is given the time that its next answer may take.
    keeper.take(sample("b", 10, Verdict::Ok));
    assert_eq!(shown(&keeper, 42 * SECOND)[1].0, Verdict::Ok);
    assert_eq!(shown(&keeper, 42 * SECOND + 1)[1].0, Verdict::Unknown);

    let board = keeper.board(at(11));
    assert_eq!(board.rows[1].item, json!({"name": "b"}));
    assert_eq!(board.row(&ProbeId::new("vault"), Some("b")).unwrap().node.as_deref(), Some("b"));
}

#[test]
fn old_and_unknown_samples_are_left_and_the_history_is_a_ring() {
    let mut keeper = BoardKeeper::new(&[target("a", 2, 1)]);
    keeper.take(sample("elsewhere", 5, Verdict::Ok));
    assert_eq!(keeper.history(0).count(), 0);
    for second in 0..70 {
        keeper.take(sample("a", second, if second < 60 { Verdict::Ok } else { Verdict::Bad }));
    }
    keeper.take(sample("a", 68, Verdict::Ok));
    assert_eq!(keeper.board(at(69)).rows[0].verdict, Verdict::Bad);
    let beats: Vec<Verdict> = keeper.history(0).map(|beat| beat.verdict).collect();
    assert_eq!(beats, [vec![Verdict::Ok; 50], vec![Verdict::Bad; 10]].concat());
    assert_eq!(keeper.history(1).count(), 0);
}

#[test]
fn a_fast_clock_leaves_real_time_to_answer() {
    let fresh_at = |clock: &dyn Clock, age: i64| {
        let mut keeper = BoardKeeper::new(&[target("a", 2, 1)]).paced_by(clock);
        keeper.take(sample("a", 0, Verdict::Ok));
        keeper.board(at(age)).rows[0].verdict == Verdict::Ok
    };
    let fast = FastClock::starting(at(0), 100.0);
    assert!(fresh_at(&fast, 49) && !fresh_at(&fast, 51));
    let real = FixedClock::at(at(0));
    assert!(fresh_at(&real, 6) && !fresh_at(&real, 7));
}
