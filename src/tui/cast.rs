//! A whole run as an asciinema recording: what `piton replay` shows at each record, drawn by the same screens, with the
//! times that lay between. Format: version 2 of asciicast, one JSON text a line.

use std::io::{self, Write};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

use crate::tui::app::{App, draw, update};
use crate::tui::backstage::Recording;
use crate::tui::encode::encode;
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Instants, Message};
use crate::tui::options::Options;
use crate::tui::recorded::tail_of;
use crate::tui::screen::Screen;

/// What players make of a longer pause, in seconds: the times in the file stay what they were.
const IDLE_LIMIT_S: f64 = 3.0;

/// How long the last picture stands, in seconds.
const LAST_S: f64 = 3.0;

/// The sizes of a screen that a recording can be drawn at, in columns and rows.
pub const CAST_SIZES: [std::ops::RangeInclusive<u16>; 2] = [80..=300, 24..=100];

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum CastError {
    /// The journal holds no record.
    #[error("there is no record to draw")]
    Empty,
    /// It cannot be written.
    #[error("cannot write the recording: {0}")]
    Write(#[from] io::Error),
}

/// Writes the recording of a run at that size, in columns and rows.
///
/// # Errors
/// There is nothing to draw, or it cannot be written.
pub fn cast(recording: Recording, options: &Options, size: (u16, u16), out: &mut impl Write) -> Result<(), CastError> {
    let mut stage = Stage::open(recording, options, size);
    let (count, began) = (stage.replay(|replay| replay.tape.count())?, stage.replay(|replay| replay.now())?);
    let title = stage.replay(|replay| format!("{} {}", replay.run.runbook.title, began))?;
    let header = json!({
        "version": 2,
        "width": size.0,
        "height": size.1,
        "timestamp": began.as_millis().div_euclid(1000),
        "idle_time_limit": IDLE_LIMIT_S,
        "title": crate::text::clean_line(&title),
        "env": { "TERM": "xterm-256color" },
    });
    writeln!(out, "{header}")?;
    let mut at_s = 0.0;
    let mut shown: Option<Buffer> = None;
    for number in 1..=count {
        if number > 1 {
            stage.step();
        }
        at_s = stage.replay(|replay| replay.now().since(began))?.as_secs_f64();
        let next = stage.picture();
        let mut bytes = if shown.is_none() { b"\x1b[?25l\x1b[0m\x1b[2J".to_vec() } else { Vec::new() };
        encode(shown.as_ref(), &next, &mut bytes);
        event(out, at_s, &bytes)?;
        shown = Some(next);
    }
    event(out, at_s + LAST_S, b"\x1b[0m\x1b[?25h")?;
    Ok(out.flush()?)
}

fn event(out: &mut impl Write, at_s: f64, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    // A cell holds text, and what moves between cells is ASCII.
    writeln!(out, "[{at_s:.6},\"o\",{}]", json!(String::from_utf8_lossy(bytes)))
}

/// A replay on a screen that nobody sits at.
struct Stage {
    app: App,
    area: Rect,
}

impl Stage {
    fn open(recording: Recording, options: &Options, size: (u16, u16)) -> Self {
        let mut app = App::new(options.look(), Keymap::standard());
        app.size = size;
        let mut stage = Self { app, area: Rect::new(0, 0, size.0, size.1) };
        stage.tell(Message::Recording(Ok((Box::new(recording), Some(1)))));
        stage
    }

    /// Takes a message in, and does what comes of it: the output of commands is read as the record tells.
    fn tell(&mut self, message: Message) {
        let now = Instants { real_ms: 1, ..self.app.now };
        let mut effects = update(&mut self.app, Message::Now(now));
        effects.extend(update(&mut self.app, message));
        for effect in effects {
            if let Effect::ReadOutput(of) = effect {
                update(&mut self.app, tail_of(of));
            }
        }
        self.app.derive();
    }

    fn replay<T>(&self, of: impl FnOnce(&crate::tui::screen::replay::Replay) -> T) -> Result<T, CastError> {
        match &self.app.screen {
            Screen::Replay(replay) => Ok(of(replay)),
            _ => Err(CastError::Empty),
        }
    }

    /// Goes to the next record, as whoever presses the key does.
    fn step(&mut self) {
        self.tell(Message::Key(KeyEvent::from(KeyCode::Right)));
    }

    fn picture(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(self.area);
        draw(&self.app, self.area, &mut buffer);
        update(&mut self.app, Message::Shown);
        buffer
    }
}
