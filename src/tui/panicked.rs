//! A panic anywhere while the screens are up: the sitting is closed on disk, the terminal given back, the message told,
//! and the program ends.
//!
//! Nothing is unwound for that, in no build: what is left of a part that broke is not trusted to clean up, and a release
//! build, which does without the tables for it, behaves as a debug build does.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::clock::monotonic;
use crate::engine::Leaving;
use crate::session::Session;
use crate::tui::backstage::TuiError;
use crate::tui::terminal::{give_back, stop_waiting};
use crate::tui::watch::Outside;

/// Makes a debug build panic as soon as a run is on the screen, so that tests see what such an end leaves behind:
/// `ui` in the task that draws, `task` in a background task, `both` in one after the other. A release build does not
/// know it.
const PANIC: &str = "PITON_TEST_PANIC";

/// How long the end of an interrupted sitting may take.
pub const PARTING: Duration = Duration::from_secs(1);

/// How long the thread that draws may take to end the program when another has panicked.
const GRACE: Duration = Duration::from_secs(3);

/// How often it is looked whether a session is over.
const LOOK: Duration = Duration::from_millis(2);

/// What is known when a panic comes.
static WATCHED: Mutex<Option<Watched>> = Mutex::new(None);
static HOOK: Once = Once::new();
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Watched {
    drawing: ThreadId,
    outside: UnboundedSender<Outside>,
    report: fn(&TuiError) -> u8,
    session: Option<Session>,
    folder: Option<PathBuf>,
}

/// Panics are watched until this is dropped.
pub struct PanicWatch(());

impl PanicWatch {
    /// Watches from now on; the calling thread is the one that draws, and is told of the panics of all others through
    /// `outside`. In the end `report` tells what happened and gives the exit status.
    pub fn new(outside: UnboundedSender<Outside>, report: fn(&TuiError) -> u8) -> Self {
        let drawing = std::thread::current().id();
        *watched() = Some(Watched { drawing, outside, report, session: None, folder: None });
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // The lock is not held while anything is done about it.
                let known = watched().clone();
                match known {
                    Some(known) => on_panic(&known, panic.to_string()),
                    None => usual(panic),
                }
            }));
        });
        Self(())
    }
}

impl Drop for PanicWatch {
    fn drop(&mut self) {
        *watched() = None;
    }
}

/// Tells which run is on the screen: its sitting is closed by a panic.
pub fn entered(session: &Session, folder: PathBuf) {
    if let Some(watched) = &mut *watched() {
        watched.session = Some(session.clone());
        watched.folder = Some(folder);
    }
}

/// Tells that its session is over.
pub fn left() {
    if let Some(watched) = &mut *watched() {
        watched.session = None;
    }
}

/// Ends the program after a panic.
pub fn end(said: String) -> ! {
    let known = watched().clone();
    match known {
        Some(known) => end_of(&known, said),
        // Without screens there is nothing to put in order.
        None => std::process::exit(1),
    }
}

fn on_panic(known: &Watched, said: String) {
    if HAS_PANICKED.swap(true, Ordering::SeqCst) {
        // The first one ends the program; a second part that breaks must not do so before it.
        rest();
    }
    stop_waiting();
    let is_drawing = std::thread::current().id() == known.drawing;
    if !is_drawing && known.outside.send(Outside::Panicked(said.clone())).is_ok() {
        // The thread that draws ends the program, so that no frame is drawn over the message.
        wait(GRACE, || false);
    }
    end_of(known, said)
}

fn end_of(known: &Watched, said: String) -> ! {
    stop_waiting();
    if let Some(session) = &known.session {
        session.leave(Leaving::Interrupted);
        wait(PARTING, || session.is_over());
    }
    give_back();
    let status = (known.report)(&TuiError::Panicked { said, folder: known.folder.clone() });
    std::process::exit(i32::from(status))
}

fn wait(limit: Duration, is_over: impl Fn() -> bool) {
    let began = monotonic();
    while !is_over() && began.elapsed() < limit {
        std::thread::park_timeout(LOOK);
    }
}

fn rest() -> ! {
    loop {
        std::thread::park();
    }
}

fn watched() -> MutexGuard<'static, Option<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Panics if [`PANIC`] asks for it.
pub fn panic_on_demand() {
    if !cfg!(debug_assertions) {
        return;
    }
    let wanted = std::env::var(PANIC).unwrap_or_default();
    // The first frame of a run is drawn before there are tasks.
    if matches!(wanted.as_str(), "task" | "both") && tokio::runtime::Handle::try_current().is_ok() {
        tokio::spawn(async { panic!("a bug in a background task, asked for by {PANIC}") });
        if wanted == "both" {
            wait(Duration::from_millis(200), || HAS_PANICKED.load(Ordering::SeqCst));
        }
    }
    assert!(wanted != "ui", "a bug in the drawing task, asked for by {PANIC}");
    let is_second = wanted == "both" && HAS_PANICKED.load(Ordering::SeqCst);
    assert!(!is_second, "a second bug, in the drawing task, asked for by {PANIC}");
}
