//! The HTTP client with its trust: the system's authorities, or those of one file.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

/// A client that keeps its connections alive, never follows a redirect and has no proxy.
pub(crate) type Client = Legacy<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// How long an idle connection is kept; longer than most intervals.
const IDLE: Duration = Duration::from_secs(60);

/// Which authorities are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust<'a> {
    /// None: the address has no TLS.
    Nobody,
    /// The system's.
    System,
    /// Those in this PEM file, and no others.
    File(&'a Path),
}

/// Builds a client; reads files, so not to be called where nothing may wait. The error is for people.
pub(crate) fn client(trust: Trust<'_>) -> Result<Client, String> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new();
    let builder = match trust {
        Trust::System => builder
            .with_provider_and_native_roots(provider())
            .map_err(|error| format!("the system's certificate authorities cannot be read: {error}"))?,
        Trust::Nobody => builder.with_tls_config(config(RootCertStore::empty())?),
        Trust::File(path) => builder.with_tls_config(config(roots(path)?)?),
    };
    let connector = builder.https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Legacy::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(1)
        .build(connector))
}

/// The one place that names the cryptography.
fn provider() -> CryptoProvider {
    ring::default_provider()
}

fn config(roots: RootCertStore) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots(path: &Path) -> Result<RootCertStore, String> {
    // What is wrong comes before the path: it is short, and a long text is cut at its end.
    let wrong = |why: &str| format!("the file of `ca` {why}: {}", path.display());
    let unreadable = |error: pem::Error| match error {
        pem::Error::Io(error) if error.kind() == ErrorKind::NotFound => wrong("is not there"),
        pem::Error::Io(error) if error.kind() == ErrorKind::PermissionDenied => wrong("may not be read"),
        error => wrong(&format!("cannot be read ({error})")),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        roots.add(certificate).map_err(|error| wrong(&format!("holds what is no authority ({error})")))?;
    }
    if roots.is_empty() { Err(wrong("holds no certificate")) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_authorities_is_told_before_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        for (path, told) in [
            (folder.path().join("none.pem"), "the file of `ca` is not there: "),
            (empty, "the file of `ca` holds no certificate: "),
        ] {
            let error = client(Trust::File(&path)).err().unwrap();
            assert_eq!(error, format!("{told}{}", path.display()));
        }
    }
}
