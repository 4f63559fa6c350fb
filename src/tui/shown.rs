//! The screens from their first frame to the moment at which the terminal is given back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc::unbounded_channel;

use crate::tui::app::App;
use crate::tui::backstage::{Backstage, Exit, Start, TuiError};
use crate::tui::keymap::Keymap;
use crate::tui::options::Options;
use crate::tui::runtime::{Ending, Runtime};
use crate::tui::terminal::{Terminal, give_back, is_gone, prepare};
use crate::tui::watch::{Watch, silence_input};

/// The screens with their first frame on the terminal. Dropping them gives the terminal back.
pub struct Shown {
    runtime: Runtime,
    terminal: Terminal,
    watch: Watch,
    /// What became of the first frame.
    first: Result<Option<Ending>, TuiError>,
}

/// Takes the terminal and draws the first frame: that needs no runtime, and what is seen at once need not wait for one.
/// A terminal must be on standard input and output. Signals are noted from here on.
///
/// # Errors
/// The terminal cannot be taken, or the theme does not exist.
pub fn open(start: Start, backstage: Arc<dyn Backstage>, options: &Options) -> Result<Shown, TuiError> {
    let look = options.look()?;
    let (listener, outside) = unbounded_channel();
    prepare()?;
    let watch = Watch::begin(&listener)?;
    let mut runtime = Runtime::new(App::new(look, Keymap::standard()), backstage, outside);
    // What is to be shown is read while the terminal is taken.
    let begun = catch_unwind(AssertUnwindSafe(|| runtime.begin(start)));
    let mut terminal = Terminal::take(options.has_mouse)?;
    let first = begun.and_then(|()| catch_unwind(AssertUnwindSafe(|| runtime.show(&mut terminal))));
    let first = first.map_or(Ok(Some(Ending::Panicked)), |drawn| drawn.map(|()| None));
    Ok(Shown { runtime, terminal, watch, first })
}

impl Shown {
    /// Goes on until the operator leaves, a signal comes, or the terminal is gone. It must be called inside a
    /// multi-threaded tokio runtime.
    ///
    /// # Errors
    /// The terminal cannot be used, or a part of piton panicked. The terminal has been given back in any case.
    pub async fn live(self) -> Result<Exit, TuiError> {
        let Self { mut runtime, mut terminal, mut watch, first } = self;
        watch.listen()?;
        let began = AssertUnwindSafe(runtime.live(first, &mut terminal)).catch_unwind().await;
        give_back();
        let ending = began.unwrap_or(Ok(Ending::Panicked));
        let is_interrupted = !matches!(ending, Ok(Ending::Quit));
        if is_interrupted {
            // The disk may be waited for yet, and a terminal that is gone must not be read meanwhile.
            silence_input();
        }
        // The screens are gone, the sitting must not be: it is closed on disk before the program ends.
        let parted = AssertUnwindSafe(runtime.part()).catch_unwind().await;
        let mut exit = runtime.app.exit.clone().unwrap_or_else(|| runtime.app.exit_now());
        exit.is_interrupted |= is_interrupted || parted.is_err();
        match ending? {
            Ending::Panicked => Err(TuiError::Panicked { said: runtime.panic_said(), folder: exit.folder }),
            ending => {
                // A hang-up may be known as a signal first.
                exit.is_terminal_gone = ending == Ending::Gone || is_gone();
                Ok(exit)
            }
        }
    }
}
