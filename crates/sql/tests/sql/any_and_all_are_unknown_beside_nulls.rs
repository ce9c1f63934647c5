//! `any` and `all` over an array are null where a null in it leaves them open, and so is NOT of them.

use crate::support::{all_give, refused, run};

const SCHEMA: &str = "struct<n:Int,s:String,d:Double>";
const ROW: &str = r#"{"n":3,"s":null,"d":-0.0}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn any_is_null_where_nothing_is_found_beside_a_null() {
    all(&[
        ("5 = any([1, null])", "null"),
        ("not 5 = any([1, null])", "null"),
        ("1 = any([1, null])", "true"),
        ("n = any([1, 2])", "false"),
        ("n = any([1, null])", "null"),
        ("n = any([3, null])", "true"),
        ("n = any([n + 1, nullif(n, 3)])", "null"),
        ("n + 1 = any([n + 1, nullif(n, 3)])", "true"),
        ("n = some([1, null])", "null"),
        ("s = any(['x', 'y'])", "null"),
        ("'z' = any(['x', s])", "null"),
        ("0.0 = any([d, null])", "true"),
        ("n <> any([3, null])", "null"),
        ("n <> any([4, null])", "true"),
        ("n < any([1, null])", "null"),
        ("n < any([4, null])", "true"),
        ("n >= any([4, null])", "null"),
        ("n > any([1, 2])", "true"),
        ("n > any([3, 4])", "false"),
    ]);
}

#[test]
fn all_is_null_where_nothing_speaks_against_it_beside_a_null() {
    all(&[
        ("5 <> all([1, null])", "null"),
        ("1 <> all([1, null])", "false"),
        ("n = all([3, null])", "null"),
        ("n = all([4, null])", "false"),
        ("n > all([1, null])", "null"),
        ("n > all([1, 2])", "true"),
    ]);
}

#[test]
fn of_no_items_nothing_is_open() {
    all(&[
        ("n = any(array_remove_all([1], 1))", "false"),
        ("n <> all(array_remove_all([1], 1))", "true"),
        ("s = any(arraySplit(s, ','))", "null"),
    ]);
}

#[test]
fn constants_with_nulls_are_looked_through_for_each_record() {
    let found = run(
        "struct<n:Int,s:String>",
        r#"{"n":1,"s":"a"}
{"n":3,"s":"b"}
{"n":null,"s":null}"#,
        "select n = any([1, null]) as a, n <> all([1, 2, 4, 5, null]) as b, n <= any([1, null, 0]) as c, s > all(['a', null]) as d, \
         n <> any([1, null]) as e, n = all([1, 1]) as f from t1",
    );
    assert_eq!(
        found,
        [
            r#"{"a":true,"b":false,"c":true,"d":false,"e":null,"f":true}"#,
            r#"{"a":null,"b":null,"c":null,"d":null,"e":true,"f":false}"#,
            r#"{"a":null,"b":null,"c":null,"d":null,"e":null,"f":null}"#,
        ]
    );
}

#[test]
fn structs_are_compared_with_those_of_an_array() {
    const OPERATORS: [&str; 5] = ["<> any", "<> all", "= all", "> any", "< any"];
    let (one, two) = ("named_struct('a', n)", "named_struct('a', m)");
    let mut cases = Vec::new();
    for (value, items, expected) in [
        (
            one,
            format!("[{one}, {two}]"),
            ["true", "false", "false", "false", "true"],
        ),
        (
            one,
            format!("[{one}]"),
            ["false", "false", "true", "false", "false"],
        ),
        (
            one,
            format!("[{one}, null]"),
            ["null", "false", "null", "null", "null"],
        ),
        (
            two,
            format!("[{one}, null]"),
            ["true", "null", "false", "true", "null"],
        ),
    ] {
        for (operator, gives) in OPERATORS.iter().zip(expected) {
            cases.push((format!("{value} {operator}({items})"), gives));
        }
    }
    let cases: Vec<(&str, &str)> = cases
        .iter()
        .map(|(call, gives)| (call.as_str(), *gives))
        .collect();
    all_give("struct<n:BigInt,m:BigInt>", r#"{"n":1,"m":2}"#, &cases);
}

#[test]
fn where_keeps_neither_of_them() {
    let rows = "{\"n\":1}\n{\"n\":3}\n{\"n\":null}";
    let kept = |condition: &str| {
        let sql = format!("select n from t1 where {condition}");
        run("struct<n:Int>", rows, &sql)
    };
    assert_eq!(kept("n = any([1, nullif(n, n)])"), [r#"{"n":1}"#]);
    assert!(kept("not n = any([1, nullif(n, n)])").is_empty());
    assert_eq!(kept("not n = any([1, 2])"), [r#"{"n":3}"#]);
}

#[test]
fn what_does_not_meet_is_told_as_it_is_written() {
    for (expression, said) in [
        ("5 = any('a')", "`= any` can't be called with (String, "),
        ("n > any('{1,2}')", "`> any` can't be called with (String, "),
        ("n > any(n)", "`> any` can't be called with (Int, "),
        ("n <= all(n)", "`<= all` can't be called with (Int, "),
        ("n = any([date '2024-01-02'])", "= any has Date beside Int"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}
