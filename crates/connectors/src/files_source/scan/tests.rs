use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::format::Dialect;
use super::{Passed, Span, cut, pass};

fn dialect(delimiter: &str, line_end: &str, quote: Option<u8>) -> Dialect {
    Dialect::new(Some(delimiter.into()), line_end.into(), quote, true)
}

/// The length of the line end at the head of `rest`; 0: there is none.
fn line_end(dialect: &Dialect, rest: &[u8]) -> usize {
    if dialect.any_line_end {
        return match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
    }
    if rest.starts_with(&dialect.line_end) {
        dialect.line_end.len()
    } else {
        0
    }
}

/// The length of the escape at the head of `rest` and of what it stands before.
fn escaped(dialect: &Dialect, rest: &[u8]) -> usize {
    let takes_both = dialect.any_line_end || dialect.strip_cr;
    if takes_both && rest[1..].starts_with(b"\r\n") {
        3
    } else {
        2
    }
}

fn behind_line(dialect: &Dialect, bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        match line_end(dialect, &bytes[at..]) {
            0 if dialect.escape == Some(bytes[at]) => at += escaped(dialect, &bytes[at..]),
            0 => at += 1,
            length => return Some(at + length),
        }
    }
    None
}

/// Where the record behind that at `start` begins, found byte by byte; `None`: the record has no end.
fn next(dialect: &Dialect, bytes: &[u8], start: usize) -> Option<usize> {
    let delimiter = dialect.delimiter.as_deref().expect("has one");
    let (mut at, mut field) = (start, true);
    while at < bytes.len() {
        if field && dialect.quote == Some(bytes[at]) {
            at += 1;
            loop {
                let here = bytes.get(at).copied();
                if here.is_none() || at - start >= dialect.limit {
                    return behind_line(dialect, bytes, start);
                }
                let is_doubled =
                    here == dialect.quote && bytes.get(at + 1).copied() == dialect.quote;
                if here == dialect.escape || is_doubled {
                    at += 2;
                } else if here == dialect.quote {
                    break;
                } else {
                    at += 1;
                }
            }
            at += 1;
            let rest = &bytes[at.min(bytes.len())..];
            let good = rest.is_empty()
                || rest.starts_with(delimiter)
                || line_end(dialect, rest) > 0
                || (dialect.strip_cr && rest.starts_with(b"\r\n"));
            if !good {
                return behind_line(dialect, bytes, start);
            }
            field = false;
            continue;
        }
        let rest = &bytes[at..];
        match line_end(dialect, rest) {
            0 => {}
            length => return Some(at + length),
        }
        field = rest.starts_with(delimiter);
        at += match rest[0] {
            _ if field => delimiter.len(),
            byte if Some(byte) == dialect.escape => escaped(dialect, rest),
            _ => 1,
        };
    }
    None
}

/// Record starts; the last one may be the end.
fn starts(dialect: &Dialect, bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    while let Some(next) = next(dialect, bytes, starts[starts.len() - 1]) {
        starts.push(next);
    }
    starts
}

fn dialects() -> Vec<Dialect> {
    let quoted = || dialect(",", "\n", Some(b'"'));
    vec![
        Dialect {
            limit: 6,
            ..quoted()
        },
        Dialect {
            any_line_end: true,
            ..quoted()
        },
        Dialect {
            any_line_end: true,
            quote: None,
            ..quoted()
        },
        Dialect {
            escape: Some(b'\\'),
            ..quoted()
        },
        Dialect {
            escape: Some(b'\\'),
            quote: None,
            ..quoted()
        },
        Dialect {
            escape: Some(b'\\'),
            any_line_end: true,
            limit: 9,
            ..quoted()
        },
        Dialect {
            escape: Some(b'\\'),
            ..dialect("|", "\r\n", Some(b'"'))
        },
        Dialect {
            limit: 5,
            ..dialect("，", "\n\n", Some(b'"'))
        },
        Dialect {
            limit: 64,
            ..quoted()
        },
        dialect("|", "\n", Some(b'"')),
        dialect(",", ";", Some(b'"')),
        dialect(",", "\n", Some(b'"')),
        dialect(",", "\n", None),
        dialect("|", "\r\n", Some(b'"')),
        dialect(",", "\n\n", Some(b'"')),
        dialect(",", "\n\n", None),
        dialect("，", "\n", Some(b'"')),
        dialect("，", ";", None),
    ]
}

/// Text in which marks lie around the ends of the 64 bytes that are looked at together.
fn long_bytes(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.random_range(1..6) {
        let filler = match random.random_range(0..3) {
            0 => random.random_range(0..4),
            1 => random.random_range(55..70),
            _ => random.random_range(0..140),
        };
        let filler = vec![b'x'; filler];
        if random.random_bool(0.5) {
            bytes.extend([b",\"", &filler[..]].concat());
        } else {
            bytes.extend(filler);
        }
        bytes.extend(random_bytes(random).iter().take(12));
    }
    bytes
}

fn random_bytes(random: &mut StdRng) -> Vec<u8> {
    let pieces = [
        "a", ",", "\n", "\"", "\"\"", "\r\n", "|", "，", ";", "bc", "\",\"", "\n\n", "\\", "\r",
        "\"\n", ",\"", "\\\r\n",
    ];
    let count = random.random_range(0..40);
    (0..count)
        .flat_map(|_| pieces[random.random_range(0..pieces.len())].bytes())
        .collect()
}

/// Short and long text in turn.
fn any_bytes(round: usize, random: &mut StdRng) -> Vec<u8> {
    if round.is_multiple_of(3) {
        long_bytes(random)
    } else {
        random_bytes(random)
    }
}

#[test]
fn passing_agrees_with_a_scan_of_every_byte() {
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..20_000 {
        let bytes = any_bytes(round, &mut random);
        for dialect in dialects() {
            let truth = starts(&dialect, &bytes);
            let target = random.random_range(0..=bytes.len() + 2);
            let expected = truth.iter().find(|start| **start >= target).map_or_else(
                || Passed::Unfinished(truth[truth.len() - 1]),
                |start| Passed::Reached(*start),
            );
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(
                pass(&dialect, &bytes, target, true),
                expected,
                "round {round} {dialect:?} {text:?} to {target}"
            );
        }
    }
}

#[test]
fn what_is_decided_early_is_what_is_decided_in_the_end() {
    let mut random = StdRng::seed_from_u64(9);
    for round in 0..20_000 {
        let bytes = any_bytes(round, &mut random);
        let there = random.random_range(0..=bytes.len());
        for dialect in dialects() {
            let truth = starts(&dialect, &bytes);
            let target = random.random_range(0..=there + 2);
            let text = String::from_utf8_lossy(&bytes);
            let why = format!("round {round} {dialect:?} {text:?}, {there} bytes to {target}");
            match pass(&dialect, &bytes[..there], target, false) {
                Passed::Reached(start) => {
                    let expected = truth.iter().find(|start| **start >= target);
                    assert_eq!(Some(&start), expected, "{why}");
                }
                Passed::Unfinished(start) => {
                    assert!(
                        truth.contains(&start) && start < target.max(1),
                        "{start} {why}"
                    );
                }
            }
        }
    }
}

#[test]
fn cutting_in_pieces_of_any_size_gives_every_record_once() {
    let mut random = StdRng::seed_from_u64(8);
    for round in 0..20_000 {
        let bytes = any_bytes(round, &mut random);
        for dialect in dialects() {
            let quoted = dialect.quote.is_some() || dialect.escape.is_some();
            let mut truth = starts(&dialect, &bytes);
            if truth.last() != Some(&bytes.len()) {
                truth.push(bytes.len());
            }
            let expected: Vec<usize> = truth
                .windows(2)
                .filter(|pair| {
                    !super::without_line_end(&dialect, &bytes[pair[0]..pair[1]]).is_empty()
                })
                .map(|pair| pair[0])
                .collect();
            let (mut found, mut at) = (Vec::new(), 0);
            while at < bytes.len() {
                let mut spans: Vec<Span> = Vec::new();
                let limit = random.random_range(1..4);
                at = cut(&dialect, quoted, &bytes, at, limit, &mut spans);
                assert!(spans.len() <= limit);
                found.extend(spans.iter().map(|span| span.start as usize));
            }
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(found, expected, "round {round} {dialect:?} {text:?}");
        }
    }
}

#[test]
fn every_mark_may_lie_at_either_side_of_the_bytes_that_are_looked_at_together() {
    let snippets = [
        "\"a\",b\n",
        "a,\"b\"\n",
        "\"a\"\r\n",
        "\"\"\n",
        "\"\"\"\",\"\"\n",
        "\"a\"\"b\"\n",
        "\"a\nb\",c\n",
        "a\"b,c\n",
        "a\"\"b\n",
        "\"a\"b\n",
        "\"a\"\rb\n",
        "\"a\" ,b\n",
        "\"a,b\nc,d\n",
        "a\"b\"\n\"c\"d\n\"e\"\n",
        "\"",
        "\"\"",
        "\"a\"\r",
        ",",
        "\n\r\n\n",
    ];
    for dialect in dialects() {
        for length in 0..135 {
            for (first, second) in snippets.iter().flat_map(|a| snippets.map(|b| (*a, b))) {
                let filler = "x".repeat(length);
                let text = format!("{filler}{}{first}{second}", [",", "\n", "\""][length % 3]);
                let truth = starts(&dialect, text.as_bytes());
                let target = text.len() + 1;
                let last = Passed::Unfinished(truth[truth.len() - 1]);
                let passed = pass(&dialect, text.as_bytes(), target, true);
                assert_eq!(passed, last, "{dialect:?} {text:?}");
                let mut spans = Vec::new();
                cut(
                    &dialect,
                    true,
                    text.as_bytes(),
                    0,
                    usize::MAX / 2,
                    &mut spans,
                );
                for span in &spans {
                    assert!(
                        truth.contains(&(span.start as usize)),
                        "{dialect:?} {text:?}"
                    );
                    let before = &text.as_bytes()[..span.start as usize];
                    let lines = super::count_lines(&dialect, before);
                    assert_eq!(u64::from(span.line), lines, "{dialect:?} {text:?}");
                }
            }
        }
    }
}

#[test]
fn lines_count_line_ends_inside_quotes() {
    let dialect = dialect(",", "\n", Some(b'"'));
    let mut spans = Vec::new();
    let bytes = b"a,\"x\ny\"\n\nb,c\n";
    assert_eq!(cut(&dialect, true, bytes, 0, 10, &mut spans), bytes.len());
    let lines: Vec<u32> = spans.iter().map(|span| span.line).collect();
    assert_eq!(lines, [0, 3]);
}
