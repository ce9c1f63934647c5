//! TLS by the properties that librdkafka is given: whom to trust, and which certificate to show.

use std::path::Path;
use std::sync::Arc;

use millstream_core::certificates::OF_THE_SYSTEM;
use millstream_core::{Error, Result, codes};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::given::{Given, unheeded};

/// TLS as the properties say.
///
/// # Errors
/// A file can't be read, or holds nothing of use.
pub(super) fn config(given: &Given<'_>) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(given, &provider)?;
    let unusable = |cause: rustls::Error| wrong("TLS can't be set up".to_owned()).cause(cause);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match own(given)? {
        None => builder.with_no_client_auth(),
        Some((certificates, key)) => builder
            .with_client_auth_cert(certificates, key)
            .map_err(unusable)?,
    };
    Ok(Arc::new(config))
}

fn wrong(message: String) -> Error {
    Error::new(&codes::OPTION_VALUE, message).next("give files of certificates and keys in PEM")
}

fn verifier(given: &Given<'_>, provider: &Arc<CryptoProvider>) -> Result<Trust> {
    let is_off = |name: &str, off: &[&str]| {
        given
            .get(name)
            .is_some_and(|value| off.contains(&value.to_ascii_lowercase().as_str()))
    };
    let everybody = is_off("enable.ssl.certificate.verification", &["false", "0", "f"]);
    let any_name = is_off("ssl.endpoint.identification.algorithm", &["none", ""]);
    let mut trust = Trust {
        authorities: None,
        certificates: Vec::new(),
        any_name,
        provider: Arc::clone(provider),
    };
    if everybody {
        return Ok(trust);
    }
    trust.certificates = trusted(given)?;
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(trust.certificates.iter().cloned());
    let authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider))
            .build()
            .map_err(|cause| {
                wrong("the certificates to trust can't be used".to_owned()).cause(cause)
            })?;
    trust.authorities = Some(authorities);
    Ok(trust)
}

/// The certificates to trust: what is given, else what the system trusts.
fn trusted(given: &Given<'_>) -> Result<Vec<CertificateDer<'static>>> {
    let mut found = Vec::new();
    if let Some(pem) = given.get("ssl.ca.pem") {
        found.extend(certificates(pem.as_bytes(), "ssl.ca.pem")?);
    }
    let location = given
        .get("ssl.ca.location")
        .filter(|place| *place != "probe");
    let location = location.map(str::to_owned).or_else(|| {
        let mut system = OF_THE_SYSTEM.iter().filter(|_| found.is_empty());
        system
            .find(|path| Path::new(path).is_file())
            .map(|path| (*path).to_owned())
    });
    if let Some(location) = location {
        let place = Path::new(&location);
        let cant = |cause: std::io::Error| wrong(format!("{location} can't be read")).cause(cause);
        if place.is_dir() {
            // As OpenSSL has it, files among others are passed over.
            for entry in std::fs::read_dir(place).map_err(cant)? {
                let path = entry.map_err(cant)?.path();
                let pem = std::fs::read(&path).unwrap_or_default();
                found.extend(CertificateDer::pem_slice_iter(&pem).flatten());
            }
        } else {
            let pem = std::fs::read(place).map_err(cant)?;
            found.extend(certificates(&pem, &location)?);
        }
    }
    if found.is_empty() {
        return Err(wrong("there are no certificates to trust".to_owned())
            .next("give ssl.truststore.location, a file of certificates in PEM"));
    }
    Ok(found)
}

fn certificates(pem: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|cause| {
        wrong(format!("{place} holds no certificates that can be read")).cause(cause)
    })?;
    if found.is_empty() {
        return Err(wrong(format!("{place} holds no certificates")));
    }
    Ok(found)
}

/// The certificates that are shown to a broker that asks for one, and their key.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(given: &Given<'_>) -> Result<Option<Own>> {
    if given.get("ssl.keystore.location").is_some() {
        let what = "ssl.keystore.location in the form PKCS12";
        let instead =
            "convert it with openssl pkcs12 -nodes -out own.pem, and give ssl.keystore.type PEM";
        return Err(unheeded(what, instead));
    }
    if given.get("ssl.key.password").is_some() {
        let instead = "take the password off the key with openssl pkey";
        return Err(unheeded("ssl.key.password", instead));
    }
    let read = |text: &str, file: &str| -> Result<Option<Vec<u8>>> {
        if let Some(text) = given.get(text) {
            return Ok(Some(text.as_bytes().to_vec()));
        }
        let Some(path) = given.get(file) else {
            return Ok(None);
        };
        let bytes = std::fs::read(path);
        bytes
            .map(Some)
            .map_err(|cause| wrong(format!("{path} can't be read")).cause(cause))
    };
    let certificate = read("ssl.certificate.pem", "ssl.certificate.location")?;
    let key = read("ssl.key.pem", "ssl.key.location")?;
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            return Err(wrong(
                "a certificate is given without its key, or a key alone".to_owned(),
            ));
        }
    };
    let certificates = certificates(&certificate, "the certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|cause| wrong("the key can't be read".to_owned()).cause(cause))?;
    Ok(Some((certificates, key)))
}

/// Trust as OpenSSL has it: in authorities, and in each given certificate by itself, so that one can be used that no
/// authority vouches for.
#[derive(Debug)]
struct Trust {
    /// `None`: everybody is trusted.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    certificates: Vec<CertificateDer<'static>>,
    /// Whether a certificate may be for another name.
    any_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        if self.certificates.iter().any(|trusted| trusted == shown) {
            if !self.any_name {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        // The name is looked at behind everything else.
        match authorities.verify_server_cert(shown, between, name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, shown, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, shown, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.provider.signature_verification_algorithms;
        known.supported_schemes()
    }
}
