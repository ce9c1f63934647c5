//! What is compared or joined with the items of an array is taken as it is by itself: no digit is lost, and decimals, times and texts
//! of the query beside items are of their type.

use crate::support::{all_give, refused};

const SCHEMA: &str =
    "struct<n:Int,l:BigInt,d:Double,m:Decimal(10,2),day:Date,ts:Timestamp,s:String>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"d":0.5,"m":"1.50","day":"2024-01-02","ts":"2024-01-02T10:00:00.123456","s":"1.5"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

fn all_refused(cases: &[(&str, &str)]) {
    for (expression, told) in cases {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(said.starts_with("MS-5001: "), "{expression}: {said}");
        assert!(said.contains(told), "{expression}: {said}");
        assert!(!said.contains('\n'), "{expression}: {said}");
    }
}

#[test]
fn long_whole_numbers_keep_their_digits_beside_numbers_with_a_point() {
    all(&[
        ("array_append([l], 0.5)", "[9007199254740993.0,0.5]"),
        ("array_prepend(0.5, [l])", "[0.5,9007199254740993.0]"),
        ("[l] || 0.5", "[9007199254740993.0,0.5]"),
        ("0.5 || [l]", "[0.5,9007199254740993.0]"),
        ("[l] || [0.5]", "[9007199254740993.0,0.5]"),
        ("array_append([[l]], [0.5])", "[[9007199254740993.0],[0.5]]"),
        (
            "array_append(array_append([l], 0.5), 0.25)",
            "[9007199254740993.00,0.50,0.25]",
        ),
        (
            "array_append([9007199254740993], 0.5)",
            "[9007199254740993.0,0.5]",
        ),
        ("array_has([l], 9007199254740992.0)", "false"),
        ("array_has([l], 9007199254740993.0)", "true"),
        ("array_has([9007199254740993], 9007199254740992.0)", "false"),
        ("array_has([0.5, 9007199254740992.0], l)", "false"),
        ("array_has_all([l], [9007199254740992.0])", "false"),
        ("array_has_any([l], [9007199254740993.0, 0.5])", "true"),
        ("array_position([l], 9007199254740992.0)", "null"),
        ("array_positions([3, l], 9007199254740993.0)", "[2]"),
        (
            "array_remove([l], 9007199254740992.0)",
            "[9007199254740993]",
        ),
        (
            "array_replace([l], 9007199254740992.0, 0.5)",
            "[9007199254740993.0]",
        ),
        ("array_length(array_union([l], [9007199254740992.0]))", "2"),
        ("array_intersect([l], [9007199254740992.0])", "[]"),
        (
            "array_except([l], [9007199254740992.0])",
            "[9007199254740993]",
        ),
        ("[l] = [9007199254740992.0]", "false"),
        (
            "array_transform(array_append([l], 0.5), x -> x + 1)",
            "[9007199254740994.0,1.5]",
        ),
        (
            "array_filter(array_append([l], 0.5), x -> x > 1)",
            "[9007199254740993.0]",
        ),
        ("coalesce([l], [0.5])", "[9007199254740993.0]"),
    ]);
}

#[test]
fn what_doubles_hold_stays_a_double() {
    all(&[
        ("array_append([n], 0.5)", "[3.0,0.5]"),
        ("array_has([1, 2], d)", "false"),
        ("array_has([1.5, 0.5], d)", "true"),
        ("array_append([d], 3)", "[0.5,3.0]"),
        ("array_has([l], 3)", "false"),
    ]);
}

#[test]
fn doubles_that_the_query_works_out_are_numbers_of_the_query() {
    all(&[
        (
            "array_append([l], case when n > 1 then 0.5 else 0.25 end)",
            "[9007199254740993.00,0.50]",
        ),
        ("array_append([l], 0.5*2)", "[9007199254740993,1]"),
        ("array_has([l], -(0.5))", "false"),
        (
            "array_append([l], cast(null as double))",
            "[9007199254740993,null]",
        ),
        ("array_has([m], 0.5+1)", "true"),
        ("array_append([d], 0.5*2)", "[0.5,1.0]"),
    ]);
}

#[test]
fn counts_stand_beside_doubles() {
    all(&[
        (
            "array_append([d], cardinality(arraySplit(s, '.')))",
            "[0.5,2.0]",
        ),
        ("[d] || array_length(arraySplit(s, '.'))", "[0.5,2.0]"),
        ("array_has([d], cardinality(arraySplit(s, '.')))", "false"),
    ]);
}

#[test]
fn beside_doubles_of_records_they_are_refused() {
    let both = "beside a Double, and no type holds the values of both; cast one of them";
    all_refused(&[
        ("array_append([l], d)", both),
        ("array_has([l], d)", both),
        ("array_has([d], l)", both),
        ("array_concat([l], [d])", both),
        ("array_has([m], d)", both),
        ("[l] = [d]", both),
        ("[l] || d", both),
    ]);
    all(&[
        (
            "array_append([l], cast(d as decimal(20,2)))",
            "[9007199254740993.00,0.50]",
        ),
        ("array_has([cast(l as double)], d)", "false"),
    ]);
}

#[test]
fn decimals_meet_decimals_of_other_digits() {
    all(&[
        ("array_has([m], 1.5)", "true"),
        ("array_has([m], 1.501)", "false"),
        ("array_has([m], 2)", "false"),
        ("array_has([m, 2], 2)", "true"),
        ("array_has([1.5, 2.5], m)", "true"),
        ("array_position([m], 1.5)", "1"),
        ("array_append([m], 0.125)", "[1.500,0.125]"),
        ("[m] || 2.5", "[1.50,2.50]"),
        ("array_remove([m, 2.5], 1.5)", "[2.50]"),
        ("array_has([cardinality([n])], 1)", "true"),
        ("array_has([cast(m as decimal(38,2))], 1e-30)", "false"),
    ]);
    all_refused(&[
        (
            "array_append([cast(m as decimal(38,2))], 1e-30)",
            "no type holds the values of both",
        ),
        (
            "array_append([l], 1e300)",
            "can't be exact beside a decimal here",
        ),
    ]);
}

#[test]
fn texts_of_the_query_are_of_the_items_type() {
    all(&[
        ("array_has([m], '1.5')", "true"),
        ("array_has([m], '1.501')", "false"),
        ("array_remove([m], '1.50')", "[]"),
        ("array_has([n], '3')", "true"),
        ("array_append([n], '4')", "[3,4]"),
        ("array_has([d], '0.5')", "true"),
        ("array_has([day], '2024-01-02')", "true"),
        ("array_has([day], '2024-01-02 10:00:00')", "false"),
        ("array_has(['2024-01-02'], day)", "true"),
        ("array_position([day], '2024-01-02')", "1"),
        (
            "array_append([day], '2024-01-03')",
            r#"["2024-01-02","2024-01-03"]"#,
        ),
        ("[day] || '2024-01-03'", r#"["2024-01-02","2024-01-03"]"#),
        ("array_remove([day], '2024-01-02')", "[]"),
        (
            "array_concat([day], ['2024-01-03'])",
            r#"["2024-01-02","2024-01-03"]"#,
        ),
        ("array_has([ts], '2024-01-02 10:00:00.123456')", "true"),
        ("[day] @> ['2024-01-02']", "true"),
        ("['2024-01-03'] <@ [day]", "false"),
        ("array_concat([n], [0.5], ['1.5'])", "[3.0,0.5,1.5]"),
    ]);
    all_refused(&[
        (
            "array_has([m], 'one')",
            "'one' is no number, and stands beside a decimal",
        ),
        ("array_has([m], s)", "a text is no decimal"),
        ("array_has([n], 'x')", "'x' is no "),
        ("array_has([day], 'abc')", "'abc' is no Date"),
        ("array_has([day], s)", "a text may hold more than a day"),
    ]);
}

#[test]
fn what_is_joined_with_texts_of_the_query_becomes_a_text() {
    all(&[
        ("array_append(['a'], n)", r#"["a","3"]"#),
        ("array_append(['01'], n)", r#"["01","3"]"#),
        ("['id'] || n", r#"["id","3"]"#),
        ("n || ['id']", r#"["3","id"]"#),
        ("array_concat(['total'], [n])", r#"["total","3"]"#),
        (
            "array_concat(['total'], [l], [0.5])",
            r#"["total","9007199254740993","0.5"]"#,
        ),
        ("array_append(['a'], m)", r#"["a","1.50"]"#),
    ]);
    all_refused(&[("array_concat([n], ['total'])", "'total' is no ")]);
}

#[test]
fn times_of_two_units_are_compared_as_they_are() {
    all(&[
        (
            "array_has([cast(ts as timestamp(3))], timestamp '2024-01-02 10:00:00.123')",
            "true",
        ),
        ("array_has([cast(ts as timestamp(3))], ts)", "false"),
        ("array_position([cast(ts as timestamp(3))], ts)", "null"),
        ("array_has([cast(ts as timestamp(3)), ts], ts)", "true"),
        (
            "array_append([cast(ts as timestamp(3))], ts)",
            r#"["2024-01-02T10:00:00.123","2024-01-02T10:00:00.123456"]"#,
        ),
        ("array_has([day], ts)", "false"),
        ("array_has([day], cast(day as timestamp))", "true"),
    ]);
}

#[test]
fn items_of_no_common_type_are_refused() {
    for expression in [
        "array_has([n], true)",
        "array_append(n, 1)",
        "array_has([day], m)",
        "array_concat([ts], [1])",
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(said.starts_with("MS-5001: "), "{expression}: {said}");
    }
}
