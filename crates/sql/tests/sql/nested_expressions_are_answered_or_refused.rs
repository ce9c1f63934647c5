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

#[test]
fn what_hands_on_the_first_value_may_nest_in_each_of_its_arguments() {
    // The test would not end if each level took twice as long as the one within it.
    let row = r#"{"s":null,"t":"a","n":null,"l":7,"m":null}"#;
    let schema = "struct<s:String,t:String,n:Int,l:BigInt,m:Decimal(10,2)>";
    for (expression, expected) in [
        (nested("coalesce(", "m", ", 1.5)", 60), "1.50"),
        (nested("coalesce(", "n", ", l)", 60), "7"),
        (nested("nvl(", "s", ", 'x')", 60), "\"x\""),
        (nested("coalesce(", "s", ", t)", 60), "\"a\""),
        (nested("coalesce(s, ", "t", ")", 60), "\"a\""),
        (nested("coalesce(upper(", "s", "), t)", 40), "\"A\""),
        (nested("ifnull(lower(", "s", "), 'X')", 40), "\"x\""),
        (nested("coalesce(null, ", "t", ", 'x')", 40), "\"a\""),
    ] {
        assert_eq!(value(schema, row, &expression), expected, "{expression}");
    }
}

#[test]
fn what_hands_on_the_first_value_evaluates_no_more_than_it_needs() {
    let schema = "struct<n:Int,s:String>";
    for (row, expected) in [(r#"{"n":0,"s":"5"}"#, "5"), (r#"{"n":2,"s":null}"#, "5")] {
        let expression = "coalesce(cast(s as int), 10 / n)";
        assert_eq!(value(schema, row, expression), expected, "{row}");
    }
    let row = r#"{"n":0,"s":"5"}"#;
    assert_eq!(value(schema, row, "coalesce(1, 10 / n)"), "1");
    let elements = "array_transform(['5', null], x -> coalesce(x, s || '!'))";
    assert_eq!(value(schema, row, elements), "[\"5\",\"5!\"]");
}

#[test]
fn arrays_that_something_is_joined_with_may_nest() {
    // Nor would it end if each level were written out for each one around it.
    for expression in [
        nested("array_append(", "[s]", ", s)", 200),
        nested("array_prepend(s, ", "[s]", ")", 200),
        nested("array_concat(", "[s]", ", [s])", 200),
    ] {
        let length = format!("array_length({expression})");
        assert_eq!(value(SCHEMA, ROW, &length), "201", "{expression}");
    }
}
