//! Fields of two structs meet by their names where both have the same ones, and else by their places; what is made of structs has the
//! names of the first, in its order.

use crate::support::{all_give, refused};

const SCHEMA: &str = "struct<n:Int,l:BigInt,m:Decimal(10,2)>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"m":"1.50"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn fields_of_other_names_are_compared_by_their_places() {
    all(&[
        ("named_struct('a', n) = struct(3)", "true"),
        ("struct(3) = named_struct('a', n)", "true"),
        ("struct(4) = named_struct('a', n)", "false"),
        ("named_struct('a', n) is distinct from struct(3)", "false"),
        (
            "named_struct('a', n) in (struct(2), named_struct('b', 3))",
            "true",
        ),
        (
            "case named_struct('a', n) when struct(3) then 1 else 0 end",
            "1",
        ),
        ("nullif(named_struct('a', n), struct(3)) is null", "true"),
        (
            "named_struct('a', n, 'b', 2) = named_struct('b', n, 'c', 2)",
            "true",
        ),
        ("named_struct('a', m) = struct('1.501')", "false"),
    ]);
}

#[test]
fn fields_of_the_same_names_are_compared_by_them() {
    all(&[
        (
            "named_struct('a', n, 'b', 2) = named_struct('b', 2, 'a', n)",
            "true",
        ),
        (
            "named_struct('a', n, 'b', 2) = named_struct('b', n, 'a', 2)",
            "false",
        ),
        (
            "named_struct('a', struct(1), 'b', 2) = named_struct('b', 2, 'a', named_struct('x', 1))",
            "true",
        ),
    ]);
}

#[test]
fn so_they_are_within_arrays_and_maps() {
    all(&[
        ("[named_struct('a', n)] = [struct(3)]", "true"),
        (
            "[named_struct('a', 1, 'b', 2)] = [named_struct('b', 2, 'a', 1)]",
            "true",
        ),
        (
            "map(['k'], [named_struct('a', 1)]) = map(['k'], [struct(1)])",
            "true",
        ),
        ("array_has([named_struct('a', l)], struct(l))", "true"),
    ]);
}

#[test]
fn the_first_gives_its_names_and_its_order() {
    all(&[
        (
            "coalesce(null, named_struct('a', 1, 'b', 2), named_struct('b', 4, 'a', 3))",
            r#"{"a":1,"b":2}"#,
        ),
        (
            "coalesce(nullif(named_struct('a', n), struct(3)), struct(7))",
            r#"{"a":7}"#,
        ),
        (
            "case when n = 4 then named_struct('a', n) else named_struct('b', l) end",
            r#"{"a":9007199254740993}"#,
        ),
        (
            "case when n = 4 then named_struct('a', 1, 'b', 2) else named_struct('b', 3, 'a', 4) end",
            r#"{"a":4,"b":3}"#,
        ),
        (
            "[null, named_struct('a', n), struct(7)]",
            r#"[null,{"a":3},{"a":7}]"#,
        ),
        (
            "array_append([named_struct('a', l)], struct(l))",
            r#"[{"a":9007199254740993},{"a":9007199254740993}]"#,
        ),
    ]);
}

#[test]
fn structs_that_are_not_made_on_the_spot_follow_the_first() {
    all(&[
        (
            "struct(l) = array_element([named_struct('x', l)], 1)",
            "true",
        ),
        (
            "coalesce(nullif(named_struct('b', 2, 'a', 1), named_struct('b', 2, 'a', 1)), array_element([named_struct('a', 5, 'b', 6)], 1))",
            r#"{"b":6,"a":5}"#,
        ),
        (
            "array_concat([named_struct('b', 2, 'a', 1)], array_reverse([named_struct('a', 5, 'b', 6)]))",
            r#"[{"b":2,"a":1},{"b":6,"a":5}]"#,
        ),
    ]);
}

#[test]
fn more_fields_meet_none() {
    let sql = "select named_struct('a', n) = named_struct('a', 1, 'b', 2) as x from t1";
    let said = refused(SCHEMA, sql);
    assert!(said.starts_with("MS-5001: "), "{said}");
    assert!(said.contains("there is no comparison"), "{said}");
}
