use std::time::Duration;

use millstream_core::options::FromOptionText;
use millstream_engine::connector::StateEntry;

use super::{SyncType, Written};
use crate::elasticsearch::{Backoff, EsOptions, Flush, IndexPattern, Login, Server};

fn options(index: &str, sync: SyncType, version: Option<i64>) -> EsOptions {
    EsOptions {
        servers: Server::parse_all("es1").expect("an address"),
        index: IndexPattern::from_option_text(index).expect("an index"),
        doc_type: None,
        sync,
        id: vec!["id".to_owned()],
        version_column: "version".to_owned(),
        version,
        retry_on_conflict: 5,
        flush: Flush {
            actions: 100,
            bytes: 1_000,
            interval: Duration::from_secs(1),
            concurrent: 2,
        },
        backoff: Backoff {
            retries: 5,
            delay: Duration::from_secs(1),
            exponential: false,
        },
        timeout: Duration::from_secs(1),
        login: Login::None,
        ca: None,
        gzip: false,
        delete_stale: true,
        mapping: None,
    }
}

/// The least version of runs that go on one from the other.
fn least(runs: &[EsOptions]) -> Option<i64> {
    let mut entries: Option<Vec<StateEntry>> = None;
    let mut least = None;
    for run in runs {
        let written = Written::of(run, entries.as_deref());
        least = written.least();
        entries = Some((0..3).map(|subtask| written.entry(subtask)).collect());
    }
    least
}

#[test]
fn what_no_run_has_written_is_below_the_version_of_all() {
    use SyncType::{Full, Incremental};
    let full = |version| options("orders", Full, Some(version));
    for (runs, expected) in [
        (vec![full(5)], Some(5)),
        (vec![full(5), full(9)], Some(5)),
        (vec![full(5), full(9), full(7)], Some(5)),
        (vec![full(9), full(5)], Some(5)),
        // Of some documents it can't be told whose they are.
        (vec![options("orders", Full, None), full(9)], None),
        (vec![options("orders", Incremental, Some(5)), full(9)], None),
        (vec![options("others", Full, Some(5)), full(9)], None),
        (vec![options("orders-{day}", Full, Some(5)), full(9)], None),
        (vec![full(5), options("orders", Full, None), full(9)], None),
    ] {
        assert_eq!(least(&runs), expected, "{runs:?}");
    }
    let of_another_sink = [StateEntry {
        key: "part-0".to_owned(),
        value: 1.into(),
    }];
    let written = Written::of(&full(9), Some(&of_another_sink));
    assert_eq!(written.least(), None);
}
