//! Files that lie elsewhere than on a disk of this machine: jobs read and write them there as they do those of a disk.

use std::io::Write;

use super::{Keeps, await_count};
use crate::common::objects::CSV;
use crate::common::{ONCE, Running, Said, command, running};

/// A directory for what a job keeps on this machine.
pub(crate) fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[track_caller]
pub(crate) fn ends_well(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}

/// So many rows, of 40 letters each, in one file of CSV.
pub(crate) fn many_rows(count: u64) -> String {
    let mut text = "id,name\n".to_owned();
    for id in 0..count {
        text.push_str(&format!("{id},{}\n", "x".repeat(40)));
    }
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("is compressed");
    encoder.finish().expect("is compressed")
}

/// A place with what there is to be shown of files in it, whatever it is.
pub(crate) struct Files<'a>(pub(crate) &'a dyn Keeps);

impl Files<'_> {
    fn put(&self, key: &str, text: &str) {
        self.0.put(key, text.as_bytes());
    }

    /// Runs a job once, from CSV.
    #[track_caller]
    pub(crate) fn run(&self, from: &str, to: &str, parameters: &[&str]) {
        let directory = place();
        let parameters = [&CSV[..], &[ONCE], parameters].concat();
        let job = self.0.job(directory.path(), (from, to), &[], &parameters);
        ends_well(&running::run(job));
    }

    /// Waits until so many lines are there.
    #[track_caller]
    pub(crate) fn await_lines(&self, below: &str, count: usize) {
        await_count(count, || self.0.lines(below).len());
    }

    /// The keys of all files below one that are read.
    fn visible(&self, below: &str) -> Vec<String> {
        let mut keys = self.0.keys(below);
        keys.retain(|key| {
            let name = key.rsplit('/').next().unwrap_or_default();
            !name.starts_with(['.', '_'])
        });
        keys
    }

    /// From `text` to `text-out` and `text-gz`.
    pub(crate) fn texts_are_read_however_they_are_compressed(&self) {
        self.put("text/a.csv", "id,name\n1,one\n");
        self.0.put("text/b.csv.gz", &gzip("id,name\n2,two\n"));
        let zstd = zstd::encode_all(&b"id,name\n3,three\n"[..], 1).expect("is compressed");
        self.0.put("text/c.csv.zst", &zstd);
        self.put("text/_hidden.csv", "not,to,be\nread,at,all\n");
        self.put("text/empty.csv", "");
        self.run("text", "text-out", &[]);
        let expected = [
            r#"{"id":"1","name":"one"}"#,
            r#"{"id":"2","name":"two"}"#,
            r#"{"id":"3","name":"three"}"#,
        ];
        assert_eq!(self.0.lines("text-out"), expected);
        // Compressed output.
        self.run("text", "text-gz", &["--sink.file.compression=gzip"]);
        let files = self.visible("text-gz");
        assert!(
            !files.is_empty() && files.iter().all(|file| file.ends_with(".json.gz")),
            "{files:?}"
        );
    }

    /// One of the cities is `city`, whose directory is that of `escaped`.
    pub(crate) fn partitions_are_directories(&self, city: &str, escaped: &str) {
        let text = format!("day,city,n\n2024-02-29,Rome,1\n2024-02-29,{city},2\n2024-03-01,,3\n");
        self.put("parted/a.csv", &text);
        let columns = "--sink.partition.columns=day,city";
        self.run("parted", "parted-out", &[columns]);
        let files = self.visible("parted-out");
        let directories: Vec<&str> = files
            .iter()
            .map(|file| file.rsplit_once('/').expect("a directory").0)
            .collect();
        let expected = [
            "parted-out/day=2024-02-29/city=Rome",
            &format!("parted-out/day=2024-02-29/city={escaped}"),
            "parted-out/day=2024-03-01/city=__HIVE_DEFAULT_PARTITION__",
        ];
        assert_eq!(directories, expected);
        let expected = [r#"{"n":"1"}"#, r#"{"n":"2"}"#, r#"{"n":"3"}"#];
        assert_eq!(self.0.lines("parted-out"), expected);
    }

    pub(crate) fn what_is_done_with_is_taken_away(&self) {
        for (name, policy) in [("moved", "move"), ("deleted", "delete")] {
            self.put(&format!("{name}/a.csv"), "id\n1\n");
            self.put(&format!("{name}/b.csv"), "id\n2\n");
            let policy = format!("--source.after.commit={policy}");
            let target = self.0.url("moved/_done");
            let target = format!("--source.after.commit.path={target}");
            let mut parameters = vec![policy.as_str()];
            if name == "moved" {
                parameters.push(&target);
            }
            let to = format!("{name}-out");
            self.run(name, &to, &parameters);
            assert_eq!(self.0.lines(&to), [r#"{"id":"1"}"#, r#"{"id":"2"}"#]);
            let left = self.0.keys(name);
            let expected: &[&str] = match name {
                "moved" => &["moved/_done/a.csv", "moved/_done/b.csv"],
                _ => &[],
            };
            assert_eq!(left, expected, "{name}");
        }
    }

    pub(crate) fn what_is_new_is_found_while_the_job_runs(&self) {
        self.put("watched/a.csv", "id\n1\n");
        let directory = place();
        let places = ("watched", "watched-out");
        let running = Running::start(self.0.job(directory.path(), places, &[], &CSV));
        self.await_lines("watched-out", 1);
        self.put("watched/b.csv", "id\n2\n");
        self.await_lines("watched-out", 2);
        running.signal("TERM");
        ends_well(&running.end());
    }

    pub(crate) fn dead_letters_are_kept_there(&self) {
        self.put("bad/a.csv", "id,name\n1,one\n2\n3,three\n");
        let directory = place();
        let url = self.0.url("bad-letters");
        let letters = format!("--error.dead-letter.path={url}");
        let parameters = [&CSV[..], &[ONCE, "--error.policy=dead-letter", &letters]].concat();
        let places = ("bad", "bad-out");
        let job = self.0.job(directory.path(), places, &[], &parameters);
        ends_well(&running::run(job));
        let written = self.0.lines("bad-letters");
        assert_eq!(written.len(), 1, "{written:?}");
        assert_eq!(self.0.lines("bad-out").len(), 2);
        let mut list = command(directory.path());
        list.args(["dead-letters", "-Dmillstream.data-dir=data", "list", "job"]);
        let said = running::run(list);
        ends_well(&said);
        let heading = format!("Dead letters of job in {url}:");
        assert!(said.out.contains(&heading), "{}", said.out);
    }
}
