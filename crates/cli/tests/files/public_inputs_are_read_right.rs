//! Inputs after public reports, through the command: quotes that are none, headers, charsets, padding, numbers that
//! are too large.

use std::path::Path;
use std::process::Command;

use crate::common::{ONCE, Said, ingest, lines, put, running};

fn run(directory: &Path, parameters: &[&str]) -> (Said, Vec<String>) {
    let mut command = ingest(
        directory,
        &[],
        &["--sink.type=file", "--sink.path=out", ONCE],
    );
    command.args(parameters);
    let said = running::run(command);
    let out = lines(&directory.join("out"));
    (said, out)
}

#[test]
fn text_that_is_not_quoted_loses_no_line() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/000000_0",
        "1\u{1}\"abc\n2\u{1}def\n3\u{1}gh\"i\n4\u{1}x\n",
    );
    let txt = ["--source.type=txt", "--source.field.delimiter=\\u0001"];
    let (said, out) = run(directory.path(), &[txt[0], txt[1], "--source.quote=none"]);
    assert_eq!((said.code, out.len()), (Some(0), 4), "{}", said.err);
    assert_eq!(out[0], r#"{"_col0":"1","_col1":"\"abc"}"#);

    std::fs::remove_dir_all(directory.path().join("out")).expect("written before");
    let (said, out) = run(directory.path(), &[txt[0], txt[1], "--error.policy=skip"]);
    assert_eq!((said.code, out.len()), (Some(0), 3), "{}", said.err);
    assert!(said.err.contains("4 records read (1 bad)"), "{}", said.err);
}

#[test]
fn a_header_that_swallows_the_file_is_refused() {
    for (content, given, end) in [
        (
            "id,n\n1,a\n2,b\n",
            "--source.line.delimiter=\\r\\n",
            "`\\n`",
        ),
        ("id,n\r1,a\r2,b\r", "--source.line.delimiter=\\n", "`\\r`"),
        (
            "\"id\",\"n\"\n\"1\",\"a\"\n\"2\",\"b\"\n",
            "--source.line.delimiter=\\r\\n",
            "`\\n`",
        ),
        (
            "\"id\",n\r\"1\",a\r\"2\",b\r",
            "--source.line.delimiter=\\n",
            "`\\r`",
        ),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", content);
        let header = ["--source.type=csv", "--source.firstLine.schema=true"];
        for schema in ["", r#"--stream.sql.schema.json={"id":"Int","n":"String"}"#] {
            let mut given = vec![header[0], header[1], given];
            given.extend((!schema.is_empty()).then_some(schema));
            let (said, _) = run(directory.path(), &given);
            assert_eq!(said.code, Some(1), "{content:?} {schema}");
            assert!(said.error().contains("MS-6008"), "{}", said.error());
            assert!(said.error().contains(end), "{}", said.error());
        }
        let auto = "--source.line.delimiter=auto";
        let (said, out) = run(directory.path(), &[header[0], header[1], auto]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(out, [r#"{"id":"1","n":"a"}"#, r#"{"id":"2","n":"b"}"#]);
    }
}

#[test]
fn a_header_in_another_charset_swallows_no_file() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        b"id,na\xEFf\n1,a\n2,b\n".as_slice(),
    );
    let given = [
        "--source.type=csv",
        "--source.firstLine.schema=true",
        r#"--stream.sql.schema.json={"id":"Int","n":"String"}"#,
    ];
    let (said, out) = run(directory.path(), &given);
    assert_eq!((said.code, out.len()), (Some(0), 2), "{}", said.err);
    let wrong = "--source.line.delimiter=\\r\\n";
    let (said, _) = run(directory.path(), &[given[0], given[1], given[2], wrong]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("MS-6008"), "{}", said.error());
}

#[test]
fn a_first_record_that_is_the_whole_file_is_refused_where_it_holds_other_ends_of_lines() {
    const CRLF: &str = "--source.line.delimiter=\\r\\n";
    const LF: &str = "--source.line.delimiter=\\n";
    let schema = r#"--stream.sql.schema.json={"n":"String"}"#;
    for (content, given, end) in [
        ("1,a\n2,b\n", vec![CRLF], Some("`\\n`")),
        ("1,a\r2,b\r", vec![LF], Some("`\\r`")),
        ("\"1\",\"a\"\n\"2\",\"b\"", vec![CRLF], Some("`\\n`")),
        ("1,\"a\n2,b\n", vec![CRLF], Some("`\\n`")),
        ("1\n2\n", vec![CRLF, schema], Some("`\\n`")),
        ("1,\"a\nb\"", vec![CRLF], None),
        ("1,\"a\rb\"", vec![LF], None),
        ("1,a\r\n", vec![LF], None),
        ("1,a\r", vec![LF], None),
        ("1,a\nb\r\n", vec![CRLF], None),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", content);
        let mut given = given;
        given.push("--source.type=csv");
        let (said, out) = run(directory.path(), &given);
        let Some(end) = end else {
            assert_eq!(
                (said.code, out.len()),
                (Some(0), 1),
                "{content:?}: {}",
                said.err
            );
            continue;
        };
        assert_eq!(said.code, Some(1), "{content:?}");
        assert!(said.error().contains("MS-6008"), "{}", said.error());
        assert!(said.error().contains(end), "{}", said.error());
    }
}

#[test]
fn a_schema_frees_from_the_names_but_not_from_their_order() {
    for (header, schema, right) in [
        ("a,a", r#"{"x":"Int","y":"String"}"#, true),
        ("x,y", r#"{"x":"Int","y":"String"}"#, true),
        ("y,x", r#"{"x":"Int","y":"String"}"#, false),
        ("y,z", r#"{"x":"Int","y":"String"}"#, false),
        ("Y,X", r#"{"x":"Int","y":"String"}"#, false),
        ("X,Y", r#"{"x":"Int","y":"String"}"#, true),
        ("x,y,z", r#"{"x":"Int","y":"String"}"#, false),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", format!("{header}\n1,2\n"));
        let schema = format!("--stream.sql.schema.json={schema}");
        let (said, out) = run(
            directory.path(),
            &[
                "--source.type=csv",
                "--source.firstLine.schema=true",
                &schema,
            ],
        );
        if right {
            assert_eq!(said.code, Some(0), "{header}: {}", said.err);
            assert_eq!(out, [r#"{"x":1,"y":"2"}"#], "{header}");
        } else {
            assert_eq!(said.code, Some(1), "{header}");
            assert!(said.error().contains("MS-6008"), "{}", said.error());
        }
    }
}

#[test]
fn a_number_that_is_too_large_is_a_bad_record() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "1e39,1\n1,1e400\n1,1\n");
    let schema = r#"--stream.sql.schema.json={"f":"Float","d":"Double"}"#;
    let (said, out) = run(
        directory.path(),
        &["--source.type=csv", schema, "--error.policy=skip"],
    );
    assert_eq!((said.code, out.len()), (Some(0), 1), "{}", said.err);
    assert!(said.err.contains("(2 bad)"), "{}", said.err);
}

#[test]
fn decimals_are_exact_and_texts_have_their_length() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        "0.1,abc,7\n12345678901234567890.12,äöü,8\n0.123,a,9\n1,abcd,10\n",
    );
    let schema = r#"--stream.sql.schema.json={"d":"Decimal(22,2)","s":"varchar(3)","n":"Long"}"#;
    let (said, out) = run(
        directory.path(),
        &["--source.type=csv", schema, "--error.policy=skip"],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        out,
        [
            r#"{"d":0.10,"s":"abc","n":7}"#,
            r#"{"d":12345678901234567890.12,"s":"äöü","n":8}"#
        ]
    );
}

#[test]
fn zeros_behind_gzip_data_are_padding() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "a.csv", "id,n\n1,a\n");
    let zipped = Command::new("gzip")
        .args(["-c", "a.csv"])
        .current_dir(directory.path())
        .output()
        .expect("gzip is there");
    let mut bytes = zipped.stdout.clone();
    bytes.extend([0; 512]);
    bytes.extend(zipped.stdout);
    bytes.extend([0; 100_000]);
    put(directory.path(), "in/a.csv.gz", bytes);
    let (said, out) = run(directory.path(), &["--source.type=csv"]);
    assert_eq!((said.code, out.len()), (Some(0), 4), "{}", said.err);
}

#[test]
fn marks_of_byte_order_are_dropped() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        let bytes = units.flat_map(|unit: u16| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        });
        bytes.collect()
    };
    let mut gb18030 = vec![0x84, 0x31, 0x95, 0x33];
    gb18030.extend(b"id,n\n1,a\n");
    for (charset, bytes) in [
        ("UTF-16", utf16("id,n\n1,a\n", true)),
        ("UTF-16", utf16("id,n\n1,a\n", false)),
        ("UTF-16BE", utf16("id,n\n1,a\n", true)),
        ("UnicodeLittle", utf16("id,n\n1,a\n", false)),
        ("GB18030", gb18030),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", bytes);
        let charset = format!("--source.charset={charset}");
        let (said, out) = run(
            directory.path(),
            &[
                "--source.type=csv",
                "--source.firstLine.schema=true",
                &charset,
            ],
        );
        assert_eq!(said.code, Some(0), "{charset}: {}", said.err);
        assert_eq!(out, [r#"{"id":"1","n":"a"}"#], "{charset}");
    }
}
