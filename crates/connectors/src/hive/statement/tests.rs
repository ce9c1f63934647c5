use super::*;

fn query(text: &str) -> Statement {
    Statement::of(&What::Query(text.to_owned())).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn tables_are_named_as_hive_takes_any_name() {
    let table = [
        ("lyh", "select * from `lyh`"),
        ("db.lyh", "select * from `db`.`lyh`"),
        ("`db`.`lyh`", "select * from `db`.`lyh`"),
        ("数据", "select * from `数据`"),
    ];
    for (name, text) in table {
        let statement = Statement::of(&What::Table(name.to_owned())).expect("a statement");
        assert_eq!(statement.all(), text);
        assert_eq!(statement.none(), Some(format!("{text} limit 0")));
    }
    for name in ["", "a.b.c.d", "a; drop table b", "a..b", "x'"] {
        let error = Statement::of(&What::Table(name.to_owned())).expect_err(name);
        assert_eq!(error.code(), "MS-6023", "{error}");
    }
}

#[test]
fn a_part_of_the_rows_is_asked_for_around_the_query() {
    let statement = query("select * from lyh limit 3;");
    assert_eq!(statement.all(), "select * from lyh limit 3");
    let none = "select * from (select * from lyh limit 3) `millstream_rows` limit 0";
    assert_eq!(statement.none().as_deref(), Some(none));
    let error = statement.some("*", "`a` < 3").expect_err("other rows");
    assert!(error.message().contains("`limit`"), "{error}");
    let least = statement.some("min(`a`)", "").expect("a statement");
    assert!(least.starts_with("select min(`a`) from ("), "{least}");
    let statement = query("select * from lyh order by a limit 3");
    let some = statement.some("*", "`a` < 3").expect("a statement");
    assert_eq!(
        some,
        "select * from (select * from lyh order by a limit 3) `millstream_rows` where `a` < 3"
    );
    let inner = query("select * from (select 1 as a limit 3) x");
    inner.some("*", "`a` < 3").expect("a statement");
    let with = query("with x as (select 1) select * from x");
    assert_eq!(with.none(), None);
    assert!(with.some("*", "").is_err());
}

#[test]
fn what_is_no_query_is_refused() {
    let table = [
        ("drop table x", "begins with `drop`"),
        ("insert into x select 1", "begins with `insert`"),
        ("-- select\ndelete from x", "begins with `delete`"),
        ("select 1; drop table x", "more than one"),
        ("from x insert overwrite table y select 1", "holds `insert`"),
        (
            "with q as (select 1) insert into y select * from q",
            "holds `insert`",
        ),
        ("  ; ", "is empty"),
    ];
    for (text, words) in table {
        let error = Statement::of(&What::Query(text.to_owned())).expect_err(text);
        assert!(error.message().contains(words), "{error}");
    }
    for text in [
        "SELECT ';' as a",
        "select 'insert' as `insert`",
        "(select 1)",
        "/* drop */ from x select 1",
        "with a as (select 1) select * from a",
    ] {
        query(text);
    }
}

#[test]
fn an_order_counts_where_it_is_that_of_the_rows() {
    let table = [
        ("select * from t order by id", true),
        ("select * from t ORDER  BY id limit 3", true),
        ("select * from t", false),
        ("select * from t sort by id", false),
        ("select * from (select * from t order by id) x", false),
        ("select 'order by' from t", false),
        ("select rank() over (order by id) from t", false),
        ("select a from t -- order by a", false),
    ];
    for (text, ordered) in table {
        assert_eq!(query(text).is_ordered(), ordered, "{text}");
    }
}
