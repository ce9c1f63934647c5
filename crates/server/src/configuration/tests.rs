use std::path::Path;

use super::*;

fn loaded(name: &str, text: &str) -> Result<Loaded> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join(name);
    std::fs::write(&file, text).expect("it can be written");
    load(Some(&file), &Configuration::new())
}

const NESTED: &str = "
rest:
  address: 0.0.0.0
  port: 9081
state.savepoints.dir: file:///data/sp
web:
  submit.enable: false
env:
  java:
    opts:
      all: --add-exports
      jobmanager: ~
classloader.parent-first-patterns.additional: [a.b, c]
";

const FLAT: &str = "
# a comment
rest.address: 0.0.0.0
rest.port: 9081   # behind
state.savepoints.dir: file:///data/sp
web.submit.enable: false
env.java.opts.all: --add-exports
classloader.parent-first-patterns.additional: a.b;c
";

#[test]
fn nested_and_flat_files_say_the_same() {
    let nested = loaded("config.yaml", NESTED).expect("it is valid");
    let flat = loaded("flink-conf.yaml", FLAT).expect("it is valid");
    assert_eq!(nested.configuration, flat.configuration);
    assert_eq!(nested.configuration.text("rest.port"), Some("9081"));
    assert_eq!(
        nested.unknown,
        [
            "classloader.parent-first-patterns.additional",
            "env.java.opts.all"
        ]
    );
}

#[test]
fn unknown_keys_are_named_in_one_warning() {
    let loaded = loaded("config.yaml", NESTED).expect("it is valid");
    let warning = loaded.warning().expect("there are unknown keys");
    assert!(warning.contains("env.java.opts.all"), "{warning}");
    assert!(!warning.contains('\n'), "{warning}");
    assert_eq!(Loaded::default().warning(), None);
}

#[test]
fn the_command_line_wins_over_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("config.yaml"), NESTED).expect("it can be written");
    let mut overrides = Configuration::new();
    overrides.set("rest.port", "0");
    let loaded = load(Some(directory.path()), &overrides).expect("a directory is fine too");
    assert_eq!(loaded.configuration.text("rest.port"), Some("0"));
    assert_eq!(loaded.configuration.text("rest.address"), Some("0.0.0.0"));
}

#[test]
fn a_file_that_is_wrong_is_named_with_the_place() {
    let cases = [
        ("flink-conf.yaml", "rest.port: 1\nrest.address\n", "line 2"),
        ("config.yaml", "rest: [\n", "line"),
        ("config.yaml", "- a\n", "not a map"),
        ("config.yaml", "rest.port: 1\nrest.port: 2\n", "duplicate"),
    ];
    for (name, text, says) in cases {
        let error = loaded(name, text).expect_err("it is wrong");
        let message = error.message();
        assert!(message.contains(name) && message.contains(says), "{error}");
    }
    let missing = load(
        Some(Path::new("/nowhere/config.yaml")),
        &Configuration::new(),
    );
    assert_eq!(
        missing.expect_err("it is not there").code(),
        codes::CONFIG_FILE.id
    );
}

#[test]
fn an_empty_file_sets_nothing() {
    let loaded = loaded("config.yaml", "# nothing\n").expect("it is valid");
    assert_eq!(loaded.configuration, Configuration::new());
}

#[test]
fn jobs_get_the_settings_that_concern_them() {
    let mut configuration = Configuration::new();
    configuration.set("rest.auth.token", "secret");
    configuration.set("state.savepoints.dir", "/sp");
    configuration.set("no.such.option", "1");
    let jobs = of_jobs(&configuration);
    assert_eq!(
        jobs.iter().collect::<Vec<_>>(),
        [("execution.checkpointing.savepoint-dir", "/sp")]
    );
}

#[test]
fn what_has_the_name_of_the_file_counts_whatever_it_is() {
    type Make = fn(&Path);
    let made: [(&str, Make); 3] = [
        ("pipe", |file| {
            let made = std::process::Command::new("mkfifo").arg(file).status();
            assert!(made.expect("mkfifo").success());
        }),
        ("directory", |file| fs::create_dir(file).expect("made")),
        ("link to nothing", |file| {
            std::os::unix::fs::symlink("nowhere", file).expect("linked");
        }),
    ];
    for (what, make) in made {
        let directory = tempfile::tempdir().expect("a directory");
        make(&directory.path().join("config.yaml"));
        // It is not passed over for the other one.
        fs::write(directory.path().join("flink-conf.yaml"), FLAT).expect("it can be written");
        let error = load(Some(directory.path()), &Configuration::new()).expect_err(what);
        assert_eq!(error.code(), codes::CONFIG_FILE.id, "{what}");
        assert!(error.message().contains("config.yaml"), "{error}");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let pipe = directory.path().join("config.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let error = load(Some(&pipe), &Configuration::new()).expect_err("no file");
    assert_eq!(error.code(), codes::CONFIG_FILE.id);
    let cause = error.cause_text().unwrap_or_default();
    assert!(cause.contains("no regular file"), "{error}");
}

#[test]
fn a_directory_that_the_environment_names_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let named = |path: &Path| in_named("MILLSTREAM_CONF_DIR", path);
    let found = named(directory.path()).expect("it needs to hold none");
    assert_eq!(found, None);
    let file = directory.path().join("config.yaml");
    fs::write(&file, NESTED).expect("it can be written");
    let found = named(directory.path()).expect("it is there");
    assert_eq!(found.as_ref(), Some(&file));
    for wrong in [directory.path().join("none"), file] {
        let error = named(&wrong).expect_err("no directory");
        assert_eq!(error.code(), codes::CONFIG_FILE.id, "{error}");
        assert!(
            error.message().starts_with("MILLSTREAM_CONF_DIR names "),
            "{error}"
        );
    }
}
