//! Jobs that read and write an object store.

use std::path::Path;
use std::process::Command;

use millstream_services::seaweed::{BUCKET, Seaweed};

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
    let mut command = super::command(directory);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-D", "execution.checkpointing.interval=200 ms"])
        .args(["-D", "execution.checkpointing.min-pause=0 ms"])
        .args(store.options())
        .args(options)
        .args(["ingest", "--job.name=job"])
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
