//! Whom to trust.

use std::path::Path;
use std::sync::Arc;

use millstream_core::certificates::OF_THE_SYSTEM;
use millstream_core::{Error, Result, codes};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Trusts the authorities in the file `ca`; `None`: those of the machine.
///
/// # Errors
/// The file can't be read, or holds no certificate.
pub(super) fn config(ca: Option<&Path>) -> Result<TlsConfig> {
    let usual = || {
        OF_THE_SYSTEM
            .iter()
            .map(Path::new)
            .find(|path| path.is_file())
    };
    let path = ca.or_else(usual).ok_or_else(|| {
        let message = "this machine has no certificates of authorities in the usual places";
        Error::new(&codes::SINK_INDEX, message)
            .next("give sink.es.tls.ca, or install ca-certificates")
    })?;
    let next = "give the certificates of the servers' authority in PEM as sink.es.tls.ca";
    let unread = |why: String| {
        let message = format!(
            "the certificates in {} can't be read: {why}",
            path.display()
        );
        Error::new(&codes::SINK_INDEX, message).next(next)
    };
    let pem = std::fs::read(path).map_err(|error| unread(error.to_string()))?;
    let mut roots: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(unread(error.to_string())),
        }
    }
    if roots.is_empty() {
        return Err(unread("it holds none".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}
