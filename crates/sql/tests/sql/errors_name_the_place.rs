//! Wrong SQL is refused in one line that says what, where and what to do next.

use crate::support::refused;

const USERS: &str = "struct<userId:BigInt,userName:String,birthday:Date>";

fn check(table: &[(&str, &str)]) {
    for (sql, expected) in table {
        let error = refused(USERS, sql);
        assert_eq!(error, *expected, "{sql}");
    }
}

#[test]
fn an_unknown_column_has_its_place_and_the_nearest_names() {
    check(&[
        (
            "select userId,\n  username from t1",
            "MS-5001: line 2, column 3: there is no column `username`; did you mean `userName` or \
             `userId`? the columns are `userId`, `userName`, `birthday`",
        ),
        (
            "select userId from t1 where zzz > 1",
            "MS-5001: line 1, column 29: there is no column `zzz`; the columns are `userId`, \
             `userName`, `birthday`",
        ),
        (
            "select userId from t1 where userName = \"x\"",
            "MS-5001: line 1, column 40: there is no column `x` (double quotes stand around names, \
             single quotes around strings); the columns are `userId`, `userName`, `birthday`",
        ),
    ]);
}

#[test]
fn an_unknown_table_names_the_one_there_is() {
    check(&[
        (
            "select userId from t2",
            "MS-5001: line 1, column 20: there is no table `t2`; select from `t1`, the one table \
             of this job",
        ),
        (
            "select userId from T1",
            "MS-5001: line 1, column 20: there is no table `T1`; upper and lower case differ; \
             select from `t1`, the one table of this job",
        ),
        (
            "select t2.userId from t1",
            "MS-5001: line 1, column 8: there is no table `t2`; the table here is `t1`",
        ),
        (
            "select t1.userId from t1 as u",
            "MS-5001: line 1, column 8: there is no table `t1`; the table here is `u`",
        ),
        ("select 1", "MS-5001: there is no FROM; add FROM `t1`"),
    ]);
}

#[test]
fn an_unknown_function_has_the_nearest_names() {
    let error = refused(USERS, "select uper(userName) as n from t1");
    assert!(
        error.starts_with(
            "MS-5001: line 1, column 8: there is no function `uper`; did you mean `upper`"
        ),
        "{error}"
    );
}

#[test]
fn text_that_is_no_sql_has_its_place() {
    check(&[
        (
            "",
            "MS-5001: the SQL is empty; give one SELECT, for example select * from t1",
        ),
        (
            "select userId, from t1",
            "MS-5001: line 1, column 16: an expression is missing before `from`; mend the SQL at this place",
        ),
        (
            "select userId from t1 where userName = 'x",
            "MS-5001: line 1, column 40: the text that begins here has no quote at its end; write ' behind it, and '' for a quote within it",
        ),
    ]);
}

#[test]
fn types_that_do_not_fit_are_refused_at_the_start() {
    for sql in [
        "select sqrt(userName, 1) as x from t1",
        "select userId from t1 where userName",
        "select birthday * 2 as x from t1",
        "select cast('x' as int) as x from t1",
        "select 1 / 0 as x from t1",
        "select userId from t1 where userId = ?",
    ] {
        let error = refused(USERS, sql);
        assert!(error.starts_with("MS-5001: "), "{sql}: {error}");
        assert!(!error.contains('\n'), "{sql}: {error}");
    }
}

#[test]
fn two_output_columns_of_one_name_are_refused() {
    for sql in [
        "select userId, userId from t1",
        "select userId as userName, userName from t1",
        "select userId as x, userName as x from t1",
        "select *, 1 as userId from t1",
        "select t1.*, userId from t1",
        "select * except (birthday), 1 as userId from t1",
    ] {
        let error = refused(USERS, sql);
        assert!(error.starts_with("MS-5001: "), "{sql}: {error}");
        assert!(
            error.contains("two output columns are called `"),
            "{sql}: {error}"
        );
    }
}

#[test]
fn what_no_stream_offers_is_refused_in_words() {
    for (sql, expected) in [
        (
            "select userName -> 'b' as x from t1",
            "MS-5002: a lambda stands only in a call",
        ),
        (
            "select birthday at time zone 'UTC' as x from t1",
            "MS-5002: line 1, column 8: AT TIME ZONE is not offered on a stream",
        ),
        (
            "select upper(distinct userName) as x from t1",
            "MS-5002: line 1, column 8: `upper` with DISTINCT, ORDER BY or FILTER is not offered",
        ),
        (
            "select userId from t1 as x(a)",
            "MS-5002: line 1, column 26: a table alias with column names is not offered",
        ),
        (
            "select userId from t1 where count(*) > 1",
            "MS-5002: line 1, column 29: the aggregate `count` is not offered",
        ),
        (
            "(select userId from t1)",
            "MS-5002: line 1, column 2: a SELECT in parentheses is not offered",
        ),
        (
            "select tumble_start(birthday) as x from t1",
            "MS-5002: line 1, column 8: the window function `tumble_start` is not offered",
        ),
    ] {
        let error = refused(USERS, sql);
        assert!(error.starts_with(expected), "{sql}: {error}");
        assert!(error.contains("; "), "no next step: {error}");
    }
}
