//! Many files are looked at several at a time; what came of them is told in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, available_parallelism};

/// How many are looked at at a time, at most.
const MOST_AT_A_TIME: usize = 4;

/// So many are worth somebody who helps.
const FOR_EACH_HELPER: usize = 16;

/// Looks at each of so many, and tells what came of them in their order: what `look` makes of one goes to `each`, on the
/// thread of whoever asks. It ends early when nobody wants to know any more.
pub fn in_order<T: Send>(
    count: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
    look: &(dyn Fn(usize) -> T + Sync),
    each: &mut dyn FnMut(T),
) {
    // How many threads can be had is asked of several files.
    let helpers = match count / FOR_EACH_HELPER {
        0 => 0,
        wanted => available_parallelism().map_or(1, NonZero::get).min(MOST_AT_A_TIME).min(wanted),
    };
    in_order_by(helpers, count, goes_on, look, each);
}

fn in_order_by<T: Send>(
    helpers: usize,
    count: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
    look: &(dyn Fn(usize) -> T + Sync),
    each: &mut dyn FnMut(T),
) {
    let found = Mutex::new(BTreeMap::new());
    let keep = |at: usize| {
        let one = look(at);
        locked(&found).insert(at, one);
    };
    let mut tell = |at: usize| {
        let one = locked(&found).remove(&at);
        one.into_iter().for_each(&mut *each);
    };
    Turns { count, goes_on, look: &keep }.through(helpers, &mut tell);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose turn it is.
struct Turns<'a> {
    count: usize,
    goes_on: &'a (dyn Fn() -> bool + Sync),
    look: &'a (dyn Fn(usize) + Sync),
}

/// How far they are.
#[derive(Default)]
struct Stand {
    /// The next to be looked at.
    next: usize,
    /// Those that were looked at and not told.
    done: BTreeSet<usize>,
    /// How many are at work.
    helpers: usize,
}

/// Somebody who helps, and who is gone also where that one broke.
struct Helper<'a> {
    stand: &'a Mutex<Stand>,
    news: &'a Condvar,
}

impl Drop for Helper<'_> {
    fn drop(&mut self) {
        locked(self.stand).helpers -= 1;
        self.news.notify_one();
    }
}

impl Turns<'_> {
    fn through(&self, helpers: usize, tell: &mut dyn FnMut(usize)) {
        let (stand, news) = (Mutex::new(Stand::default()), Condvar::new());
        std::thread::scope(|scope| {
            // One helps nobody who has nothing else to do.
            let begun = (0..helpers).filter(|_| helpers > 1).filter(|_| {
                locked(&stand).helpers += 1;
                let helper = Helper { stand: &stand, news: &news };
                Builder::new().name("looking".into()).spawn_scoped(scope, move || self.help(&helper)).is_ok()
            });
            if begun.count() > 0 {
                return self.hear(&stand, &news, tell);
            }
            for at in (0..self.count).take_while(|_| (self.goes_on)()) {
                (self.look)(at);
                tell(at);
            }
        });
    }

    fn help(&self, helper: &Helper<'_>) {
        while (self.goes_on)() {
            let at = {
                let mut stand = locked(helper.stand);
                let at = stand.next;
                stand.next = at.saturating_add(1);
                at
            };
            if at >= self.count {
                return;
            }
            (self.look)(at);
            locked(helper.stand).done.insert(at);
            helper.news.notify_one();
        }
    }

    /// Tells what was looked at, until nobody looks any more.
    fn hear(&self, stand: &Mutex<Stand>, news: &Condvar, tell: &mut dyn FnMut(usize)) {
        for next in 0..self.count {
            let mut known = locked(stand);
            while !known.done.remove(&next) {
                if known.helpers == 0 {
                    return;
                }
                known = news.wait(known).unwrap_or_else(PoisonError::into_inner);
            }
            drop(known);
            if !(self.goes_on)() {
                return;
            }
            tell(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
                (at, at * 3)
            };
            in_order_by(helpers, count, &|| true, &look, &mut |found| {
                assert_eq!(std::thread::current().id(), caller);
                told.push(found);
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
            in_order_by(helpers, usize::MAX, &goes_on, &look, &mut |at| {
                told += 1;
                assert!(at < 10);
                is_wanted.fetch_and(at < 9, Ordering::Relaxed);
            });
            assert_eq!(told, 10, "{helpers}");
            assert!(looked.into_inner() >= 10);
        }
    }

    /// Whoever waits for somebody who broke does not wait for ever.
    #[test]
    fn a_helper_that_breaks_ends_it() {
        let broken = std::panic::catch_unwind(|| {
            let look = |at: usize| assert!(at < 50, "it breaks here");
            in_order_by(2, 100, &|| true, &look, &mut |()| {});
        });
        assert!(broken.is_err());
    }
}
