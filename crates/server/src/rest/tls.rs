//! TLS from PEM files.

use std::path::Path;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_process::regular;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};

use super::settings::TlsFiles;

/// The configuration of TLS that the files give.
///
/// # Errors
/// A file can't be read, holds no certificate or key, or the two do not belong together.
pub(crate) fn configuration(files: &TlsFiles) -> Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |cause: rustls::Error| {
        let message = format!("{} can't be used", files.certificate.display());
        unusable(message, &cause.to_string())
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match &files.clients {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            let named = certificates(authorities)?;
            for certificate in named.iter().cloned() {
                roots.add(certificate).map_err(|cause| {
                    let message = format!("{} can't be used", authorities.display());
                    unusable(message, &cause.to_string())
                })?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|cause| {
                    let message = format!("{} can't be used", authorities.display());
                    unusable(message, &cause.to_string())
                })?;
            builder.with_client_cert_verifier(Arc::new(Clients {
                authorities: verifier,
                named,
            }))
        }
    };
    let failed_key = |cause: String| {
        let message = format!(
            "{} holds no private key that can be read",
            files.key.display()
        );
        unusable(message, &cause)
    };
    let pem = regular::read(&files.key).map_err(|cause| failed_key(cause.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|cause| failed_key(cause.to_string()))?;
    let mut configuration = builder
        .with_single_cert(certificates(&files.certificate)?, key)
        .map_err(failed)?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

/// Trust in clients of authorities, and in those that show exactly one of the named certificates: they have proven that they have its
/// key. So the certificates that `openssl req -x509` makes can be used, which call themselves authorities.
#[derive(Debug)]
struct Clients {
    authorities: Arc<dyn ClientCertVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authorities.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> std::result::Result<ClientCertVerified, rustls::Error> {
        if self.named.iter().any(|named| named == shown) {
            return Ok(ClientCertVerified::assertion());
        }
        self.authorities.verify_client_cert(shown, between, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities
            .verify_tls12_signature(message, shown, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities
            .verify_tls13_signature(message, shown, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let failed = |cause: String| {
        unusable(
            format!("{} holds no certificate that can be read", path.display()),
            &cause,
        )
    };
    let pem = regular::read(path).map_err(|cause| failed(cause.to_string()))?;
    let certificates: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|cause| failed(cause.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("there is none in it".to_owned()));
    }
    Ok(certificates)
}

fn unusable(message: String, cause: &str) -> Error {
    Error::new(&codes::CONFIG_FILE, message)
        .cause(cause)
        .next("give PEM files that belong together in security.ssl.rest.certificate and security.ssl.rest.private-key")
}

#[cfg(test)]
mod tests {
    use super::configuration;
    use crate::rest::settings::TlsFiles;

    #[test]
    fn a_file_that_holds_no_certificate_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("certificate.pem");
        std::fs::write(&path, "nothing").expect("a file");
        let files = TlsFiles {
            certificate: path.clone(),
            key: path,
            clients: None,
        };
        let error = configuration(&files).expect_err("no certificate in it");
        assert_eq!(error.code(), "MS-1005");
        assert!(error.message().contains("certificate.pem"), "{error}");
    }
}
