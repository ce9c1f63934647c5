//! Dead letters that are written in the transactions of the output lie in batches that their own topic takes, where that takes less than
//! the topic of the output.

use crate::common::letters::committed;
use crate::common::{ONCE, ingest, put, running};
use millstream_services::kafka::Kafka;

const GOOD: usize = 500;
const BAD: usize = 2_000;

#[test]
fn batch_by_batch() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["out", "bad"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let topic = ["--alter", "--entity-type", "topics", "--entity-name", "bad"];
    let limit = ["--add-config", "max.message.bytes=10000"];
    let limit = [&topic[..], &limit].concat();
    kafka.configure(&limit).expect("altered");
    let text = "x".repeat(200);
    let bad = (0..BAD).map(|id| format!("none {id},{text}\n"));
    let good = (0..GOOD).map(|id| format!("{id},{text}\n"));
    let rows: String = bad.chain(good).collect();
    let place = tempfile::tempdir().expect("a directory");
    // One that is larger than a letter can be is cut.
    let large = "y".repeat(30_000);
    put(
        place.path(),
        "in/a.csv",
        format!("id,text\nlarge,{large}\n{rows}"),
    );
    let brokers = kafka.brokers();
    let parameters = [
        &[ONCE, "--source.type=csv", "--source.firstLine.schema=true"][..],
        &["--sink.kafka.brokers", &brokers, "--sink.kafka.topic=out"],
        // As many in a batch as may be, and as large as they are.
        &[
            "--sink.kafka.compression.type=none",
            "--sink.kafka.linger.ms=100",
        ],
        &[
            "--sink.kafka.batch.size=500000",
            "--stream.checkpoint.mode=EXACTLY_ONCE",
        ],
        &[
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<id:Int,text:String>",
        ],
        &[
            "--stream.sql=select id, text from t1",
            "--error.policy=dead-letter",
        ],
        &["--error.dead-letter.topic=bad"],
    ];
    let said = running::run(ingest(place.path(), &[], &parameters.concat()));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (read, aside) = (GOOD + BAD + 1, BAD + 1);
    let equation = format!("{read} read = {GOOD} written + {aside} bad");
    assert!(said.err.contains(&equation), "{}", said.err);
    let letters = committed(&kafka, "bad", aside);
    assert_eq!(letters.len(), aside);
    let cut = letters
        .iter()
        .filter(|letter| letter.header("millstream.cut").is_some());
    let cut: Vec<&str> = cut.map(|letter| letter.value.as_str()).collect();
    assert_eq!(cut.len(), 1);
    assert!(cut.iter().all(|value| value.starts_with("large,yy")));
}
