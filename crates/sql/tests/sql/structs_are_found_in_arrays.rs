//! What looks for an item in an array, takes one out or puts another in its place does so with structs, too.

use crate::support::{all_give, run};

const SCHEMA: &str = "struct<l:BigInt,s:String,d:Double>";
const ROW: &str = r#"{"l":3,"s":"a","d":-0.0}"#;

/// An array of structs, in which the one of the record stands twice, and of functions `name(people, arguments)` what they give.
fn among_people(cases: &[(&str, &str, &str)]) {
    const PEOPLE: &str = "[named_struct('k', 'b', 'n', 1), named_struct('k', s, 'n', l), null, named_struct('k', s, 'n', l)]";
    let calls = cases.iter().map(|(function, arguments, expected)| {
        let arguments = arguments.replace("ONE", "named_struct('k', s, 'n', l)");
        (format!("{function}({PEOPLE}, {arguments})"), *expected)
    });
    let calls: Vec<(String, &str)> = calls.collect();
    let calls: Vec<(&str, &str)> = calls
        .iter()
        .map(|(call, gives)| (call.as_str(), *gives))
        .collect();
    all_give(SCHEMA, ROW, &calls);
}

#[test]
fn their_places_are_told() {
    among_people(&[
        ("array_position", "ONE", "2"),
        ("array_position", "ONE, 3", "4"),
        ("array_position", "struct(s, l)", "2"),
        ("array_position", "named_struct('k', 'b', 'n', 1)", "1"),
        ("array_position", "named_struct('k', 'z', 'n', 1)", "null"),
        ("array_position", "named_struct('k', s, 'n', l + 1)", "null"),
        ("array_positions", "ONE", "[2,4]"),
        ("array_contains", "ONE", "true"),
    ]);
}

#[test]
fn they_are_taken_out() {
    among_people(&[
        ("array_remove", "ONE", r#"[{"k":"b","n":1},null]"#),
        ("array_remove_all", "ONE", r#"[{"k":"b","n":1},null]"#),
        (
            "array_remove_n",
            "ONE, 1",
            r#"[{"k":"b","n":1},null,{"k":"a","n":3}]"#,
        ),
        (
            "array_remove",
            "named_struct('k', 'b', 'n', 1)",
            r#"[{"k":"a","n":3},null,{"k":"a","n":3}]"#,
        ),
        ("array_except", "[ONE]", r#"[{"k":"b","n":1},null]"#),
        ("array_intersect", "[ONE]", r#"[{"k":"a","n":3}]"#),
        (
            "array_union",
            "[named_struct('k', 'b', 'n', 1)]",
            r#"[{"k":"b","n":1},{"k":"a","n":3},null]"#,
        ),
    ]);
}

#[test]
fn others_are_put_in_their_places() {
    among_people(&[
        (
            "array_replace",
            "ONE, named_struct('k', 'c', 'n', 5)",
            r#"[{"k":"b","n":1},{"k":"c","n":5},null,{"k":"a","n":3}]"#,
        ),
        (
            "array_replace_all",
            "ONE, named_struct('k', 'c', 'n', 5)",
            r#"[{"k":"b","n":1},{"k":"c","n":5},null,{"k":"c","n":5}]"#,
        ),
        (
            "array_replace_all",
            "named_struct('k', 'b', 'n', 1), ONE",
            r#"[{"k":"a","n":3},{"k":"a","n":3},null,{"k":"a","n":3}]"#,
        ),
    ]);
}

#[test]
fn their_numbers_and_nulls_are_of_one_type_then() {
    among_people(&[
        (
            "array_replace",
            "named_struct('k', 'b', 'n', cast(1 as int)), named_struct('k', null, 'n', cast(5 as smallint))",
            r#"[{"k":null,"n":5},{"k":"a","n":3},null,{"k":"a","n":3}]"#,
        ),
        (
            "array_replace_all",
            "ONE, named_struct('k', 'c', 'n', null)",
            r#"[{"k":"b","n":1},{"k":"c","n":null},null,{"k":"c","n":null}]"#,
        ),
    ]);
}

#[test]
fn so_are_constants_zeros_and_arrays_of_structs() {
    all_give(
        SCHEMA,
        ROW,
        &[
            (
                "array_position([named_struct('a', 1), named_struct('a', 2)], named_struct('a', 2))",
                "2",
            ),
            (
                "array_remove([named_struct('a', 1), named_struct('a', 2)], named_struct('a', 2))",
                r#"[{"a":1}]"#,
            ),
            (
                "array_position([named_struct('a', d)], named_struct('a', 0.0))",
                "1",
            ),
            (
                "array_position([[named_struct('a', l)]], [named_struct('a', l)])",
                "1",
            ),
            (
                "array_transform([named_struct('a', l), named_struct('a', 4)], x -> array_position([named_struct('a', 4)], x))",
                "[null,1]",
            ),
        ],
    );
}

#[test]
fn each_record_has_its_own() {
    let rows = r#"{"l":1,"s":"a"}
{"l":2,"s":null}
{"l":3,"s":"c"}"#;
    let sql = "select array_position([named_struct('l', 2, 's', 'b'), named_struct('l', l, 's', s)], named_struct('l', l, 's', s)) as at, \
               array_remove([named_struct('l', l, 's', s)], named_struct('l', 2, 's', cast(null as string))) as rest \
               from t1 where l > 1";
    let found = run(SCHEMA, rows, sql);
    assert_eq!(
        found,
        [
            r#"{"at":2,"rest":[]}"#,
            r#"{"at":2,"rest":[{"l":3,"s":"c"}]}"#,
        ]
    );
}

#[test]
fn list_remove_takes_all_out_as_array_remove_does() {
    all_give(
        SCHEMA,
        ROW,
        &[
            ("list_remove([1, 2, 1], 1)", "[2]"),
            ("array_remove([1, 2, 1], 1)", "[2]"),
        ],
    );
}
