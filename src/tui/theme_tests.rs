use super::*;

/// What stands behind a text whose theme names no background: what such terminals have, the darkest and the lightest.
pub fn grounds(theme: &str) -> Vec<[u8; 3]> {
    match theme {
        "light" => vec![[0xff, 0xff, 0xff], [0xf5, 0xf5, 0xf5]],
        "sixteen" => vec![[0; 3]],
        "sixteen-light" => vec![[0xff; 3]],
        _ => vec![[0, 0, 0], [0x1e, 0x1e, 0x1e]],
    }
}

/// The colour of a cell as a terminal with 256 colours shows it.
pub fn rgb(colour: Color) -> [u8; 3] {
    match colour {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            [level(index / 36), level(index / 6 % 6), level(index % 6)]
        }
        Color::Indexed(index @ 232..=255) => [8 + 10 * (index - 232); 3],
        other => panic!("what {other} looks like is not known"),
    }
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_of_the_shipped_themes_stands_out_from_what_is_behind_it() {
    assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.01);
    let mut low = Vec::new();
    for (name, least) in [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)] {
        let theme = Theme::shipped(name).unwrap();
        for (word, meaning) in MEANINGS {
            // A frame is no text.
            if meaning == Meaning::Border {
                continue;
            }
            let style = theme.style(meaning);
            let Some(fg) = style.fg.map(rgb) else {
                assert!(style.bg.is_none(), "{name}: {word} has a background and leaves the text to the terminal");
                continue;
            };
            let behind = style.bg.map_or_else(|| grounds(name), |bg| vec![rgb(bg)]);
            for ground in behind {
                let found = contrast(fg, ground);
                if found < least {
                    low.push(format!("{name}: {word} on {ground:?}: {found:.2}"));
                }
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}

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

/// A colour of sixteen in that palette.
pub fn of_sixteen(colour: Color, palette: &[u32; 16]) -> [u8; 3] {
    const NAMES: [Color; 16] = [
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
    let at = NAMES.iter().position(|named| *named == colour).expect("it is one of the sixteen");
    let [_, red, green, blue] = palette[at].to_be_bytes();
    [red, green, blue]
}

#[test]
fn sixteen_colours_stand_out_in_the_usual_palettes() {
    let mut low = Vec::new();
    for (name, ground) in ["sixteen", "sixteen-light"].map(|name| (name, grounds(name)[0])) {
        let theme = Theme::shipped(name).unwrap();
        for (word, meaning) in MEANINGS {
            let Some(fg) = theme.style(meaning).fg else { continue };
            for palette in &PALETTES {
                let found = contrast(of_sixteen(fg, palette), ground);
                if found < 4.5 {
                    low.push(format!("{name}: {word} on {ground:?}: {found:.2}"));
                }
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}

/// How strong a dim text still is nobody can compute: kitty leaves four tenths of it, the console of Linux a dark grey.
#[test]
fn no_text_of_a_shipped_theme_is_left_to_what_a_terminal_makes_of_dim() {
    for name in SHIPPED {
        let theme = Theme::shipped(name).unwrap();
        let texts = MEANINGS.iter().filter(|(_, meaning)| *meaning != Meaning::Border);
        for (word, meaning) in texts {
            assert!(!theme.style(*meaning).add_modifier.contains(Modifier::DIM), "{name}: {word}");
        }
    }
}

#[test]
fn the_word_of_the_environment_can_be_read_on_its_patch_in_every_theme() {
    let mut low = Vec::new();
    for name in SHIPPED {
        let theme = Theme::shipped(name).unwrap();
        for colour in crate::site::COLOURS {
            let style = theme.environment(colour);
            let (Some(fg), Some(bg)) = (style.fg, style.bg) else {
                assert_eq!((name, style.fg, style.bg), ("mono", None, None), "{colour}");
                assert!(style.add_modifier.contains(Modifier::REVERSED));
                continue;
            };
            let found = match fg {
                Color::Indexed(_) => contrast(rgb(fg), rgb(bg)),
                _ => PALETTES.iter().map(|of| contrast(of_sixteen(fg, of), of_sixteen(bg, of))).fold(21.0, f64::min),
            };
            if found < 4.5 {
                low.push(format!("{name}: {colour}: {found:.2}"));
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}

#[test]
fn where_the_terminal_has_the_colours_none_is_laid_on_another() {
    for name in ["sixteen", "sixteen-light", "mono"] {
        let theme = Theme::shipped(name).unwrap();
        for (word, meaning) in MEANINGS {
            assert_eq!(theme.style(meaning).bg, None, "{name}: {word}");
        }
    }
}

#[test]
fn every_shipped_theme_parses_and_mono_names_no_colour() {
    for name in SHIPPED {
        let theme = Theme::shipped(name).unwrap();
        let parsed = Theme::parse(shipped(name).unwrap()).unwrap();
        assert_eq!(format!("{theme:?}"), format!("{parsed:?}"), "read plainly it is the same");
        assert_eq!(theme.is_coloured, name != "mono", "{name}");
        assert_eq!(theme.has_ground(), name == "high-contrast", "{name}");
    }
    assert!(Theme::shipped("pink").is_none());
}

#[test]
fn what_a_person_overruled_never_looks_like_what_went_well() {
    for name in SHIPPED {
        let theme = Theme::shipped(name).unwrap();
        assert_ne!(theme.style(Meaning::Deviation), theme.style(Meaning::Done), "{name}");
    }
}

#[test]
fn a_meaning_that_a_theme_does_not_name_looks_like_its_fallback() {
    let theme = Theme::parse("[styles]\nok = { fg = \"green\" }").unwrap();
    assert_eq!(theme.style(Meaning::Done), theme.style(Meaning::Ok));
    assert_eq!(theme.style(Meaning::Border), Style::new());
}

#[test]
fn a_theme_may_begin_with_one_that_is_built_in() {
    let theme = Theme::parse("base = \"light\"\n[styles]\nok = { fg = \"23\" }").unwrap();
    let light = Theme::shipped("light").unwrap();
    assert_eq!(theme.style(Meaning::Bad), light.style(Meaning::Bad));
    assert_ne!(theme.style(Meaning::Ok), light.style(Meaning::Ok));
    // Whoever gives text a ground gives it to all that has none of its own.
    let theme = Theme::parse("[styles]\ntext = { fg = \"231\", bg = \"16\" }\nok = { fg = \"46\" }").unwrap();
    assert_eq!(theme.style(Meaning::Ok).bg, Some(Color::Indexed(16)));
    assert!(theme.has_ground());
}

#[test]
fn what_is_no_theme_is_refused_with_its_line_and_what_to_do() {
    for (text, line, said) in [
        ("[styles]\nhappy = {}", 2, "nothing on the screens means \"happy\""),
        ("[styles]\nok = { blink = true }", 2, "blink"),
        ("[styles]\nok = {}\nbad = { fg = \"greenish\" }", 3, "\"greenish\" is not a colour"),
        ("base = \"pink\"", 1, "no theme \"pink\""),
        ("[style]", 1, "style"),
        ("[styles", 1, ""),
    ] {
        let found = Theme::parse(text).unwrap_err();
        assert_eq!(found[0].position(text).line, line, "{found:?}");
        assert!(found[0].message.contains(said) && found[0].help.is_some(), "{found:?}");
    }
}
