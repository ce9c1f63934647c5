//! What is advised where columns of UNION ALL have no type in common gives them one.

use crate::support::{plan, refused};

const SCHEMA: &str = "struct<id:BigInt,f:Double,m:Decimal(10,2),s:String,day:Date,ok:Boolean>";

#[test]
fn the_advice_can_be_followed() {
    for (one, other, advised, left, right) in [
        (
            "f",
            "m",
            "column 1 of SELECT 2 as cast(… as double)",
            "f",
            "cast(m as double)",
        ),
        (
            "m",
            "f",
            "column 1 of the SELECTs before as cast(… as double)",
            "cast(m as double)",
            "f",
        ),
        (
            "id",
            "s",
            "column 1 of the SELECTs before as cast(… as string)",
            "cast(id as string)",
            "s",
        ),
        (
            "day",
            "ok",
            "column 1 of each of these SELECTs as cast(… as string)",
            "cast(day as string)",
            "cast(ok as string)",
        ),
        (
            "[m]",
            "[f]",
            "column 1 of the SELECTs before as array_transform(…, x -> cast(x as double))",
            "array_transform([m], x -> cast(x as double))",
            "[f]",
        ),
        (
            "s",
            "unnest([id])",
            "column 1 of SELECT 2 as unnest(array_transform(…, x -> cast(x as string)))",
            "s",
            "unnest(array_transform([id], x -> cast(x as string)))",
        ),
    ] {
        let union =
            |one, other| format!("select {one} as v from t1 union all select {other} as v from t1");
        let error = refused(SCHEMA, &union(one, other));
        assert!(error.contains(advised), "{one}, {other}: {error}");
        plan(SCHEMA, &union(left, right));
    }
}

#[test]
fn wholes_are_not_to_be_cast() {
    for (one, other) in [
        ("struct(m)", "struct(id)"),
        ("map('a', id)", "s"),
        ("[id]", "id"),
    ] {
        let sql = format!("select {one} as v from t1 union all select {other} from t1");
        let error = refused(SCHEMA, &sql);
        assert!(error.contains("of the UNION ALL is"), "{sql}: {error}");
        assert!(!error.contains("cast("), "{sql}: {error}");
    }
}
