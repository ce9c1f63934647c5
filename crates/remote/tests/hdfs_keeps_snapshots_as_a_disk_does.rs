//! What `storage` promises of a disk holds in HDFS: verification, one owner, pins, disposal and sweeping; a place has one name however
//! it is written; and what DataNodes can't take now is taken later.

mod common;

use std::io::Write;

use common::{Kept, LONG, Witness, bytes, job, metadata};
use millstream_core::{Configuration, KeyGroupRange, OperatorId};
use millstream_services::hdfs::Hdfs;
use millstream_storage::{Location, Snapshot, SnapshotFormat, SnapshotTarget, notes};

impl Witness for Hdfs {
    fn names(&self, below: &str) -> Vec<String> {
        self.files(&format!("/cp/{below}")).expect("a listing")
    }

    fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.get(&format!("/cp/{name}")).ok()
    }

    fn place(&self, name: &str, bytes: &[u8]) {
        self.put(&format!("/cp/{name}"), bytes).expect("is put");
    }
}

fn kept(hdfs: &Hdfs) -> Kept<'_> {
    Kept {
        checkpoints: hdfs.url("/cp").parse().expect("a place"),
        witness: hdfs,
    }
}

fn a_place_has_one_name(hdfs: &Hdfs) {
    let named = hdfs.url("/cp/x");
    for text in [
        "hdfs:///cp//x/",
        "hdfs:/cp/x",
        "HDFS:///cp/x/_metadata",
        &named,
    ] {
        let location: Location = text.parse().expect("a place");
        assert_eq!(location.to_string(), named, "{text}");
    }
    // A name service stays one: which of its NameNodes is asked is found out each time.
    let service: Location = "hdfs://cluster/cp".parse().expect("a place");
    assert_eq!(service.to_string(), "hdfs://cluster/cp");
    let other: Location = "hdfs://other/cp".parse().expect("a place");
    assert_eq!(other.to_string(), "hdfs://other:8020/cp");
    let error = "hdfs://nn/a/../b"
        .parse::<Location>()
        .expect_err("no place");
    assert!(error.message().contains("no place in a store"), "{error}");
}

fn what_is_open_is_taken_away(hdfs: &Hdfs) {
    kept(hdfs).what_a_crash_leaves_is_swept(|mut file| {
        file.write_all(&bytes(LONG)).expect("written");
        // As when the process is killed.
        std::mem::forget(file);
        hdfs.place(&format!("{}/chk-2/_metadata.7.inprogress", job(4)), b"half");
    });
    let left = hdfs.names(&format!("{}/chk-2", job(4)));
    assert_eq!(left, Vec::<String>::new());
}

fn small_files_are_whole(hdfs: &Hdfs) {
    hdfs.place("notes/a", b"first");
    let note = kept(hdfs).checkpoints.path().join("notes/a");
    notes::put(&note, b"second").expect("is put");
    assert_eq!(hdfs.content("notes/a").as_deref(), Some(&b"second"[..]));
    notes::put_new(&note, b"second").expect("it is this one");
    let error = notes::put_new(&note, b"third").expect_err("it is another one");
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    // Of many who want to make one file, one does.
    let wanted = kept(hdfs).checkpoints.path().join("notes/b");
    let made = std::thread::scope(|scope| {
        let make = |number: u8| {
            let wanted = &wanted;
            scope.spawn(move || notes::put_new(wanted, &[number]).is_ok())
        };
        let all: Vec<_> = (0..8).map(make).collect();
        let made = all.into_iter().map(|one| one.join().expect("no panic"));
        made.filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    assert_eq!(hdfs.names("notes").len(), 2, "nothing is left behind");
}

fn what_somebody_else_has_completed_is_not_replaced(hdfs: &Hdfs) {
    let kept = kept(hdfs);
    kept.write(6, 1, &[("state", b"state")]);
    let target = SnapshotTarget::checkpoint(&kept.layout(6), 2, SnapshotFormat::Native);
    let target = target.expect("a target");
    let file = target.create_opaque(OperatorId::from_uid("late"), 0, "late");
    let mut file = file.expect("a file");
    file.write_all(b"late").expect("written");
    // As when another process has taken over the checkpoints, and this one wakes in the middle of its own.
    hdfs.place(&format!("{}/chk-2/_metadata", job(6)), b"of another one");
    // Has it write the file a second time.
    hdfs.safe_mode(true).expect("is entered");
    let begun = file.finish(KeyGroupRange { start: 0, end: 0 }, 1);
    begun.expect("is begun");
    let error = target.complete(&metadata(6, 2, Vec::new()));
    hdfs.safe_mode(false).expect("is left");
    let error = error.expect_err("it is complete").to_string();
    assert!(error.contains("somebody else has completed"), "{error}");
    let names = hdfs.names(&format!("{}/chk-2", job(6)));
    assert_eq!(names.len(), 1, "{names:?}");
}

fn what_is_away_says_nothing_and_is_waited_for(hdfs: &mut Hdfs) {
    let target = kept(hdfs).write(5, 1, &[("state", b"state")]);
    let location = Location::from_path(target.directory()).expect("a place");
    hdfs.kill_name_node();
    kept(hdfs).nothing_is_told_of(&location);
    hdfs.restart_name_node().expect("it starts");
    Snapshot::open(&location).expect("it is there as before");
    // What is refused for a while is asked for again.
    let note = kept(hdfs).checkpoints.path().join("notes/c");
    hdfs.safe_mode(true).expect("is entered");
    std::thread::scope(|scope| {
        let put = scope.spawn(|| notes::put(&note, b"later"));
        hdfs.safe_mode(false).expect("is left");
        put.join().expect("no panic").expect("is put");
    });
    assert_eq!(hdfs.content("notes/c").as_deref(), Some(&b"later"[..]));
}

#[test]
fn hdfs_keeps_snapshots_as_a_disk_does() {
    let mut hdfs = Hdfs::start().expect("HDFS");
    let mut configuration = Configuration::new();
    let settings = hdfs.configuration();
    configuration.set("hadoop.home.dir", settings.display().to_string());
    millstream_remote::give(&configuration).expect("settings");
    a_place_has_one_name(&hdfs);
    kept(&hdfs).files_are_those_that_were_written();
    kept(&hdfs).one_has_the_checkpoints();
    kept(&hdfs).what_is_pinned_stays();
    what_is_open_is_taken_away(&hdfs);
    small_files_are_whole(&hdfs);
    what_somebody_else_has_completed_is_not_replaced(&hdfs);
    what_is_away_says_nothing_and_is_waited_for(&mut hdfs);
}
