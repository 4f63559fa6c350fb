//! Keys and pastes, read on a thread of their own.
//!
//! In the middle of a sequence crossterm waits for the rest of it, and of a terminal that is gone it may read for ever.
//! On this thread neither can hold up the loop that draws, records and ends the program.
//!
//! crossterm's feature `use-dev-tty` is needed: its other source watches the terminal by edges, so it leaves what is
//! beyond the first 1,024 bytes of a paste unread until the next key.

use std::io;

use crossterm::event::{Event, read};
use tokio::sync::mpsc::{Receiver, channel};

/// How many events may wait to be taken in; more stay with the terminal.
const WAITING: usize = 4_096;

/// Begins to read. After an error nothing comes any more.
///
/// # Errors
/// The system gives no thread.
pub fn begin() -> io::Result<Receiver<io::Result<Event>>> {
    let (sender, events) = channel(WAITING);
    std::thread::Builder::new().name("terminal-input".into()).spawn(move || {
        loop {
            let event = read();
            let is_last = event.is_err();
            if sender.blocking_send(event).is_err() || is_last {
                return;
            }
        }
    })?;
    Ok(events)
}
