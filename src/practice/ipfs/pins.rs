//! What is pinned: the entries of the shared list.

use serde_json::{Value, json};

use crate::practice::host::Random;

/// An entry of the pinset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) cid: String,
    pub(super) name: String,
    /// On how many peers at least, and at most; -1: on all.
    pub(super) replicas: (i64, i64),
    /// The ids of the peers that keep it; none when all do.
    pub(super) allocations: Vec<String>,
    /// When it was added, as RFC 3339.
    pub(super) added: String,
}

impl Pin {
    /// Whether that peer is to keep the content.
    pub(super) fn is_kept_by(&self, id: &str) -> bool {
        self.replicas.0 < 0 || self.allocations.iter().any(|known| known == id)
    }

    /// As the API and an export write it; `is_old`: with the content's id in an object, as before 1.0.
    pub(super) fn json(&self, is_old: bool) -> Value {
        let cid = if is_old { json!({ "/": self.cid }) } else { json!(self.cid) };
        json!({
            "replication_factor_min": self.replicas.0,
            "replication_factor_max": self.replicas.1,
            "name": self.name,
            "mode": "recursive",
            "shard_size": 0,
            "user_allocations": [],
            "expire_at": "0001-01-01T00:00:00Z",
            "metadata": {},
            "pin_update": null,
            "origins": [],
            "cid": cid,
            "type": 2,
            "allocations": self.allocations,
            "max_depth": -1,
            "reference": null,
            "timestamp": self.added,
        })
    }

    /// Reads what [`json`](Self::json) writes. `Err` is what the real decoder says.
    pub(super) fn from_json(value: &Value) -> Result<Self, String> {
        let Some(fields) = value.as_object() else {
            let kind = if value.is_array() { "array" } else { "string" };
            return Err(format!("json: cannot unmarshal {kind} into Go value of type api.Pin"));
        };
        let cid = match fields.get("cid") {
            Some(Value::String(cid)) => cid.clone(),
            Some(Value::Object(link)) => link.get("/").and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ => return Err("cid too short".into()),
        };
        let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |key: &str| fields.get(key).and_then(Value::as_i64).unwrap_or(-1);
        let ids = fields.get("allocations").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            cid,
            name: text("name"),
            replicas: (number("replication_factor_min"), number("replication_factor_max")),
            allocations: ids.filter_map(Value::as_str).map(str::to_owned).collect(),
            added: text("timestamp"),
        })
    }
}

/// A content's id, by the seed and a number.
pub(super) fn cid(seed: u64, number: u64) -> String {
    letters(seed ^ number.wrapping_mul(0x9e37_79b9), "bafybei", b"abcdefghijklmnopqrstuvwxyz234567", 52)
}

/// A peer's id, by the seed and a number.
pub(super) fn peer_id(seed: u64, number: u64) -> String {
    const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    letters(seed.rotate_left(17) ^ number.wrapping_mul(0x51_7cc1_b727), "12D3KooW", BASE58, 44)
}

fn letters(seed: u64, head: &str, alphabet: &[u8], count: usize) -> String {
    let mut random = Random::new(seed);
    let tail = (0..count).map(|_| char::from(alphabet[random.draw() as usize % alphabet.len()]));
    head.chars().chain(tail).collect()
}
