//! The board in one line, where there is no room for the pane.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::Value;

use crate::engine::{Board, ConditionId, Row, Turned, Verdict};
use crate::runbook::Runbook;
use crate::text::clean_line;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::health::{turned_of, values};
use crate::tui::widget::health_table::weight;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{cut, width};

/// No node is told in fewer cells.
const LEAST_CELLS: usize = 5;

/// How much is told of one node.
const WORD_CELLS: usize = 24;

/// Every node once, with the worst of its verdicts: its role where all is well, else what is the matter. Where they do
/// not all fit into `cells`, what is not ok comes alone, and how many others there are is counted.
pub fn summary(
    runbook: &Runbook,
    (board, turned): (&Board, &[(ConditionId, Turned)]),
    cells: usize,
    glyphs: &Glyphs,
) -> Strip {
    let head = Strip::of("health", Meaning::Dim);
    if board.rows.is_empty() {
        return head.and("  no probes", Meaning::Dim);
    }
    let nodes = nodes(board);
    let piece = |node: &Node<'_>| node.piece(runbook, turned, glyphs);
    let joined = |shown: &mut dyn Iterator<Item = &Node<'_>>| {
        shown.fold(head.clone(), |strip, node| Strip(strip.0.into_iter().chain(piece(node).0).collect()))
    };
    // More than that do not fit in any case.
    let most = cells / LEAST_CELLS;
    let whole = (nodes.len() <= most).then(|| joined(&mut nodes.iter()));
    if let Some(whole) = whole.filter(|whole| whole.width() <= cells) {
        return whole;
    }
    let mut other: Vec<&Node<'_>> = nodes.iter().filter(|node| node.verdict() != Verdict::Ok).collect();
    // What is gravest is named first.
    other.sort_by_key(|node| Reverse(weight(node.verdict())));
    let fine = nodes.len() - other.len();
    let told = |shown: usize| {
        let mut strip = joined(&mut other[..shown].iter().copied());
        let left = other.len() - shown;
        if left > 0 {
            let more = if shown == 0 { "" } else { " more" };
            strip = strip.and(format!("  {} {left}{more} not ok", glyphs.alert), Meaning::Bad);
        }
        if fine == 0 { strip } else { strip.and(format!("  {} {fine} ok", glyphs.done), Meaning::Ok) }
    };
    (0..=other.len().min(most)).rev().map(told).find(|strip| strip.width() <= cells).unwrap_or(head)
}

/// A node with what the board says of it.
struct Node<'a> {
    name: &'a str,
    first: &'a Row,
    worst: &'a Row,
    /// All its rows.
    of_it: Vec<&'a Row>,
}

/// The nodes in the order of the board, each with the worst of its verdicts.
fn nodes(board: &Board) -> Vec<Node<'_>> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for row in &board.rows {
        let name = row.node.as_deref().unwrap_or(row.probe.as_str());
        let at = *known.entry(name).or_insert(nodes.len());
        match nodes.get_mut(at) {
            None => nodes.push(Node { name, first: row, worst: row, of_it: vec![row] }),
            Some(node) => {
                node.of_it.push(row);
                if weight(row.verdict) > weight(node.worst.verdict) {
                    node.worst = row;
                }
            }
        }
    }
    nodes
}

impl Node<'_> {
    fn verdict(&self) -> Verdict {
        self.worst.verdict
    }

    fn piece(&self, runbook: &Runbook, turned: &[(ConditionId, Turned)], glyphs: &Glyphs) -> Strip {
        let (sign, meaning) = tell::verdict_sign(self.verdict(), glyphs);
        let word = match self.verdict() {
            Verdict::Ok => self.first.fields.get("role").and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ => matter(runbook, self.worst, self.of_it.len() > 1),
        };
        let word = clean_line(&word);
        let word = if word.is_empty() { String::new() } else { format!(" {}", cut(&word, WORD_CELLS, glyphs.cut)) };
        let piece = Strip::of(format!("  {} ", self.name), Meaning::Text).and(format!("{sign}{word}"), meaning);
        let mark = self.of_it.iter().filter_map(|row| turned_of(row, turned)).max_by_key(|turned| turned.alarm());
        match mark {
            Some(Turned::Expected { .. }) => piece.and(" expected", Meaning::Dim),
            Some(_) => piece.and(format!(" {}", glyphs.alert), Meaning::Problem),
            None => piece,
        }
    }
}

/// What is the matter with a node: what the probe's first field says, else which probe it is, else the reason.
fn matter(runbook: &Runbook, row: &Row, is_among_several: bool) -> String {
    let probe = runbook.health.iter().find(|probe| probe.id == row.probe);
    let fields: Vec<&str> = probe.iter().flat_map(|probe| &probe.fields).map(|(name, _)| name.as_str()).collect();
    let first = values(row, &fields).into_iter().zip(&fields).find(|(value, _)| !value.is_empty());
    let is_text = |name: &str| row.fields.get(name).is_some_and(Value::is_string);
    match first {
        _ if row.verdict == Verdict::Unknown => {}
        Some((value, name)) if !is_among_several || is_text(name) => return value,
        _ => {}
    }
    if is_among_several {
        return row.probe.to_string();
    }
    let is_told = !row.why.is_empty() && row.age_ms.is_some() && width(&row.why) <= WORD_CELLS;
    if !is_told { row.verdict.word().into() } else { row.why.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::engine::Said;
    use crate::runbook::ProbeId;
    use crate::tui::theme::UNICODE;

    fn row(probe: &str, node: &str, verdict: Verdict, fields: Value, why: &str) -> Row {
        let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
        let (probe, node) = (ProbeId::new(probe), Some(node.to_owned()));
        Said { probe, node, verdict, why: why.into(), fields, item: Value::Null }.aged(Some(0))
    }

    fn told(rows: Vec<Row>, cells: usize) -> String {
        let (book, _) = crate::runbook::parse(include_str!("../../../runbooks/vault-ha-upgrade.toml"));
        let mut book = book.unwrap();
        for probe in &mut book.health {
            let any = probe.ok.clone();
            probe.fields = vec![("state".into(), any.clone()), ("unavailable".into(), any)];
        }
        let strip = summary(&book, (&Board { rows }, &[]), cells, &UNICODE);
        strip.0.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_node_that_is_not_ok_tells_its_state_or_which_probe_says_so() {
        let cases = [
            (vec![row("vault", "w3", Verdict::Degraded, json!({"state": "sealed"}), "not ready")], "w3 ! sealed"),
            (vec![row("vault", "w3", Verdict::Bad, json!({"state": "", "unavailable": 2}), "")], "w3 ✘ unavailable 2"),
            (vec![row("vault", "w3", Verdict::Bad, json!({"state": {}}), "")], "w3 ✘ bad"),
            (vec![row("vault", "w3", Verdict::Unknown, json!({"state": "old"}), "timed out")], "w3 ? timed out"),
            (vec![row("vault", "w3", Verdict::Ok, json!({"role": "active"}), "")], "w3 ✔ active"),
            (
                vec![
                    row("vault", "w3", Verdict::Ok, json!({"role": "active"}), ""),
                    row("leader", "w3", Verdict::Bad, json!({"unavailable": 2}), "two ranges"),
                ],
                "w3 ✘ leader",
            ),
        ];
        for (rows, expected) in cases {
            assert_eq!(told(rows, 78), format!("health  {expected}"));
        }
    }

    #[test]
    fn where_they_do_not_fit_what_is_not_ok_comes_alone_and_the_rest_is_counted() {
        let rows = |bad: usize| {
            let of = |n: usize| if n < bad { (Verdict::Bad, "down") } else { (Verdict::Ok, "up") };
            (0..9)
                .map(|n| row("vault", &format!("nomad-server-{n}"), of(n).0, json!({"state": of(n).1}), ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(rows(0), 78), "health  ✔ 9 ok");
        assert_eq!(told(rows(2), 78), "health  nomad-server-0 ✘ down  nomad-server-1 ✘ down  ✔ 7 ok");
        let mut mixed = rows(9);
        mixed[0] = row("vault", "nomad-server-0", Verdict::Degraded, json!({"state": "slow"}), "");
        mixed[1] = row("vault", "nomad-server-1", Verdict::Unknown, json!({}), "timed out");
        assert_eq!(told(mixed, 58), "health  nomad-server-2 ✘ down  ! 8 more not ok");
        assert_eq!(told(rows(9), 58), "health  nomad-server-0 ✘ down  ! 8 more not ok");
        for bad in 0..9 {
            for cells in 40..140 {
                assert!(width(&told(rows(bad), cells)) <= cells, "{bad} {cells}");
            }
        }
    }
}
