//! `source.charset`: GBK, Shift_JIS and UTF-16 come out as UTF-8, their column names too.

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

fn run(directory: &std::path::Path, charset: &str) -> Said {
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.args([ONCE, "--source.charset", charset]);
    running::run(command)
}

#[test]
fn gbk_and_others() {
    // `名,城市` and `李雷,北京|` in GBK; the second byte of one of them is that of `|`.
    let gbk: &[u8] =
        b"\xc3\xfb,\xb3\xc7\xca\xd0\n\xc0\xee\xc0\xd7,\xb1\xb1\xbe\xa9|\n\x81\x7c,\x81\x40\n";
    // `名前` and `表` in Shift_JIS; the second byte of the latter is that of `\`.
    let shift_jis: &[u8] = b"\x96\xbc\x91\x4f\n\x95\x5c\n";
    let utf_16: Vec<u8> = "\u{feff}k\r\nгод,\"ü\"\r\n"
        .replace("k", "a,b")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (charset, bytes, expected) in [
        (
            "GBK",
            gbk,
            &[
                "{\"名\":\"李雷\",\"城市\":\"北京|\"}",
                "{\"名\":\"亅\",\"城市\":\"丂\"}",
            ][..],
        ),
        (
            "gb2312",
            gbk,
            &[
                "{\"名\":\"李雷\",\"城市\":\"北京|\"}",
                "{\"名\":\"亅\",\"城市\":\"丂\"}",
            ],
        ),
        ("Shift_JIS", shift_jis, &["{\"名前\":\"表\"}"]),
        ("UTF-16", &utf_16, &["{\"a\":\"год\",\"b\":\"ü\"}"]),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", bytes);
        let said = run(directory.path(), charset);
        assert_eq!(said.code, Some(0), "{charset}: {}", said.err);
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(lines(&directory.path().join("out")), expected, "{charset}");
    }
}

#[test]
fn bytes_that_are_not_the_charset_are_named_by_file_and_line() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", b"a,b\n1,\xc0\xee\n");
    let said = run(directory.path(), "UTF-8");
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6004") && error.contains("a.csv, line 2") && error.contains("UTF-8"),
        "{error}"
    );
}

#[test]
fn an_unknown_charset_is_refused_before_the_start() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "a,b\n");
    let said = run(directory.path(), "UTF-80");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let error = said.err.lines().last().unwrap_or_default();
    assert!(
        error.starts_with("MS-") && error.contains("UTF-80") && error.contains("UTF-8"),
        "{error}"
    );
}
