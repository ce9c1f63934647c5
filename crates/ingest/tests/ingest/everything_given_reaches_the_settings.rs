//! Every parameter that works now changes the settings that it is for.

use std::path::Path;
use std::time::Duration;

use crate::common::load_line;
use millstream_connectors::files_source::{
    AfterCommit, Bad, Changed, Intake, Lost, OtherDirectory, Tidy,
};
use millstream_core::options::reference::Hidden;
use millstream_core::{Configuration, options};
use millstream_ingest::parameters::{
    BadRecordLimits, BadRecords, Check, DeadLetters, FileCompression, FileSinkSettings,
    MergeSettings, Rule, SchemaText, SinkFormat, SinkSettings, SourceSettings, SourceType,
    SqlSettings, TextSource,
};

#[test]
fn source_parameters_make_the_source() {
    let loaded = load_line(
        r#"--source.type Txt --source.path file:///in/a --source.watch.type process_continuously
        --source.watch.interval 5000 --source.file.changed reread
        --source.file.settle 700 --source.file.bad quarantine --source.file.bad.path /in/_bad
        --source.file.lost skip --source.after.commit move --source.after.commit.path /in/_done
        --source.file.forget "2 h" --source.path.other ACCEPT --source.firstLine.schema TRUE
        --source.line.delimiter \r\n --source.field.delimiter 124 --source.charset GBK --source.quote 0x27 --source.escape 0x5c
        --source.split.size "1 mb" --source.record.max.size 4096 --sink.type print
        --source.skip.lines 2 --source.comment // --source.null NULL,- --source.columns.trim true
        --check.a "not null; range 1..9"
        --stream.sql.schema.json '{"b": "Int", "a": "String"}'"#,
    )
    .expect("complete");
    assert_eq!(
        loaded.settings.source,
        SourceSettings::Text(TextSource {
            format: SourceType::Txt,
            path: Path::new("/in/a").to_owned(),
            watch_interval: Some(Duration::from_secs(5)),
            intake: Intake {
                changed: Changed::Reread,
                settle: Some(Duration::from_millis(700)),
                bad: Some(Bad::Quarantine("/in/_bad".into())),
                lost: Lost::Skip,
                after_commit: AfterCommit::Move("/in/_done".into()),
                forget: Duration::from_secs(7_200),
                other: OtherDirectory::Accept,
            },
            first_line_schema: true,
            line_delimiter: "\r\n".to_owned(),
            field_delimiter: '|',
            charset: "GBK".to_owned(),
            quote: Some('\''),
            escape: Some('\\'),
            split_size: 1 << 20,
            record_max_size: 4096,
            schema: Some(SchemaText::Json(
                r#"{"b": "Int", "a": "String"}"#.to_owned()
            )),
            skip_lines: 2,
            comment: Some("//".to_owned()),
            tidy: Tidy {
                trim: true,
                nulls: vec!["NULL".to_owned(), "-".to_owned()],
            },
        })
    );
    let range = Rule::Range(Some("1".to_owned()), Some("9".to_owned()));
    let check = Check {
        column: "a".to_owned(),
        rules: vec![Rule::NotNull, range],
    };
    assert_eq!(loaded.settings.checks, [check]);
    assert_eq!(loaded.settings.sink, SinkSettings::Print);
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

/// The settings of text files, which the source is.
fn text(source: SourceSettings) -> TextSource {
    match source {
        SourceSettings::Text(text) => text,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn sql_merge_sink_and_errors_make_the_rest() {
    let loaded = load_line(
        "--source.type csv --source.path /in --source.watch.type PROCESS_ONCE \
        --stream.sql.enable true --stream.sql.table t --stream.sql 'select a from t' \
        --stream.sql.schema struct<a:Int> --sink.merge.enable true \
        --sink.merge.nested.field f --sink.merge.exclude.fields 'id, time' --sink.type FILE \
        --sink.path /out --sink.format parquet --sink.rolling.size 1gb --error.policy DEAD_LETTER \
        --error.dead-letter.path /bad --error.max.count 7 --error.max.ratio 0.5",
    )
    .expect("complete");
    let settings = loaded.settings;
    let source = text(settings.source);
    assert_eq!(source.watch_interval, None);
    assert_eq!(
        source.schema,
        Some(SchemaText::Struct("struct<a:Int>".to_owned()))
    );
    let sql = SqlSettings {
        table: "t".to_owned(),
        query: "select a from t".to_owned(),
        hidden: Hidden::default(),
    };
    assert_eq!(settings.sql, Some(sql));
    let exclude = vec!["id".to_owned(), "time".to_owned()];
    assert_eq!(
        settings.merge,
        Some(MergeSettings {
            exclude_given: true,
            field: "f".to_owned(),
            exclude
        })
    );
    assert_eq!(
        settings.sink,
        SinkSettings::File(FileSinkSettings {
            path: Path::new("/out").to_owned(),
            format: SinkFormat::Parquet,
            compression: FileCompression::None,
            partition: Vec::new(),
            rolling_size: 1 << 30,
        })
    );
    let limits = BadRecordLimits {
        count: Some(7),
        ratio: Some(0.5),
    };
    let place = DeadLetters::Files(Path::new("/bad").to_owned());
    assert_eq!(settings.errors, BadRecords::DeadLetter { place, limits });
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

#[test]
fn the_default_query_reads_the_named_table() {
    let loaded = load_line(
        "--source.type csv --source.path /in --sink.type print --stream.sql.enable true \
        --stream.sql.table orders --stream.sql.schema struct<a:Int>",
    );
    let sql = loaded.expect("complete").settings.sql.expect("switched on");
    assert_eq!(sql.query, "select * from orders");
}

#[test]
fn a_struct_schema_without_sql_leaves_every_column_text() {
    let loaded = load_line(
        "--source.type csv --source.path /in --sink.type print --stream.sql.schema struct<a:Int>",
    )
    .expect("complete");
    assert_eq!(text(loaded.settings.source).schema, None);
    assert_eq!(
        loaded.notes,
        ["given, but without effect here: stream.sql.schema (only with stream.sql.enable true)"]
    );
}

#[test]
fn job_parameters_become_options_of_the_engine() {
    let loaded = load_line(
        "--source.type csv --source.path /in --sink.type print --job.name n --stream.parallelism 3 \
        --job.retry.maxNumberRestartAttempts 9 --job.retry.backoffTimeMS 10 \
        --stream.checkpoint.dir file:/c --stream.checkpoint.interval 1000 \
        --stream.checkpoint.timeout 2000 --stream.checkpoint.tolerable.failure.num 0 \
        --stream.checkpoint.min.pause 5 --stream.checkpoint.mode EXACTLY_ONCE --stream.checkpoint.type fs",
    )
    .expect("complete");
    let (configuration, notes) = loaded.settings.options.under(&Configuration::new());
    let set: Vec<(&str, &str)> = configuration.iter().collect();
    assert_eq!(
        set,
        [
            (options::CHECKPOINT_DIRECTORY.name, "file:/c"),
            (options::CHECKPOINT_RETENTION.name, "RETAIN_ON_CANCELLATION"),
            (options::CHECKPOINT_INTERVAL.name, "1 s"),
            (options::CHECKPOINT_MIN_PAUSE.name, "5 ms"),
            (options::CHECKPOINT_MODE.name, "EXACTLY_ONCE"),
            (options::CHECKPOINT_TIMEOUT.name, "2 s"),
            (options::CHECKPOINT_TOLERABLE_FAILURES.name, "0"),
            (options::PARALLELISM.name, "3"),
            (options::JOB_NAME.name, "n"),
            (options::RESTART_FIXED_ATTEMPTS.name, "9"),
            (options::RESTART_FIXED_DELAY.name, "10 ms"),
            (options::RESTART_STRATEGY.name, "fixed-delay"),
        ]
    );
    assert!(notes.is_empty() && loaded.notes.is_empty());
}
