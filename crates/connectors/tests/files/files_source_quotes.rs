//! Quotes that are no quotes cost the line they stand in, and no other: whoever reads which part of the file.

use crate::files_source_support::{directory, read_with};
use millstream_connectors::files_source::Format;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The rows and the bad records (line and reason) of a file, the same for every size of splits and blocks.
fn read(content: &[u8], name: &str, change: impl Fn(&mut Format)) -> (Vec<String>, Vec<String>) {
    let directory = directory(&[(name, content)]);
    let mut first: Option<(Vec<String>, Vec<String>)> = None;
    for (split, block) in [(32 << 20, 512 << 10), (7, 1), (1, 3), (20, 11)] {
        let found = read_with(directory.path(), |options| {
            change(&mut options.format);
            options.sizes.split = split;
            options.sizes.block = block;
            options.sizes.record = 64;
        });
        let bad = found.bad.iter();
        let mut bad: Vec<(u64, String)> = bad
            .map(|bad| (bad.offset, format!("{:?} {}", bad.line, bad.error)))
            .collect();
        bad.sort();
        let mut rows = found.rows;
        rows.sort();
        let found = (rows, bad.into_iter().map(|(_, bad)| bad).collect());
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(found, *first, "splits of {split}, blocks of {block}"),
        }
    }
    first.expect("read at least once")
}

#[test]
fn a_quote_that_is_not_closed_costs_its_own_line() {
    let (rows, bad) = read(
        b"1\x01\"abc\n2\x01def\n3\x01gh\"i\n4\x01x\n",
        "a.txt",
        |format| format.field_delimiter = '\u{1}',
    );
    assert_eq!(rows, ["2|def", "3|gh\"i", "4|x"]);
    assert_eq!(bad, ["Some(1) a quote that is never closed"]);
}

#[test]
fn text_behind_a_closing_quote_costs_its_line() {
    let (rows, bad) = read(
        b"tt1\t\"Swing it\" magistern\ntt2\tx\n",
        "a.tsv",
        |format| *format = Format::tsv(),
    );
    assert_eq!(rows, ["tt2|x"]);
    assert_eq!(bad, ["Some(1) text behind a closing quote"]);
}

#[test]
fn without_quoting_every_line_is_a_record_as_it_stands() {
    let (rows, bad) = read(
        b"tt1\t\"Swing it\" magistern\ntt2\t\"x\n",
        "a.tsv",
        |format| {
            *format = Format::tsv();
            format.quote = None;
        },
    );
    assert_eq!(rows, ["tt1|\"Swing it\" magistern", "tt2|\"x"]);
    assert!(bad.is_empty(), "{bad:?}");
}

#[test]
fn a_quote_that_closes_too_far_away_is_not_closed() {
    let far = "x".repeat(40);
    let content = format!("1,\"a\n2,{far}\n3,{far}\n4,\"b\"\n5,\"open\n6,c");
    let (rows, bad) = read(content.as_bytes(), "a.csv", |_| ());
    assert_eq!(
        rows,
        [
            format!("2|{far}"),
            format!("3|{far}"),
            "4|b".to_owned(),
            "6|c".to_owned()
        ]
    );
    assert_eq!(
        bad,
        [
            "Some(1) a quote that is never closed",
            "Some(5) a quote that is never closed"
        ]
    );
}

#[test]
fn an_escape_and_another_quote_can_be_given() {
    let (rows, bad) = read(b"1,'a,\\'b'\n2,c\\,d\n3,e\"f\n", "a.csv", |format| {
        format.quote = Some('\'');
        format.escape = Some('\\');
    });
    assert_eq!(
        (rows, bad),
        (
            vec!["1|a,'b".to_owned(), "2|c,d".to_owned(), "3|e\"f".to_owned()],
            vec![]
        )
    );
}

#[test]
fn an_escaped_end_of_a_line_is_escaped_whole() {
    for line_delimiter in ["\n", Format::ANY_LINE_END] {
        let content = b"1,a\\\r\nb\r\n2,c\\\nd\r\n3,e\\\\\r\n4,f\n";
        let (rows, bad) = read(content, "a.csv", |format| {
            format.escape = Some('\\');
            format.line_delimiter = line_delimiter.to_owned();
        });
        assert_eq!(rows, ["1|a\r\nb", "2|c\nd", "3|e\\", "4|f"]);
        assert!(bad.is_empty(), "{bad:?}");
    }
}

#[test]
fn any_sign_may_be_the_quote() {
    for quote in "~^|:@`_".chars() {
        let content = format!("1,{quote}a,b{quote}\n2,{quote}c{quote}{quote}d{quote}\n");
        let (rows, bad) = read(content.as_bytes(), "a.csv", |format| {
            format.quote = Some(quote);
        });
        assert_eq!(rows, ["1|a,b".to_owned(), format!("2|c{quote}d")]);
        assert!(bad.is_empty(), "{bad:?}");
    }
}

#[test]
fn comments_behind_a_broken_quote_are_left_out() {
    let far = "x".repeat(80);
    let never = "Some(1) a quote that is never closed";
    for (content, rows, bad) in [
        (
            "1,\"abc\n# c,d\n2,x\n# e,f\n3,y\n".to_owned(),
            vec!["2|x", "3|y"],
            vec![never],
        ),
        // What closes the quote, and the text behind that, stand in the comment.
        (
            "1,\"abc\n# say \"x\n2\",y\n".to_owned(),
            vec!["2\"|y"],
            vec![never],
        ),
        // Without the comment the next quote would be near enough.
        (
            format!("1,\"a\n#{far}\n2\",b\n"),
            vec!["2\"|b"],
            vec![never],
        ),
        (
            "1,\"a\"b\n# c,d\n2,\"x\n# y\"\n".to_owned(),
            vec!["2|x\n# y"],
            vec!["Some(1) text behind a closing quote"],
        ),
        ("# \"\n1,\"a\n#b\"\n#\n".to_owned(), vec!["1|a\n#b"], vec![]),
    ] {
        let found = read(content.as_bytes(), "a.csv", |format| {
            format.comment = Some("#".to_owned());
        });
        let owned =
            |texts: Vec<&str>| -> Vec<String> { texts.into_iter().map(str::to_owned).collect() };
        assert_eq!(found, (owned(rows), owned(bad)), "{content:?}");
    }
}

#[test]
fn the_last_byte_of_a_delimiter_is_none_where_comments_are_left_out() {
    let (rows, bad) = read("1，aÌ\"b\n# c，d\n2，x".as_bytes(), "a.csv", |format| {
        format.field_delimiter = '，';
        format.comment = Some("#".to_owned());
    });
    assert_eq!(rows, ["1|aÌ\"b", "2|x"]);
    assert!(bad.is_empty(), "{bad:?}");
}

#[test]
fn the_same_comments_are_left_out_however_a_file_is_read() {
    let mut random = StdRng::seed_from_u64(13);
    let pieces = [
        "a", ",", "\n", "\n#", "\n#\"\n", "\n##,", "\"", ",\"", "\"\n", "\n", "\\", "\\\n",
    ];
    for round in 0..200 {
        let count = random.random_range(0..60);
        let content: String = (0..count)
            .map(|_| pieces[random.random_range(0..pieces.len())])
            .collect();
        // Compares all sizes of blocks.
        read(content.as_bytes(), "a.csv", |format| {
            format.comment = Some(["#", "##"][round % 2].to_owned());
            format.escape = (round % 3 == 0).then_some('\\');
        });
    }
}

#[test]
fn any_end_of_a_line_can_be_taken() {
    let (rows, bad) = read(
        b"1,a\r2,b\r\n3,\"c\r\nd\"\n\n4,\"e\r5,f\r\r6,\"g\"\r",
        "a.csv",
        |format| format.line_delimiter = Format::ANY_LINE_END.to_owned(),
    );
    assert_eq!(rows, ["1|a", "2|b", "3|c\r\nd", "5|f", "6|g"]);
    assert_eq!(bad, ["Some(6) a quote that is never closed"]);
}

#[test]
fn every_line_of_any_file_is_in_a_record_once() {
    let mut random = StdRng::seed_from_u64(12);
    let pieces = [
        "a",
        ",",
        "\n",
        "\"",
        "\"\"",
        "\r\n",
        "x\"",
        ",\"",
        "\",",
        "\"\n",
        "long text",
    ];
    for round in 0..60 {
        let count = random.random_range(0..120);
        let content: String = (0..count)
            .map(|_| pieces[random.random_range(0..pieces.len())])
            .collect();
        let directory = directory(&[("a.csv", content.as_bytes())]);
        let mut all: Vec<Vec<String>> = Vec::new();
        for (split, block) in [(32 << 20, 512 << 10), (5, 1), (16, 9)] {
            let found = read_with(directory.path(), |options| {
                options.sizes.split = split;
                options.sizes.block = block;
                options.sizes.record = 40;
            });
            let bad = found.bad.iter();
            let mut records: Vec<String> = bad
                .map(|bad| format!("{} {:?} {}", bad.offset, bad.line, bad.error))
                .chain(found.rows)
                .collect();
            records.sort();
            all.push(records);
        }
        assert_eq!(all[0], all[1], "round {round}: {content:?}");
        assert_eq!(all[0], all[2], "round {round}: {content:?}");
    }
}
