//! Secrets: looked up just before use, never printed, and taken out of whatever a command prints.
//!
//! A value that was looked up once stays known (in memory only) for as long as its [`Secrets`] lives, so that a later
//! command that prints it is covered too. Encoded forms of a secret (base64, quoted) are not recognised.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::engine::{CommandLine, Ended, EnvValue};
use crate::exec::group::Prepared;
use crate::exec::once::run_once;

/// How long a command that prints a secret may take.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter values are not looked for in output: they would be found everywhere.
pub const MIN_REDACTED_BYTES: usize = 4;

/// What stands where a secret stood.
pub const REDACTED: &str = "[secret]";

/// A value that must not be seen. Its `Debug` tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Why a secret could not be looked up; a fragment for people that never holds the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// The command failed.
    #[error("the command {program:?} that prints a secret failed: {why}")]
    Failed {
        /// Its program.
        program: String,
        /// How it ended.
        why: String,
    },
    /// The command printed nothing.
    #[error("the command {0:?} that prints a secret printed nothing")]
    Nothing(String),
}

type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Looks secrets up and remembers them for redaction.
#[derive(Clone)]
pub struct Secrets {
    variables: Arc<Variables>,
    known: Arc<Mutex<Vec<Secret>>>,
}

impl Secrets {
    /// Reads the environment of this process.
    pub fn of_process() -> Self {
        Self::with(|name| std::env::var(name).ok())
    }

    /// Reads `table` instead of the environment: for practice and for tests.
    pub fn of_table(table: HashMap<String, String>) -> Self {
        Self::with(move |name| table.get(name).cloned())
    }

    fn with(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Arc::new(variables), known: Arc::default() }
    }

    /// The value behind a reference. A plain value is given back as it is and not remembered.
    pub async fn resolve(&self, value: &EnvValue) -> Result<Secret, SecretError> {
        let found = match value {
            EnvValue::Plain(text) => return Ok(Secret::new(text)),
            EnvValue::SecretEnv(name) => (self.variables)(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| SecretError::Unset(name.clone()))?,
            EnvValue::SecretCommand(argv) => first_line(argv).await?,
        };
        let secret = Secret(found);
        self.learn(secret.clone());
        Ok(secret)
    }

    /// Makes a value known, so that it is taken out of all later output.
    pub fn learn(&self, secret: Secret) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.0.len() >= MIN_REDACTED_BYTES && !known.contains(&secret) {
            known.push(secret);
        }
    }

    /// Every value known so far that is long enough to be looked for.
    pub fn known(&self) -> Vec<Secret> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes all values known so far out of texts.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.known())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} known)", self.known().len())
    }
}

async fn first_line(argv: &[String]) -> Result<String, SecretError> {
    let program = argv.first().cloned().unwrap_or_default();
    let line = CommandLine {
        argv: argv.to_vec(),
        cwd: None,
        env: Vec::new(),
        timeout_ms: u64::try_from(LOOK_UP_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
    };
    let answer = run_once(Prepared::plain(&line), LOOK_UP_TIMEOUT, &Redactor::default()).await;
    if answer.ended != Ended::Exit(0) {
        return Err(SecretError::Failed { program, why: answer.ended.describe() });
    }
    match answer.printed.stdout.lines().next().filter(|line| !line.is_empty() && !line.contains('\0')) {
        Some(line) => Ok(line.to_owned()),
        None => Err(SecretError::Nothing(program)),
    }
}

/// Replaces known secrets by [`REDACTED`].
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

/// What stands at one place of a stream.
enum Here {
    Nothing,
    Secret(usize),
    /// The bytes end before it can be told.
    Perhaps,
}

impl Redactor {
    /// Looks for these values; those shorter than [`MIN_REDACTED_BYTES`] are left alone.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        // A variable often ends in a newline that whoever prints the secret leaves out.
        let bare = secrets.into_iter().map(|secret| Secret(secret.0.trim().to_owned()));
        Self { secrets: bare.filter(|secret| secret.0.len() >= MIN_REDACTED_BYTES).collect() }
    }

    /// A whole text at once.
    pub fn text(&self, text: &str) -> String {
        let mut stream = self.stream();
        let mut clean = stream.push(text.as_bytes());
        clean.extend(stream.finish());
        String::from_utf8_lossy(&clean).into_owned()
    }

    /// A stream that comes in pieces.
    pub fn stream(&self) -> Redacting<'_> {
        let mut first = [false; 256];
        for byte in self.secrets.iter().filter_map(|secret| secret.0.as_bytes().first()) {
            first[usize::from(*byte)] = true;
        }
        Redacting { redactor: self, first, held: Vec::new() }
    }

    /// The longest secret at the beginning of `bytes`; `Perhaps` while a longer one might still come.
    fn at_start(&self, bytes: &[u8], is_last: bool) -> Here {
        let mut longest = 0;
        for secret in self.secrets.iter().map(|secret| secret.0.as_bytes()) {
            if bytes.starts_with(secret) {
                longest = longest.max(secret.len());
            } else if !is_last && secret.starts_with(bytes) {
                return Here::Perhaps;
            }
        }
        if longest > 0 { Here::Secret(longest) } else { Here::Nothing }
    }
}

/// One stream on its way through a [`Redactor`]. Holds back the bytes that may turn out to begin a secret.
#[derive(Debug)]
pub struct Redacting<'a> {
    redactor: &'a Redactor,
    first: [bool; 256],
    held: Vec<u8>,
}

impl Redacting<'_> {
    /// The next piece; gives what can be shown already.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.pass(false)
    }

    /// The end of the stream; gives what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        self.pass(true)
    }

    fn pass(&mut self, is_last: bool) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let mut clean = Vec::with_capacity(held.len());
        let mut rest = held.as_slice();
        while let Some(start) = rest.iter().position(|byte| self.first[usize::from(*byte)]) {
            clean.extend_from_slice(&rest[..start]);
            rest = &rest[start..];
            match self.redactor.at_start(rest, is_last) {
                Here::Secret(length) => {
                    clean.extend_from_slice(REDACTED.as_bytes());
                    rest = &rest[length..];
                }
                Here::Nothing => {
                    clean.push(rest[0]);
                    rest = &rest[1..];
                }
                Here::Perhaps => {
                    self.held = rest.to_vec();
                    return clean;
                }
            }
        }
        clean.extend_from_slice(rest);
        clean
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        Redactor::new(values.iter().map(|value| Secret::new(*value)))
    }

    #[test]
    fn debug_tells_nothing() {
        let secret = Secret::new("hvs.CAESI");
        let secrets = Secrets::of_table(HashMap::new());
        secrets.learn(secret.clone());
        let shown = format!("{secret:?} {secrets:?} {:?} {:?}", secrets.redactor(), secrets.redactor().stream());
        assert!(!shown.contains("CAESI"), "{shown}");
    }

    #[test]
    fn secrets_are_replaced_the_longest_first_and_short_ones_left() {
        let redactor = redactor(&["token", "token-long", "abc"]);
        for (text, clean) in [
            ("a token here", "a [secret] here"),
            ("token-long", "[secret]"),
            ("token-lon", "[secret]-lon"),
            ("tokentoken", "[secret][secret]"),
            ("ttoken abc", "t[secret] abc"),
            ("", ""),
        ] {
            assert_eq!(redactor.text(text), clean);
        }
    }

    #[test]
    fn white_space_around_a_secret_does_not_hide_it() {
        let redactor = redactor(&["s3cr3t\n", "  t0ken ", " \n \n"]);
        assert_eq!(redactor.text("s3cr3t, t0ken, \n \n \n"), "[secret], [secret], \n \n \n");
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_makes_no_difference(
            text in "[abx]{0,60}", cuts in prop::collection::vec(0_usize..8, 0..40),
        ) {
            let redactor = redactor(&["abab", "ababx", "bbbbb", "xaxaxaxa"]);
            let mut stream = redactor.stream();
            let (mut clean, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                clean.extend(stream.push(now));
                rest = later;
            }
            clean.extend(stream.push(rest));
            clean.extend(stream.finish());
            let clean = String::from_utf8(clean).unwrap();
            prop_assert_eq!(&clean, &redactor.text(&text));
            prop_assert!(!clean.contains("abab") && !clean.contains("bbbbb"));
        }
    }

    #[tokio::test]
    async fn references_are_looked_up_and_remembered() {
        let secrets = Secrets::of_table(HashMap::from([("TOKEN".to_owned(), "s3cr3t".to_owned())]));
        let command = |argv: &[&str]| EnvValue::SecretCommand(argv.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(secrets.resolve(&EnvValue::SecretEnv("TOKEN".into())).await, Ok(Secret::new("s3cr3t")));
        assert_eq!(secrets.resolve(&command(&["printf", "first\\nsecond\\n"])).await, Ok(Secret::new("first")));
        assert_eq!(secrets.resolve(&EnvValue::Plain("plain".into())).await, Ok(Secret::new("plain")));
        assert_eq!(secrets.redactor().text("s3cr3t first second plain"), "[secret] [secret] second plain");
        for (wrong, why) in [
            (EnvValue::SecretEnv("NONE".into()), "the environment variable NONE is not set"),
            (command(&["true"]), "the command \"true\" that prints a secret printed nothing"),
            (command(&["false"]), "the command \"false\" that prints a secret failed: exit status 1"),
        ] {
            assert_eq!(secrets.resolve(&wrong).await.unwrap_err().to_string(), why);
        }
    }
}
