//! -0.0 is 0.0 wherever it is looked for, and is handed on as it is.

use crate::support::{plan, refused, value};

const SCHEMA: &str = "struct<f:Double,g:Float>";
const ROW: &str = r#"{"f":-0.0,"g":-0.0}"#;

#[test]
fn it_is_found() {
    for (expression, expected) in [
        ("f = 0.0", "true"),
        ("f in (0.0, 1.0, 2.0)", "true"),
        ("f in (0.0, 1.0, 2.0, 3.0)", "true"),
        ("f in (0, 1, 2, 3)", "true"),
        ("g in (0.0, 1.0, 2.0, 3.0)", "true"),
        ("f not in (0.0, 1.0, 2.0, 3.0)", "false"),
        ("f in (1.0, 2.0, 3.0, 4.0)", "false"),
        ("0.0 in (f, 1.0, 2.0, 3.0)", "true"),
        ("case f when 0.0 then 'a' when 1.0 then 'b' end", r#""a""#),
        ("nullif(f, 0.0)", "null"),
        ("nullif(0.0, f)", "null"),
        ("nullif(g, 0.0)", "null"),
        ("array_has([f, 1.0], 0.0)", "true"),
        ("array_has([0.0, 1.0, 2.0, 3.0], f)", "true"),
        ("0.0 = any([f, 1.0])", "true"),
        ("f = any([0.0, 5.0])", "true"),
        ("f <> all([0.0, 5.0])", "false"),
        ("array_has_all([f, 1.0], [0.0])", "true"),
        ("array_has_any([f, 1.0], [0.0])", "true"),
        ("array_position([1.0, f], 0.0)", "2"),
        ("array_positions([1.0, f], 0.0)", "[2]"),
        ("array_remove([f, 1.0], 0.0)", "[1.0]"),
        ("array_replace([f, 1.0], 0.0, 5.0)", "[5.0,1.0]"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn it_is_found_in_what_is_compared_whole() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("[f] = [0.0]", "true"),
        ("[0.0] = [f]", "true"),
        ("[f] <> [0.0]", "false"),
        ("[f] < [0.0]", "false"),
        ("[f] >= [0.0]", "true"),
        ("[f] = [1.0]", "false"),
        ("[[f]] = [[0.0]]", "true"),
        ("[f] is distinct from [0.0]", "false"),
        ("[f] is not distinct from [0.0]", "true"),
        ("[f] between [0.0] and [0.0]", "true"),
        ("[f] in ([0.0], [1.0])", "true"),
        ("[f] in ([0.0], [1.0], [2.0], [3.0])", "true"),
        ("[f] in ([1.0], [2.0], [3.0], [4.0])", "false"),
        ("case [f] when [0.0] then 'a' else 'b' end", r#""a""#),
        ("nullif([f], [0.0])", "null"),
        ("nullif([f], [1.0])", "[-0.0]"),
        ("array_has([[f], [1.0]], [0.0])", "true"),
        ("array_has([[0.0], [1.0]], [f])", "true"),
        ("array_position([[1.0], [f]], [0.0])", "2"),
        ("cardinality(array_distinct([[f], [0.0]]))", "1"),
        ("cardinality(array_union([[f]], [[0.0]]))", "1"),
        ("cardinality(array_intersect([[f]], [[0.0]]))", "1"),
        ("cardinality(array_except([[f]], [[0.0]]))", "0"),
        (
            "named_struct('a', f) = named_struct('a', cast(0.0 as double))",
            "true",
        ),
        (
            "[named_struct('a', f)] = [named_struct('a', cast(0.0 as double))]",
            "true",
        ),
    ] {
        let found = value(SCHEMA, ROW, expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn it_is_one_key_of_a_map() {
    for (expression, expected) in [
        ("map([f], [1])[0.0]", "1"),
        ("map([f], [1])[-0.0]", "1"),
        ("map([0.0], [1])[-0.0]", "1"),
        ("map_extract(map([f], [1]), -0.0)", "[1]"),
        ("map_extract(map([f], [f]), f)", "[-0.0]"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    let said = refused(SCHEMA, "select map([0.0, -0.0], [1, 2]) as x from t1");
    assert!(said.contains("map key must be unique"), "{said}");
}

#[test]
fn it_is_found_by_lambdas() {
    for (expression, expected) in [
        (
            "array_transform([f, 5.0], x -> x in (0.0, 1.0, 2.0, 3.0))",
            "[true,false]",
        ),
        ("array_transform([f, 5.0], x -> x in (0.0))", "[true,false]"),
        (
            "array_filter([f, 5.0], x -> x in (0.0, 1.0, 2.0, 3.0))",
            "[-0.0]",
        ),
        (
            "array_transform([f, 5.0], x -> case x when 0.0 then 1 else 2 end)",
            "[1,2]",
        ),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn it_is_found_by_many_conditions() {
    for (condition, expected) in [
        ("f = 0.0 or f = 1.0 or f = 2.0 or f = 3.0", "true"),
        ("f = 4.0 or f = 1.0 or f = 2.0 or f = 3.0", "false"),
        ("f <> 0.0 and f <> 1.0 and f <> 2.0 and f <> 3.0", "false"),
    ] {
        assert_eq!(value(SCHEMA, ROW, condition), expected, "{condition}");
    }
}

#[test]
fn it_keeps_its_sign() {
    assert_eq!(value(SCHEMA, ROW, "f"), "-0.0");
    assert_eq!(value(SCHEMA, ROW, "nullif(f, 1.0)"), "-0.0");
}

#[test]
fn files_of_columns_are_told_of_what_has_no_zero() {
    for (condition, told) in [("f in (1, 2, 3, 4)", 1), ("f in (0, 1, 2, 3)", 0)] {
        let query = plan(SCHEMA, &format!("select g from t1 where {condition}"));
        assert_eq!(query.conditions().len(), told, "{condition}");
    }
}
