//! Cautions, as three boxes that differ without colour: warning double, caution heavy, note without a frame.

use crate::runbook::CautionLevel;
use crate::text::clean_line;
use crate::tui::markdown;
use crate::tui::screen::run::cautions::Shown;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::{cut, width, wrap};

/// The lines of one caution, `cells` wide: one of what was read before.
pub fn lines(caution: &Shown, cells: usize, look: &Look) -> Vec<Strip> {
    let Shown { level, text, read_for } = caution;
    if let Some(item) = read_for {
        return vec![again(*level, text, item, cells, look)];
    }
    match level {
        CautionLevel::Warning => boxed(("WARNING", Meaning::Warning), look.glyphs.frames[1], text, cells, look),
        CautionLevel::Caution => boxed(("CAUTION", Meaning::Caution), look.glyphs.frames[2], text, cells, look),
        CautionLevel::Note => {
            let mut lines = Vec::new();
            for (index, line) in markdown::lines(text, cells.saturating_sub(6), look).into_iter().enumerate() {
                let lead = if index == 0 { "NOTE  " } else { "      " };
                lines.push(Strip(std::iter::once((lead.to_owned(), Meaning::Note)).chain(line.0).collect()));
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
    // Whole lines: it is cut below.
    let text = markdown::lines(text, usize::from(u16::MAX), look).into_iter().flat_map(|line| {
        let line: String = line.0.into_iter().map(|(text, _)| text).collect();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    let text = text.collect::<Vec<_>>().join(" ");
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

fn boxed((word, meaning): (&str, Meaning), set: [&str; 6], text: &str, cells: usize, look: &Look) -> Vec<Strip> {
    let inside = cells.saturating_sub(4).max(1);
    let lead = format!("{} {word} ", set[0]);
    let rest = cells.saturating_sub(2 + width(&lead));
    let mut lines = vec![Strip::of(format!("{}{lead}{}{}", set[2], set[0].repeat(rest), set[3]), meaning)];
    for line in markdown::lines(text, inside, look) {
        let gap = " ".repeat(inside.saturating_sub(line.width()));
        let side = format!("{} ", set[1]);
        let end = format!("{gap} {}", set[1]);
        lines.push(Strip(std::iter::once((side, meaning)).chain(line.0).collect()).and(end, meaning));
    }
    lines.push(Strip::of(format!("{}{}{}", set[4], set[0].repeat(cells.saturating_sub(2)), set[5]), meaning));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_stress_in_a_caution_are_drawn_as_such_and_its_box_stays_straight() {
        let text = "Never `rm -rf /data` on **two** nodes.\nSee [the notes](https://example.org/n).\n\n- one\n- two";
        for level in [CautionLevel::Warning, CautionLevel::Caution, CautionLevel::Note] {
            let mut caution = Shown { level, text: text.into(), read_for: None };
            let drawn = lines(&caution, 40, &Look::plain());
            let told: Vec<String> =
                drawn.iter().map(|line| line.0.iter().map(|(text, _)| text.as_str()).collect()).collect();
            let all = told.join("\n");
            assert!(!all.contains(['`', '*', '[']), "{all}");
            assert!(all.contains("<https://example.org/n>") && all.contains("- two"), "{all}");
            let is_code = |(text, meaning): &(String, Meaning)| text == "rm -rf /data" && *meaning == Meaning::Command;
            assert!(drawn.iter().any(|line| line.0.iter().any(is_code)), "{all}");
            if level != CautionLevel::Note {
                assert!(told.iter().all(|line| width(line) == 40), "{all}");
            }
            caution.read_for = Some("vault-1".into());
            let again = lines(&caution, 200, &Look::plain());
            assert!(again.len() == 1 && again[0].0.iter().all(|(text, _)| !text.contains('`')), "{again:?}");
        }
    }
}
