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
    let none = "select * from (select * from lyh limit 3\n) `millstream_rows` limit 0";
    assert_eq!(statement.none().as_deref(), Some(none));
    let error = statement.check_parts("a").expect_err("other rows");
    assert!(error.message().contains("`limit`"), "{error}");
    let least = statement.some("min(`a`)", "").expect("a statement");
    assert!(least.starts_with("select min(`a`) from ("), "{least}");
    let statement = query("select * from lyh order by a limit 3");
    statement.check_parts("a").expect("the same rows");
    let some = statement.some("*", "`a` < 3").expect("a statement");
    assert_eq!(
        some,
        "select * from (select * from lyh order by a limit 3\n) `millstream_rows` where `a` < 3"
    );
    let with = query("with x as (select 1) select * from x");
    assert_eq!(with.none(), None);
    assert!(with.some("*", "").is_err() && with.check_parts("a").is_err());
}

#[test]
fn rows_that_are_others_each_time_are_not_split() {
    for (text, word) in [
        ("select * from t limit 3", "`limit`"),
        ("select * from (select * from t limit 3) x", "`limit`"),
        (
            "select * from (select * from t limit 3) x order by id",
            "`limit`",
        ),
        (
            "select * from (select * from t order by id) x limit 3",
            "`limit`",
        ),
        (
            "select * from t join (select * from u LIMIT 3) u on t.id = u.id",
            "`limit`",
        ),
        ("select rank() over (order by id) from t limit 3", "`limit`"),
        ("select * from t fetch first 3 rows only", "`fetch`"),
        ("select * from t tablesample(10 percent) s", "`tablesample`"),
        ("select * from t where rand() < 0.5", "`rand`"),
        ("select uuid() as id from t", "`uuid`"),
        ("select * from t limit ${hivevar:most}", "`limit`"),
        ("select * from t where x > 1. limit 3", "`limit`"),
        ("select * from t limit /* few */ 3", "`limit`"),
        ("select * from t fetch next row only", "`fetch`"),
        ("select * from t order by rand() limit 3", "`rand`"),
        ("select id from t group by id having rand() < 0.5", "`rand`"),
        ("select id from t distribute by rand() limit 3", "`limit`"),
        (
            "select * from (select *, row_number() over (distribute by a sort by rand()) as n from t) x where n = 1",
            "`rand`",
        ),
        (
            "select * from t join u on t.id = u.id and rand() < 0.5",
            "`rand`",
        ),
        ("select uuid() as `ID`, t.* from t", "`uuid`"),
        ("select uuid() as k, uuid() as id from t", "`uuid`"),
        ("select uuid(), id from t", "`uuid`"),
        ("select uuid() as k, id from t order by k limit 3", "`uuid`"),
        (
            "select rand() as k, max(id) as id from t group by 1",
            "`rand`",
        ),
        (
            "select uuid() as k, id from t intersect select a, b from u",
            "`uuid`",
        ),
        (
            "select id from (select rand() as k, id from t) x where k < 0.5",
            "`rand`",
        ),
        (
            "select transform(rand(), id) using 's' as k, b from t",
            "`rand`",
        ),
        ("from t select uuid() as k, id", "`uuid`"),
    ] {
        let error = query(text).check_parts("id").expect_err(text);
        assert_eq!(error.code(), "MS-6023", "{error}");
        assert!(error.message().contains(word), "{error}");
        query(text).some("min(`id`)", "").expect("a statement");
    }
    for text in [
        "select * from t order by id limit 3",
        "select * from (select * from t order by id limit 3) x",
        "select * from (select * from t order by id limit 3) x order by name limit 2",
        "select `limit`, 'limit 3' from t -- limit 3",
        "select fetch, rand from t",
        "select id, t.limit from t",
        "select * from t where limit > 100 and limit in (1, 2)",
        "select credit as limit from t",
        "select * from (with limit as (select 1) select * from limit) x",
        "select limit, fetch first from t",
        "select * from t distribute by rand()",
        "select * from t distribute by id, cast(rand() * 10 as int) sort by id",
        "select * from (select * from t cluster by rand()) x where id > 3",
        "select uuid() as k, t.* from t",
        "select distinct concat('a', uuid()) as `K`, (floor(rand() * 10)) as l, id from t where id > 3",
        "select * from t tablesample(bucket 1 out of 4 on id) s",
    ] {
        query(text).check_parts("id").expect(text);
    }
    // Hive gives the second of two of one name a number.
    let twice = query("select t.*, uuid() as id from t");
    twice.check_parts("id_1").expect_err("of chance");
    twice.check_parts("id_a").expect("another column");
}

#[test]
fn comments_at_the_end_change_nothing() {
    for (text, all) in [
        ("select 1 -- daily", "select 1 -- daily"),
        ("select 1; -- done", "select 1"),
        ("select 1;; /* done */\n-- ; once more\n", "select 1"),
        ("select ';' -- ;", "select ';' -- ;"),
        ("-- first;\nselect 1;", "-- first;\nselect 1"),
    ] {
        let statement = query(text);
        assert_eq!(statement.all(), all);
        let within = format!("select * from ({all}\n) `millstream_rows` limit 0");
        assert_eq!(statement.none(), Some(within));
    }
}

#[test]
fn what_is_no_query_is_refused() {
    let table = [
        ("drop table x", "begins with `drop`"),
        ("insert into x select 1", "begins with `insert`"),
        ("-- select\ndelete from x", "begins with `delete`"),
        ("select 1; drop table x", "more than one"),
        ("select 1; 'x'", "more than one"),
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
