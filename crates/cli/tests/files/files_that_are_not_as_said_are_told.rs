//! A file is not read as another charset than that of its byte order mark, and one that is all header is not passed over without
//! a word.

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

fn run(content: &[u8], more: &[&str]) -> (Said, Vec<String>) {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", content);
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    // The files are new, and what has no end is waited for elsewhere.
    job.args([ONCE, "--source.file.settle=0"]).args(more);
    let said = running::run(job);
    let written = if said.code == Some(0) {
        lines(&directory.path().join("out"))
    } else {
        Vec::new()
    };
    (said, written)
}

#[test]
fn a_mark_of_utf_8_contradicts_another_charset() {
    let marked = b"\xef\xbb\xbfa,b\n1,2\n";
    for (charset, more) in [
        ("GBK", &[][..]),
        ("US-ASCII", &[]),
        ("Big5", &[]),
        // Decoded before it is cut.
        ("GBK", &["--source.field.delimiter=|"]),
    ] {
        let charset_given = format!("--source.charset={charset}");
        let given = [&[charset_given.as_str()], more].concat();
        let (said, _) = run(marked, &given);
        assert_eq!(said.code, Some(1), "{charset}: {}", said.err);
        let error = said.error();
        let name = if charset == "US-ASCII" {
            "windows-1252"
        } else {
            charset
        };
        assert!(
            error.contains("MS-6004")
                && error.contains("a.csv begins with the byte order mark of UTF-8")
                && error.contains(&format!("is read as {name}, as source.charset says")),
            "{error}"
        );
    }
    let (said, written) = run(marked, &["--source.charset=UTF-8"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(written, [r#"{"a":"1","b":"2"}"#]);
}

const SCHEMA: &str = r#"--stream.sql.schema.json={"a":"String","b":"String"}"#;

/// A file of UTF-16, as Excel and PowerShell write it.
fn utf_16() -> Vec<u8> {
    let units = "\u{feff}a,b\r\n1,é\r\n".encode_utf16();
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_mark_of_another_charset_contradicts_utf_8() {
    let gb18030 = b"\x84\x31\x95\x33a,b\n1,\xc0\xee\n".to_vec();
    let signs = "\u{feff}a,b\n1,2\n".chars();
    let utf_32: Vec<u8> = signs
        .flat_map(|sign| u32::from(sign).to_le_bytes())
        .collect();
    for (content, mark, advice) in [
        (utf_16(), "UTF-16LE", "set source.charset to UTF-16LE"),
        (gb18030, "GB18030", "set source.charset to GB18030"),
        (utf_32, "UTF-32", "write the file in UTF-8"),
    ] {
        for more in [&[SCHEMA][..], &[]] {
            let (said, _) = run(&content, more);
            let error = said.error();
            assert_eq!(said.code, Some(1), "{mark}: {error}");
            let told =
                format!("a.csv begins with the byte order mark of {mark}, and is read as UTF-8");
            assert!(
                error.contains("MS-6004") && error.contains(&told) && error.contains(advice),
                "{more:?}: {error}"
            );
        }
    }
    let (said, _) = run(&utf_16(), &[SCHEMA, "--source.skip.lines=1"]);
    assert!(said.error().contains("UTF-16LE"), "{}", said.error());
}

#[test]
fn a_file_of_another_charset_is_a_bad_file_and_is_read_where_that_is_said() {
    let (said, written) = run(&utf_16(), &[SCHEMA, "--source.file.bad=skip"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(written.is_empty(), "{written:?}");
    assert!(
        said.err.contains("MS-6004") && said.err.contains("the byte order mark of UTF-16LE"),
        "{}",
        said.err
    );
    let (said, written) = run(&utf_16(), &[SCHEMA, "--source.charset=UTF-16LE"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(written, [r#"{"a":"1","b":"é"}"#]);
}

#[test]
fn a_header_that_is_all_of_the_file_is_told() {
    let word = "the first line is all of the file";
    let (said, written) = run(b"a,b", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(written.is_empty(), "{written:?}");
    assert!(
        said.err.contains(word)
            && said.err.contains("source.line.delimiter")
            && said.err.contains("a.csv"),
        "{}",
        said.err
    );
    for (content, more, records) in [
        (&b"a,b\n"[..], &[][..], 0),
        (b"a,b\n1,2", &[], 1),
        (b"a,b|1,2|3,4|", &["--source.line.delimiter=|"], 2),
    ] {
        let (said, written) = run(content, more);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(written.len(), records, "{written:?}");
        assert!(!said.err.contains(word), "{}", said.err);
    }
}

#[test]
fn a_header_that_swallows_the_file_is_an_error_that_says_what_ends_the_lines() {
    let unknown = &[&[][..], &[SCHEMA]][..];
    // Where it does not end with the sign that is told by the number of columns alone.
    let known = &[&[SCHEMA][..]][..];
    for (content, end, columns) in [
        (&b"a,b|1,2|3,4|"[..], "|", unknown),
        (b"a,b\x001,2\x00", "\\u0000", unknown),
        (
            "a,b\u{2028}1,2\u{2028}3,4\u{2028}".as_bytes(),
            "\\u2028",
            unknown,
        ),
        (b"a,b|1,2|3,4", "|", known),
        ("a,b\u{2028}1,2".as_bytes(), "\\u2028", known),
    ] {
        for more in columns {
            let (said, _) = run(content, more);
            assert_eq!(said.code, Some(1), "{}", said.err);
            let error = said.error();
            let next = format!("set source.line.delimiter to {end}");
            assert!(
                error.contains("MS-6008") && error.contains("a.csv") && error.contains(&next),
                "{error}"
            );
        }
        let given = format!("--source.line.delimiter={end}");
        let (said, written) = run(content, &[given.as_str()]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(!written.is_empty(), "{end}");
    }
}

#[test]
fn so_is_a_record_that_is_all_of_a_file_without_a_header() {
    let (said, _) = run(b"1,2|3,4|5,6|", &["--source.firstLine.schema=false"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6008") && error.contains("set source.line.delimiter to |"),
        "{error}"
    );
}

#[test]
fn signs_within_the_names_of_a_header_end_no_lines() {
    for content in [
        &b"a|b,c|d"[..],
        b"a (x),b (y)",
        b"a;b;c;",
        b"a,b|",
        b"Time,Voltage (V),Current (A)",
        b"id,amount%,share%",
        b"a,b|1,2|3,4",
    ] {
        let (said, written) = run(content, &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(written.is_empty(), "{written:?}");
    }
}

#[test]
fn signs_within_a_record_that_is_all_of_its_file_end_no_lines() {
    for content in [
        &b"17,from@a.de,to@b.de,subject"[..],
        b"1,a;b,c;d,2",
        b"2026-01-01,3.5%,4.1%",
        b"1,-,-",
        b"1,[1],[2],[3]",
        b"5,Title\x0bSubtitle,x",
    ] {
        let (said, written) = run(content, &["--source.firstLine.schema=false"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(written.len(), 1, "{written:?}");
    }
}
