//! Jobs that read and write an object store.

use std::path::Path;
use std::process::Command;

use millstream_services::seaweed::{BUCKET, Seaweed};

use super::ingest_named;
use super::remote::Keeps;

/// The URL of what lies below a key.
pub(crate) fn url(key: &str) -> String {
    format!("s3://{BUCKET}/{key}")
}

/// The command that runs the ingestion job from files below the key `from` to files below the key `to`, with checkpoints and all
/// else in `directory`. It checkpoints each 200 ms and looks for new files each 100 ms.
///
/// `options` are those of `millstream run`, `parameters` those of the job.
pub(crate) fn job(
    store: &Seaweed,
    directory: &Path,
    (from, to): (&str, &str),
    options: &[&str],
    parameters: &[&str],
) -> Command {
    let of_store = store.options();
    let mut all: Vec<&str> = of_store.iter().map(String::as_str).collect();
    all.extend(options);
    let mut command = ingest_named(directory, "job", "200 ms", &all);
    command
        .arg(format!("--source.path={}", url(from)))
        .arg(format!("--sink.path={}", url(to)))
        .args(["--sink.type=file", "--source.watch.interval=100"])
        .args(["--source.file.settle=0"])
        .args(parameters);
    command
}

/// Parameters: CSV with a line of names.
pub(crate) const CSV: [&str; 2] = ["--source.type=csv", "--source.firstLine.schema=true"];

/// The lines of all visible objects below a key, sorted.
pub(crate) fn lines(store: &Seaweed, below: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for key in store.keys(below).expect("a listing") {
        let bytes = store.get(&key).expect("an answer").unwrap_or_default();
        let text = String::from_utf8(bytes).expect("text");
        lines.extend(text.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}

impl Keeps for Seaweed {
    fn url(&self, key: &str) -> String {
        url(key)
    }

    fn job(
        &self,
        directory: &Path,
        places: (&str, &str),
        options: &[&str],
        parameters: &[&str],
    ) -> Command {
        job(self, directory, places, options, parameters)
    }

    fn options(&self) -> Vec<String> {
        Seaweed::options(self)
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        Seaweed::put(self, key, bytes).expect("is put");
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let found = Seaweed::get(self, key).expect("an answer");
        found.expect("is there")
    }

    fn keys(&self, below: &str) -> Vec<String> {
        Seaweed::keys(self, below).expect("a listing")
    }

    fn lines(&self, below: &str) -> Vec<String> {
        lines(self, below)
    }

    fn away(&self) -> String {
        "s3://no-such-bucket/sp/one".to_owned()
    }

    fn no_place(&self) -> String {
        "s3://bucket/../sp".to_owned()
    }
}
