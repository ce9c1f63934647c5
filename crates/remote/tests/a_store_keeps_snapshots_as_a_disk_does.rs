//! What `storage` promises of a disk holds in an object store: files in parts, verification, one owner, pins, disposal and sweeping.

mod common;

use std::io::Write;

use common::{Kept, LONG, Witness, bytes};
use millstream_core::Configuration;
use millstream_services::seaweed::{ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed};
use millstream_storage::{Location, Snapshot};

impl Witness for Seaweed {
    fn names(&self, below: &str) -> Vec<String> {
        self.keys(&format!("cp/{below}")).expect("a listing")
    }

    fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.get(&format!("cp/{name}")).expect("an answer")
    }

    fn place(&self, name: &str, bytes: &[u8]) {
        self.put(&format!("cp/{name}"), bytes).expect("is put");
    }
}

fn kept(store: &Seaweed) -> Kept<'_> {
    Kept {
        checkpoints: format!("s3a://{BUCKET}//cp/").parse().expect("a place"),
        witness: store,
    }
}

fn uploads(store: &Seaweed) -> usize {
    store.uploads().expect("a listing").len()
}

fn what_is_begun_is_aborted(store: &Seaweed) {
    kept(store).what_a_crash_leaves_is_swept(|mut file| {
        file.write_all(&bytes(LONG)).expect("written");
        // As when the process is killed.
        std::mem::forget(file);
        assert_eq!(uploads(store), 1);
    });
    assert_eq!(uploads(store), 0);
}

fn a_store_that_is_away_says_nothing(store: &mut Seaweed) {
    let target = kept(store).write(5, 1, &[("state", b"state")]);
    let location = Location::from_path(target.directory()).expect("a place");
    store.kill();
    kept(store).nothing_is_told_of(&location);
    store.restart().expect("it starts");
    Snapshot::open(&location).expect("it is there as before");
    let missing: Location = "s3://no-such-bucket/cp".parse().expect("a place");
    let error = Snapshot::open(&missing).expect_err("there is no bucket");
    assert_eq!(error.code(), "MS-3010", "{error}");
}

#[test]
fn a_store_keeps_snapshots_as_a_disk_does() {
    let mut store = Seaweed::start().expect("an object store");
    let mut configuration = Configuration::new();
    configuration.set("s3.endpoint", store.endpoint());
    configuration.set("s3.access-key", ACCESS_KEY);
    configuration.set("s3.secret-key", SECRET_KEY);
    configuration.set("s3.connection.ssl.enabled", "false");
    millstream_remote::give(&configuration).expect("a store");
    kept(&store).files_are_those_that_were_written();
    assert_eq!(uploads(&store), 0);
    kept(&store).one_has_the_checkpoints();
    kept(&store).what_is_pinned_stays();
    what_is_begun_is_aborted(&store);
    a_store_that_is_away_says_nothing(&mut store);
}
