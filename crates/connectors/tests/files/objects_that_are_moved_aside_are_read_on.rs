//! An object that can't be read to its end is moved aside while others read it: whoever misses it reads on in its copy, also where
//! the store calls the copy's content otherwise, as AWS does with what was uploaded in parts; and so does a job that goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use millstream_connectors::files_source::{Bad, ColumnFileSource, ColumnFormat, Watch};
use millstream_connectors::rows::Parsed;
use millstream_services::seaweed::{BUCKET, Seaweed};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::columns_support::{self, numbers, write};
use crate::files_source_support::Attempt;
use crate::objects_support::{Objects, Renaming};

/// Rows of a group.
const ROWS: i64 = 2_000;
/// How long is waited for something, and how often at most.
const TICK: Duration = Duration::from_millis(25);
const TICKS: u32 = 2_400;

/// One store for all, which takes seconds to start.
#[test]
fn objects_that_are_moved_aside_are_read_on() {
    let server = Seaweed::start().expect("an object store");
    let endpoint = server.endpoint();
    let plain = Objects::at(&endpoint);
    let renaming = Renaming::before(endpoint.trim_start_matches("http://"), "bad");
    let renaming = Objects::at(&renaming.endpoint());
    for watch in [Watch::Once, Watch::Continuously { interval: TICK }] {
        who_comes_later_reads_the_copy(&server, &renaming, watch);
    }
    a_job_that_goes_on_reads_the_copy(&renaming);
    who_stands_in_it_reads_on_in_the_copy(&server, &plain);
}

/// A file of as many groups of so many of these rows; the group with the number `damaged` can't be read.
fn file(rows: &RecordBatch, group: i64, damaged: Option<usize>) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.parquet");
    let group = usize::try_from(group).expect("a number of rows");
    write(&path, ColumnFormat::Parquet, rows, group);
    let mut bytes = std::fs::read(&path).expect("is there");
    if let Some(damaged) = damaged {
        let file = SerializedFileReader::new(Bytes::from(bytes.clone())).expect("a file");
        let (from, length) = file.metadata().row_group(damaged).column(0).byte_range();
        let (from, length) = (from as usize, length.min(64) as usize);
        let header = bytes.get_mut(from..from + length).expect("is there");
        header.fill(0xFF);
    }
    bytes
}

/// A source of what lies below the key `name`, cut into splits of so many hundredths of a file of `size` bytes.
fn source(
    objects: &Objects,
    name: &str,
    (size, hundredths): (usize, u64),
    watch: Watch,
) -> ColumnFileSource {
    let path = format!("s3://{BUCKET}/{name}");
    columns_support::source(Path::new(&path), ColumnFormat::Parquet, |options| {
        options.watch = watch;
        options.intake.settle = Some(Duration::ZERO);
        let aside = PathBuf::from(format!("s3://{BUCKET}/bad/{name}"));
        options.intake.bad = Some(Bad::Quarantine(aside));
        options.sizes.split = size as u64 * hundredths / 100;
        options.sizes.rows = 64;
        options.stores = Some(objects.stores.clone());
    })
}

/// The numbers of all rows, in order.
fn ids(found: &[Parsed]) -> Vec<i64> {
    let mut ids = Vec::new();
    for parsed in found {
        if let Parsed::Rows(rows) = parsed {
            let column = rows.batch.column(0).as_primitive::<Int64Type>();
            ids.extend(column.values().iter().copied());
        }
    }
    ids.sort_unstable();
    ids
}

/// The rows of all groups but the damaged one.
fn sound(groups: i64, group: i64, damaged: usize) -> Vec<i64> {
    let of_damaged = |id: &i64| usize::try_from(id / group).ok() == Some(damaged);
    (0..groups * group).filter(|id| !of_damaged(id)).collect()
}

/// Polls one reader until it has handed something out, or the object is moved away.
fn read_or_miss(
    attempt: &mut Attempt<Parsed>,
    (subtask, limit): (usize, usize),
    (objects, key): (&Objects, &str),
) -> Vec<Parsed> {
    let mut ticks = 0;
    loop {
        let found = attempt.poll(subtask, limit).expect("can be read");
        if !found.is_empty() || !objects.has(key) {
            return found;
        }
        assert!(ticks < TICKS, "{key} is read or moved away");
        ticks += 1;
        attempt.attempt.wait(Some(TICK));
    }
}

fn bad_files(attempt: &Attempt<Parsed>) -> u64 {
    let progress = attempt.progress.iter();
    progress.map(|progress| progress.bad_files.get()).sum()
}

/// The names of what lies aside.
fn aside(server: &Seaweed, name: &str) -> Vec<String> {
    let below = format!("bad/{name}");
    let keys = server.keys(&below).expect("a listing").into_iter();
    keys.map(|key| key.replace(&format!("{below}/"), ""))
        .collect()
}

/// Two readers, of which one opens the object when the other has had it moved away: whichever of the two has the damaged group.
fn who_comes_later_reads_the_copy(server: &Seaweed, objects: &Objects, watch: Watch) {
    let mut later = 0;
    for damaged in [0, 1] {
        let name = format!("later-{damaged}-{}", watch == Watch::Once);
        let key = format!("{name}/a.parquet");
        let bytes = file(&numbers(0..2 * ROWS), ROWS, Some(damaged));
        let size = bytes.len();
        assert!(size < 1 << 20, "{size} bytes are read at once");
        objects.upload(&key, bytes);
        let source = source(objects, &name, (size, 38), watch);
        let mut attempt = Attempt::start(&source, 2);
        let mut found = read_or_miss(&mut attempt, (0, 8_192), (objects, &key));
        later += usize::from(found.is_empty());
        let expected = sound(2, ROWS, damaged);
        let so_far = ids(&found).len();
        let is_all = |more: &[Parsed]| so_far + ids(more).len() >= expected.len();
        let more = match watch {
            Watch::Once => attempt.read_to_end(),
            Watch::Continuously { .. } => attempt.read_until(is_all),
        };
        found.extend(more.expect("is read in its copy"));
        assert_eq!(ids(&found), expected, "{name}");
        attempt.idle_until("it is moved away", |attempt| {
            !objects.has(&key) && bad_files(attempt) == 1
        });
        let aside = aside(server, &name);
        assert_eq!(aside.len(), 2, "the copy and a note: {aside:?}");
        assert!(aside.iter().any(|name| name.starts_with("_moved-")));
        assert!(aside.iter().any(|name| name == "a.parquet"));
    }
    assert_eq!(later, 1, "one of two readers has the damaged group");
}

/// The job dies when the object has been moved away, before a checkpoint, whether it was announced before the last one or behind it.
fn a_job_that_goes_on_reads_the_copy(objects: &Objects) {
    for is_announced in [false, true] {
        let name = format!("again-{is_announced}");
        let key = format!("{name}/a.parquet");
        let bytes = file(&numbers(0..2 * ROWS), ROWS, Some(1));
        let size = bytes.len();
        objects.upload(&key, bytes);
        // One that stays, and tells the columns.
        let others = 5 * ROWS..6 * ROWS;
        let other = file(&numbers(others.clone()), ROWS, None);
        objects.upload(&format!("{name}/b.parquet"), other);
        let open = || source(objects, &name, (size, 38), Watch::Once);
        let source = open();
        let mut attempt = Attempt::start(&source, 2);
        let mut ticks = 0;
        while is_announced && !attempt.attempt.announce().expect("can be told") {
            assert!(ticks < TICKS, "{key} is announced");
            ticks += 1;
            attempt.attempt.wait(Some(TICK));
        }
        let state = attempt.checkpoint();
        while objects.has(&key) {
            assert!(ticks < TICKS, "{key} is moved away");
            ticks += 1;
            for subtask in 0..2 {
                // Behind the checkpoint.
                drop(attempt.poll(subtask, 8_192).expect("can be read"));
            }
            attempt.attempt.wait(Some(TICK));
        }
        drop(attempt);
        // As another process does, which knows nothing of this one.
        let source = open();
        let mut attempt = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
        let found = attempt.read_to_end().expect("is read in its copy");
        let expected: Vec<i64> = sound(2, ROWS, 1).into_iter().chain(others).collect();
        assert_eq!(ids(&found), expected, "{name}");
    }
}

/// Three readers, of which two stand in the object when the third has it moved away, and have far more left to read of it than was
/// fetched ahead.
fn who_stands_in_it_reads_on_in_the_copy(server: &Seaweed, objects: &Objects) {
    let group = 6_000;
    let mut standing = 0;
    for damaged in 0..3 {
        let name = format!("standing-{damaged}");
        let key = format!("{name}/a.parquet");
        let bytes = file(&wide(0..3 * group), group, Some(damaged));
        let size = bytes.len();
        objects.upload(&key, bytes);
        let source = source(objects, &name, (size, 30), Watch::Once);
        let mut attempt = Attempt::start(&source, 3);
        let (mut found, mut begun) = (Vec::new(), 0);
        for subtask in 0..3 {
            let more = read_or_miss(&mut attempt, (subtask, 1), (objects, &key));
            begun += usize::from(!more.is_empty() && objects.has(&key));
            found.extend(more);
        }
        standing += usize::from(begun == 2);
        found.extend(attempt.read_to_end().expect("is read on in its copy"));
        assert_eq!(ids(&found), sound(3, group, damaged), "{name}");
        assert_eq!(bad_files(&attempt), 1);
        assert_eq!(aside(server, &name), ["a.parquet"], "no note is needed");
    }
    assert_eq!(standing, 1, "one of three readers has the damaged group");
}

/// Rows of two KiB each.
fn wide(ids: std::ops::Range<i64>) -> RecordBatch {
    let texts = ids.clone().map(|id| format!("{id:>2048}"));
    RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(ids.clone())) as _,
        ),
        ("text", Arc::new(StringArray::from_iter_values(texts)) as _),
    ])
    .expect("columns of one length")
}
