//! A source file with its comments and literals blanked, so that words in them are not taken for code.

use std::path::{Path, PathBuf};

/// One file of the project.
pub struct Source {
    /// Relative to the project's root, with `/`.
    pub name: String,
    /// As it is on disk.
    pub text: String,
    /// The same length in lines, with comments, strings and characters blanked.
    pub code: String,
}

impl Source {
    /// Reads one Rust file.
    pub fn read(root: &Path, path: &Path) -> Self {
        let name = path.strip_prefix(root).expect("it was found below the root").to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self::new(&name, &text)
    }

    /// A file that is not on disk.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), code: blank(text) }
    }

    /// Whether the whole file is tests.
    pub fn is_test(&self) -> bool {
        let tests = |part: &str| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs");
        self.name.split('/').any(tests)
    }

    /// The names of the tests in it.
    pub fn tests(&self) -> Vec<String> {
        let lines: Vec<&str> = self.code.lines().map(str::trim).collect();
        let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
        let after = |at: usize| lines[at + 1..].iter().find(|line| line.contains("fn ")).copied();
        let marked = lines.iter().enumerate().filter(|(_, line)| is_test(line)).filter_map(|(at, _)| after(at));
        let name = |line: &str| line.split("fn ").nth(1)?.split('(').next().map(str::to_owned);
        marked.filter_map(name).collect()
    }

    /// The code in front of the file's own `#[cfg(test)] mod tests {`, which by house rule is the last item.
    pub fn shipped(&self) -> &str {
        if self.is_test() {
            return "";
        }
        let mut from = 0;
        while let Some(at) = self.code[from..].find("#[cfg(test)]") {
            let start = from + at;
            let rest = self.code[start + "#[cfg(test)]".len()..].trim_start();
            if rest.starts_with("mod ")
                && rest.split(['{', ';']).next().is_some_and(|head| rest[head.len()..].starts_with('{'))
            {
                return &self.code[..start];
            }
            from = start + 1;
        }
        &self.code
    }
}

/// Every file below `folder` whose name ends in one of `endings`, sorted.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a folder's entry can be read").path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" && !path.is_symlink() {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text with everything inside comments, strings and character literals turned into blanks; lines stay.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` when none does.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied().unwrap_or('\0');
    let before = if at == 0 { ' ' } else { chars[at - 1] };
    let in_word = before.is_alphanumeric() || before == '_';
    match chars[at] {
        '/' if next == '/' => (at..chars.len()).find(|&i| chars[i] == '\n').unwrap_or(chars.len()),
        '/' if next == '*' => block_comment_end(chars, at),
        'r' if !in_word || before == 'b' => raw_string_end(chars, at),
        '"' => quoted_end(chars, at, '"'),
        '\'' if next == '\\' || chars.get(at + 2) == Some(&'\'') => quoted_end(chars, at, '\''),
        _ => at,
    }
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0_usize, at);
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at;
    }
    let closes =
        |i: &usize| chars[*i] == '"' && chars[i + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    (open + 1..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + hashes)
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

#[test]
fn comments_and_literals_are_blanked_and_code_is_not() {
    let table = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("use crate::x", 1)"#, "f(              , 1)"),
        (r##"r#"a " b"# + c"##, "           + c"),
        (r"('\'', '{', 'a)", "(    ,    , 'a)"),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("var\"x\"", "var   "),
    ];
    for (text, expected) in table {
        assert_eq!(blank(text), expected, "{text}");
    }
}
