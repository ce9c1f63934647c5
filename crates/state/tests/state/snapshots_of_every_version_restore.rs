//! A savepoint and a checkpoint as each version wrote them restore for ever.

use std::path::Path;

use crate::common::{open, registry};
use millstream_core::EventTime;
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
        "v3/f8cccb14cd33babade335fd60aefa9e4/chk-17",
        "v3/savepoint",
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

/// The fixtures have them since version 3.
#[test]
fn maps_and_timers() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage/tests/fixtures");
    for name in ["v3/f8cccb14cd33babade335fd60aefa9e4/chk-17", "v3/savepoint"] {
        let snapshot = open(&Location::from_path(fixtures.join(name)).expect("a path"));
        let mut registry: StateRegistry<String> = registry(0, 1, Some(&snapshot));
        let maps = registry.map::<String, u64>("parts").expect("restores");
        let timers = registry.timers("reminders").expect("restores");
        for number in 0..20_u64 {
            registry.context().set(format!("word-{number}"));
            let mut parts = maps.entries().expect("a key");
            parts.sort();
            let part = |part| (format!("part-{part}"), number * part);
            let expected: Vec<_> = (0..number % 3).map(part).collect();
            assert_eq!(parts, expected, "{name}");
        }
        let mut fired = Vec::new();
        let is_left = timers
            .fire_due(EventTime::MAX, 100, |time, key| {
                fired.push((time.as_millis(), key.clone()));
                Ok(())
            })
            .expect("no error");
        let expected = (0..20).map(|number| (number * 1_000 - 5_000, format!("word-{number}")));
        assert_eq!(fired, expected.collect::<Vec<_>>(), "{name}");
        assert!(!is_left);
    }
}
