//! A job that writes into an object store or into HDFS and has ended leaves nothing prepared there, no upload and no hidden file, but what
//! a checkpoint that stays holds and nobody has committed.

use crate::common;

use std::path::Path;
use std::process::Command;

use crate::common::objects::CSV;
use crate::common::{Running, hdfs, objects, shim};
use millstream_services::hdfs::Hdfs;
use millstream_services::seaweed::Seaweed;

/// Where a job reads and writes.
trait Store {
    fn job(&self, directory: &Path, of: &str, options: &[&str], parameters: &[&str]) -> Command;
    fn put(&self, path: &str, bytes: &[u8]);
    /// The lines of all that is visible, sorted.
    fn lines(&self, below: &str) -> Vec<String>;
    /// What nobody sees and is prepared, and what is not even that.
    fn hidden(&self, below: &str) -> (Vec<String>, Vec<String>);
}

impl Store for Seaweed {
    fn job(&self, directory: &Path, of: &str, options: &[&str], parameters: &[&str]) -> Command {
        let (from, to) = (format!("{of}/in"), format!("{of}/out"));
        objects::job(self, directory, (&from, &to), options, parameters)
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        Seaweed::put(self, path, bytes).expect("is put");
    }

    fn lines(&self, below: &str) -> Vec<String> {
        objects::lines(self, below)
    }

    /// The upload of a small file begins when it is prepared.
    fn hidden(&self, _: &str) -> (Vec<String>, Vec<String>) {
        (self.uploads().expect("a listing"), Vec::new())
    }
}

impl Store for Hdfs {
    fn job(&self, directory: &Path, of: &str, options: &[&str], parameters: &[&str]) -> Command {
        let (from, to) = (format!("/{of}/in"), format!("/{of}/out"));
        let (from, to) = (self.url(&from), self.url(&to));
        hdfs::job(self, directory, (&from, &to), options, parameters)
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        Hdfs::put(self, &format!("/{path}"), bytes).expect("is put");
    }

    fn lines(&self, below: &str) -> Vec<String> {
        hdfs::lines(self, &format!("/{below}"))
    }

    fn hidden(&self, below: &str) -> (Vec<String>, Vec<String>) {
        let hidden = hdfs::hidden(self, &format!("/{below}")).into_iter();
        hidden.partition(|path| path.ends_with(".prepared"))
    }
}

/// The job of one of the stories, with its data directory.
struct Story<'a> {
    store: &'a dyn Store,
    of: &'a str,
    place: tempfile::TempDir,
    out: String,
}

impl<'a> Story<'a> {
    fn of(store: &'a dyn Store, of: &'a str) -> Self {
        Self {
            store,
            of,
            place: tempfile::tempdir().expect("a directory"),
            out: format!("{of}/out"),
        }
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn job(&self, options: &[&str], parameters: &[&str]) -> Command {
        let parameters = [
            &CSV[..],
            &["--job.retry.maxNumberRestartAttempts=0"],
            parameters,
        ]
        .concat();
        let job = self.store.job(self.path(), self.of, options, &parameters);
        let library = self.path().join("shim.so");
        let mut job = job;
        shim::over_metadata(&mut job, &library, self.path());
        job
    }

    fn row(&self, number: usize, row: &str) {
        let path = format!("{}/in/{number}.csv", self.of);
        self.store
            .put(&path, format!("id,name\n{row}\n").as_bytes());
    }

    fn count(&self) -> usize {
        self.store.lines(&self.out).len()
    }

    fn has_prepared(&self) -> bool {
        !self.store.hidden(&self.out).0.is_empty()
    }

    /// The job once it has committed a row.
    fn with_one_row(&self) -> Running {
        shim::build(shim::METADATA, self.path());
        self.row(1, "1,Ann");
        let mut running = Running::start(self.job(&[], &[]));
        running.await_that("output", || self.count() == 1);
        running
    }

    /// The job that goes on writes what is left, and each record once.
    fn goes_on(&self, rows: usize) {
        let next = self.job(&["-s", "latest"], &["--error.policy=skip"]);
        let mut again = Running::start(next);
        again.await_that("the rest", || self.count() == rows);
        again.await_checkpoint();
        let found = self.store.lines(&self.out);
        assert_eq!(found.len(), rows, "{found:?}");
        again.suspend();
        let left = self.store.hidden(&self.out);
        assert_eq!(left, (Vec::new(), Vec::new()));
    }
}

fn when_it_is_cancelled_before_its_checkpoint_is_there(store: &dyn Store) {
    let story = Story::of(store, "cancelled");
    let mut running = story.with_one_row();
    common::put(story.path(), "fails", "");
    story.row(2, "2,Bob");
    running.await_that("output that is prepared", || story.has_prepared());
    running.signal("INT");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let left = store.hidden(&story.out);
    assert_eq!(left, (Vec::new(), Vec::new()), "{}", said.err);
    assert_eq!(story.count(), 1);
    std::fs::remove_file(story.path().join("fails")).expect("removed");
    story.goes_on(2);
}

fn but_what_the_checkpoint_holds_that_it_has_failed_with(store: &dyn Store) {
    let story = Story::of(store, "failed");
    let mut running = story.with_one_row();
    common::put(story.path(), "waits", "");
    story.row(2, "2,Bob");
    running.await_that("a checkpoint with output that is prepared", || {
        shim::is_held_up(story.path(), |_| story.has_prepared())
    });
    story.row(3, "3,Cid,and more");
    running.await_log("to FAILING");
    std::fs::remove_file(story.path().join("waits")).expect("removed");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let (prepared, others) = store.hidden(&story.out);
    assert!(!prepared.is_empty(), "{}", said.err);
    assert_eq!(others, Vec::<String>::new(), "{}", said.err);
    assert_eq!(story.count(), 1);
    story.row(4, "4,Dan");
    story.goes_on(3);
}

#[test]
fn of_objects() {
    let store = Seaweed::start().expect("an object store");
    when_it_is_cancelled_before_its_checkpoint_is_there(&store);
    but_what_the_checkpoint_holds_that_it_has_failed_with(&store);
}

#[test]
fn of_hdfs() {
    let hdfs = Hdfs::start().expect("HDFS");
    when_it_is_cancelled_before_its_checkpoint_is_there(&hdfs);
    but_what_the_checkpoint_holds_that_it_has_failed_with(&hdfs);
}
