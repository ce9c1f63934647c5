//! A whole number of the query that no Double is keeps all of its digits beside numbers with a point, or is refused.

use arrow::datatypes::DataType;

use crate::support::{all_give, plan, refused};

const SCHEMA: &str = "struct<n:Int,l:BigInt,d:Double,b:Boolean>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"d":0.5,"b":true}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn handed_on_they_are_exact() {
    all(&[
        ("coalesce(9007199254740993, 0.5)", "9007199254740993.0"),
        ("nvl(9007199254740993, 0.5)", "9007199254740993.0"),
        ("ifnull(9007199254740993, 0.5)", "9007199254740993.0"),
        ("nvl2(n, 9007199254740993, 0.5)", "9007199254740993.0"),
        ("nullif(9007199254740993, 0.5)", "9007199254740993.0"),
        (
            "nullif(9007199254740993, 9007199254740992.0)",
            "9007199254740993",
        ),
        ("greatest(9007199254740993, 0.5)", "9007199254740993.0"),
        ("least(9007199254740993, 0.5)", "0.5"),
        (
            "least(-9007199254740993, -9007199254740993.5)",
            "-9007199254740993.5",
        ),
        (
            "case when b then 9007199254740993 else 0.5 end",
            "9007199254740993.0",
        ),
        (
            "case when not b then 0.5 else 9007199254740993 end",
            "9007199254740993.0",
        ),
        ("if(b, 9007199254740993, 0.5)", "9007199254740993.0"),
        ("[9007199254740993, 0.5]", "[9007199254740993.0,0.5]"),
        (
            "[[9007199254740993], [0.5]]",
            "[[9007199254740993.0],[0.5]]",
        ),
        (
            "coalesce(18446744073709551615, 0.5)",
            "18446744073709551615.0",
        ),
        (
            "coalesce(99999999999999999999, 0.5)",
            "99999999999999999999.0",
        ),
        (
            "case when b then 9007199254740993 when n > 1 then 0.5 else 'none' end",
            "\"9007199254740993\"",
        ),
        (
            "case when b then 99999999999999999999 when n > 1 then 0.5 else 'none' end",
            "\"99999999999999999999\"",
        ),
        // A Double tells fewer digits for certain.
        ("coalesce(3, 0.5)", "3.0"),
        ("case when b then 0.5 else 3 end", "0.5"),
    ]);
}

#[test]
fn reckoned_with_they_are_exact() {
    all(&[
        ("9007199254740993 + 0.5", "9007199254740993.5"),
        ("0.5 - 9007199254740993", "-9007199254740992.5"),
        ("9007199254740993 * 0.5", "4503599627370496.5"),
        ("9007199254740992 + 0.5", "9007199254740992.5"),
        ("9007199254740993 + 1e3", "9007199254741993"),
        ("99999999999999999999 + 0.5", "99999999999999999999.5"),
        ("9007199254740993 + 1", "9007199254740994"),
        ("3 + 0.5", "3.5"),
        ("0.5 + 1.5 + 9007199254740993", "9007199254740995.0"),
        ("9007199254740993 - (0.5 + 1.5)", "9007199254740991.0"),
        ("-(9007199254740993) + 0.5", "-9007199254740992.5"),
        ("9007199254740993 + -(0.5)", "9007199254740992.5"),
        ("(9007199254740993 - 1) * 0.5", "4503599627370496.0"),
    ]);
}

#[test]
fn numbers_that_doubles_tell_apart_stay_doubles() {
    for expression in [
        "1700000000000000 * 0.001",
        "9007199254740991 + 0.5",
        "1000000000000000 % 1.5",
        "-(1700000000000000) * 0.001 + 1",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let own = query.output_schema().field(0).data_type().clone();
        assert_eq!(own, DataType::Float64, "{expression}");
    }
    all(&[("coalesce(d, 1700000000000000 * 0.001)", "0.5")]);
}

#[test]
fn digits_that_no_decimal_has_room_for_are_those_of_doubles() {
    all(&[
        (
            "99999999999999999999999999999999999999 * 1.5 > 1e38",
            "true",
        ),
        (
            "99999999999999999999999999999999999999 + 0.5 > 1e37",
            "true",
        ),
        (
            "coalesce(d, 99999999999999999999999999999999999999 * 1.5)",
            "0.5",
        ),
        ("9007199254740993 * 1e200 > 1e210", "true"),
        ("99999999999999999999 - 1e-30 > 1e19", "true"),
    ]);
}

#[test]
fn compared_they_are_exact() {
    all(&[
        ("9007199254740993 > 9007199254740992.5", "true"),
        ("9007199254740993 = 9007199254740992.0", "false"),
        ("9007199254740993 in (9007199254740992, 0.5)", "false"),
        ("l in (9007199254740992, 0.5)", "false"),
        ("l in (9007199254740993, 0.5)", "true"),
        ("l not in (9007199254740992, 0.5)", "true"),
        ("l between 0.5 and 9007199254740992", "false"),
        ("l between 0.5 and 9007199254740993", "true"),
        (
            "case l when 9007199254740992 then 1 when 0.5 then 2 else 3 end",
            "3",
        ),
        ("l > 0.5", "true"),
    ]);
}

#[test]
fn beside_doubles_they_are_refused() {
    for (expression, what) in [
        ("coalesce(d, 9007199254740993)", "coalesce"),
        ("greatest(9007199254740993, d)", "greatest"),
        ("nullif(d, 9007199254740993)", "nullif"),
        ("case when b then d else 9007199254740993 end", "CASE"),
        ("if(b, 9007199254740993, 1e300)", "CASE"),
        ("[d, 9007199254740993]", "an array"),
        (
            "coalesce(case when b then 1 else d end, 9007199254740993)",
            "coalesce",
        ),
        ("greatest(9007199254740993, if(b, n, d))", "greatest"),
        (
            "coalesce(d, case when b then 1 else 9007199254740993 end)",
            "coalesce",
        ),
        ("[[9007199254740993], if(b, [1], [d])]", "an array"),
        ("array_append([9007199254740993], d)", "array_append"),
        ("array_has([d], 9007199254740993)", "array_has"),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let told = format!(
            "{what} has 9007199254740993 beside a Double, and no Double is that number; cast the Double, for example cast(price as decimal(20,2))"
        );
        assert!(said.contains(&told), "{expression}: {said}");
    }
    let negative = refused(
        SCHEMA,
        "select coalesce(d, -(9007199254740993)) as x from t1",
    );
    assert!(
        negative.contains("coalesce has -9007199254740993 beside a Double"),
        "{negative}"
    );
    all(&[
        (
            "coalesce(case when b then 1 else n end, 9007199254740993)",
            "1",
        ),
        ("coalesce(d, 9007199254740992)", "0.5"),
        ("coalesce(d, cast(9007199254740993 as double))", "0.5"),
        (
            "coalesce(cast(d as decimal(20,2)), 9007199254740993)",
            "0.50",
        ),
    ]);
}

#[test]
fn the_selects_of_a_union_do_not_round_them() {
    let said = refused(
        SCHEMA,
        "select 9007199254740993 as x from t1 union all select 0.5 from t1",
    );
    assert!(
        said.contains("column 1 of the UNION ALL is BigInt"),
        "{said}"
    );
    assert!(said.contains("cast one of them"), "{said}");
}
