use crate::files_source::charset::Charset;
use crate::files_source::format::Format;

fn ends_within_record(format: &Format, bytes: &[u8]) -> bool {
    let contents = format.compile().expect("a format").contents();
    contents.ends_within_record(bytes)
}

#[test]
fn a_line_without_its_end_and_an_open_quote_are_no_end_of_a_record() {
    let csv = Format::csv();
    for whole in [
        &b""[..],
        b"1,a\n",
        b"1,\"a\nb\"\n",
        b"1,a\r\n",
        b"1,\"a\"\"b\"\n",
    ] {
        assert!(!ends_within_record(&csv, whole), "{whole:?}");
    }
    for half in [
        &b"1"[..],
        b"1,a\n2",
        b"1,\"abc\n",
        b"1,\"abc\n2,def\n",
        b"1,\"a\"",
    ] {
        assert!(ends_within_record(&csv, half), "{half:?}");
    }
}

#[test]
fn a_carriage_return_ends_a_line_where_any_line_end_does() {
    let any = Format {
        line_delimiter: Format::ANY_LINE_END.to_owned(),
        ..Format::csv()
    };
    assert!(!ends_within_record(&any, b"1,a\r2,b\r"));
    assert!(!ends_within_record(&any, b"1,a\n"));
    assert!(ends_within_record(&any, b"1,a\r2,b"));
    assert!(ends_within_record(&any, b"1,\"a\r"));
}

#[test]
fn half_a_character_is_no_end_of_a_record() {
    let in_charset = |name, field_delimiter| Format {
        charset: Charset::parse(name).expect("known"),
        field_delimiter,
        ..Format::csv()
    };
    let utf_16 = in_charset("UTF-16LE", ',');
    assert!(!ends_within_record(&utf_16, b"1\0,\0a\0\n\0"));
    assert!(ends_within_record(&utf_16, b"1\0,\0a\0\n"));
    assert!(ends_within_record(&utf_16, b"1\0,\0a\0\n\0b"));
    let gbk = in_charset("GBK", '|');
    assert!(!ends_within_record(&gbk, b"1|\xc0\xee\n"));
    assert!(ends_within_record(&gbk, b"1|\xc0\xee\n\xc0"));
    let iso_2022_jp = in_charset("ISO-2022-JP", ',');
    assert!(!ends_within_record(&iso_2022_jp, b"1,\x1b$B0!\x1b(B\n"));
    assert!(ends_within_record(&iso_2022_jp, b"1,a\n\x1b$"));
    assert!(ends_within_record(&iso_2022_jp, b"1,\x1b$B0!"));
}

#[test]
fn lines_that_are_left_out_open_no_quote() {
    let format = Format {
        comment: Some("#".to_owned()),
        ..Format::csv()
    };
    assert!(!ends_within_record(&format, b"# \"note\n1,a\n"));
    assert!(ends_within_record(&format, b"# \"note\n1,\"a\n"));
    // A comment behind a quote that turned out to be broken.
    assert!(!ends_within_record(&format, b"\"abc\n#c\"x\n1\n"));
    // What looks like one may stand in quotes that are open.
    assert!(ends_within_record(&format, b"1,\"a\n#b\n"));
    assert!(ends_within_record(&format, b"1,a\n2"));
}

#[test]
fn a_quote_that_is_open_behind_lines_that_are_left_out_is_no_end_of_a_record() {
    let format = Format {
        skip_lines: 1,
        ..Format::csv()
    };
    for whole in [&b"t\n"[..], b"\"t\n1,a\n", b"t\n1,\"a\nb\"\n"] {
        assert!(!ends_within_record(&format, whole), "{whole:?}");
    }
    for half in [&b"t\n1,\"a\n"[..], b"t\nid,name\n1,a\n2,\"abc\n", b"t\n1"] {
        assert!(ends_within_record(&format, half), "{half:?}");
    }
}
