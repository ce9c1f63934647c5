//! A dry run reads Kafka and shows the messages that would be written, and leaves groups and topics as they are.

use crate::common::{command, running};
use millstream_services::kafka::Kafka;

#[test]
fn and_writes_no_message() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("from", 1).expect("a topic");
    kafka.create_topic("to", 1).expect("a topic");
    let records = (0..30).map(|n| (format!("k{n}"), format!("{{\"n\":{n}}}")));
    kafka.produce_keyed("from", records).expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let dry_run = |end: &str| {
        let mut run = command(directory.path());
        run.args(["run", "--dry-run", "-Dmillstream.data-dir=data"])
            .args(["ingest", "--job.name=copy", "--source.type=kafka"])
            .args(["--source.kafka.topic=from", "--group.id=copy", end])
            .args(["--auto.offset.reset=earliest", "--sink.kafka.topic=to"])
            .arg("--stream.checkpoint.mode=EXACTLY_ONCE")
            .arg(format!("--source.kafka.brokers={}", kafka.brokers()))
            .arg(format!("--sink.kafka.brokers={}", kafka.brokers()));
        running::run(run)
    };
    let said = dry_run("--source.kafka.end=none");
    assert_eq!(said.code, Some(0), "{}", said.err);
    for expected in [
        "\n  k0 -> {\"n\":0}\n",
        "\n  k9 -> {\"n\":9}\n",
        "the first 10 rows",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    // Also where the source comes to its end by itself.
    let said = dry_run("--source.kafka.end=offsets:0=2");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("2 rows: the source has no more."),
        "{}",
        said.out
    );
    let left = std::fs::read_dir(directory.path()).expect("there").count();
    assert_eq!(left, 0, "nothing was made");
    let groups = kafka.tool("consumer.group.ConsumerGroupCommand", &["--list"], "");
    assert_eq!(groups.expect("groups").trim(), "");
    let ends = kafka.tool("GetOffsetShell", &["--topic", "to"], "");
    assert_eq!(ends.expect("offsets").trim(), "to:0:0");
}
