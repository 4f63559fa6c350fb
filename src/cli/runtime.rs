//! The thread on which probes and commands are awaited.

use std::ops::Deref;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot::{Sender, channel};

use crate::cli::error::CliError;
use crate::cli::log;

/// A runtime of tokio whose tasks are on one thread of their own, until it is dropped.
///
/// The screens and the session have their threads. What is left waits for others nearly all of its time: several workers
/// would wake each other for it, and a scheduler for several takes memory that nothing comes of.
pub struct Runtime {
    handle: Handle,
    until: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    /// Begins it.
    ///
    /// # Errors
    /// The system gives no thread, or nothing to wait with.
    pub fn start() -> Result<Self, CliError> {
        log::start()?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(CliError::failed)?;
        let handle = runtime.handle().clone();
        let (until, ends) = channel::<()>();
        // Whoever drops the other end has said so as well.
        let wait = move || drop(runtime.block_on(ends));
        let thread = std::thread::Builder::new().name("runtime".into()).spawn(wait).map_err(CliError::failed)?;
        Ok(Self { handle, until: Some(until), thread: Some(thread) })
    }
}

impl Deref for Runtime {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Runtime {
    /// Ends its tasks, and waits for those of its threads that are still at work.
    fn drop(&mut self) {
        drop(self.until.take());
        if let Some(thread) = self.thread.take() {
            // Where it panicked, that was told when it happened.
            let _ = thread.join();
        }
    }
}
