//! Rows that turned bad and that nothing explains: told until they were seen or are mended.

use crate::clock::Timestamp;
use crate::engine::{ConditionId, Tri, Turned, Verdict};
use crate::tui::message::Instants;
use crate::tui::screen::run::Run;
use crate::tui::tell;

/// A row that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its node, and of what it was asked.
    pub name: String,
    /// What it is now: bad, degraded.
    pub word: &'static str,
    /// What is to be made of it.
    pub turned: Turned,
    /// Whether it is known not to be ok, or gives no answer.
    pub truth: Tri,
    /// Since when.
    pub since: Timestamp,
}

impl Run {
    /// The alarms that nobody has seen yet, the latest first.
    pub fn alarms(&self) -> Vec<Alarm> {
        let alarm = |(id, turned): &(ConditionId, Turned)| {
            let since = turned.alarm()?;
            let is_seen = self.seen.contains(&(id.clone(), since));
            let (name, word) = (tell::row(&self.runbook, id), self.word(id));
            (!is_seen).then(|| Alarm { name, word, turned: *turned, truth: self.state.truth(id), since })
        };
        let mut alarms: Vec<_> = self.view.turned.iter().filter_map(alarm).collect();
        alarms.sort_by_key(|alarm| std::cmp::Reverse(alarm.since));
        alarms
    }

    /// What the board says of a row now; one that came well meanwhile, or cannot be told, was bad.
    fn word(&self, id: &ConditionId) -> &'static str {
        let ConditionId::Health(probe, node) = id else { return Verdict::Bad.word() };
        let row = self.view.moment.board.row(probe, node.as_deref());
        let verdict = row.map(|row| row.verdict).filter(|verdict| *verdict == Verdict::Degraded);
        verdict.unwrap_or(Verdict::Bad).word()
    }

    /// The operator has seen what is told now.
    pub(super) fn see_alarms(&mut self) {
        let alarm = |(id, turned): &(ConditionId, Turned)| Some((id.clone(), turned.alarm()?));
        // What is no alarm any more need not be remembered.
        self.seen = self.view.turned.iter().filter_map(alarm).collect();
    }

    /// When the next second of what is expected is over.
    pub(super) fn next_overdue_ms(&self, now: Instants) -> Option<u64> {
        let passed = now.run.since(self.view.moment.at);
        let left = self.view.turned.iter().filter_map(|(_, turned)| match turned {
            Turned::Expected { left } => Some(left.saturating_sub(passed)),
            _ => None,
        });
        left.min().map(|left| u64::try_from(left.as_millis() % 1_000).unwrap_or_default().max(1))
    }
}
