//! The run screen fed from a journal: the same model, from which nothing can be proposed, and a board made of what was
//! recorded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::engine::{Board, ConditionId, Record, Row, RunState, Said, Standing, Tri, Verdict};
use crate::health::{BoardKeeper, targets};
use crate::runbook::Runbook;
use crate::tui::beside::Beside;
use crate::tui::message::Instants;
use crate::tui::screen::run::fold::head_of;
use crate::tui::screen::run::{Parts, Run};
use crate::tui::tell;
use crate::tui::theme::Meaning;

/// What the run screen has to know when it shows a journal.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Whether the journal is whole, in a few words for the title, and how those look.
    pub integrity: (String, Meaning),
    /// What lies beside the journal, once that was looked at.
    pub beside: Option<Beside>,
    /// Who signed and what reviewers came to, for the title: where there is room, and where there is little.
    pub words: [Vec<(String, Meaning)>; 2],
    /// The last board that was recorded.
    pub board: Option<BoardSeen>,
    /// What comes after the record at which it stands.
    pub ahead: Ahead,
    /// A row for everything that the run asked, before anything was recorded of it.
    rows: Vec<Row>,
}

/// What a journal tells after a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Whether the next record is of the same moment: nobody ever saw what lies between the two.
    pub is_between: bool,
    /// The record with which a step opens next, and how much later that is.
    pub opens: Option<(usize, Duration)>,
}

impl Ahead {
    /// When the next step opens, for people.
    pub fn told(&self) -> String {
        match self.opens {
            Some((record, Duration::ZERO)) => format!("The next step opens at #{record}, in the same moment."),
            Some((record, later)) => {
                let whole = Duration::from_secs(later.as_secs());
                let later = tell::duration(if whole.is_zero() { later } else { whole });
                format!("The next step opens at #{record}, {later} later.")
            }
            None => "No step opens in what is recorded after this.".into(),
        }
    }
}

/// A board as a record holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardSeen {
    /// The number of that record.
    pub seq: u64,
    /// Its time.
    pub at: Timestamp,
    /// Whether another sitting has begun since: in that one nobody saw it.
    pub is_old: bool,
    /// What stands in it.
    pub rows: Vec<Row>,
}

impl Replayed {
    /// A run of which nothing has been recorded but its head.
    pub fn new(runbook: &Runbook, opened: &Record, integrity: (String, Meaning)) -> Self {
        let inputs = match &opened.event {
            crate::engine::Event::RunOpened(opened) => opened.inputs.clone(),
            _ => Map::new(),
        };
        let row = |target: crate::health::Target| {
            let (verdict, why) = (Verdict::Unknown, "nothing recorded yet".into());
            let crate::health::Target { probe, node, item, .. } = target;
            Said { probe, node, verdict, why, fields: Map::new(), item }.aged(None)
        };
        // What cannot be asked on this machine has no row before something is recorded of it.
        let targets = targets(runbook, &json!({ "inputs": inputs })).unwrap_or_default();
        let rows = targets.into_iter().map(row).collect();
        Self { integrity, beside: None, words: Default::default(), board: None, ahead: Ahead::default(), rows }
    }

    /// The board as far as it is recorded: each row as the last board or the last change of its condition has it.
    fn board(&self, runbook: &Runbook, state: &RunState, now: Timestamp) -> Board {
        let mut rows = self.rows.clone();
        if let Some(seen) = &self.board {
            let since = u64::try_from(now.since(seen.at).as_millis()).unwrap_or(u64::MAX);
            for row in seen.rows.iter().cloned() {
                let age_ms = row.age_ms.map(|age| age.saturating_add(since));
                put(&mut rows, if seen.is_old { unsensed(&row) } else { row.aged(age_ms) });
            }
        }
        for (id, standing) in &state.conditions {
            let ConditionId::Health(probe, node) = id else { continue };
            let is_its = |row: &Row| row.probe == *probe && row.node == *node;
            let seen = self.board.as_ref().filter(|seen| seen.rows.iter().any(is_its));
            // Of the same moment, both tell the same answer.
            if seen.is_none_or(|seen| standing.since >= seen.at) {
                put(&mut rows, changed(probe, node.as_ref(), standing, now));
            }
        }
        let place = |row: &Row| runbook.health.iter().position(|probe| probe.id == row.probe);
        // A run asks what its runbook asks.
        rows.retain(|row| place(row).is_some());
        rows.sort_by_key(place);
        Board { rows }
    }
}

/// Puts a row in the place of the one of the same name; the item is known from the start only.
fn put(rows: &mut Vec<Row>, mut row: Row) {
    match rows.iter_mut().find(|other| other.probe == row.probe && other.node == row.node) {
        Some(place) => {
            row.item = place.item.clone();
            *place = row;
        }
        None => rows.push(row),
    }
}

/// A row of which nothing is known in this sitting.
fn unsensed(row: &Row) -> Row {
    let why = "not sensed in this sitting yet".into();
    let (probe, node, item) = (row.probe.clone(), row.node.clone(), row.item.clone());
    Said { probe, node, verdict: Verdict::Unknown, why, fields: Map::new(), item }.aged(None)
}

/// The row that a recorded change of its condition tells of.
fn changed(probe: &crate::runbook::ProbeId, node: Option<&String>, standing: &Standing, now: Timestamp) -> Row {
    let word = standing.seen.get("verdict").and_then(Value::as_str).unwrap_or_default();
    let verdict = match (standing.truth, word) {
        (Tri::True, _) => Verdict::Ok,
        (Tri::Unknown, _) => Verdict::Unknown,
        (Tri::False, "degraded") => Verdict::Degraded,
        (Tri::False, _) => Verdict::Bad,
    };
    let fields = standing.seen.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let age_ms = u64::try_from(now.since(standing.since).as_millis()).ok().filter(|_| verdict != Verdict::Unknown);
    let (probe, node, why) = (probe.clone(), node.cloned(), standing.why.clone());
    Said { probe, node, verdict, why, fields, item: Value::Null }.aged(age_ms)
}

impl Run {
    /// The screen of a journal whose first record that is.
    pub fn replayed(
        runbook: &Arc<Runbook>,
        opened: &Record,
        folder: Option<PathBuf>,
        integrity: (String, Meaning),
        size: (u16, u16),
    ) -> Self {
        let parts = Parts {
            runbook: Arc::clone(runbook),
            state: RunState::fold(runbook, [opened]),
            keeper: BoardKeeper::new(&[]),
            folder: folder.unwrap_or_default(),
            head: Some(head_of(opened)),
            card: None,
            replayed: Some(Replayed::new(runbook, opened, integrity)),
        };
        Self::of(parts, Instants { run: opened.at, real_ms: 0 }, size)
    }

    /// Where its commands' output is kept.
    pub fn kept_in(&self) -> Option<&Path> {
        Some(self.folder.as_path()).filter(|folder| !folder.as_os_str().is_empty())
    }

    /// Whether it is a replay that stands between two records of one moment: there nobody saw the run, and what it would
    /// wait for is known of no board.
    pub(super) fn is_between(&self) -> bool {
        self.replayed.as_ref().is_some_and(|replayed| replayed.ahead.is_between)
    }

    /// The board as it is known at that moment.
    pub(super) fn board(&self, now: Timestamp) -> Board {
        match &self.replayed {
            Some(replayed) => replayed.board(&self.runbook, &self.state, now),
            None => self.keeper.board(now),
        }
    }

    /// The state has become that of another record: the last of those before which the journal stands.
    pub(in crate::tui::screen) fn stands_at(&mut self, last: &Record, board: Option<BoardSeen>, ahead: Ahead) {
        let before = self.view.page.key.clone();
        self.head = Some(head_of(last));
        if let Some(replayed) = &mut self.replayed {
            (replayed.board, replayed.ahead) = (board, ahead);
        }
        if self.browsed.as_ref().is_some_and(|browsed| self.state.step(browsed).is_none()) {
            self.browsed = None;
        }
        if self.browsed == self.state.current {
            self.browsed = None;
        }
        if self.shown_step() != before {
            self.scroll = 0;
        }
        self.choose_anew();
        self.touch();
    }
}
