//! Jobs that read and write HDFS.

use std::path::Path;
use std::process::Command;

use millstream_services::hdfs::Hdfs;

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
    let mut command = super::command(directory);
    command
        .env("HADOOP_CONF_DIR", hdfs.configuration())
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-D", "execution.checkpointing.interval=200 ms"])
        .args(["-D", "execution.checkpointing.min-pause=0 ms"])
        .args(["-D", "state.checkpoints.dir=data/checkpoints"])
        .args(options)
        .args(["ingest", "--job.name=job"])
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
