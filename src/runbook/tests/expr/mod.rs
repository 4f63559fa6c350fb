//! Expressions, by tables and by properties.

mod bounds;
mod filters;
mod reads;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::runbook::Template;

fn scope() -> Value {
    json!({
        "inputs": {"target": "1.17.3", "nodes": [{"name": "a", "ssh": "h1"}, {"name": "b", "ssh": "h2"}]},
        "node": {"name": "b", "api": "https://b:8200"},
        "answers": {"snapshot": "/tmp/s", "count": 3, "ok": true},
        "health": {"vault": [
            {"node": {"name": "a"}, "verdict": "ok", "role": "active", "version": "1.16.2"},
            {"node": {"name": "b"}, "verdict": "ok", "role": "standby", "version": "1.17.3"},
            {"node": {"name": "c"}, "verdict": "bad", "role": null, "version": null},
        ]},
        "words": ["x", "y"], "text": "Vault v1.17.3\nok", "numbers": [3, 1, 2], "deep": [[1, [2]], 3],
        "body": {"initialized": true, "sealed": false, "standby": true, "index": 18446744073709551615u64},
    })
}
