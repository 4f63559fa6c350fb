//! `gitlab:doctor:secrets`: every encrypted value is read with the key of the machine.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::printed;

use super::state::Gitlab;

/// Tables with encrypted values, a field of each, and how many rows there are.
const MODELS: [(&str, &str, u64); 7] = [
    ("ApplicationSetting", "ci_jwt_signing_key", 1),
    ("Ci::Runner", "token", 6),
    ("Ci::Variable", "value", 31),
    ("Ci::GroupVariable", "value", 12),
    ("Group", "runners_token", 9),
    ("User", "otp_secret", 27),
    ("WebHook", "token", 8),
];

impl Gitlab {
    /// `gitlab:doctor:secrets`.
    pub(super) fn doctor(&self, index: usize) -> CommandResult {
        let (node, now) = (&self.nodes[index], self.now);
        let data = &self.instances[node.instance].data;
        let is_other = node.key != data.key;
        let time = now.to_string();
        let time = time.trim_end_matches('Z');
        let info = |text: &str| format!("I, [{time} #31337]  INFO -- : {text}\n");
        let debug = |text: &str| format!("D, [{time} #31337] DEBUG -- : {text}\n");
        let mut text = info("Checking encrypted values in the database");
        let mut total = 0;
        let mut left = data.unreadable;
        for (model, field, rows) in MODELS {
            let failures = if is_other { rows } else { left.min(rows) };
            left -= left.min(rows);
            total += failures;
            text.push_str(&info(&format!("- {model} failures: {failures}")));
            for row in 1..=failures {
                text.push_str(&debug(&format!("  - {model}[{row}]: {field}")));
            }
        }
        text.push_str(&info(&format!("Total: {total} row(s) affected")));
        text.push_str(&info("Done!"));
        printed(&text).lasting(Duration::from_secs(35))
    }
}
