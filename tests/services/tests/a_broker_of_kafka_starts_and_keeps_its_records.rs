//! A real broker starts from what Maven Central has, and its records are there after it was killed.

use millstream_services::kafka::Kafka;

#[test]
fn and_is_asked_by_its_own_tools() {
    let mut kafka = Kafka::start().expect("a broker");
    kafka.create_topic("orders", 2).expect("a topic");
    kafka
        .produce("orders", ["first", "second"])
        .expect("two records");
    kafka.kill();
    kafka.restart().expect("the same broker");
    let arguments = [
        "--topic",
        "orders",
        "--from-beginning",
        "--max-messages",
        "2",
        "--timeout-ms",
        "30000",
    ];
    let read = kafka
        .tool("consumer.ConsoleConsumer", &arguments, "")
        .expect("the records");
    let mut lines: Vec<&str> = read.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["first", "second"]);
    let refused = kafka.create_topic("orders", 1).expect_err("it is there");
    assert!(refused.to_string().contains("already exists"), "{refused}");
}
