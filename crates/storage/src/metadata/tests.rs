use std::path::Path;

use millstream_core::{KeyGroupRange, MaxParallelism};
use serde_json::json;

use super::*;

/// A snapshot of one source with a position and one operator with a state of one file.
pub(crate) fn example() -> SnapshotMetadata {
    let mut source = OperatorMetadata::new("source", "Source: files", 2);
    source.entries.push(EntryMetadata {
        key: "a.csv".into(),
        value: json!({"offset": 12}),
    });
    let mut sum = OperatorMetadata::new("sum", "sum", 2);
    sum.add_state(StateMetadata {
        name: "count".into(),
        kind: StateKind::Value,
        key_type: "string".into(),
        value_type: "u64".into(),
        format: SnapshotFormat::Native,
        files: vec![FileEntry {
            path: "0f-0-count.state".into(),
            bytes: 3,
            crc32: 0x0000_beef,
            key_groups: KeyGroupRange { start: 0, end: 64 },
            entries: 1,
        }],
    });
    sum.prepared.push(PreparedMetadata {
        name: "part-0".into(),
        value: json!("x"),
    });
    SnapshotMetadata {
        job_id: "f8cccb14cd33babade335fd60aefa9e4".parse().expect("an id"),
        job_name: "word count".into(),
        checkpoint_id: 7,
        kind: SnapshotKind::Checkpoint,
        format: SnapshotFormat::Native,
        drained: false,
        last: false,
        savepoint: None,
        owed_notes: vec![OwedNote {
            savepoint: "file:/sp/savepoint-f8cccb-d08cc0ef01b6".into(),
            place: Some(crate::owed::Place {
                device: 3,
                inode: u64::MAX,
            }),
        }],
        lineage: millstream_core::Lineage::fresh(1),
        run: 3,
        numbers: Numbers::default(),
        created: 1_790_000_000_000,
        millstream_version: "0.1.0".into(),
        max_parallelism: MaxParallelism::DEFAULT,
        operators: vec![source, sum],
    }
}

fn read(bytes: &[u8]) -> millstream_core::Result<SnapshotMetadata> {
    SnapshotMetadata::from_text(bytes, Path::new("/sp/_metadata"))
}

#[test]
fn what_is_written_is_read() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"), None)
        .expect("plain data");
    assert_eq!(read(text.as_bytes()).expect("intact"), example());
    serde_json::from_str::<serde_json::Value>(&text).expect("any tool reads it as JSON");
    assert!(text.contains("\"crc32\": \"0000beef\""), "{text}");
}

#[test]
fn where_the_checkpoints_of_the_job_lie_stands_beside_it() {
    let path = Path::new("/sp/_metadata");
    for checkpoints in [None, Some("file:/cp}"), Some("s3://bucket/cp")] {
        let text = example().to_text(path, checkpoints).expect("plain data");
        let (metadata, told) =
            SnapshotMetadata::with_checkpoints(text.as_bytes(), path).expect("intact");
        assert_eq!((metadata, told.as_deref()), (example(), checkpoints));
        assert_eq!(read(text.as_bytes()).expect("intact"), example());
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let stands = json.get("checkpoints").and_then(|it| it.as_str());
        assert_eq!(stands, checkpoints);
    }
}

#[test]
fn every_changed_byte_is_found() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"), Some("file:/cp"))
        .expect("plain data")
        .into_bytes();
    for place in 0..text.len() {
        let mut changed = text.clone();
        changed[place] ^= 1;
        let error = read(&changed).expect_err("one bit is flipped");
        assert!(error.message().contains("/sp/_metadata"), "{error}");
        assert!(!error.next_step().is_empty(), "{error}");
    }
    for length in 0..text.len() {
        assert!(read(&text[..length]).is_err(), "cut off at {length}");
    }
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"), None)
        .expect("plain data");
    let newer = text.replace("\"version\": 3", "\"version\": 4");
    let error = read(newer.as_bytes()).expect_err("version 4");
    assert_eq!(error.code(), "MS-3004");
}

#[test]
fn what_a_damaged_text_tells_all_the_same() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"), None)
        .expect("plain data");
    let all = MetadataHints {
        job_id: Some(example().job_id),
        job_name: Some("word count".to_owned()),
        checkpoint_id: Some(7),
    };
    assert_eq!(MetadataHints::of(text.as_bytes()), all);
    assert_eq!(MetadataHints::of(&text.as_bytes()[..text.len() / 2]), all);
    assert_eq!(MetadataHints::of(b""), MetadataHints::default());
    assert_eq!(MetadataHints::of(&[0xff; 100]), MetadataHints::default());
    let cut = text.find("word count").expect("its name") + 4;
    let cut = MetadataHints::of(&text.as_bytes()[..cut]);
    assert_eq!(
        cut,
        MetadataHints {
            job_id: all.job_id,
            ..MetadataHints::default()
        }
    );
}

#[test]
fn what_others_wrote_is_told_from_what_is_damaged() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"), None)
        .expect("plain data")
        .into_bytes();
    let mut scratched = text.clone();
    scratched[..10].fill(0xff);
    let flink = [&[0x49, 0x60, 0x67, 0x2d, 0, 0, 0, 4][..], &[7; 90]].concat();
    let parquet = [&b"PAR1\x15\x04\x15\x10"[..], &[3; 90]].concat();
    let other = br#"{"format": "another", "version": 1, "snapshot": {"job_name": "x"}}"#;
    for (bytes, code) in [
        (&flink[..], "MS-3012"),
        (&parquet, "MS-3012"),
        (other, "MS-3012"),
        (b"PAR1", "MS-3012"),
        (b"", "MS-3002"),
        (&[0; 4096], "MS-3002"),
        (&text[..20], "MS-3002"),
        (&scratched, "MS-3002"),
    ] {
        let error = read(bytes).expect_err("no snapshot");
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn files_lie_where_they_may() {
    let with = |path: &str, kind| {
        let mut metadata = example();
        metadata.kind = kind;
        metadata.operators[1].states[0].files[0].path = path.into();
        let text = metadata.to_text(Path::new("/sp/_metadata"), None);
        read(text.expect("plain data").as_bytes())
    };
    use SnapshotKind::{Checkpoint, Savepoint};
    for (path, kind, allowed) in [
        ("a.state", Checkpoint, true),
        ("a.state", Savepoint, true),
        ("../shared/a.state", Checkpoint, true),
        ("../shared/a.state", Savepoint, false),
        ("../shared/../a.state", Checkpoint, false),
        ("../shared/", Checkpoint, false),
        ("../a.state", Checkpoint, false),
        ("sub/a.state", Checkpoint, false),
        ("/etc/passwd", Checkpoint, false),
        ("..", Checkpoint, false),
        ("", Checkpoint, false),
    ] {
        let read = with(path, kind);
        assert_eq!(read.is_ok(), allowed, "`{path}` in a {kind:?}");
        if let Err(error) = read {
            assert_eq!(error.code(), "MS-3002");
        }
    }
}
