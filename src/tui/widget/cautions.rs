//! Cautions, as three boxes that differ without colour: warning double, caution heavy, note without a frame.

use crate::runbook::CautionLevel;
use crate::text::clean_block;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{paragraphs, width, wrap};

/// The lines of one caution, `cells` wide.
pub fn lines(level: CautionLevel, text: &str, cells: usize, look: &Look) -> Vec<Strip> {
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

/// One line for cautions that were read.
pub fn folded(cautions: &[(CautionLevel, String)], cells: usize) -> Vec<Strip> {
    let word = |level: &CautionLevel| match level {
        CautionLevel::Warning => "WARNING",
        CautionLevel::Caution => "CAUTION",
        CautionLevel::Note => "NOTE",
    };
    let words: Vec<_> = cautions.iter().map(|(level, _)| word(level)).collect();
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
