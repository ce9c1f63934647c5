use std::sync::Arc;

use super::unordered;
use crate::hive::options::{ExactlyOnce, HiveSourceOptions, Login, SplitBy, What};
use crate::hive::plan::Plan;
use crate::hive::statement::Statement;
use crate::hive::url::HiveUrl;

/// What is told of a query, read whole or in parts.
fn told(query: &str, in_parts: bool) -> Option<&'static str> {
    let url = HiveUrl::parse("jdbc:hive2://h:10000/d").expect("a URL");
    let options = HiveSourceOptions {
        login: Login::new(None, None, &url),
        url,
        query: What::Query(query.to_owned()),
        fetch: None,
        exactly_once: ExactlyOnce::Require,
        split: in_parts.then(|| SplitBy {
            column: "id".to_owned(),
            parts: None,
            lower: None,
            upper: None,
        }),
    };
    let statement = Statement::of(&options.query).expect("a query");
    let plan = Plan::new(options, statement, Arc::new(Vec::new()));
    unordered(&plan).map(|note| note.what)
}

#[test]
fn whatever_may_not_come_as_it_was_is_told() {
    assert_eq!(told("select id from t order by id", false), None);
    let whole = told("select id from t", false).expect("a note");
    assert!(whole.contains("no order"), "{whole}");
    for query in ["select id from t", "select id from t order by id"] {
        let parts = told(query, true).expect("a note");
        assert!(parts.contains("each part"), "{parts}");
    }
    for query in [
        "select id from t order by day limit 9",
        "select id from (select id from t order by day limit 9) x",
    ] {
        let cut = told(query, true).expect("a note");
        assert!(cut.contains("at the cut"), "{cut}");
    }
    let chance = "select uuid() as k, id from t order by id";
    for in_parts in [false, true] {
        let chance = told(chance, in_parts).expect("a note");
        assert!(chance.contains("something else each time"), "{chance}");
    }
}
