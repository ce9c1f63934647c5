//! However long a flat chain of operators is: it has a result, or it is refused in one line.

use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::{plan, refused, run, value};

const SCHEMA: &str = "struct<a:Int,d:Double,s:String>";
const ROW: &str = r#"{"a":7,"d":0.5,"s":"x"}"#;

fn chain(between: &str, part: impl Fn(usize) -> String, length: usize) -> String {
    let parts: Vec<String> = (0..length).map(part).collect();
    parts.join(between)
}

#[test]
fn thousands_of_conditions_and_texts_have_a_result() {
    for length in [20, 5_000] {
        let ors = chain(" or ", |i| format!("a = {i}"), length);
        assert_eq!(
            run(SCHEMA, ROW, &format!("select a from t1 where {ors}")),
            [r#"{"a":7}"#]
        );
        let likes = chain(" or ", |i| format!("s like '{i}%' or d > {i}"), length);
        assert_eq!(
            run(SCHEMA, ROW, &format!("select a from t1 where {likes}")),
            [r#"{"a":7}"#]
        );
        let ands = chain(" and ", |i| format!("a <> {}", i + 8), length);
        assert_eq!(
            run(SCHEMA, ROW, &format!("select a from t1 where {ands}")),
            [r#"{"a":7}"#]
        );
        let texts = chain("||", |_| "s".to_owned(), length);
        let found = run(SCHEMA, ROW, &format!("select length({texts}) as n from t1"));
        assert_eq!(found, [format!("{{\"n\":{length}}}")]);
    }
}

#[test]
fn what_is_joined_with_an_array_is_an_item_of_it_however_many_there_are() {
    let letters = chain("||", |i| format!("'{}'", letter(i)), 15);
    let numbers = chain("||", |i| (i + 1).to_string(), 15);
    let items = chain(",", |i| format!("\"{}\"", letter(i)), 15);
    for (expression, expected) in [
        (
            format!("arraySplit(s, ',') || {letters}"),
            format!("[\"x\",{items}]"),
        ),
        (format!("[s] || {letters}"), format!("[\"x\",{items}]")),
        (
            format!("array_transform([[s]], s -> s || {letters})"),
            format!("[[\"x\",{items}]]"),
        ),
        (
            format!("{letters} || 'p' || [s]"),
            "[\"abcdefghijklmnop\",\"x\"]".to_owned(),
        ),
        (
            format!("[a] || {numbers}"),
            "[7,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]".to_owned(),
        ),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn hundreds_of_parts_are_joined_with_an_array() {
    for part in ["s", "[s]"] {
        let parts = chain("||", |_| part.to_owned(), 200);
        let length = format!("array_length([s] || {parts})");
        assert_eq!(value(SCHEMA, ROW, &length), "201", "{part}");
    }
}

fn letter(number: usize) -> char {
    ('a'..='z').nth(number).unwrap()
}

#[test]
fn what_is_joined_with_a_text_is_text_however_many_there_are() {
    let numbers = chain("||", |_| "a".to_owned(), 20);
    let sevens = "7".repeat(20);
    for (expression, expected) in [
        (format!("s || {numbers}"), format!("\"x{sevens}\"")),
        (format!("a || s || {numbers}"), format!("\"7x{sevens}\"")),
        (
            format!("s || 1.5 || {numbers}"),
            format!("\"x1.5{sevens}\""),
        ),
        (format!("s || {numbers} || null"), "null".to_owned()),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
    let calls = chain("||", |_| "upper(s)".to_owned(), 400);
    assert_eq!(value(SCHEMA, ROW, &format!("length({calls})")), "400");
}

#[test]
fn lists_of_thousands_have_a_result() {
    let numbers = chain(",", |i| format!("{i}.5"), 10_000);
    let texts = chain(",", |i| format!("'{i}'"), 10_000);
    for (condition, rows) in [
        (format!("d in ({numbers})"), 1),
        (format!("d not in ({numbers})"), 0),
        (format!("d in (0, {numbers})"), 1),
        (format!("s in ({texts})"), 0),
    ] {
        let found = run(SCHEMA, ROW, &format!("select a from t1 where {condition}"));
        assert_eq!(found.len(), rows, "{}", &condition[..20]);
    }
}

#[test]
fn what_thousands_of_conditions_say_of_a_column_is_known() {
    let ors = chain(" or ", |i| format!("a = {i}"), 5_000);
    let query = plan(SCHEMA, &format!("select a from t1 where {ors}"));
    assert_eq!(query.conditions().len(), 1);
}

#[test]
fn a_sum_of_hundreds_is_evaluated_on_the_stack_of_a_worker() {
    // Tests run on stacks of 2 MiB, as workers do.
    for part in ["a", "d"] {
        let sum = chain("+", |_| part.to_owned(), 490);
        assert_eq!(
            run(SCHEMA, ROW, &format!("select {sum} as n from t1")).len(),
            1
        );
    }
}

#[test]
fn what_is_too_deep_is_refused_in_one_line() {
    for sql in [
        format!(
            "select {} as n from t1",
            chain("+", |_| "a".to_owned(), 5_000)
        ),
        format!(
            "select {} as n from t1",
            chain("+", |_| "1".to_owned(), 5_000)
        ),
        format!(
            "select {} as n from t1",
            chain("-", |_| "d".to_owned(), 200_000)
        ),
        format!(
            "select {}a{} as n from t1",
            "(".repeat(5_000),
            ")".repeat(5_000)
        ),
        format!("select a{} as n from t1", "::bigint::int".repeat(5_000)),
        format!("select a from t1 where a = 1{}", " is null".repeat(20_000)),
        format!("select {}a as n from t1", "- ".repeat(20_000)),
        format!(
            "select {} as n from t1",
            chain("||", |_| "upper(s)".to_owned(), 5_000)
        ),
        format!(
            "select [s] || {} as n from t1",
            chain("||", |_| "s".to_owned(), 5_000)
        ),
    ] {
        let error = refused(SCHEMA, &sql);
        assert!(
            error.starts_with("MS-5001: expressions are nested too deep; "),
            "{}",
            &error[..error.len().min(300)]
        );
    }
    let list = chain(",", |i| i.to_string(), 100_000);
    let schema = parse_struct(SCHEMA).unwrap();
    Query::plan(
        &format!("select a from t1 where a in ({list})"),
        "t1",
        &schema,
    )
    .unwrap();
}
