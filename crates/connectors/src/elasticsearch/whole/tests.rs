use arrow::array::StringArray;

use super::{Fields, Object};

fn read<'a>(text: Option<&'a str>, taken: Option<&str>) -> Result<Fields<'a>, String> {
    let object = Object {
        names: &["day", "id"],
        taken,
    };
    object.read(text).map_err(|no| match no.column {
        Some(column) => format!("{column}: {}", no.why),
        None => no.why,
    })
}

#[test]
fn fields_are_found_wherever_they_stand() {
    let fields = |text| {
        let found = read(Some(text), None).expect("an object");
        let found = found.into_iter().map(|field| field.map(String::from));
        StringArray::from(found.collect::<Vec<_>>())
    };
    let two = |day: Option<&str>, id: Option<&str>| StringArray::from(vec![day, id]);
    assert_eq!(
        fields(r#" {"a":{"id":9},"id":98765432109876543210,"day":"x\"\u00e4"} "#),
        two(Some("x\"\u{e4}"), Some("98765432109876543210"))
    );
    assert_eq!(fields(r#"{"id":null,"day":true}"#), two(Some("true"), None));
    assert_eq!(fields("{}"), two(None, None));
    // Of two the last one counts, and names may be written with escapes.
    assert_eq!(
        fields(r#"{"id":1,"\u0069d":2.50}"#),
        two(None, Some("2.50"))
    );
}

#[test]
fn what_can_be_no_document_says_why() {
    let why = |text, taken| read(text, taken).expect_err("no document");
    assert!(why(None, None).contains("no value"));
    for broken in [
        "",
        "null",
        "[1]",
        "1",
        r#"{"id":1"#,
        r#"{"id":1} 2"#,
        r#"{"id":1,}"#,
    ] {
        assert!(
            why(Some(broken), None).contains("no JSON object"),
            "{broken}"
        );
    }
    assert!(why(Some(r#"{"id":{"a":1}}"#), None).starts_with("id: it is an object"));
    let taken = why(Some(r#"{"id":1,"version":2}"#), Some("version"));
    assert!(taken.starts_with("version: "), "{taken}");
    assert!(read(Some(r#"{"id":1,"a":{"version":2}}"#), Some("version")).is_ok());
}
