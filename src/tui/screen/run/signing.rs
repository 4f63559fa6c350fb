//! A hold point that is released: the name, and the signature.

use std::path::{Path, PathBuf};

use crate::engine::{RunState, may_release, release_statement};
use crate::journal::sha256_hex;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::release::{Release, Signing};
use crate::tui::screen::run::Run;

/// How many digits of a statement's sum are in the name of its file.
const NAME_DIGITS: usize = 8;

/// What only the run can answer of a key in that dialog; `None` when the dialog can.
pub(super) fn on_release_key(
    release: &mut Release,
    action: Option<Action>,
    state: &RunState,
    folder: &Path,
) -> Option<Vec<Effect>> {
    if let Some(signing) = release.signing.as_mut().filter(|signing| signing.is_refused) {
        match action {
            None => return Some(Vec::new()),
            Some(Action::Act) => {
                (signing.is_refused, signing.field.problem) = (false, None);
                return Some(Vec::new());
            }
            Some(_) => signing.is_refused = false,
        }
    }
    match action {
        // Told at once, before the second person has written anything more.
        Some(Action::Act) if !release.is_named() => {
            release.name_judged(may_release(state, &release.step, &release.name.text()));
            Some(Vec::new())
        }
        Some(Action::Sign) if release.is_dispute => Some(Vec::new()),
        Some(Action::Sign) if release.is_named() && release.signing.is_none() => {
            Some(begin(release, state, folder).into_iter().collect())
        }
        Some(Action::Sign) => {
            let signing = release.signing.as_mut()?;
            match &signing.kept {
                Some(Ok(path)) => {
                    signing.field.problem = None;
                    Some(vec![Effect::FindKeys(path.clone())])
                }
                Some(Err(_)) | None => {
                    signing.field.problem = Some("ssh-keygen can only sign it in a file".into());
                    Some(Vec::new())
                }
            }
        }
        _ => None,
    }
}

/// Shows what is to be signed, and has it written to a file.
fn begin(release: &mut Release, state: &RunState, folder: &Path) -> Option<Effect> {
    let said = release.said()?;
    let began = state.opening.as_ref().map_or(0, |opening| opening.seq);
    match release_statement(state, &release.step, &release.released_by, &said) {
        Ok(text) => {
            // Other words make another file: what is being written is never written over, nor taken for the new one.
            let sum = sha256_hex(text.as_bytes());
            let name = format!("release-{began}-{}.txt", &sum[..NAME_DIGITS]);
            release.signing = Some(Signing::new(text.clone(), name.clone()));
            Some(Effect::KeepStatement { folder: folder.to_owned(), name, text })
        }
        Err(refusal) => {
            release.refuse(&refusal.to_string());
            None
        }
    }
}

impl Run {
    /// The statement that was to be in a file of that name was written there, or was not.
    pub fn statement_kept(&mut self, name: &str, kept: Result<PathBuf, String>) {
        if let Some(signing) = self.signing().filter(|signing| signing.name == name) {
            signing.kept = Some(kept);
        }
    }

    /// The statement was signed here, or why it was not: then nothing that is typed is taken for the time being. Whoever
    /// is used to being asked again types a passphrase.
    pub fn release_signed(&mut self, read: Result<String, String>) -> Vec<Effect> {
        let is_refused = read.is_err();
        let told = |why| format!("{why}; {{act}}, then {{sign}} to try again");
        let effects = self.signature_read(read.map_err(told));
        if let Some(signing) = self.signing() {
            signing.is_refused = is_refused;
        }
        effects
    }

    /// The file of a signature was read, or cannot be.
    pub fn signature_read(&mut self, read: Result<String, String>) -> Vec<Effect> {
        let Some(Dialog::Release(release)) = &mut self.dialog else { return Vec::new() };
        if release.signing.is_none() {
            return Vec::new();
        }
        match read.map(|text| release.proposal(text)) {
            Ok(Some(proposal)) => self.propose(proposal),
            Ok(None) => Vec::new(),
            Err(why) => {
                self.refuse(&why);
                Vec::new()
            }
        }
    }

    /// Whether the statement in that file waits for its signature.
    pub fn is_to_sign(&self, statement: &Path) -> bool {
        let Some(Dialog::Release(release)) = &self.dialog else { return false };
        let kept = release.signing.as_ref().and_then(|signing| signing.kept.as_ref());
        kept.is_some_and(|kept| kept.as_ref().is_ok_and(|path| path == statement))
    }

    fn signing(&mut self) -> Option<&mut Signing> {
        match &mut self.dialog {
            Some(Dialog::Release(release)) => release.signing.as_mut(),
            _ => None,
        }
    }
}
