//! A number that a CASE, `coalesce`, `abs` or a sign hands on is the number that it is, whatever it stands beside.

use crate::support::{all_give, refused};

const SCHEMA: &str = "struct<id:Int,l:BigInt,f:Double,m:Decimal(10,2),s:String>";
const ROW: &str = r#"{"id":1,"l":9007199254740993,"f":0.0,"m":"1.50","s":"x"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

fn all_refused(cases: &[(&str, &str)]) {
    for (expression, told) in cases {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(said.contains(told), "{expression}: {said}");
    }
}

#[test]
fn numbers_of_the_query_beside_items_that_are_decimals() {
    all(&[
        ("[m] = [nvl(if(id = 9, id, 1.501), 0)]", "false"),
        (
            "array_has([m], nvl(case when id = 9 then id else 1.501 end, 0))",
            "false",
        ),
        ("array_position([m], nvl(if(id = 9, id, 1.501), 0))", "null"),
        (
            "array_remove([m], -(case when id = 9 then id else -1.501 end))",
            "[1.500]",
        ),
        (
            "array_append([m], nvl(if(id = 9, 1, 1.239), 0))",
            "[1.500,1.239]",
        ),
        (
            "array_concat([m], [nvl(if(id = 9, id, 1.239), 0)])",
            "[1.500,1.239]",
        ),
        (
            "case when id = 1 then [nvl(if(id = 9, id, 1.239), 0)] else [m] end",
            "[1.239]",
        ),
    ]);
}

#[test]
fn long_numbers_of_records_beside_items() {
    all(&[
        (
            "[9007199254740992.0] = [abs(case when id = 2 then id else l end)]",
            "false",
        ),
        (
            "struct(9007199254740992.0) = struct(abs(case when id = 2 then id else l end))",
            "false",
        ),
        (
            "array_append([0.5], -(case when id = 2 then id else l end))",
            "[0.5,-9007199254740993.0]",
        ),
        (
            "array_append([m], abs(case when id = 2 then id else l end))",
            "[1.50,9007199254740993.00]",
        ),
        (
            "[m] || abs(case when id = 2 then id else l end)",
            "[1.50,9007199254740993.00]",
        ),
        (
            "[[m, abs(case when id = 2 then id else l end)]]",
            "[[1.50,9007199254740993.00]]",
        ),
        (
            "coalesce([m, abs(case when id = 2 then id else l end)], [m])",
            "[1.50,9007199254740993.00]",
        ),
        (
            "array_transform([id], x -> [[m, abs(case when x = 2 then id else l end)]])",
            "[[[1.50,9007199254740993.00]]]",
        ),
    ]);
}

#[test]
fn constants_beside_long_numbers() {
    all(&[
        ("[l, 0.5 * 2]", "[9007199254740993,1]"),
        ("[l, abs(1.75)]", "[9007199254740993.00,1.75]"),
        ("[l, coalesce(null, 1.75)]", "[9007199254740993.00,1.75]"),
        ("coalesce(l, nvl(null, 0.5))", "9007199254740993.0"),
        ("coalesce(l, 0.25 * 2)", "9007199254740993.0"),
        (
            "nvl(l, case when id = 1 then 0.5 else 1.5 end)",
            "9007199254740993.0",
        ),
        ("coalesce(l, nvl(id, 0.5))", "9007199254740993.0"),
        (
            "case when id = 1 then l else nvl(id, 0.5) end",
            "9007199254740993.0",
        ),
        ("nullif(l, nvl(id, 0.5))", "9007199254740993.0"),
    ]);
}

#[test]
fn constants_beside_decimals() {
    all(&[
        ("coalesce(m, nvl(id, 0.5))", "1.50"),
        ("greatest(m, if(id = 9, id, 1.501))", "1.501"),
        ("nvl(m, 1e3)", "1.50"),
        ("greatest(m, 1e-3)", "1.500"),
        ("[m, 1e3]", "[1.50,1000.00]"),
        (
            "nvl(cast('12345678901234567890123456789012345678' as decimal(38,0)), 1e3)",
            "12345678901234567890123456789012345678",
        ),
    ]);
}

#[test]
fn doubles_of_records_are_refused_also_where_they_are_handed_on() {
    let both = "and no type holds the values of both";
    all_refused(&[
        ("array_append([m], nvl(if(id = 9, id, f + 1.239), 0))", both),
        ("array_append([m], abs(if(id = 9, id, f)))", both),
        ("coalesce(m, nvl(f, 0.5))", both),
        ("nvl(m, 1e-50)", "can't be exact beside a decimal"),
        (
            "coalesce(f, abs(9007199254740993))",
            "and no Double is that number",
        ),
    ]);
}

#[test]
fn beside_a_double_a_long_number_is_one_as_before() {
    all(&[
        ("[l, f]", "[9.007199254740992e15,0.0]"),
        ("coalesce(l, f, 0.5 * 2)", "9.007199254740992e15"),
        ("coalesce(l, cast(null as double))", "9.007199254740992e15"),
    ]);
}

#[test]
fn a_text_that_is_handed_on_beside_numbers_is_told_in_plain_words() {
    all_refused(&[(
        "array_append([id], nvl(case when id = 9 then id else s end, s))",
        "`array_append` can't be called with (Array(Int), String)",
    )]);
}
