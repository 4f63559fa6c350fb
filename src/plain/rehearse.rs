//! What is there in practice only: the bastion's console, hints, and what the rehearsal keeps to itself until the end.

use crate::engine::{Event, Happening, Proposal};
use crate::plain::dialogue::Dialogue;
use crate::scenario;

/// What is said of a record of the rehearsal; `None` of any other. What struck, and what harm that does, is for the
/// trainee to find out.
pub(super) fn told(event: &Event) -> Option<String> {
    let Event::Rehearsed { what } = event else { return None };
    Some(match &**what {
        Happening::FaultStruck { .. } | Happening::HarmBegan { .. } | Happening::HarmEnded { .. } => {
            "something for the debrief".into()
        }
        Happening::Answered { exit, .. } => format!("the bastion answered with exit status {exit}"),
        Happening::Typed { line } => format!("typed at the bastion: {line}"),
        Happening::HintTaken { told, points, .. } => format!("a hint, which costs {points} points: {told}"),
    })
}

impl Dialogue<'_> {
    /// Says what the bastion printed.
    pub(super) fn say_bastion(&mut self, event: &Event) {
        let Event::Rehearsed { what } = event else { return };
        if let Happening::Answered { printed, .. } = &**what {
            printed.lines().for_each(|line| self.news(format!("bastion: {line}")));
        }
    }

    /// Types a command to the simulated bastion.
    pub(super) fn type_to_bastion(&mut self, line: &str) {
        if line.is_empty() {
            return self.mouth.say("Type the command behind the word, as in: console vault status");
        }
        self.propose(Proposal::Rehearse { what: Happening::Typed { line: line.to_owned() } });
    }

    /// Asks for the next hint about the current step that was not taken yet.
    pub(super) fn take_hint(&mut self) {
        let practice = self.state.opened.as_ref().and_then(|opened| opened.practice.as_ref());
        let name = practice.and_then(|practice| practice.scenario.as_deref());
        let hints = name.and_then(|name| scenario::find(self.runbook.id.as_str(), name));
        let hints = hints.map(|scenario| scenario.hints).unwrap_or_default();
        let step = self.state.current.as_ref().map(ToString::to_string).unwrap_or_default();
        let is_taken = |id: &str| {
            let taken = |what: &Happening| matches!(what, Happening::HintTaken { id: known, .. } if known == id);
            self.state.happenings.iter().any(|(_, what)| taken(what))
        };
        let is_about = |step_of: &scenario::Hint| step_of.step.as_ref().is_none_or(|pattern| pattern.is_met(&step));
        match hints.into_iter().find(|hint| !is_taken(&hint.id) && is_about(hint)) {
            Some(hint) => {
                let what = Happening::HintTaken { id: hint.id, told: hint.text, points: hint.points };
                self.propose(Proposal::Rehearse { what });
            }
            None => self.mouth.say("There is no further hint for this step."),
        }
    }
}
