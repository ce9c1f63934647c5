//! Every example of docs/guide/sql.md gives what stands below it.
//!
//! A fenced block ```` ```text schema ```` sets the schema, ```` ```json input ```` the rows,
//! ```` ```sql ```` the query and ```` ```json output ```` what it gives; after
//! ```` ```sql refused ```` comes a ```` ```text ```` block with the errors, one a line.

use std::path::Path;

use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::{refused, run_into_sink};

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
