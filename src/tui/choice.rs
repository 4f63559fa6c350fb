//! The dialog that offers some options, one of which is recorded.

use crate::engine::Proposal;
use crate::runbook::value::parse_value;
use crate::runbook::{InputKind, StepKey};
use crate::tui::dialog::Answer;

/// A statement, value or decision that is one of some options.
#[derive(Debug)]
pub struct Choice {
    /// The step that asks.
    pub step: StepKey,
    /// The question.
    pub prompt: String,
    /// What it offers.
    pub options: Vec<Pick>,
    /// What becomes of the one that is chosen.
    pub gives: Gives,
    /// Which is chosen; none at first.
    pub chosen: Option<usize>,
    /// The number typed so far, for options beyond the ninth; 0: none.
    pub typed: usize,
    /// Why it is not taken.
    pub problem: Option<String>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// What is recorded.
    pub value: String,
    /// What is shown before it; empty: the value says enough.
    pub title: String,
}

/// What becomes of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A statement of what was seen.
    Statement,
    /// A value of this kind.
    Value(InputKind),
    /// A decision.
    Decision,
}

impl Choice {
    /// A choice of which nothing is chosen yet.
    pub fn new(step: StepKey, prompt: String, options: Vec<Pick>, gives: Gives) -> Self {
        Self { step, prompt, options, gives, chosen: None, typed: 0, problem: None }
    }

    /// The option below or above.
    pub(super) fn step_by(&mut self, is_down: bool) {
        self.problem = None;
        self.typed = 0;
        let last = self.options.len().saturating_sub(1);
        self.chosen = Some(match self.chosen {
            None if is_down => 0,
            None => last,
            Some(at) if is_down => (at + 1).min(last),
            Some(at) => at.saturating_sub(1),
        });
    }

    /// The option so many from the first.
    pub(super) fn choose(&mut self, at: usize) {
        if at < self.options.len() {
            (self.chosen, self.typed, self.problem) = (Some(at), 0, None);
        }
    }

    /// A digit of an option's number: `1` and `2` are 12 where there is a twelfth option, else 2.
    pub(super) fn take_digit(&mut self, c: char) {
        let Some(digit) = c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) else { return };
        let numbers = [self.typed * 10 + digit, digit];
        if let Some(number) = numbers.into_iter().find(|number| (1..=self.options.len()).contains(number)) {
            self.typed = number;
            self.chosen = Some(number - 1);
            self.problem = None;
        }
    }

    /// Proposes the option that is chosen.
    pub(super) fn act(&mut self) -> Answer {
        let Some(pick) = self.chosen.and_then(|at| self.options.get(at)) else {
            self.problem = Some("choose one first".into());
            return Answer::Stay;
        };
        let (step, value) = (self.step.clone(), pick.value.clone());
        let kind = match &self.gives {
            Gives::Statement => return Answer::Propose(Proposal::Confirm { step, said: value }),
            Gives::Decision => return Answer::Propose(Proposal::Choose { step, choice: value }),
            Gives::Value(kind) => kind,
        };
        match parse_value(kind, &value) {
            Ok(value) => Answer::Propose(Proposal::Answer { step, value, file: None }),
            Err(why) => {
                self.problem = Some(why);
                Answer::Stay
            }
        }
    }
}

impl Pick {
    /// An option that is shown as it is recorded.
    pub fn plain(value: impl Into<String>) -> Self {
        Self { value: value.into(), title: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(options: usize, digits: &str) -> Option<usize> {
        let options = (1..=options).map(|n| Pick::plain(n.to_string())).collect();
        let mut choice = Choice::new("a/b".parse().unwrap(), String::new(), options, Gives::Decision);
        digits.chars().for_each(|c| choice.take_digit(c));
        choice.chosen.map(|at| at + 1)
    }

    #[test]
    fn a_number_of_two_digits_is_one_number_where_there_are_so_many() {
        let cases = [
            (3, "2", Some(2)),
            (3, "12", Some(2)),
            (3, "4", None),
            (3, "0", None),
            (12, "12", Some(12)),
            (12, "13", Some(3)),
            (20, "20", Some(20)),
            (20, "10", Some(10)),
            (20, "105", Some(5)),
        ];
        for (options, digits, expected) in cases {
            assert_eq!(chosen(options, digits), expected, "{digits} of {options}");
        }
    }
}
