//! A reader gets the key groups that it asks for.

use std::sync::Arc;

use crate::common::{ALL, verified, write_native};
use arrow::array::{RecordBatch, StringArray, UInt16Array, UInt64Array};
use arrow::datatypes::{DataType, Field};
use millstream_core::{KeyGroupRange, OperatorId};
use millstream_storage::canonical::{self, CanonicalReader, CanonicalWriter};
use millstream_storage::native::NativeReader;
use millstream_storage::{SnapshotFormat, SnapshotTarget};

#[test]
fn native_sections_are_skipped() {
    let temp = tempfile::tempdir().expect("a directory");
    let target = SnapshotTarget::create(temp.path(), SnapshotFormat::Native).expect("writable");
    let file = verified(&target, &write_native(&target));
    for (start, end, expected) in [
        (0, 128, &[1, 5, 9][..]),
        (2, 9, &[5]),
        (6, 9, &[]),
        (9, 10, &[9]),
    ] {
        let range = KeyGroupRange { start, end };
        let mut reader = NativeReader::open(&file, range).expect("intact");
        let mut groups = Vec::new();
        while let Some(section) = reader.next_section().expect("intact") {
            assert_eq!(section.bytes, [section.group as u8; 100]);
            groups.push(section.group);
        }
        assert_eq!(groups, expected);
    }
}

#[test]
fn canonical_row_groups_are_pruned() {
    const ROWS: u64 = 300_000;
    let temp = tempfile::tempdir().expect("a directory");
    let target = SnapshotTarget::create(temp.path(), SnapshotFormat::Canonical).expect("writable");
    let number = Arc::new(Field::new("item", DataType::UInt64, false));
    let schema = canonical::schema(&number, None, &number);
    let file = target
        .create_file(OperatorId::from_uid("sum"), 0, "count")
        .expect("writable");
    let mut writer = CanonicalWriter::new(file, Arc::clone(&schema)).expect("writable");
    let groups: Vec<u16> = (0..ROWS).map(|row| (row * 128 / ROWS) as u16).collect();
    let numbers = Arc::new(UInt64Array::from_iter_values(0..ROWS));
    let columns = vec![
        Arc::new(UInt16Array::from(groups.clone())) as _,
        Arc::clone(&numbers) as _,
        Arc::new(StringArray::new_null(ROWS as usize)) as _,
        numbers as _,
    ];
    let batch = RecordBatch::try_new(schema, columns).expect("the schema's columns");
    writer.write(&batch).expect("writable");
    let entry = writer.finish(ALL).expect("writable");
    assert_eq!(entry.entries, ROWS);

    let range = KeyGroupRange {
        start: 100,
        end: 128,
    };
    let wanted = groups
        .iter()
        .filter(|group| range.contains(**group))
        .count();
    let file = verified(&target, &entry);
    let mut reader = CanonicalReader::open(&file, range).expect("intact");
    let (mut rows, mut found) = (0, 0);
    while let Some(batch) = reader.next_batch().expect("intact") {
        let column = canonical::key_groups(&batch, temp.path()).expect("there");
        rows += batch.num_rows();
        found += column
            .values()
            .iter()
            .filter(|group| range.contains(**group))
            .count();
    }
    assert_eq!(found, wanted, "no row that was asked for is left out");
    assert!(rows < ROWS as usize / 2, "{rows} rows read for {wanted}");
}
