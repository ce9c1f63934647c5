use rdkafka::message::{Header, Headers};

use super::{readable, write_headers, write_message_headers};

/// Headers as rdkafka gives them: it panics where it is asked for a name that is not UTF-8.
struct Given(&'static [(&'static [u8], &'static [u8])]);

impl Headers for Given {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn try_get(&self, number: usize) -> Option<Header<'_, &[u8]>> {
        let (name, value) = self.0.get(number)?;
        Some(Header {
            key: std::str::from_utf8(name).unwrap(),
            value: Some(value),
        })
    }
}

#[test]
fn a_name_that_is_no_text_is_left_out_and_told() {
    let given = Given(&[(b"a", b"1"), (b"\xff\xfe", b"2"), (b"c", b"3")]);
    let mut out = b"before".to_vec();
    assert!(!write_message_headers(Some(&given), &mut out));
    let expected = r#"before[{"key":"a","value":"1"},{"key":"c","value":"3"}]"#;
    assert_eq!(String::from_utf8(out).expect("text"), expected);
    let names: Vec<&str> = readable(&given).map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn all_headers_are_there_where_their_names_are_text() {
    let given = Given(&[(b"\xc3\xbc", b"\xff")]);
    let mut out = Vec::new();
    assert!(write_message_headers(Some(&given), &mut out));
    assert_eq!(out, r#"[{"key":"ü","value_base64":"/w=="}]"#.as_bytes());
    out.clear();
    assert!(write_message_headers(None::<&Given>, &mut out));
    assert_eq!(out, b"[]");
}

#[test]
fn headers_are_an_array_in_their_order() {
    let headers: &[(&str, Option<&[u8]>)] = &[
        ("a", Some(b"1")),
        ("a", Some(b"\"2\"")),
        ("b", None),
        ("c", Some(&[0xff, 0x00])),
    ];
    let mut out = Vec::new();
    write_headers(headers.iter().copied(), &mut out);
    let text = String::from_utf8(out).expect("text");
    let expected = r#"[{"key":"a","value":"1"},{"key":"a","value":"\"2\""},{"key":"b","value":null},{"key":"c","value_base64":"/wA="}]"#;
    assert_eq!(text, expected);
}

#[test]
fn without_headers_it_is_empty() {
    let mut out = Vec::new();
    write_headers(std::iter::empty(), &mut out);
    assert_eq!(out, b"[]");
}
