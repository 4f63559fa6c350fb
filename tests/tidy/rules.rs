//! Lengths, words and names.

use super::source::Source;

/// No file is longer, tests not counted.
const FILE_LINES: usize = 500;
/// No function is longer, from its `fn` to its last brace.
const FUNCTION_LINES: usize = 60;
/// File names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "imp", "types"];

/// Words that may stand in no code of the project, with the reason.
fn words_of_all_code() -> Vec<(String, &'static str)> {
    let word = |halves: [&str; 2]| halves.concat();
    vec![
        (word(["to", "do!("]), "unfinished code"),
        (word(["unimpl", "emented!("]), "unfinished code"),
        (word(["db", "g!("]), "a leftover of debugging"),
        (word(["#[ig", "nore"]), "a test that is not run proves nothing"),
    ]
}

/// Words that may stand in no shipped code, with the reason.
const WORDS_OF_SHIPPED_CODE: &[(&str, &str)] = &[
    (".unwrap()", "say why it cannot fail, or return the error"),
    ("unsafe ", "no unsafe code"),
    ("super::super", "write crate::part::Thing"),
];

/// Words that may stand nowhere in a source file, comments included.
fn marks() -> [String; 3] {
    [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()]
}

/// What is wrong with this file.
pub fn findings(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let place = |line: usize| format!("{}:{}", source.name, line + 1);
    let shipped = source.shipped();
    let lines = shipped.lines().count();
    if lines > FILE_LINES {
        found.push(format!("{}: {lines} lines, at most {FILE_LINES}", source.name));
    }
    let stem = source.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&stem) {
        found.push(format!("{}: `{stem}` does not say what is in it", source.name));
    }
    for (number, line) in source.code.lines().enumerate() {
        for (word, why) in words_of_all_code() {
            if line.contains(&word) {
                found.push(format!("{}: {word}…: {why}", place(number)));
            }
        }
    }
    for (number, line) in shipped.lines().enumerate() {
        for (word, why) in WORDS_OF_SHIPPED_CODE.iter().filter(|(word, _)| line.contains(word)) {
            found.push(format!("{}: {word}: {why}", place(number)));
        }
    }
    for (number, line) in source.text.lines().enumerate() {
        let is_word = |word: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word);
        for mark in marks().iter().filter(|mark| is_word(mark)) {
            found.push(format!("{}: {mark}: an issue is the place for it", place(number)));
        }
    }
    for (line, name, length) in functions(shipped) {
        if length > FUNCTION_LINES {
            found.push(format!("{}: fn {name} has {length} lines, at most {FUNCTION_LINES}", place(line)));
        }
    }
    found
}

/// Places of one machine that have no business in a project file.
pub fn machine_paths(name: &str, text: &str) -> Vec<String> {
    let own = env!("CARGO_MANIFEST_DIR");
    let words = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/home/", "runner"].concat(), own.to_owned()];
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in words.iter().filter(|word| word.len() > 4 && line.contains(word.as_str())) {
            found.push(format!("{name}:{}: {word}: a path of one machine", number + 1));
        }
    }
    found
}

/// Every function with a body: its first line (from 0), its name, its length in lines.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(&code[at..]) {
            let first = code[..at].matches('\n').count();
            found.push((first, name, code[at..at + end].matches('\n').count() + 1));
        }
    }
    found
}

/// Where the body of the function that `code` begins with ends; none when it has no body.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut others) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => others += 1,
            ')' | ']' => others = others.saturating_sub(1),
            ';' if braces == 0 && others == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn each_rule_finds_what_it_is_there_for() {
    let body = |lines: usize| format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines));
    let table: Vec<(&str, String, usize)> = vec![
        ("src/a.rs", "fn f() { x.unwrap() }".to_owned(), 1),
        ("src/a.rs", "// x.unwrap()\nfn f() { y(\".unwrap()\") }".to_owned(), 0),
        ("src/a.rs", "#[cfg(test)]\nmod tests {\n fn f() { x.unwrap() } }".to_owned(), 0),
        ("tests/a.rs", "fn f() { x.unwrap() }".to_owned(), 0),
        ("tests/a.rs", [["#[ig", "nore]"].concat(), "fn f() {}".to_owned()].concat(), 1),
        ("src/a.rs", format!("// {}: later", marks()[0]), 1),
        ("src/utils.rs", String::new(), 1),
        ("src/a.rs", body(58), 0),
        ("src/a.rs", body(59), 1),
        ("src/a.rs", "x();\n".repeat(501), 1),
        ("src/a.rs", format!("x();\n#[cfg(test)]\nmod tests {{\n{}}}", "x();\n".repeat(501)), 0),
        ("src/a.rs", format!("#[cfg(test)]\nmod tests;\n{}", "x();\n".repeat(500)), 1),
        ("src/a.rs", "trait T { fn f(&self) -> [u8; 4]; }".to_owned(), 0),
    ];
    for (name, text, expected) in table {
        let found = findings(&Source::new(name, &text));
        assert_eq!(found.len(), expected, "{name}: {found:?}");
    }
    assert_eq!(machine_paths("a.md", &format!("see {}x", ["/wo", "rk/"].concat())).len(), 1);
}
