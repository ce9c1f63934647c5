use super::write_headers;

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
