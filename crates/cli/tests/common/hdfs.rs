//! Jobs that read and write HDFS.

use std::path::Path;
use std::process::Command;

use millstream_services::hdfs::Hdfs;

use super::objects::CSV;
use super::remote::{Keeps, of_people, people};
use super::{Running, ingest_named};

/// The command that runs the ingestion job from files in the directory `from` to files in `to`, with checkpoints and all else in
/// `directory`. It checkpoints each 200 ms and looks for new files each 100 ms.
///
/// `options` are those of `millstream run`, `parameters` those of the job.
pub(crate) fn job(
    hdfs: &Hdfs,
    directory: &Path,
    (from, to): (&str, &str),
    options: &[&str],
    parameters: &[&str],
) -> Command {
    let options = [&["-Dstate.checkpoints.dir=data/checkpoints"], options].concat();
    let mut command = ingest_named(directory, "job", "200 ms", &options);
    command
        .env("HADOOP_CONF_DIR", hdfs.configuration())
        .arg(format!("--source.path={from}"))
        .arg(format!("--sink.path={to}"))
        .args(["--sink.type=file", "--source.watch.interval=100"])
        .args(["--source.file.settle=0"])
        .args(parameters);
    command
}

/// Whether the last part of a path is a name that is read.
fn is_visible(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.starts_with(['.', '_'])
}

/// The paths of all visible files below a directory, in order.
pub(crate) fn visible(hdfs: &Hdfs, below: &str) -> Vec<String> {
    let files = hdfs.files(below).expect("a listing");
    files.into_iter().filter(|path| is_visible(path)).collect()
}

/// The lines of all visible files below a directory, sorted.
pub(crate) fn lines(hdfs: &Hdfs, below: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for path in visible(hdfs, below) {
        let text = String::from_utf8(hdfs.get(&path).expect("is there")).expect("text");
        lines.extend(text.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}

/// What is hidden below a directory: what jobs have left behind.
pub(crate) fn hidden(hdfs: &Hdfs, below: &str) -> Vec<String> {
    let files = hdfs.files(below).expect("a listing");
    files.into_iter().filter(|path| !is_visible(path)).collect()
}

/// Adds a file of [`people`] to `/in`, under its name when it is whole: the next id.
pub(crate) fn add_people(hdfs: &Hdfs, input: &Path, number: u64, seed: u64, first_id: u64) -> u64 {
    let (name, bytes, next) = people(input, number, seed, first_id);
    let unfinished = format!("/in/_{name}");
    hdfs.put(&unfinished, &bytes).expect("is put");
    hdfs.rename(&unfinished, &format!("/in/{name}"))
        .expect("is renamed");
    next
}

/// Starts the job of people as [`job`] has it, which begins anew however often it fails.
pub(crate) fn start_people(
    hdfs: &Hdfs,
    directory: &Path,
    places: (&str, &str),
    options: &[&str],
    watch: &str,
) -> Running {
    let more = ["--job.retry.maxNumberRestartAttempts=1000", watch];
    let mut job = job(hdfs, directory, places, options, &CSV);
    job.args(of_people()).args(more);
    Running::start(job)
}

/// The content of all visible files below a directory.
pub(crate) fn contents(hdfs: &Hdfs, below: &str) -> impl Iterator<Item = Vec<u8>> {
    let paths = visible(hdfs, below).into_iter();
    paths.map(move |path| hdfs.get(&path).expect("is there"))
}

impl Keeps for Hdfs {
    fn url(&self, key: &str) -> String {
        Hdfs::url(self, &format!("/{key}"))
    }

    fn job(
        &self,
        directory: &Path,
        (from, to): (&str, &str),
        options: &[&str],
        parameters: &[&str],
    ) -> Command {
        let (from, to) = (Keeps::url(self, from), Keeps::url(self, to));
        job(self, directory, (&from, &to), options, parameters)
    }

    fn options(&self) -> Vec<String> {
        let settings = self.configuration();
        vec![format!("-Dhadoop.home.dir={}", settings.display())]
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        Hdfs::put(self, &format!("/{key}"), bytes).expect("is put");
    }

    fn get(&self, key: &str) -> Vec<u8> {
        Hdfs::get(self, &format!("/{key}")).expect("is there")
    }

    fn keys(&self, below: &str) -> Vec<String> {
        let files = self.files(&format!("/{below}")).expect("a listing");
        let key = |path: String| path.trim_start_matches('/').to_owned();
        files.into_iter().map(key).collect()
    }

    fn lines(&self, below: &str) -> Vec<String> {
        lines(self, &format!("/{below}"))
    }

    fn away(&self) -> String {
        "hdfs://127.0.0.1:1/sp/one".to_owned()
    }

    fn no_place(&self) -> String {
        "hdfs://nn/../sp".to_owned()
    }
}
