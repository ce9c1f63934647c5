//! arraySplit: every piece is kept, null stays null, an empty text has no pieces.

use crate::support::{run, value};

const TEXT: &str = "struct<t:String,s:String>";

fn split(text: &str, separator: &str) -> String {
    let row = serde_json::json!({"t": text, "s": separator}).to_string();
    let by_column = value(TEXT, &row, "arraySplit(t, s)");
    let quoted = separator.replace('\'', "''");
    let by_constant = value(TEXT, &row, &format!("arraySplit(t, '{quoted}')"));
    assert_eq!(by_column, by_constant, "{text:?} by {separator:?}");
    by_constant
}

#[test]
fn the_separator_is_a_comma_unless_given() {
    let row = r#"{"t":"t1,t2|t3","s":null}"#;
    assert_eq!(value(TEXT, row, "arraySplit(t)"), r#"["t1","t2|t3"]"#);
    assert_eq!(value(TEXT, row, "arraySplit(t, '|')"), r#"["t1,t2","t3"]"#);
}

#[test]
fn the_name_is_found_in_any_case() {
    let row = r#"{"t":"a,b","s":null}"#;
    for name in ["arraySplit", "ARRAYSPLIT", "arraysplit", "`ArraySplit`"] {
        assert_eq!(value(TEXT, row, &format!("{name}(t)")), r#"["a","b"]"#);
    }
}

#[test]
fn empty_pieces_are_kept() {
    assert_eq!(split("|a||b|", "|"), r#"["","a","","b",""]"#);
    assert_eq!(split("|", "|"), r#"["",""]"#);
    assert_eq!(split("abc", "|"), r#"["abc"]"#);
}

#[test]
fn the_separator_is_plain_text_of_any_length() {
    assert_eq!(split("a.b", "."), r#"["a","b"]"#);
    assert_eq!(split("a::b:c", "::"), r#"["a","b:c"]"#);
    assert_eq!(split("aaa", "aa"), r#"["","a"]"#);
    assert_eq!(split("一，二，三", "，"), r#"["一","二","三"]"#);
    assert_eq!(split("it's", "'"), r#"["it","s"]"#);
    assert_eq!(split("ab", "abc"), r#"["ab"]"#);
}

#[test]
fn an_empty_separator_cuts_between_characters() {
    assert_eq!(split("a名b", ""), r#"["a","名","b"]"#);
}

#[test]
fn an_empty_text_has_no_pieces() {
    assert_eq!(split("", ","), "[]");
    assert_eq!(split("", ""), "[]");
}

#[test]
fn null_gives_null() {
    let row = r#"{"t":null,"s":null}"#;
    assert_eq!(value(TEXT, row, "arraySplit(t)"), "null");
    assert_eq!(value(TEXT, row, "arraySplit('a,b', s)"), "null");
    assert_eq!(value(TEXT, row, "arraySplit('a,b', null)"), "null");
}

#[test]
fn each_row_has_its_own_separator() {
    let rows = "{\"t\":\"a|b,c\",\"s\":\"|\"}\n{\"t\":\"a|b,c\",\"s\":\",\"}\n{\"t\":null,\"s\":\",\"}\n{\"t\":\"\",\"s\":\"\"}";
    let answer = run(TEXT, rows, "select arraySplit(t, s) as v from t1");
    assert_eq!(
        answer,
        [
            r#"{"v":["a","b,c"]}"#,
            r#"{"v":["a|b","c"]}"#,
            r#"{"v":null}"#,
            r#"{"v":[]}"#
        ]
    );
}

#[test]
fn constants_are_split_at_planning() {
    let row = r#"{"t":null,"s":null}"#;
    assert_eq!(value(TEXT, row, "arraySplit('a,b')"), r#"["a","b"]"#);
}

#[test]
fn other_functions_take_its_result() {
    let row = r#"{"t":"a,b,c","s":"x"}"#;
    assert_eq!(value(TEXT, row, "cardinality(arraySplit(t))"), "3");
    assert_eq!(value(TEXT, row, "arraySplit(t)[2]"), r#""b""#);
    assert_eq!(
        value(
            TEXT,
            row,
            "array_transform(arraySplit(upper(t)), p -> p || s)"
        ),
        r#"["Ax","Bx","Cx"]"#
    );
}
