use arrow::datatypes::TimeUnit;

use super::*;

fn columns(schema: &Schema) -> Vec<(&str, &DataType)> {
    let fields = schema.fields().iter();
    fields.map(|f| (f.name().as_str(), f.data_type())).collect()
}

fn struct_error(text: &str) -> String {
    parse_struct(text).expect_err(text).to_string()
}

fn json_error(text: &str) -> String {
    parse_json(text).expect_err(text).to_string()
}

#[test]
fn a_struct_gives_its_columns_in_order() {
    let schema = parse_struct("struct<_col0:BigInt,_col1:String>").unwrap();
    assert_eq!(
        columns(&schema),
        [("_col0", &DataType::Int64), ("_col1", &DataType::Utf8)]
    );
    assert!(schema.fields().iter().all(|f| f.is_nullable()));
}

#[test]
fn a_struct_tolerates_white_space_and_any_case() {
    let schema = parse_struct("  STRUCT < a b : bigint ,\n c:DOUBLE > ").unwrap();
    assert_eq!(
        columns(&schema),
        [("a b", &DataType::Int64), ("c", &DataType::Float64)]
    );
}

#[test]
fn a_backquoted_name_holds_anything() {
    let schema = parse_struct("struct<`a:b,c>d``e`:Int, 名:String>").unwrap();
    assert_eq!(
        columns(&schema),
        [("a:b,c>d`e", &DataType::Int32), ("名", &DataType::Utf8)]
    );
}

#[test]
fn every_type_name_of_the_table_has_its_type() {
    let table = [
        ("Boolean", DataType::Boolean),
        ("SmallInt", DataType::Int16),
        ("Int", DataType::Int32),
        ("BigInt", DataType::Int64),
        ("Float", DataType::Float32),
        ("Double", DataType::Float64),
        ("Decimal", DataType::Float64),
        ("Decimal(10, 2)", DataType::Decimal128(10, 2)),
        ("numeric(12)", DataType::Decimal128(12, 0)),
        ("DEC ( 38 , 38 )", DataType::Decimal128(38, 38)),
        ("Integer", DataType::Int32),
        ("int(11)", DataType::Int32),
        ("Long", DataType::Int64),
        ("Short", DataType::Int16),
        ("tinyint", DataType::Int8),
        ("bool", DataType::Boolean),
        ("double  Precision", DataType::Float64),
        ("real", DataType::Float32),
        (
            "timestamp(3)",
            DataType::Timestamp(TimeUnit::Millisecond, None),
        ),
        (
            "timestamp (3)  without time zone",
            DataType::Timestamp(TimeUnit::Millisecond, None),
        ),
        (
            "timestamp without time zone",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        ("datetime", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("text", DataType::Utf8),
        ("char(3)", DataType::Utf8),
        (
            "Timestamp",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        ("Date", DataType::Date32),
        ("String", DataType::Utf8),
        ("List", DataType::Utf8),
        ("Map", DataType::Utf8),
        ("Varchar(20)", DataType::Utf8),
    ];
    for (name, expected) in table {
        let text = format!("struct<x:{name},y:Int>");
        let schema = parse_struct(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let found = columns(&schema);
        assert_eq!(found, [("x", &expected), ("y", &DataType::Int32)], "{name}");
        assert_eq!(data_type(&name.to_uppercase()).unwrap(), expected);
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_nearest_names() {
    let error = struct_error("struct<id:Int, x:Integr>");
    assert!(
        error.starts_with(
            "MS-5003: schema, character 18: column `x`: `Integr` is no type; did you mean `integer`"
        ),
        "{error}"
    );
    let error = json_error(r#"{"x": "Strng"}"#);
    assert!(error.contains("did you mean `string`"), "{error}");
    for name in [
        "Decimal(39,2)",
        "decimal(5,6)",
        "decimal(0)",
        "timestamp(12)",
        "date(3)",
        "binary",
        "varchar(x)",
        "boolean(1)",
        "timestamp(3) with time zone",
        "int(11) unsigned",
    ] {
        let error = json_error(&format!("{{\"x\": \"{name}\"}}"));
        assert!(
            error.starts_with("MS-5003: ") && error.contains(name),
            "{error}"
        );
    }
}

#[test]
fn a_type_of_nested_values_is_refused_with_what_to_write() {
    for name in [
        "array<int>",
        "ARRAY < string >",
        "Array",
        "List<Int>",
        "map<string,int>",
        "Map<String,Struct<a:Int,b:List<Int>>>",
        "struct<a:int,b:array<string>>",
        "struct",
        "row",
    ] {
        let error = struct_error(&format!("struct<id:Int, x:{name}>"));
        assert!(
            error.starts_with(&format!(
                "MS-5003: schema, character 18: column `x`: `{name}` is no type of a column: nested values are read as text; write String"
            )),
            "{error}"
        );
        let error = json_error(&format!("{{\"x\": \"{name}\"}}"));
        assert!(
            error.contains("nested values are read as text; write String"),
            "{error}"
        );
    }
}

#[test]
fn a_decimal_says_how_many_digits_it_has_or_that_it_is_none() {
    for name in ["numeric", "DEC", "BigDecimal"] {
        let error = struct_error(&format!("struct<x:{name}>"));
        let what = format!(
            "`{name}` does not say how many digits it has: write {}(10,2)",
            name.to_lowercase()
        );
        assert!(error.contains(&what), "{error}");
    }
    let schema = parse_struct("struct<a:Decimal,b:Decimal(10,0),c:Double>").unwrap();
    let inexact = |name: &str| {
        let field = schema.field_with_name(name).unwrap();
        field.metadata().get(INEXACT_DECIMAL).cloned()
    };
    assert_eq!(inexact("a").as_deref(), Some("Decimal"));
    assert_eq!((inexact("b"), inexact("c")), (None, None));
}

#[test]
fn a_text_of_limited_length_has_its_limit() {
    let schema = parse_struct("struct<a:varchar(20),b:String>").unwrap();
    let limit = |name: &str| {
        schema
            .field_with_name(name)
            .unwrap()
            .metadata()
            .get(MAX_CHARACTERS)
            .cloned()
    };
    assert_eq!((limit("a").as_deref(), limit("b")), (Some("20"), None));
}

#[test]
fn json_keeps_the_order_of_its_columns() {
    let schema = parse_json(r#"{"z": "BigInt", "a": "String", "m": "Date"}"#).unwrap();
    assert_eq!(
        columns(&schema),
        [
            ("z", &DataType::Int64),
            ("a", &DataType::Utf8),
            ("m", &DataType::Date32)
        ]
    );
}

#[test]
fn json_wins_over_the_struct() {
    let both = from_parameters(Some("struct<a:Int>"), Some(r#"{"b":"Int"}"#)).unwrap();
    assert_eq!(columns(&both.unwrap()), [("b", &DataType::Int32)]);
    let one = from_parameters(Some("struct<a:Int>"), Some("  ")).unwrap();
    assert_eq!(columns(&one.unwrap()), [("a", &DataType::Int32)]);
    assert!(from_parameters(None, None).unwrap().is_none());
}

#[test]
fn a_wrong_struct_is_refused_with_its_place() {
    let table = [
        ("", "character 1: expected `struct<`, found the end"),
        ("id:Int", "character 1: expected `struct<`, found `i`"),
        ("struct id:Int", "character 8: expected `<`, found `i`"),
        ("struct<>", "character 8: expected a column name, found `>`"),
        (
            "struct<id>",
            "character 10: expected `:` and a type, found `>`",
        ),
        ("struct<名:>", "character 10: expected a type, found `>`"),
        (
            "struct<id:Int,>",
            "character 15: expected a column name, found `>`",
        ),
        (
            "struct<id:Int",
            "character 14: expected `,` or `>`, found the end",
        ),
        (
            "struct<id:Int> x",
            "character 16: expected the end, found `x`",
        ),
        (
            "struct<`id:Int>",
            "character 16: expected a closing backquote",
        ),
        ("struct<``:Int>", "character 10: a column has an empty name"),
        (
            "struct<a:Int,b:Int,a:String>",
            "character 20: column `a` is there twice",
        ),
        (r#"{"a":"Int"}"#, "this is JSON"),
    ];
    for (text, expected) in table {
        let error = struct_error(text);
        assert!(error.starts_with("MS-5003: "), "{error}");
        assert!(error.contains(expected), "{text}: {error}");
        assert!(error.ends_with("write it like struct<id:BigInt,name:String>"));
    }
}

#[test]
fn wrong_json_is_refused_with_its_place() {
    let table = [
        ("{}", "no column"),
        (
            r#"{"a": "Int", "a": "Int"}"#,
            "line 1, column 24: column `a` is there twice",
        ),
        (r#"{"a": 1}"#, "the type of column `a` is 1, not a string"),
        (r#"{"": "Int"}"#, "empty name"),
        (
            "{\"a\": \"Int\"\n\"b\"",
            "line 2, column 1: expected `,` or `}`",
        ),
        (
            r#"{"a": "Int"} x"#,
            "line 1, column 14: trailing characters",
        ),
        (r#"["a"]"#, "a JSON object of column names"),
        ("struct<a:Int>", "this is the struct<…> form"),
    ];
    for (text, expected) in table {
        let error = json_error(text);
        assert!(error.starts_with("MS-5003: "), "{error}");
        assert!(error.contains(expected), "{text}: {error}");
    }
}
