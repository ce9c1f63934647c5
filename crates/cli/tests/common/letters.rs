//! What a topic holds, as Kafka's own consumer of committed records sees it.

use millstream_services::kafka::Kafka;

use super::topics::{Tools, read};

/// A message: its headers, its key and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) headers: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Message {
    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let beginning = format!("{name}:");
        let mut headers = self.headers.split('\u{1}');
        headers.find_map(|header| header.strip_prefix(&beginning))
    }
}

/// All committed messages of a topic, in order of their values. They hold no tabs; `least` are waited for.
pub(crate) fn committed(kafka: &Kafka, topic: &str, least: usize) -> Vec<Message> {
    let shown = [
        "print.key=true",
        "print.headers=true",
        "headers.separator=\u{1}",
    ];
    let said = read(kafka, topic, least + 1, Kafka::SILENCE_MS, &shown);
    let mut messages: Vec<Message> = said
        .lines()
        .filter_map(|line| {
            let mut parts = line.split('\t');
            let (headers, key, value) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Message {
                headers: headers.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            })
        })
        .collect();
    messages.sort_by(|a, b| a.value.cmp(&b.value));
    messages
}
