//! A process that goes on for longer than its tickets live gets new ones by itself, of a real KDC, with one keytab.

use std::process::Command;
use std::time::{Duration, Instant};

use millstream_gssapi::{Keys, Login, Service, token};
use millstream_services::kdc::Kdc;

/// Names the keytab to the process that logs in; the one that tests has it not.
const KEYTAB: &str = "KEYTAB_OF_THE_TEST";
/// And the file where the KDC notes who asks for tickets.
const LOG: &str = "LOG_OF_THE_TEST";

/// How long a ticket lives.
const LIFE: &str = "4s";
/// New ones are got when half of that time is over, so that it is over by the third time for sure.
const TIMES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn by_whoever_logs_in() {
    let Some(keytab) = std::env::var_os(KEYTAB) else {
        return in_a_realm();
    };
    let log = std::env::var_os(LOG).expect("a file");
    let keys = Keys {
        keytab: Some(keytab.into()),
        principal: None,
    };
    let service = || Service::Principal("svc/localhost@TEST.LOCAL".to_owned());
    let end = Instant::now() + PATIENCE;
    loop {
        let mut login = Login::new(service(), &keys, None).expect("a ticket");
        let answer = login.step(&[]).expect("a ticket of the service");
        assert!(!answer.message.is_empty() && !answer.is_last);
        token(&service(), &keys).expect("a ticket of the service");
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let got = log.lines().filter(|line| {
            line.contains("AS_REQ") && line.contains("ISSUE") && line.contains("alice@TEST.LOCAL")
        });
        if got.count() >= TIMES {
            break;
        }
        assert!(Instant::now() < end, "no new tickets: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The library looks at the environment of its process, so this one starts itself again with another.
fn in_a_realm() {
    let kdc = Kdc::start(LIFE, &["svc/localhost", "alice"]).expect("a KDC");
    let own = std::env::current_exe().expect("a program");
    let output = Command::new(own)
        .args(["--exact", "by_whoever_logs_in", "--nocapture"])
        .env(KEYTAB, kdc.keytab("alice"))
        .env(LOG, kdc.log_file())
        .env("KRB5_CONFIG", kdc.configuration())
        .env_remove("KRB5_CLIENT_KTNAME")
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
