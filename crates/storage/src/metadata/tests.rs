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
        .to_text(Path::new("/sp/_metadata"))
        .expect("plain data");
    assert_eq!(read(text.as_bytes()).expect("intact"), example());
    serde_json::from_str::<serde_json::Value>(&text).expect("any tool reads it as JSON");
    assert!(text.contains("\"crc32\": \"0000beef\""), "{text}");
}

#[test]
fn every_changed_byte_is_found() {
    let text = example()
        .to_text(Path::new("/sp/_metadata"))
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
        .to_text(Path::new("/sp/_metadata"))
        .expect("plain data");
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    let error = read(newer.as_bytes()).expect_err("version 2");
    assert_eq!(error.code(), "MS-3004");
    assert_eq!(
        SnapshotMetadata::job_name_in(newer.as_bytes()).as_deref(),
        Some("word count")
    );
}
