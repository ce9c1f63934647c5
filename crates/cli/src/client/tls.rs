//! Which certificates are trusted, and which one is shown.

use std::sync::Arc;

use millstream_core::certificates::OF_THE_SYSTEM;
use millstream_core::{Configuration, Error, Result, codes, options};
use millstream_process::regular;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Keys of files with certificates (PEM) that are trusted, the first that is set counts.
const TRUSTED: &[&str] = &[
    options::CLIENT_TRUSTED.name,
    "security.ssl.rest.certificate",
];
/// TLS that trusts what the configuration names, else what the system trusts.
pub(super) fn config(configuration: &Configuration) -> Result<Arc<ClientConfig>> {
    let named = TRUSTED.iter().find_map(|key| configuration.text(key));
    let found = named.or_else(|| {
        let mut system = OF_THE_SYSTEM.iter().copied();
        system.find(|path| std::path::Path::new(path).is_file())
    });
    let Some(path) = found else {
        return Err(Error::new(
            &codes::OPTION_CONFLICT,
            "TLS is asked for, and there are no certificates to trust",
        )
        .next(format!(
            "name a file of certificates (PEM) with -D {}=FILE",
            options::CLIENT_TRUSTED.name
        )));
    };
    let refused = |what: &str| {
        let message = format!("the certificates in {path} can't be {what}");
        Error::new(&codes::CONFIG_FILE, message).next("give a file of certificates in PEM")
    };
    let pem = regular::read(path).map_err(|cause| refused("read").cause(cause))?;
    let certificates: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|cause| refused("understood").cause(cause))?;
    if certificates.is_empty() {
        return Err(refused("found"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(certificates.iter().cloned());
    let authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider))
            .build()
            .map_err(|cause| refused("used").cause(cause))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| refused("used").cause(cause))?;
    let trust = Trust {
        authorities,
        certificates,
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let config = match own(configuration)? {
        None => builder.with_no_client_auth(),
        Some((certificates, key, path)) => builder
            .with_client_auth_cert(certificates, key)
            .map_err(|cause| not_ours(format!("{path} can't be used")).cause(cause))?,
    };
    Ok(Arc::new(config))
}

/// The certificate that is shown to a server that asks for one, its key, and where the former is.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, String);

fn own(configuration: &Configuration) -> Result<Option<Own>> {
    let certificate = configuration.text(options::CLIENT_CERTIFICATE.name);
    let key = configuration.text(options::CLIENT_KEY.name);
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            let [certificate, key] = [&options::CLIENT_CERTIFICATE, &options::CLIENT_KEY];
            let message = format!("one of {} and {} is set alone", certificate.name, key.name);
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("set both to the paths of PEM files, or neither"));
        }
    };
    let unread =
        |path: &str, what: &str| not_ours(format!("{path} holds no {what} that can be read"));
    let pem = regular::read(certificate)
        .map_err(|cause| unread(certificate, "certificate").cause(cause))?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|cause| unread(certificate, "certificate").cause(cause))?;
    if found.is_empty() {
        return Err(unread(certificate, "certificate"));
    }
    let pem = regular::read(key).map_err(|cause| unread(key, "private key").cause(cause))?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|cause| unread(key, "private key").cause(cause))?;
    Ok(Some((found, key, certificate.to_owned())))
}

fn not_ours(message: String) -> Error {
    Error::new(&codes::CONFIG_FILE, message).next(format!(
        "give PEM files that belong together in {} and {}",
        options::CLIENT_CERTIFICATE.name,
        options::CLIENT_KEY.name
    ))
}

/// Trust in authorities, and in each certificate by itself: a server that shows exactly one of them is trusted whatever the
/// certificate says, since it has proven that it has the key. So the certificates that `openssl req -x509` makes can be used, which
/// call themselves authorities, and which no authority vouches for.
#[derive(Debug)]
struct Trust {
    authorities: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
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
        if self.certificates.iter().any(|trusted| trusted == shown) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authorities
            .verify_server_cert(shown, between, name, ocsp_response, now)
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
