//! Two lists of values for one column mean what each of them does: neither is taken for a set of constants that are never null.

use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::run;

const SCHEMA: &str = "struct<id:Int,x:Int,y:Int,z:Int,s:String>";
const ROWS: &str = r#"{"id":1,"x":1,"y":1,"z":1,"s":"a"}
{"id":2,"x":2,"y":1,"z":2,"s":"b"}
{"id":3,"x":3,"y":1,"z":2,"s":"c"}
{"id":4,"x":null,"y":1,"z":2,"s":null}"#;

const TRUE: Option<bool> = Some(true);
const FALSE: Option<bool> = Some(false);
const NULL: Option<bool> = None;

/// What a condition is of each row.
type Told = [Option<bool>; 4];

/// The rows that WHERE keeps. A condition that is true of no record whatever is refused.
fn kept(condition: &str) -> Vec<String> {
    let sql = format!("select id from t1 where {condition}");
    let schema = parse_struct(SCHEMA).expect("a schema");
    match Query::plan(&sql, "t1", &schema) {
        Err(error) if error.message().contains("keeps none") => Vec::new(),
        _ => run(SCHEMA, ROWS, &sql),
    }
}

fn selected(condition: &str) -> Vec<String> {
    run(SCHEMA, ROWS, &format!("select {condition} as v from t1"))
}

fn ids_of_true(told: Told) -> Vec<String> {
    let ids = (1..).zip(told).filter(|(_, told)| *told == TRUE);
    ids.map(|(id, _)| format!("{{\"id\":{id}}}")).collect()
}

fn as_values(told: Told) -> Vec<String> {
    let values = told.map(|told| told.map_or_else(|| "null".to_owned(), |told| told.to_string()));
    let values = values.map(|value| format!("{{\"v\":{value}}}"));
    values.into()
}

#[track_caller]
fn all(cases: &[(&str, Told)]) {
    let mut wrong = Vec::new();
    for (condition, told) in cases {
        let not = format!("not ({condition})");
        let turned = told.map(|told| told.map(|told| !told));
        for (condition, told) in [(*condition, *told), (not.as_str(), turned)] {
            let (values, ids) = (selected(condition), kept(condition));
            if values != as_values(told) || ids != ids_of_true(told) {
                wrong.push(format!("{condition}: {values:?}, keeps {ids:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lists_of_columns_are_compared_by_what_they_hold() {
    all(&[
        ("x in (y, 9) and x in (z, 8)", [TRUE, FALSE, FALSE, NULL]),
        ("x in (1, 2) and x not in (y)", [FALSE, TRUE, FALSE, NULL]),
        ("x not in (y) or x not in (z)", [FALSE, TRUE, TRUE, NULL]),
        (
            "(y = 1 and x not in (1)) or (y = 1 and x not in (z))",
            [FALSE, TRUE, TRUE, NULL],
        ),
        (
            "(x = 1 or x = 2) and x not in (y)",
            [FALSE, TRUE, FALSE, NULL],
        ),
    ]);
}

#[test]
fn a_null_in_one_of_them_leaves_it_open() {
    all(&[
        (
            "x in (1, 2) and x not in (3, null)",
            [NULL, NULL, FALSE, NULL],
        ),
        (
            "x = any([1, 2]) and x <> all([3, null])",
            [NULL, NULL, FALSE, NULL],
        ),
        (
            "x <> all([1, 2, 4, 5, null]) or x <> all([3, 4])",
            [TRUE, TRUE, NULL, NULL],
        ),
        (
            "(x = 1 or x = 2) and (x = 3 or x = null)",
            [NULL, NULL, FALSE, NULL],
        ),
    ]);
}

#[test]
fn a_value_that_is_null_is_in_none_of_them_and_not_outside() {
    for lists in [
        "x in (1, 2) and x in (3, 4)",
        "x in (1, 2, 5, 6, 7) and x in (3, 4)",
        "x = any([1, 2]) and x = any([3, 4])",
        "(x = 1 or x = 2) and (x = 3 or x = 4)",
        "not (x <> 1 and x <> 2) and not (x <> 3 and x <> 4)",
        "(s like 'a' or s like 'b') and (s like 'c' or s like 'd')",
        "s ~ '^(a|b)$' and s ~ '^(c|d)$'",
    ] {
        all(&[(lists, [FALSE, FALSE, FALSE, NULL])]);
    }
    all(&[(
        "not (x = 1 or x = 2) or not (x = 3 or x = 4)",
        [TRUE, TRUE, TRUE, NULL],
    )]);
}

#[test]
fn array_has_of_constants_is_one_of_them() {
    assert_eq!(
        kept("array_has([1, 2], x) and x not in (y)"),
        [r#"{"id":2}"#]
    );
}
