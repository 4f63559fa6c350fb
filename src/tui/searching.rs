//! Searches in the records of all runs, behind the drawing thread: only the last one goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::clock::monotonic;
use crate::tui::backstage::{Backstage, RecordFound};
use crate::tui::message::Message;

/// How long what was found waits for more of it.
const TELL_EVERY: Duration = Duration::from_millis(60);

/// Which search is the last one.
#[derive(Clone, Debug, Default)]
pub(super) struct Searching(Arc<AtomicU64>);

/// The turn of one search.
#[derive(Debug)]
pub(super) struct Turn {
    last: Arc<AtomicU64>,
    own: u64,
}

impl Searching {
    /// A search begins; those before it end.
    pub(super) fn begin(&self) -> Turn {
        let own = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Turn { last: Arc::clone(&self.0), own }
    }
}

impl Turn {
    /// Whether no other search has begun since.
    pub(super) fn goes_on(&self) -> bool {
        self.last.load(Ordering::Relaxed) == self.own
    }
}

/// Looks for words in all records, tells now and then what was found, and at last that all was looked at.
pub(super) fn search(
    backstage: &dyn Backstage,
    words: String,
    replier: &UnboundedSender<Message>,
    turn: &Turn,
) -> Option<Message> {
    if words.is_empty() {
        return None;
    }
    let (mut waiting, mut told): (Vec<RecordFound>, _) = (Vec::new(), monotonic());
    let mut take = |found| {
        waiting.push(found);
        if monotonic().duration_since(told) >= TELL_EVERY {
            told = monotonic();
            let found = std::mem::take(&mut waiting);
            // The screens may have ended meanwhile.
            let _ = replier.send(Message::Found { words: words.clone(), found, is_done: false });
        }
    };
    backstage.search(&words, &mut take, &|| turn.goes_on());
    turn.goes_on().then(|| Message::Found { words: words.clone(), found: std::mem::take(&mut waiting), is_done: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_ends_when_another_begins() {
        let searching = Searching::default();
        let first = searching.begin();
        assert!(first.goes_on());
        let second = searching.clone().begin();
        assert!(!first.goes_on() && second.goes_on());
    }
}
