use super::{Fields, text_of};

/// The texts of paths in a text of JSON, `∅` for those that are not there.
fn texts(paths: &[&str], json: &str) -> Vec<String> {
    let mut fields = Fields::default();
    for (number, path) in paths.iter().enumerate() {
        let path: Vec<&str> = path.split('.').collect();
        fields.add(&path, number);
    }
    let mut found = vec![None; paths.len()];
    fields.find(json, &mut found);
    let texts = found.into_iter().map(|value| value.and_then(text_of));
    texts
        .map(|text| text.map_or("∅".to_owned(), String::from))
        .collect()
}

#[test]
fn values_are_found_by_their_paths() {
    let json = r#"{"id":7,"a":{"b":"x","c":{"d":[1, 2.50],"e":null}},"name":"n\"1\u00e9"}"#;
    for (path, text) in [
        ("id", "7"),
        ("a.b", "x"),
        ("a.c.d", "[1, 2.50]"),
        ("a.c", r#"{"d":[1, 2.50],"e":null}"#),
        ("a.c.e", "∅"),
        ("a.x", "∅"),
        ("id.x", "∅"),
        ("x", "∅"),
        ("name", "n\"1é"),
    ] {
        assert_eq!(texts(&[path], json), [text], "{path}");
    }
    let all = ["a.c.d", "id", "a.b", "a", "id"];
    let found = texts(&all, json);
    assert_eq!((found[0].as_str(), found[1].as_str()), ("[1, 2.50]", "7"));
    assert_eq!((found[2].as_str(), found[4].as_str()), ("x", "7"));
    assert!(found[3].starts_with("{\"b\""), "{found:?}");
}

#[test]
fn of_fields_with_one_name_the_last_holds() {
    assert_eq!(texts(&["a"], r#"{"a":1,"a":2}"#), ["2"]);
    assert_eq!(texts(&["a"], r#"{"a":1,"a":null}"#), ["∅"]);
    assert_eq!(texts(&["a.b"], r#"{"a":{"b":1},"a":{"c":2}}"#), ["∅"]);
    assert_eq!(texts(&["a.b"], r#"{"a":{"b":1},"a":3}"#), ["∅"]);
    assert_eq!(
        texts(&["a"], r#"{"\u0061":"by its escape"}"#),
        ["by its escape"]
    );
}

#[test]
fn what_is_no_object_has_no_fields() {
    for json in [
        "",
        "null",
        "[1]",
        "7",
        "\"a\"",
        "{\"a\":1",
        "{\"a\":{\"b\":1}",
    ] {
        assert_eq!(texts(&["a", "a.b"], json), ["∅", "∅"], "{json}");
    }
    assert_eq!(texts(&["a"], "{\"a\":\"\\ud800\"}"), ["\"\\ud800\""]);
    let deep = format!(
        "{{\"x\":{}{},\"a\":1}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(texts(&["a"], &deep), ["1"]);
}
