//! Where a store lets nothing be written, a sink that begins there is refused before it has taken a record. One that has written there before,
//! or may have, opens: keys are put right, and its snapshots stay of use. So does one that writes partitions, beside which it may need no right.

use std::sync::Arc;

use crate::sinks_common::attempt::{Attempt, Run};
use millstream_connectors::file_sink::{FileSink, Partition};
use millstream_connectors::formats::TextLines;
use millstream_core::{JobId, Result};
use millstream_objects::{S3Settings, Stores};
use millstream_services::seaweed::{ACCESS_KEY, SECRET_KEY, Seaweed};

const A: JobId = JobId::from_bytes([0xa; 16]);
const B: JobId = JobId::from_bytes([0xb; 16]);

fn sink(store: &Seaweed, secret: &str) -> FileSink<String> {
    let stores = Stores::new(S3Settings {
        endpoint: Some(store.endpoint()),
        access_key: Some(ACCESS_KEY.to_owned()),
        secret_key: Some(secret.to_owned()),
        allows_http: true,
        ..S3Settings::default()
    });
    FileSink::new("s3://bucket/out", TextLines).stores(Some(stores))
}

/// Has all records in one directory below that of the sink.
struct OneDay;

impl Partition<String> for OneDay {
    fn split(&self, record: &String) -> Result<Vec<(Arc<str>, String)>> {
        Ok(vec![("day=1".into(), record.clone())])
    }
}

#[test]
fn a_sink_that_may_not_write_to_a_store_is_refused_where_it_begins() {
    let store = Seaweed::start().expect("an object store");
    let wrong = sink(&store, "wrong");
    let error = Attempt::open(&wrong).err().expect("refused");
    assert_eq!(error.code(), "MS-7017");
    let line = error.to_string();
    for word in ["s3://bucket/out", "403", "s3.secret-key"] {
        assert!(line.contains(word), "{word}: {line}");
    }

    let right = sink(&store, SECRET_KEY);
    let mut attempt = Attempt::run(&right, &Run::of(A, 1)).expect("opens");
    attempt.write(vec!["1".to_owned()]).expect("is written");
    let entries = attempt.writer.snapshot(1).expect("a snapshot");
    drop(attempt.prepare(1).expect("is prepared"));
    drop(attempt);
    let again = Run::of(B, 2).behind(A, 1, true, &entries);
    let mut attempt = Attempt::run(&wrong, &again).expect("opens");
    let mut fail = || {
        attempt.write(vec!["2".to_owned()])?;
        attempt.prepare(2)
    };
    let error = fail().expect_err("it may not write");
    assert_eq!(error.code(), "MS-7001");
}

#[test]
fn a_sink_that_may_have_written_there_or_writes_partitions_opens() {
    let store = Seaweed::start().expect("an object store");
    let again = sink(&store, "wrong");
    Attempt::run(&again, &Run::of(A, 2)).expect("the run before may have written there");
    let parted = sink(&store, "wrong").partitioned(OneDay);
    Attempt::run(&parted, &Run::of(B, 1)).expect("only partitions are written");
}
