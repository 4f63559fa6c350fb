//! A list to whose end is added, and nothing else. Copies of it share what was there when they were made, but for the few
//! last ones: a replay keeps many states of a run, and each of them has all that was ever remarked.

use std::fmt;
use std::sync::Arc;

/// How many are shared together.
const TOGETHER: usize = 256;

/// A list that only grows.
#[derive(Clone, PartialEq)]
pub struct Grown<T> {
    /// Each of as many as are shared together.
    full: Vec<Arc<[T]>>,
    /// Fewer than that.
    last: Vec<T>,
}

impl<T> Grown<T> {
    /// Adds one at the end.
    pub fn push(&mut self, one: T) {
        self.last.push(one);
        if self.last.len() == TOGETHER {
            self.full.push(std::mem::take(&mut self.last).into());
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.full.iter().flat_map(|full| full.iter()).chain(&self.last)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.full.len() * TOGETHER + self.last.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.full.is_empty() && self.last.is_empty()
    }
}

impl<T> Default for Grown<T> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Grown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T> Extend<T> for Grown<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        more.into_iter().for_each(|one| self.push(one));
    }
}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for Grown<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        self.iter().eq(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_list_that_was_added_to_it_and_copies_share_what_is_full() {
        let (mut grown, mut plain) = (Grown::default(), Vec::new());
        for number in 0..3 * TOGETHER + 5 {
            assert_eq!((grown.len(), grown.is_empty()), (plain.len(), plain.is_empty()));
            grown.push(number.to_string());
            plain.push(number.to_string());
            if number % 100 == 0 || number % TOGETHER == 0 {
                assert!(grown.iter().eq(&plain) && grown.iter().rev().eq(plain.iter().rev()), "{number}");
                assert_eq!(format!("{grown:?} {grown:#?}"), format!("{plain:?} {plain:#?}"));
            }
        }
        let before = grown.clone();
        assert!(before == grown && before.full.iter().zip(&grown.full).all(|(one, other)| Arc::ptr_eq(one, other)));
        grown.push("one more".into());
        assert!(before != grown && before.iter().eq(&plain), "a copy stays as it was");
        assert!(Grown::<u8>::default().is_empty() && before != [String::new()]);
    }
}
