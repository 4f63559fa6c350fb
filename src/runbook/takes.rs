//! What an input takes, in words that can be read and heard.

use crate::runbook::InputKind;

impl InputKind {
    /// What it takes, with how that is written where it is no plain text: `a version, such as 1.17.3`.
    pub fn takes(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Number => "a number".into(),
            Self::Bool => "yes or no".into(),
            Self::Version => "a version, such as 1.17.3".into(),
            Self::Duration => "a duration, such as 1h 30m".into(),
            Self::Url => "an address, such as https://host:8200".into(),
            Self::Path => "a path".into(),
            Self::Choice(options) => format!("one of {}", options.join(", ")),
            Self::Nodes(fields) if fields.is_empty() => "names of nodes, with commas between them".into(),
            Self::Nodes(fields) => {
                let keys: Vec<_> = fields.iter().map(|field| format!(", \"{field}\": ...")).collect();
                format!("nodes, as [{{\"name\": ...{}}}, ...]", keys.concat())
            }
            Self::Command => "a command, as [\"program\", \"argument\"]".into(),
            Self::Secret => {
                "where a secret is found, never its value: env:NAME, or {\"command\": [\"program\", \"argument\"]}"
                    .into()
            }
        }
    }
}

/// How nodes are given more easily than typed.
pub const NODES_HINT: &str = "nodes are easier to give in a site file (--site)";
