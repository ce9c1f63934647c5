//! A source of Hive keeps the promises of a source whose position is state, against a real HiveServer2.

#![cfg(feature = "hive")]

use crate::hive_support::{ROWS, ids, options, server, source, split};
use millstream_connectors::conformance::SourceSuite;

/// Hive reads files in one order as long as they are the same: whatever was handed out comes again as it was.
#[test]
fn a_query_without_parts_goes_on_where_it_was() {
    let hive = server();
    let source = || {
        source(options(
            hive,
            "",
            "select id, name from numbers where id >= 100",
        ))
    };
    SourceSuite::new(&source, &ids, (100..ROWS).collect())
        .rounds(5)
        .run();
}

/// Bounds need not be those of the rows.
#[test]
fn parts_are_read_side_by_side_and_go_on_where_they_were() {
    let hive = server();
    let source = || {
        let mut options = options(hive, "", "select id, name from numbers");
        options.fetch = Some(70);
        options.split = Some(split("id", 4, Some(("100", "1200"))));
        source(options)
    };
    SourceSuite::new(&source, &ids, (0..ROWS).collect())
        .rounds(4)
        .run();
}
