//! What takes texts takes no array, no struct and no map for one, and names the function to use. `concat_ws` joins items of arrays.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<n:Int,s:String,m:Decimal(10,2)>";
const ROW: &str = r#"{"n":1,"s":"2 0","m":1.5}"#;

#[test]
fn functions_of_texts_refuse_arrays_and_name_what_to_use() {
    for (expression, said) in [
        ("length(arraySplit(s, ' '))", "cardinality(a)"),
        ("char_length([1])", "cardinality(a)"),
        ("reverse(arraySplit(s, ' '))", "array_reverse(a)"),
        ("concat(['a'], 'b')", "array_concat(a, b)"),
        ("concat('b', ['a'])", "array_concat(a, b)"),
        ("left(['a'], 1)", "a[1:3]"),
        ("json_value([1], '$[0]')", "a[1]"),
        ("regexp_replace(['a'], 'a', 'b')", "array_transform(a, "),
        ("upper(['a'])", "array_transform(a, "),
        ("md5([1])", "array_transform(a, "),
        ("length(struct(1))", "st['name']"),
        ("upper(map('a', 1))", "st['name']"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let name = expression.split('(').next().unwrap();
        let begin = format!("MS-5001: line 1, column 8: {name} takes single values, and no ");
        assert!(error.starts_with(&begin), "{expression}: {error}");
        assert!(error.contains(said), "{expression}: {error}");
    }
}

#[test]
fn element_at_of_an_array_is_told_of_brackets() {
    let error = refused(SCHEMA, "select element_at([1, 2], 1) as x from t1");
    assert!(error.contains("element_at takes a map first"), "{error}");
    assert!(error.contains("a[1]"), "{error}");
}

#[test]
fn concat_ws_joins_items_and_leaves_nulls_out() {
    for (expression, expected) in [
        ("concat_ws('-', arraySplit(s, ' '))", "\"2-0\""),
        ("concat_ws(',', ['a', 'b'], 'z')", "\"a,b,z\""),
        ("concat_ws(',', s, ['a', null], null, 'z')", "\"2 0,a,z\""),
        ("concat_ws(',', [n, 2], n)", "\"1,2,1\""),
        ("concat_ws(',', [m])", "\"1.50\""),
        (
            "concat_ws(',', case when n > 1 then ['a'] end, 'z')",
            "\"z\"",
        ),
        ("concat_ws(',', case when n > 1 then ['a'] end)", "\"\""),
        ("concat_ws(case when n > 1 then ',' end, ['a'])", "null"),
        ("concat_ws('-', s, n)", "\"2 0-1\""),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    for (expression, said) in [
        ("concat_ws(['a'], 'b')", "concat_ws takes a text first"),
        (
            "concat_ws(',', struct(1))",
            "concat_ws takes texts and arrays",
        ),
        (
            "concat_ws(',', [['a']])",
            "concat_ws takes texts and arrays",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}
