//! A function called by another of its names nests as deep as by its own, and messages say the name that was written.

use crate::support::{plan, refused, value};

const SCHEMA: &str = "struct<n:Int,s:String,t:String,m:Decimal(10,2),f:Double,day:Date>";
const ROW: &str = r#"{"n":null,"s":null,"t":"x","m":1.5,"f":2.0,"day":"2024-01-02"}"#;

fn nested(before: &str, inside: &str, after: &str, levels: usize) -> String {
    format!("{}{inside}{}", before.repeat(levels), after.repeat(levels))
}

#[test]
fn each_level_takes_no_longer_than_the_one_within_it() {
    // The test would not end if it took twice as long.
    for (expression, expected) in [
        (nested("nvl(", "s", ", t)", 60), "\"x\""),
        (nested("NVL(s, ", "t", ")", 60), "\"x\""),
        (nested("ifnull(", "m", ", 2.5)", 60), "1.50"),
        (nested("ifnull(n, ", "7", ")", 60), "7"),
        (nested("pow(", "f", ", 1)", 60), "2.0"),
        (
            format!(
                "array_length({})",
                nested("list_append(", "[1]", ", 1)", 60)
            ),
            "61",
        ),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn so_it_is_where_the_condition_of_case_holds_another() {
    for (expression, expected) in [
        (nested("nvl2(", "s", ", 'a', t)", 40), "\"a\""),
        (
            nested("case when ifnull(", "n", ", 0) = 0 then 1 else 0 end", 40),
            "0",
        ),
        (
            nested("case when ", "n = 1", " then false else true end", 41),
            "true",
        ),
        // A condition that is null is not so.
        (nested("case when (", "n", ") > 0 then 1 end", 10), "null"),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn so_it_is_where_a_case_gives_a_call_with_another_in_it() {
    for (expression, expected) in [
        (
            nested("coalesce(case when t = 'x' then ", "n", " end, 5)", 40),
            "5",
        ),
        (
            nested("coalesce(case when t = 'y' then ", "1", " end, 5)", 40),
            "5",
        ),
        (
            nested("coalesce(case t when 'x' then ", "n", " end, 5)", 40),
            "5",
        ),
        (
            nested("abs(case when t = 'x' then ", "m", " else m end)", 40),
            "1.50",
        ),
        (
            nested("abs(case when t = 'y' then 1 else ", "7", " end)", 60),
            "7",
        ),
        (nested("nvl2(t, abs(", "f", "), 3.5)", 40), "2.0"),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn maps_stand_within_maps() {
    for (before, after) in [
        ("map(['a'], [", "])"),
        ("map('a', ", ")"),
        ("make_map('a', ", ")"),
    ] {
        let map = nested(before, "1", after, 25);
        let expected = nested("{\"a\":", "1", "}", 25);
        assert_eq!(value(SCHEMA, ROW, &map), expected, "{map}");
    }
    for (map, expected) in [
        ("map(t, 1)", r#"{"x":1}"#),
        ("map(arraySplit(t), array_append([], 5))", r#"{"x":5}"#),
        ("MAP(['a'], [1])", r#"{"a":1}"#),
        ("map([t], array_append([], 5))", r#"{"x":5}"#),
        ("map('a', 1, 'b', 2)", r#"{"a":1,"b":2}"#),
    ] {
        assert_eq!(value(SCHEMA, ROW, map), expected, "{map}");
    }
}

#[test]
fn decimals_that_are_only_handed_on_are_one_level_each() {
    let abs = nested("abs(", "m", ")", 60);
    assert_eq!(value(SCHEMA, ROW, &abs), "1.50");
    let deep = nested("abs(", "m", ")", 260);
    plan(SCHEMA, &format!("select {deep} as x from t1"));
}

#[test]
fn what_is_nested_too_deep_is_refused_in_one_line() {
    for expression in [
        nested("[", "n", "]", 101),
        format!("{} = [n]", nested("[", "n", "]", 240)),
        nested("map(['a'], [", "1", "])", 60),
        nested("struct(", "1", ")", 101),
        nested(
            "map(array_append(['a'], 'b'), array_append([1], ",
            "2",
            "))",
            9,
        ),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let words = "arrays, structs and maps are nested too deep: 100 within each other";
        assert!(
            said.contains(words),
            "{}",
            said.chars().take(300).collect::<String>()
        );
    }
}

#[test]
fn nvl_and_ifnull_take_two_values() {
    for (expression, said) in [
        (
            "nvl(m)",
            "line 1, column 8: `nvl` takes 2 arguments, and is given 1",
        ),
        (
            "ifnull(m, 1, 2)",
            "line 1, column 8: `ifnull` takes 2 arguments, and is given 3",
        ),
        (
            "coalesce(nvl(), 1)",
            "`nvl` takes 2 arguments, and is given 0",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}

#[test]
fn messages_say_the_name_that_was_written() {
    for (expression, said) in [
        ("nvl(m, t)", ": nvl gives either a decimal or a text here"),
        (
            "IFNULL(m, f)",
            ": ifnull gives either a decimal or a Double here",
        ),
        (
            "coalesce(m, f)",
            ": coalesce gives either a decimal or a Double here",
        ),
        ("nvl(day, 1)", "`nvl` can't be called with (Date, "),
        ("list_append([1], t)", "`list_append` can't be called with "),
        (
            "array_append([1], t)",
            "`array_append` can't be called with ",
        ),
        // What is said of the operator is not about the call beside it.
        (
            "struct(list_append([1], 2), [1] || t)",
            "`array_append` can't be called with ",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}
