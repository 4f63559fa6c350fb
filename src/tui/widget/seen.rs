//! Answers of probes in lines, under their probe's title.

use crate::engine::Verdict;
use crate::tui::screen::run::seen::Seen;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::health::age;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::wrap;

/// How far an answer stands in.
const INDENT: usize = 4;

/// The lines of some answers, `cells` wide; each probe's title stands once above its own, with
/// `suffix` behind it.
pub fn lines<'a>(all: impl Iterator<Item = &'a Seen>, suffix: &str, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = Vec::new();
    let mut title = "";
    for seen in all {
        if title != seen.probe {
            title = &seen.probe;
            lines.push(Strip::of(format!("  {title}{suffix}"), Meaning::Title));
        }
        answer(seen, cells, look, &mut lines);
    }
    lines
}

fn answer(seen: &Seen, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    let (sign, meaning) = tell::verdict_sign(seen.verdict, look.glyphs);
    let told = match (seen.age_ms, seen.told.as_str()) {
        (None, "") => "not asked yet".to_owned(),
        (None, told) => told.to_owned(),
        // Why it is unknown tells how old it is.
        (Some(_), told) if seen.verdict == Verdict::Unknown && !told.is_empty() => told.to_owned(),
        (Some(_), "") => format!("sampled {}", age(seen.age_ms)),
        (Some(_), told) => format!("{told}, sampled {}", age(seen.age_ms)),
    };
    let head = Strip::of(format!("{:INDENT$}{} ", "", seen.node), Meaning::Text)
        .and(format!("{sign} {}", seen.verdict.word()), meaning);
    let meaning = if seen.verdict == Verdict::Ok { Meaning::Dim } else { Meaning::Text };
    let whole = head.clone().and(format!(" {told}"), meaning);
    if whole.width() <= cells {
        lines.push(whole);
        return;
    }
    lines.push(head);
    let indent = INDENT + 2;
    let told = wrap(&crate::text::clean_block(&told), cells.saturating_sub(indent));
    lines.extend(told.into_iter().map(|line| Strip::of(format!("{:indent$}{line}", ""), meaning)));
}
