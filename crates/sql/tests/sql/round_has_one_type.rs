//! `round` of a decimal has one type, wherever it stands and however its places are written: what stands beside it keeps its
//! digits.

use crate::support::{run, value};

const SCHEMA: &str = "struct<price:Decimal(10,2),list:Decimal(10,2),ok:Boolean,n:Int>";
const ROW: &str = r#"{"price":"12.34","list":"7.77","ok":true,"n":1}"#;
const WITHOUT: &str = r#"{"list":"7.77","ok":false,"n":1}"#;

#[test]
fn what_is_chosen_instead_is_not_rounded() {
    for (expression, expected) in [
        ("coalesce(round(price, 1), list)", "7.77"),
        ("coalesce(round(price, 2 - 1), list)", "7.77"),
        ("coalesce(round(price, cast(1 as int)), list)", "7.77"),
        ("coalesce(round(price, n), list)", "7.77"),
        ("coalesce(round(price, coalesce(1, n)), list)", "7.77"),
        ("coalesce(round(price), list)", "7.77"),
        ("coalesce(round(price, -1), list)", "7.77"),
        ("coalesce(round(price, null), list)", "7.77"),
        ("ifnull(round(price, 1), list)", "7.77"),
        ("nvl2(price, round(price, 1), list)", "7.77"),
        ("case when ok then round(price, 0) else list end", "7.77"),
        ("if(ok, round(price, 0), list)", "7.77"),
        ("greatest(round(price, 1), list)", "7.77"),
        ("least(round(price, 1), list)", "7.77"),
        ("[round(list, 1), list][2]", "7.77"),
    ] {
        assert_eq!(value(SCHEMA, WITHOUT, expression), expected, "{expression}");
    }
}

#[test]
fn what_is_rounded_is_compared() {
    for (expression, expected) in [
        ("round(price, 1) = 12.3", "true"),
        ("round(price, 1) <> 12.3", "false"),
        ("round(price, 1) = 12.34", "false"),
        ("round(price, 2 - 1) = 12.3", "true"),
        ("round(price, n) = 12.3", "true"),
        ("round(price, 1) in (12.3, 2.0)", "true"),
        ("round(price, 1) in (1.0, 2.0, 3.0, 12.3)", "true"),
        ("round(price, 1) between 12.3 and 12.3", "true"),
        ("round(price, 1) is distinct from 12.3", "false"),
        ("round(price, 1) is not distinct from 12.3", "true"),
        ("round(price, 1) > list", "true"),
        ("nullif(round(price, 1), 12.3) is null", "true"),
        ("case round(price, 1) when 12.3 then 1 else 2 end", "1"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    let rows = format!("{ROW}\n{WITHOUT}");
    let sql = "select n from t1 where round(price, 1) = 12.3";
    assert_eq!(run(SCHEMA, &rows, sql), [r#"{"n":1}"#]);
}

#[test]
fn constant_places_are_those_that_are_left() {
    for (expression, expected) in [
        ("round(price, 1)", "12.3"),
        ("round(price, 2 - 1)", "12.3"),
        ("round(price)", "12"),
        ("round(price, n)", "12.30"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}
