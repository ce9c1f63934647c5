//! Who wins: `-D` and `-p`, then a parameter that is given, then the job's defaults.

use std::time::Duration;

use crate::common::load_line;
use millstream_core::{Configuration, options};

const LEAST: &str = "--source.type csv --source.path /in --sink.type print";

#[test]
fn an_option_wins_over_the_jobs_default_also_under_an_older_key() {
    let mut base = Configuration::new();
    base.set("execution.checkpointing.interval", "1 s");
    base.set("restart-strategy", "none");
    base.set("state.checkpoints.dir", "/elsewhere");
    base.set("parallelism.default", "4");
    let options = load_line(LEAST).expect("complete").settings.options;
    let (configuration, notes) = options.under(&base);
    assert!(notes.is_empty(), "{notes:?}");
    let interval = configuration
        .get(&options::CHECKPOINT_INTERVAL)
        .expect("valid");
    assert_eq!(interval, Some(Duration::from_secs(1)));
    let text = |option| configuration.get(option).expect("valid");
    assert_eq!(text(&options::RESTART_STRATEGY).as_deref(), Some("none"));
    assert_eq!(
        text(&options::CHECKPOINT_DIRECTORY).as_deref(),
        Some("/elsewhere")
    );
    assert_eq!(
        configuration.get(&options::PARALLELISM).expect("valid"),
        Some(4)
    );
}

#[test]
fn an_option_wins_over_a_given_parameter_and_says_so() {
    let mut base = Configuration::new();
    base.set("state.checkpoints.dir", "/elsewhere");
    base.set("parallelism.default", "4");
    base.set("execution.checkpointing.interval", "1 s");
    let line = format!(
        "{LEAST} --stream.parallelism 2 --stream.checkpoint.dir /here --stream.checkpoint.interval 1000"
    );
    let (configuration, notes) = load_line(&line)
        .expect("complete")
        .settings
        .options
        .under(&base);
    assert_eq!(
        configuration.get(&options::PARALLELISM).expect("valid"),
        Some(4)
    );
    let directory = configuration
        .get(&options::CHECKPOINT_DIRECTORY)
        .expect("valid");
    assert_eq!(directory.as_deref(), Some("/elsewhere"));
    assert_eq!(
        notes,
        [
            "parallelism.default `4` wins over --stream.parallelism",
            "execution.checkpointing.dir `/elsewhere` wins over --stream.checkpoint.dir",
        ]
    );
}

#[test]
fn a_parameter_wins_over_the_jobs_default() {
    let line = format!("{LEAST} --stream.checkpoint.enable false --stream.parallelism 2");
    let options = load_line(&line).expect("complete").settings.options;
    let (configuration, notes) = options.under(&Configuration::new());
    assert!(notes.is_empty(), "{notes:?}");
    let interval = configuration
        .get(&options::CHECKPOINT_INTERVAL)
        .expect("valid");
    assert_eq!(interval, Some(Duration::ZERO));
    assert_eq!(
        configuration.get(&options::PARALLELISM).expect("valid"),
        Some(2)
    );
}
