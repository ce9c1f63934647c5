//! REST over TLS with certificates of one's own: the command asks a server whose certificate it trusts, through an authority or as it is,
//! and no other; the token is needed as well.

use crate::common;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use crate::common::running::run;
use crate::common::server::{Server, first_file};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const TOKEN: &str = "correct horse battery staple";
/// Where the files of the certificates are.
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server.key";
const TRUSTED: &str = "trusted.pem";

/// A certificate for the names.
fn parameters(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut parameters = CertificateParams::new(names).expect("names");
    parameters
        .distinguished_name
        .push(DnType::CommonName, "millstream test");
    parameters
}

/// An authority of one's own, and a certificate of it for this machine.
fn with_authority(directory: &Path) {
    let mut authority = parameters(&[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("signed");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters(&["127.0.0.1", "localhost"])
        .signed_by(&key, &issuer)
        .expect("signed");
    put(directory, &certificate.pem(), &key, &root.pem());
}

/// What `openssl req -x509` makes: a certificate that vouches for itself, calls itself an authority, and names no host.
fn by_itself(directory: &Path) {
    let mut alone = parameters(&[]);
    alone.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = alone.self_signed(&key).expect("signed").pem();
    put(directory, &pem, &key, &pem);
}

fn put(directory: &Path, certificate: &str, key: &KeyPair, trusted: &str) {
    fs::write(directory.join(CERTIFICATE), certificate).expect("written");
    fs::write(directory.join(KEY), key.serialize_pem()).expect("written");
    fs::write(directory.join(TRUSTED), trusted).expect("written");
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Starts a server with the certificate that is in `directory`.
fn start(directory: &Path) -> Server {
    let server = format!(
        "rest.auth.token: {TOKEN}\nsecurity.ssl.rest:\n  enabled: true\n  certificate: {CERTIFICATE}\n  private-key: {KEY}\n"
    );
    fs::write(directory.join("server.yaml"), server).expect("written");
    let client =
        format!("rest.auth.token: {TOKEN}\nsecurity.ssl.rest.trusted-certificates: {TRUSTED}\n");
    fs::write(directory.join("client.yaml"), client).expect("written");
    let mut server = Server::new(directory);
    server.options.extend(words(&["--config", "server.yaml"]));
    server.asking = words(&["--config", "client.yaml"]);
    server.start();
    server
}

/// What the command says that asks the server with `options`, and nothing else but what `list` prints.
fn list(directory: &Path, server: &Server, options: &[&str]) -> (Option<i32>, String) {
    let mut command = common::command(directory);
    let url = format!("https://{}", server.address());
    command.args(["list", "-m", &url]).args(options);
    let said = run(command);
    assert_eq!(
        said.err.lines().count(),
        usize::from(said.code != Some(0)),
        "{}",
        said.err
    );
    (said.code, said.err)
}

#[test]
fn a_job_lives_behind_a_certificate_of_an_authority_and_one_that_is_alone() {
    for make in [with_authority, by_itself] {
        let directory = tempfile::tempdir().expect("a directory");
        first_file(directory.path());
        make(directory.path());
        let server = start(directory.path());
        let job = server.submit("orders", &[]);
        server.await_that("it to run", || server.status(&job) == "RUNNING");
        let stopped = server.succeed(&["stop", "orders"]);
        assert!(
            stopped.contains("Savepoint completed. Path: file:"),
            "{stopped}"
        );
        server.end();
    }
}

#[test]
fn a_certificate_that_is_none_is_told_before_it_is_said_that_the_server_listens() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    with_authority(path);
    fs::write(path.join(CERTIFICATE), "nothing").expect("written");
    let mut server = Server::new(path);
    server.options.extend(words(&[
        "-Dsecurity.ssl.rest.enabled=true",
        "-Dsecurity.ssl.rest.certificate=server.pem",
        "-Dsecurity.ssl.rest.private-key=server.key",
    ]));
    let said = run(server.program());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("server.pem holds no certificate"),
        "{said:?}"
    );
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    assert!(log.contains("The server ends: MS-1005: "), "{log}");
    for told in [&log, &said.out, &said.err] {
        assert!(!told.contains("listens at"), "{told}");
    }
    assert!(!server.data.join("server.json").exists());
}

#[test]
fn the_token_is_needed_as_well() {
    let directory = tempfile::tempdir().expect("a directory");
    with_authority(directory.path());
    let server = start(directory.path());
    let trusting = "-Dsecurity.ssl.rest.trusted-certificates=trusted.pem";
    for token in [&[][..], &["-Drest.auth.token=correct horse"]] {
        let (code, said) = list(directory.path(), &server, &[&[trusting], token].concat());
        assert_eq!(code, Some(1));
        assert!(
            said.starts_with("MS-1016: ") && said.contains("The token is missing or wrong"),
            "{said}"
        );
    }
    let mut command = common::command(directory.path());
    let url = format!("https://{}", server.address());
    command
        .args(["list", "-m", &url, trusting])
        .env("MILLSTREAM_TOKEN", TOKEN);
    assert_eq!(run(command).code, Some(0));
    server.end();
}

#[test]
fn a_certificate_is_shown_to_a_server_that_asks_for_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    with_authority(path);
    let mut authority = parameters(&[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&root_key).expect("signed");
    let issuer = Issuer::new(authority, root_key);
    let key = KeyPair::generate().expect("a key");
    let own = parameters(&["alice"])
        .signed_by(&key, &issuer)
        .expect("signed");
    for (name, text) in [
        ("clients.pem", root.pem()),
        ("alice.pem", own.pem()),
        ("alice.key", key.serialize_pem()),
    ] {
        fs::write(path.join(name), text).expect("written");
    }
    let clients = "-Dsecurity.ssl.rest.client-certificates=clients.pem";
    let trusted = "-Dsecurity.ssl.rest.trusted-certificates=trusted.pem";
    let certificate = "-Dsecurity.ssl.rest.client-certificate=alice.pem";
    let key = "-Dsecurity.ssl.rest.client-key=alice.key";
    let tls = "-Dsecurity.ssl.rest.enabled=true";
    let files = [
        "-Dsecurity.ssl.rest.certificate=server.pem",
        "-Dsecurity.ssl.rest.private-key=server.key",
    ];
    let mut server = Server::new(path);
    server.options.extend(words(&[tls, clients]));
    server.options.extend(words(&files));
    server.asking = words(&[trusted, certificate, key]);
    server.start();
    assert_eq!(
        list(path, &server, &[trusted, certificate, key]),
        (Some(0), String::new())
    );
    let (code, said) = list(path, &server, &[trusted]);
    assert_eq!(code, Some(1), "{said}");
    let names_it = |said: &str| {
        said.starts_with("MS-1019: ") && said.contains("security.ssl.rest.client-certificate ")
    };
    assert!(names_it(&said), "{said}");
    // Another one, of nobody whom the server knows.
    let others = [
        "-Dsecurity.ssl.rest.client-certificate=server.pem",
        "-Dsecurity.ssl.rest.client-key=server.key",
    ];
    let (_, said) = list(path, &server, &[&[trusted], &others[..]].concat());
    assert!(names_it(&said), "{said}");
    let (_, said) = list(path, &server, &[trusted, certificate]);
    assert!(said.starts_with("MS-1003: "), "{said}");
    let (_, said) = list(
        path,
        &server,
        &[
            trusted,
            certificate,
            "-Dsecurity.ssl.rest.client-key=alice.pem",
        ],
    );
    assert!(
        said.starts_with("MS-1005: alice.pem holds no private key"),
        "{said}"
    );
    server.end();
}

#[test]
fn a_server_that_is_not_trusted_is_not_asked() {
    for make in [with_authority, by_itself] {
        let directory = tempfile::tempdir().expect("a directory");
        make(directory.path());
        let server = start(directory.path());
        // Others of the same names.
        let other = tempfile::tempdir().expect("a directory");
        make(other.path());
        let other = other.path().join(TRUSTED);
        let other = format!(
            "-Dsecurity.ssl.rest.trusted-certificates={}",
            other.display()
        );
        let (code, said) = list(directory.path(), &server, &[&other]);
        assert_eq!(code, Some(1));
        let what = format!("no TLS with the server at {}", server.address());
        assert!(
            said.starts_with("MS-1019: ") && said.contains(&what),
            "{said}"
        );
        server.end();
    }
}

#[test]
fn a_certificate_of_another_host_is_not_taken() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut authority = parameters(&[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&root_key).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(authority, root_key);
    let elsewhere = parameters(&["elsewhere.example"]).signed_by(&key, &issuer);
    put(
        directory.path(),
        &elsewhere.expect("signed").pem(),
        &key,
        &root.pem(),
    );
    let server = start(directory.path());
    let (code, said) = list(directory.path(), &server, &["--config", "client.yaml"]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("MS-1019: ") && said.contains("no TLS with the server at "),
        "{said}"
    );
}

#[test]
fn who_speaks_no_tls_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    with_authority(directory.path());
    let server = start(directory.path());
    let mut command = common::command(directory.path());
    command.args(["list", "-m", server.address()]);
    let said = run(command);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert!(said.err.contains("https://"), "{}", said.err);
    server.end();
}

#[test]
fn who_is_refused_before_there_is_tls_leaves_a_trace() {
    let directory = tempfile::tempdir().expect("a directory");
    with_authority(directory.path());
    let server = start(directory.path());
    let mut plain = TcpStream::connect(server.address()).expect("it listens");
    plain
        .write_all(b"GET /jobs HTTP/1.1\r\n\r\n")
        .expect("sent");
    let from = plain.local_addr().expect("its own address");
    let line = format!("A connection from {from} is closed: no TLS with it: ");
    let log = directory.path().join("server/server.log");
    server.await_that("a line that says so", || {
        let log = fs::read_to_string(&log).expect("the log");
        log.lines()
            .any(|said| said.contains(" WARN ") && said.contains(&line))
    });
    server.end();
}

#[test]
fn a_client_may_be_named_by_its_certificate_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    with_authority(path);
    for name in ["alice", "mallory"] {
        // What `openssl req -x509` makes.
        let mut alone = parameters(&[]);
        alone.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = alone.self_signed(&key).expect("signed").pem();
        fs::write(path.join(format!("{name}.pem")), pem).expect("written");
        fs::write(path.join(format!("{name}.key")), key.serialize_pem()).expect("written");
    }
    let shown = |name: &str| {
        [
            "-Dsecurity.ssl.rest.trusted-certificates=trusted.pem".to_owned(),
            format!("-Dsecurity.ssl.rest.client-certificate={name}.pem"),
            format!("-Dsecurity.ssl.rest.client-key={name}.key"),
        ]
    };
    let mut server = Server::new(path);
    server.options.extend(words(&[
        "-Dsecurity.ssl.rest.enabled=true",
        "-Dsecurity.ssl.rest.certificate=server.pem",
        "-Dsecurity.ssl.rest.private-key=server.key",
        "-Dsecurity.ssl.rest.client-certificates=alice.pem",
    ]));
    server.asking = shown("alice").into();
    server.start();
    let ask = |name: &str| {
        let options = shown(name);
        list(path, &server, &options.each_ref().map(String::as_str))
    };
    assert_eq!(ask("alice"), (Some(0), String::new()));
    let (code, said) = ask("mallory");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("MS-1019: "), "{said}");
    server.end();
}
