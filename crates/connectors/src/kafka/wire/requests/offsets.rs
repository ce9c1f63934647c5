//! OffsetFetch: what a group has committed of a partition.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Asks what a group has committed of one partition.
#[derive(Debug)]
pub(in crate::kafka::wire) struct OffsetFetch<'a> {
    pub(in crate::kafka::wire) group: &'a str,
    pub(in crate::kafka::wire) topic: &'a str,
    pub(in crate::kafka::wire) partition: i32,
    /// Whether an offset that waits for the end of a transaction is an error, rather than the one before it.
    pub(in crate::kafka::wire) stable: bool,
}

/// What it has committed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct CommittedOffset {
    /// The error of the group, else that of the partition.
    pub(in crate::kafka::wire) error: i16,
    /// -1: nothing.
    pub(in crate::kafka::wire) offset: i64,
}

impl Request for OffsetFetch<'_> {
    const KEY: i16 = 9;
    const NAME: &'static str = "OffsetFetch";
    // From the seventh on an offset can be asked for that is stable.
    const VERSIONS: (i16, i16) = (7, 9);
    const FLEXIBLE: i16 = 6;
    type Answer = CommittedOffset;

    fn write(&self, out: &mut Writer, version: i16) {
        let topics = |out: &mut Writer| {
            out.array(&[self.topic], |out, topic| {
                out.text(topic);
                out.array(&[self.partition], |out, partition| out.i32(*partition));
                out.end();
            });
        };
        if version >= 8 {
            out.array(&[self.group], |out, group| {
                out.text(group);
                if version >= 9 {
                    // Not as a member.
                    out.nullable_text(None);
                    out.i32(-1);
                }
                topics(out);
                out.end();
            });
        } else {
            out.text(self.group);
            topics(out);
        }
        out.bool(self.stable);
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<CommittedOffset, Garbled> {
        let _throttled = input.i32()?;
        let committed = if version >= 8 {
            let groups = input.array(5, |input| {
                let _group = input.text()?;
                let offset = offset(input)?;
                let error = input.i16()?;
                input.end()?;
                Ok(of_group(error, offset))
            })?;
            groups
                .into_iter()
                .next()
                .ok_or(Garbled("no group is named"))
        } else {
            let offset = offset(input)?;
            let error = input.i16()?;
            Ok(of_group(error, offset))
        };
        input.end()?;
        committed
    }
}

fn of_group(error: i16, offset: Option<CommittedOffset>) -> CommittedOffset {
    match offset {
        Some(offset) if error == 0 => offset,
        _ => CommittedOffset { error, offset: -1 },
    }
}

/// That of the only partition; a group with an error names none.
fn offset(input: &mut Reader<'_>) -> Result<Option<CommittedOffset>, Garbled> {
    let topics = input.array(3, |input| {
        let _topic = input.text()?;
        let partitions = input.array(20, |input| {
            let (_partition, offset, _leader) = (input.i32()?, input.i64()?, input.i32()?);
            let (_metadata, error) = (input.nullable_text()?, input.i16()?);
            input.end()?;
            Ok(CommittedOffset { error, offset })
        })?;
        input.end()?;
        Ok(partitions)
    })?;
    Ok(topics.into_iter().flatten().next())
}
