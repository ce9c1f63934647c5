//! A topic that is deleted and made anew while it is read up to an end is not taken for the one that was meant: neither for as long as
//! something is left to read, nor behind the last record.

#![cfg(feature = "kafka")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::kafka_support::{Writer, broker, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::rows::Parsed;
use millstream_engine::connector::Limit;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

const RECORDS: i64 = 50;

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what librdkafka's own thread brings.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

/// Deletes the topic and makes another one of its name, with as many records: in less time than lies between two looks.
fn make_anew(topic: &str) {
    let brokers = broker().brokers();
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .create()
        .expect("an administrator");
    let asked = AdminOptions::new();
    let deleted = wait(admin.delete_topics(&[topic], &asked)).expect("an answer");
    deleted
        .into_iter()
        .for_each(|deleted| drop(deleted.expect("it is gone")));
    let another = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let made = wait(admin.create_topics([&another], &asked)).expect("an answer");
    made.into_iter()
        .for_each(|made| drop(made.expect("another one")));
    Writer::new(&brokers).numbers(topic, 0, 0..RECORDS);
}

/// A reader that has an end, and has read some of the records before it.
fn begun(topic: &str) -> SourceAttempt<Parsed> {
    let kafka = broker();
    kafka.create_topic(topic, 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers(topic, 0, 0..RECORDS);
    let described = options(&kafka.brokers(), topic, topic);
    let job = SourceJob::default();
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, None)
        .expect("readers");
    while attempt
        .poll(0, Limit::records(10))
        .expect("it is read")
        .0
        .is_empty()
    {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    attempt
}

#[track_caller]
fn assert_told(said: &str, topic: &str) {
    let wanted = format!("MS-6013: topic {topic} was deleted and made anew");
    assert!(said.starts_with(&wanted), "{said}");
    assert!(said.contains("since may be those of the new one"), "{said}");
}

#[test]
fn while_something_is_left_to_read() {
    let mut attempt = begun("left");
    make_anew("left");
    let mut turns = 0;
    let said = loop {
        if let Err(error) = attempt.announce() {
            break error.to_string();
        }
        attempt.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "nobody looks at the topic");
    };
    assert_told(&said, "left");
}

#[test]
fn behind_the_last_record() {
    let mut attempt = begun("read");
    make_anew("read");
    let read = attempt.read_until(|_| false);
    let said = read.map(drop).expect_err("it is another topic").to_string();
    assert_told(&said, "read");
}

#[test]
fn and_one_that_is_the_same_is_read_to_its_end() {
    let mut attempt = begun("same");
    attempt.read_until(|_| false).expect("it ends");
    assert!(attempt.has_ended());
}
