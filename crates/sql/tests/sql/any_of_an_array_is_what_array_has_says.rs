//! `= any`, `@>` and `<@` find in an array what `array_has` and `array_has_all` find there.

use crate::support::value;

const SCHEMA: &str = "struct<n:Int,l:BigInt,day:Date,s:String>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"day":"2024-01-02","s":"x"}"#;

#[test]
fn what_is_looked_for_is_what_the_items_are() {
    for (expression, expected) in [
        ("'2024-01-02' = any([day])", "true"),
        ("'2024-01-03' = any([day])", "false"),
        ("9007199254740992.0 = any([l])", "false"),
        ("n = some([3, 4])", "true"),
        ("n + 2 = any([3, 4])", "false"),
        ("s = any(arraySplit('x,y', ','))", "true"),
        ("not n = any([3, 4])", "false"),
        ("[day] @> ['2024-01-02']", "true"),
        ("['2024-01-03'] <@ [day]", "false"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}
