//! "Did you mean …?"

/// The candidate that differs from `word` in at most a third of its letters, the nearest first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate, limit + 1), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, left out, changed or swapped; at least `enough` when it is more than that.
fn distance(left: &str, right: &str, enough: usize) -> usize {
    let right: Vec<char> = right.chars().take(80).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, l) in left.chars().take(80).enumerate() {
        let mut next = vec![row + 1];
        for (column, r) in right.iter().enumerate() {
            let mut best = (last[column] + usize::from(l != *r)).min(last[column + 1] + 1).min(next[column] + 1);
            if column > 0 && previous == Some(*r) && right[column - 1] == l {
                best = best.min(before_last[column - 1] + 1);
            }
            next.push(best);
        }
        previous = Some(l);
        before_last = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(enough).min(enough.max(1) + 80)
}
