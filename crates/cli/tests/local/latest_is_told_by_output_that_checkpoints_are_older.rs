//! All checkpoints of a job are put back from an older copy, with every note among them: `-s latest` is told by the output of files that
//! there was more, and writes nothing, also where a run wrote it that the copy knows nothing of. Who names the snapshot, or takes newer
//! output away, goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::hdfs;
use crate::common::objects::CSV;
use crate::common::{
    CSV_TO_FILES, ONCE, Running, directories_of_jobs, ingest, lines, put, running,
};
use millstream_services::hdfs::Hdfs;

/// What a run goes on from.
enum Successor {
    Latest,
    Fork,
}

/// Where a job reads and writes.
struct Place<'a> {
    directory: &'a Path,
    job: &'a dyn Fn(&[&str], &[&str]) -> Command,
    put: &'a dyn Fn(&str, &str),
    count: &'a dyn Fn() -> usize,
}

impl Place<'_> {
    /// Has a run commit a record, and another one behind the moment at which its data directory is copied; puts the copy in its place.
    /// Before the second record comes runs go on from where the first one was: with `-s latest`, or by the path of its snapshot.
    fn put_back(&self, successors: &[Successor]) {
        (self.put)("1.csv", "id,name\n1,Ann\n");
        let mut job = Running::start((self.job)(&[], &[]));
        job.await_that("output", || (self.count)() == 1);
        job.await_checkpoint();
        job.signal("STOP");
        let (data, before) = (self.directory.join("data"), self.directory.join("before"));
        // The signal may take a moment, in which files go that are to be copied.
        job.await_that("a whole copy", || {
            if before.exists() {
                fs::remove_dir_all(&before).expect("removed");
            }
            let copied = Command::new("cp").arg("-a").args([&data, &before]).status();
            copied.expect("cp").success()
        });
        job.signal("CONT");
        for successor in successors {
            job.kill();
            let from = match successor {
                Successor::Latest => PathBuf::from("latest"),
                Successor::Fork => self.checkpoint(),
            };
            let options = ["-s", from.to_str().expect("text")];
            job = Running::start((self.job)(&options, &[]));
            job.await_checkpoint();
        }
        (self.put)("2.csv", "id,name\n2,Bob\n");
        job.await_that("more output", || (self.count)() == 2);
        job.await_checkpoint();
        job.kill();
        fs::remove_dir_all(&data).expect("removed");
        fs::rename(&before, &data).expect("put back");
    }

    fn once(&self, options: &[&str]) -> running::Said {
        running::run((self.job)(options, &[ONCE]))
    }

    fn is_refused(&self) {
        let said = self.once(&["-s", "latest"]);
        assert_eq!(said.code, Some(1), "{}", said.err);
        for part in ["MS-3017", "-s PATH", "part-"] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
        assert_eq!((self.count)(), 2);
    }

    /// The only checkpoint.
    fn checkpoint(&self) -> PathBuf {
        let jobs = directories_of_jobs(&self.directory.join("data/checkpoints"));
        let entries = jobs.iter().flat_map(fs::read_dir).flatten().flatten();
        let mut checkpoints = entries.map(|entry| entry.path());
        let found = checkpoints.find(|path| path.join("_metadata").exists());
        found.expect("a checkpoint")
    }

    /// Has the snapshot that is named gone on from.
    fn goes_on_where_it_is_named(&self) {
        let checkpoint = self.checkpoint();
        let said = self.once(&["-s", checkpoint.to_str().expect("text")]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!((self.count)(), 3, "the second record once more");
    }
}

fn on_disk(path: &Path, more: &[&str], story: impl Fn(&Place<'_>)) {
    let out = path.join("out");
    let job = |options: &[&str], parameters: &[&str]| {
        ingest(
            path,
            options,
            &[&CSV_TO_FILES[..], more, parameters].concat(),
        )
    };
    story(&Place {
        directory: path,
        job: &job,
        put: &|name, text| put(path, &format!("in/{name}"), text),
        count: &|| {
            let partitions = fs::read_dir(&out).into_iter().flatten().flatten();
            let partitions = partitions.filter(|entry| entry.path().is_dir());
            let parted = partitions.map(|entry| lines(&entry.path()).len());
            lines_of_files(&out) + parted.sum::<usize>()
        },
    });
}

/// The lines of the visible files in a directory, and not of those below.
fn lines_of_files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let visible = files.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let texts = visible.map(|entry| fs::read_to_string(entry.path()).expect("text"));
    texts.map(|text| text.lines().count()).sum()
}

#[test]
fn of_files_that_may_be_named_or_taken_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    on_disk(path, &[], |place| {
        place.put_back(&[]);
        place.is_refused();
        // Without the newer output there is nothing to be written twice.
        let files = fs::read_dir(path.join("out")).expect("listed").flatten();
        for file in files.map(|file| file.path()) {
            if fs::read_to_string(&file).is_ok_and(|text| text.contains("Bob")) {
                fs::remove_file(file).expect("removed");
            }
        }
        let said = place.once(&["-s", "latest"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!((place.count)(), 2);
    });
}

#[test]
fn of_files_that_later_runs_have_written() {
    use Successor::{Fork, Latest};
    let stories: [&[Successor]; 4] = [&[Latest], &[Latest, Latest], &[Fork], &[Fork, Latest]];
    for successors in stories {
        let directory = tempfile::tempdir().expect("a directory");
        on_disk(directory.path(), &[], |place| {
            place.put_back(successors);
            place.is_refused();
            place.goes_on_where_it_is_named();
        });
    }
}

#[test]
fn of_files_in_partitions() {
    let directory = tempfile::tempdir().expect("a directory");
    let parted = ["--sink.partition.columns=name"];
    on_disk(directory.path(), &parted, |place| {
        place.put_back(&[]);
        place.is_refused();
        place.goes_on_where_it_is_named();
    });
}

#[test]
fn of_files_in_hdfs() {
    let store = Hdfs::start().expect("HDFS");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (from, to) = (store.url("/in"), store.url("/out"));
    let job = |options: &[&str], parameters: &[&str]| {
        let parameters = [&CSV[..], parameters].concat();
        hdfs::job(&store, path, (&from, &to), options, &parameters)
    };
    let place = Place {
        directory: path,
        job: &job,
        put: &|name, text| {
            let path = format!("/in/{name}");
            store.put(&path, text.as_bytes()).expect("is put");
        },
        count: &|| hdfs::lines(&store, "/out").len(),
    };
    place.put_back(&[]);
    place.is_refused();
    place.goes_on_where_it_is_named();
}
