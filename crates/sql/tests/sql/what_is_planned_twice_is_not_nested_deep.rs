//! BETWEEN within BETWEEN and lambdas within lambdas are answered up to eight levels, and refused at once beyond them.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<id:Int>";
const ROW: &str = r#"{"id":1}"#;

fn nested(before: &str, inside: &str, after: &str, levels: usize) -> String {
    format!("{}{inside}{}", before.repeat(levels), after.repeat(levels))
}

#[test]
fn eight_levels_are_answered_and_more_are_refused() {
    for (before, inside, after, expected) in [
        (
            "case when ",
            "id",
            " between 1 and 3 then 1 else 2 end",
            "1",
        ),
        ("array_transform([1], x -> ", "x", ")[1]", "1"),
    ] {
        let expression = nested(before, inside, after, 8);
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
        let expression = nested(before, inside, after, 40);
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let said = "BETWEEN and lambdas are nested too deep: 8 within each other are the most";
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn any_and_all_are_planned_once_at_every_level() {
    for (before, after, expected) in [
        ("case when id > any([1, ", "]) then 1 else 2 end", "2"),
        ("case when id = all([1, ", "]) then 1 else 2 end", "1"),
        ("case when ", " > any([1, id + 1]) then 1 else 2 end", "1"),
        ("case when ", " <= all([1, 2]) then 1 else 2 end", "1"),
    ] {
        let expression = nested(before, "id", after, 12);
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn those_beside_each_other_are_no_matter() {
    let many = vec!["id between 0 and 2"; 40].join(" and ");
    assert_eq!(value(SCHEMA, ROW, &many), "true");
}
