//! A command line cut into its commands, before anything of it runs: what is wrong anywhere in it keeps all of it from
//! running, as in a shell.

/// What joins a command to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    Always,
    IfDone,
    IfFailed,
    /// It takes what the one before it prints.
    Pipe,
}

/// One command of a line as it was written.
pub(super) type Part<'a> = (Joint, &'a str);

/// An operator between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Semicolon,
    Newline,
    And,
    Or,
    Pipe,
}

impl Operator {
    const fn word(self) -> &'static str {
        match self {
            Self::Semicolon => ";",
            Self::Newline => "newline",
            Self::And => "&&",
            Self::Or => "||",
            Self::Pipe => "|",
        }
    }

    const fn joint(self) -> Joint {
        match self {
            Self::Semicolon | Self::Newline => Joint::Always,
            Self::And => Joint::IfDone,
            Self::Or => Joint::IfFailed,
            Self::Pipe => Joint::Pipe,
        }
    }
}

/// Words that begin what this shell cannot do, where they stand first in a command.
const UNKNOWN: [&str; 22] = [
    "for", "while", "until", "if", "then", "elif", "else", "fi", "do", "done", "case", "esac", "select", "function",
    "{", "}", "!", "[[", "coproc", "time", "eval", "exec",
];

/// The commands of a line in their order; the error is what the shell says, without `bash: `.
pub(super) fn parts(line: &str) -> Result<Vec<Part<'_>>, String> {
    let mut found: Vec<Part<'_>> = Vec::new();
    let (mut joint, mut rest) = (Joint::Always, line);
    loop {
        let (part, next) = cut(rest)?;
        let is_empty = part.trim().is_empty();
        match (is_empty, next) {
            (false, _) => {
                check(part)?;
                found.push((joint, part));
            }
            // A line may be empty, and go on after an operator.
            (true, Some((Operator::Newline, _))) => {}
            (true, Some((Operator::Semicolon, following))) if following.starts_with(';') => {
                return Err("syntax error near unexpected token `;;'".into());
            }
            (true, Some((operator, _))) => {
                return Err(format!("syntax error near unexpected token `{}'", operator.word()));
            }
            (true, None) if joint == Joint::Always => {}
            (true, None) => return Err("syntax error: unexpected end of file".into()),
        }
        let Some((operator, following)) = next else { return Ok(found) };
        rest = following;
        joint = match (is_empty, operator) {
            (true, Operator::Newline) => joint,
            (_, operator) => operator.joint(),
        };
        if operator == Operator::Semicolon && rest.starts_with(';') {
            return Err("syntax error near unexpected token `;;'".into());
        }
    }
}

/// Whether a command begins with what this shell does not know.
fn check(part: &str) -> Result<(), String> {
    match part.split_whitespace().next().filter(|word| UNKNOWN.contains(word)) {
        Some(word) => Err(not_simulated(word)),
        None => Ok(()),
    }
}

fn not_simulated(what: &str) -> String {
    format!("practice: '{what}' is not simulated")
}

type Cut<'a> = (&'a str, Option<(Operator, &'a str)>);

/// Cuts the first command off a line, at the first operator outside quotes and `$(…)`.
fn cut(line: &str) -> Result<Cut<'_>, String> {
    let (mut quote, mut open, mut escaped, mut before) = (None, 0_usize, false, ' ');
    for (at, c) in line.char_indices() {
        let last = std::mem::replace(&mut before, c);
        if std::mem::take(&mut escaped) {
            continue;
        }
        let next = |operator, length: usize| Ok((&line[..at], Some((operator, &line[at + length..]))));
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => escaped = true,
            (_, '`') => return Err(not_simulated("`")),
            (_, '$') => check_dollar(&line[at + 1..])?,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') if open > 0 || last == '$' => open += 1,
            (None, '(') => return Err(not_simulated("(")),
            (None, ')') if open == 0 => return Err("syntax error near unexpected token `)'".into()),
            (None, ')') => open -= 1,
            (None, _) if open > 0 => {}
            (None, '#') if last.is_whitespace() => return Ok(after_comment(line, at)),
            (None, '<') if line[at + 1..].starts_with('<') => return Err(not_simulated("<<")),
            (None, ';') => return next(Operator::Semicolon, 1),
            (None, '\n') => return next(Operator::Newline, 1),
            (None, '&') if line[at..].starts_with("&&") => return next(Operator::And, 2),
            (None, '|') if line[at..].starts_with("||") => return next(Operator::Or, 2),
            (None, '|') => return next(Operator::Pipe, 1),
            // `2>&1` and `&>` are no jobs.
            (None, '&') if line[..at].ends_with('>') || line[at + 1..].starts_with('>') => {}
            (None, '&') => return Err(not_simulated("&")),
            _ => {}
        }
    }
    match quote {
        Some(mark) => Err(format!("unexpected EOF while looking for matching `{mark}'")),
        None if open > 0 => Err("unexpected EOF while looking for matching `)'".into()),
        None => Ok((line, None)),
    }
}

/// A comment goes to the end of its line.
fn after_comment(line: &str, at: usize) -> Cut<'_> {
    (&line[..at], line[at..].find('\n').map(|end| (Operator::Newline, &line[at + end + 1..])))
}

/// What follows a dollar: a name, `$?`, `$(…)`; nothing else is simulated.
fn check_dollar(rest: &str) -> Result<(), String> {
    if rest.starts_with("((") {
        return Err(not_simulated("$(("));
    }
    let Some(inner) = rest.strip_prefix('{') else { return Ok(()) };
    let name = inner.split_once('}').map(|(name, _)| name);
    match name {
        Some(name) if is_name(name) || name == "?" => Ok(()),
        _ => Err(not_simulated("${…}")),
    }
}

/// Whether it may be the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The text up to the parenthesis that closes it.
pub(super) fn inside(text: &str) -> &str {
    let (mut open, mut quote, mut escaped) = (1, None, false);
    for (at, c) in text.char_indices() {
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
            (None, ')') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &text[..at];
        }
    }
    text
}
