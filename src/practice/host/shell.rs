//! The little of a shell that a command line over ssh needs: words, quotes, `$(…)`, `&&`, `||` and `;`.

use crate::practice::CommandResult;

use super::command::{assigned, failed, run};
use super::{Hosts, Shell};

/// How deep `$(…)` may be nested.
const DEEPEST: usize = 8;

/// What joins a command to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Always,
    IfDone,
    IfFailed,
}

/// Runs a command line as a login shell of that place would.
pub(super) fn run_line(hosts: &mut dyn Hosts, shell: &Shell, line: &str, depth: usize) -> CommandResult {
    let mut total = CommandResult::default();
    let mut rest = line;
    let mut joint = Joint::Always;
    loop {
        let (part, next) = match cut(rest) {
            Ok(cut) => cut,
            Err(operator) => return failed(2, &format!("bash: practice: {operator:?} is not simulated")),
        };
        let due = match joint {
            Joint::Always => true,
            Joint::IfDone => total.exit == 0,
            Joint::IfFailed => total.exit != 0,
        };
        if due {
            let words = words(hosts, shell, part, depth);
            let mut inner = shell.clone();
            let words = assigned(&mut inner, &words);
            let result = run(hosts, &inner, words, depth);
            total.exit = result.exit;
            total.stdout.push_str(&result.stdout);
            total.stderr.push_str(&result.stderr);
            total.takes_ms += result.takes_ms;
        }
        let Some((operator, following)) = next else { return total };
        (joint, rest) = (operator, following);
    }
}

/// Splits one command into words.
fn words(hosts: &mut dyn Hosts, shell: &Shell, part: &str, depth: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = part.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().extend(chars.next().map(|(_, escaped)| escaped));
            }
            (None | Some('"'), '$') if part[at + 1..].starts_with('(') => {
                let inner = inside(&part[at + 2..]);
                for _ in 0..=inner.chars().count() + 1 {
                    chars.next();
                }
                let printed = match depth < DEEPEST {
                    true => run_line(hosts, shell, inner, depth + 1).stdout,
                    false => String::new(),
                };
                word.get_or_insert_default().push_str(printed.trim_end_matches('\n'));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The text up to the parenthesis that closes it.
fn inside(text: &str) -> &str {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &text[..at];
        }
    }
    text
}

type Cut<'a> = (&'a str, Option<(Joint, &'a str)>);

/// Cuts the first command off a line, at the first operator outside quotes and parentheses.
fn cut(line: &str) -> Result<Cut<'_>, char> {
    let (mut quote, mut open, mut escaped) = (None, 0_usize, false);
    for (at, c) in line.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => escaped = true,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => open += 1,
            (None, ')') => open = open.saturating_sub(1),
            (None, _) if open > 0 => {}
            (None, ';' | '\n') => return Ok((&line[..at], Some((Joint::Always, &line[at + 1..])))),
            (None, '&') if line[at..].starts_with("&&") => {
                return Ok((&line[..at], Some((Joint::IfDone, &line[at + 2..]))));
            }
            (None, '|') if line[at..].starts_with("||") => {
                return Ok((&line[..at], Some((Joint::IfFailed, &line[at + 2..]))));
            }
            (None, '|' | '&' | '<' | '>' | '`') => return Err(c),
            _ => {}
        }
    }
    Ok((line, None))
}
