//! What people get wrong most, and what they read then: one line with the place, what is wrong and what to do, in the words of
//! SQL and of schemas.

use crate::support::{plan, refused};

const T1: &str = "struct<id:BigInt,name:String,price:Double,bought:Timestamp,day:Date,paid:Boolean,tags:String,select:Int>";

/// The SQL, and what is said of it behind the code.
const MISTAKES: &[(&str, &str)] = &[
    (
        "selct id from t1",
        "line 1, column 1: `selct` begins no statement; give one SELECT",
    ),
    (
        "select id form t1",
        "line 1, column 16: `t1` was not expected here; a comma, an operator or a quote may be missing before it",
    ),
    (
        "select id name price from t1",
        "line 1, column 16: `price` was not expected here",
    ),
    (
        "select id, name, from t1",
        "line 1, column 18: an expression is missing before `from`",
    ),
    (
        "select (id + 1 from t1",
        "line 1, column 16: ) is missing before `from`",
    ),
    (
        "select id + 1) as x from t1",
        "line 1, column 14: `)` was not expected here",
    ),
    (
        "select 'abc from t1",
        "line 1, column 8: the text that begins here has no quote at its end; write ' behind it",
    ),
    (
        "select \"abc from t1",
        "line 1, column 8: the name that begins here has no \" at its end",
    ),
    (
        "select `abc from t1",
        "line 1, column 8: the name that begins here has no ` at its end",
    ),
    (
        "select id from t1 /* where",
        "line 1, column 27: a comment has no end; write */ behind it",
    ),
    (
        "select id from t1\nwhere id = 1 and",
        "line 2, column 17: an expression is missing before the end of the SQL",
    ),
    (
        "select * from",
        "line 1, column 14: a name is missing before the end of the SQL",
    ),
    (
        "select id # 2 as x from t1",
        "line 1, column 11: this sign is no operator",
    ),
    (
        "select cast(name int) as x from t1",
        "line 1, column 18: AS is expected before `int`",
    ),
    (
        "select case when id > 1 then 1 as x from t1",
        "a CASE has no END; write case when … then … else … end",
    ),
    (
        "select order from t1",
        "line 1, column 8: there is no column `order`",
    ),
    (
        "select id from t1 where name = \"Ann\"",
        "line 1, column 32: there is no column `Ann` (double quotes stand around names, single quotes around strings)",
    ),
    (
        "select Id from t1",
        "line 1, column 8: there is no column `Id`; did you mean `id`?",
    ),
    (
        "select * except (nope) from t1",
        "line 1, column 18: there is no column `nope`",
    ),
    (
        "select t.id from t1",
        "line 1, column 8: there is no table `t`; the table here is `t1`",
    ),
    ("select id where id > 1", "there is no FROM; add FROM `t1`"),
    (
        "select strlen(name) as x from t1",
        "line 1, column 8: there is no function `strlen`; write length(name)",
    ),
    (
        "select 1 as a, if(id > 1, 'a') as x from t1",
        "line 1, column 16: if takes a condition and two values; write it like if(id > 1, 'a', 'b')",
    ),
    (
        "select date_formt(bought, 'yyyy') as x from t1",
        "line 1, column 8: there is no function `date_formt`; did you mean `date_format`",
    ),
    (
        "select upper(id) as x from t1",
        "line 1, column 8: `upper` can't be called with (BigInt); convert the arguments with CAST(… AS …)",
    ),
    (
        "select upper() as x from t1",
        "line 1, column 8: `upper` takes arguments, and is given none",
    ),
    (
        "select upper(name, 1) as x from t1",
        "line 1, column 8: `upper` takes 1 argument, and is given 2",
    ),
    (
        "select substr(name) as x from t1",
        "line 1, column 15: `substr` and `substring` take a text, a place",
    ),
    (
        "select date_format(bought) as x from t1",
        "line 1, column 8: date_format takes a time and a pattern",
    ),
    (
        "select coalesce(bought, price) as x from t1",
        "line 1, column 8: `coalesce` can't be called with (Timestamp, Double)",
    ),
    (
        "select 1 as a, upper(lower(abs(name))) as x from t1",
        "line 1, column 28: `abs` can't be called with (String)",
    ),
    (
        "select date_trunc('fortnight', bought) as x from t1",
        "line 1, column 8: 'fortnight' is no unit of date_trunc, which are microsecond,",
    ),
    (
        "select name + name as x from t1",
        "line 1, column 8: there is no String + String; join texts by || or concat",
    ),
    (
        "select bought + 1 as x from t1",
        "line 1, column 8: there is no Timestamp + BigInt; convert one of them with CAST",
    ),
    (
        "select id from t1 where paid = 1",
        "line 1, column 25: there is no comparison Boolean = BigInt",
    ),
    (
        "select id from t1 where id > 0 and id = 'abc'",
        "line 1, column 36: 'abc' is no BigInt",
    ),
    (
        "select id from t1 where bought > 'yesterday'",
        "line 1, column 25: 'yesterday' is no time; write it like timestamp '2024-02-29 12:00:00'",
    ),
    (
        "select date '2024-02-30' as x from t1",
        "line 1, column 13: '2024-02-30' is no Date",
    ),
    (
        "select interval '1 fortnight' as x from t1",
        "line 1, column 17: '1 fortnight' is no interval",
    ),
    (
        "select cast(1e20 as bigint) as x from t1",
        "line 1, column 13: 1e20 is too large or too small for BigInt",
    ),
    (
        "select id from t1 where name",
        "line 1, column 25: WHERE takes a condition, and no String; write a comparison",
    ),
    (
        "select id from t1 where not name",
        "line 1, column 29: NOT takes a condition, and no String",
    ),
    (
        "select id from t1 where name like 5",
        "line 1, column 25: LIKE compares texts, and not String and BigInt",
    ),
    (
        "select case when id > 1 then bought else price end as x from t1",
        "line 1, column 8: the values of CASE have no common type: Timestamp and Double",
    ),
    (
        "select cast(id as number) as x from t1",
        "line 1, column 13: `number` is no type; did you mean `numeric`?",
    ),
    (
        "select name[1] as x from t1",
        "line 1, column 8: brackets take an element out of an array, and not of (String, BigInt)",
    ),
    (
        "select id, arraySplit(tags)[0] as x from t1",
        "line 1, column 12: indices count from 1, so that no array has an element 0; write [1] for the first element, and [-1] for the last",
    ),
    (
        "select id, arraySplit(tags)[1 - 1] as x from t1",
        "line 1, column 12: indices count from 1, so that no array has an element 0; write [1] for the first element, and [-1] for the last",
    ),
    (
        "select id, regexp_extract(name, '([a-z]+)', 2) as x from t1",
        "line 1, column 12: the regular expression has no group of this number; count its parentheses from 1",
    ),
    (
        "select split_part(name, '', 2) as x from t1",
        "line 1, column 8: there is no part 2 of a text that an empty separator leaves whole; take characters by substr(name, 2, 1)",
    ),
    (
        "select id from t1 where name = null",
        "line 1, column 25: WHERE is null for every record, and keeps none; look for null by IS NULL and IS NOT NULL",
    ),
    (
        "select to_timestamp(id, 'yyyy-MM-dd') as x from t1",
        "line 1, column 8: `to_timestamp` takes a pattern beside a text, and none beside a number; leave the pattern out, or have it read the digits by CAST(… AS string)",
    ),
    (
        "select array_transform(tags, x -> upper(x)) as x from t1",
        "line 1, column 8: `array_transform` takes an array first, and no String",
    ),
    (
        "select array_transform(arraySplit(tags), x -> uper(x)) as x from t1",
        "line 1, column 47: there is no function `uper`; did you mean `upper`?",
    ),
    (
        "select regexp_replace(name, '[', 'x') as x from t1",
        "line 1, column 8: the regular expression is wrong: unclosed character class",
    ),
    (
        "select id, 1 / 0 as x from t1",
        "line 1, column 12: division by zero",
    ),
    (
        "select id, id from t1",
        "line 1, column 12: two output columns are called `id`",
    ),
    (
        "select :id from t1",
        "line 1, column 8: the placeholder :id has no value",
    ),
    ("", "the SQL is empty; give one SELECT"),
];

/// What a stream does not offer.
const NOT_OFFERED: &[(&str, &str)] = &[
    (
        "select count(*) from t1",
        "line 1, column 8: the aggregate `count` is not offered on a stream; aggregate in",
    ),
    (
        "select name from t1 group by name",
        "line 1, column 30: GROUP BY is not offered on a stream; ",
    ),
    (
        "select id from t1 order by id",
        "line 1, column 28: ORDER BY is not offered on a stream; sort in",
    ),
    (
        "select id from t1 limit 10",
        "line 1, column 25: LIMIT or OFFSET is not offered on a stream; choose rows with WHERE",
    ),
    (
        "select distinct id from t1",
        "line 1, column 1: DISTINCT is not offered on a stream; drop doubles",
    ),
    (
        "select top 5 id from t1",
        "line 1, column 1: TOP is not offered on a stream; choose rows with WHERE",
    ),
    (
        "select id from t1 join t2 using (id)",
        "line 1, column 16: a join is not offered on a stream; join in",
    ),
    (
        "select id from (select id from t1)",
        "line 1, column 17: a subquery in FROM is not offered",
    ),
    (
        "select id from t1 where id in (select 1)",
        "line 1, column 25: a subquery is not offered",
    ),
    (
        "select rank() over (order by id) as r from t1",
        "line 1, column 8: `rank` with OVER is not offered",
    ),
    (
        "  delete from t1",
        "line 1, column 3: DELETE is not offered on a stream; give only the SELECT",
    ),
    (
        "select cast(paid as timestamp) as x from t1",
        "line 1, column 13: there is no CAST from Boolean to Timestamp",
    ),
    (
        "select cast(name as timestamp with time zone) as x from t1",
        "line 1, column 13: TIMESTAMP WITH TIME ZONE is not offered",
    ),
];

/// Words of libraries, which say nothing to who writes SQL.
const JARGON: &[&str] = &[
    "DataFusion",
    "Arrow",
    "Utf8",
    "Int64",
    "Float64",
    "Date32",
    "coerc",
    "EOF",
    "signature",
    "Expected",
    "UDF",
    "µs",
    "user-defined",
    "predicate",
    "token",
];

#[test]
fn each_is_one_line_with_the_place_and_the_next_step() {
    let of = |list: &[(&'static str, &'static str)], code| {
        list.iter().map(move |one| (code, *one)).collect::<Vec<_>>()
    };
    let mut wrong = Vec::new();
    for (code, (sql, expected)) in [of(MISTAKES, "MS-5001"), of(NOT_OFFERED, "MS-5002")].concat() {
        let said = refused(T1, sql);
        let is_right = said.starts_with(&format!("{code}: {expected}"))
            && said.contains("; ")
            && !said.contains('\n')
            && !JARGON.iter().any(|word| said.contains(word));
        if !is_right {
            wrong.push(format!(
                "{sql}\n    said:     {said}\n    expected: {code}: {expected}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_to_be_written_for_functions_of_other_systems_can_be_written() {
    for function in [
        "add_months",
        "charindex",
        "convert",
        "date_add",
        "date_sub",
        "datediff",
        "day",
        "getdate",
        "hour",
        "iff",
        "isnull",
        "lcase",
        "len",
        "mod",
        "month",
        "size",
        "split",
        "str_to_date",
        "strlen",
        "timestampdiff",
        "to_number",
        "to_string",
        "year",
    ] {
        let said = refused(T1, &format!("select {function}(id) as x from t1"));
        let (_, write) = said
            .split_once("; write ")
            .unwrap_or_else(|| panic!("{said}"));
        let write = write.split(" for the ").next().unwrap();
        plan(T1, &format!("select {write} as x from t1"));
    }
}

#[test]
fn what_stands_in_quotes_is_left_as_it_is() {
    let said = refused(T1, "select id from t1 where id = 'EOF'");
    assert!(said.contains("'EOF' is no BigInt"), "{said}");
}
