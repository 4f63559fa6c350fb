//! Figures, their limits and their goals, as a table.

use std::time::Duration;

/// One line of the table.
pub struct Figure {
    /// The name of the goal, such as `P11`.
    pub id: &'static str,
    /// What was measured.
    pub what: String,
    /// Ours, with its unit.
    pub ours: String,
    /// What it is measured against, with its unit.
    pub limit: String,
    /// The figure that the goal is about.
    pub value: f64,
    /// The goal: at most this.
    pub goal: f64,
    /// Whether it is a count, which no busy machine excuses.
    pub is_count: bool,
}

impl Figure {
    /// A ratio of two times that were measured in turn: the median of the rounds' ratios against `goal`.
    pub fn ratio(id: &'static str, what: &str, ours: &[Duration], limit: &[Duration], goal: f64) -> Self {
        let ratios = ours.iter().zip(limit).map(|(ours, limit)| ours.as_secs_f64() / limit.as_secs_f64());
        let value = median(ratios.collect());
        let (ours, limit) = (told(ours), told(limit));
        Self { id, what: what.to_owned(), ours, limit, value, goal, is_count: false }
    }

    /// The 99th of a hundred of ours against that of the limit's, in the same run.
    pub fn slowest(id: &'static str, what: &str, ours: &[Duration], limit: &[Duration], goal: f64) -> Self {
        let (ours, limit) = (slow(ours), slow(limit));
        Self::ratio(id, what, &[ours], &[limit], goal)
    }

    /// A figure that depends on the machine and is not a ratio of two times.
    pub fn measured(id: &'static str, what: &str, value: f64, goal: f64) -> Self {
        Self { is_count: false, ..Self::count(id, what, value, goal) }
    }

    /// A count with its unit and what it is held against.
    pub fn of(id: &'static str, what: &str, (ours, limit): (String, String), value: f64, goal: f64) -> Self {
        Self { id, what: what.to_owned(), ours, limit, value, goal, is_count: true }
    }

    /// A count.
    pub fn count(id: &'static str, what: &str, value: f64, goal: f64) -> Self {
        let ours = format!("{}", (value * 1e4).round() / 1e4);
        Self { id, what: what.to_owned(), ours, limit: String::new(), value, goal, is_count: true }
    }

    fn is_met(&self) -> bool {
        self.value <= self.goal
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The time that one in a hundred takes longer than.
fn slow(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default()
}

/// The middle time, in the unit that suits it.
pub fn told(times: &[Duration]) -> String {
    let micros = median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect());
    if micros < 1000.0 { format!("{micros:.1} us") } else { format!("{:.2} ms", micros / 1000.0) }
}

/// Prints the table; whether every count is as it must be.
pub fn print(figures: &[Figure]) -> bool {
    println!("{:<6}{:<66}{:>12}{:>12}{:>9}{:>9}", "goal", "measure", "ours", "limit", "figure", "at most");
    for figure in figures {
        let verdict = match (figure.is_met(), figure.is_count) {
            (true, _) => "met",
            (false, true) => "MISSED",
            (false, false) => "over (times depend on the machine)",
        };
        println!(
            "{:<6}{:<66}{:>12}{:>12}{:>9.2}{:>9.2}  {verdict}",
            figure.id, figure.what, figure.ours, figure.limit, figure.value, figure.goal
        );
    }
    figures.iter().all(|figure| figure.is_met() || !figure.is_count)
}
