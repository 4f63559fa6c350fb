//! One page of metrics: the text format 0.0.4 of Prometheus, and OpenMetrics text.

use serde_json::{Map, Value, json};

/// The most series that a page may hold.
pub(crate) const MAX_SERIES: usize = 50_000;

/// What a page says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    /// By name a list of `{ labels, value }`, in the order of the page.
    pub metrics: Map<String, Value>,
    /// How many series it holds, those that are not kept included.
    pub series: usize,
}

/// Reads a page and keeps the metrics that `wanted` names. With `is_open_metrics` it must end in `# EOF`.
///
/// # Errors
/// What is wrong and in which line, as a lower-case fragment.
pub(crate) fn parse(text: &str, is_open_metrics: bool, wanted: impl Fn(&str) -> bool) -> Result<Page, String> {
    let mut page = Page { metrics: Map::new(), series: 0 };
    let mut has_ended = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_matches([' ', '\t', '\r']);
        if line.is_empty() {
            continue;
        }
        let at = |why: String| format!("line {} of the page: {why}", index + 1);
        if has_ended {
            return Err(at("something follows `# EOF`".into()));
        }
        if line.starts_with('#') {
            has_ended = is_open_metrics && line == "# EOF";
            continue;
        }
        page.series += 1;
        if page.series > MAX_SERIES {
            return Err(format!("the page holds more than {MAX_SERIES} series"));
        }
        let Sample { name, labels, value } = sample(line).map_err(at)?;
        if wanted(&name) {
            let list = page.metrics.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(json!({ "labels": labels, "value": number(value) }));
            }
        }
    }
    if is_open_metrics && !has_ended {
        return Err("the page breaks off: its `# EOF` is missing".into());
    }
    Ok(page)
}

/// A value as JSON: whole numbers without a fraction, what JSON cannot hold (`NaN`, `+Inf`) as `null`.
pub(crate) fn number(value: f64) -> Value {
    // All whole numbers up to here are exact.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Value::from(value as i64);
    }
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

struct Sample {
    name: String,
    labels: Map<String, Value>,
    value: f64,
}

/// `name{label="text",…} value [timestamp] [# exemplar]`; the name may stand quoted within the braces.
fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(|c: char| !is_name_char(c)).unwrap_or(line.len());
    let (mut name, mut rest) = (line[..end].to_owned(), line[end..].trim_start_matches([' ', '\t']));
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a metric's name begins with a digit".into());
    }
    let mut labels = Map::new();
    if let Some(inner) = rest.strip_prefix('{') {
        let (quoted, after) = braces(inner, &mut labels)?;
        match quoted {
            Some(quoted) if name.is_empty() => name = quoted,
            Some(_) => return Err("two names for one metric".into()),
            None => {}
        }
        rest = after;
    }
    if name.is_empty() {
        return Err("no metric's name".into());
    }
    // An exemplar follows what is of interest here.
    let rest = rest.split_once(" # ").map_or(rest, |(rest, _)| rest);
    let mut words = rest.split([' ', '\t']).filter(|word| !word.is_empty());
    let value = words.next().ok_or("no value")?;
    let value = value.parse::<f64>().map_err(|_| format!("{:?} is no number", shown(value)))?;
    if let Some(time) = words.next()
        && time.parse::<f64>().is_err()
    {
        return Err(format!("{:?} is no time", shown(time)));
    }
    match words.next() {
        Some(more) => Err(format!("{:?} follows value and time", shown(more))),
        None => Ok(Sample { name, labels, value }),
    }
}

/// Reads up to the closing brace: labels, and a quoted name of the metric. Gives that name and what follows.
fn braces<'t>(mut rest: &'t str, labels: &mut Map<String, Value>) -> Result<(Option<String>, &'t str), String> {
    let mut metric = None;
    loop {
        rest = blank(rest);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((metric, after));
        }
        let is_quoted = rest.starts_with('"');
        let name = if is_quoted { quoted(&mut rest)? } else { plain_name(&mut rest) };
        rest = blank(rest);
        match rest.strip_prefix('=') {
            Some(after) => {
                rest = blank(after);
                if name.is_empty() {
                    return Err("a label without a name".into());
                }
                let value = quoted(&mut rest)?;
                if labels.insert(name.clone(), Value::String(value)).is_some() {
                    return Err(format!("the label {:?} stands there twice", shown(&name)));
                }
            }
            None if is_quoted && metric.is_none() && labels.is_empty() && !name.is_empty() => metric = Some(name),
            None => return Err("a label without a value".into()),
        }
        rest = blank(rest);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("the labels are not closed".into()),
        }
    }
}

fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

fn plain_name(rest: &mut &str) -> String {
    let end = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
    let name = rest[..end].to_owned();
    *rest = &rest[end..];
    name
}

/// A text in quotes, in which `\\`, `\"` and `\n` stand for a backslash, a quote and a line's end.
fn quoted(rest: &mut &str) -> Result<String, String> {
    let inner = rest.strip_prefix('"').ok_or("a label's value without quotes")?;
    let mut text = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                *rest = &inner[at + 1..];
                return Ok(text);
            }
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => text.push(escaped),
                // As Prometheus itself takes it: any other backslash is one.
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err("a quote is not closed".into())
}

fn shown(text: &str) -> String {
    text.chars().take(30).collect()
}

#[cfg(test)]
#[path = "exposition_tests.rs"]
mod tests;
