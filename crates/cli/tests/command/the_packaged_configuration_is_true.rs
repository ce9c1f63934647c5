//! The annotated `config.yaml` of the packages: every option in it exists, and its default is the one that it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::millstream_in;
use millstream_core::options::{self, OptionSummary};

/// Options that stand there with an example, because they have no default.
const EXAMPLES: [&str; 15] = [
    "rest.bind-address",
    "rest.auth.token",
    "rest.auth.token-file",
    "security.ssl.rest.certificate",
    "security.ssl.rest.private-key",
    "security.ssl.rest.trusted-certificates",
    "security.ssl.rest.client-certificates",
    "security.ssl.rest.client-certificate",
    "security.ssl.rest.client-key",
    "millstream.data-dir",
    "web.upload.dir",
    "execution.checkpointing.dir",
    "execution.checkpointing.savepoint-dir",
    "execution.checkpointing.interval",
    "restart-strategy.type",
];

fn text() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/config.yaml");
    fs::read_to_string(file).expect("a configuration")
}

/// The settings that are switched off, and their values.
fn settings(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
    let settings = lines.filter(|line| !line.is_empty() && !line.starts_with([' ', '#']));
    let pairs = settings.map(|line| line.split_once(": ").expect(line));
    pairs.collect()
}

#[test]
fn every_option_exists_and_shows_its_default() {
    let text = text();
    let mut seen = BTreeSet::new();
    for (key, value) in settings(&text) {
        let mut all = options::ALL.iter().chain(options::SERVER);
        let option: &OptionSummary = all.find(|option| option.name == key).expect(key);
        match option.default {
            Some(default) => assert_eq!(value, default, "{key}"),
            None => assert!(EXAMPLES.contains(&key), "{key} has no default"),
        }
        assert!(seen.insert(key), "{key} stands there twice");
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn what_whoever_runs_a_server_decides_about_stands_in_it() {
    let text = text();
    let there: BTreeSet<&str> = settings(&text).into_iter().map(|(key, _)| key).collect();
    let decided = EXAMPLES.into_iter().chain([
        "rest.port",
        "jobstore.expiration-time",
        "jobstore.failed-expiration-time",
        "millstream.log.level",
        "millstream.log.format",
        "millstream.log.max-size",
        "millstream.log.parts",
    ]);
    let missing: Vec<&str> = decided.filter(|key| !there.contains(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn as_it_comes_it_changes_nothing_and_switched_on_it_is_understood() {
    let text = text();
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = directory.path().join("config.yaml");
    let configuration = |text: &str| {
        fs::write(&file, text).expect("written");
        let said = millstream_in(
            directory.path(),
            &[],
            &["doctor", "--json", "--config", "config.yaml"],
        );
        let findings: serde_json::Value = serde_json::from_str(&said.out).expect(&said.err);
        findings[0].clone()
    };
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
    assert_eq!(configuration(&text)["status"], "ok");
    let token = directory.path().join("token");
    fs::write(&token, "0123456789abcdef0123456789abcdef\n").expect("written");
    let place = token.display().to_string();
    let on: String = settings(&text)
        .into_iter()
        .map(|(key, value)| {
            let value = value.replace("/etc/millstream/token", &place);
            format!("{key}: {value}\n")
        })
        .collect();
    assert_eq!(configuration(&on)["status"], "ok", "{}", configuration(&on));
}
