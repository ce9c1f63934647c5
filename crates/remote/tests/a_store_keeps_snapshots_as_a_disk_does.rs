//! What `storage` promises of a disk holds in an object store: files in parts, verification, one owner, pins, disposal and sweeping.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::{Read, Write};

use millstream_core::{
    Configuration, JobId, KeyGroupRange, Lineage, MaxParallelism, Numbers, OperatorId,
};
use millstream_services::seaweed::{ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed};
use millstream_storage::{
    Location, OperatorMetadata, Owner, Ownership, Pin, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotLayout, SnapshotMetadata, SnapshotTarget, StateKind, StateMetadata, discard_incomplete,
    dispose, holder, newest, sweep,
};

const UID: &str = "sum";
/// Longer than two parts.
const LONG: usize = 20 << 20;

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

fn checkpoints() -> Location {
    format!("s3a://{BUCKET}//cp/").parse().expect("a place")
}

fn layout(of: u8) -> SnapshotLayout {
    SnapshotLayout::new(checkpoints(), job(of))
}

fn owned(of: u8) -> millstream_core::Result<Ownership> {
    let owner = Owner {
        job_name: "job".to_owned(),
        lineage: Lineage::fresh(1),
        what: "a test".to_owned(),
        since: 0,
        is_alone: true,
    };
    Ownership::acquire(&checkpoints(), job(of), owner)
}

/// Bytes that repeat nowhere near.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(byte).collect()
}

fn metadata(of: u8, number: u64, states: Vec<StateMetadata>) -> SnapshotMetadata {
    let mut operator = OperatorMetadata::new(UID, "Sum", 1);
    operator.states = states;
    SnapshotMetadata {
        job_id: job(of),
        job_name: "job".to_owned(),
        checkpoint_id: number,
        kind: SnapshotKind::Checkpoint,
        format: SnapshotFormat::Native,
        drained: false,
        last: false,
        lineage: Lineage::fresh(1),
        run: 1,
        numbers: Numbers::default(),
        created: 1,
        millstream_version: "0.1.0".to_owned(),
        max_parallelism: MaxParallelism::new(128).expect("one"),
        operators: vec![operator],
    }
}

fn write(of: u8, number: u64, contents: &[(&str, &[u8])]) -> SnapshotTarget {
    let format = SnapshotFormat::Native;
    let target = SnapshotTarget::checkpoint(&layout(of), number, format).expect("a target");
    let operator = OperatorId::from_uid(UID);
    let mut files = Vec::new();
    for (name, bytes) in contents {
        let mut file = target.create_opaque(operator, 0, name).expect("a file");
        file.write_all(bytes).expect("written");
        let groups = KeyGroupRange { start: 0, end: 0 };
        files.push(file.finish(groups, 1).expect("finished"));
    }
    let state = StateMetadata {
        name: "seen".to_owned(),
        kind: StateKind::Opaque,
        key_type: "nothing".to_owned(),
        value_type: "bytes".to_owned(),
        format,
        files,
    };
    let complete = target.complete(&metadata(of, number, vec![state]));
    complete.expect("it can be completed");
    target
}

fn keys(store: &Seaweed, below: &str) -> Vec<String> {
    store.keys(below).expect("a listing")
}

fn files_are_those_that_were_written(store: &Seaweed) {
    let long = bytes(LONG);
    let contents: [(&str, &[u8]); 3] = [("long", &long), ("short", b"short"), ("empty", b"")];
    let target = write(1, 1, &contents);
    let location = Location::from_path(target.directory()).expect("a place");
    assert_eq!(
        location.to_string(),
        format!("s3://{BUCKET}/cp/{}/chk-1", job(1))
    );
    let snapshot = Snapshot::open(&location).expect("it is there");
    let mut read = BTreeMap::new();
    for file in snapshot.metadata().files() {
        let verified = snapshot.verified(file).expect("intact");
        let mut content = Vec::new();
        let mut opened = verified.open().expect("it is there");
        opened.read_to_end(&mut content).expect("readable");
        read.insert(file.bytes, content);
    }
    assert!(read[&(LONG as u64)] == long, "the long one");
    assert_eq!((&read[&5][..], &read[&0][..]), (&b"short"[..], &b""[..]));
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());
    // Two can't complete one snapshot with different lists.
    let other = metadata(1, 1, Vec::new());
    let error = target.complete(&other).expect_err("it is complete");
    assert_eq!(error.code(), "MS-3008", "{error}");
    // What is replaced behind the verification is not read.
    let file = snapshot.metadata().files().next().expect("a file");
    let verified = snapshot.verified(file).expect("intact");
    let key = format!("cp/{}/chk-1/{}", job(1), file.path);
    store.put(&key, &bytes(LONG + 1)[1..]).expect("is put");
    let opened = verified.open();
    assert!(opened.is_err_and(|error| error.code() == "MS-3010"));
    let again = Snapshot::open(&location).expect("all files are there");
    let error = again.verify_all().expect_err("it is another one");
    assert_eq!(error.code(), "MS-3002", "{error}");
}

fn one_has_the_checkpoints(store: &Seaweed) {
    let mut first = owned(2).expect("nobody has them");
    let run = first.next_run().expect("a number");
    let error = owned(2).expect_err("somebody has them");
    assert!(error.message().contains("belong to job job"), "{error}");
    let holder = holder(&checkpoints(), job(2)).expect("it can be told");
    assert_eq!(holder.expect("somebody").job_id, job(2));
    first.check().expect("it has them still");
    first.end().expect("it can be tidied up");
    assert_eq!(keys(store, &format!("cp/{}", job(2))), Vec::<String>::new());
    // A lease of a process that has ended is taken over at once, and its number is not used again.
    write(2, 7, &[]);
    let lease = format!("cp/{}/_owner-lease-{}", job(2), run + 5);
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
    let namespace = std::fs::read_link("/proc/self/ns/pid").expect("readable");
    let dead = format!(
        "9 {} {} {} 1",
        boot.trim(),
        namespace.display(),
        std::process::id()
    );
    store.put(&lease, dead.as_bytes()).expect("is put");
    let second = owned(2).expect("it is free");
    second.check().expect("it has them");
    assert_eq!(store.get(&lease).expect("an answer"), None);
    drop(second);
}

fn what_is_pinned_stays(store: &Seaweed) {
    let target = write(3, 1, &[("state", b"state")]);
    let location = Location::from_path(target.directory()).expect("a place");
    let pin = Pin::take(&location).expect("it can be pinned");
    let error = dispose(&location, false).expect_err("it is pinned");
    assert_eq!(error.code(), "MS-3011", "{error}");
    Snapshot::open(&location).expect("it is there still");
    drop(pin);
    let planned = dispose(&location, true).expect("nobody needs it");
    let gone = dispose(&location, false).expect("nobody needs it");
    assert_eq!(planned.files.len(), gone.files.len());
    assert_eq!(keys(store, &format!("cp/{}", job(3))), Vec::<String>::new());
    assert!(Pin::take(&location).is_none(), "there is nothing to pin");
    let again = dispose(&location, false).expect("it is gone");
    assert_eq!(again.files.len(), 0);
}

fn what_a_crash_leaves_is_swept(store: &Seaweed) {
    write(4, 1, &[("state", b"state")]);
    let format = SnapshotFormat::Native;
    let target = SnapshotTarget::checkpoint(&layout(4), 2, format).expect("a target");
    let operator = OperatorId::from_uid(UID);
    let mut file = target.create_opaque(operator, 0, "long").expect("a file");
    file.write_all(&bytes(LONG)).expect("written");
    // As when the process is killed.
    std::mem::forget(file);
    assert_eq!(store.uploads().expect("a listing").len(), 1);
    sweep(&layout(4)).expect("it can be swept");
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());
    // The number of the last one is not used again.
    let (completed, unused) = millstream_storage::checkpoints_of(&layout(4)).expect("listed");
    assert_eq!((completed.len(), unused), (1, 3));
    let found = newest(Some(&checkpoints()), &[], "job").expect("it can be told");
    assert!(found.is_some());
    // Disposal that was broken off goes on where it was.
    let directory = format!("cp/{}/chk-1", job(4));
    let list = store
        .get(&format!("{directory}/_metadata"))
        .expect("an answer");
    let list = list.expect("it is there");
    store
        .put(&format!("{directory}/_metadata.disposed"), &list)
        .expect("is put");
    let location = Location::from_path(layout(4).checkpoint(1)).expect("a place");
    dispose(&location, false).expect("it goes on");
    assert_eq!(keys(store, &directory), Vec::<String>::new());
    discard_incomplete(location.path()).expect("nothing is there");
}

fn a_store_that_is_away_says_nothing(store: &mut Seaweed) {
    write(5, 1, &[("state", b"state")]);
    let location = Location::from_path(layout(5).checkpoint(1)).expect("a place");
    store.kill();
    // Each is tried for a while, so all at once.
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| Snapshot::open(&location).map(drop));
        let disposed = scope.spawn(|| dispose(&location, false).map(drop));
        let held = scope.spawn(|| holder(&checkpoints(), job(5)).map(drop));
        for answer in [opened, disposed, held] {
            let error = answer.join().expect("no panic").expect_err("it is away");
            assert_eq!(error.code(), "MS-3010", "{error}");
        }
    });
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
    files_are_those_that_were_written(&store);
    one_has_the_checkpoints(&store);
    what_is_pinned_stays(&store);
    what_a_crash_leaves_is_swept(&store);
    a_store_that_is_away_says_nothing(&mut store);
}
