//! Only what must be given is given: everything else has the default that the table shows.

use std::path::Path;
use std::time::Duration;

use crate::common::load_line;
use millstream_connectors::files_source::{Intake, Tidy};
use millstream_core::{Configuration, options};
use millstream_ingest::parameters::{
    BadRecords, FileCompression, FileSinkSettings, SinkFormat, SinkSettings, SourceSettings,
    SourceType, TextSource,
};

const LEAST: &str = "--source.type csv --source.path /in --sink.type file --sink.path /out";

#[test]
fn source_and_sink_have_their_defaults() {
    let settings = load_line(LEAST).expect("complete").settings;
    assert_eq!(
        settings.source,
        SourceSettings::Text(TextSource {
            format: SourceType::Csv,
            path: Path::new("/in").to_owned(),
            watch_interval: Some(Duration::from_secs(60)),
            intake: Intake::default(),
            first_line_schema: false,
            line_delimiter: "\n".to_owned(),
            field_delimiter: ',',
            charset: "UTF-8".to_owned(),
            quote: Some('"'),
            escape: None,
            split_size: 32 << 20,
            record_max_size: 64 << 20,
            schema: None,
            skip_lines: 0,
            comment: None,
            tidy: Tidy::default(),
        })
    );
    assert!(settings.checks.is_empty());
    assert_eq!(
        settings.sink,
        SinkSettings::File(FileSinkSettings {
            path: Path::new("/out").to_owned(),
            format: SinkFormat::Json,
            compression: FileCompression::None,
            partition: Vec::new(),
            rolling_size: 128 << 20,
        })
    );
    assert_eq!((settings.sql, settings.merge), (None, None));
    assert_eq!(settings.errors, BadRecords::Fail);
}

#[test]
fn a_pause_that_nobody_asked_for_gives_way_to_a_shorter_interval() {
    let pause = |line: &str, options: &[(&str, &str)]| {
        let settings = load_line(line).expect("complete").settings;
        let mut base = Configuration::new();
        options
            .iter()
            .for_each(|(key, value)| base.set(*key, *value));
        let (configuration, _) = settings.options.under(&base);
        configuration
            .get(&options::CHECKPOINT_MIN_PAUSE)
            .expect("valid")
    };
    let interval = (options::CHECKPOINT_INTERVAL.name, "200 ms");
    let (none, second) = (Some(Duration::ZERO), Some(Duration::from_secs(1)));
    assert_eq!(pause(LEAST, &[interval]), none);
    let shorter = format!("{LEAST} --stream.checkpoint.interval 999");
    assert_eq!(pause(&shorter, &[]), none);
    let as_long = format!("{LEAST} --stream.checkpoint.interval 1000");
    assert_eq!(pause(&as_long, &[]), second);
    let given = format!("{LEAST} --stream.checkpoint.min.pause 1000");
    assert_eq!(pause(&given, &[interval]), second);
    let option = (options::CHECKPOINT_MIN_PAUSE.name, "1 s");
    assert_eq!(pause(LEAST, &[interval, option]), second);
}

#[test]
fn checkpoints_and_restarts_have_the_defaults_of_the_csp_operator() {
    let settings = load_line(LEAST).expect("complete").settings;
    let (configuration, notes) = settings.options.under(&Configuration::new());
    assert!(notes.is_empty(), "{notes:?}");
    let duration = |option| configuration.get(option).expect("valid");
    assert_eq!(
        duration(&options::CHECKPOINT_INTERVAL),
        Some(Duration::from_secs(60))
    );
    assert_eq!(
        duration(&options::CHECKPOINT_TIMEOUT),
        Some(Duration::from_secs(600))
    );
    assert_eq!(
        duration(&options::CHECKPOINT_MIN_PAUSE),
        Some(Duration::from_secs(1))
    );
    assert_eq!(
        duration(&options::RESTART_FIXED_DELAY),
        Some(Duration::from_secs(60))
    );
    let number = |option| configuration.get(option).expect("valid");
    assert_eq!(number(&options::CHECKPOINT_TOLERABLE_FAILURES), Some(10));
    assert_eq!(number(&options::RESTART_FIXED_ATTEMPTS), Some(4));
    assert_eq!(number(&options::PARALLELISM), Some(1));
    let text = |option| configuration.get(option).expect("valid");
    assert_eq!(
        text(&options::CHECKPOINT_MODE).as_deref(),
        Some("AT_LEAST_ONCE")
    );
    assert_eq!(
        text(&options::RESTART_STRATEGY).as_deref(),
        Some("fixed-delay")
    );
    assert_eq!(text(&options::JOB_NAME).as_deref(), Some("CSP StreamJob"));
    assert_eq!(text(&options::CHECKPOINT_DIRECTORY), None);
}

#[test]
fn exactly_once_halves_the_default_interval() {
    let line = format!("{LEAST} --stream.checkpoint.mode exactly_once");
    let options = load_line(&line).expect("complete").settings.options;
    let (configuration, _) = options.under(&Configuration::new());
    let interval = configuration
        .get(&options::CHECKPOINT_INTERVAL)
        .expect("valid");
    assert_eq!(interval, Some(Duration::from_secs(30)));
}

#[test]
fn tsv_is_delimited_by_tabs_unless_said_otherwise() {
    let delimiter = |line: &str| match load_line(line).expect("complete").settings.source {
        SourceSettings::Text(text) => text.field_delimiter,
        other => panic!("{other:?}"),
    };
    let tsv = "--source.type TSV --source.path /in --sink.type print";
    assert_eq!(delimiter(tsv), '\t');
    let other = format!("{tsv} --source.field.delimiter 0x01");
    assert_eq!(delimiter(&other), '\u{1}');
}

#[test]
fn files_are_written_by_as_many_subtasks_as_read_and_lines_by_one() {
    let files = load_line(LEAST).expect("complete").settings;
    assert_eq!(files.sink_parallelism(4), 4);
    let print = "--source.type csv --source.path /in --sink.type print";
    assert_eq!(
        load_line(print)
            .expect("complete")
            .settings
            .sink_parallelism(4),
        1
    );
    let given = format!("{print} --stream.sink.parallelism 3");
    assert_eq!(
        load_line(&given)
            .expect("complete")
            .settings
            .sink_parallelism(4),
        3
    );
}
