//! Text of any charset is read; bytes that are not the charset make a bad record, not a wrong character.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::files_source_support::{Attempt, Found, directory, read_with, source};
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1252};
use millstream_connectors::files_source::{Charset, ReadSizes};
use millstream_connectors::text::{TextFileOptions, TextFileSource};

const TINY: ReadSizes = ReadSizes {
    split: 16,
    block: 16,
    record: 1 << 20,
    rows: 2,
};

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable, "{text}");
    bytes.into_owned()
}

fn read(bytes: &[u8], charset: &str, delimiter: char, sizes: ReadSizes) -> Found {
    let directory = directory(&[("a.csv", bytes)]);
    read_with(directory.path(), |options| {
        options.format.charset = Charset::parse(charset).expect(charset);
        options.format.field_delimiter = delimiter;
        options.sizes = sizes;
    })
}

#[test]
fn multi_byte_charsets_are_read_with_every_delimiter() {
    // The second bytes of some of these characters are `|`, `\` or letters.
    let cases: [(&'static Encoding, &str, &str); 4] = [
        (GBK, "城市,\"北京,\n上海\",|}~亅倈倈\n一,二,三\n", "亅"),
        (BIG5, "城市,\"功,許\",蓋\n一,二,三\n", "功"),
        (SHIFT_JIS, "表,\"ソ,能\",予\n一,二,三\n", "ソ"),
        (EUC_KR, "한글,\"가,나\",다\n라,마,바\n", "나"),
    ];
    for (encoding, text, hint) in cases {
        assert!(text.contains(hint));
        for delimiter in [',', '|'] {
            let text = text.replace('|', "/").replace(',', &delimiter.to_string());
            let utf8 = read(text.as_bytes(), "utf-8", delimiter, ReadSizes::default());
            assert!(utf8.bad.is_empty(), "{:?}", utf8.bad);
            for sizes in [ReadSizes::default(), TINY] {
                let found = read(&encoded(encoding, &text), encoding.name(), delimiter, sizes);
                assert_eq!(
                    (found.rows, found.bad),
                    (utf8.rows.clone(), vec![]),
                    "{delimiter}"
                );
            }
        }
    }
}

#[test]
fn a_single_byte_charset_may_have_a_delimiter_of_its_own() {
    let text = "caf\u{e9}§\"na§ïve\"\nü§\n";
    let found = read(&encoded(WINDOWS_1252, text), "latin1", '§', TINY);
    assert_eq!(found.rows, ["café|na§ïve", "ü|NULL"]);
}

#[test]
fn utf_16_is_read_with_and_without_a_byte_order_mark() {
    let text = "id,\"名字\"\r\n1,\"a\n😀\"\r\n";
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let marked = |mark: [u8; 2], bytes: &[u8]| [&mark[..], bytes].concat();
    for (charset, bytes) in [
        ("utf-16", little.clone()),
        ("utf-16le", little.clone()),
        ("utf-16be", big.clone()),
        ("utf-16", marked([0xFF, 0xFE], &little)),
        ("utf-16", marked([0xFE, 0xFF], &big)),
    ] {
        for sizes in [ReadSizes::default(), TINY] {
            assert_eq!(
                read(&bytes, charset, ',', sizes).rows,
                ["id|名字", "1|a\n😀"],
                "{charset}"
            );
        }
    }
}

fn columns() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![text("id"), text("name")]))
}

#[test]
fn a_mark_that_is_not_of_the_charset_makes_a_bad_file() {
    let little: Vec<u8> = "\u{feff}1,a\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = "\u{feff}1,a\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let wide: Vec<u8> = "\u{feff}1,a\n"
        .chars()
        .flat_map(|sign| u32::from(sign).to_le_bytes())
        .collect();
    let gb18030 = b"\x84\x31\x95\x331,a\n".to_vec();
    for (bytes, charset, delimiter, mark) in [
        (&little, "utf-8", ',', "UTF-16LE"),
        (&big, "utf-8", ',', "UTF-16BE"),
        (&wide, "utf-8", ',', "UTF-32"),
        (&gb18030, "utf-8", ',', "GB18030"),
        (&little, "gbk", ',', "UTF-16LE"),
        // Decoded before it is cut.
        (&little, "gbk", '|', "UTF-16LE"),
        (&big, "latin1", ',', "UTF-16BE"),
        (&wide, "utf-16", ',', "UTF-32"),
    ] {
        for sizes in [ReadSizes::default(), TINY] {
            let directory = directory(&[("a.csv", bytes)]);
            let source = source(directory.path(), |options| {
                options.format.charset = Charset::parse(charset).expect(charset);
                options.format.field_delimiter = delimiter;
                options.schema = Some(columns());
                options.sizes = sizes;
            });
            let error = Attempt::start(&source, 1).fails();
            let told = format!("begins with the byte order mark of {mark}, and is read as ");
            assert_eq!(error.code(), "MS-6004", "{charset}: {error}");
            assert!(error.message().contains(&told), "{charset}: {error}");
        }
    }
}

#[test]
fn bytes_that_are_not_the_charset_make_one_bad_record() {
    let bytes = [b"a,b\nx,", &[0xFF, 0xFF][..], b"\nc,d\n"].concat();
    let found = read(&bytes, "gbk", ',', ReadSizes::default());
    assert_eq!(found.rows, ["a|b", "c|d"]);
    assert_eq!(
        found.bad[0].raw, b"x,\xFF\xFF",
        "the bytes as they are in the file"
    );
    assert_eq!((found.bad[0].line, found.bad[0].offset), (Some(2), 4));
    assert_eq!(found.bad[0].error, "bytes that are not GBK");

    let bytes = bytes
        .iter()
        .map(|byte| if *byte == b',' { b'|' } else { *byte });
    let found = read(&bytes.collect::<Vec<_>>(), "gbk", '|', TINY);
    assert_eq!(found.rows, ["a|b", "c|d"]);
    assert_eq!(
        found.bad[0].raw,
        "x|\u{FFFD}\u{FFFD}".as_bytes(),
        "decoded before it was cut"
    );
    assert_eq!(found.bad.len(), 1);
}

#[test]
fn a_file_that_is_decoded_first_goes_on_where_it_was() {
    let text: String = (0..200).map(|row| format!("{row}|城市{row}\n")).collect();
    let directory = directory(&[("a.csv", &encoded(GBK, &text))]);
    let source = source(directory.path(), |options| {
        options.format.charset = Charset::parse("gbk").expect("known");
        options.format.field_delimiter = '|';
        options.sizes = TINY;
    });
    let mut found = Vec::new();
    let mut state = None;
    for parallelism in [1, 3, 2, 1] {
        let mut attempt =
            Attempt::restore(&source, parallelism, state.take()).expect("the readers open");
        found.extend(
            attempt
                .read_until(|found| found.len() >= 20)
                .expect("can be read"),
        );
        state = Some(attempt.snapshot());
    }
    let mut last = Attempt::restore(&source, 2, state).expect("the readers open");
    found.extend(last.read_to_end().expect("can be read"));
    let expected: Vec<String> = (0..200).map(|row| format!("{row}|城市{row}")).collect();
    assert_eq!(Found::of(found).rows, expected);
}

#[test]
fn lines_of_text_have_a_charset_too() {
    let directory = directory(&[("a", &encoded(GBK, "第一\r\n\n二"))]);
    let charset = Charset::parse("gbk").expect("known");
    let lines = |charset| {
        TextFileSource::<String>::new(TextFileOptions {
            charset,
            ..TextFileOptions::new(directory.path())
        })
        .expect("a source")
    };
    let found = Attempt::start(&lines(charset), 1)
        .read_to_end()
        .expect("can be read");
    assert_eq!(found, ["第一", "", "二"]);
    let error = Attempt::start(&lines(Charset::UTF_8), 1).fails();
    assert_eq!(error.code(), "MS-6004");
    assert!(error.message().contains("offset 0, line 1"), "{error}");
}
