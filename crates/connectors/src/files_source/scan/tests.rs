use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::format::Dialect;
use super::{Passed, Span, cut, pass};

fn dialect(delimiter: &str, line_end: &str, quote: Option<u8>) -> Dialect {
    Dialect::new(Some(delimiter.into()), line_end.into(), quote, true)
}

/// Record starts, found byte by byte; the second answer is whether the last record is complete.
fn starts(dialect: &Dialect, bytes: &[u8]) -> Vec<usize> {
    let delimiter = dialect.delimiter.as_deref().expect("has one");
    let (mut starts, mut at, mut field) = (vec![0], 0, true);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if field && dialect.quote == rest.first().copied() {
            at += 1;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (None, _) => return starts,
                    (Some(a), Some(b)) if Some(*a) == dialect.quote && a == b => at += 2,
                    (Some(a), _) if Some(*a) == dialect.quote => break,
                    _ => at += 1,
                }
            }
            at += 1;
            field = false;
        } else if rest.starts_with(&dialect.line_end) {
            at += dialect.line_end.len();
            starts.push(at);
            field = true;
        } else if rest.starts_with(delimiter) {
            at += delimiter.len();
            field = true;
        } else {
            at += 1;
            field = false;
        }
    }
    starts
}

fn dialects() -> Vec<Dialect> {
    vec![
        dialect(",", "\n", Some(b'"')),
        dialect(",", "\n", None),
        dialect("|", "\r\n", Some(b'"')),
        dialect(",", "\n\n", Some(b'"')),
        dialect(",", "\n\n", None),
        dialect("，", "\n", Some(b'"')),
        dialect("，", ";", None),
    ]
}

fn random_bytes(random: &mut StdRng) -> Vec<u8> {
    let pieces = [
        "a", ",", "\n", "\"", "\"\"", "\r\n", "|", "，", ";", "bc", "\",\"", "\n\n",
    ];
    let count = random.random_range(0..40);
    (0..count)
        .flat_map(|_| pieces[random.random_range(0..pieces.len())].bytes())
        .collect()
}

#[test]
fn passing_agrees_with_a_scan_of_every_byte() {
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..20_000 {
        let bytes = random_bytes(&mut random);
        for dialect in dialects() {
            let truth = starts(&dialect, &bytes);
            let target = random.random_range(0..=bytes.len() + 2);
            let expected = truth.iter().find(|start| **start >= target).map_or_else(
                || Passed::Unfinished(truth[truth.len() - 1]),
                |start| Passed::Reached(*start),
            );
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(
                pass(&dialect, &bytes, target),
                expected,
                "round {round} {dialect:?} {text:?} to {target}"
            );
        }
    }
}

#[test]
fn cutting_in_pieces_of_any_size_gives_every_record_once() {
    let mut random = StdRng::seed_from_u64(8);
    for round in 0..20_000 {
        let bytes = random_bytes(&mut random);
        for dialect in dialects() {
            let quoted = dialect.quote.is_some();
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
fn lines_count_line_ends_inside_quotes() {
    let dialect = dialect(",", "\n", Some(b'"'));
    let mut spans = Vec::new();
    let bytes = b"a,\"x\ny\"\n\nb,c\n";
    assert_eq!(cut(&dialect, true, bytes, 0, 10, &mut spans), bytes.len());
    let lines: Vec<u32> = spans.iter().map(|span| span.line).collect();
    assert_eq!(lines, [0, 3]);
}
