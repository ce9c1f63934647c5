use std::convert::Infallible;

use super::Skipping;
use crate::files_source::format::{Format, Skip};

/// What is left of `text`, which comes in pieces of `piece` bytes.
fn left(lines: u64, comment: &str, text: &str, piece: usize) -> String {
    left_of(Format::csv(), lines, comment, text, piece)
}

fn left_of(format: Format, lines: u64, comment: &str, text: &str, piece: usize) -> String {
    let left = bytes_left(format, lines, comment, text.as_bytes(), piece);
    String::from_utf8(left).expect("text")
}

fn bytes_left(format: Format, lines: u64, comment: &str, bytes: &[u8], piece: usize) -> Vec<u8> {
    let dialects = format.compile().expect("a format");
    let skip = Skip {
        lines,
        comment: comment.as_bytes().to_vec(),
    };
    let mut skipping = Skipping::new(skip, dialects.raw, usize::MAX);
    let mut pieces = bytes.chunks(piece);
    let mut left = Vec::new();
    while skipping
        .read::<Infallible>(&mut left, piece, |raw, _| {
            let next = pieces.next();
            raw.extend_from_slice(next.unwrap_or_default());
            Ok(next.is_some())
        })
        .expect("read")
    {}
    left
}

#[test]
fn lines_keep_their_numbers_however_the_bytes_come() {
    let text = "export of 5\" disks\nid,name\n# 1,a \"quote\n1,\"x\n# no comment\n\"\"y\"\n##\n2,5\" pipe\n#end";
    let expected = "\nid,name\n\n1,\"x\n# no comment\n\"\"y\"\n\n2,5\" pipe\n";
    for piece in 1..=text.len() {
        assert_eq!(left(1, "#", text, piece), expected, "{piece}");
    }
}

#[test]
fn a_mark_of_several_characters_is_whole_or_none() {
    for piece in 1..5 {
        assert_eq!(left(0, "--", "-1\n--2\n-", piece), "-1\n\n-");
        assert_eq!(left(0, "--", "--", piece), "");
    }
}

#[test]
fn lines_at_the_beginning_are_left_out_alone() {
    for piece in 1..6 {
        assert_eq!(left(2, "", "a\n\"b\nc\n#d\n", piece), "\n\nc\n#d\n");
        assert_eq!(left(5, "", "a\nb", piece), "\n");
    }
}

#[test]
fn any_line_end_ends_a_line_that_is_left_out() {
    for (lines, text, expected) in [
        (1, "h\r1\r2\r", "\n1\r2\r"),
        (1, "h\r\n1\r\n", "\n1\r\n"),
        (1, "h\n\r1", "\n\r1"),
        (2, "a\r\rb\r\n", "\n\nb\r\n"),
        (2, "a\r\n\nb", "\n\nb"),
    ] {
        for piece in 1..6 {
            let format = Format {
                line_delimiter: Format::ANY_LINE_END.to_owned(),
                ..Format::csv()
            };
            assert_eq!(
                left_of(format, lines, "", text, piece),
                expected,
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_mark_of_the_charset_is_no_part_of_the_first_line() {
    for piece in 1..8 {
        let text = "\u{feff}# x,y\na,b\n";
        assert_eq!(left(0, "#", text, piece), "\u{feff}\na,b\n", "{piece}");
        assert_eq!(left(0, "#", "\u{feff}", piece), "\u{feff}");
    }
}

#[test]
fn a_mark_of_another_charset_stays_where_the_first_line_is_left_out() {
    for (mark, text) in [
        (&b"\xFF\xFE"[..], &b"x\0\n\0a\0\n\0"[..]),
        (b"\xFE\xFF", b"\0x\0\n\0a\0\n"),
        (b"\xFF\xFE\0\0", b"x\0\0\0\n\0\0\0"),
        (b"\0\0\xFE\xFF", b"\0\0\0x\0\0\0\n"),
    ] {
        for piece in 1..8 {
            let bytes = [mark, text].concat();
            let left = bytes_left(Format::csv(), 1, "", &bytes, piece);
            assert!(left.starts_with(mark), "{piece}: {left:?}");
        }
    }
}

#[test]
fn a_line_feed_alone_ends_no_line_where_both_signs_do() {
    let format = || Format {
        line_delimiter: "\r\n".to_owned(),
        ..Format::csv()
    };
    for piece in 1..12 {
        let text = "old\r\n# b\nc\r\na,x\n#y\r\nb,2\r\n#";
        let expected = "\r\n\r\na,x\n#y\r\nb,2\r\n";
        assert_eq!(left_of(format(), 1, "#", text, piece), expected, "{piece}");
    }
}

/// Where a record is told to begin whatever follows.
fn breaks(text: &str) -> Vec<u64> {
    let dialects = Format::csv().compile().expect("a format");
    let skip = Skip {
        lines: 0,
        comment: b"#".to_vec(),
    };
    let mut skipping = Skipping::new(skip, dialects.raw, usize::MAX);
    let (mut text, mut left) = (Some(text), Vec::new());
    while skipping
        .read::<Infallible>(&mut left, 1, |raw, _| {
            let next = text.take();
            raw.extend_from_slice(next.unwrap_or_default().as_bytes());
            Ok(next.is_some())
        })
        .expect("read")
    {}
    skipping.take_breaks()
}

#[test]
fn a_break_is_told_where_what_follows_decided_that_a_quote_is_broken() {
    assert_eq!(breaks("1,\"a\n# b\n2,c\n"), [5]);
    assert_eq!(breaks("# b\n1,\"a\n# say \"b\n2\",c\n"), [6]);
    assert!(breaks("1,a\n# \"b\n2,\"c\n#\"\n3,d\"\n#\n").is_empty());
}
