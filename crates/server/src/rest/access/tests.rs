//! Who is let through.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use millstream_core::Configuration;

use super::{Here, host_of, is_same};
use crate::rest::settings::RestSettings;

fn is_let_through(options: &[(&str, &str)], loopback: bool, headers: &[(&str, &str)]) -> bool {
    let mut configuration = Configuration::new();
    for (key, value) in options {
        configuration.set(*key, *value);
    }
    let settings = RestSettings::from_configuration(&configuration).expect("settings");
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a name");
        map.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    let here = Here {
        settings: &settings,
        host_name: "worker7",
        loopback,
    };
    here.check(&map).is_ok()
}

#[test]
fn where_there_is_a_token_it_must_be_sent() {
    let options = [("rest.auth.token", "open sesame")];
    let passes = |headers: &[(&str, &str)]| is_let_through(&options, true, headers);
    assert!(passes(&[("authorization", "Bearer open sesame")]));
    assert!(passes(&[("authorization", "bearer  open sesame ")]));
    for wrong in [
        "Bearer open",
        "Bearer ",
        "Basic open sesame",
        "open sesame",
        "Bearer open sesame!",
    ] {
        assert!(!passes(&[("authorization", wrong)]), "{wrong}");
    }
    assert!(!passes(&[]));
}

#[test]
fn without_a_token_the_server_answers_to_its_own_names_only() {
    let passes =
        |host: &str| is_let_through(&[("rest.address", "flink.local")], true, &[("host", host)]);
    for host in [
        "localhost:8081",
        "127.0.0.1",
        "[::1]:8081",
        "worker7:8081",
        "flink.local:1",
        "a.localhost",
    ] {
        assert!(passes(host), "{host}");
    }
    assert!(!passes("evil.example:8081"));
    // Where everybody may ask anyway, a name protects nothing.
    assert!(is_let_through(&[], false, &[("host", "any.example")]));
}

#[test]
fn pages_of_other_origins_may_not_ask_unless_they_are_named() {
    let from = |options: &[(&str, &str)], origin: &str| {
        is_let_through(
            options,
            true,
            &[("host", "localhost:8081"), ("origin", origin)],
        )
    };
    assert!(from(&[], "http://localhost:8081"));
    for foreign in ["http://evil.example", "http://localhost:9000", "null"] {
        assert!(!from(&[], foreign), "{foreign}");
    }
    let named = [("web.access-control-allow-origin", "http://localhost:9000")];
    assert!(from(&named, "http://localhost:9000"));
    assert!(!from(&named, "http://evil.example"));
    assert!(from(
        &[("web.access-control-allow-origin", "*")],
        "http://evil.example"
    ));
}

#[test]
fn the_host_is_read_without_its_port() {
    assert_eq!(host_of("a:1"), "a");
    assert_eq!(host_of("[::1]:1"), "::1");
    assert_eq!(host_of("a"), "a");
}

#[test]
fn a_token_is_the_same_only_as_a_whole() {
    assert!(is_same(b"secret", b"secret"));
    for given in ["", "s", "secre", "secrets", "secretsecret", "Secret"] {
        assert!(!is_same(given.as_bytes(), b"secret"), "{given}");
    }
}
