//! What lambdas give can be handed on, also where it is planned as never null, and arrays in a lambda know its names.

use crate::support::value;

#[test]
fn items_are_handed_on() {
    let row = r#"{"id":5,"s":"a b"}"#;
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("array_transform([id], x -> 1)[1]", "1"),
        (
            "array_to_string(array_transform(arraySplit(s,' '), x -> coalesce(upper(x),'')),',')",
            "\"A,B\"",
        ),
        ("array_concat(array_transform([id], x -> 1),[2])", "[1,2]"),
        ("array_transform([id], x -> 1)", "[1]"),
        (
            "array_transform(array_transform([id], x -> 1), y -> y + 1)",
            "[2]",
        ),
        ("array_transform([id], x -> [x, 1])", "[[5,1]]"),
        ("array_transform([id], x -> [x, 1][2])", "[1]"),
        (
            "array_transform([[id]], x -> array_transform(x, y -> [y, 2]))",
            "[[[5,2]]]",
        ),
        (
            "array_filter(array_transform([id], x -> 1), x -> x = 1)[1]",
            "1",
        ),
        ("cardinality([])", "0"),
        ("[id, 1]", "[5,1]"),
    ] {
        let found = value("struct<id:BigInt,s:String>", row, expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
