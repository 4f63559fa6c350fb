//! A frame as bytes: what has changed since the last one, in as few as are needed.
//!
//! ratatui's own backend moves the cursor over every unchanged blank between two words and repeats both colours
//! whenever one changes. A whole first frame then is twice as long, and longer than what the kernel keeps for a terminal
//! at once (4,096 bytes), so that the program waits for the terminal in the middle of it.

use std::io::Write;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

/// The most blanks that are written again instead of moving the cursor, which takes six to nine bytes.
const BRIDGE: u16 = 8;

/// Asks for the picture of a letter, which some terminals then draw in two columns and some in one.
const VARIATION: char = '\u{fe0f}';

/// The number that turns each modifier on.
const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// What is seen of a modifier on a blank.
const SEEN_ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// How the terminal writes at this moment.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ink {
    fg: Color,
    bg: Color,
    underline: Color,
    modifier: Modifier,
}

impl Ink {
    const PLAIN: Self =
        Self { fg: Color::Reset, bg: Color::Reset, underline: Color::Reset, modifier: Modifier::empty() };

    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, underline: cell.underline_color, modifier: cell.modifier }
    }

    /// Whether a blank that lies there already may be written again with this ink.
    fn writes_blank(self, cell: &Cell) -> bool {
        cell.symbol() == " " && cell.bg == self.bg && !(cell.modifier | self.modifier).intersects(SEEN_ON_BLANKS)
    }
}

/// Appends what makes a terminal that shows `shown` show `next`; `None`: it was cleared. The terminal writes plainly
/// before and after.
pub fn encode(shown: Option<&Buffer>, next: &Buffer, bytes: &mut Vec<u8>) {
    match shown {
        Some(shown) => encode_cells(shown.diff_iter(next), next, bytes),
        None => encode_cells(all(next), next, bytes),
    }
}

/// All cells that differ from those of a cleared screen, without a second buffer to compare them with.
fn all(next: &Buffer) -> impl Iterator<Item = (u16, u16, &Cell)> {
    // The second half of a wide letter is not written.
    let mut covered = (0, 0);
    next.content.iter().zip(0..).filter_map(move |(cell, index)| {
        let (x, y) = next.pos_of(index);
        if cell == &Cell::EMPTY || (covered.1 == y && x < covered.0) {
            return None;
        }
        covered = (x + cell.cell_width(), y);
        Some((x, y, cell))
    })
}

fn encode_cells<'b>(cells: impl Iterator<Item = (u16, u16, &'b Cell)>, next: &Buffer, bytes: &mut Vec<u8>) {
    let mut ink = Ink::PLAIN;
    // Where the next cell would be written without moving, and how many blanks may be written to get beyond.
    let (mut pen, mut reach, mut is_sure) = ((u16::MAX, u16::MAX), 0, true);
    for (x, y, cell) in cells {
        if pen.1 == y && x < pen.0 {
            // It lies under the second half of what was written last, and would erase it.
            continue;
        }
        let is_near = is_sure && pen.1 == y && x.checked_sub(pen.0).is_some_and(|gap| gap <= reach);
        if is_near && (pen.0..x).all(|x| ink.writes_blank(&next[(x, y)])) {
            bytes.extend((pen.0..x).map(|_| b' '));
        } else {
            put(bytes, format_args!("\x1b[{};{}H", y + 1, x + 1));
            reach = BRIDGE;
        }
        let wanted = Ink::of(cell);
        if wanted != ink {
            change(ink, wanted, bytes);
            ink = wanted;
        }
        bytes.extend_from_slice(cell.symbol().as_bytes());
        pen = (x + cell.cell_width().max(1), y);
        // Terminals differ in how wide they take what is not ASCII: the next gap is moved over, which sets that right.
        // Where they differ most, the very next cell is.
        reach = if cell.symbol().is_ascii() { reach } else { 0 };
        is_sure = cell.cell_width() < 2 && !cell.symbol().contains(VARIATION);
    }
    if ink != Ink::PLAIN {
        bytes.extend_from_slice(b"\x1b[0m");
    }
}

/// Changes the ink: only what differs, unless a modifier is to go.
fn change(from: Ink, to: Ink, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(b"\x1b[");
    let start = bytes.len();
    let mut from = from;
    if !to.modifier.contains(from.modifier) {
        bytes.extend_from_slice(b"0;");
        from = Ink::PLAIN;
    }
    for (modifier, number) in MODIFIERS {
        if (to.modifier - from.modifier).contains(modifier) {
            put(bytes, format_args!("{number};"));
        }
    }
    if to.fg != from.fg {
        colour(to.fg, 30, bytes);
    }
    if to.bg != from.bg {
        colour(to.bg, 40, bytes);
    }
    if to.underline != from.underline {
        colour(to.underline, 50, bytes);
    }
    if bytes.len() > start {
        bytes.pop();
    }
    bytes.push(b'm');
}

/// A colour of letters (30), ground (40) or underlines (50, which know no names).
fn colour(colour: Color, base: u8, bytes: &mut Vec<u8>) {
    let named = |bytes: &mut Vec<u8>, number: u8| {
        if base == 50 {
            put(bytes, format_args!("58;5;{number};"));
        } else {
            put(bytes, format_args!("{};", if number < 8 { base + number } else { base + 52 + number }));
        }
    };
    match colour {
        Color::Reset => put(bytes, format_args!("{};", base + 9)),
        Color::Black => named(bytes, 0),
        Color::Red => named(bytes, 1),
        Color::Green => named(bytes, 2),
        Color::Yellow => named(bytes, 3),
        Color::Blue => named(bytes, 4),
        Color::Magenta => named(bytes, 5),
        Color::Cyan => named(bytes, 6),
        Color::Gray => named(bytes, 7),
        Color::DarkGray => named(bytes, 8),
        Color::LightRed => named(bytes, 9),
        Color::LightGreen => named(bytes, 10),
        Color::LightYellow => named(bytes, 11),
        Color::LightBlue => named(bytes, 12),
        Color::LightMagenta => named(bytes, 13),
        Color::LightCyan => named(bytes, 14),
        Color::White => named(bytes, 15),
        Color::Indexed(number) => put(bytes, format_args!("{};5;{number};", base + 8)),
        Color::Rgb(red, green, blue) => put(bytes, format_args!("{};2;{red};{green};{blue};", base + 8)),
    }
}

fn put(bytes: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    // A vector takes whatever it is given.
    let _ = bytes.write_fmt(what);
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
