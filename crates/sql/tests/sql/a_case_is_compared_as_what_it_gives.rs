//! What is compared with a CASE is compared with the type that holds all of its results, whichever stands first.

use crate::support::value;

const SCHEMA: &str = "struct<n:Int,l:BigInt,m:Decimal(10,2)>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"m":"1.50"}"#;

#[test]
fn numbers_and_texts_beside_decimals_keep_their_digits() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("case when n = 4 then n else m end = '1.501'", "false"),
        ("case when n = 4 then n else m end = '1.5'", "true"),
        ("case when n = 4 then n else m end = 1.501", "false"),
        (
            "case when n = 3 then l else m end = 9007199254740992.0",
            "false",
        ),
        (
            "case when n = 4 then n else m end in ('1.501', '7')",
            "false",
        ),
        (
            "case when n = 4 then n else m end between '1.4' and '1.499'",
            "false",
        ),
        (
            "case case when n = 4 then n else m end when '1.501' then 1 else 0 end",
            "0",
        ),
    ] {
        let found = value(SCHEMA, ROW, expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
