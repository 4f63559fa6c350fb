//! The screens from their first frame to the moment at which the terminal is given back.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use crate::tui::app::App;
use crate::tui::backstage::{Backstage, Exit, Start, TuiError};
use crate::tui::options::Options;
use crate::tui::panicked::{self, PanicWatch};
use crate::tui::runtime::{Ending, Runtime};
use crate::tui::terminal::{Terminal, give_back, is_gone, prepare};
use crate::tui::watch::{Watch, silence_input};

/// The screens with their first frame on the terminal. Dropping them gives the terminal back.
pub struct Shown {
    runtime: Runtime,
    /// None when it could not be taken.
    terminal: Option<Terminal>,
    watch: Watch,
    panics: PanicWatch,
    /// What became of the first frame.
    first: Result<(), TuiError>,
}

/// Takes the terminal and draws the first frame: that needs no runtime, and what is seen at once need not wait for one.
/// A terminal must be on standard input and output. Signals are noted from here on. What goes wrong is told by
/// [`Shown::live`], which closes the sitting in any case.
pub fn open(start: Start, backstage: Arc<dyn Backstage>, options: Options) -> Shown {
    let (listener, outside) = unbounded_channel();
    let panics = PanicWatch::new(listener.clone(), options.report);
    let mut watch = Watch::new(listener);
    let look = options.look();
    let Options { keymap, has_mouse, may_copy, notify, .. } = options;
    let mut app = App::new(look, keymap);
    (app.may_copy, app.notify) = (may_copy, notify);
    let mut runtime = Runtime::new(app, backstage, outside);
    // What is to be shown is read while the terminal is taken.
    runtime.begin(start);
    let (terminal, first) = match take(&mut watch, has_mouse) {
        Err(error) => (None, Err(error.into())),
        Ok(mut terminal) => {
            let shown = runtime.show(&mut terminal);
            (Some(terminal), shown)
        }
    };
    Shown { runtime, terminal, watch, panics, first }
}

fn take(watch: &mut Watch, has_mouse: bool) -> std::io::Result<Terminal> {
    prepare()?;
    watch.note()?;
    Terminal::take(has_mouse)
}

impl Shown {
    /// Goes on until the operator leaves, a signal comes, or the terminal is gone. It must be called inside a tokio
    /// runtime whose tasks are on another thread.
    ///
    /// # Errors
    /// The terminal cannot be used. The terminal has been given back and the sitting closed
    /// in any case. When a part of piton panicked, all that is done too, and the program ends here.
    pub async fn live(self) -> Result<Exit, TuiError> {
        let Self { mut runtime, terminal, mut watch, panics, first } = self;
        let first = match watch.listen() {
            Ok(()) => first,
            Err(error) => first.and(Err(error.into())),
        };
        let ending = match terminal {
            Some(mut terminal) => runtime.live(first, &mut terminal).await,
            None => first.map(|()| Ending::Quit),
        };
        give_back();
        let is_interrupted = !matches!(ending, Ok(Ending::Quit));
        if is_interrupted {
            // The disk may be waited for yet, and a terminal that is gone must not be read meanwhile.
            silence_input();
        }
        // The screens are gone, the sitting must not be: it is closed on disk before the program ends.
        runtime.part().await;
        // Then what has the terminal, which may take its time: what is told in the end is told on a screen that is ours.
        runtime.end_borrower();
        let mut exit = runtime.app.exit.clone().unwrap_or_else(|| runtime.app.exit_now());
        exit.is_interrupted |= is_interrupted;
        match ending? {
            Ending::Panicked(said) => panicked::end(said),
            ending => {
                // A hang-up may be known as a signal first.
                exit.is_terminal_gone = ending == Ending::Gone || is_gone();
                drop(panics);
                Ok(exit)
            }
        }
    }
}
