//! Fetch: records of a partition, and which of its transactions were aborted.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// How much of a partition is asked for: the batch that holds the first record is answered whole however large it is.
const WANTED: i32 = 4096;

/// Asks for the records of one partition from an offset on, committed ones only.
#[derive(Debug)]
pub(in crate::kafka::wire) struct Fetch<'a> {
    pub(in crate::kafka::wire) topic: &'a str,
    pub(in crate::kafka::wire) partition: i32,
    pub(in crate::kafka::wire) offset: i64,
}

/// What lies there.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Fetched {
    pub(in crate::kafka::wire) error: i16,
    /// Before this offset the outcome of every transaction is known.
    pub(in crate::kafka::wire) stable: i64,
    /// The oldest record that there is.
    pub(in crate::kafka::wire) oldest: i64,
    /// Producers, and the first offset of what was aborted of them.
    pub(in crate::kafka::wire) aborted: Vec<(i64, i64)>,
    /// Batches, the last of them cut off.
    pub(in crate::kafka::wire) batches: Vec<u8>,
}

impl Request for Fetch<'_> {
    const KEY: i16 = 1;
    const NAME: &'static str = "Fetch";
    const VERSIONS: (i16, i16) = (11, 11);
    const FLEXIBLE: i16 = 12;
    const LARGEST: usize = 256 << 20;
    type Answer = Fetched;

    fn write(&self, out: &mut Writer, _: i16) {
        let no_replica = -1;
        out.i32(no_replica);
        let (wait, at_least) = (0, 0);
        out.i32(wait);
        out.i32(at_least);
        out.i32(WANTED);
        let committed_only = 1;
        out.i8(committed_only);
        let (no_session, no_epoch) = (0, -1);
        out.i32(no_session);
        out.i32(no_epoch);
        out.array(&[self.topic], |out, topic| {
            out.text(topic);
            out.array(&[self.partition], |out, partition| {
                out.i32(*partition);
                let any_leader = -1;
                out.i32(any_leader);
                out.i64(self.offset);
                let no_log = -1;
                out.i64(no_log);
                out.i32(WANTED);
            });
        });
        out.array(&[], |out, forgotten: &&str| out.text(forgotten));
        out.text("");
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<Fetched, Garbled> {
        let _throttled = input.i32()?;
        let (error, _session) = (input.i16()?, input.i32()?);
        let topics = input.array(6, |input| {
            let _topic = input.text()?;
            input.array(42, |input| {
                let (_partition, error, _end) = (input.i32()?, input.i16()?, input.i64()?);
                let (stable, oldest) = (input.i64()?, input.i64()?);
                let aborted = input.array(16, |input| Ok((input.i64()?, input.i64()?)))?;
                let _replica = input.i32()?;
                let batches = input.nullable_blob()?.unwrap_or_default().to_vec();
                Ok(Fetched {
                    error,
                    stable,
                    oldest,
                    aborted,
                    batches,
                })
            })
        })?;
        let fetched = topics.into_iter().flatten().next();
        match fetched {
            Some(fetched) if error == 0 => Ok(fetched),
            None if error == 0 => Err(Garbled("no partition is named")),
            _ => Ok(Fetched {
                error,
                stable: -1,
                oldest: -1,
                aborted: Vec::new(),
                batches: Vec::new(),
            }),
        }
    }
}
