use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::tui::stage_tests::look;
use crate::tui::theme::{ASCII, UNICODE};

const TEXT: &str = "\
# What it is about

A paragraph with `vault operator step-down`, *stress*, **weight** and [the notes](https://example.org/notes?v=1.17),
broken in its source.

## A list

- one that is so long that it does not fit into a line of forty cells
  - nested `code`
    1. first
    2. second
- two

> Somebody said that
> in two lines.

```sh
vault status -format=json | jq .sealed   # a line that is longer than forty cells
  indented
```

| Version | From | Notes |
|:--------|-----:|-------|
| 1.17.3 | 1.16 | `raft` needs a **snapshot** |
| 日本語 | 2 | wide |

<script>alert(1)</script>

---

Last & least &amp; <https://example.org>.";

fn told(lines: &[Strip]) -> String {
    let line = |line: &Strip| line.0.iter().map(|(text, _)| text.as_str()).collect::<String>().trim_end().to_owned();
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_text_with_all_of_it_in_pictures() {
    for cells in [24, 40, 80, 120] {
        assert_snapshot!(format!("markdown_{cells}"), told(&lines(TEXT, cells, &look("dark", &UNICODE))));
    }
    assert_snapshot!("markdown_ascii_60", told(&lines(TEXT, 60, &look("mono", &ASCII))));
}

#[test]
fn code_and_weight_differ_from_text_without_colour() {
    let mono = look("mono", &ASCII);
    let made = lines("a `b` *c* **d**", 40, &mono);
    let style = |text: &str| {
        let part = made[0].0.iter().find(|(part, _)| part == text).unwrap();
        mono.style(part.1)
    };
    for text in ["b", "c", "d"] {
        assert_ne!(style(text), mono.style(Meaning::Text), "{text}");
    }
}

#[test]
fn an_address_is_shown_and_nothing_is_hidden() {
    let plain = |text: &str| told(&lines(text, 60, &Look::plain()));
    assert_eq!(plain("[a](http://b)"), "a <http://b>");
    assert_eq!(plain("<http://b>"), "http://b");
    assert_eq!(plain("![](http://b)"), "<http://b>");
    assert_eq!(plain("<!-- not seen? -->"), "<!-- not seen? -->");
    assert_eq!(plain("a <b onclick=x>c</b>"), "a <b onclick=x>c</b>");
    assert_eq!(plain("&#27;[31m &#x202e;"), "␛[31m <U+202E>");
    assert_eq!(plain("-\n-"), "-\n-");
}

#[test]
fn what_is_nested_deeply_or_very_long_stays_bounded() {
    let deep = "> ".repeat(3_000) + "x";
    assert!(lines(&deep, 40, &Look::plain()).iter().all(|line| line.width() <= 40));
    let lists: String = (0..200).map(|depth| format!("{}- x\n", "  ".repeat(depth))).collect();
    assert!(lines(&lists, 40, &Look::plain()).iter().all(|line| line.width() <= 40));
    let long = "*a* ".repeat(100_000);
    assert!(!lines(&long, 80, &Look::plain()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn lines_fit_and_are_harmless_whatever_the_text_holds(
        parts in proptest::collection::vec(prop_oneof![
            proptest::sample::select(vec!["# ", "- ", "  - ", "1. ", "> ", "```\n", "|", "|-|-|\n", "*", "**", "`", "[", "](", ")", "<", ">",
                "\n", "\n\n", "    ", "&#27;", "\u{1b}[2J", "\u{202e}", "漢字", "word ", "a-very-long-word-that-fits-nowhere", "&amp;", "e\u{301}"]).prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ], 0..60),
        cells in 4_usize..100,
    ) {
        let text = parts.concat();
        for line in lines(&text, cells, &Look::plain()) {
            prop_assert!(line.width() <= cells.max(4), "{cells}: {line:?} of {text:?}");
            for (part, _) in &line.0 {
                prop_assert!(part.chars().all(|c| !c.is_control() && !crate::text::is_hidden(c)), "{part:?} of {text:?}");
            }
        }
    }
}
