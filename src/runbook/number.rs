//! Numbers that people write: each is kept as it was written, or refused with the reason. None is rounded.

use toml::de::DeValue;

use crate::runbook::raw::{Findings, Item};

/// Reads what a person typed as a number.
///
/// # Errors
/// It is none, or would not be kept as it was typed; a fragment.
pub fn parse_number(text: &str) -> Result<serde_json::Value, String> {
    let read = serde_json::from_str::<serde_json::Number>(text);
    match (read, kept(text)) {
        (Ok(number), Ok(())) => Ok(number.into()),
        (Err(_), Err(why)) if text.parse::<f64>().is_ok_and(|number| !number.is_nan()) => Err(why),
        (Err(_), _) => Err(format!("{:?} is not a number such as 12, -3 or 0.5", beginning(text))),
        (Ok(_), Err(why)) => Err(why),
    }
}

impl Item<'_> {
    /// Reports each number in it that would not be kept as it stands there; whether there is none.
    pub(crate) fn check_numbers(&self, findings: &mut Findings<'_>) -> bool {
        let told = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => kept(number.as_str()),
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(_) => Ok(()),
                Err(_) => Err(format!("the number would be rounded: a whole number goes up to {}", u64::MAX)),
            },
            DeValue::Float(number) => kept(number.as_str()),
            // Each of them is told.
            DeValue::Array(items) => {
                return items.iter().filter(|item| !Item::of(item).check_numbers(findings)).count() == 0;
            }
            DeValue::Table(table) => {
                return table.iter().filter(|(_, item)| !Item::of(item).check_numbers(findings)).count() == 0;
            }
            _ => Ok(()),
        };
        let is_kept = told.is_ok();
        if let Err(why) = told {
            findings.error("bad-value", &self.span, why);
        }
        is_kept
    }
}

/// Whether what is kept of a number in JSON is the number that was written.
///
/// # Errors
/// Why it is not, and what to do; a fragment. Of what is no number nothing is said.
pub fn kept(text: &str) -> Result<(), String> {
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole {
        if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
            return Ok(());
        }
        let (least, most) = (i64::MIN, u64::MAX);
        return match text.parse::<f64>() {
            Ok(_) => Err(format!(
                "{} would be rounded: a whole number goes from {least} to {most}; write it within that, or have the \
                 runbook take it as a text",
                beginning(text)
            )),
            Err(_) => Ok(()),
        };
    }
    let Ok(number) = text.parse::<f64>() else { return Ok(()) };
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(format!("{text} is not a number such as 12, -3 or 0.5"));
    }
    let left = format!("{number:e}");
    if number.is_finite() && Digits::of(text) == Digits::of(&left) {
        return Ok(());
    }
    let (is_lost, text) = (!number.is_finite() || number == 0.0, beginning(text));
    Err(if is_lost {
        format!("{text} is too large or too small to be kept as it is: write one between 1e-300 and 1e300")
    } else {
        format!("{text} would be rounded to {number}: write it with 15 digits at most")
    })
}

/// The same of every number in a text of JSON.
///
/// # Errors
/// Why the first that is not kept is not.
pub fn all_kept(json: &str) -> Result<(), String> {
    let (mut is_text, mut is_escaped, mut begun) = (false, false, None);
    for (at, byte) in json.bytes().enumerate() {
        let is_number = !is_text && (byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
        match begun {
            // What begins with a letter is a word, such as `false`.
            None if is_number && !matches!(byte, b'e' | b'E') => begun = Some(at),
            Some(from) if !is_number => {
                kept(&json[from..at])?;
                begun = None;
            }
            _ => {}
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ => {}
        }
    }
    begun.map_or(Ok(()), |from| kept(&json[from..]))
}

/// How many characters of a number that is not kept are repeated.
const MOST_REPEATED: usize = 24;

/// As much of a number as is repeated where it is told why it is not taken.
fn beginning(number: &str) -> String {
    match number.char_indices().nth(MOST_REPEATED) {
        Some((at, _)) => format!("{}…", &number[..at]),
        None => number.to_owned(),
    }
}

/// A number by its digits alone: however it is written, it is the same.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    is_negative: bool,
    /// Without zeros at either end; of zero none.
    digits: String,
    /// The digits stand behind the point, times ten to this.
    power: i64,
}

impl Digits {
    /// Those of a number that can be read; `None` where its power is beyond all sense.
    fn of(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let power: i64 = power.parse().ok()?;
        let (whole, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{behind}");
        let digits = all.trim_start_matches('0');
        let power = power.checked_add(i64::try_from(whole.len()).ok()?)?;
        let power = power.checked_sub(i64::try_from(all.len() - digits.len()).ok()?)?;
        let digits = digits.trim_end_matches('0').to_owned();
        let (is_negative, power) = if digits.is_empty() { (false, 0) } else { (is_negative, power) };
        Some(Self { is_negative, digits, power })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_as_it_was_written_or_refused() {
        for number in [
            "0",
            "-0",
            "0.0",
            "-0.0e5",
            "4",
            "-17",
            "0.5",
            "0.50",
            "1e3",
            "1.5E-7",
            "123456.789",
            "0.1",
            "1e300",
            "5e-324",
            "9007199254740993",
            "-9223372036854775808",
            "18446744073709551615",
            "1.7976931348623157e308",
            "100e-2",
        ] {
            assert_eq!(kept(number), Ok(()), "{number}");
        }
        for (number, why) in [
            ("999999999999999999999", "would be rounded: a whole number goes from"),
            ("18446744073709551616", "to 18446744073709551615"),
            ("-9223372036854775809", "from -9223372036854775808"),
            ("0.12345678901234567890", "would be rounded to 0.12345678901234568: write it with 15 digits"),
            ("9007199254740993.0", "would be rounded to 9007199254740992"),
            ("1e999", "too large or too small"),
            ("-1e999", "too large or too small"),
            ("1e-999", "too large or too small"),
            ("1e99999999999999999999", "too large or too small"),
            ("0.1e-99999999999999999999", "too large or too small"),
        ] {
            let told = kept(number).unwrap_err();
            assert!(told.contains(why), "{number}: {told}");
        }
        let long = kept(&"9".repeat(5_000)).unwrap_err();
        assert!(long.len() < 250 && long.contains("would be rounded"), "{long}");
    }

    #[test]
    fn what_is_typed_is_a_number_or_told_why_not() {
        assert_eq!(parse_number("4.5"), Ok(serde_json::json!(4.5)));
        assert_eq!(parse_number("9007199254740993"), Ok(serde_json::json!(9_007_199_254_740_993_u64)));
        for (text, why) in [
            ("four", "\"four\" is not a number such as 12, -3 or 0.5"),
            ("1,000", "\"1,000\" is not a number such as"),
            ("NaN", "is not a number"),
            ("inf", "is not a number"),
            ("", "is not a number"),
            ("1e999", "too large or too small"),
            ("999999999999999999999", "would be rounded"),
        ] {
            let told = parse_number(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn numbers_are_found_wherever_they_stand_in_json() {
        for json in ["[]", "[1, 2.5e-3]", r#"[{"name": "a1e999", "port": 8200, "ok": false}]"#, r#"{"a\"1e999": true}"#]
        {
            assert_eq!(all_kept(json), Ok(()), "{json}");
        }
        for json in ["99999999999999999999", "[1,-1e999]", r#"[{"name": "a\\", "port": 0.12345678901234567890}]"#] {
            assert!(all_kept(json).is_err(), "{json}");
        }
    }
}
