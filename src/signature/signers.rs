//! Who signs with which key: OpenSSH's file of allowed signers, as `ssh-keygen(1)` describes it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jiff::civil;
use jiff::tz::TimeZone;
use ring::digest::{SHA256, digest};

use crate::signature::Checked;
use crate::signature::wire::Wire;

/// The longest pattern of a list that OpenSSH takes, in bytes.
const MAX_PATTERN_BYTES: usize = 1022;

/// A list of who signs with which key.
#[derive(Clone, Debug, Default)]
pub struct Signers(Vec<Signer>);

/// One line of the list.
#[derive(Clone, Debug)]
struct Signer {
    line: usize,
    principals: String,
    namespaces: Option<String>,
    /// The first and the last moment at which the key counts, in seconds since 1970.
    valid: (Option<i64>, Option<i64>),
    fingerprint: String,
}

/// What is wrong with a list of signers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SignersError {
    /// The line.
    pub line: usize,
    /// What is wrong with it, and what belongs there.
    pub what: String,
}

/// Whose a signature is that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The list names the key, for this occasion and this time.
    Good {
        /// Whose it is, as the list writes it.
        principals: String,
    },
    /// It fits, but whose it is cannot be told.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Signers {
    /// Reads a list. Times without a `Z` are those of `zone`.
    ///
    /// # Errors
    /// A line is none: a list that is half understood would call a known key unknown, or take one that has expired.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, SignersError> {
        let mut signers = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = index + 1;
            signers.extend(signer(at, line, zone).map_err(|what| SignersError { line: at, what })?);
        }
        Ok(Self(signers))
    }

    /// Whose this signature is, which fits, for that occasion and at that time, in seconds since 1970; `by` is who says
    /// to have made it, whom a line may exclude.
    pub fn judge(&self, checked: &Checked, namespace: &str, at: i64, by: &str) -> Trust {
        let mut why = format!("the list of signers does not name the key {}", checked.fingerprint);
        for signer in self.of(checked) {
            match signer.against(namespace, at) {
                None if is_refused(by, &signer.principals) => {
                    why =
                        format!("line {} of the list of signers says that the key is not that of {by:?}", signer.line);
                }
                None if !names_anybody(&signer.principals) => {
                    why = format!("line {} of the list of signers says of nobody that the key is theirs", signer.line);
                }
                None => return Trust::Good { principals: signer.principals.clone() },
                Some(against) => why = against,
            }
        }
        Trust::Unknown { why }
    }

    /// Whether this signature, which fits, is that of `name`, as `ssh-keygen -Y verify -I` finds it: one of the lines that
    /// name the key for that occasion and that time takes the name.
    pub fn is_of(&self, name: &str, checked: &Checked, namespace: &str, at: i64) -> bool {
        let takes = |signer: &Signer| signer.against(namespace, at).is_none() && is_listed(name, &signer.principals);
        self.of(checked).any(takes)
    }

    /// The lines that name the key.
    fn of<'a>(&'a self, checked: &'a Checked) -> impl Iterator<Item = &'a Signer> {
        self.0.iter().filter(|signer| signer.fingerprint == checked.fingerprint)
    }
}

impl Signer {
    /// Why it does not count for that occasion and at that time.
    fn against(&self, namespace: &str, at: i64) -> Option<String> {
        let line = self.line;
        let (after, before) = self.valid;
        if self.namespaces.as_deref().is_some_and(|list| !is_listed(namespace, list)) {
            Some(format!("line {line} of the list of signers lets that key not sign for {namespace}"))
        } else if after.is_some_and(|after| at < after) {
            Some(format!("line {line} of the list of signers makes that key valid only later"))
        } else if before.is_some_and(|before| at > before) {
            Some(format!("line {line} of the list of signers made that key invalid before"))
        } else {
            None
        }
    }
}

/// The signer of a line; none for an authority, whose certificates are not taken here.
fn signer(line: usize, text: &str, zone: &TimeZone) -> Result<Option<Signer>, String> {
    let (principals, rest) = first_word(text)?;
    let rest = rest.trim_start();
    let (options, rest) = if is_key_type(rest) { ("", rest) } else { options_of(rest)? };
    let mut signer = Signer { line, principals, namespaces: None, valid: (None, None), fingerprint: String::new() };
    let is_authority = take_options(&mut signer, options, zone)?;
    let mut words = rest.split_whitespace();
    let (Some(kind), Some(key)) = (words.next(), words.next()) else {
        return Err("a key is missing: write names, options if any, the type of the key, the key".into());
    };
    let blob = STANDARD.decode(key).map_err(|_| "the key is not all there: it is not base64".to_owned())?;
    if Wire::new(&blob).text().ok() != Some(kind) {
        return Err(format!("the key is not one of type {kind:?}"));
    }
    signer.fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &blob)));
    Ok((!is_authority).then_some(signer))
}

/// Reads the options of a line as OpenSSH does: values stand in quotes, each option once. Whether it is that of an authority.
fn take_options(signer: &mut Signer, options: &str, zone: &TimeZone) -> Result<bool, String> {
    let mut is_authority = false;
    if options.ends_with(',') {
        return Err("an option is missing after the last comma".into());
    }
    for option in split_options(options) {
        let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let quoted = || {
            let inner = value.and_then(|value| value.strip_prefix('"')?.strip_suffix('"'));
            let inner = inner.filter(|inner| !inner.replace("\\\"", "").contains('"') && !inner.ends_with('\\'));
            let inner = inner.ok_or_else(|| format!("write {name}=\"…\": the value of an option stands in quotes"));
            inner.map(|inner| inner.replace("\\\"", "\""))
        };
        let once = |is_new: bool| if is_new { Ok(()) } else { Err(format!("{name} stands there twice")) };
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" if value.is_none() => is_authority = true,
            "namespaces" => {
                once(signer.namespaces.is_none())?;
                signer.namespaces = Some(quoted()?);
            }
            "valid-after" => {
                once(signer.valid.0.is_none())?;
                signer.valid.0 = Some(moment(&quoted()?, zone)?);
            }
            "valid-before" => {
                once(signer.valid.1.is_none())?;
                signer.valid.1 = Some(moment(&quoted()?, zone)?);
            }
            _ => return Err(format!("{name:?} is no option of a signer")),
        }
    }
    match signer.valid {
        (Some(after), Some(before)) if before <= after => Err("valid-before does not lie after valid-after".into()),
        _ => Ok(is_authority),
    }
}

fn is_key_type(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start)) && !word.contains('=')
}

/// The first word, which may stand in quotes, and what follows.
fn first_word(text: &str) -> Result<(String, &str), String> {
    match text.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.find('"').ok_or("a quote has no end")?;
            Ok((quoted[..end].to_owned(), &quoted[end + 1..]))
        }
        None => {
            let end = text.find(char::is_whitespace).ok_or("a key is missing after the names")?;
            Ok((text[..end].to_owned(), &text[end..]))
        }
    }
}

/// Options up to the first blank that is not in quotes, and what follows. A quote behind a backslash is none.
fn options_of(text: &str) -> Result<(&str, &str), String> {
    let (mut is_quoted, mut before) = (false, ' ');
    for (at, c) in text.char_indices() {
        let is_escaped = std::mem::replace(&mut before, c) == '\\';
        match c {
            '"' if !is_escaped => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => return Ok((&text[..at], text[at..].trim_start())),
            _ => {}
        }
    }
    Err(if is_quoted { "a quote has no end" } else { "a key is missing after the options" }.into())
}

fn split_options(options: &str) -> Vec<&str> {
    let (mut is_quoted, mut before) = (false, ' ');
    let is_comma = |c: char| {
        let is_escaped = std::mem::replace(&mut before, c) == '\\';
        is_quoted ^= c == '"' && !is_escaped;
        c == ',' && !is_quoted
    };
    options.split(is_comma).filter(|option| !option.is_empty()).collect()
}

/// `YYYYMMDD[HHMM[SS]][Z]`, in seconds since 1970.
fn moment(text: &str, zone: &TimeZone) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time: write YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with a Z for UTC");
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, &TimeZone::UTC),
        None => (text, zone),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return Err(wrong());
    }
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), str::parse::<i8>).map_err(|_| wrong());
    let year = digits[..4].parse().map_err(|_| wrong())?;
    let day = (number(4, 6)?, number(6, 8)?);
    let time = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let local = civil::DateTime::new(year, day.0, day.1, time.0, time.1, time.2, 0).map_err(|_| wrong())?;
    Ok(zone.to_timestamp(local).map_err(|_| wrong())?.as_second())
}

/// Whether a list of patterns, separated by commas, takes a name: one with `!` before it refuses it.
fn is_listed(name: &str, list: &str) -> bool {
    let mut is_listed = false;
    for pattern in list.split(',') {
        // OpenSSH reads no further.
        if pattern.trim_start_matches('!').len() > MAX_PATTERN_BYTES {
            return false;
        }
        match pattern.strip_prefix('!') {
            Some(refused) if fits(name.as_bytes(), refused.as_bytes()) => return false,
            Some(_) => {}
            None => is_listed |= fits(name.as_bytes(), pattern.as_bytes()),
        }
    }
    is_listed
}

/// Whether a list says outright that it does not take a name.
fn is_refused(name: &str, list: &str) -> bool {
    let refused = list.split(',').filter_map(|pattern| pattern.strip_prefix('!'));
    refused.into_iter().any(|refused| fits(name.as_bytes(), refused.as_bytes()))
}

/// Whether there is a name that a list takes.
fn names_anybody(list: &str) -> bool {
    list.split(',').any(|pattern| {
        // A name in which each `*` stands for nothing and each `?` for a letter fits its own pattern at least.
        let name = pattern.replace('*', "").replace('?', "x");
        !pattern.is_empty() && !pattern.starts_with('!') && (pattern.contains('*') || is_listed(&name, list))
    })
}

/// Whether a pattern fits, in which `*` stands for anything and `?` for one character; in steps that are bounded by the
/// product of the lengths.
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut in_pattern, mut star) = (0, 0, None);
    while at < name.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(&c) if c == b'?' || c == name[at] => {
                at += 1;
                in_pattern += 1;
            }
            _ => match star {
                Some((of_star, taken)) => {
                    star = Some((of_star, taken + 1));
                    (at, in_pattern) = (taken + 1, of_star + 1);
                }
                None => return false,
            },
        }
    }
    pattern[in_pattern..].iter().all(|&c| c == b'*')
}
