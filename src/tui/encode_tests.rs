//! What is encoded, read by a terminal.

use std::num::NonZero;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::encode;

const AREA: Rect = Rect { x: 0, y: 0, width: 24, height: 4 };

/// A frame of some texts, each at a place and in a style.
fn frame(texts: &[(u16, u16, &str, Style)]) -> Buffer {
    let mut buffer = Buffer::empty(AREA);
    for (x, y, text, style) in texts {
        // A style adds to what lies there already; here it counts alone.
        let style = style.remove_modifier(Modifier::all() - style.add_modifier);
        buffer.set_stringn(*x, *y, text, usize::from(AREA.width - x), style);
    }
    buffer
}

/// A terminal that was told these bytes.
fn told(bytes: &[u8]) -> vt100::Parser {
    let cells = |count| NonZero::new(count).expect("an area that is not empty");
    let mut terminal = vt100::Parser::new(cells(AREA.height), cells(AREA.width), 0);
    terminal.process(bytes);
    terminal
}

fn colour(colour: Color) -> vt100::Color {
    match colour {
        Color::Red => vt100::Color::Idx(1),
        Color::LightBlue => vt100::Color::Idx(12),
        Color::Indexed(number) => vt100::Color::Idx(number),
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        _ => vt100::Color::Default,
    }
}

/// Whether the terminal shows that frame; colours of letters are not compared on blanks, where nobody sees them.
fn assert_shows(terminal: &vt100::Parser, frame: &Buffer) {
    for y in 0..AREA.height {
        for x in 0..AREA.width {
            let (is, wanted) = (terminal.screen().cell(y, x).expect("a cell of the screen"), &frame[(x, y)]);
            if is.is_wide_continuation() {
                continue;
            }
            let symbol = if is.has_contents() { is.contents() } else { " " };
            assert_eq!(symbol, wanted.symbol(), "at {x},{y}");
            let seen = |modifier| wanted.modifier.contains(modifier);
            assert_eq!(is.bgcolor(), colour(wanted.bg), "at {x},{y}");
            assert_eq!((is.underline(), is.inverse()), (seen(Modifier::UNDERLINED), seen(Modifier::REVERSED)));
            if symbol != " " {
                assert_eq!(is.fgcolor(), colour(wanted.fg), "at {x},{y}");
                let is_styled = (is.bold(), is.dim(), is.italic());
                assert_eq!(is_styled, (seen(Modifier::BOLD), seen(Modifier::DIM), seen(Modifier::ITALIC)));
            }
        }
    }
}

#[test]
fn words_of_one_line_are_written_in_one_go() {
    let mut bytes = Vec::new();
    encode(None, &frame(&[(2, 1, "start a node again", Style::new())]), &mut bytes);
    assert_eq!(String::from_utf8_lossy(&bytes), "\x1b[2;3Hstart a node again");
}

#[test]
fn only_what_changes_of_a_style_is_told() {
    let bold = Style::new().fg(Color::Indexed(75)).add_modifier(Modifier::BOLD);
    let texts = [(0, 0, "a", bold), (1, 0, "b", bold.fg(Color::Red)), (2, 0, "c", Style::new().fg(Color::Red))];
    let mut bytes = Vec::new();
    encode(None, &frame(&texts), &mut bytes);
    assert_eq!(String::from_utf8_lossy(&bytes), "\x1b[1;1H\x1b[1;38;5;75ma\x1b[31mb\x1b[0;31mc\x1b[0m");
}

#[test]
fn what_terminals_may_take_for_wide_is_followed_by_a_move() {
    let mut bytes = Vec::new();
    encode(None, &frame(&[(0, 0, "│ ─ a b", Style::new())]), &mut bytes);
    assert_eq!(String::from_utf8_lossy(&bytes), "\x1b[1;1H│\x1b[1;3H─\x1b[1;5Ha b");
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let same = frame(&[(3, 2, "as it was", Style::new().fg(Color::Red))]);
    let mut bytes = Vec::new();
    encode(Some(&same), &same, &mut bytes);
    assert!(bytes.is_empty());
}

fn styles() -> impl Strategy<Value = Style> {
    let colours = prop_oneof![
        Just(Color::Reset),
        Just(Color::Red),
        Just(Color::LightBlue),
        any::<u8>().prop_map(Color::Indexed),
        any::<[u8; 3]>().prop_map(|[red, green, blue]| Color::Rgb(red, green, blue)),
    ];
    // The terminal of the test takes bold and dim for two values of one thing.
    let modifiers = (0..512_u16).prop_map(Modifier::from_bits_truncate);
    let modifiers = modifiers.prop_map(|all| if all.contains(Modifier::BOLD) { all - Modifier::DIM } else { all });
    (colours.clone(), colours, modifiers)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

fn frames(letters: &'static str) -> impl Strategy<Value = Buffer> {
    let text = (0..AREA.width, 0..AREA.height, letters, styles());
    prop::collection::vec(text, 0..12).prop_map(|texts| {
        let texts: Vec<_> = texts.iter().map(|(x, y, text, style)| (*x, *y, text.as_str(), *style)).collect();
        frame(&texts)
    })
}

proptest! {
    #[test]
    fn a_terminal_shows_what_was_encoded(first in frames("[a-c ]{0,12}|[a │漢é]{0,6}")) {
        let mut bytes = Vec::new();
        encode(None, &first, &mut bytes);
        assert_shows(&told(&bytes), &first);
        let mut compared = Vec::new();
        encode(Some(&Buffer::empty(AREA)), &first, &mut compared);
        assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&compared));
    }

    // Without wide letters: terminals differ in the colour of what is left of one that is half overwritten.
    #[test]
    fn one_frame_follows_the_other(first in frames("[a-c ]{0,12}|[a │é]{0,6}"), second in frames("[a-c ]{0,12}|[a │é]{0,6}")) {
        let mut bytes = Vec::new();
        encode(None, &first, &mut bytes);
        assert_shows(&told(&bytes), &first);
        encode(Some(&first), &second, &mut bytes);
        assert_shows(&told(&bytes), &second);
    }
}
