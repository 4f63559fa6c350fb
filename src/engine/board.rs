//! The board: all latest samples. What one of them said is shared by all boards that hold it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::engine::observe::{Verdict, json_bytes};
use crate::runbook::{Expr, ProbeId};

/// The latest sample of one probe and node. What it said is shared: a copy costs as much as a number, and of two rows
/// it is known at a glance whether they say the same sample.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Read")]
pub struct Row {
    /// How old the sample was, in milliseconds; absent when there was none yet.
    pub age_ms: Option<u64>,
    said: Arc<Said>,
}

/// What the latest sample of one probe and node said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Which probe.
    pub probe: ProbeId,
    /// Which item, by name.
    pub node: Option<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// The reason in a few words.
    pub why: String,
    /// The probe's fields.
    pub fields: Map<String, Value>,
    /// The item itself (the node's table); bound inputs hold it, so records do not repeat it.
    pub item: Value,
}

impl Row {
    /// What was said, so long ago.
    pub fn of(said: Arc<Said>, age_ms: Option<u64>) -> Self {
        Self { age_ms, said }
    }

    /// What was said.
    pub const fn said(&self) -> &Arc<Said> {
        &self.said
    }

    /// The same with another age.
    #[must_use]
    pub fn aged(self, age_ms: Option<u64>) -> Self {
        Self { age_ms, ..self }
    }
}

impl Said {
    /// The row of it, so old.
    pub fn aged(self, age_ms: Option<u64>) -> Row {
        Row::of(Arc::new(self), age_ms)
    }
}

impl Deref for Row {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

/// Other rows that share it stay as they are.
impl DerefMut for Row {
    fn deref_mut(&mut self) -> &mut Said {
        Arc::make_mut(&mut self.said)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.age_ms == other.age_ms && (Arc::ptr_eq(&self.said, &other.said) || self.said == other.said)
    }
}

/// A row as a record holds it.
#[derive(Serialize)]
struct Written<'a> {
    probe: &'a ProbeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: &'a Map<String, Value>,
}

/// The same, read again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "Row")]
struct Read {
    probe: ProbeId,
    #[serde(default)]
    node: Option<String>,
    verdict: Verdict,
    #[serde(default)]
    why: String,
    #[serde(default)]
    age_ms: Option<u64>,
    #[serde(default)]
    fields: Map<String, Value>,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Said { probe, node, verdict, why, fields, .. } = &**self;
        let (node, age_ms) = (node.as_deref(), self.age_ms);
        Written { probe, node, verdict: *verdict, why, age_ms, fields }.serialize(serializer)
    }
}

impl From<Read> for Row {
    fn from(Read { probe, node, verdict, why, age_ms, fields }: Read) -> Self {
        Said { probe, node, verdict, why, fields, item: Value::Null }.aged(age_ms)
    }
}

/// All latest samples, as they stood at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Board {
    /// In the order of the runbook's probes, then of their items.
    pub rows: Vec<Row>,
}

/// The most bytes of fields, as JSON, that one record of a board holds; what is beyond it is told to be left out.
const MAX_RECORDED_BYTES: usize = 4 * 1024 * 1024;

impl Board {
    /// The board as a record holds it: every verdict, and fields as far as there is room for them.
    #[must_use]
    pub fn recorded(&self) -> Self {
        let mut room = MAX_RECORDED_BYTES;
        let rows = self.rows.iter().map(|row| match room.checked_sub(json_bytes(&row.fields)) {
            Some(left) => {
                room = left;
                row.clone()
            }
            None => {
                let left_out = "its fields are left out here: the board is too large";
                let why = if row.why.is_empty() { left_out.to_owned() } else { format!("{}; {left_out}", row.why) };
                Said { why, fields: Map::new(), ..Said::clone(row.said()) }.aged(row.age_ms)
            }
        });
        Self { rows: rows.collect() }
    }

    /// The row of that probe and node.
    pub fn row(&self, probe: &ProbeId, node: Option<&str>) -> Option<&Row> {
        self.rows.iter().find(|row| &row.probe == probe && row.node.as_deref() == node)
    }

    /// The probes that an expression reads: those that it names, or all when it looks at `.health` as a whole.
    pub fn read_by(&self, expr: &Expr) -> Vec<String> {
        if !expr.reads().is_whole("health") {
            return expr.probes();
        }
        let mut all: Vec<String> = self.rows.iter().map(|row| row.probe.to_string()).collect();
        all.dedup();
        all
    }

    /// Why nothing can be told from these probes: every row of them is unknown; `None` where one is not, or none is there.
    pub fn silence(&self, probes: &[String]) -> Option<String> {
        let mut rows = self.rows.iter().filter(|row| probes.iter().any(|probe| probe == row.probe.as_str())).peekable();
        let first = *rows.peek()?;
        if rows.any(|row| row.verdict != Verdict::Unknown) {
            return None;
        }
        let who = first.node.as_deref().unwrap_or(first.probe.as_str());
        Some(format!("nobody gives an answer: {who}: {}", first.why))
    }

    /// This board as it might be if the rows of these probes that are unknown were well: each as the first row of its
    /// probe that is ok, or not there where none is.
    pub(crate) fn hopeful(&self, probes: &[String]) -> Self {
        let is_lost =
            |row: &Row| row.verdict == Verdict::Unknown && probes.iter().any(|probe| probe == row.probe.as_str());
        let well = |row: &Row| self.rows.iter().find(|other| other.probe == row.probe && other.verdict == Verdict::Ok);
        let rows = self.rows.iter().filter_map(|row| {
            if !is_lost(row) {
                return Some(row.clone());
            }
            let well = well(row)?;
            let said = Said { node: row.node.clone(), item: row.item.clone(), ..Said::clone(well.said()) };
            Some(said.aged(well.age_ms))
        });
        Self { rows: rows.collect() }
    }

    /// The age of the oldest sample of these probes; `None` when one of them has no sample at all.
    pub fn oldest_ms(&self, probes: &[String]) -> Option<u64> {
        self.rows
            .iter()
            .filter(|row| probes.iter().any(|probe| probe == row.probe.as_str()))
            .map(|row| row.age_ms)
            .try_fold(0, |oldest, age| Some(oldest.max(age?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row() -> Row {
        let fields = json!({ "role": "active" }).as_object().cloned().unwrap_or_default();
        let (probe, node, item) = (ProbeId::new("vault"), Some("a".to_owned()), json!({ "name": "a" }));
        Said { probe, node, verdict: Verdict::Bad, why: "sealed".into(), fields, item }.aged(Some(7))
    }

    #[test]
    fn a_record_holds_all_of_it_but_the_item() {
        let line =
            r#"{"probe":"vault","node":"a","verdict":"bad","why":"sealed","age_ms":7,"fields":{"role":"active"}}"#;
        assert_eq!(serde_json::to_string(&row()).unwrap(), line);
        let mut read: Row = serde_json::from_str(line).unwrap();
        assert_eq!(read.item, Value::Null);
        read.item = json!({ "name": "a" });
        assert_eq!(read, row());
        let bare = r#"{"probe":"vault","verdict":"unknown"}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<Row>(bare).unwrap()).unwrap(), bare);
        let more = serde_json::from_str::<Row>(r#"{"probe":"vault","verdict":"ok","item":1}"#).unwrap_err();
        assert!(more.to_string().contains("unknown field `item`"), "{more}");
    }

    #[test]
    fn what_is_shared_is_not_changed_for_others() {
        let first = row();
        let mut other = first.clone();
        assert!(Arc::ptr_eq(first.said(), other.said()));
        other.verdict = Verdict::Ok;
        assert_eq!((first.verdict, other.verdict), (Verdict::Bad, Verdict::Ok));
        assert_ne!(first, other);
        assert_ne!(first, first.clone().aged(None));
    }
}
