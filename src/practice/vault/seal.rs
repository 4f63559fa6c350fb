//! Unsealing by shares: progress, reset, and the wrong share that is only noticed at the end.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::Vault;

/// Bytes of the shortest share that is taken.
const SHORTEST: usize = 16;
/// Bytes of the longest share that is taken.
const LONGEST: usize = 33;

impl Vault {
    /// Takes one share as typed. `Err` is the message of a 400.
    pub(super) fn give_share(&mut self, index: usize, text: &str, at: Timestamp) -> Result<(), String> {
        if self.nodes[index].is_empty {
            return Err("Vault is not initialized".into());
        }
        let Some(share) = decode(text) else { return Err("'key' must be a valid hex or base64 string".into()) };
        if share.len() < SHORTEST {
            return Err(format!("key is shorter than minimum {SHORTEST} bytes"));
        }
        if share.len() > LONGEST {
            return Err(format!("key is longer than maximum {LONGEST} bytes"));
        }
        if !self.nodes[index].sealed || self.nodes[index].given.contains(&share) {
            return Ok(());
        }
        let nonce = self.random.uuid();
        let node = &mut self.nodes[index];
        if node.given.is_empty() {
            node.nonce = nonce;
        }
        node.given.push(share);
        if node.given.len() < usize::from(self.options.threshold) {
            return Ok(());
        }
        let given = std::mem::take(&mut node.given);
        node.nonce.clear();
        if !given.iter().all(|share| self.keys.contains(share)) {
            return Err("unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: \
                        cipher: message authentication failed"
                .into());
        }
        self.open(index, at);
        Ok(())
    }

    fn open(&mut self, index: usize, at: Timestamp) {
        let node = &mut self.nodes[index];
        node.sealed = false;
        node.log_server(at, "INFO", "core: vault is unsealed");
        node.log_server(at, "INFO", "core: entering standby mode");
        if node.running().is_some_and(|version| *version < node.data.format) {
            node.log_server(
                at,
                "ERROR",
                "core: read-only post-unseal setup failed: error=\"failed to load response wrapping policy: \
                 check-and-set parameter did not match the current version\"",
            );
        }
        self.join(index, at);
    }

    /// Throws away the shares given so far. `Err` is the message of a 400.
    pub(super) fn reset_shares(&mut self, index: usize) -> Result<(), String> {
        if !self.nodes[index].sealed {
            return Err("vault is unsealed".into());
        }
        self.lock_up(index);
        Ok(())
    }

    /// Seals a running node by request.
    pub(super) fn seal_node(&mut self, index: usize, at: Timestamp) {
        let was_active = self.active() == Some(index);
        let node = &mut self.nodes[index];
        node.log_server(at, "INFO", "core: marked as sealed");
        node.log_server(at, "INFO", "core: vault is sealed");
        self.lock_up(index);
        if was_active {
            let delay = self.random.millis(500, 900);
            self.release_lock(at, delay);
        }
        self.settle(at);
    }

    /// The active node hands its duty back and stays out for ten seconds.
    pub(super) fn step_down(&mut self, at: Timestamp) {
        let Some(index) = self.active() else { return };
        let node = &mut self.nodes[index];
        node.barred_until = at.plus(Duration::from_secs(10));
        node.log_server(at, "WARN", "core: stepping down from active operation to standby");
        node.log_server(at, "INFO", "core: pre-seal teardown complete");
        node.log_server(at, "INFO", "core: entering standby mode");
        self.release_lock(at, Duration::from_millis(600));
    }
}

/// Reads hex, or else base64 with its padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    hex(text).or_else(|| base64(text))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    if body.is_empty() || body.len() % 4 == 1 || !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in body.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == byte)? as u32;
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}
