//! What is asked again and again, and how commands and secrets are written.

use std::time::Duration;

use crate::runbook::expr::Expr;
use crate::runbook::id::{InputId, ProbeId};
use crate::runbook::template::Template;

/// One thing asked again and again.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its name: `.health.<id>` in expressions.
    pub id: ProbeId,
    /// Title of its table.
    pub title: String,
    /// Over the inputs: false, and nobody is asked, as for an empty `each`; the probe's rows are then an empty list.
    pub when: Option<Expr>,
    /// One probe per element, bound to `.node`; without it a single one.
    pub each: Option<Expr>,
    /// The interval.
    pub every: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What is asked.
    pub ask: Ask,
    /// Named values taken from an answer, in the author's order.
    pub fields: Vec<(String, Expr)>,
    /// Over the fields: the verdict is ok.
    pub ok: Expr,
    /// Over the fields, when not ok: the verdict is degraded rather than bad.
    pub degraded: Option<Expr>,
}

/// The kinds of question a probe asks.
#[derive(Clone, Debug)]
pub enum Ask {
    /// An HTTP GET; any status is an answer. Redirects are not followed.
    Http {
        /// The address.
        url: Template,
        /// Header names and values.
        headers: Vec<(String, HeaderValue)>,
        /// A PEM file with the authorities to trust instead of the system's.
        ca: Option<Template>,
    },
    /// Metrics over HTTP, fetched as with `Http`.
    Prometheus {
        /// The address of a page of metrics; with `query` that of a Prometheus server.
        url: Template,
        /// Header names and values.
        headers: Vec<(String, HeaderValue)>,
        /// A PEM file with the authorities to trust instead of the system's.
        ca: Option<Template>,
        /// PromQL that the server answers.
        query: Option<Template>,
    },
    /// Whether `host:port` accepts a connection.
    Tcp(Template),
    /// An argv whose exit status and output are looked at.
    Command(Argv),
}

/// A header's value: a text, or a reference to a secret that is looked up when the request is sent.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// A text with values.
    Text(Template),
    /// A secret.
    Secret(SecretRef),
}

/// Where a secret is found; never what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable of the piton process.
    Env(String),
    /// The first line a command prints.
    Command(Vec<String>),
    /// An input of type secret.
    Input(InputId),
}

/// A command line.
#[derive(Clone, Debug)]
pub enum Argv {
    /// An input of type command.
    Input(InputId),
    /// Written out in the runbook, one text per argument.
    Words(Vec<Template>),
}
