use std::collections::BTreeSet;

use super::*;

fn text<'a>(given: &'a Given, name: &str) -> Option<&'a str> {
    given
        .values
        .get(name)
        .and_then(|value| value.text.as_deref())
}

fn collect(environment: &[(&str, &str)], arguments: &[&str], file: Option<&str>) -> Given {
    let directory = tempfile::tempdir().expect("temporary directory");
    if let Some(content) = file {
        std::fs::write(directory.path().join(DEFAULT_FILE), content).expect("written");
    }
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let input = Input {
        environment: &environment,
        arguments: &arguments,
        directory: directory.path(),
    };
    Given::collect(&input, References::Here)
}

#[test]
fn the_environment_wins_over_arguments_and_these_over_the_file() {
    let given = collect(
        &[("MILLSTREAM_INGEST_JOB_NAME", "from environment")],
        &["--job.name", "from argument", "--source.type", "csv"],
        Some("job.name=from file\nsource.type=tsv\nsource.path=/from/file\n"),
    );
    assert!(given.problems.is_empty(), "{:?}", given.problems);
    assert_eq!(text(&given, "job.name"), Some("from environment"));
    assert_eq!(text(&given, "source.type"), Some("csv"));
    assert_eq!(text(&given, "source.path"), Some("/from/file"));
    assert_eq!(
        given.notes,
        ["the environment variable MILLSTREAM_INGEST_JOB_NAME wins over --job.name"]
    );
}

#[test]
fn the_last_of_repeated_arguments_holds_with_a_note() {
    let given = collect(&[], &["--job.name", "a", "--job.name", "b"], None);
    assert_eq!(text(&given, "job.name"), Some("b"));
    assert_eq!(
        given.notes,
        ["--job.name is given more than once; the last value holds"]
    );
}

#[test]
fn an_empty_value_counts_as_not_given() {
    let given = collect(
        &[("MILLSTREAM_INGEST_JOB_NAME", "")],
        &["--job.name", "a"],
        Some("source.path=\n"),
    );
    assert!(given.problems.is_empty() && given.notes.is_empty());
    assert_eq!(text(&given, "job.name"), Some("a"));
    assert_eq!(text(&given, "source.path"), None);
}

#[test]
fn hadoops_own_variables_set_its_parameters() {
    let given = collect(
        &[("HADOOP_USER_NAME", "hdfs"), ("PATH", "/bin")],
        &["--hadoop.user.name", "me"],
        None,
    );
    assert_eq!(text(&given, "hadoop.user.name"), Some("hdfs"));
}

#[test]
fn properties_for_kafka_are_taken_from_everywhere() {
    let given = collect(
        &[("MILLSTREAM_INGEST_SINK_KAFKA_BATCH_SIZE", "65536")],
        &["--source.kafka.max.poll.records", "10"],
        Some("sink.kafka.linger.ms=5\n"),
    );
    assert!(given.problems.is_empty(), "{:?}", given.problems);
    assert_eq!(text(&given, "sink.kafka.batch.size"), Some("65536"));
    assert_eq!(text(&given, "source.kafka.max.poll.records"), Some("10"));
    assert_eq!(text(&given, "sink.kafka.linger.ms"), Some("5"));
}

#[test]
fn unknown_names_are_reported_from_everywhere() {
    let given = collect(
        &[("MILLSTREAM_INGEST_SOURCE_PTH", "/x")],
        &["--sink.pth", "/y"],
        Some("# mine\njob.nam=z\nconfig=other.properties"),
    );
    let problems: Vec<String> = given.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert_eq!(
        problems[0],
        "MS-1001: there is no parameter `sink.pth`; did you mean sink.path?"
    );
    assert!(
        problems[1].contains("(environment variable MILLSTREAM_INGEST_SOURCE_PTH)"),
        "{problems:?}"
    );
    assert!(
        problems[2].contains("application.properties:2)"),
        "{problems:?}"
    );
    assert!(
        problems[3].contains("application.properties:3)"),
        "{problems:?}"
    );
}

#[test]
fn no_two_parameters_share_an_environment_variable() {
    let variables: BTreeSet<String> = table::all().map(|p| p.environment_variable()).collect();
    assert_eq!(variables.len(), table::all().count());
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let given = collect(&[], &["--config", "nowhere.properties"], None);
    assert_eq!(given.problems.len(), 1);
    assert_eq!(given.problems[0].code(), "MS-1005");
}
