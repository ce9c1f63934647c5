//! Dead letters that go with the output have a topic of their own: where that is missing, `doctor` names the parameter that says it.

use crate::common::{kafka, running};
use millstream_services::kafka::Kafka;

#[test]
fn where_it_is_missing() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("from", 1).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    let mut doctor = kafka::copy_all(directory.path(), &["doctor", "--json"], &kafka.brokers());
    doctor.args([
        "--error.policy=dead-letter",
        "--error.dead-letter.topic=bad",
    ]);
    let said = running::run(doctor);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("topic bad is not there"), "{}", said.out);
    assert!(said.out.contains("error.dead-letter.topic"), "{}", said.out);
    assert!(
        !said.out.contains("correct sink.kafka.topic"),
        "{}",
        said.out
    );
}
