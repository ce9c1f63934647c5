//! Checkpoints and savepoints lie in an object store: jobs go on from them, one job has them at a time, and what is damaged, absent
//! or away is told apart.

use crate::common::snapshots::Snapshots;
use millstream_services::seaweed::Seaweed;

#[test]
fn snapshots_are_kept_in_object_stores() {
    let store = Seaweed::start().expect("an object store");
    let snapshots = Snapshots(&store);
    snapshots.a_job_goes_on_from_what_lies_there();
    snapshots.a_savepoint_is_claimed();
    snapshots.what_cannot_be_gone_on_from_is_told_apart();
    snapshots.a_server_keeps_and_disposes_of_them();
}
