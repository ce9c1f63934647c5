//! Functions that Flink and Hive have under the same name give the same here; errors have the names of types that people write.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, plan, value};

const SCHEMA: &str = "struct<s:String,n:Int,b:TinyInt>";
const ROW: &str = r#"{"s":"abc","n":-1,"b":-128}"#;

#[test]
fn digests_are_texts() {
    for (expression, expected) in [
        (
            "sha256('a')",
            "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"",
        ),
        (
            "encode(sha256('a'), 'hex')",
            "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"",
        ),
        (
            "encode(sha224('a'), 'base64')",
            "\"q9N1NMfZou+5Rl3pMc1wVf/biHlWOumAeNbW1Q\"",
        ),
        ("length(sha224('a'))", "56"),
        ("length(sha384('a'))", "96"),
        ("length(SHA512('a'))", "128"),
    ] {
        let found = value(SCHEMA, ROW, expression);
        assert_eq!(found.trim_matches('='), expected, "{expression}");
    }
}

#[test]
fn places_before_the_first_are_counted_from_the_end() {
    for (expression, expected) in [
        ("substr(s, -1)", "\"c\""),
        ("substr(s, -2, 1)", "\"b\""),
        ("substring(s, n)", "\"c\""),
        ("substring(s, n * 3, 2)", "\"ab\""),
        ("substr(s, -4)", "\"\""),
        ("substr(s, 0, 2)", "\"ab\""),
        ("substr('añb', -2)", "\"ñb\""),
        ("substr('abc', -1)", "\"c\""),
        ("substr(s, 2)", "\"bc\""),
        ("array_remove(make_array(1, 2, 1), 1)", "[2]"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn types_have_the_names_of_schemas() {
    let schema = parse_struct(SCHEMA).unwrap();
    for expression in [
        "abs(b)",
        "cast(n - 2147483647 as tinyint)",
        "regexp_like('a', s || '(')",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let rows = batch(&schema, ROW);
        let failures = query.evaluate_isolating(&rows).unwrap().failures;
        let said = failures.first().map(|failure| failure.message.clone());
        let said = said.unwrap_or_else(|| panic!("{expression} fails"));
        let known = ["Int8", "Int64", "Int32", "Array", "Syntax", "~"];
        assert!(
            !known.iter().any(|name| said.contains(name)),
            "{expression}: {said}"
        );
        assert!(!said.contains("(b)") || said.contains("TinyInt"), "{said}");
    }
}
