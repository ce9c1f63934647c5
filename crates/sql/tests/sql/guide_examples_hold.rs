//! Every example of docs/guide/sql.md gives what stands below it.
//!
//! A fenced block ```` ```text schema ```` sets the schema, ```` ```json input ```` the rows,
//! ```` ```sql ```` the query and ```` ```json output ```` what it gives; after
//! ```` ```sql refused ```` comes a ```` ```text ```` block with the errors, one a line.

use std::path::Path;

use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::{plan, refused, run_into_sink};

/// The fenced blocks of a Markdown text: what stands behind the fence, and the lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((kind.trim().to_string(), Vec::new())),
            (Some(_), Some(_)) => {
                let (kind, lines) = open.take().expect("just matched");
                blocks.push((kind, lines.join("\n")));
            }
            (Some((_, lines)), None) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

#[test]
fn every_example_gives_what_stands_below_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/sql.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut schema, mut input, mut sql) = (String::new(), String::new(), String::new());
    let (mut answered, mut refusals) = (0, 0);
    for (kind, content) in blocks(&text) {
        match kind.as_str() {
            "text schema" => schema = content,
            "json input" => input = content,
            "sql" | "sql refused" => sql = content,
            "json output" => {
                let found = run_into_sink(&schema, &input, &sql).join("\n");
                assert_eq!(found, content, "{sql}");
                answered += 1;
            }
            "text" => {
                for (sql, expected) in sql.lines().zip(content.lines()) {
                    assert_eq!(refused(&schema, sql), expected, "{sql}");
                    refusals += 1;
                }
                assert_eq!(sql.lines().count(), content.lines().count());
            }
            other => panic!("the guide has a block of an unknown kind: {other}"),
        }
    }
    assert!(answered >= 8 && refusals >= 15, "{answered} and {refusals}");
}

#[test]
fn every_function_that_the_guide_lists_is_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/sql.md");
    let text = std::fs::read_to_string(path).unwrap();
    let schema = parse_struct("struct<a:Int>").unwrap();
    let section = text.split("\n## ").find(|s| s.starts_with("Functions"));
    let rows = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| "));
    let mut checked = 0;
    for cell in rows.filter_map(|row| row.split('|').nth(2)) {
        for name in cell.split('`').skip(1).step_by(2) {
            // Without arguments most are refused, but never as unknown.
            let sql = format!("select {name}() as v from t1");
            if let Err(error) = Query::plan(&sql, "t1", &schema) {
                let text = error.to_string();
                assert!(!text.contains("there is no function"), "{name}: {text}");
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

/// What a function of arrays is given of columns; `a` stands for an array of texts.
fn of_columns(name: &str) -> &'static str {
    match name {
        "arraySplit" | "string_to_array" => "s, '|'",
        "array_append" | "array_has" | "array_position" | "array_remove" | "array_remove_all" => {
            "a, s"
        }
        "array_prepend" => "s, a",
        "array_concat" | "array_except" | "array_has_all" | "array_has_any" | "array_intersect"
        | "array_union" => "a, a",
        "array_element" => "a, n",
        "array_filter" => "a, x -> x <> s",
        "array_transform" => "a, x -> upper(x)",
        "array_join" | "array_to_string" => "a, s",
        "array_repeat" => "s, n",
        "array_replace" => "a, s, s",
        "array_slice" => "a, n, n",
        "flatten" => "[a, a]",
        "generate_series" | "range" => "1, n",
        "make_array" => "s, s",
        _ => "a",
    }
}

#[test]
fn every_function_of_arrays_that_the_guide_lists_takes_columns() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/sql.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = text.lines().find(|line| line.starts_with("| arrays |"));
    let names: Vec<&str> = row.unwrap().split('`').skip(1).step_by(2).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let arguments: Vec<&str> = of_columns(name)
            .split(' ')
            .map(|part| match part {
                "a" => "arraySplit(s, '|')",
                "a," => "arraySplit(s, '|'),",
                "[a," => "[arraySplit(s, '|'),",
                "a]" => "arraySplit(s, '|')]",
                other => other,
            })
            .collect();
        let arguments = arguments.join(" ");
        plan(
            "struct<n:Int,s:String>",
            &format!("select {name}({arguments}) as x from t1"),
        );
    }
}
