//! Maps of keys and values in turn stand within fifty others, and are refused beyond: each is made of arrays.

use crate::support::{plan, refused};

const SCHEMA: &str = "struct<n:Int>";

fn nested(levels: usize) -> String {
    let map = format!("{}n{}", "map('a', ".repeat(levels), ")".repeat(levels));
    format!("select cardinality({map}) as x from t1")
}

#[test]
fn fifty_are_planned_and_more_are_refused() {
    plan(SCHEMA, &nested(50));
    let said = refused(SCHEMA, &nested(51));
    let words = "arrays, structs and maps are nested too deep: 100 within each other are the most, of which map('a', 1) is two";
    assert!(said.contains(words), "{said}");
}
