//! A checkpoint and a savepoint of one boundary as version 2 wrote them. They are never written again; a change that can't read
//! them needs a new version beside this one. Their files of keyed state are those of version 1.

use std::path::Path;

use millstream_core::lineage::Ancestor;
use millstream_core::{JobId, Numbers};
use millstream_storage::{Location, Snapshot, SnapshotFormat, SnapshotKind, StateKind};

const CHECKPOINT: &str = "f8cccb14cd33babade335fd60aefa9e4/chk-17";

fn open(name: &str) -> Snapshot {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/v2")
        .join(name);
    Snapshot::open(&Location::from_path(path).expect("a path")).expect("intact")
}

#[test]
fn metadata() {
    use SnapshotFormat::{Canonical, Native};
    for (name, kind, format) in [
        (CHECKPOINT, SnapshotKind::Checkpoint, Native),
        ("savepoint", SnapshotKind::Savepoint, Canonical),
    ] {
        let snapshot = open(name);
        let metadata = snapshot.metadata();
        assert_eq!((metadata.kind, metadata.format), (kind, format));
        assert_eq!((metadata.checkpoint_id, metadata.run), (17, 3));
        assert!(metadata.is_committed_boundary() && snapshot.is_committed().expect("told"));
        let ancestor = Ancestor {
            job: JobId::from_bytes(1_u128.to_be_bytes()),
            left_at: 9,
            owned: true,
        };
        assert_eq!(metadata.lineage.generation, 2);
        assert_eq!(metadata.lineage.ancestors, [ancestor]);
        let expected = Numbers {
            read: 30,
            written: 24,
            filtered: 6,
            ..Numbers::default()
        };
        assert_eq!(metadata.numbers, expected);
        assert_eq!(metadata.numbers.difference(), 0);
        snapshot.verify_all().expect("intact");
        let progress = snapshot.progress();
        assert_eq!(progress.bytes, progress.of);
    }
}

#[test]
fn operators() {
    for name in [CHECKPOINT, "savepoint"] {
        let snapshot = open(name);
        let source = snapshot.operator("source").expect("written");
        assert_eq!(source.metadata().numbers.read, 30);
        let listed = &source.metadata().enumerator[0];
        assert_eq!(
            (listed.key.as_str(), &listed.value["files"]),
            ("listed", &3.into())
        );
        let ledger = source.state("ledger").expect("written");
        assert_eq!(
            (ledger.kind, ledger.value_type.as_str()),
            (StateKind::Opaque, "ledger-v1")
        );
        let parts = ledger.files.iter().map(|file| {
            let verified = source.verified(file).expect("intact");
            verified.read().expect("intact")
        });
        assert_eq!(parts.collect::<Vec<_>>(), [&b"a.csv b.csv"[..], b"c.csv"]);
        let is_shared = ledger.files[0].path.starts_with("../shared/");
        assert_eq!(is_shared, name == CHECKPOINT);
        let sum = snapshot.operator("sum").expect("written");
        let state = sum.state("count").expect("written");
        assert_eq!(state.files.iter().map(|file| file.entries).sum::<u64>(), 20);
    }
}
