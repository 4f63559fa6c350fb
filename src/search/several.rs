//! Several journals are looked through at a time; what they hold is told in their order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, available_parallelism};

/// How many journals are looked through at a time, at most.
const MOST_AT_A_TIME: usize = 4;

/// So many journals are worth somebody who helps.
const FOR_EACH_HELPER: usize = 16;

/// Looks at each of so many, and tells what came of them in their order: what `look` makes of one goes to `each`, on the
/// thread of whoever asks. It ends early when nobody wants to know any more.
pub fn in_order<T: Send>(
    count: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
    look: &(dyn Fn(usize) -> T + Sync),
    each: &mut dyn FnMut(usize, T),
) {
    let most = available_parallelism().map_or(1, NonZero::get).min(MOST_AT_A_TIME);
    in_order_by(most.min(count / FOR_EACH_HELPER), count, goes_on, look, each);
}

fn in_order_by<T: Send>(
    helpers: usize,
    count: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
    look: &(dyn Fn(usize) -> T + Sync),
    each: &mut dyn FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    let work = |sender: Sender<(usize, T)>| {
        while goes_on() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count || sender.send((at, look(at))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        // One helps nobody who has nothing else to do.
        let begun = (0..helpers).filter(|_| helpers > 1).filter(|_| {
            let (work, sender) = (&work, sender.clone());
            Builder::new().name("searching".into()).spawn_scoped(scope, move || work(sender)).is_ok()
        });
        if begun.count() == 0 {
            (0..count).take_while(|_| goes_on()).for_each(|at| each(at, look(at)));
            return;
        }
        drop(sender);
        let (mut early, mut told) = (BTreeMap::new(), 0);
        for (at, found) in receiver {
            early.insert(at, found);
            while let Some(found) = early.remove(&told).filter(|_| goes_on()) {
                each(told, found);
                told += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// What comes of the first is told first, also where it takes the longest.
    #[test]
    fn what_is_found_is_told_in_its_order_by_however_many() {
        for (helpers, count) in [(0, 0), (0, 5), (1, 5), (2, 1), (2, 100), (4, 1_000), (9, 3)] {
            let (mut told, caller) = (Vec::new(), std::thread::current().id());
            let is_last_done = AtomicBool::new(helpers < 2 || count < 2);
            let look = |at: usize| {
                // The first one waits for the last: helpers do not.
                while at == 0 && !is_last_done.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                is_last_done.fetch_or(at + 1 == count, Ordering::Relaxed);
                at * 3
            };
            in_order_by(helpers, count, &|| true, &look, &mut |at, found| {
                assert_eq!(std::thread::current().id(), caller);
                told.push((at, found));
            });
            assert_eq!(told, (0..count).map(|at| (at, at * 3)).collect::<Vec<_>>(), "{helpers} for {count}");
        }
    }

    #[test]
    fn when_nobody_wants_to_know_it_ends_and_nothing_more_is_told() {
        for helpers in [0, 2, 4] {
            let (is_wanted, looked) = (AtomicBool::new(true), AtomicUsize::new(0));
            let look = |at: usize| {
                looked.fetch_add(1, Ordering::Relaxed);
                at
            };
            let mut told = 0;
            let goes_on = || is_wanted.load(Ordering::Relaxed);
            in_order_by(helpers, usize::MAX, &goes_on, &look, &mut |at, _| {
                told += 1;
                assert!(at < 10);
                is_wanted.fetch_and(at < 9, Ordering::Relaxed);
            });
            assert_eq!(told, 10, "{helpers}");
            assert!(looked.into_inner() >= 10);
        }
    }
}
