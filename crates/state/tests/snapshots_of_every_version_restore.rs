//! A savepoint and a checkpoint as each version wrote them restore for ever.

mod common;

use std::path::Path;

use common::{open, registry};
use millstream_state::StateRegistry;
use millstream_storage::Location;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Count {
    count: u64,
    last: Option<String>,
}

#[test]
fn both_formats_hold_the_same_state() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage/tests/fixtures");
    for name in [
        "v1/checkpoint",
        "v1/savepoint",
        "v2/f8cccb14cd33babade335fd60aefa9e4/chk-17",
        "v2/savepoint",
    ] {
        let snapshot = open(&Location::from_path(fixtures.join(name)).expect("a path"));
        let mut registry: StateRegistry<String> = registry(0, 1, Some(&snapshot));
        let counts = registry.value::<Count>("count").expect("restores");
        let lists = registry.list::<u64>("seen").expect("restores");
        for number in 0..20_u64 {
            registry.context().set(format!("word-{number}"));
            let last = (number % 2 == 0).then(|| format!("line {number}"));
            let expected = Count {
                count: number,
                last,
            };
            assert_eq!(counts.get().expect("a key"), Some(expected), "{name}");
            assert_eq!(
                lists.get().expect("a key"),
                (0..number % 4).collect::<Vec<_>>(),
                "{name}"
            );
        }
    }
}
