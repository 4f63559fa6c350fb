//! One target, asked once or again and again.

use std::path::PathBuf;
use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Uri, header};

use crate::clock::Clock;
use crate::engine::{EnvValue, Sample};
use crate::exec::{Redactor, Runner, Secret};
use crate::health::http::Asking;
use crate::health::recall::Recall;
use crate::health::target::{HeaderText, HttpQuestion, Question, Target};
use crate::health::tls::{Client, Trust, client};
use crate::health::verdict::{Heard, Judgement, Kind};
use crate::health::{command, http, prometheus, tcp};

/// Asks one target; keeps its connection and its looked-up secrets between two questions.
pub struct Prober {
    target: Target,
    runner: Arc<dyn Runner>,
    client: Option<Client>,
    secrets: Vec<(EnvValue, Secret)>,
    recall: Recall,
}

impl Prober {
    /// Asks `target`; commands and secrets go through `runner`.
    pub fn new(target: Target, runner: Arc<dyn Runner>) -> Self {
        let recall = Recall::of(&target);
        Self { target, runner, client: None, secrets: Vec::new(), recall }
    }

    /// What it asks.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks once. Never fails: no answer is an answer too.
    pub async fn sample(&mut self, clock: &dyn Clock) -> Sample {
        let heard = match self.target.question.clone() {
            Question::Http(question) => match self.prepared(&question).await {
                Ok((client, asking)) => http::ask(&client, asking).await,
                Err(why) => nothing(why),
            },
            Question::Prometheus(question, metrics) => match self.prepared(&question).await {
                Ok((client, asking)) => prometheus::ask(&client, asking, metrics, &self.target).await,
                Err(why) => nothing(why),
            },
            Question::Tcp(address) => tcp::ask(&address, self.target.timeout).await,
            Question::Command(line) => command::ask(&line, self.runner.as_ref()).await,
        };
        if matches!(heard.kind, Kind::Forbidden(_)) {
            // Perhaps they have been changed.
            self.secrets.clear();
        }
        let elapsed = heard.elapsed;
        let Judgement { verdict, why, fields } = self.recall.judge(&self.target, heard);
        let Target { probe, node, .. } = &self.target;
        Sample { probe: probe.clone(), node: node.clone(), at: clock.now(), verdict, why, fields, elapsed }
    }

    /// What is needed to send a request: the client, the headers with their secrets, and what hides these again.
    async fn prepared<'q>(&mut self, question: &'q HttpQuestion) -> Result<(Client, Asking<'q>), String> {
        let headers = self.headers(question).await?;
        let client = self.client(question).await?;
        let redactor = Redactor::new(self.secrets.iter().map(|(_, secret)| secret.clone()));
        Ok((client, Asking { url: &question.url, headers, patience: self.target.timeout, redactor }))
    }

    /// The client, built when it is first needed; after a failure again the next time, since files may be mended.
    async fn client(&mut self, question: &HttpQuestion) -> Result<Client, String> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let built = match trust(&question.url, question.ca.as_ref()) {
            // No file is read, and a thread for each target would take memory that it never gives back.
            Trust::Nobody => client(Trust::Nobody)?,
            Trust::System | Trust::File(_) => {
                let (url, ca) = (question.url.clone(), question.ca.clone());
                // Reads and parses certificates.
                let built = tokio::task::spawn_blocking(move || client(trust(&url, ca.as_ref())));
                built.await.map_err(|_| "the certificate authorities cannot be read".to_owned())??
            }
        };
        Ok(self.client.insert(built).clone())
    }

    async fn headers(&mut self, question: &HttpQuestion) -> Result<Vec<(HeaderName, header::HeaderValue)>, String> {
        let mut headers = Vec::with_capacity(question.headers.len());
        for (name, text) in &question.headers {
            let value = match text {
                HeaderText::Plain(value) => value.clone(),
                HeaderText::Secret(reference) => {
                    let secret = self.secret(reference).await?;
                    let mut value = HeaderValue::try_from(secret.reveal())
                        .map_err(|_| format!("the secret for the header {name} cannot be sent"))?;
                    value.set_sensitive(true);
                    value
                }
            };
            headers.push((name.clone(), value));
        }
        Ok(headers)
    }

    async fn secret(&mut self, reference: &EnvValue) -> Result<Secret, String> {
        if let Some((_, known)) = self.secrets.iter().find(|(known, _)| known == reference) {
            return Ok(known.clone());
        }
        let secret = self.runner.secret(reference.clone()).await.map_err(|error| error.to_string())?;
        self.secrets.push((reference.clone(), secret.clone()));
        Ok(secret)
    }
}

fn trust<'a>(url: &Uri, ca: Option<&'a PathBuf>) -> Trust<'a> {
    match ca {
        _ if url.scheme_str() != Some("https") => Trust::Nobody,
        Some(path) => Trust::File(path),
        None => Trust::System,
    }
}

fn nothing(why: String) -> Heard {
    Heard { facts: serde_json::Map::new(), kind: Kind::Nothing(why), elapsed: std::time::Duration::ZERO }
}
