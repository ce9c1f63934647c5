use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Known, LOOKS};
use crate::files_source::Changed;
use crate::hive::metastore::partition::Partition;

fn partition(directory: &str) -> Partition {
    Partition {
        directory: PathBuf::from(directory),
        values: Arc::from(Vec::new()),
    }
}

/// The partition `dt=1`, which lay at `/a`, lies at `/b`: what becomes of it, and where it is read.
fn moved(known: &mut Known, changed: Changed) -> Result<PathBuf, String> {
    let mut note = |place: &str| {
        known
            .note(&"table d.t", "dt=1".to_owned(), partition(place), changed)
            .map_err(|error| error.to_string())
    };
    note("/a")?;
    note("/b")?;
    let found = known.partitions.get("dt=1").expect("is known");
    Ok(found.directory.clone())
}

#[test]
fn a_partition_that_moves_is_a_changed_one() {
    let error = moved(&mut Known::default(), Changed::Fail).expect_err("fails");
    for word in ["MS-6003", "table d.t: partition dt=1", "/a", "/b"] {
        assert!(error.contains(word), "{word}: {error}");
    }
    for (changed, place) in [
        (Changed::Ignore, "/a"),
        (Changed::Reread, "/b"),
        (Changed::Append, "/b"),
    ] {
        let mut known = Known::default();
        let found = moved(&mut known, changed).expect("goes on");
        assert_eq!(found, Path::new(place), "{changed:?}");
        // Files of the old place may still be read.
        assert!(known.values.contains_key(Path::new("/a")), "{changed:?}");
    }
}

#[test]
fn one_that_was_dropped_is_known_where_it_is_added_again() {
    let mut known = Known::default();
    let mut add = |place: &str| {
        known.partitions.clear();
        let name = "dt=1".to_owned();
        known.note(&"table d.t", name, partition(place), Changed::Fail)
    };
    add("/a").expect("is new");
    add("/a").expect("is where it was");
    add("/b").expect_err("is elsewhere");
}

#[test]
fn each_is_asked_for_again_in_its_turn() {
    let mut known = Known::default();
    let names: Vec<String> = (0..25).map(|number| format!("dt={number:02}")).collect();
    assert_eq!(known.asked_now(&names), names, "all are fresh");
    for name in &names {
        known
            .note(&"table d.t", name.clone(), partition(name), Changed::Fail)
            .expect("is new");
    }
    let mut asked = Vec::new();
    for _ in 0..LOOKS {
        let some = known.asked_now(&names);
        assert_eq!(some.len(), 3);
        asked.extend(some);
    }
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked, names);
    let fresh = ["new".to_owned()];
    let asked = known.asked_now(&fresh);
    assert_eq!((asked.len(), asked.first()), (4, fresh.first()));
}
