//! Whether a text can be read on what is behind it, computed as WCAG does.

use std::ops::Range;

use ratatui::style::Color;

use crate::diagnostic::Diagnostic;
use crate::tui::theme::{MEANINGS, Meaning, Theme};

/// With less contrast nobody can be expected to read a text.
const LEAST: f64 = 3.0;

/// The sixteen colours by the names that styles have for them, in the order of their numbers.
pub const SIXTEEN: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// The sixteen colours as terminals are delivered with them: xterm, the console of Linux, GNOME's terminal.
pub const PALETTES: [[u32; 16]; 3] = [
    [
        0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, 0x7f_7f7f, 0xff_0000,
        0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
    ],
    [
        0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa, 0x55_5555, 0xff_5555,
        0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
    ],
    [
        0x17_1421, 0xc0_1c28, 0x26_a269, 0xa2_734c, 0x12_488b, 0xa3_47ba, 0x2a_a1b3, 0xd0_cfcc, 0x5e_5c64, 0xf6_6151,
        0x33_d17a, 0xe9_ad0c, 0x2a_7bde, 0xc0_61cb, 0x33_c7de, 0xff_ffff,
    ],
];

/// A colour as a terminal with that palette shows it; `None`: that is its own.
pub fn rgb(colour: Color, palette: &[u32; 16]) -> Option<[u8; 3]> {
    let of_palette = |at: usize| palette.get(at).map(|colour| colour.to_be_bytes()).map(|[_, r, g, b]| [r, g, b]);
    match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ 0..=15) => of_palette(usize::from(index)),
        Color::Indexed(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some([level(index / 36), level(index / 6 % 6), level(index % 6)])
        }
        Color::Indexed(index) => Some([8 + 10 * (index - 232); 3]),
        named => of_palette(SIXTEEN.iter().position(|known| *known == named)?),
    }
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// From 1 (alike) to 21 (black and white).
pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The contrast of two colours where it is best; `None` where that hangs on the terminal's own.
fn best(one: Color, other: Color) -> Option<f64> {
    let of = |palette: &[u32; 16]| Some(contrast(rgb(one, palette)?, rgb(other, palette)?));
    PALETTES.iter().filter_map(of).reduce(f64::max)
}

/// The meanings whose text cannot be read, each where its colours are named; `place` knows where that is.
pub fn unreadable(theme: &Theme, place: impl Fn(Meaning) -> Range<usize>) -> Vec<Diagnostic> {
    // A frame is no text.
    let texts = MEANINGS.iter().filter(|(_, meaning)| *meaning != Meaning::Border);
    let found = texts.filter_map(|(name, meaning)| {
        let style = theme.style(*meaning);
        let found = best(style.fg?, style.bg?).filter(|found| *found < LEAST)?;
        let told = format!("{name:?} cannot be read: its contrast to what is behind it is {found:.1}:1");
        let help =
            format!("give it another fg, or a bg of its own: {LEAST:.0}:1 is the least, 4.5:1 is read with ease");
        Some(Diagnostic::error("theme", place(*meaning), told).with_help(help))
    });
    found.collect()
}

/// Text and ground of a patch of that colour: where there are 256 colours, and where there are sixteen.
pub fn patch(colour: &str) -> Option<[(Color, Color); 2]> {
    let (black, white) = (Color::Indexed(16), Color::Indexed(231));
    Some(match colour {
        "red" => [(white, Color::Indexed(160)), (Color::White, Color::Red)],
        "yellow" => [(black, Color::Indexed(220)), (Color::Black, Color::LightYellow)],
        "green" => [(white, Color::Indexed(28)), (Color::Black, Color::Green)],
        "blue" => [(white, Color::Indexed(26)), (Color::White, Color::Blue)],
        "magenta" => [(white, Color::Indexed(127)), (Color::White, Color::Magenta)],
        "cyan" => [(black, Color::Indexed(44)), (Color::Black, Color::Cyan)],
        "white" => [(black, Color::Indexed(255)), (Color::Black, Color::White)],
        "grey" | "gray" => [(white, Color::Indexed(240)), (Color::Black, Color::Gray)],
        _ => return None,
    })
}
