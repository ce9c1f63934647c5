//! Metadata: brokers, topics with their ids, and who leads a partition.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Asks for the brokers and for topics.
#[derive(Debug)]
pub(in crate::kafka::wire) struct Metadata<'a> {
    /// The names of the topics; `None`: all that there are.
    pub(in crate::kafka::wire) topics: Option<&'a [&'a str]>,
    /// Whether it is asked, too, what may be done with them.
    pub(in crate::kafka::wire) rights: bool,
}

/// What the cluster consists of.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct MetadataAnswer {
    /// The brokers: number, host, port.
    pub(in crate::kafka::wire) brokers: Vec<(i32, String, i32)>,
    /// The topics that were asked for.
    pub(in crate::kafka::wire) topics: Vec<TopicMetadata>,
}

/// One topic.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct TopicMetadata {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) name: Option<String>,
    /// Another topic of the same name has another one.
    pub(in crate::kafka::wire) id: [u8; 16],
    /// Its partitions: number, and the broker that leads it, -1 if none does.
    pub(in crate::kafka::wire) partitions: Vec<(i32, i32)>,
    /// What may be done with it, a bit for each operation by its number, if that was asked.
    pub(in crate::kafka::wire) rights: i32,
}

impl Request for Metadata<'_> {
    const KEY: i16 = 3;
    const NAME: &'static str = "Metadata";
    // From the tenth on topics have ids.
    const VERSIONS: (i16, i16) = (10, 13);
    const FLEXIBLE: i16 = 9;
    type Answer = MetadataAnswer;

    fn write(&self, out: &mut Writer, version: i16) {
        match self.topics {
            None => out.no_array(),
            Some(topics) => out.array(topics, |out, topic| {
                out.uuid([0; 16]);
                out.text(topic);
                out.end();
            }),
        }
        let (create, of_cluster) = (false, false);
        out.bool(create);
        if version <= 10 {
            out.bool(of_cluster);
        }
        out.bool(self.rights);
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<MetadataAnswer, Garbled> {
        let _throttled = input.i32()?;
        let brokers = input.array(11, |input| {
            let broker = (input.i32()?, input.text()?, input.i32()?);
            let _rack = input.nullable_text()?;
            input.end()?;
            Ok(broker)
        })?;
        let (_cluster, _controller) = (input.nullable_text()?, input.i32()?);
        let topics = input.array(26, topic)?;
        if version <= 10 {
            let _rights = input.i32()?;
        }
        if version >= 13 {
            let _error = input.i16()?;
        }
        input.end()?;
        Ok(MetadataAnswer { brokers, topics })
    }
}

fn topic(input: &mut Reader<'_>) -> Result<TopicMetadata, Garbled> {
    let (error, name) = (input.i16()?, input.nullable_text()?);
    let (id, _internal) = (input.uuid()?, input.bool()?);
    let partitions = input.array(18, |input| {
        let (_error, number) = (input.i16()?, input.i32()?);
        let (leader, _epoch) = (input.i32()?, input.i32()?);
        for _replicas_in_sync_and_offline in 0..3 {
            input.array(4, Reader::i32)?;
        }
        input.end()?;
        Ok((number, leader))
    })?;
    let rights = input.i32()?;
    input.end()?;
    Ok(TopicMetadata {
        error,
        name,
        id,
        partitions,
        rights,
    })
}
