//! What happens in a practice run beside its steps: faults that strike, harm that is done, hints, typed commands.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::decide::{Decision, MAX_TEXT_BYTES};
use crate::engine::event::Event;
use crate::engine::proposal::Refusal;
use crate::engine::state::RunState;

/// Something in the simulated cluster, or between it and the trainee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Happening {
    /// A fault of the scenario struck.
    FaultStruck {
        /// Its name in the scenario.
        id: String,
        /// The simulator's fault.
        fault: String,
        /// With what.
        with: Map<String, Value>,
    },
    /// Harm began.
    HarmBegan {
        /// Which sort, in the simulator's words: `no-active-node`.
        kind: String,
        /// Whom it concerns; empty: the cluster.
        about: String,
        /// Since when on the simulated clock.
        since: Timestamp,
        /// What happened.
        told: String,
    },
    /// Harm that had begun is over; harm of a moment is over at once.
    HarmEnded {
        /// Which sort.
        kind: String,
        /// Whom it concerned.
        about: String,
        /// When on the simulated clock.
        at: Timestamp,
    },
    /// The trainee took a hint of the scenario.
    HintTaken {
        /// Its name in the scenario.
        id: String,
        /// What it says.
        told: String,
        /// What it costs.
        points: u32,
    },
    /// The trainee typed a command at the console of the simulated bastion.
    Typed {
        /// The line as it was typed.
        line: String,
    },
    /// What the simulated cluster answered.
    Answered {
        /// The exit status.
        exit: i32,
        /// What it printed, bounded.
        printed: String,
    },
}

impl Happening {
    /// In a few words. What came from outside is in it as it was: clean it before showing it.
    pub fn told(&self) -> String {
        match self {
            Self::FaultStruck { fault, with, .. } => {
                format!("the scenario brought this about: {}{}", fault.replace(['-', '_'], " "), arguments(with))
            }
            Self::HarmBegan { told, .. } => format!("HARM: {told}"),
            Self::HarmEnded { kind, about, .. } => {
                let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
                format!("harm is over: {}{about}", kind.replace(['-', '_'], " "))
            }
            Self::HintTaken { told, points, .. } => format!("hint (-{points}): {told}"),
            Self::Typed { line } => format!("$ {line}"),
            Self::Answered { exit, printed } => {
                let first = printed.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                format!("answered with status {exit}: {first}")
            }
        }
    }

    /// Whether a person brings it about.
    pub const fn is_of_a_person(&self) -> bool {
        matches!(self, Self::HintTaken { .. } | Self::Typed { .. })
    }
}

/// The arguments of a fault, in brackets: `(node vault-2, times 1)`.
fn arguments(with: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{} {value}", name.replace(['-', '_'], " "))
    };
    let told: Vec<_> = with.iter().map(one).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

/// What happened in a rehearsal is written down as it is; in a live run there is no such thing.
pub(crate) fn rehearse(state: &RunState, happening: Happening) -> Decision {
    let is_practice = state.opened.as_ref().is_some_and(|opened| opened.practice.is_some());
    if !is_practice {
        return Err(Refusal::NotNow("that is for practice runs only"));
    }
    if happening.is_of_a_person() && state.sitting.is_none() {
        return Err(Refusal::NotNow("nobody sits at this run"));
    }
    if let Happening::Typed { line } = &happening
        && (line.trim().is_empty() || line.len() > MAX_TEXT_BYTES)
    {
        return Err(Refusal::BadText("a command is needed"));
    }
    Ok(vec![Event::Rehearsed { what: Box::new(happening) }])
}
