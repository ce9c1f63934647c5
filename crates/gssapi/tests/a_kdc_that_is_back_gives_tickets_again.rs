//! A process whose tickets end while the KDC is away is told so, and has tickets again at once when the KDC is back: for those who
//! log in here, and in the cache for a library that logs in by itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use millstream_gssapi::{Keys, Service, Tickets, token};
use millstream_services::kdc::Kdc;

/// Names the keytab to the process that logs in; the one that tests has it not.
const KEYTAB: &str = "KEYTAB_OF_THE_TEST";
/// How long a ticket lives.
const LIFE: &str = "4s";
const PATIENCE: Duration = Duration::from_secs(120);

/// Tries until `is_wanted`.
#[track_caller]
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn until(mut is_wanted: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + PATIENCE;
    while let Err(said) = is_wanted() {
        assert!(Instant::now() < end, "{said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn to_whoever_asks() {
    let Some(keytab) = std::env::var_os(KEYTAB) else {
        return in_a_realm();
    };
    let keys = Keys {
        keytab: Some(keytab.into()),
        principal: None,
    };
    let service = Service::Principal("svc/localhost@TEST.LOCAL".to_owned());
    let log_in = || {
        token(&service, &keys)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let tickets = Tickets::of(&keys).expect("keys");
    let (principal, cache) = tickets.place().expect("a cache");
    assert_eq!(principal, "alice@TEST.LOCAL");
    assert!(cache.starts_with("MEMORY:"), "{cache}");
    until(log_in);
    println!("got");
    until(|| match log_in() {
        Err(said) if said.contains("Cannot contact any KDC") => Ok(()),
        outcome => Err(format!("{outcome:?}")),
    });
    let error = tickets.renew("svc").expect_err("no KDC");
    assert!(error.may_pass(), "{error}");
    println!("away");
    until(log_in);
    until(|| tickets.renew("svc").map_err(|error| error.to_string()));
}

#[track_caller]
fn await_line(output: &mut impl BufRead, wanted: &str) {
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with(wanted)), "no line {wanted}");
}

/// The library looks at the environment of its process, so this one starts itself again with another.
fn in_a_realm() {
    let mut kdc = Kdc::start(LIFE, &["svc/localhost", "alice"]).expect("a KDC");
    let own = std::env::current_exe().expect("a program");
    let mut child: Child = Command::new(own)
        .args(["--exact", "to_whoever_asks", "--nocapture"])
        .env(KEYTAB, kdc.keytab("alice"))
        .env("KRB5_CONFIG", kdc.configuration())
        .env_remove("KRB5_CLIENT_KTNAME")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    await_line(&mut output, "got");
    kdc.kill();
    await_line(&mut output, "away");
    kdc.restart().expect("a KDC");
    // It may have more to say.
    drop(std::io::copy(&mut output, &mut std::io::sink()));
    assert!(child.wait().expect("a child").success());
}
