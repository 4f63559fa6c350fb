//! What was filled into a command stands out from the fixed text, in every theme, also without colours.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::engine::Mode;
use crate::tui::app::{App, draw};
use crate::tui::book_tests::runbook;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::{ASCII, Meaning, SHIPPED, UNICODE};

/// The texts on the screen that look like values, line by line.
fn values(app: &App) -> Vec<String> {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buffer = Buffer::empty(area);
    draw(app, area, &mut buffer);
    let wanted = Style::reset().patch(app.look.style(Meaning::Value));
    let mut found = Vec::new();
    for y in 0..area.height {
        let mut open = String::new();
        for x in 0..=area.width {
            let cell = buffer.cell((x, y)).filter(|cell| {
                let style = cell.style();
                (style.fg, style.add_modifier) == (wanted.fg, wanted.add_modifier) && cell.symbol() != " "
            });
            match cell {
                Some(cell) => open.push_str(cell.symbol()),
                None if !open.is_empty() => found.push(std::mem::take(&mut open)),
                None => {}
            }
        }
    }
    found
}

fn at_the_command(theme: &str) -> Stage {
    let glyphs = if theme == "mono" { &ASCII } else { &UNICODE };
    let mut stage = Stage::of(runbook(), (120, 40), look(theme, glyphs), Mode::Live);
    stage.all_well();
    stage.prepare();
    stage
}

#[test]
fn the_values_of_a_command_stand_out_in_the_step_and_before_it_runs() {
    for theme in SHIPPED {
        let mut stage = at_the_command(theme);
        assert_eq!(values(&stage.app), ["vault-2"], "{theme}: {}", stage.picture());
        let (fixed, value) = (stage.app.look.style(Meaning::Command), stage.app.look.style(Meaning::Value));
        assert!(value.add_modifier.contains(Modifier::UNDERLINED), "{theme}: it must not hang on colours");
        assert!(!fixed.add_modifier.contains(Modifier::UNDERLINED), "{theme}");
        stage.press("enter");
        assert!(stage.picture().contains("This will run"), "{}", stage.picture());
        assert!(values(&stage.app).contains(&"vault-2".to_owned()), "{theme}");
        assert!(stage.picture().contains("ssh vault-2 sudo 'systemctl stop vault'"));
    }
}
