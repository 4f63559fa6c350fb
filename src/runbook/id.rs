//! Names inside a runbook, each its own type so that a step can never be taken for a phase.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name accepted anywhere, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// Whether `name` may name a runbook, phase, step, probe, guard, input or plan: lower-case letters, digits, `-` and
/// `_`, starting with a letter or digit.
pub fn is_plain_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

/// Whether `name` may name an item of a loop (a node): letters, digits, `.`, `_`, `:` and `-`, starting with a letter
/// or digit. It must survive inside `phase[item]/step`.
pub fn is_item_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))
}

/// Whether `path` may stand between the brackets of `phase[…]/step`: an item's name, or `outer/inner` in a loop in a
/// loop.
pub fn is_item_path(path: &str) -> bool {
    path.split('/').count() <= 2 && path.split('/').all(is_item_name)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes `name` as it is; whoever reads outside text checks it with [`is_plain_name`] first.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// Names a runbook.
    RunbookId
);
name!(
    /// Names a phase; unique over the phases of the runbook and of all its rollback plans.
    PhaseId
);
name!(
    /// Names a step within its phase.
    StepId
);
name!(
    /// Names a probe (`[[health]]`).
    ProbeId
);
name!(
    /// Names a guard.
    GuardId
);
name!(
    /// Names an input.
    InputId
);
name!(
    /// Names a rollback plan.
    RollbackId
);

/// One step of one loop item: `phase/step`, or `phase[item]/step` inside a loop; `phase[outer/inner]/step` inside a
/// loop in a loop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The phase it belongs to.
    pub phase: PhaseId,
    /// The loop's item, by name or `outer/inner`; `None` in a phase without `for_each`.
    pub item: Option<String>,
    /// The step within the phase.
    pub step: StepId,
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.item {
            Some(item) => write!(f, "{}[{item}]/{}", self.phase, self.step),
            None => write!(f, "{}/{}", self.phase, self.step),
        }
    }
}

/// Why a text is not a step's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form phase/step or phase[item]/step")]
pub struct BadStepKey(String);

impl FromStr for StepKey {
    type Err = BadStepKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadStepKey(text.to_owned());
        let (place, step) = text.rsplit_once('/').ok_or_else(bad)?;
        let (phase, item) = match place.split_once('[') {
            Some((phase, rest)) => (phase, Some(rest.strip_suffix(']').ok_or_else(bad)?)),
            None => (place, None),
        };
        if !is_plain_name(phase) || !is_plain_name(step) || item.is_some_and(|item| !is_item_path(item)) {
            return Err(bad());
        }
        Ok(Self { phase: PhaseId::new(phase), item: item.map(str::to_owned), step: StepId::new(step) })
    }
}

impl Serialize for StepKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_keys_survive_a_round_trip_and_nothing_else_parses() {
        for good in ["prepare/backup", "standbys[vault-2]/stop", "a[n.1:8200]/b", "a[x/y]/c"] {
            assert_eq!(good.parse::<StepKey>().unwrap().to_string(), good);
        }
        for bad in ["", "stop", "a[b/c", "a[]/c", "A/b", "a[b]/", "a[x/y/z]/c", "a[x/]/c", "a[/y]/c", "a b/c"] {
            assert!(bad.parse::<StepKey>().is_err(), "{bad}");
        }
    }
}
