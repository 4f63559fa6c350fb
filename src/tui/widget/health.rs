//! The board: per probe a table of nodes with sign, word, fields, how the verdict went, and the sample's age.

use ratatui::layout::Rect;
use serde_json::Value;

use crate::engine::{Board, ConditionId, Row, Turned, Verdict};
use crate::health::BoardKeeper;
use crate::runbook::{ProbeId, Runbook};
use crate::tui::screen::run::FRESH_MS;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::width;

/// The board of a run.
pub struct Health<'a> {
    /// For the probes' titles and fields.
    pub runbook: &'a Runbook,
    /// As it stands.
    pub board: &'a Board,
    /// For the history of verdicts.
    pub keeper: &'a BoardKeeper,
    /// What is to be made of the rows that are not ok.
    pub turned: &'a [(ConditionId, Turned)],
}

/// How many verdicts of the history are drawn.
const DRAWN_HISTORY: u16 = 8;

impl Health<'_> {
    /// How many lines it takes.
    pub fn height(&self) -> usize {
        let titles = self.runbook.health.iter().filter(|probe| self.rows(&probe.id).next().is_some()).count();
        self.board.rows.len() + if titles > 1 { titles } else { 0 }
    }

    /// The rows of a probe with their places on the board.
    fn rows(&self, probe: &ProbeId) -> impl Iterator<Item = (usize, &Row)> {
        self.board.rows.iter().enumerate().filter(move |(_, row)| &row.probe == probe)
    }

    /// Draws it, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let has_titles = self.height() > self.board.rows.len();
        let mut lines: Vec<(Option<(usize, &Row)>, Strip)> = Vec::new();
        for probe in &self.runbook.health {
            let places: Vec<(usize, &Row)> = self.rows(&probe.id).collect();
            let rows: Vec<&Row> = places.iter().map(|(_, row)| *row).collect();
            if rows.is_empty() {
                continue;
            }
            if has_titles {
                lines.push((None, Strip::of(&probe.title, Meaning::Title)));
            }
            let names: Vec<&str> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
            let tails = table(&rows, &names, self.turned, paint.look.glyphs);
            lines.extend(places.into_iter().map(Some).zip(tails));
        }
        if lines.is_empty() {
            paint.put((area.x, area.y), area.width, "no probes", Meaning::Dim);
        }
        for (y, (row, strip)) in (area.y..area.bottom()).zip(lines.iter().skip(from)) {
            let line = Rect { y, height: 1, ..area };
            let left = u16::try_from(strip.width()).unwrap_or(u16::MAX);
            let used = row.map_or(0, |row| self.right(row, left, line, paint));
            paint.strip((area.x, y), area.width.saturating_sub(used), strip);
        }
    }

    /// The right part of a row: as much of the history as there is room for beside `left`, and the age; gives the cells
    /// that it took.
    fn right(&self, (place, row): (usize, &Row), left: u16, area: Rect, paint: &mut Paint<'_>) -> u16 {
        let age_cells = 5;
        paint.put_right(area, &age(row.age_ms), Meaning::Dim);
        let room = area.width.saturating_sub(left + age_cells + 1).min(DRAWN_HISTORY);
        let history: Vec<Verdict> = self.keeper.history(place).map(|beat| beat.verdict).collect();
        let drawn = &history[history.len().saturating_sub(usize::from(room))..];
        let mut x = area.right().saturating_sub(age_cells + u16::try_from(drawn.len()).unwrap_or(0));
        for verdict in drawn {
            let (sign, meaning) = history_sign(*verdict, paint.look.glyphs);
            x += paint.put((x, area.y), 1, sign, meaning);
        }
        age_cells + u16::try_from(drawn.len()).unwrap_or(0)
    }
}

/// The left parts of the rows of one probe, in columns.
fn table(rows: &[&Row], fields: &[&str], turned: &[(ConditionId, Turned)], glyphs: &Glyphs) -> Vec<Strip> {
    let nodes: Vec<&str> = rows.iter().map(|row| row.node.as_deref().unwrap_or(row.probe.as_str())).collect();
    let node_cells = nodes.iter().map(|node| width(node)).max().unwrap_or(0).min(20);
    let word_cells = rows.iter().map(|row| row.verdict.word().len()).max().unwrap_or(0);
    let cells: Vec<Vec<String>> = rows.iter().map(|row| values(row, fields)).collect();
    let widths: Vec<usize> = (0..fields.len())
        .map(|column| cells.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let strip = |(row, node, cells): (&&Row, &str, &Vec<String>)| {
        let (sign, meaning) = tell::verdict_sign(row.verdict, glyphs);
        let mut strip = Strip::of(padded(node, node_cells), Meaning::Text)
            .and(format!(" {sign} {}", padded(row.verdict.word(), word_cells)), meaning);
        if let Some((told, meaning)) = turned_of(row, turned).map(tell::turned) {
            strip = strip.and(format!(" {told}"), meaning);
        }
        let is_answer = !matches!(row.verdict, Verdict::Unknown);
        if is_answer && cells.iter().any(|cell| !cell.is_empty()) {
            let joined: Vec<_> = cells.iter().zip(&widths).map(|(cell, wide)| padded(cell, *wide)).collect();
            strip = strip.and(format!(" {}", joined.join(" ").trim_end()), Meaning::Text);
        }
        if !row.why.is_empty() {
            strip = strip.and(format!(" {}", row.why), meaning);
        }
        strip
    };
    rows.iter().zip(nodes).zip(&cells).map(|((row, node), cells)| strip((row, node, cells))).collect()
}

/// What is to be made of a row that is not ok.
fn turned_of(row: &Row, turned: &[(ConditionId, Turned)]) -> Option<Turned> {
    let is_its =
        |id: &ConditionId| matches!(id, ConditionId::Health(probe, node) if probe == &row.probe && node == &row.node);
    turned.iter().find(|(id, _)| is_its(id)).map(|(_, turned)| *turned)
}

fn history_sign(verdict: Verdict, glyphs: &Glyphs) -> (&'static str, Meaning) {
    let meaning = tell::verdict_sign(verdict, glyphs).1;
    match verdict {
        Verdict::Ok => (glyphs.history[0], meaning),
        Verdict::Degraded => (glyphs.history[1], meaning),
        Verdict::Bad => (glyphs.history[2], meaning),
        Verdict::Unknown => (glyphs.history[3], meaning),
    }
}

/// How old a sample is: `now`, `12s`, `3m`; `-` when there is none.
pub fn age(age_ms: Option<u64>) -> String {
    match age_ms {
        None => "-".into(),
        Some(age) if age < FRESH_MS => "now".into(),
        Some(age) if age < 100_000 => format!("{}s", age / 1000),
        Some(age) if age < 6_000_000 => format!("{}m", age / 60_000),
        Some(age) => format!("{}h", age / 3_600_000),
    }
}

/// The values of a row's fields, as text: texts as they are, numbers with their field's name. What cannot be read at
/// a glance (an object, a list) is left empty.
pub fn values(row: &Row, fields: &[&str]) -> Vec<String> {
    let value = |name: &&str| match row.fields.get(*name) {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => (*name).to_owned(),
        Some(Value::Bool(false)) => format!("not {name}"),
        Some(Value::Number(number)) => format!("{name} {number}"),
    };
    fields.iter().map(value).collect()
}

/// `2 ok · 1 bad`, for the pane's edge.
pub fn counted(board: &Board, glyphs: &Glyphs) -> String {
    let all = [Verdict::Ok, Verdict::Degraded, Verdict::Bad, Verdict::Unknown];
    let counted = all.into_iter().filter_map(|verdict| {
        let count = board.rows.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.word()))
    });
    counted.collect::<Vec<_>>().join(&format!(" {} ", glyphs.dot))
}

/// The board in one line: every node once, with the worst of its verdicts and its role where all is well.
pub fn summary(board: &Board, turned: &[(ConditionId, Turned)], glyphs: &Glyphs) -> Strip {
    let mut strip = Strip::of("health", Meaning::Dim);
    let name = |row: &Row| row.node.clone().unwrap_or_else(|| row.probe.to_string());
    for (place, first) in board.rows.iter().enumerate() {
        let node = name(first);
        if board.rows[..place].iter().any(|row| name(row) == node) {
            continue;
        }
        let of_it = board.rows[place..].iter().filter(|row| name(row) == node);
        let mark = of_it.clone().filter_map(|row| turned_of(row, turned)).max_by_key(|turned| turned.alarm());
        let verdict = of_it.map(|row| row.verdict).max_by_key(|verdict| weight(*verdict)).unwrap_or(first.verdict);
        let (sign, meaning) = tell::verdict_sign(verdict, glyphs);
        let word = if verdict == Verdict::Ok { role(first) } else { verdict.word().to_owned() };
        let word = if word.is_empty() { word } else { format!(" {word}") };
        strip = strip.and(format!("  {node} "), Meaning::Text).and(format!("{sign}{word}"), meaning);
        strip = match mark {
            Some(Turned::Expected { .. }) => strip.and(" expected", Meaning::Dim),
            Some(_) => strip.and(format!(" {}", glyphs.alert), Meaning::Problem),
            None => strip,
        };
    }
    if board.rows.is_empty() { strip.and("  no probes", Meaning::Dim) } else { strip }
}

fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Degraded => 1,
        Verdict::Unknown => 2,
        Verdict::Bad => 3,
    }
}

/// What the field named `role` says of a node, when there is one.
fn role(row: &Row) -> String {
    row.fields.get("role").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}
