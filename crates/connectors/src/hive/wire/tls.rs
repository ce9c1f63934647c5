//! Whom to trust.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use millstream_core::certificates::OF_THE_SYSTEM;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::hive::trouble::Trouble;
use crate::hive::url::Tls;

/// TLS as the address says.
///
/// # Errors
/// A file can't be read, or holds nothing of use.
pub(super) fn config(tls: &Tls) -> Result<Arc<ClientConfig>, Trouble> {
    let path = match &tls.authorities {
        Some(path) => path.as_path(),
        None => OF_THE_SYSTEM
            .iter()
            .map(Path::new)
            .find(|path| path.is_file())
            .ok_or_else(|| wrong("the system has no certificates to trust"))?,
    };
    let shown = path.display();
    let pem = fs::read(path).map_err(|error| wrong(&format!("{shown} can't be read: {error}")))?;
    let mut authorities = RootCertStore::empty();
    let found = CertificateDer::pem_slice_iter(&pem).flatten();
    let (taken, _) = authorities.add_parsable_certificates(found);
    if taken == 0 {
        return Err(wrong(&format!("{shown} holds no certificates in PEM")));
    }
    trusting(authorities)
}

/// TLS in which nobody is trusted, for whoever only looks whether it is spoken.
///
/// # Errors
/// It can't be set up.
pub(super) fn without_trust() -> Result<Arc<ClientConfig>, Trouble> {
    trusting(RootCertStore::empty())
}

fn trusting(authorities: RootCertStore) -> Result<Arc<ClientConfig>, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&format!("TLS can't be set up: {error}")))?;
    let config = builder
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn wrong(why: &str) -> Trouble {
    Trouble::Given(format!("source.db.url asks for TLS (ssl=true), and {why}"))
}
