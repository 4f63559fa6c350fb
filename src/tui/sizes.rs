//! How the panes share the room, read and written away from the drawing thread.

use std::sync::{Arc, Mutex, PoisonError};

use crate::tui::backstage::Backstage;
use crate::tui::message::Message;
use crate::tui::screen::run::sizes::Sizes;

/// The sizes of the sitting before; what cannot be read counts for nothing.
pub(super) fn read(backstage: &dyn Backstage) -> Sizes {
    let Some(text) = backstage.sizes() else { return Sizes::default() };
    Sizes::parse(&text).unwrap_or_else(|why| {
        tracing::warn!(why, "the remembered sizes of the panes are not used");
        Sizes::default()
    })
}

/// The latest sizes that are not written yet. However many were drawn meanwhile, only the latest are written, and none
/// after younger ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    latest: Arc<Mutex<Option<Sizes>>>,
    writing: Arc<Mutex<()>>,
}

impl Drawn {
    /// These are the latest.
    pub(super) fn put(&self, sizes: Sizes) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(sizes);
    }

    /// Writes the latest, unless that was done.
    pub(super) fn write(&self, backstage: &dyn Backstage) -> Option<Message> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sizes) = latest {
            backstage.keep_sizes(&sizes.text());
        }
        None
    }
}
