//! What `storage` promises of a disk, to be held by whatever keeps snapshots.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::{Read, Write};

use millstream_core::{JobId, KeyGroupRange, Lineage, MaxParallelism, Numbers, OperatorId};
use millstream_storage::{
    Location, OperatorMetadata, Owner, Ownership, Pin, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotLayout, SnapshotMetadata, SnapshotTarget, StateFileWriter, StateKind, StateMetadata,
    discard_incomplete, dispose, holder, newest, sweep,
};

const UID: &str = "sum";
/// Longer than two parts.
pub(crate) const LONG: usize = 20 << 20;

/// Who sees what lies there by other means than Millstream's. Names are taken from the place of all snapshots on.
pub(crate) trait Witness {
    /// All names of files below a directory.
    fn names(&self, below: &str) -> Vec<String>;
    /// The content of a file.
    fn content(&self, name: &str) -> Option<Vec<u8>>;
    /// Puts a file there.
    fn place(&self, name: &str, bytes: &[u8]);
}

/// A place of snapshots.
pub(crate) struct Kept<'a> {
    /// The directory of all checkpoints.
    pub(crate) checkpoints: Location,
    pub(crate) witness: &'a (dyn Witness + Sync),
}

pub(crate) fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// Bytes that repeat nowhere near.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(byte).collect()
}

pub(crate) fn metadata(of: u8, number: u64, states: Vec<StateMetadata>) -> SnapshotMetadata {
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
        savepoint: None,
        owed_notes: Vec::new(),
        lineage: Lineage::fresh(1),
        run: 1,
        numbers: Numbers::default(),
        created: 1,
        millstream_version: "0.1.0".to_owned(),
        max_parallelism: MaxParallelism::new(128).expect("one"),
        operators: vec![operator],
    }
}

impl Kept<'_> {
    pub(crate) fn layout(&self, of: u8) -> SnapshotLayout {
        SnapshotLayout::new(self.checkpoints.clone(), job(of))
    }

    fn names(&self, of: u8) -> Vec<String> {
        self.witness.names(&job(of).to_string())
    }

    fn owned(&self, of: u8) -> millstream_core::Result<Ownership> {
        let owner = Owner {
            job_name: "job".to_owned(),
            lineage: Lineage::fresh(1),
            what: "a test".to_owned(),
            since: 0,
            is_alone: true,
        };
        Ownership::acquire(&self.checkpoints, job(of), owner)
    }

    fn target(&self, of: u8, number: u64) -> SnapshotTarget {
        let format = SnapshotFormat::Native;
        SnapshotTarget::checkpoint(&self.layout(of), number, format).expect("a target")
    }

    /// A file of a checkpoint that is never completed.
    pub(crate) fn begun(&self, of: u8, number: u64) -> StateFileWriter {
        let target = self.target(of, number);
        let operator = OperatorId::from_uid(UID);
        target.create_opaque(operator, 0, "long").expect("a file")
    }

    pub(crate) fn write(&self, of: u8, number: u64, contents: &[(&str, &[u8])]) -> SnapshotTarget {
        // Whoever owns them has made the directory.
        drop(self.owned(of).expect("nobody has them"));
        let target = self.target(of, number);
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
            format: SnapshotFormat::Native,
            files,
        };
        let complete = target.complete(&metadata(of, number, vec![state]));
        complete.expect("it can be completed");
        target
    }

    pub(crate) fn files_are_those_that_were_written(&self) {
        let long = bytes(LONG);
        let contents: [(&str, &[u8]); 3] = [("long", &long), ("short", b"short"), ("empty", b"")];
        let target = self.write(1, 1, &contents);
        let location = Location::from_path(target.directory()).expect("a place");
        let expected = format!("{}/{}/chk-1", self.checkpoints, job(1));
        assert_eq!(location.to_string(), expected);
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
        // Two can't complete one snapshot with different lists.
        let other = metadata(1, 1, Vec::new());
        let error = target.complete(&other).expect_err("it is complete");
        assert_eq!(error.code(), "MS-3008", "{error}");
        // What is replaced behind the verification is not read.
        let file = snapshot.metadata().files().next().expect("a file");
        let verified = snapshot.verified(file).expect("intact");
        let name = format!("{}/chk-1/{}", job(1), file.path);
        self.witness.place(&name, &bytes(LONG + 1)[1..]);
        let opened = verified.open();
        assert!(opened.is_err_and(|error| error.code() == "MS-3010"));
        let again = Snapshot::open(&location).expect("all files are there");
        let error = again.verify_all().expect_err("it is another one");
        assert_eq!(error.code(), "MS-3002", "{error}");
    }

    pub(crate) fn one_has_the_checkpoints(&self) {
        let mut first = self.owned(2).expect("nobody has them");
        let run = first.next_run().expect("a number");
        let error = self.owned(2).expect_err("somebody has them");
        assert!(error.message().contains("belong to job job"), "{error}");
        let holder = holder(&self.checkpoints, job(2)).expect("it can be told");
        assert_eq!(holder.expect("somebody").job_id, job(2));
        first.check().expect("it has them still");
        first.end().expect("it can be tidied up");
        assert_eq!(self.names(2), Vec::<String>::new());
        // A lease of a process that has ended is taken over at once, and its number is not used again.
        self.write(2, 7, &[]);
        let lease = format!("{}/_owner-lease-{}", job(2), run + 5);
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
        let namespace = std::fs::read_link("/proc/self/ns/pid").expect("readable");
        let dead = format!(
            "9 {} {} {} 1",
            boot.trim(),
            namespace.display(),
            std::process::id()
        );
        self.witness.place(&lease, dead.as_bytes());
        let second = self.owned(2).expect("it is free");
        second.check().expect("it has them");
        assert_eq!(self.witness.content(&lease), None);
        drop(second);
    }

    pub(crate) fn what_is_pinned_stays(&self) {
        let target = self.write(3, 1, &[("state", b"state")]);
        let location = Location::from_path(target.directory()).expect("a place");
        let pin = Pin::take(&location).expect("it can be pinned");
        let error = dispose(&location, false).expect_err("it is pinned");
        assert_eq!(error.code(), "MS-3011", "{error}");
        Snapshot::open(&location).expect("it is there still");
        drop(pin);
        let planned = dispose(&location, true).expect("nobody needs it");
        let gone = dispose(&location, false).expect("nobody needs it");
        assert_eq!(planned.files.len(), gone.files.len());
        let directory = format!("{}/chk-1", job(3));
        assert_eq!(self.witness.names(&directory), Vec::<String>::new());
        assert!(Pin::take(&location).is_none(), "there is nothing to pin");
        let again = dispose(&location, false).expect("it is gone");
        assert_eq!(again.files.len(), 0);
    }

    /// `left`: what a process leaves that is killed while it writes a checkpoint.
    pub(crate) fn what_a_crash_leaves_is_swept(&self, left: impl FnOnce(StateFileWriter)) {
        self.write(4, 1, &[("state", b"state")]);
        left(self.begun(4, 2));
        sweep(&self.layout(4)).expect("it can be swept");
        // The number of the last one is not used again.
        let known = millstream_storage::checkpoints_of(&self.layout(4));
        let (completed, unused) = known.expect("listed");
        assert_eq!((completed.len(), unused), (1, 3));
        let found = newest(Some(&self.checkpoints), &[], "job").expect("it can be told");
        assert!(found.is_some());
        // Disposal that was broken off goes on where it was.
        let directory = format!("{}/chk-1", job(4));
        let list = self.witness.content(&format!("{directory}/_metadata"));
        let aside = format!("{directory}/_metadata.disposed");
        self.witness.place(&aside, &list.expect("it is there"));
        let location = Location::from_path(self.layout(4).checkpoint(1)).expect("a place");
        dispose(&location, false).expect("it goes on");
        assert_eq!(self.witness.names(&directory), Vec::<String>::new());
        discard_incomplete(location.path()).expect("nothing is there");
    }

    /// What is asked says that there is nothing to be known.
    pub(crate) fn nothing_is_told_of(&self, location: &Location) {
        // Each is tried for a while, so all at once.
        std::thread::scope(|scope| {
            let opened = scope.spawn(|| Snapshot::open(location).map(drop));
            let disposed = scope.spawn(|| dispose(location, false).map(drop));
            let held = scope.spawn(|| holder(&self.checkpoints, job(5)).map(drop));
            for answer in [opened, disposed, held] {
                let error = answer.join().expect("no panic").expect_err("it is away");
                assert_eq!(error.code(), "MS-3010", "{error}");
            }
        });
    }
}
