//! The names of conditions: what is watched, as it stands in records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::runbook::{GuardId, ProbeId, StepKey};

/// One watched condition, by name: `health/vault[vault-2]`, `guard/one-away`, `gate/…`, `check/…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionId {
    /// A probe's verdict is ok.
    Health(ProbeId, Option<String>),
    /// A guard holds.
    Guard(GuardId),
    /// A step's gate holds.
    Gate(StepKey),
    /// What a check step waits for holds.
    Check(StepKey),
}

impl fmt::Display for ConditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Health(probe, Some(node)) => write!(f, "health/{probe}[{node}]"),
            Self::Health(probe, None) => write!(f, "health/{probe}"),
            Self::Guard(guard) => write!(f, "guard/{guard}"),
            Self::Gate(step) => write!(f, "gate/{step}"),
            Self::Check(step) => write!(f, "check/{step}"),
        }
    }
}

/// Why a text is not a condition's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not name a condition")]
pub struct BadConditionId(String);

impl ConditionId {
    /// Whether a text names a condition: what can be parsed, told without making it.
    pub(crate) fn is_name(text: &str) -> bool {
        match text.split_once('/') {
            Some(("health", rest)) => rest.split_once('[').is_none_or(|(_, node)| node.ends_with(']')),
            Some(("guard", _)) => true,
            Some(("gate" | "check", step)) => step.parse::<StepKey>().is_ok(),
            _ => false,
        }
    }
}

impl FromStr for ConditionId {
    type Err = BadConditionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadConditionId(text.to_owned());
        let (kind, rest) = text.split_once('/').ok_or_else(bad)?;
        match kind {
            "health" => Ok(match rest.split_once('[') {
                Some((probe, node)) => {
                    Self::Health(ProbeId::new(probe), Some(node.strip_suffix(']').ok_or_else(bad)?.to_owned()))
                }
                None => Self::Health(ProbeId::new(rest), None),
            }),
            "guard" => Ok(Self::Guard(GuardId::new(rest))),
            "gate" => rest.parse().map(Self::Gate).map_err(|_| bad()),
            "check" => rest.parse().map(Self::Check).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

impl Serialize for ConditionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConditionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
