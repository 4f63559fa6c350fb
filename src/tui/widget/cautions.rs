//! Cautions, as three boxes that differ without colour: warning double, caution heavy, note without a frame.

use crate::runbook::CautionLevel;
use crate::text::{clean_block, clean_line};
use crate::tui::screen::run::cautions::Shown;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{cut, paragraphs, width, wrap};

/// The lines of one caution, `cells` wide: one of what was read before.
pub fn lines(caution: &Shown, cells: usize, look: &Look) -> Vec<Strip> {
    let Shown { level, text, read_for } = caution;
    if let Some(item) = read_for {
        return vec![again(*level, text, item, cells, look)];
    }
    match level {
        CautionLevel::Warning => boxed("WARNING", look.glyphs.frames[1], Meaning::Warning, text, cells),
        CautionLevel::Caution => boxed("CAUTION", look.glyphs.frames[2], Meaning::Caution, text, cells),
        CautionLevel::Note => {
            let mut lines = Vec::new();
            for (index, line) in wrap(&flowing(text), cells.saturating_sub(6)).into_iter().enumerate() {
                let lead = if index == 0 { "NOTE  " } else { "      " };
                lines.push(Strip::of(lead, Meaning::Note).and(line, Meaning::Text));
            }
            lines
        }
    }
}

/// One line for a caution that was read for that item: its word, and as much of its text as there is room for.
fn again(level: CautionLevel, text: &str, item: &str, cells: usize, look: &Look) -> Strip {
    let meaning = match level {
        CautionLevel::Warning => Meaning::Warning,
        CautionLevel::Caution => Meaning::Caution,
        CautionLevel::Note => Meaning::Note,
    };
    let lead = format!("{} as read for {}: ", word(level), clean_line(item));
    let text = clean_block(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = cut(&text, cells.saturating_sub(width(&lead)), look.glyphs.more);
    Strip::of(cut(&lead, cells, look.glyphs.more), meaning).and(rest, Meaning::Text)
}

const fn word(level: CautionLevel) -> &'static str {
    match level {
        CautionLevel::Warning => "WARNING",
        CautionLevel::Caution => "CAUTION",
        CautionLevel::Note => "NOTE",
    }
}

/// One line for cautions that were read.
pub fn folded(cautions: &[Shown], cells: usize) -> Vec<Strip> {
    let words: Vec<_> = cautions.iter().map(|caution| word(caution.level)).collect();
    let told = format!("read: {}", words.join(", "));
    wrap(&told, cells).into_iter().take(1).map(|line| Strip::of(line, Meaning::Dim)).collect()
}

/// The text with the line breaks of its source taken out of its paragraphs.
fn flowing(text: &str) -> String {
    paragraphs(clean_block(text).trim_end()).join("\n")
}

fn boxed(word: &str, set: [&str; 6], meaning: Meaning, text: &str, cells: usize) -> Vec<Strip> {
    let inside = cells.saturating_sub(4).max(1);
    let lead = format!("{} {word} ", set[0]);
    let rest = cells.saturating_sub(2 + width(&lead));
    let mut lines = vec![Strip::of(format!("{}{lead}{}{}", set[2], set[0].repeat(rest), set[3]), meaning)];
    for line in wrap(&flowing(text), inside) {
        let gap = " ".repeat(inside.saturating_sub(width(&line)));
        let side = format!("{} ", set[1]);
        let end = format!("{gap} {}", set[1]);
        lines.push(Strip::of(side, meaning).and(line, Meaning::Text).and(end, meaning));
    }
    lines.push(Strip::of(format!("{}{}{}", set[4], set[0].repeat(cells.saturating_sub(2)), set[5]), meaning));
    lines
}
