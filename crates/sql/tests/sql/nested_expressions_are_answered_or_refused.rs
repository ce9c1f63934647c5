//! Expressions nest as deep as the guide says, and what is deeper is refused by that name.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<n:Int,s:String>";
const ROW: &str = r#"{"n":7,"s":"a"}"#;

fn nested(before: &str, inside: &str, after: &str, levels: usize) -> String {
    format!("{}{inside}{}", before.repeat(levels), after.repeat(levels))
}

#[test]
fn hundreds_of_levels_are_answered() {
    for (expression, expected) in [
        (nested("(1 - ", "n", ")", 100), "7"),
        (nested("upper(", "s", ")", 200), "\"A\""),
        (nested("case when n > 0 then ", "n", " end", 150), "7"),
        (nested("not (", "n > 0", ")", 100), "true"),
        (nested("(", "n", ")", 400), "7"),
        (nested("abs(floor(", "n", "))", 100), "7"),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected);
    }
}

#[test]
fn what_is_deeper_is_refused_by_its_name() {
    for expression in [
        nested("(1 - ", "n", ")", 700),
        nested("upper(", "s", ")", 700),
        nested("floor(", "n", ")", 1_000),
        nested("case when n > 0 then ", "n", " end", 3_000),
        nested("not ", "n > 0", "", 5_000),
        nested("not (", "n > 0", ")", 5_000),
        nested("cast(", "n", " as int)", 3_000),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(
            said.starts_with("MS-5001: expressions are nested too deep; "),
            "{}",
            said.chars().take(200).collect::<String>()
        );
    }
    // A mistake within is found once: the test would not end if it were found once for each way to read what is around it.
    let said = refused(
        SCHEMA,
        &format!("select {} as x from t1", nested("not (", "n >", ")", 100)),
    );
    assert!(said.contains("an expression is missing before"), "{said}");
}
