//! Jobs that read and write Kafka.

use std::path::Path;
use std::process::Command;

use super::rounds::ingest_in_round;

/// Parameters: all of a topic, for a group of consumers. How it is read, the source's type says.
pub(crate) fn source(brokers: &str, topic: &str, group: &str) -> [String; 4] {
    [
        format!("--source.kafka.brokers={brokers}"),
        format!("--source.kafka.topic={topic}"),
        format!("--group.id={group}"),
        "--auto.offset.reset=earliest".to_owned(),
    ]
}

/// Parameters: into a topic.
pub(crate) fn sink(brokers: &str, topic: &str) -> [String; 3] {
    [
        "--sink.type=kafka".to_owned(),
        format!("--sink.kafka.brokers={brokers}"),
        format!("--sink.kafka.topic={topic}"),
    ]
}

/// Parameters: from the topic `from`, for a group of consumers, to the topic `to`.
pub(crate) fn copy(brokers: &str, group: &str, (from, to): (&str, &str)) -> Vec<String> {
    let mut parameters = vec!["--source.type=kafka".to_owned()];
    parameters.extend(source(brokers, from, group));
    parameters.extend(sink(brokers, to));
    parameters
}

/// Parameters: exactly once, and again 200 ms after a failure, so often.
pub(crate) fn exactly_once(restarts: u32) -> [String; 3] {
    [
        "--stream.checkpoint.mode=EXACTLY_ONCE".to_owned(),
        format!("--job.retry.maxNumberRestartAttempts={restarts}"),
        "--job.retry.backoffTimeMS=200".to_owned(),
    ]
}

/// The command of a round that runs the job `name` from the topic `in` to the topic `out`, exactly once, with as many writers as
/// its parallelism says. The rest is as [`ingest_in_round`] has it.
pub(crate) fn copy_in_round(
    directory: &Path,
    brokers: &str,
    name: &str,
    interval: &str,
    parallelism: u64,
    resume: bool,
) -> Command {
    let mut command = ingest_in_round(directory, name, interval, parallelism, resume);
    command
        .args(exactly_once(20))
        .arg(format!("--stream.sink.parallelism={parallelism}"))
        .args(copy(brokers, name, ("in", "out")));
    command
}

/// The command that has an action, such as `doctor`, done with a job that copies all that the topic `from` holds by now to the
/// topic `to`, which it makes, exactly once. Its first failure is its end.
pub(crate) fn copy_all(directory: &Path, action: &[&str], brokers: &str) -> Command {
    let mut command = super::command(directory);
    command
        .args(action)
        .args(["-Dmillstream.data-dir=data", "ingest", "--job.name=copy"])
        .args(copy(brokers, "copy", ("from", "to")))
        .args(["--source.kafka.end=latest"])
        .args(["--sink.kafka.create=partitions=1"])
        .args(exactly_once(0));
    command
}
