//! Who is let through.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use millstream_core::Configuration;

use super::{Here, RestError};
use crate::peers::Peer;
use crate::rest::audit::Caller;
use crate::rest::settings::RestSettings;
use crate::rest::tokens::Role;

/// A program of the server's user looks from this machine.
fn own() -> Option<Peer> {
    peer(rustix::process::geteuid().as_raw())
}

fn peer(user: u32) -> Option<Peer> {
    let address = "127.0.0.1:50000".parse().expect("an address");
    let user = Some(user);
    Some(Peer { address, user })
}

fn settings(options: &[(&str, &str)]) -> RestSettings {
    let mut configuration = Configuration::new();
    for (key, value) in options {
        configuration.set(*key, *value);
    }
    let mut settings = RestSettings::from_configuration(&configuration).expect("settings");
    let inside = "127.0.0.1:8081".parse().expect("an address");
    settings.check(inside, false).expect("safe");
    settings
}

fn ask(
    settings: &RestSettings,
    peer: Option<Peer>,
    headers: &[(&str, &str)],
    (method, role): (Method, Role),
) -> Result<Caller, RestError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a name");
        map.append(
            name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
        );
    }
    let here = Here {
        settings,
        host_name: "worker7",
    };
    here.check(&method, &map, peer, role)
}

fn is_let_through(options: &[(&str, &str)], headers: &[(&str, &str)]) -> bool {
    ask(
        &settings(options),
        own(),
        headers,
        (Method::GET, Role::Read),
    )
    .is_ok()
}

const TOKEN: (&str, &str) = ("rest.auth.token", "open sesame, please");

#[test]
fn where_there_is_a_token_it_must_be_sent() {
    let passes = |headers: &[(&str, &str)]| is_let_through(&[TOKEN], headers);
    assert!(passes(&[("authorization", "Bearer open sesame, please")]));
    assert!(passes(&[("authorization", "bearer  open sesame, please ")]));
    for wrong in [
        "Bearer open",
        "Bearer ",
        "Basic open sesame, please",
        "open sesame, please",
        "Bearer open sesame, please!",
    ] {
        assert!(!passes(&[("authorization", wrong)]), "{wrong}");
    }
    assert!(!passes(&[]));
}

#[test]
fn without_a_token_programs_of_the_same_user_and_of_root_are_answered() {
    let settings = settings(&[]);
    let look = (Method::GET, Role::Read);
    let user = rustix::process::geteuid().as_raw();
    for known in [user, 0] {
        let caller = ask(&settings, peer(known), &[], look.clone()).expect("it is known");
        assert_eq!(caller, Caller::User(known));
    }
    let other = peer(user + 4_711);
    let unknown = own().map(|peer| Peer { user: None, ..peer });
    for stranger in [other, unknown, None] {
        ask(&settings, stranger, &[], look.clone()).expect_err("a stranger");
    }
}

#[test]
fn without_a_token_the_server_answers_to_its_own_names_only() {
    let passes = |host: &str| is_let_through(&[("rest.address", "flink.local")], &[("host", host)]);
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
    for host in [
        "evil.example:8081",
        "[::1].evil.example",
        "[::1]:8081.evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example\u{e9}",
        "",
    ] {
        assert!(!passes(host), "{host}");
    }
    let twice = [("host", "localhost"), ("host", "evil.example")];
    assert!(!is_let_through(&[], &twice));
}

#[test]
fn where_everybody_may_ask_pages_of_names_that_are_not_its_own_may_not() {
    let configuration = Configuration::new();
    let mut settings = RestSettings::from_configuration(&configuration).expect("settings");
    let everywhere = "0.0.0.0:8081".parse().expect("an address");
    settings.check(everywhere, true).expect("it was told so");
    let passes = |host: &str| {
        let page = format!("http://{host}");
        let headers = [("host", host), ("origin", page.as_str())];
        let upload = (Method::POST, Role::Submit);
        ask(&settings, None, &headers, upload).is_ok()
    };
    assert!(passes("10.0.0.7:8081") && passes("worker7:8081"));
    assert!(!passes("evil.example:8081"), "its name means this machine");
}

#[test]
fn pages_of_other_origins_may_not_ask_unless_they_are_named() {
    let host = ("host", "localhost:8081");
    for (origin, is_own) in [
        ("http://localhost:8081", true),
        ("http://evil.example", false),
        ("http://localhost:9000", false),
        ("null", false),
        ("http://evil.example\u{e9}", false),
    ] {
        assert_eq!(
            is_let_through(&[], &[host, ("origin", origin)]),
            is_own,
            "{origin}"
        );
    }
    let with_token = |allowed: &str, origin: &str| {
        let options = [TOKEN, ("web.access-control-allow-origin", allowed)];
        let token = ("authorization", "Bearer open sesame, please");
        is_let_through(&options, &[host, token, ("origin", origin)])
    };
    assert!(with_token("http://localhost:9000", "http://localhost:9000"));
    assert!(!with_token("http://localhost:9000", "http://evil.example"));
    assert!(with_token("*", "http://evil.example"));
}

#[test]
fn a_frame_in_a_page_of_others_is_no_link() {
    let settings = settings(&[]);
    let passes = |site: &str, destination: &str| {
        let headers = [
            ("host", "localhost"),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", destination),
        ];
        ask(&settings, own(), &headers, (Method::GET, Role::Read)).is_ok()
    };
    for destination in ["iframe", "frame", "embed", "object", "nonsense", ""] {
        for site in ["cross-site", "same-site"] {
            assert!(!passes(site, destination), "{site} {destination}");
        }
        assert!(passes("same-origin", destination), "{destination}");
    }
    assert!(passes("cross-site", "document"));
}

#[test]
fn what_a_page_embeds_is_refused_and_its_links_lead_to_what_only_looks() {
    let settings = settings(&[]);
    let passes = |site: &str, mode: &str, method: Method, role: Role| {
        let headers = [
            ("host", "localhost"),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
        ];
        ask(&settings, own(), &headers, (method, role)).is_ok()
    };
    for site in ["same-origin", "none"] {
        assert!(passes(site, "cors", Method::POST, Role::Submit), "{site}");
    }
    for site in ["cross-site", "same-site", "nonsense"] {
        assert!(passes(site, "navigate", Method::GET, Role::Read), "{site}");
        // A plan, which starts a process.
        assert!(
            !passes(site, "navigate", Method::GET, Role::Submit),
            "{site}"
        );
        assert!(
            !passes(site, "navigate", Method::POST, Role::Operate),
            "{site}"
        );
        assert!(!passes(site, "no-cors", Method::GET, Role::Read), "{site}");
    }
}

#[test]
fn browsers_that_only_name_the_page_start_nothing_for_pages_of_others() {
    let settings = settings(&[]);
    let passes = |page: &str, method: Method, role: Role| {
        let headers = [("host", "localhost:8081"), ("referer", page)];
        ask(&settings, own(), &headers, (method, role)).is_ok()
    };
    let own_page = "http://localhost:8081/docs?of=jobs";
    for (page, is_own) in [
        (own_page, true),
        ("http://evil.example/", false),
        ("http://evil.example/http://localhost:8081/", false),
        ("http://localhost:8081.evil.example/", false),
        ("http://localhost:9000/", false),
        ("localhost:8081", false),
    ] {
        // A plan, and a form that is sent.
        assert_eq!(passes(page, Method::GET, Role::Submit), is_own, "{page}");
        assert_eq!(passes(page, Method::POST, Role::Operate), is_own, "{page}");
        assert!(passes(page, Method::GET, Role::Read), "a link in {page}");
    }
    // Newer ones say it in another header, which counts.
    let headers = [
        ("host", "localhost:8081"),
        ("sec-fetch-site", "same-origin"),
        ("referer", "http://evil.example/"),
    ];
    let plan = (Method::GET, Role::Submit);
    ask(&settings, own(), &headers, plan).expect("the browser knows better");
}
