use std::convert::Infallible;

use super::Skipping;
use crate::files_source::format::{Format, Skip};

/// What is left of `text`, which comes in pieces of `piece` bytes.
fn left(lines: u64, comment: &str, text: &str, piece: usize) -> String {
    let dialects = Format::csv().compile().expect("a format");
    let skip = Skip {
        lines,
        comment: comment.as_bytes().to_vec(),
    };
    let mut skipping = Skipping::new(skip, dialects.raw);
    let mut pieces = text.as_bytes().chunks(piece);
    let mut left = Vec::new();
    while skipping
        .read::<Infallible>(&mut left, piece, |raw, _| {
            let next = pieces.next();
            raw.extend_from_slice(next.unwrap_or_default());
            Ok(next.is_some())
        })
        .expect("read")
    {}
    String::from_utf8(left).expect("text")
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
