//! What is taken away beside the file of the records takes no record.

use tokio::time::Instant;

use super::*;

/// What lies under the names of the records at this moment, as the next server would find it if this one were killed.
fn if_killed(path: &Path) -> Records {
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("millstream.db");
    std::fs::copy(path, &copy).expect("copied");
    let log = |path: &Path| path.with_extension("db-wal");
    std::fs::copy(log(path), log(&copy)).expect("the log is there");
    reopened(&copy)
}

/// New records, which hold a job.
fn with_a_job(path: &Path) -> (Store, StoreThread) {
    let (store, thread, _) = Store::open(path).expect("it opens");
    let write = |transaction: &Transaction<'_>| save_job(transaction, &job());
    block_on(store.durable(write)).expect("it is written");
    (store, thread)
}

/// Waits for a condition.
fn await_that(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "in vain");
        block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    }
}

#[test]
fn nothing_is_lost_with_what_is_taken_away_beside_the_file() {
    for endings in [&["db-wal"][..], &["db-shm"], &["db-wal", "db-shm"]] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("millstream.db");
        let (store, thread) = with_a_job(&path);
        for ending in endings {
            std::fs::remove_file(path.with_extension(ending)).expect("it was there");
        }
        let write = |transaction: &Transaction<'_>| save_package(transaction, &package());
        block_on(store.durable(write)).expect("it is written");
        for ending in ["db-wal", "db-shm"] {
            assert!(path.with_extension(ending).exists(), "{ending}");
        }
        let records = if_killed(&path);
        assert_eq!(records.jobs, [job()], "{endings:?}");
        assert_eq!(records.packages, [package()], "{endings:?}");
        close(store, thread);
        assert_eq!(reopened(&path).packages, [package()], "{endings:?}");
    }
}

#[test]
fn a_log_that_is_replaced_is_put_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread) = with_a_job(&path);
    let other = directory.path().join("other");
    std::fs::write(&other, "").expect("a file");
    std::fs::rename(&other, path.with_extension("db-wal")).expect("replaced");
    block_on(store.is_there()).expect("it is");
    assert_eq!(if_killed(&path).jobs, [job()]);
    close(store, thread);
}

#[test]
fn a_log_that_is_taken_away_is_put_back_while_nobody_writes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread) = with_a_job(&path);
    let log = path.with_extension("db-wal");
    std::fs::remove_file(&log).expect("it was there");
    await_that(|| log.exists());
    assert_eq!(if_killed(&path).jobs, [job()]);
    close(store, thread);
}

#[test]
fn while_the_log_can_not_be_put_back_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread) = with_a_job(&path);
    let log = path.with_extension("db-wal");
    // No file can be put over a directory. It may be put back before that is there.
    while std::fs::create_dir(&log).is_err() {
        std::fs::remove_file(&log).expect("it is there");
    }
    let write = |transaction: &Transaction<'_>| save_package(transaction, &package());
    for result in [block_on(store.durable(write)), block_on(store.is_there())] {
        let error = result.expect_err("it would be lost");
        assert_eq!(error.code(), codes::RECORDS.id);
        let cause = error.cause_text().unwrap_or_default();
        assert!(
            cause.contains("db-wal was taken away or replaced"),
            "{error}"
        );
    }
    std::fs::remove_dir(&log).expect("it is empty");
    // A try that was in vain stands for a while.
    await_that(|| block_on(store.is_there()).is_ok());
    block_on(store.durable(write)).expect("it is written");
    let records = if_killed(&path);
    assert_eq!(
        (records.jobs, records.packages),
        (vec![job()], vec![package()])
    );
    close(store, thread);
}

#[test]
fn a_log_that_can_not_be_put_back_is_not_written_into_the_file_at_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("millstream.db");
    let (store, thread) = with_a_job(&path);
    let before = std::fs::read(&path).expect("the file");
    let log = path.with_extension("db-wal");
    while std::fs::create_dir(&log).is_err() {
        std::fs::remove_file(&log).expect("it is there");
    }
    close(store, thread);
    assert_eq!(std::fs::read(&path).expect("the file"), before);
}
