//! A file that begins with UTF-8's byte order mark is not read as another charset, and one that is all header is not passed over
//! without a word.

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

fn run(content: &[u8], more: &[&str]) -> (Said, Vec<String>) {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", content);
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([ONCE]).args(more);
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

#[test]
fn a_header_that_is_all_of_the_file_is_told() {
    let word = "the first line is all of the file";
    let (said, written) = run(b"a,b|1,2|3,4|", &[]);
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
