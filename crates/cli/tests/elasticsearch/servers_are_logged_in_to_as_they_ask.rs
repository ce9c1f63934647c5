//! A server that says that it is Elasticsearch 8, over TLS with an authority of its own: it gets no types, what it is asked is what
//! its users see in its log, who logs in is who was given, and while it lets nobody in the job waits and drops nothing, also where it
//! has not begun to write. Who may write need not be let to look.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::documents::load;
use crate::common::running::Running;
use crate::common::{put, running};
use crate::fake::{self, Asked};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server of the test's.
#[derive(Default)]
struct Fake {
    asked: Mutex<Vec<Asked>>,
    /// So many bulks are answered as if the rights were missing.
    denies: AtomicUsize,
    /// Nobody is let in.
    is_closed: AtomicBool,
    /// Everybody may write, and nobody may look at anything.
    is_blind: bool,
}

impl Fake {
    /// Listens, with the certificate if there is one, and answers until the test is over.
    fn start(denies: usize, tls: Option<Arc<ServerConfig>>) -> (Arc<Self>, u16) {
        let denies = AtomicUsize::new(denies);
        let fake = Self {
            denies,
            ..Self::default()
        };
        fake.listen(tls)
    }

    fn listen(self, tls: Option<Arc<ServerConfig>>) -> (Arc<Self>, u16) {
        let fake = Arc::new(self);
        let own = Arc::clone(&fake);
        let port = fake::listen(tls, move |asked| {
            let answer = own.answer(&asked);
            own.asked.lock().expect("nobody panicked").push(asked);
            Some(answer)
        });
        (fake, port)
    }

    fn answer(&self, asked: &Asked) -> (u16, String) {
        let denied = r#"{"error":{"type":"security_exception","reason":"missing authentication"},"status":401}"#;
        if self.is_closed.load(Ordering::Relaxed) {
            return (401, denied.to_owned());
        }
        if self.is_blind && asked.line.starts_with("GET ") {
            return (403, r#"{"error":{"type":"security_exception","reason":"no permissions for [indices:admin/get]"},"status":403}"#.to_owned());
        }
        if !asked.is_bulk() {
            return fake::elasticsearch_8(asked);
        }
        let less = |left: usize| left.checked_sub(1);
        let denies = self
            .denies
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        if denies.is_ok() {
            return (401, denied.to_owned());
        }
        fake::elasticsearch_8(asked)
    }

    fn bulks(&self) -> Vec<Asked> {
        let asked = self.asked.lock().expect("nobody panicked").clone();
        asked.into_iter().filter(Asked::is_bulk).collect()
    }
}

fn rows(directory: &Path) {
    put(directory, "in/a.csv", "id,name\n1,a\n2,b\n");
}

#[test]
fn whoever_was_given_logs_in_and_waits_until_he_is_let_in() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    rows(directory);
    let (fake, port) = Fake::start(2, None);
    let login = ["--sink.es.username=me", "--sink.es.password=secret"];
    let more = [
        &login[..],
        &["--sink.es.type=old", "--sink.es.bulk.flush.concurrent=1"],
    ]
    .concat();
    let address = format!("127.0.0.1:{port}");
    let mut job = Running::start(load(directory, &address, "orders", "full", &more));
    job.await_log("Elasticsearch refuses to be written: status 401: missing authentication");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("secret"));
    let bulks = fake.bulks();
    assert_eq!(bulks.len(), 3, "{bulks:#?}");
    for bulk in bulks {
        assert_eq!(bulk.login, "Basic bWU6c2VjcmV0");
        assert_eq!(bulk.content, "application/x-ndjson");
        let expected = "{\"index\":{\"_index\":\"orders\",\"_id\":\"1\"}}\n{\"id\":\"1\",\"name\":\"a\"}\n\
                        {\"index\":{\"_index\":\"orders\",\"_id\":\"2\"}}\n{\"id\":\"2\",\"name\":\"b\"}\n";
        assert_eq!(bulk.body, expected);
    }
    for (login, expected) in [
        ("--sink.es.api-key=id:key", "ApiKey aWQ6a2V5"),
        ("--sink.es.api-key=aWQ6a2V5", "ApiKey aWQ6a2V5"),
        ("--sink.es.token=t", "Bearer t"),
    ] {
        let (fake, port) = Fake::start(0, None);
        let address = format!("127.0.0.1:{port}");
        let said = running::run(load(directory, &address, "orders", "full", &[login]));
        assert_eq!(said.code, Some(0), "{}", said.err);
        let logins: Vec<String> = fake.bulks().into_iter().map(|bulk| bulk.login).collect();
        assert!(logins.iter().all(|login| login == expected), "{logins:?}");
    }
}

#[test]
fn over_tls_with_an_authority_of_its_own() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    rows(directory);
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("signed");
    std::fs::write(directory.join("ca.pem"), root.pem()).expect("written");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).expect("parameters");
    let certificate = certificate.signed_by(&key, &issuer).expect("signed");
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a configuration");
    let (fake, port) = Fake::start(0, Some(Arc::new(config)));
    let address = format!("https://localhost:{port}");
    let trusted = ["--sink.es.tls.ca=ca.pem"];
    let said = running::run(load(directory, &address, "orders", "full", &trusted));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!fake.bulks().is_empty());
    // Who is not trusted is not written, and waited for as one that is away.
    let bulks = fake.bulks().len();
    let mut job = Running::start(load(directory, &address, "orders", "full", &[]));
    job.await_log("MS-7011: no server of Elasticsearch can be asked");
    job.kill();
    assert_eq!(fake.bulks().len(), bulks);
}

#[test]
fn whoever_is_not_let_in_at_the_start_waits_as_well() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    rows(directory);
    let closed = Fake {
        is_closed: AtomicBool::new(true),
        ..Fake::default()
    };
    let (fake, port) = closed.listen(None);
    let address = format!("127.0.0.1:{port}");
    let one = ["--sink.es.bulk.flush.concurrent=1"];
    let mut job = Running::start(load(directory, &address, "orders", "full", &one));
    job.await_log("Elasticsearch refuses to be written: status 401: missing authentication");
    fake.is_closed.store(false, Ordering::Relaxed);
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        !said.err.contains("MS-7011"),
        "no attempt has failed: {}",
        said.err
    );
    assert_eq!(fake.bulks().len(), 1, "{:#?}", fake.bulks());
}

#[test]
fn whoever_may_write_need_not_be_let_to_look() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    rows(directory);
    let blind = Fake {
        is_blind: true,
        ..Fake::default()
    };
    let (fake, port) = blind.listen(None);
    let address = format!("127.0.0.1:{port}");
    let said = running::run(load(directory, &address, "orders", "full", &[]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    for told in [
        "may not be asked what it is",
        "Index orders may not be looked at",
    ] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    let written = fake.bulks().len();
    assert!(written > 0);

    // What would be removed can't be told.
    let stale = ["--sink.es.version=2", "--sink.es.delete.stale=true"];
    let said = running::run(load(directory, &address, "orders", "full", &stale));
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = "MS-7012: index orders may not be looked at";
    assert!(said.err.contains(told), "{}", said.err);
    assert_eq!(fake.bulks().len(), written);
}
