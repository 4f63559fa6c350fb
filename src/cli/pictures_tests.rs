//! The pictures of the README, drawn by the screens themselves from a library and walks that are always the same. This test
//! holds that they are what the program draws; `PITON_PICTURES=write cargo test --lib pictures` draws them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::Stage;
use crate::debrief::tests::bad;
use crate::engine::{Event, Mode};
use crate::journal::Store;
use crate::library::Library;
use crate::tui::Backstage as _;
use crate::tui::app::{App, draw, update};
use crate::tui::gallery_tests::{SCENES, Scene, all};
use crate::tui::keymap::Keymap;
use crate::tui::message::Message;
use crate::tui::replay_alike_tests::Live;
use crate::tui::replay_tests::{self, Played, recording, walked};
use crate::tui::stage_tests::{self, look, runbook};
use crate::tui::theme::UNICODE;

/// Columns and rows of all pictures.
const SIZE: (u16, u16) = (120, 36);

/// The size of a cell, and of a letter in it, in hundredths of a pixel.
const CELL: (u32, u32) = (843, 1_750);
const LETTER: u32 = 1_400;

/// The colours of a terminal that has none of its own.
const GROUND: &str = "#16181d";
const INK: &str = "#d7dae0";

/// No picture is larger, in bytes.
const MOST_BYTES: usize = 60_000;

/// Scenes that another picture shows.
const LIKE_OTHERS: [&str; 2] = ["library_empty", "chooser"];

/// Scenes of the rest of the gallery that are not only another state of one that is drawn.
const ALSO: [&str; 8] = [
    "library_changes",
    "commands_together",
    "roll_back",
    "outcome",
    "statement_to_sign",
    "halted",
    "find_step",
    "copy",
];

/// Of these another scene of the gallery shows what the caption says.
const SHOWN_BY: [(&str, &str); 2] = [("failed", "output_failed"), ("form", "form_wrong")];

fn press(app: &mut App, keys: &[KeyCode]) {
    for key in keys {
        app.derive();
        update(app, Message::Shown);
        update(app, Message::Key(KeyEvent::from(*key)));
    }
    app.derive();
}

fn empty() -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = SIZE;
    app
}

/// The shipped library, and nothing of this machine's.
fn stage() -> (tempfile::TempDir, Stage) {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open(&[]).unwrap();
    let store = Store::open(folder.path());
    (folder, Stage::of(library, store))
}

/// The live screen of a walk, just when such a record is on disk.
fn live(played: &Played, is_it: impl Fn(&Event) -> bool) -> App {
    let mut live = Live::new(played, SIZE);
    let records = &played.1;
    let end = records.iter().position(|record| is_it(&record.event)).unwrap();
    records[1..=end].iter().for_each(|record| live.record(record));
    live.app
}

/// A walk that is the same each time: what the chain says of the records before hangs on this process.
fn steady(scenario: &str) -> Played {
    let (book, mut records) = walked("vault-ha-upgrade", scenario, true);
    records.iter_mut().for_each(|record| record.prev = "0".repeat(64));
    (book, records)
}

fn began(event: &Event, step: &str) -> bool {
    matches!(event, Event::StepBegan { step: key, .. } if key.step.as_str() == step)
}

/// Every picture: its name and its screen.
fn pictures() -> Vec<(&'static str, App)> {
    let (_folder, stage) = stage();
    let mut library = empty();
    update(&mut library, Message::Glanced(stage.glance(), vec![]));
    update(&mut library, Message::Library(stage.library()));
    let at = stage.library().iter().position(|entry| entry.id == "vault-ha-upgrade").unwrap();
    press(&mut library, &vec![KeyCode::Down; at]);

    let mut chooser = empty();
    let mut questions = stage.set_up("vault-ha-upgrade", true).unwrap();
    questions.seed = 427_113;
    update(&mut chooser, Message::SetUp(Ok(Box::new(questions))));
    press(&mut chooser, &[KeyCode::Down]);

    let calm = steady("calm");
    let run = live(&calm, |event| began(event, "start"));
    let is_read =
        |event: &Event| matches!(event, Event::CautionsRead { step, .. } if step.step.as_str() == "hand-over");
    let mut command = live(&calm, is_read);
    press(&mut command, &[KeyCode::Enter]);
    let mut overview = live(&calm, is_read);
    press(&mut overview, &[KeyCode::Char('m')]);

    let slip = recording(&steady("wrong-share"));
    let mut replay = replay_tests::Stage::looking(slip, SIZE, look("dark", &UNICODE));
    replay.press("f");

    let mut debrief = stage_tests::Stage::of(runbook(), SIZE, look("dark", &UNICODE), Mode::Practice);
    update(&mut debrief.app, Message::Debriefed(Ok(Box::new(bad()))));
    let mut pictures = vec![
        ("library", library),
        ("practice", chooser),
        ("run", run),
        ("command", command),
        ("overview", overview),
        ("replay", replay.app),
        ("debrief", debrief.app),
    ];
    // What has no walk of its own here is drawn as the snapshots draw it.
    let is_drawn = |name: &str| pictures.iter().any(|(drawn, _)| *drawn == name);
    let others = SCENES.into_iter().filter(|(name, _)| !is_drawn(name) && !LIKE_OTHERS.contains(name));
    let others = others.chain(all().filter(|(name, _)| ALSO.contains(name)));
    let shows = |name: &str, scene: Scene| {
        let of = SHOWN_BY.iter().find(|(shown, _)| *shown == name);
        of.and_then(|(_, by)| all().find(|(name, _)| name == by)).map_or(scene, |(_, scene)| scene)
    };
    let others: Vec<_> = others.map(|(name, scene)| (name, shows(name, scene)(SIZE, look("dark", &UNICODE)))).collect();
    pictures.extend(others);
    pictures
}

/// One of the 256 colours, or one with a name.
fn colour(colour: Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#1c1c1c", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#dcdfe4", "#7f848e", "#ff7b86",
        "#b5e890", "#ffd68a", "#82c7ff", "#e29bf5", "#7fe0ec", "#ffffff",
    ];
    let index = match colour {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    Some(match index {
        0..=15 => NAMED[usize::from(index)].to_owned(),
        16..=231 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        grey => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (grey - 232)),
    })
}

/// How a cell looks: its ink, its ground, and how the letters are.
fn style(cell: &Cell) -> (String, Option<String>, Modifier) {
    let (ink, ground) = (colour(cell.fg), colour(cell.bg));
    let letters = cell.modifier & (Modifier::BOLD | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::DIM);
    if cell.modifier.contains(Modifier::REVERSED) {
        return (ground.unwrap_or_else(|| GROUND.into()), Some(ink.unwrap_or_else(|| INK.into())), letters);
    }
    (ink.unwrap_or_else(|| INK.into()), ground, letters)
}

/// Hundredths of a pixel.
fn pixels(hundredths: u32) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A screen as a picture: a box for each run of cells with a ground of its own, a text for each that looks alike.
fn svg(app: &App, title: &str) -> String {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buffer = Buffer::empty(area);
    draw(app, area, &mut buffer);
    let (wide, high) = (pixels(u32::from(area.width) * CELL.0), pixels(u32::from(area.height) * CELL.1));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"ui-monospace,Menlo,\
         'DejaVu Sans Mono',Consolas,monospace\" font-size=\"{}\" xml:space=\"preserve\">\n<title>piton: {title}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>\n",
        pixels(LETTER)
    );
    let mut letters = String::new();
    for y in 0..area.height {
        let (top, base) = (u32::from(y) * CELL.1, u32::from(y) * CELL.1 + 1_320);
        let mut x = 0;
        while x < area.width {
            let look = style(&buffer[(x, y)]);
            let end = (x..area.width).find(|at| style(&buffer[(*at, y)]) != look).unwrap_or(area.width);
            if let Some(ground) = &look.1 {
                let (left, cells) = (u32::from(x) * CELL.0, u32::from(end - x) * CELL.0);
                let (left, cells) = (pixels(left), pixels(cells));
                let _ = writeln!(
                    text,
                    "<rect x=\"{left}\" y=\"{}\" width=\"{cells}\" height=\"{}\" fill=\"{ground}\"/>",
                    pixels(top),
                    pixels(CELL.1)
                );
            }
            write_words(&buffer, (x, end, y), base, &look, &mut letters);
            x = end;
        }
    }
    text + &letters + "</svg>\n"
}

/// The words of cells that look alike, each at its place, so that no font moves what follows it.
fn write_words(
    buffer: &Buffer,
    (from, end, y): (u16, u16, u16),
    base: u32,
    (ink, _, letters): &(String, Option<String>, Modifier),
    text: &mut String,
) {
    let mut run = String::new();
    let (mut start, mut cells, mut x) = (from, 0_u16, from);
    let mut flush = |run: &mut String, start: u16, cells: u16| {
        let kept = run.trim_end_matches(' ');
        if !kept.is_empty() {
            let cells = cells - u16::try_from(run.len() - kept.len()).unwrap_or(0);
            let mut extra = String::new();
            for (modifier, attribute) in [
                (Modifier::BOLD, " font-weight=\"bold\""),
                (Modifier::ITALIC, " font-style=\"italic\""),
                (Modifier::UNDERLINED, " text-decoration=\"underline\""),
                (Modifier::DIM, " opacity=\".65\""),
            ] {
                extra.push_str(if letters.contains(modifier) { attribute } else { "" });
            }
            let escaped = kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let (left, wide) = (pixels(u32::from(start) * CELL.0), pixels(u32::from(cells) * CELL.0));
            let _ = writeln!(
                text,
                "<text x=\"{left}\" y=\"{}\" textLength=\"{wide}\" fill=\"{ink}\"{extra}>{escaped}</text>",
                pixels(base)
            );
        }
        run.clear();
    };
    while x < end {
        let symbol = buffer[(x, y)].symbol();
        let wide = u16::try_from(crate::tui::wrap::width(symbol)).unwrap_or(1).max(1);
        // Two spaces end a text: what is far apart needs no letters between.
        let is_gap = symbol == " " && (run.is_empty() || run.ends_with(' '));
        if is_gap {
            flush(&mut run, start, cells);
            (start, cells) = (x + 1, 0);
        } else {
            run.push_str(symbol);
            cells += wide;
        }
        x += wide;
    }
    flush(&mut run, start, cells);
}

#[test]
fn the_pictures_of_the_readme_are_what_the_program_draws() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let (folder, readme) = (root.join("assets/pictures"), std::fs::read_to_string(root.join("README.md")).unwrap());
    let is_written = std::env::var_os("PITON_PICTURES").is_some_and(|word| word == "write");
    let mut names = BTreeSet::new();
    for (name, app) in pictures() {
        let (file, svg) = (folder.join(format!("{name}.svg")), svg(&app, name));
        assert!(svg.len() < MOST_BYTES, "{name}: {} bytes", svg.len());
        if is_written {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &svg).unwrap();
        }
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(known == svg, "{name} is another now: PITON_PICTURES=write cargo test --lib pictures, and look at it");
        assert!(readme.contains(&format!("assets/pictures/{name}.svg")), "{name} is not in the README");
        names.insert(format!("{name}.svg"));
    }
    let there = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), names, "a picture that nothing draws");
}
