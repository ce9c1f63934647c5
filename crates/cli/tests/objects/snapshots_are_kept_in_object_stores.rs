//! Checkpoints and savepoints lie in an object store: jobs go on from them, one job has them at a time, and what is damaged, absent
//! or away is told apart.

use std::path::Path;
use std::process::Command;

use crate::common::objects::{job, lines, url};
use crate::common::snapshots::{Keeps, Snapshots};
use millstream_services::seaweed::Seaweed;

impl Keeps for Seaweed {
    fn url(&self, key: &str) -> String {
        url(key)
    }

    fn job(
        &self,
        directory: &Path,
        places: (&str, &str),
        options: &[&str],
        parameters: &[&str],
    ) -> Command {
        job(self, directory, places, options, parameters)
    }

    fn options(&self) -> Vec<String> {
        Seaweed::options(self)
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        Seaweed::put(self, key, bytes).expect("is put");
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let found = Seaweed::get(self, key).expect("an answer");
        found.expect("is there")
    }

    fn keys(&self, below: &str) -> Vec<String> {
        Seaweed::keys(self, below).expect("a listing")
    }

    fn lines(&self, below: &str) -> Vec<String> {
        lines(self, below)
    }

    fn away(&self) -> String {
        "s3://no-such-bucket/sp/one".to_owned()
    }

    fn no_place(&self) -> String {
        "s3://bucket/../sp".to_owned()
    }
}

#[test]
fn snapshots_are_kept_in_object_stores() {
    let store = Seaweed::start().expect("an object store");
    let snapshots = Snapshots(&store);
    snapshots.a_job_goes_on_from_what_lies_there();
    snapshots.a_savepoint_is_claimed();
    snapshots.what_cannot_be_gone_on_from_is_told_apart();
    snapshots.a_server_keeps_and_disposes_of_them();
}
