//! Every pair of a text and what is behind it that comes up on a screen, in every theme: computed over the
//! cells as they are drawn, after selection, bars and patches were laid over each other.

use std::collections::BTreeMap;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::tui::contrast::{PALETTES, contrast};
use crate::tui::gallery_tests::{all, drawn};
use crate::tui::stage_tests::look;
use crate::tui::theme::tests::shade;
use crate::tui::theme::{SHIPPED, UNICODE};

/// The least that WCAG asks of text.
const LEAST: f64 = 4.5;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

type Rgb = [u8; 3];

/// Ink and ground of a cell, in each palette. Empty: both are the terminal's own.
fn pairs(cell: &Cell) -> Result<Vec<(Rgb, Rgb)>, String> {
    if cell.modifier.contains(Modifier::DIM) {
        return Err("how strong a dim text is nobody can compute".into());
    }
    let is_reversed = cell.modifier.contains(Modifier::REVERSED);
    let is_named = |colour: Color| !matches!(colour, Color::Reset);
    match (is_named(cell.fg), is_named(cell.bg)) {
        (false, false) => return Ok(Vec::new()),
        (false, true) => return Err("the ink is left to the terminal, the ground is not".into()),
        (true, false) => return Err("the ground is left to the terminal, the ink is not".into()),
        (true, true) => {}
    }
    let pair = |palette| {
        let (ink, ground) = (shade(cell.fg, palette), shade(cell.bg, palette));
        if is_reversed { (ground, ink) } else { (ink, ground) }
    };
    Ok(PALETTES.iter().map(pair).collect())
}

/// Lines, corners and blocks are no text.
fn is_text(symbol: &str) -> bool {
    !symbol.trim().is_empty() && !symbol.chars().all(|c| matches!(c, '\u{2500}'..='\u{259f}'))
}

#[test]
fn every_text_on_every_screen_stands_out_from_what_is_behind_it() {
    let (mut low, mut seen) = (BTreeMap::new(), 0);
    for theme in SHIPPED {
        for (scene, play) in all() {
            for size in SIZES {
                let buffer = drawn(&play(size, look(theme, &UNICODE)));
                for cell in buffer.content().iter().filter(|cell| is_text(cell.symbol())) {
                    seen += 1;
                    let told = match pairs(cell) {
                        Err(why) => Some(why),
                        Ok(pairs) => {
                            let found =
                                pairs.into_iter().map(|(ink, ground)| contrast(ink, ground)).fold(21.0, f64::min);
                            (found < LEAST).then(|| format!("{found:.2}"))
                        }
                    };
                    if let Some(told) = told {
                        let key = format!("{:?}: {told}", (theme, cell.fg, cell.bg, cell.modifier));
                        low.entry(key).or_insert_with(|| (scene, cell.symbol().to_owned()));
                    }
                }
            }
        }
    }
    assert!(seen > 100_000, "{seen} cells");
    assert!(low.is_empty(), "{low:#?}");
}
