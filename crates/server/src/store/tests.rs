mod beside;

use std::path::PathBuf;

use millstream_core::{Configuration, JobId, JobStatus, TriggerId};
use millstream_protocol::link::{CheckpointReport, CheckpointState};
use millstream_protocol::{OperationResult, Request};
use rusqlite::OpenFlags;

use super::*;
use crate::views::{OperationVerb, OperationView, PackageEntry};

/// Databases of every version ever written, as `sqlite3 millstream.db .dump` shows them.
const FORMER: &[&str] = &[
    include_str!("../../tests/fixtures/store/version-1.sql"),
    include_str!("../../tests/fixtures/store/version-2.sql"),
];

fn job() -> JobRecord {
    JobRecord {
        id: JobId::from_bytes([0xab; 16]),
        name: "numbers".to_owned(),
        package: "ingest".to_owned(),
        accepted: true,
        status: JobStatus::Running,
        submitted: 1_795_231_468_683,
        ended: None,
        modified: 1_795_231_468_700,
        timestamps: [(JobStatus::Running, 1_795_231_468_700)].into(),
        failures: Vec::new(),
        totals: Default::default(),
        present: Default::default(),
        completed_up_to: Some(6),
        next_checkpoint: 8,
        launches: 2,
        followed: None,
        checkpoints: Vec::new(),
    }
}

fn operation() -> OperationRecord {
    let id = TriggerId::from_bytes([0xcd; 16]);
    OperationRecord {
        view: OperationView {
            id,
            job: Some(job().id),
            kind: OperationVerb::CancelWithSavepoint,
            requested: 1_795_231_469_000,
            ended: None,
            result: None,
            parameters: serde_json::json!({"directory": "/sp"}),
        },
        request: Some(Request::Stop {
            id,
            drain: false,
            directory: Some("/sp".to_owned()),
            format: Default::default(),
        }),
    }
}

fn package() -> PackageView {
    PackageView {
        id: "184c7703-fd94-4720-a9d2-42909adc152c_win".to_owned(),
        name: "win".to_owned(),
        uploaded: 5,
        entries: vec![PackageEntry {
            name: "com.example.Windows".to_owned(),
            description: String::new(),
            parameters: Vec::new(),
        }],
        path: Some(PathBuf::from("/data/packages/win")),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(future)
}

fn close(store: Store, thread: StoreThread) {
    drop(store);
    thread.join();
}

fn reopened(path: &Path) -> Records {
    let (store, thread, records) = Store::open(path).expect("it opens");
    close(store, thread);
    records
}

#[test]
fn what_was_written_is_read_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, records) = Store::open(&path).expect("it opens");
    assert!(records.jobs.is_empty() && records.operations.is_empty());
    let write = |transaction: &Transaction<'_>| {
        save_job(transaction, &job())?;
        insert_operation(transaction, &operation())?;
        save_package(transaction, &package())?;
        process_started(transaction, job().id, 1, 4711, 5)?;
        process_ended(transaction, job().id, 1, 6, "was killed by signal 9")
    };
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    let records = reopened(&path);
    assert_eq!(records.jobs, [job()]);
    assert_eq!(records.operations, [operation()]);
    assert_eq!(records.packages, [package()]);
}

#[test]
fn settings_that_a_process_has_told_are_read_as_they_were_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let mut told = Configuration::new();
    told.set("restart-strategy.type", "${env:STRATEGY}");
    let job = JobRecord {
        followed: Some(told),
        ..job()
    };
    let row = job.clone();
    let write = move |transaction: &Transaction<'_>| save_job(transaction, &row);
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    assert_eq!(reopened(&path).jobs, [job]);
}

#[test]
fn nothing_is_written_into_a_file_that_was_taken_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let write = |transaction: &Transaction<'_>| save_job(transaction, &job());
    block_on(store.is_there()).expect("it is");
    let away = directory.path().join("away");
    std::fs::rename(&path, &away).expect("moved");
    let refused = |place: &str| {
        for result in [block_on(store.durable(write)), block_on(store.is_there())] {
            let error = result.expect_err(place);
            assert_eq!(error.code(), codes::RECORDS.id);
            let cause = error.cause_text().unwrap_or_default();
            assert!(cause.contains("was taken away or replaced"), "{error}");
        }
    };
    refused("none is there");
    std::fs::write(&path, "").expect("a file");
    refused("another one is there");
    std::fs::rename(&away, &path).expect("moved back");
    block_on(store.is_there()).expect("it is again");
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    assert_eq!(reopened(&path).jobs, [job()]);
}

#[test]
fn the_first_end_of_an_operation_stands() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let id = operation().view.id;
    let write = move |transaction: &Transaction<'_>| {
        save_job(transaction, &job())?;
        insert_operation(transaction, &operation())?;
        end_operation(transaction, id, 7, &OperationResult::Cancelled)?;
        end_operation(
            transaction,
            id,
            8,
            &OperationResult::failed("MS-2004", "late"),
        )
    };
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    let records = reopened(&path);
    let view = &records.operations.first().expect("it is there").view;
    assert_eq!(view.ended, Some(7));
    assert_eq!(view.result, Some(OperationResult::Cancelled));
}

#[test]
fn an_id_is_taken_by_one_operation_only_and_nothing_half_written_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let write = |transaction: &Transaction<'_>| {
        save_job(transaction, &job())?;
        insert_operation(transaction, &operation())?;
        insert_operation(transaction, &operation())
    };
    let error = block_on(store.durable(write)).expect_err("the second is refused");
    assert_eq!(error.code(), codes::RECORDS.id);
    close(store, thread);
    let records = reopened(&path);
    assert!(
        records.jobs.is_empty(),
        "a transaction is whole or not at all"
    );
}

#[test]
fn whoever_comes_second_with_an_id_finds_the_operation_of_the_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let id = operation().view.id;
    let write = move |transaction: &Transaction<'_>| {
        let before = known_operation(transaction, id)?;
        save_job(transaction, &job())?;
        insert_operation(transaction, &operation())?;
        Ok((before, known_operation(transaction, id)?))
    };
    let found = block_on(store.durable(write)).expect("it is written");
    assert_eq!(found, (None, Some(operation().view)));
    close(store, thread);
}

#[test]
fn a_write_that_panics_is_undone_and_the_next_one_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let write = |transaction: &Transaction<'_>| -> rusqlite::Result<()> {
        save_job(transaction, &job())?;
        panic!("it was meant to")
    };
    block_on(store.durable(write)).expect_err("it is not done");
    let write = |transaction: &Transaction<'_>| save_package(transaction, &package());
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    let records = reopened(&path);
    assert!(records.jobs.is_empty(), "it is undone");
    assert_eq!(records.packages, [package()]);
}

#[test]
fn a_job_takes_along_all_that_belongs_to_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let write = |transaction: &Transaction<'_>| {
        save_job(transaction, &job())?;
        insert_operation(transaction, &operation())?;
        delete_job(transaction, job().id)
    };
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    let records = reopened(&path);
    assert!(records.jobs.is_empty() && records.operations.is_empty());
}

#[test]
fn snapshots_are_on_record_until_they_are_not_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread, _) = Store::open(&path).expect("it opens");
    let mut record = job();
    record.checkpoints = [3, 1, 2].map(checkpoint).into();
    let kept = [checkpoint(1), checkpoint(3)];
    let write = move |transaction: &Transaction<'_>| {
        save_job(transaction, &record)?;
        for checkpoint in &record.checkpoints {
            save_checkpoint(transaction, record.id, checkpoint)?;
        }
        keep_checkpoints(transaction, record.id, &kept)
    };
    block_on(store.durable(write)).expect("it is written");
    close(store, thread);
    let records = reopened(&path);
    let found = records.jobs.first().map(|job| job.checkpoints.clone());
    assert_eq!(found, Some(vec![checkpoint(1), checkpoint(3)]));
}

fn checkpoint(id: u64) -> CheckpointReport {
    CheckpointReport {
        id,
        state: CheckpointState::Completed,
        savepoint: None,
        last: false,
        triggered: id,
        acknowledged: None,
        ended: Some(id),
        bytes: 1,
        longest_pause_ms: 0,
        path: None,
        discarded: false,
        failure: None,
        numbers: None,
        tasks: Vec::new(),
    }
}

#[test]
fn a_database_of_each_former_version_is_opened() {
    assert_eq!(FORMER.len(), schema::STEPS.len(), "each has its fixture");
    for (former, dump) in FORMER.iter().enumerate() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("millstream.db");
        let connection = Connection::open(&path).expect("a file");
        connection.execute_batch(dump).expect("it is SQL");
        drop(connection);
        let records = reopened(&path);
        let version = former + 1;
        assert_eq!(records.jobs, [job()], "version {version}");
        assert_eq!(records.operations, [operation()], "version {version}");
        assert_eq!(records.packages, [package()], "version {version}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_by_number() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let connection = Connection::open(&path).expect("a file");
    connection
        .pragma_update(None, "user_version", 1_000)
        .expect("it is set");
    drop(connection);
    let error = Store::open(&path).err().expect("it is refused");
    assert_eq!(error.code(), codes::RECORDS.id);
    assert!(error.message().contains("1000"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    std::fs::write(
        &path,
        "this is a text, and long enough to look like something else",
    )
    .expect("a file");
    let error = Store::open(&path).err().expect("it is refused");
    assert!(error.message().contains("millstream.db"), "{error}");
}

#[test]
fn a_connection_that_may_read_alone_is_made_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("records.db");
    drop(schema::open(&path).expect("made"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(&path, flags).expect("opened");
    let mut opened = Opened::over(&path, connection);
    let written = opened.perform("FULL", |transaction| save_job(transaction, &job()));
    written.expect("a record");
    let records = read(opened.connection()).expect("records");
    assert_eq!(records.jobs, [job()]);
}
