//! What every page and every text must be, whatever is in it.

use piton::text::is_hidden;

/// Elements that have no end.
const VOID: [&str; 4] = ["meta", "rect", "path", "br"];
/// All elements that pages are made of.
const ELEMENTS: [&str; 35] = [
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "ul", "li", "a", "h1", "h2",
    "h3", "h4", "p", "div", "span", "strong", "code", "pre", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "svg", "rect", "path", "br", "dl",
];
/// All attributes that they have.
const ATTRIBUTES: [&str; 23] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "role",
    "tabindex",
    "aria-label",
    "scope",
    "title",
    "viewBox",
    "preserveAspectRatio",
    "x",
    "y",
    "width",
    "height",
    "d",
    "colspan",
    "rowspan",
    "style",
];

/// Fails on a page that could fetch or run something, that is not well formed, or that a screen reader would stumble on.
pub fn assert_page(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{}", &page[..80]);
    assert_harmless(page);
    assert!(!page.to_lowercase().contains("<script"), "a script");
    let style = between(page, "<style>", "</style>");
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'), "the style fetches nothing");
    assert!(!between(page, "<title>", "</title>").trim().is_empty(), "it has a title");
    let (mut open, mut ids, mut links) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = page.split_once('\n').expect("it has lines").1.replace(style, "");
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').expect("each tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{tag}: what was opened last ends first");
        } else {
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            assert!(ELEMENTS.contains(&name), "<{tag}>");
            for (attribute, value) in attributes(tag) {
                assert!(ATTRIBUTES.contains(&attribute), "<{tag}>: {attribute}");
                match attribute {
                    "href" => links.push(value.strip_prefix('#').expect("links stay on the page").to_owned()),
                    "id" => ids.push(value.to_owned()),
                    _ => {}
                }
            }
            assert!(name != "th" || tag.contains("scope="), "<{tag}>: a head has a scope");
            if !VOID.contains(&name) {
                open.push(name.to_owned());
            }
        }
        rest = behind.to_owned();
    }
    assert!(open.is_empty(), "not ended: {open:?}");
    assert_eq!(page.matches("<table").count(), page.matches("<caption>").count(), "each table has a caption");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id stands for one place");
    assert!(links.iter().all(|link| ids.contains(link)), "each link leads somewhere");
}

fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    page.split_once(from).and_then(|(_, rest)| rest.split_once(to)).expect("it is there").0
}

/// Names and values; a value that is not quoted, or a quote within one, is a fault.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest).trim_end_matches('/');
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").unwrap_or_else(|| panic!("<{tag}>"));
        let (value, behind) = after.split_once('"').unwrap_or_else(|| panic!("<{tag}>"));
        found.push((name, value));
        rest = behind;
    }
    found
}

/// Fails on anything that a terminal would obey or a reader would not see.
pub fn assert_harmless(text: &str) {
    let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || is_hidden(*c));
    assert_eq!(bad, None, "{:?}", bad.and_then(|c| text.lines().find(|line| line.contains(c)).map(str::to_owned)));
}

/// Fails on Markdown whose tables do not stay tables, or in which a text from outside could become HTML or a link.
pub fn assert_markdown(text: &str) {
    assert_harmless(text);
    let mut columns = None;
    for line in text.lines() {
        columns = match (line.starts_with('|'), columns) {
            (false, _) => None,
            (true, None) => Some(bars(line)),
            (true, Some(columns)) => {
                assert_eq!(bars(line), columns, "{line}");
                Some(columns)
            }
        };
        assert!(!outside_of_code(&line.replace("<br>", "")).contains('<'), "{line}");
        assert!(!outside_of_code(line).replace("\\]", "").contains("]("), "a link: {line}");
        assert!(!outside_of_code(line).contains("://"), "a link: {line}");
    }
}

/// How many bars of a line part its cells.
fn bars(line: &str) -> usize {
    let mut escaped = false;
    let mut count = 0;
    for c in line.chars() {
        count += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    count
}

/// A line without its code spans.
fn outside_of_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        let is_escaped = rest[..at].ends_with('\\');
        out.push_str(&rest[..at]);
        let fence: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let after = &rest[at + fence.len()..];
        match end_of_code(after, fence.len()).filter(|_| !is_escaped) {
            Some(end) => rest = &after[end..],
            None => rest = after,
        }
    }
    out + rest
}

/// Behind the run of exactly so many backquotes.
fn end_of_code(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].chars().take_while(|c| *c == '`').count();
        if run == length {
            return Some(start + run);
        }
        at = start + run;
    }
    None
}

#[test]
fn the_checks_find_what_they_are_there_for() {
    let page = |body: &str| {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><title>t</title><style>p{{}}</style></head><body>{body}</body></html>\n"
        )
    };
    assert_page(&page("<p>fine</p>"));
    for body in [
        "<script>x</script>",
        "<p onclick=\"x\">a</p>",
        "<a href=\"http://x\">a</a>",
        "<p>a",
        "<p title=\"a\"b\">c</p>",
        "<p>\u{1b}</p>",
        "<p>\u{202e}</p>",
        "<img src=\"x\">",
    ] {
        let page = page(body);
        assert!(std::panic::catch_unwind(|| assert_page(&page)).is_err(), "{body}");
    }
    assert_markdown("| a | b |\n|---|---|\n| x \\| y | `a <b> \\| c` |\n");
    for text in ["| a | b |\n|---|---|\n| x | y | z |\n", "<b>", "[a](http://x)", "http://x"] {
        assert!(std::panic::catch_unwind(|| assert_markdown(text)).is_err(), "{text}");
    }
}
