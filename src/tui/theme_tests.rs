use super::*;
use crate::tui::contrast::{PALETTES, contrast, rgb};

/// A colour of 256 or sixteen, in that palette.
pub fn shade(colour: Color, palette: &[u32; 16]) -> [u8; 3] {
    rgb(colour, palette).expect("it is not left to the terminal")
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
            let [fg, bg] = [style.fg, style.bg].map(|colour| shade(colour.unwrap(), &PALETTES[0]));
            let found = contrast(fg, bg);
            if found < least {
                low.push(format!("{name}: {word} on {bg:?}: {found:.2}"));
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}

#[test]
fn sixteen_colours_stand_out_in_the_usual_palettes() {
    let mut low = Vec::new();
    for name in ["sixteen", "sixteen-light"] {
        let theme = Theme::shipped(name).unwrap();
        for (word, meaning) in MEANINGS {
            let style = theme.style(meaning);
            for palette in &PALETTES {
                let [fg, bg] = [style.fg, style.bg].map(|colour| shade(colour.unwrap(), palette));
                let found = contrast(fg, bg);
                if found < 4.5 {
                    low.push(format!("{name}: {word} on {bg:?}: {found:.2}"));
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
                Color::Indexed(_) => contrast(shade(fg, &PALETTES[0]), shade(bg, &PALETTES[0])),
                _ => PALETTES.iter().map(|of| contrast(shade(fg, of), shade(bg, of))).fold(21.0, f64::min),
            };
            if found < 4.5 {
                low.push(format!("{name}: {colour}: {found:.2}"));
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}

#[test]
fn a_shipped_theme_names_the_text_and_what_is_behind_it_or_neither() {
    for name in SHIPPED {
        let theme = Theme::shipped(name).unwrap();
        for (word, meaning) in MEANINGS {
            let style = theme.style(meaning);
            let is_named = |colour: Option<Color>| colour.is_some_and(|colour| colour != Color::Reset);
            assert_eq!([style.fg, style.bg].map(is_named), [name != "mono"; 2], "{name}: {word}");
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
        assert_eq!(theme.has_ground(), name != "mono", "{name}");
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

#[test]
fn a_text_that_nobody_can_read_is_refused_with_its_line_and_what_to_do() {
    for (text, line, said) in [
        (
            "[styles]\ntext = { fg = \"16\", bg = \"16\" }",
            2,
            "\"text\" cannot be read: its contrast to what is behind it is 1.0:1",
        ),
        ("[styles]\ntext = { fg = \"red\", bg = \"red\" }", 2, "1.0:1"),
        ("[styles]\nok = {}\nbar = { fg = \"#777777\", bg = \"#999999\" }", 3, "\"bar\" cannot be read"),
        ("base = \"dark\"\n[styles]\nok = { fg = \"235\" }", 3, "\"ok\" cannot be read"),
        // The commands of that theme are black.
        ("base = \"light\"\n[styles]\ntext = { fg = \"231\", bg = \"16\" }", 3, "\"command\" cannot be read"),
    ] {
        let found = Theme::parse(text).unwrap_err();
        let told =
            found.iter().find(|found| found.message.contains(said)).unwrap_or_else(|| panic!("{said}: {found:?}"));
        assert_eq!(told.position(text).line, line, "{told:?}");
        assert!(told.help.as_ref().is_some_and(|help| help.contains("give it another fg")), "{told:?}");
    }
    // What hangs on the terminal's own colours cannot be computed, and a frame is no text.
    for text in [
        "[styles]\nok = { fg = \"16\" }",
        "[styles]\nbar = { bg = \"236\" }",
        "[styles]\ntext = { fg = \"252\", bg = \"234\" }\nborder = { fg = \"235\" }",
        "[styles]\ntext = { fg = \"252\", bg = \"234\" }\nok = { fg = \"light-green\" }",
    ] {
        assert!(Theme::parse(text).is_ok(), "{text}: {:?}", Theme::parse(text));
    }
}
