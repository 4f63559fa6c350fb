//! A file given as evidence: looked at once, when it is given.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::{FileSeen, Proposal};
use crate::runbook::StepKey;
use crate::session::Session;
use crate::tui::message::Message;

/// Reads the file that `value` names and proposes it as the answer; what went wrong, if it cannot be read.
pub fn look_at_file(session: Option<&Session>, step: StepKey, value: Value) -> Option<Message> {
    let path = value.as_str().unwrap_or_default();
    match seen(Path::new(path)) {
        Ok(file) => {
            session?.propose(Proposal::Answer { step, value, file: Some(file) });
            None
        }
        Err(error) => Some(Message::Unreadable(format!("cannot read {path}: {error}"))),
    }
}

fn seen(path: &Path) -> std::io::Result<FileSeen> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut sha256 = Sha256::new();
    let mut bytes = 0;
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sha256.update(&block[..read]);
        bytes += read as u64;
    }
    Ok(FileSeen { bytes, sha256: sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect() })
}
