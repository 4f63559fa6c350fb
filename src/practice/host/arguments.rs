//! Options and operands, taken apart as `getopt_long` does.

/// A command's words taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Options in their order, without their dashes, and their values.
    pub options: Vec<(String, Option<String>)>,
    /// Everything else.
    pub operands: Vec<String>,
}

impl Arguments {
    /// Takes `words` apart. `short` are the letters, `long` the names of the options that take a value.
    pub fn parse(words: &[String], short: &str, long: &[&str]) -> Self {
        let mut found = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                found.operands.extend(rest.cloned());
                return found;
            }
            if let Some(option) = word.strip_prefix("--") {
                let (name, value) = match option.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None if long.contains(&option) => (option, rest.next().cloned()),
                    None => (option, None),
                };
                found.options.push((name.to_owned(), value));
                continue;
            }
            match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                None => found.operands.push(word.clone()),
                Some(letters) => {
                    let taker = letters.char_indices().find(|(_, letter)| short.contains(*letter));
                    let plain = taker.map_or(letters, |(at, _)| &letters[..at]);
                    found.options.extend(plain.chars().map(|letter| (letter.to_string(), None)));
                    if let Some((at, letter)) = taker {
                        let attached = &letters[at + letter.len_utf8()..];
                        let value = if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_owned()) };
                        found.options.push((letter.to_string(), value));
                    }
                }
            }
        }
        found
    }

    /// Whether one of these options was given.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The last value of one of these options.
    pub fn value(&self, names: &[&str]) -> Option<&str> {
        let mut found = self.options.iter().rev().filter(|(name, _)| names.contains(&name.as_str()));
        found.find_map(|(_, value)| value.as_deref())
    }
}
