//! `source.field.delimiter` and `source.line.delimiter` as a character, an escape, a code point or an ASCII code.

use crate::common::{ONCE, Said, ingest, lines, put, running};

fn run(directory: &std::path::Path, parameters: &[&str]) -> Said {
    let mut command = ingest(
        directory,
        &[],
        &["--sink.type=file", "--sink.path=out", ONCE],
    );
    command.args(parameters);
    running::run(command)
}

#[track_caller]
fn is_read(parameters: &[&str], input: &str) {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.txt", input);
    let said = run(directory.path(), parameters);
    assert_eq!(said.code, Some(0), "{parameters:?}: {}", said.err);
    let expected = [
        "{\"_col0\":\"1\",\"_col1\":\"x y\"}",
        "{\"_col0\":\"2\",\"_col1\":\"z\"}",
    ];
    assert_eq!(
        lines(&directory.path().join("out")),
        expected,
        "{parameters:?}"
    );
}

#[test]
fn between_fields() {
    for (notations, character) in [
        (
            &["\\t", "\t", "\\u0009", "\\x09", "\\011", "0x09", "9"][..],
            '\t',
        ),
        (&["\\u0001", "\\x01", "\\001", "0x01", "1"], '\u{1}'),
        (
            &["|", "'|'", "\\u007C", "\\u007c", "0x7c", "0x7C", "124"],
            '|',
        ),
        (&[",", "44", "0x2c"], ','),
        (&["、", "\\u3001"], '、'),
    ] {
        let input = format!("1{character}x y\n2{character}z\n");
        for notation in notations {
            let given = format!("--source.field.delimiter={notation}");
            is_read(&["--source.type=txt", &given], &input);
        }
    }
}

#[test]
fn between_records() {
    for (notations, end) in [
        (&["\\n", "\\u000A", "0x0A", "10"][..], "\n"),
        (&["\\r\\n", "0x0D0A", "\\u000d\\u000a"], "\r\n"),
        (&["\\r", "13", "0x0d"], "\r"),
        (&[";;", "0x3b3B", "\\x3b\\x3b"], ";;"),
        (&["\\u0002", "2"], "\u{2}"),
    ] {
        // The last record may have an end or not.
        for input in [format!("1,x y{end}2,z{end}"), format!("1,x y{end}2,z")] {
            for notation in notations {
                let given = format!("--source.line.delimiter={notation}");
                is_read(&["--source.type=csv", &given], &input);
            }
        }
    }
}

#[test]
fn types_have_their_own() {
    is_read(&["--source.type=tsv"], "1\tx y\n2\tz\n");
    is_read(&["--source.type=TSV"], "1\tx y\r\n2\tz\r\n");
    is_read(&["--source.type=CSV"], "1,x y\n2,z\n");
    is_read(&["--source.type=Txt"], "1,x y\n2,z\n");
}

#[test]
fn what_can_not_be_one_is_refused_with_its_name() {
    for (given, code) in [
        ("--source.field.delimiter=ab", "MS-1002"),
        ("--source.field.delimiter=0xzz", "MS-1002"),
        ("--source.field.delimiter=300", "MS-1002"),
        ("--source.field.delimiter=\\u12", "MS-1002"),
        ("--source.field.delimiter=\"", "MS-1002"),
        ("--source.line.delimiter=,", "MS-8001"),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", "1,2\n");
        let said = run(directory.path(), &["--source.type=csv", given]);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(1), ""),
            "{given}: {said:?}"
        );
        let name = given
            .trim_start_matches("--")
            .split('=')
            .next()
            .unwrap_or_default();
        let error = said.error();
        assert!(
            error.starts_with(code) && error.contains(name),
            "{given}: {error}"
        );
    }
}
