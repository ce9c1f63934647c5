use std::sync::Arc;

use millstream_core::JobId;
use rdkafka::message::Headers;

use super::{LetterEncoder, fit};
use crate::rows::letters::{Letter, header};
use crate::rows::{BadRecord, Enclosed, Reason};

fn letter(raw: usize, key: usize) -> Letter {
    let enclosed = Enclosed {
        topic: "in".into(),
        partition: 3,
        key: Some(vec![b'k'; key]),
        timestamp: Some(7),
        headers: r#"[{"key":"trace","value":"1"}]"#.to_owned(),
        without_value: false,
    };
    Letter {
        time: 5,
        bad: BadRecord {
            raw: vec![b'x'; raw],
            cut: None,
            file: "in/3".into(),
            line: None,
            offset: 9,
            enclosed: Some(Box::new(enclosed)),
            reason: Reason::Json,
            column: None,
            error: "no JSON object".to_owned(),
        },
    }
}

fn encoder() -> LetterEncoder {
    let id = JobId::from_bytes([1; 16]);
    LetterEncoder::new("dead", Arc::from("orders"), id, 1_000, false)
}

fn value_of(headers: &rdkafka::message::OwnedHeaders, name: &str) -> Option<String> {
    let found = headers.iter().find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(found.value.unwrap_or_default()).into_owned())
}

#[test]
fn a_letter_has_the_record_as_it_came_and_its_own_headers() {
    let letter = letter(10, 4);
    let fitted = fit(&letter, encoder().own(&letter), 1_000);
    assert_eq!(fitted.value.map(<[u8]>::len), Some(10));
    assert_eq!(fitted.key.map(<[u8]>::len), Some(4));
    let told = [
        ("trace", "1"),
        (header::ERROR, "no JSON object"),
        (header::CODE, "json"),
        (header::JOB, "orders"),
        (header::TOPIC, "in"),
        (header::PARTITION, "3"),
        (header::OFFSET, "9"),
        (header::TIME, "5"),
        (header::TIMESTAMP, "7"),
    ];
    for (name, value) in told {
        assert_eq!(
            value_of(&fitted.headers, name).as_deref(),
            Some(value),
            "{name}"
        );
    }
    assert_eq!(value_of(&fitted.headers, header::CUT), None);
}

#[test]
fn what_is_too_large_is_cut_from_its_end() {
    for (raw, key) in [(2_000, 4), (10, 2_000), (2_000, 2_000), (990, 1)] {
        let letter = letter(raw, key);
        let fitted = fit(&letter, encoder().own(&letter), 1_000);
        let headers: usize = fitted
            .headers
            .iter()
            .map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len))
            .sum();
        let bytes = fitted.value.map_or(0, <[u8]>::len) + fitted.key.map_or(0, <[u8]>::len);
        assert!(bytes + headers <= 1_000, "{raw} {key}: {bytes} + {headers}");
        let cut = value_of(&fitted.headers, header::CUT);
        assert_eq!(cut, Some(raw.to_string()), "{raw} {key}");
    }
}

#[test]
fn an_error_that_quotes_the_record_leaves_room_for_it() {
    let mut letter = letter(2_000, 4);
    letter.bad.error = format!("no number: {}", "ü".repeat(5_000));
    let fitted = fit(&letter, encoder().own(&letter), 1_000);
    let headers: usize = fitted
        .headers
        .iter()
        .map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len))
        .sum();
    let value = fitted.value.map_or(0, <[u8]>::len);
    assert!(
        value > 0 && value + 4 + headers <= 1_000,
        "{value} {headers}"
    );
    let error = value_of(&fitted.headers, header::ERROR).expect("an error");
    assert!(
        letter.bad.error.starts_with(&error) && error.len() > 400,
        "{error}"
    );
}
